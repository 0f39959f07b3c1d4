# SPDX-License-Identifier: Apache-2.0
"""What test_waiting.py and test_waiting_tls.py share: who waits, and how long others do meanwhile.

The tests have an eighth of the threads and of the load. All of it, with the default number of threads:

    CALENDS_TESTS=whole /usr/bin/python3 -m pytest tests/http/test_waiting.py tests/http/test_waiting_tls.py
"""
import base64
import time

import pytest
from slow_peers import SlowPeers, get, probe, probes
from world import WHOLE

# So that nobody is freed from waiting meanwhile by a time-out.
SERVE = [] if WHOLE else ["--threads", "16", "--request-timeout-ms", "200000"]
SHARE = 1 if WHOLE else 8
PROBES, EVERY_S = (100, 0.3) if WHOLE else (33, 0.15)
# Of a hundred probes 99; with sanitizers, beside other tests, half of them in one of some rounds: who waits for peers answers none for long.
LEAST, ROUNDS = (0.99, 1) if WHOLE else (0.5, 8)
OBJECT_OCTETS = 950_000


def large_object(uid):
    line = "COMMENT:" + "x" * 60 + "\r\n"
    lines = line * (OBJECT_OCTETS // len(line))
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\n"
            "DTSTART:20260101T000000Z\r\n" + lines + "END:VEVENT\r\nEND:VCALENDAR\r\n").encode()


@pytest.fixture(scope="module")
def objects(world):
    """A path and headers for each of two accounts, which have a large object."""
    found = []
    for name in ("one", "two"):
        account = world.account(f"{name}@example.org")
        path = f"/dav/calendars/{account.id}/default/large.ics"
        assert world.dav("PUT", path, large_object(f"large-{name}"), {"Content-Type": "text/calendar"}, account).status == 201
        secret = base64.b64encode(f"{account.email}:{account.key}".encode())
        found.append((path.encode(), b"Authorization: Basic " + secret + b"\r\n"))
    return found


def slow_readers(peers, objects):
    """No account: one address, a page of which there are many in a row."""
    peers.readers(140 // SHARE, get(b"/static/app.css") * 1000, "127.0.0.2")


def slow_accounts(peers, objects):
    for i, (path, headers) in enumerate(objects):
        peers.readers(64 // SHARE, get(path, headers) * 8, f"127.0.0.{10 + i}")


def slow_bodies(peers, objects):
    peers.bodies(320 // SHARE, [f"127.0.0.{20 + i}" for i in range(8)])


def half_heads(peers, objects):
    peers.half_heads(2000 // SHARE, "127.0.0.40")


def all_together(peers, objects):
    for some in (slow_readers, slow_accounts, slow_bodies, half_heads):
        some(peers, objects)


KINDS = [slow_readers, slow_accounts, slow_bodies, half_heads, all_together]


def others_are_answered(world, objects, begin):
    context = world.certificate.context() if getattr(world, "certificate", None) else None
    with SlowPeers(world.port, context) as peers:
        begin(peers, objects)
        assert peers.readers_open or peers.writers_open
        # A build with sanitizers takes seconds to make these answers; who waited for peers would wait for longer.
        patient = time.monotonic() + (0 if WHOLE else 10)
        while probe(world.port, context, "127.0.0.250", 1) >= 1 and time.monotonic() < patient:
            pass
        for _ in range(ROUNDS):
            seconds = sorted(probes(world.port, context, PROBES, EVERY_S))
            if seconds[int(PROBES * LEAST)] < 1:
                return seconds
    raise AssertionError(seconds)
