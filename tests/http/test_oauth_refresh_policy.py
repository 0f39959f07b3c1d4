# SPDX-License-Identifier: Apache-2.0
"""What an app's owner decides about its refresh tokens: whether they are replaced, how long they may rest, how long a grant lasts."""
import pytest

from dpop import proof, with_proof
from jose import Key
from oauth_flow import App, alive, at_once, basic, is_error
from rest import Api, assert_error
from world import CliError

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]


def prover(world, app):
    """Headers of a request that proves the app's secret and a key."""
    key, nonce = Key("ES256"), world.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]
    return lambda: [basic(app.id, app.secret), *with_proof(proof(world, nonce, key=key))]


def test_a_bound_app_may_keep_its_refresh_token(world, browser):
    """RFC 9449 §5: it is worth nothing to who cannot prove to be that app. Unbound it is replaced as ever."""
    app = App(world, type="confidential", keep_refresh=True)
    proves = prover(world, app)
    first = app.redeem(app.consent(browser), proves()).json
    for _ in range(3):
        reply = app.refresh(first["refresh_token"], proves())
        assert reply.status == 200 and reply.json["refresh_token"] == first["refresh_token"] and reply.json["token_type"] == "DPoP", reply
    replies = at_once(world, 8, lambda http: app.refresh(first["refresh_token"], proves(), http))
    assert {(r.status, r.json.get("refresh_token")) for r in replies} == {(200, first["refresh_token"])}
    replaced = app.refresh(first["refresh_token"]).json
    assert replaced["token_type"] == "Bearer" and replaced["refresh_token"] != first["refresh_token"]
    world.sql("UPDATE token_family SET rotated_at = rotated_at - interval '1 minute'")
    assert is_error(app.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert is_error(app.refresh(replaced["refresh_token"]), 400, "invalid_grant")


def test_whose_owner_says_nothing_has_it_replaced(world, browser):
    app = App(world, type="confidential")
    proves = prover(world, app)
    first = app.redeem(app.consent(browser), proves()).json["refresh_token"]
    assert app.refresh(first, proves()).json["refresh_token"] != first


def test_it_may_rest_for_so_long(world, browser):
    """OAuth 2.1 §4.3.1: each use begins the time anew."""
    app = App(world, type="confidential", refresh_idle=600)
    tokens = app.connect(browser)
    left = "SELECT round(extract(epoch FROM max(idle_expires_at) - now()) / 10) FROM token_family WHERE client_id = (SELECT max(id::text)::uuid FROM oauth_client)"
    assert world.sql(left) == [["60"]]
    world.sql("UPDATE token_family SET idle_expires_at = now() + interval '100 seconds'")
    fresh = app.refresh(tokens["refresh_token"]).json
    assert world.sql(left) == [["60"]]
    world.sql("UPDATE token_family SET idle_expires_at = now()")
    assert is_error(app.refresh(fresh["refresh_token"]), 400, "invalid_grant")


def test_a_grant_lasts_for_so_long(world, browser):
    """However often it is refreshed; no access token outlives it."""
    app = App(world, type="confidential", refresh_lifetime=1200, may_introspect=True)
    tokens = app.connect(browser)
    assert 1190 < tokens["authorization_expires_in"] <= 1200
    assert "authorization_expires_in" not in App(world, type="confidential").connect(browser), "it has no end"
    assert 1190 < tokens["expires_in"] <= 1200 and app.introspect(tokens["refresh_token"]).json["active"]
    world.sql("UPDATE token_family SET expires_at = expires_at - interval '600 seconds' WHERE expires_at < 'infinity'")
    fresh = app.refresh(tokens["refresh_token"]).json
    assert 590 < fresh["expires_in"] <= 600 and 590 < fresh["authorization_expires_in"] <= 600
    world.sql("UPDATE token_family SET expires_at = now() WHERE expires_at < 'infinity'")
    assert is_error(app.refresh(fresh["refresh_token"]), 400, "invalid_grant")
    assert app.introspect(fresh["refresh_token"]).json == {"active": False}


def test_they_are_set_by_rest_within_what_the_server_allows(world):
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    made = api("POST", "/v1/oauth_apps", {"name": "Acme", "type": "confidential", "redirect_uris": ["https://app.example/cb"]}).json
    world.secret(made["client_secret"])
    fields = ("refresh_token_rotation", "refresh_token_idle_seconds", "refresh_token_lifetime_seconds")
    assert [made[f] for f in fields] == [True, None, None]
    path = f"/v1/oauth_apps/{made['id']}"
    changed = api("PATCH", path, dict(zip(fields, (False, 3600, 86400)))).json
    assert [changed[f] for f in fields] == [False, 3600, 86400]
    [told] = [e for e in api("GET", "/v1/audit?limit=5").json["data"] if e["kind"] == "client.changed" and e["subject"] == made["id"]]
    assert told["details"]["changed"] == " ".join(fields)
    assert api("PATCH", path, {"refresh_token_idle_seconds": None}).json["refresh_token_idle_seconds"] is None
    for field, wrong in ((fields[1], 59), (fields[1], 30 * 86400 + 1), (fields[2], 0), (fields[2], 10**12), (fields[0], "no")):
        assert_error(api("PATCH", path, {field: wrong}), 400, "invalid_value", field)
    with pytest.raises(CliError, match="60"):
        App(world, type="confidential", refresh_idle=5)


def test_what_was_given_before_is_as_it_was(world, browser):
    """A shorter lifetime is for what comes of later consents; the rest time for the next use."""
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    app = App(world, type="confidential")
    tokens = app.connect(browser)
    assert api("PATCH", f"/v1/oauth_apps/{app.id}", {"refresh_token_lifetime_seconds": 60}).status == 200
    assert app.refresh(tokens["refresh_token"]).json["expires_in"] > 3000 and alive(world, app.connect(browser, scope="profile:read"))
