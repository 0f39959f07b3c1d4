# SPDX-License-Identifier: Apache-2.0
"""Ports for servers under test, that nothing else on the machine is given between the choice and the bind.

They lie below those the system gives to outgoing connections (which would take one now and then), each worker of pytest has
a share of its own, and none is given out twice. Those who run beside others take as many lower as CALENDS_PORTS says."""
import os
import random
import socket

COUNT = 10000


def _share():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        outgoing = int(f.read().split()[0]) - int(os.environ.get("CALENDS_PORTS", "0"))
    first = max(outgoing - COUNT, 1024)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    each = (outgoing - first) // workers
    ports = list(range(first + worker * each, first + (worker + 1) * each))
    random.shuffle(ports)
    return ports


_left = []


def free_port():
    """A port of 127.0.0.1 that nobody listens on. Raises IndexError when the share is used up."""
    if not _left:
        _left.extend(_share())
    while True:
        port = _left.pop()
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
