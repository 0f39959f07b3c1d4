# SPDX-License-Identifier: Apache-2.0
"""Booking pages: what their owners set, and what guests are shown of them with a publishable key."""
import datetime as dt
import itertools
import json

import pytest

from booking import ALWAYS, DAYS, Booking, soon
from oauth_flow import App, Browser, at_once
from rest import assert_error

SERVE = ["--rate-limit", "0"]
DATES = True  # tests/run dates

PAGES = "/v1/booking_pages"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture(scope="module")
def test_api(world, owner):
    return Booking(world, world.key(owner, kind="secret", mode="test"))


@pytest.fixture(scope="module")
def widget(world, owner):
    return world.key(owner, kind="publishable")


@pytest.fixture(scope="module")
def token(world, owner):
    browser = Browser(world)
    browser.sign_in(owner)
    scope = "calendars:read events:read events:write"
    return App(world, scope=scope).connect(browser, scope=scope)["access_token"]


def test_a_page_needs_a_slug_and_a_title_and_has_the_rest_by_default(api):
    made = api("POST", PAGES, {"slug": "defaults", "title": " Intro call "})
    assert made.status == 201 and made.headers["Location"].endswith(f"{PAGES}/{made.json['id']}")
    page = made.json
    assert page["id"].startswith("bkp_") and page["object"] == "booking_page" and page["title"] == "Intro call"
    assert page["durations"] == [{"minutes": 30}] and page["status"] == "active" and page["livemode"] is True
    assert [d for d in DAYS if page["working_hours"][d]] == list(DAYS[:5])
    assert page["working_hours"]["monday"] == [{"start": "09:00", "end": "17:00"}]
    assert page["busy_calendar_ids"] is None and page["bookings_per_day"] is None and page["exceptions"] == []
    assert page["calendar_id"].startswith("cal_") and page["minimum_notice_minutes"] == 60 and page["horizon_days"] == 60
    assert api("GET", f"{PAGES}/{page['id']}").json == page
    for missing, body in (("slug", {"title": "x"}), ("title", {"slug": "no-title"})):
        assert_error(api("POST", PAGES, body), 400, "missing_required_field", missing)


@pytest.mark.parametrize("slug", ["ab", "a" * 65, "Abc", "a--b", "-ab", "ab-", "a_b", "a.b", "a b", "a/b", "äbc", "a%20b", "..", "a\nb"])
def test_a_slug_can_stand_in_a_url_as_it_is(api, slug):
    assert_error(api("POST", PAGES, {"slug": slug, "title": "x"}), 400, "invalid_value", "slug")


def test_a_slug_is_taken_once_on_the_server(world, api, test_api):
    api.page(slug="taken-once")
    other = Booking(world, world.key("other-host@example.org", kind="secret"))
    for who in (api, test_api, other):
        assert_error(who("POST", PAGES, {"slug": "taken-once", "title": "x"}), 409, "conflict", "slug")
    mine = other.page()
    assert_error(other("PATCH", f"{PAGES}/{mine['id']}", {"slug": "taken-once"}), 409, "conflict", "slug")
    assert other("PATCH", f"{PAGES}/{mine['id']}", {"slug": "free-again", "title": "y"}).json["slug"] == "free-again"
    assert other("DELETE", f"{PAGES}/{mine['id']}").json == {"id": mine["id"], "object": "booking_page", "deleted": True}
    assert api("POST", PAGES, {"slug": "free-again", "title": "x"}).status == 201


def test_a_page_is_open_to_all_where_its_owner_says_so(world, api):
    page = api.page()
    target = f"{PAGES}/{page['id']}"
    assert (page["is_public"], page["url"], page["questions"]) == (False, None, [])
    assert world.get(f"/book/{page['slug']}").status == 404
    asked = [{"question": "Why?", "required": True}, {"question": "How?", "required": False}]
    opened = api("PATCH", target, {"is_public": True, "questions": [{"question": " Why? ", "required": True}, {"question": "How?"}]}).json
    assert opened["questions"] == asked and opened["url"].endswith(f"/book/{page['slug']}")
    assert world.get(f"/book/{page['slug']}").status == 200
    assert api("GET", f"/v1/public/booking_pages/{page['slug']}").json["questions"] == asked
    closed = api("PATCH", target, {"is_public": False}).json
    assert closed["url"] is None and closed["questions"] == asked and world.get(f"/book/{page['slug']}").status == 404


BAD = [
    ({"durations": []}, "durations"), ({"durations": [{"minutes": 30}, {"minutes": 30}]}, "durations[1].minutes"),
    ({"durations": [{"minutes": 4}]}, "durations[0].minutes"), ({"durations": [{"minutes": n} for n in range(10, 19)]}, "durations"),
    ({"timezone": "Mars/Olympus"}, "timezone"), ({"color_hex": "blue..."}, "color_hex"),
    ({"working_hours": {"monday": [{"start": "9:00", "end": "10:00"}]}}, "working_hours.monday[0].start"),
    ({"working_hours": {"monday": [{"start": "09:00", "end": "24:01"}]}}, "working_hours.monday[0].end"),
    ({"working_hours": {"monday": [{"start": "10:00", "end": "09:00"}]}}, "working_hours.monday[0].end"),
    ({"working_hours": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}]}}, "working_hours.monday[1].start"),
    ({"working_hours": {"noday": []}}, "working_hours.noday"),
    ({"exceptions": [{"date": "2026-02-30", "hours": []}]}, "exceptions[0].date"),
    ({"exceptions": [{"date": "2026-12-24", "hours": []}, {"date": "2026-12-24", "hours": []}]}, "exceptions[1].date"),
    ({"exceptions": [{"date": "2026-12-24", "hours": [{"start": "09:00", "end": "08:00"}]}]}, "exceptions[0].hours[0].end"),
    ({"exceptions": [{"date": "2026-12-24"}]}, "exceptions[0].hours"),
    ({"buffer_before_minutes": 241}, "buffer_before_minutes"), ({"buffer_after_minutes": -1}, "buffer_after_minutes"),
    ({"minimum_notice_minutes": 43201}, "minimum_notice_minutes"), ({"horizon_days": 731}, "horizon_days"),
    ({"slot_step_minutes": 4}, "slot_step_minutes"), ({"bookings_per_day": 0}, "bookings_per_day"), ({"status": "gone"}, "status"),
    ({"busy_calendar_ids": []}, "busy_calendar_ids"), ({"title": "\u202egnp"}, "title"), ({"description": "a\u0001"}, "description"),
    ({"questions": [{"question": " "}]}, "questions[0].question"), ({"questions": [{"question": "x"}] * 2}, "questions[1].question"),
    ({"questions": [{"question": f"{n}"} for n in range(11)]}, "questions"), ({"questions": [{"question": "a\u0001"}]}, "questions[0].question"),
    ({"questions": [{"required": True}]}, "questions[0].question"), ({"is_public": "yes"}, "is_public"), ({"url": "https://x.example"}, "url"),
    ({"id": "bkp_x"}, "id"), ({"livemode": False}, "livemode"), ({"owner": "x"}, "owner"), ({"etag": '"9"'}, "etag"),
]


@pytest.mark.parametrize("fields,param", BAD, ids=[p for _, p in BAD])
def test_what_a_page_cannot_be_is_named(api, fields, param):
    reply = api("POST", PAGES, {"slug": "never-made", "title": "x", **fields})
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply


@pytest.mark.parametrize("fields,mask", [({"color_hex": "red"}, "#RRGGBB"), ({"working_hours": {"monday": [{"start": "9:00", "end": "10:00"}]}}, "HH:MM"),
    ({"exceptions": [{"date": "24/12/2026", "hours": []}]}, "YYYY-MM-DD")])
def test_what_is_written_in_one_way_only_says_which(api, fields, mask):
    reply = api("POST", PAGES, {"slug": "never-made", "title": "x", **fields})
    assert reply.status == 400 and reply.json["error"]["message"] == f"Must be written as {mask}.", reply


@pytest.mark.parametrize("field", ["calendar_id", "busy_calendar_ids"])
def test_calendars_of_a_page_are_its_owners_and_of_its_mode(world, api, test_api, field):
    stranger = Booking(world, world.key("other-host@example.org", kind="secret"))
    for other in (stranger, test_api):
        theirs = other.calendar()["id"]
        reply = api("POST", PAGES, {"slug": "never-made", "title": "x", field: theirs if field == "calendar_id" else [theirs]})
        assert reply.status == 404 and reply.json["error"]["param"].startswith(field), reply


def test_a_page_is_changed_by_what_is_sent_and_under_its_tag(api):
    page, calendar = api.page(), api.calendar()["id"]
    target = f"{PAGES}/{page['id']}"
    changes = {"description": "Two\nlines", "durations": [{"minutes": 45}, {"minutes": 15}], "timezone": "Europe/Berlin", "color_hex": "#3366CC",
        "working_hours": {"sunday": [{"start": "10:00", "end": "12:00"}, {"start": "12:30", "end": "24:00"}]},
        "exceptions": [{"date": "2027-01-02", "hours": [{"start": "08:00", "end": "09:00"}]}, {"date": "2026-12-24", "hours": []}],
        "buffer_before_minutes": 5, "bookings_per_day": 3, "calendar_id": calendar, "busy_calendar_ids": [calendar], "status": "paused"}
    changed = api("PATCH", target, changes, {"If-Match": page["etag"]})
    assert changed.status == 200 and changed.headers["ETag"] == changed.json["etag"] != page["etag"], changed
    week = {d: changes["working_hours"].get(d, []) for d in DAYS}
    ordered = sorted(changes["exceptions"], key=lambda e: e["date"])
    assert {k: changed.json[k] for k in changes} == {**changes, "working_hours": week, "exceptions": ordered}
    assert changed.json["title"] == page["title"] and changed.json["slug"] == page["slug"]
    assert_error(api("PATCH", target, {"title": "y"}, {"If-Match": page["etag"]}), 412, "etag_mismatch")
    assert_error(api("DELETE", target, None, {"If-Match": page["etag"]}), 412, "etag_mismatch")
    assert api("GET", target, None, {"If-None-Match": changed.json["etag"]}).status == 304
    assert api("PATCH", target, api("GET", target).json).status == 200, "as it was read"
    cleared = api("PATCH", target, {"bookings_per_day": None, "busy_calendar_ids": None, "color_hex": None, "description": None}).json
    assert [cleared[k] for k in ("bookings_per_day", "busy_calendar_ids", "color_hex", "description")] == [None] * 4


def test_who_writes_at_the_same_time_is_told(world, api):
    page = api.page()
    target = f"{PAGES}/{page['id']}"
    reply = world.meanwhile(f"UPDATE booking_page SET version = version + 1 WHERE slug = '{page['slug']}'",
                            lambda: api("PATCH", target, {"title": "late"}))
    assert_error(reply, 412, "etag_mismatch")
    assert api("GET", target).json["title"] == "Intro call"


def test_a_page_is_made_by_keys_and_read_by_whoever_may_see_calendars(world, owner, api, token, widget):
    page = api.page()
    restricted = world.key(owner, kind="restricted", scope="calendars:read")
    for key in (token, restricted, owner.key):
        assert world.get(f"{PAGES}/{page['id']}", key=key).json == page
    body, headers = json.dumps({"slug": "by-a-token", "title": "x"}), {"Content-Type": "application/json"}
    for key in (token, restricted, widget):
        for method, target in (("POST", PAGES), ("PATCH", f"{PAGES}/{page['id']}"), ("DELETE", f"{PAGES}/{page['id']}")):
            assert_error(world.request(method, target, body, headers, key), 403, "key_kind_not_allowed", type_="authorization_failed")
    assert_error(world.get(PAGES, key=widget), 403, "key_kind_not_allowed", type_="authorization_failed")
    assert world.post(PAGES, body, headers, owner.key).status == 201


def test_a_key_of_one_calendar_sees_the_pages_of_that_calendar(world, owner, api):
    one, other = api.calendar()["id"], api.calendar()["id"]
    mine, not_mine = api.page(calendar_id=one), api.page(calendar_id=other)
    key = api("POST", "/v1/api_keys", {"name": "one", "kind": "restricted", "scopes": ["calendars:read", "events:write", "events:read"],
        "calendars": [one]}).json["key"]
    assert [p["id"] for p in world.get(PAGES, key=key).json["data"]] == [mine["id"]]
    assert world.get(f"{PAGES}/{not_mine['id']}", key=key).status == 404
    narrow = Booking(world, key)
    assert_error(narrow.book(not_mine, soon(9)), 404, "resource_missing", "page")
    assert narrow.book(mine, soon(9)).status == 201


# ---- what guests are shown ----

SHOWN = {"object", "slug", "title", "description", "durations", "timezone", "color_hex", "questions", "livemode"}


def test_a_publishable_key_reads_the_page_and_nothing_private(world, owner, api, widget):
    """"Publishable. Safe in frontend code. Read-only public endpoints (booking widgets)." """
    page = api.page(description="Half an hour", durations=[{"minutes": 30}, {"minutes": 60}])
    api.busy(soon(3), soon(3, 1), title="Very secret title", attendees=[{"email": "hidden@example.org"}])
    shown = world.get(f"/v1/public/booking_pages/{page['slug']}", key=widget)
    assert shown.status == 200 and set(shown.json) == SHOWN and shown.json["durations"] == [{"minutes": 30}, {"minutes": 60}]
    free = api.availability(page, soon(3), soon(4), key=widget)
    assert free.status == 200 and set(free.json) == {"object", "slug", "timezone", "duration_minutes", "slots"}
    assert free.json["slots"] and all(set(s) == {"start", "end", "local_start"} for s in free.json["slots"])
    for body in (shown.body, free.body):
        for private in (b"secret title", b"@", owner.id.encode(), b"\"cal_", b"bkp_", b"evt_", owner.fields.get("name", "Host").encode()):
            assert private not in body, private


def test_a_publishable_key_is_refused_all_else(world, api, widget):
    """403 and not 401: the key is valid (§3.10)."""
    page = api.page()
    public = f"/v1/public/booking_pages/{page['slug']}"
    for method, target in (("GET", "/v1/events"), ("GET", "/v1/bookings"), ("POST", "/v1/bookings"), ("GET", "/v1/calendars"), ("GET", PAGES)):
        assert_error(world.request(method, target, b"{}" if method == "POST" else None, {"Content-Type": "application/json"}, widget), 403,
                     "key_kind_not_allowed", type_="authorization_failed")
    for method in ("POST", "DELETE", "PATCH"):  # "on POST → 403 even for existing public paths"
        assert world.request(method, public, b"{}", {"Content-Type": "application/json"}, widget).status == 403
    assert world.get(public).status == 401


def test_a_widget_in_a_browser_may_read_the_answer(world, owner, api):
    page = api.page()
    key = world.key(owner, kind="publishable", allow_origin="https://shop.example")
    there = world.get(f"/v1/public/booking_pages/{page['slug']}", {"Origin": "https://shop.example"}, key)
    assert there.status == 200 and there.headers["Access-Control-Allow-Origin"] in ("*", "https://shop.example")
    assert_error(world.get(f"/v1/public/booking_pages/{page['slug']}", {"Origin": "https://evil.example"}, key), 403, "origin_not_allowed",
                 type_="authorization_failed")


def test_pages_are_shown_by_keys_of_their_account_and_mode_alone(world, owner, api, test_api, widget):
    live, test = api.page(), test_api.page()
    of_test = world.key(owner, kind="publishable", mode="test")
    stranger = world.key("other-host@example.org", kind="publishable")
    for page, key, status in ((live, widget, 200), (test, of_test, 200), (live, of_test, 404), (test, widget, 404), (live, stranger, 404)):
        assert world.get(f"/v1/public/booking_pages/{page['slug']}", key=key).status == status
        assert api.availability(page, soon(3), soon(4), key=key).status == status
    assert world.get(f"/v1/public/booking_pages/{test['slug']}", key=of_test).json["livemode"] is False


def test_a_paused_page_is_not_there(world, api, widget):
    page = api.page(status="paused")
    for key in (widget, api.key):
        assert world.get(f"/v1/public/booking_pages/{page['slug']}", key=key).status == 404
        assert api.availability(page, soon(3), soon(4), key=key).status == 404


RANGES = [({"to": soon(3)}, "to", "invalid_value"), ({"to": soon(34) + dt.timedelta(seconds=1)}, "to", "range_too_large"),
          ({"timezone": "Nowhere"}, "timezone", "invalid_value"), ({"duration_minutes": 45}, "duration_minutes", "invalid_value")]


@pytest.mark.parametrize("fields,param,code", RANGES, ids=[c + p for _, p, c in RANGES])
def test_a_range_that_cannot_be_told_is_refused(api, fields, param, code):
    asked = {"start": soon(3), "end": fields.get("to", soon(4))} | {k: v for k, v in fields.items() if k != "to"}
    assert_error(api.availability(api.page(), **asked), 400, code, param)


def test_31_days_are_told(api):
    assert len(api.slots(api.page(working_hours=ALWAYS), soon(40), soon(71))) == 31 * 48


def test_a_network_asks_ten_times_a_second(world, api, widget):
    """Whatever keys it has: a key that stands in a page is everybody's."""
    page = api.page()
    world.restart("--rate-limit", "1000")
    try:
        target, keys = f"/v1/public/booking_pages/{page['slug']}", itertools.cycle([widget, api.key])
        assert world.get(target, key=widget).status == 200

        def ask(http):  # in one go: one after the other they may be fewer than ten a second
            for _ in range(40):
                http.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {next(keys)}\r\n\r\n".encode())
            return [http.read_reply() for _ in range(40)]

        refused = [r for replies in at_once(world, 4, ask) for r in replies if r.status == 429]
        assert refused, "more than ten at once"
        assert_error(refused[0], 429, "rate_limit_exceeded", type_="rate_limit_error")
        assert int(refused[0].headers["Retry-After"]) == 1 and world.get(PAGES, key=api.key).status == 200
    finally:
        world.restart()


def test_an_account_has_fifty_pages(world):
    many = Booking(world, world.key("many@example.org", kind="secret"))
    many.page()
    world.sql("""INSERT INTO booking_page SELECT (p).* FROM (SELECT jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),
                 'slug', 'many-' || n)) AS p FROM booking_page p, generate_series(2, 50) n WHERE p.account_id =
                 (SELECT account_id FROM account WHERE email = 'many@example.org' AND livemode)) q""")
    assert_error(many("POST", PAGES, {"slug": "one-too-many", "title": "x"}), 403, "forbidden", type_="authorization_failed")


def test_a_reset_of_the_sandbox_takes_pages_and_bookings_of_test_mode(api, test_api):
    live, page = api.page(), test_api.page()
    # A week, which is longer than the conference that the sandbox has from a Monday on: three whole days, which a Saturday asked for.
    made = test_api.booked(page, test_api.slots(page, soon(9), soon(16))[0][0])
    assert test_api("POST", "/v1/sandbox/reset").status == 200
    assert test_api("GET", PAGES).json["data"] == [] and test_api("GET", f"/v1/bookings/{made['id']}").status == 404
    assert api("GET", f"{PAGES}/{live['id']}").status == 200
