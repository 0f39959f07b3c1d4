# SPDX-License-Identifier: Apache-2.0
"""How an event repeats, on its page in words and in its form as fields, without JavaScript (RFC 5545 §3.3.10, §3.8.5.3)."""
import html
import re

import pytest

from event_page import field_error, opened, save
from oauth_flow import Browser, Form
from rest import Api

SIGNED_IN = "una"
PROFILE = {"tz": "Europe/Berlin", "week_start": "monday", "hours": "24h"}
SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


def series(api, rule, day="2026-03-10", hour=9):
    """Tuesday, 10 March 2026, 10:00 in Berlin, unless it is said otherwise."""
    return api.event(title="Series", start_time=f"{day}T{hour:02}:00:00Z", end_time=f"{day}T{hour:02}:30:00Z", timezone="Europe/Berlin",
        recurrence={"rule": rule})["id"]


def words(browser, event, likes="en"):
    page = browser.get(f"/calendar/events/{event}", [("Accept-Language", likes)]).text
    return re.sub("<.*?>", "", html.unescape(re.search(r"<dt>(?:Repeats|Wiederholung)</dt><dd>(.*?)</dd>", page).group(1)))


def rule_of(api, event):
    return api("GET", f"/v1/events/{event}").json["recurrence"]["rule"]


WORDS = [
    ("FREQ=DAILY", "Every day", "Täglich"),
    ("FREQ=DAILY;INTERVAL=3;COUNT=1", "Every 3 days, once", "Alle 3 Tage, einmal"),
    ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "Every weekday (Monday to Friday)", "An Werktagen (Montag bis Freitag)"),
    ("FREQ=WEEKLY;COUNT=5", "Every week, 5 times", "Wöchentlich, 5-mal"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,TU;COUNT=5", "Every 2 weeks on Tuesday and Thursday, 5 times", "Alle 2 Wochen am Dienstag und Donnerstag, 5-mal"),
    ("FREQ=WEEKLY;WKST=SU;BYDAY=TU,MO,SU", "Every week on Monday, Tuesday and Sunday", "Wöchentlich am Montag, Dienstag und Sonntag"),
    ("FREQ=WEEKLY;UNTIL=20270303T225959Z", "Every week, until Wednesday, 3 March 2027", "Wöchentlich, bis Mittwoch, 3. März 2027"),
    ("FREQ=WEEKLY;UNTIL=20270303T080000Z", "Every week, until Tuesday, 2 March 2027", "Wöchentlich, bis Dienstag, 2. März 2027"),
    ("FREQ=MONTHLY", "Every month", "Monatlich"),
    ("FREQ=MONTHLY;BYDAY=2TU", "Monthly on the second Tuesday", "Monatlich am zweiten Dienstag"),
    ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2;INTERVAL=3", "Every 3 months on the second Tuesday", "Alle 3 Monate am zweiten Dienstag"),
    ("FREQ=MONTHLY;BYDAY=-1TU", "Monthly on the last Tuesday", "Monatlich am letzten Dienstag"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "Monthly on the last day", "Monatlich am letzten Tag"),
    ("FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1", "Monthly on the last day", "Monatlich am letzten Tag"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Monthly on the last working day (Monday to Friday)", "Monatlich am letzten Werktag (Montag bis Freitag)"),
    ("FREQ=MONTHLY;BYMONTHDAY=10", "Monthly on day 10", "Monatlich am 10. des Monats"),
    ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,15", "Every 2 months on days 1 and 15", "Alle 2 Monate an den Tagen 1 und 15"),
    ("FREQ=YEARLY;INTERVAL=2", "Every 2 years", "Alle 2 Jahre"),
    ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=10", "Every year on 10 March", "Jährlich am 10. März"),
    ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "Every year on the fourth Thursday of November", "Jährlich am vierten Donnerstag im November"),
    ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=TU;BYSETPOS=2,-1", "Every year on the second Tuesday and the last Tuesday, counted through March and September",
     "Jährlich am zweiten Dienstag und am letzten Dienstag, durch März und September gezählt"),
    ("FREQ=YEARLY;BYWEEKNO=11;WKST=SU", "Every year on Tuesday of week 11 (weeks from Sunday on)", "Jährlich am Dienstag, in Woche 11 (Wochen ab Sonntag)"),
    ("FREQ=YEARLY;BYWEEKNO=11,-1", "Every year on Tuesday of week 11 and the last week", "Jährlich am Dienstag, in Woche 11 und in der letzten Woche"),
]


@pytest.mark.parametrize("rule, english, german", WORDS, ids=[r for r, *_ in WORDS])
def test_a_rule_is_told_in_words(api, browser, rule, english, german):
    event = series(api, rule)
    assert words(browser, event) == english
    assert words(browser, event, "de") == german


# Those that the form has no fields for: they are told, and stay as they are written. The series begins on Tuesday, 10 March 2026, at 10:00.
TOLD = [
    ("FREQ=HOURLY;INTERVAL=6;COUNT=4", "Every 6 hours, 4 times"),
    ("FREQ=HOURLY;UNTIL=20260310T110000Z", "Every hour, until Tuesday, 10 March 2026"),
    ("FREQ=HOURLY;UNTIL=20260311T020000Z", "Every hour, until Wednesday, 11 March 2026"),
    ("FREQ=HOURLY;INTERVAL=6;UNTIL=20260311T020000Z", "Every 6 hours, until Tuesday, 10 March 2026"),
    ("FREQ=DAILY;BYHOUR=8,15;UNTIL=20260320T080000Z", "Every day at 08:00 and 15:00, until Friday, 20 March 2026"),
    ("FREQ=DAILY;BYHOUR=8,15;UNTIL=20260320T060000Z", "Every day at 08:00 and 15:00, until Thursday, 19 March 2026"),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=3", "Every 90 minutes, 3 times"),
    ("FREQ=MONTHLY;BYDAY=2TU,4TU", "Monthly on the second Tuesday and the fourth Tuesday"),
    ("FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU,-1FR", "Every 2 months on the second Tuesday and the last Friday"),
    ("FREQ=MONTHLY;BYDAY=TU", "Monthly on every Tuesday"),
    ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2,4", "Monthly on the second Tuesday and the fourth Tuesday"),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=3,-1", "Monthly on the third Monday or Tuesday and the last Monday or Tuesday"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "Monthly on the second to last working day (Monday to Friday)"),
    ("FREQ=MONTHLY;BYMONTHDAY=10,-1", "Monthly on day 10 and the last day"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", "Monthly on the third to last day"),
    ("FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=10", "Every year on day 10 of March and September"),
    ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=10,20", "Every year on day 10 and day 20 of March"),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=3,6,9;BYDAY=2TU", "Every 2 years on the second Tuesday of March, June and September"),
    ("FREQ=YEARLY;BYWEEKNO=11", "Every year on Tuesday of week 11"),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=3,6,9;BYDAY=TU;BYSETPOS=2", "Every 2 years on the second Tuesday, counted through March, June and September"),
    ("FREQ=YEARLY;BYDAY=TU;BYSETPOS=10", "Every year on Tuesday number 10 of the year"),
    ("FREQ=YEARLY;BYDAY=TU,WE;BYSETPOS=-1;INTERVAL=3", "Every 3 years on the last Tuesday or Wednesday of the year"),
    ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=11,20,-1;BYDAY=MO,TU", "Every 2 years on Monday and Tuesday of week 11, week 20 and the last week"),
    ("FREQ=YEARLY;BYYEARDAY=69,100,-1", "Every year on day 69, day 100 and the last day of the year"),
    ("FREQ=YEARLY;BYYEARDAY=69;BYDAY=TU", "Every year on day 69 of the year, on Tuesday only"),
    ("FREQ=YEARLY;BYDAY=10TU", "Every year on Tuesday number 10 of the year"),
    ("FREQ=YEARLY;BYDAY=TU,-1FR", "Every year on every Tuesday and the last Friday of the year"),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=10", "Every 2 years on day 10 of every month"),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TU;BYMONTHDAY=8,9,10", "Every year on day 8, day 9 and day 10 of March, on Tuesday only"),
    ("FREQ=MONTHLY;BYDAY=TU,FR;BYMONTHDAY=10,13", "Monthly on days 10 and 13, on Tuesday and Friday only"),
    ("FREQ=DAILY;BYMONTH=3", "Every day, in March only"),
    ("FREQ=DAILY;INTERVAL=2;BYDAY=TU,WE", "Every 2 days, on Tuesday and Wednesday only"),
    ("FREQ=WEEKLY;BYHOUR=10,15;COUNT=6", "Every week at 10:00 and 15:00, 6 times"),
    ("FREQ=DAILY;BYHOUR=10;BYMINUTE=0,30", "Every day at 10:00 and 10:30"),
    ("FREQ=MONTHLY;BYDAY=2TU,4TU;BYMONTH=3,4;BYHOUR=10", "Monthly on the second Tuesday and the fourth Tuesday at 10:00, in March and April only"),
]


def stays(api, browser, event, rule):
    form = dict(opened(browser, event).fields)
    assert form["repeat"] == "custom" and form["rule"] == rule
    assert save(browser, event, title="Renamed").status == 303 and rule_of(api, event) == rule


@pytest.mark.parametrize("rule, english", TOLD, ids=[r for r, _ in TOLD])
def test_a_rule_that_fields_cannot_make_is_told_in_words_and_stays_so(api, browser, rule, english):
    event = series(api, rule)
    assert words(browser, event) == english
    stays(api, browser, event, rule)


@pytest.mark.parametrize("rule, english", [
    ("FREQ=YEARLY;BYDAY=10TU,-40TU", "Every year, on days by a rule of its own"), ("FREQ=YEARLY;BYYEARDAY=69,-100;COUNT=3", "Every year, on days by a rule of its own, 3 times"),
    ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=11;BYMONTH=3", "Every 2 years, on days by a rule of its own"), ("FREQ=MONTHLY;BYDAY=2TU;BYMONTHDAY=10", "Every month, on days by a rule of its own"),
    ("FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14", "On some days, by a rule of its own"), ("FREQ=WEEKLY;BYDAY=TU,TH;BYSETPOS=1", "Every week, on days by a rule of its own"),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYHOUR=10,11;BYSETPOS=1", "Every month, on days by a rule of its own"), ("FREQ=HOURLY;BYDAY=TU", "At times by a rule of its own"),
    ("FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,-1", "Every month, on days by a rule of its own")])
def test_a_rule_without_words_says_how_often_and_is_no_icalendar(api, browser, rule, english):
    event = series(api, rule)
    assert words(browser, event) == english
    page = browser.get(f"/calendar/events/{event}").text
    assert "FREQ=" not in page and "BYDAY" not in page
    stays(api, browser, event, rule)


MADE = [
    ({"every": "2", "unit": "week", "days": ["TH", "TU"], "ends": "after", "count": "5"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5"),
    ({"every": "1", "unit": "week", "days": ["TU", "SA"], "ends": "on", "until": "2026-06-01"}, "FREQ=WEEKLY;BYDAY=TU,SA;UNTIL=20260601T215959Z"),
    ({"every": "3", "unit": "week"}, "FREQ=WEEKLY;INTERVAL=3"),
    ({"every": "10", "unit": "day", "days": ["MO"]}, "FREQ=DAILY;INTERVAL=10"),
    ({"every": "3", "unit": "month"}, "FREQ=MONTHLY;INTERVAL=3"),
    ({"every": "1", "unit": "month", "monthly": "nth"}, "FREQ=MONTHLY;BYDAY=2TU"),
    ({"every": "1", "unit": "month", "monthly": "last", "start_date": "2026-03-31", "end_date": "2026-03-31"}, "FREQ=MONTHLY;BYDAY=-1TU"),
    ({"every": "2", "unit": "month", "monthly": "last_day", "start_date": "2026-02-28", "end_date": "2026-02-28", "ends": "after", "count": "4"},
     "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1;COUNT=4"),
    ({"every": "1", "unit": "month", "monthly": "last_work", "start_date": "2026-05-29", "end_date": "2026-05-29"}, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ({"every": "4", "unit": "year", "ends": "on", "until": "2040-01-01"}, "FREQ=YEARLY;INTERVAL=4;UNTIL=20400101T225959Z"),
]


@pytest.mark.parametrize("fields, rule", MADE, ids=[r for _, r in MADE])
def test_a_rule_is_made_by_fields_and_comes_back_as_them(api, browser, fields, rule):
    event = api.event(title="Single", start_time="2026-03-10T09:00:00Z", end_time="2026-03-10T09:30:00Z", timezone="Europe/Berlin")["id"]
    reply = save(browser, event, repeat="every", **fields)
    assert reply.status == 303, field_error(reply.text)
    assert rule_of(api, event) == rule
    form = opened(browser, event).fields
    assert dict(form)["repeat"] == ("every" if rule != "FREQ=WEEKLY;INTERVAL=2" else "biweekly")
    for name, value in fields.items():
        if name != "days" or fields["unit"] == "week":
            assert sorted(v for n, v in form if n == name) == sorted(value if isinstance(value, list) else [value]), name
    assert save(browser, event, title="Renamed").status == 303 and rule_of(api, event) == rule


def test_a_new_event_repeats_by_fields(api, browser):
    calendar = api("POST", "/v1/calendars", {"name": "Choir"}).json["id"]
    form = Form(browser.get(f"/calendar/new?date=2026-07-07&calendar={calendar}").text, "/calendar/new")
    assert browser.post("/calendar/new", form.with_(title="Choir", repeat="every", every="2", days=["TU"], ends="after", count="3")).status == 303
    [event] = api("GET", f"/v1/events?from=2026-07-07T00:00:00Z&to=2026-07-08T00:00:00Z&expand=none&calendar_id={calendar}").json["data"]
    assert event["recurrence"]["rule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3"


@pytest.mark.parametrize("fields, field", [
    ({"every": "0"}, "every"), ({"every": "1000"}, "every"), ({"every": "two"}, "every"), ({"every": ""}, "every"),
    ({"unit": "hour"}, "unit"),
    ({"days": ["WE", "FR"]}, "days"),
    ({"unit": "month", "monthly": "last"}, "monthly"), ({"unit": "month", "monthly": "last_day"}, "monthly"),
    ({"unit": "month", "monthly": "last_work"}, "monthly"), ({"unit": "month", "monthly": "first"}, "monthly"),
    ({"ends": "sometime"}, "ends"), ({"ends": "after", "count": "0"}, "count"), ({"ends": "after", "count": ""}, "count"),
    ({"ends": "after", "count": "10000"}, "count"), ({"ends": "on", "until": ""}, "until"), ({"ends": "on", "until": "2026-02-30"}, "until"),
], ids=lambda v: v if isinstance(v, str) else "-".join(f"{k}={x if isinstance(x, str) else '+'.join(x)}" for k, x in v.items()))
def test_what_is_wrong_with_a_rule_is_told_at_its_field(browser, fields, field):
    form = Form(browser.get("/calendar/new?date=2026-03-10").text, "/calendar/new")
    reply = browser.post("/calendar/new", form.with_(title="x", repeat="every", **fields))
    assert reply.status == 400 and field_error(reply.text) == field
    kept = Form(reply.text, "/calendar/new").fields
    for name, value in fields.items():
        if name not in ("unit", "ends") and value != "first":
            assert [v for n, v in kept if n == name] == (value if isinstance(value, list) else [value])


@pytest.mark.parametrize("rule, day", [("FREQ=WEEKLY;BYDAY=WE", "2026-03-10"), ("FREQ=MONTHLY;BYMONTHDAY=15", "2026-03-10"), ("FREQ=MONTHLY;BYDAY=3TU", "2026-03-10"),
    ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "2026-03-10"), ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=10", "2026-03-10"), ("FREQ=WEEKLY;INTERVAL=1000", "2026-03-10"), ("FREQ=WEEKLY;COUNT=10000", "2026-03-10")])
def test_what_fields_would_change_is_no_question_of_fields(api, browser, rule, day):
    """A start that the rule leaves out is an event all the same (RFC 5545 §3.8.5.3): the fields cannot say that."""
    form = dict(opened(browser, series(api, rule, day)).fields)
    assert form["repeat"] == "custom" and form["rule"] == rule


@pytest.mark.parametrize("rule, kept", [("FREQ=MONTHLY;BYMONTHDAY=10", "FREQ=MONTHLY;COUNT=3"), ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=2TU;COUNT=3"),
    ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=10", "FREQ=YEARLY;COUNT=3"), ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=3")])
def test_what_another_program_wrote_gets_an_end_and_keeps_its_meaning(api, browser, rule, kept):
    """WKST tells weeks apart where only every second one counts (RFC 5545 §3.3.10)."""
    event = series(api, rule)
    assert save(browser, event, title="Renamed").status == 303 and rule_of(api, event) == rule, "untouched"
    assert save(browser, event, ends="after", count="3").status == 303 and rule_of(api, event) == kept


def test_weeks_are_those_of_the_user(world):
    """The days stand in the order of their weeks, and a rule of every second week is told when weeks begin."""
    person = world.account("sunday@example.org")
    b = Browser(world)
    b.sign_in(person)
    assert b.post("/account", Form(b.get("/account").text, "/account").with_(tz="America/New_York", week_start="sunday", hours="12h")).status == 303
    page = b.get("/calendar/new?date=2026-03-10").text
    assert re.findall('name="days" value="(..)"', page) == ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
    assert b.post("/calendar/new", Form(page, "/calendar/new").with_(title="x", repeat="every", every="2", days=["TU", "SU"])).status == 303
    [event] = Api(world, person.key)("GET", "/v1/events?from=2026-03-10T00:00:00Z&to=2026-03-11T00:00:00Z&expand=none").json["data"]
    assert event["recurrence"]["rule"] == "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU"
    assert words(b, event["id"]) == "Every 2 weeks on Sunday and Tuesday"


def test_two_who_change_how_it_repeats_do_not_mix(api, browser):
    """Of two rules never one half each."""
    event = series(api, "FREQ=WEEKLY;COUNT=5")
    form = opened(browser, event)
    assert api("PATCH", f"/v1/events/{event}", {"recurrence": {"rule": "FREQ=DAILY;COUNT=3"}}).status == 200
    reply = save(browser, event, form, count="7")
    assert reply.status == 412 and "How it repeats was changed, too." in reply.text and rule_of(api, event) == "FREQ=DAILY;COUNT=3"
    assert save(browser, event, Form(reply.text, f"/calendar/events/{event}/edit")).status == 303
    assert rule_of(api, event) == "FREQ=WEEKLY;COUNT=7"


def test_days_of_a_series_without_times(api, browser):
    calendar = api("POST", "/v1/calendars", {"name": "Rent"}).json["id"]
    form = Form(browser.get(f"/calendar/new?date=2026-09-30&all_day=1&calendar={calendar}").text, "/calendar/new")
    assert browser.post("/calendar/new", form.with_(title="Rent", all_day="1", repeat="every", every="1", unit="month", monthly="last_day", ends="on",
        until="2027-01-31")).status == 303
    [event] = api("GET", f"/v1/events?from=2026-09-30T00:00:00Z&to=2026-09-30T12:00:00Z&expand=none&calendar_id={calendar}").json["data"]
    assert event["recurrence"]["rule"] == "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270131"
    assert words(browser, event["id"]) == "Monthly on the last day, until Sunday, 31 January 2027"
    days = api("GET", f"/v1/events?from=2026-09-01T00:00:00Z&to=2027-12-01T00:00:00Z&calendar_id={calendar}").json["data"]
    assert [e["start_time"] for e in days] == ["2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31"]


@pytest.mark.parametrize("rule, choice", [("FREQ=WEEKLY;INTERVAL=3;COUNT=4", "every"), ("FREQ=WEEKLY;BYDAY=MO,TU", "custom"), ("FREQ=MONTHLY;BYMONTHDAY=9", "custom")])
def test_days_by_a_clock_that_the_form_does_not_have_stay_a_text(world, una, api, browser, rule, choice):
    """RFC 5545 §3.6.5: a zone that only the object describes. The form has the user's clock, by which its days may be others."""
    zone = ["BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+1030", "TZOFFSETTO:+1030", "END:STANDARD", "END:VTIMEZONE"]
    name = "own" + re.sub("[^A-Z0-9]", "", rule)
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *zone, "BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20260101T000000Z", "DTSTART;TZID=Own:20260310T030000",
        "DURATION:PT1H", f"RRULE:{rule}", "SUMMARY:Own", "END:VEVENT", "END:VCALENDAR", ""])
    path = f"/dav/calendars/{una.id}/default/{name}.ics"
    assert world.dav("PUT", path, text, {"Content-Type": "text/calendar"}, una).status == 201
    found = api("GET", "/v1/events?from=2026-03-09T16:00:00Z&to=2026-03-09T17:00:00Z&expand=none").json["data"]
    [event] = [e["id"] for e in found if e["client_uid"] == name]
    form = dict(opened(browser, event).fields)
    assert form["start_date"] == "2026-03-09" and form["repeat"] == choice
    assert save(browser, event).status == 303 and world.dav("GET", path, None, {}, una).text == text


def facts(browser, event):
    page = browser.get(f"/calendar/events/{event}").text
    return {html.unescape(name): html.unescape(re.sub("<.*?>", "", value)).strip() for name, value in re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.S)}


def dated(api, extra, name, rule="RRULE:FREQ=WEEKLY\r\n"):
    """A series of Tuesdays, 10:00 in Berlin, from 10 March 2026 on, as a calendar program wrote it."""
    calendar = api("POST", "/v1/calendars", {"name": name}).json["id"]
    data = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260310T100000\r\n"
            "DURATION:PT30M\r\nSUMMARY:Dated\r\n%s%sEND:VEVENT\r\nEND:VCALENDAR\r\n") % (name, rule, extra)
    assert api("POST", f"/v1/calendars/{calendar}/import", data, {"Content-Type": "text/calendar"}).status == 200
    [event] = api("GET", f"/v1/events?calendar_id={calendar}&from=2026-03-01T00:00:00Z&to=2026-03-20T00:00:00Z&expand=none").json["data"]
    return event["id"]


def test_days_without_it_and_days_more_are_told(api, browser):
    """RFC 5545 §3.8.5.1, §3.8.5.2: EXDATE and RDATE, the latter with its time where that is another."""
    event = dated(api, "EXDATE;TZID=Europe/Berlin:20260317T100000,20260407T100000\r\nRDATE;TZID=Europe/Berlin:20260311T143000,20260312T100000\r\n", "few")
    told = facts(browser, event)
    assert told["Except on"] == "Tue, 17 Mar 2026 and Tue, 7 Apr 2026"
    assert told["Also on"] == "Wed, 11 Mar 2026 at 14:30 and Thu, 12 Mar 2026"


def test_of_many_days_a_few_are_told_and_the_others_counted(api, browser):
    """The next ones: here all are over, and the last are told. A page stays a page."""
    days = ",".join(f"20260{month}{day:02}T100000" for month, first in ((3, 17), (4, 7), (5, 5), (6, 2)) for day in range(first, 29, 7))
    event = dated(api, f"EXDATE;TZID=Europe/Berlin:{days}\r\n", "many")
    assert facts(browser, event)["Except on"].endswith(" and 9 other days")
    assert len(re.findall(r"\d{4}", facts(browser, event)["Except on"])) == 5


def test_a_series_of_dates_alone_has_them_told(api, browser):
    told = facts(browser, dated(api, "RDATE;TZID=Europe/Berlin:20260312T100000\r\n", "dates", rule=""))
    assert told["Also on"] == "Thu, 12 Mar 2026" and "Repeats" not in told


def test_an_instance_that_was_changed_by_itself_says_so(api, browser):
    """RFC 5545 §3.8.4.4: and where the series has it. Its neighbours say nothing."""
    event = series(api, "FREQ=WEEKLY;COUNT=4")
    moved, renamed, plain = f"{event}_20260317T090000Z", f"{event}_20260324T090000Z", f"{event}_20260331T080000Z"
    assert api("PATCH", f"/v1/events/{moved}?scope=this", {"start_time": "2026-03-18T12:00:00Z", "end_time": "2026-03-18T12:30:00Z"}).status == 200
    assert api("PATCH", f"/v1/events/{renamed}?scope=this", {"title": "Another"}).status == 200
    assert facts(browser, moved)["Changed by itself"] == "This one stands apart from its series, which has it on Tuesday, 17 March 2026, 10:00."
    assert facts(browser, renamed)["Changed by itself"] == "This one stands apart from its series; its time is that of the series."
    assert "Changed by itself" not in facts(browser, plain) and "Changed by itself" not in facts(browser, event)
