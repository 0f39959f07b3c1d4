# SPDX-License-Identifier: Apache-2.0
"""POST /v1/freebusy/find_slots: times for several people. tests/unit/calendar/test_slots.c has the search itself."""
import json

import pytest

from oauth_flow import App, Browser
from rest import Api, assert_error

SERVE = ["--rate-limit", "100000"]
HOURS = {"timezone": "Europe/Berlin", "days": {d: [{"start": "09:00", "end": "12:00"}] for d in ("monday", "tuesday")}}
MONDAY = {"earliest_start": "2027-03-01T08:00:00Z", "latest_end": "2027-03-01T12:00:00Z", "duration_minutes": 60}


@pytest.fixture(scope="module")
def platform(world):
    """Busy on Monday the 1st of March from 9 to 10."""
    account = world.account("owner@platform.example", plan="pro")
    busy(Api(world, account.key), "01T09:00", "01T10:00")
    return account


@pytest.fixture(scope="module")
def secret(world, platform):
    return world.key(platform, kind="secret")


@pytest.fixture(scope="module")
def connected(world, platform):
    """Tentatively busy from 10:30 to 11."""
    user = world.account("user@example.org", plan="pro")
    busy(Api(world, user.key), "01T10:30", "01T11:00", status="tentative")
    browser = Browser(world)
    browser.sign_in(user)
    return App(world, scope="calendars:read").connect(browser, scope="calendars:read")["connected_account_id"]


def busy(api, start, end, **fields):
    return api.event(start_time=f"2027-03-{start}:00Z", end_time=f"2027-03-{end}:00Z", timezone="UTC", **fields)


def find(world, key, participants, **changes):
    body = {"participants": participants} | MONDAY | changes
    return world.post("/v1/freebusy/find_slots", json.dumps({n: v for n, v in body.items() if v is not None}),
                      {"Content-Type": "application/json"}, key)


def slots(reply):
    """The starts, in the order of the answer; the rest of each is judged here."""
    assert reply.status == 200, reply
    assert set(reply.json) == {"object", "slots"} and reply.json["object"] == "slots"
    found = reply.json["slots"]
    assert all(set(s) == {"start", "end", "score"} and 0 <= s["score"] <= 1 for s in found)
    assert found == sorted(found, key=lambda s: (-s["score"], s["start"]))
    ordered = sorted(found, key=lambda s: s["start"])
    assert all(a["end"] <= b["start"] for a, b in zip(ordered, ordered[1:])), "none overlaps another"
    return [s["start"][8:16] for s in found]


def test_one_person_and_then_two(world, secret, platform, connected):
    assert slots(find(world, secret, [platform.id])) == ["01T08:00", "01T10:00", "01T11:00"]
    assert slots(find(world, secret, [connected])) == ["01T08:00", "01T09:00", "01T11:00"]
    reply = find(world, secret, [platform.id, connected, platform.id])
    assert slots(reply) == ["01T08:00", "01T11:00"]
    assert reply.json["slots"][0] == {"start": "2027-03-01T08:00:00Z", "end": "2027-03-01T09:00:00Z", "score": 1}
    assert reply.json["slots"][1]["score"] == 0.7, "the last possible start"
    assert int(world.log_of(reply)["db"]) <= 3


def test_a_free_time_is_used_from_its_beginning(world):
    owner = world.account("odd@example.org", plan="pro")
    busy(Api(world, owner.key), "01T07:00", "01T08:20")
    assert slots(find(world, owner.key, [owner.id], latest_end="2027-03-01T09:20:00Z")) == ["01T08:20"]


def test_a_buffer_is_kept_on_both_sides_also_of_what_lies_outside(world, secret, platform, connected):
    assert slots(find(world, secret, [platform.id], buffer_minutes_between_meetings=15)) == ["01T10:15"]
    assert slots(find(world, secret, [platform.id, connected], buffer_minutes_between_meetings=60, duration_minutes=30)) == []
    after = {"earliest_start": "2027-03-01T10:00:00Z", "latest_end": "2027-03-01T11:30:00Z"}
    assert slots(find(world, secret, [platform.id], buffer_minutes_between_meetings=30, **after)) == ["01T10:30"]


def test_working_hours_are_those_of_their_zone(world, secret, platform):
    week = {"earliest_start": "2027-03-01T00:00:00Z", "latest_end": "2027-03-08T00:00:00Z", "duration_minutes": 90}
    assert slots(find(world, secret, [platform.id], working_hours=HOURS, **week)) == ["02T08:00", "02T09:30"]
    tokyo = {**HOURS, "timezone": "Asia/Tokyo"}
    assert slots(find(world, secret, [platform.id], working_hours=tokyo, **week)) == \
        ["01T00:00", "01T01:30", "02T00:00", "02T01:30"]
    assert slots(find(world, secret, [platform.id], working_hours={"days": HOURS["days"]}, **week)) == \
        ["01T10:00", "02T09:00", "02T10:30"], "the user's own zone, UTC"
    assert slots(find(world, secret, [platform.id], working_hours={"days": {}}, **week)) == []


def test_working_hours_keep_their_clock_time_over_a_change(world):
    """Berlin goes to summer time on 2027-03-28."""
    owner = world.account("summer@example.org", plan="pro")
    hours = {"timezone": "Europe/Berlin", "days": {d: [{"start": "09:00", "end": "10:00"}] for d in ("saturday", "sunday", "monday")}}
    found = slots(find(world, owner.key, [owner.id], earliest_start="2027-03-27T00:00:00Z", latest_end="2027-03-30T00:00:00Z",
                       working_hours=hours))
    assert found == ["27T08:00", "28T07:00", "29T07:00"]


def test_what_is_preferred_comes_first_and_the_rest_after_it(world, secret, connected):
    day = {"earliest_start": "2027-03-02T06:00:00Z", "latest_end": "2027-03-02T23:00:00Z", "duration_minutes": 120}
    first = {part: slots(find(world, secret, [connected], preferred_time_of_day=part, **day)) for part in ("morning", "afternoon", "evening")}
    assert [first[p][0] for p in first] == ["02T06:00", "02T12:00", "02T17:00"]
    assert all(len(f) == 8 for f in first.values()), "nothing is left out"


def test_the_limit_is_ten_unless_said(world, secret, connected):
    day = {"earliest_start": "2027-03-02T00:00:00Z", "latest_end": "2027-03-03T00:00:00Z", "duration_minutes": 30}
    for sent, expected in ((None, 10), (1, 1), (25, 25)):
        assert len(slots(find(world, secret, [connected], limit=sent, **day))) == expected


def test_nobody_is_passed_over(world, secret, platform, connected):
    """A slot that somebody was left out of would be wrong; and nothing tells who exists."""
    for stranger in ("usr_0355WHuCFfRpMfB53mC9Z6", world.account("user@example.org").id, "user@example.org", "cpa_0000000000000000000001"):
        error = assert_error(find(world, secret, [platform.id, connected, stranger]), 400, "invalid_value", "participants[2]")
        assert error["message"] == "There is no such participant, or it is not yours to ask about."


BAD_HOURS = [
    ({"timezone": "Europe/Nowhere", "days": {}}, "working_hours.timezone"),
    ({"timezone": "UTC"}, "working_hours.days"),
    ({"days": {"monday": [{"start": "9:00", "end": "17:00"}]}}, "working_hours.days.monday[0].start"),
    ({"days": {"monday": [{"start": "+9:00", "end": "17:00"}]}}, "working_hours.days.monday[0].start"),
    ({"days": {"friday": [{"start": "09:00", "end": "24:01"}]}}, "working_hours.days.friday[0].end"),
    ({"days": {"friday": [{"start": "09:60", "end": "11:00"}]}}, "working_hours.days.friday[0].start"),
    ({"days": {"sunday": [{"start": "22:00", "end": "06:00"}]}}, "working_hours.days.sunday[0].end"),
    ({"days": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}]}}, "working_hours.days.monday[1].start"),
    ({"days": {"monday": [{"start": "09:00"}]}}, "working_hours.days.monday[0].end"),
    ({"days": {"monday": [{"start": "00:00", "end": "00:01"}] * 9}}, "working_hours.days.monday"),
    ({"days": {"montag": []}}, "working_hours.days.montag"),
]


@pytest.mark.parametrize("hours,param", BAD_HOURS, ids=[p for _, p in BAD_HOURS])
def test_what_is_wrong_with_the_hours_is_named(world, platform, hours, param):
    code = {"working_hours.days": "missing_required_field", "working_hours.days.monday[0].end": "missing_required_field",
            "working_hours.days.montag": "unknown_field"}.get(param, "invalid_value")
    assert_error(find(world, platform.key, [platform.id], working_hours=hours), 400, code, param)


@pytest.mark.parametrize("change,code,param", [
    ({"duration_minutes": 4}, "invalid_value", "duration_minutes"), ({"duration_minutes": 1441}, "invalid_value", "duration_minutes"),
    ({"duration_minutes": 30.5}, "invalid_value", "duration_minutes"), ({"duration_minutes": None}, "missing_required_field", "duration_minutes"),
    ({"buffer_minutes_between_meetings": 241}, "invalid_value", "buffer_minutes_between_meetings"),
    ({"buffer_minutes_between_meetings": -1}, "invalid_value", "buffer_minutes_between_meetings"),
    ({"limit": 0}, "invalid_value", "limit"), ({"limit": 26}, "invalid_value", "limit"),
    ({"preferred_time_of_day": "night"}, "invalid_value", "preferred_time_of_day"), ({"title": "x"}, "unknown_field", "title"),
    ({"earliest_start": "2027-03-01T08:00:00"}, "invalid_value", "earliest_start"),
    ({"latest_end": "2027-03-01T08:00:00Z"}, "invalid_value", "latest_end"),
    ({"latest_end": "2027-05-02T08:00:01Z"}, "range_too_large", "latest_end"),
    ({"participants": []}, "invalid_value", "participants")], ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named(world, platform, change, code, param):
    assert_error(find(world, platform.key, **{"participants": [platform.id]} | change), 400, code, param)


def test_a_meeting_longer_than_the_range_has_no_slot(world, platform):
    assert slots(find(world, platform.key, [platform.id], duration_minutes=241)) == []
