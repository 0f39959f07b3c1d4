# SPDX-License-Identifier: Apache-2.0
"""The published page of authentication, sentence by sentence, as test_published_keys.py has that of keys."""
import base64
import json
import re

import pytest

from oauth_flow import App, Browser, answer
from rest import VALID, Api, assert_error
from test_published_keys import generate, press, row_of

SERVE = ["--last-used-ms", "100", "--usage-ms", "100", "--voice-backend", "wss://voice.example.com/realtime", "--plans-url", "https://plans.example/"]


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
    slug = Api(world, user.key)("POST", "/v1/booking_pages", {"slug": "for-a-widget", "title": "For a widget"}).json["slug"]
    page, calendar = f"/v1/public/booking_pages/{slug}", Api(world, user.key).calendar("For a widget")["id"]
    assert Api(world, user.key)("PATCH", f"/v1/calendars/{calendar}", {"is_public": True}).status == 200
    range_ = "from=2026-12-01T00:00:00Z&to=2026-12-03T00:00:00Z"
    for target in (page, f"{page}/availability?{range_}", f"/v1/public/calendars/{calendar}/freebusy?{range_}"):
        opened = world.get(target, {"Origin": "https://anywhere.example"}, key)  # by frontend code, wherever that runs
        assert opened.status == 200 and user.email not in opened.text, opened
        assert_error(Api(world, key)("POST", target.partition("?")[0], {}), 403, "key_kind_not_allowed", type_="authorization_failed")


SECRET_OPENS = ("/v1/events", "/v1/calendars", "/v1/profile", "/v1/api_keys", "/v1/oauth_apps", "/v1/webhook_endpoints", "/v1/audit")


def test_secret_key(world, user):
    """sk_live_… Secret. Server-side only. Full API access for your account."""
    key = world.key(user, kind="secret")
    assert key.startswith("sk_live_")
    for target in SECRET_OPENS:
        assert world.get(target, key=key).status == 200, target


def test_sandbox_key(world, user):
    """sk_test_… Sandbox secret. Identical surface, isolated test data."""
    live, test = (Api(world, world.key(user, kind="secret", mode=mode)) for mode in ("live", "test"))
    assert test.key.startswith("sk_test_")
    for target in SECRET_OPENS:
        assert test("GET", target).status == 200, target
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
    assert re.search(r'<td[^>]* data-label="Created"><time', row) and re.search('<td[^>]* data-label="Last Used">', row)
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
                         ("PATCH", "/v1/calendars/{calendar}", {"selected": False}),
                         ("PATCH", "/v1/calendars/{calendar}", {"color_hex": "#0F5EDB"}),
                         ("PATCH", "/v1/calendars/{calendar}", {"writable": False}),
                         ("PATCH", "/v1/calendars/{calendar}", {"selected": True, "writable": True})], ("GET", "/v1/calendars", None)),
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
        if method == "PATCH":
            now = own("GET", target.format(**ids)).json
            assert {name: now[name] for name in body} == body
    if scope == "events:write":
        assert own("GET", f"/v1/events/{ids['event']}").json["is_cancelled"]
    if scope == "webhooks:manage":
        made = reply.json["data"][0]
        assert made["connected_account_id"] and made["id"] not in own("GET", "/v1/webhook_endpoints").text
        assert token("POST", "/v1/webhook_endpoints", {**WEBHOOK, "connect_events": True}).status == 403
        assert token("DELETE", f"/v1/webhook_endpoints/{made['id']}").status == 200
    assert token(closed[0], closed[1], closed[2]).status == 403


def test_one_hour(world, browser, app):
    """Tokens are short-lived (1 hour); refresh with the issued refresh token."""
    tokens = app.connect(browser, scope="profile:read")
    assert tokens["expires_in"] == 3600
    again = app.refresh(tokens["refresh_token"])
    assert again.status == 200 and again.json["access_token"] != tokens["access_token"]
    assert world.get("/v1/profile", key=again.json["access_token"]).status == 200


def browser_of(world, email):
    made = Browser(world)
    made.sign_in(world.account(email))
    return made


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
    with_each_call = {"Connected-Account": account}
    assert world.get("/v1/profile", with_each_call, tokens["access_token"]).json["id"] == user.id
    another = app.connect(browser_of(world, "another-user@example.org"), scope="profile:read")["connected_account_id"]
    assert_error(world.get("/v1/profile", {"Connected-Account": another}, tokens["access_token"]), 403, "account_mismatch", type_="authorization_failed")


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
    if type_ == "account_deactivated":  # the end user's, whose platform goes on
        app, there = App(world, type="public"), browser_of(world, "ending@example.org")
        tokens = app.connect(there, scope="events:read")
        platform = world.key("owner@platform.example", kind="secret")
        of_them = {"Connected-Account": tokens["connected_account_id"]}
        assert world.get("/v1/events", key=tokens["access_token"]).status == world.get("/v1/events", of_them, platform).status == 200
        world.cli("account", "deactivate", "ending@example.org")
        replies += [world.get("/v1/events", key=tokens["access_token"]), world.get("/v1/events", of_them, platform)]
        assert world.get("/v1/events", key=platform).status == 200
    for reply in replies:
        assert reply.status == status and reply.json["error"]["type"] == type_, reply
        assert world.get(reply.json["error"]["doc_url"].removeprefix(world.public_url).partition("#")[0]).status == 200
