# SPDX-License-Identifier: Apache-2.0
"""What tests of failing CalDAV requests share: a place where each request finds something new, and how requests are made."""
import base64
import itertools

from dav import NAMESPACES
from davwrite import new_event, put_new, update

XML = ("Content-Type", "application/xml")
ICAL = ("Content-Type", "text/calendar")
DEAD = "<x:y xmlns:x='urn:x'>1</x:y>"
numbers = itertools.count(1)


class Place:
    """Makes what a request is about, anew each time."""

    def __init__(self, dav, account, home):
        self.dav, self.account, self.home = dav, account, home
        self.principal = f"/dav/principals/{account}/"
        self.cal, self.other = self.calendar(), self.calendar()
        self.obj = self.object()
        self.token = dav.sync(self.cal).sync_token
        self.late = self.object()

    def fresh(self):
        return f"{self.home}faults-{next(numbers)}/"

    def calendar(self):
        path = self.fresh()
        assert self.dav.request("MKCALENDAR", path).status == 201
        return path

    def filled(self):
        path = self.calendar()
        self.object(path)
        assert self.dav.request("PROPPATCH", path, update(DEAD), Content_Type="application/xml").status == 207
        return path

    def object(self, cal=None):
        path = f"{cal or self.cal}{next(numbers)}.ics"
        put_new(self.dav, path, new_event(path, "20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=3"))
        return path


def xml(root, inner, prefix="C"):
    return f"<{prefix}:{root} {NAMESPACES}>{inner}</{prefix}:{root}>"


def to(path):
    return [("Destination", path)]


def depth(n):
    return [XML, ("Depth", str(n))]


def signed(owner, request):
    method, target, body, headers = request
    pair = base64.b64encode(f"{owner.email}:{owner.key}".encode()).decode()
    return method, target, body, [*headers, ("Authorization", "Basic " + pair)]


def is_done(reply):
    """In a multistatus of PROPPATCH every property must have been taken."""
    return reply.status < 300 and not any(s in reply.text for s in (" 403 ", " 424 ", " 500 ", " 503 "))


def consistent(world):
    """A calendar has its counter, the counter its sums, and no object is of a later change than the counter."""
    assert world.sql("SELECT count(*) FROM calendar c FULL JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id "
                     "WHERE c.id IS NULL OR s.calendar_id IS NULL") == [["0"]]
    assert world.sql(
        "SELECT s.calendar_id FROM calendar_state s LEFT JOIN calendar_object o ON o.account_id = s.account_id AND o.calendar_id = s.calendar_id "
        "GROUP BY s.account_id, s.calendar_id HAVING s.objects <> count(o.uid) OR s.bytes <> coalesce(sum(octet_length(o.data)), 0) "
        "OR s.modseq < coalesce(max(o.modseq), 0) OR s.tombstones <> count(*) FILTER (WHERE o.deleted)") == []
    return True
