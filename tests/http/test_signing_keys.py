# SPDX-License-Identifier: Apache-2.0
"""The keys that sign what others verify: which are published, that they change, and that all instances agree."""
import json
import threading

import pytest

from test_voice import create, is_active, unpadded, verified
from world import CliError

SERVE = ["--rate-limit", "100000"]


@pytest.fixture(scope="module")
def key(world):
    return world.key(world.account("ann@example.org"), kind="secret", mode="test")


def listed(world):
    keys = world.cli("signing-key", "list")["data"]
    return {state: [k["kid"] for k in keys if k["state"] == state] for state in ("next", "active", "retired")}


def published(server):
    return [k["kid"] for k in server.get("/oauth/jwks").json["keys"]]


def token_of(world, key):
    return create(world, key)["session_token"]


def test_the_next_key_is_published_before_it_signs(world, key):
    keys = listed(world)
    assert len(keys["next"]) == len(keys["active"]) == 1 and not keys["retired"]
    assert published(world) == keys["active"] + keys["next"]
    assert verified(world, token_of(world, key))
    for jwk in world.get("/oauth/jwks").json["keys"]:
        assert set(jwk) == {"kty", "crv", "use", "alg", "kid", "x", "y"} and jwk["alg"] == "ES256"  # RFC 7517 §4; nothing private


def test_keys_change_when_they_are_old_and_what_the_old_one_signed_is_still_good(world, key):  # oidcc-server-rotate-keys
    token, before = token_of(world, key), listed(world)
    world.sql("UPDATE signing_key SET active_at = active_at - interval '91 days' WHERE state = 2")
    world.restart()  # the job runs at the start
    world.wait_for(lambda: listed(world)["retired"])
    after = listed(world)
    assert (after["active"], after["retired"]) == (before["next"], before["active"]) and len(after["next"]) == 1
    assert published(world) == after["active"] + after["next"] + after["retired"]
    assert is_active(world, token)["active"] is True
    world.sql("UPDATE signing_key SET retired_at = retired_at - interval '91 days' WHERE state = 3")
    world.restart()
    world.wait_for(lambda: not listed(world)["retired"])
    assert published(world) == after["active"] + after["next"]
    assert is_active(world, token)["active"] is False


def test_two_instances_have_the_same_keys(world, key):
    assert published(world) == published(world.second)
    assert is_active(world.second, token_of(world, key))["active"] is True
    reply = world.second.post("/v1/voice/sessions", "{}", {"Content-Type": "application/json"}, key)
    assert is_active(world, reply.json["session_token"])["active"] is True


def test_many_that_rotate_at_once_leave_one_that_is_active(world, key):
    token, before = token_of(world, key), listed(world)
    threads = [threading.Thread(target=world.cli, args=("signing-key", "rotate")) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    after = listed(world)
    assert len(after["next"]) == len(after["active"]) == 1
    assert len(after["retired"]) == len(before["retired"]) + 6
    assert is_active(world, token)["active"] is True
    world.restart()
    assert is_active(world, token)["active"] is True
    assert json.loads(unpadded(token_of(world, key).split(".")[0]))["kid"] == after["active"][0] == published(world)[0]


def test_a_key_that_is_withdrawn_signed_nothing_of_ours(world, key):
    token, active = token_of(world, key), listed(world)["active"][0]
    with pytest.raises(CliError) as refused:  # the one that signs
        world.cli("signing-key", "withdraw", active)
    assert "signing-key rotate" in str(refused.value)
    world.cli("signing-key", "rotate")
    assert active in [k["kid"] for k in world.cli("signing-key", "list")["data"] if k["state"] == "retired"]
    world.cli("signing-key", "withdraw", active)
    world.restart()
    assert active not in published(world)
    assert is_active(world, token)["active"] is False


def test_the_stored_key_is_sealed(world):
    """A copy of the database signs nothing: no octet of the key's DER form is in it."""
    for (row,) in world.sql("SELECT encode(sealed, 'hex') FROM signing_key"):
        assert "301306072a8648ce3d0201" not in row and "06082a8648ce3d030107" not in row  # OIDs of P-256
