#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast deliveries leave: to a sink on this machine, ten endpoints of one account, one of which never answers.

    CALENDS_BIN=build/release/calends tests/bench/webhooks.py [DELIVERIES [ROWS]]

DELIVERIES (3,000) are made at once, ROWS (0) of the past lie in the tables before. Prints what came each second and how long it
took; the server's, the database's and the sink's work are all in it.
"""
import asyncio
import json
import os
import socket
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/support"), os.path.join(ROOT, "tests/http")]

from postgres import Postgres  # noqa: E402
from world import World  # noqa: E402

ENDPOINTS, DEAD = 10, 1


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


def main(count, past):
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
        if past:
            world.sql(f"""WITH e AS (SELECT account_id, min(id::text)::uuid AS id FROM webhook_endpoint GROUP BY 1),
                v AS (INSERT INTO webhook_event (account_id, id, type, sequence, needs, created_at, body)
                      SELECT account_id, (left(uuid7_floor(current_date)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, 'ping', n, 0, now(), repeat('x', 300)::bytea
                        FROM e, generate_series(1, {past}) n RETURNING account_id, id)
                INSERT INTO webhook_delivery (account_id, id, endpoint_id, event_id, state, next_attempt_at)
                SELECT v.account_id, v.id, e.id, v.id, 2, NULL FROM v, e""")
            world.sql("ANALYZE webhook_delivery; ANALYZE webhook_event")
        Sink.came.clear()
        begun = time.monotonic()
        world.sql(f"""WITH a AS (SELECT DISTINCT account_id FROM webhook_endpoint),
            v AS (INSERT INTO webhook_event (account_id, type, sequence, needs, created_at, body)
                  SELECT account_id, 'calendar.updated', n, 0, now(), ('{{"n":' || n || ',"pad":"' || repeat('x', 800) || '"}}')::bytea
                    FROM a, generate_series(1, {count // ENDPOINTS}) n RETURNING account_id, id)
            INSERT INTO webhook_delivery (account_id, endpoint_id, event_id)
            SELECT v.account_id, e.id, v.id FROM v JOIN webhook_endpoint e USING (account_id)""")
        world.sql("UPDATE webhook_queue SET due_at = now()")
        wanted = count // ENDPOINTS * (ENDPOINTS - DEAD)
        while len(Sink.came) < wanted and time.monotonic() < begun + 120:
            time.sleep(0.05)
        took = Sink.came[-1] - begun
        each = [sum(1 for t in Sink.came if begun + s <= t < begun + s + 1) for s in range(int(took) + 1)]
        print(f"{len(Sink.came)} of {wanted} deliveries in {took:.2f} s: {len(Sink.came) / took:.0f} a second; each second {each}")
    finally:
        world.kill()
        postgres.stop()


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["3000", "0"][len(sys.argv) - 1:])[:2]))
