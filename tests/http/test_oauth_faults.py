# SPDX-License-Identifier: Apache-2.0
"""Each statement of an OAuth request fails once, in turn: a clean refusal, nothing half-written, the next try works."""
import pytest
from oauth_flow import FORM, App, Form, answer, encode, profile

SCOPE = "profile:read"


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


def failing(n):
    return [("Calends-Fail-Query", str(n))]


def until_it_passes(run):
    """`run(n)` with the n-th statement failing, for n = 1, 2 … until the request has fewer; its last reply."""
    for n in range(1, 20):
        reply = run(n)
        if reply.status < 500:
            assert n > 1, "no statement was made to fail"
            return reply
        assert reply.status in (500, 503) and "Request-Id" in reply.headers
    raise AssertionError("it never passed")


def test_authorize_works_again_after_any_failure(app, browser):
    reply = until_it_passes(lambda n: browser.get(app.target(), failing(n)))
    assert reply.location.startswith("/consent?") and browser.get(reply.location).status == 200


def test_a_decision_is_made_whole_or_not_at_all(world, app, browser):
    page = app.consent_page(browser, scope=SCOPE)
    fields = Form(page.text, "/consent").with_(decision="allow")

    def run(n):
        before = world.sql("SELECT count(*) FROM token_family")
        reply = browser.post("/consent", fields, failing(n))
        if reply.status >= 500:
            assert world.sql("SELECT count(*) FROM token_family") == before
            assert world.sql("SELECT count(*) FROM auth_request WHERE decided_at IS NOT NULL") == [["0"]]
        return reply

    world.sql("DELETE FROM auth_request WHERE decided_at IS NOT NULL")
    assert app.redeem(answer(until_it_passes(run))["code"]).status == 200


def test_a_code_survives_a_failure_at_the_token_endpoint(world, app, browser):
    code = app.consent(browser, scope=SCOPE)
    reply = until_it_passes(lambda n: app.redeem(code, failing(n)))
    assert reply.status == 200 and profile(world, reply.json["access_token"]).status == 200


def test_a_refresh_token_survives_a_failure(world, app, browser):
    tokens = app.connect(browser, scope=SCOPE)
    reply = until_it_passes(lambda n: app.refresh(tokens["refresh_token"], failing(n)))
    assert reply.status == 200 and profile(world, reply.json["access_token"]).status == 200


def test_a_revocation_that_failed_is_not_called_done(world, app, browser):
    tokens = app.connect(browser, scope=SCOPE)

    def run(n):
        params = encode({"client_id": app.id, "token": tokens["access_token"]})
        reply = world.post("/oauth/revoke", params, [FORM, *failing(n)])
        assert reply.status == 200 or profile(world, tokens["access_token"]).status == 200
        return reply

    assert until_it_passes(run).status == 200
    assert profile(world, tokens["access_token"]).status == 401


def test_a_token_is_never_taken_while_the_database_fails(world, app, browser):
    tokens = app.connect(browser, scope=SCOPE)
    reply = world.get("/v1/profile", failing(1), key=tokens["access_token"])
    assert reply.status == 503 and reply.json["error"]["type"] == "api_error"
    assert profile(world, tokens["access_token"]).status == 200
