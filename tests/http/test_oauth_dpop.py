# SPDX-License-Identifier: Apache-2.0
"""DPoP (RFC 9449): tokens that are bound to a key, proofs at the token endpoint and at every resource, and their nonces."""
import base64
import hashlib
import hmac
import time

import pytest

from dpop import ASK, GOOD, KEY, OTHER, SCOPES, ask, claims, made, new_nonce, proof, refused, with_proof
from jose import EverybodysKey, Key, b64, unsigned
from oauth_flow import App, at_once

SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]
URLS = {"rest": "/v1/events", "caldav": "/dav/", "mcp": "/mcp"}


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", name="Public")


@pytest.fixture
def nonce(world):
    """Of each test its own: it lasts for five minutes."""
    return new_nonce(world)


@pytest.fixture(scope="module")
def tokens(world, app, browser):
    reply = app.redeem(app.consent(browser, scope=SCOPES), with_proof(proof(world, new_nonce(world))))
    assert reply.status == 200, reply
    return reply.json


every_surface = pytest.mark.parametrize("surface", ASK)


# ---- the 31 checks of dpop-negative-tests (OpenID conformance suite), at each resource ----

def header(**changes):
    return {"header": changes}


CHECKS = {  # name: (what the proof is, is it taken)
    "missing typ": (header(typ=None), False),
    "wrong typ": (header(typ="jwt"), False),
    "missing alg": (header(alg=None), False),
    "missing jwk": (header(jwk=None), False),
    "missing jti": ({"jti": None}, False),
    "missing htm": ({"htm": None}, False),
    "missing htu": ({"htu": None}, False),
    "missing iat": ({"iat": None}, False),
    "missing ath": ({"ath": None}, False),
    "private key in jwk": (header(jwk={**KEY.public, "d": b64(bytes(31) + b"\1")}), False),
    "wrong htm": ({"htm": "PATCH"}, False),
    "lower case htm": ({"htm": "get"}, False),
    "htu of another path": ({"path": "/v1/other"}, False),
    "htu of another host": ({"host": "https://other.example"}, False),
    "htu that is no url": ({"htu": "/v1/profile"}, False),
    "htu with query and fragment": ({"tail": "?a=b&c=d#e"}, True),
    "htu without query and fragment": ({}, True),
    "htu with its host in upper case": ({"upper": True}, True),
    "htu with an escape that needs none": ({"escaped": True}, True),
    "iat an hour ago, with a nonce": ({"iat": int(time.time()) - 3600}, True),
    "iat in an hour, with a nonce": ({"iat": int(time.time()) + 3600}, True),
    "iat 10 s ago": ({"iat": int(time.time()) - 10}, True),
    "iat in 10 s": ({"iat": int(time.time()) + 10}, True),
    "iat as text": ({"iat": "now"}, False),
    "nbf tomorrow": ({"nbf": int(time.time()) + 86400}, False),  # check-dpop-proof-nbf-exp
    "nbf as text": ({"nbf": "now"}, False),
    "exp yesterday": ({"exp": int(time.time()) - 86400}, False),  # check-dpop-proof-nbf-exp
    "exp as text": ({"exp": "never"}, False),
    "nbf yesterday and exp tomorrow": ({"nbf": int(time.time()) - 86400, "exp": int(time.time()) + 86400}, True),
    "wrong ath": ({"ath": b64(hashlib.sha256(b"another").digest())}, False),
    "ath in another spelling": ({"ath": "x" * 43 + "="}, False),
    "extra header": (header(extra="x"), True),
    "extra claims": ({"extra": {"a": [1]}}, True),
    "crit": (header(crit=["extra"], extra="x"), False),
    "jti of 257 octets": ({"jti": "j" * 257}, False),
}


@every_surface
@pytest.mark.parametrize("name", CHECKS)
def test_what_a_proof_must_be(world, tokens, nonce, surface, name):
    """field §6.4, T31."""
    changes, taken = dict(CHECKS[name][0]), CHECKS[name][1]
    method, path, _, _ = ASK[surface]
    url = changes.pop("host", world.public_url) + changes.pop("path", path)
    if changes.pop("upper", False):
        url = url.replace("http://", "HTTP://")
    if changes.pop("escaped", False):
        url = url[:-1] + "%" + url[-1].encode().hex() if url[-1] != "/" else url.replace("/dav/", "/%64av/")
    changes.setdefault("htu", url + changes.pop("tail", ""))
    reply = ask(world, surface, tokens["access_token"], made(world, nonce, surface, tokens["access_token"], **changes))
    assert reply.status == GOOD[surface] if taken else refused(reply), reply


@every_surface
def test_how_proofs_come(world, tokens, nonce, surface):
    """field §6.4: header name in upper case, two headers, none, none with Bearer, not a JWT, bad signature, RS256, none, another key;
    and a good one works after all that."""
    token = tokens["access_token"]
    new = lambda **options: made(world, nonce, surface, token, **options)
    method, path, _, _ = ASK[surface]
    assert ask(world, surface, token, new(), name="DPOP").status == GOOD[surface]
    assert refused(ask(world, surface, token, new(), new()))
    assert refused(ask(world, surface, token))
    assert ask(world, surface, token, scheme="Bearer").status == 401
    assert ask(world, surface, token, new(), scheme="Bearer").status == 401  # downgrade: the token says what it needs
    for junk in ("x", "", "a.b.c", "e30.e30.e30", new()[:-6], new() + "A", new().replace(".", "..")):
        assert refused(ask(world, surface, token, junk)), junk
    rsa = Key("RS256")
    assert refused(ask(world, surface, token, new(key=rsa)))
    assert refused(ask(world, surface, token, new(key=EverybodysKey())))
    unsigned_ = unsigned(claims(world, nonce, method, path, token), typ="dpop+jwt", jwk=KEY.public)
    assert refused(ask(world, surface, token, unsigned_))
    assert refused(ask(world, surface, token, KEY.mac(claims(world, nonce, method, path, token))))
    assert refused(ask(world, surface, token, new(key=OTHER)), "invalid_token")
    assert refused(ask(world, surface, token, new(key=OTHER, header={"jwk": KEY.public})))
    assert ask(world, surface, token, new()).status == GOOD[surface]


@pytest.fixture
def shared(world, tokens):
    """A nonce for all instances: one that met another makes them."""
    token = tokens["access_token"]
    return ask(world, "rest", token, made(world, new_nonce(world.second), "rest", token)).headers["DPoP-Nonce"]


@every_surface
def test_a_token_of_another_key_or_of_none_is_refused_on_all_instances(world, app, browser, tokens, shared, surface):
    """K5, RFC 9449 §7.1: also where the proof is remembered in the database, by another statement."""
    plain = app.redeem(app.consent(browser, scope=SCOPES)).json["access_token"]
    for server in (world, world.second):
        assert refused(ask(world, surface, plain, made(world, shared, surface, plain), server=server), "invalid_token")
        assert ask(world, surface, plain, scheme="Bearer", server=server).status == GOOD[surface]
        token = tokens["access_token"]
        assert refused(ask(world, surface, token, made(world, shared, surface, token, key=OTHER), server=server), "invalid_token")
        assert ask(world, surface, token, scheme="Bearer", server=server).status == 401
        assert ask(world, surface, token, made(world, shared, surface, token), server=server).status == GOOD[surface]


@every_surface
def test_a_proof_is_taken_once_on_all_instances(world, tokens, shared, surface):
    """field §6.4: same jti twice; issue 7 §4: proofs replayed on another instance are refused."""
    token, nonce = tokens["access_token"], shared
    one = made(world, nonce, surface, token)
    assert ask(world, surface, token, one).status == GOOD[surface]
    assert refused(ask(world, surface, token, one)) and refused(ask(world, surface, token, one, server=world.second))
    again = claims(world, nonce, *ASK[surface][:2], token)
    first, second = (KEY.sign(again, typ="dpop+jwt", jwk=KEY.public) for _ in range(2))
    assert ask(world, surface, token, first, server=world.second).status == GOOD[surface] and refused(ask(world, surface, token, second))


ENDS = {  # what is done, what undoes it, and the status
    "the token is over": ("access_token SET expires_at = now()", "access_token SET expires_at = now() + interval '1 hour'", 401),
    "its family is revoked": ("token_family SET revoked_at = now(), revoked_why = 4", "token_family SET revoked_at = NULL, revoked_why = NULL", 401),
    "its connection is ended": ("connected_account SET revoked_at = now()", "connected_account SET revoked_at = NULL", 401),
    "the time of its connection is over": ("connected_account SET expires_at = now()", "connected_account SET expires_at = 'infinity'", 401),
    "its app is stopped": ("oauth_client SET owner_active = false", "oauth_client SET owner_active = true", 401),
    "its user is deactivated": ("account SET status = 2", "account SET status = 1", 403),
}


@pytest.mark.parametrize("why", ENDS)
def test_a_bound_token_ends_as_others_do(world, tokens, shared, why):
    """Each condition by itself, with a proof that all instances remember; and nothing else was in its way."""
    token = tokens["access_token"]
    done, undone, status = ENDS[why]
    world.sql("UPDATE " + done)
    reply = ask(world, "rest", token, made(world, shared, "rest", token))
    assert reply.status == status, reply
    world.sql("UPDATE " + undone)
    assert ask(world, "rest", token, made(world, shared, "rest", token)).status == 200


def test_of_16_at_once_one_is_taken(world, tokens, nonce):
    token = tokens["access_token"]
    one = made(world, nonce, "rest", token)
    replies = at_once(world, 16, lambda http: http.request("GET", "/v1/profile", None, [("Authorization", f"DPoP {token}"), ("DPoP", one)]))
    assert sorted(r.status for r in replies) == [200] + [401] * 15


def test_a_nonce_of_an_instance_that_knows_no_other_is_good_there_alone(world, tokens):
    """docs/adr/0050: what came with it is known to that process alone. RFC 9449 §8: who hears use_dpop_nonce comes again with the nonce of that answer."""
    token = tokens["access_token"]
    world.restart()
    own = new_nonce(world)
    one, new = made(world, own, "rest", token), lambda nonce: made(world, nonce, "rest", token)
    count = lambda: world.sql("SELECT count(*) FROM dpop_seen")
    before = count()
    assert ask(world, "rest", token, one).status == 200 and refused(ask(world, "rest", token, one))
    assert count() == before, "no statement writes it"
    assert refused(ask(world, "rest", token, one, server=world.second), "use_dpop_nonce")
    reply = ask(world, "rest", token, new(own), server=world.second)
    assert refused(reply, "use_dpop_nonce")
    both = reply.headers["DPoP-Nonce"]
    again = new(both)
    assert ask(world, "rest", token, again, server=world.second).status == 200
    assert refused(ask(world, "rest", token, again)) and ask(world, "rest", token, new(both)).status == 200
    assert ask(world, "rest", token, new(new_nonce(world)), server=world.second).status == 200, "each has met the other by now"


def test_what_an_instance_forgot_when_it_ended_is_not_taken_again(world, tokens):
    token = tokens["access_token"]
    world.restart()
    one = made(world, new_nonce(world), "rest", token)
    assert ask(world, "rest", token, one).status == 200
    world.restart()
    reply = ask(world, "rest", token, one)
    assert refused(reply, "use_dpop_nonce")
    assert ask(world, "rest", token, made(world, reply.headers["DPoP-Nonce"], "rest", token)).status == 200


# ---- nonces ----

@every_surface
def test_a_proof_without_a_nonce_of_ours_is_told_one(world, tokens, surface):
    """RFC 9449 §9."""
    token = tokens["access_token"]
    for wrong in (None, "", "x", "A" * 28, "A" * 39, 7):
        reply = ask(world, surface, token, made(world, wrong, surface, token))
        assert refused(reply, "use_dpop_nonce")
    assert ask(world, surface, token, made(world, reply.headers["DPoP-Nonce"], surface, token)).status == GOOD[surface]


def of_another_time(world, nonce, seconds):
    """The nonce as the server would have made it so many seconds later (server/jose/dpop.c: milliseconds, who made it, a MAC)."""
    def mac(key, text):
        return hmac.new(key, text, hashlib.sha256).digest()

    with open(world.folder + "/secret.key", "rb") as file:
        key = mac(mac(bytes(32), file.read()), b"calends dpop-nonce\x01")  # RFC 5869
    octets = base64.urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))
    assert octets[13:] == mac(key, octets[:13])[:16]
    told = (int.from_bytes(octets[:6], "big") + seconds * 1000).to_bytes(6, "big") + octets[6:13]
    return b64(told + mac(key, told)[:16])


@pytest.mark.parametrize("seconds, taken", [(0, True), (-280, True), (-301, False), (-86400, False), (40, True), (90, False)])
def test_a_nonce_is_taken_for_five_minutes(world, tokens, nonce, seconds, taken):
    """RFC 9449 §8, §11.3; another server's clock may be a minute ahead."""
    token = tokens["access_token"]
    reply = ask(world, "rest", token, made(world, of_another_time(world, nonce, seconds), "rest", token))
    assert reply.status == 200 if taken else refused(reply, "use_dpop_nonce"), reply


def test_every_answer_to_a_proof_has_a_nonce_and_others_have_none(world, tokens, nonce):
    token = tokens["access_token"]
    assert ask(world, "rest", token, made(world, nonce, "rest", token)).headers["DPoP-Nonce"]
    assert "DPoP-Nonce" not in world.get("/v1/profile", key=world.key("una@calends.example")).headers
    assert "DPoP-Nonce" not in world.get("/v1/profile").headers


def test_what_a_crash_forgot_is_not_taken_again(world, tokens, shared):
    """field §4.8: the table has no log; after a crash of the database older nonces are refused, those of the same second too."""
    token = tokens["access_token"]
    one = made(world, shared, "rest", token)
    assert ask(world, "rest", token, one).status == 200
    world.sql("TRUNCATE dpop_seen, dpop_since")
    reply = ask(world, "rest", token, one)
    assert refused(reply, "use_dpop_nonce") and refused(ask(world, "rest", token, one), "use_dpop_nonce")
    assert ask(world, "rest", token, made(world, reply.headers["DPoP-Nonce"], "rest", token)).status == 200
    world.sql("UPDATE dpop_since SET since_ms = 0")


# ---- discovery and pages ----

def test_metadata_says_which_algorithms(world):
    algs = ["ES256", "EdDSA", "Ed25519", "PS256"]
    assert world.get("/.well-known/oauth-authorization-server").json["dpop_signing_alg_values_supported"] == algs
    for path in ("", "/v1", "/dav", "/mcp"):
        assert world.get("/.well-known/oauth-protected-resource" + path).json["dpop_signing_alg_values_supported"] == algs


def test_pages_may_send_proofs_and_read_nonces(world, app):
    """A single-page app: its proof is asked for by a preflight, and it must see the nonce."""
    for path in ("/oauth/token", "/v1/profile", "/dav/", "/mcp"):
        method = ASK["caldav"][0] if path == "/dav/" else "POST" if path != "/v1/profile" else "GET"
        reply = world.http.request("OPTIONS", path, None, [("Origin", "https://app.example"), ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "authorization,dpop")])
        assert reply.status == 204 and "DPoP" in reply.headers["Access-Control-Allow-Headers"], reply
    reply = world.http.request("POST", "/oauth/token", "", [("Origin", "https://app.example"), ("Content-Type", "application/x-www-form-urlencoded")])
    assert "DPoP-Nonce" in reply.headers["Access-Control-Expose-Headers"]


def test_keys_are_no_tokens_that_a_proof_could_be_of(world, nonce):
    key = world.key("una@calends.example")
    assert ask(world, "rest", key, made(world, nonce, "rest", key)).status == 401


def test_proofs_are_forgotten_when_nobody_can_send_them(world):
    world.sql("INSERT INTO dpop_seen SELECT s, sha256(s::text::bytea) FROM generate_series(0, 3) s")
    [[idle, now]] = world.sql("SELECT dpop_prune(), (extract(epoch FROM now())::bigint / 600 % 4)::int")
    assert world.sql(f"SELECT count(*) FROM dpop_seen WHERE slot = {idle}")[0][0] == "0"
    now = int(now)
    assert int(idle) == (now + 2) % 4 and world.sql(f"SELECT count(*) > 0 FROM dpop_seen WHERE slot = {now}")[0][0] == "t"
