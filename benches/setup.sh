#!/bin/bash
# setup.sh FOLDER: builds the library, the stub server and the workers into FOLDER.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
mkdir -p "$1"
out=$(cd "$1" && pwd)

"$root/tests/packages.sh" cc:gcc c++:g++ curl-config:libcurl4-openssl-dev protoc:protobuf-compiler \
    grpc_cpp_plugin:protobuf-compiler-grpc pkg-config python3 strip:binutils taskset:util-linux
[ -e /usr/include/grpcpp/grpcpp.h ] || "$root/tests/packages.sh" no-such-command:libgrpc++-dev
[ -e /usr/include/google/protobuf/message.h ] || "$root/tests/packages.sh" no-such-command:libprotobuf-dev
python3 -c 'import ensurepip' 2> /dev/null || "$root/tests/packages.sh" no-such-command:python3-venv

# The library separately, and last: built with the examples, its dependencies would have more features than
# with `make install`.
(cd "$root" && cargo build --release --features allocator --example stub --example bench_ureq &&
    cargo build --release --features allocator --lib)
target=${CARGO_TARGET_DIR:-$root/target}/release
cp "$target/examples/stub" "$target/examples/bench_ureq" "$target/libtriton_client.so" "$out/"
strip --strip-unneeded "$out/libtriton_client.so"

[ -x "$out/venv/bin/python" ] || python3 -m venv "$out/venv"
"$out/venv/bin/python" -c 'import tritonclient.http, tritonclient.grpc' 2> /dev/null ||
    "$out/venv/bin/pip" install -q --disable-pip-version-check 'tritonclient[http,grpc]==2.51.0' 'numpy<2'

flags=(-O2 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread)
ours=(-I "$root/include" -L "$out" -ltriton_client -Wl,-rpath,"\$ORIGIN")
cc "${flags[@]}" "$here/workers/floor.c" -o "$out/floor"
cc "${flags[@]}" "$here/workers/ours.c" "${ours[@]}" -o "$out/ours"
cc "${flags[@]}" "$here/workers/control.c" "${ours[@]}" -o "$out/control"
cc "${flags[@]}" "$here/workers/start.c" -I "$root/include" -ldl -o "$out/start"
cc "${flags[@]}" "$here/workers/curl.c" $(curl-config --cflags --libs) -o "$out/curl"
if [ ! -e "$out/grpc" ] || [ "$here/workers/grpc.cc" -nt "$out/grpc" ] || [ "$here/workers/worker.h" -nt "$out/grpc" ]; then
    for file in grpc_service model_config; do
        protoc -I "$root/proto" --cpp_out="$out" --grpc_out="$out" \
            --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" "$file.proto"
    done
    c++ -O2 -std=c++17 -pthread -I "$out" "$here/workers/grpc.cc" "$out"/grpc_service.pb.cc \
        "$out"/grpc_service.grpc.pb.cc "$out"/model_config.pb.cc $(pkg-config --cflags --libs grpc++ protobuf) -o "$out/grpc"
fi
