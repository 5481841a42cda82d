package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What sending and reading tensors allocates: one array for each that is returned, and little else. */
class AllocationTest {
    private static final int ROUNDS = 100;
    private static final int LARGE = 1 << 20;

    /** By reflection: not every run-time image has the module. */
    private Object threads;
    private Method allocated;

    @BeforeEach
    void prepare() {
        try {
            threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
            allocated = Class.forName("com.sun.management.ThreadMXBean")
                    .getMethod("getThreadAllocatedBytes", long.class);
        } catch (ReflectiveOperationException absent) {
            assumeTrue(false, "this JVM does not count allocations");
        }
    }

    private long allocated() {
        try {
            return (long) allocated.invoke(threads, Thread.currentThread().getId());
        } catch (ReflectiveOperationException failure) {
            throw new AssertionError(failure);
        }
    }

    /** Checks how much each of many rounds allocates, without what only the first one does. */
    private void check(String what, long max, Runnable round) {
        round.run();
        long before = allocated();
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        long each = (allocated() - before) / ROUNDS;
        assertTrue(each <= max, what + ": " + each + " bytes each, more than " + max);
    }

    @Test
    void settingDataAgainAllocatesNoMemoryForIt() {
        InferInput small = new InferInput("IN", new long[] {16}, DataType.INT32);
        int[] few = new int[16];
        check("16 elements", 512, () -> small.setData(few));
        InferInput large = new InferInput("IN", new long[] {LARGE}, DataType.FP32);
        float[] many = new float[LARGE];
        check("an array", 512, () -> large.setData(many));
        ByteBuffer big = ByteBuffer.allocateDirect(4 * LARGE);
        check("a big-endian buffer", 512, () -> large.setData(big));
        ByteBuffer little = big.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        check("a borrowed buffer", 512, () -> large.setData(little));
        InferInput flags = new InferInput("IN", new long[] {LARGE}, DataType.BOOL);
        boolean[] booleans = new boolean[LARGE];
        check("booleans", 16 << 10, () -> flags.setData(booleans));
    }

    @Test
    void aRequestIsPackedWithoutItsLargeData() {
        InferInput small = new InferInput("A", new long[] {16}, DataType.INT32).setData(new int[16]);
        InferInput large = new InferInput("B", new long[] {LARGE}, DataType.FP32).setData(new float[LARGE]);
        InferRequest request = new InferRequest("simple", List.of(small, large), Collections.emptyList());
        check("a request", 2048, () -> request.pack().release());
    }

    @Test
    void aTensorIsReadIntoOneArray() {
        int byteSize = 4 * LARGE;
        InferResult result = new ResultRecord(1)
                .pieces("O", DataType.FP32, new byte[byteSize], new int[] {byteSize}, LARGE).read(handle -> {});
        check("an array", byteSize + 1024, () -> result.getOutputAsFloat("O"));
        check("a buffer", 1024, () -> result.getOutputBuffer("O"));
        result.close();
        byte[] record = new ResultRecord(0).inline("O", DataType.INT32, new byte[64], 16).toByteArray();
        check("a small result", 2048, () -> {
            try (InferResult small = InferResult.read(record, 0, null)) {
                assertEquals(16, small.getOutputAsInt("O").length);
            }
        });
    }
}
