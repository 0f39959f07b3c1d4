# SPDX-License-Identifier: Apache-2.0
"""/v1/connected_accounts, a platform's view of who connected, and /v1/grants, a user's view of the same: seen, filtered, ended."""
import json

import pytest

from oauth_flow import App, Browser
from rest import Api, assert_error

EVERY = "profile:read calendars:read events:read"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org", name="Una User")


@pytest.fixture(scope="module")
def app(world):
    return App(world, owner=world.account("acme@platform.example").email, scope=EVERY)


@pytest.fixture(scope="module")
def api(world, app):
    return Api(world, world.key("acme@platform.example", kind="secret"))


@pytest.fixture()
def tokens(app, browser):
    """Connected anew, whatever the test before left."""
    return app.connect(browser, scope=EVERY)


def one(api, tokens):
    return api("GET", f"/v1/connected_accounts/{tokens['connected_account_id']}")


def test_a_connection_is_shown_as_it_is(world, api, app, user, tokens):
    shown = one(api, tokens)
    assert shown.status == 200 and shown.json in api("GET", "/v1/connected_accounts").json["data"]
    assert shown.json["object"] == "connected_account" and shown.json["id"] == tokens["connected_account_id"]
    assert shown.json["user"] == {"id": user.id, "name": "Una User", "email": user.email}
    assert shown.json["client_id"] == app.id and shown.json["status"] == "active" and shown.json["livemode"] is True
    assert sorted(shown.json["scopes"]) == sorted(EVERY.split()) and shown.json["calendars"] is None
    assert shown.json["authorization_expires_at"] is None and shown.json["deauthorized_at"] is None


def test_who_the_user_is_needs_profile_read(world, api, browser):
    plain = App(world, owner="acme@platform.example", scope="events:read")
    shown = one(api, plain.connect(browser, scope="events:read"))
    assert shown.json["user"]["id"].startswith("usr_") and shown.json["user"]["email"] is shown.json["user"]["name"] is None


def test_the_list_is_filtered(world, api, app, browser, tokens):
    other = App(world, owner="acme@platform.example", scope="events:read")
    second = other.connect(browser, scope="events:read")["connected_account_id"]
    found = lambda **q: {c["id"] for c in api("GET", "/v1/connected_accounts?" + "&".join(f"{k}={v}" for k, v in q.items())).json["data"]}
    own = tokens["connected_account_id"]
    assert {own, second} <= found() and found(client_id=other.id) == {second} and own in found(client_id=app.id) and second not in found(client_id=app.id)
    assert own in found(scope="profile:read%20events:read") and second not in found(scope="profile:read")
    assert own in found(status="active") and own not in found(status="deauthorized") | found(status="deactivated")
    assert found(client_id="cli_0000000000000000000001") == set()


@pytest.mark.parametrize("query,param", [("status=gone", "status"), ("client_id=usr_0", "client_id"), ("scope=everything", "scope"), ("scope=", "scope"),
    ("limit=101", "limit"), ("starting_after=x", "starting_after"), ("user=una", "user"), ("status=active&status=active", "status")])
def test_bad_questions_name_what_is_wrong(api, query, param):
    reply = api("GET", "/v1/connected_accounts?" + query)
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply


def test_giving_up_a_connection_kills_all_its_tokens(world, api, app, browser, user, tokens):
    """K7, K11: the next request with the token, on either instance, and on behalf of the user."""
    connected, header = tokens["connected_account_id"], {"Connected-Account": tokens["connected_account_id"]}
    other = app.connect(browser, scope="events:read")
    assert world.get("/v1/events", key=tokens["access_token"]).status == 200
    gone = api("DELETE", f"/v1/connected_accounts/{connected}")
    assert gone.status == 200 and gone.json == {"id": connected, "object": "connected_account", "deleted": True}
    for token in (tokens["access_token"], other["access_token"]):
        assert world.get("/v1/events", key=token).status == world.second.get("/v1/events", key=token).status == 401
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert_error(api("GET", "/v1/profile", headers=header), 403, "account_mismatch", type_="authorization_failed")
    shown = one(api, tokens).json
    assert shown["status"] == "deauthorized" and shown["deauthorized_at"] and shown["user"] == {"id": user.id, "name": None, "email": None}
    assert connected in json.dumps(api("GET", "/v1/connected_accounts?status=deauthorized").json)
    assert_error(api("DELETE", f"/v1/connected_accounts/{connected}"), 404, "resource_missing")
    told = api("GET", "/v1/audit?limit=1").json["data"][0]
    assert told["kind"] == "connected_account.deauthorized" and told["subject"] == connected
    mine = Api(world, world.key(user, kind="secret"))("GET", "/v1/audit?kind=consent.ended&limit=1").json["data"][0]
    assert mine["subject"] == connected and mine["details"]["reason"] == "deauthorized" and mine["request_id"] == told["request_id"]
    again = app.connect(browser, scope="events:read")
    assert again["connected_account_id"] == connected and one(api, tokens).json["status"] == "active"
    assert world.get("/v1/events", key=tokens["access_token"]).status == 401, "what it gave before stays dead"


def test_a_user_who_is_deactivated_is_told_as_such_and_comes_back(world, api, app):
    gone = world.account("leaving@example.org")
    b = Browser(world)
    b.sign_in(gone)
    tokens = app.connect(b, scope="events:read")
    world.cli("account", "deactivate", gone.email)
    assert one(api, tokens).json["status"] == "deactivated"
    assert tokens["connected_account_id"] in json.dumps(api("GET", "/v1/connected_accounts?status=deactivated").json)
    # K13: 403 by token, on CalDAV too, and no new token
    for reply in (world.get("/v1/events", key=tokens["access_token"]), world.request("PROPFIND", f"/dav/calendars/{gone.id}/", None, {"Depth": "0"}, tokens["access_token"])):
        assert reply.status == 403, reply
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    world.cli("account", "reactivate", gone.email)
    assert one(api, tokens).json["status"] == "active"


def test_nobody_else_sees_or_ends_a_connection(world, api, user, tokens):
    """K9, K10: another platform's, another mode's, the user's own key, and an id that is none: 404 all alike."""
    connected = tokens["connected_account_id"]
    keys = [world.key("rival@platform.example", kind="secret"), world.key("acme@platform.example", kind="secret", mode="test"),
            world.key(user, kind="secret")]
    for key in keys:
        other = Api(world, key)
        assert connected not in json.dumps(other("GET", "/v1/connected_accounts").json)
        for method in ("GET", "DELETE"):
            assert_error(other(method, f"/v1/connected_accounts/{connected}"), 404, "resource_missing")
    for junk in ("cpa_0000000000000000000001", "cpa_", "x", "usr_" + connected[4:]):
        assert api("GET", f"/v1/connected_accounts/{junk}").status == api("DELETE", f"/v1/connected_accounts/{junk}").status == 404, junk
    assert one(api, tokens).json["status"] == "active"


def test_which_credentials_may_not_ask(world, app, tokens):
    for kind, options in (("account", {}), ("restricted", {"scope": EVERY}), ("publishable", {})):
        reply = world.get("/v1/connected_accounts", key=world.key("acme@platform.example", kind=kind, **options))
        assert_error(reply, 403, "key_kind_not_allowed", type_="authorization_failed")
    for path in ("/v1/connected_accounts", "/v1/grants"):
        assert_error(world.get(path, key=tokens["access_token"]), 403, "key_kind_not_allowed", type_="authorization_failed")
    key = world.key("acme@platform.example", kind="secret")
    for path in ("/v1/connected_accounts", "/v1/grants", "/v1/oauth_apps", "/v1/audit"):
        reply = world.get(path, {"Connected-Account": tokens["connected_account_id"]}, key)
        assert_error(reply, 403, "key_kind_not_allowed", type_="authorization_failed")


def test_connected_account_twice_or_of_the_other_mode(world, api, tokens):
    """K9, K11."""
    own = tokens["connected_account_id"]
    reply = world.request("GET", "/v1/profile", None, [("Connected-Account", own), ("Connected-Account", own)], api.key)
    assert reply.status == 400 and reply.json["error"]["param"] == "Connected-Account", reply
    tested = world.key("acme@platform.example", kind="secret", mode="test")
    assert_error(world.get("/v1/profile", {"Connected-Account": own}, tested), 403, "account_mismatch", type_="authorization_failed")


def test_a_grant_limited_to_one_calendar_is_that_to_the_platforms_key_too(world, api, user, tokens):
    mine = Api(world, user.key)
    calendar, event = mine.calendar("Private")["id"], mine.event(title="Secret")["id"]
    header = {"Connected-Account": tokens["connected_account_id"]}
    assert api("GET", f"/v1/events/{event}", headers=header).status == 200
    world.sql(f"""UPDATE connected_account SET calendars = ARRAY(SELECT id FROM calendar WHERE displayname = 'Private')
                  WHERE client_id = (SELECT client_id FROM token_family ORDER BY created_at DESC LIMIT 1)""")
    assert one(api, tokens).json["calendars"] == [calendar]
    assert_error(api("GET", f"/v1/events/{event}", headers=header), 404, "resource_missing")
    assert [c["id"] for c in api("GET", "/v1/calendars", headers=header).json["data"]] == [calendar]
    assert_error(api("POST", "/v1/events", {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}, header),
                 403, "insufficient_scope", type_="authorization_failed")


# ---- grants ----


def test_a_user_sees_and_ends_what_is_connected(world, app, user, tokens):
    connected = tokens["connected_account_id"]
    for key in (user.key, world.key(user, kind="secret")):
        grant = next(g for g in Api(world, key)("GET", "/v1/grants").json["data"] if g["id"] == connected)
        assert grant["client"] == {"id": app.id, "name": "Test app", "owner_name": "Acme", "verified": False}
        assert grant["object"] == "grant" and sorted(grant["scopes"]) == sorted(EVERY.split()) and grant["livemode"] is True
    tested, stranger = world.key(user, kind="secret", mode="test"), world.account("acme@platform.example").key
    for key in (tested, stranger):
        assert connected not in json.dumps(world.get("/v1/grants", key=key).json)
        assert_error(world.request("DELETE", f"/v1/grants/{connected}", None, None, key), 404, "resource_missing")
    ended = world.request("DELETE", f"/v1/grants/{connected}", None, None, user.key)
    assert ended.status == 200 and ended.json == {"id": connected, "object": "grant", "deleted": True}
    assert world.get("/v1/events", key=tokens["access_token"]).status == 401
    assert_error(world.request("DELETE", f"/v1/grants/{connected}", None, None, user.key), 404, "resource_missing")
    assert connected not in json.dumps(world.get("/v1/grants", key=user.key).json)
    assert world.get("/v1/grants?status=active", key=user.key).status == 400
