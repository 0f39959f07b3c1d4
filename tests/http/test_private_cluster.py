# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL under servers and commands that share its folder: each of them dies, in each order."""
import os
import signal
import socket
import subprocess
import time

import pytest

from cluster import EVENT, alive, get, put, ready
from patience import rests
from wire import basic

SECONDS = 60
STOP_S = 35
WHOLE = pytest.mark.whole  # each role and each death is in the fraction, not each pair


def end(server, how):
    if how == signal.SIGKILL:
        server.kill()
    else:
        server.stop()


# ---- two servers on one folder ----


@pytest.mark.parametrize("leaves, how", [("who started it", signal.SIGKILL), ("who joined", signal.SIGTERM),
    pytest.param("who started it", signal.SIGTERM, marks=WHOLE), pytest.param("who joined", signal.SIGKILL, marks=WHOLE)])
def test_whoever_leaves_takes_the_database_from_nobody(folder, leaves, how):
    """It goes on without a gap, and whoever is left can start it again."""
    servers = [folder.server(), folder.server()]
    before = folder.postmaster()
    leaving, left = servers if leaves == "who started it" else reversed(servers)
    assert put(leaving, folder, "kept") == 201
    end(leaving, how)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert get(left, folder, "kept") == 200
    assert folder.postmaster() == before
    os.kill(before, signal.SIGKILL)
    assert folder.wait_for(lambda: folder.postmaster() not in (None, before) and ready(left)), left.lines[-20:]
    assert get(left, folder, "kept") == 200
    left.stop()
    assert not folder.workers()


def test_a_command_beside_servers_takes_the_database_from_nobody(folder):
    server = folder.server()
    before = folder.postmaster()
    folder.cli("account", "show", "ann@example.org")
    assert folder.postmaster() == before and ready(server)
    server.stop()
    folder.cli("account", "show", "ann@example.org")  # alone: starts and stops it
    assert not folder.workers()


@pytest.mark.parametrize("servers", [1, 2])
def test_nothing_is_left_running_when_everybody_was_killed(folder, servers):
    running = [folder.server() for _ in range(servers)]
    for server in running:
        server.kill()
    assert folder.wait_for(lambda: not folder.workers())
    again = folder.server()
    assert ready(again)


# ---- the deaths of PostgreSQL and its guard ----


def kill_guard(folder):
    os.kill(folder.guard(), signal.SIGKILL)


def kill_postmaster(folder):
    os.kill(folder.postmaster(), signal.SIGKILL)


def kill_all_workers(folder):
    folder.signal_workers(signal.SIGKILL)


def stop_postmaster(folder):
    os.kill(folder.postmaster(), signal.SIGINT)


@pytest.mark.parametrize("servers, death", [(1, kill_guard), (2, kill_postmaster), (2, kill_all_workers), (1, stop_postmaster),
    *(pytest.param(*other, marks=WHOLE) for other in ((2, kill_guard), (1, kill_postmaster), (1, kill_all_workers), (2, stop_postmaster)))])
def test_a_database_that_died_is_started_again(folder, servers, death):
    running = [folder.server() for _ in range(servers)]
    assert put(running[0], folder, "kept") == 201
    for _ in range(2):  # and once more, by now by a keeper's child
        before = folder.postmaster()
        death(folder)
        assert folder.wait_for(lambda: folder.postmaster() not in (None, before) and all(ready(s) for s in running)), \
            running[0].lines[-20:]
    # Whoever reads it need not look for PostgreSQL's log to know whether the disk was full.
    told = [line for s in running for line in s.lines if "event=database_gone" in line]
    assert all('disk="has room"' in line and "mib_left=" in line and "see=" in line for line in told), told
    assert all(get(s, folder, "kept") == 200 for s in running)
    for server in running:
        server.stop()
    assert not folder.workers()


def test_a_stop_after_a_restart_of_the_database_still_stores_what_is_under_way(folder):
    """The signal at its parent's death was of the thread that started it again, which ended first."""
    server = folder.server("--drain-ms", "30000", "--request-timeout-ms", "60000")
    before = folder.postmaster()
    os.kill(before, signal.SIGKILL)
    assert folder.wait_for(lambda: folder.postmaster() not in (None, before) and ready(server))
    body = EVENT.format(uid="late").encode()
    head = (f"PUT {folder.calendar}late.ics HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(*folder.login)}\r\n"
            f"Content-Type: text/calendar\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.settimeout(30)
        s.sendall(head + body[:20])
        assert folder.wait_for(lambda: rests(server.process.pid))  # it has that much
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        s.sendall(body[20:])
        assert s.recv(4096).startswith(b"HTTP/1.1 201")
    assert server.process.wait(STOP_S) == 0
    server.process = None


# ---- what a dead machine leaves ----


@pytest.mark.parametrize("pid_lives", [False, True])
def test_the_first_start_after_everything_was_killed_succeeds(folder, pid_lives):
    """Stale postmaster.pid and stale socket lock, and their pid is another process by now."""
    server = folder.server()
    assert put(server, folder, "kept") == 201, "".join(server.lines[-20:])
    guard, sockets = folder.guard(), folder.path + "/run/.s.PGSQL.5432.lock"
    if not os.path.exists(sockets):
        [sockets] = [f"{d}/{n}/.s.PGSQL.5432.lock" for d in ("/run", "/tmp") for n in os.listdir(d)
                     if n.startswith("calends-") and os.path.exists(f"{d}/{n}/.s.PGSQL.5432.lock")]
    kept = {name: open(name, encoding="utf-8").read() for name in (folder.pid_file, sockets)}
    server.process.kill()
    os.kill(guard, signal.SIGKILL)
    kill_all_workers(folder)
    server.kill()
    assert folder.wait_for(lambda: not folder.workers())
    other = subprocess.Popen(["sleep", "300"], user=os.stat(folder.path + "/pg").st_uid)  # PostgreSQL looks no further than its own user's
    try:
        for name, text in kept.items():
            lines = text.split("\n")
            lines[0] = str(other.pid) if pid_lives else lines[0]
            with open(name, "w", encoding="utf-8") as f:
                f.write("\n".join(lines))
        done = folder.command("account", "show", "ann@example.org")
        assert done.returncode == 0, done.stderr
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    again = folder.server()
    assert get(again, folder, "kept") == 200


def test_a_start_beside_the_remains_of_a_killed_server_succeeds(folder):
    """A backend that does not notice that its server is gone holds the shared memory."""
    server = folder.server()
    assert put(server, folder, "kept") == 201, "".join(server.lines[-20:])
    frozen = [p for p in folder.workers() if p != folder.postmaster()]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    guard = folder.guard()
    server.kill()
    os.kill(guard, signal.SIGKILL)
    os.kill(folder.postmaster(), signal.SIGKILL)
    again = folder.server()
    assert get(again, folder, "kept") == 200
    assert not any(alive(pid) for pid in frozen)
