# SPDX-License-Identifier: Apache-2.0
"""What MCP clients and native calendar clients do that no RFC asks for: answered usefully, and never with more than the user allowed."""
import json

import pytest

from jose import unsigned
from oauth_flow import REDIRECT, OpenApp, alive, answer, encode, is_error, is_page, is_red, post_form, register

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]
MCP = ["calendars:read", "events:read", "events:write"]


def asked_by(world, path):
    """The scopes of the resource, as who knows it alone finds them (RFC 9728), with what such clients ask besides."""
    return " ".join(world.get("/.well-known/oauth-protected-resource" + path).json["scopes_supported"]) + " offline_access"


def test_all_scopes_of_a_resource_can_be_registered_and_asked_for_at_once(world, browser):
    """The MCP SDK registers for what the resource's metadata has, and asks for all of it and offline_access; whatever the user unticks is not given."""
    for path in ("/mcp", "/dav", "/v1", ""):
        scope = asked_by(world, path)
        app = OpenApp(world, client_name="Asks for all", scope=scope)
        tokens = app.connect(browser, scope=scope, resource=world.public_url + path)
        assert "refresh_token" in tokens and set(MCP) <= set(tokens["scope"].split()) and "offline_access" in tokens["scope"].split(), path
        narrow = app.connect(browser, scope=scope, choose={"scope": ["events:read"]})
        assert set(narrow["scope"].split()) <= {"events:read", "offline_access"}, narrow["scope"]


def test_a_resource_may_be_said_everywhere(world, browser):
    """RFC 8707 §2: in the request, for the code, at each refresh, and where it means nothing: with a registration, a revocation, an introspection."""
    mcp = world.public_url + "/mcp"
    app = OpenApp(world, client_name="Says it everywhere", resource=mcp)
    tokens = app.redeem(app.consent(browser, scope="events:read calendars:read", resource=mcp), resource=mcp).json
    for said in (mcp, mcp + "/", None):
        tokens = app.refresh(tokens["refresh_token"], resource=said).json
        assert world.get("/v1/events", key=tokens["access_token"]).status == 401, "it is for /mcp alone"
        opened = world.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
            {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}, tokens["access_token"])
        assert opened.status == 200 and opened.json["result"] == {}
    assert is_error(app.refresh(tokens["refresh_token"], resource=world.public_url + "/v1"), 400, "invalid_target")
    assert app.revoke(tokens["refresh_token"], resource=mcp).status == 200
    assert is_error(app.refresh(tokens["refresh_token"], resource=mcp), 400, "invalid_grant")


def test_several_flows_at_once_do_not_meet(world, browser):
    """Two windows of one client, and a second client between them, begun in one order and ended in another: each gets what it asked for."""
    app, other = (OpenApp(world, client_name=name) for name in ("Twice at once", "Between"))
    begun = [(app, "first", "events:read"), (other, "between", "calendars:read"), (app, "second", "profile:read")]
    pages = [(one, state, scope, one.consent_page(browser, state=state, scope=scope)) for one, state, scope in begun]
    codes = {}
    for one, state, scope, page in reversed(pages):
        got = answer(one.decide(browser, page))
        assert got["state"] == state
        codes[state] = (one, got["code"], scope)
    told = {}
    for state in ("first", "second", "between"):
        one, code, scope = codes[state]
        told[state] = one.redeem(code).json
        assert told[state]["scope"] == scope
    assert told["first"]["connected_account_id"] == told["second"]["connected_account_id"] != told["between"]["connected_account_id"]
    assert is_error(app.redeem(codes["between"][1]), 400, "invalid_grant"), "a code is its client's alone"
    assert app.refresh(told["second"]["refresh_token"]).status == 200, "what came later ends nothing of what came before"
    assert world.get("/v1/events", key=told["first"]["access_token"]).status == 200


def test_who_refreshes_for_more_than_was_allowed_is_refused_and_loses_nothing(world, browser):
    """RFC 6749 §6: clients that send the scopes of their registration each time. The next refresh, for what there is, works."""
    app = OpenApp(world, client_name="Wider", scope="calendars:read events:read events:write")
    tokens = app.connect(browser, scope="events:read")
    for wider in ("events:read events:write", "calendars:read events:read events:write", "events:read mail:read"):
        assert is_error(app.refresh(tokens["refresh_token"], scope=wider), 400, "invalid_scope")
    assert app.refresh(tokens["refresh_token"], scope="").json["scope"] == "events:read"


def test_a_client_that_asks_anew_need_not_begin_anew(world, browser):
    """Many forget their tokens and not their registration, or the reverse: the same words are the same app, one connection, and what it had goes on."""
    app = OpenApp(world, client_name="Forgetful", scope="events:read")
    first = app.connect(browser)
    again = OpenApp(world, client_name="Forgetful", scope="events:read")
    second = again.connect(browser)
    assert again.id == app.id and first["connected_account_id"] == second["connected_account_id"]
    assert alive_events(world, first) and alive_events(world, second)


def alive_events(world, tokens):
    return world.get("/v1/events", key=tokens["access_token"]).status == 200


def test_what_others_vouch_for_is_not_believed(world, browser):
    """R1, RFC 7591 §2.3: a software statement says nothing here, signed by nobody or by whomever; what stands beside it counts."""
    claims = {"client_name": "Vouched for", "redirect_uris": ["https://evil.example/cb"], "scope": "events:write"}
    made = register(world, redirect_uris=[REDIRECT], client_name="Plain", scope="events:read", software_statement=unsigned(claims)).json
    assert (made["client_name"], made["redirect_uris"], made["scope"]) == ("Plain", [REDIRECT], "events:read") and "software_statement" not in made
    app = OpenApp(world, client_name="Plain", scope="events:read")
    assert app.id == made["client_id"]
    assert is_page(app.ask(browser, redirect_uri="https://evil.example/cb"), 400) and is_red(app.ask(browser, scope="events:write"), world, "invalid_scope")


def test_no_address_of_a_stranger_is_loaded_or_linked(world, browser):
    """R1, A36: tools that run on somebody's machine have a logo by plain http; they register, and nothing of it is on a page."""
    said = {"logo_uri": "http://127.0.0.1:7777/logo.png", "client_uri": "http://127.0.0.1:7777/", "tos_uri": "https://app.example/tos", "policy_uri": "https://app.example/p"}
    page = OpenApp(world, client_name="On my machine", **said).consent_page(browser)
    assert page.status == 200 and not any(address in page.text for address in said.values())
    assert "img-src 'self'" in page.headers["Content-Security-Policy"] or "img-src" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kinds", [("application/x-www-form-urlencoded", "text/plain"), ("text/plain", "application/x-www-form-urlencoded")], ids=["form first", "form last"])
def test_two_content_types_are_none(world, kinds):
    """T18: two lines of it, whichever comes first."""
    app = OpenApp(world, client_name="Two types")
    body = encode({"grant_type": "refresh_token", "client_id": app.id, "refresh_token": "x"})
    reply = world.client_connection().request("POST", "/oauth/token", body, [("Content-Type", kind) for kind in kinds])
    assert is_error(reply, 415, "invalid_request")


def test_who_sends_client_id_where_it_is_not_needed_is_served(world, browser):
    """With a revocation and a pushed request, and twice the same in Basic and in the form with an empty secret."""
    app = OpenApp(world, client_name="Says who it is")
    pushed = post_form(world.http, "/oauth/par", app.params(), [])
    assert pushed.status == 201
    seen = browser.get("/oauth/authorize?" + encode({**app.params(), "request_uri": pushed.json["request_uri"]}))
    tokens = app.redeem(answer(app.decide(browser, browser.get(seen.location)))["code"]).json
    assert alive_events(world, tokens) and app.revoke(tokens["access_token"]).status == 200 and not alive(world, tokens)
