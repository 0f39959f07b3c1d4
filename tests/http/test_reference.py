# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/ that are made from tables say what the tables say."""
import os
import re
import subprocess

import pytest

from world import BIN, ROOT


@pytest.mark.parametrize("name", ["routes", "errors", "options", "scopes", "parameters"])
def test_the_page_is_what_its_table_prints(name):
    printed = subprocess.run([BIN, "reference", name], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(ROOT, "docs", name + ".md"), encoding="utf-8") as page:
        assert page.read() == printed, f"calends reference {name} >docs/{name}.md"


def test_the_manual_page_is_what_the_tables_print_and_is_set_without_a_warning():
    printed = subprocess.run([BIN, "reference", "man"], capture_output=True, check=True).stdout
    with open(os.path.join(ROOT, "docs/calends.1"), "rb") as page:
        assert page.read() == printed, "calends reference man >docs/calends.1"
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-Z"], input=printed, capture_output=True, check=True)
    assert done.stderr == b"", done.stderr
    text = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou"], input=printed, capture_output=True, check=True).stdout.decode()
    text = re.sub(r"-\n *", "", re.sub(r" +", " ", text))  # words that were cut at a line's end
    for words in ("calends key create EMAIL", "--listen ADDRESS", "CALENDS_DATABASE_URL", "EXIT STATUS"):
        assert words in text, words


def test_every_kind_of_failure_is_raised_somewhere():
    with open(os.path.join(ROOT, "server/base/errors.def"), encoding="utf-8") as table:
        kinds = re.findall(r"^ERR\((\w+)", table.read(), re.M)
    sources = ""
    for folder in ("server", "oauth", "caldav", "web"):
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                path = os.path.join(where, name)
                if name.endswith((".c", ".h", ".inl")) and not path.endswith("server/http/contract.c"):
                    with open(path, encoding="utf-8") as source:
                        # what a contract names is a promise, not a raise
                        sources += re.sub(r"ERRORS\([^)]*\)|#define WRITING(.*\\\n)*.*", "", source.read())
    unused = set(kinds) - set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", sources))
    assert len(kinds) > 60 and not unused, unused


def test_help_names_every_command_and_option():
    text = subprocess.run([BIN, "--help"], capture_output=True, text=True, check=True).stdout
    for word in ["serve", "migrate", "account create", "key rotate", "client create", "doctor", "--listen", "--public-url"]:
        assert word in text, word


def test_what_is_unknown_stops_with_its_name():
    done = subprocess.run([BIN, "serve", "--lisen", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--lisen" in done.stderr
    done = subprocess.run([BIN, "frobnicate"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--help" in done.stderr


@pytest.mark.parametrize("words, usage", [
    (["reference"], "reference routes|errors|options|scopes|parameters|openapi|man"), (["reference", "a", "b"], "reference routes|errors|options|scopes|parameters|openapi|man"), (["account", "create"], "account create EMAIL"),
    (["account", "list", "x"], "account list"), (["doctor", "x"], "doctor"),
])
def test_too_few_or_too_many_operands_are_told_how_the_command_is_called(words, usage):
    done = subprocess.run([BIN, *words], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr == f"calends: usage: calends {usage}\n", done


def sources(*ends):
    for folder in ("server", "oauth", "caldav", "web", "cmake"):
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                if name.endswith(ends):
                    with open(os.path.join(where, name), encoding="utf-8") as source:
                        yield source.read()


def test_every_function_of_a_header_has_a_caller_or_says_that_it_is_for_tests():
    """Declarations and definitions begin in the first column, calls do not."""
    code = [line for text in sources(".c", ".h", ".def") for line in text.splitlines() if not line[:1].isalpha() or "=" in line]
    called = set(re.findall(r"\w+", " ".join([re.sub(r"/\*.*?\*/", "", "\n".join(code), flags=re.S), *sources(".inl", ".cmake")])))
    uncalled = []
    for header in sources(".h"):
        for found in re.finditer(r"^(?!typedef|static)(?:\w[\w *]*?[ *])(\w+)\([^;{]*\)(?:\s*__\w+\(\(.*\)\))?;", header, re.M):
            comment = header[:found.start()].rpartition("/*")[2]
            for_tests = "or tests" in comment and comment.rstrip().endswith("*/")
            if found.group(1) not in called and not for_tests:
                uncalled.append(found.group(1))
    assert not uncalled, " ".join(uncalled)
