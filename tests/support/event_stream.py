# SPDX-License-Identifier: Apache-2.0
"""A client of Server-Sent Events, over a socket of its own: every octet of the chunked coding and of the format is judged.

    with EventStream(server, "/v1/events/stream", key, {"Last-Event-ID": token}) as stream:
        event = stream.next()            .type .id .data (of its JSON); None when the stream has ended
        stream.next("change")            other types before it are an error
"""
import json
import re
import socket
import time
from typing import NamedTuple

from wire import Headers

EVENT_S = 20       # without an octet
COMMENTS_S = 60    # of nothing but comments


class Event(NamedTuple):
    type: str
    id: str
    data: dict


class EventStream:
    def __init__(self, server, target, key=None, headers=None, http="1.1", receive=None):
        self.last_event_id, self.retry, self.text, self.ended, self.comments = None, None, "", False, 0
        raw = socket.socket()
        if receive:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        raw.settimeout(EVENT_S)
        raw.connect(("127.0.0.1", server.port))
        certificate = server.world.certificate
        self.socket = certificate.context().wrap_socket(raw, server_hostname="127.0.0.1") if certificate else raw
        pairs = {"Host": "x" if not certificate else "127.0.0.1", "Accept": "text/event-stream", **(headers or {})}
        if key:
            pairs["Authorization"] = f"Bearer {key}"
        lines = "".join(f"{n}: {v}\r\n" for n, v in pairs.items())
        self.socket.sendall(f"GET {target} HTTP/{http}\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        found = []
        while (line := self.file.readline().decode().rstrip("\r\n")):
            found.append(tuple(line.split(": ", 1)))
        self.headers = Headers(found)
        self.chunked = self.headers.get("Transfer-Encoding") == "chunked"

    def _more(self):
        """Octets of the next chunk; empty at the end, which has to be whole."""
        if not self.chunked:
            return self.file.read1(65536)
        size = self.file.readline()
        if not size:
            raise ConnectionError("the stream was cut")
        assert re.fullmatch(rb"[0-9a-f]+\r\n", size), size
        data = self.file.read(int(size, 16))
        assert self.file.readline() == b"\r\n"
        assert data or self.file.read() == b"", "something follows the last chunk"
        return data

    def next(self, kind=None, until=None):
        until = until or time.monotonic() + COMMENTS_S
        while "\n\n" not in self.text:
            more = self._more()
            if not more:
                self.ended = True
                assert not self.text and kind is None, (self.text, kind)
                return None
            self.text += more.decode()
        block, self.text = self.text.split("\n\n", 1)
        event_type, data = "message", []
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_event_id = value
            elif name == "event":
                event_type = value
            elif name == "data":
                data.append(value)
            elif name == "retry":
                self.retry = int(value)
            else:
                assert line in (":", ""), line
                self.comments += 1
        if not data:
            assert time.monotonic() < until, "comments, and no event"
            return self.next(kind, until)
        event = Event(event_type, self.last_event_id, json.loads("\n".join(data)))
        assert kind in (None, event_type), event
        return event

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
