# SPDX-License-Identifier: Apache-2.0
"""A key that makes others is narrowed, revoked or rotated at that moment: what it makes is of what it has then. (Of one that is not changed
meanwhile: test_no_stronger.py.)"""
import datetime
import json
import threading
import uuid

import pytest

from examples import JSON

SERVE = ["--rate-limit", "100000"]
END = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).strftime("%Y-%m-%dT00:00:00Z")
APP = {"name": "x", "type": "confidential", "redirect_uris": ["https://app.example/cb"], "scopes": ["events:read"]}


def call(world, key, method, target, **body):
    return world.request(method, target, json.dumps(body), JSON, key)


@pytest.fixture
def maker(world):
    return world.key("ann@example.org", kind="secret", name=str(uuid.uuid4()))


def uuid_of(world, key):
    """Its id in the database, by its name."""
    return world.sql(f"SELECT id FROM api_key WHERE name = '{world.get('/v1/api_keys/' + key.id, key=key).json['name']}'")[0][0]


def meanwhile(world, maker, change, run):
    return world.meanwhile(f"UPDATE api_key SET {change} WHERE id = '{uuid_of(world, maker)}'", run)


NARROWED = {
    "its end": (f"expires_at = '{END}'", "expires_at", END),
    "its addresses": ("allowed_ips = ARRAY['127.0.0.0/8']", "allowed_ips", ["127.0.0.0/8"]),
    "its rate": ("rate_limit = 7", "rate_limit", 7),
}


@pytest.mark.parametrize("limit", NARROWED)
def test_a_key_gets_the_limits_that_its_maker_has_when_it_is_made(world, maker, limit):
    change, field, value = NARROWED[limit]
    made = meanwhile(world, maker, change, lambda: call(world, maker, "POST", "/v1/api_keys", name="x", kind="secret"))
    assert made.status == 201 and made.json[field] == value, made


@pytest.mark.parametrize("how", ["revoked_at", "rotated_at"])
def test_a_key_that_ends_makes_nothing_more(world, maker, how):
    """Authenticated, then revoked or rotated: whoever holds its secret would go on with the new key."""
    key = uuid_of(world, maker)
    for target, body in (("/v1/api_keys", {"kind": "secret"}), ("/v1/oauth_apps", APP)):
        answer = world.meanwhile(f"UPDATE api_key SET {how} = now() + interval '1 minute' WHERE id = '{key}'",
                                 lambda: call(world, maker, "POST", target, **{**body, "name": "left over"}))
        assert answer.status == 401 and answer.json["error"]["code"] == "api_key_revoked", answer
        world.sql(f"UPDATE api_key SET revoked_at = NULL, rotated_at = NULL WHERE id = '{key}'")
    assert world.sql("SELECT name FROM api_key WHERE name = 'left over' UNION ALL SELECT name FROM oauth_client WHERE name = 'left over'") == []


def test_a_secret_is_not_told_to_a_key_that_is_narrowed(world, maker):
    other = call(world, maker, "POST", "/v1/api_keys", name="other", kind="secret").json
    answer = meanwhile(world, maker, f"expires_at = '{END}'", lambda: call(world, maker, "POST", f"/v1/api_keys/{other['id']}/rotate"))
    assert answer.status == 403, answer
    assert world.get("/v1/profile", key=world.secret(other["key"])).status == 200


def test_addresses_are_not_widened_by_a_key_that_is_narrowed(world, maker):
    other = call(world, maker, "POST", "/v1/api_keys", name="other", kind="secret", allowed_ips=["127.0.0.0/8"]).json
    target = f"/v1/api_keys/{other['id']}"
    answer = meanwhile(world, maker, "allowed_ips = ARRAY['127.0.0.0/8']", lambda: call(world, maker, "PATCH", target, allowed_ips=["10.0.0.0/8", "127.0.0.1"]))
    assert answer.status == 400 and answer.json["error"]["param"] == "allowed_ips", answer


def test_an_app_is_not_registered_by_a_key_that_is_given_an_end(world, maker):
    answer = meanwhile(world, maker, f"expires_at = '{END}'", lambda: call(world, maker, "POST", "/v1/oauth_apps", **APP))
    assert answer.status == 403, answer


def test_two_keys_that_change_each_other_do_not_wait_in_a_circle(world, maker):
    """Whoever waits for the first of two holds not the second."""
    other = call(world, maker, "POST", "/v1/api_keys", name="other", kind="secret").json
    first, second = uuid_of(world, maker), world.sql("SELECT id FROM api_key WHERE name = 'other' ORDER BY id DESC LIMIT 1")[0][0]
    assert first < second
    world.sql(f"UPDATE api_key SET name = name WHERE id = '{first}'")  # its row stands after the other's now
    answers = []
    change = threading.Thread(target=lambda: answers.append(call(world, world.secret(other["key"]), "PATCH", f"/v1/api_keys/{maker.id}", name="y")))
    with world.holding(f"SELECT FROM api_key WHERE id = '{first}' FOR UPDATE") as commit:
        change.start()
        assert world.wait_for(world.waiting)
        world.sql(f"SET LOCAL lock_timeout = '5s'; SELECT FROM api_key WHERE id = '{second}' FOR UPDATE")
        commit()
        change.join()
    assert answers[0].status == 200, answers


def test_a_maker_is_held_and_known_as_it_is_in_one_round_trip(world, maker):
    """Four in all: who calls, the maker, the new key, COMMIT."""
    made = call(world, maker, "POST", "/v1/api_keys", name="x", kind="secret")
    assert made.status == 201 and world.log_of(made)["db"] == "4", made
