# SPDX-License-Identifier: Apache-2.0
"""Calls with a rate of their own: GET /v1/api_keys 10 a minute, free/busy 50 a second, for each caller; on REST and by tools."""
import json
import os

from patience import undisturbed
from world import ROOT

SERVE = ["--api-keys-rate", "10", "--freebusy-rate", "2", "--rate-limit", "1000"]
MANY = 40  # for which the rate allows twenty seconds
JSON = {"Content-Type": "application/json"}
DAY = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z"


def policy(reply):
    return reply.headers["RateLimit-Policy"], reply.headers["X-RateLimit-Limit"]


def test_keys_are_managed_ten_times_a_minute(world, ann):
    """Another one after six seconds."""
    other = world.key(ann, kind="secret")

    def ask():
        secret = world.key(ann, kind="secret")
        path = "/v1/api_keys/" + secret.id
        replies = [world.get("/v1/api_keys", key=secret) for _ in range(5)] + [world.get(path, key=secret) for _ in range(5)]
        more = [world.get("/v1/api_keys", key=secret), world.post("/v1/api_keys", json.dumps({"name": "x", "kind": "secret"}), JSON, secret),
                world.post(path + "/rotate", key=secret), world.request("DELETE", path, key=secret)]
        return secret, replies, more

    secret, replies, refused = undisturbed(5, ask)
    assert [r.status for r in replies] == [200] * 10 and policy(replies[0]) == ('"api_keys";q=10;w=60', "10")
    assert [int(r.headers["X-RateLimit-Remaining"]) for r in replies][0] == 9
    for reply in refused:
        error = reply.json["error"]
        assert reply.status == 429 and error["code"] == "rate_limit_exceeded" and "10 times in 60 seconds" in error["message"]
        assert 1 <= int(reply.headers["Retry-After"]) <= 6 and reply.headers["X-RateLimit-Remaining"] == "0"
        assert policy(reply) == ('"api_keys";q=10;w=60', "10")
    assert policy(world.get("/v1/profile", key=secret)) == ('"default";q=1000;w=1', "1000"), "nothing else is slower"
    assert world.get("/v1/api_keys", key=other).status == 200, "nor is anybody else"


def test_who_may_not_manage_keys_is_counted_too_and_a_stranger_is_not(world, ann):
    key = world.key(ann)
    assert {world.get("/v1/api_keys", key=key).status for _ in range(12)} == {403, 429}
    assert {world.get("/v1/api_keys").status for _ in range(12)} == {401}


def test_free_busy_has_a_rate_a_second(world, ann):
    key = world.key(ann, kind="restricted", scope="calendars:read")
    replies = [world.get("/v1/freebusy?" + DAY, key=key) for _ in range(MANY)]
    assert replies[0].status == 200 and policy(replies[0]) == ('"freebusy";q=2;w=1', "2")
    refused = [r for r in replies if r.status == 429]
    assert refused and refused[0].json["error"]["message"].startswith("This is called 2 times in 1 seconds")
    assert world.get("/v1/calendars", key=key).status == 200
    tool = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "free_busy", "arguments": {
        "participants": [ann.id], "from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"}}}
    headers = {**JSON, "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    answers = [world.post("/mcp", json.dumps(tool), headers, key).json["result"] for _ in range(MANY)]
    assert any(a["isError"] and "rate_limit_exceeded" in json.dumps(a) for a in answers), "by a tool it is the same"


def test_the_rates_are_those_of_the_published_pages():
    with open(os.path.join(ROOT, "docs/options.md"), encoding="utf-8") as f:
        rows = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in f if line.startswith("| `--")}
    assert rows["`--api-keys-rate`"] == "10" and rows["`--freebusy-rate`"] == "50" and rows["`--rate-limit`"] == "100"


def test_a_key_that_is_slower_is_slower_here_too(world, ann):
    key = world.key(ann, kind="restricted", scope="calendars:read", key_rate=1)
    assert policy(world.get("/v1/freebusy?" + DAY, key=key)) == ('"default";q=1;w=1', "1")
