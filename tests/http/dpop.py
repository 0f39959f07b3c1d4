# SPDX-License-Identifier: Apache-2.0
"""Proofs of DPoP (RFC 9449), and what each surface is asked with one."""
import hashlib
import json
import re
import secrets
import time

from jose import Key, b64

KEY, OTHER = Key("ES256"), Key("ES256")
SCOPES = "calendars:read events:read profile:read"


def new_nonce(world):
    return world.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]


def claims(world, nonce, method="POST", path="/oauth/token", token=None, **changes):
    all_ = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": world.public_url + path, "iat": int(time.time()), "nonce": nonce,
            **({"ath": b64(hashlib.sha256(token.encode()).digest())} if token else {}), **changes}
    return {k: v for k, v in all_.items() if v is not None}


def proof(world, nonce, *args, key=KEY, header=None, **changes):
    return key.sign(claims(world, nonce, *args, **changes), **{"typ": "dpop+jwt", "jwk": key.public, **(header or {})})


def with_proof(text):
    return [("DPoP", text)]


PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
ASK = {"rest": ("GET", "/v1/profile", None, []), "caldav": ("PROPFIND", "/dav/", None, [("Depth", "0")]),
    "mcp": ("POST", "/mcp", PING, [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")])}
GOOD = {"rest": 200, "caldav": 207, "mcp": 200}
REST_CODES = {"invalid_dpop_proof": "dpop_proof_invalid", "use_dpop_nonce": "dpop_nonce_required"}


def ask(world, surface, token, *proofs, scheme="DPoP", name="DPoP", server=None):
    method, path, body, headers = ASK[surface]
    return (server or world).http.request(method, path, body,
        [("Authorization", f"{scheme} {token}"), *headers, *((name, p) for p in proofs)])


def made(world, nonce, surface, token, **options):
    method, path, _, _ = ASK[surface]
    return proof(world, nonce, method, path, token, **options)


def refused(reply, error="invalid_dpop_proof"):
    """RFC 9449 §7.1: a challenge of the scheme, with the algorithms; a nonce for the next try."""
    assert reply.status == 401, reply
    [challenge] = [c for c in reply.headers.all("WWW-Authenticate") if c.startswith("DPoP ")]
    assert f'error="{error}"' in challenge and 'algs="ES256 EdDSA Ed25519 PS256"' in challenge, challenge
    if error in REST_CODES and reply.headers["Content-Type"] == "application/json":
        assert reply.json["error"]["code"] == REST_CODES[error], reply
    return re.fullmatch(r"[A-Za-z0-9_-]{39}", reply.headers["DPoP-Nonce"]) is not None
