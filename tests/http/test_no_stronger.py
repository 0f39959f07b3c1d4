# SPDX-License-Identifier: Apache-2.0
"""No credential makes one that may more than itself: tokens and restricted keys make none at all, by no route of the table; an app's
tokens only narrow, from each scope to each; and a secret key with limits of its own hands these on."""
import datetime
import json
import re

import pytest

from examples import JSON, sent_as
from leaks import ANY
from oauth_flow import App, Browser, is_error
from test_oauth_exchange import GRANTS, exchange
from test_scope_matrix import OPERATIONS, REST, SCOPES, SERVE, SIGNED_IN, live, may, one_scope  # noqa: F401 (fixtures)

CHANGES = [r for r in REST if r[0] != "GET" and {"token", "restricted key"} & set(r[2]) and "owner" not in r[3]]
HERE, TEN, ELSEWHERE = "127.0.0.0/8", "10.0.0.0/8", "192.0.2.7"


@pytest.mark.parametrize("method,path,who,scopes", CHANGES, ids=[f"{m} {p}" for m, p, _, _ in CHANGES])
def test_no_answer_to_a_limited_credential_has_another(world, live, one_scope, method, path, who, scopes):  # noqa: F811
    template = re.sub(r":(\w+)", r"{\1}", path)
    operation = OPERATIONS[method, template]
    if "x-test-mode-only" in operation:
        return
    for (kind, scope), credential in one_scope.items():
        if may(who, scopes, kind, scope):
            target, body = live.call(operation, template)
            reply = world.request(method, target, body, sent_as(body), credential)
            assert not re.search(ANY, reply.text), (kind, scope, reply)


def test_the_pattern_knows_every_kind(world, ann):
    for kind in ("secret", "restricted", "publishable"):
        assert re.search(ANY, world.key(ann, kind=kind, **({"scope": "events:read"} if kind == "restricted" else {})))


@pytest.fixture(scope="module")
def narrow(world, ann, browser):  # noqa: F811
    """{scope: (app, its tokens of this scope alone)}, of apps that may ask for all."""
    apps = {s: App(world, type="confidential", grant=GRANTS, scope=" ".join(SCOPES)) for s in SCOPES}
    return {s: (app, app.connect(browser, scope=s)) for s, app in apps.items()}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_of_one_scope_leads_to_no_other(narrow, scope):
    """RFC 6749 §6, RFC 8693 §2.1: whatever the app may ask users for."""
    app, tokens = narrow[scope]
    for other in SCOPES:
        if other != scope:
            assert is_error(exchange(app, tokens["access_token"], scope=other), 400, "invalid_scope")
            assert is_error(exchange(app, tokens["access_token"], scope=f"{scope} {other}"), 400, "invalid_scope")
            if "refresh_token" in tokens:
                assert is_error(app.refresh(tokens["refresh_token"], scope=f"{scope} {other}"), 400, "invalid_scope")
    assert exchange(app, tokens["access_token"]).json["scope"] == scope


# ---- keys that manage keys ----


def call(world, key, method, target, **body):
    return world.request(method, target, json.dumps(body), JSON, key)


def make(world, key, **body):
    reply = call(world, key, "POST", "/v1/api_keys", name="x", **{"kind": "secret", **body})
    assert reply.status == 201, reply
    return reply.json


def in_days(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(reply, status, code, param=None):
    assert (reply.status, reply.json["error"]["code"], reply.json["error"].get("param")) == (status, code, param), reply


@pytest.fixture(scope="module", params=["live", "test"])
def whole(world, ann, request):
    return world.key(ann, kind="secret", mode=request.param)


@pytest.fixture(scope="module")
def limited(world, whole):
    return make(world, whole, expires_at=in_days(2), allowed_ips=[HERE, TEN], rate_limit=50)


def test_a_key_that_a_limited_one_makes_has_its_limits(world, limited):
    for kind in ({"kind": "secret"}, {"kind": "restricted", "scopes": ["events:read"]}):
        made = make(world, limited["key"], **kind)
        assert [made[n] for n in ("expires_at", "allowed_ips", "rate_limit")] == [limited[n] for n in ("expires_at", "allowed_ips", "rate_limit")]
    made = make(world, limited["key"], expires_at=in_days(1), allowed_ips=["127.0.0.1", "127.1.0.0/16"], rate_limit=5)
    assert made["allowed_ips"] == ["127.0.0.1", "127.1.0.0/16"] and made["rate_limit"] == 5 and made["expires_at"] < limited["expires_at"]


def test_a_publishable_key_stands_on_pages_and_only_ends_with_its_maker(world, limited):
    made = make(world, limited["key"], kind="publishable")
    assert made["expires_at"] == limited["expires_at"] and made["allowed_ips"] is None
    assert call(world, limited["key"], "PATCH", "/v1/api_keys/" + made["id"], allowed_ips=[ELSEWHERE]).status == 200


@pytest.mark.parametrize("more,param", [
    ({"expires_at": 3}, "expires_at"), ({"allowed_ips": [ELSEWHERE]}, "allowed_ips"), ({"allowed_ips": ["127.0.0.1", "0.0.0.0/0"]}, "allowed_ips"),
    ({"allowed_ips": ["10.0.0.0/7"]}, "allowed_ips"), ({"allowed_ips": ["126.0.0.0/7"]}, "allowed_ips"), ({"allowed_ips": ["::1"]}, "allowed_ips"), ({"rate_limit": 51}, "rate_limit"),
])
def test_it_makes_none_that_may_more(world, limited, more, param):
    if "expires_at" in more:
        more = {"expires_at": in_days(more["expires_at"])}
    refused(call(world, limited["key"], "POST", "/v1/api_keys", name="x", kind="secret", **more), 400, "invalid_value", param)


@pytest.mark.parametrize("change,param", [
    ({"allowed_ips": None}, "allowed_ips"), ({"allowed_ips": [HERE, ELSEWHERE]}, "allowed_ips"), ({"rate_limit": None}, "rate_limit"), ({"rate_limit": 51}, "rate_limit"),
])
def test_it_widens_neither_itself_nor_another(world, whole, limited, change, param):
    other = make(world, whole, allowed_ips=["127.0.0.1"], rate_limit=1)
    for id_ in (limited["id"], other["id"]):
        refused(call(world, limited["key"], "PATCH", "/v1/api_keys/" + id_, **change), 400, "invalid_value", param)
    assert call(world, limited["key"], "PATCH", "/v1/api_keys/" + other["id"], name="y", rate_limit=50, allowed_ips=[HERE]).status == 200
    assert call(world, whole, "PATCH", "/v1/api_keys/" + other["id"], **change).status == 200  # who has no limits may


def test_it_is_told_no_secret_of_a_key_that_may_more(world, whole, limited):
    rotate = "/v1/api_keys/{}/rotate".format
    for more in ({}, {"expires_at": in_days(3), "allowed_ips": [HERE], "rate_limit": 50}, {"expires_at": in_days(1), "rate_limit": 50},
                 {"expires_at": in_days(1), "allowed_ips": [HERE]}):
        other = make(world, whole, **more)
        refused(call(world, limited["key"], "POST", rotate(other["id"])), 403, "forbidden")
        assert world.get("/v1/profile", key=other["key"]).status == 200, "and it works on"
    for less in ({"expires_at": in_days(1), "allowed_ips": [HERE], "rate_limit": 50}, {"kind": "publishable", "expires_at": in_days(1)}):
        other = make(world, whole, **less)
        assert call(world, limited["key"], "POST", rotate(other["id"])).status == 200
    own = make(world, whole, expires_at=in_days(2), allowed_ips=[HERE])
    assert call(world, own["key"], "POST", rotate(own["id"])).status == 200


@pytest.mark.parametrize("limit", [{"expires_at": 2}, {"allowed_ips": [HERE]}])
def test_it_registers_and_changes_no_app(world, whole, limit):
    """What an app gets ends with no key, and comes from everywhere."""
    app = {"name": "x", "type": "confidential", "redirect_uris": ["https://app.example/cb"]}
    there = call(world, whole, "POST", "/v1/oauth_apps", **app).json
    key = make(world, whole, **({"expires_at": in_days(2)} if "expires_at" in limit else limit))["key"]
    refused(call(world, key, "POST", "/v1/oauth_apps", **app), 403, "forbidden")
    refused(call(world, key, "PATCH", "/v1/oauth_apps/" + there["id"], redirect_uris=["https://evil.example/cb"]), 403, "forbidden")
    refused(call(world, key, "POST", f"/v1/oauth_apps/{there['id']}/secrets"), 403, "forbidden")
    assert world.get("/v1/oauth_apps/" + there["id"], key=key).json["redirect_uris"] == app["redirect_uris"]
    assert call(world, whole, "POST", "/v1/oauth_apps", **app).status == 201
