# SPDX-License-Identifier: Apache-2.0
"""What ID tokens tell of how their user signed in (RFC 8176), and what an app may ask of that."""
import json
import time
import urllib.parse

import pytest

from oauth_flow import App, Browser, Form
from second_factor import EMAIL, claims_of, code_of, first_step, give, post, set_up

SERVE = ["--signup", "open", "--trusted-proxy", "127.0.0.1"]


@pytest.fixture
def user(world):
    made = world.account(EMAIL)
    world.sql("DELETE FROM throttle; DELETE FROM totp; DELETE FROM recovery_code")
    return made


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", name="Second steps")


def connected(app, browser, at):
    """The claims of the ID token of a connection that begins at this page of consent."""
    page = browser.get(at)
    reply = app.decide(browser, page) if page.status == 200 else page
    tokens = app.redeem(urllib.parse.parse_qs(urllib.parse.urlsplit(reply.location).query)["code"][0]).json
    return claims_of(tokens["id_token"]), tokens


def through(world, app, user, code, **params):
    """authorize → sign-in → code → consent."""
    there = Browser(world)
    at = app.ask(there, scope="openid", **params).location
    form = Form(there.get(at).text, "/sign-in").with_(email=user.email, password=user.password)
    reply = there.post("/sign-in", form)
    if code:
        reply = give(there, reply.location, code)
    assert reply.location.startswith("/oauth/continue?request="), reply
    return there, there.get(reply.location)


def test_an_id_token_tells_by_what_its_user_signed_in(world, user, browser, app):
    """RFC 8176 §2; OpenID Connect Core §2 acr, amr."""
    password_acr, mfa_acr = world.get("/.well-known/openid-configuration").json["acr_values_supported"]
    there, reply = through(world, app, user, None)
    claims, _ = connected(app, there, reply.location)
    assert (claims["amr"], claims["acr"]) == (["pwd"], password_acr)
    secret, codes = set_up(browser)
    there, reply = through(world, app, user, code_of(secret))
    claims, tokens = connected(app, there, reply.location)
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp", "mfa"], mfa_acr)
    refreshed = claims_of(app.refresh(tokens["refresh_token"]).json["id_token"])
    assert (refreshed["amr"], refreshed["acr"], refreshed["auth_time"]) == (claims["amr"], mfa_acr, claims["auth_time"])
    there, reply = through(world, app, user, codes[0])
    claims, _ = connected(app, there, reply.location)
    assert (claims["amr"], claims["acr"]) == (["pwd", "mfa"], mfa_acr)


@pytest.mark.parametrize("params", [{"prompt": "login"}, {"max_age": "0"}], ids=["prompt=login", "max_age"])
def test_signing_in_again_asks_for_both_steps(world, user, browser, app, params):
    """OpenID Connect Core §3.1.2.1: the server MUST reauthenticate the user."""
    secret, _ = set_up(browser)
    at = app.ask(browser, scope="openid", **params).location
    assert at.startswith("/sign-in?")
    form = Form(browser.get(at).text, "/sign-in").with_(email=user.email, password=user.password)
    step = browser.post("/sign-in", form).location
    assert step.startswith("/sign-in/code?")
    onward = urllib.parse.unquote(step.partition("next=")[2])
    assert browser.get(onward).location.startswith("/sign-in?")  # the first step alone does not lead on
    reply = browser.get(give(browser, step, code_of(secret)).location)
    claims, _ = connected(app, browser, reply.location)
    assert claims["amr"] == ["pwd", "otp", "mfa"] and claims["auth_time"] >= time.time() - 60


def test_an_essential_acr_of_two_factors_is_had_or_denied(world, user, browser, app):
    """OpenID Connect Core §5.5.1.1."""
    _, mfa_acr = world.get("/.well-known/openid-configuration").json["acr_values_supported"]
    wanted = json.dumps({"id_token": {"acr": {"essential": True, "values": [mfa_acr]}}})
    at = app.ask(browser, scope="openid", claims=wanted).location
    assert at.startswith("/sign-in?")  # by password alone: once more
    reference = urllib.parse.unquote(at.partition("next=")[2].partition("&")[0])
    form = Form(browser.get(at).text, "/sign-in").with_(email=user.email, password=user.password)
    reply = browser.get(browser.post("/sign-in", form).location)
    assert "error=access_denied" in reply.location, (reply, reference)
    secret, _ = set_up(browser)
    there, reply = through(world, app, user, code_of(secret), claims=wanted)
    claims, _ = connected(app, there, reply.location)
    assert claims["acr"] == mfa_acr


@pytest.mark.parametrize("params", [{"prompt": "login"}, {"max_age": "600"}], ids=["prompt=login", "max_age"])
def test_a_new_password_is_no_second_step_of_now(world, user, browser, app, params):
    """OpenID Connect Core §3.1.2.1: who proved both steps long ago, and the password alone now, does not count as signed in anew."""
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    give(there, at, code_of(secret))
    world.sql("UPDATE session SET auth_time = auth_time - interval '1 hour'")
    at = app.ask(there, scope="openid", **params).location
    assert at.startswith("/sign-in?"), at
    fields = Form(there.get("/account").text, "/account/password").with_(
        current_password=user.password, new_password=user.password, new_password_again=user.password)
    assert there.post("/account/password", fields).location == "/account?done=password"
    onward = urllib.parse.parse_qs(urllib.parse.urlsplit(at).query)["next"][0]
    assert there.get(onward).location.startswith("/sign-in?")


def test_changing_the_password_keeps_what_was_proven(world, user, browser, app):
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    give(there, at, code_of(secret))
    fields = Form(there.get("/account").text, "/account/password").with_(
        current_password=user.password, new_password=user.password, new_password_again=user.password)
    assert there.post("/account/password", fields).location == "/account?done=password"
    claims, _ = connected(app, there, app.ask(there, scope="openid").location)
    assert "mfa" in claims["amr"]


def test_an_account_that_is_made_while_signed_in_has_proven_a_password_alone(world, user, browser, app):
    """OpenID Connect Core §2 amr: of the account that the token is about, not of the one before it."""
    password_acr, _ = world.get("/.well-known/openid-configuration").json["acr_values_supported"]
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    give(there, at, code_of(secret))
    assert post(there, "/sign-up", "/sign-up", name="Other", email="other-one@calends.example", password=world.secret("another password")).status == 303
    claims, _ = connected(app, there, app.ask(there, scope="openid").location)
    assert (claims["amr"], claims["acr"]) == (["pwd"], password_acr)
