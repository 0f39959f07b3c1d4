# SPDX-License-Identifier: Apache-2.0
"""OpenID Connect RP-Initiated Logout: who may end a session, who is asked first, and where the browser is led."""
import json
import time
import urllib.parse

import pytest

from jose import Key, signed_by, unb64, unsigned
from oauth_flow import App, Browser, Form, OpenApp, encode, is_page
from rest import Api, assert_error
from world import CliError

SERVE = ["--rate-limit", "100000"]
BYE = "https://app.example/bye?from=calends"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org")


@pytest.fixture
def browser(world, user):
    b = Browser(world)
    b.sign_in(user)
    return b


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", name="Leaver", post_logout_redirect_uri=[BYE, "https://app.example/other"])


@pytest.fixture(scope="module")
def hint(world, user, app):
    b = Browser(world)
    b.sign_in(user)
    return app.connect(b, scope="openid")["id_token"]


def ask(browser, **params):
    return browser.get("/oauth/logout?" + encode(params))


def signed_in(browser):
    return browser.get("/account").status == 200


def confirm(browser, page):
    return browser.post("/sign-out", Form(page.text, "/sign-out").fields)


def test_who_shows_the_users_token_ends_their_session_without_a_question(browser, app, hint):  # oidcc-rp-initiated-logout
    """§2, §3: to the registered address, with the state; a query of its own stays."""
    reply = ask(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a state&x")
    assert reply.status == 303 and reply.location == BYE + "&state=a+state%26x"
    assert not signed_in(browser)


def test_without_an_address_it_ends_here(browser, hint):  # oidcc-rp-initiated-logout-no-post-logout-redirect-uri
    reply = ask(browser, id_token_hint=hint)
    assert reply.location == "/sign-in?done=signed-out" and "You are signed out" in browser.get(reply.location).text
    assert not signed_in(browser)


def test_an_old_token_is_a_hint_still(world, browser, app, user):
    """§2: of a key that retired."""
    b = Browser(world)
    b.sign_in(user)
    hint = app.connect(b, scope="openid")["id_token"]
    world.cli("signing-key", "rotate")
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE


def test_an_expired_token_is_a_hint_still(world, browser, user, hint):
    """§2, §4: it tells whose session it was, however long ago. A changed one is none."""
    claims, now = json.loads(unb64(hint.split(".")[1])), int(time.time())
    for age in (2 * 3600, 400 * 86400):
        old = signed_by(world, {**claims, "iat": now - age, "exp": now - age + 3600})
        assert ask(Browser(world), id_token_hint=old[:-4] + "AAAA", post_logout_redirect_uri=BYE).status == 400
        assert signed_in(browser)
        assert ask(browser, id_token_hint=old, post_logout_redirect_uri=BYE, state="s").location == BYE + "&state=s"
        assert not signed_in(browser)
        browser.sign_in(user)


def test_a_token_of_test_mode_is_of_the_same_user(world, browser):
    app = App(world, type="confidential", mode="test", post_logout_redirect_uri=BYE)
    assert ask(browser, id_token_hint=app.connect(browser, scope="openid")["id_token"], post_logout_redirect_uri=BYE).location == BYE
    assert not signed_in(browser)


def test_whoever_leads_here_without_a_token_has_the_user_asked(browser, app):  # oidcc-rp-initiated-logout-no-id-token-hint, -no-params
    """§2: any page can lead a browser here. Nothing happens until the user says so."""
    for params in ({}, {"client_id": app.id}, {"client_id": app.id, "post_logout_redirect_uri": BYE, "state": "s"}):
        page = ask(browser, **params)
        assert page.status == 200 and "Sign out?" in page.text and "una@example.org" in page.text
        assert ("Leaver" in page.text) == ("client_id" in params) and ("app.example" in page.text) == ("state" in params)
        assert page.headers["Cache-Control"] == "no-store"  # A37
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"] and page.headers["X-Frame-Options"] == "DENY"  # A27
        assert signed_in(browser)
    assert confirm(browser, page).location == BYE + "&state=s"
    assert not signed_in(browser)


def test_the_form_is_of_our_own_page(browser, app):
    """Login CSRF's mirror: another site's form, or one without the page's token, signs nobody out."""
    form = Form(ask(browser, client_id=app.id, post_logout_redirect_uri=BYE).text, "/sign-out")
    assert browser.post("/sign-out", form.with_(csrf="x")).status == 403
    assert browser.post("/sign-out", form.fields, [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")]).status == 403
    assert signed_in(browser)


def test_the_token_of_somebody_else_ends_nobodys_session(world, browser, app):
    """Whoever has an account could else sign out others with a link."""
    other = Browser(world)
    other.sign_in(world.account("otto@example.org"))
    page = ask(browser, id_token_hint=app.connect(other, scope="openid")["id_token"], post_logout_redirect_uri=BYE)
    assert page.status == 200 and "una@example.org" in page.text and signed_in(browser)
    assert confirm(browser, page).location == BYE


def test_a_token_that_we_did_not_sign_is_no_hint(world, browser, app, user, hint):  # oidcc-rp-initiated-logout-bad-id-token-hint, -modified-id-token-hint
    """A22: alg none, a foreign key, HMAC with the public key, an altered one, other secrets of ours."""
    claims = {"iss": world.public_url, "aud": app.id, "sub": user.id}
    kid = world.get("/oauth/jwks").json["keys"][0]["kid"]
    head, body, signature = hint.split(".")
    for wrong in (unsigned(claims), Key("ES256").sign(claims, kid=kid, typ="JWT"), Key("ES256").mac(claims), f"{head}.{body}.{signature[:-4]}AAAA",
                  f"{head}.{body}", "cat_x", "x"):
        assert ask(browser, id_token_hint=wrong).status == 200 and signed_in(browser), wrong
        assert is_page(ask(browser, id_token_hint=wrong, post_logout_redirect_uri=BYE), 400), wrong  # by whom, is not known
        assert ask(browser, id_token_hint=wrong, client_id=app.id, post_logout_redirect_uri=BYE).status == 200
        assert signed_in(browser)


@pytest.mark.parametrize("uri", ["https://evil.example/", "//evil.example", "/\\evil.example", "https://app.example/bye", BYE + "&x", BYE + "#f", BYE.upper(),
    "https://app.example@evil.example/bye?from=calends", "javascript:alert(1)", "https://app.example/cb", BYE + "\r\nX: y", "x" * 9000])
def test_nobody_is_led_to_an_address_that_is_not_registered(world, browser, app, hint, uri):  # oidcc-rp-initiated-logout-bad-post-logout-redirect-uri
    """A32; the conformance suite's bad-post-logout tests. The session stays: it was not the app that asked."""
    for more in ({"id_token_hint": hint}, {"client_id": app.id}, {}):
        reply = ask(browser, post_logout_redirect_uri=uri, **more)
        assert reply.status in (400, 414, 431) and reply.location is None, reply
        stranger = ask(Browser(world), post_logout_redirect_uri=uri, **more)
        assert stranger.status in (400, 414, 431) and stranger.location is None
    fields = Form(ask(browser, client_id=app.id, post_logout_redirect_uri=BYE).text, "/sign-out").with_(post_logout_redirect_uri=uri)
    reply = browser.post("/sign-out", fields)
    assert reply.status in (400, 413) and reply.location is None
    assert signed_in(browser)


def test_an_address_of_another_app_is_none(world, browser, app, hint):
    other = App(world, type="confidential", post_logout_redirect_uri="https://other.example/bye")
    assert is_page(ask(browser, id_token_hint=hint, post_logout_redirect_uri="https://other.example/bye"), 400)
    assert is_page(ask(browser, id_token_hint=hint, client_id=other.id, post_logout_redirect_uri="https://other.example/bye"), 400)
    assert is_page(ask(browser, client_id="cli_nothing", post_logout_redirect_uri=BYE), 400)
    assert signed_in(browser)


def test_an_app_that_nobody_registered_leads_nowhere(world, browser):
    app = OpenApp(world, client_name="Open")
    hint = app.connect(browser, scope="openid")["id_token"]
    assert is_page(ask(browser, id_token_hint=hint, post_logout_redirect_uri=app.redirect), 400)
    assert ask(browser, id_token_hint=hint, client_id=app.id).location == "/sign-in?done=signed-out"


@pytest.mark.parametrize("twice", ["id_token_hint", "post_logout_redirect_uri", "client_id", "state"])
def test_a_parameter_that_is_there_twice_is_refused(browser, app, hint, twice):
    params = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("client_id", app.id), ("state", "s"), (twice, "x")]
    assert is_page(browser.get("/oauth/logout?" + encode(params)), 400) and signed_in(browser)


def test_a_post_is_led_to_the_page(browser, app, hint):
    """§2: GET and POST. A cross-site POST has no cookie; what else it says is left behind."""
    reply = browser.post("/oauth/logout", {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s", "next": "//evil.example"},
                         [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://app.example")])
    assert reply.status == 303 and reply.location.startswith("/oauth/logout?") and "evil" not in reply.location
    assert dict(urllib.parse.parse_qsl(reply.location.partition("?")[2]))["state"] == "s"
    assert browser.get(reply.location).location == BYE + "&state=s"
    assert browser.send("POST", "/oauth/logout", [("Content-Type", "application/json")], "{}").status == 415


def test_who_is_not_signed_in_is_led_on_by_a_token_or_by_a_link(world, app, hint):
    stranger = Browser(world)
    assert ask(stranger, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE
    page = ask(stranger, client_id=app.id, post_logout_redirect_uri=BYE)
    assert page.status == 200 and f'href="{BYE}"' in page.text and "You are signed out" in page.text
    assert ask(stranger).location == "/sign-in?done=signed-out"


def test_the_sign_out_of_our_own_pages_is_as_it_was(browser):
    page = browser.get("/account")
    assert browser.post("/sign-out", Form(page.text, "/sign-out").fields).location == "/sign-in?done=signed-out"
    assert not signed_in(browser)


def test_what_is_connected_stays_connected(world, browser, app):
    tokens = app.connect(browser, scope="openid profile:read")
    ask(browser, id_token_hint=tokens["id_token"])
    assert not signed_in(browser) and world.get("/v1/profile", key=tokens["access_token"]).status == 200


def test_the_addresses_are_registered_like_others(world):
    """§3.1; the rules of redirect URIs."""
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    made = api("POST", "/v1/oauth_apps", {"name": "L", "type": "confidential", "redirect_uris": ["https://app.example/cb"],
                                          "post_logout_redirect_uris": [BYE]}).json
    assert made["post_logout_redirect_uris"] == [BYE]
    path = f"/v1/oauth_apps/{made['id']}"
    assert api("PATCH", path, {"name": "M"}).json["post_logout_redirect_uris"] == [BYE]
    assert api("PATCH", path, {"post_logout_redirect_uris": []}).json["post_logout_redirect_uris"] == []
    told = [e["details"]["changed"] for e in api("GET", "/v1/audit?limit=10").json["data"] if e["subject"] == made["id"] and e["kind"] == "client.changed"]
    assert told == ["post_logout_redirect_uris", "name"]
    for wrong in ("http://app.example/bye", "//x", "https://app.example/#f", "javascript:alert(1)", "https://*.example/"):
        assert_error(api("PATCH", path, {"post_logout_redirect_uris": [wrong]}), 400, "invalid_value", param="post_logout_redirect_uris")
        with pytest.raises(CliError):
            App(world, type="confidential", post_logout_redirect_uri=wrong)


def test_the_question_is_in_the_language_that_the_app_asks_for(browser, app):
    """RP-Initiated Logout §2: ui_locales."""
    page = ask(browser, client_id=app.id, post_logout_redirect_uri=BYE, ui_locales="x de")
    assert page.headers["Content-Language"] == "de" and '<html lang="de">' in page.text
    to = browser.post("/oauth/logout", {"client_id": app.id, "post_logout_redirect_uri": BYE, "ui_locales": "de"}).location
    assert browser.get(to).headers["Content-Language"] == "de"


def test_discovery_leads_to_it(world):
    """§2.1"""
    assert world.get("/.well-known/openid-configuration").json["end_session_endpoint"] == world.public_url + "/oauth/logout"
