package org.tritonclient.benchmarks;

import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Inference on the stub server. {@code benches/java_calls.py} runs it; {@code CallProfiler} reports what is read from it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class InferBenchmark {
    /** The calls of an operation of {@link #async}: the calls at its end, which overlap with fewer others, don't count. */
    private static final int CALLS = 1024;

    /** The client, which all threads share. */
    @State(Scope.Benchmark)
    public static class Shared {
        /** {@code triton}, or {@code peer}: {@code HttpClient} over HTTP, grpc-java over gRPC. */
        @Param("triton")
        public String client;

        /** {@code http} or {@code grpc}. */
        @Param("http")
        public String protocol;

        /** The stub's host and port. */
        @Param("")
        public String address;

        /** The number of inputs and of outputs. */
        @Param("2")
        public int count;

        /** The size of each input and of each output in bytes. */
        @Param("64")
        public int byteSize;

        /** {@code heap}, {@code direct} or {@code view}. */
        @Param("heap")
        public String payload;

        /**
         * Where asynchronous calls complete, except HttpClient's: {@code default}, or {@code direct} for this library's
         * callback thread and for grpc-java's event loop.
         */
        @Param("default")
        public String executor;

        private Client opened;

        /** Creates the client. */
        @Setup
        public void open() {
            boolean isGrpc = protocol.equals("grpc");
            Settings settings = new Settings(
                    isGrpc, address, count, byteSize, Settings.Payload.valueOf(payload.toUpperCase(Locale.ROOT)));
            boolean isDirectExecutor = executor.equals("direct");
            if (client.equals("triton")) {
                opened = new TritonClient(settings, isDirectExecutor);
            } else {
                opened = isGrpc ? new GrpcPeer(settings, isDirectExecutor) : new HttpPeer(settings);
            }
        }

        /** Closes the client. */
        @TearDown
        public void close() throws Exception {
            opened.close();
        }
    }

    /** A thread's request. */
    @State(Scope.Thread)
    public static class Own {
        private Caller caller;
        private Latencies latencies;

        /** Creates the request. */
        @Setup
        public void open(Shared shared) {
            caller = shared.opened.newCaller();
            latencies = Latencies.create();
        }
    }

    /** One blocking call on each of JMH's threads, which are the calls in flight. */
    @Benchmark
    public Object blocking(Own own) throws Exception {
        long start = System.nanoTime();
        Object outputs = own.caller.call();
        own.latencies.add(System.nanoTime() - start);
        return outputs;
    }

    /** Keeps a number of calls in flight: the completion of one submits the next. */
    @State(Scope.Benchmark)
    public static class Window {
        /** The number of calls in flight. */
        @Param("1")
        public int inFlight;

        private final AtomicInteger started = new AtomicInteger();
        private final AtomicInteger completed = new AtomicInteger();
        private final Semaphore end = new Semaphore(0);
        private Slot[] slots;
        private volatile Throwable failure;

        /** Creates the requests. */
        @Setup
        public void open(Shared shared) {
            slots = new Slot[inFlight];
            for (int i = 0; i < slots.length; i++) {
                slots[i] = new Slot(shared.opened.newCaller());
            }
        }

        void run() throws Exception {
            started.set(slots.length);
            completed.set(0);
            for (Slot slot : slots) {
                slot.submit();
            }
            end.acquire();
            if (failure != null) {
                throw new IllegalStateException("a call failed", failure);
            }
        }

        private final class Slot implements Caller.Done {
            private final Caller caller;
            private final Latencies latencies = Latencies.create();
            private long submitted;

            Slot(Caller caller) {
                this.caller = caller;
            }

            void submit() {
                submitted = System.nanoTime();
                caller.submit(this);
            }

            @Override
            public void done(Throwable error) {
                latencies.add(System.nanoTime() - submitted);
                if (error != null) {
                    failure = error;
                }
                int done = completed.incrementAndGet();
                if (started.getAndIncrement() < CALLS) {
                    submit();
                }
                if (done == CALLS) {
                    end.release();
                }
            }
        }
    }

    /** Asynchronous calls, {@code inFlight} at a time. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void async(Window window) throws Exception {
        window.run();
    }
}
