# SPDX-License-Identifier: Apache-2.0
"""Mutual TLS behind a proxy that ends TLS and names the app's certificate in Client-Cert (RFC 9440)."""
import base64
import json

import pytest

from client_certificate import Authority, self_signed
from oauth_flow import App, is_error

CA = Authority("Authority behind a proxy")
BELOW = Authority("Below it", CA)
ALONE = self_signed()
SCOPES = "events:read profile:read"
SERVE = ["--trusted-proxy", "127.0.0.1", "--client-cert-header", "--mtls-ca", CA.path, "--rate-limit", "100000"]


def app_with(world, **options):
    return App(world, type="confidential", owner="owner@platform.example", grant=["client_credentials"], machine_scope=SCOPES, **options)


@pytest.fixture(scope="module")
def app(world):
    return app_with(world, auth_method="self_signed_tls_client_auth", jwks=json.dumps({"keys": [ALONE.jwk]}), cert_bound=True)


def for_itself(app, headers):
    return app.token(headers, grant_type="client_credentials", client_id=app.id)


def test_an_app_is_who_the_proxy_names(world, app):
    """RFC 9440 §2; RFC 8705 §3."""
    reply = for_itself(app, ALONE.headers())
    assert reply.status == 200, reply
    bearer = [("Authorization", f"Bearer {reply.json['access_token']}")]
    assert world.request("GET", "/v1/profile", None, [*bearer, *ALONE.headers()]).status == 200
    assert world.request("GET", "/v1/profile", None, bearer).status == 401
    assert world.request("GET", "/v1/profile", None, [*bearer, *self_signed().headers()]).status == 401
    told = world.get("/.well-known/oauth-authorization-server").json
    assert told["tls_client_certificate_bound_access_tokens"] is True and "mtls_endpoint_aliases" not in told


def test_a_chain_that_the_proxy_names(world):
    """RFC 9440 §2.3: what leads to the authority, in order."""
    app, made = app_with(world, auth_method="tls_client_auth", tls_name="san_dns=crm.example"), BELOW.issue(dns="crm.example")
    assert for_itself(app, made.headers(chain=True)).status == 200
    assert is_error(for_itself(app, made.headers()), 401, "invalid_client")
    assert for_itself(app, CA.issue(dns="crm.example").headers()).status == 200


WRONG = {"bare": lambda b: b, "no end": lambda b: f":{b}", "url-safe": lambda b: f":{b.replace('/', '_').replace('+', '-')}_:", "text": lambda b: f'"{b}"',
         "twice": lambda b: f":{b}:, :{b}:", "more behind": lambda b: f":{b}:x", "cut": lambda b: f":{b[:-40]}:", "empty": lambda b: "::", "junk": lambda b: ":AAAA:",
         "octets behind": lambda b: f":{base64.b64encode(ALONE.der + b'x').decode()}:", "long": lambda b: f":{'A' * 12000}:"}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_header_that_names_none(app, wrong):
    """RFC 9651 §3.3.5: one Byte Sequence of one certificate, or nothing was shown."""
    header = WRONG[wrong](base64.b64encode(ALONE.der).decode())
    assert is_error(for_itself(app, [("Client-Cert", header)]), 401, "invalid_client")


def test_two_headers_name_none(app):
    assert is_error(for_itself(app, [*ALONE.headers(), *self_signed().headers()]), 401, "invalid_client")
    assert for_itself(app, [("Client-Cert", ALONE.headers()[0][1] + ";a=1")]).status == 200
