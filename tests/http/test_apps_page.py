# SPDX-License-Identifier: Apache-2.0
"""/apps: a developer's own apps, by the same operations as /v1/oauth_apps and `calends client …`."""
import html
import re

import pytest

from oauth_flow import App, Browser, Form, is_page
from test_confirm import AGED, asks

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "0"]
NOBODY = "cli_" + "0" * 21 + "1"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("dev@platform.example")


def form(browser, page="/apps/new", action="/apps", **changes):
    reply = browser.get(page)
    assert reply.status == 200, reply
    return Form(reply.text, action).with_(**changes)


def register(browser, **changes):
    fields = {"name": "Acme", "type": "confidential", "redirect_uris": "https://app.example/cb\r\n\r\n  https://app.example/second  \r\n",
              "scope": ["events:read", "profile:read"], **changes}
    return browser.post("/apps", form(browser, **fields))


def text(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def registered(world, browser, **changes):
    """The id and the secret, if there is one."""
    reply = register(browser, **changes)
    assert reply.status == 200, text(reply.text)
    secret = re.search(r'id="secret"[^>]*>([^<]*)', reply.text)
    return re.search(r'id="client-id">(cli_\w+)', reply.text)[1], secret and world.secret(secret[1])


def stored(world, app):
    """What the command line tells of it."""
    listed = world.cli("client", "list")
    rows = listed if isinstance(listed, list) else next(v for v in listed.values() if isinstance(v, list))
    return next((c for c in rows if c["client_id"] == app), None)


def token(world, app, secret, scope="calendars:read"):
    return world.post("/oauth/token", f"grant_type=client_credentials&client_id={app}&client_secret={secret}&scope={scope}",
                      {"Content-Type": "application/x-www-form-urlencoded"})


# ---- registering ----


def test_an_app_is_registered_and_its_secret_shown_once(world, owner, browser):
    app, secret = registered(world, browser)
    assert secret.startswith("cls_") and secret not in browser.get(f"/apps/{app}").text
    row = stored(world, app)
    assert row["redirect_uris"] == ["https://app.example/cb", "https://app.example/second"] and row["client_name"] == "Acme"
    page = text(browser.get(f"/apps/{app}").text)
    assert "Confidential" in page and "Unverified" in page and secret[:10] in page and "Nobody has connected it yet." in page
    assert world.sql(f"SELECT kind FROM audit ORDER BY at DESC LIMIT 1") == [["client.created"]]


def test_a_public_app_has_no_secret(world, browser):
    app, secret = registered(world, browser, type="public", redirect_uris="com.example.app:/cb")
    assert secret is None and f'action="/apps/{app}/secrets"' not in browser.get(f"/apps/{app}").text
    assert is_page(browser.post(f"/apps/{app}/secrets", {"csrf": dict(form(browser))["csrf"]}), 409)


def test_an_app_for_itself_alone_needs_no_redirect(world, browser):
    app, secret = registered(world, browser, redirect_uris="", scope=None, machine_scope=["calendars:read"])
    assert token(world, app, secret).status == 200
    assert "None: it works for itself alone." in text(browser.get(f"/apps/{app}").text)


def test_test_mode_is_said(world, browser):
    app, _ = registered(world, browser, mode="test")
    assert "Test" in text(browser.get(f"/apps/{app}").text)
    assert world.sql(f"SELECT a.livemode FROM oauth_client c JOIN account a ON a.account_id = c.owner_id ORDER BY c.id DESC LIMIT 1") == [["f"]]


BAD = {
    "no name": ({"name": ""}, "name"),
    "rtl override": ({"name": "Acme \u202eevil"}, "name"),
    "line break": ({"name": "Acme\nCo"}, "name"),
    "long": ({"name": "x" * 101}, "name"),
    "no redirect": ({"redirect_uris": " \r\n"}, "redirect_uris"),
    "http": ({"redirect_uris": "http://app.example/cb"}, "redirect_uris"),
    "wildcard": ({"redirect_uris": "https://*.example/cb"}, "redirect_uris"),
    "fragment": ({"redirect_uris": "https://app.example/cb#x"}, "redirect_uris"),
    "script": ({"redirect_uris": "javascript:alert(1)"}, "redirect_uris"),
    "twice": ({"redirect_uris": "https://app.example/cb\nhttps://app.example/cb"}, "redirect_uris"),
    "twenty one": ({"redirect_uris": "\n".join(f"https://app.example/{n}" for n in range(21))}, "redirect_uris"),
    "no scope": ({"scope": None}, "scope"),
    "strange scope": ({"scope": ["everything"]}, "scope"),
    "no type": ({"type": None}, "type"),
    "strange mode": ({"mode": "x"}, "mode"),
    "public for itself": ({"type": "public", "machine_scope": ["events:read"]}, "machine"),
    "fapi with a secret": ({"profile": "fapi2"}, "profile"),
    "strange profile": ({"profile": "x"}, "profile"),
    "keys of nowhere": ({"proof": "keys"}, "jwks_uri"),
    "keys of http": ({"proof": "keys", "jwks_uri": "http://app.example/jwks"}, "jwks_uri"),
    "strange proof": ({"proof": "x"}, "proof"),
}


@pytest.mark.parametrize("changes, field", BAD.values(), ids=BAD)
def test_an_error_stands_at_its_field_and_what_was_sent_is_kept(world, browser, changes, field):
    reply = register(browser, **{"name": "Kept <name>", **changes})
    assert 400 <= reply.status < 500, text(reply.text)
    assert re.search(rf'id="{field}-error" role="alert">[^<]+</p>', reply.text), text(reply.text)
    assert reply.text.count("autofocus") == 1, "the cursor is where the error is"
    if "name" not in changes:
        assert 'value="Kept &lt;name&gt;"' in reply.text
    assert not re.search(r"cls_\w{20}", reply.text)


@pytest.mark.parametrize("name", ["Übung 👩‍💻 e\u0301", "x" * 100, "<script>alert(1)</script>"], ids=["emoji", "long", "markup"])
def test_names_of_people_are_taken_and_never_markup(world, browser, name):
    app, _ = registered(world, browser, name=name)
    for page in ("/apps", f"/apps/{app}", f"/apps/{app}/edit", f"/apps/{app}/delete"):
        assert html.escape(name, quote=False) in browser.get(page).text.replace("&#39;", "'").replace("&quot;", '"'), page


# ---- changing ----


def test_an_edit_changes_what_it_shows_and_ends_the_operators_word(world, browser):
    app, secret = registered(world, browser, machine_scope=["calendars:read"])
    world.cli("client", "verify", app)
    assert "Verified" in text(browser.get(f"/apps/{app}").text)
    untouched = form(browser, f"/apps/{app}/edit", f"/apps/{app}/edit", redirect_uris="https://app.example/cb\nhttps://app.example/second")
    before = stored(world, app)
    assert browser.post(f"/apps/{app}/edit", untouched).location == f"/apps/{app}?done=saved"
    assert stored(world, app) == before and before["verified"] is True
    changed = form(browser, f"/apps/{app}/edit", f"/apps/{app}/edit", name="Acme 2", redirect_uris="https://app.example/new", machine_scope=None)
    assert browser.post(f"/apps/{app}/edit", changed).status == 303
    after = stored(world, app)
    assert after["redirect_uris"] == ["https://app.example/new"] and after["verified"] is False
    assert token(world, app, secret).status == 400
    refused = form(browser, f"/apps/{app}/edit", f"/apps/{app}/edit", redirect_uris="http://app.example/new")
    reply = browser.post(f"/apps/{app}/edit", refused)
    assert reply.status == 400 and "http://app.example/new</textarea>" in reply.text
    assert stored(world, app) == after


def test_secrets_overlap_and_one_is_retired(world, browser):
    app, first = registered(world, browser, machine_scope=["calendars:read"])
    reply = browser.post(f"/apps/{app}/secrets", form(browser, f"/apps/{app}", f"/apps/{app}/secrets"))
    second = world.secret(re.search(r'id="secret"[^>]*>([^<]*)', reply.text)[1])
    assert token(world, app, first).status == token(world, app, second).status == 200
    page = browser.get(f"/apps/{app}").text
    [revoke] = [a for a in re.findall(rf'href="(/apps/{app}/secrets/sec_\w+/revoke)" aria-label="Revoke {first[:10]}"', page)]
    assert "Revoke this secret?" in browser.get(revoke).text
    assert browser.post(revoke, form(browser, revoke, revoke)).location == f"/apps/{app}?done=secret-revoked"
    assert token(world, app, first).status == 401 and token(world, app, second).status == 200
    assert is_page(browser.get(revoke), 409)


def test_deleting_names_what_ends_and_ends_it(world, owner, browser):
    user = Browser(world)
    user.sign_in(world.account("una@example.org", name="Una Quill"))
    other = App(world, owner=owner.email, name="To go")
    tokens = other.connect(user)
    page = browser.get(f"/apps/{other.id}").text
    assert "Una Quill" not in text(page) and tokens["connected_account_id"] in page, "who it is, is theirs to tell"
    confirm = browser.get(f"/apps/{other.id}/delete")
    assert "So many were ever made: 1." in text(confirm.text)
    assert browser.post(f"/apps/{other.id}/delete", form(browser, f"/apps/{other.id}/delete", f"/apps/{other.id}/delete")).location == "/apps?done=app-deleted"
    assert world.get("/v1/events", key=tokens["access_token"]).status == 401
    assert browser.get(f"/apps/{other.id}").status == 404 and other.id not in browser.get("/apps").text


# ---- whose, and from where ----


def test_apps_of_others_are_not_there(world, browser):
    app, _ = registered(world, browser)
    stranger = Browser(world)
    stranger.sign_in(world.account("stranger@example.org"))
    csrf = dict(form(stranger))["csrf"]
    secret = re.search(r"sec_\w+", browser.get(f"/apps/{app}").text)[0]
    for name in (app, NOBODY, "cli_", "x", "key_" + "0" * 22):
        for path in ("", "/edit", "/delete", f"/secrets/{secret}/revoke"):
            assert is_page(stranger.get(f"/apps/{name}{path}"), 404), (name, path)
        for path in ("/edit", "/delete", "/secrets", f"/secrets/{secret}/revoke"):
            assert is_page(stranger.post(f"/apps/{name}{path}", {"csrf": csrf, "name": "x"}), 404), (name, path)
    assert stored(world, app) and is_page(browser.get(f"/apps/{app}/secrets/sec_{'0' * 21}1/revoke"), 404)


def test_a_form_of_another_page_does_nothing(world, browser):
    app, _ = registered(world, browser)
    before = stored(world, app)
    for path, fields in ((f"/apps/{app}/edit", {"name": "evil"}), (f"/apps/{app}/delete", {}), (f"/apps/{app}/secrets", {}), ("/apps", {"name": "x", "type": "public"})):
        for csrf in (None, "", "0" * 64):
            assert is_page(browser.post(path, {**fields, "csrf": csrf}), 403), path
    assert stored(world, app) == before


def test_who_makes_credentials_proved_lately_that_it_is_them(world, owner):
    late = Browser(world)
    late.sign_in(owner)
    app, _ = registered(world, late)
    made = form(late, f"/apps/{app}", f"/apps/{app}/secrets")
    new, edited = form(late, name="Late", scope=["events:read"]), form(late, f"/apps/{app}/edit", f"/apps/{app}/edit")
    world.sql(AGED)
    for path, fields in ((f"/apps/{app}/secrets", made), ("/apps", new), (f"/apps/{app}/edit", edited)):
        assert asks(late.post(path, fields)), path
    world.sql("UPDATE session SET proven_at = now()")


def test_as_many_apps_as_there_may_be_are_listed(world):
    many = world.account("many@platform.example")
    theirs = Browser(world)
    theirs.sign_in(many)
    world.sql(f"""INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants) SELECT uuid_v7(), account_id, 1, repeat('x', 97) || n, 1, 1
                  FROM account, generate_series(1, 250) n WHERE email = '{many.email}'""")
    pages = [theirs.get(f"/apps?page={n}") for n in range(10)]  # of both worlds
    reply = pages[0]
    assert [page.text.count('<th scope="row">') for page in pages] == [50] * 10 and all(len(page.body) < 100_000 for page in pages)
    assert "x250<" in reply.text and ">More" not in pages[9].text
    ids = [set(re.findall(r'<a href="/apps/(cli_\w+)">', page.text)) for page in pages]
    assert len(set.union(*ids)) == 500
    app = re.search(r"/apps/(cli_\w+)", reply.text)[1]
    refused = register(theirs)
    assert refused.status == 403 and "at most 250 apps" in text(refused.text) and app


def test_connections_are_shown_page_by_page(world, owner, browser):
    app, _ = registered(world, browser, name="Connected")
    for n in range(45):
        world.account(f"u{n}@connected.example", password=None)
    world.sql("""WITH made AS (INSERT INTO connected_account (account_id, id, client_id, scopes) SELECT a.account_id, uuid_v7(), c.id, 1
                   FROM account a, oauth_client c WHERE a.email LIKE '%@connected.example' AND a.livemode AND c.name = 'Connected' RETURNING account_id, id, client_id)
                 INSERT INTO client_connection SELECT o.owner_id, m.id, m.client_id, m.account_id FROM made m JOIN oauth_client o ON o.id = m.client_id""")
    seen, page = [], f"/apps/{app}"
    while page:
        reply = browser.get(page).text
        seen += re.findall(r'<code>(cpa_\w+)</code>', reply)
        older = re.search(r'href="([^"]*before=[^"#]*)', reply)
        page = older and html.unescape(older[1])
    assert len(seen) == len(set(seen)) == 45 and seen == sorted(seen, reverse=True)
