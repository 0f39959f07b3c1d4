# SPDX-License-Identifier: Apache-2.0
"""Keys that nobody has used for 30 days: told by the API and the command line, and listed alone. Keys of single calendars by command."""
import subprocess

import pytest

from world import BIN, CliError

SERVE = ["--rate-limit", "0", "--last-used-ms", "0"]


@pytest.fixture(scope="module")
def secret(world, ann):
    return world.key(ann, kind="secret", name="manager")


def make(world, ann, name, mode="live", **aged):
    """A key, and how many days ago it was made, rotated, used or will end."""
    key = world.key(ann, kind="restricted", scope="calendars:read", name=name, mode=mode)
    for column, days in aged.items():
        if column == "used":
            assert world.get("/v1/calendars", key=key).status == 200
            world.sql("UPDATE credential_use SET used_at = now() - interval '%d days' "
                      "WHERE id = (SELECT id FROM api_key WHERE name = '%s')" % (days, name))
        else:
            world.sql(f"UPDATE api_key SET {column} = now() - interval '{days} days' WHERE name = '{name}'")
    return key


def shown(world, secret, key):
    return world.get("/v1/api_keys/" + key.id, key=secret).json


def listed(world, secret, query):
    reply = world.get("/v1/api_keys" + query, key=secret)
    assert reply.status == 200, reply
    return {k["name"] for k in reply.json["data"]}


def test_since_when_nobody_has_used_a_key(world, ann, secret):
    """The last use counts, or where there is none, when it was made or its secret replaced."""
    old = make(world, ann, "never", created_at=31)
    assert shown(world, secret, old)["unused_since"] == shown(world, secret, old)["created_at"]
    used = make(world, ann, "long ago", created_at=90, used=40)
    assert shown(world, secret, used)["unused_since"] == shown(world, secret, used)["last_used_at"]
    rotated = make(world, ann, "turned", created_at=90, rotated_at=35)
    assert shown(world, secret, rotated)["unused_since"] == shown(world, secret, rotated)["rotated_at"]


@pytest.mark.parametrize("name, aged", [
    ("new", {}), ("almost", {"created_at": 29}), ("in use", {"created_at": 90, "used": 1}), ("turned lately", {"created_at": 90, "rotated_at": 2}),
    ("revoked", {"created_at": 90, "revoked_at": 1}), ("ended", {"created_at": 90, "expires_at": 1})])
def test_what_is_used_or_has_ended_is_not_told_of(world, ann, secret, name, aged):
    key = make(world, ann, name, **aged)
    assert shown(world, secret, key)["unused_since"] is None
    assert name not in listed(world, secret, "?unused=true&limit=100")


def test_they_are_listed_alone_and_a_use_takes_them_from_the_list(world, ann, secret):
    key = make(world, ann, "listed", created_at=31)
    make(world, ann, "listed too", created_at=31)
    assert {"listed", "listed too"} <= listed(world, secret, "?unused=true&limit=100")
    every = listed(world, secret, "?limit=100")
    assert {"listed", "manager"} <= every and every == listed(world, secret, "?unused=false&limit=100")
    assert "manager" not in listed(world, secret, "?unused=true&limit=100")
    first = world.get("/v1/api_keys?unused=true&limit=1", key=secret).json
    assert first["has_more"] and len(first["data"]) == 1
    then = world.get(f"/v1/api_keys?unused=true&limit=1&starting_after={first['next_cursor']}", key=secret).json
    assert then["data"][0]["unused_since"] and then["data"][0]["id"] != first["data"][0]["id"]
    assert world.get("/v1/calendars", key=key).status == 200
    assert "listed" not in listed(world, secret, "?unused=true&limit=100")
    assert world.get("/v1/api_keys?unused=maybe", key=secret).status == 400


def test_the_other_mode_is_not_listed(world, ann, secret):
    make(world, ann, "of tests", mode="test", created_at=31)
    assert "of tests" not in listed(world, secret, "?unused=true&limit=100")
    test = world.key(ann, kind="secret", mode="test")
    assert listed(world, test, "?unused=true") == {"of tests"}


def test_the_command_lists_them_and_says_what_to_do(world, ann, secret):
    make(world, ann, "by command", created_at=31)
    make(world, ann, "by command too", created_at=31)
    found = world.cli("key", "list", ann.email, "--unused")["data"]
    assert "by command" in {k["name"] for k in found} and all(k["unused_since"] for k in found)
    assert len(world.cli("key", "list", ann.email)["data"]) > len(found)
    said = subprocess.run([BIN, "key", "list", ann.email, *world.settings], capture_output=True, text=True, check=True, env=world.environment).stdout
    assert "by command (unused for 30 days)" in said and "calends key revoke ID" in said
    assert f"{len(found)} keys were not used for 30 days" in said


# ---- keys of single calendars, by command ----


def calendar(world, secret, name):
    reply = world.request("POST", "/v1/calendars", f'{{"name":"{name}"}}', {"Content-Type": "application/json"}, secret)
    assert reply.status == 201, reply
    return reply.json["id"]


def test_a_command_makes_a_key_of_some_calendars(world, ann, secret):
    a, b, _ = (calendar(world, secret, name) for name in "ABC")
    key = world.key(ann, kind="restricted", scope="calendars:read", calendar=[a, b])
    assert {c["id"] for c in world.get("/v1/calendars", key=key).json["data"]} == {a, b}
    assert set(shown(world, secret, key)["calendars"]) == {a, b}


def test_a_calendar_that_is_not_there_is_refused_by_name(world, ann, secret):
    """Another's, the other mode's, none at all: nothing is made."""
    other = world.account("bob@example.org")
    theirs = calendar(world, world.key(other, kind="secret"), "Theirs")
    mine = calendar(world, secret, "Mine")
    before = world.sql("SELECT count(*) FROM api_key")
    for wrong in ({"calendar": theirs}, {"calendar": mine, "mode": "test"}, {"calendar": "cal_x"}, {"calendar": mine, "kind": "secret", "scope": ""}):
        with pytest.raises(CliError):
            world.key(ann, **{"kind": "restricted", "scope": "calendars:read", **wrong})
    assert world.sql("SELECT count(*) FROM api_key") == before
