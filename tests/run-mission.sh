#!/usr/bin/env bash
# Runs tests/mission.sh twice on an empty data folder (against five processes started by ./run.sh, and in one process) and compares
# both transcripts with tests/mission.expected. With --accept, writes that file from the first run instead.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
convene=$target/release/convene
expected=tests/mission.expected
work=$(mktemp -d)
export CONVENE_DATA=$work/spawned CONVENE_BASE_PORT=${CONVENE_BASE_PORT:-17400}
trap './run.sh stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

# Starts the services and waits for the line that says they are ready; fails loudly if they do not get there.
start() {
    mkfifo "$work/ready"
    ./run.sh --headless >"$work/ready" 2>"$work/run.log" &
    if ! IFS= read -r -t 600 ready <"$work/ready" || [[ $ready != ready* ]]; then
        echo "./run.sh --headless did not become ready:" >&2
        cat "$work/run.log" >&2
        exit 1
    fi
    rm "$work/ready"
    echo "$ready"
}

compare() {
    if ! diff -u "$expected" "$2"; then
        echo "The transcript of the mission $1 differs from $expected." >&2
        exit 1
    fi
    echo "the mission $1: $(grep -c '^exit ' "$2") commands answered as expected"
}

start
CONVENE_SERVER=127.0.0.1:$CONVENE_BASE_PORT tests/mission.sh "$convene" >"$work/spawned.txt"
if [ "${1:-}" = --accept ]; then cp "$work/spawned.txt" "$expected"; fi
compare 'against five processes' "$work/spawned.txt"

echo 'stopping and starting again: everything is still there'
CONVENE_SERVER=127.0.0.1:$CONVENE_BASE_PORT "$convene" --json check >"$work/check-before"
./run.sh stop
start
CONVENE_SERVER=127.0.0.1:$CONVENE_BASE_PORT "$convene" --json check >"$work/check-after"
diff "$work/check-before" "$work/check-after"
./run.sh stop

CONVENE_DATA=$work/in-process tests/mission.sh "$convene" --in-process >"$work/in-process.txt"
compare 'in one process' "$work/in-process.txt"
