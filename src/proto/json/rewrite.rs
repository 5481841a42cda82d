//! Replaces values in JSON text by another notation, and keeps the rest byte for byte.

use std::ops::Range;

use jiter::{Jiter, JiterResult, Peek};

use crate::proto::descriptor::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

/// Which values are rewritten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// A string in a 64-bit integer field becomes a number.
    UnquoteIntegers,
    /// A number in the field of a version or an ID becomes a string of its digits.
    QuoteVersions,
}

/// Rewrites some values of a message; `None` if it has no such values, or is not the JSON of such a message.
pub(super) fn rewrite(json: &[u8], descriptor: &MessageDescriptor, what: Rewrite) -> Option<String> {
    let mut finder = Finder { json, what, found: Vec::new() };
    finder.message(&mut Jiter::new(json), descriptor).ok()?;
    if finder.found.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(json.len() + 2 * finder.found.len());
    let mut end = 0;
    for range in finder.found {
        text.push_str(str::from_utf8(&json[end..range.start]).ok()?);
        let value = str::from_utf8(&json[range.clone()]).ok()?;
        match what {
            Rewrite::UnquoteIntegers => text.push_str(value.trim_matches('"')),
            Rewrite::QuoteVersions => text.extend(["\"", value, "\""]),
        }
        end = range.end;
    }
    text.push_str(str::from_utf8(&json[end..]).ok()?);
    Some(text)
}

/// Finds the values to be rewritten. The recursion is as deep as the descriptors are nested.
struct Finder<'j> {
    json: &'j [u8],
    what: Rewrite,
    found: Vec<Range<usize>>,
}

impl Finder<'_> {
    fn message(&mut self, reader: &mut Jiter, descriptor: &MessageDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Object {
            return reader.next_skip();
        }
        let mut next = reader.next_object()?.map(|name| descriptor.field_by_name(name));
        while let Some(field) = next {
            match field {
                Some(field) if field.cardinality == Cardinality::Map => self.map(reader, field)?,
                Some(field) if field.cardinality == Cardinality::List => self.list(reader, field)?,
                Some(field) => self.value(reader, field)?,
                None => reader.next_skip()?,
            }
            next = reader.next_key()?.map(|name| descriptor.field_by_name(name));
        }
        Ok(())
    }

    fn map(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Object {
            return reader.next_skip();
        }
        let mut is_member = reader.next_object()?.is_some();
        while is_member {
            self.value(reader, field)?;
            is_member = reader.next_key()?.is_some();
        }
        Ok(())
    }

    fn list(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Array {
            return reader.next_skip();
        }
        let mut next = reader.next_array()?;
        while next.is_some() {
            self.value(reader, field)?;
            next = reader.array_step()?;
        }
        Ok(())
    }

    /// Visits a field's value, an element of a list, or a value of a map.
    fn value(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        let kind = field.value_kind();
        if let Some(descriptor) = kind.message() {
            return self.message(reader, descriptor);
        }
        let peek = reader.peek()?;
        let start = reader.current_index();
        reader.next_skip()?;
        let range = start..reader.current_index();
        let is_match = match self.what {
            Rewrite::UnquoteIntegers => {
                peek == Peek::String && is_integer_text(&self.json[range.clone()], kind)
            }
            Rewrite::QuoteVersions => {
                peek.is_num()
                    && kind == Kind::String
                    && matches!(field.name, "id" | "version" | "versions" | "model_version")
            }
        };
        if is_match {
            self.found.push(range);
        }
        Ok(())
    }
}

/// Returns whether a string, with its quotes, is a 64-bit integer in JSON's notation.
fn is_integer_text(string: &[u8], kind: Kind) -> bool {
    let Some(text) = str::from_utf8(string).ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'))
    else {
        return false;
    };
    match kind {
        Kind::Int64 => text.parse::<i64>().is_ok_and(|number| number.to_string() == text),
        Kind::Uint64 => text.parse::<u64>().is_ok_and(|number| number.to_string() == text),
        _ => false,
    }
}
