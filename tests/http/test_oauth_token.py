# SPDX-License-Identifier: Apache-2.0
"""The token endpoint (OAuth 2.1 §3.2, §4.1.3)."""
import base64
import re
import urllib.parse

import pytest
from oauth_flow import BOTH, FORM, REDIRECT, App, Pkce, alive, at_once, basic, encode, is_error, post_form, profile


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", name="Public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential", name="Confidential")


# ---- what a good answer is ----

def test_the_token_answer_has_all_members_and_is_not_kept(world, user, app, browser):  # OAuth 2.1 §3.2.3
    reply = app.redeem(app.consent(browser, scope=BOTH))
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Type"].startswith("application/json")
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "refresh_token", "scope",
                               "connected_account_id", "livemode"}
    assert (reply.json["token_type"], reply.json["expires_in"], reply.json["livemode"]) == ("Bearer", 3600, True)
    assert set(reply.json["scope"].split()) == set(BOTH.split())
    assert re.fullmatch(r"cpa_[0-9A-Za-z]{22}", reply.json["connected_account_id"])
    assert alive(world, reply.json)


def test_secrets_are_long_and_plain(app, browser):
    code = app.consent(browser)
    tokens = app.redeem(code).json
    for secret in (code, tokens["access_token"], tokens["refresh_token"]):
        assert re.fullmatch(r"[A-Za-z0-9_.~-]{60,200}", secret)


def test_a_token_request_is_two_round_trips(world, app, server, browser):
    for a in (app, server):
        redeemed = a.redeem(a.consent(browser))
        refreshed = a.refresh(redeemed.json["refresh_token"])
        assert int(world.log_of(redeemed)["db"]) <= 2
        assert int(world.log_of(refreshed)["db"]) <= 2


def test_a_test_client_connects_to_the_test_world(world, browser):
    tokens = App(world, type="public", mode="test").connect(browser, scope=BOTH)
    assert tokens["livemode"] is False and alive(world, tokens)


# ---- codes ----

def test_a_code_used_twice_ends_its_family(world, app, browser):  # OAuth 2.1 §7.5.2
    code = app.consent(browser, scope=BOTH)
    tokens = app.redeem(code).json
    assert alive(world, tokens)
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert profile(world, tokens["access_token"]).json["error"]["code"] == "token_revoked"
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_replay_that_is_wrong_otherwise_ends_nothing(world, app, server, browser):  # OAuth 2.1 §7.5.2
    code = app.consent(browser, scope=BOTH)
    tokens = app.redeem(code).json
    assert is_error(app.redeem(code, code_verifier=Pkce().verifier), 400, "invalid_grant")
    assert is_error(app.redeem(code, client_id=App(world, type="public").id), 400, "invalid_grant")
    assert is_error(app.redeem(code, redirect_uri="https://app.example/other"), 400, "invalid_grant")
    assert is_error(app.redeem(code, client_id=None), 401, "invalid_client")
    assert alive(world, tokens)
    code = server.consent(browser, scope=BOTH)
    tokens = server.redeem(code).json
    assert is_error(server.redeem(code, [basic(server.id, "wrong")]), 401, "invalid_client")
    assert alive(world, tokens)


def test_of_16_at_once_one_gets_tokens_and_loses_them(world, app, browser):
    for _ in range(3):
        code = app.consent(browser, scope=BOTH)
        replies = at_once(world, 16, lambda http: app.redeem(code, http=http))
        won = [r for r in replies if r.status == 200]
        assert len(won) == 1, [r.status for r in replies]
        assert all(is_error(r, 400, "invalid_grant") for r in replies if r.status != 200)
        assert not alive(world, won[0].json)
        assert is_error(app.refresh(won[0].json["refresh_token"]), 400, "invalid_grant")


def test_a_code_lives_for_a_minute(world, app, browser):
    code = app.consent(browser)
    [[left]] = world.sql("SELECT extract(epoch FROM max(code_expires_at) - now()) FROM token_family")
    assert 50 < float(left) <= 60
    world.sql("UPDATE token_family SET code_expires_at = now() WHERE code_used_at IS NULL")
    assert is_error(app.redeem(code), 400, "invalid_grant")


def test_a_code_is_its_clients_alone_and_stays_usable(world, app, server, browser):
    for owner, thief in ((app, server), (server, app)):
        code = owner.consent(browser, scope=BOTH)
        headers, params = thief.credentials()
        stolen = post_form(world.http, "/oauth/token", {
            **params, "grant_type": "authorization_code", "code": code, "code_verifier": owner.pkce.verifier}, headers)
        assert is_error(stolen, 400, "invalid_grant")
        assert alive(world, owner.redeem(code).json)


@pytest.mark.parametrize("verifier", [None, "", "short", "a" * 43, "b" * 129, "ü" * 43], ids=range(6))
def test_the_verifier_must_be_there_and_right_and_a_wrong_one_costs_nothing(app, browser, verifier):  # RFC 7636 §4.6
    code = app.consent(browser)
    assert is_error(app.redeem(code, code_verifier=verifier), 400, "invalid_grant")
    assert app.redeem(code).status == 200


def test_a_redirect_uri_may_be_absent_and_must_be_right(app, browser):  # OAuth 2.1 §10.2
    code = app.consent(browser)
    assert is_error(app.redeem(code, redirect_uri=REDIRECT + "/"), 400, "invalid_grant")
    assert app.redeem(code, redirect_uri=None).status == 200
    assert app.redeem(app.consent(browser, redirect_uri=None)).status == 200


def test_a_code_of_an_ended_connection_is_worth_nothing(world, app, browser):
    code = app.consent(browser)
    world.sql("UPDATE connected_account SET revoked_at = now()")
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert app.redeem(app.consent(browser)).status == 200  # consent brings the connection back
    assert is_error(app.redeem(code), 400, "invalid_grant")  # and not what it gave before


def test_a_code_gives_nothing_that_its_user_took_back_meanwhile(app, browser):
    """Between the answer and the redemption the time of the connection ends, or another consent leaves nothing of what was asked."""
    code = app.consent(browser, {"lifetime": "1h", "scope": ["events:read"]}, scope=BOTH)
    app.world.sql("UPDATE connected_account SET expires_at = now() - interval '1 second' WHERE expires_at < 'infinity'")
    assert is_error(app.redeem(code), 400, "invalid_grant")
    code = app.consent(browser, {"lifetime": "never", "scope": ["events:read"]}, scope=BOTH)
    later = app.consent(browser, {"scope": ["profile:read"]}, scope=BOTH)
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert app.redeem(later).json["scope"] == "profile:read"


# ---- clients ----

def test_a_confidential_client_must_prove_itself(server, browser):  # OAuth 2.1 §2.4
    code = server.consent(browser)
    assert is_error(server.redeem(code, []), 401, "invalid_client")
    assert is_error(server.redeem(code, [], client_id=server.id), 401, "invalid_client")
    assert server.redeem(code).status == 200


def test_a_confidential_client_may_send_its_secret_in_the_body(server, browser):  # OAuth 2.1 §2.4.1
    code = server.consent(browser)
    assert is_error(server.redeem(code, [], client_id=server.id, client_secret="wrong"), 401, "invalid_client")
    assert server.redeem(code, [], client_id=server.id, client_secret=server.secret).status == 200


def test_one_method_at_a_time(app, server):
    own = [basic(server.id, server.secret)]
    assert is_error(server.redeem("x", own, client_secret=server.secret), 400, "invalid_request")
    assert is_error(server.redeem("x", own, client_assertion="e30.e30.x"), 400, "invalid_request")
    assert is_error(server.redeem("x", own, client_id=app.id), 400, "invalid_request")
    assert is_error(server.redeem("x", own, client_id=server.id), 400, "invalid_grant")


def every_octet(text):
    return "".join(f"%{c:02X}" for c in text.encode())


def raw(text):
    return ("Authorization", text)


def b64(text):
    return base64.b64encode(text).decode()


def test_basic_is_decoded_as_a_form(server, app):
    good = [
        basic(server.id, server.secret, every_octet),
        raw("basic " + b64(f"{server.id}:{server.secret}".encode())),
        raw("BASIC " + b64(f"{server.id}:{server.secret}".encode())),
        basic(app.id, ""),  # oidc-agent: an empty secret is none
    ]
    for header in good:
        assert is_error(server.redeem("x", [header]), 400, "invalid_grant")


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic " + b64(b"no colon"), "Basic " + b64(b"%zz:%zz"), "Basic " + b64(b"\xff\xfe:x"),
    "Basic " + b64(b":"), "Basic " + b64(b"a" * 4000), "Bearer x", "Digest x",
], ids=range(10))
def test_basic_that_cannot_be_read_is_401(server, header):
    assert is_error(server.redeem("x", [raw(header)]), 401, "invalid_client")


def test_a_colon_and_signs_in_the_secret_are_the_secrets(server):
    for secret in (server.secret + ":", server.secret + "&x=1", server.secret.replace("_", "%5F") + "+"):
        assert is_error(server.redeem("x", [basic(server.id, secret)]), 401, "invalid_client")


def test_a_public_client_has_no_secret(app, browser):
    code = app.consent(browser)
    assert is_error(app.redeem(code, [basic(app.id, "cls_x")]), 401, "invalid_client")
    assert is_error(app.redeem(code, client_secret="cls_x"), 401, "invalid_client")
    assert app.redeem(code).status == 200


def test_a_wrong_secret_and_an_unknown_client_look_the_same(world, server):
    unknown = "cli_" + "0" * 21 + "1"
    answers = [server.redeem("x", [basic(i, s)]) for i, s in (
        (server.id, "wrong"), (server.id, server.secret[:-1] + "!"), (unknown, "wrong"), (unknown, server.secret))]
    bodies = [{**r.json, "request_id": None} for r in answers]
    assert all(is_error(r, 401, "invalid_client") for r in answers) and all(b == bodies[0] for b in bodies)
    assert all(int(world.log_of(r)["db"]) == 1 for r in answers)


def test_a_rotated_client_secret_is_dead_at_once(world, browser):
    server = App(world, type="confidential")
    old = server.secret
    server.secret = world.cli("client", "rotate-secret", server.id)["client_secret"]
    assert is_error(server.redeem("x", [basic(server.id, old)]), 401, "invalid_client")
    assert server.redeem(server.consent(browser)).status == 200


def test_a_deleted_client_and_its_tokens_are_gone(world, browser):
    app = App(world, type="public")
    tokens = app.connect(browser, scope=BOTH)
    world.cli("client", "delete", app.id)
    assert not alive(world, tokens)
    assert is_error(app.refresh(tokens["refresh_token"]), 401, "invalid_client")


# ---- the form ----

@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH"])
def test_only_post(world, method):  # OAuth 2.1 §3.2
    reply = world.request(method, "/oauth/token", None, [FORM])
    assert reply.status == 405 and "POST" in reply.headers["Allow"]


def test_the_query_is_never_looked_at(world, server, browser):
    code = server.consent(browser)
    params = {"grant_type": "authorization_code", "code": code, "code_verifier": server.pkce.verifier,
              "client_id": server.id, "client_secret": server.secret}
    assert is_error(post_form(world.http, "/oauth/token?" + encode(params), {}), 400, "invalid_request")
    only_secret = "/oauth/token?" + encode({"client_secret": server.secret})
    assert is_error(post_form(world.http, only_secret, {**params, "client_secret": None}), 401, "invalid_client")
    assert not any(server.secret in line for line in world.lines)


@pytest.mark.parametrize("kind", [
    "text/plain", "multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded; charset=utf-16",
    None, "application/x-www-form-urlencoded, text/plain",
])
def test_another_content_type_is_refused(world, app, kind):
    body = encode({"grant_type": "refresh_token", "client_id": app.id, "refresh_token": "x"})
    reply = world.post("/oauth/token", body, [("Content-Type", kind)] if kind else [])
    assert is_error(reply, 415, "invalid_request")


def test_utf8_may_be_said(world, app):
    body = encode({"grant_type": "refresh_token", "client_id": app.id, "refresh_token": "x"})
    for charset in ("utf-8", '"UTF-8"'):
        reply = world.post("/oauth/token", body, [("Content-Type", f"{FORM[1]}; charset={charset}")])
        assert is_error(reply, 400, "invalid_grant")


@pytest.mark.parametrize("body", [
    b"grant_type=refresh_token&grant_type=refresh_token", b"grant_type=refresh_token&scope=a&scope=a", b"grant_type=%00",
    b"grant_type=\xff", b"grant_type=%zz", b"grant_type=%e", b"grant_type[]=refresh_token", b"", b"=", b"&&&",
    b"a=1&" * 4000, b"".join(b"p%d=1&" % i for i in range(1500)),
], ids=range(12))
def test_malformed_forms_are_refused(world, body):  # OAuth 2.1 §3.2.2
    assert is_error(post_form(world.http, "/oauth/token", body), 400, "invalid_request")


def test_a_large_body_is_refused(world):
    reply = post_form(world.client_connection(), "/oauth/token", b"a=" + b"x" * 1000000)
    assert is_error(reply, 413, "invalid_request")


@pytest.mark.parametrize("grant", ["password", "implicit", "x", "urn:ietf:params:oauth:grant-type:x", "urn:ietf:params:oauth:grant-type:jwt-bearer",
                                   "urn:ietf:params:oauth:grant-type:saml2-bearer"])
def test_other_grant_types_are_not_supported(app, grant):
    assert is_error(app.token(grant_type=grant), 400, "unsupported_grant_type")


def test_a_grant_that_the_client_may_not_use_is_refused(world, browser):
    app = App(world, type="public", grant="authorization_code")
    reply = app.redeem(app.consent(browser))
    assert reply.status == 200 and "refresh_token" not in reply.json
    assert is_error(app.refresh("x"), 400, "unauthorized_client")


# ---- browsers ----

def test_a_page_of_the_apps_origin_may_call_the_token_endpoint(world, app):  # T33
    origin = app.redirect[:app.redirect.index("/", 8)]
    reply = world.request("OPTIONS", "/oauth/token", None, [("Origin", origin), ("Access-Control-Request-Method", "POST")])
    assert reply.status == 204 and reply.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in reply.headers
    refused = app.refresh("x", [("Origin", origin)], client_id=app.id)
    assert is_error(refused, 400, "invalid_grant") and refused.headers["Access-Control-Allow-Origin"] == origin
    for other in ("https://other.example", "null"):
        refused = app.refresh("x", [("Origin", other)], client_id=app.id)
        assert is_error(refused, 400, "invalid_grant") and "Access-Control-Allow-Origin" not in refused.headers


def test_no_code_verifier_or_token_is_stored(world, app, browser):
    code = app.consent(browser)
    tokens = app.redeem(code).json
    dump = "\n".join("\t".join(row) for t in ("token_family", "access_token", "auth_request", "oauth_client_secret")
                     for row in world.sql(f"SELECT to_jsonb(t)::text FROM {t} t"))
    for secret in (code, app.pkce.verifier, tokens["access_token"], tokens["refresh_token"]):
        assert secret not in dump and secret.encode().hex() not in dump
        assert urllib.parse.quote(secret) not in dump


@pytest.mark.parametrize("name", ["scope", "redirect_uri", "unknown", "client_assertion"])
def test_a_parameter_without_a_value_is_absent_at_the_token_and_revocation_endpoints_too(world, browser, name):
    """One rule on every endpoint (OAuth 2.1 §3.2.2)."""
    app = App(world, type="public")
    for empties in ([(name, ""), (name, "")], [(name, "")]):
        code = app.consent(browser)
        params = {"grant_type": "authorization_code", "code": code, "code_verifier": app.pkce.verifier, "client_id": app.id}
        good = post_form(world.http, "/oauth/token", encode(list(params.items()) + empties).encode())
        assert good.status == 200, good
        refresh = [("grant_type", "refresh_token"), ("refresh_token", good.json["refresh_token"]), ("client_id", app.id)]
        again = post_form(world.http, "/oauth/token", encode(refresh + empties).encode())
        assert again.status == 200, again
        revoke = [("token", again.json["refresh_token"]), ("client_id", app.id)]
        assert post_form(world.http, "/oauth/revoke", encode(revoke + empties).encode()).status == 200
    twice = encode(revoke + [(name, "x"), (name, "x")]).encode()
    for endpoint in ("/oauth/token", "/oauth/revoke"):
        assert is_error(post_form(world.http, endpoint, twice), 400, "invalid_request")
