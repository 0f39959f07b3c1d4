# SPDX-License-Identifier: Apache-2.0
"""What HTTP tests stand in: a real server over a real database, made for one test module and dropped after it.

    world.account("ann@example.org")               an Account: .id .email .password .key (an account key, made when used)
    world.key("ann@example.org", kind="restricted", scope="events:read")        a Key: a str with .id
    world.client("ann@example.org", redirect_uri="https://app.example/cb", grant=[…])   the command's JSON
    world.cli("account", "deactivate", "ann@example.org")                       its JSON; CliError when it fails
    world.request("GET", "/v1/profile", key=key)   a Reply; key: an Account or (name, secret) as Basic, a str as Bearer
    world.dav("PROPFIND", "/dav/", body, {"Depth": 0}, account)                 Basic always
    world.raw(octets)                              on a connection of its own
    world.log_of(reply)                            the fields of its log line: log["db"] are its round trips
    world.second                                   another instance on the same database, with the same methods
    world.sql("SELECT …")                          rows of texts
    with world.jobs_held():                        no job of its servers runs: what changes, a request has changed (stored.py compares the whole)
    with world.holding("LOCK TABLE …") as commit:  a transaction that has run these, and jobs held; world.waiting() are the sessions it stops
    world.meanwhile("UPDATE …", lambda: …)         what it gives, having come in the middle of such a transaction
    world.restart(), world.start("--option", …), world.stop(), world.kill()

A module may set SERVE = ["--signup", "open"] for its server; TLS = True: then it has world.certificate; HASHING = True: hashes of passwords cost what
they do outside. Answers of REST are held to the API's document (openapi.py); at the end logs and database are searched for every secret that was handed
out (world.secret(text) adds one; leaks.py), and the logs for what the sanitizers say.
"""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import leaks
from certificate import Certificate
from holds import Holds
from openapi import Document
from ports import free_port
from wire import Client, Reply, basic

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What a server under test is started with: CALENDS_WRAP="strace -f -o /tmp/trace", "valgrind", "gdbserver 127.0.0.1:2345".
WRAP = shlex.split(os.environ.get("CALENDS_WRAP", ""))
BIN = os.path.abspath(os.environ.get("CALENDS_BIN", os.path.join(ROOT, "build/dev/calends")))
SANITIZERS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")
# What was freed is kept back for the next 4 MiB, which is a hundred requests: as many new pages for each cost more than the requests.
# Before its own library there may be that of tests/at.
ASAN = "verify_asan_link_order=0:detect_stack_use_after_return=0:abort_on_error=0:quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
ASAN += ":detect_leaks=0" if WRAP else ""  # who is traced cannot look for them
# In dev builds a password's hash fills so little memory: fifty milliseconds less for each account that is made, and each sign-in.
QUICK_HASHES = {"CALENDS_DEV_PASSWORD_KIB": "64"}
WHOLE = os.environ.get("CALENDS_TESTS") == "whole"  # the long proofs, of which a fraction runs otherwise
START_S, STOP_S, WAIT_S = (600, 400, 200) if WRAP else (60, 40, 30)


class CliError(Exception):
    def __init__(self, args, done):
        super().__init__(f"calends {' '.join(args)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


class Key(str):
    """A secret that knows its id."""
    id = None


class Account:
    def __init__(self, world, fields, password):
        self.world, self.fields, self.password = world, fields, password
        self.id, self.email = fields["id"], fields["email"]
        self._key = None

    @property
    def key(self):
        if self._key is None:
            self._key = self.world.key(self)
        return self._key

    def __repr__(self):
        return f"<Account {self.email} {self.id}>"


def log_fields(line):
    """key=value key="a \\"quoted\\" value" …"""
    try:
        words = shlex.split(line)
    except ValueError:
        return {}
    return dict(w.split("=", 1) for w in words if "=" in w)


class Server:
    """One `calends serve`. Its log is kept in memory, line by line, as it comes."""

    def __init__(self, world, options):
        self.world, self.options = world, list(options)
        self.port = free_port()
        certificate = self.world.certificate
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self.public_url = world.public_url or self.url
        self.lines = []
        self.process = None
        self.own = threading.local()
        self.start()

    # ---- process ----

    def start(self, *more):
        """One that runs still, since a test ended in the middle, is ended first: it would be who answers here."""
        if self.process and self.process.poll() is None:
            self.kill()
        address = f"127.0.0.1:{self.port}"
        unlimited = [w for o in ("--api-keys-rate", "--freebusy-rate", "--account-rate", "--client-rate") if o not in self.options for w in (o, "0")]
        self.process = subprocess.Popen([*WRAP, BIN, "serve", "--listen", address, "--public-url", self.public_url,
            *self.world.settings, *unlimited, *self.options, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self.world.environment, start_new_session=True)
        listens = threading.Event()  # it says so itself: who answers at its port may be another
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout, listens), daemon=True)
        self.reader.start()
        self.wait_for(lambda: listens.is_set() or self.process.poll() is not None, START_S)
        assert listens.is_set() and self.process.poll() is None, "the server did not start:\n" + "".join(self.lines[-30:])

    def _read(self, stream, listens):
        for line in stream:
            self.lines.append(line.decode("utf-8", "replace"))
            if b" event=listening " in line:
                listens.set()

    def wait_for(self, condition, seconds=WAIT_S):
        """Polls until the condition holds; its last value. It costs what it takes, so that the bound is one for busy machines."""
        end = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        return value

    def cpu_s(self):
        """Seconds of work so far: what a request may take is bounded in these, for others work beside it."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """A clean stop: exit status 0."""
        if self.process is None:
            return
        self.http.close()
        os.kill(self._pid(), signal.SIGTERM)
        status = self.process.wait(STOP_S)
        self.reader.join(5)
        self.process = None
        assert status == 0, f"exit {status}:\n" + "".join(self.lines[-40:])

    def _pid(self):
        """Of the server itself: strace hands no signal on, and gdbserver ends by one."""
        pid = self.process.pid
        if WRAP:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                for child in children.read().split():
                    with open(f"/proc/{child}/cmdline", "rb") as line:
                        if b"\0serve\0" in line.read():
                            return int(child)
        return pid

    def kill(self):
        self.world.died = True
        self.http.close()
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, *more):
        self.stop()
        self.start(*more)

    # ---- requests ----

    @property
    def http(self):
        """The connection of this thread: of one that several share each would hear what another asked."""
        if not hasattr(self.own, "client"):
            self.own.client = self.client_connection()
        return self.own.client

    def _on_reply(self, reply):
        for name, value in reply.headers.pairs:
            if name in ("Location", "Set-Cookie"):
                self.world.secrets.update(leaks.IN_A_HEADER.findall(value))
        if leaks.may_have_a_secret(reply.body):
            try:
                self.world.collect(reply.json)
            except ValueError:
                pass

    def request(self, method, target, body=None, headers=None, key=None):
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if isinstance(key, Account):
            key = (key.email, key.key)
        if isinstance(key, tuple):
            pairs.append(("Authorization", basic(*key)))
        elif key is not None:
            pairs.append(("Authorization", f"Bearer {key}"))
        try:
            reply = self.http.request(method, target, body, pairs)
            if target.startswith(("/v1/", "/api/v1/")):
                Document.load(BIN).check(method, target, reply)
            return reply
        except (ConnectionError, EOFError) as e:
            process = self.process  # whoever kills it may forget it at any time
            dead = process is None or self.wait_for(lambda: process.poll() is not None, 2)
            raise AssertionError(("the server died" if dead else "no answer") + f" at {method} {target}: {e}\n"
                                 + "".join(self.lines[-60:])) from e

    def get(self, target, headers=None, key=None):
        return self.request("GET", target, None, headers, key)

    def post(self, target, body=b"", headers=None, key=None):
        return self.request("POST", target, body, headers, key)

    def dav(self, method, path, body=None, headers=None, account=None):
        return self.request(method, path, body, headers, account)

    def raw(self, octets, **options):
        return self.http.raw(octets, **options)

    def client_connection(self):
        """Another connection of its own, kept alive: for callers at once."""
        certificate = self.world.certificate
        return Client("127.0.0.1", self.port, self._on_reply, certificate and certificate.context())

    # ---- log ----

    def log_of(self, request):
        """The fields of the request's log line, by a Reply or its Request-Id."""
        request_id = request.request_id if isinstance(request, Reply) else request

        def find():
            for line in reversed(self.lines):
                if f"id={request_id}" in line and "event=request" in line:
                    return log_fields(line)
            return None

        found = self.wait_for(find)
        assert found, f"no log line for {request_id}"
        return found

    def log_has(self, text, seconds=WAIT_S):
        return self.wait_for(lambda: any(text in line for line in self.lines), seconds)

    def jobs_running(self):
        """Those that run at this moment."""
        client = self.client_connection()
        figures = client.request("GET", "/metrics", None, []).text
        client.close()
        return re.findall(r'^calends_job_running\{job="(\w+)"\} 1', figures, re.M)


class World(Holds, Server):
    def __init__(self, postgres, database, options=(), public_url=None, tls=False, hashing=False):
        self.postgres, self.database, self.public_url = postgres, database, public_url
        self.folder = tempfile.mkdtemp(prefix="calends-world-", dir="/tmp")
        os.chmod(self.folder, 0o711)
        self.database_url = postgres.url(database)
        self.settings = ["--database-url", self.database_url, "--data-dir", self.folder]
        self.certificate = Certificate(self.folder, "127.0.0.1") if tls else None
        if tls:
            self.settings += ["--tls-cert", self.certificate.cert, "--tls-key", self.certificate.key]
        self.environment = dict(os.environ, LC_ALL="C.UTF-8",
            ASAN_OPTIONS=ASAN, UBSAN_OPTIONS="print_stacktrace=1", CALENDS_DEV_JOBS_HELD=self.folder + "/jobs-held", **({} if hashing else QUICK_HASHES))
        self.secrets = set()
        self.accounts = {}
        self._second = None
        self.died = False  # a server of its
        self.batch, self.batch_lock = None, threading.Lock()
        super().__init__(self, options)

    # ---- commands ----

    def cli(self, *args, input=None):
        args = [str(a) for a in args]
        done = subprocess.run([BIN, *args, *self.settings, "--json"], input=input, capture_output=True, text=True,
            env=self.environment, timeout=120)
        if done.returncode != 0:
            raise CliError(args, done)
        print(done.stderr, end="")  # shown with a test that fails
        fields = json.loads(done.stdout) if done.stdout.strip() else None
        self.collect(fields)
        return fields

    def line(self, *args, input=""):
        """The same as a line of `calends batch`: for the hundreds of accounts, keys and apps that tests only stand on."""
        line = " ".join('"' + str(a).replace("\\", "\\\\").replace('"', '\\"') + '"' for a in args)
        if "\n" in line:  # no line
            return self.cli(*args, input=input or None)
        with self.batch_lock:
            if self.batch is None:
                with open(self.folder + "/batch.log", "ab") as log:
                    self.batch = subprocess.Popen([BIN, "batch", *self.settings, "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                        env=dict(self.environment, LSAN_OPTIONS="detect_leaks=0"))
            self.batch.stdin.write(f"{line}\n{input}".encode())
            self.batch.stdin.flush()
            answer = self.batch.stdout.readline()
        fields = json.loads(answer) if answer else {"error": {"message": "it ended"}}
        if "error" in fields:
            with open(self.folder + "/batch.log", encoding="utf-8") as log:
                raise CliError(args, subprocess.CompletedProcess(args, 1, "", answer.decode() + log.read()))
        self.collect(fields)
        return fields

    def end_batch(self):
        if self.batch:
            self.batch.communicate()
            self.batch = None

    @staticmethod
    def _options(options):
        """may_introspect=True is --may-introspect; a list is given several times; None is left out."""
        words = []
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            for v in value if isinstance(value, (list, tuple)) else [value]:
                words += [] if v is None or v is False else [flag] if v is True else [flag, str(v)]
        return words

    def account(self, email="ann@example.org", name=None, password="correct horse battery", plan=None):
        """Made once for each address in a module."""
        if email not in self.accounts:
            words = self._options({"name": name or email.split("@")[0].title(), "plan": plan})
            if password is not None:
                self.secret(password)
                words.append("--password-stdin")
            fields = self.line("account", "create", email, *words, input="" if password is None else password + "\n")
            self.accounts[email] = Account(self, fields, password)
        return self.accounts[email]

    def key(self, owner="ann@example.org", kind="account", name="test", **options):
        email = owner.email if isinstance(owner, Account) else self.account(owner).email
        fields = self.line("key", "create", email, *self._options({"kind": kind, "name": name, **options}))
        key = Key(fields["key"])
        key.id = fields["id"]
        return key

    def client(self, owner="ann@example.org", name="Test app", type="public", **options):
        email = owner.email if isinstance(owner, Account) else self.account(owner).email
        return self.line("client", "create", *self._options({"owner": email, "name": name, "type": type, **options}))

    # ---- database ----

    def sql(self, text):
        return self.postgres.sql(self.database, text)

    @property
    def second(self):
        if self._second is None:
            self._second = Server(self, self.options)
        return self._second

    # ---- secrets and the end ----

    def secret(self, text):
        self.secrets.add(text)
        return text

    def collect(self, fields):
        """Every secret in what a command or an endpoint answered."""
        self.secrets.update(leaks.secrets_in(fields))

    def close(self):
        try:
            self.end_batch()
            if self._second:
                self._second.stop()
            self.stop()
            self.check_logs()
            self.check_database()
        finally:
            for server in (self, self._second):
                if server and server.process:
                    server.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def check_logs(self):
        lines = self.lines + (self._second.lines if self._second else [])
        with open(self.postgres.log, encoding="utf-8", errors="replace") as log:
            lines = lines + log.readlines()
        for line in lines:
            assert not any(s in line for s in SANITIZERS), "a sanitizer spoke:\n" + "".join(self.lines[-60:])
            assert "contract_broken" not in line, f"a route did what its row does not promise: {line}"
        assert not (found := leaks.first_line_with(self.secrets, lines)), f"a secret is in the log: {found}"

    def check_database(self):
        found = leaks.first_row_with(self.postgres, self.database, self.secrets, WHOLE)
        assert not found, f"a secret is in the database: {found[:2000]}"
