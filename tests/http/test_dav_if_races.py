# SPDX-License-Identifier: Apache-2.0
"""The If header where several write at once: it is judged under the lock of what will be written (RFC 4918 §10.4, RFC 6578 §5)."""
import uuid

import pytest

from davwrite import at_once, names, new_event, put_new
from test_dav_if import when

SERVE = ["--rate-limit", "100000"]


@pytest.mark.parametrize("round_", range(8))
def test_of_sixteen_who_saw_the_same_calendar_one_wins(dav, cal, round_):  # RFC 6578 §5
    header = when(dav, cal)
    got = at_once(dav, 16, lambda mine, i: mine.put(f"{cal}{i}.ics", new_event(), If=header).status)
    assert got == [201] + [412] * 15
    assert len(names(dav, cal)) == 1


def test_of_two_writers_of_different_kinds_one_wins(dav, cal, other):
    writes = [lambda mine, header: mine.put(cal + "b.ics", new_event(), If=header),
              lambda mine, header: mine.request("DELETE", cal + "a.ics", If=header),
              lambda mine, header: mine.request("MOVE", cal + "a.ics", Destination=other + "a.ics", If=header),
              lambda mine, header: mine.request("COPY", other + "c.ics", Destination=cal + "c.ics", If=header)]
    put_new(dav, other + "c.ics", new_event("copied"))
    for one in range(len(writes)):
        for two in range(one + 1, len(writes)):
            for name in ("a.ics", "b.ics", "c.ics"):
                dav.request("DELETE", cal + name)
            dav.request("DELETE", other + "a.ics")
            put_new(dav, cal + "a.ics", new_event("one"))
            header = when(dav, cal)
            got = at_once(dav, 8, lambda mine, i: writes[(one, two)[i % 2]](mine, header).status)
            assert got[0] in (201, 204) and got[1:] == [412] * 7, (one, two, got)


def test_what_is_conditional_on_another_calendar_is_held_to_it(dav, home, cal, other):
    """A counter that is written elsewhere only if nobody wrote here: none is lost, whoever else writes here meanwhile."""
    wins = 0
    for round_ in range(10):
        header = when(dav, cal)
        put = [lambda mine: mine.put(f"{other}{uuid.uuid4()}.ics", new_event(), If=header).status,
               lambda mine: mine.put(f"{cal}{uuid.uuid4()}.ics", new_event(), If=header).status]
        got = at_once(dav, 6, lambda mine, i: (i % 2, put[i % 2](mine)))
        here = [s for kind, s in got if kind]
        assert here == [201, 412, 412], got
        wins += sum(s == 201 for kind, s in got if not kind)
    assert len(names(dav, cal)) == 10 and len(names(dav, other)) == wins


def test_conditions_on_many_calendars_do_not_wait_for_each_other(dav, cal, other):
    """Whatever order a client names resources in, and whether it names all: locks are taken in one order."""
    for round_ in range(4):
        a, b = f"{cal}{round_}", f"{other}{round_}"
        tags = {p: put_new(dav, p) for i in range(8) for p in (f"{a}-{i}.ics", f"{b}-x{i}.ics")}

        def move(mine, i):
            n = i // 2
            source, target = (f"{a}-{n}.ics", f"{b}-{n}.ics") if i % 2 else (f"{b}-x{n}.ics", f"{a}-x{n}.ics")
            here, there = f"<{source}> ([{tags[source]}])", f"<{target}> (Not [{tags[source]}])"
            header = (None, here, there, f"{there} {here}")[n % 4]
            return mine.request("MOVE", source, Destination=target, If=header).status

        assert at_once(dav, 16, move) == [201] * 16


def test_calendars_that_come_and_go_do_not_wait_for_their_account(dav, home, cal, fresh):
    """MKCALENDAR, MOVE and COPY of calendars lock the account before calendars: so do they with conditions."""
    for _ in range(4):
        header = when(dav, cal)

        def run(mine, i):
            mine_too = f"{fresh[:-1]}-{i}/"
            made = mine.request("COPY" if i % 2 else "MKCALENDAR", cal if i % 2 else mine_too, Destination=mine_too if i % 2 else None,
                                If=header if i % 4 < 2 else None)
            moved = mine.request("MOVE", mine_too, Destination=mine_too[:-1] + "b/", If=header if i % 4 > 1 else None)
            gone = mine.request("DELETE", mine_too[:-1] + "b/", If=header)
            return made.status, moved.status, gone.status

        assert at_once(dav, 12, run) == [(201, 201, 204)] * 12


def test_who_waited_for_a_move_finds_that_the_calendar_went(dav, cal, fresh):
    """One name, one winner: a PUT is true of the calendar that has the name when it writes, or is refused."""
    for _ in range(6):
        header = when(dav, cal)
        got = at_once(dav, 8, lambda mine, i: (i % 2, mine.request("MOVE", cal, Destination=fresh, If=header).status if i % 2 else
                                               mine.put(f"{cal}{uuid.uuid4()}.ics", new_event(), If=header).status))
        moved, put = [s for kind, s in got if kind], [s for kind, s in got if not kind]
        assert (moved, put) in (([201, 412, 412, 412], [412] * 4), ([412] * 4, [201, 412, 412, 412])), got
        if moved[0] == 201:
            assert dav.request("MOVE", fresh, Destination=cal).status == 201
