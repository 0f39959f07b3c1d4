# SPDX-License-Identifier: Apache-2.0
"""Client ID metadata documents over https, as they are outside of tests. The authorities that the server trusts stand in the place of the
system's, in a mount namespace of the server's own."""
import contextlib
import ssl
import subprocess

import pytest

import world as world_module
from certificate import Certificate
from hooks import ENDPOINTS, deliveries, delivery, endpoint
from oauth_flow import Browser, alive
from receiver import Receiver
from test_oauth_documents import DocumentApp, consent, forget, refused
from world import World

SERVE = ["--trusted-proxy", "127.0.0.1", "--allow-private-hooks"]
SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
INSIDE = ["unshare", "--mount", "sh", "-c", f'mount --bind "$0" {SYSTEM} && exec "$@"']
pytestmark = pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0,
                                reason="this user makes no mount namespaces")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Each is its own authority."""
    folder = str(tmp_path_factory.mktemp("certificates"))
    return {"good": Certificate(folder, "127.0.0.1", name="good"), "over": Certificate(folder, "127.0.0.1", days=-1, name="over"),
            "another name": Certificate(folder, "app.example", name="elsewhere"), "another authority": Certificate(folder, "127.0.0.1", name="unknown")}


@pytest.fixture(scope="module")
def world(postgres, database, certificates, tmp_path_factory):
    trusted = tmp_path_factory.mktemp("trusted") / "all.pem"
    for name in ("good", "over", "another name"):
        with open(certificates[name].cert, encoding="ascii") as one, open(trusted, "a", encoding="ascii") as to:
            to.write(one.read())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "WRAP", [*INSIDE, str(trusted)])
        w = World(postgres, database, SERVE)
        try:
            yield w
        finally:
            w.close()


@pytest.fixture(scope="module")
def user(world):
    browser = Browser(world)
    browser.sign_in(world.account("una@example.org"))
    return browser


@contextlib.contextmanager
def site(certificate):
    """Where an app has its document, behind this certificate."""
    with Receiver() as r:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.cert, certificate.key)
        r.server.socket = context.wrap_socket(r.server.socket, server_side=True, do_handshake_on_connect=False)
        r.url, r.pages = r.url.replace("http://", "https://"), {}
        r.answer = lambda d: r.pages[d.path]() if d.path in r.pages else 404
        yield r


def test_an_app_connects_by_a_document_behind_tls(world, user, certificates):
    """draft-ietf-oauth-client-id-metadata-document §3: from the URL to tokens, a refresh and the end of it."""
    with site(certificates["good"]) as receiver:
        app = DocumentApp(world, receiver, "/apps/garden.json", scope="profile:read events:read")
        assert app.id.startswith("https://127.0.0.1:")
        page, code = consent(app, user, scope="profile:read")
        assert "Documented" in page.text and app.id in page.text and "Unverified" in page.text
        tokens = app.redeem(code).json
        assert alive(world, tokens) and len(receiver.got) == 1
        app.document["client_name"] = "Documented anew"
        forget(world)
        assert "Documented anew" in consent(app, user, scope="profile:read")[0].text and len(receiver.got) == 2
    fresh = app.refresh(tokens["refresh_token"]).json  # nobody is there any more, and nobody is asked
    assert alive(world, fresh)
    assert app.revoke(fresh["refresh_token"]).status == 200 and not alive(world, fresh)


@pytest.mark.parametrize("wrong", ["another authority", "another name", "over"])
def test_a_document_behind_a_bad_certificate_is_not_read(world, user, certificates, wrong):
    """RFC 9110 §4.3.4: who answers must prove to be the host of the URL."""
    with site(certificates[wrong]) as receiver:
        app = DocumentApp(world, receiver, f"/{wrong.replace(' ', '-')}", client_name="Not who they say")
        assert refused(app, user) and not receiver.got
    assert world.sql("SELECT count(*) FROM oauth_client WHERE name = 'Not who they say'") == [["0"]]


# ---- the same fetcher, for webhooks ----


@pytest.mark.parametrize("name,status,error", [("good", "delivered", None), ("over", "pending", "tls"), ("another name", "pending", "tls"),
                                               ("another authority", "pending", "tls")])
def test_a_webhook_goes_to_nobody_whose_certificate_is_not_good(world, certificates, name, status, error):
    """K19: it is told in the log of deliveries, and nothing was said to them."""
    key = world.key("hooks@example.org", kind="secret")
    with site(certificates[name]) as receiver:
        receiver.answer = lambda d: 200
        made = endpoint(world, key, receiver.url)
        found = world.wait_for(lambda: [d for d in deliveries(world, key, made, type="ping", status=status) if d["attempt_count"] and d["error"] == error])
        assert found, deliveries(world, key, made)
        [attempt] = delivery(world, key, made, found[0]["id"])["attempts"]
        assert attempt["error"] == error and len(receiver.got) == (status == "delivered")
    assert world.request("DELETE", f"{ENDPOINTS}/{made['id']}", key=key).status in (200, 204)
