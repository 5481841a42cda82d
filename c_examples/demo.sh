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
    for program in simple_infer simple_string_infer health_metadata model_control; do
        cc -std=c99 -Wall -Wextra -I"$top/include" "$here/$program.c" -o "$build/$program" \
            -L"$library" -ltriton_client -Wl,-rpath,"$library"
        for url in "http://$TRITON_TEST_HTTP" "grpc://$TRITON_TEST_GRPC"; do
            echo "--- $program -u $url"
            "$build/$program" -u "$url"
        done
    done
    exit 0
fi

status=0
"$top/tests/triton/setup.sh" || status=$?
case $status in
    0) MODELS="simple simple_string" "$top/tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$library"
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
