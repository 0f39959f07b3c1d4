#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Is the server's memory flat while it answers with 100,000 objects?

    cmake -G Ninja -B build/release -DMODE=release && cmake --build build/release
    tests/bench/memory.py [OBJECTS]

Resident memory (VmRSS) of the server process alone, read every 5 ms: idle after the start; idle after 200 connections at
once and sign-ins (a password costs 19 MiB while it is hashed) have passed; then through one answer after the other. It
fails when idle is over 40 MB or an answer adds over 8 MB to that. The objects are copies in SQL of one that was PUT.
"""
import os
import pathlib
import socket
import sys
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/http")]
os.environ.setdefault("CALENDS_BIN", str(ROOT / "build/release/calends"))
from oauth_flow import Browser  # noqa: E402
from postgres import Postgres  # noqa: E402
from wire import basic  # noqa: E402
from world import World  # noqa: E402

IDLE_MB, ADDED_MB = 40, 8
PROPFIND = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
SYNC = (b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>')
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20260102T100000Z\r\nDTEND:20260102T110000Z\r\nSUMMARY:memory\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def resident_mb(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Peak:
    """The highest resident memory while it is open."""

    def __init__(self, pid):
        self.pid, self.mb, self.over = pid, 0, False

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.over:
            self.mb = max(self.mb, resident_mb(self.pid))
            time.sleep(0.005)

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


def fill(world, account, calendar, count):
    """One object by PUT, and copies of its row under other ids, names and UIDs."""
    name, uid = "0.ics", str(uuid.uuid4())
    reply = world.dav("PUT", f"{calendar}{name}", EVENT % uid, {"Content-Type": "text/calendar"}, account)
    assert reply.status == 201, reply
    copied = ("account_id, calendar_id, first_at, last_at, span, occ_until, updated_at, created_at, size, component, flags, etag,"
              " occ, data")
    world.sql(f"INSERT INTO calendar_object ({copied}, id, modseq, name, uid) SELECT {copied}, uuid_v7(), modseq + n,"
              f" 'memory-test-object-' || n || '.ics', 'uid-' || n FROM calendar_object, generate_series(1, {count - 1}) n"
              f" WHERE name = '{name}' AND uid = '{uid}'")
    world.sql(f"UPDATE calendar_state s SET modseq = s.modseq + {count}, objects = {count} FROM calendar_object o"
              f" WHERE o.uid = '{uid}' AND s.account_id = o.account_id AND s.calendar_id = o.calendar_id")
    world.sql("ANALYZE calendar_object")


def read_all(world, method, path, body, headers, account):
    """-> octets, responses. Reads as it comes and keeps nothing."""
    head = [f"{method} {path} HTTP/1.0", f"Host: 127.0.0.1:{world.port}", f"Content-Length: {len(body)}",
            "Content-Type: application/xml", f"Authorization: {basic(account.email, account.key)}",
            *(f"{k}: {v}" for k, v in headers.items())]
    octets = responses = 0
    tail = b""
    with socket.create_connection(("127.0.0.1", world.port), 300) as s:
        s.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        while part := s.recv(1 << 16):
            octets += len(part)
            responses += (tail + part).count(b"<D:response>")
            tail = part[-len(b"<D:response>") + 1:]
    return octets, responses


def touch_all(world, account):
    """What lets an idle server hold on to most: every thread has worked, every sort of memory was used."""
    headers = [("Authorization", basic(account.email, account.key)), ("Depth", "0"), ("Content-Type", "application/xml")]

    def one():
        http = world.client_connection()
        for _ in range(5):
            assert http.request("PROPFIND", "/dav/", PROPFIND, headers).status == 207
        http.close()
    threads = [threading.Thread(target=one) for _ in range(200)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _ in range(4):
        Browser(world).sign_in(account)


def measure(world, count):
    account = world.account("memory@example.org")
    calendar = f"/dav/calendars/{account.id}/memory/"
    assert world.dav("MKCALENDAR", calendar, None, {}, account).status == 201
    pid, bad = world.process.pid, []
    print(f"idle after the start         {resident_mb(pid):6.1f} MB")
    touch_all(world, account)
    fill(world, account, calendar, count)
    time.sleep(1)
    idle = resident_mb(pid)
    print(f"idle after use               {idle:6.1f} MB")
    if idle > IDLE_MB:
        bad.append(f"idle: over {IDLE_MB} MB")
    for label, method, body, headers in (("PROPFIND, Depth 1", "PROPFIND", PROPFIND, {"Depth": "1"}),
                                         ("initial sync-collection", "REPORT", SYNC, {}),
                                         ("GET of the calendar", "GET", b"", {})):
        begun = time.monotonic()
        with Peak(pid) as peak:
            octets, responses = read_all(world, method, calendar, body, headers, account)
        print(f"{label:28} {peak.mb:6.1f} MB at most, {resident_mb(pid):6.1f} after it: {responses} responses, "
              f"{octets / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s")
        if method != "GET" and responses < count:
            bad.append(f"{label}: {responses} responses")
        if peak.mb > idle + ADDED_MB:
            bad.append(f"{label}: over {ADDED_MB} MB more than idle")
    return bad


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    cluster = Postgres()
    try:
        cluster.create("memory")
        world = World(cluster, "memory", ("--rate-limit", "0"), None)
        try:
            bad = measure(world, count)
        finally:
            world.close()
    finally:
        cluster.remove()
    sys.exit("\n".join(bad))


main()
