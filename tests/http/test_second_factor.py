# SPDX-License-Identifier: Apache-2.0
"""Codes of an app as a second factor (RFC 6238), recovery codes, and the step between."""
import base64
import re
import time

import pytest

from oauth_flow import Browser, Form, is_page
from second_factor import EMAIL, begin, code_of, first_step, give, post, set_step_back, set_up, signed_in

SECONDS = 40
SERVE = ["--signup", "open", "--trusted-proxy", "127.0.0.1"]


@pytest.fixture
def user(world):
    made = world.account(EMAIL)
    world.sql("DELETE FROM throttle; DELETE FROM totp; DELETE FROM recovery_code")
    return made


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


# ---- setting it up ----


def test_it_is_asked_for_from_the_first_right_code_on(world, user, browser):
    secret = begin(browser)
    page = browser.get("/security/totp").text
    assert '<svg class="qr"' in page and " ".join(re.findall("....", secret)) in page
    assert Browser(world).sign_in(user).location == "/"  # not yet
    wrong = post(browser, "/security/totp", "/security/totp", code="000000")
    assert is_page(wrong, 400) and "clock of your device" in wrong.text and secret in wrong.text
    assert Browser(world).sign_in(user).location == "/"
    codes = re.findall(r"\w{4}-\w{4}-\w{4}", post(browser, "/security/totp", "/security/totp", code=code_of(secret)).text)
    assert len(set(codes)) == 10
    again, at = first_step(world, user)
    assert not signed_in(again)
    assert give(again, at, code_of(secret, 1)).location == "/" and signed_in(again)


def test_the_key_is_sealed_and_the_codes_are_hashed(world, user, browser):
    secret, codes = set_up(browser)
    [[sealed]] = world.sql("SELECT encode(sealed, 'hex') FROM totp")
    assert base64.b32decode(secret).hex() not in sealed and len(sealed) // 2 == 12 + 20 + 16
    stored = "".join(h for [h] in world.sql("SELECT encode(hash, 'hex') FROM recovery_code"))
    assert not any(c.replace("-", "").encode().hex() in stored for c in codes) and len(stored) == 640


def test_a_sealed_key_is_of_its_account(world, user, browser):
    """A copy of the row in another account's place does not open."""
    set_up(browser)
    other = world.account("other-careful@calends.example")
    world.sql(f"INSERT INTO totp SELECT l.account_id, t.sealed, t.created_at, t.activated_at, 0 FROM totp t, login l WHERE l.email = '{other.email}'")
    there, at = first_step(world, other)
    assert give(there, at, "123456").status == 500


def test_a_second_app_takes_the_place_of_one_that_was_begun_but_not_of_an_active_one(world, user, browser):
    first, second = begin(browser), begin(browser)
    assert first != second
    assert is_page(post(browser, "/security/totp", "/security/totp", code=code_of(first)), 400)
    page = browser.get("/security").text
    assert post(browser, "/security/totp", "/security/totp", code=code_of(second)).status == 200
    assert is_page(browser.post("/security/totp/begin", Form(page, "/security/totp/begin").fields), 409)
    assert browser.get("/security/totp").location == "/security"


@pytest.mark.parametrize("page, action", [("/security", "/security/totp/begin"), ("/security/totp/end", "/security/totp/end"),
                                          ("/security/recovery-codes", "/security/recovery-codes")], ids=["begin", "end", "codes"])
def test_who_was_signed_in_for_long_confirms_it_first(world, user, browser, page, action):
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    assert "/confirm?next=" in post(browser, page, action).text
    assert world.sql("SELECT count(*) FROM totp") == [["0"]]
    assert browser.get("/security/totp").location == "/confirm?next=%2Fsecurity%2Ftotp"


# ---- signing in ----


def test_a_step_is_taken_once(world, user, browser):
    """RFC 6238 §5.2: the verifier MUST NOT accept the second attempt of the OTP."""
    secret, _ = set_up(browser)
    one, at = first_step(world, user)
    code = code_of(secret)
    assert give(one, at, code).location == "/"
    two, at = first_step(world, user)
    for used in (code, code_of(secret, -1)):
        reply = give(two, at, used)
        assert is_page(reply, 400) and "used before" in reply.text and not signed_in(two)
    assert give(two, at, code_of(secret, 1)).location == "/"


@pytest.mark.parametrize("steps, taken", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_of_this_half_minute_or_the_one_before_or_after_it(world, user, browser, steps, taken):
    """RFC 6238 §5.2: a network delay of one step."""
    secret, _ = set_up(browser)
    half_minute = lambda: int(time.time()) // 30

    def is_taken():
        """None where it is not known in which half minute it was judged."""
        set_step_back(world, 9)
        there, at = first_step(world, user)
        now = half_minute()
        reply = give(there, at, code_of(secret, steps))
        return (reply.status == 303,) if half_minute() == now else None

    assert world.wait_for(is_taken) == (taken,)


def test_a_code_is_typed_with_blanks_and_nothing_else_is_one(world, user, browser):
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    for wrong in ("", "12345", "1234567", "abcdef", "٠٠٠٠٠٠", "0" * 4000, "-12345"):
        assert is_page(give(there, at, wrong), 400), wrong
    code = code_of(secret)
    assert give(there, at, f"{code[:3]} {code[3:]}").location == "/"


def test_a_recovery_code_signs_in_once(world, user, browser):
    _, codes = set_up(browser)
    there, at = first_step(world, user)
    page = there.get(at + "&recovery=1").text
    assert "Recovery code" in page
    assert give(there, at, codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")).location == "/" and signed_in(there)
    again, at = first_step(world, user)
    assert is_page(give(again, at, codes[0]), 400)
    assert give(again, at, codes[1]).location == "/"
    assert ">8<" in browser.get("/security").text.replace("<dd>8</dd>", ">8<")


def test_a_new_set_of_recovery_codes_ends_the_old_one(world, user, browser):
    _, old = set_up(browser)
    page = post(browser, "/security/recovery-codes", "/security/recovery-codes").text
    there, at = first_step(world, user)
    assert is_page(give(there, at, old[0]), 400)
    assert give(there, at, re.search(r"\w{4}-\w{4}-\w{4}", page)[0]).location == "/"
    assert world.sql("SELECT count(*) FROM recovery_code") == [["10"]]


def test_without_an_app_there_are_no_recovery_codes(world, user, browser):
    assert is_page(post(browser, "/security/recovery-codes", "/security/recovery-codes"), 404)


def test_turned_off_it_is_not_asked_for(world, user, browser):
    set_up(browser)
    assert post(browser, "/security/totp/end", "/security/totp/end").location == "/security?done=totp-ended"
    assert Browser(world).sign_in(user).location == "/"
    assert world.sql("SELECT count(*) FROM recovery_code") == [["0"]]


# ---- the step between ----


def test_the_first_step_opens_nothing(world, user, browser):
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    assert not signed_in(there) and there.get("/security").location.startswith("/sign-in")
    cookie = next(k for k in there.cookies if k.startswith("second_step"))
    there.cookies[f"session_{world.port}"] = there.cookies[cookie]
    assert not signed_in(there)
    stranger = Browser(world)
    stranger.get("/sign-in")
    fields = Form(stranger.get("/sign-in").text, "/sign-in").with_(code=code_of(secret))
    assert stranger.post("/sign-in/code", fields).location.startswith("/sign-in?next=")


@pytest.mark.parametrize("change", [lambda v: "", lambda v: v[:-3], lambda v: v[:30] + ("A" if v[30] != "A" else "B") + v[31:], lambda v: "A" * 200], ids=range(4))
def test_a_step_that_we_did_not_seal_begins_anew(world, user, browser, change):
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    page = there.get(at).text
    cookie = next(k for k in there.cookies if k.startswith("second_step"))
    there.cookies[cookie] = change(there.cookies[cookie])
    assert there.get(at).location == "/sign-in?next=%2F&again=1"
    assert there.post("/sign-in/code", Form(page, "/sign-in/code").with_(code=code_of(secret))).location == "/sign-in?next=%2F&again=1"


def test_a_password_that_was_changed_between_the_steps_begins_anew(world, user, browser):
    secret, _ = set_up(browser)
    there, at = first_step(world, user)
    world.sql("UPDATE login SET changed_at = changed_at + interval '1 second'")
    assert give(there, at, code_of(secret)).location == "/sign-in?next=%2F&again=1"


def test_guesses_are_bounded_and_keep_nobody_out(world, user, browser):
    """Who has the password guesses ten codes in a quarter of an hour; a browser that was here before has tries of its own."""
    secret, _ = set_up(browser)
    thief, at = first_step(world, user)
    statuses = [give(thief, at, "000000").status for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    reply = give(thief, at, code_of(secret))
    assert is_page(reply, 429) and "Try again after" in reply.text and 0 < int(reply.headers["Retry-After"]) <= 901
    known = browser.sign_in(user, "/sign-in?again=1").location
    assert give(browser, known, code_of(secret)).location == "/"


def test_guesses_of_a_stranger_need_the_password(world, user, browser):
    set_up(browser)
    stranger = Browser(world)
    for _ in range(3):
        fields = Form(stranger.get("/sign-in").text, "/sign-in").with_(email=user.email, password="wrong")
        assert is_page(stranger.post("/sign-in", fields), 403)
    kinds = {k for [k] in world.sql("SELECT kind FROM audit WHERE kind LIKE '%code%'")}
    assert "recovery_code.used" not in kinds or kinds  # nothing of the second step was touched
    assert world.sql("SELECT last_step > 0 FROM totp") == [["t"]]


def give_from(browser, at, code, network):
    return browser.post("/sign-in/code", Form(browser.get(at).text, "/sign-in/code").with_(code=code), [("X-Forwarded-For", network)])


def test_guesses_from_elsewhere_keep_the_owner_out_of_nothing(world, user, browser):
    """H13: who has the password and four networks spends the tries of an hour; where the account is used there are others."""
    secret, _ = set_up(browser)
    set_step_back(world, 9)
    thief, at = first_step(world, user)
    statuses = [give_from(thief, at, "000000", f"198.51.100.{n // 10}").status for n in range(31)]
    assert statuses == [400] * 30 + [429]
    abroad, at = first_step(world, user)
    assert is_page(give_from(abroad, at, code_of(secret), "203.0.113.7"), 429)
    new, at = first_step(world, user)  # another browser, where the owner is signed in
    assert give(new, at, code_of(secret)).location == "/"
    step = browser.sign_in(user, "/sign-in?again=1").location
    assert give_from(browser, step, code_of(secret, 1), "203.0.113.7").location == "/"  # the browser that is known, anywhere


def test_an_ipv6_network_is_known_as_a_whole(world, user, browser):
    """RFC 6177 §2: one customer has a /56; another address of it is the same network, and one beside it is another."""
    secret, _ = set_up(browser)
    set_step_back(world, 9)
    world.sql(f"UPDATE session SET ip = '2001:db8:1:200::1' WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}')")
    thief, at = first_step(world, user)
    assert [give_from(thief, at, "000000", f"198.51.100.{n // 10}").status for n in range(30)] == [400] * 30
    new, at = first_step(world, user)
    assert is_page(give_from(new, at, code_of(secret), "2001:db8:1:300::2"), 429)
    assert give_from(new, at, code_of(secret), "2001:db8:1:2ff::2").location == "/"


def test_who_guesses_codes_is_told_of_once_a_day(world, user, browser):
    """H13: only who has the password comes so far."""
    set_up(browser)
    thief, at = first_step(world, user)
    guessed = lambda: [k for k, _ in audited(world, user, 40)].count("code.guessed")
    before = guessed()
    for n in range(1, 9):
        give(thief, at, "000000")
        assert guessed() - before == (1 if n >= 5 else 0), n


# ---- what is told ----


def audited(world, user, count):
    return [(k, r) for k, r in world.sql(f"SELECT kind, details::jsonb ->> 'reason' FROM audit WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}') AND kind <> 'session.ended' ORDER BY seq DESC LIMIT {count}")][::-1]


def test_the_audit_log_tells_of_it(world, user, browser):
    _, codes = set_up(browser)
    assert [k for k, _ in audited(world, user, 2)] == ["totp.activated", "recovery_codes.created"]
    there, at = first_step(world, user)
    give(there, at, "000000")
    give(there, at, codes[0])
    assert [k for k, _ in audited(world, user, 3)] == ["session.refused", "recovery_code.used", "session.created"]
    assert audited(world, user, 3)[0][1] == "wrong_code"
    post(browser, "/security/totp/end", "/security/totp/end")
    assert audited(world, user, 1)[0][0] == "totp.ended"


def test_who_confirms_gives_the_code_too(world, user, browser):
    """A stolen session and the password do not end what is asked after the password."""
    secret, codes = set_up(browser)
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    set_step_back(world)

    def confirm(**fields):
        page = browser.get("/confirm?next=/security").text
        assert 'name="confirm_code"' in page
        action = re.search(r'action="(/confirm\?[^"]*)"', page)[1].replace("&amp;", "&")
        return browser.post(action, Form(page, "/confirm").with_(confirm_password=user.password, **fields))

    assert post(browser, "/security/totp/end", "/security/totp/end").status == 403
    for missing in ({}, {"confirm_code": ""}):
        assert is_page(confirm(**missing), 400)
    wrong = confirm(confirm_code="000000")
    assert is_page(wrong, 400) and 'id="confirm_code-error"' in wrong.text
    assert post(browser, "/security/totp/end", "/security/totp/end").status == 403
    code = code_of(secret)
    assert confirm(confirm_code=code).location == "/security"
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    assert confirm(confirm_code=code).status == 400  # each code once
    assert confirm(confirm_code=codes[0]).location == "/security"
    assert post(browser, "/security/totp/end", "/security/totp/end").status in (200, 303)


# ---- who is signed in elsewhere ----


def test_who_turns_codes_on_or_off_signs_out_all_other_browsers(world, user, browser):
    """H12: a session that began without the code does not go on beside it; and this one does."""
    other = Browser(world)
    other.sign_in(user)
    secret, _ = set_up(browser)
    assert not signed_in(other) and signed_in(browser)
    there, at = first_step(world, user)
    give(there, at, code_of(secret, 1))
    assert signed_in(there)
    assert post(browser, "/security/totp/end", "/security/totp/end").location == "/security?done=totp-ended"
    assert signed_in(browser) and not signed_in(there)


def test_who_changes_the_password_proved_the_second_factor_too(world, user, browser):
    """H12: a stolen session and the password do not shut out who has the app."""
    set_up(browser)
    change = lambda: browser.post("/account/password", Form(browser.get("/account").text, "/account/password").with_(
        current_password=user.password, new_password=user.password, new_password_again=user.password))
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    asked = change()
    assert asked.status == 403 and 'name="confirm_code"' in asked.text and asked.location is None
    world.sql("UPDATE session SET proven_at = now()")
    assert change().location == "/account?done=password"
