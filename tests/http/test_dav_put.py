# SPDX-License-Identifier: Apache-2.0
"""PUT of calendar objects: conditions, preconditions, bad input (RFC 4791 §5.3.2)."""
import re
import uuid

import pytest

from dav import C, D, calendar, component, event, todo
from davwrite import NO_TAG, new_event, put_new, names, mkcalendar


def test_a_new_object_is_201_with_a_strong_tag_and_comes_back_to_the_octet(dav, cal):  # RFC 4791 §5.3.2, §5.3.4
    data = new_event(None, "20260301T100000Z", "X-ODD;Q=\"a,b\":kept  as it is", "summary:lower and é 日本")
    answer = dav.put(cal + "a.ics", data, If_None_Match="*")
    assert answer.status == 201 and answer.body == b""
    assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["ETag"])
    assert answer.headers["Location"] is None
    got = dav.request("GET", cal + "a.ics")
    assert got.status == 200 and got.body == data.encode()
    assert got.headers["ETag"] == answer.headers["ETag"]
    assert got.headers["Content-Type"] == "text/calendar;charset=utf-8"
    assert 'filename="a.ics"' in got.headers["Content-Disposition"]


def test_a_change_is_204_with_another_tag(dav, cal):  # RFC 9110 §9.3.4
    first = put_new(dav, cal + "a.ics", new_event("one"))
    answer = dav.put(cal + "a.ics", new_event("one", summary="Changed"), If_Match=first)
    assert answer.status == 204
    assert answer.headers["ETag"] != first


def test_the_same_bytes_change_nothing_for_others(dav, cal):
    data = new_event()
    tag = put_new(dav, cal + "a.ics", data)
    token = dav.sync(cal).sync_token
    answer = dav.put(cal + "a.ics", data)
    assert (answer.status, answer.headers["ETag"]) == (204, tag)
    assert dav.sync(cal, token).sync_token == token


@pytest.mark.parametrize(
    "headers,exists,status",
    [
        ({"If_None_Match": "*"}, False, 201),
        ({"If_None_Match": "*"}, True, 412),
        ({"If_None_Match": "TAG"}, True, 412),
        ({"If_None_Match": "W/TAG"}, True, 412),  # weak comparison
        ({"If_None_Match": '"foreign"'}, True, 204),
        ({"If_None_Match": "TAG"}, False, 201),
        ({"If_Match": "*"}, True, 204),
        ({"If_Match": "*"}, False, 412),
        ({"If_Match": "TAG"}, True, 204),
        ({"If_Match": "TAG"}, False, 412),
        ({"If_Match": f"{NO_TAG}, TAG"}, True, 204),
        ({"If_Match": NO_TAG}, True, 412),
        ({"If_Match": "W/TAG"}, True, 412),  # strong comparison
        ({"If_Match": '"foreign, tag"'.replace(" ", "")}, True, 412),
        ({"If_Match": "TAG", "If_None_Match": "*"}, True, 412),
        ({"If_Match": "unquoted"}, True, 412),
        ({"If_Match": "un quoted"}, True, 400),
        ({"If_None_Match": ""}, True, 400),
    ],
)
def test_conditions_of_put(dav, cal, headers, exists, status):  # RFC 9110 §13.1.1, §13.1.2
    before = new_event("one")
    tag = put_new(dav, cal + "a.ics", before)
    if not exists:
        assert dav.request("DELETE", cal + "a.ics").status == 204
    sent = {k: v.replace("TAG", tag) for k, v in headers.items()}
    answer = dav.put(cal + "a.ics", new_event("one", summary="Changed"), **sent)
    assert answer.status == status, answer
    if exists and status >= 400:
        assert dav.request("GET", cal + "a.ics").body == before.encode()


@pytest.mark.parametrize("name, uid, headers, status", [
    ("a.ics", "one", {"If_None_Match": "*"}, 412), ("b.ics", "one", {"If_None_Match": "*"}, 403), ("b.ics", "one", {}, 403),
    ("a.ics", "two", {}, 403), ("a.ics", "one", {"If_Match": '"other"'}, 412)])
def test_a_refused_write_leaves_the_calendar_as_it_was(dav, cal, name, uid, headers, status):  # RFC 6578 §3.2
    """Its counters too: a sync token that moved would have clients ask for nothing."""
    put_new(dav, cal + "a.ics", new_event("one"))
    asked = "<D:sync-token/><CS:getctag/><D:quota-used-bytes/>"
    before = dav.propfind(cal, asked).body
    assert dav.put(cal + name, new_event(uid, summary="Longer than it was"), **headers).status == status
    assert dav.propfind(cal, asked).body == before
    assert [m.href for m in dav.sync(cal).responses] == [cal + "a.ics"]


@pytest.mark.parametrize("name, uid, headers, status", [
    ("a.ics", "one", {"If_None_Match": "*"}, 412), ("a.ics", "one", {"If_Match": '"other"'}, 412), ("b.ics", "one", {"If_None_Match": "*"}, 403),
    ("b.ics", "one", {}, 403), ("gone.ics", "one", {}, 403), ("a.ics", "two", {}, 403)])
def test_what_is_refused_for_a_condition_or_a_uid_writes_nothing(world, dav, cal, name, uid, headers, status):  # RFC 9110 §13.2.1
    """No lock either, which would be written: who asks again and again has the disk wait for nobody."""
    put_new(dav, cal + "gone.ics", new_event("gone"))
    assert dav.request("DELETE", cal + "gone.ics").status == 204
    put_new(dav, cal + "a.ics", new_event("one"))
    row = f"""SELECT s.ctid, s.xmin, s.xmax FROM calendar_state s JOIN calendar c ON c.account_id = s.account_id AND c.id = s.calendar_id
               WHERE c.name = '{cal.split("/")[-2]}'"""
    before = world.sql(row)
    assert dav.put(cal + name, new_event(uid, summary="Longer than it was"), **headers).status == status
    assert len(before) == 1 and world.sql(row) == before


def test_a_name_that_was_deleted_is_made_anew(dav, cal):  # RFC 6578 §3.5
    """What is left of the one before does not stand in the way of who asks for a new one; for syncs it is a change."""
    put_new(dav, cal + "a.ics", new_event("one"))
    token = dav.sync(cal).sync_token
    assert dav.request("DELETE", cal + "a.ics").status == 204
    put_new(dav, cal + "a.ics", new_event("one", summary="Again"))
    assert [(m.href, m.status) for m in dav.sync(cal, token).responses] == [(cal + "a.ics", None)]  # of what is gone it would be 404


@pytest.mark.parametrize("method,path", [("PUT", ""), ("PUT", "a.ics")])
def test_put_on_a_home_or_calendar_is_403(dav, home, cal, method, path):  # RFC 4791 §5.3.2
    for target in (cal, cal.rstrip("/"), home, home + path):
        answer = dav.put(target, new_event())
        assert answer.status == 403, target


def test_put_without_the_calendar_is_409(dav, home):  # RFC 4918 §9.7.1
    assert dav.put(f"{home}{uuid.uuid4()}/a.ics", new_event()).status == 409


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/calendar+json", "text/calendar; version=1.0", "text/calendar; charset=utf-16"]
)
def test_other_media_types_are_refused(dav, cal, content_type):  # RFC 4791 §5.3.2.1 supported-calendar-data
    answer = dav.request("PUT", cal + "a.ics", new_event(), Content_Type=content_type)
    assert answer.status == 403
    assert answer.condition == [C + "supported-calendar-data"]
    assert names(dav, cal) == set()


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=iso-8859-1"])
def test_octets_that_are_no_utf8_are_no_valid_data(dav, cal, charset):  # RFC 4791 §5.3.2.1 valid-calendar-data
    data = new_event("one", summary="Grüße").encode("iso-8859-1")
    answer = dav.request("PUT", cal + "a.ics", data, Content_Type="text/calendar" + charset)
    assert answer.status == 403 and answer.condition == [C + "valid-calendar-data"]
    assert names(dav, cal) == set()


def test_a_missing_media_type_is_taken_for_icalendar(dav, cal):
    assert dav.request("PUT", cal + "a.ics", new_event()).status == 201


def test_an_object_over_the_ceiling_is_refused(dav, cal):  # RFC 4791 §5.3.2.1 max-resource-size
    lines = ["X-PAD:" + "x" * 60] * (1024 * 1024 // 68)
    answer = dav.put(cal + "a.ics", new_event(None, "20260301T100000Z", *lines))
    assert answer.status == 403
    assert answer.condition == [C + "max-resource-size"]


def test_a_uid_that_another_object_has_is_refused_with_its_href(dav, cal):  # RFC 4791 §5.3.2.1 no-uid-conflict
    for uid, name in (("one", "a%20b.ics"), ("two", "c--%3E%3C!-.ics"), ("three", "%E6%97%A5.ics")):
        put_new(dav, cal + name, new_event(uid))
        answer = dav.put(cal + "other.ics", new_event(uid, summary="Other"))
        assert answer.status == 403
        assert answer.condition == [C + "no-uid-conflict"]  # read as XML: the words in the comment cannot break it
        assert answer.xml[0].find(D + "href").text == cal + name


def test_an_object_keeps_its_uid(dav, cal):  # RFC 4791 §5.3.2.1 no-uid-conflict
    put_new(dav, cal + "a.ics", new_event("first"))
    answer = dav.put(cal + "a.ics", new_event("second"))
    assert answer.status == 403
    assert answer.condition == [C + "no-uid-conflict"]
    assert "An object keeps its UID" in answer.text and "nother object" not in answer.text


def test_what_was_wrong_is_told_in_the_letters_that_were_sent(dav, cal):
    """The words of a refusal stand in a comment of the XML, where anything but control characters may (XML 1.0 §2.2, §2.5)."""
    tell = lambda zone: dav.put(cal + "z.ics", event("z", f";TZID=\"{zone}\":20260302T120000"))
    told = tell("Zürich -- Größe 😀\uffff")
    assert told.condition == [C + "valid-timezone"]  # RFC 7809 §3.1.4
    assert '"Zürich - - Größe 😀' in told.text and "\uffff" not in told.text


def test_the_uid_of_a_deleted_object_is_free_again(dav, cal):
    put_new(dav, cal + "a.ics", new_event("same"))
    assert dav.request("DELETE", cal + "a.ics").status == 204
    put_new(dav, cal + "b.ics", new_event("same"))
    put_new(dav, cal + "a.ics", new_event("other"))
    assert names(dav, cal) == {"a.ics", "b.ics"}


def test_a_component_outside_the_calendars_set_is_refused(dav, home):  # RFC 4791 §5.3.2.1
    path = f"{home}{uuid.uuid4()}/"
    made = "<C:supported-calendar-component-set><C:comp name='VTODO'/></C:supported-calendar-component-set>"
    assert mkcalendar(dav, path, made).status == 201
    answer = dav.put(path + "a.ics", new_event())
    assert answer.status == 403
    assert answer.condition == [C + "supported-calendar-component"]
    assert dav.put(path + "b.ics", todo("t", "SUMMARY:Do it")).status == 201
    dav.request("DELETE", path)


def nested(depth):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "BEGIN:VEVENT\r\n" * depth + "END:VEVENT\r\n" * depth + "END:VCALENDAR\r\n"


BASE = ("DTSTART:20260301T100000Z",)
BAD_ICALENDAR = {
    "not iCalendar": ("Hello", "valid-calendar-data"),
    "nothing": ("", "valid-calendar-data"),
    "NUL": (new_event("n", summary="a\0b"), "valid-calendar-data"),
    "other control characters": (new_event("n", summary="a\x01b"), "valid-calendar-data"),
    "no UTF-8": (new_event("n", summary="a@b").encode().replace(b"@", b"\xff"), "valid-calendar-data"),
    "100,000 nested components": (nested(30_000), "valid-calendar-data"),
    "100,000 properties": (calendar(component("VEVENT", "n", *BASE, *["X-A:1"] * 100_000)), "valid-calendar-data"),
    "no end": (new_event("n").replace("END:VCALENDAR\r\n", ""), "valid-calendar-data"),
    "no UID": (new_event("n").replace("UID:n\r\n", ""), None),
    "two UIDs": (
        calendar(component("VEVENT", "n", *BASE), component("VEVENT", "m", *BASE, "RECURRENCE-ID:20260301T100000Z")),
        "valid-calendar-object-resource",
    ),
    "UID twice": (new_event("n").replace("UID:n\r\n", "UID:n\r\nUID:m\r\n"), None),
    "METHOD": (new_event("n").replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n"), "valid-calendar-object-resource"),
    "two kinds": (
        calendar(component("VEVENT", "n", *BASE), component("VTODO", "n")),
        "valid-calendar-object-resource",
    ),
    "two objects": (new_event("n") + new_event("m"), None),
    "no component": (calendar(), None),
    "no DTSTART": (calendar(component("VEVENT", "n", "SUMMARY:x")), None),
    "February 30": (new_event("n", "20260301T100000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), None),
    "a broken rule": (new_event("n", "20260301T100000Z", "RRULE:FREQ=SOMETIMES"), "valid-calendar-data"),
    "a zone outside the tree": (new_event("n", ";TZID=../../etc/passwd:20260301T100000"), None),
}
REFUSED = {C + "valid-calendar-data", C + "valid-calendar-object-resource", C + "valid-timezone", C + "max-instances", C + "max-resource-size"}


@pytest.mark.parametrize("name", BAD_ICALENDAR)
def test_bad_icalendar_is_refused_and_nothing_is_stored(dav, cal, name):  # RFC 4791 §5.3.2.1
    data, condition = BAD_ICALENDAR[name]
    answer = dav.put(cal + "a.ics", data)
    if answer.status == 201 and name in ("February 30", "a zone outside the tree"):
        return  # valid text, if of no use; what counts is that no file is read and the work is bounded
    assert answer.status == 403, answer
    assert answer.condition == [C + condition] if condition else set(answer.condition) <= REFUSED
    assert "Request-Id" in answer.text and "<!--" in answer.text  # the helpful words
    assert names(dav, cal) == set()


@pytest.mark.parametrize("rule", ["COUNT=1000000000", "COUNT=1000000000;BYSECOND=1", ""])
@pytest.mark.parametrize("freq", ["SECONDLY", "MINUTELY", "DAILY"])
def test_endless_rules_are_bounded_work(dav, cal, freq, rule):
    answer = dav.put(cal + "a.ics", new_event("n", "20260301T100000Z", f"RRULE:FREQ={freq};{rule}".rstrip(";")))
    assert answer.status in (201, 403), answer
    assert dav.propfind(cal, "<D:resourcetype/>").status == 207


def test_names_are_octets_decoded_once(dav, cal):  # RFC 3986 §2.4, RFC 4918 §8.3
    odd = ["a%20b.ics", "a%2520b.ics", "a%2Fb.ics", "%E6%97%A5.ics", "a+b.ics", "A.ics", "a.ics", "a&b.ics", "x" * 255]
    for name in odd:
        assert dav.put(cal + name, new_event(), If_None_Match="*").status == 201, name
    assert names(dav, cal) == {n.replace("&", "%26") for n in odd}
    for name in ("x" * 256, "a%00b", "%ff", "%zz", "..", "%2e%2e"):
        assert dav.put(cal + name, new_event()).status in (400, 403, 404), name
