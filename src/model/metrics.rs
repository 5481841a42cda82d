//! A server's metrics, in Prometheus's text format.

use super::{
    Operation, Response,
    http_form::{self, HttpRequest},
    no_form,
};
use crate::error::Result;

/// A server's metrics at one point in time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// All samples, in the order of the text.
    pub samples: Vec<MetricSample>,
    text: String,
}

impl Metrics {
    /// Returns the text as received.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the value of the first sample with this name and all these labels:
    /// `metrics.value("nv_inference_count", &[("model", "simple")])`.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let fits = |sample: &&MetricSample| {
            sample.name == name && labels.iter().all(|(label, value)| sample.label(label) == Some(value))
        };
        self.samples.iter().find(fits).map(|sample| sample.value)
    }
}

/// One sample of a metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricSample {
    /// The metric's name, `"nv_inference_count"`.
    pub name: String,
    /// Names and values of its labels, `("model", "simple")`.
    pub labels: Vec<(String, String)>,
    /// The value; may be infinite or NaN.
    pub value: f64,
}

impl MetricSample {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Sent to the URL of the metrics itself.
pub(crate) struct GetMetrics;

impl Operation for GetMetrics {
    type Message = ();
    type Reply = ();
    type Output = Metrics;

    fn what(&self) -> String {
        "metrics of the server".to_owned()
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<()> {
        Err(no_form("the metrics endpoint", "gRPC", "it is an HTTP endpoint on its own port"))
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(""))
    }

    /// Counts one sample per line, and one label per comma and brace.
    fn count_parts(&self, body: &[u8]) -> u64 {
        body.iter().filter(|byte| matches!(byte, b'\n' | b'{' | b',')).count() as u64
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<()> {
        let body = http_form::succeeded(status, body)?;
        if is_metrics(&String::from_utf8_lossy(body)) {
            return Ok(());
        }
        Err(http_form::unexpected(status, "metrics", body))
    }

    fn response(&self, response: Response<()>) -> Result<Metrics> {
        let text = response.body.unwrap_or_default();
        Ok(Metrics { samples: read(&text), text })
    }
}

/// Returns whether a text has the format: at least one sample, or nothing but descriptions.
fn is_metrics(text: &str) -> bool {
    let is_blank = text.trim().is_empty();
    !is_blank && !text.trim_start().starts_with('<') && {
        lines(text).next().is_none() || lines(text).any(|line| read_sample(line).is_some())
    }
}

/// Returns the lines other than blank ones and descriptions.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Reads Prometheus's text format, version 0.0.4. A line of an unknown form is ignored.
fn read(text: &str) -> Vec<MetricSample> {
    lines(text).filter_map(read_sample).collect()
}

/// Reads `name{label="value",...} value [timestamp]`. A name with characters other than `[a-zA-Z0-9_:]` is
/// quoted; that of a metric is then among the labels: `{"a name","a label"="value"} value` (Prometheus 3).
fn read_sample(line: &str) -> Option<MetricSample> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, mut rest) = line.split_at(end);
    let mut name = (!name.is_empty()).then(|| name.to_owned());
    let mut labels = Vec::new();
    if name.as_deref().is_some_and(|name| !is_name(name)) {
        return None;
    }
    rest = rest.trim_start();
    if let Some(list) = rest.strip_prefix('{') {
        rest = list.trim_start();
        while !rest.starts_with('}') {
            let (label, after) = match read_quoted(rest) {
                Some((label, after)) => (label, after.trim_start()),
                None => {
                    let (label, _) = rest.split_once('=')?;
                    (label.trim().to_owned(), &rest[label.len()..])
                }
            };
            rest = match after.strip_prefix('=') {
                Some(value) => {
                    let (value, after) = read_quoted(value.trim_start())?;
                    labels.push((label, value));
                    after.trim_start()
                }
                None if name.is_none() => {
                    name = Some(label);
                    after
                }
                None => return None,
            };
            rest = rest.strip_prefix(',').map(str::trim_start).or(rest.starts_with('}').then_some(rest))?;
        }
        rest = &rest[1..];
    }
    // Rust parses "NaN", "+Inf" and "-Inf" as Prometheus writes them.
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(MetricSample { name: name.filter(|name| !name.is_empty())?, labels, value })
}

fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.');
    name.bytes().all(is_allowed)
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
}

/// Splits off a quoted string, and returns the text after it too.
fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('"')?.char_indices();
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 2..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_in_every_form_of_prometheus() {
        let text = "# HELP a b\n# TYPE a counter\na 1\n\n a_total{} 2.5e3 1395066363000 \r\n\
                    b{x=\"1\",y = \"q\\\"\\\\\\n}\",} NaN\nc{le=\"+Inf\"}+Inf\nd -Inf";
        let samples = read(text);
        let names: Vec<_> = samples.iter().map(|sample| sample.name.as_str()).collect();
        assert_eq!(names, ["a", "a_total", "b", "c", "d"]);
        assert_eq!(samples[1].value, 2500.0);
        assert_eq!((samples[2].label("x"), samples[2].label("y")), (Some("1"), Some("q\"\\\n}")));
        assert!(samples[2].value.is_nan());
        assert_eq!((samples[3].label("le"), samples[3].value), (Some("+Inf"), f64::INFINITY));
        assert_eq!(samples[4].value, f64::NEG_INFINITY);
    }

    #[test]
    fn quoted_names_are_read() {
        let text = "{\"my.metric\",l=\"x\"} 1\n{ \"a \\\"b\" , \"x.y\" = \"q,}=\" } 2\n\
                    plain{\"http.status\"=\"200\",z=\"\"} 3\n{l=\"x\",\"behind\"} 4 1395066363000\n{\"\u{e4}\",} 5";
        let samples = read(text);
        let read: Vec<_> = samples.iter().map(|sample| (sample.name.as_str(), sample.value)).collect();
        let names = [("my.metric", 1.0), ("a \"b", 2.0), ("plain", 3.0), ("behind", 4.0), ("\u{e4}", 5.0)];
        assert_eq!(read, names);
        assert_eq!(samples[0].labels, [("l".to_owned(), "x".to_owned())]);
        assert_eq!(samples[1].labels, [("x.y".to_owned(), "q,}=".to_owned())]);
        assert_eq!((samples[2].label("http.status"), samples[2].label("z")), (Some("200"), Some("")));
        assert_eq!(samples[3].label("l"), Some("x"));
    }

    #[test]
    fn lines_that_are_not_samples_are_ignored_unless_there_is_no_sample() {
        for text in [
            "a",
            "a{",
            "a{b}",
            "a{b=\"c}",
            "a{b=\"c\"",
            "a{b=\"c\" d=\"e\"} 1",
            "a x",
            "{} 1",
            "{\"\"} 1",
            "{\"a\",\"b\"} 1",
            "a{\"b\"} 1",
            "{\"a} 1",
            "{l=\"x\"} 1",
            "<html> y",
            "a{b=\"\\",
        ] {
            assert!(!is_metrics(&format!("# TYPE\n{text}\n")), "{text}");
            let mixed = format!("ok 1\n{text}\nfine 2");
            assert!(is_metrics(&mixed) && read(&mixed).len() == 2, "{text}");
        }
        // Descriptions without samples.
        assert!(is_metrics("# TYPE a counter\n"));
        assert!(!is_metrics("") && !is_metrics(" \n") && !is_metrics("<html>\na 1\n</html>"));
    }
}
