# SPDX-License-Identifier: Apache-2.0
"""client_credentials (OAuth 2.1 §4.2, docs/adr/0030): an app acts for itself, on the account that it belongs to."""
import json

import pytest

from dpop import ask, made, proof, with_proof
from forge import forged, other_random
from hooks import ENDPOINTS, endpoint, event, send
from jose import Key
from oauth_flow import App, Browser, at_once, basic, is_error, is_red, post_form
from receiver import Receiver
from rest import Api, assert_error
from test_event_stream_ends import ends, opened

GRANT = "client_credentials"
OWNER = "owner@platform.example"
SCOPES = "calendars:read events:read"
SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000", "--last-used-ms", "100", "--allow-private-hooks"]


def machine(world, scope=SCOPES, owner=OWNER, grant=(GRANT,), **options):
    return App(world, type="confidential", owner=owner, grant=list(grant), machine_scope=scope, **options)


def for_itself(app, headers=None, http=None, **changes):
    return app.token(headers, http, **{"grant_type": GRANT, **changes})


@pytest.fixture(scope="module")
def app(world):
    return machine(world)


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key(OWNER, kind="secret"))


def token(app, **changes):
    reply = for_itself(app, **changes)
    assert reply.status == 200, reply
    return reply.json["access_token"]


def scopes_are(world, text, opened, refused=()):
    for path in opened:
        assert world.get(path, key=text).status == 200, path
    for path in refused:
        assert_error(world.get(path, key=text), 403, "insufficient_scope", type_="authorization_failed")


def test_an_app_gets_a_token_for_itself(world, app, api):
    """T28; OAuth 2.1 §4.2.3: no refresh token; there is no connected account, for no user is asked."""
    reply = for_itself(app)
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store", reply
    got = reply.json
    assert set(got) == {"access_token", "token_type", "expires_in", "scope", "livemode"}
    assert (got["token_type"], got["expires_in"], got["livemode"]) == ("Bearer", 3600, True)
    assert set(got["scope"].split()) == set(SCOPES.split())
    scopes_are(world, got["access_token"], ["/v1/calendars", "/v1/events"], ["/v1/profile"])
    own = {c["id"] for c in api("GET", "/v1/calendars").json["data"]}
    assert {c["id"] for c in world.get("/v1/calendars", key=got["access_token"]).json["data"]} == own
    assert GRANT in world.get("/.well-known/oauth-authorization-server").json["grant_types_supported"]


def test_it_writes_what_its_owner_has_and_creates_no_calendar(world):
    text = token(machine(world, "calendars:read events:read events:write"))
    api = Api(world, text)
    made = api("POST", "/v1/events", {"title": "By the app", "start_time": "2026-11-29T10:00:00Z", "end_time": "2026-11-29T11:00:00Z"})
    assert made.status == 201, made
    assert Api(world, world.key(OWNER, kind="secret"))("GET", f"/v1/events/{made.json['id']}").json["title"] == "By the app"
    assert world.request("PROPFIND", "/dav/", None, {"Depth": 0}, text).status == 207
    assert api("POST", "/v1/calendars", {"name": "more"}).status == 403
    assert api("GET", "/v1/oauth_apps").status == 403 and api("GET", "/v1/api_keys").status == 403


def test_only_within_what_the_owner_allows(world, app):
    """T28: user scopes. RFC 6749 §3.3."""
    assert is_error(for_itself(app, scope="events:write"), 400, "invalid_scope")
    assert is_error(for_itself(app, scope="calendars:read events:write"), 400, "invalid_scope")
    assert is_error(for_itself(app, scope="nonsense"), 400, "invalid_scope")
    reply = for_itself(app, scope="calendars:read")
    assert reply.json["scope"] == "calendars:read"
    scopes_are(world, reply.json["access_token"], ["/v1/calendars"], ["/v1/events"])
    none = machine(world, scope="")
    for asked in (None, "calendars:read"):
        assert is_error(for_itself(none, scope=asked), 400, "invalid_scope")


def test_only_an_app_that_is_registered_for_it_and_proves_itself(world, app):
    """T28: a public client; T9, T26."""
    for one in (App(world, type="confidential", owner=OWNER, machine_scope=SCOPES), App(world, type="public", owner=OWNER)):
        assert is_error(for_itself(one), 400, "unauthorized_client")
    assert is_error(for_itself(app, [], client_id=app.id), 401, "invalid_client")
    assert is_error(for_itself(app, [basic(app.id, forged(app.secret, other_random))]), 401, "invalid_client")
    for options in ({"grant": [GRANT]}, {"machine_scope": SCOPES}):
        with pytest.raises(Exception, match="public app proves nothing"):
            App(world, type="public", owner=OWNER, **options)


def test_an_app_that_asks_no_users_leads_none_anywhere(world, browser):
    """T20, A1: with redirect URIs too: registered without the code grant it gets no code, also not by pushing."""
    app = machine(world)
    assert is_red(app.ask(browser), world, "unauthorized_client")
    headers, params = app.credentials()
    assert is_error(post_form(world.http, "/oauth/par", {**app.params(), **params}, headers), 400, "unauthorized_client")
    assert is_error(app.redeem("cac_x"), 400, "unauthorized_client") and is_error(app.refresh("crt_x"), 400, "unauthorized_client")


def test_never_on_a_users_account(world, app, browser):
    """A token for itself is told of no user, and names none."""
    users = App(world, type="confidential", owner=OWNER)
    theirs = users.connect(browser, scope=SCOPES)["connected_account_id"]
    text = token(app)
    assert_error(world.request("GET", "/v1/events", None, {"Connected-Account": theirs}, text), 403, "account_mismatch", type_="authorization_failed")
    query = {"participants": [theirs], "from": "2026-11-29T00:00:00Z", "to": "2026-11-30T00:00:00Z"}
    assert "not_found" in json.dumps(Api(world, text)("POST", "/v1/freebusy/query", query).json)
    una = world.account("una@calends.example")
    assert world.request("PROPFIND", f"/dav/calendars/{una.id}/", None, {"Depth": 0}, text).status == 403


def test_live_and_test_mode_are_two_worlds(world):
    """K9."""
    live, test = machine(world), machine(world, mode="test")
    reply = for_itself(test)
    assert reply.json["livemode"] is False
    ids = [{c["id"] for c in world.get("/v1/calendars", key=text).json["data"]} for text in (token(live), reply.json["access_token"])]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    assert live.introspect(reply.json["access_token"]).json == {"active": False}


def test_the_owner_narrows_what_it_may_at_once(world, api):
    app = machine(world)
    path, text = f"/v1/oauth_apps/{app.id}", token(app)
    assert sorted(api("GET", path).json["machine_scopes"]) == sorted(SCOPES.split())
    assert api("PATCH", path, {"machine_scopes": ["calendars:read"]}).json["machine_scopes"] == ["calendars:read"]
    scopes_are(world, text, ["/v1/calendars"], ["/v1/events"])
    assert world.second.client_connection().request("GET", "/v1/events", None, {"Authorization": f"Bearer {text}"}).status == 403
    assert is_error(for_itself(app, scope="events:read"), 400, "invalid_scope")
    assert api("PATCH", path, {"name": "Other"}).json["machine_scopes"] == ["calendars:read"]
    told = api("GET", "/v1/audit?limit=10").json["data"]
    assert [e["details"]["changed"] for e in told if e["subject"] == app.id and e["kind"] == "client.changed"] == ["name", "machine_scopes"]


@pytest.mark.parametrize("change", [{"machine_scopes": []}, {"grant_types": ["refresh_token"]}], ids=["no scopes", "no grant"])
def test_what_was_taken_from_it_does_not_come_back(world, api, change):
    """What ended is dead for good, also when the app may again."""
    app = machine(world)
    path, text = f"/v1/oauth_apps/{app.id}", token(app)
    before = api("GET", path).json
    assert api("PATCH", path, change).status == 200
    assert_error(world.get("/v1/events", key=text), 401, "token_revoked", type_="authentication_failed")
    assert for_itself(app).status == 400
    assert api("PATCH", path, {k: before[k] for k in change}).status == 200
    fresh = token(app)
    assert world.get("/v1/events", key=fresh).status == 200
    assert world.get("/v1/events", key=text).status == 401


def test_rotated_secrets_end_what_the_old_ones_gave(world):
    app = machine(world)
    text = token(app)
    fresh = world.cli("client", "rotate-secret", app.id)["client_secret"]
    assert world.get("/v1/events", key=text).status == 401
    assert is_error(for_itself(app), 401, "invalid_client")
    assert for_itself(app, [basic(app.id, world.secret(fresh))]).status == 200


def test_it_ends_with_the_app(world, api):
    app = machine(world)
    text = token(app)
    assert api("DELETE", f"/v1/oauth_apps/{app.id}").status == 200
    assert_error(world.get("/v1/events", key=text), 401, "token_revoked", type_="authentication_failed")
    assert is_error(for_itself(app), 401, "invalid_client")


def test_it_rests_with_its_owner(world):
    """K13: deactivated, not revoked: the token is kept for the account's return."""
    world.account("rests@platform.example")
    app = machine(world, owner="rests@platform.example")
    text = token(app)
    world.cli("account", "deactivate", "rests@platform.example")
    assert_error(world.get("/v1/events", key=text), 403, "account_deactivated", type_="account_deactivated")
    assert is_error(for_itself(app), 401, "invalid_client")
    world.cli("account", "reactivate", "rests@platform.example")
    assert world.get("/v1/events", key=text).status == 200


def test_revocation_ends_one_token(world, app):
    """RFC 7009 §2: tokens that were got one by one end one by one; V1, V3."""
    one, other = token(app), token(app)
    stranger = machine(world, owner="other@platform.example")
    assert stranger.revoke(one).status == 200 and world.get("/v1/events", key=one).status == 200
    assert app.revoke(one, token_type_hint="refresh_token").status == 200
    assert [world.get("/v1/events", key=text).status for text in (one, other)] == [401, 200]
    assert app.introspect(one).json == {"active": False} and app.revoke(one).status == 200


def test_introspection(world, app):
    """RFC 7662 §2.2; I1."""
    text = token(app, scope="events:read", resource=world.public_url + "/v1")
    got = app.introspect(text).json
    assert got["active"] and "connected_account_id" not in got and got["livemode"] is True
    assert (got["client_id"], got["scope"], got["aud"]) == (app.id, "events:read", [world.public_url + "/v1"])
    assert got["sub"] == world.account(OWNER).id and got["token_type"] == "Bearer"
    assert machine(world).introspect(text).json == {"active": False}


def test_a_token_for_one_resource(world, app):
    """RFC 8707 §2.2."""
    text = token(app, resource=world.public_url + "/dav")
    assert world.get("/v1/events", key=text).status == 401
    assert world.request("PROPFIND", "/dav/", None, {"Depth": 0}, text).status == 207
    assert is_error(for_itself(app, resource="https://other.example/"), 400, "invalid_target")


def test_a_token_that_is_bound_to_a_key(world, app):
    """RFC 9449 §5; K5."""
    nonce = world.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]
    key, own = Key("ES256"), [basic(app.id, app.secret)]
    reply = for_itself(app, own + with_proof(proof(world, nonce, key=key)))
    assert reply.status == 200 and reply.json["token_type"] == "DPoP", reply
    text = reply.json["access_token"]
    assert ask(world, "rest", text, made(world, nonce, "rest", text, key=key)).status in (200, 403)
    assert ask(world, "rest", text, scheme="Bearer").status == 401
    assert ask(world, "rest", text, made(world, nonce, "rest", text, key=Key("ES256"))).status == 401
    assert app.introspect(text).json["cnf"] == {"jkt": key.jkt}


def test_the_owner_connects_to_the_app_as_any_user(world, api):
    """Both stand beside each other; neither is seen as the other, and each ends alone."""
    app = machine(world, grant=(GRANT, "authorization_code", "refresh_token"))
    own = Browser(world)
    own.sign_in(world.account(OWNER))
    text = token(app)
    consented = app.connect(own, scope="calendars:read")
    grants = [g for g in api("GET", "/v1/grants?limit=100").json["data"] if app.id in json.dumps(g)]
    assert [g["id"] for g in grants] == [consented["connected_account_id"]]
    mine = [c for c in api("GET", "/v1/connected_accounts?limit=100").json["data"] if app.id in json.dumps(c)]
    assert [c["id"] for c in mine] == [consented["connected_account_id"]]
    scopes_are(world, consented["access_token"], ["/v1/calendars"], ["/v1/events"])
    scopes_are(world, text, ["/v1/calendars", "/v1/events"])
    assert api("DELETE", f"/v1/grants/{consented['connected_account_id']}").status == 200
    assert [world.get("/v1/calendars", key=t).status for t in (consented["access_token"], text)] == [401, 200]
    again = app.connect(own, scope="calendars:read")
    assert again["connected_account_id"] == consented["connected_account_id"]
    assert api("DELETE", f"/v1/grants/{consented['connected_account_id']}").status == 200


def test_a_machine_is_no_connection_that_webhooks_tell_of(world):
    """A platform that is told of its connections hears nothing of itself; its own endpoint hears what the app did."""
    key = world.key(OWNER, kind="secret")
    with Receiver() as receiver:
        made = [endpoint(world, key, receiver.url + path, connect_events=connect) for path, connect in (("/own", False), ("/users", True))]
        app = machine(world, "events:read events:write webhooks:manage")
        text = token(app)
        event(world, text, "By the app itself")
        theirs = endpoint(world, text, receiver.url + "/app", events=["event.created"])
        event(world, text, "Once more")
        assert world.wait_for(lambda: {d.path for d in receiver.got if "Once more" in d.body.decode()} == {"/in/own", "/in/app"}), [(d.path, d.body[:300]) for d in receiver.got]
        assert Api(world, key)("PATCH", f"/v1/oauth_apps/{app.id}", {"machine_scopes": []}).status == 200
        assert world.get("/v1/events", key=text).status == 401
        event(world, key, "The last")
        assert world.wait_for(lambda: any("The last" in d.body.decode() and d.path == "/in/own" for d in receiver.got))
        assert not [d.type for d in receiver.got if (d.path == "/in/users" and d.type != "ping") or d.type.startswith("connected_account")]
        for one in (*made, theirs):
            send(world, "DELETE", f"{ENDPOINTS}/{one['id']}", None, key)


def test_an_open_stream_ends_with_what_opened_it(world, api):
    """K7: within a second."""
    app = machine(world)
    streams = [opened(server, token(app)) for server in (world, world.second)]
    assert api("PATCH", f"/v1/oauth_apps/{app.id}", {"machine_scopes": []}).status == 200
    ends(streams)


def test_many_first_tokens_at_once(world):
    """One thing that they hang on, whoever is first."""
    app = machine(world)
    replies = at_once(world, 16, lambda http: for_itself(app, None, http))
    assert {r.status for r in replies} == {200} and len({r.json["access_token"] for r in replies}) == 16
    assert {world.get("/v1/events", key=r.json["access_token"]).status for r in replies} == {200}
    assert world.sql("SELECT count(*) FROM connected_account c JOIN oauth_client o ON o.id = c.client_id "
                     f"WHERE c.machine AND o.name = 'Test app' AND o.id = (SELECT max(id::text)::uuid FROM oauth_client)") == [["1"]]


def test_no_token_outlives_an_app_that_is_narrowed_meanwhile(world, api):
    """Whoever changes the app sees what a first token made, or that token sees the change."""
    for _ in range(10):
        app = machine(world)
        texts = []

        def one(http, app=app, texts=texts):
            if not texts:
                texts.append(None)
                return api("PATCH", f"/v1/oauth_apps/{app.id}", {"machine_scopes": []})
            return for_itself(app, None, http)

        replies = at_once(world, 6, one)
        for reply in replies:
            if reply.json.get("access_token"):
                assert world.get("/v1/events", key=reply.json["access_token"]).status == 401


def test_a_token_exchange_narrows_it(world):
    """RFC 8693: what a machine hands on to a part of itself."""
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    app = machine(world, grant=(GRANT, exchange))
    reply = app.token(grant_type=exchange, subject_token=token(app), scope="events:read", subject_token_type="urn:ietf:params:oauth:token-type:access_token")
    assert reply.status == 200 and "connected_account_id" not in reply.json and reply.json["scope"] == "events:read", reply


def test_its_use_is_noted(world, app):
    text = token(app)
    assert world.get("/v1/events", key=text).status == 200
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM credential_use u JOIN connected_account c ON c.account_id = u.account_id AND c.id = u.id "
                                            "WHERE c.machine") != [["0"]])
