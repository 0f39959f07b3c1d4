# SPDX-License-Identifier: Apache-2.0
"""Nextcloud's Login Flow v2: a program begins it, its user answers on a page, and the program fetches a key of its own once."""
import json
import re
import urllib.parse

import pytest

from oauth_flow import Browser, Form, at_once, is_page, post_form

SERVE = ["--rate-limit", "0"]
FLOW = "/index.php/login/v2"
DAVX5 = ("User-Agent", "DAVx5/4.5-ose (2026/11/01; dav4jvm; okhttp/5.1.0) Android/16")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def user(world):
    return world.account("flow@calends.example", name="Flo Wing")


@pytest.fixture(scope="module")
def other(world):
    return world.account("other@calends.example")


@pytest.fixture(autouse=True)
def rested(world):
    world.sql("DELETE FROM throttle; DELETE FROM login_flow")


@pytest.fixture
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


def begin(world, *headers):
    reply = world.http.request("POST", FLOW, b"", list(headers))
    assert reply.status == 200, reply
    return reply.json


def page_of(flow):
    return urllib.parse.urlsplit(flow["login"]).path


def poll(world, flow, http=None):
    return post_form(http or world.http, urllib.parse.urlsplit(flow["poll"]["endpoint"]).path, {"token": flow["poll"]["token"]})


def allow(browser, flow, **changes):
    page = page_of(flow)
    return browser.post(page, Form(browser.get(page).text, page).with_(**changes))


def deny(browser, flow):
    page = page_of(flow)
    return browser.post(page + "/deny", Form(browser.get(page).text, page).with_())


def waits(reply):
    return reply.status == 404 and reply.headers["Content-Type"].startswith("application/json") and reply.json["error"]["param"] == "token"


def fetched(world, flow):
    reply = poll(world, flow)
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store", reply
    assert set(reply.json) == {"server", "loginName", "appPassword"}
    world.secret(reply.json["appPassword"])
    return reply.json


def keys_of(world, account):
    return [n for [n] in world.sql(f"SELECT name FROM api_key JOIN login USING (account_id) WHERE email = '{account.email}' ORDER BY id")]


def test_a_program_gets_its_key_once_its_user_allowed_it(world, user, browser):
    """The protocol as Nextcloud documents it, and as DAVx5 speaks it: POST without a body, a page, polls by form; 404 until it is
    answered, 200 once; then PROPFIND at /remote.php/dav of the server that was named, following redirects."""
    before = keys_of(world, user)
    flow = begin(world, DAVX5)
    assert set(flow) == {"poll", "login"} and set(flow["poll"]) == {"token", "endpoint"}
    assert flow["poll"]["endpoint"] == world.public_url + FLOW + "/poll" and flow["login"].startswith(world.public_url + FLOW + "/flow/")
    assert flow["poll"]["token"] not in flow["login"]
    assert waits(poll(world, flow))
    page = browser.get(page_of(flow))
    for shown in ("DAVx5/4.5-ose", "127.0.0.1", "Did you start this yourself", user.email, 'value="DAVx5"'):
        assert shown in page.text, shown
    assert "another network" not in page.text and waits(poll(world, flow))  # to look is no answer
    done = allow(browser, flow)
    assert done.status == 303 and done.location == page_of(flow)
    told = browser.get(done.location)
    assert "Go back to your device" in told.text and "cp_" not in told.text
    assert keys_of(world, user) == before  # nothing is made that nobody fetches
    key = fetched(world, flow)
    assert (key["server"], key["loginName"]) == (world.public_url, user.email) and re.fullmatch("cp_[0-9a-f]{64}", key["appPassword"])
    assert keys_of(world, user) == [*before, "DAVx5"]
    auth = (key["loginName"], key["appPassword"])
    moved = world.dav("PROPFIND", "/remote.php/dav", None, {"Depth": 0}, auth)
    assert (moved.status, moved.headers["Location"]) == (308, "/dav/")
    assert world.dav("PROPFIND", moved.headers["Location"], None, {"Depth": 0}, auth).status == 207
    assert waits(poll(world, flow))  # once
    assert "Go back to your device" in browser.get(page_of(flow)).text  # whoever loads it again


def test_the_log_tells_who_allowed_the_key_and_where_it_went(world, user, browser):
    flow = begin(world)
    allow(browser, flow, name="Tablet")
    fetched(world, flow)
    [[actor, credential, name]] = world.sql(
        "SELECT actor, credential_id, details::json->>'name' FROM audit WHERE kind = 'key.created' ORDER BY at DESC, seq DESC LIMIT 1")
    assert (actor, name) == ("session", "Tablet")
    assert [credential] in world.sql(f"SELECT s.id FROM session s JOIN login USING (account_id) WHERE email = '{user.email}'")


def test_only_hashes_are_kept(world, browser):
    flow = begin(world)
    allow(browser, flow)
    [[rows]] = world.sql("SELECT string_agg(f::text, '') FROM login_flow f")
    for secret in (flow["poll"]["token"], page_of(flow).rpartition("/")[2]):
        assert re.fullmatch("cds_[0-9A-Za-z]{49}", secret) and secret not in rows
        world.secret(secret)  # nor does any log have it


def test_the_answer_may_be_no(world, user, browser):
    before, flow = keys_of(world, user), begin(world)
    assert deny(browser, flow).location == page_of(flow)
    assert "Nothing was set up" in browser.get(page_of(flow)).text
    assert waits(poll(world, flow)) and keys_of(world, user) == before
    assert is_page(browser.post(page_of(flow), [("csrf", csrf(browser)), ("name", "x")]), 409) and waits(poll(world, flow))


def csrf(browser):
    return dict(Form(browser.get("/keys").text, "/sign-out").fields)["csrf"]


def test_a_stranger_signs_in_first_and_comes_back(world, user):
    flow, stranger = begin(world), Browser(world)
    led = stranger.get(page_of(flow))
    assert led.status == 303 and led.location == "/sign-in?next=" + urllib.parse.quote(page_of(flow), safe="")
    assert stranger.sign_in(user, led.location).location == page_of(flow)
    assert "Let this device" in stranger.get(page_of(flow)).text


def test_who_did_not_prove_lately_who_they_are_does_so_first(world, user, browser):
    flow = begin(world)
    page = browser.get(page_of(flow)).text
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    asked = browser.post(page_of(flow), Form(page, page_of(flow)).with_(name="Later"))
    assert asked.status == 403 and "Confirm it" in asked.text and waits(poll(world, flow))
    fields = Form(asked.text, "/confirm").with_(confirm_password=user.password)
    action = re.search(r'action="(/confirm\?[^"]*)"', asked.text)[1].replace("&amp;", "&")
    on = browser.post(action, fields)
    assert on.status == 307 and browser.post(on.location, fields).status == 303
    fetched(world, flow)
    assert keys_of(world, user)[-1] == "Later"
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    assert deny(browser, begin(world)).status == 303  # a no makes nothing


def test_it_is_over_after_twenty_minutes(world, browser):
    early, late = begin(world), begin(world)
    page = browser.get(page_of(late)).text
    allow(browser, early)
    world.sql("UPDATE login_flow SET expires_at = expires_at - interval '19 minutes 30 seconds'")
    assert browser.get(page_of(late)).status == 200
    world.sql("UPDATE login_flow SET expires_at = expires_at - interval '31 seconds'")
    assert waits(poll(world, early))
    assert is_page(browser.get(page_of(late)), 404) and is_page(browser.get(page_of(early)), 404)
    assert is_page(browser.post(page_of(late), Form(page, page_of(late)).with_()), 404) and waits(poll(world, late))


def test_of_two_polls_at_once_one_gets_the_key(world, user, browser):
    before, flow = keys_of(world, user), begin(world)
    allow(browser, flow, name="Raced")
    replies = at_once(world, 8, lambda http: poll(world, flow, http))
    assert sorted(r.status for r in replies) == [200] + 7 * [404]
    world.secret(next(r.json["appPassword"] for r in replies if r.status == 200))
    assert keys_of(world, user) == [*before, "Raced"]


def test_of_two_answers_at_once_one_counts(world, user, browser):
    flow = begin(world)
    form = Form(browser.get(page_of(flow)).text, page_of(flow))
    cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    names = iter(["one", "two", "three", "four"])
    replies = at_once(world, 4, lambda http: post_form(http, page_of(flow), form.with_(name=next(names)), [("Cookie", cookie)]))
    assert sorted(r.status for r in replies) == [303, 409, 409, 409]
    fetched(world, flow)
    assert keys_of(world, user)[-1] in ("one", "two", "three", "four") and waits(poll(world, flow))


def test_what_one_answered_is_nobody_elses(world, user, other, browser):
    theirs = Browser(world)
    theirs.sign_in(other)
    flow = begin(world)
    form = Form(theirs.get(page_of(flow)).text, page_of(flow))
    allow(browser, flow)
    assert is_page(theirs.get(page_of(flow)), 404)
    assert is_page(theirs.post(page_of(flow), form.with_()), 404)
    assert is_page(theirs.post(page_of(flow) + "/deny", form.with_()), 404)
    assert fetched(world, flow)["loginName"] == user.email


def test_no_other_site_answers(world, browser):
    flow = begin(world)
    form = Form(browser.get(page_of(flow)).text, page_of(flow))
    assert is_page(browser.post(page_of(flow), form.with_(csrf="0" * 64)), 403)
    assert is_page(browser.post(page_of(flow), form.with_(), [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")]), 403)
    assert waits(poll(world, flow))


def test_a_device_in_another_network_is_told_of(world, browser):
    flow = begin(world)
    world.sql("UPDATE login_flow SET ip = '203.0.113.9'")
    page = browser.get(page_of(flow)).text
    assert "another network" in page and "203.0.113.9" in page and "You are at 127.0.0.1" in page


@pytest.mark.parametrize("agent,name", [
    ("Mozilla/5.0 (Linux) mirall/3.16.0 (Nextcloud)", "My device"), ("", "My device"), ("Tasks.org 14", "Tasks.org"),
    ("\u202edx5/1".encode().decode("latin-1"), "???dx5"), ("<script>alert(1)</script>/2", "&lt;script&gt;alert(1)&lt;"), ("x" * 500, "My device")])
def test_a_program_may_call_itself_as_it_likes(world, browser, agent, name):
    flow = begin(world, ("User-Agent", agent))
    page = browser.get(page_of(flow))
    assert page.status == 200 and "<script>alert" not in page.text
    shown = re.search('<input id="name"[^>]* value="([^"]*)"', page.text)[1]
    assert shown == name or (name != "My device" and shown.startswith(name.partition("(")[0])), shown
    assert allow(browser, flow).status == 303
    fetched(world, flow)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\u202eb", "a\nb"])
def test_a_name_that_is_none_is_asked_for_again(world, browser, name):
    flow = begin(world)
    again = allow(browser, flow, name=name)
    assert is_page(again, 400) and 'id="name-error"' in again.text and waits(poll(world, flow))
    assert allow(browser, flow, name="Good").status == 303
    fetched(world, flow)


def test_a_plan_without_keys_says_so_before(world, user, browser):
    world.sql(f"UPDATE account SET plan = 1 WHERE account_id IN (SELECT account_id FROM login WHERE email = '{user.email}')")
    try:
        flow = begin(world)
        page = browser.get(page_of(flow)).text
        assert "Keys do not work" in page and "Make a key" not in page
        assert is_page(browser.post(page_of(flow), [("csrf", csrf(browser)), ("name", "x")]), 402)
        assert waits(poll(world, flow)) and deny(browser, flow).status == 303
    finally:
        world.sql(f"UPDATE account SET plan = 2 WHERE account_id IN (SELECT account_id FROM login WHERE email = '{user.email}')")


def test_an_account_that_was_deactivated_meanwhile_gets_no_key(world, user, browser):
    flow = begin(world)
    allow(browser, flow)
    mine = f"account_id IN (SELECT account_id FROM login WHERE email = '{user.email}')"
    [[status]] = world.sql(f"SELECT max(status) FROM account WHERE {mine}")
    world.sql(f"UPDATE account SET status = 2 WHERE {mine}")
    assert waits(poll(world, flow))
    world.sql(f"UPDATE account SET status = {status} WHERE {mine}")
    fetched(world, flow)


def test_an_account_full_of_keys_is_told_so_and_loses_nothing(world, user, browser):
    flow = begin(world)
    allow(browser, flow)
    mine = f"(SELECT account_id FROM login WHERE email = '{user.email}')"
    world.sql(f"""INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes, created_at)
                  SELECT {mine}, gen_random_uuid(), sha256(n::text::bytea), 1, 'cp_full', 'full', 1, now() FROM generate_series(1, 500) n""")
    refused = poll(world, flow)
    assert refused.status == 403 and "at most 500 keys" in refused.json["error"]["message"]
    world.sql("DELETE FROM api_key WHERE prefix = 'cp_full'")
    fetched(world, flow)


def test_json_is_taken_where_libraries_send_it(world, browser):
    flow = begin(world)
    allow(browser, flow)
    reply = world.post(FLOW + "/poll", json.dumps({"token": flow["poll"]["token"], "more": 1}), JSON)
    assert reply.status == 200
    world.secret(reply.json["appPassword"])


@pytest.mark.parametrize("body,kind,status", [
    ("", "application/x-www-form-urlencoded", 400), ("token=", "application/x-www-form-urlencoded", 404),
    ("token=x", "application/x-www-form-urlencoded", 404), ("token=a&token=b", "application/x-www-form-urlencoded", 400),
    ("token=" + "x" * 3000, "application/x-www-form-urlencoded", 404), ("token=" + "x" * 5000, "application/x-www-form-urlencoded", 413),
    ("token=cds_" + "0" * 49, "application/x-www-form-urlencoded", 404), ("token=%00", "application/x-www-form-urlencoded", 400),
    ("{}", "application/json", 400), ('{"token":7}', "application/json", 400), ("[]", "application/json", 400), ("{", "application/json", 400),
    ("<token/>", "application/xml", 415), ("token=x", "", 415)])
def test_what_is_no_token_gets_nothing(world, body, kind, status):
    reply = world.http.request("POST", FLOW + "/poll", body, [("Content-Type", kind)] if kind else [])
    assert reply.status == status and reply.json["error"]["message"], reply


def test_addresses_that_are_none_are_pages_that_say_so(world, browser):
    for token in ("x", "cds_" + "0" * 49, "%C3%A9", "x" * 200):
        assert is_page(browser.get(f"{FLOW}/flow/{token}"), 404), token
    assert world.http.request("GET", FLOW, b"", []).status == 405 and world.http.request("POST", "/index.php/login/v2/nothing", b"", []).status == 404


def test_one_network_begins_sixty_an_hour(world):
    replies = [world.http.request("POST", FLOW, b"", []).status for _ in range(61)]
    assert replies == 60 * [200] + [429]
    world.sql("DELETE FROM throttle")
    assert world.http.request("POST", FLOW, b"", []).status == 200


def test_of_all_networks_ten_thousand_wait(world):
    world.sql("INSERT INTO login_flow (hash, page_hash, created_at, expires_at) SELECT sha256(n::text::bytea), sha256(n::text::bytea), now(), "
              "now() + interval '1 minute' FROM generate_series(1, 10000) n")
    full = world.http.request("POST", FLOW, b"", [])
    assert full.status == 503 and int(full.headers["Retry-After"]) > 0
    world.sql("DELETE FROM login_flow WHERE hash = sha256('1'::bytea)")
    assert begin(world)
