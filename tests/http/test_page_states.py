# SPDX-License-Identifier: Apache-2.0
"""Pages with nothing to show, with very much, and with test data."""
import html
import itertools
import pathlib
import re

import pytest

from booking import Booking
from oauth_flow import App, Browser, Form
from world import ROOT

DATES = True  # tests/run dates

SERVE = ["--rate-limit", "0", "--write-rate", "0", "--allow-private-hooks"]


# ---- nothing ----


def test_whatever_is_empty_has_one_button():
    """Of the templates: whichever of its texts is shown, one way on is beside it."""
    for path in sorted(pathlib.Path(ROOT, "web/templates").glob("*.html")):
        for block in re.findall(r'<div class="empty">.*?</div>', path.read_text(), re.S):
            names = sorted(set(re.findall(r"{{[#^](\w+)}}", block)) - {"t", "mode_test"})
            for flags in itertools.product((True, False), repeat=len(names)):
                shown = block
                for name, flag in zip(names, flags):
                    shown = re.sub(r"(?s){{%s%s}}.*?{{/%s}}" % (r"\^" if flag else "#", name, name), "", shown)
                assert shown.count('class="button') == 1, (path.name, dict(zip(names, flags)))


def test_an_empty_page_leads_on(world):
    b = Browser(world)
    b.sign_in(world.account("empty@calends.example", plan="pro"))
    for page, to in {"/connected-accounts": "/setup", "/audit?kind=client.deleted": "/audit", "/calendar?q=nothing": "/calendar?view=",
                     "/calendar?view=agenda&date=2031-01-01": "/calendar?view=month&date=2031-01-01", "/calendars?page=7": "/calendars/new"}.items():
        [block] = re.findall(r'<div class="empty">.*?</div>', b.get(page).text, re.S)
        [link] = re.findall(r'<a class="button[^"]*" href="([^"]*)"', block)
        assert html.unescape(link).startswith(to), (page, link)
        assert b.get(html.unescape(link)).status == 200


# ---- test data ----


class InTestMode:
    """One of everything, with test data."""

    def __init__(self, world):
        self.owner = world.account("sandbox@calends.example", plan="pro")
        self.browser = Browser(world)
        self.browser.sign_in(self.owner)
        self.api = Booking(world, world.key(self.owner, kind="secret", mode="test"))
        calendar = self.api.calendar()["id"]
        self.ids = [calendar, self.api.event(calendar_id=calendar)["id"], self.api.page(title="Call", calendar_id=calendar,
            busy_calendar_ids=[calendar])["id"]]
        self.ids += [self.api("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "events": ["*"]}).json["id"]]
        self.ids += [self.api("GET", "/v1/api_keys").json["data"][0]["id"]]
        app = App(world, owner=self.owner.email, scope="profile:read events:read", mode="test")
        self.ids += [app.id, app.connect(self.browser, scope="profile:read events:read")["connected_account_id"]]

        shown = self.browser.get(f"/calendars/{calendar}?mode=test").text
        assert self.browser.post(f"/calendars/{calendar}/feed", Form(shown, f"/calendars/{calendar}/feed").with_()).status == 303

    def is_about_it(self, address):
        return "mode=test" in address or any(part in self.ids for part in re.split(r"[/?&=]", address))


# What both modes share, what is no page, and forms where the mode is chosen.
OF_NO_MODE = re.compile(r"^/(booking-pages/\w+/preview|calendars/\w+/export|calendar/(feed|stream)|(sandbox|docs|setup|embed)|apps/\w+/logo|logs\?request)")


def test_every_page_of_test_data_says_so(world):
    """All that is reached from the lists of test mode, by links and from form to form."""
    it = InTestMode(world)
    todo = [f"/{page}?mode=test" for page in ("calendar", "calendars", "booking-pages", "webhooks", "audit", "logs", "usage")]
    todo += [f"/keys/{it.ids[4]}", f"/apps/{it.ids[5]}", f"/connected-accounts/{it.ids[6]}", f"/calendar/events/{it.ids[1]}?mode=test",
             "/calendars/import?mode=test", "/calendars/new?mode=test"]
    seen = set()
    while todo:
        address = todo.pop(0)
        # A path, and which parameters it has; of a series one instance is enough: the day decides how many a month shows.
        kind = re.sub(r"=[^&]*|(?<=[0-9A-Za-z])_\d{8}(T\d{6}Z)?(?=[/?]|$)", "", address)
        if kind in seen or OF_NO_MODE.search(address):
            continue
        seen.add(kind)
        page = it.browser.get(address)
        if page.status != 200 or not page.headers["Content-Type"].startswith("text/html"):
            assert page.status in (303, 409), (address, page.status)
            continue
        assert '<p class="strip">' in page.text, address
        todo += [a for a in map(html.unescape, re.findall(r'<a [^>]*href="(/[^"#]*)', page.text.partition("<main")[2])) if it.is_about_it(a)]
    assert 40 < len(seen) < 150
    for end in ("/edit", "/delete", "/revoke", "/rotate", "/remove", "/feed", "/pause"):
        assert [a for a in seen if a.split("?")[0].endswith(end)], end


# ---- nothing ----


@pytest.mark.parametrize("plan", ["free", "pro"])
def test_what_is_empty_has_each_button_once(world, plan):
    """Both places at once, the head and the middle, are one too many; and none is none."""
    browser = Browser(world)
    browser.sign_in(world.account(f"empty-{plan}@calends.example", plan=plan))
    world.sql(f"DELETE FROM calendar c USING account a WHERE a.account_id = c.account_id AND a.email = 'empty-{plan}@calends.example' AND NOT a.livemode")
    for path in ("/calendar", "/calendar?view=week", "/calendar?view=day", "/calendar?view=agenda", "/calendar?q=nowhere", "/calendars", "/calendars?mode=test", "/booking-pages", "/keys",
                 "/apps", "/webhooks", "/webhooks?mode=test", "/connected-accounts", "/logs", "/usage", "/audit", "/setup"):
        page = browser.get(path).text.partition("<main")[2].partition("</main>")[0]
        buttons = [(href, re.sub("<.*?>", "", words)) for kind, href, words in re.findall(r'<a class="(button[^"]*)" href="([^"]*)"[^>]*>(.*?)</a>', page)]
        assert len(buttons) == len(set(buttons)), (path, buttons)
        if 'class="empty"' in page:
            assert buttons and len(re.findall(r'<a class="button" ', page)) <= 1, (path, buttons)


# ---- very much ----


@pytest.fixture(scope="module")
def many(world):
    """An account with 100 calendars."""
    owner = world.account("many@calends.example", plan="pro")
    api = Booking(world, world.key(owner, kind="secret"))
    here = len(api("GET", "/v1/calendars?limit=100").json["data"])
    for i in range(100 - here):
        assert api("POST", "/v1/calendars", {"name": f"Calendar {i:03}"}).status == 201
    browser = Browser(world)
    browser.sign_in(owner)
    return browser


def ticks(page):
    return re.findall(r'name="calendar" value="(cal_\w+)"', page)


def test_a_hundred_calendars_are_listed(many):
    pages = [many.get(f"/calendars?page={n}").text for n in range(2)]
    listed = [re.findall(r'<a href="/calendars/(cal_\w+)">', page) for page in pages]
    assert [len(page) for page in listed] == [50, 50] and len(set(listed[0] + listed[1])) == 100
    assert max(len(page.encode()) for page in pages) < 70_000, "a row says of itself only what is its own"


def test_a_key_for_ninety_nine_of_a_hundred_calendars(world, many):
    page = many.get("/keys/new").text
    form = Form(page, "/keys")
    live = ticks(page)[:100]
    assert len(set(live)) == 100 and len(page) < 200_000
    made = many.post("/keys", form.with_(name="Most", kind="restricted", scope="calendars:read", calendars="some", calendar=live[:99]))
    assert made.status == 200
    key = world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', made.text)[1])
    told = world.get("/v1/calendars?limit=100", key=key).json["data"]
    assert {c["id"] for c in told} == set(live[:99])


def test_a_consent_in_ninety_nine_of_a_hundred_calendars(world, many):
    app = App(world, type="public", scope="calendars:read")
    page = app.consent_page(many, scope="calendars:read")
    offered = ticks(page.text)
    assert len(set(offered)) == 100 and len(page.text) < 200_000
    refused = app.decide(many, page, decision="allow", calendars="some", calendar=[])
    assert ticks(refused.text) == offered and "checked" not in "".join(re.findall(r'<input[^>]*name="calendar"[^>]*>', refused.text))
    done = app.decide(many, app.consent_page(many, scope="calendars:read"), decision="allow", calendars="some", calendar=offered[:99])
    assert "code=" in done.location
    connections = many.get("/connected-accounts").text
    assert "99 calendars" in connections
