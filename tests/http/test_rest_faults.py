# SPDX-License-Identifier: Apache-2.0
"""Each statement of a REST request fails once, in turn: a clean 5xx, nothing half-written, the next request works."""
import json

import pytest

JSON = {"Content-Type": "application/json"}
SERVE = ["--rate-limit", "10000"]
RANGE = "from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z"
EVENT = {"title": "x", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z",
    "recurrence": {"rule": "FREQ=DAILY;COUNT=3"}}


@pytest.fixture(scope="module")
def api(world):
    key = world.account("ann@example.org").key

    def call(method, target, body=None, failing=0):
        octets = None if body is None else json.dumps(body)
        headers = {**(JSON if octets else {}), **({"Calends-Fail-Query": str(failing)} if failing else {})}
        return world.request(method, target, octets, headers, key)
    return call


def until_it_passes(api, method, target, body=None, state=None):
    """The request with its n-th statement failing, n = 1, 2 … until it has fewer. `state` must not move before that."""
    before = state() if state else None
    for n in range(1, 20):
        reply = api(method, target, body, n)
        if reply.status < 500:
            assert n > 1, "no statement was made to fail"
            return reply
        assert reply.status == 503 and ('"api_error"' in reply.text or reply.json["error"] == "Service Unavailable"), reply
        assert not any(w in reply.words for w in ("SELECT", "statement", ".c:", "/work", "sql")), reply
        assert not state or state() == before, f"statement {n} left something behind"
    raise AssertionError("it never passed")


@pytest.mark.parametrize("target", ["/v1/profile", "/v1/calendars", "/v1/events", f"/v1/events?{RANGE}", f"/v1/freebusy?{RANGE}",
    "/api/v1/hosted-calendars"])
def test_reading_survives_any_failure(api, target):
    assert api("POST", "/v1/events", EVENT).status == 201
    assert until_it_passes(api, "GET", target).status == 200


def test_an_event_is_made_changed_and_deleted_whole_or_not_at_all(world, api):
    def stored():
        return world.sql("SELECT count(*), coalesce(sum(modseq), 0), count(*) FILTER (WHERE deleted) FROM calendar_object") + \
            world.sql("SELECT sum(modseq), sum(objects), sum(bytes) FROM calendar_state") + world.sql("SELECT count(*) FROM outbox")

    made = until_it_passes(api, "POST", "/v1/events", EVENT, stored)
    assert made.status == 201
    path = f"/v1/events/{made.json['id']}"
    assert until_it_passes(api, "PATCH", path, {"title": "y"}, stored).json["title"] == "y"
    assert until_it_passes(api, "PATCH", path + "_20270302T090000Z", {"title": "z"}, stored).json["title"] == "z"
    assert until_it_passes(api, "POST", path + "/cancel", None, stored).json["is_cancelled"] is True
    assert until_it_passes(api, "DELETE", path + "?mode=delete", None, stored).status == 204
    assert api("GET", path).status == 404


def test_a_calendar_is_changed_and_deleted_whole(world, api):
    made = until_it_passes(api, "POST", "/v1/calendars", {"name": "Faulty"})
    path = f"/v1/calendars/{made.json['id']}"
    assert until_it_passes(api, "PATCH", path, {"name": "Better", "selected": False}).json["name"] == "Better"
    whole = world.sql("SELECT count(*) FROM calendar c FULL JOIN calendar_state s ON s.calendar_id = c.id WHERE c.id IS NULL OR s.calendar_id IS NULL")
    assert whole == [["0"]]
    assert until_it_passes(api, "DELETE", path).status == 200
