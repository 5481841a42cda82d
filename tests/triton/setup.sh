#!/bin/bash
# Sets up the real Triton server of the tests (2.51, CPU only, Python backend) in tests/triton/.server, once.
# Says nothing if it is there already. Exit status 3: it cannot run on this machine, and one line says why.
set -euo pipefail

# Without the wheel's own dependencies: they serve its Python package, not the server in it.
# numpy 2 loads, but then every output tensor comes back with 0 bytes.
packages=("nvidia-pytriton==0.7.0" "numpy<2")
dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/.server
stamp="1 ${packages[*]}" # the number changes whenever the steps below do

cannot() { echo "setup.sh: cannot run Triton here: $1" >&2; exit 3; }
fail() { echo "setup.sh: $1" >&2; exit 1; }

# The venv may have come with a cache to a machine without its Python: ask it, do not just trust the stamp.
is_done() {
    [ "$(cat "$dir/stamp" 2> /dev/null)" = "$stamp" ] && "$dir/venv/bin/python" -c 'import numpy' 2> /dev/null
}

# Prints what the Python $1 lacks: nothing if it will do. Fails if it is absent or of a wrong version.
# The server starts models in a program that needs libpython3.X.so.1.0: by the loader, or in Python's LIBDIR.
lacks() {
    "$1" -c '
import ctypes, os, sys, sysconfig
if not (3, 8) <= sys.version_info[:2] <= (3, 12):
    sys.exit(1)
version = "%d.%d" % sys.version_info[:2]
try:
    import ensurepip, venv
except ImportError:
    print("python%s-venv" % version)
name = "libpython%s.so.1.0" % version
try:
    ctypes.CDLL(name)
except OSError:
    if not os.path.exists(os.path.join(sysconfig.get_config_var("LIBDIR") or "/", name)):
        print("libpython" + version)' 2> /dev/null
}

# Sets python to a complete Python; else missing to the packages that complete the system's own.
find_python() {
    python='' missing=''
    local candidate lack
    for candidate in /usr/bin/python3 python3.{12,11,10,9,8} python3; do
        lack=$(lacks "$candidate") || continue
        [ -n "$lack" ] || { python=$candidate; return; }
        case $(command -v "$candidate") in
            /usr/bin/*) missing=${missing:-${lack//$'\n'/ }} ;;
        esac
    done
    [ -n "$missing" ] || [ -e /usr/bin/python3 ] || missing=python3
}

install() {
    local apt=(apt-get -o DPkg::Lock::Timeout=300 -qq -y) line="apt-get install -y $1"
    command -v apt-get > /dev/null || fail "these packages (Debian's names) are needed: $1"
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2> /dev/null || fail "run this first: sudo $line"
        apt=(sudo -n "${apt[@]}")
    fi
    # shellcheck disable=SC2086 # a list of words
    { "${apt[@]}" install --no-install-recommends $1 ||
        { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends $1; }; } \
        > "$dir/apt.log" 2>&1 < /dev/null || { tail -20 "$dir/apt.log" >&2; fail "this failed: $line"; }
}

if is_done; then exit 0; fi

[ "$(uname -sm)" = "Linux x86_64" ] || cannot "it is built for Linux on x86_64 only, this is $(uname -sm)"
glibc=$(getconf GNU_LIBC_VERSION 2> /dev/null) || cannot "it needs glibc, which this system does not use"
[ "$(printf '%s\n' 2.35 "${glibc#glibc }" | sort -V | head -1)" = 2.35 ] ||
    cannot "it needs glibc 2.35 or newer, this is $glibc"

mkdir -p "$dir"
exec 9> "$dir/lock"
flock 9
if is_done; then exit 0; fi # another run was faster

find_python
for _ in 1 2; do # a second time, since a Python just installed may lack something itself
    [ -z "$python" ] && [ -n "$missing" ] || break
    install "$missing"
    find_python
done
[ -n "$python" ] || cannot "there is no Python 3.8 to 3.12"

# The stamp comes last: whatever an interrupted run left is done anew.
rm -rf "$dir/stamp" "$dir/venv" "$dir/triton"
"$python" -m venv "$dir/venv" > "$dir/setup.log" 2>&1 || { cat "$dir/setup.log" >&2; fail "no venv"; }
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: \
    "${packages[@]}" > "$dir/setup.log" 2>&1 || { cat "$dir/setup.log" >&2; fail "pip could not install"; }
cd "$dir"
version=$(venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ln -s "venv/lib/python$version/site-packages/pytriton/tritonserver" triton
# The wheel has this program for each version of Python; the backend takes the one beside it.
cp "triton/python_backend_stubs/$version/triton_python_backend_stub" triton/backends/python/
chmod -R go-w triton/ # the wheel's files come world-writable
echo "$stamp" > stamp
