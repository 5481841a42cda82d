//! Compiles `proto/` into Rust messages and a table of their fields without a `protoc` binary, and marks the
//! shared library.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

fn main() {
    const PROTOS: [&str; 3] = ["proto/model_config.proto", "proto/grpc_service.proto", "proto/health.proto"];
    for proto in PROTOS {
        println!("cargo:rerun-if-changed={proto}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let descriptors = protox::compile(PROTOS, ["proto"]).expect("proto/ compiles");
    // Read by unit tests only, which compare the table with prost-reflect.
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec()).expect("OUT_DIR is writable");
    fs::write(out.join("descriptors.rs"), Table::new(&descriptors).source()).expect("OUT_DIR is writable");
    prost_build::Config::new()
        .bytes(["."])
        .enable_type_names()
        .compile_fds(descriptors)
        .expect("proto/ generates");

    // A thread of the library may outlive the last handle, so that its code must stay mapped even after
    // dlclose.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// All messages and enums of `proto/` by their full names. Map entries are messages too.
#[derive(Default)]
struct Table<'d> {
    messages: BTreeMap<String, &'d DescriptorProto>,
    enums: BTreeMap<String, &'d EnumDescriptorProto>,
}

impl<'d> Table<'d> {
    fn new(descriptors: &'d FileDescriptorSet) -> Self {
        let mut table = Self::default();
        for file in &descriptors.file {
            file.message_type.iter().for_each(|message| table.add(file.package(), message));
            for enumeration in &file.enum_type {
                table.enums.insert(format!("{}.{}", file.package(), enumeration.name()), enumeration);
            }
        }
        table
    }

    fn add(&mut self, scope: &str, message: &'d DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        message.nested_type.iter().for_each(|nested| self.add(&name, nested));
        for enumeration in &message.enum_type {
            self.enums.insert(format!("{name}.{}", enumeration.name()), enumeration);
        }
        self.messages.insert(name, message);
    }

    /// Returns the two tables that `src/proto/descriptor.rs` includes, in the order of the names.
    fn source(&self) -> String {
        let mut source =
            format!("pub(crate) static MESSAGES: [MessageDescriptor; {}] = [\n", self.messages.len());
        for (name, message) in &self.messages {
            let oneofs: Vec<&str> = message.oneof_decl.iter().map(|oneof| oneof.name()).collect();
            source += &format!("MessageDescriptor {{ name: {name:?}, oneofs: &{oneofs:?}, fields: &[");
            for field in &message.field {
                source += &self.field(field);
            }
            source += "] },\n";
        }
        source += &format!("];\n\npub(crate) static ENUMS: [EnumDescriptor; {}] = [\n", self.enums.len());
        for enumeration in self.enums.values() {
            let values: Vec<_> =
                enumeration.value.iter().map(|value| (value.number(), value.name())).collect();
            source += &format!("EnumDescriptor {{ values: &{values:?} }},\n");
        }
        source + "];\n"
    }

    fn field(&self, field: &FieldDescriptorProto) -> String {
        assert!(!field.proto3_optional(), "{}: `optional` is not supported", field.name());
        let position = |names: Option<usize>| names.expect("protox resolves names");
        let name = field.type_name().trim_start_matches('.');
        let mut is_map = false;
        let kind = match field.r#type() {
            Type::Message => {
                is_map = self.messages[name].options.as_ref().is_some_and(|options| options.map_entry());
                format!("Message({})", position(self.messages.keys().position(|other| other == name)))
            }
            Type::Enum => format!("Enum({})", position(self.enums.keys().position(|other| other == name))),
            kind @ (Type::Double
            | Type::Float
            | Type::Int32
            | Type::Int64
            | Type::Uint32
            | Type::Uint64
            | Type::Bool
            | Type::String
            | Type::Bytes) => format!("{kind:?}"),
            kind => panic!("{}: src/proto has no {kind:?}", field.name()),
        };
        let cardinality = match (is_map, field.label() == Label::Repeated) {
            (true, _) => "Map",
            (false, true) => "List",
            (false, false) => "One",
        };
        format!(
            "FieldDescriptor {{ name: {:?}, number: {}, kind: Kind::{kind}, cardinality: Cardinality::{cardinality}, \
             oneof: {:?} }}, ",
            field.name(),
            field.number(),
            field.oneof_index.map(|index| u8::try_from(index).expect("few oneofs")),
        )
    }
}
