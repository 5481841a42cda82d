#!/bin/bash
# setup.sh FOLDER [REQUIREMENTS]: installs the tools of REQUIREMENTS, by default tools/requirements.txt, in a virtual
# environment, unless they are installed.
set -euo pipefail
folder=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=${2:-$root/tools/requirements.txt}

cmp -s "$requirements" "$folder/installed.txt" && exit 0
"$root/tests/packages.sh" python3
python3 -c 'import ensurepip' 2> /dev/null || "$root/tests/packages.sh" no-such-command:python3-venv
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements" || {
    echo "the tools of ${requirements#"$root/"} cannot be installed from PyPI, which is needed once" >&2
    exit 1
}
cp "$requirements" "$folder/installed.txt"
