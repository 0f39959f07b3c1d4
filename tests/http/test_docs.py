# SPDX-License-Identifier: Apache-2.0
"""The documentation at /docs: the same for everybody, compiled in, with this server's values, and no link that leads nowhere."""
import gzip
import html
import os
import re
import subprocess
import urllib.parse

import pytest

from oauth_flow import Browser
from world import ASAN, BIN, ROOT

SERVE = ["--brand", "Acme Calendar", "--security-contact", "mailto:security@acme.example", "--rate-limit", "4711"]


def addresses():
    """Of all pages, by the table of contents."""
    with open(os.path.join(ROOT, "docs/site/contents")) as contents:
        words = [line.split()[0] for line in contents if line.startswith("\t")]
    return ["/docs" if word == "/" else f"/docs/{word}" for word in words if not word.endswith("/*")]


def codes():
    printed = subprocess.run([BIN, "reference", "errors"], capture_output=True, text=True, check=True).stdout
    return sorted({line.split(" | ")[2] for line in printed.splitlines() if re.match(r"\| \d", line)})


PAGES = addresses()
CODES = codes()


def get(world, target, headers=None):
    return world.get(target, headers or {})


def ids(page):
    return re.findall(r' id="([^"]+)"', page)


@pytest.mark.parametrize("target", PAGES)
def test_every_page_is_there_for_everybody(world, target):
    reply = get(world, target)
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in reply.headers and 'name="csrf"' not in reply.text
    assert reply.text.count("<h1") == 1 and reply.text.count(' aria-current="page"') == 1
    assert len(ids(reply.text)) == len(set(ids(reply.text)))
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"] and "unsafe" not in reply.headers["Content-Security-Policy"]
    assert len(reply.body) < 100_000


@pytest.mark.parametrize("target", PAGES)
def test_a_page_says_what_this_server_is(world, target):
    page = get(world, target).text
    assert "{{" not in page
    if target != "/docs/changelog":  # it tells of the program, whoever runs it
        assert "https://calends.example" not in page
    assert "<title>" in page and "Acme Calendar</title>" in page


def test_the_values_are_those_of_the_options(world):
    assert "4711 a second" in get(world, "/docs/limits").text
    home = get(world, "/docs").text
    assert f"{world.url}/dav/" in home and "mailto:security@acme.example" in home


def test_a_page_may_be_cached_and_is_not_sent_twice(world):
    """RFC 9110 §13.1.2: If-None-Match is compared weakly, and answered with 304."""
    first = get(world, "/docs/quickstart")
    assert first.headers["Cache-Control"].startswith("public, max-age=") and first.headers["ETag"].startswith('W/"')
    again = get(world, "/docs/quickstart", {"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"") and again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] and again.headers["Vary"] == "Accept-Encoding"
    assert get(world, "/docs/quickstart", {"If-None-Match": '"another"'}).status == 200


def test_a_page_is_compressed_for_who_takes_that(world):
    plain = get(world, "/docs/connect")
    packed = get(world, "/docs/connect", {"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["ETag"] == plain.headers["ETag"]
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body) / 2


def test_who_is_signed_in_sees_the_same(world):
    browser = Browser(world)
    browser.sign_in(world.account("reader@example.org"))
    assert browser.get("/docs").body == get(world, "/docs").body


def test_no_link_leads_nowhere(world):
    """Of all pages and all pages of errors: each path is there, and each fragment is on it."""
    seen, wrong = {}, []
    for target in PAGES + [f"/docs/errors/{code}" for code in CODES]:
        for href in map(html.unescape, re.findall(r'<(?:a|link|script)\b[^>]* (?:href|src)="([^"]+)"', get(world, target).text)):
            link = urllib.parse.urlsplit(urllib.parse.urljoin(target, href))
            if link.scheme:
                continue
            if link.path not in seen:
                seen[link.path] = get(world, link.path)
            there = seen[link.path]
            if there.status not in (200, 303) or link.fragment and link.fragment not in ids(there.text):
                wrong.append((target, href, there.status))
    assert wrong == []


def test_what_has_no_page_is_404(world):
    for target in ["/docs/nothing", "/docs/errors/nothing", "/docs/errors%2Finvalid_value", "/docs/%00", "/docs/errors/" + "x" * 2000]:
        assert get(world, target).status in (400, 404), target


# ---- errors ----


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_page_that_says_how_to_mend_it(world, code):
    reply = get(world, f"/docs/errors/{code}")
    assert reply.status == 200, code
    assert f"<code>{code}</code>" in reply.text and "<strong>Mend it.</strong>" in reply.text


def test_the_list_of_errors_has_each_code_once(world):
    page = get(world, "/docs/errors").text
    assert sorted(re.findall(r'<tr id="([^"]+)"', page)) == CODES


def test_nothing_is_told_of_a_code_that_there_is_not():
    with open(os.path.join(ROOT, "docs/site/error-codes.md")) as page:
        assert sorted(re.findall(r"^## `(\w+)`$", page.read(), re.M)) == CODES


def test_doc_url_leads_to_the_page_of_the_code(world):
    account = world.account("caller@example.org")
    error = world.get("/v1/events?limit=0", key=account.key).json["error"]
    there = urllib.parse.urlsplit(error["doc_url"])
    assert f"{there.scheme}://{there.netloc}" == world.url
    reply = get(world, there.path)
    assert reply.status == 200 and f"<code>{error['code']}</code>" in reply.text


# ---- search ----


def found(world, query):
    reply = get(world, "/docs/search?" + urllib.parse.urlencode({"q": query}))
    assert reply.status == 200
    guides = reply.text.partition('<ul class="docs-found">')[2]
    return re.findall(r'<li><a href="([^"]+)">.*?</a>\n<p>(.*?)</p>', guides, re.S)


@pytest.mark.parametrize("query, first", [
    ("quickstart", "/docs/quickstart"), ("find a time for two", "/docs/quickstart#5-find-a-time-for-two"), ("thunderbird", "/docs/caldav#thunderbird"),
    ("invalid_grant", "/docs/errors/invalid_grant"), ("ROTATE key", "/docs/api-keys#rotate-and-revoke"), ("back it up", "/docs/self-hosting#back-it-up"),
])
def test_a_search_leads_to_the_heading(world, query, first):
    assert first in [href for href, _ in found(world, query)][:3]


def test_what_is_found_shows_the_words(world):
    hits = found(world, "idempot")
    assert hits and all("<mark>" in excerpt for _, excerpt in hits[:3])
    for href, _ in hits:
        link = urllib.parse.urlsplit(href)
        assert not link.fragment or link.fragment in ids(get(world, link.path).text)


@pytest.mark.parametrize("query, shown", [("often writes long run", r"requests of one credential \d+ a second"),
    ("documentation version postgresql", r"(?s)127\.0\.0\.1"), ("sk_test curl", "http://127")], ids=["rate", "host", "address"])
def test_what_is_found_says_what_this_server_is(world, query, shown):
    """As the pages themselves do; the names of values and the address that stands for this server's are for who writes them."""
    hits = [excerpt for _, excerpt in found(world, query)]
    assert hits and not [h for h in hits if "{{" in h or "https://calends.example" in h]
    assert any(re.search(shown, h) for h in hits), hits


def test_all_words_are_wanted(world):
    assert found(world, "thunderbird") and not found(world, "thunderbird zzzzzz")


@pytest.mark.parametrize("query", ["", " ", "a", "?!", "zzzzzz", "x" * 5000, "é" * 3000, "the " * 500, "</p><script>alert(1)</script>", '" onfocus="x', "\u202e", "{{csrf}}"])
def test_a_search_for_anything_is_a_page(world, query):
    reply = get(world, "/docs/search?" + urllib.parse.urlencode({"q": query}), {"Accept-Encoding": "gzip"})
    assert reply.status == 200 and "<script>alert" not in reply.text and 'onfocus="x' not in reply.text
    assert reply.headers["Cache-Control"] == "no-store" and "Content-Encoding" not in reply.headers  # BREACH: what was sent stands in it
    assert len(reply.body) < 60_000


@pytest.mark.parametrize("target", ["/docs/search", "/docs/search?q=%ff", "/docs/search?q=a&q=b", "/docs/search?q=%00"])
def test_a_search_that_is_none_is_a_page_too(world, target):
    reply = get(world, target)
    assert reply.status in (200, 400) and reply.headers["Content-Type"].startswith("text/html")


# ---- addresses that were there before ----


@pytest.mark.parametrize("target, fragment", [("/docs", "security"), ("/docs/sign-in-with", "acr-password"), ("/docs/sign-in-with", "acr-mfa"), ("/docs/errors", "invalid_value")])
def test_old_addresses_lead_where_they_led(world, target, fragment):
    assert fragment in ids(get(world, target).text)


# ---- one example in several languages ----


def test_blocks_next_to_each_other_are_one_example_with_a_choice(world):
    """Each block is chosen by a radio of its own, the first at first; blocks of one language, and those with words between, stay apart."""
    page = get(world, "/docs/quickstart").text
    [example] = re.findall(r'<fieldset class="tabbed">(.*?)</fieldset>', page, re.S)
    assert re.findall(r'<label for="(code-1-\d)">(\w+)</label>', example) == [("code-1-1", "curl"), ("code-1-2", "Node"), ("code-1-3", "Python")]
    assert re.findall(r'<code class="language-(\w+)">', example) == ["sh", "js", "python"] and example.count(" checked") == 1
    assert page.count('<code class="language-sh">') > 3
    assert "fieldset" not in get(world, "/docs/webhooks").text


# ---- the table of contents is refused where a page could not be followed ----


@pytest.mark.parametrize("text, says", [
    ("# T\n\n<script>x</script>\n", "raw HTML"),
    ("# T\n\na <b>word</b>\n", "raw HTML"),
    ("# T\n\n    curl x\n", "indented code"),
    ("# T\n\n```\ncurl x\n```\n", "language"),
    ("# T\n\n```brainf\nx\n```\n", "language"),
    ("# T\n\n[x](#nowhere)\n", "no such heading"),
    ("# T\n\n{{secret_key}}\n", "no value"),
    ("no title\n", "no title"),
    ("# T\n\n| | b |\n| --- | --- |\n| c | d |\n", "column without a name"),
    ("# T\n\n![x](y.png)\n", "pictures"),
])
def test_what_a_reader_could_not_follow_stops_the_build(tmp_path, text, says):
    (tmp_path / "page.md").write_text(text)
    (tmp_path / "contents").write_text("Group\n\t/ page.md About it\n")
    tool = os.path.join(os.path.dirname(BIN), "docs")
    done = subprocess.run([tool, str(tmp_path / "contents"), str(tmp_path / "out.c")], capture_output=True, text=True,
        env={**os.environ, "ASAN_OPTIONS": f"{ASAN}:detect_leaks=0"})
    assert done.returncode == 1 and says in done.stderr, done
    assert not (tmp_path / "out.c").exists()
