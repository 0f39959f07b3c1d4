# SPDX-License-Identifier: Apache-2.0
"""Pictures of people and logos of apps: what is sent is made anew, small, and shown to whom it may be."""
import base64
import io
import json
import pathlib
import re
import struct
import zipfile
import zlib

import pytest

from oauth_flow import App, Browser, Form
from test_calendar_files import field_error
from world import ROOT

SIGNED_IN = "una"
SERVE = ["--rate-limit", "10000"]
SEEDS = pathlib.Path(ROOT, "tests/data/fuzz_picture")


def png(width, height, pixel=b"\xff\x00\x00", rows=None):
    """`rows`: so many are there, whatever the header says."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress((b"\0" + pixel * width) * (rows or height), 9)) + chunk(b"IEND", b""))


def send(browser, octets, page="/account", action="/account/picture", **fields):
    form = Form(browser.get(page).text, action).with_(picture=None, **fields)
    return browser.post_files(action, form, [("picture", "me.png", "image/png", octets)] if octets is not None else [])


def shown(browser, page="/account"):
    return re.search(r'<img src="(/account/picture/[0-9a-f]{32})"', browser.get(page).text)


@pytest.mark.parametrize("octets", [png(300, 200), (SEEDS / "jpeg").read_bytes(), (SEEDS / "webp").read_bytes(), (SEEDS / "png").read_bytes()],
                         ids=["png", "jpeg", "webp", "alpha"])
def test_a_picture_is_made_anew_and_shown(world, browser, octets):
    assert send(browser, octets).status == 303
    at = shown(browser).group(1)
    reply = browser.get(at)
    assert reply.status == 200 and reply.headers["Content-Type"] == "image/webp" and reply.body[:4] == b"RIFF" and reply.body != octets
    assert reply.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable" and len(reply.body) < 96 * 1024
    assert at in browser.get("/calendars").text  # beside the name on every page


def test_another_picture_has_another_address(browser):
    send(browser, png(64, 64))
    first = shown(browser).group(1)
    send(browser, png(64, 64, b"\x00\xff\x00"))
    second = shown(browser).group(1)
    assert first != second and browser.get(first).status == 404 and browser.get(second).status == 200


def test_who_may_read_the_profile_is_told_where_the_picture_is(world, una, browser):
    """picture_url: by a token with profile:read, a key of either mode; the picture itself needs no credential, and pages of others may show it."""
    send(browser, png(64, 64))
    app = App(world, scope="profile:read events:read")
    token, without = (app.connect(browser, scope=scope)["access_token"] for scope in ("profile:read", "events:read"))
    url = world.get("/v1/profile", key=token).json["picture_url"]
    assert re.fullmatch(re.escape(f"{world.public_url}/pictures/{una.id}/") + "[0-9a-f]{32}-[A-Za-z0-9_-]{22}", url)
    assert world.get("/v1/profile", key=without).status == 403
    told = [world.get("/v1/profile", key=key) for key in (token, *(world.key(una, kind="secret", mode=mode) for mode in ("live", "test")))]
    assert {reply.json["picture_url"] for reply in told} == {url}
    assert {world.log_of(reply)["db"] for reply in told} == {"1"}, "who authenticates has read where it is"
    testing = App(world, scope="openid profile", mode="test").connect(browser, scope="openid profile")["access_token"]
    assert world.get("/oauth/userinfo", key=testing).json["picture"] == url
    at = url.removeprefix(world.public_url)
    reply = world.get(at, {"Origin": "https://app.example"})
    assert reply.status == 200 and reply.headers["Content-Type"] == "image/webp" and reply.body == browser.get(shown(browser).group(1)).body
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin" and reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"] and "Set-Cookie" not in reply.headers
    other = world.account("otto@calends.example")
    for wrong in (at[:-1] + ("0" if at[-1] != "0" else "1"), at.replace(una.id, other.id), at.replace(una.id, "usr_x"), f"/pictures/{una.id}/"):
        assert world.get(wrong).status == 404, wrong
    send(browser, png(64, 64, b"\x00\x00\xff"))
    assert world.get(at).status == 404 and world.get("/v1/profile", key=token).json["picture_url"] != url
    send(browser, None, remove="yes")
    assert world.get("/v1/profile", key=token).json["picture_url"] is None


def test_a_picture_is_removed(browser):
    send(browser, png(64, 64))
    at = shown(browser).group(1)
    assert send(browser, None, remove="yes").status == 303
    assert not shown(browser) and browser.get(at).status == 404 and "UU" in browser.get("/account").text


def test_a_picture_is_its_owners_alone(world, browser):
    send(browser, png(64, 64))
    at = shown(browser).group(1)
    assert Browser(world).get(at).status == 303  # to the sign-in
    other = Browser(world)
    other.sign_in(world.account("other@calends.example"))
    assert other.get(at).status == 404


def test_a_picture_is_in_the_copy_of_all_data(browser):
    send(browser, png(64, 64))
    served = browser.get(shown(browser).group(1)).body
    page = "/account/download"
    reply = browser.post(page, Form(browser.get(page).text, page).with_())
    assert reply.status == 200, reply
    assert zipfile.ZipFile(io.BytesIO(reply.body)).read("picture.webp") == served


WRONG = {
    "empty": (b"", "empty"), "words": (b"hello", "no PNG"), "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no PNG"),
    "html": (b"<html><script>alert(1)</script>", "no PNG"), "gif": (b"GIF89a" + b"\0" * 50, "no PNG"), "cut": (png(300, 300)[:200], "damaged"),
    "head alone": (png(300, 300)[:16], "damaged"), "page inside": (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "damaged"),
    "bomb": (png(16000, 4000, rows=1), "too many pixels"), "gigabyte": (png(16000, 16000, rows=1), "too many pixels"), "wide": (png(20000, 2), "too many pixels")}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_picture_is_told_at_the_field(browser, case):
    octets, words = WRONG[case]
    before = shown(browser)
    page = send(browser, octets)
    assert page.status == 400 and words in field_error(page.text)
    assert bool(shown(browser)) == bool(before)


def test_a_picture_that_is_too_large_is_told_at_the_field(browser):
    page = send(browser, b"\x89PNG\r\n\x1a\n" + b"\0" * (6 << 20))
    assert page.status == 413 and field_error(page.text) == "This file is too large: at most 5 MB are taken here."


def test_nothing_was_chosen(browser):
    page = send(browser, None)
    assert page.status == 400 and field_error(page.text) == "Choose a picture first."


def test_the_form_must_come_from_our_own_page(world, browser):
    assert browser.post_files("/account/picture", [("csrf", "0" * 64)], [("picture", "x", "image/png", png(8, 8))]).status == 403
    assert browser.post_files("/account/picture", [], [("picture", "x", "image/png", png(8, 8))]).status == 403


# ---- apps ----

def logo(page):
    found = re.search(r'<img src="(/apps/cli_\w+/logo/[0-9a-f]{32})"', page)
    return found and found.group(1)


def test_a_logo_is_shown_to_people_once_somebody_vouched_for_it(world, una, browser):
    app = App(world, owner=una)
    page, action = f"/apps/{app.id}", f"/apps/{app.id}/logo"
    assert "You alone see it" in browser.get(page).text
    assert send(browser, png(64, 64), page, action).status == 303
    at = logo(browser.get(page).text)
    assert browser.get(at).status == 200 and at in browser.get("/apps").text
    user = Browser(world)
    user.sign_in(world.account("user@calends.example"))
    assert user.get(at).status == 404 and not logo(app.consent_page(user).text)
    world.cli("client", "verify", app.id)
    assert user.get(at).status == 200 and logo(app.consent_page(user).text) == at
    connected = app.connect(user, scope="profile:read")["connected_account_id"]
    pages = ("/connected-accounts", f"/connected-accounts/{connected}")
    assert [logo(user.get(p).text) for p in pages] == [at, at]
    assert send(browser, png(64, 64, b"\x00\x00\xff"), page, action).status == 303  # of somebody else, perhaps
    consent = app.consent_page(user).text
    assert not logo(consent) and "Unverified" in consent and user.get(at).status == 404
    assert [logo(user.get(p).text) for p in pages] == [None, None]
    assert "Unverified" in browser.get(page).text
    send(browser, None, page, action, remove="yes")
    assert not logo(browser.get(page).text)


def test_nobody_gives_the_app_of_another_a_logo(world, una, browser):
    app = App(world, owner=una)
    other = Browser(world)
    other.sign_in(world.account("other@calends.example"))
    csrf = dict(Form(other.get("/account").text, "/sign-out").fields)["csrf"]
    reply = other.post_files(f"/apps/{app.id}/logo", [("csrf", csrf)], [("picture", "x", "image/png", png(8, 8))])
    assert reply.status == 404
    assert send(browser, b"hello", f"/apps/{app.id}", f"/apps/{app.id}/logo").status == 400


# ---- the claim ----

def connected(app, browser, scope):
    got = app.connect(browser, scope=scope)
    told = app.world.get("/oauth/userinfo", {"Authorization": f"Bearer {got['access_token']}"}).json
    return told, claims_of(got["id_token"]), claims_of(app.refresh(got["refresh_token"]).json["id_token"])


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_an_app_with_profile_is_told_where_the_picture_is(world, browser):
    """OpenID Connect Core §5.1 `picture`: the same in the ID token of a code, of a refresh, and at the UserInfo endpoint; docs/adr/0054."""
    app = App(world, type="confidential")
    send(browser, None, remove="yes")
    assert not any("picture" in claims for claims in connected(app, browser, "openid profile"))
    send(browser, png(64, 64))
    told = [claims["picture"] for claims in connected(app, browser, "openid profile")]
    assert told[0] == told[1] == told[2] and told[0].startswith(world.url + "/pictures/usr_")
    assert not any("picture" in claims for claims in connected(app, browser, "openid email"))
    assert "picture" in world.get("/.well-known/openid-configuration").json["claims_supported"]
    reply = world.get(told[0].removeprefix(world.url))  # without a cookie
    assert reply.status == 200 and reply.headers["Content-Type"] == "image/webp" and reply.body == browser.get(shown(browser).group(1)).body
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin" and reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable" and "sandbox" in reply.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in reply.headers


def test_the_address_of_a_picture_cannot_be_made_up_and_ends_with_it(world, una):
    """Row R5 of docs/attacks.md: nobody learns by a file whose picture it is."""
    app, browsers = App(world, type="confidential"), [Browser(world), Browser(world)]
    people = [world.account(f"{name}@pictures.example") for name in ("vera", "wim")]
    for browser, person in zip(browsers, people):
        browser.sign_in(person)
        send(browser, png(64, 64, b"\x01\x02\x03"))
    at, other = [connected(app, b, "openid profile")[0]["picture"].removeprefix(world.url) for b in browsers]
    assert world.get(at).status == world.get(other).status == 200
    tag, _, mac = at.rpartition("/")[2].partition("-")
    assert tag == other.rpartition("/")[2].partition("-")[0]  # the same file, and yet:
    wrong = [at.replace(people[0].id, people[1].id), at.rpartition("-")[0], at.rpartition("-")[0] + "-", at + "A", at.replace(mac, other.partition("-")[2]),
             at.replace(tag, "0" * 32), at.replace(people[0].id, "usr_x"), at.replace(people[0].id, "cli" + people[0].id[3:])]
    assert {world.get(address).status for address in wrong} == {404}
    send(browsers[0], png(64, 64, b"\xff\x00\xff"))
    assert world.get(at).status == 404 and world.get(other).status == 200
    world.cli("account", "deactivate", people[1].email)
    assert world.get(other).status == 404
    world.cli("account", "reactivate", people[1].email)
    assert world.get(other).status == 200
    send(browsers[1], None, remove="yes")
    assert world.get(other).status == 404
