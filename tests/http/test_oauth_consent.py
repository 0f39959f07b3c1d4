# SPDX-License-Identifier: Apache-2.0
"""What the user is asked and what they answer (OAuth 2.1 §4.1, §7.3, §7.9)."""
import re

import pytest
from oauth_flow import REDIRECT, App, Browser, Form, answer, is_error, is_page
from world import CliError


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read profile:read")


@pytest.fixture(scope="module")
def trusted(world):
    app = App(world, type="public", name="Trusted")
    world.cli("client", "verify", app.id)
    return app


@pytest.mark.parametrize("headers, csrf", [
    ([], None), ([], "0" * 64), ([("Origin", "https://evil.example")], "own"), ([("Sec-Fetch-Site", "cross-site")], "own"),
])
def test_a_decision_must_come_from_our_own_page(app, browser, headers, csrf):
    fields = dict(Form(app.consent_page(browser).text, "/consent").with_(decision="allow"))
    if csrf != "own":
        fields["csrf"] = csrf
    reply = browser.post("/consent", fields, headers)
    assert reply.status == 403 and reply.location is None


def test_the_token_of_another_session_is_worth_nothing(world, app, browser):
    other = Browser(world)
    other.sign_in(world.account("other@calends.example"))
    fields = dict(Form(app.consent_page(browser).text, "/consent").with_(decision="allow"))
    assert other.post("/consent", fields).status == 403


def test_the_form_of_one_request_decides_on_no_other(app, browser):
    """field A24: the token of another request, in the same session."""
    other, page = app.consent_page(browser), app.consent_page(browser)
    tag, theirs = (dict(Form(p.text, "/consent").fields)["request_tag"] for p in (page, other))
    assert tag != theirs
    for wrong in (theirs, "", None, tag[:-1], tag + "0"):
        reply = app.decide(browser, page, request_tag=wrong)
        assert reply.status == 403 and reply.location is None, (wrong, reply)
    assert "code" in answer(app.decide(browser, page), app.redirect)  # none of them used it up


def test_a_decision_can_only_narrow_what_was_asked(world, app, browser):
    page = app.consent_page(browser, scope="events:read")
    for scope in (["events:read", "events:write"], ["events:read", "profile:read"], None):
        reply = app.decide(browser, page, scope=scope)
        assert reply.status == 400 and reply.location is None
    foreign = world.sql("SELECT id FROM account JOIN calendar USING (account_id) WHERE email = 'owner@platform.example'")
    assert foreign
    assert app.decide(browser, page, calendars="some", calendar="cal_0000000000000000000001").status == 400
    # parameters that are no part of the form's meaning change nothing
    got = answer(app.decide(browser, page, client_id="cli_x", redirect_uri="https://evil.example/"))
    assert app.redeem(got["code"]).json["scope"] == "events:read"


def test_a_scope_that_is_unticked_is_not_granted(app, browser):
    page = app.consent_page(browser, scope="events:read profile:read")
    code = answer(app.decide(browser, page, scope=["profile:read"]))["code"]
    assert app.redeem(code).json["scope"] == "profile:read"


def test_a_scope_taken_back_at_a_second_consent_is_gone_from_older_tokens_too(world, browser):
    app = App(world, type="public")
    first = app.connect(browser, scope="events:read profile:read")
    assert world.get("/v1/profile", key=first["access_token"]).status == 200
    app.redeem(app.consent(browser, {"scope": ["events:read"]}, scope="events:read profile:read"))
    assert world.get("/v1/profile", key=first["access_token"]).status == 403
    assert app.refresh(first["refresh_token"]).json["scope"] == "events:read"


def test_a_request_is_answered_once(app, browser):
    page = app.consent_page(browser)
    assert "code" in answer(app.decide(browser, page))
    again = app.decide(browser, page)
    assert again.status == 409 and again.location is None
    reference = dict(Form(page.text, "/consent").fields)["request"]
    assert browser.get("/consent?request=" + reference).status == 409
    assert browser.get("/oauth/continue?request=" + reference).status == 409


def test_a_request_is_forgotten_after_ten_minutes(world, app, browser):
    page = app.consent_page(browser)
    reference = dict(Form(page.text, "/consent").fields)["request"]
    world.sql("UPDATE auth_request SET expires_at = now() - interval '1 second'")
    assert app.decide(browser, page).status == 404
    assert browser.get("/oauth/continue?request=" + reference).status == 404
    assert is_page(browser.get("/oauth/continue?request=unknown"), 404)


def test_pages_cannot_be_framed_kept_or_leak(app, browser):
    page = app.consent_page(browser, redirect_uri=REDIRECT)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
    assert "form-action" not in policy  # docs/adr/0018
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("name", ["", "a" * 101, "Google\u202e", "zero\u200bwidth\u2066", "line\nbreak", "\x1b[31m"])
def test_a_name_that_could_deceive_cannot_be_registered(world, name):
    with pytest.raises(CliError):
        world.client("owner@platform.example", name=name, redirect_uri=REDIRECT)


def test_a_name_is_shown_as_text_with_its_owner_and_where_it_leads(world, browser):
    page = App(world, type="public", name="<b>Google</b>").consent_page(browser).text
    assert "&lt;b&gt;Google&lt;/b&gt;" in page and "<b>Google</b>" not in page
    assert "Owner" in page and "app.example" in page and "Unverified" in page


def test_consent_is_remembered_for_a_verified_client_and_no_more_than_it_covers(trusted, browser):
    trusted.connect(browser, scope="events:read profile:read")
    assert "code" in answer(trusted.ask(browser, scope="events:read"))
    assert "code" in answer(trusted.ask(browser, scope="profile:read", prompt="none"))
    for changes in ({"scope": "events:write"}, {"prompt": "consent"}, {"prompt": "select_account"}):
        assert trusted.ask(browser, **changes).location.startswith("/consent?")


def test_consent_is_not_remembered_for_unverified_and_loopback_clients(world, app, browser):  # OAuth 2.1 §7.3.1
    app.connect(browser)
    assert app.ask(browser).location.startswith("/consent?")
    for redirect, registered in (("http://127.0.0.1:5000/cb", "http://127.0.0.1/cb"), ("https://localhost:5000/cb", None), ("https://127.0.0.1/cb", None)):
        local = App(world, redirect, registered=registered, type="public")
        world.cli("client", "verify", local.id)
        local.connect(browser)
        assert local.ask(browser).location.startswith("/consent?"), redirect


def test_a_second_consent_adds_to_the_connection_and_takes_nothing(world, browser):
    app = App(world, type="public")
    first = app.connect(browser, scope="events:read")
    second = app.connect(browser, scope="profile:read")
    assert second["connected_account_id"] == first["connected_account_id"]
    assert app.refresh(first["refresh_token"]).json["scope"] == "events:read"
    assert app.refresh(second["refresh_token"]).json["scope"] == "profile:read"
    [[scopes]] = world.sql("SELECT bit_count(scopes::bit(64)) FROM connected_account ORDER BY id DESC LIMIT 1")
    assert scopes == "2"


def test_a_connection_can_be_limited_to_single_calendars(world, user, browser):
    made = world.dav("MKCALENDAR", f"/dav/calendars/{user.id}/second/", account=user)
    assert made.status == 201, made
    app = App(world, type="public")
    page = app.consent_page(browser, scope="calendars:read")
    offered = re.findall(r'name="calendar" value="(cal_\w+)"', page.text)
    assert len(offered) == 2

    def seen(tokens):
        return {c["id"] for c in world.get("/v1/calendars", key=tokens["access_token"]).json["data"]}

    code = answer(app.decide(browser, page, calendars="some", calendar=offered[1]))["code"]
    limited = app.redeem(code).json
    assert seen(limited) == {offered[1]}
    assert seen(app.connect(browser, scope="calendars:read")) == {offered[1]}  # asked again, the page remembers
    everything = app.redeem(app.consent(browser, {"calendars": "all"}, scope="calendars:read")).json
    # the choice is the connection's: what the user said last holds for all its tokens
    assert seen(everything) == seen(limited) == set(offered)


@pytest.mark.parametrize("lifetime", ["1h", "30d", "1y", "never"])
def test_how_long_is_remembered_like_calendars_and_scopes(world, browser, lifetime):
    """Whoever had given an hour was offered "until I remove it" at the next consent."""
    app = App(world, type="public")
    assert dict(Form(app.consent_page(browser).text, "/consent").fields)["lifetime"] == "never"
    app.consent(browser, {"lifetime": lifetime})
    for _ in range(2):  # also when it was left as it was offered
        page = app.consent_page(browser)
        assert dict(Form(page.text, "/consent").fields)["lifetime"] == lifetime
        answer(app.decide(browser, page))


@pytest.mark.parametrize("junk", [
    {"lifetime": "1d"}, {"lifetime": ""}, {"lifetime": "-1"}, {"lifetime": "1h "}, {"lifetime": "99999999999"}, {"lifetime": "forever"},
    {"lifetime": ["never", "1h"]}, {"lifetime": None}, {"calendars": "some", "calendar": None}, {"calendars": "some", "calendar": "cal_x"}, {"calendars": ["all", "some"]},
    {"decision": "ALLOW"}, {"decision": None}, {"decision": ["allow", "deny"]}, {"scope": "events:write"}, {"scope": "owner"},
    {"scope": None}, {"calendars": "none"}, {"calendars": ""}, {"calendars": None},
], ids=str)
def test_junk_in_a_field_of_the_form_grants_nothing(world, browser, junk):
    """An unknown lifetime must not mean for ever, nor an unknown word all calendars."""
    app = App(world, type="public")
    page = app.consent_page(browser)
    before = world.sql("SELECT count(*) FROM token_family")
    reply = app.decide(browser, page, **junk)
    assert reply.status == 400 and reply.location is None and 'role="alert"' in reply.text
    assert world.sql("SELECT count(*) FROM token_family") == before
    assert "code" in answer(app.decide(browser, page))  # the request is still there


def test_consent_after_its_time_brings_no_old_token_back(world, browser):
    """An expired connection is ended before it is granted anew."""
    app = App(world, type="public")
    old = app.redeem(app.consent(browser, {"lifetime": "1h"}, scope="profile:read")).json
    assert world.get("/v1/profile", key=old["access_token"]).status == 200
    world.sql("UPDATE connected_account SET expires_at = now() - interval '1 s' WHERE expires_at < 'infinity'")
    assert world.get("/v1/profile", key=old["access_token"]).status == 401
    new = app.connect(browser, scope="profile:read")
    assert new["connected_account_id"] == old["connected_account_id"]
    assert world.get("/v1/profile", key=new["access_token"]).status == 200
    assert world.get("/v1/profile", key=old["access_token"]).json["error"]["code"] == "token_revoked"
    assert is_error(app.refresh(old["refresh_token"]), 400, "invalid_grant")
