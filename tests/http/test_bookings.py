# SPDX-License-Identifier: Apache-2.0
"""Bookings: one winner, an event in the calendar, and what becomes of it there."""
import datetime as dt
import json
import threading
import uuid

import pytest

from booking import GUEST, Booking, instant, soon, text
from hooks import endpoint
from oauth_flow import App, Browser
from receiver import Receiver
from rest import assert_error

SERVE = ["--rate-limit", "0", "--write-rate", "0", "--allow-private-hooks", "--threads", "128"]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture
def calendar(api):
    return api.calendar()


@pytest.fixture
def page(api, calendar):
    """Of a calendar of its own."""
    return api.page(calendar_id=calendar["id"], busy_calendar_ids=[calendar["id"]])


def now_is(api, booking):
    reply = api("GET", f"/v1/bookings/{booking['id']}")
    assert reply.status == 200, reply
    return reply.json


def path_of(world, api, booking):
    [[name, calendar]] = world.sql(f"SELECT o.name, c.name FROM calendar_object o JOIN calendar c ON c.id = o.calendar_id WHERE o.uid = '{booking['id']}'")
    home = api("GET", "/v1/calendars").json["data"][0]["caldav_url"].removeprefix(world.url).rsplit("/", 2)[0]
    return f"{home}/{calendar}/{name}"


# ---- booking ----

def test_what_a_guest_writes_is_in_the_event_whole(api, page):
    """2,000 characters of three octets were cut in the midst of one."""
    note = "日" * 2000
    made = api.book(page, soon(4, 9), note=note)
    assert made.status == 201, made
    api.world.secret(made.json["manage_url"].rsplit("/", 1)[1])
    assert note in api("GET", f"/v1/events/{made.json['event_id']}").json["description"]


def test_a_booking_is_an_event_in_the_calendar_with_the_guest(api, page, calendar):
    answers = [{"question": "About what?", "answer": "The pilot."}]
    reply = api.book(page, soon(3, 9), note="See you", answers=answers, timezone="America/New_York")
    assert reply.status == 201 and reply.headers["Location"].endswith(f"/v1/bookings/{reply.json['id']}"), reply
    made = reply.json
    assert made["status"] == "confirmed" and instant(made["end"]) - instant(made["start"]) == 30 * MINUTE
    assert made["manage_url"].startswith(f"{api.world.url}/booking/cbk_") and made["cancel_url"] == made["manage_url"] + "/cancel"
    api.world.secret(made["manage_url"].rsplit("/", 1)[1])
    assert {k: made[k] for k in ("name", "email", "note", "answers", "timezone", "booking_page_id", "calendar_id", "livemode")} == {
        **GUEST, "note": "See you", "answers": answers, "timezone": "America/New_York", "booking_page_id": page["id"],
        "calendar_id": calendar["id"], "livemode": True}
    event = api("GET", f"/v1/events/{made['event_id']}").json
    assert event["title"] == "Intro call – Ada Lovelace" and event["organizer"] == "host@example.org" and event["start_time"] == made["start"]
    assert event["attendees"] == [{"email": GUEST["email"], "name": GUEST["name"], "status": "accepted"}]
    assert event["description"] == "See you\n\nAbout what?\nThe pilot."
    told = now_is(api, made)
    assert told == {k: v for k, v in made.items() if k not in ("manage_url", "cancel_url")} | {k: told[k] for k in ("created_at", "updated_at")}
    assert_error(api.book(page, soon(3, 9)), 409, "slot_unavailable", "start")


def test_the_next_free_slots_are_told(api, page):
    api.booked(page, soon(3, 9))
    error = assert_error(api.book(page, soon(3, 9)), 409, "slot_unavailable", "start")
    assert [s["start"] for s in error["next_slots"]] == [text(soon(3, 9) + n * 30 * MINUTE) for n in range(1, 6)]
    api.booked(page, instant(error["next_slots"][0]["start"]))


@pytest.mark.parametrize("at", [soon(3, 9) + 7 * MINUTE, soon(-3), soon(900), soon(9000)], ids=["off the grid", "past", "beyond", "far"])
def test_what_is_no_slot_of_the_page_is_refused(api, page, at):
    assert_error(api.book(page, at), 409, "slot_unavailable", "start")


BAD = [({"name": " "}, "name", "missing_required_field"), ({"name": "a\nb"}, "name", "invalid_value"), ({"email": "ada"}, "email", "invalid_value"),
       ({"email": "a@b@c"}, "email", "invalid_value"), ({"timezone": "Nowhere"}, "timezone", "invalid_value"), ({"duration_minutes": 45}, "duration_minutes", "invalid_value"),
       ({"note": "x\u0001"}, "note", "invalid_value"), ({"answers": [{"question": "q"}]}, "answers[0].answer", "missing_required_field"),
       ({"answers": [{"question": "q", "answer": "a"}] * 21}, "answers", "invalid_value"), ({"status": "confirmed"}, "status", "invalid_value"),
       ({"manage_url": "x"}, "manage_url", "invalid_value"), ({"end": "2026-12-01T00:00:00Z"}, "end", "invalid_value"), ({"guest": 1}, "guest", "unknown_field")]


@pytest.mark.parametrize("fields,param,code", BAD, ids=[p + c[0] for _, p, c in BAD])
def test_what_a_booking_cannot_be_is_named(api, page, fields, param, code):
    reply = api.book(page, soon(3, 9), **fields)
    assert reply.status == 400 and reply.json["error"]["param"] == param and reply.json["error"]["code"] in (code, "unknown_field"), reply


def test_by_a_paused_page_or_one_without_its_calendar_nothing_is_booked(api):
    calendar = api.calendar()
    page = api.page(calendar_id=calendar["id"], status="paused")
    assert_error(api.book(page, soon(3, 9)), 409, "conflict", "page")
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"status": "active"})
    api("PATCH", f"/v1/calendars/{calendar['id']}", {"writable": False})
    assert_error(api.book(page, soon(3, 9)), 409, "conflict", "page")
    assert api.slots(page, soon(3), soon(4)) == []
    api("PATCH", f"/v1/calendars/{calendar['id']}", {"writable": True})
    assert api("DELETE", f"/v1/calendars/{calendar['id']}").status == 200
    assert_error(api.book(page, soon(3, 9)), 409, "conflict", "page")
    assert api.slots(page, soon(3), soon(4)) == [] and api("GET", f"/v1/booking_pages/{page['id']}").status == 200


def test_a_page_is_named_by_its_id_too_and_a_duration(api, page):
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"durations": [{"minutes": 30}, {"minutes": 60}]})
    made = api("POST", "/v1/bookings", {"page": page["id"], "start": text(soon(3, 9)), "duration_minutes": 60, **GUEST}).json
    api.world.secret(made["manage_url"].rsplit("/", 1)[1])
    assert instant(made["end"]) - instant(made["start"]) == 60 * MINUTE
    for nobody in ("nobody-has-this", "bkp_" + "0" * 22):
        assert_error(api("POST", "/v1/bookings", {"page": nobody, "start": text(soon(3, 9)), **GUEST}), 404, "resource_missing", "page")


def test_who_may_book(world, owner, api, page):
    browser = Browser(world)
    browser.sign_in(owner)
    write = App(world, scope="events:write").connect(browser, scope="events:write")["access_token"]
    read = App(world, scope="events:read").connect(browser, scope="events:read")["access_token"]
    body = json.dumps({"page": page["slug"], "start": text(soon(4, 9)), **GUEST})
    headers = {"Content-Type": "application/json"}
    assert_error(world.post("/v1/bookings", body, headers, read), 403, "insufficient_scope", type_="authorization_failed")
    assert_error(world.post("/v1/bookings", body, headers, world.key(owner, kind="publishable")), 403, "key_kind_not_allowed", type_="authorization_failed")
    made = world.post("/v1/bookings", body, headers, write)
    assert made.status == 201, made
    world.secret(made.json["manage_url"].rsplit("/", 1)[1])
    assert not {"email", "name", "note", "start"} & set(made.json), "who may not read is told what they need to go on"
    assert world.get(f"/v1/bookings/{made.json['id']}", key=write).status == 403
    assert world.get(f"/v1/bookings/{made.json['id']}", key=read).json["email"] == GUEST["email"]
    cancelled = world.post(f"/v1/bookings/{made.json['id']}/cancel", b"", {}, write)
    assert cancelled.status == 200 and "manage_url" not in cancelled.json


def test_bookings_of_the_other_mode_and_of_others_are_not_there(world, owner, api, page):
    made = api.booked(page, soon(3, 9))
    for key in (world.key(owner, kind="secret", mode="test"), world.key("other-host@example.org", kind="secret")):
        who = Booking(world, key)
        for method, end in (("GET", ""), ("POST", "/cancel"), ("POST", "/reschedule")):
            body = {"start": text(soon(3, 10))} if end == "/reschedule" else None
            assert who(method, f"/v1/bookings/{made['id']}{end}", body).status == 404
        assert made["id"] not in [b["id"] for b in who("GET", "/v1/bookings").json["data"]]
        assert_error(who.book(page, soon(3, 10)), 404, "resource_missing", "page")


def test_the_list_is_by_page_too(api, page):
    made = [api.booked(page, soon(3, hour))["id"] for hour in (9, 10, 11)]
    assert [b["id"] for b in api("GET", f"/v1/bookings?booking_page_id={page['id']}").json["data"]] == made[::-1]
    assert [b["id"] for b in api("GET", "/v1/bookings?limit=3").json["data"]] == made[::-1]
    first = api("GET", f"/v1/bookings?booking_page_id={page['id']}&limit=2").json
    then = api("GET", f"/v1/bookings?booking_page_id={page['id']}&limit=2&starting_after={first['next_cursor']}").json
    assert [b["id"] for b in then["data"]] == made[:1] and not then["has_more"]
    assert_error(api("GET", f"/v1/bookings?starting_after={first['next_cursor']}"), 400, "invalid_value", "starting_after")


def test_done_once_and_the_link_is_told_again(api, page):
    body, key = {"page": page["slug"], "start": text(soon(3, 9)), **GUEST}, {"Idempotency-Key": str(uuid.uuid4())}
    first = api("POST", "/v1/bookings", body, key)
    again = api("POST", "/v1/bookings", body, key)
    token = api.world.secret(first.json["manage_url"].rsplit("/", 1)[1])
    assert first.status == again.status == 201 and again.body == first.body and again.headers["Idempotent-Replayed"] == "true"
    assert token.encode() not in api.world.sql("SELECT string_agg(encode(body, 'escape'), '') FROM idempotent_answer")[0][0].encode(), "it is sealed"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert api("POST", "/v1/bookings", body, key).status == 409
    api("POST", f"/v1/bookings/{first.json['id']}/cancel")
    assert api("POST", "/v1/bookings", body, key).status == 201, "a refusal is not kept"


# ---- one winner ----

def at_once(calls):
    """Each on a connection of its own, all let go together; what they give."""
    barrier, given = threading.Barrier(len(calls)), [None] * len(calls)

    def run(n):
        barrier.wait()
        given[n] = calls[n]()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return given


def patient(client, body, pairs):
    """Books, as often as it is told to come again: so many wait for one lock, on a busy machine some for too long."""
    while (reply := client.request("POST", "/v1/bookings", body, pairs)).status == 503:
        assert reply.headers["Retry-After"]
    return reply


def test_of_fifty_at_once_over_two_servers_one_gets_it(world, api, page):
    clients = [(world, world.second)[n % 2].client_connection() for n in range(50)]
    pairs = [("Content-Type", "application/json"), ("Authorization", f"Bearer {api.key}")]
    body = json.dumps({"page": page["slug"], "start": text(soon(5, 9)), **GUEST})
    replies = at_once([lambda c=c: patient(c, body, pairs) for c in clients])
    won = [r for r in replies if r.status == 201]
    assert len(won) == 1 and {r.status for r in replies} == {201, 409}, [r.status for r in replies]
    for lost in replies:
        if lost.status == 409:
            error = lost.json["error"]
            assert error["code"] == "slot_unavailable" and len(error["next_slots"]) == 5 and error["next_slots"][0]["start"] == text(soon(5, 9) + 30 * MINUTE)
    world.secret(won[0].json["manage_url"].rsplit("/", 1)[1])
    assert len(api("GET", f"/v1/events?from={text(soon(5))}&to={text(soon(6))}&calendar_id={page['calendar_id']}").json["data"]) == 1
    assert len(api("GET", f"/v1/bookings?booking_page_id={page['id']}").json["data"]) == 1


def test_of_many_who_overlap_none_overlaps_another(world, api, calendar):
    """Starts a quarter of an hour apart, of an hour each, and two pages of one calendar."""
    pages = [api.page(calendar_id=calendar["id"], busy_calendar_ids=[calendar["id"]], slot_step_minutes=15, durations=[{"minutes": 60}]) for _ in range(2)]
    clients = [(world, world.second)[n % 2].client_connection() for n in range(24)]
    pairs = [("Content-Type", "application/json"), ("Authorization", f"Bearer {api.key}")]
    bodies = [json.dumps({"page": pages[n // 2 % 2]["slug"], "start": text(soon(5, 9) + n // 2 * 15 * MINUTE), **GUEST}) for n in range(24)]
    replies = at_once([lambda c=c, b=b: patient(c, b, pairs) for c, b in zip(clients, bodies)])
    assert {r.status for r in replies} == {201, 409}
    spans = sorted((instant(r.json["start"]), instant(r.json["end"])) for r in replies if r.status == 201)
    assert spans and all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))


def ics(uid, start):
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\n"
            f"DTSTART:{start.strftime('%Y%m%dT%H%M%SZ')}\r\nDURATION:PT30M\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def test_a_put_of_an_event_at_the_same_moment_is_before_or_after(world, owner, api, page, calendar):
    """The owner may always write; but what was there first no guest can book over."""
    home = calendar["caldav_url"].removeprefix(world.url)
    outcomes = set()
    for n in range(12):
        at, uid = soon(20 + n, 9), str(uuid.uuid4())
        clients = [world.client_connection(), world.second.client_connection()]
        body = json.dumps({"page": page["slug"], "start": text(at), **GUEST})
        put = [("Content-Type", "text/calendar"), ("Authorization", f"Bearer {owner.key}")]
        pairs = [("Content-Type", "application/json"), ("Authorization", f"Bearer {api.key}")]
        stored, booked = at_once([lambda: clients[0].request("PUT", f"{home}{uid}.ics", ics(uid, at), put),
                                  lambda: clients[1].request("POST", "/v1/bookings", body, pairs)])
        assert stored.status == 201 and booked.status in (201, 409), (stored, booked)
        outcomes.add(booked.status)
        if booked.status == 201:
            number = dict(world.sql(f"SELECT uid, modseq FROM calendar_object WHERE uid IN ('{uid}', '{booked.json['id']}')"))
            assert int(number[booked.json["id"]]) < int(number[uid]), "booked over what was there"
    assert outcomes


def test_who_waits_for_a_put_sees_it(world, owner, api, page, calendar):
    """Decided under the calendar's lock: the PUT has it, the guest comes in the middle."""
    at, uid = soon(6, 9), str(uuid.uuid4())
    held = f"SELECT FROM calendar_state WHERE calendar_id = (SELECT id FROM calendar WHERE name = '{calendar['caldav_url'].rstrip('/').rsplit('/', 1)[1]}') FOR NO KEY UPDATE"
    given = []
    with world.holding(held) as commit:
        put = threading.Thread(target=lambda: given.append(world.second.dav("PUT", calendar["caldav_url"].removeprefix(world.url) + uid + ".ics",
            ics(uid, at), {"Content-Type": "text/calendar"}, owner)))
        put.start()
        assert world.wait_for(lambda: world.waiting() == 1)
        client = world.client_connection()
        guest = threading.Thread(target=lambda: given.append(client.request("POST", "/v1/bookings",
            json.dumps({"page": page["slug"], "start": text(at), **GUEST}), [("Content-Type", "application/json"), ("Authorization", f"Bearer {api.key}")])))
        guest.start()
        assert world.wait_for(lambda: world.waiting() == 2)
        commit()
        put.join()
        guest.join()
    assert sorted(r.status for r in given) == [201, 409], given


# ---- cancelled, moved ----

def test_the_host_cancels_and_the_slot_is_free_again(api, page):
    made = api.booked(page, soon(3, 9))
    gone = api("POST", f"/v1/bookings/{made['id']}/cancel", {"reason": "I am ill."})
    assert gone.status == 200 and gone.json["status"] == "cancelled" and gone.json["cancelled_by"] == "host", gone
    assert gone.json["cancellation_reason"] == "I am ill." and gone.json["cancelled_at"] and "manage_url" not in gone.json
    event = api("GET", f"/v1/events/{made['event_id']}").json
    assert event["status"] == "cancelled" and event["comment"] == "I am ill."
    again = api("POST", f"/v1/bookings/{made['id']}/cancel", {"reason": "Another"})
    assert again.status == 200 and again.json == now_is(api, made) and again.json["cancellation_reason"] == "I am ill."
    assert_error(api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(soon(3, 10))}), 409, "conflict")
    api.booked(page, soon(3, 9))


def test_the_host_moves_it_to_another_slot_alone(api, page):
    made, other = api.booked(page, soon(3, 9)), api.booked(page, soon(3, 11))
    moved = api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(soon(3, 9) + 30 * MINUTE)})
    assert moved.status == 200 and moved.json["start"] == text(soon(3, 9) + 30 * MINUTE) and moved.json["status"] == "confirmed", moved
    assert moved.json["event_id"] == made["event_id"] and now_is(api, made)["start"] == moved.json["start"]
    event = api("GET", f"/v1/events/{made['event_id']}").json
    assert (event["start_time"], event["end_time"], event["sequence"]) == (moved.json["start"], moved.json["end"], 1)
    error = assert_error(api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": other["start"]}), 409, "slot_unavailable", "start")
    assert error["next_slots"][0]["start"] == text(soon(3, 11) + 30 * MINUTE)
    assert api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": moved.json["start"]}).status == 200, "its own event does not count"
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"status": "paused"})
    assert api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(soon(3, 15))}).status == 200
    api("DELETE", f"/v1/booking_pages/{page['id']}")
    assert_error(api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(soon(3, 16))}), 409, "conflict")
    assert api("POST", f"/v1/bookings/{made['id']}/cancel").json["status"] == "cancelled"


def test_the_owners_client_moves_it(world, owner, api, page):
    made = api.booked(page, soon(3, 9))
    path = path_of(world, api, made)
    data = world.dav("GET", path, account=owner).body.decode()
    at = lambda h: soon(3, h).strftime("%Y%m%dT%H%M%SZ")
    assert at(9) in data
    data = data.replace(at(9), at(13)).replace((soon(3, 9) + 30 * MINUTE).strftime("%Y%m%dT%H%M%SZ"), at(14))
    assert world.dav("PUT", path, data, {"Content-Type": "text/calendar"}, owner).status == 204
    told = now_is(api, made)
    assert (told["status"], told["start"], told["end"], told["duration_minutes"]) == ("confirmed", text(soon(3, 13)), text(soon(3, 14)), 60)
    assert api("GET", f"/v1/bookings?booking_page_id={page['id']}").json["data"] == [told]


def test_the_owners_client_deletes_cancels_or_puts_it_elsewhere(world, owner, api, page):
    deleted, cancelled, elsewhere = (api.booked(page, soon(3, hour)) for hour in (9, 10, 11))
    assert world.dav("DELETE", path_of(world, api, deleted), account=owner).status == 204
    told = now_is(api, deleted)
    assert (told["status"], told["cancelled_by"], told["cancelled_at"], told["event_id"]) == ("cancelled", "calendar", None, None)
    assert told["start"] == deleted["start"], "as it was agreed last"
    path = path_of(world, api, cancelled)
    data = world.dav("GET", path, account=owner).body.decode().replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    assert world.dav("PUT", path, data, {"Content-Type": "text/calendar"}, owner).status == 204
    assert now_is(api, cancelled)["status"] == "cancelled" and now_is(api, cancelled)["cancelled_by"] == "calendar"
    path, there = path_of(world, api, elsewhere), api.calendar()
    data = world.dav("GET", path, account=owner).body.decode()
    new = there["caldav_url"].removeprefix(world.url) + "moved.ics"
    assert world.dav("PUT", new, data, {"Content-Type": "text/calendar"}, owner).status == 201  # as Thunderbird moves
    assert world.dav("DELETE", path, account=owner).status == 204
    told = now_is(api, elsewhere)
    assert told["status"] == "confirmed" and told["calendar_id"] == there["id"] and told["event_id"] != elsewhere["event_id"]
    assert api("POST", f"/v1/bookings/{elsewhere['id']}/cancel").json["status"] == "cancelled"
    assert [s for s, _ in api.slots(page, soon(3, 9), soon(3, 11))] == [soon(3, 9) + n * 30 * MINUTE for n in range(4)]
    listed = api("GET", f"/v1/bookings?booking_page_id={page['id']}").json["data"]
    assert [b["status"] for b in listed] == ["cancelled"] * 3


def test_webhooks_tell_what_becomes_of_a_booking(world, owner, api, page):
    with Receiver() as receiver:
        endpoint(world, api.key, receiver.url, ["booking.*"])
        made = api.booked(page, soon(3, 9))
        api("POST", f"/v1/bookings/{made['id']}/reschedule", {"start": text(soon(3, 10))})
        path = path_of(world, api, made)
        data = world.dav("GET", path, account=owner).body.decode().replace("Intro call", "Renamed")
        assert world.dav("PUT", path, data, {"Content-Type": "text/calendar"}, owner).status == 204
        api.busy(soon(3, 20), soon(3, 21))
        other = api.booked(page, soon(3, 12))
        assert world.dav("DELETE", path_of(world, api, other), account=owner).status == 204
        api("POST", f"/v1/bookings/{made['id']}/cancel")
        assert world.wait_for(lambda: len([d for d in receiver.got if d.type != "ping"]) >= 5), [d.type for d in receiver.got]
        told = sorted((d.type, d.json["data"]["object"]["id"]) for d in receiver.got if d.type != "ping")
    assert told == sorted([("booking.created", made["id"]), ("booking.rescheduled", made["id"]), ("booking.created", other["id"]),
                           ("booking.cancelled", other["id"]), ("booking.cancelled", made["id"])])
    for delivery in receiver.got:
        if delivery.type != "ping":
            shown = delivery.json["data"]["object"]
            assert shown["object"] == "booking" and shown["email"] == GUEST["email"] and "manage_url" not in shown
    numbers = [d.json["sequence"] for d in receiver.got]
    assert len(set(numbers)) == len(numbers)


def test_an_account_keeps_so_many_and_the_oldest_that_is_over_goes(world, api, page):
    made = api.booked(page, soon(3, 9))
    world.sql(f"""INSERT INTO booking SELECT (p).* FROM (SELECT jsonb_populate_record(b, jsonb_build_object('id',
                  lpad(to_hex(n), 32, '0')::uuid)) AS p FROM booking b, generate_series(1, 10000) n WHERE b.event_id =
                  (SELECT id FROM calendar_object WHERE uid = '{made['id']}')) q""")
    count = lambda: int(world.sql("SELECT count(*) FROM booking WHERE account_id = (SELECT account_id FROM booking_page WHERE slug = "
                                  f"'{page['slug']}')")[0][0])
    full = count()
    assert_error(api.book(page, soon(3, 10)), 409, "conflict")
    world.sql("UPDATE booking SET end_at = now() - interval '1 day' WHERE id < '00000000-0000-0000-0000-000000000003'")
    api.booked(page, soon(3, 10))
    assert count() == full and world.sql("SELECT id FROM booking ORDER BY id LIMIT 1") == [["00000000-0000-0000-0000-000000000002"]]
    world.sql("DELETE FROM booking WHERE id < '00000000-0000-0000-0000-000000010000'")
