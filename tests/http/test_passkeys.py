# SPDX-License-Identifier: Apache-2.0
"""Passkeys (Web Authentication Level 3): made, used to sign in, as a second factor and to confirm, and everything that an answer
may be wrong in."""
import re
import time

import pytest

from authenticator import BACKED_UP, KEY, PRESENT, SHARED, VERIFIED, Passkey, Question, b64, cbor
from oauth_flow import App, Browser, Form, is_page
from second_factor import claims_of, set_up

SECONDS = 40
ORIGIN = "https://calendar.example"
SERVE = ["--public-url", ORIGIN, "--rate-limit", "100000"]


@pytest.fixture
def user(world):
    made = world.account("keyless@calends.example")
    world.sql("DELETE FROM throttle; DELETE FROM totp; DELETE FROM passkey; DELETE FROM session")
    return made


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


def add(browser, passkey=None, at="/security/passkeys/new", **changes):
    passkey = passkey or Passkey(origin=ORIGIN)
    page = browser.get(at).text
    reply = browser.post("/security/passkeys", Form(page, "/security/passkeys").with_(**passkey.create(Question.of(page), **changes)))
    return passkey, reply


def made(browser, algorithm="ES256", counter=0):
    key, reply = add(browser, Passkey(algorithm, ORIGIN, counter))
    assert reply.location == "/security?done=passkey-added", reply
    return key


def enter(world, key, browser=None, at="/sign-in", action="/sign-in/passkey", **changes):
    browser = browser or Browser(world)
    page = browser.get(at).text
    return browser, browser.post(action, Form(page, action).with_(**key.get(Question.of(page), **changes)))


def signed_in(browser):
    return browser.get("/keys").status == 200


def refused(reply, text):
    assert is_page(reply, 400) and text in reply.text.replace("&#39;", "'"), reply.text
    return True


# ---- what works ----


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_signs_in_without_a_name_or_password(world, user, browser, algorithm):
    """Web Authentication §7.1, §7.2."""
    key = made(browser, algorithm)
    there, reply = enter(world, key)
    assert reply.location == "/" and signed_in(there)
    page = browser.get("/security").text
    assert "My phone" in page and "Never" not in re.search(r"My phone.*?</tr>", page, re.S)[0]


def test_several_have_names(world, user, browser):
    made(browser)
    _, reply = add(browser, name="Security key 🔑")
    assert reply.status == 303 and "Security key 🔑" in browser.get("/security").text
    assert is_page(add(browser, name="  ")[1], 400) and is_page(add(browser, name="x\u202ey")[1], 400)


def test_it_is_removed(world, user, browser):
    key = made(browser)
    page = browser.get("/security").text
    at = re.search(r'href="(/security/passkeys/psk_\w+/remove)"', page)[1]
    assert browser.post(at, Form(browser.get(at).text, at).fields).location == "/security?done=passkey-removed"
    there, reply = enter(world, key)
    assert refused(reply, "in no account here") and not signed_in(there)
    assert is_page(browser.get(at), 404)


def test_nobody_removes_a_passkey_of_somebody_else(world, user, browser):
    made(browser)
    at = re.search(r'href="(/security/passkeys/psk_\w+/remove)"', browser.get("/security").text)[1]
    other = Browser(world)
    other.sign_in(world.account("other-keyless@calends.example"))
    assert is_page(other.get(at), 404)


def test_it_stands_in_for_the_code_of_an_app(world, user, browser):
    key = made(browser)
    set_up(browser)
    there = Browser(world)
    at = there.sign_in(user).location
    assert at.startswith("/sign-in/code?") and b64(key.id) in Question.of(there.get(at).text).ids
    _, reply = enter(world, key, there, at, "/sign-in/code/passkey", flags=PRESENT)  # it need not be unlocked: the password was given
    assert reply.location == "/" and signed_in(there)


def test_unlocked_by_its_device_it_needs_no_code(world, user, browser):
    secret, _ = set_up(browser)
    assert secret
    there, reply = enter(world, made(browser))
    assert reply.location == "/" and signed_in(there)


def test_it_confirms_who_is_there(world, user, browser):
    key = made(browser)
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    form = Form(browser.get("/keys/new").text, "/keys").with_(name="by passkey", kind="secret")
    page = browser.post("/keys", form).text
    fields = Form(page, "/confirm").with_(**key.get(Question.of(page)))
    reply = browser.post("/confirm?next=%2Fkeys", fields)
    assert reply.status == 307 and browser.post(reply.location, fields).status == 200


@pytest.mark.parametrize("flags, words", [(PRESENT | VERIFIED, ["hwk", "mfa"]), (PRESENT | VERIFIED | SHARED | BACKED_UP, ["swk", "mfa"])], ids=["hwk", "swk"])
def test_an_id_token_tells_of_it(world, user, browser, flags, words):
    """RFC 8176 §2: hwk of a key that does not leave its device, swk of one that may be on several."""
    key, app = made(browser), App(world, type="confidential", name="Signs in")
    there, reply = enter(world, key, flags=flags)
    assert reply.location == "/"
    page = app.ask(there, scope="openid")
    code = app.decide(there, there.get(page.location))
    claims = claims_of(app.redeem(re.search(r"code=([^&]+)", code.location)[1]).json["id_token"])
    assert claims["amr"] == words and claims["acr"].endswith("/docs/sign-in-with#acr-mfa") and claims["auth_time"] >= time.time() - 60


def test_an_account_has_twenty(world, user, browser):
    made(browser)
    world.sql("INSERT INTO passkey SELECT account_id, uuid_v7(), sha256(n::text::bytea), public_key, 0, false, 'x', now() "
              "FROM passkey, generate_series(1, 19) AS n")
    assert is_page(add(browser)[1], 409)
    assert world.sql("SELECT count(*) FROM passkey") == [["20"]]


def test_the_audit_log_tells_of_it(world, user, browser):
    key = made(browser)
    enter(world, key, signature=b"x")
    rows = world.sql(f"SELECT kind FROM audit WHERE account_id = (SELECT account_id FROM login WHERE email = '{user.email}') ORDER BY seq DESC LIMIT 2")
    assert rows == [["passkey.refused"], ["passkey.created"]]


# ---- what is wrong with an answer ----


def test_an_answer_is_taken_once(world, user, browser):
    """§13.4.3: challenges against replays; the answer that signed in signs in nobody else, and not again."""
    key = made(browser)
    there = Browser(world)
    page = there.get("/sign-in").text
    fields = Form(page, "/sign-in/passkey").with_(**key.get(Question.of(page)))
    csrf = dict(there.cookies)
    assert there.post("/sign-in/passkey", fields).location == "/"
    again = Browser(world)
    again.cookies = csrf
    assert refused(again.post("/sign-in/passkey", fields), "used before")
    assert "Passkeys wurde schon benutzt. Versuchen Sie es" in again.post("/sign-in/passkey", fields, [("Accept-Language", "de")]).text
    stranger = Browser(world)
    own = dict(Form(stranger.get("/sign-in").text, "/sign-in/passkey").fields)["csrf"]
    assert refused(stranger.post("/sign-in/passkey", [(k, own if k == "csrf" else v) for k, v in fields]), "asked somebody else")


def test_a_registration_is_taken_once(world, user, browser):
    key = Passkey(origin=ORIGIN)
    page = browser.get("/security/passkeys/new").text
    fields = Form(page, "/security/passkeys").with_(**key.create(Question.of(page)))
    assert browser.post("/security/passkeys", fields).status == 303
    assert refused(browser.post("/security/passkeys", fields), "used before")
    assert is_page(add(browser, key)[1], 409)  # §7.1 step 26: nor twice by another answer


def test_a_question_is_of_one_purpose_and_ten_minutes(world, user, browser):
    key = made(browser)
    there = Browser(world)
    page, confirm = there.get("/sign-in").text, browser.get("/confirm").text
    fields = Form(page, "/sign-in/passkey").with_(**key.get(Question.of(confirm)))
    assert refused(there.post("/sign-in/passkey", fields), "did not ask")
    assert refused(there.post("/sign-in/passkey", Form(page, "/sign-in/passkey").with_(**{**key.get(Question.of(page)), "passkey_token": ""})), "did not ask")


WRONG_ANSWERS = {
    "origin": (dict(origin="https://evil.example"), "another address"),
    "origin of another port": (dict(origin=ORIGIN + ":444"), "another address"),
    "origin without TLS": (dict(origin="http://calendar.example"), "another address"),
    "no origin": (dict(origin=None), "another address"),
    "inside another page": (dict(crossOrigin=True), "inside a page"),
    "rp": (dict(rp="evil.example"), "of another address"),
    "challenge": (dict(challenge=b64(bytes(32))), "older question"),
    "no challenge": (dict(challenge=None), "older question"),
    "type": (dict(type="webauthn.create"), "another question"),
    "nobody there": (dict(flags=VERIFIED), "without anybody"),
    "not unlocked": (dict(flags=PRESENT), "unlocked"),
    "impossible flags": (dict(flags=PRESENT | VERIFIED | BACKED_UP), "cut off"),
    "signature": (dict(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"), "signature is wrong"),
    "empty signature": (dict(signature=b""), "no answer"),
    "long signature": (dict(signature=b"\x30" * 5000), "signature is wrong"),
}


@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
def test_an_answer_that_is_wrong_signs_in_nobody(world, user, browser, wrong):
    """§7.2 steps 10 to 21."""
    changes, text = WRONG_ANSWERS[wrong]
    there, reply = enter(world, made(browser), **changes)
    assert refused(reply, text) and not signed_in(there)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_signature_of_another_key_is_none(world, user, browser, algorithm):
    key = made(browser, algorithm)
    thief = Passkey(algorithm, ORIGIN)
    thief.id, thief.user = key.id, key.user
    assert refused(enter(world, thief)[1], "signature is wrong")


def test_a_counter_that_goes_back_is_refused_and_told(world, user, browser):
    """§7.2 step 22: the authenticator may be cloned."""
    key = made(browser, counter=7)
    assert enter(world, key, counter=8)[1].location == "/"
    for counter in (8, 3, 0):
        there, reply = enter(world, key, counter=counter)
        assert refused(reply, "there may be a copy") and "make another. Try again" not in reply.text and not signed_in(there)
    assert world.sql("SELECT details::jsonb ->> 'reason' FROM audit WHERE kind = 'passkey.refused' ORDER BY seq DESC LIMIT 1") == [["counter_went_back"]]
    assert enter(world, key, counter=9)[1].location == "/"


@pytest.mark.parametrize("user_handle", ["", "AA", b64(bytes(16)), "!", "A" * 2000], ids=range(5))
def test_a_user_handle_of_nobody_signs_in_nobody(world, user, browser, user_handle):
    key = made(browser)
    there = Browser(world)
    page = there.get("/sign-in").text
    fields = Form(page, "/sign-in/passkey").with_(**{**key.get(Question.of(page)), "passkey_user": user_handle})
    assert is_page(there.post("/sign-in/passkey", fields), 400) and not signed_in(there)


def test_a_passkey_of_one_account_is_none_of_another(world, user, browser):
    key, other = made(browser), world.account("other-keyless@calends.example")
    there = Browser(world)
    there.sign_in(other)
    made(there)
    set_up(there)
    at = Browser(world)
    step = at.sign_in(other).location
    assert refused(enter(world, key, at, step, "/sign-in/code/passkey")[1], "in no account here")


def deep(levels):
    return b"\xa1\x01" * levels + b"\x01"


ES256_KEY = {1: 2, 3: -7, -1: 1, -2: bytes(31) + b"\1", -3: bytes(31) + b"\1"}
WRONG_REGISTRATIONS = {
    "not CBOR": dict(attestation=b"\xff"),
    "nothing": dict(attestation=b""),
    "an array": dict(attestation=cbor([1, 2])),
    "no authenticator data": dict(attestation=cbor({"fmt": "none", "attStmt": {}})),
    "text for octets": dict(attestation=cbor({"fmt": "none", "attStmt": {}, "authData": "x" * 200})),
    "twice": dict(attestation=b"\xa2" + 2 * (cbor("authData") + cbor(bytes(200)))),
    "deep": dict(attestation=deep(2000)),
    "deep in the statement": dict(attestation=b"\xa3" + cbor("fmt") + cbor("none") + cbor("attStmt") + deep(50) + cbor("authData") + cbor(bytes(200))),
    "wide": dict(attestation=cbor([1] * 5000)),
    "an array of 2^60": dict(attestation=b"\x9b\x10" + bytes(7)),
    "octets of 2^63": dict(attestation=b"\x5b\x80" + bytes(7)),
    "indefinite": dict(attestation=b"\xbf\xff"),
    "tagged": dict(attestation=b"\xc0" + cbor({"fmt": "none"})),
    "no UTF-8": dict(attestation=b"\xa1\x61\xff\x01"),
    "oversize": dict(attestation=cbor({"fmt": "none", "attStmt": {}, "authData": bytes(9000)})),
    "no key": dict(flags=PRESENT | VERIFIED),
    "key cut": dict(key=cbor(ES256_KEY)[:-5]),
    "key of no curve": dict(key=cbor(ES256_KEY)),
    "key of another curve": dict(key=cbor({**ES256_KEY, -1: 2})),
    "key of another algorithm": dict(key=cbor({**ES256_KEY, 3: -35})),
    "short RSA key": dict(key=cbor({1: 3, 3: -257, -1: b"\xff" * 64, -2: b"\1\0\1"})),
    "symmetric key": dict(key=cbor({1: 4, 3: 5, -1: bytes(32)})),
    "not unlocked": dict(flags=PRESENT | KEY),
    "rp": dict(rp="evil.example"),
    "origin": dict(origin="https://evil.example"),
    "challenge": dict(challenge=b64(bytes(32))),
    "type": dict(type="webauthn.get"),
    "client data that is none": dict(type="x" * 5000),
}


@pytest.mark.parametrize("wrong", WRONG_REGISTRATIONS)
def test_a_registration_that_is_wrong_makes_no_passkey(world, user, browser, wrong):
    """§7.1 steps 7 to 25."""
    _, reply = add(browser, **WRONG_REGISTRATIONS[wrong])
    assert is_page(reply, 400) and 'value="My phone"' in reply.text  # what was typed is kept
    assert world.sql("SELECT count(*) FROM passkey") == [["0"]]


@pytest.mark.parametrize("cut", [1, 36, 37, 53, 55, 60, 87, 100])
def test_authenticator_data_that_is_cut_makes_no_passkey(world, user, browser, cut):
    key = Passkey(origin=ORIGIN)
    page = browser.get("/security/passkeys/new").text
    data = key.data(Question.of(page))[:cut]
    _, reply = add(browser, key, attestation=cbor({"fmt": "none", "attStmt": {}, "authData": data}))
    assert refused(reply, "cut off")


def test_making_one_needs_a_proof(world, user, browser):
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    assert browser.get("/security/passkeys/new").location == "/confirm?next=%2Fsecurity%2Fpasskeys%2Fnew"
