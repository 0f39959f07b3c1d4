# SPDX-License-Identifier: Apache-2.0
"""Revocation (RFC 7009) and what clients discover (RFC 8414, RFC 9728)."""
import re

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


# ---- discovery ----

def test_the_metadata_of_the_server_is_complete_and_true(world):  # RFC 8414 §2, §3.2
    reply = world.get("/.well-known/oauth-authorization-server", {"Origin": "https://spa.example"})
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    m, url = reply.json, world.public_url
    assert m["issuer"] == url
    assert (m["authorization_endpoint"], m["token_endpoint"], m["revocation_endpoint"]) == (
        url + "/oauth/authorize", url + "/oauth/token", url + "/oauth/revoke")
    assert m["code_challenge_methods_supported"] == ["S256"]
    assert m["response_types_supported"] == ["code"] and m["response_modes_supported"] == ["query"]
    assert m["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert m["token_endpoint_auth_methods_supported"] == ["none", "client_secret_basic", "client_secret_post"]
    assert m["authorization_response_iss_parameter_supported"] is True  # RFC 9207 §3
    assert m["scopes_supported"] == ["calendars:read", "calendars:write", "events:read", "events:write", "profile:read",
                                     "voice:invoke", "webhooks:manage"]
    assert not [k for k, v in m.items() if v is None or v == []]  # §3.2: no empty members


@pytest.mark.parametrize("path", ["", "/v1", "/dav"])
def test_the_metadata_of_a_resource_names_the_resource(world, path):  # RFC 9728 §2, §3.3
    reply = world.get("/.well-known/oauth-protected-resource" + path, {"Origin": "https://spa.example"})
    assert reply.status == 200 and reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.json["resource"] == world.public_url + path
    assert reply.json["authorization_servers"] == [world.public_url]
    assert reply.json["bearer_methods_supported"] == ["header"]
    assert "events:read" in reply.json["scopes_supported"] and "offline_access" not in reply.json["scopes_supported"]


def test_there_is_no_metadata_of_what_is_no_resource(world):
    assert is_error_free_404(world.get("/.well-known/oauth-protected-resource/x"))
    assert is_error_free_404(world.get("/.well-known/oauth-authorization-server/x"))


def is_error_free_404(reply):
    return reply.status == 404 and reply.headers["Cache-Control"] == "no-store"


def test_a_401_leads_to_the_metadata_of_its_resource(world):  # RFC 9728 §5.1
    challenge = world.get("/v1/profile").headers["WWW-Authenticate"]
    assert f'resource_metadata="{world.public_url}/.well-known/oauth-protected-resource' in challenge
    assert "error=" not in challenge  # RFC 6750 §3: nothing was sent


def challenge_of(reply):
    return ", ".join(reply.headers.all("WWW-Authenticate"))


@pytest.mark.parametrize("path", ["/v1/profile", "/v1/nothing", "/dav/", "/dav/calendars/x/y/z.ics", "/api/v1/hosted-calendars",
    "/api/v1/hosted-calendars/x", "/oauth/token", "/.well-known/caldav", "/keys", "/account", "/", "/metrics", "/healthz"])
def test_what_a_challenge_promises_is_there(world, path):
    """RFC 9728 §3.1, §5.1: of each module; one that takes no token leads to no authorization server."""
    for headers in ({}, {"Authorization": "Bearer cat_nothing"}, {"Authorization": "Bearer nothing"}):
        reply = world.get(path, headers)
        promised = re.search(r'resource_metadata="([^"]*)"', challenge_of(reply))
        assert bool(promised) == (reply.status == 401 and path.startswith(("/v1/", "/dav/"))), reply
        if promised:
            told = world.get(promised[1].removeprefix(world.public_url))
            assert told.status == 200, promised[1]
            assert path.startswith(told.json["resource"].removeprefix(world.public_url))
        elif reply.status == 401:
            assert "Bearer" in challenge_of(reply)


def test_a_resource_of_no_name_has_no_metadata_however_deep_its_path_is(world):
    for path in ("x/y", "v1/", "v1/events", "dav/calendars/x", "api/v1", "%2Fv1", "v1%2F"):
        assert is_error_free_404(world.get("/.well-known/oauth-protected-resource/" + path)), path


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example;proto=https"},
])
def test_the_issuer_is_a_matter_of_configuration(world, headers):
    reply = world.get("/.well-known/oauth-authorization-server", headers)
    assert "evil.example" not in reply.text
    if reply.status == 200:
        assert reply.json["issuer"] == world.public_url


def test_libraries_find_the_metadata_where_they_ask_first(world):
    """npm's oauth libraries ask at OpenID's name by default; it says what is true, and nothing of ID tokens (RFC 8414 §3.1)."""
    document = world.get("/.well-known/openid-configuration", {"Origin": "https://app.example"})
    assert document.status == 200 and document.headers["Access-Control-Allow-Origin"] == "*"
    assert document.json == world.get("/.well-known/oauth-authorization-server").json
    assert not {"userinfo_endpoint", "subject_types_supported", "id_token_signing_alg_values_supported"} & set(document.json)


@pytest.mark.parametrize("target, method", [("/.well-known/oauth-authorization-server", "GET"), ("/oauth/token", "POST"),
    ("/oauth/revoke", "POST"), ("/v1/calendars", "GET")])
def test_a_preflight_lets_mcp_clients_pass(world, target, method):
    """The header that MCP clients send with every request was not allowed."""
    reply = world.request("OPTIONS", target, None, {"Origin": "https://app.example", "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "mcp-protocol-version"})
    assert reply.status == 204
    assert "mcp-protocol-version" in reply.headers["Access-Control-Allow-Headers"].lower()
