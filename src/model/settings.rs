//! The settings of a server's tracing and log.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::{
    Operation, Response, check_name,
    http_form::{self, HttpRequest, model_path},
};
use crate::{
    error::{Error, Result, excerpt},
    error_body,
    proto::inference::{
        LogSettingsRequest, LogSettingsResponse, TraceSettingRequest, TraceSettingResponse,
        log_settings_request::{SettingValue as LogValue, setting_value::ParameterChoice as LogChoice},
        log_settings_response::{SettingValue as LogReply, setting_value::ParameterChoice as LogReplyChoice},
        trace_setting_request::SettingValue as TraceValue,
        trace_setting_response::SettingValue as TraceReply,
    },
};

/// The only trace setting that is a list.
const TRACE_LEVEL: &str = "trace_level";

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A bool: `log_info`.
    Bool(bool),
    /// A number: `log_verbose_level`.
    Number(u32),
    /// A string: `log_format`, and every trace setting other than the level, including numbers.
    Text(String),
    /// A list of strings: `trace_level`.
    List(Vec<String>),
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for SettingValue {
    fn from(value: u32) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for SettingValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&[&str]> for SettingValue {
    fn from(values: &[&str]) -> Self {
        Self::List(values.iter().map(|value| (*value).to_owned()).collect())
    }
}

impl SettingValue {
    /// Returns the values as strings, the form of trace settings.
    pub(crate) fn texts(&self) -> Vec<String> {
        match self {
            Self::Bool(value) => vec![value.to_string()],
            Self::Number(value) => vec![value.to_string()],
            Self::Text(text) => vec![text.clone()],
            Self::List(texts) => texts.clone(),
        }
    }
}

/// The settings of a server's tracing, or of its log: names and values.
#[derive(Clone, Debug)]
pub struct Settings {
    values: BTreeMap<String, SettingValue>,
    json: String,
}

impl Settings {
    /// Returns the names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &SettingValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the value of a setting: `"trace_rate"`, `"log_info"`.
    pub fn get(&self, name: &str) -> Option<&SettingValue> {
        self.values.get(name)
    }

    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// A set of changes to settings. Settings that it does not name are not changed.
#[derive(Clone, Debug, Default)]
pub struct SettingsUpdate(BTreeMap<String, Option<SettingValue>>);

impl SettingsUpdate {
    /// Creates an update without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a setting. A trace setting may be any kind of value, and is sent as a string (`500` as `"500"`);
    /// a log setting must be of its own kind. INVALID_ARGUMENT for an empty name and an empty list.
    pub fn set(&mut self, name: &str, value: impl Into<SettingValue>) -> Result<&mut Self> {
        check_name("setting name", name)?;
        let value = value.into();
        if matches!(&value, SettingValue::List(texts) if texts.is_empty()) {
            return Err(Error::invalid(format!(
                "setting '{name}' has no value: an empty list does not restore the default"
            )));
        }
        self.0.insert(name.to_owned(), Some(value));
        Ok(self)
    }

    /// Restores the default of a trace setting: the server's, or for a model that of all models.
    pub fn clear(&mut self, name: &str) -> Result<&mut Self> {
        check_name("setting name", name)?;
        self.0.insert(name.to_owned(), None);
        Ok(self)
    }
}

pub(crate) struct TraceSetting<'a> {
    /// Empty for all models.
    pub model: &'a str,
    /// `None` only reads.
    pub update: Option<&'a SettingsUpdate>,
}

impl Operation for TraceSetting<'_> {
    const GRPC: &'static str = "TraceSetting";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = TraceSettingRequest;
    type Reply = TraceSettingResponse;
    type Output = Settings;

    fn what(&self) -> String {
        let doing = if self.update.is_some() { "update of the" } else { "the" };
        match self.model {
            "" => format!("{doing} trace settings"),
            model => format!("{doing} trace settings of model '{}'", excerpt(model)),
        }
    }

    fn only_reads(&self) -> bool {
        self.update.is_none()
    }

    fn to_grpc(&self) -> Result<TraceSettingRequest> {
        let changes = self.update.map(|update| update.0.iter()).into_iter().flatten();
        let setting = |(name, value): (&String, &Option<SettingValue>)| {
            (name.clone(), TraceValue { value: value.as_ref().map_or_else(Vec::new, SettingValue::texts) })
        };
        Ok(TraceSettingRequest {
            settings: changes.map(setting).collect(),
            model_name: self.model.to_owned(),
        })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        let path = match self.model {
            "" => "/v2".to_owned(),
            model => model_path(model, "")?,
        } + "/trace/setting";
        let Some(update) = self.update else { return Ok(HttpRequest::get(path)) };
        let setting = |(name, value): (&String, &Option<SettingValue>)| {
            let json = match value.as_ref().map(SettingValue::texts) {
                None => Value::Null,
                Some(mut texts) if texts.len() == 1 && name != TRACE_LEVEL => texts.remove(0).into(),
                Some(texts) => texts.into(),
            };
            (name.clone(), json)
        };
        Ok(HttpRequest::post(path, &Value::Object(update.0.iter().map(setting).collect())))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<TraceSettingResponse> {
        let mut settings = HashMap::new();
        for (name, value) in read_object(status, body)? {
            let value = match value {
                Value::Array(values) => values.iter().map(string).collect(),
                value => vec![string(&value)],
            };
            settings.insert(name, TraceReply { value });
        }
        Ok(TraceSettingResponse { settings })
    }

    fn response(&self, mut response: Response<TraceSettingResponse>) -> Result<Settings> {
        let body = response.body.take();
        let value = |(name, TraceReply { mut value }): (String, TraceReply)| {
            let is_list = value.len() != 1 || name == TRACE_LEVEL;
            let value = if is_list { SettingValue::List(value) } else { SettingValue::Text(value.remove(0)) };
            (name, value)
        };
        Ok(settings(response.reply.settings.into_iter().map(value).collect(), body))
    }
}

pub(crate) struct LogSetting<'a> {
    /// `None` only reads.
    pub update: Option<&'a SettingsUpdate>,
}

impl LogSetting<'_> {
    /// Returns the changes, with values of the kinds of log settings.
    fn changes(&self) -> Result<Vec<(&str, LogChoice)>> {
        let changes = self.update.map(|update| update.0.iter()).into_iter().flatten();
        let change = |(name, value): (&'_ String, &'_ Option<SettingValue>)| match value {
            Some(SettingValue::Bool(value)) => Ok(LogChoice::BoolParam(*value)),
            Some(SettingValue::Number(value)) => Ok(LogChoice::Uint32Param(*value)),
            Some(SettingValue::Text(text)) => Ok(LogChoice::StringParam(text.clone())),
            Some(SettingValue::List(_)) => {
                Err(Error::invalid(format!("log setting '{name}' takes a single value, not a list")))
            }
            None => Err(Error::invalid(format!(
                "log setting '{name}' cannot be cleared: only trace settings have a default"
            ))),
        };
        changes.map(|entry| Ok((entry.0.as_str(), change(entry)?))).collect()
    }
}

impl Operation for LogSetting<'_> {
    const GRPC: &'static str = "LogSettings";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = LogSettingsRequest;
    type Reply = LogSettingsResponse;
    type Output = Settings;

    fn what(&self) -> String {
        if self.update.is_some() { "update of the log settings" } else { "the log settings" }.to_owned()
    }

    fn only_reads(&self) -> bool {
        self.update.is_none()
    }

    fn to_grpc(&self) -> Result<LogSettingsRequest> {
        let setting = |(name, choice): (&str, LogChoice)| {
            (name.to_owned(), LogValue { parameter_choice: Some(choice) })
        };
        Ok(LogSettingsRequest { settings: self.changes()?.into_iter().map(setting).collect() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        if self.update.is_none() {
            return Ok(HttpRequest::get("/v2/logging"));
        }
        let setting = |(name, choice): (&str, LogChoice)| {
            let value = match choice {
                LogChoice::BoolParam(value) => value.into(),
                LogChoice::Uint32Param(value) => value.into(),
                LogChoice::StringParam(text) => text.into(),
            };
            (name.to_owned(), value)
        };
        let settings: Map<String, Value> = self.changes()?.into_iter().map(setting).collect();
        Ok(HttpRequest::post("/v2/logging", &Value::Object(settings)))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<LogSettingsResponse> {
        let mut settings = HashMap::new();
        for (name, value) in read_object(status, body)? {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            let choice = match (&value, number) {
                (Value::Bool(value), _) => LogReplyChoice::BoolParam(*value),
                (_, Some(number)) => LogReplyChoice::Uint32Param(number),
                (value, None) => LogReplyChoice::StringParam(string(value)),
            };
            settings.insert(name, LogReply { parameter_choice: Some(choice) });
        }
        Ok(LogSettingsResponse { settings })
    }

    fn response(&self, mut response: Response<LogSettingsResponse>) -> Result<Settings> {
        let body = response.body.take();
        let value = |(name, reply): (String, LogReply)| {
            let value = match reply.parameter_choice {
                Some(LogReplyChoice::BoolParam(value)) => SettingValue::Bool(value),
                Some(LogReplyChoice::Uint32Param(value)) => SettingValue::Number(value),
                Some(LogReplyChoice::StringParam(text)) => SettingValue::Text(text),
                None => SettingValue::Text(String::new()),
            };
            (name, value)
        };
        Ok(settings(response.reply.settings.into_iter().map(value).collect(), body))
    }
}

/// Reads the members of a response that is a JSON object.
fn read_object(status: u16, body: &[u8]) -> Result<Map<String, Value>> {
    let body = http_form::succeeded(status, body)?;
    if !body.trim_ascii_start().starts_with(b"{") || error_body::embedded_error(body).is_some() {
        return Err(http_form::unexpected(status, "a JSON object of settings", body));
    }
    serde_json::from_slice(body).map_err(|fault| http_form::malformed_json(status, fault))
}

/// Returns a string unchanged, and any other value as JSON.
fn string(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn json(value: &SettingValue) -> Value {
    match value {
        SettingValue::Bool(value) => (*value).into(),
        SettingValue::Number(value) => (*value).into(),
        SettingValue::Text(text) => text.clone().into(),
        SettingValue::List(texts) => texts.clone().into(),
    }
}

fn settings(values: BTreeMap<String, SettingValue>, body: Option<String>) -> Settings {
    let json = body.unwrap_or_else(|| {
        let members = values.iter().map(|(name, value)| (name.clone(), json(value)));
        Value::Object(members.collect()).to_string()
    });
    Settings { values, json }
}
