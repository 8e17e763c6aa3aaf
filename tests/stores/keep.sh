# What the keepers of throwaway stores share; sourced by them. A keeper serves on a free port of the loopback address,
# obeys words on standard input, each answered by one line, and takes everything away when its input ends: however whoever
# holds the other end came to an end, nothing is left behind.
#
# Words: start, stop, kill, freeze, thaw, empty, fill, spare. A keeper defines `launch` (start in the background, set $pid),
# `is_ready`, `stop` and `empty`, and those that can be filled `fill` and `spare`.
set -euo pipefail
trap '' INT TERM HUP

folder="$(mktemp -d "${TMPDIR:-/tmp}/countersign-store.XXXXXX")"
pid=""
chmod 755 "$folder"

# Below the ports that the system gives to connections, so that a port stays free while its server is down.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

start() {
    launch
    for _ in $(seq 1200); do
        if is_ready; then return; fi
        if ! kill -0 "$pid" 2>/dev/null; then
            echo "the store ended at once: $(tail -n 5 "$folder/log")"
            return 1
        fi
        sleep 0.05
    done
    echo "the store does not become ready: $(tail -n 5 "$folder/log")"
    return 1
}

# The server and its children, so that a frozen one does nothing at all.
family() { echo "$pid" $(ps -o pid= --ppid "$pid"); }

signal_all() { kill "-$1" $(family) 2>/dev/null || true; }

gone() { wait "$pid" 2>/dev/null || true; }

# Takes everything away; at once, since nobody needs what is left.
clean() {
    if [ -n "$pid" ]; then
        signal_all CONT
        stop || true
        (sleep 10 && signal_all KILL) &
        local late=$!
        gone
        kill "$late" 2>/dev/null || true
    fi
    umount --lazy "$folder/disk" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean EXIT

fill() { echo -n "not "; }

spare() { echo -n "not "; }

serve() {
    if ! start >"$folder/start" 2>&1; then
        cat "$folder/start" "$folder/log" >&2 || true
        exit 1
    fi
    echo "ready $1"
    while read -r word; do
        case "$word" in
            start) start || true ;;
            stop) stop; gone ;;
            kill) signal_all KILL; gone ;;
            freeze) signal_all STOP ;;
            thaw) signal_all CONT ;;
            empty) empty ;;
            fill) fill ;;
            spare) spare ;;
            *) echo -n "unknown " ;;
        esac
        echo "done $word"
    done
}
