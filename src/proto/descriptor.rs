//! The fields of every message: a table that `build.rs` writes from `proto/`.

use prost::Name;

/// A message, or the entry of a map, which has the fields `key` and `value` in this order.
#[derive(Debug)]
pub(crate) struct MessageDescriptor {
    /// With its package: `inference.ModelConfig`.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [FieldDescriptor],
    pub(crate) oneofs: &'static [&'static str],
}

#[derive(Debug)]
pub(crate) struct FieldDescriptor {
    pub(crate) name: &'static str,
    pub(crate) number: u32,
    /// The kind of the value, of each element of a list, or of the entries of a map.
    pub(crate) kind: Kind,
    pub(crate) cardinality: Cardinality,
    /// Its index in the oneofs of the message.
    pub(crate) oneof: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    One,
    List,
    Map,
}

/// Messages and enums by their index in the tables: an index needs no relocation, as a reference does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Bool,
    String,
    Bytes,
    Message(u16),
    Enum(u16),
}

#[derive(Debug)]
pub(crate) struct EnumDescriptor {
    pub(crate) values: &'static [(i32, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/descriptors.rs"));

/// Returns the descriptor of a message type.
pub(crate) fn descriptor<M: Name>() -> Result<&'static MessageDescriptor, String> {
    by_name(&M::full_name()).ok_or_else(|| format!("missing descriptor of {}", M::full_name()))
}

pub(crate) fn by_name(name: &str) -> Option<&'static MessageDescriptor> {
    MESSAGES.binary_search_by_key(&name, |message| message.name).ok().map(|index| &MESSAGES[index])
}

impl MessageDescriptor {
    pub(crate) fn field(&self, number: u64) -> Option<&'static FieldDescriptor> {
        self.fields.iter().find(|field| u64::from(field.number) == number)
    }

    pub(crate) fn field_by_name(&self, name: &str) -> Option<&'static FieldDescriptor> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Finds a field by either of its two names in JSON: `max_batch_size`, and `maxBatchSize` as protobuf
    /// prefers.
    pub(crate) fn field_by_json_name(&self, name: &str) -> Option<&'static FieldDescriptor> {
        self.fields.iter().find(|field| field.name == name || field.json_name().eq(name.chars()))
    }
}

impl FieldDescriptor {
    /// The name that protobuf gives a field in JSON.
    pub(crate) fn json_name(&self) -> impl Iterator<Item = char> {
        let mut starts_word = false;
        self.name.chars().filter_map(move |c| match (c, std::mem::replace(&mut starts_word, c == '_')) {
            ('_', _) => None,
            (c, true) => Some(c.to_ascii_uppercase()),
            (c, false) => Some(c),
        })
    }

    /// Whether several numbers may stand in one field of the wire format.
    pub(crate) fn is_packed(&self) -> bool {
        self.cardinality == Cardinality::List
            && !matches!(self.kind, Kind::String | Kind::Bytes | Kind::Message(_))
    }

    /// Returns the key and the value of a map's entries; `None` if this is not a map.
    pub(crate) fn entry(&self) -> Option<(&'static FieldDescriptor, &'static FieldDescriptor)> {
        match (self.cardinality, self.kind.message()?.fields) {
            (Cardinality::Map, [key, value]) => Some((key, value)),
            _ => None,
        }
    }

    /// The kind of the value, of a list's elements, or of a map's values.
    pub(crate) fn value_kind(&self) -> Kind {
        self.entry().map_or(self.kind, |(_, value)| value.kind)
    }
}

impl Kind {
    pub(crate) fn message(self) -> Option<&'static MessageDescriptor> {
        match self {
            Self::Message(index) => MESSAGES.get(usize::from(index)),
            _ => None,
        }
    }

    /// Whether a value is an integer on the wire, as enums are.
    pub(crate) fn is_integer(self) -> bool {
        matches!(self, Self::Int32 | Self::Int64 | Self::Uint32 | Self::Uint64 | Self::Enum(_))
    }

    /// The values of an enum; none for any other kind.
    pub(crate) fn values(self) -> &'static [(i32, &'static str)] {
        match self {
            Self::Enum(index) => ENUMS.get(usize::from(index)).map_or(&[], |found| found.values),
            _ => &[],
        }
    }
}
