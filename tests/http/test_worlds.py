# SPDX-License-Identifier: Apache-2.0
"""What the other tests stand on: a server under test is the one that was begun for it (tests/support/world.py, ports.py)."""
import os
import socket
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime

import pytest

import ports
from world import Server

DATES = True  # tests/run dates


def test_who_answers_at_its_port_is_not_taken_for_it(world):
    """A server whose port somebody else has ends; who has it would have answered the tests of this one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = Server.__new__(Server)
        server.world, server.options, server.lines, server.process, server.public_url = world, [], [], None, world.url
        server.port = other.getsockname()[1]
        with pytest.raises(AssertionError, match="did not start"):
            server.start()


def test_a_server_that_runs_still_is_ended_by_the_next_start(world):
    """As when a test fails between a start and its stop: the one before answered all tests after it, and nobody ended it."""
    before = world.process
    world.start()
    assert before.poll() is not None and world.process.poll() is None
    assert world.get("/healthz").status == 200


BESIDE = "import sys; sys.path.insert(0, sys.argv[1]); import ports; ports.COUNT = 200; print(*[ports.free_port() for _ in range(24)], flush=True); sys.stdin.read()"


def test_runs_whose_ports_are_the_same_take_different_ones():
    """Four at once over 200 ports: none is taken twice, though nobody listens at any of them; those of who ends are free."""
    where = ports.__file__.rpartition("/")[0]
    environment = {"CALENDS_PORTS": "20000", "LC_ALL": "C.UTF-8"}  # below all that other tests take
    runs = [subprocess.Popen([sys.executable, "-c", BESIDE, where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)]
    try:
        told = [[int(port) for port in run.stdout.readline().split()] for run in runs]
        assert [len(taken) for taken in told] == [24] * 4 and len({port for taken in told for port in taken}) == 96, told
        assert not any(ports.take(port) for port in told[0])
    finally:
        for run in runs:
            run.communicate()
    assert any(ports.take(port) for port in told[0])


def test_all_have_one_clock_which_is_as_far_ahead_as_was_asked_for(world, tmp_path):
    """tests/at: or the tests at another moment were of today, and green. A file's time is the kernel's own."""
    (tmp_path / "now").touch()
    kernel = (tmp_path / "now").stat().st_mtime
    told = {
        "Python": time.time(),
        "server": parsedate_to_datetime(world.get("/healthz").headers["date"]).timestamp(),
        "database": float(world.sql("SELECT extract(epoch FROM now())")[0][0]),
        "programs": float(subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout),
    }
    asked_for = int(os.environ.get("CALENDS_AT_S", "0"))
    assert all(abs(t - kernel - asked_for) < 60 for t in told.values()), (kernel, asked_for, told)
