# SPDX-License-Identifier: Apache-2.0
"""Whose address it is: who only reads a letter, or only wrote an address down, gets nothing by it."""
import re

import pytest

from booking import Booking
from hooks import NOWHERE
from mails import new_port, serve_with
from oauth_flow import BOTH, App, Browser, Form, alive
from rest import Api
from test_mailbox import NUMBERS, PASSWORD, Person, ask_change, claim, letter_to, link_in, submit
from world import Account

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--signup", "open")


@pytest.fixture
def person(world, sink):
    world.sql("DELETE FROM throttle")
    return Person(world)


@pytest.mark.parametrize("word", ["confirm", "email"])
def test_who_reads_a_letter_that_they_did_not_ask_for_gives_their_address_to_nobody(world, sink, person, word):
    """H11: a stranger names the address of somebody who opens all their letters: it is not the stranger's by that."""
    if word == "email":
        fresh = f"victim-{next(NUMBERS)}@example.org"
        ask_change(person, fresh)
        link = link_in(world, letter_to(world, sink, fresh, "Confirm your new e-mail address"), word)
    else:
        fresh, link = person.email, link_in(world, letter_to(world, sink, person.email, "Confirm your e-mail address"), word)
    reader, other = Browser(world), Browser(world)
    other.sign_in(world.account("has-an-account@example.org"))
    for browser in (reader, other):
        page = browser.get(link)
        assert page.status == 403 and f"action=\"{link}\"" not in page.text and person.email in page.text
        csrf = dict(Form(browser.get("/sign-in?again=1").text, "/sign-in").fields)["csrf"]
        page = browser.post(link, {"csrf": csrf})
        assert page.status == 403 and "Sign in to the account" in page.text
    [[email, confirmed]] = world.sql(f"SELECT l.email, a.email_confirmed_at IS NOT NULL FROM login l JOIN account a USING (account_id) WHERE l.email IN ('{person.email}', '{fresh}')")
    assert (email, confirmed) == (person.email, "f")
    # Who has both, the letter and the account, goes on from there.
    at = re.search(r'href="(/sign-in\?[^"]*again=1[^"]*)"', page.text)[1].replace("&amp;", "&")
    form = Form(reader.get(at).text, "/sign-in")
    assert dict(form.fields)["email"] == person.email
    assert reader.post("/sign-in", form.with_(password=PASSWORD)).location == link
    assert submit(reader, link, link).location.startswith("/account?done=email-")


class Trojan:
    """All that somebody puts into an account with the address of somebody else, to be let in when its owner comes."""

    def __init__(self, world, person):
        self.world, self.person = world, person
        [[self.live]] = world.sql(f"SELECT account_id FROM login WHERE email = '{person.email}'")
        owner = Account(world, {"id": self.live, "email": person.email}, PASSWORD)
        self.keys = [world.line("key", "create", person.email, "--kind", "secret", "--name", "k", *more)["key"] for more in ((), ("--mode", "test"))]
        self.dav = world.line("key", "create", person.email, "--name", "caldav")["key"]
        self.api = Api(world, self.keys[0])
        self.app = App(world, owner=owner, type="confidential", name="Trojan", scope=BOTH)
        self.own = self.app.connect(person.browser, scope=BOTH)
        customer = Browser(world)
        customer.sign_in(world.account("customer@example.org"))
        self.of_customer = self.app.connect(customer, scope=BOTH)
        self.connected = App(world, scope=BOTH).connect(person.browser, scope=BOTH)
        assert self.api("POST", "/v1/webhook_endpoints", {"url": NOWHERE, "events": ["*"]}).status == 201
        self.feed = world.get("/api/v1/hosted-calendars", key=self.keys[0]).json["data"][0]["feedToken"]
        self.event = self.api.event(title="Stays")
        Booking(world, self.keys[0]).page()
        world.sql(f"UPDATE calendar SET is_public = true WHERE account_id = '{self.live}'")
        world.sql("INSERT INTO passkey (account_id, id, credential_id, public_key, counter, shared, name, created_at) "
                  f"VALUES ('{self.live}', gen_random_uuid(), 'x', 'x', 0, false, 'waits', now())")
        world.sql(f"INSERT INTO totp (account_id, sealed, created_at, activated_at) VALUES ('{self.live}', 'x', now(), now())")
        world.sql(f"INSERT INTO recovery_code (account_id, hash) VALUES ('{self.live}', sha256('x'))")

    def open(self):
        """What of it lets somebody in, or sends something out."""
        world, person = self.world, self.person
        count = lambda table, where="true": world.sql(f"SELECT count(*) FROM {table} WHERE account_id = '{self.live}' AND {where}") != [["0"]]
        ways = {
            "session": person.browser.get("/account").status == 200,
            "live key": Api(world, self.keys[0])("GET", "/v1/profile").status == 200,
            "test key": Api(world, self.keys[1])("GET", "/v1/profile").status == 200,
            "caldav": world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (person.email, self.dav)).status == 207,
            "own app": alive(world, self.own), "customers of it": alive(world, self.of_customer), "connected app": alive(world, self.connected),
            "refresh": self.app.refresh(self.own["refresh_token"]).status == 200,
            "webhook": count("webhook_endpoint"), "feed": world.get(f"/feed/{self.feed}").status == 200,
            "booking page": count("booking_page", "active"), "public": count("calendar", "is_public"),
            "passkey": count("passkey"), "totp": count("totp"), "recovery codes": count("recovery_code")}
        return {way for way, is_open in ways.items() if is_open}


def test_all_that_a_stranger_set_up_with_the_address_of_somebody_else_ends_with_their_new_password(world, sink, person):
    """H11: classic pre-hijacking, an unexpired session, a trojan identifier. What stands in the calendars stays."""
    trojan = Trojan(world, person)
    assert len(trojan.open()) == 15, trojan.open()
    page, account = claim(world, sink, person.email)
    assert "somebody else may have made this account" in page and "keys and connected apps go on" not in page
    assert trojan.open() == set()
    owner = Browser(world)
    assert owner.sign_in(account).location == "/"
    assert world.sql(f"SELECT count(*) FROM calendar_object WHERE account_id = '{trojan.live}' AND data IS NOT NULL") == [["1"]]
    told = [k for (k,) in world.sql(f"SELECT kind FROM audit WHERE account_id = '{trojan.live}' ORDER BY seq DESC LIMIT 14")]
    assert {"account.claimed", "key.revoked", "client.deleted", "consent.ended", "webhook.deleted", "passkey.ended", "totp.ended", "account.password_set"} <= set(told)
    assert "account_claimed" in world.sql(f"SELECT details FROM audit WHERE account_id = '{trojan.live}' AND kind = 'consent.ended' LIMIT 1")[0][0]
    assert world.wait_for(lambda: [m for m in sink.got if m.recipient == person.email and "Nobody had confirmed your address" in " ".join(m.text.split())])


def test_once_the_address_is_confirmed_a_new_password_ends_browsers_alone(world, sink, person):
    link = link_in(world, letter_to(world, sink, person.email, "Confirm your e-mail address"), "confirm")
    assert submit(person.browser, link, link).status == 303
    trojan = Trojan(world, person)
    page, _ = claim(world, sink, person.email)
    assert "somebody else may have made this account" not in page and "keys and connected apps go on" in page
    left = trojan.open()
    assert "session" not in left and len(left) == 14, left
