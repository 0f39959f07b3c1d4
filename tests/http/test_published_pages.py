# SPDX-License-Identifier: Apache-2.0
"""The two published pages, sentence by sentence: each docstring quotes what its test holds us to, in the page's order.

What a sentence promises in all its cases stands in the tests of its subject; here it is done once, as its reader would do it.
"""
import base64
import json
import re

import pytest

from oauth_flow import App, Browser, Form, answer
from rest import VALID, Api, assert_error

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


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


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


# ---- API Keys ----


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
    assert world.get(f"{HOSTED}?api_key={user.key}").status in (400, 401)


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
    generate(world, browser, "Stays", kind="account")
    [key] = [k for k in world.cli("key", "list", user.email)["data"] if k["name"] == "Stays"]
    assert key["expires_at"] is None and "Expires" not in browser.get(f"/keys/{key['id']}").text


def test_last_used_column(world, user, browser):
    """The Last Used column on the API page shows the most recent successful authentication, useful for spotting unused keys."""
    key = generate(world, browser, "Seen", kind="secret", allowed_ips="192.0.2.1")
    [key_id] = [k["id"] for k in world.cli("key", "list", user.email)["data"] if k["name"] == "Seen"]
    assert world.get("/v1/profile", key=key).status == 403  # from another address than the key's
    used = world.key(user, name="Used")
    assert world.get("/v1/profile", key=used).status == 200
    assert world.wait_for(lambda: last_used(world, user, used.id))
    assert last_used(world, user, key_id) is None
    assert re.search(r'<td data-label="Last Used">never</td>', row_of(browser, "Seen"))
    assert re.search(r'<td data-label="Last Used"><time', row_of(browser, "Used"))


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


def test_two_models(world, user, browser, app):
    """ChronaPilot offers two authentication models. Most integrations need only the first."""
    page = browser.get("/docs").text
    said = re.search(r'<h2 id="keys-or-connect">.*?(?=<h2)', page, re.S)[0]
    assert re.search(r'href="/docs/[a-z-]*api-keys[^"]*"', said) and 'href="/docs/connect"' in said and "Most programs need nothing else" in said
    alone = Api(world, world.key(user, kind="secret"))  # all of one account by a key: nothing of OAuth was set up for it
    event = alone.event(title="By a key alone")
    for method, target, body in (("GET", "/v1/calendars", None), ("PATCH", f"/v1/events/{event['id']}", {"title": "Changed"}), ("GET", "/v1/profile", None),
                                 ("POST", "/v1/voice/sessions", {}), ("GET", "/v1/webhook_endpoints", None)):
        assert alone(method, target, body).status in (200, 201), target
    assert world.get("/v1/profile", key=app.connect(browser, scope="profile:read")["access_token"]).status == 200


def test_your_own_server(world, user):
    """Server-side API keys. Use API keys when your server is the one calling ChronaPilot on behalf of your own customers — the classic
    single-tenant SaaS pattern."""
    assert Api(world, world.key(user, kind="secret"))("POST", "/v1/events", VALID).status == 201


def test_publishable_key(world, user):
    """pk_live_… Publishable. Safe in frontend code. Read-only public endpoints (booking widgets)."""
    key = world.key(user, kind="publishable")
    assert key.startswith("pk_live_")
    for method, target, body in (("GET", "/v1/events", None), ("GET", "/v1/profile", None), ("POST", "/v1/events", VALID)):
        assert_error(Api(world, key)(method, target, body), 403, "key_kind_not_allowed", type_="authorization_failed")


def test_secret_key(world, user):
    """sk_live_… Secret. Server-side only. Full API access for your account."""
    key = world.key(user, kind="secret")
    assert key.startswith("sk_live_")
    for target in ("/v1/events", "/v1/calendars", "/v1/profile", "/v1/api_keys", "/v1/oauth_apps", "/v1/webhook_endpoints", "/v1/audit"):
        assert world.get(target, key=key).status == 200, target


def test_sandbox_key(world, user):
    """sk_test_… Sandbox secret. Identical surface, isolated test data."""
    live, test = (Api(world, world.key(user, kind="secret", mode=mode)) for mode in ("live", "test"))
    assert test.key.startswith("sk_test_")
    event = test.event(title="Only a test")
    assert live("GET", f"/v1/events/{event['id']}").status == 404
    assert "Only a test" not in live("GET", "/v1/events").text and "Only a test" in test("GET", "/v1/events").text


def test_bearer_token(world, user):
    """Send the key in the Authorization header as a Bearer token. curl https://api.chronapilot.com/v1/events -H "Authorization: Bearer sk_test_…\""""
    reply = world.get("/v1/events", {"Authorization": f"Bearer {world.key(user, kind='secret', mode='test')}"})
    assert reply.status == 200 and reply.json["object"] == "list"


def test_issued_in_the_dashboard(world, browser):
    """Keys are issued and rotated in the dashboard under Developers → API keys."""
    assert "<h1>API keys</h1>" in browser.get("/keys").text
    key = generate(world, browser, "From the dashboard", kind="secret", mode="live")
    rotated = press(browser, "From the dashboard", "rotate")
    new = world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', rotated.text).group(1))
    assert [world.get("/v1/profile", key=k).status for k in (key, new)] == [401, 200]


def test_what_every_key_has(world, user, browser):
    """Every key has a name, a creation timestamp, and a "last used" indicator."""
    generate(world, browser, "Named", kind="secret")
    row = row_of(browser, "Named")
    assert '<td class="extra" data-label="Created"><time' in row and '<td data-label="Last Used">' in row
    for key in world.get("/v1/api_keys", key=world.key(user, kind="secret")).json["data"]:
        assert key["name"] and key["created_at"] and "last_used_at" in key


def test_rotation_has_no_grace(world, user):
    """Rotating a key invalidates the old one immediately — there is no grace period, so script your rotations carefully."""
    old, manager = world.key(user, kind="secret"), world.key(user, kind="secret")
    assert world.get("/v1/profile", key=old).status == 200
    reply = Api(world, manager)("POST", f"/v1/api_keys/{old.id}/rotate")
    assert reply.status == 200 and reply.json["id"] == old.id
    assert [world.get("/v1/profile", key=k).status for k in (old, reply.json["key"])] == [401, 200]


def test_mutating_calls_go_through_the_backend(world, user):
    """Never embed an sk_… key in a mobile app, single-page app, or anything a user can decompile. Use the publishable key for client-side
    flows and proxy mutating calls through your backend."""
    secret, publishable = (Api(world, world.key(user, kind=kind)) for kind in ("secret", "publishable"))
    in_a_page = {"Origin": "https://shop.example"}
    assert_error(secret("POST", "/v1/events", VALID, in_a_page), 403, "secret_key_in_browser", type_="authorization_failed")
    assert_error(publishable("POST", "/v1/events", VALID, in_a_page), 403, "key_kind_not_allowed", type_="authorization_failed")
    assert secret("POST", "/v1/events", VALID).status == 201


def test_many_users_of_one_platform(world, user, browser, app):
    """When your platform serves multiple end-users who each have their own calendars (multi-tenant OAuth-style), use OAuth."""
    other = world.account("second-user@example.org")
    second = Browser(world)
    second.sign_in(other)
    tokens = [app.connect(b, scope="events:read events:write") for b in (browser, second)]
    titles = ["Of the first user", "Of the second user"]
    made = [Api(world, t["access_token"]).event(title=title) for t, title in zip(tokens, titles)]
    for mine, theirs in ((0, 1), (1, 0)):
        listed = world.get("/v1/events", key=tokens[mine]["access_token"]).text
        assert titles[mine] in listed and titles[theirs] not in listed
        assert world.get(f"/v1/events/{made[theirs]['id']}", key=tokens[mine]["access_token"]).status == 404
    connected = world.get("/v1/connected_accounts", key=world.key("owner@platform.example", kind="secret")).text
    assert all(t["connected_account_id"] in connected for t in tokens)


def test_a_token_tied_to_the_user(world, user, browser, app):
    """Your platform requests scoped access from a user; ChronaPilot issues a token tied to that user."""
    tokens = app.connect(browser, scope="profile:read")
    assert world.get("/v1/profile", key=tokens["access_token"]).json["id"] == user.id
    assert world.get("/v1/events", key=tokens["access_token"]).status == 403


def test_where_and_how(world, browser, app):
    """Authorization URL: /oauth/authorize. Token URL: /oauth/token. Flow: OAuth 2.1 with PKCE (no client secret on public clients)."""
    metadata = world.get("/.well-known/oauth-authorization-server").json
    assert metadata["authorization_endpoint"] == f"{world.public_url}/oauth/authorize"
    assert metadata["token_endpoint"] == f"{world.public_url}/oauth/token"
    assert app.secret is None and app.redeem(app.consent(browser)).status == 200
    without = app.ask(browser, code_challenge=None, code_challenge_method=None)
    assert answer(without)["error"] == "invalid_request"


WEBHOOK = {"url": "https://hooks.example.org/in", "events": ["event.created"]}
SCOPES = {  # what it opens: method, target, body; and what it does not
    "calendars:read": ([("GET", "/v1/calendars", None), ("GET", "/v1/freebusy?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", None)],
                       ("GET", "/v1/events", None)),
    "calendars:write": ([("PATCH", "/v1/calendars/{calendar}", {"selected": True}),
                         ("PATCH", "/v1/calendars/{calendar}", {"color_hex": "#0F5EDB"}),
                         ("PATCH", "/v1/calendars/{calendar}", {"writable": True})], ("GET", "/v1/calendars", None)),
    "events:read": ([("GET", "/v1/events", None), ("GET", "/v1/events/{event}", None), ("GET", "/v1/events/{event}/monitoring", None)],
                    ("POST", "/v1/events", VALID)),
    "events:write": ([("POST", "/v1/events", VALID), ("PATCH", "/v1/events/{event}", {"title": "Changed"}),
                      ("POST", "/v1/events/{event}/cancel", {})], ("GET", "/v1/events", None)),
    "profile:read": ([("GET", "/v1/profile", None)], ("GET", "/v1/calendars", None)),
    "webhooks:manage": ([("POST", "/v1/webhook_endpoints", WEBHOOK), ("GET", "/v1/webhook_endpoints", None)], ("GET", "/v1/profile", None)),
    "voice:invoke": ([("POST", "/v1/voice/sessions", {})], ("GET", "/v1/profile", None)),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(world, user, browser, app, scope):
    """calendars:read: List calendars and free/busy windows. calendars:write: Mark calendars selected, change colors, change writable.
    events:read: Read events and event monitoring. events:write: Create, update, cancel events. profile:read: Read the connected user's
    profile. webhooks:manage: Register and manage webhook endpoints scoped to the connected account. voice:invoke: Open Voice Realtime sessions on
    behalf of the user."""
    own = Api(world, user.key)
    ids = {"calendar": own("GET", "/v1/calendars").json["data"][0]["id"], "event": own.event()["id"]}
    token = Api(world, app.connect(browser, scope=scope)["access_token"])
    opened, closed = SCOPES[scope]
    for method, target, body in opened:
        reply = token(method, target.format(**ids), body)
        assert reply.status in (200, 201), (method, target, reply)
    assert token(closed[0], closed[1], closed[2]).status == 403


def test_one_hour(world, browser, app):
    """Tokens are short-lived (1 hour); refresh with the issued refresh token."""
    tokens = app.connect(browser, scope="profile:read")
    assert tokens["expires_in"] == 3600
    again = app.refresh(tokens["refresh_token"])
    assert again.status == 200 and again.json["access_token"] != tokens["access_token"]
    assert world.get("/v1/profile", key=again.json["access_token"]).status == 200


def test_connected_account_id(world, user, browser, app):
    """The connected_account_id is included in every token payload as cpa_… — pass it with each call to scope the request."""
    tokens = app.connect(browser, scope="profile:read")
    account = tokens["connected_account_id"]
    assert account.startswith("cpa_")
    assert app.refresh(tokens["refresh_token"]).json["connected_account_id"] == account
    platform = world.key("owner@platform.example", kind="secret")
    scoped = world.get("/v1/profile", {"Connected-Account": account}, platform)
    assert scoped.status == 200 and scoped.json["id"] == user.id
    assert world.get("/v1/profile", key=platform).json["id"] != user.id


def claims_of(jwt):
    payload = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_connected_account_id_in_every_payload(world, browser):
    """The connected_account_id is included in every token payload as cpa_…: of a code, a refresh and an exchange of tokens, introspection, the ID token,
    userinfo, the profile, and a voice session with its token."""
    app = App(world, type="confidential", scope="openid profile:read voice:invoke", may_introspect=True)
    tokens = app.connect(browser, scope="openid profile:read voice:invoke")
    again = app.refresh(tokens["refresh_token"]).json
    voice = Api(world, again["access_token"])("POST", "/v1/voice/sessions", {}).json
    world.secret(voice["session_token"])
    payloads = {"code": tokens, "refresh": again, "introspection": app.introspect(again["access_token"]).json, "ID token": claims_of(tokens["id_token"]),
                "refreshed ID token": claims_of(again["id_token"]), "userinfo": world.get("/oauth/userinfo", key=again["access_token"]).json,
                "profile": world.get("/v1/profile", key=again["access_token"]).json, "voice": voice, "voice token": claims_of(voice["session_token"])}
    assert {name: told.get("connected_account_id") for name, told in payloads.items()} == dict.fromkeys(payloads, tokens["connected_account_id"])


def test_both_coexist(world, browser, app):
    """Choosing between API keys and OAuth. Single-tenant app (a clinic uses ChronaPilot to run its own scheduling): API keys. Multi-tenant platform
    (a CRM offers calendar features to thousands of customers): OAuth + Connect. Both can coexist. Many platforms use API keys for platform-level
    operations (analytics, webhook management) and OAuth for per-customer operations."""
    tokens = app.connect(browser, scope="events:write events:read")
    platform = Api(world, world.key("owner@platform.example", kind="secret"))
    assert platform("POST", "/v1/webhook_endpoints", {**WEBHOOK, "connect_events": True}).status == 201
    assert tokens["connected_account_id"] in platform("GET", "/v1/connected_accounts").text
    assert Api(world, tokens["access_token"])("POST", "/v1/events", VALID).status == 201
    analytics = lambda: tokens["connected_account_id"] in platform("GET", "/v1/usage?group_by=connected_account").text
    assert world.wait_for(analytics), platform("GET", "/v1/usage?group_by=connected_account")


@pytest.mark.parametrize("status, type_", [(401, "authentication_failed"), (403, "authorization_failed"), (403, "account_deactivated")])
def test_errors(world, status, type_):
    """401 authentication_failed: Missing or invalid key. 403 authorization_failed: Key valid, but lacks scope for the operation.
    403 account_deactivated: The end user's ChronaPilot account is deactivated. See the full error catalog."""
    ended = world.account(f"{type_}@example.org")
    key = world.key(ended, kind="restricted", scope="profile:read")
    if type_ == "account_deactivated":
        world.cli("account", "deactivate", ended.email)
    replies = [world.get("/v1/events"), world.get("/v1/events", key=key + "0")] if status == 401 else [world.get("/v1/events", key=key)]
    for reply in replies:
        assert reply.status == status and reply.json["error"]["type"] == type_, reply
        assert world.get(reply.json["error"]["doc_url"].removeprefix(world.public_url).partition("#")[0]).status == 200
