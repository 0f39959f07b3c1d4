# SPDX-License-Identifier: Apache-2.0
"""PROPFIND, properties and access control as clients read them."""
import urllib.parse

import pytest

from dav import A, C, CS, D, NAMESPACES, event, other_tree

THUNDERBIRD = (
    "<D:resourcetype/><D:owner/><D:displayname/><D:current-user-principal/><D:current-user-privilege-set/>"
    "<D:supported-report-set/><C:supported-calendar-component-set/><CS:getctag/><A:calendar-color/>"
)


# ---- discovery ----


def test_a_collection_has_no_length(tree):
    """RFC 4918 §15.4 defines it by the Content-Length of a GET, which a calendar's never tells: 0, as other servers say."""
    for path in (tree.home, tree.calendar):
        assert tree.dav.propfind(path, "<D:getcontentlength/>").members[path].text(D + "getcontentlength") == "0"


def test_a_client_walks_from_the_root_to_the_calendars(tree):
    """RFC 5397 §3, RFC 4791 §6.2.1, RFC 6764 §6."""
    root = tree.dav.propfind("/dav/", "<D:current-user-principal/><D:resourcetype/>").members["/dav/"]
    assert root.hrefs(D + "current-user-principal") == [tree.principal]
    principal = tree.dav.propfind(tree.principal, "<C:calendar-home-set/><D:principal-URL/>").members[tree.principal]
    assert principal.hrefs(C + "calendar-home-set") == [tree.home]
    assert principal.hrefs(D + "principal-URL") == [tree.principal]
    home = tree.dav.propfind(tree.home, "<D:resourcetype/>", depth=1).members
    assert tree.home in home and tree.calendar in home
    kinds = {t.tag for t in home[tree.calendar].ok[D + "resourcetype"]}
    assert kinds == {D + "collection", C + "calendar"}


@pytest.mark.parametrize("path", ["/dav", "/dav/", "/dav/principals", "/dav/principals/", "/dav/calendars/"])
def test_every_collection_above_names_the_principal(tree, path):
    """RFC 5397 §3; Apple asks it everywhere."""
    members = tree.dav.propfind(path, "<D:current-user-principal/><D:principal-collection-set/>").responses
    assert len(members) == 1
    assert members[0].hrefs(D + "current-user-principal") == [tree.principal]
    assert members[0].hrefs(D + "principal-collection-set") == ["/dav/principals/"]
    assert members[0].href.endswith("/")


def test_children_of_the_upper_collections_are_ones_own(tree):
    names = lambda path: set(tree.dav.propfind(path, "<D:resourcetype/>", depth=1).members)
    assert names("/dav/") == {"/dav/", "/dav/principals/", "/dav/calendars/"}
    assert names("/dav/principals/") == {"/dav/principals/", tree.principal}
    assert names("/dav/calendars/") == {"/dav/calendars/", tree.home}
    assert names(tree.principal) == {tree.principal}


# ---- Depth ----


@pytest.mark.parametrize("depth", ["infinity", "Infinity", None])
def test_depth_infinity_and_none_are_refused(tree, depth):
    """RFC 4918 §9.1, §9.1.1."""
    for path in ("/dav/", tree.principal, tree.home, tree.calendar):
        answer = tree.dav.request("PROPFIND", path, None, Depth=depth)
        assert answer.status == 403, path
        assert answer.condition == [D + "propfind-finite-depth"]


def test_a_depth_that_is_none_is_malformed(tree):
    """RFC 4918 §10.2."""
    assert tree.dav.request("PROPFIND", tree.home, None, Depth="2").status == 400


def test_depth_noroot_leaves_the_resource_itself_out(tree):
    """RFC 8144 §2.2."""
    answer = tree.dav.propfind(tree.home, "<D:resourcetype/>", depth=1, Prefer="depth-noroot")
    assert tree.home not in answer.members and tree.calendar in answer.members
    assert "depth-noroot" in answer.headers.get("Preference-Applied", "")


# ---- what is asked is what comes ----


def test_what_is_asked_comes_back_and_nothing_else(tree):
    """RFC 4918 §9.1."""
    props = THUNDERBIRD + "<D:getlastmodified/><x xmlns='urn:other'/><y xmlns=''/><D:no-such/>"
    member = tree.dav.propfind(tree.calendar, props).members[tree.calendar]
    assert set(member.by_status) == {200, 404}
    assert member.missing - {A + "calendar-color"} == {D + "getlastmodified", "{urn:other}x", "y", D + "no-such"}
    assert set(member.ok) | {A + "calendar-color"} == {
        D + "resourcetype", D + "owner", D + "displayname", D + "current-user-principal",
        D + "current-user-privilege-set", D + "supported-report-set", C + "supported-calendar-component-set",
        CS + "getctag", A + "calendar-color",
    }


@pytest.mark.parametrize("header", [{"Prefer": "return=minimal"}, {"Prefer": "foo, return=minimal"}, {"Brief": "t"}])
def test_minimal_answers_leave_404_out(tree, header):
    """RFC 8144 §2.1."""
    answer = tree.dav.propfind(tree.calendar, "<CS:getctag/><D:getlastmodified/>", **header)
    member = answer.members[tree.calendar]
    assert set(member.by_status) == {200} and set(member.ok) == {CS + "getctag"}
    assert "return=minimal" in answer.headers["Preference-Applied"]
    assert "Prefer" in ", ".join(answer.headers.get_all("Vary"))


def test_a_minimal_answer_without_any_property_is_still_a_response(tree):
    """RFC 8144 §2.1: an empty propstat of 200."""
    answer = tree.dav.propfind(tree.calendar, "<D:getlastmodified/>", Prefer="return=minimal")
    assert answer.members[tree.calendar].by_status == {200: {}}


@pytest.mark.parametrize("body", [None, "", f"<D:propfind {NAMESPACES}><D:allprop/></D:propfind>"])
def test_an_empty_body_is_allprop_and_allprop_is_of_rfc_4918_alone(tree, body):
    """RFC 4918 §9.1; RFC 4791 §5.2; RFC 6578 §4."""
    member = tree.dav.propfind(tree.calendar, body=body).members[tree.calendar]
    assert set(member.by_status) == {200}
    assert {D + "resourcetype", D + "displayname"} <= set(member.ok)
    assert not [name for name in member.ok if name.startswith(C)]
    assert not {D + "sync-token", D + "acl", D + "supported-report-set"} & set(member.ok)


def test_include_adds_to_allprop(tree):
    """RFC 4918 §9.1.6."""
    body = f"<D:propfind {NAMESPACES}><D:allprop/><D:include><CS:getctag/><D:x/></D:include></D:propfind>"
    member = tree.dav.propfind(tree.calendar, body=body).members[tree.calendar]
    assert CS + "getctag" in member.ok and D + "resourcetype" in member.ok and member.missing == {D + "x"}


def test_propname_has_names_without_values(tree):
    """RFC 4918 §9.1.5."""
    member = tree.dav.propfind(tree.calendar, body=f"<D:propfind {NAMESPACES}><D:propname/></D:propfind>").members[
        tree.calendar
    ]
    assert {D + "sync-token", C + "supported-calendar-data", CS + "getctag"} <= set(member.ok)
    assert all(not p.text and not len(p) for p in member.ok.values())


@pytest.mark.parametrize(
    "body",
    [
        "<D:propfind",
        "<propfind/>",
        f"<D:prop {NAMESPACES}/>",
        f"<D:propfind {NAMESPACES}/>",
        f"<D:propfind {NAMESPACES}><D:prop/><D:prop/></D:propfind>",
        f"<D:propfind {NAMESPACES}><D:allprop/><D:propname/></D:propfind>",
        "<!DOCTYPE x [<!ENTITY e 'e'>]><D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>",
        b"<D:propfind xmlns:D='DAV:'><D:prop><D:\xff/></D:prop></D:propfind>",
        "<a>" * 100000,
        "<D:propfind xmlns:D='DAV:'><D:prop " + " ".join(f"a{i}='1'" for i in range(2000)) + "/></D:propfind>",
    ],
)
def test_bodies_that_are_no_propfind_are_400(tree, body):
    """RFC 4918 §8.2, §14.20."""
    answer = tree.dav.propfind(tree.calendar, body=body)
    assert answer.status in (400, 413), answer


def test_a_namespace_of_a_stranger_comes_back_as_it_was(tree):
    member = tree.dav.propfind(tree.calendar, "<p xmlns='urn:a&amp;b'/>").members[tree.calendar]
    assert member.missing == {"{urn:a&b}p"}


# ---- values ----


def test_a_calendar_has_what_clients_read(tree):
    """RFC 4791 §5.2; RFC 6578 §4; Thunderbird, Apple, DAVx5."""
    props = (
        "<D:owner/><D:supported-report-set/><C:supported-calendar-component-set/><C:supported-calendar-data/>"
        "<C:max-resource-size/><C:min-date-time/><C:max-date-time/><C:max-attendees-per-instance/>"
        "<C:supported-collation-set/><C:schedule-calendar-transp/><D:sync-token/><CS:getctag/>"
        "<D:quota-used-bytes/><D:quota-available-bytes/><D:supportedlock/><D:lockdiscovery/><D:resource-id/>"
    )
    member = tree.dav.propfind(tree.calendar, props).members[tree.calendar]
    assert not member.missing
    assert member.hrefs(D + "owner") == [tree.principal]
    comps = {c.get("name") for c in member.ok[C + "supported-calendar-component-set"]}
    assert comps == {"VEVENT", "VTODO", "VJOURNAL"}
    reports = {r[0].tag for r in member.ok[D + "supported-report-set"].iter(D + "report")}
    assert {C + "calendar-query", C + "calendar-multiget", C + "free-busy-query", D + "sync-collection"} <= reports
    data = member.ok[C + "supported-calendar-data"][0]
    assert (data.get("content-type"), data.get("version")) == ("text/calendar", "2.0")
    assert {c.text for c in member.ok[C + "supported-collation-set"]} == {"i;ascii-casemap", "i;octet", "i;unicode-casemap"}
    assert ":" in member.text(D + "sync-token") and "/" in member.text(D + "sync-token")
    assert int(member.text(C + "max-resource-size")) >= 102400
    assert member.hrefs(D + "resource-id")[0].startswith("urn:uuid:")
    assert len(member.ok[D + "supportedlock"]) == 0 and len(member.ok[D + "lockdiscovery"]) == 0


def test_a_principal_has_what_clients_read(tree, world):
    """RFC 3744 §4; RFC 6638 §2.4.1."""
    props = (
        "<D:displayname/><D:principal-URL/><D:alternate-URI-set/><D:group-membership/><D:group-member-set/>"
        "<C:calendar-user-address-set/><CS:email-address-set/><D:resourcetype/>"
    )
    member = tree.dav.propfind(tree.principal, props).members[tree.principal]
    assert not member.missing
    assert D + "principal" in {t.tag for t in member.ok[D + "resourcetype"]}
    assert f"mailto:{tree.email}" in member.hrefs(C + "calendar-user-address-set")
    assert tree.principal in member.hrefs(C + "calendar-user-address-set")
    assert len(member.ok[D + "group-membership"]) == 0


def test_an_object_has_the_etag_that_get_has(tree):
    """RFC 4791 §5.3.4."""
    path = tree.calendar + "a.ics"
    put = tree.dav.put(path, event("a", "20260302T120000Z", "20260302T130000Z"))
    assert put.status == 201
    props = "<D:getetag/><D:getcontenttype/><D:getcontentlength/><D:getlastmodified/><D:creationdate/><D:resourcetype/>"
    member = tree.dav.propfind(path, props).members[path]
    got = tree.dav.request("GET", path)
    assert not member.missing
    assert member.text(D + "getetag") == put.headers["ETag"] == got.headers["ETag"]
    assert member.text(D + "getcontenttype") == "text/calendar;charset=utf-8"
    assert int(member.text(D + "getcontentlength")) == len(got.body)
    assert member.text(D + "getlastmodified") == got.headers["Last-Modified"]
    assert len(member.ok[D + "resourcetype"]) == 0


def test_calendar_data_is_no_property(tree):
    """RFC 4791 §9.6: for reports alone."""
    path = tree.calendar + "a.ics"
    tree.dav.put(path, event("a", "20260302T120000Z"))
    assert tree.dav.propfind(path, "<C:calendar-data/>").members[path].missing == {C + "calendar-data"}


def test_ctag_and_token_move_with_content_and_only_then(tree):
    read = lambda: tree.dav.propfind(tree.calendar, "<CS:getctag/><D:sync-token/>").members[tree.calendar]
    first = read()
    assert read().text(CS + "getctag") == first.text(CS + "getctag")
    tree.dav.put(tree.calendar + "a.ics", event("a", "20260302T120000Z"))
    second = read()
    assert second.text(CS + "getctag") != first.text(CS + "getctag")
    assert second.text(D + "sync-token") != first.text(D + "sync-token")


@pytest.mark.parametrize("name", ["a b.ics", "a%20b.ics", "ä&<>\"'.ics", "me@example.org+1;x=1,y:z.ics", "日本.ics"])
def test_names_are_written_in_one_canonical_way(tree, name):
    """RFC 3986 §3.3; never & or < in an href, %20 and %2520 stay apart."""
    path = tree.calendar + urllib.parse.quote(name, safe="")
    assert tree.dav.put(path, event("u", "20260302T120000Z")).status == 201
    hrefs = [h for h in tree.dav.propfind(tree.calendar, "<D:getetag/>", depth=1).members if h != tree.calendar]
    assert len(hrefs) == 1
    assert urllib.parse.unquote(hrefs[0]) == tree.calendar + name
    assert not set('&<>" ') & set(hrefs[0]) and hrefs[0].isascii()
    assert tree.dav.request("GET", hrefs[0]).status == 200
    assert list(tree.dav.propfind(path, "<D:getetag/>").members) == [hrefs[0]]


def test_values_have_no_white_space_of_ours(tree):
    """strictness §5.3: values are compared as text."""
    answer = tree.dav.propfind(tree.calendar, THUNDERBIRD + "<D:acl/><D:supported-privilege-set/>")
    body = answer.text.split("\n", 1)[1].rstrip("\n")
    assert "\n" not in body and "> <" not in body


def test_a_calendar_of_many_objects_is_listed_wholly(tree):
    """More than two pages, each object once."""
    names = [f"{i:04}.ics" for i in range(1203)]
    for name in names:
        assert tree.dav.put(tree.calendar + name, event(name, "20260302T120000Z")).status == 201
    members = tree.dav.propfind(tree.calendar, "<D:getetag/>", depth=1).members
    assert set(members) == {tree.calendar} | {tree.calendar + n for n in names}
    synced = tree.dav.sync(tree.calendar)
    assert set(synced.members) == {tree.calendar + n for n in names}
    found = tree.dav.query(tree.calendar, "<C:comp-filter name='VEVENT'/>", "<D:getetag/><C:calendar-data/>")
    assert set(found.members) == set(synced.members)


def test_dead_properties_come_back_where_they_were_set(tree):
    """RFC 4918 §4.1, §9.1: on principal, home, calendar and object alike."""
    obj = tree.calendar + "a.ics"
    tree.dav.put(obj, event("a", "20260302T120000Z"))
    for path in (tree.principal, tree.home, tree.calendar, obj):
        body = (
            f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><x:note xmlns:x='urn:x' xml:lang='en'>{path}<x:b/></x:note>"
            "</D:prop></D:set></D:propertyupdate>"
        )
        assert tree.dav.request("PROPPATCH", path, body).status == 207
    for path in (tree.principal, tree.home, tree.calendar, obj):
        note = tree.dav.propfind(path, "<x:note xmlns:x='urn:x'/>").members[path].ok["{urn:x}note"]
        assert note.text == path and note[0].tag == "{urn:x}b"
        assert note.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    home = tree.dav.propfind(tree.home, "<x:note xmlns:x='urn:x'/>", depth=1).members
    assert home[tree.calendar].ok["{urn:x}note"].text == tree.calendar
    members = tree.dav.propfind(tree.calendar, "<x:note xmlns:x='urn:x'/>", depth=1).members
    assert members[obj].ok["{urn:x}note"].text == obj


def test_what_is_not_there_is_404_and_what_is_anothers_403(tree, world):
    """What belongs to others is 403, existing or not."""
    other = other_tree(world)
    assert tree.dav.propfind(tree.home + "nothing/", "<D:resourcetype/>").status == 404
    assert tree.dav.propfind(tree.calendar + "nothing.ics", "<D:getetag/>").status == 404
    for path in (other.principal, other.home, other.calendar, other.calendar + "nothing.ics", other.home + "nothing/"):
        answer = tree.dav.propfind(path, "<D:resourcetype/>")
        assert answer.status == 403 and answer.condition == [D + "need-privileges"], path


# ---- cost ----


@pytest.mark.parametrize(
    "method, path, depth, body, most",
    [
        ("PROPFIND", "/dav/", "0", "<D:current-user-principal/>", 1),
        ("PROPFIND", "calendar", "0", THUNDERBIRD + "<D:sync-token/><C:calendar-home-set/>", 1),
        ("PROPFIND", "home", "0", THUNDERBIRD, 2),
        ("PROPFIND", "home", "1", THUNDERBIRD, 3),
        ("PROPFIND", "calendar", "1", "<D:getetag/><D:getcontenttype/>", 2),
        ("PROPFIND", "calendar", "0", "<x:u xmlns:x='x'/>", 2),
        ("PROPFIND", "object", "0", "<D:getetag/>", 1),
        ("PROPFIND", "object", "0", "<D:getetag/><x:u xmlns:x='x'/>", 2),
    ],
)
def test_a_reading_costs_few_round_trips(tree, world, method, path, depth, body, most):
    """Authentication is one, and what is read of the calendar itself goes with it; a page of members is one more."""
    assert tree.dav.put(tree.calendar + "cost.ics", event("cost", "20260101T100000Z")).status == 201
    target = {"calendar": tree.calendar, "home": tree.home, "object": tree.calendar + "cost.ics"}.get(path, path)
    body = f"<D:propfind {NAMESPACES}><D:prop>{body}</D:prop></D:propfind>"
    reply = world.dav(method, target, body, {"Depth": depth}, tree.account)
    assert reply.status == 207
    assert int(world.log_of(reply)["db"]) <= most


def test_depth_0_costs_two_round_trips_whoever_asks_for_whatever(tree, world):
    """Unknown and dead properties too, of calendars and objects, by Basic, Bearer and a key that sees some calendars alone."""
    dead = "<x:note xmlns:x='urn:x'>kept</x:note>"
    assert tree.dav.put(tree.calendar + "cost.ics", event("cost", "20260101T100000Z")).status == 201
    for path in (tree.calendar, tree.calendar + "cost.ics"):
        assert tree.dav.request("PROPPATCH", path, f"<D:propertyupdate {NAMESPACES}><D:set><D:prop>{dead}</D:prop></D:set>"
            "</D:propertyupdate>").status == 207
    callers = [tree.dav.headers, {"Authorization": f"Bearer {tree.account.key}"},
        tree.restricted("calendars:read events:read", [tree.calendar]).headers]
    asked = [f"<D:prop><D:getetag/>{dead.replace('kept', '')}</D:prop>", "<D:allprop/>", "<D:propname/>"]
    for headers in callers:
        for path in (tree.calendar, tree.calendar + "cost.ics", tree.home, tree.principal):
            for body in asked:
                reply = world.request("PROPFIND", path, f"<D:propfind {NAMESPACES}>{body}</D:propfind>",
                    {**headers, "Depth": "0", "Content-Type": "application/xml"})
                assert reply.status == 207, reply
                note = reply.xml.find(".//{urn:x}note")
                if path.startswith(tree.calendar):
                    assert note is not None and note.text == (None if "propname" in body else "kept"), reply.text
                assert int(world.log_of(reply)["db"]) <= 2, (path, body, headers)
    gone = world.request("PROPFIND", tree.calendar + "no.ics", f"<D:propfind {NAMESPACES}><D:allprop/></D:propfind>",
        {**tree.dav.headers, "Depth": "0", "Content-Type": "application/xml"})
    assert gone.status == 404 and int(world.log_of(gone)["db"]) <= 2


def test_what_was_read_ahead_of_a_key_limited_to_other_calendars_is_not_shown(tree, world):
    """The look-up that goes with the authentication does not know the key's limits: it counts for nothing then."""
    kept = tree.make_calendar("kept")
    for calendar in (tree.calendar, kept):
        assert tree.dav.put(calendar + "one.ics", event("one", "20260101T100000Z")).status == 201
    sees = tree.restricted("calendars:read events:read", [kept])
    for path in (kept, kept + "one.ics"):
        assert sees.request("GET", path).status == 200
    for method, path in (("GET", "one.ics"), ("GET", ""), ("PROPFIND", ""), ("PROPFIND", "one.ics")):
        answer = sees.request(method, tree.calendar + path, Depth="0")
        assert answer.status == 404 and "BEGIN:V" not in answer.text and "getetag" not in answer.text, (method, path)
