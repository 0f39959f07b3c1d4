# SPDX-License-Identifier: Apache-2.0
"""A sign-up where mail is sent: it begins with a letter, and tells nobody else who has an account. docs/mail.md, "Links"."""
import itertools
import re
import threading
import time

import pytest

from mails import new_port, serve_with
from oauth_flow import BOTH, App, Browser, Form, answer, is_page

pytestmark = pytest.mark.usefixtures("sink", "fresh")
PORT = new_port()
HASHING = True
SERVE = serve_with(PORT, "--signup", "open", "--accounts-max", "40")
NUMBERS = itertools.count()
PASSWORD = "correct horse battery"
SENT = "/sign-up?done=sent"


@pytest.fixture
def fresh(world):
    world.sql("DELETE FROM throttle; DELETE FROM sign_up; DELETE FROM letter_request")
    world.secret(PASSWORD)


def new_email():
    return f"nora-{next(NUMBERS)}@example.org"


def ask(browser, email, page="/sign-up"):
    return browser.post("/sign-up", Form(browser.get(page).text, "/sign-up").with_(email=email))


def letter_to(world, sink, email, subject):
    def found():
        return [m for m in sink.got if m.recipient == email and m.message["Subject"] == f"Calends: {subject}"]
    assert world.wait_for(found), [(m.recipient, m.message["Subject"]) for m in sink.got]
    return found()[-1]


def link_to(world, sink, email):
    mail = letter_to(world, sink, email, "Create your account")
    [link] = set(re.findall(rf"{world.url}(/link/sign-up/\S+)", mail.text))
    world.secret(link.rpartition("/")[2])
    return link


def finish(browser, link, **changes):
    fields = {"name": "Nora New", "password": PASSWORD, "tz": "Europe/Berlin", **changes}
    return browser.post(link, Form(browser.get(link).text, link).with_(**fields))


def begun(world, sink, page="/sign-up"):
    browser, email = Browser(world), new_email()
    assert ask(browser, email, page).location == SENT
    return browser, email, link_to(world, sink, email)


def has_account(world, email):
    return world.sql(f"SELECT count(*) FROM login WHERE email = '{email}'") != [["0"]]


def test_an_account_is_made_by_the_link_of_a_letter(world, sink):
    browser, email = Browser(world), new_email()
    page = browser.get("/sign-up").text
    assert 'name="password"' not in page and 'name="name"' not in page
    assert ask(browser, f" {email.upper()} ").location == SENT
    sent = browser.get(SENT)
    assert sent.status == 200 and "Look into your mail" in sent.text and email.upper() in sent.text
    link = link_to(world, sink, email)
    mail = letter_to(world, sink, email, "Create your account")
    assert "24 hours" in mail.text and "127.0.0.1" in mail.text and not has_account(world, email)
    for _ in range(2):  # mail programs look at links
        page = Browser(world).get(link)
        assert page.status == 200 and page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
        assert email in page.text
    reply = finish(browser, link)
    assert (reply.status, reply.location) == (303, "/"), reply
    assert not [value for name, value in browser.cookies.items() if "sign_up" in name and value], "what it began is over"
    account = browser.get("/account").text
    assert "Nora New" in account and 'value="Europe/Berlin"' in account and "Not confirmed" not in account
    assert world.sql(f"SELECT DISTINCT a.email_confirmed_at IS NOT NULL, a.tz FROM account a WHERE a.email = '{email}'") == [["t", "Europe/Berlin"]]
    assert world.sql("SELECT count(*) FROM sign_up") == [["0"]]


def test_a_link_is_good_once(world, sink):
    browser, _, link = begun(world, sink)
    form = Form(browser.get(link).text, link).with_(name="Nora", password=PASSWORD, tz="UTC")
    assert browser.post(link, form).status == 303
    assert is_page(Browser(world).get(link), 404) and is_page(browser.post(link, Form(browser.get("/account").text, "/account").with_()), 404)


def test_a_link_ends_after_a_day_and_with_a_newer_one(world, sink):
    browser, email, old = begun(world, sink)
    sink.got.clear()
    assert ask(browser, email).location == SENT
    new = link_to(world, sink, email)
    assert new != old and is_page(browser.get(old), 404) and browser.get(new).status == 200
    world.sql("UPDATE sign_up SET expires_at = now() - interval '1 second'")
    assert is_page(browser.get(new), 404)


@pytest.mark.parametrize("token", ["x", "cml_" + "0" * 60, "ses_" + "0" * 60, "%00", "cml_" + "A" * 5000])
def test_what_is_no_link_is_none(world, token):
    assert Browser(world).get(f"/link/sign-up/{token}").status in (400, 404, 414, 429)


def test_a_link_is_for_its_purpose(world, sink):
    _, _, link = begun(world, sink)
    for word in ("confirm", "email", "reset"):
        assert is_page(Browser(world).get(link.replace("sign-up", word)), 404)


@pytest.mark.parametrize("email", ["no address", "ann.example.org", "ann@", "ann@example..org", "ánn@example.org", "ann@example.org,bob@example.org"])
def test_what_is_no_address_is_told_at_once(world, email):
    """Nobody has it, so that nothing is told of anybody; and who mistyped theirs would wait for a letter that never comes."""
    reply = ask(Browser(world), email)
    assert reply.status == 400 and 'id="email-error"' in reply.text and 'value="' + email in reply.text


def test_nobody_learns_by_a_sign_up_who_has_an_account(world, sink):
    """H17: same answer, same statements: a job finds out, and tells whoever reads at the address."""
    account = world.account("known@example.org")
    known, unknown = (ask(Browser(world), email) for email in (account.email, new_email()))
    bare = lambda reply: (reply.status, reply.location, reply.body, [re.sub("=.*?;", "=;", c) for c in reply.headers.all("Set-Cookie")])
    assert bare(known) == bare(unknown) and known.location == SENT
    assert world.log_of(known)["db"] == world.log_of(unknown)["db"]
    mail = letter_to(world, sink, account.email, "You have an account")
    assert f"{world.url}/sign-in" in mail.text and f"{world.url}/forgot-password" in mail.text and "/link/" not in mail.text
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM letter_request") == [["0"]])
    assert world.sql(f"SELECT count(*) FROM sign_up WHERE email = '{account.email}'") == [["0"]]


def test_the_answer_takes_as_long_for_who_has_an_account(world):
    """H17: the quickest of requests in turn; a difference of an argon2, which took 30 ms and more, would be seen. Others on the machine make some
    requests slower and none quicker: it takes more of them then, and where there is a difference it stays."""
    account, took = world.account("known@example.org"), {True: [], False: []}

    def ask_both():
        world.sql("DELETE FROM throttle")
        for known in (True, False):
            browser = Browser(world)
            form = Form(browser.get("/sign-up").text, "/sign-up").with_(email=account.email if known else new_email())
            before = time.perf_counter()
            assert browser.post("/sign-up", form).location == SENT
            took[known].append(time.perf_counter() - before)

    for _ in range(30):
        ask_both()
    apart = lambda: abs(min(took[True]) - min(took[False]))
    assert world.wait_for(lambda: apart() < 0.02 or ask_both()), apart()


def test_of_a_newer_sign_up_with_an_address_that_was_taken_meanwhile_there_is_none(world, sink):
    """The operator was faster: the link is over with it."""
    browser, email, link = begun(world, sink)
    form = Form(browser.get(link).text, link).with_(name="Nora", password=PASSWORD, tz="UTC")
    world.account(email)
    assert is_page(browser.post(link, form), 404) and is_page(browser.get(link), 404)


def test_where_somebody_came_from_survives_in_their_browser_alone(world, sink):
    app = App(world, scope=BOTH)
    page = app.ask(Browser(world), scope=BOTH).location.replace("/sign-in?", "/sign-up?")
    browser, _, link = begun(world, sink, page)
    mail = sink.got[-1]
    assert "authorize" not in mail.text, "a stranger's words stand in no letter"
    reply = finish(browser, link)
    assert reply.status == 303 and reply.location.startswith("/oauth/"), reply
    consent = browser.get(reply.location)
    consent = browser.get(consent.location) if consent.status == 303 else consent
    assert answer(app.decide(browser, consent), app.redirect)["code"]
    # The same link in another browser goes on at home.
    _, _, link = begun(world, sink, page)
    assert finish(Browser(world), link).location == "/"


@pytest.mark.parametrize("cookie", ["x", "!", "A" * 3000, "bmV4dD1odHRwczovL2V2aWwuZXhhbXBsZS8", "bmV4dD0vL2V2aWwuZXhhbXBsZS8", "ZW1haWw9JTNDc2NyaXB0JTNF"])
def test_a_browser_that_says_something_else_goes_on_at_home(world, sink, cookie):
    """Two of them name another site, one has HTML."""
    browser, _, link = begun(world, sink)
    [name] = [n for n in browser.cookies if "sign_up" in n]
    browser.cookies[name] = cookie
    page = browser.get(SENT)
    assert page.status == 200 and "<script>" not in page.text and "evil" not in page.words
    assert finish(browser, link).location == "/"


@pytest.mark.parametrize("changes,field", [({"password": "short"}, "password"), ({"password": ""}, "password"), ({"name": ""}, "name"),
    ({"name": "\u202egro"}, "name"), ({"name": "x" * 101}, "name"), ({"tz": "Nowhere/Land"}, "tz"), ({"tz": ""}, "tz")])
def test_what_is_wrong_is_told_at_its_field_and_uses_nothing_up(world, sink, changes, field):
    browser, email, link = begun(world, sink)
    reply = finish(browser, link, **changes)
    assert is_page(reply, 400) and f'id="{field}-error"' in reply.text and not has_account(world, email), reply.text
    if "name" not in changes:
        assert 'value="Nora New"' in reply.text
    assert finish(browser, link).status == 303


def test_asking_is_bounded_for_an_address_and_for_a_network(world):
    statuses = [ask(Browser(world), "nobody-much@example.org").status for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    statuses = [ask(Browser(world), f"other-{n}@example.org").status for n in range(17)]
    assert statuses == [303] * 15 + [429] * 2
    assert is_page(ask(Browser(world), ""), 400)


def test_full_is_full_for_everybody_and_a_link_waits(world, sink):
    browser, _, link = begun(world, sink)
    [[there]] = world.sql("SELECT count(*) FROM login")
    world.sql("ALTER TABLE login DISABLE TRIGGER ALL; INSERT INTO login (email, account_id, changed_at) "
              f"SELECT 'full-' || n, gen_random_uuid(), now() FROM generate_series(1, {40 - int(there)}) n")
    try:
        for email in ("known@example.org", new_email()):
            reply = ask(Browser(world), email)
            assert is_page(reply, 403) and "takes no more accounts" in reply.text
        assert is_page(finish(browser, link), 403)
    finally:
        world.sql("DELETE FROM login WHERE email LIKE 'full-%'; ALTER TABLE login ENABLE TRIGGER ALL")
    assert finish(browser, link).status == 303


def test_two_who_use_a_link_at_once_make_one_account(world, sink):
    browser, email, link = begun(world, sink)
    form = Form(browser.get(link).text, link).with_(name="Nora", password=PASSWORD, tz="UTC")
    replies, browsers = [], [browser, Browser(world)]
    browsers[1].cookies.update(browser.cookies)
    threads = [threading.Thread(target=lambda b=b: replies.append(b.post(link, form))) for b in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(r.status for r in replies)
    assert statuses in ([303, 404], [303, 409]), replies
    assert world.sql(f"SELECT count(*) FROM login WHERE email = '{email}'") == [["1"]]


def test_a_letter_of_a_sign_up_that_is_over_is_not_sent(world, sink):
    """And nobody mails in the name of an account that is none."""
    nobody = "'00000000-0000-7000-8000-000000000000'"
    [[said]] = world.sql(f"""CREATE FUNCTION pg_temp.mail_of_nobody() RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM mail_add({nobody}, gen_random_uuid(), NULL, '{{x@example.org}}', '', false, 1, 1, true, false);
            RETURN 'sent';
        EXCEPTION WHEN foreign_key_violation THEN RETURN 'refused';
        END $$; SELECT pg_temp.mail_of_nobody()""")
    assert said == "refused"
    world.sql(f"INSERT INTO mail_letter VALUES ({nobody}, {nobody}, ''); INSERT INTO mail (account_id, letter_id, number, recipient, state, due_at, own) "
              f"VALUES ({nobody}, {nobody}, 1, 'x@example.org', 1, now(), true)")
    assert world.wait_for(lambda: world.sql(f"SELECT state FROM mail WHERE account_id = {nobody}") == [["4"]])
    assert world.sql("SELECT count(*) FROM mail_letter") == [["0"]]


def test_ten_thousand_wait_at_most_and_for_a_day(world):
    """H17: when there is no room, the newest goes of the network that asked most; and what ended is deleted."""
    [[told]] = world.sql("""CREATE FUNCTION pg_temp.ask_many() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE told text; more text;
        BEGIN
            INSERT INTO sign_up SELECT uuid_v7(), n || '@a.example', sha256(n::text::bytea), CASE WHEN n <= 9000 THEN 'busy' ELSE 'other' END, now() + interval '1 day'
              FROM generate_series(1, 10000) n;
            FOREACH more IN ARRAY ARRAY['x@b.example busy', 'y@b.example quiet', 'y@b.example busy', 'z@b.example quiet'] LOOP
                SELECT concat_ws(', ', told, a.noted || ' ' || coalesce(a.dropped, 'none')) INTO told
                  FROM sign_up_put(uuid_v7(), split_part(more, ' ', 1), sha256('x'), split_part(more, ' ', 2), now() + interval '1 day') a;
            END LOOP;
            SELECT told || ', ' || count(*) INTO told FROM sign_up;
            RETURN told;
        END $$; SELECT pg_temp.ask_many()""")
    assert told == "false busy, true busy, true none, true busy, 10000"
    world.sql("UPDATE sign_up SET expires_at = now() - interval '1 second' WHERE email LIKE '%@a.example'")
    world.sql("DELETE FROM sign_up WHERE expires_at < now()")  # sign_up_prune, of housekeeping
    assert int(world.sql("SELECT count(*) FROM sign_up")[0][0]) <= 2
