//! The records of the control plane's results. The class of the same name in Java reads each of them.

use std::time::Duration;

use super::record::Writer;
use crate::{
    headers::Headers,
    load_report::LoadReport,
    model::{
        BatchStatistics, DurationKind, Durations, Generated, MemoryUsage, MetricSample, Metrics, ModelConfig,
        ModelMetadata, ModelStatistics, ModelStatisticsList, RepositoryIndex, RepositoryModel,
        ResponseStatistics, SequenceBatching, ServerMetadata, ServingStatus, SettingValue, Settings,
        StatisticDuration, TensorConfig, TensorMetadata, VersionPolicy,
    },
    net::pool::ConnectionCounts,
    stats::ClientStatistics,
};

/// The tags of a setting's value. An update has [`CLEARED`] too.
pub(super) const BOOL: u8 = 1;
pub(super) const NUMBER: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const LIST: u8 = 4;
pub(super) const CLEARED: u8 = 0;

/// A result of the control plane.
pub(super) trait Encode {
    fn encode(&self, record: &mut Writer);
}

pub(super) fn record(result: &impl Encode) -> Vec<u8> {
    let mut record = Writer::default();
    result.encode(&mut record);
    record.into_vec()
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, record: &mut Writer) {
        record.list(self.iter(), |record, item| item.encode(record));
    }
}

impl Encode for String {
    fn encode(&self, record: &mut Writer) {
        record.str(self);
    }
}

impl Encode for () {
    fn encode(&self, _: &mut Writer) {}
}

impl Encode for bool {
    fn encode(&self, record: &mut Writer) {
        record.bool(*self);
    }
}

/// A number that Java has as a `long`. One that exceeds it becomes the largest.
impl Encode for u64 {
    fn encode(&self, record: &mut Writer) {
        record.i64(i64::try_from(*self).unwrap_or(i64::MAX));
    }
}

/// In nanoseconds; 292 years at most.
impl Encode for Duration {
    fn encode(&self, record: &mut Writer) {
        u64::try_from(self.as_nanos()).unwrap_or(u64::MAX).encode(record);
    }
}

impl Encode for Headers {
    fn encode(&self, record: &mut Writer) {
        record.headers(self);
    }
}

/// Of a length of -1 if there is none.
impl Encode for Option<LoadReport> {
    fn encode(&self, record: &mut Writer) {
        match self {
            Some(report) => record.list(report.iter(), |record, (name, value)| {
                record.str(name);
                record.f64(value);
            }),
            None => record.i32(-1),
        }
    }
}

impl Encode for ServingStatus {
    fn encode(&self, record: &mut Writer) {
        record.i32(self.number());
    }
}

impl Encode for ServerMetadata {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.str(&self.version);
        self.extensions.encode(record);
        record.str(self.json());
    }
}

impl Encode for ModelMetadata {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.str(&self.platform);
        self.versions.encode(record);
        self.inputs.encode(record);
        self.outputs.encode(record);
        record.str(self.json());
    }
}

impl Encode for TensorMetadata {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.u8(self.datatype as u8);
        record.str(&self.datatype_name);
        record.shape(&self.shape);
    }
}

impl Encode for ModelConfig {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.str(&self.platform);
        record.str(&self.backend);
        record.i32(self.max_batch_size);
        self.inputs.encode(record);
        self.outputs.encode(record);
        record.bool(self.is_decoupled);
        self.version_policy.encode(record);
        record.bool(self.sequence_batching.is_some());
        if let Some(batching) = &self.sequence_batching {
            batching.encode(record);
        }
        record.str(self.json());
    }
}

impl Encode for TensorConfig {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.u8(self.datatype as u8);
        record.shape(&self.dims);
        record.i32(self.format.number());
        record.bool(self.is_optional);
        record.str(&self.label_filename);
    }
}

impl Encode for VersionPolicy {
    fn encode(&self, record: &mut Writer) {
        let latest = if let Self::Latest(count) = self { *count } else { 0 };
        record.i32(self.number());
        u64::from(latest).encode(record);
        record.shape(self.versions());
    }
}

impl Encode for SequenceBatching {
    fn encode(&self, record: &mut Writer) {
        record.i32(self.strategy.number());
        self.max_idle.encode(record);
    }
}

impl Encode for RepositoryIndex {
    fn encode(&self, record: &mut Writer) {
        self.models.encode(record);
        record.str(self.json());
    }
}

impl Encode for RepositoryModel {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.str(&self.version);
        record.str(&self.state);
        record.str(&self.reason);
        record.bool(self.is_ready());
    }
}

impl Encode for ModelStatisticsList {
    fn encode(&self, record: &mut Writer) {
        self.entries.encode(record);
        record.str(self.json());
    }
}

impl Encode for ModelStatistics {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.str(&self.version);
        self.last_inference_ms.encode(record);
        self.inference_count.encode(record);
        self.execution_count.encode(record);
        self.durations.encode(record);
        self.batches.encode(record);
        self.responses.encode(record);
        self.memory.encode(record);
    }
}

/// All kinds, in the order of their numbers.
impl Encode for Durations {
    fn encode(&self, record: &mut Writer) {
        DurationKind::ALL.map(|kind| self.get(kind)).encode(record);
    }
}

impl Encode for StatisticDuration {
    fn encode(&self, record: &mut Writer) {
        self.count.encode(record);
        self.time.encode(record);
    }
}

impl Encode for BatchStatistics {
    fn encode(&self, record: &mut Writer) {
        self.batch_size.encode(record);
        self.durations.encode(record);
    }
}

impl Encode for ResponseStatistics {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.key);
        self.durations.encode(record);
    }
}

impl Encode for MemoryUsage {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.kind);
        record.i64(self.id);
        self.byte_size.encode(record);
    }
}

impl Encode for Settings {
    fn encode(&self, record: &mut Writer) {
        record.list(self.iter(), |record, (name, value)| {
            record.str(name);
            value.encode(record);
        });
        record.str(self.json());
    }
}

impl Encode for SettingValue {
    fn encode(&self, record: &mut Writer) {
        match self {
            Self::Bool(value) => {
                record.u8(BOOL);
                record.bool(*value);
            }
            Self::Number(value) => {
                record.u8(NUMBER);
                record.i64((*value).into());
            }
            Self::Text(text) => {
                record.u8(TEXT);
                record.str(text);
            }
            Self::List(texts) => {
                record.u8(LIST);
                texts.encode(record);
            }
        }
    }
}

impl Encode for Metrics {
    fn encode(&self, record: &mut Writer) {
        self.samples.encode(record);
        record.str(self.text());
    }
}

impl Encode for MetricSample {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.name);
        record.list(self.labels.iter(), |record, (name, value)| {
            record.str(name);
            record.str(value);
        });
        record.f64(self.value);
    }
}

impl Encode for Generated {
    fn encode(&self, record: &mut Writer) {
        record.str(&self.json);
        self.headers.encode(record);
        self.headers.load_report().encode(record);
    }
}

impl Encode for ClientStatistics {
    fn encode(&self, record: &mut Writer) {
        self.completed.encode(record);
        self.failed.encode(record);
        for time in [self.total, self.send, self.receive, self.p50, self.p90, self.p99, self.max] {
            time.encode(record);
        }
    }
}

impl Encode for ConnectionCounts {
    fn encode(&self, record: &mut Writer) {
        (self.open as u64).encode(record);
        (self.idle as u64).encode(record);
        (self.busy as u64).encode(record);
        let counts = [self.opened, self.connects, self.reconnects, self.tls_handshakes, self.tls_resumed];
        counts.into_iter().for_each(|count| count.encode(record));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::record::Reader, *};
    use crate::model::{
        Operation, RepositoryOptions, Response,
        config::GetModelConfig,
        generate::Generate,
        metadata::{GetModelMetadata, GetServerMetadata},
        metrics::GetMetrics,
        repository::Index,
        settings::{LogSetting, TraceSetting},
        statistics::GetStatistics,
    };

    /// Returns the record of a server's response over HTTP.
    fn recorded<O: Operation<Output: Encode>>(operation: &O, body: &str) -> Vec<u8> {
        let reply = operation.read_http(200, body.as_bytes()).unwrap();
        let headers = Headers::from_response_head(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
        record(&operation.response(Response { reply, body: Some(body.to_owned()), headers }).unwrap())
    }

    fn strings(record: &mut Reader<'_>) -> Vec<String> {
        (0..record.count(4).unwrap()).map(|_| record.str().unwrap().to_owned()).collect()
    }

    fn durations(record: &mut Reader<'_>) -> Vec<(i64, i64)> {
        (0..record.count(16).unwrap()).map(|_| (record.i64().unwrap(), record.i64().unwrap())).collect()
    }

    #[test]
    fn metadata_is_recorded_whole() {
        let body = r#"{"name":"triton","version":"2","extensions":["a","b"]}"#;
        let bytes = recorded(&GetServerMetadata, body);
        let mut record = Reader::new(&bytes);
        assert_eq!((record.str().unwrap(), record.str().unwrap()), ("triton", "2"));
        assert_eq!(
            (&strings(&mut record)[..], record.str().unwrap()),
            (&["a", "b"].map(str::to_owned)[..], body)
        );
        record.finish().unwrap();

        let body = r#"{"name":"m","versions":["1","3"],"platform":"p","inputs":[],
            "outputs":[{"name":"O","datatype":"FP32","shape":[-1,3]},{"name":"P","datatype":"NEW","shape":[]}]}"#;
        let bytes = recorded(&GetModelMetadata { name: "m", version: "" }, body);
        let mut record = Reader::new(&bytes);
        assert_eq!((record.str().unwrap(), record.str().unwrap()), ("m", "p"));
        assert_eq!(strings(&mut record), ["1", "3"]);
        assert_eq!((record.count(1).unwrap(), record.count(1).unwrap()), (0, 2));
        for (name, datatype, datatype_name, shape) in [("O", 11, "FP32", &[-1, 3][..]), ("P", 0, "NEW", &[])]
        {
            assert_eq!((record.str().unwrap(), record.u8().unwrap()), (name, datatype));
            assert_eq!((record.str().unwrap(), &record.shape().unwrap()[..]), (datatype_name, shape));
        }
        assert_eq!(record.str().unwrap(), body);
        record.finish().unwrap();
    }

    #[test]
    fn a_configuration_is_recorded_whole() {
        let input =
            r#"{"name":"I","data_type":"TYPE_INT32","dims":[-1,2],"format":"FORMAT_NCHW","optional":true}"#;
        let output = r#"{"name":"O","data_type":"TYPE_BF16","dims":[],"label_filename":"l"}"#;
        for (members, policy, batching) in [
            ("", (0, 1, vec![]), None),
            (
                r#","version_policy":{"specific":{"versions":[3,5]}},
                   "sequence_batching":{"oldest":{},"max_sequence_idle_microseconds":7}"#,
                (2, 0, vec![3, 5]),
                Some((2, 7000)),
            ),
        ] {
            let body = format!(
                r#"{{"name":"m","platform":"p","backend":"b","max_batch_size":8,"input":[{input}],
                    "output":[{output}],"model_transaction_policy":{{"decoupled":true}}{members}}}"#
            );
            let bytes = recorded(&GetModelConfig { name: "m", version: "" }, &body);
            let mut record = Reader::new(&bytes);
            assert_eq!(["m", "p", "b"].map(|_| record.str().unwrap()), ["m", "p", "b"]);
            assert_eq!(record.i32().unwrap(), 8);
            for (name, datatype, dims, format, is_optional, label) in
                [("I", 8, vec![-1, 2], 2, true, ""), ("O", 14, vec![], 0, false, "l")]
            {
                assert_eq!(record.count(1).unwrap(), 1);
                assert_eq!((record.str().unwrap(), record.u8().unwrap()), (name, datatype));
                assert_eq!((record.shape().unwrap(), record.i32().unwrap()), (dims, format));
                assert_eq!((record.bool().unwrap(), record.str().unwrap()), (is_optional, label));
            }
            assert!(record.bool().unwrap());
            let read = (record.i32().unwrap(), record.i64().unwrap(), record.shape().unwrap());
            assert_eq!(read, policy);
            let read = record.bool().unwrap().then(|| (record.i32().unwrap(), record.i64().unwrap()));
            assert_eq!(read, batching);
            assert_eq!(record.str().unwrap(), body);
            record.finish().unwrap();
        }
    }

    #[test]
    fn an_index_is_recorded_whole() {
        let body = r#"[{"name":"a","version":"1","state":"READY"},{"name":"b","reason":"r"}]"#;
        let bytes = recorded(&Index(&RepositoryOptions::new()), body);
        let mut record = Reader::new(&bytes);
        assert_eq!(record.count(1).unwrap(), 2);
        for (texts, is_ready) in [(["a", "1", "READY", ""], true), (["b", "", "", "r"], false)] {
            assert_eq!(texts.map(|_| record.str().unwrap()), texts);
            assert_eq!(record.bool().unwrap(), is_ready);
        }
        assert_eq!(record.str().unwrap(), body);
        record.finish().unwrap();
    }

    #[test]
    fn statistics_are_recorded_whole() {
        let body = r#"{"model_stats":[{"name":"m","version":"1","last_inference":5,"inference_count":6,
            "execution_count":18446744073709551615,"inference_stats":{"success":{"count":2,"ns":3},
            "cache_miss":{"count":4,"ns":5}},"batch_stats":[{"batch_size":8,"compute_infer":{"count":6,"ns":7}}],
            "response_stats":{"0":{"cancel":{"count":8,"ns":9}}},
            "memory_usage":[{"type":"GPU","id":1,"byte_size":10}]}]}"#;
        let bytes = recorded(&GetStatistics { name: "m", version: "" }, body);
        let mut record = Reader::new(&bytes);
        assert_eq!(record.count(1).unwrap(), 1);
        assert_eq!((record.str().unwrap(), record.str().unwrap()), ("m", "1"));
        // The last count exceeds what Java has.
        assert_eq!([0; 3].map(|_| record.i64().unwrap()), [5, 6, i64::MAX]);
        let only = |at: usize, pair| {
            let mut all = vec![(0, 0); 10];
            all[at] = pair;
            all
        };
        let mut of_all = only(0, (2, 3));
        of_all[7] = (4, 5);
        assert_eq!(durations(&mut record), of_all);
        assert_eq!((record.count(1).unwrap(), record.i64().unwrap()), (1, 8));
        assert_eq!(durations(&mut record), only(4, (6, 7)));
        assert_eq!((record.count(1).unwrap(), record.str().unwrap()), (1, "0"));
        assert_eq!(durations(&mut record), only(9, (8, 9)));
        assert_eq!((record.count(1).unwrap(), record.str().unwrap()), (1, "GPU"));
        assert_eq!((record.i64().unwrap(), record.i64().unwrap()), (1, 10));
        assert_eq!(record.str().unwrap(), body);
        record.finish().unwrap();
    }

    #[test]
    fn settings_are_recorded_with_their_kinds() {
        let body = r#"{"trace_level":["A","B"],"trace_rate":"7"}"#;
        let bytes = recorded(&TraceSetting { model: "", update: None }, body);
        let mut record = Reader::new(&bytes);
        assert_eq!(record.count(1).unwrap(), 2);
        assert_eq!((record.str().unwrap(), record.u8().unwrap()), ("trace_level", LIST));
        assert_eq!(strings(&mut record), ["A", "B"]);
        assert_eq!((record.str().unwrap(), record.u8().unwrap()), ("trace_rate", TEXT));
        assert_eq!((record.str().unwrap(), record.str().unwrap()), ("7", body));
        record.finish().unwrap();

        let body = r#"{"log_info":true,"log_verbose_level":4294967295}"#;
        let bytes = recorded(&LogSetting { update: None }, body);
        let mut record = Reader::new(&bytes);
        assert_eq!(record.count(1).unwrap(), 2);
        assert_eq!((record.str().unwrap(), record.u8().unwrap()), ("log_info", BOOL));
        assert!(record.bool().unwrap());
        assert_eq!((record.str().unwrap(), record.u8().unwrap()), ("log_verbose_level", NUMBER));
        assert_eq!((record.i64().unwrap(), record.str().unwrap()), (0xffff_ffff, body));
        record.finish().unwrap();
    }

    #[test]
    fn metrics_and_generated_responses_are_recorded_whole() {
        let text = "# HELP a\na{x=\"1\",y=\"2\"} NaN\nb 2.5\n";
        let bytes = recorded(&GetMetrics, text);
        let mut record = Reader::new(&bytes);
        assert_eq!((record.count(1).unwrap(), record.str().unwrap()), (2, "a"));
        assert_eq!(record.count(8).unwrap(), 2);
        assert_eq!(["x", "1", "y", "2"].map(|_| record.str().unwrap()), ["x", "1", "y", "2"]);
        assert!(record.f64().unwrap().is_nan());
        assert_eq!((record.str().unwrap(), record.count(8).unwrap()), ("b", 0));
        assert_eq!((record.f64().unwrap(), record.str().unwrap()), (2.5, text));
        record.finish().unwrap();

        let generate = Generate { model: "m", version: "", json: "{}", is_stream: false };
        let bytes = recorded(&generate, r#"{"a":1}"#);
        let mut record = Reader::new(&bytes);
        assert_eq!((record.str().unwrap(), record.count(8).unwrap()), (r#"{"a":1}"#, 1));
        assert_eq!((record.str().unwrap(), record.str().unwrap()), ("a", "b"));
        assert_eq!(record.i32().unwrap(), -1);
        record.finish().unwrap();
    }

    #[test]
    fn the_clients_own_statistics_are_recorded() {
        let mut statistics = ClientStatistics::default();
        (statistics.completed, statistics.failed) = (1, 2);
        (statistics.total, statistics.max) = (Duration::from_nanos(3), Duration::MAX);
        let bytes = record(&statistics);
        let mut record_of = Reader::new(&bytes);
        let read = [0; 9].map(|_| record_of.i64().unwrap());
        assert_eq!(read, [1, 2, 3, 0, 0, 0, 0, 0, i64::MAX]);
        record_of.finish().unwrap();
        let mut counts = ConnectionCounts::default();
        (counts.open, counts.idle, counts.busy, counts.opened) = (1, 2, 3, 4);
        (counts.connects, counts.reconnects, counts.tls_handshakes, counts.tls_resumed) = (5, 6, 7, 8);
        assert_eq!(record(&counts), [1i64, 2, 3, 4, 5, 6, 7, 8].map(i64::to_le_bytes).concat());
        assert_eq!(
            (record(&ServingStatus::NotServing), record(&true), record(&())),
            (vec![2, 0, 0, 0], vec![1], vec![])
        );
    }
}
