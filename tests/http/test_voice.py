# SPDX-License-Identifier: Apache-2.0
"""Voice sessions: what is signed, who may have it, when it dies, and the echo of test mode."""
import base64
import hashlib
import json
import os
import struct
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from oauth_flow import App, Browser, Form
from patience import Waited
from rest import assert_error
from websocket import WebSocket

JSON = {"Content-Type": "application/json"}
BACKEND = "wss://voice.example.com/realtime"
SERVE = ["--rate-limit", "0", "--voice-backend", BACKEND]
SESSIONS = "/v1/voice/sessions"


@pytest.fixture(scope="module")
def live(world, ann):
    return world.key(ann, kind="secret")


@pytest.fixture(scope="module")
def key(world, ann):
    return world.key(ann, kind="secret", mode="test")


def create(world, key, status=201, headers=None, **fields):
    reply = world.post(SESSIONS, json.dumps(fields), {**JSON, **(headers or {})}, key)
    assert reply.status == status, reply
    if status == 201:
        world.secret(reply.json["session_token"])
    return reply.json


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(world, token):
    """Its claims, with the key that the metadata leads to and by somebody else's arithmetic (RFC 7515 §5.2)."""
    jwks = world.get(world.get("/.well-known/oauth-authorization-server").json["jwks_uri"].removeprefix(world.public_url)).json
    header, claims, signature = token.split(".")
    told = json.loads(unpadded(header))
    assert told["alg"] == "ES256" and told["typ"] == "voice-session+jwt"
    [jwk] = [k for k in jwks["keys"] if k["kid"] == told["kid"]]
    assert len(jwks["keys"]) == 2 and len({k["kid"] for k in jwks["keys"]}) == 2
    assert not any("d" in k for k in jwks["keys"])
    members = json.dumps({n: jwk[n] for n in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert jwk["kid"] == base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode().rstrip("=")  # RFC 7638
    x, y = (int.from_bytes(unpadded(jwk[n]), "big") for n in "xy")
    raw = unpadded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key().verify(der, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unpadded(claims))


def is_active(world, token):
    reply = world.post("/v1/voice/introspect", f"token={token}", {"Content-Type": "application/x-www-form-urlencoded"})
    assert reply.status == 200 and reply.headers["Cache-Control"] == "no-store"
    return reply.json


# ---- tokens ----

def test_a_session_is_a_token_that_anybody_can_verify(world, ann, live):
    session = create(world, live, scopes=["events:read", "calendars:read"], ttl_seconds=60)
    claims = verified(world, session["session_token"])
    assert claims == {"iss": world.public_url, "aud": BACKEND, "sub": ann.id, "jti": session["id"], "iat": claims["iat"], "exp": claims["iat"] + 60,
                      "scope": "calendars:read events:read", "connected_account_id": None, "livemode": True}
    assert session["realtime_url"] == BACKEND and session["backend"] == "configured" and session["status"] == "open"
    assert session["id"].startswith("hub_") and abs(claims["iat"] - time.time()) < 60
    assert {**is_active(world, session["session_token"]), "active": 0, "token_type": 0} == {**claims, "active": 0, "token_type": 0}
    again = world.get(f"{SESSIONS}/{session['id']}", key=live).json
    assert "session_token" not in again and again["scopes"] == ["calendars:read", "events:read"]


def test_in_test_mode_the_token_names_the_user_and_says_that_it_is_test_data(world, ann, key):
    """A backend knows its users by the ids that REST tells, which are those of live mode; livemode alone says which world it is."""
    session = create(world, key)
    claims = verified(world, session["session_token"])
    assert (claims["sub"], claims["livemode"]) == (session["user_id"], session["livemode"]) == (ann.id, False)
    assert world.get("/v1/profile", key=key).json["id"] == ann.id
    told = is_active(world, session["session_token"])
    assert told["active"] is True and (told["sub"], told["livemode"]) == (ann.id, False)
    assert world.request("DELETE", f"{SESSIONS}/{session['id']}", key=key).status == 200
    assert is_active(world, session["session_token"]) == {"active": False}


def test_a_token_that_was_altered_is_none(world, live):
    token = create(world, live)["session_token"]
    header, claims, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**json.loads(unpadded(claims)), "scope": "everything"}).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"voice-session+jwt"}').decode().rstrip("=")
    for bad in (f"{header}.{forged}.{signature}", f"{none}.{claims}.", f"{none}.{claims}.{signature}", f"{header}.{claims}.{signature[:-2]}",
                f"{header}.{claims}.{'A' * len(signature)}", f"{header}.{claims}", f"{token}.x", "x", ".".join("...."), header * 40):
        assert is_active(world, bad) == {"active": False}, bad
    assert world.get("/v1/profile", key=token).status == 401  # RFC 9068's confusion: it opens nothing here


def test_nobody_gives_more_than_they_have(world, ann, live):
    narrow = world.key(ann, kind="restricted", scope="voice:invoke events:read")
    assert create(world, narrow)["scopes"] == ["events:read", "voice:invoke"]
    assert_error(world.post(SESSIONS, json.dumps({"scopes": ["events:write"]}), JSON, narrow), 400, "invalid_value", "scopes")
    assert world.post(SESSIONS, "{}", JSON, world.key(ann, kind="restricted", scope="events:read")).status == 403
    assert world.post(SESSIONS, "{}", JSON, ann.key).status == 403
    for fields, param in (({"ttl_seconds": 29}, "ttl_seconds"), ({"ttl_seconds": 1801}, "ttl_seconds"), ({"user_id": "usr_0355WHuCFfRpMfB53mC9Z6"}, "user_id"),
                          ({"origin": "app.example"}, "origin"), ({"origin": "https://app.example/x"}, "origin"), ({"scopes": []}, "scopes")):
        assert_error(world.post(SESSIONS, json.dumps(fields), JSON, live), 400, "invalid_value", param)
    assert create(world, live, user_id=ann.id)["user_id"] == ann.id


def test_where_no_backend_is_configured_nothing_is_made(world, live, key, ann):
    """Tokens that open nothing are not handed out; test mode has its echo."""
    world.restart("--voice-backend", "")
    try:
        before = world.sql("SELECT count(*) FROM voice_session")
        assert_error(world.post(SESSIONS, "{}", JSON, live), 503, "voice_backend_unavailable", type_="api_error")
        assert world.sql("SELECT count(*) FROM voice_session") == before
        assert create(world, key)["backend"] == "echo"
    finally:
        world.restart()


def test_sixty_an_hour_and_a_day_of_rows(world):
    eve = world.key(world.account("eve@example.org"), kind="secret")
    first = create(world, eve)
    mine = "account_id = (SELECT account_id FROM account WHERE email = 'eve@example.org' AND livemode)"
    world.sql(f"INSERT INTO voice_session (account_id, id, scopes, created_at, expires_at) SELECT account_id, uuid_v7(), 0, now() - interval '30 minutes', now() "
              f"FROM voice_session, generate_series(1, 59) WHERE {mine}")
    reply = world.post(SESSIONS, "{}", JSON, eve)
    assert reply.status == 429 and 1700 < int(reply.headers["Retry-After"]) <= 1802, reply.headers
    world.sql(f"UPDATE voice_session SET created_at = created_at - interval '2 days' WHERE {mine}")
    create(world, eve)
    assert world.sql(f"SELECT count(*) FROM voice_session WHERE {mine}") == [["1"]]
    assert world.get(f"{SESSIONS}/{first['id']}", key=eve).status == 404


def test_a_session_dies_with_what_it_was_made_by(world, ann, live):
    """DELETE, the key revoked or rotated, the grant ended, the family revoked, the account deactivated; on every server at once."""
    browser = Browser(world)
    browser.sign_in(ann)
    app = App(world, type="public", scope="voice:invoke events:read")
    connect = lambda: app.connect(browser, scope="voice:invoke events:read")

    def made_by_key():
        reply = world.post("/v1/api_keys", json.dumps({"name": "v", "kind": "restricted", "scopes": ["voice:invoke"]}), JSON, live).json
        return reply["key"], reply["id"]

    def cut(tokens):
        action = f"/connected-accounts/{tokens['connected_account_id']}/remove"
        assert browser.post(action, Form(browser.get(action).text, action).with_()).status == 303

    tokens = connect()
    session = create(world, tokens["access_token"])
    assert session["connected_account_id"] == tokens["connected_account_id"] and session["scopes"] == ["events:read", "voice:invoke"]
    assert verified(world, session["session_token"])["connected_account_id"] == tokens["connected_account_id"]
    assert world.get(f"{SESSIONS}/{session['id']}", key=live).status == 404  # another's: the connection's own
    assert is_active(world.second, session["session_token"])["active"]
    assert app.revoke(tokens["refresh_token"]).status == 200
    assert is_active(world.second, session["session_token"]) == {"active": False}
    tokens = connect()
    session = create(world, tokens["access_token"])
    cut(tokens)
    assert is_active(world.second, session["session_token"]) == {"active": False}
    for how in ("revoke", "rotate", "delete"):
        secret, key_id = made_by_key()
        session = create(world, secret)
        if how == "delete":
            ended = world.request("DELETE", f"{SESSIONS}/{session['id']}", key=secret)
            assert ended.status == 200 and ended.json["status"] == "ended" and ended.json["ended_at"]
            again = world.request("DELETE", f"{SESSIONS}/{session['id']}", key=secret)
            assert again.json == ended.json
        elif how == "rotate":
            assert world.post(f"/v1/api_keys/{key_id}/rotate", key=live).status == 200
        else:
            assert world.request("DELETE", f"/v1/api_keys/{key_id}", key=live).status == 200
        assert is_active(world.second, session["session_token"]) == {"active": False}, how
    bob = world.account("bob@example.org")
    session = create(world, world.key(bob, kind="secret"))
    world.cli("account", "deactivate", bob.email)
    assert is_active(world, session["session_token"]) == {"active": False}


def test_a_session_ends_at_its_time(world, live):
    eve = world.key(world.account("sandbox@example.org"), kind="secret", mode="test")
    forward = lambda s: world.post("/v1/sandbox/clock", json.dumps({"advance_seconds": s}), JSON, eve).status
    assert forward(3600) == 200
    session = create(world, eve, ttl_seconds=60)
    claims = is_active(world, session["session_token"])
    assert claims["active"] and claims["exp"] - time.time() < 90  # a verifier's clock is no sandbox's
    assert forward(120) == 200
    assert is_active(world, session["session_token"]) == {"active": False}
    assert world.get(f"{SESSIONS}/{session['id']}", key=eve).json["status"] == "expired"
    session = create(world, live, ttl_seconds=30)
    world.sql("UPDATE voice_session SET expires_at = now() - interval '1 second' WHERE account_id = (SELECT account_id FROM account "
              "WHERE email = 'ann@example.org' AND livemode)")
    assert world.get(f"{SESSIONS}/{session['id']}", key=live).json["status"] == "expired"
    assert is_active(world, session["session_token"]) == {"active": False}


# ---- the echo ----

def opened(server, key, **fields):
    ws = WebSocket(server, create(server.world, key, **fields)["session_token"])
    assert ws.status == 101, ws.headers
    opcode, hello = ws.read()
    assert opcode == 1 and json.loads(hello)["backend"] == "echo"
    return ws


def test_the_echo_says_what_it_is_and_echoes(world, key):
    session = create(world, key)
    assert session["backend"] == "echo" and session["realtime_url"] == world.public_url.replace("http", "ws", 1) + "/v1/voice/realtime"
    with WebSocket(world, session["session_token"]) as ws:
        assert ws.status == 101 and ws.headers["sec-websocket-protocol"] == "calends.voice" and ws.headers["upgrade"] == "websocket"
        accept = base64.b64encode(hashlib.sha1((ws.KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        assert ws.headers["sec-websocket-accept"] == accept and ws.headers["connection"] == "Upgrade"
        opcode, hello = ws.read()
        told = json.loads(hello)
        assert opcode == 1 and told["type"] == "session.created" and told["session"] == session["id"]
        assert "No voice model listens here" in told["message"] and told["livemode"] is False
        for opcode, payload in ((1, "grüße".encode()), (2, os.urandom(300)), (2, os.urandom(65536)), (1, b"")):
            ws.send(opcode, payload)
            assert ws.read() == (opcode, payload)
        ws.send(1, b"one ", final=False)
        ws.send(9, b"ping")
        ws.send(0, b"message")
        assert ws.read() == (10, b"ping") and ws.read() == (1, b"one message")
        ws.send(8, struct.pack(">H", 1000))
        assert ws.closed() == 1000


BROKEN = {
    "unmasked": (1002, lambda ws: ws.send(1, b"x", mask=None)), "reserved bit": (1002, lambda ws: ws.send(1, b"x", reserved=0x40)),
    "unknown opcode": (1002, lambda ws: ws.send(3, b"x")), "continuation of nothing": (1002, lambda ws: ws.send(0, b"x")),
    "two at once": (1002, lambda ws: (ws.send(1, b"x", final=False), ws.send(1, b"y"))), "long ping": (1002, lambda ws: ws.send(9, b"x" * 126)),
    "ping in pieces": (1002, lambda ws: ws.send(9, b"x", final=False)), "text that is none": (1007, lambda ws: ws.send(1, b"\xff")),
    "close with one octet": (1002, lambda ws: ws.send(8, b"x")), "close with a status of nobody": (1002, lambda ws: ws.send(8, struct.pack(">H", 1005))),
    "too long": (1009, lambda ws: ws.socket.sendall(b"\x82\xff" + struct.pack(">Q", 65537) + b"\1\2\3\4")),
    "too long in pieces": (1009, lambda ws: (ws.send(2, b"x" * 40000, final=False), ws.send(0, b"x" * 40000))),
    "a length in another form": (1002, lambda ws: ws.socket.sendall(b"\x81\xfe\0\1\1\2\3\4x")),
}


def test_what_is_no_frame_is_answered_with_its_status(world, key):
    """RFC 6455 §5.1 to §5.6, §7.4.1, §8.1."""
    for name, (status, send) in BROKEN.items():
        with WebSocket(world, create(world, key)["session_token"]) as ws:
            ws.read()
            send(ws)
            assert ws.closed() == status, name


def test_a_handshake_that_is_none_is_refused(world, key):
    """RFC 6455 §4.2.1, §4.2.2, §4.4."""
    token = create(world, key)["session_token"]
    for headers, param in (({"Upgrade": None}, "Upgrade"), ({"Connection": "close"}, "Upgrade"), ({"Sec-WebSocket-Version": "12"}, "Sec-WebSocket-Version"),
                           ({"Sec-WebSocket-Key": "short"}, "Sec-WebSocket-Key"), ({"Sec-WebSocket-Key": None}, "Sec-WebSocket-Key")):
        with WebSocket(world, token, headers=headers) as ws:
            assert ws.status == 400, headers
            body = ws.file.read(int(ws.headers["content-length"]))
            assert json.loads(body)["error"]["param"] == param
            assert ws.headers.get("sec-websocket-version") == ("13" if param == "Sec-WebSocket-Version" else None)  # what is spoken here (§4.2.2)
    with WebSocket(world, token, version="1.0") as ws:  # RFC 9110 §7.8: an Upgrade in an HTTP/1.0 request is ignored
        assert ws.status == 400 and "upgrade" not in ws.headers
    with WebSocket(world, None) as ws:
        assert ws.status == 401
    for bad in ("x", token[:-3], create(world, key)["session_token"] + "A"):
        with WebSocket(world, bad) as ws:
            assert ws.status == 401


def test_a_token_in_the_query_works_once_and_is_in_no_log(world, key):
    token = create(world, key)["session_token"]
    at = f"/v1/voice/realtime?session={token}"
    with WebSocket(world, target=at) as ws:
        assert ws.status == 101 and "sec-websocket-protocol" not in ws.headers
    with WebSocket(world, target=at) as ws:
        assert ws.status == 401
    with WebSocket(world, token, target=f"/v1/voice/realtime?session={create(world, key)['session_token']}") as ws:
        assert ws.status == 400
    assert not any(token in line for line in world.lines)


def test_a_live_token_opens_nothing_here_and_another_origin_nothing_at_all(world, key, live):
    with WebSocket(world, create(world, live)["session_token"]) as ws:
        assert ws.status == 401
    token = create(world, key, origin="https://app.example.com")["session_token"]
    for origin, status in (("https://evil.example", 403), (None, 403), ("https://app.example.com", 101)):
        with WebSocket(world, token, headers={"Origin": origin}) as ws:
            assert ws.status == status, origin


def test_a_socket_closes_when_its_session_ends(world, key):
    """Within a second; by DELETE at another server, and by its key."""
    reply = world.post("/v1/api_keys", json.dumps({"name": "v", "kind": "restricted", "scopes": ["voice:invoke"]}), JSON, key).json
    for how in ("delete", "key"):
        session = create(world, reply["key"])
        with WebSocket(world, session["session_token"]) as ws:
            ws.read()
            if how == "delete":
                assert world.second.request("DELETE", f"{SESSIONS}/{session['id']}", key=key).status == 200
            else:
                assert world.second.request("DELETE", f"/v1/api_keys/{reply['id']}", key=key).status == 200
            waited = Waited(world.process.pid)
            assert ws.closed() == 1008 and waited.seconds < 4, how


def test_ten_sockets_of_a_user_and_no_more(world, key):
    open_now = [opened(world, key) for _ in range(10)]
    token = create(world, key)["session_token"]
    with WebSocket(world, token) as ws:
        assert ws.status == 429 and ws.headers["retry-after"] == "5"
    open_now.pop().close()

    def again():
        with WebSocket(world, token) as ws:
            return ws.status == 101

    assert world.wait_for(again)
    for ws in open_now:
        ws.close()


def test_a_server_that_stops_says_goodbye(world, key):
    ws = opened(world, key)
    world.restart()
    assert ws.closed() == 1001
    ws.close()
