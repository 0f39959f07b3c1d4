#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a search for words costs in calendars of 1,000 to 1,000,000 events, 20 a day, of which none has the words.

    tests/bench/search.py [OBJECTS…]            # CALENDS_BIN names the binary, a release build

A year is sought, by GET /v1/events: what the calendar's page asks, too. Printed is the CPU time of a request, of the server and of its
database sessions, by median of batches. Fails where the server takes over 5 ms: all events that may
touch the range, up to 50,000, are looked at by what stands beside them.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from growth import calendar_of  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, World  # noqa: E402

ROUNDS, BATCH = 7, 10
QUERY = "/v1/events?q=nothing+has+this&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"


def measure(world, keys):
    """[(server, database)] of each key; they take turns."""
    found = [[] for _ in keys]
    for turn in range(ROUNDS + 1):
        for place, key in zip(found, keys):
            before = cpu_ms([world.process.pid]), cpu_ms(sessions(world))
            for _ in range(BATCH):
                assert world.get(QUERY, key=key).status == 200
            after = cpu_ms([world.process.pid]), cpu_ms(sessions(world))
            if turn:
                place.append([(a - b) / BATCH for a, b in zip(after, before)])
    return [[statistics.median(column) for column in zip(*place)] for place in found]


def main():
    sizes = [int(n) for n in sys.argv[1:]] or [1_000, 5_000, 20_000, 100_000, 1_000_000]
    cluster, failed = Postgres(), False
    try:
        cluster.create("search")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("search"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "search", ["--rate-limit", "0", "--db-connections", "1"])
        keys = []
        for size in sizes:
            calendar_of(world, str(size), size - 1)
            keys.append(world.key(f"growth-{size}@example.org"))
        world.sql("UPDATE calendar_object SET words = 'meeting about number ' || name || E'\\nroom 4\\n' WHERE NOT deleted")
        world.sql("VACUUM ANALYZE calendar_object")
        print(f"{'events':>12}{'server ms':>12}{'database ms':>14}")
        for size, (server, database) in zip(sizes, measure(world, keys)):
            bad = server > 5
            failed = failed or bad
            print(f"{size:12,}{server:12.2f}{database:14.2f}" + (" !" if bad else ""))
        world.close()
    finally:
        cluster.remove()
    sys.exit(failed)


if __name__ == "__main__":
    main()
