#!/usr/bin/env bash
# Keeps a throwaway PostgreSQL, with the durability of its defaults; arguments are options of postgres. `stop` is an
# immediate one, after which it recovers from its log at the next start. Before the options may stand:
#
#     --tls CERTIFICATE KEY   nobody is taken in but by TLS
#     --disk SIZE             a disk of its own, which `fill` fills and `spare` empties

# The disk is mounted where nobody else sees it.
if [ "${1-}" = --disk ] && [ -z "${OWN_MOUNTS-}" ]; then
    export OWN_MOUNTS=1
    if [ "$(id -u)" -eq 0 ]; then exec unshare --mount "$0" "$@"; fi
    exec unshare --user --map-current-user --keep-caps --mount "$0" "$@"
fi
source "$(dirname "$0")/keep.sh"

bin="$(pg_config --bindir)"
port="${POSTGRES_PORT:-$(free_port)}"
data="$folder/data"
password=secret
certificate="" disk=""
case "${1-}" in
--tls)
    certificate="$2" key="$3"
    shift 3
    ;;
--disk)
    disk="$folder/disk"
    mkdir "$disk"
    mount -t tmpfs -o "size=$2,mode=777" tmpfs "$disk"
    data="$disk/data"
    shift 2
    # A log that goes around within the disk.
    set -- -c min_wal_size=32MB -c max_wal_size=64MB "$@"
    ;;
esac
options=("$@")

# PostgreSQL does not run as root.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    as_user=(setpriv --reuid=postgres --regid=postgres --init-groups)
    chown postgres "$folder"
fi

echo "$password" >"$folder/password"
chmod 644 "$folder/password"
# The new folder itself need not outlive a power cut; what the server writes has to, and is synced.
if ! "${as_user[@]}" "$bin/initdb" --no-sync -D "$data" -U countersign --pwfile="$folder/password" \
    --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 >"$folder/initdb" 2>&1; then
    cat "$folder/initdb" >&2
    exit 1
fi

if [ -n "$certificate" ]; then
    # The key has to belong to whom the server runs as.
    cp "$certificate" "$data/server.crt"
    cp "$key" "$data/server.key"
    chmod 600 "$data/server.key"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$data/server.crt" "$data/server.key"; fi
    options+=(-c ssl=on)
    sed -i -E 's/^host( +all)/hostssl\1/' "$data/pg_hba.conf"
fi

launch() {
    "${as_user[@]}" "$bin/postgres" -D "$data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 \
        -c max_connections=300 -c shared_buffers=64MB "${options[@]}" >>"$folder/log" 2>&1 </dev/null &
    pid=$!
}

is_ready() { "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U countersign -d postgres; }

stop() { kill -QUIT "$pid"; }

empty() { echo -n "not "; }

fill() { head -c 1G /dev/zero 2>/dev/null >"${disk:?}/ballast" || true; }

# Without room for its log it ends.
spare() {
    rm -f "${disk:?}/ballast"
    if is_ready; then return; fi
    sleep 1
    if kill -0 "$pid" 2>/dev/null; then return; fi
    start || true
}

serve "postgres://countersign:$password@127.0.0.1:$port/postgres"
