# SPDX-License-Identifier: Apache-2.0
"""What guests of booking pages are told by mail: their confirmation with the link, moves and cancellations (docs/booking.md)."""
import datetime as dt
import re
from urllib.parse import urlsplit

import pytest

from booking import GUEST, Booking, soon, text
from mails import new_port, serve_with, states
from oauth_flow import Browser, Form

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--mail-a-day", "60")  # six to one address
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def api(world):
    return Booking(world, world.key("host@example.org", kind="secret"))


@pytest.fixture(scope="module")
def page(api):
    return api.page()


numbers = iter(range(3, 300))


@pytest.fixture()
def slot():
    """The beginning of one that nobody has booked."""
    return soon(next(numbers), 9)


def one(world, sink, method):
    assert world.wait_for(lambda: sink.got and "waiting" not in states(world)), world.lines[-5:]
    [mail] = sink.got
    sink.got.clear()
    assert mail.calendar["METHOD"] == method and mail.recipient == GUEST["email"]
    return mail


def test_a_guest_gets_a_confirmation_with_their_link(world, api, page, sink, slot):
    made = api.booked(page, slot, timezone="America/New_York", note="See you")
    assert made["guest_mail"] == "queued"
    mail = one(world, sink, "REQUEST")
    assert mail.message["Subject"] == "Booked: Intro call" and mail.message["Reply-To"].addresses[0].addr_spec == "host@example.org"
    assert made["manage_url"] in mail.text and "America/New_York" in mail.text
    assert mail.event["UID"] and str(mail.event["ATTENDEE"]) == f"mailto:{GUEST['email']}" and mail.event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    link = re.search(r"http\S+/booking/cbk_\S+", mail.text)[0]
    assert world.get(urlsplit(link).path).status == 200, "the link opens"
    assert "guest_mail" not in api("GET", f"/v1/bookings/{made['id']}").json
    stored = world.sql("SELECT count(*) FROM mail_letter")
    assert stored == [["0"]], "the link is not kept"


def test_a_guest_hears_that_it_was_moved_and_cancelled(world, api, page, sink, slot):
    made = api.booked(page, slot)
    one(world, sink, "REQUEST")
    moved = api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(slot + HOUR)})
    assert moved.status == 200 and moved.json["guest_mail"] == "queued"
    mail = one(world, sink, "REQUEST")
    assert mail.message["Subject"] == "Moved: Intro call" and "10:00 to 10:30" in mail.text and mail.event["SEQUENCE"] == 1
    assert made["manage_url"] in mail.text
    cancelled = api("POST", f"/v1/bookings/{made['id']}/cancel", {"reason": "I am ill."})
    assert cancelled.status == 200 and cancelled.json["guest_mail"] == "queued"
    mail = one(world, sink, "CANCEL")
    assert mail.message["Subject"] == "Cancelled: Intro call" and "I am ill." in mail.text and "/booking/" not in mail.text
    assert mail.event["STATUS"] == "CANCELLED"
    again = api("POST", f"/v1/bookings/{made['id']}/cancel")
    assert again.status == 200 and "guest_mail" not in again.json, "nothing was done, and nobody is told"


def test_what_guests_do_by_their_link_is_confirmed(world, api, page, sink, slot):
    made = api.booked(page, slot)
    one(world, sink, "REQUEST")
    guest, path = Browser(world), urlsplit(made["cancel_url"]).path
    assert guest.post(path, Form(guest.get(path).text, path).with_()).status in (200, 303)
    one(world, sink, "CANCEL")


def test_nobody_has_words_of_their_own_mailed_by_a_page_that_is_open_to_all(world, api, sink, slot):
    """Whoever gives another's address: no note, answer, name or reason of theirs comes there."""
    open_page = api.page(is_public=True, questions=[{"question": "Why?"}])
    guest, form = Browser(world), f"/book/{open_page['slug']}/form"
    said = {"name": "Advertisement", "email": GUEST["email"], "note": "Buy this", "q0": "And that"}
    made = guest.post(form, Form(guest.get(f"{form}?start={text(slot)}").text, form).with_(**said))
    assert made.status == 303, made
    world.secret(made.location.split("/")[2].split("?")[0])
    mail = one(world, sink, "REQUEST")
    assert "/booking/cbk_" in mail.text and mail.event["SUMMARY"] == "Intro call" and "DESCRIPTION" not in mail.event
    path = made.location.split("?")[0] + "/cancel"
    assert guest.post(path, Form(guest.get(path).text, path).with_(reason="Go there")).status == 303
    last = one(world, sink, "CANCEL")
    assert "COMMENT" not in last.event
    for words in ("Advertisement", "Buy this", "And that", "Go there"):
        assert words not in mail.text + last.text + str(mail.message) + str(last.message)
    [booked] = api("GET", f"/v1/bookings?booking_page_id={open_page['id']}").json["data"]
    assert booked["cancellation_reason"] == "Go there" and "Buy this" in api("GET", f"/v1/events/{booked['event_id']}").json["description"]


def test_what_the_host_wrote_into_the_event_comes_with_the_next_mail(world, api, page, sink, slot):
    made = api.booked(page, slot, note="Mine")
    one(world, sink, "REQUEST")
    api("PATCH", f"/v1/events/{made['event_id']}", {"title": "With us", "description": "Room 5"})
    api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(slot + HOUR)})
    mail = one(world, sink, "REQUEST")
    assert mail.event["SUMMARY"] == "With us" and mail.event["DESCRIPTION"] == "Room 5"


def test_a_page_whose_owner_tells_guests_mails_none(world, api, sink, slot):
    silent = api.page(mail_guests=False)
    assert silent["mail_guests"] is False
    made = api.booked(silent, slot)
    assert "guest_mail" not in made and states(world) == {}
    changed = api("PATCH", f"/v1/booking_pages/{silent['id']}", {"mail_guests": True})
    assert changed.json["mail_guests"] is True
    assert api("POST", f"/v1/bookings/{made['id']}/cancel").json["guest_mail"] == "queued"
    one(world, sink, "CANCEL")


def test_a_booking_does_not_fail_for_its_mail(world, api, page, sink, slot):
    """Of more than one address may get, or one that mail cannot reach, nobody is told, and the answer says so."""
    assert "guest_mail" not in api.booked(page, slot, email="j..rg@example.org")
    for n in range(6):
        assert api.booked(page, slot + (n + 1) * HOUR)["guest_mail"] == "queued"
    assert "guest_mail" not in api.booked(page, slot + 7 * HOUR)
    assert world.wait_for(lambda: states(world) == {"sent": 6})


def test_test_mode_mails_no_guest(world, sink, slot):
    test = Booking(world, world.key("host@example.org", kind="secret", mode="test"))
    calendar = test.calendar()["id"]  # the default one has the demo's events
    assert test.booked(test.page(calendar_id=calendar, busy_calendar_ids=[calendar]), slot)["guest_mail"] == "delivered"
    assert states(world) == {"sent": 1} and not sink.got


def test_an_owner_who_took_the_guest_off_tells_them_nothing(world, api, page, sink, slot):
    made = api.booked(page, slot)
    one(world, sink, "REQUEST")
    assert api("PATCH", f"/v1/events/{made['event_id']}", {"attendees": []}).status == 200
    assert "guest_mail" not in api("POST", f"/v1/bookings/{made['id']}/cancel").json


def test_who_may_not_read_cannot_have_the_host_mailed_to_themselves(world, api, page, sink, slot):
    writer = Booking(world, world.key("host@example.org", kind="restricted", scope="events:write"))
    made = writer.book(page, slot, email="app@example.net")
    assert made.status == 201 and "guest_mail" not in made.json and states(world) == {}
    world.secret(made.json["manage_url"].rsplit("/", 1)[1])
