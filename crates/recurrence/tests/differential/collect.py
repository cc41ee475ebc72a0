#!/usr/bin/env python3
"""Writes expected.tsv: what python-dateutil makes of every distinct recurrence rule of three collections of real calendars.

The collections: `resources/` of the crate calcard (crates.io), and the source distributions of `icalendar` and
`recurring-ical-events` (PyPI). Every RRULE property in an .ics file is taken with its DTSTART; rules that stand only in other texts
there (tests, documents, fixtures in JSON) are taken with the DTSTART of RFC 5545's examples, 1997-09-02 09:00.

    python3 -m venv venv
    venv/bin/pip install python-dateutil==2.9.0.post0 tzdata
    venv/bin/python crates/recurrence/tests/differential/collect.py        # within the workspace; about a minute

Expansion is on naive local time, which is what a rule means (RFC 5545 §3.3.10); zones come in only here:

* an UNTIL in UTC is converted to the zone of DTSTART (IANA name, Windows name, or the standard offset of the VTIMEZONE in the file; UTC if
  nothing is known of it) and within a VTIMEZONE by its TZOFFSETFROM;
* an UNTIL that is a date includes that whole day ("bounds the recurrence rule in an inclusive manner"), though RFC 5545 wants a time
  where DTSTART is one;
* with a DTSTART that is a date, starts are midnights.

The table has one line for each rule, tab-separated: DTSTART, the RRULE as found, UNTIL in civil time or `-`, and then

* `near`: the first 50 starts;
* `far`: the first 16 starts of the same rule without COUNT and UNTIL that are not before the day given, which is 10 to 14 years later (less for
  rules that recur more often than hourly, which dateutil walks through one by one);
* `end`: for a rule with COUNT or UNTIL, the number of its starts and the last one, if there are at most 20,000.

A midnight is written as a date. Lists of starts are: the first one, then the distances in days (or in seconds, `s`), repeated ones as distance*times. A line whose fourth column
is `refused` names dateutil's reason instead; what we make of such a rule is in the Rust test beside this file.
"""

import datetime as dt
import itertools
import json
import re
import runpy
import signal
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zoneinfo
from pathlib import Path

from dateutil.rrule import rrulestr

PYPI = ["icalendar==7.3.0", "recurring-ical-events==3.8.2"]
CRATE = "calcard"
TABLE = Path(__file__).with_name("expected.tsv")
EXAMPLE = "19970902T090000"
NEAR, FAR, MOST, PATIENCE = 50, 16, 20_000, 30


def sources(folder):
    """The folders with the three collections."""
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked"]))
    manifests = [p["manifest_path"] for p in metadata["packages"] if p["name"] == CRATE]
    yield Path(manifests[0]).parent / "resources"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", folder]
    subprocess.check_call(pip + PYPI)
    for archive in sorted(Path(folder).glob("*.tar.gz")):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        yield archive.with_suffix("").with_suffix("")


def properties(text):
    """Name, parameters and value of each line that is one, unfolded."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for line in re.sub(r"\n[ \t]", "", text).split("\n"):
        found = re.match(r"([A-Za-z0-9-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)$", line.strip())
        if found:
            parameters = dict(re.findall(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^;]*)", found[2]))
            parameters = {name.upper(): value.strip('"') for name, value in parameters.items()}
            yield found[1].upper(), parameters, found[3].strip()


def civil(value):
    """A DATE or DATE-TIME without its zone, or None."""
    found = re.fullmatch(r"(\d{8})(?:T(\d{6})Z?)?", value, re.IGNORECASE)
    try:
        return found and dt.datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S")
    except ValueError:
        return None


def offset(value):
    """The time zone of a TZOFFSETFROM or TZOFFSETTO, or None."""
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)(\d\d)?", value or "")
    if not found:
        return None
    seconds = int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4] or 0)
    return dt.timezone(dt.timedelta(seconds=-seconds if found[1] == "-" else seconds))


class Component:
    def __init__(self, name, parent):
        self.name, self.parent, self.children, self.properties = name, parent, [], []

    def all(self):
        yield self
        for child in self.children:
            yield from child.all()

    def first(self, name):
        return next(((p, v) for n, p, v in self.properties if n == name), ({}, None))


def components(text):
    root = here = Component("", None)
    for name, parameters, value in properties(text):
        if name == "BEGIN":
            here.children.append(Component(value.upper(), here))
            here = here.children[-1]
        elif name == "END":
            here = here.parent or here
        else:
            here.properties.append((name, parameters, value))
    return root


def zone_of(component, root, windows):
    """The zone in which the component's rules recur."""
    parameters, start = component.first("DTSTART")
    name = parameters.get("TZID", "")
    if component.name in ("STANDARD", "DAYLIGHT"):
        return offset(component.first("TZOFFSETFROM")[1]) or dt.timezone.utc
    if not name:
        return None if start and not start.upper().endswith("Z") else dt.timezone.utc
    for known in (name, windows.get(name, "")):
        try:
            return zoneinfo.ZoneInfo(known.lstrip("/"))
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            pass
    for definition in root.all():
        if definition.name == "VTIMEZONE" and definition.first("TZID")[1] == name:
            for rules in definition.children:
                if rules.name == "STANDARD" and (zone := offset(rules.first("TZOFFSETTO")[1])):
                    return zone
    return dt.timezone.utc


def civil_until(rule, zone):
    """UNTIL as a civil time of the zone, or None; ValueError if it cannot be read."""
    found = re.search(r"(?:^|;)\s*UNTIL=([^;]*)", rule, re.IGNORECASE)
    if not found:
        return None
    value = found[1].strip()
    until = civil(value)
    if until is None:
        raise ValueError(f"UNTIL={value}")
    if len(value) == 8:
        return until.replace(hour=23, minute=59, second=59)
    if value.upper().endswith("Z") and zone is not None:
        return until.replace(tzinfo=dt.timezone.utc).astimezone(zone).replace(tzinfo=None)
    return until


def collect(folders, windows):
    """The distinct rules: a set of (DTSTART, RRULE, zone)."""
    found, loose = {}, set()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            text = path.read_bytes().decode("utf-8", errors="replace")
            if path.suffix.lower() == ".ics":
                root = components(text)
                for component in root.all():
                    start = component.first("DTSTART")[1]
                    for name, _, rule in component.properties:
                        if name == "RRULE" and not rule:
                            continue
                        if name == "RRULE" and start and civil(start):
                            zone = zone_of(component, root, windows)
                            try:
                                until = civil_until(rule, zone)
                            except ValueError as problem:
                                until = problem
                            found.setdefault((start.rstrip("Zz").upper(), rule, str(until)), until)
                        elif name == "RRULE":
                            loose.add(rule)
            else:
                text = re.sub(r"\r?\n[ \t]", "", text)
                loose.update(re.findall(r"\bRRULE:([A-Za-z0-9=;,+-]*[A-Za-z0-9])", text))
    for rule in sorted(loose - {rule for _, rule, _ in found}):
        try:
            until = civil_until(rule, None)
        except ValueError as problem:
            until = problem
        found[(EXAMPLE, rule, str(until))] = until
    return found


def show(at):
    date, time = f"{at.year:04}{at.month:02}{at.day:02}", f"{at.hour:02}{at.minute:02}{at.second:02}"
    return date if time == "000000" else f"{date}T{time}"


def shortened(starts):
    if not starts:
        return "none"
    distances = []
    for before, after in itertools.pairwise(starts):
        seconds = int((after - before).total_seconds())
        distances.append(f"{seconds}s" if seconds % 86_400 else str(seconds // 86_400))
    runs = ((distance, len(list(run))) for distance, run in itertools.groupby(distances))
    return " ".join([show(starts[0])] + [distance if times == 1 else f"{distance}*{times}" for distance, times in runs])


def without_end(rule):
    """The rule without COUNT and UNTIL, and without what dateutil does not know but which has no meaning either: empty parts, spaces, and
    what RFC 7529 says of rules that are as in RFC 5545."""
    parts = (re.sub(r"\s", "", part) for part in rule.upper().split(";"))
    nothing = r"UNTIL=.*|COUNT=.*|RSCALE=GREGORIAN|SKIP=OMIT|X-.*|"
    return ";".join(part for part in parts if not re.fullmatch(nothing, part))


def far_from(start, rule):
    frequency = re.search(r"FREQ\s*=\s*(\w+)", rule, re.IGNORECASE)[1].upper()
    later = {"SECONDLY": dt.timedelta(hours=20), "MINUTELY": dt.timedelta(days=100)}.get(frequency)
    # Not the same day of the year, so that windows begin within periods.
    return start + (later or dt.timedelta(days=3_653 + (start.toordinal() * 37) % 1_400))


def expand(start, rule, until):
    """The columns after the first three."""
    if isinstance(until, ValueError):
        raise until
    endless = without_end(rule)
    repeated = rrulestr(endless, dtstart=start)
    count = re.search(r"(?:^|;)\s*COUNT=\s*(-?\d+)", rule, re.IGNORECASE)
    ended = repeated.replace(until=until, count=count and int(count[1]))
    columns = ["near=" + shortened(list(itertools.islice(ended, NEAR)))]
    far = far_from(start, rule)
    columns.append(f"far={show(far)} " + shortened(list(itertools.islice(repeated.xafter(far, inc=True), FAR))))
    if until or count:
        starts = list(itertools.islice(ended, MOST + 1))
        if len(starts) <= MOST:
            columns.append(f"end={len(starts)} " + (show(starts[-1]) if starts else "none"))
    return columns


def give_up(*_):
    raise TimeoutError(f"no answer in {PATIENCE} seconds")


def main():
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, give_up)
    with tempfile.TemporaryDirectory() as folder:
        folders = list(sources(folder))
        windows_names = next(Path(folder).rglob("windows_to_olson.py"))
        windows = runpy.run_path(str(windows_names))["WINDOWS_TO_OLSON"]
        rules = collect(folders, windows)
    texts = len({rule for _, rule, _ in rules})
    with_start = sum(start != EXAMPLE for start, _, _ in rules)
    print(f"{texts} texts of rules, {with_start} with the DTSTART of their component")
    lines = []
    for (start, rule, _), until in sorted(rules.items(), key=lambda item: item[0]):
        signal.alarm(PATIENCE)
        try:
            columns = expand(civil(start), rule, until)
        except Exception as problem:  # whatever dateutil raises is its answer
            columns = ["refused", re.sub(r"\s+", " ", f"{type(problem).__name__}: {problem}")]
        signal.alarm(0)
        shown = show(until) if isinstance(until, dt.datetime) else "-"
        lines.append("\t".join([start, rule, shown, *columns]))
    TABLE.write_text("\n".join(lines) + "\n")
    refused = [line for line in lines if "\trefused\t" in line]
    print(f"{len(lines)} rules, with distinct DTSTART or UNTIL, of which dateutil refused {len(refused)}:")
    print("\n".join(refused))


main()
