#!/bin/bash
# Runs every test beside a real Triton server, and says how many tests talked to it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

status=0
tests/triton/setup.sh || status=$?
if [ "$status" = 3 ]; then
    [ "${TRITON_TESTS:-}" = embedded ] || {
        echo "The tests talk to a real Triton server, which can't run here. TRITON_TESTS=embedded makes do with less." >&2
        exit 1
    }
elif [ "$status" != 0 ]; then
    exit "$status"
fi

if [ "${TRITON_TESTS:-}" = embedded ]; then
    cargo test
    skipped=$(cat tests/suite/*.rs | grep -c 'if is_embedded() {')
    echo "0 tests talked to a real Triton server: the embedded one stood in for it."
    echo "The tests behind proxies did not run, for they need the real server."
    echo "$skipped tests did not run, for it lacks the models that they need (is_embedded() in tests/suite)."
    exit 0
fi

# A feature of the shared library, whose allocator leaves no room for the tests' own.
cargo test --quiet --lib --features allocator allocator
log=$(mktemp)
trap 'rm -f "$log"' EXIT
TRITON_TEST_REAL_LOG=$log tests/triton/with-server.sh cargo test
echo "$(sort -u "$log" | wc -l) tests talked to the real Triton server"
tests/proxies/run.sh --short
