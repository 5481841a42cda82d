//! The conventions that a test can check: the layers of imports, the modules with unsafe code, the boundary,
//! the symbols.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The files of `src/ffi` that have functions, in the order of the header.
pub(crate) const SECTIONS: [&str; 34] = [
    "library",
    "error",
    "headers",
    "datatype",
    "options",
    "connection_options",
    "tls_options",
    "header_callback",
    "call_options",
    "cancel_token",
    "client",
    "connections",
    "health",
    "metadata",
    "request",
    "request_tensors",
    "parameters",
    "infer",
    "result",
    "async_calls",
    "completion_queue",
    "stream_options",
    "stream",
    "statistics",
    "offline",
    "elements",
    "config",
    "repository",
    "server_statistics",
    "settings",
    "shared_memory",
    "metrics",
    "generate",
    "load_report",
];

/// The layers, the lowest first. A module imports from its own layer and those below.
const LAYERS: [&[&str]; 9] = [
    &[
        "allocator",
        "digits",
        "error",
        "error_body",
        "panic",
        "log",
        "until",
        "url",
        "waiters",
        "fork",
        "headers",
        "load_report",
        "proto",
        "reasons",
        "tls_port",
    ],
    &["lend", "compression", "options"],
    &["infer", "model", "runtime", "stats"],
    &["net", "stream"],
    &["http", "grpc"],
    &["transport"],
    &["call", "completion_queue"],
    &["client"],
    &["ffi", "jni"],
];

/// The modules with unsafe code: the FFI layer, loans of the caller's memory, the call that receives into
/// uninitialized memory, the registration with the reactor, the handler of forks, and the optional allocator.
const UNSAFE: [&str; 7] =
    ["src/ffi", "src/jni", "src/fork", "src/lend", "src/net/reactor", "src/net/unfilled", "src/allocator"];

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `src`, by its path from the root, with its text.
fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    let text = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(text).collect()
}

fn layer(module: &str) -> usize {
    let at = LAYERS.iter().position(|layer| layer.contains(&module));
    at.unwrap_or_else(|| panic!("module {module} is in no layer"))
}

#[test]
fn imports_go_down_the_layers_only() {
    for (file, text) in sources() {
        let own = file.trim_start_matches("src/").split(['/', '.']).next().unwrap();
        if own == "lib" {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap();
        // Both `crate::x` and the names in `use crate::{x::..., y}` at any depth of one.
        let mut modules: BTreeSet<String> = BTreeSet::new();
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let (mut depth, mut word) = (0, String::new());
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 && (c.is_alphanumeric() || c == '_') {
                        word.push(c);
                    } else if !word.is_empty() {
                        if c == ':' || c == ',' || c.is_whitespace() {
                            modules.insert(std::mem::take(&mut word));
                        }
                        word.clear();
                    }
                }
            } else {
                modules.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
        }
        for module in modules.iter().filter(|m| LAYERS.iter().any(|layer| layer.contains(&m.as_str()))) {
            assert!(layer(module) <= layer(own), "{file} imports {module}, of a higher layer");
        }
    }
}

/// The compiler and clippy check the rest: `deny(unsafe_code)` outside these modules, and a SAFETY comment on
/// each block.
#[test]
fn unsafe_code_is_allowed_in_its_modules_only() {
    for (file, text) in sources() {
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.find(|line| line.contains("allow(") && line.contains("unsafe_code")) {
            let module = lines.next().unwrap_or_default().trim_start_matches("pub(crate) ");
            let module = module.strip_prefix("mod ").and_then(|name| name.strip_suffix(';'));
            let module = module.unwrap_or_else(|| panic!("{file}: {line} is not on a module"));
            let parent = file.trim_end_matches("lib.rs").trim_end_matches("mod.rs").trim_end_matches(".rs");
            let path = format!("{}/{module}", parent.trim_end_matches('/'));
            assert!(UNSAFE.contains(&path.as_str()), "{path}: unsafe code");
        }
    }
    let lib = sources().into_iter().find(|(file, _)| file == "src/lib.rs").unwrap().1;
    assert!(lib.lines().any(|line| line == "#![deny(unsafe_code)]"));
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.lines().any(|line| line == "undocumented_unsafe_blocks = \"warn\""));
}

/// The width that rustfmt.toml states, in comments, which rustfmt does not format, and in C.
#[test]
fn no_line_is_wider_than_rustfmt_allows() {
    fn walk(path: &Path, wide: &mut Vec<String>) {
        if path.is_dir() {
            let is_ignored = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
            let entries = if is_ignored { Vec::new() } else { path.read_dir().unwrap().collect() };
            entries.into_iter().for_each(|entry| walk(&entry.unwrap().path(), wide));
        } else if path
            .extension()
            .is_some_and(|extension| ["rs", "c", "h"].iter().any(|name| extension == *name))
        {
            for (index, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
                // rustfmt formats code, and strings may be as wide as their content.
                let start = line.trim_start();
                let is_table = start.starts_with("///     ") || start.starts_with("//!     ");
                let is_comment = !is_table && (start.starts_with("//") || line.contains(" // "));
                let is_c = path.extension().is_some_and(|extension| extension != "rs");
                if line.chars().count() > MAX_WIDTH && (is_comment || is_c && !line.contains('"')) {
                    wide.push(format!("{}:{}", path.display(), index + 1));
                }
            }
        }
    }
    const MAX_WIDTH: usize = 110;
    let rustfmt = fs::read_to_string(root().join("rustfmt.toml")).unwrap();
    assert!(rustfmt.contains(&format!("max_width = {MAX_WIDTH}\n")));
    let mut wide = Vec::new();
    for folder in ["src", "tests", "examples", "c_examples", "build.rs"] {
        walk(&root().join(folder), &mut wide);
    }
    // The README contains it unchanged, with comments beside the code.
    wide.retain(|line| !line.contains("c_examples/infer.c"));
    assert!(wide.is_empty(), "{} lines: {:#?}", wide.len(), &wide[..wide.len().min(20)]);
}

/// The names of the exported functions of a file, with their bodies.
fn exported(text: &str) -> Vec<(String, String)> {
    let mut functions = Vec::new();
    for part in text.split("#[unsafe(no_mangle)]").skip(1) {
        let (head, rest) = part.split_once('{').unwrap();
        let name = head.split("fn ").nth(1).unwrap().split('(').next().unwrap().to_owned();
        functions.push((name, rest.split("\n}").next().unwrap().to_owned()));
    }
    functions
}

#[test]
fn every_exported_function_goes_through_the_boundary() {
    let mut count = 0;
    for (file, text) in sources().into_iter().filter(|(file, _)| file.starts_with("src/ffi/")) {
        assert_eq!(text.matches("extern \"C\" fn triton_").count(), exported(&text).len(), "{file}");
        for (name, body) in exported(&text) {
            // change() has the boundary of setters in it.
            let guarded = ["boundary(error_out", "infallible(", "change("];
            assert!(guarded.iter().any(|guard| body.contains(guard)), "{file}: {name}");
            count += 1;
        }
    }
    assert!(count > 50, "only {count} functions were found");
}

/// The functions that the header declares.
pub(crate) fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let mut code = String::new();
    let mut rest = header.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        code += before;
        rest = comment.split_once("*/").unwrap().1;
    }
    code += rest;
    let mut functions = BTreeSet::new();
    for (at, _) in code.match_indices("triton_") {
        let name: String = code[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let before = code[..at].chars().next_back().unwrap();
        if code[at + name.len()..].starts_with('(') && (before == ' ' || before == '*') {
            functions.insert(name);
        }
    }
    functions
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let output =
        Command::new("nm").args(["-D", "--defined-only"]).arg(crate::programs::library()).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let symbols: BTreeSet<String> =
        output.lines().map(|line| line.split(' ').next_back().unwrap().to_owned()).collect();
    // By which a JVM finds the natives, all of which it registers.
    let for_java = "JNI_OnLoad".to_owned();
    assert!(symbols.contains(&for_java));
    let symbols: BTreeSet<String> = symbols.into_iter().filter(|symbol| *symbol != for_java).collect();
    assert_eq!(symbols, declared());
    let sources: BTreeSet<String> = sources()
        .iter()
        .filter(|(file, _)| file.starts_with("src/ffi"))
        .flat_map(|(_, text)| exported(text))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(symbols, sources);
}

#[test]
fn the_library_needs_nothing_but_the_c_runtime_and_is_never_unloaded() {
    let output = Command::new("readelf").arg("-dW").arg(crate::programs::library()).output().unwrap();
    let dynamic = String::from_utf8(output.stdout).unwrap();
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let name = line.split(['[', ']']).nth(1).unwrap();
        let known = [
            "libc.so.6",
            "libm.so.6",
            "libgcc_s.so.1",
            "ld-linux-x86-64.so.2",
            "libpthread.so.0",
            "libdl.so.2",
        ];
        assert!(known.contains(&name), "{name}");
    }
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn no_second_cryptography_comes_in_by_the_back_door() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("aws-lc"));
}
