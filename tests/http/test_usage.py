# SPDX-License-Identifier: Apache-2.0
"""/v1/usage: what is asked of an account's API, by whom and how it ends; docs/usage.md. Counted in memory, written by a job."""
import datetime
import json
import subprocess
import threading
import time
from urllib.parse import urlencode

import pytest

from hooks import drop_all, due_now, endpoint
from oauth_flow import App, Browser
from receiver import Receiver
from rest import JSON, VALID, Api, assert_error
from world import BIN

SERVE = ["--usage-ms", "100", "--rate-limit", "0", "--allow-private-hooks"]
EVERY = "profile:read calendars:read events:read webhooks:manage"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("acme@platform.example")


@pytest.fixture(scope="module")
def teller(world, owner):
    """The key that asks how the others were used."""
    return world.key(owner, kind="secret", name="teller")


@pytest.fixture(scope="module")
def tokens(world, owner):
    browser = Browser(world)
    browser.sign_in(world.account("una@example.org"))
    return App(world, owner=owner.email, scope=EVERY).connect(browser, scope=EVERY)


def usage(server, key, path="/v1/usage", **query):
    reply = server.get(f"{path}?{urlencode({'limit': 100, **query})}", key=key)
    assert reply.status == 200, reply
    return reply.json["data"]


def counted(row):
    return row["requests"], row["client_errors"], row["server_errors"]


def by_route(world, key, count, **query):
    """As soon as there are so many calls."""
    found = lambda: {r["route"]: counted(r) for r in usage(world, key, group_by="route", **query)}
    world.wait_for(lambda: sum(n for n, _, _ in found().values()) >= count)
    return found()


# ---- what is counted ----


def test_calls_of_a_key_are_told_by_route_and_how_they_end(world, owner, teller):
    """"Many platforms use API keys for platform-level operations (analytics, webhook management)" """
    key = world.key(owner, kind="secret")
    api = Api(world, key)
    event = api.event()["id"]
    for target in (f"/v1/events/{event}", "/v1/events/evt_0000000000000000000001", "/v1/events?limit=x", "/v1/profile"):
        api("GET", target)
    assert api("GET", "/v1/calendars", headers={"Calends-Fail-Query": "2"}).status >= 500
    assert api("PUT", "/v1/calendars").status == 405, "no route of the API: not counted"
    assert by_route(world, teller, 6, credential=key.id) == {
        "POST /v1/events": (1, 0, 0), "GET /v1/events/:event": (2, 1, 0), "GET /v1/events": (1, 1, 0),
        "GET /v1/profile": (1, 0, 0), "GET /v1/calendars": (1, 0, 1)}
    [row] = usage(world, teller, credential=key.id)
    assert counted(row) == (6, 2, 1) and row["object"] == "usage" and row["livemode"] is True
    assert row["day"] is row["api_key"] is row["connected_account"] is row["route"] is None
    [row] = usage(world, teller, credential=key.id, group_by="day,api_key")
    assert row["day"] == time.strftime("%Y-%m-%d", time.gmtime()) and row["api_key"] == key.id and row["requests"] == 6
    [row] = usage(world, teller, credential=key.id, route="GET /v1/events/:event")
    assert counted(row) == (2, 1, 0)


def test_a_key_that_is_refused_counts_and_a_secret_that_is_wrong_is_nobodys(world, owner, teller):
    key = world.key(owner, kind="restricted", scope="events:read")
    assert world.get("/v1/audit", key=key).status == 403
    assert world.get("/v1/events", key=key).status == 200
    assert world.get("/v1/events", key=key[:-1] + ("0" if key[-1] != "0" else "1")).status == 401
    assert world.get("/v1/events").status == 401
    assert by_route(world, teller, 2, credential=key.id) == {"GET /v1/audit": (1, 1, 0), "GET /v1/events": (1, 0, 0)}


def test_caldav_and_mcp_count_as_one_call_each(world, owner, teller):
    key = world.key(owner, kind="restricted", scope="calendars:read events:read")
    dav = lambda method: world.request(method, f"/dav/calendars/{owner.id}/default/", None, {"Depth": "0"}, (owner.email, key))
    assert dav("PROPFIND").status == 207 and dav("MKCALENDAR").status == 403
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_calendars", "arguments": {}}}
    headers = {**JSON, "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    assert "error" not in world.post("/mcp", json.dumps(call), headers, key).json
    assert by_route(world, teller, 3, credential=key.id) == {
        "PROPFIND /dav/calendars/:account/:calendar/": (1, 0, 0), "MKCALENDAR /dav/calendars/:account/:calendar/": (1, 1, 0), "POST /mcp": (1, 0, 0)}


def test_a_connections_calls_are_the_platforms_by_token_and_by_its_key(world, owner, teller, tokens):
    connection, token = tokens["connected_account_id"], tokens["access_token"]
    key = world.key(owner, kind="secret")
    assert world.get("/v1/profile", key=token).status == world.get("/v1/calendars", key=token).status == 200
    assert world.post("/v1/events", json.dumps(VALID), JSON, token).status == 403
    assert world.get("/v1/profile", {"Connected-Account": connection}, key).status == 200
    assert world.get("/v1/profile", {"Connected-Account": "cpa_0000000000000000000001"}, key).status == 403
    assert by_route(world, teller, 4, connected_account=connection) == {
        "GET /v1/profile": (2, 0, 0), "GET /v1/calendars": (1, 0, 0), "POST /v1/events": (1, 1, 0)}
    rows = usage(world, teller, connected_account=connection, group_by="api_key,connected_account")
    assert [(r["api_key"], r["connected_account"], counted(r)) for r in rows] == [
        (None, connection, (3, 1, 0)), (key.id, connection, (1, 0, 0))]
    none = world.wait_for(lambda: next((r for r in usage(world, teller, credential=key.id, group_by="connected_account") if not r["connected_account"]), None))
    assert none and counted(none) == (1, 1, 0), "a connection that is none is not named"
    user = world.key("una@example.org", kind="secret")
    world.get("/v1/profile", key=user)
    assert by_route(world, user, 1)["GET /v1/profile"] == (1, 0, 0), "what the platform asks is not the user's"
    assert usage(world, user, connected_account=connection) == []


def test_test_mode_is_a_world_of_its_own(world, owner, teller):
    test = world.key(owner, kind="secret", mode="test")
    for _ in range(3):
        world.get("/v1/profile", key=test)
    assert by_route(world, test, 3, credential=test.id)["GET /v1/profile"] == (3, 0, 0)
    assert usage(world, teller, credential=test.id) == []
    assert usage(world, test)[0]["livemode"] is False


def test_two_servers_add_up(world, owner, teller):
    key = world.key(owner, kind="secret")
    clients = [s.client_connection() for s in (world, world.second) for _ in range(3)]

    def ask(http):
        for _ in range(20):
            assert http.request("GET", "/v1/profile", None, [("Authorization", f"Bearer {key}")]).status == 200

    threads = [threading.Thread(target=ask, args=(http,)) for http in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert by_route(world, teller, 120, credential=key.id) == {"GET /v1/profile": (120, 0, 0)}
    assert usage(world.second, teller, credential=key.id)[0]["requests"] == 120


def test_latency_is_what_it_was(world, owner, teller):
    key = world.key(owner, kind="secret")
    took = []
    for _ in range(20):
        begun = time.monotonic()
        world.get("/v1/profile", key=key)
        took.append((time.monotonic() - begun) * 1000)
    by_route(world, teller, 20, credential=key.id)
    quick = usage(world, teller, credential=key.id)[0]["latency_ms"]
    assert 0 < quick["p50"] <= quick["p95"] <= quick["p99"] <= 2 * max(took), "a class ends at twice its beginning"
    with world.holding("LOCK TABLE calendar IN ACCESS EXCLUSIVE MODE") as commit:
        slow = threading.Thread(target=lambda: world.client_connection().request("GET", "/v1/calendars", None, [("Authorization", f"Bearer {key}")]))
        slow.start()
        assert world.wait_for(world.waiting)
        begun = time.monotonic()  # it has begun before
        assert world.wait_for(lambda: time.monotonic() - begun > 0.3, 2)
        commit()
        slow.join()
    by_route(world, teller, 21, credential=key.id)
    [held] = usage(world, teller, credential=key.id, route="GET /v1/calendars")
    assert held["latency_ms"]["p50"] > 128, "it took longer than a quarter of a second, whose class begins at an eighth"
    assert usage(world, teller, credential=key.id)[0]["latency_ms"]["p50"] <= quick["p95"] + 0.5


# ---- webhooks ----


def test_what_was_sent_to_endpoints_is_told_by_endpoint(world, owner, teller):
    key = world.key(owner, kind="secret")
    with Receiver() as good, Receiver() as bad:
        bad.answer = lambda _: 500
        fine, failing = endpoint(world, key, good.url, ["event.created"]), endpoint(world, key, bad.url, ["ping"])
        assert world.wait_for(lambda: bad.got)
        assert world.wait_for(lambda: len(bad.got) > 1 or due_now(world))
        assert Api(world, key).event() and world.wait_for(lambda: len(good.got) == 2)
        with world.jobs_held():  # none is under way to who listens no more
            drop_all(world)
    found = lambda: {r["webhook_endpoint"]: (r["attempts"], r["succeeded"], r["failed"])
                     for r in usage(world, teller, "/v1/usage/webhooks", group_by="webhook_endpoint")}
    assert world.wait_for(lambda: sum(n for n, _, _ in found().values()) >= 2 + len(bad.got))
    assert found() == {fine["id"]: (2, 2, 0), failing["id"]: (len(bad.got), 0, len(bad.got))}
    [row] = usage(world, teller, "/v1/usage/webhooks", webhook_endpoint=failing["id"], group_by="day")
    assert row["object"] == "webhook_usage" and row["day"] and row["webhook_endpoint"] is None and row["latency_ms"]["p50"] >= 0
    assert not [r for r in usage(world, teller, group_by="route") if "webhook" in r["route"] and " " not in r["route"]], "no call of the API"


# ---- who may ask, and what ----


def test_who_may_ask(world, owner, tokens):
    for path in ("/v1/usage", "/v1/usage/webhooks"):
        assert world.get(path, key=owner.key).status == 200
        for kind, options in (("restricted", {"scope": EVERY}), ("publishable", {})):
            assert_error(world.get(path, key=world.key(owner, kind=kind, **options)), 403, "key_kind_not_allowed", type_="authorization_failed")
        assert_error(world.get(path, key=tokens["access_token"]), 403, "key_kind_not_allowed", type_="authorization_failed")
        for_user = world.get(path, {"Connected-Account": tokens["connected_account_id"]}, world.key(owner, kind="secret"))
        assert_error(for_user, 403, "key_kind_not_allowed", type_="authorization_failed")


def test_an_account_on_the_free_plan_has_no_api_and_no_usage(world):
    free = world.account("free@example.org", plan="free")
    assert world.get("/v1/usage", key=world.key(free, kind="secret")).status == 402


def test_days_are_of_utc_and_both_with(world, teller, owner):
    [[uuid]] = world.sql(f"SELECT account_id FROM account WHERE email = '{owner.email}' AND livemode")
    key = world.key(owner, kind="secret")
    [[raw]] = world.sql("SELECT id FROM api_key ORDER BY created_at DESC, id DESC LIMIT 1")
    first = datetime.date.today() - datetime.timedelta(days=60)  # housekeeping leaves it
    day = lambda n: (first + datetime.timedelta(days=n)).isoformat()
    world.sql(f"""INSERT INTO usage_day SELECT '{uuid}', day::date, '{raw}', '00000000-0000-0000-0000-000000000000', 'GET /v1/profile',
                  1, 0, 0, array_fill(0::bigint, ARRAY[16]) FROM generate_series('{day(0)}'::date, '{day(5)}', '1 day') day""")
    days = lambda **q: [r["day"] for r in usage(world, teller, credential=key.id, group_by="day", **q)]
    assert days(**{"from": day(2), "to": day(3)}) == [day(2), day(3)]
    assert days(to=day(4))[0] == day(0) and days() == []
    assert days(**{"from": day(5), "to": day(5)}) == [day(5)]
    assert days(to=day(29))[0] == day(0) and days(to=day(30))[0] == day(1), "thirty days"


@pytest.mark.parametrize("query,param", [
    ("from=2026-02-29", "from"), ("from=today", "from"), ("to=2026-1-1", "to"), ("to=", "to"), ("to=2026-01-01T00:00:00Z", "to"),
    ("from=2026-03-02&to=2026-03-01", "from"), ("group_by=", "group_by"), ("group_by=hour", "group_by"), ("group_by=day,day", "group_by"),
    ("group_by=webhook_endpoint", "group_by"), ("group_by=day,", "group_by"), ("credential=x", "credential"), ("connected_account=key_0355WHuCFfRpMfB53mC9Z6", "connected_account"),
    ("route=%00", "route"), ("route=" + "x" * 201, "route"), ("webhook_endpoint=wbk_0355WHuCFfRpMfB53mC9Z6", "webhook_endpoint"), ("limit=0", "limit")])
def test_bad_questions_name_what_is_wrong(world, teller, query, param):
    reply = world.get("/v1/usage?" + query, key=teller)
    assert reply.status == 400 and reply.json["error"]["param"] == param and reply.json["error"]["message"], reply


def test_what_is_nobodys_is_nothing(world, teller):
    """Another's key, one that is none: there are no calls with it."""
    other = world.key("rival@platform.example", kind="secret")
    world.get("/v1/profile", key=other)
    assert by_route(world, other, 1)["GET /v1/profile"] == (1, 0, 0)
    assert usage(world, teller, credential=other.id) == usage(world, teller, credential="key_0000000000000000000001") == []


# ---- what is kept ----


def test_a_server_that_is_stopped_loses_nothing_and_one_that_is_killed_the_last_interval(world, owner, teller):
    key = world.key(owner, kind="secret")
    ask = lambda n: [world.get("/v1/profile", key=key) for _ in range(n)]
    total = lambda: sum(r["requests"] for r in usage(world, teller, credential=key.id))
    try:
        world.restart("--usage-ms", "60000")
        ask(5)
        world.restart("--usage-ms", "60000")
        assert total() == 5
        ask(3)
        world.kill()
    finally:
        world.start()
    assert 5 <= total() <= 8
    ask(1)
    assert world.wait_for(lambda: total() >= 6), "and goes on"


def test_what_is_being_written_when_the_server_stops_is_counted_once(world, owner, teller):
    """A stop waits for no answer: the statement that was sent runs on, and what it adds must not be added by another."""
    key = world.key(owner, kind="secret")
    with world.holding("LOCK TABLE usage_day", jobs=True) as commit:
        for _ in range(5):
            world.get("/v1/profile", key=key)
        assert world.wait_for(lambda: "usage" in world.jobs_running() and world.waiting())
        process, stop = world.process, threading.Thread(target=world.stop)
        stop.start()
        assert world.wait_for(lambda: process.poll() is not None or world.waiting() > 1)
        commit()
        stop.join()
    world.start()
    assert by_route(world, teller, 5, credential=key.id) == {"GET /v1/profile": (5, 0, 0)}


def test_what_cannot_be_written_is_kept_for_the_next_time(world, owner, teller):
    key = world.key(owner, kind="secret")
    failed = len([l for l in world.lines if "job" in l and "usage" in l])
    world.sql("ALTER TABLE usage_day RENAME TO usage_away")
    try:
        for _ in range(4):
            world.get("/v1/profile", key=key)
        assert world.wait_for(lambda: len([l for l in world.lines if "job" in l and "usage" in l]) > failed)
    finally:
        world.sql("ALTER TABLE usage_away RENAME TO usage_day")
    assert by_route(world, teller, 4, credential=key.id) == {"GET /v1/profile": (4, 0, 0)}


def test_what_is_too_much_of_a_day_is_told_as_other(world):
    """A thousand rows of an account and day; the sum is right all the same."""
    account = world.account("many@example.org")
    key = world.key(account, kind="secret")
    [[uuid]] = world.sql(f"SELECT account_id FROM account WHERE email = '{account.email}' AND livemode")
    world.sql(f"""INSERT INTO usage_day SELECT '{uuid}', (now() AT TIME ZONE 'UTC')::date, gen_random_uuid(), '00000000-0000-0000-0000-000000000000',
                  'GET /v1/profile', 1, 0, 0, array_fill(0::bigint, ARRAY[16]) FROM generate_series(1, 1000)""")
    for target in ("/v1/profile", "/v1/calendars", "/v1/events?limit=x"):
        world.get(target, key=key)
    found = by_route(world, key, 1003)
    assert found["GET /v1/profile"] == (1000, 0, 0) and found["other"][0] >= 3 and found["other"][1] == 1
    assert set(found) == {"GET /v1/profile", "other"} and usage(world, key, credential=key.id) == []
    assert "calends_usage_lost_total 0\n" in world.get("/metrics").text


# ---- the command ----


def command(world, *words):
    done = subprocess.run([BIN, "usage", *words, *world.settings], capture_output=True, text=True, timeout=60,
                          env=dict(world.environment, LSAN_OPTIONS="detect_leaks=0"))
    return done


def test_the_command_tells_the_same(world, owner, teller):
    key = world.key("told@example.org", kind="secret")
    world.get("/v1/profile", key=key)
    world.get("/v1/events?limit=x", key=key)
    by_route(world, key, 2)
    ask = ["told@example.org", "--group-by", "day,api_key,route"]
    told = lambda: [r for r in json.loads(command(world, "calls", *ask, "--json").stdout)["data"] if "usage" not in r["route"]]
    assert told() == [r for r in usage(world, key, group_by="day,api_key,route") if "usage" not in r["route"]] and len(told()) == 2
    lines = command(world, "calls", *ask).stdout.splitlines()
    assert lines[0].split()[:3] == ["DAY", "KEY", "REQUESTS"] and any(l.endswith("  GET /v1/profile") and key.id in l for l in lines)
    assert json.loads(command(world, "calls", "told@example.org", "--mode", "test", "--json").stdout) == {"object": "list", "data": []}
    assert command(world, "webhooks", owner.email, "--group-by", "webhook_endpoint").stdout.startswith("WEBHOOK ENDPOINT")
    for words in (("calls", "nobody@example.org"), ("calls", owner.email, "--from", "x"), ("calls", owner.email, "--group-by", "hour"),
                  ("webhooks", owner.email, "--group-by", "route")):
        assert command(world, *words).returncode == 1, words
