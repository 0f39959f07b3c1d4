# SPDX-License-Identifier: Apache-2.0
"""What comments and docs/ARCHITECTURE.md name is there: files, functions, and each function in the file that is said. A type of a header
has its name alone. (What moves takes its comments along, or they lie.)"""
import collections
import os
import re

import pytest

from world import ROOT

FOLDERS = ("server", "oauth", "caldav", "web", "sql", "tests", "docs", "cmake")
OF_OTHERS = {"civetweb.h", "sql.h", "pidfile.h"}  # civetweb's, made by the build, PostgreSQL's
TWICE = {"calendar_view"}  # of REST, and of the page (docs/ARCHITECTURE.md, "view")
OUR_C = (".c", ".h", ".def", ".inl")


@pytest.fixture(scope="module")
def files():
    """By path; what is no text of ours is there by its name alone."""
    found = {}
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(ROOT, folder)):
            folders[:] = [f for f in folders if f not in ("node_modules", "__pycache__")]
            for name in names:
                whole = os.path.join(path, name)
                with open(whole, encoding="utf-8", errors="replace") as f:
                    found[os.path.relpath(whole, ROOT)] = f.read() if name.endswith((*OUR_C, ".sql", ".md")) else ""
    assert len(found) > 1000
    return found


@pytest.fixture(scope="module")
def told(files):
    """(where, text) of each comment, and of the walk through the code."""
    comments = [(f"{path}:{text.count(chr(10), 0, m.start()) + 1}", m[0]) for path, text in files.items() if path.endswith(OUR_C)
                for m in re.finditer(r"/\*.*?\*/", text, re.S)]
    return [*comments, ("docs/ARCHITECTURE.md", files["docs/ARCHITECTURE.md"])]


def ends_with(files, name):
    return [path for path in files if path == name or path.endswith("/" + name)]


def test_each_file_that_is_named_is_there(files, told):
    names = re.compile(r"(?<![\w/.*…-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:c|h|def|sql|inl|py|cmake))\b")
    wrong = [(where, name) for where, text in told for name in names.findall(text) if name not in OF_OTHERS and not ends_with(files, name)]
    assert not wrong, wrong


def test_each_function_that_is_named_is_there(files, told):
    code = set()
    for path, text in files.items():
        if path.endswith((*OUR_C, ".sql")):
            code.update(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", text, flags=re.S)))
    wrong = [(where, name) for where, text in told for name in re.findall(r"\b([a-z]\w*)\(\)", text) if name not in code]
    assert not wrong, wrong


def test_a_function_stands_in_the_file_that_the_walk_says(files):
    pairs = re.findall(r"`([a-z_0-9]+)`(?: of| in)? \(?`([\w/]+\.(?:c|h|def))`", files["docs/ARCHITECTURE.md"])
    assert len(pairs) > 20
    wrong = [pair for pair in pairs if not any(re.search(rf"\b{pair[0]}\b", files[path]) for path in ends_with(files, pair[1]))]
    assert not wrong, wrong


def test_a_type_of_a_header_has_its_name_alone(files):
    """Also among those that a file has for itself, but for two programs of the build."""
    where = collections.defaultdict(list)
    for path, text in files.items():
        if path.endswith((".c", ".h")) and not path.startswith(("tests/", "web/build/")):
            for name in re.findall(r"^(?:struct|enum) (\w+) \{", text, re.M):
                where[name].append(path)
    wrong = {name: paths for name, paths in where.items() if len(paths) > 1 and name not in TWICE and any(path.endswith(".h") for path in paths)}
    assert not wrong, wrong
