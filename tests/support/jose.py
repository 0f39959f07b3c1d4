# SPDX-License-Identifier: Apache-2.0
"""Keys and what they sign (RFC 7515), written here once more so that the server is not held to itself.

    key = Key("ES256", kid="a")         ES256, EdDSA, PS256, RS256
    key.public                          its JWK
    key.sign({"iss": …}, typ="JWT")     a compact JWS; header members by name, None leaves one out
    verified(token, jwks)               header and claims of an ES256 one that a key of the set signed
"""
import base64
import functools
import hashlib
import hmac
import json
import pathlib
from types import SimpleNamespace

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def b64(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


def text(value):
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def _sign_es256(key, data):
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
SIGN = {
    "ES256": _sign_es256,
    "EdDSA": lambda key, data: key.sign(data),
    "PS256": lambda key, data: key.sign(data, PSS, hashes.SHA256()),
    "RS256": lambda key, data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()),
}
RSA = []  # one for all: making one takes longer than anything else here


def make(alg):
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if not RSA:
        RSA.append(rsa.generate_private_key(65537, 2048))
    return RSA[0]


class Key:
    def __init__(self, kind="ES256", /, kid=None, **members):
        self.alg, self.kid, self.members = kind, kid, members

    # Made when it is used: files of tests are read by every worker.
    @functools.cached_property
    def private(self):
        return make(self.alg)

    @functools.cached_property
    def public(self):
        return {**self._public(), **({"kid": self.kid} if self.kid else {}), **self.members}

    def _public(self):
        public = self.private.public_key()
        if self.alg == "ES256":
            n = public.public_numbers()
            return {"kty": "EC", "crv": "P-256", "x": b64(n.x.to_bytes(32, "big")), "y": b64(n.y.to_bytes(32, "big"))}
        if self.alg == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        n = public.public_numbers()
        return {"kty": "RSA", "n": number(n.n), "e": number(n.e)}

    @property
    def jkt(self):
        """RFC 7638 §3."""
        members = {k: v for k, v in self.public.items() if k in ("crv", "e", "kty", "n", "x", "y")}
        return b64(hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest())

    def sign(self, claims, **header):
        header = {"alg": self.alg, **({"kid": self.kid} if self.kid else {}), **header}
        signed = f"{text({k: v for k, v in header.items() if v is not None})}.{text(claims)}"
        return f"{signed}.{b64(SIGN[self.alg](self.private, signed.encode()))}"

    def mac(self, claims):
        """HS256 with the public key as the secret, as some take it (RFC 8725 §2.1)."""
        secret = json.dumps(self.public).encode()
        signed = f"{text({'alg': 'HS256', **({'kid': self.kid} if self.kid else {})})}.{text(claims)}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


class EverybodysKey(Key):
    """Of Ed25519, the point that changes nothing: this signature is right for every text, by the arithmetic alone (RFC 8032 §5.1.7)."""
    BASE_AND_ONE = b"\x58" + b"\x66" * 31 + b"\1" + bytes(31)

    def __init__(self):
        self.alg, self.kid, self.private = "EdDSA", None, SimpleNamespace(sign=lambda _: self.BASE_AND_ONE)
        self.public = {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" + bytes(31))}


def signed_by(world, claims):
    """By the key that signs now, opened as the server does it (HKDF, AES-GCM), with its header: what this server said long ago."""
    [[kid, sealed]] = world.sql("SELECT kid, encode(sealed, 'hex') FROM signing_key WHERE state = 2")
    secret = hmac.digest(bytes(32), (pathlib.Path(world.folder) / "secret.key").read_bytes(), "sha256")
    secret, sealed = hmac.digest(secret, b"calends signing-keys\x01", "sha256"), bytes.fromhex(sealed)
    key = serialization.load_der_private_key(AESGCM(secret).decrypt(sealed[:12], sealed[12:], kid.encode()), None)
    signed = f"{b64(json.dumps({'alg': 'ES256', 'typ': 'JWT', 'kid': kid}, separators=(',', ':')).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(SIGN['ES256'](key, signed.encode()))}"


def unsigned(claims, alg="none", **header):
    return f"{text({'alg': alg, **header})}.{text(claims)}."


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(token, jwks):
    """By somebody else's arithmetic (RFC 7515 §5.2); raises when the signature is not good."""
    head, claims, signature = token.split(".")
    header, raw = json.loads(unb64(head)), unb64(signature)
    assert header["alg"] == "ES256" and len(raw) == 64
    [jwk] = [k for k in jwks["keys"] if k["kid"] == header["kid"]]
    x, y = (int.from_bytes(unb64(jwk[n]), "big") for n in "xy")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key().verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return header, json.loads(unb64(claims))
