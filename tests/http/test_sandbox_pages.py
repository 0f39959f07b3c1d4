# SPDX-License-Identifier: Apache-2.0
"""Pages of test mode go by its clock (docs/adr/0026-sandbox.md), as REST does; live pages never see it."""
import datetime as dt
import html
import re

import pytest

from booking import Booking, soon, text
from oauth_flow import App, answer
from rest import assert_error
from test_book import Guest

DATES = True  # tests/run dates

SIGNED_IN = "ann"
SERVE = ["--rate-limit", "0"]
DAY = 86400
AHEAD = 40  # days


@pytest.fixture(scope="module")
def api(world, ann):
    return Booking(world, world.key(ann, kind="secret", mode="test"))


@pytest.fixture(autouse=True)
def right(api):
    assert api("POST", "/v1/sandbox/reset").status == 200


def advance(api, days):
    assert api("POST", "/v1/sandbox/clock", {"advance_seconds": days * DAY}).status == 200
    return dt.datetime.fromisoformat(api("GET", "/v1/sandbox/clock").json["now"].replace("Z", "+00:00"))


def plain(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def test_the_calendar_begins_with_the_day_that_it_is_there(api, browser):
    now = advance(api, AHEAD)
    today = lambda page: re.search(r'data-today="([^"]*)"', browser.get(page).text)[1]
    shown = lambda page: re.search(r'data-date="([^"]*)"', browser.get(page).text)[1]
    real = dt.datetime.now(dt.timezone.utc).date().isoformat()
    for view in ("month", "week", "day", "agenda"):
        assert today(f"/calendar?view={view}&mode=test") == shown(f"/calendar?view={view}&mode=test") == now.date().isoformat()
        assert today(f"/calendar?view={view}") == real
    begins = f'name="start_date" value="{(now + dt.timedelta(hours=1)).date().isoformat()}"'
    assert begins in browser.get("/calendar/new?mode=test").text and begins not in browser.get("/calendar/new").text


def test_what_can_be_booked_is_yet_to_come_there(world, api, browser):
    """docs/sandbox.md: how long before a booking must be made goes by that clock, on REST, on the page and in its preview."""
    page = api.page(is_public=True, minimum_notice_minutes=60)
    booked = api.booked(page, api.slots(page, soon(2, 8), soon(3))[0][0])
    now = advance(api, 5)
    first = api.slots(page, soon(0), soon(8))[0][0]
    assert now + dt.timedelta(minutes=60) <= first <= now + dt.timedelta(minutes=120)
    refused = api.book(page, soon(4, 9))
    assert_error(refused, 409, "slot_unavailable", "start")
    assert all(slot["start"] > text(now) for slot in refused.json["error"]["next_slots"])
    for place in (f"/book/{page['slug']}", f"/embed/{page['slug']}", f"/booking-pages/{page['id']}/preview"):
        shown = browser.get(place).text
        times = re.findall(r"start=(\d{4}-\d\d-\d\d)", html.unescape(shown).replace("%3A", ":"))
        assert times and min(times) >= now.date().isoformat(), place
        assert f"where it is {now:%H}:" in plain(shown) or f"where it is {now + dt.timedelta(minutes=1):%H}:" in plain(shown)
    link = booked["manage_url"].removeprefix(world.url)
    assert ">Over<" in browser.get(link).text and browser.get(link + "/move").status == 303
    row = plain(browser.get(f"/booking-pages/{page['id']}").text)
    assert "Over" in row and re.search("[23] days ago", row)


def test_a_guest_books_by_that_clock(world, api):
    page = api.page(is_public=True)
    advance(api, 5)
    guest = Guest(world, page)
    assert guest.book(soon(3, 9)).status == 409, "that day is over there"
    assert guest.book(api.slots(page, soon(7, 8), soon(8))[0][0]).status == 303


def test_ends_are_told_by_that_clock(world, ann, api, browser):
    end = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=30, hours=1)).isoformat()
    key = api("POST", "/v1/api_keys", {"name": "ends", "kind": "restricted", "scopes": ["profile:read"], "expires_at": end}).json
    app = App(world, owner=ann, mode="test", type="confidential", scope="profile:read")
    reply = app.decide(browser, app.consent_page(browser, scope="profile:read", prompt="consent"), lifetime="30d")
    connection = app.redeem(answer(reply, app.redirect)["code"]).json["connected_account_id"]
    pages = (f"/keys/{key['id']}", f"/connected-accounts/{connection}")
    left = lambda page: re.findall(r"in \d+ (?:weeks|days)", plain(browser.get(page).text))[0]
    assert [left(page) for page in pages] == ["in 4 weeks"] * 2
    advance(api, 20)
    assert set(map(left, pages)) <= {"in 9 days", "in 10 days"}


def test_a_secret_that_ended_by_that_clock_is_said_to_have_ended(world, ann, api, browser):
    app = App(world, owner=ann, mode="test", type="confidential", scope="profile:read")
    end = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=1)).isoformat()
    assert api("POST", f"/v1/oauth_apps/{app.id}/secrets", {"expires_at": end}).status == 201
    working = lambda: len(re.findall(r'href="/apps/[^"]*/secrets/', browser.get(f"/apps/{app.id}").text))
    assert working() == 2
    advance(api, 2)
    assert working() == 1
