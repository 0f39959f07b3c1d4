# SPDX-License-Identifier: Apache-2.0
"""TLS of our own, in the HTTP layer alone: what is spoken, and who may be slow. The whole program: test_tls_files.py."""
import contextlib
import os
import resource
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from certificate import Certificate
from raw import Server, assert_a_stop_finishes_what_runs, read_all, statuses, wait_until
from wire import Client

SECONDS = 31
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
REQUEST_MS, IDLE_MS = 1500, 2500
V10, V11, V12, V13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(str(tmp_path_factory.mktemp("tls")), "127.0.0.1")


@pytest.fixture(scope="module")
def server(certificate):
    s = Server(certificate, threads=8, request_ms=REQUEST_MS, idle_ms=IDLE_MS, waiting=2)
    yield s
    assert s.stop() == 0


@pytest.fixture(scope="module")
def patient(certificate):
    """For what is not about an end: a busy machine may take its time from one part of something to the next."""
    s = Server(certificate, threads=8, request_ms=60000, idle_ms=120000)
    yield s
    assert s.stop() == 0


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


def answered(server):
    with server.connect() as s:
        s.sendall(GET)
        return statuses(s.recv(4096)) == [200]


def wait_of_fresh_request(server):
    """Seconds: what there is to do takes as long as a busy machine makes it, but waits for nobody."""
    waited = server.waited()
    assert answered(server)
    return waited.seconds


def median_of_fresh_requests(server):
    return sorted(wait_of_fresh_request(server) for _ in range(11))[5]


def wait_until_closed(server, s, limit=30):
    waited = server.waited()
    s.settimeout(limit)
    _, closed = read_all(s, limit)
    assert closed
    return waited.seconds


# ---- what is spoken ----

@pytest.mark.parametrize("version", [V12, V13])
def test_both_versions_carry_many_requests_on_one_connection(server, certificate, version):
    client = Client("127.0.0.1", server.port, context=certificate.context(version, version))
    client.connect()
    first = client.socket
    for i in range(20):
        assert client.request("GET", "/hello").text == "hello\n"
        assert client.request("POST", "/echo", b"x" * i).body == b"x" * i
    assert client.socket is first and client.socket.version() == version.name.replace("_", ".").replace("1.0", "1")
    client.close()


@pytest.mark.parametrize("version", [V10, V11])
def test_older_versions_are_refused(server, certificate, version):  # RFC 8996, RFC 9325 §3.1.1
    context = certificate.context(version, version)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with server.connect_plain() as s, pytest.raises(ssl.SSLError):
        context.wrap_socket(s, server_hostname="127.0.0.1")


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"])
def test_ciphers_without_forward_secrecy_or_authentication_are_refused(server, certificate, ciphers):  # RFC 9325 §4.1
    context = certificate.context(V12, V12)
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    with server.connect_plain() as s, pytest.raises(ssl.SSLError):
        context.wrap_socket(s, server_hostname="127.0.0.1")


def test_only_http_1_1_is_chosen_by_name(server, certificate):  # RFC 7301 §3.2
    for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (None, None)):
        context = certificate.context()
        if offered:
            context.set_alpn_protocols(offered)
        with context.wrap_socket(server.connect_plain(), server_hostname="127.0.0.1") as s:
            assert s.selected_alpn_protocol() == chosen
    context = certificate.context()
    context.set_alpn_protocols(["h2"])
    with server.connect_plain() as s, pytest.raises(ssl.SSLError):
        context.wrap_socket(s, server_hostname="127.0.0.1")


def test_a_session_can_be_resumed(server, certificate):
    context = certificate.context(V12, V12)
    with context.wrap_socket(server.connect_plain(), server_hostname="127.0.0.1") as s:
        session = s.session
    with context.wrap_socket(server.connect_plain(), server_hostname="127.0.0.1", session=session) as s:
        s.sendall(GET)
        assert s.session_reused and statuses(s.recv(4096)) == [200]


def test_requests_in_one_record_are_all_answered(server):
    with server.connect() as s:
        s.sendall(GET * 50)
        got, closed = read_all(s)
        assert statuses(got) == [200] * 50 and not closed


def test_large_bodies_go_up_and_down(server, certificate):
    client = Client("127.0.0.1", server.port, context=certificate.context())
    body = os.urandom(12 << 20)
    assert client.request("PUT", "/echo", body).body == body
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[i:i + 70000] for i in range(0, 3 << 20, 70000))) + b"0\r\n\r\n"
    assert client.request("PUT", "/echo", chunks, {"Transfer-Encoding": "chunked"}).body == body[:(3 << 20) // 70000 * 70000 + 70000]
    reply = client.request("GET", "/stream?rows=200000")
    assert reply.body.count(b"\n") == 200000 and reply.body.endswith(b"row 00199999 of a long answer\n")
    packed = client.request("GET", "/stream?rows=200000", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.content == reply.body
    client.close()


def test_a_steady_reader_may_take_longer_than_the_time_out(server):
    for _ in range(20):
        with server.connect() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            s.sendall(b"PUT /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6000000\r\n\r\n" + b"a" * 6000000)
            got, begun, longest = 0, time.monotonic(), 0
            with contextlib.suppress(OSError):
                while part := s.recv(65536):
                    got, read = got + len(part), time.monotonic()
                    time.sleep(max(0, begun + got / 6000000 * 2 * REQUEST_MS / 1000 - read))
                    longest = max(longest, time.monotonic() - read)
        if got > 6000000 or longest < REQUEST_MS / 2000:  # else a machine that had no time for it made it unsteady
            break
    assert got > 6000000 and time.monotonic() - begun >= 2 * REQUEST_MS / 1000


# ---- who may be slow ----

def hello_of_client(certificate):
    """The octets of a ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = certificate.context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def silent(server, certificate):
    return server.connect_plain()


def half_a_hello(server, certificate):
    s = server.connect_plain()
    s.sendall(hello_of_client(certificate)[:50])
    return s


def half_a_handshake(server, certificate):
    s = server.connect_plain()
    s.sendall(hello_of_client(certificate))
    return s


def no_request(server, certificate):
    return server.connect()


def half_a_head(server, certificate):
    s = server.connect()
    s.sendall(GET[:20])
    return s


def half_a_head_in_half_a_record(server, certificate):
    """What the socket has is more than nothing, what TLS has is nothing."""
    s = server.connect_plain()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = certificate.context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    while True:
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            s.sendall(outgoing.read())
            incoming.write(s.recv(65536))
    client.write(GET)
    s.sendall(outgoing.read()[:-9])
    return s


SLOW = [silent, half_a_hello, half_a_handshake, no_request, half_a_head, half_a_head_in_half_a_record]


@pytest.mark.parametrize("begin", SLOW)
def test_a_slow_client_holds_no_thread_and_is_closed(server, certificate, begin):
    """Eight threads, a hundred of them: one that waited would be missed by the next request until its time-out."""
    others = [begin(server, certificate) for _ in range(100)]
    waited = server.waited()
    try:
        assert median_of_fresh_requests(server) < 0.5
        for s in others[::20]:
            s.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                while s.recv(4096):
                    pass
        assert waited.seconds < 2 * REQUEST_MS / 1000 + 2
    finally:
        for s in others:
            s.close()


@pytest.mark.parametrize("begin", [half_a_hello, half_a_head])
def test_dripping_does_not_make_the_time_longer(server, certificate, begin):
    s = begin(server, certificate)
    rest = hello_of_client(certificate)[50:] if begin is half_a_hello else b"X: " + b"a" * 1000

    def drip():
        with contextlib.suppress(OSError):
            for octet in rest:
                s.sendall(bytes([octet]))
                time.sleep(0.05)

    thread = threading.Thread(target=drip)
    waited = server.waited()
    thread.start()
    thread.join()
    assert waited.seconds < 2 * REQUEST_MS / 1000 + 2
    s.close()


def test_a_head_in_pieces_is_answered(patient):
    with patient.connect() as s:
        for piece in (GET[:1], GET[1:20], GET[20:-1], GET[-1:]):
            s.sendall(piece)
            time.sleep(0.1)
        assert statuses(s.recv(4096)) == [200]
        # And so is the next one, in the same breath as the first or later.
        s.sendall(GET + GET[:20])
        time.sleep(0.2)
        s.sendall(GET[20:])
        got, _ = patient.read_all(s)
        assert statuses(got) == [200, 200]


def test_300_idle_connections_are_parked_and_found_again(certificate):
    server = Server(certificate, threads=16, request_ms=60000)
    others = [server.connect() for _ in range(300)]
    try:
        for s in others:
            s.sendall(GET)
        for s in others:
            assert statuses(s.recv(4096)) == [200]
        # With a thread for each it would be a time-out of theirs.
        assert median_of_fresh_requests(server) < 0.5
        for s in others[::10]:
            s.sendall(GET)
            assert statuses(s.recv(4096)) == [200]
    finally:
        for s in others:
            s.close()
    assert server.stop() == 0


def test_an_idle_connection_ends_with_a_goodbye(server):  # RFC 8446 §6.1
    with server.connect() as s:
        s.suppress_ragged_eofs = False
        begun, waited = time.monotonic(), server.waited()
        s.settimeout(30)
        s.sendall(GET)
        assert statuses(s.recv(4096)) == [200]
        assert s.recv(4096) == b""
        assert time.monotonic() - begun >= IDLE_MS / 1000 and waited.seconds < IDLE_MS / 1000 + 1.5


def test_an_address_holds_only_some_threads_with_slow_bodies(server, certificate):
    """Half a record is no body, though the socket has more octets than were promised."""
    slow = []
    for _ in range(20):
        s = server.connect()
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        socket.socket.sendall(s, struct.pack("!BHH", 23, 0x0303, 64) + b"x" * 30)
        slow.append(s)
    try:
        assert wait_until(lambda: wait_of_fresh_request(server) < 0.3)
    finally:
        for s in slow:
            s.close()


def test_bodies_that_are_here_are_not_crowded_out(certificate):
    """With one thread that may wait for a network, twelve whole bodies at once are all taken."""
    server = Server(certificate, threads=16, waiting=1)
    connections = [server.connect() for _ in range(12)]
    for s in connections:
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n" + b"a" * 15000)  # one record
    for s in connections:
        assert s.recv(12).startswith(b"HTTP/1.1 200")
        s.close()
    assert server.stop() == 0


def test_plain_http_is_told_where_it_is(server):
    with server.connect_plain() as s:
        s.sendall(GET)
        got, closed = read_all(s)
        assert statuses(got) == [400] and b"https" in got and closed


@pytest.mark.parametrize("octets", [b"PROPFIND /dav/ HTTP/1.1\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000])
def test_what_is_no_tls_is_closed(server, octets):
    with server.connect_plain() as s:
        with contextlib.suppress(OSError):
            s.sendall(octets)
        assert wait_until_closed(server, s) < 2
    assert answered(server)


def test_renegotiation_is_refused(server):
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-legacy_renegotiation"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = b""
    while b"---\n" not in out.partition(b"Verify return code")[2]:  # s_client reads its orders from here on
        out += client.stdout.readline()
    client.stdin.write(b"R\n")
    client.stdin.flush()
    try:
        client.wait(60)  # it ends by itself, and must have no end of its orders before
    finally:
        client.kill()
    out += client.communicate()[0]
    assert b"RENEGOTIATING" in out and (b"no renegotiation" in out or b"errno" in out or b":error:" in out), out[-500:]


def test_a_stop_finishes_what_runs_over_tls(certificate):
    server = Server(certificate, threads=8, drain_ms=30000)
    idle = [server.connect() for _ in range(20)]
    handshakes = [half_a_handshake(server, certificate) for _ in range(20)]
    assert_a_stop_finishes_what_runs(server, idle)
    for s in idle + handshakes:
        s.close()
