# SPDX-License-Identifier: Apache-2.0
"""Who is told of whose changes: accounts, connected accounts, platforms, restricted keys, and nobody else."""
import pytest

from hooks import ENDPOINTS, deliveries, due_now, endpoint, event, no_endpoints, receiver, send  # noqa: F401
from oauth_flow import App, Browser
from receiver import Receiver, verified

SECONDS = 25
SERVE = ["--allow-private-hooks", "--rate-limit", "100000"]
PLATFORM, USER = "platform@example.org", "user@example.org"
SCOPE = "events:read events:write calendars:read webhooks:manage"


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account(USER))
    return b


@pytest.fixture(scope="module")
def user_key(world):
    return world.key(USER, kind="secret")


@pytest.fixture(scope="module")
def platform_key(world):
    world.account(PLATFORM)
    return world.key(PLATFORM, kind="secret")


@pytest.fixture(scope="module")
def app(world):
    world.account(PLATFORM)
    return App(world, owner=PLATFORM, scope=SCOPE)


def token_of(tokens):
    return tokens["access_token"]


def mark(world, key, receiver, title="mark"):
    """Everything before it was told by now, as far as it is told at all: events are told in the order of their changes."""
    shown = event(world, key, title)
    assert world.wait_for(lambda: [d for d in receiver.got if title in d.body.decode()]), [d.type for d in receiver.got]
    return shown


def end(world, tokens):
    world.sql(f"UPDATE connected_account SET revoked_at = now(), revoked_why = 1 WHERE revoked_at IS NULL")


def test_a_token_has_endpoints_of_its_connected_account(world, app, browser, user_key, platform_key, receiver):
    """Scopes: "webhooks:manage — Register and manage webhook endpoints scoped to the connected account." """
    tokens = app.connect(browser, scope=SCOPE)
    token = token_of(tokens)
    made = endpoint(world, token, receiver.url, ["event.*"])
    assert made["connected_account_id"] == tokens["connected_account_id"]
    event(world, platform_key, "The platform's own")
    shown = mark(world, user_key, receiver)
    hooks = receiver.of("event.created")
    assert [h.json["data"]["object"] for h in hooks] == [shown]
    assert hooks[0].json["account"] == tokens["connected_account_id"] and verified(hooks[0], made["secret"]) == (1, 1)
    for key in (user_key, platform_key):  # theirs alone
        assert world.get(f"{ENDPOINTS}/{made['id']}", key=key).status == 404
        assert world.get(ENDPOINTS, key=key).json["data"] == []
    listed = world.get(ENDPOINTS, {"Connected-Account": tokens["connected_account_id"]}, platform_key).json["data"]
    assert [e["id"] for e in listed] == [made["id"]], "a platform that acts for the connection"
    assert world.get(f"/v1/webhook_events/{hooks[0].json['id']}", key=token).status == 200
    assert [e["type"] for e in world.get("/v1/webhook_events", key=token).json["data"]] == ["event.created", "ping"]


def test_a_token_has_no_endpoint_for_other_accounts(world, app, browser, receiver):
    """K12"""
    token = token_of(app.connect(browser, scope=SCOPE))
    error = endpoint(world, token, receiver.url, status=403, connect_events=True)["error"]
    assert (error["code"], error["param"]) == ("forbidden", "connect_events")


def test_what_a_connection_has_goes_with_it(world, app, browser, user_key, receiver):
    """K7."""
    tokens = app.connect(browser, scope=SCOPE)
    endpoint(world, token_of(tokens), receiver.url, ["event.*"])
    mark(world, user_key, receiver)
    end(world, tokens)
    assert world.sql("SELECT count(*) FROM webhook_endpoint") == [["0"]]
    with Receiver() as own:
        endpoint(world, user_key, own.url, ["event.*"])
        mark(world, user_key, own, "after the end")
    assert not [d for d in receiver.got if b"after the end" in d.body]


def test_a_platform_is_told_of_all_its_connections_and_not_of_itself(world, app, browser, user_key, platform_key, receiver):
    made = endpoint(world, platform_key, receiver.url, ["*"], connect_events=True)
    assert made["connect_events"] is True and made["connected_account_id"] is None
    tokens = app.connect(browser, scope=SCOPE)
    event(world, platform_key, "The platform's own")
    shown = mark(world, user_key, receiver)
    hook = receiver.of("event.created")
    assert [h.json["data"]["object"] for h in hook] == [shown]
    assert hook[0].json["account"] == tokens["connected_account_id"]
    made_known = [h.json["data"]["object"]["id"] for h in receiver.of("connected_account.authorized")]
    assert made_known in ([], [tokens["connected_account_id"]]), "of a connection that is made anew"


def test_of_a_connection_that_ends_a_platform_hears_once_more(world, app, browser, user_key, platform_key, receiver):
    tokens = app.connect(browser, scope=SCOPE)
    made = endpoint(world, platform_key, receiver.url, ["*"], connect_events=True)
    world.wait_for(lambda: receiver.of("ping"))
    receiver.answer = lambda d: 500
    event(world, user_key, "queued")
    assert world.wait_for(lambda: deliveries(world, platform_key, made, type="event.created", response_status=500))
    end(world, tokens)
    assert world.wait_for(lambda: deliveries(world, platform_key, made, type="connected_account.deauthorized"))
    receiver.answer = lambda d: 200
    event(world, user_key, "unheard")
    due_now(world)
    assert world.wait_for(lambda: deliveries(world, platform_key, made, type="connected_account.deauthorized", status="delivered"))
    assert world.wait_for(lambda: deliveries(world, platform_key, made, type="event.created", status="dropped"))
    last = [d.json for d in receiver.got][-1]
    assert last["type"] == "connected_account.deauthorized" and last["account"] == tokens["connected_account_id"]
    assert last["data"]["object"]["status"] == "deauthorized"
    assert not [d for d in receiver.got if b"unheard" in d.body]


def test_what_was_is_kept_for_no_platform_that_is_not_told(world, app, browser, user_key, platform_key, receiver):
    """Nobody would come to read it."""
    tokens = app.connect(browser, scope=SCOPE)
    shown = event(world, user_key, "Kept for none")
    kept = lambda: world.sql("SELECT count(*) FROM object_before WHERE data LIKE '%Kept for none%'")
    endpoint(world, platform_key, receiver.url, ["event.*"])  # of the platform's own events
    send(world, "PATCH", f"/v1/events/{shown['id']}", {"location": "Room 0"}, user_key, 200)
    assert kept() == [["0"]]
    endpoint(world, platform_key, receiver.url, ["event.*"], connect_events=True)
    send(world, "PATCH", f"/v1/events/{shown['id']}", {"location": "Room 1"}, user_key, 200)
    assert world.wait_for(lambda: receiver.of("event.updated") and kept() == [["0"]]), "told, and forgotten"
    end(world, tokens)
    send(world, "PATCH", f"/v1/events/{shown['id']}", {"location": "Room 2"}, user_key, 200)
    assert kept() == [["0"]]


def test_a_platform_hears_each_turn_of_a_connection(world, app, platform_key, receiver):
    """connected_account.*: authorized, scopes_changed, deactivated, reactivated, deauthorized; each once, also when it ends by time and comes again."""
    turning = world.account("turning@example.org")
    browser = Browser(world)
    browser.sign_in(turning)
    endpoint(world, platform_key, receiver.url, ["connected_account.*"], connect_events=True)

    def heard(turn, status, times=1):
        assert world.wait_for(lambda: len(receiver.of(f"connected_account.{turn}")) == times), (turn, [d.json["type"] for d in receiver.got])
        told = receiver.of(f"connected_account.{turn}")[-1].json
        assert told["data"]["object"]["status"] == status and told["data"]["object"]["id"] == told["account"] == connected
        return told["data"]["object"]

    connected = app.connect(browser, scope="calendars:read")["connected_account_id"]
    assert heard("authorized", "active")["scope"] == "calendars:read"
    app.connect(browser, scope="calendars:read")
    app.connect(browser, scope="calendars:read events:read")
    assert heard("scopes_changed", "active")["scope"] == "calendars:read events:read"
    world.cli("account", "deactivate", turning.email)
    heard("deactivated", "deactivated")
    world.cli("account", "reactivate", turning.email)
    heard("reactivated", "active")
    world.sql(f"ALTER TABLE connected_account DISABLE TRIGGER USER; UPDATE connected_account SET expires_at = now() WHERE account_id = "
              f"(SELECT account_id FROM account WHERE email = '{turning.email}' AND livemode); ALTER TABLE connected_account ENABLE TRIGGER USER")
    assert app.connect(browser, scope="calendars:read")["connected_account_id"] == connected
    heard("authorized", "active", 2)
    assert world.request("DELETE", f"/v1/connected_accounts/{connected}", key=platform_key).status == 200
    heard("deauthorized", "deauthorized")
    assert sorted(d.json["type"] for d in receiver.got if d.json["type"] != "ping") == sorted(f"connected_account.{t}" for t in (
        "authorized", "authorized", "scopes_changed", "deactivated", "reactivated", "deauthorized"))


@pytest.mark.parametrize("scope,types", [("calendars:read webhooks:manage", ["calendar.updated"]), ("webhooks:manage", [])])
def test_only_what_the_granted_scopes_cover_is_told(world, app, browser, user_key, receiver, scope, types):
    end(world, None)
    token = token_of(app.connect(browser, scope=scope))
    endpoint(world, token, receiver.url, ["*"])
    event(world, user_key, "not theirs to read")
    calendar = world.get("/v1/calendars", key=user_key).json["data"][0]["id"]
    send(world, "PATCH", f"/v1/calendars/{calendar}", {"color_hex": "#%06x" % (len(types) + 77)}, user_key, 200)
    with Receiver() as own:
        endpoint(world, user_key, own.url, ["event.*"])
        mark(world, user_key, own, "mark " + scope)
    assert world.wait_for(lambda: [d.type for d in receiver.got if d.type != "ping"] == types)


def test_a_scope_that_is_taken_back_is_asked_for_when_it_is_sent(world, app, browser, user_key, receiver):
    token = token_of(app.connect(browser, scope=SCOPE))
    made = endpoint(world, token, receiver.url, ["event.*"])
    world.wait_for(lambda: receiver.of("ping"))
    receiver.answer = lambda d: 500
    event(world, user_key, "queued")
    assert world.wait_for(lambda: deliveries(world, token, made, type="event.created", response_status=500))
    world.sql("UPDATE connected_account SET scopes = scopes & ~4 WHERE revoked_at IS NULL")
    due_now(world)
    assert world.wait_for(lambda: deliveries(world, token, made, type="event.created", status="dropped"))
    assert len(receiver.of("event.created")) == 1


def test_a_restricted_key_is_told_no_more_than_it_may_read(world, user_key, receiver):
    narrow = world.key(USER, kind="restricted", scope="webhooks:manage calendars:read")
    made = endpoint(world, narrow, receiver.url, ["*"])
    whole = endpoint(world, user_key, receiver.url + "/whole", ["event.*"])
    mark(world, user_key, receiver)
    assert [d.path for d in receiver.of("event.created")] == ["/in/whole"]
    assert world.get(f"{ENDPOINTS}/{made['id']}", key=user_key).status == 200
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate_secret"), ("POST", "/test"),
            ("GET", "/deliveries")):
        body = {} if method == "PATCH" else None
        assert send(world, method, f"{ENDPOINTS}/{whole['id']}{path}", body, narrow).status == 404, "it tells more than the key may"
    assert [e["id"] for e in world.get(ENDPOINTS, key=narrow).json["data"]] == [made["id"]]
    assert "event.created" not in [e["type"] for e in world.get("/v1/webhook_events", key=narrow).json["data"]]


def test_other_keys_have_no_webhooks(world, user_key):
    account = world.account(USER)
    for key, status in ((account.key, 403), (world.key(USER, kind="publishable"), 403),
                        (world.key(USER, kind="restricted", scope="events:read"), 403), (None, 401)):
        assert send(world, "GET", ENDPOINTS, None, key).status == status
        assert send(world, "GET", "/v1/webhook_events", None, key).status == status


def test_the_endpoints_of_others_are_not_there(world, user_key, platform_key, receiver):
    """K10: as unknown ids are."""
    made = endpoint(world, user_key, receiver.url)
    [log] = world.wait_for(lambda: deliveries(world, user_key, made))
    other = endpoint(world, platform_key, receiver.url)
    unknown = "wbk_0355WHuCFfRpMfB53mC9Z6"
    paths = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate_secret"), ("POST", "/test"), ("GET", "/deliveries"),
        ("GET", f"/deliveries/{log['id']}"), ("POST", f"/deliveries/{log['id']}/replay")]
    for method, rest in paths:
        body = {} if method == "PATCH" else None
        theirs = send(world, method, f"{ENDPOINTS}/{made['id']}{rest}", body, platform_key, 404).json["error"]
        none = send(world, method, f"{ENDPOINTS}/{unknown}{rest}", body, platform_key, 404).json["error"]
        assert {**theirs, "request_id": 0} == {**none, "request_id": 0}
    assert send(world, "GET", f"{ENDPOINTS}/{other['id']}/deliveries/{log['id']}", None, platform_key).status == 404
    assert send(world, "GET", f"/v1/webhook_events/{log['event_id']}", None, platform_key).status == 404
