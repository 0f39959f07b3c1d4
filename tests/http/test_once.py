# SPDX-License-Identifier: Apache-2.0
"""What is good once, used by eight at the same moment with all that is right: one of them has what came of it. Codes, refreshes, proofs, polls,
sign-ups, invitations of a program and bookings of one time are raced in the tests of their subject."""
import pytest

import second_factor
from booking import Booking, soon, text
from mails import new_port, serve_with
from oauth_flow import App, Browser, Form, answer, at_once, post_form
from test_booking_links import Guest
from test_booking_links import state as state_of
from test_mailbox import Person, letter_to, link_in, submit
from test_oauth_device import GRANTS, asked, consent_page, poll

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--signup", "open", "--trusted-proxy", "127.0.0.1")
MANY = 8


@pytest.fixture
def user(world):
    made = world.account(second_factor.EMAIL)
    world.sql("DELETE FROM throttle; DELETE FROM totp; DELETE FROM recovery_code")
    return made


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


def posted(world, target, forms):
    """Each form by a browser of its own, whose cookies are beside it, at once."""
    left = list(enumerate(forms))

    def run(http):
        n, (browser, form) = left.pop()
        cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
        return post_form(http, target, form, [("Cookie", cookies), ("X-Forwarded-For", f"203.{n}.113.1")])

    return at_once(world, len(forms), run)


@pytest.mark.parametrize("what", ["code", "recovery code"])
def test_a_code_signs_one_in(world, user, browser, what):
    """RFC 6238 §5.2."""
    secret, recovery = second_factor.set_up(browser)
    forms = []
    for there, at in (second_factor.first_step(world, user) for _ in range(MANY)):
        forms.append((there, Form(there.get(at).text, "/sign-in/code")))
    code = second_factor.code_of(secret) if what == "code" else recovery[0]
    replies = posted(world, "/sign-in/code", [(there, form.with_(code=code)) for there, form in forms])
    assert sorted(r.status for r in replies) == [303] + (MANY - 1) * [400], replies


@pytest.mark.parametrize("word,subject", [("confirm", "Confirm your e-mail address"), ("reset", "Set a new password")])
def test_a_link_of_a_letter_is_used_by_one(world, sink, word, subject):
    world.sql("DELETE FROM throttle")
    person = Person(world)
    if word == "reset":
        assert submit(Browser(world), "/forgot-password", "/forgot-password", email=person.email).status == 303
    link = link_in(world, letter_to(world, sink, person.email, subject), word)
    forms = []
    for n in range(MANY):
        there = person.browser if word == "confirm" else Browser(world)
        fields = {} if word == "confirm" else {"new_password": f"correct horse battery {n}", "new_password_again": f"correct horse battery {n}"}
        page = there.get(link, [("X-Forwarded-For", f"203.{n}.114.1")])  # a network makes so many visits to such pages
        assert page.status == 200, page
        forms.append((there, Form(page.text, link).with_(**fields)))
    replies = posted(world, link, forms)
    assert sorted(r.status for r in replies) == [303] + (MANY - 1) * [404], replies
    kind = {"confirm": "account.email_confirmed", "reset": "account.password_set"}[word]
    assert world.sql(f"SELECT count(*) FROM audit a JOIN login l USING (account_id) WHERE kind = '{kind}' AND l.email = '{person.email}'") == [["1"]]


def test_a_request_is_decided_once(world, user, browser):
    """One code, or one denial, and the others are told that it was answered."""
    app = App(world, type="public")
    form = Form(app.consent_page(browser).text, "/consent")
    decisions = [form.with_(decision=("allow", "deny")[n % 2]) for n in range(MANY)]
    replies = posted(world, "/consent", [(browser, d) for d in decisions])
    led = [r for r in replies if r.status == 303 and (r.location or "").startswith(app.redirect)]
    assert len(led) == 1 and all(r.status in (400, 404, 409, 410) for r in replies if r is not led[0]), replies
    codes = answer(led[0], app.redirect)
    assert app.redeem(codes["code"]).status == 200 if "code" in codes else codes["error"] == "access_denied"


def test_a_device_is_answered_once(world, user, browser):
    app = App(world, type="public", name="Television", grant=GRANTS, scope="events:read profile:read")
    device = asked(app, scope="profile:read")
    form = Form(consent_page(browser, device).text, "/consent")
    replies = posted(world, "/consent", [(browser, form.with_(decision=("allow", "deny")[n % 2])) for n in range(MANY)])
    counted = [r for r in replies if r.status in (200, 303)]
    assert len(counted) == 1, replies
    told = poll(app, device)
    assert told.status == 200 or told.json["error"] == "access_denied", told


@pytest.mark.parametrize("what", ["cancel", "move"])
def test_a_booking_is_changed_once(world, what):
    """By eight as by one: the calendar changes once, and as many are told."""
    api = Booking(world, world.key(world.account(f"{what}-host@example.org", plan="pro"), kind="secret"))
    calendar = api.calendar()["id"]
    page = api.page(title="Intro", calendar_id=calendar, busy_calendar_ids=[calendar])
    told, counted = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM mail)", []
    for hour, many in ((9, 1), (10, MANY)):
        made = api.booked(page, soon(3, hour))
        guest, at = Guest(world, made), f"/{what}" + (f"?start={text(soon(4, hour))}" if what == "move" else "")
        form = Form(guest.see(at).text, f"{guest.path}/{what}").with_()
        before = world.sql(told)[0]
        replies = posted(world, f"{guest.path}/{what}", [(guest, form)] * many)
        assert [r.status for r in replies].count(303) >= 1, replies
        assert state_of(api, made) == (("cancelled", made["start"]) if what == "cancel" else ("confirmed", text(soon(4, hour))))
        counted.append([int(now) - int(then) for now, then in zip(world.sql(told)[0], before)])
    assert counted[0] == counted[1] and counted[0][0] > 0, counted
