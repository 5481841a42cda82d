#!/bin/bash
# with-proxy.sh PROXY [OPTION...] COMMAND...: runs COMMAND behind a proxy that setup.sh downloaded. The proxy
# forwards to the servers at TRITON_TEST_HTTP, TRITON_TEST_GRPC and TRITON_TEST_METRICS; COMMAND gets the
# proxy's own addresses in the same variables, and its name, process and folder in TRITON_TEST_PROXY,
# TRITON_TEST_PROXY_PID and TRITON_TEST_PROXY_DIR. COMMAND's exit status is passed on.
# --defaults: the proxy's default limits. --timeout SECONDS: how long it waits for a response, 300 s by
# default. --edit SCRIPT: changes its configuration with sed.
# --tls: both ports speak TLS. --mutual: they also require a client certificate, signed by the tests'
# authority. The certificates are those of tests/support/certificates.rs, in TRITON_TEST_CERTIFICATES if that
# is set; COMMAND gets their folder there, the authority's file in TRITON_TEST_TLS_CA, and the option in
# TRITON_TEST_PROXY_TLS. TRITON_TEST_METRICS is not changed. --certificate NAME: the server's, `server` by
# default.
# Varnish does not support gRPC: TRITON_TEST_GRPC is not changed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() { echo "usage: with-proxy.sh PROXY [--defaults] [--timeout SECONDS] [--edit SCRIPT] [--tls|--mutual] [--certificate NAME] COMMAND..." >&2; exit 2; }
[ $# -gt 1 ] || usage
name=$1 limits='s/ *#T.*//' timeout=300 tls='' certificate=server edit=''
shift
while [[ ${1:-} == --* ]]; do
    case $1 in
        --tls | --mutual) tls=$1 ;;
        --certificate) certificate=$2; shift ;;
        --edit) edit=$2; shift ;;
        --defaults) limits='/#T/d' ;;
        --timeout) timeout=$2; shift ;;
        *) usage ;;
    esac
    shift
done
[ $# -gt 0 ] || usage

root=$here/.proxies/$name
[ -e "$root/done" ] || { echo "with-proxy.sh: $name is missing: run tests/proxies/setup.sh $name" >&2; exit 1; }
program=$root/$(cat "$root/program")
libraries=$(sed "s|^|$root/|" "$root/libraries" | paste -sd:)
run=$(mktemp -d "${TMPDIR:-/tmp}/triton-proxy.XXXXXX")
chmod 777 "$run" # nginx and Apache switch to another user if root starts them
log=$run/proxy.log
proxy=''
clean_up() {
    [ -z "$proxy" ] || stop "$proxy" 2 "$proxy"
    rm -rf "$run"
}
. "$here/../process.sh"

case $name in
    envoy) file=envoy.yaml ;;
    nginx) file=nginx.conf ;;
    haproxy) file=haproxy.cfg ;;
    apache) file=apache.conf ;;
    caddy) file=Caddyfile ;;
    varnish) file=varnish.vcl ;;
    nghttpx) file=nghttpx.conf ;;
    *) usage ;;
esac

# Which lines of the configuration are for this case.
lines='/#TLS$/d; /#MUTUAL$/d; s/ *#PLAIN$//' verify=''
[ -z "$tls" ] || lines='/#PLAIN$/d; /#MUTUAL$/d; s/ *#TLS$//'
[ "$tls" != --mutual ] || lines='/#PLAIN$/d; s/ *#TLS$//; s/ *#MUTUAL$//'
if [ -n "$tls" ]; then
    [ "$name" != varnish ] || { echo "with-proxy.sh: Varnish has no TLS" >&2; exit 2; }
    if [ -z "${TRITON_TEST_CERTIFICATES:-}" ]; then
        (cd "$here/../.." && cargo run --quiet --example certificates "$run/certificates")
        TRITON_TEST_CERTIFICATES=$run/certificates
    fi
    export TRITON_TEST_CERTIFICATES TRITON_TEST_TLS_CA=$TRITON_TEST_CERTIFICATES/ca.pem TRITON_TEST_PROXY_TLS=$tls
    [ "$tls" != --mutual ] || verify="ca-file $TRITON_TEST_TLS_CA verify required"
else
    unset TRITON_TEST_TLS_CA TRITON_TEST_PROXY_TLS
fi

start_proxy() {
    # Below the system's ephemeral ports: the proxy binds them some time after they are chosen here.
    read -r http grpc < <(python3 -c 'import random, socket
def free():
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.randrange(10000, 32768)))
                return s.getsockname()[1]
            except OSError:
                pass
print(free(), free())')
    sed -e "$lines" -e "$limits" -e "s|@CERTIFICATE@|${TRITON_TEST_CERTIFICATES:-}/$certificate|g" \
        -e "s|@CA@|${TRITON_TEST_TLS_CA:-}|g; s|@VERIFY@|$verify|g" -e "$edit" \
        -e "s|@ROOT@|$root|g; s|@DIR@|$run|g; s|@TIMEOUT@|$timeout|g" \
        -e "s|@HTTP_IN@|$http|g; s|@GRPC_IN@|$grpc|g" -e "s|@HTTP@|${TRITON_TEST_HTTP##*:}|g" \
        -e "s|@GRPC@|${TRITON_TEST_GRPC##*:}|g; s|@METRICS@|${TRITON_TEST_METRICS##*:}|g" "$here/$file" > "$run/$file"
    local line=("$program")
    case $name in
        envoy) line+=(-c "$run/$file" --use-dynamic-base-id --concurrency 1 --log-level warn) ;;
        nginx) line+=(-p "$run" -c "$run/$file") ;;
        haproxy) line+=(-f "$run/$file" -W -db) ;; # the master process reloads the configuration
        apache) line+=(-f "$run/$file" -DFOREGROUND) ;;
        caddy) line+=(run --adapter caddyfile --config "$run/$file") ;;
        # varnishd compiles its configuration with a C compiler.
        varnish) line+=(-F -n "$run/varnish" -a "127.0.0.1:$http" -f "$run/$file" -s malloc,64m -j none
            -p "cc_command=exec cc -fpic -shared -o %o %s" -p "first_byte_timeout=$timeout") ;;
        nghttpx) line+=(--conf="$run/$file"); grpc=$http ;;
    esac
    [ "$name" != varnish ] || grpc=${TRITON_TEST_GRPC##*:}
    launch env "LD_LIBRARY_PATH=$libraries" HOME="$run" XDG_CONFIG_HOME="$run" XDG_DATA_HOME="$run" \
        "${line[@]}" > "$log" 2>&1 < /dev/null &
    proxy=$!
}

# listens PORT: a process of our proxy listens on it, not another program that took the port first.
listens() {
    local inode pid stat
    (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null || return 1
    inode=$(awk -v port=":$(printf %04X "$1")" '$4 == "0A" && $2 ~ port"$" { print $10 }' /proc/net/tcp | head -1)
    [ -n "$inode" ] || return 1
    # Mostly the first process or a child has it; looking at every process takes long.
    for pid in "$proxy" $(cat "/proc/$proxy/task/$proxy/children" 2> /dev/null); do
        [ -z "$(find "/proc/$pid/fd" -lname "socket:?$inode?" 2> /dev/null)" ] || return 0
    done
    for pid in $(find /proc/[0-9]*/fd -lname "socket:?$inode?" 2> /dev/null | cut -d/ -f3); do
        stat=$(cat "/proc/$pid/stat" 2> /dev/null) || continue
        read -r _ parent _ session _ <<< "${stat##*) }"
        [[ $proxy == "$pid" || $proxy == "$parent" || $proxy == "$session" ]] && return 0
    done
    return 1
}
has_started() { listens "$http" && { [[ $name == varnish || $http == "$grpc" ]] || listens "$grpc"; } && is_alive "$proxy"; }

for attempt in 1 2 3; do # a port may have been taken meanwhile
    start_proxy
    deadline=$((SECONDS + 30))
    until has_started; do
        is_alive "$proxy" && [ $SECONDS -lt $deadline ] || break
        sleep 0.02
    done
    if has_started; then break; fi
    stop "$proxy" 2 "$proxy"
    proxy=''
    [ "$attempt" != 3 ] || { echo "with-proxy.sh: $name did not start:" >&2; tail -20 "$log" "$run"/error.log >&2 2> /dev/null || :; exit 1; }
done

export TRITON_TEST_PROXY=$name TRITON_TEST_PROXY_PID=$proxy TRITON_TEST_PROXY_DIR=$run
export TRITON_TEST_HTTP=127.0.0.1:$http TRITON_TEST_GRPC=127.0.0.1:$grpc
[[ -z ${TRITON_TEST_METRICS:-} || -n $tls ]] || export TRITON_TEST_METRICS=127.0.0.1:$http
run "$@"
if ! is_alive "$proxy"; then
    echo "with-proxy.sh: $name terminated while the command ran:" >&2
    tail -20 "$log" >&2
    [ "$status" != 0 ] || status=1
fi
exit "$status"
