# SPDX-License-Identifier: Apache-2.0
"""REPORT: queries, multiget, synchronisation, free/busy, and those over principals."""
import re
import urllib.parse

import pytest

from dav import C, CS, D, NAMESPACES, calendar, component, event, new_tree, other_tree, todo


@pytest.fixture
def tree(world):
    made = new_tree(world)
    yield made
    made.clear()


def fill(tree, **objects):
    for name, data in objects.items():
        answer = tree.dav.put(f"{tree.calendar}{name}.ics", data)
        assert answer.status == 201, answer


def names(answer):
    return {urllib.parse.unquote(h.rsplit("/", 1)[1]).removesuffix(".ics") for h in answer.members}


def in_range(kind, start=None, end=None):
    ends = "".join(f" {k}='{v}'" for k, v in (("start", start), ("end", end)) if v)
    return f"<C:comp-filter name='{kind}'><C:time-range{ends}/></C:comp-filter>"


def prop(kind, name, inner):
    return f"<C:comp-filter name='{kind}'><C:prop-filter name='{name}'>{inner}</C:prop-filter></C:comp-filter>"


def text(value, **attributes):
    extra = "".join(f" {k.replace('_', '-')}='{v}'" for k, v in attributes.items())
    return f"<C:text-match{extra}>{value}</C:text-match>"


SERIES = calendar(
    component(
        "VEVENT", "series", "DTSTART:20260105T090000Z", "DTEND:20260105T100000Z", "RRULE:FREQ=WEEKLY",
        "EXDATE:20260112T090000Z", "SUMMARY:Series",
    ),
    component(
        "VEVENT", "series", "RECURRENCE-ID:20260119T090000Z", "DTSTART:20260131T090000Z", "DTEND:20260131T100000Z",
        "SUMMARY:Moved",
    ),
)

# ---- which reports there are ----


def test_a_report_that_is_not_offered_is_refused(tree):
    """RFC 3253 §3.6: DAV:supported-report."""
    for path, body in (
        (tree.calendar, f"<D:version-tree {NAMESPACES}/>"),
        (tree.home, f"<D:sync-collection {NAMESPACES}><D:sync-token/></D:sync-collection>"),
        (tree.principal, f"<C:calendar-query {NAMESPACES}/>"),
        (tree.calendar, f"<C:expand-property {NAMESPACES}/>"),
    ):
        answer = tree.dav.report(path, body)
        assert answer.status == 403 and answer.condition == [D + "supported-report"]


@pytest.mark.parametrize("body", [None, "", "<", "text"])
def test_a_report_without_a_body_is_400(tree, body):
    assert tree.dav.report(tree.calendar, body).status == 400


def test_what_is_advertised_is_answered(tree):
    """RFC 3253 §3.1.5: everything in DAV:supported-report-set is known."""
    fill(tree, a=event("a", "20260302T120000Z"))
    for path in ("/dav/", "/dav/principals/", tree.principal, tree.home, tree.calendar, tree.calendar + "a.ics"):
        member = tree.dav.propfind(path, "<D:supported-report-set/>").members[path]
        for report in member.ok[D + "supported-report-set"].iter(D + "report"):
            ns, local = report[0].tag[1:].split("}")
            answer = tree.dav.report(path, f"<x:{local} xmlns:x='{ns}'/>")
            assert answer.status in (200, 207, 400) or answer.condition == [C + "valid-filter"], (path, local)


# ---- calendar-query, RFC 4791 §7.8, §9.7, §9.9 ----


def test_a_query_by_component(tree):
    """RFC 4791 §9.7.1."""
    fill(tree, e=event("e", "20260302T120000Z"), t=todo("t"), j=calendar(component("VJOURNAL", "j")))
    ask = lambda inner: names(tree.dav.query(tree.calendar, inner))
    assert ask("") == {"e", "t", "j"}
    assert ask("<C:comp-filter name='VEVENT'/>") == {"e"}
    assert ask("<C:comp-filter name='VTODO'/>") == {"t"}
    assert ask("<C:comp-filter name='VEVENT'><C:is-not-defined/></C:comp-filter>") == {"t", "j"}
    assert ask("<C:comp-filter name='VTIMEZONE'/>") == set()


@pytest.mark.parametrize("depth", [0, 1, "infinity", None])
def test_depth_finds_the_members_of_a_calendar(tree, depth):
    """RFC 4791 §7.8; Windows clients send 0, others none."""
    fill(tree, e=event("e", "20260302T120000Z"))
    assert names(tree.dav.query(tree.calendar, "", depth=depth)) == {"e"}


@pytest.mark.parametrize(
    "start, end, found",
    [
        ("20260302T110000Z", "20260302T120000Z", False),  # half-open
        ("20260302T125959Z", "20260302T130000Z", True),
        ("20260302T130000Z", "20260303T000000Z", False),
        ("20260302T000000Z", None, True),
        ("20260302T130000Z", None, False),
        (None, "20260302T120001Z", True),
        (None, "20260302T120000Z", False),
    ],
)
def test_a_range_is_half_open_and_may_be_open(tree, start, end, found):
    """RFC 4791 §9.9."""
    fill(tree, e=event("e", "20260302T120000Z", "20260302T130000Z"))
    assert names(tree.dav.query(tree.calendar, in_range("VEVENT", start, end))) == ({"e"} if found else set())


@pytest.mark.parametrize(
    "day, found",
    [
        ("20260105", True),
        ("20260112", False),  # EXDATE
        ("20260119", False),  # moved away
        ("20260126", True),
        ("20260131", True),  # to here
        ("20260201", False),
        ("20360107", True),  # ten years on
        ("22000106", True),  # far behind any cache of occurrences
        ("20251229", False),
    ],
)
def test_a_range_meets_instances(tree, day, found):
    """RFC 4791 §9.9: every recurrence instance, overrides included."""
    if day in ("20360107", "22000106"):
        import datetime

        date = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:]))
        date -= datetime.timedelta(days=date.weekday())  # a Monday
        day = date.strftime("%Y%m%d")
    fill(tree, s=SERIES)
    got = names(tree.dav.query(tree.calendar, in_range("VEVENT", f"{day}T000000Z", f"{day}T235959Z")))
    assert got == ({"s"} if found else set())


def test_floating_times_are_in_the_zone_of_the_query_or_the_calendar(tree):
    """RFC 4791 §7.3; RFC 7809 §5.1."""
    fill(tree, f=event("f", "20260302T230000", "20260302T233000"), d=event("d", ";VALUE=DATE:20260302"))
    ask = lambda start, end, more="": names(tree.dav.query(tree.calendar, in_range("VEVENT", start, end), more=more))
    tokyo = "<C:timezone-id>Asia/Tokyo</C:timezone-id>"
    assert ask("20260302T230000Z", "20260302T231000Z") == {"f", "d"}
    assert ask("20260302T140000Z", "20260302T141000Z", tokyo) == {"f", "d"}
    assert ask("20260302T230000Z", "20260302T231000Z", tokyo) == set()
    body = (
        f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>"
        "</D:prop></D:set></D:propertyupdate>"
    )
    assert tree.dav.request("PROPPATCH", tree.calendar, body).status == 207
    assert ask("20260302T140000Z", "20260302T141000Z") == {"f", "d"}
    assert ask("20260302T230000Z", "20260302T231000Z", "<C:timezone-id>Etc/UTC</C:timezone-id>") == {"f", "d"}


def test_an_unknown_zone_is_valid_timezone(tree):
    """RFC 7809 §4.3."""
    answer = tree.dav.query(tree.calendar, "", more="<C:timezone-id>Mars/Base</C:timezone-id>")
    assert answer.status == 403 and answer.condition == [C + "valid-timezone"]


def test_tasks_by_range(tree):
    """RFC 4791 §9.9, the table of VTODO."""
    fill(
        tree,
        both=todo("both", "DTSTART:20260309T000000Z", "DUE:20260312T000000Z"),
        due=todo("due", "DUE:20260311T000000Z"),
        start=todo("start", "DTSTART:20260310T120000Z"),
        done=todo("done", "COMPLETED:20260310T120000Z"),
        done_later=todo("done_later", "COMPLETED:20260312T120000Z"),
        created_later=todo("created_later", "CREATED:20260401T000000Z"),
        timeless=todo("timeless"),
    )
    got = names(tree.dav.query(tree.calendar, in_range("VTODO", "20260310T000000Z", "20260311T000000Z")))
    assert got == {"both", "due", "start", "done", "timeless"}


def test_journals_by_range(tree):
    """RFC 4791 §9.9, the table of VJOURNAL."""
    fill(
        tree,
        day=calendar(component("VJOURNAL", "day", "DTSTART;VALUE=DATE:20260310")),
        timed=calendar(component("VJOURNAL", "timed", "DTSTART:20260310T120000Z")),
        timeless=calendar(component("VJOURNAL", "timeless")),
    )
    got = names(tree.dav.query(tree.calendar, in_range("VJOURNAL", "20260310T110000Z", "20260310T130000Z")))
    assert got == {"day", "timed"}


def test_alarms_by_range(tree):
    """RFC 4791 §7.8.5: as iOS and evolution ask."""
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM")
    fill(tree, a=event("a", "20260302T120000Z", None, *alarm), b=event("b", "20260302T120000Z"))
    asked = lambda start, end: names(
        tree.dav.query(
            tree.calendar,
            f"<C:comp-filter name='VEVENT'><C:comp-filter name='VALARM'><C:time-range start='{start}' end='{end}'/>"
            "</C:comp-filter></C:comp-filter>",
        )
    )
    assert asked("20260302T114000Z", "20260302T115000Z") == {"a"}
    assert asked("20260302T115000Z", "20260302T130000Z") == set()


def test_properties_and_texts(tree):
    """RFC 4791 §9.7.2, §9.7.5."""
    long_text = "x" * 60 + " kangaroo " + "y" * 60
    folded = f"SUMMARY:{long_text}"
    folded = "\r\n ".join(folded[i : i + 70] for i in range(0, len(folded), 70))
    fill(
        tree,
        a=event("a", "20260302T120000Z", None, "LOCATION:Room\\, 5", summary="Lunch"),
        b=event("b", "20260302T120000Z", None, "STATUS:CANCELLED", summary="dinner"),
        c=calendar(component("VEVENT", "c", "DTSTART:20260302T120000Z", folded)),
    )
    ask = lambda name, inner: names(tree.dav.query(tree.calendar, prop("VEVENT", name, inner)))
    assert ask("SUMMARY", text("LUN")) == {"a"}
    assert ask("SUMMARY", text("LUN", collation="i;octet")) == set()
    assert ask("SUMMARY", text("Lun", collation="i;octet")) == {"a"}
    assert ask("SUMMARY", text("lunch", negate_condition="yes")) == {"b", "c"}
    assert ask("SUMMARY", text("kangaroo")) == {"c"}
    assert ask("LOCATION", text("room, 5")) == {"a"}
    assert ask("LOCATION", "<C:is-not-defined/>") == {"b", "c"}
    assert ask("STATUS", "") == {"b"}
    assert ask("summary", text("lunch")) == {"a"}


def test_parameters(tree):
    """RFC 4791 §9.7.3."""
    fill(
        tree,
        a=event("a", "20260302T120000Z", None, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org"),
        b=event("b", "20260302T120000Z", None, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org"),
        c=event("c", "20260302T120000Z", None, "ATTENDEE:mailto:bob@example.org"),
    )
    ask = lambda inner: names(
        tree.dav.query(
            tree.calendar,
            prop("VEVENT", "ATTENDEE", text("bob") + f"<C:param-filter name='PARTSTAT'>{inner}</C:param-filter>"),
        )
    )
    assert ask(text("NEEDS-ACTION")) == {"a"}
    assert ask("<C:is-not-defined/>") == {"c"}
    assert ask("") == {"a", "b"}


def test_pending_tasks(tree):
    """RFC 4791 §7.8.9."""
    fill(tree, open=todo("open"), done=todo("done", "COMPLETED:20260310T120000Z", "STATUS:COMPLETED"))
    inner = (
        "<C:comp-filter name='VTODO'><C:prop-filter name='COMPLETED'><C:is-not-defined/></C:prop-filter>"
        f"<C:prop-filter name='STATUS'>{text('CANCELLED', negate_condition='yes')}</C:prop-filter></C:comp-filter>"
    )
    assert names(tree.dav.query(tree.calendar, inner)) == set()  # STATUS must be there to be compared
    inner = "<C:comp-filter name='VTODO'><C:prop-filter name='COMPLETED'><C:is-not-defined/></C:prop-filter></C:comp-filter>"
    assert names(tree.dav.query(tree.calendar, inner)) == {"open"}


def test_an_object_by_its_uid(tree):
    """RFC 4791 §7.8.6."""
    uid = "20010712T182145Z-123401@example.com"
    fill(tree, a=event(uid, "20260302T120000Z"), b=event("another-" + "x" * 30, "20260302T120000Z"))
    for match in (text(uid), text(uid, collation="i;octet"), text(uid.lower())):
        assert names(tree.dav.query(tree.calendar, prop("VEVENT", "UID", match))) == {"a"}
    assert names(tree.dav.query(tree.calendar, prop("VTODO", "UID", text(uid)))) == set()
    assert names(tree.dav.query(tree.calendar, prop("VEVENT", "UID", text("another")))) == {"b"}


def test_a_query_of_one_object(tree):
    """RFC 4791 §7.8: the request may be for a calendar object itself."""
    fill(tree, a=event("a", "20260302T120000Z"))
    path = tree.calendar + "a.ics"
    assert names(tree.dav.query(path, "<C:comp-filter name='VEVENT'/>", depth=0)) == {"a"}
    assert tree.dav.query(path, "<C:comp-filter name='VTODO'/>", depth=0).members == {}


def test_a_query_over_the_home(tree):
    """RFC 4791 §7.8: Depth infinity reaches what lies in the calendars."""
    second = tree.make_calendar("second")
    fill(tree, a=event("a", "20260302T120000Z"))
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z"))
    assert names(tree.dav.query(tree.home, "", depth="infinity")) >= {"a", "b"}
    assert tree.dav.query(tree.home, "", depth=1).members == {}


def test_a_time_range_over_the_home_is_one_statement_for_all_calendars(tree, world):
    """RFC 4791 §7.3: each calendar's floating times are in its own zone; hrefs are each calendar's own."""
    tree.clear()
    made = [tree.make_calendar(f"home{n}") for n in range(6)]
    zone = "Pacific/Auckland"
    assert tree.dav.request("PROPPATCH", made[0], f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><C:calendar-timezone-id>{zone}"
        "</C:calendar-timezone-id></D:prop></D:set></D:propertyupdate>").status == 207
    for n, path in enumerate(made):
        for k in range(3):  # the same names in each: 08:00 at noon is in the range only in the calendar of New Zealand
            hour = ("20300302T080000", "20300301T203000", "20300305T080000")[k]
            assert tree.dav.put(f"{path}{k}.ics", event(f"home{n}-{k}", hour)).status == 201
    def asked(props, inner=""):
        body = (f"<C:calendar-query {NAMESPACES}><D:prop>{props}</D:prop><C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter"
            f" name='VEVENT'><C:time-range start='20300301T190000Z' end='20300301T220000Z'/>{inner}</C:comp-filter></C:comp-filter>"
            "</C:filter></C:calendar-query>")
        reply = world.dav("REPORT", tree.home, body, {"Depth": "infinity", "Content-Type": "application/xml"}, tree.account)
        assert reply.status == 207
        hrefs = [h.text for h in reply.xml.iter(D + "href")]
        assert len(hrefs) == len(set(hrefs))
        return set(hrefs), int(world.log_of(reply)["db"]), reply
    expected = {made[0] + "0.ics"} | {path + "1.ics" for path in made[1:]}
    hrefs, trips, _ = asked("<D:getetag/>")
    assert hrefs == expected and trips == 3, "key, calendars, rows"
    hrefs, trips, reply = asked("<C:calendar-data/>")
    assert hrefs == expected and trips == 4, "and their data"
    for response in reply.xml.iter(D + "response"):
        number = made.index(response.find(D + "href").text.rpartition("/")[0] + "/")
        assert f"UID:home{number}-" in response.find(".//" + C + "calendar-data").text
    hrefs, trips, _ = asked("<D:getetag/>", prop("VEVENT", "SUMMARY", text("event")).partition(">")[2].rpartition("</C:comp-filter>")[0])
    assert hrefs == expected and trips == 4


@pytest.mark.parametrize(
    "inner, status, condition",
    [
        ("<C:time-range start='20260101T000000Z'/>", 403, C + "valid-filter"),
        (in_range("VEVENT", "20260101", "20260102"), 403, C + "valid-filter"),
        (in_range("VEVENT", "20260101T000000", "20260102T000000"), 403, C + "valid-filter"),
        (in_range("VEVENT", "20260102T000000Z", "20260101T000000Z"), 403, C + "valid-filter"),
        ("<C:comp-filter/>", 403, C + "valid-filter"),
        (prop("VEVENT", "SUMMARY", text("x", collation="i;unknown")), 403, C + "supported-collation"),
        (in_range("VEVENT"), 400, None),
    ],
)
def test_bad_filters_are_named(tree, inner, status, condition):
    """RFC 4791 §7.8, §7.5.1; strictness §5.4."""
    answer = tree.dav.query(tree.calendar, inner)
    assert answer.status == status, answer
    if condition:
        assert answer.condition == [condition]


def test_a_query_without_a_filter_is_valid_filter(tree):
    answer = tree.dav.report(tree.calendar, f"<C:calendar-query {NAMESPACES}><D:prop><D:getetag/></D:prop></C:calendar-query>", 1)
    assert answer.status == 403 and answer.condition == [C + "valid-filter"]


# ---- calendar-data, RFC 4791 §9.6 ----


def data_of(answer, href):
    return answer.members[href].text(C + "calendar-data")


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


# ---- calendar-multiget, RFC 4791 §7.9 ----


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


def test_multiget_over_the_home(tree):
    second = tree.make_calendar("second")
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z"))
    fill(tree, a=event("a", "20260302T120000Z"))
    hrefs = [second + "b.ics", tree.calendar + "a.ics", second + "no.ics", tree.home + "no/x.ics"]
    answer = tree.dav.multiget(tree.home, hrefs)
    assert [(m.href, m.status) for m in answer.responses] == [
        (hrefs[0], None), (hrefs[1], None), (hrefs[2], 404), (hrefs[3], 404),
    ]


@pytest.mark.parametrize("depth", ["0", "1", "infinity", None])
def test_multiget_ignores_depth(tree, depth):
    """RFC 4791 §7.9."""
    fill(tree, a=event("a", "20260302T120000Z"))
    body = f"<C:calendar-multiget {NAMESPACES}><D:prop><D:getetag/></D:prop><D:href>{tree.calendar}a.ics</D:href></C:calendar-multiget>"
    assert names(tree.dav.report(tree.calendar, body, depth)) == {"a"}


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


# ---- sync-collection, RFC 6578 ----


def test_synchronisation_from_the_beginning_and_on(tree):
    """RFC 6578 §3.4, §3.5."""
    fill(tree, a=event("a", "20260302T120000Z"), b=event("b", "20260302T120000Z"))
    assert tree.dav.request("DELETE", tree.calendar + "b.ics").status == 204
    first = tree.dav.sync(tree.calendar)
    assert names(first) == {"a"}  # §3.4: no removals at first
    again = tree.dav.sync(tree.calendar, first.sync_token)
    assert again.members == {} and again.sync_token == first.sync_token

    fill(tree, c=event("c", "20260302T120000Z"), d=event("d", "20260302T120000Z"))
    tree.dav.put(tree.calendar + "a.ics", event("a", "20260303T120000Z"))
    tree.dav.request("DELETE", tree.calendar + "d.ics")
    second = tree.dav.sync(tree.calendar, first.sync_token)
    assert names(second) == {"a", "c", "d"}
    assert second.members[tree.calendar + "d.ics"].status == 404  # §3.5.2: made and removed between: reported
    assert D + "getetag" in second.members[tree.calendar + "a.ics"].ok


def test_a_member_made_again_is_changed_only(tree):
    """RFC 6578 §3.5.1."""
    fill(tree, a=event("a", "20260302T120000Z"))
    token = tree.dav.sync(tree.calendar).sync_token
    tree.dav.request("DELETE", tree.calendar + "a.ics")
    fill(tree, a=event("a", "20260305T120000Z"))
    members = tree.dav.sync(tree.calendar, token).members
    assert list(members) == [tree.calendar + "a.ics"] and members[tree.calendar + "a.ics"].ok


def test_the_token_is_the_propertys(tree):
    """RFC 6578 §4."""
    fill(tree, a=event("a", "20260302T120000Z"))
    prop_token = tree.dav.propfind(tree.calendar, "<D:sync-token/>").members[tree.calendar].text(D + "sync-token")
    assert tree.dav.sync(tree.calendar).sync_token == prop_token
    assert tree.dav.sync(tree.calendar, prop_token).members == {}


def test_a_limit_cuts_with_507_and_a_token_to_go_on(tree):
    """RFC 6578 §3.6."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(7)})
    tree.dav.request("DELETE", tree.calendar + "o6.ics")
    seen, token, rounds = set(), "", 0
    while True:
        answer = tree.dav.sync(tree.calendar, token, limit=2)
        members = answer.members
        cut = members.pop(tree.calendar, None)
        assert len(members) <= 2 and all(m.ok for m in members.values())
        seen |= set(members)
        token, rounds = answer.sync_token, rounds + 1
        if not cut:
            break
        assert cut.status == 507 and cut.conditions == [D + "number-of-matches-within-limits"]
        assert rounds < 10
    assert seen == {f"{tree.calendar}o{i}.ics" for i in range(6)} and rounds == 3
    assert tree.dav.sync(tree.calendar, token).members == {}


def test_what_changes_during_a_cut_synchronisation_is_not_lost(tree):
    """RFC 6578 §3.6: the token stands for what was sent."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(4)})
    first = tree.dav.sync(tree.calendar, limit=2)
    sent = set(first.members) - {tree.calendar}
    gone = sorted(sent)[0]
    tree.dav.request("DELETE", gone)
    fill(tree, new=event("new", "20260302T120000Z"))
    rest = tree.dav.sync(tree.calendar, first.sync_token)
    assert rest.members[gone].status == 404
    assert {h for h, m in rest.members.items() if m.ok} | sent - {gone} == {
        f"{tree.calendar}{n}.ics" for n in ("o0", "o1", "o2", "o3", "new") if f"{tree.calendar}{n}.ics" != gone
    }


def test_a_synchronisation_may_be_cut_among_what_changed_since_it_began(tree):
    """RFC 6578 §3.6: its token is good then, too."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(4)})
    answer = tree.dav.sync(tree.calendar, limit=2)
    for i in range(3):
        assert tree.dav.put(f"{tree.calendar}o{i}.ics", event(f"o{i}", "20260303T120000Z")).status == 204
    assert tree.dav.request("DELETE", tree.calendar + "o3.ics").status == 204
    seen = {}
    for _ in range(10):
        answer = tree.dav.sync(tree.calendar, answer.sync_token, limit=1)
        assert answer.status == 207, answer.text
        members = answer.members
        cut = members.pop(tree.calendar, None)
        seen.update({href: bool(m.ok) for href, m in members.items()})
        if not cut:
            break
    assert not cut and seen == {f"{tree.calendar}o{i}.ics": i < 3 for i in range(4)}


@pytest.mark.parametrize("token", ["x", "http://example.org/", "DAV:", "0", "9" * 40, "urn:uuid:00000000-0000-0000-0000-000000000000"])
def test_tokens_that_are_not_ours_are_valid_sync_token(tree, token):
    """RFC 6578 §3.2; bare tokens of Apple too, never 400."""
    answer = tree.dav.sync(tree.calendar, token)
    assert answer.status == 403 and answer.condition == [D + "valid-sync-token"]


def test_tokens_of_other_calendars_and_of_the_future_are_refused(tree):
    """field §8, 14 and 17."""
    second = tree.make_calendar("second")
    fill(tree, a=event("a", "20260302T120000Z"))
    token = tree.dav.sync(tree.calendar).sync_token
    assert tree.dav.sync(second, token).condition == [D + "valid-sync-token"]
    future = re.sub(r"(\d+)$", lambda m: str(int(m.group(1)) + 1000), token)
    assert tree.dav.sync(tree.calendar, future).condition == [D + "valid-sync-token"]
    made = tree.make_calendar("again")
    token = tree.dav.sync(made).sync_token
    assert tree.dav.request("DELETE", made).status == 204
    assert tree.make_calendar("again") == made
    assert tree.dav.sync(made, token).condition == [D + "valid-sync-token"]


@pytest.mark.parametrize("level, status", [("1", 207), ("infinite", 207), ("2", 400), ("", 400), ("x", 400)])
def test_sync_levels(tree, level, status):
    """RFC 6578 §3.3; a calendar has no collections inside."""
    assert tree.dav.sync(tree.calendar, level=level).status == status


@pytest.mark.parametrize("limit, status", [("0", 507), ("-1", 400), ("x", 400), ("", 400), ("1", 207)])
def test_sync_limits(tree, limit, status):
    """RFC 6578 §3.7."""
    answer = tree.dav.sync(tree.calendar, limit=limit)
    assert answer.status == status
    if status == 507:
        assert answer.condition == [D + "number-of-matches-within-limits"]


@pytest.mark.parametrize("depth", ["0", "1", "infinity", None])
def test_sync_ignores_depth(tree, depth):
    """Thunderbird sends 1, tsdav none."""
    fill(tree, a=event("a", "20260302T120000Z"))
    assert names(tree.dav.sync(tree.calendar, depth=depth)) == {"a"}


def test_data_inside_a_synchronisation(tree):
    """tsdav asks getetag, calendar-data and displayname at once."""
    fill(tree, a=event("a", "20260302T120000Z"))
    answer = tree.dav.sync(tree.calendar, props="<D:getetag/><C:calendar-data/><D:displayname/>")
    member = answer.members[tree.calendar + "a.ics"]
    assert "UID:a" in member.text(C + "calendar-data") and member.missing == {D + "displayname"}


def test_a_sync_without_a_token_element_is_400(tree):
    """RFC 6578 §6.1."""
    body = f"<D:sync-collection {NAMESPACES}><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    assert tree.dav.report(tree.calendar, body).status == 400


# ---- free-busy-query, RFC 4791 §7.10 ----


def free_busy(tree, start, end, path=None, depth=1):
    answer = tree.dav.report(
        path or tree.calendar,
        f"<C:free-busy-query {NAMESPACES}><C:time-range start='{start}' end='{end}'/></C:free-busy-query>",
        depth,
    )
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"].replace(" ", "").lower().startswith("text/calendar")
    unfolded = re.sub(r"\r\n[ \t]", "", answer.text)
    found = {}
    for kind, periods in re.findall(r"^FREEBUSY(?:;FBTYPE=([A-Z-]+))?:(\S+)", unfolded, re.M):
        found.setdefault(kind or "BUSY", []).extend(periods.split(","))
    return found


def test_busy_time_is_merged_and_private(tree):
    """RFC 4791 §7.10: VFREEBUSY without duplicates or overlaps; transparent and cancelled events are free."""
    fill(
        tree,
        a=event("a", "20260302T100000Z", "20260302T110000Z", summary="Secret"),
        b=event("b", "20260302T103000Z", "20260302T120000Z"),
        free=event("free", "20260302T140000Z", "20260302T150000Z", "TRANSP:TRANSPARENT"),
        cancelled=event("cancelled", "20260302T160000Z", "20260302T170000Z", "STATUS:CANCELLED"),
        maybe=event("maybe", "20260302T180000Z", "20260302T190000Z", "STATUS:TENTATIVE"),
        task=todo("task", "DTSTART:20260302T200000Z", "DUE:20260302T210000Z"),
    )
    found = free_busy(tree, "20260302T000000Z", "20260303T000000Z")
    assert set(found) == {"BUSY", "BUSY-TENTATIVE"}
    assert [p.split("/")[0] for p in found["BUSY"]] == ["20260302T100000Z"]
    assert found["BUSY"][0].split("/")[1] in ("PT2H", "20260302T120000Z")
    assert [p.split("/")[0] for p in found["BUSY-TENTATIVE"]] == ["20260302T180000Z"]


def test_busy_time_of_a_series_is_clipped_to_the_range(tree):
    """RFC 4791 §7.10."""
    fill(tree, s=SERIES)
    found = free_busy(tree, "20260126T093000Z", "20260202T093000Z")
    assert [p.split("/")[0] for p in found["BUSY"]] == ["20260126T093000Z", "20260131T090000Z", "20260202T090000Z"]
    assert free_busy(tree, "20260112T000000Z", "20260113T000000Z") == {}


def test_busy_time_of_the_home_is_of_the_calendars_that_count(tree):
    """RFC 6638 §9.1."""
    fill(tree, a=event("a", "20260302T100000Z", "20260302T110000Z"))
    second = tree.make_calendar("second")
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z", "20260302T130000Z"))
    ask = lambda: [p.split("/")[0] for p in free_busy(tree, "20260302T000000Z", "20260303T000000Z", tree.home)["BUSY"]]
    assert ask() == ["20260302T100000Z", "20260302T120000Z"]
    body = (
        f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><C:schedule-calendar-transp><C:transparent/>"
        "</C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>"
    )
    assert tree.dav.request("PROPPATCH", second, body).status == 207
    assert ask() == ["20260302T100000Z"]


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "start='20260101' end='20260201'",
        "start='20260101T000000' end='20260201T000000'",
        "start='20260201T000000Z' end='20260101T000000Z'",
        "start='20260101T000000Z'",
    ],
)
def test_bad_ranges_of_busy_time_are_400(tree, attributes):
    """strictness §5.4."""
    body = f"<C:free-busy-query {NAMESPACES}><C:time-range {attributes}/></C:free-busy-query>"
    assert tree.dav.report(tree.calendar, body, 1).status == 400
    assert tree.dav.report(tree.calendar, f"<C:free-busy-query {NAMESPACES}/>", 1).status == 400


# ---- principals ----


def test_expand_property_follows_hrefs(tree):
    """RFC 3253 §3.8; Apple asks delegates so."""
    body = (
        f"<D:expand-property {NAMESPACES}><D:property name='current-user-principal'><D:property name='displayname'/>"
        "<D:property name='calendar-home-set' namespace='urn:ietf:params:xml:ns:caldav'>"
        "<D:property name='resourcetype'/></D:property></D:property>"
        "<D:property name='calendar-proxy-read-for' namespace='http://calendarserver.org/ns/'/>"
        "</D:expand-property>"
    )
    answer = tree.dav.report(tree.principal, body)
    assert answer.status == 207
    inner = answer.xml.find(f"{D}response/{D}propstat/{D}prop/{D}current-user-principal/{D}response")
    assert inner.find(D + "href").text == tree.principal
    home = next(inner.iter(C + "calendar-home-set")).find(D + "response")
    assert home.find(D + "href").text == tree.home and next(home.iter(D + "collection")) is not None
    assert next(answer.xml.iter(CS + "calendar-proxy-read-for")) is not None
    assert tree.dav.report(tree.principal, body, depth=1).status == 400  # strictness §5.4


def search(tree, match, prop="<D:displayname/>", path="/dav/principals/", extra=""):
    body = (
        f"<D:principal-property-search {NAMESPACES}><D:property-search><D:prop>{prop}</D:prop><D:match>{match}</D:match>"
        f"</D:property-search><D:prop><D:displayname/></D:prop>{extra}</D:principal-property-search>"
    )
    return tree.dav.report(path, body, 0)


def test_principals_are_found_by_name_and_home(tree, world):
    """RFC 3744 §9.4; nobody finds another's."""
    other = other_tree(world)
    assert set(search(tree, tree.name[:4].upper()).members) == {tree.principal}
    assert set(search(tree, tree.home, "<C:calendar-home-set/>").members) == {tree.principal}
    assert search(tree, other.home, "<C:calendar-home-set/>").members == {}
    assert search(tree, "no such name").members == {}
    assert search(tree, tree.name, path=tree.calendar).members == {}
    applied = search(tree, tree.name, path=tree.calendar, extra="<D:apply-to-principal-collection-set/>")
    assert set(applied.members) == {tree.principal}


def test_what_can_be_searched_is_told(tree):
    """RFC 3744 §9.5; iOS asks at every account check."""
    answer = tree.dav.report("/dav/principals/", f"<D:principal-search-property-set {NAMESPACES}/>", 0)
    assert answer.status == 200 and answer.xml.tag == D + "principal-search-property-set"
    assert next(answer.xml.iter(D + "displayname")) is not None


def test_principal_match(tree):
    """RFC 3744 §9.3."""
    fill(tree, a=event("a", "20260302T120000Z"))
    own = f"<D:principal-match {NAMESPACES}><D:self/></D:principal-match>"
    answer = tree.dav.report("/dav/principals/", own, 0)
    assert {h: m.status for h, m in answer.members.items()} == {tree.principal: 200}
    owned = f"<D:principal-match {NAMESPACES}><D:principal-property><D:owner/></D:principal-property><D:prop><D:owner/></D:prop></D:principal-match>"
    members = tree.dav.report(tree.home, owned, 0).members
    assert {tree.calendar, tree.calendar + "a.ics"} <= set(members)
    assert members[tree.calendar].hrefs(D + "owner") == [tree.principal]
    assert tree.dav.report("/dav/principals/", own, 1).status == 400


def test_acl_principal_prop_set(tree):
    """RFC 3744 §9.2."""
    body = f"<D:acl-principal-prop-set {NAMESPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
    members = tree.dav.report(tree.calendar, body, 0).members
    assert set(members) == {tree.principal} and members[tree.principal].text(D + "displayname") == tree.name
    assert tree.dav.report(tree.calendar, body, 1).status == 400
