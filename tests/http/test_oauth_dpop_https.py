# SPDX-License-Identifier: Apache-2.0
"""The URL of a proof where the server has a name and https (RFC 9449 §4.3 check 9, RFC 9110 §4.2.3): hosts have no case, and a default port need not be said."""
import pytest

from dpop import SCOPES, ask, made, new_nonce, proof, refused, with_proof
from oauth_flow import App, is_error

PUBLIC_URL = "https://calends.example"
SIGNED_IN = "una"
SERVE = ["--rate-limit", "100000"]
URLS = {
    "https://calends.example": True, "https://CALENDS.Example": True, "HTTPS://calends.example": True, "https://calends.example:443": True,
    "https://CALENDS.EXAMPLE:443": True, "https://calends.example:": True,
    "https://calends.example:80": False, "https://calends.example:8443": False, "http://calends.example": False, "http://calends.example:443": False,
    "https://calends.example.": False, "https://x.calends.example": False, "https://calends.example@evil.example": False, "https://user@calends.example": False,
    "//calends.example": False, "calends.example": False, "https:calends.example": False, "https://127.0.0.1": False,
}


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public")


@pytest.fixture(scope="module")
def token(world, app, browser):
    reply = app.redeem(app.consent(browser, scope=SCOPES), with_proof(proof(world, new_nonce(world))))
    assert reply.status == 200, reply
    return reply.json["access_token"]


@pytest.mark.parametrize("base", URLS)
def test_where_a_proof_is_for(world, app, token, base):
    """field §6.4, dpop-negative-tests: htu with its host in upper case, and with the default port, are accepted; other places are not. At a resource and at the token endpoint."""
    nonce = new_nonce(world)
    reply = ask(world, "rest", token, made(world, nonce, "rest", token, htu=base + "/v1/profile"))
    assert reply.status == 200 if URLS[base] else refused(reply), reply
    reply = app.refresh("crt_x", with_proof(proof(world, nonce, htu=base + "/oauth/token")))
    assert is_error(reply, 400, "invalid_grant" if URLS[base] else "invalid_dpop_proof"), reply
