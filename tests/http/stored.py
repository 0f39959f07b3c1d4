# SPDX-License-Identifier: Apache-2.0
"""Everything that is stored, table by table, compared over a while in which no job runs: what differs, a request has changed.

    stored = Stored(world)
    with stored.unchanged():                 # asserts it
        …
    value, tables = stored.changed(lambda: …)
    with stored.grown() as more:             # more["calendar"] is by how many rows, when it is over
        …

Whoever compares what many tables have does it by this: a job may write at any time, of what any test before has left."""
import contextlib
import subprocess


class Stored:
    def __init__(self, world, beside=(), but=()):
        """Not of tables that are `beside` what is asked of a request; `but` has fields of others, {table: field}."""
        self.world = world
        rows = world.sql("SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace")
        self.tables = sorted({name for [name] in rows} - set(beside))
        digest = {table: f"jsonb_hash_extended(to_jsonb(r) - '{field}', 0)" for table, field in dict(but).items()}
        state = " UNION ALL ".join(f"SELECT '{t}', count(*) || ' ' || coalesce(sum({digest.get(t, 'hash_record_extended(r, 0)')}), 0) FROM {t} r"
                                   for t in self.tables)
        counts = " UNION ALL ".join(f"SELECT '{t}', count(*)::text FROM {t}" for t in self.tables)
        # One for all, and planned once, which takes longer than to run: there are many states to look at.
        self.psql = subprocess.Popen([f"{world.postgres.bin}/psql", "-XAtq", "-F", "\t", world.database_url], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"PREPARE state AS {state};\nPREPARE counts AS {counts};\n")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait(60)

    def _asked(self, statement):
        """What each table has by a statement that was prepared."""
        self.psql.stdin.write(f"EXECUTE {statement};\n")
        self.psql.stdin.flush()
        return dict(self.psql.stdout.readline().rstrip("\n").split("\t") for _ in self.tables)

    def changed(self, run):
        """What it gives, and the tables that are other than before."""
        with self.world.jobs_held():
            before = self._asked("state")
            value = run()
            after = self._asked("state")
        return value, {t for t in self.tables if before[t] != after[t]}

    @contextlib.contextmanager
    def unchanged(self):
        with self.world.jobs_held():
            before = self._asked("state")
            yield
            after = self._asked("state")
        assert {t for t in self.tables if before[t] != after[t]} == set()

    @contextlib.contextmanager
    def grown(self):
        """Gives how many rows more each table has, once it is over."""
        more = {}
        with self.world.jobs_held():
            before = self._asked("counts")
            yield more
            more.update({t: int(n) - int(before[t]) for t, n in self._asked("counts").items()})
