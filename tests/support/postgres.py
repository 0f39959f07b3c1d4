# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL for one test session: as an unprivileged user, without fsync, in a folder of its own."""
import collections
import ctypes
import ctypes.util
import glob
import os
import pwd
import re
import signal
import subprocess
import time

import folders


def _libpq():
    """psql would cost twice the time of a session: a program is started for each statement."""
    library = ctypes.CDLL(ctypes.util.find_library("pq"))
    for name, result, arguments in (
        ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]), ("PQfinish", None, [ctypes.c_void_p]),
        ("PQexec", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
        ("PQexecPrepared", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                             ctypes.c_void_p, ctypes.c_int]), ("PQclear", None, [ctypes.c_void_p]),
        ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]), ("PQresultErrorField", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
        ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]),
        ("PQntuples", ctypes.c_int, [ctypes.c_void_p]), ("PQnfields", ctypes.c_int, [ctypes.c_void_p]),
        ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQstatus", ctypes.c_int, [ctypes.c_void_p]), ("PQtransactionStatus", ctypes.c_int, [ctypes.c_void_p]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


PQ = _libpq()
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
COMMAND_OK, TUPLES_OK = 1, 2  # of ExecStatusType
FATAL_ERROR, SQLSTATE = 7, ord("C")  # PGRES_FATAL_ERROR, PG_DIAG_SQLSTATE
CONNECTION_OK, IDLE = 0, 0  # of ConnStatusType, PGTransactionStatusType
# What a statement with one of these leaves in its session is not for the next. UPDATE … SET and SET LOCAL leave nothing.
LEAVES_SOMETHING = re.compile(r"(?:^|;)\s*SET\s+(?!LOCAL\b)|\b(LISTEN|TEMP|TEMPORARY|PREPARE|pg_advisory_lock\w*)\b", re.IGNORECASE)


def _was_cut(connection, result):
    """A crash is told by an error that is not PostgreSQL's own, and the connection is called good until its next use."""
    return PQ.PQstatus(connection) != CONNECTION_OK or (
        PQ.PQresultStatus(result) == FATAL_ERROR and not PQ.PQresultErrorField(result, SQLSTATE))


def _user():
    """Who may run PostgreSQL: nobody else than ourselves, unless we are root."""
    if os.geteuid() != 0:
        return {}
    for name in ("calends", "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    raise RuntimeError("no system user to run PostgreSQL as")


def _ends_with_us():
    """A run that is killed leaves no PostgreSQL: it gets SIGQUIT, as in stop()."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Postgres:
    def __init__(self, where=folders.QUICK, **settings):
        self.settings = settings
        self.bin = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
        self.as_user = _user()
        self.folder = folders.make("calends-pg-", where)
        self.data, self.log = self.folder + "/data", self.folder + "/log"
        if self.as_user:
            os.chown(self.folder, self.as_user["user"], self.as_user["group"])
        os.chmod(self.folder, 0o711)  # the server under test may run as another user
        self._run("initdb", "-D", self.data, "-U", "calends", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.process = None
        self.kept = collections.defaultdict(list)  # sessions of sql() by database: a new one costs more than most statements
        self.start()

    def _run(self, program, *args):
        subprocess.run([f"{self.bin}/{program}", *args], check=True, capture_output=True, cwd="/", **self.as_user)

    def start(self):
        settings = {
            "listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off", "full_page_writes": "off",
            "shared_buffers": "64MB", "max_wal_size": "128MB", "max_connections": "200", "log_min_error_statement": "panic", "autovacuum": "on", **self.settings,
        }
        options = [x for n, v in settings.items() for x in ("-c", f"{n}={v}")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([f"{self.bin}/postgres", "-D", self.data, *options], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd="/", start_new_session=True, preexec_fn=_ends_with_us, **self.as_user)
        for _ in range(600):
            if subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", self.folder]).returncode == 0:
                return
            assert self.process.poll() is None, open(self.log).read()[-2000:]
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL did not start")

    def stop(self, how=signal.SIGINT):
        """SIGINT ends sessions and stops; SIGQUIT is a crash."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def remove(self):
        self.stop()
        folders.remove(self.folder)

    def url(self, database):
        return f"host={self.folder} user=calends dbname={database}"

    def sql(self, database, text):
        """Rows as lists of texts; NULL is an empty text. Of several statements those of the last."""
        kept = self.kept[database].pop() if self.kept[database] else None
        connection = kept or PQ.PQconnectdb(self.url(database).encode())
        result = PQ.PQexec(connection, text.encode())
        if kept and _was_cut(connection, result):
            PQ.PQclear(result)
            PQ.PQfinish(connection)
            return self.sql(database, text)
        try:
            assert PQ.PQresultStatus(result) in (COMMAND_OK, TUPLES_OK), PQ.PQerrorMessage(connection).decode()
            return [[PQ.PQgetvalue(result, row, column).decode() for column in range(PQ.PQnfields(result))]
                    for row in range(PQ.PQntuples(result))]
        finally:
            PQ.PQclear(result)
            if PQ.PQtransactionStatus(connection) == IDLE and not LEAVES_SOMETHING.search(text):
                self.kept[database].append(connection)
            else:
                PQ.PQfinish(connection)

    def leave(self, database):
        """Ends the sessions that sql() has kept."""
        while self.kept[database]:
            PQ.PQfinish(self.kept[database].pop())

    def create(self, database, template="template1"):
        self.leave(template)
        # Its 650 files are copied as files, and not a page at a time through the log: a third of the time.
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY")

    def drop(self, database):
        """Its sessions are told to end, and waited for five seconds: on a busy machine some need to be told once more."""
        self.leave(database)
        for _ in range(11):
            try:
                return self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            except AssertionError as e:
                if "is being accessed by other users" not in str(e):
                    raise
        return self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
