# SPDX-License-Identifier: Apache-2.0
"""Every parameter of every endpoint of OAuth with every bad value. Which there are says the table that the server reads by
(`calends reference parameters`); what it says may repeat, may, and what it says is secret is in no answer."""
import json
import os
import re
import subprocess

import pytest

from oauth_flow import App, Browser, Form, encode, is_error, is_page, post_form, register
from world import BIN, ROOT

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]
EXCHANGE, DEVICE = "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ["authorization_code", "refresh_token", "client_credentials", EXCHANGE, DEVICE]
ERRORS = {  # of RFC 6749, 7591, 8628, 8693, 8707, 9101, 9126, 9396, 9449
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "access_denied",
    "unsupported_response_type", "invalid_redirect_uri", "invalid_client_metadata", "authorization_pending", "slow_down", "expired_token",
    "invalid_target", "invalid_request_object", "request_uri_not_supported", "request_not_supported", "invalid_request_uri",
    "invalid_authorization_details", "invalid_dpop_proof", "login_required", "consent_required",
}
LONG = "x" * 10_000
VALUES = {"empty": "", "10 kB": LONG, "NUL": "a\0b", "not UTF-8": b"a\xff\xfeb", "overlong": b"\xc0\xaf", "twice": None}
BROKEN = {"NUL", "not UTF-8", "overlong"}


def table():
    printed = subprocess.run([BIN, "reference", "parameters"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \| (yes)? ?\| (yes)? ?\|", printed, re.M)
    return {name: (at.split(", "), bool(repeats), bool(secret)) for name, at, repeats, secret in rows}


ROWS = table()


def of(endpoint):
    return [name for name, (at, _, _) in ROWS.items() if endpoint in at]


def bad(pairs, name, how):
    """The parameters with this one as it must not be."""
    there = dict(pairs).get(name)
    if how == "absent":
        return [p for p in pairs if p[0] != name]
    if how == "twice":
        return [*pairs, (name, there or "x"), *([] if there else [(name, "x")])]
    return [*[p for p in pairs if p[0] != name], (name, VALUES[how])]


def swept(endpoint, pairs):
    for name in of(endpoint):
        for how in ("absent", *VALUES):
            if how == "absent" and name not in dict(pairs):
                continue
            yield name, how, bad(pairs, name, how)


def judge(name, how, reply):
    """What a program is told: the RFC's error, by its form, and no secret of what it sent."""
    assert reply.status < 500, (name, how, reply)
    _, repeats, secret = ROWS[name]
    if reply.status >= 400:
        error = reply.json["error"]
        assert error in ERRORS and is_error(reply, 401 if reply.status == 401 else 400, error), (name, how, reply)
        assert 10 < len(reply.json["error_description"]) < 400
    if how in BROKEN or (how == "twice" and not repeats):
        assert reply.status == 400 and reply.json["error"] == "invalid_request", (name, how, reply)
        assert name in reply.json["error_description"], (name, how, reply)
    if how == "twice" and repeats:
        assert "twice" not in reply.text
    if secret and how == "10 kB":
        assert LONG[:40] not in reply.text, (name, reply)


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="confidential", grant=GRANTS, machine_scope="events:read")


def proven(app):
    return [("client_id", app.id), ("client_secret", app.secret)]


def by_code(app, browser):
    return [("code", app.consent(browser)), ("redirect_uri", app.redirect), ("code_verifier", app.pkce.verifier)]


def by_refresh(app, browser):
    return [("refresh_token", app.connect(browser)["refresh_token"])]


def by_client(app, browser):
    return [("scope", "events:read")]


def by_exchange(app, browser):
    return [("subject_token", app.connect(browser)["access_token"]), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")]


def by_device(app, browser):
    return [("device_code", post_form(app.http, "/oauth/device", [*proven(app), ("scope", "events:read")]).json["device_code"])]


@pytest.mark.parametrize("grant, made", zip(GRANTS, (by_code, by_refresh, by_client, by_exchange, by_device)), ids=lambda v: v if isinstance(v, str) else "")
def test_bad_values_at_the_token_endpoint(world, app, browser, grant, made):
    begin = lambda: [("grant_type", grant), *proven(app), *made(app, browser)]
    pairs, again = begin(), False
    for name, how, _ in swept("token", pairs):
        if again:
            pairs = begin()
        reply = post_form(world.http, "/oauth/token", bad(pairs, name, how))
        judge(name, how, reply)
        again = reply.status == 200  # what it was given for may be used up
    assert post_form(world.http, "/oauth/token", begin()).status == (200 if grant != DEVICE else 400)


@pytest.mark.parametrize("endpoint", ["revoke", "introspect", "device", "par"])
def test_bad_values_at_the_other_endpoints_of_apps(world, app, browser, endpoint):
    pairs = {
        "revoke": [("token", "cat_x")], "introspect": [("token", "cat_x")], "device": [("scope", "events:read")],
        "par": [p for p in app.params().items() if p[0] != "client_id"],
    }[endpoint]
    pairs = [*proven(app), *pairs]
    for name, how, wrong in swept(endpoint, pairs):
        judge(name, how, post_form(world.http, "/oauth/" + endpoint, wrong))
    assert post_form(world.http, "/oauth/" + endpoint, pairs).status == (201 if endpoint == "par" else 200)


def judge_page(app, name, how, reply):
    """What a browser is told: a page, or the app's own address with the RFC's error (OAuth 2.1 §4.1.2.1)."""
    assert reply.status in (303, 400, 414, 431), (name, how, reply)
    if reply.status == 400:
        assert is_page(reply, 400)
    elif reply.status == 303 and reply.location.startswith(app.redirect):
        error = re.search(r"[?&]error=(\w+)", reply.location)
        assert error and error[1] in ERRORS and "code=" not in reply.location, (name, how, reply)
    elif reply.status == 303:
        assert re.match(r"/(consent|sign-in|oauth/continue)\?", reply.location), (name, how, reply)
    if how in BROKEN or (how == "twice" and not ROWS[name][1]):
        assert reply.status == 400 or "error=" in reply.location, (name, how, reply)


def test_bad_values_at_the_authorization_endpoint(app, browser):
    pairs = list(app.params().items())
    for name, how, wrong in swept("authorize", pairs):
        judge_page(app, name, how, browser.get("/oauth/authorize?" + encode(wrong)))
        reply = browser.post("/oauth/authorize", wrong)
        if reply.status == 303 and reply.location.startswith("/oauth/continue"):
            reply = browser.get(reply.location)
        judge_page(app, name, how, reply)


def test_bad_values_at_the_sign_out(world):
    app = App(world, type="confidential", post_logout_redirect_uri="https://app.example/bye")
    browser = Browser(world)
    browser.sign_in(world.account("leaver@example.org"))
    pairs = [("client_id", app.id), ("post_logout_redirect_uri", "https://app.example/bye"), ("state", "s")]
    for name, how, wrong in swept("logout", pairs):
        for reply in (browser.get("/oauth/logout?" + encode(wrong)), browser.post("/oauth/logout", wrong)):
            assert reply.status in (200, 303, 400, 414, 431), (name, how, reply)
            assert reply.status != 400 or is_page(reply, 400)
            if how in BROKEN or how == "twice":
                assert reply.status == 400, (name, how, reply)
    assert browser.get("/account").status == 200, "nobody was signed out without being asked"


def test_bad_values_at_registration(world):
    good = {"redirect_uris": ["https://app.example/cb"], "client_name": "Swept"}
    assert register(world, **good).status == 201
    for name in of("register"):
        member = json.dumps(good.get(name, "x"))
        for how, value in {"absent": None, "empty": '""', "10 kB": json.dumps(LONG), "NUL": '"a\\u0000b"', "not UTF-8": b'"a\xff\xfeb"',
                "overlong": b'"\xc0\xaf"', "null": "null", "a number": "1", "an object": "{}", "twice": f'{member},"{name}":{member}'}.items():
            others = [f'"{k}":{json.dumps(v)}'.encode() for k, v in good.items() if k != name]
            own = [f'"{name}":'.encode() + (value if isinstance(value, bytes) else value.encode())] if value else []
            reply = world.http.request("POST", "/oauth/register", b"{" + b",".join([*others, *own]) + b"}", [("Content-Type", "application/json")])
            assert reply.status in (201, 400), (name, how, reply)
            if reply.status == 400:
                assert reply.json["error"] in ERRORS and is_error(reply, 400, reply.json["error"]), (name, how, reply)
            if how in ("not UTF-8", "overlong", "twice"):
                assert reply.status == 400, (name, how, reply)


@pytest.mark.parametrize("how,error,code", [("nothing", "invalid_request", "missing_required_field"), ("no proof", "invalid_client", "client_invalid"),
    ("another grant", "unsupported_grant_type", "unsupported_grant_type")])
def test_an_error_leads_to_the_page_about_it(world, app, how, error, code):
    """RFC 6749 §5.2 error_uri: of the code by which REST and the documentation know it."""
    reply = post_form(world.http, "/oauth/token", {"nothing": {}, "no proof": {"grant_type": "x"}, "another grant": {**dict(proven(app)), "grant_type": "x"}}[how])
    assert reply.json["error"] == error and reply.json["error_uri"] == f"{world.public_url}/docs/errors/{code}"
    page = world.get(f"/docs/errors/{code}")
    assert page.status == 200 and re.search(f"<h1[^>]*>.*{code}", page.text)


def test_the_table_has_what_the_server_reads_and_nothing_else():
    read, text = set(), ""
    for where in [*(os.path.join("oauth", f) for f in os.listdir(os.path.join(ROOT, "oauth"))), "web/logout.c"]:
        if where.endswith(".c") and not where.endswith("param_table.c"):
            with open(os.path.join(ROOT, where), encoding="utf-8") as source:
                text += source.read()
    read |= set(re.findall(r'param_(?:get|count)\([^()]*,\s*"(\w+)"\)', text))
    read |= set(re.findall(r'FIELD_TEXTS?\("(\w+)"', text))
    assert len(read) > 40 and read <= set(ROWS), read - set(ROWS)
    assert not [name for name in ROWS if f'"{name}"' not in text]
