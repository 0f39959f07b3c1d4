# SPDX-License-Identifier: Apache-2.0
"""The pages' languages: what the browser likes is what it gets, and each translation says what its text says."""
import collections
import html
import re

import pytest

import messages
from oauth_flow import App, Browser, Form

CATALOGUES = sorted((messages.ROOT / "web/messages").glob("*.po"))


def tags_of(text):
    """What a translation must keep: values, sections, addresses, and markup."""
    return collections.Counter(re.findall(r"\{\{[^}]*\}\}|\{\w+\}|<[^>]*>|&\w+;", text))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_a_translation_keeps_what_its_text_is_made_of(path):
    for english, text in messages.catalogue(path).items():
        if english and text:
            assert tags_of(text) == tags_of(english), (english, text)
            assert messages.CONVERSION.findall(text) == messages.CONVERSION.findall(english), (english, text)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_nothing_is_translated_that_nobody_says(path):
    assert set(messages.catalogue(path)) - {""} <= set(messages.said())


@pytest.mark.parametrize("likes, language", [(None, "en"), ("de-AT, en;q=0.5", "de"), ("fr", "en"), ("en-US, de;q=0.9", "en"), ("x" * 5000, "en")],
    ids=["none", "german", "french", "english", "endless"])
def test_a_page_is_in_the_language_that_the_browser_likes(world, likes, language):
    """RFC 9110 §12.5.4, §8.5: Accept-Language chooses, Content-Language and lang tell, Vary says that it hangs on it."""
    reply = world.get("/sign-in", {"Accept-Language": likes} if likes else {})
    assert reply.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in reply.text
    assert "Accept-Language" in ", ".join(reply.headers.all("Vary"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_every_text_is_in_each_language(path):
    has = messages.catalogue(path)
    assert [text for text in messages.said() if not has.get(text)] == []


# The documentation, the page of what pages are made of and the demo platform are in English.
ENGLISH = re.compile(r"docs_.*|styleguide|demo")
# Names, which are the same in each language.
NAMES = {"FAPI 2.0", "ID", "4xx", "5xx", "p95", "req_…", "/book/…", "cpa_…"}


def bare_texts(template):
    """What a template says to people outside {{#t}}: between tags, and in attributes that are read out or shown."""
    rest = re.sub(r"\{\{#t\}\}.*?\{\{/t\}\}", "", template, flags=re.S)
    rest = re.sub(r"<(code|pre|svg|style)\b.*?</\1>", "", rest, flags=re.S)
    attributes = re.findall(r'\b(?:aria-label|placeholder|title|alt|data-done|data-selected|data-label)="([^"]*)"', rest)
    pieces = attributes + re.sub(r"<[^>]*>", "\n", rest).splitlines()
    texts = {html.unescape(re.sub(r"\{\{[^}]*\}\}", "", piece)).strip() for piece in pieces}
    return {text for text in texts if re.search("[A-Za-z]{2}", text) and not re.match(r"https://|[0-9a-f.:/ ]+$", text)} - NAMES


TEMPLATES = sorted(path for path in (messages.ROOT / "web/templates").glob("*.html") if not ENGLISH.fullmatch(path.stem))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
def test_a_page_says_nothing_that_cannot_be_translated(path):
    assert bare_texts(path.read_text()) == set()


@pytest.mark.parametrize("fields, said", [({"tz": "Mars/Base"}, "Diese Zeitzone ist nicht bekannt. Benutzen Sie einen Namen wie "),
    ({"name": "a\u202eb"}, "Der Name enthält ein Zeichen, das man dort nicht sieht (U+202E)."),
    ({"name": "a" * 101}, "Der Name ist länger als 100 Zeichen.")], ids=["plain", "hexadecimal", "last-but-words"])
def test_what_was_wrong_is_said_in_the_page_s_language_with_its_values(world, fields, said):
    browser = Browser(world)
    browser.sign_in(world.account("wrong@example.org", name="Una"))
    form = Form(browser.get("/account").text, "/account").with_(**fields)
    assert said in browser.post("/account", form, [("Accept-Language", "de")]).text
    assert said not in browser.post("/account", form, [("Accept-Language", "en")]).text


@pytest.mark.parametrize("fields, said", [({"allowed_ips": "192.0.2.7 nowhere"}, "„nowhere“ ist keine Adresse und kein Netz."),
    ({"rate_limit": "0"}, "Ein Limit ist 1 bis "), ({"kind": "none"}, "Wählen Sie, welche Art Schlüssel es sein soll.")],
    ids=["first", "number", "plain"])
def test_so_it_is_of_a_key(world, fields, said):
    browser = Browser(world)
    browser.sign_in(world.account("wrong@example.org", name="Una"))
    form = Form(browser.get("/keys/new").text, "/keys").with_(**{"name": "K", "kind": "secret", **fields})
    assert said in browser.post("/keys", form, [("Accept-Language", "de")]).text


@pytest.mark.parametrize("path", ["/sign-in", "/nothing"])
def test_a_page_has_the_direction_of_its_language(world, path):
    """Of English and German there is nothing to say; builds for development have English from right to left (catalogue.h)."""
    for likes, frame in [("en", '<html lang="en">'), ("de", '<html lang="de">'), ("en-XB", '<html lang="en-XB" dir="rtl">'), ("en-xb, de;q=0.5", '<html lang="en-XB" dir="rtl">')]:
        assert frame in world.get(path, {"Accept-Language": likes, "Accept": "text/html"}).text


def test_each_frame_that_is_translated_has_a_direction():
    frames = {path.name: text for path in (messages.ROOT / "web/templates").glob("*.html") if "<html" in (text := path.read_text())}
    assert {name for name, text in frames.items() if '<html lang="{{lang}}"{{#rtl}} dir="rtl"{{/rtl}}>' not in text} == {"demo.html", "docs_top.html"}


LED = "response_type=code&state=x&redirect_uri="


@pytest.mark.parametrize("path", [
    "/oauth/authorize", "/oauth/authorize?client_id=cli_nothing", f"/oauth/authorize?client_id={{app}}&{LED}https%3A%2F%2Fevil.example%2F",
    "/oauth/authorize?client_id={app}&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax", "/oauth/logout?client_id=cli_nothing",
    "/oauth/logout?client_id={app}&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F", "/consent?request=nothing"],
    ids=["no-app", "no-such-app", "another-address", "pushed-nothing", "logout-no-such-app", "logout-another-address", "no-request"])
def test_what_an_app_did_wrong_can_be_told_in_each_language(world, path):
    """These are pages for whoever the app led here, who does not read its developer's language."""
    app = App(world)
    browser = Browser(world)
    browser.sign_in(world.account("led@calends.example"))
    page = browser.get(path.format(app=app.id)).text
    [alert] = re.findall(r'role="alert"[^>]*>(.*?)</div>', page, re.S)
    assert html.unescape(alert) in messages.said()
