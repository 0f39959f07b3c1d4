# SPDX-License-Identifier: Apache-2.0
"""The form of a new event."""
import html
import re

import pytest

from event_page import field_error, opened
from oauth_flow import Browser, Form
from rest import Api
from test_event_pages import listed

SIGNED_IN = "una"
PROFILE = {"tz": "Europe/Berlin"}
SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


def make(browser, query="date=2026-03-10", **fields):
    """Sends the form of a new event."""
    return browser.post("/calendar/new", Form(browser.get(f"/calendar/new?{query}").text, "/calendar/new").with_(**fields))


def test_an_event_is_made_by_a_title_alone(api, browser):
    reply = make(browser, title="Dentist")
    assert reply.status == 303 and reply.location == "/calendar?date=2026-03-10&done=event-created"
    assert "The event is in your calendar." in browser.get(reply.location).text
    [event] = listed(api, "2026-03-10")
    assert event["title"] == "Dentist" and event["start_time"] == "2026-03-10T08:00:00Z" and event["end_time"] == "2026-03-10T09:00:00Z"
    assert event["timezone"] == "Europe/Berlin" and event["attendees"] == [] and event["reminders"] == []


def test_a_whole_event(api, browser):
    calendar = api("POST", "/v1/calendars", {"name": "Work"}).json["id"]
    reply = make(browser, title="Launch", start_date="2026-03-11", start_time="10:00", end_date="2026-03-11", end_time="11:30",
        zone="America/New_York", location="Room 4", description="First\r\n\r\nSecond", url="https://example.org/launch", category="Work",
        busy="free", status="tentative", repeat="weekly", ends="on", until="2026-04-01", calendar=calendar,
        attendees="Ann <ann@example.org>\r\nbob@example.org\r\n", reminders="10 min, 2h, 1 day")
    assert reply.status == 303, reply.text
    [event] = listed(api, "2026-03-11", expand="none", calendar_id=calendar)
    assert event["start_time"] == "2026-03-11T14:00:00Z" and event["timezone"] == "America/New_York"
    assert event["description"] == "First\n\nSecond" and event["url"] == "https://example.org/launch" and event["category"] == "Work"
    assert event["busy"] is False and event["status"] == "tentative" and event["location"] == "Room 4"
    assert event["recurrence"]["rule"] == "FREQ=WEEKLY;UNTIL=20260402T035959Z", "RFC 5545 §3.3.10: in UTC, the whole last day of that zone"
    assert [(a["email"], a["name"]) for a in event["attendees"]] == [("ann@example.org", "Ann"), ("bob@example.org", None)]
    assert [r["minutes_before"] for r in event["reminders"]] == [10, 120, 1440]
    page = browser.get(f"/calendar/events/{event['id']}").text
    for text in ("Launch", "Wednesday, 11 March 2026, 15:00\u2060–\u206016:30", "10:00\u2060–\u206011:30", "America/New_York", "Every week", "Wednesday, 1 April 2026",
                 "ann@example.org", "2 hours before", "Tentative", "Shown as free"):
        assert text in page, text


def test_days_without_a_time(api, browser):
    """The form has the last day; RFC 5545 §3.6.1 the day after it."""
    assert make(browser, title="Trip", all_day="1", start_date="2026-03-16", end_date="2026-03-18", repeat="yearly", ends="on", until="2028-03-16").status == 303
    [event] = listed(api, "2026-03-17", expand="none")
    assert (event["start_time"], event["end_time"], event["all_day"]) == ("2026-03-16", "2026-03-19", True)
    assert event["recurrence"]["rule"] == "FREQ=YEARLY;UNTIL=20280316"
    form = dict(opened(browser, event["id"]).fields)
    assert form["end_date"] == "2026-03-18" and form["until"] == "2028-03-16" and form["repeat"] == "yearly"


@pytest.mark.parametrize("changes,field", [
    ({"title": ""}, "title"),
    ({"start_date": "2026-02-30"}, "start_date"),
    ({"end_date": ""}, "end_date"),
    ({"start_time": "25:00"}, "start_time"),
    ({"end_time": "08:00"}, "end_time"),
    ({"zone": "Mars/Base"}, "zone"),
    ({"repeat": "custom", "rule": ""}, "rule"),
    ({"repeat": "custom", "rule": "FREQ=NEVER"}, "repeat"),
    ({"repeat": "sometimes"}, "repeat"),
    ({"repeat": "daily", "ends": "on", "until": "soon"}, "until"),
    ({"attendees": "Ann <no address>"}, "attendees"),
    ({"reminders": "soon"}, "reminders"),
    ({"reminders": "5 w"}, "reminders"),
    ({"calendar": "cal_nothing"}, "calendar"),
    ({"status": "maybe"}, "status"),
], ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(api, browser, changes, field):
    fields = {"title": "Kept & <kept>", "location": "Kept \"too\"", "description": "\r\nfirst line is empty", **changes}
    reply = make(browser, "date=2026-01-07", **fields)
    assert reply.status in (400, 404, 422), reply
    assert field_error(reply.text) == field
    form = Form(reply.text, "/calendar/new")
    sent = dict(form.fields)
    assert sent["location"] == "Kept \"too\"" and sent["description"] == "\nfirst line is empty"
    if field not in ("title", "repeat", "calendar", "status"):
        assert sent[field] == changes[field] and sent["title"] == "Kept & <kept>"
    assert listed(api, "2026-01-07") == []


def test_a_form_sent_twice_makes_one_event(api, browser):
    form = Form(browser.get("/calendar/new?date=2026-03-20").text, "/calendar/new")
    first, second = (browser.post("/calendar/new", form.with_(title="Once")) for _ in range(2))
    assert first.status == second.status == 303 and len(listed(api, "2026-03-20")) == 1
    other = browser.post("/calendar/new", form.with_(title="Another"))
    assert other.status == 409 and "sent before" in other.text
    assert browser.post("/calendar/new", Form(other.text, "/calendar/new").with_()).status == 303
    assert [e["title"] for e in listed(api, "2026-03-20")] == ["Once", "Another"]


def test_a_form_needs_its_token(world, una, api, browser):
    event = api.event(title="Guarded")
    other = Browser(world)
    other.sign_in(una)
    for path in ("/calendar/new", f"/calendar/events/{event['id']}/edit", f"/calendar/events/{event['id']}/delete"):
        form = Form(browser.get(path).text, path)
        for token in (None, "0" * 64, dict(Form(other.get(path).text, path).fields)["csrf"]):
            assert browser.post(path, form.with_(title="Forged", csrf=token)).status == 403
    assert browser.post(f"/calendar/events/{event['id']}/respond", [("status", "accepted")]).status == 403
    assert api("GET", f"/v1/events/{event['id']}").json == event


SAME = [("Sec-Fetch-Site", "same-origin")]


def test_what_was_filled_in_outlives_the_session(world, una, api):
    """A form sent after sign-out is kept in the page, and goes through after the next sign-in; nothing is done before."""
    b = Browser(world)
    b.sign_in(una)
    form = Form(b.get("/calendar/new?date=2026-02-03").text, "/calendar/new").with_(title="Long <typed>", description="a\r\n\r\nb", attendees="ann@example.org")
    assert b.post("/sign-out", Form(b.get("/account").text, "/sign-out").fields).status == 303
    out = b.post("/calendar/new", form, SAME)
    assert out.status == 403 and "You were signed out" in out.text and "Long &lt;typed&gt;" in out.text
    b.sign_in(una)
    stale = b.post("/calendar/new", Form(out.text, "/calendar/new").with_(), SAME)
    assert stale.status == 403 and "Send this once more" in stale.text and listed(api, "2026-02-03") == []
    kept = Form(stale.text, "/calendar/new").with_()
    assert {k for k, _ in kept} == {k for k, _ in form}
    assert b.post("/calendar/new", kept, SAME).status == 303
    [event] = listed(api, "2026-02-03")
    assert event["title"] == "Long <typed>" and event["description"] == "a\n\nb" and len(event["attendees"]) == 1


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none"])
def test_a_form_of_another_site_is_not_kept(world, una, browser, site):
    """What another site sent is never given a good token."""
    form = Form(browser.get("/calendar/new").text, "/calendar/new").with_(title="Planted", csrf="0" * 64)
    reply = browser.post("/calendar/new", form, [("Sec-Fetch-Site", site)] if site else [])
    assert reply.status == 403 and "Planted" not in reply.text
    stranger = Browser(world).post("/calendar/new", form, [("Sec-Fetch-Site", site)] if site else [])
    assert stranger.status == 403 and "Planted" not in stranger.text


def test_a_new_event_of_test_mode_stays_there(world, una, api, browser):
    reply = make(browser, "date=2026-02-25&mode=test", title="Only a test")
    assert reply.location == "/calendar?date=2026-02-25&mode=test&done=event-created"
    assert listed(api, "2026-02-25") == []
    page = browser.get(reply.location).text
    link = html.unescape(re.search(r'href="(/calendar/events/[^"]*)"[^>]*>(?:<span[^>]*>[^<]*</span> )?<bdi>Only a test', page).group(1))
    assert "mode=test" in link and "Test data" in browser.get(link).text
    assert browser.get(link.partition("?")[0]).status == 404, "not in the live world"
