//! Programs written against the header alone, as users write them: the examples of the header, the pieces of
//! a user's code, and the misuses, each with the result that the header documents, under valgrind.

use std::{fs, path::Path};

use crate::{
    abi::{Declarations, Function, declarations},
    conventions::root,
    programs::{compile_as, succeed, succeed_under_valgrind},
    server::{decoupled_streams, is_embedded, other_streams, server, urls},
    support::{
        certificates::certificates,
        fault,
        tls::{ClientCertificate, TlsFront, TlsSettings},
    },
};

/// The dialects of C that a user may compile with.
const DIALECTS: [&str; 4] = ["c99", "c11", "c17", "c2x"];

const FLAGS: [&str; 1] = ["-Wconversion"];

#[test]
fn the_examples_of_the_header_run_and_leave_nothing_behind() {
    if is_embedded() {
        return;
    }
    let _streams = decoupled_streams();
    let name = format!("header_examples_{}", std::process::id());
    for url in urls() {
        for dialect in DIALECTS {
            let program = compile_as(
                dialect,
                "tests/c/header_examples.c",
                &format!("header_examples_{dialect}"),
                &FLAGS,
            );
            succeed(&program, &[&url, &server().metrics, &name]);
        }
        let program = compile_as("c99", "tests/c/header_examples.c", "header_examples_valgrind", &FLAGS);
        succeed_under_valgrind(&program, &[&url, &server().metrics, &name]);
    }
}

#[test]
fn a_users_code_compiles_in_every_dialect_without_a_warning_and_runs() {
    if is_embedded() {
        return;
    }
    let _streams = decoupled_streams();
    let certificates = certificates().folder();
    let folder = certificates.path("");
    for url in urls() {
        let scheme = url.split(':').next().unwrap();
        let refused = format!("{scheme}://{}", fault::refused_address());
        let settings =
            TlsSettings { client: ClientCertificate::Required("ca.pem"), ..TlsSettings::default() };
        let front = TlsFront::start(url.split("://").last().unwrap().parse().unwrap(), settings);
        let secure = format!("{scheme}s://{}", front.address());
        for dialect in DIALECTS {
            let program = compile_as(dialect, "tests/c/user_code.c", &format!("user_code_{dialect}"), &FLAGS);
            succeed(&program, &[&url, &refused, &secure, &folder]);
        }
        let program = compile_as("c99", "tests/c/user_code.c", "user_code_valgrind", &FLAGS);
        succeed_under_valgrind(&program, &[&url, &refused, &secure, &folder]);
    }
    // The quick start of the README, whole: programs.rs runs it and compares the two.
    for dialect in DIALECTS {
        let program =
            compile_as(dialect, "c_examples/infer.c", &format!("infer_{dialect}"), &["-Wconversion"]);
        assert_eq!(succeed(&program, &[&urls()[0]]).lines().count(), 16);
    }
}

#[test]
fn each_misuse_has_the_documented_result() {
    if is_embedded() {
        return;
    }
    let _streams = other_streams();
    let program = compile_as("c99", "tests/c/misuses.c", "misuses", &FLAGS);
    for url in urls() {
        succeed_under_valgrind(&program, &[&url]);
    }
}

/// What stands for a parameter in a program that calls every function with one thing wrong.
struct Everything {
    declarations: Declarations,
    /// The handles that the program makes, in this order, each with the call that makes it.
    handles: Vec<(String, String)>,
}

/// The handle that a parameter points to: `triton_client` for `const triton_client *`.
fn handle<'a>(all: &Declarations, kind: &'a str) -> Option<&'a str> {
    let name = kind.trim_start_matches("const ").strip_suffix('*')?.trim();
    all.opaque.iter().any(|opaque| opaque == name).then_some(name)
}

impl Everything {
    /// Finds for each handle a function that makes it out of those before: by an out-parameter, or as a
    /// getter.
    fn new() -> Self {
        let error = "CHECK(triton_infer_request_new(NULL, &own_triton_infer_request, &own_triton_error) != TRITON_STATUS_OK);";
        let handles = vec![("triton_error".to_owned(), error.to_owned())];
        let mut all = Self { declarations: declarations(), handles };
        loop {
            let before = all.handles.len();
            for function in &all.declarations.functions {
                if let Some(made) = all.makes(function)
                    && !all.has(&made.0)
                {
                    all.handles.push(made);
                }
            }
            if all.handles.len() == before {
                return all;
            }
        }
    }

    fn has(&self, handle: &str) -> bool {
        self.handles.iter().any(|(name, _)| name == handle)
    }

    /// The handle that a function makes, and the call.
    fn makes(&self, function: &Function) -> Option<(String, String)> {
        let ready =
            |(kind, _): &(String, String)| handle(&self.declarations, kind).is_none_or(|name| self.has(name));
        let needs = function.parameters.iter().filter(|(_, name)| name != "options" && name != "repository");
        // Offline forms need bytes from elsewhere.
        let is_offline = function.parameters.iter().any(|(kind, _)| kind == "const void *");
        // A search may find nothing.
        if !needs.clone().all(ready) || is_offline || function.name.contains("_find") {
            return None;
        }
        let out = |(kind, name): &(String, String)| {
            let target = kind.strip_suffix("**")?.trim();
            (name != "error_out" && self.declarations.opaque.iter().any(|opaque| opaque == target))
                .then(|| target.to_owned())
        };
        let good = |parameter: &(String, String)| {
            let (kind, name) = parameter;
            if let Some(made) = out(parameter) {
                return format!("&own_{made}");
            }
            match handle(&self.declarations, kind) {
                Some("triton_client_options") => "own_triton_client_options".to_owned(),
                Some("triton_client") if function.name == "triton_stream_open" => "streaming".to_owned(),
                Some(_) if name == "options" || name == "repository" => "NULL".to_owned(),
                None if name == "model_name" && function.name.contains("generate") => {
                    "\"generator\"".to_owned()
                }
                None if kind == "const char *" && !["url", "model_name", "json"].contains(&name.as_str()) => {
                    "NULL".to_owned()
                }
                _ => self.good(kind, name),
            }
        };
        let own = |name: &str| {
            self.declarations.opaque.iter().any(|opaque| opaque == name).then(|| name.to_owned())
        };
        let arguments: Vec<String> = function.parameters.iter().map(good).collect();
        let call = format!("{}({})", function.name, arguments.join(", "));
        if let Some(name) = function.parameters.iter().find_map(&out) {
            let fill = match name.as_str() {
                "triton_infer_request" => " fill();",
                "triton_client_options" => {
                    " CHECK(!triton_client_options_set_metrics_url(own_triton_client_options, argv[2], &error));"
                }
                _ => "",
            };
            return Some((name, format!("CHECK(!{call});{fill}")));
        }
        let result = function.result.trim_start_matches("const ").strip_suffix('*')?.trim();
        own(result).map(|name| (name.clone(), format!("own_{name} = ({name} *)(uintptr_t){call};")))
    }

    /// A valid argument for a parameter.
    fn good(&self, kind: &str, name: &str) -> String {
        if let Some(handle) = handle(&self.declarations, kind) {
            return format!("own_{handle}");
        }
        match (kind, name) {
            ("const char *", "url") => "url".to_owned(),
            ("const char *", "model_name") => "\"simple\"".to_owned(),
            ("const char *", "json") => "\"{\\\"PROMPT\\\": \\\"x\\\", \\\"REPEAT\\\": 1}\"".to_owned(),
            ("const char *", "model_version" | "service") => "NULL".to_owned(),
            ("const char *", _) => "\"name\"".to_owned(),
            ("triton_error **", _) => "&error".to_owned(),
            ("const char *const *", _) => "names".to_owned(),
            _ if kind.ends_with('*') => format!("({kind})memory"),
            _ if kind.ends_with("_callback") || kind.ends_with("_finalizer") => "NULL".to_owned(),
            ("size_t", _) if is_index(name) => "0".to_owned(),
            _ => format!("({kind})1"),
        }
    }

    /// A call with good arguments, but for one parameter.
    fn call(&self, function: &Function, wrong: usize, argument: &str) -> String {
        let good = |(at, (kind, name)): (usize, &(String, String))| {
            if at == wrong { argument.to_owned() } else { self.good(kind, name) }
        };
        let arguments: Vec<String> = function.parameters.iter().enumerate().map(good).collect();
        format!("{}({})", function.name, arguments.join(", "))
    }
}

fn is_index(name: &str) -> bool {
    matches!(name, "index" | "input" | "output")
}

/// What a getter gives for an index past the end.
fn nothing(result: &str) -> &'static str {
    match result {
        "const char *" => "[0] == 0",
        _ if result.ends_with('*') => " == NULL",
        _ => " == 0",
    }
}

#[test]
fn bad_enum_numbers_are_refused_getters_end_and_out_parameters_are_overwritten_in_every_function() {
    if is_embedded() {
        return;
    }
    let all = Everything::new();
    let enums: Vec<&str> = all.declarations.enums.iter().map(|(name, _)| name.as_str()).collect();
    // The headers of a call are valid during a callback.
    for name in all.declarations.opaque.iter().filter(|name| *name != "triton_call_headers") {
        assert!(all.has(name), "no function that this test knows makes a {name}");
    }
    let (mut lines, mut numbers, mut ends, mut outs) = (String::new(), 0, 0, 0);
    for function in &all.declarations.functions {
        let can_fail = function.is_nodiscard;
        for (at, (kind, name)) in function.parameters.iter().enumerate() {
            if enums.contains(&kind.as_str()) {
                for number in ["99", "-1", "INT32_MAX", "INT32_MIN"] {
                    let call = all.call(function, at, &format!("({kind}){number}"));
                    lines += &if can_fail {
                        format!("    is_refused({call}, \"{}\", {number});\n", function.name)
                    } else {
                        format!("    (void){call};\n")
                    };
                    numbers += 1;
                }
            }
            // Where the handle is one that this program has.
            let handles = function.parameters.iter().filter_map(|(kind, _)| handle(&all.declarations, kind));
            if kind == "size_t" && is_index(name) && handles.clone().all(|name| all.has(name)) {
                for index in ["1000", "SIZE_MAX", "(size_t)INT64_MAX + 1"] {
                    let call = all.call(function, at, index);
                    lines += &if can_fail {
                        format!("    is_past_the_end({call}, \"{}\");\n", function.name)
                    } else {
                        format!(
                            "    if (!({call}{})) fail(\"{}\", {index});\n",
                            nothing(&function.result),
                            function.name
                        )
                    };
                    ends += 1;
                }
            }
        }
        let first = function.parameters.first().map(|(kind, _)| kind.as_str()).unwrap_or_default();
        for (at, (kind, name)) in function.parameters.iter().enumerate() {
            let target = kind.strip_suffix('*').unwrap_or_default().trim();
            let is_struct = all.declarations.structs.iter().any(|(name, _)| name == target);
            if at > 0 && name.ends_with("_out") && name != "error_out" && first.ends_with('*') && !is_struct {
                // Also if another out-parameter is NULL, which may be refused first.
                for is_alone in [false, true] {
                    let arguments: Vec<String> = function
                        .parameters
                        .iter()
                        .enumerate()
                        .map(|(other, (kind, name))| match other {
                            0 => "NULL".to_owned(),
                            _ if other == at => "&out".to_owned(),
                            _ if is_alone && name.ends_with("_out") && name != "error_out" => {
                                "NULL".to_owned()
                            }
                            _ => all.good(kind, name),
                        })
                        .collect();
                    let call = format!("{}({})", function.name, arguments.join(", "));
                    let call = if can_fail {
                        format!("is_refused({call}, \"{}\", 0)", function.name)
                    } else {
                        format!("(void){call}")
                    };
                    // A descriptor is -1 on failure; 0 would be one.
                    let nothing = if name == "fd_out" { "minus_one" } else { "memory + 512" };
                    lines += &format!(
                        "    {{ {target} out; memset(&out, 1, sizeof out); {call}; \
                         if (memcmp(&out, {nothing}, sizeof out) != 0) fail(\"{}, {name}\", 0); }}\n",
                        function.name
                    );
                }
                outs += 1;
            }
        }
    }
    assert!(
        numbers >= 40 && ends >= 100 && outs >= 40,
        "{numbers} numbers, {ends} ends, {outs} out-parameters"
    );
    let handles: String =
        all.handles.iter().map(|(name, _)| format!("static {name} *own_{name} = NULL;\n")).collect();
    let made: String = all.handles.iter().map(|(_, call)| format!("    {call}\n")).collect();
    let frees: String = all
        .declarations
        .functions
        .iter()
        .filter(|function| function.name.ends_with("_free"))
        .map(|function| format!("    {}(own_{});\n", function.name, function.name.trim_end_matches("_free")))
        .collect();
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("everything.c");
    let program = format!(
        r#"#include "check.h"
static const char *url;
static _Alignas(64) char memory[1024];
static const char *const names[] = {{"name"}};
static const int minus_one[] = {{-1}};
static triton_client *streaming = NULL; /* over gRPC */
{handles}
static void fail(const char *function, size_t index) {{
    fprintf(stderr, "%s, %zu: %s\n", function, index, triton_error_message(error));
    exit(1);
}}
static void is_refused(triton_status status, const char *function, int32_t number) {{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)number);
    if (status != TRITON_STATUS_INVALID_ARGUMENT || triton_error_status(error) != status) fail(function, 0);
    if (number != 0 && strstr(triton_error_message(error), text) == NULL) fail(function, 0);
    triton_error_free(error);
    error = NULL;
}}
static void is_past_the_end(triton_status status, const char *function) {{
    if (status != TRITON_STATUS_INVALID_ARGUMENT && status != TRITON_STATUS_OUT_OF_RANGE) fail(function, 0);
    triton_error_free(error);
    error = NULL;
}}
static void fill(void) {{
    const int64_t shape[] = {{1, 16}};
    size_t index = 0;
    CHECK(!triton_infer_request_add_input(own_triton_infer_request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, &index, &error));
    CHECK(!triton_infer_request_input_append_data(own_triton_infer_request, index, memory, 64, &error));
    CHECK(!triton_infer_request_add_input(own_triton_infer_request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, &index, &error));
    CHECK(!triton_infer_request_input_append_data(own_triton_infer_request, index, memory, 64, &error));
}}
int main(int argc, char **argv) {{
    if (argc != 4) return 2;
    url = argv[1];
    (void)names;
    (void)minus_one;
    CHECK(!triton_client_new(argv[3], NULL, &streaming, &error));
{made}
{lines}
{frees}    triton_client_free(streaming);
    triton_error_free(error);
    return 0;
}}
"#
    );
    fs::write(&source, program).unwrap();
    let include = root().join("tests/c");
    let program =
        compile_as("c11", source.to_str().unwrap(), "everything", &["-I", include.to_str().unwrap()]);
    succeed_under_valgrind(&program, &[&urls()[0], &server().metrics, &urls()[1]]);
}
