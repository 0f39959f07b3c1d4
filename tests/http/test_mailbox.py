# SPDX-License-Identifier: Apache-2.0
"""Confirmed addresses, changes of them, and new passwords by mail: docs/mail.md, "Links"."""
import itertools
import re
import threading

import pytest

from mails import meeting, new_port, notify, serve_with
from oauth_flow import Browser, Form, is_page
from rest import Api, assert_error

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--signup", "open")
NUMBERS = itertools.count()
PASSWORD = "correct horse battery"


def letters(world, sink, subject, count=1):
    def found():
        return [m for m in sink.got if m.message["Subject"] == f"Calends: {subject}"]
    assert world.wait_for(lambda: len(found()) >= count), ([m.message["Subject"] for m in sink.got], world.lines[-5:])
    return found()


def link_in(world, mail, word):
    [link] = set(re.findall(rf"{world.url}(/link/{word}/\S+)", mail.text))
    world.secret(link.rpartition("/")[2])
    return link


def letter_to(world, sink, email, subject):
    """The newest letter to this address."""
    def found():
        return [m for m in sink.got if m.recipient == email and m.message["Subject"] == f"Calends: {subject}"]
    assert world.wait_for(found), [m.message["Subject"] for m in sink.got]
    return found()[-1]


def submit(browser, page, action, **fields):
    return browser.post(action, Form(browser.get(page).text, action).with_(**fields))


class Person:
    """Whose account is from a time when no mail was sent: nobody has confirmed its address. They are signed in, and asked for a letter."""

    def __init__(self, world):
        self.browser, self.email, self.password = Browser(world), f"new-{next(NUMBERS)}@example.org", PASSWORD
        account = world.account(self.email, name="New", password=PASSWORD)
        world.sql(f"UPDATE account SET email_confirmed_at = NULL WHERE email = '{self.email}'")
        self.browser.sign_in(account)
        world.sql("DELETE FROM notice")  # of the browser, which would be told in one letter with what follows
        assert submit(self.browser, "/account", "/account/confirm").location == "/account?done=confirm-sent"


@pytest.fixture
def person(world, sink):
    world.sql("DELETE FROM throttle")
    return Person(world)


# ---- confirming ----


def test_who_has_an_account_confirms_the_address_by_a_link(world, sink, person):
    page = person.browser.get("/account").text
    assert "Not confirmed" in page and "Confirm your e-mail address." in page
    [mail] = letters(world, sink, "Confirm your e-mail address")
    assert mail.recipient == person.email
    link = link_in(world, mail, "confirm")
    for _ in range(2):  # mail programs look at links
        page = person.browser.get(link)
        assert page.status == 200 and page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
    assert "Not confirmed" in person.browser.get("/account").text
    reply = submit(person.browser, link, link)
    assert (reply.status, reply.location) == (303, "/account?done=email-confirmed"), reply
    page = person.browser.get("/account").text
    assert "Not confirmed" not in page and "Confirmed" in page
    assert is_page(Browser(world).get(link), 404)
    assert world.sql(f"SELECT kind FROM audit WHERE kind = 'account.email_confirmed' AND details LIKE '%{person.email}%'")


def test_a_newer_letter_takes_the_place_of_the_older_and_few_go_out(world, sink, person):
    [first] = letters(world, sink, "Confirm your e-mail address")
    assert submit(person.browser, "/account", "/account/confirm").location == "/account?done=confirm-sent"
    two = letters(world, sink, "Confirm your e-mail address", 2)
    old, new = (link_in(world, m, "confirm") for m in two)
    assert is_page(person.browser.get(old), 404) and person.browser.get(new).status == 200
    replies = [submit(person.browser, "/account", "/account/confirm") for _ in range(5)]
    assert [r.status for r in replies] == [303, 303, 303, 429, 429] and replies[-1].headers["Retry-After"]
    assert first in two


def test_a_link_ends_after_a_day(world, sink, person):
    [mail] = letters(world, sink, "Confirm your e-mail address")
    link = link_in(world, mail, "confirm")
    form = Form(person.browser.get(link).text, link).with_()
    world.sql("UPDATE mailbox_link SET expires_at = now() - interval '1 second'")
    assert is_page(person.browser.get(link), 404) and is_page(person.browser.post(link, form), 404)


@pytest.mark.parametrize("token", ["x", "cml_" + "0" * 60, "ses_" + "0" * 60, "%00", "cml_" + "A" * 5000])
def test_what_is_no_link_is_none(world, token):
    for word in ("confirm", "email", "reset"):
        assert Browser(world).get(f"/link/{word}/{token}").status in (400, 404, 414, 429)


def test_a_link_is_for_its_purpose(world, sink, person):
    [mail] = letters(world, sink, "Confirm your e-mail address")
    token = link_in(world, mail, "confirm").rpartition("/")[2]
    for word in ("email", "reset"):
        assert is_page(person.browser.get(f"/link/{word}/{token}"), 404)


def test_mail_in_their_name_waits_for_the_confirmation(world, sink, person):
    """Or anybody could send invitations from an address that is not theirs."""
    api = Api(world, world.line("key", "create", person.email, "--kind", "secret", "--name", "k")["key"])
    event = meeting(api, "bob@example.org")
    assert_error(api("POST", f"/v1/events/{event['id']}/notify_attendees"), 403, "email_unconfirmed", type_="authorization_failed")
    [mail] = letters(world, sink, "Confirm your e-mail address")
    link = link_in(world, mail, "confirm")
    submit(person.browser, link, link)
    assert notify(api, event)["count"] == 1


def test_whom_the_operator_made_is_confirmed(world, sink):
    api = Api(world, world.key("made@example.org", kind="secret"))
    assert notify(api, meeting(api, "bob@example.org"))["count"] == 1


# ---- another address ----


def ask_change(person, email):
    return submit(person.browser, "/account", "/account/email", email=email)


def test_the_new_address_confirms_and_the_old_is_told(world, sink, person):
    fresh = f"fresh-{next(NUMBERS)}@example.org"
    key = world.line("key", "create", person.email, "--name", "k")["key"]
    assert ask_change(person, f" {fresh.upper()} ").location == "/account?done=change-sent"
    [mail] = letters(world, sink, "Confirm your new e-mail address")
    assert mail.recipient == fresh and person.email in mail.text
    assert world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (person.email, key)).status == 207
    link = link_in(world, mail, "email")
    reply = submit(person.browser, link, link)
    assert (reply.status, reply.location) == (303, "/account?done=email-changed"), reply
    told = letters(world, sink, "The e-mail address was changed", 2)
    assert sorted(m.recipient for m in told) == sorted([person.email, fresh])
    assert all(f"from {person.email} to {fresh}" in " ".join(m.text.split()) for m in told)
    # Basic goes by the address (DESIGN §4), and so does the sign-in.
    assert world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (person.email, key)).status == 401
    assert world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (fresh, key)).status == 207
    account = type("Account", (), {"email": fresh, "password": PASSWORD})
    Browser(world).sign_in(account)
    assert fresh in person.browser.get("/account").text


def test_a_taken_address_is_not_told_before_its_owner_agrees(world, sink, person):
    world.account("taken@example.org")
    assert ask_change(person, "taken@example.org").location == "/account?done=change-sent"
    [mail] = letters(world, sink, "Confirm your new e-mail address")
    link = link_in(world, mail, "email")
    reply = submit(person.browser, link, link)
    assert is_page(reply, 409) and "another account" in reply.text
    assert person.email in person.browser.get("/account").text


@pytest.mark.parametrize("email,text", [("", "is needed"), ("x", "not an e-mail"), ("a@b@c", "not an e-mail"), (None, "already")])
def test_an_address_that_cannot_be_is_told_at_its_field(world, person, email, text):
    reply = ask_change(person, person.email if email is None else email)
    assert reply.status == 400 and text in reply.text and 'id="email-error"' in reply.text


def test_a_new_password_ends_a_change_under_way(world, sink, person):
    ask_change(person, f"thief-{next(NUMBERS)}@example.org")
    [mail] = letters(world, sink, "Confirm your new e-mail address")
    link = link_in(world, mail, "email")
    submit(person.browser, "/account", "/account/password", current_password=PASSWORD, new_password="a new and long one",
           new_password_again="a new and long one")
    assert is_page(Browser(world).get(link), 404)


# ---- a new password ----


def ask_reset(world, email, browser=None):
    return submit(browser or Browser(world), "/forgot-password", "/forgot-password", email=email)


def test_a_letter_that_cannot_be_written_holds_up_no_other(world, sink, person):
    """It is told to the log, and dropped: whoever asked may ask again."""
    first = Person(world)
    world.sql("UPDATE account SET email_confirmed_at = now()")
    try:
        with world.jobs_held():
            world.sql(f"DELETE FROM mail; ALTER TABLE mail ADD CONSTRAINT poison CHECK (recipient <> '{first.email}')")
            for email in (first.email, person.email):
                assert ask_reset(world, email).location == "/forgot-password?done=reset-sent"
        [mail] = letters(world, sink, "Set a new password")
        assert mail.recipient == person.email and world.sql("SELECT FROM letter_request") == []
        assert any("event=letter_not_written" in line for line in world.lines)
    finally:
        world.sql("ALTER TABLE mail DROP CONSTRAINT IF EXISTS poison")


def test_a_new_password_by_a_link(world, sink, person):
    """It ends all sessions; keys stay; the owner is told; and the link opens nothing by itself."""
    world.sql(f"UPDATE account SET email_confirmed_at = now() WHERE email = '{person.email}'")
    key = world.line("key", "create", person.email, "--name", "k")["key"]
    assert 'href="/forgot-password"' in Browser(world).get("/sign-in").text
    assert ask_reset(world, person.email).location == "/forgot-password?done=reset-sent"
    [mail] = letters(world, sink, "Set a new password")
    assert mail.recipient == person.email and "30 minutes" in mail.text and "127.0.0.1" in mail.text
    link, stranger = link_in(world, mail, "reset"), Browser(world)
    page = stranger.get(link)
    assert page.headers["Referrer-Policy"] == "no-referrer" and "<script src=\"http" not in page.text
    for fields, text in (({"new_password": "short", "new_password_again": "short"}, "8 to 200"),
                         ({"new_password": "long enough 1", "new_password_again": "long enough 2"}, "not the same"), ({}, "Enter a new")):
        reply = submit(stranger, link, link, **fields)
        assert reply.status == 400 and text in reply.text and 'id="fresh-error"' in reply.text, reply.text
    world.secret("quite another one")
    reply = submit(stranger, link, link, new_password="quite another one", new_password_again="quite another one")
    assert (reply.status, reply.location) == (303, "/sign-in?done=password-reset"), reply
    assert person.browser.get("/account").location.startswith("/sign-in") and stranger.get("/account").location.startswith("/sign-in")
    letters(world, sink, "The password was set; all browsers were signed out")
    assert is_page(stranger.get(link), 404)
    assert world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (person.email, key)).status == 207
    person.password = "quite another one"
    Browser(world).sign_in(person)


def test_a_link_leads_to_the_configured_address_whatever_the_request_says(world, sink, person):
    """H9: the host of a request comes from whoever sends it."""
    browser = Browser(world)
    form = Form(browser.get("/forgot-password").text, "/forgot-password").with_(email=person.email)
    headers = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("Forwarded", "host=evil.example")]
    assert browser.post("/forgot-password", form, headers).location == "/forgot-password?done=reset-sent"
    mail = letter_to(world, sink, person.email, "Set a new password")
    assert link_in(world, mail, "reset") and "evil.example" not in mail.text + str(mail.message)


def test_who_sets_a_new_password_by_a_letter_has_shown_that_the_address_is_theirs(world, sink, person):
    claim(world, sink, person.email)
    assert world.sql(f"SELECT DISTINCT email_confirmed_at IS NOT NULL FROM account WHERE email = '{person.email}'") == [["t"]]


def test_nobody_learns_who_has_an_account(world, sink, person):
    """Same answer, same statements: a job finds out."""
    known, unknown = ask_reset(world, person.email), ask_reset(world, "nobody-at-all@example.org")
    assert (known.status, known.location, known.body) == (unknown.status, unknown.location, unknown.body)
    assert world.log_of(known)["db"] == world.log_of(unknown)["db"]
    assert ask_reset(world, "no address").status == 400, "nobody has it, so that this tells of nobody"
    letter_to(world, sink, person.email, "Set a new password")
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])
    assert "nobody-at-all@example.org" not in {m.recipient for m in sink.got}


def test_asking_is_bounded_for_an_address_and_for_a_network(world, person):
    for email in (person.email, "nobody@example.org"):
        statuses = [ask_reset(world, email).status for _ in range(6)]
        assert statuses == [303] * 5 + [429], statuses
    statuses = [ask_reset(world, f"other-{n}@example.org").status for n in range(12)]
    assert statuses.count(303) == 10 and statuses[-1] == 429


def test_when_very_many_ask_those_networks_wait_that_ask_most(world):
    """H15: 1,000 at most wait; whoever fills the queue keeps nobody else out of it, and what is dropped is in the log."""
    # In one transaction, which the job does not see.
    [[told]] = world.sql("""CREATE FUNCTION pg_temp.ask_many() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE told text; more text; n int;
        BEGIN
            DELETE FROM letter_request;
            FOR n IN 1..1100 LOOP
                PERFORM letter_ask(uuid_v7(), (3 + n % 2)::smallint, n || '@a.example', CASE WHEN n <= 900 THEN 'busy' ELSE 'other' END, NULL);
            END LOOP;
            SELECT count(*) || ' ' || count(*) FILTER (WHERE network = 'other') INTO told FROM letter_request;
            FOREACH more IN ARRAY ARRAY['x@b.example busy', 'y@b.example quiet', 'y@b.example busy'] LOOP
                SELECT told || ', ' || a.noted || ' ' || coalesce(a.dropped, 'none') INTO told
                  FROM letter_ask(uuid_v7(), 3::smallint, split_part(more, ' ', 1), split_part(more, ' ', 2), NULL) a;
            END LOOP;
            SELECT told || ', ' || count(*) || ' ' || count(*) FILTER (WHERE email = 'y@b.example') INTO told FROM letter_request;
            DELETE FROM letter_request;
            RETURN told;
        END $$; SELECT pg_temp.ask_many()""")
    assert told == "1000 200, false busy, true busy, true none, 1000 1"


def test_who_is_deactivated_gets_no_link(world, sink, person):
    world.cli("account", "deactivate", person.email)
    ask_reset(world, person.email)
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])
    assert world.sql("SELECT count(*) FROM mailbox_link k JOIN account a USING (account_id) "
                     f"WHERE a.email = '{person.email}' AND purpose = 3") == [["0"]]


def test_a_strangers_words_stand_in_no_letter(world, sink, person):
    """Anybody asks for a new password of anybody, by any browser."""
    browser = Browser(world)
    page = Form(browser.get("/forgot-password").text, "/forgot-password").with_(email=person.email)
    reply = browser.post("/forgot-password", page, [("User-Agent", "Locked! Call https://evil.example/now")])
    assert reply.status == 303, reply
    [mail] = letters(world, sink, "Set a new password")
    assert "evil.example" not in mail.text and "127.0.0.1" in mail.text


# ---- whose address it is ----


def claim(world, sink, email):
    """Whoever reads at the address sets a new password by the link of a letter."""
    def found():
        return [m for m in sink.got if m.recipient == email and "Set a new" in m.message["Subject"]]
    before = len(found())
    ask_reset(world, email)
    assert world.wait_for(lambda: len(found()) > before)
    link, fresh = link_in(world, found()[-1], "reset"), world.secret("quite another one")
    page = Browser(world).get(link).text
    assert submit(Browser(world), link, link, new_password=fresh, new_password_again=fresh).location == "/sign-in?done=password-reset"
    return page, type("Account", (), {"email": email, "password": fresh})


@pytest.mark.parametrize("table", ["account", "login"])
def test_who_comes_by_a_link_waits_without_holding_it(world, sink, person, table):
    """Who sets a password by hand, or leaves, has the account or its login and wants the links: neither waits for the other for ever."""
    [[live]] = world.sql(f"SELECT account_id FROM login WHERE email = '{person.email}'")
    ask_reset(world, person.email)
    def letter():
        return [m for m in sink.got if m.recipient == person.email and "Set a new" in m.message["Subject"]]
    assert world.wait_for(letter)
    link, fresh, stranger, replies = link_in(world, letter()[0], "reset"), world.secret("quite another one"), Browser(world), []
    form = Form(stranger.get(link).text, link).with_(new_password=fresh, new_password_again=fresh)
    with world.holding(f"SELECT FROM {table} WHERE account_id = '{live}' FOR NO KEY UPDATE") as commit:
        coming = threading.Thread(target=lambda: replies.append(stranger.post(link, form)))
        coming.start()
        assert world.wait_for(world.waiting)
        free = f"SELECT count(*) FROM (SELECT FROM mailbox_link WHERE account_id = '{live}' AND purpose = 3 FOR UPDATE SKIP LOCKED) AS links"
        assert world.sql(free) == [["1"]]
        commit()
    coming.join()
    assert replies[0].location == "/sign-in?done=password-reset", replies


def test_a_link_of_30_minutes(world, sink, person):
    ask_reset(world, person.email)
    [mail] = letters(world, sink, "Set a new password")
    [[seconds]] = world.sql("SELECT extract(epoch FROM k.expires_at - m.created_at)::int FROM mailbox_link k JOIN mail m USING (account_id) "
                            "WHERE k.purpose = 3 ORDER BY m.created_at DESC LIMIT 1")
    assert 1795 <= int(seconds) <= 1800 and link_in(world, mail, "reset")


def test_a_thousand_wait_at_most(world, sink):
    """What is more is not noted: the throttles of networks come long before."""
    count = world.sql("SELECT letter_ask(gen_random_uuid(), 3::smallint, 'x' || n || '@example.org', '', NULL) FROM generate_series(1, 1100) n; "
                      "SELECT count(*) FROM letter_request")
    assert count == [["1000"]]
    world.sql("DELETE FROM letter_request")


def test_one_link_for_each_purpose(world, sink, person):
    for n in range(3):
        ask_change(person, f"many-{n}@example.org")
        ask_reset(world, person.email)
        assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])  # an address waits once
    letters(world, sink, "Set a new password", 3)
    assert world.sql(f"SELECT count(*) FROM mailbox_link k JOIN account a USING (account_id) WHERE a.email = '{person.email}'") == [["3"]]


def test_a_form_without_its_token_does_nothing(world, sink, person):
    ask_reset(world, person.email)
    [mail] = letters(world, sink, "Set a new password")
    link = link_in(world, mail, "reset")
    reply = Browser(world).post(link, {"new_password": "quite another one", "new_password_again": "quite another one"})
    assert reply.status == 403
    Browser(world).sign_in(person)
