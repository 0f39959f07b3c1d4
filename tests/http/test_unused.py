# SPDX-License-Identifier: Apache-2.0
"""What nobody reads is not there: values of pages, templates, classes of the style, statements and functions of SQL, kinds of errors, declarations."""
import collections
import os
import re

import pytest

from world import ROOT

FOLDERS = ("server", "oauth", "caldav", "web", "sql", "docs/site", "tests/unit", "tests/fuzz", "tests/bench", "tests/oracle", "tests/support")
# What a program of tests alone calls, as its header says.
FOR_TESTS = {"arena_used", "ical_expand", "jobs_run_due", "jwk_read_text"}


@pytest.fixture(scope="module")
def texts():
    found = {}
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(ROOT, folder)):
            folders[:] = [f for f in folders if f not in ("node_modules", "__pycache__")]
            for name in names:
                if name.endswith((".c", ".h", ".def", ".inl", ".sql", ".html", ".css", ".js", ".md")):
                    with open(os.path.join(path, name), encoding="utf-8") as f:
                        found[os.path.relpath(os.path.join(path, name), ROOT)] = f.read()
    assert len(found) > 1000
    return found


def joined(texts, beginning, *ends):
    return "\n".join(text for path, text in texts.items() if path.startswith(beginning) and path.endswith(ends))


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def test_each_value_of_a_page_is_in_a_template(texts):
    shown = set(re.findall(r"\w+", " ".join(re.findall(r"\{\{([^}]*)\}\}", joined(texts, ("web/templates", "docs/site"), ".html", ".md")))))
    made = set(re.findall(r'\bhtml_(?:set\w*|add_row)\(\s*[^,()]+,\s*"(\w+)"', joined(texts, ("web", "server", "oauth"), ".c")))
    assert len(made) > 500
    assert not made - shown, made - shown


def test_each_template_is_shown(texts):
    code = joined(texts, ("web", "server", "oauth", "caldav"), ".c", ".h")
    templates = joined(texts, "web/templates", ".html")
    names = [os.path.basename(path)[:-5] for path in texts if path.startswith("web/templates/")]
    assert len(names) > 50
    unused = [n for n in names if f'"{n}"' not in code and f"{{{{>{n}}}}}" not in templates]
    assert not unused, unused


def test_each_class_of_the_style_is_somewhere(texts):
    classes = set(re.findall(r"\.([a-z][\w-]*)", without_comments(joined(texts, "web/static/app/", ".css"))))
    assert len(classes) > 100
    words = set(re.findall(r"[\w-]+", joined(texts, ("web/templates", "docs/site"), ".html", ".md") + joined(texts, "web", ".c", ".h", ".js")))
    counted = {"part-0", "part-1", "part-2"}  # "part-{{of}}"
    assert not classes - words - counted, classes - words - counted


def test_each_statement_is_asked(texts):
    words = set(re.findall(r"\w+", joined(texts, ("server", "oauth", "caldav", "web"), ".c", ".h")))
    names = re.findall(r"^-- name: (\w+)", joined(texts, "sql/queries", ".sql"), re.M)
    assert len(names) > 300
    unused = [n for n in names if not words & {f"sql_{n}", f"sql_{n}_with_key", f"sql_{n}_0", f"sql_{n}_"}]  # the last is of "sql_name_##leaf"
    assert not unused, unused


def test_each_function_of_sql_is_called(world, texts):
    bodies = world.sql("SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'")
    elsewhere = world.sql("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index "
        "UNION ALL SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace "
        "UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
    words = collections.Counter(re.findall(r"\w+", "\n".join([body for _, body in bodies] + [text for (text,) in elsewhere] + [joined(texts, "sql/queries", ".sql")])))
    defined = collections.Counter(name for name, _ in bodies)
    unused = [name for name in defined if words[name] <= defined[name]]
    assert len(bodies) > 100 and not unused, unused


def test_each_kind_of_error_is_made(texts):
    code = "\n".join(text for path, text in texts.items()
        if path.startswith(("server", "oauth", "caldav", "web")) and path.endswith((".c", ".h", ".def")) and path != "server/base/errors.def")
    words = set(re.findall(r"\w+", without_comments(code)))
    unused = [kind for kind in re.findall(r"^ERR\((\w+)", texts["server/base/errors.def"], re.M) if kind not in words]
    assert not unused, unused


def test_each_function_that_a_header_has_is_called(texts):
    """By more than its own file's definition; by tests alone, where it is for them."""
    counts = collections.Counter()
    for path, text in texts.items():
        if path.endswith((".c", ".h", ".def", ".inl")) and not path.startswith("tests/"):
            counts.update(re.findall(r"\w+", without_comments(text)))
    declared = {name for path, text in texts.items() if path.endswith(".h") and not path.startswith("tests/")
        for name in re.findall(r"^(?!#|static|typedef)[\w ]+[ *]+(\w+)\((?!\*)", without_comments(text), re.M)}
    unused = {n for n in declared if counts[n] <= 2} - FOR_TESTS
    with open(os.path.join(ROOT, "cmake/civetweb.cmake"), encoding="utf-8") as f:
        unused -= set(re.findall(r"\w+", f.read()))
    assert len(declared) > 1000 and not unused, unused
