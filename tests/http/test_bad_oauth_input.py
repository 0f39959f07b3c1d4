# SPDX-License-Identifier: Apache-2.0
"""Each parameter of OAuth left out, twice, empty, too long and bent: nothing is granted, and a code or token is still good."""

import pytest

from oauth_flow import BOTH, App, Form, alive, answer, at_once, encode, is_error, is_page, is_red, post_form
from patience import Waited
from test_bad_input import WAIT_S

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read events:write profile:read calendars:read")


LONG = "x" * 10_000
GRANTS = "SELECT count(*), count(code_used_at), count(revoked_at) FROM token_family"


def twice(pairs, name):
    return pairs + [p for p in pairs if p[0] == name]


def replaced(pairs, name, value):
    return [(k, value if k == name else v) for k, v in pairs]


WRONG = {
    "absent": lambda pairs, name: [p for p in pairs if p[0] != name],
    "twice": twice,
    "empty": lambda pairs, name: replaced(pairs, name, ""),
    "10 kB": lambda pairs, name: replaced(pairs, name, LONG),
    "NUL": lambda pairs, name: replaced(pairs, name, dict(pairs)[name] + "\0"),
    "NUL inside": lambda pairs, name: replaced(pairs, name, dict(pairs)[name][:2] + "\0" + dict(pairs)[name][2:]),
}
# Where a parameter may be left out, leaving it out is no mistake (empty is absent: OAuth 2.1 §3.1).
MAY_BE_ABSENT = {"redirect_uri", "scope", "state"}
# Before these are proven there is nobody to tell it to (§4.1.2.1); the state that cannot be kept is not sent back.
ON_A_PAGE = {"client_id", "redirect_uri"}


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge",
    "code_challenge_method"])
def test_a_wrong_parameter_of_authorize_is_refused(world, app, browser, name, how):
    pairs = WRONG[how](list(app.params(scope="events:read").items()), name)
    before = world.sql(GRANTS)
    post = browser.post("/oauth/authorize", pairs)  # 10 kB do not fit into a target
    reply = browser.get(post.location) if post.status == 303 and post.location.startswith("/oauth/continue") else post
    if name in MAY_BE_ABSENT and how in ("absent", "empty"):
        assert reply.location.startswith("/consent?"), reply
    elif name in ON_A_PAGE:
        assert is_page(reply, 400) and name.replace("_", " ").split()[0] in reply.text.lower(), reply.text
    else:
        error = {"scope": {"10 kB": "invalid_scope", "NUL": "invalid_scope", "NUL inside": "invalid_scope"},
                 "response_type": {"10 kB": "unsupported_response_type", "NUL": "unsupported_response_type",
                                   "NUL inside": "unsupported_response_type"}}.get(name, {}).get(how, "invalid_request")
        got = answer(reply, app.redirect)
        assert got["error"] in (error, "invalid_request"), got
        assert name in got["error_description"] and len(got["error_description"]) < 300, got
        assert is_red(reply, world, got["error"], None if name == "state" else "a state")
    by_query = browser.get("/oauth/authorize?" + encode(pairs))
    assert by_query.status == (400 if reply.status == 400 else 303), by_query
    assert world.sql(GRANTS) == before


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("name", ["grant_type", "code", "code_verifier", "client_id", "redirect_uri"])
def test_a_wrong_parameter_of_a_code_exchange_costs_nothing(world, app, browser, name, how):
    code = app.consent(browser, scope=BOTH)
    pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", app.redirect),
             ("code_verifier", app.pkce.verifier), ("client_id", app.id)]
    before = world.sql(GRANTS)
    reply = post_form(world.http, "/oauth/token", WRONG[how](pairs, name))
    if name == "redirect_uri" and how in ("absent", "empty"):  # OAuth 2.1 §10.2
        assert reply.status == 200
        return
    wrong_value = how == "10 kB" or (name == "code_verifier" and how != "twice")  # RFC 7636 §4.6
    errors = {"invalid_request"} | ({"invalid_grant", "unsupported_grant_type"} if wrong_value else set())
    if name == "client_id" and how in ("absent", "empty", "10 kB"):
        assert is_error(reply, 401, "invalid_client")
    else:
        assert reply.json["error"] in errors and is_error(reply, 400, reply.json["error"])
    assert 10 < len(reply.json["error_description"]) < 300
    assert world.sql(GRANTS) == before
    assert app.redeem(code).status == 200  # it was not used up


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("name", ["grant_type", "refresh_token", "client_id"])
def test_a_wrong_parameter_of_a_refresh_costs_nothing(world, app, browser, name, how):
    tokens = app.connect(browser, scope=BOTH)
    pairs = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", app.id)]
    reply = post_form(world.http, "/oauth/token", WRONG[how](pairs, name))
    assert reply.status in (400, 401) and len(reply.json["error_description"]) > 10
    assert is_error(reply, reply.status, "invalid_client" if reply.status == 401 else reply.json["error"])
    assert alive(world, tokens)
    assert app.refresh(tokens["refresh_token"]).status == 200


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("name", ["token", "client_id"])
def test_a_wrong_parameter_of_a_revocation_revokes_nothing(world, app, browser, name, how):
    tokens = app.connect(browser, scope=BOTH)
    pairs = [("token", tokens["access_token"]), ("client_id", app.id)]
    reply = post_form(world.http, "/oauth/revoke", WRONG[how](pairs, name))
    if name == "token" and how == "10 kB":
        assert reply.status == 200  # RFC 7009 §2.2: an unknown token is no error
    else:
        assert is_error(reply, reply.status, "invalid_client" if reply.status == 401 else "invalid_request")
    assert alive(world, tokens)


@pytest.mark.parametrize("how", ["absent", "twice", "empty", "10 kB", "NUL"])
@pytest.mark.parametrize("name", ["request", "decision", "csrf"])
def test_a_wrong_field_of_a_decision_grants_nothing(world, app, browser, name, how):
    page = app.consent_page(browser)
    pairs = Form(page.text, "/consent").with_(decision="allow")
    assert name in dict(pairs)
    before = world.sql(GRANTS)
    reply = browser.post("/consent", WRONG[how](pairs, name))
    assert reply.status in (400, 403, 404, 409) and is_page(reply, reply.status)
    assert world.sql(GRANTS) == before
    assert "code" in answer(browser.post("/consent", pairs), app.redirect)  # the question still stands


REGISTERED = "https://app.example/cb?x=1"


@pytest.mark.parametrize("at", range(len(REGISTERED)))
def test_a_redirect_uri_off_by_one_octet_is_never_followed(world, browser, at, made={}):  # OAuth 2.1 §2.3.1
    app = made.get("app") or made.setdefault("app", App(world, REGISTERED, type="public"))
    good, other = REGISTERED, "/" if REGISTERED[at] != "/" else "\\"
    for uri in (good[:at] + good[at + 1:], good[:at] + other + good[at + 1:], good[:at] + "\0" + good[at:], good[:at] + good[at] + good[at:],
                good[:at] + good[at].swapcase() + good[at + 1:] if good[at].isalpha() else good + "/"):
        assert is_page(app.ask(browser, redirect_uri=uri), 400), uri
    assert app.ask(browser).location.startswith("/consent?")


def test_a_code_works_once(world, app, browser):  # OAuth 2.1 §4.1.3
    code = app.consent(browser, scope=BOTH)
    tokens = app.redeem(code).json
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert not alive(world, tokens)


def test_of_16_who_use_a_code_at_once_one_gets_tokens(world, app, browser):
    code = app.consent(browser, scope=BOTH)
    waited = Waited(world.process.pid)
    replies = at_once(world, 16, lambda http: app.redeem(code, http=http))
    assert sorted(r.status for r in replies) == [200] + [400] * 15
    assert all(is_error(r, 400, "invalid_grant") for r in replies if r.status == 400)
    assert waited.seconds < WAIT_S
