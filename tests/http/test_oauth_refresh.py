# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens (OAuth 2.1 §4.3) and the end of connections. T21, T22 … are the rows of the project's list of attacks."""
import secrets

import pytest
from oauth_flow import BOTH, App, Browser, Form, alive, at_once, is_error, post_form, profile


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential")


def test_T21_the_refresh_token_of_another_client_is_worth_nothing(world, app, server, browser):
    tokens = app.connect(browser, scope=BOTH)
    headers, _ = server.credentials()
    stolen = post_form(world.http, "/oauth/token",
                       {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, headers)
    assert is_error(stolen, 400, "invalid_grant")
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


def test_T22_a_refresh_can_narrow_its_access_token_and_widen_nothing(world, app, browser):  # OAuth 2.1 §4.3.1
    tokens = app.connect(browser, scope=BOTH)
    for scope in ("events:write", BOTH + " events:write", "nonsense", "profile:read  events:read"):
        assert is_error(app.refresh(tokens["refresh_token"], scope=scope), 400, "invalid_scope")
    narrow = app.refresh(tokens["refresh_token"], scope="events:read").json
    assert narrow["scope"] == "events:read"
    assert profile(world, narrow["access_token"]).status == 403
    full = app.refresh(narrow["refresh_token"]).json
    assert set(full["scope"].split()) == set(BOTH.split()) and alive(world, full)


def test_T23_reuse_behind_the_window_ends_the_family(world, app, browser):  # OAuth 2.1 §4.3.3
    first = app.connect(browser, scope=BOTH)
    second = app.refresh(first["refresh_token"]).json
    world.sql("UPDATE token_family SET rotated_at = rotated_at - interval '11 seconds'")
    assert is_error(app.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert not alive(world, first) and not alive(world, second)
    assert is_error(app.refresh(second["refresh_token"]), 400, "invalid_grant")
    assert world.log_has("event=refresh_reused")


def test_T23_so_does_a_token_two_generations_old(world, app, browser):
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


def test_a_retry_within_the_window_gets_the_same_answer(world, app, server, browser):
    for a in (app, server):
        tokens = a.connect(browser, scope=BOTH)
        first, again = a.refresh(tokens["refresh_token"]), a.refresh(tokens["refresh_token"])
        assert first.status == 200 and first.json == again.json
        narrow = a.refresh(first.json["refresh_token"], scope="events:read")
        assert narrow.json == a.refresh(first.json["refresh_token"], scope="events:read").json
        assert alive(world, first.json)


def test_T24_16_refreshes_at_once_get_one_answer(world, app, browser):
    for _ in range(3):
        tokens = app.connect(browser, scope=BOTH)
        before = world.sql("SELECT count(*) FROM access_token")
        replies = at_once(world, 16, lambda http: app.refresh(tokens["refresh_token"], http=http))
        assert [r.status for r in replies] == [200] * 16
        assert all(r.json == replies[0].json for r in replies)
        assert int(world.sql("SELECT count(*) FROM access_token")[0][0]) == int(before[0][0]) + 1
        assert alive(world, replies[0].json)
        assert app.refresh(replies[0].json["refresh_token"]).status == 200


def test_T25_a_deactivated_account_keeps_its_connections_for_its_return(world, app):
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


def test_T25_a_removed_connection_is_dead_on_every_instance(world, app, user, browser):
    tokens = app.connect(browser, scope=BOTH)
    assert profile(world.second, tokens["access_token"]).status == 200
    remove = f"/apps/{tokens['connected_account_id']}/remove"
    assert browser.post(remove, Form(browser.get(remove).text, remove).fields).status == 303
    for instance in (world, world.second):
        assert profile(instance, tokens["access_token"]).json["error"]["code"] == "token_revoked"
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    again = app.connect(browser, scope=BOTH)  # the same connection, but none of its old tokens
    assert again["connected_account_id"] == tokens["connected_account_id"]
    assert not alive(world, tokens) and is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_connection_for_an_hour_ends_by_itself(world, app, browser):
    code = app.consent(browser, {"lifetime": "3600"}, scope=BOTH)
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


def test_T26_a_confidential_client_must_prove_itself_for_a_refresh(server, browser):
    tokens = server.connect(browser)
    assert is_error(server.refresh(tokens["refresh_token"], [], client_id=server.id), 401, "invalid_client")
    assert server.refresh(tokens["refresh_token"]).status == 200


def test_T27_no_secret_passes_for_another(world, app, browser, user):
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
