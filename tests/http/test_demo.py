# SPDX-License-Identifier: Apache-2.0
"""`--demo`: what it prints works, a second start tells the same, and its platform walks the whole Connect flow."""
import os
import re
import urllib.parse

import pytest

from oauth_flow import Browser, Form
from ports import free_port
from wire import Client

PLATFORM_PORT = free_port()
SERVE = ["--demo", "--demo-listen", f"127.0.0.1:{PLATFORM_PORT}"]


class Banner:
    def __init__(self, world):
        assert world.log_has("-X PROPFIND", 30)
        text = "".join(world.lines)
        self.text = text[text.rindex("is ready."):]
        self.email, self.password, self.key = (
            re.search(rf"^  {name} +(\S+)", self.text, re.M).group(1) for name in ("Sign in", "Password", "Key"))

    def account(self):
        return self  # .email and .password are all that a browser needs


@pytest.fixture
def banner(world):
    # The banner itself is where its secrets are told: they are not searched for in what was printed.
    return Banner(world)


class Platform(Browser):
    """The same browser at the platform's door: its cookies are kept apart, by name."""

    def __init__(self, world):
        super().__init__(world)
        self.http = Client("127.0.0.1", PLATFORM_PORT)


def place(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def ask(platform, **changes):
    """Press Connect; the authorization request that the browser is led to."""
    reply = platform.post("/connect", Form(platform.get("/").text, "/connect").with_(**changes))
    assert reply.status == 303, reply
    return reply.location


def decide(browser, authorize, decision):
    consent = browser.get(place(authorize))
    assert consent.location.startswith("/consent?"), consent
    page = browser.get(consent.location)
    return browser.post("/consent", Form(page.text, "/consent").with_(decision=decision)).location


@pytest.fixture
def browser(world, banner):
    b = Browser(world)
    b.sign_in(banner)
    return b


def test_the_key_that_is_printed_opens_rest_and_caldav(world, banner):
    calendars = world.get("/v1/calendars", key=banner.key)
    assert calendars.status == 200 and calendars.json["data"]
    events = re.search(r"'(http[^']*/v1/events[^']*)'", banner.text).group(1)
    found = world.get(place(events), key=banner.key)
    assert found.status == 200 and "Daily stand-up" in {e["title"] for e in found.json["data"]}
    home = re.search(r"Depth: 1' http://[^/]+(/dav/\S+)", banner.text).group(1)
    assert world.dav("PROPFIND", home, None, {"Depth": 1}, (banner.email, banner.key)).status == 207


def test_the_secrets_are_kept_for_the_owner_alone(world, banner):
    path = os.path.join(world.folder, "demo.json")
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path, encoding="utf-8") as f:
        assert banner.key in f.read()


def test_the_platform_connects_calls_refreshes_and_disconnects(world, browser, banner):
    platform = Platform(world)
    authorize = ask(platform)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(authorize).query))
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43 and len(asked["state"]) >= 43

    back = decide(browser, authorize, "allow")
    assert back.startswith(f"http://127.0.0.1:{PLATFORM_PORT}/callback?")
    assert platform.get(place(back)).location == "/"
    page = platform.get("/").text
    assert page.count('<span class="badge good">200</span>') == 3
    assert banner.email in page and "Daily stand-up" in page and "cpa_" in page and "cat_" in page
    assert not re.search(r"cat_\w{20}|crt_\w{20}", page)

    before = re.search(r"cat_\w+…", page).group()
    assert platform.post("/refresh", Form(page, "/refresh").with_()).location == "/"
    page = platform.get("/").text
    assert re.search(r"cat_\w+…", page).group() != before
    assert "Northwind CRM" in browser.get("/connected-accounts").text

    assert platform.post("/disconnect", Form(page, "/disconnect").with_()).location == "/"
    assert "Connect Calends" in platform.get("/").text


def test_an_answer_is_taken_once_and_by_who_asked(world, browser):
    platform, other = Platform(world), Platform(world)
    other.get("/")
    back = place(decide(browser, ask(platform), "allow"))
    assert other.get(back).status == 403
    assert platform.get(back.replace("iss=", "iss=https%3A%2F%2Fevil.example&x=")).status == 403
    # The state is spent now: even the right answer comes too late.
    assert platform.get(back).status == 403
    assert "Connect Calends" in platform.get("/").text


def test_a_denial_is_told_in_words(world, browser):
    platform = Platform(world)
    page = platform.get(place(decide(browser, ask(platform), "deny")))
    assert page.status == 200 and "You did not allow" in page.text


def test_the_platform_notices_when_the_user_cuts_it_off(world, browser):
    platform = Platform(world)
    platform.get(place(decide(browser, ask(platform), "allow")))
    connection = re.search(r"/connected-accounts/(cpa_\w+)/remove", browser.get("/connected-accounts").text).group(1)
    action = f"/connected-accounts/{connection}/remove"
    browser.post(action, Form(browser.get(action).text, action).with_())
    page = platform.get("/").text
    assert "token_revoked" in page
    ended = platform.post("/refresh", Form(page, "/refresh").with_())
    assert "The connection has ended" in ended.text


@pytest.mark.parametrize("action", ["/connect", "/refresh", "/disconnect"])
def test_the_platforms_forms_need_their_token(world, action):
    platform = Platform(world)
    platform.get("/")
    assert platform.post(action, [("token", "0" * 64), ("scope", "events:read")]).status == 403
    platform.cookies.clear()
    assert platform.post(action, [("token", "")]).status == 403


def test_a_second_start_tells_the_same_and_makes_nothing_new(world, banner):
    counts = [world.sql(f"SELECT count(*) FROM {table}") for table in ("account", "api_key", "oauth_client", "calendar_object")]
    del world.lines[:]
    world.restart()
    again = Banner(world)
    assert (again.email, again.password, again.key) == (banner.email, banner.password, banner.key)
    assert counts == [world.sql(f"SELECT count(*) FROM {table}") for table in ("account", "api_key", "oauth_client", "calendar_object")]


def test_a_key_that_was_revoked_is_replaced_and_a_changed_password_is_not_told(world, banner):
    key_id = world.cli("key", "list", banner.email)["data"][0]["id"]
    world.cli("key", "revoke", key_id)
    world.cli("account", "set-password", banner.email, "--password-stdin", input="chosen by the user\n")
    del world.lines[:]
    world.restart()
    again = Banner(world)
    assert again.key != banner.key and world.get("/v1/profile", key=again.key).status == 200
    assert "chosen" not in again.text and banner.password not in again.text
    world.cli("account", "set-password", banner.email, "--password-stdin", input=banner.password + "\n")
    del world.lines[:]
    world.restart()
