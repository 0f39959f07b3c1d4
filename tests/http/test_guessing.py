# SPDX-License-Identifier: Apache-2.0
"""Guessing passwords: it is slowed, it locks no owner out, and it fills no table. Passwords as people type them."""
import hashlib
import unicodedata

import pytest

from oauth_flow import FORM, Browser, Form, encode, is_page

SECONDS = 21
SERVE = ["--trusted-proxy", "127.0.0.1", "--signup", "open"]


@pytest.fixture(autouse=True)
def nobody_has_tried(world):
    world.sql("DELETE FROM throttle")


@pytest.fixture(scope="module")
def owner(world):
    return world.account("besieged@calends.example")


def sign_in(browser, email, password, address="192.0.2.1"):
    """One try from an address, as the proxy of this test tells it."""
    form = Form(browser.get("/sign-in?again=1").text, "/sign-in").with_(email=email, password=password)
    return browser.send("POST", "/sign-in", [FORM, ("X-Forwarded-For", address)], encode(form))


def counted(world, kind, subject):
    subject = hashlib.sha256(f"{kind} {subject}".encode()).hexdigest()
    rows = world.sql(f"SELECT count FROM throttle WHERE subject = '\\x{subject}'")
    return int(rows[0][0]) if rows else 0


def count_against(world, kind, subject, tries, window="15 minutes"):
    digest = hashlib.sha256(f"{kind} {subject}".encode()).hexdigest()
    world.sql(f"INSERT INTO throttle VALUES ('\\x{digest}', {tries}, now() + interval '{window}') "
              f"ON CONFLICT (subject) DO UPDATE SET count = {tries}")


def test_a_refused_try_counts_nowhere(world):
    """60 wrong tries from one address in a second, and the owner got 429 from anywhere for a quarter of an hour."""
    owner = world.account("tried@calends.example")  # who never signed in from there
    guesser = Browser(world)
    statuses = [sign_in(guesser, owner.email, "wrong").status for _ in range(60)]
    assert statuses == [403] * 10 + [429] * 50
    assert counted(world, "account", owner.email) == 10 and counted(world, "address", "192.0.2.1") == 10
    assert sign_in(Browser(world), owner.email, owner.password, "198.51.100.7").status == 303


def test_a_browser_that_signed_in_before_is_never_locked_out(world, owner):
    """Guessers from many networks fill the account's counter; whoever was here before passes it."""
    known = Browser(world)
    assert sign_in(known, owner.email, owner.password).status == 303
    count_against(world, "account", owner.email, 50)
    for _ in range(2):  # another browser of the owner's, or a guesser
        reply = sign_in(Browser(world), owner.email, owner.password, "203.0.113.7")
        assert is_page(reply, 429) and 0 < int(reply.headers["Retry-After"]) <= 901
    for address in ("198.51.100.7", "192.0.2.1"):
        assert sign_in(known, owner.email, owner.password, address).status == 303
    # also in the guesser's own network, and after signing out
    count_against(world, "account and network", f"{owner.email} from 192.0.2.1", 10)
    count_against(world, "address", "192.0.2.1", 100, "1 hour")
    page = known.get("/keys").text
    assert known.post("/sign-out", Form(page, "/sign-out").fields).status == 303
    assert sign_in(known, owner.email, owner.password).status == 303
    # and to change the password
    fields = Form(known.get("/account").text, "/account/password").with_(
        current_password=owner.password, new_password=owner.password, new_password_again=owner.password)
    assert known.post("/account/password", fields).location == "/account?done=password"


def test_where_the_account_is_used_guesses_from_elsewhere_keep_nobody_out(world, owner):
    """H13: another browser, in a network where the owner is signed in or a key of theirs comes from."""
    assert sign_in(Browser(world), owner.email, owner.password, "192.0.2.1").status == 303
    world.sql(f"INSERT INTO credential_use (account_id, id, used_at, ip) SELECT account_id, gen_random_uuid(), now(), '192.0.2.77' FROM login WHERE email = '{owner.email}'")
    world.sql("DELETE FROM throttle")
    count_against(world, "account", owner.email, 50)
    assert is_page(sign_in(Browser(world), owner.email, owner.password, "203.0.113.9"), 429)
    for home in ("192.0.2.1", "192.0.2.77"):
        assert sign_in(Browser(world), owner.email, owner.password, home).status == 303
    guesser = Browser(world)  # who guesses there is bounded there
    assert [sign_in(guesser, owner.email, "wrong", "192.0.2.1").status for _ in range(11)] == [403] * 10 + [429]


def test_a_known_browser_has_a_limit_of_its_own(world, owner):
    known = Browser(world)
    assert sign_in(known, owner.email, owner.password).status == 303
    world.sql("DELETE FROM throttle")
    statuses = [sign_in(known, owner.email, "wrong").status for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    assert world.sql("SELECT count(*) FROM throttle") == [["2"]]  # that browser's, and of what the audit log tells of it
    assert sign_in(Browser(world), owner.email, owner.password).status == 303


def test_a_browser_is_known_for_its_own_account_alone(world, owner):
    other = world.account("other@calends.example")
    browser = Browser(world)
    assert sign_in(browser, other.email, other.password).status == 303
    count_against(world, "account", owner.email, 50)
    assert is_page(sign_in(browser, owner.email, owner.password, "203.0.113.7"), 429)


@pytest.mark.parametrize("change", [lambda v: v[:-2], lambda v: v + "AA", lambda v: "A" * len(v), lambda v: "", lambda v: "x;y=z",
    lambda v: v[:20] + ("A" if v[20] != "A" else "B") + v[21:]], ids=range(6))
def test_a_cookie_that_we_did_not_seal_makes_nobody_known(world, owner, change):
    known = Browser(world)
    assert sign_in(known, owner.email, owner.password).status == 303
    name = next(k for k in known.cookies if k.startswith("browser_"))
    forger = Browser(world)
    forger.cookies[name] = change(known.cookies[name])
    count_against(world, "account", owner.email, 50)
    assert is_page(sign_in(forger, owner.email, owner.password, "203.0.113.7"), 429)


def test_the_cookie_of_a_known_browser_opens_nothing_and_lives_long(world, owner):
    browser = Browser(world)
    reply = sign_in(browser, owner.email, owner.password)
    line = next(c for c in reply.headers.all("Set-Cookie") if c.startswith("browser_"))
    attributes = {a.strip().lower() for a in line.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=34560000"} <= attributes
    assert owner.id[4:] not in line
    alone = Browser(world)
    alone.cookies = {k: v for k, v in browser.cookies.items() if k.startswith("browser_")}
    assert alone.get("/keys").status == 303
    alone.cookies[f"session_{world.port}"] = next(iter(alone.cookies.values()))
    assert alone.get("/keys").status == 303


def test_guesses_at_many_accounts_fill_no_table(world):
    """A new address for each try made two rows, also once the network's counter had refused it."""
    count_against(world, "address", "192.0.2.1", 97, "1 hour")
    guesser = Browser(world)
    statuses = [sign_in(guesser, f"nobody-{i}@calends.example", "wrong").status for i in range(30)]
    assert statuses == [403] * 3 + [429] * 27
    [[rows]] = world.sql("SELECT count(*) FROM throttle")
    assert int(rows) == 1 + 3 * 3  # the network's; of each address that was looked at its own, its browser's, its audit log's


def test_a_deactivated_account_is_told_only_to_who_has_its_password(world):
    """The status was told before the password was proven, and no test saw it."""
    gone = world.account("gone@calends.example")
    known = Browser(world)
    assert sign_in(known, gone.email, gone.password).status == 303
    world.cli("account", "deactivate", gone.email)
    for browser in (Browser(world), known):
        wrong = sign_in(browser, gone.email, "wrong password")
        nobody = sign_in(Browser(world), "nobody@calends.example", "wrong password")
        assert is_page(wrong, 403) and "deactivated" not in wrong.text
        assert "The e-mail address or the password is wrong." in wrong.text and "The e-mail address or the password is wrong." in nobody.text
    assert "deactivated" in sign_in(Browser(world), gone.email, gone.password).text


# ---- RFC 8265, OpaqueString ----

TYPED = "Kön\u00a0ig \u212bse \ud55c\uae00"


@pytest.mark.parametrize("made, typed", [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC"), ("NFD", "NFD")])
def test_a_password_opens_its_account_from_every_keyboard(world, made, typed):
    """Typed decomposed, as some systems do, it did not open the account that was made composed."""
    email = f"{made}-{typed}@calends.example".lower()
    account = world.account(email, password=unicodedata.normalize(made, TYPED))
    assert sign_in(Browser(world), email, unicodedata.normalize(typed, TYPED)).status == 303
    assert sign_in(Browser(world), email, unicodedata.normalize(typed, TYPED).replace("\u00a0", " ")).status == 303
    assert is_page(sign_in(Browser(world), email, TYPED.lower()), 403)
    assert account.id


def test_a_password_with_a_control_character_cannot_be_set(world):
    browser = Browser(world)
    form = Form(browser.get("/sign-up").text, "/sign-up").with_(name="N", email="bell@calends.example", password="long enough\x07 ä")
    reply = browser.post("/sign-up", form)
    assert is_page(reply, 400) and "control characters" in reply.text
