# SPDX-License-Identifier: Apache-2.0
"""/api/v1/calendars/hosted:{id}/events: the events of /v1 under the names of /api/v1, each by its UID."""
import json

import pytest

from dav import Dav
from davwrite import new_event

JSON = {"Content-Type": "application/json"}
VISIT = {"title": "Visit", "start_at": "2026-11-24T09:00:00Z", "end_at": "2026-11-24T10:00:00Z"}


@pytest.fixture(scope="module")
def call(world, ann):
    key = world.key(ann, kind="secret")

    def send(method, target, body=None, headers=None, key=key):
        return world.request(method, target, None if body is None else json.dumps(body), {**(JSON if body is not None else {}), **(headers or {})}, key)
    return send


@pytest.fixture(scope="module")
def calendar(call):
    made = call("POST", "/api/v1/hosted-calendars", {"name": "Visits", "timezone": "Europe/Paris"}).json["data"]
    return f"/api/v1/calendars/hosted:{made['id']}/events"


def test_an_event_is_made_read_changed_and_deleted(world, call, calendar):
    made = call("POST", calendar, {**VISIT, "uid": "visit 7/é@example.org", "attendees": [{"email": "bob@example.org", "displayName": "Bob"}]})
    assert made.status == 201 and set(made.json) == {"data"}
    event = made.json["data"]
    assert event == {"uid": "visit 7/é@example.org", "title": "Visit", "start_at": "2026-11-24T09:00:00Z", "end_at": "2026-11-24T10:00:00Z",
                     "timezone": "Europe/Paris", "attendees": [{"email": "bob@example.org", "displayName": "Bob"}]}
    one = made.headers["Location"].removeprefix(world.url)
    assert one == calendar + "/visit%207%2F%C3%A9@example.org"
    read = call("GET", one)
    assert read.status == 200 and read.json["data"] == event and call("GET", one, None, {"If-None-Match": read.headers["ETag"]}).status == 304
    changed = call("PATCH", one, {"title": "Long visit", "end_at": "2026-11-24T12:00:00Z"}, {"If-Match": read.headers["ETag"]})
    assert changed.status == 200 and changed.json["data"] == {**event, "title": "Long visit", "end_at": "2026-11-24T12:00:00Z"}
    assert call("PATCH", one, {"title": "x"}, {"If-Match": read.headers["ETag"]}).status == 412
    gone = call("DELETE", one)
    assert gone.status == 204 and gone.body == b"" and call("GET", one).status == 404 and call("DELETE", one).status == 404


def test_it_is_the_same_event_as_on_v1_and_caldav(world, call, calendar, ann):
    uid = call("POST", calendar, {**VISIT, "title": "Seen everywhere"}).json["data"]["uid"]
    same = call("GET", "/v1/events?q=everywhere").json["data"]
    assert [e["client_uid"] for e in same] == [uid] and same[0]["organizer"] is None
    path = next(c for c in call("GET", "/v1/calendars?limit=100").json["data"] if c["id"] == same[0]["calendar_id"])["caldav_url"].removeprefix(world.url)
    dav = Dav(world.url, ann.email, ann.key)
    assert dav.put(path + "put.ics", new_event("put-on-caldav@example.org", "20270101T100000Z")).status == 201
    assert call("GET", calendar + "/put-on-caldav@example.org").json["data"]["start_at"] == "2027-01-01T10:00:00Z"
    assert call("GET", calendar).json["data"][0]["uid"] == "put-on-caldav@example.org"


def test_the_list_goes_page_by_page(call):
    made = call("POST", "/api/v1/hosted-calendars", {"name": "Pages"}).json["data"]
    at, uids = f"/api/v1/calendars/hosted:{made['id']}/events", []
    for n in range(5):
        uids.insert(0, call("POST", at, {**VISIT, "title": f"n{n}"}).json["data"]["uid"])
    seen, cursor = [], ""
    while cursor is not None:
        page = call("GET", f"{at}?limit=2" + (f"&starting_after={cursor}" if cursor else "")).json
        seen += [e["uid"] for e in page["data"]]
        cursor = page["next_cursor"]
    assert seen == uids


def test_a_date_is_a_whole_day(call, calendar):
    made = call("POST", calendar, {"title": "Holiday", "start_at": "2026-12-24"}).json["data"]
    assert (made["start_at"], made["end_at"], made["timezone"]) == ("2026-12-24", "2026-12-25", None)
    one = f"{calendar}/{made['uid']}"
    assert call("PATCH", one, {"title": "Holidays"}).json["data"]["start_at"] == "2026-12-24"
    timed = call("PATCH", one, {"start_at": "2026-12-24T09:00:00Z", "end_at": "2026-12-24T10:00:00Z"})
    assert timed.status == 200 and timed.json["data"]["start_at"] == "2026-12-24T09:00:00Z"


def test_answers_of_attendees_who_stay_are_kept(call, calendar):
    made = call("POST", "/v1/events", {"title": "x", "start_time": VISIT["start_at"], "end_time": VISIT["end_at"], "attendees": [
        {"email": "bob@example.org", "status": "accepted"}, {"email": "eve@example.org"}]}).json
    first = next(c for c in call("GET", "/api/v1/hosted-calendars").json["data"] if c["name"] == "Calendar")
    one = f"/api/v1/calendars/hosted:{first['id']}/events/{made['client_uid']}"
    was = call("GET", one).json["data"]
    assert call("PATCH", one, was).json["data"] == was
    assert call("GET", f"/v1/events/{made['id']}").json["etag"] == made["etag"]  # what was read, sent back: nothing is written
    call("PATCH", one, {"attendees": [{"email": "BOB@example.org", "displayName": "Bob"}, {"email": "new@example.org"}]})
    now = call("GET", f"/v1/events/{made['id']}").json["attendees"]
    assert [(a["email"].lower(), a["status"]) for a in now] == [("bob@example.org", "accepted"), ("new@example.org", "needs_action")]


@pytest.mark.parametrize("body,field", [
    ({k: v for k, v in VISIT.items() if k != "start_at"}, "start_at"), ({k: v for k, v in VISIT.items() if k != "end_at"}, "end_at"),
    ({**VISIT, "end_at": "2026-11-24T08:00:00Z"}, "end_at"), ({**VISIT, "start_at": "tomorrow"}, "start_at"), ({**VISIT, "title": ""}, "title"),
    ({**VISIT, "timezone": "Mars/Base"}, "timezone"), ({**VISIT, "attendees": [{"displayName": "x"}]}, "attendees[0].email"),
    ({**VISIT, "start_time": "2026-11-24T08:00:00Z"}, "start_time")])
def test_what_is_wrong_has_the_name_that_it_has_here(call, calendar, body, field):
    reply = call("POST", calendar, body)
    assert reply.status == 400 and reply.json["error"] == "Bad Request" and reply.json["details"]["field"] == field, reply


def test_a_uid_is_one_event_and_stays(call, calendar):
    made = call("POST", calendar, {**VISIT, "uid": "once@example.org"})
    again = call("POST", calendar, {**VISIT, "uid": "once@example.org"})
    assert made.status == 201 and again.status == 409 and again.json["details"]["field"] == "uid"
    reply = call("PATCH", calendar + "/once@example.org", {"uid": "other@example.org"})
    assert reply.status == 400 and reply.json["details"]["field"] == "uid"


def test_a_calendar_is_named_in_one_way(call, calendar):
    good = calendar.split(":")[1].split("/")[0]
    for name in (good, f"HOSTED:{good}", f"hosted:{good.upper()}", f"hosted::{good}", "hosted:", "hosted", f"hosted:{good.replace('-', '')}", f"hosted:hosted:{good}"):
        reply = call("GET", f"/api/v1/calendars/{name}/events")
        assert reply.status == 404 and reply.json["error"] == "Not Found", name
    assert call("GET", calendar.replace(":", "%3A")).status == 200
    assert call("PUT", calendar).status == 405 and call("POST", calendar + "/x", {}).status == 405
    assert call("POST", calendar, VISIT, {"Content-Type": "text/plain"}).json["error"] == "Unsupported Media Type"


def test_a_calendar_that_is_not_writable_takes_none(call):
    made = call("POST", "/v1/calendars", {"name": "Locked"}).json["id"]
    hosted = next(c["id"] for c in call("GET", "/api/v1/hosted-calendars").json["data"] if c["name"] == "Locked")
    at = f"/api/v1/calendars/hosted:{hosted}/events"
    uid = call("POST", at, VISIT).json["data"]["uid"]
    assert call("PATCH", f"/v1/calendars/{made}", {"writable": False}).status == 200
    for method, target, body in (("POST", at, VISIT), ("PATCH", f"{at}/{uid}", {"title": "y"}), ("DELETE", f"{at}/{uid}", None)):
        reply = call(method, target, body)
        assert reply.status == 403 and reply.json["error"] == "Forbidden" and "details" not in reply.json, (method, reply)
