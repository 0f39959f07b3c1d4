# SPDX-License-Identifier: Apache-2.0
"""iCalendar as other programs write it: what PUT takes, what it says where it does not, and what the others read."""
import json
import random
import re
from datetime import datetime

import pytest
from icalendar import Calendar

from dav import C, calendar, component, event
from davwrite import put_new

JANUARY = "<C:time-range start='20260101T000000Z' end='20260201T000000Z'/>"


def stored(dav, path, data):
    """The object comes back to the octet."""
    data = data if isinstance(data, bytes) else data.encode()
    answer = dav.put(path, data)
    assert answer.status in (201, 204), answer
    assert dav.request("GET", path).body == data
    return answer


def found(dav, cal, times=JANUARY):
    answer = dav.query(cal, f"<C:comp-filter name='VEVENT'>{times}</C:comp-filter>")
    return {m.href.rsplit("/", 1)[1] for m in answer.responses}


def refused(answer, condition, text):
    assert answer.status == 403 and answer.condition == [C + condition], answer
    assert text in answer.text, answer
    return answer


def rest(world, method, target, body=None):
    key = world.key("write@example.org")
    return world.request(method, target, json.dumps(body) if body else None, {"Content-Type": "application/json"}, key)


def folded_at(data, *places):
    octets = data.encode()
    for n, place in enumerate(sorted(places)):
        octets = octets[:place + 3 * n] + b"\r\n " + octets[place + 3 * n:]
    return octets


# ---- folds are undone, then the lines are judged (RFC 5545 §3.1) ----

BODY = event("fold", ";TZID=Europe/Berlin:20260105T090000", ";TZID=Europe/Berlin:20260105T100000", "RRULE:FREQ=DAILY;COUNT=3",
             summary="日本語 and 👩‍💻", *())


def test_a_fold_stands_between_any_two_octets(dav, cal, world):
    """Inside a character, a name, BEGIN, between name and colon."""
    octets = BODY.encode()
    places = [i for i in range(2, len(octets)) if octets[i - 2:i] != b"\r\n" and octets[i - 1:i] != b"\r" and octets[i:i + 2] != b"\r\n"]
    for place in random.Random(14).sample(places, 60):
        stored(dav, cal + "a.ics", folded_at(BODY, place))
        assert found(dav, cal) == {"a.ics"}, place
    every = b"\r\n ".join(bytes([o]) for o in octets[:11]) + octets[11:]
    stored(dav, cal + "a.ics", every)
    assert found(dav, cal) == {"a.ics"}


@pytest.mark.parametrize("fold", ["\n ", "\r\n\t", "\r\n\r\n ", "\n\n "])
def test_old_writers_fold_before_the_colon_and_double_the_line_end(dav, cal, fold):
    """Old Mozilla, Sunbird, KOrganizer."""
    data = BODY.replace("VERSION:2.0", f"VERSION{fold}:2.0").replace("SUMMARY:", f"SUMMARY{fold}:").replace("DTSTART;", f"DTSTART{fold};")
    stored(dav, cal + "a.ics", data)
    assert found(dav, cal) == {"a.ics"}
    answer = dav.query(cal, "<C:comp-filter name='VEVENT'><C:prop-filter name='SUMMARY'>"
                       "<C:text-match>日本語</C:text-match></C:prop-filter></C:comp-filter>")
    assert len(answer.responses) == 1


def cut_inside_a_character():
    octets = BODY.encode().replace(b"DTSTART;", b"DTSTA\r\n RT;")
    cut = octets.index("語".encode()) + 1
    return octets[:cut] + b"\r\n\r\n " + octets[cut:]


def test_folded_objects_are_changed_by_rest(dav, cal, world):
    """What was folded oddly is read and written back."""
    stored(dav, cal + "a.ics", cut_inside_a_character())
    seen = [e for e in rest(world, "GET", "/v1/events?limit=100&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z").json["data"]
            if e["client_uid"] == "fold"]
    assert len(seen) == 3 and {e["title"] for e in seen} == {"日本語 and 👩‍💻"}
    changed = rest(world, "PATCH", f"/v1/events/{seen[0]['id'].split('_2')[0]}", {"location": "Here"})
    assert changed.status == 200, changed
    text = dav.request("GET", cal + "a.ics").body
    assert b"LOCATION:Here" in text and "日本語".encode() in text.replace(b"\r\n\r\n ", b"").replace(b"\r\n ", b"")


def test_what_is_cut_inside_a_character_is_whole_inside_xml(dav, cal):
    """A multistatus is UTF-8, whatever the object's folds are; the rest stays as it was sent."""
    stored(dav, cal + "a.ics", cut_inside_a_character())
    answer = dav.multiget(cal, [cal + "a.ics"])
    data = answer.responses[0].ok[C + "calendar-data"].text.replace("\r", "").replace("\n", "\r\n")
    assert data == BODY.replace("DTSTART;", "DTSTA\r\n RT;")
    answer = dav.multiget(cal, [cal + "a.ics"], "<C:calendar-data><C:comp name='VCALENDAR'><C:allprop/><C:allcomp/></C:comp></C:calendar-data>")
    assert "日本語" in answer.text


def test_a_component_cannot_hide_in_a_fold(dav, cal):
    """What unfolds to BEGIN counts, what does not does not."""
    refused(dav.put(cal + "a.ics", BODY.replace("SUMMARY:", "BEG\r\n IN:VEVENT\r\nSUMMARY:")), "valid-calendar-data", "END")
    stored(dav, cal + "a.ics", BODY.replace("SUMMARY:", "X-A:1\r\n BEGIN:VEVENT\r\nSUMMARY:"))


@pytest.mark.parametrize("broken", [b"\xe6\x97", b"\xff", b"\xed\xa0\x80"])
def test_what_is_no_utf_8_after_unfolding_is_refused_with_its_line(dav, cal, broken):
    data = BODY.encode().replace(b"SUMMARY:", b"SUMMARY:" + broken[:1] + b"\r\n " + broken[1:])
    refused(dav.put(cal + "a.ics", data), "valid-calendar-data", "not UTF-8")


# ---- how long a line may be ----

def test_a_physical_line_is_bounded_by_the_object_alone(dav, cal):
    """Folding is SHOULD (RFC 5545 §3.1)."""
    attach = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 50000
    stored(dav, cal + "a.ics", event("long", "20260105T090000Z", None, attach))
    assert found(dav, cal) == {"a.ics"}


# ---- texts are compared without their escapes (RFC 5545 §3.3.11, §3.2.19) ----

def own_zone(tzid, offset="+0300"):
    return component_of("VTIMEZONE", f"TZID:{tzid}", "BEGIN:STANDARD", "DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}",
                        f"TZOFFSETTO:{offset}", "END:STANDARD")


def component_of(kind, *lines):
    return "\r\n".join((f"BEGIN:{kind}", *lines, f"END:{kind}", ""))


def in_zone(uid, tzid, vtimezone, *lines):
    start = f'DTSTART;TZID="{tzid}":20260105T090000' if any(c in tzid for c in ",;:") else f"DTSTART;TZID={tzid}:20260105T090000"
    return calendar(vtimezone, component("VEVENT", uid, start, "DURATION:PT1H", *lines))


def test_a_zone_with_an_escaped_comma_is_the_one_of_the_quoted_parameter(dav, cal, world):
    """TZID is TEXT in the property, a parameter value there."""
    stored(dav, cal + "a.ics", in_zone("z", "Somewhere, Else", own_zone("Somewhere\\, Else")))
    assert_starts(dav, cal, 6)


def test_a_uid_is_the_same_however_it_is_escaped(dav, cal, world):
    """One object, its twin elsewhere, an override, and what REST shows."""
    stored(dav, cal + "a.ics", event("x,y", "20260105T090000Z", None, "RRULE:FREQ=DAILY;COUNT=2"))
    stored(dav, cal + "a.ics", event("x\\,y", "20260105T090000Z", None, "RRULE:FREQ=DAILY;COUNT=2"))
    refused(dav.put(cal + "b.ics", event("x,y", "20260105T090000Z")), "no-uid-conflict", "")
    mixed = calendar(component("VEVENT", "x\\,y", "DTSTART:20260105T090000Z", "RRULE:FREQ=DAILY;COUNT=2"),
                     component("VEVENT", "x,y", "RECURRENCE-ID:20260106T090000Z", "DTSTART:20260106T100000Z"))
    stored(dav, cal + "a.ics", mixed)
    seen = rest(world, "GET", "/v1/events?limit=100&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z").json["data"]
    assert [e["client_uid"] for e in seen if "x" in e["client_uid"]] == ["x,y", "x,y"]
    answer = dav.query(cal, "<C:comp-filter name='VEVENT'><C:prop-filter name='UID'>"
                       "<C:text-match collation='i;octet'>x,y</C:text-match></C:prop-filter></C:comp-filter>")
    assert len(answer.responses) == 1


# ---- a backslash that escapes nothing ----

def test_a_backslash_before_another_letter_stays(dav, cal, world):
    """Only what is an escape is undone (RFC 5545 §3.3.11)."""
    stored(dav, cal + "a.ics", event("back", "20260105T090000Z", None, summary="S:\\one \\\\two \\,three \\Nfour"))
    seen = [e for e in rest(world, "GET", "/v1/events?limit=100&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z").json["data"]
            if e["client_uid"] == "back"]
    assert seen[0]["title"] == "S:\\one \\two ,three \nfour"


# ---- F24a: values of real exports ----

def test_an_empty_rule_is_no_rule(dav, cal):
    """F24a: a public holiday feed."""
    stored(dav, cal + "a.ics", event("empty", ";VALUE=DATE:20260106", None, "RRULE:"))
    assert found(dav, cal) == {"a.ics"}
    assert found(dav, cal, "<C:time-range start='20270101T000000Z' end='20280101T000000Z'/>") == set()


def test_a_date_with_a_z_is_a_date(dav, cal):
    """F24a: RDATE and EXDATE of birthdays."""
    stored(dav, cal + "a.ics", event("z", ";VALUE=DATE:20251210", None, "RDATE:20260110Z,20260112Z", "EXDATE:20260112Z"))
    assert found(dav, cal, "<C:time-range start='20260110T120000Z' end='20260110T130000Z'/>") == {"a.ics"}
    assert found(dav, cal, "<C:time-range start='20260112T120000Z' end='20260112T130000Z'/>") == set()


def assert_starts(dav, cal, hour, minute=0):
    """On 5 January 2026 (UTC), not a second earlier."""
    assert found(dav, cal, f"<C:time-range start='20260105T{hour:02}{minute:02}00Z' end='20260105T{hour:02}{minute:02}01Z'/>") == {"a.ics"}
    assert found(dav, cal, f"<C:time-range start='20260104T000000Z' end='20260105T{hour:02}{minute:02}00Z'/>") == set()


@pytest.mark.parametrize("tzid,start", [
    ("Kuala Lumpur, Singapore", (1, 0)), ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", (8, 0)),
    ("Pacific Time (US & Canada), Tijuana", (17, 0)), ("Western/Central Europe", (8, 0)),
    ("(GMT-05:00) Eastern Time (US & Canada)", (14, 0)), ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", (3, 30)),
    ("amsterdam, berlin, bern, rome, stockholm, vienna", (8, 0)),
])
def test_display_names_of_windows_are_zones(dav, cal, tzid, start):
    """F24a: TZID as Outlook shows it, without a VTIMEZONE."""
    stored(dav, cal + "a.ics", in_zone("w", tzid, ""))
    assert_starts(dav, cal, *start)


def test_a_vtimezone_of_a_display_name_counts_more_than_the_table(dav, cal):
    stored(dav, cal + "a.ics", in_zone("w", "Kuala Lumpur, Singapore", own_zone("Kuala Lumpur\\, Singapore", "+0100")))
    assert_starts(dav, cal, 8)


# ---- names of zones, offsets ----

@pytest.mark.parametrize("tzid,vtimezone", [
    ("/Europe/Berlin", ""), ("europe/berlin", ""), ("/europe/BERLIN", ""),
    ("My Zone", own_zone("my zone", "+0100")), ("/My Zone", own_zone("My Zone", "+0100")), ("My Zone", own_zone("/My Zone", "+01")),
    ("My Zone", own_zone("My Zone", "+1:00")), ("My Zone", own_zone("My Zone", "+01:00")), ("My Zone", own_zone("My Zone", "0100")),
])
def test_zones_are_read_as_they_are_meant(dav, cal, tzid, vtimezone):
    """A leading slash, the case of letters, an offset of hours alone."""
    stored(dav, cal + "a.ics", in_zone("c", tzid, vtimezone))
    assert_starts(dav, cal, 8)


@pytest.mark.parametrize("tzid,vtimezone,said", [
    ("Europe/Berlim", "", "Europe/Berlim"),
    ("My Zone", "", "My Zone"),
    ("My Zone", own_zone("Another", "+0100"), "My Zone"),
    ("My Zone", own_zone("My Zone", "an hour"), "TZOFFSETFROM:an hour"),
    ("My Zone", own_zone("My Zone", "+9900"), "TZOFFSETFROM:+9900"),
    ("My Zone", component_of("VTIMEZONE", "TZID:My Zone"), "My Zone"),
])
def test_hours_are_never_guessed(dav, cal, tzid, vtimezone, said):
    """What cannot be read is refused with its name, whether a VTIMEZONE came with it or not (RFC 7809 §3.1.4)."""
    unknown = f"TZID:{tzid}" not in vtimezone
    refused(dav.put(cal + "a.ics", in_zone("b", tzid, vtimezone)), "valid-timezone" if unknown else "valid-calendar-object-resource", said)
# ---- joining objects (RFC 5545 §3.6.5) ----

def test_zones_of_one_name_and_two_contents_are_told_apart(dav, cal):
    """The second is renamed together with what refers to it; equal ones come once."""
    for n, offset in enumerate(("+0300", "-0200", "+0300")):
        put_new(dav, f"{cal}{n}.ics", in_zone(f"u{n}", "My Zone", own_zone("My Zone", offset), "RDATE;TZID=My Zone:20260107T090000"))
    text = dav.request("GET", cal).text
    assert text.count("BEGIN:VTIMEZONE") == 2
    offsets = {}
    parsed = Calendar.from_ical(text)
    zones = {z["TZID"]: z.subcomponents[0]["TZOFFSETTO"].to_ical() for z in parsed.walk("VTIMEZONE")}
    for e in parsed.walk("VEVENT"):
        assert e["RDATE"].params["TZID"] == e["DTSTART"].params["TZID"]
        offsets[str(e["UID"])] = zones[e["DTSTART"].params["TZID"]]
    assert offsets == {"u0": "+0300", "u1": "-0200", "u2": "+0300"}


def test_zones_whose_names_differ_in_case_alone_are_told_apart_by_readers_that_ignore_it(dav, cal):
    """As our own reader does."""
    for tzid, offset in (("My Zone", "+0300"), ("my zone", "-0200")):
        put_new(dav, f"{cal}{offset}.ics", in_zone(offset, tzid, own_zone(tzid, offset)))
    parsed = Calendar.from_ical(dav.request("GET", cal).text)
    zones = {z["TZID"].lower(): z.subcomponents[0]["TZOFFSETTO"].to_ical() for z in parsed.walk("VTIMEZONE")}
    assert len(zones) == 2
    assert all(zones[e["DTSTART"].params["TZID"].lower()] == str(e["UID"]) for e in parsed.walk("VEVENT"))


def test_what_a_zone_is_called_in_a_joined_document_is_read_by_others(dav, cal):
    """Random objects with zones of many spellings; another reader finds every instant as each object alone tells it."""
    rnd = random.Random(2)
    names = ["My Zone", "my zone", "Somewhere, Else", "/My Zone", "Europe/Berlin", "/Europe/Berlin", "UTC", "W. Europe Standard Time",
             "Kuala Lumpur, Singapore", "A ^ \"quoted\" one"]
    known = {"Europe/Berlin": "+0100", "/Europe/Berlin": "+0100", "UTC": "+0000", "W. Europe Standard Time": "+0100"}
    want = {}
    for n in range(40):
        name = rnd.choice(names)
        offset = known.get(name) or rnd.choice(["+0300", "-0200", "+0545"])
        vtimezone = own_zone(name.replace(",", "\\,"), offset)
        if name in known and rnd.random() < 0.5:
            vtimezone = ""
        written = name.replace("^", "^^").replace('"', "^'")
        parameter = f'"{written}"' if any(c in written for c in ",;:") or rnd.random() < 0.5 else written
        data = calendar(vtimezone, component("VEVENT", f"u{n}", f"DTSTART;TZID={parameter}:20260105T090000", "BEGIN:VALARM",
                                             f"TRIGGER;VALUE=DATE-TIME;TZID={parameter}:20260105T080000", "END:VALARM"))
        stored(dav, f"{cal}{n}.ics", data)
        want[f"u{n}"] = {"+0300": 3, "-0200": -2, "+0545": 5.75, "+0100": 1, "+0000": 0}[offset]
    answer = dav.request("GET", cal)
    assert read_offsets(answer.body) == want


def read_offsets(octets):
    """{UID: hours at DTSTART}, zones found by their exact names, as any reader of RFC 5545 does; VTIMEZONEs read by icalendar."""
    zones = {}
    for zone in Calendar.from_ical(octets).walk("VTIMEZONE"):
        assert str(zone["TZID"]) not in zones, "one definition of each name"
        zones[str(zone["TZID"])] = zone.to_tz()
    found, uid = {}, None
    for line in octets.replace(b"\r\n ", b"").decode("utf-8").split("\r\n"):
        if line.startswith("UID:"):
            uid = line[4:]
        elif line.startswith(("DTSTART;", "TRIGGER;")):
            tzid = re.search(r'TZID=("[^"]*"|[^:;]*)', line).group(1).strip('"').replace("^'", '"').replace("^^", "^")
            found.setdefault(uid, set()).add(tzid)
    assert all(len(names) == 1 for names in found.values())
    at = datetime(2026, 1, 5, 9)
    return {uid: (zones[names.pop()].utcoffset(at)).total_seconds() / 3600 for uid, names in found.items()}


# ---- what we write is read by others (RFC 5545 §3.3.11, §3.2; RFC 6868) ----

SPECIAL = ["plain", "a;b", "a,b", "a:b", 'a"b', "a\\b", "a\\nb", "a^b", "a^nb", "a^'b", "^^", "tab\there", "ü日👩‍💻", "x" * 200, "é" * 90, " edge ", "a=b"]


def test_every_special_character_in_every_place_that_we_write(dav, home, world):
    """Read back by the rules themselves: one pass over \\\\, \\;, \\, and \\n, and over ^^, ^n and ^' (icalendar 4 knows neither right)."""
    for value in SPECIAL + ["line one\nline two"]:
        one_line = value.replace("\n", " ")
        made = rest(world, "POST", "/v1/events", {
            "title": one_line, "description": value, "location": value, "start_time": "2026-01-05T09:00:00Z", "end_time": "2026-01-05T10:00:00Z",
            "attendees": [{"email": "a@example.org", "name": one_line}]})
        assert made.status == 201, (value, made)
        uid = made.json["client_uid"]
        answer = dav.query(home + "default/", f"<C:comp-filter name='VEVENT'><C:prop-filter name='UID'><C:text-match collation='i;octet'>"
                           f"{uid}</C:text-match></C:prop-filter></C:comp-filter>")
        data = dav.request("GET", answer.responses[0].href).body
        assert all(len(line) <= 75 for line in data.split(b"\r\n"))
        lines = data.replace(b"\r\n ", b"").decode().split("\r\n")
        read = {name: re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), text)
                for name, _, text in (line.partition(":") for line in lines)}
        assert (read["SUMMARY"], read["DESCRIPTION"], read["LOCATION"]) == (one_line, value, value), data
        line = next(x for x in lines if x.startswith("ATTENDEE"))
        name = re.search(r'CN="([^"]*)"', line).group(1)
        name = re.sub(r"\^(n|'|\^)", lambda m: {"n": "\n", "'": '"', "^": "^"}[m.group(1)], name)
        assert name == one_line, line
        assert rest(world, "GET", f"/v1/events/{made.json['id']}").json["attendees"][0]["name"] == one_line
