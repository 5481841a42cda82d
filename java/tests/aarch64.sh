#!/bin/bash
# aarch64.sh JAR: runs the first example with the library for aarch64, under an emulator, on a real Triton server, which
# with-server.sh starts.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jar=$(realpath "$1")

if [ -z "${TRITON_TEST_HTTP:-}" ]; then
    "$here/../../tests/packages.sh" qemu-aarch64:qemu-user javac:openjdk-17-jdk-headless
    [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] || "$here/../../tests/packages.sh" no-such-command:libc6-arm64-cross
    MODELS=simple exec "$here/../../tests/triton/with-server.sh" "${BASH_SOURCE[0]}" "$jar"
fi
home=$("$here/jdk.sh" 25 aarch64)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
javac --release 11 -cp "$jar" -d "$work" "$here/../examples/SimpleInferClient.java"
java=(qemu-aarch64 -L /usr/aarch64-linux-gnu "$home/bin/java" --enable-native-access=ALL-UNNAMED "-Djava.io.tmpdir=$work")
"${java[@]}" -XshowSettings:properties -version 2>&1 | grep 'os\.arch = aarch64'
for url in "http://$TRITON_TEST_HTTP" "grpc://$TRITON_TEST_GRPC"; do
    "${java[@]}" -cp "$jar:$work" SimpleInferClient "$url" | grep -x '16 + 16 = 32'
done
echo "The library for aarch64 ran under an emulator, over both protocols."
