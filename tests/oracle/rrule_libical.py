# SPDX-License-Identifier: Apache-2.0
"""Compare our recurrence expander with libical's on random rules: rrule_libical.py OURS LIBICAL [RULES [SEED]].

What libical 3.0.16 is known to do otherwise is not generated: BY lists that are not sorted; WKST other than MO and SU or
DTSTART outside the rule, with INTERVAL; BYWEEKNO 1, 52, 53 and -1; BYSETPOS with times; negative BYMONTHDAY and
BYYEARDAY below MONTHLY; frequencies below DAILY with limits of days (it searches for seconds). Here are those that
dateutil gets wrong instead: BYDAY with and without numbers, numbers beside BYMONTHDAY, BYWEEKNO with INTERVAL.
"""
import random
import subprocess
import sys
from datetime import datetime, timedelta

ours, libical = sys.argv[1:3]
rules = int(sys.argv[3]) if len(sys.argv) > 3 else 800
rnd = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 20261124)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(values, most):
    return ",".join(str(v) for v in sorted(rnd.sample(list(values), rnd.randint(1, most))))


def weekdays(most):
    return ",".join(sorted(rnd.sample(DAYS, rnd.randint(1, most)), key=DAYS.index))


def random_rule(start):
    freq = rnd.choice(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
    parts = ["FREQ=" + freq]
    interval = rnd.choice([1, 1, 2, 3, 5, 8])
    if interval > 1:
        parts.append("INTERVAL=%d" % interval)
    kind = rnd.random()
    if freq == "YEARLY" and kind < 0.3:
        if interval == 1 and rnd.random() < 0.5:
            parts += ["BYWEEKNO=" + some(range(2, 52), 4), "BYDAY=" + weekdays(3)]
        else:
            parts.append("BYYEARDAY=" + some(range(1, 366), 4))
        return ";".join(parts)
    if freq in ("YEARLY", "DAILY") and rnd.random() < 0.5 or freq == "MONTHLY" and rnd.random() < 0.3:
        parts.append("BYMONTH=" + some(range(1, 13), 4))
    if freq == "WEEKLY":
        parts.append("BYDAY=" + DAYS[start.weekday()] if interval > 1 else "BYDAY=" + weekdays(4))
    elif freq == "MONTHLY" or "BYMONTH=" in parts[-1] and freq == "YEARLY":
        if kind < 0.5:
            parts.append("BYDAY=" + ",".join([rnd.choice(["1", "2", "3", "-1", "-2"]) + rnd.choice(DAYS), rnd.choice(DAYS)]))
        elif kind < 0.8:
            parts.append("BYMONTHDAY=" + some(range(1, 32), 4))
        if freq == "MONTHLY" and kind < 0.25:
            parts.append("BYSETPOS=" + some([1, 2, -1], 2))
    elif freq == "DAILY" and kind < 0.5:
        parts.append("BYDAY=" + weekdays(4))
    if rnd.random() < 0.2:
        parts.append("COUNT=%d" % rnd.choice([1, 5, 40]))
    return ";".join(parts)


def text(t):
    return t.strftime("%Y%m%dT%H%M%S")


lines = []
for _ in range(rules):
    start = datetime(2020, 1, 1) + timedelta(seconds=rnd.randrange(4 * 365 * 86400))
    seek = text(start + timedelta(days=rnd.randrange(1, 3000))) if rnd.random() < 0.5 else "-"
    lines.append("%s %s 12 %s\n" % (text(start), seek, random_rule(start)))
answers = [
    subprocess.run([p], input="".join(lines), capture_output=True, text=True, check=True).stdout.split("\n")
    for p in (ours, libical)
]
bad = refused = 0
for line, have, want in zip(lines, *answers):
    have = " ".join(t for t in have.split() if t <= "20600101T000000")
    want = " ".join(t for t in want.split() if t <= "20600101T000000")
    if want == "refused":
        refused += 1
    elif have != want:
        bad += 1
        if bad <= 10:
            print(line, " libical", want, "\n  ours   ", have)
print("%d rules, %d refused by libical, %d differ" % (rules, refused, bad))
sys.exit(bad > 0)
