# SPDX-License-Identifier: Apache-2.0
"""Each statement that reads objects takes its index, whatever the planner knows of the table: nothing, as in a new
database, the time when it was small, or all of it: a large calendar beside many small ones.

All indexes of calendar_object begin with the account, most with the calendar too, so that a planner without the right
statistics takes any of them: a GET by name through the time index reads half the calendar. by_name() and its like leave
them no choice (docs/adr/0015-one-index-a-statement.md).
"""
import os
import re
import uuid

import pytest

from world import BIN

QUERIES = [os.path.join(os.path.dirname(__file__), "../../sql/queries", name) for name in ("object.sql", "agenda.sql")]
ACCOUNT = "11111111-1111-7111-8111-111111111110"
LARGE = "22222222-2222-7222-8222-222222222222"

# Never autovacuumed: what the planner knows is what a test lets it know.
START = f"""
ALTER TABLE calendar_object SET (autovacuum_enabled = false);
ALTER TABLE calendar SET (autovacuum_enabled = false);
INSERT INTO account (account_id, email, name) VALUES ('{ACCOUNT}', 'plans@example.org', 'Plans');
INSERT INTO calendar (account_id, id, name)
SELECT '{ACCOUNT}', CASE n WHEN 0 THEN '{LARGE}' ELSE gen_random_uuid() END, 'c' || n FROM generate_series(0, 40) n;
INSERT INTO calendar_state (account_id, calendar_id) SELECT account_id, id FROM calendar WHERE account_id = '{ACCOUNT}';
"""
FILL = """
INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
       created_at, size, component, flags, deleted, etag, name, uid, data)
SELECT c.account_id, c.id, gen_random_uuid(), n, at, at + interval '1 hour', span_of(at, at + interval '1 hour'), 'infinity', now(),
       now(), 3, 1, 0, false, decode(md5(n::text), 'hex'), 'o' || n || '.ics', 'u' || n, 'abc'
  FROM calendar c, LATERAL generate_series(%d, CASE c.name WHEN 'c0' THEN %d ELSE %d END) n,
       LATERAL (SELECT '2026-01-01'::timestamptz + n * interval '3 hours') t(at)
 WHERE c.account_id = '11111111-1111-7111-8111-111111111110';
UPDATE calendar_object SET deleted = true, data = NULL, uid = NULL, first_at = NULL, last_at = NULL, span = NULL, occ_until = NULL
 WHERE modseq % 20 = 0 AND NOT deleted;
""".replace("% 20", "%% 20")

NAME, SYNC, TIME, UID, KEY = (f"calendar_object_{n}" for n in ("name", "sync", "time", "uid", "id"))
SOME = "ARRAY[" + ", ".join(f"'{uuid.uuid4()}'" for _ in range(50)) + "]::uuid[]"
PLANS = {
    "object_get": ("NULL, 'c0', 'o7.ics'", {NAME}),
    "object_get_with_key": ("NULL, 'c0', 'o7.ics', '\\x00'", {NAME}),
    "resource_states": ("NULL, ARRAY['c0', 'c1', 'c0'], ARRAY['o7.ics', 'o8.ics', '']", {NAME}),
    "object_by_id": (f"NULL, '{LARGE}'", {KEY}),
    "object_shown": (f"NULL, '{LARGE}'", {KEY}),
    "object_shown_with_key": (f"NULL, '{LARGE}', '\\x00'", {KEY}),
    "object_by_uid": (f"'{LARGE}', 'u7'", {UID}),
    "object_by_uids": ("NULL, ARRAY['u7', 'u8']", {UID}),
    "object_longer_uids": (f"'{LARGE}', 'u7', 7, 1000", {UID}),
    "object_by_ids": (SOME, {KEY}),
    "object_small_by_ids": (f"{SOME}, 16384", {KEY}),
    "object_by_names": (f"'{LARGE}', ARRAY['o1.ics', 'o2.ics', 'o3.ics']", {NAME}),
    "object_by_names_data": (f"'{LARGE}', ARRAY['o1.ics', 'o2.ics', 'o3.ics']", {NAME}),
    "object_page": (f"'{LARGE}', 'o5', 7, 500", {NAME}),
    "object_page_data": (f"'{LARGE}', 'o5', 7, 500", {NAME}),
    "object_in_range": (
        f"ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', '{{1}}', 0, '-infinity', "
        "'00000000-0000-0000-0000-000000000000', 5000", {TIME}),
    "object_busy_in_range": (
        f"ARRAY['{ACCOUNT}']::uuid[], ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', 0, '-infinity', "
        "'00000000-0000-0000-0000-000000000000', 5000", {TIME}),
    "agenda_newer": (f"ARRAY['{LARGE}']::uuid[], '{LARGE}', 26, '-infinity'", {KEY}),
    "agenda_candidates_back": (
        f"ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', '2026-03-01', '2026-04-01', 'infinity', "
        "'00000000-0000-0000-0000-000000000000', 500", {TIME}),
    "agenda_candidates": (
        f"ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', '2026-03-01', '2026-04-01', '-infinity', "
        "'00000000-0000-0000-0000-000000000000', 500", {TIME}),
    "agenda_reach": (f"ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', 50000", {TIME}),
    "agenda_sought": (f"ARRAY['{LARGE}']::uuid[], '2026-03-01', '2026-04-01', ARRAY['%word%'], 5000", {TIME}),
    "agenda_newest": (f"ARRAY['{LARGE}']::uuid[], 'ffffffff-ffff-ffff-ffff-ffffffffffff', 26, '2026-01-01'", {KEY}),
    "agenda_newest_with_key": (f"ARRAY['{LARGE}']::uuid[], 'ffffffff-ffff-ffff-ffff-ffffffffffff', 26, '2026-01-01', '\\x00'", {KEY}),
    "object_changes": (f"'{LARGE}', 9990, 0, 101", {SYNC}),
    "object_changes_by_id": (f"'{LARGE}', 9990, 0, 101", {SYNC}),
}


def statements():
    """Those of these files as the build made them, with their guards; by name."""
    text = "".join(open(path, encoding="utf-8").read() for path in QUERIES)
    names = re.findall(r"^-- name: (\w+)(?: guard: (\w+))?(?: stores)?$", text, re.M)
    wanted = {name for name, _ in names} | {f"{name}_{guard}" for name, guard in names if guard}
    with open(os.path.join(os.path.dirname(BIN), "generated/sql.c"), encoding="utf-8") as f:
        made = re.findall(r'struct query sql_(\w+) = \{ "\w+",((?:\n\t"[^\n]*")+)', f.read())
    lines = {name: "".join(line[2:-1] for line in literal.split("\n")) for name, literal in made if name in wanted}
    assert set(lines) == wanted
    return {name: re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), sql) for name, sql in lines.items()}


# What has happened before the plan is made, in this order.
TIMES = {
    "empty": START,
    "young": FILL % (1, 3, 0) + "ANALYZE calendar, calendar_state, calendar_object;",
    "grown since": FILL % (4, 10000, 50),
    "analyzed": "ANALYZE calendar, calendar_state, calendar_object;",
}


@pytest.fixture(scope="module", params=TIMES)
def filled(world, request):
    world.sql(TIMES[request.param])
    return world


def test_every_statement_that_reads_objects_is_here():
    assert {n for n, body in statements().items() if body.lstrip().startswith("SELECT") and "calendar_object" in body} \
        == set(PLANS)


def plan_of(world, name, options="COSTS off"):
    args = PLANS[name][0]
    if ACCOUNT not in args:
        args = f"'{ACCOUNT}', {args}"
    rows = world.sql(
        f"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE q AS {statements()[name]}; "
        f"EXPLAIN ({options}) EXECUTE q({args})")
    return ["".join(r) for r in rows]


@pytest.mark.parametrize("name", PLANS)
def test_a_statement_takes_its_index(filled, name):
    plan = "\n".join(plan_of(filled, name))
    used = set(re.findall(r"calendar_object_\w+", plan))
    assert used == PLANS[name][1], plan
    assert "Seq Scan on calendar_object" not in plan, plan


@pytest.mark.parametrize("name", PLANS)
def test_no_plan_calls_a_function_in_sql(filled, name):
    """Each execution would parse and plan it anew, some 0.7 ms; one that can be inlined costs nothing."""
    in_sql = [n for (n,) in filled.sql("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
                                       "AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql')")]
    assert "span_from" in in_sql
    plan = "\n".join(plan_of(filled, name, "COSTS off, VERBOSE"))
    assert not re.findall(rf"\b({'|'.join(in_sql)})\(", plan), plan


@pytest.mark.parametrize("name", ["object_in_range", "object_busy_in_range", "agenda_newest", "agenda_newest_with_key", "agenda_newer"])
def test_a_page_is_not_read_beyond_and_sorted(filled, name):
    """Each lane of a range was read up to the page's size, and sorted, at twice the cost of the reading; a page of the newest was sorted for a sum."""
    plan = "\n".join(plan_of(filled, name))
    assert "Sort" not in plan and "WindowAgg" not in plan, plan


@pytest.mark.parametrize("name", [name for name in PLANS if name.endswith("_with_key")])
def test_nothing_is_looked_up_ahead_for_a_key_that_is_not_there(filled, name):
    """Or the time of a 401 would tell a stranger what exists: nothing below the filter runs."""
    plan = plan_of(filled, name, "ANALYZE, COSTS off, TIMING off, SUMMARY off")
    gate = next(i for i, line in enumerate(plan) if "One-Time Filter" in line)
    below = [line for line in plan[gate + 1 :] if "->" in line and "api_key" not in line]
    assert below and all("never executed" in line for line in below), "\n".join(plan)
