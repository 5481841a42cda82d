//! The control plane of the client: everything that a server can be asked and told beside inference.

use std::ops::ControlFlow;

use super::{
    Client,
    server::{Server, run},
};
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

/// The path of metrics, unless told otherwise.
const METRICS_PATH: &str = "/metrics";

impl Client {
    /// Whether the server lives. A server that can't be reached is an error, not `false`.
    ///
    /// Over HTTP, here and in the other questions of health, a response of status 200 is `true` with an empty body, and
    /// with a JSON object unless its member `live` or `ready` is false; with any other body, such as a sign-in page, it is
    /// INTERNAL.
    pub fn is_server_live(&self, options: &CallOptions) -> Result<bool> {
        self.call(&ServerLive, options)
    }

    /// Whether the server and all models that it is to serve are ready. While a model is being unloaded, and for good
    /// after a load that failed in the model itself, Triton says no, unless it was started with
    /// `--strict-readiness=false`.
    pub fn is_server_ready(&self, options: &CallOptions) -> Result<bool> {
        self.call(&ServerReady, options)
    }

    /// Whether a model is ready; an empty version stands for the one that the server would choose. A model that the
    /// server does not know, or has not loaded, is not ready: Triton says so; of MLServer and KServe a gRPC status
    /// NOT_FOUND does, a gRPC status UNAVAILABLE with the model's name and "not ready", and an HTTP status 404 or 503
    /// whose JSON has the model's name in its `error`. Any other 404 or 503 is an error: a wrong path, or a proxy.
    pub fn is_model_ready(&self, name: &str, version: &str, options: &CallOptions) -> Result<bool> {
        check_model(name, version)?;
        self.call(&ModelReady { name, version }, options)
    }

    /// What gRPC's own health service, `grpc.health.v1`, says of a service; an empty name is the server as a whole, and
    /// Triton says the same of every name. Over HTTP UNIMPLEMENTED, with advice.
    pub fn health_check(&self, service: &str, options: &CallOptions) -> Result<ServingStatus> {
        self.call(&HealthCheck { service }, options)
    }

    /// What the server says of itself.
    pub fn server_metadata(&self, options: &CallOptions) -> Result<ServerMetadata> {
        self.call(&GetServerMetadata, options)
    }

    /// What a model says of itself; an empty version stands for the one that the server would choose. NOT_FOUND for a
    /// model or a version that the server does not have.
    pub fn model_metadata(&self, name: &str, version: &str, options: &CallOptions) -> Result<ModelMetadata> {
        check_model(name, version)?;
        self.call(&GetModelMetadata { name, version }, options)
    }

    /// A model's configuration; an empty version stands for the one that the server would choose. NOT_FOUND for a model
    /// or a version that the server does not have.
    pub fn model_config(&self, name: &str, version: &str, options: &CallOptions) -> Result<ModelConfig> {
        check_model(name, version)?;
        self.call(&GetModelConfig { name, version }, options)
    }

    /// The models of the server's repositories, loaded or not. One whose files came with the load is in none of them, and
    /// so not told by version 2.51.
    pub fn repository_index(
        &self,
        repository: &RepositoryOptions,
        options: &CallOptions,
    ) -> Result<RepositoryIndex> {
        self.call(&Index(repository), options)
    }

    /// Loads a model, or loads it anew, and waits until it is ready or has failed: within the time limit of loading
    /// ([`ClientOptions::set_load_timeout`](crate::ClientOptions::set_load_timeout)) if the call has none of its own. A
    /// deadline that passes does not stop the server.
    ///
    /// Of a model that is loaded already, Triton 2.51 takes new files only if the configuration changes too, and its own
    /// configuration again only after an unload.
    ///
    /// INVALID_ARGUMENT, before anything is sent: an empty name or one with a slash, files without a configuration. What
    /// the server refuses: a load without `--model-control-mode=explicit` (UNAVAILABLE), a model that is not in the
    /// repository or whose configuration is broken (INTERNAL), a model that fails to start (INVALID_ARGUMENT), and over
    /// HTTP, since version 2.62, files of more than about 48 MiB together (INVALID_ARGUMENT;
    /// [`RepositoryOptions::add_file`]).
    pub fn load_model(&self, name: &str, load: &RepositoryOptions, options: &CallOptions) -> Result<()> {
        self.0.server.call(&Load { name, options: load }, &CallContext::loading(&self.0.options, options))
    }

    /// Unloads a model; one that is not loaded is no error. The server may answer before the model is gone. The time limit
    /// is that of loading.
    pub fn unload_model(&self, name: &str, unload: &RepositoryOptions, options: &CallOptions) -> Result<()> {
        self.0.server.call(&Unload { name, options: unload }, &CallContext::loading(&self.0.options, options))
    }

    /// What the server has counted of a model, or with an empty name of all; an empty version stands for all versions.
    pub fn model_statistics(
        &self,
        name: &str,
        version: &str,
        options: &CallOptions,
    ) -> Result<ModelStatisticsList> {
        check_optional_model(name, version)?;
        self.call(&GetStatistics { name, version }, options)
    }

    /// The settings of tracing, of a model, or with an empty name of all models.
    pub fn trace_settings(&self, model: &str, options: &CallOptions) -> Result<Settings> {
        check_optional_name("model name", model)?;
        self.call(&TraceSetting { model, update: None }, options)
    }

    /// Changes settings of tracing, of a model, or with an empty name of all models, and returns all that hold then. The
    /// trace file can't be changed (UNIMPLEMENTED).
    pub fn update_trace_settings(
        &self,
        model: &str,
        update: &SettingsUpdate,
        options: &CallOptions,
    ) -> Result<Settings> {
        check_optional_name("model name", model)?;
        self.call(&TraceSetting { model, update: Some(update) }, options)
    }

    /// The settings of the server's log.
    pub fn log_settings(&self, options: &CallOptions) -> Result<Settings> {
        self.call(&LogSetting { update: None }, options)
    }

    /// Changes settings of the server's log, and returns all that hold then. The log file can't be changed
    /// (UNIMPLEMENTED). What Triton 2.51 takes for wrong it refuses with other statuses over HTTP than the INVALID_ARGUMENT
    /// of gRPC: INTERNAL for a value of another kind, UNAVAILABLE for a `log_format` that it does not know.
    pub fn update_log_settings(&self, update: &SettingsUpdate, options: &CallOptions) -> Result<Settings> {
        self.call(&LogSetting { update: Some(update) }, options)
    }

    /// The regions of system memory that are registered with the server; with a name only that one, and NOT_FOUND if it
    /// is not registered.
    pub fn system_shared_memory_status(&self, name: &str, options: &CallOptions) -> Result<SystemRegions> {
        check_optional_name("region name", name)?;
        self.call(&SystemStatusOf { name }, options)
    }

    /// Registers system memory with the server, which has to be on the same machine: `byte_size` bytes from `offset` on
    /// of the memory that `shm_open` knows as `key`. ALREADY_EXISTS if the name is registered (over HTTP 400).
    /// UNIMPLEMENTED if Triton 2.69 or later was not started with `--allow-client-shm=true`. For Triton 2.51 an offset has
    /// to be a multiple of the machine's page size.
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

    /// Takes the registration of one region back. A name that is not registered is no error. INTERNAL while a request uses
    /// the region: for Triton 2.51 a moment longer than its answer takes.
    pub fn unregister_system_shared_memory(&self, name: &str, options: &CallOptions) -> Result<()> {
        check_name("region name", name)?;
        self.call(&UnregisterSystem { name }, options)
    }

    /// Takes the registrations of all regions of system memory back, those of other programs too.
    pub fn unregister_all_system_shared_memory(&self, options: &CallOptions) -> Result<()> {
        self.call(&UnregisterSystem { name: "" }, options)
    }

    /// The regions of GPUs' memory that are registered with the server; with a name only that one, and NOT_FOUND if it is
    /// not registered.
    pub fn cuda_shared_memory_status(&self, name: &str, options: &CallOptions) -> Result<CudaRegions> {
        check_optional_name("region name", name)?;
        self.call(&CudaStatusOf { name }, options)
    }

    /// Registers `byte_size` bytes of a GPU's memory with the server, which has to be on the same machine. `raw_handle` is
    /// the 64 bytes of a `cudaIpcMemHandle_t`. UNIMPLEMENTED if Triton 2.69 or later was not started with
    /// `--allow-client-shm=true`.
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

    /// Takes the registration of one region back. A name that is not registered is no error. INTERNAL while a request uses
    /// the region: for Triton 2.51 a moment longer than its answer takes.
    pub fn unregister_cuda_shared_memory(&self, name: &str, options: &CallOptions) -> Result<()> {
        check_name("region name", name)?;
        self.call(&UnregisterCuda { name }, options)
    }

    /// Takes the registrations of all regions of GPUs' memory back, those of other programs too.
    pub fn unregister_all_cuda_shared_memory(&self, options: &CallOptions) -> Result<()> {
        self.call(&UnregisterCuda { name: "" }, options)
    }

    /// The server's metrics, from their own port: 8002 of the server's host, or where
    /// [`ClientOptions::set_metrics_url`](crate::ClientOptions::set_metrics_url) says. Over HTTP whatever the client's
    /// protocol. Keys of restricted endpoints that the client has are not sent there, those of the call are.
    pub fn metrics(&self, options: &CallOptions) -> Result<Metrics> {
        let inner = &*self.0;
        let server = match inner.metrics.get() {
            Some(server) => server,
            None => {
                let server = Server::new(self.metrics_url(), &inner.options)?;
                inner.metrics.get_or_init(|| server)
            }
        };
        server.call(&GetMetrics, &CallContext::new(&inner.options, options).elsewhere())
    }

    fn metrics_url(&self) -> Url {
        let inner = &*self.0;
        let mut url = inner.options.metrics_url.clone().unwrap_or_else(|| Url {
            protocol: Protocol::Http,
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
        self.0.server.call(operation, &CallContext::new(&self.0.options, options))
    }

    /// Asks a model by its `generate` endpoint: a JSON object in, one out, whose members are the model's tensors and the
    /// request's parameters. For models with exactly one response. Over gRPC UNIMPLEMENTED, with advice.
    ///
    /// An error that the server tells in a response of HTTP status 200 is UNKNOWN, since nothing says what it would have
    /// been; such a response without a JSON object is INTERNAL.
    pub fn generate(
        &self,
        model: &str,
        version: &str,
        json: &str,
        options: &CallOptions,
    ) -> Result<Generated> {
        self.call(&Generate { model, version, json, is_stream: false }, options)
    }

    /// Asks a model by its `generate_stream` endpoint: a JSON object in, and one out with each of any number of events.
    /// `on_event` is called for each as it comes, on this thread, before the method returns; once it breaks, no more come
    /// and the call is CANCELLED, on the server too. The time limit of the call is that of the whole stream. Over gRPC
    /// UNIMPLEMENTED, with advice.
    ///
    /// An event that tells an error ends the stream with it: UNKNOWN, since nothing says what it would have been. Known are
    /// the forms of Triton (`{"error": "..."}`), OpenAI (`{"error": {"message": "..."}}`), FastAPI (`{"detail": ...}`) and
    /// TorchServe (`code` and `message`), and an event called `error`; an output of that name has `model_name` beside it. A
    /// response of status 200 that is not a stream of events is INTERNAL. Returns the headers of the response.
    pub fn generate_stream(
        &self,
        model: &str,
        version: &str,
        json: &str,
        options: &CallOptions,
        mut on_event: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Headers> {
        let generate = Generate { model, version, json, is_stream: true };
        let server = &self.0.server;
        let context = CallContext::new(&self.0.options, options);
        server.log(
            &context,
            || generate.what(),
            || {
                let request = server.transport.request(&generate, &context)?;
                run(&context, false, async |means| {
                    server.transport.generate_stream(&request, &mut on_event, means).await
                })
            },
        )
    }
}
