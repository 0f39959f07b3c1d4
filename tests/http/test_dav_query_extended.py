# SPDX-License-Identifier: Apache-2.0
"""What Apple's calendar-query-extended adds to a filter (OPTIONS says so): `test`, by which one of several is enough, and `match-type`.
The table is asked with the objects of two calendars and over the home, so that what is decided without a parse counts, too."""
import itertools

import pytest

from dav import C, calendar, component, fill, new_tree, object_names, todo

OBJECTS = {
    "plan": calendar(component("VEVENT", "plan-1@example.org", "DTSTART;TZID=Europe/Berlin:20260105T090000", "DURATION:PT1H", "SUMMARY:Plan the week")),
    "planning": calendar(component("VEVENT", "plan-2@example.org", "DTSTART;TZID=America/New_York:20260205T090000", "DURATION:PT1H", "SUMMARY:Planning",
                                   "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM")),
    "review": calendar(component("VEVENT", "review@example.com", "DTSTART;VALUE=DATE:20260305", "SUMMARY:Review of the plan", "LOCATION:Attic")),
    "write": todo("write@example.org", "DUE:20260106T090000Z", "SUMMARY:Plan"),
}


def text(sought, how="", more=""):
    kind = f" match-type='{how}'" if how else ""
    return f"<C:text-match{kind}{more}>{sought}</C:text-match>"


def prop(name, inside, test=""):
    return f"<C:prop-filter name='{name}'{test}>{inside}</C:prop-filter>"


def comp(name, inside="", test=""):
    return f"<C:comp-filter name='{name}'{test}>{inside}</C:comp-filter>"


def param(name, inside):
    return f"<C:param-filter name='{name}'>{inside}</C:param-filter>"


ANY, ALL, NONE = " test='anyof'", " test='allof'", "<C:is-not-defined/>"
JANUARY = "<C:time-range start='20260101T000000Z' end='20260201T000000Z'/>"
ZONES = [prop("DTSTART", param("TZID", text(z))) for z in ("Berlin", "York")]
BOTH_KINDS = comp("VEVENT", prop("SUMMARY", text("attic-less"))) + comp("VTODO", prop("SUMMARY", text("plan")))

CASES = [  # what stands in the comp-filter of VCALENDAR, its own attributes, what is found
    # match-type
    (comp("VEVENT", prop("SUMMARY", text("plan", "contains"))), "", "plan planning review"),
    (comp("VEVENT", prop("SUMMARY", text("PLAN", "starts-with"))), "", "plan planning"),
    (comp("VEVENT", prop("SUMMARY", text("plan", "ends-with"))), "", "review"),
    (comp("VEVENT", prop("SUMMARY", text("planning", "equals"))), "", "planning"),
    (comp("VEVENT", prop("SUMMARY", text("plan", "equals"))), "", ""),
    (comp("VEVENT", prop("SUMMARY", text("planning", "equals", " collation='i;octet'"))), "", ""),
    (comp("VEVENT", prop("SUMMARY", text("plan", "starts-with", " negate-condition='yes'"))), "", "review"),
    (comp("VEVENT", prop("UID", text("plan-1@example.org", "equals"))), "", "plan"),
    (comp("VEVENT", prop("UID", text("-2@example.org", "ends-with"))), "", "planning"),
    (comp("VEVENT", prop("UID", text("lan-2@example.org", "starts-with"))), "", ""),
    (comp("VEVENT", prop("DTSTART", param("TZID", text("Europe", "starts-with")))), "", "plan"),
    (comp("VEVENT", prop("DTSTART", param("TZID", text("Europe", "equals")))), "", ""),
    # test of a component
    (comp("VEVENT", "".join(ZONES)), "", ""),
    (comp("VEVENT", "".join(ZONES), ALL), "", ""),
    (comp("VEVENT", "".join(ZONES), ANY), "", "plan planning"),
    (comp("VEVENT", "".join(ZONES) + prop("LOCATION", ""), ANY), "", "plan planning review"),
    (comp("VEVENT", prop("LOCATION", text("attic")) + prop("SUMMARY", text("planning")), ANY), "", "planning review"),
    (comp("VEVENT", prop("UID", text("review@example.com-not")) + prop("SUMMARY", text("planning")), ANY), "", "planning"),
    (comp("VEVENT", JANUARY + "".join(ZONES), ANY), "", "plan"),
    (comp("VEVENT", JANUARY, ANY), "", "plan"),
    (comp("VEVENT", comp("VALARM") + prop("LOCATION", ""), ANY), "", "planning review"),
    (comp("VEVENT", comp("VALARM", NONE) + ZONES[1], ANY), "", "plan planning review"),
    (comp("VEVENT", ZONES[0], ANY), "", "plan"),
    # test of a property
    (comp("VEVENT", prop("DTSTART", param("TZID", text("Berlin")) + param("VALUE", text("DATE")), ANY)), "", "plan review"),
    (comp("VEVENT", prop("DTSTART", param("TZID", text("Berlin")) + param("VALUE", NONE), ALL)), "", "plan"),
    (comp("VEVENT", prop("SUMMARY", text("plan"), ANY)), "", "plan planning review"),
    (comp("VEVENT", prop("DTSTART", text("2026") + param("TZID", text("York")) + param("VALUE", text("DATE")), ANY)), "", "planning review"),
    # test of the calendar: of several kinds of component
    (comp("VEVENT") + comp("VTODO"), "", ""),
    (comp("VEVENT") + comp("VTODO"), ANY, "plan planning review write"),
    (comp("VEVENT", JANUARY) + comp("VTODO", JANUARY), ANY, "plan write"),
    (comp("VEVENT", JANUARY) + comp("VTODO"), ANY, "plan write"),
    (BOTH_KINDS, ANY, "write"),
    (comp("VEVENT", prop("LOCATION", "")) + comp("VTODO", NONE), ANY, "plan planning review"),
    (comp("VJOURNAL") + prop("VERSION", text("2.0")), ANY, "plan planning review write"),
    (comp("VTODO"), ANY, "write"),
]


@pytest.fixture(scope="module")
def filled(world):
    tree = new_tree(world)
    fill(tree, **{name: OBJECTS[name] for name in ("plan", "planning")})
    tree.other = tree.make_calendar("extended")
    fill(type("At", (), {"dav": tree.dav, "calendar": tree.other}), **{name: OBJECTS[name] for name in ("review", "write")})
    return tree


def filters(inside, test):
    """Dav.query has the outermost comp-filter without attributes: they are put in."""
    return f"<C:comp-filter name='VCALENDAR'{test}>{inside}</C:comp-filter>"


def ask(dav, path, inside, test, depth):
    body = (f"<C:calendar-query xmlns:C='{C[1:-1]}' xmlns:D='DAV:'><D:prop><D:getetag/></D:prop><C:filter>{filters(inside, test)}"
            "</C:filter></C:calendar-query>")
    return dav.report(path, body, depth)


@pytest.mark.parametrize("inside,test,found", CASES)
def test_one_of_several_is_enough_where_it_says_so(filled, inside, test, found):
    here = [ask(filled.dav, path, inside, test, 1) for path in (filled.calendar, filled.other)]
    assert set(itertools.chain(*map(object_names, here))) == set(found.split())
    assert object_names(ask(filled.dav, filled.home, inside, test, "infinity")) == set(found.split())


@pytest.mark.parametrize("inside,test", [
    (comp("VEVENT"), " test='some'"), (comp("VEVENT", "", " test=''"), ""), (comp("VEVENT", prop("SUMMARY", text("x"), " test='one'")), ""),
    (comp("VEVENT", prop("SUMMARY", text("x", "regexp"))), ""), (comp("VEVENT", prop("DTSTART", param("TZID", text("x", "like")))), "")])
def test_other_words_are_no_filter(filled, inside, test):  # RFC 4791 §7.8 valid-filter
    answer = ask(filled.dav, filled.calendar, inside, test, 1)
    assert answer.status == 403 and answer.condition == [C + "valid-filter"]


def test_options_says_so(filled):
    assert "calendar-query-extended" in filled.dav.request("OPTIONS", filled.calendar).headers["DAV"].split(", ")
