//! The operations of a client other than inference: the control plane.

use std::ops::ControlFlow;

use super::{Client, server::Server};
use crate::{
    error::Result,
    headers::Headers,
    model::{
        CudaRegions, Generated, Metrics, ModelConfig, ModelMetadata, ModelStatisticsList, Operation,
        RepositoryIndex, RepositoryOptions, ServerMetadata, ServingStatus, Settings, SettingsUpdate,
        SystemRegions, check_model, check_name, check_optional_model, check_optional_name,
        config::GetModelConfig,
        generate::Generate,
        health::{HealthCheck, ModelReady, ServerLive, ServerReady},
        metadata::{GetModelMetadata, GetServerMetadata},
        metrics::GetMetrics,
        repository::{Index, Load, Unload},
        settings::{LogSetting, TraceSetting},
        shared_memory::{
            CudaStatusOf, RegisterCuda, RegisterSystem, SystemStatusOf, UnregisterCuda, UnregisterSystem,
        },
        statistics::GetStatistics,
    },
    options::{CallContext, CallOptions, METRICS_PORT},
    url::{Protocol, Url},
};

/// The default path of metrics.
const METRICS_PATH: &str = "/metrics";

impl Client {
    /// Returns whether the server is live. A server that cannot be reached is an error, not `false`.
    ///
    /// Over HTTP, for liveness and readiness, a response with status 200 means `true` if its body is empty or
    /// a JSON object, unless the member `live` or `ready` of the object is false. Any other body, for example
    /// a sign-in page, is INTERNAL.
    pub fn is_server_live(&self, options: &CallOptions) -> Result<bool> {
        self.call(&ServerLive, options)
    }

    /// Returns whether the server and all of its models are ready. Triton is not ready while a model is being
    /// unloaded, nor after a model failed to load for a reason within the model, unless it was started with
    /// `--strict-readiness=false`.
    pub fn is_server_ready(&self, options: &CallOptions) -> Result<bool> {
        self.call(&ServerReady, options)
    }

    /// Returns whether a model is ready; with an empty version, the version that the server selects. A model
    /// that the server does not know, or has not loaded, is not ready.
    ///
    /// Triton responds so. From MLServer and KServe these mean it too: the gRPC status NOT_FOUND, the gRPC
    /// status UNAVAILABLE with the name of the model and "not ready", and an HTTP status 404 or 503 whose
    /// JSON has the name of the model in its `error`. Any other 404 or 503 is an error: it comes from a wrong
    /// path, or from a proxy.
    pub fn is_model_ready(&self, name: &str, version: &str, options: &CallOptions) -> Result<bool> {
        check_model(name, version)?;
        self.call(&ModelReady { name, version }, options)
    }

    /// Returns the status of a service from gRPC's own health service, `grpc.health.v1`. An empty name is the
    /// server as a whole; Triton returns the same for every name. UNIMPLEMENTED over HTTP.
    pub fn health_check(&self, service: &str, options: &CallOptions) -> Result<ServingStatus> {
        self.call(&HealthCheck { service }, options)
    }

    /// Returns the server's metadata: name, version and extensions.
    pub fn server_metadata(&self, options: &CallOptions) -> Result<ServerMetadata> {
        self.call(&GetServerMetadata, options)
    }

    /// Returns a model's metadata; with an empty version, of the version that the server selects. NOT_FOUND
    /// for a model or a version that the server does not have.
    pub fn model_metadata(&self, name: &str, version: &str, options: &CallOptions) -> Result<ModelMetadata> {
        check_model(name, version)?;
        self.call(&GetModelMetadata { name, version }, options)
    }

    /// Returns a model's configuration; with an empty version, of the version that the server selects.
    /// NOT_FOUND for a model or a version that the server does not have.
    pub fn model_config(&self, name: &str, version: &str, options: &CallOptions) -> Result<ModelConfig> {
        check_model(name, version)?;
        self.call(&GetModelConfig { name, version }, options)
    }

    /// Returns the models of the server's repositories, loaded or not. A model that was loaded with files of
    /// its own is in no repository, and Triton 2.51 does not list it.
    pub fn repository_index(
        &self,
        repository: &RepositoryOptions,
        options: &CallOptions,
    ) -> Result<RepositoryIndex> {
        self.call(&Index(repository), options)
    }

    /// Loads or reloads a model, and blocks until it is ready or has failed. The default timeout is
    /// [`ClientOptions::set_load_timeout`](crate::ClientOptions::set_load_timeout). The server continues to
    /// load if the deadline passes.
    ///
    /// For a model that is loaded already, Triton 2.51 uses new files only if the configuration changes too,
    /// and its own configuration again only after it was unloaded.
    ///
    /// INVALID_ARGUMENT, and nothing is sent, for an empty name, a name with a slash, and files without a
    /// configuration. Triton refuses to load unless it was started with `--model-control-mode=explicit`
    /// (UNAVAILABLE), a model that is not in the repository or has an invalid configuration (INTERNAL), a
    /// model that fails to start (INVALID_ARGUMENT), and over HTTP, since version 2.62, files of more than
    /// about 48 MiB together (INVALID_ARGUMENT; [`RepositoryOptions::add_file`]).
    pub fn load_model(&self, name: &str, load: &RepositoryOptions, options: &CallOptions) -> Result<()> {
        let _active = self.0.begin(options)?;
        self.0.server.call(&Load { name, options: load }, &CallContext::loading(&self.0.options, options))
    }

    /// Unloads a model. A model that is not loaded is not an error. The server may respond before the model
    /// is unloaded. The default timeout is that of loading.
    pub fn unload_model(&self, name: &str, unload: &RepositoryOptions, options: &CallOptions) -> Result<()> {
        let _active = self.0.begin(options)?;
        self.0.server.call(&Unload { name, options: unload }, &CallContext::loading(&self.0.options, options))
    }

    /// Returns the server's statistics of a model; with an empty name, of all models; with an empty version,
    /// of all versions.
    pub fn model_statistics(
        &self,
        name: &str,
        version: &str,
        options: &CallOptions,
    ) -> Result<ModelStatisticsList> {
        check_optional_model(name, version)?;
        self.call(&GetStatistics { name, version }, options)
    }

    /// Returns the trace settings of a model; with an empty name, those of all models.
    pub fn trace_settings(&self, model: &str, options: &CallOptions) -> Result<Settings> {
        check_optional_name("model name", model)?;
        self.call(&TraceSetting { model, update: None }, options)
    }

    /// Updates the trace settings of a model, or with an empty name those of all models, and returns all
    /// settings after the update. The trace file cannot be changed (UNIMPLEMENTED). Triton ignores an unknown
    /// setting, an unknown `trace_level` and a change of `trace_mode`.
    pub fn update_trace_settings(
        &self,
        model: &str,
        update: &SettingsUpdate,
        options: &CallOptions,
    ) -> Result<Settings> {
        check_optional_name("model name", model)?;
        self.call(&TraceSetting { model, update: Some(update) }, options)
    }

    /// Returns the settings of the server's log.
    pub fn log_settings(&self, options: &CallOptions) -> Result<Settings> {
        self.call(&LogSetting { update: None }, options)
    }

    /// Updates the settings of the server's log, and returns all settings after the update. The log file
    /// cannot be changed (UNIMPLEMENTED). Triton 2.51 refuses invalid values over gRPC with INVALID_ARGUMENT,
    /// and over HTTP with other statuses: INTERNAL for a value of the wrong type, UNAVAILABLE for an unknown
    /// `log_format`.
    pub fn update_log_settings(&self, update: &SettingsUpdate, options: &CallOptions) -> Result<Settings> {
        self.call(&LogSetting { update: Some(update) }, options)
    }

    /// Returns the regions of system shared memory that are registered with the server; with a name, that
    /// region only. NOT_FOUND if it is not registered.
    pub fn system_shared_memory_status(&self, name: &str, options: &CallOptions) -> Result<SystemRegions> {
        check_optional_name("region name", name)?;
        self.call(&SystemStatusOf { name }, options)
    }

    /// Registers system shared memory with the server, which must be on the same machine: `byte_size` bytes
    /// from `offset` of the memory that `shm_open` opens as `key`. ALREADY_EXISTS if the name is registered
    /// already (INVALID_ARGUMENT over HTTP). UNIMPLEMENTED if Triton 2.69 or later was not started with
    /// `--allow-client-shm=true`. For Triton 2.51 the offset must be a multiple of the machine's page size.
    pub fn register_system_shared_memory(
        &self,
        name: &str,
        key: &str,
        byte_size: u64,
        offset: u64,
        options: &CallOptions,
    ) -> Result<()> {
        self.call(&RegisterSystem { name, key, byte_size, offset }, options)
    }

    /// Unregisters a region. A name that is not registered is not an error. INTERNAL while a request uses the
    /// region; with Triton 2.51 this lasts slightly longer than its response takes.
    pub fn unregister_system_shared_memory(&self, name: &str, options: &CallOptions) -> Result<()> {
        check_name("region name", name)?;
        self.call(&UnregisterSystem { name }, options)
    }

    /// Unregisters all regions of system shared memory, including those of other programs.
    pub fn unregister_all_system_shared_memory(&self, options: &CallOptions) -> Result<()> {
        self.call(&UnregisterSystem { name: "" }, options)
    }

    /// Returns the regions of CUDA shared memory that are registered with the server; with a name, that
    /// region only. NOT_FOUND if it is not registered.
    pub fn cuda_shared_memory_status(&self, name: &str, options: &CallOptions) -> Result<CudaRegions> {
        check_optional_name("region name", name)?;
        self.call(&CudaStatusOf { name }, options)
    }

    /// Registers `byte_size` bytes of a GPU's memory with the server, which must be on the same machine.
    /// `raw_handle` is the 64 bytes of a `cudaIpcMemHandle_t`. UNIMPLEMENTED if Triton 2.69 or later was not
    /// started with `--allow-client-shm=true`.
    pub fn register_cuda_shared_memory(
        &self,
        name: &str,
        raw_handle: &[u8],
        device_id: i64,
        byte_size: u64,
        options: &CallOptions,
    ) -> Result<()> {
        self.call(&RegisterCuda { name, raw_handle, device_id, byte_size }, options)
    }

    /// Unregisters a region. A name that is not registered is not an error. INTERNAL while a request uses the
    /// region; with Triton 2.51 this lasts slightly longer than its response takes.
    pub fn unregister_cuda_shared_memory(&self, name: &str, options: &CallOptions) -> Result<()> {
        check_name("region name", name)?;
        self.call(&UnregisterCuda { name }, options)
    }

    /// Unregisters all regions of CUDA shared memory, including those of other programs.
    pub fn unregister_all_cuda_shared_memory(&self, options: &CallOptions) -> Result<()> {
        self.call(&UnregisterCuda { name: "" }, options)
    }

    /// Returns the server's metrics, over HTTP for a client of gRPC too: from port 8002 of the server's host,
    /// or from [`ClientOptions::set_metrics_url`](crate::ClientOptions::set_metrics_url). Headers, keys and
    /// query parameters of the client's default call options are not sent to that URL.
    pub fn metrics(&self, options: &CallOptions) -> Result<Metrics> {
        let inner = &*self.0;
        let _active = inner.begin(options)?;
        let server = match inner.metrics.get() {
            Some(server) => server,
            None => {
                let url = self.metrics_url();
                let options = inner.options.for_metrics(url.host == inner.server.url.host);
                // Without the header callback.
                let server = Server::new(url, &options, None)?;
                inner.metrics.get_or_init(|| server)
            }
        };
        server.call(&GetMetrics, &CallContext::elsewhere(&inner.options, options))
    }

    fn metrics_url(&self) -> Url {
        let inner = &*self.0;
        let mut url = inner.options.metrics_url.clone().unwrap_or_else(|| Url {
            protocol: Protocol::Http,
            // Triton's metrics port has no TLS.
            is_tls: false,
            port: METRICS_PORT,
            base_path: String::new(),
            ..inner.server.url.clone()
        });
        if url.base_path.is_empty() {
            url.base_path = METRICS_PATH.to_owned();
        }
        url
    }

    fn call<O: Operation>(&self, operation: &O, options: &CallOptions) -> Result<O::Output> {
        let _active = self.0.begin(options)?;
        self.0.server.call(operation, &CallContext::new(&self.0.options, options))
    }

    /// Sends a JSON object to a model's `generate` endpoint, and returns the JSON object of its response;
    /// their members are the model's tensors and the request's parameters. For models with exactly one
    /// response. UNIMPLEMENTED over gRPC.
    ///
    /// An error in a response with HTTP status 200 is UNKNOWN: its code is not sent. Such a response without
    /// a JSON object is INTERNAL.
    pub fn generate(
        &self,
        model: &str,
        version: &str,
        json: &str,
        options: &CallOptions,
    ) -> Result<Generated> {
        self.call(&Generate { model, version, json, is_stream: false }, options)
    }

    /// Sends a JSON object to a model's `generate_stream` endpoint, and blocks until the stream of its events
    /// ends. `on_event` is called on this thread with the JSON object of each event as it is received. If it
    /// breaks, the call is cancelled, on the server too, and returns CANCELLED. The timeout of the call
    /// applies to the whole stream. Returns the headers of the response. UNIMPLEMENTED over gRPC.
    ///
    /// An event with an error ends the stream: UNKNOWN, since its code is not sent. These are errors: the
    /// forms of Triton (`{"error": "..."}`), OpenAI (`{"error": {"message": "..."}}`), FastAPI
    /// (`{"detail": ...}`) and TorchServe (`code` and `message`), and an event named `error`; but an output
    /// named `error` has a `model_name` beside it. A response with status 200 that is not a stream of events
    /// is INTERNAL.
    pub fn generate_stream(
        &self,
        model: &str,
        version: &str,
        json: &str,
        options: &CallOptions,
        mut on_event: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Headers> {
        let generate = Generate { model, version, json, is_stream: true };
        let _active = self.0.begin(options)?;
        let server = &self.0.server;
        let context = CallContext::new(&self.0.options, options);
        server.log(
            &context,
            || generate.what(),
            || {
                let request = server.transport.request(&generate, &context)?;
                server.run(&context, false, async |means| {
                    server.transport.generate_stream(&request, &mut on_event, means).await
                })
            },
        )
    }
}
