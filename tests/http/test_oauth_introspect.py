# SPDX-License-Identifier: Apache-2.0
"""Introspection (RFC 7662): who may ask, what is told, and that nothing else is."""
import pytest
from oauth_flow import App, Browser, basic, is_error, post_form, profile

BOTH = "profile:read events:read"


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential", name="Server side")


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def gateway(world):
    """A resource server that the operator lets ask about everybody's tokens."""
    return App(world, type="confidential", name="Gateway", may_introspect=True)


def inactive(reply):
    """RFC 7662 §2.2: nothing beside it, so that nobody learns why."""
    assert reply.status == 200 and reply.json == {"active": False}, reply
    assert reply.headers["Content-Type"] == "application/json" and reply.headers["Cache-Control"] == "no-store"
    return True


def active(reply):
    assert reply.status == 200 and reply.json["active"] is True, reply
    assert reply.headers["Content-Type"] == "application/json" and reply.headers["Cache-Control"] == "no-store"
    return reply.json


def test_an_app_is_told_of_its_own_tokens(world, server, browser):
    tokens = server.connect(browser, scope=BOTH)
    told = active(server.introspect(tokens["access_token"]))
    assert set(told) == {"active", "scope", "client_id", "token_type", "exp", "iat", "sub", "username", "iss", "connected_account_id",
                         "livemode", "auth_time", "aud"}
    assert set(told["scope"].split()) == set(BOTH.split()) and told["client_id"] == server.id
    assert told["token_type"] == "Bearer" and told["iss"] == world.public_url and told["aud"] == [world.public_url] and told["livemode"] is True
    assert told["connected_account_id"] == tokens["connected_account_id"]
    assert told["sub"] == profile(world, tokens["access_token"]).json["id"]
    now = world.sql("SELECT extract(epoch FROM now())::bigint")[0][0]
    assert 3500 < told["exp"] - int(now) <= 3600 and 0 <= int(now) - told["iat"] < 100
    assert told["username"] == profile(world, tokens["access_token"]).json["email"]
    refresh = active(server.introspect(tokens["refresh_token"]))
    assert "token_type" not in refresh and refresh["scope"] == told["scope"] and refresh["sub"] == told["sub"]
    assert 29 * 86400 < refresh["exp"] - int(now) <= 30 * 86400


def test_when_a_token_was_given_and_to_whom(world, server, browser):
    """RFC 7662 §2.2 `iat`: of the token itself; `username`: only where the token tells the address anyway."""
    first = server.connect(browser, scope="events:read")
    world.sql("UPDATE access_token SET issued_at = issued_at - interval '500 seconds'")
    world.sql("UPDATE token_family SET code_used_at = code_used_at - interval '900 seconds'")
    access, refresh = (active(server.introspect(first[kind])) for kind in ("access_token", "refresh_token"))
    assert 395 <= access["iat"] - refresh["iat"] <= 405
    assert "username" not in access and "username" not in refresh
    second = server.refresh(first["refresh_token"]).json
    access, refresh = (active(server.introspect(second[kind])) for kind in ("access_token", "refresh_token"))
    now = int(world.sql("SELECT extract(epoch FROM now())::bigint")[0][0])
    assert 0 <= now - access["iat"] < 100 and 0 <= now - refresh["iat"] < 100
    openid = server.connect(browser, scope="openid email")
    assert "@" in active(server.introspect(openid["access_token"]))["username"]
    assert "username" not in active(server.introspect(server.connect(browser, scope="openid")["access_token"]))


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", ""])
def test_a_wrong_hint_does_not_matter(server, browser, hint):  # RFC 7662 §2.1
    tokens = server.connect(browser, scope="profile:read")
    for kind in ("access_token", "refresh_token"):
        assert active(server.introspect(tokens[kind], token_type_hint=hint))


def test_nobody_asks_without_proving_who_they_are(world, server, app, browser):
    """I1: a public app proves nothing."""
    token = app.connect(browser, scope="profile:read")["access_token"]
    assert is_error(post_form(world.http, "/oauth/introspect", {"token": token}), 401, "invalid_client")
    assert is_error(app.introspect(token), 401, "invalid_client")
    assert is_error(post_form(world.http, "/oauth/introspect", {"token": token, "client_id": server.id}), 401, "invalid_client")
    assert is_error(post_form(world.http, "/oauth/introspect", {"token": token}, [basic(server.id, "wrong")]), 401, "invalid_client")
    bearer = [("Authorization", f"Bearer {token}")]
    assert is_error(post_form(world.http, "/oauth/introspect", {"token": token}, bearer), 401, "invalid_client")
    assert world.get("/oauth/introspect?token=" + token).status == 405


def test_the_tokens_of_other_apps_are_not_told_of(server, app, gateway, browser):
    """I1, I2: but to whom the operator lets introspect."""
    tokens = app.connect(browser, scope=BOTH)
    for kind in ("access_token", "refresh_token"):
        assert inactive(server.introspect(tokens[kind]))
        assert active(gateway.introspect(tokens[kind]))["client_id"] == app.id


def test_a_gateway_of_one_mode_is_told_nothing_of_the_other(world, gateway, browser):
    test_app = App(world, type="public", mode="test")
    sandbox = App(world, type="confidential", mode="test", may_introspect=True)
    token = test_app.connect(browser, scope="profile:read")["access_token"]
    assert inactive(gateway.introspect(token))
    assert active(sandbox.introspect(token))["livemode"] is False


@pytest.mark.parametrize("token", ["unknown", "cat_x", "crt_x", "cls_x", "a" * 10_000, "' OR 1=1 --", "ü", "{}"], ids=range(8))
def test_what_is_no_token_is_not_active(server, token):  # RFC 7662 §2.2
    assert inactive(server.introspect(token))


def test_altered_tokens_and_other_secrets_are_not_active(world, server, gateway, browser, account_key):
    """I1, I3: neither a code nor a key can be asked about, not even by a gateway."""
    tokens = server.connect(browser, scope="profile:read")
    code = server.consent(browser, scope="profile:read")
    for one in (tokens["access_token"], tokens["refresh_token"]):
        assert inactive(server.introspect(one[:-1] + ("a" if one[-1] != "a" else "b")))
    for secret in (code, server.secret, account_key):
        assert inactive(gateway.introspect(secret)) and inactive(server.introspect(secret))
    assert server.redeem(code).status == 200  # asking did not use it up


@pytest.fixture(scope="module")
def account_key(world):
    return world.key(world.account("user@calends.example"))


def test_a_token_is_told_of_no_longer_than_it_works(world, server, browser):
    """What ends on one instance is not active on the other in the next request (V2)."""
    first = server.connect(browser, scope="profile:read")
    second = server.refresh(first["refresh_token"]).json
    there = world.second.client_connection()
    assert inactive(server.introspect(first["refresh_token"], there))  # its successor was given
    assert active(server.introspect(first["access_token"], there)) and active(server.introspect(second["refresh_token"], there))
    server.revoke(second["access_token"])
    for token in (first["access_token"], second["access_token"], second["refresh_token"]):
        assert inactive(server.introspect(token, there)) and inactive(server.introspect(token))
    there.close()


def test_expired_tokens_are_not_active(world, server, browser):
    tokens = server.connect(browser, scope="profile:read")
    world.sql("UPDATE access_token SET expires_at = now() - interval '1 second'")
    assert inactive(server.introspect(tokens["access_token"]))
    active(server.introspect(tokens["refresh_token"]))
    world.sql("UPDATE token_family SET idle_expires_at = now() - interval '1 second'")
    assert inactive(server.introspect(tokens["refresh_token"]))


ENDS = {  # what is done and what undoes it
    "family": ("token_family SET revoked_at = now(), revoked_why = 4", "token_family SET revoked_at = NULL, revoked_why = NULL"),
    "connection": ("connected_account SET revoked_at = now()", "connected_account SET revoked_at = NULL"),
    "its time": ("connected_account SET expires_at = now()", "connected_account SET expires_at = 'infinity'"),
    "its app": ("oauth_client SET owner_active = false WHERE name = 'Asked about'", "oauth_client SET owner_active = true"),
    "account": ("account SET status = 2 WHERE email = 'user@calends.example'", "account SET status = 1"),
}


@pytest.mark.parametrize("why", ENDS)
def test_what_has_ended_for_whatever_reason_is_not_active(world, gateway, browser, why):
    """I1: each condition by itself, of both kinds of tokens."""
    tokens = App(world, type="public", name="Asked about").connect(browser, scope=BOTH)
    done, undone = ENDS[why]
    for change, told in ((done, {False}), (undone, {True})):
        world.sql("UPDATE " + change)
        assert {gateway.introspect(tokens[kind]).json["active"] for kind in ("access_token", "refresh_token")} == told


def test_a_refresh_token_that_may_nothing_any_more_is_not_active(gateway, browser, world):
    app = App(world, type="public")
    token = app.redeem(app.consent(browser, {"scope": ["events:read"]}, scope=BOTH)).json["refresh_token"]
    assert active(gateway.introspect(token))["scope"] == "events:read"
    app.redeem(app.consent(browser, {"scope": ["profile:read"]}, scope=BOTH))
    assert inactive(gateway.introspect(token))


def test_the_tokens_of_a_deactivated_account_are_not_active(world, server):
    user = world.account("paused@calends.example")
    browser = Browser(world)
    browser.sign_in(user)
    tokens = server.connect(browser, scope="profile:read")
    world.cli("account", "deactivate", user.email)
    for kind in ("access_token", "refresh_token"):
        assert inactive(server.introspect(tokens[kind]))
    world.cli("account", "reactivate", user.email)
    for kind in ("access_token", "refresh_token"):
        active(server.introspect(tokens[kind]))


@pytest.mark.parametrize("pairs", [
    [], [("token", "")], [("token", "x"), ("token", "x")], [("token", "a\0b")], [("token", b"\xff")],
    [("token", "x"), ("token_type_hint", "a"), ("token_type_hint", "b")],
], ids=["absent", "empty", "twice", "NUL", "not UTF-8", "hint twice"])
def test_a_wrong_parameter_is_refused(world, server, pairs):
    reply = post_form(world.http, "/oauth/introspect", pairs, [basic(server.id, server.secret)])
    assert is_error(reply, 400, "invalid_request")


def test_it_takes_one_round_trip_beside_the_client_s(world, server, browser):
    token = server.connect(browser, scope="profile:read")["access_token"]
    assert world.log_of(server.introspect(token))["db"] == "2"
    assert world.log_of(server.introspect("cat_x"))["db"] == "1"
