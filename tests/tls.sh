#!/bin/bash
# tls.sh [--all]: runs the tests of servers that misbehave once more, with TLS before each of these servers
# (tests/support/tls.rs): the library is to notice every fault through TLS as it does without.
# --all: also the modules whose tests are about the contents of a response, whatever carried it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

modules=(cancellation compressed_grpc deadlines grpc_wire http_wire lending misbehaving misbehaving_grpc
    misbehaving_http odd_responses pool shared_connections stream_faults)
[ "${1:-}" != --all ] ||
    modules+=(bounds control_wire errors generate http_meaning other_servers requests responses values)

left_out=(
    # They use the real server, without TLS: tests/proxies/tls.rs puts TLS before it.
    cancellation::a_cancel_over_grpc_reaches_the_real_server_for_its_own_request_only
    cancellation::a_cancelled_stream_reaches_the_real_server_for_its_own_requests_only
    cancellation::no_later_call_fails_because_of_a_cancel
    compressed_grpc::the_real_servers_compressed_responses_are_read
    control_wire::restricted_endpoints_open_to_the_key_of_the_call_or_of_the_client
    deadlines::a_deadline_that_the_server_reports_is_the_clients_own_error
    deadlines::a_timeout_has_the_same_origin_whether_the_client_or_the_server_reports_it
    generate::a_text_model_responds_at_once_and_event_by_event
    generate::errors_of_a_model_and_of_the_server_are_errors_of_the_call
    http_meaning::an_http_client_on_the_servers_grpc_port_is_referred_to_the_grpc_scheme
    http_meaning::readiness_fails_under_a_wrong_base_path_of_triton
    http_meaning::triton_accepts_identity_and_compresses_on_request
    misbehaving_grpc::a_grpc_client_on_the_servers_http_or_metrics_port_is_asked_whether_it_is_that_port
    requests::a_request_is_checked_against_a_model_s_metadata
    requests::grpc_rejects_what_it_cannot_express
    requests::inputs_and_outputs_in_shared_memory
    shared_connections::a_hundred_calls_complete_beside_one_that_meets_its_deadline_and_two_thousand_that_are_cancelled
    values::models_whose_names_need_escaping_in_a_url_are_found_over_grpc_only
    # They script raw sockets or queues of connections, on which no handshake takes place.
    cancellation::a_call_is_cancelled_between_its_two_attempts
    misbehaving_grpc::a_first_attempt_in_doubt_leaves_the_call_in_doubt
    # They make no connection.
    errors::every_form_of_url_is_accepted_or_rejected_as_documented
    misbehaving::a_request_of_3_gib_is_refused_before_a_connection_is_opened
    # They wait longer for the real time than for a server.
    deadlines::a_long_deadline_is_as_accurate_as_a_short_one
)

certificates=$(mktemp -d "${TMPDIR:-/tmp}/triton-certificates.XXXXXX")
trap 'rm -rf "$certificates"' EXIT
cargo run --quiet --example certificates "$certificates"
cargo test --quiet --no-run --test suite
known=$(cargo test --quiet --test suite -- --list | sed -n 's/: test$//p')
for name in "${left_out[@]}"; do
    grep -qxF -- "$name" <<< "$known" || { echo "tls.sh: unknown test '$name'" >&2; exit 1; }
done
tests=()
for module in "${modules[@]}"; do
    named=$(grep "^$module::" <<< "$known" | grep -vxF -f <(printf '%s\n' "${left_out[@]}")) ||
        { echo "tls.sh: no test in module '$module'" >&2; exit 1; }
    mapfile -t -O "${#tests[@]}" tests <<< "$named"
done
echo "${#tests[@]} tests with TLS before their servers: ${modules[*]}"
SSL_CERT_FILE=$certificates/ca.pem TRITON_TEST_TLS=$certificates \
    cargo test --quiet --test suite -- --exact --test-threads=4 "${tests[@]}"
