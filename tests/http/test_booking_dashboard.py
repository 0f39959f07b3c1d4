# SPDX-License-Identifier: Apache-2.0
"""/booking-pages: what the owner of booking pages does with them, by the same operations as /v1/booking_pages."""
import html
import re

import pytest

from booking import Booking, soon
from oauth_flow import Browser, Form

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "0", "--write-rate", "0"]
LIST = "/booking-pages"
NOBODY = "bkp_" + "0" * 21 + "1"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


def form(browser, page=LIST + "/new", action=LIST, **changes):
    reply = browser.get(page)
    assert reply.status == 200, reply
    return Form(reply.text, action).with_(**changes)


def text(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def made(api, browser, **changes):
    """What REST says of a page that the form made."""
    reply = browser.post(LIST, form(browser, **changes))
    assert reply.status == 303, text(reply.text)
    return api("GET", "/v1/booking_pages/" + reply.location.split("/")[-1].split("?")[0]).json


def test_the_form_makes_what_rest_tells(api, browser):
    page = made(api, browser, title="Café & Kuchen", description="Two\r\nlines", durations="45, 30", timezone="Europe/Berlin",
                monday="9-12, 13:00–17:30", tuesday="", exceptions="2027-12-24\r\n2027-12-31 10:00-12:00",
                questions="Your company *\r\nWhat about?", embed_origins="HTTPS://Shop.Example:443/\r\n\r\nhttp://localhost:8080", minimum_notice_minutes="120", bookings_per_day="4", slot_step_minutes="15")
    assert (page["slug"], page["title"], page["description"]) == ("caf-kuchen", "Café & Kuchen", "Two\nlines")
    assert page["durations"] == [{"minutes": 45}, {"minutes": 30}] and page["is_public"] and page["mail_guests"]
    assert page["url"].endswith("/book/caf-kuchen")
    assert page["working_hours"]["monday"] == [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:30"}]
    assert page["working_hours"]["tuesday"] == [] and page["working_hours"]["friday"] == [{"start": "09:00", "end": "17:00"}]
    assert page["exceptions"] == [{"date": "2027-12-24", "hours": []}, {"date": "2027-12-31", "hours": [{"start": "10:00", "end": "12:00"}]}]
    assert page["questions"] == [{"question": "Your company", "required": True}, {"question": "What about?", "required": False}]
    assert page["embed_origins"] == ["https://shop.example", "http://localhost:8080"]
    assert (page["minimum_notice_minutes"], page["bookings_per_day"], page["slot_step_minutes"]) == (120, 4, 15)
    shown = browser.get(f"{LIST}/{page['id']}").text
    assert f"<code>{page['url']}</code>" in shown and 'embed.js&quot;' not in shown and 'data-page="caf-kuchen"' in html.unescape(shown)
    assert "Café &amp; Kuchen" in browser.get(LIST).text


def test_a_form_that_is_saved_as_it_was_shown_changes_nothing(api, browser):
    page = made(api, browser, title="As it was", slug="as-it-was", exceptions="2027-12-24", questions="Why? *", embed_origins="https://a.example\nhttps://b.example")
    edit = f"{LIST}/{page['id']}/edit"
    reply = browser.post(edit, form(browser, edit, edit))
    assert reply.status == 303 and reply.location == f"{LIST}/{page['id']}?done=saved", text(reply.text)
    again = api("GET", f"/v1/booking_pages/{page['id']}").json
    assert {k: again[k] for k in page if k not in ("etag", "updated_at")} == {k: page[k] for k in page if k not in ("etag", "updated_at")}


WRONG = [
    ({"title": ""}, "title"), ({"title": "\u202egnp"}, "title"), ({"slug": "No Slug"}, "slug"), ({"slug": "ab"}, "slug"),
    ({"durations": "half an hour"}, "durations"), ({"durations": "3"}, "durations"), ({"durations": "30, 30"}, "durations"), ({"durations": ""}, "durations"),
    ({"monday": "all day"}, "monday"), ({"sunday": "17:00-09:00"}, "sunday"), ({"friday": "9-12, 11-13"}, "friday"), ({"monday": "9-12-14"}, "monday"),
    ({"exceptions": "Christmas"}, "exceptions"), ({"exceptions": "2027-12-24 at night"}, "exceptions"), ({"exceptions": "2027-12-24\n2027-12-24"}, "exceptions"),
    ({"timezone": "Mars/Olympus"}, "timezone"), ({"questions": "Why?\nWhy?"}, "questions"), ({"questions": "\n".join(map(str, range(11)))}, "questions"),
    ({"embed_origins": "https://a.example\nshop.example"}, "embed_origins"), ({"embed_origins": "*"}, "embed_origins"), ({"embed_origins": "https://x.example; script-src *"}, "embed_origins"),
    ({"embed_origins": "https://a.example/shop"}, "embed_origins"), ({"embed_origins": "\n".join(f"https://n{n}.example" for n in range(21))}, "embed_origins"),
    ({"questions": "x" * 201}, "questions"), ({"horizon_days": "731"}, "horizon_days"), ({"slot_step_minutes": "soon"}, "slot_step_minutes"),
    ({"buffer_after_minutes": "-5"}, "buffer_after_minutes"), ({"bookings_per_day": "0"}, "bookings_per_day"),
    ({"calendar_id": "cal_" + "0" * 21 + "1"}, "calendar_id"), ({"calendars": "some", "calendar": None}, "busy_calendar_ids"),
]


@pytest.mark.parametrize("fields,at", WRONG, ids=[f"{at}-{n}" for n, (_, at) in enumerate(WRONG)])
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(api, browser, fields, at):
    before = len(api("GET", "/v1/booking_pages?limit=100").json["data"])
    fields = {"title": "Kept <title>", "description": "Kept words", **fields}
    reply = browser.post(LIST, form(browser, **fields))
    page = reply.text
    assert reply.status in (400, 404), text(page)
    assert re.search(f'<p class="field-error" id="({at}|busy)-error" role="alert">[^<]', page), text(page)
    assert "Kept words" in page and ("Kept &lt;title&gt;" in page or at == "title")
    assert len(api("GET", "/v1/booking_pages?limit=100").json["data"]) == before


def test_an_address_that_is_taken_is_told(api, browser):
    api.page(slug="taken-here")
    reply = browser.post(LIST, form(browser, title="x", slug="taken-here"))
    assert reply.status == 409 and 'id="slug-error"' in reply.text


def test_a_form_that_is_sent_twice_makes_one_page(api, browser):
    sent = form(browser, title="Once", slug="once-only")
    replies = [browser.post(LIST, sent) for _ in range(2)]
    assert [r.status for r in replies] == [303, 303] and replies[0].location == replies[1].location
    other = browser.post(LIST, Form(browser.get(LIST + "/new").text, LIST).with_(title="Once", slug="once-only"))
    assert other.status == 409


def test_what_somebody_else_saved_meanwhile_is_not_lost_unseen(api, browser):
    page = made(api, browser, title="Stale", slug="stale-page")
    edit = f"{LIST}/{page['id']}/edit"
    sent = form(browser, edit, edit, title="Mine")
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"title": "Theirs"})
    reply = browser.post(edit, sent)
    assert reply.status == 412 and "save again" in text(reply.text) and 'value="Mine"' in reply.text
    assert api("GET", f"/v1/booking_pages/{page['id']}").json["title"] == "Theirs"
    assert browser.post(edit, Form(reply.text, edit).with_()).status == 303
    assert api("GET", f"/v1/booking_pages/{page['id']}").json["title"] == "Mine"


def test_a_page_is_paused_resumed_and_deleted_after_a_question(world, api, browser):
    page = made(api, browser, title="Comes and goes", slug="comes-and-goes")
    path = f"{LIST}/{page['id']}"
    status = lambda: api("GET", f"/v1/booking_pages/{page['id']}").json["status"]
    assert "move and cancel" in text(browser.get(path + "/pause").text) and status() == "active"
    reply = browser.post(path + "/state", form(browser, path + "/pause", path + "/state"))
    assert reply.location == path + "?done=booking-page-paused" and status() == "paused"
    assert world.get("/book/comes-and-goes").status == 404
    assert browser.post(path + "/state", form(browser, path, path + "/state")).status == 303 and status() == "active"
    booked = api.booked(page, api.slots(page, soon(3), soon(20))[0][0])
    assert "cannot be undone" in text(browser.get(path + "/delete").text) and status() == "active"
    reply = browser.post(path + "/delete", form(browser, path + "/delete", path + "/delete"))
    assert reply.location == LIST + "?done=booking-page-deleted"
    assert browser.get(path).status == 404 and api("GET", f"/v1/bookings/{booked['id']}").json["status"] == "confirmed"


def test_what_was_booked_stands_on_its_page(api, browser):
    page = made(api, browser, title="Booked", slug="booked-page")
    slots = api.slots(page, soon(3), soon(20))
    kept = api.booked(page, slots[0][0], name="Ada <Lovelace>")
    gone = api.booked(page, slots[4][0], name="Bob")
    api("POST", f"/v1/bookings/{gone['id']}/cancel")
    shown = browser.get(f"{LIST}/{page['id']}").text
    assert "Ada &lt;Lovelace&gt;" in shown and f"/calendar/events/{kept['event_id']}" in shown
    assert shown.index('care">Cancelled') < shown.index('good">Confirmed'), "the newest first"


@pytest.fixture(scope="module")
def busy_page(world, api, owner):
    """With 44 bookings that are to come and 60 that are cancelled; their numbers are their guests' names."""
    page = api.page(slug="busy-page")
    made = api.booked(page, api.slots(page, soon(3), soon(20))[0][0], name="n000")
    world.sql("""INSERT INTO booking (account_id, id, page_id, calendar_id, event_id, start_at, end_at, tz, name, email, questions, answers, cancelled_at, cancelled_by)
        SELECT b.account_id, (left(b.id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, b.page_id, b.calendar_id, CASE WHEN n % 7 < 3 THEN b.event_id ELSE gen_random_uuid() END,
               b.start_at, b.end_at, 'UTC', 'n' || lpad(n::text, 3, '0'), 'g@example.org', '{}', '{}', CASE WHEN n % 7 >= 3 THEN now() END, CASE WHEN n % 7 >= 3 THEN 1 ELSE 0 END
          FROM booking b, generate_series(1, 104) n WHERE b.name = 'n000'""")
    world.sql("DELETE FROM booking WHERE name = 'n000'")
    return page, made


def walk(browser, address):
    """The guests of each part, from the first to the last."""
    parts = []
    while address:
        shown = browser.get(address).text
        parts.append(re.findall(r"<bdi>(n\d\d\d)</bdi>", shown))
        older = re.search(r'<a class="button secondary" href="([^"]+)">Older', shown)
        address = older and html.unescape(older[1]).partition("#")[0]
    return parts


def test_all_that_was_booked_is_listed_a_part_at_a_time(browser, busy_page):
    page, _ = busy_page
    names = [f"n{n:03}" for n in range(104, 0, -1)]
    parts = walk(browser, f"{LIST}/{page['id']}")
    assert sum(parts, []) == names and [len(p) for p in parts] == [20] * 5 + [4]
    assert sum(walk(browser, f"{LIST}/{page['id']}?show=upcoming"), []) == [n for n in names if int(n[1:]) % 7 < 3]
    cancelled = walk(browser, f"{LIST}/{page['id']}?show=cancelled")
    assert sum(cancelled, []) == [n for n in names if int(n[1:]) % 7 >= 3] and all(map(len, cancelled))
    nothing = browser.get(f"{LIST}/{page['id']}?show=past").text
    assert "None of these bookings is like this" in nothing and "Older" not in nothing
    assert 'href="/booking-pages/%s#booked">Newest' % page["id"] in browser.get(f"{LIST}/{page['id']}?before=bkg_0000000000000000000001").text
    for odd in ("show=%F0%9F%98%80", "before=x", "show=past&before=bkg_" + "z" * 22):
        assert browser.get(f"{LIST}/{page['id']}?{odd}").status == 200


def test_what_is_over_is_told_by_when_its_event_is(world, api, browser, busy_page):
    page, made = busy_page
    assert api("PATCH", f"/v1/events/{made['event_id']}", {"start_time": "2020-01-01T10:00:00Z", "end_time": "2020-01-01T10:30:00Z"}).status == 200
    assert len(sum(walk(browser, f"{LIST}/{page['id']}?show=past"), [])) == 44 and not sum(walk(browser, f"{LIST}/{page['id']}?show=upcoming"), [])
    assert api("PATCH", f"/v1/events/{made['event_id']}", {"start_time": made["start"], "end_time": made["end"]}).status == 200


def test_test_mode_has_pages_of_its_own(world, owner, browser):
    reply = browser.post(LIST, form(browser, LIST + "/new?mode=test", title="Of test mode", slug="of-test-mode"))
    assert reply.status == 303
    test = Booking(world, world.key(owner, kind="secret", mode="test"))
    assert "of-test-mode" in [p["slug"] for p in test("GET", "/v1/booking_pages").json["data"]]
    assert "Of test mode" in browser.get(LIST + "?mode=test").text and "Of test mode" not in browser.get(LIST).text
    shown = browser.get(reply.location).text
    assert "Test" in shown
    path = reply.location.split("?")[0]
    done = browser.post(path + "/delete", form(browser, path + "/delete", path + "/delete"))
    assert done.location == LIST + "?done=booking-page-deleted&mode=test"


def test_nobody_else_sees_or_changes_it(world, api, browser):
    page = api.page()
    stranger = Browser(world)
    stranger.sign_in(world.account("stranger@example.org"))
    csrf = Form(stranger.get(LIST + "/new").text, LIST).with_()
    for path in (f"{LIST}/{page['id']}", f"{LIST}/{NOBODY}", f"{LIST}/x"):
        for end in ("", "/edit", "/pause", "/delete", "/preview", "/preview/form", "/preview/zone"):
            assert stranger.get(path + end).status == 404, path + end
        for end in ("/edit", "/state", "/delete"):
            assert stranger.post(path + end, csrf).status == 404, path + end
    nobody = Browser(world)
    assert nobody.get(LIST).status == 303 and nobody.get(f"{LIST}/{page['id']}/preview").status == 303
    assert api("GET", f"/v1/booking_pages/{page['id']}").json == page


def test_forms_need_their_token(api, browser):
    page = api.page()
    for path in (LIST, f"{LIST}/{page['id']}/edit", f"{LIST}/{page['id']}/state", f"{LIST}/{page['id']}/delete"):
        assert browser.post(path, {"title": "x", "slug": "never-made", "state": "paused"}).status == 403
    assert api("GET", f"/v1/booking_pages/{page['id']}").json == page


def test_a_preview_shows_what_guests_see_and_books_nothing(api, browser):
    page = api.page(title="Not yet open", status="paused")
    path = f"{LIST}/{page['id']}/preview"
    shown = browser.get(path).text
    assert "Preview" in shown and "Not yet open" in shown
    time = html.unescape(re.search(r'href="(/booking-pages/[^"]+/form\?start=[^"]+)"', shown)[1])
    asked = browser.get(time)
    assert asked.status == 200 and "disabled" in asked.text
    assert browser.post(path + "/form", Form(asked.text, path + "/form").with_(name="x", email="x@example.org")).status == 405
    assert "frame-ancestors 'none'" in asked.headers["Content-Security-Policy"]
