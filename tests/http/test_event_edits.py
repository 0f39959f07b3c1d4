# SPDX-License-Identifier: Apache-2.0
"""Events that CalDAV stored and REST changes: instants, the stored form, instances and their overrides, and what hangs on a series."""
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import vobject
from event_edits import OWN_ZONE, document, event, plain, shown, starts, unfolded

SERVE = ["--rate-limit", "100000"]


# ---- an instant is what it was ----


@pytest.mark.parametrize("begin,end", [
    ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),  # half past two to half past two
    ("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"),  # both in the second pass
    ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"),
    ("2026-10-24T22:00:00Z", "2026-10-25T01:59:59Z"),
    ("2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),  # over the gap
])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", None])
def test_instants_around_a_change_of_clock_come_back(edits, begin, end, zone):
    """RFC 5545 §3.3.5: a local time that occurs twice means the first, so the second is written otherwise."""
    made = edits.post(start_time=begin, end_time=end, timezone=zone)
    assert (made["start_time"], made["end_time"]) == (begin, end)
    assert edits.busy(begin[:8] + "01T00:00:00Z", begin[:8] + "30T00:00:00Z") == [(plain(begin), plain(end))]
    made = edits.post(start_time="2026-07-01T08:00:00Z", end_time="2026-07-01T09:00:00Z", timezone=zone)
    changed = edits("PATCH", f"/v1/events/{made['id']}", {"start_time": begin, "end_time": end}).json
    assert (changed["start_time"], changed["end_time"]) == (begin, end)


def test_a_series_that_would_begin_in_the_second_pass_is_refused_or_right(edits):
    """A rule counts by the clock on the wall, and there the second pass cannot be told."""
    reply = edits("POST", "/v1/events", {"title": "t", "calendar_id": edits.calendar, "start_time": "2026-10-25T01:30:00Z",
        "end_time": "2026-10-25T02:30:00Z", "timezone": "Europe/Berlin", "recurrence": {"rule": "FREQ=DAILY"}})
    assert reply.status == 400 and reply.json["error"]["param"] == "start_time", reply
    made = edits.post(start_time="2026-10-24T00:30:00Z", end_time="2026-10-24T01:00:00Z", timezone="Europe/Berlin", recurrence={"rule": "FREQ=DAILY;COUNT=3"})
    day = f"/v1/events/{made['id']}_20261025T003000Z"
    moved = edits("PATCH", day, {"start_time": "2026-10-25T01:30:00Z", "end_time": "2026-10-25T02:00:00Z"})
    assert moved.json["start_time"] == "2026-10-25T01:30:00Z" and moved.json["end_time"] == "2026-10-25T02:00:00Z", moved
    assert starts(edits.range("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z")) == ["20261024T003000Z", "20261025T013000Z", "20261026T013000Z"]


def test_dates_of_the_second_pass_are_no_others(edits):
    """EXDATE and RDATE of the second pass, from REST and from CalDAV."""
    made = edits.post(start_time="2026-10-24T00:30:00Z", end_time="2026-10-24T01:00:00Z", timezone="Europe/Berlin",
        recurrence={"rule": "FREQ=DAILY;COUNT=3", "exdates": ["2026-10-25T01:30:00Z"], "rdates": ["2026-10-25T01:30:00Z", "2026-10-28T01:30:00Z"]})
    assert made["recurrence"]["exdates"] == ["2026-10-25T01:30:00Z"]
    assert sorted(made["recurrence"]["rdates"]) == ["2026-10-25T01:30:00Z", "2026-10-28T01:30:00Z"]
    expected = ["20261024T003000Z", "20261025T003000Z", "20261026T013000Z", "20261028T013000Z"]
    assert starts(edits.range("2026-10-24T00:00:00Z", "2026-10-29T00:00:00Z")) == expected, "the date that is out is the one that was added"
    stored = edits.put(document(event("DTSTART;TZID=Europe/Berlin:20271030T023000", "DURATION:PT10M", "RRULE:FREQ=DAILY;COUNT=2",
        "RDATE:20271031T013000Z")))
    assert starts(edits.range("2027-10-29T00:00:00Z", "2027-11-09T00:00:00Z")) == ["20271030T003000Z", "20271031T003000Z", "20271031T013000Z"]
    assert stored.patch({"title": "second"}, "20271031T013000Z")["start_time"] == "2027-10-31T01:30:00Z"
    stored.delete("20271031T003000Z")
    assert starts(edits.range("2027-10-29T00:00:00Z", "2027-11-09T00:00:00Z")) == ["20271030T003000Z", "20271031T013000Z"]


def test_an_exdate_in_utc_takes_out_the_instance_in_the_gap(edits):
    """Half past two of a night that has none lies where half past three does."""
    edits.put(document(event("DTSTART;TZID=Europe/Berlin:20270327T023000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270328T013000Z")))
    assert starts(edits.range("2027-03-26T00:00:00Z", "2027-04-09T00:00:00Z")) == ["20270327T013000Z", "20270329T003000Z"]


# ---- the stored form stays ----


def test_a_zone_of_ones_own_stays(edits):
    """The series moves, and still counts by its own clock."""
    stored = edits.put(document(OWN_ZONE, event("DTSTART;TZID=My Zone:20260302T100000", "DTEND;TZID=My Zone:20260302T110000",
        "RRULE:FREQ=WEEKLY", "SUMMARY:s")))
    before = starts(edits.range("2026-03-01T00:00:00Z", "2026-04-13T00:00:00Z"))
    stored.patch({"end_time": "2026-03-02T09:30:00Z"})
    assert "DTSTART;TZID=My Zone:20260302T100000" in stored.lines and "DTEND;TZID=My Zone:20260302T113000" in stored.lines
    assert starts(edits.range("2026-03-01T00:00:00Z", "2026-04-13T00:00:00Z")) == before
    stored.patch({"start_time": "2026-03-02T09:00:00Z"})
    assert "DTSTART;TZID=My Zone:20260302T110000" in stored.lines
    assert starts(edits.range("2026-03-01T00:00:00Z", "2026-04-13T00:00:00Z"))[-1] == "20260406T080000Z"
    stored.patch({"title": "one", "start_time": "2026-04-06T10:00:00Z"}, "20260406T080000Z")
    assert "RECURRENCE-ID;TZID=My Zone:20260406T110000" in stored.lines and "DTSTART;TZID=My Zone:20260406T130000" in stored.lines


@pytest.mark.parametrize("form,changed", [
    (";TZID=W. Europe Standard Time:{}", ";TZID=W. Europe Standard Time:20261124T110000"),
    (";TZID=/mozilla.org/20070129_1/Europe/Berlin:{}", ";TZID=/mozilla.org/20070129_1/Europe/Berlin:20261124T110000"),
    (";TZID=\"Europe/Berlin\":{}", ";TZID=Europe/Berlin:20261124T110000"),
    (":{}Z", ":20261124T100000Z"),
    (":{}", ":20261124T100000"),
])
def test_the_form_of_a_time_stays_when_it_moves(edits, form, changed):
    """UTC, floating (RFC 5545 §3.3.5), and a zone whatever it is called; none is added."""
    stored = edits.put(document(event("DTSTART" + form.format("20261124T090000"), "DURATION:PT1H")))
    stored.patch({"start_time": "2026-11-24T10:00:00Z"})
    lines = [line.replace('"', "") for line in stored.lines]
    assert "DTSTART" + changed in lines and "DURATION:PT1H" in lines, lines
    assert "BEGIN:VTIMEZONE" not in lines
    assert stored.get()["floating"] is (form == ":{}")


# ---- what an instance is ----

FUTURE = (event("DTSTART;TZID=Europe/Berlin:20261102T090000", "DTEND;TZID=Europe/Berlin:20261102T100000", "RRULE:FREQ=DAILY;COUNT=6", "SUMMARY:old",
    "LOCATION:here"), event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261104T090000", "DTSTART;TZID=Europe/Berlin:20261104T140000",
    "DTEND;TZID=Europe/Berlin:20261104T160000", "SUMMARY:new", "X-OF:future"))
WEEK = ("2026-11-01T00:00:00Z", "2026-11-09T00:00:00Z")


def test_later_days_are_what_caldav_says(edits):
    """RFC 5545 §3.2.13."""
    stored = edits.put(document(*FUTURE))
    items = edits.range(*WEEK)
    assert [(plain(i["start_time"]), i["title"]) for i in items] == [("20261102T080000Z", "old"), ("20261103T080000Z", "old"),
        ("20261104T130000Z", "new"), ("20261105T130000Z", "new"), ("20261106T130000Z", "new"), ("20261107T130000Z", "new")]
    assert shown(items) == edits.expanded("20261101T000000Z", "20261109T000000Z")
    one = stored.get("20261106T080000Z")
    assert (one["title"], one["start_time"], one["end_time"]) == ("new", "2026-11-06T13:00:00Z", "2026-11-06T15:00:00Z")


def test_a_change_of_a_later_day_is_made_from_what_it_is(edits):
    """Not from the master, and the others stay."""
    stored = edits.put(document(*FUTURE))
    changed = stored.patch({"location": "there"}, "20261106T080000Z")
    assert (changed["title"], changed["start_time"], changed["end_time"], changed["location"]) == ("new", "2026-11-06T13:00:00Z",
        "2026-11-06T15:00:00Z", "there")
    assert stored.text.count("X-OF:future") == 2 and stored.text.count("RANGE=THISANDFUTURE") == 1
    assert [(plain(i["start_time"])[6:11], i["title"], i["location"]) for i in edits.range(*WEEK)] == [("02T08", "old", "here"), ("03T08", "old", "here"),
        ("04T13", "new", None), ("05T13", "new", None), ("06T13", "new", "there"), ("07T13", "new", None)]


@pytest.mark.parametrize("how", ["patch", "cancel", "delete"])
def test_a_change_of_the_first_of_the_later_days_is_of_that_day(edits, how):
    """The days after it stay what they are."""
    stored = edits.put(document(*FUTURE))
    rest = [("05T13", "new"), ("06T13", "new"), ("07T13", "new")]
    if how == "patch":
        stored.patch({"title": "mine"}, "20261104T080000Z")
        rest = [("04T13", "mine"), *rest]
    elif how == "cancel":
        stored.delete("20261104T080000Z", "cancel", 200)
        assert stored.get("20261104T080000Z")["is_cancelled"] and not stored.get("20261105T080000Z")["is_cancelled"]
        rest = [("04T13", "new"), *rest]
    else:
        stored.delete("20261104T080000Z")
    items = edits.range(*WEEK)
    assert [(plain(i["start_time"])[6:11], i["title"]) for i in items] == [("02T08", "old"), ("03T08", "old"), *rest]
    assert shown(items) == edits.expanded("20261101T000000Z", "20261109T000000Z")


@pytest.mark.parametrize("line,busy", [("STATUS:CANCELLED", 2), ("TRANSP:TRANSPARENT", 2), ("SUMMARY:x", 6)])
def test_later_days_that_are_out_make_nobody_busy(edits, line, busy):
    """Cancelled or transparent from a day on."""
    stored = edits.put(document(FUTURE[0], event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261104T090000",
        "DTSTART;TZID=Europe/Berlin:20261104T090000", "DTEND;TZID=Europe/Berlin:20261104T100000", line)))
    assert len(edits.busy(*WEEK)) == busy
    items = edits.range(*WEEK)
    assert [i["is_cancelled"] for i in items] == [False] * 2 + [line == "STATUS:CANCELLED"] * 4
    assert [i["busy"] for i in items] == [True] * 2 + [line != "TRANSP:TRANSPARENT"] * 4
    if line == "STATUS:CANCELLED":
        stored.patch({"location": "there"}, "20261106T080000Z", 409)
        changed = stored.patch({"location": "there", "status": "confirmed"}, "20261106T080000Z")
        busy += 1
    else:
        changed = stored.patch({"location": "there"}, "20261106T080000Z")
    assert not changed["is_cancelled"] and len(edits.busy(*WEEK)) == busy


def test_an_added_period_is_as_long_as_it_says(edits):
    """RFC 5545 §3.8.5.2: listed, read, and changed with its own length."""
    stored = edits.put(document(event("DTSTART:20261102T090000", "DTEND:20261102T100000", "RRULE:FREQ=DAILY;COUNT=2",
        "RDATE;VALUE=PERIOD:20261110T090000/PT3H,20261112T090000/20261112T093000")))
    items = edits.range("2026-11-01T00:00:00Z", "2026-11-19T00:00:00Z")
    assert [i["end_time"] for i in items][2:] == ["2026-11-10T12:00:00Z", "2026-11-12T09:30:00Z"]
    assert edits.busy("2026-11-09T00:00:00Z", "2026-11-13T00:00:00Z") == [("20261110T090000Z", "20261110T120000Z"), ("20261112T090000Z", "20261112T093000Z")]
    changed = stored.patch({"title": "x"}, "20261110T090000")
    assert (changed["start_time"], changed["end_time"]) == ("2026-11-10T09:00:00Z", "2026-11-10T12:00:00Z")


# ---- what hangs on a series ----


def daily(*more, count=6):
    return event("DTSTART;TZID=Europe/Berlin:20261102T090000", "DTEND;TZID=Europe/Berlin:20261102T100000", f"RRULE:FREQ=DAILY;COUNT={count}",
        "SUMMARY:s", *more)


def titled(day):
    return event(f"RECURRENCE-ID;TZID=Europe/Berlin:202611{day}T090000", f"DTSTART;TZID=Europe/Berlin:202611{day}T090000",
        f"DTEND;TZID=Europe/Berlin:202611{day}T100000", "SUMMARY:titled")


@pytest.mark.parametrize("until,moved", [("20261106T080000Z", "20261107T100000Z"), ("20261106", "20261107"), ("20261106T220000Z", "20261108T000000Z"), ("20261106T225959Z", "20261107T225959Z")])
def test_an_end_that_names_the_last_instance_names_it_still(edits, until, moved):
    """UNTIL, when the series moves by a day and two hours; another moment stays as far behind it, the end of a day an end of a day."""
    stored = edits.put(document(event("DTSTART;TZID=Europe/Berlin:20261102T090000", "DURATION:PT1H", f"RRULE:UNTIL={until};FREQ=DAILY", "SUMMARY:s")))
    stored.patch({"start_time": "2026-11-03T10:00:00Z"})
    assert f"RRULE:UNTIL={moved};FREQ=DAILY" in stored.lines
    days = [3, 4, 5, 6, 7] if moved != until else [3, 4, 5, 6]
    assert starts(edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")) == [f"202611{d:02}T100000Z" for d in days]


def test_later_days_move_with_the_series_or_stay_as_they_were_put(edits):
    """A THISANDFUTURE override that had the series' time moves along, one with its own stays."""
    same = (FUTURE[0], event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261104T090000", "DTSTART;TZID=Europe/Berlin:20261104T090000",
        "DTEND;TZID=Europe/Berlin:20261104T100000", "SUMMARY:new"))
    stored = edits.put(document(*same))
    stored.patch({"start_time": "2026-11-02T10:00:00Z", "end_time": "2026-11-02T12:00:00Z"})
    items = edits.range(*WEEK)
    assert [(plain(i["start_time"])[6:11], plain(i["end_time"])[6:11], i["title"]) for i in items] == [("02T10", "02T12", "old"), ("03T10", "03T12", "old"),
        *((f"0{d}T10", f"0{d}T12", "new") for d in range(4, 8))]
    assert "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261104T110000" in stored.lines
    stored.delete(None)
    stored = edits.put(document(*FUTURE))
    stored.patch({"start_time": "2026-11-02T10:00:00Z"})
    assert [(plain(i["start_time"])[6:11], i["title"]) for i in edits.range(*WEEK)] == [("02T10", "old"), ("03T10", "old"),
        *((f"0{d}T13", "new") for d in range(4, 8))]


@pytest.mark.parametrize("start,days,hour", [("2026-11-02T10:00:00Z", range(2, 8), 10), ("2026-11-03T08:00:00Z", range(3, 9), 8),
    ("2026-11-01T05:00:00Z", range(1, 7), 5)])
def test_an_instance_with_only_its_title_changed_moves_along(edits, start, days, hour):
    """Each day once, the fourth titled, the second left out."""
    stored = edits.put(document(daily("EXDATE;TZID=Europe/Berlin:20261103T090000"), titled("05")))
    changed = stored.patch({"start_time": start})
    assert changed["dropped_exceptions"] == []
    items = edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")
    expected = [(f"2026-11-{d:02}T{hour:02}:00:00Z", "titled" if i == 3 else "s") for i, d in enumerate(days) if i != 1]
    assert [(i["start_time"], i["title"]) for i in items] == expected
    assert items[2]["end_time"] == items[2]["start_time"].replace(f"T{hour:02}", f"T{hour + 1:02}")


def test_a_new_length_reaches_those_that_had_the_old(edits):
    stored = edits.put(document(daily(), titled("05")))
    stored.patch({"end_time": "2026-11-02T10:30:00Z"})
    assert {i["end_time"][11:] for i in edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")} == {"10:30:00Z"}


def test_an_instance_with_a_time_of_its_own_stays(edits):
    """Only what equalled the instance moves."""
    stored = edits.put(document(daily(), event("RECURRENCE-ID;TZID=Europe/Berlin:20261105T090000", "DTSTART;TZID=Europe/Berlin:20261105T200000",
        "DTEND;TZID=Europe/Berlin:20261105T210000", "SUMMARY:evening")))
    stored.patch({"start_time": "2026-11-02T10:00:00Z"})
    items = edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")
    assert [i["start_time"] for i in items if i["title"] == "evening"] == ["2026-11-05T19:00:00Z"] and len(items) == 6


def test_what_no_longer_belongs_goes_and_the_answer_says_so(edits):
    """From daily to weekly."""
    stored = edits.put(document(daily("EXDATE;TZID=Europe/Berlin:20261103T090000,20261109T090000", count=20), titled("05"), titled("16")))
    changed = stored.patch({"recurrence": {"rule": "FREQ=WEEKLY;COUNT=4"}})
    assert [(i["start_time"][8:10], i["title"]) for i in edits.range("2026-10-25T00:00:00Z", "2026-12-19T00:00:00Z")] == [("02", "s"), ("16", "titled"),
        ("23", "s")]
    assert changed["recurrence"]["exdates"] == ["2026-11-09T08:00:00Z"], "the parts that were not named stay"
    assert changed["dropped_exceptions"] == [{"kind": "exdate", "original_start_time": "2026-11-03T08:00:00Z"},
        {"kind": "override", "original_start_time": "2026-11-05T08:00:00Z"}]
    assert stored.get()["dropped_exceptions"] == []


def test_the_rule_alone_keeps_the_dates(edits):
    stored = edits.put(document(daily("EXDATE;TZID=Europe/Berlin:20261103T090000", "RDATE;TZID=Europe/Berlin:20261224T090000")))
    changed = stored.patch({"recurrence": {"rule": "FREQ=DAILY;COUNT=4"}})
    assert (changed["recurrence"]["exdates"], changed["recurrence"]["rdates"]) == (["2026-11-03T08:00:00Z"], ["2026-12-24T08:00:00Z"])
    assert stored.patch({"recurrence": {"exdates": None}})["recurrence"] == {"rule": "FREQ=DAILY;COUNT=4", "exdates": [], "rdates": ["2026-12-24T08:00:00Z"]}
    assert stored.patch({"recurrence": None})["recurrence"] is None
    assert len(edits.range("2026-10-25T00:00:00Z", "2026-12-30T00:00:00Z")) == 1


# ---- what is listed can be opened ----


def test_dates_without_a_rule_can_be_read_changed_and_taken_out(edits):
    stored = edits.put(document(event("DTSTART;TZID=Europe/Berlin:20261102T090000", "DTEND;TZID=Europe/Berlin:20261102T100000", "SUMMARY:s",
        "RDATE;TZID=Europe/Berlin:20261104T090000,20261106T110000,20261031T110000")))
    items = edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")
    assert starts(items) == ["20261031T100000Z", "20261102T080000Z", "20261104T080000Z", "20261106T100000Z"]
    for item in items:
        reply = edits("GET", f"/v1/events/{item['id']}")
        assert reply.status == 200 and reply.json == item, reply
    assert stored.patch({"title": "x"}, "20261104T080000Z")["title"] == "x"
    stored.delete("20261106T100000Z", "cancel", 200)
    assert stored.get("20261106T100000Z")["is_cancelled"]
    stored.delete("20261031T100000Z")
    stored.delete("20261102T080000Z")
    assert [(plain(i["start_time"]), i["title"]) for i in edits.range("2026-10-25T00:00:00Z", "2026-11-19T00:00:00Z")] == [("20261104T080000Z", "x"),
        ("20261106T100000Z", "s")]


# ---- a date with an end that has a time ----


@pytest.mark.parametrize("lines,end", [
    (("DTSTART;VALUE=DATE:20260111", "DTEND;VALUE=DATE-TIME:20260113T235959"), "2026-01-14"),
    (("DTSTART;VALUE=DATE:20260111", "DTEND:20260113T000000"), "2026-01-13"),
    (("DTSTART;VALUE=DATE:20260111", "DTEND:20260111T120000Z"), "2026-01-12"),
    (("DTSTART;VALUE=DATE:20260111", "DURATION:PT36H"), "2026-01-13"),
    (("DTSTART;VALUE=DATE:20260111", "DURATION:PT1H"), "2026-01-12"),
    (("DTSTART;VALUE=DATE:20260111", "DURATION:P2D"), "2026-01-13"),
])
def test_days_are_whole_everywhere(edits, lines, end):
    """RFC 5545 §3.8.2.2: whole days on REST, in free/busy, and by CalDAV's time ranges."""
    stored = edits.put(document(event(*lines)))
    got = stored.get()
    assert (got["start_time"], got["end_time"], got["all_day"]) == ("2026-01-11", end, True)
    assert edits.busy("2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z") == [("20260111T000000Z", plain(end) + "T000000Z")]
    [item] = edits.range("2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z")
    assert item["end_time"] == end
    last = f"{end}T00:00:00Z"
    assert edits.range(last, "2026-01-30T00:00:00Z") == []


# ---- every special character in every written place, as another library reads it ----

NASTY = ["a,b;c\\d", "\\n \\, \\; \\N", "line\nline\r\nline", "tab\tand ^ and ^^ and ^n and ^'", 'quote " and \'', "colon : semi ; comma , equals =",
    "ü€😀" * 30, " blanks around ", "BEGIN:VEVENT\nEND:VEVENT", "%s {} <b>&amp;</b> $1", "\u2028\u2029\u0085"]


def rfc6868(text):
    """§3.2: what ^n, ^' and ^^ stand for; the libraries at hand do not know it."""
    return re.sub(r"\^(.)", lambda m: {"n": "\n", "'": '"', "^": "^"}.get(m[1], m[0]), text)


@pytest.mark.parametrize("how", ["post", "patch", "instance"])
@pytest.mark.parametrize("text", NASTY)
def test_special_characters_are_read_back_by_another_library(edits, text, how):
    """RFC 5545 §3.3.11, RFC 6868; texts, lists and parameters."""
    plain_text = text.replace("\r\n", "\n")
    people = [{"email": "a@example.org", "name": text, "status": "accepted"}, {"email": "b+c@example.org", "name": None, "status": "needs_action"}]
    fields = {"title": text, "description": text, "location": text, "category": text, "url": "https://example.org/?a=1,2;3:4\\\"^n", "attendees": people}
    base = {"start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", "timezone": "Europe/Berlin", "recurrence": {"rule": "FREQ=DAILY;COUNT=2"}}
    if how == "post":
        made = edits.post(**base, **fields)
    else:
        made = edits.post(**base)
        target = f"/v1/events/{made['id']}" + ("_20261125T090000Z" if how == "instance" else "")
        made = edits("PATCH", target, fields).json
    assert (made["title"], made["description"], made["location"]) == (plain_text,) * 3 and made["url"] == fields["url"]
    assert made["category"] == plain_text.strip(" \t") and made["attendees"][0]["name"] == plain_text
    event_id = made["recurring_event_id"] or made["id"]
    ics = edits("GET", f"/v1/events/{event_id}", None, {"Accept": "text/calendar"}).text
    assert all(len(line.encode()) <= 75 for line in ics.split("\r\n")), "RFC 5545 §3.1"
    events = [e for e in vobject.readOne(ics).vevent_list]
    read = events[-1] if how == "instance" else events[0]
    assert (read.summary.value, read.description.value, read.location.value) == (plain_text,) * 3
    assert read.categories.value == [plain_text]
    assert rfc6868(read.attendee_list[0].params["CN"][0]) == plain_text and read.attendee_list[1].value == "mailto:b+c@example.org"
    assert edits("PATCH", f"/v1/events/{made['id']}", made).json == made, "and it is written as it was read"


# ---- a fraction of tests/unit/calendar/test_instants.c, over both doors, beside Python's zoneinfo ----

CHANGES = [("Europe/Berlin", "2026-10-25T01:00"), ("Europe/Berlin", "2027-03-28T01:00"), ("America/New_York", "2026-11-01T06:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"), ("America/Santiago", "2027-04-04T03:00"), ("Africa/Casablanca", "2027-02-07T02:00"),
    ("Asia/Gaza", "2026-10-24T00:00"), ("Antarctica/Troll", "2026-10-25T01:00"), ("Africa/Cairo", "2026-10-29T21:00")]


@pytest.mark.parametrize("zone,change", CHANGES)
def test_an_instant_is_the_same_through_both_doors(edits, zone, change):
    """Written on REST and read on CalDAV, and back; a local time of CalDAV's is the first of two (RFC 5545 §3.3.5)."""
    change = datetime.fromisoformat(change + "+00:00")
    expected = []
    for minutes in (-100, -61, -60, -30, -1, 0, 1, 29, 30, 59, 60, 90):
        begin = change + timedelta(minutes=minutes)
        end = begin + timedelta(minutes=45)
        made = edits.post(title=str(minutes), start_time=begin.isoformat(), end_time=end.isoformat(), timezone=zone)
        assert datetime.fromisoformat(made["start_time"].replace("Z", "+00:00")) == begin
        assert datetime.fromisoformat(made["end_time"].replace("Z", "+00:00")) == end
        expected.append((begin.strftime("%Y%m%dT%H%M%SZ"), str(minutes), "CONFIRMED"))
        local = begin.astimezone(ZoneInfo(zone)).replace(fold=0)
        edits.put(document(event(f"DTSTART;TZID={zone}:{local:%Y%m%dT%H%M%S}", "DURATION:PT45M", f"SUMMARY:local {minutes}")))
        first = local.astimezone(timezone.utc)
        expected.append((first.strftime("%Y%m%dT%H%M%SZ"), f"local {minutes}", "CONFIRMED"))
    window = change - timedelta(days=2), change + timedelta(days=2)
    assert edits.expanded(*(t.strftime("%Y%m%dT%H%M%SZ") for t in window)) == sorted(expected, key=str)
    assert shown(edits.range(*(t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in window))) == sorted(expected, key=str)


def test_a_long_parameter_survives_an_answer(edits):
    """It was cut after 4,096 octets."""
    long = "X-LONG=" + "x" * 6000
    stored = edits.put(document(event("DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:a", "ORGANIZER:mailto:host@example.org",
                                      f"ATTENDEE;{long};PARTSTAT=NEEDS-ACTION:mailto:{edits.owner.email}")))
    assert edits("POST", f"/v1/events/{stored.id}/respond", {"status": "accepted"}).status == 200
    text = unfolded(stored.text)
    assert long in text and "PARTSTAT=ACCEPTED" in text
