# SPDX-License-Identifier: Apache-2.0
"""Ports for servers under test, that nothing else on the machine is given between the choice and the bind.

They lie below those the system gives to outgoing connections (which would take one now and then), each worker of pytest has
a share of its own, and none is given out twice. Whoever takes one binds its number for UDP, too, for as long as it lives: who
else chooses there, in another run or in tests/clients, sees that it is taken, though nobody listens yet, or for a moment not.
CALENDS_PORTS says how much lower the share of a run lies that has others beside it: for more of them than there are ports."""
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
_taken = []  # sockets of UDP: the system gives them up when this process ends, however it does


def take(port):
    """Whether it is free, and ours from now on."""
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        mine.bind(("127.0.0.1", port))
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
    except OSError:
        mine.close()
        return False
    _taken.append(mine)
    return True


def free_port():
    """A port of 127.0.0.1 that nobody listens on or has taken. Raises IndexError when the share is used up."""
    if not _left:
        _left.extend(_share())
    while not take(port := _left.pop()):
        pass
    return port
