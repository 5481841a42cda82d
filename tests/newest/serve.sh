#!/bin/bash
# serve.sh HTTP_PORT GRPC_PORT METRICS_PORT REPO SHM_PREFIX MODEL...: serves the models of REPO on 127.0.0.1
# until SIGTERM. Requires setup.sh. Started by ../triton/with-server.sh if TRITON_TEST_NEWEST is set.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$here/.server
site=$dir/venv/lib/python3.12/site-packages
python_lib=$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
# The models' processes use python3 from PATH and libpython from LD_LIBRARY_PATH.
export PATH="$dir/venv/bin:$PATH" LD_LIBRARY_PATH="$python_lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PYTHONPATH="$dir/frontends" PYTHONDONTWRITEBYTECODE=1
exec "$dir/loader" --preload "$dir/lib/shim.so" \
    --library-path "$dir/debian/usr/lib/x86_64-linux-gnu:$dir/lib:$site/nvidia_pytriton.libs:$LD_LIBRARY_PATH:/lib/x86_64-linux-gnu" \
    "$dir/venv/bin/python" "$here/serve.py" "$site/pytriton/tritonserver" "$@"
