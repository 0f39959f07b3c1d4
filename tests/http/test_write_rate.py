# SPDX-License-Identifier: Apache-2.0
"""F53: writes to what an account has are counted, by both doors together; a quota of octets does not see their rows."""
import json
import time

import pytest

from dav import Dav
from davfaults import DEAD
from davwrite import NO_TAG, new_event, proppatch, put_new
from oauth_flow import App, Browser
import structured

SERVE = ["--write-rate", "1", "--rate-limit", "100000"]
AHEAD = 400
JSON = {"Content-Type": "application/json"}
EVENT = {"title": "One", "start_time": "2027-01-01T10:00:00Z", "end_time": "2027-01-01T11:00:00Z"}


class Person:
    def __init__(self, world, email):
        self.world, self.account = world, world.account(email)
        self.dav = Dav(world.url, email, self.account.key)
        self.home = f"/dav/calendars/{self.account.id}/"
        self.cal = self.home + "default/"

    def rest(self, method, target, body=None, key=None, **headers):
        return self.world.request(method, target, body and json.dumps(body), {**JSON, **headers}, key or self.account.key)

    def write(self):
        return self.dav.request("MKCALENDAR", self.cal)  # 403: is there. It counts all the same

    def spend(self):
        """All that there is, and what comes meanwhile, one a second; how much that was."""
        began, n = time.monotonic(), 0
        while self.write().status != 429:
            n += 1
            assert n <= AHEAD + 1 + time.monotonic() - began, "nothing bounds writes"
        return n


def is_refused(person, run):
    """At once after the last write that passed; on a busy machine the next may be there meanwhile."""
    for _ in range(30):
        person.spend()
        answer = run()
        if answer.status == 429:
            assert answer.headers["Retry-After"] == "1" and "Nothing of this request was stored" in answer.text
            return True
    return False


@pytest.fixture(scope="module")
def ann(world):
    return Person(world, "ann@example.org")


def test_so_many_at_once_and_then_so_many_a_second(world):
    """Without it one account made 12,000 rows in 15 seconds, for ever."""
    fast = Person(world, "fast@example.org")
    began = time.monotonic()
    count = fast.spend()
    assert AHEAD <= count <= AHEAD + (time.monotonic() - began) + 1
    assert world.wait_for(lambda: fast.write().status == 403)  # as Retry-After says


def test_every_method_that_writes_is_counted(world):
    """None of these would write, so that one which is let through changes nothing for the others."""
    ann = Person(world, "each@example.org")
    made = ann.rest("POST", "/v1/events", EVENT).json["id"]
    [mine] = [c["id"] for c in ann.rest("GET", "/v1/calendars").json["data"]]
    put_new(ann.dav, ann.cal + "a.ics")
    a, b = ann.cal + "a.ics", ann.cal + "b.ics"
    dav = lambda method, path, body=None, **headers: lambda: ann.dav.request(method, path, body, If_Match=NO_TAG, **headers)
    rest = lambda method, path: lambda: ann.rest(method, path, {"no_such_field": 1})
    for run in (
            dav("PUT", b, new_event(), Content_Type="text/calendar"), dav("DELETE", a), dav("MOVE", a, Destination=b),
            dav("COPY", a, Destination=b), dav("COPY", ann.cal, Destination=ann.home + "b/"), dav("MKCALENDAR", ann.cal),
            dav("MKCOL", ann.cal), lambda: proppatch(ann.dav, ann.cal, DEAD, If_Match=NO_TAG),
            rest("POST", "/v1/events"), rest("PATCH", f"/v1/events/{made}"), rest("POST", f"/v1/events/{made}/cancel"),
            rest("DELETE", f"/v1/events/{made}?no_such=1"), rest("POST", "/v1/calendars"), rest("PATCH", f"/v1/calendars/{mine}"),
            rest("DELETE", f"/v1/calendars/{mine}?no_such=1"), rest("POST", "/api/v1/hosted-calendars"),
            rest("PATCH", f"/api/v1/hosted-calendars/{mine}"), rest("DELETE", f"/api/v1/hosted-calendars/{mine}?no_such=1")):
        assert run().status in (400, 403, 412, 422, 429)
        assert is_refused(ann, run), run()


def test_what_is_refused_is_not_there_and_says_when_to_come_again(ann):
    ann.spend()
    for n in range(30):
        answer = ann.dav.put(f"{ann.cal}new{n}.ics", new_event())
        if answer.status == 429:
            break
    assert answer.status == 429 and ann.dav.request("GET", f"{ann.cal}new{n}.ics").status == 404
    for n in range(30):
        reply = ann.rest("POST", "/v1/events", EVENT)
        if reply.status == 429:
            break
    assert structured.check_limits(reply) == "writes" and reply.headers["RateLimit-Policy"] == '"writes";q=400;w=400'
    assert reply.headers["X-RateLimit-Remaining"] == "0" and reply.json["error"]["retry_after_seconds"] == 1


def test_what_an_import_stores_counts_row_by_row(world):
    importer = Person(world, "importer@example.org")
    [mine] = [c["id"] for c in importer.rest("GET", "/v1/calendars").json["data"]]
    events = "".join(f"BEGIN:VEVENT\r\nUID:n{n}\r\nDTSTART:20270101T100000Z\r\nEND:VEVENT\r\n" for n in range(AHEAD + 200))
    send = lambda: world.request("POST", f"/v1/calendars/{mine}/import", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n",
                                 {"Content-Type": "text/calendar"}, importer.account.key)
    began = time.monotonic()
    reply = send()
    assert reply.status == 200 and reply.json["created"] == AHEAD + 200, reply
    assert importer.spend() <= time.monotonic() - began + 1, "no more is left than came since then"
    assert is_refused(importer, send)


def test_reading_goes_on_and_so_do_others(world, ann):
    bob = Person(world, "bob@example.org")
    ann.spend()
    assert ann.dav.propfind(ann.cal, "<D:sync-token/>").status == 207
    assert ann.dav.sync(ann.cal).status == 207
    assert ann.rest("GET", "/v1/events").status == 200
    assert bob.dav.put(bob.cal + "a.ics", new_event()).status == 201


def test_it_is_one_account_whatever_the_credential_and_the_world(world, ann):
    test_key = world.key(ann.account, kind="secret", mode="test")
    second = world.key(ann.account)
    for key in (test_key, second):
        assert is_refused(ann, lambda: ann.rest("POST", "/v1/events", EVENT, key))


def connected_to(app, account):
    browser = Browser(app.world)
    browser.sign_in(account)
    return app.connect(browser, scope="events:read events:write")["connected_account_id"]


def test_a_platform_writes_at_the_expense_of_each_of_its_users(world):
    app = App(world, owner="platform@example.org", scope="events:read events:write")
    platform = Person(world, "platform@example.org")
    secret = world.key(platform.account, kind="secret")
    users = [Person(world, f"user{n}@example.org") for n in range(2)]
    spent, other = [connected_to(app, u.account) for u in users]
    post = lambda connected: platform.rest("POST", "/v1/events", EVENT, secret, **{"Connected-Account": connected})
    platform.spend()
    assert post(other).status == 201
    assert is_refused(users[0], lambda: post(spent))
    assert post(other).status == 201


def test_a_copied_calendar_counts_with_its_objects(world):
    carol = Person(world, "carol@example.org")
    for i in range(AHEAD * 6 // 10):
        put_new(carol.dav, f"{carol.cal}{i}.ics")
    copy = lambda name: carol.dav.request("COPY", carol.cal, Destination=f"{carol.home}{name}/").status
    assert copy("one") == 201
    assert carol.spend() < 30


def test_no_limit_of_requests_is_none_of_writes(world):
    world.restart("--rate-limit", "0")
    free = Person(world, "free@example.org")
    assert {free.write().status for _ in range(AHEAD + 20)} == {403}
    world.restart(*SERVE)
