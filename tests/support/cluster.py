# SPDX-License-Identifier: Apache-2.0
"""A data folder with a private PostgreSQL, and the processes that share it: servers, commands, PostgreSQL, its guard."""
import json
import os
import signal
import subprocess
import time

import folders
from world import ASAN, BIN, QUICK_HASHES, CliError, Server

EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261124T000000Z\r\n"
         "DTSTART:20261124T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Folder:
    """What a Server needs of a world."""
    certificate = public_url = None

    def __init__(self, path=None):
        self.path = path or folders.make("calends-folder-")
        if path:
            folders.hold(path)
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", ASAN_OPTIONS=ASAN, **QUICK_HASHES)
        self.settings = ["--data-dir", self.path]
        self.servers = []

    def collect(self, fields):
        pass

    def server(self, *options):
        made = Server(self, options)
        self.servers.append(made)
        return made

    def command(self, *args, input=None, timeout=120):
        return subprocess.run([BIN, *args, *self.settings, "--json"], input=input, capture_output=True, text=True,
            env=self.environment, timeout=timeout, check=False)

    def cli(self, *args, input=None):
        done = self.command(*args, input=input)
        if done.returncode != 0:
            raise CliError(args, done)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def account(self):
        """(e-mail, app password) and the path of the default calendar."""
        made = self.cli("account", "create", "ann@example.org", "--name", "Ann", "--password-stdin", input="correct horse battery\n")
        key = self.cli("key", "create", "ann@example.org", "--name", "t")["key"]
        return ("ann@example.org", key), f"/dav/calendars/{made['id']}/default/"

    # ---- processes ----

    @property
    def pid_file(self):
        return self.path + "/pg/postmaster.pid"

    def postmaster(self):
        """Its pid, or None when none runs."""
        try:
            with open(self.pid_file, encoding="utf-8") as f:
                pid = int(f.readline())
        except (OSError, ValueError):
            return None
        return pid if alive(pid) and pid in self.workers() else None

    def workers(self):
        """All processes of PostgreSQL: they work in the folder."""
        found = []
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.readlink(f"/proc/{name}/cwd") == self.path + "/pg" and alive(name):
                    found.append(int(name))
            except OSError:
                continue
        return found

    def guard(self):
        with open(f"/proc/{self.postmaster()}/stat", encoding="utf-8") as f:
            return int(f.read().rpartition(")")[2].split()[1])

    def signal_workers(self, number):
        """Those that were begun while it goes about, too: who is stopped or killed begins no other."""
        told = set()
        while missed := set(self.workers()) - told:
            for pid in missed:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            told |= missed

    def wait_for(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < end:
            time.sleep(0.05)
        return value

    def close(self):
        self.signal_workers(signal.SIGCONT)
        for server in self.servers:
            if server.process:
                server.kill()
        if not self.wait_for(lambda: not self.workers(), 15):
            self.signal_workers(signal.SIGKILL)
        folders.remove(self.path)


def ready(server):
    return server.get("/readyz").status == 200


def put(server, folder, name):
    return server.request("PUT", f"{folder.calendar}{name}.ics", EVENT.format(uid=name), {"Content-Type": "text/calendar"},
        folder.login).status


def get(server, folder, name):
    return server.request("GET", f"{folder.calendar}{name}.ics", None, None, folder.login).status
