# SPDX-License-Identifier: Apache-2.0
"""Setting up a device: what to press, and a key for it in one step, that the program then signs in with."""
import html
import plistlib
import re
import urllib.parse

import pytest

from oauth_flow import Browser, Form, is_page

SERVE = ["--rate-limit", "0"]
PROGRAMS = ["thunderbird", "iphone", "mac", "davx5", "evolution", "gnome", "kde", "vdirsyncer", "outlook", "home-assistant"]


@pytest.fixture(scope="module")
def user(world):
    return world.account("dev+ice@calends.example", name="Dee Vice")


def make(browser, program, **fields):
    action = f"/setup/{program}"
    return browser.post(action, Form(browser.get(action).text, action).with_(**fields))


def opens(world, user, key):
    return world.dav("PROPFIND", f"/dav/calendars/{user.id}/", None, {"Depth": 1}, (user.email, key)).status


def test_every_program_has_its_page(world, browser, user):
    page = browser.get("/setup").text
    assert re.findall('class="tile" href="/setup/([a-z0-9-]+)"', page) == [*PROGRAMS, "oauth"]
    for program in PROGRAMS:
        steps = browser.get(f"/setup/{program}").text
        assert "{" not in re.sub("<[^>]*>", "", steps.split("<main")[1]), program  # each value is filled in
        assert f"{world.url}" in steps or "Download the profile" in steps or "on this page" in steps
    assert is_page(browser.get("/setup/nothing"), 404)


def test_programs_that_sign_in_through_the_browser_have_a_page_and_need_no_key(world, browser, user):
    """Issue: "clients that sign in by OAuth". What the page names is there."""
    page = browser.get("/setup/oauth").text
    assert "{" not in re.sub("<[^>]*>", "", page.split("<main")[1]) and "Make a key" not in page
    for address in (world.url, f"{world.url}/dav/", f"{world.url}/mcp"):
        assert html.escape(address) in page
    assert world.get("/.well-known/oauth-authorization-server").json["issuer"] == world.url
    for path in ("/mcp", "/dav/"):
        assert world.get(path).status in (401, 405), path
    form = Form(browser.get("/setup/thunderbird").text, "/setup/thunderbird").with_(name="x")
    before = browser.get("/keys").text.count("<tr")
    assert is_page(browser.post("/setup/oauth", form), 404) and browser.get("/keys").text.count("<tr") == before


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_key_is_made_in_one_step_and_works(world, browser, user, program):
    reply = make(browser, program, name=f"My {program}", **{"as": None})
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store"
    key = world.secret(re.search(r'id="secret"[^>]*>(cp_[0-9a-f]{64})<', reply.text).group(1))
    assert opens(world, user, key) == 207
    assert f"<bdi>My {program}</bdi>" in browser.get("/keys").text


def test_davx5_gets_an_address_with_everything_in_it(world, browser, user):
    page = make(browser, "davx5").text
    key = world.secret(re.search(r'id="secret"[^>]*>(cp_[0-9a-f]{64})<', page).group(1))
    link = urllib.parse.urlsplit(html.unescape(re.search('href="(caldavs?:[^"]*)"', page).group(1)))
    assert (urllib.parse.unquote(link.username), link.password, link.path) == (user.email, key, "/dav/")
    assert f"{link.hostname}:{link.port}" == world.url.removeprefix("http://") and 'class="qr"' in page


@pytest.mark.parametrize("program", ["iphone", "mac"])
def test_a_profile_sets_up_apple_s_systems_whole(world, browser, user, program):
    reply = make(browser, program, name="Phone & <co>", **{"as": "profile"})
    assert reply.headers["Content-Type"] == "application/x-apple-aspen-config" and reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Disposition"].endswith('.mobileconfig"')
    profile = plistlib.loads(reply.body)
    [account] = profile["PayloadContent"]
    key = world.secret(account["CalDAVPassword"])
    assert profile["PayloadType"] == "Configuration" and account["PayloadType"] == "com.apple.caldav.account"
    assert profile["PayloadUUID"] != account["PayloadUUID"] and re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", account["PayloadUUID"])
    assert profile["PayloadIdentifier"] != account["PayloadIdentifier"] and profile["PayloadVersion"] == account["PayloadVersion"] == 1
    assert (account["CalDAVUsername"], account["CalDAVUseSSL"]) == (user.email, False)
    assert f"http://{account['CalDAVHostName']}:{account['CalDAVPort']}" == world.url
    assert world.dav("PROPFIND", account["CalDAVPrincipalURL"], None, {"Depth": 0}, (account["CalDAVUsername"], key)).status == 207


def test_only_apple_gets_a_profile(world, browser):
    reply = make(browser, "thunderbird", **{"as": "profile"})
    assert reply.headers["Content-Type"].startswith("text/html")
    world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', reply.text).group(1))


@pytest.mark.parametrize("name", ["", "x" * 101, "a\u202eb", "a\nb"])
def test_a_name_that_is_none_makes_no_key(world, browser, name):
    before = world.sql("SELECT count(*) FROM api_key")
    assert is_page(make(browser, "thunderbird", name=name), 400)
    assert world.sql("SELECT count(*) FROM api_key") == before


def test_nobody_makes_a_key_for_another(world, browser):
    assert Browser(world).get("/setup/mac").status == 303
    assert is_page(browser.post("/setup/mac", [("csrf", "0" * 64), ("name", "x")]), 403)


# ---- a code for the telephone's camera ----


def code(world, browser, program="iphone", **fields):
    """The path of the link that is shown."""
    page = make(browser, program, **{"name": "Nora's iPhone", "as": "link", **fields})
    assert page.status == 200 and 'class="qr"' in page.text and page.headers["Cache-Control"] == "no-store"
    link = html.unescape(re.search(r'<code id="link">([^<]+)<', page.text)[1])
    assert link.startswith(f"{world.url}/link/device/")
    return link.removeprefix(world.url)


def press(phone, path):
    return phone.post(path, Form(phone.get(path).text, path).with_())


def keys_of(world, user):
    return [n for [n] in world.sql(f"SELECT k.name FROM api_key k JOIN account a USING (account_id) WHERE a.email = '{user.email}' AND k.name LIKE '%iPhone'")]


def test_a_telephone_sets_itself_up_by_a_link_that_is_good_once(world, browser, user):
    """The key is made when the profile is, and no secret waits for it; who opens the link is not signed in."""
    before, path = keys_of(world, user), code(world, browser)
    token = world.secret(path.rsplit("/", 1)[1])
    assert keys_of(world, user) == before and world.sql(f"SELECT count(*) FROM mailbox_link WHERE hash = sha256('{token}')") == [["1"]]
    phone = Browser(world)
    for _ in range(2):  # looking uses nothing up
        page = phone.get(path)
        assert page.status == 200 and user.email in html.unescape(page.text) and "Nora&#39;s iPhone" in page.text
    reply = press(phone, path)
    assert reply.headers["Content-Type"] == "application/x-apple-aspen-config" and reply.headers["Cache-Control"] == "no-store"
    [account] = plistlib.loads(reply.body)["PayloadContent"]
    assert account["CalDAVUsername"] == user.email and opens(world, user, world.secret(account["CalDAVPassword"])) == 207
    assert keys_of(world, user) == [*before, "Nora's iPhone"]
    assert "session" not in phone.cookies and is_page(phone.get(path), 404)


def test_a_replayed_an_old_and_another_s_link_are_none(world, browser, user):
    before = keys_of(world, user)
    first = code(world, browser)
    phone = Browser(world)
    form = Form(phone.get(first).text, first).with_()
    second = code(world, browser)
    assert is_page(phone.post(first, form), 404), "a newer one took its place"
    world.sql("UPDATE mailbox_link SET expires_at = now() WHERE purpose = 5")
    assert is_page(phone.get(second), 404) and is_page(phone.post(second, form), 404)
    other = world.account("other+ice@calends.example")
    theirs = Browser(world)
    theirs.sign_in(other)
    third = code(world, theirs)
    token = third.rsplit("/", 1)[1]
    for wrong in (token[:-1], token[::-1], "cml_", "x", first.rsplit("/", 1)[1]):
        assert phone.get(f"/link/device/{wrong}").status in (400, 404), wrong
    assert is_page(phone.get(f"/link/reset/{token}"), 404) and is_page(phone.get(f"/link/confirm/{token}"), 404)
    reply = press(phone, third)
    [account] = plistlib.loads(reply.body)["PayloadContent"]
    assert account["CalDAVUsername"] == other.email and world.secret(account["CalDAVPassword"])
    assert is_page(phone.post(third, form), 404) and keys_of(world, user) == before


def test_a_link_ends_with_what_it_is_about(world, browser, user):
    """A form of another page makes nothing; an account that may have no keys by now, or that is deactivated, has no link."""
    path = code(world, browser)
    phone = Browser(world)
    assert phone.post(path, {"csrf": "x"}).status == 403 and phone.get(path).status == 200
    for change, back in (("plan = 1", "plan = 2"), ("status = 2", "status = 1")):
        world.sql(f"UPDATE account SET {change} WHERE email = '{user.email}'")
        try:
            assert is_page(phone.get(path), 404), change
        finally:
            world.sql(f"UPDATE account SET {back} WHERE email = '{user.email}'")
    assert phone.get(path).status == 200
    before = keys_of(world, user)
    made = [press(phone, path).status, phone.get(path).status]
    assert made == [200, 404] and len(keys_of(world, user)) == len(before) + 1


@pytest.mark.parametrize("program", ["mac", "thunderbird"])
def test_only_what_has_a_camera_gets_a_code(world, browser, program):
    reply = make(browser, program, **{"as": "link"})
    assert "/link/device/" not in reply.text
    world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', reply.text).group(1))


@pytest.mark.parametrize("name", ["", "x" * 101, "a\u202eb"])
def test_a_name_that_is_none_shows_no_code(world, browser, name):
    reply = make(browser, "iphone", name=name, **{"as": "link"})
    assert is_page(reply, 400) and 'id="name-error"' in reply.text and "/link/device/" not in reply.text
