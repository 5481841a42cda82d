#!/bin/bash
# Triton 2.51.0 (nvidia-pytriton 0.7.0 on PyPI), HTTP: one in nine doubles sent as JSON reaches the model as a neighboring number.
#
# A double written with 17 digits, or with the fewest digits that identify it, is restored exactly by a parser that rounds to
# nearest, as those of Python, JavaScript, Java, Go and Rust do. Triton parses its JSON with RapidJSON, apparently in the faster
# mode, which may be one or two steps off. This affects the input tensors of inferences; numbers with few digits (12.345) are
# exact. What the server writes as JSON is exact, and so is FP32, for which the error is far below the last bit. Triton 2.73's HTTP
# frontend has the same counts (run from the wheels tritonfrontend and tritonserver 2.73.0).
#
# Effect on a client: FP64 inputs that must be exact have to be sent as binary tensors or over gRPC. Outputs that differ in the last
# digit between JSON and binary inputs are not caused by the client.
#
# Needs Linux on x86-64, glibc 2.35, python3 of version 3.8 to 3.12 with venv and libpython, and PyPI. Exit status 0: reproduced as
# described. Output:
#     sent as binary: FP64 [0.9452706955539223, 1e-298] -> the model has [0.9452706955539223, 1e-298]
#     sent as JSON: FP64 [0.9452706955539223, 1e-298] -> the model has [0.9452706955539224, 1.0000000000000001e-298]
#     FP64, 10000 of random.random(): 1092 other values, at most 1 step off
#     FP64, 10000 with 3 decimals: 0 other values, at most 0 steps off
#     FP64, 10000 times returned as JSON: 0 other values, at most 0 steps off
#     FP32, 10000 of random.random(): 0 other values, at most 0 steps off
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
venv/bin/pip install -q --disable-pip-version-check --no-deps nvidia-pytriton==0.7.0 numpy==1.26.4
triton=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pytriton/tritonserver
version=$(venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cp "$triton/python_backend_stubs/$version/triton_python_backend_stub" "$triton/backends/python/"
for type in 64 32; do
    mkdir -p "models/fp$type/1"
    cat > "models/fp$type/config.pbtxt" <<CONFIG
backend: "python"
max_batch_size: 0
input [ { name: "I" data_type: TYPE_FP$type dims: [ -1 ] } ]
output [ { name: "O" data_type: TYPE_FP$type dims: [ -1 ] } ]
CONFIG
    cat > "models/fp$type/1/model.py" <<'PYTHON'
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        inputs = [pb.get_input_tensor_by_name(request, "I").as_numpy() for request in requests]
        return [pb.InferenceResponse([pb.Tensor("O", value)]) for value in inputs]
PYTHON
done
cat > ask.py <<'PYTHON'
import json
import random
import struct
import sys
import urllib.request

server = "http://127.0.0.1:" + sys.argv[1]
lines = []


def infer(bits, values, binary_in, binary_out):
    code = f"<{len(values)}{'d' if bits == 64 else 'f'}"
    data = struct.pack(code, *values)
    tensor = {"name": "I", "shape": [len(values)], "datatype": f"FP{bits}"}
    tensor.update({"parameters": {"binary_data_size": len(data)}} if binary_in else {"data": values})
    output = {"name": "O", "parameters": {"binary_data": binary_out}}
    head = json.dumps({"inputs": [tensor], "outputs": [output]}).encode()
    request = urllib.request.Request(f"{server}/v2/models/fp{bits}/infer", head + (data if binary_in else b""),
        {"Inference-Header-Content-Length": str(len(head))})
    with urllib.request.urlopen(request, timeout=60) as response:
        body = response.read()
        size = int(response.headers.get("Inference-Header-Content-Length") or len(body))
    return list(struct.unpack(code, body[size:])) if binary_out else json.loads(body)["outputs"][0]["data"]


def show(line):
    lines.append(line)
    print(line)


def compare(what, bits, values, binary_in=False, binary_out=True):
    came = infer(bits, values, binary_in, binary_out)
    code = "<dq" if bits == 64 else "<fi"
    place = lambda value: struct.unpack("<" + code[2], struct.pack(code[:2], value))[0]
    steps = [abs(place(a) - place(b)) for a, b in zip(values, came)]
    most = max(steps)
    show(f"{what}: {sum(map(bool, steps))} other values, at most {most} step{'' if most == 1 else 's'} off")


two = [0.9452706955539223, 1e-298]
show(f"sent as binary: FP64 {two} -> the model has {infer(64, two, True, True)}")
show(f"sent as JSON: FP64 {two} -> the model has {infer(64, two, False, True)}")
random.seed(1)
values = [random.random() for _ in range(10000)]
compare("FP64, 10000 of random.random()", 64, values)
compare("FP64, 10000 with 3 decimals", 64, [round(1000 * value, 3) for value in values])
compare("FP64, 10000 times returned as JSON", 64, values, True, False)
compare("FP32, 10000 of random.random()", 32, list(struct.unpack("<10000f", struct.pack("<10000f", *values))))
assert lines == [
    "sent as binary: FP64 [0.9452706955539223, 1e-298] -> the model has [0.9452706955539223, 1e-298]",
    "sent as JSON: FP64 [0.9452706955539223, 1e-298] -> the model has [0.9452706955539224, 1.0000000000000001e-298]",
    "FP64, 10000 of random.random(): 1092 other values, at most 1 step off",
    "FP64, 10000 with 3 decimals: 0 other values, at most 0 steps off",
    "FP64, 10000 times returned as JSON: 0 other values, at most 0 steps off",
    "FP32, 10000 of random.random(): 0 other values, at most 0 steps off",
]
with urllib.request.urlopen(f"{server}/v2") as response:
    print("triton", json.load(response)["version"], "as described")
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
    --metrics-address=127.0.0.1 --metrics-port="$metrics" > server.log 2>&1 &
server=$!
for ((i = 600; i > 0; i--)); do
    (exec 3<> "/dev/tcp/127.0.0.1/$http") 2> /dev/null && break
    kill -0 "$server" || { tail -20 server.log; exit 1; }
    sleep 0.1
done
python3 ask.py "$http" || { tail -20 server.log; echo "CHANGED: Triton does not behave as described"; exit 1; }
