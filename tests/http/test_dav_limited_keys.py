# SPDX-License-Identifier: Apache-2.0
"""What keys of fewer rights see and may by CalDAV: free/busy alone, reading alone; each refusal names privilege and resource."""
import re
from types import SimpleNamespace

import pytest

from dav import C, CS, D, NAMESPACES, Dav, event
from davwrite import new_event, proppatch, put_new

PRIVILEGES = "<D:current-user-privilege-set/>"
SECRET = "What nobody but its owner may read"
BUSY = (f"<C:free-busy-query {NAMESPACES}><C:time-range start='20260301T000000Z' end='20260401T000000Z'/>"
        "</C:free-busy-query>")
ACL_PRINCIPALS = f"<D:acl-principal-prop-set {NAMESPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
READ = {D + "read", C + "read-free-busy", D + "read-current-user-privilege-set"}


@pytest.fixture(scope="module")
def kept(world, owner, dav, home):
    """A calendar with one event, another one, and clients with keys of several rights."""
    for name in ("kept", "second"):
        assert dav.request("MKCALENDAR", f"{home}{name}/").status == 201
    cal = home + "kept/"
    put_new(dav, cal + "a.ics", event("a", "20260302T100000Z", "20260302T110000Z", summary=SECRET))

    def client(scope, **limits):
        return Dav(world.url, owner.email, world.key(owner, kind="restricted", scope=scope, **limits))

    return SimpleNamespace(
        home=home, cal=cal, second=home + "second/", principal=f"/dav/principals/{owner.id}/", dav=dav,
        busy=client("calendars:read"), reader=client("calendars:read events:read"), writer=client("events:write"),
        both=client("calendars:read events:read events:write"), blind=client("profile:read"))


def privileges(dav, path):
    member = dav.propfind(path, PRIVILEGES).members[path]
    return {p[0].tag for p in member.ok[D + "current-user-privilege-set"]}


def lacking(answer):
    """{(href, privilege)} of a 403 with DAV:need-privileges and nothing else (RFC 3744 §7.1.1)."""
    assert answer.status == 403 and answer.condition == [D + "need-privileges"], answer
    resources = answer.xml.findall(f"{D}need-privileges/{D}resource")
    return {(r.find(D + "href").text, r.find(D + "privilege")[0].tag) for r in resources}


# ---- free/busy alone ----


def test_who_sees_free_busy_alone_has_that_privilege_and_not_read(kept):
    """RFC 4791 §6.1.1, RFC 3744 §5.4."""
    assert privileges(kept.busy, kept.cal) == {C + "read-free-busy", D + "read-current-user-privilege-set"}
    assert privileges(kept.busy, kept.home) == READ
    for path in ("/dav/", "/dav/principals/", "/dav/calendars/"):
        assert privileges(kept.busy, path) == READ | {D + "read-acl"}
    assert privileges(kept.busy, kept.principal) == READ


@pytest.mark.parametrize("at", ["cal", "home"])
def test_who_sees_free_busy_alone_may_ask_when_it_is_busy(kept, at):
    """RFC 4791 §7.10."""
    answer = kept.busy.report(getattr(kept, at), BUSY, 1)
    assert answer.status == 200, answer
    assert re.findall(r"^FREEBUSY[^:]*:(\S+)", answer.text, re.M) == ["20260302T100000Z/PT1H"]
    assert SECRET not in answer.text and "a.ics" not in answer.text


def test_who_sees_free_busy_alone_reads_no_object(kept):
    a, read = kept.cal + "a.ics", D + "read"
    reads = [
        (kept.busy.request("GET", a), a), (kept.busy.propfind(a, "<D:getetag/>"), a),
        (kept.busy.request("GET", kept.cal), kept.cal), (kept.busy.propfind(kept.cal, "<D:getetag/>", depth=1), kept.cal),
        (kept.busy.query(kept.cal, "<C:comp-filter name='VEVENT'/>"), kept.cal),
        (kept.busy.query(kept.home, "<C:comp-filter name='VEVENT'/>"), kept.home),
        (kept.busy.multiget(kept.cal, [a]), kept.cal), (kept.busy.multiget(kept.home, [a]), kept.home),
        (kept.busy.query(a, "<C:comp-filter name='VEVENT'/>"), a),
        (kept.busy.sync(kept.cal), kept.cal), (kept.busy.request("GET", kept.cal + "none.ics"), kept.cal + "none.ics"),
    ]
    for answer, path in reads:
        assert lacking(answer) == {(path, read)}, path
        assert SECRET not in answer.text
    assert kept.busy.request("HEAD", a).status == 403


def test_who_sees_free_busy_alone_is_told_names_and_colours_and_no_content(kept):
    asked = ("<D:displayname/><A:calendar-color/><D:resourcetype/><D:sync-token/><CS:getctag/><D:quota-used-bytes/>"
             "<D:quota-available-bytes/><D:acl/>")
    members = kept.busy.propfind(kept.home, asked, depth=1).members
    assert kept.cal in members and not any(h.endswith(".ics") for h in members)
    refused = {D + "sync-token", CS + "getctag", D + "quota-used-bytes", D + "quota-available-bytes", D + "acl"}
    assert set(members[kept.cal].by_status[403]) == refused
    assert D + "resourcetype" in members[kept.cal].ok
    everything = kept.busy.propfind(kept.cal, body=f"<D:propfind {NAMESPACES}><D:propname/></D:propfind>").members[kept.cal]
    assert not refused & set(everything.ok)
    expand = kept.busy.report(kept.cal, f"<D:expand-property {NAMESPACES}><D:property name='owner'>"
                              "<D:property name='displayname'/></D:property></D:expand-property>")
    assert expand.status == 207 and SECRET not in expand.text


def test_a_free_busy_key_of_one_calendar_is_busy_with_that_alone(world, owner, kept):
    """The home's free/busy is of the calendars that the key is for."""
    ids = [kept.dav.propfind(p, "<D:resource-id/>").members[p].hrefs(D + "resource-id")[0].removeprefix("urn:uuid:")
           for p in (kept.cal, kept.second)]
    key = world.key(owner, kind="restricted", scope="calendars:read")
    world.sql(f"UPDATE api_key SET calendars = ARRAY['{ids[1]}']::uuid[] "
              f"WHERE created_at = (SELECT max(created_at) FROM api_key WHERE kind = 3)")
    only = Dav(world.url, owner.email, key)
    assert "FREEBUSY" not in only.report(kept.home, BUSY, 1).text.replace("VFREEBUSY", "")
    assert only.report(kept.cal, BUSY, 1).status == 404
    assert privileges(only, kept.second) == {C + "read-free-busy", D + "read-current-user-privilege-set"}


def test_who_may_not_see_free_busy_is_told_of_that_privilege(kept):
    """RFC 4791 §7.10: the privilege is CALDAV:read-free-busy."""
    for path in (kept.cal, kept.home):
        assert lacking(kept.blind.report(path, BUSY, 1)) == {(path, C + "read-free-busy")}
        assert lacking(kept.blind.propfind(path, PRIVILEGES)) == {(path, D + "read")}


# ---- reading alone ----


def test_who_reads_alone_has_read_and_nothing_that_writes(kept):
    assert privileges(kept.reader, kept.cal) == READ
    assert privileges(kept.reader, kept.cal + "a.ics") == READ
    assert privileges(kept.reader, kept.home) == READ
    assert kept.reader.request("GET", kept.cal + "a.ics").text.count(SECRET) == 1
    assert kept.reader.sync(kept.cal).status == 207
    assert kept.reader.report(kept.cal, BUSY, 1).status == 200


def test_who_reads_alone_is_told_what_each_write_lacks(kept):
    """RFC 3744, appendix B."""
    a, b, cal, home, second = kept.cal + "a.ics", kept.second + "b.ics", kept.cal, kept.home, kept.second
    write_content, bind, unbind = D + "write-content", D + "bind", D + "unbind"
    writes = [
        ("PUT", a, {(a, write_content), (cal, bind)}), ("DELETE", a, {(cal, unbind)}), ("COPY", a, {(second, bind)}), ("POST", cal, {(cal, bind)}),
        ("MOVE", a, {(cal, unbind), (second, bind)}), ("DELETE", cal, {(home, unbind)}),
        ("MKCALENDAR", home + "x/", {(home, bind)}), ("MKCOL", home + "x/", {(home, bind)}),
    ]
    for method, path, expected in writes:
        body = new_event() if method in ("PUT", "POST") else None
        answer = kept.reader.request(method, path, body, Destination=b)
        assert lacking(answer) == expected, method
    assert lacking(proppatch(kept.reader, cal, "<A:calendar-color>#fff</A:calendar-color>")) == {(cal, D + "write-properties")}
    assert kept.reader.request("COPY", cal, Destination=home + "y/").status == 403
    assert lacking(kept.reader.request("COPY", cal, Destination=home + "y/")) == {(home, bind)}
    assert lacking(kept.reader.request("ACL", cal, f"<D:acl {NAMESPACES}/>", Content_Type="application/xml")) == {
        (cal, D + "write-acl")}


def test_a_copy_wants_its_source_read(kept):
    """RFC 3744, appendix B: DAV:read on the source of a COPY."""
    a, to = kept.cal + "a.ics", kept.second + "copied.ics"
    assert lacking(kept.writer.request("COPY", a, Destination=to)) == {(a, D + "read")}
    assert lacking(kept.busy.request("COPY", a, Destination=to)) == {(a, D + "read"), (kept.second, D + "bind")}
    assert kept.both.request("COPY", a, Destination=to).status == 201
    assert kept.both.request("DELETE", to).status == 204


def test_the_side_that_is_anothers_is_named(world, kept):
    """RFC 3744 §7.1.1: which resource it was. Existing or not, it is told alike."""
    theirs = f"/dav/calendars/{world.account('theirs@example.org').id}/"
    for name in ("default/", "none/"):
        assert lacking(kept.dav.request("COPY", kept.cal + "a.ics", Destination=theirs + name + "a.ics")) == {
            (theirs + name, D + "bind")}
        assert lacking(kept.dav.request("COPY", theirs + name + "a.ics", Destination=kept.cal + "c.ics")) == {
            (theirs + name + "a.ics", D + "read")}


def test_what_a_privilege_says_can_be_done(kept):
    """current-user-privilege-set is true: who writes events binds and unbinds, and does not paint the calendar."""
    assert privileges(kept.both, kept.cal) == READ | {D + "write-content", D + "bind", D + "unbind"}
    path = kept.cal + "b.ics"
    assert kept.both.put(path, new_event("mine")).status == 201
    assert kept.both.put(path, new_event("mine", summary="again")).status == 204
    assert kept.both.request("DELETE", path).status == 204
    assert lacking(proppatch(kept.both, kept.cal, "<A:calendar-color>#fff</A:calendar-color>")) == {
        (kept.cal, D + "write-properties")}


# ---- one calendar ----


# What a key of the calendar `mine` tries with another, `theirs`, in which b.ics is.
OUTSIDE = {
    "PUT": lambda c, mine, theirs: c.put(theirs + "new.ics", new_event("new")),
    "PUT over another": lambda c, mine, theirs: c.put(theirs + "b.ics", new_event("b", summary="taken")),
    "DELETE": lambda c, mine, theirs: c.request("DELETE", theirs + "b.ics"),
    "DELETE of the calendar": lambda c, mine, theirs: c.request("DELETE", theirs),
    "PROPPATCH": lambda c, mine, theirs: proppatch(c, theirs + "b.ics", "<x:y xmlns:x='urn:x'>1</x:y>"),
    "PROPPATCH of the calendar": lambda c, mine, theirs: proppatch(c, theirs, "<A:calendar-color>#123456</A:calendar-color>"),
    "MOVE out of it": lambda c, mine, theirs: c.request("MOVE", theirs + "b.ics", Destination=mine + "b.ics"),
    "COPY out of it": lambda c, mine, theirs: c.request("COPY", theirs + "b.ics", Destination=mine + "b.ics"),
    "MOVE into it": lambda c, mine, theirs: c.request("MOVE", mine + "a.ics", Destination=theirs + "a.ics"),
    "COPY into it": lambda c, mine, theirs: c.request("COPY", mine + "a.ics", Destination=theirs + "a.ics"),
    "MOVE of the calendar": lambda c, mine, theirs: c.request("MOVE", theirs, Destination=mine),
    "MOVE over the calendar": lambda c, mine, theirs: c.request("MOVE", mine, Destination=theirs),
    "COPY over the calendar": lambda c, mine, theirs: c.request("COPY", mine, Destination=theirs),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_key_of_one_calendar_changes_nothing_in_another(world, owner, dav, cal, other, name):
    """Nor brings anything out of it; what is there is not told apart from what is not."""
    put_new(dav, cal + "a.ics", new_event("a"))
    put_new(dav, other + "b.ics", new_event("b"))
    [mine] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(cal)]
    scopes = "calendars:read calendars:write calendars:manage events:read events:write"
    limited = Dav(world.url, owner.email, world.key(owner, kind="restricted", scope=scopes, calendar=mine))
    state = lambda: [(dav.propfind(path, "<D:sync-token/><D:getetag/><A:calendar-color/><x:y xmlns:x='urn:x'/>", depth=1).body) for path in (cal, other)]
    before = state()
    assert OUTSIDE[name](limited, cal, other).status in (403, 404, 409)
    assert state() == before
    assert limited.put(cal + "c.ics", new_event("c")).status == 201 and limited.request("DELETE", cal + "c.ics").status == 204


# ---- who may read who has access ----


def test_who_has_access_is_the_owners_to_know(kept):
    """RFC 3744 §3.6: DAV:acl takes DAV:read-acl, which a key of full access has and a limited one has not."""
    for path in (kept.home, kept.cal, kept.cal + "a.ics", kept.principal):
        assert D + "read-acl" in privileges(kept.dav, path)
        assert D + "acl" in kept.dav.propfind(path, "<D:acl/>").members[path].ok
        assert not {D + "read-acl", D + "all"} & privileges(kept.both, path)
        assert set(kept.both.propfind(path, "<D:acl/>").members[path].by_status) == {403}
        assert kept.dav.report(path, ACL_PRINCIPALS, 0).status == 207
        assert lacking(kept.both.report(path, ACL_PRINCIPALS, 0)) == {(path, D + "read-acl")}
