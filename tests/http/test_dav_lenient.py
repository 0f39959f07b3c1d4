# SPDX-License-Identifier: Apache-2.0
"""What the RFCs let pass, and clients send."""
import base64
import gzip
import uuid
import zlib

import pytest

from dav import A, C, D, NAMESPACES
from davwrite import NO_TAG, new_event, props, put_new

SERVE = ["--rate-limit", "100000"]


@pytest.mark.parametrize("lead", [',{0}', '"x",,{0}', '"x", , {0},,', ', ,\t{0}', '"x",{0} ,'])
def test_a_tag_among_empty_elements_counts(dav, cal, lead):
    """RFC 9110 §5.6.1.2"""
    tag = put_new(dav, cal + "a.ics", new_event("one"))
    value = lead.format(tag)
    assert dav.request("GET", cal + "a.ics", If_None_Match=value).status == 304
    assert dav.put(cal + "a.ics", new_event("one", summary="two"), If_None_Match=value).status == 412
    assert dav.put(cal + "a.ics", new_event("one", summary="two"), If_Match=value).status == 204


def test_a_credential_after_several_blanks(world, owner):
    """RFC 9110 §11.4: 1*SP between the scheme and what follows"""
    pair = base64.b64encode(f"{owner.email}:{owner.key}".encode()).decode()
    for value in (f"Basic  {pair}", f"Basic   {pair}", f"basic {pair}", f"Basic {pair}  ", f"Bearer  {owner.key}", f"bearer   {owner.key}"):
        assert world.request("PROPFIND", "/dav/", headers={"Depth": "0", "Authorization": value}).status == 207, value
        if value.lower().startswith("bearer"):
            assert world.request("GET", "/v1/calendars", headers={"Authorization": value}).status == 200, value
    for value in (f"Basic{pair}", f"Basic\t{pair}", f"Basic {pair} x", f"Bearer {owner.key} {owner.key}", "Basic ", "Basic  ", f"Basic , {pair}"):
        assert world.request("PROPFIND", "/dav/", headers={"Depth": "0", "Authorization": value}).status == 401, value


def test_slashes_at_the_beginning_are_one(dav, cal, home):
    """A base address that ends with a slash, and a path after it"""
    put_new(dav, cal + "a.ics")
    assert dav.propfind("//dav/", "<D:current-user-principal/>").status == 207
    assert dav.request("GET", "/" + cal + "a.ics").status == 200
    assert set(dav.propfind("///" + cal[1:], "<D:getetag/>", depth=1).members) == {cal, cal + "a.ics"}  # canonical
    assert dav.put(f"/{cal}b.ics", new_event()).status == 201
    assert dav.request("MOVE", cal + "b.ics", Destination=f"{dav.url}/{cal}c.ics").status == 201
    assert dav.request("GET", cal + "c.ics").status == 200
    assert dav.request("GET", f"{cal}/c.ics").status == 400, "an empty name inside is none"
    # a reference that begins with two slashes names a host (RFC 3986 §4.2)
    assert dav.request("MOVE", cal + "c.ics", Destination=f"//{dav.netloc}{cal}d.ics").status == 400
    assert dav.request("MOVE", cal + "a.ics", Destination=f"//evil.example{cal}d.ics").status == 400


def test_slashes_at_the_end_are_one(dav, cal, home):
    """A base address that ends with a slash, and another after it"""
    put_new(dav, cal + "a.ics")
    assert set(dav.propfind(cal + "/", "<D:getetag/>", depth=1).members) == {cal, cal + "a.ics"}
    assert dav.propfind("/dav/calendars///", "<D:resourcetype/>").status == 207
    assert dav.request("GET", cal + "a.ics//").status == dav.request("GET", cal + "a.ics/").status == 404, "an object is no collection"
    assert dav.put(home + "/a.ics", new_event()).status == 400


def test_a_tag_without_its_quotes_is_one(dav, cal):
    tag = put_new(dav, cal + "a.ics")
    assert dav.request("GET", cal + "a.ics", If_None_Match=tag.strip('"')).status == 304
    assert dav.put(cal + "a.ics", new_event(), If_Match=NO_TAG.strip('"')).status == 412
    assert dav.request("DELETE", cal + "a.ics", If_Match=tag.strip('"')).status == 204


def test_utf8_has_more_than_one_spelling(dav, cal):
    for i, charset in enumerate(("utf8", "UTF-8", '"utf-8"', "UTF8", "us-ascii")):
        answer = dav.request("PUT", f"{cal}{i}.ics", new_event(), Content_Type=f"text/calendar; charset={charset}")
        assert answer.status == 201, (charset, answer)
    for charset in ("iso-8859-1", "utf-16", "utf-88"):
        answer = dav.request("PUT", cal + "x.ics", new_event(), Content_Type=f"text/calendar; charset={charset}")
        assert answer.status == 403 and answer.condition == [C + "supported-calendar-data"], charset


def test_a_content_coding_that_is_not_taken_is_415(world, owner, dav, cal):
    """RFC 9110 §8.4, §15.5.16, with Accept-Encoding of what is taken (§12.5.3); identity is none."""
    body, asked = new_event().encode(), f"<D:propfind {NAMESPACES}><D:allprop/></D:propfind>".encode()
    for coding, code in (("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("br", bytes), ("GZIP", gzip.compress),
                         ("identity, gzip", gzip.compress), ("nonsense", bytes)):
        answer = dav.request("PUT", cal + "a.ics", code(body), Content_Type="text/calendar", Content_Encoding=coding)
        assert answer.status == 415, (coding, answer)
        assert answer.headers["Accept-Encoding"] == "identity", coding
        answer = dav.request("PROPFIND", cal, code(asked), Depth=0, Content_Type="application/xml", Content_Encoding=coding)
        assert answer.status == 415, (coding, answer)
        reply = world.request("POST", "/v1/events", code(b"{}"), {"Content-Type": "application/json", "Content-Encoding": coding}, owner.key)
        assert reply.status == 415, (coding, reply)
    for coding in ("identity", "Identity", "", "identity, identity"):
        answer = dav.request("PUT", f"{cal}{uuid.uuid4()}.ics", new_event(), Content_Type="text/calendar", Content_Encoding=coding)
        assert answer.status == 201, (coding, answer)


# ---- §6 ----


def data(name):
    return f"<D:getetag/><C:calendar-data>{name}</C:calendar-data>"


def test_a_component_of_which_nothing_is_named_is_whole(dav, cal):
    """Faults §6: clients send an empty comp of VCALENDAR and mean everything."""
    sent = new_event("one")
    put_new(dav, cal + "a.ics", sent)
    for comp in ("<C:comp name='VCALENDAR'/>", "<C:comp name='vcalendar'></C:comp>", "<C:comp name='VCALENDAR'><!-- all --> </C:comp>",
                 "<C:comp name='VCALENDAR'><C:allprop/><C:allcomp/></C:comp>"):
        got = dav.multiget(cal, [cal + "a.ics"], data(comp)).responses[0].text(C + "calendar-data")
        assert got.replace("\r\n", "\n") == sent.replace("\r\n", "\n"), comp
    # what is named is all there is (RFC 4791 §9.6.1)
    got = dav.multiget(cal, [cal + "a.ics"], data("<C:comp name='VCALENDAR'><C:prop name='VERSION'/></C:comp>")).responses[0]
    assert "VEVENT" not in got.text(C + "calendar-data") and "VERSION" in got.text(C + "calendar-data")
    got = dav.multiget(cal, [cal + "a.ics"], data("<C:comp name='VCALENDAR'><C:comp name='VEVENT'/></C:comp>")).responses[0]
    assert "BEGIN:VEVENT" in got.text(C + "calendar-data") and "SUMMARY" in got.text(C + "calendar-data"), "the same inside"
    got = dav.multiget(cal, [cal + "a.ics"], data("<C:comp name='VCALENDAR'><C:comp name='VTODO'/></C:comp>")).responses[0]
    assert "BEGIN:VEVENT" not in got.text(C + "calendar-data")


@pytest.mark.parametrize("type_", ["text/calendar", "text/calendar; charset=utf-8", "application/xml", "text/xml; charset=\"utf-8\"", None])
def test_the_xml_of_a_mkcalendar_comes_under_many_names(dav, home, type_):
    """Faults §6: real clients send it as text/calendar."""
    path = f"{home}{uuid.uuid4()}/"
    body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop><A:calendar-color>#FF0000FF</A:calendar-color></D:prop></D:set></C:mkcalendar>"
    assert dav.request("MKCALENDAR", path, body, Content_Type=type_).status == 201
    assert props(dav, path, "<A:calendar-color/>").text(A + "calendar-color") == "#FF0000FF"
    assert dav.request("DELETE", path).status == 204


@pytest.mark.parametrize("type_", ["text/calendar", "text/calendar; charset=utf-8", "text/xml", None])
def test_xml_comes_under_the_type_of_what_lies_in_calendars(dav, cal, type_):
    """RFC 4918 §8.2: application/xml SHOULD be sent, and is not; suites and clients have one type for all of their bodies."""
    put_new(dav, cal + "a.ics", new_event("one"))
    send = lambda method, body, **headers: dav.request(method, cal, body, Content_Type=type_, **headers)
    named = "<D:set><D:prop><D:displayname>Work</D:displayname></D:prop></D:set>"
    assert send("PROPPATCH", f"<D:propertyupdate {NAMESPACES}>{named}</D:propertyupdate>").status == 207
    asked = "<D:prop><D:displayname/></D:prop>"
    assert send("PROPFIND", f"<D:propfind {NAMESPACES}>{asked}</D:propfind>", Depth=0).responses[0].text(D + "displayname") == "Work"
    found = send("REPORT", f"<C:calendar-multiget {NAMESPACES}>{asked}<D:href>{cal}a.ics</D:href></C:calendar-multiget>")
    assert set(found.members) == {cal + "a.ics"}
    assert send("PROPPATCH", new_event("one")).status == 400, "iCalendar is no XML"


def test_what_is_no_xml_is_not_taken_for_it(dav, home):
    path = f"{home}{uuid.uuid4()}/"
    assert dav.request("MKCALENDAR", path, "BEGIN:VCALENDAR", Content_Type="text/calendar").status == 400
    assert dav.request("MKCALENDAR", path, "{}", Content_Type="application/json").status == 415
    assert dav.request("MKCOL", path, "<x/>", Content_Type="text/calendar").status == 415
    assert dav.propfind(path, "<D:resourcetype/>").status == 404
