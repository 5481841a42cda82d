#!/bin/bash
# portable.sh FOLDER [PROCESSOR...]: builds the shared library for Linux with glibc 2.28 or later, checks its symbols, and writes
# FOLDER/linux-PROCESSOR/libtriton_client.so, stripped. Processors: x86_64, aarch64; the default is this machine's.
# CARGO_TARGET_DIR/portable has the builds, CARGO_TARGET_DIR/zig the linker, which is installed from PyPI once.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: portable.sh FOLDER [PROCESSOR...]" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

glibc=2.28
[ "$(uname -s)" = Linux ] || { echo "portable.sh: builds on Linux only" >&2; exit 1; }
[ $# -gt 0 ] || set -- "$(uname -m)"

mkdir -p "${CARGO_TARGET_DIR:-target}"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
"$root/tests/packages.sh" readelf:binutils
"$root/tools/setup.sh" "$target/zig" "$root/tools/zig.txt"

# Prints the dynamic symbols of the library $1: defined or undefined, then the name with its version.
symbols() { readelf --dyn-syms --wide "$1" | awk '$1 ~ /^[0-9]+:$/ && $8 { print ($7 == "UND" ? "undefined" : "defined"), $8 }'; }

check() {
    local library=$1 required newest exports
    required=$(symbols "$library" | sed -n 's/^undefined .*@GLIBC_\([0-9.]*\)$/\1/p' | sort -Vu)
    newest=$(tail -n 1 <<< "$required")
    [ -n "$newest" ] && [ "$(printf '%s\n' "$newest" "$glibc" | sort -V | tail -n 1)" = "$glibc" ] || {
        echo "portable.sh: $library requires glibc $newest instead of $glibc or earlier:" >&2
        symbols "$library" | grep "@GLIBC_$newest" >&2
        return 1
    }
    # Only what every glibc system has: no libgcc_s, which some container images lack.
    if readelf --dynamic "$library" | grep NEEDED | grep -vE '\[(lib(c|m|dl|pthread|rt)\.so\.[0-9]|ld-linux-.*)\]' >&2; then
        echo "portable.sh: $library requires the libraries above" >&2
        return 1
    fi
    exports=$(symbols "$library" | sed -n 's/^defined //p' | sort)
    [ "$exports" = "$expected" ] || {
        echo "portable.sh: $library does not export what it should:" >&2
        diff <(echo "$expected") <(echo "$exports") | grep '^[<>]' >&2
        return 1
    }
}

# The functions of the header, and the entry point of JNI.
expected=$({ sed -n 's/^\(.*[ *]\)\?\(triton_[a-z0-9_]*\)(.*/\2/p' include/triton_client.h; echo JNI_OnLoad; } | sort -u)

for processor in "$@"; do
    case $processor in
        x86_64 | aarch64) ;;
        *) echo "portable.sh: unsupported processor '$processor': expected x86_64 or aarch64" >&2; exit 2 ;;
    esac
    triple=$processor-unknown-linux-gnu
    [ -d "$(rustc --print sysroot)/lib/rustlib/$triple/lib" ] || rustup target add "$triple"
    # cargo-zigbuild finds `zig` in its own environment. Stripped by the linker: the host's strip knows its own processor only.
    PATH="$target/zig/bin:$PATH" CARGO_TARGET_DIR="$target/portable" CARGO_PROFILE_RELEASE_STRIP=symbols \
        CARGO_ZIGBUILD_CACHE_DIR="$target/portable/zig" ZIG_GLOBAL_CACHE_DIR="$target/portable/zig" \
        ZIG_LOCAL_CACHE_DIR="$target/portable/zig" \
        cargo zigbuild --quiet --locked --release --lib --features allocator --target "$triple.$glibc"
    built=$target/portable/$triple/release/libtriton_client.so
    check "$built"
    library=$folder/linux-$processor/libtriton_client.so
    mkdir -p "${library%/*}"
    cmp -s "$built" "$library" || cp "$built" "$library"
    echo "linux-$processor: $(stat -c %s "$library") bytes, requires glibc" \
        "$(symbols "$library" | sed -n 's/^undefined .*@GLIBC_//p' | sort -V | tail -n 1)"
done
