#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one day costs in calendars of 10,000, 100,000 and 1,000,000 objects, 20 a day (F56).

    tests/bench/growth.py [OBJECTS…]            # CALENDS_BIN names the binary, a release build

Each calendar is an account's own; objects are loaded by SQL, and the database is analyzed. The calendars take turns.
Printed is the CPU time of a request, of the server and of its database session together, by median of batches. Fails where
one costs over 1.3 times, and 0.1 ms more, than in the smallest calendar. The last column, which fails nothing, is the smallest
calendar with 1,000 birthdays, which have no end and are candidates of each range.
"""
import os
import statistics
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from dav import Dav  # noqa: E402
from davwrite import new_event  # noqa: E402
from postgres import Postgres  # noqa: E402
from test_dav_growth import FILL  # noqa: E402
from world import BIN, World  # noqa: E402
import subprocess  # noqa: E402

RANGE = "<C:time-range start='20260601T000000Z' end='20260602T000000Z'/>"
ROUNDS, BATCH, BIRTHDAYS = 9, 25, 1000
ENDLESS = """
INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at, created_at,
       size, component, span, flags, deleted, etag, name, uid, occ, data)
SELECT o.account_id, o.calendar_id, gen_random_uuid(), 5000000 + n, first_at, last_at, occ_until, now(), now(),
       size, component, span, flags, false, etag, 'endless' || n || '.ics', 'endless-' || n, occ, data
  FROM calendar_object o, generate_series(1, {count}) n WHERE o.name = 'birthday.ics';
"""


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


def calendar_of(world, label, size):
    """An account with a calendar of that many objects: what is asked of it, by name."""
    owner = world.account(f"growth-{label}@example.org", plan="pro")
    dav, cal = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/g{label}/"
    assert dav.request("MKCALENDAR", cal).status == 201
    runs = requests(world, dav, owner, cal, f"{uuid.uuid4()}@example.org")
    runs["PUT"]()
    world.sql(FILL.format(calendar=f"g{label}", first=1, last=size))
    return dav, cal, runs


def add_birthdays(world, dav, cal):
    event = new_event("birthday", "19700315T100000Z", "RRULE:FREQ=YEARLY")
    assert dav.put(cal + "birthday.ics", event).status == 201
    world.sql(ENDLESS.format(count=BIRTHDAYS - 1))


def cost(run, pids):
    before = cpu_ms(pids)
    for _ in range(BATCH):
        run()
    return (cpu_ms(pids) - before) / BATCH


def measure(world, all_runs):
    """{name: [ms of each calendar]}; they take turns, since machines change their speed."""
    pids, costs = [world.process.pid, *sessions(world)], {}
    for name in all_runs[0]:
        found = [[] for _ in all_runs]
        for runs in all_runs:
            answer = runs[name]()
            assert answer.status in (200, 201, 204, 207), answer
        for _ in range(ROUNDS):
            for place, runs in zip(found, all_runs):
                place.append(cost(runs[name], pids))
        costs[name] = [statistics.median(place) for place in found]
    return costs


def main():
    sizes = [int(n) for n in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    cluster, failed = Postgres(), False
    try:
        cluster.create("growth")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("growth"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "growth", ["--rate-limit", "0", "--db-connections", "1"])
        all_runs = [calendar_of(world, str(size), size)[2] for size in sizes]
        dav, cal, runs = calendar_of(world, "endless", sizes[0])
        add_birthdays(world, dav, cal)
        world.sql("VACUUM ANALYZE calendar_object")
        costs = measure(world, [*all_runs, runs])
        print(f"{'CPU ms/request':28}" + "".join(f"{n:>12,}" for n in sizes) + f"{'times':>8}{'birthdays':>12}")
        for name, (*row, endless) in costs.items():
            bad = any(c > 1.3 * row[0] + 0.1 for c in row)
            failed = failed or bad
            print(f"{name:28}" + "".join(f"{c:12.2f}" for c in row) + f"{max(row) / max(row[0], 0.001):8.2f}{endless:12.2f}" + (" !" if bad else ""))
        world.close()
    finally:
        cluster.remove()
    sys.exit(failed)


if __name__ == "__main__":
    main()
