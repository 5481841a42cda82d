package org.tritonclient;

import java.lang.ref.Reference;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongFunction;

/** The operations of a client other than inference. */
abstract class ControlPlane {
    /** A native of the control plane. */
    private interface Operation {
        byte[] call(long client, byte[] arguments, byte[] options, long token);
    }

    final ClientCore core;

    ControlPlane(ClientCore core) {
        this.core = core;
    }

    /** Returns whether the server is live: {@link #isServerLive(CallOptions)}. */
    public boolean isServerLive() {
        return isServerLive(CallOptions.defaults());
    }

    /**
     * Returns whether the server is live. Blocks. A server that cannot be reached is an error, not {@code false}.
     *
     * <p>Over HTTP, for liveness and readiness, a response with status 200 means {@code true} if its body is empty or a
     * JSON object, unless the member {@code live} or {@code ready} of the object is false. Any other body, for example
     * a sign-in page, is INTERNAL.
     */
    public boolean isServerLive(CallOptions options) {
        return call(Native::isServerLive, arguments(), options, RecordReader::bool);
    }

    /** Returns whether the server and all of its models are ready: {@link #isServerReady(CallOptions)}. */
    public boolean isServerReady() {
        return isServerReady(CallOptions.defaults());
    }

    /**
     * Returns whether the server and all of its models are ready. Blocks. Triton is not ready while a model is being
     * unloaded, nor after a model failed to load for a reason within the model, unless it was started with
     * {@code --strict-readiness=false}.
     */
    public boolean isServerReady(CallOptions options) {
        return call(Native::isServerReady, arguments(), options, RecordReader::bool);
    }

    /** Returns whether a model is ready: {@link #isModelReady(String, String, CallOptions)}. */
    public boolean isModelReady(String modelName) {
        return isModelReady(modelName, "");
    }

    /** Returns whether a version of a model is ready: {@link #isModelReady(String, String, CallOptions)}. */
    public boolean isModelReady(String modelName, String modelVersion) {
        return isModelReady(modelName, modelVersion, CallOptions.defaults());
    }

    /**
     * Returns whether a model is ready. Blocks. A model that the server does not know, or has not loaded, is not ready.
     *
     * <p>Triton responds so. From MLServer and KServe these mean it too: the gRPC status NOT_FOUND, the gRPC status
     * UNAVAILABLE with the name of the model and "not ready", and an HTTP status 404 or 503 whose JSON has the name of
     * the model in its {@code error}. Any other 404 or 503 is an error: it comes from a wrong path, or from a proxy.
     *
     * @param modelVersion empty for the version that the server selects
     */
    public boolean isModelReady(String modelName, String modelVersion, CallOptions options) {
        return call(Native::isModelReady, arguments(modelName, modelVersion), options, RecordReader::bool);
    }

    /** Returns the status of a service: {@link #healthCheck(String, CallOptions)}. */
    public ServingStatus healthCheck(String service) {
        return healthCheck(service, CallOptions.defaults());
    }

    /**
     * Returns the status of a service from gRPC's own health service, {@code grpc.health.v1}. Blocks. UNIMPLEMENTED
     * over HTTP.
     *
     * @param service empty for the server as a whole; Triton returns the same for every name
     */
    public ServingStatus healthCheck(String service, CallOptions options) {
        RecordWriter arguments = arguments().str(Objects.requireNonNull(service, "service"));
        return call(Native::healthCheck, arguments, options, ServingStatus::read);
    }

    /** Blocks until the server or a model is ready: {@link #waitReady(String, String, CallOptions)}. */
    public void waitReady(String modelName) {
        waitReady(modelName, "", CallOptions.defaults());
    }

    /**
     * Blocks until the server is ready or, with the name of a model, until that model is. Sends requests, at first
     * after 10 ms, later every second, until the deadline of the call, and then throws DEADLINE_EXCEEDED with the last
     * outcome in its message.
     *
     * <p>A server that cannot be reached, or fails, is waited for. INVALID_ARGUMENT of the caller, UNAUTHENTICATED and
     * PERMISSION_DENIED end the wait at once. (For an endpoint that is restricted over gRPC, Triton sends UNAVAILABLE,
     * which is waited for.)
     *
     * @param modelName    empty for the server
     * @param modelVersion empty for the version that the server selects
     */
    public void waitReady(String modelName, String modelVersion, CallOptions options) {
        call(Native::waitReady, arguments(modelName, modelVersion), options, nothing());
    }

    /** Returns the server's metadata: {@link #getServerMetadata(CallOptions)}. */
    public ServerMetadata getServerMetadata() {
        return getServerMetadata(CallOptions.defaults());
    }

    /** Returns the server's metadata: name, version and extensions. Blocks. */
    public ServerMetadata getServerMetadata(CallOptions options) {
        return call(Native::serverMetadata, arguments(), options, ServerMetadata::read);
    }

    /** Returns a model's metadata: {@link #getModelMetadata(String, String, CallOptions)}. */
    public ModelMetadata getModelMetadata(String modelName) {
        return getModelMetadata(modelName, "");
    }

    /** Returns the metadata of a version of a model: {@link #getModelMetadata(String, String, CallOptions)}. */
    public ModelMetadata getModelMetadata(String modelName, String modelVersion) {
        return getModelMetadata(modelName, modelVersion, CallOptions.defaults());
    }

    /**
     * Returns a model's metadata: its versions, inputs and outputs. Blocks. NOT_FOUND for a model or a version that the
     * server does not have.
     *
     * @param modelVersion empty for the version that the server selects
     */
    public ModelMetadata getModelMetadata(String modelName, String modelVersion, CallOptions options) {
        return call(Native::modelMetadata, arguments(modelName, modelVersion), options, ModelMetadata::read);
    }

    /** Returns a model's configuration: {@link #getModelConfig(String, String, CallOptions)}. */
    public ModelConfig getModelConfig(String modelName) {
        return getModelConfig(modelName, "");
    }

    /** Returns the configuration of a version of a model: {@link #getModelConfig(String, String, CallOptions)}. */
    public ModelConfig getModelConfig(String modelName, String modelVersion) {
        return getModelConfig(modelName, modelVersion, CallOptions.defaults());
    }

    /**
     * Returns a model's configuration. Blocks. NOT_FOUND for a model or a version that the server does not have.
     *
     * @param modelVersion empty for the version that the server selects
     */
    public ModelConfig getModelConfig(String modelName, String modelVersion, CallOptions options) {
        return call(Native::modelConfig, arguments(modelName, modelVersion), options, ModelConfig::read);
    }

    /** Returns all models of the server's repositories: {@link #getRepositoryIndex(RepositoryOptions, CallOptions)}. */
    public RepositoryIndex getRepositoryIndex() {
        return getRepositoryIndex(RepositoryOptions.defaults());
    }

    /** Returns the models of the server's repositories: {@link #getRepositoryIndex(RepositoryOptions, CallOptions)}. */
    public RepositoryIndex getRepositoryIndex(RepositoryOptions repository) {
        return getRepositoryIndex(repository, CallOptions.defaults());
    }

    /**
     * Returns the models of the server's repositories, loaded or not. Blocks. A model that was loaded with files of its
     * own is in no repository, and Triton 2.51 does not list it.
     */
    public RepositoryIndex getRepositoryIndex(RepositoryOptions repository, CallOptions options) {
        Objects.requireNonNull(repository, "repository");
        return call(Native::repositoryIndex, arguments().bytes(repository.record()), options, RepositoryIndex::read);
    }

    /** Loads a model: {@link #loadModel(String, RepositoryOptions, CallOptions)}. */
    public void loadModel(String modelName) {
        loadModel(modelName, RepositoryOptions.defaults());
    }

    /** Loads a model: {@link #loadModel(String, RepositoryOptions, CallOptions)}. */
    public void loadModel(String modelName, RepositoryOptions load) {
        loadModel(modelName, load, CallOptions.defaults());
    }

    /**
     * Loads or reloads a model, and blocks until it is ready or has failed. The default timeout is
     * {@link ClientOptions.Builder#loadTimeout}. The server continues to load if the deadline passes.
     *
     * <p>For a model that is loaded already, Triton 2.51 uses new files only if the configuration changes too, and its
     * own configuration again only after it was unloaded.
     *
     * <p>INVALID_ARGUMENT, and nothing is sent, for an empty name, a name with a slash, and files without a
     * configuration. Triton refuses to load unless it was started with {@code --model-control-mode=explicit}
     * (UNAVAILABLE), a model that is not in the repository or has an invalid configuration (INTERNAL), a model that
     * fails to start (INVALID_ARGUMENT), and over HTTP, since version 2.62, files of more than about 48 MiB together
     * (INVALID_ARGUMENT; {@link RepositoryOptions.Builder#file}).
     */
    public void loadModel(String modelName, RepositoryOptions load, CallOptions options) {
        call(Native::loadModel, repositoryArguments(modelName, load, "load"), options, nothing());
    }

    /** Unloads a model: {@link #unloadModel(String, RepositoryOptions, CallOptions)}. */
    public void unloadModel(String modelName) {
        unloadModel(modelName, RepositoryOptions.defaults());
    }

    /** Unloads a model: {@link #unloadModel(String, RepositoryOptions, CallOptions)}. */
    public void unloadModel(String modelName, RepositoryOptions unload) {
        unloadModel(modelName, unload, CallOptions.defaults());
    }

    /**
     * Unloads a model. Blocks. A model that is not loaded is not an error. The server may respond before the model is
     * unloaded. The default timeout is that of loading.
     */
    public void unloadModel(String modelName, RepositoryOptions unload, CallOptions options) {
        call(Native::unloadModel, repositoryArguments(modelName, unload, "unload"), options, nothing());
    }

    /** Returns the server's statistics of a model: {@link #getModelStatistics(String, String, CallOptions)}. */
    public ModelStatisticsList getModelStatistics(String modelName) {
        return getModelStatistics(modelName, "");
    }

    /** Returns the server's statistics of a model: {@link #getModelStatistics(String, String, CallOptions)}. */
    public ModelStatisticsList getModelStatistics(String modelName, String modelVersion) {
        return getModelStatistics(modelName, modelVersion, CallOptions.defaults());
    }

    /**
     * Returns the server's statistics of a model. Blocks. An unknown model or version is an error: from Triton 2.51
     * INVALID_ARGUMENT.
     *
     * @param modelName    empty for all models
     * @param modelVersion empty for all versions
     */
    public ModelStatisticsList getModelStatistics(String modelName, String modelVersion, CallOptions options) {
        return call(Native::modelStatistics, arguments(modelName, modelVersion), options, ModelStatisticsList::read);
    }

    /** Returns trace settings: {@link #getTraceSettings(String, CallOptions)}. */
    public Settings getTraceSettings(String modelName) {
        return getTraceSettings(modelName, CallOptions.defaults());
    }

    /**
     * Returns the trace settings of a model. Blocks.
     *
     * <p>{@code trace_level} is a list of {@code OFF}, {@code TIMESTAMPS} and {@code TENSORS}; {@code trace_rate},
     * {@code trace_count} and {@code log_frequency} are numbers, written as strings. {@code trace_file} and
     * {@code trace_mode} cannot be changed.
     *
     * @param modelName empty for the settings that apply to all models
     */
    public Settings getTraceSettings(String modelName, CallOptions options) {
        return call(Native::traceSettings, arguments().str(name(modelName)), options, Settings::read);
    }

    /** Updates trace settings: {@link #updateTraceSettings(String, SettingsUpdate, CallOptions)}. */
    public Settings updateTraceSettings(String modelName, SettingsUpdate update) {
        return updateTraceSettings(modelName, update, CallOptions.defaults());
    }

    /**
     * Updates the trace settings of a model, and returns all settings after the update. Blocks. The trace file cannot
     * be changed (UNIMPLEMENTED). Triton ignores an unknown setting, an unknown {@code trace_level} and a change of
     * {@code trace_mode}.
     *
     * @param modelName empty for the settings that apply to all models
     */
    public Settings updateTraceSettings(String modelName, SettingsUpdate update, CallOptions options) {
        RecordWriter arguments = arguments().str(name(modelName)).bytes(record(update));
        return call(Native::updateTraceSettings, arguments, options, Settings::read);
    }

    /** Returns the settings of the server's log: {@link #getLogSettings(CallOptions)}. */
    public Settings getLogSettings() {
        return getLogSettings(CallOptions.defaults());
    }

    /**
     * Returns the settings of the server's log. Blocks.
     *
     * <p>{@code log_info}, {@code log_warning} and {@code log_error} are booleans, {@code log_verbose_level} is a
     * number, {@code log_format} a string. {@code log_file} cannot be changed.
     */
    public Settings getLogSettings(CallOptions options) {
        return call(Native::logSettings, arguments(), options, Settings::read);
    }

    /** Updates the settings of the server's log: {@link #updateLogSettings(SettingsUpdate, CallOptions)}. */
    public Settings updateLogSettings(SettingsUpdate update) {
        return updateLogSettings(update, CallOptions.defaults());
    }

    /**
     * Updates the settings of the server's log, and returns all settings after the update. Blocks. The log file cannot
     * be changed (UNIMPLEMENTED). Triton ignores an unknown setting. Triton 2.51 refuses invalid values over gRPC with
     * INVALID_ARGUMENT, and over HTTP with other statuses: INTERNAL for a value of the wrong type, UNAVAILABLE for an
     * unknown {@code log_format}.
     */
    public Settings updateLogSettings(SettingsUpdate update, CallOptions options) {
        return call(Native::updateLogSettings, arguments().bytes(record(update)), options, Settings::read);
    }

    /** Returns the server's metrics: {@link #getMetrics(CallOptions)}. */
    public Metrics getMetrics() {
        return getMetrics(CallOptions.defaults());
    }

    /**
     * Returns the server's metrics, over HTTP for a client of gRPC too: from port 8002 of the server's host, or from
     * {@link ClientOptions.Builder#metricsUrl}. Blocks. Headers, keys and query parameters of the client's default call
     * options are not sent to that URL.
     */
    public Metrics getMetrics(CallOptions options) {
        return call(Native::metrics, arguments(), options, Metrics::read);
    }

    /** Sends a generate request: {@link #generate(String, String, String, CallOptions)}. */
    public Generated generate(String modelName, String json) {
        return generate(modelName, "", json);
    }

    /** Sends a generate request to a version of a model: {@link #generate(String, String, String, CallOptions)}. */
    public Generated generate(String modelName, String modelVersion, String json) {
        return generate(modelName, modelVersion, json, CallOptions.defaults());
    }

    /**
     * Sends a JSON object to a model's {@code generate} endpoint, and returns the JSON object of its response; their
     * members are the model's tensors and the request's parameters. Blocks. For models with exactly one response.
     * UNIMPLEMENTED over gRPC.
     *
     * <p>An error in a response with HTTP status 200 is UNKNOWN: its code is not sent. Such a response without a JSON
     * object is INTERNAL.
     *
     * @param modelVersion empty for the version that the server selects
     */
    public Generated generate(String modelName, String modelVersion, String json, CallOptions options) {
        return call(Native::generate, generateArguments(modelName, modelVersion, json), options, Generated::read);
    }

    /** Generates a stream: {@link #generateStream(String, String, String, GenerateHandler, CallOptions)}. */
    public Headers generateStream(String modelName, String json, GenerateHandler handler) {
        return generateStream(modelName, "", json, handler);
    }

    /** Generates a stream: {@link #generateStream(String, String, String, GenerateHandler, CallOptions)}. */
    public Headers generateStream(String modelName, String modelVersion, String json, GenerateHandler handler) {
        return generateStream(modelName, modelVersion, json, handler, CallOptions.defaults());
    }

    /**
     * Sends a JSON object to a model's {@code generate_stream} endpoint, and blocks until the stream of its events
     * ends. The handler is called on this thread with the JSON object of each event as it is received. If it returns
     * {@code false} or throws, the call is cancelled, on the server too. The timeout of the call applies to the whole
     * stream. UNIMPLEMENTED over gRPC.
     *
     * <p>An event with an error ends the stream: UNKNOWN, since its code is not sent. These are errors: the forms of
     * Triton (<code>{"error": "..."}</code>), OpenAI (<code>{"error": {"message": "..."}}</code>), FastAPI
     * (<code>{"detail": ...}</code>) and TorchServe ({@code code} and {@code message}), and an event named {@code
     * error}; but an output named {@code error} has a {@code model_name} beside it. A response with status 200 that is
     * not a stream of events is INTERNAL.
     *
     * @param modelVersion empty for the version that the server selects
     * @return the headers of the response
     */
    public Headers generateStream(
            String modelName, String modelVersion, String json, GenerateHandler handler, CallOptions options) {
        byte[] arguments = generateArguments(modelName, modelVersion, json).toByteArray();
        Objects.requireNonNull(handler, "handler");
        Objects.requireNonNull(options, "options");
        try {
            byte[] record = core.callNesting(options, (client, own, token, interruption) -> {
                GenerateEvents events = new GenerateEvents(handler, interruption);
                return Native.generateStream(client, arguments, own, token, events);
            });
            return Headers.read(new RecordReader(record));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Returns the client's statistics of its inferences since it was created. */
    public ClientStatistics getInferStatistics() {
        return ClientStatistics.read(read(Native::clientStatistics));
    }

    /** Opens connections ahead of calls: {@link #connect(int, CallOptions)}. */
    public void connect(int count) {
        connect(count, CallOptions.defaults());
    }

    /**
     * Opens connections to the server until a number of them is open, idle ones included, so that the first calls need
     * not wait for them: name resolution, TCP, the TLS handshake, and over gRPC the first frames of both sides, which
     * shows that the port speaks gRPC. They are those of blocking calls, in threads that are not virtual: asynchronous
     * calls and streams have connections of their own. Blocks until the last one is open, and sends no request. If it
     * fails, the message has the number of those that are open, which are kept.
     *
     * @param count at most what {@link ClientOptions.Builder#maxConnections} permits
     */
    public void connect(int count, CallOptions options) {
        call(Native::connect, arguments().i32(count), options, nothing());
    }

    /**
     * Closes all connections that no call or stream uses. The others stay open, and are kept when their calls end. Does
     * not block.
     */
    public void closeIdle() {
        long client = core.acquire();
        try {
            Native.closeIdle(client);
        } finally {
            core.release();
            Reference.reachabilityFence(this);
        }
    }

    /** Returns the numbers of the client's connections. */
    public ConnectionCounts getConnectionCounts() {
        return ConnectionCounts.read(read(Native::connectionCounts));
    }

    private <T> T call(
            Operation operation, RecordWriter arguments, CallOptions options, Function<RecordReader, T> result) {
        Objects.requireNonNull(options, "options");
        byte[] packed = arguments.toByteArray();
        try {
            byte[] record = core.call(options, (client, own, token) -> operation.call(client, packed, own, token));
            return result.apply(new RecordReader(record));
        } finally {
            // Else the client might be collected during its last call, and cancel it.
            Reference.reachabilityFence(this);
        }
    }

    private RecordReader read(LongFunction<byte[]> reading) {
        long client = core.acquire();
        try {
            return new RecordReader(reading.apply(client));
        } finally {
            core.release();
            Reference.reachabilityFence(this);
        }
    }

    private static Function<RecordReader, Void> nothing() {
        return record -> null;
    }

    private static RecordWriter arguments() {
        return new RecordWriter(64);
    }

    private static RecordWriter arguments(String modelName, String modelVersion) {
        return arguments().str(name(modelName)).str(Objects.requireNonNull(modelVersion, "modelVersion"));
    }

    private static RecordWriter generateArguments(String modelName, String modelVersion, String json) {
        return arguments(modelName, modelVersion).str(Objects.requireNonNull(json, "json"));
    }

    private static RecordWriter repositoryArguments(String modelName, RepositoryOptions repository, String parameter) {
        byte[] record = Objects.requireNonNull(repository, parameter).record();
        return new RecordWriter(64 + record.length).str(name(modelName)).bytes(record);
    }

    private static String name(String modelName) {
        return Objects.requireNonNull(modelName, "modelName");
    }

    private static byte[] record(SettingsUpdate update) {
        RecordWriter record = arguments();
        Objects.requireNonNull(update, "update").write(record);
        return record.toByteArray();
    }
}
