# SPDX-License-Identifier: Apache-2.0
"""OpenID Connect Core: ID tokens, what they say and to whom, and the UserInfo endpoint."""
import hashlib
import re
import time

import pytest

from dpop import proof
from jose import Key, b64, verified
from oauth_flow import App, OpenApp, basic, is_error, is_red, post_form
from world import CliError

SERVE = ["--rate-limit", "100000"]
ALL = "openid email profile"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org", name="Una Ünver")


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", name="Sign in")


@pytest.fixture(scope="module")
def tokens(app, browser):
    return app.connect(browser, scope=ALL + " events:read", nonce="n-0S6_WzA2Mj")


def read(world, token):
    return verified(token, world.get("/oauth/jwks").json)[1]


def userinfo(world, token, method="GET", **headers):
    return world.request(method, "/oauth/userinfo", None, {"Authorization": f"Bearer {token}", **headers})


# ---- ID tokens ----


def test_an_id_token_says_who_signed_in_to_whom_and_when(world, user, app, tokens):  # oidcc-server
    """OpenID Connect Core §2, §3.1.3.3: all that is required, signed by a key of jwks_uri."""
    header, claims = verified(tokens["id_token"], world.get("/oauth/jwks").json)
    assert set(header) == {"alg", "kid", "typ"} and header["typ"] == "JWT"
    assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (world.public_url, app.id, user.id, "n-0S6_WzA2Mj")
    assert claims["exp"] - claims["iat"] == 3600 and abs(claims["iat"] - time.time()) < 60
    assert claims["auth_time"] <= claims["iat"] and abs(claims["auth_time"] - time.time()) < 600
    assert claims["amr"] == ["pwd"] and claims["acr"] in world.get("/.well-known/openid-configuration").json["acr_values_supported"]
    assert set(claims) <= set(world.get("/.well-known/openid-configuration").json["claims_supported"])


def test_at_hash_is_the_left_half_of_the_hash_of_the_access_token(world, tokens):
    """§3.1.3.6"""
    assert read(world, tokens["id_token"])["at_hash"] == b64(hashlib.sha256(tokens["access_token"].encode()).digest()[:16])


@pytest.mark.parametrize("scope, more", [
    ("openid", set()), ("openid email", {"email", "email_verified"}), ("openid profile", {"name", "zoneinfo"}),
    (ALL, {"email", "email_verified", "name", "zoneinfo"}),
])
def test_scopes_decide_the_claims_of_both(world, user, app, browser, scope, more):  # oidcc-scope-*
    """§5.4; the subject is the same in both (§5.3.2)."""
    got = app.connect(browser, scope=scope)
    own = {"iss", "aud", "sub", "iat", "exp", "auth_time", "at_hash", "acr", "amr", "connected_account_id"}
    claims, told = read(world, got["id_token"]), userinfo(world, got["access_token"]).json
    assert set(claims) == own | more and set(told) == {"sub", "connected_account_id"} | more
    assert all(claims[name] == told[name] for name in {"sub", "connected_account_id"} | more)
    assert told["connected_account_id"] == got["connected_account_id"]
    assert told["sub"] == user.id and told.get("email", user.email) == user.email and told.get("name", "Una Ünver") == "Una Ünver"
    assert told.get("email_verified", True) is True  # the operator gave it


def test_an_address_is_verified_once_its_owner_has_shown_that_they_read_there(world, user, app, browser):
    """§5.1; in a token, after a refresh and at the UserInfo endpoint, as it is then."""
    mine = f"WHERE email = '{user.email}'"
    [[confirmed]] = world.sql(f"SELECT max(email_confirmed_at) FROM account {mine}")
    world.sql(f"UPDATE account SET email_confirmed_at = NULL {mine}")
    got = app.connect(browser, scope="openid email")
    assert read(world, got["id_token"])["email_verified"] is False and userinfo(world, got["access_token"]).json["email_verified"] is False
    world.sql(f"UPDATE account SET email_confirmed_at = '{confirmed}' {mine}")
    assert userinfo(world, got["access_token"]).json["email_verified"] is True
    later = app.refresh(got["refresh_token"]).json
    assert read(world, later["id_token"])["email_verified"] is True
    assert read(world, app.connect(browser, scope="openid email")["id_token"])["email_verified"] is True


def test_who_does_not_ask_for_openid_is_told_of_nobody(world, app, browser):
    """§3.1.2.1: without the scope it is no OpenID request; a request without any scope is none either."""
    for scope in ("events:read", "email profile", None):
        got = app.connect(browser, scope=scope, nonce="n")
        assert "id_token" not in got
        assert "openid" not in got["scope"].split()
        assert userinfo(world, got["access_token"]).status == 403


def test_an_app_that_was_not_registered_for_openid_cannot_ask_for_it(world, browser):
    app = App(world, type="public", scope="events:read")
    assert "error=invalid_scope" in app.ask(browser, scope="openid events:read").location


def test_what_the_user_unticks_is_not_told(world, app, browser):
    got = app.connect(browser, scope=ALL, choose={"scope": ["openid", "profile"]})
    assert got["scope"] == "openid profile"
    assert "email" not in read(world, got["id_token"]) and "email" not in userinfo(world, got["access_token"]).json
    got = app.connect(browser, scope="openid events:read", choose={"scope": ["events:read"]})
    assert "id_token" not in got


def test_a_refresh_gives_an_id_token_of_the_same_sign_in(world, app, browser):  # oidcc-refresh-token
    """§12.2: same iss, sub, aud and auth_time, a new iat, no nonce."""
    first = app.connect(browser, scope=ALL, nonce="n1")
    reply = app.refresh(first["refresh_token"])
    old, new = read(world, first["id_token"]), read(world, reply.json["id_token"])
    assert all(old[n] == new[n] for n in ("iss", "sub", "aud", "auth_time", "email"))
    assert "nonce" not in new and new["iat"] >= old["iat"]
    assert new["at_hash"] == b64(hashlib.sha256(reply.json["access_token"].encode()).digest()[:16])
    again = app.refresh(first["refresh_token"])  # the retry of one whose answer was lost: about the same access token
    assert read(world, again.json["id_token"])["at_hash"] == new["at_hash"]
    narrowed = app.refresh(reply.json["refresh_token"], scope="email")
    assert narrowed.status == 200 and "id_token" not in narrowed.json


def test_auth_time_moves_with_the_sign_in(world, user, app, browser):  # oidcc-prompt-login
    """A21: prompt=login asks again, and the token tells when."""
    old = read(world, app.connect(browser, scope="openid")["id_token"])["auth_time"]
    world.sql("UPDATE session SET auth_time = auth_time - interval '500 seconds'")
    assert read(world, app.connect(browser, scope="openid")["id_token"])["auth_time"] == old - 500
    to_sign_in = app.ask(browser, scope="openid", prompt="login")
    back = browser.sign_in(user, to_sign_in.location)
    page = browser.get(browser.get(back.location).location)
    code = re.search(r"[?&]code=([^&]+)", app.decide(browser, page).location)[1]
    assert read(world, app.redeem(code).json["id_token"])["auth_time"] >= old


@pytest.mark.parametrize("length, fits", [(64, True), (384, True), (1024, True), (1025, False), (10000, False)])
def test_a_nonce_is_never_cut(world, app, browser, length, fits):
    """A17"""
    nonce = "n" * length
    if fits:
        assert read(world, app.connect(browser, scope="openid", nonce=nonce)["id_token"])["nonce"] == nonce
    else:
        assert "error=invalid_request" in app.ask(browser, scope="openid", nonce=nonce).location


def test_a_nonce_of_any_characters_comes_back(world, app, browser):
    for nonce in ('"\\\x01é\u2028', "\x7f" * 1024, "{}</script>"):
        assert read(world, app.connect(browser, scope="openid", nonce=nonce)["id_token"])["nonce"] == nonce


def test_an_id_token_in_test_mode_is_of_the_twin(world, user, browser):
    app = App(world, type="public", mode="test")
    got = app.connect(browser, scope="openid")
    sub = read(world, got["id_token"])["sub"]
    assert sub != user.id and sub == userinfo(world, got["access_token"]).json["sub"] and got["livemode"] is False


def test_an_id_token_opens_nothing(world, app, tokens):
    """T27: it is no token of ours, neither here nor as a code, a refresh token or what is introspected."""
    for method, path in (("GET", "/v1/profile"), ("GET", "/oauth/userinfo"), ("POST", "/mcp"), ("GET", "/dav/")):
        for scheme in ("Bearer", "DPoP"):
            assert world.request(method, path, None, {"Authorization": f"{scheme} {tokens['id_token']}"}).status == 401
    assert is_error(app.refresh(tokens["id_token"]), 400, "invalid_grant")
    assert is_error(app.redeem(tokens["id_token"]), 400, "invalid_grant")
    assert app.introspect(tokens["id_token"]).json == {"active": False}
    assert world.post("/v1/voice/introspect", f"token={tokens['id_token']}",
                      {"Content-Type": "application/x-www-form-urlencoded"}).json == {"active": False}


def test_an_exchange_gives_no_id_token(world, browser):
    app = App(world, type="confidential", grant=["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"])
    got = app.connect(browser, scope="openid events:read")
    reply = app.token(grant_type="urn:ietf:params:oauth:grant-type:token-exchange", subject_token=got["access_token"],
                      subject_token_type="urn:ietf:params:oauth:token-type:access_token")
    assert reply.status == 200 and "id_token" not in reply.json


def test_both_documents_have_what_openid_requires(world):
    """OpenID Connect Discovery §3: the required members, and nothing that is not so."""
    m, url = world.get("/.well-known/openid-configuration").json, world.public_url
    assert {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "response_types_supported",
            "subject_types_supported", "id_token_signing_alg_values_supported", "scopes_supported", "claims_supported"} <= set(m)
    assert m["userinfo_endpoint"] == url + "/oauth/userinfo" and m["subject_types_supported"] == ["public"]
    assert m["id_token_signing_alg_values_supported"] == ["ES256"]
    assert m["request_parameter_supported"] is True and m["request_uri_parameter_supported"] is False
    assert m == world.get("/.well-known/oauth-authorization-server").json


# ---- the UserInfo endpoint ----


def test_userinfo_answers_get_and_post_in_one_round_trip(world, user, tokens):  # oidcc-userinfo-get, -post-header
    """§5.3.1"""
    for method in ("GET", "POST"):
        reply = userinfo(world, tokens["access_token"], method)
        assert reply.status == 200 and reply.json["sub"] == user.id
        assert reply.headers["Content-Type"].startswith("application/json") and reply.headers["Cache-Control"] == "no-store"
        assert world.log_of(reply)["db"] == "1"
    assert userinfo(world, tokens["access_token"], "DELETE").status == 405


def test_userinfo_takes_dpop(world, app, browser):
    key, nonce = Key("ES256"), world.request("GET", "/oauth/userinfo", None, {"DPoP": "x"}).headers["DPoP-Nonce"]
    code = app.consent(browser, scope="openid")
    token = app.token([*app.credentials()[0], ("DPoP", proof(world, nonce, key=key))], grant_type="authorization_code", code=code,
                      redirect_uri=app.redirect, code_verifier=app.pkce.verifier).json["access_token"]
    good = proof(world, nonce, "GET", "/oauth/userinfo", token, key=key)
    assert world.request("GET", "/oauth/userinfo", None, {"Authorization": f"DPoP {token}", "DPoP": good}).status == 200
    reply = world.request("GET", "/oauth/userinfo", None, {"Authorization": f"DPoP {token}", "DPoP": good})
    assert reply.status == 401 and 'error="invalid_dpop_proof"' in reply.headers["WWW-Authenticate"]
    assert reply.json["error"] == "invalid_dpop_proof"
    reply = userinfo(world, token)
    assert reply.status == 401 and reply.json["error"] == "invalid_token"


def test_what_is_wrong_is_told_as_a_challenge(world, app, browser, user):
    """§5.3.3, RFC 6750 §3: no error where nothing was sent."""
    reply = world.get("/oauth/userinfo")
    assert reply.status == 401 and reply.headers["WWW-Authenticate"] == 'Bearer realm="Calends"'
    for wrong in ("nonsense", "cat_nonsense", user.key):
        reply = userinfo(world, wrong)
        assert reply.status in (401, 403)
        if reply.status == 401:
            assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"] and reply.json["error"] == "invalid_token"
    reply = userinfo(world, app.connect(browser, scope="events:read")["access_token"])
    assert reply.status == 403 and reply.json["error"] == "insufficient_scope"
    assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"] and 'scope="openid"' in reply.headers["WWW-Authenticate"]


def test_userinfo_takes_no_token_in_the_query_or_a_form(world, tokens):  # oidcc-userinfo-post-body: refused
    """OAuth 2.1 §5.1: a token in a URL ends in logs."""
    assert world.get(f"/oauth/userinfo?access_token={tokens['access_token']}").status == 401
    assert post_form(world.http, "/oauth/userinfo", {"access_token": tokens["access_token"]}).status == 401
    assert userinfo(world, tokens["access_token"] + "x").status == 401


def test_a_token_for_one_resource_is_not_for_userinfo(world, app, browser):
    """RFC 8707 §2: it is for that resource alone; its ID token came beside it."""
    got = app.connect(browser, scope="openid events:read", resource=world.public_url + "/v1")
    assert read(world, got["id_token"])["aud"] == app.id
    assert userinfo(world, got["access_token"]).status == 401


def test_a_token_that_was_revoked_tells_nothing_more(world, app, browser):
    got = app.connect(browser, scope="openid")
    assert userinfo(world, got["access_token"]).status == 200
    app.revoke(got["refresh_token"])
    assert userinfo(world, got["access_token"]).status == 401


# ---- the page ----


def test_who_asks_for_a_sign_in_alone_asks_for_no_calendar(app, browser):
    page = app.consent_page(browser, scope=ALL).text
    assert "know who you are" in page and "In which calendars" not in page
    assert "In which calendars" in app.consent_page(browser, scope=ALL + " events:read").text


def test_keys_have_no_scope_of_openid(world):
    """They open things; who somebody is, an app is told by a token alone."""
    with pytest.raises(CliError):
        world.key("una@example.org", kind="restricted", scope="openid")


@pytest.mark.parametrize("scope", ["openid", "email", "profile"])
def test_an_app_for_itself_is_nobody_who_signed_in(world, scope):
    """Client credentials: there is no user whom a token could tell of."""
    with pytest.raises(CliError) as refused:
        world.client("owner@platform.example", type="confidential", redirect_uri="https://app.example/cb",
                     grant=["client_credentials"], machine_scope="calendars:read " + scope)
    assert "no user" in str(refused.value)


def test_the_audience_of_an_app_that_nobody_registered_is_its_client_id(world, browser):
    """OpenID Connect Core §3.1.3.7: the client compares it with what it calls itself."""
    app = OpenApp(world, client_name="Open")
    got = app.connect(browser, scope="openid")
    assert read(world, got["id_token"])["aud"] == app.id and app.id.startswith("open_")
    by_basic = app.token([basic(app.id, "")], grant_type="refresh_token", refresh_token=got["refresh_token"], client_id=None)
    assert read(world, by_basic.json["id_token"])["aud"] == app.id
    assert read(world, app.refresh(by_basic.json["refresh_token"]).json["id_token"])["aud"] == app.id


# ---- what a request may ask for besides ----


# ---- signed answers about tokens ----


def asked_signed(world, app, token, accept="application/token-introspection+jwt"):
    headers, params = app.credentials()
    return post_form(world.http, "/oauth/introspect", {**params, "token": token}, [*headers, ("Accept", accept)])


def test_an_answer_about_a_token_can_be_had_signed(world, app, tokens):
    """RFC 9701 §5: typ, iss, aud and iat; what is said is a member of its own, so that it is no token itself."""
    reply = asked_signed(world, app, tokens["access_token"])
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/token-introspection+jwt"
    header, claims = verified(reply.text, world.get("/oauth/jwks").json)
    assert header["typ"] == "token-introspection+jwt" and set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert (claims["iss"], claims["aud"]) == (world.public_url, app.id) and abs(claims["iat"] - time.time()) < 60
    assert claims["token_introspection"] == app.introspect(tokens["access_token"]).json
    assert world.get("/.well-known/oauth-authorization-server").json["introspection_signing_alg_values_supported"] == ["ES256"]


def test_a_signed_answer_says_no_more_of_a_dead_token(world, app):
    for token in ("cat_nothing", "x"):
        claims = verified(asked_signed(world, app, token).text, world.get("/oauth/jwks").json)[1]
        assert claims["token_introspection"] == {"active": False}


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", "text/html", "", "application/token-introspection+jwt;q=0",
                                    "application/json, application/token-introspection+jwt;q=0.9"])
def test_who_does_not_prefer_a_signed_answer_has_json(world, app, tokens, accept):
    assert asked_signed(world, app, tokens["access_token"], accept).json["active"] is True


def test_a_signed_answer_is_no_id_token_and_opens_nothing(world, app, browser, tokens):
    """RFC 9701 §8.1: cross-JWT confusion."""
    answer_ = asked_signed(world, app, tokens["access_token"]).text
    assert userinfo(world, answer_).status == 401 and app.introspect(answer_).json == {"active": False}
    assert is_red(app.ask(browser, scope="openid", prompt="none", id_token_hint=answer_), world, "login_required")
