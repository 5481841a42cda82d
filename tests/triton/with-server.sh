#!/bin/bash
# with-server.sh COMMAND...: runs COMMAND beside a Triton server on the models next to this script.
# COMMAND finds it by TRITON_TEST_HTTP, TRITON_TEST_GRPC and TRITON_TEST_METRICS (127.0.0.1:PORT); its exit
# status is passed on. MODELS="simple slow" loads only those; TRITON_ARGS="..." adds options of tritonserver;
# TRITON_PORTS="HTTP GRPC METRICS" are the ports, for a server that takes the place of another. With TRITON_TEST_NEWEST
# set, the server's frontends are those of ../newest.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: with-server.sh COMMAND..." >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
newest=${TRITON_TEST_NEWEST:+$here/../newest}
"${newest:-$here}/setup.sh"

triton=$here/.server/triton
bin=${newest:-$here}/.server/venv/bin
server='' command='' keep=''
read -ra models <<< "${MODELS:-*}"
read -ra more <<< "${TRITON_ARGS:-}"
run=$(mktemp -d "${TMPDIR:-/tmp}/triton-test.XXXXXX")
log=$run/server.log
shm=${run##*/}
cp -R "$here/models" "$run/models" # where the server may write its __pycache__ folders

# is_alive PID: no zombie either, since bash reaps its children at once.
is_alive() { kill -0 "$1" 2> /dev/null; }

# stop PID SECONDS TARGET: SIGTERM to TARGET; after that time SIGKILL to what is left of PID's group.
stop() {
    kill -TERM -- "$3" 2> /dev/null || :
    for ((i = $2 * 20; i > 0; i--)); do is_alive "$1" || break; sleep 0.05; done
    kill -KILL -- "-$1" 2> /dev/null || :
    wait "$1" 2> /dev/null || :
    for ((i = 20; i > 0; i--)); do kill -0 -- "-$1" 2> /dev/null || break; sleep 0.05; done
}

stop_server() {
    [ -n "$server" ] || return 0
    # To the server alone: it ends the models' processes, and waits in vain for those that died by themselves.
    stop "$server" 10 "$server"
    server=''
    rm -f "/dev/shm/$shm"* # a process that was killed leaves its region behind
}

finish() {
    status=$?
    trap '' INT TERM HUP
    trap - EXIT
    [ -z "$command" ] || stop "$command" 5 "-$command"
    stop_server
    if [ -n "$keep" ]; then echo "with-server.sh: the server's log is $log" >&2; else rm -rf "$run"; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

show_log() {
    keep=1
    echo "with-server.sh: $1; errors in its log, and the log's end:" >&2
    # Without complaints about the absent GPU, and without the tables.
    { grep -iE '^E[0-9]|error|unrecognized' "$log" | grep -viE 'cuda|nvml' | head -20
        echo ...
        grep -v '^[|+]' "$log" | tail -20; } >&2 || :
}

# In a session of its own, so that the whole group can be stopped, and not by the terminal's Ctrl-C.
# Told to end should this script be killed outright. bash lets background jobs ignore SIGINT: undone.
launch() { trap - INT QUIT; exec setsid setpriv --pdeathsig TERM -- "$@"; }

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
    # The models' processes take their Python from the first python3 on PATH.
    environment=("PATH=$bin:$PATH")
    if ldd "$triton/backends/python/triton_python_backend_stub" | grep 'libpython.*not found' > /dev/null; then
        lib=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
        environment+=("LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
    fi
    # strict-readiness: else the server is "not ready" after any unload, for tests that run at the same time too.
    # trace-config: the trace file can only be given here. exit-timeout-secs: waited in full if a model died.
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

# listens PORT: our server has it, not another program that was faster. (gRPC listens by a socket of IPv6.)
listens() {
    local inode
    inode=$(awk -v port=":$(printf %04X "$1")" '$4 == "0A" && $2 ~ port"$" { print $10 }' /proc/net/tcp /proc/net/tcp6 2> /dev/null) || :
    [ -n "$inode" ] && [ -n "$(find "/proc/$server/fd" -lname "socket:?$inode?" 2> /dev/null)" ]
}

# The server opens its ports when the models are loaded. 403: ready, but TRITON_ARGS restricts who may ask.
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

export TRITON_TEST_HTTP=127.0.0.1:$http TRITON_TEST_GRPC=127.0.0.1:$grpc TRITON_TEST_METRICS=127.0.0.1:$metrics
launch "$@" <&0 &
command=$!
status=0
wait "$command" || status=$?
command=''
if ! is_alive "$server"; then
    show_log "the server died while the command ran"
    [ "$status" != 0 ] || status=1
fi
exit "$status"
