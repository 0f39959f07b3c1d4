# SPDX-License-Identifier: Apache-2.0
"""The pages' languages: what the browser likes is what it gets, and each translation says what its text says."""
import collections
import re

import pytest

import messages
from oauth_flow import Browser

CATALOGUES = sorted((messages.ROOT / "web/messages").glob("*.po"))


def tags_of(text):
    """What a translation must keep: values, sections, addresses, and markup."""
    return collections.Counter(re.findall(r"\{\{[^}]*\}\}|\{\w+\}|<[^>]*>|&\w+;", text))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_a_translation_keeps_what_its_text_is_made_of(path):
    for english, text in messages.catalogue(path).items():
        if english and text:
            assert tags_of(text) == tags_of(english), (english, text)


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


WHOLE = re.compile(r"(apps?|app_\w+|log_entry|logs|usage|webhooks?|webhook_\w+|delivery_state)\.(html|c)")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_the_pages_of_developers_are_whole_in_each_language(path):
    has = messages.catalogue(path)
    assert [text for text, files in messages.said().items() if any(WHOLE.fullmatch(f) for f in files) and not has.get(text)] == []
