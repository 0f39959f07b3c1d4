# SPDX-License-Identifier: Apache-2.0
"""An invitation that its user declined leaves them free, wherever free and busy time is told or used."""
import datetime as dt
import re

import pytest

from booking import Booking, soon, text
from event_edits import component, document

SERVE = ["--rate-limit", "0", "--write-rate", "0"]
HOUR, DAY = dt.timedelta(hours=1), soon(9)
SPAN = f"from={text(DAY)}&to={text(DAY + dt.timedelta(days=1))}"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("declines@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture(scope="module")
def page(api):
    return api.page()


@pytest.fixture
def invited(world, owner, api):
    """At 10 of that day, and of the day after."""
    at = f"{DAY + 10 * HOUR:%Y%m%dT%H%M%SZ}"
    path = f"/dav/calendars/{owner.id}/default/invited.ics"
    reply = world.dav("PUT", path, document(component("UID:invited", "DTSTAMP:20260101T000000Z", f"DTSTART:{at}", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2",
        "SUMMARY:Party", "ORGANIZER:mailto:host@example.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:Declines@Example.org",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:carol@example.org")), {"Content-Type": "text/calendar"}, owner)
    assert reply.status == 201, reply
    [event] = [e for e in api("GET", "/v1/events?limit=5").json["data"] if e["client_uid"] == "invited"]
    yield event["id"], f"{event['id']}_{at}"
    assert world.dav("DELETE", path, None, {}, owner).status == 204


def is_busy(world, owner, api, page):
    """At 10 of that day, asserted to be the same on REST, for several people, for a search, on CalDAV and on a booking page."""
    ten = text(DAY + 10 * HOUR)
    answers = {
        "freebusy": [b["start"] for b in api("GET", f"/v1/freebusy?{SPAN}").json["busy"]] == [ten],
        "query": ten in api("POST", "/v1/freebusy/query", {"participants": [owner.id], "from": text(DAY), "to": text(DAY + 20 * HOUR)}).text,
        "find_slots": ten not in api("POST", "/v1/freebusy/find_slots", {"participants": [owner.id], "earliest_start": ten,
            "latest_end": text(DAY + 11 * HOUR), "duration_minutes": 60}).text,
        "booking": DAY + 10 * HOUR not in [s for s, _ in api.slots(page, DAY, DAY + 20 * HOUR)],
    }
    report = ("<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'><C:time-range start='{:%Y%m%dT%H%M%SZ}' end='{:%Y%m%dT%H%M%SZ}'/>"
        "</C:free-busy-query>").format(DAY, DAY + 20 * HOUR)
    reply = world.dav("REPORT", f"/dav/calendars/{owner.id}/default/", report, {"Depth": 1, "Content-Type": "application/xml"}, owner)
    assert reply.status == 200, reply
    answers["caldav"] = bool(re.search(r"^FREEBUSY", reply.text, re.M))
    assert len(set(answers.values())) == 1, answers
    return answers["freebusy"]


def answer(api, event, status, **query):
    reply = api("POST", f"/v1/events/{event}/respond" + "".join(f"?{n}={v}" for n, v in query.items()), {"status": status})
    assert reply.status == 200, reply


def test_an_invitation_is_busy_until_it_is_declined(world, owner, api, page, invited):
    event, _ = invited
    assert is_busy(world, owner, api, page)
    answer(api, event, "declined")
    assert not is_busy(world, owner, api, page)
    answer(api, event, "tentative")
    assert is_busy(world, owner, api, page)


def test_of_a_series_one_is_declined_alone(world, owner, api, page, invited):
    event, first = invited
    answer(api, first, "declined", scope="this")
    assert not is_busy(world, owner, api, page)
    after = f"from={text(DAY + dt.timedelta(days=1))}&to={text(DAY + dt.timedelta(days=2))}"
    assert len(api("GET", f"/v1/freebusy?{after}").json["busy"]) == 1
    answer(api, first, "accepted", scope="this")
    assert is_busy(world, owner, api, page)


def test_a_declined_hour_can_be_booked(world, owner, api, page, invited):
    event, _ = invited
    assert api.book(page, DAY + 10 * HOUR).status == 409
    answer(api, event, "declined")
    api.booked(page, DAY + 10 * HOUR)
