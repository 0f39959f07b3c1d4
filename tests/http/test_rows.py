# SPDX-License-Identifier: Apache-2.0
"""Every table says who bounds its rows, and what bounds them does."""
import glob
import os
import re

import pytest

from dav import D, Dav
from davfaults import DEAD, consistent
from davwrite import new_event, proppatch as patch, put_new
from world import ROOT, CliError

SERVE = ["--rate-limit", "100000"]


def bounding_things(world):
    functions = {n for (n,) in world.sql("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")}
    statements = set()
    for path in glob.glob(os.path.join(ROOT, "sql/queries/*.sql")):
        with open(path, encoding="utf-8") as f:
            statements |= set(re.findall(r"^-- name: (\w+)", f.read(), re.M))
    return functions | statements


def test_every_table_says_who_bounds_its_rows(world):
    tables = dict(world.sql("SELECT c.relname, coalesce(obj_description(c.oid), '') FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
                            "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migration'"))
    known = bounding_things(world)
    for table, said in tables.items():
        match = re.fullmatch(r"rows: .+ \((\w+)\)", said)
        assert match, (table, said)
        assert match[1] in known, (table, match[1])


def test_the_lists_of_c_and_of_the_database_are_the_same(world):
    """Outcomes of writes, kinds of outbox rows: an enum of C and a type of SQL."""
    for name, file in (("outcome", "outcome.def"), ("outbox_kind", "outbox.def")):
        with open(os.path.join(ROOT, "caldav/calendar/store", file), encoding="utf-8") as f:
            rows = re.findall(r'^\w+\((\w+), "(\w+)"\)', f.read(), re.M)
        assert all(upper.lower() == label for upper, label in rows)
        assert [label for _, label in rows] == [n for (n,) in world.sql(f"SELECT unnest(enum_range(NULL::{name}))")]


def test_the_ways_of_clients_are_the_same_as_stored_and_as_an_option(world):
    with open(os.path.join(ROOT, "oauth/client_auth.def"), encoding="utf-8") as f:
        rows = [(int(value), name) for value, name in re.findall(r'^CLIENT_AUTH\(\w+, +(\d+), "(\w+)"\)', f.read(), re.M)]
    assert [value for value, _ in rows] == list(range(1, len(rows) + 1))  # 0 is whatever was not said
    [[check]] = world.sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'oauth_client'::regclass AND conname = 'oauth_client_auth_method_check'")
    assert [int(n) for n in re.findall(r"\d+", check)] == [0, rows[-1][0]], check
    with open(os.path.join(ROOT, "server/base/options.def"), encoding="utf-8") as f:
        [option] = re.findall(r'"auth-method", +"([\w|]+)"', f.read())
    assert option.split("|") == [name for _, name in rows]


@pytest.fixture(scope="module")
def dav(world):
    owner = world.account("rows@example.org")
    dav = Dav(world.url, owner.email, owner.key)
    dav.home = f"/dav/calendars/{owner.id}/"
    return dav


def counted(world):
    [[count, stated]] = world.sql("SELECT (SELECT count(*) FROM calendar_object WHERE deleted), sum(tombstones) FROM calendar_state")
    assert count == stated
    assert world.sql("SELECT id FROM calendar_object WHERE num_nulls(uid, span, data) <> CASE WHEN deleted THEN 3 ELSE 0 END") == []
    return int(count)


def test_tombstones_are_bounded_and_old_tokens_end_by_it(world, dav):
    """6,000 pairs of PUT and DELETE left 6,000 rows that nobody counted. RFC 6578 §3.2: what cannot be served is refused."""
    cal = dav.home + "pairs/"
    others = counted(world)
    assert dav.request("MKCALENDAR", cal).status == 201
    put_new(dav, cal + "stays.ics")
    first = dav.sync(cal).sync_token
    world.sql("""INSERT INTO calendar_object (account_id, calendar_id, id, modseq, updated_at, created_at, size, component, flags, deleted, etag, name)
                 SELECT s.account_id, s.calendar_id, gen_random_uuid(), s.modseq + n, now(), now(), 0, 1, 0, true, '\\x00', 'gone' || n || '.ics'
                   FROM calendar_state s JOIN calendar c ON c.id = s.calendar_id, generate_series(1, 1100) n WHERE c.name = 'pairs';
                 UPDATE calendar_state s SET modseq = modseq + 1100, tombstones = 1100 FROM calendar c WHERE c.id = s.calendar_id AND c.name = 'pairs'""")
    assert len(dav.sync(cal, first).responses) == 1100
    last = dav.sync(cal).sync_token
    for i in range(3):
        put_new(dav, f"{cal}{i}.ics")
        assert dav.request("DELETE", f"{cal}{i}.ics").status == 204
    assert counted(world) == others + 1001
    answer = dav.sync(cal, first)
    assert answer.status == 403 and answer.condition == [D + "valid-sync-token"], answer
    assert {m.status for m in dav.sync(cal, last).responses} == {404} and len(dav.sync(cal, last).responses) == 3
    assert {m.href for m in dav.sync(cal).responses} == {cal + "stays.ics"}
    assert consistent(world)


def test_every_way_to_bury_and_to_dig_up_counts_tombstones(world, dav):
    a, b = dav.home + "a/", dav.home + "b/"
    for cal in (a, b):
        assert dav.request("MKCALENDAR", cal).status == 201
    before = counted(world)
    put_new(dav, a + "1.ics", new_event("one"))
    assert dav.request("DELETE", a + "1.ics").status == 204
    assert counted(world) == before + 1
    put_new(dav, a + "1.ics", new_event("one"))  # where a tombstone stood
    assert counted(world) == before
    assert dav.request("MOVE", a + "1.ics", Destination=b + "1.ics").status == 201
    assert counted(world) == before + 1
    assert dav.request("MOVE", b + "1.ics", Destination=a + "1.ics").status == 201  # onto the tombstone
    assert counted(world) == before + 1
    assert dav.request("COPY", a + "1.ics", Destination=b + "1.ics").status == 201
    assert counted(world) == before
    assert dav.request("DELETE", b + "1.ics").status == 204
    for cal in (a, b):
        assert dav.request("DELETE", cal).status == 204
    assert counted(world) == before and consistent(world)


def test_a_tombstone_that_keeps_something_is_refused(world, dav):
    """And an object that is dug up without its data: by whoever changes what a row is. A CHECK would ask each write."""
    put_new(dav, dav.home + "default/kept.ics")
    put_new(dav, dav.home + "default/buried.ics")
    assert dav.request("DELETE", dav.home + "default/buried.ics").status == 204
    for name in ("kept.ics", "buried.ics"):
        with pytest.raises(AssertionError, match="a tombstone has neither"):
            world.sql(f"UPDATE calendar_object SET deleted = NOT deleted WHERE name = '{name}'")


def test_an_account_has_so_many_keys(world):
    """6,000 keys in ten seconds made a page of five megabytes."""
    ann = world.account("keys@example.org")
    world.key(ann)
    world.sql("INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes) SELECT account_id, gen_random_uuid(), "
              "sha256(random()::text::bytea), 3, 'x', 'x', 0 FROM account, generate_series(1, 498) "
              "WHERE email = 'keys@example.org' AND livemode")
    last = world.key(ann)
    with pytest.raises(CliError) as refused:
        world.key(ann)
    assert "at most 500 keys" in str(refused.value)
    world.cli("key", "revoke", last.id)
    with pytest.raises(CliError):
        world.key(ann)
    world.key(ann, kind="secret", mode="test")


def test_a_change_of_properties_is_told_and_outlives_no_object(world, dav):
    """Every change of objects, calendars and properties writes its row of the outbox, in its transaction."""
    cal = dav.home + "told/"
    seen = lambda: [k for (k,) in world.sql("SELECT kind FROM outbox ORDER BY id")]
    steps = [
        (lambda: dav.request("MKCALENDAR", cal), ["calendar_created"]),
        (lambda: dav.put(cal + "a.ics", new_event("a")), ["object_created"]),
        (lambda: dav.put(cal + "a.ics", new_event("a", summary="b")), ["object_changed"]),
        (lambda: patch(dav, cal + "a.ics", DEAD), ["properties_changed"]),
        (lambda: patch(dav, dav.home, DEAD), ["properties_changed"]),
        (lambda: patch(dav, cal, DEAD), ["calendar_changed"]),
        (lambda: dav.request("MOVE", cal + "a.ics", Destination=cal + "b.ics"), ["object_changed"]),
        (lambda: dav.request("COPY", cal, Destination=dav.home + "twin/"), ["calendar_created", "object_created"]),
        # Whoever listens hears of what a COPY or MOVE replaces that it went, and then of what came.
        (lambda: dav.request("COPY", cal + "b.ics", Destination=dav.home + "twin/b.ics"), ["object_deleted", "object_created"]),
        (lambda: dav.request("MOVE", dav.home + "twin/b.ics", Destination=cal + "b.ics"), ["object_deleted", "object_changed"]),
        (lambda: dav.request("MOVE", cal, Destination=dav.home + "twin/"), ["calendar_deleted", "calendar_changed"]),
        (lambda: dav.request("DELETE", dav.home + "twin/b.ics"), ["object_deleted"]),
        (lambda: dav.request("DELETE", dav.home + "twin/"), ["calendar_deleted"]),
    ]
    for run, kinds in steps:
        before = len(seen())
        answer = run()
        assert answer.status < 300, answer
        assert seen()[before:] == kinds
    [[home]] = world.sql("SELECT count(*) FROM dead_property")
    assert home == "1"


def test_every_door_that_writes_an_object_states_how_long_it_is(world, dav):
    """span is written, not generated; the index by time finds nothing that stands in the wrong class."""
    cal = dav.home + "spans/"
    assert dav.request("MKCALENDAR", cal).status == 201
    put_new(dav, cal + "a.ics", new_event("a"))
    put_new(dav, cal + "b.ics", new_event("b", "20260301T100000Z", "DURATION:P40D"))
    put_new(dav, cal + "c.ics", new_event("c", "20260301T100000Z", "RRULE:FREQ=DAILY"))
    assert dav.put(cal + "a.ics", new_event("a", "20260301T100000Z", "DURATION:PT30H")).status == 204
    assert dav.request("COPY", cal, Destination=dav.home + "spans2/").status == 201
    assert dav.request("MOVE", cal + "a.ics", Destination=cal + "d.ics").status == 201
    assert dav.request("MKCALENDAR", dav.home + "spans3/").status == 201
    assert dav.request("COPY", cal + "b.ics", Destination=dav.home + "spans3/b.ics").status == 201
    assert dav.request("DELETE", cal + "d.ics").status == 204
    put_new(dav, cal + "d.ics", new_event("d", "20260301T100000Z", "DURATION:PT30H"))
    rows = world.sql("SELECT o.name, o.deleted, o.span, span_of(o.first_at, o.last_at) FROM calendar_object o "
                     "JOIN calendar c ON c.id = o.calendar_id WHERE c.name LIKE 'spans%'")
    kept = [(name, span) for name, deleted, span, real in rows if deleted == "f" and span == real]
    assert len(kept) == sum(deleted == "f" for _, deleted, _, _ in rows) == 7, rows
    assert {span for _, span in kept} == {"2", "4", "8"}


def test_a_write_beside_the_making_of_partitions_goes_to_its_own(world, dav):
    """It had chosen the default partition, waited for it, and was then told that its row may not be there: 500."""
    with world.jobs_held():  # housekeeping makes them, too
        [[leaf]] = world.sql("SELECT 'outbox_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')")
        world.sql(f"BEGIN; ALTER TABLE outbox DETACH PARTITION {leaf}; INSERT INTO outbox_default SELECT * FROM {leaf};"
                  f"DROP TABLE {leaf}; COMMIT")
        cal = dav.home + "beside/"
        assert dav.request("MKCALENDAR", cal).status == 201  # and whoever wrote before has planned it
        put_new(dav, cal + "a.ics")
        assert world.meanwhile("SELECT outbox_partitions(3, 30)", lambda: dav.put(cal + "b.ics", new_event())).status == 201
        assert world.sql("SELECT count(*) FROM outbox_default") == [["0"]]
        assert world.sql(f"SELECT count(*) > 2 FROM {leaf}") == [["t"]]


def test_ids_that_the_database_makes_are_in_order_within_a_millisecond(world):
    """RFC 9562 §6.2 method 3."""
    ids = [i for (i,) in world.sql("DO $$ BEGIN END $$; SELECT uuid_v7() FROM generate_series(1, 2000)")]
    assert len(set(ids)) == 2000 and all(i[14] == "7" and i[19] in "89ab" for i in ids)
    heads = [i[:18] for i in ids]
    assert heads == sorted(heads) and len(set(heads)) > len({i[:13] for i in ids})
