# SPDX-License-Identifier: Apache-2.0
"""Resource indicators (RFC 8707): a token that was asked for one resource opens no other."""
import pytest
from oauth_flow import App, answer, encode, is_error, is_red, post_form

ALL = "calendars:read events:read profile:read"


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential")


def opens(world, token, server=None):
    """Which of the three take it."""
    server, bearer = server or world, {"Authorization": f"Bearer {token}"}
    call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_calendars","arguments":{}}}'
    replies = {"/v1": server.get("/v1/calendars", key=token),
               "/dav": server.dav("PROPFIND", "/dav/", None, {"Depth": "0", **bearer}),
               "/mcp": server.request("POST", "/mcp", call, {**bearer, "Content-Type": "application/json"})}
    for path, reply in replies.items():
        assert reply.status in (200, 207, 401), reply
        if reply.status == 401:  # RFC 6750 §3.1; it leads to a token that would do
            challenge = ", ".join(reply.headers.all("WWW-Authenticate"))
            assert 'error="invalid_token"' in challenge and "another resource" in challenge
            assert f'resource_metadata="{world.public_url}/.well-known/oauth-protected-resource{path}"' in challenge
    return {path for path, reply in replies.items() if reply.status != 401}


EVERY = {"/v1", "/dav", "/mcp"}


@pytest.mark.parametrize("asked, opened", [
    ([], EVERY), ([""], EVERY), (["/"], EVERY), (["/v1"], {"/v1"}), (["/dav/"], {"/dav"}), (["/mcp"], {"/mcp"}), (["/mcp/"], {"/mcp"}),
    (["/dav/calendars/usr_x/default/"], {"/dav"}), (["/v1", "/dav"], {"/v1", "/dav"}), (["/v1", ""], EVERY),
], ids=lambda paths: " ".join(sorted(paths)) or "none")
def test_a_token_opens_what_it_was_asked_for(world, app, browser, asked, opened):
    """RFC 8707 §2.1, §2.2: several resources, one of ours with or without a slash, an address below it; none is all."""
    pairs = [*app.params(scope=ALL).items(), *[("resource", world.public_url + path) for path in asked]]
    page = browser.get(browser.get("/oauth/authorize?" + encode(pairs)).location)
    tokens = app.redeem(answer(app.decide(browser, page))["code"]).json
    assert opens(world, tokens["access_token"]) == opened
    if opened != EVERY:
        assert opens(world, tokens["access_token"], world.second) == opened
        assert opens(world, app.refresh(tokens["refresh_token"]).json["access_token"]) == opened


BAD = ["https://evil.example/mcp", "{}.evil/v1", "{}/v10", "{}/mcp#f", "{}/mcp?x=1", "{}/keys", "mcp", "/mcp", "urn:x", "{}//v1",
       "x" * 10_000, "' OR 1=1 --"]


@pytest.mark.parametrize("resource", BAD, ids=range(len(BAD)))
def test_a_resource_that_is_none_of_ours_is_refused_everywhere(world, app, browser, resource):
    """RFC 8707 §2: invalid_target, at the authorization endpoint and at the token endpoint; nothing is used up."""
    resource = resource.format(world.public_url)
    asked = browser.post("/oauth/authorize", app.params(resource=resource))
    assert is_red(browser.get(asked.location), world, "invalid_target")
    two = [*app.params(resource=world.public_url + "/v1").items(), ("resource", resource)]
    assert is_red(browser.get(browser.post("/oauth/authorize", two).location), world, "invalid_target")
    code = app.consent(browser)
    assert is_error(app.redeem(code, resource=resource), 400, "invalid_target")
    tokens = app.redeem(code).json
    assert is_error(app.refresh(tokens["refresh_token"], resource=resource), 400, "invalid_target")
    assert app.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("value, error", [("a\0b", "invalid_request"), (b"\xff", "invalid_request")])
def test_a_broken_resource_is_refused(world, app, browser, value, error):
    assert is_red(app.ask(browser, resource=value), world, error)
    assert is_error(app.redeem("cac_x", resource=value), 400, error)


def test_the_token_endpoint_narrows_and_never_widens(world, app, browser):
    """RFC 8707 §2.2: an access token for part of what was granted; the refresh token keeps all of it."""
    v1, dav, mcp = (world.public_url + path for path in ("/v1", "/dav", "/mcp"))
    pairs = [*app.params(scope=ALL).items(), ("resource", v1), ("resource", dav)]
    page = browser.get(browser.get("/oauth/authorize?" + encode(pairs)).location)
    code = answer(app.decide(browser, page))["code"]
    assert is_error(app.redeem(code, resource=mcp), 400, "invalid_target")
    assert is_error(app.redeem(code, resource=world.public_url + "/x"), 400, "invalid_target")
    both = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", app.pkce.verifier), ("client_id", app.id),
            ("resource", v1), ("resource", mcp)]
    assert is_error(post_form(world.http, "/oauth/token", both), 400, "invalid_target")
    tokens = app.redeem(code, resource=v1).json
    assert opens(world, tokens["access_token"]) == {"/v1"}
    assert is_error(app.refresh(tokens["refresh_token"], resource=mcp), 400, "invalid_target")
    second = app.refresh(tokens["refresh_token"], resource=dav).json
    assert opens(world, second["access_token"]) == {"/dav"}
    third = app.refresh(second["refresh_token"]).json
    assert opens(world, third["access_token"]) == {"/v1", "/dav"}
    assert opens(world, tokens["access_token"]) == {"/v1"}, "each keeps what it was made for"


def test_a_grant_for_all_gives_tokens_for_any(world, app, browser):
    tokens = app.redeem(app.consent(browser, scope=ALL), resource=world.public_url + "/mcp").json
    assert opens(world, tokens["access_token"]) == {"/mcp"}
    assert opens(world, app.refresh(tokens["refresh_token"]).json["access_token"]) == EVERY


def test_a_retry_of_a_refresh_asks_for_the_same_resource(world, app, browser):
    """As with scopes: the kept answer is for the same request, whatever else it asks ends the family (ADR 0008)."""
    tokens = app.connect(browser, scope=ALL)
    first = app.refresh(tokens["refresh_token"], resource=world.public_url + "/v1").json
    again = app.refresh(tokens["refresh_token"], resource=world.public_url + "/v1").json
    assert again["access_token"] == first["access_token"] and opens(world, again["access_token"]) == {"/v1"}
    assert is_error(app.refresh(tokens["refresh_token"], resource=world.public_url + "/dav"), 400, "invalid_grant")
    assert is_error(app.refresh(first["refresh_token"]), 400, "invalid_grant")


def test_a_code_that_comes_twice_ends_its_tokens_whatever_it_asks_for(world, app, browser):
    code = app.consent(browser, scope=ALL)
    tokens = app.redeem(code, resource=world.public_url + "/v1").json
    assert is_error(app.redeem(code, resource=world.public_url + "/dav"), 400, "invalid_grant")
    assert world.get("/v1/calendars", key=tokens["access_token"]).json["error"]["code"] == "token_revoked"


def test_introspection_tells_for_what_a_token_is(world, server, browser):
    """I2: nobody but its app is told of a token for parts of this server."""
    gateway = App(world, type="confidential", may_introspect=True)
    pairs = [*server.params(scope=ALL).items(), ("resource", world.public_url + "/mcp"), ("resource", world.public_url + "/v1")]
    page = browser.get(browser.get("/oauth/authorize?" + encode(pairs)).location)
    tokens = server.redeem(answer(server.decide(browser, page))["code"], resource=world.public_url + "/mcp").json
    assert server.introspect(tokens["access_token"]).json["aud"] == [world.public_url + "/mcp"]
    assert server.introspect(tokens["refresh_token"]).json["aud"] == [world.public_url + "/v1", world.public_url + "/mcp"]
    for kind in ("access_token", "refresh_token"):
        assert gateway.introspect(tokens[kind]).json == {"active": False}


def test_a_verified_app_is_not_asked_again_and_its_token_is_bound_all_the_same(world, browser):
    app = App(world, type="confidential", scope=ALL)
    world.cli("client", "verify", app.id)
    app.consent(browser, scope=ALL)
    code = answer(app.ask(browser, scope=ALL, resource=world.public_url + "/dav"))["code"]
    assert opens(world, app.redeem(code).json["access_token"]) == {"/dav"}
