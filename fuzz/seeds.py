#!/usr/bin/env python3
"""Writes the first inputs of every fuzz target into fuzz/work: real calls, dates as people write them, cursors, tokens, calendars, rules.

Calls are the samples that tests/encodings.txt keeps of every method, so that a new method is fuzzed from a valid request on.
"""

import base64
import hashlib
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parent
SERVICES = {"auth": 0, "events": 1, "invitations": 2, "calendar": 3, "sharing": 4}
DATES = """tomorrow 9am
fri 14:00 1h30
next friday noon
in 2 weeks
2026-12-01 18:00
monday 9:30-11
dec 24 all day
2027-03-10T09:00
2027-03-28T02:30 Europe/Berlin
2026-10-25 02:30
2026-12-01 18:00 to 2026-12-03 9am
today 23:30 - 1:15
noon
half past
1h30m
90 min
2 days
feb 29
31/12/2026
yesterday midnight
sat
in 3 hours
2027-03-10T09:00+05:45
9am\n10:30
tomorrow 9am\n1h30
dec 24\ndec 26""".split("\n")


def keep(target: str, data: bytes) -> None:
    folder = ROOT / "work" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def frame(kind: int, number: int, payload: bytes) -> bytes:
    return struct.pack("<IBQ", 9 + len(payload), kind, number) + payload


calls = []
for line in (ROOT.parent / "tests" / "encodings.txt").read_text().splitlines():
    head, _, payload = line.partition(":")
    name, number, _ = head.split()[:3]
    payload = bytes.fromhex(payload.strip())
    calls.append(payload)
    keep("calls", bytes([SERVICES[name.split(".")[0]], int(number)]) + payload)
for kind in (5, 6, 7):
    for payload in (b"\x02\xe8\x03\x00\x00\x00\x00" + bytes(26), b"\x00\x00\x01", b"\x05\x01", b"\x00\x05title\x01x\x03why"):
        keep("calls", bytes([kind, 0]) + payload)

for cut in (0, 1, 6, 12, 13, 255):
    for kind in range(1, 8):
        keep("frames", bytes([cut]) + frame(kind, kind, calls[kind]) + frame(8 - kind, 2**63, b""))
    keep("frames", bytes([cut]) + frame(1, 1, bytes(2000)) + frame(2, 2, b"after one too large"))
    keep("frames", bytes([cut]) + struct.pack("<IBQ", 0xFFFFFFFF, 1, 1))

for zone in range(8):
    for index, text in enumerate(DATES):
        now = 1_774_000_000 + 40_000 * index * (zone + 1)
        keep("dates", bytes([zone]) + now.to_bytes(5, "little") + text.replace("\\n", "\n").encode())

for text in ["", "0", "00ff", "_", "abc_9", "018f", "g" * 64, "00" * 40]:
    keep("cursors", text.encode())
for size in (1, 8, 16, 24, 25, 40):
    keep("cursors", bytes(range(size)).hex().encode())
    keep("cursors", (b"\x80" + bytes(size - 1)).hex().encode())

claims = b'{"sub":"018f0000-0000-7000-8000-000000000001","name":"alice","sid":"018f0000-0000-7000-8000-000000000002","exp":1,"epoch":"00","at":1}'
for header in ("v4.public.", "v4.local.", "v3.public.", "v4.public", ""):
    for body in (claims + bytes(64), bytes(64), b"", claims):
        for footer in (bytes(8), b"", bytes(16)):
            text = header + base64.urlsafe_b64encode(body).decode().rstrip("=")
            keep("tokens", (text + "." + base64.urlsafe_b64encode(footer).decode().rstrip("=")).encode())
            keep("tokens", text.encode())

BERLIN = """BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
NINE = "DTSTART;TZID=Europe/Berlin:20270310T090000\nDTEND;TZID=Europe/Berlin:20270310T100000\n"
EVENTS = [
    NINE + "SUMMARY:Standup\nRRULE:FREQ=WEEKLY;BYDAY=WE,FR;UNTIL=20270630T070000Z\nEXDATE;TZID=Europe/Berlin:20270317T090000\n",
    NINE + "RRULE:FREQ=DAILY;COUNT=9\nRDATE;TZID=America/New_York:20270320T090000\nEXDATE;VALUE=DATE:20270312\n",
    NINE + "RRULE:FREQ=MONTHLY;BYDAY=2TU\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20270413T070000Z\nDTSTART:20270414T080000Z\nSUMMARY:Moved\n",
    NINE + "RRULE:FREQ=DAILY;COUNT=20\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270315T080000Z\n"
    "DTSTART:20270315T110000Z\nDURATION:PT2H\n",
    "DTSTART;TZID=Ours:20270328T023000\nDURATION:P1DT2H\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n",
    "DTSTART;VALUE=DATE:20271224\nDTEND;VALUE=DATE:20271227\nRRULE:FREQ=YEARLY\nSUMMARY:Christmas\nTRANSP:TRANSPARENT\n",
    "DTSTART:20270310T090000\nRRULE:FREQ=HOURLY;INTERVAL=6;COUNT=5\nEXRULE:FREQ=DAILY;COUNT=2\nCLASS:PRIVATE\n",
    "DTSTART:20270310T090000Z\nRDATE;VALUE=PERIOD:20270401T090000Z/PT5H\nSEQUENCE:3\nLAST-MODIFIED:20270101T000000Z\n"
    "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\nATTENDEE;CN=\"a:b\";PARTSTAT=ACCEPTED:mailto:a@example.org\n",
    "DTSTART;TZID=W. Europe Standard Time:20270310T090000\nSTATUS:CANCELLED\nDESCRIPTION:a\\,b\\nc\n",
    "RECURRENCE-ID;VALUE=DATE:20270310\nDTSTART;VALUE=DATE:20270311\nLOCATION:Room 1\n",
]
for event in EVENTS:
    text = f"BEGIN:VEVENT\nUID:1\n{event}END:VEVENT\n"
    keep("calendars", text.encode())
    whole = f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\n{BERLIN}{text}BEGIN:VTODO\nUID:2\nEND:VTODO\nEND:VCALENDAR\n"
    keep("calendars", whole.replace("\n", "\r\n").encode())
for path in sorted((ROOT.parent / "crates" / "icalendar" / "tests" / "calendars").glob("*.ics")):
    keep("calendars", path.read_bytes()[:4096])

RULES = """FREQ=DAILY
FREQ=DAILY;COUNT=10;INTERVAL=3
FREQ=WEEKLY;UNTIL=20271231T235959Z;BYDAY=MO,TU;WKST=SU;INTERVAL=2
FREQ=MONTHLY;BYDAY=-1FR
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
FREQ=MONTHLY;BYMONTHDAY=31,-1;BYMONTH=2,4
FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO
FREQ=YEARLY;BYYEARDAY=-366,1,200;BYHOUR=9;BYMINUTE=0,30
FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO
FREQ=HOURLY;BYDAY=SA;BYHOUR=1,2,3
FREQ=MINUTELY;INTERVAL=90
FREQ=SECONDLY;BYSECOND=60;BYMINUTE=59
every 2 weeks on tue,thu until 2027-06-30
every month on the last friday 10 times
every month on the 1st and 3rd mon
every year on 15 march
every weekday in dec
every year on the last monday of may with weeks from sunday
every 6 hours until 2027-06-30 12:00 utc
quarterly on the 2nd last day, once""".split("\n")
for index, text in enumerate(RULES):
    for minutes in (30_000_000, 30_086_250 + 1_441 * index):
        keep("rules", minutes.to_bytes(4, "little") + text.encode())
