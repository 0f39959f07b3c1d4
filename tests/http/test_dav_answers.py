# SPDX-License-Identifier: Apache-2.0
"""What each method is told at each kind of path, and what of the heads of sloppy and hostile clients: tables of answers."""
import gzip
import uuid

import pytest

from dav import Dav, calendar, component

XML = {"Content_Type": "application/xml"}
ICAL = {"Content_Type": "text/calendar"}
FIND = '<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'

# other: another account's. bogus: what can be no account. wk: /.well-known/caldav.
KINDS = "root princs princ homes home cal obj obj/ no-obj no-cal no-cal-obj deep other other-obj bogus none wk".split()
TABLE = """
           root princs princ homes home  cal  obj obj/ no-obj no-cal no-cal-obj deep other other-obj bogus none   wk
GET         200    200   200   200  200  200  200  404    404    404        404  404   403       403   404  404  301
HEAD        200    200   200   200  200  200  200  404    404    404        404  404   403       403   404  404  301
PROPFIND    207    207   207   207  207  207  207  404    404    404        404  404   403       403   404  404  301
REPORT      403    403   403   403  403  207  403  404    403    404        403  404   403       403   404  404  301
PROPPATCH   405    405   207   405  207  207  207  404    404    404        404  404   403       403   404  404  301
ACL         405    405   200   405  200  200  200  404    404    404        404  404   403       403   404  404  301
PUT         405    405   405   405  403  403  204  409    201    403        409  409   403       403   409  403  301
POST        405    405   405   405  405  201  405  404    405    404        405  404   403       403   404  404  301
PATCH       405    405   405   405  405  405  405  404    405    405        405  404   403       403   404  404  301
MKCALENDAR  405    405   405   405  403  403  403  403    403    201        409  409   403       403   409  403  301
MKCOL       405    405   405   405  405  405  403  403    403    403        409  409   403       403   409  403  301
COPY        403    405   405   405  403  403  403  404    404    403        404  404   403       403   404  404  301
MOVE        403    405   405   405  403  403  201  404    404    403        404  404   403       403   404  404  301
LOCK        405    405   405   405  405  405  405  404    405    405        405  404   403       403   404  404  301
UNLOCK      405    405   405   405  405  405  405  404    405    405        405  404   403       403   404  404  301
SEARCH      405    405   405   405  405  405  405  404    405    405        405  404   403       403   404  404  301
DELETE      403    405   405   405  403  204  204  404    404    404        404  404   403       403   404  404  301
OPTIONS     200    200   200   200  200  200  200  200    200    200        200  404   200       200   200  404  301
TRACE       501    501   501   501  501  501  501  501    501    501        501  501   501       501   501  501  501
BREW        501    501   501   501  501  501  501  501    501    501        501  501   501       501   501  501  501
"""
ROWS = {line.split()[0]: list(map(int, line.split()[1:])) for line in TABLE.strip().splitlines()[1:]}
BODIES = {
    "PROPFIND": FIND,
    "REPORT": '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>',
    "PROPPATCH": '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>',
    "ACL": '<acl xmlns="DAV:"/>', "LOCK": '<lockinfo xmlns="DAV:"/>', "SEARCH": "<x/>"}


def an_event(uid="answers"):
    return calendar(component("VEVENT", uid, "DTSTART:20270101T100000Z"))


def paths(tree, other):
    cal, home = tree.home + "answers/", tree.home
    found = ["/dav/", "/dav/principals/", tree.principal, "/dav/calendars/", home, cal, cal + "a.ics", cal + "a.ics/", cal + "no.ics", home + "no/",
             home + "no/x.ics", cal + "a.ics/b/c", f"/dav/calendars/{other}/", f"/dav/calendars/{other}/default/x.ics", "/dav/calendars/bogus/x/", "/dav/none",
             "/.well-known/caldav"]
    return dict(zip(KINDS, found, strict=True))


@pytest.fixture
def there(world, tree):
    """The paths; calls what was changed by a request back, so that each sees the same."""
    all_paths = paths(tree, world.account().id)

    def restore():
        tree.dav.request("DELETE", all_paths["cal"])
        tree.dav.request("DELETE", all_paths["no-cal"])
        assert tree.dav.request("MKCALENDAR", all_paths["cal"]).status == 201
        assert tree.dav.put(all_paths["obj"], an_event()).status == 201

    restore()
    yield all_paths, restore
    tree.dav.request("DELETE", all_paths["cal"])
    tree.dav.request("DELETE", all_paths["no-cal"])


@pytest.mark.parametrize("method", ROWS)
def test_each_method_has_one_answer_at_each_kind_of_path(tree, there, method):
    """RFC 4918 §9, RFC 9110 §9; of others and of nobody nothing is told."""
    all_paths, restore = there
    told = {}
    for kind, path in all_paths.items():
        headers = {**XML} if method in BODIES else {**ICAL} if method in ("PUT", "POST") else {}
        body = BODIES.get(method) or (an_event(str(uuid.uuid4()) if kind not in ("obj",) else "answers") if headers else None)
        if method == "PROPFIND":
            headers["Depth"] = "0"
        if method in ("COPY", "MOVE"):
            headers["Destination"] = all_paths["cal"] + "to.ics"
        answer = tree.dav.request(method, path, body, **headers)
        told[kind] = answer.status
        if answer.status == 405:
            assert method not in answer.headers["Allow"].split(", ") and answer.headers["Allow"], path
        if answer.status in (201, 204):
            restore()
    assert told == dict(zip(KINDS, ROWS[method], strict=True))


@pytest.mark.parametrize("method", ROWS)
def test_a_stranger_is_asked_for_credentials_whatever_the_path_is(world, tree, method):
    """401 everywhere below /dav/, but where the method is none (501), and what OPTIONS says (RFC 4791 §5.1)."""
    if method in ("OPTIONS", "TRACE", "BREW"):
        return
    stranger = Dav(world.url)
    for kind, path in paths(tree, world.account().id).items():
        assert stranger.request(method, path, Depth="0").status == (301 if kind == "wk" else 401), kind


ODD = {  # path, method, headers, body: the answer
    "Depth: 2": ("cal", "PROPFIND", {"Depth": "2"}, FIND, 400),
    "Depth empty": ("cal", "PROPFIND", {"Depth": ""}, FIND, 400),
    "Depth a list": ("cal", "PROPFIND", {"Depth": "0, 1"}, FIND, 400),
    "Depth as of old Microsoft": ("cal", "PROPFIND", {"Depth": "1,noroot"}, FIND, 400),
    "Depth: infinity": ("cal", "PROPFIND", {"Depth": "INFINITY"}, FIND, 403),
    "Depth where it has no meaning": ("obj", "GET", {"Depth": "banana"}, None, 200),
    "Overwrite: x": ("obj", "MOVE", {"Destination": "{cal}b.ics", "Overwrite": "x"}, None, 400),
    "Overwrite empty": ("obj", "MOVE", {"Destination": "{cal}b.ics", "Overwrite": ""}, None, 400),
    "another host": ("obj", "MOVE", {"Destination": "http://elsewhere.example{cal}b.ics"}, None, 502),
    "our host as a user": ("obj", "MOVE", {"Destination": "http://{netloc}@elsewhere.example{cal}b.ics"}, None, 502),
    "a user at our host": ("obj", "MOVE", {"Destination": "http://x@{netloc}{cal}b.ics"}, None, 502),
    "another scheme": ("obj", "MOVE", {"Destination": "ftp://{netloc}{cal}b.ics"}, None, 400),
    "a network path": ("obj", "MOVE", {"Destination": "//{netloc}{cal}b.ics"}, None, 400),
    "dots": ("obj", "MOVE", {"Destination": "{cal}../answers/b.ics"}, None, 400),
    "encoded dots": ("obj", "MOVE", {"Destination": "{cal}%2e%2e/answers/b.ics"}, None, 400),
    "a NUL": ("obj", "MOVE", {"Destination": "{cal}a%00b.ics"}, None, 400),
    "no Destination": ("obj", "MOVE", {}, None, 400),
    "If of nothing": ("obj", "GET", {"If": "()"}, None, 400),
    "If that is no list": ("obj", "GET", {"If": "garbage"}, None, 400),
    "If with 1000 lists": ("obj", "GET", {"If": '(["x"]) ' * 1000}, None, 400),
    "If that is false": ("obj", "GET", {"If": '(<urn:x> Not ["z"])'}, None, 412),
    "If of another host": ("obj", "GET", {"If": '<http://elsewhere.example/> (["x"])'}, None, 412),
    "If-Match without an end": ("obj", "GET", {"If-Match": '"a'}, None, 400),
    "If-None-Match: * and more": ("obj", "GET", {"If-None-Match": '*, "a"'}, None, 400),
    "a date that is none": ("obj", "GET", {"If-Modified-Since": "yesterday"}, None, 200),  # RFC 9110 §13.1.3
    "Range is not offered": ("obj", "GET", {"Range": "bytes=0-9"}, None, 200),  # §14.2: it may be ignored
    "Range that cannot be": ("obj", "GET", {"Range": "bytes=99999-"}, None, 200),
    "If-Range": ("obj", "GET", {"Range": "bytes=0-9", "If-Range": '"x"'}, None, 200),
    "Content-Range": ("obj", "PUT", {"Content-Type": "text/calendar", "Content-Range": "bytes 0-3/9"}, "event", 400),  # §14.5
    "gzip": ("obj", "PUT", {"Content-Type": "text/calendar", "Content-Encoding": "gzip"}, "gzip", 415),
    "gzip that is not told": ("obj", "PUT", {"Content-Type": "text/calendar"}, "gzip", 403),
    "UTF-16": ("obj", "PUT", {"Content-Type": "text/calendar; charset=utf-16"}, "utf-16", 403),
    "called UTF-16": ("obj", "PUT", {"Content-Type": "text/calendar; charset=utf-16"}, "event", 403),
    "another type": ("obj", "PUT", {"Content-Type": "text/plain"}, "event", 403),
    "no type": ("obj", "PUT", {}, "event", 204),
    "a type in capitals, with more": ("obj", "PUT", {"Content-Type": "TEXT/Calendar;charset=UTF-8;component=vevent;;"}, "event", 204),
    "a miracle": ("obj", "PUT", {"Content-Type": "text/calendar", "Expect": "a-miracle"}, "event", 417),
    "no expectation": ("obj", "PUT", {"Content-Type": "text/calendar", "Expect": ""}, "event", 204),  # §10.1.1
    "a body of DELETE": ("obj", "DELETE", {"Content-Type": "text/plain"}, "event", 415),
    "a body of MKCOL": ("no-cal", "MKCOL", {"Content-Type": "text/plain"}, "event", 415),
    "another method in a header": ("obj", "GET", {"X-HTTP-Method-Override": "DELETE"}, None, 200),
    "XML as UTF-16": ("cal", "PROPFIND", {"Depth": "0", "Content-Type": "application/xml; charset=utf-16"}, "xml-16", 207),
    "a document type": ("cal", "PROPFIND", {"Depth": "0"}, '<!DOCTYPE x [<!ENTITY a "b">]>' + FIND, 400),
    "XML and more": ("cal", "PROPFIND", {"Depth": "0"}, FIND + FIND, 400),
    "no XML": ("cal", "PROPFIND", {"Depth": "0", "Content-Type": "text/plain"}, FIND, 415),
}
BYTES = {"event": an_event().encode(), "gzip": gzip.compress(an_event().encode()), "utf-16": an_event().encode("utf-16"), "xml-16": FIND.encode("utf-16")}


def test_odd_heads_and_bodies_are_refused_or_do_no_harm(tree, there):
    all_paths, restore = there
    told = {}
    for name, (kind, method, headers, body, status) in ODD.items():
        sent = {k.replace("-", "_"): v.format(cal=all_paths["cal"], netloc=tree.dav.netloc) for k, v in headers.items()}
        answer = tree.dav.request(method, all_paths[kind], BYTES.get(body, body), **sent)
        told[name] = answer.status
        assert answer.status < 500 or answer.status == 502, (name, answer)
        if answer.status < 300 and method in ("MOVE", "DELETE", "PUT"):
            restore()
    assert told == {name: row[-1] for name, row in ODD.items()}
    answer = tree.dav.request("GET", all_paths["obj"])
    assert answer.status == 200 and answer.body.replace(b"\r\n", b"\n") == an_event().encode().replace(b"\r\n", b"\n"), "nothing was moved, cut or changed"
