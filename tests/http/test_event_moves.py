# SPDX-License-Identifier: Apache-2.0
"""A series is moved, and the rule that names its days goes along: RFC 5545 §3.8.5.3, "The DTSTART property value SHOULD be synchronized with the
recurrence rule … The recurrence set generated with a DTSTART property value not synchronized with the recurrence rule is undefined."
"""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from event_edits import document, event, unfolded

SERVE = ["--rate-limit", "100000"]
BERLIN = ZoneInfo("Europe/Berlin")
SPAN = ("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z")


def utc(local):
    return datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def series(edits, start, *rules):
    return edits.put(document(event(f"DTSTART;TZID=Europe/Berlin:{datetime.fromisoformat(start):%Y%m%dT%H%M%S}", "DURATION:PT30M", *rules, "SUMMARY:s")))


def rules(text):
    return [line.partition(":")[2] for line in unfolded(text).partition("BEGIN:VEVENT")[2].split("\r\n") if line.startswith("RRULE")]


def brute_force(rule, start):
    """What dateutil makes of a rule whose UNTIL is on the clock of its start."""
    made = rrulestr(rule, dtstart=datetime.fromisoformat(start)).between(datetime(2026, 1, 1), datetime(2026, 12, 31), inc=True)
    return [utc(str(t)) for t in made]


MOVES = [  # the first start, its rule, where it is moved to, and the rule that is stored then
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO", "2026-01-06 09:00", "FREQ=WEEKLY;BYDAY=TU"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO,WE", "2026-01-04 09:00", "FREQ=WEEKLY;BYDAY=SU,TU"),
    ("2026-01-05 00:30", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=7", "2026-01-04 23:45", "FREQ=WEEKLY;BYDAY=SU,TU;COUNT=7"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO,WE", "2026-01-12 11:00", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO", "2026-01-05 11:00", "FREQ=WEEKLY;BYDAY=MO"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2026-01-06 09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,MO;WKST=TU"),
    ("2026-01-05 09:00", "freq=weekly;interval=2;wkst=su;byday=mo,sa", "2026-01-07 09:00", "freq=weekly;interval=2;wkst=TU;byday=WE,MO"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=1,-1", "2026-01-10 09:00", "FREQ=WEEKLY;BYDAY=SA,SU,MO;BYSETPOS=1,-1;WKST=SA"),
    ("2026-01-05 09:00", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-01-06 09:00", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"),
    ("2026-01-05 09:00", "FREQ=DAILY;BYDAY=MO,TU,WE,TH", "2026-01-06 09:00", "FREQ=DAILY;BYDAY=TU,WE,TH,FR"),
    ("2026-01-05 09:00", "FREQ=MONTHLY;BYDAY=1MO", "2026-01-06 09:00", "FREQ=MONTHLY;BYDAY=1TU"),
    ("2026-01-05 09:00", "FREQ=MONTHLY;BYDAY=1MO", "2026-01-14 09:00", "FREQ=MONTHLY;BYDAY=2WE"),
    ("2026-01-26 09:00", "FREQ=MONTHLY;BYDAY=+4MO", "2026-01-29 09:00", "FREQ=MONTHLY;BYDAY=-1TH"),
    ("2026-01-29 09:00", "FREQ=MONTHLY;BYDAY=5TH", "2026-01-30 09:00", "FREQ=MONTHLY;BYDAY=5FR"),
    ("2026-01-30 09:00", "FREQ=MONTHLY;BYDAY=-1FR", "2026-01-22 09:00", "FREQ=MONTHLY;BYDAY=-2TH"),
    ("2026-01-05 09:00", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "2026-01-13 09:00", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2"),
    ("2026-01-05 09:00", "FREQ=MONTHLY;BYMONTHDAY=5", "2026-01-31 09:00", "FREQ=MONTHLY;BYMONTHDAY=31"),
    ("2026-01-31 09:00", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-30 09:00", "FREQ=MONTHLY;BYMONTHDAY=-2"),
    ("2026-01-01 09:00", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-01-03 09:00", "FREQ=MONTHLY;BYMONTHDAY=3,17"),
    ("2026-02-13 09:00", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-14 09:00", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=14"),
    ("2026-01-11 09:00", "FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14", "2026-01-12 09:00",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=9,10,11,12,13,14,15"),
    ("2026-01-31 09:00", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=31", "2026-02-01 09:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=1"),
    ("2026-03-30 09:00", "FREQ=YEARLY;BYMONTH=3,12;BYDAY=-1MO", "2026-04-02 09:00", "FREQ=YEARLY;BYMONTH=4,1;BYDAY=-5TH"),
    ("2026-01-05 09:00", "FREQ=DAILY;BYHOUR=9,15", "2026-01-05 10:30", "FREQ=DAILY;BYHOUR=10,16"),
    ("2026-01-05 09:00", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "2026-01-06 18:45", "FREQ=DAILY;BYHOUR=18;BYMINUTE=45;BYSECOND=0"),
    ("2026-01-06 09:00", "FREQ=WEEKLY;BYDAY=MO", "2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO"),  # a start beside its rule is set right
]


@pytest.mark.parametrize("start,rule,to,after", MOVES, ids=[f"{m[1]}-to-{m[2][:10]}" for m in MOVES])
def test_rfc_5545_3_8_5_3_a_rule_moves_with_its_series(edits, start, rule, to, after):
    stored = series(edits, start, f"RRULE:{rule}")
    answer = stored.patch({"start_time": utc(to)})
    assert answer["recurrence"]["rule"] == after and rules(stored.text) == [after]
    assert [i["start_time"] for i in edits.range(*SPAN)] == brute_force(after, to)[:100]


REFUSED = [
    ("2026-01-01 09:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-01-02 09:00"),
    ("2026-01-31 09:00", "FREQ=MONTHLY;BYMONTHDAY=1,31", "2026-02-01 09:00"),
    ("2026-01-05 09:00", "FREQ=MONTHLY;BYDAY=1MO,3MO", "2026-01-06 09:00"),
    ("2026-05-18 09:00", "FREQ=YEARLY;BYDAY=20MO", "2026-05-19 09:00"),
    ("2026-01-05 09:00", "FREQ=YEARLY;BYYEARDAY=5", "2026-01-06 09:00"),
    ("2026-01-05 09:00", "FREQ=DAILY;BYHOUR=9,23", "2026-01-05 10:00"),
    ("2026-01-31 09:00", "FREQ=DAILY;BYMONTH=1", "2026-02-01 09:00"),
    ("2026-01-05 09:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-01-04 09:00"),
]


@pytest.mark.parametrize("start,rule,to", REFUSED, ids=[m[1] for m in REFUSED])
def test_what_no_rule_can_say_is_refused_and_nothing_is_changed(edits, start, rule, to):
    stored = series(edits, start, f"RRULE:{rule}")
    before = stored.text
    error = stored.patch({"start_time": utc(to)}, status=409)["error"]
    assert error["param"] == "recurrence.rule" and "recurrence.rule" in error["message"]
    assert stored.text == before
    # The way out that the answer names.
    stored.patch({"start_time": utc(to), "recurrence": {"rule": "FREQ=WEEKLY"}})


@pytest.mark.parametrize("scope", ["all", "this_and_following"])
def test_the_instance_that_was_named_is_where_it_was_asked_for(edits, scope):
    stored = series(edits, "2026-01-05 09:00", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH")
    reply = edits("PATCH", f"{stored.target('20260115T080000Z')}?scope={scope}", {"start_time": utc("2026-01-16 10:00")})
    assert reply.status == 200
    shown = [i["start_time"] for i in edits.range("2026-01-01T00:00:00Z", "2026-01-25T00:00:00Z")]
    early = ["2026-01-05 09:00", "2026-01-08 09:00", "2026-01-12 09:00"]
    moved = [str(datetime.fromisoformat(t) + timedelta(days=1, hours=1)) for t in early]
    assert shown == [utc(t) for t in (moved if scope == "all" else early) + ["2026-01-16 10:00", "2026-01-20 10:00", "2026-01-23 10:00"]]


def test_a_series_whose_months_differ_is_not_moved_beside_the_instance_that_was_named(edits):
    """December's first Monday is the 7th, its Tuesday the 8th is the second; February's Tuesday the 2nd is the first."""
    stored = series(edits, "2026-12-07 09:00", "RRULE:FREQ=MONTHLY;BYDAY=1MO")
    before = stored.text
    reply = edits("PATCH", f"{stored.target('20270201T080000Z')}?scope=all", {"start_time": utc("2027-02-02 09:00")})
    assert (reply.status, reply.json["error"]["param"], stored.text) == (409, "recurrence.rule", before)
    reply = edits("PATCH", f"{stored.target('20270201T080000Z')}?scope=this_and_following", {"start_time": utc("2027-02-02 09:00")})
    assert reply.json["recurrence"]["rule"] == "FREQ=MONTHLY;BYDAY=1TU"


def test_another_zone_may_mean_another_day(edits):
    """Monday 00:30 in Berlin is Sunday 18:30 in New York."""
    stored = series(edits, "2026-01-05 00:30", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260223T000000Z")
    stored.patch({"timezone": "America/New_York"})
    shown = [i["start_time"] for i in edits.range(*SPAN)]
    assert shown == [utc(f"2026-{d} 00:30") for d in ("01-05", "01-12", "01-19", "01-26", "02-02", "02-09", "02-16", "02-23")]
    assert rules(stored.text)[0].startswith("FREQ=WEEKLY;BYDAY=SU;")
    work = series(edits, "2026-03-02 00:30", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    work.patch({"timezone": "America/New_York"})
    assert rules(work.text) == ["FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH"]


UNTILS = [  # of a series at 9:00 each day from 5 January on: UNTIL, where it is moved to, UNTIL then
    ("20260108T080000Z", "2026-01-05 07:00", "20260108T060000Z"),  # the last instance
    ("20260109T075959Z", "2026-01-05 07:00", "20260109T055959Z"),  # a second before the next one: as a cut writes it
    ("20260109T075959Z", "2026-01-06 12:00", "20260110T105959Z"),
    ("20260108T225959Z", "2026-01-05 21:30", "20260108T225959Z"),  # the end of a day, in Berlin
    ("20260108T225959Z", "2026-01-06 07:00", "20260109T225959Z"),
    ("20260108T225959Z", "2026-01-04 23:30", "20260107T225959Z"),
    ("20260108T120000Z", "2026-01-05 15:00", "20260108T180000Z"),
    ("20260108T235959Z", "2026-01-05 02:00", "20260108T165959Z"),
]


@pytest.mark.parametrize("until,to,after", UNTILS)
def test_a_series_that_is_moved_has_as_many_instances_as_before(edits, until, to, after):
    stored = series(edits, "2026-01-05 09:00", f"RRULE:FREQ=DAILY;until={until}")
    assert len(edits.range(*SPAN)) == 4
    stored.patch({"start_time": utc(to)})
    first = datetime.fromisoformat(to)
    assert [i["start_time"] for i in edits.range(*SPAN)] == [utc(str(first + timedelta(days=d))) for d in range(4)]
    assert rules(stored.text) == [f"FREQ=DAILY;until={after}"]


@pytest.mark.parametrize("start,until,fields,after", [
    (";VALUE=DATE:20260105", "20260202", {"all_day": False, "start_time": "2026-01-06T08:00:00Z", "end_time": "2026-01-06T09:00:00Z",
        "timezone": "Europe/Berlin"}, "20260203T080000Z"),
    (":20260105T080000Z", "20260202T080000Z", {"all_day": True, "start_time": "2026-01-06", "end_time": "2026-01-07"}, "20260203"),
    (":20260105T080000", "20260202T080000", {"timezone": "Europe/Berlin", "start_time": "2026-01-06T08:00:00Z"}, "20260203T080000Z"),
])
def test_rfc_5545_3_3_10_until_is_of_the_type_of_the_start(edits, start, until, fields, after):
    """"The value of the UNTIL rule part MUST have the same value type as the "DTSTART" property." """
    stored = edits.put(document(event("DTSTART" + start, f"RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL={until}", "SUMMARY:s")))
    stored.patch(fields)
    assert rules(stored.text) == [f"FREQ=WEEKLY;BYDAY=TU;UNTIL={after}"]
    assert [i["start_time"][5:10] for i in edits.range(*SPAN)] == ["01-06", "01-13", "01-20", "01-27", "02-03"]


@pytest.mark.parametrize("fields,sent,stored", [
    ({}, "FREQ=DAILY;UNTIL=20260107;WKST=SU", "FREQ=DAILY;UNTIL=20260107T225959Z;WKST=SU"),
    ({}, "FREQ=DAILY;until=20260107T090000", "FREQ=DAILY;until=20260107T080000Z"),
    ({}, "FREQ=DAILY;UNTIL=20260107T080000Z", "FREQ=DAILY;UNTIL=20260107T080000Z"),
    ({"all_day": True, "start_time": "2026-01-05", "end_time": "2026-01-06", "timezone": None}, "FREQ=DAILY;UNTIL=20260107T235959Z",
        "FREQ=DAILY;UNTIL=20260107"),
])
def test_rfc_5545_3_3_10_until_is_written_as_the_start_is(edits, fields, sent, stored):
    made = edits.post(**{"start_time": utc("2026-01-05 09:00"), "end_time": utc("2026-01-05 10:00"), "timezone": "Europe/Berlin",
        "recurrence": {"rule": sent}, **fields})
    assert made["recurrence"]["rule"] == stored and len(edits.range(*SPAN)) == 3
    same = edits("PATCH", f"/v1/events/{made['id']}", {"recurrence": {"rule": sent}}).json
    assert same["etag"] == made["etag"], "the same said again changes nothing"
    weekly = edits("PATCH", f"/v1/events/{made['id']}", {"recurrence": {"rule": sent.replace("DAILY", "WEEKLY")}}).json
    assert weekly["recurrence"]["rule"] == stored.replace("DAILY", "WEEKLY")


def test_what_another_program_wrote_of_until_stays_as_it_is(edits):
    stored = series(edits, "2026-01-05 09:00", "RRULE:FREQ=DAILY;UNTIL=20260107")
    before = stored.text
    stored.patch({"recurrence": {"rule": "FREQ=DAILY;UNTIL=20260107"}})
    assert stored.text == before


def test_what_was_cut_off_does_not_come_back_with_a_move(edits):
    stored = series(edits, "2026-01-05 09:00", "RRULE:FREQ=WEEKLY")
    assert edits("DELETE", f"{stored.target('20260202T080000Z')}?mode=delete&scope=this_and_following").status == 204
    stored.patch({"start_time": utc("2026-01-05 08:15")})
    assert [i["start_time"] for i in edits.range(*SPAN)] == [utc(f"2026-01-{d} 08:15") for d in ("05", "12", "19", "26")]


def test_days_that_a_rule_excludes_go_along(edits):
    stored = series(edits, "2026-01-05 09:00", "RRULE:FREQ=DAILY;COUNT=14", "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU")
    stored.patch({"start_time": utc("2026-01-06 09:00")})
    assert "EXRULE:FREQ=WEEKLY;BYDAY=SU,MO" in stored.lines
    days = [i["start_time"][8:10] for i in edits.range(*SPAN)]
    assert days == ["06", "07", "08", "09", "10", "13", "14", "15", "16", "17"]
