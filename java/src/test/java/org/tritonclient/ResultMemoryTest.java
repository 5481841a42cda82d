package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The memory of results, with a function in the place of the native one that frees it. */
class ResultMemoryTest {
    private final AtomicInteger freed = new AtomicInteger();
    private final ResultBudget budget = new ResultBudget(1000, () -> {});

    private InferResult large() {
        byte[] data = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
        return new ResultRecord(42).pieces("O", DataType.INT32, data, new int[] {8, 4}, 3)
                .pieces("P", DataType.INT32, data, new int[] {12}, 3)
                .read(handle -> {
                    assertEquals(42, handle);
                    freed.incrementAndGet();
                }, budget);
    }

    @Test
    void closeFreesAtOnceWithoutBuffers() {
        InferResult result = large();
        assertEquals(24, budget.live());
        result.getOutputAsInt("O");
        result.close();
        assertEquals(1, freed.get());
        assertEquals(0, budget.live());
        result.close();
        assertEquals(1, freed.get());
    }

    @Test
    void buffersKeepTheMemoryUntilAllOfThemAreGarbage() throws Exception {
        InferResult result = large();
        // Once for each buffer, however often it is asked for.
        IntBuffer derived = result.getOutputBuffers("O").get(0).slice().asIntBuffer();
        ByteBuffer other = result.getOutputBuffer("P");
        result.getOutputBuffer("P");
        result.close();
        WeakReference<ByteBuffer> first = new WeakReference<>(other);
        other = null;
        Await.collected("the first view", () -> first.get() == null);
        assertEquals(0, freed.get());
        assertEquals(1 << 24, derived.get(0), "a slice is big-endian, and the memory there");
        Reference.reachabilityFence(derived);
        derived = null;
        Await.collected("freed", () -> freed.get() == 1);
        Reference.reachabilityFence(result);
    }

    @Test
    void aResultDroppedWithoutCloseIsFreedAndCounted() throws Exception {
        AtomicLong live = new AtomicLong();
        own(new Object(), 10, live, budget);
        assertTrue(own(new Object(), 20, live, budget).close());
        Await.collected("freed", () -> live.get() == 0);
        own(new Object(), 30, live, budget);
        Await.collected("freed", () -> live.get() == 0);
        Await.until("counted", () -> budget.unclosedCount() == 2);
        WeakReference<InferResult> weak = new WeakReference<>(large());
        Await.collected("freed", () -> freed.get() == 1);
        assertNull(weak.get());
        Await.until("counted", () -> budget.unclosedCount() == 3);
    }

    @Test
    void anOutputKeepsItsResult() throws Exception {
        InferOutput output = large().getOutput("P");
        WeakReference<Object> other = new WeakReference<>(new Object());
        Await.collected("other garbage", () -> other.get() == null);
        assertArrayEquals(new int[] {1, 2, 3}, output.asInt());
        assertEquals(0, freed.get());
        Reference.reachabilityFence(output);
    }

    @Test
    void aBufferKeepsTheMemoryOfADroppedResult() throws Exception {
        InferResult result = large();
        ByteBuffer view = result.getOutputBuffer("P");
        WeakReference<InferResult> weak = new WeakReference<>(result);
        result = null;
        Await.collected("the result", () -> weak.get() == null && budget.unclosedCount() == 1);
        assertEquals(0, freed.get());
        assertEquals(3, view.getInt(8));
        Reference.reachabilityFence(view);
        view = null;
        Await.collected("freed", () -> freed.get() == 1);
    }

    /** Reads of one result from several threads, one of which closes it in the middle. */
    @Test
    @Timeout(60)
    void readsAndCloseMayRace() throws Exception {
        int rounds = 500;
        int readers = 3;
        CyclicBarrier barrier = new CyclicBarrier(readers + 1);
        InferResult[] results = new InferResult[rounds];
        AtomicBoolean[] isFreed = new AtomicBoolean[rounds];
        for (int i = 0; i < rounds; i++) {
            AtomicBoolean one = isFreed[i] = new AtomicBoolean();
            results[i] = new ResultRecord(1).pieces("O", DataType.INT32, new byte[64], new int[] {64}, 16)
                    .read(handle -> assertTrue(one.compareAndSet(false, true)));
        }
        AtomicLong reads = new AtomicLong();
        AtomicLong refused = new AtomicLong();
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int reader = 0; reader < readers; reader++) {
            boolean isView = reader == 0;
            Thread thread = new Thread(() -> {
                try {
                    for (int i = 0; i < rounds; i++) {
                        barrier.await();
                        try {
                            while (true) {
                                if (isView) {
                                    ByteBuffer view = results[i].getOutputBuffer("O");
                                    assertFalse(isFreed[i].get(), "freed under a view");
                                    Reference.reachabilityFence(view);
                                } else {
                                    assertEquals(16, results[i].getOutputAsInt("O").length);
                                }
                                reads.incrementAndGet();
                            }
                        } catch (IllegalStateException closed) {
                            refused.incrementAndGet();
                        }
                    }
                } catch (Throwable failure) {
                    synchronized (failures) {
                        failures.add(failure);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (int i = 0; i < rounds; i++) {
            barrier.await();
            long before = reads.get();
            // Some are closed at once, some after a few reads.
            for (int spins = 0; i % 2 == 0 && spins < 1000 && reads.get() < before + 5; spins++) {
                Thread.onSpinWait();
            }
            results[i].close();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failures);
        assertEquals((long) rounds * readers, refused.get());
        // Garbage from here on: the buffers that were returned keep some of the results.
        java.util.Arrays.fill(results, null);
        Await.collected("all freed", () -> {
            for (AtomicBoolean one : isFreed) {
                if (!one.get()) {
                    return false;
                }
            }
            return true;
        });
    }

    private static ResultMemory own(Object owner, long byteSize, AtomicLong live, ResultBudget budget) {
        live.addAndGet(byteSize);
        return ResultMemory.own(owner, 1, byteSize, handle -> live.addAndGet(-byteSize), budget);
    }

    @Test
    void droppedResultsAreBounded() {
        AtomicLong live = new AtomicLong();
        AtomicInteger collections = new AtomicInteger();
        ResultBudget small = new ResultBudget(1000, () -> {
            collections.incrementAndGet();
            System.gc();
        });
        long most = 0;
        for (int i = 0; i < 300; i++) {
            own(new Object(), 100, live, small);
            most = Math.max(most, live.get());
        }
        assertTrue(most <= 2000, most + " bytes of 30000 were alive");
        assertTrue(collections.get() >= 10 && collections.get() <= 40, collections + " collections");
        assertEquals(live.get(), small.live());
    }

    @Test
    void heldResultsDoubleTheLimit() {
        AtomicLong live = new AtomicLong();
        AtomicInteger collections = new AtomicInteger();
        ResultBudget small = new ResultBudget(1000, collections::incrementAndGet);
        List<Object> owners = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            Object owner = new Object();
            owners.add(owner);
            own(owner, 100, live, small);
        }
        // At 1100, 2300, 4700, 9500, 19100.
        assertEquals(5, collections.get());
        assertEquals(30_000, live.get());
        Reference.reachabilityFence(owners);
    }

    @Test
    void closedResultsCauseNoCollection() {
        AtomicLong live = new AtomicLong();
        ResultBudget strict = new ResultBudget(1000, () -> {
            throw new AssertionError("collected");
        });
        for (int i = 0; i < 300; i++) {
            assertTrue(own(new Object(), 900, live, strict).close());
        }
        assertEquals(0, live.get());
        assertEquals(0, strict.live());
    }

    @Test
    void anInterruptEndsTheWaitForTheCleanerAndIsKept() {
        Object owner = new Object();
        ResultBudget small = new ResultBudget(10, () -> {});
        Thread.currentThread().interrupt();
        ResultMemory memory = ResultMemory.own(owner, 1, 100, handle -> {}, small);
        assertTrue(Thread.interrupted());
        assertTrue(memory.tryAcquire());
        memory.release();
        assertTrue(memory.close());
        assertFalse(memory.close());
        assertFalse(memory.tryAcquire());
        assertTrue(memory.isClosed());
        Reference.reachabilityFence(owner);
    }

    @Test
    void theLimitIsAPropertyOrHalfTheHeap() {
        String saved = System.getProperty(ResultBudget.PROPERTY);
        try {
            System.setProperty(ResultBudget.PROPERTY, "12345");
            assertEquals(12345, ResultBudget.defaultLimit());
            for (String invalid : new String[] {"-1", "0", "x"}) {
                System.setProperty(ResultBudget.PROPERTY, invalid);
                assertEquals(Runtime.getRuntime().maxMemory() / 2, ResultBudget.defaultLimit());
            }
        } finally {
            if (saved == null) {
                System.clearProperty(ResultBudget.PROPERTY);
            } else {
                System.setProperty(ResultBudget.PROPERTY, saved);
            }
        }
    }

    @Test
    void noReadFailsBecauseItsResultIsGarbage() {
        // The last use of a result is a read of it: the collector may take it in the middle.
        for (int i = 0; i < 200; i++) {
            InferOutput output = large().getOutput("P");
            if (i % 50 == 0) {
                System.gc();
            }
            assertEquals(3, output.asInt()[2]);
        }
        assertThrows(IllegalStateException.class, () -> {
            InferResult result = large();
            result.close();
            result.getOutputAsInt("P");
        });
    }
}
