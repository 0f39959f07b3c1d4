# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events over a range, page by page: dense and endless series, and what a cursor may be; busy time of the same."""
import base64
import hashlib
from datetime import datetime, timedelta, timezone

import pytest
from dav import C, NAMESPACES

SERVE = ["--rate-limit", "100000"]
NOON = datetime(2027, 3, 5, 12, tzinfo=timezone.utc)


def calendar(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def ical(t):
    return t.strftime("%Y%m%dT%H%M%SZ")


def rest(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def api(world, owner, cal):
    """A new calendar through REST: put(name, event…), and page(from, to, …)."""
    return Api(world, owner, cal)


class Api:
    def __init__(self, world, owner, path):
        self.world, self.owner, self.path = world, owner, path
        [self.id] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(path)]

    def put(self, name, *events):
        events = [(f"UID:{name}", f"SUMMARY:{name}", *e) for e in events]
        reply = self.world.dav("PUT", f"{self.path}{name}.ics", calendar(*events), {"Content-Type": "text/calendar"}, self.owner)
        assert reply.status == 201, reply

    def get(self, begin, end, *more):
        return self.world.get("&".join((f"/v1/events?calendar_id={self.id}&from={rest(begin)}&to={rest(end)}", *more)),
            key=self.owner.key)

    def page(self, begin, end, *more):
        reply = self.get(begin, end, *more)
        assert reply.status == 200, reply
        return reply.json

    def all(self, begin, end, limit):
        items, after = [], ()
        while True:
            page = self.page(begin, end, f"limit={limit}", *after)
            assert len(page["data"]) <= limit and page["has_more"] == (page["next_cursor"] is not None)
            items += page["data"]
            if not page["has_more"]:
                self.back(begin, end, limit, page, items)
                return items
            after = (f"starting_after={page['next_cursor']}",)

    def back(self, begin, end, limit, page, items):
        """From the last page to the first they are the same."""
        before = len(items) - len(page["data"])
        while page["previous_cursor"]:
            page = self.page(begin, end, f"limit={limit}", f"ending_before={page['previous_cursor']}")
            assert page["data"] == items[max(before - limit, 0):before]
            before -= len(page["data"])
        assert before == 0


def shown(items):
    return [(i["title"], i["start_time"], i["original_start_time"]) for i in items]


def test_pages_of_dense_series_are_the_whole_list(api):
    """A second each for three minutes, with instances out, moved over page borders and onto each other; and others between."""
    begin, end = NOON, NOON + timedelta(minutes=3)
    out = [NOON + timedelta(seconds=s) for s in (0, 9, 10, 19, 99, 100)]
    moved = {NOON + timedelta(seconds=s): NOON + timedelta(seconds=to) for s, to in ((20, 5), (29, 30), (60, -9), (70, 9999), (101, 179))}
    series = datetime(2027, 1, 1, tzinfo=timezone.utc)
    api.put("seconds", (f"DTSTART:{ical(series)}", "DURATION:PT1S", "RRULE:FREQ=SECONDLY", "EXDATE:" + ",".join(map(ical, out))),
        *((f"RECURRENCE-ID:{ical(was)}", f"DTSTART:{ical(now)}", "DURATION:PT1S") for was, now in moved.items()))
    api.put("sevens", (f"DTSTART:{ical(series)}", "RRULE:FREQ=SECONDLY;INTERVAL=7"))
    api.put("single", (f"DTSTART:{ical(NOON + timedelta(seconds=50))}", "DURATION:PT1H"))
    api.put("earlier", (f"DTSTART:{ical(NOON - timedelta(hours=1))}", "DURATION:PT2H"))
    expected = []
    for s in range(-1, 180):
        t = NOON + timedelta(seconds=s)
        if s >= 0 and t not in out and t not in moved:
            expected.append(("seconds", rest(t), rest(t)))
        if s >= 0 and int((t - series).total_seconds()) % 7 == 0:
            expected.append(("sevens", rest(t), rest(t)))
    expected += [("seconds", rest(now), rest(was)) for was, now in moved.items() if begin <= now < end]
    expected += [("single", rest(NOON + timedelta(seconds=50)), None), ("earlier", rest(NOON - timedelta(hours=1)), None)]
    everything = shown(api.all(begin, end, 100))
    assert sorted(everything, key=str) == sorted(expected, key=str)
    assert [start for _, start, _ in everything] == sorted(start for _, start, _ in everything)
    for limit in (1, 10, 37):
        assert shown(api.all(begin, end, limit)) == everything


def test_an_endless_series_of_seconds_is_paged_over_ten_years(world, api):
    begin, end = datetime(2027, 1, 1, tzinfo=timezone.utc), datetime(2037, 1, 1, tzinfo=timezone.utc)
    api.put("seconds", (f"DTSTART:{ical(begin)}", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))
    api.put("minutes", (f"DTSTART:{ical(begin)}", "DURATION:P40D", "RRULE:FREQ=MINUTELY"))
    api.put("daily", ("DTSTART;TZID=Europe/Berlin:20270101T090000", "RRULE:FREQ=DAILY"))
    after, seconds, before = (), -1, world.cpu_s()
    for _ in range(20):
        page = api.page(begin, end, "limit=100", *after)
        assert page["has_more"] and len(page["data"]) == 100
        starts = [(i["title"], i["start_time"]) for i in page["data"]]
        for title, start in starts:
            if title == "seconds":
                seconds += 1
                assert start == rest(begin + timedelta(seconds=seconds))
        after = (f"starting_after={page['next_cursor']}",)
    assert seconds > 1900 and world.cpu_s() - before < 5
    before = world.cpu_s()
    for _ in range(20):
        page = api.page(begin, end, "limit=100", f"ending_before={page['previous_cursor']}")
        assert len(page["data"]) == 100 or not page["previous_cursor"]
        for item in reversed([i for i in page["data"] if i["title"] == "seconds"]):
            seconds_before = rest(begin + timedelta(seconds=seconds))
            if item["start_time"] != seconds_before:  # the page that we came from
                seconds = int((datetime.fromisoformat(item["start_time"].replace("Z", "+00:00")) - begin).total_seconds())
            seconds -= 1
        if not page["previous_cursor"]:
            break
    assert seconds == -1 and page["previous_cursor"] is None and world.cpu_s() - before < 5
    far = datetime(2036, 5, 5, 6, 59, 50, tzinfo=timezone.utc)
    page = api.page(far, end, "limit=100")
    assert page["data"][0]["start_time"] == "2036-03-26T07:00:00Z", "what began 40 days before and still runs"
    assert len(api.page(begin, end, "expand=none", "limit=100")["data"]) == 3


@pytest.mark.parametrize("plain", [b"", b" ", b"0", b"0 evt_", b"x EVT", b"0 EVT_", b"0 EVT_junk", b"0 EVT_20270101T000000z",
    b"0 EVT_20271301T000000Z", b"0 EVT\0", b"-0 EVT", b"+1 EVT", b"01 EVT", b" 1 EVT", b"99999999999999999999 EVT",
    b"9223372036854775807 EVT", b"-9223372036854775808 EVT", b"1  EVT", b"1 EVT ", b"\xff\xfe"])
def test_a_cursor_that_is_not_ours_is_refused(api, owner, plain):
    """Its digest is no secret (test_pages_of_lists.py): here it is right, and the place is none."""
    api.put("one", (f"DTSTART:{ical(NOON)}", "RRULE:FREQ=SECONDLY"))
    event = api.page(NOON, NOON + timedelta(days=1), "expand=none")["data"][0]["id"].encode()
    reply = api.get(NOON, NOON + timedelta(days=1), f"starting_after={cursor_at(owner, plain.replace(b'EVT', event))}")
    assert reply.status == 400 and reply.json["error"]["param"] == "starting_after", reply


def cursor_at(owner, place):
    told = hashlib.sha256(f"listEvents instances {owner.id} =".encode() + place).digest()[:9]
    return "cur_" + base64.urlsafe_b64encode(told + b"=" + place).decode().rstrip("=")


def test_a_made_up_cursor_is_refused_or_another_place(api, owner):
    """A cursor is a position in the caller's own events: each bit of it that is turned gives a clean answer."""
    api.put("one", (f"DTSTART:{ical(NOON)}", "RRULE:FREQ=SECONDLY"))
    cursor = api.page(NOON, NOON + timedelta(days=1), "limit=2")["next_cursor"]
    plain = base64.urlsafe_b64decode(cursor[4:] + "=" * (-len(cursor) % 4))[10:]
    assert cursor_at(owner, plain) == cursor
    statuses = set()
    for i in range(len(plain)):
        turned = bytes([*plain[:i], plain[i] ^ 1, *plain[i + 1:]])
        for param in ("starting_after", "ending_before"):
            reply = api.get(NOON, NOON + timedelta(days=1), "limit=2", f"{param}={cursor_at(owner, turned)}")
            statuses.add(reply.status)
            assert reply.status in (200, 400), reply
            assert all(i["title"] == "one" for i in reply.json.get("data", []))
    assert statuses == {200, 400}


def test_one_instance_of_a_dense_series_is_read_changed_and_removed(world, owner, api):
    api.put("seconds", (f"DTSTART:{ical(NOON)}", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))
    item = api.page(NOON + timedelta(days=400), NOON + timedelta(days=401), "limit=1")["data"][0]
    path = f"/v1/events/{item['id']}"
    assert world.get(path, key=owner.key).json == item
    changed = world.request("PATCH", path, '{"title": "other"}', {"Content-Type": "application/json"}, owner.key)
    assert changed.status == 200 and changed.json["title"] == "other", changed
    assert api.page(NOON + timedelta(days=400), NOON + timedelta(days=401), "limit=1")["data"][0]["title"] == "other"
    assert world.request("DELETE", path + "?mode=delete", None, None, owner.key).status == 204
    assert api.page(NOON + timedelta(days=400), NOON + timedelta(days=401), "limit=1")["data"][0]["id"] != item["id"]
    assert world.get(path, key=owner.key).status == 404


# ---- free and busy ----


def test_busy_time_of_a_dense_series_is_one_span(world, owner, dav, api, cal):
    """RFC 4791 §7.10: all of it, and the second that was taken out."""
    begin, end = datetime(2027, 6, 1, tzinfo=timezone.utc), datetime(2027, 8, 1, tzinfo=timezone.utc)
    hole = datetime(2027, 7, 4, 5, 6, 7, tzinfo=timezone.utc)
    api.put("seconds", (f"DTSTART:{ical(NOON)}", "DURATION:PT1S", "RRULE:FREQ=SECONDLY", f"EXDATE:{ical(hole)}"))
    api.put("hours", (f"DTSTART:{ical(NOON)}", "DURATION:PT2H", "RRULE:FREQ=HOURLY", "STATUS:TENTATIVE"))
    after = hole + timedelta(seconds=1)
    reply = world.get(f"/v1/freebusy?calendar_ids={api.id}&from={rest(begin)}&to={rest(end)}", key=owner.key)
    assert [(b["start"], b["end"], b["status"]) for b in reply.json["busy"]] == [(rest(begin), rest(hole), "busy"),
        (rest(after), rest(end), "busy"), (rest(begin), rest(end), "tentative")]
    far = datetime(2047, 1, 1, tzinfo=timezone.utc)
    body = f'<C:free-busy-query {NAMESPACES}><C:time-range start="{ical(begin)}" end="{ical(far)}"/></C:free-busy-query>'
    before = world.cpu_s()
    text = dav.report(cal, body, depth=1).text.replace("\r\n ", "")
    assert world.cpu_s() - before < 3
    hours, rest_s = divmod(int((hole - begin).total_seconds()), 3600)
    assert f"FREEBUSY;FBTYPE=BUSY:{ical(begin)}/PT{hours}H{rest_s // 60}M{rest_s % 60}S,{ical(after)}/" in text, text
    assert text.count("/PT") == 3
