#!/usr/bin/env bash
# Kills each service with kill -9 in the middle of a stream of commands, and checks that every command which had answered is
# still done after the restart, that none was done twice, and that no reference dangles.
#
#   tests/crashes.sh [ROUNDS]     (default: 10 rounds of five kills)
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-10}
target=${CARGO_TARGET_DIR:-target}
convene=$target/release/convene
work=$(mktemp -d)
export CONVENE_DATA=$work/data CONVENE_BASE_PORT=${CONVENE_BASE_PORT:-17500} XDG_STATE_HOME=$work/state TZ=UTC
export CONVENE_SERVER=127.0.0.1:$CONVENE_BASE_PORT
trap './run.sh stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
password='correct horse battery'

mkfifo "$work/ready"
./run.sh --headless >"$work/ready" 2>"$work/run.log" &
IFS= read -r -t 600 ready <"$work/ready" && [[ $ready == ready* ]] || { cat "$work/run.log" >&2; exit 1; }

as() {
    local profile=$1
    shift
    "$convene" --json --profile "$profile" "$@"
}

# Gives one command until it is answered: after 7 (certainly not done) and 9 (not known) the same again. A service that died several
# times in a short while is started again after up to ten seconds, so nothing is given up before a minute has passed.
insist() {
    local code attempt=0 begun=$SECONDS
    while [ $((SECONDS - begun)) -lt 60 ]; do
        attempt=$((attempt + 1))
        code=0
        answer=$(as "$@" 2>"$work/error") || code=$?
        case $code in
        0) return 0 ;;
        7 | 9) ;;
        *)
            echo "attempt $attempt of $* was refused with $code:" >&2
            cat "$work/error" >&2
            return 1
            ;;
        esac
    done
    echo "$* was never answered" >&2
    return 1
}

for person in alice bob; do as "$person" register "$person" --password-stdin <<<"$password" >/dev/null; done
made=0
for round in $(seq "$rounds"); do
    for service in auth events invitations calendar sharing; do
        for n in $(seq 6); do
            if [ "$n" = 3 ]; then kill -9 "$(cat "$CONVENE_DATA/run/$service.pid")"; fi
            day=$(printf '2027-%02d-%02d' $((round % 12 + 1)) "$n")
            insist alice event create --title "Round $round $service $n" --start "${day}T10:00" --invite bob
            event=$(jq -r .id <<<"$answer")
            insist bob respond "$event" accept
            insist alice share bob
            insist alice unshare bob
            made=$((made + 1))
        done
        echo "round $round: $service killed amid commands"
    done
done

# Everything is found once, in each service that must know of it.
count() {
    local profile=$1 after=() total=0
    shift
    while :; do
        answer=$(as "$profile" "$@" --limit 200 "${after[@]}")
        total=$((total + $(jq '.items | length' <<<"$answer")))
        [ "$(jq -r .next <<<"$answer")" != null ] || break
        after=(--after "$(jq -r .next <<<"$answer")")
    done
    echo "$total"
}
failed=0
expect() {
    if [ "$2" != "$made" ]; then
        echo "$1: $2, and $made were acknowledged" >&2
        failed=1
    fi
}
until as alice status | jq -e 'all(.services[]; .state == "up")' >/dev/null; do :; done
as alice check >"$work/check" || { cat "$work/check" >&2; failed=1; }
expect "events that alice organizes" "$(count alice event list --from 2027-01-01)"
expect "entries in alice's calendar" "$(count alice calendar --from 2027-01-01 --to 2027-12-31)"
expect "answered invitations of bob" "$(count bob invitations --all)"
expect "entries in bob's calendar" "$(count bob calendar --from 2027-01-01 --to 2027-12-31)"
if [ "$(as bob invitations | jq '.items | length')" != 0 ]; then
    echo "an acknowledged answer was lost" >&2
    failed=1
fi
[ "$failed" = 0 ] && echo "$made events made, answered and kept through $((rounds * 5)) kills; check: $(jq -c . "$work/check")"
exit "$failed"
