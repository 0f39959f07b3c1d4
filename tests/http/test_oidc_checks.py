# SPDX-License-Identifier: Apache-2.0
"""Checks of the OpenID conformance suite that no other test shows, under their names there."""
import hashlib
import urllib.parse

import pytest

from jose import b64, verified
from oauth_flow import App, Browser, answer, encode, is_error, is_page, is_red, post_form
from world import CliError

SERVE = ["--rate-limit", "100000"]
BYE = "https://app.example/bye"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org", name="Una")


@pytest.fixture
def browser(world, user):
    b = Browser(world)
    b.sign_in(user)
    return b


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", name="Checked", post_logout_redirect_uri=BYE)


@pytest.fixture(scope="module")
def trusted(world):
    """Who is not asked twice: an app that somebody vouches for."""
    app = App(world, type="confidential", name="Trusted")
    world.cli("client", "verify", app.id)
    return app


def claims(world, tokens):
    return verified(tokens["id_token"], world.get("/oauth/jwks").json)[1]


def test_no_order_of_scopes_or_parameters_matters(world, user, app, browser):  # oidcc-alternate-happy-flow
    """RFC 6749 §3.3; the scopes from their end, the parameters from theirs, and each order gives the same."""
    params = list(app.params(scope="email openid", nonce="n").items())
    told = []
    for pairs in (params, params[::-1], sorted(params)):
        page = browser.get("/oauth/authorize?" + encode(pairs))
        tokens = app.redeem(answer(app.decide(browser, browser.get(page.location)))["code"]).json
        got = claims(world, tokens)
        told.append((got["sub"], got["email"], got["nonce"], set(tokens["scope"].split())))
        assert got["at_hash"] == b64(hashlib.sha256(tokens["access_token"].encode()).digest()[:16])
    assert told == [(user.id, user.email, "n", {"openid", "email"})] * 3
    assert app.ask(browser, scope="openid email").location.startswith("/consent?")


def test_an_app_may_send_its_secret_in_the_body(world, user, browser):  # oidcc-server-client-secret-post
    """OAuth 2.1 §2.4.1; by an app that is registered for it, the whole way: code, refresh, revocation."""
    app = App(world, type="confidential", auth_method="client_secret_post")
    by_post = {"client_id": app.id, "client_secret": app.secret}
    code = app.consent(browser, scope="openid events:read")
    assert is_error(app.redeem(code, [], client_id=app.id, client_secret=app.secret + "x"), 401, "invalid_client")
    assert is_error(app.redeem(code, [], client_id=app.id), 401, "invalid_client")
    tokens = app.redeem(code, [], **by_post).json
    assert claims(world, tokens)["aud"] == app.id and claims(world, tokens)["sub"] == user.id
    again = app.refresh(tokens["refresh_token"], [], **by_post).json
    assert post_form(app.http, "/oauth/introspect", {"token": again["access_token"], **by_post}).json["active"] is True
    assert post_form(app.http, "/oauth/revoke", {"token": again["refresh_token"], **by_post}).status == 200
    assert is_error(app.refresh(again["refresh_token"], [], **by_post), 400, "invalid_grant")


def test_a_session_of_some_seconds_is_too_old_for_max_age_1_and_not_for_10000(world, user, trusted, browser):  # oidcc-max-age-1, -max-age-10000
    """§3.1.2.1: signed in anew, auth_time moves; else it is the one of before (§2)."""
    trusted.connect(browser, scope="openid", prompt="consent")
    code = answer(trusted.ask(browser, scope="openid"))["code"]
    first = claims(world, trusted.redeem(code).json)["auth_time"]
    world.sql("UPDATE session SET auth_time = auth_time - interval '3 seconds', proven_at = proven_at - interval '3 seconds'")
    code = answer(trusted.ask(browser, scope="openid", max_age="10000"))["code"]
    assert claims(world, trusted.redeem(code).json)["auth_time"] == first - 3
    asked = trusted.ask(browser, scope="openid", max_age="1")
    assert asked.location.startswith("/sign-in?")
    back = browser.sign_in(user, at=asked.location)
    code = answer(browser.get(back.location))["code"]
    assert claims(world, trusted.redeem(code).json)["auth_time"] >= first


@pytest.mark.parametrize("display", ["page", "popup", "touch", "wap"])
def test_a_display_is_a_wish_and_the_way_is_the_same(app, browser, display):  # oidcc-display-page, -popup
    """OpenID Connect Core §3.1.2.1: the pages fit any window; whichever is asked for, the user is asked and the app gets its code."""
    page = app.consent_page(browser, scope="openid", display=display)
    assert '<meta name="viewport"' in page.text and "code" in answer(app.decide(browser, page))


def test_who_is_signed_in_and_has_consented_is_not_asked(world, trusted, browser):  # oidcc-prompt-none-logged-in
    """§3.1.2.1: with the sub and the auth_time of the first time; and not beside another user."""
    first = claims(world, trusted.connect(browser, scope="openid", nonce="first", prompt="consent"))
    code = answer(trusted.ask(browser, scope="openid", prompt="none", nonce="second"))["code"]
    second = claims(world, trusted.redeem(code).json)
    assert second["nonce"] == "second" and all(first[name] == second[name] for name in ("iss", "sub", "aud", "auth_time"))
    assert is_red(trusted.ask(browser, scope="openid events:read", prompt="none"), world, "consent_required")
    stranger = Browser(world)
    assert is_red(trusted.ask(stranger, scope="openid", prompt="none"), world, "login_required")


def test_a_redirect_uri_with_a_query_is_that_one_alone(world, browser):  # oidcc-redirect-uri-query-mismatch, -query-added, -regfrag
    app = App(world, "https://app.example/cb?tenant=7", type="public")
    for wrong in ("https://app.example/cb", "https://app.example/cb?tenant=8", "https://app.example/cb?tenant=7&more=1", "https://app.example/cb?"):
        assert is_page(app.ask(browser, redirect_uri=wrong), 400)
    with pytest.raises(CliError):
        App(world, "https://app.example/cb#fragment", type="public")


# ---- RP-initiated logout ----


def leave(browser, **params):
    return browser.get("/oauth/logout?" + encode(params))


def signed_in(browser):
    return browser.get("/account").status == 200


def test_where_there_is_no_state_none_comes_back(app, browser):  # oidcc-rp-initiated-logout-no-state
    hint = app.connect(browser, scope="openid")["id_token"]
    assert leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE
    assert not signed_in(browser)


def test_a_state_alone_asks_and_leads_nowhere(browser):  # oidcc-rp-initiated-logout-only-state
    page = leave(browser, state="a state")
    assert page.status == 200 and "Sign out?" in page.text and "a state" not in page.text and signed_in(browser)


def test_a_query_that_was_not_registered_is_another_address(app, browser):  # oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri
    hint = app.connect(browser, scope="openid")["id_token"]
    assert is_page(leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE + "?foo=bar", state="s"), 400)
    assert signed_in(browser)


def test_where_to_sign_out_is_discovered(world):  # oidcc-rp-initiated-logout-discovery-endpoint-verification
    at = world.get("/.well-known/openid-configuration").json["end_session_endpoint"]
    assert urllib.parse.urlsplit(at).path == "/oauth/logout" and at.startswith(world.public_url)
