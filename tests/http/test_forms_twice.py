# SPDX-License-Identifier: Apache-2.0
"""A form that makes something is done once, however often it is sent; the second answer leads to what the first made (docs/adr/0020)."""
import itertools
import re

import pytest

from oauth_flow import Form, at_once, is_page
from second_factor import set_up
import test_forms
from test_forms import Places, in_window
from world import ROOT

SERVE = test_forms.SERVE
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:20270101T100000Z\r\nSUMMARY:S\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
numbers = itertools.count(1)

# Route → the page of its form, what is entered, the rows that it makes, and where the second answer leads.
ONCE = {
    "/keys": ("/keys/new", {"name": "Once", "kind": "secret"}, "api_key", r"/keys/key_\w+\?done=shown-before"),
    "/keys/:key/rotate": ("/keys/{key}/rotate", {}, "audit WHERE kind = 'key.rotated'", r"/keys/key_\w+\?done=shown-before"),
    "/setup/:program": ("/setup/thunderbird", {"name": "Once"}, "api_key", r"/keys/key_\w+\?done=shown-before"),
    "/apps": ("/apps/new", {"name": "Once", "redirect_uris": "https://once.example/cb", "scope": "events:read"}, "oauth_client",
        r"/apps/cli_\w+\?done=shown-before"),
    "/apps/:app/secrets": ("/apps/{server}", {}, "oauth_client_secret", r"/apps/cli_\w+\?done=shown-before"),
    "/webhooks": ("/webhooks/new", {"url": "http://127.0.0.1:9/once"}, "webhook_endpoint", r"/webhooks/wbk_\w+\?done=shown-before"),
    "/webhooks/:endpoint/rotate": ("/webhooks/{hook}/rotate", {}, "audit WHERE kind LIKE 'webhook.%'", r"/webhooks/wbk_\w+\?done=shown-before"),
    "/webhooks/:endpoint/test": ("/webhooks/{hook}", {}, "webhook_delivery", r"/webhooks/wbk_\w+\?done=done-before"),
    "/calendars": ("/calendars/new", {"name": "Once"}, "calendar", r"/calendars\?done=created"),
    "/calendars/:cal/feed": ("/calendars/{calendar}/feed", {}, "audit WHERE kind = 'feed.regenerated'", r"/calendars/cal_\w+\?done=feed-renewed"),
    "/calendar/new": ("/calendar/new", {"title": "Once"}, "calendar_object", r"/calendar\?date=[-\d]+&done=event-created"),
    "/booking-pages": ("/booking-pages/new", {"title": "Once"}, "booking_page", r"/booking-pages/bkp_\w+\?done=booking-page-created"),
    "/security/recovery-codes": ("/security/recovery-codes", {}, "audit WHERE kind = 'recovery_codes.created'", r"/security\?done=shown-before"),
}
ELSEWHERE = {  # walked by a test of its own, below or in another file
    "/calendars/import": "below", "/webhooks/:endpoint/deliveries/:delivery/replay": "as the test event, by the same lines",
    "/book/:slug/form": "test_book.py: one form books once", "/embed/:slug/form": "test_book.py", "/sign-up": "test_sign_up.py: the address is taken then",
    "/docs/reference/:name/try": "the page has a field Idempotency-Key", "/index.php/login/v2/flow/:token": "test_login_flow.py: a flow is allowed once",
    "/security/passkeys": "test_passkeys.py: what a passkey answers counts once", "/consent": "test_oauth_consent.py: a request is answered once",
    "/device": "a code that is used is none", "/account/download": "it makes a file and stores nothing",
    "/security/totp/begin": "it leads to the secret that is there", "/sandbox": "the second finds what the first made",
    "/account/email": "a letter more, of which there are few an hour", "/account/confirm": "a letter more, of which there are few an hour",
    "/forgot-password": "a letter more, of which there are few an hour",
}
MAKES_NOTHING = re.compile(r"/(edit|delete|end|remove|revoke|state|move|respond|cancel|take-back|picture|logo|password|deny|end-others)$|^/sign-(in|out)|^/link/"
    r"|^/(confirm|account|security/totp|keys/:key|connected-accounts/:id|oauth/logout)$|^/index.php/login/v2(/poll)?$")


@pytest.fixture(scope="module")
def places(world):
    made = Places(world)
    made.server = made.api("POST", "/v1/oauth_apps", {"name": "Server", "type": "confidential", "redirect_uris": ["https://s.example/cb"],
        "scopes": ["events:read"]}).json["id"]
    calendar = f"/calendars/{made.calendar}"
    made.browser.post(calendar + "/feed", Form(made.browser.get(calendar).text, calendar + "/feed").with_())
    set_up(made.browser)
    return made


def rows(world, table):
    return int(world.sql(f"SELECT count(*) FROM {table}")[0][0])


def test_every_form_that_makes_something_is_walked_here():
    """A route is in one of the tables, or its name says that it changes or ends what is there."""
    with open(f"{ROOT}/web/routes.c") as file:
        posts = set(re.findall(r'METHOD_POST,\s+"([^"]+)"', file.read()))
    assert len(posts) > 60
    assert posts == {p for p in posts if p in ONCE or p in ELSEWHERE or MAKES_NOTHING.search(p)}
    assert not [p for p in posts if (p in ONCE or p in ELSEWHERE) and MAKES_NOTHING.search(p)] and set(ONCE) | set(ELSEWHERE) <= posts


@pytest.mark.parametrize("route", ONCE)
def test_the_same_form_twice_makes_one_thing(world, places, route):
    page, entries, table, leads = ONCE[route]
    for part in re.findall(r"{(\w+)}", page):
        page = page.replace("{%s}" % part, getattr(places, part))
    end = "/" + route.rpartition("/")[2]
    action = route if ":" not in route else page if page.endswith(end) or end == "/:program" else page + end
    form = Form(places.browser.get(page).text, action).with_(**entries)
    before = rows(world, table)
    first = places.browser.post(action, form)
    made = rows(world, table) - before
    assert first.status in (200, 303) and made >= 1, first
    second = places.browser.post(action, form)
    assert rows(world, table) - before == made
    assert second.status == 303 and re.fullmatch(leads, second.location), second.location
    shown = places.browser.get(second.location)
    assert shown.status == 200 and ("came twice" in shown.text) == ("-before" in second.location)
    for secret in re.findall(r'id="(?:secret|codes)"[^>]*>([^<]+)<', first.text if first.status == 200 else ""):
        assert world.secret(secret) not in shown.text
    more = {"title": "Once more"} if "title" in entries else {}  # a booking page has an address of its own
    again = Form(places.browser.get(page).text, action).with_(**{**entries, **more})  # opened anew, it is another form
    assert places.browser.post(action, again).status in (200, 303)
    assert rows(world, table) - before >= 2 * made


def test_forms_that_come_at_once_make_one_thing(world, places):
    form = Form(places.browser.get("/keys/new").text, "/keys").with_(name="At once", kind="secret")
    replies = at_once(world, 5, lambda _: in_window(places).post("/keys", form))
    assert sorted(r.status for r in replies) == [200, 303, 303, 303, 303]
    for secret in re.findall(r'id="secret"[^>]*>([^<]+)<', "".join(r.text for r in replies if r.status == 200)):
        world.secret(secret)
    assert rows(world, "api_key WHERE name = 'At once'") == 1


def test_with_other_entries_it_is_another_form(world, places):
    """Who goes back, changes the name and sends it again wants another."""
    form = Form(places.browser.get("/calendars/new").text, "/calendars")
    for name in ("Back A", "Back B", "Back B"):
        assert places.browser.post("/calendars", form.with_(name=name)).status == 303
    assert rows(world, "calendar WHERE displayname LIKE 'Back %'") == 2


def test_what_was_refused_is_done_when_it_is_mended_or_sent_again(world, places):
    form = Form(places.browser.get("/keys/new").text, "/keys")
    for _ in range(2):
        assert is_page(places.browser.post("/keys", form.with_(name="", kind="secret")), 400)
    assert places.browser.post("/keys", form.with_(name="Mended", kind="publishable")).status == 200


def test_a_file_that_is_imported_twice_is_in_one_calendar(world, places):
    form = Form(places.browser.get("/calendars/import").text, "/calendars/import").with_(calendar="new")
    files = [("file", "Twice.ics", "text/calendar", CALENDAR % next(numbers))]
    first, second = (places.browser.post_files("/calendars/import", form, files) for _ in range(2))
    assert first.status == second.status == 200 and "What was imported" in second.text
    assert rows(world, "calendar WHERE displayname = 'Twice'") == 1
    calendar = re.search(r"/calendars/(cal_\w+)", first.text)[1]
    assert calendar in second.text
    assert places.browser.post(f"/calendars/{calendar}/delete", Form(places.browser.get(f"/calendars/{calendar}/delete").text, f"/calendars/{calendar}/delete").with_()).status == 303
    gone = places.browser.post_files("/calendars/import", form, files)
    assert is_page(gone, 409) and "deleted by now" in gone.text
