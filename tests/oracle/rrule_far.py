# SPDX-License-Identifier: Apache-2.0
"""Far starts and windows of one instance: rrule_far.py PROGRAM [RULES [SEED]]. In the suite 300 rules; a long run is
rrule_far.py build/dev/tests/rrule_lines 100000.

Three kinds of rules: weeks of the year with 1, 52, 53 and -1, INTERVAL and WKST, which dateutil and libical get wrong, against a
day-by-day expander here; BYSECOND=60, which is 59 without leap seconds (RFC 5545 §3.3.10), and all other rules against dateutil.
Of each rule an instance years ahead is taken: seeking to it, to the second after the one before it, and to the second after it must
give it, it, and the next.
"""
import random
import subprocess
import sys
from datetime import date, datetime, timedelta

from dateutil.rrule import rrulestr

program = sys.argv[1]
rules = int(sys.argv[2]) if len(sys.argv) > 2 else 300
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 5545)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(values, most):
    values = list(values)
    return sorted(rnd.sample(values, rnd.randint(1, min(most, len(values)))))


def week_1(year, wkst):
    """The first day of the week with at least four days in the year."""
    january_4 = date(year, 1, 4)
    return january_4 - timedelta(days=(january_4.weekday() - wkst) % 7)


def weeks_case():
    start = datetime(rnd.randrange(1950, 2030), rnd.randrange(1, 13), rnd.randrange(1, 29), 9)
    wkst, interval = rnd.randrange(7), rnd.choice([1, 1, 2, 3, 7])
    weeks = some([1, 2, 26, 51, 52, 53, -1, -2, -52, -53], 3)
    days = some(range(7), 2) if rnd.random() < 0.7 else [start.weekday()]
    first = next(y for y in (start.year + 1, start.year, start.year - 1) if week_1(y, wkst) <= start.date())
    found = []
    for year in range(first, 2105, interval):
        begin, count = week_1(year, wkst), (week_1(year + 1, wkst) - week_1(year, wkst)).days // 7
        for week in range(1, count + 1):
            if week in weeks or week - count - 1 in weeks:
                found += [begin + timedelta(days=7 * (week - 1) + i) for i in range(7) if (begin + timedelta(days=i)).weekday() in days]
    found = sorted(datetime.combine(d, start.time()) for d in set(found))
    rule = f"FREQ=YEARLY;INTERVAL={interval};WKST={DAYS[wkst]};BYWEEKNO={','.join(map(str, weeks))};BYDAY={','.join(DAYS[d] for d in days)}"
    return start, rule, [d for d in found if d >= start]


def seconds_case():
    start = datetime(2000, 1, 1) + timedelta(seconds=rnd.randrange(86400 * 3000))
    seconds = some([0, 15, 30, 59, 60], 3)
    freq = rnd.choice(["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "SECONDLY"])
    limit = ";BYHOUR=7;BYMINUTE=30" if freq in ("MINUTELY", "SECONDLY") else ""
    rule = f"FREQ={freq};BYSECOND={{}}{limit}"
    theirs = rule.format(",".join(str(s) for s in sorted({min(s, 59) for s in seconds})))
    found = list(rrulestr(theirs, dtstart=start).xafter(start, 40, inc=True))
    return start, rule.format(",".join(map(str, seconds))), found


def far_case():
    start = datetime(rnd.randrange(1960, 2020), rnd.randrange(1, 13), rnd.randrange(1, 29), rnd.randrange(24))
    freq = rnd.choice(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
    rule = f"FREQ={freq};INTERVAL={rnd.choice([1, 1, 2, 3, 5, 11])}"
    if rnd.random() < 0.4:
        rule += ";BYMONTH=" + ",".join(map(str, some(range(1, 13), 3)))
    if freq in ("YEARLY", "MONTHLY") and rnd.random() < 0.5:
        rule += ";BYMONTHDAY=" + ",".join(map(str, some([1, 13, 29, 30, 31, -1, -31], 3)))
    elif freq != "YEARLY" and rnd.random() < 0.5:
        rule += ";BYDAY=" + ",".join(DAYS[d] for d in some(range(7), 3))
    if rnd.random() < 0.2:
        rule += f";COUNT={rnd.choice([3, 40, 500])}"
    last = start + timedelta(days=rnd.randrange(300, 25000))
    found = rrulestr(rule, dtstart=start).between(start, min(last, datetime(2090, 1, 1)), inc=True)
    return start, rule, found[-40:]


text = lambda t: t.strftime("%Y%m%dT%H%M%S")
lines, wanted = [], []
while len(lines) < 3 * rules:
    start, rule, found = rnd.choice([weeks_case, weeks_case, seconds_case, far_case])()
    if len(found) < 3:
        continue
    n = rnd.randrange(1, len(found) - 1)
    for seek, want in ((found[n], found[n]), (found[n - 1] + timedelta(seconds=1), found[n]), (found[n] + timedelta(seconds=1), found[n + 1])):
        lines.append(f"{text(start)} {text(seek)} 1 {rule}")
        wanted.append(text(want))
got = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout.split("\n")
bad = [(line, want, have) for line, want, have in zip(lines, wanted, got) if have != want]
for line, want, have in bad[:10]:
    print(f"{line}\n  wanted {want}\n  ours   {have}")
print("%d windows, %d differ" % (len(lines), len(bad)))
sys.exit(len(bad) > 0)
