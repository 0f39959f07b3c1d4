# SPDX-License-Identifier: Apache-2.0
"""GET of objects and calendars, DELETE of both."""
import re
import uuid

from dav import D, calendar, component
from davwrite import NO_TAG, new_event, put_new, names, proppatch, props


def test_get_says_not_modified_to_who_has_it(dav, cal):  # RFC 9110 §13.1.2, §13.1.3
    tag = put_new(dav, cal + "a.ics")
    got = dav.request("GET", cal + "a.ics")
    for headers in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_None_Match": "*"},
                    {"If_Modified_Since": got.headers["Last-Modified"]}):
        answer = dav.request("GET", cal + "a.ics", **headers)
        assert answer.status == 304 and answer.body == b"", headers
        assert answer.headers["ETag"] == tag
    assert dav.request("GET", cal + "a.ics", If_None_Match=NO_TAG).status == 200
    assert dav.request("GET", cal + "a.ics", If_Match=NO_TAG).status == 412
    assert dav.request("GET", cal + "a.ics", If_Match=tag).status == 200


def test_head_is_get_without_the_body(dav, cal):  # RFC 9110 §9.3.2
    put_new(dav, cal + "a.ics")
    got, head = dav.request("GET", cal + "a.ics"), dav.request("HEAD", cal + "a.ics")
    assert head.status == 200 and head.body == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Last-Modified"):
        assert head.headers[name] == got.headers[name]


def test_what_is_not_there_is_404(dav, home, cal):
    for method in ("GET", "HEAD", "DELETE"):
        assert dav.request(method, cal + "none.ics").status == 404
        assert dav.request(method, f"{home}none/").status == 404
        assert dav.request(method, f"{home}none/a.ics").status == 404
    assert dav.request("DELETE", cal + "none.ics", If_Match=NO_TAG).status == 404  # RFC 9110 §13.2.1


def test_a_calendar_is_one_stream_with_each_zone_once(dav, cal):  # GET on a collection
    zone = "\r\n".join(["BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19701025T030000",
                        "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE", ""])
    proppatch(dav, cal, "<D:displayname>Löcher; \"quoted\"</D:displayname>")
    for i in range(3):
        start = "DTSTART;TZID=Europe/Berlin:20260301T100000"
        put_new(dav, f"{cal}{i}.ics", calendar(zone, component("VEVENT", f"uid-{i}", start)))
    answer = dav.request("GET", cal)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n") and answer.text.endswith("END:VCALENDAR\r\n")
    assert "\r\nPRODID:-//Calends//Calends//EN\r\n" in answer.text  # RFC 5545 §3.7.3: as in all that is written here
    assert answer.text.count("BEGIN:VCALENDAR") == 1 and answer.text.count("BEGIN:VTIMEZONE") == 1
    assert answer.text.count("BEGIN:VEVENT") == 3
    assert "filename*=UTF-8''L%C3%B6cher" in answer.headers["Content-Disposition"]
    head = dav.request("HEAD", cal)
    assert head.body == b"" and head.headers["Content-Type"] == answer.headers["Content-Type"]
    # Its length is no property of it: RFC 4918 §15.4, RFC 9110 §8.6
    assert "Content-Length" not in answer.headers and "Content-Length" not in head.headers


def test_a_calendar_is_told_to_be_unchanged(dav, cal, home):  # RFC 9110 §8.8.1, §13.1.2, §15.4.5
    put_new(dav, cal + "a.ics", new_event("one"))
    got = dav.request("GET", cal)
    tag = got.headers["ETag"]
    assert tag.startswith('W/"') and dav.request("HEAD", cal).headers["ETag"] == tag
    for method in ("GET", "HEAD"):
        for sent in (tag, tag[2:], f'"x", {tag}', "*"):
            answer = dav.request(method, cal, If_None_Match=sent)
            assert answer.status == 304 and answer.body == b"" and answer.headers["ETag"] == tag, sent
            assert answer.headers["Cache-Control"] == got.headers["Cache-Control"]
            assert "Accept-Encoding" in answer.headers["Vary"]
    assert dav.request("GET", cal, If_None_Match=NO_TAG).body == got.body
    assert dav.request("GET", cal, If_Match=tag).status == 412, "strong comparison"
    assert dav.request("GET", cal, If_Match="*").status == 200
    assert dav.request("GET", cal, If_None_Match='"non').status == 400
    assert props(dav, cal, "<D:getetag/>").text(D + "getetag") == tag  # RFC 4918 §15.6
    assert props(dav, cal, "<D:getcontenttype/>").text(D + "getcontenttype") == got.headers["Content-Type"]  # §15.5
    for change in (lambda: dav.put(cal + "a.ics", new_event("one", summary="Other")), lambda: put_new(dav, cal + "b.ics"),
                   lambda: proppatch(dav, cal, "<D:displayname>Other</D:displayname>"), lambda: dav.request("DELETE", cal + "b.ics")):
        change()
        answer = dav.request("GET", cal, If_None_Match=tag)
        assert answer.status == 200 and answer.headers["ETag"] != tag
        tag = answer.headers["ETag"]
    twin = f"{home}{uuid.uuid4()}/"
    for _ in range(2):  # made anew at the same URL it never has an old one's tag (RFC 4918 §8.6)
        assert dav.request("MKCALENDAR", twin).status == 201
        assert dav.request("GET", twin, If_None_Match=tag).status == 200
        tag = dav.request("GET", twin).headers["ETag"]
        assert dav.request("DELETE", twin, If_None_Match=tag).status == 412
        assert dav.request("DELETE", twin, If_Match=tag).status == 412
        assert dav.request("DELETE", twin, If_None_Match=NO_TAG).status == 204


def test_an_unchanged_calendar_costs_one_round_trip(world, dav, cal):
    tag = dav.request("GET", cal).headers["ETag"]
    answer = dav.request("GET", cal, If_None_Match=tag)
    assert answer.status == 304 and int(world.log_of(answer.headers["Request-Id"])["db"]) == 1


def test_a_calendar_of_many_pages_is_streamed_whole(dav, cal):
    for i in range(450):
        put_new(dav, f"{cal}{i:04}.ics", new_event(f"uid-{i}"))
    answer = dav.request("GET", cal)
    assert len(set(re.findall(r"UID:(uid-\d+)\r\n", answer.text))) == 450
    assert answer.text.count("BEGIN:VEVENT") == 450


def test_delete_judges_its_conditions(dav, cal):  # RFC 9110 §13.1
    tag = put_new(dav, cal + "a.ics")
    for headers in ({"If_Match": NO_TAG}, {"If_None_Match": "*"}, {"If_None_Match": tag}):
        assert dav.request("DELETE", cal + "a.ics", **headers).status == 412
    assert dav.request("DELETE", cal + "a.ics", If_Match=tag).status == 204
    assert dav.request("GET", cal + "a.ics").status == 404


def test_a_deleted_object_is_told_to_who_syncs(dav, cal):  # RFC 6578 §3.5.2
    put_new(dav, cal + "a.ics")
    token = dav.sync(cal).sync_token
    assert dav.request("DELETE", cal + "a.ics").status == 204
    gone = dav.sync(cal, token).responses
    assert [(m.href, m.status) for m in gone] == [(cal + "a.ics", 404)]


def test_a_calendar_goes_with_all_that_is_in_it(dav, home):  # RFC 4918 §9.6.1
    path = f"{home}{uuid.uuid4()}/"
    assert dav.request("MKCALENDAR", path).status == 201
    put_new(dav, path + "a.ics")
    token = dav.sync(path).sync_token
    assert dav.request("DELETE", path, Depth="0").status == 400
    assert dav.request("DELETE", path, If_Match=NO_TAG).status == 412
    assert dav.request("DELETE", path).status == 204
    assert dav.request("GET", path + "a.ics").status == 404
    # Made anew at the same URL it is another calendar: old tokens end.
    assert dav.request("MKCALENDAR", path).status == 201
    answer = dav.sync(path, token)
    assert answer.status == 403 and answer.condition == [D + "valid-sync-token"]
    assert names(dav, path) == set()
    dav.request("DELETE", path)


def test_a_home_cannot_be_deleted_copied_or_moved(dav, home):
    for method in ("DELETE", "COPY", "MOVE"):
        assert dav.request(method, home, Destination="/dav/calendars/x/").status == 403
