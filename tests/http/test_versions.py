# SPDX-License-Identifier: Apache-2.0
"""Api-Version: pinned to the key and the app, another by the header, told with each answer; and the names by --brand."""
import json

import pytest

from oauth_flow import App, Browser

SERVE = ["--rate-limit", "10000", "--brand", "Acme"]
JSON = {"Content-Type": "application/json"}
NEWEST = "2026-11-28"


@pytest.fixture(scope="module")
def secret(world):
    return world.key(kind="secret")


def versions(reply):
    return reply.headers.all("Api-Version"), reply.headers.all("Acme-Version")


def test_every_answer_of_the_api_tells_its_version(world, secret):
    for reply in (world.get("/v1/profile", key=secret), world.get("/v1/profile"), world.get("/v1/profile", key="sk_live_x"),
            world.get("/v1/nothing", key=secret), world.get("/v1/events/evt_0000000000000000000001", key=secret),
            world.post("/v1/events", "{}", JSON, secret), world.request("PUT", "/v1/events", key=secret),
            world.request("OPTIONS", "/v1/events"), world.get("/v1/profile", {"Api-Version": NEWEST}, secret),
            world.get("/v1/profile", {"Acme-Version": NEWEST}, secret),
            world.get("/v1/profile", {"Api-Version": NEWEST, "Acme-Version": NEWEST}, secret)):
        assert versions(reply) == ([NEWEST], [NEWEST]), reply
        assert not reply.headers.all("Deprecation") and not reply.headers.all("Sunset")
    assert versions(world.get("/api/v1/hosted-calendars", key=secret)) == ([], [])


@pytest.mark.parametrize("asked", ["2026-05-20", "2026-11-29", "v1", "", "2026-11-28 ", "x" * 5000, f"{NEWEST}, {NEWEST}"])
@pytest.mark.parametrize("header", ["Api-Version", "Acme-Version"])
def test_a_version_that_there_is_not_is_refused_with_those_that_there_are(world, secret, header, asked):
    reply = world.get("/v1/profile", {header: asked}, secret)
    if asked.strip() == NEWEST:
        assert reply.status == 200  # RFC 9110 §5.5: blanks around a value are none of it
        return
    error = reply.json["error"]
    assert reply.status == 400 and error["code"] == "invalid_value" and error["param"] == "Api-Version" and NEWEST in error["message"]
    assert len(error["message"]) < 400 and versions(reply) == ([NEWEST], [NEWEST])


def test_a_header_and_its_alias_must_agree(world, secret):
    reply = world.get("/v1/profile", {"Api-Version": NEWEST, "Acme-Version": "2026-11-29"}, secret)
    assert reply.status == 400 and "Acme-Version" in reply.json["error"]["message"]


def test_nothing_is_done_in_a_version_that_there_is_not(world, secret):
    before = len(world.get("/v1/events?limit=100", key=secret).json["data"])
    body = json.dumps({"title": "x", "start_time": "2026-12-01T10:00:00Z", "end_time": "2026-12-01T11:00:00Z"})
    assert world.post("/v1/events", body, {**JSON, "Api-Version": "1999-01-01", "Idempotency-Key": "v"}, secret).status == 400
    assert len(world.get("/v1/events?limit=100", key=secret).json["data"]) == before
    assert world.post("/v1/events", body, {**JSON, "Idempotency-Key": "v"}, secret).status == 201, "the key was not used up"


def test_a_key_keeps_the_version_of_the_day_when_it_was_made(world, secret):
    made = world.post("/v1/api_keys", json.dumps({"name": "pinned", "kind": "restricted", "scopes": ["events:read"]}), JSON, secret).json
    path = "/v1/api_keys/" + made["id"]
    assert made["api_version"] == NEWEST
    refused = world.request("PATCH", path, json.dumps({"api_version": "2020-01-01"}), JSON, secret)
    assert refused.status == 400 and refused.json["error"]["param"] == "api_version"
    # The row is what counts, through rotation too; one whose version is not kept any more has the oldest that is.
    world.sql("UPDATE api_key SET api_version = '2020-01-01' WHERE name = 'pinned'")
    rotated = world.post(path + "/rotate", key=secret).json
    assert rotated["api_version"] == world.get(path, key=secret).json["api_version"] == "2020-01-01"
    assert world.get("/v1/events", key=rotated["key"]).headers["Api-Version"] == NEWEST
    listed = world.cli("key", "list", "ann@example.org")["data"]
    assert {k["api_version"] for k in listed} == {NEWEST, "2020-01-01"}


def test_a_token_has_the_version_of_its_app(world, secret):
    app = App(world, owner="ann@example.org", scope="profile:read")
    user = Browser(world)
    user.sign_in(world.account("user@example.org"))
    token = app.connect(user, scope="profile:read")["access_token"]
    assert versions(world.get("/v1/profile", key=token)) == ([NEWEST], [NEWEST])
    shown = world.get("/v1/oauth_apps/" + app.id, key=secret).json
    assert shown["api_version"] == NEWEST


def test_the_document_names_the_version(world):
    document = world.get("/openapi.json").json
    assert document["info"]["version"] == NEWEST
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names = {p["name"] for p in operation["parameters"]}
            assert ("Api-Version" in names) == path.startswith("/v1/"), path


def test_a_replay_is_told_by_both_names(world, secret):
    body = json.dumps({"title": "x", "start_time": "2026-12-01T10:00:00Z", "end_time": "2026-12-01T11:00:00Z"})
    replies = [world.post("/v1/events", body, {**JSON, "Idempotency-Key": "twice"}, secret) for _ in range(2)]
    assert [r.status for r in replies] == [201, 201]
    for name in ("Idempotent-Replayed", "Acme-Idempotent-Replay"):
        assert [r.headers.all(name) for r in replies] == [[], ["true"]]
    assert versions(replies[1]) == ([NEWEST], [NEWEST])
