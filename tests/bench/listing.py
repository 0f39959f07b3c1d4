#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a look at the home costs by the number of calendars: PROPFIND and calendar-query with Depth 1.

    tests/bench/listing.py [CALENDARS…]         # CALENDS_BIN names the binary, a release build

Each home is an account's own; each calendar has a zone by name and one event. Printed is the CPU time of a request, of the
server and of its database session together, by median of batches; homes take turns.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from dav import Dav, event  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, World  # noqa: E402

ROUNDS, BATCH = 9, 10
NS = "xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'"
D_ASKED = "resourcetype displayname owner current-user-privilege-set quota-available-bytes quota-used-bytes resource-id supported-report-set sync-token add-member"
C_ASKED = "calendar-description max-attendees-per-instance supported-calendar-component-set schedule-calendar-transp"
PLAIN = "".join(f"<D:{n}/>" for n in D_ASKED.split()) + "".join(f"<C:{n}/>" for n in C_ASKED.split()) + "<CS:getctag/><A:calendar-color/><A:calendar-order/>"


def home_of(world, count):
    """An account with so many calendars: what is asked of its home, by name."""
    owner = world.account(f"listing-{count}@example.org", plan="pro")
    dav, home = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/"
    for n in range(count):
        zone = f"<C:mkcalendar {NS}><D:set><D:prop><C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id></D:prop></D:set></C:mkcalendar>"
        assert dav.request("MKCALENDAR", f"{home}{n}/", zone, Content_Type="application/xml").status == 201
        assert dav.put(f"{home}{n}/a.ics", event(f"listing-{n}", "20260601T100000Z")).status == 201
    return {
        "PROPFIND, ctag and token": lambda: dav.propfind(home, "<CS:getctag/><D:sync-token/>", 1),
        "PROPFIND, as macOS asks": lambda: dav.propfind(home, PLAIN, 1),
        "PROPFIND, with time zones": lambda: dav.propfind(home, PLAIN + "<C:calendar-timezone/>", 1),
        "calendar-query of events": lambda: dav.query(home, "<C:comp-filter name='VEVENT'/>", depth=1),
        "calendar-query of all": lambda: dav.query(home, "", depth=1),
    }


def cost(run, pids):
    before = cpu_ms(pids)
    for _ in range(BATCH):
        assert run().status == 207
    return (cpu_ms(pids) - before) / BATCH


def main():
    counts = [int(n) for n in sys.argv[1:]] or [1, 10, 100]
    cluster = Postgres()
    try:
        cluster.create("listing")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("listing"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "listing", ["--rate-limit", "0", "--db-connections", "1"])
        homes = [home_of(world, n) for n in counts]
        pids = [world.process.pid, *sessions(world)]
        print(f"{'CPU ms/request':28}" + "".join(f"{n:>10,}" for n in counts))
        for name in homes[0]:
            found = [[] for _ in homes]
            for _ in range(ROUNDS):
                for place, runs in zip(found, homes):
                    place.append(cost(runs[name], pids))
            print(f"{name:28}" + "".join(f"{statistics.median(place):10.2f}" for place in found), flush=True)
        world.close()
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
