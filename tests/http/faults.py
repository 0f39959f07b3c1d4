# SPDX-License-Identifier: Apache-2.0
"""A request whose n-th statement fails, for n = 1, 2 … until it has fewer, before the statement is sent and after it.

    faults = Faults(world)
    faults.each(prepare)        # prepare() makes something new and gives (method, target, body, headers) for it

A refusal is 500 or 503 (or an answer that was cut), changes no table or all the tables that the whole request changes,
and the same request without a failure is answered next."""
from stored import Stored

# How often somebody tried is counted of those who fail, too; a queue that waits already stays as it is, and so many notices of an account wait at most.
BESIDE = ("throttle", "webhook_queue", "notice")


class Faults:
    def __init__(self, world):
        # Once an account has an endpoint or an app its calendars say so, for good: who is the first to make one is chance.
        self.stored, self.client = Stored(world, BESIDE, {"calendar": "watched"}), world.client_connection()

    def close(self):
        self.client.close()
        self.stored.close()

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
        reply, tables = self.stored.changed(lambda: self.send(*request, failing))
        return reply, tables, request

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
