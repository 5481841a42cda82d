#!/bin/bash
# instructions.sh LIBRARY...: prints the user instructions of one inference with each libtriton_client.so.
#
# callgrind counts the user instructions of workers/instructions.c with 20 and with 120 requests to the stub;
# a request costs a hundredth of the difference, which excludes the start of the process and connecting.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
[ $# -gt 0 ] || { echo "usage: instructions.sh LIBRARY..." >&2; exit 2; }

"$root/tests/packages.sh" cc:gcc valgrind
(cd "$root" && cargo build -q --release --example stub)
stub=${CARGO_TARGET_DIR:-$root/target}/release/examples/stub
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count REQUESTS ARGUMENTS...: all user instructions of a process that makes that many requests.
count() {
    LD_LIBRARY_PATH=$work valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$work/instructions" "$url" "$inputs" "$bytes" "$@" 2> "$work/log" || { cat "$work/log" >&2; return 1; }
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log"
}

for library; do
    cp "$library" "$work/libtriton_client.so"
    cc -O2 -Wall -Wextra -Werror -I "$root/include" "$here/workers/instructions.c" -L "$work" -ltriton_client -o "$work/instructions"
    echo "$library: user instructions per call"
    printf '%-5s %-6s %10s %10s\n' '' '' 'same id' 'fresh id'
    for protocol in http grpc; do
        for size in '64 B:2:64' '4 KiB:1:4096'; do
            IFS=: read -r name inputs bytes <<< "$size"
            coproc server { exec "$stub" "$protocol" "$inputs" "$bytes" $((4 << 20)); }
            pid=$server_PID
            read -r port <&"${server[0]}"
            url=$protocol://127.0.0.1:$port
            cells=()
            for mode in same fresh; do
                few=$(count 20 "$mode") many=$(count 120 "$mode")
                cells+=($(((many - few) / 100)))
            done
            printf '%-5s %-6s %10d %10d\n' "$protocol" "$name" "${cells[@]}"
            exec {server[1]}>&-
            wait "$pid" || :
        done
    done
done
