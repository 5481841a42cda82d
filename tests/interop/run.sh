#!/bin/bash
# Runs tests/interop.rs beside two other servers of the protocol, MLServer and KServe's Python server, which it installs
# into .server/ (ignored, 800 MB) once, starts on free ports of 127.0.0.1, and stops afterwards.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
envs=$here/.server
"$here/../packages.sh" python3 curl
python3 -c 'import ensurepip' 2> /dev/null || "$here/../packages.sh" no-such-command:python3-venv

for package in mlserver==1.7.1 kserve==0.21.0; do
    venv=$envs/${package%%=*}
    [ -e "$venv/done" ] && continue
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check "$package"
    touch "$venv/done"
done

read -r ml_http ml_grpc ml_metrics ks_http ks_grpc < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(socket.getsockname()[1] for socket in sockets))')
log=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2> /dev/null || :; done
    for pid in "${pids[@]}"; do
        for ((i = 100; i > 0; i--)); do kill -0 -- "-$pid" 2> /dev/null || break; sleep 0.05; done
        kill -KILL -- "-$pid" 2> /dev/null || :
    done
    rm -rf "$log"
}
trap stop EXIT

set -m # each server is a process group of its own
cp -r "$here/mlserver" "$log/models" # where the server may write
(cd "$log/models" && MLSERVER_HOST=127.0.0.1 MLSERVER_HTTP_PORT=$ml_http MLSERVER_GRPC_PORT=$ml_grpc \
    MLSERVER_METRICS_PORT=$ml_metrics MLSERVER_PARALLEL_WORKERS=0 exec "$envs/mlserver/bin/mlserver" start .) \
    > "$log/mlserver" 2>&1 &
pids+=($!)
"$envs/kserve/bin/python" "$here/kserve_server.py" "$ks_http" "$ks_grpc" > "$log/kserve" 2>&1 &
pids+=($!)
set +m

wait_ready() { # NAME PORT
    local until=$((SECONDS + 180))
    until curl -sf -o /dev/null "http://127.0.0.1:$2/v2/models/simple/ready"; do
        [ $SECONDS -lt $until ] || { echo "$1 did not become ready:" >&2; tail -30 "$log/$1" >&2; exit 1; }
        sleep 0.2
    done
}
wait_ready mlserver "$ml_http"
wait_ready kserve "$ks_http"

MLSERVER_TEST_HTTP=127.0.0.1:$ml_http MLSERVER_TEST_GRPC=127.0.0.1:$ml_grpc \
    KSERVE_TEST_HTTP=127.0.0.1:$ks_http KSERVE_TEST_GRPC=127.0.0.1:$ks_grpc \
    cargo test --test interop "$@"
