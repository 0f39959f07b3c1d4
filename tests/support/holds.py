# SPDX-License-Identifier: Apache-2.0
"""What a world keeps from happening for a while: jobs, and what would need a lock."""
import contextlib
import os
import subprocess
import threading

MOST_S = 60  # a job waits half as long for what it needs


class Holds:
    holds = 0  # those that are open

    @contextlib.contextmanager
    def jobs_held(self):
        """No job begins, and none is in the middle, in the servers that run now. In dev builds."""
        file = self.environment["CALENDS_DEV_JOBS_HELD"]
        self.holds += 1  # of one thread
        try:
            with open(file, "w", encoding="ascii"):
                pass
            for server in (self, self._second):
                if server and server.process:
                    assert server.wait_for(lambda s=server: not s.jobs_running(), MOST_S), server.jobs_running()
            yield
        finally:
            self.holds -= 1
            if not self.holds:
                os.unlink(file)

    @contextlib.contextmanager
    def holding(self, statements, jobs=False):
        """Jobs are held, so that whoever waits is who was sent; with `jobs` they go on."""
        with contextlib.nullcontext() if jobs else self.jobs_held(), self._holding(statements) as commit:
            yield commit

    @contextlib.contextmanager
    def _holding(self, statements):
        psql = subprocess.Popen([f"{self.postgres.bin}/psql", "-Xq", self.database_url], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        try:
            psql.stdin.write(f"BEGIN; {statements}; \\echo held\n")
            psql.stdin.flush()
            assert "held\n" in iter(psql.stdout.readline, ""), statements
            yield lambda end="COMMIT": psql.communicate(f"{end};\n")
        finally:
            if psql.poll() is None:
                psql.kill()
                psql.wait()

    def waiting(self):
        [[count]] = self.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
                           "AND backend_type = 'client backend'")
        return int(count)

    def meanwhile(self, statements, run):
        """What `run` gives that has to wait for a transaction which has run these and then commits."""
        given = []
        with self.holding(statements) as commit:
            thread = threading.Thread(target=lambda: given.append(run()))
            thread.start()
            waited = self.wait_for(self.waiting)
            commit()
            thread.join()
        assert waited, "nothing had to wait"
        return given[0]
