# SPDX-License-Identifier: Apache-2.0
"""When a page has room: working hours less what makes busy. Held to a second way to say so, minute by minute in Python (booking.py)."""
import datetime as dt
import random
import uuid
from zoneinfo import ZoneInfo

import pytest

from booking import ALWAYS, DAYS, UTC, Booking, expected, instant, soon, text

SERVE = ["--rate-limit", "0", "--write-rate", "0"]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(scope="module")
def owner(world):
    return world.account("slots@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


def in_an_empty_calendar(api, hours, **more):
    """A page whose room is what its hours say."""
    own = api.calendar()["id"]
    return api.page(**one_day(hours), calendar_id=own, busy_calendar_ids=[own], **more)


def starts(slots):
    return [s.strftime("%H:%M") for s, _ in slots]


def one_day(hours, **more):
    return {"working_hours": {day: [{"start": a, "end": b} for a, b in hours] for day in DAYS}, **more}


def changes(name):
    """The next two days on which the clocks of a zone change, with how long each is. Not so soon that what is asked about has begun."""
    zone, found, day = ZoneInfo(name), {}, soon(5).date()
    while len(found) < 2:
        midnights = [dt.datetime.combine(day + n * DAY, dt.time(), zone).astimezone(UTC) for n in (0, 1)]
        if midnights[1] - midnights[0] != DAY:
            found[(midnights[1] - midnights[0]) / HOUR] = midnights
        day += DAY
    return found


def test_hours_with_a_break_and_days_that_are_other(api):
    page = in_an_empty_calendar(api, [("09:00", "10:30"), ("11:00", "12:00")], exceptions=[
        {"date": soon(4).date().isoformat(), "hours": []}, {"date": soon(5).date().isoformat(), "hours": [{"start": "20:15", "end": "21:15"}]}])
    assert starts(api.slots(page, soon(3), soon(4))) == ["09:00", "09:30", "10:00", "11:00", "11:30"]
    assert starts(api.slots(page, soon(4), soon(5))) == []
    assert starts(api.slots(page, soon(5), soon(6))) == ["20:15", "20:45"]


def test_steps_durations_and_times_that_adjoin(api):
    page = in_an_empty_calendar(api, [("09:00", "10:00"), ("10:00", "11:00")], slot_step_minutes=25, durations=[{"minutes": 20}, {"minutes": 60}])
    assert starts(api.slots(page, soon(3), soon(4))) == ["09:00", "09:25", "09:50", "10:00", "10:25"], "the grid begins with each span"
    assert starts(api.slots(page, soon(3), soon(4), duration_minutes=60)) == ["09:00", "09:25", "09:50", "10:00"]
    assert starts(api.slots(page, soon(3, 9) + dt.timedelta(minutes=1), soon(3, 11))) == ["09:25", "09:50", "10:00", "10:25"]


def test_a_night_goes_on_over_midnight(api):
    page = in_an_empty_calendar(api, [("00:00", "01:00"), ("23:00", "24:00")], durations=[{"minutes": 60}])
    assert starts(api.slots(page, soon(3), soon(5))) == ["00:00", "23:00", "23:30", "00:00", "23:00"]


def test_what_makes_busy_and_what_does_not(api):
    api_calendar = api.calendar()["id"]
    page = api.page(**one_day([("09:00", "12:00")]), durations=[{"minutes": 60}], slot_step_minutes=60, calendar_id=api_calendar,
                    busy_calendar_ids=[api_calendar])
    for hour, more in ((9, {"busy": False}), (10, {"status": "tentative"}), (11, {"status": "cancelled"})):
        api.busy(soon(10, hour), soon(10, hour + 1), calendar_id=api_calendar, **more)
    api.busy(soon(10, 9), soon(10, 10))  # in a calendar that does not count
    assert starts(api.slots(page, soon(10), soon(11))) == ["09:00", "11:00"]
    api("PATCH", f"/v1/booking_pages/{page['id']}", {"busy_calendar_ids": None})
    assert starts(api.slots(page, soon(10), soon(11))) == ["11:00"], "those that are selected count"


def test_a_series_is_busy_at_each_of_its_times(api):
    calendar = api.calendar()["id"]
    page = api.page(**one_day([("09:00", "11:00")]), slot_step_minutes=60, durations=[{"minutes": 60}], calendar_id=calendar, busy_calendar_ids=[calendar])
    api.busy(soon(3, 9), soon(3, 10), calendar_id=calendar, recurrence={"rule": "FREQ=DAILY;COUNT=3", "exdates": [text(soon(4, 9))]})
    assert [s.day for s, _ in api.slots(page, soon(3), soon(7)) if s.hour == 9] == [soon(4).day, soon(6).day]


def test_what_a_caldav_client_puts_counts_at_once(world, owner, api):
    calendar = api.calendar()
    page = api.page(**one_day([("09:00", "11:00")]), slot_step_minutes=60, durations=[{"minutes": 60}], calendar_id=calendar["id"], busy_calendar_ids=[calendar["id"]])
    uid = str(uuid.uuid4())
    at = soon(3, 9).strftime("%Y%m%dT%H%M%SZ")
    data = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{at}\r\n"
            "DURATION:PT30M\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    path = calendar["caldav_url"].removeprefix(world.url) + uid + ".ics"
    assert world.dav("PUT", path, data, {"Content-Type": "text/calendar"}, owner).status == 201
    assert starts(api.slots(page, soon(3), soon(4))) == ["10:00"]
    assert world.dav("DELETE", path, account=owner).status == 204
    assert starts(api.slots(page, soon(3), soon(4))) == ["09:00", "10:00"]


def test_buffers_keep_away_from_what_is_busy_outside_the_range_too(api):
    calendar = api.calendar()["id"]
    page = api.page(calendar_id=calendar, busy_calendar_ids=[calendar], buffer_before_minutes=30, buffer_after_minutes=60)
    api.busy(soon(3, 9), soon(3, 10), calendar_id=calendar)
    free = starts(api.slots(page, soon(3, 7), soon(3, 12)))
    assert free == ["07:00", "07:30", "10:30", "11:00", "11:30"]
    assert starts(api.slots(page, soon(3, 8), soon(3, 9))) == [] and starts(api.slots(page, soon(3, 10), soon(3, 11))) == ["10:30"]


def test_notice_and_horizon_cut_the_range(api):
    now = dt.datetime.now(UTC)
    page = api.page(minimum_notice_minutes=90, horizon_days=2, slot_step_minutes=5, durations=[{"minutes": 5}])
    found = [s for s, _ in api.slots(page, now - DAY, now + 5 * DAY)]
    later = dt.datetime.now(UTC)
    assert now + 1.5 * HOUR < found[0] <= later + 1.5 * HOUR + dt.timedelta(minutes=5, seconds=1)
    assert now + 2 * DAY - dt.timedelta(minutes=5) <= found[-1] <= later + 2 * DAY + dt.timedelta(seconds=1)


def test_so_many_a_day_and_then_none_in_the_pages_zone(api):
    calendar = api.calendar()["id"]
    page = api.page(timezone="Pacific/Kiritimati", bookings_per_day=2, calendar_id=calendar, busy_calendar_ids=[calendar])
    zone = ZoneInfo("Pacific/Kiritimati")
    day = dt.datetime.combine(soon(10).date(), dt.time(), zone).astimezone(UTC)
    for hours in (1, 22):
        api.booked(page, day + hours * HOUR)
    found = [s for s, _ in api.slots(page, day - 3 * HOUR, day + 27 * HOUR)]
    assert [s for s in found if day <= s < day + DAY] == [] and len(found) == 12
    assert [s for s, _ in api.slots(page, day + 5 * HOUR, day + 6 * HOUR)] == [], "the whole day counts, whatever part is asked about"
    other = api.page(timezone="Pacific/Kiritimati", bookings_per_day=2, calendar_id=calendar, busy_calendar_ids=[calendar])
    assert len(api.slots(other, day, day + DAY)) == 46, "those of another page are events like any other"


def test_appointments_of_a_page_keep_their_own_buffers(api):
    """The longer of the time after one and before the next, whichever is booked first."""
    for before, after, at_least in ((0, 60, 60), (60, 0, 60), (30, 60, 60), (60, 30, 60)):
        calendar = api.calendar()["id"]
        page = api.page(buffer_before_minutes=before, buffer_after_minutes=after, calendar_id=calendar, busy_calendar_ids=[calendar])
        api.booked(page, soon(12, 12))
        free = [s for s, _ in api.slots(page, soon(12, 8), soon(12, 18))]
        gap = dt.timedelta(minutes=at_least)
        assert free == [soon(12, 8) + n * dt.timedelta(minutes=30) for n in range(20)
                        if (end := soon(12, 8) + (n + 1) * dt.timedelta(minutes=30)) <= soon(12, 12) - gap or end - dt.timedelta(minutes=30) >= soon(12, 12) + HOUR / 2 + gap]


def test_local_start_is_what_the_guests_clock_shows(api):
    page = api.page(timezone="Europe/Berlin")
    for zone in (None, "America/New_York", "Asia/Kathmandu", "UTC", "Pacific/Marquesas"):
        reply = api.availability(page, soon(3), soon(3, 2), **({"timezone": zone} if zone else {})).json
        assert reply["timezone"] == (zone or "Europe/Berlin") and reply["slots"]
        for slot in reply["slots"]:
            told = dt.datetime.fromisoformat(slot["local_start"])
            assert told == instant(slot["start"]) and told.utcoffset() == told.astimezone(ZoneInfo(reply["timezone"])).utcoffset()


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
def test_a_day_on_which_the_clocks_change(api, name):
    """23 and 25 hours (of Lord Howe 23.5 and 24.5): at the same times of the clock as ever, and nothing twice that happens once."""
    page = api.page(timezone=name, slot_step_minutes=30, durations=[{"minutes": 30}], busy_calendar_ids=[api.calendar()["id"]], calendar_id=api.calendar()["id"])
    for length, (start, end) in changes(name).items():
        found = api.slots(page, start, end)
        assert length != 24 and len(found) == length * 2 and found == expected(page, start, end, [], dt.datetime.now(UTC))
        assert {s.astimezone(ZoneInfo(name)).minute for s, _ in found} == {0, 30}


def some_hours(chance):
    cuts = sorted(chance.sample(range(0, 97), chance.choice((0, 2, 2, 4))))
    spell = lambda n: f"{n // 4:02}:{n % 4 * 15:02}"
    return [{"start": spell(a), "end": spell(b)} for a, b in zip(cuts[::2], cuts[1::2])]


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/St_Johns"]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_settings_it_is_what_python_says(api, seed):
    chance = random.Random(seed)
    name = ZONES[seed % len(ZONES)]
    middle = chance.choice(list(changes(name).values()))[0] if name not in ("UTC", "Asia/Kolkata") else soon(chance.randrange(5, 300))
    start = middle - chance.randrange(1, 40) * HOUR + chance.randrange(0, 59) * dt.timedelta(minutes=1)
    end = start + chance.randrange(30, 90) * HOUR
    calendar = api.calendar()["id"]
    page = api.page(timezone=name, calendar_id=calendar, busy_calendar_ids=[calendar], durations=[{"minutes": chance.choice((5, 20, 45, 90))}],
        slot_step_minutes=chance.choice((5, 15, 20, 50)), buffer_before_minutes=chance.choice((0, 7, 30)), buffer_after_minutes=chance.choice((0, 13, 45)),
        working_hours={day: some_hours(chance) for day in DAYS} if seed % 3 else ALWAYS,
        exceptions=[{"date": (start.date() + n * DAY).isoformat(), "hours": some_hours(chance)} for n in range(4) if chance.random() < 0.3])
    busy = []
    for _ in range(chance.randrange(0, 8)):
        at = start + dt.timedelta(minutes=chance.randrange(-120, int((end - start) / dt.timedelta(minutes=1)) + 120))
        busy.append((at, at + dt.timedelta(minutes=chance.choice((1, 30, 61, 300)))))
        api.busy(*busy[-1], calendar_id=calendar)
    assert api.slots(page, start, end) == expected(page, start, end, busy, dt.datetime.now(UTC))
