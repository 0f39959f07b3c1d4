#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What calls of the REST API cost, beside the floor of the same run: bare civetweb that executes a bare statement for its fixed answer.

    CALENDS_BIN=build/release/calends tests/bench/api.py [OBJECTS]      # 10,000 in the calendar

Printed is the CPU time of a request: the server's and its database session's, by median of rounds in which all take turns. The
floor of a reading is a SELECT of as many rows by their key, that of a writing a transaction, BEGIN, INSERT, UPDATE and COMMIT to
disk, in PostgreSQL as it is shipped, by libpq alone in a handler of civetweb alone; the tables and statements are those of the measure that WRITE_MS is of (pgbench's,
a statement at a time). What the same costs in one statement is printed beside it. Fails where a reading costs over 3 times its floor or
a writing over 2 times; a create with a webhook over 2.7 (0.9 ms of 0.33), for it has in it what the jobs do: the outbox read, the event, the call, its log. Beside it stands what is wanted in
milliseconds on the machine whose floors are 0.021 (a fixed answer) and 0.33 (a write), scaled to this one by each of the two.
"""
import datetime
import json
import os
import statistics
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions, shipped  # noqa: E402
from dav import Dav  # noqa: E402
from davwrite import new_event  # noqa: E402
from ports import free_port  # noqa: E402
from postgres import Postgres  # noqa: E402
from receiver import Receiver  # noqa: E402
from test_dav_growth import FILL  # noqa: E402
from wire import Client  # noqa: E402
from world import BIN, World  # noqa: E402

JSON = {"Content-Type": "application/json"}
ROUNDS, BATCH = 11, 40
FIXED_MS, WRITE_MS = 0.021, 0.33  # floors of the machine that WANTED is of
WANTED = {"GET an event": 0.25, "list of 25": 0.5, "free/busy of a month": 4, "replay of a key": 0.3, "create": 0.7, "create, with a webhook": 0.9}
MONTH = "from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z"
EVENT = {"title": "Bench", "start_time": "2026-06-01T09:00:00Z", "end_time": "2026-06-01T10:00:00Z", "attendees": [{"email": "guest@example.org"}]}
TABLE = """
CREATE TABLE floor (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, data bytea NOT NULL);
INSERT INTO floor SELECT i, 0, repeat('x', 1200)::bytea FROM generate_series(1, 10000) i;
CREATE TABLE floor_head (id int PRIMARY KEY, seq bigint NOT NULL) WITH (fillfactor = 50);
INSERT INTO floor_head SELECT i, 0 FROM generate_series(1, 1000) i;
CREATE TABLE floor_log (id bigserial PRIMARY KEY, head int NOT NULL, body text NOT NULL);
PREPARE one (int) AS SELECT data FROM floor WHERE id = $1;
PREPARE many (int) AS SELECT data FROM floor WHERE id BETWEEN $1 AND $1 + 24;
PREPARE written (int) AS INSERT INTO floor_log (head, body) VALUES ($1 % 1000 + 1, repeat('x', 1300));
PREPARE counted (int) AS UPDATE floor_head SET seq = seq + 1 WHERE id = $1 % 1000 + 1;
PREPARE at_once (int) AS WITH w AS (INSERT INTO floor_log (head, body) VALUES ($1 % 1000 + 1, repeat('x', 1300)) RETURNING head)
	UPDATE floor_head SET seq = seq + 1 FROM w WHERE id = w.head;
"""


class Floor:
    """A server that does as little as can be done."""

    def __init__(self, cluster, database, program):
        self.port, self.turn = free_port(), 0
        self.server = subprocess.Popen([program, str(self.port), "16", cluster.url(database), TABLE], stdout=subprocess.PIPE, text=True)
        self.pids = [self.server.pid, int(self.server.stdout.readline().split()[1])]
        assert self.server.stdout.readline() == "ready\n"
        self.http = Client("127.0.0.1", self.port, lambda reply: None)

    def ask(self, name):
        self.turn = self.turn % 9000 + 1
        assert self.http.request("GET", f"/{name}?{self.turn}").status == 200

    def close(self):
        self.http.close()
        self.server.terminate()
        self.server.wait()


class Calls:
    """What is asked of an account with a large calendar."""

    def __init__(self, world, size):
        self.world, self.owner = world, world.account("rest@example.org", plan="pro")
        dav, cal = Dav(world.url, self.owner.email, self.owner.key), f"/dav/calendars/{self.owner.id}/gbench/"
        assert dav.request("MKCALENDAR", cal).status == 201
        uid = f"{uuid.uuid4()}@example.org"
        assert dav.put(cal + "hot.ics", new_event(uid, "20260601T100000Z")).status == 201
        world.sql(FILL.format(calendar="gbench", first=1, last=size))
        world.sql("VACUUM ANALYZE calendar_object")
        self.key = world.key(self.owner, kind="secret")
        self.calendar = next(c["id"] for c in self.ask("GET", "/v1/calendars").json["data"] if not c["is_default"])
        self.event = self.create().json["id"]
        self.replayed = str(uuid.uuid4())
        self.replay()
        hours = {day: [{"start": "00:00", "end": "24:00"}] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
        self.page = self.ask("POST", "/v1/booking_pages", {"slug": "bench", "title": "Bench", "timezone": "UTC", "working_hours": hours,
            "durations": [{"minutes": 15}], "slot_step_minutes": 15, "busy_calendar_ids": [self.calendar]}).json
        self.widget = world.key(self.owner, kind="publishable")
        self.free = [slot["start"] for slot in self.slots().json["slots"]]

    def ask(self, method, target, body=None, headers=None):
        reply = self.world.http.request(method, target, body and json.dumps(body), [*(JSON if body else {}).items(), *(headers or {}).items(),
            ("Authorization", f"Bearer {self.key}")])
        assert reply.status in (200, 201), reply
        return reply

    def get(self):
        return self.ask("GET", f"/v1/events/{self.event}")

    def list(self):
        return self.ask("GET", f"/v1/events?calendar_id={self.calendar}&limit=25")

    def create(self):
        return self.ask("POST", "/v1/events", EVENT)

    def busy(self):
        return self.ask("GET", f"/v1/freebusy?{MONTH}&calendar_ids={self.calendar}")

    def slots(self):
        """What a guest is shown of a month."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        bounds = [(now + datetime.timedelta(days=d)).isoformat() + "Z" for d in (1, 31)]
        reply = self.world.http.request("GET", f"/v1/public/booking_pages/bench/availability?from={bounds[0]}&to={bounds[1]}", None,
                                        [("Authorization", f"Bearer {self.widget}")])
        assert reply.status == 200, reply
        return reply

    def book(self):
        return self.ask("POST", "/v1/bookings", {"page": "bench", "start": self.free.pop(), "name": "Guest", "email": "guest@example.org"})

    def replay(self):
        return self.ask("POST", "/v1/events", {**EVENT, "title": "Once"}, {"Idempotency-Key": self.replayed})


def cost(run, pids):
    before = cpu_ms(pids)
    for _ in range(BATCH):
        run()
    return (cpu_ms(pids) - before) / BATCH


def measure(rows, pids_of):
    """{name: ms}: medians of rounds in which all take turns, since machines change their speed."""
    found = {name: [] for name in rows}
    for run in rows.values():
        run()
    for _ in range(ROUNDS):
        for name, run in rows.items():
            found[name].append(cost(run, pids_of(name)))
    return {name: statistics.median(costs) for name, costs in found.items()}


def report(cost_of):
    """Prints the table; whether all are within their bounds."""
    good = True
    table = [("GET an event", "one", 3), ("list of 25", "many", 3), ("free/busy of a month", None, None), ("replay of a key", "one", 3),
             ("create", "written+counted", 2), ("availability of a month", None, None), ("booking", None, None), ("create, with a webhook", "written+counted", 2.7)]
    print(f"floor: a fixed answer {cost_of['floor: hello']:.3f}, with a SELECT of one {cost_of['floor: one']:.3f}, of 25 {cost_of['floor: many']:.3f}, "
          f"a write transaction {cost_of['floor: written+counted']:.3f}, the same in one statement {cost_of['floor: at_once']:.3f} ms")
    scales = [cost_of["floor: hello"] / FIXED_MS, cost_of["floor: written+counted"] / WRITE_MS]
    for name, statement, bound in table:
        wanted = "" if name not in WANTED else "   wanted %.2f to %.2f ms" % tuple(sorted(WANTED[name] * scale for scale in scales))
        if statement is None:
            print(f"{name:26}{cost_of[name]:8.3f} ms{'':37}{wanted}")
            continue
        times = cost_of[name] / cost_of[f"floor: {statement}"]
        good = good and times <= bound
        print(f"{name:26}{cost_of[name]:8.3f} ms{times:7.1f} times its floor, expected {bound}" + ("  " if times <= bound else " !") + wanted)
    return good


def main(size):
    cluster = Postgres(**shipped())
    try:
        cluster.create("rest")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("rest"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        options = ["--rate-limit", "0", "--db-connections", "1", "--allow-private-hooks"]
        world = World(cluster, "rest", options)
        calls = Calls(world, size)
        floor = Floor(cluster, "rest", os.path.join(os.path.dirname(BIN), "tests/bare_civetweb"))
        ours = [world.process.pid, *sessions(world)]
        rows = {"floor: hello": lambda: floor.ask("hello"), "GET an event": calls.get, "floor: one": lambda: floor.ask("one"), "list of 25": calls.list,
                "floor: many": lambda: floor.ask("many"), "create": calls.create,
                "floor: written+counted": lambda: floor.ask("written+counted"), "floor: at_once": lambda: floor.ask("at_once"),
                "replay of a key": calls.replay, "free/busy of a month": calls.busy,
                "availability of a month": calls.slots, "booking": calls.book}
        pids_of = lambda name: floor.pids if name.startswith("floor") else ours
        costs = measure(rows, pids_of)
        with Receiver() as hook:
            made = calls.ask("POST", "/v1/webhook_endpoints", {"url": hook.url, "events": ["event.created"]})
            assert made.status == 201
            costs |= measure({"create, with a webhook": calls.create}, pids_of)
        good = report(costs)
        floor.close()
        world.kill()
    finally:
        cluster.remove()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
