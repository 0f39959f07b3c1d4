# SPDX-License-Identifier: Apache-2.0
"""PROPPATCH: live and dead properties, all or nothing (RFC 4918 §9.2)."""
import json
import uuid

import pytest

from dav import A, C, D, NAMESPACES
from davwrite import ZONE, fates, mkcalendar, proppatch, props, put_new


def test_live_properties_are_set_and_removed(dav, cal):  # RFC 4918 §9.2
    answer = proppatch(
        dav, cal,
        "<D:displayname>New name</D:displayname><C:calendar-description>About</C:calendar-description>"
        "<A:calendar-color>#abc</A:calendar-color><A:calendar-order>7</A:calendar-order>"
        "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
        f"<C:calendar-timezone>{ZONE}</C:calendar-timezone>",
    )
    assert set(fates(answer).values()) == {(200, None)}
    asked = ("<D:displayname/><C:calendar-description/><A:calendar-color/><A:calendar-order/>"
             "<C:calendar-timezone/><C:calendar-timezone-id/>")
    found = props(dav, cal, asked)
    assert found.text(D + "displayname") == "New name" and found.text(A + "calendar-order") == "7"
    assert found.text(C + "calendar-timezone").replace("\r", "") == ZONE.replace("\r", "")
    answer = proppatch(dav, cal, "", "<C:calendar-description/><A:calendar-color/><C:calendar-timezone/>")
    assert set(fates(answer).values()) == {(200, None)}
    found = props(dav, cal, asked)
    assert {C + "calendar-description", C + "calendar-timezone-id"} <= found.missing


def test_properties_do_not_move_the_ctag(dav, cal):
    before = props(dav, cal, "<CS:getctag/>").text("{http://calendarserver.org/ns/}getctag")
    proppatch(dav, cal, "<D:displayname>x</D:displayname>")
    assert props(dav, cal, "<CS:getctag/>").text("{http://calendarserver.org/ns/}getctag") == before


def test_one_refused_property_refuses_all(dav, cal):  # RFC 4918 §9.2
    proppatch(dav, cal, "<D:displayname>Before</D:displayname>")
    answer = proppatch(
        dav, cal, "<D:displayname>After</D:displayname><D:getlastmodified>x</D:getlastmodified>"
                  "<x:y xmlns:x='urn:x'>1</x:y>")
    assert fates(answer) == {
        D + "displayname": (424, None),
        D + "getlastmodified": (403, D + "cannot-modify-protected-property"),
        "{urn:x}y": (424, None),
    }
    found = props(dav, cal, "<D:displayname/><x:y xmlns:x='urn:x'/>")
    assert found.text(D + "displayname") == "Before" and "{urn:x}y" in found.missing


@pytest.mark.parametrize("prop", [
    "<D:resourcetype/>", "<D:getetag/>", "<D:supported-report-set/>", "<D:current-user-privilege-set/>", "<D:acl/>",
    "<CS:getctag/>", "<D:sync-token/>", "<C:supported-calendar-component-set><C:comp name='VTODO'/>"
    "</C:supported-calendar-component-set>", "<C:max-resource-size>1</C:max-resource-size>",
])
def test_what_the_server_computes_is_protected(dav, cal, prop):  # RFC 4918 §9.2, §16
    assert list(fates(proppatch(dav, cal, prop)).values()) == [(403, D + "cannot-modify-protected-property")]


@pytest.mark.parametrize("prop,fate", [
    ("<C:calendar-timezone>BEGIN:VCALENDAR</C:calendar-timezone>", (403, C + "valid-calendar-data")),
    ("<C:calendar-timezone-id>../../etc/passwd</C:calendar-timezone-id>", (403, C + "valid-timezone")),
    ("<C:schedule-calendar-transp><C:maybe/></C:schedule-calendar-transp>", (409, None)),
    ("<A:calendar-order>first</A:calendar-order>", (409, None)),
    ("<D:displayname>" + "x" * 1025 + "</D:displayname>", (507, D + "quota-not-exceeded")),
    ("<x:y xmlns:x='urn:x'>" + "x" * 16385 + "</x:y>", (507, D + "quota-not-exceeded")),
    ("<x:y xmlns:x='urn:" + "x" * 1025 + "'/>", (507, D + "quota-not-exceeded")),
])
def test_values_that_do_not_fit_are_refused(dav, cal, prop, fate):  # RFC 4918 §9.2.1, RFC 4791 §5.2.2
    assert list(fates(proppatch(dav, cal, prop)).values()) == [fate]


def test_a_time_zone_by_name_replaces_the_one_by_value(dav, cal):  # RFC 7809 §5.2
    proppatch(dav, cal, f"<C:calendar-timezone>{ZONE}</C:calendar-timezone>")
    proppatch(dav, cal, "<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>")
    found = props(dav, cal, "<C:calendar-timezone-id/><C:calendar-timezone/>")
    assert found.text(C + "calendar-timezone-id") == "America/New_York"
    zone = found.text(C + "calendar-timezone")  # told in full, for clients that know no names (Apple's reads this one)
    assert "Berlin" not in zone and "TZID:America/New_York" in zone and zone.count("BEGIN:VTIMEZONE") == 1
    assert "DTSTART:20070311T020000" in zone and "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU" in zone
    assert set(fates(proppatch(dav, cal, f"<C:calendar-timezone>{zone}</C:calendar-timezone>")).values()) == {(200, None)}
    assert props(dav, cal, "<C:calendar-timezone-id/>").text(C + "calendar-timezone-id") == "America/New_York"
    proppatch(dav, cal, "", "<C:calendar-timezone/>")
    assert props(dav, cal, "<C:calendar-timezone-id/><C:calendar-timezone/>").missing == {C + "calendar-timezone-id", C + "calendar-timezone"}


def test_each_calendar_of_a_list_has_its_own_zone_in_full(tree):
    """RFC 7809 §5.2. A zone of several is written once for all of them; there are more zones than are kept, a zone as text, and none."""
    zones = ["Europe/Berlin", "Africa/Casablanca", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", None]
    asked = "<C:calendar-timezone/><C:calendar-timezone-id/>"
    for i, zone in enumerate(zones):
        path = tree.make_calendar(f"zone-{i}")
        proppatch(tree.dav, path, f"<C:calendar-timezone-id>{zone}</C:calendar-timezone-id>" if zone else f"<C:calendar-timezone>{ZONE}</C:calendar-timezone>")
    listed = tree.dav.propfind(tree.home, asked, 1).members
    for i, zone in enumerate(zones):
        path = f"{tree.home}zone-{i}/"
        told, alone = listed[path], props(tree.dav, path, asked)
        for name in (C + "calendar-timezone", C + "calendar-timezone-id"):
            assert told.text(name) == alone.text(name), (zone, name)
        assert f"TZID:{zone or 'Europe/Berlin'}" in told.text(C + "calendar-timezone").replace("\r", "")


def test_dead_properties_of_a_list_are_each_calendars_own(tree):
    made = [tree.make_calendar(f"dead-{i}") for i in range(5)]
    for i, path in enumerate(made):
        if i % 2 == 0:
            proppatch(tree.dav, path, "".join(f"<x:p{k} xmlns:x='urn:dead'>{i}-{k}</x:p{k}>" for k in range(i + 1)))
    asked = "".join(f"<x:p{k} xmlns:x='urn:dead'/>" for k in range(5))
    listed = tree.dav.propfind(tree.home, asked, 1).members
    for i, path in enumerate(made):
        told = {name: e.text for name, e in listed[path].ok.items()}
        assert told == ({f"{{urn:dead}}p{k}": f"{i}-{k}" for k in range(i + 1)} if i % 2 == 0 else {})


def test_the_language_of_a_property_comes_first(dav, cal):
    """CalDAVTester looks for the octets; RFC 4918 §4.3 asks for the language, whatever stands around it."""
    proppatch(dav, cal, "<x:note xmlns:x='urn:x' xml:lang=\"en\" a=\"it's &#34;quoted&#34;\">Text</x:note>")
    answer = dav.propfind(cal, "<x:note xmlns:x='urn:x'/>")
    assert b"<x:note xml:lang='en' a='" in answer.body
    assert answer.members[cal].ok["{urn:x}note"].get("a") == "it's \"quoted\""


@pytest.mark.parametrize("where", ["calendar", "object", "home", "principal"])
def test_dead_properties_are_kept_as_they_came(dav, account, home, cal, where):  # RFC 4918 §4.4
    put_new(dav, cal + "a.ics")
    path = {"calendar": cal, "object": cal + "a.ics", "home": home, "principal": f"/dav/principals/{account}/"}[where]
    value = ("<x:y xmlns:x='urn:x' xml:lang='de' x:attr='&quot;1&quot;'>Text &amp; <x:in xmlns:z='urn:z'><z:er/></x:in>"
             "<none xmlns=''/></x:y>")
    assert set(fates(proppatch(dav, path, value)).values()) == {(200, None)}
    found = props(dav, path, "<x:y xmlns:x='urn:x'/>").ok["{urn:x}y"]
    assert found.text == "Text & " and found[0][0].tag == "{urn:z}er" and found[1].tag == "none"
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "de" and found.get("{urn:x}attr") == '"1"'
    assert set(fates(proppatch(dav, path, "", "<x:y xmlns:x='urn:x'/>")).values()) == {(200, None)}
    assert props(dav, path, "<x:y xmlns:x='urn:x'/>").missing == {"{urn:x}y"}
    assert fates(proppatch(dav, path, "", "<x:y xmlns:x='urn:x'/>")) == {"{urn:x}y": (200, None)}  # §14.23


def test_instructions_work_in_their_order(dav, cal):  # RFC 4918 §9.2
    body = (f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><x:y xmlns:x='urn:x'>1</x:y></D:prop></D:set>"
            "<D:remove><D:prop><x:y xmlns:x='urn:x'/></D:prop></D:remove>"
            "<D:set><D:prop><x:y xmlns:x='urn:x'>2</x:y></D:prop></D:set></D:propertyupdate>")
    assert dav.request("PROPPATCH", cal, body).status == 207
    assert props(dav, cal, "<x:y xmlns:x='urn:x'/>").text("{urn:x}y") == "2"


def test_a_resource_keeps_a_hundred_dead_properties(dav, cal):
    many = "".join(f"<x:p{i} xmlns:x='urn:x'>1</x:p{i}>" for i in range(100))
    assert proppatch(dav, cal, many).status == 207
    answer = proppatch(dav, cal, "<x:q xmlns:x='urn:x'>1</x:q>")
    assert answer.status == 507 and answer.condition == [D + "quota-not-exceeded"]
    assert set(fates(proppatch(dav, cal, "<x:q xmlns:x='urn:x'>1</x:q>", "<x:p0 xmlns:x='urn:x'/>")).values()) == {(200, None)}


def test_a_description_comes_back_in_its_language(world, owner, dav, home, cal):
    """RFC 4791 §5.2.1: servers MUST return any xml:lang attribute if set; RFC 4918 §4.3: it may be in scope."""
    lang = "{http://www.w3.org/XML/1998/namespace}lang"

    def told(path=cal):
        found = dav.propfind(path, "<C:calendar-description/>").members[path].ok[C + "calendar-description"]
        return found.text, found.get(lang)

    def described(inner, scope=""):
        answer = dav.request("PROPPATCH", cal, f"<D:propertyupdate {NAMESPACES} {scope}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>")
        assert answer.status == 207, answer
        return answer.responses[0]

    assert 200 in described("<C:calendar-description xml:lang='fr-CA'>Fêtes</C:calendar-description>").by_status
    assert told() == ("Fêtes", "fr-CA")
    described("<C:calendar-description>Ferien</C:calendar-description>", "xml:lang='de'")
    assert told() == ("Ferien", "de")
    described("<D:displayname xml:lang='en'>Other</D:displayname>")
    assert told() == ("Ferien", "de")
    copy = home + "copied/"
    assert dav.request("COPY", cal, Destination=dav.url + copy).status == 201
    assert told(copy) == ("Ferien", "de")
    made = home + "made/"
    body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop><C:calendar-description xml:lang='x&quot;&gt;'>A</C:calendar-description></D:prop></D:set></C:mkcalendar>"
    assert dav.request("MKCALENDAR", made, body).status == 201
    assert told(made) == ("A", 'x">')
    described("<C:calendar-description>Plain</C:calendar-description>")
    assert told() == ("Plain", None)
    assert 409 in described(f"<C:calendar-description xml:lang='{'x' * 65}'>A</C:calendar-description>").by_status
    described("<C:calendar-description xml:lang='de'>Von hier</C:calendar-description>")
    (listed,) = [c for c in world.get("/v1/calendars?limit=100", key=owner.key).json["data"] if c["description"] == "Von hier"]
    patch = lambda **fields: world.request(
        "PATCH", f"/v1/calendars/{listed['id']}", json.dumps(fields), {"Content-Type": "application/json"}, owner.key
    ).status
    assert patch(name="Other name") == 200 and told() == ("Von hier", "de")
    assert patch(description="Of REST") == 200 and told() == ("Of REST", None)
    for path in (copy, made):
        assert dav.request("DELETE", path).status == 204


def test_minimal_success_has_no_body(dav, cal):  # RFC 8144 §2.1
    for headers in ({"Prefer": "return=minimal"}, {"Brief": "t"}):
        answer = proppatch(dav, cal, "<D:displayname>x</D:displayname>", **headers)
        assert answer.status == 200 and answer.body == b""
        assert answer.headers["Preference-Applied"] == "return=minimal"
    assert proppatch(dav, cal, "<D:getetag/>", Prefer="return=minimal").status == 207


@pytest.mark.parametrize("body,status", [
    ("", 400), ("<D:propertyupdate xmlns:D='DAV:'/>", 400), ("<D:propfind xmlns:D='DAV:'/>", 400), ("<broken", 400),
    ("<!DOCTYPE a [<!ENTITY b 'c'>]><D:propertyupdate xmlns:D='DAV:'/>", 400),
    pytest.param("<a>" * 80_000, 400, id="deep"),
    pytest.param("<a " + " ".join(f"b{i}='1'" for i in range(20_000)) + "/>", 400, id="wide"),
    (b"<D:propertyupdate xmlns:D='DAV:'>\xff</D:propertyupdate>", 400),
    pytest.param("x" * 300_000, 413, id="large"),
])
def test_bodies_of_proppatch_that_are_none(dav, cal, body, status):  # RFC 4918 §8.2, §17
    assert dav.request("PROPPATCH", cal, body, Content_Type="application/xml").status == status


def test_proppatch_of_what_is_not_there_is_404(dav, home, cal):
    for path in (f"{home}none/", cal + "none.ics"):
        assert proppatch(dav, path, "<x:y xmlns:x='urn:x'>1</x:y>").status == 404
        assert proppatch(dav, path, "<D:getetag/>").status == 404


SEEN = ["Löcher", "👩\u200d💻", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "x" * 100]
UNSEEN = ["a\u202eb", "a\u200bb", "a\u00adb", "a\u2066b", "a&#10;b", "x" * 101]


@pytest.mark.parametrize("name", SEEN + UNSEEN, ids=ascii)
def test_the_name_of_a_calendar_has_one_rule_for_every_door(world, owner, dav, home, name):
    """A name that REST refuses, since it can rewrite the line that it stands in, came in through PROPPATCH and MKCALENDAR."""
    path, given = f"{home}{uuid.uuid4()}/", f"<D:displayname>{name}</D:displayname>"
    plain = name.replace("&#10;", "\n")
    by_rest = world.post("/v1/calendars", json.dumps({"name": plain}), {"Content-Type": "application/json"}, owner.key).status
    made = mkcalendar(dav, path, given)
    if name in SEEN:
        assert (by_rest, made.status) == (201, 201)
        assert fates(proppatch(dav, path, f"<D:displayname>\n  {name} </D:displayname>")) == {D + "displayname": (200, None)}
        assert props(dav, path, "<D:displayname/>").text(D + "displayname") == name
        return
    assert by_rest == 400 and made.status == 207 and fates(made)[D + "displayname"] == (409, None)
    assert mkcalendar(dav, path, "<D:displayname>Before</D:displayname>").status == 201
    assert fates(proppatch(dav, path, given)) == {D + "displayname": (409, None)}  # RFC 4918 §9.2.1
    assert props(dav, path, "<D:displayname/>").text(D + "displayname") == "Before"


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_name_of_blanks_is_none(dav, cal, blank):
    assert fates(proppatch(dav, cal, f"<D:displayname>{blank}</D:displayname>")) == {D + "displayname": (200, None)}
    assert props(dav, cal, "<D:displayname/>").text(D + "displayname") in ("", None)
