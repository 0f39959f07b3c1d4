# SPDX-License-Identifier: Apache-2.0
"""The authorization endpoint (OAuth 2.1 §3.1, §4.1; RFC 9207)."""
import urllib.parse

import pytest
from oauth_flow import FORM, REDIRECT, App, Browser, Pkce, answer, encode, is_error, is_page, is_red, post_form
from world import CliError


@pytest.fixture(scope="module")
def stranger(world):
    return Browser(world)


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read profile:read")


@pytest.fixture(scope="module")
def native(world):
    return App(world, "http://127.0.0.1:5000/cb", registered="http://127.0.0.1/cb", type="public")


# ---- until client and redirect URI are proven: a page ----

@pytest.mark.parametrize("client_id", [
    None, "", "cli_0000000000000000000000", "cli_", "x", "cli_' OR 1=1 --", "a\0b", "x" * 5000, "<script>alert(1)</script>",
    "https://client.example/",
], ids=range(10))
def test_an_unknown_or_malformed_client_gets_a_page(app, browser, client_id):
    reply = app.ask(browser, client_id=client_id)
    assert is_page(reply, 400)
    assert "<script>alert" not in reply.text


@pytest.mark.parametrize("uri", ["https://evil.example/cb", "https://app.example/", "x", "javascript:alert(1)"])
def test_a_redirect_uri_that_is_not_registered_is_never_followed(app, browser, uri):
    assert is_page(app.ask(browser, redirect_uri=uri), 400)


@pytest.mark.parametrize("uri", [
    REDIRECT + x for x in ("/../evil", "/", "%2f", ";x", "?x=1", "#f", " ", "\r\n", "\0")] + ["https://app.example/CB"])
def test_nothing_near_a_redirect_uri_matches_it(app, browser, uri):  # oidcc-redirect-uri-query-added, -query-mismatch, -regfrag
    assert is_page(app.ask(browser, redirect_uri=uri), 400)


@pytest.mark.parametrize("uri", [
    "https://app.example@evil.example/cb", "https://app.example:443/cb", "https://APP.EXAMPLE/cb", "https:\\\\app.example\\cb",
    "//app.example/cb", "https://\u0430pp.example/cb", "http://app.example/cb", "https://user@app.example/cb",
])
def test_userinfo_ports_case_and_lookalikes_do_not_match(app, browser, uri):
    assert is_page(app.ask(browser, redirect_uri=uri), 400)


@pytest.mark.parametrize("uri", ["https://x.app.example/cb", "https://app.example.evil/cb", "https://app.exampl/cb"])
def test_neither_sub_domains_nor_prefixes_match(app, browser, uri):
    assert is_page(app.ask(browser, redirect_uri=uri), 400)


@pytest.mark.parametrize("port", ["", ":1", ":5000", ":65535"])
def test_the_port_of_a_loopback_uri_may_vary(native, browser, port):  # OAuth 2.1 §8.4.2
    reply = native.ask(browser, redirect_uri=f"http://127.0.0.1{port}/cb")
    assert reply.status == 303 and reply.location.startswith("/consent?")


@pytest.mark.parametrize("uri", [
    "http://user@127.0.0.1:5/cb", "http://127.0.0.1.evil/cb", "http://127.1/cb", "http://2130706433/cb",
    "http://[::ffff:127.0.0.1]/cb", "http://localhost:5/cb", "https://127.0.0.1:5/cb", "http://127.0.0.1:0/cb",
    "http://127.0.0.1:65536/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:5/other", "http://127.0.0.1:5@evil.example/cb",
])
def test_nothing_else_of_a_loopback_uri_may_vary(native, browser, uri):
    assert is_page(native.ask(browser, redirect_uri=uri), 400)


@pytest.mark.parametrize("uri", [
    "http://app.example/cb", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "about:blank", "myapp:/cb",
    "https://app.example/cb#f", "https://*.app.example/cb", "https://u:p@app.example/cb", "/cb", "https://app.example/../cb",
])
def test_bad_redirect_uris_cannot_be_registered(world, uri):
    with pytest.raises(CliError) as refused:
        world.client("owner@platform.example", redirect_uri=uri)
    assert "redirect_uri" in refused.value.stderr


def test_the_redirect_uri_may_be_left_out_when_one_is_registered(app, world, browser):  # OAuth 2.1 §2.3.2
    assert app.ask(browser, redirect_uri=None).location.startswith("/consent?")
    two = App(world, registered=[REDIRECT, "https://app.example/other"], type="public")
    assert is_page(two.ask(browser, redirect_uri=None), 400)


def test_an_app_without_redirect_uris_is_told_that_it_has_none(world, browser):
    """Whether it names one or not: else its developer would look for what is wrong with the parameter."""
    app = App(world, redirect=[], type="confidential", grant=["client_credentials"], machine_scope="events:read")
    for sent in (None, REDIRECT):
        page = app.ask(browser, redirect_uri=sent)
        assert is_page(page, 400) and "no redirect URI is registered for it" in page.text
        pushed = post_form(app.http, "/oauth/par", app.params(redirect_uri=sent), app.credentials()[0])
        assert is_error(pushed, 400, "invalid_request") and "no redirect URI is registered" in pushed.json["error_description"]


def test_a_refused_scope_or_grant_is_named(world):
    """docs/site/error-codes.md: "The message names it"."""
    app = App(world, type="confidential", grant=["client_credentials", "urn:ietf:params:oauth:grant-type:device_code"], redirect=[],
              machine_scope="events:read", scope="events:read offline_access")  # which other servers have registered
    told = lambda reply: reply.json["error_description"]
    for scope, text in (("events:read offline", "There is no scope offline here."), ("offline_access", "The scope offline_access is not for this grant."),
                        ("events:read  events:read", "Scopes are separated by one blank.")):
        reply = app.token(grant_type="client_credentials", scope=scope)
        assert is_error(reply, 400, "invalid_scope") and told(reply).endswith(text)
    for scope, text in (("offline", "There is no scope offline here."), ("events:write", "This client may not ask for events:write.")):
        reply = post_form(app.http, "/oauth/device", {"scope": scope}, app.credentials()[0])
        assert is_error(reply, 400, "invalid_scope") and told(reply).endswith(text)
    reply = app.token(grant_type="refresh_token", refresh_token="x")
    assert is_error(reply, 400, "unauthorized_client") and "refresh_token (grant_types)" in told(reply)
    assert "access token" in told(world.get("/oauth/userinfo", key="x"))
    with pytest.raises(CliError) as refused:
        world.client("owner@platform.example", redirect_uri=REDIRECT, scope="offline_access")  # alone it would be all or nothing
    assert "offline_access" in refused.value.stderr and "is no scope" in refused.value.stderr


# ---- from here on the client is told ----

GOOD = Pkce().challenge


@pytest.mark.parametrize("changes", [
    {"code_challenge": None}, {"code_challenge_method": None}, {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"}, {"code_challenge": GOOD[:42]}, {"code_challenge": "a" * 129},
    {"code_challenge": GOOD + "="}, {"code_challenge": GOOD[:42] + "+"}, {"code_challenge": GOOD[:42] + "/"},
    {"code_challenge": "a" * 44},
])
def test_only_a_good_s256_challenge_will_do(world, app, browser, changes):  # OAuth 2.1 §4.1.1, RFC 7636 §4.4.1
    assert is_red(app.ask(browser, **changes), world, "invalid_request")


@pytest.mark.parametrize("kind, error", [
    ("token", "unsupported_response_type"), ("code id_token", "unsupported_response_type"),
    ("none", "unsupported_response_type"), ("CODE", "unsupported_response_type"), (None, "invalid_request"),
])
def test_only_response_type_code_is_served(world, app, browser, kind, error):  # oidcc-response-type-missing
    assert is_red(app.ask(browser, response_type=kind), world, error)


@pytest.mark.parametrize("name", ["response_type", "scope", "code_challenge", "nonce", "unknown"])
def test_a_parameter_given_twice_is_refused(world, app, browser, name):  # OAuth 2.1 §3.1
    pairs = list(app.params(nonce="n", unknown="u").items())
    twice = encode(pairs + [p for p in pairs if p[0] == name])
    assert is_red(browser.get("/oauth/authorize?" + twice), world, "invalid_request")


def test_a_state_given_twice_is_not_echoed(world, app, browser):
    twice = encode(list(app.params().items()) + [("state", "a state")])
    assert is_red(browser.get("/oauth/authorize?" + twice), world, "invalid_request", state=None)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_client_or_redirect_uri_given_twice_gets_a_page(app, browser, name):
    pairs = list(app.params().items())
    assert is_page(browser.get("/oauth/authorize?" + encode(pairs + [p for p in pairs if p[0] == name])), 400)


def test_resource_may_repeat(world, app, browser):  # A12, RFC 8707 §2
    pairs = list(app.params().items()) + [("resource", world.public_url + "/v1"), ("resource", world.public_url + "/dav")]
    assert browser.get("/oauth/authorize?" + encode(pairs)).location.startswith("/consent?")


def test_an_empty_parameter_is_absent(app, browser):  # OAuth 2.1 §3.1
    page = app.consent_page(browser, state="", scope="", nonce="", prompt="")
    got = answer(app.decide(browser, page))
    assert "state" not in got and "code" in got


def test_unknown_parameters_are_ignored(app, browser):  # oidcc-ensure-request-with-unknown-parameter-succeeds
    assert app.ask(browser, extra="foobar").location.startswith("/consent?")


@pytest.mark.parametrize("scope", [
    "calendars:write", "nonsense", "events:read nonsense", 'events:read"', "events:read\\", "events:read\tprofile:read",
    "events:read  profile:read", " events:read", "EVENTS:READ", "events:read " * 400,
], ids=range(10))
def test_a_scope_that_is_unknown_or_not_the_clients_is_refused(world, app, browser, scope):
    assert is_red(app.ask(browser, scope=scope), world, "invalid_scope")


def test_a_scope_of_10_kB_is_refused_too(world, app, browser):
    reply = browser.post("/oauth/authorize", app.params(scope="x" * 10000))
    assert is_red(browser.get(reply.location), world, "invalid_scope")


def test_the_order_of_scopes_does_not_matter(app, browser):
    assert app.ask(browser, scope="profile:read events:read").location.startswith("/consent?")


@pytest.mark.parametrize("state", ['"><script>alert(1)</script>', "a\r\nX-Evil: 1", "\U0001F600 ü", "a" * 2048, "%00", "a&b=c#d"],
                         ids=range(6))
def test_state_comes_back_octet_by_octet(world, app, browser, state):  # OAuth 2.1 §4.1.2
    page = app.consent_page(browser, state=state)
    assert "<script>alert" not in page.text
    assert answer(app.decide(browser, page))["state"] == state
    assert is_red(app.ask(browser, state=state, scope="nonsense"), world, "invalid_scope", state)


@pytest.mark.parametrize("state", ["a" * 2049, "a\0b", b"\xff\xfe"], ids=["long", "NUL", "not UTF-8"])
def test_a_state_that_cannot_be_kept_is_refused_and_not_cut(world, app, browser, state):
    assert is_red(app.ask(browser, state=state), world, "invalid_request", state=None)


@pytest.mark.parametrize("length", [64, 384])
def test_a_long_nonce_is_fine(app, browser, length):
    assert app.ask(browser, nonce="n" * length).location.startswith("/consent?")


def test_a_nonce_that_is_too_long_is_refused_and_not_cut(world, app, browser):
    assert is_red(app.ask(browser, nonce="n" * 1025), world, "invalid_request")


@pytest.mark.parametrize("mode", ["web_message", "x", "QUERY", "query fragment", "form_post.jwt"])
def test_an_unknown_response_mode_is_told_in_the_query(world, app, browser, mode):  # A18
    assert is_red(app.ask(browser, response_mode=mode), world, "invalid_request")


def test_request_objects_are_refused_by_their_own_errors(world, app, browser):
    assert is_page(app.ask(browser, request="e30.e30."), 400)  # nothing of it is known to be the app's
    assert is_red(app.ask(browser, request_uri="https://evil.example/"), world, "request_uri_not_supported")


def test_prompt_none_never_shows_a_page(world, app, browser, stranger):  # oidcc-prompt-none-not-logged-in
    assert is_red(app.ask(stranger, prompt="none"), world, "login_required")
    assert is_red(app.ask(browser, prompt="none"), world, "consent_required")
    assert "does not vouch for" in answer(app.ask(browser, prompt="none"))["error_description"]
    assert is_red(app.ask(stranger, prompt="none", scope="nonsense"), world, "invalid_scope")
    for prompt in ("none login", "none consent", "sometimes"):
        assert is_red(app.ask(browser, prompt=prompt), world, "invalid_request")


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}])
def test_an_old_session_is_not_enough_for_prompt_login_and_max_age(world, user, app, changes):  # oidcc-prompt-login, -max-age-1
    browser = Browser(world)
    browser.sign_in(user)
    reply = app.ask(browser, **changes)
    assert reply.status == 303 and reply.location.startswith("/sign-in?")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(reply.location).query))
    reference = query["next"].partition("request=")[2]
    skipped = browser.get("/consent?request=" + reference)  # the page asks for the same
    assert skipped.status == 303 and skipped.location.startswith("/sign-in?")
    back = browser.sign_in(user, at=reply.location)
    assert back.location == query["next"]
    assert browser.get(back.location).location.startswith("/consent?")


def test_a_session_younger_than_max_age_is_enough(app, browser):  # oidcc-max-age-10000
    assert app.ask(browser, max_age="100000").location.startswith("/consent?")
    # not a number of seconds: the client's mistake
    assert answer(app.ask(browser, max_age="-1"))["error"] == "invalid_request"


def test_an_id_token_hint_changes_nothing(app, browser):
    assert app.ask(browser, id_token_hint="eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.").location.startswith("/consent?")


def test_iss_is_the_issuer_of_the_metadata(world, app, browser):  # RFC 9207 §2, §2.3
    issuer = world.get("/.well-known/oauth-authorization-server").json["issuer"]
    page = app.consent_page(browser)
    assert answer(app.decide(browser, page))["iss"] == issuer
    page = app.consent_page(browser)
    assert answer(app.decide(browser, page, decision="deny"))["iss"] == issuer


def test_an_error_leads_a_stranger_nowhere_before_they_signed_in(world, user, app):  # OAuth 2.1 §7.13.2
    browser = Browser(world)
    reply = app.ask(browser, scope="nonsense")
    assert reply.status == 303 and reply.location.startswith("/sign-in?")
    back = browser.sign_in(user, at=reply.location)
    assert is_red(browser.get(back.location), world, "invalid_scope")
    assert is_page(browser.get(back.location), 409)  # told once


def test_a_stranger_signs_in_and_comes_back_to_what_they_were_asked(world, user, app):
    browser = Browser(world)
    reply = app.ask(browser, login_hint=user.email)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(reply.location).query))
    assert query["login_hint"] == user.email
    back = browser.sign_in(user, at=reply.location)
    consent = browser.get(back.location)
    assert "code" in answer(app.decide(browser, browser.get(consent.location)))


def test_authorize_takes_a_form_by_post_and_nothing_else(world, app, browser, stranger):  # oidcc-ensure-post-request-succeeds
    body = encode(app.params()).encode()
    reply = stranger.send("POST", "/oauth/authorize", [FORM, ("Origin", "https://app.example")], body)
    assert reply.status == 303 and reply.location.startswith("/oauth/continue?request=")
    assert browser.get(reply.location).location.startswith("/consent?")  # the cookie comes with the GET
    json = [("Content-Type", "application/json")]
    assert stranger.send("POST", "/oauth/authorize", json, b"{}").status == 415
    assert stranger.send("POST", "/oauth/authorize", [FORM], b"a=" + b"x" * 40000).status == 413
    assert is_page(stranger.send("POST", "/oauth/authorize", [FORM], b""), 400)
    assert is_page(stranger.send("PUT", "/oauth/authorize", [FORM, *BROWSER], body), 405)


def test_there_is_no_cors_on_authorize(stranger):
    reply = stranger.send("OPTIONS", "/oauth/authorize", [("Origin", "https://app.example"),
                                                          ("Access-Control-Request-Method", "GET")])
    assert not [n for n, _ in reply.headers.pairs if n.lower().startswith("access-control-")]


def test_a_login_hint_is_text(world, app):  # oidcc-login-hint
    hint = '"><script>alert(1)</script>'
    browser = Browser(world)
    page = browser.get(app.ask(browser, login_hint=hint).location)
    assert page.status == 200 and "<script>alert" not in page.text
    assert "login_hint" not in app.ask(browser, login_hint="x" * 300).location


def test_too_many_parameters_and_broken_names_are_refused(world, app, browser):
    assert is_page(browser.get("/oauth/authorize?" + "&".join(f"p{i}=1" for i in range(101))), 400)
    assert is_red(browser.get(app.target() + "&%ff=1"), world, "invalid_request")


def test_secrets_of_the_query_are_not_in_the_log(world, app, browser):
    reply = app.ask(browser, state="a-state-to-look-for", scope="nonsense")
    world.log_of(reply)
    assert not any("a-state-to-look-for" in line for line in world.lines)


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description", "error_uri", "c%6fde", "a=1&state", "response"])
def test_a_redirect_uri_with_a_parameter_of_the_answer_cannot_be_registered(world, name):
    """The answer had the parameter twice (OAuth 2.1 §4.1.2)."""
    for uri in (f"https://app.example/cb?{name}=x", f"com.example.app:/cb?{name}", f"http://127.0.0.1/cb?x=y&{name}="):
        with pytest.raises(CliError) as refused:
            world.client("owner@platform.example", redirect_uri=uri)
        assert "redirect_uri" in refused.value.stderr and "answer" in refused.value.stderr


def test_another_parameter_of_a_redirect_uri_is_kept(world, browser):  # oidcc-redirect-uri-query-OK
    app = App(world, "https://app.example/cb?tenant=7&state_of=x", type="public")
    got = answer(app.decide(browser, app.consent_page(browser)), app.redirect)
    assert (got["tenant"], got["state_of"]) == ("7", "x") and "code" in got


def test_everything_at_its_limit_fits_together(world, user):
    """At their limits together, state, nonce and the redirect URI made a URL that was 414."""
    uri = "https://app.example/" + "%C3%A9" * 337
    uri += "x" * (2048 - len(uri))
    app, browser = App(world, uri, type="public"), Browser(world)
    browser.sign_in(user)
    longest = {"state": "\u00e9" * 1024, "nonce": "\u00e9" * 512, "login_hint": "\u00e9" * 127,
        "scope": "calendars:read calendars:write events:read events:write profile:read voice:invoke webhooks:manage"}
    assert "code" in answer(app.decide(browser, app.consent_page(browser, **longest)), uri)
    posted = browser.post("/oauth/authorize", app.params(**longest))
    assert posted.status == 303 and browser.get(posted.location).location.startswith("/consent?")
    refused = app.ask(browser, **{**longest, "scope": "nonsense"})
    assert is_red(refused, world, "invalid_scope", longest["state"], uri)


BROWSER = [("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")]


@pytest.mark.parametrize("target, status", [
    ("/oauth/authorize?state=" + "x" * 20_500, 414), ("/oauth/authorize?state=%zz", 400), ("/oauth/authorize?a=<b>", 400),
    ("/oauth/authorize%00?state=x", 400), ("/oauth/%ff", 400), ("/oauth//authorize", 400), ("/oauth/nothing", 404), ("/oauth/authorize/", 404),
], ids=range(8))
def test_an_address_that_cannot_be_read_is_a_page_in_a_browser(world, target, status):
    """Errors of the authorize URL before routing were JSON, which people cannot read."""
    stranger = Browser(world)
    assert is_page(stranger.get(target, BROWSER), status)
    machine = stranger.get(target, [("Accept", "application/json")])
    assert machine.status == status and "request_id" in machine.text and "<h1>" not in machine.text


@pytest.mark.parametrize("name", ["scope", "state", "prompt", "nonce", "login_hint", "unknown"])
def test_a_parameter_without_a_value_is_absent_however_often(world, app, browser, name):
    """`scope=&scope=` passed here and was refused at the token endpoint (OAuth 2.1 §3.1)."""
    pairs = [p for p in app.params().items() if p[0] != name]
    for fields in ([(name, ""), (name, "")], [(name, "")]):
        assert browser.get("/oauth/authorize?" + encode(pairs + fields)).location.startswith("/consent?")
    value = {"scope": "events:read", "prompt": "consent"}.get(name, "x")
    assert browser.get("/oauth/authorize?" + encode(pairs + [(name, ""), (name, value)])).location.startswith("/consent?")
    reply = browser.get("/oauth/authorize?" + encode(pairs + [(name, value), (name, value)]))
    assert is_red(reply, world, "invalid_request", None if name == "state" else "a state")


def test_an_error_of_a_verified_app_is_told_at_once(world):
    """The operator vouches for the app, so a stranger is not led anywhere unknown (docs/adr/0007)."""
    app = App(world, type="public", scope="events:read", name="Vouched for")
    stranger = Browser(world)
    assert app.ask(stranger, scope="nonsense").location.startswith("/sign-in?")
    world.cli("client", "verify", app.id)
    assert is_red(app.ask(stranger, scope="nonsense"), world, "invalid_scope")
    posted = stranger.post("/oauth/authorize", app.params(scope="nonsense"))
    assert is_red(stranger.get(posted.location), world, "invalid_scope")
    assert app.ask(stranger).location.startswith("/sign-in?")  # a good one is asked as before
    assert is_page(app.ask(stranger, redirect_uri="https://evil.example/"), 400)
