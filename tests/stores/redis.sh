#!/usr/bin/env bash
# Keeps a throwaway Redis; arguments are options of redis-server. `empty` throws away what it saved.
source "$(dirname "$0")/keep.sh"

port="${REDIS_PORT:-$(free_port)}"
options=("$@")
case " $* " in
*" --tls-cert-file "*) ports=(--port 0 --tls-port "$port") ;;
*) ports=(--port "$port") ;;
esac

launch() {
    redis-server "${ports[@]}" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no "${options[@]}" \
        >>"$folder/log" 2>&1 </dev/null &
    pid=$!
}

is_ready() {
    local answer=""
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'PING\r\n' >&3
    read -r -t 2 answer <&3 || true
    exec 3>&-
    # A server that wants a password is ready too; one that wants TLS says nothing that can be read.
    case "$answer" in -LOADING*) return 1 ;; +PONG* | -NOAUTH* | -DENIED*) return 0 ;; esac
    [ "${ports[1]}" = 0 ]
} 2>/dev/null

stop() { kill -TERM "$pid"; }

empty() { rm -f "$folder/dump.rdb"; }

serve "redis://127.0.0.1:$port"
