#!/bin/bash
# Runs every test with a real Triton server, and prints how many tests used it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

status=0
tests/triton/setup.sh || status=$?
if [ "$status" = 3 ]; then
    [ "${TRITON_TESTS:-}" = embedded ] || {
        echo "The tests need a real Triton server, which cannot run here. TRITON_TESTS=embedded runs those that do not." >&2
        exit 1
    }
elif [ "$status" != 0 ]; then
    exit "$status"
fi

if [ "${TRITON_TESTS:-}" = embedded ]; then
    cargo test
    skipped=$(cat tests/suite/*.rs | grep -c 'if is_embedded() {')
    echo "0 tests used a real Triton server: the embedded one replaced it."
    echo "The tests behind proxies and those of Java did not run: they need the real server."
    echo "$skipped tests did not run: it lacks the models that they need (is_embedded() in tests/suite)."
    exit 0
fi

# Separately: the feature's allocator excludes the one that other tests define.
cargo test --quiet --lib --features allocator allocator
log=$(mktemp)
trap 'rm -f "$log"' EXIT
TRITON_TEST_REAL_LOG=$log tests/triton/with-server.sh cargo test
echo "$(sort -u "$log" | wc -l) tests used the real Triton server"
tests/tls.sh
tests/proxies/run.sh --short
tests/triton/with-server.sh tests/java.sh
