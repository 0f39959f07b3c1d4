# SPDX-License-Identifier: Apache-2.0
"""calendar-query: RFC 4791 §7.8, §9.7, §9.9."""
import pytest

from dav import C, D, NAMESPACES, SERIES, calendar, component, event, fill, in_range, object_names, todo


def prop(kind, name, inner):
    return f"<C:comp-filter name='{kind}'><C:prop-filter name='{name}'>{inner}</C:prop-filter></C:comp-filter>"


def text(value, **attributes):
    extra = "".join(f" {k.replace('_', '-')}='{v}'" for k, v in attributes.items())
    return f"<C:text-match{extra}>{value}</C:text-match>"


def test_a_query_by_component(tree):
    """RFC 4791 §9.7.1."""
    fill(tree, e=event("e", "20260302T120000Z"), t=todo("t"), j=calendar(component("VJOURNAL", "j")))
    ask = lambda inner: object_names(tree.dav.query(tree.calendar, inner))
    assert ask("") == {"e", "t", "j"}
    assert ask("<C:comp-filter name='VEVENT'/>") == {"e"}
    assert ask("<C:comp-filter name='VTODO'/>") == {"t"}
    assert ask("<C:comp-filter name='VEVENT'><C:is-not-defined/></C:comp-filter>") == {"t", "j"}
    assert ask("<C:comp-filter name='VTIMEZONE'/>") == set()


@pytest.mark.parametrize("depth", [0, 1, "infinity", None])
def test_depth_finds_the_members_of_a_calendar(tree, depth):
    """RFC 4791 §7.8; Windows clients send 0, others none."""
    fill(tree, e=event("e", "20260302T120000Z"))
    assert object_names(tree.dav.query(tree.calendar, "", depth=depth)) == {"e"}


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
    assert object_names(tree.dav.query(tree.calendar, in_range("VEVENT", start, end))) == ({"e"} if found else set())


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
        ("22000106", True),  # far after any cache of occurrences
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
    got = object_names(tree.dav.query(tree.calendar, in_range("VEVENT", f"{day}T000000Z", f"{day}T235959Z")))
    assert got == ({"s"} if found else set())


def test_floating_times_are_in_the_zone_of_the_query_or_the_calendar(tree):
    """RFC 4791 §7.3; RFC 7809 §5.1."""
    fill(tree, f=event("f", "20260302T230000", "20260302T233000"), d=event("d", ";VALUE=DATE:20260302"))
    ask = lambda start, end, more="": object_names(tree.dav.query(tree.calendar, in_range("VEVENT", start, end), more=more))
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
    got = object_names(tree.dav.query(tree.calendar, in_range("VTODO", "20260310T000000Z", "20260311T000000Z")))
    assert got == {"both", "due", "start", "done", "timeless"}


def test_journals_by_range(tree):
    """RFC 4791 §9.9, the table of VJOURNAL."""
    fill(
        tree,
        day=calendar(component("VJOURNAL", "day", "DTSTART;VALUE=DATE:20260310")),
        timed=calendar(component("VJOURNAL", "timed", "DTSTART:20260310T120000Z")),
        timeless=calendar(component("VJOURNAL", "timeless")),
    )
    got = object_names(tree.dav.query(tree.calendar, in_range("VJOURNAL", "20260310T110000Z", "20260310T130000Z")))
    assert got == {"day", "timed"}


def test_alarms_by_range(tree):
    """RFC 4791 §7.8.5: as iOS and evolution ask."""
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM")
    fill(tree, a=event("a", "20260302T120000Z", None, *alarm), b=event("b", "20260302T120000Z"))
    asked = lambda start, end: object_names(
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
    ask = lambda name, inner: object_names(tree.dav.query(tree.calendar, prop("VEVENT", name, inner)))
    assert ask("SUMMARY", text("LUN")) == {"a"}
    assert ask("SUMMARY", text("LUN", collation="i;octet")) == set()
    assert ask("SUMMARY", text("Lun", collation="i;octet")) == {"a"}
    assert ask("SUMMARY", text("lunch", negate_condition="yes")) == {"b", "c"}
    assert ask("SUMMARY", text("kangaroo")) == {"c"}
    assert ask("LOCATION", text("room, 5")) == {"a"}
    assert ask("LOCATION", "<C:is-not-defined/>") == {"b", "c"}
    assert ask("STATUS", "") == {"b"}
    assert ask("summary", text("lunch")) == {"a"}


def test_texts_are_found_in_every_script(tree):
    """RFC 5051; i;ascii-casemap, which is meant where no collation is named (RFC 4791 §9.7.5), knows two cases of ASCII alone."""
    fill(tree, a=event("a", "20260302T120000Z", summary="Ärger"), b=event("b", "20260302T120000Z", summary="ärgerlich"))
    ask = lambda inner: object_names(tree.dav.query(tree.calendar, prop("VEVENT", "SUMMARY", inner)))
    assert ask(text("ÄRGER", collation="i;unicode-casemap")) == {"a", "b"}
    assert ask(text("ärger", collation="i;unicode-casemap", negate_condition="yes")) == set()
    assert ask(text("ärger")) == {"b"} == ask(text("ärgerLICH", collation="i;unicode-casemap"))


def test_parameters(tree):
    """RFC 4791 §9.7.3."""
    fill(
        tree,
        a=event("a", "20260302T120000Z", None, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org"),
        b=event("b", "20260302T120000Z", None, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org"),
        c=event("c", "20260302T120000Z", None, "ATTENDEE:mailto:bob@example.org"),
    )
    ask = lambda inner: object_names(
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
    assert object_names(tree.dav.query(tree.calendar, inner)) == set()  # STATUS must be there to be compared
    inner = "<C:comp-filter name='VTODO'><C:prop-filter name='COMPLETED'><C:is-not-defined/></C:prop-filter></C:comp-filter>"
    assert object_names(tree.dav.query(tree.calendar, inner)) == {"open"}


def test_an_object_by_its_uid(tree):
    """RFC 4791 §7.8.6."""
    uid = "20010712T182145Z-123401@example.com"
    fill(tree, a=event(uid, "20260302T120000Z"), b=event("another-" + "x" * 30, "20260302T120000Z"))
    for match in (text(uid), text(uid, collation="i;octet"), text(uid.lower())):
        assert object_names(tree.dav.query(tree.calendar, prop("VEVENT", "UID", match))) == {"a"}
    assert object_names(tree.dav.query(tree.calendar, prop("VTODO", "UID", text(uid)))) == set()
    assert object_names(tree.dav.query(tree.calendar, prop("VEVENT", "UID", text("another")))) == {"b"}


def test_longer_uids_that_contain_the_text_are_found_too(tree):
    """RFC 4791 §9.7.5: a text-match is of a part. What equals a UID of 20 octets was answered by that object alone."""
    uid = "20010712T182145Z-123402@example.com"
    fill(tree, a=event(uid, "20260302T120000Z"), b=event(uid + "-2", "20260302T120000Z"), c=event("urn:" + uid.upper(), "20260302T120000Z"),
         d=event("x" * 60, "20260302T120000Z"), e=todo("1" + uid + "1"), f=event("copy-" + uid, "20260402T120000Z"))
    asked = lambda match, kind="VEVENT": object_names(tree.dav.query(tree.calendar, prop(kind, "UID", match)))
    assert asked(text(uid)) == {"a", "b", "c", "f"}
    assert asked(text(uid, collation="i;octet")) == {"a", "b", "f"}
    assert asked(text(uid), "VTODO") == {"e"}
    assert asked(text(uid + "-2")) == {"b"}
    march = "<C:time-range start='20260301T000000Z' end='20260401T000000Z'/>"
    march += f"<C:prop-filter name='UID'>{text(uid)}</C:prop-filter>"
    assert object_names(tree.dav.query(tree.calendar, f"<C:comp-filter name='VEVENT'>{march}</C:comp-filter>")) == {"a", "b", "c"}


def test_a_query_of_one_object(tree):
    """RFC 4791 §7.8: the request may be for a calendar object itself."""
    fill(tree, a=event("a", "20260302T120000Z"))
    path = tree.calendar + "a.ics"
    assert object_names(tree.dav.query(path, "<C:comp-filter name='VEVENT'/>", depth=0)) == {"a"}
    assert tree.dav.query(path, "<C:comp-filter name='VTODO'/>", depth=0).members == {}


def test_a_query_over_the_home(tree):
    """RFC 4791 §7.2: the objects in the calendars that the Depth reaches."""
    second = tree.make_calendar("second")
    fill(tree, a=event("a", "20260302T120000Z"))
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z"))
    for depth in ("infinity", 1):
        assert object_names(tree.dav.query(tree.home, "", depth=depth)) >= {"a", "b"}, depth
    for depth in (0, None):
        assert tree.dav.query(tree.home, "", depth=depth).members == {}, depth


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


def test_a_kind_of_the_whole_home_is_one_statement_for_all_calendars(tree, world):
    """Without a time range, too. A UID is looked up in each, and all that there is read in each."""
    tree.clear()
    made = [tree.make_calendar(f"whole{n}") for n in range(5)]
    for n, path in enumerate(made[:4]):
        for k in range(2):
            assert tree.dav.put(f"{path}{k}.ics", event(f"whole{n}-{k}-{'x' * 20}", "20300302T080000", summary=f"Number {n}")).status == 201
    everything = {f"{path}{k}.ics" for path in made[:4] for k in range(2)}

    def asked(inner):
        answer = tree.dav.query(tree.home, inner, depth=1)
        return set(answer.members), int(world.log_of(answer.headers["Request-Id"])["db"])

    assert asked("")[0] == everything
    assert asked("<C:comp-filter name='VEVENT'/>") == (everything, 3)
    assert asked("<C:comp-filter name='VTODO'/>") == (set(), 3)
    assert asked(prop("VEVENT", "SUMMARY", text("Number 2"))) == ({made[2] + "0.ics", made[2] + "1.ics"}, 4)
    assert asked(prop("VEVENT", "UID", text(f"whole3-1-{'x' * 20}")))[0] == {made[3] + "1.ics"}


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
