# SPDX-License-Identifier: Apache-2.0
"""codes.py URL CLIENT_ID N: sign in as the bench account, consent N times, print CODE<TAB>CODE_VERIFIER lines."""
import base64
import hashlib
import http.client
import re
import secrets
import sys
from urllib.parse import parse_qs, urlencode, urlsplit


class Browser:
    """Just enough of one: cookies, forms, redirects within the site."""

    def __init__(self, url):
        self.base, self.cookies = urlsplit(url), {}
        self.conn = http.client.HTTPConnection(self.base.hostname, self.base.port, timeout=30)

    def ask(self, method, path, fields=None):
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Origin": self.base.geturl()}
        body = urlencode(fields, doseq=True) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.conn.request(method, path, body, headers)
        answer = self.conn.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location"), text

    def page(self, path):
        while True:
            status, location, text = self.ask("GET", path)
            if status not in (302, 303):
                return path, text
            path = location.removeprefix(self.base.geturl())


def hidden(text):
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))


def main():
    url, client, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    browser = Browser(url)
    path, text = browser.page("/sign-in")
    fields = hidden(text) | {"email": "bench@example.org", "password": "benchmark password"}
    status, _, text = browser.ask("POST", "/sign-in", fields)
    if status != 303:
        sys.exit(f"sign-in: {status} {text[:300]}")
    for _ in range(count):
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode({"client_id": client, "redirect_uri": "http://127.0.0.1:21099/cb", "response_type": "code",
                           "scope": "calendars:read events:read profile:read", "state": "s",
                           "code_challenge": challenge, "code_challenge_method": "S256"})
        path, text = browser.page("/oauth/authorize?" + query)
        scopes = re.findall(r'<input type="checkbox" name="scope" value="([^"]+)"', text)
        fields = hidden(text) | {"decision": "allow", "scope": scopes}
        status, location, text = browser.ask("POST", path, fields)
        if status != 303 or "code=" not in (location or ""):
            sys.exit(f"consent: {status} {location} {text[:500]}")
        print(parse_qs(urlsplit(location).query)["code"][0], verifier, sep="\t")


main()
