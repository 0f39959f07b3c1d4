# SPDX-License-Identifier: Apache-2.0
"""Below what does not exist there is nothing: 404 with every method, and 409 for what would be made there."""
import pytest

from dav import D, NAMESPACES
from davwrite import mkcalendar, mkcol, names, new_event, put_new, update

SERVE = ["--rate-limit", "100000"]
PATCH = update("<D:displayname>x</D:displayname>")
QUERY = (f"<C:calendar-query {NAMESPACES}><D:prop><D:getetag/></D:prop><C:filter>"
         "<C:comp-filter name='VCALENDAR'/></C:filter></C:calendar-query>")
ACL = "<D:acl xmlns:D='DAV:'/>"
ALL = [("PROPFIND", None), ("REPORT", QUERY), ("GET", None), ("HEAD", None), ("DELETE", None), ("PROPPATCH", PATCH),
       ("ACL", ACL), ("COPY", None), ("MOVE", None), ("POST", None), ("PATCH", None), ("LOCK", None)]  # OPTIONS is told to strangers too, by the form of the path


def paths(home, cal):
    return [f"{home}nocal/x/", f"{home}nocal/x/y", f"{home}nocal/x/y/", f"{cal}none/", f"{cal}none.ics/x", f"{cal}none.ics/x/y/z"]


def test_below_what_does_not_exist_nothing_is_found(dav, home, cal):
    for path in paths(home, cal):
        for method, body in ALL:
            answer = dav.request(method, path, body, Depth="0", Destination=cal + "b.ics", Content_Type="application/xml" if body else None)
            assert answer.status == 404, (method, path, answer)


def test_in_a_calendar_that_does_not_exist_nothing_is_found(dav, home, cal):
    """The same without a slash at the end."""
    for method, body in ALL:
        if method in ("POST", "PATCH", "LOCK"):
            continue  # of no resource here: 405
        answer = dav.request(method, f"{home}nocal/x.ics", body, Depth="0", Destination=cal + "b.ics",
                             Content_Type="application/xml" if body else None)
        assert answer.status == 404, (method, answer)


def test_nothing_is_made_below_what_does_not_exist(dav, home, cal):
    """RFC 4918 §9.7.1, §9.3.1; RFC 4791 §5.3.1: 409, the parent is missing."""
    for path in (f"{home}nocal/x", *paths(home, cal)):
        if path == f"{cal}none/":
            continue
        assert dav.put(path, new_event()).status == 409, path
    for path in (f"{home}nocal/x", f"{home}nocal/x/", f"{home}nocal/x/y", f"{home}nocal/x/y/"):
        assert mkcalendar(dav, path).status == 409, path
        assert mkcol(dav, path).status == 409, path
    put_new(dav, cal + "a.ics")
    for path in (f"{home}nocal/x", f"{home}nocal/x/y", f"{home}nocal/x/y/z"):
        for method in ("COPY", "MOVE"):  # RFC 4918 §9.8.5, §9.9.4
            assert dav.request(method, cal + "a.ics", Destination=path).status == 409, (method, path)
    assert names(dav, cal) == {"a.ics"}


def test_an_object_is_no_collection(dav, cal):
    """With a slash at its end its path names nothing, and below it nothing is made."""
    put_new(dav, cal + "a.ics")
    for method, body in ALL:
        answer = dav.request(method, cal + "a.ics/", body, Depth="0", Destination=cal + "b.ics", Content_Type="application/xml" if body else None)
        assert answer.status == 404, (method, answer)
    assert dav.put(cal + "a.ics/", new_event()).status in (403, 405, 409)
    assert dav.put(cal + "a.ics/b.ics", new_event()).status == 409
    for method in ("MOVE", "COPY"):
        assert dav.request(method, cal + "a.ics", Destination=cal + "b.ics/").status == 409
    assert names(dav, cal) == {"a.ics"}


def test_of_another_account_nothing_is_told(world, dav, cal):
    """403, existing or not, with every method."""
    other = world.account("nothing@example.org")
    for path in (f"/dav/calendars/{other.id}/nocal/x/", f"/dav/calendars/{other.id}/default/x/y/z", f"/dav/principals/{other.id}/x"):
        for method, body in ALL + [("PUT", new_event())]:
            answer = dav.request(method, path, body, Depth="0", Destination=cal + "b.ics")
            assert answer.status == 403, (method, path, answer)


def test_a_stranger_learns_nothing(world):
    """401 before anything is said of a path."""
    for path in ("/dav/calendars/x/nocal/x/", "/dav/x/y/z", "/dav/calendars/x/nocal/x/y/z/"):
        for method in ("PROPFIND", "GET", "PUT", "MKCALENDAR", "POST"):
            assert world.request(method, path).status == 401, (method, path)
