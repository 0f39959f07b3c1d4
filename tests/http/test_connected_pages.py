# SPDX-License-Identifier: Apache-2.0
"""What a connected app may is decided anew on its page: fewer scopes, other calendars, a shorter time; never more."""
import re
import threading

import pytest

from oauth_flow import App, Browser, Form, is_page
from rest import Api

SCOPES = "calendars:read events:read events:write profile:read"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@calends.example", name="Una User")


@pytest.fixture
def app(world):
    """Each test has one of its own: a connection remembers what it was given."""
    return App(world, name="Acme", type="public")


@pytest.fixture
def tokens(browser, app):
    return app.connect(browser, scope=SCOPES)


def change(browser, tokens, **fields):
    action = f"/connected-accounts/{tokens['connected_account_id']}"
    return browser.post(action, Form(browser.get(action).text, action).with_(**fields))


def status(world, tokens, target):
    return world.get(target, key=tokens["access_token"]).status


def test_a_scope_that_is_taken_is_gone_in_the_next_request(world, browser, app, tokens):
    assert [status(world, tokens, t) for t in ("/v1/profile", "/v1/events", "/v1/calendars")] == [200, 200, 200]
    done = change(browser, tokens, scope=["calendars:read", "profile:read"])
    assert done.location == f"/connected-accounts/{tokens['connected_account_id']}?done=saved"
    assert [status(world, tokens, t) for t in ("/v1/profile", "/v1/events", "/v1/calendars")] == [200, 403, 200]
    page = browser.get(done.location).text
    assert "Your changes are saved." in page and 'id="s-events:read"' not in page  # what it lacks cannot be ticked
    change(browser, tokens, scope=["calendars:read", "profile:read", "events:read"])
    assert status(world, tokens, "/v1/events") == 403  # nor be given by a form that was made up
    assert app.refresh(tokens["refresh_token"]).json["scope"].split() == ["calendars:read", "profile:read"]


def test_the_calendars_are_others_of_the_user_s(world, user, browser, tokens):
    choir = Api(world, user.key).calendar("Choir")["id"]
    assert change(browser, tokens, calendars="some", calendar=[choir]).status == 303
    assert [c["id"] for c in world.get("/v1/calendars", key=tokens["access_token"]).json["data"]] == [choir]
    assert "one calendar" in browser.get("/connected-accounts").text
    assert is_page(change(browser, tokens, calendars="some", calendar=[]), 400)
    other = Api(world, world.account(f"other{choir[-4:].lower()}@calends.example").key).calendar("Theirs")["id"]
    again = change(browser, tokens, calendars="some", calendar=[other])
    assert is_page(again, 400) and "no such calendar among yours" in again.text
    assert change(browser, tokens, calendars="all", calendar=[]).status == 303
    assert len(world.get("/v1/calendars", key=tokens["access_token"]).json["data"]) > 1


def test_the_time_is_made_shorter_and_never_longer(world, browser, tokens):
    assert change(browser, tokens, until="1d").status == 303
    page = browser.get(f"/connected-accounts/{tokens['connected_account_id']}").text
    assert re.findall('<option value="([^"]*)"', page) == ["", "1h"]
    before = world.sql("SELECT max(expires_at)::text FROM connected_account WHERE expires_at < 'infinity'")
    assert change(browser, tokens, until="1y").status == 303  # made up: least() leaves the end
    assert world.sql("SELECT max(expires_at)::text FROM connected_account WHERE expires_at < 'infinity'") == before
    assert is_page(change(browser, tokens, until="never"), 400)


def test_who_is_asked_again_does_not_give_it_longer_unawares(browser, app, tokens):
    """No choice of the consent page is a day: what is shorter is chosen until they choose."""
    assert change(browser, tokens, until="1d").status == 303
    assert dict(Form(app.consent_page(browser, scope=SCOPES, prompt="consent").text, "/consent").fields)["lifetime"] == "1h"


def test_nothing_left_is_no_decision_and_the_ticks_stay(world, browser, tokens):
    again = change(browser, tokens, scope=[])
    assert is_page(again, 400) and "Leave at least one permission" in again.text
    assert status(world, tokens, "/v1/profile") == 200


def test_two_changes_at_once_leave_what_both_allow(world, user, tokens):
    action = f"/connected-accounts/{tokens['connected_account_id']}"
    asked = []
    for scope in ("events:read", "calendars:read"):
        browser = Browser(world)
        browser.sign_in(user)
        asked.append((browser, Form(browser.get(action).text, action).with_(scope=[scope, "profile:read"])))
    threads = [threading.Thread(target=browser.post, args=(action, form)) for browser, form in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status(world, tokens, t) for t in ("/v1/profile", "/v1/events", "/v1/calendars")] == [200, 403, 403]


def test_two_changes_at_once_that_leave_nothing_are_told_apart_from_an_end(world, user, browser, tokens):
    action = f"/connected-accounts/{tokens['connected_account_id']}"
    form = Form(browser.get(action).text, action)
    held = ("UPDATE connected_account SET scopes = 4 FROM account a "  # events:read alone
            f"WHERE a.account_id = connected_account.account_id AND a.email = '{user.email}' AND revoked_at IS NULL")
    again = world.meanwhile(held, lambda: browser.post(action, form.with_(scope=["profile:read"])))
    assert is_page(again, 409) and "was changed elsewhere just now" in again.text
    assert [status(world, tokens, t) for t in ("/v1/profile", "/v1/events")] == [403, 200]


def test_what_changes_nothing_is_no_change(world, user, browser, tokens):
    """Neither the owner nor the platform is told of it."""
    told = lambda: (world.sql("SELECT count(*) FROM audit WHERE kind = 'consent.changed'"), world.sql("SELECT count(*) FROM outbox WHERE kind = 'connection_changed'"))
    mine = [Api(world, user.key).calendar(name)["id"] for name in ("Ba", "Bb")]
    assert change(browser, tokens, calendars="some", calendar=mine, until="1d").status == 303
    before = told()
    for calendars in (mine, mine[::-1]):
        assert change(browser, tokens, calendars="some", calendar=calendars).status == 303
    assert told() == before
    assert change(browser, tokens, calendars="some", calendar=mine[:1]).status == 303
    assert told() != before


def test_the_audit_log_and_the_platform_are_told(world, user, browser, app, tokens):
    change(browser, tokens, scope=["profile:read"])
    row = world.sql("SELECT details FROM audit WHERE kind = 'consent.changed' ORDER BY at DESC LIMIT 1")[0][0]
    assert '"scopes":"profile:read"' in row.replace(": ", ":")
    assert world.sql("SELECT count(*) FROM outbox WHERE kind = 'connection_changed'")[0][0] != "0"


def test_nobody_else_reaches_it(world, browser, tokens):
    stranger = Browser(world)
    stranger.sign_in(world.account(f"s{tokens['connected_account_id'][-6:].lower()}@calends.example"))
    action = f"/connected-accounts/{tokens['connected_account_id']}"
    assert is_page(stranger.get(action), 404)
    token = Form(stranger.get("/keys/new").text, "/keys").with_()[0][1]
    assert is_page(stranger.post(action, [("csrf", token), ("scope", "profile:read"), ("calendars", "all")]), 404)
    assert is_page(browser.post(action, [("csrf", "0" * 64), ("scope", "profile:read"), ("calendars", "all")]), 403)
    assert is_page(browser.get("/connected-accounts/cpa_0000000000000000000001"), 404)


def test_two_hundred_apps_come_a_page_at_a_time(world):
    many = world.account("many@calends.example")
    world.sql("WITH o AS (INSERT INTO oauth_client (id, owner_id, name, kind, scopes, grants) SELECT uuid_v7(), account_id, 'App ' || n, 1, 1, 1 "
              f"FROM account, generate_series(1, 200) n WHERE email = '{many.email}' AND livemode RETURNING id, owner_id) "
              "INSERT INTO connected_account (account_id, id, client_id, scopes, authorized_at, expires_at) "
              "SELECT owner_id, uuid_v7(), id, 1, now(), 'infinity' FROM o")
    browser = Browser(world)
    browser.sign_in(many)
    pages, further = [], "/connected-accounts"
    while further:
        pages.append(browser.get(further).text)
        assert len(pages[-1]) < 100_000
        found = re.search('href="([^"]*)">Older</a>', pages[-1])
        further = found and found[1]
    apps = [re.findall("<bdi>(App \\d+)</bdi></a>", page) for page in pages]
    assert [len(names) for names in apps] == [50, 50, 50, 50] and len({n for names in apps for n in names}) == 200
    assert browser.get("/connected-accounts?before=x").status == 200 and "200 connected apps" in browser.get("/").text
