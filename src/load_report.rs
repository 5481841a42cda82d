//! A server's report of its load, as ORCA has it, which it sends with an answer when asked.

use crate::headers::Headers;

/// The header that the report stands in.
const HEADER: &str = "endpoint-load-metrics";

/// What a server says of its load: numbers by name, `"named_metrics.kv_cache_utilization"`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadReport(Vec<(String, f64)>);

impl LoadReport {
    /// Names and values, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// `TEXT name=value, ...` or `JSON {...}`, of which inner objects give names with a dot. What is no number is left away.
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

/// serde_json bounds the depth.
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
    /// The server's report of its load, if one stands in these headers
    /// ([`CallOptions::set_load_report`](crate::CallOptions::set_load_report) asks for it).
    pub fn load_report(&self) -> Option<LoadReport> {
        self.get(HEADER).and_then(LoadReport::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
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
    fn what_is_no_report_is_none_and_what_is_no_number_is_left_away() {
        for text in ["", "TEXT", "BIN AAAA", "JSON {", "XML <a/>"] {
            assert_eq!(LoadReport::parse(text), None, "{text}");
        }
        assert_eq!(LoadReport::parse("TEXT a=b, =, c").unwrap().iter().len(), 0);
        assert_eq!(LoadReport::parse(r#"JSON {"a":"b","c":[1],"d":null}"#).unwrap().iter().len(), 0);
    }
}
