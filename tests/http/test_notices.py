# SPDX-License-Identifier: Apache-2.0
"""What an account's owner is told by mail, seen at their mail server: docs/mail.md, "To the account's owner"."""
import itertools
import os
import re

import pytest

from hooks import endpoint
from mails import FROM, new_port, serve_with
from oauth_flow import App, Browser, Form
from receiver import Receiver
from world import ROOT

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT, "--allow-private-hooks", "--signup", "open")
NUMBERS = itertools.count()


def came(world, sink, count=1):
    assert world.wait_for(lambda: len(sink.got) >= count), (len(sink.got), world.lines[-5:])
    assert world.sql("SELECT count(*) FROM notice") == [["0"]] and len(sink.got) == count
    return sorted(sink.got, key=lambda m: m.recipient)


def nothing_is_left(world):
    """Neither a notice, nor a letter that it became: in one look, for one becomes the other."""
    return world.sql("SELECT (SELECT count(*) FROM notice) + (SELECT count(*) FROM mail WHERE state = 1)") == [["0"]]


def nothing_came(world, sink):
    assert world.wait_for(lambda: nothing_is_left(world)) and sink.got == []


@pytest.fixture
def ann(world):
    """An account and a browser that is known for it."""
    return world.account(f"ann-{next(NUMBERS)}@example.org", name="Ann")


@pytest.fixture
def browser(world, sink, ann):
    b = Browser(world)
    b.sign_in(ann)
    came(world, sink)
    sink.got.clear()
    return b


def submit(browser, page, action, **fields):
    return browser.post(action, Form(browser.get(page).text, action).with_(**fields))


def test_a_notice_that_cannot_be_written_holds_up_no_other(world, sink):
    """It is told to the log, and tried again later."""
    world.sql("ALTER TABLE mail ADD CONSTRAINT poison CHECK (recipient <> 'poison@example.org') NOT VALID")
    try:
        for name in ("poison", "healthy"):
            Browser(world).sign_in(world.account(f"{name}@example.org"))
        assert world.wait_for(lambda: world.sql("SELECT due_at > now() + interval '50 minutes', recipient FROM notice") == [["t", "poison@example.org"]])
        assert world.wait_for(lambda: [m.recipient for m in sink.got] == ["healthy@example.org"])
        assert any("event=notice_put_off" in line for line in world.lines)
    finally:
        world.sql("ALTER TABLE mail DROP CONSTRAINT poison; UPDATE notice SET due_at = now()")
    assert world.wait_for(lambda: [m.recipient for m in sink.got] == ["healthy@example.org", "poison@example.org"])


def make_key(browser, **fields):
    reply = submit(browser, "/keys/new", "/keys", **{"name": "Deploy", "kind": "secret", **fields})
    secret = re.search(r"(sk|rk)_(live|test)_[0-9A-Za-z]{30,}", reply.text)
    browser.world.secret(secret[0])
    assert reply.status == 200, reply
    return reply


def test_the_owner_is_told_of_a_new_key(world, sink, ann, browser):
    """What happened, when, from where, and what to do: in plain text and in HTML that say the same."""
    make_key(browser)
    [mail] = came(world, sink)
    message = mail.message
    assert mail.recipient == ann.email and mail.sender == FROM
    assert message["From"].addresses[0].display_name == "Calends" and "Reply-To" not in message
    assert message["Subject"] == "Calends: An API key was made" and message["Auto-Submitted"] == "auto-generated"
    assert [p.get_content_type() for p in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    html = mail.part("text/html").get_content()
    for text in (mail.text, html):
        assert "A new API key was made: Deploy (sk_live_" in text and "If this wasn't you" in text.replace("&#39;", "'")
        assert f"{world.url}/keys" in text and "127.0.0.1" in text and "(UTC)" in text
        assert not re.search(r"sk_live_[0-9A-Za-z]{20}", text)
    assert "<script" not in html and "<img" not in html


def test_a_browser_is_told_of_once(world, sink, ann):
    first = Browser(world)
    first.sign_in(ann)
    [mail] = came(world, sink)
    assert mail.message["Subject"] == "Calends: Signed in in a browser" and "signed in with a browser that was not used" in mail.text
    sink.got.clear()
    first.sign_in(ann, "/sign-in?again=1")
    nothing_came(world, sink)
    Browser(world).sign_in(ann)
    came(world, sink)


class Edge(Browser):
    AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"

    def send(self, method, target, headers=(), body=None):
        return super().send(method, target, [("User-Agent", self.AGENT), *headers], body)


def test_a_browser_is_called_as_people_call_it(world, sink, ann):
    """Edge says Chrome, too, and what tells them apart stands at the end of a long text; the log's page has the same words."""
    edge = Edge(world)
    edge.sign_in(ann)
    [mail] = came(world, sink)
    assert "With: Edge on Windows\r\n" in mail.text and "AppleWebKit" not in mail.text
    page = edge.get("/audit").text
    assert re.search(r'<bdi title="Mozilla/5.0 \(Windows[^"]*Edg/140.0.0.0">Edge on Windows</bdi>', page)


def test_the_owner_is_told_of_an_app(world, sink, ann, browser):
    app = App(world, name="Acme <b>Sync</b>")
    assert app.consent(browser, scope="events:read")
    [mail] = came(world, sink)
    assert "An app was connected to your account: Acme <b>Sync</b>." in mail.text and f"{world.url}/connected-accounts" in mail.text
    assert "Acme &lt;b&gt;Sync" in mail.part("text/html").get_content()


def reuse(app, browser):
    """A refresh token that was replaced comes again."""
    old = app.connect(browser, scope="events:read")["refresh_token"]
    assert app.refresh(app.refresh(old).json["refresh_token"]).status == 200
    assert app.refresh(old).json["error"] == "invalid_grant"


@pytest.mark.parametrize("what", ["refresh token", "code"])
def test_the_owner_is_told_of_a_token_that_came_twice(world, sink, ann, browser, what):
    """RFC 9700 §4.14.2, OAuth 2.1 §4.1.3: somebody has it who should not."""
    app = App(world, name="Roses & Co")
    app.connect(browser, scope="events:read")
    came(world, sink)
    sink.got.clear()
    if what == "code":
        code = app.consent(browser, scope="events:read")
        assert [app.redeem(code).status for _ in range(2)] == [200, 400]
    else:
        reuse(app, browser)
    [mail] = came(world, sink)
    assert mail.message["Subject"].startswith("Calends: A code or token of a connected app was used twice")
    assert "A secret of the app Roses & Co was used twice" in mail.text and f"{world.url}/connected-accounts" in mail.text
    assert "127.0.0.1" in mail.text or "127.0.0.0" in mail.text


def test_no_app_fills_a_mailbox(world, sink, ann, browser):
    """Told once a day of each connection, however often it comes; the log has each."""
    app, other = App(world), App(world)
    for one in (app, other):
        one.connect(browser, scope="events:read")
    told = lambda: "".join(m.text for m in sink.got).count("was used twice: it was stolen")
    assert world.wait_for(lambda: nothing_is_left(world)) and sink.got
    sink.got.clear()
    for _ in range(3):
        reuse(app, browser)
    assert world.wait_for(lambda: nothing_is_left(world)) and told() == 1
    reuse(other, browser)
    assert world.wait_for(lambda: nothing_is_left(world)) and told() == 2
    key = world.key(ann, kind="secret")
    assert len(world.get("/v1/audit?kind=tokens.replayed", key=key).json["data"]) == 4


@pytest.mark.parametrize("hours, clock", [("NULL", r"\d\d:\d\d"), ("12", r"\d{1,2}:\d\d [AP]M"), ("24", r"\d\d:\d\d")])
def test_the_owner_is_told_of_a_new_password(world, sink, ann, browser, hours, clock):
    world.sql(f"UPDATE account SET hours = {hours} WHERE email = '{ann.email}'")
    reply = submit(browser, "/account", "/account/password", current_password=ann.password, new_password="a new and long one",
                           new_password_again="a new and long one")
    assert reply.status == 303 and reply.location == "/account?done=password"
    world.secret("a new and long one")
    [mail] = came(world, sink)
    assert "Your password was changed" in mail.text and "a new and long one" not in mail.text
    assert re.search(rf"When: \w+, \d+ \w+ \d{{4}}, {clock} \(", mail.text), mail.text


def test_what_the_operator_does_and_test_mode_is_not_told(world, sink, ann, browser):
    world.key(ann)
    make_key(browser, mode="test")
    nothing_came(world, sink)


def test_much_at_once_is_one_letter_and_few_an_hour(world, sink, ann, browser):
    """Nothing is lost by it: what waits is told together."""
    for _ in range(6):  # six an hour
        world.sql(f"INSERT INTO mail (account_id, letter_id, number, recipient, state, own) SELECT account_id, gen_random_uuid(), 1, 'x', 2, true "
                  f"FROM account WHERE email = '{ann.email}' AND livemode")
    for n in range(3):
        make_key(browser, name=f"Late {n}")
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM notice WHERE due_at > now() + interval '50 minutes'")[0][0] >= "3")
    assert sink.got == []
    world.sql("UPDATE mail SET created_at = created_at - interval '2 hours' WHERE own; UPDATE notice SET due_at = now()")
    assert world.wait_for(lambda: sink.got)
    [mail] = sink.got
    assert mail.message["Subject"] == "Calends: 3 changes of your account" and all(f"Late {n}" in mail.text for n in range(3))


def test_nobody_keeps_a_notice_back_by_asking_for_letters(world, sink, ann, browser):
    """Who has a password would ask for six new ones, and have an hour in which its owner hears of nothing."""
    uuid = f"(SELECT account_id FROM account WHERE email = '{ann.email}' AND livemode)"
    for where in ("/forgot-password", "/sign-up"):
        for _ in range(4):
            assert submit(Browser(world), where, where, email=ann.email).status == 303
            assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])
    letters = world.sql(f"SELECT count(*), count(*) FILTER (WHERE own AND asked) FROM mail WHERE account_id = {uuid} AND created_at > now() - interval '1 hour' AND asked")
    assert letters == [["8", "8"]]
    world.wait_for(lambda: len(sink.got) == 8)
    sink.got.clear()
    make_key(browser)
    [mail] = came(world, sink)
    assert "A new API key was made" in mail.text


def test_fifty_wait_at_most(world, sink, ann):
    """The others stand in the audit log. And it is one letter."""
    uuid = f"(SELECT account_id FROM account WHERE email = '{ann.email}' AND livemode)"
    count = world.sql(f"""SELECT audit_add({uuid}, 'key.created', NULL, ARRAY['session','','','','',''], '{{}}') FROM generate_series(1, 60);
                          SELECT count(*) FROM notice WHERE account_id = {uuid}""")
    assert count == [["50"]]
    came(world, sink)


def test_the_notices_of_c_and_of_the_database_are_the_same(world):
    with open(os.path.join(ROOT, "server/mail/notice.def"), encoding="utf-8") as f:
        of_c = re.findall(r'^NOTICE\("([\w.]+)"', f.read(), re.M)
    with open(os.path.join(ROOT, "server/account/audit.def"), encoding="utf-8") as f:
        kinds = re.findall(r'^AUDIT\("([\w.]+)"', f.read(), re.M)
    values = ", ".join(f"('{k}')" for k in kinds)
    told = {k for (k,) in world.sql(f"""SELECT k FROM (VALUES {values}) AS v(k) WHERE notice_is_due(k, 'session', '{{"reason": "new_browser"}}')""")}
    assert told == set(of_c)
    assert world.sql(f"SELECT k FROM (VALUES {values}) AS v(k) WHERE notice_is_due(k, 'server', '{{}}')") == [["webhook.disabled"]]
    assert world.sql(f"SELECT k FROM (VALUES {values}) AS v(k) WHERE notice_is_due(k, 'command', '{{}}')") == []


def test_the_owner_is_told_of_an_endpoint_that_was_disabled(world, sink, ann):
    """The server does that by itself, and nobody hears from then on. Of what nobody did there is no "if it wasn't you"."""
    key = world.key(ann, kind="secret")
    with Receiver() as receiver:
        receiver.answer = lambda d: 410
        endpoint(world, key, receiver.url)
        [mail] = came(world, sink)
    assert mail.recipient == ann.email and "endpoint was disabled" in mail.message["Subject"]
    assert "answered 410" in mail.text and "/webhooks" in mail.text and "wasn't you" not in mail.text
    assert receiver.url not in mail.text, "a URL may be a secret"


def test_what_is_undone_is_told_to_nobody(world, sink, ann):
    """Written in the transaction of the change."""
    uuid = f"(SELECT account_id FROM account WHERE email = '{ann.email}' AND livemode)"
    world.sql(f"BEGIN; SELECT audit_add({uuid}, 'key.created', NULL, ARRAY['session','','','','',''], '{{}}'); ROLLBACK")
    nothing_came(world, sink)
