# SPDX-License-Identifier: Apache-2.0
"""Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): a client_id that is a URL."""
import contextlib
import json
import secrets
import threading
import time

import pytest
from jose import Key
from oauth_flow import REDIRECT, App, Browser, Pkce, alive, answer, at_once, encode, is_error, is_page, post_form
from patience import Waited
from receiver import Receiver
from world import Server

SERVE = ["--allow-private-hooks", "--trusted-proxy", "127.0.0.1"]


class DocumentApp(App):
    """An app that says in a document what it is."""

    def __init__(self, world, receiver, path="/client", redirect=REDIRECT, **metadata):
        self.world, self.redirect, self.http, self.secret, self.pkce = world, redirect, world.http, None, Pkce()
        self.id = receiver.url.removesuffix("/in") + path
        self.document = {"client_id": self.id, "client_name": "Documented", "redirect_uris": [redirect], **metadata}
        self.headers = {"Content-Type": "application/json"}
        receiver.pages[path] = lambda: (200, self.headers, json.dumps(self.document).encode())


USED = set()


@pytest.fixture()
def receiver():
    """At an address that no test had before: a client_id is its URL, and what was said there once is kept."""
    with contextlib.ExitStack() as opened:
        r = opened.enter_context(Receiver())
        while r.url in USED:  # while the one before is open its port is not given again
            r = opened.enter_context(Receiver())
        USED.add(r.url)
        r.pages = {}
        r.answer = lambda d: r.pages[d.path]() if d.path in r.pages else 404
        yield r


@pytest.fixture(scope="module")
def user(world):
    b = Browser(world)
    b.sign_in(world.account("una@example.org"))
    return b


def from_elsewhere():
    """Another network: what one may ask for in a minute is another test's subject."""
    return [("X-Forwarded-For", f"192.0.{secrets.randbelow(255)}.{secrets.randbelow(255)}")]


def ask(app, browser, headers=None, **changes):
    return browser.get(app.target(**changes), from_elsewhere() if headers is None else headers)


def refused(app, browser, text=None, **changes):
    reply = ask(app, browser, **changes)
    assert is_page(reply, 400)
    assert text is None or text in reply.text, reply.text
    return True


def consent(app, browser, **changes):
    page = browser.get(ask(app, browser, **changes).location)
    return page, answer(app.decide(browser, page), app.redirect)["code"]


def forget(world):
    """As if a day and more had passed since all was fetched."""
    world.sql("UPDATE client_document SET fresh_until = now() - interval '1 second', tried_at = now() - interval '1 hour'")


def test_metadata_says_so(world):
    assert world.http.request("GET", "/.well-known/oauth-authorization-server").json["client_id_metadata_document_supported"] is True


def test_an_app_with_a_document_connects(world, user, receiver):
    """§3: fetched once, shown as unverified with its URL, and not fetched by the token endpoint."""
    app = DocumentApp(world, receiver, scope="profile:read events:read")
    page, code = consent(app, user, scope="profile:read")
    assert "Documented" in page.text and app.id in page.text and "Unverified" in page.text and ">Verified<" not in page.text
    tokens = app.redeem(code).json
    assert alive(world, tokens)
    forget(world)
    fresh = app.refresh(tokens["refresh_token"]).json
    assert alive(world, fresh) and len(receiver.got) == 1
    assert receiver.got[0].headers["accept"] == "application/json" and "authorization" not in receiver.got[0].headers
    assert app.revoke(fresh["refresh_token"]).status == 200 and not alive(world, fresh)


def test_introspection_names_its_document(world, user, receiver):
    """RFC 7662 §2.2."""
    app = DocumentApp(world, receiver, scope="profile:read events:read")
    tokens = app.redeem(consent(app, user, scope="profile:read")[1]).json
    gateway = App(world, type="confidential", may_introspect=True)
    assert {gateway.introspect(tokens[kind]).json["client_id"] for kind in ("access_token", "refresh_token")} == {app.id}


def test_its_requests_can_be_pushed(world, user, receiver):
    app = DocumentApp(world, receiver)
    pushed = post_form(world.http, "/oauth/par", app.params(), from_elsewhere())
    assert pushed.status == 201, pushed
    visited = user.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed.json["request_uri"]}))
    assert app.redeem(answer(app.decide(user, user.get(visited.location)))["code"]).status == 200
    assert len(receiver.got) == 1


def test_redirect_uris_are_those_of_the_document(world, user, receiver):
    app = DocumentApp(world, receiver, redirect="http://127.0.0.1:7001/cb")
    assert ask(app, user, redirect_uri="http://127.0.0.1:9999/cb").status == 303
    assert refused(app, user, redirect_uri="https://evil.example/cb")
    assert refused(app, user, redirect_uri="http://127.0.0.1:7001/other")
    assert refused(app, user, redirect_uri=None)


BAD = {
    "another client_id": {"client_id": "https://app.example/client"}, "no client_id": {"client_id": None}, "client_id a number": {"client_id": 5},
    "a secret": {"client_secret": "x"}, "client_secret_basic": {"token_endpoint_auth_method": "client_secret_basic"},
    "client_secret_post": {"token_endpoint_auth_method": "client_secret_post"}, "client_secret_jwt": {"token_endpoint_auth_method": "client_secret_jwt"},
    "key without keys": {"token_endpoint_auth_method": "private_key_jwt"}, "no redirect": {"redirect_uris": None}, "http": {"redirect_uris": ["http://a.example/"]},
    "script": {"redirect_uris": ["javascript:alert(1)"]}, "name": {"client_name": "Goog\u202ele"}, "scope": {"scope": "mail:all"},
    "grants": {"grant_types": ["client_credentials"]}, "logo": {"logo_uri": "file:///etc/passwd"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_document_that_cannot_be_taken_is_told(world, user, receiver, changes):
    """§4.1: client_id is the URL, no symmetric method; and redirect URIs of RFC 8252."""
    app = DocumentApp(world, receiver, **changes)
    assert refused(app, user, "describes itself at")
    assert is_error(post_form(world.http, "/oauth/par", app.params(), from_elsewhere()), 401, "invalid_client")
    assert len(receiver.got) == 1  # a document that was refused is kept as that for a minute


ANSWERS = {
    "none": lambda app: (404, {}, b""), "an error": lambda app: (500, {}, b""), "another success": lambda app: (204, {}, b""),
    "a redirect": lambda app: (302, {"Location": app.id + "2"}, b""), "huge": lambda app: (200, {}, json.dumps({**app.document, "x": "x" * 20000}).encode()),
    "no JSON": lambda app: (200, {}, b"<html>"), "a list": lambda app: (200, {}, json.dumps([app.document]).encode()), "empty": lambda app: (200, {}, b""),
    "twice": lambda app: (200, {}, json.dumps(app.document)[:-1].encode() + b', "client_name": "x"}'), "deep": lambda app: (200, {}, b"[" * 9000),
    "octets": lambda app: (200, {}, b"\xff\x00"),
}


@pytest.mark.parametrize("say", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_is_no_document_is_told(world, user, receiver, say):
    """Redirects are not followed, and what is too long is not read."""
    app = DocumentApp(world, receiver)
    receiver.pages["/client2"] = receiver.pages["/client"]
    receiver.pages["/client"] = lambda: say(app)
    assert refused(app, user, "describes itself at")
    assert [d.path for d in receiver.got] == ["/client"]


def test_a_slow_document_is_given_up(world, user, receiver):
    app, end = DocumentApp(world, receiver), threading.Event()
    receiver.pages["/client"] = lambda: (end.wait(60), 404)[1]
    waited = Waited(world.process.pid)
    try:
        assert refused(app, user, "describes itself at") and waited.seconds < 8
    finally:
        end.set()


@pytest.mark.parametrize("url", [
    "https://app.example", "https://app.example/", "https://app.example/c#f", "https://u@app.example/c", "https://u:p@app.example/c",
    "https://app.example/a/../c", "https://app.example/./c", "https://app.example/a/%2e%2e/c", "https://app.example/%2E/c", "https://", "https:///c", "https://app.example/" + "a" * 1100, "ftp://app.example/c",
    "https://app.example/c d", "HTTPS://app.example/c"])
def test_what_is_no_url_of_a_document_is_refused(world, user, url):
    """§3: https, a path, no fragment, user or dot segment."""
    app = DocumentApp.__new__(DocumentApp)
    app.redirect, app.pkce, app.id = REDIRECT, Pkce(), url
    before = world.sql("SELECT count(*) FROM client_document")
    assert refused(app, user) and world.sql("SELECT count(*) FROM client_document") == before


PRIVATE = ["http://127.0.0.1:{}/client", "https://127.0.0.1:{}/client", "https://localhost:{}/client", "https://10.0.0.1/c", "https://169.254.169.254/latest/meta-data",
           "https://[::1]:{}/client", "https://[::ffff:127.0.0.1]/c", "https://2130706433/c", "https://0x7f000001/c", "https://192.168.1.1/c", "http://app.example/c"]


def test_nothing_private_is_called(world, receiver):
    """SSRF: the rules of addresses that webhooks have; nothing is asked, whatever the host's spelling."""
    strict = Server(world, ["--trusted-proxy", "127.0.0.1"])
    try:
        app = DocumentApp(world, receiver)
        http = strict.client_connection()
        for url in PRIVATE:
            app.id = url.format(receiver.server.server_port)
            assert is_page(http.request("GET", app.target(), None, from_elsewhere()), 400), url
        assert receiver.got == []
    finally:
        strict.stop()


def test_it_is_kept_as_long_as_http_says(world, user, receiver):
    """RFC 9111 §5.2.2, between a minute and a day."""
    app = DocumentApp(world, receiver)
    fresh = lambda: float(world.sql(f"SELECT extract(epoch FROM fresh_until - fetched_at) FROM client_document WHERE url = '{app.id}'")[0][0])
    for said, kept in ((None, 3600), ("max-age=600", 600), ("public, max-age=120", 120), ("max-age=5", 60), ("no-store", 60), ("max-age=99999999", 86400),
                       ("max-age=x", 86400)):
        app.headers = {"Cache-Control": said} if said else {}
        forget(world)
        assert ask(app, user).status == 303 and ask(app, user).status == 303
        assert fresh() == kept, said
    assert len(receiver.got) == 7


def test_a_document_that_changes_between_two_fetches(world, user, receiver):
    """What the user saw is what they allow; the next request goes by the new one."""
    app = DocumentApp(world, receiver, client_name="First name")
    page = user.get(ask(app, user).location)
    app.document |= {"client_name": "Second name", "redirect_uris": ["https://other.example/cb"]}
    forget(world)
    assert refused(app, user, redirect_uri=REDIRECT)
    tokens = app.redeem(answer(app.decide(user, page))["code"])
    assert tokens.status == 200 and "First name" in user.get("/connected-accounts").text
    app.redirect = "https://other.example/cb"
    page, code = consent(app, user)
    assert "Second name" in page.text and app.redeem(code).status == 200
    listed = user.get("/connected-accounts").text
    assert "Second name" in listed and "First name" not in listed  # one connection still
    app.document["client_id"] = "https://evil.example/c"
    forget(world)
    assert refused(app, user)


def test_while_it_cannot_be_fetched_it_counts_for_a_day(world, user, receiver):
    app = DocumentApp(world, receiver)
    good = receiver.pages["/client"]
    assert ask(app, user).status == 303
    receiver.pages["/client"] = lambda: 503
    forget(world)
    assert ask(app, user).status == 303
    forget(world)
    world.sql("UPDATE client_document SET fetched_at = now() - interval '25 hours'")
    assert refused(app, user)
    forget(world)
    receiver.pages["/client"] = good
    assert ask(app, user).status == 303
    receiver.pages["/client"] = lambda: 410  # it says that it is no more
    forget(world)
    assert refused(app, user)


def test_it_is_fetched_once_by_many(world, user, receiver):
    app = DocumentApp(world, receiver)
    good = receiver.pages["/client"]
    begun = threading.Event()
    receiver.pages["/client"] = lambda: (begun.wait(0.3), good())[1]
    replies = at_once(world, 8, lambda http: http.request("GET", app.target(), None, from_elsewhere()))
    assert {r.status for r in replies} == {303} and len(receiver.got) == 1


def test_what_one_network_asks_for_is_bounded(world, receiver):
    """And locks nobody else out; nor does what is kept of an origin that was asked for too much stop to count."""
    app, http = DocumentApp(world, receiver), world.client_connection()
    get = lambda url, address: http.request("GET", App.target(app, client_id=url), None, [("X-Forwarded-For", address)]).status
    begun = time.monotonic()
    assert get(app.id, "198.51.100.1") == 303
    base = app.id + "/"
    statuses = [get(base + str(n), "203.0.113.7") for n in range(90)]
    assert set(statuses) == {400, 429} and len(receiver.got) <= 31 + (time.monotonic() - begun) / 2  # thirty a minute
    assert world.wait_for(lambda: get(base + "x", "198.51.100.2") == 429)  # its origin has no turn left, but for what came meanwhile
    forget(world)
    assert get(app.id, "198.51.100.3") == 303  # as it was before
    with Receiver() as other:
        other.pages = {}
        other.answer = lambda d: other.pages[d.path]()
        assert get(DocumentApp(world, other).id, "198.51.100.4") == 303
        assert get(DocumentApp(world, other).id, "203.0.113.7") == 303  # that is kept: nothing is fetched


def test_rows_are_bounded(world, user, receiver):
    world.sql("INSERT INTO client_document (url, tried_at) SELECT 'https://many.example/' || n, now() - interval '1 hour' FROM generate_series(1, 2500) n")
    assert ask(DocumentApp(world, receiver), user).status == 303
    assert world.sql("SELECT count(*) FROM client_document") == [["2000"]]


def test_a_denied_host_is_not_connected(world, user, receiver):
    app = DocumentApp(world, receiver, redirect="https://app.documents.example/cb")
    tokens = app.redeem(consent(app, user, scope="profile:read")[1]).json
    for name in ("documents.example", app.id):
        world.cli("client", "deny", name)
        assert refused(app, user) and not alive(world, tokens)
        assert is_error(app.refresh(tokens["refresh_token"]), 401, "invalid_client")
        world.cli("client", "allow", name)
        assert alive(world, tokens)


def test_an_app_with_a_key_proves_itself_by_it(world, user, receiver):
    """§4.1, RFC 7523 §3: its keys stand in the document; nobody redeems its codes without them."""
    key = Key("ES256", kid="k", alg="ES256")
    app = DocumentApp(world, receiver, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key.public]})
    _, code = consent(app, user, scope="profile:read")
    now = int(time.time())
    claims = lambda: {"iss": app.id, "sub": app.id, "aud": world.public_url, "exp": now + 60, "iat": now, "jti": secrets.token_urlsafe(16)}
    proof = lambda by: {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": by.sign(claims())}
    assert is_error(app.redeem(code), 401, "invalid_client")
    assert is_error(app.redeem(code, **proof(Key("ES256", kid="k", alg="ES256"))), 401, "invalid_client")
    reply = app.redeem(code, **proof(key))
    assert reply.status == 200 and alive(world, reply.json)
    # Pushed by its key: it names itself, since what it says stands under that name.
    push = lambda **changes: post_form(world.http, "/oauth/par", {**app.params(**changes), **proof(key)}, from_elsewhere())
    assert push().status == 201 and is_error(push(client_id=None), 400, "invalid_request")
