# SPDX-License-Identifier: Apache-2.0
"""A newer tz database: what stands beside objects by the rules of their time zones is brought to it, once, and nobody is told."""
import pytest

from dav import calendar, component, event, fill, in_range, new_tree, object_names, todo
from row_bounds import statement

SECONDS = 15
KNOWN = """SELECT id, first_at, last_at, span, occ_until, flags, occ, etag, modseq, updated_at FROM calendar_object
            WHERE uid IN ('once', 'series', 'declined', 'utc', 'day') ORDER BY id"""
WRONG = "first_at = first_at - interval '1 hour', last_at = last_at - interval '1 hour', span = 0, flags = flags & ~256, occ = NULL"


@pytest.fixture(scope="module")
def tree(world):
    tree = new_tree(world)
    zone = lambda name, start, *more: calendar(
        component("VEVENT", name, f"DTSTART;TZID=Europe/Berlin:{start}", "DURATION:PT30M", *more)
    )
    fill(
        tree,
        once=zone("once", "20270705T090000"),
        series=zone("series", "20270705T110000", "RRULE:FREQ=DAILY;COUNT=30;BYDAY=MO,WE", "EXDATE;TZID=Europe/Berlin:20270707T110000"),
        declined=zone("declined", "20270705T130000", "ATTENDEE;PARTSTAT=DECLINED:mailto:dav@example.org"),
        utc=event("utc", "20270705T150000Z", "20270705T153000Z"),
        day=event("day", ";VALUE=DATE:20270711"),
        task=todo("task", "DUE;TZID=Europe/Berlin:20270705T170000"),
    )
    assert tree.dav.put(tree.calendar + "gone.ics", zone("gone", "20270705T090000")).status == 201
    assert tree.dav.request("DELETE", tree.calendar + "gone.ics").status == 204
    return tree


def version(world):
    return world.sql("SELECT version FROM zone_fill")[0][0]


def ended(world):
    return world.wait_for(lambda: world.sql("SELECT ended_at IS NOT NULL FROM zone_fill") == [["t"]])


def runs(world):
    line = [line for line in world.get("/metrics").text.splitlines() if line.startswith('calends_job_runs_total{job="zone_fill"}')]
    return float(line[0].split()[-1]) if line else 0


def restarted(world, was, wrong=WRONG):
    """With what was kept beside objects made wrong, as an older tz database would have it."""
    world.stop()
    world.sql(f"UPDATE calendar_object SET {wrong} WHERE NOT deleted")
    world.sql(f"UPDATE zone_fill SET version = '{was}', ended_at = now(), after_account = 'ffffffff-ffff-ffff-ffff-ffffffffffff'")
    world.start()


def asked(tree, start, end):
    return object_names(tree.dav.query(tree.calendar, in_range("VEVENT", start, end)))


def test_newer_rules_are_brought_to_all_objects_and_nobody_is_told(world, tree):
    assert ended(world)
    world.sql("UPDATE calendar_object SET data = 'no calendar' WHERE data LIKE '%UID:task%'")  # what cannot be read stays as it is
    now, before, told = version(world), world.sql(KNOWN), world.sql("SELECT count(*) FROM outbox")
    token = tree.dav.sync(tree.calendar).sync_token
    assert now[:2] == "20" and len(before) == 5
    restarted(world, "2000a")
    assert world.wait_for(lambda: version(world) == now) and ended(world)
    assert world.sql(KNOWN) == before
    assert world.sql("SELECT count(*) FROM outbox") == told and tree.dav.sync(tree.calendar, token).members == {}
    assert asked(tree, "20270705T070000Z", "20270705T073000Z") == {"once"}
    assert asked(tree, "20270712T090000Z", "20270712T093000Z") == {"series"} and asked(tree, "20270707T090000Z", "20270707T093000Z") == set()


def test_an_event_of_before_is_known_as_declined(world, tree):
    """Where its flag is all that is to be mended, too; and what is right is not written again."""
    assert ended(world)
    now, before = version(world), world.sql(KNOWN)
    restarted(world, "2000a", "flags = flags & ~256")
    assert world.wait_for(lambda: version(world) == now) and ended(world)
    assert world.sql(KNOWN) == before
    writers = dict(world.sql("SELECT uid, xmin FROM calendar_object WHERE uid IN ('once', 'series', 'declined', 'utc', 'day')"))
    assert {uid for uid in writers if writers[uid] != writers["day"]} == {"declined"}


def test_what_somebody_writes_meanwhile_is_left_to_them(world, tree):
    [[account, id]] = world.sql("SELECT account_id, id FROM calendar_object WHERE uid = 'once'")
    before = world.sql(KNOWN)
    statement(world, "zone_fill_put", f"'{account}'", f"'{id}'", "'the tag of before'", "now()", "now()", "now()", "0::smallint", "NULL")
    assert world.sql(KNOWN) == before


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_what_somebody_holds_is_come_back_to(world, tree, end):
    """They need not bring the times: the job that brings words does not. The others of its portion are not kept waiting."""
    assert ended(world)
    before = world.sql(KNOWN)
    [[once]] = world.sql("SELECT id FROM calendar_object WHERE uid = 'once'")
    wrong = lambda: [is_now[0] for is_now, was in zip(world.sql(KNOWN), before) if is_now != was]
    world.stop()
    world.sql(f"UPDATE calendar_object SET {WRONG} WHERE NOT deleted; UPDATE zone_fill SET version = '2000a'")
    assert len(wrong()) == 5
    with world.holding("UPDATE calendar_object SET words = words WHERE uid = 'once'", jobs=True) as commit:
        world.start()
        assert world.wait_for(lambda: wrong() == [once])
        assert world.sql("SELECT ended_at IS NULL FROM zone_fill") == [["t"]]
        commit(end)
    assert ended(world) and wrong() == []


def test_the_same_or_an_older_tz_database_changes_nothing(world, tree):
    """Else every start would read all objects, and two servers with different ones would begin anew for each other for ever."""
    now = version(world)
    for was in (now, "9999z"):
        restarted(world, was)
        wrong = world.sql(KNOWN)
        assert tree.dav.propfind(tree.calendar, "<D:getetag/>", 0).status == 207
        assert world.wait_for(lambda: runs(world) >= 1)
        assert world.sql(KNOWN) == wrong and version(world) == was
    restarted(world, "2000a")
    assert world.wait_for(lambda: version(world) == now) and ended(world)
