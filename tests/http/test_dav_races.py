# SPDX-License-Identifier: Apache-2.0
"""Callers at once: one wins, nobody waits for ever, who syncs misses nothing; and what a request costs."""
import concurrent.futures
import uuid

import pytest

from dav import D
from davwrite import new_event, put_new, names, proppatch, another, at_once

RACES = True  # tests/run races


@pytest.mark.parametrize("round_", range(3))
def test_of_sixteen_who_create_one_wins(dav, cal, round_):  # RFC 9110 §13.1.2
    got = at_once(dav, 16, lambda mine, i: mine.put(cal + "a.ics", new_event("one", summary=str(i)), If_None_Match="*").status)
    assert got == [201] + [412] * 15


@pytest.mark.parametrize("round_", range(3))
def test_of_sixteen_who_use_one_uid_one_wins(dav, cal, round_):  # RFC 4791 §5.3.2.1
    got = at_once(dav, 16, lambda mine, i: mine.put(f"{cal}{i}.ics", new_event("one", summary=str(i))).status)
    assert got == [201] + [403] * 15
    assert len(names(dav, cal)) == 1


@pytest.mark.parametrize("round_", range(3))
def test_of_sixteen_who_saw_the_same_one_wins(dav, cal, round_):  # RFC 9110 §13.1.1
    tag = put_new(dav, cal + "a.ics", new_event("one"))
    got = at_once(dav, 16, lambda mine, i: mine.put(cal + "a.ics", new_event("one", summary=str(i)), If_Match=tag).status)
    assert got == [204] + [412] * 15


def test_of_sixteen_who_make_a_calendar_one_wins(dav, fresh):
    assert at_once(dav, 16, lambda mine, i: mine.request("MKCALENDAR", fresh).status) == [201] + [403] * 15


def test_moves_to_and_fro_do_not_wait_for_each_other(dav, cal, other):
    for i in range(8):
        put_new(dav, f"{cal}{i}.ics")
        put_new(dav, f"{other}x{i}.ics")

    def move(mine, i):
        source, target = (cal + f"{i // 2}", other + f"{i // 2}") if i % 2 else (other + f"x{i // 2}", cal + f"x{i // 2}")
        return mine.request("MOVE", source + ".ics", Destination=target + ".ics").status

    assert at_once(dav, 16, move) == [201] * 16
    assert names(dav, cal) == {f"x{i}.ics" for i in range(8)} and names(dav, other) == {f"{i}.ics" for i in range(8)}


def test_properties_that_change_while_their_calendar_goes_do_not_wait_for_it(dav, home):
    """Each takes the calendar's row before properties, and these by name, not in the order that they were made in."""
    def some(first, value):
        return "".join(f"<x:p{i} xmlns:x='urn:x'>{value}</x:p{i}>" for i in range(first, first + 20))

    for round_ in range(40):
        cal = f"{home}{uuid.uuid4()}/"
        assert dav.request("MKCALENDAR", cal).status == 201
        obj = cal + "a.ics"
        put_new(dav, obj)
        for path in (cal, obj):
            for first in (30, 10):
                proppatch(dav, path, some(first, "old"))
        writers = [lambda mine: proppatch(mine, cal, some(10, "new") + some(30, "new")), lambda mine: proppatch(mine, obj, some(10, "new") + some(30, "new")),
                   lambda mine: mine.request("DELETE", cal), lambda mine: proppatch(mine, cal, some(10, "newer"))]
        got = at_once(dav, 4, lambda mine, i: writers[i](mine).status)
        assert set(got) <= {204, 207, 404} and got.count(204) == 1, got


def test_a_sync_beside_writers_misses_nothing(dav, cal):
    seen, token = {}, dav.sync(cal).sync_token

    def look():
        nonlocal token
        answer = dav.sync(cal, token, limit=7)
        for m in answer.responses:
            if m.href == cal:
                continue
            if m.status == 404:
                seen.pop(m.href, None)
            else:
                seen[m.href] = m.text(D + "getetag")
        more = any(m.href == cal for m in answer.responses)
        token = answer.sync_token
        return more

    def write(worker):
        mine = another(dav)
        for i in range(12):
            path = f"{cal}{worker}-{i % 4}.ics"
            if i % 3 == 2:
                mine.request("DELETE", path)
            else:
                mine.put(path, new_event(f"{worker}-{i % 4}", summary=str(i)))

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        work = [pool.submit(write, w) for w in range(6)]
        while not all(w.done() for w in work):
            look()
        while look():
            pass
    truth = {m.href: m.text(D + "getetag") for m in dav.sync(cal).responses}
    assert seen == truth


def test_a_write_costs_two_round_trips_with_its_authentication_and_a_get_one(world, dav, cal):
    steps = [
        ("PUT", lambda: dav.put(cal + "cost.ics", new_event("cost"))),
        ("GET", lambda: dav.request("GET", cal + "cost.ics")),
        ("PUT", lambda: dav.put(cal + "cost.ics", new_event("cost", summary="Other"))),
        ("PROPPATCH", lambda: proppatch(dav, cal, "<D:displayname>x</D:displayname><x:y xmlns:x='urn:x'>1</x:y>")),
        ("MOVE", lambda: dav.request("MOVE", cal + "cost.ics", Destination=cal + "less.ics")),
        ("DELETE", lambda: dav.request("DELETE", cal + "less.ics")),
    ]
    for method, run in steps:
        answer = run()
        assert answer.status < 300, method
        assert int(world.log_of(answer.headers["Request-Id"])["db"]) <= (1 if method == "GET" else 2), method
