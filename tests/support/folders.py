# SPDX-License-Identifier: Apache-2.0
"""Where the databases of tests stand: in memory, where there is room for all of them, for a database is 650 files, and hundreds
are made and thrown away. Each folder has a lock beside it that its run holds, so that a later run can tell what a run left that was
killed, and throws it away.

    folders.QUICK                       a folder like /tmp
    folders.make("calends-pg-")         a new folder there, until folders.remove(path)
    folders.hold(path)                  the same for one that is made otherwise
    folders.sweep()                     what nobody holds and no process works in
    python3 tests/support/folders.py    sweeps, and prints QUICK"""
import fcntl
import os
import secrets
import shutil
import subprocess

SHM, ROOM = "/dev/shm", 6 << 30
PREFIX, LOCK = "calends-", ".lock"


def _quick():
    try:
        there = os.statvfs(SHM)
        with open("/proc/meminfo", encoding="ascii") as f:
            [available] = [int(line.split()[1]) << 10 for line in f if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        return "/tmp"
    usable = os.access(SHM, os.W_OK | os.X_OK) and not there.f_flag & os.ST_NOEXEC
    return SHM if usable and min(there.f_bavail * there.f_frsize, available) >= ROOM else "/tmp"


QUICK = _quick()
_held = {}  # descriptors of locks by path


def hold(path):
    """Says that this process works in the folder; the lock falls with it, however it ends. Taken before there is anything to sweep."""
    while path not in _held:
        lock = os.open(path + LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(path + LOCK) and os.path.samestat(os.fstat(lock), os.stat(path + LOCK)):
            _held[path] = lock
        else:  # somebody had it first, who sweeps: it lies nowhere any more
            os.close(lock)


def make(prefix, where=QUICK):
    path = f"{where}/{prefix}{secrets.token_hex(5)}"
    hold(path)
    os.mkdir(path, 0o700)
    return path


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
    if path in _held:
        os.unlink(path + LOCK)
        os.close(_held.pop(path))


def works_in(path):
    """Is there a process that works in the folder, or was told of it?"""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            where = os.readlink(f"/proc/{pid}/cwd") + "/"
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if where.startswith(path + "/") or path.encode() in f.read():
                    return True
        except OSError:
            continue
    return False


def sweep():
    """The paths that it threw away."""
    swept = []
    for name in os.listdir(QUICK):
        if not (name.startswith(PREFIX) and name.endswith(LOCK)):
            continue
        lock, path = f"{QUICK}/{name}", f"{QUICK}/{name.removesuffix(LOCK)}"
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # somebody else's, or swept by another run
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not works_in(path):
                if os.path.ismount(path):
                    subprocess.run(["umount", path], check=True)
                shutil.rmtree(path, ignore_errors=True)
                os.unlink(lock)
                swept.append(path)
        except (OSError, subprocess.SubprocessError):  # held
            pass
        finally:
            os.close(descriptor)
    return swept


if __name__ == "__main__":
    sweep()
    print(QUICK)
