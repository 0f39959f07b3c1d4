# SPDX-License-Identifier: Apache-2.0
"""An event goes to another calendar, as CalDAV's MOVE takes it there: by REST's calendar_id, and by the form of the page."""
import json
import re
import uuid

import pytest

from event_edits import Edits, document, event
from event_page import field_error, opened, save
from hooks import endpoint, receiver, send  # noqa: F401
from oauth_flow import Form

SIGNED_IN = "owner"
SERVE = ["--allow-private-hooks", "--rate-limit", "100000"]
DAY = ("DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:Planning", "X-OTHERS:kept")
WEEKLY = (*DAY, "RRULE:FREQ=WEEKLY;COUNT=5")
SECOND = "20261201T090000Z"


@pytest.fixture
def there(world, owner, dav, other):
    return Edits(world, owner, dav, other)


def error(reply):
    return reply.status, reply.json["error"]["code"], reply.json["error"].get("param")


def listed(edits):
    return [e["id"] for e in edits("GET", f"/v1/events?calendar_id={edits.calendar}&limit=50").json["data"]]


def test_it_leaves_the_one_and_arrives_in_the_other_with_its_octets_and_its_id(edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    text, was = stored.text, stored.get()
    left, arrived = dav.sync(edits.path).sync_token, dav.sync(there.path).sync_token
    moved = stored.patch({"calendar_id": there.calendar})
    assert {k for k in was if was[k] != moved[k]} == {"calendar_id", "updated_at"} and moved["calendar_id"] == there.calendar
    assert [(m.href, m.status) for m in dav.sync(edits.path, left).responses] == [(stored.href, 404)]
    [new] = dav.sync(there.path, arrived).responses
    assert new.href.startswith(there.path)
    assert dav.request("GET", new.href).body.decode() == text and dav.request("GET", stored.href).status == 404
    assert (listed(edits), listed(there)) == ([], [stored.id])
    assert stored.get() == moved


def test_it_is_moved_and_changed_at_once_or_neither(edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    stored.patch({"calendar_id": there.calendar, "start_time": "2026-11-24T12:00:00Z", "end_time": "2026-11-24T11:00:00Z"}, status=400)
    assert listed(edits) == [stored.id] and listed(there) == []
    moved = stored.patch({"calendar_id": there.calendar, "title": "Elsewhere"})
    assert (moved["calendar_id"], moved["title"]) == (there.calendar, "Elsewhere")
    assert stored.get() == moved and listed(edits) == []
    [new] = dav.sync(there.path).responses[1:] or dav.sync(there.path).responses
    text = dav.request("GET", new.href).text
    assert "SUMMARY:Elsewhere" in text and "X-OTHERS:kept" in text


def test_the_calendar_that_it_is_in_is_no_move(edits, dav):
    stored = edits.put(document(event(*WEEKLY)))
    token = dav.sync(edits.path).sync_token
    stored.patch({"calendar_id": edits.calendar})
    stored.patch({"calendar_id": edits.calendar}, instance=SECOND)
    assert dav.sync(edits.path, token).responses == []


@pytest.mark.parametrize("scope", ["", "this", "this_and_following"])
def test_a_series_goes_whole_or_not_at_all(edits, there, scope):
    """RFC 4791 §4.1: components of one UID are one object, and stand in one calendar."""
    stored = edits.put(document(event(*WEEKLY)))
    reply = edits("PATCH", f"/v1/events/{stored.id}_{SECOND}" + (f"?scope={scope}" if scope else ""), {"calendar_id": there.calendar, "title": "x"})
    assert error(reply) == (400, "invalid_value", "calendar_id") and "scope=all" in reply.json["error"]["message"], reply
    assert listed(edits) == [stored.id] and stored.get()["title"] == "Planning"
    whole = edits("PATCH", f"/v1/events/{stored.id}_{SECOND}?scope=all", {"calendar_id": there.calendar})
    assert whole.status == 200 and (whole.json["id"], whole.json["calendar_id"]) == (stored.id, there.calendar), whole
    assert len(there.range("2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z")) == 5


def test_conditions_are_those_of_the_event(edits, there):
    stored = edits.put(document(event(*DAY)))
    refused = edits("PATCH", stored.target(), {"calendar_id": there.calendar}, {"If-Match": '"00000000000000000000000000000000"'})
    assert refused.status == 412 and listed(edits) == [stored.id]
    assert edits("PATCH", stored.target(), {"calendar_id": there.calendar}, {"If-Match": stored.get()["etag"]}).status == 200


def test_what_cannot_take_it_says_why(world, edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    assert error(edits("PATCH", stored.target(), {"calendar_id": "cal_x"})) == (400, "invalid_value", "calendar_id")
    stranger = world.account("stranger@example.org")
    [theirs] = [c["id"] for c in world.get("/v1/calendars", key=stranger.key).json["data"]]
    assert error(edits("PATCH", stored.target(), {"calendar_id": theirs})) == (404, "resource_missing", "calendar_id")
    uid = re.search("UID:(.*)\r\n", stored.text)[1]
    assert dav.put(there.path + "same.ics", stored.text).status == 201
    taken = edits("PATCH", stored.target(), {"calendar_id": there.calendar})
    assert taken.status == 409 and taken.json["error"]["param"] == "client_uid" and uid not in taken.json["error"]["message"], taken
    assert dav.request("DELETE", there.path + "same.ics").status == 204
    assert edits("PATCH", f"/v1/calendars/{there.calendar}", {"writable": False}).status == 200
    assert error(edits("PATCH", stored.target(), {"calendar_id": there.calendar})) == (403, "forbidden", "calendar_id")
    assert edits("PATCH", f"/v1/calendars/{there.calendar}", {"writable": True}).status == 200
    assert edits("PATCH", f"/v1/calendars/{edits.calendar}", {"writable": False}).status == 200
    assert error(edits("PATCH", stored.target(), {"calendar_id": there.calendar})) == (403, "forbidden", "calendar_id")
    assert listed(edits) == [stored.id] and listed(there) == []


def test_a_calendar_that_takes_tasks_alone_takes_no_event(edits, dav, fresh, world, owner):
    body = ('<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><C:supported-calendar-component-set>'
        '<C:comp name="VTODO"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>')
    assert dav.request("MKCALENDAR", fresh, body).status == 201
    tasks = Edits(world, owner, dav, fresh)
    stored = edits.put(document(event(*DAY)))
    reply = edits("PATCH", stored.target(), {"calendar_id": tasks.calendar})
    assert reply.status in (400, 422) and listed(edits) == [stored.id], reply


def test_a_full_calendar_takes_nothing_more(world, edits, there):
    stored = edits.put(document(event(*DAY)))
    world.sql(f"UPDATE calendar_state s SET bytes = 1::bigint << 30 FROM calendar c WHERE c.id = s.calendar_id AND c.name = '{there.path.split('/')[-2]}'")
    reply = edits("PATCH", stored.target(), {"calendar_id": there.calendar})
    assert reply.status in (403, 507) and "1073741824" in reply.json["error"]["message"] and listed(edits) == [stored.id], reply


def test_its_name_may_be_anothers_there(edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    name = stored.href.rpartition("/")[2]
    assert dav.put(there.path + name, document(event(*DAY)).replace("UID:u\r\n", f"UID:{uuid.uuid4()}\r\n")).status == 201
    stored.patch({"calendar_id": there.calendar})
    assert len(listed(there)) == 2 and listed(edits) == []


def test_a_key_of_one_calendar_moves_nothing_out_of_it_nor_into_it(world, owner, edits, there):
    """What a credential is limited to holds for both ends."""
    stored = edits.put(document(event(*DAY)))
    for limited, expected in ((edits, (404, "resource_missing", "calendar_id")), (there, (404, "resource_missing", None))):
        key = world.key(owner, kind="restricted", scope="events:write", calendar=limited.calendar)
        reply = world.request("PATCH", stored.target(), json.dumps({"calendar_id": there.calendar}), {"Content-Type": "application/json"}, key)
        assert (reply.status, reply.json["error"]["code"]) == expected[:2] and reply.json["error"].get("param") in (expected[2], None, ""), reply
    reader = world.key(owner, kind="restricted", scope="events:read")
    assert world.request("PATCH", stored.target(), json.dumps({"calendar_id": there.calendar}), {"Content-Type": "application/json"}, reader).status == 403
    assert listed(edits) == [stored.id]
    writer = world.key(owner, kind="restricted", scope="events:write")  # may not read, but move
    moved = world.request("PATCH", stored.target(), json.dumps({"calendar_id": there.calendar}), {"Content-Type": "application/json"}, writer)
    assert moved.status == 200 and moved.json["calendar_id"] == there.calendar and "title" not in moved.json, moved


def test_sent_again_it_is_answered_again(edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    again = {"Idempotency-Key": str(uuid.uuid4())}
    first = edits("PATCH", stored.target(), {"calendar_id": there.calendar}, again)
    token = dav.sync(there.path).sync_token
    second = edits("PATCH", stored.target(), {"calendar_id": there.calendar}, again)
    assert first.status == second.status == 200 and first.json == second.json
    assert dav.sync(there.path, token).responses == []


def test_it_is_told_as_a_move_is(world, owner, edits, there, receiver):
    key = world.key(owner, kind="secret")
    one, two = edits.put(document(event(*DAY))), edits.put(document(event(*DAY)))
    endpoint(world, key, receiver.url, ["event.*"])
    one.patch({"calendar_id": there.calendar})
    assert edits.dav.request("MOVE", two.href, Destination=there.path + "two.ics").status == 201
    got = world.wait_for(lambda: len(receiver.got) >= 3 and receiver.of("event.updated"))  # and the ping, which may come last
    assert {h.json["data"]["object"]["id"] for h in got} == {one.id, two.id}  # several are under way at once, in no order
    assert {h.json["data"]["object"]["calendar_id"] for h in got} == {there.calendar}
    assert {d.type for d in receiver.got} == {"ping", "event.updated"}


def test_what_somebody_else_writes_meanwhile_goes_with_it(edits, there, world, dav):
    """Read, then changed by another before the move has the calendars: the move is planned anew, and takes away nothing."""
    stored = edits.put(document(event(*DAY)))
    name = f"name = '{stored.href.rsplit('/', 1)[1]}'"
    change = (f"UPDATE calendar_state SET modseq = modseq + 1 WHERE calendar_id = (SELECT calendar_id FROM calendar_object WHERE {name}); "
              "UPDATE calendar_object SET data = convert_to(replace(convert_from(data, 'UTF8'), ':Planning', ':Theirs!!'), 'UTF8'), "
              f"etag = '\\x{uuid.uuid4().hex * 2}' WHERE {name}")
    answer = world.meanwhile(change, lambda: edits("PATCH", stored.target(), {"calendar_id": there.calendar, "location": "Room 7"}))
    assert answer.status == 200, answer
    assert [answer.json[k] for k in ("calendar_id", "title", "location")] == [there.calendar, "Theirs!!", "Room 7"]
    assert stored.get() == answer.json


def test_two_ways_at_once_end(edits, there, world):
    """Each move takes both calendars in their order."""
    import threading
    a, b = edits.put(document(event(*DAY))), there.put(document(event(*DAY)))
    answers = []

    def back_and_forth(stored, first, second):
        for i in range(10):
            answers.append(edits("PATCH", stored.target(), {"calendar_id": (first, second)[i % 2], "title": f"t{i}"}).status)

    ways = [threading.Thread(target=back_and_forth, args=args) for args in ((a, there.calendar, edits.calendar), (b, edits.calendar, there.calendar))]
    [t.start() for t in ways]
    [t.join() for t in ways]
    assert set(answers) == {200}


# ---- the page ----


def test_the_form_has_the_calendars_that_may_be_written_and_moves_it(browser, edits, there):
    stored = edits.put(document(event(*DAY)))
    page = browser.get(f"/calendar/events/{stored.id}/edit").text
    select = re.search(r'<select id="calendar".*?</select>', page, re.S)[0]
    assert there.calendar in select and re.search(rf'value="{edits.calendar}" selected', select)
    assert save(browser, stored.id, title="Only the title").status == 303 and listed(edits) == [stored.id]
    assert save(browser, stored.id, calendar=there.calendar, title="Both").status == 303
    assert listed(there) == [stored.id] and stored.get()["title"] == "Both"
    assert edits("PATCH", f"/v1/calendars/{edits.calendar}", {"writable": False}).status == 200
    assert edits.calendar not in browser.get(f"/calendar/events/{stored.id}/edit").text


def test_the_form_of_one_event_of_a_series_says_that_all_of_it_goes(browser, edits, there):
    stored = edits.put(document(event(*WEEKLY)))
    one = f"{stored.id}_{SECOND}"
    for scope in ("this", "this_and_following"):
        refused = save(browser, one, scope=scope, calendar=there.calendar)
        assert refused.status == 400 and field_error(refused.text) == "calendar", refused.text[:3000]
        assert re.search(rf'value="{there.calendar}" selected', refused.text), "what was chosen is still there"
    assert save(browser, one, scope="all", calendar=there.calendar).status == 303
    assert listed(there) == [stored.id]


def test_a_form_that_is_stale_says_where_it_is_now(browser, edits, there, dav, fresh, world, owner):
    assert dav.request("MKCALENDAR", fresh).status == 201
    third = Edits(world, owner, dav, fresh)
    stored = edits.put(document(event(*DAY)))
    form, same = opened(browser, stored.id), opened(browser, stored.id)
    stored.patch({"calendar_id": there.calendar})
    assert save(browser, stored.id, same, title="Mine").status == 303 and listed(there) == [stored.id], "what was left alone stays moved"
    refused = save(browser, stored.id, form, calendar=third.calendar)
    assert refused.status in (409, 412) and 'id="calendar-now"' in refused.text, refused.text[:3000]
    assert save(browser, stored.id, Form(refused.text, f"/calendar/events/{stored.id}/edit")).status == 303
    assert listed(third) == [stored.id]


def test_a_calendar_that_has_the_event_already_is_told_at_the_field(browser, edits, there, dav):
    stored = edits.put(document(event(*DAY)))
    assert dav.put(there.path + "same.ics", stored.text).status == 201
    refused = save(browser, stored.id, calendar=there.calendar)
    assert refused.status == 409 and field_error(refused.text) == "calendar", refused.text[:3000]
