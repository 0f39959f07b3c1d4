# SPDX-License-Identifier: Apache-2.0
"""Each statement of each page and form fails once, in turn: an error page, nothing half-written, the next try works."""
import itertools
import re

import pytest

from oauth_flow import FORM, App, Browser, Form, answer, encode, is_page

SECONDS = 33
SERVE = ["--signup", "open", "--rate-limit", "100000"]
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="profile:read events:read")


def jar(browser):
    return [("Cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies.items()))]


def form(browser, page, action, **changes):
    """The request that a browser would send of the form on this page."""
    fields = Form(browser.get(page).text, action).with_(**changes)
    return "POST", action, encode(fields).encode(), [FORM, *jar(browser)]


def confirmed(browser, action):
    return form(browser, action, action)


class Places:
    def __init__(self, world, user, browser, app):
        self.world, self.user, self.browser, self.app = world, user, browser, app

    def made(self, page, link, **fields):
        """What the form of a page makes: the address of its own pages, by the link of its card."""
        name = f"Made {next(numbers)}"
        _, target, body, _ = form(self.browser, page + "/new", page, name=name, **fields)
        assert self.browser.send("POST", target, [FORM], body).status in (200, 303)
        card = next(a for a in re.findall("<(?:article|tr).*?</(?:article|tr)>", self.browser.get(page).text, re.S) if re.search(name + r"\b", a))
        return re.search(rf'href="({page}/\w+)/{link}"', card).group(1)

    def key(self):
        return self.made("/keys", "revoke", kind="account")

    def calendar(self):
        return self.made("/calendars", "edit")

    def connection(self):
        return self.app.connect(self.browser, scope="profile:read")["connected_account_id"]


@pytest.fixture(scope="module")
def places(world, user, browser, app):
    return Places(world, user, browser, app)


def sign_in(p):
    stranger = Browser(p.world)
    fields = Form(stranger.get("/sign-in").text, "/sign-in").with_(email=p.user.email, password=p.user.password)
    return "POST", "/sign-in", encode(fields).encode(), [FORM, *jar(stranger)]


def sign_out(p):
    other = Browser(p.world)
    other.sign_in(p.user)
    return form(other, "/keys", "/sign-out")


def decide(decision):
    def request(p):
        page = p.app.consent_page(p.browser, scope="profile:read")
        return "POST", "/consent", encode(Form(page.text, "/consent").with_(decision=decision)).encode(), [FORM, *jar(p.browser)]
    return request


def new_password(p):
    account = p.world.account("turn@calends.example")  # their password is as it was, whatever the last round did
    p.world.sql("UPDATE login SET password_hash = u.password_hash FROM login u WHERE login.email = 'turn@calends.example' "
                "AND u.email = 'user@calends.example'")
    other = Browser(p.world)
    other.sign_in(account)
    fresh = account.password + "!"
    return form(other, "/account", "/account/password", current_password=account.password, new_password=fresh, new_password_again=fresh)


FLOW = "/index.php/login/v2"


def begun(p):
    """A program's login flow: its token, and the path of its page."""
    p.world.sql("DELETE FROM throttle")
    made = p.world.http.request("POST", FLOW, b"", []).json
    return made["poll"]["token"], made["login"][made["login"].index(FLOW):]


def fetch(p):
    """What a program asks whose user allowed it."""
    token, page = begun(p)
    assert p.browser.send(*form(p.browser, page, page)[:2], [FORM], form(p.browser, page, page)[2]).status == 303
    return "POST", FLOW + "/poll", encode({"token": token}).encode(), [FORM]


FORMS = {
    "sign in": sign_in,
    "sign out": sign_out,
    "allow": decide("allow"),
    "deny": decide("deny"),
    "create a key": lambda p: form(p.browser, "/keys/new", "/keys", name=f"made {next(numbers)}", kind="account"),
    "rotate a key": lambda p: confirmed(p.browser, p.key() + "/rotate"),
    "revoke a key": lambda p: confirmed(p.browser, p.key() + "/revoke"),
    "rename a key": lambda p: form(p.browser, (path := p.key()), path, name=f"Renamed {next(numbers)}"),
    "a device's key": lambda p: form(p.browser, "/setup/thunderbird", "/setup/thunderbird", name=f"Device {next(numbers)}"),
    "allow a device": lambda p: form(p.browser, (path := begun(p)[1]), path),
    "fetch a device's key": fetch,
    "change an app": lambda p: form(p.browser, (path := f"/connected-accounts/{p.connection()}"), path, calendars="some",
        calendar=[p.calendar().rpartition("/")[2]]),
    "remove an app": lambda p: confirmed(p.browser, f"/connected-accounts/{p.connection()}/remove"),
    "create a calendar": lambda p: form(p.browser, "/calendars/new", "/calendars", name=f"New {next(numbers)}"),
    "edit a calendar": lambda p: form(p.browser, (path := p.calendar()) + "/edit", path + "/edit", name=f"Edited {next(numbers)}"),
    "delete a calendar": lambda p: confirmed(p.browser, p.calendar() + "/delete"),
    "change the name": lambda p: form(p.browser, "/account", "/account", name=f"Name {next(numbers)}"),
    "change the password": new_password,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_done_whole_or_not_at_all(faults, places, name):
    places.connection()  # the first one touches more than the next
    # Sessions are not among the tables: who was signed out by a statement that then failed is told that they are no longer in.
    gone = {"sign out"} & {name}
    reply = faults.each(lambda: FORMS[name](places), lambda reply: reply.status in (200, 303) or (gone and reply.status == 403))
    assert reply.status in (200, 303)


def test_a_sign_up_makes_an_account_that_can_be_used_or_none(world):
    """The session and the demonstration data come after it: without them there is an account all the same."""
    for when, most in (("before", 40), ("after", 5)):  # after the account, one failure is like another
        for n in range(1, most):
            email = f"new-{when}-{n}@calends.example"
            stranger = Browser(world)
            world.sql("DELETE FROM throttle")
            method, target, body, headers = form(stranger, "/sign-up", "/sign-up", email=email, name="New", password="correct horse battery")
            reply = stranger.send(method, target, [FORM, ("Calends-Fail-Query", f"{n} {when}")], body)
            made = world.sql(f"SELECT count(*) FROM login JOIN account a USING (account_id) WHERE login.email = '{email}'") == [["1"]]
            demo = world.sql(f"SELECT count(*) FROM calendar_object o JOIN account a USING (account_id) WHERE a.email = '{email}'")
            assert demo in ([["0"]], [["14"]]), demo
            assert reply.status == 303 or (reply.status in (500, 503) and is_page(reply, reply.status)), reply
            assert made if reply.status == 303 else (not made or when == "after"), (n, when)
            page = stranger.get(reply.location) if reply.status == 303 else reply
            assert reply.status != 303 or page.status == 200 and ("New" in page.text or "Your account is ready" in page.text), page.text
            if made and n < 6:  # who had no session makes one
                again = stranger.get("/sign-in?again=1")
                done = stranger.post("/sign-in", Form(again.text, "/sign-in").with_(email=email, password="correct horse battery"))
                assert done.status == 303, done
            if reply.status == 303 and demo == [["14"]] and reply.location == "/":
                break
        assert when == "after" or n > 10, "it was made to fail, and in the end it passed"


PAGES = {
    "home": lambda p: "/", "keys": lambda p: "/keys", "apps": lambda p: "/connected-accounts", "calendars": lambda p: "/calendars",
    "account": lambda p: "/account", "a question": lambda p: p.key() + "/revoke", "an app": lambda p: f"/connected-accounts/{p.connection()}/remove",
    "a calendar": lambda p: p.calendar() + "/edit", "consent": lambda p: p.app.ask(p.browser).location,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_survives_any_failure(faults, places, name):
    assert faults.each(lambda: ("GET", PAGES[name](places), None, jar(places.browser))).status == 200


def test_a_failure_is_shown_as_a_page_that_says_what_to_do(world, browser):
    reply = browser.get("/keys", [("Calends-Fail-Query", "1 before")])
    assert is_page(reply, 503) and reply.headers["Retry-After"] and "again" in reply.text


def test_a_code_is_in_no_answer_that_failed(faults, places, app):
    """Allowed after its run: the grant stands, and the code that nobody got dies by itself in a minute."""
    request = decide("allow")(places)
    for n in range(1, 20):
        reply = faults.send(*request, f"{n} after")
        if reply.status < 500:
            break
        assert "code=" not in reply.text and reply.location is None
    assert reply.status in (303, 409) and (reply.status == 409 or "code" in answer(reply, app.redirect))
