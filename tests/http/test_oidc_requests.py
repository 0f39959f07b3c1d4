# SPDX-License-Identifier: Apache-2.0
"""What a request of OpenID Connect may ask for besides: who must be there, claims, a language."""
import json
import re
import time

import pytest

from jose import Key, signed_by, unsigned
from oauth_flow import App, Browser, Form, answer, encode, is_red, post_form
from test_oidc import ALL, read, userinfo

SERVE = ["--rate-limit", "100000"]


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org", name="Una Ünver")


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", name="Sign in")


@pytest.fixture(scope="module")
def tokens(app, browser):
    return app.connect(browser, scope=ALL + " events:read", nonce="n-0S6_WzA2Mj")


@pytest.fixture(scope="module")
def other(world):
    b = Browser(world)
    b.sign_in(world.account("otto@example.org"))
    return b


@pytest.fixture(scope="module")
def trusted(world, browser):
    """One that need not ask again: so that prompt=none can succeed."""
    app = App(world, type="confidential", redirect="https://app.example/cb", name="Trusted")
    world.cli("client", "verify", app.id)
    app.connect(browser, scope=ALL)
    return app


def test_prompt_none_with_a_hint_is_answered_for_that_user_alone(world, trusted, browser, other):  # oidcc-id-token-hint
    """§3.1.2.1 id_token_hint; A22. The conformance suite's id-token-hint."""
    hint = trusted.connect(browser, scope="openid email", prompt="consent")["id_token"]
    code = answer(trusted.ask(browser, scope=ALL, prompt="none", id_token_hint=hint), trusted.redirect)["code"]
    assert read(world, trusted.redeem(code).json["id_token"])["sub"] == read(world, hint)["sub"]
    trusted.connect(other, scope=ALL)
    assert is_red(trusted.ask(other, scope=ALL, prompt="none", id_token_hint=hint), world, "login_required", redirect=trusted.redirect)
    assert "code" in answer(trusted.ask(other, scope=ALL, prompt="none"), trusted.redirect)


def test_a_hint_that_is_over_is_a_hint_still(world, trusted, browser, other):
    """§3.1.2.1: it says who is meant, however long ago it was given; A22."""
    claims, now = read(world, trusted.connect(browser, scope="openid email", prompt="consent")["id_token"]), int(time.time())
    old = signed_by(world, {**claims, "iat": now - 2 * 3600, "exp": now - 3600})
    assert "code" in answer(trusted.ask(browser, scope=ALL, prompt="none", id_token_hint=old), trusted.redirect)
    trusted.connect(other, scope=ALL, prompt="consent")
    assert is_red(trusted.ask(other, scope=ALL, prompt="none", id_token_hint=old), world, "login_required", redirect=trusted.redirect)


def test_a_hint_that_nobody_can_have_signed_is_no_hint(world, app, trusted, browser, tokens):
    """A22: alg none, a foreign signature, another client's token, another kind of token of ours, junk."""
    claims = {"iss": world.public_url, "aud": trusted.id, "sub": read(world, tokens["id_token"])["sub"]}
    kid = world.get("/oauth/jwks").json["keys"][0]["kid"]
    hints = [unsigned(claims), Key("ES256").sign(claims, kid=kid, typ="JWT"), Key("ES256").mac(claims), tokens["id_token"],
             tokens["access_token"], "x", "x.y.z", "x" * 20000]
    for hint in hints[:-1]:
        assert is_red(trusted.ask(browser, scope=ALL, prompt="none", id_token_hint=hint), world, "login_required", redirect=trusted.redirect), hint
        assert trusted.ask(browser, scope=ALL, id_token_hint=hint).location.startswith(trusted.redirect)
    assert app.ask(browser, scope="openid", id_token_hint="x").location.startswith("/consent?")


def test_who_is_another_than_the_hint_signs_in_and_is_told_when_it_was_in_vain(world, app, user, browser, other, tokens):
    to_sign_in = app.ask(other, scope="openid", id_token_hint=tokens["id_token"])
    assert to_sign_in.location.startswith("/sign-in?") and "again=1" in to_sign_in.location
    back = other.sign_in(world.account("otto@example.org"), to_sign_in.location)
    assert is_red(other.get(back.location), world, "login_required")
    mine = Browser(world)
    mine.sign_in(world.account("otto@example.org"))
    back = mine.sign_in(user, app.ask(mine, scope="openid", id_token_hint=tokens["id_token"]).location)
    assert mine.get(back.location).location.startswith("/consent?")


def test_the_consent_page_is_not_for_another_than_the_hint(world, app, browser, tokens):
    """Who opens the page itself comes no further than who is led there."""
    mine = Browser(world)
    mine.sign_in(world.account("otto@example.org"))
    reference = re.search(r"request(?:=|%3D)([\w-]+)", app.ask(mine, scope="openid", id_token_hint=tokens["id_token"]).location)
    reference = reference or re.search(r"request%253D([\w-]+)", app.ask(mine, scope="openid", id_token_hint=tokens["id_token"]).location)
    assert mine.get(f"/consent?request={reference[1]}").location.startswith("/sign-in?")


def test_claims_asks_for_the_scopes_that_have_them(world, app, browser):
    """§5.5: the user sees and can untick what is asked for in this way, too."""
    page = app.consent_page(browser, scope="openid", claims=json.dumps({"userinfo": {"email": {"essential": True}}, "id_token": {"name": None}}))
    assert 'value="email"' in page.text and 'value="profile"' in page.text
    got = app.connect(browser, scope="openid", claims=json.dumps({"id_token": {"email": None, "nickname": None, "auth_time": {"essential": True}}}))
    assert got["scope"] == "openid email" and "email" in read(world, got["id_token"])
    poor = App(world, type="public", scope="openid events:read")
    assert poor.connect(browser, scope="openid", claims='{"userinfo":{"email":null}}')["scope"] == "openid"
    page = app.consent_page(browser, scope="events:read", claims='{"userinfo":{"email":null}}')  # no OpenID request: not looked at
    assert 'value="email"' not in page.text


@pytest.mark.parametrize("claims", ["x", "[]", '{"a":1,"a":2}', "{" * 4000, '{"userinfo":' * 50 + "{}" + "}" * 50, json.dumps({"x": "y" * 5000})])
def test_claims_that_cannot_be_read_are_refused(world, app, browser, claims):
    assert is_red(app.ask(browser, scope="openid", claims=claims), world, "invalid_request")


def test_an_essential_acr_is_ours_or_there_is_none(world, app, browser):
    """§5.5.1.1; a voluntary one, and acr_values, are wishes."""
    ours, _ = world.get("/.well-known/openid-configuration").json["acr_values_supported"]

    def asked(**acr):
        return app.ask(browser, scope="openid", claims=json.dumps({"id_token": {"acr": acr}}))

    assert is_red(asked(essential=True, values=["urn:mace:incommon:iap:silver"]), world, "access_denied")
    assert is_red(asked(essential=True, value="gold"), world, "access_denied")
    for good in ({"essential": True, "values": ["gold", ours]}, {"essential": True}, {"values": ["gold"]}, {"essential": True, "value": ours}):
        assert asked(**good).location.startswith("/consent?"), good
    assert app.ask(browser, scope="openid", acr_values="gold").location.startswith("/consent?")


def test_claims_can_name_who_must_be_there(world, user, app, browser, other):
    """§5.5.1: sub with a value."""
    def claims(sub):
        return json.dumps({"id_token": {"sub": {"value": sub}}})
    assert app.ask(browser, scope="openid", claims=claims(user.id)).location.startswith("/consent?")
    for sub in (user.id[:-1] + "x", "nobody", "-", ""):
        assert is_red(app.ask(other, scope="openid", prompt="none", claims=claims(sub)), world, "login_required")
        assert app.ask(other, scope="openid", claims=claims(sub)).location.startswith("/sign-in?")


@pytest.mark.parametrize("changes", [{"ui_locales": "fr-CA x"}, {"display": "popup"}, {"acr_values": "1 2"}, {"claims_locales": "de"},
    {"registration": "{}"}, {"id_token_hint": ""}, {"claims": ""}], ids=lambda c: next(iter(c)))
def test_what_is_only_a_wish_changes_nothing(app, browser, changes):
    """§3.1.2.1: not an error, whatever it says."""
    assert app.ask(browser, scope="openid", **changes).location.startswith("/consent?")


def language_of(reply):
    assert f'<html lang="{reply.headers["Content-Language"]}">' in reply.text, reply
    return reply.headers["Content-Language"]


def through(world, app, user, **asked):
    """A stranger signs in and is asked: the language of each page that they see, with a browser that likes English."""
    stranger, english = Browser(world), [("Accept-Language", "en")]
    at = app.ask(stranger, scope="openid", **asked).location
    seen = [language_of(stranger.get(at, english))]
    form = Form(stranger.get(at).text, "/sign-in")
    wrong = stranger.post("/sign-in", form.with_(email=user.email, password="wrong"), english)
    seen.append(language_of(wrong))
    reply = stranger.post("/sign-in", form.with_(email=user.email, password=user.password), english)
    while not reply.location.startswith("/consent"):
        reply = stranger.get(reply.location)
    seen.append(language_of(stranger.get(reply.location, english)))
    return stranger, seen, language_of(stranger.get("/account", english))


def test_pages_are_in_the_language_that_the_app_asks_for(world, app, user):  # oidcc-ui-locales
    """§3.1.2.1 ui_locales: the first of them that there is, through sign-in and consent, and on no other page."""
    assert world.get("/.well-known/openid-configuration").json["ui_locales_supported"] == ["en", "de"]
    stranger, seen, after = through(world, app, user, ui_locales="fr-CA de-AT en")
    assert seen == ["de"] * 3 and after == "en"
    english = [("Accept-Language", "en")]
    at = app.ask(stranger, scope="openid").location
    assert language_of(stranger.get(at, english)) == "en", "the next request asks for none"
    assert through(world, app, user, ui_locales="fr x")[1] == ["en"] * 3


def test_a_pushed_request_has_its_language(world, app, user):
    headers, params = app.credentials()
    pushed = post_form(world.http, "/oauth/par", {**app.params(scope="openid", ui_locales="de"), **params}, headers).json
    stranger = Browser(world)
    at = stranger.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed["request_uri"]})).location
    assert language_of(stranger.get(at, [("Accept-Language", "en")])) == "de"


def test_what_a_user_chose_goes_before_what_an_app_asks_for(world, app):
    """Their own language: on the pages, and as `locale` (§5.1) where they chose one."""
    ann = world.account("language@example.org")
    browser = Browser(world)
    browser.sign_in(ann)
    assert "locale" not in userinfo(world, app.connect(browser, scope="openid profile")["access_token"]).json
    world.sql(f"UPDATE account SET language = 'en' WHERE email = '{ann.email}'")
    assert language_of(app.consent_page(browser, scope="openid", ui_locales="de", prompt="consent")) == "en"
    got = app.connect(browser, scope="openid profile profile:read", prompt="consent")
    assert read(world, got["id_token"])["locale"] == userinfo(world, got["access_token"]).json["locale"] == "en"
    assert read(world, app.refresh(got["refresh_token"]).json["id_token"])["locale"] == "en"
    for key in (got["access_token"], ann.key):
        profile = world.get("/v1/profile", key=key).json
        assert profile["locale"] == "en" and profile["email_verified"] is True


def test_a_request_object_by_reference_is_refused_by_name(world, app, browser):
    """§3.1.2.6; by value: test_oauth_jar.py."""
    assert is_red(app.ask(browser, scope="openid", request_uri="https://app.example/r"), world, "request_uri_not_supported")
