# SPDX-License-Identifier: Apache-2.0
"""What clients discover: of the server (RFC 8414), of its resources (RFC 9728), and in each refusal (RFC 6750 §3)."""
import re

import pytest
from jose import verified
from oauth_flow import App, Browser


def test_the_metadata_of_the_server_is_complete_and_true(world):  # RFC 8414 §2, §3.2
    reply = world.get("/.well-known/oauth-authorization-server", {"Origin": "https://spa.example"})
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    m, url = reply.json, world.public_url
    assert m["issuer"] == url
    assert (m["authorization_endpoint"], m["token_endpoint"], m["revocation_endpoint"]) == (
        url + "/oauth/authorize", url + "/oauth/token", url + "/oauth/revoke")
    assert m["code_challenge_methods_supported"] == ["S256"]
    assert m["introspection_endpoint"] == url + "/oauth/introspect"
    assert m["introspection_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert m["response_types_supported"] == ["code"] and m["response_modes_supported"] == ["query", "fragment", "form_post"]
    assert m["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange",
                                          "urn:ietf:params:oauth:grant-type:device_code"]
    assert m["token_endpoint_auth_methods_supported"] == ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
    for endpoint in ("token", "revocation", "introspection"):
        assert m[endpoint + "_endpoint_auth_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"]
    assert m["authorization_response_iss_parameter_supported"] is True  # RFC 9207 §3
    assert m["scopes_supported"] == ["calendars:read", "calendars:write", "calendars:manage", "events:read", "events:write", "profile:read",
                                     "voice:invoke", "webhooks:manage", "openid", "email", "profile",
                                     "urn:ietf:params:oauth:scope:calendars", "offline_access"]
    assert not [k for k, v in m.items() if v is None or v == []]  # §3.2: no empty members
    assert m["protected_resources"] == [url, url + "/v1", url + "/dav", url + "/mcp"]  # RFC 9728 §4
    assert world.get(m["service_documentation"].removeprefix(url)).status == 200


@pytest.mark.parametrize("path", ["", "/v1", "/dav", "/mcp"])
def test_the_metadata_of_a_resource_names_the_resource(world, path):  # RFC 9728 §2, §3.3
    reply = world.get("/.well-known/oauth-protected-resource" + path, {"Origin": "https://spa.example"})
    assert reply.status == 200 and reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.json["resource"] == world.public_url + path
    assert reply.json["authorization_servers"] == [world.public_url]
    assert reply.json["bearer_methods_supported"] == ["header"]
    assert world.get(reply.json["resource_documentation"].removeprefix(world.public_url)).status == 200
    assert "events:read" in reply.json["scopes_supported"] and "offline_access" not in reply.json["scopes_supported"]


def test_there_is_no_metadata_of_what_is_no_resource(world):
    assert is_error_free_404(world.get("/.well-known/oauth-protected-resource/x"))
    assert is_error_free_404(world.get("/.well-known/oauth-authorization-server/x"))
    assert is_error_free_404(world.get("/.well-known/openid-configuration/mcp/x"))


def is_error_free_404(reply):
    return reply.status == 404 and reply.headers["Cache-Control"] == "no-store"


def test_a_401_leads_to_the_metadata_of_its_resource(world):  # RFC 9728 §5.1
    challenge = world.get("/v1/profile").headers["WWW-Authenticate"]
    assert f'resource_metadata="{world.public_url}/.well-known/oauth-protected-resource' in challenge
    assert "error=" not in challenge  # RFC 6750 §3: nothing was sent


def challenge_of(reply):
    return ", ".join(reply.headers.all("WWW-Authenticate"))


@pytest.mark.parametrize("path", ["/v1/profile", "/v1/nothing", "/dav/", "/dav/calendars/x/y/z.ics", "/mcp", "/api/v1/hosted-calendars",
    "/api/v1/hosted-calendars/x", "/oauth/token", "/.well-known/caldav", "/keys", "/account", "/", "/metrics", "/healthz"])
def test_what_a_challenge_promises_is_there(world, path):
    """RFC 9728 §3.1, §5.1: of each module; one that takes no token leads to no authorization server."""
    for headers in ({}, {"Authorization": "Bearer cat_nothing"}, {"Authorization": "Bearer nothing"}):
        reply = world.get(path, headers)
        promised = re.search(r'resource_metadata="([^"]*)"', challenge_of(reply))
        assert bool(promised) == (reply.status == 401 and path.startswith(("/v1/", "/dav/", "/mcp"))), reply
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
    """npm's oauth libraries ask at OpenID's name by default."""
    document = world.get("/.well-known/openid-configuration", {"Origin": "https://app.example"})
    assert document.status == 200 and document.headers["Access-Control-Allow-Origin"] == "*"
    assert document.json == world.get("/.well-known/oauth-authorization-server").json


@pytest.mark.parametrize("target, method", [("/.well-known/oauth-authorization-server", "GET"), ("/oauth/token", "POST"),
    ("/oauth/revoke", "POST"), ("/v1/calendars", "GET")])
def test_a_preflight_lets_mcp_clients_pass(world, poor, target, method):
    """The header that MCP clients send with every request was not allowed."""
    reply = world.request("OPTIONS", target, None, {"Origin": "https://app.example", "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "mcp-protocol-version"})
    assert reply.status == 204
    assert "mcp-protocol-version" in reply.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
@pytest.mark.parametrize("path", ["/mcp", "/v1", "/dav"])
def test_clients_that_know_the_resource_alone_find_the_server_behind_its_path(world, name, path):
    """MCP clients of before RFC 9728 take the resource for the issuer, and put the well-known name before its path."""
    assert world.get(f"/.well-known/{name}{path}").json == world.get("/.well-known/oauth-authorization-server").json


def challenge(reply):
    """The parameters of the one Bearer challenge."""
    lines = [v for v in reply.headers.all("WWW-Authenticate") if v.startswith("Bearer ")]
    assert len(lines) == 1, lines
    return dict(re.findall(r'(\w+)="([^"]*)"', lines[0]))


REPORT_QUERY = b'<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop/><C:filter>' \
    b'<C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
DAV_ALL = "calendars:read calendars:write calendars:manage events:read events:write profile:read"


@pytest.mark.parametrize("method, path, scope", [
    ("GET", "/v1/calendars", "calendars:read"), ("POST", "/v1/events", "events:write"), ("GET", "/v1/profile", "profile:read"),
    ("GET", "/v1/api_keys", None),
    ("PROPFIND", "/dav/", DAV_ALL), ("PUT", "/dav/calendars/x/y/z.ics", DAV_ALL), ("REPORT", "/dav/nothing/at/all/here/x", DAV_ALL),
    ("POST", "/mcp", "calendars:read events:read events:write"),
])
def test_who_comes_without_a_token_is_told_where_and_what_to_ask(world, method, path, scope):
    """RFC 6750 §3, RFC 9728 §5.1: what an app needs to know to ask its user once. R4: none of it comes from the request."""
    resource = "/" + path.split("/")[1]
    for headers, error in (({}, None), ({"Authorization": "Bearer cat_nothing"}, "invalid_token"), ({"Host": "evil.example"}, None)):
        reply = world.request(method, path, None, headers)
        assert reply.status == 401, reply
        got = challenge(reply)
        assert got["resource_metadata"] == f"{world.public_url}/.well-known/oauth-protected-resource{resource}"
        assert got.get("error") == error and got.get("scope") == scope, got


@pytest.fixture(scope="module")
def poor(world, browser):
    """A token that may next to nothing, and the calendar that it may not read."""
    app = App(world, type="public")
    token = app.connect(browser, scope="profile:read")["access_token"]
    principal = world.dav("PROPFIND", "/dav/", b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>',
                          {"Depth": "0", "Authorization": f"Bearer {token}"})
    home = re.search(r"/dav/principals/([^/<]+)/", principal.text)[1]
    return token, f"/dav/calendars/{home}/default/"


@pytest.mark.parametrize("method, below, headers, body, scope", [
    ("PROPFIND", "", {"Depth": "0"}, None, "calendars:read"),
    ("PROPFIND", "", {"Depth": "1"}, None, "calendars:read events:read"),
    ("PROPFIND", "x.ics", {"Depth": "0"}, None, "events:read"),
    ("REPORT", "", {"Depth": "1"}, REPORT_QUERY, "events:read"),
    ("PROPPATCH", "", {}, b"<x/>", "calendars:write"),
    ("GET", "x.ics", {}, None, "events:read"),
    ("PUT", "x.ics", {}, b"x", "events:write"),
    ("DELETE", "x.ics", {}, None, "events:write"),
    ("COPY", "x.ics", {"Destination": "{}y.ics"}, None, "events:read events:write"),
    ("MOVE", "x.ics", {"Destination": "{}y.ics"}, None, "events:write"),
])
def test_a_403_of_caldav_names_all_that_is_missing_at_once(world, poor, method, below, headers, body, scope):
    """RFC 6750 §3.1: the app asks its user for these, and then it works; nobody asks twice."""
    token, calendar = poor
    headers = {k: v.format(calendar) for k, v in headers.items()}
    reply = world.dav(method, calendar + below, body, {**headers, "Authorization": f"Bearer {token}"})
    assert reply.status == 403, reply
    got = challenge(reply)
    assert (got["error"], got["scope"]) == ("insufficient_scope", scope)
    assert got["resource_metadata"].endswith("/.well-known/oauth-protected-resource/dav")


@pytest.mark.parametrize("method, path, scope", [
    ("GET", "/v1/calendars", "calendars:read"), ("GET", "/v1/events", "events:read"), ("POST", "/v1/events", "events:write"),
    ("POST", "/v1/freebusy/query", "calendars:read"), ("GET", "/v1/webhook_endpoints", "webhooks:manage"),
    ("POST", "/v1/voice/sessions", "voice:invoke"),
])
def test_a_403_of_the_api_names_what_is_missing(world, poor, method, path, scope):
    reply = world.request(method, path, b"{}" if method == "POST" else None,
                          {"Authorization": f"Bearer {poor[0]}", "Content-Type": "application/json"})
    assert reply.status == 403, reply
    got = challenge(reply)
    assert (got["error"], got["scope"]) == ("insufficient_scope", scope)
    assert got["resource_metadata"].endswith("/.well-known/oauth-protected-resource/v1")


# ---- signed metadata (RFC 8414 §2.1, RFC 9728 §2.2) ----

SERVER, RESOURCE = "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"
TYPES = {SERVER: "oauth-authorization-server+jwt", "/.well-known/openid-configuration": "oauth-authorization-server+jwt", RESOURCE: "oauth-protected-resource+jwt"}


def signed(server, path):
    """What the document says in the open, and what its JWT says, by the keys that are published."""
    told = server.get(path).json
    return told, *verified(told.pop("signed_metadata"), server.get("/oauth/jwks").json)


@pytest.mark.parametrize("path", [name + below for name in TYPES for below in ("", "/v1", "/dav", "/mcp")])
def test_metadata_is_signed_too(world, path):
    """All values once more, by whom it says they are, and itself not among them; its type is nothing that opens anything."""
    told, header, claims = signed(world, path)
    active, = (k["kid"] for k in world.cli("signing-key", "list")["data"] if k["state"] == "active")
    assert header == {"alg": "ES256", "typ": TYPES["/" + "/".join(path.split("/")[1:3])], "kid": active}
    assert claims.pop("iss") == world.public_url == told.get("issuer", world.public_url)
    assert isinstance(claims.pop("iat"), int)
    assert claims == told and "signed_metadata" not in claims


def test_both_instances_sign_what_is_the_same(world):
    for path in (SERVER, RESOURCE + "/dav"):
        (a, _, signed_a), (b, _, signed_b) = signed(world, path), signed(world.second, path)
        assert a == b and {**signed_a, "iat": 0} == {**signed_b, "iat": 0}
        tags = {s.get(path).headers["ETag"] for s in (world, world.second)}
        assert len(tags) == 1 and tags.pop().startswith('W/"')


@pytest.mark.parametrize("path", [SERVER, "/.well-known/openid-configuration/mcp", RESOURCE, RESOURCE + "/mcp"])
def test_metadata_that_is_known_is_not_sent_again(world, path):
    """RFC 9110 §13.1.2; RFC 8414 §3.2."""
    reply = world.get(path)
    for known in (reply.headers["ETag"], f'"x", {reply.headers["ETag"]}', "*"):
        same = world.get(path, {"If-None-Match": known, "Origin": "https://spa.example"})
        assert same.status == 304 and not same.body and same.headers["ETag"] == reply.headers["ETag"]
        assert same.headers["Cache-Control"] == reply.headers["Cache-Control"] == "public, max-age=300"
        assert same.headers["Access-Control-Allow-Origin"] == "*"
    assert world.get(path, {"If-None-Match": 'W/"x"'}).json == reply.json
    assert world.get(RESOURCE + "/v1").headers["ETag"] != world.get(RESOURCE + "/dav").headers["ETag"] != world.get(SERVER).headers["ETag"]


def test_metadata_is_signed_anew_when_keys_rotate(world):
    before, tag = signed(world, SERVER), world.get(SERVER).headers["ETag"]
    old, told = before[1]["kid"], world.get(SERVER).json
    fresh = world.cli("signing-key", "rotate")
    world.restart()  # who goes on does it within half a minute: tests/unit/oauth/test_metadata.c
    document, header, claims = signed(world, SERVER)
    assert header["kid"] != old and document == before[0], fresh
    again = world.get(SERVER, {"If-None-Match": tag})
    assert again.status == 200 and again.headers["ETag"] != tag
    assert verified(told["signed_metadata"], world.get("/oauth/jwks").json)  # and what was fetched before is still good
    assert verified(world.second.get(SERVER).json["signed_metadata"], world.get("/oauth/jwks").json)
    world.second.restart()  # tests after this find both alike


def test_signed_metadata_opens_nothing(world):
    """T27: it is public, and by the key that signs ID tokens."""
    for token in (world.get(SERVER).json["signed_metadata"], world.get(RESOURCE + "/v1").json["signed_metadata"]):
        assert world.get("/v1/profile", key=token).status == 401
        assert world.get("/oauth/userinfo", key=token).status == 401
        assert App(world, type="confidential", may_introspect=True).introspect(token).json == {"active": False}
        hinted = Browser(world).get("/oauth/logout?id_token_hint=" + token)
        assert hinted.status != 303 or not (hinted.location or "").startswith("http")
