# SPDX-License-Identifier: Apache-2.0
"""What one request can make the server do with calendar data is bounded, in seconds and in megabytes."""
import pytest
from dav import C, NAMESPACES

ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1S\r\nEND:VALARM"
MONTH = 'start="20270101T000000Z" end="20270201T000000Z"'


def calendar(*parts):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//EN", *parts, "END:VCALENDAR", ""))


def event(*lines, uid="hostile", start="DTSTART:20260101T000000Z"):
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", start, *lines, "END:VEVENT"))


def zone(tzid, *rules):
    return "\r\n".join(("BEGIN:VTIMEZONE", fold(f"TZID:{tzid}"), "BEGIN:STANDARD", "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", *rules, "END:STANDARD", "END:VTIMEZONE"))


def fold(line):
    return "\r\n ".join(line[i:i + 60000] for i in range(0, len(line), 60000))


@pytest.fixture
def timed(world):
    """What it gives, and the seconds that the server worked."""
    def run_it(run):
        begin = world.cpu_s()
        return run(), world.cpu_s() - begin

    return run_it


def test_a_time_zone_does_not_count_the_seconds_of_two_centuries(dav, cal, timed):
    data = calendar(zone("x", *["RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"] * 299), event(start="DTSTART;TZID=x:20260101T000000"))
    reply, seconds = timed(lambda: dav.put(cal + "a.ics", data))
    assert reply.status == 403 and seconds < 1, (reply, seconds)


def test_an_object_has_a_number_of_rules(dav, cal):
    data = calendar(zone("x", *["RRULE:FREQ=YEARLY;BYMONTH=2"] * 301), event(start="DTSTART;TZID=x:20260101T000000"))
    reply = dav.put(cal + "a.ics", data)
    assert reply.status == 403 and reply.condition == [C + "valid-calendar-data"] and "rules" in reply.text


def test_a_name_of_slashes_is_not_looked_up_at_each_slash(dav, cal, timed):
    name = "/" * 400000
    data = calendar(zone(name, "RRULE:FREQ=YEARLY"), event("RRULE:FREQ=DAILY",
        fold(f"EXDATE;TZID={name}:" + ",".join(["20260101T000000"] * 500))))
    _, seconds = timed(lambda: dav.put(cal + "a.ics", data))
    assert seconds < 10


def test_a_query_has_its_time(dav, cal, timed):
    """RFC 4791 §7.8: number-of-matches-within-limits."""
    counted = f"RRULE:FREQ=SECONDLY;BYMINUTE={','.join(map(str, range(60)))};COUNT=150000"
    data = calendar(event(counted, "DURATION:PT1S", *[ALARM] * 2000))
    assert dav.put(cal + "a.ics", data).status == 201
    alarms = f'<C:comp-filter name="VALARM"><C:time-range {MONTH}/></C:comp-filter>'
    reply, seconds = timed(lambda: dav.query(cal, f'<C:comp-filter name="VEVENT">{alarms * 10}</C:comp-filter>'))
    assert reply.status == 507 and seconds < 30, (reply, seconds)
    assert dav.query(cal, '<C:comp-filter name="VEVENT"/>').status == 207


def test_a_rule_that_takes_too_long_is_found_and_named(world, owner, dav, cal):
    """Whether it has an instance there cannot be told: a query has the object, a list says whose rule it is."""
    data = calendar(event("RRULE:FREQ=SECONDLY;BYMINUTE=0;COUNT=450000", "DURATION:PT1S", uid="too-far", start="DTSTART:20260101T000000Z"))
    assert dav.put(cal + "a.ics", data).status == 201
    day = 'start="20261030T000000Z" end="20261031T000000Z"'  # the 435,000th or so
    found = dav.query(cal, f'<C:comp-filter name="VEVENT"><C:time-range {day}/></C:comp-filter>')
    assert [r.href for r in found.responses] == [cal + "a.ics"]
    reply = dav.report(cal, f"<C:free-busy-query {NAMESPACES}><C:time-range {day}/></C:free-busy-query>", depth=1)
    assert reply.status == 507 and "too-far" in reply.text, reply
    reply = world.get("/v1/events?from=2026-10-30T00:00:00Z&to=2026-10-31T00:00:00Z", key=owner.key)
    assert reply.status == 400 and reply.json["error"]["code"] == "too_costly" and "too-far" in reply.text, reply
    assert dav.request("DELETE", cal + "a.ics").status == 204


def test_more_busy_time_than_an_answer_holds_is_refused(world, owner, dav, cal):
    """RFC 4791 §7.10; a second in each minute, and another second of it in each object."""
    for second in range(0, 20, 2):
        data = calendar(event("RRULE:FREQ=MINUTELY", "DURATION:PT1S", uid=f"u{second}", start=f"DTSTART:202701010000{second:02}Z"
            .replace("202701010000", "20270101T0000")))
        assert dav.put(f"{cal}{second}.ics", data).status == 201
    reply = dav.report(cal, f"<C:free-busy-query {NAMESPACES}><C:time-range {MONTH}/></C:free-busy-query>", depth=1)
    assert reply.status == 507, reply
    reply = world.get("/v1/freebusy?from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:00Z", key=owner.key)
    assert reply.status == 400 and reply.json["error"]["code"] == "too_costly", reply


@pytest.mark.parametrize("range_", ["", "&from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z"])
def test_a_page_of_large_events_is_short_and_the_next_goes_on(world, owner, dav, cal, range_):
    large = [f"DESCRIPTION:{'x' * 60000}", *[f"X-LARGE:{'x' * 60000}"] * 15]
    for n in range(8):
        assert dav.put(f"{cal}{n}.ics", calendar(event(*large, uid=f"large{n}", start=f"DTSTART:20270101T0{n}0000Z"))).status == 201
    [mine] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(cal)]
    seen, after, pages = [], "", 0
    while pages < 9:
        reply = world.get(f"/v1/events?calendar_id={mine}&limit=100{range_}{after}", key=owner.key).json
        seen += [e["id"] for e in reply["data"]]
        pages += 1
        if not reply["has_more"]:
            break
        after = f"&starting_after={reply['next_cursor']}"
    assert len(seen) == len(set(seen)) == 8 and 2 <= pages <= 4, (pages, seen)


def test_an_expansion_stops_where_it_is_too_long(dav, cal, timed):
    data = calendar(event("RRULE:FREQ=SECONDLY;COUNT=9000", "DURATION:PT1S", *["X-A:xxxxxxxxxxxxxxxx"] * 12000))
    assert dav.put(cal + "a.ics", data).status == 201
    expand = '<C:calendar-data><C:expand start="20260101T000000Z" end="20260102T000000Z"/></C:calendar-data>'
    reply, seconds = timed(lambda: dav.multiget(cal, [cal + "a.ics"], expand))
    [member] = reply.responses
    assert 507 in member.by_status and seconds < 10, (member.by_status, seconds)
