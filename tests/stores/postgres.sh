#!/usr/bin/env bash
# Keeps a throwaway PostgreSQL, with the durability of its defaults; arguments are options of postgres. `stop` is an
# immediate one, after which it recovers from its log at the next start.
source "$(dirname "$0")/keep.sh"

bin="$(pg_config --bindir)"
port="${POSTGRES_PORT:-$(free_port)}"
options=("$@")
data="$folder/data"
password=secret

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

launch() {
    "${as_user[@]}" "$bin/postgres" -D "$data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 \
        -c max_connections=300 -c shared_buffers=64MB "${options[@]}" >>"$folder/log" 2>&1 </dev/null &
    pid=$!
}

is_ready() { "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U countersign -d postgres; }

stop() { kill -QUIT "$pid"; }

empty() { echo -n "not "; }

serve "postgres://countersign:$password@127.0.0.1:$port/postgres"
