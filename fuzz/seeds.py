#!/usr/bin/env python3
"""Writes the first inputs of every fuzz target into fuzz/work: real calls, dates as people write them, cursors, tokens.

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
