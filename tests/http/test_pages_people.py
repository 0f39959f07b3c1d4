# SPDX-License-Identifier: Apache-2.0
"""What people read: plans, errors in their words, times, the way back after a sign-in, and the small addresses."""
import datetime
import re
import urllib.parse

import pytest

from oauth_flow import App, Browser, Form, is_page

SERVE = ["--default-plan", "free", "--plans-url", "https://plans.example/", "--signup", "open"]


@pytest.fixture(scope="module")
def user(world):
    return world.account("user@calends.example", name="Una User", plan="pro")


def new_key(browser, **changes):
    return browser.post("/keys", Form(browser.get("/keys/new").text, "/keys").with_(**{"name": "A key", **changes}))


def test_a_free_account_is_told_before_it_makes_a_key(world):
    """It read "ready", and every call was 402 or 403."""
    free = world.account("free@calends.example", plan="free")
    browser = Browser(world)
    browser.sign_in(free)
    for page in ("/keys", "/keys/new"):
        text = browser.get(page).text
        assert "Keys do not work on the free plan" in text and 'href="https://plans.example/"' in text
        assert 'action="/keys"' not in text and 'href="/keys/new"' not in text
    csrf = Form(browser.get("/keys").text, "/sign-out").fields[0]
    before = world.sql("SELECT count(*) FROM api_key")
    assert is_page(browser.post("/keys", [csrf, ("name", "x"), ("kind", "account"), ("expires", "never"), ("mode", "live")]), 402)
    assert world.sql("SELECT count(*) FROM api_key") == before


def test_names_stand_in_bdi(world, browser):
    """A name written from right to left turned what stands around it."""
    name = "\u05de\u05e4\u05ea\u05d7 1"
    world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', new_key(browser, name=name).text).group(1))
    listed = browser.get("/keys").text
    assert f"<bdi>{name}</bdi>" in listed
    for action in ("rotate", "revoke"):
        link = re.search(rf'href="(/keys/key_\w+/{action})"', listed).group(1)
        assert f"<bdi>{name}</bdi>" in browser.get(link).text


@pytest.mark.parametrize("field, changes", [("name", {"name": ""}), ("name", {"name": "a\u202eb"}), ("scope", {"kind": "restricted"}),
    ("kind", {"kind": "root"}), ("mode", {"mode": "test"}), ("mode", {"mode": "prod"}), ("expires", {"expires": "someday"}),
    ("allowed_ips", {"allowed_ips": "10.0.0.0/33"}), ("allowed_origins", {"kind": "publishable", "allowed_origins": "app.example"}),
    ("allowed_origins", {"kind": "secret", "allowed_origins": "https://app.example"}), ("rate_limit", {"rate_limit": "0"}),
    ("rate_limit", {"rate_limit": "many"})])
def test_the_error_stands_under_its_field_and_the_focus_in_it(browser, field, changes):
    """It stood above 30 keys, and the form below them."""
    reply = new_key(browser, **changes)
    assert is_page(reply, 400)
    assert reply.text.count('role="alert"') == 1 and f'id="{field}-error" role="alert"' in reply.text
    focused = re.findall(r"<(?:input|select)[^>]* autofocus[^>]*>", reply.text)
    assert len(focused) == 1 and f'name="{field}"' in focused[0], focused
    assert re.search(rf'aria-describedby="(\S+ )?{field}-error"', reply.text)


def test_a_key_is_limited_on_its_page(world, browser):
    page = new_key(browser, name="Bounded", kind="restricted", scope="calendars:read", allowed_ips="192.0.2.0/24, 2001:db8::/56",
        allowed_origins="https://app.example", rate_limit="7").text
    key = re.search(r"rk_live_\w+", page).group(0)
    assert world.get("/v1/calendars", {"Origin": "https://app.example"}, key).json["error"]["code"] == "ip_not_allowed"
    row = next(a for a in re.findall("<tr.*?</tr>", browser.get("/keys").text, re.S) if "Bounded" in a)
    listed = browser.get(re.search(r'href="(/keys/key_\w+)"', row).group(1)).text
    for said in ("192.0.2.0/24 2001:db8::/56", "https://app.example", "7 a second"):
        assert f"<dd>{said}</dd>" in listed


@pytest.mark.parametrize("word", ["someday", "NEVER", "30d ", "0"])
def test_a_word_that_is_no_lifetime_does_not_mean_never(world, browser, word):
    """An unknown lifetime made a key for ever."""
    before = world.sql("SELECT count(*) FROM api_key")
    assert is_page(new_key(browser, expires=word), 400)
    assert world.sql("SELECT count(*) FROM api_key") == before


def test_who_must_wait_is_told_until_when(world):
    """The page said "Wait as long as Retry-After says."."""
    guesser = Browser(world)
    for _ in range(11):
        form = Form(guesser.get("/sign-in").text, "/sign-in").with_(email="wait@calends.example", password="wrong")
        reply = guesser.post("/sign-in", form)
    assert is_page(reply, 429) and "Retry-After" not in reply.text
    told = re.search(r"Try again after (\d+ \w+ \d{4}, \d\d:\d\d) \(UTC\), in (\d+) minutes", reply.text)
    until = datetime.datetime.strptime(told.group(1), "%d %b %Y, %H:%M").replace(tzinfo=datetime.timezone.utc)
    ahead = (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 13 * 60 < ahead <= 16 * 60 and 14 <= int(told.group(2)) <= 15


@pytest.mark.parametrize("method, target, status", [("PUT", "/keys", 405), ("GET", "/nothing", 404), ("POST", "/keys", 415), ("GET", "/keys//x", 400)])
def test_pages_speak_to_people(browser, method, target, status):
    """No header, method or body is named on a page."""
    reply = browser.send(method, target, [("Content-Type", "text/plain")], b"x")
    assert is_page(reply, status)
    told = re.search(r'role="alert">([^<]*)<', reply.text).group(1)
    assert told and not re.search(r"header|method|media type|Allow|body|resource", told, re.I), told


def test_a_second_consent_says_what_the_app_has(world, browser):
    app = App(world, type="public")
    assert "It is connected already" not in app.consent_page(browser).text
    app.connect(browser, scope="profile:read calendars:read")
    page = app.consent_page(browser, scope="events:read").text
    has = re.search(r'<div class="has">(.*?)</div>', page, re.S).group(1)
    assert "time zone" in has and "when you are busy" in has and re.search(r"Since \d+ \w+ \d{4}, \d\d:\d\d", has)
    assert "details of your events" not in has


def test_a_key_is_shown_whole(world, browser):
    """A one-line field cut it."""
    page = new_key(browser, name="Whole").text
    secret = world.secret(re.search(r'<code id="secret" tabindex="0">(cp_[0-9a-f]{64})</code>', page).group(1))
    assert page.count(secret) == 2  # and in the command


def test_times_are_told_absolutely_first(world, browser):
    """The product page says "creation timestamp"."""
    world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', new_key(browser, name="Timed").text).group(1))
    row = next(a for a in re.findall("<tr.*?</tr>", browser.get("/keys").text, re.S) if "Timed" in a)
    assert re.search(r'<time datetime="[^"]+" title="\d+ \w+ \d{4}, \d\d:\d\d \(UTC\)">\d+ \w+ \d{4}</time> <span class="ago">just now</span>', row)
    row = browser.get(re.search(r'href="(/keys/key_\w+)"', row).group(1)).text
    assert re.search(r'<time datetime="[^"]+">\d+ \w+ \d{4}, \d\d:\d\d \(UTC\)</time> <span class="ago">just now</span>', row)


@pytest.mark.parametrize("target", ["/nothing", "/keys/nonsense/revoke", "/connected-accounts/x/remove"])
def test_error_pages_keep_the_navigation_of_who_is_signed_in(world, browser, target):
    reply = browser.get(target)
    assert is_page(reply, 404) and re.search('<nav [^>]*aria-label="Main"', reply.text) and "/sign-out" in reply.text
    outside = Browser(world).get("/nothing").text
    [nav] = re.findall("<nav.*?</nav>", outside, re.S)
    assert re.findall('href="(.*?)"', nav) == ["/docs", "/sign-in"] and "/sign-out" not in outside


@pytest.mark.parametrize("target, leads", [
    ("/keys/key_0/rotate", "/keys"), ("/apps/cli_0", "/apps"), ("/webhooks/wbk_0", "/webhooks"), ("/logs/req_0", "/logs"), ("/calendars/cal_0", "/calendars"),
    ("/calendar/events/evt_0", "/calendar"), ("/booking-pages/bkp_0", "/booking-pages"), ("/connected-accounts/cpa_0", "/connected-accounts"),
    ("/link/reset/cml_0", "/forgot-password"), ("/link/sign-up/cml_0", "/sign-up"), ("/link/device/cml_0", "/setup"), ("/setup/nothing", "/setup")])
def test_a_page_that_is_not_there_offers_the_next_step(world, browser, target, leads):
    reply = browser.get(target)
    assert is_page(reply, 404) and re.search(rf'<a class="button" href="{leads}">', reply.text), reply.text
    assert browser.get(leads).status in (200, 404), "there is no mail here, and then no way to a new password"


@pytest.mark.parametrize("page, action, back", [("/keys/new", "/keys", "/keys"), ("/calendars/new", "/calendars", "/calendars"),
    ("/account", "/account", "/account"), ("/account", "/account/password", None), ("/keys", "/sign-out", None)])
def test_a_form_whose_session_was_lost_leads_back_after_the_sign_in(world, user, page, action, back):
    """`next` was lost."""
    browser = Browser(world)
    browser.sign_in(user)
    form = Form(browser.get(page).text, action).fields
    browser.cookies = {k: v for k, v in browser.cookies.items() if not k.startswith("session_")}
    reply = browser.post(action, form)
    assert is_page(reply, 403)
    link = re.search(r'class="button" href="(/sign-in[^"]*)"', reply.text).group(1).replace("&amp;", "&")
    assert dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link).query)).get("next") == back
    assert browser.sign_in(user, link).location == (back or "/")


def test_a_consent_whose_session_was_lost_is_asked_again(world, user):
    """The request stays what it was."""
    app, browser = App(world, type="public"), Browser(world)
    browser.sign_in(user)
    page = app.consent_page(browser)
    action = re.search(r'<form method="post" action="(/consent[^"]*)"', page.text).group(1)
    browser.cookies = {k: v for k, v in browser.cookies.items() if not k.startswith("session_")}
    reply = browser.post(action, Form(page.text, "/consent").with_(decision="allow"))
    link = re.search(r'class="button" href="(/sign-in[^"]*)"', reply.text).group(1).replace("&amp;", "&")
    back = browser.sign_in(user, link)
    assert "code" in app.decide(browser, browser.get(back.location)).location


@pytest.mark.parametrize("target, kind, says", [("/docs", "text/html", "/docs/errors"), ("/favicon.ico", "image/svg+xml", "<svg"),
    ("/robots.txt", "text/plain", "User-agent: *"), ("/manifest.webmanifest", "application/manifest+json", "start_url"), ("/status", "text/html", "All is well"), ("/.well-known/security.txt", "text/plain", "Contact: http")])
def test_the_small_addresses_are_there(world, target, kind, says):
    reply = Browser(world).get(target)
    assert reply.status == 200 and reply.headers["Content-Type"].startswith(kind) and says in reply.text


def test_security_txt_holds_and_ends(world):  # RFC 9116 §2.5.3, §2.5.5
    fields = dict(line.split(": ", 1) for line in world.get("/.well-known/security.txt").text.splitlines())
    expires = datetime.datetime.fromisoformat(fields["Expires"].replace("Z", "+00:00"))
    assert datetime.timedelta(days=7) < expires - datetime.datetime.now(datetime.timezone.utc) < datetime.timedelta(days=365)
    contact = urllib.parse.urlsplit(fields["Contact"])
    assert f'id="{contact.fragment}"' in world.get(contact.path).text


def test_password_managers_find_where_to_change_it(world, user):  # W3C change-password-url §2
    reply = world.get("/.well-known/change-password")
    assert reply.status == 302 and reply.location == "/account#password"
    assert world.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").status == 404
    browser = Browser(world)
    browser.sign_in(user)
    assert 'id="password"' in browser.get("/account").text


def test_who_is_not_signed_in_is_told_what_this_is_and_led_on(world):
    page = Browser(world).get("/").text
    for link in ["/sign-in", "/docs", "/docs/quickstart", "/docs/caldav", "/docs/connect", "/status", "/docs#security", "/manifest.webmanifest"]:
        assert f'href="{link}"' in page, link
    assert world.url in page and "/sign-out" not in page


def test_an_error_keeps_the_navigation_and_offers_a_next_step(world, user):
    browser = Browser(world)
    assert 'href="/docs"' in browser.get("/nothing").text
    browser.sign_in(user)
    page = browser.get("/nothing").text
    assert 'href="/calendars"' in page and 'href="/docs"' in page and 'action="/sign-out"' in page


def test_the_manifest_leads_to_what_is_there(world):  # W3C Web Application Manifest
    manifest = world.get("/manifest.webmanifest").json
    assert world.get(manifest["icons"][0]["src"]).headers["Content-Type"] == manifest["icons"][0]["type"]
    assert world.get(manifest["start_url"]).status in (200, 303)
    assert "manifest-src 'self'" in world.get("/docs").headers["Content-Security-Policy"]
