package org.tritonclient;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
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
    private final HeaderCallback headerCallback;
    /** The entry of a certificate and its key that were given as bytes; {@code null} if there is none. */
    private final byte[] clientCertificate;
    /** The address of its cancel token may be in the record: the native side refuses it, but reads it. */
    private final CallOptions callOptions;

    private ClientOptions(Builder builder) {
        record = builder.record.toByteArray(14, builder.callOptions.record());
        callOptions = builder.callOptions;
        executor = builder.executor;
        logger = builder.logger;
        headerCallback = builder.headerCallback;
        clientCertificate = builder.clientCertificate == null ? null : builder.clientCertificate.clone();
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

    /** Returns the callback; {@code null} if there is none. */
    HeaderCallback headerCallback() {
        return headerCallback;
    }

    /** Returns the packed record of a client that logs up to a level. It may hold a key: clear it after use. */
    byte[] record(int logLevel) {
        int room = clientCertificate == null ? 0 : clientCertificate.length;
        RecordWriter all = new RecordWriter(record.length + room + 6);
        try {
            all.append(record);
            if (clientCertificate != null) {
                all.append(clientCertificate);
            }
            if (headerCallback != null) {
                all.u8(25);
            }
            if (logLevel > 0) {
                all.u8(15).i32(logLevel);
            }
            return all.toByteArray();
        } finally {
            all.clear();
        }
    }

    /** Builds {@link ClientOptions}. Each setter replaces the value that was set before. Not thread-safe. */
    public static final class Builder {
        // The keys are those of src/jni/options.rs. Of a key that occurs twice the later entry counts.
        private final RecordWriter record = new RecordWriter(64);
        private Executor executor = defaultExecutor();
        private System.Logger logger;
        private HeaderCallback headerCallback;
        private byte[] clientCertificate;
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
         * Sets the timeout for reaching the server: name resolution, connecting and the TLS handshake; 10 s by default.
         * The deadline of the call applies too. {@code null} means no other timeout; zero and less are invalid.
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
         * Sets the maximum time that a connection stays open without a call; 60 s by default. A longer idle one never
         * carries another call. {@code null} means no maximum; zero and less are invalid.
         */
        public Builder idleTimeout(Duration timeout) {
            record.u8(30).i64(Timeout.nanos(timeout));
            return this;
        }

        /**
         * Sets the maximum age of a connection, after which it carries no further call, so that servers behind a load
         * balancer or a changed DNS entry are found. Each connection gets up to a tenth less, so that not all are
         * replaced at once. A stream is not ended by it. {@code null}, the default, means no maximum; zero and less are
         * invalid.
         */
        public Builder maxConnectionAge(Duration age) {
            record.u8(31).i64(Timeout.nanos(age));
            return this;
        }

        /** Sets the maximum number of calls on a connection, after which it is closed; by default there is none. */
        public Builder maxConnectionRequests(long max) {
            record.u8(32).i64(max);
            return this;
        }

        /**
         * Sets TCP_NODELAY: whether small segments are sent without waiting for the acknowledgement of earlier ones, as
         * they are by default. Without it a call may wait 40 ms.
         */
        public Builder tcpNoDelay(boolean isEnabled) {
            record.u8(29).bool(isEnabled);
            return this;
        }

        /**
         * Sets TCP keepalive: after how much time without traffic the system probes a connection, idle ones included,
         * and again after each such time, until 3 probes have failed: the connection is then closed. Rounded up to
         * seconds. {@code null}, the default, sends no probes; zero and less are invalid.
         */
        public Builder tcpKeepAlive(Duration time) {
            record.u8(28).i64(Timeout.nanos(time));
            return this;
        }

        /**
         * Sets after how much time without a byte from the server a PING is sent over gRPC, while calls or streams are
         * under way; {@link #tcpKeepAlive} is for idle connections. If no response arrives within
         * {@link #keepAliveTimeout}, the calls of the connection fail with {@link Status#UNAVAILABLE}, in doubt. {@code
         * null}, the default, sends none: servers close connections with more PINGs than they permit, which by gRPC's
         * default, also Triton's, is one in 5 minutes. Zero and less are invalid.
         */
        public Builder keepAliveTime(Duration time) {
            record.u8(26).i64(Timeout.nanos(time));
            return this;
        }

        /** Sets how long a server has to respond to a PING; 20 s by default. Zero and less are invalid. */
        public Builder keepAliveTimeout(Duration timeout) {
            record.u8(27).i64(Timeout.nanos(Objects.requireNonNull(timeout, "timeout")));
            return this;
        }

        /**
         * Sets the file with the certificates of the authorities that servers are trusted by, in place of the system's:
         * PEM, of which all certificates count, or DER. A server's own self-signed certificate may be given too.
         * Options of TLS apply to {@code https} and {@code grpcs}. Files are read when a client is created, which fails
         * if one is missing or malformed; certificates that are renewed on disk take a new client.
         *
         * @throws IllegalArgumentException unless it is a path of the default file system
         */
        public Builder tlsCaFile(Path path) {
            String file = file(path, "path");
            record.u8(16).str(file);
            return this;
        }

        /** Sets the certificates of authorities as {@link #tlsCaFile} does, with the contents of the file. */
        public Builder tlsCa(byte[] certificates) {
            record.u8(17).bytes(Objects.requireNonNull(certificates, "certificates"));
            return this;
        }

        /**
         * Sets the files of the client's certificate, for servers that require one (mutual TLS), and of its key. The
         * certificate is PEM, in which those of intermediate authorities may follow, or DER; the key is PKCS#8, PKCS#1
         * or SEC1, in PEM or DER, of the types RSA from 2,048 bits, P-256, P-384 and Ed25519, and not encrypted.
         *
         * @throws IllegalArgumentException unless both are paths of the default file system
         */
        public Builder tlsClientCertificate(Path certificate, Path key) {
            String certificateFile = file(certificate, "certificate");
            String keyFile = file(key, "key");
            record.u8(18).str(certificateFile).str(keyFile);
            clearClientCertificate();
            return this;
        }

        /**
         * Sets the client's certificate and its key, with the contents of the files. Both are copied: the caller may
         * overwrite the key after this. The options keep it as long as they live, and their builder until it gets
         * another one; other copies are overwritten after use.
         */
        public Builder tlsClientCertificate(byte[] certificate, byte[] key) {
            Objects.requireNonNull(certificate, "certificate");
            Objects.requireNonNull(key, "key");
            clearClientCertificate();
            RecordWriter entry = new RecordWriter(
                    Math.addExact(Math.addExact(certificate.length, key.length), 1 + 2 * Integer.BYTES));
            clientCertificate = entry.u8(19).bytes(certificate).bytes(key).toByteArray();
            entry.clear();
            return this;
        }

        /** Sets the minimum version of TLS; {@link TlsVersion#TLS_1_2} by default. */
        public Builder tlsMinVersion(TlsVersion version) {
            record.u8(20).u8(Objects.requireNonNull(version, "version").number());
            return this;
        }

        /**
         * Sets the name that the server's certificate must be valid for, and that is sent to the server (SNI), unless
         * it is an address; by default the URL's host. Does not apply to a metrics URL of another host.
         */
        public Builder tlsServerName(String name) {
            record.u8(21).str(Objects.requireNonNull(name, "name"));
            return this;
        }

        /**
         * Sets whether the server's certificate must be signed by a trusted authority and be valid now; by default it
         * must. Without it, anyone between the client and the server can read and change everything. Creating a client
         * then logs a warning.
         */
        public Builder tlsVerifyPeer(boolean isEnabled) {
            record.u8(23).bool(isEnabled);
            return this;
        }

        /**
         * Sets whether the server's certificate must be valid for the server's name; by default it must. Without it,
         * any server with a certificate of a trusted authority is accepted. Creating a client then logs a warning.
         */
        public Builder tlsVerifyHost(boolean isEnabled) {
            record.u8(24).bool(isEnabled);
            return this;
        }

        /**
         * Sets the Host header and {@code :authority} of every request, for a gateway that routes by it; by default the
         * URL's host and port, without port 443 over TLS and port 80 without TLS. Changes neither the server that is
         * connected to, nor the name that its certificate is verified for. Not sent to the metrics URL.
         *
         * @param authority a host, optionally with a port
         */
        public Builder authority(String authority) {
            record.u8(22).str(Objects.requireNonNull(authority, "authority"));
            return this;
        }

        /**
         * Sets a text that is appended to the User-Agent of every request, after the library's own, for example {@code
         * my-service/2}: visible ASCII characters, and single spaces between them.
         */
        public Builder userAgent(String text) {
            record.u8(33).str(Objects.requireNonNull(text, "text"));
            return this;
        }

        /**
         * Sets a callback that adds headers to each call. It is called before the first attempt of a call, in the
         * thread that calls or submits. A repeated attempt has the same headers, unless the server responded
         * {@link Status#UNAUTHENTICATED}: the callback is then called once more, with
         * {@link CallHeaders#wasRefused}, for an asynchronous call on a thread of its own, and the call is repeated
         * with the new headers. A stream calls it once, when it is opened. Not called for the metrics URL. On a
         * virtual thread it keeps the carrier.
         *
         * <p>A client whose callback refers to it must be closed: it is not closed for being unreachable.
         */
        public Builder headerCallback(HeaderCallback callback) {
            headerCallback = Objects.requireNonNull(callback, "callback");
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

        private void clearClientCertificate() {
            if (clientCertificate != null) {
                Arrays.fill(clientCertificate, (byte) 0);
                clientCertificate = null;
            }
        }

        private static String file(Path path, String parameter) {
            if (Objects.requireNonNull(path, parameter).getFileSystem() != FileSystems.getDefault()) {
                throw new IllegalArgumentException(parameter + " is not of the default file system: " + path);
            }
            return path.toString();
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
            return new ClientOptions(this);
        }
    }
}
