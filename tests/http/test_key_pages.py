# SPDX-License-Identifier: Apache-2.0
"""The list of API keys in its orders and parts, and the page of one key, where it is renamed and ends earlier."""
import html
import re

import pytest

from oauth_flow import Browser, Form, is_page
from rest import Api

NAMES = "<bdi>(Key [^<]*)</bdi>"


@pytest.fixture(scope="module")
def user(world):
    return world.account("keys@calends.example", name="Kay Keys")


@pytest.fixture(scope="module")
def keys(world, user):
    """By name; made in the order of the alphabet, used in its opposite."""
    made = {f"Key {letter}": world.key(user, name=f"Key {letter}", kind="secret", mode=mode)
            for letter, mode in zip("abcd", ["live", "test", "live", "test"])}
    for hours, name in enumerate(["Key a", "Key b", "Key c"], 1):
        world.sql("INSERT INTO credential_use (account_id, id, used_at) "
                  f"SELECT account_id, id, now() - interval '{hours} hours' FROM api_key WHERE name = '{name}'")
    return made


def listed(browser, query=""):
    return [html.unescape(name) for name in re.findall(NAMES, browser.get("/keys" + query).text)]


def test_the_list_is_in_the_order_that_is_asked_for(browser, keys):
    assert listed(browser) == ["Key d", "Key c", "Key b", "Key a"]
    assert listed(browser, "?sort=name") == ["Key a", "Key b", "Key c", "Key d"]
    assert listed(browser, "?sort=used") == ["Key a", "Key b", "Key c", "Key d"]  # d was never used
    assert listed(browser, "?sort=evil") == listed(browser)
    assert 'aria-sort="ascending"' in browser.get("/keys?sort=name").text


def test_the_list_shows_the_part_that_is_asked_for(world, browser, keys):
    assert listed(browser, "?show=live&sort=name") == ["Key a", "Key c"]
    assert listed(browser, "?show=test&sort=name") == ["Key b", "Key d"]
    assert listed(browser, "?show=revoked") == []
    other = world.account("revoked-none@calends.example")
    world.key(other, kind="secret")
    theirs = Browser(world)
    theirs.sign_in(other)
    assert "No such key" in theirs.get("/keys?show=revoked").text
    assert browser.get("/keys?page=99").status == 200
    assert browser.get("/keys?page=-1").status == 200
    assert '"Key' not in browser.get('/keys?show=%22Key').text


def test_five_hundred_keys_come_a_page_at_a_time(world):
    many = world.account("many@calends.example")
    world.sql("INSERT INTO api_key (account_id, id, kind, hash, prefix, name, scopes) SELECT account_id, uuid_v7(), 2, "
              "sha256(n::text::bytea), 'sk_live_x', 'Key ' || lpad(n::text, 3, '0'), 0 FROM generate_series(1, 500) n, account "
              f"WHERE email = '{many.email}' AND livemode")
    browser = Browser(world)
    browser.sign_in(many)
    seen, target = [], "/keys?sort=name"
    while target:
        page = browser.get(target).text
        assert len(page) < 100_000
        seen += re.findall(NAMES, page)
        further = re.search('href="([^"]*)">More</a>', page)
        target = further and html.unescape(further.group(1))
    assert seen == [f"Key {n:03}" for n in range(1, 501)]


def change(browser, key, **fields):
    action = f"/keys/{key.id}"
    return browser.post(action, Form(browser.get(action).text, action).with_(**fields))


def test_a_key_is_renamed(world, browser, keys):
    key = keys["Key c"]
    assert change(browser, key, name="Key see").location == f"/keys/{key.id}?done=saved"
    assert "Key see" in listed(browser)
    again = change(browser, key, name="a\u202eb")
    assert is_page(again, 400) and 'id="name-error"' in again.text and "a\u202eb" in again.text
    assert change(browser, key, name="").status == 400
    assert change(browser, key, name="Key c").status == 303


def test_a_key_ends_earlier_and_never_later(world, browser, keys):
    key = keys["Key a"]
    assert change(browser, key, expires="7d").status == 303
    offered = re.findall('<option value="([^"]*)"', browser.get(f"/keys/{key.id}").text)
    assert offered == ["", "1h", "1d"]
    assert is_page(change(browser, key, expires="30d"), 400)
    assert is_page(change(browser, key, expires="never"), 400)
    assert change(browser, key, expires="1h").status == 303
    assert world.get("/v1/profile", key=key).status == 200


def test_the_page_of_another_s_key_is_not_there(world, browser, keys):
    other = world.account("other@calends.example")
    stranger = Browser(world)
    stranger.sign_in(other)
    key = keys["Key b"]
    assert is_page(stranger.get(f"/keys/{key.id}"), 404)
    token = Form(stranger.get("/keys/new").text, "/keys").with_()[0][1]
    assert is_page(stranger.post(f"/keys/{key.id}", [("csrf", token), ("name", "Mine")]), 404)
    assert is_page(browser.post(f"/keys/{key.id}", [("csrf", "0" * 64), ("name", "Mine")]), 403)
    assert "Key b" in listed(browser)


def test_what_is_revoked_is_shown_and_not_changed(world, browser, user):
    key = world.key(user, name="Gone", kind="secret")
    world.cli("key", "revoke", key.id)
    page = browser.get(f"/keys/{key.id}").text
    assert "Revoked" in page and "<form method=\"post\" action=\"/keys/" not in page
    token = Form(browser.get("/keys/new").text, "/keys").with_()[0][1]
    assert is_page(browser.post(f"/keys/{key.id}", [("csrf", token), ("name", "Back"), ("expires", "")]), 409)


def test_a_new_test_key_lives_by_the_clock_of_test_mode(world):
    """Else it would have ended before it was made, where that clock is ahead."""
    ahead = world.account("ahead@calends.example")
    clock = Api(world, world.key(ahead, kind="secret", mode="test"))
    assert clock("POST", "/v1/sandbox/clock", {"advance_seconds": 60 * 86400}).status == 200
    browser = Browser(world)
    browser.sign_in(ahead)
    form = Form(browser.get("/keys/new").text, "/keys")
    page = browser.post("/keys", form.with_(name="Soon", kind="secret", mode="test", expires="30d")).text
    assert world.get("/v1/profile", key=world.secret(re.search(r"sk_test_\w+", page)[0])).status == 200
