#!/bin/bash
# MLServer 1.7.1 with grpcio 1.85.3 (PyPI), gRPC: a request whose id is not ASCII fails after the model has run.
#
# The id of ModelInferRequest is a protobuf string, so it may contain any Unicode characters. MLServer also writes it into the
# response metadata `ce-id`, which grpcio rejects unless it is ASCII: the model runs, its outputs are dropped, and the caller
# receives INTERNAL with grpcio's message, which mentions neither the id nor the metadata. Over HTTP the same request succeeds.
#
# Effect on a client: it must not repeat such a call automatically, since each attempt runs the model. An id that must work with
# every server is ASCII.
#
# Needs python3 with venv, and PyPI. Exit status 0: reproduced as described. Output:
#     id 'seven': OK, id 'seven', 1 run of the model
#     id 'sieben ü': StatusCode.INTERNAL 'Invalid metadata', 1 run of the model
#     id 'sieben ü' over HTTP: 200, id 'sieben ü', 1 run of the model
set -euo pipefail
dir=$(mktemp -d)
server=''
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check mlserver==1.7.1 grpcio==1.85.3
cd "$dir"
cat > model-settings.json <<'JSON'
{ "name": "m", "implementation": "model.Model" }
JSON
cat > model.py <<'PYTHON'
from mlserver import MLModel
from mlserver.types import InferenceResponse


class Model(MLModel):
    async def predict(self, request):
        with open("runs", "a") as runs:
            runs.write("1")
        return InferenceResponse(id=request.id, model_name=self.name, outputs=[])
PYTHON
cat > ask.py <<'PYTHON'
import json
import os
import sys
import urllib.request

import grpc
from mlserver.grpc import dataplane_pb2 as messages
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

http, port = sys.argv[1:]
stub = GRPCInferenceServiceStub(grpc.insecure_channel("127.0.0.1:" + port))


def tell(what, call):
    before = os.path.getsize("runs") if os.path.exists("runs") else 0
    try:
        outcome = call()
    except grpc.RpcError as error:
        outcome = f"{error.code()} {error.details()!r}"
    runs = os.path.getsize("runs") - before
    line = f"{what}: {outcome}, {runs} run of the model"
    print(line)
    return line


def infer(id):
    tensor = messages.ModelInferRequest.InferInputTensor(name="I", datatype="INT32", shape=[1])
    tensor.contents.int_contents.append(1)
    request = messages.ModelInferRequest(model_name="m", id=id, inputs=[tensor])
    return lambda: f"OK, id {stub.ModelInfer(request, timeout=20).id!r}"


def post(id):
    tensor = {"name": "I", "datatype": "INT32", "shape": [1], "data": [1]}
    body = json.dumps({"id": id, "inputs": [tensor]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{http}/v2/models/m/infer", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return f"{response.status}, id {json.load(response)['id']!r}"


odd = "sieben \u00fc"
seen = [
    tell("id 'seven'", infer("seven")),
    tell(f"id {odd!r}", infer(odd)),
    tell(f"id {odd!r} over HTTP", lambda: post(odd)),
]
assert seen == [
    "id 'seven': OK, id 'seven', 1 run of the model",
    f"id {odd!r}: StatusCode.INTERNAL 'Invalid metadata', 1 run of the model",
    f"id {odd!r} over HTTP: 200, id {odd!r}, 1 run of the model",
]
PYTHON
read -r http grpc metrics < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
MLSERVER_HOST=127.0.0.1 MLSERVER_HTTP_PORT=$http MLSERVER_GRPC_PORT=$grpc MLSERVER_METRICS_PORT=$metrics \
    MLSERVER_PARALLEL_WORKERS=0 "$dir/venv/bin/mlserver" start . > server.log 2>&1 &
server=$!
for ((i = 600; i > 0; i--)); do
    (exec 3<> "/dev/tcp/127.0.0.1/$grpc") 2> /dev/null && grep -q 'succesfully\|successfully' server.log && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
done
"$dir/venv/bin/python" ask.py "$http" "$grpc" || { tail -20 server.log; echo "CHANGED: MLServer does not behave as described"; exit 1; }
"$dir/venv/bin/python" -c 'from importlib.metadata import version as v
print("mlserver", v("mlserver"), "grpcio", v("grpcio"), "as described")'
