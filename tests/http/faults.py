# SPDX-License-Identifier: Apache-2.0
"""A request whose n-th statement fails, for n = 1, 2 … until it has fewer, before the statement is sent and after it.

    faults = Faults(world)
    faults.each(prepare)        # prepare() makes something new and gives (method, target, body, headers) for it

A refusal is 500 or 503 (or an answer that was cut), changes no table or all the tables that the whole request changes,
and the same request without a failure is answered next."""
import subprocess

# What a request may touch by the way, or a job at that moment: when a credential was used, how often somebody guessed, who
# is signed in, how far webhooks have read the outbox, how often the API was called, which requests there were, which letters to
# owners were sent (their rows come with the audit log's, by its trigger).
BESIDE = {"usage_day", "credential_use", "throttle", "session", "audit_anchor", "webhook_cursor", "words_fill", "zone_fill", "request_log", "notice", "mail"}

class Faults:
    def __init__(self, world, beside=()):
        self.world, self.client = world, world.client_connection()
        rows = world.sql("SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace")
        self.tables = sorted({name for [name] in rows} - BESIDE - set(beside))
        # Once an account has an endpoint or an app its calendars say so, for good: who is the first to make one is chance.
        # After midnight a job says in each chain of the audit log how far it is anchored.
        digest = {"calendar": "hashtextextended((to_jsonb(r) - 'watched')::text, 0)",
                  "audit_head": "hashtextextended((to_jsonb(r) - '{anchored_seq,anchored_hash}'::text[])::text, 0)"}
        state = " UNION ALL ".join(f"SELECT '{t}', count(*) || ' ' || coalesce(sum({digest.get(t, 'hash_record_extended(r, 0)')}), 0) FROM {t} r"
                                   for t in self.tables)
        counts = " UNION ALL ".join(f"SELECT '{t}', count(*)::text FROM {t}" for t in self.tables)
        # One for all, and planned once, which takes longer than to run: there are many states to look at.
        self.psql = subprocess.Popen([f"{world.postgres.bin}/psql", "-XAtq", "-F", "\t", world.database_url], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"PREPARE state AS {state};\nPREPARE counts AS {counts};\n")

    def close(self):
        self.client.close()
        self.psql.stdin.close()
        self.psql.wait(10)

    def asked(self, statement):
        """What each table has by a statement that was prepared."""
        self.psql.stdin.write(f"EXECUTE {statement};\n")
        self.psql.stdin.flush()
        return dict(self.psql.stdout.readline().rstrip("\n").split("\t") for _ in self.tables)

    def state(self):
        """A digest of each table."""
        return self.asked("state")

    def counts(self):
        """How many rows each table has."""
        return {name: int(count) for name, count in self.asked("counts").items()}

    def send(self, method, target, body, headers, failing=None):
        pairs = [*headers, *([("Calends-Fail-Query", failing)] if failing else [])]
        try:
            return self.client.request(method, target, body, pairs)
        except (EOFError, ConnectionError):
            self.client.close()
            return None

    def changed(self, prepare, failing=None):
        """The reply to a request, the tables that it changed, and the request."""
        request = prepare()
        before = self.state()
        reply = self.send(*request, failing)
        after = self.state()
        return reply, {t for t in self.tables if before[t] != after[t]}, request

    def each(self, prepare, passes=lambda reply: reply.status < 400):
        whole_reply, whole, _ = self.changed(prepare)
        assert passes(whole_reply), whole_reply
        for when, status in (("before", 503), ("after", 500)):
            for n in range(1, 30):
                reply, touched, request = self.changed(prepare, f"{n} {when}")
                if reply is not None and reply.status < 500:
                    assert n > 1, "no statement was made to fail"
                    assert passes(reply) and touched == whole, (reply, touched, whole)
                    break
                self.is_clean(reply, status)
                assert touched in ((set(),) if when == "before" else (set(), whole)), (n, when, touched, whole)
                again = self.send(*request)
                assert again is not None and again.status < 500, (n, when, again)
                assert touched or passes(again), (n, when, again)
            else:
                raise AssertionError("it never passed")
        return whole_reply

    @staticmethod
    def is_clean(reply, status):
        if reply is None:
            return  # after the first octet nothing is left but to cut
        assert reply.status == status, reply
        flat = reply.text.startswith('{"error":"')  # of /api/v1, whose errors have no such member
        assert not reply.body or flat or reply.request_id in reply.text, reply
        assert not any(w in reply.words for w in ("SELECT", "statement", ".c:", "made to fail", "sql")), reply
        assert status != 503 or int(reply.headers["Retry-After"]) > 0
