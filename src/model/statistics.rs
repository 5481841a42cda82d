//! What a server has counted of its models.

use std::time::Duration;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    same_json,
};
use crate::{
    error::{Error, Result},
    proto::{
        inference::{
            InferBatchStatistics, InferResponseStatistics, InferStatistics, ModelStatistics as Message,
            ModelStatisticsRequest, ModelStatisticsResponse, StatisticDuration as Pair,
        },
        without_bom,
    },
};

/// What a server has counted of its models since each was loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Statistics {
    /// One for each version of each model that was asked for.
    pub models: Vec<ModelStatistics>,
    json: String,
}

impl Statistics {
    /// The answer as JSON, in the form that it has over HTTP: there as it came.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// What a server has counted of a version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelStatistics {
    /// The model's name.
    pub name: String,
    /// The version, `"1"`.
    pub version: String,
    /// When the last inference was asked for, in milliseconds since 1970; 0 for never.
    pub last_inference_ms: u64,
    /// Inferences that the model ran, also to an error of its own; a batch of 8 counts as 8.
    pub inference_count: u64,
    /// How often the model was run for them; a batch of 8 counts as 1.
    pub execution_count: u64,
    /// How often, and how long, each step of a request took.
    pub durations: Durations,
    /// The same for each size of batch that was run.
    pub batches: Vec<BatchStatistics>,
    /// The same for each response of decoupled models, by its place among those of its request.
    pub responses: Vec<ResponseStatistics>,
    /// The memory that the model uses.
    pub memory: Vec<MemoryUsage>,
}

/// How often, and how long altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatisticDuration {
    /// How often.
    pub count: u64,
    /// How long, altogether.
    pub time: Duration,
}

/// The steps of a request. What has no meaning where it stands is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Durations {
    /// Requests, or responses, that succeeded, from beginning to end.
    pub success: StatisticDuration,
    /// Those that failed.
    pub fail: StatisticDuration,
    /// Waiting for their turn.
    pub queue: StatisticDuration,
    /// Preparing inputs.
    pub compute_input: StatisticDuration,
    /// Running the model.
    pub compute_infer: StatisticDuration,
    /// Preparing outputs.
    pub compute_output: StatisticDuration,
    /// Answers found in the response cache.
    pub cache_hit: StatisticDuration,
    /// Answers that were not, with the time of putting them there.
    pub cache_miss: StatisticDuration,
    /// Responses without an output.
    pub empty_response: StatisticDuration,
    /// Responses that were cancelled.
    pub cancel: StatisticDuration,
}

/// What was counted of the batches of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchStatistics {
    /// The size.
    pub batch_size: u64,
    /// `compute_input`, `compute_infer`, `compute_output`.
    pub durations: Durations,
}

/// What was counted of the responses with one place among those of their request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseStatistics {
    /// The place, `"0"`.
    pub key: String,
    /// `compute_infer`, `compute_output`, `success`, `fail`, `empty_response`, `cancel`.
    pub durations: Durations,
}

/// The memory that a model uses in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// The kind of memory, `"GPU"`.
    pub kind: String,
    /// Which one of that kind.
    pub id: i64,
    /// How much of it.
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
            return Err(Error::invalid("statistics of one version need the model's name"));
        }
        Ok(())
    }
}

impl Operation for GetStatistics<'_> {
    const GRPC: &'static str = "ModelStatistics";
    type Message = ModelStatisticsRequest;
    type Reply = ModelStatisticsResponse;
    type Output = Statistics;

    fn what(&self) -> String {
        match self.name {
            "" => "statistics of all models".to_owned(),
            name => format!("statistics of model '{name}'"),
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
            false => Err(http_form::unexpected(status, "statistics of models ('model_stats')", body)),
        }
    }

    fn response(&self, mut response: Response<ModelStatisticsResponse>) -> Result<Statistics> {
        let json = response.take_json(same_json)?;
        Ok(Statistics { models: response.reply.model_stats.into_iter().map(model).collect(), json })
    }
}

fn model(message: Message) -> ModelStatistics {
    let mut responses: Vec<_> = message
        .response_stats
        .into_iter()
        .map(|(key, message)| ResponseStatistics { key, durations: of_response(message) })
        .collect();
    // "10" comes behind "9".
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
