# SPDX-License-Identifier: Apache-2.0
"""Token exchange (RFC 8693): an app trades a token of its own for one that may less."""
import pytest

from dpop import ask, made, proof, with_proof
from jose import Key
from oauth_flow import App, Browser, at_once, basic, is_error, post_form
from rest import Api, assert_error

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:access_token"
GRANTS = ["authorization_code", "refresh_token", GRANT]
SCOPES = "calendars:read events:read profile:read"
SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", grant=GRANTS)


@pytest.fixture(scope="module")
def tokens(app, browser):
    return app.connect(browser, scope=SCOPES)


def exchange(app, subject, headers=None, http=None, **changes):
    return app.token(headers, http, **{"grant_type": GRANT, "subject_token": subject, "subject_token_type": TYPE, **changes})


def test_a_token_that_may_less(world, app, tokens):
    """RFC 8693 §2.2.1: issued_token_type; no refresh token; the end of the subject token, or before."""
    reply = exchange(app, tokens["access_token"], scope="profile:read")
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store", reply
    got = reply.json
    assert (got["issued_token_type"], got["token_type"], got["scope"]) == (TYPE, "Bearer", "profile:read")
    assert "refresh_token" not in got and got["connected_account_id"] == tokens["connected_account_id"] and got["livemode"] is True
    assert got["expires_in"] <= 3600 and got["access_token"] != tokens["access_token"]
    assert world.get("/v1/profile", key=got["access_token"]).status == 200
    assert_error(world.get("/v1/events", key=got["access_token"]), 403, "insufficient_scope", type_="authorization_failed")
    assert world.get("/v1/events", key=tokens["access_token"]).status == 200
    whole = exchange(app, tokens["access_token"], requested_token_type=TYPE).json
    assert set(whole["scope"].split()) == set(SCOPES.split())


def test_scopes_only_narrow(app, tokens):
    """T30: scope widening, also step by step."""
    assert is_error(exchange(app, tokens["access_token"], scope="events:write"), 400, "invalid_scope")
    assert is_error(exchange(app, tokens["access_token"], scope="nonsense"), 400, "invalid_scope")
    narrow = exchange(app, tokens["access_token"], scope="profile:read").json["access_token"]
    assert is_error(exchange(app, narrow, scope="events:read"), 400, "invalid_scope")
    assert is_error(exchange(app, narrow, scope="events:read profile:read"), 400, "invalid_scope")
    assert exchange(app, narrow, scope="profile:read").json["scope"] == "profile:read"


def test_what_a_token_is_for_only_narrows(world, app, tokens):
    """RFC 8707 §2.2."""
    rest = exchange(app, tokens["access_token"], resource=world.public_url + "/v1").json["access_token"]
    assert world.get("/v1/events", key=rest).status == 200
    assert world.request("PROPFIND", "/dav/", None, {"Depth": 0}, rest).status in (401, 403)
    assert is_error(exchange(app, rest, resource=world.public_url + "/dav"), 400, "invalid_target")
    kept = exchange(app, rest).json["access_token"]
    assert world.get("/v1/events", key=kept).status == 200 and world.request("PROPFIND", "/dav/", None, {"Depth": 0}, kept).status in (401, 403)
    assert is_error(exchange(app, tokens["access_token"], resource="https://other.example/"), 400, "invalid_target")
    assert is_error(exchange(app, tokens["access_token"], audience="x"), 400, "invalid_target")


def test_it_ends_with_the_grant_and_with_its_subject(world, app, browser):
    tokens = app.connect(browser, scope=SCOPES)
    one = exchange(app, tokens["access_token"]).json
    assert exchange(app, tokens["access_token"]).json["expires_in"] <= tokens["expires_in"]
    world.sql("UPDATE access_token SET expires_at = now() + interval '100 seconds' WHERE expires_at > now()")
    assert 90 < exchange(app, tokens["access_token"]).json["expires_in"] <= 100
    assert app.revoke(tokens["refresh_token"]).status == 200
    for text in (one["access_token"], tokens["access_token"]):
        assert world.get("/v1/profile", key=text).status == 401
        assert is_error(exchange(app, text), 400, "invalid_request")


@pytest.mark.parametrize("change", ["revoked_at = now()", "expires_at = now() - interval '1 second'"])
def test_nothing_is_exchanged_of_a_connection_that_ended(world, browser, change):
    app = App(world, type="confidential", grant=GRANTS)
    tokens = app.connect(browser, scope=SCOPES)
    assert exchange(app, tokens["access_token"]).status == 200
    world.sql(f"UPDATE connected_account SET {change} WHERE client_id = (SELECT client_id FROM token_family ORDER BY id DESC LIMIT 1)")
    assert is_error(exchange(app, tokens["access_token"]), 400, "invalid_request")


def test_nothing_is_exchanged_of_a_token_that_is_over_or_of_an_account_that_rests(world, app):
    """And the account's return brings back what was not over."""
    user, browser = world.account("rests@example.org"), Browser(world)
    browser.sign_in(user)
    tokens = app.connect(browser, scope=SCOPES)
    world.cli("account", "deactivate", user.email)
    assert is_error(exchange(app, tokens["access_token"]), 400, "invalid_request")
    world.cli("account", "reactivate", user.email)
    assert exchange(app, tokens["access_token"]).status == 200
    world.sql(f"UPDATE access_token SET expires_at = now() WHERE account_id = (SELECT account_id FROM account WHERE email = '{user.email}' AND livemode)")
    assert is_error(exchange(app, tokens["access_token"]), 400, "invalid_request")


def test_only_ones_own_token_is_taken(world, app, browser, tokens):
    """T30: subject token of another platform; T27: other secrets."""
    other = App(world, type="confidential", grant=GRANTS, owner="other@platform.example")
    theirs = other.connect(browser, scope=SCOPES)
    assert is_error(exchange(app, theirs["access_token"]), 400, "invalid_request")
    assert is_error(exchange(other, tokens["access_token"]), 400, "invalid_request")
    for junk in (None, "", "cat_x", tokens["refresh_token"], app.secret, tokens["connected_account_id"], "x" * 9000):
        assert is_error(exchange(app, junk), 400, "invalid_request"), junk
    assert is_error(exchange(app, tokens["access_token"], [basic(app.id, "wrong")]), 401, "invalid_client")


def test_types_and_actors(app, tokens):
    """T30: actor confusion. RFC 8693 §2.1."""
    for wrong in ({"subject_token_type": None}, {"subject_token_type": TYPE.replace("access", "refresh")}, {"requested_token_type": "urn:ietf:params:oauth:token-type:jwt"},
            {"actor_token": tokens["access_token"], "actor_token_type": TYPE}, {"actor_token_type": TYPE}):
        assert is_error(exchange(app, tokens["access_token"], **wrong), 400, "invalid_request"), wrong
    assert "is missing" in exchange(app, tokens["access_token"], subject_token_type=None).json["error_description"]


def test_it_is_for_apps_that_are_registered_for_it_and_prove_themselves(world, browser):
    plain, public = App(world, type="confidential"), App(world, type="public", grant=GRANTS)
    for one in (plain, public):
        assert is_error(exchange(one, one.connect(browser, scope=SCOPES)["access_token"]), 400, "unauthorized_client")


def test_a_bound_token_is_exchanged_with_its_key_alone(world, app, browser):
    """RFC 9449 §5: no way round the key."""
    nonce = world.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]
    key, other, own = Key("ES256"), Key("ES256"), [basic(app.id, app.secret)]
    reply = app.redeem(app.consent(browser, scope=SCOPES), own + with_proof(proof(world, nonce, key=key)))
    assert reply.status == 200, reply
    bound = reply.json["access_token"]
    assert is_error(exchange(app, bound), 400, "invalid_request")
    assert is_error(exchange(app, bound, own + with_proof(proof(world, nonce, key=other))), 400, "invalid_request")
    got = exchange(app, bound, own + with_proof(proof(world, nonce, key=key)), scope="profile:read").json
    assert got["token_type"] == "DPoP"
    assert ask(world, "rest", got["access_token"], made(world, nonce, "rest", got["access_token"], key=key)).status == 200
    assert ask(world, "rest", got["access_token"], scheme="Bearer").status == 401


def test_many_at_once_and_a_grant_that_ends_meanwhile(world, app, browser):
    tokens = app.connect(browser, scope=SCOPES)
    replies = at_once(world, 16, lambda http: exchange(app, tokens["access_token"], None, http, scope="profile:read"))
    assert {r.status for r in replies} == {200} and len({r.json["access_token"] for r in replies}) == 16
    assert app.revoke(tokens["access_token"]).status == 200
    assert {world.get("/v1/profile", key=r.json["access_token"]).status for r in replies} == {401}


def test_grant_types_are_registered_by_rest(world, browser):
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    body = {"name": "Acme", "type": "confidential", "redirect_uris": ["https://app.example/cb"]}
    app = api("POST", "/v1/oauth_apps", {**body, "grant_types": GRANTS}).json
    world.secret(app["client_secret"])
    assert app["grant_types"] == GRANTS
    path = f"/v1/oauth_apps/{app['id']}"
    assert api("PATCH", path, {"grant_types": GRANTS[:2]}).json["grant_types"] == GRANTS[:2]
    assert api("PATCH", path, {"name": "Other"}).json["grant_types"] == GRANTS[:2]
    assert_error(api("PATCH", path, {"grant_types": ["password"]}), 400, "invalid_value", "grant_types")
    assert_error(api("POST", "/v1/oauth_apps", {**body, "grant_types": []}), 400, "invalid_value", "grant_types")
    assert GRANT in world.get("/.well-known/oauth-authorization-server").json["grant_types_supported"]
