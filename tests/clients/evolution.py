# SPDX-License-Identifier: Apache-2.0
"""Evolution-Data-Server, which is the CalDAV client of Evolution and GNOME Calendar, in a D-Bus session and a home folder of its own.

    with Evolution(folder) as evolution:
        evolution.ask("open", url=…, path=…, user=…, key=…, kind="EVENTS")
        evolution.ask("create", data="BEGIN:VEVENT…")

This file is both ends: `Evolution` starts it as a program in the session, which answers a line of JSON for each line.
"""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

PYTHON = "/usr/bin/python3"  # Debian's gi is for Debian's python3
WAIT_S = 60


def available():
    if not shutil.which("dbus-run-session") or not os.path.exists("/usr/libexec/evolution-calendar-factory"):
        return False
    return subprocess.run([PYTHON, "-c", "import gi; gi.require_version('ECal', '2.0')"], capture_output=True).returncode == 0


class Evolution:
    def __init__(self, folder):
        home, run = folder / "home", folder / "run"
        for made in (home, run):
            made.mkdir(mode=0o700)
        env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith("DBUS_")}
        env |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(run), "GSETTINGS_BACKEND": "memory", "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}
        self.said = open(folder / "log", "w+")
        self.program = subprocess.Popen(
            ["dbus-run-session", "--", PYTHON, os.path.abspath(__file__)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True, env=env, start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.program.stdin.close()
        try:
            self.program.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.program.pid, signal.SIGKILL)
            self.program.wait()
        self.said.close()

    def ask(self, what, **args):
        self.program.stdin.write(json.dumps({"ask": what, **args}) + "\n")
        self.program.stdin.flush()
        answered = select.select([self.program.stdout], [], [], 2 * WAIT_S)[0]  # a line for a line: nothing is buffered
        line = self.program.stdout.readline() if answered else ""
        answer = json.loads(line) if line else {"failed": "it ended or hangs: " + self.log()}
        assert "failed" not in answer, (what, answer["failed"])
        return answer["is"]

    def log(self):
        self.said.seek(0)
        return self.said.read()[-3000:]


# ---- inside the session ----


def until(what, test):
    from gi.repository import GLib

    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        while GLib.MainContext.default().iteration(False):
            pass
        time.sleep(0.05)
    raise TimeoutError(what)


class Calendar:
    """What is asked for, by name."""

    def __init__(self):
        import gi

        for name, version in (("EDataServer", "1.2"), ("ECal", "2.0"), ("ICalGLib", "3.0")):
            gi.require_version(name, version)
        from gi.repository import ECal, EDataServer, ICalGLib

        self.E, self.D, self.I = ECal, EDataServer, ICalGLib
        self.registry = EDataServer.SourceRegistry.new_sync(None)

    def connect(self, source, kind):
        """None while the process that keeps calendars was not told of the source yet: the registry tells it as it tells us."""
        from gi.repository import Gio, GLib

        try:
            return self.E.Client.connect_sync(source, getattr(self.E.ClientSourceType, kind), 0xFFFFFFFF, None)
        except GLib.Error as e:
            if not e.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND):
                raise

    def open(self, host, port, path, user, key, kind):
        extension = {"EVENTS": "Calendar", "TASKS": "Task List"}[kind]
        source = self.D.Source.new(None, None)
        source.set_display_name(kind)
        source.set_parent("caldav-stub")
        source.get_extension(extension).set_backend_name("caldav")
        login = source.get_extension("Authentication")
        login.set_host(host)
        login.set_port(port)
        login.set_user(user)
        login.set_method("plain/password")
        source.get_extension("WebDAV Backend").set_property("resource-path", path)
        source.get_extension("Security").set_method("none")
        self.registry.commit_source_sync(source, None)
        source = until("the source", lambda: self.registry.ref_source(source.get_uid()))
        self.client = until("the client", lambda: self.connect(source, kind))
        secret = self.D.NamedParameters.new()
        secret.set("username", user)
        secret.set("password", key)
        source.invoke_authenticate_sync(secret, None)
        connected = self.D.SourceConnectionStatus.CONNECTED
        until("the connection", lambda: source.get_connection_status() == connected and self.client.is_online())
        return {"writable": not self.client.is_readonly()}

    def create(self, data):
        return self.client.create_object_sync(self.I.Component.new_from_string(data), self.E.OperationFlags.NONE, None)[1]

    def modify(self, data, which):
        return self.client.modify_object_sync(
            self.I.Component.new_from_string(data), getattr(self.E.ObjModType, which), self.E.OperationFlags.NONE, None
        )

    def remove(self, uid, instance, which):
        return self.client.remove_object_sync(uid, instance, getattr(self.E.ObjModType, which), self.E.OperationFlags.NONE, None)

    def titles(self):
        return sorted(c.get_summary() for c in self.client.get_object_list_sync("#t", None)[1])

    def refreshed_to(self, titles):
        def same():
            self.client.refresh_sync(None)
            return self.titles() == titles

        return until(f"{titles}, not {self.titles()}", same)

    def busy(self, start, end, user):
        found = self.client.get_free_busy_sync(start, end, [user], None)[1]
        return [c.get_as_string() for c in found or []]


def main():
    calendar = Calendar()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"is": getattr(calendar, asked.pop("ask"))(**asked)}
        except Exception as e:  # noqa: BLE001: told to the test
            answer = {"failed": repr(e)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
