#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What open streams of events cost, and how soon a change is told on them.

    CALENDS_BIN=build/release/calends tests/bench/streams.py [STREAMS [ROUNDS]]

STREAMS (500) of as many accounts as are needed, a hundred each, all in all calendars. Prints memory and threads of the server before
and after, its CPU while nothing happens, how long after a write was asked for the last stream heard of it (ROUNDS, 20: one event in
each account at once), and how long after a revocation a stream ends. Fails where 500 take 20 MB or a change 100 ms at the median.
"""
import json
import os
import selectors
import socket
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/support"), os.path.join(ROOT, "tests/http")]

from postgres import Postgres  # noqa: E402
from world import World  # noqa: E402

EACH = 100
JSON = {"Content-Type": "application/json"}
EVENT = json.dumps({"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"})


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"])


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Streams:
    def __init__(self, world):
        self.world, self.selector, self.open, self.text = world, selectors.DefaultSelector(), [], {}

    def add(self, key, target="/v1/events/stream"):
        s = socket.create_connection(("127.0.0.1", self.world.port))
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        s.setblocking(False)
        self.text[s] = b""
        self.selector.register(s, selectors.EVENT_READ)
        self.open.append(s)
        return s

    def until(self, mark, count, seconds=30):
        """When the last of so many streams had this in what came since the last call."""
        left, end = set(), time.monotonic() + seconds
        last = 0.0
        while len(left) < count and time.monotonic() < end:
            for found, _ in self.selector.select(0.5):
                s = found.fileobj
                data = s.recv(65536)
                if not data:
                    self.selector.unregister(s)
                self.text[s] += data
                if mark in self.text[s] and s not in left:
                    left.add(s)
                    last = time.monotonic()
                    self.text[s] = b""
        assert len(left) == count, f"{len(left)} of {count}"
        return last


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    cluster = Postgres()
    cluster.create("bench")
    world = World(cluster, "bench", ["--rate-limit", "0"])
    try:
        keys = [world.key(world.account(f"u{i}@example.org"), kind="secret") for i in range((count + EACH - 1) // EACH)]
        for key in keys:
            for _ in range(20):
                world.post("/v1/events", EVENT, JSON, key)
        pid = world.process.pid
        memory, threads = status(pid)
        streams = Streams(world)
        begun = time.monotonic()
        for i in range(count):
            streams.add(keys[i // EACH])
            if i % 50 == 49:
                streams.until(b"event: ready", 50)
        opened = time.monotonic() - begun
        time.sleep(1)
        memory_open, threads_open = status(pid)
        print(f"{count} streams opened in {opened:.1f} s: {memory:.1f} MB, {threads} threads before, {memory_open:.1f} MB, {threads_open} threads after")
        before = cpu_s(pid)
        time.sleep(10)
        print(f"CPU of the server while nothing happens: {(cpu_s(pid) - before) * 100:.0f} ms in 10 s")
        took, one_took = [], []
        for _ in range(rounds):
            for key in keys[1:]:
                assert world.post("/v1/events", EVENT, JSON, key).status == 201
            asked = time.monotonic()  # the last commit comes after it, and so what is printed is rather too much
            assert world.post("/v1/events", EVENT, JSON, keys[0]).status == 201
            took.append((streams.until(b"event: change", count) - asked) * 1000)
            time.sleep(0.05)
        for _ in range(rounds):
            asked = time.monotonic()
            assert world.post("/v1/events", EVENT, JSON, keys[0]).status == 201
            one_took.append((streams.until(b"event: change", min(EACH, count)) - asked) * 1000)
            time.sleep(0.05)
        print(f"a change in each of {len(keys)} accounts was on all {count} streams after {statistics.median(took):.0f} ms (median), {max(took):.0f} at most")
        print(f"a change in one account was on its {min(EACH, count)} streams after {statistics.median(one_took):.0f} ms (median), {max(one_took):.0f} at most")
        ends = []
        for _ in range(rounds):
            made = world.post("/v1/api_keys", json.dumps({"name": "x", "kind": "restricted", "scopes": ["events:read"]}), JSON, keys[-1]).json
            s = streams.open.pop()
            streams.selector.unregister(s)
            s.close()
            time.sleep(0.1)
            s = streams.add(made["key"])
            streams.until(b"event: ready", 1)
            assert world.request("DELETE", f"/v1/api_keys/{made['id']}", key=keys[-1]).status == 200
            revoked = time.monotonic()
            ends.append((streams.until(b"\r\n0\r\n\r\n", 1) - revoked) * 1000)
        print(f"a stream ended {statistics.median(ends):.0f} ms (median), {max(ends):.0f} at most, after its key was revoked")
        return (memory_open - memory) * 500 / count < 20 and threads_open == threads and statistics.median(took) < 100 \
            and statistics.median(one_took) < 100 and max(ends) < 1000
    finally:
        world.close()
        cluster.remove()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
