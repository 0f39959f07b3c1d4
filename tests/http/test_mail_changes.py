# SPDX-License-Identifier: Apache-2.0
"""notify_attendees of the calls that make, change, cancel and delete events: attendees hear what was done, or nothing was."""
import pytest

from mails import due_now, meeting, new_port, serve_with, states
from rest import VALID, Api, assert_error

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT)
WEEKLY = {"recurrence": {"rule": "FREQ=WEEKLY;COUNT=5"}}


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("ann@example.org", kind="secret"))


def came(world, sink, *expected):
    """METHOD and recipient of each, as they are sorted."""
    assert world.wait_for(lambda: len(sink.got) >= len(expected) and "waiting" not in states(world)), (sink.got, world.lines[-5:])
    mails = sorted(sink.got, key=lambda m: (m.recipient, str(m.calendar["METHOD"]), m.ics))
    assert sorted((str(m.calendar["METHOD"]), m.recipient) for m in mails) == sorted(expected)
    return mails


def instance(api, event, number):
    there = api("GET", "/v1/events?from=2026-11-20T00:00:00Z&to=2027-01-20T00:00:00Z&limit=100").json["data"]
    return [e["id"] for e in there if e["recurring_event_id"] == event["id"]][number]


def path(event, **query):
    id = event["id"] if isinstance(event, dict) else event
    return f"/v1/events/{id}?" + "&".join(f"{k}={v}" for k, v in {"notify_attendees": "true", **query}.items())


def test_a_new_event_invites(world, api, sink):
    made = api("POST", "/v1/events?notify_attendees=true", {**VALID, "title": "New", "attendees": [{"email": "bob@example.org"}]})
    assert made.status == 201
    [mail] = came(world, sink, ("REQUEST", "bob@example.org"))
    assert mail.event["UID"] == made.json["client_uid"] and mail.event["SUMMARY"] == "New"


def test_nothing_is_mailed_unless_it_is_asked_for(world, api, sink):
    event = meeting(api, "bob@example.org")
    assert api("PATCH", f"/v1/events/{event['id']}", {"title": "Other"}).status == 200
    assert api("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": False}).status == 200
    assert api("DELETE", f"/v1/events/{event['id']}?mode=delete&notify_attendees=false").status == 204
    assert states(world) == {} and not sink.got


def test_a_change_is_told(world, api, sink):
    event = meeting(api, "bob@example.org")
    changed = api("PATCH", path(event), {"start_time": "2026-11-24T11:00:00+01:00", "end_time": "2026-11-24T11:30:00+01:00"})
    assert changed.status == 200
    [mail] = came(world, sink, ("REQUEST", "bob@example.org"))
    assert mail.event["SEQUENCE"] == 1 and "11:00 to 11:30" in mail.text


def test_who_is_taken_off_hears_that(world, api, sink):
    """RFC 5546 §3.2.5: "If uninviting specific Attendees, then MUST NOT be included" (STATUS), and SEQUENCE MUST be incremented."""
    event = meeting(api, "bob@example.org", "carol@example.org")
    assert api("PATCH", path(event), {"attendees": [{"email": "carol@example.org"}, {"email": "dave@example.org"}]}).status == 200
    off, *_ = came(world, sink, ("CANCEL", "bob@example.org"), ("REQUEST", "carol@example.org"), ("REQUEST", "dave@example.org"))
    assert off.event["ATTENDEE"] == "mailto:bob@example.org" and "STATUS" not in off.event and off.event["SEQUENCE"] == 1
    assert "taken you off" in off.text and off.event["UID"] == event["client_uid"]


def test_the_last_one_who_is_taken_off_hears_it_too(world, api, sink):
    event = meeting(api, "bob@example.org")
    assert api("PATCH", path(event), {"attendees": []}).status == 200
    came(world, sink, ("CANCEL", "bob@example.org"))


def test_a_cancellation_is_told(world, api, sink):
    """Field paper §3.3: "explicit cancel with `comment`, `notify_attendees`" """
    event = meeting(api, "bob@example.org")
    assert api("POST", f"/v1/events/{event['id']}/cancel", {"comment": "Rain", "notify_attendees": True}).json["is_cancelled"]
    [mail] = came(world, sink, ("CANCEL", "bob@example.org"))
    assert mail.event["STATUS"] == "CANCELLED" and mail.event["SEQUENCE"] == 1 and "Rain" in mail.text


def test_a_status_of_cancelled_is_a_cancellation(world, api, sink):
    event = meeting(api, "bob@example.org")
    assert api("PATCH", path(event), {"status": "cancelled"}).status == 200
    came(world, sink, ("CANCEL", "bob@example.org"))


def test_delete_tells_that_it_is_cancelled(world, api, sink):
    """Field paper §3.3: "iTIP CANCEL to attendees" """
    for mode, status in (("cancel", 200), ("delete", 204)):
        event = meeting(api, "bob@example.org")
        assert api("DELETE", path(event, mode=mode)).status == status
        [mail] = came(world, sink, ("CANCEL", "bob@example.org"))
        assert mail.event["UID"] == event["client_uid"] and mail.event["STATUS"] == "CANCELLED" and mail.event["SEQUENCE"] == 1
        sink.got.clear()


@pytest.mark.parametrize("how", ["cancel", "DELETE", "delete"])
def test_of_one_instance_that_one_is_told(world, api, sink, how):
    event = meeting(api, "bob@example.org", **WEEKLY)
    second = instance(api, event, 1)
    if how == "cancel":
        assert api("POST", f"/v1/events/{second}/cancel", {"notify_attendees": True}).status == 200
    else:
        assert api("DELETE", path(second, mode="cancel" if how == "DELETE" else "delete")).status == (200 if how == "DELETE" else 204)
    [mail] = came(world, sink, ("CANCEL", "bob@example.org"))
    assert mail.event["RECURRENCE-ID"].dt.isoformat() == "2026-12-01T09:00:00+01:00" and mail.event["STATUS"] == "CANCELLED"
    assert "RRULE" not in mail.event


def test_a_series_is_cancelled_by_its_uid(world, api, sink):
    """RFC 5546 §3.2.5: "a "RECURRENCE-ID" MUST NOT be specified" """
    event = meeting(api, "bob@example.org", **WEEKLY)
    assert api("PATCH", f"/v1/events/{instance(api, event, 2)}", {"title": "Different"}).status == 200
    assert api("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": True}).status == 200
    [mail] = came(world, sink, ("CANCEL", "bob@example.org"))
    assert "RECURRENCE-ID" not in mail.event


def test_of_a_changed_instance_that_one_is_told(world, api, sink):
    event = meeting(api, "bob@example.org", **WEEKLY)
    assert api("PATCH", path(instance(api, event, 1)), {"attendees": [{"email": "carol@example.org"}]}).status == 200
    off, on = came(world, sink, ("CANCEL", "bob@example.org"), ("REQUEST", "carol@example.org"))
    assert off.event["RECURRENCE-ID"].dt == on.event["RECURRENCE-ID"].dt and on.event["ATTENDEE"] == "mailto:carol@example.org"


def test_a_series_that_is_cut_is_told_as_two(world, api, sink):
    event = meeting(api, "bob@example.org", **WEEKLY)
    changed = api("PATCH", path(instance(api, event, 2), scope="this_and_following"), {"title": "Later"})
    assert changed.status == 200
    mails = came(world, sink, ("REQUEST", "bob@example.org"), ("REQUEST", "bob@example.org"))
    assert {m.event["UID"] for m in mails} == {event["client_uid"], changed.json["client_uid"]}
    assert {str(m.event["SUMMARY"]) for m in mails} == {"Planning", "Later"}


@pytest.mark.parametrize("mode, status", [("cancel", 200), ("delete", 204)])
def test_what_follows_is_cancelled_by_a_series_that_ends_earlier(world, api, sink, mode, status):
    event = meeting(api, "bob@example.org", **WEEKLY)
    assert api("DELETE", path(instance(api, event, 2), mode=mode, scope="this_and_following")).status == status
    [mail] = came(world, sink, ("REQUEST", "bob@example.org"))
    assert mail.event["UID"] == event["client_uid"] and mail.event["RRULE"]["COUNT"] == [2]


def test_from_the_first_instance_on_all_is_cancelled(world, api, sink):
    for mode in ("cancel", "delete"):
        event = meeting(api, "bob@example.org", **WEEKLY)
        assert api("DELETE", path(instance(api, event, 0), mode=mode, scope="this_and_following")).status in (200, 204)
        [mail] = came(world, sink, ("CANCEL", "bob@example.org"))
        assert mail.event["UID"] == event["client_uid"]
        sink.got.clear()


def test_what_cannot_be_told_is_not_done(world, api, sink):
    """The change and its mail are one transaction."""
    event = meeting(api, "bob@example.org")
    world.sql("ALTER TABLE mail ADD CONSTRAINT broken CHECK (recipient <> 'bob@example.org') NOT VALID")
    calls = [("PATCH", path(event), {"title": "Changed"}), ("DELETE", path(event), None), ("DELETE", path(event, mode="delete"), None),
             ("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": True}),
             ("POST", "/v1/events?notify_attendees=true", {**VALID, "title": "Unseen", "attendees": [{"email": "bob@example.org"}]})]
    try:
        for headers in ({}, {"Idempotency-Key": "broken"}):
            for method, target, body in calls:
                assert api(method, target, body, headers).status >= 500
    finally:
        world.sql("ALTER TABLE mail DROP CONSTRAINT broken")
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["title"], now["is_cancelled"], now["etag"]) == ("Planning", False, event["etag"])
    assert api("GET", "/v1/events?q=Unseen").json["data"] == [] and states(world) == {}
    assert api("PATCH", path(event), {"title": "Changed"}, {"Idempotency-Key": "good"}).status == 200
    came(world, sink, ("REQUEST", "bob@example.org"))


def test_a_guest_cannot_cancel_for_the_organizer(world, api):
    ann = world.account("ann@example.org")
    data = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:theirs", "DTSTAMP:20261101T000000Z",
                        "DTSTART:20261224T090000Z", "SUMMARY:Theirs", "ORGANIZER:mailto:host@example.net", "ATTENDEE:mailto:ann@example.org",
                        "ATTENDEE:mailto:bob@example.org", "END:VEVENT", "END:VCALENDAR", ""))
    assert world.dav("PUT", f"/dav/calendars/{ann.id}/default/theirs.ics", data, {"Content-Type": "text/calendar"}, ann).status == 201
    [event] = api("GET", "/v1/events?q=Theirs").json["data"]
    assert_error(api("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": True}), 422, "not_the_organizer")
    assert not api("GET", f"/v1/events/{event['id']}").json["is_cancelled"]


def test_who_may_only_write_cannot_have_it_mailed(world, api):
    event = meeting(api, "bob@example.org")
    writer = Api(world, world.key("ann@example.org", kind="restricted", scope="events:write"))
    for method, target, body in (("PATCH", path(event), {"title": "Changed"}), ("DELETE", path(event), None),
                                 ("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": True})):
        assert_error(writer(method, target, body), 403, "insufficient_scope", type_="authorization_failed")
    assert api("GET", f"/v1/events/{event['id']}").json["etag"] == event["etag"]


def test_an_event_without_attendees_is_changed_and_nobody_told(world, api, sink):
    event = api.event()
    assert api("PATCH", path(event), {"title": "Alone"}).status == 200
    assert api("DELETE", path(event, mode="delete")).status == 204
    assert states(world) == {}


def test_an_answer_that_is_repeated_mails_once(world, api, sink):
    event = meeting(api, "bob@example.org")
    for _ in range(2):
        assert api("POST", f"/v1/events/{event['id']}/cancel", {"notify_attendees": True}, {"Idempotency-Key": "cancel-it"}).status == 200
    due_now(world)
    came(world, sink, ("CANCEL", "bob@example.org"))
    assert states(world) == {"sent": 1}
