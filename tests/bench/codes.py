# SPDX-License-Identifier: Apache-2.0
"""codes.py URL CLIENT_ID N [MORE_SCOPES]: sign in as the bench account, consent N times, print CODE<TAB>CODE_VERIFIER lines.

The forms are filled as the OAuth tests fill them (tests/http/oauth_flow.py).
"""
import http.client
import pathlib
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))
from oauth_flow import Form, Pkce  # noqa: E402

REDIRECT, SCOPE = "http://127.0.0.1:21099/cb", "calendars:read events:read profile:read"


class Browser:
    """Just enough of one: cookies and a kept connection."""

    def __init__(self, url):
        self.origin, self.cookies = url, {}
        parts = urlsplit(url)
        self.conn = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def ask(self, method, target, fields=None, expect=303):
        """-> where a 303 leads, or the text of a page."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Origin": self.origin}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.conn.request(method, target, None if fields is None else urlencode(fields), headers)
        answer = self.conn.getresponse()
        text = answer.read().decode()
        if answer.status != expect:
            sys.exit(f"{method} {target.partition('?')[0]}: {answer.status}, not {expect}: {text[-2000:]}")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.headers["Location"] if expect == 303 else text

    def fill(self, target, action, **fields):
        page = self.ask("GET", target, expect=200)
        return self.ask("POST", action, Form(page, action).with_(**fields))


def code(browser, client, scope):
    pkce = Pkce()
    asked = urlencode({"client_id": client, "redirect_uri": REDIRECT, "response_type": "code", "scope": scope, "state": "s",
                       "code_challenge": pkce.challenge, "code_challenge_method": "S256"})
    consent = browser.ask("GET", "/oauth/authorize?" + asked)
    granted = browser.fill(consent, "/consent", decision="allow")
    return parse_qs(urlsplit(granted).query)["code"][0], pkce.verifier


def main():
    url, client, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    browser = Browser(url)
    browser.fill("/sign-in", "/sign-in", email="bench@example.org", password="benchmark password")
    for _ in range(count):
        print(*code(browser, client, " ".join([SCOPE, *sys.argv[4:]])), sep="\t", flush=True)


main()
