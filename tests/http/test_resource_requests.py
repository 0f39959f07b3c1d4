# SPDX-License-Identifier: Apache-2.0
"""Credentials that are sent wrongly, or have ended, on every surface alike: rows K1 to K7, K13 and K14 of the attack list.

The other rows have their tests where their subject is; a docstring names the row.
"""
import base64
import json
import random
import re

import pytest

from event_stream import EventStream
from examples import Examples
from hooks import ENDPOINTS, deliveries, due_now, endpoint, event
from oauth_flow import App, Browser
from openapi import Document
from receiver import Receiver
from world import BIN

SERVE = ["--rate-limit", "0", "--last-used-ms", "0", "--allow-private-hooks"]
PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
# method, path, headers, body, and the status of who may
SURFACES = {
    "rest": ("GET", "/v1/profile", {}, None, 200),
    "hosted": ("GET", "/api/v1/hosted-calendars", {}, None, 200),
    "mcp": ("POST", "/mcp", {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}, PING, 200),
    "calendars": ("GET", "/v1/calendars", {}, None, 200),
    "caldav": ("PROPFIND", "/dav/", {"Depth": "0"}, None, 207),
}
every_surface = pytest.mark.parametrize("surface", SURFACES)
NO_BASIC = [s for s in SURFACES if s != "caldav"]


@pytest.fixture(scope="module")
def secret(world, ann):
    return world.key(ann, kind="secret")


def ask(server, surface, authorization=None, query="", pairs=(), http=None):
    """One request with this Authorization, or with several of them."""
    method, path, headers, body, _ = SURFACES[surface]
    sent = [*headers.items(), *pairs]
    sent += [("Authorization", a) for a in ([authorization] if isinstance(authorization, str) else authorization or [])]
    return (http or server.http).request(method, path + query, body, sent)


def good(surface):
    return SURFACES[surface][4]


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def no_error_code(reply):
    """RFC 6750 §3: where nothing was tried, no error is named."""
    return reply.status == 401 and "error=" not in ", ".join(reply.headers.all("WWW-Authenticate"))


# ---- how it is sent ----


@every_surface
@pytest.mark.parametrize("name", ["access_token", "api_key", "key", "token"])
def test_a_credential_in_the_query_is_none(world, secret, surface, name):
    """K1: ignored, so that the answer is that of a stranger. That no log tells of it is asked of every world when it ends."""
    reply = ask(world, surface, query=f"?{name}={secret}")
    assert no_error_code(reply), reply


@pytest.mark.parametrize("surface", NO_BASIC)
def test_a_credential_sent_in_two_ways_is_refused(world, secret, surface):
    """K2, RFC 6750 §2: a client uses one way."""
    reply = ask(world, surface, f"Bearer {secret}", query=f"?access_token={secret}")
    assert reply.status == 400, reply


def test_a_credential_in_a_form_is_none(world, secret):
    """K2: where forms are taken and where they are not."""
    body = f"access_token={secret}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for target in ("/v1/calendars", "/v1/events", "/api/v1/hosted-calendars", "/mcp"):
        assert world.post(target, body, form).status == 401, target
    assert world.post("/v1/calendars", body, form, secret).status in (400, 415)


@every_surface
def test_two_authorization_headers_are_refused(world, ann, secret, surface):
    """K3: whichever is first, and where both are the same."""
    other = world.key(ann)
    for pair in ([secret, other], [other, secret], [secret, secret], [secret, "cp_" + "0" * 64]):
        reply = ask(world, surface, [f"Bearer {s}" for s in pair])
        assert reply.status == 400, reply


@every_surface
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_a_scheme_has_no_case(world, secret, surface, scheme):
    """K4, RFC 9110 §11.1."""
    assert ask(world, surface, f"{scheme} {secret}").status == good(surface)


@every_surface
def test_blanks_after_the_scheme_are_as_one(world, secret, surface):
    """K4, RFC 9110 §11.4, RFC 6750 §2.1: one or more (1*SP), and none belongs to the credential."""
    for value in (f"Bearer  {secret}", f"Bearer     {secret}", f"Bearer {secret}  "):
        assert ask(world, surface, value).status == good(surface), value


@every_surface
@pytest.mark.parametrize("form", ["Bearer\t{}", "Bearer {} {}", "Bearer {},{}", "Bearer", "Bearer ", "Bearer \t", "{}", "Token {}", "Bearer:{}",
    'Bearer "{}"', "Bearer token={}"])
def test_what_is_no_bearer_credential_is_401(world, secret, surface, form):
    """K4: a tab, two words, nothing, another scheme."""
    reply = ask(world, surface, form.replace("{}", secret))
    assert reply.status == 401, reply


@every_surface
def test_a_bearer_credential_is_not_taken_as_dpop(world, secret, surface):
    """K5: a key is bound to no other key that a proof could show, and a proof beside it changes nothing."""
    for pairs in ((), (("DPoP", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x"),)):
        assert ask(world, surface, f"DPoP {secret}", pairs=pairs).status == 401


@pytest.mark.parametrize("surface", NO_BASIC)
def test_basic_is_for_caldav_alone(world, ann, secret, surface):
    """K6: whatever the name, and whatever the kind of key."""
    for name in (ann.email, ann.id, ""):
        for key in (ann.key, secret):
            assert ask(world, surface, basic(name, key)).status == 401


def test_on_caldav_a_key_is_its_owners_password(world, ann, secret):
    """K6: another's name is 401, one's own is taken, with a secret key too."""
    bob = world.account("bob@example.org")
    for key in (ann.key, secret):
        assert ask(world, "caldav", basic(ann.email, key)).status == 207
        for name in (bob.email, bob.id, "", "nobody@example.org"):
            assert ask(world, "caldav", basic(name, key)).status == 401, name


# ---- when it has ended ----


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_a_key_that_has_ended_is_dead_in_the_very_next_request(world, ann, verb):
    """K7: on each surface, on this and another server, on connections that were kept, and its stream ends."""
    key = world.key(ann, kind="secret")
    kept = [(server, server.client_connection()) for server in (world, world.second)]
    for server, http in kept:
        for surface in SURFACES:
            assert ask(server, surface, f"Bearer {key}", http=http).status == good(surface)
    stream = EventStream(world.second, "/v1/events/stream", key)
    assert stream.status == 200 and stream.next("ready")
    world.cli("key", verb, key.id)
    for server, http in reversed(kept):
        for surface in SURFACES:
            reply = ask(server, surface, f"Bearer {key}", http=http)
            assert reply.status == 401 and 'error="invalid_token"' in ", ".join(reply.headers.all("WWW-Authenticate")), (surface, reply)
        http.close()
    assert stream.next("end").data["reason"] == "credential_ended" and stream.next() is None
    stream.close()


def test_a_webhook_is_the_accounts_and_what_waits_ends_with_it(world):
    """K7: an endpoint outlives the key that made it, and its owner sees and ends it; what was queued is then not sent."""
    carl = world.account("carl@example.org")
    owner = world.key(carl, kind="secret")
    limited = world.key(carl, kind="restricted", scope="events:read webhooks:manage calendars:read")
    with Receiver() as receiver:
        receiver.answer = lambda d: 503
        made = endpoint(world, limited, receiver.url, ["event.*"])
        event(world, owner, "Told in vain")
        assert world.wait_for(lambda: deliveries(world, owner, made, response_status=503))
        world.cli("key", "revoke", limited.id)
        assert world.get(f"{ENDPOINTS}/{made['id']}", key=limited).status == 401
        assert world.get(f"{ENDPOINTS}/{made['id']}", key=owner).status == 200
        assert world.request("DELETE", f"{ENDPOINTS}/{made['id']}", key=owner).status < 300
        before = len(receiver.got)
        due_now(world)
        mark = endpoint(world, owner, receiver.url + "/mark", ["event.*"])
        receiver.answer = lambda d: 200
        event(world, owner, "Told to the owner")
        assert world.wait_for(lambda: [d for d in receiver.got if d.path.endswith("/mark") and b"Told to the owner" in d.body]), mark
        assert {d.path for d in receiver.got[before:]} == {"/in/mark"}


def test_the_key_of_an_account_that_is_deactivated_is_403(world):
    """K13: 403 account_deactivated and not 401, at which a client would ask for a password; and then as before."""
    dora = world.account("dora@example.org")
    key = world.key(dora, kind="secret")
    dora.key
    world.cli("account", "deactivate", dora.email)
    for surface in SURFACES:
        for server in (world, world.second):
            reply = ask(server, surface, f"Bearer {key}")
            assert reply.status == 403 and not reply.headers.all("WWW-Authenticate"), reply
            if surface in ("rest", "mcp", "calendars"):
                assert reply.json["error"]["type"] == reply.json["error"]["code"] == "account_deactivated"
            if surface == "hosted":
                assert reply.json["error"] == "Forbidden"
    assert ask(world, "caldav", basic(dora.email, dora.key)).status == 403
    world.cli("account", "reactivate", dora.email)
    for surface in SURFACES:
        assert ask(world, surface, f"Bearer {key}").status == good(surface)


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="profile:read calendars:read events:read")


def test_the_token_of_an_account_that_is_deactivated_is_403_and_is_not_refreshed(world, app):
    """K13: mid-session; the refresh is invalid_grant, and the refresh token is not spent by that."""
    emil = world.account("emil@example.org")
    browser = Browser(world)
    browser.sign_in(emil)
    tokens = app.connect(browser, scope="profile:read calendars:read events:read")
    bearer = f"Bearer {tokens['access_token']}"
    surfaces = ["rest", "mcp", "calendars", "caldav"]
    for surface in surfaces:
        assert ask(world, surface, bearer).status == good(surface)
    world.cli("account", "deactivate", emil.email)
    for surface in surfaces:
        reply = ask(world, surface, bearer)
        assert reply.status == 403, reply
        assert surface == "caldav" or reply.json["error"]["code"] == "account_deactivated"
    refused = app.refresh(tokens["refresh_token"])
    assert refused.status == 400 and refused.json["error"] == "invalid_grant"
    world.cli("account", "reactivate", emil.email)
    assert app.refresh(tokens["refresh_token"]).status == 200


# ---- what it leaves behind ----


@every_surface
def test_only_a_request_that_was_let_in_is_a_use(world, ann, secret, surface):
    """K14: neither a wrong secret, a wrong name, nor a key that has ended moves last_used_at; a good one does."""
    key = world.key(ann, kind="secret", name=f"use {surface}")
    shown = lambda: world.get("/v1/api_keys/" + key.id, key=secret).json["last_used_at"]
    for wrong in (f"Bearer {key[:-1]}", f"Bearer {key}A", f"DPoP {key}", basic("bob@example.org", key), f"Token {key}", [f"Bearer {key}"] * 2):
        assert ask(world, surface, wrong).status in (400, 401)
    assert shown() is None
    assert ask(world, surface, f"Bearer {key}").status == good(surface)
    used = shown()
    assert used
    world.cli("key", "revoke", key.id)
    assert ask(world, surface, f"Bearer {key}").status == 401
    assert shown() == used


def round_trips(world, reply):
    """What a request asked of the database, as its line in the log has it."""
    name = reply.headers["Request-Id"]
    line = world.wait_for(lambda: next((l for l in list(world.lines) if f"id={name} " in l and "event=request" in l), None))
    return int(re.search(r" db=(\d+)", line)[1])


@pytest.mark.parametrize("template", ["/v1/events/{event}", "/v1/calendars/{calendar}", "/v1/webhook_endpoints/{endpoint}", "/v1/api_keys/{key}",
    "/v1/booking_pages/{page}", "/v1/connected_accounts/{connected_account}", "/v1/oauth_apps/{app}", "/v1/webhook_events/{event}"])
def test_what_is_anothers_costs_no_more_look_ups_than_what_is_nowhere(world, secret, template):
    """K10: 404 in the same words (test_every_route) and after the same round trips, so that time tells nothing either."""
    theirs = Examples(world, Document.load(BIN), world.key("rita@example.org", kind="secret")).existing(re.search("{(.*)}", template)[1], template)
    nowhere = theirs[:5] + "".join(random.Random(7).sample(theirs[5:], len(theirs) - 5))
    asked = [world.get(re.sub("{.*}", name, template), key=secret) for name in (theirs, nowhere)]
    assert [r.status for r in asked] == [404, 404] and len({r.body.replace(r.headers["Request-Id"].encode(), b"") for r in asked}) == 1
    assert len({round_trips(world, r) for r in asked}) == 1


# ---- bodies ----


@pytest.mark.parametrize("field, value", [("owner", "usr_0355WHuCFfRpMfB53mC9Z6"), ("account_id", "usr_0355WHuCFfRpMfB53mC9Z6"), ("livemode", False),
    ("id", "cal_0355WHuCFfRpMfB53mC9Z6"), ("scopes", ["events:write"]), ("created_at", "2020-01-01T00:00:00Z"), ("etag", '"x"')])
def test_a_change_sets_no_more_than_it_may(world, secret, field, value):
    """K17: what no caller sets is refused by its name, whether it exists or not, and nothing of the change is done."""
    calendar = next(c for c in world.get("/v1/calendars", key=secret).json["data"] if c["is_default"])
    shown = event(world, secret, "Mine")
    webhook = endpoint(world, secret, "http://127.0.0.1:9/", ["event.deleted"])
    for path in (f"/v1/calendars/{calendar['id']}", f"/v1/events/{shown['id']}", f"{ENDPOINTS}/{webhook['id']}"):
        told = lambda: {k: v for k, v in world.get(path, key=secret).json.items() if k != "failing_since"}  # of its first ping
        before = told()
        change = {"description": "changed", field: value}
        reply = world.request("PATCH", path, json.dumps(change), {"Content-Type": "application/json"}, secret)
        assert reply.status == 400 and reply.json["error"]["param"] == field, (path, reply)
        assert told() == before
    world.request("DELETE", f"{ENDPOINTS}/{webhook['id']}", key=secret)


DEEP, WIDE, HALF, OCTETS = "nested too deeply", "The request body is too large", "half a surrogate pair", "it is not UTF-8"
# what is sent, and what is told to be wrong with it: each is refused for itself, and not for what else it lacks
BOMBS = {
    "deep arrays": (b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", DEEP),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, DEEP),
    "deeper": (b'{"a":' + b"[" * 300_000 + b"]" * 300_000 + b"}", WIDE),
    "10 MB": (b'{"title":"' + b"x" * 10_000_000 + b'"}', WIDE),
    "a key twice": (b'{"title":"a","title":"b"}', "stands here twice"),
    "half a pair": (b'{"title":"\\ud800"}', HALF),
    "the other half": (b'{"title":"\\udc00x"}', HALF),
    "a NUL": (b'{"title":"a\\u0000b"}', "\\u0000 is not accepted"),
    "no UTF-8": (b'{"title":"\xff\xfe"}', OCTETS),
    "a surrogate in octets": (b'{"title":"\xed\xa0\x80"}', OCTETS),
}


@pytest.mark.parametrize("target", ["/v1/events", "/v1/api_keys", "/v1/freebusy/query", "/api/v1/hosted-calendars", "/mcp"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_body_that_means_harm_is_refused(world, secret, target, bomb):
    """K18: 400, or 413 where it is too long; MCP says it in its own words. The server answers the next one."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    octets, words = BOMBS[bomb]
    reply = world.request("POST", target, octets, headers, secret)
    told = reply.json["message"] if target.startswith("/api/") else reply.json["error"]["message"]
    assert reply.status == (413 if words == WIDE else 400) and words in told, reply
    assert world.get("/v1/profile", key=secret).status == 200


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e309", "9007199254740992", "30.5", "1" * 30])
def test_a_number_without_end_is_none(world, secret, number):
    """K18: neither an infinity nor what a double cannot hold, where a number is wanted."""
    wanted = {"/v1/api_keys": ('{"name":"x","kind":"restricted","scopes":["events:read"],"rate_limit":%s}', "rate_limit"),
        "/v1/freebusy/find_slots": ('{"participants":["x@example.org"],"earliest_start":"2026-11-24T09:00:00Z","latest_end":"2026-11-25T09:00:00Z",'
            '"duration_minutes":%s}', "duration_minutes")}
    for target, (body, param) in wanted.items():
        reply = world.post(target, body % number, {"Content-Type": "application/json"}, secret)
        assert reply.status == 400 and reply.json["error"]["param"] == param and "whole number" in reply.json["error"]["message"], reply
