# SPDX-License-Identifier: Apache-2.0
"""Our VTIMEZONEs as dateutil reads them beside the system's zones, at random instants and around every change of clock from 1971
to 2036: vtimezone.py PROGRAM [ZONES [SEED]]."""
import io
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from dateutil.tz import tzical

program = sys.argv[1]
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 7808)
names = sorted(n for n in available_timezones() if "/" in n and not n.startswith(("Etc/", "posix/", "right/", "SystemV/")))
always = ["Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca",
          "Pacific/Apia", "Asia/Kolkata", "Asia/Tehran"]
names = always + rnd.sample(names, int(sys.argv[2]) if len(sys.argv) > 2 else 20)
answers = subprocess.run([program], input="\n".join(names) + "\n", capture_output=True, text=True, check=True).stdout
blocks = [b + "END:VTIMEZONE\n" for b in answers.replace("unknown\n", "unknownEND:VTIMEZONE\n").split("END:VTIMEZONE\n")][:-1]
assert len(blocks) == len(names)
bad = 0
for name, block in zip(names, blocks):
    if block.startswith("unknown"):
        continue  # the system's index may lack a name that Python brings
    ours, theirs = tzical(io.StringIO(block)).get(name), ZoneInfo(name)
    at = datetime(1971, 1, 1, tzinfo=timezone.utc)
    wrong = []
    while at < datetime(2036, 1, 1, tzinfo=timezone.utc):
        # dateutil asks by the wall clock: hours that happen twice, or not at all, are left out.
        local = at.astimezone(theirs).replace(tzinfo=None)
        clear = theirs.utcoffset(local + timedelta(hours=3)) == theirs.utcoffset(local - timedelta(hours=3))
        if clear and ours.utcoffset(local) != theirs.utcoffset(local):
            wrong.append(local)
        at += timedelta(hours=rnd.randrange(1, 400))
    if wrong:
        bad += 1
        print(name, len(wrong), "instants, the first", wrong[0])
print("%d zones, %d differ" % (len(names), bad))
sys.exit(bad > 0)
