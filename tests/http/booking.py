# SPDX-License-Identifier: Apache-2.0
"""What the tests of booking share, and a second, slow way to say when a page has room: minute by minute, with Python's zones."""
import datetime as dt
import itertools
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from rest import Api

UTC = dt.timezone.utc
TODAY = dt.datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS = {day: [{"start": "00:00", "end": "24:00"}] for day in DAYS}
GUEST = {"name": "Ada Lovelace", "email": "ada@example.org"}
numbers = itertools.count()


def text(at):
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(value):
    return dt.datetime.fromisoformat(value.replace("Z", "+00:00"))


def soon(days=7, hour=0):
    """The beginning of a day of UTC, some days ahead: of the day on which the tests began, so that midnight moves nothing."""
    return TODAY + dt.timedelta(days=days, hours=hour)


class Booking(Api):
    """With a secret key."""

    def page(self, **fields):
        made = self("POST", "/v1/booking_pages", {"slug": f"page-{next(numbers)}", "title": "Intro call", "timezone": "UTC",
            "working_hours": ALWAYS, "minimum_notice_minutes": 0, "horizon_days": 730, **fields})
        assert made.status == 201, made
        return made.json

    def availability(self, page, start, end, key=None, **more):
        target = f"/v1/public/booking_pages/{page['slug']}/availability?" + urlencode({"from": text(start), "to": text(end), **more})
        return self.world.get(target, key=key or self.key)

    def slots(self, page, start, end, **more):
        reply = self.availability(page, start, end, **more)
        assert reply.status == 200, reply
        return [(instant(s["start"]), instant(s["end"])) for s in reply.json["slots"]]

    def book(self, page, start, **more):
        return self("POST", "/v1/bookings", {"page": page["slug"], "start": text(start), **GUEST, **more})

    def booked(self, page, start, **more):
        reply = self.book(page, start, **more)
        assert reply.status == 201, reply
        self.world.secret(reply.json["manage_url"].rsplit("/", 1)[1])
        return reply.json

    def busy(self, start, end, **more):
        return self.event(start_time=text(start), end_time=text(end), timezone="UTC", **more)


def minutes(value):
    return int(value[:2]) * 60 + int(value[3:])


def expected(page, start, end, busy, now, duration=None):
    """The slots of a page, told by looking at each minute of the range by itself."""
    zone = ZoneInfo(page["timezone"])
    exceptions = {e["date"]: e["hours"] for e in page["exceptions"]}
    duration = duration or page["durations"][0]["minutes"]
    step, minute = page["slot_step_minutes"], dt.timedelta(minutes=1)

    def hours(at):
        """The span of working hours in which a minute is, by its clock, or None."""
        local = at.astimezone(zone)
        spans = exceptions.get(local.date().isoformat(), page["working_hours"][DAYS[local.weekday()]])
        of_day = local.hour * 60 + local.minute
        return next((s for s in spans if minutes(s["start"]) <= of_day < minutes(s["end"])), None)

    count = int((end - start) / minute)
    open_ = [hours(start + n * minute) for n in range(count)]
    before, after = (dt.timedelta(minutes=page[f"buffer_{side}_minutes"]) for side in ("before", "after"))
    found = []
    for n in range(count):
        at, over = start + n * minute, start + (n + duration) * minute
        if open_[n] is None or over > end or None in open_[n:n + duration]:
            continue
        local = at.astimezone(zone)
        if (local.hour * 60 + local.minute - minutes(open_[n]["start"])) % step:
            continue
        if any(b < over + after and at - before < e for b, e in busy):
            continue
        if at > now + dt.timedelta(minutes=page["minimum_notice_minutes"]) and at <= now + dt.timedelta(days=page["horizon_days"]):
            found.append((at, over))
    return found
