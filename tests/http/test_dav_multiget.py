# SPDX-License-Identifier: Apache-2.0
"""calendar-multiget (RFC 4791 §7.9), and the calendar-data that any report may carry (§9.6)."""
import re

import pytest

from dav import C, D, NAMESPACES, SERIES, calendar, component, data_of, event, fill, in_range, object_names, other_tree


def test_multiget_answers_in_order_with_404_for_what_is_missing(tree):
    fill(tree, a=event("a", "20260302T120000Z"), b=event("b", "20260302T120000Z"))
    hrefs = [tree.calendar + n for n in ("b.ics", "gone.ics", "a.ics")]
    answer = tree.dav.multiget(tree.calendar, hrefs)
    assert [m.href for m in answer.responses] == hrefs
    missing = answer.members[hrefs[1]]
    assert missing.status == 404 and not missing.by_status
    assert "UID:a" in data_of(answer, hrefs[2])


def test_multiget_knows_an_href_in_any_spelling(tree):
    """RFC 3986 §6.2.2; field §3.5, 10: encodings, absolute URLs, white space."""
    fill(tree, **{"a@b": event("a", "20260302T120000Z")})
    path = tree.calendar + "a@b.ics"
    for href in (
        tree.calendar + "a%40b.ics",
        tree.calendar + "%61%40b.ics",
        f"\n   {path}\n  ",
        f"http://{tree.dav.netloc}{path}",
    ):
        answer = tree.dav.multiget(tree.calendar, [href])
        assert list(answer.members) == [path] and D + "getetag" in answer.members[path].ok, href


def test_what_is_named_twice_is_answered_once(tree):
    """RFC 4918 §14.24: a particular href MUST NOT appear more than once in a multistatus, in whatever spellings it was asked; also
    where the second stands in another batch."""
    fill(tree, **{"a@b": event("a", "20260302T120000Z"), "c": event("c", "20260302T120000Z")})
    path, other, gone = (tree.calendar + n for n in ("a@b.ics", "c.ics", "gone.ics"))
    far = [f"{tree.calendar}gone{i}.ics" for i in range(600)]
    answer = tree.dav.multiget(
        tree.calendar,
        [other, path, gone, "/x", path.replace("@", "%40"), f"http://{tree.dav.netloc}{path}", gone, "/x", *far, path, *far],
    )
    assert [m.href for m in answer.responses] == [other, path, gone, "/x", *far]
    assert "UID:a" in data_of(answer, path)


def test_multiget_of_foreign_hrefs_fails_for_each_alone(tree, world):
    """field §3.5, 10."""
    other = other_tree(world)
    second = tree.make_calendar("second")
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z"))
    fill(tree, a=event("a", "20260302T120000Z"))
    hrefs = {
        tree.calendar + "a.ics": None,
        other.calendar + "x.ics": 403,
        "http://elsewhere.example/x.ics": 403,
        second + "b.ics": 404,
        tree.calendar: 404,
        "/nothing/of/ours": 404,
        "%zz": 404,
    }
    answer = tree.dav.multiget(tree.calendar, hrefs)
    assert {m.href: m.status for m in answer.responses} == hrefs


def test_multiget_of_an_object_is_of_itself(tree):
    """RFC 4791 §7.9: "if the Request-URI is a calendar object resource, then there MUST be only one DAV:href", its own."""
    fill(tree, a=event("a", "20260302T120000Z"), b=event("b", "20260302T120000Z"))
    own, other = tree.calendar + "a.ics", tree.calendar + "b.ics"
    answer = tree.dav.multiget(own, [own, other])
    assert [(m.href, m.status) for m in answer.responses] == [(own, None), (other, 404)]


def test_multiget_over_the_home(tree):
    second = tree.make_calendar("second")
    for name in "ab":
        assert tree.dav.put(f"{second}{name}.ics", event("b" + name, "20260302T120000Z")).status == 201
    fill(tree, a=event("a", "20260302T120000Z"))
    hrefs = [second + "b.ics", tree.calendar + "a.ics", second + "a.ics", second + "no.ics", tree.home + "no/x.ics"]
    answer = tree.dav.multiget(tree.home, hrefs)
    assert [(m.href, m.status) for m in answer.responses] == [*((h, None) for h in hrefs[:3]), *((h, 404) for h in hrefs[3:])]
    assert "UID:a\r" in data_of(answer, hrefs[1]) and "UID:ba\r" in data_of(answer, hrefs[2])


@pytest.mark.parametrize("depth", ["0", "1", "infinity", None])
def test_multiget_ignores_depth(tree, depth):
    """RFC 4791 §7.9."""
    fill(tree, a=event("a", "20260302T120000Z"))
    body = f"<C:calendar-multiget {NAMESPACES}><D:prop><D:getetag/></D:prop><D:href>{tree.calendar}a.ics</D:href></C:calendar-multiget>"
    assert object_names(tree.dav.report(tree.calendar, body, depth)) == {"a"}


def test_multiget_of_thousands(tree):
    """field §8, 28."""
    fill(tree, a=event("a", "20260302T120000Z"))
    hrefs = [f"{tree.calendar}{i}.ics" for i in range(4999)] + [tree.calendar + "a.ics"]
    responses = tree.dav.multiget(tree.calendar, hrefs).responses
    assert [r.href for r in responses] == hrefs
    assert [r.status for r in responses[:-1]] == [404] * 4999 and responses[-1].ok
    answer = tree.dav.multiget(tree.calendar, [*hrefs, tree.calendar + "one-more.ics"])
    assert answer.status == 507 and answer.condition == [D + "number-of-matches-within-limits"]


def test_multiget_without_hrefs_is_400(tree):
    """RFC 4791 §9.10."""
    assert tree.dav.multiget(tree.calendar, []).status == 400


# ---- calendar-data ----


def test_calendar_data_is_what_was_put(tree):
    """RFC 4791 §5.3.4: to the octet."""
    sent = event("a", "20260302T120000Z", None, "X-THING;X-P=\"a;b\":1 & 2 < 3", "DESCRIPTION:ä\\n日本")
    fill(tree, a=sent)
    answer = tree.dav.multiget(tree.calendar, [tree.calendar + "a.ics"])
    assert data_of(answer, tree.calendar + "a.ics") == sent


def test_expansion(tree):
    """RFC 4791 §9.6.5: UTC, RECURRENCE-ID, no rules; field §3.5, 38."""
    fill(
        tree,
        s=calendar(
            "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
            "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
            "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n",
            component(
                "VEVENT", "s", "DTSTART;TZID=Europe/Berlin:20260326T090000", "DURATION:PT1H",
                "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20260327T090000", "SUMMARY:Daily",
            ),
        ),
    )
    props = "<C:calendar-data><C:expand start='20260326T000000Z' end='20260331T000000Z'/></C:calendar-data>"
    filters = in_range("VEVENT", "20260326T000000Z", "20260331T000000Z")
    data = data_of(tree.dav.query(tree.calendar, filters, props), tree.calendar + "s.ics")
    assert re.findall(r"^DTSTART:(\S+)", data, re.M) == [
        "20260326T080000Z", "20260328T080000Z", "20260329T070000Z", "20260330T070000Z",
    ]
    assert len(re.findall(r"^RECURRENCE-ID:\d{8}T\d{6}Z", data, re.M)) == 4
    assert not re.search(r"RRULE|EXDATE|TZID|VTIMEZONE", data)


def test_all_day_instances_stay_dates(tree):
    """RFC 4791 §9.6.5."""
    fill(tree, d=event("d", ";VALUE=DATE:20260302", None, "RRULE:FREQ=DAILY;COUNT=3"))
    props = "<C:calendar-data><C:expand start='20260303T000000Z' end='20260304T000000Z'/></C:calendar-data>"
    data = data_of(tree.dav.multiget(tree.calendar, [tree.calendar + "d.ics"], props), tree.calendar + "d.ics")
    assert re.findall(r"^DTSTART;VALUE=DATE:(\d+)", data, re.M) == ["20260303"]


def test_a_recurrence_set_is_limited(tree):
    """RFC 4791 §9.6.6: the master, and overrides that touch the range."""
    fill(tree, s=SERIES)
    limit = "<C:calendar-data><C:limit-recurrence-set start='{}' end='{}'/></C:calendar-data>"
    ask = lambda start, end: data_of(
        tree.dav.multiget(tree.calendar, [tree.calendar + "s.ics"], limit.format(start, end)), tree.calendar + "s.ics"
    )
    assert "SUMMARY:Moved" in ask("20260131T000000Z", "20260201T000000Z")
    assert "SUMMARY:Moved" not in ask("20260301T000000Z", "20260302T000000Z")
    assert "RRULE" in ask("20260301T000000Z", "20260302T000000Z")


def test_parts_of_the_data(tree):
    """RFC 4791 §9.6.1 to §9.6.4, §7.8.1."""
    fill(tree, a=event("a", "20260302T120000Z", None, "LOCATION:Here", summary="Lunch"))
    props = (
        "<C:calendar-data><C:comp name='VCALENDAR'><C:prop name='VERSION'/><C:comp name='VEVENT'><C:prop name='UID'/>"
        "<C:prop name='SUMMARY' novalue='yes'/></C:comp></C:comp></C:calendar-data>"
    )
    data = data_of(tree.dav.multiget(tree.calendar, [tree.calendar + "a.ics"], props), tree.calendar + "a.ics")
    assert "UID:a" in data and "VERSION:2.0" in data
    assert "Lunch" not in data and "SUMMARY" in data
    assert "LOCATION" not in data and "PRODID" not in data


@pytest.mark.parametrize("attributes", ["content-type='application/json'", "version='3.0'"])
def test_other_kinds_of_data_are_refused(tree, attributes):
    """RFC 4791 §7.8: CALDAV:supported-calendar-data."""
    for answer in (
        tree.dav.multiget(tree.calendar, [tree.calendar + "a.ics"], f"<C:calendar-data {attributes}/>"),
        tree.dav.query(tree.calendar, "", f"<C:calendar-data {attributes}/>"),
    ):
        assert answer.status == 403 and answer.condition == [C + "supported-calendar-data"]
