# SPDX-License-Identifier: Apache-2.0
"""Pages behind https, and with sign-up closed."""
from oauth_flow import Browser, Form, is_page

PUBLIC_URL = "https://calends.example"


def test_cookies_behind_https_are_host_cookies(world):  # RFC 6265bis §4.1.3.2
    browser = Browser(world)
    page = browser.get("/sign-in")
    reply = browser.post("/sign-in", Form(page.text, "/sign-in").with_(
        email=world.account().email, password=world.account().password))
    cookies = page.headers.all("Set-Cookie") + reply.headers.all("Set-Cookie")
    assert any(c.startswith("__Host-session=") for c in cookies)
    for cookie in cookies:
        attributes = {a.strip().lower() for a in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-") and {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
        assert not any(a.startswith("domain") for a in attributes)
    assert "max-age" in reply.headers["Strict-Transport-Security"]


def test_a_session_cookie_from_plain_http_is_not_looked_at(world):
    browser = Browser(world)
    browser.sign_in(world.account())
    value = browser.cookies["__Host-session"]
    planted = Browser(world)
    planted.cookies[f"session_{world.port}"] = value
    planted.cookies["session"] = value
    assert planted.get("/keys").status == 303


def test_sign_up_is_closed_unless_it_is_opened(world):
    browser = Browser(world)
    assert is_page(browser.get("/sign-up"), 404)
    assert "/sign-up" not in browser.get("/sign-in").text
    token = Form(browser.get("/sign-in").text, "/sign-in").with_()[0][1]
    assert is_page(browser.post("/sign-up", [("csrf", token), ("email", "x@calends.example"), ("password", "12345678"), ("name", "X")]), 404)
    assert not world.sql("SELECT 1 FROM login WHERE email = 'x@calends.example'")
