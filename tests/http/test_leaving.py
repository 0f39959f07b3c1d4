# SPDX-License-Identifier: Apache-2.0
"""Accounts that their owners delete: docs/adr/0040-leaving.md."""
import itertools
import re

import pytest

from hooks import NOWHERE
from mails import new_port, serve_with
from oauth_flow import BOTH, App, Browser, Form, alive, is_error, is_page
from rest import Api, assert_error
from second_factor import set_up, wrong_code

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT)
NUMBERS = itertools.count()


def submit(browser, page, action, **fields):
    return browser.post(action, Form(browser.get(page).text, action).with_(**fields))


class Person:
    def __init__(self, world):
        self.account = world.account(f"leaver-{next(NUMBERS)}@example.org")
        self.email, self.password = self.account.email, self.account.password
        self.browser = Browser(world)
        self.browser.sign_in(self.account)
        self.secret = world.key(self.account, kind="secret")
        self.api = Api(world, self.secret)

    def leave(self):
        reply = submit(self.browser, "/account/delete", "/account/delete")
        assert reply.status == 200 and "Your account will be deleted" in reply.text, reply
        return reply


@pytest.fixture
def person(world, sink):
    return Person(world)


def ids(world, email):
    [[live], [test]] = world.sql(f"SELECT account_id FROM account WHERE email = '{email}' ORDER BY NOT livemode")
    return live, test


def run_out(world, live):
    """The 14 days pass, and the job has all its portions; the server's own job may be at work on the same account."""
    for status in ("3", None):
        world.sql(f"UPDATE account SET delete_at = now() - interval '1 second' WHERE account_id = '{live}'")
        assert world.wait_for(lambda s=status: portion_and_status(world, live) == s, 60), status


def portion_and_status(world, live, most=50):
    world.sql(f"SELECT account_delete_some(now(), {most})")
    return next((status for (status,) in world.sql(f"SELECT status FROM account WHERE account_id = '{live}'")), None)


def rows_left(world, live, test):
    tables = [t for (t,) in world.sql("SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' "
                                      "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace")]
    counts = {t: world.sql(f"SELECT count(*) FROM \"{t}\" WHERE account_id IN ('{live}', '{test}')")[0][0] for t in tables}
    return {t for t, n in counts.items() if n != "0"}


def written_down(world, name):
    """What the jobs have of requests until now is in their tables: a later one of another person is."""
    later = world.account(f"later-{name}@example.org")
    Api(world, world.key(later, kind="secret")).event(title="later")
    live, _ = ids(world, later.email)
    for table in ("request_log", "credential_use", "usage_day"):
        assert world.wait_for(lambda t=table: world.sql(f"SELECT count(*) > 0 FROM {t} WHERE account_id = '{live}'") == [["t"]], 90), table


def test_what_jobs_write_after_it_is_gone_is_not_of_it(world, person):
    """Requests of its last moment: the log of requests, the last use of its key and the sums of usage are written later."""
    live, test = ids(world, person.email)
    for n in range(3):
        person.api.event(title=f"Event {n}")
    person.leave()
    run_out(world, live)
    written_down(world, "gone")
    assert rows_left(world, live, test) <= {"audit", "audit_head", "outbox"}


# Nothing refuses a row of an account that is gone in these: each says who else does.
REFERS_TO_NOTHING = {
    "audit": "stays for 400 days", "audit_head": "stays with it", "outbox": "stays for 30 days",
    "credential_use": "last_used_write asks who stays", "request_log": "request_log_add asks who stays", "usage_day": "usage_add asks who stays",
    "access_token": "of active accounts alone (code_redeem, token_refresh), and pruned after four hours",
    "mail": "mail_add asks who is there, and holds them", "mail_letter": "the same",
    "calendar_object": "under the lock of its calendar (object_put), with which it goes", "consent_log": "with its connection (consent_grant)",
    "client_connection": "with its connection (consent_grant); goes with its platform, too (account_delete_some)"}


def test_a_table_that_refers_to_no_account_has_somebody_who_asks_whether_it_is_there(world):
    """What is written late, by a job, of an account that is gone would stay for ever: a new table decides."""
    found = {t for (t,) in world.sql(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ('account', 'login') "
        "AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f')")}
    assert found == set(REFERS_TO_NOTHING), found ^ set(REFERS_TO_NOTHING)


def test_the_page_names_what_goes(world, person):
    person.api.event(title="x")
    app = App(world, owner=person.email, name="Mine")
    other = Browser(world)
    other.sign_in(world.account("customer@example.org"))
    app.connect(other)
    page = person.browser.get("/account/delete").text
    for text in ("<li>1 calendar, 1 entry</li>", "<li>1 API key: what uses it stops</li>", "<b>1 app of your own</b>: 1 connection of somebody who uses them ends",
                 "14 days"):
        assert text in page, text


def test_it_is_deactivated_at_once_and_its_owner_told(world, sink, person):
    """DESIGN §4: 403 account_deactivated on every surface."""
    key = world.key(person.account)
    tokens = App(world, scope=BOTH).connect(person.browser, scope=BOTH)
    person.leave()
    assert person.browser.get("/account").location.startswith("/sign-in")
    assert_error(person.api("GET", "/v1/profile"), 403, "account_deactivated", type_="account_deactivated")
    assert world.request("PROPFIND", "/dav/", None, {"Depth": "0"}, (person.email, key)).status == 403
    assert not alive(world, tokens)
    assert world.wait_for(lambda: [m for m in sink.got if m.message["Subject"] == "Calends: Your account will be deleted"])
    [mail] = [m for m in sink.got if m.message["Subject"] == "Calends: Your account will be deleted"]
    [[day]] = world.sql(f"SELECT to_char(delete_at AT TIME ZONE 'UTC', 'FMDD Mon YYYY') FROM account WHERE email = '{person.email}' AND livemode")
    assert mail.recipient == person.email and day in mail.text and f"{world.url}/sign-in" in mail.text
    kinds = [k for (k,) in world.sql(f"SELECT kind FROM audit WHERE account_id = '{ids(world, person.email)[0]}' ORDER BY seq DESC LIMIT 2")]
    assert kinds == ["account.deletion_asked", "account.deactivated"]


def test_it_is_taken_back_by_who_signs_in(world, person):
    tokens = App(world, scope=BOTH).connect(person.browser, scope=BOTH)
    person.leave()
    browser = Browser(world)
    reply = submit(browser, "/sign-in", "/sign-in", email=person.email, password=person.password)
    assert is_page_of_return(reply)
    reply = browser.post("/account/take-back", Form(reply.text, "/account/take-back").with_())
    assert (reply.status, reply.location) == (303, "/sign-in?done=taken-back"), reply
    browser.sign_in(person.account)
    assert person.api("GET", "/v1/profile").status == 200 and alive(world, tokens)
    live, _ = ids(world, person.email)
    assert world.sql(f"SELECT status, delete_at IS NULL FROM account WHERE account_id = '{live}'") == [["1", "t"]]


def is_page_of_return(reply):
    return reply.status == 403 and "Take your account back?" in reply.text and reply.headers["Cache-Control"] == "no-store"


def test_only_who_knows_the_password_learns_of_it(world, person):
    person.leave()
    reply = submit(Browser(world), "/sign-in", "/sign-in", email=person.email, password="a wrong password")
    assert reply.status == 403 and "Take your account back" not in reply.text and "wrong" in reply.text


def test_who_has_a_second_factor_takes_it_back_by_both(world, person):
    """H14: a password alone brings back nothing that a sign-in with it would not open."""
    secret, codes = set_up(person.browser)
    person.leave()
    browser = Browser(world)
    page = submit(browser, "/sign-in", "/sign-in", email=person.email, password=person.password)
    assert is_page_of_return(page) and 'name="code"' in page.text
    live, _ = ids(world, person.email)
    for wrong in ({}, {"code": ""}, {"code": wrong_code(secret)}):
        reply = browser.post("/account/take-back", Form(page.text, "/account/take-back").with_(**wrong))
        assert is_page(reply, 400) and 'id="code-error"' in reply.text
        assert world.sql(f"SELECT status FROM account WHERE account_id = '{live}'") == [["2"]]
    again = Form(reply.text, "/account/take-back").with_(code=codes[0])
    assert browser.post("/account/take-back", again).location == "/sign-in?done=taken-back"
    assert world.sql(f"SELECT status FROM account WHERE account_id = '{live}'") == [["1"]]


@pytest.mark.parametrize("token", ["", "x", "A" * 80, "A" * 3000])
def test_a_token_that_is_none_takes_nothing_back(world, person, token):
    person.leave()
    browser = Browser(world)
    form = Form(browser.get("/sign-in").text, "/sign-in").with_()
    csrf = dict(form)["csrf"]
    assert is_page(browser.post("/account/take-back", {"csrf": csrf, "token": token}), 404)


def test_a_token_that_was_used_takes_nothing_back_from_the_operator(world, person):
    """What the operator deactivates does not leave."""
    person.leave()
    browser = Browser(world)
    page = submit(browser, "/sign-in", "/sign-in", email=person.email, password=person.password)
    form = Form(page.text, "/account/take-back").with_()
    world.cli("account", "reactivate", person.email)
    world.cli("account", "deactivate", person.email)
    assert is_page(browser.post("/account/take-back", form), 404)
    reply = submit(Browser(world), "/sign-in", "/sign-in", email=person.email, password=person.password)
    assert "Take your account back" not in reply.text
    live, _ = ids(world, person.email)
    assert world.sql(f"SELECT delete_at IS NULL FROM account WHERE account_id = '{live}'") == [["t"]]


def test_what_the_operator_deactivates_while_it_leaves_is_not_taken_back(world, person):
    """Neither by a page that was open before, nor by signing in, nor by a letter; it is deleted in its time all the same."""
    person.leave()
    browser = Browser(world)
    page = submit(browser, "/sign-in", "/sign-in", email=person.email, password=person.password)
    assert is_page_of_return(page)
    form = Form(page.text, "/account/take-back").with_()
    world.cli("account", "deactivate", person.email)
    assert is_page(browser.post("/account/take-back", form), 404)
    reply = submit(Browser(world), "/sign-in", "/sign-in", email=person.email, password=person.password)
    assert reply.status == 403 and "Take your account back" not in reply.text
    submit(Browser(world), "/forgot-password", "/forgot-password", email=person.email)
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])
    live, test = ids(world, person.email)
    assert world.sql(f"SELECT count(*) FROM mailbox_link WHERE account_id = '{live}'") == [["0"]]
    assert world.sql(f"SELECT status, delete_at > now() FROM account WHERE account_id = '{live}'") == [["2", "t"]]
    run_out(world, live)
    assert rows_left(world, live, test) <= {"audit", "audit_head", "outbox"}


def test_whose_account_was_deleted_with_a_stolen_password_sets_a_new_one_and_takes_it_back(world, sink, person):
    """The thief changed it first: what is left to the owner is their mail."""
    world.secret("the password of a thief")
    reply = submit(person.browser, "/account", "/account/password", current_password=person.password,
                   new_password="the password of a thief", new_password_again="the password of a thief")
    assert reply.status == 303, reply
    person.leave()
    owner = Browser(world)
    submit(owner, "/forgot-password", "/forgot-password", email=person.email)
    def letter():
        return [m for m in sink.got if m.recipient == person.email and m.message["Subject"] == "Calends: Set a new password"]
    assert world.wait_for(letter)
    link = re.search(rf"{world.url}(/link/reset/\S+)", letter()[0].text)[1]
    world.secret(link.rpartition("/")[2])
    fresh = world.secret("a new one of the owner")
    assert submit(owner, link, link, new_password=fresh, new_password_again=fresh).location == "/sign-in?done=password-reset"
    page = submit(owner, "/sign-in", "/sign-in", email=person.email, password=fresh)
    assert is_page_of_return(page), page
    assert owner.post("/account/take-back", Form(page.text, "/account/take-back").with_()).location == "/sign-in?done=taken-back"
    assert submit(owner, "/sign-in", "/sign-in", email=person.email, password=fresh).location == "/"


def test_after_the_time_all_of_it_goes_in_portions(world, person):
    """Every table that has an account's id; the audit log and the outbox stay for their time."""
    live, test = ids(world, person.email)
    for n in range(60):
        person.api.event(title=f"Event {n}")
    App(world, scope=BOTH).connect(person.browser, scope=BOTH)
    Api(world, world.key(person.account, kind="secret", mode="test")).event(title="x")
    assert person.api("POST", "/v1/webhook_endpoints", {"url": NOWHERE, "events": ["*"]}).status == 201
    person.leave()
    assert portion_and_status(world, live) == "2", "not before its time"
    run_out(world, live)
    assert rows_left(world, live, test) <= {"audit", "audit_head", "outbox"}
    assert world.sql(f"SELECT kind FROM audit WHERE account_id = '{live}' ORDER BY seq DESC LIMIT 1") == [["account.deleted"]]
    assert submit(Browser(world), "/sign-in", "/sign-in", email=person.email, password=person.password).status == 403
    world.accounts.pop(person.email)
    assert world.account(person.email).id != person.account.id, "the address is free again"


def test_no_token_outlives_its_account(world, person):
    """T25: while it may be taken back, and when all of it has gone, whatever the app shows."""
    live, _ = ids(world, person.email)
    app, gateway = App(world, scope=BOTH), App(world, type="confidential", may_introspect=True)
    tokens, code = app.connect(person.browser, scope=BOTH), app.consent(person.browser, scope=BOTH)
    assert gateway.introspect(tokens["refresh_token"]).json["active"]

    def is_worth_nothing():
        assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant") and is_error(app.redeem(code), 400, "invalid_grant")
        assert not alive(world, tokens)
        assert {gateway.introspect(tokens[kind]).json["active"] for kind in ("access_token", "refresh_token")} == {False}

    person.leave()
    is_worth_nothing()
    run_out(world, live)
    is_worth_nothing()
    assert world.get("/v1/profile", key=tokens["access_token"]).status == 401
    assert app.revoke(tokens["refresh_token"]).status == 200


def test_a_portion_takes_no_more_than_it_may(world, person):
    live, test = ids(world, person.email)
    for n in range(30):
        person.api.event(title=f"Event {n}")
    person.leave()
    world.sql(f"UPDATE account SET delete_at = now() - interval '1 second', status = 3 WHERE account_id = '{live}'")
    def left():
        return sum(int(world.sql(f"SELECT count(*) FROM {t} WHERE account_id IN ('{live}', '{test}')")[0][0])
                   for t in ("calendar_object", "calendar", "calendar_state", "calendar_gone", "api_key", "dead_property"))
    seen = [left()]
    world.stop()  # its job takes others
    while portion_and_status(world, live, most=7):
        seen.append(left())
    world.start()
    assert all(before - after <= 7 + 4 for before, after in zip(seen, seen[1:])), seen
    assert seen[-1] == 0


def test_people_of_its_apps_are_disconnected_and_told(world, person):
    live, _ = ids(world, person.email)
    app = App(world, owner=person.email, name="Mine", scope=BOTH)
    customer = world.account(f"customer-{next(NUMBERS)}@example.org")
    other = Browser(world)
    other.sign_in(customer)
    tokens = app.connect(other, scope=BOTH)
    assert alive(world, tokens)
    person.leave()
    run_out(world, live)
    assert not alive(world, tokens)
    [[details]] = world.sql("SELECT a.details FROM audit a JOIN account c USING (account_id) WHERE a.kind = 'consent.ended' "
                            f"AND c.email = '{customer.email}'")
    assert "account_deleted" in details and "Mine" in details
    assert world.sql(f"SELECT deleted_at IS NOT NULL FROM oauth_client WHERE owner_id = '{live}'") == [["t"]]


def test_the_job_does_it(world, person):
    """It is due at the start, and again a minute later: another job may just have had the account's row."""
    live, test = ids(world, person.email)
    person.leave()
    world.sql(f"UPDATE account SET delete_at = now() - interval '1 second', status = 3 WHERE account_id = '{live}'")
    world.restart()
    assert world.wait_for(lambda: world.sql(f"SELECT count(*) FROM account WHERE account_id IN ('{live}', '{test}')") == [["0"]], 100)


def test_a_session_that_is_open_for_long_confirms_first(world, person):
    world.sql("UPDATE session SET proven_at = now() - interval '1 hour'")
    reply = submit(person.browser, "/account/delete", "/account/delete")
    assert reply.status == 403 and "confirm_password" in reply.text
    assert person.browser.get("/account").status == 200
