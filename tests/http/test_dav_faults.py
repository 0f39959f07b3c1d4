# SPDX-License-Identifier: Apache-2.0
"""Each statement of each CalDAV method and report fails once, in turn: a clean 5xx, nothing half-written, the next works."""
import pytest

from davfaults import DEAD, ICAL, XML, consistent, depth, is_done, numbers, signed, to, xml
from davwrite import new_event, update

SECONDS = 23
SERVE = ["--rate-limit", "100000"]
LOOKS = f"<D:displayname>New</D:displayname><A:calendar-color>#123456</A:calendar-color>{DEAD}"
RANGE = "<C:time-range start='20260301T000000Z' end='20260401T000000Z'/>"


def put_change(p):
    path = p.object()
    tag = p.dav.request("HEAD", path).headers["ETag"]
    return "PUT", path, new_event(path, summary="Changed"), [ICAL, ("If-Match", tag)]


def put_the_same(p):
    path = p.object()
    return "PUT", path, p.dav.request("GET", path).body, [ICAL]


def move_over(p):
    """Its own copy: over another UID it would be refused (RFC 4791 §5.3.2.1)."""
    source = p.object()
    over = f"{p.other}over{next(numbers)}.ics"
    assert p.dav.request("COPY", source, Destination=over).status == 201
    return "MOVE", source, None, to(over)


WRITES = {
    "PUT of a new object": lambda p: ("PUT", f"{p.cal}new{next(numbers)}.ics", new_event(), [ICAL, ("If-None-Match", "*")]),
    "PUT of a change": put_change,
    "POST of a new object": lambda p: ("POST", p.cal, new_event(), [ICAL]),
    "PUT of the same": put_the_same,
    "DELETE of an object": lambda p: ("DELETE", p.object(), None, []),
    "DELETE of a calendar": lambda p: ("DELETE", p.filled(), None, []),
    "MOVE in a calendar": lambda p: ("MOVE", p.object(), None, to(f"{p.cal}moved{next(numbers)}.ics")),
    "MOVE over another object": move_over,
    "MOVE to another calendar": lambda p: ("MOVE", p.object(), None, to(f"{p.other}moved{next(numbers)}.ics")),
    "COPY to another calendar": lambda p: ("COPY", p.object(), None, to(f"{p.other}copied{next(numbers)}.ics")),
    "MOVE of a calendar": lambda p: ("MOVE", p.filled(), None, to(p.fresh())),
    "MOVE of a calendar over another": lambda p: ("MOVE", p.filled(), None, to(p.filled())),
    "COPY of a calendar": lambda p: ("COPY", p.filled(), None, to(p.fresh())),
    "MKCALENDAR": lambda p: ("MKCALENDAR", p.fresh(), xml("mkcalendar", f"<D:set><D:prop>{LOOKS}</D:prop></D:set>"), [XML]),
    "extended MKCOL": lambda p: ("MKCOL", p.fresh(), xml("mkcol", "<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/>"
        f"</D:resourcetype>{LOOKS}</D:prop></D:set>", "D"), [XML]),
    "PROPPATCH of a calendar": lambda p: ("PROPPATCH", p.calendar(), update(LOOKS), [XML]),
    "PROPPATCH that removes": lambda p: ("PROPPATCH", p.filled(), update("", "<x:y xmlns:x='urn:x'/>"), [XML]),
    "PROPPATCH of an object": lambda p: ("PROPPATCH", p.object(), update(DEAD), [XML]),
    "PROPPATCH of the home": lambda p: ("PROPPATCH", p.home, update(f"<x:y xmlns:x='urn:x'>{next(numbers)}</x:y>"), [XML]),
    "PROPPATCH of the principal": lambda p: ("PROPPATCH", p.principal, update(f"<x:y xmlns:x='urn:x'>{next(numbers)}</x:y>"), [XML]),
}
ALL = "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>"
TAG = "<D:prop><D:getetag/></D:prop>"
DATA = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
EVENTS = f"<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>{RANGE}</C:comp-filter></C:comp-filter></C:filter>"
READS = {
    "PROPFIND of the root": lambda p: ("PROPFIND", "/dav/", ALL, depth(0)),
    "PROPFIND of the principal": lambda p: ("PROPFIND", p.principal, ALL, depth(1)),
    "PROPFIND of the home": lambda p: ("PROPFIND", p.home, ALL, depth(1)),
    "PROPFIND of a calendar": lambda p: ("PROPFIND", p.cal, ALL, depth(1)),
    "PROPFIND of an object": lambda p: ("PROPFIND", p.obj, ALL, depth(0)),
    "GET": lambda p: ("GET", p.obj, None, []),
    "HEAD": lambda p: ("HEAD", p.obj, None, []),
    "GET of a calendar": lambda p: ("GET", p.cal, None, []),
    "ACL without entries": lambda p: ("ACL", p.cal, "<D:acl xmlns:D='DAV:'/>", [XML]),
    "calendar-multiget": lambda p: ("REPORT", p.cal, xml("calendar-multiget", f"{DATA}<D:href>{p.obj}</D:href><D:href>{p.cal}no.ics</D:href>"), depth(1)),
    "calendar-query": lambda p: ("REPORT", p.cal, xml("calendar-query", DATA + EVENTS), depth(1)),
    "calendar-query over the home": lambda p: ("REPORT", p.home, xml("calendar-query", TAG + EVENTS), depth("infinity")),
    "free-busy-query": lambda p: ("REPORT", p.cal, xml("free-busy-query", RANGE), depth(1)),
    "sync-collection": lambda p: ("REPORT", p.cal, xml("sync-collection", f"<D:sync-token/><D:sync-level>1</D:sync-level>{TAG}", "D"), [XML]),
    "sync-collection from a token": lambda p: ("REPORT", p.cal, xml("sync-collection",
        f"<D:sync-token>{p.token}</D:sync-token><D:sync-level>1</D:sync-level>{TAG}", "D"), [XML]),
    "expand-property": lambda p: ("REPORT", p.principal, xml("expand-property",
        "<D:property name='calendar-home-set' namespace='urn:ietf:params:xml:ns:caldav'><D:property name='displayname'/></D:property>", "D"), depth(0)),
    "principal-property-search": lambda p: ("REPORT", "/dav/principals/", xml("principal-property-search",
        "<D:property-search><D:prop><D:displayname/></D:prop><D:match>a</D:match></D:property-search><D:prop><D:displayname/></D:prop>", "D"), depth(0)),
    "principal-match": lambda p: ("REPORT", p.home, xml("principal-match", "<D:self/>", "D"), depth(0)),
    "acl-principal-prop-set": lambda p: ("REPORT", p.cal, xml("acl-principal-prop-set", "<D:prop><D:displayname/></D:prop>", "D"), depth(0)),
}


# Before the writes: a query over the home has a statement for each calendar.
@pytest.mark.parametrize("name", READS)
def test_a_reading_survives_any_failure(owner, faults, place, name):
    assert faults.each(lambda: signed(owner, READS[name](place))).status in (200, 207)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_whole_or_not_at_all(world, owner, faults, place, name):
    reply = faults.each(lambda: signed(owner, WRITES[name](place)), is_done)
    assert reply.status in (200, 201, 204, 207) and consistent(world)


def test_an_answer_of_many_pages_is_cut_and_not_called_whole(world, dav, owner, faults, place):
    """After the first page nothing can be taken back: the last chunk does not come."""
    cal = place.calendar()
    for i in range(3):
        place.object(cal)
    name = cal.split("/")[-2]
    columns = [row[0] for row in world.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'calendar_object'::regclass AND attnum > 0 AND NOT attisdropped")]
    world.sql(f"INSERT INTO calendar_object ({', '.join(columns)}) SELECT {', '.join(f'(o).{c}' for c in columns)} FROM (SELECT jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), "
              "'name', 'copy' || i || '.ics', 'uid', 'copy' || i)) o FROM (SELECT o FROM calendar_object o JOIN calendar c ON "
              f"c.account_id = o.account_id AND c.id = o.calendar_id WHERE c.name = '{name}' LIMIT 1) one, generate_series(1, 3000) i) made")
    for request in (("PROPFIND", cal, ALL, depth(1)), ("GET", cal, None, []),
            ("REPORT", cal, xml("calendar-query", DATA + EVENTS), depth(1))):
        seen = [faults.send(*signed(owner, request), f"{n} before") for n in range(1, 8)]
        assert seen[0].status == 503 and None in seen, seen
        whole = faults.send(*signed(owner, request))
        assert whole.status in (200, 207) and whole.text.count("copy") >= 3000 or request[0] == "GET"
    world.sql("DELETE FROM calendar_object WHERE name LIKE 'copy%'")  # the calendar's sums know nothing of them
