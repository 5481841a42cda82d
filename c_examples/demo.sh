#!/bin/bash
# demo.sh LIBRARY_FOLDER: compiles the examples with cc and runs them over both protocols, on a real Triton server if one can
# run here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
library=$(cd "$1" && pwd)

# Called again by with-server.sh, with the server's addresses in the environment.
if [ -n "${TRITON_TEST_HTTP:-}" ]; then
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    demo() { # demo PROGRAM OPTIONS...
        local program=$1
        shift
        [ -e "$build/$program" ] || cc -std=c99 -Wall -Wextra -I"$top/include" "$here/$program.c" \
            -o "$build/$program" -L"$library" -ltriton_client -Wl,-rpath,"$library"
        echo "--- $program $*"
        "$build/$program" "$@"
    }
    if [ -n "${TLS:-}" ]; then # the folder of the certificates
        grpc=grpcs://localhost:${TRITON_TEST_GRPC##*:}
        demo secure_infer -u "$grpc" --ca-certs "$TLS/ca.pem" --cert-file "$TLS/client.pem" --key-file "$TLS/client.key" -C gzip
        exit 0
    fi
    http=http://$TRITON_TEST_HTTP grpc=grpc://$TRITON_TEST_GRPC
    demo keepalive -u "$http"
    demo keepalive -u "$grpc" --grpc-keepalive-time 10000
    demo secure_infer -u "$http" -i gzip -o gzip
    for program in simple_infer simple_string_infer health_metadata model_control async_infer async_queue; do
        demo "$program" -u "$http"
        demo "$program" -u "$grpc"
    done
    [ -n "${TRITON_TEST_METRICS:-}" ] || exit 0 # the embedded server has no models with sequences or many responses
    for options in "" -d; do
        # shellcheck disable=SC2086 # an option or none
        demo sequence_sync_infer -u "$http" $options
        # shellcheck disable=SC2086
        demo sequence_sync_infer -u "$grpc" $options
        # shellcheck disable=SC2086
        demo sequence_stream_infer -u "$grpc" $options
    done
    demo custom_repeat -u "$grpc" -r 2 -s 3
    exit 0
fi

status=0
"$top/tests/triton/setup.sh" || status=$?
case $status in
    0) MODELS="simple simple_string simple_sequence simple_dyna_sequence simple_string_dyna_sequence repeat_int32" \
            "$top/tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$library"
        # The same server with mutual TLS, with the certificates of docs/security.md.
        TLS=$(mktemp -d)
        trap 'rm -rf "$TLS"' EXIT
        export TLS
        (cd "$TLS" && awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$top/docs/security.md" | bash -e 2> log) \
            || { cat "$TLS/log" >&2; exit 1; }
        flags="--grpc-use-ssl=true --grpc-server-cert=$TLS/server.pem --grpc-server-key=$TLS/server.key"
        flags+=" --grpc-use-ssl-mutual=true --grpc-root-cert=$TLS/ca.pem"
        MODELS=simple TRITON_ARGS=$flags "$top/tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$library"
        echo "The programs ran over both protocols, on a real Triton server." ;;
    3)
        echo "A real Triton server cannot run here: the embedded server replaces it."
        (cd "$top" && cargo build --release --example embedded_server)
        coproc SERVER { "$library/examples/embedded_server"; }
        read -r _ http _ grpc <&"${SERVER[0]}"
        TRITON_TEST_HTTP=$http TRITON_TEST_GRPC=$grpc "${BASH_SOURCE[0]}" "$library"
        exec {SERVER[1]}>&- # it ends with its standard input
        echo "The programs ran over both protocols, on the embedded server, not on a real Triton server." ;;
    *) exit "$status" ;;
esac
