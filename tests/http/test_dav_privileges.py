# SPDX-License-Identifier: Apache-2.0
"""What a key may, as CalDAV shows it, and requests to change that (RFC 3744)."""
import xml.etree.ElementTree as ET

import pytest

from dav import C, D, NAMESPACES, event


def privileges(dav, path):
    member = dav.propfind(path, "<D:current-user-privilege-set/>").members[path]
    return {p[0].tag for p in member.ok[D + "current-user-privilege-set"]}


def test_a_key_of_full_access_may_all(tree):
    """RFC 3744 §5.4."""
    assert {D + "all", D + "write", D + "read", D + "bind", D + "unbind"} <= privileges(tree.dav, tree.calendar)
    assert {D + "bind", D + "unbind", D + "write-content"} <= privileges(tree.dav, tree.home)


def test_a_key_that_only_reads_is_shown_so(tree):
    """Clients show a read-only calendar as read-only."""
    reader = tree.restricted("calendars:read events:read")
    found = privileges(reader, tree.calendar)
    assert D + "read" in found and C + "read-free-busy" in found
    assert not {D + "write", D + "write-content", D + "write-properties", D + "bind", D + "unbind", D + "all"} & found
    assert not {D + "bind", D + "unbind"} & privileges(reader, tree.home)


def test_a_scope_that_is_missing_is_need_privileges(tree):
    """RFC 3744 §7.1.1; RFC 6750 §3.1."""
    busy = tree.restricted("calendars:read")
    assert busy.propfind(tree.home, "<D:resourcetype/>", depth=1).status == 207
    answer = busy.propfind(tree.calendar, "<D:getetag/>", depth=1)
    assert answer.status == 403 and answer.condition == [D + "need-privileges"]
    assert 'error="insufficient_scope"' in ", ".join(answer.headers.get_all("WWW-Authenticate") or [])
    answer = busy.sync(tree.calendar)
    assert answer.status == 403 and answer.condition == [D + "need-privileges"]
    blind = tree.restricted("profile:read")
    expand = f"<D:expand-property {NAMESPACES}><D:property name='displayname'/></D:expand-property>"
    for path in (tree.home, tree.calendar, tree.calendar + "a.ics"):
        for answer in (blind.propfind(path, "<D:displayname/>"), blind.report(path, expand)):
            assert answer.status == 403 and answer.condition == [D + "need-privileges"]
    assert busy.report(
        tree.calendar,
        f"<C:free-busy-query {NAMESPACES}><C:time-range start='20260101T000000Z' end='20260201T000000Z'/>"
        "</C:free-busy-query>",
    ).status == 200


def test_a_key_of_one_calendar_sees_no_other(tree):
    """Enforced in the queries."""
    second = tree.make_calendar("second")
    only = tree.restricted("calendars:read events:read", calendars=[tree.calendar])
    assert set(only.propfind(tree.home, "<D:resourcetype/>", depth=1).members) == {tree.home, tree.calendar}
    assert only.propfind(second, "<D:resourcetype/>").status == 404
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z"))
    assert only.request("GET", second + "b.ics").status == 404
    assert only.multiget(tree.home, [second + "b.ics"]).members[second + "b.ics"].status == 404





# ---- access control, RFC 3744 §5, §8 ----


def test_access_is_described(tree):
    """RFC 3744 §5.3, §5.5, §5.6, §5.7."""
    props = "<D:acl/><D:acl-restrictions/><D:inherited-acl-set/><D:supported-privilege-set/><D:owner/><D:group/>"
    member = tree.dav.propfind(tree.calendar, props).members[tree.calendar]
    aces = member.ok[D + "acl"].findall(D + "ace")
    assert len(aces) == 1
    assert aces[0].find(D + "principal/" + D + "href").text == tree.principal
    assert aces[0].find(D + "protected") is not None
    assert {r.tag for r in member.ok[D + "acl-restrictions"]} == {D + "grant-only", D + "no-invert"}
    top = member.ok[D + "supported-privilege-set"].findall(D + "supported-privilege")
    assert len(top) == 1 and top[0].find(D + "privilege/" + D + "all") is not None
    read = [p for p in top[0] if p.find(D + "privilege/" + D + "read") is not None]
    inside = [p.find(D + "privilege")[0].tag for p in read[0].findall(D + "supported-privilege")]
    assert C + "read-free-busy" in inside  # RFC 4791 §6.1.1


OWNER = "<D:property><D:owner/></D:property>"
ALL = "<D:grant><D:privilege><D:all/></D:privilege></D:grant>"


def ace(principal, inner="<D:grant><D:privilege><D:read/></D:privilege></D:grant>"):
    return f"<D:ace><D:principal>{principal}</D:principal>{inner}</D:ace>"


@pytest.mark.parametrize(
    "aces, condition",
    [
        (ace("<D:href>/dav/principals/nobody/</D:href>"), "recognized-principal"),
        (ace("<D:all/>"), "allowed-principal"),
        (ace("<D:self/>", "<D:deny><D:privilege><D:write/></D:privilege></D:deny>"), "grant-only"),
        (ace("<D:self/>", "<D:grant><D:privilege><D:fly/></D:privilege></D:grant>"), "not-supported-privilege"),
        ("<D:ace><D:invert><D:principal><D:self/></D:principal></D:invert><D:grant/></D:ace>", "no-invert"),
        (ace("<D:self/>"), "limited-number-of-aces"),
        (ace(OWNER), "limited-number-of-aces"),
        (ace(OWNER, ALL), "limited-number-of-aces"),
        (ace(OWNER, "<D:deny><D:privilege><D:write/></D:privilege></D:deny>"), "no-protected-ace-conflict"),  # §8.1.3
        (ace("<D:href>{principal}</D:href>", "<D:deny><D:privilege><D:all/></D:privilege></D:deny>"), "no-protected-ace-conflict"),
        (ace(OWNER, "<D:grant><D:privilege><D:read/></D:privilege></D:grant><D:protected/>"), "no-ace-conflict"),  # §5.5.3
        (ace("<D:self/>", ALL + "<D:protected/>"), "no-ace-conflict"),
        (ace(OWNER, ALL + "<D:inherited><D:href>/dav/</D:href></D:inherited>"), "no-ace-conflict"),  # §5.5.4
        (ace("<D:unauthenticated/>"), "allowed-principal"),
        (ace("<D:href>/dav/calendars/</D:href>"), "recognized-principal"),
        (ace(OWNER, "<D:grant><D:privilege><D:write-acl/></D:privilege></D:grant>"), "not-supported-privilege"),
    ],
)
def test_an_acl_request_is_refused_with_its_precondition(tree, aces, condition):
    """RFC 3744 §8.1.1."""
    aces = aces.replace("{principal}", tree.principal)
    answer = tree.dav.request("ACL", tree.calendar, f"<D:acl {NAMESPACES}>{aces}</D:acl>")
    assert answer.status == 403 and answer.condition == [D + condition]


def test_an_acl_request_without_entries_changes_nothing(tree):
    """RFC 3744 §8.1: protected entries stay."""
    assert tree.dav.request("ACL", tree.calendar, f"<D:acl {NAMESPACES}/>").status == 200
    assert D + "all" in privileges(tree.dav, tree.calendar)


def test_an_acl_that_is_sent_back_as_it_was_read_changes_nothing(tree):
    """RFC 3744 §8.1: the list is exactly what the request asks for."""
    tree.dav.put(tree.calendar + "acl.ics", event("acl", "20260101T100000Z"))
    for path in (tree.calendar, tree.calendar + "acl.ics", tree.home, tree.principal):
        acl = ET.tostring(tree.dav.propfind(path, "<D:acl/>").members[path].ok[D + "acl"])
        assert b"protected" in acl
        assert tree.dav.request("ACL", path, acl).status == 200
        assert ET.tostring(tree.dav.propfind(path, "<D:acl/>").members[path].ok[D + "acl"]) == acl


def test_an_acl_body_that_is_none_is_400(tree):
    for body in (None, "<x/>", f"<D:acl {NAMESPACES}><D:ace/></D:acl>", f"<D:acl {NAMESPACES}>{ace('')}</D:acl>",
                 f"<D:acl {NAMESPACES}>{ace('<D:self/>', '<D:principal><D:all/></D:principal>' + ALL)}</D:acl>",  # §8.1.5
                 f"<D:acl {NAMESPACES}>{ace('<D:self/>', ALL + ALL.replace('grant', 'deny'))}</D:acl>"):
        assert tree.dav.request("ACL", tree.calendar, body).status == 400
