#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast deliveries leave, and what one costs: ten endpoints of one account, one of which never answers, and a sink on this machine.

    CALENDS_BIN=build/release/calends tests/bench/webhooks.py [CHANGES [ROWS]]

CHANGES (1,000) of a calendar are made at once: each is an event, and ten deliveries. Three rounds, and three more with ROWS (0) of the
past in each of outbox, events and deliveries, 20,000 an account, after VACUUM and CHECKPOINT. Prints deliveries a second, the sink's work
in them, and the CPU time of server and database sessions for one. Fails where the median is below 1,000 a second, or where one costs over
1.3 times what it did without the past.
"""
import asyncio
import json
import os
import socket
import statistics
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/support"), os.path.join(ROOT, "tests/http")]

from cost import cpu_ms, sessions  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import World  # noqa: E402

ENDPOINTS, DEAD = 10, 1
ROUNDS, AN_ACCOUNT, LEAST, DEARER = 3, 20_000, 1000, 1.3
# An account keeps 20,000 events: more of one would be trimmed beside the measurement. xid: told long ago.
PAST = """
CREATE TEMP TABLE many AS SELECT (left(gen_random_uuid()::text, 35) || '0')::uuid AS id, {first} + n AS n FROM generate_series(1, {accounts}) n;
INSERT INTO account (account_id, email, name) SELECT id, 'past' || n || '@example.org', 'Past' FROM many;
INSERT INTO outbox (account_id, id, xid, kind) SELECT m.id, ('{day}' || lpad(to_hex(i), 12, '0'))::uuid, '4', 'calendar_changed' FROM generate_series(1, {each}) i, many m;
INSERT INTO webhook_event (account_id, id, type, sequence, needs, created_at, body)
SELECT m.id, ('{day}' || lpad(to_hex(i), 12, '0'))::uuid, 'calendar.updated', i, 0, now(), repeat('x', 100)::bytea FROM generate_series(1, {each}) i, many m;
INSERT INTO webhook_delivery (account_id, id, endpoint_id, event_id, state, attempts, next_attempt_at, status, finished_at)
SELECT m.id, ('{day}' || lpad(to_hex(i), 12, '0'))::uuid, m.id, ('{day}' || lpad(to_hex(i), 12, '0'))::uuid, 2, 1, NULL, 200, now() FROM generate_series(1, {each}) i, many m;
DROP TABLE many;
"""


class Sink(asyncio.Protocol):
    """Answers 200 to whatever has a length, and counts."""
    came = []

    def connection_made(self, transport):
        self.transport, self.octets = transport, b""

    def data_received(self, data):
        self.octets += data
        while (end := self.octets.find(b"\r\n\r\n")) >= 0:
            head = self.octets[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15:].split(b"\r\n", 1)[0])
            if len(self.octets) < end + 4 + size:
                return
            self.octets = self.octets[end + 4 + size:]
            self.came.append(time.monotonic())
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def serve_sink():
    ready, port = threading.Event(), []

    async def run():
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=256)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()
    return port[0]


def load(world, rows):
    begun = time.monotonic()
    [[day]] = world.sql("SELECT left(uuid7_floor((now() AT TIME ZONE 'UTC')::date)::text, 24)")
    for first in range(0, rows // AN_ACCOUNT, 25):  # in pieces: the log of a transaction has an end
        world.sql(PAST.format(accounts=min(25, rows // AN_ACCOUNT - first), each=AN_ACCOUNT, day=day, first=first))
    for statement in ("VACUUM (ANALYZE) webhook_event", "VACUUM (ANALYZE) webhook_delivery", "VACUUM (ANALYZE) outbox", "CHECKPOINT"):
        world.sql(statement)
    kept = world.sql("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM webhook_event), (SELECT count(*) FROM webhook_delivery)")[0]
    print(f"outbox, events, deliveries: {', '.join(f'{int(n):,}' for n in kept)} rows after {time.monotonic() - begun:.0f} s", flush=True)


def measure(world, changes):
    """Deliveries a second, and CPU ms of one."""
    Sink.came.clear()
    wanted = changes * (ENDPOINTS - DEAD)
    processes = [world.process.pid, *sessions(world)]
    before, begun = cpu_ms(processes), time.monotonic()
    world.sql(f"""INSERT INTO outbox (account_id, kind, calendar_id) SELECT c.account_id, 'calendar_changed', c.id
                    FROM calendar c, generate_series(1, {changes}) WHERE (SELECT true FROM webhook_endpoint e WHERE e.account_id = c.account_id LIMIT 1)""")
    while len(Sink.came) < wanted and time.monotonic() < begun + 300:
        time.sleep(0.05)
    took, cost = Sink.came[-1] - begun, (cpu_ms(processes) - before) / wanted
    assert len(Sink.came) == wanted, f"{len(Sink.came)} of {wanted}"
    print(f"{wanted} deliveries in {took:.2f} s: {wanted / took:.0f} a second, {cost:.3f} ms of CPU for one", flush=True)
    return wanted / took, cost


def main(changes, past):
    sink, silent = serve_sink(), socket.create_server(("127.0.0.1", 0), backlog=256)
    postgres = Postgres()
    postgres.create("t_bench")
    world = World(postgres, "t_bench", ["--allow-private-hooks", "--rate-limit", "0"])
    try:
        key = world.key("ann@example.org", kind="secret")
        for n in range(ENDPOINTS):
            port = silent.getsockname()[1] if n < DEAD else sink
            made = world.post("/v1/webhook_endpoints", json.dumps({"url": f"http://127.0.0.1:{port}/in", "events": ["calendar.*"]}),
                {"Content-Type": "application/json"}, key)
            assert made.status == 201, made
        world.wait_for(lambda: len(Sink.came) >= ENDPOINTS - DEAD, 10)
        measure(world, changes // 10)  # sessions are there, statements prepared
        rounds = [measure(world, changes) for _ in range(ROUNDS)]
        slowest = statistics.median(rate for rate, _ in rounds)
        dearer = 1.0
        if past:
            load(world, past)
            later = [measure(world, changes) for _ in range(ROUNDS)]
            slowest = min(slowest, statistics.median(rate for rate, _ in later))
            dearer = statistics.median(c for _, c in later) / statistics.median(c for _, c in rounds)
            print(f"with {past:,} rows of the past a delivery costs {dearer:.2f} times as much")
        print(f"the median is {slowest:.0f} a second, wanted {LEAST}")
        return slowest >= LEAST and dearer <= DEARER
    finally:
        world.kill()
        postgres.remove()


if __name__ == "__main__":
    sys.exit(0 if main(*(int(a) for a in (sys.argv[1:] + ["1000", "0"][len(sys.argv) - 1:])[:2])) else 1)
