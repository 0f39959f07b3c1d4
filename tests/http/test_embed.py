# SPDX-License-Identifier: Apache-2.0
"""The build tool that turns SQL files into C (sql/embed.c): what it keeps, and what it refuses with file and line."""
import os
import subprocess

import pytest

from world import ASAN, BIN

EMBED = os.path.join(os.path.dirname(BIN), "embed")


def embed(folder, text, name="x.sql"):
    source = folder / name
    source.write_text(text)
    return subprocess.run([EMBED, str(folder), str(source)], capture_output=True, text=True,
        env=dict(os.environ, ASAN_OPTIONS=f"{ASAN}:detect_leaks=0"))


def test_comments_are_left_out_and_quotes_are_kept(tmp_path):
    done = embed(tmp_path, "-- licence\n-- name: a\n-- what it does\nSELECT '-- kept', /* gone */ \"a;b\" -- gone\n"
                           "  FROM t WHERE x ?| $1 AND y = $$ ; -- kept $$;\n")
    assert done.returncode == 0, done.stderr
    c = (tmp_path / "sql.c").read_text()
    assert "-- kept" in c and "; -- kept" in c and "gone" not in c and "what it does" not in c
    assert r"\?|" in c  # no trigraphs
    assert "extern const struct query sql_a;" in (tmp_path / "sql.h").read_text()


def test_a_guarded_statement_is_made_with_its_guard_too(tmp_path):
    done = embed(tmp_path, "-- name: a guard: g\nSELECT 1 WHERE x = $2 AND y = $1;\n-- guard: g\nAND z = $next;\n")
    assert done.returncode == 0, done.stderr
    c, h = (tmp_path / "sql.c").read_text(), (tmp_path / "sql.h").read_text()
    assert "sql_a;" in h and "sql_a_g;" in h and "sql_g;" not in h
    assert c.count("SELECT 1 WHERE x = $2 AND y = $1") == 2 and c.count("AND z = $3") == 1


def test_a_guard_stands_where_the_statement_has_it(tmp_path):
    done = embed(tmp_path, "-- name: a guard: g\nSELECT 1 WHERE x = $1 $guard\n ORDER BY y;\n-- guard: g\nAND z = $next;\n")
    assert done.returncode == 0, done.stderr
    c = (tmp_path / "sql.c").read_text()
    assert "$guard" not in c and c.count("SELECT 1 WHERE x = $1\\n") == 1 and c.count("WHERE x = $1 AND z = $2\\n") == 1, c


def test_a_migration_is_kept_to_the_octet(tmp_path):
    assert embed(tmp_path, "-- why\nCREATE TABLE t ();\n", "0007_t.sql").returncode == 0
    c = (tmp_path / "sql.c").read_text()
    assert '{ 7, "0007_t",' in c and "-- why" in c


@pytest.mark.parametrize("text,said", [
    ("SELECT 1", "1: text before the first"),
    ("-- name: a\nSELECT 1;\nSELECT 2;", "3: a holds a second statement"),
    ("-- name: a\n-- nothing\n", "1: a has no statement"),
    ("-- name: a\n;\n", "1: a has no statement"),
    ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "3: a has this name already"),
    ("-- name: Bad-name\nSELECT 1", "1: a name is lower case"),
    ("-- name: a\nSELECT 'x", "2: a quote does not end"),
    ("-- name: a\nSELECT $q$ x", "2: a quote does not end"),
    ("-- name: a\nSELECT 1 /* x", "2: a comment does not end"),
    ("-- name: a guard: g\nSELECT 1 WHERE true", "1: there is no guard g"),
    ("-- name: a guard: b\nSELECT 1 WHERE true\n-- name: b\nSELECT 2", "1: there is no guard b"),
])
def test_what_would_fail_at_run_time_stops_the_build(tmp_path, text, said):
    done = embed(tmp_path, text)
    assert done.returncode == 1
    assert f"x.sql:{said}" in done.stderr
