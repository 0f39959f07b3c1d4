# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events/{id}/monitoring: what a calendar server knows of an event's state."""
from datetime import datetime, timedelta, timezone

import pytest
from event_edits import document, event
from rest import Api, assert_error


@pytest.fixture(autouse=True)
def begun():
    """What at() counts from: a test's own beginning, an hour after the file was read where others came first."""
    at.begun = datetime.now(timezone.utc).replace(microsecond=0)


def ical(t):
    return t.strftime("%Y%m%dT%H%M%SZ")


def at(**more):
    return at.begun + timedelta(**more)


def alarm(trigger, *lines):
    return ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:d", f"TRIGGER{trigger if trigger.startswith(';') else ':' + trigger}", *lines, "END:VALARM")


def monitoring(edits, target, status=200):
    reply = edits("GET", f"{target}/monitoring")
    assert reply.status == status, reply
    return reply.json


def tomorrow():
    return f"DTSTART:{ical(at(days=1))}"


def daily():
    return f"DTSTART:{ical(at(days=-30, hours=1))}", "DURATION:PT30M", "RRULE:FREQ=DAILY"


REMINDERS = [
    lambda: ((tomorrow(),), None),
    lambda: ((tomorrow(), *alarm("-PT15M")), at(days=1, minutes=-15)),
    lambda: ((tomorrow(), *alarm("PT0S"), *alarm("-P2D"), *alarm("-PT1H")), at(days=1, hours=-1)),
    lambda: ((tomorrow(), "DURATION:PT2H", *alarm(";RELATED=END:-PT5M")), at(days=1, minutes=115)),
    lambda: ((tomorrow(), *alarm(f";VALUE=DATE-TIME:{ical(at(hours=3))}")), at(hours=3)),
    lambda: ((tomorrow(), *alarm(f";VALUE=DATE-TIME:{ical(at(hours=-3))}")), None),
    lambda: ((tomorrow(), *alarm(f";VALUE=DATE-TIME:{ical(at(hours=-3))}", "REPEAT:5", "DURATION:PT110M")), at(minutes=40)),
    lambda: ((tomorrow(), "STATUS:CANCELLED", *alarm("-PT15M")), None),
    lambda: ((tomorrow(), *alarm("-PT15M", f"ACKNOWLEDGED:{ical(at(days=1))}")), None),
    lambda: ((f"DTSTART:{ical(at(days=-1))}", *alarm("-PT15M")), None),
    lambda: ((f"DTSTART:{ical(at(days=-1))}", *alarm("P2D")), at(days=1)),
    lambda: ((*daily(), *alarm("-PT15M")), at(minutes=45)),
    lambda: ((*daily(), *alarm("-PT90M")), at(days=1, minutes=-30)),
    lambda: ((*daily(), *alarm("-PT15M", f"ACKNOWLEDGED:{ical(at(minutes=46))}")), at(days=1, minutes=45)),
    lambda: ((*daily()[:2], "RRULE:FREQ=DAILY;COUNT=3", *alarm("-PT15M")), None),
    lambda: ((*daily()[:2], "RRULE:FREQ=YEARLY;INTERVAL=20", *alarm("-PT15M")), None),
    lambda: ((tomorrow(), *alarm("nonsense")), None),
]


@pytest.mark.parametrize("row", REMINDERS, ids=range(len(REMINDERS)))
def test_the_next_reminder_is_the_first_that_is_yet_to_ring(edits, row):
    lines, expected = row()
    stored = edits.put(document(event(*lines, "SUMMARY:s")))
    assert monitoring(edits, stored.target())["next_reminder_at"] == (expected and expected.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_an_instance_rings_for_itself(edits):
    """RFC 5545 §3.6.6: the alarms of the component in effect."""
    first, second = at(hours=1), at(days=1, hours=1)
    own = event(f"RECURRENCE-ID:{ical(second)}", f"DTSTART:{ical(second)}", "SUMMARY:own", *alarm("-PT2H"))
    stored = edits.put(document(event(*daily(), f"EXDATE:{ical(first)}", *alarm("-PT15M")), own))
    told = {instance: monitoring(edits, stored.target(instance))["next_reminder_at"] for instance in (None, ical(second), ical(at(days=2, hours=1)))}
    assert told == {None: at(hours=23).strftime("%Y-%m-%dT%H:%M:%SZ"), ical(second): at(hours=23).strftime("%Y-%m-%dT%H:%M:%SZ"),
        ical(at(days=2, hours=1)): at(days=2, minutes=45).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert monitoring(edits, stored.target(ical(second)))["id"].endswith(ical(second))
    monitoring(edits, stored.target(ical(first)), 404)


@pytest.mark.parametrize("rule", [(), ("RRULE:FREQ=DAILY;COUNT=2",)], ids=["alone", "series"])
def test_an_alarm_thousands_of_years_away_never_rings(edits, rule):
    """A duration of RFC 5545 §3.3.6 may be longer than any calendar; with the one that does, the other is told."""
    for trigger in ("P999999999W", "-P999999999W", "PT999999999H999999999M999999999S"):
        never = alarm(trigger, "REPEAT:3", "DURATION:P1W")
        stored = edits.put(document(event(tomorrow(), *rule, *never)))
        assert monitoring(edits, stored.target())["next_reminder_at"] is None, trigger
        stored = edits.put(document(event(tomorrow(), *rule, *never, *alarm("-PT5M"))))
        assert monitoring(edits, stored.target())["next_reminder_at"], trigger


def test_answers_are_counted_and_changes_numbered(edits):
    guests = [f"ATTENDEE{status}:mailto:g{n}@example.org" for n, status in enumerate((";PARTSTAT=ACCEPTED", ";PARTSTAT=ACCEPTED", ";PARTSTAT=DECLINED",
        ";PARTSTAT=TENTATIVE", "", ";PARTSTAT=DELEGATED"))]
    stored = edits.put(document(event(tomorrow(), "STATUS:TENTATIVE", "ORGANIZER:mailto:o@example.org", *guests)))
    first = monitoring(edits, stored.target())
    assert first["attendees"] == {"total": 6, "accepted": 2, "declined": 1, "tentative": 1, "needs_action": 2}
    assert (first["object"], first["id"], first["status"], first["is_cancelled"], first["livemode"]) == ("event_monitoring", stored.id, "tentative", False, True)
    assert monitoring(edits, stored.target()) == first
    stored.patch({"title": "x", "status": "cancelled"})
    second = monitoring(edits, stored.target())
    assert second["last_change_sequence"] > first["last_change_sequence"] and second["is_cancelled"]
    [calendar] = [c for c in edits("GET", "/v1/calendars?limit=100").json["data"] if c["id"] == edits.calendar]
    assert calendar["sync_token"].endswith(f"/{second['last_change_sequence']}"), "the calendar's counter"


def test_it_is_of_ones_own_events_alone(world, owner, edits):
    stored = edits.put(document(event(tomorrow())))
    stranger = Api(world, world.key(world.account("stranger@example.org", plan="pro")))
    for caller, target in ((stranger, stored.target()), (Api(world, world.key(owner, kind="secret", mode="test")), stored.target()),
            (Api(world, owner.key), "/v1/events/evt_0000000000000000000000"), (Api(world, owner.key), "/v1/events/x")):
        assert_error(caller("GET", target + "/monitoring"), 404, "resource_missing")
    narrow = Api(world, world.key(owner, kind="restricted", scope="calendars:read"))
    assert narrow("GET", stored.target() + "/monitoring").status == 403
