# SPDX-License-Identifier: Apache-2.0
"""What a key is limited to besides its rights: addresses, origins of pages, a rate; by REST and command, on REST and CalDAV."""
import json

import pytest

from wire import basic
from world import CliError

SERVE = ["--rate-limit", "1000", "--trusted-proxy", "127.0.0.1", "--last-used-ms", "0"]
JSON = {"Content-Type": "application/json"}
NEW = {"name": "x", "kind": "restricted", "scopes": ["events:read", "calendars:read"]}


@pytest.fixture(scope="module")
def secret(world, ann):
    return world.key(ann, kind="secret")


def call(world, method, target, body=None, key=None, headers=None):
    octets = None if body is None else json.dumps(body)
    return world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, key)


def make(world, secret, **more):
    reply = call(world, "POST", "/v1/api_keys", {**NEW, **more}, secret)
    assert reply.status == 201, reply
    return reply.json


def get(world, key, ip="192.0.2.7", origin=None, target="/v1/calendars"):
    return world.get(target, {"X-Forwarded-For": ip, **({"Origin": origin} if origin else {})}, key)


def propfind(world, account, key, ip="192.0.2.7", origin=None):
    headers = {"Depth": "0", "X-Forwarded-For": ip, **({"Origin": origin} if origin else {})}
    return world.dav("PROPFIND", "/dav/", None, headers, (account.email, key))


def in_one_go(world, method, target, credential):
    return world.client_connection().in_one_go(method, target, {"X-Forwarded-For": "192.0.2.7", "Depth": "0", "Authorization": credential}, 20)


def code(reply):
    return reply.status, reply.json["error"]["code"]


@pytest.mark.parametrize("allowed,inside,outside", [
    (["192.0.2.0/24"], ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.9"], ["192.0.1.255", "192.0.3.0", "2001:db8::1"]),
    (["192.0.2.7"], ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
    (["2001:db8:0:100::/56"], ["2001:db8:0:100::1", "2001:db8:0:1ff:ffff::"], ["2001:db8:0:200::1", "192.0.2.7"]),
    (["198.51.100.1", "2001:db8::/32"], ["198.51.100.1", "2001:db8:ffff::"], ["198.51.100.2", "2001:db9::"]),
    (["0.0.0.0/0"], ["192.0.2.7", "127.0.0.1"], ["2001:db8::1"])])
def test_a_key_comes_from_its_addresses_alone(world, ann, secret, allowed, inside, outside):
    """K8."""
    made = make(world, secret, allowed_ips=allowed)
    assert made["allowed_ips"] == allowed
    for ip in inside:
        assert get(world, made["key"], ip).status == 200, ip
        assert propfind(world, ann, made["key"], ip).status == 207, ip
    for ip in outside:
        reply = get(world, made["key"], ip)
        assert code(reply) == (403, "ip_not_allowed") and ip in reply.json["error"]["message"], ip
        assert propfind(world, ann, made["key"], ip).status == 403, ip


def test_a_use_that_was_refused_is_no_use(world, secret):
    made = make(world, secret, allowed_ips=["192.0.2.7"])
    path = "/v1/api_keys/" + made["id"]
    get(world, made["key"], "198.51.100.1")
    assert world.get(path, key=secret).json["last_used_at"] is None
    get(world, made["key"])
    assert world.get(path, key=secret).json["last_used_at"]


@pytest.mark.parametrize("ip,told", [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48")])
def test_the_last_use_tells_roughly_where_and_with_what(world, secret, ip, told):
    made = make(world, secret)
    world.get("/v1/calendars", {"X-Forwarded-For": ip, "User-Agent": "DAVx5/4.5 " + "x" * 200}, made["key"])
    shown = world.get("/v1/api_keys/" + made["id"], key=secret).json
    assert shown["last_used_ip"] == told
    assert shown["last_used_agent"] == ("DAVx5/4.5 " + "x" * 200)[:95]


def test_a_wrong_key_is_told_nothing_about_addresses(world, secret):
    made = make(world, secret, allowed_ips=["192.0.2.7"])
    call(world, "DELETE", "/v1/api_keys/" + made["id"], None, secret)
    assert code(get(world, made["key"], "198.51.100.1")) == (401, "api_key_revoked")


@pytest.mark.parametrize("given,stored,good,bad", [
    ("https://app.example", "https://app.example", ["https://app.example"],
     ["http://app.example", "https://app.example:8443", "https://app.example.evil", "https://sub.app.example", "null", None]),
    ("HTTPS://App.Example:443/", "https://app.example", ["https://app.example"], ["https://app.example:443"]),
    ("http://localhost:5173", "http://localhost:5173", ["http://localhost:5173"], ["http://localhost", "https://localhost:5173"]),
    ("http://[2001:DB8::1]:80", "http://[2001:db8::1]", ["http://[2001:db8::1]"], ["http://[2001:db8::2]"])])
def test_a_key_is_for_pages_of_its_origins_alone(world, ann, secret, given, stored, good, bad):
    """K8."""
    made = make(world, secret, allowed_origins=[given, "https://other.example"])
    assert made["allowed_origins"] == [stored, "https://other.example"]
    for origin in [*good, "https://other.example"]:
        reply = get(world, made["key"], origin=origin)
        assert reply.status == 200 and reply.headers["Access-Control-Allow-Origin"] == origin
    for origin in bad:
        assert code(get(world, made["key"], origin=origin)) == (403, "origin_not_allowed"), origin
        assert propfind(world, ann, made["key"], origin=origin).status == 403, origin


def test_a_publishable_key_has_origins_and_a_secret_one_has_none(world, secret):
    made = call(world, "POST", "/v1/api_keys",
        {"name": "x", "kind": "publishable", "allowed_origins": ["https://shop.example"]}, secret).json
    assert code(get(world, made["key"], origin="https://shop.example")) == (403, "key_kind_not_allowed")
    assert code(get(world, made["key"], origin="https://other.example")) == (403, "origin_not_allowed")
    reply = call(world, "POST", "/v1/api_keys", {"name": "x", "kind": "secret", "allowed_origins": ["https://shop.example"]}, secret)
    assert code(reply) == (400, "invalid_value") and reply.json["error"]["param"] == "allowed_origins"
    own = call(world, "POST", "/v1/api_keys", {"name": "x", "kind": "secret"}, secret).json
    reply = call(world, "PATCH", "/v1/api_keys/" + own["id"], {"allowed_origins": ["https://shop.example"]}, secret)
    assert code(reply) == (400, "invalid_value") and reply.json["error"]["param"] == "allowed_origins"


def test_a_key_has_a_rate_of_its_own(world, secret):
    made, other = make(world, secret, rate_limit=3), make(world, secret)
    replies = in_one_go(world, "GET", "/v1/calendars", f"Bearer {made['key']}")
    statuses = [r.status for r in replies]
    assert statuses[:3] == [200] * 3 and 429 in statuses, statuses
    assert {r.headers["X-RateLimit-Limit"] for r in replies} == {"3"}
    limited = replies[statuses.index(429)]
    assert code(limited) == (429, "rate_limit_exceeded") and limited.headers["Retry-After"] == "1"
    assert get(world, other["key"]).headers["X-RateLimit-Limit"] == "1000"


def test_a_key_has_its_rate_with_calendar_clients_too(world, ann, secret):
    """And nobody else is counted there: a client that syncs asks much at once."""
    made, other = make(world, secret, rate_limit=3), make(world, secret)
    replies = in_one_go(world, "PROPFIND", "/dav/", basic(ann.email, made["key"]))
    statuses = [r.status for r in replies]
    assert statuses[:3] == [207] * 3 and 429 in statuses, statuses
    assert {r.headers["X-RateLimit-Limit"] for r in replies} == {"3"}
    limited = replies[statuses.index(429)]
    assert limited.headers["Retry-After"] == "1" and "RateLimit" in limited.headers
    assert not [r for r in (propfind(world, ann, other["key"]) for _ in range(10)) if r.status != 207 or "X-RateLimit-Limit" in r.headers]


def test_a_rate_over_the_servers_gives_the_servers(world, secret):
    assert get(world, make(world, secret, rate_limit=10000)["key"]).headers["X-RateLimit-Limit"] == "1000"


@pytest.mark.parametrize("field,values", [
    ("allowed_ips", [[], ["10.0.0.0/33"], ["10.0.0"], ["example.org"], ["192.0.2.7", ""], ["::/129"], "192.0.2.7", [1], ["192.0.2.7"] * 21]),
    ("allowed_origins", [[], ["app.example"], ["https://"], ["https://app.example/path"], ["https://a@app.example"], ["ftp://app.example"],
        ["https://app.example?x"], ["*"], ["null"], ["https://app.example"] * 21, "https://app.example"]),
    ("rate_limit", [0, -1, 10001, 1.5, "10", True])])
def test_what_is_no_limit_is_refused(world, secret, field, values):
    made = make(world, secret)
    for value in values:
        for reply in (call(world, "POST", "/v1/api_keys", {**NEW, field: value}, secret),
                      call(world, "PATCH", "/v1/api_keys/" + made["id"], {field: value}, secret)):
            assert code(reply) == (400, "invalid_value") and reply.json["error"]["param"].startswith(field), (value, reply)


def test_limits_can_be_changed_both_ways_and_one_by_one(world, secret):
    made = make(world, secret, allowed_ips=["192.0.2.7"], allowed_origins=["https://app.example"], rate_limit=500)
    path = "/v1/api_keys/" + made["id"]
    shown = call(world, "PATCH", path, {"name": "renamed"}, secret).json
    assert (shown["allowed_ips"], shown["allowed_origins"], shown["rate_limit"]) == (["192.0.2.7"], ["https://app.example"], 500)
    assert call(world, "PATCH", path, shown, secret).json == shown
    assert code(get(world, made["key"])) == (403, "origin_not_allowed")
    shown = call(world, "PATCH", path, {"allowed_origins": None}, secret).json
    assert (shown["allowed_ips"], shown["allowed_origins"], shown["rate_limit"]) == (["192.0.2.7"], None, 500)
    assert get(world, made["key"]).status == 200 and get(world, made["key"], "192.0.2.8").status == 403
    shown = call(world, "PATCH", path, {"allowed_ips": ["192.0.2.8"], "rate_limit": None}, secret).json
    assert (shown["allowed_ips"], shown["rate_limit"]) == (["192.0.2.8"], None)
    assert get(world, made["key"]).status == 403 and get(world, made["key"], "192.0.2.8").status == 200
    rotated = call(world, "POST", path + "/rotate", None, secret).json
    assert rotated["allowed_ips"] == ["192.0.2.8"] and get(world, rotated["key"]).status == 403


def test_who_changes_one_limit_takes_back_no_other_change(world, secret):
    made = make(world, secret, name="two at once")
    reply = world.meanwhile("UPDATE api_key SET allowed_ips = '{192.0.2.7}', rate_limit = 5 WHERE name = 'two at once'",
        lambda: call(world, "PATCH", "/v1/api_keys/" + made["id"], {"allowed_origins": ["https://app.example"], "rate_limit": 6}, secret))
    assert (reply.json["allowed_ips"], reply.json["allowed_origins"], reply.json["rate_limit"]) == (["192.0.2.7"], ["https://app.example"], 6)


def test_a_command_makes_limited_keys(world, ann):
    key = world.key(ann, kind="restricted", scope="calendars:read", allow_ip=["192.0.2.0/24", "2001:db8::1"], key_rate=2,
        allow_origin="https://app.example")
    assert get(world, key, origin="https://app.example").status == 200
    assert get(world, key).status == 403 and get(world, key, "198.51.100.1", "https://app.example").status == 403
    shown = next(k for k in world.cli("key", "list", ann.email)["data"] if k["id"] == key.id)
    assert (shown["allowed_ips"], shown["rate_limit"]) == (["192.0.2.0/24", "2001:db8::1"], 2)
    for wrong in ({"allow_ip": "10.0.0.0/33"}, {"allow_origin": "app.example"}, {"key_rate": -1}):
        with pytest.raises(CliError):
            world.key(ann, kind="restricted", scope="calendars:read", **wrong)


def test_what_is_read_ahead_for_a_key_is_not_answered_outside(world, ann, secret):
    """CalDAV's look-up of an object travels with the key's: that it was found must not tell."""
    made = make(world, secret, allowed_ips=["192.0.2.7"])
    home = f"/dav/calendars/{ann.id}/default/"
    ics = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VEVENT\r\nUID:ahead\r\nDTSTAMP:20260101T000000Z\r\n"
           "DTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    assert world.dav("PUT", home + "ahead.ics", ics, {"Content-Type": "text/calendar"}, ann).status == 201
    for name in ("ahead.ics", "none.ics"):
        reply = world.dav("GET", home + name, None, {"X-Forwarded-For": "198.51.100.1"}, (ann.email, made["key"]))
        assert reply.status == 403 and b"VEVENT" not in reply.body
    assert world.dav("GET", home + "ahead.ics", None, {"X-Forwarded-For": "192.0.2.7"}, (ann.email, made["key"])).status == 200
