# SPDX-License-Identifier: Apache-2.0
"""What the tests of CalDAV writes share: bodies, short ways to write and look, callers at once."""
import concurrent.futures
import threading
import uuid

from dav import D, NAMESPACES, Dav, event

NO_TAG = '"00000000000000000000000000000000"'
ZONE = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin",
                    "BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
                    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE", "END:VCALENDAR", ""])


def new_event(uid=None, start="20260301T100000Z", *lines, **more):
    return event(uid or str(uuid.uuid4()), start, None, *lines, **more)


def put_new(dav, path, data=None):
    answer = dav.put(path, data or new_event(), If_None_Match="*")
    assert answer.status == 201, answer
    return answer.headers["ETag"]


def names(dav, cal):
    """What a sync from the beginning lists."""
    return {m.href.rsplit("/", 1)[1] for m in dav.sync(cal).responses}


def update(sets="", removes=""):
    parts = f"<D:set><D:prop>{sets}</D:prop></D:set>" if sets else ""
    parts += f"<D:remove><D:prop>{removes}</D:prop></D:remove>" if removes else ""
    return f"<D:propertyupdate {NAMESPACES}>{parts}</D:propertyupdate>"


def proppatch(dav, path, sets="", removes="", **headers):
    return dav.request("PROPPATCH", path, update(sets, removes), Content_Type="application/xml", **headers)


def props(dav, path, asked):
    return dav.propfind(path, asked).responses[0]


def fates(answer):
    """{property: (status, condition)} of a multistatus with one response, or of a mkcol-response."""
    root = answer.xml
    found = {}
    for propstat in root.iter(D + "propstat"):
        status = int(propstat.find(D + "status").text.split()[1])
        condition = [c.tag for c in propstat.findall(D + "error/*")]
        for p in propstat.find(D + "prop"):
            found[p.tag] = (status, condition[0] if condition else None)
    return found


def mkcalendar(dav, path, sets="", **headers):
    body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop>{sets}</D:prop></D:set></C:mkcalendar>"
    return dav.request("MKCALENDAR", path, body, Content_Type="application/xml", **headers)


def mkcol(dav, path, types="<D:collection/><C:calendar/>", sets=""):
    body = (f"<D:mkcol {NAMESPACES}><D:set><D:prop><D:resourcetype>{types}</D:resourcetype>{sets}"
            "</D:prop></D:set></D:mkcol>")
    return dav.request("MKCOL", path, body, Content_Type="application/xml")


def another(dav):
    """The same client over a connection of its own. Where many wait for one lock, a busy machine tells some to come again: nothing was done."""
    twin = Dav("http://" + dav.netloc)
    twin.headers, twin.patient = dict(dav.headers), True
    return twin


def at_once(dav, count, run):
    """run(a client of its own, number) for each number, all at the same time; what they gave, sorted."""
    barrier = threading.Barrier(count)

    def one(i):
        mine = another(dav)
        barrier.wait()
        return run(mine, i)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))
