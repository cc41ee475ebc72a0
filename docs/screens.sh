#!/usr/bin/env bash
# Takes the README's screens anew: the demonstration set on a fixed day, drawn by the client of a debug build in tmux.
# They come from the same test that otherwise compares them, tests/tests/terminal/screens.rs.
set -euo pipefail
cd "$(dirname "$0")/.."
CONVENE_ACCEPT=1 cargo test --quiet -p convene-tests --features terminal --test terminal -- the_screens_in_the_readme
git status --short -- docs/screens README.md
