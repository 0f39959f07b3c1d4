# SPDX-License-Identifier: Apache-2.0
"""What a writing request is conditional on is held until it has written, with every method. Another writer is in the middle
of its transaction when the request comes: the request waits, and then judges what that one left."""
import threading
import uuid

import pytest

from dav import D
from davwrite import another, mkcalendar, mkcol, new_event, proppatch, props, put_new

SERVE = ["--rate-limit", "100000"]
DEAD = "<x:y xmlns:x='urn:x'>1</x:y>"
OLD = "Thu, 01 Jan 2015 00:00:00 GMT"


def token_of(dav, path):
    return props(dav, path, "<D:sync-token/>").text(D + "sync-token")


def id_of(dav, path):
    return props(dav, path, "<D:resource-id/>").hrefs(D + "resource-id")[0].removeprefix("urn:uuid:")


def fresh(home):
    return f"{home}{uuid.uuid4()}/"


# Everything that writes, about an object or a calendar of `cal`.
WRITES = {
    "PUT": lambda d, home, cal, h: d.put(cal + "new.ics", new_event(), **h),
    "PUT over another": lambda d, home, cal, h: d.put(cal + "a.ics", new_event("one", summary="x"), **h),
    "DELETE": lambda d, home, cal, h: d.request("DELETE", cal + "a.ics", **h),
    "PROPPATCH of an object": lambda d, home, cal, h: proppatch(d, cal + "a.ics", DEAD, **h),
    "PROPPATCH of a calendar": lambda d, home, cal, h: proppatch(d, cal, "<D:displayname>x</D:displayname>", **h),
    "MOVE": lambda d, home, cal, h: d.request("MOVE", cal + "a.ics", Destination=cal + "b.ics", **h),
    "MOVE of a calendar": lambda d, home, cal, h: d.request("MOVE", cal, Destination=fresh(home), **h),
    "COPY of a calendar": lambda d, home, cal, h: d.request("COPY", cal, Destination=fresh(home), **h),
    "DELETE of a calendar": lambda d, home, cal, h: d.request("DELETE", cal, **h),
    "MKCALENDAR": lambda d, home, cal, h: mkcalendar(d, fresh(home), "", **h),
    "PROPPATCH of the home": lambda d, home, cal, h: proppatch(d, home, DEAD, **h),
}


@pytest.mark.parametrize("name", WRITES)
def test_the_calendar_of_an_if_header_is_held(world, dav, home, cal, name):
    """Faults §7: a writing method that takes no lock for its If header wrote on what was true before."""
    put_new(dav, cal + "a.ics", new_event("one"))
    header = f"<{cal}> (<{token_of(dav, cal)}>)"
    change = f"UPDATE calendar_state SET modseq = modseq + 1 WHERE calendar_id = '{id_of(dav, cal)}'"
    answer = world.meanwhile(change, lambda: WRITES[name](another(dav), home, cal, {"If": header}))
    assert answer.status == 412, answer
    assert WRITES[name](dav, home, cal, {"If": f"<{cal}> (<{token_of(dav, cal)}>)"}).status in (201, 204, 207)


def test_calendars_are_locked_in_one_order_whichever_is_the_destination(world, dav, home, cal, other):
    """Two that move from each to the other would wait for each other: whoever waits for the first of two holds not the second."""
    first, second = sorted([cal, other], key=lambda path: id_of(dav, path))
    put_new(dav, second + "a.ics", new_event("one"))
    header = f"<{second}> (<{token_of(dav, second)}>)"
    lock, free = (f"SELECT FROM calendar_state WHERE calendar_id = '{id_of(dav, path)}' FOR UPDATE" for path in (first, second))
    answers = []

    def move():
        answers.append(another(dav).request("MOVE", second + "a.ics", Destination=first + "a.ics", If=header))

    with world.holding(lock) as commit:
        thread = threading.Thread(target=move)
        thread.start()
        assert world.wait_for(world.waiting)
        world.sql(f"SET LOCAL lock_timeout = '5s'; {free}")
        commit()
        thread.join()
    assert answers[0].status == 201, answers


@pytest.mark.parametrize("name", ["PUT over another", "DELETE", "PROPPATCH of an object", "MOVE"])
def test_the_date_of_an_object_is_held(world, dav, home, cal, name):
    """The same for If-Unmodified-Since, and for the tags of what the store does not judge itself."""
    put_new(dav, cal + "a.ics", new_event("one"))
    tag = dav.request("HEAD", cal + "a.ics").headers["ETag"]
    modified = dav.request("HEAD", cal + "a.ics").headers["Last-Modified"]
    lock = f"SELECT FROM calendar_state WHERE calendar_id = '{id_of(dav, cal)}' FOR UPDATE"
    change = f"{lock}; UPDATE calendar_object SET updated_at = updated_at + interval '1 hour' WHERE calendar_id = '{id_of(dav, cal)}'"
    answer = world.meanwhile(change, lambda: WRITES[name](another(dav), home, cal, {"If_Unmodified_Since": modified}))
    assert answer.status == 412, answer
    gone = f"{lock}; UPDATE calendar_object SET etag = decode(repeat('00', 16), 'hex') WHERE calendar_id = '{id_of(dav, cal)}'"
    answer = world.meanwhile(gone, lambda: WRITES[name](another(dav), home, cal, {"If_Match": tag}))
    assert answer.status == 412, answer


# ---- one local name in two namespaces ----

NAMES = [("urn:one", "displayname"), ("urn:two", "displayname"), ("", "displayname"), ("DAV:", "title"), ("urn:one", "title"),
         ("urn:ietf:params:xml:ns:caldav", "color"), ("http://apple.com/ns/ical/", "displayname"), ("urn:one", "calendar-color")]


def element(ns, local, value=""):
    return f"<n:{local} xmlns:n='{ns}'>{value}</n:{local}>" if ns else f"<{local} xmlns=''>{value}</{local}>"


def tag(ns, local):
    return f"{{{ns}}}{local}" if ns else local


def test_a_name_is_one_with_its_namespace(world, dav, account, home, cal):
    """Faults §7: set, read, changed, copied and removed, each by itself, on everything that has properties."""
    put_new(dav, cal + "a.ics", new_event("one"))
    proppatch(dav, cal, "<D:displayname>Mine</D:displayname><A:calendar-color>#112233</A:calendar-color>")
    for path in (cal + "a.ics", cal, home, f"/dav/principals/{account}/"):
        asked = "".join(element(*n) for n in NAMES)
        sets = "".join(element(ns, local, f"{i}") for i, (ns, local) in enumerate(NAMES))
        assert proppatch(dav, path, sets).status == 207
        got = props(dav, path, asked)
        assert {t: e.text for t, e in got.ok.items()} == {tag(*n): str(i) for i, n in enumerate(NAMES)}, path
        named = dav.propfind(path, body="<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>").responses[0].ok
        assert {tag(*n) for n in NAMES} <= set(named)
        everything = dav.propfind(path, body="<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>").responses[0].ok
        assert {t: e.text for t, e in everything.items() if t in {tag(*n) for n in NAMES}} == {tag(*n): str(i) for i, n in enumerate(NAMES)}
        elsewhere = [("urn:elsewhere", local) for local in dict.fromkeys(local for _, local in NAMES)]
        included = "".join(element(*n) for n in [*NAMES, *elsewhere])
        more = dav.propfind(path, body=f"<D:propfind xmlns:D='DAV:'><D:allprop/><D:include>{included}</D:include></D:propfind>").responses[0]
        assert more.missing == {tag(*n) for n in elsewhere} and set(more.ok) == set(everything)
        for i, n in enumerate(NAMES):  # one is changed, one after the other goes; the others stay
            assert proppatch(dav, path, element(*n, "changed")).status == 207
            left = {t: e.text for t, e in props(dav, path, asked).ok.items()}
            assert left == {tag(*m): "changed" if m == n else str(k) for k, m in enumerate(NAMES) if k >= i}, (path, n)
            assert proppatch(dav, path, "", element(*n)).status == 207
            assert props(dav, path, asked).missing == {tag(*m) for m in NAMES[:i + 1]}
    shown = props(dav, cal, "<D:displayname/><A:calendar-color/>").ok  # the live ones were never touched
    assert [e.text for e in shown.values()] == ["Mine", "#112233"]


# ---- dead properties and Depth of MOVE and COPY ----


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_what_is_replaced_leaves_no_properties(world, dav, cal, other, method):
    """Faults §7; RFC 4918 §9.8.2, §9.9.1: the destination has the source's properties, and no others."""
    put_new(dav, cal + "a.ics", new_event("one"))
    put_new(dav, other + "b.ics", new_event("one"))
    proppatch(dav, cal + "a.ics", element("urn:s", "source", "1") + element("urn:s", "both", "source"))
    proppatch(dav, other + "b.ics", element("urn:s", "target", "1") + element("urn:s", "both", "target"))
    asked = "".join(element("urn:s", n) for n in ("source", "target", "both"))
    assert dav.request(method, cal + "a.ics", Destination=other + "b.ics").status == 204
    got = props(dav, other + "b.ics", asked)
    assert {t: e.text for t, e in got.ok.items()} == {"{urn:s}source": "1", "{urn:s}both": "source"}
    assert got.missing == {"{urn:s}target"}
    # Nor any that nobody can see or remove any more, and that count in what the account may have.
    assert world.sql("SELECT d.local FROM dead_property d WHERE d.ns = 'urn:s' AND d.resource_id NOT IN (SELECT id FROM calendar_object)") == []
    left = dav.propfind(cal + "a.ics", asked)
    assert left.status == (404 if method == "MOVE" else 207)
    if method == "MOVE":  # what comes to the old name later has none of them
        put_new(dav, cal + "a.ics", new_event("two"))
        assert len(props(dav, cal + "a.ics", asked).missing) == 3
    else:
        assert len(left.responses[0].ok) == 2


@pytest.mark.parametrize("method, depth, status, objects", [
    ("COPY", None, 201, 2), ("COPY", "infinity", 201, 2), ("COPY", "0", 201, 0), ("COPY", "1", 400, None),
    ("MOVE", None, 201, 2), ("MOVE", "infinity", 201, 2), ("MOVE", "0", 400, None), ("MOVE", "1", 400, None), ("MOVE", "2", 400, None)])
def test_depth_says_what_of_a_calendar_goes(dav, home, cal, method, depth, status, objects):
    """RFC 4918 §9.8.3, §9.9.2; properties of the calendar and of its objects go along."""
    for name in ("a", "b"):
        put_new(dav, f"{cal}{name}.ics", new_event(name))
        proppatch(dav, f"{cal}{name}.ics", element("urn:s", "note", name))
    proppatch(dav, cal, element("urn:s", "note", "calendar") + "<D:displayname>Mine</D:displayname>")
    to = f"{home}{uuid.uuid4()}/"
    assert dav.request(method, cal, Destination=to, Depth=depth).status == status
    if objects is None:
        assert dav.propfind(to, "<D:getetag/>").status == 404 and dav.propfind(cal, "<D:getetag/>").status == 207
        return
    asked = element("urn:s", "note") + "<D:displayname/>"
    found = dav.propfind(to, asked, depth=1).members
    assert len(found) == 1 + objects
    assert [e.text for e in found[to].ok.values()] == ["calendar", "Mine"]
    for name in ("a", "b")[:objects]:
        assert found[f"{to}{name}.ics"].text("{urn:s}note") == name
    assert dav.propfind(cal, asked).status == (404 if method == "MOVE" else 207)
    assert dav.request("DELETE", to).status == 204


# ---- synchronisation ----


def test_the_limit_is_of_the_answer_and_not_of_a_page(dav, cal):
    """Faults §7, RFC 6578 §3.7: more results than a page of ours holds, and more changes than that."""
    for i in range(1030):
        put_new(dav, f"{cal}{i:04}.ics", new_event(str(i)))
    seen, token, sizes = set(), "", []
    for _ in range(3):
        answer = dav.sync(cal, token, limit=510)
        members = [m for m in answer.responses if m.href != cal]
        sizes.append((len(members), [m.status for m in answer.responses if m.href == cal]))
        assert not seen & {m.href for m in members}
        seen |= {m.href for m in members}
        token = answer.sync_token
    assert sizes == [(510, [507]), (510, [507]), (10, [])]
    assert len(seen) == 1030
    assert dav.sync(cal, token, limit=510).responses == []
    whole = dav.sync(cal, limit=1030)
    assert len(whole.responses) == 1030 and dav.sync(cal, whole.sync_token).responses == []
