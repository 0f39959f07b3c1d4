# SPDX-License-Identifier: Apache-2.0
"""Where anyone may make accounts, how many; and what a sign-in is worth that meets a change of its password."""

import pytest

from oauth_flow import Browser, Form, is_page

SERVE = ["--signup", "open", "--accounts-max", "3"]
PASSWORD = "a long new password"


def sign_up(world, email, **changes):
    browser = Browser(world)
    form = Form(browser.get("/sign-up").text, "/sign-up").with_(name="Nora", email=email, password=world.secret(PASSWORD), **changes)
    return browser.post("/sign-up", form)


def accounts(world):
    [[count]] = world.sql("SELECT count(*) FROM login")
    return int(count)


def sessions_of(world, account):
    [[count]] = world.sql(f"SELECT count(*) FROM session s JOIN login l USING (account_id) WHERE l.email = '{account.email}'")
    return int(count)


# ---- a password that changes in this moment ----


@pytest.fixture(scope="module")
def user(world):
    return world.account("user@calends.example")


def test_no_session_is_born_from_a_password_that_was_changed_meanwhile(world, user):
    """It was proven before the change was committed, and asks for its session after it."""
    browser = Browser(world)
    form = Form(browser.get("/sign-in").text, "/sign-in").with_(email=user.email, password=user.password)
    reply = world.meanwhile(f"UPDATE login SET changed_at = now() WHERE email = '{user.email}'", lambda: browser.post("/sign-in", form))
    assert is_page(reply, 403) and "changed at this moment" in reply.text
    assert not [c for c in reply.headers.all("Set-Cookie") if c.startswith("session_")]
    assert sessions_of(world, user) == 0
    assert browser.post("/sign-in", form).status == 303
    assert sessions_of(world, user) == 1


def test_a_session_that_is_being_born_ends_with_the_change_that_follows(world, user):
    born = (f"SELECT FROM login WHERE email = '{user.email}' FOR SHARE; INSERT INTO session (account_id, hash, id, csrf, auth_time, amr, expires_at) "
        f"SELECT account_id, sha256('x'), gen_random_uuid(), 'x', now(), 1, 'infinity' FROM login WHERE email = '{user.email}'")
    assert sessions_of(world, user) == 1
    world.meanwhile(born, lambda: world.cli("account", "set-password", user.email, "--password-stdin", input=PASSWORD + "\n"))
    assert sessions_of(world, user) == 0


# ---- how many accounts ----


def test_sign_up_ends_where_there_are_enough_and_the_operator_goes_on(world, user):
    assert accounts(world) == 1  # by the CLI: they count, too
    assert sign_up(world, "two@calends.example").status == 303
    assert sign_up(world, "three@calends.example").status == 303
    for email in ("four@calends.example", "three@calends.example"):
        reply = sign_up(world, email)
        assert is_page(reply, 403) and "takes no more accounts" in reply.text and PASSWORD not in reply.text
        assert not [c for c in reply.headers.all("Set-Cookie") if c.startswith("session_")]
    assert accounts(world) == 3
    [[worlds, calendars]] = world.sql("SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM calendar_state)")
    assert (worlds, calendars) == ("6", "6")
    world.account("four@calends.example")
    assert accounts(world) == 4
    browser = Browser(world)
    browser.sign_in(world.account("four@calends.example"))


def test_one_address_makes_some_accounts_an_hour(world):
    world.sql("DELETE FROM throttle")
    for i in range(20):
        assert sign_up(world, f"nonsense {i}").status == 400
    reply = sign_up(world, "five@calends.example")
    assert is_page(reply, 429) and 0 < int(reply.headers["Retry-After"]) <= 3600
    world.sql("DELETE FROM throttle")
    assert sign_up(world, "five@calends.example").status == 403  # enough there are still
