# SPDX-License-Identifier: Apache-2.0
"""How an answer goes back: query, fragment, form_post (A18, A23)."""
import re
import urllib.parse

import pytest
from oauth_flow import REDIRECT, App, Form, answer, is_red


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read profile:read")


def in_fragment(reply, redirect=REDIRECT):
    assert reply.status == 303 and reply.location.startswith(redirect + "#"), reply.location
    return dict(urllib.parse.parse_qsl(reply.location.partition("#")[2], strict_parsing=True))


def in_form(reply, redirect=REDIRECT):
    """The fields of the page's form; without JavaScript its button sends them."""
    assert reply.status == 200 and reply.location is None, reply
    assert reply.headers["Cache-Control"] == "no-store" and reply.headers["Referrer-Policy"] == "no-referrer"
    policy = reply.headers["Content-Security-Policy"]
    assert "form-action" not in policy and "frame-ancestors 'none'" in policy and "script-src 'self'" in policy
    assert '<button type="submit">' in reply.text and 'method="post"' in reply.text
    assert "<script>" not in reply.text, "inline scripts are not run"
    form = Form(reply.text, redirect)
    assert len(form.fields) == len(dict(form.fields))
    return dict(form.fields)


READS = {"query": answer, "fragment": in_fragment, "form_post": in_form}


@pytest.mark.parametrize("mode", READS)
def test_a_code_and_a_denial_go_back_as_asked(world, app, browser, mode):
    """A23: iss in each, byte by byte the issuer; the state as it came."""
    state = "a state \"><script>&amp;=+%\u00fc\U0001F600"
    page = app.consent_page(browser, response_mode=mode, state=state)
    got = READS[mode](app.decide(browser, page))
    assert set(got) == {"code", "state", "iss"} and got["state"] == state and got["iss"] == world.public_url
    assert app.redeem(got["code"]).status == 200
    page = app.consent_page(browser, response_mode=mode, state=state)
    got = READS[mode](app.decide(browser, page, decision="deny"))
    assert set(got) == {"error", "error_description", "state", "iss"} and got["error"] == "access_denied"
    assert got["state"] == state and got["iss"] == world.public_url


@pytest.mark.parametrize("mode", READS)
def test_an_error_goes_back_as_asked(world, app, browser, mode):
    got = READS[mode](app.ask(browser, response_mode=mode, scope="everything"))
    assert (got["error"], got["state"], got["iss"]) == ("invalid_scope", "a state", world.public_url)
    got = READS[mode](app.ask(browser, response_mode=mode, prompt="none", state=None))
    assert got["error"] == "consent_required" and "state" not in got


def test_a_query_of_the_redirect_uri_stays_beside_a_fragment(world, browser):
    app = App(world, REDIRECT + "?tenant=1", type="public")
    reply = app.decide(browser, app.consent_page(browser, response_mode="fragment"))
    assert reply.location.startswith(REDIRECT + "?tenant=1#code=")


def test_a_form_goes_to_web_servers_alone(world, app, browser):
    """A browser posts no form to a program's own scheme; and it would change the line ends of a state."""
    native = App(world, "com.example.app:/cb", type="public")
    assert is_red(native.ask(browser, response_mode="form_post"), world, "invalid_request", redirect="com.example.app:/cb")
    assert is_red(app.ask(browser, response_mode="form_post", state="a\r\nb"), world, "invalid_request", state="a\r\nb")
    loopback = App(world, "http://127.0.0.1:5000/cb", type="public")
    got = in_form(loopback.decide(browser, loopback.consent_page(browser, response_mode="form_post")), "http://127.0.0.1:5000/cb")
    assert "code" in got


def test_a_verified_app_gets_its_code_by_form_without_a_question(world, browser):
    app = App(world, type="confidential")
    world.cli("client", "verify", app.id)
    app.consent(browser)
    got = in_form(app.ask(browser, response_mode="form_post", prompt="none"))
    assert app.redeem(got["code"]).status == 200


def test_the_page_sends_itself_with_a_script_of_ours(world, app, browser):
    page = app.decide(browser, app.consent_page(browser, response_mode="form_post"))
    script = re.search(r'<script src="(/static/form_post[^"]*)"></script>', page.text)[1]
    assert ".submit()" in world.get(script).text
