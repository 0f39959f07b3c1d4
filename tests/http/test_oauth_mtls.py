# SPDX-License-Identifier: Apache-2.0
"""Mutual TLS (RFC 8705), where TLS ends at this server: apps that prove themselves by a certificate, tokens that are bound to one."""
import json
import ssl

import pytest

from client_certificate import Authority, Showing, self_signed
from cryptography.x509.oid import ExtendedKeyUsageOID
from dpop import proof, with_proof
from jose import Key
from oauth_flow import App, is_error, post_form
from receiver import Receiver
from rest import Api, assert_error
from test_oauth_keys import a_minute_later, serves

HOST = "mtls.calends.example"
CA, OTHER = Authority("Calends test authority"), Authority("Somebody else")
BELOW = Authority("Below", CA)
TLS = True
SIGNED_IN = "una"
SERVE = ["--mtls-url", f"https://{HOST}", "--mtls-ca", CA.path, "--rate-limit", "100000", "--allow-private-hooks"]
ALONE = self_signed()
SIGNED = CA.issue("CN=crm,O=Acme", dns="crm.example", uri="https://acme.example/crm", ip="192.0.2.7", email="crm@acme.example")
SCOPES = "events:read profile:read"
BOTH = ["authorization_code", "refresh_token", "client_credentials"]


def keyed(world, *made, **options):
    jwks = json.dumps({"keys": [{**m.jwk, "kid": str(i)} for i, m in enumerate(made or [ALONE])]})
    return App(world, type="confidential", owner="owner@platform.example", grant=BOTH, machine_scope=SCOPES,
               auth_method="self_signed_tls_client_auth", **{"jwks": jwks, **options})


def named(world, name, **options):
    return App(world, type="confidential", owner="owner@platform.example", grant=BOTH, machine_scope=SCOPES,
               auth_method="tls_client_auth", tls_name=name, **options)


def flow_of(world, client_id):
    """An app that was registered otherwise."""
    app = App.__new__(App)
    app.world, app.http, app.id, app.secret = world, world.http, client_id, None
    return app


def shows(world, made, host=HOST):
    return Showing(world, made, host)


def for_itself(app, http, headers=(), **changes):
    return app.token(headers, http, grant_type="client_credentials", client_id=app.id, **changes)


@pytest.fixture(scope="module")
def bound(world):
    return keyed(world, cert_bound=True)


def token(app, made=ALONE):
    reply = for_itself(app, shows(app.world, made))
    assert reply.status == 200, reply
    return reply.json["access_token"]


# ---- who an app is ----

def test_an_app_is_told_where_it_can_show_a_certificate(world):
    """RFC 8705 §3.3, §5; RFC 8414 §2."""
    told = world.get("/.well-known/oauth-authorization-server").json
    for endpoint in ("token", "revocation", "introspection"):
        assert told[endpoint + "_endpoint_auth_methods_supported"][-2:] == ["tls_client_auth", "self_signed_tls_client_auth"]
        assert told["mtls_endpoint_aliases"][endpoint + "_endpoint"].startswith(f"https://{HOST}/oauth/")
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert "authorization_endpoint" not in told["mtls_endpoint_aliases"]
    assert shows(world, ALONE).request("GET", "/.well-known/oauth-authorization-server").status == 200


@pytest.mark.parametrize("kind", ["EC", "RSA", "Ed25519"])
def test_a_certificate_of_a_key_that_the_app_registered(world, kind):
    """RFC 8705 §2.2.2: the key is what is compared. Who signed the certificate, or until when, says nothing."""
    made = self_signed("crm", kind)
    app = keyed(world, self_signed("another"), made)
    assert for_itself(app, shows(world, made)).status == 200
    for same in (self_signed("renewed", key=made.key), self_signed("over", key=made.key, begins=-9, ends=-1)):
        assert for_itself(app, shows(world, same)).status == 200
    assert is_error(for_itself(app, shows(world, self_signed("crm", kind))), 401, "invalid_client")


def test_a_key_that_is_fetched(world):
    """RFC 8705 §2.2.2: jwks_uri, so that keys are changed without asking us; at most once a minute."""
    api, made, later = Api(world, world.key("owner@platform.example", kind="secret")), self_signed(), self_signed()
    with Receiver() as server:
        serves(server, made.jwk)
        fields = {"name": "Fetched", "type": "confidential", "grant_types": ["client_credentials"], "machine_scopes": ["events:read"],
                  "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": server.url}
        app = flow_of(world, api("POST", "/v1/oauth_apps", fields).json["id"])
        assert for_itself(app, shows(world, made)).status == 200
        assert is_error(for_itself(app, shows(world, later)), 401, "invalid_client")
        serves(server, later.jwk)
        a_minute_later(world)
        assert for_itself(app, shows(world, later)).status == 200
        assert is_error(for_itself(app, shows(world, made)), 401, "invalid_client")
    assert for_itself(app, shows(world, later)).status == 200


NAMES = {"subject_dn": "CN=crm,O=Acme", "san_dns": "CRM.example", "san_uri": "https://acme.example/crm", "san_ip": "192.0.2.7",
         "san_email": "crm@acme.example"}


@pytest.mark.parametrize("kind", NAMES)
def test_a_certificate_of_the_registered_name(world, kind):
    """RFC 8705 §2.1.2: each of the five."""
    app = named(world, f"{kind}={NAMES[kind]}")
    assert for_itself(app, shows(world, SIGNED)).status == 200
    other = CA.issue("CN=crm2,O=Acme", dns="crm.example.org", uri="https://acme.example/crm/", ip="192.0.2.8", email="crm@acme.example.org")
    assert is_error(for_itself(app, shows(world, other)), 401, "invalid_client")
    assert is_error(for_itself(app, shows(world, CA.issue("CN=nothing"))), 401, "invalid_client")


def test_names_are_compared_as_they_are(world):
    """Blanks after separators and case do not matter in a DN; a wildcard stands for nothing, a part for no whole."""
    assert for_itself(named(world, "subject_dn=cn=CRM, o=Acme"), shows(world, SIGNED)).status == 200
    for wrong in ("subject_dn=CN=crm", "subject_dn=O=Acme,CN=crm", "subject_dn=CN=crm,O=Acme,C=DE", "san_dns=example", "san_dns=*.example"):
        assert is_error(for_itself(named(world, wrong), shows(world, SIGNED)), 401, "invalid_client"), wrong
    assert is_error(for_itself(named(world, "san_dns=a.crm.example"), shows(world, CA.issue(dns="*.crm.example"))), 401, "invalid_client")


def test_only_authorities_that_the_operator_named(world):
    """RFC 8705 §2.1: the chain, the dates and the purpose."""
    app = named(world, "san_dns=crm.example")
    assert for_itself(app, shows(world, BELOW.issue(dns="crm.example"))).status == 200
    bad = {"another": OTHER.issue(dns="crm.example"), "itself": self_signed("crm", dns="crm.example"), "over": CA.issue(dns="crm.example", begins=-9, ends=-1),
           "not yet": CA.issue(dns="crm.example", begins=1), "for servers": CA.issue(dns="crm.example", usage=ExtendedKeyUsageOID.SERVER_AUTH)}
    for why, made in bad.items():
        assert is_error(for_itself(app, shows(world, made)), 401, "invalid_client"), why


def test_who_shows_none_is_not_the_app(world):
    """T9; A stranger's handshake works all the same."""
    for app in (keyed(world), named(world, "san_dns=crm.example")):
        assert is_error(for_itself(app, shows(world, None)), 401, "invalid_client")
        assert is_error(for_itself(app, world.client_connection()), 401, "invalid_client")
        assert is_error(for_itself(app, shows(world, ALONE), client_secret="x"), 401, "invalid_client")
    for unknown in ("cli_0355WHuCFfRpMfB53mC9Z6", "x", None):
        reply = post_form(shows(world, ALONE), "/oauth/token", {"grant_type": "client_credentials", "client_id": unknown})
        assert is_error(reply, 401, "invalid_client")


def test_a_certificate_is_asked_for_at_its_host_alone(world):
    """Browsers are not: theirs would ask their users."""
    app = keyed(world)
    for host in (HOST, HOST.upper()):
        assert for_itself(app, shows(world, ALONE, host)).status == 200
    for host in ("127.0.0.1", "other.calends.example"):
        assert is_error(for_itself(app, shows(world, ALONE, host)), 401, "invalid_client")


def test_tls_1_2_as_well(world):
    app = keyed(world)
    assert for_itself(app, Showing(world, ALONE, HOST, ssl.TLSVersion.TLSv1_2)).status == 200


def test_a_method_is_not_confused_with_another(world, browser):
    """T10, T12: a certificate proves only who is registered for it; for others it says nothing."""
    secret = App(world, type="confidential", owner="owner@platform.example", grant=BOTH, machine_scope=SCOPES)
    assert is_error(for_itself(secret, shows(world, ALONE)), 401, "invalid_client")
    assert for_itself(secret, shows(world, ALONE), secret.credentials()[0]).status == 200
    public = App(world, type="public")
    assert public.redeem(public.consent(browser), (), shows(world, ALONE), client_id=public.id).status == 200
    for wrong in (keyed(world), named(world, "san_dns=crm.example")):
        assert wrong.secret is None
        assert is_error(for_itself(wrong, shows(world, ALONE), [("Authorization", "Basic Y2xpX3g6eA==")]), 400, "invalid_request")
    assert is_error(for_itself(keyed(world), shows(world, SIGNED)), 401, "invalid_client")


def test_the_header_of_a_proxy_counts_from_nobody_here(world):
    """RFC 9440 §4."""
    app = keyed(world)
    assert is_error(for_itself(app, world.client_connection(), ALONE.headers()), 401, "invalid_client")
    assert is_error(for_itself(app, shows(world, SIGNED), ALONE.headers()), 401, "invalid_client")


# ---- tokens ----

def refused(reply):
    """RFC 8705 §3: invalid_token, 401."""
    assert reply.status == 401, reply
    return any('error="invalid_token"' in c for c in reply.headers.all("WWW-Authenticate"))


ASK = {"rest": ("GET", "/v1/profile", None, [], 200), "caldav": ("PROPFIND", "/dav/", None, [("Depth", "0")], 207),
       "mcp": ("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
               [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")], 200)}


@pytest.mark.parametrize("surface", ASK)
def test_a_bound_token_works_beside_its_certificate_alone(world, bound, surface):
    """RFC 8705 §3; field: ensure-holder-of-key-required."""
    method, path, body, headers, good = ASK[surface]
    text = token(bound)
    ask = lambda http: http.request(method, path, body, [("Authorization", f"Bearer {text}"), *headers])
    assert ask(shows(world, ALONE)).status == good
    assert refused(ask(world.client_connection())) and refused(ask(shows(world, None))) and refused(ask(shows(world, self_signed())))
    assert refused(ask(shows(world, self_signed("renewed", key=ALONE.key)))), "the certificate, not its key"


def test_introspection_tells_the_certificate(world, bound):
    """RFC 8705 §3.2."""
    text = token(bound)
    got = post_form(shows(world, ALONE), "/oauth/introspect", {"token": text, "client_id": bound.id}).json
    assert got["active"] and got["cnf"] == {"x5t#S256": ALONE.x5t} and got["token_type"] == "Bearer"
    free = token(keyed(world))
    assert world.get("/v1/profile", key=free).status == 200


def test_without_a_certificate_there_is_no_bound_token(world, browser):
    """A secret is not enough where tokens are bound."""
    app = App(world, type="confidential", cert_bound=True)
    code = app.consent(browser, scope=SCOPES)
    assert is_error(app.redeem(code), 400, "invalid_request")
    reply = app.redeem(code, http=shows(world, ALONE))
    assert reply.status == 200, reply
    assert is_error(app.refresh(reply.json["refresh_token"]), 400, "invalid_request")
    again = app.refresh(reply.json["refresh_token"], http=shows(world, SIGNED))
    assert again.status == 200, again
    ask = lambda http: http.request("GET", "/v1/profile", None, {"Authorization": f"Bearer {again.json['access_token']}"})
    assert ask(shows(world, SIGNED)).status == 200 and refused(ask(shows(world, ALONE)))


def test_a_public_apps_refresh_token_is_bound_too(world, browser):
    """RFC 8705 §4; it is not replaced then, and no other certificate can use it."""
    app = App(world, type="public", cert_bound=True)
    tokens = app.redeem(app.consent(browser, scope=SCOPES), http=shows(world, ALONE)).json
    refresh = lambda made: app.refresh(tokens["refresh_token"], http=shows(world, made))
    assert is_error(refresh(SIGNED), 400, "invalid_grant")
    for _ in range(2):
        reply = refresh(ALONE)
        assert reply.status == 200 and reply.json["refresh_token"] == tokens["refresh_token"], reply
    seen = world.sql("SELECT count(*) FROM token_family WHERE x5t IS NOT NULL AND dpop_jkt IS NULL")
    assert seen == [["1"]]


def test_a_token_may_be_bound_to_both(world, bound):
    """RFC 8705 §3 and RFC 9449 §6: then both are asked for."""
    nonce = world.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]
    key = Key("ES256")
    reply = for_itself(bound, shows(world, ALONE), with_proof(proof(world, nonce, key=key)))
    assert reply.status == 200 and reply.json["token_type"] == "DPoP", reply
    text = reply.json["access_token"]
    ask = lambda http: http.request("GET", "/v1/profile", None, [("Authorization", f"DPoP {text}"), *with_proof(proof(world, nonce, "GET", "/v1/profile", text, key=key))])
    assert ask(shows(world, ALONE)).status == 200
    assert ask(world.client_connection()).status == 401 and ask(shows(world, SIGNED)).status == 401
    assert shows(world, ALONE).request("GET", "/v1/profile", None, {"Authorization": f"Bearer {text}"}).status == 401
    nonce = world.second.request("GET", "/v1/events", None, {"DPoP": "x"}).headers["DPoP-Nonce"]  # who met it makes nonces that all instances remember
    nonce = ask(shows(world, ALONE)).headers["DPoP-Nonce"]
    assert ask(world.client_connection()).status == 401 and ask(shows(world, SIGNED)).status == 401
    assert ask(shows(world, ALONE)).status == 200


def test_a_bound_token_is_exchanged_with_its_certificate_alone(world):
    """RFC 8693: no way round the certificate."""
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    app = App(world, type="confidential", owner="owner@platform.example", grant=["client_credentials", exchange], machine_scope=SCOPES, cert_bound=True)
    own = app.credentials()[0]
    text = for_itself(app, shows(world, ALONE), own).json["access_token"]
    ask = lambda made: app.token(own, shows(world, made), grant_type=exchange, subject_token=text, subject_token_type="urn:ietf:params:oauth:token-type:access_token")
    assert is_error(ask(SIGNED), 400, "invalid_request") and is_error(app.token(own, grant_type=exchange, subject_token=text,
        subject_token_type="urn:ietf:params:oauth:token-type:access_token"), 400, "invalid_request")
    got = ask(ALONE).json["access_token"]
    assert refused(world.get("/v1/profile", key=got))
    assert shows(world, ALONE).request("GET", "/v1/profile", None, {"Authorization": f"Bearer {got}"}).status == 200


# ---- registration ----

def test_what_an_app_is_registered_with(world):
    """RFC 7591 §2, RFC 8705 §2.1.2: by REST; one name and no more."""
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    body = {"name": "Acme", "type": "confidential", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "tls_client_auth"}
    made = api("POST", "/v1/oauth_apps", {**body, "tls_client_auth_san_dns": "crm.example", "tls_client_certificate_bound_access_tokens": True}).json
    path = f"/v1/oauth_apps/{made['id']}"
    assert "client_secret" not in made and made["tls_client_auth_san_dns"] == "crm.example" and made["tls_client_auth_subject_dn"] is None
    assert made["tls_client_certificate_bound_access_tokens"] is True
    changed = api("PATCH", path, {"tls_client_auth_san_ip": "2001:db8::7"}).json
    assert changed["tls_client_auth_san_ip"] == "2001:db8::7" and changed["tls_client_auth_san_dns"] is None
    assert_error(api("PATCH", path, {"tls_client_auth_san_ip": None}), 400, "invalid_value", "tls_client_auth_subject_dn")
    assert_error(api("PATCH", path, {"tls_client_auth_san_ip": "300.1.1.1"}), 400, "invalid_value", "tls_client_auth_san_ip")
    assert_error(api("POST", "/v1/oauth_apps", body), 400, "invalid_value", "tls_client_auth_subject_dn")
    both = {**body, "tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "192.0.2.1"}
    assert_error(api("POST", "/v1/oauth_apps", both), 400, "invalid_value", "tls_client_auth_subject_dn")
    keyless = {**body, "token_endpoint_auth_method": "self_signed_tls_client_auth"}
    assert_error(api("POST", "/v1/oauth_apps", keyless), 400, "invalid_value", "jwks")
    assert api("DELETE", path).status == 200


def test_large_and_broken_certificates_break_nothing(world):
    """A handshake takes 64 KiB of certificates; what is none ends it, and the server stays."""
    large = self_signed("x" * 60, uri="https://acme.example/" + "x" * 15000)
    assert is_error(for_itself(keyed(world), shows(world, large)), 401, "invalid_client")
    assert world.get("/healthz").status == 200
