"""Holds what `convene calendar` shows of imported public holidays, month by month, against the package that made them.

    holidays_by_month.py CONVENE FOLDER

CONVENE is the program; FOLDER has `COUNTRY.ics` and `COUNTRY.days` (date, tab, names) of each country, as `calendars.sh` makes them.
Each country is imported into an installation of its own, in one process, and asked for one month after the other, as one looks at
a calendar. Ends with an error if any day shows anything else than the package says.
"""

import calendar
import collections
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

MONTHS = [(year, month) for year in range(2024, 2029) for month in range(1, 13)]


class Installation:
    def __init__(self, convene, folder):
        self.convene = convene
        self.environment = os.environ | {
            "CONVENE_DATA": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config", "XDG_STATE_HOME": f"{folder}/state",
        }

    def tells(self, *words, given=""):
        run = subprocess.run([self.convene, "--in-process", "--json", *words], input=given, text=True,
                             capture_output=True, env=self.environment)
        if run.returncode != 0:
            sys.exit(f"convene {' '.join(words)}: {run.stderr}")
        return json.loads(run.stdout) if run.stdout.strip() else None

    def month(self, year, month):
        """(day, title) of all that is on a day of the month; what lasts several days is on each of them."""
        last = calendar.monthrange(year, month)[1]
        days = [datetime.date(year, month, day) for day in range(1, last + 1)]
        shown, more = [], []
        while True:
            page = self.tells("calendar", "--from", f"{year}-{month:02}-01", "--to", f"{year}-{month:02}-{last}",
                              "--limit", "200", *more)
            shown += [(day.isoformat(), item["title"]) for item in page["items"] for day in days
                      if item["start"] <= day.isoformat() < item["end"]]
            if not page.get("next"):
                return shown
            more = ["--after", page["next"]]


def main(convene, folder):
    total = 0
    files = sorted(pathlib.Path(folder).glob("*.ics"))
    for file in files:
        said = collections.Counter()
        for line in file.with_suffix(".days").read_text().splitlines():
            day, names = line.split("\t", 1)
            said.update((day, name) for name in names.split("; "))
        with tempfile.TemporaryDirectory() as work:
            installation = Installation(convene, work)
            installation.tells("register", "reader", "--password-stdin", given="correct horse battery\n")
            report = installation.tells("import", str(file))
            if report["skipped"]:
                sys.exit(f"{file.name}: skipped {report['skipped']}")
            shown = collections.Counter(one for month in MONTHS for one in installation.month(*month))
        if shown != said:
            sys.exit(f"{file.stem}: missing {sorted((said - shown).items())}, too much {sorted((shown - said).items())}")
        total += sum(shown.values())
        print(f"{file.stem}: {sum(shown.values())} days in {len(MONTHS)} months as said", flush=True)
    print(f"{len(files)} countries, {total} days in {len(files) * len(MONTHS)} months: all as said")


if __name__ == "__main__":
    main(*sys.argv[1:])
