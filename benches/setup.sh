#!/bin/bash
# setup.sh FOLDER: builds the library, the stub server and the workers into FOLDER.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
mkdir -p "$1"
out=$(cd "$1" && pwd)

"$root/tests/packages.sh" cc:gcc c++:g++ curl-config:libcurl4-openssl-dev protoc:protobuf-compiler \
    grpc_cpp_plugin:protobuf-compiler-grpc pkg-config python3 ar:binutils strip:binutils taskset:util-linux
[ -e /usr/include/grpcpp/grpcpp.h ] || "$root/tests/packages.sh" no-such-command:libgrpc++-dev
[ -e /usr/include/openssl/ssl.h ] || "$root/tests/packages.sh" no-such-command:libssl-dev
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
cc "${flags[@]}" -DWORKER_IN_FLIGHT "$here/workers/floor.c" -o "$out/floor_async"
cc "${flags[@]}" "$here/workers/openssl.c" -lssl -lcrypto -o "$out/openssl"
cc "${flags[@]}" "$here/workers/ours.c" "${ours[@]}" -o "$out/ours"
cc "${flags[@]}" "$here/workers/control.c" "${ours[@]}" -o "$out/control"
cc "${flags[@]}" "$here/workers/start.c" -I "$root/include" -ldl -o "$out/start"
cc "${flags[@]}" "$here/workers/ours_async.c" "${ours[@]}" -o "$out/ours_async"
for name in curl curl_multi; do
    cc "${flags[@]}" "$here/workers/$name.c" $(curl-config --cflags --libs) -o "$out/$name"
done

# What is generated from proto/, and the workers on it, take a minute to compile.
if [ ! -e "$out/proto.a" ]; then
    for name in grpc_service model_config; do
        protoc -I "$root/proto" --cpp_out="$out" --grpc_out="$out" \
            --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" "$name.proto"
    done
    for name in grpc_service.pb grpc_service.grpc.pb model_config.pb; do
        c++ -O2 -std=c++17 -I "$out" -c "$out/$name.cc" $(pkg-config --cflags grpc++ protobuf) -o "$out/$name.o"
    done
    ar rcs "$out/proto.a" "$out"/*.pb.o
fi
for name in grpc grpc_async; do
    for source in "$name.cc" grpc_request.h worker.h; do
        [ "$out/$name" -nt "$here/workers/$source" ] && continue
        c++ -O2 -Wall -Wextra -Werror -std=c++17 -pthread -I "$out" "$here/workers/$name.cc" "$out/proto.a" \
            $(pkg-config --cflags --libs grpc++ protobuf) -o "$out/$name"
        break
    done
done
