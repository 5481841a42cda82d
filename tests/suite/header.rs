//! The header is what `src/ffi` says, complete, and compiles in every dialect that a user may have.

use std::{env, fs, path::Path, process::Command};

use crate::conventions::{SECTIONS, root};

/// What stands before everything else.
const PREAMBLE: &str = "\
#ifndef TRITON_CLIENT_H
#define TRITON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A status that nobody looks at is a mistake: the compiler says so where the language has a way to. */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define TRITON_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define TRITON_NODISCARD [[nodiscard]]
#else
#define TRITON_NODISCARD
#endif

";

const VERSION_MACROS: &str = "\
/** The version of this header as a number that grows: 1.2.3 is 10203. */
#define TRITON_VERSION_NUMBER (TRITON_VERSION_MAJOR * 10000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)

/** Whether this header is of the version given or a later one, for use in #if. */
#define TRITON_VERSION_AT_LEAST(major, minor, patch) \\
    (TRITON_VERSION_NUMBER >= (major) * 10000 + (minor) * 100 + (patch))

";

/// The `//!` lines at the top of a file, as one C comment.
fn prose(file: &str) -> String {
    let source = fs::read_to_string(root().join("src/ffi").join(file)).unwrap();
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut comment = String::from("/*\n");
    // The fences are for rustdoc alone.
    for line in lines.filter(|line| !line.starts_with(" ```")) {
        comment.push_str(format!(" *{line}").trim_end());
        comment.push('\n');
    }
    comment + " */\n\n"
}

/// cbindgen's output for one kind of items in some files, without what it puts around them.
fn items(files: &[&str], style: cbindgen::Style, types: &[cbindgen::ItemType]) -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    config.style = style;
    config.cpp_compat = false;
    config.export.item_types = types.to_vec();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in files {
        builder = builder.with_src(root().join("src/ffi").join(file));
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap().trim().to_owned() + "\n\n"
}

fn generate() -> String {
    use cbindgen::ItemType::{Constants, Enums, Functions, OpaqueItems, Structs, Typedefs};
    let files: Vec<String> = SECTIONS.iter().map(|name| format!("{name}.rs")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let types = items(&files, cbindgen::Style::Both, &[Constants, Enums, OpaqueItems, Structs, Typedefs]);
    // cbindgen marks nothing for C that must be used.
    let types =
        types.replace("typedef enum triton_status {", "typedef enum TRITON_NODISCARD triton_status {");
    let mut header = String::from("/* Made from src/ffi by `make header`: not to be edited. */\n\n");
    header += PREAMBLE;
    header += &prose("mod.rs");
    header += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    header += &types;
    header += VERSION_MACROS;
    for file in files {
        header += &prose(file);
        header += &items(&[file], cbindgen::Style::Type, &[Functions]);
    }
    header + "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* TRITON_CLIENT_H */\n"
}

#[test]
fn the_header_is_what_the_sources_say() {
    let path = root().join("include/triton_client.h");
    let header = generate();
    if env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, &header).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == header,
        "include/triton_client.h is not what src/ffi says: `make header` makes it anew"
    );
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_dialect() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (compiler, extension, dialects) in [
        ("cc", "c", &["c99", "c11", "c17", "c2x"][..]),
        ("c++", "cpp", &["c++11", "c++14", "c++17", "c++20"][..]),
    ] {
        let source = dir.join(format!("header.{extension}"));
        let text = "#include <triton_client.h>\n#include <triton_client.h>\n\
                    #if !TRITON_VERSION_AT_LEAST(0, 1, 0) || TRITON_VERSION_AT_LEAST(1000, 0, 0)\n#error version\n#endif\n\
                    int main(void) { return triton_version_number() == TRITON_VERSION_NUMBER; }\n";
        fs::write(&source, text).unwrap();
        for dialect in dialects {
            let output = Command::new(compiler)
                .args([
                    &format!("-std={dialect}"),
                    "-Wall",
                    "-Wextra",
                    "-Wpedantic",
                    "-Werror",
                    "-fsyntax-only",
                ])
                .arg("-I")
                .arg(root().join("include"))
                .arg(&source)
                .output()
                .unwrap();
            assert!(output.status.success(), "{dialect}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_status_that_nobody_looks_at_is_a_warning_where_the_language_has_one() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (compiler, extension, dialect) in [("cc", "c", "c2x"), ("c++", "cpp", "c++17")] {
        let source = dir.join(format!("discard.{extension}"));
        let text = "#include <triton_client.h>\nvoid f(void);\n\
                    void f(void) { triton_client_new(NULL, NULL, NULL, NULL); }\n";
        fs::write(&source, text).unwrap();
        let output = Command::new(compiler)
            .args([&format!("-std={dialect}"), "-Werror", "-fsyntax-only", "-I"])
            .arg(root().join("include"))
            .arg(&source)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{dialect} does not warn of a discarded status");
    }
}
