# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 that sends exactly what it is told: any method, any octets, one connection kept alive.

    client = Client("127.0.0.1", port)
    reply = client.request("PROPFIND", "/dav/", b"<…>", {"Depth": "0"})
    reply.status, reply.headers["etag"], reply.json, reply.xml, reply.request_id
    Client("127.0.0.1", port, context=an_ssl_context)   # over TLS
    client.in_one_go("GET", "/", headers, 40)          # so many, without waiting for answers: a list of replies
    client.raw(b"GET / HTTP/1.1\\r\\n\\r\\n")          # what the server sends until it closes
"""
import base64
import gzip
import json
import re
import socket
import xml.etree.ElementTree as ET

TIMEOUT_S = 30


class Headers:
    """Names without case; a name sent twice is a fault of ours unless `all` is asked."""

    def __init__(self, pairs):
        self.pairs = pairs

    def all(self, name):
        return [v for n, v in self.pairs if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else default

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(f"no {name} in {self.pairs}")
        return value

    def __contains__(self, name):
        return bool(self.all(name))

    def __repr__(self):
        return repr(self.pairs)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def content(self):
        """The body without its content coding."""
        return gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body

    @property
    def text(self):
        return self.content.decode("utf-8")

    @property
    def words(self):
        """The text without ids and tokens, in one of which in thousands stand three letters that nobody wrote."""
        return re.sub(r"[\w-]{16,}", "…", self.text)

    @property
    def json(self):
        return json.loads(self.content)

    @property
    def xml(self):
        return ET.fromstring(self.content)

    @property
    def request_id(self):
        return self.headers.get("Request-Id")

    @property
    def location(self):
        return self.headers.get("Location")

    def __repr__(self):
        return f"<Reply {self.status} {self.request_id} {self.body[:600]!r}>"


def basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Client:
    def __init__(self, host, port, on_reply=None, context=None):
        self.host, self.port, self.on_reply, self.context = host, port, on_reply, context
        self.socket = self.file = None

    def close(self):
        if self.socket:
            self.file.close()
            self.socket.close()
        self.socket = self.file = None

    def _open(self):
        s = socket.create_connection((self.host, self.port), TIMEOUT_S)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(s, server_hostname=self.host) if self.context else s

    def connect(self):
        self.close()
        self.socket = self._open()
        self.file = self.socket.makefile("rb")

    def request(self, method, target, body=None, headers=None):
        """headers: a dict or a list of pairs. Host and Content-Length are added where they are not given."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        pairs = [(n, v) for n, v in pairs if v is not None]
        names = {n.lower() for n, _ in pairs}
        body = body.encode() if isinstance(body, str) else body
        if "host" not in names:
            pairs.insert(0, ("Host", f"{self.host}:{self.port}"))
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(body))))
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in pairs) + "\r\n"
        octets = head.encode("latin-1") + (body or b"")
        fresh = self.socket is None
        if fresh:
            self.connect()
        try:
            reply = self._exchange(octets, method)
        except (ConnectionError, EOFError):
            if fresh:
                raise
            self.connect()  # the server closed an idle connection
            reply = self._exchange(octets, method)
        if (reply.headers.get("Connection") or "").lower() == "close":
            self.close()
        if self.on_reply:
            self.on_reply(reply)
        return reply

    def _exchange(self, octets, method):
        try:
            self.socket.sendall(octets)
        except ConnectionError:
            pass  # refused while we were sending: the answer may be there
        return self.read_reply(method)

    def send(self, octets):
        if self.socket is None:
            self.connect()
        self.socket.sendall(octets)

    def _line(self):
        line = self.file.readline(65536)
        if not line.endswith(b"\r\n"):
            raise EOFError(f"the connection ended in a head: {line!r}")
        return line[:-2].decode("latin-1")

    def read_reply(self, method="GET"):
        version, status, *_ = self._line().split(" ", 2)
        assert version == "HTTP/1.1", version
        pairs = []
        while line := self._line():
            name, _, value = line.partition(":")
            assert name and name == name.strip(), f"a bad header line: {line!r}"
            pairs.append((name, value.strip()))
        headers = Headers(pairs)
        if status == "100":
            return self.read_reply(method)
        return Reply(int(status), headers, self._body(method, int(status), headers))

    def _body(self, method, status, headers):
        if method == "HEAD" or status in (204, 304):
            return b""
        if (headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return b"".join(self._chunks())
        if "Content-Length" in headers:
            return self._exactly(int(headers["Content-Length"]))
        return self.file.read()

    def _exactly(self, length):
        octets = self.file.read(length)
        if len(octets) < length:
            raise EOFError(f"{len(octets)} of {length} octets came")
        return octets

    def _chunks(self):
        while size := int(self._line().split(";")[0], 16):
            yield self._exactly(size)
            assert self._line() == ""
        while self._line():
            pass

    def in_one_go(self, method, target, headers=None, count=12):
        """So many requests without a body, all sent before the first is answered: one after the other, a busy machine may make of ten in a second
        one in a second."""
        lines = "".join(f"{n}: {v}\r\n" for n, v in {"Host": f"{self.host}:{self.port}", **(headers or {})}.items())
        self.connect()
        self.send(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") * count)
        return [self.read_reply(method) for _ in range(count)]

    def raw(self, octets, timeout_s=TIMEOUT_S):
        """Send on a connection of its own; all that comes until the server closes it, or is silent for so long."""
        received = b""
        with self._open() as s:
            try:
                s.sendall(octets)
            except ConnectionError:
                pass
            s.settimeout(timeout_s)
            try:
                while part := s.recv(65536):
                    received += part
            except (TimeoutError, ConnectionError):
                pass
        return received
