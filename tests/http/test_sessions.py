# SPDX-License-Identifier: Apache-2.0
"""Where an account is signed in: told, and ended one by one or all but this."""
import re

import pytest

from oauth_flow import Browser, Form, is_page

SECONDS = 6
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Named(Browser):
    def __init__(self, world, agent):
        super().__init__(world)
        self.agent = agent

    def send(self, method, target, headers=(), body=None):
        return super().send(method, target, [*headers, ("User-Agent", self.agent)], body)


@pytest.fixture
def user(world):
    made = world.account("everywhere@calends.example")
    world.sql("DELETE FROM session; DELETE FROM throttle")
    return made


def signed_in(browser):
    return browser.get("/keys").status == 200


def enter(world, user, agent=FIREFOX):
    browser = Named(world, agent)
    browser.sign_in(user)
    return browser


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


@pytest.mark.parametrize("agent, name", [
    (FIREFOX, "Firefox on Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("", "A browser that did not say its name")], ids=range(6))
def test_a_browser_has_a_name_for_people(world, user, agent, name):
    assert name in enter(world, user, agent).get("/security").text


def test_the_sessions_of_a_deactivated_account_open_nothing(world, user):
    browser = enter(world, user)
    assert signed_in(browser)
    world.cli("account", "deactivate", user.email)
    for path in ("/keys", "/security", "/calendar", "/account"):
        reply = browser.get(path)
        assert reply.status != 200 and user.email not in reply.text, reply
    world.cli("account", "reactivate", user.email)
    assert signed_in(browser)


def test_this_browser_is_told_apart_and_has_no_button(world, user):
    here, there = enter(world, user), enter(world, user, "curl/8.5")
    page = here.get("/security").text
    assert page.count("This browser") == 1 and len(re.findall(r"/security/sessions/ses_\w+/end", page)) == 1
    assert re.search(r"Firefox on Linux This browser .* curl ", text_of(page)) or re.search(r" curl .* Firefox on Linux This browser", text_of(page))
    assert there.get("/security").status == 200


def test_one_is_signed_out_at_once(world, user):
    here, there = enter(world, user), enter(world, user)
    page = here.get("/security").text
    action = re.search(r'action="(/security/sessions/ses_\w+/end)"', page)[1]
    assert here.post(action, Form(page, action).fields).location == "/security?done=signed-out-there"
    assert signed_in(here) and not signed_in(there)
    assert is_page(here.post(action, Form(page, action).fields), 404)


def test_all_others_are_signed_out(world, user):
    here, *there = [enter(world, user) for _ in range(4)]
    page = here.get("/security").text
    before = int(world.sql("SELECT count(*) FROM audit WHERE kind = 'session.ended'")[0][0])
    assert here.post("/security/sessions/end-others", Form(page, "/security/sessions/end-others").fields).location == "/security?done=signed-out-others"
    assert signed_in(here) and not any(map(signed_in, there))
    assert int(world.sql("SELECT count(*) FROM audit WHERE kind = 'session.ended'")[0][0]) == before + 3
    assert "Sign out all other browsers" not in here.get("/security").text


def test_nobody_ends_the_sessions_of_somebody_else(world, user):
    here = enter(world, user)
    other = Browser(world)
    other.sign_in(world.account("elsewhere@calends.example"))
    [[session]] = world.sql(f"SELECT id FROM session WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}')")
    page = other.get("/security").text
    assert is_page(other.post("/security/sessions/ses_0000000000000000000001/end", {"csrf": Form(page, "/sign-out").fields[0][1]}), 404)
    shown = re.search(r'action="(/security/sessions/ses_\w+/end)"', enter(world, user).get("/security").text)[1]
    assert is_page(other.post(shown, {"csrf": Form(page, "/sign-out").fields[0][1]}), 404)
    assert signed_in(here) and session
