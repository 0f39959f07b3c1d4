# SPDX-License-Identifier: Apache-2.0
"""What Python programs sign in with: requests-oauthlib and Authlib, from Debian."""
import base64
import os
import sys
import urllib.parse

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "http"))

from oauth_flow import App, Browser, Form, challenge_of  # noqa: E402

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http on loopback

SCOPES = ["profile:read", "events:read"]
VERIFIER = "v" * 64


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account("una@example.org"))
    return b


def allow(browser, url):
    """The user's part: where the browser is led at last."""
    parts = urllib.parse.urlsplit(url)
    reply = browser.get(f"{parts.path}?{parts.query}")
    assert reply.status == 303 and reply.location.startswith("/consent?"), reply
    page = browser.get(reply.location)
    return browser.post("/consent", Form(page.text, "/consent").with_(decision="allow")).location


def test_requests_oauthlib_gets_uses_and_refreshes_tokens_by_itself(world, browser):
    """Code with PKCE, a scope that is compared as it was asked, refresh when a token is too old."""
    app, told = App(world, type="confidential"), []
    session = OAuth2Session(app.id, redirect_uri=app.redirect, scope=SCOPES, auto_refresh_url=world.url + "/oauth/token",
                            auto_refresh_kwargs={"client_id": app.id, "client_secret": app.secret}, token_updater=told.append)
    url, state = session.authorization_url(world.url + "/oauth/authorize", code_challenge=challenge_of(VERIFIER), code_challenge_method="S256")
    back = allow(browser, url)
    assert state in back
    token = session.fetch_token(world.url + "/oauth/token", authorization_response=back, code_verifier=VERIFIER, client_secret=app.secret)
    assert set(token["scope"]) == set(SCOPES)
    assert session.get(world.url + "/v1/profile").json()["email"] == "una@example.org"
    session.token = {**token, "expires_at": 1}
    assert session.get(world.url + "/v1/profile").status_code == 200
    assert told and told[0]["access_token"] != token["access_token"]
    assert app.revoke(told[0]["refresh_token"]).status == 200
    with pytest.raises(InvalidGrantError):
        session.refresh_token(world.url + "/oauth/token", client_id=app.id, client_secret=app.secret)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_in_by_openid_connect(world, browser, method):
    """The ID token by the server's keys, userinfo, refresh, introspection and revocation."""
    app = App(world, type="confidential", scope="openid email profile:read")
    session = AuthlibSession(app.id, app.secret, scope="openid email profile:read", redirect_uri=app.redirect, token_endpoint_auth_method=method,
                             code_challenge_method="S256")
    url, state = session.create_authorization_url(world.url + "/oauth/authorize", code_verifier=VERIFIER, nonce="a nonce")
    token = session.fetch_token(world.url + "/oauth/token", authorization_response=allow(browser, url), state=state, code_verifier=VERIFIER)
    claims = JsonWebToken(["ES256"]).decode(token["id_token"], world.get("/oauth/jwks").json, claims_options={
        "iss": {"essential": True, "value": world.public_url}, "aud": {"essential": True, "value": app.id}})
    claims.validate()
    assert claims["nonce"] == "a nonce"
    told = session.get(world.url + "/oauth/userinfo").json()
    assert told["sub"] == claims["sub"] and told["email"] == "una@example.org"
    next_ = session.refresh_token(world.url + "/oauth/token", refresh_token=token["refresh_token"])
    assert session.introspect_token(world.url + "/oauth/introspect", token=next_["access_token"]).json()["active"] is True
    assert session.revoke_token(world.url + "/oauth/revoke", token=next_["refresh_token"]).status_code == 200
    assert world.get("/v1/profile", key=next_["access_token"]).status == 401


@pytest.mark.parametrize("path", ["oauth-authorization-server", "openid-configuration/mcp", "oauth-protected-resource", "oauth-protected-resource/dav"])
def test_authlib_verifies_the_signed_metadata(world, path):
    """RFC 8414 §2.1, RFC 9728 §2.2: by a key that the caller has from elsewhere; with another key, or altered, it is nothing."""
    told = world.get("/.well-known/" + path).json
    token = told.pop("signed_metadata")
    claims = JsonWebToken(["ES256"]).decode(token, world.get("/oauth/jwks").json, claims_options={"iss": {"essential": True, "value": world.public_url}})
    claims.validate()
    assert {k: v for k, v in claims.items() if k not in ("iss", "iat")} == told
    head, body, signature = token.split(".")
    altered = base64.urlsafe_b64encode(base64.urlsafe_b64decode(body + "==").replace(b"/oauth/", b"/evil/")).decode().rstrip("=")
    stranger = JsonWebKey.generate_key("EC", "P-256", {"kid": claims.header["kid"]})
    for wrong, keys in ((f"{head}.{body}.{signature[:-6]}AAAAAA", world.get("/oauth/jwks").json), (f"{head}.{altered}x.{signature}", world.get("/oauth/jwks").json), (token, stranger)):
        with pytest.raises(JoseError):
            JsonWebToken(["ES256"]).decode(wrong, keys)


def test_authlib_as_a_machine(world):
    app = App(world, type="confidential", grant=["client_credentials"], machine_scope="calendars:read")
    session = AuthlibSession(app.id, app.secret, scope="calendars:read")
    session.fetch_token(world.url + "/oauth/token", grant_type="client_credentials")
    assert session.get(world.url + "/v1/calendars").status_code == 200
