# SPDX-License-Identifier: Apache-2.0
"""A passkey in software (Web Authentication Level 3): what a browser and its device would send, and what a broken one would.

    key = Passkey("ES256")
    key.create(question)     fields of the form, for the question that stands in a page
    key.get(question)
    Question.of(page)        of the page's first <div class="passkey">
"""
import base64
import hashlib
import html
import json
import os
import re
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRESENT, VERIFIED, SHARED, BACKED_UP, KEY = 1, 4, 8, 16, 64


def b64(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def un64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = next(n for n in (1, 2, 4, 8) if number < 256 ** n)
    return bytes([major << 5 | 24 + (1, 2, 4, 8).index(size)]) + number.to_bytes(size, "big")


def cbor(value):
    """RFC 8949 in CTAP2's canonical form, as far as passkeys need it."""
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


class Question:
    def __init__(self, attributes, token):
        self.token = token
        self.challenge, self.rp, self.ids = attributes["challenge"], attributes["rp"], attributes["ids"].split()
        self.verify, self.algorithms, self.user = attributes["verify"], attributes["algorithms"], attributes["user"]

    @classmethod
    def of(cls, page):
        div = re.search(r'<div class="passkey"([^>]*)>', page)[1]
        attributes = {k: html.unescape(v) for k, v in re.findall(r'data-([a-z-]+)="([^"]*)"', div)}
        return cls(attributes, re.search(r'name="passkey_token" value="([^"]*)"', page)[1])


class Passkey:
    def __init__(self, algorithm="ES256", origin=None, counter=0):
        self.algorithm, self.origin, self.id = algorithm, origin, os.urandom(32)
        self.counter, self.user = counter, b""
        self.private = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate,
                        "RS256": lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()

    def cose(self):
        public = self.private.public_key()
        if self.algorithm == "EdDSA":
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
        n = public.public_numbers()
        if self.algorithm == "RS256":
            return {1: 3, 3: -257, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}
        return {1: 2, 3: -7, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}

    def sign(self, text):
        if self.algorithm == "EdDSA":
            return self.private.sign(text)
        if self.algorithm == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(text, ec.ECDSA(hashes.SHA256()))

    def client_data(self, kind, question, **changes):
        said = {"type": f"webauthn.{kind}", "challenge": question.challenge, "origin": self.origin, "crossOrigin": False, **changes}
        return json.dumps({k: v for k, v in said.items() if v is not None}, separators=(",", ":")).encode()

    def head(self, question, flags, rp=None):
        return hashlib.sha256((rp or question.rp).encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter)

    def data(self, question, flags=PRESENT | VERIFIED | KEY, rp=None, key=None):
        data = self.head(question, flags, rp)
        return data + (bytes(16) + struct.pack(">H", len(self.id)) + self.id + (cbor(self.cose()) if key is None else key) if flags & KEY else b"")

    def create(self, question, name="My phone", flags=PRESENT | VERIFIED | KEY, rp=None, key=None, attestation=None, **client):
        self.user = un64(question.user)
        made = {"fmt": "none", "attStmt": {}, "authData": self.data(question, flags, rp, key)}
        return {"name": name, "passkey_token": question.token, "passkey_id": b64(self.id),
                "passkey_client_data": b64(self.client_data("create", question, **client)),
                "passkey_attestation": b64(cbor(made) if attestation is None else attestation)}

    def get(self, question, flags=PRESENT | VERIFIED, rp=None, counter=None, signature=None, **client):
        self.counter = self.counter if counter is None else counter
        data, client_data = self.head(question, flags, rp), self.client_data("get", question, **client)
        signature = self.sign(data + hashlib.sha256(client_data).digest()) if signature is None else signature
        return {"passkey_token": question.token, "passkey_id": b64(self.id), "passkey_client_data": b64(client_data),
                "passkey_data": b64(data), "passkey_signature": b64(signature), "passkey_user": b64(self.user)}
