# SPDX-License-Identifier: Apache-2.0
"""The link of a confirmation: the guest sees, moves and cancels this one booking. tests/clients/pages/booking.test.mjs has the browser."""
import re
import threading
from urllib.parse import urlsplit

import pytest

from booking import Booking, soon, text
from forge import altered, forged
from oauth_flow import Browser, Form

SERVE = ["--rate-limit", "0", "--write-rate", "0"]


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture
def page(api):
    calendar = api.calendar()["id"]
    return api.page(title="Intro & call", calendar_id=calendar, busy_calendar_ids=[calendar])


class Guest(Browser):
    """A browser that was never here, with the link."""

    def __init__(self, world, booking):
        super().__init__(world)
        self.path = urlsplit(booking["manage_url"]).path

    def see(self, end="", status=200):
        reply = self.get(self.path + end)
        assert reply.status == status, reply
        return reply

    def submit(self, end, asked="", **fields):
        action = self.path + end
        return self.post(action, Form(self.see(asked or end).text, action).with_(**fields))


def state(api, booking):
    told = api("GET", f"/v1/bookings/{booking['id']}").json
    return told["status"], told["start"]


def test_the_guest_sees_the_appointment_in_their_zone(world, api, page):
    made = api.booked(page, soon(3, 9), timezone="Asia/Kathmandu", note="<b>hello</b>")
    reply = Guest(world, made).see()
    assert "14:45\u2060–\u206015:15" in reply.text and "Asia/Kathmandu" in reply.text and "Confirmed" in reply.text
    assert "Intro &amp; call" in reply.text and "&lt;b&gt;hello" in reply.text and "host@example.org" not in reply.text
    assert reply.headers["Referrer-Policy"] == "no-referrer" and reply.headers["Cache-Control"] == "no-store"
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "frame-ancestors 'none'" in policy
    assert urlsplit(made["cancel_url"]).path == Guest(world, made).path + "/cancel"


def ics(reply):
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/calendar; charset=utf-8", reply
    assert reply.headers["Cache-Control"] == "no-store" and not reply.headers.all("Set-Cookie")
    lines = reply.text.replace("\r\n ", "").split("\r\n")
    return dict(line.split(":", 1) for line in lines[lines.index("BEGIN:VEVENT"):] if ":" in line)


def test_the_appointment_is_a_file_for_the_guests_own_calendar(world, api, page):
    """By the link alone; with the UID of the event that is mailed, and nobody's address or words."""
    made = api.booked(page, soon(3, 9), note="<b>hello</b>")
    guest = Guest(world, made)
    assert f'href="{guest.path}/appointment.ics" download' in guest.see().text and "Add to your calendar" in guest.see("/booked").text
    reply = world.get(guest.path + "/appointment.ics")
    event = ics(reply)
    assert (event["UID"], event["SUMMARY"], event["DTSTART"][-16:]) == (made["id"], "Intro & call", f"{soon(3, 9):%Y%m%dT%H%M%SZ}")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="Intro & call.ics"'
    for secret in ("host@example.org", "ada@example.org", "Lovelace", "hello", guest.path):
        assert secret not in reply.text
    assert api("PATCH", f"/v1/events/{made['event_id']}", {"location": "Room 5", "description": "Bring a pen"}).status == 200
    assert guest.submit("/move", f"/move?start={text(soon(3, 11))}").status == 303
    event = ics(guest.get(guest.path + "/appointment.ics"))
    assert (event["LOCATION"], event["DESCRIPTION"], event["DTSTART"][-16:]) == ("Room 5", "Bring a pen", f"{soon(3, 11):%Y%m%dT%H%M%SZ}")
    assert guest.submit("/cancel").status == 303
    assert "appointment.ics" not in guest.see().text and "appointment.ics" not in guest.see("/booked").text
    assert world.get(guest.path + "/appointment.ics").status == 404
    assert world.get(guest.path[:-1] + ("1" if guest.path[-1] != "1" else "2") + "/appointment.ics").status == 404


def test_looking_changes_nothing_and_a_question_comes_first(world, api, page):
    """Mail programs open links; nothing is done by that."""
    made = api.booked(page, soon(3, 9))
    guest = Guest(world, made)
    for end in ("", "/cancel", "/move", f"/move?start={text(soon(3, 10))}"):
        guest.see(end)
    assert state(api, made) == ("confirmed", made["start"])
    for end, fields in (("/cancel", {}), ("/move", {"start": text(soon(3, 10))})):
        assert guest.post(guest.path + end, fields).status == 403, "without the form's token"
    assert state(api, made) == ("confirmed", made["start"])


def test_the_guest_cancels_with_a_reason(world, api, page):
    made = api.booked(page, soon(3, 9))
    guest = Guest(world, made)
    reply = guest.submit("/cancel", reason=" I found it out myself. ")
    assert reply.status == 303 and reply.location == guest.path + "?done=booking-cancelled", reply
    shown = guest.see("?done=booking-cancelled").text
    assert "is cancelled" in shown and "Cancelled" in shown and "I found it out myself." in shown and "/move" not in shown
    told = api("GET", f"/v1/bookings/{made['id']}").json
    assert (told["status"], told["cancelled_by"], told["cancellation_reason"]) == ("cancelled", "guest", "I found it out myself.")
    assert api("GET", f"/v1/events/{made['event_id']}").json["status"] == "cancelled"
    for end in ("/cancel", "/move"):
        assert guest.see(end, 303).location == guest.path
    api.booked(page, soon(3, 9))


def test_the_guest_moves_it_to_a_free_time(world, api, page):
    made = api.booked(page, soon(3, 9), timezone="America/New_York")
    api.booked(page, soon(3, 14))
    guest = Guest(world, made)
    week = guest.see(f"/move?from={soon(3).date()}").text
    offered = re.findall(r"/move\?start=([^\"]+)", week)
    assert text(soon(3, 10)) in offered and text(soon(3, 14)) not in offered and text(soon(3, 9)) not in offered
    asked = f"/move?start={text(soon(3, 10))}"
    reply = guest.submit("/move", asked)
    assert reply.status == 303 and reply.location == guest.path + "?done=booking-moved", reply
    assert state(api, made) == ("confirmed", text(soon(3, 10)))
    assert "is moved" in guest.see("?done=booking-moved").text


def test_a_time_that_was_taken_meanwhile_is_told_with_others(world, api, page):
    made = api.booked(page, soon(3, 9))
    guest = Guest(world, made)
    form = Form(guest.see(f"/move?start={text(soon(3, 10))}").text, guest.path + "/move")
    api.booked(page, soon(3, 10))
    reply = guest.post(guest.path + "/move", form.with_())
    assert reply.status == 409 and "Somebody else was faster" in reply.text and text(soon(3, 11)) in reply.text
    assert state(api, made) == ("confirmed", made["start"])
    for junk in ("", "now", text(soon(3, 9))[:-1], "2026-99-99T00:00:00Z"):
        assert guest.post(guest.path + "/move", form.with_(start=junk)).status == 400
    assert guest.post(guest.path + "/move", form.with_(start=text(soon(-9)))).status == 409


def test_two_guests_who_move_to_one_time_at_once(world, api, page):
    guests = [Guest(world, api.booked(page, soon(4, hour))) for hour in (9, 10)]
    forms = [Form(g.see(f"/move?start={text(soon(4, 12))}").text, g.path + "/move") for g in guests]
    given = [None, None]

    def run(n):
        given[n] = guests[n].post(guests[n].path + "/move", forms[n].with_())

    threads = [threading.Thread(target=run, args=(n,)) for n in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(r.status for r in given) == [303, 409]


def test_the_link_works_when_the_page_is_paused_or_gone(world, api, page):
    made, other = api.booked(page, soon(3, 9)), api.booked(page, soon(3, 10))
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"status": "paused"})
    guest = Guest(world, made)
    assert guest.submit("/move", f"/move?start={text(soon(3, 11))}").status == 303
    api("DELETE", f"/v1/booking_pages/{page['id']}")
    assert "/move" not in guest.see().text
    guest.see("/move", 404)
    assert guest.submit("/cancel").status == 303
    assert state(api, made)[0] == "cancelled" and state(api, other)[0] == "confirmed", "this booking and no other"


def test_what_is_over_is_told_so(world, api, page):
    made = api.booked(page, soon(3, 9))
    api("PATCH", f"/v1/events/{made['event_id']}", {"start_time": "2020-01-01T09:00:00Z", "end_time": "2020-01-01T10:00:00Z"})
    guest = Guest(world, made)
    shown = guest.see().text
    assert "Over" in shown and "/cancel" not in shown
    for end in ("/cancel", "/move"):
        assert guest.see(end, 303).location == guest.path


def test_a_token_that_is_altered_or_anothers_opens_nothing(world, api, page):
    made = api.booked(page, soon(3, 9))
    guest = Guest(world, made)
    token = guest.path.rsplit("/", 1)[1]
    feed = api("POST", "/api/v1/hosted-calendars", {"name": "x"}).json["data"]["feedToken"]
    world.secret(feed)
    for bad in (token[:-1], token + "x", token.upper(), altered(token, 20), "cbk_" + "0" * 82, feed, made["id"], "x", "%C3%A9", "x" * 200):
        for end in ("", "/cancel", "/move"):
            assert guest.get(f"/booking/{bad}{end}").status == 404, bad
    assert guest.get("/booking/").status == 404 and guest.get(f"/booking/{token}/other").status == 404
    for target in ("/v1/bookings", "/v1/events"):
        assert world.get(target, key=token).status == 401


def test_who_knows_a_bookings_id_cannot_make_its_link(world, api, page):
    """A token is two ids and a tag over them: with a checksum that is right and a tag that is not, or is that of another booking, it opens nothing."""
    guest, other = (Guest(world, api.booked(page, soon(3, hour))) for hour in (9, 11))
    token, others = (g.path.rsplit("/", 1)[1] for g in (guest, other))
    taken = []
    forged(others, lambda octets: taken.extend(octets[16:32]))
    assert forged(token, lambda octets: None) == token and guest.see()

    def of_another(octets):
        octets[16:32] = bytes(taken)

    def flipped(octets):
        octets[-1] ^= 1

    for change in (of_another, flipped):
        for end in ("", "/cancel", "/move"):
            assert guest.get(f"/booking/{forged(token, change)}{end}").status == 404, change


def test_a_link_is_asked_ten_times_a_second_by_one_network(world, api, page):
    guest = Guest(world, api.booked(page, soon(3, 9)))
    world.restart("--rate-limit", "1000")
    try:
        statuses = [r.status for r in world.client_connection().in_one_go("GET", guest.path, count=40)]
        assert statuses[0] == 200 and 429 in statuses
        assert guest.get(f"/booking/cbk_{'0' * 82}").status in (404, 429), "who guesses is counted, too"
    finally:
        world.restart()


def test_no_token_is_stored(world, api, page):
    made = api.booked(page, soon(3, 9))
    token = made["manage_url"].rsplit("/", 1)[1]
    assert token[4:] not in str(world.sql("SELECT * FROM booking"))
