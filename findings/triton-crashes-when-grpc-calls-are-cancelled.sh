#!/bin/bash
# Triton 2.51.0 (nvidia-pytriton 0.7.0 on PyPI), gRPC: the server crashes after some hundred to some thousand cancelled ModelInfer.
#
# A client cancels calls while the server works on them; it makes no difference whether by RST_STREAM from a cancel or because its
# own deadline has passed. Sooner or later the process ends by SIGSEGV, in pthread_mutex_lock called from a thread of the gRPC
# frontend: most likely the notification of a cancel reaches the state of a call that has been released already. It is rare if
# the model takes long, so that no cancel meets the end of a call. Issue 7368 of the server describes it, mostly fixed in 2.53;
# Triton 2.73's gRPC frontend survived 27,712 cancels of the same client (run from the wheels tritonfrontend and tritonserver
# 2.73.0). Connections of HTTP that are closed early do no harm.
#
# Effect on a client: with short deadlines, or many cancels, all calls to the server fail until it is restarted: UNAVAILABLE.
#
# Needs Linux on x86-64, glibc 2.35, python3 of version 3.8 to 3.12 with venv and libpython, and PyPI. How many cancels it takes is
# chance. Exit status 0: reproduced as described. Output, for example:
#     the server was lost after 2994 cancelled calls, 6754 others were complete
#     Signal (11) received.
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
venv/bin/pip install -q --disable-pip-version-check --no-deps nvidia-pytriton==0.7.0 numpy==1.26.4 grpcio==1.74.0
triton=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pytriton/tritonserver
version=$(venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cp "$triton/python_backend_stubs/$version/triton_python_backend_stub" "$triton/backends/python/"
mkdir -p models/echo/1
cat > models/echo/config.pbtxt <<'CONFIG'
backend: "python"
max_batch_size: 0
input [ { name: "I" data_type: TYPE_INT32 dims: [ -1 ] } ]
output [ { name: "O" data_type: TYPE_INT32 dims: [ -1 ] } ]
CONFIG
cat > models/echo/1/model.py <<'PYTHON'
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        inputs = [pb.get_input_tensor_by_name(request, "I").as_numpy() for request in requests]
        return [pb.InferenceResponse([pb.Tensor("O", value)]) for value in inputs]
PYTHON
cat > cancel.py <<'PYTHON'
import random
import struct
import sys
import time

import grpc


def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


tensor = field(1, b"I") + field(2, b"INT32") + field(3, bytes([16]))
message = field(1, b"echo") + field(5, tensor) + field(7, struct.pack("<16i", *range(16)))
channel = grpc.insecure_channel("127.0.0.1:" + sys.argv[1])
infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
infer(message, timeout=60, wait_for_ready=True)
random.seed(1)
cancelled = complete = 0
while cancelled < 100_000:
    call = infer.future(message, timeout=60)
    time.sleep(random.random() / 3000)
    call.cancel()
    try:
        call.result()
        complete += 1
    except grpc.FutureCancelledError:
        cancelled += 1
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        print(f"the server was lost after {cancelled} cancelled calls, {complete} others were complete")
        sys.exit(0)
sys.exit("CHANGED: Triton survives")
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
    (exec 3<> "/dev/tcp/127.0.0.1/$grpc") 2> /dev/null && break
    kill -0 "$server" || { tail -20 server.log; exit 1; }
    sleep 0.1
done
python3 cancel.py "$grpc"
for ((i = 50; i > 0; i--)); do kill -0 "$server" 2> /dev/null || break; sleep 0.1; done
grep 'Signal (11)' server.log || { tail -20 server.log; echo "CHANGED: Triton does not behave as described"; exit 1; }
rm -f "/dev/shm/${dir##*/}"*
