# SPDX-License-Identifier: Apache-2.0
"""What the calendar's script asks the server for: events of some days, where one was dragged to, and to hear of changes."""
import json
import urllib.parse

import pytest

from event_stream import EventStream
from oauth_flow import Browser, Form
from rest import Api

SIGNED_IN = "una"
PROFILE = {"tz": "Europe/Berlin"}
SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


def feed(browser, start, end, **more):
    reply = browser.get("/calendar/feed?" + urllib.parse.urlencode({"from": start, "to": end, **more}))
    assert reply.status == 200, reply
    return reply.json["events"]


def csrf(browser):
    return dict(Form(browser.get("/calendar/new").text, "/calendar/new").fields)["csrf"]


def move(browser, event, **fields):
    sent = {"csrf": csrf(browser), "etag": event["etag"], "scope": "this", "all_day": "", **fields}
    return browser.post(f"/calendar/events/{event['id']}/move", {k: v for k, v in sent.items() if v is not None})


def test_events_are_told_by_the_clock_of_the_user(api, browser):
    made = api.event(title="Late", start_time="2026-03-10T23:30:00Z", end_time="2026-03-11T00:15:30Z", location="Here")
    api("POST", "/v1/events", {"title": "Days", "start_time": "2026-03-12", "end_time": "2026-03-14", "all_day": True})
    late, days = feed(browser, "2026-03-09", "2026-03-16")
    assert late == {"id": made["id"], "title": "Late", "all_day": False, "start": "2026-03-11T00:30:00", "end": "2026-03-11T01:15:30",
        "hue": "hue-1", "etag": made["etag"], "location": "Here", "repeats": False, "cancelled": False, "tentative": False, "fixed": False}
    assert (days["start"], days["end"], days["all_day"]) == ("2026-03-12", "2026-03-14", True)
    assert [e["title"] for e in feed(browser, "2026-03-11", "2026-03-12")] == ["Late"]


@pytest.mark.parametrize("query", ["", "from=2026-01-01", "to=2026-01-01", "from=2026-01-01&to=2026-01-01", "from=2026-01-02&to=2026-01-01",
    "from=2026-01-01&to=2027-01-01", "from=x&to=y", "from=2026-02-30&to=2026-03-02"])
def test_days_that_are_none_are_refused(browser, query):
    assert browser.get(f"/calendar/feed?{query}").status == 400


def test_an_event_is_moved_by_the_clock_of_the_user(api, browser):
    event = api.event(title="Moved", start_time="2026-03-27T08:00:00Z", end_time="2026-03-27T09:00:00Z", timezone="Europe/Berlin")
    reply = move(browser, event, start="2026-03-30T09:00:00", end="2026-03-30T10:00:00")
    assert (reply.status, reply.json) == (200, {"id": event["id"]})
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["start_time"], now["end_time"], now["title"]) == ("2026-03-30T07:00:00Z", "2026-03-30T08:00:00Z", "Moved"), "summer time between"


def test_days_and_hours_become_one_another(api, browser):
    event = api.event(title="Turns", start_time="2026-04-01T08:00:00Z", end_time="2026-04-01T09:00:00Z")
    assert move(browser, event, all_day="1", start="2026-04-02", end="2026-04-03").status == 200
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["all_day"], now["start_time"], now["end_time"]) == (True, "2026-04-02", "2026-04-03")
    assert move(browser, now, start="2026-04-02T10:00:00", end="2026-04-02T11:00:00").status == 200
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["all_day"], now["start_time"], now["timezone"]) == (False, "2026-04-02T08:00:00Z", "Europe/Berlin")


@pytest.mark.parametrize("scope,moved", [("this", [1]), ("this_and_following", [1, 2]), ("all", [0, 1, 2])])
def test_of_a_series_one_those_that_follow_or_all_are_moved(api, browser, scope, moved):
    series = api.event(title="Series", start_time="2026-05-04T08:00:00Z", end_time="2026-05-04T09:00:00Z", timezone="UTC", recurrence={"rule": "FREQ=DAILY;COUNT=3"})
    second = feed(browser, "2026-05-04", "2026-05-08")[1]
    assert second["repeats"] and second["id"].startswith(series["id"] + "_")
    reply = move(browser, second, scope=scope, start="2026-05-05T11:00:00", end="2026-05-05T12:00:00")
    assert reply.status == 200, reply
    assert [i for i, e in enumerate(feed(browser, "2026-05-04", "2026-05-08")) if e["start"].endswith("11:00:00")] == moved
    for event in api("GET", "/v1/events?from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z&expand=none").json["data"]:
        api("DELETE", f"/v1/events/{event['id']}?mode=delete")


@pytest.mark.parametrize("fields,status", [
    ({"csrf": None}, 403), ({"csrf": "0" * 64}, 403), ({"etag": '"00000000000000000000000000000000"'}, 412), ({"etag": ""}, 400),
    ({"start": "x"}, 400), ({"end": ""}, 400), ({"start": "2026-06-01"}, 400), ({"all_day": "1"}, 400), ({"end": "2026-06-01T07:00:00"}, 400),
    ({"start": "2026-06-01T25:00:00"}, 400),
], ids=lambda v: str(v) if isinstance(v, int) else "-".join(f"{k}={w}" for k, w in v.items()))
def test_a_move_that_cannot_be_is_told(api, browser, fields, status):
    event = api.event(title="Stays", start_time="2026-06-01T08:00:00Z", end_time="2026-06-01T09:00:00Z")
    reply = move(browser, event, **{"start": "2026-06-01T12:00:00", "end": "2026-06-01T13:00:00", **fields})
    assert reply.status == status, reply
    if status in (400, 412):
        assert reply.json["message"]
    if status != 200:
        assert api("GET", f"/v1/events/{event['id']}").json == event


def test_events_of_others_are_neither_told_nor_moved(world, api):
    event = api.event(title="Secret of Una", start_time="2026-07-01T08:00:00Z", end_time="2026-07-01T09:00:00Z")
    bob = Browser(world)
    bob.sign_in(world.account("bob@example.org"))
    assert feed(bob, "2026-07-01", "2026-07-02") == []
    assert move(bob, event, start="2026-07-02T08:00:00", end="2026-07-02T09:00:00").status == 404
    assert api("GET", f"/v1/events/{event['id']}").json == event


def test_a_stranger_hears_nothing(world):
    stranger = Browser(world)
    for path in ("/calendar/feed?from=2026-01-01&to=2026-01-02", "/calendar/stream"):
        assert stranger.get(path).location.startswith("/sign-in")
    assert stranger.post("/calendar/events/evt_x/move", {}).status == 403


# ---- the stream ----


@pytest.fixture
def own(world, una):
    b = Browser(world)
    b.sign_in(una)
    return b


def listening(browser, query=""):
    jar = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    return EventStream(browser.world, f"/calendar/stream{query}", headers={"Cookie": jar})


def test_a_session_hears_what_its_calendars_become(api, own):
    with listening(own) as stream:
        assert stream.status == 200 and stream.next("ready").data["livemode"] is True
        event = api.event(title="Heard")
        assert stream.next("change").data["event_id"] == event["id"]


def test_it_ends_with_the_session(own):
    """Nothing is told any more once its user has signed out."""
    with listening(own) as stream:
        stream.next("ready")
        assert own.post("/sign-out", Form(own.get("/account").text, "/sign-out").fields).status == 303
        assert stream.next("end").data == {"object": "end", "reason": "credential_ended"}


def test_the_live_stream_does_not_tell_of_test_mode(world, una, api, own):
    with listening(own) as live, listening(own, "?mode=test") as test:
        assert live.next("ready").data["livemode"] is True and test.next("ready").data["livemode"] is False
        made = world.post("/v1/events", json.dumps({"title": "t", "start_time": "2026-01-01T08:00:00Z", "end_time": "2026-01-01T09:00:00Z"}),
            {"Content-Type": "application/json"}, world.key(una, kind="secret", mode="test"))
        assert test.next("change").data["event_id"] == made.json["id"]
        event = api.event(title="Live")
        assert live.next("change").data["event_id"] == event["id"]
