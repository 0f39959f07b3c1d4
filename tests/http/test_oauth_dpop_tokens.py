# SPDX-License-Identifier: Apache-2.0
"""What DPoP binds: tokens, refresh tokens and codes, by a proof at the token endpoint (RFC 9449 §5, §10)."""

import pytest

from dpop import KEY, OTHER, SCOPES, ask, claims, made, new_nonce, proof, refused, with_proof
from jose import EverybodysKey, Key, unsigned
from oauth_flow import App, answer, at_once, basic, encode, is_error, is_red, post_form
from test_oauth_dpop import CHECKS

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", name="Public")


@pytest.fixture
def nonce(world):
    """Of each test its own: it lasts for five minutes."""
    return new_nonce(world)


@pytest.fixture(scope="module")
def tokens(world, app, browser):
    reply = app.redeem(app.consent(browser, scope=SCOPES), with_proof(proof(world, new_nonce(world))))
    assert reply.status == 200, reply
    return reply.json


def test_the_token_endpoint_asks_for_a_nonce_and_the_code_is_still_good(world, app, browser, nonce):
    """RFC 9449 §8: use_dpop_nonce."""
    code = app.consent(browser)
    reply = app.redeem(code, with_proof(proof(world, None)))
    assert reply.status == 400 and reply.json["error"] == "use_dpop_nonce"
    assert app.redeem(code, with_proof(proof(world, reply.headers["DPoP-Nonce"]))).status == 200


# ---- tokens ----

def introspected(world, token, app):
    rs = App(world, type="confidential", may_introspect=True)
    return post_form(world.http, "/oauth/introspect", {"token": token}, [basic(rs.id, rs.secret)]).json


def test_a_token_is_bound_to_the_key_that_was_proven(world, app, browser, nonce, tokens):
    """RFC 9449 §5, §6.2; K5."""
    assert tokens["token_type"] == "DPoP"
    seen = introspected(world, tokens["access_token"], app)
    assert seen["active"] and seen["token_type"] == "DPoP" and seen["cnf"] == {"jkt": KEY.jkt}
    plain = app.redeem(app.consent(browser)).json
    assert plain["token_type"] == "Bearer" and "cnf" not in introspected(world, plain["access_token"], app)
    for surface in ("rest", "caldav"):
        reply = ask(world, surface, plain["access_token"], made(world, nonce, surface, plain["access_token"]))
        assert refused(reply, "invalid_token")


def test_a_bound_refresh_token_is_told_of_as_what_it_is(world, app, browser, nonce, tokens):
    """RFC 9449 §6.2: of a public app it is bound too; a confidential one's is not, for that proves itself."""
    seen = introspected(world, tokens["refresh_token"], app)
    assert seen["active"] and seen["cnf"] == {"jkt": KEY.jkt} and "token_type" not in seen
    plain = app.redeem(app.consent(browser)).json
    assert "cnf" not in introspected(world, plain["refresh_token"], app)
    keeper = App(world, type="confidential")
    theirs = keeper.redeem(keeper.consent(browser), [basic(keeper.id, keeper.secret), *with_proof(proof(world, nonce))]).json
    seen = introspected(world, theirs["refresh_token"], app)
    assert seen["active"] and "cnf" not in seen and introspected(world, theirs["access_token"], app)["cnf"] == {"jkt": KEY.jkt}


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
def test_keys_of_each_algorithm_bind(world, app, browser, nonce, alg):
    key = Key(alg)
    tokens = app.redeem(app.consent(browser, scope=SCOPES), with_proof(proof(world, nonce, key=key))).json
    assert ask(world, "rest", tokens["access_token"], made(world, nonce, "rest", tokens["access_token"], key=key)).status == 200
    assert introspected(world, tokens["access_token"], app)["cnf"] == {"jkt": key.jkt}


TOKEN_CHECKS = [n for n in CHECKS if "ath" not in n and n not in ("htu with an escape that needs none",)]


@pytest.mark.parametrize("name", TOKEN_CHECKS)
def test_what_a_proof_must_be_at_the_token_endpoint(world, app, nonce, name):
    """T31: 400 invalid_dpop_proof; what passes fails as the junk that it asks for."""
    changes, taken = dict(CHECKS[name][0]), CHECKS[name][1]
    url = changes.pop("host", world.public_url) + changes.pop("path", "/oauth/token")
    if changes.pop("upper", False):
        url = url.replace("http://", "HTTP://")
    changes.setdefault("htu", url + changes.pop("tail", ""))
    reply = app.refresh("crt_x", with_proof(proof(world, nonce, **changes)))
    assert is_error(reply, 400, "invalid_grant" if taken else "invalid_dpop_proof"), reply
    assert reply.headers["DPoP-Nonce"]


def test_how_proofs_come_to_the_token_endpoint(world, app, browser, nonce):
    """T31, field §6.4, dpop-negative-tests: what is no proof, or of another key, algorithm or nobody; the code is good all the same."""
    code, rsa = app.consent(browser, scope=SCOPES), Key("RS256")
    new = lambda **options: proof(world, nonce, **options)
    junk = ["x", "", "a.b.c", "e30.e30.e30", new()[:-6], new() + "A", new().replace(".", ".."), unsigned(claims(world, nonce), typ="dpop+jwt", jwk=KEY.public),
            KEY.mac(claims(world, nonce)), new(key=rsa), new(key=OTHER, header={"jwk": KEY.public}), new(header={"alg": "PS256"}), new(key=EverybodysKey()), new() + " " + new()]
    for wrong in junk:
        reply = app.redeem(code, with_proof(wrong))
        assert is_error(reply, 400, "invalid_dpop_proof") and reply.headers["DPoP-Nonce"] and reply.headers["Cache-Control"] == "no-store", (wrong, reply)
    bound = app.redeem(code, [("DPOP", new())]).json
    assert bound["token_type"] == "DPoP" and introspected(world, bound["access_token"], app)["cnf"] == {"jkt": KEY.jkt}


def test_two_proofs_or_one_twice_at_the_token_endpoint(world, app, nonce):
    one = proof(world, nonce)
    assert is_error(app.refresh("crt_x", with_proof(one) + with_proof(proof(world, nonce))), 400, "invalid_dpop_proof")
    assert is_error(app.refresh("crt_x", with_proof(one)), 400, "invalid_grant")
    assert is_error(app.refresh("crt_x", with_proof(one)), 400, "invalid_dpop_proof")


def test_a_public_apps_refresh_token_is_bound_and_stays(world, app, browser, nonce):
    """RFC 9449 §5; issue 7 §9: no rotation when sender-constrained."""
    first = app.redeem(app.consent(browser, scope=SCOPES), with_proof(proof(world, nonce))).json
    for wrong in ([], with_proof(proof(world, nonce, key=OTHER))):
        assert is_error(app.refresh(first["refresh_token"], wrong), 400, "invalid_grant")
    for _ in range(3):
        again = app.refresh(first["refresh_token"], with_proof(proof(world, nonce))).json
        assert again["refresh_token"] == first["refresh_token"] and again["token_type"] == "DPoP"
        assert ask(world, "rest", again["access_token"], made(world, nonce, "rest", again["access_token"])).status == 200
    assert ask(world, "rest", first["access_token"], made(world, nonce, "rest", first["access_token"])).status == 200
    replies = at_once(world, 8, lambda http: app.refresh(first["refresh_token"], with_proof(proof(world, nonce)), http))
    assert {r.status for r in replies} == {200} and {r.json["refresh_token"] for r in replies} == {first["refresh_token"]}
    narrow = app.refresh(first["refresh_token"], with_proof(proof(world, nonce)), scope="profile:read").json
    assert narrow["scope"] == "profile:read" and set(again["scope"].split()) == set(SCOPES.split())
    assert is_error(app.refresh(first["refresh_token"], with_proof(proof(world, nonce)), scope="events:write"), 400, "invalid_scope")
    assert app.revoke(first["refresh_token"]).status == 200
    assert is_error(app.refresh(first["refresh_token"], with_proof(proof(world, nonce))), 400, "invalid_grant")


def test_a_confidential_app_may_change_its_key(world, browser, nonce):
    """RFC 9449 §5: its refresh token is bound to the app, and goes on as others do."""
    server = App(world, type="confidential")
    own = [basic(server.id, server.secret)]
    first = server.redeem(server.consent(browser, scope=SCOPES), own + with_proof(proof(world, nonce))).json
    second = server.refresh(first["refresh_token"], own + with_proof(proof(world, nonce, key=OTHER))).json
    assert second["refresh_token"] != first["refresh_token"] and second["token_type"] == "DPoP"
    assert ask(world, "rest", second["access_token"], made(world, nonce, "rest", second["access_token"], key=OTHER)).status == 200
    assert refused(ask(world, "rest", second["access_token"], made(world, nonce, "rest", second["access_token"])), "invalid_token")
    retry = server.refresh(first["refresh_token"], own + with_proof(proof(world, nonce, key=OTHER)))
    assert retry.json["access_token"] == second["access_token"]
    assert is_error(server.refresh(first["refresh_token"], own + with_proof(proof(world, nonce))), 400, "invalid_grant")
    assert server.refresh(second["refresh_token"], own).json["token_type"] == "Bearer"


def test_an_app_may_begin_to_bind_when_it_refreshes(world, app, browser, nonce):
    plain = app.redeem(app.consent(browser, scope=SCOPES)).json
    bound = app.refresh(plain["refresh_token"], with_proof(proof(world, nonce))).json
    assert bound["token_type"] == "DPoP" and bound["refresh_token"] != plain["refresh_token"]
    assert is_error(app.refresh(bound["refresh_token"]), 400, "invalid_grant")
    assert app.refresh(bound["refresh_token"], with_proof(proof(world, nonce))).json["refresh_token"] == bound["refresh_token"]


@pytest.mark.parametrize("seconds", [0, 11])
def test_who_has_an_old_token_and_not_the_key_ends_nothing(world, app, browser, nonce, seconds):
    """RFC 9449 §5: once a refresh token is bound, one of before is worth nothing to a thief either, neither for an answer nor to end what came of it."""
    plain = app.redeem(app.consent(browser, scope=SCOPES)).json
    bound = app.refresh(plain["refresh_token"], with_proof(proof(world, nonce))).json
    world.sql(f"UPDATE token_family SET rotated_at = rotated_at - interval '{seconds} seconds'")
    for wrong in ([], with_proof(proof(world, nonce, key=OTHER))):
        assert is_error(app.refresh(plain["refresh_token"], wrong), 400, "invalid_grant")
    assert app.refresh(bound["refresh_token"], with_proof(proof(world, nonce))).status == 200


# ---- codes ----

def test_a_code_that_is_for_a_key_is_for_that_alone(world, app, browser, nonce):
    """T8; RFC 9449 §10."""
    code = app.consent(browser, dpop_jkt=KEY.jkt)
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert is_error(app.redeem(code, with_proof(proof(world, nonce, key=OTHER))), 400, "invalid_grant")
    assert app.redeem(code, with_proof(proof(world, nonce))).json["token_type"] == "DPoP"


def test_a_remembered_consent_gives_codes_for_a_key_too(world, browser, nonce):
    app = App(world, type="confidential")
    world.cli("client", "verify", app.id)
    app.connect(browser)
    code = answer(app.ask(browser, dpop_jkt=KEY.jkt))["code"]
    own = [basic(app.id, app.secret)]
    assert is_error(app.redeem(code, own), 400, "invalid_grant")
    assert app.redeem(code, own + with_proof(proof(world, nonce))).status == 200


def test_a_pushed_request_is_bound_by_its_proof(world, app, browser, nonce):
    """RFC 9449 §10.1."""
    def push(*proofs, **changes):
        return post_form(world.http, "/oauth/par", app.params(**changes), [("DPoP", p) for p in proofs])
    at_par = lambda **options: proof(world, nonce, "POST", "/oauth/par", **options)
    assert is_error(push(proof(world, nonce)), 400, "invalid_dpop_proof")
    assert is_error(push(at_par(), dpop_jkt=OTHER.jkt), 400, "invalid_dpop_proof")
    for changes in ({}, {"dpop_jkt": KEY.jkt}):
        pushed = push(at_par(), **changes)
        assert pushed.status == 201, pushed
        shown = browser.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed.json["request_uri"]}))
        code = answer(app.decide(browser, browser.get(shown.location)))["code"]
        assert is_error(app.redeem(code, with_proof(proof(world, nonce, key=OTHER))), 400, "invalid_grant")
        assert app.redeem(code, with_proof(proof(world, nonce))).status == 200


@pytest.mark.parametrize("jkt", ["x", "A" * 42, "A" * 44, "A" * 42 + "B", KEY.jkt + "="], ids=["short", "42", "44", "bits left over", "padded"])
def test_a_thumbprint_that_is_none_is_told_to_the_client(world, app, browser, jkt):
    assert is_red(app.ask(browser, dpop_jkt=jkt), world, "invalid_request")


def test_a_code_used_again_with_another_key_ends_its_family(world, app, browser, nonce):
    """OAuth 2.1 §7.5.2: whoever came first may have been the thief."""
    code = app.consent(browser, scope=SCOPES)
    stolen = app.redeem(code, with_proof(proof(world, nonce, key=OTHER))).json
    assert is_error(app.redeem(code, with_proof(proof(world, nonce))), 400, "invalid_grant")
    reply = ask(world, "rest", stolen["access_token"], made(world, nonce, "rest", stolen["access_token"], key=OTHER))
    assert refused(reply, "invalid_token") and reply.json["error"]["code"] == "token_revoked"
