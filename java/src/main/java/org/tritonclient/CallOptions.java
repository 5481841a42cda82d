package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/**
 * The options of a call. What they do not set is as in the client's defaults
 * ({@link ClientOptions.Builder#callOptions}). Immutable; create them once and use them for any number of calls.
 *
 * <p>An invalid option is an {@link InferenceException} with {@link Status#INVALID_ARGUMENT} at the call.
 */
public final class CallOptions {
    private static final CallOptions DEFAULTS = builder().build();

    private final byte[] record;
    /** Its address is in the record: it must be reachable as long as the record is used. */
    private final CancelToken cancelToken;

    private CallOptions(byte[] record, CancelToken cancelToken) {
        this.record = record;
        this.cancelToken = cancelToken;
    }

    /** Returns options that set nothing. */
    public static CallOptions defaults() {
        return DEFAULTS;
    }

    /** Returns a builder that sets nothing yet. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the packed record; {@code null} if nothing is set. These options stay reachable while it is used. */
    byte[] record() {
        return record.length == 0 ? null : record;
    }

    /** Builds {@link CallOptions}. Setters of a single value replace the value that was set before. Not thread-safe. */
    public static final class Builder {
        // The keys are those of src/jni/options.rs. Of a key that occurs twice the later entry counts.
        private final RecordWriter record = new RecordWriter(64);
        private CancelToken cancelToken;

        private Builder() {}

        /**
         * Sets the timeout of the call, from its start to the last byte of its response: name resolution, connecting,
         * sending and receiving all count. {@code null} means no timeout; zero and less are invalid.
         */
        public Builder timeout(Duration timeout) {
            record.u8(1).i64(Timeout.nanos(timeout));
            return this;
        }

        /**
         * Sets the token that cancels the call from another thread, at any stage: it then ends with
         * {@link Status#CANCELLED}. A result that is complete takes precedence. {@code null} removes the token. It has
         * no place in the defaults of a client.
         *
         * <p>Over gRPC this tells the server, and Triton stops the model if it checks for cancellation. Over HTTP, the
         * connection is closed, and Triton 2.51 computes the result of an inference to its end.
         */
        public Builder cancelToken(CancelToken token) {
            cancelToken = token;
            return this;
        }

        /**
         * Adds a header to the call, over gRPC metadata. A name may be added several times. Replaces the client's
         * default headers of that name. A header that the library or the protocol sets itself is invalid.
         */
        public Builder header(String name, String value) {
            return header(name, Objects.requireNonNull(value, "value").getBytes(StandardCharsets.UTF_8));
        }

        /** Adds a header with any bytes, whose name ends in {@code -bin}: they are sent as base64. */
        public Builder header(String name, byte[] value) {
            record.u8(3).str(Objects.requireNonNull(name, "name")).bytes(Objects.requireNonNull(value, "value"));
            return this;
        }

        /** Removes a header: those added under that name, and the client's defaults of that name. */
        public Builder removeHeader(String name) {
            record.u8(4).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Sets the header {@code authorization} to a user and a password (HTTP's basic authentication). Replaces what
         * {@link #bearerToken} and {@link #header} set it to. For all calls of a client:
         * {@link ClientOptions.Builder#callOptions}. Anyone can read it unless the URL is {@code https} or {@code
         * grpcs}.
         *
         * @param user without a colon
         */
        public Builder basicAuth(String user, String password) {
            record.u8(16).str(Objects.requireNonNull(user, "user")).str(Objects.requireNonNull(password, "password"));
            return this;
        }

        /**
         * Sets the header {@code authorization} to {@code Bearer} and a token, for example a JSON Web Token. Replaces
         * what {@link #basicAuth} and {@link #header} set it to. For a token that is renewed:
         * {@link ClientOptions.Builder#headerCallback}.
         *
         * @param token visible ASCII characters
         */
        public Builder bearerToken(String token) {
            record.u8(17).str(Objects.requireNonNull(token, "token"));
            return this;
        }

        /**
         * Adds the key of endpoints that the server restricts ({@code --http-restricted-api},
         * {@code --grpc-restricted-protocol}): over HTTP a header of that name, over gRPC the metadata
         * {@code triton-grpc-protocol-NAME} that Triton expects. Replaces the key of that name.
         */
        public Builder restrictedKey(String name, String value) {
            record.u8(5).str(Objects.requireNonNull(name, "name")).str(Objects.requireNonNull(value, "value"));
            return this;
        }

        /** Removes a restricted key: the one added under that name, and the client's default of that name. */
        public Builder removeRestrictedKey(String name) {
            record.u8(6).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Adds a query parameter to the URL of the call; name and value are escaped. A name may be added several times.
         * Replaces the client's default parameters of that name. HTTP only: over gRPC it is invalid.
         */
        public Builder queryParameter(String name, String value) {
            record.u8(7).str(Objects.requireNonNull(name, "name")).str(Objects.requireNonNull(value, "value"));
            return this;
        }

        /** Removes a query parameter: those added under that name, and the client's defaults of that name. */
        public Builder removeQueryParameter(String name) {
            record.u8(8).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Sets how inference requests are compressed; by default not at all. Triton over HTTP refuses a request that
         * exceeds 64 MiB when it is decompressed (since 2.65; {@code --http-max-input-size}).
         */
        public Builder requestCompression(Compression compression) {
            record.u8(9).u8(Objects.requireNonNull(compression, "compression").number());
            return this;
        }

        /**
         * Sets which compression is requested for responses to inferences; by default none. The server may send them
         * without. Replaces {@link #acceptEncoding}.
         */
        public Builder responseCompression(Compression compression) {
            record.u8(10).u8(Objects.requireNonNull(compression, "compression").number());
            return this;
        }

        /**
         * Sets the Accept-Encoding of inferences, for example {@code "deflate, gzip;q=0.5"}; over gRPC without the
         * weights. Replaces {@link #responseCompression}. Encodings other than gzip, deflate and identity are invalid.
         */
        public Builder acceptEncoding(String encodings) {
            record.u8(11).str(Objects.requireNonNull(encodings, "encodings"));
            return this;
        }

        /**
         * Requests the server's load report, which {@link InferResult#getLoadReport} returns; {@code null} requests
         * none. Triton sends it over HTTP, for generate and generateStream only, and for backends that have such
         * metrics.
         */
        public Builder loadReport(LoadReportFormat format) {
            record.u8(12).u8(format == null ? 0 : format.number());
            return this;
        }

        /**
         * Sends inferences over HTTP to another path, for example {@code /invocations}, after the client's base path:
         * for gateways before Triton, such as SageMaker and Vertex AI.
         */
        public Builder httpPath(String path) {
            record.u8(13).str(Objects.requireNonNull(path, "path"));
            return this;
        }

        /**
         * Sets the content type of inferences over HTTP, in which <code>{}</code> stands for the byte size of the JSON
         * part, as in <code>application/vnd.sagemaker-triton.binary+json;json-header-size={}</code>.
         */
        public Builder httpContentType(String contentType) {
            record.u8(14).str(Objects.requireNonNull(contentType, "contentType"));
            return this;
        }

        /**
         * Sets the header with the byte size of the JSON part over HTTP, instead of
         * {@code Inference-Header-Content-Length}. An empty name sends no such header.
         */
        public Builder httpJsonSizeHeader(String name) {
            record.u8(15).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /** Returns the options. The builder can be used further. */
        public CallOptions build() {
            RecordWriter all = record.copy(9);
            if (cancelToken != null) {
                all.u8(2).i64(cancelToken.address());
            }
            return new CallOptions(all.toByteArray(), cancelToken);
        }
    }
}
