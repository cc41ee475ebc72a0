#!/usr/bin/env bash
# Builds Convene and runs all of it: five services, each a process of its own, and the terminal client.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: ./run.sh [--headless] [--demo]
       ./run.sh stop | status

  (nothing)    build, start every service, open the terminal client if standard input is a terminal;
               ctrl-C stops all
  --headless   without the client; prints one line beginning with "ready" once all services answer
  --demo       with a demonstration set: users, events, invitations, shares (prints their password)
  stop         stop the services of this data folder
  status       show each service of this data folder

Environment: CONVENE_DATA       the data folder (./data)
             CONVENE_BASE_PORT  the services listen on 127.0.0.1 after this port (7400)
             CONVENE_LISTEN     the address to listen on instead; TLS if it is not loopback (see: convene certs make --help)
             CONVENE_LOG        what is logged to $CONVENE_DATA/log (info)
             CONVENE_RESTART    0: a service that dies stays down
USAGE
}

wrong() {
    echo "run.sh: $1" >&2
    usage >&2
    exit 2
}

action=up
arguments=()
for word in "$@"; do
    case $word in
        --help | -h) usage; exit 0 ;;
        --headless | --demo) arguments+=("$word") ;;
        stop | status)
            [[ $# -eq 1 ]] || wrong "$word stands alone"
            [[ $word == stop ]] && action=down || action=ps ;;
        *) wrong "unknown argument: $word" ;;
    esac
done

# A variable that says nothing is as good as none.
for name in CONVENE_DATA CONVENE_BASE_PORT CONVENE_LISTEN CONVENE_CERTS CONVENE_LOG CONVENE_PROGRAMS CONVENE_RESTART CARGO_TARGET_DIR; do
    [[ -n ${!name-} ]] || unset "$name"
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$PWD/$target
export CARGO_TARGET_DIR=$target

build() {
    # Nothing is to be said when there is nothing to do; and nothing on standard output, ever.
    (cd "$root" && cargo build --release) 2>&1 >/dev/null | { grep -v '^ *Finished' || true; } >&2
}

# To stop and to look, whatever was built will do.
if [[ $action == up || ! -x $target/release/convene ]]; then
    build
fi
exec "$target/release/convene" "$action" "${arguments[@]}"
