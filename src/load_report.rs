//! A server's load report in the ORCA format, which it sends with a response on request.

use crate::headers::Headers;

/// The header with the report.
const HEADER: &str = "endpoint-load-metrics";

/// A report of the server's load: names, such as `"named_metrics.kv_cache_utilization"`, and values.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadReport(Vec<(String, f64)>);

impl LoadReport {
    /// Returns the names and values, in the order received.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// Parses `TEXT name=value, ...` or `JSON {...}`, where nested objects become names with a dot. Values
    /// that are not numbers are skipped.
    fn parse(text: &str) -> Option<Self> {
        let mut values = Vec::new();
        let (format, text) = text.trim().split_once(char::is_whitespace)?;
        match format {
            "TEXT" => {
                for entry in text.split(',') {
                    let (name, value) = entry.split_once('=').unwrap_or_default();
                    if let Ok(value) = value.trim().parse() {
                        values.push((name.trim().to_owned(), value));
                    }
                }
            }
            "JSON" => flatten("", &serde_json::from_str(text).ok()?, &mut values),
            _ => return None,
        }
        Some(Self(values))
    }
}

/// Adds the numbers of a JSON value. serde_json limits the depth.
fn flatten(prefix: &str, value: &serde_json::Value, values: &mut Vec<(String, f64)>) {
    if let Some(members) = value.as_object() {
        for (name, member) in members {
            let dot = if prefix.is_empty() { "" } else { "." };
            flatten(&format!("{prefix}{dot}{name}"), member, values);
        }
    } else if let Some(number) = value.as_f64() {
        values.push((prefix.to_owned(), number));
    }
}

impl Headers {
    /// Returns the server's load report, if these headers contain one
    /// ([`CallOptions::set_load_report`](crate::CallOptions::set_load_report) requests it).
    pub fn load_report(&self) -> Option<LoadReport> {
        // Most responses have none, and most programs read no headers: then they are not parsed.
        self.contains(HEADER).then(|| self.get(HEADER)).flatten().and_then(LoadReport::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_have_the_same_values() {
        let forms = [
            "TEXT named_metrics.kv_cache_utilization=0.25, named_metrics.max_token_capacity = 1024,cpu_utilization=1",
            r#"JSON {"named_metrics":{"kv_cache_utilization":0.25,"max_token_capacity":1024},"cpu_utilization":1.0}"#,
        ];
        for form in forms {
            let report = LoadReport::parse(form).unwrap();
            assert_eq!(report.iter().len(), 3, "{form}");
            assert_eq!(report.get("named_metrics.kv_cache_utilization"), Some(0.25));
            assert_eq!(report.get("named_metrics.max_token_capacity"), Some(1024.0));
            assert_eq!(report.get("cpu_utilization"), Some(1.0));
            assert_eq!(report.get("mem_utilization"), None);
        }
    }

    #[test]
    fn a_malformed_report_is_none_and_values_that_are_not_numbers_are_skipped() {
        for text in ["", "TEXT", "BIN AAAA", "JSON {", "XML <a/>"] {
            assert_eq!(LoadReport::parse(text), None, "{text}");
        }
        assert_eq!(LoadReport::parse("TEXT a=b, =, c").unwrap().iter().len(), 0);
        assert_eq!(LoadReport::parse(r#"JSON {"a":"b","c":[1],"d":null}"#).unwrap().iter().len(), 0);
    }
}
