//! The query parameters of a call, kept as they are sent.

use std::{borrow::Cow, fmt};

use crate::url::push_escaped;

/// Escaped query parameters (`a=b&c=d`), and the names that are removed from the client's defaults.
#[derive(Clone, Default)]
pub(super) struct Query {
    text: String,
    removed: Vec<String>,
}

impl Query {
    pub(super) const EMPTY: Self = Self { text: String::new(), removed: Vec::new() };

    pub(super) fn add(&mut self, name: &str, value: &str) {
        push_parameter(&mut self.text, &format!("{}={}", escaped(name), escaped(value)));
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = escaped(name);
        self.text = without(&self.text, |own| own == name);
        if !self.removed.contains(&name) {
            self.removed.push(name);
        }
    }

    /// Returns whether it adds no parameter.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the query of a call whose client has `defaults`: by name, the call's value wins. Allocates
    /// only if both have one.
    pub(super) fn over<'q>(&'q self, defaults: &'q Self) -> Cow<'q, str> {
        if defaults.text.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        if self.text.is_empty() && self.removed.is_empty() {
            return Cow::Borrowed(&defaults.text);
        }
        let is_replaced = |name: &str| {
            self.removed.iter().any(|own| own == name) || names(&self.text).any(|own| own == name)
        };
        let mut text = without(&defaults.text, is_replaced);
        if !self.text.is_empty() {
            push_parameter(&mut text, &self.text);
        }
        Cow::Owned(text)
    }
}

/// Shows the names only: a value may be a key.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed = self.removed.iter().map(|name| format!("-{name}"));
        f.debug_list().entries(names(&self.text)).entries(removed).finish()
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    push_escaped(&mut escaped, text, b"");
    escaped
}

fn push_parameter(to: &mut String, parameter: &str) {
    if !to.is_empty() {
        to.push('&');
    }
    to.push_str(parameter);
}

fn name(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

fn names(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|parameter| !parameter.is_empty()).map(name)
}

/// Returns the parameters of a query whose names are not removed.
fn without(query: &str, is_removed: impl Fn(&str) -> bool) -> String {
    let mut kept = String::new();
    for parameter in query.split('&').filter(|one| !one.is_empty() && !is_removed(name(one))) {
        push_parameter(&mut kept, parameter);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_call_replaces_the_default_of_that_name() {
        let mut defaults = Query::EMPTY;
        defaults.add("a b", "1&2");
        defaults.add("c", "3");
        defaults.add("c", "4");
        let mut call = Query::EMPTY;
        assert_eq!(call.over(&defaults), "a%20b=1%262&c=3&c=4");
        assert!(matches!(call.over(&defaults), Cow::Borrowed(_)));
        call.add("c", "");
        assert_eq!(call.over(&defaults), "a%20b=1%262&c=");
        assert!(matches!(call.over(&Query::EMPTY), Cow::Borrowed("c=")));
        call.remove("a b");
        assert_eq!(call.over(&defaults), "c=");
        call.remove("c");
        assert_eq!(call.over(&defaults), "");
        call.add("c", "5");
        assert_eq!(call.over(&defaults), "c=5");
    }
}
