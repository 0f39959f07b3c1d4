# SPDX-License-Identifier: Apache-2.0
"""python3-caldav (what Home Assistant and many scripts use) against a real server."""
from datetime import date, datetime, timedelta, timezone

import pytest

caldav = pytest.importorskip("caldav")
UTC = timezone.utc


@pytest.fixture(scope="module")
def principal(world):
    account = world.account("python@example.org")
    client = caldav.DAVClient(url=world.url + "/dav/", username=account.email, password=account.key)
    return client.principal()


@pytest.fixture
def calendar(principal, request):
    made = principal.make_calendar(name=f"Made for {request.node.name}")
    yield made
    made.delete()


def ics(uid, start, end, summary="An event", *lines):
    stamp = lambda t: t.strftime("%Y%m%dT%H%M%SZ")
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Calends//tests//EN", "BEGIN:VEVENT", f"UID:{uid}",
            "DTSTAMP:20260101T000000Z", f"DTSTART:{stamp(start)}", f"DTEND:{stamp(end)}", f"SUMMARY:{summary}", *lines,
            "END:VEVENT", "END:VCALENDAR", "",
        )
    )


def restricted(world, account, scope):
    key = world.key(account, kind="restricted", scope=scope)
    return caldav.DAVClient(url=world.url + "/dav/", username=account.email, password=key).principal()


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_it_finds_the_principal_from_the_bare_address(world):
    """Redirects and current-user-principal: RFC 6764 §6, RFC 5397."""
    account = world.account("python@example.org")
    for path in ("", "/", "/dav/"):
        client = caldav.DAVClient(url=world.url + path, username=account.email, password=account.key)
        assert account.id in str(client.principal().url)


def test_it_lists_the_calendars(principal, calendar):
    names = {c.name for c in principal.calendars()}
    assert calendar.name in names and len(names) >= 2
    assert calendar.get_display_name() == calendar.name
    assert set(calendar.get_supported_components()) == {"VEVENT", "VTODO", "VJOURNAL"}


def test_it_knows_the_addresses_of_the_user(principal):
    assert "mailto:python@example.org" in principal.calendar_user_address_set()


def test_it_creates_changes_and_deletes_an_event(calendar):
    made = calendar.save_event(ics("one", NOON, NOON + HOUR, "Lunch"))
    assert calendar.event_by_uid("one").icalendar_component["SUMMARY"] == "Lunch"
    made.icalendar_component["SUMMARY"] = "Late lunch"
    made.save()
    found = calendar.event_by_uid("one")
    assert found.icalendar_component["SUMMARY"] == "Late lunch"
    found.delete()
    with pytest.raises(caldav.lib.error.NotFoundError):
        calendar.event_by_uid("one")


def test_it_creates_an_event_from_fields(calendar):
    calendar.save_event(dtstart=NOON, dtend=NOON + HOUR, summary="By fields")
    assert [e.icalendar_component["SUMMARY"] for e in calendar.events()] == ["By fields"]


def test_it_searches_by_time(calendar):
    calendar.save_event(ics("in", NOON, NOON + HOUR))
    calendar.save_event(ics("out", NOON + 2 * DAY, NOON + 2 * DAY + HOUR))
    found = calendar.date_search(NOON - HOUR, NOON + 2 * HOUR, expand=False)
    assert [str(e.icalendar_component["UID"]) for e in found] == ["in"]
    found = calendar.search(start=NOON + DAY, event=True)
    assert [str(e.icalendar_component["UID"]) for e in found] == ["out"]


def test_it_searches_by_text(calendar):
    calendar.save_event(ics("a", NOON, NOON + HOUR, "Meeting of the board"))
    calendar.save_event(ics("b", NOON, NOON + HOUR, "Dinner"))
    found = calendar.search(event=True, summary="board")
    assert [str(e.icalendar_component["UID"]) for e in found] == ["a"]


def test_it_expands_a_series_on_the_server(calendar):
    calendar.save_event(
        ics("series", NOON, NOON + HOUR, "Daily", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260304T120000Z")
    )
    found = calendar.date_search(NOON - HOUR, NOON + 4 * DAY, expand=True)
    starts = sorted(
        c["DTSTART"].dt
        for e in found
        for c in e.icalendar_instance.walk("VEVENT")
    )
    assert starts == [NOON, NOON + DAY, NOON + 3 * DAY]


def test_it_synchronises_by_token(calendar):
    calendar.save_event(ics("a", NOON, NOON + HOUR))
    calendar.save_event(ics("b", NOON, NOON + HOUR))
    objects = calendar.objects(load_objects=True)
    assert len(list(objects)) == 2
    calendar.event_by_uid("a").delete()
    calendar.save_event(ics("c", NOON, NOON + HOUR))
    updated, deleted = objects.sync()
    assert len(list(updated)) == 1 and len(list(deleted)) == 1
    assert {str(o.icalendar_component["UID"]) for o in objects} == {"b", "c"}


def test_it_keeps_tasks(calendar):
    made = calendar.save_todo(summary="Buy milk", due=date(2026, 3, 2))
    assert [str(t.icalendar_component["SUMMARY"]) for t in calendar.todos()] == ["Buy milk"]
    made.complete()
    assert calendar.todos() == []
    assert len(calendar.todos(include_completed=True)) == 1


def test_it_keeps_journals(calendar):
    calendar.save_journal(dtstart=date(2026, 3, 2), summary="A day", description="It rained.")
    assert [str(j.icalendar_component["SUMMARY"]) for j in calendar.journals()] == ["A day"]


def test_it_reads_busy_time(calendar):
    calendar.save_event(ics("a", NOON, NOON + HOUR))
    answer = calendar.freebusy_request(NOON - DAY, NOON + DAY)
    periods = answer.icalendar_instance.walk("VFREEBUSY")[0]["FREEBUSY"]
    period = (periods if isinstance(periods, list) else [periods])[0].dts[0] if hasattr(periods, "dts") else periods
    assert "20260302T120000Z" in answer.data and period is not None


def test_it_fetches_many_at_once(calendar):
    urls = [calendar.save_event(ics(f"m{i}", NOON, NOON + HOUR)).url for i in range(12)]
    found = calendar.calendar_multiget(urls)
    assert {str(e.icalendar_component["UID"]) for e in found} == {f"m{i}" for i in range(12)}


def test_it_changes_the_name_and_colour(calendar):
    from caldav.elements import dav, ical

    calendar.set_properties([dav.DisplayName("Another name"), ical.CalendarColor("#FF2968FF")])
    props = calendar.get_properties([dav.DisplayName(), ical.CalendarColor()])
    assert props["{DAV:}displayname"] == "Another name"
    assert props["{http://apple.com/ns/ical/}calendar-color"] == "#FF2968FF"


def test_a_key_of_free_busy_alone_asks_when_it_is_busy_and_reads_nothing(world, calendar):
    """RFC 4791 §6.1.1."""
    account = world.account("python@example.org")
    calendar.save_event(ics("busy", NOON, NOON + HOUR, "Secret"))
    busy = restricted(world, account, "calendars:read")
    seen = next(c for c in busy.calendars() if c.url == calendar.url)
    told = seen.freebusy_request(NOON - DAY, NOON + DAY).data
    assert "20260302T120000Z" in told and "Secret" not in told
    for read in (seen.events, lambda: seen.search(start=NOON - DAY, end=NOON + DAY, event=True)):
        with pytest.raises(caldav.lib.error.AuthorizationError):
            read()


def test_a_key_of_reading_alone_reads_and_cannot_write(world, calendar):
    account = world.account("python@example.org")
    calendar.save_event(ics("readable", NOON, NOON + HOUR))
    seen = next(c for c in restricted(world, account, "calendars:read events:read").calendars() if c.url == calendar.url)
    assert [e.icalendar_component["UID"] for e in seen.events()] == ["readable"]
    with pytest.raises(caldav.lib.error.AuthorizationError):
        seen.save_event(ics("new", NOON, NOON + HOUR))
    with pytest.raises(caldav.lib.error.AuthorizationError):
        seen.events()[0].delete()
    assert len(calendar.events()) == 1
