# SPDX-License-Identifier: Apache-2.0
"""REPORT: which there are, and those over principals (RFC 3744 §9, RFC 3253 §3.8)."""
import pytest

from dav import C, CS, D, NAMESPACES, event, fill, other_tree


def test_a_report_that_is_not_offered_is_refused(tree):
    """RFC 3253 §3.6: DAV:supported-report."""
    for path, body in (
        (tree.calendar, f"<D:version-tree {NAMESPACES}/>"),
        (tree.home, f"<D:sync-collection {NAMESPACES}><D:sync-token/></D:sync-collection>"),
        (tree.principal, f"<C:calendar-query {NAMESPACES}/>"),
        (tree.calendar, f"<C:expand-property {NAMESPACES}/>"),
    ):
        answer = tree.dav.report(path, body)
        assert answer.status == 403 and answer.condition == [D + "supported-report"]


@pytest.mark.parametrize("body", [None, "", "<", "text"])
def test_a_report_without_a_body_is_400(tree, body):
    assert tree.dav.report(tree.calendar, body).status == 400


def test_what_is_advertised_is_answered(tree):
    """RFC 3253 §3.1.5: everything in DAV:supported-report-set is known."""
    fill(tree, a=event("a", "20260302T120000Z"))
    for path in ("/dav/", "/dav/principals/", tree.principal, tree.home, tree.calendar, tree.calendar + "a.ics"):
        member = tree.dav.propfind(path, "<D:supported-report-set/>").members[path]
        for report in member.ok[D + "supported-report-set"].iter(D + "report"):
            ns, local = report[0].tag[1:].split("}")
            answer = tree.dav.report(path, f"<x:{local} xmlns:x='{ns}'/>")
            assert answer.status in (200, 207, 400) or answer.condition == [C + "valid-filter"], (path, local)


# ---- principals ----


def test_expand_property_follows_hrefs(tree):
    """RFC 3253 §3.8; Apple asks delegates so."""
    body = (
        f"<D:expand-property {NAMESPACES}><D:property name='current-user-principal'><D:property name='displayname'/>"
        "<D:property name='calendar-home-set' namespace='urn:ietf:params:xml:ns:caldav'>"
        "<D:property name='resourcetype'/></D:property></D:property>"
        "<D:property name='calendar-proxy-read-for' namespace='http://calendarserver.org/ns/'/>"
        "</D:expand-property>"
    )
    answer = tree.dav.report(tree.principal, body)
    assert answer.status == 207
    inner = answer.xml.find(f"{D}response/{D}propstat/{D}prop/{D}current-user-principal/{D}response")
    assert inner.find(D + "href").text == tree.principal
    home = next(inner.iter(C + "calendar-home-set")).find(D + "response")
    assert home.find(D + "href").text == tree.home and next(home.iter(D + "collection")) is not None
    assert next(answer.xml.iter(CS + "calendar-proxy-read-for")) is not None
    assert tree.dav.report(tree.principal, body, depth=1).status == 400  # strictness §5.4


def search(tree, match, prop="<D:displayname/>", path="/dav/principals/", extra=""):
    body = (
        f"<D:principal-property-search {NAMESPACES}><D:property-search><D:prop>{prop}</D:prop><D:match>{match}</D:match>"
        f"</D:property-search><D:prop><D:displayname/></D:prop>{extra}</D:principal-property-search>"
    )
    return tree.dav.report(path, body, 0)


def test_principals_are_found_by_name_and_home(tree, world):
    """RFC 3744 §9.4; nobody finds another's."""
    other = other_tree(world)
    assert set(search(tree, tree.name[:4].upper()).members) == {tree.principal}
    assert set(search(tree, tree.home, "<C:calendar-home-set/>").members) == {tree.principal}
    assert search(tree, other.home, "<C:calendar-home-set/>").members == {}
    assert search(tree, "no such name").members == {}
    assert search(tree, tree.name, path=tree.calendar).members == {}
    applied = search(tree, tree.name, path=tree.calendar, extra="<D:apply-to-principal-collection-set/>")
    assert set(applied.members) == {tree.principal}


def test_what_can_be_searched_is_told(tree):
    """RFC 3744 §9.5; iOS asks at every account check."""
    answer = tree.dav.report("/dav/principals/", f"<D:principal-search-property-set {NAMESPACES}/>", 0)
    assert answer.status == 200 and answer.xml.tag == D + "principal-search-property-set"
    assert next(answer.xml.iter(D + "displayname")) is not None
    filled = f"<D:principal-search-property-set {NAMESPACES}><D:prop/></D:principal-search-property-set>"
    assert tree.dav.report("/dav/principals/", filled, 0).status == 400, "it MUST be empty"
    for path in (tree.home, tree.calendar):  # where no principals lie
        assert tree.dav.report(path, f"<D:principal-search-property-set {NAMESPACES}/>", 0).condition == [D + "supported-report"]


def test_principal_match(tree):
    """RFC 3744 §9.3."""
    fill(tree, a=event("a", "20260302T120000Z"))
    own = f"<D:principal-match {NAMESPACES}><D:self/></D:principal-match>"
    answer = tree.dav.report("/dav/principals/", own, 0)
    assert {h: m.status for h, m in answer.members.items()} == {tree.principal: 200}
    owned = f"<D:principal-match {NAMESPACES}><D:principal-property><D:owner/></D:principal-property><D:prop><D:owner/></D:prop></D:principal-match>"
    members = tree.dav.report(tree.home, owned, 0).members
    assert {tree.calendar, tree.calendar + "a.ics"} <= set(members)
    assert members[tree.calendar].hrefs(D + "owner") == [tree.principal]
    assert tree.dav.report("/dav/principals/", own, 1).status == 400


def test_acl_principal_prop_set(tree):
    """RFC 3744 §9.2."""
    body = f"<D:acl-principal-prop-set {NAMESPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
    members = tree.dav.report(tree.calendar, body, 0).members
    assert set(members) == {tree.principal} and members[tree.principal].text(D + "displayname") == tree.name
    assert tree.dav.report(tree.calendar, body, 1).status == 400
    assert tree.dav.report(tree.calendar, f"<D:acl-principal-prop-set {NAMESPACES}/>", 0).status == 400, "one element or more"
