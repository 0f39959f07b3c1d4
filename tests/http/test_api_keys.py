# SPDX-License-Identifier: Apache-2.0
"""/v1/api_keys: keys that are made, changed, rotated and revoked by a secret key."""
import json
import uuid

import pytest

SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
NEW = {"name": "Reader", "kind": "restricted", "scopes": ["events:read", "calendars:read"]}


@pytest.fixture(scope="module", params=["live", "test"])
def secret(world, ann, request):
    return world.key(ann, kind="secret", mode=request.param)


def call(world, method, target, body=None, key=None, headers=None):
    octets = None if body is None else json.dumps(body)
    return world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, key)


def make(world, key, headers=None, **more):
    reply = call(world, "POST", "/v1/api_keys", {**NEW, **more}, key, headers)
    assert reply.status == 201, reply
    return reply.json


def refused(reply, status, code, param=None):
    assert (reply.status, reply.json["error"]["code"]) == (status, code), reply
    assert param is None or reply.json["error"]["param"] == param, reply
    return reply.json["error"]["message"]


def test_a_key_is_made_told_once_and_opens_what_it_was_made_for(world, secret):
    reply = call(world, "POST", "/v1/api_keys", NEW, secret)
    made = reply.json
    assert reply.headers["Location"].endswith("/v1/api_keys/" + made["id"]) and reply.headers["Cache-Control"] == "no-store"
    assert made["key"].startswith(made["prefix"]) and made["livemode"] == ("_live_" in secret) == ("_live_" in made["key"])
    assert made["scopes"] == ["calendars:read", "events:read"] and made["calendars"] is None and made["expires_at"] is None
    assert world.get("/v1/events", key=made["key"]).status == 200
    refused(world.get("/v1/profile", key=made["key"]), 403, "insufficient_scope")
    shown = world.get("/v1/api_keys/" + made["id"], key=secret).json
    assert "key" not in shown and {**shown, "last_used_at": None, "last_used_ip": None, "last_used_agent": None} == {n: v for n, v in made.items() if n != "key"}
    listed = world.get("/v1/api_keys", key=secret)
    assert made["key"] not in listed.body.decode() and made["id"] in [k["id"] for k in listed.json["data"]]


@pytest.mark.parametrize("kind,prefix", [("secret", "sk_"), ("publishable", "pk_")])
def test_the_other_kinds_are_made_without_scopes(world, secret, kind, prefix):
    body = {"name": "x", "kind": kind}
    assert call(world, "POST", "/v1/api_keys", body, secret).json["key"].startswith(prefix + ("live" if "_live_" in secret else "test"))
    refused(call(world, "POST", "/v1/api_keys", {**body, "scopes": ["events:read"]}, secret), 400, "invalid_value", "scopes")
    refused(call(world, "POST", "/v1/api_keys", {**body, "calendars": ["cal_x"]}, secret), 400, "invalid_value", "calendars")


@pytest.mark.parametrize("change,code,param", [
    ({"name": None}, "invalid_value", "name"), ({"name": ""}, "invalid_value", "name"), ({"name": "x" * 101}, "invalid_value", "name"),
    ({"name": "a\nb"}, "invalid_value", "name"), ({"kind": "account"}, "invalid_value", "kind"), ({"kind": "root"}, "invalid_value", "kind"),
    ({"scopes": []}, "missing_required_field", "scopes"), ({"scopes": ["events:all"]}, "invalid_value", "scopes"),
    ({"scopes": ["events:read calendars:read"]}, "invalid_value", "scopes"), ({"scopes": "events:read"}, "invalid_value", "scopes"),
    ({"calendars": []}, "invalid_value", "calendars"), ({"calendars": ["cal_0000000000000000000001"]}, "invalid_value", "calendars"),
    ({"calendars": ["evt_0000000000000000000001"]}, "invalid_value", "calendars"), ({"key": "sk_x"}, "invalid_value", "key"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid_value", "expires_at"), ({"expires_at": "tomorrow"}, "invalid_value", "expires_at"),
    ({"allowed": 1}, "unknown_field", "allowed")])
def test_what_cannot_be_a_key_is_refused_by_its_field(world, secret, change, code, param):
    before = world.sql("SELECT count(*) FROM api_key")
    refused(call(world, "POST", "/v1/api_keys", {**NEW, **change}, secret), 400, code, param)
    assert world.sql("SELECT count(*) FROM api_key") == before


@pytest.mark.parametrize("field", ["name", "kind", "scopes"])
def test_what_a_key_needs_is_named(world, secret, field):
    body = {n: v for n, v in NEW.items() if n != field}
    refused(call(world, "POST", "/v1/api_keys", body, secret), 400, "missing_required_field", field)


def test_nobody_but_a_secret_key_manages_keys(world, ann, secret):
    target = make(world, secret)["id"]
    others = [ann.key, world.key(ann, kind="restricted", scope="events:read events:write profile:read"), world.key(ann, kind="publishable")]
    for key in others:
        for method, path, body in [("GET", "", None), ("POST", "", NEW), ("GET", "/" + target, None), ("PATCH", "/" + target, {"name": "y"}),
                ("POST", f"/{target}/rotate", None), ("DELETE", "/" + target, None)]:
            refused(call(world, method, "/v1/api_keys" + path, body, key), 403, "key_kind_not_allowed")


def test_a_key_of_the_other_mode_or_another_account_is_not_there(world, ann):
    live, test = (world.key(ann, kind="secret", mode=m) for m in ("live", "test"))
    other = world.key("bob@example.org", kind="secret")
    for owner, strangers in [(live, (test, other)), (test, (live, other))]:
        made = make(world, owner)
        for key in strangers:
            for method, path, body in [("GET", "", None), ("PATCH", "", {"name": "y"}), ("POST", "/rotate", None), ("DELETE", "", None)]:
                refused(call(world, method, f"/v1/api_keys/{made['id']}{path}", body, key), 404, "resource_missing")
        assert world.get("/v1/events", key=made["key"]).status == 200


def test_a_rotated_key_is_dead_at_once_and_its_settings_stay(world, secret):
    made = make(world, secret)
    rotated = call(world, "POST", f"/v1/api_keys/{made['id']}/rotate", None, secret).json
    assert rotated["rotated_at"] and rotated["key"] != made["key"]
    kept = ("id", "name", "kind", "scopes", "calendars", "created_at", "expires_at")
    assert [rotated[n] for n in kept] == [made[n] for n in kept]
    assert world.get("/v1/events", key=made["key"]).status == 401 and world.get("/v1/events", key=rotated["key"]).status == 200
    assert rotated["key"] not in world.get("/v1/api_keys/" + made["id"], key=secret).body.decode()


def test_a_key_rotates_and_revokes_itself_as_the_last_it_does(world, secret):
    own = call(world, "POST", "/v1/api_keys", {"name": "own", "kind": "secret"}, secret).json
    path = "/v1/api_keys/" + own["id"]
    fresh = call(world, "POST", path + "/rotate", None, own["key"]).json["key"]
    refused(world.get(path, key=own["key"]), 401, "api_key_invalid")
    assert call(world, "DELETE", path, None, fresh).json["revoked_at"]
    refused(world.get(path, key=fresh), 401, "api_key_revoked")


def test_a_revoked_key_stays_in_the_list_and_cannot_come_back(world, secret):
    made = make(world, secret)
    path = "/v1/api_keys/" + made["id"]
    first, again = (call(world, "DELETE", path, None, secret) for _ in range(2))
    assert first.status == again.status == 200 and first.json["revoked_at"] == again.json["revoked_at"] is not None
    refused(world.get("/v1/events", key=made["key"]), 401, "api_key_revoked")
    assert made["id"] in [k["id"] for k in world.get("/v1/api_keys", key=secret).json["data"]]
    refused(call(world, "POST", path + "/rotate", None, secret), 409, "conflict")
    refused(call(world, "PATCH", path, {"name": "back"}, secret), 409, "conflict")


def test_a_key_only_ever_loses(world, secret):
    """K17: Whoever holds its secret was not given more."""
    calendars = [call(world, "POST", "/v1/calendars", {"name": n}, secret).json["id"] for n in "ab"]
    made = make(world, secret, calendars=calendars, expires_at="2099-01-01T00:00:00Z")
    path = "/v1/api_keys/" + made["id"]
    for more, param in [({"scopes": ["events:read", "events:write"]}, "scopes"), ({"scopes": []}, "scopes"), ({"calendars": None}, "calendars"),
            ({"calendars": [calendars[0], call(world, "POST", "/v1/calendars", {"name": "c"}, secret).json["id"]]}, "calendars"),
            ({"expires_at": None}, "expires_at"), ({"expires_at": "2099-01-01T00:00:01Z"}, "expires_at"), ({"kind": "secret"}, "kind")]:
        refused(call(world, "PATCH", path, more, secret), 400, "invalid_value", param)
    assert world.get(path, key=secret).json == {n: v for n, v in made.items() if n != "key"}
    less = {"name": "Less", "scopes": ["calendars:read"], "calendars": calendars[:1], "expires_at": "2098-01-01T00:00:00Z"}
    changed = call(world, "PATCH", path, less, secret).json
    assert {n: changed[n] for n in less} == {**less, "expires_at": changed["expires_at"]} and changed["expires_at"].startswith("2098")
    assert [c["id"] for c in world.get("/v1/calendars", key=made["key"]).json["data"]] == calendars[:1]
    refused(world.get("/v1/events", key=made["key"]), 403, "insufficient_scope")


def test_a_key_may_be_sent_back_as_it_was_read(world, secret):
    made = make(world, secret)
    path = "/v1/api_keys/" + made["id"]
    shown = world.get(path, key=secret).json
    assert call(world, "PATCH", path, shown, secret).json == shown
    assert call(world, "PATCH", path, {}, secret).json == shown


def test_two_that_take_away_at_once_leave_what_both_allow(world, secret):
    made = make(world, secret, scopes=["events:read", "calendars:read", "profile:read"])
    other = make(world, secret, name="other", scopes=["events:read", "calendars:read"])
    path = "/v1/api_keys/" + made["id"]
    took = f"UPDATE api_key SET scopes = (SELECT scopes FROM api_key WHERE prefix = '{other['prefix']}') WHERE prefix = '{made['prefix']}'"
    reply = world.meanwhile(took, lambda: call(world, "PATCH", path, {"scopes": ["events:read", "profile:read"]}, secret))
    assert reply.json["scopes"] == ["events:read"] == world.get(path, key=secret).json["scopes"]


@pytest.mark.parametrize("again", ["same server", "second server"])
def test_a_secret_is_never_told_again(world, secret, again):
    """K15."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    made = make(world, secret, headers)
    server = world if again == "same server" else world.second
    reply = call(server, "POST", "/v1/api_keys", NEW, secret, headers)
    assert "Rotate" in refused(reply, 409, "key_already_shown") and made["key"] not in reply.body.decode()
    refused(call(server, "POST", "/v1/api_keys", {**NEW, "name": "y"}, secret, headers), 409, "idempotency_key_in_use")
    path = f"/v1/api_keys/{made['id']}/rotate"
    rotated = call(world, "POST", path, None, secret, headers).json
    refused(call(server, "POST", path, None, secret, headers), 409, "key_already_shown")
    assert world.get("/v1/events", key=rotated["key"]).status == 200, "rotated once"
    assert not world.sql(f"SELECT 1 FROM idempotent_answer WHERE position('{made['key']}'::bytea in body) > 0")


def test_an_account_has_so_many_keys_and_no_more(world):
    key = world.key("many@example.org", kind="secret")
    world.sql("INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes) SELECT account_id, gen_random_uuid(), "
              "sha256(n::text::bytea), 4, 'pk_live_', 'x', 0 FROM generate_series(1, 499) n, "
              "(SELECT account_id FROM api_key ORDER BY created_at DESC LIMIT 1) a")
    assert "500" in refused(call(world, "POST", "/v1/api_keys", NEW, key), 403, "forbidden")
