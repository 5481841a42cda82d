package org.tritonclient;

import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * The options of an {@link InferStream}. Immutable.
 *
 * <p>An invalid option is an {@link InferenceException} with {@link Status#INVALID_ARGUMENT} when the stream is opened.
 */
public final class StreamOptions {
    private static final StreamOptions DEFAULTS = builder().build();

    private final byte[] record;
    private final Executor executor;
    /** The address of its cancel token may be in the record: it must be reachable as long as the record is used. */
    private final CallOptions callOptions;

    private StreamOptions(byte[] record, Executor executor, CallOptions callOptions) {
        this.record = record;
        this.executor = executor;
        this.callOptions = callOptions;
    }

    /** Returns the default options. */
    public static StreamOptions defaults() {
        return DEFAULTS;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the packed record; {@code null} if nothing is set. These options stay reachable while it is used. */
    byte[] record() {
        return record.length == 0 ? null : record;
    }

    /** Returns where the handler or subscriber runs; {@code null} for a callback thread of the client. */
    Executor executor() {
        return executor;
    }

    /** Builds {@link StreamOptions}. Each setter replaces the value that was set before. Not thread-safe. */
    public static final class Builder {
        // The keys are those of src/jni/options.rs. Of a key that occurs twice the later entry counts.
        private final RecordWriter record = new RecordWriter(32);
        private Executor executor;
        private CallOptions callOptions = CallOptions.defaults();

        private Builder() {}

        /**
         * Sets the maximum size of the requests that wait to be sent, in bytes; 0 is the default, 64 MiB. {@link
         * InferStream#send} waits while it would be exceeded. An empty queue takes one request of any size.
         */
        public Builder maxQueuedByteSize(long byteSize) {
            record.u8(1).i64(byteSize);
            return this;
        }

        /**
         * Sets whether an error of a model ends the stream with the status of the error (Triton's
         * {@code triton_grpc_error} mode), instead of arriving as an event of one request with {@link Status#UNKNOWN}.
         * The default is {@code false}.
         *
         * <p>Only the errors of responses end the stream. What fails before the model runs, such as an unknown model or
         * a missing input, still is an event of its request. Triton 2.51 is less robust in this mode than in the normal
         * one: use it for diagnosis only, with one request at a time.
         */
        public Builder grpcError(boolean isEnabled) {
            record.u8(2).bool(isEnabled);
            return this;
        }

        /**
         * Sets the call options of the stream: headers, restricted keys, the compression of requests and responses, and
         * a cancel token, which ends the stream. The client's defaults of the first three apply too, as for calls.
         *
         * <p>The timeout is that of the whole stream, from opening it to its end. The default timeouts of the client do
         * not apply: without a timeout of its own a stream has no deadline. Options of HTTP and a load report are
         * invalid.
         */
        public Builder callOptions(CallOptions options) {
            callOptions = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * Sets where the handler or the subscriber of the stream runs: one call after another, each as a task of the
         * executor. By default it runs on a callback thread of the client
         * ({@link ClientOptions.Builder#callbackThreads}), which costs least; while it blocks there, other results and
         * events of the client wait for a thread. If the executor refuses a task, the stream is cancelled.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Returns the options. The builder can be used further. */
        public StreamOptions build() {
            return new StreamOptions(record.toByteArray(3, callOptions.record()), executor, callOptions);
        }
    }
}
