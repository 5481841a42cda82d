//! The header and the library from other languages: C++ in each of its dialects, Python by cffi and ctypes,
//! Go by cgo.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    abi::{Function, declarations},
    conventions::root,
    programs::{host, library, succeed, succeed_under_valgrind},
    server::{is_embedded, urls},
};

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn succeeds(what: &str, command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{what}: {}{}", text(&output.stdout), text(&output.stderr));
}

/// Functions for which zeros and NULL are valid: empty arrays.
const VALID_WITH_ZEROS: [&str; 6] = [
    "triton_bytes_parse",
    "triton_bytes_serialize",
    "triton_fp16_from_fp32",
    "triton_fp16_to_fp32",
    "triton_bf16_from_fp32",
    "triton_bf16_to_fp32",
];

/// The address of a function, with its type, and a call with zeros for all parameters. A returned string is
/// never NULL, except from a search by name.
fn call(function: &Function) -> String {
    let Function { name, result, parameters, .. } = function;
    let types: Vec<&str> = parameters.iter().map(|(kind, _)| kind.as_str()).collect();
    let zeros: Vec<String> = types.iter().map(|kind| format!("zero<{kind}>()")).collect();
    let call = format!("{name}({})", zeros.join(", "));
    let can_fail = parameters.last().is_some_and(|(_, name)| name == "error_out");
    let check = if can_fail && VALID_WITH_ZEROS.contains(&name.as_str()) {
        format!("expect({call} == TRITON_STATUS_OK, \"{name}\");")
    } else if can_fail {
        format!("expect({call} == TRITON_STATUS_INVALID_ARGUMENT, \"{name}\");")
    } else if result == "const char *" && !name.contains("_find") {
        format!("expect({call} != nullptr, \"{name}\");")
    } else {
        format!("(void){call};")
    };
    format!(
        "    {{ {result} (*const function)({}) = {name}; (void)function; }}\n    {check}\n",
        types.join(", ")
    )
}

#[test]
fn every_function_compiles_links_and_takes_null_everywhere_in_every_dialect_of_cpp() {
    let calls: String = declarations().functions.iter().map(call).collect();
    let source = temporary("all_functions.cpp");
    let program = format!(
        "#include <triton_client.h>\n#include <cstdio>\n#include <cstdlib>\n\
         template <class T> T zero() {{ return T(); }}\n\
         static void expect(bool holds, const char *name) {{\n    \
         if (!holds) {{ std::fprintf(stderr, \"%s\\n\", name); std::exit(1); }}\n}}\n\
         int main() {{\n{calls}    return 0;\n}}\n"
    );
    fs::write(&source, program).unwrap();
    let libraries = library().parent().unwrap().to_owned();
    for dialect in ["c++11", "c++14", "c++17", "c++20", "c++23"] {
        let mut command = Command::new("c++");
        command.args([
            &format!("-std={dialect}"),
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Wconversion",
            "-Werror",
            "-I",
        ]);
        command.arg(root().join("include")).arg(&source);
        // Linked and run once: the code is the same in each.
        if dialect == "c++11" {
            command.arg("-g").arg("-o").arg(temporary("all_functions")).arg("-L").arg(&libraries);
            command.arg("-ltriton_client").arg(format!("-Wl,-rpath,{}", libraries.display()));
        } else {
            command.arg("-fsyntax-only");
        }
        succeeds(dialect, &mut command);
    }
    succeed_under_valgrind(&temporary("all_functions"), &[]);
}

fn python(script: &str) -> Command {
    let mut command = host(root().join("tests/triton/.server/venv/bin/python"));
    command
        .env("PYTHONPATH", temporary("python"))
        .arg(root().join("tests/languages").join(script))
        .arg(library());
    command
}

#[test]
fn cffi_parses_the_preprocessed_header_under_c11_and_c23_and_infers() {
    if is_embedded() {
        return;
    }
    succeeds("setup", Command::new(root().join("tests/languages/setup.sh")).arg(temporary("python")));
    // cffi knows the types of the three system headers by itself.
    let header = fs::read_to_string(root().join("include/triton_client.h")).unwrap();
    let plain = temporary("cffi.h");
    fs::write(&plain, header.replace("#include", "// ")).unwrap();
    for (dialect, version) in [("c11", "201112L"), ("c2x", "202311L")] {
        let preprocessed = temporary(&format!("cffi_{dialect}.h"));
        let mut command = Command::new("cc");
        command.args([
            &format!("-std={dialect}"),
            "-E",
            "-P",
            "-DTRITON_NO_ATTRIBUTES",
            "-U__STDC_VERSION__",
        ]);
        // gcc 12 has C23 without its number.
        command.arg(format!("-D__STDC_VERSION__={version}")).arg(&plain).arg("-o").arg(&preprocessed);
        succeeds(dialect, &mut command);
        for url in urls() {
            succeeds(&format!("cffi {dialect} {url}"), python("infer_cffi.py").arg(&preprocessed).arg(url));
        }
    }
}

#[test]
fn ctypes_infers_in_threads_that_share_a_client_and_in_an_event_loop() {
    if is_embedded() {
        return;
    }
    for url in urls() {
        succeeds(&format!("ctypes {url}"), python("infer_ctypes.py").arg(url));
    }
}

#[test]
fn cgo_infers_in_goroutines_that_share_a_client() {
    if is_embedded() {
        return;
    }
    let own = Path::new("/usr/local/go/bin/go");
    let go = if own.exists() { own } else { Path::new("go") };
    let libraries = library().parent().unwrap().to_owned();
    let program = temporary("cgo_infer");
    let mut command = Command::new(go);
    command.current_dir(root().join("tests/languages/cgo"));
    command.args(["build", "-o"]).arg(&program).arg(".");
    // Nothing is downloaded, and no file of the source changes.
    command.envs([
        ("GOTOOLCHAIN", "local"),
        ("GOPROXY", "off"),
        ("GOFLAGS", "-mod=readonly"),
        ("CGO_ENABLED", "1"),
    ]);
    command.env("CGO_CFLAGS", format!("-I{} -Wall -Werror", root().join("include").display()));
    command.env("CGO_LDFLAGS", format!("-L{0} -ltriton_client -Wl,-rpath,{0}", libraries.display()));
    succeeds("go, which `make test` installs", &mut command);
    for url in urls() {
        assert_eq!(succeed(&program, &[&url]), "PASS\n");
    }
}
