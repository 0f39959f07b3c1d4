# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events/{id} as text/calendar: the octets that are stored, or one instance of them; and which type Accept asks for."""
import pytest
from event_edits import OWN_ZONE, document, event, unfolded
from rest import assert_error

ICAL = {"Accept": "text/calendar"}


@pytest.fixture
def series(edits):
    own = event("RECURRENCE-ID;TZID=My Zone:20261012T090000", "DTSTART;TZID=My Zone:20261012T200000", "DURATION:PT1H", "SUMMARY:own")
    return edits.put(document(OWN_ZONE, event("DTSTART;TZID=My Zone:20261005T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4", "SUMMARY:s",
        "X-KEPT:yes", "EXDATE;TZID=My Zone:20261019T090000", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:d", "TRIGGER:-PT5M", "END:VALARM"), own))


def test_an_event_is_answered_as_it_is_stored(edits, series):
    reply = edits("GET", series.target(), headers=ICAL)
    assert reply.status == 200 and reply.headers["content-type"] == "text/calendar; charset=utf-8" and "Accept" in reply.headers.all("vary")
    assert reply.body.decode() == series.text
    tag = reply.headers["etag"]
    assert tag != edits("GET", series.target()).headers["etag"], "RFC 9110 §8.8.1"
    assert edits("GET", series.target(), headers={**ICAL, "If-None-Match": tag}).status == 304
    assert edits("GET", series.target(), headers={"If-None-Match": tag}).status == 200
    assert edits("PATCH", series.target(), {"title": "x"}, {"If-Match": tag}).status == 200


@pytest.mark.parametrize("instance,start,title,alarm", [
    ("20261012T060000Z", "20261012T200000", "own", False), ("20261026T070000Z", "20261026T090000", "s", True)])
def test_an_instance_is_answered_alone_with_what_is_in_effect_there(edits, series, instance, start, title, alarm):
    reply = edits("GET", series.target(instance), headers=ICAL)
    assert reply.status == 200, reply
    text = unfolded(reply.body.decode())
    assert text.count("BEGIN:VEVENT") == 1 and text.count("BEGIN:VTIMEZONE") == 1
    lines = text.split("\r\n")
    assert f"DTSTART;TZID=My Zone:{start}" in lines and f"SUMMARY:{title}" in lines and "DURATION:PT1H" in lines
    assert f"RECURRENCE-ID;TZID=My Zone:{instance[:8]}T090000" in lines
    assert not any(line.startswith(("RRULE", "EXDATE")) for line in lines if "FREQ=YEARLY" not in line)
    assert ("BEGIN:VALARM" in lines) is alarm
    assert {line for line in lines if line.startswith("UID:")} == {line for line in series.lines if line.startswith("UID:")}


@pytest.mark.parametrize("instance", ["20261019T060000Z", "20261102T070000Z", "20261026"])
def test_what_is_no_instance_has_no_text(edits, series, instance):
    assert edits("GET", series.target(instance), headers=ICAL).status == 404


@pytest.mark.parametrize("accept,kind", [
    ("*/*", "application/json"), ("application/json, text/calendar", "application/json"), ("text/calendar;q=0.5, application/json;q=0.4", "text/calendar"),
    ("text/calendar;q=0.5, */*", "application/json"), ("text/*", "text/calendar"), ("text/calendar;q=2", "application/json"),
    ("text/html, image/gif, *; q=.2, */*; q=.2", "application/json"), ("text/calendar-extended, */*", "application/json")])
def test_accept_chooses_the_type(edits, series, accept, kind):
    reply = edits("GET", series.target(), headers={"Accept": accept})
    assert reply.status == 200 and reply.headers["content-type"].startswith(kind), reply


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/calendar;q=0.000, application/*;q=0", "image/*, text/html"])
def test_what_cannot_be_had_is_406(edits, series, accept):
    """RFC 9110 §15.5.7."""
    error = assert_error(edits("GET", series.target(), headers={"Accept": accept}), 406, "not_acceptable", "Accept")
    assert "application/json" in error["message"] and "text/calendar" in error["message"]
