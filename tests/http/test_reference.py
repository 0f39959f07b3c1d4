# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/ that are made from tables say what the tables say."""
import os
import re
import subprocess

import pytest

from world import BIN, ROOT


@pytest.mark.parametrize("name", ["routes", "errors", "options", "scopes"])
def test_the_page_is_what_its_table_prints(name):
    printed = subprocess.run([BIN, "reference", name], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(ROOT, "docs", name + ".md"), encoding="utf-8") as page:
        assert page.read() == printed, f"calends reference {name} >docs/{name}.md"


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
    unused = [k for k in kinds if not re.search(rf"\b{k}\b", sources)]
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
