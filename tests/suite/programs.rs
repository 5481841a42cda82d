//! C programs, compiled by plain `cc` against the library and run: the examples, and the programs of
//! `tests/c`.

use std::{
    ffi::OsStr,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use crate::{
    conventions::root,
    own_server::OwnServer,
    server::{decoupled_streams, is_embedded, other_streams, server, urls},
    support::{certificates, fault},
};

/// The shared library that cargo built with this test binary. It lies beside the binary: the one in the
/// folder above is `cargo build`'s, and may be older.
pub(crate) fn library() -> PathBuf {
    let library = std::env::current_exe().unwrap().with_file_name("libtriton_client.so");
    assert!(library.exists(), "{} is not there", library.display());
    library
}

/// Compiles a program; `source` is a path from the root. Each test has an executable of its own.
pub(crate) fn compile(source: &str, test: &str) -> PathBuf {
    compile_as("c99", source, test, &[])
}

/// The same in a dialect of C, with more arguments.
pub(crate) fn compile_as(dialect: &str, source: &str, test: &str, args: &[&str]) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let libraries = library().parent().unwrap().to_owned();
    let output = Command::new("cc")
        .args([
            &format!("-std={dialect}"),
            "-D_POSIX_C_SOURCE=200809L",
            "-g",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-I",
        ])
        .arg(root().join("include"))
        .args(args)
        .arg(root().join(source))
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(&libraries)
        .args(["-ltriton_client", "-ldl", "-lpthread"])
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Runs a program under valgrind, where any error and anything definitely lost fails it.
#[track_caller]
pub(crate) fn succeed_under_valgrind(program: &Path, args: &[&str]) {
    // valgrind 3.19 takes what ring's AES instructions write for undefined.
    let is_tls = args.iter().any(|arg| arg.contains("s://") || *arg == "--ssl");
    let undefined = if is_tls { "--undef-value-errors=no" } else { "--undef-value-errors=yes" };
    // What a thread that ends with the process still holds is "possibly lost": no leak.
    let output = host("valgrind")
        .args(["-q", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"])
        .args(["--show-leak-kinds=definite", undefined])
        .arg(program)
        .args(args)
        .output()
        .expect("valgrind is there: `make test` installs it");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(program: &Path, args: &[&str]) -> Output {
    host(program).args(args).output().unwrap()
}

/// A command that finds the library by its run path alone: cargo's LD_LIBRARY_PATH would lead to an older
/// one.
pub(crate) fn host(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Runs a program that has to succeed, and returns what it printed.
pub(crate) fn succeed(program: &Path, args: &[&str]) -> String {
    let output = run(program, args);
    assert!(
        output.status.success(),
        "{args:?}: {:?} {} {}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

#[test]
fn the_quick_start_prints_its_sixteen_sums_and_stands_in_the_readme() {
    let program = compile("c_examples/infer.c", "quick_start");
    for url in urls() {
        let printed = succeed(&program, &[&url]);
        let sums: Vec<String> = (0..16).map(|i| format!("{i} + 1 = {}", i + 1)).collect();
        assert_eq!(printed.lines().collect::<Vec<_>>(), sums);
    }
    let source = fs::read_to_string(root().join("c_examples/infer.c")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("```c\n{source}```")),
        "README.md does not show c_examples/infer.c as it is"
    );
}

/// Each with what it says when it passes.
const EXAMPLES: [(&str, &str); 4] = [
    ("simple_infer", "Infer"),
    ("simple_string_infer", "String Infer"),
    ("health_metadata", "Health Metadata"),
    ("model_control", "Model Control"),
];

/// The arguments of an example. A model that is unloaded for a moment is one that no other test uses.
fn arguments<'a>(example: &str, url: &'a str) -> Vec<&'a str> {
    let model: &[&str] = if example == "model_control" { &["-m", "simple_bls"] } else { &[] };
    [&["-u", url], model].concat()
}

#[test]
fn the_examples_pass_over_both_protocols_and_talk_when_asked() {
    for (source, pass) in EXAMPLES {
        let program = compile(&format!("c_examples/{source}.c"), source);
        for url in urls() {
            let args = arguments(source, &url);
            assert!(succeed(&program, &args).ends_with(&format!("PASS : {pass}\n")));
            let output = run(&program, &[&["-v"], &args[..]].concat());
            assert!(
                (text(&output.stdout) + &text(&output.stderr)).contains("connected to"),
                "-v says nothing"
            );
        }
        let output = run(&program, &["-u", &format!("http://{}", fault::refused_address())]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("refused"), "{}", text(&output.stderr));
    }
}

/// Runs an example, also under valgrind, and returns what it printed before the line that says that it
/// passed.
#[track_caller]
fn pass(example: &str, args: &[&str], pass: &str) -> String {
    let program = compile(&format!("c_examples/{example}.c"), &format!("pass_{example}"));
    let printed = succeed(&program, args);
    let before = printed.strip_suffix(&format!("PASS : {pass}\n"));
    let before = before.unwrap_or_else(|| panic!("{example} {args:?}: {printed}")).to_owned();
    succeed_under_valgrind(&program, args);
    before
}

/// Runs an example that has to fail, and returns its error message.
#[track_caller]
fn fail_to_run(example: &str, args: &[&str]) -> String {
    let program = compile(&format!("c_examples/{example}.c"), &format!("fail_{example}"));
    let output = run(&program, args);
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{example} {args:?}: {printed}");
    printed
}

#[test]
fn the_examples_of_asynchronous_calls_pass_over_both_protocols() {
    for url in urls() {
        assert_eq!(pass("async_infer", &["-u", &url], "Async Infer"), "8 calls back, 8 waited for\n");
        assert_eq!(pass("async_queue", &["-u", &url], "Async Queue"), "100 calls, 8 in flight\n");
    }
    for url in both(fault::refused_address()) {
        for example in ["async_infer", "async_queue"] {
            let refused = fail_to_run(example, &["-u", &url]);
            assert!(refused.contains("refused"), "{refused}");
        }
    }
}

/// A server with TLS at its gRPC port that requires a client certificate, and the files for its clients.
pub(crate) fn secure_server() -> (OwnServer, certificates::Folder) {
    let files = certificates::certificates().folder();
    let file = |name| files.path(name);
    let args = format!(
        "--grpc-use-ssl=true --grpc-server-cert={} --grpc-server-key={} --grpc-use-ssl-mutual=true \
         --grpc-root-cert={}",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    );
    (OwnServer::start("simple", &args), files)
}

#[test]
fn the_example_of_tls_has_upstreams_flags_for_tls_and_compression() {
    if is_embedded() {
        return;
    }
    let (server, files) = secure_server();
    let [ca, certificate, key] = ["ca.pem", "client.pem", "client.key"].map(|name| files.path(name));
    let http = ["--ca-certs", &ca, "--cert-file", &certificate, "--key-file", &key];
    let url = format!("grpcs://{}", server.grpc);
    let printed = pass("secure_infer", &[&["-u", &url], &http[..]].concat(), "Secure Infer");
    assert!(printed.ends_with("15 + 1 = 16\n15 - 1 = 14\n"), "{printed}");

    // As upstream's example of gRPC is called, whose URL has no scheme.
    let grpc =
        ["--ssl", "--root-certificates", &ca, "--certificate-chain", &certificate, "--private-key", &key];
    pass(
        "secure_infer",
        &[&["-u", &server.grpc, "-C", "gzip", "-t", "50000000"], &grpc[..]].concat(),
        "Secure Infer",
    );
    let stranger = files.path("other-ca.pem");
    let flags = ["-u", &url, "--ca-certs", &stranger, "--verify-peer", "0", "--verify-host", "0"];
    pass("secure_infer", &[&flags, &http[2..]].concat(), "Secure Infer");

    let refused = fail_to_run("secure_infer", &["-u", &url, "--ca-certs", &ca]);
    assert!(refused.contains("client certificate"), "{refused}");
    let unknown = fail_to_run("secure_infer", &[&["-u", &url, "--ca-certs", &stranger], &http[2..]].concat());
    assert!(unknown.contains("signed by no authority in") && unknown.contains("other-ca.pem"), "{unknown}");
    let missing = fail_to_run("secure_infer", &["-u", &url, "--ca-certs", "/no/such/file"]);
    assert!(missing.contains("/no/such/file"), "{missing}");

    // Without TLS: compression and headers over HTTP.
    let flags = ["-u", &urls()[0], "-i", "gzip", "-o", "deflate", "-H", "x-tenant: blue"];
    pass("secure_infer", &flags, "Secure Infer");
    let invalid = fail_to_run("secure_infer", &["-u", &urls()[0], "-o", "brotli"]);
    assert!(invalid.contains("triton_compression"), "{invalid}");
    assert!(fail_to_run("secure_infer", &["-u"]).starts_with("usage: "));
}

#[test]
fn the_example_of_keepalive_passes_over_both_protocols() {
    for url in urls() {
        let flags = ["-u", &url, "--grpc-keepalive-time", "60000", "--grpc-keepalive-timeout", "1000"];
        assert_eq!(pass("keepalive", &flags, "KeepAlive"), "10 calls\n");
        assert_eq!(pass("keepalive", &["-u", &url, "--tcp-keepalive", "5000"], "KeepAlive"), "10 calls\n");
    }
    let zero = fail_to_run("keepalive", &["-u", &urls()[1], "--grpc-keepalive-time", "0"]);
    assert!(zero.contains("greater than 0"), "{zero}");
}

#[test]
fn the_examples_of_sequences_interleave_them_by_calls_and_over_a_stream() {
    if is_embedded() {
        return;
    }
    let _streams = other_streams();
    let [http, grpc] = urls();
    // Sequence ids follow from the offset, and no other test uses these.
    for (example, first_id, urls, name) in [
        ("sequence_sync_infer", 1300, &[&http, &grpc][..], "Sequence"),
        ("sequence_stream_infer", 2300, &[&grpc][..], "Sequence Stream"),
    ] {
        for url in urls {
            let args = ["-u", url, "-o", "100"];
            let lines: Vec<String> = [0, 11, 7, 5, 3, 2, 0, 1]
                .into_iter()
                .enumerate()
                .map(|(i, value)| (i, value + i32::from(i == 0), -value + i32::from(i == 0)))
                .map(|(i, value, negated)| format!("[{i}] {value} : {negated} : {value}\n"))
                .collect();
            assert_eq!(pass(example, &args, name), lines.concat());

            let printed = pass(example, &[&args[..], &["-d"]].concat(), name);
            let last = printed.lines().last().unwrap();
            let (a, b, c) = (first_id + 1, first_id, first_id + 31);
            assert_eq!(last, format!("[7] {a} : {b} : {c}"), "{printed}");
        }
    }
    let timeout = fail_to_run("sequence_stream_infer", &["-u", &grpc, "-o", "101", "-t", "1"]);
    assert!(timeout.contains("deadline exceeded"), "{timeout}");
    let refused = fail_to_run("sequence_stream_infer", &["-u", &http]);
    assert!(refused.contains("over gRPC only"), "{refused}");
}

#[test]
fn the_example_of_a_decoupled_model_has_none_one_and_many_responses() {
    if is_embedded() {
        return;
    }
    let _streams = decoupled_streams();
    let [http, grpc] = urls();
    for (requests, repeats) in [("0", "1"), ("1", "0"), ("1", "1"), ("4", "3"), ("2", "100")] {
        let args = ["-u", &grpc, "-r", requests, "-s", repeats, "-o", "0", "-d", "1", "-w", "0"];
        let printed = pass("custom_repeat", &args, "Custom Repeat");
        let mut lines: Vec<_> = printed.lines().map(str::to_owned).collect();
        let (requests, repeats) = (requests.parse::<usize>().unwrap(), repeats.parse::<usize>().unwrap());
        let expected =
            (0..requests).flat_map(|r| (0..repeats).map(move |value| format!("request {r}: {value}")));
        lines.sort_by_key(|line| line.split(':').next().unwrap().to_owned());
        assert!(lines.into_iter().eq(expected), "{printed}");
    }
    let refused = fail_to_run("custom_repeat", &["-u", &http]);
    assert!(refused.contains("over gRPC only"), "{refused}");
}

#[test]
fn the_contract_holds_over_both_protocols() {
    let program = compile("tests/c/contract.c", "contract");
    for url in urls() {
        succeed(&program, &[&url]);
    }
}

#[test]
fn all_that_a_request_can_say_can_be_said_in_c() {
    if is_embedded() {
        return;
    }
    let program = compile("tests/c/requests.c", "requests");
    for url in urls() {
        succeed(&program, &[&url]);
    }
}

#[test]
fn all_that_a_server_can_be_asked_can_be_asked_in_c() {
    if is_embedded() {
        return;
    }
    let program = compile("tests/c/control.c", "control");
    let name = format!("c_control_{}", std::process::id());
    for url in urls() {
        succeed(&program, &[&url, &server().metrics, &name]);
    }
}

/// Asynchronous calls in C: the contract of callbacks, waits, queues and tokens, the end of a client, and
/// forks.
#[test]
fn each_asynchronous_call_completes_once_as_the_header_says_in_forked_processes_too() {
    if is_embedded() {
        return;
    }
    let program = compile_as("c99", "tests/c/async_calls.c", "async_calls", &["-Wconversion"]);
    for url in urls() {
        succeed(&program, &[&url, "1000", "200"]);
        succeed_under_valgrind(&program, &[&url, "200", "3"]);
    }
}

/// Streams in C, of each kind of model: their events, their ends, what a callback may do, and forks.
#[test]
fn each_stream_reports_its_events_and_its_end_as_the_header_says_in_forked_processes_too() {
    if is_embedded() {
        return;
    }
    let program = compile_as("c99", "tests/c/streams.c", "streams", &["-Wconversion"]);
    let [http, grpc] = urls();
    for kind in ["decoupled", "other"] {
        let _streams = if kind == "other" { other_streams() } else { decoupled_streams() };
        succeed(&program, &[&grpc, &http, kind]);
        succeed_under_valgrind(&program, &[&grpc, &http, kind]);
    }
}

#[test]
fn nothing_leaks_and_nothing_is_read_that_was_not_written() {
    let refused = format!("grpc://{}", fault::refused_address());
    let fail = compile("tests/c/fail.c", "valgrind_fail");
    let mut runs: Vec<(PathBuf, Vec<String>)> =
        vec![(fail, [&refused, "5000000", "data", "2", "64"].map(str::to_owned).to_vec())];
    let everywhere = [
        "c_examples/infer",
        "c_examples/simple_infer",
        "c_examples/simple_string_infer",
        "c_examples/health_metadata",
        "tests/c/contract",
        "tests/c/buffers",
    ];
    // Their models are the real server's.
    let real = ["tests/c/requests", "tests/c/control", "c_examples/model_control"];
    for source in everywhere.into_iter().chain(real.into_iter().filter(|_| !is_embedded())) {
        let program = compile(&format!("{source}.c"), &format!("valgrind_{}", source.replace('/', "_")));
        for url in urls() {
            let args: Vec<&str> = match source {
                "tests/c/control" => vec![&url, &server().metrics, "c_valgrind"],
                // Not the one that the other test of it unloads.
                "c_examples/model_control" => vec!["-u", &url, "-m", "simple_ensemble"],
                _ if source.contains("simple") || source.contains("health") => vec!["-u", &url],
                _ => vec![&url],
            };
            runs.push((program.clone(), args.into_iter().map(str::to_owned).collect()));
        }
    }
    for (program, args) in runs {
        succeed_under_valgrind(&program, &args.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// Status, origin, retryable, in doubt, HTTP status and request id as tests/c/fail.c prints them, and the
/// message.
fn failure(
    program: &Path,
    url: &str,
    timeout_us: &str,
    case: &str,
    repeat: &str,
    bytes: &str,
) -> (String, String) {
    let printed = succeed(program, &[url, timeout_us, case, repeat, bytes]);
    let (codes, message) = printed.split_once('\n').unwrap();
    (codes.to_owned(), message.trim().to_owned())
}

fn both(address: SocketAddr) -> [String; 2] {
    [format!("http://{address}"), format!("grpc://{address}")]
}

#[test]
fn every_kind_of_failure_has_its_status_and_names_its_cause_in_c() {
    let program = compile("tests/c/fail.c", "fail");
    let fail = |url: &str, timeout_us: &str, case: &str| failure(&program, url, timeout_us, case, "1", "64");
    let expect = |(codes, message): (String, String), start: &str, hint: &str| {
        assert!(codes.starts_with(start), "{codes} is not {start}: {message}");
        assert!(message.contains(hint), "'{hint}' is not in {message}");
    };
    for url in urls() {
        let http = if url.starts_with("http") { ["404", "400"] } else { ["0", "0"] };
        expect(fail(&url, "5000000", "unknown"), &format!("NOT_FOUND 4 0 0 {} 'id-1'", http[0]), "'no_such'");
        expect(fail(&url, "5000000", "shape"), &format!("INVALID_ARGUMENT 4 0 0 {}", http[1]), "INPUT");
        expect(fail(&url, "5000000", "count"), "INVALID_ARGUMENT 1 0 0 0", "got 64 bytes");
    }
    for url in both(fault::refused_address()) {
        expect(fail(&url, "5000000", "data"), "UNAVAILABLE 3 1 0 0", "refused");
        expect(fail(&url, "5000000", "live"), "UNAVAILABLE 3 1 0 0", "refused");
    }
    for scheme in ["http", "grpc"] {
        let url = format!("{scheme}://no-such-host.invalid");
        expect(fail(&url, "30000000", "data"), "UNAVAILABLE 3 1 0 0", "no-such-host.invalid");
    }
    let silent = fault::silent();
    for url in both(silent.address()) {
        let start = Instant::now();
        expect(fail(&url, "200000", "data"), "DEADLINE_EXCEEDED 2 1", "200ms");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    let page = b"<html>no gateway</html>";
    let proxy = fault::Http::start(|_| {
        fault::Response::Bytes(fault::response(503, &[("Content-Type", "text/html")], page))
    });
    expect(
        fail(&format!("http://{}", proxy.address()), "5000000", "data"),
        "UNAVAILABLE 4 1 1 503",
        "no gateway",
    );
    let proxy = fault::Grpc::start(|_, _| fault::GrpcResponse::HttpError {
        status: 503,
        content_type: "text/html".to_owned(),
        body: page.to_vec(),
    });
    expect(
        fail(&format!("grpc://{}", proxy.address()), "5000000", "data"),
        "UNAVAILABLE 4 1 1 503",
        "no gateway",
    );
}

#[test]
fn a_server_that_closes_never_kills_the_host_by_sigpipe() {
    let program = compile("tests/c/fail.c", "sigpipe");
    let closing = fault::closing();
    for url in both(closing.address()) {
        let (codes, message) = failure(&program, &url, "10000000", "data", "30", "8000000");
        assert!(codes.starts_with("UNAVAILABLE 3"), "{codes}: {message}");
    }
}

#[test]
fn closing_the_library_or_ending_the_process_with_a_call_in_flight_is_harmless() {
    let program = compile("tests/c/unload.c", "unload");
    let silent = fault::silent();
    for url in both(silent.address()) {
        for how in ["close", "exit"] {
            succeed(&program, &[library().to_str().unwrap(), &url, how]);
        }
    }
}

/// A C expression that is good for a parameter of this type, in the program that `null_in_turn` writes.
fn good(kind: &str, name: &str) -> String {
    match kind {
        "const char *" => "\"x\"".to_owned(),
        "triton_error **" => "&error".to_owned(),
        "bool *" => "&flag".to_owned(),
        "size_t *" => "&count".to_owned(),
        "const void **" => "&data".to_owned(),
        "const triton_bytes **" => "&strings".to_owned(),
        "triton_call_times *" => "&times".to_owned(),
        "triton_client_statistics *" => "&statistics".to_owned(),
        "triton_connection_counts *" => "&counts".to_owned(),
        "triton_bytes *" => "words_out".to_owned(),
        "triton_class *" => "&class".to_owned(),
        "uint64_t *" => "&number".to_owned(),
        "uint16_t *" => "halves".to_owned(),
        "const uint16_t *" => "halves".to_owned(),
        "float *" | "const float *" => "floats".to_owned(),
        "bool" => "false".to_owned(),
        "uint32_t" | "int64_t" | "double" | "triton_compression" => "0".to_owned(),
        "const int64_t *" => "shape".to_owned(),
        "const void *" => "shape".to_owned(),
        "const triton_bytes *" => "words".to_owned(),
        "void *" => "NULL".to_owned(),
        "triton_log_callback" => "hear".to_owned(),
        "triton_header_callback" => "add_headers".to_owned(),
        "triton_generate_callback" => "hear_event".to_owned(),
        "triton_infer_callback" | "triton_stream_callback" => "NULL".to_owned(),
        "triton_infer_many_callback" => "hear_many".to_owned(),
        "const triton_infer_request *const *" => "requests".to_owned(),
        "const triton_call_options *const *" => "NULL".to_owned(),
        "int *" => "&descriptor".to_owned(),
        "const char *const *" => "texts".to_owned(),
        "double *" => "&real".to_owned(),
        "triton_serving_status *" => "&serving".to_owned(),
        "triton_duration_kind" | "triton_load_report_format" => "0".to_owned(),
        "triton_finalizer" => "NULL".to_owned(),
        "size_t" if name == "input" || name == "index" || name == "options_count" => "0".to_owned(),
        "size_t" | "uint64_t" => "1".to_owned(),
        "triton_datatype" => "TRITON_DATATYPE_UINT8".to_owned(),
        "triton_log_level" => "TRITON_LOG_INFO".to_owned(),
        "triton_tls_version" => "TRITON_TLS_1_2".to_owned(),
        "triton_status" => "TRITON_STATUS_OK".to_owned(),
        _ if kind.ends_with("**") => format!("({kind})&out"),
        _ => kind.trim_start_matches("const ").trim_end_matches('*').trim().to_owned() + "_good",
    }
}

/// A function's name and its parameters (type, name).
type Declaration = (String, Vec<(String, String)>);

/// Each function of the header.
fn declarations() -> Vec<Declaration> {
    let functions = crate::abi::declarations().functions;
    functions.into_iter().map(|function| (function.name, function.parameters)).collect()
}

#[test]
fn null_in_turn_for_every_pointer_is_refused_by_name_or_harmless() {
    /// For these NULL has a meaning.
    const NULLABLE: [&str; 17] = [
        "error_out",
        "options",
        "call_options",
        "encodings",
        "path",
        "content_type",
        "model_version",
        "id",
        "finalizer",
        "user_data",
        "rank_out",
        "index_out",
        "offset_out",
        "json_byte_size_out",
        "callback",
        "repository_options",
        "service",
    ];
    /// In these functions NULL stands for all models, all regions, all repositories, restores the default, or
    /// removes a name.
    const ALL: [(&str, &str); 38] = [
        ("triton_call_options_set_bearer_token", "token"),
        ("triton_client_options_set_authority", "authority"),
        ("triton_client_options_set_header_callback", "callback"),
        ("triton_client_options_set_tls_server_name", "name"),
        ("triton_client_options_set_user_agent", "text"),
        ("triton_client_options_set_metrics_url", "url"),
        ("triton_client_options_set_grpc_service_name", "name"),
        ("triton_client_options_set_log_callback", "callback"),
        ("triton_call_options_add_header", "value"),
        ("triton_call_options_add_restricted_key", "value"),
        ("triton_call_options_add_query_parameter", "value"),
        ("triton_call_options_set_http_json_size_header", "name"),
        ("triton_client_wait_ready", "model_name"),
        ("triton_client_model_statistics", "model_name"),
        ("triton_client_trace_settings", "model_name"),
        ("triton_client_update_trace_settings", "model_name"),
        ("triton_client_system_shared_memory_status", "name"),
        ("triton_client_cuda_shared_memory_status", "name"),
        ("triton_repository_options_set_repository_name", "name"),
        // Here the value is not the purpose of the call, or NULL undoes the setter.
        ("triton_infer_result_output_as", "count_out"),
        ("triton_infer_result_output_strings", "count_out"),
        ("triton_infer_output_elements", "count_out"),
        ("triton_infer_output_strings", "count_out"),
        ("triton_bytes_parse", "count_out"),
        ("triton_bytes_serialize", "byte_size_out"),
        ("triton_infer_request_input_set_shared_memory", "region"),
        ("triton_infer_request_input_set_json_text", "json"),
        ("triton_infer_request_output_set_shared_memory", "region"),
        ("triton_parameters_set_string", "value"),
        ("triton_repository_options_set_config", "json"),
        ("triton_settings_update_set_string", "value"),
        ("triton_client_update_trace_settings", "settings_out"),
        ("triton_client_update_log_settings", "settings_out"),
        ("triton_call_options_set_cancel_token", "token"),
        ("triton_client_infer_async", "callback"),
        ("triton_client_infer_async", "call_out"),
        ("triton_client_infer_async_queue", "call_out"),
        ("triton_stream_open", "callback"),
    ];
    let mut calls = String::new();
    // The headers of a call are valid during the callback.
    let mut calls_in_callback = String::new();
    let mut count = 0;
    for (name, parameters) in declarations() {
        let is_for_callback = name.starts_with("triton_call_headers_");
        let calls = if is_for_callback { &mut calls_in_callback } else { &mut calls };
        let is_status = parameters.iter().any(|(_, name)| name == "error_out");
        for (turn, (kind, parameter)) in parameters.iter().enumerate() {
            if !(kind.ends_with('*') || kind.ends_with("_callback")) {
                continue;
            }
            let is_new_client = name == "triton_client_new" && parameter == "url";
            let nullable = NULLABLE.contains(&parameter.as_str()) && !parameter.starts_with("callback")
                || ALL.contains(&(&name, parameter));
            let own_options =
                parameter == "options" && kind.contains("options *") && !kind.starts_with("const");
            let args: Vec<String> = parameters
                .iter()
                .enumerate()
                .map(|(at, (kind, name))| if at == turn { "NULL".to_owned() } else { good(kind, name) })
                .collect();
            let call = format!("{name}({})", args.join(", "));
            if !is_status {
                // Everything of that kind takes NULL, and a _free must not get what is still needed.
                let is_free = name.ends_with("_free") && turn != 0;
                if !is_free {
                    *calls += &format!("    (void){call};\n");
                    count += 1;
                }
            } else if !nullable || own_options || is_new_client {
                *calls += &format!("    refused({call}, \"{name}\", \"{parameter}\");\n");
                count += 1;
            }
        }
    }
    assert!(count > 200, "only {count} pointers were found");
    let handles =
        declarations().into_iter().flat_map(|(_, parameters)| parameters).filter_map(|(kind, name)| {
            let good = good(&kind, &name);
            good.strip_suffix("_good").map(str::to_owned)
        });
    let handles: std::collections::BTreeSet<String> = handles.collect();
    let unused: String = handles.iter().map(|kind| format!("    (void){kind}_good;\n")).collect();
    let globals: String =
        handles.iter().map(|kind| format!("static {kind} *{kind}_good = NULL;\n")).collect();
    let program = format!(
        r#"#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>
static triton_error *error = NULL;
static bool flag; static size_t count; static const void *data; static const triton_bytes *strings; static void *out;
static triton_call_times times = {{sizeof times, 0, 0, 0, 0, 0}};
static triton_client_statistics statistics = {{sizeof statistics, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
static triton_connection_counts counts = {{sizeof counts, 0, 0, 0, 0, 0, 0, 0, 0}};
static triton_bytes words_out[1]; static triton_class class; static uint64_t number;
static double real; static triton_serving_status serving; static const char *const texts[] = {{"x"}};
static uint16_t halves[1]; static float floats[1]; static int descriptor;
static const triton_infer_request *requests[1];
static const int64_t shape[] = {{1}};
static const triton_bytes words[] = {{{{"w", 1}}}};
static void hear(triton_log_level level, const char *target, const char *message, void *user_data) {{
    (void)level; (void)target; (void)message; (void)user_data;
}}
{globals}
static void refused(triton_status status, const char *function, const char *parameter) {{
    if (status != TRITON_STATUS_INVALID_ARGUMENT || strstr(triton_error_message(error), parameter) == NULL) {{
        fprintf(stderr, "%s, %s: %d %s\n", function, parameter, (int)status, triton_error_message(error));
        exit(1);
    }}
    triton_error_free(error);
    error = NULL;
}}
static void hear_many(triton_infer_result *const *results, triton_error *const *errors, size_t count, void *user_data) {{
    (void)results; (void)errors; (void)count; (void)user_data;
}}
static int hear_event(const char *json, size_t byte_size, void *user_data) {{
    (void)json; (void)byte_size; (void)user_data;
    return 0;
}}
static triton_status add_headers(triton_call_headers *headers, void *user_data) {{
    triton_call_headers_good = headers;
    *(int *)user_data += 1;
{calls_in_callback}    return TRITON_STATUS_OK;
}}
static void call_with_headers(const char *url) {{
    int callbacks = 0;
    triton_client_options *options = NULL;
    triton_client *client = NULL;
    if (triton_client_options_new(&options, &error)
        || triton_client_options_set_header_callback(options, add_headers, &callbacks, NULL, &error)
        || triton_client_new(url, options, &client, &error)
        || triton_client_check_server_live(client, NULL, &flag, &error)) exit(1);
    triton_client_options_free(options);
    triton_client_free(client);
    if (callbacks != 1) exit(1);
}}
int main(int argc, char **argv) {{
    const int64_t two[] = {{1, 16}};
    const int32_t zeros[16] = {{0}};
    (void)argc; (void)hear; (void)hear_event; (void)hear_many; (void)requests; (void)descriptor; (void)texts; (void)real; (void)serving;
{unused}    (void)words; (void)times; (void)strings; (void)statistics; (void)counts; (void)words_out; (void)class; (void)number; (void)halves; (void)floats; (void)flag; (void)count; (void)data; (void)out;
    if (triton_client_new(argv[1], NULL, &triton_client_good, &error)
        || triton_infer_request_new("simple", &triton_infer_request_good, &error)
        || triton_infer_request_add_input_data(triton_infer_request_good, "INPUT0", TRITON_DATATYPE_INT32, two, 2, zeros, 64, NULL, &error)
        || triton_infer_request_add_input_data(triton_infer_request_good, "INPUT1", TRITON_DATATYPE_INT32, two, 2, zeros, 64, NULL, &error)
        || triton_client_infer(triton_client_good, triton_infer_request_good, NULL, &triton_infer_result_good, &error)
        || triton_call_options_new(&triton_call_options_good, &error)
        || triton_client_options_new(&triton_client_options_good, &error)
        || triton_repository_options_new(&triton_repository_options_good, &error)
        || triton_settings_update_new(&triton_settings_update_good, &error)
        || triton_cancel_token_new(&triton_cancel_token_good, &error)
        || triton_completion_queue_new(&triton_completion_queue_good, &error)
        || triton_client_infer_async(triton_client_good, triton_infer_request_good, NULL, NULL, NULL, &triton_call_good, &error)
        || triton_call_wait(triton_call_good, TRITON_NO_TIMEOUT, &error)
        || triton_stream_options_new(&triton_stream_options_good, &error)
        || triton_stream_open(triton_client_good, NULL, NULL, NULL, &triton_stream_good, &error)) return 1;
    requests[0] = triton_infer_request_good;
    triton_parameters_good = triton_infer_request_parameters(triton_infer_request_good);
{calls}    call_with_headers(argv[1]);
    triton_client_free(triton_client_good);
    triton_infer_result_free(triton_infer_result_good);
    triton_infer_request_free(triton_infer_request_good);
    triton_call_options_free(triton_call_options_good);
    triton_client_options_free(triton_client_options_good);
    triton_repository_options_free(triton_repository_options_good);
    triton_settings_update_free(triton_settings_update_good);
    triton_cancel_token_free(triton_cancel_token_good);
    triton_completion_queue_free(triton_completion_queue_good);
    triton_call_free(triton_call_good);
    triton_stream_options_free(triton_stream_options_good);
    triton_stream_free(triton_stream_good);
    return 0;
}}
"#
    );
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("null.c");
    fs::write(&source, program).unwrap();
    let program = compile(source.to_str().unwrap(), "null");
    // Streams are gRPC's.
    succeed(&program, &[&urls()[1]]);
}

#[test]
fn the_embedded_server_is_used_only_where_it_was_asked_for() {
    assert_eq!(is_embedded(), std::env::var_os("TRITON_TESTS").is_some());
}
