# SPDX-License-Identifier: Apache-2.0
"""A calendar goes that keys, connected apps and booking pages are limited to: its owner is told of them before, and none of them may do more after."""
import html
import json
import re

import pytest

from dav import Dav
from davwrite import new_event
from oauth_flow import App, Form
from rest import Api

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "10000"]
EVERYTHING = "calendars:read calendars:write events:read events:write"
NEW = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}


@pytest.fixture(scope="module")
def owner(world):
    return world.account("rey@calends.example", name="Rey", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Api(world, world.key(owner, kind="secret"))


@pytest.fixture
def calendar(api):
    return api("POST", "/v1/calendars", {"name": "Going"}).json["id"]


@pytest.fixture
def staying(api):
    [default] = [c["id"] for c in api("GET", "/v1/calendars").json["data"] if c["is_default"]]
    return default


def limited(world, browser, app, *calendars):
    code = app.consent(browser, {"calendars": "some", "calendar": list(calendars)}, scope=EVERYTHING, prompt="consent")
    return app.redeem(code).json


def main(page):
    return page.partition("<main")[2].partition("</main>")[0]


def told(browser, calendar):
    """The list of what goes, as text."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", main(browser.get(f"/calendars/{calendar}/delete").text))))


def delete(browser, calendar):
    path = f"/calendars/{calendar}/delete"
    assert browser.post(path, Form(browser.get(path).text, path).with_()).status == 303


def opens_nothing(world, owner, credential, others):
    """Neither lists nor single resources, to read or to write."""
    call = lambda method, target, body=None: world.request(method, target, body and json.dumps(body), {"Content-Type": "application/json"} if body else {}, credential)
    assert call("GET", "/v1/calendars").json["data"] == []
    assert call("GET", "/v1/events?from=2026-01-01T00:00:00Z&to=2027-12-01T00:00:00Z").json["data"] == []
    assert call("POST", "/v1/events", NEW).status == 404
    assert call("POST", "/v1/calendars", {"name": "Another"}).status in (403, 404)
    for other in others:
        assert call("GET", f"/v1/calendars/{other}").status == 404
        assert call("POST", "/v1/events", {**NEW, "calendar_id": other}).status == 404


def test_what_is_limited_to_it_is_counted_and_leads_to_where_it_is_listed(world, owner, api, browser, calendar, staying):
    assert "API keys" not in told(browser, calendar) and "Connected apps" not in told(browser, calendar)
    for calendars in ([calendar], [calendar, staying], [staying], None):
        world.key(owner, kind="restricted", scope="events:read", **({"calendar": calendars} if calendars else {}))
    ended = world.key(owner, kind="restricted", scope="events:read", calendar=calendar)
    assert api("DELETE", f"/v1/api_keys/{ended.id}").status in (200, 204)
    limited(world, browser, App(world, scope=EVERYTHING), calendar)
    limited(world, browser, App(world, scope=EVERYTHING), calendar, staying)
    App(world, scope=EVERYTHING).connect(browser, scope=EVERYTHING)
    for slug, at, busy in (("both", staying, [calendar, staying]), ("own", calendar, [calendar]), ("apart", staying, [staying]), ("selected", staying, None)):
        assert api("POST", "/v1/booking_pages", {"slug": slug, "title": slug, "timezone": "UTC", "calendar_id": at, "busy_calendar_ids": busy}).status == 201
    text, page = told(browser, calendar), browser.get(f"/calendars/{calendar}/delete").text
    assert "this one among them: 2. Left with none, and opening nothing any more: 1." in text, text
    assert "this one among them: 2. Left with none, and seeing nothing any more: 1." in text, text
    assert "no time at which it has events: 1." in text, text
    assert all(f'href="{path}"' in page for path in ("/keys", "/connected-accounts", "/booking-pages"))
    assert all(browser.get(path).status == 200 for path in ("/keys", "/connected-accounts", "/booking-pages"))


def test_in_test_mode_those_of_test_mode_are_counted(world, owner, api, browser, calendar):
    world.key(owner, kind="restricted", scope="events:read", calendar=calendar)
    test = Api(world, world.key(owner, kind="secret", mode="test"))
    other = test("POST", "/v1/calendars", {"name": "Going in test"}).json["id"]
    world.key(owner, kind="restricted", scope="events:read", mode="test", calendar=other)
    page = main(browser.get(f"/calendars/{other}/delete?mode=test").text)
    assert "this one among them: 1." in page and 'href="/booking-pages' not in page


def test_a_key_of_that_calendar_alone_opens_nothing_then(world, owner, api, browser, calendar, staying):
    key = world.key(owner, kind="restricted", scope=EVERYTHING, calendar=calendar)
    dav = Dav(world.url, owner.email, key)
    home = f"/dav/calendars/{owner.id}/"
    assert [c["id"] for c in world.get("/v1/calendars", key=key).json["data"]] == [calendar]
    delete(browser, calendar)
    later = api("POST", "/v1/calendars", {"name": "Made later"}).json["id"]
    opens_nothing(world, owner, key, (staying, later, calendar))
    assert [m for m in dav.propfind(home, "<D:displayname/>", depth=1).members if m != home] == []
    assert dav.put(home + "default/x.ics", new_event("x")).status in (403, 404, 409)
    page = browser.get(f"/keys/{key.id}").text
    assert "calendars that are gone" in page
    path = f"/keys/{key.id}/rotate"
    rotated = browser.post(path, Form(browser.get(path).text, path).with_()).text
    fresh = re.search(r"\b[a-z]{2,3}_[A-Za-z0-9_]{28,}", rotated)
    assert fresh, rotated[:3000]
    world.secret(fresh[0])
    opens_nothing(world, owner, fresh[0], (staying, later, calendar))


def test_a_change_of_such_a_key_gives_it_no_calendar_that_it_had_not(world, owner, api, browser, calendar, staying):
    key = world.key(owner, kind="restricted", scope=EVERYTHING, calendar=calendar)
    delete(browser, calendar)
    assert api("PATCH", f"/v1/api_keys/{key.id}", {"name": "Another"}).status == 200
    api("PATCH", f"/v1/api_keys/{key.id}", {"calendars": [staying]})
    opens_nothing(world, owner, key, (staying,))


def test_an_app_of_that_calendar_alone_sees_nothing_then(world, owner, api, browser, calendar, staying):
    app = App(world, scope=EVERYTHING)
    tokens = limited(world, browser, app, calendar)
    delete(browser, calendar)
    opens_nothing(world, owner, tokens["access_token"], (staying,))
    refreshed = app.refresh(tokens["refresh_token"]).json["access_token"]
    opens_nothing(world, owner, refreshed, (staying,))
    [connected] = [c["id"] for c in api("GET", "/v1/connected_accounts").json["data"] if c.get("client_id") == app.id] or [None]
    listed = re.findall(r'/connected-accounts/(cpa_\w+)"', browser.get("/connected-accounts").text)
    page = next(p for p in (browser.get(f"/connected-accounts/{id}").text for id in listed) if "cal-some" in p and 'id="cal-some" name="calendars" value="some" checked' in p)
    assert 'value="all" checked' not in page, "its form does not begin with all"
