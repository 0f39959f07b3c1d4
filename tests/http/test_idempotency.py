# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: a call that writes is done once, whoever dies and however often it comes (docs/adr/0020)."""
import json
import threading
import uuid

import pytest

from oauth_flow import App, Browser

SERVE = ["--rate-limit", "100000"]
EVENT = {"title": "Once", "start_time": "2027-01-01T10:00:00Z", "end_time": "2027-01-01T11:00:00Z"}


@pytest.fixture(scope="module")
def owner(world):
    return world.account("once@example.org", plan="pro")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret")


def call(server, method, target, body, key, idempotency, **headers):
    sent = {"Content-Type": "application/json", **{n.replace("_", "-"): v for n, v in headers.items()}}
    if idempotency is not None:
        sent["Idempotency-Key"] = idempotency
    return server.request(method, target, None if body is None else json.dumps(body), sent, key)


def create(server, key, idempotency, **changes):
    return call(server, "POST", "/v1/events", {**EVENT, **changes}, key, idempotency)


def events(world, title):
    [[count]] = world.sql(f"SELECT count(*) FROM calendar_object WHERE convert_from(data, 'UTF8') LIKE '%SUMMARY:{title}%'")
    return int(count)


def is_replayed(reply):
    return reply.headers.get("Idempotent-Replayed") == "true"


def code(reply):
    return reply.status, reply.json["error"]["code"]


def fresh():
    return str(uuid.uuid4())


def test_a_call_that_is_repeated_is_answered_as_before_and_not_done_again(world, secret):
    key = fresh()
    first = create(world, secret, key, title="repeated")
    assert first.status == 201 and not is_replayed(first)
    for server in (world, world.second, world):
        again = create(server, secret, key, title="repeated")
        assert is_replayed(again) and (again.status, again.body) == (first.status, first.body)
        assert [again.headers[n] for n in ("Location", "ETag", "Content-Type")] == \
            [first.headers[n] for n in ("Location", "ETag", "Content-Type")]
        assert again.request_id != first.request_id
    assert events(world, "repeated") == 1


def test_it_holds_for_every_call_that_writes(world, secret):
    made = create(world, secret, None).json
    target = f"/v1/events/{made['id']}"
    calendar = call(world, "POST", "/v1/calendars", {"name": "x"}, secret, None).json["id"]
    hosted = call(world, "POST", "/api/v1/hosted-calendars", {"name": "x"}, secret, None).json["data"]["id"]
    for method, path, body in (
            ("PATCH", target, {"title": "changed"}),
            ("POST", target + "/cancel", {}),
            ("DELETE", target + "?mode=delete", None),
            ("POST", "/v1/calendars", {"name": "made once"}),
            ("PATCH", f"/v1/calendars/{calendar}", {"selected": False}),
            ("DELETE", f"/v1/calendars/{calendar}", None),
            ("POST", "/api/v1/hosted-calendars", {"name": "made once"}),
            ("PATCH", f"/api/v1/hosted-calendars/{hosted}", {"name": "y"}),
            ("DELETE", f"/api/v1/hosted-calendars/{hosted}", None)):
        key = fresh()
        first, again = (call(world, method, path, body, secret, key) for _ in range(2))
        assert first.status < 300 and not is_replayed(first), first
        assert is_replayed(again) and (again.status, again.body) == (first.status, first.body), (method, path)
    assert len([c for c in world.get("/v1/calendars", key=secret).json["data"] if c["name"] == "made once"]) == 2


def test_another_request_with_the_same_key_is_refused(world, secret):
    """K15."""
    key = fresh()
    assert create(world, secret, key).status == 201
    for reply in (create(world, secret, key, title="other"),
                  call(world, "POST", "/v1/events", {**EVENT, "title": "Once "}, secret, key),
                  call(world, "POST", "/v1/events", EVENT, secret, key, If_Match="*")):
        assert reply.status in (409, 412)
        assert reply.status == 412 or code(reply) == (409, "idempotency_key_in_use")
        assert not is_replayed(reply)
    made = [create(world, secret, None).json["id"] for _ in range(2)]
    key = fresh()
    assert call(world, "PATCH", f"/v1/events/{made[0]}", {"title": "a"}, secret, key).status == 200
    assert code(call(world, "PATCH", f"/v1/events/{made[1]}", {"title": "a"}, secret, key)) == (409, "idempotency_key_in_use")
    assert code(call(world, "PATCH", f"/v1/events/{made[0]}", {"title": "a"}, secret, key, If_Match='"x"')) == \
        (409, "idempotency_key_in_use")
    assert code(call(world, "PATCH", f"/v1/events/{made[0]}", {"title": "a"}, secret, key, If_None_Match='"x"')) == \
        (409, "idempotency_key_in_use")


def test_a_key_is_its_credentials_and_its_routes(world, owner, secret):
    """K15."""
    key = fresh()
    assert create(world, secret, key, title="mine").status == 201
    other = world.key(owner, kind="secret")
    assert not is_replayed(create(world, other, key, title="mine")) and events(world, "mine") == 2
    assert call(world, "POST", "/v1/calendars", {"name": "x"}, secret, key).status == 201
    test = world.key(owner, kind="secret", mode="test")
    assert create(world, test, key, title="mine").status == 201


def test_a_refusal_is_not_kept(world, secret):
    key = fresh()
    assert create(world, secret, key, title="").status == 400
    nobody = "evt_" + "0" * (len(create(world, secret, None).json["id"]) - 4)
    missing = call(world, "PATCH", f"/v1/events/{nobody}", {"title": "x"}, secret, key)
    assert missing.status == 404
    assert create(world, secret, key, title="mended").status == 201 and events(world, "mended") == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "ä"])
def test_what_is_no_key_is_refused(world, secret, key):
    reply = create(world, secret, key, title="nokey")
    assert reply.status == 400 and reply.json["error"]["param"] == "Idempotency-Key", reply
    assert events(world, "nokey") == 0


def test_a_key_of_255_characters_is_one_and_two_are_none(world, secret):
    assert create(world, secret, "k" * 255).status == 201
    twice = world.request("POST", "/v1/events", json.dumps(EVENT), [("Content-Type", "application/json"), ("Idempotency-Key", "a"),
                                                                    ("Idempotency-Key", "b")], secret)
    assert twice.status == 400


def test_who_comes_while_it_is_done_is_told_so(world, owner, secret):
    """K15: Through the other server too; and the lock ends with the one that is doing it."""
    key, got = fresh(), []
    lock = f"SELECT FROM calendar_state s JOIN calendar c ON c.id = s.calendar_id JOIN account a ON a.account_id = c.account_id " \
           f"WHERE a.email = '{owner.email}' FOR UPDATE OF s"
    with world.holding(lock) as commit:
        thread = threading.Thread(target=lambda: got.append(create(world, secret, key, title="meanwhile")))
        thread.start()
        assert world.wait_for(world.waiting)
        for server in (world.second, world.client_connection()):
            reply = create(server, secret, key, title="meanwhile") if server is world.second else \
                server.request("POST", "/v1/events", json.dumps({**EVENT, "title": "meanwhile"}),
                               [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Authorization", f"Bearer {secret}")])
            assert code(reply) == (409, "idempotency_in_progress") and reply.headers["Retry-After"] == "1"
        commit()
        thread.join()
    assert got[0].status == 201 and events(world, "meanwhile") == 1
    assert is_replayed(create(world, secret, key, title="meanwhile"))


def test_many_at_once_make_one(world, secret):
    """K15."""
    key, statuses = fresh(), []

    def one():
        client = world.client_connection()
        while True:
            reply = client.request("POST", "/v1/events", json.dumps({**EVENT, "title": "race"}),
                [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Authorization", f"Bearer {secret}")])
            if reply.status != 409:
                statuses.append((reply.status, is_replayed(reply), reply.body))
                return

    threads = [threading.Thread(target=one) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {(s, b) for s, _, b in statuses} == {(201, statuses[0][2])}
    assert [replayed for _, replayed, _ in statuses].count(False) == 1 and events(world, "race") == 1


def until_it_dies(server, secret, key):
    try:
        assert create(server, secret, key, title="dies").status >= 500
    except AssertionError:
        pass  # no answer


def test_a_server_that_dies_in_the_middle_leaves_nothing_that_blocks(world, owner, secret):
    key = fresh()
    lock = f"SELECT FROM calendar_state s JOIN calendar c ON c.id = s.calendar_id JOIN account a ON a.account_id = c.account_id " \
           f"WHERE a.email = '{owner.email}' FOR UPDATE OF s"
    with world.holding(lock) as commit:
        thread = threading.Thread(target=until_it_dies, args=(world.second, secret, key))
        thread.start()
        assert world.wait_for(world.waiting)
        world.second.kill()
        thread.join()
        world.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        commit()
    assert events(world, "dies") == 0
    world.second.start()
    reply = create(world, secret, key, title="dies")
    assert reply.status == 201 and not is_replayed(reply) and events(world, "dies") == 1


def test_an_answer_is_kept_for_a_day_and_then_it_is_another_call(world, secret):
    """K15."""
    key = fresh()
    assert create(world, secret, key, title="day").status == 201
    world.sql("UPDATE idempotent_answer SET created_at = now() - interval '23 hours 59 minutes'")
    assert is_replayed(create(world, secret, key, title="day"))
    world.sql("UPDATE idempotent_answer SET created_at = now() - interval '24 hours 1 minute'")
    assert not is_replayed(create(world, secret, key, title="day")) and events(world, "day") == 2
    assert is_replayed(create(world, secret, key, title="day"))


def test_a_consent_that_shows_less_is_told_nothing_of_before(world, owner):
    """The connection is the same one, its refresh changes nothing; what it may see is another."""
    app = App(world, owner="platform@once.example", scope="events:read events:write")
    browser = Browser(world)
    browser.sign_in(owner)
    tokens, key = app.connect(browser, scope="events:read events:write"), fresh()
    first = create(world, tokens["access_token"], key, title="consent")
    assert first.status == 201
    renewed = app.refresh(tokens["refresh_token"]).json["access_token"]
    assert is_replayed(create(world, renewed, key, title="consent"))
    narrow = app.refresh(app.connect(browser, scope="events:read events:write")["refresh_token"], scope="events:write").json["access_token"]
    assert code(create(world, narrow, key, title="consent")) == (409, "idempotency_key_in_use")


def test_a_key_that_sees_fewer_calendars_is_told_nothing_of_before(world, secret):
    made = [call(world, "POST", "/v1/calendars", {"name": f"n{n}"}, secret, None).json["id"] for n in range(2)]
    fields = {"name": "some", "kind": "restricted", "scopes": ["events:read", "events:write"], "calendars": made}
    limited, key = call(world, "POST", "/v1/api_keys", fields, secret, None).json, fresh()
    world.secret(limited["key"])
    ask = lambda: create(world, limited["key"], key, title="fewer", calendar_id=made[0])
    assert ask().status == 201 and is_replayed(ask())
    assert call(world, "PATCH", f"/v1/api_keys/{limited['id']}", {"calendars": made[1:]}, secret, None).status == 200
    again = ask()
    assert not is_replayed(again) and code(again) == (409, "idempotency_key_in_use")


def test_a_call_without_a_key_is_what_it_was(world, secret):
    for _ in range(2):
        assert not is_replayed(create(world, secret, None, title="plain"))
    assert events(world, "plain") == 2
    reply = create(world, secret, None, title="plain")
    assert world.log_of(reply)["db"] == "2"
    assert world.log_of(create(world, secret, fresh(), title="plain"))["db"] == "4"  # the key, its lock, the event, the answer with COMMIT


def test_of_an_answer_that_cannot_be_kept_nothing_is_done(world, secret):
    """COMMIT goes with the statement that keeps the answer: where that fails, it is left out."""
    key = fresh()
    world.sql("ALTER TABLE idempotent_answer ADD CONSTRAINT none_more CHECK (false) NOT VALID")
    try:
        assert create(world, secret, key, title="unkept").status == 500
        assert events(world, "unkept") == 0
    finally:
        world.sql("ALTER TABLE idempotent_answer DROP CONSTRAINT none_more")
    first, again = create(world, secret, key, title="unkept"), create(world, secret, key, title="unkept")
    assert first.status == 201 and not is_replayed(first) and is_replayed(again)
    assert events(world, "unkept") == 1


def test_an_answer_of_before_comes_with_the_keys_authentication(world, owner):
    """One round trip (docs/adr/0011): of a key that was rotated since, too. A token has to ask."""
    secret, key = world.key(owner, kind="secret"), fresh()
    create(world, secret, key, title="ahead")
    again, other = create(world, secret, key, title="ahead"), create(world, secret, key, title="another")
    assert is_replayed(again) and world.log_of(again)["db"] == "1"
    assert code(other) == (409, "idempotency_key_in_use") and world.log_of(other)["db"] == "1"
    rotated = world.cli("key", "rotate", secret.id)["key"]
    again = create(world, rotated, key, title="ahead")
    assert is_replayed(again) and world.log_of(again)["db"] == "1"
    app = App(world, owner="platform@once.example", scope="events:read events:write")
    browser = Browser(world)
    browser.sign_in(owner)
    token = app.connect(browser, scope="events:read events:write")["access_token"]
    create(world, token, key, title="ahead")
    again = create(world, token, key, title="ahead")
    assert is_replayed(again) and world.log_of(again)["db"] == "3"
    assert events(world, "ahead") == 2
