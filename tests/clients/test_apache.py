# SPDX-License-Identifier: Apache-2.0
"""Apache in front of somebody's own application: mod_auth_openidc signs its users in here, mod_oauth2 asks here about the tokens that it is shown."""
import http.client
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "http"))

from oauth_flow import App, Browser, Form  # noqa: E402
from ports import free_port  # noqa: E402

MODULES = "/usr/lib/apache2/modules"
BASE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/errors
LogLevel warn
User nobody
Group nogroup
DefaultRuntimeDir {folder}
DocumentRoot {folder}/www
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
"""


class Apache:
    """One with these settings, whose /app/page.txt is protected by them."""

    def __init__(self, port, settings, **values):
        self.folder, self.port = pathlib.Path(tempfile.mkdtemp(prefix="calends-apache-", dir="/tmp")), port  # where its own user may read
        self.url, folder = f"http://127.0.0.1:{port}", self.folder
        page = folder / "www" / "app" / "page.txt"
        page.parent.mkdir(parents=True)
        page.write_text("the application")
        folder.chmod(0o755)
        conf = folder / "conf"
        conf.write_text(BASE.format(folder=folder, port=self.port, modules=MODULES) + settings.format(modules=MODULES, url=self.url, **values))
        conf.chmod(0o600)
        self.process = subprocess.Popen(["apache2", "-DFOREGROUND", "-f", str(conf)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def get(self, target, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", target, headers={"Accept": "text/html", **dict(headers)})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode()
        finally:
            connection.close()

    def answers(self):
        try:
            return self.get("/nothing")[0] in (401, 404)
        except OSError:
            assert self.process.poll() is None, self.process.stdout.read().decode()
            return False

    def errors(self):
        return (self.folder / "errors").read_text()[-3000:]

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.folder)


@pytest.fixture
def apache(world):
    opened = []

    def make(settings, port=None, **values):
        opened.append(Apache(port or free_port(), settings, **values))
        assert world.wait_for(opened[-1].answers), opened[-1].errors()
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account("una@example.org"))
    return b


def test_mod_oauth2_lets_in_whose_token_works(world, browser, apache):
    """RFC 7662: a resource server of somebody else's, which may ask about all tokens."""
    asking = App(world, type="confidential", may_introspect=True)
    server = apache("""
LoadModule oauth2_module {modules}/mod_oauth2.so
<Location /app>
AuthType oauth2
OAuth2TokenVerify introspect {issuer}/oauth/introspect introspect.ssl_verify=false&introspect.auth=client_secret_basic&client_id={id}&client_secret={secret}&expiry=0
Require oauth2_claim scope:profile:read
Require valid-user
</Location>
""", issuer=world.url, id=asking.id, secret=asking.secret)
    app = App(world, type="public")
    tokens = app.connect(browser, scope="profile:read")
    bearer = [("Authorization", "Bearer " + tokens["access_token"])]
    assert server.get("/app/page.txt")[0] == 401
    assert server.get("/app/page.txt", [("Authorization", "Bearer nonsense")])[0] == 401
    status, _, body = server.get("/app/page.txt", bearer)
    assert (status, body) == (200, "the application"), server.errors()


def test_mod_auth_openidc_signs_in(world, browser, apache):
    """OpenID Connect from the discovery document: code with PKCE, ID token by our keys, userinfo; what it tells the application."""
    port = free_port()
    app = App(world, type="confidential", redirect=f"http://127.0.0.1:{port}/app/back", scope="openid email profile")
    server = apache("""
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCSSLValidateServer Off
OIDCClientID {id}
OIDCClientSecret {secret}
OIDCRedirectURI {url}/app/back
OIDCCryptoPassphrase something-of-the-application
OIDCScope "openid email profile"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCCookieSameSite Off
<Location /app>
AuthType openid-connect
Require claim email:una@example.org
</Location>
""", port, issuer=world.url, id=app.id, secret=app.secret)
    status, headers, _ = server.get("/app/page.txt")
    assert status == 302 and headers["Location"].startswith(world.public_url + "/oauth/authorize?"), server.errors()
    cookies = "; ".join(c.split(";")[0] for c in headers.get_all("Set-Cookie"))
    parts = urllib.parse.urlsplit(headers["Location"])
    page = browser.get(browser.get(f"{parts.path}?{parts.query}").location)
    back = browser.post("/consent", Form(page.text, "/consent").with_(decision="allow")).location
    assert back.startswith(server.url + "/app/back?code="), back
    status, headers, body = server.get(back.removeprefix(server.url), [("Cookie", cookies)])
    assert status == 302 and headers["Location"] == server.url + "/app/page.txt", (body, server.errors())
    session = "; ".join(c.split(";")[0] for c in headers.get_all("Set-Cookie"))
    assert server.get("/app/page.txt", [("Cookie", session)])[2] == "the application", server.errors()
