# SPDX-License-Identifier: Apache-2.0
"""What a query asks must make sense: a filter, a time zone."""
import uuid

import pytest

from dav import C, D, NAMESPACES, component, event
from davwrite import ZONE, fates, mkcalendar, mkcol, proppatch, props, put_new, new_event

SERVE = ["--rate-limit", "100000"]
RANGE = "<C:time-range start='20260101T000000Z' end='20270101T000000Z'/>"


def comp(name, inside=""):
    return f"<C:comp-filter name='{name}'>{inside}</C:comp-filter>"


def prop(name, inside=""):
    return f"<C:prop-filter name='{name}'>{inside}</C:prop-filter>"


NONSENSE = [
    # RFC 4791 §9.7.1 with RFC 5545 §3.6: what never stands inside what
    comp("VALARM"), comp("VEVENT", comp("VEVENT")), comp("VEVENT", comp("VTODO")), comp("VEVENT", comp("VTIMEZONE")),
    comp("VTODO", comp("VEVENT")), comp("VJOURNAL", comp("VALARM")), comp("VTIMEZONE", comp("VALARM")),
    comp("STANDARD"), comp("DAYLIGHT"), comp("VEVENT", comp("VALARM", comp("VALARM"))), comp("VCALENDAR"),
    comp("VEVENT", comp("VCALENDAR")), comp("VFREEBUSY", comp("VALARM")), comp("VEVENT", comp("DAYLIGHT")),
    comp("VEVENT", comp("VALARM") + comp("VEVENT")), comp("VALARM", "<C:is-not-defined/>"),
    # §9.9: the properties that have a time
    comp("VEVENT", prop("SUMMARY", RANGE)), comp("VEVENT", prop("RRULE", RANGE)), comp("VEVENT", prop("UID", RANGE)),
    comp("VEVENT", prop("ATTENDEE", RANGE)), comp("VEVENT", comp("VALARM", prop("ACTION", RANGE))),
    prop("VERSION", RANGE), comp("VEVENT", prop("DURATION", RANGE)), comp("VTIMEZONE", prop("TZID", RANGE)),
    # §9.7.2: a range or a text, one of either
    comp("VEVENT", prop("DTSTART", RANGE + "<C:text-match>2026</C:text-match>")),
    comp("VEVENT", prop("DTSTART", RANGE + RANGE)), comp("VEVENT", RANGE + RANGE),
    comp("VEVENT", prop("SUMMARY", "<C:text-match>a</C:text-match><C:text-match>b</C:text-match>")),
    comp("VEVENT", prop("ATTENDEE", "<C:param-filter name='CN'><C:text-match>a</C:text-match><C:text-match>b</C:text-match>"
                                    "</C:param-filter>")),
    # §9.7: CalDAV's elements where they do not belong
    comp("VEVENT", "<C:text-match>x</C:text-match>"), comp("VEVENT", "<C:param-filter name='CN'/>"),
    comp("VEVENT", prop("SUMMARY", comp("VALARM"))), comp("VEVENT", prop("SUMMARY", prop("UID"))),
    comp("VEVENT", prop("ATTENDEE", "<C:param-filter name='CN'>" + RANGE + "</C:param-filter>")),
]

SENSE = [
    comp("VEVENT", comp("VALARM", RANGE)), comp("VTODO", comp("VALARM", prop("ACTION"))), comp("VTIMEZONE"),
    comp("VTIMEZONE", comp("STANDARD") + comp("DAYLIGHT")), comp("VEVENT", prop("DTSTART", RANGE)), comp("VEVENT", prop("DTEND", RANGE)),
    comp("VTODO", prop("DUE", RANGE)), comp("VTODO", prop("COMPLETED", RANGE)), comp("VEVENT", prop("CREATED", RANGE)),
    comp("VEVENT", prop("LAST-MODIFIED", RANGE)), comp("VEVENT", prop("DTSTAMP", RANGE)), comp("VEVENT", prop("RECURRENCE-ID", RANGE)),
    comp("VEVENT", prop("X-THING", RANGE)), comp("X-THING"), comp("VEVENT", comp("X-THING")), comp("VFREEBUSY", RANGE),
    comp("VEVENT", prop("EXDATE", RANGE)), comp("VEVENT", prop("RDATE", RANGE)), comp("vevent", comp("valarm")),
    comp("VEVENT", comp("VALARM", prop("TRIGGER", RANGE))), comp("VEVENT", comp("VALARM", "<C:is-not-defined/>")),
    comp("VEVENT", "<x:unknown xmlns:x='urn:x'/>"), comp("VAVAILABILITY", comp("AVAILABLE")), comp("VPOLL"),
    comp("VEVENT", comp("PARTICIPANT")), comp("VEVENT", comp("VLOCATION")), comp("VEVENT", prop("DTSTART", RANGE +
         "<C:param-filter name='TZID'><C:text-match>Berlin</C:text-match></C:param-filter>")),
]


def test_a_filter_that_nothing_can_meet_is_refused(dav, cal):
    """403 CALDAV:valid-filter (RFC 4791 §7.8, §9.7, §9.9)"""
    put_new(dav, cal + "a.ics", new_event("one"))
    for filters in NONSENSE:
        answer = dav.query(cal, filters)
        assert answer.status == 403 and answer.condition == [C + "valid-filter"], (filters, answer)


def test_a_filter_that_something_may_meet_is_asked(dav, cal):
    put_new(dav, cal + "a.ics", new_event("one"))
    for filters in SENSE:
        assert dav.query(cal, filters).status == 207, filters


EVENT_IN_ZONE = ZONE.replace("END:VCALENDAR", component("VEVENT", "u", "DTSTART:20260101T000000Z").rstrip() + "\r\nEND:VCALENDAR")
TWO = ZONE.replace("END:VCALENDAR\r\n", ZONE.split("\r\n", 3)[3])
# A value that is no iCalendar object with a single VTIMEZONE
NO_ZONES = ["garbage", "", "   ", event("u", "20260101T000000Z"), EVENT_IN_ZONE, TWO,
            ZONE.replace("TZID:Europe/Berlin\r\n", ""), ZONE.replace("VTIMEZONE", "X-ZONE"), "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n",
            ZONE.replace("STANDARD", "VALARM").replace("Europe/Berlin", "Mine"),
            ZONE.replace("END:VCALENDAR\r\n", ""), ZONE + ZONE, "Europe/Berlin"]


def query(zone):
    return (f"<C:calendar-query {NAMESPACES}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
            f"<C:comp-filter name='VEVENT'>{RANGE}</C:comp-filter></C:comp-filter></C:filter>"
            f"<C:timezone>{zone}</C:timezone></C:calendar-query>")


def test_the_time_zone_of_a_query_is_one(dav, cal):
    """403 CALDAV:valid-calendar-data (RFC 4791 §7.8)"""
    assert dav.report(cal, query(ZONE), 1).status == 207
    for zone in NO_ZONES:
        answer = dav.report(cal, query(zone), 1)
        assert answer.status == 403 and answer.condition == [C + "valid-calendar-data"], (zone, answer)


def test_the_time_zone_of_a_calendar_is_one(dav, cal, home):
    """403 CALDAV:valid-calendar-data in PROPPATCH, MKCALENDAR and MKCOL (RFC 4791 §5.2.2, §5.3.1.1)"""
    name, good = C + "calendar-timezone", f"<C:calendar-timezone>{ZONE}</C:calendar-timezone>"
    assert proppatch(dav, cal, good).status == 207
    for zone in NO_ZONES:
        sets = f"<C:calendar-timezone>{zone}</C:calendar-timezone>"
        assert fates(proppatch(dav, cal, sets))[name] == (403, C + "valid-calendar-data"), zone
        for make in (lambda p: mkcalendar(dav, p, sets), lambda p: mkcol(dav, p, sets=sets)):
            path = f"{home}{uuid.uuid4()}/"
            assert fates(make(path))[name] == (403, C + "valid-calendar-data"), zone
            assert dav.propfind(path, "<D:resourcetype/>").status == 404
    assert props(dav, cal, "<C:calendar-timezone/>").text(name).replace("\r", "") == ZONE.replace("\r\n", "\n")


def test_a_name_of_no_zone_is_told_as_such(dav, cal):
    """RFC 7809 §5.1, §5.2: the precondition of names is another one."""
    asked = query("").replace("<C:timezone></C:timezone>", "<C:timezone-id>Europe/Berlim</C:timezone-id>")
    answer = dav.report(cal, asked, 1)
    assert answer.status == 403 and answer.condition == [C + "valid-timezone"]
    got = fates(proppatch(dav, cal, "<C:calendar-timezone-id>Europe/Berlim</C:calendar-timezone-id>"))
    assert got[C + "calendar-timezone-id"] == (403, C + "valid-timezone")
