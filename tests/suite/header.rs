//! The header: generated from `src/ffi`, complete, and valid in every dialect that a user may compile.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use crate::{
    abi,
    conventions::{SECTIONS, root},
};

const PREAMBLE: &str = "\
/* Generated from src/ffi by `make header`. Do not edit. */

#ifndef TRITON_CLIENT_H
#define TRITON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TRITON_NO_ATTRIBUTES, defined before the header is included, leaves out attributes and C23's syntax for enums: for parsers
 * of C that know neither. cffi parses what this prints:
 *
 *     sed '/#include/d' triton_client.h | cc -E -P -DTRITON_NO_ATTRIBUTES -xc -
 */

/* Warns if a returned status is ignored. */
#if defined(TRITON_NO_ATTRIBUTES)
#define TRITON_NODISCARD
#elif defined(__cplusplus) && __cplusplus >= 201703L
#define TRITON_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define TRITON_NODISCARD [[nodiscard]]
#else
#define TRITON_NODISCARD
#endif

/* Declares an enum with the size of int32_t, whatever the compiler's options. In C before C23 its type is int32_t. */
#if defined(__cplusplus)
#define TRITON_ENUM(name) enum name : int32_t
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L && !defined(TRITON_NO_ATTRIBUTES)
#define TRITON_ENUM(name) enum name : int32_t; typedef enum name name; enum name : int32_t
#else
#define TRITON_ENUM(name) typedef int32_t name; enum name
#endif

";

/// What cbindgen cannot write.
const MACROS: &str = "\
/**
 * For triton_infer_result_from_http_body: the response has no header Inference-Header-Content-Length.
 */
#define TRITON_NO_JSON_BYTE_SIZE SIZE_MAX

/** The version of this header as a number that grows: 1.2.3 is 10203. */
#define TRITON_VERSION_NUMBER (TRITON_VERSION_MAJOR * 10000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)

/** Whether this header has the given version or a later one, for use in #if. */
#define TRITON_VERSION_AT_LEAST(major, minor, patch) \\
    (TRITON_VERSION_NUMBER >= (major) * 10000 + (minor) * 100 + (patch))

";

/// Where the examples of the sections come from: a program that `programs.rs` runs.
const EXAMPLES: &str = "tests/c/header_examples.c";

/// Sections without an example, with the reason.
const WITHOUT_EXAMPLE: [(&str, &str); 0] = [];

/// The width of a line of code.
const WIDTH: usize = 110;

/// The example of a section: the lines between `/* example: SECTION */` and `/* end */`, without their
/// indentation.
fn example(section: &str) -> Option<Vec<String>> {
    let source = fs::read_to_string(root().join(EXAMPLES)).unwrap();
    let (_, rest) = source.split_once(&format!("/* example: {section} */\n"))?;
    let (body, _) = rest.split_once("/* end */").expect("an example has an end");
    let lines: Vec<&str> = body.trim_end().lines().collect();
    let indentation =
        lines.iter().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len());
    let indentation = indentation.min().unwrap_or(0);
    Some(lines.iter().map(|line| line.get(indentation..).unwrap_or_default().to_owned()).collect())
}

/// The `//!` lines at the top of a file and the section's example, as one C comment.
fn prose(section: &str) -> String {
    let source = fs::read_to_string(root().join("src/ffi").join(format!("{section}.rs"))).unwrap();
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    // The fences are for rustdoc alone.
    let lines = lines.filter(|line| !line.starts_with(" ```")).map(str::to_owned);
    let example = example(section).into_iter().flatten().map(|line| format!("     {line}"));
    let mut example = example.peekable();
    let gap = example.peek().map(|_| String::new());
    let mut comment = String::from("/*\n");
    for line in lines.chain(gap).chain(example) {
        comment += format!(" *{line}").trim_end();
        comment.push('\n');
    }
    comment + " */\n\n"
}

/// The enums that parameters have: an int in Rust, since C may pass any number, and the enum's own name in C.
fn parameter_enums() -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("src/ffi")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let aliases =
            source.lines().filter_map(|line| line.strip_prefix("pub type ")?.split_once("_number = c_int"));
        names.extend(aliases.map(|(name, _)| name.to_owned()));
    }
    names.sort();
    names
}

/// cbindgen's output for some kinds of items in some files, without what it puts around them.
fn items(sections: &[&str], style: cbindgen::Style, types: &[cbindgen::ItemType]) -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    config.style = style;
    config.export.item_types = types.to_vec();
    for name in parameter_enums() {
        config.export.rename.insert(format!("{name}_number"), name.clone());
        config.export.exclude.push(format!("{name}_number"));
        // Its number may be all that a function uses.
        config.export.include.push(name);
    }
    let mut builder = cbindgen::Builder::new().with_config(config);
    for section in sections {
        builder = builder.with_src(root().join(format!("src/ffi/{section}.rs")));
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap().trim().to_owned() + "\n\n"
}

/// Writes cbindgen's enums, five lines of `#if` before and after each, by the macro of the preamble, and
/// callbacks with the types that functions have.
fn enums(types: &str) -> String {
    let mut text = String::new();
    let mut lines = types.lines().peekable();
    while let Some(line) = lines.next() {
        if let (Some(name), Some(&"#if __STDC_VERSION__ >= 202311L")) =
            (line.strip_prefix("enum "), lines.peek())
        {
            assert!(lines.by_ref().any(|line| line == " {"), "cbindgen writes enums in another way");
            text += &format!("TRITON_ENUM({name}) {{\n");
            while let Some(member) = lines.next_if(|line| *line != "};") {
                text += &format!("{member}\n");
            }
            assert!(lines.by_ref().any(|line| line.starts_with("#endif")));
            text += "};\n";
        } else if line.starts_with("typedef ") && line.contains("(*") {
            // The handles have names of their own, which functions use too.
            text += &format!("{}\n", line.replace("struct ", ""));
        } else {
            text += &format!("{line}\n");
        }
    }
    assert!(
        !text.contains("__STDC_VERSION__") && !text.contains("typedef enum"),
        "an enum is not #[repr(i32)]"
    );
    text
}

/// Marks the functions whose result must not be ignored, and breaks the lines.
fn functions(text: &str) -> String {
    let mut broken = String::new();
    for line in text.lines() {
        let fails = line.starts_with("triton_status ") && line.ends_with("error_out);");
        let owned = line.contains("_clone(") && !line.starts_with([' ', '/']);
        let line = if fails || owned { format!("TRITON_NODISCARD {line}") } else { line.to_owned() };
        if line.len() <= WIDTH || !line.ends_with(");") || line.starts_with([' ', '/']) {
            broken += &format!("{line}\n");
            continue;
        }
        let (name, parameters) = line.split_once('(').unwrap();
        broken += &format!("{name}(\n");
        let mut row = String::from("   ");
        for parameter in parameters.split_inclusive(',').map(str::trim) {
            if row.len() + 1 + parameter.len() > WIDTH {
                broken += &format!("{row}\n");
                row = String::from("   ");
            }
            row += &format!(" {parameter}");
        }
        broken += &format!("{row}\n");
    }
    broken
}

fn generate() -> String {
    use cbindgen::ItemType::{Constants, Enums, Functions, OpaqueItems, Structs, Typedefs};
    let types = items(&SECTIONS, cbindgen::Style::Both, &[Constants, Enums, OpaqueItems, Structs, Typedefs]);
    let mut header = String::from(PREAMBLE);
    header += &prose("mod");
    header += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    header += &enums(&types);
    header += MACROS;
    for section in SECTIONS {
        header += &prose(section);
        header += &functions(&items(&[section], cbindgen::Style::Type, &[Functions]));
    }
    header + "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* TRITON_CLIENT_H */\n"
}

/// `make header` runs this test with UPDATE_HEADER.
#[test]
fn the_header_is_what_the_sources_say() {
    let path = root().join("include/triton_client.h");
    let header = generate();
    if env::var_os("UPDATE_HEADER").is_some() {
        let headers = abi::describe(&header);
        abi::update(&headers);
        fs::write(&path, &header).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == header, "include/triton_client.h is out of date: run `make header`");
}

#[test]
fn every_section_opens_with_a_runnable_example_of_at_most_ten_lines() {
    for section in SECTIONS {
        let reason = WITHOUT_EXAMPLE.iter().find(|(name, _)| *name == section);
        let Some(example) = example(section) else {
            assert!(reason.is_some(), "{EXAMPLES} has no region `example: {section}`");
            continue;
        };
        assert!(reason.is_none(), "{section} has an example");
        assert!((1..=10).contains(&example.len()), "{section}: {} lines", example.len());
        for line in &example {
            assert!(!line.contains("/*") && !line.contains("*/"), "{section}: {line}");
            assert!(line.len() <= 118, "{section}: {line}");
        }
    }
    let source = fs::read_to_string(root().join(EXAMPLES)).unwrap();
    for (at, start) in source.match_indices("/* example: ") {
        let name = source[at + start.len()..].split(' ').next().unwrap();
        assert!(SECTIONS.contains(&name), "{EXAMPLES}: there is no section '{name}'");
    }
}

/// cbindgen copies the expression of a constant without its type, which C then chooses (`1 << 40`, `!0`), and
/// drops what it does not know (`usize::MAX`).
#[test]
fn every_constant_has_its_value_of_rust_in_c() {
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let mut count = 0;
    for section in SECTIONS {
        let source = fs::read_to_string(root().join(format!("src/ffi/{section}.rs"))).unwrap();
        for line in source.lines().filter_map(|line| line.strip_prefix("pub const ")) {
            let (name, rest) = line.split_once(": ").unwrap();
            let (kind, value) = rest.trim_end_matches(';').split_once(" = ").unwrap();
            let in_c = match value {
                "u64::MAX" => "UINT64_MAX".to_owned(),
                _ => value.parse::<i32>().unwrap_or_else(|_| panic!("{name}: {kind}: {value}")).to_string(),
            };
            assert!(header.contains(&format!("#define {name} {in_c}\n")), "{name} is not {in_c}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
    assert!(header.contains("#define TRITON_NO_JSON_BYTE_SIZE SIZE_MAX\n"));
}

fn compile_only(compiler: &str, source: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only", "-I"]);
    command.arg(root().join("include")).args(args).arg(source).output().unwrap()
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_dialect_with_and_without_attributes() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (compilers, extension, dialects) in [
        (["cc", "clang"], "c", &["c99", "c11", "c17", "c2x"][..]),
        (["c++", "clang++"], "cpp", &["c++11", "c++14", "c++17", "c++20", "c++23"][..]),
    ] {
        let include = "#include <triton_client.h>\n";
        let checks = "#if !TRITON_VERSION_AT_LEAST(0, 1, 0) || TRITON_VERSION_AT_LEAST(1000, 0, 0)\n#error version\n#endif\n\
                      int main(void) { return triton_version_number() == TRITON_VERSION_NUMBER; }\n";
        for (name, text) in [("alone", include.to_owned()), ("twice", include.repeat(2) + checks)] {
            let source = dir.join(format!("header_{name}.{extension}"));
            fs::write(&source, text).unwrap();
            // clang where there is one: CI has gcc alone.
            for compiler in
                compilers.iter().filter(|compiler| Command::new(compiler).arg("--version").output().is_ok())
            {
                for dialect in dialects {
                    for attributes in ["-DATTRIBUTES", "-DTRITON_NO_ATTRIBUTES"] {
                        let output =
                            compile_only(compiler, &source, &[&format!("-std={dialect}"), attributes]);
                        let errors = String::from_utf8_lossy(&output.stderr);
                        assert!(
                            output.status.success(),
                            "{compiler} {dialect} {attributes} {name}: {errors}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_ignored_status_is_a_warning_in_c23_and_cpp17_unless_attributes_are_left_out() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (compiler, extension, dialect) in [("cc", "c", "-std=c2x"), ("c++", "cpp", "-std=c++17")] {
        let source = dir.join(format!("discard.{extension}"));
        let text = "#include <triton_client.h>\nvoid f(triton_error *error);\n\
                    void f(triton_error *error) { triton_client_new(NULL, NULL, NULL, NULL); (void)error; }\n";
        fs::write(&source, text).unwrap();
        let output = compile_only(compiler, &source, &[dialect]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("nodiscard"), "{dialect} does not warn");
        let output = compile_only(compiler, &source, &[dialect, "-DTRITON_NO_ATTRIBUTES"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn enums_have_the_size_of_int32_whatever_the_options_of_the_compiler() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let names: Vec<&str> =
        header.lines().filter_map(|line| line.strip_prefix("TRITON_ENUM(")?.strip_suffix(") {")).collect();
    assert!(names.len() > 10, "{names:?}");
    for (compiler, extension, check) in [("cc", "c", "_Static_assert"), ("c++", "cpp", "static_assert")] {
        let source = dir.join(format!("enums.{extension}"));
        let checks = names
            .iter()
            .map(|name| format!("{check}(sizeof({name}) == 4 && ({name})-1 < ({name})0, \"\");\n"));
        fs::write(&source, "#include <triton_client.h>\n".to_owned() + &checks.collect::<String>()).unwrap();
        let output = compile_only(compiler, &source, &["-fshort-enums"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
