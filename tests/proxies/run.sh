#!/bin/bash
# run.sh [--short]: runs the tests of the suite that need a real server, and the target `proxies`, behind each
# proxy that setup.sh could download, and most of them once more over TLS; prints a table of their behaviour.
# --short: fewer tests, with nginx, HAProxy and Envoy only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

all=(envoy nginx haproxy apache caddy varnish nghttpx)
modules=(conformance inference control repository generate statistics server_errors requests values buffers threads
    settings shared_memory asynchronous streams)
# The first starts its own server and does not use the proxy; the second takes long, in the client alone.
left_out=(repository::an_ensemble_is_unloaded_alone_or_with_its_models
    streams::a_slow_callback_loses_no_response_and_delays_no_call_beside_it)
tests=()
# Over TLS: modules of the suite, and tests of the target `proxies` besides those of its module `tls`.
secured=(envoy nginx haproxy apache caddy nghttpx)
secured_modules=("${modules[@]}")
secured_tests=(failures:: load:: streams::)
if [ "${1:-}" = --short ]; then
    all=(envoy nginx haproxy)
    modules=(conformance inference generate control buffers threads asynchronous)
    tests=(closes_the_connection_is_sent_once server_is_killed slower_than_a_proxys_timeout
        finished_stream_ends a_hundred_and_twenty_streams asynchronous_calls_with_64_in_flight)
    export PROXY_CALLS=1000
    secured=(envoy nginx)
    secured_modules=(inference generate asynchronous)
    secured_tests=(closes_the_connection_is_sent_once tensors_of_8_and_40_mib exceeds_a_proxys_default_limit
        while_its_proxy_is_reloaded error_messages_arrive)
fi

if [ -z "${TRITON_TEST_HTTP:-}" ]; then
    tests/packages.sh cc:gcc python3 setpriv:util-linux openssl
    tests/proxies/setup.sh "${all[@]}"
    exec tests/triton/with-server.sh "$0" "$@"
fi

PROXIES=''
for proxy in "${all[@]}"; do
    [ ! -e "tests/proxies/.proxies/$proxy/done" ] || PROXIES+=" $proxy"
done
[ -n "$PROXIES" ] || { echo "tests/proxies: no tests were run, since no proxy could be downloaded"; exit 0; }
# Versions are the distribution's: one that differs from the page's is reported, but is not an error.
declare -A rows=([envoy]=Envoy [nginx]=nginx [haproxy]=HAProxy [apache]='Apache httpd' [caddy]=Caddy [varnish]=Varnish [nghttpx]=nghttpx)
for proxy in $PROXIES; do
    version=$(sed 's/^[0-9]*://; s/[-+~].*//' "tests/proxies/.proxies/$proxy/version")
    tests/compatible.sh "${rows[$proxy]}" "$version" || echo "the entry for $proxy in docs/compatibility.md may not apply to $version"
done
PROXY_ROWS=$(mktemp)
log=$(mktemp)
trap 'rm -f "$PROXY_ROWS" "$log"' EXIT
export PROXIES PROXY_ROWS

status=0
cargo test --quiet --no-run --test suite --test proxies
# A filter without a test would pass silently.
known=$(cargo test --quiet --test suite --test proxies -- --list | sed -n 's/: test$//p')
check() { grep -q "$@" <<< "$known" || { echo "run.sh: unknown test or module '${!#}'" >&2; exit 1; }; }
for name in "${left_out[@]}"; do check -xF -- "$name"; done
for module in "${modules[@]}"; do check -- "^$module::"; done
for name in "${tests[@]}" "${secured_tests[@]}"; do check -F -- "$name"; done
for proxy in $PROXIES; do
    : > "$log"
    echo "the suite behind $proxy: ${modules[*]}"
    [ "$proxy" != varnish ] || echo "gRPC bypasses the proxy: Varnish does not support HTTP/2 to its backends"
    TRITON_TEST_REAL_LOG=$log tests/proxies/with-proxy.sh "$proxy" \
        cargo test --quiet --test suite -- "${left_out[@]/#/--skip=}" "${modules[@]/%/::}" || { status=1; echo "FAILED: the suite behind $proxy" >&2; }
    echo "$(sort -u "$log" | wc -l) tests used the real server through $proxy"
done
cargo test --quiet --test proxies -- --test-threads=2 "${tests[@]}" || status=1

SECURED=''
for proxy in "${secured[@]}"; do
    [[ " $PROXIES " != *" $proxy "* ]] || SECURED+=" $proxy"
done
for proxy in $SECURED; do
    echo "the suite behind $proxy over TLS: ${secured_modules[*]}"
    # shellcheck disable=SC2016 # the variable is with-proxy.sh's
    tests/proxies/with-proxy.sh "$proxy" --tls sh -c 'SSL_CERT_FILE=$TRITON_TEST_TLS_CA exec "$@"' - \
        cargo test --quiet --test suite -- "${left_out[@]/#/--skip=}" "${secured_modules[@]/%/::}" || { status=1; echo "FAILED: the suite behind $proxy over TLS" >&2; }
done
if [ -n "$SECURED" ]; then
    echo "the tests of proxies over TLS:$SECURED"
    PROXIES=$SECURED PROXY_TLS=1 cargo test --quiet --test proxies -- --test-threads=2 "${secured_tests[@]}" || status=1
    # The full run above has these.
    [ "${1:-}" != --short ] || PROXIES=$SECURED cargo test --quiet --test proxies -- --test-threads=2 tls:: || status=1
fi
[ "${1:-}" = --short ] || tests/proxies/recipes.sh || { status=1; echo "FAILED: the recipes of docs/security.md" >&2; }

echo
echo "| proxy | version | protocol | case | seen by the server | outcome | retryable | in doubt | text |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
sort -s -t '|' -k 2,2 -k 4,4 "$PROXY_ROWS"
exit "$status"
