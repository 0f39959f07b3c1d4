# SPDX-License-Identifier: Apache-2.0
"""DAV:principal-match (RFC 3744 §9.3) with any property."""
import uuid

import pytest

from dav import D, NAMESPACES
from davwrite import new_event, proppatch, put_new

SERVE = ["--rate-limit", "100000"]


def match(dav, path, name, props="<D:resourcetype/>"):
    body = (f"<D:principal-match {NAMESPACES} xmlns:x='urn:x' xmlns:y='urn:y'><D:principal-property>{name}"
            f"</D:principal-property><D:prop>{props}</D:prop></D:principal-match>")
    answer = dav.report(path, body, 0)
    assert answer.status == 207, answer
    return answer.members


@pytest.fixture(scope="module")
def principal(account):
    return f"/dav/principals/{account}/"


def set_dead(dav, path, value, name="x:boss"):
    sets = f"<{name} xmlns:x='urn:x' xmlns:y='urn:y'>{value}</{name}>"
    assert proppatch(dav, path, sets).status == 207


def test_a_dead_property_with_an_href_to_oneself(world, dav, cal, home, principal):
    """Of calendars and objects, at any depth, however the href is spelt or nested."""
    other = world.account("match@example.org")
    for name, value in {"plain": f"<D:href>{principal}</D:href>", "noslash": f"<D:href>\n {principal[:-1]} </D:href>",
                        "absolute": f"<D:href>{dav.url}{principal}</D:href>", "prefix": f"<h:href xmlns:h='DAV:'>{principal}</h:href>",
                        "nested": f"<x:a><x:b/><D:href>/dav/</D:href><D:href>{principal}</D:href></x:a>"}.items():
        put_new(dav, f"{cal}{name}.ics", new_event(name))
        set_dead(dav, f"{cal}{name}.ics", value)
    for name, value in {"text": principal, "other": f"<D:href>/dav/principals/{other.id}/</D:href>", "home": f"<D:href>{home}</D:href>",
                        "elsewhere": f"<D:href>http://example.org{principal}</D:href>", "nons": f"<href xmlns=''>{principal}</href>",
                        "empty": "", "below": f"<D:href>{principal}x</D:href>"}.items():
        put_new(dav, f"{cal}not-{name}.ics", new_event("not-" + name))
        set_dead(dav, f"{cal}not-{name}.ics", value)
    put_new(dav, f"{cal}none.ics", new_event("none"))
    put_new(dav, f"{cal}namesake.ics", new_event("namesake"))
    set_dead(dav, f"{cal}namesake.ics", f"<D:href>{principal}</D:href>", "y:boss")
    hits = {f"{cal}{n}.ics" for n in ("plain", "noslash", "absolute", "prefix", "nested")}
    for path in (cal, home, "/dav/calendars/", "/dav/"):
        assert set(match(dav, path, "<x:boss/>")) == hits, path
    assert set(match(dav, cal, "<y:boss/>")) == {f"{cal}namesake.ics"}
    assert set(match(dav, "/dav/principals/", "<x:boss/>")) == set()
    set_dead(dav, cal, f"<D:href>{principal}</D:href>")
    set_dead(dav, home, f"<D:href>{principal}</D:href>")
    set_dead(dav, principal, f"<D:href>{principal}</D:href>")
    assert set(match(dav, home, "<x:boss/>")) == hits | {cal}
    assert set(match(dav, "/dav/", "<x:boss/>")) == hits | {cal, home, principal}
    got = match(dav, "/dav/", "<x:boss/>", "<x:boss/><D:getetag/>")
    assert got[home].hrefs("{urn:x}boss") == [principal] and got[cal + "plain.ics"].hrefs("{urn:x}boss") == [principal]
    for path in (home, principal):
        assert proppatch(dav, path, "", "<x:boss xmlns:x='urn:x'/>").status == 207


def test_live_properties_whatever_they_are_called(dav, cal, home, principal):
    """Those that name the asker; those that do not; those that nothing has."""
    put_new(dav, cal + "a.ics")
    tree = {cal, cal + "a.ics"}
    for name in ("owner", "current-user-principal", "acl"):
        assert tree <= set(match(dav, home, f"<D:{name}/>")), name
        assert set(match(dav, cal, f"<D:{name}/>")) == {cal + "a.ics"}, name
    assert principal in match(dav, "/dav/", "<D:principal-URL/>")
    assert set(match(dav, "/dav/principals/", "<C:calendar-user-address-set/>")) == {principal}
    for name in ("<D:getetag/>", "<D:resource-id/>", "<D:principal-collection-set/>", "<x:nothing/>", "<C:calendar-data/>",
                 "<D:displayname/>", "<D:sync-token/>"):
        assert match(dav, home, name) == {}, name


def test_more_matches_than_a_page(dav, cal, principal):
    for i in range(520):
        put_new(dav, f"{cal}{i:04}.ics", new_event(str(i)))
    for i in (3, 510):
        set_dead(dav, f"{cal}{i:04}.ics", f"<D:href>{principal}</D:href>")
    assert set(match(dav, cal, "<x:boss/>")) == {f"{cal}{i:04}.ics" for i in (3, 510)}
    assert len(match(dav, cal, "<D:owner/>")) == 520


def test_what_names_no_single_property_is_malformed(dav, cal):
    for inside in ("", "<D:owner/><D:group/>"):
        body = f"<D:principal-match {NAMESPACES}><D:principal-property>{inside}</D:principal-property></D:principal-match>"
        assert dav.report(cal, body, 0).status == 400


def test_who_may_not_read_the_tree_cannot_search_it(world, owner, dav, cal, home):
    key = world.key(owner, kind="restricted", scope="profile:read")
    from dav import Dav
    body = f"<D:principal-match {NAMESPACES}><D:principal-property><x:boss xmlns:x='urn:x'/></D:principal-property></D:principal-match>"
    for path in ("/dav/", "/dav/calendars/", home, cal):
        assert Dav(world.url, owner.email, key).report(path, body, 0).status == 403, path
    assert Dav(world.url, owner.email, key).report("/dav/principals/", body, 0).status == 207
