# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/ that are made from tables say what the tables say."""
import os
import subprocess

import pytest

from world import BIN, ROOT


@pytest.mark.parametrize("name", ["routes", "errors", "options", "scopes"])
def test_the_page_is_what_its_table_prints(name):
    printed = subprocess.run([BIN, "reference", name], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(ROOT, "docs", name + ".md"), encoding="utf-8") as page:
        assert page.read() == printed, f"calends reference {name} >docs/{name}.md"


def test_help_names_every_command_and_option():
    text = subprocess.run([BIN, "--help"], capture_output=True, text=True, check=True).stdout
    for word in ["serve", "migrate", "account create", "key rotate", "client create", "doctor", "--listen", "--public-url"]:
        assert word in text, word


def test_what_is_unknown_stops_with_its_name():
    done = subprocess.run([BIN, "serve", "--lisen", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--lisen" in done.stderr
    done = subprocess.run([BIN, "frobnicate"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--help" in done.stderr
