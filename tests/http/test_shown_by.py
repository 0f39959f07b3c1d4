# SPDX-License-Identifier: Apache-2.0
"""docs/attacks.md and docs/faults.md: no row without a test, no name without its test."""
import os
import re

import pytest
from world import ROOT


def rows(page):
    """(name of the row, its last cell) of each row of the page's tables."""
    with open(f"{ROOT}/docs/{page}.md", encoding="utf-8") as text:
        cells = [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in text if re.match(r"\| [A-Z]\d+[a-z]? ", line)]
    return [(row[0], row[3]) for row in cells]


ROWS = [(page, *row) for page in ("attacks", "faults") for row in rows(page)]


def source(name):
    """The text of the test file that a page calls so."""
    folder, _, base = name.rpartition("/")
    test = f"{folder or 'http'}/test_{base.removeprefix('test_')}"
    for path in (f"{ROOT}/tests/{file}" for file in (f"{test}.py", f"{test}.c", f"{name}.test.mjs")):
        if os.path.exists(path):
            return open(path, encoding="utf-8").read()
    raise AssertionError(f"there is no file of {name}")


def is_there(sentence, text):
    name = sentence.replace(" ", "_")
    return f"def test_{name}(" in text or f"RUN({name})" in text or re.search(rf"^\t?test\([`'\"]{re.escape(sentence)}\b", text, re.M)


@pytest.mark.parametrize("page, row, shown", ROWS, ids=[f"{page}-{row}" for page, row, _ in ROWS])
def test_each_row_names_tests_that_are_there(page, row, shown):
    for part in shown.split(" · "):
        file, sentences = re.fullmatch(r"`([a-z0-9_/]+)`: (.+)", part).groups()
        text = source(file)
        for sentence in sentences.split(", "):
            assert is_there(sentence, text), f"{page} {row}: {file} has no {sentence!r}"


@pytest.mark.parametrize("page, letters", [("attacks", "ATPIVRKH"), ("faults", "FQSM")])
def test_no_row_is_left_out(page, letters):
    numbers = {}
    for name, _ in rows(page):
        number = int(re.sub(r"[a-z]", "", name[1:]))
        if numbers.setdefault(name[0], [0])[-1] != number:  # F55a, F55b …
            numbers[name[0]].append(number)
    assert all(n == list(range(len(n))) for n in numbers.values()) and set(numbers) == set(letters), numbers


def checks():
    """(names of checks of the OpenID conformance suite, the cell that names their test) of each row."""
    with open(f"{ROOT}/docs/attacks.md", encoding="utf-8") as text:
        found = [line.strip().strip("|").split(" | ") for line in text if re.match(r"\| `[a-z]", line)]
    return [(re.findall(r"`([^`]+)`", names), shown.strip()) for names, shown in found]


@pytest.mark.parametrize("names, shown", checks(), ids=[names[0] + " " + shown for names, shown in checks()])
def test_each_check_of_the_conformance_suite_is_named_where_it_is_shown(names, shown):
    file, sentence = re.fullmatch(r"`([a-z0-9_/]+)`: (.+)", shown).groups()
    text = source(file)
    assert is_there(sentence, text), f"{file} has no {sentence!r}"
    for name in names:
        short = name.removeprefix("oidcc-rp-initiated-logout").removeprefix("oidcc-redirect-uri").removeprefix("oidcc-userinfo").removeprefix("oidcc")
        assert name in text or short in text, f"{file} does not say {name}"
