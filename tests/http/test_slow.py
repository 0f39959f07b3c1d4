# SPDX-License-Identifier: Apache-2.0
"""Slow and silent clients cost no thread, and end in bounded time; a stop loses no answer."""
import contextlib
import resource
import select
import threading
import time

import pytest
from raw import Server, assert_a_stop_finishes_what_runs, read_all, statuses, wait_until

SECONDS = 30
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
REQUEST_MS, IDLE_MS = 1500, 2500


@pytest.fixture(scope="module")
def server():
    s = Server(threads=8, request_ms=REQUEST_MS, idle_ms=IDLE_MS, waiting=2)
    yield s
    assert s.stop() == 0


@pytest.fixture(scope="module")
def patient():
    """For what is not about an end: a busy machine may take its time from one part of something to the next."""
    s = Server(threads=8, request_ms=60000, idle_ms=120000, waiting=2)
    yield s
    assert s.stop() == 0


def wait_of_fresh_request(server):
    """Seconds: what there is to do takes as long as a busy machine makes it, but waits for nobody."""
    waited = server.waited()
    assert statuses(server_answer(server)) == [200]
    return waited.seconds


def server_answer(server):
    """Nothing when the server closes without one: what it did not read makes that a reset."""
    with server.connect() as s, contextlib.suppress(ConnectionError):
        s.sendall(GET)
        return s.recv(4096)
    return b""


def wait_until_closed(server, s, limit=30):
    waited = server.waited()
    s.settimeout(limit)
    got, closed = read_all(s, limit)
    assert closed
    return waited.seconds, got


def raise_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


HALF = GET[:25]


@pytest.mark.parametrize("opening", [b"", HALF, GET, GET + HALF])
def test_a_fresh_request_is_fast_beside_500_idle_connections(patient, opening):
    """Eight threads: silent ones, half a head, kept alive after an answer, and with half of the next head after it."""
    raise_descriptors()
    waited = patient.waited()
    others = [patient.connect() for _ in range(500)]
    try:
        for s in others:
            if opening:
                s.sendall(opening)
        if opening.startswith(GET):
            for s in others:
                assert s.recv(4096).startswith(b"HTTP/1.1 200")
        # With a thread for each it would be time-outs of theirs, which are not shorter than half a minute.
        assert waited.seconds < 15
        assert sorted(wait_of_fresh_request(patient) for _ in range(21))[10] < 0.5
        if opening.startswith(GET):
            # Parked, not forgotten.
            others[499].sendall(GET[len(opening) - len(GET):])
            assert others[499].recv(4096).startswith(b"HTTP/1.1 200")
    finally:
        for s in others:
            s.close()


def test_a_silent_connection_is_closed(server):
    with server.connect() as s:
        seconds, got = wait_until_closed(server, s)
        assert seconds < REQUEST_MS / 1000 + 1.5 and got == b""


def test_an_idle_connection_is_closed_after_its_time(server):
    with server.connect() as s:
        begun = time.monotonic()
        s.sendall(GET)
        assert s.recv(4096).startswith(b"HTTP/1.1 200")
        seconds, _ = wait_until_closed(server, s)
        assert seconds < IDLE_MS / 1000 + 1.5 and time.monotonic() - begun >= IDLE_MS / 1000


def drip(s, octets, pause):
    try:
        for octet in octets:
            s.sendall(bytes([octet]))
            time.sleep(pause)
    except OSError:
        pass


def test_a_dripped_head_has_one_deadline(server):
    with server.connect() as s:
        thread = threading.Thread(target=drip, args=(s, b"GET /hello HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200, 0.05))
        thread.start()
        seconds, _ = wait_until_closed(server, s)
        assert seconds < REQUEST_MS / 1000 + 1.5
        thread.join()


def test_a_head_in_two_parts_is_answered(patient):
    with patient.connect() as s:
        s.sendall(GET[:20])
        time.sleep(0.3)
        s.sendall(GET[20:])
        assert s.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_in_the_middle_of_a_head_is_dropped(server):
    with server.connect() as s:
        s.sendall(GET[:20])
        s.shutdown(1)
        seconds, got = wait_until_closed(server, s)
        assert seconds < 0.5 and got == b""


def test_a_body_that_never_comes_is_408(server):
    with server.connect() as s:
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        seconds, got = wait_until_closed(server, s)
        assert statuses(got) == [408] and seconds < REQUEST_MS / 1000 + 2
        assert b"request_timeout" in got


@pytest.mark.parametrize("framing", [b"Content-Length: 5000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1000\r\n"])
def test_a_dripped_body_has_a_deadline(server, framing):
    with server.connect() as s:
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + framing)
        thread = threading.Thread(target=drip, args=(s, b"a" * 200, 0.05))
        thread.start()
        seconds, got = wait_until_closed(server, s)
        assert statuses(got) in ([408], [400]) and seconds < REQUEST_MS / 1000 + 3
        thread.join()


SMALL = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
SMALL_CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"
LARGE = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"


@pytest.mark.parametrize("opening", [SMALL + b"a", SMALL_CHUNKED, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" + SMALL])
def test_slow_small_bodies_hold_no_thread(server, opening):
    """A hundred of them on eight threads; each ends with 408 when it had its time."""
    slow = [server.connect() for _ in range(100)]
    try:
        for s in slow:
            s.sendall(opening)
        assert sorted(wait_of_fresh_request(server) for _ in range(21))[19] < 0.5
        _, got = wait_until_closed(server, slow[50])
        assert statuses(got)[-1] == 408
    finally:
        for s in slow:
            s.close()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_small_body_in_pieces_is_whole_and_the_next_request_follows_it(patient, framing):
    body = bytes(range(256)) * 60
    if framing == "length":
        octets = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    else:
        parts = [body[i:i + 700] for i in range(0, len(body), 700)]
        octets = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
            b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    octets += GET
    with patient.connect() as s:
        for i in range(0, len(octets), 997):
            s.sendall(octets[i:i + 997])
            time.sleep(0.03)
        got, closed = patient.read_all(s)
        assert statuses(got) == [200, 200] and not closed
        assert got.partition(b"\r\n\r\n")[2].startswith(body)


def test_a_head_that_is_refused_is_refused_before_its_body(server):
    with server.connect() as s:
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 60000\r\n\r\n")
        waited = server.waited()
        assert s.recv(100).startswith(b"HTTP/1.1 400") and waited.seconds < 0.5


def test_a_network_holds_only_some_threads_with_large_bodies(patient):
    """They are read by the thread that handles them, which waits: two of eight may, one network has both here."""
    slow = [patient.connect() for _ in range(20)]
    answered = lambda: select.select(slow, [], [], 0)[0]
    try:
        for s in slow:
            s.sendall(LARGE)
        assert wait_until(lambda: wait_of_fresh_request(patient) < 0.2)
        # All but two were refused, with a hint when to come again; those two have their time.
        assert wait_until(lambda: len(answered()) == 18)
        patient.settle()
        assert len(answered()) == 18 and all(b"\r\nRetry-After: " in s.recv(4096) for s in answered())
    finally:
        for s in slow:
            s.close()


def test_a_client_that_reads_nothing_gives_its_thread_back():
    server = Server(threads=1, request_ms=REQUEST_MS)
    with server.connect() as s:
        begun = time.monotonic()
        s.sendall(b"GET /stream?rows=2000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(10).startswith(b"HTTP/1.1")  # the thread has it
        assert wait_of_fresh_request(server) < REQUEST_MS / 1000 + 2
        assert time.monotonic() - begun >= REQUEST_MS / 2000  # its least rate is that of half the time
    assert server.stop() == 0


def test_a_failure_after_the_first_chunk_cuts_the_answer(server):
    """RFC 9112 §7.1: without the last chunk, the client knows that it has not all of it."""
    got, closed = server.talk(b"GET /stream?rows=9000&fail=8000 HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert closed and got.startswith(b"HTTP/1.1 200") and b"row 00001000" in got and not got.endswith(b"0\r\n\r\n")
    # Before the first chunk it is an error like any other.
    got, closed = server.talk(b"GET /stream?rows=9000&fail=1 HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert statuses(got) == [500, 200] and not closed


def test_the_budget_of_bodies_bounds_memory():
    server = Server(threads=8, budget=100000, request_ms=REQUEST_MS)
    with server.connect() as first, server.connect() as second:
        first.sendall(b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
        server.settle()
        second.sendall(b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
        got, closed = read_all(second)
        assert statuses(got) == [503] and b"\r\nRetry-After: " in got and closed
        first.sendall(b"a" * 70000)
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
    assert statuses(server.talk(b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")[0]) == [200]
    assert server.stop() == 0


def test_an_address_has_a_number_of_connections():
    server = Server(threads=4, connections=10)
    others = [server.connect() for _ in range(10)]
    for s in others:
        s.sendall(GET)
        assert s.recv(4096).startswith(b"HTTP/1.1 200")
    with server.connect() as s:
        assert read_all(s) == (b"", True)
    # Another address is not affected, and neither is a trusted proxy.
    with server.connect(source="127.0.0.2") as s:
        s.sendall(GET)
        assert s.recv(4096).startswith(b"HTTP/1.1 200")
    proxied = [server.connect(source="127.0.0.9") for _ in range(15)]
    proxied[14].sendall(GET)
    assert proxied[14].recv(4096).startswith(b"HTTP/1.1 200")
    for s in others + proxied:
        s.close()
    assert wait_until(lambda: server_answer(server).startswith(b"HTTP/1.1 200"))
    assert server.stop() == 0


def test_only_a_trusted_proxy_says_who_the_client_is():
    server = Server(threads=4)

    def client(source, headers):
        with server.connect(source=source) as s:
            s.sendall(b"GET /ip HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n")
            return server.read_all(s)[0].rpartition(b"\r\n")[2]

    assert client("127.0.0.9", b"X-Forwarded-For: 192.0.2.1\r\n") == b"192.0.2.1"
    assert client("127.0.0.9", b"X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n") == b"192.0.2.1"
    assert client("127.0.0.9", b'Forwarded: for="[2001:db8::1]:99";proto=https\r\n') == b"2001:db8::1"
    assert client("127.0.0.9", b"X-Forwarded-For: 192.0.2.1\r\nForwarded: for=6.6.6.6\r\n") == b"127.0.0.9"
    assert client("127.0.0.9", b"") == b"127.0.0.9"
    assert client("127.0.0.1", b"X-Forwarded-For: 192.0.2.1\r\n") == b"127.0.0.1"
    assert server.stop() == 0


def test_a_stop_finishes_what_runs_and_takes_nothing_new():
    server = Server(threads=8, drain_ms=30000)
    idle = [server.connect() for _ in range(20)]
    assert_a_stop_finishes_what_runs(server, idle)


def test_a_stop_has_its_end():
    server = Server(threads=4, drain_ms=300)
    with server.connect() as slow:
        slow.sendall(b"GET /slow?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n")
        server.settle()
        waited = server.waited()
        assert server.stop() == 0
        assert waited.seconds < 3
