#!/bin/bash
# with-server.sh COMMAND...: runs COMMAND with a Triton server that serves the models next to this script.
# COMMAND gets the addresses (127.0.0.1:PORT) in TRITON_TEST_HTTP, TRITON_TEST_GRPC and TRITON_TEST_METRICS;
# its exit status is passed on. MODELS="simple slow" loads only those; TRITON_ARGS="..." adds options of
# tritonserver; TRITON_PORTS="HTTP GRPC METRICS" sets the ports, for a server that replaces another. With
# TRITON_TEST_NEWEST set, the server's frontends are those of ../newest. COMMAND may kill the server, whose
# process is TRITON_TEST_PID, if TRITON_MAY_DIE is set; otherwise the end of the server is an error.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: with-server.sh COMMAND..." >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
newest=${TRITON_TEST_NEWEST:+$here/../newest}
"${newest:-$here}/setup.sh"

triton=$here/.server/triton
bin=${newest:-$here}/.server/venv/bin
server='' keep=''
read -ra models <<< "${MODELS:-*}"
read -ra more <<< "${TRITON_ARGS:-}"
run=$(mktemp -d "${TMPDIR:-/tmp}/triton-test.XXXXXX")
log=$run/server.log
shm=${run##*/}
cp -R "$here/models" "$run/models" # a copy, since the server writes __pycache__ folders

stop_server() {
    [ -n "$server" ] || return 0
    # To the server only: it stops the models' processes, and would wait in vain for any that stopped before
    # it.
    stop "$server" 10 "$server"
    server=''
    rm -f "/dev/shm/$shm"* # of processes that were killed
}

clean_up() {
    stop_server
    if [ -n "$keep" ]; then echo "with-server.sh: the server's log is $log" >&2; else rm -rf "$run"; fi
}
. "$here/../process.sh"

show_log() {
    keep=1
    echo "with-server.sh: $1; errors in its log, and the log's end:" >&2
    # Without messages about the missing GPU, and without tables.
    { grep -iE '^E[0-9]|error|unrecognized' "$log" | grep -viE 'cuda|nvml' | head -20
        echo ...
        grep -v '^[|+]' "$log" | tail -20; } >&2 || :
}

start_server() {
    local ports=${TRITON_PORTS:-}
    [ -n "$ports" ] || ports=$("$bin/python" -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
    read -r http grpc metrics <<< "$ports"
    if [ -n "$newest" ]; then
        [ ${#more[@]} = 0 ] || { echo "with-server.sh: the newest frontends take no options: $TRITON_ARGS" >&2; exit 1; }
        launch "$newest/serve.sh" "$http" "$grpc" "$metrics" "$run/models" "$shm" "${models[@]}" > "$log" 2>&1 < /dev/null &
        server=$!
        return
    fi
    # The models' processes use the first python3 on PATH.
    environment=("PATH=$bin:$PATH")
    if ldd "$triton/backends/python/triton_python_backend_stub" | grep 'libpython.*not found' > /dev/null; then
        lib=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
        environment+=("LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
    fi
    # strict-readiness: with it, any unload makes the server "not ready" for tests that run at the same time.
    # trace-config: the trace file can only be set here. exit-timeout-secs: the full time passes if a model's
    # process died.
    launch env "${environment[@]}" "$triton/bin/tritonserver" \
        --model-repository="$run/models" --backend-directory="$triton/backends" \
        --cache-directory="$triton/caches" --cache-config=local,size=1048576 \
        --model-control-mode=explicit "${models[@]/#/--load-model=}" --disable-auto-complete-config \
        --backend-config="python,shm-region-prefix-name=$shm" \
        --http-address=127.0.0.1 --http-port="$http" --grpc-address=127.0.0.1 --grpc-port="$grpc" \
        --metrics-address=127.0.0.1 --metrics-port="$metrics" \
        --strict-readiness=false --exit-timeout-secs=3 \
        --http-header-forward-pattern='(?i)x-fwd-.*' --grpc-header-forward-pattern='x-fwd-.*' \
        --trace-config triton,file="$run/trace" --trace-config rate=1 --trace-config level=OFF \
        "${more[@]}" > "$log" 2>&1 < /dev/null &
    server=$!
}

# listens PORT: our server listens on it, not another program that took the port first. (gRPC uses an IPv6
# socket.)
listens() {
    local inode
    inode=$(awk -v port=":$(printf %04X "$1")" '$4 == "0A" && $2 ~ port"$" { print $10 }' /proc/net/tcp /proc/net/tcp6 2> /dev/null) || :
    [ -n "$inode" ] && [ -n "$(find "/proc/$server/fd" -lname "socket:?$inode?" 2> /dev/null)" ]
}

# The server opens its ports when the models are loaded. 403: ready, but TRITON_ARGS restricts the endpoint.
is_ready() {
    listens "$http" && listens "$grpc" && listens "$metrics" && (
        exec 3<> "/dev/tcp/127.0.0.1/$http"
        printf 'GET /v2/health/ready HTTP/1.0\r\n\r\n' >&3
        read -rt 5 line <&3 && [[ $line =~ ^HTTP/1\.[01]\ (200|403) ]]
    ) 2> /dev/null
}

for attempt in 1 2 3; do
    start_server
    deadline=$((SECONDS + 120))
    until is_ready; do
        is_alive "$server" && [ $SECONDS -lt $deadline ] || break
        sleep 0.05
    done
    if is_alive "$server" && is_ready; then break; fi
    if [ "$attempt" = 3 ] || ! grep -q 'already in use' "$log"; then
        show_log "the server did not start"
        exit 1
    fi
    stop_server
done

export TRITON_TEST_PID=$server
export TRITON_TEST_HTTP=127.0.0.1:$http TRITON_TEST_GRPC=127.0.0.1:$grpc TRITON_TEST_METRICS=127.0.0.1:$metrics
run "$@"
if [ -z "${TRITON_MAY_DIE:-}" ] && ! is_alive "$server"; then
    show_log "the server terminated while the command ran"
    [ "$status" != 0 ] || status=1
fi
exit "$status"
