# SPDX-License-Identifier: Apache-2.0
"""Pages for people: sign-in, keys, apps, calendars, account, errors."""
import gzip
import html.parser
import pathlib
import re
import urllib.parse

import pytest

from oauth_flow import FORM, App, Browser, Form, encode, is_page, profile
from world import ROOT

SERVE = ["--signup", "open"]

PAGES = ["/", "/keys", "/keys/new", "/docs", "/docs/errors", "/connected-accounts", "/calendars", "/calendars?mode=test", "/calendars/new", "/sandbox", "/account", "/logs", "/logs?mode=test&status=failed", "/usage", "/apps", "/apps/new", "/webhooks", "/webhooks?mode=test", "/webhooks/new"]


@pytest.fixture(scope="module")
def user(world):
    return world.account("user@calends.example", name="Uma User")


@pytest.fixture
def stranger(world):
    return Browser(world)


def session_cookie(browser):
    return next((v for k, v in browser.cookies.items() if k.startswith("session_")), None)


def submit(browser, page, action, **changes):
    return browser.post(action, Form(browser.get(page).text, action).with_(**changes))


# ---- sign in and out ----


def test_a_stranger_is_led_to_sign_in_and_back(world, user, stranger):
    asked = stranger.get("/keys")
    assert (asked.status, asked.location) == (303, "/sign-in?next=%2Fkeys")
    assert 'href="/sign-in"' in stranger.get("/").text
    done = stranger.sign_in(user, asked.location)
    assert done.location == "/keys"
    assert "Uma User" in stranger.get("/").text


def test_unknown_users_and_wrong_passwords_get_the_same_answer(world, user, stranger):
    answers = []
    for email, password in [(user.email, "wrong password"), ("nobody@calends.example", "wrong password"), ("no address", "x"), ("", "")]:
        form = Form(stranger.get("/sign-in").text, "/sign-in").with_(email=email, password=password)
        reply = stranger.post("/sign-in", form)
        assert is_page(reply, 403)
        answers.append(re.search('role="alert".*?</div>', reply.text, re.S).group())
    assert len(set(answers)) == 1
    assert session_cookie(stranger) is None


def test_guessing_is_throttled_with_a_time_to_wait(world):
    world.account("guessed@calends.example")
    browser = Browser(world)
    for _ in range(10):
        submit(browser, "/sign-in", "/sign-in", email="guessed@calends.example", password="wrong")
    reply = submit(browser, "/sign-in", "/sign-in", email="guessed@calends.example", password="wrong")
    assert reply.status == 429 and int(reply.headers["Retry-After"]) > 0
    assert 'role="alert"' in reply.text


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_sign_in_needs_the_token_of_this_browser(user, stranger, token):
    form = Form(stranger.get("/sign-in").text, "/sign-in").with_(email=user.email, password=user.password, csrf=token)
    assert is_page(stranger.post("/sign-in", form), 403)
    assert session_cookie(stranger) is None


def test_a_token_without_its_cookie_is_worth_nothing(world, user, stranger):
    form = Form(stranger.get("/sign-in").text, "/sign-in").with_(email=user.email, password=user.password)
    stranger.cookies.clear()
    assert is_page(stranger.post("/sign-in", form), 403)


def test_a_session_changes_at_sign_in_and_the_old_one_dies(world, user):
    browser = Browser(world)
    name = f"session_{world.port}"
    browser.cookies[name] = "fixed-by-a-thief"
    browser.sign_in(user)
    first = session_cookie(browser)
    assert first != "fixed-by-a-thief"
    browser.sign_in(user, "/sign-in?again=1")
    second = session_cookie(browser)
    assert second != first
    thief = Browser(world)
    thief.cookies[name] = first
    assert thief.get("/keys").status == 303


def test_cookies_on_plain_http_are_bound_as_far_as_they_can_be(world, user, stranger):
    reply = stranger.sign_in(user)
    session = next(c for c in reply.headers.all("Set-Cookie") if c.startswith(f"session_{world.port}="))
    attributes = {a.strip().lower() for a in session.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(a.startswith("domain") for a in attributes)


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example/", "/%2f/../x", "javascript:alert(1)",
    "evil.example", "/a/../b", "/x\r\nSet-Cookie: a=b", "/\t/evil.example", "/ /evil", "///evil.example", "/" + "a" * 5000, ""])
def test_sign_in_leads_to_places_of_this_site_alone(world, user, stranger, target):
    reply = stranger.sign_in(user, "/sign-in?" + urllib.parse.urlencode({"next": target}))
    assert reply.location == "/"


def test_a_place_of_this_site_is_kept_whole(world, user, stranger):
    place = "/calendars?mode=test&done=saved"
    assert stranger.sign_in(user, "/sign-in?" + urllib.parse.urlencode({"next": place})).location == place
    assert stranger.get("/sign-in?" + urllib.parse.urlencode({"next": place})).location == place
    assert stranger.get("/sign-in?next=//evil.example").location == "/"


@pytest.mark.parametrize("agent", [b"\xff\xfe", b"x" * 299 + "é".encode()])
def test_a_browser_may_call_itself_what_it_likes(world, agent):
    user, b = world.account("agent@calends.example"), Browser(world)
    form = Form(b.get("/sign-in").text, "/sign-in").with_(email=user.email, password=user.password)
    reply = b.send("POST", "/sign-in", [FORM, ("User-Agent", agent)], encode(form))
    assert reply.status == 303 and session_cookie(b)


def test_signing_out_ends_the_session(world, user, stranger):
    stranger.sign_in(user)
    cookie = session_cookie(stranger)
    assert submit(stranger, "/keys", "/sign-out").location == "/sign-in?done=signed-out"
    stranger.cookies[f"session_{world.port}"] = cookie
    assert stranger.get("/keys").status == 303


def test_sign_up_makes_an_account_that_is_signed_in(world, stranger):
    password = world.secret("a long new password")
    reply = submit(stranger, "/sign-up?next=/keys", "/sign-up", name="Nora New", email="Nora@Calends.example ", password=password)
    assert (reply.status, reply.location) == (303, "/keys")
    assert "Nora New" in stranger.get("/").text
    again = submit(Browser(world), "/sign-up", "/sign-up", name="N", email="nora@calends.example", password=password)
    assert again.status == 409 and "Sign in instead" in again.text and password not in again.text


@pytest.mark.parametrize("changes", [{"email": "nonsense"}, {"password": "short"}, {"password": ""}, {"name": ""}, {"name": "\u202egro.elpmaxe"}, {"name": "x" * 101}])
def test_sign_up_says_what_is_wrong_and_keeps_the_rest(world, stranger, changes):
    sent = {"name": "Olga", "email": "olga@calends.example", "password": "a good password", **changes}
    reply = submit(stranger, "/sign-up", "/sign-up", **sent)
    assert is_page(reply, 400)
    assert 'aria-invalid="true"' in reply.text
    if "email" not in changes:
        assert 'value="olga@calends.example"' in reply.text
    assert not world.sql("SELECT 1 FROM login WHERE email = 'olga@calends.example'")


# ---- what holds for every page ----


@pytest.mark.parametrize("page", PAGES + ["/sign-in?again=1", "/sign-up", "/nothing"])
def test_pages_cannot_be_framed_kept_or_leak(world, browser, page):
    reply = browser.get(page)
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Cache-Control"] == ("public, max-age=300" if page.startswith("/docs") else "no-store")  # the same for all
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert "style=" not in reply.text and "onclick" not in reply.text
    loaded = [url for url in re.findall(r'(?:src|<link[^>]*href)="([^"]*)"', reply.text) if url != "#foot"]  # a place on the page
    assert loaded and all(address.startswith("/static/") or address == "/manifest.webmanifest" for address in loaded)


class Outline(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.lang, self.headings, self.labels, self.inputs, self.ids = None, 0, set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "html":
            self.lang = a.get("lang")
        self.headings += tag == "h1"
        if tag == "label":
            self.labels.add(a["for"])
        if tag in ("input", "select") and a.get("type") != "hidden" and a.get("aria-hidden") != "true":
            self.inputs.append(a.get("id"))
        if "id" in a:
            self.ids.append(a["id"])


@pytest.mark.parametrize("page", PAGES + ["/sign-in?again=1", "/sign-up", "/nothing"])
def test_pages_can_be_read_by_a_screen_reader(browser, page):  # WCAG 2.2 §1.3.1, §3.1.1, §3.3.2, §4.1.1
    outline = Outline(browser.get(page).text)
    assert outline.lang == "en" and outline.headings == 1
    assert set(outline.inputs) <= outline.labels
    assert len(outline.ids) == len(set(outline.ids))


FORMS = ["/keys", "/calendars", "/sandbox", "/account", "/account/password", "/sign-out", "/keys/key_0000000000000000000001/revoke",
    "/keys/key_0000000000000000000001/rotate", "/connected-accounts/cpa_0000000000000000000001/remove", "/calendars/cal_0000000000000000000001/delete"]


@pytest.mark.parametrize("action", FORMS)
def test_every_form_needs_its_token_and_our_own_page(world, user, browser, action):
    token = Form(browser.get("/keys/new").text, "/keys").with_()[0][1]
    other = Browser(world)
    other.sign_in(user)
    others = Form(other.get("/keys/new").text, "/keys").with_()[0][1]
    before = world.sql("SELECT count(*) FROM api_key")
    for csrf, headers in [(None, []), ("", []), ("f" * 64, []), (others, []), (token, [("Origin", "https://evil.example")]),
            (token, [("Sec-Fetch-Site", "cross-site")])]:
        reply = browser.post(action, [("csrf", csrf), ("name", "x"), ("kind", "account")], headers)
        assert is_page(reply, 403), (csrf, headers)
    assert world.sql("SELECT count(*) FROM api_key") == before


@pytest.mark.parametrize("action", FORMS)
def test_a_form_without_a_session_does_nothing_and_says_so(stranger, action):
    reply = stranger.post(action, [("csrf", "0" * 64)])
    assert is_page(reply, 403) and "/sign-in" in reply.text


def test_bodies_that_are_no_forms_are_refused(world, browser):
    for headers, body, status in [([("Content-Type", "application/json")], b"{}", 415),
            ([("Content-Type", "multipart/form-data; boundary=x")], b"--x--", 415),
            ([("Content-Type", "application/x-www-form-urlencoded")], b"name=" + b"x" * 100_000, 413),
            ([("Content-Type", "application/x-www-form-urlencoded")], b"name=%00", 400),
            ([("Content-Type", "application/x-www-form-urlencoded")], b"name=%zz", 400),
            ([("Content-Type", "application/x-www-form-urlencoded")], b"&".join([b"a=b"] * 300), 400)]:
        assert is_page(browser.send("POST", "/keys", headers, body), status)


def test_what_is_not_there_is_a_page_too(world, browser, stranger):
    for who in (browser, stranger):
        reply = who.get("/nothing/%3Cscript%3Ealert")
        assert is_page(reply, 404) and "<script>alert" not in reply.text and reply.request_id in reply.text
    reply = browser.send("PUT", "/keys", [], b"")
    assert is_page(reply, 405) and "GET" in reply.headers["Allow"]
    assert is_page(browser.get("/keys/nonsense/revoke"), 404)


def test_static_files_are_kept_for_ever_under_names_of_their_content(browser, stranger):
    css = re.search(r'href="(/static/app\.[0-9a-f]{16}\.css)"', browser.get("/keys").text).group(1)
    reply = stranger.get(css)
    assert reply.status == 200 and "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["Content-Type"].startswith("text/css")
    zipped = stranger.send("GET", css, [("Accept-Encoding", "br, gzip")])
    assert zipped.headers["Content-Encoding"] == "gzip" and zipped.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(zipped.body) == reply.body and "Content-Encoding" not in reply.headers
    assert "Content-Encoding" not in stranger.send("GET", css, [("Accept-Encoding", "gzip;q=0")]).headers
    assert stranger.get("/static/app.css").status == 404
    assert stranger.get("/static/..%2froutes.c").status == 404


# ---- keys ----


# ---- connected apps ----


def test_an_app_that_is_removed_loses_all_its_tokens_at_once(world, browser):
    app = App(world, name="Acme <CRM>")
    tokens = app.connect(browser, scope="profile:read events:read")
    assert profile(world, tokens["access_token"]).status == 200
    page = browser.get("/connected-accounts").text
    assert "Acme &lt;CRM&gt;" in page and "Sees your events" in page and "Unverified" in page
    whole = browser.get(f"/connected-accounts/{tokens['connected_account_id']}").text
    assert "Acme &lt;CRM&gt;" in whole and "See all details of your events" in whole and "Unverified" in whole
    assert tokens["connected_account_id"] in page
    action = f"/connected-accounts/{tokens['connected_account_id']}/remove"
    assert submit(browser, action, action).location == "/connected-accounts?done=removed"
    assert profile(world, tokens["access_token"]).status == 401
    assert app.refresh(tokens["refresh_token"]).status == 400
    assert "Acme" not in browser.get("/connected-accounts").words
    assert is_page(browser.get(action), 404)


def test_nobody_removes_the_app_of_another(world, browser):
    owner = Browser(world)
    owner.sign_in(world.account("owner@calends.example"))
    tokens = App(world).connect(owner, scope="profile:read")
    action = f"/connected-accounts/{tokens['connected_account_id']}/remove"
    token = Form(browser.get("/keys/new").text, "/keys").with_()[0][1]
    assert is_page(browser.post(action, [("csrf", token)]), 404)
    assert profile(world, tokens["access_token"]).status == 200


# ---- calendars ----


def calendar_row(browser, name, page="/calendars"):
    return next((a for a in re.findall("<tr.*?</tr>", browser.get(page).text, re.S) if name in a), None)


def test_a_calendar_is_made_changed_and_deleted(world, user, browser):
    made = submit(browser, "/calendars/new", "/calendars", name="Team Ümläute & Co", color="#e07a1f")
    assert made.location == "/calendars?done=created"
    row = calendar_row(browser, "Team Ümläute &amp; Co")
    assert 'fill="#e07a1f"' in row and f"/dav/calendars/{user.id}/" in row
    url = urllib.parse.urlsplit(re.search(r"<code[^>]*>(http[^<]+)</code>", row).group(1)).path
    assert world.dav("PROPFIND", url, None, {"Depth": 0}, user).status == 207

    edit = re.search(r'href="(/calendars/cal_\w+/edit)"', row).group(1)
    assert submit(browser, edit, edit, name="Renamed", color="#123456").location == "/calendars?done=saved"
    assert 'fill="#123456"' in calendar_row(browser, "Renamed")
    assert is_page(submit(browser, edit, edit, name=" "), 400)

    delete = edit.replace("/edit", "/delete")
    assert submit(browser, delete, delete).location == "/calendars?done=deleted"
    assert calendar_row(browser, "Renamed") is None
    assert world.dav("PROPFIND", url, None, {"Depth": 0}, user).status == 404


def test_two_calendars_may_have_one_name(browser):
    for _ in range(2):
        assert submit(browser, "/calendars/new", "/calendars", name="Same").status == 303
    assert len(re.findall("<bdi>Same</bdi>", browser.get("/calendars").text)) == 2


def test_a_colour_that_is_none_is_not_drawn(browser):
    submit(browser, "/calendars/new", "/calendars", name="Odd", color='red" onload="x')
    assert "onload" not in calendar_row(browser, "Odd")


def test_test_calendars_are_another_world(world, user, browser):
    made = submit(browser, "/calendars/new?mode=test", "/calendars", name="Only in test")
    assert made.location == "/calendars?done=created&mode=test"
    assert calendar_row(browser, "Only in test") is None
    row = calendar_row(browser, "Only in test", "/calendars?mode=test")
    assert f"/dav/calendars/test-{user.id}/only-in-test/" in row
    edit = re.search(r'href="(/calendars/cal_\w+/edit)\?mode=test"', row).group(1)
    assert is_page(browser.get(edit), 404)
    assert browser.get(edit + "?mode=test").status == 200


# ---- account ----


def test_name_and_time_zone_are_changed(world, browser):
    assert submit(browser, "/account", "/account", name="Uma Changed", tz="europe/berlin").location == "/account?done=saved"
    page = browser.get("/account").text
    assert 'value="Uma Changed"' in page and 'value="Europe/Berlin"' in page
    refused = submit(browser, "/account", "/account", name="Uma Changed", tz="../../etc/passwd")
    assert is_page(refused, 400) and 'aria-invalid="true"' in refused.text
    submit(browser, "/account", "/account", name="Uma User", tz="UTC")


@pytest.mark.parametrize("path", sorted(pathlib.Path(ROOT, "web/templates").glob("*.html")), ids=lambda p: p.stem)
def test_no_form_stands_in_another(path):
    """HTML §4.10.3: a browser ends the outer one where the inner one ends. messages.html brings a form along where an address is not confirmed."""
    depth = 0
    for tag in re.findall(r"<form|</form>|\{\{>messages\}\}", path.read_text(encoding="utf-8")):
        assert tag == "</form>" or depth == 0, tag
        depth += {"<form": 1, "</form>": -1}.get(tag, 0)


def test_a_new_password_ends_every_other_session(world):
    account = world.account("changer@calends.example")
    here, there = Browser(world), Browser(world)
    here.sign_in(account)
    there.sign_in(account)
    fresh = world.secret("an entirely new password")
    action = "/account/password"

    def change(current, new, again):
        return submit(here, "/account", action, current_password=current, new_password=new, new_password_again=again)

    assert is_page(change("wrong", fresh, fresh), 400)
    assert is_page(change(account.password, fresh, fresh + "x"), 400)
    assert is_page(change(account.password, "short", "short"), 400)
    assert there.get("/keys").status == 200
    assert change(account.password, fresh, fresh).location == "/account?done=password"
    assert here.get("/keys").status == 200
    assert there.get("/keys").status == 303
    assert submit(Browser(world), "/sign-in", "/sign-in", email=account.email, password=account.password).status == 403
    assert submit(Browser(world), "/sign-in", "/sign-in", email=account.email, password=fresh).status == 303


def test_a_deactivated_account_cannot_sign_in_and_is_told_why(world, stranger):
    account = world.account("gone@calends.example")
    world.cli("account", "deactivate", account.email)
    reply = submit(stranger, "/sign-in", "/sign-in", email=account.email, password=account.password)
    assert is_page(reply, 403) and "deactivated" in reply.text
