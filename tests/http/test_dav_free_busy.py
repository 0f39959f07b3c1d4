# SPDX-License-Identifier: Apache-2.0
"""free-busy-query, RFC 4791 §7.10."""
import re

import pytest

from dav import C, D, NAMESPACES, SERIES, event, fill, other_tree, todo


def free_busy(tree, start, end, path=None, depth=1):
    answer = tree.dav.report(
        path or tree.calendar,
        f"<C:free-busy-query {NAMESPACES}><C:time-range start='{start}' end='{end}'/></C:free-busy-query>",
        depth,
    )
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"].replace(" ", "").lower().startswith("text/calendar")
    unfolded = re.sub(r"\r\n[ \t]", "", answer.text)
    found = {}
    for kind, periods in re.findall(r"^FREEBUSY(?:;FBTYPE=([A-Z-]+))?:(\S+)", unfolded, re.M):
        found.setdefault(kind or "BUSY", []).extend(periods.split(","))
    return found


def test_busy_time_is_merged_and_private(tree):
    """RFC 4791 §7.10: VFREEBUSY without duplicates or overlaps; transparent and cancelled events are free."""
    fill(
        tree,
        a=event("a", "20260302T100000Z", "20260302T110000Z", summary="Secret"),
        b=event("b", "20260302T103000Z", "20260302T120000Z"),
        free=event("free", "20260302T140000Z", "20260302T150000Z", "TRANSP:TRANSPARENT"),
        cancelled=event("cancelled", "20260302T160000Z", "20260302T170000Z", "STATUS:CANCELLED"),
        maybe=event("maybe", "20260302T180000Z", "20260302T190000Z", "STATUS:TENTATIVE"),
        task=todo("task", "DTSTART:20260302T200000Z", "DUE:20260302T210000Z"),
    )
    found = free_busy(tree, "20260302T000000Z", "20260303T000000Z")
    assert set(found) == {"BUSY", "BUSY-TENTATIVE"}
    assert [p.split("/")[0] for p in found["BUSY"]] == ["20260302T100000Z"]
    assert found["BUSY"][0].split("/")[1] in ("PT2H", "20260302T120000Z")
    assert [p.split("/")[0] for p in found["BUSY-TENTATIVE"]] == ["20260302T180000Z"]


def test_busy_time_of_a_series_is_clipped_to_the_range(tree):
    """RFC 4791 §7.10."""
    fill(tree, s=SERIES)
    found = free_busy(tree, "20260126T093000Z", "20260202T093000Z")
    assert [p.split("/")[0] for p in found["BUSY"]] == ["20260126T093000Z", "20260131T090000Z", "20260202T090000Z"]
    assert free_busy(tree, "20260112T000000Z", "20260113T000000Z") == {}


def test_busy_time_of_a_principal_is_that_of_its_home(tree):
    """Evolution asks the principal that it found by an attendee's address (RFC 4791 §7.10 knows collections alone)."""
    fill(tree, a=event("a", "20260302T100000Z", "20260302T110000Z"))
    day = "20260302T000000Z", "20260303T000000Z"
    assert free_busy(tree, *day, tree.principal, "infinity") == free_busy(tree, *day, tree.home, "infinity") != {}
    offered = tree.dav.propfind(tree.principal, "<D:supported-report-set/>", 0).members[tree.principal]
    assert offered.ok[D + "supported-report-set"].find(f".//{C}free-busy-query") is not None
    busy, none = tree.restricted("calendars:read"), tree.restricted("profile:read")
    ask = f"<C:free-busy-query {NAMESPACES}><C:time-range start='{day[0]}' end='{day[1]}'/></C:free-busy-query>"
    assert busy.report(tree.principal, ask).status == 200 and none.report(tree.principal, ask).status == 403


def test_busy_time_of_the_home_is_of_the_calendars_that_count(tree):
    """RFC 6638 §9.1."""
    fill(tree, a=event("a", "20260302T100000Z", "20260302T110000Z"))
    second = tree.make_calendar("second")
    tree.dav.put(second + "b.ics", event("b", "20260302T120000Z", "20260302T130000Z"))
    ask = lambda: [p.split("/")[0] for p in free_busy(tree, "20260302T000000Z", "20260303T000000Z", tree.home)["BUSY"]]
    assert ask() == ["20260302T100000Z", "20260302T120000Z"]
    body = (
        f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><C:schedule-calendar-transp><C:transparent/>"
        "</C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>"
    )
    assert tree.dav.request("PROPPATCH", second, body).status == 207
    assert ask() == ["20260302T100000Z"]


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "start='20260101' end='20260201'",
        "start='20260101T000000' end='20260201T000000'",
        "start='20260201T000000Z' end='20260101T000000Z'",
        "start='20260101T000000Z'",
    ],
)
def test_bad_ranges_of_busy_time_are_400(tree, attributes):
    """strictness §5.4."""
    body = f"<C:free-busy-query {NAMESPACES}><C:time-range {attributes}/></C:free-busy-query>"
    assert tree.dav.report(tree.calendar, body, 1).status == 400
    assert tree.dav.report(tree.calendar, f"<C:free-busy-query {NAMESPACES}/>", 1).status == 400


def test_the_busy_time_of_others_is_404(tree, world):
    """RFC 4791 §7.10: as what is not there, so that nobody learns what is; other reports name the privilege that lacks."""
    other = other_tree(world)
    for path in (other.home, other.calendar, other.principal, other.home + "none/", "/dav/calendars/usr_0000000000000000000002/"):
        asked = f"<C:free-busy-query {NAMESPACES}><C:time-range start='20260301T000000Z' end='20260401T000000Z'/></C:free-busy-query>"
        assert tree.dav.report(path, asked, 1).status == 404, path
    refused = tree.dav.query(other.calendar, "")
    assert refused.status == 403 and refused.condition == [D + "need-privileges"]
    assert tree.dav.report(other.calendar, "<not XML", 1).status == 403, "before what was sent"
