#!/bin/bash
# native.sh: puts the native library into NATIVE_FOLDER/linux-PROCESSOR, for the jar. It is the one at NATIVE_LIBRARY, or, if
# that is empty, built for NATIVE_PROCESSORS (tools/portable.sh). java/pom.xml sets the variables.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The loader names the extracted file by its hash, which it would have to compute for each class loader otherwise.
write_hashes() {
    local library
    for library in "$NATIVE_FOLDER"/*/libtriton_client.so; do
        (cd "${library%/*}" && sha256sum libtriton_client.so > libtriton_client.so.sha256)
    done
}

rm -rf "$NATIVE_FOLDER" # a library of an earlier run may be for a processor that is not asked for now
if [ -z "${NATIVE_LIBRARY:-}" ]; then
    read -ra processors <<< "${NATIVE_PROCESSORS:-}"
    "$here/../tools/portable.sh" "$NATIVE_FOLDER" "${processors[@]}"
    write_hashes
    exit
fi
case $(readelf --file-header "$NATIVE_LIBRARY" | sed -n 's/^ *Machine: *//p') in
    *X86-64) processor=x86_64 ;;
    AArch64) processor=aarch64 ;;
    *) echo "native.sh: $NATIVE_LIBRARY is not a library for x86-64 or AArch64" >&2; exit 1 ;;
esac
# Not stripped: its symbols are of use when it is debugged.
install -D -m 644 "$NATIVE_LIBRARY" "$NATIVE_FOLDER/linux-$processor/libtriton_client.so"
write_hashes
