# SPDX-License-Identifier: Apache-2.0
"""Letters are in the language of who gets them: docs/mail.md, "Languages"."""
import email
import itertools
import re

import pytest

import messages
from booking import Booking, soon
from mails import meeting, new_port, notify, says_the_same_twice, serve_with
from oauth_flow import Browser, Form
from rest import Api
from test_book import Guest, opened

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--signup", "open", "--write-rate", "0")
NUMBERS = itertools.count()
PASSWORD = "correct horse battery"
CATALOGUE = messages.catalogue(messages.ROOT / "web/messages/de.po")
ENGLISH, GERMAN = [("Accept-Language", "en")], [("Accept-Language", "de-AT, en;q=0.5")]


def plain(english, **values):
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], english)


def german(english, **values):
    """What the catalogue says, whose values stand where it puts them. What is not translated yet is English."""
    return plain(CATALOGUE.get(english) or english, **values)


class Speaker(Browser):
    """A browser that likes a language."""

    def __init__(self, world, likes):
        super().__init__(world)
        self.likes = likes

    def send(self, method, target, headers=(), body=None):
        return super().send(method, target, [*self.likes, *headers], body)

    def submit(self, page, action, **fields):
        return self.post(action, Form(self.get(page).text, action).with_(**fields))


@pytest.fixture
def account(world):
    world.sql("DELETE FROM throttle")
    return world.account(f"letters-{next(NUMBERS)}@example.org", name="Lea", password=PASSWORD)


def letter_to(world, sink, address):
    assert world.wait_for(lambda: any(m.recipient == address for m in sink.got)), world.lines[-5:]
    [mail] = [m for m in sink.got if m.recipient == address]
    sink.got.clear()
    return mail


def choose(world, account, language, hours="NULL"):
    world.sql(f"UPDATE account SET language = {language}, hours = {hours} WHERE email = '{account.email}'")


def signed_in(world, sink, account, likes):
    browser = Speaker(world, likes)
    browser.sign_in(account)
    return browser, letter_to(world, sink, account.email)


def is_in(mail, language):
    """RFC 3282: the letter says it, and so does its page."""
    html = [p.get_content() for p in mail.message.walk() if p.get_content_type() == "text/html"]
    assert mail.message["Content-Language"] == language and all(f'<html lang="{language}">' in page for page in html)
    says_the_same_twice(mail)


@pytest.mark.parametrize("language, likes, told", [("'de'", ENGLISH, "de"), ("'en'", GERMAN, "en"), ("NULL", GERMAN, "de"), ("'tlh'", GERMAN, "en")],
    ids=["chosen", "english", "of-its-first-page", "unknown"])
def test_a_notice_is_in_the_account_s_language(world, sink, account, language, likes, told):
    choose(world, account, language)
    _, mail = signed_in(world, sink, account, likes)
    is_in(mail, told)
    assert ("Somebody signed in with a browser" in mail.text) == (told == "en" or not CATALOGUE.get(
        "Somebody signed in with a browser that was not used for your account before."))
    assert mail.message["Subject"] == "Calends: " + ("Signed in in a browser" if told == "en" else german("Signed in in a browser"))


def test_a_stranger_s_browser_changes_nothing(world, sink, account):
    for likes in (GERMAN, ENGLISH):
        _, mail = signed_in(world, sink, account, likes)
        is_in(mail, "de")


DAY = "{weekday}, {day} {month} {year}"


@pytest.mark.parametrize("language", ["de", "en"])
def test_days_and_hours_are_told_in_the_account_s_manner(world, sink, account, language):
    choose(world, account, f"'{language}'", 12)
    _, mail = signed_in(world, sink, account, ENGLISH)
    say = german if language == "de" else plain
    day = say(DAY, weekday="(?P<weekday>[^ ,]+)", day="[0-9]{1,2}", month="(?P<month>[^ ,]+)", year="[0-9]{4}")
    hour = say("{time} AM", time="[0-9]{1,2}:[0-9]{2}") + "|" + say("{time} PM", time="[0-9]{1,2}:[0-9]{2}")
    [line] = [line for line in mail.text.splitlines() if line.startswith(say("When") + ": ")]
    found = re.fullmatch(rf"{say('When')}: {day}, ({hour}) \(UTC\)", line)
    assert found, line
    assert found["weekday"] in {say(d) for d in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
    assert found["month"] in {say(m) for m in ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")}


def test_who_signs_up_is_written_to_in_the_language_of_the_page(world, sink):
    """And so are the letters to their account."""
    world.sql("DELETE FROM throttle")
    world.secret(PASSWORD)
    browser, address = Speaker(world, GERMAN), f"new-{next(NUMBERS)}@example.org"
    assert browser.submit("/sign-up", "/sign-up", email=address).status == 303
    mail = letter_to(world, sink, address)
    is_in(mail, "de")
    assert mail.message["Subject"] == "Calends: " + german("Create your account")
    [link] = set(re.findall(rf"{world.url}(/link/sign-up/\S+)", mail.text))
    world.secret(link.rpartition("/")[2])
    assert browser.submit(link, link, name="Nora", password=PASSWORD, tz="Europe/Berlin").status == 303
    assert world.sql(f"SELECT language, page_language FROM account WHERE email = '{address}' AND livemode") == [["", "de"]]
    # Somebody who signs up with an address that has an account asks on a page of any language: its owner reads their own.
    assert Speaker(world, ENGLISH).submit("/sign-up", "/sign-up", email=address).status == 303
    is_in(letter_to(world, sink, address), "de")


@pytest.mark.parametrize("language, told", [("NULL", "de"), ("'en'", "en")], ids=["of-the-page", "of-the-account"])
def test_a_letter_that_anybody_may_ask_for(world, sink, account, language, told):
    choose(world, account, language)
    assert Speaker(world, GERMAN).submit("/forgot-password", "/forgot-password", email=account.email).status == 303
    mail = letter_to(world, sink, account.email)
    is_in(mail, told)
    assert mail.message["Subject"] == "Calends: " + (german("Set a new password") if told == "de" else "Set a new password")
    world.secret(re.search(r"/link/reset/(\S+)", mail.text)[1])


def test_letters_of_the_account_s_own_pages(world, sink, account):
    """To confirm an address, to change it, and that the account goes."""
    world.sql(f"UPDATE account SET email_confirmed_at = NULL WHERE email = '{account.email}'")
    browser, _ = signed_in(world, sink, account, GERMAN)
    assert browser.submit("/account", "/account/confirm").status == 303
    mail = letter_to(world, sink, account.email)
    is_in(mail, "de")
    assert mail.message["Subject"] == "Calends: " + german("Confirm your e-mail address")
    other = f"other-{next(NUMBERS)}@example.org"
    assert browser.submit("/account", "/account/email", email=other).status == 303
    mail = letter_to(world, sink, other)
    is_in(mail, "de")
    assert german("New address") + f": {other}" in mail.text
    for found in re.findall(r"/link/\w+/(\S+)", mail.text):
        world.secret(found)
    assert browser.submit("/account/delete", "/account/delete").status == 200
    mail = letter_to(world, sink, account.email)
    is_in(mail, "de")
    assert german("Deleted on") + ": " in mail.text


@pytest.fixture(scope="module")
def host(world):
    return world.account("letters-host@example.org", plan="pro", name="Hosna")


@pytest.fixture(scope="module")
def api(world, host):
    return Booking(world, world.key(host, kind="secret"))


@pytest.mark.parametrize("likes, told", [(GERMAN, "de"), (ENGLISH, "en")], ids=["german", "english"])
def test_a_guest_is_written_to_in_the_language_of_the_page(world, api, sink, host, likes, told):
    """Booked there, moved and cancelled by the host, who speaks the other."""
    choose(world, host, "'en'" if told == "de" else "'de'")
    world.sql("DELETE FROM throttle")
    page, address = opened(api, slot_step_minutes=60), f"guest-{next(NUMBERS)}@example.org"
    guest = Guest(world, page)
    assert guest.submit(guest.form(soon(5, 9), email=address), likes).status == 303
    say = german if told == "de" else plain
    id = api("GET", f"/v1/bookings?booking_page_id={page['id']}").json["data"][0]["id"]
    news = [("Booked: {title}", lambda: None), ("Moved: {title}", lambda: api("POST", f"/v1/bookings/{id}/reschedule", {"start": soon(5, 11).isoformat()})),
        ("Cancelled: {title}", lambda: api("POST", f"/v1/bookings/{id}/cancel"))]
    for subject, change in news:
        change()
        mail = letter_to(world, sink, address)
        is_in(mail, told)
        assert mail.message["Subject"] == say(subject, title="Intro & call") and say("When") + ": " in mail.text


def test_who_is_booked_by_a_program_hears_it_in_the_host_s_language(world, api, sink, host):
    choose(world, host, "'de'")
    page, address = api.page(), f"guest-{next(NUMBERS)}@example.org"
    api.booked(page, soon(4, 9), email=address)
    is_in(letter_to(world, sink, address), "de")


@pytest.mark.parametrize("language, told", [("'de'", "de"), ("NULL", "en")], ids=["german", "none"])
def test_an_invitation_is_in_the_organizer_s_language(world, sink, account, language, told):
    choose(world, account, language)
    api = Api(world, world.key(account, kind="secret"))
    event = meeting(api, "bob@example.org", title="Größere Änderungen am Übergabeprotokoll der Königsberger Straße, Teil zwei")
    notify(api, event)
    mail = letter_to(world, sink, "bob@example.org")
    is_in(mail, told)
    subject = german("Invitation: {title}", title=event["title"]) if told == "de" else f"Invitation: {event['title']}"
    assert mail.message["Subject"] == subject


def test_a_subject_beyond_ascii_is_words_of_whole_characters(world, sink, account):
    """RFC 2047 §2, §5: of 75 octets at most, on lines of 76, each of whole characters, which any program puts together again."""
    choose(world, account, "'de'")
    api = Api(world, world.key(account, kind="secret"))
    title = "Ärger über große Übungen — " + "ä" * 60
    notify(api, meeting(api, "bob@example.org", title=title))
    octets = letter_to(world, sink, "bob@example.org").octets
    head = octets.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    lines = re.search(rb"^Subject: ([^\r]*(?:\r\n [^\r]*)*)", head, re.M)[1].split(b"\r\n ")
    assert len(lines) > 1 and all(re.fullmatch(rb"=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=", line) and len(line) <= 75 for line in lines)
    for line in lines:
        [(word, charset)] = email.header.decode_header(line.decode())
        assert word.decode(charset)
