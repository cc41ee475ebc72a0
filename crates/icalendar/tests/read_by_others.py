"""Reads what Convene wrote with PyPI icalendar and khal, and tells how often they agree on what is in it. See calendars.sh."""

import collections
import datetime
import logging
import pathlib
import sys

import icalendar
import khal.icalendar

logging.disable(logging.CRITICAL)
figures = collections.Counter()
wrong = []

for path in sorted(pathlib.Path("written").glob("*.ics")):
    text = path.read_bytes().decode()
    expected = sum(line == "BEGIN:VEVENT" for line in text.split("\r\n"))
    figures["files"] += 1
    figures["components"] += expected
    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
        broken = [error for event in events for error in event.errors]
        if len(events) != expected or broken:
            wrong.append((path.name, "icalendar", f"{len(events)} of {expected} {broken[:1]}"))
        else:
            figures["read by icalendar"] += 1
    except Exception as error:
        wrong.append((path.name, "icalendar", repr(error)))
    try:
        groups = khal.icalendar.split_ics(text, random_uid=False, default_timezone=None)
        found = sum(group.count("BEGIN:VEVENT") for group in groups)
        if found != expected:
            wrong.append((path.name, "khal", f"{found} of {expected}"))
        else:
            figures["read by khal"] += 1
    except Exception as error:
        wrong.append((path.name, "khal", repr(error)))

# Holidays: each day, under its name, is what comes out.
for path in sorted(pathlib.Path("calendars/holidays").glob("*.days")):
    days = {tuple(line.split("\t")) for line in path.read_text().splitlines()}
    days = {(day, name) for day, names in days for name in names.split("; ")}
    for kind in ("", ".values"):
        written = icalendar.Calendar.from_ical((pathlib.Path("written") / f"holidays_{path.stem}{kind}.ics").read_bytes())
        found = {
            ((event.start + datetime.timedelta(number)).isoformat(), str(event["SUMMARY"]))
            for event in written.walk("VEVENT")
            for number in range((event.end - event.start).days)
        }
        figures["holidays"] += len(days)
        if found == days:
            figures["countries right"] += 1
        else:
            wrong.append((path.name + kind, "holidays", str(sorted(found ^ days)[:3])))

for name, number in figures.items():
    print(f"{name}: {number}")
for line in wrong:
    print(*line, sep="\t")
sys.exit(bool([line for line in wrong if line[1] == "holidays"]))
