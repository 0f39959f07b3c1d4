# SPDX-License-Identifier: Apache-2.0
"""Drives a real Thunderbird (Debian's package, headless) through Marionette: its own calendar code talks to our server.

    with Thunderbird(profile_folder) as tb:
        tb.run("return cal.manager.getCalendars().length")

Scripts run with chrome rights, as the body of an async function that has `cal`, `CalEvent`, `Ci` and `sleep` in scope; what
they return must be plain data.
"""
import json
import os
import shutil
import socket
import subprocess
import time

from ports import free_port

PREFERENCES = {
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "calendar.timezone.useSystemTimezone": False,
    "calendar.timezone.local": "Europe/Berlin",
    "calendar.alarms.show": False,
    "calendar.alarms.playsound": False,
}

PRELUDE = """
const done = arguments[arguments.length - 1];
const args = arguments[0];
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
const sleep = ms => new Promise(r => { const t = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  globalThis.calendsTimers = (globalThis.calendsTimers || []).concat(t); t.initWithCallback(r, ms, 0); });
(async () => { %s })().then(v => done(JSON.stringify({ value: v === undefined ? null : v })),
  e => done(JSON.stringify({ error: String(e) + "\\n" + (e && e.stack) })));
"""


def available():
    return shutil.which("thunderbird") is not None


class Thunderbird:
    def __init__(self, profile, timeout_s=90, env=None, headless=True):
        self.profile, self.timeout_s, self.port = str(profile), timeout_s, free_port()
        self.env, self.headless, self.pending, self.serial = env or {}, headless, b"", 0

    def __enter__(self):
        preferences = {**PREFERENCES, "marionette.port": self.port}
        with open(os.path.join(self.profile, "user.js"), "w", encoding="utf-8") as f:
            for name, value in preferences.items():
                f.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.log = open(os.path.join(self.profile, "thunderbird.log"), "wb")
        command = ["thunderbird", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", self.profile]
        if self.headless:
            command.insert(1, "--headless")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "HOME": self.profile, **self.env})
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _connect(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 5)
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.2)
        self.socket.settimeout(self.timeout_s + 30)
        self._receive()  # its greeting
        self._command("WebDriver:NewSession", {"capabilities": {}})
        self._command("Marionette:SetContext", {"value": "chrome"})
        self._command("WebDriver:SetTimeouts", {"script": self.timeout_s * 1000})

    def _receive(self):
        while b":" not in self.pending:
            self.pending += self._more()
        size, rest = self.pending.split(b":", 1)
        while len(rest) < int(size):
            rest += self._more()
        self.pending = rest[int(size):]
        return json.loads(rest[:int(size)])

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("Thunderbird closed the connection")
        return data

    def _command(self, name, parameters):
        self.serial += 1
        message = json.dumps([0, self.serial, name, parameters]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    def run(self, body, **args):
        answer = self._command("WebDriver:ExecuteAsyncScript",
                               {"script": PRELUDE % body, "args": [args], "sandbox": "system", "newSandbox": False})
        result = json.loads(answer["value"])
        if "error" in result:
            raise AssertionError(result["error"])
        return result["value"]
