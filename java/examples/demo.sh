#!/bin/bash
# demo.sh JAR: runs the examples from their sources with the packed jar on a real Triton server, over both protocols.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jar=$(realpath "$1")

# Called again by with-server.sh, with the server's addresses in the environment.
if [ -n "${TRITON_TEST_HTTP:-}" ]; then
    options=()
    # From JDK 24 on, the JVM warns without it; before 17 it does not exist.
    [ "$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p')" -lt 17 ] \
        || options+=(--enable-native-access=ALL-UNNAMED)
    demo() { # demo PROGRAM ARGUMENTS...
        echo "--- $*"
        java "${options[@]}" -cp "$jar" "$here/$1.java" "${@:2}"
    }
    if [ -n "${TLS:-}" ]; then # the folder of the certificates
        demo SecureInferClient "grpcs://localhost:${TRITON_TEST_GRPC##*:}" "$TLS/ca.pem" "$TLS/client.pem" "$TLS/client.key"
        exit 0
    fi
    http=http://$TRITON_TEST_HTTP grpc=grpc://$TRITON_TEST_GRPC
    for url in "$http" "$grpc"; do
        for program in Infer SimpleInferClient StringInferClient AsyncInferClient BufferInferClient RetryClient ControlClient \
            SequenceInferClient; do
            demo "$program" "$url"
        done
        demo SimpleInferPerf "$url" 4 200
        demo MemoryGrowthTest "$url" 100
    done
    demo GenerateClient "$http" "http://$TRITON_TEST_METRICS"
    demo StreamInferClient "$grpc"
    exit 0
fi

MODELS="simple simple_string simple_sequence identity_fp32 custom_identity_int32 generator repeat_int32" \
    "$here/../../tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$jar"
# The same server with mutual TLS, with the certificates of docs/security.md.
TLS=$(mktemp -d)
trap 'rm -rf "$TLS"' EXIT
export TLS
(cd "$TLS" && awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$here/../../docs/security.md" | bash -e 2> log) \
    || { cat "$TLS/log" >&2; exit 1; }
flags="--grpc-use-ssl=true --grpc-server-cert=$TLS/server.pem --grpc-server-key=$TLS/server.key"
flags+=" --grpc-use-ssl-mutual=true --grpc-root-cert=$TLS/ca.pem"
MODELS=simple TRITON_ARGS=$flags "$here/../../tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$jar"
echo "The programs ran over both protocols, on a real Triton server."
