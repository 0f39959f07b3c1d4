# SPDX-License-Identifier: Apache-2.0
"""Whatever two parsers could read in two ways is refused, and the request hidden behind it is never answered.

Each probe goes over a fresh connection, followed at once by a whole second request: an answer to that one would mean
that somebody's body can become somebody's request (RFC 9112 §11.2)."""
import pytest
from certificate import Certificate
from raw import Server, statuses

NEXT = b"GET /hello HTTP/1.1\r\nHost: next\r\n\r\n"


@pytest.fixture(scope="module", params=["plain", "tls"])
def server(request, tmp_path_factory):
    certificate = Certificate(str(tmp_path_factory.mktemp("tls")), "127.0.0.1") if request.param == "tls" else None
    s = Server(certificate, threads=16, request_ms=4000)
    yield s
    assert s.stop() == 0


def post(headers, body=b"", line=b"POST /echo HTTP/1.1\r\nHost: x\r\n"):
    return line + headers + b"\r\n" + body


def get(headers=b"", target=b"/hello", version=b"HTTP/1.1", host=b"Host: x\r\n"):
    return b"GET " + target + b" " + version + b"\r\n" + host + headers + b"\r\n"


CHUNKED = b"Transfer-Encoding: chunked\r\n"
REFUSED = {
    # RFC 9112 §6.1, §6.3: how long is the body?
    "length and chunked": (post(b"Content-Length: 3\r\n" + CHUNKED, b"0\r\n\r\n"), 400),
    "chunked and length": (post(CHUNKED + b"Content-Length: 3\r\n", b"0\r\n\r\n"), 400),
    "two lengths": (post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abc"), 400),
    "two equal lengths": (post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), 400),
    "length with letters": (post(b"Content-Length: 3abc\r\n", b"abc"), 400),
    "length with plus": (post(b"Content-Length: +3\r\n", b"abc"), 400),
    "length negative": (post(b"Content-Length: -1\r\n"), 400),
    "length hex": (post(b"Content-Length: 0x3\r\n", b"abc"), 400),
    "length list": (post(b"Content-Length: 3, 3\r\n", b"abc"), 400),
    "length huge": (post(b"Content-Length: 99999999999999999999\r\n"), 400),
    "length empty": (post(b"Content-Length:\r\n"), 400),
    "length over the ceiling": (post(b"Content-Length: 999999999\r\n"), 413),
    "coding twice": (post(CHUNKED + CHUNKED, b"0\r\n\r\n"), 400),
    "coding unknown": (post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), 400),
    "coding gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 400),
    "coding chunked, identity": (post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"), 400),
    "coding identity": (post(b"Transfer-Encoding: identity\r\n", NEXT), 400),
    "coding in HTTP/1.0": (post(CHUNKED, b"0\r\n\r\n", b"POST /echo HTTP/1.0\r\nHost: x\r\n"), 400),
    # §7.1
    "chunk size bad": (post(CHUNKED, b"xyz\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk size negative": (post(CHUNKED, b"-3\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk size overflow": (post(CHUNKED, b"7fffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk size huge": (post(CHUNKED, b"ffffffff\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk line with CR inside": (post(CHUNKED, b"5\rab\r\nabcde\r\n0\r\n\r\n"), 400),
    # §7.1.1: extensions are ignored when they are some; what another parser could end elsewhere is refused.
    "chunk extension without a name": (post(CHUNKED, b"3;\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension without a semicolon": (post(CHUNKED, b"3 x=y\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension without a value": (post(CHUNKED, b"3;x=\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension with LF inside": (post(CHUNKED, b"3;x\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension with CR inside": (post(CHUNKED, b"3;x\r;y\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension with LF in quotes": (post(CHUNKED, b'3;x="a\nb"\r\nabc\r\n0\r\n\r\n'), 400),
    "chunk extension with NUL": (post(CHUNKED, b"3;x=\0\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extension not closed": (post(CHUNKED, b'3;x="a\r\nabc\r\n0\r\n\r\n'), 400),
    "chunk extension of 2 kB": (post(CHUNKED, b"3;x=" + b"y" * 2000 + b"\r\nabc\r\n0\r\n\r\n"), 400),
    "chunk extensions of 5 kB": (post(CHUNKED, 50 * (b"3;x=" + b"y" * 98 + b"\r\nabc\r\n") + b"0\r\n\r\n"), 400),
    "chunk extension of the last chunk is bad": (post(CHUNKED, b"3\r\nabc\r\n0;=\r\n\r\n"), 400),
    "chunk longer than said": (post(CHUNKED, b"3\r\nabcd\r\n0\r\n\r\n"), 400),
    # §5: header lines
    "blank before colon": (post(b"Content-Length : 3\r\n", b"abc"), 400),
    "folded line": (post(b"X: a\r\n b\r\nContent-Length: 3\r\n", b"abc"), 400),
    "folded line, tab": (post(b"X: a\r\n\tb\r\nContent-Length: 3\r\n", b"abc"), 400),
    "blank before the first header": (b"POST /echo HTTP/1.1\r\n X: y\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 400),
    "bare LF": (b"POST /echo HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc", 400),
    "one bare LF": (post(b"X: y\nContent-Length: 3\r\n", b"abc"), 400),
    "bare CR": (post(b"X: a\rb\r\nContent-Length: 3\r\n", b"abc"), 400),
    "no colon": (get(b"X\r\n"), 400),
    "empty name": (get(b": x\r\n"), 400),
    "NUL in a value": (get(b"X: a\0b\r\n"), 400),
    "two authorizations": (get(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400),
    "65 headers": (get(b"".join(b"X-%d: y\r\n" % i for i in range(64))), 431),
    "65 headers before the length": (post(b"".join(b"X-%d: y\r\n" % i for i in range(64)) + b"Content-Length: 3\r\n",
                                          b"abc"), 431),
    "head of 40 kB": (get(b"X: " + b"a" * 40000 + b"\r\n"), 431),
    # §3: request line, target, Host
    "no host": (get(host=b""), 400),
    "two hosts": (get(host=b"Host: x\r\nHost: y\r\n"), 400),
    "empty host": (get(host=b"Host:\r\n"), 400),
    "blank in host": (get(host=b"Host: a b\r\n"), 400),
    "NUL escape": (get(target=b"/hello%00"), 400),
    "raw NUL": (get(target=b"/hel\0lo"), 400),
    "bad escape": (get(target=b"/hello%zz"), 400),
    "raw UTF-8": (get(target=b"/\xc3\xa4"), 400),
    "fragment": (get(target=b"/hello#x"), 400),
    "foreign absolute form": (get(target=b"http://other/hello"), 400),
    "authority form": (b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501),
    "asterisk": (get(target=b"*"), 400),
    "two blanks": (get(target=b" /hello"), 400),
    "leading blank": (b" " + get(), 400),
    "two empty lines": (b"\r\n\r\n" + get(), 400),
    "HTTP/3.0": (get(version=b"HTTP/3.0"), 505),
    "HTTP/1.2": (get(version=b"HTTP/1.2"), 505),
    "http/1.1": (get(version=b"http/1.1"), 400),
    "unknown method": (b"BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    "unknown expectation": (post(b"Expect: a-miracle\r\nContent-Length: 3\r\n", b"abc"), 417),
    "target of 21 kB": (get(target=b"/" + b"a" * 21000), 414),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_request_hides_no_second_one(server, name):
    octets, status = REFUSED[name]
    got, closed = server.talk(octets + NEXT)
    assert statuses(got) == [status]
    assert closed
    head = got.partition(b"\r\n\r\n")[0]
    assert b"\r\nRequest-Id: req_" in head
    assert b"\r\nX-Content-Type-Options: nosniff" in head
    assert b"\r\nConnection: close" in head
    assert b"\r\nServer:" not in head


TAKEN = {
    "plain": get(),
    "one empty line before": b"\r\n" + get(),
    "64 headers": get(b"".join(b"X-%d: y\r\n" % i for i in range(63))),
    "tab in a value": get(b"X: a\tb\r\n"),
    "obs-text": get(b"X: \xc3\xa4\r\n"),
    "empty value": get(b"X:\r\n"),
    "own absolute form": get(target=b"http://X/hello"),
    "length": post(b"Content-Length: 3\r\n", b"abc"),
    "length with zeros": post(b"Content-Length: 0003\r\n", b"abc"),
    "chunked": post(CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"),
    "chunk extensions": post(CHUNKED, b'3;x\r\nabc\r\n3 ; y=z;q="a \\" b;\t"\r\nabc\r\n0;last\r\n\r\n'),
    "chunk extensions beyond what is collected": post(
        CHUNKED, 30 * (b"1000;n=" + b"1" * 20 + b"\r\n" + b"a" * 4096 + b"\r\n") + b"0;x=y\r\n\r\n"),
    "CHUNKED": post(b"Transfer-Encoding: CHUNKED\r\n", b"0003\r\nabc\r\n0\r\n\r\n"),
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a body that no row asks for": b"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /",
    "a body refused by 401": b"PUT /private HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /",
    "keep-alive asked for": get(b"Connection: keep-alive\r\n"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_good_request_is_followed_by_the_next(server, name):
    got, closed = server.talk(TAKEN[name] + NEXT)
    assert len(statuses(got)) == 2 and statuses(got)[1] == 200
    assert not closed


ENDING = {
    "Connection: close": (get(b"Connection: close\r\n"), 200),
    "HTTP/1.0": (get(version=b"HTTP/1.0"), 200),
    "upgrade": (get(b"Connection: Upgrade\r\nUpgrade: h2c\r\n"), 200),
    "trailer": (post(CHUNKED, b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 200),
    "expectation that is refused": (b"PUT /private HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                    b"Content-Length: 5\r\n\r\n", 401),
    "large body that is refused": (b"PUT /private HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", 401),
    "chunked body that is refused": (b"PUT /private HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n", 401),
}


@pytest.mark.parametrize("name", ENDING)
def test_some_answers_end_the_connection_and_say_so(server, name):
    octets, status = ENDING[name]
    got, closed = server.talk(octets + NEXT)
    assert statuses(got) == [status]
    assert closed and b"\r\nConnection: close\r\n" in got


def test_a_body_is_echoed_whatever_its_framing(server):
    assert server.talk(post(b"Content-Length: 3\r\n", b"abc"))[0].endswith(b"\r\n\r\nabc")
    assert server.talk(post(CHUNKED, b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))[0].endswith(b"\r\n\r\nabc")


def test_100_continue_comes_when_the_body_is_wanted(server):  # RFC 9110 §10.1.1
    with server.connect() as s:
        s.sendall(post(b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"))
        assert s.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"abc")
        assert server.read_all(s)[0].endswith(b"\r\n\r\nabc")


def test_a_chunked_body_over_the_ceiling_is_413(server):
    body = b"".join(b"10000\r\n" + b"a" * 65536 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    got, closed = server.talk(post(CHUNKED, body) + NEXT)
    assert statuses(got) == [413] and closed


def test_a_refused_upload_still_reads_its_answer(server):
    """A client that sends on is not reset before it could read."""
    with server.connect() as s:
        s.sendall(b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
        sent = 0
        try:
            while sent < 2000000:
                sent += s.send(b"a" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert s.recv(1000).startswith(b"HTTP/1.1 413 ")
