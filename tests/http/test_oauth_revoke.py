# SPDX-License-Identifier: Apache-2.0
"""Revocation (RFC 7009)."""
import pytest
from oauth_flow import App, basic, is_error, post_form, profile


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential")


def is_done(reply):
    assert reply.status == 200 and reply.json == {}, reply
    assert reply.headers["Cache-Control"] == "no-store"
    return True


def test_the_token_of_another_client_stays_alive(world, app, server, browser):  # RFC 7009 §2.1
    tokens = app.connect(browser, scope="profile:read")
    assert is_done(server.revoke(tokens["access_token"])) and is_done(server.revoke(tokens["refresh_token"]))
    assert profile(world, tokens["access_token"]).status == 200
    assert app.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("token", ["unknown", "cat_x", "crt_x", "a" * 4000, "' OR 1=1 --", "ü"], ids=range(6))
def test_an_unknown_token_is_no_error(app, token):  # RFC 7009 §2.2
    assert is_done(app.revoke(token))


def test_revoking_a_refresh_token_kills_its_access_tokens_on_all_instances(world, app, browser):
    first = app.connect(browser, scope="profile:read")
    tokens = app.refresh(first["refresh_token"]).json
    assert profile(world.second, tokens["access_token"]).status == 200
    assert is_done(app.revoke(tokens["refresh_token"]))
    for instance in (world, world.second):
        for access in (first["access_token"], tokens["access_token"]):
            assert profile(instance, access).json["error"]["code"] == "token_revoked"
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    assert is_done(app.revoke(tokens["refresh_token"]))


def test_revoking_an_access_token_ends_its_grant(world, app, browser):
    tokens = app.connect(browser, scope="profile:read")
    assert is_done(app.revoke(tokens["access_token"]))
    assert profile(world, tokens["access_token"]).status == 401
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_other_grants_of_the_same_connection_live_on(world, app, browser):
    one, other = app.connect(browser, scope="profile:read"), app.connect(browser, scope="profile:read")
    assert one["connected_account_id"] == other["connected_account_id"]
    assert is_done(app.revoke(one["refresh_token"]))
    assert profile(world, other["access_token"]).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_wrong_hint_does_not_matter(world, app, browser, hint):  # RFC 7009 §2.1
    for kind in ("access_token", "refresh_token"):
        tokens = app.connect(browser, scope="profile:read")
        assert is_done(app.revoke(tokens[kind], token_type_hint=hint))
        assert profile(world, tokens["access_token"]).status == 401


def test_revocation_asks_who_calls_and_for_what(world, app, server):
    assert is_error(app.revoke(None), 400, "invalid_request")
    assert is_error(post_form(world.http, "/oauth/revoke", {"token": "x"}), 401, "invalid_client")
    wrong = post_form(world.http, "/oauth/revoke", {"token": "x"}, [basic(server.id, "wrong")])
    assert is_error(wrong, 401, "invalid_client")
    assert world.get("/oauth/revoke").status == 405
