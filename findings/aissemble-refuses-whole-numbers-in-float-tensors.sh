#!/bin/bash
# aissemble-open-inference-protocol-fastapi 1.1.0 (PyPI), HTTP: the number 1 is rejected in a float tensor, 1.0 is accepted.
#
# JSON has one kind of number, and each writer chooses a notation: JavaScript's JSON.stringify and Go's encoding/json write a
# whole float as 1. Python parses that notation as an int, and the server rejects an int in FP16, FP32 and FP64. A request from
# these languages therefore succeeds or fails depending on the values of its tensor: [1.5] is accepted, [1.0] is 422.
#
# Effect on a client: it must write elements of float tensors in JSON with a fraction or an exponent.
#
# Needs python3 with venv, and PyPI. Exit status 0: reproduced as described. Output:
#     FP32 [1.5]: 200 [1.5]
#     FP32 [1.0]: 200 [1.0]
#     FP32 [1e0]: 200 [1.0]
#     FP32 [1]: 422 Failed to validate InferenceResponse input ('I'): Datatype mismatch - element at index 0 is of type int, but expected type compatible with Datatype.FP32
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
    aissemble-open-inference-protocol-fastapi==1.1.0 fastapi==0.165.0 pydantic==2.14.4
cd "$dir"
cat > serve.py <<'PYTHON'
import asyncio

from aissemble_open_inference_protocol_fastapi.aissemble_oip_fastapi import AissembleOIPFastAPI
from aissemble_open_inference_protocol_shared.handlers.model_handler import DefaultModelHandler
from aissemble_open_inference_protocol_shared.types.dataplane import InferenceResponse, ResponseOutput


class Identity(DefaultModelHandler):
    def infer(self, payload, model_name, model_version=None):
        return InferenceResponse(model_name=model_name, outputs=[
            ResponseOutput(name=i.name, shape=i.shape, datatype=i.datatype, data=i.data) for i in payload.inputs])


asyncio.run(AissembleOIPFastAPI(Identity()).start_server())
PYTHON
cat > ask.py <<'PYTHON'
import json
import sys
import urllib.error
import urllib.request

lines = []
for number in ["1.5", "1.0", "1e0", "1"]:
    body = '{"inputs": [{"name": "I", "shape": [1], "datatype": "FP32", "data": [%s]}]}' % number
    request = urllib.request.Request(
        f"http://127.0.0.1:{sys.argv[1]}/v2/models/m/infer", body.encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            outcome = f"{response.status} {json.load(response)['outputs'][0]['data']}"
    except urllib.error.HTTPError as error:
        outcome = f"{error.code} {json.load(error)['detail']}"
    lines.append(f"FP32 [{number}]: {outcome}")
    print(lines[-1])
assert lines == [
    "FP32 [1.5]: 200 [1.5]",
    "FP32 [1.0]: 200 [1.0]",
    "FP32 [1e0]: 200 [1.0]",
    "FP32 [1]: 422 Failed to validate InferenceResponse input ('I'): Datatype mismatch - element at index 0 is of type int, "
    "but expected type compatible with Datatype.FP32",
]
PYTHON
port=$(python3 -c 'import socket
print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
AUTH_ENABLED=false FASTAPI_PORT=$port "$dir/venv/bin/python" serve.py > server.log 2>&1 &
server=$!
for ((i = 600; i > 0; i--)); do
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
done
"$dir/venv/bin/python" ask.py "$port" || { tail -20 server.log; echo "CHANGED: aissemble does not behave as described"; exit 1; }
"$dir/venv/bin/python" -c 'from importlib.metadata import version as v
name = "aissemble-open-inference-protocol-fastapi"
print(name, v(name), "fastapi", v("fastapi"), "as described")'
