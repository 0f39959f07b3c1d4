# SPDX-License-Identifier: Apache-2.0
"""Compare rules in other calendars (RFC 7529) with calendars of our own arithmetic: rscale.py PROGRAM [RULES [SEED]].

The calendars are written out below from their published rules (Hebrew: molad and four postponements; civil Islamic: leap years
2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29 of thirty; Coptic and Ethiopic: every fourth year; Indian: Saka of 1957; Persian:
eight leap years of thirty-three, which is right from 1925 to 2087). No library of calendars takes part. Rules without SKIP are
expanded by asking each day whether it passes; those with SKIP by the words of RFC 7529 §4.1.
"""
import random
import subprocess
import sys
from datetime import date, timedelta

program = sys.argv[1]
rules = int(sys.argv[2]) if len(sys.argv) > 2 else 300
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 7529)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FIRST, LAST = date(1990, 1, 1).toordinal(), date(2070, 1, 1).toordinal()


class Month:
    def __init__(self, year, number, leap, first, length):
        self.year, self.number, self.leap, self.first, self.length = year, number, leap, first, length

    @property
    def name(self):
        return f"{self.number}L" if self.leap else str(self.number)


def hebrew():
    def elapsed(year):
        months = (235 * year - 234) // 19
        parts = 12084 + 13753 * months
        day = months * 29 + parts // 25920
        return day + (1 if (3 * (day + 1)) % 7 < 3 else 0)

    def new_year(year):
        a, b, c = elapsed(year - 1), elapsed(year), elapsed(year + 1)
        return b + (2 if c - b == 356 else 1 if b - a == 382 else 0) - 1373429 + 2  # days since 0001-01-01, 1 Tishri 1 aside

    # The anchor: 1 Tishri 5784 was 2023-09-16.
    shift = date(2023, 9, 16).toordinal() - new_year(5784)
    for year in range(5745, 5835):
        first = new_year(year) + shift
        length = new_year(year + 1) - new_year(year)
        leap = (7 * year + 1) % 19 < 7
        lengths = [(1, False, 30), (2, False, 30 if length % 10 == 5 else 29), (3, False, 29 if length % 10 == 3 else 30),
                   (4, False, 29), (5, False, 30)]
        lengths += [(5, True, 30)] if leap else []
        lengths += [(6, False, 29), (7, False, 30), (8, False, 29), (9, False, 30), (10, False, 29), (11, False, 30), (12, False, 29)]
        assert sum(n for _, _, n in lengths) == length
        for number, is_leap, n in lengths:
            yield Month(year, number, is_leap, first, n)
            first += n


def islamic_civil():
    first = date(2023, 7, 19).toordinal()  # 1 Muharram 1445, as the civil calendar has it
    years = {1445: first}
    length = lambda y: 355 if (11 * y + 14) % 30 < 11 else 354
    for y in range(1444, 1400, -1):
        years[y] = years[y + 1] - length(y)
    for y in range(1446, 1500):
        years[y] = years[y - 1] + length(y - 1)
    for y in range(1405, 1496):
        at = years[y]
        for m in range(1, 13):
            n = 30 if m % 2 or (m == 12 and length(y) == 355) else 29
            yield Month(y, m, False, at, n)
            at += n


def egyptian(anchor_year, anchor):
    at = {anchor_year: anchor.toordinal()}
    length = lambda y: 366 if y % 4 == 3 else 365
    for y in range(anchor_year - 1, anchor_year - 50, -1):
        at[y] = at[y + 1] - length(y)
    for y in range(anchor_year + 1, anchor_year + 70):
        at[y] = at[y - 1] + length(y - 1)
    for y in sorted(at)[:-1]:
        for m in range(1, 14):
            yield Month(y, m, False, at[y] + 30 * (m - 1), 30 if m < 13 else length(y) - 360)


def indian():
    for y in range(1905, 1995):
        leap = (y + 78) % 4 == 0 and ((y + 78) % 100 != 0 or (y + 78) % 400 == 0)
        at = date(y + 78, 3, 21 if leap else 22).toordinal()
        for m in range(1, 13):
            n = (31 if leap else 30) if m == 1 else 31 if m <= 6 else 30
            yield Month(y, m, False, at, n)
            at += n


def persian():
    length = lambda y: 366 if (25 * y + 11) % 33 < 8 else 365
    at = date(2023, 3, 21).toordinal()  # 1 Farvardin 1402
    for y in range(1401, 1365, -1):
        at -= length(y)
    for y in range(1366, 1452):
        day = at
        for m in range(1, 13):
            n = 31 if m <= 6 else 30 if m < 12 else 29 + (length(y) == 366)
            yield Month(y, m, False, day, n)
            day += n
        at += length(y)


def gregorian():
    for y in range(1988, 2073):
        for m in range(1, 13):
            first = date(y, m, 1).toordinal()
            yield Month(y, m, False, first, (date(y + m // 12, m % 12 + 1, 1).toordinal()) - first)


CALENDARS = {"HEBREW": list(hebrew()), "ISLAMIC-CIVIL": list(islamic_civil()),
             "COPTIC": list(egyptian(1740, date(2023, 9, 12))), "ETHIOPIC": list(egyptian(2016, date(2023, 9, 12))),
             "INDIAN": list(indian()), "PERSIAN": list(persian()), "GREGORIAN": list(gregorian())}
DAY = {name: {m.first + d: (i, d + 1) for i, m in enumerate(months) for d in range(m.length)} for name, months in CALENDARS.items()}


def month_stands_for(months, i, wanted, skip):
    """Is month i one of BYMONTH, as it is or in place of a leap month that is missing (§4.1, §4.2)?"""
    m = months[i]
    if m.name in wanted:
        return True
    if m.leap or skip == "OMIT":
        return False
    if skip == "BACKWARD":
        return f"{m.number}L" in wanted and not months[i + 1].leap
    return i > 0 and not months[i - 1].leap and f"{months[i - 1].number}L" in wanted


def days_of(m, numbers, skip):
    for n in numbers:
        if abs(n) <= m.length:
            yield m.first + (n - 1 if n > 0 else m.length + n)
        elif skip == "FORWARD":
            yield m.first + (m.length if n > 0 else 0)
        elif skip == "BACKWARD":
            yield m.first + (m.length - 1 if n > 0 else -1)


def expand(scale, start, rule):
    months, skip, interval = CALENDARS[scale], rule["skip"], rule["interval"]
    at, of_month = DAY[scale][start]
    wanted = rule["months"]
    numbers = rule["days"]
    weekdays = rule["weekdays"]
    if rule["freq"] in ("DAILY", "WEEKLY"):
        week = start - (start - 1) % 7
        own = weekdays or ([DAYS[(start - 1) % 7]] if rule["freq"] == "WEEKLY" and not numbers else [])
        found = set()
        for day in range(start, LAST):
            i, d = DAY[scale][day]
            m = months[i]
            if rule["freq"] == "DAILY" and (day - start) % interval or rule["freq"] == "WEEKLY" and ((day - week) // 7) % interval:
                continue
            if wanted and not month_stands_for(months, i, wanted, skip) or own and DAYS[(day - 1) % 7] not in own:
                continue
            if numbers and d not in numbers and d - m.length - 1 not in numbers:
                continue
            found.add(day)
        return found
    if rule["freq"] == "YEARLY" and not wanted and not numbers and not weekdays:
        wanted = {months[at].name}
    found = set()
    for i, m in enumerate(months[:-1]):
        if rule["freq"] == "YEARLY" and (m.year - months[at].year) % interval or rule["freq"] == "MONTHLY" and (i - at) % interval:
            continue
        if wanted and not month_stands_for(months, i, wanted, skip):
            continue
        if weekdays and not numbers:
            found |= {d for d in range(m.first, m.first + m.length) if DAYS[(d - 1) % 7] in weekdays}
        else:
            days = days_of(m, numbers or [of_month], skip)
            found |= {d for d in days if not weekdays or DAYS[(d - 1) % 7] in weekdays}
    return {d for d in found if d >= start}


def text(day):
    return date.fromordinal(day).strftime("%Y%m%d")


def random_case():
    scale = rnd.choice(list(CALENDARS))
    start = date(2000, 1, 1).toordinal() + rnd.randrange(9000)
    names = sorted({m.name for m in CALENDARS[scale]}, key=lambda n: (int(n.rstrip("L")), n))
    rule = {"freq": rnd.choice(["YEARLY", "YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "DAILY"]), "interval": rnd.choice([1, 1, 1, 2, 3, 5]),
            "skip": rnd.choice(["OMIT", "FORWARD", "BACKWARD"]), "months": set(), "days": [], "weekdays": []}
    if rnd.random() < 0.6:
        rule["months"] = set(rnd.sample(names, rnd.randint(1, 3)))
    if rnd.random() < 0.6 and rule["freq"] != "WEEKLY":
        rule["days"] = rnd.sample([n for n in range(-30, 32) if n], rnd.randint(1, 3))
    if rnd.random() < 0.25:
        rule["weekdays"] = rnd.sample(DAYS, rnd.randint(1, 3))
    parts = [f"FREQ={rule['freq']}", f"SKIP={rule['skip']}", f"INTERVAL={rule['interval']}"]
    parts += ["BYMONTH=" + ",".join(sorted(rule["months"]))] if rule["months"] else []
    parts += ["BYMONTHDAY=" + ",".join(map(str, rule["days"]))] if rule["days"] else []
    parts += ["BYDAY=" + ",".join(rule["weekdays"])] if rule["weekdays"] else []
    rnd.shuffle(parts)
    return scale, start, rule, ";".join([f"RSCALE={scale}"] + parts)


cases = []
for _ in range(rules):
    scale, start, rule, written = random_case()
    seek = start + rnd.randrange(1, 12000) if rnd.random() < 0.5 else None
    want = sorted(d for d in expand(scale, start, rule) if d < LAST - 800 and (not seek or d >= seek))[:12]
    cases.append((f"{text(start)} {text(seek) if seek else '-'} 12 {written}", [text(d) for d in want]))
got = subprocess.run([program], input="\n".join(c for c, _ in cases) + "\n", capture_output=True, text=True, check=True).stdout.split("\n")
bad = 0
for (line, want), answer in zip(cases, got):
    have = [t for t in answer.split() if t < text(LAST - 800)]
    if have != want:
        bad += 1
        if bad <= 10:
            print(line, "\n  wanted", *want, "\n  ours  ", *have)
print("%d rules, %d differ" % (len(cases), bad))
sys.exit(bad > 0)
