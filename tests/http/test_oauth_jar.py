# SPDX-License-Identifier: Apache-2.0
"""Authorization requests that an app signed (JAR, RFC 9101), by value: at the authorization endpoint and pushed."""
import json
import secrets
import time

import pytest

from jose import Key, unsigned
from oauth_flow import REDIRECT, App, answer, encode, is_error, is_page, is_red, post_form
from rest import Api, assert_error

TYP = "oauth-authz-req+jwt"
ALGS = ["ES256", "EdDSA", "PS256", "RS256"]
KEYS = {alg: Key(alg, kid=alg, alg=alg) for alg in ALGS}
STRANGER = Key("ES256", kid="ES256")
SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]


def jwks():
    return json.dumps({"keys": [k.public for k in KEYS.values()]})


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", jwks=jwks())


def claims(app, **changes):
    now = int(time.time())
    all_ = {"iss": app.id, "aud": app.world.public_url, "exp": now + 60, "nbf": now, "jti": secrets.token_urlsafe(8), **app.params(), **changes}
    return {k: v for k, v in all_.items() if v is not None}


def signed(app, key=None, header=None, **changes):
    return (key or KEYS["ES256"]).sign(claims(app, **changes), **{"typ": TYP, **(header or {})})


def visit(app, browser, text, **beside):
    return browser.get("/oauth/authorize?" + encode({"client_id": app.id, "request": text, **beside}))


def push(app, text, **beside):
    headers, params = app.credentials()
    return post_form(app.http, "/oauth/par", {**params, "client_id": app.id, "request": text, **beside}, headers)


def code_of(app, browser, reply):
    assert reply.status == 303 and reply.location.startswith("/consent?"), reply
    return answer(app.decide(browser, browser.get(reply.location)), app.redirect)


@pytest.mark.parametrize("alg", ALGS)
def test_a_signed_request_is_one(app, browser, alg):
    """RFC 9101 §5, §6: with each algorithm that a key can have."""
    got = code_of(app, browser, visit(app, browser, signed(app, KEYS[alg], state="inside", scope="profile:read")))
    assert got["state"] == "inside"
    assert app.redeem(got["code"]).json["scope"] == "profile:read"


def test_what_stands_beside_it_is_nothing(app, browser):
    """RFC 9101 §6.3: parameters outside are not used, whatever they say; client_id is the same."""
    beside = {"state": "outside", "scope": "events:write", "redirect_uri": "https://evil.example/", "code_challenge": "x", "resource": "https://evil.example/"}
    got = code_of(app, browser, visit(app, browser, signed(app, state=None, scope="profile:read"), **beside))
    assert "state" not in got and app.redeem(got["code"]).json["scope"] == "profile:read"


def test_values_that_are_no_text(world, app, browser):
    """RFC 9101 §4: numbers and lists are what they are as parameters."""
    text = signed(app, max_age=100000, resource=[world.public_url + "/v1", world.public_url + "/dav"], include_granted_scopes=False, extra={"a": [1]})
    code = code_of(app, browser, visit(app, browser, text))["code"]
    token = app.redeem(code).json["access_token"]
    assert world.request("PROPFIND", "/dav/", None, {"Depth": 0}, token).status != 401
    assert is_red(visit(app, browser, signed(app, max_age="x")), world, "invalid_request")


def test_it_can_be_pushed(world, app, browser):
    """RFC 9126 §3."""
    reply = push(app, signed(app, scope="profile:read"))
    assert reply.status == 201, reply
    uri = {"client_id": app.id, "request_uri": reply.json["request_uri"]}
    got = code_of(app, browser, browser.get("/oauth/authorize?" + encode(uri)))
    assert app.redeem(got["code"]).status == 200
    assert is_error(push(app, signed(app, redirect_uri="https://evil.example/")), 400, "invalid_request")


now = lambda: int(time.time())
WRONG = {
    "no key of the app": lambda a: signed(a, STRANGER), "none": lambda a: unsigned(claims(a), typ=TYP), "HS256": lambda a: KEYS["ES256"].mac(claims(a)),
    "another typ": lambda a: signed(a, header={"typ": "JWT"}), "no typ": lambda a: signed(a, header={"typ": None}),
    "an assertion": lambda a: signed(a, header={"typ": "client-authentication+jwt"}), "jwk": lambda a: signed(a, header={"jwk": KEYS["ES256"].public}),
    "jku": lambda a: signed(a, header={"jku": "https://evil.example/"}), "kid unknown": lambda a: signed(a, header={"kid": "x"}),
    "another alg": lambda a: signed(a, header={"alg": "EdDSA"}), "no iss": lambda a: signed(a, iss=None), "another iss": lambda a: signed(a, iss="cli_0355WHuCFfRpMfB53mC9Z6"),
    "another client_id": lambda a: signed(a, client_id="cli_0355WHuCFfRpMfB53mC9Z6"), "no client_id": lambda a: signed(a, client_id=None),
    "no aud": lambda a: signed(a, aud=None), "another aud": lambda a: signed(a, aud="https://other.example"),
    "aud of an endpoint": lambda a: signed(a, aud=a.world.public_url + "/oauth/authorize"), "no exp": lambda a: signed(a, exp=None),
    "past": lambda a: signed(a, exp=now() - 300), "far ahead": lambda a: signed(a, exp=now() + 9999), "not yet": lambda a: signed(a, nbf=now() + 300),
    "request inside": lambda a: signed(a, request="e30.e30."), "request_uri inside": lambda a: signed(a, request_uri="https://app.example/r"),
    "junk": lambda a: "x", "three dots": lambda a: "e30.e30.e30.e30", "an encrypted one": lambda a: "e30.e30.e30.e30.e30", "long": lambda a: "e30." + "e30" * 4200 + ".e30",
    "many": lambda a: signed(a, **{f"p{i}": "x" for i in range(120)}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_the_apps_request(app, browser, wrong):
    """RFC 9101 §6.2, §10; RFC 8725: nothing of it is known then, so that nobody is led anywhere."""
    text = WRONG[wrong](app)
    assert is_page(visit(app, browser, text), 400)
    assert is_error(push(app, text), 400, "invalid_request_object")


def test_only_by_value_and_once(world, app, browser):
    """RFC 9101 §5: not beside request_uri; by reference only what was pushed here (A19)."""
    text = signed(app)
    assert is_page(browser.get("/oauth/authorize?" + encode([("client_id", app.id), ("request", text), ("request", text)])), 400)
    assert is_page(visit(app, browser, text, request_uri="https://app.example/r"), 400)
    assert is_page(browser.get("/oauth/authorize?" + encode({"request": text})), 400)
    assert is_red(app.ask(browser, request_uri="https://app.example/r"), world, "request_uri_not_supported")
    told = world.get("/.well-known/oauth-authorization-server").json
    assert told["request_parameter_supported"] is True and told["request_uri_parameter_supported"] is False
    assert told["request_object_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"]


def test_an_app_without_keys_signs_nothing(world, browser):
    plain = App(world, type="confidential")
    assert is_page(visit(plain, browser, signed(plain)), 400)


def test_an_app_that_signs_asks_in_no_other_way(world, app, browser):
    """RFC 9101 §10.5: require_signed_request_object, of one app."""
    strict = App(world, type="confidential", jwks=jwks(), signed_only=True)
    assert is_red(strict.ask(browser), world, "invalid_request")
    assert is_error(post_form(world.http, "/oauth/par", strict.params(), strict.credentials()[0]), 400, "invalid_request")
    assert "code" in code_of(strict, browser, visit(strict, browser, signed(strict)))
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    path = f"/v1/oauth_apps/{app.id}"
    assert api("GET", path).json["require_signed_request_object"] is False
    assert api("PATCH", path, {"require_signed_request_object": True}).json["require_signed_request_object"] is True
    assert is_red(app.ask(browser), world, "invalid_request")
    assert api("PATCH", path, {"require_signed_request_object": False}).status == 200
    assert_error(api("PATCH", path, {"require_signed_request_object": "x"}), 400, "invalid_value", "require_signed_request_object")
    assert REDIRECT in api("GET", path).json["redirect_uris"]
