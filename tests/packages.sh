#!/bin/bash
# packages.sh COMMAND[:PACKAGE]...: installs the Debian packages of missing commands if it may; otherwise prints the command
# to run.
set -euo pipefail

missing=()
for item in "$@"; do
    command -v "${item%%:*}" > /dev/null || missing+=("${item##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

line="apt-get install -y ${missing[*]}"
if ! command -v apt-get > /dev/null; then
    echo "these packages are required (by their Debian names): ${missing[*]}" >&2
    exit 1
fi
apt=(apt-get -o DPkg::Lock::Timeout=300 -qq -y)
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2> /dev/null || { echo "missing packages, run first: sudo $line" >&2; exit 1; }
    apt=(sudo -n "${apt[@]}")
fi
echo "installing ${missing[*]}"
"${apt[@]}" install --no-install-recommends "${missing[@]}" < /dev/null > /dev/null 2>&1 ||
    { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } < /dev/null > /dev/null ||
    { echo "packages.sh: failed: $line" >&2; exit 1; }
