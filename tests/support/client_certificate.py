# SPDX-License-Identifier: Apache-2.0
"""Certificates that apps show (RFC 8705), and a connection that shows one.

    ca = Authority("Acme")
    shown = ca.issue("CN=crm,O=Acme", dns="crm.example")     .path (certificate, chain and key in PEM), .der, .x5t, .jwk
    alone = self_signed("crm")
    Showing(world, shown, "mtls.calends.example").request(…)
"""
import base64
import datetime
import hashlib
import ipaddress
import os
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wire import Client

FOLDER = tempfile.mkdtemp(prefix="calends-certificates-")
DAY = datetime.timedelta(days=1)
NAMES = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "C": NameOID.COUNTRY_NAME}


def b64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def name_of(text):
    """As it is written (RFC 4514): the last comes first in the certificate."""
    return x509.Name([x509.NameAttribute(NAMES[k], v) for k, v in (p.split("=", 1) for p in reversed(text.split(",")))])


class Made:
    def __init__(self, certificate, key, chain=()):
        self.certificate, self.key, self.chain = certificate, key, chain
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.x5t = b64url(hashlib.sha256(self.der).digest())
        self.path = os.path.join(FOLDER, self.x5t[:16] + ".pem")
        with open(self.path, "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            for one in (certificate, *chain):
                f.write(one.public_bytes(serialization.Encoding.PEM))

    @property
    def jwk(self):
        public = self.key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": b64url(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))}
        n = public.public_numbers()
        if isinstance(public, rsa.RSAPublicKey):
            return {"kty": "RSA", "n": b64url(n.n.to_bytes((n.n.bit_length() + 7) // 8, "big")), "e": b64url(n.e.to_bytes(3, "big"))}
        return {"kty": "EC", "crv": "P-256", "x": b64url(n.x.to_bytes(32, "big")), "y": b64url(n.y.to_bytes(32, "big"))}

    def headers(self, chain=False):
        """As a proxy names it (RFC 9440 §2)."""
        item = lambda der: f":{base64.b64encode(der).decode()}:"
        ders = [c.public_bytes(serialization.Encoding.DER) for c in self.chain]
        return [("Client-Cert", item(self.der)), *([("Client-Cert-Chain", ", ".join(map(item, ders)))] if chain and ders else [])]


def build(subject, key, issuer, issuer_key, ca=False, dns=None, uri=None, ip=None, email=None, begins=-1, ends=30, usage=None):
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + begins * DAY).not_valid_after(now + ends * DAY)
            .add_extension(x509.BasicConstraints(ca, None), True))
    names = ([x509.DNSName(dns)] if dns else []) + ([x509.UniformResourceIdentifier(uri)] if uri else [])
    names += ([x509.IPAddress(ipaddress.ip_address(ip))] if ip else []) + ([x509.RFC822Name(email)] if email else [])
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), False)
    if usage:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), False)
    return made.sign(issuer_key, None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def key_of(kind="EC"):
    if kind == "RSA":
        return rsa.generate_private_key(65537, 2048)
    return ed25519.Ed25519PrivateKey.generate() if kind == "Ed25519" else ec.generate_private_key(ec.SECP256R1())


class Authority:
    def __init__(self, name, above=None):
        self.name, self.key, self.above = name_of(f"CN={name}"), key_of(), above
        self.certificate = build(self.name, self.key, above.name if above else self.name, above.key if above else self.key, ca=True)
        self.path = os.path.join(FOLDER, f"{name}.ca.pem")
        with open(self.path, "wb") as f:
            f.write(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, subject="CN=crm,O=Acme", kind="EC", usage=ExtendedKeyUsageOID.CLIENT_AUTH, **options):
        key = key_of(kind)
        return Made(build(name_of(subject), key, self.name, self.key, usage=usage, **options), key, [self.certificate] if self.above else [])


def self_signed(name="crm", kind="EC", key=None, **options):
    key, subject = key or key_of(kind), name_of(f"CN={name}")
    return Made(build(subject, key, subject, key, **options), key)


class Showing(Client):
    """A connection to the server whose handshake names this host, and shows this certificate where it is asked to."""

    def __init__(self, server, made, host, most=ssl.TLSVersion.TLSv1_3):
        context = server.world.certificate.context(most=most)
        context.check_hostname = False
        if made:
            context.load_cert_chain(made.path)
        super().__init__("127.0.0.1", server.port, server._on_reply, context)
        self.name = host

    def _open(self):
        context, self.context = self.context, None
        try:
            plain = super()._open()
        finally:
            self.context = context
        return context.wrap_socket(plain, server_hostname=self.name)
