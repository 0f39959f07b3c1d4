# SPDX-License-Identifier: Apache-2.0
"""The device grant (RFC 8628): a code on a device, a page in a browser, tokens for who asks at the token endpoint (T29)."""
import re

import pytest
from oauth_flow import App, Browser, Form, alive, at_once, encode, is_error, is_page, post_form, profile

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ["authorization_code", "refresh_token", GRANT]


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", name="Television", grant=GRANTS, scope="events:read profile:read")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential", grant=GRANTS)


def ask(app, http=None, headers=(), **changes):
    own, params = app.credentials()
    return post_form(http or app.http, "/oauth/device", {**params, **changes}, [*own, *headers])


def asked(app, **changes):
    reply = ask(app, **changes)
    assert reply.status == 200, reply
    return reply.json


def poll(app, device, http=None, **changes):
    return app.token(grant_type=GRANT, device_code=device["device_code"], http=http, **changes)


def enter(browser, code):
    page = browser.get("/device?" + encode({"user_code": code}))
    assert page.status == 200, page
    return browser.post("/device", Form(page.text, "/device").with_())


def consent_page(browser, device):
    reply = enter(browser, device["user_code"])
    assert reply.status == 303 and reply.location.startswith("/consent?request="), reply
    return browser.get(reply.location)


def decide(app, browser, device, **changes):
    return app.decide(browser, consent_page(browser, device), **changes)


def rested(world):
    """As if the interval had gone by."""
    world.sql("UPDATE device_request SET polled_at = polled_at - interval '2 minutes'")


def test_a_device_gets_its_tokens_once_its_user_allowed_it(world, app, browser):
    """RFC 8628 §3.1 to §3.5."""
    reply = ask(app, headers=[("User-Agent", "Television/1.0 <b>")], scope="profile:read")
    assert reply.headers["Cache-Control"] == "no-store"
    device = reply.json
    assert set(device) == {"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", device["user_code"])
    assert re.fullmatch(r"cds_[0-9A-Za-z]{49}", device["device_code"])
    assert device["verification_uri"] == world.public_url + "/device" and device["expires_in"] == 600 and device["interval"] == 5
    assert device["verification_uri_complete"] == world.public_url + "/device?user_code=" + device["user_code"]
    assert is_error(poll(app, device), 400, "authorization_pending")
    page = consent_page(browser, device)
    for shown in ("Television", device["user_code"], "127.0.0.1", "Television/1.0 &lt;b&gt;", "Did you start this"):
        assert shown in page.text, shown
    assert "Leads back to" not in page.text
    done = app.decide(browser, page)
    assert done.status == 303 and done.location == "/device?done=allowed"
    assert "connected" in browser.get(done.location).text
    tokens = poll(app, device).json  # an answer is told at once, however soon it asks
    assert tokens["scope"] == "profile:read" and tokens["token_type"] == "Bearer"
    assert profile(world, tokens["access_token"]).status == 200
    assert alive(world, app.refresh(tokens["refresh_token"]).json)
    rested(world)
    assert is_error(poll(app, device), 400, "invalid_grant")
    assert alive(world, tokens)  # a device that asks twice is no thief: its tokens live on


def squares(svg):
    """The rows of the picture as text, "#" for dark; ISO 18004 wants four bright modules around it."""
    size = int(re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)[1])
    rows = [[" "] * size for _ in range(size)]
    for x, y, w in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg):
        for i in range(int(x), int(x) + int(w)):
            rows[int(y)][i] = "#"
    return ["".join(r) for r in rows]


def test_a_device_shows_its_address_as_a_picture(world, app):
    """RFC 8628 §3.3.1. What is in it is read by jsQR in tests/clients/pages/device.test.mjs."""
    device = asked(app)
    reply = world.get("/device/qr?" + encode({"user_code": device["user_code"]}))
    assert reply.status == 200 and reply.headers["Content-Type"] == "image/svg+xml" and reply.headers["Cache-Control"] == "no-store"
    picture = squares(reply.text)
    assert len(picture) % 4 == 1 and len(picture) >= 29 and not any("".join(picture[:4]).strip() or r[:4].strip() or r[-4:].strip() for r in picture)
    for y, x in ((4, 4), (4, -11), (-11, 4)):  # the three finders
        rows = [r[x:x + 7] for r in picture[y:][:7]]
        assert rows == ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"]
    assert world.get("/device/qr?" + encode({"user_code": device["user_code"].lower().replace("-", "")})).text == reply.text


@pytest.mark.parametrize("query", ["", "?user_code=", "?user_code=BCDF-GHJ", "?user_code=ABCD-EFGH", "?user_code=BCDF-GHJK&user_code=BCDF-GHJK",
                                   "?user_code=" + "B" * 5000, "?user_code=%3Csvg%3E", "?user_code=BCDF%00GHJK"])
def test_no_picture_of_what_is_no_code(world, query):
    reply = world.get("/device/qr" + query)
    assert is_page(reply, 404 if "%00" not in query else 400)


def test_a_denial_is_told_to_the_device(app, browser):
    device = asked(app)
    done = decide(app, browser, device, decision="deny")
    assert done.location == "/device?done=denied" and "Nothing was connected" in browser.get(done.location).text
    assert is_error(poll(app, device), 400, "access_denied")


def test_who_asks_too_often_is_slowed_down(world, app):
    """RFC 8628 §3.5: slow_down, and 5 seconds more each time."""
    world.sql("DELETE FROM device_request")
    device = asked(app)
    assert is_error(poll(app, device), 400, "authorization_pending")
    for _ in range(2):
        assert is_error(poll(app, device), 400, "slow_down")
    assert world.sql("SELECT max(interval_s) FROM device_request")[0][0] in (15, "15")
    rested(world)
    assert is_error(poll(app, device), 400, "authorization_pending")


def test_a_device_code_ends_after_ten_minutes(world, app, browser):
    device, late = asked(app), asked(app)
    page = consent_page(browser, late)
    world.sql("UPDATE device_request SET expires_at = now() - interval '1 second'")
    assert is_error(poll(app, device), 400, "expired_token")
    assert enter(browser, device["user_code"]).status == 400
    assert is_page(app.decide(browser, page), 409)  # allowed too late
    assert is_error(poll(app, late), 400, "expired_token")


def test_a_device_code_is_of_one_app(world, app, server, browser):
    """T29: another app's try changes nothing."""
    device = asked(app)
    decide(app, browser, device)
    assert is_error(server.token(grant_type=GRANT, device_code=device["device_code"]), 400, "invalid_grant")
    assert poll(app, device).status == 200


@pytest.mark.parametrize("code", [None, "", "cds_x", "x" * 10_000, "cds_" + "0" * 49, "a\0b", b"\xff"], ids=range(7))
def test_a_wrong_device_code_gives_nothing(app, code):
    reply = app.token(grant_type=GRANT, device_code=code)
    assert is_error(reply, 400, "invalid_grant" if code and len(code) > 3 and "\0" not in str(code) else "invalid_request")


def test_codes_and_device_codes_are_not_taken_for_each_other(app, browser):
    """T27."""
    device = asked(app)
    decide(app, browser, device)
    assert is_error(app.redeem(device["device_code"]), 400, "invalid_grant")
    assert is_error(app.token(grant_type=GRANT, device_code=app.consent(browser)), 400, "invalid_grant")
    assert poll(app, device).status == 200


def test_16_at_once_get_one_set_of_tokens(world, app, browser):
    """T29: one redemption under a race; it lives on."""
    for _ in range(3):
        device = asked(app)
        decide(app, browser, device)
        replies = at_once(world, 16, lambda http: poll(app, device, http))
        good = [r for r in replies if r.status == 200]
        assert len(good) == 1, [r.status for r in replies]
        assert all(r.json["error"] == "invalid_grant" for r in replies if r.status != 200)
        assert alive(world, good[0].json)


def test_the_first_who_answers_decides(world, app, browser):
    other = Browser(world)
    other.sign_in(world.account("other@calends.example"))
    device = asked(app)
    mine, theirs = consent_page(browser, device), consent_page(other, device)
    assert app.decide(browser, mine).location == "/device?done=allowed"
    assert is_page(app.decide(other, theirs), 409) and is_page(app.decide(other, theirs, decision="deny"), 409)
    assert enter(other, device["user_code"]).status == 400  # answered
    tokens = poll(app, device).json
    assert profile(world, tokens["access_token"]).json["email"] == "user@calends.example"


def test_asking_is_for_apps_that_were_registered_for_it(world, app, server):
    plain = App(world, type="public")
    assert is_error(ask(plain), 400, "unauthorized_client")
    assert is_error(plain.token(grant_type=GRANT, device_code="x"), 400, "unauthorized_client")
    assert is_error(post_form(world.http, "/oauth/device", {"client_id": server.id}), 401, "invalid_client")
    assert ask(server).status == 200
    assert is_error(ask(app, scope="everything"), 400, "invalid_scope")
    assert is_error(ask(app, scope="events:write"), 400, "invalid_scope")
    assert is_error(ask(app, resource="https://evil.example/"), 400, "invalid_target")
    assert is_error(post_form(world.http, "/oauth/device", [("client_id", app.id), ("scope", "x"), ("scope", "y")]), 400, "invalid_request")
    assert world.get("/oauth/device").status == 405
    told = world.get("/.well-known/oauth-authorization-server").json
    assert told["device_authorization_endpoint"] == world.public_url + "/oauth/device" and GRANT in told["grant_types_supported"]


def test_a_device_asks_for_one_resource(world, app, browser):
    device = asked(app, resource=world.public_url + "/dav")
    decide(app, browser, device)
    token = poll(app, device).json["access_token"]
    assert profile(world, token).status == 401
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0", "Authorization": f"Bearer {token}"}).status == 207


def test_a_code_is_taken_however_it_is_typed(app, browser):
    code = asked(app)["user_code"]
    for typed in (code.lower(), code.replace("-", ""), f" {code[:4]} {code[5:]} "):
        assert enter(browser, typed).status == 303, typed


@pytest.mark.parametrize("typed", ["", "BCDF", "AAAA-AAAA", "BCDF-GHJKL", "<script>", "' OR 1=1 --", "ü", "x" * 3000, "BCDF-GHJK"], ids=range(9))
def test_a_wrong_code_is_told_on_the_page(world, app, typed):
    """Nothing typed is shown unescaped; each of a user of its own, since guesses count."""
    browser = Browser(world)
    browser.sign_in(world.account("guess@calends.example"))
    world.sql("DELETE FROM throttle")
    reply = browser.post("/device", Form(browser.get("/device").text, "/device").with_(user_code=typed))
    assert reply.status == 400 and 'role="alert"' in reply.text and "No device waits" in reply.text
    assert "<script>" not in reply.text.replace('<script src=', "")


def test_guesses_are_few_and_keep_nobody_else_out(world, app, browser):
    """T29: ten wrong codes in a quarter of an hour; the device, and whoever else is there, are untouched."""
    world.sql("DELETE FROM throttle")
    guesser = Browser(world)
    guesser.sign_in(world.account("guess@calends.example"))
    device = asked(app)
    for _ in range(10):
        assert enter(guesser, "BCDF-GHJK").status == 400
    refused = enter(guesser, device["user_code"])
    assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
    assert decide(app, browser, device).location == "/device?done=allowed"
    world.sql("DELETE FROM throttle")


def test_right_codes_do_not_count(world, app, browser):
    world.sql("DELETE FROM throttle")
    for _ in range(12):
        assert enter(browser, asked(app)["user_code"]).status == 303


def test_a_stranger_signs_in_and_comes_back_to_the_code(world, app):
    device = asked(app)
    browser = Browser(world)
    reply = browser.get(device["verification_uri_complete"].removeprefix(world.public_url))
    assert reply.status == 303 and reply.location.startswith("/sign-in?")
    back = browser.sign_in(world.account("user@calends.example"), reply.location)
    assert back.location == "/device?user_code=" + device["user_code"]
    assert device["user_code"] in browser.get(back.location).text


def test_the_page_is_framed_by_nobody_and_wants_its_token(world, app, browser):
    """A24, A27."""
    page = browser.get("/device")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"] and page.headers["X-Frame-Options"] == "DENY"
    fields = Form(page.text, "/device").with_(user_code=asked(app)["user_code"])
    assert browser.post("/device", [f for f in fields if f[0] != "csrf"]).status == 403
    assert browser.post("/device", fields, [("Sec-Fetch-Site", "cross-site")]).status == 403
    assert browser.post("/device", [*fields, fields[-1]]).status == 400


def test_a_verified_app_is_asked_for_all_the_same(world, browser):
    """Whoever holds the code could be anybody: an answer is never remembered."""
    app = App(world, type="confidential", grant=GRANTS)
    world.cli("client", "verify", app.id)
    app.consent(browser)
    page = consent_page(browser, asked(app))
    assert page.status == 200 and "Did you start this" in page.text


def test_no_code_stands_in_the_database(world, app):
    device = asked(app)
    dump = str(world.sql("SELECT d::text FROM device_request d"))
    assert device["device_code"] not in dump and device["user_code"] not in dump and device["user_code"].replace("-", "") not in dump
