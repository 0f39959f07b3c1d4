# SPDX-License-Identifier: Apache-2.0
"""What refusals and conditions tell a credential that may not read, or not everywhere (docs/adr/0017)."""
import json

import pytest

from dav import C, Tree
from davwrite import new_event

SERVE = ["--rate-limit", "100000"]
PAST, FUTURE = "Thu, 01 Jan 2015 00:00:00 GMT", "Fri, 01 Jan 2038 00:00:00 GMT"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def tree(world):
    return Tree(world, "told@example.org")


@pytest.fixture(scope="module")
def places(tree):
    """(granted, not granted, a client whose key may only write, and in the first alone)"""
    inside, outside = tree.make_calendar("inside"), tree.make_calendar("outside")
    assert tree.dav.put(inside + "mine.ics", new_event("known")).status == 201
    assert tree.dav.put(outside + "hidden.ics", new_event("secret")).status == 201
    return inside, outside, tree.restricted("events:write", [inside])


def test_a_uid_conflict_names_an_object_of_the_calendar_that_is_written(places):
    """RFC 4791 §5.3.2.1 wants its href. That is all: where the credential may not go, no UID is compared."""
    inside, outside, limited = places
    answer = limited.put(inside + "other.ics", new_event("known"))
    assert answer.status == 403 and answer.condition == [C + "no-uid-conflict"]
    assert inside + "mine.ics" in answer.text and "SUMMARY" not in answer.text
    assert limited.request("GET", inside + "mine.ics").status == 403
    assert limited.put(inside + "new.ics", new_event("secret")).status == 201  # no word of the other calendar
    assert limited.request("DELETE", inside + "new.ics").status == 204


def test_nothing_leaves_or_enters_the_calendars_of_a_grant(tree, places):
    inside, outside, limited = places
    look = lambda: [tree.dav.propfind(c, "<D:getetag/><D:sync-token/>", depth=1).body for c in (inside, outside)]
    before = look()
    nowhere = limited.request("MOVE", inside + "mine.ics", Destination=tree.home + "none/a.ics").status
    for method in ("MOVE", "COPY"):
        for source, target in ((inside + "mine.ics", outside + "a.ics"), (inside + "mine.ics", outside + "hidden.ics"),
                               (outside + "hidden.ics", inside + "a.ics"), (outside + "hidden.ics", outside + "a.ics")):
            answer = limited.request(method, source, Destination=target)
            assert answer.status in (403, 404, 409), (method, source, target, answer)
            assert "secret" not in answer.text
    assert limited.request("MOVE", inside + "mine.ics", Destination=outside + "a.ics").status == nowhere
    assert look() == before


def test_rest_has_entity_tags_and_no_dates(world, tree):
    """RFC 9110 §13.1.3, §13.1.4: without a Last-Modified the conditions on dates say nothing."""
    key = tree.account.key
    made = world.post("/v1/events", json.dumps({"title": "A", "start_time": "2027-01-01T10:00:00Z", "end_time": "2027-01-01T11:00:00Z"}),
                      JSON, key)
    path, calendar = "/v1/events/" + made.json["id"], "/v1/calendars/" + made.json["calendar_id"]
    for target in (path, calendar, "/v1/profile", "/v1/calendars", "/v1/events"):
        reply = world.get(target, {"If-Modified-Since": FUTURE, "If-Unmodified-Since": PAST}, key)
        assert reply.status == 200 and "Last-Modified" not in reply.headers, target
    changed = world.request("PATCH", path, '{"title":"B"}', {**JSON, "If-Unmodified-Since": PAST}, key)
    assert changed.status == 200 and "Last-Modified" not in changed.headers
    assert world.request("PATCH", path, '{"title":"C"}', {**JSON, "If-Match": made.headers["ETag"]}, key).status == 412
