# SPDX-License-Identifier: Apache-2.0
"""Time without chance: how long somebody was waited for on a machine that others use, and when a server has done what it can."""
import contextlib
import glob
import os
import time


def _busy_s(pid):
    """Seconds for which the threads of a process had a processor, or were kept waiting for one by others."""
    busy = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as stat:  # it ended meanwhile
            busy += sum(map(int, stat.read().split()[:2]))
    return busy / 1e9


class Waited:
    """Seconds since it was made in which neither this process nor those of servers had anything to do, or wanted to: what is left
    of the time is what somebody waited for a peer, a lock or a time-out. A busy machine does not make it longer."""

    def __init__(self, *pids):
        self.pids, self.begun = (*pids, os.getpid()), time.monotonic()
        self.busy = self._busy()

    def _busy(self):
        return sum(map(_busy_s, self.pids))

    @property
    def seconds(self):
        return time.monotonic() - self.begun - (self._busy() - self.busy)


def undisturbed(seconds, run):
    """What it gives, run anew until it took less than so many seconds: in more, what it is about begins again, as a bucket of tries does."""
    for _ in range(10):
        begun = time.monotonic()
        given = run()
        if time.monotonic() - begun < seconds:
            return given
    raise AssertionError(f"never in {seconds} s")


def _sleeps(pid):
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as stat:
            if stat.read().rpartition(")")[2].split()[0] not in "SI":
                return False
    return True


def rests(pid):
    """Whether all threads of a process wait, and still do a moment later: it has done whatever it can do of what it was sent."""
    for _ in range(3):
        if not _sleeps(pid):
            return False
        time.sleep(0.01)
    return True
