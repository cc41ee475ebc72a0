#!/usr/bin/env bash
# Whether Prometheus takes the configuration of this folder, and whether every alert does what its test says. That the figures asked for
# exist is tested with the services themselves: `cargo test -p convene-tests --test monitoring`.
set -euo pipefail
cd "$(dirname "$0")/prometheus"

promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
    # Taken out of Debian's package and not installed: the package would start a server as well.
    tools=$(cd ../.. && pwd)/target/tools
    promtool=$tools/usr/bin/promtool
    if ! [ -x "$promtool" ]; then
        mkdir -p "$tools"
        as_root=()
        [ "$(id -u)" = 0 ] || as_root=(sudo)
        "${as_root[@]}" apt-get update -qq
        (cd "$tools" && rm -f prometheus_*.deb && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb)
    fi
fi
"$promtool" check config prometheus.yml
"$promtool" test rules alerts_test.yml
