# SPDX-License-Identifier: Apache-2.0
"""Prefer: return=representation on PUT (RFC 7240 §4.2, RFC 8144 §3). What return=minimal and depth-noroot do stands in test_dav_read."""
import pytest

from dav import Dav
from davwrite import NO_TAG, new_event, put_new

WHOLE = {"Prefer": "return=representation"}


def test_a_put_answers_with_what_it_stored(dav, cal):  # RFC 8144 §3.1
    for data, status in ((new_event("one"), 201), (new_event("one", summary="Changed"), 200), (new_event("one", summary="Changed"), 200)):
        answer = dav.put(cal + "a.ics", data, **WHOLE)
        got = dav.request("GET", cal + "a.ics")
        assert (answer.status, answer.body) == (status, data.encode())
        for name in ("ETag", "Content-Type"):
            assert answer.headers[name] == got.headers[name]
        assert (answer.headers["Content-Location"], answer.headers["Preference-Applied"]) == (cal + "a.ics", "return=representation")


def test_a_post_answers_with_what_it_stored(dav, cal):  # RFC 5995 §3.1, RFC 8144 §3.1
    answer = dav.request("POST", cal, new_event("one"), Content_Type="text/calendar", **WHOLE)
    assert (answer.status, answer.body) == (201, new_event("one").encode())
    assert answer.headers["Location"].endswith(answer.headers["Content-Location"]) and answer.headers["Content-Location"].startswith(cal)
    assert dav.request("GET", answer.headers["Content-Location"]).headers["ETag"] == answer.headers["ETag"]
    plain = dav.request("POST", cal, new_event("two"), Content_Type="text/calendar")
    assert (plain.status, plain.body, plain.headers["Content-Location"]) == (201, b"", None) and plain.headers["ETag"]


@pytest.mark.parametrize("prefer", ["x-foo", "return=minimal", "return=minimal, return=representation", "return", "x-return=representation"])
def test_without_that_preference_a_put_has_no_body(dav, cal, prefer):
    """RFC 7240 §2: what is not known is ignored, and of one preference the first counts."""
    for status in (201, 204):
        answer = dav.put(cal + "a.ics", new_event("one", summary=str(status)), Prefer=prefer)
        assert (answer.status, answer.body, answer.headers["Content-Location"]) == (status, b"", None)


@pytest.mark.parametrize("prefer", ['return="representation"', "x-foo, Return = representation;a=b", "handling=lenient,return=representation"])
def test_the_preference_in_other_spellings(dav, cal, prefer):  # RFC 7240 §2
    assert dav.put(cal + "a.ics", new_event("one"), Prefer=prefer).body == new_event("one").encode()


@pytest.mark.parametrize("when", [{"If_Match": NO_TAG}, {"If_Match": "1234"}, {"If_None_Match": "*"}])
def test_who_came_too_late_is_shown_what_stands_there(dav, cal, when):  # RFC 8144 §3.2
    mine = new_event("one")
    tag = put_new(dav, cal + "a.ics", mine)
    answer = dav.put(cal + "a.ics", new_event("one", summary="Late"), **WHOLE, **when)
    assert (answer.status, answer.body, answer.headers["ETag"]) == (412, mine.encode(), tag)
    assert (answer.headers["Content-Location"], answer.headers["Preference-Applied"]) == (cal + "a.ics", "return=representation")
    assert dav.request("GET", cal + "a.ics").body == mine.encode()
    assert dav.put(cal + "a.ics", new_event("one", summary="Late"), **when).body != mine.encode()


def test_where_nothing_stands_nothing_is_shown(dav, cal):
    answer = dav.put(cal + "a.ics", new_event("one"), If_Match=NO_TAG, **WHOLE)
    assert answer.status == 412 and b"BEGIN" not in answer.body and not answer.headers["Preference-Applied"]
    assert dav.put(cal + "a.ics", "no calendar", **WHOLE).status == 403


def test_who_may_only_write_is_shown_nothing(world, dav, cal, owner):
    """RFC 3744 §3.1: without DAV:read nothing of the content; one's own octets are no secret."""
    put_new(dav, cal + "a.ics", new_event("one", summary="Secret"))
    writer = Dav(world.url, owner.email, world.key(owner, kind="restricted", scope="events:write"))
    answer = writer.put(cal + "a.ics", new_event("one", summary="Late"), If_Match=NO_TAG, **WHOLE)
    assert answer.status == 412 and b"Secret" not in answer.body
    assert writer.put(cal + "a.ics", new_event("one", summary="Mine"), **WHOLE).body == new_event("one", summary="Mine").encode()
