# SPDX-License-Identifier: Apache-2.0
"""POST /v1/events/{id}/notify_attendees: what comes to attendees, seen at their mail server (docs/mail.md)."""
import email
import re

import pytest
import vobject

from mails import FROM, meeting, new_port, notify, says_the_same_twice, serve_with, states
from rest import Api, assert_error

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--mail-a-day", "400")


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("ann@example.org", kind="secret"))


def came(world, sink, count=1):
    assert world.wait_for(lambda: len(sink.got) >= count), (len(sink.got), world.lines[-5:])
    assert world.wait_for(lambda: "waiting" not in states(world))
    assert len(sink.got) == count
    return sorted(sink.got, key=lambda m: m.recipient)


def check_lines(octets):
    """RFC 5322 §2.1.1, §2.3; RFC 5321 §2.3.8: ASCII, CRLF alone, no line over 998 (here 78)."""
    assert octets.endswith(b"\r\n") and octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"") and b"\r" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 78


def test_attendees_are_invited_by_mail(world, api, sink):
    """Field paper §0.1: "POST …/notify_attendees" """
    event = meeting(api, "bob@example.org", "carol@example.net", "ann@example.org", location="Room 4", description="What next quarter needs.")
    answer = notify(api, event, {"message": "Please bring the figures."})
    assert answer == {"object": "attendee_notification", "event_id": event["id"], "method": "request", "count": 2, "livemode": True,
                      "recipients": [{"email": "bob@example.org", "status": "queued"}, {"email": "carol@example.net", "status": "queued"}]}
    mails = came(world, sink, 2)
    assert [m.recipient for m in mails] == ["bob@example.org", "carol@example.net"]
    for mail in mails:
        check_lines(mail.octets)
        message = mail.message
        assert mail.sender == FROM and message["From"].addresses[0].addr_spec == FROM
        assert message["From"].addresses[0].display_name == "Ann via Calends"
        assert message["To"] == f"<{mail.recipient}>" or message["To"] == mail.recipient
        assert message["Reply-To"].addresses[0].addr_spec == "ann@example.org"
        assert message["Subject"] == "Invitation: Planning"
        assert message["Message-ID"].endswith("@calends.example>") and message["MIME-Version"] == "1.0"
        assert message["Date"].datetime.tzinfo and message["Auto-Submitted"] == "auto-generated"
        says_the_same_twice(mail)
        assert not message.defects and all(not p.defects for p in message.walk())
        for words in ("Ann invites you", "Planning", "Tue, 24 Nov 2026, 09:00 to 09:30 (Europe/Berlin)", "Room 4",
                      "Please bring the figures.", "What next quarter needs."):
            assert words in mail.text, words
    assert len({m.message["Message-ID"] for m in mails}) == 2


def test_the_message_is_as_imip_wants_it(world, api, sink):
    """RFC 6047 §2.4: text/calendar with the object's method and a charset, beside a readable form; §2.5: encoded."""
    notify(api, meeting(api, "bob@example.org", title="Größe ändern"))
    [mail] = came(world, sink)
    message = mail.message
    assert [p.get_content_type() for p in message.walk()] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                                                            "text/calendar", "application/ics"]
    part = mail.part("text/calendar")
    assert (part.get_param("method"), part.get_param("charset"), part["Content-Transfer-Encoding"]) == ("REQUEST", "UTF-8", "base64")
    attached = mail.part("application/ics")
    assert attached.get_filename() == "invite.ics" and attached.get_content_disposition() == "attachment"
    assert attached.get_payload(decode=True) == mail.ics
    assert message["Subject"] == "Invitation: Größe ändern" and "Größe ändern" in mail.text


def test_the_calendar_part_is_itip(world, api, sink):
    """RFC 5546 §3.2.2: METHOD, ORGANIZER, ATTENDEE, DTSTAMP, SEQUENCE, UID; no VALARM is needed by others."""
    event = meeting(api, "bob@example.org", reminders=[{"minutes_before": 10}], client_uid="plan-1@example.org")
    notify(api, event)
    [mail] = came(world, sink)
    lines = mail.ics.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines) and b"\n" not in mail.ics.replace(b"\r\n", b"")
    calendar = mail.calendar
    assert calendar["METHOD"] == "REQUEST" and calendar["VERSION"] == "2.0"
    assert [c.name for c in calendar.subcomponents] == ["VTIMEZONE", "VEVENT"]
    assert mail.event["UID"] == "plan-1@example.org" and mail.event["SEQUENCE"] == 0
    assert mail.event["ORGANIZER"] == "mailto:ann@example.org" and mail.event["ATTENDEE"] == "mailto:bob@example.org"
    assert mail.event["ATTENDEE"].params["RSVP"] == "TRUE" and not mail.event.subcomponents
    assert vobject.readOne(mail.ics.decode()).vevent.summary.value == "Planning"


OBJECT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//client//EN
X-WR-CALNAME:Mine
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20200101T000000Z
DTSTART:20261124T090000Z
DTEND:20261124T100000Z
SUMMARY:From a client
X-MOZ-LASTACK:20261101T000000Z
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
REQUEST-STATUS:2.0;Success
ORGANIZER;CN=Ann;SCHEDULE-STATUS=1.1;X-SECRET=1:MAILTO:Ann@Example.org
ATTENDEE;CN="Bob; the
  builder";SCHEDULE-AGENT=CLIENT;SCHEDULE-STATUS=5.1;PARTSTAT=ACCEPTED:mailto:bob@example.org
ATTENDEE:urn:uuid:3b3f9d3c-8a6e-4b4a-9b3e-6b1c5a1d2e3f
ATTENDEE:mailto:dave@example.org
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT10M
DESCRIPTION:Mine alone
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def put(world, name, data):
    ann = world.account("ann@example.org")
    reply = world.dav("PUT", f"/dav/calendars/{ann.id}/default/{name}.ics", data.replace("\n", "\r\n"), {"Content-Type": "text/calendar"}, ann)
    assert reply.status in (201, 204), reply
    uid = re.search(r"^UID:(.*)$", data, re.M)[1]
    [[object]] = world.sql(f"SELECT id FROM calendar_object WHERE uid = '{uid}'")
    number, text = int(object.replace("-", ""), 16), ""
    for _ in range(22):
        number, digit = divmod(number, 62)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit] + text
    return f"evt_{text}"


def test_what_a_client_keeps_for_itself_is_not_mailed(world, api, sink):
    """RFC 6638 §7.1 to §7.3: SCHEDULE-* MUST NOT be in scheduling messages; RFC 6047 §2.3: addresses are mailto: alone."""
    id = put(world, "kept", OBJECT.format(uid="kept@example.org"))
    assert [r["email"] for r in notify(api, id)["recipients"]] == ["bob@example.org", "dave@example.org"]
    for mail in came(world, sink, 2):
        text = mail.ics.decode().replace("\r\n ", "")
        for word in ("X-", "SCHEDULE-", "VALARM", "urn:uuid", "REQUEST-STATUS", "Mine", "20200101"):
            assert word not in text, word
        assert mail.event["ORGANIZER"] == "MAILTO:Ann@Example.org" and mail.event["ORGANIZER"].params["CN"] == "Ann"
        bob, dave = mail.event["ATTENDEE"]
        assert bob.params["CN"] == "Bob; the builder" and bob.params["PARTSTAT"] == "ACCEPTED" and "RSVP" not in bob.params
        assert dave.params["RSVP"] == "TRUE"


def test_what_cannot_be_told_by_itip_is_refused_with_the_reason(world, api, sink):
    """RFC 5546 §3.2.2: "RESOURCES | 0 or 1": libical's table judges what is sent."""
    data = OBJECT.format(uid="twice@example.org").replace("SUMMARY", "RESOURCES:Car\nRESOURCES:Boat\nSUMMARY")
    id = put(world, "twice", data)
    error = assert_error(api("POST", f"/v1/events/{id}/notify_attendees"), 400, "invalid_value")
    assert "cannot be sent" in error["message"] and "RESOURCES" in error["message"], error
    before = api("GET", f"/v1/events/{id}").json["etag"]
    assert_error(api("PATCH", f"/v1/events/{id}?notify_attendees=true", {"location": "x"}), 400, "invalid_value")
    assert api("GET", f"/v1/events/{id}").json["etag"] == before and states(world) == {}


def test_what_an_object_has_twice_is_sent_once(world, api, sink):
    data = OBJECT.format(uid="doubled@example.org").replace("SUMMARY", "COMMENT:First\nCOMMENT:Last\nLOCATION:Here\nLOCATION:There\nSTATUS:NEEDS-ACTION\nSUMMARY")
    notify(api, put(world, "doubled", data))
    for mail in came(world, sink, 2):
        assert (mail.event["COMMENT"], mail.event["LOCATION"]) == ("Last", "Here") and "STATUS" not in mail.event


def test_a_cancelled_instance_is_left_out_of_its_series(world, api, sink):
    """RFC 5546 §3.2.2: STATUS of a request "MAY be one of TENTATIVE/CONFIRMED"; else an instance that is off would come back."""
    event = meeting(api, "bob@example.org", recurrence={"rule": "FREQ=WEEKLY;COUNT=4"})
    there = api("GET", "/v1/events?from=2026-11-23T00:00:00Z&to=2026-12-23T00:00:00Z&limit=100").json["data"]
    second = [e["id"] for e in there if e["recurring_event_id"] == event["id"]][1]
    assert api("POST", f"/v1/events/{second}/cancel").status == 200
    assert notify(api, event)["method"] == "request"
    [mail] = came(world, sink)
    assert [d.dt.isoformat() for d in mail.event["EXDATE"].dts] == ["2026-12-01T09:00:00+01:00"]
    sink.got.clear()
    assert notify(api, second)["method"] == "cancel"
    [mail] = came(world, sink)
    assert mail.event["STATUS"] == "CANCELLED" and "RECURRENCE-ID" in mail.event


def test_an_event_of_many_octets_is_refused(world, api, sink):
    id = put(world, "large", OBJECT.format(uid="large@example.org").replace("SUMMARY", "COMMENT:" + "x" * 140000 + "\nSUMMARY"))
    assert_error(api("POST", f"/v1/events/{id}/notify_attendees"), 413, "request_too_large")


@pytest.mark.parametrize("name", ["SUMMARY", "LOCATION", "URL", "DESCRIPTION"])
def test_a_very_long_text_hides_no_other(world, api, sink, name):
    """What a person reads has its beginning, and all of it stands in the calendar part. CalDAV takes longer texts than REST."""
    long = "https://example.org/" + "x" * 70000
    uid = f"long-{name.lower()}@example.org"
    told = f"{name}:{long}" + ("" if name == "SUMMARY" else "\nSUMMARY:From a client")
    notify(api, put(world, uid, OBJECT.format(uid=uid).replace("SUMMARY:From a client", told)))
    for mail in came(world, sink, 2):
        assert long[:40] in mail.text and "When: " in mail.text and "Organizer: " in mail.text and "answer this mail" in mail.text
        assert len(mail.text) < 20000 and long in mail.event[name]
        assert mail.message["Subject"].startswith("Invitation: " + (long[:40] if name == "SUMMARY" else ""))
        assert len(mail.message["Subject"]) > len("Invitation: ")


def test_texts_that_grow_in_html_leave_no_half_of_a_page(world, api, sink):
    """Each quote is six octets there: then the text goes alone, which has the beginning of each."""
    uid, long = "quotes@example.org", '"' * 9000
    told = "".join(f"{name}:{name[0]}{long}\n" for name in ("SUMMARY", "LOCATION", "URL", "DESCRIPTION"))
    notify(api, put(world, uid, OBJECT.format(uid=uid).replace("SUMMARY:From a client\n", told)))
    for mail in came(world, sink, 2):
        pages = [p.get_content() for p in mail.message.walk() if p.get_content_type() == "text/html"]
        assert all(page.rstrip().endswith("</html>") for page in pages)
        assert all(f"{first}{long[:5000]}" in mail.text.replace("\n", "") for first in "SLUD")
        assert "answer this mail" in mail.text


def test_a_series_is_sent_whole_and_an_instance_by_itself(world, api, sink):
    event = meeting(api, "bob@example.org", recurrence={"rule": "FREQ=WEEKLY;COUNT=4"})
    instances = api("GET", "/v1/events?from=2026-11-23T00:00:00Z&to=2026-12-23T00:00:00Z").json["data"]
    second = [e["id"] for e in instances if e["id"].startswith(event["id"])][1]
    assert api("PATCH", f"/v1/events/{second}", {"location": "Elsewhere"}).status == 200
    notify(api, event)
    [mail] = came(world, sink)
    master, moved = mail.calendar.walk("VEVENT")
    assert "RRULE" in master and "RECURRENCE-ID" in moved and moved["LOCATION"] == "Elsewhere"
    assert "It repeats" in mail.text
    sink.got.clear()
    assert notify(api, second)["event_id"] == second
    [mail] = came(world, sink)
    assert "RECURRENCE-ID" in mail.event and "RRULE" not in mail.event and "Tue, 1 Dec 2026" in mail.text


def test_some_of_them_may_be_told_alone(world, api, sink):
    event = meeting(api, "bob@example.org", "carol@example.org")
    assert notify(api, event, {"attendees": ["Carol@Example.org"]})["count"] == 1
    [mail] = came(world, sink)
    assert mail.recipient == "carol@example.org" and len(mail.event["ATTENDEE"]) == 2
    reply = api("POST", f"/v1/events/{event['id']}/notify_attendees", {"attendees": ["mallory@example.org"]})
    assert_error(reply, 400, "invalid_value", "attendees")


def test_of_a_cancelled_event_they_hear_that_it_is(world, api, sink):
    event = meeting(api, "bob@example.org")
    assert api("POST", f"/v1/events/{event['id']}/cancel", {"comment": "Rain"}).status == 200
    assert notify(api, event)["method"] == "cancel"
    [mail] = came(world, sink)
    assert mail.calendar["METHOD"] == "CANCEL" and mail.part("text/calendar").get_param("method") == "CANCEL"
    assert mail.event["STATUS"] == "CANCELLED" and mail.event["SEQUENCE"] == 1
    assert mail.message["Subject"] == "Cancelled: Planning" and "Rain" in mail.text


def test_nobody_is_told_of_an_event_without_attendees(api):
    """Field paper §3.3: "422 no attendees" """
    for event in (api.event(), meeting(api, "ann@example.org")):
        assert_error(api("POST", f"/v1/events/{event['id']}/notify_attendees"), 422, "no_attendees")


def test_only_the_organizer_tells_attendees(world, api):
    id = put(world, "theirs", OBJECT.format(uid="theirs@example.org").replace("MAILTO:Ann@Example.org", "mailto:host@example.net"))
    assert_error(api("POST", f"/v1/events/{id}/notify_attendees"), 422, "not_the_organizer")


def test_test_mode_sends_nothing_and_says_delivered(world, sink):
    """Field paper §0.1: "e-mail stubbed "delivered"" """
    test = Api(world, world.key("ann@example.org", kind="secret", mode="test"))
    event = meeting(test, "bob@example.org")
    answer = notify(test, event)
    assert answer["recipients"] == [{"email": "bob@example.org", "status": "delivered"}] and answer["livemode"] is False
    assert states(world) == {"sent": 1} and world.sql("SELECT count(*) FROM mail_letter") == [["0"]] and not sink.got


def test_an_idempotency_key_sends_once(world, api, sink):
    event = meeting(api, "bob@example.org")
    first = notify(api, event, {}, **{"Idempotency-Key": "told-once"})
    again = api("POST", f"/v1/events/{event['id']}/notify_attendees", {}, {"Idempotency-Key": "told-once"})
    assert again.status == 202 and again.json == first and again.headers["Idempotent-Replayed"] == "true"
    came(world, sink)
    assert sum(states(world).values()) == 1


def test_an_address_that_mail_cannot_reach_is_told(world, api, sink):
    event = meeting(api, "bob@example.org", "jö..rg@example.org", "x@[127.0.0.1]", "a..b@example.org", "root@-x.example")
    answer = notify(api, event)
    assert [r["status"] for r in answer["recipients"]] == ["queued"] + 4 * ["unreachable"] and answer["count"] == 1
    [mail] = came(world, sink)
    assert mail.recipient == "bob@example.org"


HOSTILE = ["Bob\r\nBcc: victim@example.org", "=?UTF-8?B?aGk=?=", "\"><script>", "x" * 900, "ü" * 400, "\t\x0b", "a\\\"b", "日本語" * 60,
           ".\r\n.\r\nMAIL FROM:<x@y>", "--=_m00\r\nContent-Type: text/html"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_leaves_its_place(world, api, sink, text):
    clean = "".join(c for c in text if c >= " ")  # what REST takes of a title and a name
    event = meeting(api, "bob@example.org", title=clean[:1000] or "x", description=text.replace("\x0b", ""),
                    attendees=[{"email": "bob@example.org", "name": clean[:100] or "x"}])
    notify(api, event, {"message": text.replace("\x0b", "")[:2000]})
    [mail] = came(world, sink)
    check_lines(mail.octets)
    message = email.message_from_bytes(mail.octets)
    assert sorted(message.keys()) == sorted(["Message-ID", "To", "From", "Reply-To", "Subject", "Date", "Auto-Submitted", "MIME-Version",
                                             "Content-Type", "Content-Language"])
    assert [p.get_content_type() for p in message.walk()] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                                                            "text/calendar", "application/ics"]
    assert message["To"] == "<bob@example.org>" and mail.recipient == "bob@example.org"
    assert mail.event["SUMMARY"] == (clean[:1000] or "x") and mail.calendar["METHOD"] == "REQUEST"
    assert mail.message["Subject"].startswith("Invitation: ") and clean[:20] in mail.message["Subject"]
    assert text.splitlines()[-1].strip("\t\x0b")[:60] in mail.text


def test_an_account_cannot_bomb_with_mail(world, api, sink):
    """As many to one address as a tenth of what it may send, and no more in all than --mail-a-day says."""
    event = meeting(api, "bob@example.org")
    for _ in range(40):
        notify(api, event)
    reply = api("POST", f"/v1/events/{event['id']}/notify_attendees")
    assert_error(reply, 429, "rate_limit_exceeded", type_="rate_limit_error")
    assert 86000 < int(reply.headers["Retry-After"]) <= 86401
    many = meeting(api, *(f"p{n}@example.org" for n in range(90)))
    for _ in range(4):
        notify(api, many)
    assert sum(states(world).values()) == 400
    assert_error(api("POST", f"/v1/events/{meeting(api, 'z@example.org')['id']}/notify_attendees"), 429, "rate_limit_exceeded",
                 type_="rate_limit_error")
    assert world.wait_for(lambda: states(world) == {"sent": 400}), states(world)
    assert world.sql("SELECT count(*) FROM mail_letter") == [["0"]], "a letter goes with the last who waited for it"


def test_a_letter_is_sealed_in_the_database(world, api, sink):
    sink.answer = lambda command, mail: "451 4.3.0 later"
    try:
        notify(api, meeting(api, "bob@example.org"), {"message": "between us"})
        assert world.sql("SELECT count(*) FROM mail_letter") == [["1"]]
        assert world.sql("SELECT count(*) FROM mail_letter WHERE position('between us'::bytea in data) + position('Subject'::bytea in data) > 0") == [["0"]]
    finally:
        sink.answer = lambda command, mail: None


def test_who_may_not_read_an_event_cannot_have_it_mailed(world, api):
    """Else an app that may only write would add an address of its own, and read what comes there."""
    event = meeting(api, "bob@example.org")
    writer = Api(world, world.key("ann@example.org", kind="restricted", scope="events:write"))
    assert_error(writer("POST", f"/v1/events/{event['id']}/notify_attendees"), 403, "insufficient_scope", type_="authorization_failed")
    both = Api(world, world.key("ann@example.org", kind="restricted", scope="events:read events:write"))
    assert notify(both, event)["count"] == 1


def test_figures_tell_of_mail(world, api, sink):
    def figures():
        return {k: int(v) for k, v in (l.split(" ") for l in world.get("/metrics").text.splitlines() if l.startswith("calends_mail_"))}

    before = figures()
    notify(api, meeting(api, "bob@example.org"))
    came(world, sink)
    after = figures()
    assert after["calends_mail_sent_total"] == before["calends_mail_sent_total"] + 1
    assert set(after) == {f"calends_mail_{n}" for n in ("sent_total", "failed_total", "tries_total", "waiting")}
