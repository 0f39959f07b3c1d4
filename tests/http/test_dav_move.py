# SPDX-License-Identifier: Apache-2.0
"""MOVE and COPY of objects and calendars (RFC 4918 §9.8, §9.9)."""
import http.client
import uuid

import pytest

from dav import C, D
from davwrite import NO_TAG, new_event, put_new, names, proppatch, props


def test_a_move_inside_a_calendar_is_a_new_name_for_the_same(dav, cal):  # RFC 4918 §9.9
    tag = put_new(dav, cal + "a.ics")
    token = dav.sync(cal).sync_token
    answer = dav.request("MOVE", cal + "a.ics", Destination=cal + "b%20c.ics")
    assert (answer.status, answer.headers["Location"]) == (201, dav.url + cal + "b%20c.ics")
    assert dav.request("GET", cal + "b%20c.ics").headers["ETag"] == tag
    assert dav.request("GET", cal + "a.ics").status == 404
    changes = {m.href: m.status for m in dav.sync(cal, token).responses}
    assert changes == {cal + "a.ics": 404, cal + "b%20c.ics": None}


def test_what_is_never_possible_lacks_no_privilege(dav, home, cal, other):
    """RFC 4918 §9.8.5, §9.9.4; RFC 3744 §7.1.1: DAV:need-privileges is for those that are lacking."""
    put_new(dav, cal + "a.ics")
    principal = dav.propfind("/dav/", "<D:current-user-principal/>").text.split("<D:current-user-principal><D:href>")[1].split("<")[0]
    cases = [(method, source, to) for method in ("MOVE", "COPY") for source, to in [
        (cal + "a.ics", cal + "a.ics"), (cal + "a.ics", dav.url + cal + "%61.ics"), (cal, cal), (cal, cal.rstrip("/")),
        (cal + "a.ics", other), (cal + "a.ics", "/elsewhere"), (cal + "a.ics", principal), (cal, principal)]]
    cases += [("PUT", cal, None), ("PUT", home, None), ("DELETE", home, None), ("COPY", home, other), ("MOVE", home, other)]
    for method, source, to in cases:
        answer = dav.request(method, source, new_event("x") if method == "PUT" else None, **({"Destination": to} if to else {}))
        assert answer.status == 403, (method, source, to, answer)
        if source != cal or method == "PUT" or to.rstrip("/") == cal.rstrip("/"):
            assert answer.headers["Content-Type"].startswith("text/plain"), (method, source, to, answer)
        else:
            assert answer.condition != [D + "need-privileges"], (method, source, to, answer)
    assert names(dav, cal) == {"a.ics"}
    for method, path in [("PUT", "/dav/x"), ("MKCOL", principal + "y/"), ("MKCOL", "/dav/x")]:
        answer = dav.request(method, path, new_event("x") if method == "PUT" else None)
        assert answer.status in (403, 405, 409) and "need-privileges" not in answer.text, (method, path, answer)


def test_a_move_between_calendars_tells_both(dav, cal, other):
    put_new(dav, cal + "a.ics", new_event("one"))
    before, after = dav.sync(cal).sync_token, dav.sync(other).sync_token
    assert dav.request("MOVE", cal + "a.ics", Destination=other + "a.ics").status == 201
    assert [m.status for m in dav.sync(cal, before).responses] == [404]
    assert [m.href for m in dav.sync(other, after).responses] == [other + "a.ics"]
    put_new(dav, cal + "again.ics", new_event("one"))  # the UID is free in the old calendar


def test_overwrite_decides_about_what_stands_there(dav, cal, other):  # RFC 4918 §10.6
    put_new(dav, cal + "a.ics", new_event("one"))
    put_new(dav, other + "b.ics", new_event("one", summary="Before"))
    assert dav.request("MOVE", cal + "a.ics", Destination=other + "b.ics", Overwrite="F").status == 412
    assert "Before" in dav.request("GET", other + "b.ics").text
    answer = dav.request("COPY", cal + "a.ics", Destination=other + "b.ics", Overwrite="T")
    assert (answer.status, answer.headers["Location"]) == (204, dav.url + other + "b.ics")
    assert "Before" not in dav.request("GET", other + "b.ics").text
    assert dav.request("MOVE", cal + "a.ics", Destination=other + "b.ics").status == 204
    assert names(dav, cal) == set() and names(dav, other) == {"b.ics"}
    assert dav.request("COPY", other + "b.ics", Destination=cal + "x.ics", Overwrite="maybe").status == 400


def test_a_copy_inside_its_calendar_has_a_uid_conflict(dav, cal, other):  # RFC 4791 §5.3.2.1
    put_new(dav, cal + "a.ics", new_event("one"))
    answer = dav.request("COPY", cal + "a.ics", Destination=cal + "b.ics")
    assert answer.status == 403 and answer.condition == [C + "no-uid-conflict"]
    assert answer.xml[0].find(D + "href").text == cal + "a.ics"
    assert dav.request("COPY", cal + "a.ics", Destination=other + "a.ics").status == 201
    assert dav.request("GET", cal + "a.ics").body == dav.request("GET", other + "a.ics").body
    answer = dav.request("MOVE", cal + "a.ics", Destination=other + "c.ics")
    assert answer.status == 403 and answer.xml[0].find(D + "href").text == other + "a.ics"


def test_a_body_that_would_be_ignored_is_415(dav, cal):  # RFC 4918 §8.4
    put_new(dav, cal + "a.ics")
    body = "<D:propertybehavior xmlns:D='DAV:'><D:keepalive>*</D:keepalive></D:propertybehavior>"  # RFC 2518 §12.12
    for path in (cal + "a.ics", cal):
        for method in ("MOVE", "COPY", "DELETE"):
            assert dav.request(method, path, body, Destination=cal + "b.ics").status == 415
    assert names(dav, cal) == {"a.ics"}
    assert dav.request("MOVE", cal + "a.ics", "", Destination=cal + "b.ics", Content_Type="text/xml").status == 201
    assert dav.request("DELETE", cal + "b.ics", iter([])).status == 204  # chunks of nothing


def test_destinations_that_cannot_be(dav, home, cal, other):  # RFC 4918 §9.9.4
    put_new(dav, cal + "a.ics")
    cases = [
        (None, 400),
        ("a.ics", 400),
        ("http://elsewhere.example" + cal + "b.ics", 502),
        (cal + "a.ics", 403),  # the same
        (other, 403),
        (home + "b.ics", 403),
        ("/elsewhere/b.ics", 403),
        ("/dav/calendars/usr_0000000000000000000002/x/b.ics", 403),
        (f"{home}{uuid.uuid4()}/b.ics", 409),
        (cal + "%zz", 400),
    ]
    for destination, status in cases:
        for method in ("MOVE", "COPY"):
            answer = dav.request(method, cal + "a.ics", Destination=destination)
            assert answer.status == status, (destination, answer)
    assert dav.request("MOVE", cal + "none.ics", Destination=cal + "b.ics").status == 404
    assert names(dav, cal) == {"a.ics"}


def test_destinations_may_be_absolute_and_badly_encoded(dav, url, cal):
    put_new(dav, cal + "a.ics")
    assert dav.request("MOVE", cal + "a.ics", Destination=url.rstrip("/") + cal + "b c.ics").status == 201
    assert dav.request("GET", cal + "b%20c.ics").status == 200


def twice(dav, method, path, name, first, second, **others):
    """The status of a request that has this header two times."""
    connection = http.client.HTTPConnection(dav.netloc, timeout=60)
    connection.putrequest(method, path)
    for key, value in [*dav.headers.items(), *others.items(), (name, first), (name, second), ("Content-Length", "0")]:
        connection.putheader(key, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("method", ["MOVE", "COPY"])
def test_what_says_one_thing_is_said_once(dav, cal, method):
    """RFC 9110 §5.3: who stands between may have looked at the other Destination, or have read that nothing is overwritten."""
    put_new(dav, cal + "a.ics")
    assert twice(dav, method, cal + "a.ics", "Destination", cal + "b.ics", cal + "c.ics") == 400
    assert twice(dav, method, cal + "a.ics", "Overwrite", "T", "F", Destination=cal + "b.ics") == 400
    assert twice(dav, method, cal + "a.ics", "Depth", "infinity", "0", Destination=cal + "b.ics") == 400
    assert twice(dav, "PROPFIND", cal, "Depth", "0", "1") == 400
    assert names(dav, cal) == {"a.ics"}


def test_move_judges_the_condition_on_its_source(dav, cal):  # RFC 9110 §13.1.1
    tag = put_new(dav, cal + "a.ics")
    assert dav.request("MOVE", cal + "a.ics", Destination=cal + "b.ics", If_Match=NO_TAG).status == 412
    assert dav.request("MOVE", cal + "a.ics", Destination=cal + "b.ics", If_Match=tag).status == 201


def test_a_moved_calendar_keeps_its_objects_tokens_and_properties(dav, home, cal):  # RFC 4918 §9.9.2
    put_new(dav, cal + "a.ics")
    proppatch(dav, cal, "<D:displayname>Kept</D:displayname><x:y xmlns:x='urn:x'>dead</x:y>")
    token = dav.sync(cal).sync_token
    new = f"{home}{uuid.uuid4()}/"
    assert dav.request("MOVE", cal, Destination=new, Depth="0").status == 400
    answer = dav.request("MOVE", cal, Destination=new)
    assert (answer.status, answer.headers["Location"]) == (201, dav.url + new)
    assert dav.request("GET", cal).status == 404 and names(dav, new) == {"a.ics"}
    assert dav.sync(new, token).responses == []
    found = props(dav, new, "<D:displayname/><x:y xmlns:x='urn:x'/>")
    assert (found.text(D + "displayname"), found.text("{urn:x}y")) == ("Kept", "dead")
    assert dav.request("MOVE", new, Destination=cal).status == 201


def test_a_copied_calendar_is_another_one(dav, home, cal, other):  # RFC 4918 §9.8.3
    put_new(dav, cal + "a.ics", new_event("one"))
    put_new(dav, other + "b.ics", new_event("two"))
    assert dav.request("COPY", cal, Destination=other, Overwrite="F").status == 412
    assert dav.request("COPY", cal, Destination=other, Depth="1").status == 400
    assert dav.request("COPY", cal, Destination=other, Depth="0").status == 204
    assert names(dav, other) == set()
    assert dav.request("COPY", cal, Destination=other).status == 204
    assert names(dav, other) == {"a.ics"}
    token = dav.sync(other).sync_token
    assert token != dav.sync(cal).sync_token
    put_new(dav, other + "c.ics")
    assert [m.href for m in dav.sync(other, token).responses] == [other + "c.ics"]
    assert names(dav, cal) == {"a.ics"}


def test_a_calendar_cannot_go_into_a_calendar(dav, cal, other):  # RFC 4791 §4.2
    for method in ("COPY", "MOVE"):
        answer = dav.request(method, cal, Destination=other + "inside")
        assert answer.status == 403 and answer.condition == [C + "calendar-collection-location-ok"]


def test_the_location_is_absolute_where_the_client_is(dav, cal):
    """Strict suites and some clients read nothing else (RFC 9110 §10.2.2 lets both): at the public URL, or at the host that
    was spoken to."""
    put_new(dav, cal + "a.ics")
    answer = dav.request("MOVE", cal + "a.ics", Destination=cal + "a%20b.ics", Host="calends.internal:81")
    assert (answer.status, answer.headers["Location"]) == (201, f"http://calends.internal:81{cal}a%20b.ics")
    answer = dav.request("MOVE", cal + "a%20b.ics", Destination=dav.url + cal + "a.ics")
    assert (answer.status, answer.headers["Location"]) == (201, f"{dav.url}{cal}a.ics")
