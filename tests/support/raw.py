# SPDX-License-Identifier: Apache-2.0
"""Raw sockets against echo_server (tests/support/echo_server.c): the HTTP layer without a database."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

from patience import Waited, rests
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("CALENDS_BIN", ROOT / "build/dev/calends")).parent / "tests/echo_server"


class Server:
    def __init__(self, certificate=None, **settings):
        self.port = free_port()
        self.context = certificate and certificate.context()
        if certificate:
            settings |= {"cert": certificate.cert, "key": certificate.key}
        words = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([PROGRAM, str(self.port), *words], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"echo_server did not start on port {self.port}: exit {self.process.wait()}")

    def connect(self, timeout=10, source="127.0.0.1"):
        """Over TLS where the server has a certificate."""
        s = self.connect_plain(timeout, source)
        return self.context.wrap_socket(s, server_hostname="127.0.0.1") if self.context else s

    def connect_plain(self, timeout=10, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))

    def talk(self, octets, timeout=10):
        """Send all at once; what came until the server closed, or had no more to say after the first answer."""
        with self.connect(timeout) as s:
            s.sendall(octets)
            return self.read_all(s)

    def read_all(self, s):
        """(octets, closed): all that comes until the server closes, or has done what it can after the first of it."""
        return read_all(s, busy=lambda: not rests(self.process.pid))

    def waited(self):
        return Waited(self.process.pid)

    def settle(self):
        """It has done whatever it can with what it was sent."""
        assert wait_until(lambda: rests(self.process.pid), 30)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def read_all(s, quiet=0.3, busy=lambda: False):
    """(octets, closed): until it is quiet for so long after the first octets, and who sends them is not `busy`."""
    got, end = b"", time.monotonic() + 60
    with contextlib.suppress(ConnectionResetError):
        while True:
            try:
                part = s.recv(65536)
            except (TimeoutError, socket.timeout):
                if busy() and time.monotonic() < end:
                    continue
                return got, False
            if not part:
                break
            got += part
            s.settimeout(quiet)
    return got, True


def statuses(octets):
    """Status codes of all answers in what was received."""
    found = []
    while octets.startswith(b"HTTP/1.1 "):
        head, _, rest = octets.partition(b"\r\n\r\n")
        found.append(int(head[9:12]))
        length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        octets = rest[int(length[0].split(b":")[1]):] if length else rest
    return found


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def lets_nobody_in(server):
    try:
        server.connect_plain().close()
        return False
    except OSError:
        return True


def assert_a_stop_finishes_what_runs(server, idle):
    """Answers that run at SIGTERM come whole, idle connections end, nobody new is let in, and the status is 0."""
    with server.connect() as slow, server.connect() as long:
        slow.sendall(b"GET /slow?ms=3000 HTTP/1.1\r\nHost: x\r\n\r\n")
        long.sendall(b"GET /stream?rows=150000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert long.recv(10).startswith(b"HTTP/1.1")
        server.settle()  # both are under way
        os.kill(server.process.pid, signal.SIGTERM)
        assert wait_until(lambda: lets_nobody_in(server)), "a new connection was let in"
        assert server.process.poll() is None, "nobody has read the long answer yet"
        for s in idle:
            assert read_all(s) == (b"", True)
        got, closed = read_all(long, 20)
        assert closed and got.endswith(b"0\r\n\r\n")
        got, closed = read_all(slow, 5)
        assert closed and statuses(got) == [200] and b"\r\nConnection: close\r\n" in got
    assert server.process.wait(20) == 0
