# SPDX-License-Identifier: Apache-2.0
"""Compare our recurrence expander with python-dateutil's on random rules: rrule_dateutil.py PROGRAM [RULES [SEED]].

What dateutil is known to do otherwise is not generated:
  BYDAY that mixes numbered and plain weekdays (it intersects them: nothing is left);
  BYWEEKNO without a day (it takes all seven; RFC 5545 takes the rest from DTSTART), or with INTERVAL, BYSETPOS or
  BYMONTH (it cuts a year's weeks at New Year), or where its year masks miss days of week 1, 52, 53 or -1;
  numbered BYDAY together with BYYEARDAY or BYMONTHDAY (it is right; libical is compared there).
Ours counts from DTSTART on as dateutil does: instances that the rule makes.
"""
import random
import signal
import subprocess
import sys
from datetime import datetime, timedelta

from dateutil.rrule import rrulestr

program = sys.argv[1]
rules = int(sys.argv[2]) if len(sys.argv) > 2 else 500
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261124)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FREQS = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]


def some(values, most):
    return ",".join(str(v) for v in rnd.sample(values, rnd.randint(1, most)))


def signed(limit):
    return [n for n in range(-limit, limit + 1) if n]


def random_rule():
    freq = rnd.choice(FREQS[:4] * 3 + FREQS[4:])
    parts = ["FREQ=" + freq]
    by = 0
    if rnd.random() < 0.5:
        parts.append("INTERVAL=%d" % rnd.choice([1, 2, 3, 4, 5, 6, 7, 10, 13, 25, 90]))
    interval = any(p.startswith("INTERVAL") for p in parts)
    if rnd.random() < 0.3:
        parts.append("BYMONTH=" + some(range(1, 13), 4))
        by += 1
    month = any(p.startswith("BYMONTH=") for p in parts)
    days = rnd.random()
    weekno = False
    if freq == "YEARLY" and not interval and not month and rnd.random() < 0.15:
        parts.append("BYWEEKNO=" + some(range(2, 52), 4))
        parts.append("BYDAY=" + some(DAYS, 3))
        weekno = True
    elif days < 0.25:
        if freq in ("YEARLY", "MONTHLY") and rnd.random() < 0.6:
            most = 5 if freq == "MONTHLY" or month else 53
            parts.append("BYDAY=" + ",".join("%d%s" % (rnd.choice(signed(most)), d) for d in rnd.sample(DAYS, rnd.randint(1, 3))))
        else:
            parts.append("BYDAY=" + some(DAYS, 4))
        by += 1
    elif days < 0.45 and freq != "WEEKLY":
        parts.append("BYMONTHDAY=" + some(signed(31), 4))
        if rnd.random() < 0.3:
            parts.append("BYDAY=" + some(DAYS, 4))
        by += 1
    elif days < 0.55 and freq not in ("WEEKLY", "MONTHLY", "DAILY"):
        parts.append("BYYEARDAY=" + some(signed(366), 4))
        by += 1
    if rnd.random() < 0.2:
        parts.append("BYHOUR=" + some(range(24), 3))
        by += 1
    if rnd.random() < 0.2:
        parts.append("BYMINUTE=" + some(range(60), 3))
        by += 1
    if rnd.random() < 0.1:
        parts.append("BYSECOND=" + some(range(60), 3))
        by += 1
    if by and not weekno and rnd.random() < 0.25:
        parts.append("BYSETPOS=" + some(signed(6), 2))
    if rnd.random() < 0.3:
        parts.append("WKST=" + rnd.choice(DAYS))
    if rnd.random() < 0.2:
        parts.append("COUNT=%d" % rnd.choice([1, 2, 5, 30, 400]))
    head, rest = parts[0], parts[1:]
    rnd.shuffle(rest)
    return ";".join([head] + rest)


def text(t):
    return t.strftime("%Y%m%dT%H%M%S")


def wanted(rule, start, seek, count):
    """dateutil's answer, or None when it would take too long to know."""
    out = []
    budget = 20000
    last = datetime(2060, 1, 1)
    for t in rrulestr(rule if "COUNT" in rule else rule + ";UNTIL=20600101T000000", dtstart=start):
        budget -= 1
        if not budget or t > last:
            return None if not budget else out
        if seek is None or t >= seek:
            out.append(text(t))
            if len(out) == count:
                break
    return out


class TooLong(Exception):
    pass


timed = False  # an alarm that rings later, too late to be switched off, is nobody's


def too_long(*_):
    if timed:
        raise TooLong


signal.signal(signal.SIGALRM, too_long)

cases = []
while len(cases) < rules:
    rule = random_rule()
    start = datetime(2020, 1, 1) + timedelta(seconds=rnd.randrange(4 * 365 * 86400))
    seek = start + timedelta(days=rnd.randrange(1, 4000)) if rnd.random() < 0.5 else None
    if seek and any(f in rule for f in ("MINUTELY", "SECONDLY")):
        seek = start + timedelta(minutes=rnd.randrange(1, 5000))
    try:
        timed = True
        signal.setitimer(signal.ITIMER_REAL, 0.05)  # dateutil steps through the years second by second
        want = wanted(rule, start, seek, 12)
        timed = False
    except (ValueError, TypeError, TooLong):
        timed = False
        continue  # e.g. INTERVAL that never meets BYHOUR
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # or it rings when Python has ended and handles nothing
    if want is not None:
        cases.append((rule, start, seek, want))

lines = "".join("%s %s 12 %s\n" % (text(s), text(k) if k else "-", r) for r, s, k, w in cases)
got = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.split("\n")
bad = 0
for (rule, start, seek, want), line in zip(cases, got):
    # After 2060 dateutil was stopped; ours goes on.
    have = [t for t in line.split() if t <= "20600101T000000"]
    if have != want:
        bad += 1
        if bad <= 10:
            print(text(start), "seek", seek and text(seek), rule, "\n  dateutil", *want, "\n  ours    ", *have)
print("%d rules, %d differ" % (len(cases), bad))
sys.exit(bad > 0)
