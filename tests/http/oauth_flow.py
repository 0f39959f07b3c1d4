# SPDX-License-Identifier: Apache-2.0
"""An app and a browser for the OAuth tests: they send exactly what they are told and follow no redirect by themselves.

    app = App(world, type="public")
    browser = Browser(world)
    browser.sign_in(world.account("user@calends.example"))
    code = app.consent(browser, scope="events:read")
    tokens = app.redeem(code).json
"""
import base64
import hashlib
import html.parser
import json
import re
import secrets
import threading
import urllib.parse

REDIRECT = "https://app.example/cb"
BOTH = "profile:read events:read"


FORM = ("Content-Type", "application/x-www-form-urlencoded")


def answer(reply, redirect=REDIRECT):
    """The parameters that a redirect carries to the client; each at most once."""
    assert reply.status == 303, reply
    address, _, query = reply.location.partition("?")
    assert address == redirect.partition("?")[0], reply.location
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert len(pairs) == len(dict(pairs)), query
    return dict(pairs)


def encode(params):
    """A dict or a list of pairs; None leaves a parameter out; str and bytes are escaped, as they are."""
    pairs = params.items() if isinstance(params, dict) else params
    return urllib.parse.urlencode([(k, v) for k, v in pairs if v is not None])


def post_form(http, target, params, headers=()):
    return http.request("POST", target, params if isinstance(params, bytes) else encode(params), [FORM, *headers])


def basic(name, secret, quote=urllib.parse.quote_plus):
    """Both halves are form-encoded before they are joined (OAuth 2.1 §2.4.1)."""
    return ("Authorization", "Basic " + base64.b64encode(f"{quote(name)}:{quote(secret)}".encode()).decode())


class Form(html.parser.HTMLParser):
    """What a browser would send of the page's first form with this action, without touching anything."""

    def __init__(self, page, action):
        super().__init__()
        self.fields, self.found, self._inside, self._select, self._area, self._action = [], False, False, None, None, action
        self._first = None
        self.feed(page)
        assert self.found, f"no form for {action} in {page[:2000]}"

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self._inside = not self.found and a.get("action", "").split("?")[0] == self._action
            self.found |= self._inside
        elif not self._inside:
            return
        elif tag == "select":
            self._select, self._first = a.get("name"), None
        elif tag == "option":
            self._first = self._first if self._first is not None else a["value"]
            if "selected" in a:
                self.fields.append((self._select, a["value"]))
                self._select = None
        elif tag == "textarea":
            self._area = [a.get("name"), ""]
        elif tag == "input" and a.get("name"):
            if a.get("type") not in ("checkbox", "radio") or "checked" in a:
                self.fields.append((a["name"], a.get("value", "")))

    def handle_data(self, data):
        if self._area:
            self._area[1] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._select and self._inside and self._first is not None:
            self.fields.append((self._select, self._first)) # the first is chosen where none says so
        elif tag == "textarea" and self._area:
            self.fields.append((self._area[0], self._area[1].removeprefix("\n"))) # HTML has it so
            self._area = None

    def with_(self, **changes):
        """The fields, with those of `changes` replaced: a str, a list of them, or None for none."""
        fields = [(k, v) for k, v in self.fields if k not in changes]
        for name, value in changes.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    fields.append((name, one))
        return fields


def multipart(params, files, boundary="----WebKitFormBoundary7MA4YWxkTrZu0gW"):
    """A form with files as browsers write it (RFC 7578): its type and its body."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in params]
    parts += [f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + octets
              for name, filename, kind, octets in files]
    lines = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", lines + b"--" + boundary.encode() + b"--\r\n"


class Browser:
    """Keeps cookies; follows nothing."""

    def __init__(self, world):
        self.world, self.http, self.cookies = world, world.client_connection(), {}

    def send(self, method, target, headers=(), body=None):
        jar = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        reply = self.http.request(method, target, body, [*headers, *([("Cookie", jar)] if jar else [])])
        for line in reply.headers.all("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def get(self, target, headers=()):
        return self.send("GET", target, headers)

    def post(self, target, params, headers=()):
        return self.send("POST", target, [FORM, *headers], encode(params))

    def post_files(self, target, params, files, headers=()):
        """Of fields and files: (name, file name, type, octets)."""
        kind, body = multipart(params, files)
        return self.send("POST", target, [("Content-Type", kind), *headers], body)

    def sign_in(self, account, at="/sign-in"):
        page = self.get(at)
        assert page.status == 200, page
        form = Form(page.text, "/sign-in").with_(email=account.email, password=account.password)
        reply = self.post("/sign-in", form)
        assert reply.status == 303, reply
        return reply


class Pkce:
    def __init__(self):
        self.verifier = secrets.token_urlsafe(32)
        self.challenge = challenge_of(self.verifier)


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class App:
    """A registered client, and what it sends."""

    def __init__(self, world, redirect=REDIRECT, registered=None, owner="owner@platform.example", **options):
        self.world, self.redirect, self.http = world, redirect, world.http
        fields = world.client(owner, redirect_uri=registered or redirect, **options)
        self.id, self.secret = fields["client_id"], fields.get("client_secret")
        self.pkce = Pkce()

    def params(self, **changes):
        return {
            "client_id": self.id, "redirect_uri": self.redirect, "response_type": "code", "scope": "events:read",
            "state": "a state", "code_challenge": self.pkce.challenge, "code_challenge_method": "S256", **changes,
        }

    def target(self, **changes):
        return "/oauth/authorize?" + encode(self.params(**changes))

    def ask(self, browser, **changes):
        return browser.get(self.target(**changes))

    def consent_page(self, browser, **changes):
        reply = self.ask(browser, **changes)
        assert reply.status == 303 and reply.location.startswith("/consent?"), reply
        return browser.get(reply.location)

    def decide(self, browser, page, **changes):
        """Ticks count where the user wants to choose."""
        own = {"access": "custom"} if "scope" in changes else {}
        return browser.post("/consent", Form(page.text, "/consent").with_(**{"decision": "allow", **own, **changes}))

    def consent(self, browser, choose=None, **changes):
        reply = self.decide(browser, self.consent_page(browser, **changes), **(choose or {}))
        return answer(reply, self.redirect)["code"]

    def credentials(self):
        """Headers and parameters that prove this client."""
        if self.secret:
            return [basic(self.id, self.secret)], {}
        return [], {"client_id": self.id}

    def token(self, headers=None, http=None, **params):
        own_headers, own_params = self.credentials()
        return post_form(http or self.http, "/oauth/token", {**own_params, **params}, own_headers if headers is None else headers)

    def redeem(self, code, headers=None, http=None, **changes):
        return self.token(headers, http, **{"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect,
                                      "code_verifier": self.pkce.verifier, **changes})

    def refresh(self, refresh_token, headers=None, http=None, **changes):
        return self.token(headers, http, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def revoke(self, token, http=None, **changes):
        headers, params = self.credentials()
        return post_form(http or self.http, "/oauth/revoke", {**params, "token": token, **changes}, headers)

    def introspect(self, token, http=None, **changes):
        headers, params = self.credentials()
        return post_form(http or self.http, "/oauth/introspect", {**params, "token": token, **changes}, headers)

    def connect(self, browser, **changes):
        reply = self.redeem(self.consent(browser, **changes))
        assert reply.status == 200, reply
        return reply.json


def profile(world, token):
    return world.get("/v1/profile", key=token)


def is_error(reply, status, error):
    """RFC 6749 §5.2: status, error code, no-store; our own request id beside it."""
    assert (reply.status, reply.json["error"]) == (status, error), reply
    assert reply.headers["Cache-Control"] == "no-store"
    assert set(reply.json) == {"error", "error_description", "error_uri", "request_id"}
    assert re.search(r"^https?://[^/]+/docs/errors/[a-z_]+$", reply.json["error_uri"]), reply
    assert reply.json["request_id"] == reply.headers["Request-Id"]
    assert all(0x20 <= ord(c) <= 0x7E and c not in '"\\' for c in reply.json["error_description"])
    if status == 401:
        assert reply.headers["WWW-Authenticate"].startswith("Basic ")
    return True


def is_page(reply, status):
    """An error page, and no way out of it to the client."""
    assert reply.status == status, reply
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.location is None and 'role="alert"' in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Frame-Options"] == "DENY" and reply.headers["Referrer-Policy"] == "no-referrer"
    return True


def alive(world, tokens):
    return profile(world, tokens["access_token"]).status == 200


def at_once(world, count, run):
    """`run(http)` in as many threads, each with a connection of its own, behind one barrier."""
    barrier, replies = threading.Barrier(count), [None] * count

    def one(i):
        http = world.client_connection()
        http.connect()
        barrier.wait()
        replies[i] = run(http)
        http.close()

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return replies


def is_red(reply, world, error, state="a state", redirect=REDIRECT):
    """RED(error): back to the client with state and iss (OAuth 2.1 §4.1.2.1, RFC 9207 §2)."""
    got = answer(reply, redirect)
    assert got["error"] == error, got
    assert got["iss"] == world.public_url
    assert got.get("state") == state and "code" not in got
    return True


class OpenApp(App):
    """An app that nobody registered: it says itself what it is (RFC 7591)."""

    def __init__(self, world, redirect=REDIRECT, **metadata):
        self.world, self.redirect, self.http, self.secret = world, redirect, world.http, None
        self.pkce = Pkce()
        made = register(world, **{"redirect_uris": [redirect], **metadata})
        assert made.status == 201, made
        self.id = made.json["client_id"]


def register(world, http=None, headers=(), **metadata):
    body = json.dumps({k: v for k, v in metadata.items() if v is not ...})
    return (http or world.http).request("POST", "/oauth/register", body, [("Content-Type", "application/json"), *headers])
