# SPDX-License-Identifier: Apache-2.0
"""private_key_jwt: apps that prove themselves by a key (RFC 7523 §2.2, §3), and that each is held to its method."""
import json
import os
import re
import secrets
import time

import pytest

from jose import EverybodysKey, Key, b64, unsigned
from oauth_flow import App, at_once, basic, is_error, post_form
from receiver import Receiver
from rest import Api, assert_error
from world import ROOT, CliError

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000", "--allow-private-hooks"]
ALGS = ("ES256", "EdDSA", "PS256", "RS256")
KEYS = {alg: Key(alg, kid=alg, alg=alg) for alg in ALGS}


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("owner@platform.example", kind="secret"))


@pytest.fixture(scope="module")
def app(world):
    jwks = {"keys": [k.public for k in KEYS.values()]}
    return App(world, type="confidential", auth_method="private_key_jwt", jwks=json.dumps(jwks))


def claims(world, app, **changes):
    now = int(time.time())
    all_ = {"iss": app.id, "sub": app.id, "aud": world.public_url, "exp": now + 60, "iat": now, "jti": secrets.token_urlsafe(16), **changes}
    return {k: v for k, v in all_.items() if v is not None}


def ask(world, assertion, server=None, **params):
    """A refresh with junk: invalid_grant says that the client was proven."""
    return post_form((server or world).http, "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "crt_x",
        "client_assertion_type": TYPE, "client_assertion": assertion, **params})


def proves(reply):
    assert reply.json["error"] in ("invalid_grant", "invalid_client"), reply
    assert reply.status == (400 if reply.json["error"] == "invalid_grant" else 401), reply
    return reply.json["error"] == "invalid_grant"


@pytest.mark.parametrize("alg", ALGS)
def test_a_client_proves_itself_by_a_key_of_each_algorithm(world, app, alg):
    assert proves(ask(world, KEYS[alg].sign(claims(world, app))))
    assert proves(ask(world, KEYS[alg].sign(claims(world, app), kid=None), client_id=app.id))
    assert proves(ask(world, KEYS[alg].sign(claims(world, app), typ="JWT")))
    assert proves(ask(world, KEYS[alg].sign(claims(world, app), typ="client-authentication+jwt")))


def test_the_app_of_a_deactivated_account_proves_itself_by_no_key(world):
    """K13: the platform is stopped until its account returns, however its app proves itself."""
    owner, key = world.account("rests@keys.example"), KEYS["ES256"]
    app = App(world, type="confidential", owner=owner.email, auth_method="private_key_jwt", jwks=json.dumps({"keys": [key.public]}))
    assert proves(ask(world, key.sign(claims(world, app))))
    world.cli("account", "deactivate", owner.email)
    assert not proves(ask(world, key.sign(claims(world, app))))
    world.cli("account", "reactivate", owner.email)
    assert proves(ask(world, key.sign(claims(world, app))))


def test_a_user_connects_and_the_app_refreshes_and_revokes_by_assertions(world, app, browser):
    key, form = KEYS["ES256"], lambda: {"client_assertion_type": TYPE, "client_assertion": KEYS["ES256"].sign(claims(world, app))}
    tokens = app.redeem(app.consent(browser), headers=[], client_id=None, **form())
    assert tokens.status == 200, tokens
    refreshed = app.refresh(tokens.json["refresh_token"], headers=[], client_id=None, **form())
    assert refreshed.status == 200 and world.get("/v1/events", key=refreshed.json["access_token"]).status == 200
    revoked = post_form(world.http, "/oauth/revoke", {"token": refreshed.json["refresh_token"], **form()})
    assert revoked.status == 200 and world.get("/v1/events", key=refreshed.json["access_token"]).status == 401
    assert key.kid == "ES256"


ES = KEYS["ES256"]
WRONG = {  # T15, a row each
    "alg none": lambda w, a: unsigned(claims(w, a), kid="ES256"),
    "alg None": lambda w, a: unsigned(claims(w, a), alg="None", kid="ES256"),
    "hs256 with the public key as secret": lambda w, a: ES.mac(claims(w, a)),
    "rs256 where the key is for ps256": lambda w, a: KEYS["RS256"].sign(claims(w, a), kid="PS256"),
    "rs256 where the key is for es256": lambda w, a: KEYS["RS256"].sign(claims(w, a), kid="ES256"),
    "another key with its kid": lambda w, a: Key("ES256", kid="ES256").sign(claims(w, a)),
    "kid unknown": lambda w, a: ES.sign(claims(w, a), kid="other"),
    "aud of another server": lambda w, a: ES.sign(claims(w, a, aud="https://other.example")),
    "aud as a list": lambda w, a: ES.sign(claims(w, a, aud=[w.public_url])),
    "aud is the token endpoint": lambda w, a: ES.sign(claims(w, a, aud=w.public_url + "/oauth/token")),
    "aud is the par endpoint": lambda w, a: ES.sign(claims(w, a, aud=w.public_url + "/oauth/par")),
    "aud with a slash more": lambda w, a: ES.sign(claims(w, a, aud=w.public_url + "/")),
    "no aud": lambda w, a: ES.sign(claims(w, a, aud=None)),
    "no sub": lambda w, a: ES.sign(claims(w, a, sub=None)),
    "no iss": lambda w, a: ES.sign(claims(w, a, iss=None)),
    "iss of another": lambda w, a: ES.sign(claims(w, a, iss="cli_0355WHuCFfRpMfB53mC9Z6")),
    "no jti": lambda w, a: ES.sign(claims(w, a, jti=None)),
    "empty jti": lambda w, a: ES.sign(claims(w, a, jti="")),
    "jti too long": lambda w, a: ES.sign(claims(w, a, jti="j" * 257)),
    "no exp": lambda w, a: ES.sign(claims(w, a, exp=None)),
    "exp as text": lambda w, a: ES.sign(claims(w, a, exp="2099")),
    "exp 5 minutes ago": lambda w, a: ES.sign(claims(w, a, exp=int(time.time()) - 300)),
    "exp in a day": lambda w, a: ES.sign(claims(w, a, exp=int(time.time()) + 86400)),
    "nbf in 2 minutes": lambda w, a: ES.sign(claims(w, a, nbf=int(time.time()) + 120)),
    "iat in 2 minutes": lambda w, a: ES.sign(claims(w, a, iat=int(time.time()) + 120)),
    "jku": lambda w, a: ES.sign(claims(w, a), jku="http://127.0.0.1:9/jwks"),
    "x5u": lambda w, a: ES.sign(claims(w, a), x5u="http://127.0.0.1:9/pem"),
    "jwk in the header": lambda w, a: ES.sign(claims(w, a), jwk=ES.public),
    "crit": lambda w, a: ES.sign(claims(w, a), crit=["exp"]),
    "typ of a proof": lambda w, a: ES.sign(claims(w, a), typ="dpop+jwt"),
    "a member twice": lambda w, a: ES.sign(json.dumps(claims(w, a))[:-1].encode() + b', "sub": "x"}'),
    "payload is a list": lambda w, a: ES.sign([claims(w, a)]),
    "signature cut": lambda w, a: ES.sign(claims(w, a))[:-4],
    "signature empty": lambda w, a: ES.sign(claims(w, a)).rpartition(".")[0] + ".",
    "signature of zeros": lambda w, a: ES.sign(claims(w, a)).rpartition(".")[0] + "." + b64(bytes(64)),
    "two dots alone": lambda w, a: "..",
    "junk": lambda w, a: "x",
    "12 KiB and more": lambda w, a: ES.sign(claims(w, a, more="m" * 9500)),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_assertion_that_is_not_right_proves_nobody(world, app, name):
    """T15."""
    reply = ask(world, WRONG[name](world, app))
    assert is_error(reply, 401, "invalid_client"), reply


def test_clocks_may_differ_by_some_seconds(world, app):
    """T15: nbf +8 s is taken."""
    now = int(time.time())
    assert proves(ask(world, ES.sign(claims(world, app, nbf=now + 8, iat=now + 8))))
    assert proves(ask(world, ES.sign(claims(world, app, exp=now - 5, iat=None))))
    assert proves(ask(world, ES.sign(claims(world, app, exp=now + 60.5, iat=now - 0.5))))


def test_an_assertion_is_taken_once_on_all_instances(world, app):
    """T15, jti: also at the other endpoint, and of 8 at once one."""
    assertion = ES.sign(claims(world, app))
    assert proves(ask(world, assertion)) and not proves(ask(world, assertion)) and not proves(ask(world, assertion, world.second))
    assert post_form(world.http, "/oauth/revoke", {"token": "x", "client_assertion_type": TYPE, "client_assertion": assertion}).status == 401
    same = claims(world, app)
    replies = []
    for reply in at_once(world, 8, lambda http: post_form(http, "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "crt_x",
            "client_assertion_type": TYPE, "client_assertion": ES.sign(same)})):
        replies.append(proves(reply))
    assert replies.count(True) == 1
    other = App(world, type="confidential", auth_method="private_key_jwt", jwks=json.dumps({"keys": [ES.public]}))
    assert proves(ask(world, ES.sign(claims(world, other, jti=same["jti"]))))  # another's jti is another


def test_one_method_in_a_request_and_it_is_whole(world, app):
    """T10."""
    good = lambda: {"client_assertion_type": TYPE, "client_assertion": ES.sign(claims(world, app))}
    def send(params, headers=()):
        return post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "crt_x", **params}, headers)
    assert is_error(send(good(), [basic(app.id, "x")]), 400, "invalid_request")
    assert is_error(send({**good(), "client_secret": "x", "client_id": app.id}), 400, "invalid_request")
    assert is_error(send({"client_assertion_type": TYPE}), 400, "invalid_request")
    assert is_error(send({"client_assertion": ES.sign(claims(world, app))}), 400, "invalid_request")
    assert is_error(send({**good(), "client_assertion_type": TYPE + "x"}), 400, "invalid_request")
    assert is_error(send({**good(), "client_id": "cli_0355WHuCFfRpMfB53mC9Z6"}), 401, "invalid_client")


def test_a_client_is_held_to_its_method(world, app, api):
    """T12."""
    def way(how, id, secret):
        headers = [basic(id, secret)] if how == "client_secret_basic" else []
        params = {} if headers else {"client_id": id, "client_secret": secret}
        return proves(post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "crt_x", **params}, headers))
    both = ("client_secret_basic", "client_secret_post")
    for only in both:
        one = App(world, type="confidential", auth_method=only)
        assert [way(how, one.id, one.secret) for how in both] == [how == only for how in both]
        assert not proves(ask(world, ES.sign(claims(world, one))))
        own = App(world, type="confidential", auth_method=only, jwks=json.dumps({"keys": [ES.public]}))
        assert not proves(ask(world, ES.sign(claims(world, own))))  # its keys are for something else
    added = api("POST", f"/v1/oauth_apps/{app.id}/secrets")
    assert added.status == 201
    assert not any(way(how, app.id, world.secret(added.json["client_secret"])) for how in both)
    assert is_error(post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "crt_x", "client_id": app.id}),
        401, "invalid_client")
    public = App(world, type="public", auth_method="none")
    assert not proves(ask(world, ES.sign(claims(world, public))))


# ---- registration ----

BODY = {"name": "Acme", "type": "confidential", "redirect_uris": ["https://acme.example/cb"]}


def test_keys_are_registered_shown_and_changed(world, api):
    made = api("POST", "/v1/oauth_apps", {**BODY, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [ES.public]}})
    assert made.status == 201 and "client_secret" not in made.json and made.json["secrets"] == []
    assert made.json["jwks"] == {"keys": [ES.public]} and made.json["jwks_uri"] is None
    path = f"/v1/oauth_apps/{made.json['id']}"
    assert api("PATCH", path, made.json).json == made.json
    fresh = Key("EdDSA", kid="b")
    changed = api("PATCH", path, {"jwks": {"keys": [fresh.public]}})
    assert changed.status == 200 and changed.json["jwks"] == {"keys": [fresh.public]}
    app = App(world, type="public")
    app.id = made.json["id"]
    assert proves(ask(world, fresh.sign(claims(world, app)))) and not proves(ask(world, ES.sign(claims(world, app))))
    assert_error(api("PATCH", path, {"jwks": None}), 400, "invalid_value", "jwks")
    moved = api("PATCH", path, {"jwks": None, "token_endpoint_auth_method": "client_secret_post"})
    assert (moved.json["jwks"], moved.json["token_endpoint_auth_method"]) == (None, "client_secret_post")
    assert not proves(ask(world, fresh.sign(claims(world, app))))
    [told] = [e for e in api("GET", "/v1/audit?limit=5").json["data"] if e["subject"] == app.id][:1]
    assert told["kind"] == "client.changed"


PRIVATE = {**ES.public, "d": "AAAA"}
REFUSED = [
    ({"token_endpoint_auth_method": "none"}, "token_endpoint_auth_method"), ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
    ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"), ({"jwks": {"keys": []}}, "jwks.keys"),
    ({"type": "public", "token_endpoint_auth_method": "client_secret_post"}, "token_endpoint_auth_method"),
    ({"jwks": {"keys": [{**ES.public, "kid": "x" * 257}]}}, "jwks.keys[0].kid"), ({"jwks": {"keys": [{**ES.public, "x": "AAAA"}]}}, "jwks"),
    ({"jwks": {"keys": [{**ES.public, "y": ES.public["x"]}]}}, "jwks"), ({"jwks": {"keys": [EverybodysKey().public]}}, "jwks"), ({"jwks": {"keys": [ES.public, ES.public]}}, "jwks"),
    ({"jwks": {"keys": [{k: v for k, v in ES.public.items() if k != "kid"}] * 2}}, "jwks"), ({"jwks": {"keys": [ES.public]}, "jwks_uri": "https://x.example/"}, "jwks_uri"),
    ({"jwks": {"keys": [{"kty": "RSA", "n": b64(b"\x81" * 128), "e": "AQAB"}]}}, "jwks"), ({"jwks": "x"}, "jwks"), ({"jwks_uri": "ftp://x.example/"}, "jwks_uri"),
]


@pytest.mark.parametrize("fields, param", REFUSED, ids=range(len(REFUSED)))
def test_what_proves_nothing_is_not_registered(api, fields, param):
    reply = api("POST", "/v1/oauth_apps", {**BODY, **fields})
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply


def test_a_private_key_is_never_taken(world, api):
    reply = api("POST", "/v1/oauth_apps", {**BODY, "jwks": {"keys": [PRIVATE]}})
    assert_error(reply, 400, "unknown_field", "jwks.keys[0].d")
    with pytest.raises(CliError) as refused:
        world.client("owner@platform.example", type="confidential", redirect_uri="https://x.example/", jwks=json.dumps({"keys": [PRIVATE]}))
    assert "public key" in refused.value.stderr


# ---- jwks_uri ----

@pytest.fixture()
def server():
    with Receiver() as r:
        yield r


def serves(server, *keys, status=200, text=None):
    body = json.dumps({"keys": [k if isinstance(k, dict) else k.public for k in keys]}).encode() if text is None else text
    server.answer = lambda d: (status, {"Content-Type": "application/json"}, body)


class Fetched:
    """An app whose keys are at a server on loopback: a command does not know that this one may be called."""

    def __init__(self, api, server):
        made = api("POST", "/v1/oauth_apps", {**BODY, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": server.url})
        assert made.status == 201 and made.json["jwks_uri"] == server.url, made
        self.id = made.json["id"]


def a_minute_later(world):
    world.sql("UPDATE oauth_client_keys SET tried_at = tried_at - interval '61 seconds'")


def test_keys_are_fetched_once_and_again_for_one_that_is_new(world, api, server):
    old, new = Key("ES256", kid="old"), Key("PS256", kid="new")
    serves(server, {"kty": "AKP", "pub": "x"}, old)  # what is not ours is passed over
    app = Fetched(api, server)
    assert all(proves(ask(world, old.sign(claims(world, app)), at)) for at in (world, world.second, world, world.second))
    assert len(server.got) == 1
    serves(server, new)
    assert not proves(ask(world, new.sign(claims(world, app)))) and len(server.got) == 1  # once a minute, whoever asks
    a_minute_later(world)
    assert proves(ask(world, new.sign(claims(world, app)))) and len(server.got) == 2
    a_minute_later(world)
    assert not proves(ask(world, old.sign(claims(world, app)))) and len(server.got) == 3  # what was taken away is gone


def test_a_strange_kid_does_not_have_us_call_more_than_once_a_minute(world, api, server):
    key = Key("ES256", kid="a")
    serves(server, key)
    app = Fetched(api, server)
    for kid in "bcdefgh":
        assert not proves(ask(world, key.sign(claims(world, app), kid=kid)))
    assert len(server.got) == 1 and proves(ask(world, key.sign(claims(world, app))))


@pytest.mark.parametrize("status, text", [(500, None), (404, None), (302, None), (200, b"{}"), (200, b"<html>"), (200, b'{"keys":[' + b" " * 40000 + b"]}")],
    ids=range(6))
def test_keys_that_cannot_be_fetched_are_a_503_and_kept_ones_count_for_a_day(world, api, server, status, text):
    key = Key("ES256", kid="a")
    serves(server, key, status=status, text=text)
    app = Fetched(api, server)
    assert is_error(ask(world, key.sign(claims(world, app))), 503, "temporarily_unavailable")
    assert is_error(ask(world, key.sign(claims(world, app))), 503, "temporarily_unavailable") and len(server.got) == 1
    serves(server, key)
    a_minute_later(world)
    assert proves(ask(world, key.sign(claims(world, app))))
    serves(server, key, status=status, text=text)
    world.sql("UPDATE oauth_client_keys SET fetched_at = now() - interval '23 hours', tried_at = now() - interval '2 minutes'")
    assert proves(ask(world, key.sign(claims(world, app)))) and len(server.got) == 3
    world.sql("UPDATE oauth_client_keys SET fetched_at = now() - interval '25 hours'")
    assert is_error(ask(world, key.sign(claims(world, app))), 503, "temporarily_unavailable")


def test_where_keys_are_fetched_from_follows_the_rules_of_webhooks(world):
    """P4, V4: addresses that are not public are refused where they are named."""
    for url in ("https://user@x.example/", "https://x.example/#a", "gopher://x.example/", "https://"):
        with pytest.raises(CliError):
            world.client("owner@platform.example", type="confidential", redirect_uri="https://x.example/", jwks_uri=url)


def test_assertions_are_forgotten_when_they_have_ended(world, app):
    assert proves(ask(world, ES.sign(claims(world, app))))
    world.sql("UPDATE client_assertion SET expires_at = now() - interval '1 second'")
    with open(os.path.join(ROOT, "sql/queries/housekeeping.sql"), encoding="utf-8") as f:
        [statement] = re.findall(r"^DELETE FROM client_assertion .*", f.read(), re.M)
    world.sql(statement.replace("$1", "now()"))
    [[left]] = world.sql("SELECT count(*) FROM client_assertion")
    assert left == "0"
