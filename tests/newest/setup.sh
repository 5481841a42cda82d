#!/bin/bash
# Sets up the HTTP, gRPC and metrics frontends of Triton 2.73 on the core of 2.51 in tests/newest/.server,
# once. Prints nothing if that is done already. Exit status 3: they cannot run on this machine, for the reason
# that is printed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$here/.server
# With numpy 2 every output tensor has 0 bytes.
core=("nvidia-pytriton==0.7.0" "numpy==1.26.4")
frontends=("tritonfrontend==2.73.0" "tritonserver==2.73.0")
stamp="1 ${core[*]} ${frontends[*]}" # the number is to be incremented when the steps below change

cannot() { echo "setup.sh: cannot run Triton 2.73's frontends here: $1" >&2; exit 3; }

is_done() {
    [ "$(cat "$dir/stamp" 2> /dev/null)" = "$stamp" ] && "$dir/venv/bin/python" -c 'import numpy' 2> /dev/null
}

# The models' processes need libpython3.12.so.1.0, and the wheels are for 3.12 only.
find_python() {
    local candidate
    for candidate in python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python3.12; do
        "$candidate" -c '
import ensurepip, os, sys, sysconfig, venv
library = os.path.join(sysconfig.get_config_var("LIBDIR") or "/", "libpython3.12.so.1.0")
sys.exit(sys.version_info[:2] != (3, 12) or not os.path.exists(library))' 2> /dev/null || continue
        python=$candidate
        return
    done
    cannot "Python 3.12 with venv and libpython is missing"
}

# Unpacks the C and C++ libraries of Debian 13 to .server/debian. The system's packages are not changed.
fetch_libraries() {
    local ID='' VERSION_CODENAME='' source
    command -v apt-get dpkg-deb > /dev/null && . /etc/os-release && [ "$ID" = debian ] ||
        cannot "glibc is older than 2.39, and a newer one can be downloaded only on Debian"
    mkdir -p "$dir"/apt/{parts,lists/partial,cache/archives/partial,packages} "$dir/debian"
    for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
        grep -qs "\b$VERSION_CODENAME\b" "$source" || continue
        sed "s/\b$VERSION_CODENAME\b/trixie/g" "$source" > "$dir/apt/parts/${source##*/}"
    done
    local apt=(apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$dir/apt/parts"
        -o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" -o APT::Sandbox::User=
        -o Acquire::Languages=none)
    (cd "$dir/apt/packages" && "${apt[@]}" update && "${apt[@]}" download libc6 libstdc++6 libgcc-s1 zlib1g) ||
        cannot "apt-get could not download the libraries of Debian 13"
    for source in "$dir"/apt/packages/*.deb; do dpkg-deb -x "$source" "$dir/debian"; done
    rm -rf "$dir/apt"
}

if is_done; then exit 0; fi
[ "$(uname -sm)" = "Linux x86_64" ] || cannot "they are built for Linux on x86_64 only, this is $(uname -sm)"
command -v cc > /dev/null || cannot "a C compiler (cc) is missing"
glibc=$(getconf GNU_LIBC_VERSION 2> /dev/null) || cannot "they need glibc, which this system does not use"
find_python

mkdir -p "$dir"
exec 9> "$dir/lock"
flock 9
if is_done; then exit 0; fi # by a concurrent run

# The stamp is written last, so that an interrupted run is repeated.
rm -rf "$dir"/{stamp,venv,frontends,lib,loader,apt,debian}
mkdir "$dir/lib"
"$python" -m venv "$dir/venv"
pip=("$dir/venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all:)
# The frontends' wheels require glibc 2.39: with --platform, which needs --target, pip installs them on older
# systems.
"${pip[@]}" --no-deps "${core[@]}" && "${pip[@]}" pydantic==2.10.6 &&
    "${pip[@]}" --no-deps --target "$dir/frontends" --python-version 3.12 --implementation cp --abi cp312 \
        --platform manylinux_2_39_x86_64 "${frontends[@]}" || cannot "pip could not install their packages"

site=$dir/venv/lib/python3.12/site-packages
python_backend=$site/pytriton/tritonserver/backends/python
chmod -R go-w "$site/pytriton" # the wheel's files are world-writable
ln -s "$site"/nvidia_pytriton.libs/libtritonserver-*.so "$dir/lib/libtritonserver.so"
cc -shared -fPIC -O1 -o "$dir/lib/shim.so" "$here/shim.c"
if printf '2.39\n%s\n' "${glibc#glibc }" | sort -VC; then
    ln -s /lib64/ld-linux-x86-64.so.2 "$dir/loader"
else
    fetch_libraries
    ln -s debian/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$dir/loader"
fi

# The models' processes need the server's glibc: they share condition variables with it, whose layout changed
# between 2.36 and 2.41. With different versions, decoupled models never respond.
mv "$python_backend/../../python_backend_stubs/3.12/triton_python_backend_stub" "$dir/lib/stub"
printf '#!/bin/sh\nexec "%s" --library-path "%s:$LD_LIBRARY_PATH:%s" "%s" "$@"\n' "$dir/loader" \
    "$dir/debian/usr/lib/x86_64-linux-gnu:$site/nvidia_pytriton.libs" /lib/x86_64-linux-gnu "$dir/lib/stub" \
    > "$python_backend/triton_python_backend_stub"
chmod +x "$python_backend/triton_python_backend_stub"
echo "$stamp" > "$dir/stamp"
