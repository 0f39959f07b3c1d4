# SPDX-License-Identifier: Apache-2.0
"""notify_organizer of an answer: who invited hears it, from REST, hosted calendars and the page, or nothing was answered."""
import json

import pytest
from event_edits import document, event
from mails import new_port, serve_with, states
from oauth_flow import Browser, Form
from rest import assert_error

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT)
BOSS = 'ORGANIZER;CN="The, boss":mailto:boss@example.org'
ME = "ATTENDEE;CN=Writer;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;X-NUM=1;SCHEDULE-STATUS=1.2:MAILTO:Write@Example.org"
MINE = ("DESCRIPTION:A note of my own", "LOCATION:Room 4", "CATEGORIES:Mine", "X-MINE:1", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org",
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:Now", "END:VALARM")
ONCE = ("SUMMARY:Planning", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SEQUENCE:3")


# What the server tells the account's owner (a new browser) is mailed beside, whenever its job runs.
TOLD = "NOT own"


def of_answers(sink):
    return [m for m in sink.got if m.recipient != "write@example.org"]


def came(world, sink):
    assert world.wait_for(lambda: of_answers(sink) and "waiting" not in states(world, TOLD)), world.lines[-5:]
    [mail] = of_answers(sink)
    return mail


def nothing_came(world, sink):
    return states(world, TOLD) == {} and not of_answers(sink)


def answer(edits, target, status="accepted", query="", **more):
    reply = edits("POST", f"{target}/respond{query}", {"status": status, "notify_organizer": True, **more})
    assert reply.status == 200, reply
    return reply.json


@pytest.mark.parametrize("status,subject,said", [("accepted", "Accepted", "comes"), ("declined", "Declined", "does not come"),
                                                 ("tentative", "Tentative", "perhaps comes")])
def test_a_reply_has_one_attendee_and_the_organizer(world, edits, sink, status, subject, said):
    """RFC 5546 §3.2.3: ATTENDEE MUST be the address of the one who replies; UID, ORGANIZER, DTSTAMP; SEQUENCE MUST be echoed."""
    stored = edits.put(document(event(*ONCE, BOSS, ME, *MINE)))
    answer(edits, stored.target(), status)
    mail = came(world, sink)
    assert mail.recipient == "boss@example.org" and mail.message["Reply-To"].addresses[0].addr_spec == "write@example.org"
    assert mail.message["Subject"] == f"{subject}: Planning" and f"{said}." in mail.text and "Tue, 24 Nov 2026, 09:00 to 10:00 (UTC)" in mail.text
    assert mail.calendar["METHOD"] == "REPLY" and mail.part("text/calendar").get_param("method") == "REPLY"
    assert mail.event["ATTENDEE"].lower() == "mailto:write@example.org" and mail.event["ATTENDEE"].params["PARTSTAT"] == status.upper()
    assert mail.event["ORGANIZER"] == "mailto:boss@example.org" and mail.event["SEQUENCE"] == 3 and "DTSTAMP" in mail.event
    [uid] = [line for line in stored.lines if line.startswith("UID:")]
    assert mail.event["UID"] == uid[4:]


def test_a_reply_has_nothing_of_the_attendees_own(world, edits, sink):
    answer(edits, edits.put(document(event(*ONCE, BOSS, ME, *MINE))).target())
    mail = came(world, sink)
    for words in (b"note of my own", b"Room 4", b"CATEGORIES", b"X-MINE", b"X-NUM", b"SCHEDULE-STATUS", b"VALARM", b"bob@example.org"):
        assert words not in mail.ics, words
    assert "note of my own" not in mail.text and "Room 4" not in mail.text


def test_a_series_is_answered_whole_and_an_instance_by_itself(world, edits, sink):
    """RFC 5546 §3.2.3: RECURRENCE-ID only if referring to an instance."""
    stored = edits.put(document(event(*ONCE, "RRULE:FREQ=DAILY;COUNT=3", BOSS, ME)))
    answer(edits, stored.target())
    mail = came(world, sink)
    assert "RECURRENCE-ID" not in mail.event and mail.event["RRULE"]["COUNT"] == [3]
    sink.got.clear()
    answer(edits, stored.target("20261125T090000Z"), "declined")
    mail = came(world, sink)
    assert mail.event["RECURRENCE-ID"].to_ical() == b"20261125T090000Z" and "RRULE" not in mail.event
    assert mail.event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


@pytest.mark.parametrize("organizer", ["ORGANIZER:mailto:write@example.org", "ORGANIZER:urn:uuid:4e2b5a52-1b47-4bd0-8f5b-5b8b4c9d3b10"])
def test_nobody_is_told_of_ones_own_event_nor_where_no_mail_goes(world, edits, sink, organizer):
    answer(edits, edits.put(document(event(*ONCE, organizer, ME))).target())
    assert nothing_came(world, sink)


def test_nobody_is_told_unless_it_is_asked_for(world, edits, sink):
    target = edits.put(document(event(*ONCE, BOSS, ME))).target()
    for body in ({"status": "accepted"}, {"status": "declined", "notify_organizer": False}):
        assert edits("POST", target + "/respond", body).status == 200
    assert nothing_came(world, sink)


def test_an_answer_that_cannot_be_told_is_none(world, owner, edits, sink):
    """Both or neither: nobody mails in the name of an address that is not confirmed."""
    stored = edits.put(document(event(*ONCE, BOSS, ME)))
    was = stored.text
    world.sql(f"UPDATE account SET email_confirmed_at = NULL WHERE email = '{owner.email}'")
    try:
        reply = edits("POST", stored.target() + "/respond", {"status": "accepted", "notify_organizer": True})
    finally:
        world.sql(f"UPDATE account SET email_confirmed_at = now() WHERE email = '{owner.email}'")
    assert_error(reply, 403, "email_unconfirmed", type_="authorization_failed")
    assert stored.text == was and nothing_came(world, sink)


def test_hosted_calendars_tell_too(world, owner, edits, sink):
    stored = edits.put(document(event(*ONCE, BOSS, ME)))
    [uid] = [line[4:] for line in stored.lines if line.startswith("UID:")]
    [hosted] = [c["id"] for c in world.get("/api/v1/hosted-calendars", key=owner.key).json["data"] if c["id"] in edits.path or c["name"] in edits.path]
    reply = world.post(f"/api/v1/hosted-calendars/{hosted}/invitations/{uid}/respond", json.dumps({"status": "declined", "notifyOrganizer": True}),
                       {"Content-Type": "application/json"}, owner.key)
    assert reply.status == 200 and reply.json["data"]["status"] == "declined", reply
    assert came(world, sink).event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_the_page_tells_where_the_tick_stays(world, owner, edits, sink):
    stored = edits.put(document(event(*ONCE, BOSS, ME)))
    browser = Browser(world)
    browser.sign_in(owner)
    path = f"/calendar/events/{stored.id}"
    page = browser.get(path).text
    assert "Tell boss@example.org by mail" in page
    form = Form(page, path + "/respond").fields
    assert ("tell", "1") in form
    quiet = [pair for pair in form if pair[0] != "tell"]
    assert browser.post(path + "/respond", [*quiet, ("status", "declined")]).location == path + "?done=answered"
    assert nothing_came(world, sink)
    assert browser.post(path + "/respond", [*form, ("status", "accepted")]).location == path + "?done=answered"
    assert came(world, sink).event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
