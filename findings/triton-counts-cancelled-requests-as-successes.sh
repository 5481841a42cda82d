#!/bin/bash
# Triton 2.51.0 (nvidia-pytriton 0.7.0 on PyPI): a gRPC request that was cancelled is counted as a success.
#
# The client cancels the call, or its deadline passes. The model (Python backend, not decoupled) learns this from
# request.is_cancelled(), stops, and returns an error with the code CANCELLED. The server then increments
# nv_inference_request_success and, in ModelStatistics, inference_stats.success. No failure counter changes, although
# nv_inference_request_failure has a series with reason="CANCELED". The code does not matter: an error INTERNAL that the model
# returns is counted as a success, too (https://github.com/triton-inference-server/server/issues/7713).
#
# Counted as failures are an exception in the model, with reason="BACKEND", and a cancelled request that the dynamic batching
# scheduler drops from its queue, with reason="CANCELED". It drops the last of four queued requests if that one is cancelled.
#
# Effect on a client: the server's failure counters do not show requests that were cancelled or timed out while the model executed
# them, and its success counters include requests without a result. To see cancellations, count them in the client, or start the
# server with --log-verbose=1: it logs "Issuing cancellation for" once for each request.
#
# Needs Linux on x86-64, glibc 2.35, python3 of version 3.8 to 3.12 with venv and libpython, and PyPI. Exit status 0: reproduced
# as described. Output (the five requests: with dynamic batching, one executing and four in the queue):
#     response: OK -> metrics: success +1, statistics: success +1
#     cancelled, model returns CANCELLED: CANCELLED -> metrics: success +1, statistics: success +1
#     deadline exceeded, model returns CANCELLED: DEADLINE_EXCEEDED -> metrics: success +1, statistics: success +1
#     model returns INTERNAL: INTERNAL -> metrics: success +1, statistics: success +1
#     model raises ValueError: INTERNAL -> metrics: failure BACKEND +1, statistics: fail +1
#     first and last of five cancelled: CANCELLED OK OK OK CANCELLED
#         -> metrics: success +4, metrics: failure CANCELED +1, statistics: success +4, statistics: fail +1
set -euo pipefail
dir=$(mktemp -d)
server=''
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check --no-deps nvidia-pytriton==0.7.0 numpy==1.26.4 \
    tritonclient==2.51.0 grpcio==1.67.1 protobuf==5.29.5 python-rapidjson==1.20 packaging==24.2
triton=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pytriton/tritonserver
version=$(venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cp "$triton/python_backend_stubs/$version/triton_python_backend_stub" "$triton/backends/python/"
# The same model under two names, without and with the dynamic batching scheduler.
for name in plain batched; do
    mkdir -p "models/$name/1"
    cat > "models/$name/config.pbtxt" <<CONFIG
backend: "python"
max_batch_size: $([ "$name" = plain ] && echo 0 || echo 1)
input [ { name: "I" data_type: TYPE_INT32 dims: [ 1 ] } ]
output [ { name: "O" data_type: TYPE_INT32 dims: [ 1 ] } ]
$([ "$name" = plain ] || echo "dynamic_batching { }")
CONFIG
    cat > "models/$name/1/model.py" <<'PYTHON'
import time

import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        return [self.respond(request) for request in requests]

    def respond(self, request):
        value = pb.get_input_tensor_by_name(request, "I").as_numpy()
        if value.item() == 1:
            return pb.InferenceResponse(error=pb.TritonError("failed", pb.TritonError.INTERNAL))
        if value.item() == 2:
            raise ValueError("raised")
        if value.item() == 3:
            pb.Logger.log_warn("model waits for a cancellation")
            for _ in range(3000):
                if request.is_cancelled():
                    pb.Logger.log_warn("model stops")
                    return pb.InferenceResponse(error=pb.TritonError("cancelled", pb.TritonError.CANCELLED))
                time.sleep(0.01)
        return pb.InferenceResponse([pb.Tensor("O", value)])
PYTHON
done
cat > ask.py <<'PYTHON'
import re
import sys
import time
import urllib.request

import grpc
from tritonclient.grpc import service_pb2 as messages
from tritonclient.grpc.service_pb2_grpc import GRPCInferenceServiceStub

stub = GRPCInferenceServiceStub(grpc.insecure_channel("127.0.0.1:" + sys.argv[1]))
lines = []
metrics = f"http://127.0.0.1:{sys.argv[2]}/metrics"


def counts(model):
    found = {}
    with urllib.request.urlopen(metrics, timeout=60) as response:
        text = response.read().decode()
    for what, labels, value in re.findall(r"^nv_inference_request_(success|failure)\{(.*)\} (\d+)$", text, re.M):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if labels["model"] == model:
            found[" ".join(["metrics:", what, *([labels["reason"]] if "reason" in labels else [])])] = int(value)
    request = messages.ModelStatisticsRequest(name=model)
    statistics = stub.ModelStatistics(request, timeout=60).model_stats[0].inference_stats
    return {**found, "statistics: success": statistics.success.count, "statistics: fail": statistics.fail.count}


def logged(text):
    with open("server.log") as log:
        return log.read().count(text)


def wait(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.05)


def send(model, value, timeout=60):
    shape = [1] if model == "plain" else [1, 1]
    tensor = messages.ModelInferRequest.InferInputTensor(name="I", datatype="INT32", shape=shape)
    tensor.contents.int_contents.append(value)
    return stub.ModelInfer.future(messages.ModelInferRequest(model_name=model, inputs=[tensor]), timeout=timeout)


def send_and_wait(model, timeout=60):
    begun = logged("model waits")
    call = send(model, 3, timeout)
    wait(lambda: logged("model waits") > begun)
    return call


def cancel(model):
    call = send_and_wait(model)
    call.cancel()
    return [call]


def let_deadline_pass(model):
    return [send_and_wait(model, 2)]


def cancel_last_in_queue(model):
    first = send_and_wait(model)
    queued = []
    for _ in range(4):
        time.sleep(0.3)
        queued.append(send(model, 0))
    time.sleep(0.3)
    queued[3].cancel()
    time.sleep(0.3)
    first.cancel()
    return [first, *queued]


def case(model, what, act, stops=0):
    before, stopped = counts(model), logged("model stops")
    calls = act(model)
    codes = " ".join(call.code().name for call in calls)
    change = lambda: [(name, value - before[name]) for name, value in counts(model).items() if value != before[name]]
    wait(lambda: sum(value for _, value in change()) == 2 * len(calls))
    assert logged("model stops") == stopped + stops
    lines.append(f"{what}: {codes} -> {', '.join(f'{name} +{value}' for name, value in change())}")
    print(lines[-1], flush=True)


case("plain", "response", lambda model: [send(model, 0)])
case("plain", "cancelled, model returns CANCELLED", cancel, 1)
case("plain", "deadline exceeded, model returns CANCELLED", let_deadline_pass, 1)
case("plain", "model returns INTERNAL", lambda model: [send(model, 1)])
case("plain", "model raises ValueError", lambda model: [send(model, 2)])
case("batched", "first and last of five cancelled", cancel_last_in_queue, 1)
assert lines == [
    "response: OK -> metrics: success +1, statistics: success +1",
    "cancelled, model returns CANCELLED: CANCELLED -> metrics: success +1, statistics: success +1",
    "deadline exceeded, model returns CANCELLED: DEADLINE_EXCEEDED -> metrics: success +1, statistics: success +1",
    "model returns INTERNAL: INTERNAL -> metrics: success +1, statistics: success +1",
    "model raises ValueError: INTERNAL -> metrics: failure BACKEND +1, statistics: fail +1",
    "first and last of five cancelled: CANCELLED OK OK OK CANCELLED"
    " -> metrics: success +4, metrics: failure CANCELED +1, statistics: success +4, statistics: fail +1",
]
assert logged("Issuing cancellation for") == 4
print("triton", stub.ServerMetadata(messages.ServerMetadataRequest(), timeout=60).version, "as described")
PYTHON
# The models' processes take the first python3 on PATH, and their libpython is not always where the loader looks.
export PATH=$dir/venv/bin:$PATH
export LD_LIBRARY_PATH=$(python3 -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
read -r http grpc metrics < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
"$triton/bin/tritonserver" --model-repository=models --backend-directory="$triton/backends" --disable-auto-complete-config \
    --backend-config="python,shm-region-prefix-name=${dir##*/}" \
    --http-address=127.0.0.1 --http-port="$http" --grpc-address=127.0.0.1 --grpc-port="$grpc" \
    --metrics-address=127.0.0.1 --metrics-port="$metrics" --log-verbose=1 > server.log 2>&1 &
server=$!
# The port of the metrics is opened last.
for ((i = 600; i > 0; i--)); do
    (exec 3<> "/dev/tcp/127.0.0.1/$metrics") 2> /dev/null && break
    kill -0 "$server" || { tail -20 server.log; exit 1; }
    sleep 0.1
done
python3 ask.py "$grpc" "$metrics" || { tail -20 server.log; echo "CHANGED: Triton does not behave as described"; exit 1; }
