# SPDX-License-Identifier: Apache-2.0
"""MKCALENDAR (RFC 4791 §5.3.1) and extended MKCOL (RFC 5689)."""
import uuid

import pytest

from dav import A, C, D, NAMESPACES
from davwrite import ZONE, put_new, names, props, fates, mkcalendar, mkcol


def test_mkcalendar_sets_its_properties(dav, fresh):  # RFC 4791 §5.3.1
    answer = mkcalendar(
        dav, fresh,
        "<D:resourcetype><D:collection/><C:calendar/><CS:subscribed/></D:resourcetype>"
        "<D:displayname>Lisa's &lt;Events&gt;</D:displayname><C:calendar-description>All of them</C:calendar-description>"
        "<C:supported-calendar-component-set><C:comp name='VEVENT'/><C:comp name='VFREEBUSY'/>"
        "</C:supported-calendar-component-set>"
        f"<C:calendar-timezone>{ZONE}</C:calendar-timezone><A:calendar-color>#FF2968FF</A:calendar-color>"
        "<A:calendar-order>-3</A:calendar-order><C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
        "<x:mine xmlns:x='urn:x'><x:deep/></x:mine>",
    )
    assert answer.status == 201 and "no-cache" in answer.headers["Cache-Control"]
    found = props(
        dav, fresh,
        "<D:displayname/><C:calendar-description/><C:supported-calendar-component-set/><C:calendar-timezone-id/>"
        "<A:calendar-color/><A:calendar-order/><C:schedule-calendar-transp/><x:mine xmlns:x='urn:x'/><D:resourcetype/>",
    )
    assert found.text(D + "displayname") == "Lisa's <Events>"
    assert found.text(C + "calendar-description") == "All of them"
    assert [c.get("name") for c in found.ok[C + "supported-calendar-component-set"]] == ["VEVENT"]
    assert found.text(C + "calendar-timezone-id") == "Europe/Berlin"
    assert (found.text(A + "calendar-color"), found.text(A + "calendar-order")) == ("#FF2968FF", "-3")
    assert found.ok[C + "schedule-calendar-transp"][0].tag == C + "transparent"
    assert found.ok["{urn:x}mine"][0].tag == "{urn:x}deep"
    assert {t.tag for t in found.ok[D + "resourcetype"]} == {D + "collection", C + "calendar"}


def test_mkcalendar_without_a_body_holds_all_kinds(dav, fresh):  # RFC 4791 §5.2.3
    assert dav.request("MKCALENDAR", fresh.rstrip("/"), Content_Length="0").status == 201
    found = props(dav, fresh, "<C:supported-calendar-component-set/>")
    assert {c.get("name") for c in found.ok[C + "supported-calendar-component-set"]} == {"VEVENT", "VTODO", "VJOURNAL"}


def test_a_home_sets_no_bounds_to_the_components_of_its_calendars(dav, home):
    """Apple's programs ask a home for the sets of components that its calendars may have; an empty property: any."""
    found = props(dav, home, "<C:supported-calendar-component-sets/>").ok[C + "supported-calendar-component-sets"]
    assert list(found) == [] and not found.text


def test_a_chunked_body_is_a_body(dav, fresh):  # RFC 9112 §7.1
    body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop><D:displayname>In chunks</D:displayname></D:prop></D:set></C:mkcalendar>"
    answer = dav.request("MKCALENDAR", fresh, iter([body[:50].encode(), body[50:].encode()]), Content_Type="text/xml")
    assert answer.status == 201
    assert props(dav, fresh, "<D:displayname/>").text(D + "displayname") == "In chunks"


def test_mkcalendar_on_what_exists(dav, home, cal, account):  # RFC 4791 §5.3.1 resource-must-be-null
    put_new(dav, cal + "a.ics")
    for path in (cal, home, f"/dav/principals/{account}/"):
        answer = dav.request("MKCALENDAR", path)
        assert answer.status in (403, 405), path
    answer = dav.request("MKCALENDAR", cal)
    assert answer.status == 403 and answer.condition == [D + "resource-must-be-null"]
    answer = mkcalendar(dav, cal, "<D:getetag>1</D:getetag>")  # before what is asked of it
    assert answer.status == 403 and answer.condition == [D + "resource-must-be-null"]
    assert names(dav, cal) == {"a.ics"}


def test_mkcol_on_what_exists_is_405(dav, cal):  # RFC 4918 §9.3.1
    assert dav.request("MKCOL", cal).status == 405
    assert mkcol(dav, cal).status == 405
    assert mkcol(dav, cal, sets="<D:getetag>1</D:getetag>").status == 405, "before what is asked of it"


def test_calendars_are_made_in_the_home_alone(dav, home, cal):  # RFC 4791 §4.2, §5.3.1
    for method in ("MKCALENDAR", "MKCOL"):
        answer = dav.request(method, cal + "inside/")
        assert answer.status == 403 and answer.condition == [C + "calendar-collection-location-ok"]
        assert dav.request(method, f"{home}{uuid.uuid4()}/inside/").status == 409  # RFC 4918 §9.3.1


def test_a_bad_property_makes_no_calendar(dav, fresh):  # RFC 4791 §5.3.1.1
    answer = mkcalendar(dav, fresh, "<D:displayname>Kept?</D:displayname><D:getetag>1</D:getetag>"
                                    "<C:calendar-timezone>no zone</C:calendar-timezone>")
    assert answer.status == 207
    assert fates(answer) == {
        D + "displayname": (424, None),
        D + "getetag": (403, D + "cannot-modify-protected-property"),
        C + "calendar-timezone": (403, C + "valid-calendar-data"),
    }
    assert dav.request("GET", fresh).status == 404


def test_extended_mkcol_makes_calendars(dav, fresh):  # RFC 5689 §3
    assert mkcol(dav, fresh, sets="<D:displayname>By MKCOL</D:displayname>").status == 201
    assert props(dav, fresh, "<D:displayname/>").text(D + "displayname") == "By MKCOL"


@pytest.mark.parametrize("types", ["<D:collection/>", "<D:collection/><CS:addressbook/>", "", "<C:calendar/>"])
def test_extended_mkcol_makes_nothing_else(dav, fresh, types):  # RFC 5689 §3.3 valid-resourcetype
    answer = mkcol(dav, fresh, types, "<D:displayname>x</D:displayname>")
    assert answer.status == 403 and answer.xml.tag == D + "mkcol-response"
    assert fates(answer) == {D + "resourcetype": (403, D + "valid-resourcetype"), D + "displayname": (424, None)}
    assert dav.request("GET", fresh).status == 404


def test_a_plain_mkcol_has_no_type(dav, fresh):
    answer = dav.request("MKCOL", fresh)
    assert answer.status == 403 and answer.condition == [D + "valid-resourcetype"]


@pytest.mark.parametrize("body,content_type,status", [
    ("<D:mkcol xmlns:D='DAV:'", "application/xml", 400),
    ("<D:propfind xmlns:D='DAV:'/>", "application/xml", 400),
    ("{}", "application/json", 415),
    ("<!DOCTYPE x><D:mkcol xmlns:D='DAV:'/>", "text/xml", 400),
])
def test_bodies_of_mkcol_that_are_none(dav, fresh, body, content_type, status):  # RFC 4918 §9.3.1
    assert dav.request("MKCOL", fresh, body, Content_Type=content_type).status == status
