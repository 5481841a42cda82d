#!/bin/bash
# Triton 2.51.0 (nvidia-pytriton 0.7.0) and grpcio 1.80.0 (PyPI): gRPC's TLS servers take the group P-256 only, and the first
# handshake of most clients has one round trip more.
#
# With TLS 1.3 a client guesses the server's group, and sends its share of the key exchange with its first message. OpenSSL, Go,
# BoringSSL and rustls guess X25519. Such a server responds with HelloRetryRequest, and the client sends its first message once
# more, with P-256. For a client that offers no P-256 the connection is closed, without an alert. With TLS 1.2 the client sends its
# share after the server has chosen, and nothing is repeated. grpcio 1.85.3 takes X25519, P-384 and P-521 too.
#
# Effect on a client: each full handshake with Triton's own gRPC TLS (--grpc-use-ssl) takes 2 round trips instead of 1 before the
# first request, unless P-256 is the client's first group. It must not be configured for X25519 alone.
#
# Needs Linux on x86-64, glibc 2.35, python3 of version 3.9 to 3.12 with venv and libpython, openssl 1.1.1 or later, and PyPI. Exit
# status 0: reproduced as described. Output (hellos: how often the client has sent its first message):
#     Triton 2.51.0: X25519 and P-256: hellos 2, P-256 (256 bits); P-256: hellos 1, P-256 (256 bits); X25519: hellos 1, closed
#     grpcio 1.80.0: X25519 and P-256: hellos 2, P-256 (256 bits); P-256: hellos 1, P-256 (256 bits); X25519: hellos 1, closed
#     grpcio 1.85.3: X25519 and P-256: hellos 1, X25519; P-256: hellos 1, P-256 (256 bits); X25519: hellos 1, X25519
set -euo pipefail
dir=$(mktemp -d)
server=''
stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || :
    server=''
}
finish() {
    stop
    rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
changed() { echo "CHANGED: $1" >&2; exit 1; }

# install FOLDER PACKAGES...: into a virtual environment.
install() {
    python3 -m venv "$1"
    "$1/bin/pip" install -q --disable-pip-version-check "${@:2}"
}
install triton --no-deps nvidia-pytriton==0.7.0 'numpy==1.26.4'
install old grpcio==1.80.0
install new grpcio==1.85.3
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -keyout key.pem -out cert.pem 2> log

# hellos VERSION GROUPS: how often the client sent its first message, and the group that was agreed on.
hellos() {
    local count group
    openssl s_client -connect "127.0.0.1:$port" -alpn h2 -groups "$2" "-$1" -msg < /dev/null > handshake 2>&1 || :
    count=$(grep -ac '^>>> .*ClientHello' handshake) || changed "no handshake: $(tail -3 handshake)"
    group=$(sed -n 's/^Server Temp Key: //p' handshake)
    case $group in
        X25519,*) group=X25519 ;;
        ECDH,\ prime256v1,*) group="P-256 (256 bits)" ;;
        '') grep -aq 'SSL handshake has read 0 bytes' handshake || changed "neither a group nor a bare end"; group=closed ;;
    esac
    echo "hellos $count, $group"
}
# row WHAT: what the server at $port does.
row() {
    rows+=("$1: X25519 and P-256: $(hellos tls1_3 X25519:P-256); P-256: $(hellos tls1_3 P-256); X25519: $(hellos tls1_3 X25519)")
    echo "${rows[-1]}"
    [[ $(hellos tls1_2 X25519:P-256) == "hellos 1, "* ]] || changed "$1 repeats the hello with TLS 1.2"
}
rows=()

lib=$(triton/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pytriton/tritonserver
read -r port http < <(python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
mkdir models
"$lib/bin/tritonserver" --model-repository=models --model-control-mode=explicit --backend-directory="$lib/backends" \
    --cache-directory="$lib/caches" --allow-metrics=false --http-address=127.0.0.1 --http-port="$http" \
    --grpc-address=127.0.0.1 --grpc-port="$port" --grpc-use-ssl=true --grpc-server-cert=cert.pem --grpc-server-key=key.pem \
    > server.log 2>&1 &
server=$!
for ((i = 600; i > 0; i--)); do
    (exec 3<> "/dev/tcp/127.0.0.1/$http") 2> /dev/null && break
    kill -0 "$server" 2> /dev/null || { cat server.log; exit 1; }
    sleep 0.1
done
row "Triton $(sed -n 's/.*| server_version *| \([0-9.]*\).*/\1/p' server.log)"
stop

cat > serve.py <<'PYTHON'
import threading
from concurrent import futures

import grpc

server = grpc.server(futures.ThreadPoolExecutor(1))
pair = (open("key.pem", "rb").read(), open("cert.pem", "rb").read())
print(server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair])), grpc.__version__, flush=True)
server.start()
threading.Event().wait()
PYTHON
for venv in old new; do
    rm -f address
    "$venv/bin/python" serve.py > address 2> server.log &
    server=$!
    for ((i = 200; i > 0; i--)); do
        [ ! -s address ] || break
        kill -0 "$server" 2> /dev/null || { cat server.log; exit 1; }
        sleep 0.1
    done
    read -r port version < address
    row "grpcio $version"
    stop
done

p256='P-256: hellos 1, P-256 (256 bits)'
only="X25519 and P-256: hellos 2, P-256 (256 bits); $p256; X25519: hellos 1, closed"
more="X25519 and P-256: hellos 1, X25519; $p256; X25519: hellos 1, X25519"
expected=("Triton 2.51.0: $only" "grpcio 1.80.0: $only" "grpcio 1.85.3: $more")
[ "${rows[*]}" = "${expected[*]}" ] || changed "another group, or another number of hellos"
echo "$(openssl version | cut -d' ' -f1,2), $(uname -m): as described"
