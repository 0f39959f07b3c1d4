# SPDX-License-Identifier: Apache-2.0
"""What a limited credential may write: a restricted key by its scopes, each refusal with DAV:need-privileges."""
import pytest

from dav import A, D, Dav
from davwrite import fates, new_event, props, proppatch, put_new


@pytest.fixture(scope="module")
def limited(world, owner):
    """A client whose key has these scopes."""

    def make(scope):
        return Dav(world.url, owner.email, world.key(owner, kind="restricted", scope=scope))

    return make


def refused(answer):
    assert answer.status == 403, answer
    assert answer.condition == [D + "need-privileges"]  # RFC 3744 §7.1.1
    return True


def test_who_may_only_read_cannot_write(dav, cal, limited):
    put_new(dav, cal + "a.ics")
    reader = limited("calendars:read events:read")
    assert reader.request("GET", cal + "a.ics").status == 200
    writes = [
        ("PUT", cal + "b.ics", new_event()), ("PUT", cal + "a.ics", new_event()), ("DELETE", cal + "a.ics", None),
        ("MOVE", cal + "a.ics", None), ("COPY", cal + "a.ics", None), ("PROPPATCH", cal, None), ("DELETE", cal, None),
        ("MKCALENDAR", cal + "x/", None), ("MKCALENDAR", cal[:-1] + "x/", None), ("MKCOL", cal[:-1] + "x/", None),
        ("MOVE", cal, None), ("COPY", cal, None),
    ]
    for method, path, body in writes:
        assert refused(reader.request(method, path, body, Destination=cal + "c.ics")), method
    assert reader.request("GET", cal).text.count("BEGIN:VEVENT") == 1


def test_who_may_only_write_cannot_read(dav, cal, limited):
    put_new(dav, cal + "a.ics")
    writer = limited("events:write")
    assert refused(writer.request("GET", cal + "a.ics"))
    assert refused(writer.request("GET", cal))
    assert writer.put(cal + "b.ics", new_event()).status == 201
    assert writer.request("DELETE", cal + "b.ics").status == 204


def test_a_missing_scope_is_named(dav, cal, limited):  # RFC 6750 §3.1
    answer = limited("calendars:read").put(cal + "b.ics", new_event())
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge and "events:write" in challenge


def test_calendars_write_changes_looks_alone(dav, cal, limited):  # the scope's own words
    painter = limited("calendars:read calendars:write")
    answer = proppatch(
        painter, cal, "<A:calendar-color>#123456</A:calendar-color><A:calendar-order>4</A:calendar-order>"
                      "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>")
    assert set(fates(answer).values()) == {(200, None)}
    for prop in ("<D:displayname>x</D:displayname>", "<x:y xmlns:x='urn:x'>1</x:y>",
                 "<C:calendar-description>x</C:calendar-description>"):
        answer = proppatch(painter, cal, prop + "<A:calendar-color>#fff</A:calendar-color>")
        assert sorted(fates(answer).values(), key=str) == [(403, D + "need-privileges"), (424, None)]
    assert props(dav, cal, "<A:calendar-color/>").text(A + "calendar-color") == "#123456"


def test_no_scope_makes_or_deletes_calendars(dav, cal, home, limited):
    everything = limited("calendars:read calendars:write events:read events:write")
    assert refused(everything.request("MKCALENDAR", f"{home}by-scope/"))
    assert refused(everything.request("DELETE", cal))
    assert refused(proppatch(everything, home, "<x:y xmlns:x='urn:x'>1</x:y>"))


def test_a_calendar_that_is_switched_off_takes_no_writes(world, dav, cal):
    put_new(dav, cal + "a.ics")
    name = cal.split("/")[-2]
    world.sql(f"UPDATE calendar SET writable = false WHERE name = '{name}'")
    assert refused(dav.put(cal + "b.ics", new_event()))
    assert refused(dav.request("DELETE", cal + "a.ics"))
    assert refused(dav.request("MOVE", cal + "a.ics", Destination=cal + "b.ics"))
    assert refused(dav.request("DELETE", cal))
    assert dav.request("GET", cal + "a.ics").status == 200
    world.sql(f"UPDATE calendar SET writable = true WHERE name = '{name}'")


def test_a_full_calendar_takes_no_more(world, dav, cal):  # RFC 4331 §6 quota-not-exceeded
    put_new(dav, cal + "a.ics", new_event("one", summary="long enough to shrink"))
    name = cal.split("/")[-2]
    world.sql("UPDATE calendar_state s SET bytes = 1073741824 FROM calendar c "
              f"WHERE s.calendar_id = c.id AND s.account_id = c.account_id AND c.name = '{name}'")
    answer = dav.put(cal + "b.ics", new_event())
    assert answer.status == 507 and answer.condition == [D + "quota-not-exceeded"]
    assert dav.put(cal + "a.ics", new_event("one", summary="short")).status == 204  # what shrinks it is welcome
