# SPDX-License-Identifier: Apache-2.0
"""Who makes a credential proved lately that it is them. A form that comes too late is kept and goes on: nothing is lost."""
import pathlib
import re

import pytest

from booking import Booking
from oauth_flow import BOTH, App, Browser, Form, alive, answer, is_page, multipart
from world import ROOT

SECONDS = 12
AGED = "UPDATE session SET proven_at = proven_at - interval '15 minutes 1 second'"


@pytest.fixture
def user(world):
    made = world.account("confirms@calends.example")
    world.sql("DELETE FROM throttle")
    return made


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


def new_key(browser, name="made after all"):
    form = Form(browser.get("/keys/new").text, "/keys")
    return browser.post("/keys", form.with_(name=name, kind="restricted", scope=["events:read", "calendars:read"], expires="30d"))


def confirm(browser, page, password):
    """Sends the page's form, and what is kept in it on to where 307 leads."""
    form = Form(page, "/confirm")
    action = re.search(r'action="(/confirm\?[^"]*)"', page)[1].replace("&amp;", "&")
    fields = form.with_(confirm_password=password)
    reply = browser.post(action, fields)
    return browser.post(reply.location, fields) if reply.status == 307 else reply


def asks(reply):
    return reply.status == 403 and not reply.location and "<h1>Confirm it&#39;s you</h1>" in reply.text.replace("'", "&#39;")


def keys_of(world, user):
    return world.sql(f"SELECT name FROM api_key WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}') ORDER BY id")


def test_signing_in_is_a_proof(world, user, browser):
    assert new_key(browser).status == 200
    world.sql("UPDATE session SET proven_at = proven_at - interval '14 minutes'")
    assert new_key(browser, "another").status == 200


def test_a_form_that_came_too_late_is_kept_and_goes_on(world, user, browser):
    before = len(keys_of(world, user))
    world.sql(AGED)
    asked = new_key(browser)
    assert asks(asked) and len(keys_of(world, user)) == before
    assert ("scope", "events:read") in Form(asked.text, "/confirm").fields and ("scope", "calendars:read") in Form(asked.text, "/confirm").fields
    made = confirm(browser, asked.text, user.password)
    assert made.status == 200 and "rk_live_" in made.text
    assert keys_of(world, user)[-1] == ["made after all"]
    assert new_key(browser, "and at once").status == 200  # for 15 minutes nobody is asked again


def test_a_wrong_password_keeps_the_form_too(world, user, browser):
    world.sql(AGED)
    again = confirm(browser, new_key(browser).text, "wrong")
    assert is_page(again, 400) and "The password is wrong" in again.text and 'aria-invalid="true"' in again.text
    assert confirm(browser, again.text, user.password).status == 200


def test_the_proof_is_of_one_session(world, user, browser):
    world.sql(AGED)
    other = Browser(world)
    other.sign_in(user)
    assert new_key(other).status == 200
    assert asks(new_key(browser))


def test_a_key_is_rotated_by_who_proved_it_lately(world, user, browser):
    new_key(browser)
    key = re.search(r'/keys/(key_\w+)/rotate', browser.get("/keys").text)[1]
    page = browser.get(f"/keys/{key}/rotate").text
    world.sql(AGED)
    asked = browser.post(f"/keys/{key}/rotate", Form(page, f"/keys/{key}/rotate").fields)
    assert asks(asked)
    assert "rk_live_" in confirm(browser, asked.text, user.password).text


def test_what_needs_no_proof_goes_on_without(world, user, browser):
    world.sql(AGED)
    assert browser.get("/keys").status == 200 and browser.get("/keys/new").status == 200
    page = browser.get("/account").text
    assert browser.post("/account", Form(page, "/account").with_(name="Somebody")).status == 303


def test_guesses_are_bounded_and_told_as_a_sentence(world, user, browser):
    """A stolen session guesses ten times in a quarter of an hour, and keeps its owner out of nothing."""
    page = browser.get("/confirm?next=/keys").text
    statuses = [confirm(browser, page, "wrong").status for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert "Try again after" in confirm(browser, page, user.password).text
    assert Browser(world).sign_in(user).status == 303


@pytest.mark.parametrize("path, leads", [("/keys", "/keys"), ("//evil.example/", "/"), ("https://evil.example/", "/"), ("/audit?mode=test", "/audit?mode=test")])
def test_it_leads_to_pages_of_ours_alone(user, browser, path, leads):
    page = browser.get(f"/confirm?next={path.replace('?', '%3F')}").text
    assert confirm(browser, page, user.password).location == leads


def test_it_is_for_who_is_signed_in_with_its_token(world, user, browser):
    assert Browser(world).get("/confirm?next=/keys").status == 303
    page = browser.get("/confirm").text
    assert is_page(browser.post("/confirm", Form(page, "/confirm").with_(csrf="0" * 64, confirm_password=user.password)), 403)


def test_the_audit_log_tells_of_it(world, user, browser):
    confirm(browser, browser.get("/confirm").text, "wrong")
    confirm(browser, browser.get("/confirm").text, user.password)
    kinds = [k for [k] in world.sql(f"SELECT kind FROM audit WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}') ORDER BY seq DESC LIMIT 2")]
    assert kinds == ["session.proven", "session.refused"]


# ---- which forms ask for it ----

# Whoever adds a form decides: it is PROVEN_LATELY in its row, or it stands here with the reason why it needs no proof.
NO_PROOF = {
    "/sign-in": "is one", "/sign-in/code": "is one", "/sign-in/code/passkey": "is one", "/sign-in/passkey": "is one", "/confirm": "is one",
    "/sign-up": "of nobody's session", "/forgot-password": "of nobody's session", "/account/take-back": "has its own proof",
    "/sign-out": "ends", "/keys/:key/revoke": "ends", "/connected-accounts/:id/remove": "ends", "/security/sessions/end-others": "ends",
    "/security/sessions/:id/end": "ends", "/apps/:app/delete": "ends", "/apps/:app/secrets/:secret/revoke": "ends",
    "/webhooks/:endpoint/delete": "ends", "/calendars/:cal/delete": "ends", "/sandbox": "test data alone", "/docs/reference/:name/try": "test data alone",
    "/index.php/login/v2/flow/:token/deny": "nothing is made",
    "/keys/:key": "another name, an earlier end: a key gets no wider by it", "/device": "leads to the consent page, which asks",
    "/consent": "when it is allowed: see below", "/calendars": "when it is public: see below", "/calendars/:cal/edit": "when it becomes public: see below",
    "/account/password": "asks for the password, and for proof where there is a second factor: see below",
    "/account": "a name, a zone, a language", "/account/confirm": "a letter to the address that is there",
    "/webhooks/:endpoint/state": "to where its owner proved it goes", "/webhooks/:endpoint/test": "to where its owner proved it goes",
    "/webhooks/:endpoint/deliveries/:delivery/replay": "to where its owner proved it goes",
    "/calendars/import": "everyday work", "/calendars/:cal/move": "everyday work", "/calendars/:cal/feed/end": "ends",
    "/booking-pages/:page/edit": "when it becomes public: see below", "/booking-pages/:page/state": "what it tells was proven before",
    "/booking-pages/:page/delete": "ends",
    "/account/picture": "shown to them, and to whom they show their profile",
    "/calendar/new": "everyday work", "/calendar/events/:event/edit": "everyday work", "/calendar/events/:event/delete": "everyday work",
    "/calendar/events/:event/move": "everyday work", "/calendar/events/:event/respond": "everyday work",
    "/booking/:token/cancel": "a guest's link", "/booking/:token/move": "a guest's link",
    "/link/confirm/:token": "the letter is the proof", "/link/email/:token": "the letter is the proof", "/link/reset/:token": "the letter is the proof",
    "/link/sign-up/:token": "of nobody's session", "/link/device/:token": "whoever showed it was proven lately"}
SESSION_FORMS = {path: "proven lately" in who for path, who in re.findall(
    r"^\| POST \| `([^`]+)` \| ([^|]*session[^|]*) \|", pathlib.Path(ROOT, "docs/routes.md").read_text(encoding="utf-8"), re.MULTILINE)}


def test_each_form_of_who_is_signed_in_has_decided_whether_it_needs_proof():
    """H12: what a stolen session does that outlives it, or sends data elsewhere, wants proof."""
    assert len(SESSION_FORMS) > 50 and sum(SESSION_FORMS.values()) > 15, SESSION_FORMS
    undecided = {path for path, needs in SESSION_FORMS.items() if not needs} - set(NO_PROOF)
    assert not undecided, f"PROVEN_LATELY in web/routes.c, or a reason here: {undecided}"
    assert not {path for path, needs in SESSION_FORMS.items() if needs} & set(NO_PROOF)
    assert set(NO_PROOF) <= set(SESSION_FORMS), set(NO_PROOF) - set(SESSION_FORMS)


@pytest.mark.parametrize("path", sorted(path for path, needs in SESSION_FORMS.items() if needs))
def test_a_form_that_needs_proof_is_kept_until_there_is_some(world, browser, path):
    world.sql(AGED)
    token = dict(Form(browser.get("/account").text, "/sign-out").fields)["csrf"]
    reply = browser.post(re.sub(r":\w+", "x", path), {"csrf": token, "name": "kept"})
    assert asks(reply) and ("name", "kept") in Form(reply.text, "/confirm").fields


def test_to_allow_an_app_its_user_proves_it_and_to_deny_it_nobody_need(world, user, browser):
    """H12: what an app gets outlives the session. To tell who somebody is opens nothing."""
    app = App(world)
    world.sql(AGED)
    asked = app.decide(browser, app.consent_page(browser, scope=BOTH))
    assert asks(asked) and "form-action" not in asked.headers["Content-Security-Policy"]
    made = confirm(browser, asked.text, user.password)
    tokens = app.redeem(answer(made, app.redirect)["code"]).json
    assert alive(world, tokens)
    world.sql(AGED)
    other = App(world)
    assert "access_denied" in other.decide(browser, other.consent_page(browser, scope=BOTH), decision="deny").location
    assert answer(other.decide(browser, other.consent_page(browser, scope="openid")), other.redirect)["code"]


def test_a_file_is_chosen_once_more_after_the_proof(world, user, browser):
    """H12: people see a logo where they allow an app. A file is kept in no page; the page of the app asks for it again."""
    app = App(world, owner=user)
    at = f"/apps/{app.id}"
    page = browser.get(at)
    assert page.status == 200
    world.sql(AGED)
    token = dict(Form(page.text, f"{at}/logo").fields)["csrf"]
    kind, body = multipart([("csrf", token)], [("picture", "logo.png", "image/png", b"no picture")])
    asked = browser.send("POST", f"{at}/logo", [("Content-Type", kind)], body)
    assert asks(asked) and "Only the file is not kept" in asked.text
    again = confirm(browser, asked.text, user.password)
    assert is_page(again, 400) and "Choose a picture first" in again.text and 'id="picture-error"' in again.text


def test_a_calendar_becomes_public_for_who_proved_it(world, user, browser):
    edit = re.search(r"/calendars/cal_\w+/edit", browser.get("/calendars").text)[0]
    change = lambda **fields: browser.post(edit, Form(browser.get(edit).text, edit).with_(**{"name": "Work", **fields}))
    world.sql(AGED)
    assert change().status == 303
    asked = change(public="yes")
    assert asks(asked)
    assert confirm(browser, asked.text, user.password).status == 303
    assert world.sql("SELECT count(*) FROM calendar WHERE is_public") == [["1"]]
    world.sql(AGED)
    assert change(public="yes", name="Still public").status == 303
    form = Form(browser.get("/calendars/new").text, "/calendars")
    assert asks(browser.post("/calendars", form.with_(name="Other", public="yes")))
    assert browser.post("/calendars", form.with_(name="Other")).status == 303


def test_a_booking_page_becomes_public_for_who_proved_it(world, user, browser):
    """H12: from then on anybody sees when its owner is free."""
    page = Booking(world, world.key(user, kind="secret")).page()
    edit = f"/booking-pages/{page['id']}/edit"
    change = lambda **fields: browser.post(edit, Form(browser.get(edit).text, edit).with_(**fields))
    world.sql(AGED)
    assert change().status == 303
    asked = change(is_public="yes")
    assert asks(asked)
    assert confirm(browser, asked.text, user.password).status == 303
    world.sql(AGED)
    assert change(is_public="yes").status == 303
