#!/usr/bin/env bash
# Calendars of other projects for `tests/calendars.rs`, and what other programs make of what Convene writes.
#
#     crates/icalendar/tests/calendars.sh FOLDER
#
# fills FOLDER (outside of the tree: these files have licences of their own) with
#
# * calcard/, icalendar/, recurring-ical-events/: the calendars that the crate calcard and the source distributions of the PyPI
#   packages icalendar and recurring-ical-events test themselves with;
# * holidays/: the public holidays of 50 countries, 2024 to 2028, made with the PyPI package holidays;
# * written/: all of them as Convene writes them, from their originals and (`.values.ics`) from what it understood alone;
#
# runs the tests over them, reads `written/` with PyPI icalendar and khal: both must find as many events as Convene wrote; and imports
# the holidays and looks at all their months with `convene calendar`: every day must show what the package says.
# It needs cargo, python3 and the package registries, and takes about fifteen minutes.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
tree=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$folder"

[ -x venv/bin/python ] || python3 -m venv venv
venv/bin/pip install -q 'icalendar==7.3.0' 'recurring-ical-events==3.8.2' 'holidays==0.109' 'khal==0.14.1' 'hatchling' 'hatch-vcs'
venv/bin/pip download -q --no-deps --no-binary :all: --no-build-isolation -d sources 'icalendar==7.3.0' 'recurring-ical-events==3.8.2'
for archive in sources/*.tar.gz; do tar -xzf "$archive" -C sources; done

mkdir -p calendars/calcard calendars/icalendar calendars/recurring-ical-events calendars/holidays written
manifest=$(cargo metadata --manifest-path "$tree/Cargo.toml" --format-version 1 |
    venv/bin/python -c 'import json,sys; print(next(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "calcard"))')
cp "$(dirname "$manifest")"/resources/ical/*.ics calendars/calcard/
cp -r sources/icalendar-*/src/icalendar/tests/. calendars/icalendar/
cp -r sources/recurring_ical_events-*/recurring_ical_events/test/. calendars/recurring-ical-events/

venv/bin/python - <<'PYTHON'
import datetime, pathlib, holidays
from holidays.ical import ICalExporter

countries = sorted(holidays.list_supported_countries())
chosen = [c for c in countries if c in """AR AT AU BE BG BR CA CH CL CN CO CZ DE DK EE EG ES FI FR GB GR HR HU ID IE IL IN IS IT JP KE KR
LT LU LV MA MX MY NG NL NO NZ PE PH PL PT RO SE SG TR UA US""".split()][:50]
assert len(chosen) == 50, len(chosen)
for country in chosen:
    days = holidays.country_holidays(country, years=range(2024, 2029))
    ICalExporter(days).save_ics(f"calendars/holidays/{country}.ics")
    pathlib.Path(f"calendars/holidays/{country}.days").write_text(
        "".join(f"{day.isoformat()}\t{name}\n" for day, name in sorted(days.items())))
PYTHON

cd "$tree"
CONVENE_CALENDARS="$folder/calendars" cargo test -q -p icalendar --test calendars -- --nocapture --test-threads 1 | grep -aE 'files: |test result'
cargo build -q -p icalendar --example rewrite
rewrite=$(cargo metadata --no-deps --format-version 1 | "$folder/venv/bin/python" -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/rewrite
cd "$folder"
find calendars -name '*.ics' | while read -r file; do
    name=written/$(echo "${file#calendars/}" | tr '/ ' '__')
    "$rewrite" <"$file" >"$name" 2>/dev/null || rm -f "$name"
    "$rewrite" --values <"$file" >"${name%.ics}.values.ics" 2>/dev/null || rm -f "${name%.ics}.values.ics"
done

venv/bin/python "$tree/crates/icalendar/tests/read_by_others.py"

cd "$tree"
cargo build -q -p convene
"$folder/venv/bin/python" crates/icalendar/tests/holidays_by_month.py "$(dirname "$(dirname "$rewrite")")/convene" "$folder/calendars/holidays"
