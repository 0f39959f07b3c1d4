# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens (OAuth 2.1 §4.3) and the end of connections."""
import secrets

import pytest
from forge import forged, other_random
from oauth_flow import BOTH, App, Browser, Form, alive, at_once, basic, is_error, post_form, profile


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential")


def test_the_refresh_token_of_another_client_is_worth_nothing(world, app, server, browser):
    tokens = app.connect(browser, scope=BOTH)
    headers, _ = server.credentials()
    stolen = post_form(world.http, "/oauth/token",
                       {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, headers)
    assert is_error(stolen, 400, "invalid_grant")
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("seconds", [0, 11])
def test_a_token_that_was_used_is_of_its_client_too(world, app, server, browser, seconds):
    """T21: another client gets no kept answer by it, and ends nothing by it once a retry has none any more."""
    for owner, thief in ((app, server), (server, app)):
        old = owner.connect(browser, scope=BOTH)["refresh_token"]
        new = owner.refresh(old).json
        world.sql(f"UPDATE token_family SET rotated_at = rotated_at - interval '{seconds} seconds'")
        headers, params = thief.credentials()
        stolen = post_form(world.http, "/oauth/token", {**params, "grant_type": "refresh_token", "refresh_token": old}, headers)
        assert is_error(stolen, 400, "invalid_grant"), stolen
        assert alive(world, new) and owner.refresh(new["refresh_token"]).status == 200


def test_nothing_is_refreshed_of_a_connection_that_ended_or_was_emptied(world, browser):
    """Each condition by itself: the connection alone is marked as ended; another consent leaves nothing of what this token was for."""
    app = App(world, type="public")
    tokens = app.redeem(app.consent(browser, {"scope": ["events:read"]}, scope=BOTH)).json
    app.redeem(app.consent(browser, {"scope": ["profile:read"]}, scope=BOTH))
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    tokens = app.connect(browser, scope=BOTH)
    ended = f"UPDATE connected_account SET revoked_at = {{}} WHERE client_id = (SELECT client_id FROM token_family ORDER BY id DESC LIMIT 1)"
    world.sql(ended.format("now()"))
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant") and not alive(world, tokens)
    world.sql(ended.format("NULL"))
    assert app.refresh(tokens["refresh_token"]).status == 200, "it ended nothing else"


def test_a_refresh_can_narrow_its_access_token_and_widen_nothing(world, app, browser):  # OAuth 2.1 §4.3.1
    tokens = app.connect(browser, scope=BOTH)
    for scope in ("events:write", BOTH + " events:write", "nonsense", "profile:read  events:read"):
        assert is_error(app.refresh(tokens["refresh_token"], scope=scope), 400, "invalid_scope")
    narrow = app.refresh(tokens["refresh_token"], scope="events:read").json
    assert narrow["scope"] == "events:read"
    assert profile(world, narrow["access_token"]).status == 403
    full = app.refresh(narrow["refresh_token"]).json
    assert set(full["scope"].split()) == set(BOTH.split()) and alive(world, full)


def test_reuse_after_the_window_ends_the_family(world, app, browser):  # OAuth 2.1 §4.3.3
    first = app.connect(browser, scope=BOTH)
    second = app.refresh(first["refresh_token"]).json
    world.sql("UPDATE token_family SET rotated_at = rotated_at - interval '11 seconds'")
    assert is_error(app.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert not alive(world, first) and not alive(world, second)
    assert is_error(app.refresh(second["refresh_token"]), 400, "invalid_grant")
    assert world.log_has("event=refresh_reused")


def test_a_token_two_generations_old_ends_the_family(world, app, browser):
    first = app.connect(browser, scope=BOTH)
    third = app.refresh(app.refresh(first["refresh_token"]).json["refresh_token"]).json
    assert alive(world, third)
    assert is_error(app.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert not alive(world, third)


def test_a_token_that_was_never_issued_ends_nothing(world, app, browser):
    tokens = app.connect(browser, scope=BOTH)
    good = tokens["refresh_token"]
    for forged in (good[:-1] + ("0" if good[-1] != "0" else "1"), good[:10] + "AAAA" + good[14:], good + "0", "crt_"):
        assert is_error(app.refresh(forged), 400, "invalid_grant")
    assert alive(world, tokens) and app.refresh(good).status == 200


def is_same(first, again):
    """But for the seconds that went by since."""
    a, b = dict(first.json), dict(again.json)
    return abs(a.pop("expires_in") - b.pop("expires_in")) <= 10 and a == b


def test_a_retry_within_the_window_gets_the_same_answer(world, app, server, browser):
    for a in (app, server):
        tokens = a.connect(browser, scope=BOTH)
        first, again = a.refresh(tokens["refresh_token"]), a.refresh(tokens["refresh_token"])
        assert first.status == 200 and is_same(first, again)
        narrow = a.refresh(first.json["refresh_token"], scope="events:read")
        assert is_same(narrow, a.refresh(first.json["refresh_token"], scope="events:read"))
        assert alive(world, first.json)


def test_sixteen_refreshes_at_once_get_one_answer(world, app, browser):
    for _ in range(3):
        tokens = app.connect(browser, scope=BOTH)
        before = world.sql("SELECT count(*) FROM access_token")
        replies = at_once(world, 16, lambda http: app.refresh(tokens["refresh_token"], http=http))
        assert [r.status for r in replies] == [200] * 16
        assert all(is_same(replies[0], r) for r in replies)
        assert int(world.sql("SELECT count(*) FROM access_token")[0][0]) == int(before[0][0]) + 1
        assert alive(world, replies[0].json)
        assert app.refresh(replies[0].json["refresh_token"]).status == 200


def test_a_deactivated_account_keeps_its_connections_for_its_return(world, app):
    away = world.account("away@calends.example")
    browser = Browser(world)
    browser.sign_in(away)
    tokens = app.connect(browser, scope=BOTH)
    code = app.consent(browser)
    world.cli("account", "deactivate", away.email)
    refused = app.refresh(tokens["refresh_token"])
    assert is_error(refused, 400, "invalid_grant") and "deactivated" in refused.json["error_description"]
    assert is_error(app.redeem(code), 400, "invalid_grant")
    gone = profile(world, tokens["access_token"])
    assert (gone.status, gone.json["error"]["type"]) == (403, "account_deactivated")
    world.cli("account", "reactivate", away.email)
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


def test_a_removed_connection_is_dead_on_every_instance(world, app, user, browser):
    tokens = app.connect(browser, scope=BOTH)
    assert profile(world.second, tokens["access_token"]).status == 200
    remove = f"/connected-accounts/{tokens['connected_account_id']}/remove"
    assert browser.post(remove, Form(browser.get(remove).text, remove).fields).status == 303
    for instance in (world, world.second):
        assert profile(instance, tokens["access_token"]).json["error"]["code"] == "token_revoked"
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    again = app.connect(browser, scope=BOTH)  # the same connection, but none of its old tokens
    assert again["connected_account_id"] == tokens["connected_account_id"]
    assert not alive(world, tokens) and is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_connection_for_an_hour_ends_by_itself(world, app, browser):
    code = app.consent(browser, {"lifetime": "1h"}, scope=BOTH)
    tokens = app.redeem(code).json
    assert alive(world, tokens)
    world.sql("UPDATE connected_account SET expires_at = now() WHERE expires_at < 'infinity'")
    assert profile(world, tokens["access_token"]).status == 401
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_refresh_token_unused_for_a_month_has_ended(world, app, browser):
    tokens = app.connect(browser)
    [[days]] = world.sql("SELECT extract(day FROM max(idle_expires_at) - now()) FROM token_family")
    assert 29 <= int(float(days)) <= 30
    world.sql("UPDATE token_family SET idle_expires_at = now()")
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_confidential_client_must_prove_itself_for_a_refresh(server, browser):
    tokens = server.connect(browser)
    assert is_error(server.refresh(tokens["refresh_token"], [], client_id=server.id), 401, "invalid_client")
    assert server.refresh(tokens["refresh_token"]).status == 200


def test_no_secret_passes_for_another(world, app, browser, user):
    code = app.consent(browser, scope=BOTH)
    assert profile(world, code).status == 401
    assert is_error(app.refresh(code), 400, "invalid_grant")
    tokens = app.redeem(code).json
    assert is_error(app.refresh(tokens["access_token"]), 400, "invalid_grant")
    assert is_error(app.redeem(tokens["refresh_token"]), 400, "invalid_grant")
    assert is_error(app.redeem(user.key), 400, "invalid_grant")
    assert profile(world, tokens["refresh_token"]).status == 401
    assert alive(world, tokens)


def test_an_expired_token_is_told_from_an_unknown_one(world, app, browser):  # RFC 6750 §3.1
    tokens = app.connect(browser, scope=BOTH)
    world.sql("UPDATE access_token SET expires_at = now()")
    expired = profile(world, tokens["access_token"])
    assert (expired.status, expired.json["error"]["code"]) == (401, "token_expired")
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]
    unknown = profile(world, "cat_" + secrets.token_hex(30))
    assert unknown.status == 401 and unknown.json["error"]["code"] != "token_expired"


# ---- the retry is answered, and nothing else (docs/adr/0008) ----


@pytest.mark.parametrize("first, then", [(None, "events:read"), ("events:read", None), ("events:read", "profile:read"),
    (None, "events:write"), ("events:read", "events:read events:write")])
def test_a_retry_that_asks_for_something_else_is_a_second_use(world, app, browser, first, then):
    """Within the ten seconds another scope, or one that was never granted, got the answer of the first request."""
    tokens = app.connect(browser, scope=BOTH)
    one = app.refresh(tokens["refresh_token"], scope=first)
    assert one.status == 200
    assert is_error(app.refresh(tokens["refresh_token"], scope=then), 400, "invalid_grant")
    assert profile(world, one.json["access_token"]).json["error"]["code"] == "token_revoked"


def test_the_same_scopes_in_another_order_are_the_same_request(app, browser):
    tokens = app.connect(browser, scope="profile:read events:read calendars:read")
    one = app.refresh(tokens["refresh_token"], scope="profile:read events:read")
    again = app.refresh(tokens["refresh_token"], scope="events:read profile:read")
    assert again.status == 200 and again.json["access_token"] == one.json["access_token"]


@pytest.mark.parametrize("kind", ["confidential", "public"])
def test_the_app_of_a_deactivated_account_is_nobody_until_it_returns(world, kind):
    """K13: the platform is stopped, its users' tokens with it; its users' refresh tokens are kept for its return."""
    owner = world.account(f"{kind}@platform.example")
    app, user = App(world, type=kind, owner=owner.email), Browser(world)
    user.sign_in(world.account(f"user-of-{kind}@calends.example"))
    tokens = app.connect(user, scope="profile:read")
    world.cli("account", "deactivate", owner.email)
    assert is_error(app.refresh(tokens["refresh_token"]), 401, "invalid_client")
    assert world.get("/v1/profile", key=tokens["access_token"]).status == 401
    world.cli("account", "reactivate", owner.email)
    assert app.refresh(tokens["refresh_token"]).status == 200


def test_a_retry_is_refused_once_its_account_is_deactivated(world, app):
    """The kept answer was given to an account that had ended."""
    leaving = world.account("leaving@calends.example")
    browser = Browser(world)
    browser.sign_in(leaving)
    tokens = app.connect(browser, scope=BOTH)
    assert app.refresh(tokens["refresh_token"]).status == 200
    world.cli("account", "deactivate", leaving.email)
    world.sql("UPDATE token_family SET rotated_at = now()")  # the command may have taken the time of a retry
    refused = app.refresh(tokens["refresh_token"])
    assert is_error(refused, 400, "invalid_grant") and "deactivated" in refused.json["error_description"]
    world.cli("account", "reactivate", leaving.email)
    world.sql("UPDATE token_family SET rotated_at = now()")
    assert app.refresh(tokens["refresh_token"]).status == 200  # it ended nothing


def test_a_retry_is_refused_once_its_connection_has_ended(world, app, browser):
    """The time that the user gave was over between the two."""
    tokens = app.redeem(app.consent(browser, {"lifetime": "1h"}, scope=BOTH)).json
    assert app.refresh(tokens["refresh_token"]).status == 200
    world.sql("UPDATE connected_account SET expires_at = now() WHERE expires_at < 'infinity'")
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_retry_tells_what_its_token_may_do_now(world, app, browser):
    """A scope that the user took back between the two is not told as granted."""
    tokens = app.connect(browser, scope=BOTH)
    one = app.refresh(tokens["refresh_token"]).json
    assert set(one["scope"].split()) == set(BOTH.split())
    app.redeem(app.consent(browser, {"scope": ["events:read"]}, scope=BOTH))
    again = app.refresh(tokens["refresh_token"]).json
    assert again["access_token"] == one["access_token"] and again["scope"] == "events:read"


def test_expires_in_is_what_remains_of_the_consent(world, browser):
    """A consent for an hour, redeemed and refreshed when half of it was over, said 3600."""
    app = App(world, type="public")
    code = app.consent(browser, {"lifetime": "1h"}, scope=BOTH)
    world.sql("UPDATE connected_account SET expires_at = expires_at - interval '1800 s' WHERE expires_at < 'infinity'")
    tokens = app.redeem(code).json
    assert 1700 <= tokens["expires_in"] <= 1800
    world.sql("UPDATE connected_account SET expires_at = expires_at - interval '600 s' WHERE expires_at < 'infinity'")
    one, again = app.refresh(tokens["refresh_token"]).json, app.refresh(tokens["refresh_token"]).json
    assert 1100 <= again["expires_in"] <= one["expires_in"] <= 1200
    [[most]] = world.sql("SELECT extract(epoch FROM max(t.expires_at) - now())::int FROM access_token t JOIN token_family f "
                         "ON f.account_id = t.account_id AND f.id = t.family_id "
                         "WHERE f.connected_account_id = (SELECT max(id::text)::uuid FROM connected_account)")
    assert int(most) <= 1800
    forever = app.redeem(app.consent(browser, {"lifetime": "never"}, scope=BOTH)).json
    assert forever["expires_in"] == 3600


def test_revoking_a_refresh_token_of_any_age_ends_the_family(world, app, server, browser):
    """Two generations old, it was answered 200 and the family lived (RFC 7009 §2.1)."""
    for a in (app, server):
        for age in (0, 1, 2, 3):
            tokens = a.connect(browser, scope=BOTH)
            oldest = tokens["refresh_token"]
            for _ in range(age):
                tokens = a.refresh(tokens["refresh_token"]).json
            assert a.revoke(oldest).status == 200
            assert not alive(world, tokens), age
            assert is_error(a.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_an_old_token_revoked_by_another_client_ends_nothing(world, app, server, browser):
    tokens = app.connect(browser, scope=BOTH)
    oldest = tokens["refresh_token"]
    for _ in range(2):
        tokens = app.refresh(tokens["refresh_token"]).json
    assert server.revoke(oldest).status == 200
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


# ---- a well-formed secret with a false tag ----

def older(octets):
    """A generation before the one that it is of, which its tag does not prove."""
    generation = int.from_bytes(octets[-12:-8], "big")
    octets[-12:-8] = (generation - 1).to_bytes(4, "big")


def other_tag(octets):
    older(octets)
    octets[-1] ^= 1


def test_the_forger_of_this_file_makes_well_formed_secrets(app, browser):
    token = app.connect(browser)["refresh_token"]
    assert forged(token, lambda octets: None) == token


@pytest.mark.parametrize("change", [older, other_tag])
def test_a_refresh_token_with_a_false_tag_ends_nothing(world, app, browser, change):
    """§7: an old generation must be proven by its tag; who knows a token of today could else make one."""
    tokens = app.connect(browser, scope=BOTH)
    for _ in range(3):
        tokens = app.refresh(tokens["refresh_token"]).json
    false = forged(tokens["refresh_token"], change)
    assert false != tokens["refresh_token"]
    assert is_error(app.refresh(false), 400, "invalid_grant")
    assert app.revoke(false).status == 200
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


def test_no_secret_of_ours_works_with_an_octet_changed(world, app, server, browser, user):
    """§7: for every kind of secret: its form and checksum right, its octets not those that were issued."""
    tokens = server.connect(browser, scope=BOTH)
    assert profile(world, forged(tokens["access_token"], other_random)).json["error"]["code"] == "token_invalid"
    assert is_error(server.refresh(forged(tokens["refresh_token"], other_random)), 400, "invalid_grant")
    code = server.consent(browser)
    assert is_error(server.redeem(forged(code, other_random)), 400, "invalid_grant")
    assert server.redeem(code).status == 200
    false = forged(server.secret, other_random)
    assert false != server.secret and is_error(server.redeem("x", [basic(server.id, false)]), 401, "invalid_client")
    cookie = next(k for k in browser.cookies if k.startswith("session_"))
    thief = Browser(world)
    thief.cookies[cookie] = forged(browser.cookies[cookie], other_random)
    assert thief.get("/keys").status == 303
    assert alive(world, tokens)
