#!/bin/bash
# recipes.sh: runs what docs/security.md tells its readers: the commands that make certificates, each proxy's configuration before a
# real Triton, without and with client certificates, and Triton's own TLS, all of them taken from the page. The C examples call
# through each of them, over both protocols. Called by run.sh; needs openssl.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
page=$top/docs/security.md

if [ -z "${RECIPES:-}" ]; then
    (cd "$top" && cargo build --quiet)
    library=$(cd "${CARGO_TARGET_DIR:-$top/target}/debug" && pwd)
    RECIPES=$(mktemp -d "${TMPDIR:-/tmp}/triton-recipes.XXXXXX")
    trap 'rm -rf "$RECIPES"' EXIT
    chmod 755 "$RECIPES" # nginx switches to another user if root starts it
    export RECIPES
    for program in secure_infer custom_repeat; do
        cc -std=c99 -I"$top/include" "$top/c_examples/$program.c" -o "$RECIPES/$program" -L"$library" -ltriton_client \
            -Wl,-rpath,"$library"
    done
    # block LANGUAGE: the code of the page in that language.
    block() { awk -v tag='```'"$1" '$0 == tag { inside = 1; next } $0 == "```" { inside = 0 } inside' "$page"; }
    export -f block
    mkdir "$RECIPES/tls"
    block sh > "$RECIPES/make.sh"
    (cd "$RECIPES/tls" && bash -e "$RECIPES/make.sh" > "$RECIPES/log" 2>&1) || { cat "$RECIPES/log" >&2; exit 1; }
    chmod 644 "$RECIPES"/tls/*.key "$RECIPES"/tls/*.pem
    (cd "$RECIPES/tls" && openssl verify -CAfile ca.pem server.pem client.pem > /dev/null)
    models="simple repeat_int32"
    MODELS=$models "$top/tests/triton/with-server.sh" "$0" proxies
    # The flags of the page, of which the last two are for mutual TLS.
    read -ra flags <<< "$(block console | sed "s|/etc/triton/tls|$RECIPES/tls|g" | grep -o -e '--grpc[^ ]*' | paste -sd' ')"
    [ ${#flags[@]} = 5 ] || { echo "recipes.sh: five flags of Triton's expected, got ${flags[*]}" >&2; exit 1; }
    MODELS=$models TRITON_ARGS="${flags[*]:0:3}" "$top/tests/triton/with-server.sh" "$0" own tls
    MODELS=$models TRITON_ARGS="${flags[*]}" "$top/tests/triton/with-server.sh" "$0" own mutual
    exit
fi

proxy='' name=Triton
clean_up() { [ -z "$proxy" ] || stop "$proxy" 2 "$proxy"; }
. "$here/../process.sh"
fail() {
    echo "recipes.sh: $name, $mode: $1" >&2
    exit 1
}

# call WHAT COMMAND...: it succeeds.
call() { "${@:2}" > "$RECIPES/output" 2>&1 || { cat "$RECIPES/output" >&2; fail "$1 failed"; }; }
# refused TEXT COMMAND...: it fails with TEXT in its message.
refused() {
    ! "${@:2}" > "$RECIPES/output" 2>&1 || fail "'${*:2}' succeeded"
    grep -q "$1" "$RECIPES/output" || { cat "$RECIPES/output" >&2; fail "the message has no '$1'"; }
}

# check MODE URL...: the examples reach Triton at each URL.
check() {
    mode=$1
    local tls=$RECIPES/tls url
    local files=(--ca-certs "$tls/ca.pem")
    [ "$mode" = tls ] || files+=(--cert-file "$tls/client.pem" --key-file "$tls/client.key")
    for url in "${@:2}"; do
        call "an inference at $url" "$RECIPES/secure_infer" -u "$url" "${files[@]}"
        call "a compressed one" "$RECIPES/secure_infer" -u "$url" "${files[@]}" -i gzip -o gzip
        # The system's authorities have not signed the certificate.
        refused 'signed by no authority' "$RECIPES/secure_infer" -u "$url" "${files[@]:2}"
        [ "$mode" = tls ] || refused 'client certificate' "$RECIPES/secure_infer" -u "$url" "${files[@]:0:2}"
        [[ $mode == mutual || $url == https* ]] \
            || call "a stream" env SSL_CERT_FILE="$tls/ca.pem" "$RECIPES/custom_repeat" -u "$url"
    done
    echo "$name, $mode: as the page says"
}

start_proxy() {
    local root=$here/.proxies/$name config=$RECIPES/$name.yaml line folder filter='/# mutual TLS$/d' tag=$name
    [ "$mode" = tls ] || filter='/# TLS only$/d'
    line=("$root/$(cat "$root/program")")
    {
        case $name in # what the page leaves out, since every configuration has it
            nginx)
                printf 'daemon off; pid %s/nginx.pid; error_log %s/log; events {}\nhttp {\n' "$RECIPES" "$RECIPES"
                printf 'access_log off;\n'
                for folder in client_body proxy fastcgi uwsgi scgi; do echo "${folder}_temp_path $RECIPES/$folder;"; done
                line+=(-p "$RECIPES" -c "$config") ;;
            haproxy)
                printf 'defaults\n    mode http\n    timeout connect 5s\n    timeout client 300s\n    timeout server 300s\n'
                line+=(-f "$config" -db) ;;
            envoy)
                tag=yaml
                line+=(-c "$config" --use-dynamic-base-id --concurrency 1 --log-level warn) ;;
            caddy)
                tag=caddyfile
                printf '{\n\tadmin off\n\tauto_https off\n}\n'
                line+=(run --adapter caddyfile --config "$config") ;;
        esac
        block "$tag" | sed -e "$filter" -e "s|/etc/triton/tls|$RECIPES/tls|g; s/8443/$port/g; s/0\.0\.0\.0/127.0.0.1/" \
            -e "s/\b8000\b/${TRITON_TEST_HTTP##*:}/g; s/\b8001\b/${TRITON_TEST_GRPC##*:}/g"
        [ "$name" != nginx ] || echo '}'
    } > "$config"
    launch env LD_LIBRARY_PATH="$(sed "s|^|$root/|" "$root/libraries" | paste -sd:)" HOME="$RECIPES" XDG_CONFIG_HOME="$RECIPES" \
        XDG_DATA_HOME="$RECIPES" "${line[@]}" > "$RECIPES/log" 2>&1 < /dev/null &
    proxy=$!
    local deadline=$((SECONDS + 20))
    until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do
        is_alive "$proxy" && [ $SECONDS -lt $deadline ] || { cat "$RECIPES/log" >&2; fail "did not start"; }
        sleep 0.02
    done
}

if [ "$1" = own ]; then
    check "$2" "grpcs://$TRITON_TEST_GRPC"
    exit
fi
for name in nginx haproxy envoy caddy; do
    [ -e "$here/.proxies/$name/done" ] || { echo "recipes.sh: $name is missing, and was not run"; continue; }
    for mode in tls mutual; do
        port=$(python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])')
        start_proxy
        check "$mode" "https://localhost:$port" "grpcs://localhost:$port"
        stop "$proxy" 2 "$proxy"
        proxy=''
    done
done
