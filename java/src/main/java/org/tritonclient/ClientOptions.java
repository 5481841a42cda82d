package org.tritonclient;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/**
 * The options of an {@link InferenceServerClient}. Immutable.
 *
 * <p>An invalid option is an {@link InferenceException} with {@link Status#INVALID_ARGUMENT} when the client is
 * created.
 */
public final class ClientOptions {
    private static final ClientOptions DEFAULTS = builder().build();

    private final byte[] record;
    private final Executor executor;
    private final System.Logger logger;
    /** The address of its cancel token may be in the record: the native side refuses it, but reads it. */
    private final CallOptions callOptions;

    private ClientOptions(byte[] record, Executor executor, System.Logger logger, CallOptions callOptions) {
        this.record = record;
        this.callOptions = callOptions;
        this.executor = executor;
        this.logger = logger;
    }

    /** Returns the default options. */
    public static ClientOptions defaults() {
        return DEFAULTS;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    Executor executor() {
        return executor;
    }

    System.Logger logger() {
        return logger != null ? logger : System.getLogger("org.tritonclient");
    }

    /** Returns the packed record of a client that logs messages up to a level. */
    byte[] record(int logLevel) {
        RecordWriter all = new RecordWriter(record.length + 5);
        all.append(record);
        if (logLevel > 0) {
            all.u8(15).i32(logLevel);
        }
        return all.toByteArray();
    }

    /** Builds {@link ClientOptions}. Each setter replaces the value that was set before. Not thread-safe. */
    public static final class Builder {
        // The keys are those of src/jni/options.rs. Of a key that occurs twice the later entry counts.
        private final RecordWriter record = new RecordWriter(64);
        private Executor executor = defaultExecutor();
        private System.Logger logger;
        private CallOptions callOptions = CallOptions.defaults();

        private Builder() {}

        /**
         * Sets the timeout of calls that set none, from their start to the last byte of their response; 60 s by
         * default. {@code null} means no timeout; zero and less are invalid.
         */
        public Builder timeout(Duration timeout) {
            record.u8(1).i64(Timeout.nanos(timeout));
            return this;
        }

        /**
         * Sets the timeout for reaching the server: name resolution and connecting; 10 s by default. The deadline of
         * the call applies too. {@code null} means no other timeout; zero and less are invalid.
         */
        public Builder connectTimeout(Duration timeout) {
            record.u8(2).i64(Timeout.nanos(timeout));
            return this;
        }

        /**
         * Sets the timeout of calls that load or unload a model and set none themselves; 10 min by default. {@code
         * null} means no timeout; zero and less are invalid.
         */
        public Builder loadTimeout(Duration timeout) {
            record.u8(3).i64(Timeout.nanos(timeout));
            return this;
        }

        /**
         * Sets the maximum number of connections of blocking calls that are open at once, idle ones included. A call
         * that finds all of them in use waits for one until its deadline. By default there is no maximum: each
         * concurrent call has a connection.
         */
        public Builder maxConnections(int max) {
            record.u8(4).i64(max < 0 ? 0 : max);
            return this;
        }

        /**
         * Sets the maximum number of asynchronous calls in flight; 1,024 by default. A submission beyond it waits for
         * another call to complete, until its own deadline: see {@link #failWhenFull}. A call is complete when its
         * result has arrived, before its future is.
         */
        public Builder maxInFlight(int max) {
            record.u8(5).i64(max);
            return this;
        }

        /**
         * Sets whether a submission beyond {@link #maxInFlight} fails with {@link Status#RESOURCE_EXHAUSTED} instead of
         * waiting; by default it waits. On a callback thread of the client it always fails.
         */
        public Builder failWhenFull(boolean fails) {
            record.u8(6).bool(fails);
            return this;
        }

        /**
         * Sets the maximum number of connections of asynchronous calls. Over HTTP each carries one call at a time, 16
         * by default; over gRPC as many as the server permits but at most 100, 4 by default. Streams have connections
         * of their own.
         */
        public Builder maxAsyncConnections(int max) {
            record.u8(7).i64(max < 0 ? 0 : max);
            return this;
        }

        /**
         * Sets the number of native threads that deliver results to an executor other than the default one, and call
         * the handlers of streams; 1 by default. With more than one, different calls may be delivered in another order
         * than they completed.
         */
        public Builder callbackThreads(int count) {
            record.u8(8).i32(count);
            return this;
        }

        /**
         * Sets the URL of the server's metrics, for example {@code http://host:8002/metrics}; port and path may be
         * omitted. Always HTTP, also for a client of gRPC. The default is port 8002 of the server's host.
         */
        public Builder metricsUrl(String url) {
            record.u8(9).str(Objects.requireNonNull(url, "url"));
            return this;
        }

        /**
         * Sets the name of the gRPC service that inference and control plane call, for servers that offer the protocol
         * under another name than {@code inference.GRPCInferenceService}.
         */
        public Builder grpcServiceName(String name) {
            record.u8(10).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Sets the maximum size in bytes of a message that is sent or received; 2^31 - 1 by default. A larger request
         * fails before it is sent, a larger response before it is stored, both with {@link Status#RESOURCE_EXHAUSTED}.
         */
        public Builder maxMessageByteSize(long byteSize) {
            record.u8(11).i64(byteSize);
            return this;
        }

        /**
         * Sets the maximum size in bytes of a compressed response after it is decompressed; 256 MiB by default. Beyond
         * it a call fails with {@link Status#RESOURCE_EXHAUSTED}. What is parsed as a whole, such as the JSON of a
         * response, is limited to a quarter of this size.
         */
        public Builder maxDecompressedByteSize(long byteSize) {
            record.u8(12).i64(byteSize);
            return this;
        }

        /**
         * Sets how many bytes of the memory of closed results the client keeps for the next results; 64 MiB by default.
         * 0 keeps none.
         */
        public Builder resultMemoryByteSize(long byteSize) {
            record.u8(13).i64(byteSize);
            return this;
        }

        /**
         * Sets the defaults of every call. What a call sets replaces the default of that field; headers, restricted
         * keys and query parameters are replaced, or removed, by name. A cancel token is invalid here. A timeout here
         * does not apply to loading and unloading models.
         */
        public Builder callOptions(CallOptions options) {
            callOptions = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * Sets where futures complete and what depends on them runs; {@link ForkJoinPool#commonPool()} by default.
         * {@code Runnable::run} completes them on a callback thread of the client, which is fastest: a dependent action
         * that blocks there delays the other calls of the client, and a submission beyond {@link #maxInFlight} fails
         * there. If the executor refuses a task, its future completes on that thread too.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Sets the logger of the client; by default {@code System.getLogger("org.tritonclient")}. Which levels it
         * accepts is asked once, when the client is created: {@code ERROR} for failures that end in no exception,
         * {@code DEBUG} for problems, connections and calls, {@code TRACE} for the steps of a call. It is called on any
         * thread, and must not call the client.
         */
        public Builder logger(System.Logger logger) {
            this.logger = Objects.requireNonNull(logger, "logger");
            return this;
        }

        /**
         * A common pool without threads ({@code ForkJoinPool.common.parallelism=0}) runs a task for those only who
         * wait.
         */
        private static Executor defaultExecutor() {
            return ForkJoinPool.getCommonPoolParallelism() == 0 ? Runnable::run : ForkJoinPool.commonPool();
        }

        /** Returns the options. The builder can be used further. */
        public ClientOptions build() {
            byte[] defaults = callOptions.record();
            byte[] entries = record.toByteArray();
            if (defaults != null) {
                RecordWriter all = new RecordWriter(entries.length + defaults.length + 5);
                entries = all.append(entries).u8(14).bytes(defaults).toByteArray();
            }
            return new ClientOptions(entries, executor, logger, callOptions);
        }
    }
}
