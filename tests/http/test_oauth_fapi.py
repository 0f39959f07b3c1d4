# SPDX-License-Identifier: Apache-2.0
"""The FAPI 2.0 security profile as one app's (profile: fapi2). Names in comments are those of the OpenID conformance suite's checks
(fapi2-security-profile-final-…); what it asks of every app, their own files have."""
import json
import secrets
import time

import pytest

from dpop import ask, made, proof
from jose import Key
from oauth_flow import REDIRECT, App, Pkce, answer, encode, is_error, is_page, is_red, post_form
from rest import Api, assert_error
from test_oauth_keys import TYPE
from world import CliError

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]
KEYS = {alg: Key(alg, kid=alg, alg=alg) for alg in ("ES256", "EdDSA", "PS256", "RS256")}
URN = "urn:ietf:params:oauth:request_uri:"


class Fapi(App):
    """Proves itself by assertions, its tokens by a key; pushes first."""

    def __init__(self, world, **options):
        jwks = json.dumps({"keys": [k.public for k in KEYS.values()]})
        super().__init__(world, type="confidential", profile="fapi2", auth_method="private_key_jwt", jwks=jwks, **options)
        self.key, self.alg = Key("ES256"), "PS256"
        self.nonce = world.request("GET", "/v1/profile", None, {"DPoP": "x"}).headers["DPoP-Nonce"]

    def assertion(self, alg=None, **changes):
        now = int(time.time())
        all_ = {"iss": self.id, "sub": self.id, "aud": self.world.public_url, "exp": now + 60, "jti": secrets.token_urlsafe(16), **changes}
        return KEYS[alg or self.alg].sign({k: v for k, v in all_.items() if v is not None})

    def proves(self, assertion=None):
        return {"client_assertion_type": TYPE, "client_assertion": assertion or self.assertion()}

    def dpop(self, **changes):
        return [("DPoP", proof(self.world, self.nonce, key=self.key, **changes))]

    def push(self, assertion=None, headers=(), **changes):
        return post_form(self.http, "/oauth/par", {**self.params(**changes), **self.proves(assertion)}, headers)

    def visit(self, browser, uri, **changes):
        return browser.get("/oauth/authorize?" + encode({"client_id": self.id, "request_uri": uri, **changes}))

    def code(self, browser, headers=(), **changes):
        reply = self.push(headers=headers, **changes)
        assert reply.status == 201, reply
        visited = self.visit(browser, reply.json["request_uri"])
        assert visited.status == 303 and visited.location.startswith("/consent?"), visited
        return answer(self.decide(browser, browser.get(visited.location)))

    def tokens(self, code, headers=None, **changes):
        return self.redeem(code, self.dpop() if headers is None else headers, **{**self.proves(), **changes})


@pytest.fixture(scope="module")
def app(world):
    return Fapi(world)


def test_the_whole_way(world, app, browser):
    """happy-flow, ensure-other-scope-order-succeeds, ensure-authorization-request-without-nonce-success, access-token-type-header-case-sensitivity."""
    got = app.code(browser, scope="profile:read events:read")
    assert got["iss"] == world.public_url and got["state"] == "a state"
    tokens = app.tokens(got["code"]).json
    assert tokens["token_type"] == "DPoP" and tokens["expires_in"] <= 3600
    proven = made(world, app.nonce, "rest", tokens["access_token"], key=app.key)
    assert ask(world, "rest", tokens["access_token"], proven).status == 200
    assert ask(world, "rest", tokens["access_token"], made(world, app.nonce, "rest", tokens["access_token"], key=app.key), scheme="dpop").status == 200
    assert ask(world, "rest", tokens["access_token"], scheme="Bearer").status == 401


def test_what_is_discovered(world):
    """discovery-end-point-verification."""
    m = world.get("/.well-known/oauth-authorization-server").json
    assert m["pushed_authorization_request_endpoint"] and "private_key_jwt" in m["token_endpoint_auth_methods_supported"]
    assert "PS256" in m["token_endpoint_auth_signing_alg_values_supported"] and "S256" in m["code_challenge_methods_supported"]
    assert m["authorization_response_iss_parameter_supported"] is True and m["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519", "PS256"]


def test_only_pushed_requests(world, app, browser):
    """ensure-unsigned-authorization-request-without-using-par-fails."""
    assert is_red(app.ask(browser), world, "invalid_request")


@pytest.mark.parametrize("changes, error", [
    ({"redirect_uri": None}, "invalid_request"), ({"redirect_uri": REDIRECT + "/other"}, "invalid_request"), ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"), ({"code_challenge": None}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"request_uri": URN + "x"}, "invalid_request"), ({"request": "e30.e30."}, "invalid_request_object")],
    ids=["ensure-redirect-uri-in-authorization-request", "ensure-registered-redirect-uri", "ensure-response-type-token-fails", "ensure-response-type-code-idtoken-fails",
         "par-ensure-pkce-required", "par-plain-pkce-rejected", "par-authorization-request-containing-request_uri-form-param", "unsigned request object"])
def test_what_cannot_be_pushed(app, changes, error):
    assert is_error(app.push(**changes), 400, error)


def test_long_values_are_kept_or_refused(app, browser):
    """ensure-authorization-request-without-state-success, …-with-64-char-nonce-success, …-with-long-nonce, …-with-long-state."""
    assert "state" not in app.code(browser, state=None)
    assert "code" in app.code(browser, nonce="n" * 64) and "code" in app.code(browser, nonce="n" * 384)
    assert app.code(browser, state="s" * 1000)["state"] == "s" * 1000


def test_a_request_uri_is_good_for_one_answer(world, app, browser):
    """par-attempt-reuse-request_uri, par-ensure-reused-request-uri-prior-to-auth-completion-succeeds, par-attempt-to-use-expired-request_uri,
    par-attempt-to-use-request_uri-for-different-client."""
    uri = app.push().json["request_uri"]
    assert uri.startswith(URN)
    assert is_page(Fapi(world).visit(browser, uri), 400)
    for _ in range(2):
        visited = app.visit(browser, uri)
        assert visited.status == 303, visited
    assert "code" in answer(app.decide(browser, browser.get(visited.location)))
    assert is_page(app.visit(browser, uri), 400)
    late = app.push().json
    assert late["expires_in"] <= 600
    world.sql("UPDATE auth_request SET expires_at = now(), pushed_until = now() WHERE decided_at IS NULL")
    assert is_page(app.visit(browser, late["request_uri"]), 400)


def test_how_a_push_must_come(app):
    """par-attempt-invalid-http-method, par-without-duplicate-parameters."""
    assert app.http.request("PUT", "/oauth/par", b"", []).status == 405 and app.http.request("GET", "/oauth/par").status == 405
    twice = encode([*app.params().items(), ("scope", "events:read"), *app.proves().items()])
    assert is_error(post_form(app.http, "/oauth/par", twice.encode()), 400, "invalid_request")


ASSERTIONS = {
    "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails": lambda a: a.assertion(exp=int(time.time()) - 300), "with-wrong-aud-fails": lambda a: a.assertion(aud="https://other.example"),
    "with-no-sub-fails": lambda a: a.assertion(sub=None), "ensure-signed-client-assertion-with-RS256-fails": lambda a: a.assertion("RS256"),
    "par-test-array-as-audience-fails": lambda a: a.assertion(aud=[a.world.public_url]), "par-test-par-endpoint-url-as-audience-fails": lambda a: a.assertion(aud=a.world.public_url + "/oauth/par"),
    "par-test-token-endpoint-url-as-audience-fails": lambda a: a.assertion(aud=a.world.public_url + "/oauth/token"),
    "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails": lambda a: a.assertion(nbf=int(time.time()) + 120)}


@pytest.mark.parametrize("check", ASSERTIONS)
def test_assertions_that_prove_nothing(app, browser, check):
    """At both endpoints."""
    assert is_error(app.push(ASSERTIONS[check](app)), 401, "invalid_client")
    assert is_error(app.tokens("cac_x", **app.proves(ASSERTIONS[check](app))), 401, "invalid_client")


def test_assertions_that_do(world, app, browser):
    """par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted; each algorithm of the profile."""
    assert app.push(app.assertion(nbf=int(time.time()) + 8)).status == 201
    for alg in ("ES256", "EdDSA", "PS256"):
        assert app.push(app.assertion(alg)).status == 201


def test_how_an_app_does_not_prove_itself(app, browser):
    """ensure-client-assertion-in-token-endpoint, ensure-client-id-in-token-endpoint: nothing but an assertion."""
    code = app.code(browser)["code"]
    for wrong in ({"client_assertion": None, "client_assertion_type": None}, {"client_assertion": None, "client_assertion_type": None, "client_secret": "x"}):
        assert is_error(app.tokens(code, **{**wrong, "client_id": app.id}), 401, "invalid_client")
    assert app.tokens(code).status == 200


def test_a_code_is_bound_to_its_app(world, app, browser):
    """ensure-authorization-code-is-bound-to-client, incorrect-pkce-code-verifier-rejected, ensure-pkce-code-verifier-required."""
    other, code = Fapi(world), app.code(browser)["code"]
    assert is_error(other.tokens(code, code_verifier=app.pkce.verifier), 400, "invalid_grant")
    assert is_error(app.tokens(code, code_verifier=Pkce().verifier), 400, "invalid_grant") and is_error(app.tokens(code, code_verifier=None), 400, "invalid_grant")
    assert app.tokens(code).status == 200


def test_a_code_is_good_once_and_for_a_minute(world, app, browser):
    """attempt-reuse-authorization-code-after-one-second, ensure-token-endpoint-fails-with-expired-auth-code."""
    code = app.code(browser)["code"]
    tokens = app.tokens(code).json
    assert is_error(app.tokens(code), 400, "invalid_grant")
    assert ask(world, "rest", tokens["access_token"], made(world, app.nonce, "rest", tokens["access_token"], key=app.key)).status == 401
    late = app.code(browser)["code"]
    [[seconds]] = world.sql("SELECT ceil(extract(epoch FROM max(code_expires_at) - now())) FROM token_family")
    assert int(seconds) <= 60
    world.sql("UPDATE token_family SET code_expires_at = now() WHERE code_used_at IS NULL")
    assert is_error(app.tokens(late), 400, "invalid_grant")


def test_tokens_are_bound_or_not_given(app, browser):
    """ensure-holder-of-key-required; on every grant."""
    code = app.code(browser)["code"]
    assert is_error(app.tokens(code, []), 400, "invalid_request")
    tokens = app.tokens(code).json
    assert is_error(app.refresh(tokens["refresh_token"], [], **app.proves()), 400, "invalid_request")
    exchange = {"grant_type": "client_credentials"}
    machine = Fapi(app.world, grant=["authorization_code", "refresh_token", "client_credentials"], machine_scope="events:read")
    assert is_error(machine.token([], **exchange, **machine.proves()), 400, "invalid_request")
    assert machine.token(machine.dpop(), **exchange, **machine.proves()).json["token_type"] == "DPoP"


def test_a_code_may_be_bound_to_a_key(world, app, browser):
    """ensure-dpop-auth-code-binding-success, ensure-mismatched-dpop-jkt-fails, ensure-token-endpoint-fails-with-mismatched-dpop-jkt."""
    code = app.code(browser, dpop_jkt=app.key.jkt)["code"]
    stranger = [("DPoP", proof(world, app.nonce, key=Key("ES256")))]
    assert app.tokens(code, stranger).status == 400
    assert app.tokens(code).status == 200
    pushed = [("DPoP", proof(world, app.nonce, "POST", "/oauth/par", key=app.key))]
    assert is_error(app.push(headers=pushed, dpop_jkt=Key("ES256").jkt), 400, "invalid_dpop_proof")


@pytest.mark.parametrize("seconds, name", [(10, "after"), (-10, "before")], ids=["ensure-dpopproof-with-iat-10seconds-after-succeeds", "ensure-dpopproof-with-iat-10seconds-before-succeeds"])
def test_a_proof_of_another_clock(app, browser, seconds, name):
    assert name and app.tokens(app.code(browser)["code"], app.dpop(iat=int(time.time()) + seconds)).status == 200


@pytest.mark.parametrize("dates, taken", [({"nbf": 8, "exp": 60}, True), ({"nbf": 300}, False), ({"exp": -300}, False)],
    ids=["good", "nbf in five minutes", "exp five minutes ago"])
def test_when_a_proof_says_that_it_is_good(app, browser, dates, taken):
    """check-dpop-proof-nbf-exp: RFC 9449 knows neither, but what is signed counts (RFC 7519 §4.1.4, §4.1.5)."""
    code, now = app.code(browser)["code"], int(time.time())
    sent = lambda at: app.tokens(code, app.dpop(**{name: now + seconds for name, seconds in at.items()}))
    if not taken:
        assert is_error(sent(dates), 400, "invalid_dpop_proof")
        assert next(iter(dates)) in sent(dates).json["error_description"]
    assert sent({} if not taken else dates).status == 200, "the code was not used up"


def test_a_refresh_token_stays(world, app, browser):
    """refresh-token: no rotation (FAPI 2.0 §5.3.2.1), so that the old one works in half a minute, too."""
    first = app.tokens(app.code(browser)["code"]).json
    for _ in range(2):
        reply = app.refresh(first["refresh_token"], app.dpop(), **app.proves())
        assert reply.status == 200 and reply.json["refresh_token"] == first["refresh_token"], reply
        world.sql("UPDATE token_family SET rotated_at = rotated_at - interval '1 minute'")
    other = Fapi(world)
    assert is_error(other.refresh(first["refresh_token"], app.dpop(), **other.proves()), 400, "invalid_grant")


def test_a_user_who_says_no(world, app, browser):
    """user-rejects-authentication."""
    visited = app.visit(browser, app.push().json["request_uri"])
    assert is_red(app.decide(browser, browser.get(visited.location), decision="deny"), world, "access_denied")


def test_who_can_have_the_profile(world):
    """FAPI 2.0 §5.3.2.1: confidential apps with keys or certificates, and https."""
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEYS["ES256"].public]}}
    body = {"name": "Acme", "type": "confidential", "redirect_uris": ["https://app.example/cb"], "profile": "fapi2"}
    made_app = api("POST", "/v1/oauth_apps", {**body, **keys}).json
    path = f"/v1/oauth_apps/{made_app['id']}"
    assert made_app["profile"] == "fapi2"
    for wrong in ({**body}, {**body, "token_endpoint_auth_method": "client_secret_basic"}, {**body, "type": "public"}, {**body, **keys, "redirect_uris": ["http://127.0.0.1/cb"]}):
        assert_error(api("POST", "/v1/oauth_apps", wrong), 400, "invalid_value", "profile")
    for wrong in ({"token_endpoint_auth_method": "client_secret_basic"}, {"redirect_uris": ["http://127.0.0.1/cb"]}):
        assert_error(api("PATCH", path, wrong), 400, "invalid_value", "profile")
    assert api("PATCH", path, {"profile": None}).json["profile"] is None
    assert_error(api("PATCH", path, {"profile": "fapi1"}), 400, "invalid_value", "profile")
    with pytest.raises(CliError, match="fapi2"):
        App(world, type="confidential", profile="x")
