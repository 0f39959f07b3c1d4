# SPDX-License-Identifier: Apache-2.0
"""/book and /embed: the page by which anybody books, without a key, a cookie or a script. tests/clients/pages/book.test.mjs has the browser."""
import html
import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from booking import ALWAYS, Booking, soon, text
from oauth_flow import Browser, Form
from rest import assert_error

SERVE = ["--rate-limit", "0", "--write-rate", "0", "--trusted-proxy", "127.0.0.1"]
PLACES = ("/book/", "/embed/")


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture(autouse=True)
def unhurried(world):
    """Each test has its own tries."""
    world.sql("DELETE FROM throttle")


def opened(api, **fields):
    """A page that is open to all, with a calendar of its own."""
    calendar = api.calendar()["id"]
    return api.page(**{"title": "Intro & call", "is_public": True, "calendar_id": calendar, "busy_calendar_ids": [calendar], **fields})


@pytest.fixture
def page(api):
    return opened(api, slot_step_minutes=60)


def words(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


class Guest(Browser):
    """A browser that was never here."""

    def __init__(self, world, page, place="/book/"):
        super().__init__(world)
        self.base = place + page["slug"]

    def see(self, end="", status=200):
        reply = self.get(self.base + end)
        assert reply.status == status, reply
        assert not self.cookies and not reply.headers.all("Set-Cookie"), "nobody is followed"
        return reply

    def times(self, day, more=""):
        """The starts that are offered on a day."""
        found = re.findall(r'href="([^"]+/form\?[^"]+)"', self.see(f"?day={day.date()}{more}").text)
        return [parse_qs(urlsplit(html.unescape(f)).query)["start"][0] for f in found]

    def form(self, start, **fields):
        page = self.see(f"/form?start={text(start)}").text
        return Form(page, self.base + "/form").with_(**{"name": "Ada Lovelace", "email": "ada@example.org", **fields})

    def submit(self, form, headers=()):
        return self.post(self.base + "/form", form, headers)

    def book(self, start, **fields):
        return self.submit(self.form(start, **fields))


def bookings(api, page):
    return api("GET", f"/v1/bookings?booking_page_id={page['id']}&limit=100").json["data"]


@pytest.mark.parametrize("place", PLACES)
def test_a_guest_chooses_a_day_and_a_time_and_books_it(world, api, page, place):
    guest = Guest(world, page, place)
    day = soon(3)
    assert text(soon(3, 9)) in guest.times(day)
    reply = guest.book(soon(3, 9), note="See\r\nyou")
    assert reply.status == 303 and not guest.cookies, reply
    world.secret(reply.location.split("/")[2].split("?")[0])
    [made] = bookings(api, page)
    assert (made["start"], made["name"], made["email"], made["note"], made["status"]) == (text(soon(3, 9)), "Ada Lovelace", "ada@example.org", "See\nyou", "confirmed")
    assert text(soon(3, 9)) not in guest.times(day) and text(soon(3, 10)) in guest.times(day)
    shown = world.get(reply.location)
    assert shown.status == 200 and "booked" in words(shown.text) and "Intro &amp; call" in shown.text
    framed = "frame-ancestors *" in shown.headers["Content-Security-Policy"]
    assert framed == (place == "/embed/") and ("<form" not in shown.text or not framed)
    event = api("GET", f"/v1/events/{made['event_id']}").json
    assert event["title"] == "Intro & call – Ada Lovelace" and event["attendees"][0]["email"] == "ada@example.org"


def test_times_are_told_in_the_zone_of_the_guest(world, page):
    guest = Guest(world, page)
    shown = guest.see(f"/form?start={text(soon(3, 9))}&tz=Asia/Kathmandu").text
    assert "14:45\u2060–\u206015:15" in shown and "Asia/Kathmandu" in shown
    assert 'name="calends-zone" content="UTC"' in guest.see().text, "scripts know when there is nothing to change"
    there = guest.see("?tz=Pacific/Auckland").text
    assert "calends-zone" not in there and "Pacific/Auckland" in words(there)
    assert all("tz=Pacific%2FAuckland" in link for link in re.findall(r'href="(/book/[^"]+/form[^"]*)"', there))
    zones = guest.see("/zone?tz=Pacific/Auckland").text
    assert "Europe/Berlin" in zones and "Asia/Kolkata" in zones
    for junk in ("Mars/Olympus", "../../etc/passwd", "x" * 500, "%00", "%3Cscript%3E"):
        reply = guest.get(f"{guest.base}?tz={junk}")
        assert reply.status in (200, 400) and "<script>" not in reply.text
        assert reply.status == 400 or "not known" in words(reply.text)


def test_a_month_shows_the_days_with_room_and_leads_on_where_there_are_none(world, api):
    far = soon(100)
    page = opened(api, horizon_days=200, working_hours={}, timezone="UTC",
                    exceptions=[{"date": str(far.date()), "hours": [{"start": "09:00", "end": "10:00"}]}])
    guest = Guest(world, page)
    assert guest.times(far) == [text(far.replace(hour=9)), text(far.replace(hour=9, minute=30))]
    first = guest.see()
    assert "09:30" in first.text, "it begins where something is free"
    assert f'aria-label="{far:%A}, {far.day} {far:%B %Y}" aria-current="date"' in first.text
    early = guest.see(f"?day={soon(1).date()}").text
    assert "No time is free in these weeks" in words(early) and f"day={far.date()}" in early
    late = guest.see(f"?day={soon(190).date()}").text
    assert "Look again later" in words(late)
    for day in ("1970-01-01", "9999-12-31", "2026-02-30", "x", ""):
        assert guest.see(f"?day={day}").status == 200


def test_how_long_it_takes_is_the_guests_choice(world, api):
    page = opened(api, durations=[{"minutes": 30}, {"minutes": 60}])
    guest = Guest(world, page)
    assert "minutes=60" in guest.see().text
    shown = guest.see(f"/form?start={text(soon(3, 9))}&minutes=60").text
    assert "09:00\u2060–\u206010:00" in shown
    reply = guest.submit(Form(shown, guest.base + "/form").with_(name="x", email="x@example.org"))
    assert reply.status == 303 and bookings(api, page)[0]["duration_minutes"] == 60
    assert "09:00\u2060–\u206009:30" in guest.see(f"/form?start={text(soon(3, 9))}&minutes=7").text


def test_only_pages_that_are_open_to_all_are_there(world, api, page):
    closed, paused = api.page(), opened(api, status="paused")
    for slug in (closed["slug"], paused["slug"], "never-was", "No", "%00", "a" * 300):
        for place in PLACES:
            for end in ("", "/form", "/zone", f"/form?start={text(soon(3, 9))}"):
                reply = world.get(place + slug + end)
                assert reply.status in (404, 400), place + slug + end
                assert reply.status == 400 or not reply.headers.all("Set-Cookie")
    assert "frame-ancestors *" in world.get("/embed/never-was").headers["Content-Security-Policy"], "told in the frame"
    guest = Guest(world, page)
    form = guest.form(soon(3, 9))
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"is_public": False})
    assert guest.submit(form).status == 404 and not bookings(api, page)


def test_its_pages_may_be_framed_at_embed_alone(world, page):
    for place, framed in (("/book/", False), ("/embed/", True)):
        for end in ("", "/zone", f"/form?start={text(soon(3, 9))}"):
            headers = world.get(place + page["slug"] + end).headers
            policy = headers["Content-Security-Policy"]
            assert ("frame-ancestors *" in policy) == framed and ("frame-ancestors 'none'" in policy) != framed
            assert (headers.get("X-Frame-Options") is None) == framed
            assert "script-src 'self'" in policy and "default-src 'none'" in policy and headers["Referrer-Policy"] == "no-referrer"
    script = world.get("/embed.js")
    assert script.status == 200 and "javascript" in script.headers["Content-Type"] and "max-age" in script.headers["Cache-Control"]
    assert len(script.body) < 3000


def framers(reply):
    return re.search(r"frame-ancestors ([^;]*);", reply.headers["Content-Security-Policy"])[1]


def test_its_owner_names_the_sites_that_may_frame_it(world, api, page):
    sites = ["https://shop.example", "https://shop.example:8443", "http://localhost:8080"]
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"embed_origins": [*sites, "HTTPS://SHOP.example:443/"]})
    assert api("GET", f"/v1/booking_pages/{page['id']}").json["embed_origins"] == sites
    for end in ("", "/zone", f"/form?start={text(soon(3, 9))}"):
        assert framers(world.get(f"/embed/{page['slug']}{end}")) == " ".join(sites)
        assert framers(world.get(f"/book/{page['slug']}{end}")) == "'none'"
    made = api.booked(page, soon(3, 9))
    assert framers(world.get(made["manage_url"].removeprefix(world.url) + "/booked")) == " ".join(sites)
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"embed_origins": []})
    assert framers(world.get(f"/embed/{page['slug']}")) == "*"


NO_SITES = ["", "*", "https://*.example", "https:", "https://", "shop.example", "//shop.example", "ftp://shop.example", "data:x", "https://a.example/x", "https://a.example?x",
            "https://a.example#x", "https://u@a.example", "https://a.example;script-src", "https://a.example 'none'", "https://a.example,b.example", "https://a%2eexample",
            "https://ä.example", "https://[::1]", "https://a.example:x", "https://" + "a" * 300 + ".example", "https://a.example\r\nX-Evil: 1", "'self'", "null"]


def test_what_is_no_site_is_refused_by_its_place(api, page):
    """It would stand in a header. Twenty are the most."""
    for origin in NO_SITES:
        reply = api("PATCH", f"/v1/booking_pages/{page['id']}", {"embed_origins": ["https://a.example", origin]})
        assert_error(reply, 400, "invalid_value", "embed_origins[1]")
    reply = api("PATCH", f"/v1/booking_pages/{page['id']}", {"embed_origins": [f"https://n{n}.example" for n in range(21)]})
    assert_error(reply, 400, "invalid_value", "embed_origins")


def test_what_shows_no_secret_is_compressed(world, page):
    zip_it = {"Accept-Encoding": "gzip"}
    for end, packed in (("", True), ("/zone", True), (f"/form?start={text(soon(3, 9))}", False)):
        reply = world.get("/book/" + page["slug"] + end, zip_it)
        assert (reply.headers.get("Content-Encoding") == "gzip") == packed
        assert len(reply.body) < 10_000


def test_two_guests_who_want_one_time_at_once(world, api, page):
    guests = [Guest(world, page, PLACES[n % 2]) for n in range(6)]
    forms = [g.form(soon(4, 12), email=f"guest{n}@example.org") for n, g in enumerate(guests)]
    given = [None] * len(guests)

    def run(n):
        given[n] = guests[n].submit(forms[n])

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(guests))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(r.status for r in given) == [303] + [409] * 5
    assert len(bookings(api, page)) == 1


def test_who_comes_too_late_keeps_their_words_and_is_offered_other_times(world, api, page):
    guest = Guest(world, page)
    form = guest.form(soon(3, 9), name="Grace <Hopper>", email="grace@example.org", note="My words")
    api.booked(page, soon(3, 9))
    reply = guest.submit(form)
    assert reply.status == 409 and "Somebody else was faster" in reply.text
    assert "Grace &lt;Hopper&gt;" in reply.text and "grace@example.org" in reply.text and "My words" in reply.text
    offered = re.findall(r'name="start" value="([^"]+)"', reply.text)
    assert offered[0] == text(soon(3, 10)) and len(offered) == 5
    again = guest.submit(Form(reply.text, guest.base + "/form").with_(start=offered[1]))
    assert again.status == 303, words(again.text)
    assert [b["start"] for b in bookings(api, page) if b["name"] == "Grace <Hopper>"] == [offered[1]]


def test_where_nothing_is_free_for_long_the_calendar_is_offered(world, api):
    page = opened(api, working_hours={}, exceptions=[{"date": str(soon(3).date()), "hours": [{"start": "09:00", "end": "09:30"}]}])
    guest = Guest(world, page)
    form = guest.form(soon(3, 9))
    api.booked(page, soon(3, 9))
    reply = guest.submit(form)
    assert reply.status == 409 and "Choose another time" in words(reply.text) and 'type="radio"' not in reply.text


def test_a_form_that_is_sent_twice_books_once(world, api, page):
    guest = Guest(world, page)
    form = guest.form(soon(3, 9))
    first, second = guest.submit(form), guest.submit(form)
    assert first.status == second.status == 303 and first.location == second.location
    changed = guest.submit([(k, text(soon(3, 11)) if k == "start" else v) for k, v in form])
    assert changed.location == first.location
    both = [None, None]
    form = guest.form(soon(4, 9))

    def run(n):
        both[n] = Guest(world, page).submit(form)

    threads = [threading.Thread(target=run, args=(n,)) for n in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r.status for r in both] == [303, 303] and both[0].location == both[1].location
    assert len(bookings(api, page)) == 2


def test_a_form_of_another_site_or_page_or_day_books_nothing(world, api, page):
    guest, other = Guest(world, page), opened(api)
    form = guest.form(soon(3, 9))
    for headers in ([("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Origin", "https://evil.example")]):
        assert guest.submit(form, headers).status == 403
    assert guest.submit(form, [("Sec-Fetch-Site", "same-origin")]).status == 303
    of_other = dict(Guest(world, other).form(soon(3, 9)))["form"]
    old = "bkg_" + "01" * 11 + "." + of_other.split(".")[1]
    for token in (of_other, old, "", "x", of_other[:-1], None):
        sent = guest.form(soon(3, 10), form=token, note="Kept words")
        reply = guest.submit(sent)
        assert reply.status == 403 and "out of date" in words(reply.text) and "Kept words" in reply.text, token
    mended = guest.submit(Form(reply.text, guest.base + "/form").with_())
    assert mended.status == 303 and len(bookings(api, page)) == 2




HOSTILE = [
    ({"name": ""}, "name"), ({"name": " "}, "name"), ({"name": "a\u202eb"}, "name"), ({"name": "x" * 101}, "name"), ({"name": "a\u200bb"}, "name"),
    ({"name": "Win https://evil.example"}, "name"), ({"name": "www.evil.example"}, "name"), ({"name": "a\nb"}, "name"),
    ({"email": ""}, "email"), ({"email": "ada"}, "email"), ({"email": "ada@"}, "email"), ({"email": "a b@example.org"}, "email"),
    ({"email": "a@example.org\nBcc: b@example.org"}, "email"), ({"email": "a@example.org,b@example.org"}, "email"),
    ({"note": "x" * 2001}, "note"), ({"note": "a\x01b"}, "note"), ({"q0": ""}, "q0"), ({"q0": "y" * 2001}, "q0"), ({"q1": "a\x02"}, "q1"),
]


@pytest.mark.parametrize("fields,at", HOSTILE, ids=[f"{at}-{n}" for n, (_, at) in enumerate(HOSTILE)])
def test_what_a_guest_cannot_be_called_is_told_at_the_field(world, api, fields, at):
    page = opened(api, questions=[{"question": "Your <company>", "required": True}, {"question": "Why?"}])
    guest = Guest(world, page)
    reply = guest.book(soon(3, 9), **{"q0": "ACME <b>", **fields})
    assert reply.status == 400 and re.search(f'id="{at}-error" role="alert">[^<]', reply.text), words(reply.text)
    assert "Your &lt;company&gt;" in reply.text and "<b>" not in reply.text.partition("<form")[2] and not bookings(api, page)
    assert at == "q0" or "ACME &lt;b&gt;" in reply.text


def test_names_of_all_scripts_are_welcome(world, api, page):
    guest = Guest(world, page)
    for hour, name in enumerate(["👩‍👩‍👧 Family", "محمد", "می‌خواهم", "x" * 100, "O'Brien & <Söhne>"]):
        assert guest.book(soon(6, hour), name=name, email=f"g{hour}@example.org").status == 303, name
    assert {b["name"] for b in bookings(api, page)} >= {"محمد", "O'Brien & <Söhne>"}


def test_answers_are_kept_with_their_questions(world, api):
    page = opened(api, questions=[{"question": "Company", "required": True}, {"question": "Why?"}, {"question": "How?"}])
    assert Guest(world, page).book(soon(3, 9), q0="ACME", q2="By\r\nphone").status == 303
    [made] = bookings(api, page)
    assert made["answers"] == [{"question": "Company", "answer": "ACME"}, {"question": "How?", "answer": "By\nphone"}]
    assert "ACME" in api("GET", f"/v1/events/{made['event_id']}").json["description"]


@pytest.mark.parametrize("letter", ["ю", "語", "😀"])
def test_2000_letters_of_any_script_are_an_answer(world, api, letter):
    """Lengths are of characters, as REST and the page's fields have them; of ten such answers and a note the event has all."""
    page = opened(api, questions=[{"question": f"{n} {letter * 190}"} for n in range(10)])
    answers = {f"q{n}": f"{n}" + letter * 1999 for n in range(10)}
    assert Guest(world, page).book(soon(3, 9), note="N" + letter * 1999, **answers).status == 303
    [made] = bookings(api, page)
    assert [a["answer"] for a in made["answers"]] == list(answers.values())
    description = api("GET", f"/v1/events/{made['event_id']}").json["description"]
    assert all(said in description for said in (*answers.values(), "N" + letter * 1999))
    refused = Guest(world, page).book(soon(3, 10), q9=letter * 2001)
    assert refused.status == 400 and "2000 letters at most" in words(refused.text)


def test_no_address_and_no_name_of_the_host_is_shown_before(world, api, page):
    busy = api.busy(soon(3, 9), soon(3, 10), title="Doctor", calendar_id=page["calendar_id"])
    assert busy
    guest = Guest(world, page)
    for end in ("", f"?day={soon(3).date()}", f"/form?start={text(soon(3, 11))}"):
        shown = guest.see(end).text
        assert "host@example.org" not in shown and "Doctor" not in shown
    assert text(soon(3, 9)) not in guest.times(soon(3)) and text(soon(3, 10)) in guest.times(soon(3))


def test_a_page_of_test_mode_books_in_test_mode(world, owner):
    test = Booking(world, world.key(owner, kind="secret", mode="test"))
    page = opened(test)
    guest = Guest(world, page)
    assert "Test data" in guest.see().text and guest.book(soon(3, 9)).status == 303
    assert len(bookings(test, page)) == 1


def test_a_page_whose_calendar_is_gone_offers_nothing(world, api, page):
    guest = Guest(world, page)
    form = guest.form(soon(3, 9))
    assert api("DELETE", f"/v1/calendars/{page['calendar_id']}").status == 200
    assert guest.times(soon(3)) == []
    reply = guest.submit(form)
    assert reply.status == 409 and "calendar of this page is gone" in words(reply.text)


def test_the_week_is_whole_where_clocks_change(world, api):
    page = opened(api, timezone="America/New_York", working_hours=ALWAYS, horizon_days=400)
    guest = Guest(world, page)
    for tz in ("America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"):
        for days in (5, 40, 130, 300):
            day = soon(days)
            offered = guest.times(day, f"&tz={tz}")
            assert len(offered) in (46, 48, 50) and offered == sorted(set(offered)), (tz, day)
