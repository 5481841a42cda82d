#!/bin/bash
# MLServer 1.7.1 with uvicorn 0.54.0 and h11 0.16.0 (PyPI), HTTP: a model that returns the request's parameters loses its response.
#
# Both requests and responses have parameters, and a model may return those it received. MLServer adds the HTTP headers of the
# request to its parameters (`headers`), and sends the `headers` among a response's parameters as the headers of the response. The
# response then contains the request's Content-Length beside the correct one. Unless request and response happen to have the same
# length, h11 rejects the response after the model ran, and the connection is closed without a response. With the same length the
# response is sent, with the request's User-Agent and Host among its headers. Over gRPC the same model returns the parameters.
#
# Effect on a client: a new connection that is closed without a response does not mean that the request was not run. Such a call
# is in doubt, and must not be repeated automatically.
#
# Needs python3 with venv, and PyPI. Exit status 0: reproduced as described. Output:
#     model without parameters: 200, 1 run of the model
#     model that returns its parameters: closed without a response, 1 run of the model
#     the same, request as long as the response: 200 with User-Agent: asker/1, 1 run of the model
#     the same over gRPC: OK with p = 3, 1 run of the model
set -euo pipefail
dir=$(mktemp -d)
server=''
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2> /dev/null || :
    rm -rf "$dir"
}
trap finish EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check mlserver==1.7.1 uvicorn==0.54.0 h11==0.16.0 grpcio==1.85.3
cd "$dir"
for model in Plain Returns; do
    mkdir $model
    echo "{ \"name\": \"$model\", \"implementation\": \"model.$model\" }" > $model/model-settings.json
done
cat > model.py <<'PYTHON'
from mlserver import MLModel
from mlserver.types import InferenceResponse


class Plain(MLModel):
    async def predict(self, request):
        with open("runs", "a") as runs:
            runs.write("1")
        return InferenceResponse(id="i", model_name=self.name, outputs=[], parameters=self.parameters(request))

    def parameters(self, request):
        return None


class Returns(Plain):
    def parameters(self, request):
        return request.parameters
PYTHON
cat > ask.py <<'PYTHON'
import http.client
import json
import os
import sys

import grpc
from mlserver.grpc import dataplane_pb2 as messages
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

port, grpc_port = sys.argv[1:]
lines = []


def tell(what, call):
    before = os.path.getsize("runs") if os.path.exists("runs") else 0
    outcome = call()
    lines.append(f"{what}: {outcome}, {os.path.getsize('runs') - before} run of the model")
    print(lines[-1])


def post(model, length=0):
    tensor = {"name": "I", "datatype": "INT32", "shape": [1], "data": [1]}
    # Blanks after the JSON are JSON.
    body = json.dumps({"parameters": {"p": 3}, "inputs": [tensor]}).ljust(length).encode()
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    connection.request(
        "POST", f"/v2/models/{model}/infer", body, {"Content-Type": "application/json", "User-Agent": "asker/1"})
    try:
        response = connection.getresponse()
        response.read()
    except http.client.RemoteDisconnected:
        return "closed without a response"
    agent = response.getheader("User-Agent")
    return str(response.status) + (f" with User-Agent: {agent}" if agent else "")


def infer():
    tensor = messages.ModelInferRequest.InferInputTensor(name="I", datatype="INT32", shape=[1])
    tensor.contents.int_contents.append(1)
    request = messages.ModelInferRequest(model_name="Returns", inputs=[tensor])
    request.parameters["p"].int64_param = 3
    stub = GRPCInferenceServiceStub(grpc.insecure_channel("127.0.0.1:" + grpc_port))
    return f"OK with p = {stub.ModelInfer(request, timeout=20).parameters['p'].int64_param}"


tell("model without parameters", lambda: post("Plain"))
tell("model that returns its parameters", lambda: post("Returns"))
same = next((length for length in range(100, 300) if post("Returns", length) != "closed without a response"), 0)
tell("the same, request as long as the response", lambda: post("Returns", same))
tell("the same over gRPC", infer)
assert lines == [
    "model without parameters: 200, 1 run of the model",
    "model that returns its parameters: closed without a response, 1 run of the model",
    "the same, request as long as the response: 200 with User-Agent: asker/1, 1 run of the model",
    "the same over gRPC: OK with p = 3, 1 run of the model",
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
    [ "$(grep -c "Loaded model '\(Plain\|Returns\)' succes" server.log)" = 2 ] &&
        (exec 3<> "/dev/tcp/127.0.0.1/$grpc") 2> /dev/null && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
done
"$dir/venv/bin/python" ask.py "$http" "$grpc" || { tail -20 server.log; echo "CHANGED: MLServer does not behave as described"; exit 1; }
"$dir/venv/bin/python" -c 'from importlib.metadata import version as v
print("mlserver", v("mlserver"), "uvicorn", v("uvicorn"), "h11", v("h11"), "as described")'
