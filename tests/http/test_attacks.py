# SPDX-License-Identifier: Apache-2.0
"""Rows of docs/attacks.md that no other file shows. That each has its test: test_shown_by.py."""
import gzip
import json
import re
import secrets
import socket
import time

import leaks
import pytest
from forge import forged, other_random
from oauth_flow import BOTH, FORM, App, Browser, Form, OpenApp, Pkce, alive, answer, basic, encode, is_error, is_page, post_form, profile
from raw import read_all
from receiver import Receiver

SECONDS = 20
HASHING = True
SERVE = ["--rate-limit", "0", "--allow-private-hooks", "--voice-backend", "wss://voice.example.com/realtime"]
JSON = ("Content-Type", "application/json")

# ---- the authorization endpoint and its pages ----


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read profile:read")


@pytest.fixture(scope="module")
def server(world):
    return App(world, type="confidential")


def test_a_decision_without_its_cookie_or_of_no_origin_is_nobodys(world, app, browser):
    """A24. Origin: null comes from a sandboxed frame, and from our own pages (Referrer-Policy: no-referrer): then the token decides."""
    fields = Form(app.consent_page(browser).text, "/consent").with_(decision="allow")
    without = [f for f in fields if f[0] != "csrf"]
    assert is_page(Browser(world).post("/consent", fields), 403)
    for headers in ([("Origin", "null")], [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")], []):
        assert is_page(browser.post("/consent", without, headers), 403), headers
    for headers in ([("Origin", "null"), ("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Origin", "https://evil.example")]):
        assert is_page(browser.post("/consent", fields, headers), 403), headers
    assert "code" in answer(browser.post("/consent", fields, [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]))


def test_no_page_of_the_way_through_oauth_can_be_framed(world, app, browser):
    """A27: the pages that ask, and those that say what is wrong."""
    consent = app.ask(browser).location
    stranger = Browser(world)
    pages = [browser.get(consent), stranger.get(app.ask(stranger).location), stranger.get("/sign-in"), browser.get("/device"), browser.get("/oauth/logout"),
        browser.get("/connected-accounts"), app.ask(browser, client_id="cli_x"), browser.get("/consent?request=x"), browser.get("/oauth/continue?request=x"),
        browser.get("/oauth/nothing", [("Accept", "text/html")]), browser.send("PUT", "/consent", [("Accept", "text/html")]),
        browser.post("/consent", {"csrf": "x"}), browser.post("/device", {"csrf": "x"}), browser.post("/sign-out", {"csrf": "x"})]
    for page in pages:
        assert page.headers["Content-Type"].startswith("text/html"), page
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"] and page.headers["X-Frame-Options"] == "DENY", page
        assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer", page


MARKUP = '"><img src=x onerror=alert(1)>'


def test_what_an_app_and_its_request_say_is_text_on_every_page_of_the_way(world, user, browser):
    """A36."""
    app = OpenApp(world, client_name="<b>Bold</b> & 'quoted'", client_uri="https://app.example/?a=%27%3E%3Cscript%3E&b='c'")
    stranger = Browser(world)
    said = {"ui_locales": MARKUP, "login_hint": MARKUP, "state": MARKUP, "nonce": MARKUP, "acr_values": MARKUP, "display": MARKUP}
    asked = app.ask(stranger, **said)
    pages = [stranger.get(asked.location), app.consent_page(browser, **said), app.ask(browser, **{**said, "redirect_uri": "https://evil.example/" + MARKUP}),
        app.ask(browser, **{**said, "client_id": MARKUP}), browser.get("/device?" + encode({"user_code": MARKUP}))]
    app.decide(browser, pages[1])
    pages += [browser.get("/connected-accounts"), browser.get("/connected-accounts?" + encode({"done": MARKUP}))]
    for page in pages:
        assert "<img" not in page.text and "<b>Bold" not in page.text and "'><script" not in page.text, page.text
        assert not re.search(r"href=[\"'](?!https?:|/|mailto:|#)", page.text), page.text


def test_the_way_back_after_a_sign_out_shows_nothing(world, user, app):
    """A37."""
    browser = Browser(world)
    browser.sign_in(user)
    at = app.ask(browser).location
    page = browser.get(at)
    assert page.headers["Cache-Control"] == "no-store"
    assert browser.post("/sign-out", Form(browser.get("/account").text, "/sign-out").fields).status == 303
    again = browser.get(at)
    assert again.status == 303 and again.location.startswith("/sign-in")
    assert is_page(app.decide(browser, page), 403)


# ---- the token endpoint ----


def test_basic_with_more_than_one_blank_is_read_or_refused_and_never_cut(server):
    """T11, RFC 9110 §11.4: one or more blanks; a tab is none."""
    word = basic(server.id, server.secret)[1].partition(" ")[2]
    assert is_error(server.redeem("x", [("Authorization", f"Basic   {word}")]), 400, "invalid_grant")
    for header in (f"Basic\t{word}", f"Basic {word} {word}", f"Basic {word}, Basic {word}", f"Basic {word[:-4]}", f"Basic{word}"):
        assert is_error(server.redeem("x", [("Authorization", header)]), 401, "invalid_client"), header


def took(ask):
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def in_turn(count, *asks):
    """What each takes undisturbed (the least but a few), taken in turn, so that whatever else the machine does is of all of them."""
    times = [[took(ask) for ask in asks] for _ in range(count)]
    return [sorted(column)[count // 10] for column in zip(*times)]


def test_a_secret_that_is_nearly_right_takes_no_longer_to_refuse(world, server):
    """T13: all but its last octet right, none of it, and of an app that is not there."""
    near, far = forged(server.secret, lambda o: o.__setitem__(-1, o[-1] ^ 1)), forged(server.secret, lambda o: o.__setitem__(0, o[0] ^ 1))
    unknown = "cli_" + "0" * 21 + "1"
    asks = [lambda i=i, s=s: is_error(server.redeem("x", [basic(i, s)]), 401, "invalid_client") for i, s in
            ((server.id, near), (server.id, far), (unknown, near))]
    in_turn(5, *asks)
    rounds = []
    while not rounds or max(rounds[-1]) >= 1.6 * min(rounds[-1]):  # one that is not disturbed by others is enough
        assert len(rounds) < 10, rounds
        rounds.append(in_turn(60, *asks))


def test_an_older_http_gets_the_same_answers(world, app):
    """T16: RFC 9112 §2.3; the connection ends after it."""
    form = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}"
    for line, body, status in (("POST /oauth/token", "grant_type=password&client_id=" + app.id, b"400"), ("GET /oauth/token", "", b"405"), ("PUT /oauth/token", "a=b", b"405")):
        told = world.raw(f"{line} HTTP/1.0\r\n{form.format(len(body), body)}".encode())
        assert re.match(rb"HTTP/1\.[01] " + status, told) and b"no-store" in told, told
        assert status != b"405" or b"Allow: " in told and b"POST" in told


def test_a_new_password_ends_sessions_and_no_connection(world, app):
    """T25: who changes a password has not taken back what apps were given; connections are ended where they are listed."""
    owner = world.account("changes@calends.example")
    browser = Browser(world)
    browser.sign_in(owner)
    tokens, fresh = app.connect(browser, scope=BOTH), world.secret("another long password")
    form = Form(browser.get("/account").text, "/account/password").with_(current_password=owner.password, new_password=fresh, new_password_again=fresh)
    assert browser.post("/account/password", form).status == 303
    assert alive(world, tokens) and app.refresh(tokens["refresh_token"]).status == 200


def test_a_voice_session_opens_nothing_else(world, user, app, browser):
    """T27."""
    made = world.post("/v1/voice/sessions", "{}", [JSON], world.key(user, kind="secret"))
    token = made.json["session_token"]
    assert profile(world, token).status == 401 and is_error(app.refresh(token), 400, "invalid_grant") and is_error(app.redeem(token), 400, "invalid_grant")
    gateway = App(world, type="confidential", may_introspect=True)
    assert gateway.introspect(token).json == {"active": False}
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (user.email, token)).status == 401


def test_no_answer_of_the_token_endpoint_is_kept(world, app, server, browser):
    """T32, RFC 6749 §5.1; errors of every layer too."""
    post = lambda body, *headers: world.post("/oauth/token", body, list(headers) or [FORM])
    answers = [app.redeem(app.consent(browser)), post(b""), post(b"{}", JSON), post(b"grant_type=password"), post(b"a=" + b"x" * 40_000),
               server.redeem("x", [basic(server.id, "wrong")]), world.get("/oauth/token"), post(b"%zz")]
    assert sorted({r.status for r in answers}) == [200, 400, 401, 405, 413, 415]
    assert all("no-store" in r.headers["Cache-Control"] for r in answers)


def test_what_is_issued_has_160_bits_that_nobody_can_guess(world, app, server, browser):
    """T34, OAuth 2.1 §7.12: of each kind, what two of them do not share; in letters that no form, URL or header escapes."""
    device = App(world, type="public", grant=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"])

    def issued():
        code = app.consent(browser)
        tokens = app.redeem(code).json
        return [code, tokens["access_token"], tokens["refresh_token"], App(world, type="confidential").secret,
                post_form(world.http, "/oauth/device", {"client_id": device.id, "scope": "events:read"}).json["device_code"]]

    for kind in zip(issued(), issued(), issued()):
        assert len(set(kind)) == 3 and all(re.fullmatch(r"[A-Za-z0-9_.~-]+", one) for one in kind)
        octets = [bytes.fromhex(leaks.random_octets(one)[0]) for one in kind]
        for a, b in zip(octets, octets[1:] + octets[:1]):  # 128 of the bits, of which about half differ
            assert 30 < bin(int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).count("1") < 98
        assert leaks.DIGITS[kind[0][:4]] * 5.95 >= 160


# ---- registration ----


def test_a_document_that_is_packed_is_not_unpacked(world, browser):
    """R2: ten megabytes in ten kilobytes. It was not asked for, so it is no JSON; nor is what is honest in it."""
    with Receiver() as receiver:
        app = App.__new__(App)
        app.world, app.redirect, app.http, app.secret, app.pkce = world, "https://app.example/cb", world.http, None, Pkce()
        for number, more in enumerate(({}, {"x": "a" * 10_000_000})):
            app.id = receiver.url.removesuffix("/in") + f"/{number}"
            packed = gzip.compress(json.dumps({"client_id": app.id, "redirect_uris": [app.redirect], **more}).encode())
            receiver.answer = lambda d, packed=packed: (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, packed)
            assert is_page(app.ask(browser), 400)
        assert len(receiver.got) == 2 and not any("accept-encoding" in d.headers for d in receiver.got)


# ---- transport, and what is left behind ----


@pytest.mark.parametrize("target, status", [
    ("/v1/%2e%2e/v1/profile", 404), ("/v1/../v1/profile", 400), ("/v1//profile", 400), ("/v1/profile%00", 400), ("/v1/profile%2f", 404),
    ("/v1%2fprofile", 404), ("/v1/x%2f..%2fprofile", 404), ("/%2576%31/profile", 404), ("/v1/./profile", 400), ("/v1\\profile", 400),
    ("/v1/profile/", 404), ("/V1/profile", 404), ("/v1/profile;x=1", 404), ("/v1/%70rofile", 200), ("//v1/profile", 200)])
def test_a_path_is_decoded_once_and_leads_to_no_other(world, user, target, status):
    """H3, RFC 3986 §2.4, §3.3: with a key that is let in. Slashes at the beginning are those of a base address that ended with one."""
    told = world.http.request("GET", target, None, {"Authorization": f"Bearer {user.key}"})
    assert told.status == status or status != 200 and told.status in (400, 404), told
    assert (user.email in told.text) == (status == 200)


LINE = "a\r\nX-Evil: 1\r\n\r\n<h1>"


def test_no_answer_has_a_header_that_its_caller_wrote(world, user, app, browser):
    """H4: wherever what came may come back."""
    escaped = encode({"x": LINE})[2:]
    headers = [("Accept", "text/html"), ("Authorization", f"Bearer {user.key}")]
    for target in (f"/sign-in?next={escaped}", f"/sign-in?next=/{escaped}", f"/oauth/continue?request={escaped}", f"/consent?request={escaped}",
            f"/.well-known/caldav{escaped}", f"/dav/calendars/{escaped}/", f"/static/{escaped}", f"/docs/{escaped}", f"/v1/events/{escaped}",
            f"/v1/events?starting_after={escaped}", f"/feed/{escaped}", f"/oauth/logout?state={escaped}&post_logout_redirect_uri={escaped}",
            app.target(state=LINE), app.target(state=LINE, scope="nonsense"), app.target(redirect_uri=app.redirect + LINE), app.target(client_id=LINE)):
        for reply in (browser.get(target), world.http.request("GET", target, None, headers), world.http.request("POST", target, LINE, [FORM, *headers])):
            assert "X-Evil" not in {name for name, _ in reply.headers.pairs}, target
            assert all("\r" not in v and "\n" not in v for _, v in reply.headers.pairs)


def test_a_secret_in_a_log_or_the_database_is_found(world, app, browser):
    """H5: what every test ends with can fail. In a column of text and of octets, as it is, in hex, as its random octets alone."""
    tokens = app.connect(browser)
    code = app.consent(browser)
    assert {tokens["access_token"], tokens["refresh_token"], code, browser.cookies[f"session_{world.port}"]} <= world.secrets
    look = lambda: leaks.first_row_with(world.postgres, world.database, world.secrets)
    assert look() is None
    world.sql("CREATE TABLE leaky (t text, o bytea, j jsonb, a text[])")
    secret, octets = tokens["access_token"], leaks.random_octets(tokens["access_token"])[0]
    for row in (f"'x {secret} y', NULL, NULL, NULL", f"NULL, '{secret}', NULL, NULL", f"NULL, '\\x00{octets}00', NULL, NULL",
                f"NULL, NULL, '{{\"a\": [\"{code}\"]}}', NULL", f"NULL, NULL, NULL, ARRAY['{code}']"):
        world.sql(f"INSERT INTO leaky VALUES ({row})")
        assert "leaky" in look(), row
        world.sql("TRUNCATE leaky")
    world.sql(f"INSERT INTO leaky VALUES ('{forged(secret, other_random)}')")
    assert look() is None
    world.sql("DROP TABLE leaky")


INSIDE = re.compile(r"civetweb|postgres|libpq|openssl|SELECT |\.c:\d|\.sql|/server/|/usr/|stack|sqlstate|pg_", re.IGNORECASE)


def test_no_error_tells_what_runs_here(world, user, app, browser):
    """H6: from each layer, to a program and to a browser; also where a statement failed."""
    failing = {"Calends-Fail-Query": "1 before", "Authorization": f"Bearer {user.key}"}
    version = world.get("/healthz").headers.pairs
    asks = [("GET", "/nothing", {}), ("GET", "/v1/nothing", {}), ("GET", "/v1/events", {}), ("GET", "/v1/events?limit=x", {"Authorization": f"Bearer {user.key}"}),
        ("POST", "/oauth/token", {}), ("GET", "/oauth/token", {}), ("GET", "/v1/profile", failing), ("GET", "/dav/", {}), ("FOO", "/", {}), ("GET", "/%ff", {}),
        ("GET", "/oauth/authorize?client_id=x", {}), ("POST", "/mcp", {}), ("GET", "/api/v1/hosted-calendars", failing), ("GET", "/" + "x" * 20_000, {})]
    for method, target, headers in asks:
        for accept in ("application/json", "text/html"):
            reply = world.http.request(method, target, None, {**headers, "Accept": accept})
            assert reply.status >= 400, (method, target, reply)
            assert not INSIDE.search(reply.words), (method, target, INSIDE.search(reply.words), reply.text)
            assert not {"server", "x-powered-by"} & {name.lower() for name, _ in reply.headers.pairs + version}


def test_a_name_that_is_nobodys_costs_what_a_wrong_password_costs(world):
    """H8: the time of a password's hash is spent on names that are not there, too."""
    known = [world.account(f"cost{n}@calends.example").email for n in range(2)]
    browser = Browser(world)

    def wrong(email):
        form = Form(browser.get("/sign-in").text, "/sign-in").with_(email=email, password="wrong " + secrets.token_hex(4))
        return lambda: is_page(browser.post("/sign-in", form), 403)

    rounds = []
    while not rounds or not 0.5 < rounds[-1][0] / rounds[-1][1] < 2:  # what differs by the name does so each time; what else runs here does not
        assert len(rounds) < 10, rounds
        world.sql("DELETE FROM throttle")
        times = [(took(wrong(known[n % 2])), took(wrong(f"nobody{n}@calends.example"))) for n in range(6)]
        rounds.append([min(each) for each in zip(*times)])
    world.sql("DELETE FROM throttle")


def test_over_caldav_a_name_that_is_nobodys_is_answered_as_one_that_is_somebodys(world):
    """H8: with no credential of theirs nobody learns there whose name exists; nor by a path, with a key of their own."""
    una, bob = world.account("una@calends.example"), world.account("bob@calends.example")
    junk, nearly = "wrong", forged(str(una.key), other_random)

    def told(path, name, password):
        reply = world.request("PROPFIND", path, None, {"Depth": "0"}, (name, password))
        return reply.status, reply.text.replace(reply.request_id, ""), reply.headers.all("WWW-Authenticate")

    for password in (junk, nearly, str(bob.key)):
        known, unknown = told("/dav/", una.email, password), told("/dav/", "nobody@calends.example", password)
        assert known == unknown and known[0] == 401
    for path in ("/dav/principals/{}/", "/dav/calendars/{}/", "/dav/principals/users/{}/", "/dav/{}/"):
        known, unknown = (told(path.format(name), una.email, str(una.key)) for name in (bob.email, "nobody@calends.example"))
        assert known == unknown and known[0] == 404, path


TWO_READINGS = {
    "length and chunked": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "length with letters": b"Content-Length: 3abc\r\n\r\nabc", "length with plus": b"Content-Length: +3\r\n\r\nabc",
    "blank before colon": b"Content-Length : 3\r\n\r\nabc", "folded line": b"X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
    "70 headers": b"".join(b"X-%d: y\r\n" % i for i in range(70)) + b"\r\n", "bare LF": b"X: y\nContent-Length: 3\r\n\r\nabc",
    "two hosts": b"Host: y\r\nContent-Length: 0\r\n\r\n", "coding identity": b"Transfer-Encoding: identity\r\n\r\n",
}


@pytest.mark.parametrize("line", [b"POST /oauth/token", b"POST /v1/events", b"PUT /dav/x.ics", b"POST /mcp", b"POST /sign-in"], ids=lambda line: line.decode())
def test_what_two_parsers_read_in_two_ways_is_refused_on_every_surface(world, line):
    """H1: smuggling by heads (test_smuggling.py has all of them, before the server's own layer); the request behind one is never answered."""
    behind = b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: x\r\n\r\n"
    for name, rest in TWO_READINGS.items():
        with socket.create_connection(("127.0.0.1", world.port), SECONDS) as s:
            s.sendall(line + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + rest + behind)
            got, closed = read_all(s, SECONDS)
        assert got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ")) and closed and got.count(b"HTTP/1.1 ") == 1 and b"issuer" not in got, (name, got)
