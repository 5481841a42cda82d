package org.tritonclient;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Runs calls of every kind in a heap that is full again and again: each call ends, and nothing is lost. */
public final class OutOfMemoryMain {
    private static final int CALLS = 100_000;

    private static volatile boolean stopped;
    /** How often the heap was full. */
    private static volatile int full;
    /** The end of a list that fills the heap. */
    private static volatile Object[] ballast;

    /** Made before the heap is full. */
    private static final AtomicReferenceArray<CompletableFuture<InferResult>> FUTURES =
            new AtomicReferenceArray<>(CALLS);

    private static final AtomicInteger COUNT = new AtomicInteger();

    private OutOfMemoryMain() {}

    /** Takes the duration in seconds, and URLs. */
    public static void main(String[] arguments) throws Exception {
        // Of the threads of the common pool, which end and are replaced.
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            if (!(failure instanceof OutOfMemoryError) || !thread.isDaemon()) {
                failure.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        });
        long seconds = Long.parseLong(arguments[0]);
        for (int i = 1; i < arguments.length; i++) {
            for (boolean isOnCallbackThreads : new boolean[] {true, false}) {
                run(arguments[i], isOnCallbackThreads, seconds);
            }
        }
        Await.collected("all native objects are freed", () -> Native.liveObjects() == 0);
        Await.collected("all memory of results is freed", () -> ResultMemory.liveByteSize() == 0);
    }

    private static void run(String url, boolean isOnCallbackThreads, long seconds) throws Exception {
        ClientOptions.Builder options = ClientOptions.builder().callbackThreads(4);
        if (isOnCallbackThreads) {
            options.executor(Runnable::run);
        }
        stopped = false;
        full = 0;
        COUNT.set(0);
        InferenceServerClient client = new InferenceServerClient(url, options.build());
        // Classes are loaded now.
        client.infer(large()).close();
        client.infer(RealServer.simple()).close();
        client.inferAsync(large()).join().close();
        Ends ends = new Ends();
        InferStream stream = url.startsWith("grpc") ? client.openStream(StreamOptions.defaults(), ends) : null;
        InferRequest[] requests = {large(), RealServer.simple(), large(), RealServer.simple()};
        Thread[] threads = {
            new Thread(() -> submit(client, requests[0])),
            new Thread(() -> submit(client, requests[1])),
            new Thread(() -> block(client, stream, requests[2], requests[3])),
            new Thread(OutOfMemoryMain::fill),
        };
        for (Thread thread : threads) {
            thread.start();
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end || full < 2) {
            pause(10);
        }
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
        int results = 0;
        int failures = 0;
        for (int i = 0; i < COUNT.get(); i++) {
            CompletableFuture<InferResult> future = FUTURES.getAndSet(i, null);
            if (future == null) {
                continue;
            }
            try {
                future.get(20, TimeUnit.SECONDS).close();
                results++;
            } catch (ExecutionException e) {
                boolean isKnown = e.getCause() instanceof OutOfMemoryError
                        || e.getCause() instanceof InferenceException
                                && ((InferenceException) e.getCause()).getStatus() == Status.RESOURCE_EXHAUSTED;
                if (!isKnown) {
                    throw e;
                }
                failures++;
            } catch (java.util.concurrent.TimeoutException e) {
                throw new AssertionError(url + (isOnCallbackThreads ? ", callback threads" : ", common pool")
                        + ": call " + i + " of " + COUNT.get() + " is pending; " + Native.liveObjects() + " objects");
            }
        }
        check(url, results > 20, results + " results, " + failures + " failures");
        if (stream != null) {
            stream.close();
            Await.until("the stream's end", () -> ends.isEnded);
        }
        // The client works.
        client.infer(large()).close();
        client.inferAsync(large()).get(20, TimeUnit.SECONDS).close();
        client.close();
    }

    private static void check(String url, boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(url + ": " + what);
        }
    }

    private static InferRequest large() {
        InferInput input = new InferInput("INPUT0", new long[] {100_000}, DataType.UINT8).setData(new byte[100_000]);
        return new InferRequest("identity_uint8", List.of(input), List.of());
    }

    private static void submit(InferenceServerClient client, InferRequest request) {
        while (!stopped) {
            try {
                int at = COUNT.get();
                CompletableFuture<InferResult> future = client.inferAsync(request);
                if (at >= CALLS - 2) {
                    return;
                }
                FUTURES.set(COUNT.getAndIncrement(), future);
            } catch (OutOfMemoryError e) {
                // The call was not made.
            }
        }
    }

    private static void block(
            InferenceServerClient client, InferStream stream, InferRequest large, InferRequest simple) {
        while (!stopped) {
            try {
                client.infer(large).close();
                client.infer(simple).close();
                if (stream != null) {
                    stream.send(simple);
                }
            } catch (OutOfMemoryError | InferenceException e) {
                // The stream may have lost an event, and ended.
            }
        }
    }

    /** Fills the heap, and empties it again. */
    private static void fill() {
        while (!stopped) {
            for (int size = 1 << 14; size >= 4; size /= 16) {
                try {
                    while (true) {
                        Object[] next = new Object[size];
                        next[0] = ballast;
                        ballast = next;
                    }
                } catch (OutOfMemoryError e) {
                    // Smaller ones may still fit.
                }
            }
            pause(20);
            full = full + 1;
            ballast = null;
            pause(10);
        }
        ballast = null;
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Ends implements StreamHandler {
        /** Set without memory. */
        volatile boolean isEnded;

        @Override
        public void onResult(InferResult result) {
            result.close();
        }

        @Override
        public void onRequestError(InferenceException error) {}

        @Override
        public void onEnd(InferenceException error) {
            isEnded = true;
        }
    }
}
