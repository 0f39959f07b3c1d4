# SPDX-License-Identifier: Apache-2.0
"""Every flag and condition times every verb that writes, at both ends, overwriting and not.

Each case says what stands before and what is asked; afterwards the answer is compared, and that a refusal changed nothing
at either end: bytes, properties, tokens, counters.
"""
import itertools
import json
import uuid

import pytest

from dav import C, D, NAMESPACES
from davfaults import DEAD, consistent
from davwrite import NO_TAG, new_event, proppatch, put_new

SECONDS = 39
SERVE = ["--rate-limit", "100000"]
CONFLICT = C + "no-uid-conflict"


def writable(world, owner, path, value):
    [one] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(path)]
    reply = world.request("PATCH", f"/v1/calendars/{one}", json.dumps({"writable": value}), {"Content-Type": "application/json"}, owner.key)
    assert reply.status == 200, reply


class Ends:
    """A source and a target, objects or calendars, made anew for each case."""

    def __init__(self, world, owner, dav, home):
        self.world, self.owner, self.dav, self.home = world, owner, dav, home
        self.a, self.b = (f"{home}{uuid.uuid4()}/" for _ in range(2))
        for cal in (self.a, self.b):
            assert dav.request("MKCALENDAR", cal).status == 201
        self.source, self.target = self.a + "s.ics", self.b + "t.ics"
        self.tag = put_new(dav, self.source, new_event("one"))
        proppatch(dav, self.source, DEAD)

    def occupy(self, uid):
        tag = put_new(self.dav, self.target, new_event(uid, summary="Stood here"))
        proppatch(self.dav, self.target, "<x:old xmlns:x='urn:x'>of the replaced</x:old>")
        return tag

    def state(self):
        """All that a client can see of both."""
        found = []
        for cal in (self.a, self.b):
            found.append(self.dav.propfind(cal, "<D:sync-token/><D:getetag/><D:displayname/>", depth=1).body)
            for name in ("s.ics", "t.ics"):
                for answer in (self.dav.request("GET", cal + name),
                               self.dav.propfind(cal + name, "<x:y xmlns:x='urn:x'/><x:old xmlns:x='urn:x'/>")):
                    found.append(answer.status == 404 or answer.body)  # a refusal has its Request-Id in it
        return found

    def dead(self, path):
        [one] = self.dav.propfind(path, "<x:y xmlns:x='urn:x'/><x:old xmlns:x='urn:x'/>").responses
        return sorted(p.removeprefix("{urn:x}") for p in one.ok)

    def close(self):
        self.world.sql("UPDATE calendar SET writable = true")
        for cal in (self.a, self.b):
            self.dav.request("DELETE", cal)


@pytest.fixture()
def ends(world, owner, dav, home):
    made = Ends(world, owner, dav, home)
    yield made
    made.close()


def refused(ends, run, status, condition=None):
    before = ends.state()
    answer = run()
    assert answer.status == status, answer
    if condition:
        assert answer.condition == [condition], answer
    assert ends.state() == before and consistent(ends.world)
    return answer


@pytest.mark.parametrize("method,overwrite,same_calendar", itertools.product(("MOVE", "COPY"), (None, "T", "F"), (False, True)))
def test_an_object_with_another_uid_is_never_overwritten(ends, method, overwrite, same_calendar):
    """RFC 4791 §5.3.2.1 names PUT, COPY and MOVE."""
    if same_calendar:
        ends.target = ends.a + "t.ics"
    ends.occupy("two")
    run = lambda: ends.dav.request(method, ends.source, Destination=ends.target, Overwrite=overwrite)
    answer = refused(ends, run, 412 if overwrite == "F" else 403, None if overwrite == "F" else CONFLICT)
    if overwrite != "F":
        assert answer.xml[0].find(D + "href").text == ends.target
    assert "UID:two" in ends.dav.request("GET", ends.target).text


@pytest.mark.parametrize("method", ("MOVE", "COPY"))
def test_what_is_replaced_takes_its_properties_with_it(ends, method):
    """RFC 4918 §9.8.4, §9.9.3: as a DELETE of it would; the new one brings its own."""
    ends.occupy("one")
    assert ends.dead(ends.target) == ["old"]
    assert ends.dav.request(method, ends.source, Destination=ends.target).status == 204
    assert ends.dead(ends.target) == ["y"]
    assert "Stood here" not in ends.dav.request("GET", ends.target).text
    assert ends.dav.request("GET", ends.source).status == (404 if method == "MOVE" else 200)
    assert consistent(ends.world)


@pytest.mark.parametrize("method,occupied,which", itertools.product(("MOVE", "COPY", "PUT", "DELETE"), (False, True), ("source", "target")))
def test_a_calendar_that_is_switched_off_is_not_written(ends, method, occupied, which):
    if occupied:
        ends.occupy("one")
    path = {"source": ends.a, "target": ends.b}[which]
    writable(ends.world, ends.owner, path, False)
    obj = ends.source if which == "source" else ends.target
    if method in ("MOVE", "COPY"):
        run = lambda: ends.dav.request(method, ends.source, Destination=ends.target)
        if method == "COPY" and which == "source":
            assert run().status == (204 if occupied else 201)  # it is read, not written
            return
        status = 403
    elif method == "PUT":
        run, status = lambda: ends.dav.put(obj, new_event("one", summary="New")), 403
    else:
        run, status = lambda: ends.dav.request("DELETE", obj), 403 if which == "source" or occupied else 404
    refused(ends, run, status)


@pytest.mark.parametrize("method,occupied", itertools.product(("MOVE", "COPY"), (False, True)))
def test_a_calendar_that_is_switched_off_is_not_replaced_or_moved(ends, method, occupied):
    target = ends.b if occupied else f"{ends.home}{uuid.uuid4()}/"
    off = ends.b if occupied else ends.a
    writable(ends.world, ends.owner, off, False)
    run = lambda: ends.dav.request(method, ends.a, Destination=target)
    if method == "COPY" and not occupied:
        assert run().status == 201
        ends.dav.request("DELETE", target)
        return
    refused(ends, run, 403)


CONDITIONS = [
    ("If-Match of another", lambda tag: {"If_Match": NO_TAG}, 412),
    ("If-Match of this", lambda tag: {"If_Match": tag}, None),
    ("If-Match: *", lambda tag: {"If_Match": "*"}, None),
    ("If-None-Match: *", lambda tag: {"If_None_Match": "*"}, 412),
    ("If-None-Match of this", lambda tag: {"If_None_Match": tag}, 412),
    ("If-None-Match of another", lambda tag: {"If_None_Match": NO_TAG}, None),
    ("If of another", lambda tag: {"If": f"([{NO_TAG}])"}, 412),
    ("If of this", lambda tag: {"If": f"([{tag}])"}, None),
]


@pytest.mark.parametrize("method,occupied,condition", itertools.product(("MOVE", "COPY", "PUT", "DELETE"), (False, True), CONDITIONS),
    ids=lambda v: v[0] if isinstance(v, tuple) else str(v))
def test_a_condition_is_about_the_object_that_the_request_names(ends, method, occupied, condition):
    """RFC 9110 §13.1, RFC 4918 §10.4."""
    name, make, failing = condition
    if occupied:
        ends.occupy("one")
    headers = make(ends.tag)
    if method in ("MOVE", "COPY"):
        run = lambda: ends.dav.request(method, ends.source, Destination=ends.target, **headers)
    elif method == "PUT":
        run = lambda: ends.dav.put(ends.source, new_event("one", summary="New"), **headers)
    else:
        run = lambda: ends.dav.request("DELETE", ends.source, **headers)
    if failing:
        refused(ends, run, failing)
    else:
        assert run().status in (201, 204)
        assert consistent(ends.world)


@pytest.mark.parametrize("method,occupied,condition", itertools.product(("MOVE", "COPY", "DELETE"), (False, True),
    [c for c in CONDITIONS if "of this" not in c[0]]), ids=lambda v: v[0] if isinstance(v, tuple) else str(v))
def test_a_condition_on_a_calendar_is_judged(ends, method, occupied, condition):
    """Its tag is weak, so that If-Match compares it with nothing (RFC 9110 §8.8.3.2, §13.1.1)."""
    name, make, failing = condition
    target = ends.b if occupied else f"{ends.home}{uuid.uuid4()}/"
    more = {} if method == "DELETE" else {"Destination": target}
    run = lambda: ends.dav.request(method, ends.a, **more, **make(NO_TAG))
    if failing:
        refused(ends, run, failing)
    else:
        assert run().status in (201, 204)
        assert consistent(ends.world)
        ends.dav.request("DELETE", target)


def test_a_quota_counts_what_a_put_adds(ends):
    """A nearly full calendar takes the same, the smaller, and refuses the larger with nothing changed."""
    put_new(ends.dav, ends.target, new_event("two", "20270101T100000Z", "X-PAD:" + "x" * 500))
    name = ends.b.split("/")[-2]
    size = len(new_event("two", "20270101T100000Z", "X-PAD:" + "x" * 500))
    ends.world.sql(f"UPDATE calendar_state s SET bytes = 1073741824 FROM calendar c WHERE c.id = s.calendar_id AND c.name = '{name}'")
    assert ends.dav.put(ends.target, new_event("two", "20270101T100000Z", "X-PAD:" + "y" * 500)).status == 204
    larger = ends.dav.put(ends.target, new_event("two", "20270101T100000Z", "X-PAD:" + "x" * 501))
    assert larger.status == 507 and "at most 1073741824 octets" in larger.text
    assert "y" * 500 in ends.dav.request("GET", ends.target).text
    assert ends.dav.put(ends.target, new_event("two", "20270101T100000Z", "X-PAD:" + "x" * 499)).status == 204
    assert ends.dav.put(ends.target, new_event("two", "20270101T100000Z", "X-PAD:" + "x" * 500)).status == 204
    assert ends.dav.put(ends.b + "more.ics", new_event("three")).status == 507
    assert ends.dav.request("COPY", ends.source, Destination=ends.b + "more.ics").status == 507
    assert ends.dav.request("MOVE", ends.source, Destination=ends.b + "more.ics").status == 507
    ends.world.sql(f"UPDATE calendar_state s SET bytes = {size} FROM calendar c WHERE c.id = s.calendar_id AND c.name = '{name}'")
    assert consistent(ends.world)
