# SPDX-License-Identifier: Apache-2.0
"""POST to a calendar makes an object whose name the server chooses (RFC 5995)."""
import uuid

import pytest

from dav import C, D, Dav, NAMESPACES
from davwrite import names, new_event, props, put_new

PLACE = D + "add-member"


def post(dav, path, data, **headers):
    headers.setdefault("Content_Type", "text/calendar; charset=utf-8")
    return dav.request("POST", path, data, **headers)


def test_a_calendar_says_where_members_are_added(dav, home, cal):
    """RFC 5995 §3.2.1: protected, not of allprop, and named by DAV:supported-live-property-set"""
    found = dav.propfind(cal, "<D:add-member/>").responses[0]
    assert found.hrefs(PLACE) == [cal]
    assert dav.propfind(home, "<D:add-member/>").responses[0].missing == {PLACE}
    assert PLACE not in dav.propfind(cal, body=f"<D:propfind {NAMESPACES}><D:allprop/></D:propfind>").responses[0].ok
    told = props(dav, cal, "<D:supported-live-property-set/>").ok[D + "supported-live-property-set"]
    assert PLACE in {p.tag for p in told.iterfind(f"{D}supported-live-property/{D}prop/*")}
    listed = dav.propfind(home, "<D:add-member/>", depth=1).members
    assert listed[cal].hrefs(PLACE) == [cal], "each of a listing its own"


def test_live_properties_are_those_that_are_answered(dav, home, cal, account):
    """RFC 3253 §3.1.4"""
    put_new(dav, cal + "a.ics")
    for path in (cal, cal + "a.ics", home, f"/dav/principals/{account}/", "/dav/"):
        told = props(dav, path, "<D:supported-live-property-set/>").ok[D + "supported-live-property-set"]
        tags = [p.tag for p in told.iterfind(f"{D}supported-live-property/{D}prop/*")]
        assert D + "resourcetype" in tags and len(tags) == len(set(tags)) and C + "calendar-data" not in tags
        asked = "".join(f"<x:{t[1:].split('}')[1]} xmlns:x='{t[1:].split('}')[0]}'/>" for t in tags)
        optional = {C + "calendar-description", C + "calendar-timezone", C + "calendar-timezone-id", D + "displayname",
                    "{http://apple.com/ns/ical/}calendar-color", "{http://apple.com/ns/ical/}calendar-order"}
        assert dav.propfind(path, asked).responses[0].missing <= optional, path


def test_a_post_makes_an_object_and_says_where(dav, cal):
    """RFC 5995 §3.1: 201, Location; what is stored are the octets that came"""
    sent = new_event("posted")
    answer = post(dav, cal, sent)
    assert answer.status == 201 and answer.body == b""
    href = answer.headers["Location"].removeprefix(dav.url)
    assert href.startswith(cal) and href.endswith(".ics")
    stored = dav.request("GET", href)
    assert stored.text == sent and stored.headers["ETag"] == answer.headers["ETag"]
    again = post(dav, cal[:-1], new_event("posted too"))
    assert again.status == 201, "the calendar without its slash is the same"
    assert names(dav, cal) == {href.rsplit("/", 1)[1], again.headers["Location"].rsplit("/", 1)[1]}


def test_what_a_put_refuses_a_post_refuses_with_the_same_words(dav, cal, home):
    """RFC 5995 §3.1: the preconditions of PUT, and its bodies"""
    put_new(dav, cal + "a.ics", new_event("taken"))
    conflict = post(dav, cal, new_event("taken"))
    assert conflict.status == 403 and conflict.condition == [C + "no-uid-conflict"]
    assert conflict.xml.find(f"{C}no-uid-conflict/{D}href").text == cal + "a.ics"
    for data, headers, condition in (
        ("no calendar", {}, "valid-calendar-data"),
        (new_event("m").replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n"), {}, "valid-calendar-object-resource"),
        (new_event("x"), {"Content_Type": "text/plain"}, "supported-calendar-data"),
        (new_event("x", "20260301T100000Z", "X-PAD:" + "x" * 1_100_000), {}, "max-resource-size"),
    ):
        answer = post(dav, cal, data, **headers)
        assert answer.status == 403 and answer.condition == [C + condition], condition
        assert dav.request("PUT", cal + "b.ics", data, **{"Content_Type": "text/calendar", **headers}).condition == answer.condition
    assert names(dav, cal) == {"a.ics"}
    assert post(dav, f"{home}{uuid.uuid4()}/", new_event()).status == 404
    assert post(dav, home, new_event()).status == 405, "calendars lie there, no objects"


@pytest.mark.parametrize("type_", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_page_of_another_origin_can_send_unasked_makes_nothing(dav, cal, type_):
    """Fetch, CORS-safelisted: a POST of these types, or of none, goes out without a preflight, with the password a browser keeps."""
    answer = post(dav, cal, new_event(), Content_Type=type_)
    assert answer.status == 403 and answer.condition == [C + "supported-calendar-data"]
    assert names(dav, cal) == set()


def test_its_conditions_are_about_the_calendar(dav, cal):
    """RFC 9110 §13.1: of the target resource, which is there"""
    assert post(dav, cal, new_event(), If_None_Match="*").status == 412
    assert post(dav, cal, new_event(), If_Match='"other"').status == 412
    assert post(dav, cal, new_event(), If_Match="*").status == 201
    assert len(names(dav, cal)) == 1


@pytest.mark.parametrize("scope", ["events:read", "calendars:manage"])
def test_who_may_not_write_events_may_not_post_them(world, owner, dav, cal, scope):
    other = Dav(world.url, owner.email, world.key(owner, kind="restricted", scope=scope))
    answer = post(other, cal, new_event())
    assert answer.status == 403 and answer.condition == [D + "need-privileges"]
    assert next(answer.xml.iter(D + "bind")) is not None and names(dav, cal) == set()
