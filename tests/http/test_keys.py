# SPDX-License-Identifier: Apache-2.0
"""Keys: what the product's pages publish about them, and every wrong way to use one."""
import re

import pytest

from forge import forged, other_random
from world import CliError

SECONDS = 25
SERVE = ["--last-used-ms", "100"]
KINDS = [("account", "live", "cp_"), ("secret", "live", "sk_live_"), ("secret", "test", "sk_test_"),
    ("restricted", "live", "rk_live_"), ("restricted", "test", "rk_test_"), ("publishable", "live", "pk_live_"),
    ("publishable", "test", "pk_test_")]


def listed(world, email, key_id):
    return next(k for k in world.cli("key", "list", email)["data"] if k["id"] == key_id)


def uses_are_written(world, email):
    """Those until now: that of another key, which is later than all of them, is there."""
    other = world.key(email)
    assert world.get("/v1/profile", key=other).status == 200
    assert world.wait_for(lambda: listed(world, email, other.id)["last_used_at"])


def assert_error(reply, status, type_, code):
    assert reply.status == status, reply
    error = reply.json["error"]
    assert (error["type"], error["code"]) == (type_, code), error
    assert error["message"] and error["request_id"] == reply.headers["Request-Id"]
    return error


def test_an_account_key_looks_as_the_product_page_says(world):
    world.account("page@example.org")
    made = world.cli("key", "create", "page@example.org", "--name", "Production server")
    assert re.fullmatch(r"cp_[0-9a-f]{64}", made["key"])
    assert made["prefix"] == made["key"][:9] and re.fullmatch(r"cp_[0-9a-f]{6}", made["prefix"])
    assert made["name"] == "Production server" and made["last_used_at"] is None and made["expires_at"] is None
    assert world.get("/v1/profile", key=made["key"]).status == 200
    again = listed(world, "page@example.org", made["id"])
    assert "key" not in again and again["prefix"] == made["prefix"]
    stored = world.sql(f"SELECT row_to_json(k)::text FROM api_key k")
    assert made["key"] not in str(stored), "only the hash is stored"


def test_two_keys_of_an_account_are_told_apart_by_their_prefixes(world):
    first, second = (world.cli("key", "create", world.account("page@example.org").email, "--name", "x") for _ in range(2))
    assert first["prefix"] != second["prefix"]


@pytest.mark.parametrize("kind,mode,prefix", KINDS)
def test_each_kind_has_its_prefix_and_mode(world, kind, mode, prefix):
    options = {"scope": "events:read"} if kind == "restricted" else {}
    key = world.key("kinds@example.org", kind=kind, mode=mode, **options)
    assert key.startswith(prefix)
    assert listed(world, "kinds@example.org", key.id)["livemode"] == (mode == "live")


@pytest.mark.parametrize("kind,mode,prefix", KINDS)
def test_a_well_formed_key_that_was_never_issued_opens_nothing(world, kind, mode, prefix):
    """Form, account and checksum are right, the octets are not those of the key."""
    options = {"scope": "events:read"} if kind == "restricted" else {}
    key = world.key("kinds@example.org", kind=kind, mode=mode, **options)
    assert forged(key, lambda octets: None) == key
    false = forged(key, other_random)
    assert len(false) == len(key) and false != key
    assert_error(world.get("/v1/profile", key=false), 401, "authentication_failed", "api_key_invalid")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, ("kinds@example.org", false)).status == 401


def test_a_name_in_any_case_or_the_id_opens_caldav(world):
    ann = world.account("ann@example.org")
    for name in (ann.email, "ANN@Example.ORG", ann.id):
        reply = world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (name, ann.key))
        assert reply.status == 207, (name, reply)


def test_what_is_not_the_owners_name_is_refused_on_caldav(world):
    """K6."""
    ann, bob = world.account("ann@example.org"), world.account("bob@example.org")
    for name in ("", "nobody@example.org", bob.email, bob.id, "ann", "ann@example.org "):
        assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (name, ann.key)).status == 401, name


def test_wrong_secrets_are_refused_on_caldav(world):
    ann = world.account("ann@example.org")
    flipped = ann.key[:-1] + ("0" if ann.key[-1] != "0" else "1")
    for secret in ("", ann.password, "cp_", flipped, ann.key.upper(), ann.key + "0", "sk_live_" + ann.key[3:]):
        reply = world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (ann.email, secret))
        assert reply.status == 401, secret[:10]
        assert reply.headers.all("WWW-Authenticate")[0].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic ", "Basic !!!", "Basic YW5u", "Basic YW5uOg", "Basic  YW5uOng=",
    "Basic /w==", "Bearer", "Bearer ", "Bearer a b", "Digest x", "cp_0", "Basic YTpiAA=="])
def test_malformed_authorization_is_401_and_moves_nothing(world, header):
    """K4."""
    for target in ("/v1/profile", "/dav/"):
        assert world.get(target, {"Authorization": header}).status == 401, target


def test_basic_is_for_caldav_alone(world):
    """K6."""
    ann = world.account("ann@example.org")
    assert world.get("/v1/profile", key=(ann.email, ann.key)).status == 401
    assert world.get("/v1/profile", key=ann.key).status == 200


def test_no_credential_is_no_failed_login(world):
    reply = world.get("/v1/profile")
    assert_error(reply, 401, "authentication_failed", "missing_credentials")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer") and "error=" not in reply.headers["WWW-Authenticate"]
    reply = world.get("/v1/profile", key="cp_" + "0" * 64)
    assert_error(reply, 401, "authentication_failed", "api_key_invalid")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_a_key_in_the_query_is_ignored(world):
    """K1."""
    key = world.account("ann@example.org").key
    assert_error(world.get(f"/v1/profile?api_key={key}"), 401, "authentication_failed", "missing_credentials")


def test_junk_costs_no_round_trip_and_a_key_one(world):
    ann = world.account("ann@example.org")
    assert world.log_of(world.get("/v1/profile", key="sk_live_" + "0" * 61))["db"] == "0"
    refused = world.get("/v1/events?limit=junk", key=ann.key)  # asks for nothing else
    assert refused.status == 400 and world.log_of(refused)["db"] == "1"


def test_a_revoked_key_is_refused_with_its_reason_and_for_good(world):
    key = world.key("ann@example.org", name="soon gone")
    assert world.get("/v1/profile", key=key).status == 200
    gone = world.cli("key", "revoke", key.id)
    assert gone["revoked_at"]
    assert_error(world.get("/v1/profile", key=key), 401, "authentication_failed", "api_key_revoked")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, ("ann@example.org", key)).status == 401
    with pytest.raises(CliError):
        world.cli("key", "rotate", key.id)
    assert world.cli("key", "revoke", key.id)["revoked_at"] == gone["revoked_at"]


def test_rotation_has_no_grace(world):
    key = world.key("ann@example.org", kind="secret", mode="test", name="turning")
    fresh = world.cli("key", "rotate", key.id)
    assert fresh["id"] == key.id and fresh["name"] == "turning" and fresh["rotated_at"]
    assert world.get("/v1/profile", key=key).status == 401
    assert world.get("/v1/profile", key=fresh["key"]).status == 200


def test_last_used_moves_only_on_success(world):
    """K14."""
    email = world.account("used@example.org").email
    key = world.key(email)
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, ("nobody@example.org", key)).status == 401
    assert world.get("/v1/profile", {"Authorization": f"Basic {key}"}).status == 401
    assert world.get("/v1/profile", key=key[:-1] + ("0" if key[-1] != "0" else "1")).status == 401
    uses_are_written(world, email)
    assert listed(world, email, key.id)["last_used_at"] is None
    assert world.get("/v1/profile", key=key).status == 200
    assert world.wait_for(lambda: listed(world, email, key.id)["last_used_at"])


def test_a_revoked_key_does_not_look_used(world):
    email = world.account("used@example.org").email
    key = world.key(email)
    world.cli("key", "revoke", key.id)
    assert world.get("/v1/profile", key=key).status == 401
    uses_are_written(world, email)
    assert listed(world, email, key.id)["last_used_at"] is None


def test_the_free_plan_has_no_api(world):
    poor = world.account("poor@example.org", plan="free")
    assert_error(world.get("/v1/profile", key=poor.key), 402, "authorization_failed", "plan_required")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, poor).status == 403


def test_a_deactivated_account_is_403_everywhere_and_comes_back_whole(world):
    """K13."""
    gone = world.account("gone@example.org")
    test_key = world.key(gone, kind="secret", mode="test")
    assert world.get("/v1/profile", key=gone.key).status == 200
    world.cli("account", "deactivate", gone.email)
    assert_error(world.get("/v1/profile", key=gone.key), 403, "account_deactivated", "account_deactivated")
    assert_error(world.get("/v1/profile", key=test_key), 403, "account_deactivated", "account_deactivated")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, gone).status == 403, "401 would ask for a password"
    world.cli("account", "reactivate", gone.email)
    assert world.get("/v1/profile", key=gone.key).status == 200
    assert world.get("/v1/profile", key=test_key).status == 200


def test_a_secret_key_in_a_browser_is_refused_and_noted(world):
    key = world.key("ann@example.org", kind="secret")
    reply = world.get("/v1/profile", {"Origin": "https://shop.example"}, key=key)
    assert_error(reply, 403, "authorization_failed", "secret_key_in_browser")
    assert world.log_has("secret_key_in_browser")


def test_a_publishable_key_reads_nothing_private(world):
    """K8."""
    key = world.key("ann@example.org", kind="publishable")
    for target in ("/v1/profile", "/v1/calendars", "/v1/events"):
        assert_error(world.get(target, key=key), 403, "authorization_failed", "key_kind_not_allowed")
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, ("ann@example.org", key)).status in (401, 403)


def test_a_restricted_key_does_what_its_scopes_say(world):
    """K8."""
    key = world.key("ann@example.org", kind="restricted", scope="calendars:read")
    assert world.get("/v1/calendars", key=key).status == 200
    error = assert_error(world.get("/v1/events", key=key), 403, "authorization_failed", "insufficient_scope")
    assert "events:read" in error["message"] + str(error.get("param"))
    assert world.post("/v1/calendars", b'{"name":"x"}', {"Content-Type": "application/json"}, key=key).status == 403


def test_only_a_secret_key_lists_keys_and_only_of_its_mode(world):
    live, test = (world.key("lists@example.org", kind="secret", mode=m, name=m) for m in ("live", "test"))
    account_key = world.account("lists@example.org").key
    assert_error(world.get("/v1/api_keys", key=account_key), 403, "authorization_failed", "key_kind_not_allowed")
    ids = [k["id"] for k in world.get("/v1/api_keys", key=live).json["data"]]
    assert live.id in ids and account_key.id in ids and test.id not in ids
    reply = world.get("/v1/api_keys", key=test)
    assert [k["id"] for k in reply.json["data"]] == [test.id]
    assert test not in reply.body.decode(), "never again in full"


@pytest.mark.parametrize("words", [["--kind", "account", "--mode", "test"], ["--kind", "restricted"],
    ["--kind", "restricted", "--scope", "events:rea"], ["--kind", "secret", "--scope", "events:read"],
    ["--kind", "other"], ["--mode", "both"]])
def test_keys_that_make_no_sense_are_not_made(world, words):
    with pytest.raises(CliError):
        world.cli("key", "create", world.account("ann@example.org").email, "--name", "x", *words)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 101, "a\u202eb"])
def test_names_are_bounded_and_one_line(world, name):
    with pytest.raises(CliError):
        world.cli("key", "create", world.account("ann@example.org").email, "--name", name)
