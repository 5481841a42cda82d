#!/bin/bash
# setup.sh DIR: installs cffi for the Python of the tests' server into DIR, once.
set -euo pipefail

packages=("cffi==1.17.1" "pycparser==2.22")
python=$(cd "$(dirname "${BASH_SOURCE[0]}")/../triton" && pwd)/.server/venv/bin/python
dir=$1
is_done() { [ "$(cat "$dir/stamp" 2> /dev/null)" = "${packages[*]}" ]; }

if is_done; then exit 0; fi
mkdir -p "$dir"
exec 9> "$dir/lock"
flock 9
if is_done; then exit 0; fi # another run was faster
"$python" -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: --upgrade --target "$dir" \
    "${packages[@]}"
echo "${packages[*]}" > "$dir/stamp"
