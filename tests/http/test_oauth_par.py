# SPDX-License-Identifier: Apache-2.0
"""Pushed authorization requests (RFC 9126): what an app tells us itself, before its user comes."""
import pytest
from oauth_flow import App, Browser, answer, basic, encode, is_error, is_page, is_red, post_form
from world import Server

URN = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential", name="Server side")


def push(app, **changes):
    headers, params = app.credentials()
    return post_form(app.http, "/oauth/par", {**app.params(**changes), **params}, headers)


def pushed(app, **changes):
    reply = push(app, **changes)
    assert reply.status == 201, reply
    assert reply.headers["Cache-Control"] == "no-store" and reply.headers["Content-Type"] == "application/json"
    assert set(reply.json) == {"request_uri", "expires_in"} and reply.json["expires_in"] <= 60
    assert reply.json["request_uri"].startswith(URN) and len(reply.json["request_uri"]) >= len(URN) + 43
    return reply.json["request_uri"]


def visit(app, browser, uri, **beside):
    return browser.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": uri, **beside}))


def allow(app, browser, visited):
    assert visited.status == 303 and visited.location.startswith("/consent?"), visited
    return answer(app.decide(browser, browser.get(visited.location)), app.redirect)


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_a_pushed_request_gives_a_code(app, server, browser, kind):
    """RFC 9126 §2.2, §4; fapi2 par flow."""
    one = app if kind == "public" else server
    got = allow(one, browser, visit(one, browser, pushed(one, scope="profile:read", state="kept")))
    assert got["state"] == "kept"
    tokens = one.redeem(got["code"]).json
    assert tokens["scope"] == "profile:read"


def test_the_client_id_comes_from_the_proof(world, server, browser):
    uri = post_form(world.http, "/oauth/par", server.params(client_id=None), [basic(server.id, server.secret)])
    assert uri.status == 201 and "code" in allow(server, browser, visit(server, browser, uri.json["request_uri"]))
    other = post_form(world.http, "/oauth/par", server.params(client_id="cli_0000000000000000000000"), [basic(server.id, server.secret)])
    assert is_error(other, 400, "invalid_request")


def test_a_pushed_request_cannot_refer_to_another(app):
    """P1: par-authorization-request-containing-request_uri."""
    assert is_error(push(app, request_uri=pushed(app)), 400, "invalid_request")
    assert is_error(push(app, request_uri="https://evil.example/"), 400, "invalid_request")


def test_who_pushes_proves_who_they_are(world, server, app):
    """P2."""
    assert is_error(post_form(world.http, "/oauth/par", server.params()), 401, "invalid_client")
    assert is_error(post_form(world.http, "/oauth/par", server.params(), [basic(server.id, "wrong")]), 401, "invalid_client")
    assert is_error(post_form(world.http, "/oauth/par", {"client_id": "cli_0000000000000000000000"}), 401, "invalid_client")
    reply = world.get("/oauth/par")
    assert reply.status == 405 and "POST" in reply.headers["Allow"]
    assert post_form(world.http, "/oauth/par", {**app.params(), "extra": "x" * 40_000}).status == 413


@pytest.mark.parametrize("changes, error", [
    ({"redirect_uri": "https://evil.example/cb"}, "invalid_request"), ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"), ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"), ({"scope": "everything"}, "invalid_scope"),
    ({"state": "x" * 3000}, "invalid_request"), ({"prompt": "none login"}, "invalid_request"), ({"max_age": "x"}, "invalid_request"),
    ({"resource": "https://evil.example/"}, "invalid_target"), ({"request": "e30.e30."}, "invalid_request_object"),
    ({"state": "a\0b"}, "invalid_request"), ({"nonce": b"\xff"}, "invalid_request"),
])
def test_what_is_wrong_is_told_to_the_app_at_once(world, app, changes, error):
    """RFC 9126 §2.3; par-ensure-pkce-required, par-plain-pkce-rejected. Nothing is stored."""
    before = world.sql("SELECT count(*) FROM auth_request")
    assert is_error(push(app, **changes), 400, error)
    assert world.sql("SELECT count(*) FROM auth_request") == before


def test_a_parameter_that_is_there_twice_is_refused(world, app):
    """par-without-duplicate-parameters."""
    pairs = list(app.params().items())
    assert is_error(post_form(world.http, "/oauth/par", pairs + [("scope", "events:read")]), 400, "invalid_request")


def test_only_what_was_pushed_counts(app, browser):
    """P4: parameters beside request_uri contradict it, twice even, or are no form."""
    uri = pushed(app, scope="profile:read", state="pushed")
    beside = encode([("client_id", app.id), ("request_uri", uri), ("scope", "events:write"), ("state", "other"),
                     ("redirect_uri", "https://evil.example/cb"), ("scope", "events:read"), ("prompt", "none"), ("code_challenge", "x")])
    got = allow(app, browser, browser.get("/oauth/authorize?" + beside + "&nonce=%00"))
    assert got["state"] == "pushed" and app.redeem(got["code"]).json["scope"] == "profile:read"


def test_a_reference_is_good_for_visits_until_it_is_answered(app, browser):
    """P3: par-ensure-reused-request-uri-prior-to-auth-completion-succeeds, par-attempt-reuse-request_uri."""
    uri = pushed(app)
    first, second = visit(app, browser, uri), visit(app, browser, uri)
    assert "code" in allow(app, browser, second) and first.location == second.location
    assert is_page(visit(app, browser, uri), 400)
    assert is_page(browser.get("/consent?request=" + uri.removeprefix(URN)), 409)


def test_a_reference_is_of_one_app(app, server, browser):
    """P3: par-attempt-to-use-request_uri-for-different-client; guessed, altered, of no app."""
    uri = pushed(app)
    assert is_page(visit(server, browser, uri), 400)
    for other in (uri[:-1] + ("A" if uri[-1] != "A" else "B"), URN, URN + "x" * 43, URN + "' OR 1=1 --", uri + "x" * 9000):
        asked = browser.post("/oauth/authorize", {"client_id": app.id, "request_uri": other})
        assert is_page(asked, 400), other
    assert is_page(browser.get("/oauth/authorize?" + encode({"request_uri": uri})), 400)
    assert "code" in allow(app, browser, visit(app, browser, uri))


def test_a_reference_ends_after_a_minute(world, app, browser):
    """P3: par-attempt-to-use-expired-request_uri. Opened in time, it waits for its user as any other request."""
    late, opened = pushed(app), pushed(app)
    assert visit(app, browser, opened).status == 303
    world.sql("""UPDATE auth_request SET pushed_until = pushed_until - interval '61 s', expires_at = CASE WHEN expires_at = pushed_until
                 THEN expires_at - interval '61 s' ELSE expires_at END, asked_at = asked_at - interval '61 s' WHERE decided_at IS NULL""")
    assert is_page(visit(app, browser, late), 400) and is_page(visit(app, browser, opened), 400)
    page = browser.get("/consent?request=" + opened.removeprefix(URN))
    assert "code" in answer(app.decide(browser, page))


def test_a_stranger_signs_in_first(world, app):
    user, browser = world.account("user@calends.example"), Browser(world)
    uri = pushed(app, prompt="login", login_hint=user.email)
    to_sign_in = visit(app, browser, uri)
    assert to_sign_in.location.startswith("/sign-in?")
    reply = browser.sign_in(user, to_sign_in.location)
    assert "code" in allow(app, browser, browser.get(reply.location))


def test_prompt_login_asks_who_was_signed_in_before(world, app, browser):
    """A21: the push is not the sign-in; a session of before is not enough."""
    assert visit(app, browser, pushed(app, prompt="login")).location.startswith("/sign-in?")
    assert visit(app, browser, pushed(app, max_age="0")).location.startswith("/sign-in?")


def test_an_answer_without_a_question_uses_the_reference_up(world, app, browser):
    uri = pushed(app, prompt="none")
    assert is_red(visit(app, browser, uri), world, "consent_required")
    assert is_page(visit(app, browser, uri), 400)


def test_it_works_by_post(app, browser):
    uri = pushed(app)
    reply = browser.post("/oauth/authorize", {"client_id": app.id, "request_uri": uri})
    assert "code" in allow(app, browser, browser.get(reply.location))


def test_an_app_that_pushes_asks_in_no_other_way(world, browser):
    """P5: ensure-unsigned-authorization-request-without-using-par-fails; RFC 9126 §6."""
    app = App(world, type="confidential", par_only=True)
    assert is_red(app.ask(browser), world, "invalid_request")
    assert "code" in allow(app, browser, visit(app, browser, pushed(app)))


def test_an_app_decides_by_rest_that_it_pushes(world, app, browser):
    key = world.key(world.account("owner@platform.example"), kind="secret")
    change = world.request("PATCH", f"/v1/oauth_apps/{app.id}", b'{"require_pushed_authorization_requests":true}',
                           {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    assert change.status == 200 and change.json["require_pushed_authorization_requests"] is True
    assert is_red(app.ask(browser), world, "invalid_request")
    world.request("PATCH", f"/v1/oauth_apps/{app.id}", b'{"require_pushed_authorization_requests":false}',
                  {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    assert app.ask(browser).location.startswith("/consent?")


def test_a_server_may_want_it_of_every_app(world, app, browser):
    """RFC 9126 §5."""
    told = world.get("/.well-known/oauth-authorization-server").json
    assert told["require_pushed_authorization_requests"] is False
    assert told["pushed_authorization_request_endpoint"] == world.public_url + "/oauth/par"
    strict = Server(world, ["--require-par"])
    try:
        document = strict.get("/.well-known/oauth-authorization-server").json
        assert document["require_pushed_authorization_requests"] is True
        there = Browser(world)
        there.http = strict.client_connection()
        got = answer(there.get(app.target(prompt="none")), app.redirect)
        assert got["error"] == "invalid_request" and "pushed" in got["error_description"]
        assert answer(there.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed(app, prompt="none")})),
                      app.redirect)["error"] == "login_required"
    finally:
        strict.stop()
