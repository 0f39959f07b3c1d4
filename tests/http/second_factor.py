# SPDX-License-Identifier: Apache-2.0
"""A browser whose user has codes of an app (RFC 6238): set up, and given when they sign in."""
import base64
import hmac
import json
import re
import struct
import time
import urllib.parse

from oauth_flow import Browser, Form

EMAIL = "careful@calends.example"


def code_of(secret, steps=0):
    """RFC 4226 §5.3 of RFC 6238 §4.2, written down once more."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** 6:06}"


def wrong_code(secret):
    """One that is not by chance that of a half minute that is near."""
    near = {code_of(secret, steps) for steps in range(-4, 5)}
    return next(code for code in (f"{n:06}" for n in range(10)) if code not in near)


def post(browser, page, action, **fields):
    return browser.post(action, Form(browser.get(page).text, action).with_(**fields))


def begin(browser):
    assert post(browser, "/security", "/security/totp/begin").location == "/security/totp"
    page = browser.get("/security/totp").text
    return re.search(r"secret=([A-Z2-7]{32})&", page)[1]


def set_up(browser):
    """The app's key and the recovery codes. The code of this half minute is left for a test to give."""
    secret = begin(browser)
    page = post(browser, "/security/totp", "/security/totp", code=code_of(secret))  # one before it is too old should it just end
    assert page.status == 200, page
    browser.world.sql("UPDATE totp SET last_step = last_step - 1 WHERE activated_at = (SELECT max(activated_at) FROM totp)")
    return secret, re.findall(r"\b[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}\b", page.text)


def first_step(world, user, next_=None):
    browser = Browser(world)
    reply = browser.sign_in(user, "/sign-in" + (f"?next={urllib.parse.quote(next_, safe='')}" if next_ else ""))
    assert reply.location.startswith("/sign-in/code?next="), reply
    return browser, reply.location


def give(browser, at, code):
    return browser.post("/sign-in/code", Form(browser.get(at).text, "/sign-in/code").with_(code=code))


def signed_in(browser):
    return browser.get("/keys").status == 200


def set_step_back(world, steps=2):
    """As if the last code had been taken so many steps earlier: tests do not wait for the next half minute."""
    world.sql(f"UPDATE totp SET last_step = last_step - {steps}")


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
