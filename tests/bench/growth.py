#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one day costs in calendars of 10,000, 100,000 and 1,000,000 objects, 20 a day.

    tests/bench/growth.py [OBJECTS…]            # CALENDS_BIN names the binary, a release build

Objects are loaded by SQL, and the database is analyzed. Printed is the CPU time of a request, of the server and of its
database session together, by median of batches. Fails where one costs over 1.3 times, and 0.1 ms more, than in the smallest calendar.
"""
import glob
import os
import statistics
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from dav import Dav  # noqa: E402
from davwrite import new_event  # noqa: E402
from postgres import Postgres  # noqa: E402
from test_dav_growth import FILL  # noqa: E402
from world import BIN, World  # noqa: E402
import subprocess  # noqa: E402

RANGE = "<C:time-range start='20260601T000000Z' end='20260602T000000Z'/>"
ROUNDS, BATCH = 5, 40


def cpu_ms(pids):
    """Of all their threads, to the nanosecond; ticks are as long as twenty requests."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path, encoding="utf-8") as f:
                total += int(f.read().split()[0])
    return total / 1e6


def requests(world, dav, owner, cal, uid):
    rest = lambda target: world.get(target, key=owner.key)
    numbers = iter(range(10**9))
    return {
        "GET": lambda: dav.request("GET", cal + "hot.ics"),
        "PUT": lambda: dav.put(cal + "hot.ics", new_event(uid, "20260601T100000Z", summary=str(next(numbers)))),
        "calendar-query, a day": lambda: dav.query(cal, f"<C:comp-filter name='VEVENT'>{RANGE}</C:comp-filter>"),
        "calendar-query, a UID": lambda: dav.query(cal, "<C:comp-filter name='VEVENT'><C:prop-filter name='UID'>"
                                                        f"<C:text-match>{uid}</C:text-match></C:prop-filter></C:comp-filter>"),
        "calendar-query, tasks": lambda: dav.query(cal, "<C:comp-filter name='VTODO'/>"),
        "free-busy-query, a day": lambda: dav.report(cal, f"<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>{RANGE}</C:free-busy-query>", 1),
        "GET /v1/events, a day": lambda: rest("/v1/events?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z&limit=100"),
        "GET /v1/events, 5 to come": lambda: rest("/v1/events?from=2026-06-01T00:00:00Z&to=2027-06-01T00:00:00Z&limit=5"),
    }


def main():
    sizes = [int(n) for n in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    cluster, failed = Postgres(), False
    try:
        cluster.create("growth")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("growth"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "growth", ["--rate-limit", "0", "--db-connections", "1"])
        owner = world.account("growth@example.org", plan="pro")
        dav, cal, uid = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/default/", f"{uuid.uuid4()}@example.org"
        runs, costs, filled = requests(world, dav, owner, cal, uid), {}, 0
        runs["PUT"]()
        for size in sizes:
            world.sql(FILL.format(calendar="default", first=filled + 1, last=size))
            filled = size
            world.sql("VACUUM ANALYZE calendar_object")
            session = [int(p) for (p,) in world.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'calends' AND datname = 'growth'")]
            for name, run in runs.items():
                answer = run()
                assert answer.status in (200, 201, 204, 207), answer
                found = []
                for _ in range(ROUNDS):
                    before = cpu_ms([world.process.pid, *session])
                    for _ in range(BATCH):
                        run()
                    found.append((cpu_ms([world.process.pid, *session]) - before) / BATCH)
                costs.setdefault(name, []).append(statistics.median(found))
        print(f"{'CPU ms/request':28}" + "".join(f"{n:>12,}" for n in sizes) + f"{'times':>8}")
        for name, row in costs.items():
            bad = any(c > 1.3 * row[0] + 0.1 for c in row)
            failed = failed or bad
            print(f"{name:28}" + "".join(f"{c:12.2f}" for c in row) + f"{max(row) / max(row[0], 0.001):8.2f}" + (" !" if bad else ""))
        world.close()
    finally:
        cluster.remove()
    sys.exit(failed)


if __name__ == "__main__":
    main()
