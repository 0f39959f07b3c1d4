# SPDX-License-Identifier: Apache-2.0
"""REST on behalf of a connected account: what a token's scopes open, and whom a platform's secret key may act for."""
import json

import pytest

from oauth_flow import App, Browser
from rest import assert_error

SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
WHERE = [("GET", "/v1/profile", "profile:read"), ("GET", "/v1/calendars", "calendars:read"), ("GET", "/v1/events", "events:read"),
    ("GET", "/v1/freebusy?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", "calendars:read"),
    ("PATCH", "/v1/calendars/cal_0000000000000000000001", "calendars:write"),
    ("POST", "/v1/events", "events:write"), ("PATCH", "/v1/events/evt_0000000000000000000001", "events:write"),
    ("DELETE", "/v1/events/evt_0000000000000000000001", "events:write"),
    ("POST", "/v1/events/evt_0000000000000000000001/cancel", "events:write")]
SCOPES = ["calendars:read", "calendars:write", "events:read", "events:write", "profile:read"]


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account("user@example.org"))
    return b


@pytest.fixture(scope="module")
def app(world):
    return App(world, scope=" ".join(SCOPES))


def call(world, method, target, token, headers=None):
    body = b"{}" if method in ("POST", "PATCH") and not target.endswith("/cancel") else None
    return world.request(method, target, body, {**(JSON if body else {}), **(headers or {})}, token)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_what_its_scope_says_and_nothing_else(world, app, browser, scope):
    token = app.connect(browser, scope=scope)["access_token"]
    for method, target, needed in WHERE:
        reply = call(world, method, target, token)
        if needed == scope:
            assert reply.status != 403, (method, target, reply)
            continue
        assert reply.status == 403, (method, target, reply)
        error = reply.json["error"]
        assert (error["type"], error["code"], error["param"]) == ("authorization_failed", "insufficient_scope", needed)
        assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"]
        assert f'scope="{needed}"' in reply.headers["WWW-Authenticate"]


def test_a_token_of_these_scopes_never_makes_or_deletes_calendars_nor_lists_keys(world, app, browser):
    token = app.connect(browser, scope=" ".join(SCOPES))["access_token"]
    calendar = world.get("/v1/calendars", key=token).json["data"][0]["id"]
    for method, target in [("POST", "/v1/calendars"), ("DELETE", f"/v1/calendars/{calendar}"), ("GET", "/v1/api_keys"),
            ("GET", "/api/v1/hosted-calendars")]:
        reply = call(world, method, target, token)
        assert reply.status == 403, (method, target, reply)


def test_calendars_write_changes_selected_colour_and_writable_alone(world, app, browser):
    token = app.connect(browser, scope="calendars:read calendars:write")["access_token"]
    path = "/v1/calendars/" + world.get("/v1/calendars", key=token).json["data"][0]["id"]
    for change in ({"selected": False}, {"selected": True}, {"color_hex": "#123456"}, {"writable": True}):
        assert world.request("PATCH", path, json.dumps(change), JSON, token).status == 200, change
    for change in ({"name": "Mine now"}, {"description": "x"}, {"timezone": "Europe/Berlin"}):
        reply = world.request("PATCH", path, json.dumps(change), JSON, token)
        assert_error(reply, 403, "insufficient_scope", type_="authorization_failed")
        assert 'scope="calendars:write calendars:manage"' in reply.headers["WWW-Authenticate"]
    reply = world.request("PATCH", path, json.dumps({"is_public": True}), JSON, token)
    assert reply.status == 403 and reply.json["error"]["code"] == "key_kind_not_allowed" and reply.json["error"]["param"] == "is_public", reply


def test_a_token_names_its_own_connected_account_or_none(world, app, browser):
    """K11."""
    tokens = app.connect(browser, scope="profile:read")
    own = tokens["connected_account_id"]
    for header in ("Connected-Account", "Calends-Account"):
        assert world.get("/v1/profile", {header: own}, tokens["access_token"]).json["connected_account_id"] == own
        reply = world.get("/v1/profile", {header: "cpa_0000000000000000000001"}, tokens["access_token"])
        assert reply.status == 403 and reply.json["error"]["code"] == "account_mismatch"
    assert world.get("/v1/profile", key=tokens["access_token"]).json["connected_account_id"] == own
    assert world.get("/v1/profile", {"Connected-Account": "junk"}, tokens["access_token"]).status == 400


def test_the_brands_alias_is_allowed_where_it_counts_and_does_not_contradict(world, app, browser):
    """The preflight allowed Connected-Account alone, so that no page of another origin could send the alias."""
    tokens = app.connect(browser, scope="profile:read")
    own, key = tokens["connected_account_id"], tokens["access_token"]
    preflight = world.request("OPTIONS", "/v1/profile", None, {"Origin": "https://app.example", "Access-Control-Request-Method": "GET",
                                                               "Access-Control-Request-Headers": "calends-account"})
    allowed = {h.strip() for h in preflight.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"Connected-Account", "Calends-Account"} <= allowed
    assert world.get("/v1/profile", {"Connected-Account": own, "Calends-Account": own}, key).status == 200
    for pair in ({"Connected-Account": own, "Calends-Account": "cpa_0000000000000000000001"},
                 {"Connected-Account": "cpa_0000000000000000000001", "Calends-Account": own}):
        reply = world.get("/v1/profile", pair, key)
        assert reply.status == 400 and reply.json["error"]["param"] == "Connected-Account", reply


def test_a_platforms_secret_key_acts_within_what_was_granted(world, browser):
    connected = App(world, scope=" ".join(SCOPES)).connect(browser, scope="profile:read calendars:read")["connected_account_id"]
    header = {"Connected-Account": connected}
    key = world.key("owner@platform.example", kind="secret")
    user = world.account("user@example.org")
    profile = world.get("/v1/profile", header, key)
    assert profile.status == 200 and profile.json["id"] == user.id and profile.json["connected_account_id"] == connected
    assert world.get("/v1/profile", key=key).json["id"] == world.account("owner@platform.example").id
    assert world.get("/v1/calendars", header, key).status == 200
    for method, target, needed in WHERE:
        if needed.startswith("events"):
            assert call(world, method, target, key, header).json["error"]["code"] == "insufficient_scope", target
    assert call(world, "POST", "/v1/calendars", key, header).status == 403
    assert world.get("/v1/api_keys", header, key).status == 403


def test_no_other_platform_and_no_test_key_acts_for_a_connection(world, app, browser):
    """K9, K11."""
    header = {"Connected-Account": app.connect(browser, scope="profile:read")["connected_account_id"]}
    for key in (world.key("rival@platform.example", kind="secret"), world.key("owner@platform.example", kind="secret", mode="test"),
            world.key("user@example.org", kind="secret")):
        reply = world.get("/v1/profile", header, key)
        assert reply.status == 403 and reply.json["error"]["code"] == "account_mismatch", reply


def test_a_connection_that_was_cut_is_closed_to_the_platforms_key_too(world, browser):
    """K11."""
    app = App(world, scope="profile:read")
    tokens = app.connect(browser, scope="profile:read")
    key, header = world.key("owner@platform.example", kind="secret"), {"Connected-Account": tokens["connected_account_id"]}
    assert world.get("/v1/profile", header, key).status == 200
    world.cli("client", "delete", app.id)
    assert world.get("/v1/profile", header, key).status == 403
    assert world.get("/v1/profile", key=tokens["access_token"]).status == 401


def test_a_deactivated_user_is_refused_by_name(world, app):
    """K13."""
    gone = world.account("gone@example.org")
    b = Browser(world)
    b.sign_in(gone)
    tokens = app.connect(b, scope="profile:read")
    key, header = world.key("owner@platform.example", kind="secret"), {"Connected-Account": tokens["connected_account_id"]}
    world.cli("account", "deactivate", gone.email)
    for reply in (world.get("/v1/profile", key=tokens["access_token"]), world.get("/v1/profile", header, key)):
        assert reply.status == 403 and reply.json["error"]["type"] == "account_deactivated", reply
    world.cli("account", "reactivate", gone.email)
    assert world.get("/v1/profile", key=tokens["access_token"]).status == 200


def test_a_platform_whose_account_is_deactivated_gets_no_tokens_and_asks_nobody(world, browser):
    world.account("shady@platform.example")
    app = App(world, owner="shady@platform.example", type="confidential", scope="profile:read")
    code, tokens = app.consent(browser, scope="profile:read"), app.connect(browser, scope="profile:read")
    world.cli("account", "deactivate", "shady@platform.example")
    for reply in (app.redeem(code), app.refresh(tokens["refresh_token"])):
        assert reply.status == 401 and reply.json["error"] == "invalid_client", reply
    assert app.ask(browser).status == 400
    world.cli("account", "reactivate", "shady@platform.example")
    assert app.redeem(code).status == 200


def test_the_tokens_of_a_platform_end_and_come_back_with_its_account(world, browser):
    world.account("stopped@platform.example")
    app = App(world, owner="stopped@platform.example", scope="profile:read events:read")
    token = app.connect(browser, scope="profile:read events:read")["access_token"]
    home = f"/dav/calendars/{world.account('user@example.org').id}/default/x.ics"
    good = world.get("/v1/profile", key=token)
    assert good.status == 200
    trips = world.log_of(good)["db"]
    world.cli("account", "deactivate", "stopped@platform.example")
    for server in (world, world.second):
        reply = server.get("/v1/profile", key=token)
        assert reply.status == 401 and reply.json["error"]["code"] == "token_revoked", reply
        assert "deactivated" in reply.json["error"]["message"] and 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
        assert server.get(home, key=token).status == 401
    late = world.client("stopped@platform.example", redirect_uri="https://late.example/cb")  # made while it is stopped
    assert world.sql(f"SELECT count(*) FROM oauth_client WHERE NOT owner_active") == [["2"]], late
    world.cli("account", "reactivate", "stopped@platform.example")
    assert world.sql("SELECT count(*) FROM oauth_client WHERE NOT owner_active") == [["0"]]
    reply = world.get("/v1/profile", key=token)
    assert reply.status == 200 and world.log_of(reply)["db"] == trips


def test_a_user_without_a_plan_for_the_api_is_refused_to_the_platforms_key_as_to_its_token(world, app):
    free = world.account("free-user@example.org")
    b = Browser(world)
    b.sign_in(free)
    tokens = app.connect(b, scope="profile:read")
    world.sql(f"UPDATE account SET plan = 1 WHERE email = 'free-user@example.org'")
    key, header = world.key("owner@platform.example", kind="secret"), {"Connected-Account": tokens["connected_account_id"]}
    for reply in (world.get("/v1/profile", key=tokens["access_token"]), world.get("/v1/profile", header, key)):
        assert reply.status == 402 and reply.json["error"]["code"] == "plan_required", reply
