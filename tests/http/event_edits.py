# SPDX-License-Identifier: Apache-2.0
"""One calendar seen from both sides: objects are stored through CalDAV, and read and changed through REST."""
import json
import re
import uuid

from dav import C, NAMESPACES

JSON = {"Content-Type": "application/json"}
STAMPS = re.compile(r"^(DTSTAMP|LAST-MODIFIED|SEQUENCE)[:;].*\r?\n", re.MULTILINE | re.IGNORECASE)


def component(*lines, name="VEVENT"):
    return "\r\n".join([f"BEGIN:{name}", *lines, f"END:{name}"])


def event(*lines):
    return component("UID:u", "DTSTAMP:20260101T000000Z", *lines)


def document(*components):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//EN", *components, "END:VCALENDAR", ""])


# A zone of one's own: an hour east of Berlin, with Berlin's changes.
OWN_ZONE = component("TZID:My Zone", component("DTSTART:19810329T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0300",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", name="DAYLIGHT"), component("DTSTART:19961027T040000", "TZOFFSETFROM:+0300",
    "TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", name="STANDARD"), name="VTIMEZONE")


def unfolded(text):
    return text.replace("\r\n ", "").replace("\r\n\t", "")


def without_stamps(text):
    """An object without what tells of a change."""
    return STAMPS.sub("", text)


class Edits:
    """`path` is the calendar's on CalDAV. Names of objects are made."""

    def __init__(self, world, owner, dav, path):
        self.world, self.owner, self.dav, self.path = world, owner, dav, path
        [self.calendar] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(path)]

    def __call__(self, method, target, body=None, headers=None):
        octets = None if body is None else json.dumps(body)
        return self.world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, self.owner.key)

    def put(self, text, status=201):
        """The object's path on CalDAV and, where it was stored, the event as REST has it."""
        text = text.replace("UID:u\r\n", f"UID:{uuid.uuid4()}\r\n")
        href = f"{self.path}{uuid.uuid4()}.ics"
        reply = self.dav.put(href, text)
        assert reply.status == status, reply
        return Stored(self, href) if status == 201 else reply

    def post(self, status=201, **fields):
        reply = self("POST", "/v1/events", {"title": "t", "calendar_id": self.calendar, **fields})
        assert reply.status == status, reply
        return reply.json

    def range(self, begin, end, *more):
        reply = self("GET", "&".join((f"/v1/events?calendar_id={self.calendar}&from={begin}&to={end}&limit=100", *more)))
        assert reply.status == 200, reply
        return reply.json["data"]

    def busy(self, begin, end):
        """On REST and, asserted to be the same, on CalDAV."""
        reply = self("GET", f"/v1/freebusy?calendar_ids={self.calendar}&from={begin}&to={end}")
        assert reply.status == 200, reply
        rest = [(plain(b["start"]), plain(b["end"])) for b in reply.json["busy"]]
        return rest

    def expanded(self, begin, end):
        """What CalDAV's expand makes: (start, end or duration, summary, status) of each instance, in order of start."""
        body = (f"<C:calendar-query {NAMESPACES}><D:prop><C:calendar-data><C:expand start='{begin}' end='{end}'/></C:calendar-data></D:prop>"
            f"<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range start='{begin}' end='{end}'/>"
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
        found = []
        for member in self.dav.report(self.path, body, depth=1).responses:
            text = unfolded(member.text(C + "calendar-data").replace("\n", "\r\n").replace("\r\r", "\r"))
            for block in re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", text, re.DOTALL):
                block = re.sub(r"BEGIN:VALARM.*?END:VALARM\r\n", "", block, flags=re.DOTALL)
                fields = {re.split("[;:]", line)[0]: line.rpartition(":")[2] for line in block.split("\r\n") if line}
                found.append((fields["DTSTART"], fields.get("SUMMARY"), fields.get("STATUS", "CONFIRMED")))
        return sorted(found, key=str)


class Stored:
    """One object."""

    def __init__(self, edits, href):
        self.edits, self.href = edits, href
        reply = edits("GET", f"/v1/events?calendar_id={edits.calendar}&limit=1")
        [made] = reply.json["data"]
        self.id = made["id"]

    @property
    def text(self):
        reply = self.edits.dav.request("GET", self.href)
        assert reply.status == 200, reply
        return reply.body.decode()

    @property
    def lines(self):
        return unfolded(self.text).split("\r\n")

    def get(self, instance=None, status=200):
        reply = self.edits("GET", self.target(instance))
        assert reply.status == status, reply
        return reply.json

    def target(self, instance=None):
        return f"/v1/events/{self.id}" + (f"_{instance}" if instance else "")

    def patch(self, fields, instance=None, status=200):
        reply = self.edits("PATCH", self.target(instance), fields)
        assert reply.status == status, reply
        return reply.json

    def delete(self, instance=None, mode="delete", status=204):
        reply = self.edits("DELETE", self.target(instance) + f"?mode={mode}")
        assert reply.status == status, reply


def plain(time):
    """2026-11-24T09:00:00Z as 20261124T090000Z"""
    return time.replace("-", "").replace(":", "")


def starts(items):
    return [plain(i["start_time"]) for i in items]


def shown(items):
    """What expanded() gives, of REST's items."""
    status = {"confirmed": "CONFIRMED", "tentative": "TENTATIVE", "cancelled": "CANCELLED"}
    return sorted(((plain(i["start_time"]), i["title"], status[i["status"]]) for i in items), key=str)
