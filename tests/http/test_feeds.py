# SPDX-License-Identifier: Apache-2.0
"""/feed/{feedToken}: a calendar for whoever has its token, and nobody else."""
import json

import pytest

from forge import altered

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/hosted-calendars"
EVENT = {"title": "Planning", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}
FLAT = {"error": "Not Found", "message": "There is nothing here by this name."}


@pytest.fixture(scope="module")
def ann(world):
    return world.key(world.account("ann@example.org"), kind="secret")


@pytest.fixture
def made(world, ann):
    reply = world.post(PATH, json.dumps({"name": "Team"}), JSON, ann)
    assert reply.status == 201
    return reply.json["data"]


def event(world, key, calendar):
    """One in this hosted calendar, whose /v1 id stands at the same place of the other list."""
    hosted = [c["id"] for c in world.get(PATH, key=key).json["data"]]
    at = world.get("/v1/calendars?limit=100", key=key).json["data"][hosted.index(calendar)]["id"]
    reply = world.post("/v1/events", json.dumps({**EVENT, "calendar_id": at}), JSON, key)
    assert reply.status == 201
    return at


def test_a_feed_is_the_calendar_as_its_export(world, ann, made):
    at = event(world, ann, made["id"])
    feed = world.get(f"/feed/{made['feedToken']}")
    assert feed.status == 200 and feed.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert feed.headers["Cache-Control"] == "max-age=3600" and feed.headers["Referrer-Policy"] == "no-referrer"
    assert feed.body == world.get(f"/v1/calendars/{at}/export", key=ann).body and b"SUMMARY:Planning" in feed.body
    assert world.get(f"/feed/{made['feedToken']}.ics").body == feed.body
    head = world.request("HEAD", f"/feed/{made['feedToken']}")
    assert head.status == 200 and head.body == b"" and head.headers["ETag"] == feed.headers["ETag"]


def test_who_has_it_already_is_told_so(world, ann, made):
    feed = f"/feed/{made['feedToken']}.ics"
    tag = world.get(feed).headers["ETag"]
    same = world.get(feed, {"If-None-Match": tag})
    assert same.status == 304 and same.body == b"" and same.headers["ETag"] == tag
    assert same.headers["Cache-Control"] == "max-age=3600" and same.headers["Referrer-Policy"] == "no-referrer"
    assert sorted(same.headers.all("Vary")) == ["Accept-Encoding", "Sec-Fetch-Dest"]  # RFC 9110 §15.4.5: as a feed that is long enough to be compressed
    assert world.request("HEAD", feed, None, {"If-None-Match": f'"x", {tag}'}).status == 304
    assert world.get(feed, {"If-None-Match": '"x"'}).status == 200
    assert world.get(feed, {"If-Match": '"x"'}).status == 412
    assert world.get(feed, {"If-None-Match": '"words'}).status == 400
    event(world, ann, made["id"])
    assert world.get(feed, {"If-None-Match": tag}).status == 200


def test_a_new_token_ends_the_old_one_at_once(world, ann, made):
    old, one = made["feedToken"], f"{PATH}/{made['id']}"
    reply = world.post(f"{one}/regenerate-feed-token", key=ann)
    assert reply.status == 200 and reply.json["data"] == {**made, **{n: reply.json["data"][n] for n in ("feedToken", "updatedAt")}}
    new = world.secret(reply.json["data"]["feedToken"])
    assert new != old and world.get(f"/feed/{old}").status == 404 and world.get(f"/feed/{new}").status == 200
    assert world.get(one, key=ann).json["data"]["feedToken"] == new
    told = world.get("/v1/audit?kind=feed.regenerated&limit=1", key=ann).json["data"][0]
    assert told["kind"] == "feed.regenerated" and old not in json.dumps(told) and new not in json.dumps(told)


def test_a_repeated_request_is_answered_again_and_its_token_kept_sealed(world, ann, made):
    one = f"{PATH}/{made['id']}/regenerate-feed-token"
    first, again = (world.post(one, b"", {"Idempotency-Key": "feed-1"}, ann) for _ in range(2))
    assert first.status == 200 and again.headers["Idempotent-Replayed"] == "true" and again.body == first.body
    assert first.json["data"]["feedToken"].encode().hex() not in world.sql("SELECT string_agg(encode(body, 'hex'), ' ') FROM idempotent_answer")[0][0]


def test_no_token_is_the_same_as_a_wrong_one(world, ann, made):
    good, before = made["feedToken"], world.get("/feed/x")
    assert before.status == 404 and before.json == FLAT and before.headers["Cache-Control"] == "no-store"
    wrong = [good[:-1], good + "x", good.upper(), altered(good, 20), "cft_", "%C3%A9", "x" * 3000, str(ann), good + ".ics.ics",
             good + ".ICS", ".ics", good + "%2F", made["id"], "cft_" + "0" * 82, good + "%00"]
    for token in wrong:
        assert world.get(f"/feed/{token}").status in (400, 404), token
    for path in ("/feed", "/feed/", f"/feed/{good}/", f"/feed/{good}/x", f"/FEED/{good}"):
        assert world.get(path).status == 404, path
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = world.request(method, f"/feed/{good}", b"", {})
        assert reply.status == 405 and reply.headers["Allow"] == "OPTIONS, GET, HEAD" and reply.json["error"] == "Method Not Allowed"


def test_a_token_opens_one_calendar_and_nothing_else(world, ann, made):
    for headers in ({"Authorization": f"Bearer {made['feedToken']}"},):
        for path in ("/v1/profile", PATH, "/v1/events", "/dav/"):
            assert world.get(path, headers).status == 401, path
    assert world.request("DELETE", f"{PATH}/{made['id']}", None, None, ann).status == 204
    assert world.get(f"/feed/{made['feedToken']}").status == 404


def test_every_calendar_has_a_feed_of_its_own_in_both_modes(world, ann):
    test = world.key("ann@example.org", kind="secret", mode="test")
    tokens = [c["feedToken"] for key in (ann, test) for c in world.get(PATH, key=key).json["data"]]
    assert len(tokens) == len(set(tokens)) > 1
    assert all(world.get(f"/feed/{t}").status == 200 for t in tokens)


def test_nobody_gives_anothers_feed_a_new_token(world, ann, made):
    bob = world.key(world.account("bob@example.org"), kind="secret")
    test = world.key("ann@example.org", kind="secret", mode="test")
    for key in (bob, test):
        reply = world.post(f"{PATH}/{made['id']}/regenerate-feed-token", key=key)
        assert reply.status == 404 and reply.json["error"] == "Not Found"
    assert world.post(f"{PATH}/{made['id']}/regenerate-feed-token").status == 401
    assert world.get(f"/feed/{made['feedToken']}").status == 200


def test_the_database_alone_makes_no_token(world, made):
    """What is stored is a seed: the token is in no column."""
    rows = world.sql("SELECT to_jsonb(c)::text FROM calendar c")
    assert not any(made["feedToken"] in row or made["feedToken"][4:] in row for [row] in rows)


def test_an_address_is_never_logged(world, made):
    for method, path in (("GET", f"/feed/{made['feedToken']}"), ("POST", f"/feed/{made['feedToken']}"), ("GET", f"/feed/{made['feedToken']}/more"),
                         ("GET", f"//feed/{made['feedToken']}?x={made['feedToken']}")):
        reply = world.request(method, path)
        assert world.log_of(reply)["path"] == "/feed/", path
    assert world.get(f"/feed/{made['feedToken']}%zz").status == 400  # no target: the world's end looks for it in the log


def test_a_page_may_read_a_feed(world, made):
    reply = world.get(f"/feed/{made['feedToken']}", {"Origin": "https://calendar.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_the_feed_of_a_free_or_deactivated_account_says_why(world):
    poor = world.account("poor@example.org")
    token = world.get(PATH, key=poor.key).json["data"][0]["feedToken"]
    world.sql("UPDATE account SET plan = 1 WHERE email = 'poor@example.org' RETURNING 1")
    assert world.get(f"/feed/{token}").status == 402
    world.cli("account", "deactivate", "poor@example.org")
    assert world.get(f"/feed/{token}").status == 403
