# SPDX-License-Identifier: Apache-2.0
"""The published page of API keys, sentence by sentence: each docstring quotes what its test holds us to, in the page's order.

What a sentence promises in all its cases stands in the tests of its subject; here it is done once, as its reader would do it.
"""
import re

import pytest

from oauth_flow import Browser, Form
from rest import Api

SERVE = ["--last-used-ms", "100", "--usage-ms", "100", "--voice-backend", "wss://voice.example.com/realtime", "--plans-url", "https://plans.example/"]
HOSTED = "/api/v1/hosted-calendars"


@pytest.fixture(scope="module")
def user(world):
    return world.account("reader@example.org", name="Rae Reader")


@pytest.fixture(scope="module")
def browser(world, user):
    made = Browser(world)
    made.sign_in(user)
    return made


def generate(world, browser, name, **fields):
    """Through the page, as the published steps say; the secret."""
    page = browser.get("/keys/new").text
    made = browser.post("/keys", Form(page, "/keys").with_(name=name, **fields))
    assert made.status == 200, made
    return world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', made.text).group(1))


def row_of(browser, name):
    return next(a for a in re.findall("<tr.*?</tr>", browser.get("/keys").text, re.S) if f"<bdi>{name}</bdi>" in a)


def press(browser, name, verb):
    """Click Revoke or Rotate next to the key, and again on the page that says what it means."""
    at = re.search(rf'href="(/keys/key_[^"]*/{verb})"', row_of(browser, name)).group(1)
    return browser.post(at, Form(browser.get(at).text, at).fields)


def last_used(world, user, key_id):
    rows = {k["id"]: k for k in world.cli("key", "list", user.email)["data"]}
    return rows[key_id]["last_used_at"]


def test_pro_plan(world):
    """Pro plan. API access requires a Pro plan. View plans."""
    free = world.account("free-reader@example.org", plan="free")
    reply = world.get(HOSTED, key=world.key(free))
    assert reply.status == 402 and "plan" in reply.json["message"]
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": 0}, free).status == 403  # RFC 4918 knows no 402
    visitor = Browser(world)
    visitor.sign_in(free)
    page = visitor.get("/keys").text
    assert "Keys do not work on the free plan" in page and '<a href="https://plans.example/">View plans</a>' in page


def test_rest_and_caldav(world, user):
    """API keys authenticate requests to the CalendarPipe REST API and to CalDAV."""
    assert world.get(HOSTED, key=user.key).status == 200
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": 0}, user).status == 207


def test_your_account(world, user):
    """Every key belongs to your account and grants the same access as you do."""
    assert world.get("/v1/profile", key=user.key).json["id"] == user.id
    made = Api(world, user.key).calendar("Made with a key")
    assert "Made with a key" in {c["name"] for c in Api(world, user.key)("GET", "/v1/calendars").json["data"]}
    assert Api(world, user.key)("DELETE", f"/v1/calendars/{made['id']}").status == 200


def test_create_a_key(browser):
    """Open API in the CalendarPipe sidebar. Enter a name in Generate New Key (for example, Production server). Click Generate."""
    assert re.search(r'<nav .*<a href="/keys"><svg.*</svg>API keys</a>.*</nav>', browser.get("/").text, re.S)
    assert '<a class="button" href="/keys/new">Generate New Key</a>' in browser.get("/keys").text
    page = browser.get("/keys/new").text
    assert "<h1>Generate New Key</h1>" in page and '<label for="name">Enter a name</label>' in page and "Production server" in page
    assert re.search(r'<button type="submit">Generate</button>', page)


def test_copy_the_key(world, browser):
    """Copy the key immediately. CalendarPipe shows the full key once and stores only its hash — there is no way to retrieve it later."""
    key = generate(world, browser, "Shown once", kind="account")
    assert key not in browser.get("/keys").text
    assert key not in str(world.sql("SELECT row_to_json(k)::text FROM api_key k"))
    again = [k for k in world.cli("key", "list", "reader@example.org")["data"] if k["name"] == "Shown once"]
    assert len(again) == 1 and key not in str(again)


def test_keys_look_like_this(world, browser):
    """Keys look like this: cp_8f3a1c4e9b7d2f6a5c8e1b4d7f0a3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f4. The first eight characters (cp_8f3a1c) are
    the prefix. CalendarPipe lists the prefix on the API page so you can identify keys later, but the full key is never shown again."""
    key = generate(world, browser, "Looks so", kind="account")
    assert re.fullmatch("cp_[0-9a-f]{64}", key)
    assert f"<code>{key[:9]}…</code>" in row_of(browser, "Looks so")  # the example has nine: cp_ and six more


def test_authorization_header(world, user):
    """Pass the key in the Authorization header: GET /api/v1/hosted-calendars, Authorization: Bearer cp_…"""
    assert world.get(HOSTED, key=user.key).json["data"] is not None
    elsewhere = world.get(f"{HOSTED}?api_key={user.key}")
    assert (elsewhere.status, elsewhere.json) == (401, world.get(HOSTED).json)  # as if none had been sent


def test_password_of_caldav(world, user):
    """For CalDAV, use the key as the password — see CalDAV Setup."""
    assert world.get("/dav/", key=(user.email, user.password)).status == 401
    assert world.dav("PROPFIND", f"/dav/calendars/{user.id}/", None, {"Depth": 1}, user).status == 207


def test_no_scopes_of_a_key(world, user):
    """A key grants the same access your account has. There are no per-key permission scopes."""
    api = Api(world, user.key)
    event = api.event(title="Whole access")
    for method, target, status in (("GET", f"/v1/events/{event['id']}", 200), ("GET", "/v1/profile", 200), ("GET", HOSTED, 200),
                                   ("DELETE", f"/v1/events/{event['id']}?mode=delete", 204)):
        assert api(method, target).status == status, (method, target)


def test_no_end_by_itself(world, user, browser):
    """Keys do not expire automatically. They remain valid until you revoke them."""
    made = generate(world, browser, "Stays", kind="account")
    [key] = [k for k in world.cli("key", "list", user.email)["data"] if k["name"] == "Stays"]
    assert key["expires_at"] is None and "Expires" not in browser.get(f"/keys/{key['id']}").text
    world.sql("UPDATE api_key SET created_at = created_at - interval '20 years' WHERE name = 'Stays'")
    assert world.get("/v1/profile", key=made).status == 200 and "Stays" in browser.get("/keys").text
    assert press(browser, "Stays", "revoke").status == 303
    assert world.get("/v1/profile", key=made).status == 401


def test_last_used_column(world, user, browser):
    """The Last Used column on the API page shows the most recent successful authentication, useful for spotting unused keys."""
    key = generate(world, browser, "Seen", kind="secret", allowed_ips="192.0.2.1")
    [key_id] = [k["id"] for k in world.cli("key", "list", user.email)["data"] if k["name"] == "Seen"]
    assert world.get("/v1/profile", key=key).status == 403  # from another address than the key's
    used = world.key(user, name="Used")
    assert world.get("/v1/profile", key=used).status == 200
    assert world.wait_for(lambda: last_used(world, user, used.id))
    assert last_used(world, user, key_id) is None
    assert re.search(r'<td[^>]* data-label="Last Used">never</td>', row_of(browser, "Seen"))
    assert re.search(r'<td[^>]* data-label="Last Used"><time', row_of(browser, "Used"))
    world.sql("UPDATE credential_use SET used_at = used_at - interval '40 days'")
    assert world.get("/v1/events", key=used + "0").status == 401  # no success
    before = last_used(world, user, used.id)
    assert world.get("/v1/profile", key=used).status == 200
    assert world.wait_for(lambda: last_used(world, user, used.id) > before)  # the most recent one


def test_revoke(world, browser):
    """On the API page, click Revoke next to the key. Revocation is immediate — subsequent requests with that key receive 401 Unauthorized.
    Revocation cannot be undone; generate a new key to restore access."""
    key = generate(world, browser, "To revoke", kind="account")
    assert world.get(HOSTED, key=key).status == 200
    assert press(browser, "To revoke", "revoke").status == 303
    refused = world.get(HOSTED, key=key)
    assert (refused.status, refused.json["error"]) == (401, "Unauthorized")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": 0}, ("reader@example.org", key)).status == 401
    assert "Revoked" in row_of(browser, "To revoke") and "/revoke" not in row_of(browser, "To revoke")
    [gone] = [k for k in world.cli("key", "list", "reader@example.org")["data"] if k["name"] == "To revoke"]
    manager = Api(world, world.key("reader@example.org", kind="secret"))
    for method, target, body in (("POST", f"/v1/api_keys/{gone['id']}/rotate", None), ("PATCH", f"/v1/api_keys/{gone['id']}", {"name": "Again"})):
        assert manager(method, target, body).status in (404, 409), (method, target)
    assert world.get(HOSTED, key=key).status == 401
    assert world.get(HOSTED, key=generate(world, browser, "After it", kind="account")).status == 200


def test_like_passwords(world, browser):
    """Treat keys like passwords. Store them in your secrets manager (1Password, AWS Secrets Manager, Vercel environment variables) and never
    commit them to source control."""
    made = browser.post("/keys", Form(browser.get("/keys/new").text, "/keys").with_(name="Secret", kind="account"))
    world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', made.text).group(1))  # the log is searched for it in the end
    assert "Store it now" in made.text and made.headers["Cache-Control"] == "no-store"


def test_rotate_by_two_keys(world, browser):
    """Rotate by generating a new key, deploying it, then revoking the old one. Old and new keys can coexist during the cutover. If a key is
    exposed (committed to a public repo, posted in a screenshot, leaked in logs), revoke it immediately and generate a replacement."""
    old, new = (generate(world, browser, name, kind="account") for name in ("Old", "New"))
    assert [world.get(HOSTED, key=k).status for k in (old, new)] == [200, 200]
    press(browser, "Old", "revoke")
    assert [world.get(HOSTED, key=k).status for k in (old, new)] == [401, 200]


RELATED = [("/docs", "/docs/errors", "401"), ("/docs", "/docs/caldav", "password"), ("/docs", "/docs/reference", "createEvent"),
           ("/docs/reference/createEvent", "/docs/reference/createEvent/try", "Try"), ("/docs", "/openapi.json", "openapi"), ("/keys", "/dav/", None)]


@pytest.mark.parametrize("page, link, says", RELATED, ids=[link for _, link, _ in RELATED])
def test_related(world, browser, page, link, says):
    """Related. Errors — status codes returned when authentication fails. CalDAV Setup — using an API key with CalDAV clients. API Reference —
    the interactive REST reference."""
    if page == "/keys":
        made = browser.post("/keys", Form(browser.get("/keys/new").text, "/keys").with_(name="Set up", kind="account"))
        world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', made.text).group(1))
        assert "Use it in a calendar app" in made.text and f"{world.public_url}{link}" in made.text
    else:
        assert f'href="{link}"' in browser.get(page).text
        there = browser.get(link)
        assert there.status == 200 and says in there.text


# ---- Authentication ----
