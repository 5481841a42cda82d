//! A server's statistics of its models.

use std::time::Duration;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    same_json,
};
use crate::{
    error::{Error, Result, excerpt},
    proto::{
        inference::{
            InferBatchStatistics, InferResponseStatistics, InferStatistics, ModelStatistics as Message,
            ModelStatisticsRequest, ModelStatisticsResponse, StatisticDuration as Pair,
        },
        without_bom,
    },
};

/// A server's statistics of its models, each since the model was loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelStatisticsList {
    /// One entry for each version of each model that was requested.
    pub entries: Vec<ModelStatistics>,
    json: String,
}

impl ModelStatisticsList {
    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The statistics of one version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelStatistics {
    /// The model's name.
    pub name: String,
    /// The version, `"1"`.
    pub version: String,
    /// The time of the last inference request, in milliseconds since 1970; 0 for never.
    pub last_inference_ms: u64,
    /// The inferences that the model ran, including those that failed in the model; a batch of 8 counts as 8.
    pub inference_count: u64,
    /// The executions of the model for these inferences; a batch of 8 counts as 1.
    pub execution_count: u64,
    /// The durations over all requests.
    pub durations: Durations,
    /// The durations for each batch size that was executed.
    pub batches: Vec<BatchStatistics>,
    /// The durations for each response of a decoupled model, by its index among the responses of its request.
    pub responses: Vec<ResponseStatistics>,
    /// The memory that the model uses, if the server reports it.
    pub memory: Vec<MemoryUsage>,
}

/// A number of occurrences, and their total time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatisticDuration {
    /// How often it occurred.
    pub count: u64,
    /// The total time of all occurrences.
    pub time: Duration,
}

/// The durations of requests by outcome and stage, as a server measures them. Those that do not apply are
/// zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Durations {
    /// See [`DurationKind::Success`].
    pub success: StatisticDuration,
    /// See [`DurationKind::Fail`].
    pub fail: StatisticDuration,
    /// See [`DurationKind::Queue`].
    pub queue: StatisticDuration,
    /// See [`DurationKind::ComputeInput`].
    pub compute_input: StatisticDuration,
    /// See [`DurationKind::ComputeInfer`].
    pub compute_infer: StatisticDuration,
    /// See [`DurationKind::ComputeOutput`].
    pub compute_output: StatisticDuration,
    /// See [`DurationKind::CacheHit`].
    pub cache_hit: StatisticDuration,
    /// See [`DurationKind::CacheMiss`].
    pub cache_miss: StatisticDuration,
    /// See [`DurationKind::EmptyResponse`].
    pub empty_response: StatisticDuration,
    /// See [`DurationKind::Cancel`].
    pub cancel: StatisticDuration,
}

impl Durations {
    /// Returns the duration of one kind.
    pub fn get(&self, kind: DurationKind) -> StatisticDuration {
        match kind {
            DurationKind::Success => self.success,
            DurationKind::Fail => self.fail,
            DurationKind::Queue => self.queue,
            DurationKind::ComputeInput => self.compute_input,
            DurationKind::ComputeInfer => self.compute_infer,
            DurationKind::ComputeOutput => self.compute_output,
            DurationKind::CacheHit => self.cache_hit,
            DurationKind::CacheMiss => self.cache_miss,
            DurationKind::EmptyResponse => self.empty_response,
            DurationKind::Cancel => self.cancel,
        }
    }
}

/// An outcome of requests, or one of their stages, whose duration a server measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum DurationKind {
    /// Requests, or responses, that succeeded, from beginning to end.
    Success = 0,
    /// Requests, or responses, that failed, from beginning to end.
    Fail = 1,
    /// Waiting in the queue.
    Queue = 2,
    /// Preparing inputs.
    ComputeInput = 3,
    /// Running the model.
    ComputeInfer = 4,
    /// Preparing outputs.
    ComputeOutput = 5,
    /// Looking up and extracting responses that were in the response cache.
    CacheHit = 6,
    /// Looking up and inserting responses that were not in the response cache.
    CacheMiss = 7,
    /// Responses without outputs. In [`ResponseStatistics`] only.
    EmptyResponse = 8,
    /// Responses that were cancelled. In [`ResponseStatistics`] only.
    Cancel = 9,
}

impl DurationKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::Fail,
        Self::Queue,
        Self::ComputeInput,
        Self::ComputeInfer,
        Self::ComputeOutput,
        Self::CacheHit,
        Self::CacheMiss,
        Self::EmptyResponse,
        Self::Cancel,
    ];

    /// Returns the kind of a number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Returns its number in the C API.
    pub fn number(self) -> i32 {
        self as i32
    }
}

/// The durations for one batch size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchStatistics {
    /// The batch size.
    pub batch_size: u64,
    /// `compute_input`, `compute_infer`, `compute_output`.
    pub durations: Durations,
}

/// The durations of the responses with one index among the responses of their request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseStatistics {
    /// The index, `"0"`.
    pub key: String,
    /// `compute_infer`, `compute_output`, `success`, `fail`, `empty_response`, `cancel`.
    pub durations: Durations,
}

/// The memory that a model uses on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// The kind of memory, `"GPU"`.
    pub kind: String,
    /// The number of the device.
    pub id: i64,
    /// The size of the memory in use, in bytes.
    pub byte_size: u64,
}

pub(crate) struct GetStatistics<'a> {
    /// Empty for all models.
    pub name: &'a str,
    pub version: &'a str,
}

impl GetStatistics<'_> {
    fn check(&self) -> Result<()> {
        if self.name.is_empty() && !self.version.is_empty() {
            return Err(Error::invalid("a model version requires a model name"));
        }
        Ok(())
    }
}

impl Operation for GetStatistics<'_> {
    const GRPC: &'static str = "ModelStatistics";
    type Message = ModelStatisticsRequest;
    type Reply = ModelStatisticsResponse;
    type Output = ModelStatisticsList;

    fn what(&self) -> String {
        match self.name {
            "" => "statistics of all models".to_owned(),
            name => format!("statistics of model '{}'", excerpt(name)),
        }
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<ModelStatisticsRequest> {
        self.check()?;
        Ok(ModelStatisticsRequest { name: self.name.to_owned(), version: self.version.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let path = match self.name {
            "" => "/v2/models".to_owned(),
            name => model_path(name, self.version)?,
        };
        Ok(HttpRequest::get(path + "/stats"))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ModelStatisticsResponse> {
        let statistics: ModelStatisticsResponse = http_form::read_json(status, body)?;
        match http_form::has_member(without_bom(body), "model_stats") {
            true => Ok(statistics),
            false => Err(http_form::unexpected(status, "model statistics ('model_stats')", body)),
        }
    }

    fn response(&self, mut response: Response<ModelStatisticsResponse>) -> Result<ModelStatisticsList> {
        let json = response.take_json(same_json)?;
        Ok(ModelStatisticsList { entries: response.reply.model_stats.into_iter().map(model).collect(), json })
    }
}

fn model(message: Message) -> ModelStatistics {
    let mut responses: Vec<_> = message
        .response_stats
        .into_iter()
        .map(|(key, message)| ResponseStatistics { key, durations: of_response(message) })
        .collect();
    // "10" after "9".
    responses.sort_by(|a, b| (a.key.len(), &a.key).cmp(&(b.key.len(), &b.key)));
    ModelStatistics {
        name: message.name,
        version: message.version,
        last_inference_ms: message.last_inference,
        inference_count: message.inference_count,
        execution_count: message.execution_count,
        durations: message.inference_stats.map(of_model).unwrap_or_default(),
        batches: message.batch_stats.into_iter().map(of_batch).collect(),
        responses,
        memory: message
            .memory_usage
            .into_iter()
            .map(|usage| MemoryUsage { kind: usage.r#type, id: usage.id, byte_size: usage.byte_size })
            .collect(),
    }
}

fn duration(pair: Option<Pair>) -> StatisticDuration {
    let Pair { count, ns } = pair.unwrap_or_default();
    StatisticDuration { count, time: Duration::from_nanos(ns) }
}

fn of_model(message: InferStatistics) -> Durations {
    Durations {
        success: duration(message.success),
        fail: duration(message.fail),
        queue: duration(message.queue),
        compute_input: duration(message.compute_input),
        compute_infer: duration(message.compute_infer),
        compute_output: duration(message.compute_output),
        cache_hit: duration(message.cache_hit),
        cache_miss: duration(message.cache_miss),
        ..Durations::default()
    }
}

fn of_batch(message: InferBatchStatistics) -> BatchStatistics {
    BatchStatistics {
        batch_size: message.batch_size,
        durations: Durations {
            compute_input: duration(message.compute_input),
            compute_infer: duration(message.compute_infer),
            compute_output: duration(message.compute_output),
            ..Durations::default()
        },
    }
}

fn of_response(message: InferResponseStatistics) -> Durations {
    Durations {
        compute_infer: duration(message.compute_infer),
        compute_output: duration(message.compute_output),
        success: duration(message.success),
        fail: duration(message.fail),
        empty_response: duration(message.empty_response),
        cancel: duration(message.cancel),
        ..Durations::default()
    }
}
