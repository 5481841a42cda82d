#!/bin/bash
# Runs the suite and tests/newest.rs with the HTTP, gRPC and metrics frontends of Triton 2.73 (README.md),
# without the tests below, which need what these frontends lack.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
tests/newest/setup.sh || status=$?
if [ "$status" = 3 ]; then
    echo "0 tests used Triton's newest frontends, which cannot run here."
    exit 0
fi
[ "$status" = 0 ] || exit "$status"
site=(tests/newest/.server/frontends/tritonfrontend-*.dist-info)
version=${site[0]##*/tritonfrontend-} version=${version%.dist-info}
tests/compatible.sh "Triton's frontends" "$version"

left_out=$(sed 's/ *#.*//' <<'TESTS'
requests::inputs_and_outputs_in_shared_memory # shared memory: unsupported by in-process frontends
server_errors::shared_memory_that_is_missing_or_too_small_is_refused
shared_memory::a_region_is_registered_listed_and_unregistered_by_its_name
shared_memory::memory_that_is_missing_or_too_small_is_refused_by_the_server
shared_memory::cuda_regions_are_listed_and_refused_without_a_gpu
shared_memory::all_regions_are_unregistered_by_a_method_of_its_own
programs::all_that_a_request_can_say_can_be_said_in_c
settings::trace_settings_are_read_changed_and_cleared_for_the_server_and_for_a_model # settings: unsupported too
settings::log_settings_are_read_and_changed_with_the_kinds_that_they_have
programs::all_that_a_server_can_be_asked_can_be_asked_in_c
misuses::bad_enum_numbers_are_refused_getters_end_and_out_parameters_are_overwritten_in_every_function
misuses::the_examples_of_the_header_run_and_leave_nothing_behind
programs::nothing_leaks_and_nothing_is_read_that_was_not_written
compressed_grpc::the_real_servers_compressed_responses_are_read # options of tritonserver
repository::an_index_lists_all_models_or_only_those_that_are_ready
control_wire::restricted_endpoints_open_to_the_key_of_the_call_or_of_the_client
repository::a_strict_server_is_not_ready_during_an_unload_and_after_a_failed_load
server_errors::a_restricted_endpoint_accepts_its_key_alone
stopping::every_call_to_a_stopping_server_ends_soon_with_the_cause # in-process frontends stop when their program does
TESTS
)

export TRITON_TEST_NEWEST=1
cargo test --test suite --test newest --no-run
# A renamed test would not be skipped.
known=$(cargo test --quiet --test suite -- --list | sed -n 's/: test$//p')
skip=()
for name in $left_out; do
    grep -qxF "$name" <<< "$known" || { echo "run.sh: unknown test '$name'" >&2; exit 1; }
    skip+=(--skip "$name")
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
TRITON_TEST_REAL_LOG=$log tests/triton/with-server.sh cargo test --no-fail-fast --test newest --test suite -- "${skip[@]}"
echo "$(sort -u "$log" | wc -l) tests of the suite used the frontends of Triton $version. $((${#skip[@]} / 2)) were skipped:"
printf "    %s\n" $left_out
