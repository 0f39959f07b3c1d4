# SPDX-License-Identifier: Apache-2.0
"""Many slow clients in one thread: each takes or gives a little every now and then, and never ends.

    with SlowPeers(port, context) as peers:
        peers.readers(140, b"GET /static/app.css …" * 50, "127.0.0.2")
        peers.bodies(320, ["127.0.0.3", …])
        peers.half_heads(2000, ["127.0.0.4"])
"""
import contextlib
import resource
import socket
import ssl
import threading
import time

READ_OCTETS, READ_EVERY_S, WRITE_EVERY_S = 1400, 3, 1
BODY = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 2000\r\n\r\n"
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: "


def get(path, headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"


def raise_descriptors(wanted=8192):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, wanted)), hard))


class SlowPeers:
    def __init__(self, port, context=None):
        self.port, self.context = port, context
        self.readers_open, self.writers_open = [], []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        raise_descriptors()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        for s in self.readers_open + self.writers_open:
            s.close()

    def _connect(self, source, receive_octets=None):
        s = socket.socket()
        if receive_octets:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
        s.settimeout(20)
        s.bind((source, 0))
        s.connect(("127.0.0.1", self.port))
        if self.context:
            s = self.context.wrap_socket(s, server_hostname="127.0.0.1")
        return s

    def _open(self, count, octets, sources, into, receive_octets=None):
        """Those that the server does not let in, or ends, are no matter: they hold nothing."""
        sources = [sources] if isinstance(sources, str) else sources
        for i in range(count):
            with contextlib.suppress(OSError):
                s = self._connect(sources[i % len(sources)], receive_octets)
                s.settimeout(0.2)
                with contextlib.suppress(TimeoutError, ssl.SSLError):
                    s.sendall(octets)
                s.setblocking(False)
                into.append(s)

    def readers(self, count, octets, source):
        self._open(count, octets, source, self.readers_open, 4096)

    def bodies(self, count, sources):
        self._open(count, BODY + b"a", sources, self.writers_open)

    def half_heads(self, count, sources):
        self._open(count, HALF_HEAD, sources, self.writers_open)

    def _each(self, sockets, act):
        for s in list(sockets):
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                try:
                    act(s)
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except OSError:
                    sockets.remove(s)
                    s.close()

    def _run(self):
        read_at = time.monotonic()
        while not self.stopped.wait(WRITE_EVERY_S):
            self._each(self.writers_open, lambda s: s.send(b"a"))
            if time.monotonic() - read_at >= READ_EVERY_S:
                read_at = time.monotonic()
                self._each(self.readers_open, lambda s: s.recv(READ_OCTETS))


def probe(port, context, source, timeout=5):
    """Seconds until /healthz is answered, from its connect on; `timeout` when it is not."""
    begun = time.monotonic()
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        s = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout, (source, 0)))
        if context:
            s = stack.enter_context(context.wrap_socket(s, server_hostname="127.0.0.1"))
        s.sendall(get(b"/healthz", b"Connection: close\r\n"))
        if s.recv(4096).startswith(b"HTTP/1.1 200"):
            return time.monotonic() - begun
    return timeout


def probes(port, context, count, every_s, source="127.0.0.250"):
    """Each in its own time, also while another waits."""
    seconds, threads = [], []
    for _ in range(count):
        thread = threading.Thread(target=lambda: seconds.append(probe(port, context, source)))
        thread.start()
        threads.append(thread)
        time.sleep(every_s)
    for thread in threads:
        thread.join()
    return seconds
