# SPDX-License-Identifier: Apache-2.0
"""sync-collection, RFC 6578."""
import re

import pytest

from dav import C, D, NAMESPACES, event, fill, object_names


def test_synchronisation_from_the_beginning_and_on(tree):
    """RFC 6578 §3.4, §3.5."""
    fill(tree, a=event("a", "20260302T120000Z"), b=event("b", "20260302T120000Z"))
    assert tree.dav.request("DELETE", tree.calendar + "b.ics").status == 204
    first = tree.dav.sync(tree.calendar)
    assert object_names(first) == {"a"}  # §3.4: no removals at first
    again = tree.dav.sync(tree.calendar, first.sync_token)
    assert again.members == {} and again.sync_token == first.sync_token

    fill(tree, c=event("c", "20260302T120000Z"), d=event("d", "20260302T120000Z"))
    tree.dav.put(tree.calendar + "a.ics", event("a", "20260303T120000Z"))
    tree.dav.request("DELETE", tree.calendar + "d.ics")
    second = tree.dav.sync(tree.calendar, first.sync_token)
    assert object_names(second) == {"a", "c", "d"}
    assert second.members[tree.calendar + "d.ics"].status == 404  # §3.5.2: made and removed between: reported
    assert D + "getetag" in second.members[tree.calendar + "a.ics"].ok


def test_a_member_made_again_is_changed_only(tree):
    """RFC 6578 §3.5.1."""
    fill(tree, a=event("a", "20260302T120000Z"))
    token = tree.dav.sync(tree.calendar).sync_token
    tree.dav.request("DELETE", tree.calendar + "a.ics")
    fill(tree, a=event("a", "20260305T120000Z"))
    members = tree.dav.sync(tree.calendar, token).members
    assert list(members) == [tree.calendar + "a.ics"] and members[tree.calendar + "a.ics"].ok


def test_the_token_is_the_propertys(tree):
    """RFC 6578 §4."""
    fill(tree, a=event("a", "20260302T120000Z"))
    prop_token = tree.dav.propfind(tree.calendar, "<D:sync-token/>").members[tree.calendar].text(D + "sync-token")
    assert tree.dav.sync(tree.calendar).sync_token == prop_token
    assert tree.dav.sync(tree.calendar, prop_token).members == {}


def test_a_limit_cuts_with_507_and_a_token_to_go_on(tree):
    """RFC 6578 §3.6."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(7)})
    tree.dav.request("DELETE", tree.calendar + "o6.ics")
    seen, token, rounds = set(), "", 0
    while True:
        answer = tree.dav.sync(tree.calendar, token, limit=2)
        members = answer.members
        cut = members.pop(tree.calendar, None)
        assert len(members) <= 2 and all(m.ok for m in members.values())
        seen |= set(members)
        token, rounds = answer.sync_token, rounds + 1
        if not cut:
            break
        assert cut.status == 507 and cut.conditions == [D + "number-of-matches-within-limits"]
        assert rounds < 10
    assert seen == {f"{tree.calendar}o{i}.ics" for i in range(6)} and rounds == 3
    assert tree.dav.sync(tree.calendar, token).members == {}


def test_what_changes_during_a_cut_synchronisation_is_not_lost(tree):
    """RFC 6578 §3.6: the token stands for what was sent."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(4)})
    first = tree.dav.sync(tree.calendar, limit=2)
    sent = set(first.members) - {tree.calendar}
    gone = sorted(sent)[0]
    tree.dav.request("DELETE", gone)
    fill(tree, new=event("new", "20260302T120000Z"))
    rest = tree.dav.sync(tree.calendar, first.sync_token)
    assert rest.members[gone].status == 404
    assert {h for h, m in rest.members.items() if m.ok} | sent - {gone} == {
        f"{tree.calendar}{n}.ics" for n in ("o0", "o1", "o2", "o3", "new") if f"{tree.calendar}{n}.ics" != gone
    }


def test_a_synchronisation_may_be_cut_among_what_changed_since_it_began(tree):
    """RFC 6578 §3.6: its token is good then, too."""
    fill(tree, **{f"o{i}": event(f"o{i}", "20260302T120000Z") for i in range(4)})
    answer = tree.dav.sync(tree.calendar, limit=2)
    for i in range(3):
        assert tree.dav.put(f"{tree.calendar}o{i}.ics", event(f"o{i}", "20260303T120000Z")).status == 204
    assert tree.dav.request("DELETE", tree.calendar + "o3.ics").status == 204
    seen = {}
    for _ in range(10):
        answer = tree.dav.sync(tree.calendar, answer.sync_token, limit=1)
        assert answer.status == 207, answer.text
        members = answer.members
        cut = members.pop(tree.calendar, None)
        seen.update({href: bool(m.ok) for href, m in members.items()})
        if not cut:
            break
    assert not cut and seen == {f"{tree.calendar}o{i}.ics": i < 3 for i in range(4)}


@pytest.mark.parametrize("token", ["x", "http://example.org/", "DAV:", "0", "9" * 40, "urn:uuid:00000000-0000-0000-0000-000000000000"])
def test_tokens_that_are_not_ours_are_valid_sync_token(tree, token):
    """RFC 6578 §3.2; bare tokens of Apple too, never 400."""
    answer = tree.dav.sync(tree.calendar, token)
    assert answer.status == 403 and answer.condition == [D + "valid-sync-token"]


def test_tokens_of_other_calendars_and_of_the_future_are_refused(tree):
    """field §8, 14 and 17."""
    second = tree.make_calendar("second")
    fill(tree, a=event("a", "20260302T120000Z"))
    token = tree.dav.sync(tree.calendar).sync_token
    assert tree.dav.sync(second, token).condition == [D + "valid-sync-token"]
    future = re.sub(r"(\d+)$", lambda m: str(int(m.group(1)) + 1000), token)
    assert tree.dav.sync(tree.calendar, future).condition == [D + "valid-sync-token"]
    made = tree.make_calendar("again")
    token = tree.dav.sync(made).sync_token
    assert tree.dav.request("DELETE", made).status == 204
    assert tree.make_calendar("again") == made
    assert tree.dav.sync(made, token).condition == [D + "valid-sync-token"]


@pytest.mark.parametrize("level, status", [("1", 207), ("infinite", 207), ("2", 400), ("", 400), ("x", 400)])
def test_sync_levels(tree, level, status):
    """RFC 6578 §3.3; a calendar has no collections inside."""
    assert tree.dav.sync(tree.calendar, level=level).status == status


@pytest.mark.parametrize("limit, status", [("0", 507), ("-1", 400), ("x", 400), ("", 400), ("1", 207)])
def test_sync_limits(tree, limit, status):
    """RFC 6578 §3.7."""
    answer = tree.dav.sync(tree.calendar, limit=limit)
    assert answer.status == status
    if status == 507:
        assert answer.condition == [D + "number-of-matches-within-limits"]


@pytest.mark.parametrize("depth", ["0", "1", "infinity", None])
def test_sync_ignores_depth(tree, depth):
    """Thunderbird sends 1, tsdav none."""
    fill(tree, a=event("a", "20260302T120000Z"))
    assert object_names(tree.dav.sync(tree.calendar, depth=depth)) == {"a"}


def test_data_inside_a_synchronisation(tree):
    """tsdav asks getetag, calendar-data and displayname at once."""
    fill(tree, a=event("a", "20260302T120000Z"))
    answer = tree.dav.sync(tree.calendar, props="<D:getetag/><C:calendar-data/><D:displayname/>")
    member = answer.members[tree.calendar + "a.ics"]
    assert "UID:a" in member.text(C + "calendar-data") and member.missing == {D + "displayname"}


def test_a_sync_without_a_token_element_is_400(tree):
    """RFC 6578 §6.1."""
    body = f"<D:sync-collection {NAMESPACES}><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    assert tree.dav.report(tree.calendar, body).status == 400
