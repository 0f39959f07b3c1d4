# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events/stream: what is told, to whom, and how one goes on after a break."""
import json
import socket

import pytest

from event_stream import EventStream
from wire import basic

STREAM = "/v1/events/stream"
JSON = {"Content-Type": "application/json"}
SERVE = ["--rate-limit", "0", "--request-timeout-ms", "2000"]


def calendar(world, key, name="more", **fields):
    reply = world.post("/v1/calendars", json.dumps({"name": name, **fields}), JSON, key)
    assert reply.status == 201, reply
    return reply.json["id"]


def event(world, key, title="x", **fields):
    body = {"title": title, "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", **fields}
    reply = world.post("/v1/events", json.dumps(body), JSON, key)
    assert reply.status == 201, reply
    return reply.json["id"]


def ready(stream):
    assert stream.status == 200, stream.headers
    return stream.next("ready")


def test_a_change_is_told_whatever_way_it_comes(world, ann, key):
    with EventStream(world, STREAM, key) as stream:
        first = ready(stream)
        [home] = [c for c in first.data["calendars"]]
        assert stream.headers["Content-Type"] == "text/event-stream" and stream.headers["Cache-Control"] == "no-store"
        assert stream.chunked and stream.retry == 2000 and first.data["livemode"] is True
        made = event(world, key)
        told = stream.next("change")
        assert told.data == {"object": "change", "event_id": made, "deleted": False, "calendar_id": home["calendar_id"],
                             "sync_token": told.id, "livemode": True}
        world.request("PATCH", f"/v1/events/{made}", json.dumps({"title": "y"}), JSON, key)
        assert stream.next("change").data["event_id"] == made
        world.request("DELETE", f"/v1/events/{made}?mode=delete", key=key)
        gone = stream.next("change")
        assert gone.data["deleted"] is True and gone.data["event_id"] == made
        path = f"/dav/calendars/{ann.id}/default/by-dav.ics"
        body = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:by-dav\r\nDTSTAMP:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        assert world.dav("PUT", path, body, {"Content-Type": "text/calendar"}, ann).status == 201
        by_dav = stream.next("change")
        # An id is a sync token: the list of changes takes it, and so does CalDAV.
        assert world.get(f"/v1/events/changes?sync_token={gone.id}", key=key).json["data"][0]["id"] == by_dav.data["event_id"]
        report = f'<sync-collection xmlns="DAV:"><sync-token>{gone.id}</sync-token><sync-level>1</sync-level><prop/></sync-collection>'
        reply = world.dav("REPORT", f"/dav/calendars/{ann.id}/default/", report, {"Content-Type": "application/xml"}, ann)
        assert reply.status == 207 and b"by-dav.ics" in reply.body and by_dav.id.encode() in reply.body


def test_who_comes_back_goes_on_where_they_were(world, key):
    """Last-Event-ID of the EventSource standard, and the query's for polyfills; over calendars that changed meanwhile."""
    second = calendar(world, key, "second")
    with EventStream(world, STREAM, key) as stream:
        ready(stream)
        one = event(world, key)
        assert stream.next("change").data["event_id"] == one
        in_second = event(world, key, calendar_id=second)
        assert stream.next("change").data["event_id"] == in_second
        left = stream.last_event_id
    missed = {event(world, key), event(world, key, calendar_id=second), event(world, key)}
    for how in ("header", "query"):
        at = STREAM if how == "header" else f"{STREAM}?last_event_id={left.replace('?', '%3F').replace('&', '%26').replace('=', '%3D')}"
        with EventStream(world, at, key, {"Last-Event-ID": left} if how == "header" else None) as stream:
            ready(stream)
            assert {stream.next("change").data["event_id"] for _ in missed} == missed
            after = event(world, key)
            assert stream.next("change").data["event_id"] == after
        missed.add(after)
    world.request("DELETE", f"/v1/calendars/{second}", key=key)


def test_once_tells_what_was_missed_and_ends(world, key):
    with EventStream(world, f"{STREAM}?once=true", key) as stream:
        ready(stream)
        assert stream.next("end").data == {"object": "end", "reason": "all_told"}
        assert stream.next() is None
    made = [event(world, key, f"n{i}") for i in range(3)]
    with EventStream(world, f"{STREAM}?once=true", key, {"Last-Event-ID": stream.last_event_id}) as stream:
        ready(stream)
        assert [stream.next("change").data["event_id"] for _ in made] == made
        assert stream.next("end") and stream.next() is None


def test_a_thousand_changes_are_told_in_pieces_and_each_once(world, ann, key):
    home = calendar(world, key, "many")
    with EventStream(world, f"{STREAM}?calendar_id={home}", key) as stream:
        ready(stream)
        lines = "".join(f"BEGIN:VEVENT\r\nUID:many-{i}\r\nDTSTAMP:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT\r\n" for i in range(1000))
        reply = world.post(f"/v1/calendars/{home}/import", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{lines}END:VCALENDAR\r\n",
                           {"Content-Type": "text/calendar"}, key)
        assert reply.json["created"] == 1000, reply
        told = [stream.next("change") for _ in range(1000)]
        assert len({e.data["event_id"] for e in told}) == 1000
        numbers = [int(e.id.rsplit("/", 1)[1]) for e in told]
        assert numbers == sorted(numbers)
    world.request("DELETE", f"/v1/calendars/{home}", key=key)


def test_an_event_that_moves_is_told_on_both_sides(world, ann, key):
    """MOVE leaves no row of the outbox for the calendar that it leaves; its counter tells."""
    there = calendar(world, key, "there")
    name = world.get(f"/v1/calendars/{there}", key=key).json["caldav_url"].rstrip("/").rsplit("/", 1)[1]
    home = next(c["id"] for c in world.get("/v1/calendars", key=key).json["data"] if c["is_default"])
    body = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:mv\r\nDTSTAMP:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert world.dav("PUT", f"/dav/calendars/{ann.id}/default/mv.ics", body, {"Content-Type": "text/calendar"}, ann).status == 201
    with EventStream(world, f"{STREAM}?calendar_id={home}", key) as left, EventStream(world, f"{STREAM}?calendar_id={there}", key) as came:
        ready(left), ready(came)
        to = f"{world.url}/dav/calendars/{ann.id}/{name}/mv.ics"
        assert world.dav("MOVE", f"/dav/calendars/{ann.id}/default/mv.ics", None, {"Destination": to}, ann).status == 201
        arrived = came.next("change").data
        assert not arrived["deleted"] and arrived["calendar_id"] == there
        told = left.next("change").data
        if told["event_id"] != arrived["event_id"]:  # the tombstone of its name
            told = left.next("change").data
        assert told["deleted"] and told["event_id"] == arrived["event_id"] and told["calendar_id"] == home
    world.request("DELETE", f"/v1/calendars/{there}", key=key)


def test_what_is_no_event_is_not_told(world, ann, key):
    todo = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:todo\r\nDTSTAMP:20261124T090000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    with EventStream(world, STREAM, key) as stream:
        ready(stream)
        assert world.dav("PUT", f"/dav/calendars/{ann.id}/default/todo.ics", todo, {"Content-Type": "text/calendar"}, ann).status == 201
        made = event(world, key)
        assert stream.next("change").data["event_id"] == made


def test_calendars_that_come_and_go_are_told(world, key):
    with EventStream(world, STREAM, key) as stream:
        ready(stream)
        made = calendar(world, key, "fresh")
        told = stream.next("resync")
        assert told.data["calendar_id"] == made and told.data["reason"] == "calendar_added"
        inside = event(world, key, calendar_id=made)
        assert stream.next("change").data["event_id"] == inside
        # What the lists of events leave out is left out here, too.
        world.request("PATCH", f"/v1/calendars/{made}", json.dumps({"selected": False}), JSON, key)
        assert stream.next("calendar_removed").data == {"object": "calendar_removed", "calendar_id": made}
        assert "?" not in stream.last_event_id
        with EventStream(world, f"{STREAM}?calendar_id={made}", key) as named:
            ready(named)
            event(world, key, calendar_id=made)
            assert named.next("change").data["calendar_id"] == made
            world.request("DELETE", f"/v1/calendars/{made}", key=key)
            assert named.next("calendar_removed").data["calendar_id"] == made
            assert named.next("end").data["reason"] == "calendar_removed" and named.next() is None
        kept = event(world, key)
        assert stream.next("change").data["event_id"] == kept


def test_a_token_that_cannot_be_gone_on_from_is_told_as_a_resync(world, key):
    home = calendar(world, key, "old")
    other = calendar(world, key, "other")
    event(world, key, calendar_id=home)
    now = world.get(f"/v1/calendars/{home}", key=key).json["sync_token"]
    of_other = world.get(f"/v1/calendars/{other}", key=key).json["sync_token"]
    prefix = now.rsplit("/", 1)[0]
    world.sql(f"UPDATE calendar_state SET min_modseq = modseq WHERE calendar_id = (SELECT id FROM calendar WHERE displayname = 'old')")
    for last, reason in ((f"{prefix}/1", "stale"), (f"{prefix}/99999", "stale"), (of_other, "calendar_added")):
        with EventStream(world, f"{STREAM}?calendar_id={home}", key, {"Last-Event-ID": last}) as stream:
            ready(stream)
            told = stream.next("resync")
            assert told.data == {"object": "resync", "calendar_id": home, "sync_token": now, "reason": reason, "livemode": True}, last
            assert told.id == now
            made = event(world, key, calendar_id=home)
            assert stream.next("change").data["event_id"] == made
            now = stream.last_event_id
    # A client whose calendar went meanwhile hears so.
    with EventStream(world, STREAM, key) as stream:
        ready(stream)
        left = stream.last_event_id
    for made in (home, other):
        world.request("DELETE", f"/v1/calendars/{made}", key=key)
    with EventStream(world, STREAM, key, {"Last-Event-ID": left}) as stream:
        ready(stream)
        assert {stream.next("calendar_removed").data["calendar_id"] for _ in (home, other)} == {home, other}


def test_a_last_event_id_that_is_none_is_named(world, key):
    good = world.get("/v1/calendars", key=key).json["data"][0]["sync_token"]
    for bad in ("x", "https://x/dav/sync/cal_0/7", f"{good}?", f"{good}?x", f"{good}?cal_x=1", f"{good}?{good.rsplit('/', 2)[1]}=0",
                f"{good}?{good.rsplit('/', 2)[1]}=-1", f"{good}?{good.rsplit('/', 2)[1]}=1&", f"{good}?=&=&=", f"{good}0000000000000000000"):
        reply = world.get(STREAM, {"Last-Event-ID": bad}, key)
        assert reply.status == 400 and reply.json["error"]["param"] == "Last-Event-ID", (bad, reply)


def test_exactly_what_the_credential_sees_is_told(world, ann, key):
    """A restricted key of one calendar, the other mode, another account, no scope at all."""
    shown, hidden = calendar(world, key, "shown"), calendar(world, key, "hidden")
    narrow = json.loads(world.post("/v1/api_keys", json.dumps({"name": "n", "kind": "restricted", "scopes": ["events:read"], "calendars": [shown]}),
                                   JSON, key).body)["key"]
    blind = world.key(ann, kind="restricted", scope="calendars:read")
    test = world.key(ann, kind="secret", mode="test")
    bob = world.account("bob@example.org")
    assert world.get(STREAM, key=blind).status == 403
    assert world.get(STREAM, key=world.key(ann, kind="publishable")).status == 403
    assert world.get(STREAM).status == 401 and world.get(f"{STREAM}?access_token={key}").status == 401
    assert world.get(STREAM, {"Authorization": basic(ann.email, ann.key)}).status == 401
    assert world.get(f"{STREAM}?calendar_id={hidden}", key=narrow).status == 404
    assert world.get(f"{STREAM}?calendar_id={shown}", key=test).status == 404
    assert world.get(f"{STREAM}?calendar_id={shown}", key=bob.key).status == 404
    with EventStream(world, STREAM, narrow) as stream, EventStream(world, STREAM, test) as sandbox, EventStream(world, STREAM, bob.key) as bobs:
        assert [c["calendar_id"] for c in ready(stream).data["calendars"]] == [shown]
        assert ready(sandbox).data["livemode"] is False
        ready(bobs)
        event(world, key, calendar_id=hidden)
        told = event(world, key, calendar_id=shown)
        assert stream.next("change").data["event_id"] == told
        in_test = event(world, test)
        assert sandbox.next("change").data["event_id"] == in_test
        of_bob = event(world, bob.key)
        assert bobs.next("change").data["event_id"] == of_bob
        extra = calendar(world, key, "extra")  # no calendar that comes later is seen by a key of one
        told = event(world, key, calendar_id=shown)
        assert stream.next("change").data["event_id"] == told
    for made in (shown, hidden, extra):
        world.request("DELETE", f"/v1/calendars/{made}", key=key)


def test_two_streams_hear_the_same_and_a_second_server_too(world, key):
    with EventStream(world, STREAM, key) as one, EventStream(world, STREAM, key) as two, EventStream(world.second, STREAM, key) as three:
        for stream in (one, two, three):
            ready(stream)
        made = event(world, key)
        assert {stream.next("change").data["event_id"] for stream in (one, two, three)} == {made}
        # What a client heard of one server serves it at another.
    made = [event(world.second, key) for _ in range(2)]
    with EventStream(world, STREAM, key, {"Last-Event-ID": three.last_event_id}) as stream:
        ready(stream)
        assert [stream.next("change").data["event_id"] for _ in made] == made


def test_a_transaction_that_began_long_ago_is_told_when_it_ends(world, key):
    """Its row of the outbox stands before others that were told already."""
    home = calendar(world, key, "slow")
    made = event(world, key, calendar_id=home)
    uuid_of = f"(SELECT id FROM calendar WHERE displayname = 'slow')"
    with EventStream(world, f"{STREAM}?calendar_id={home}", key) as stream, EventStream(world, STREAM, key) as other:
        ready(stream), ready(other)
        change = (f"UPDATE calendar_state SET modseq = modseq + 1 WHERE calendar_id = {uuid_of}; "
                  f"UPDATE calendar_object SET modseq = (SELECT modseq FROM calendar_state WHERE calendar_id = {uuid_of}) WHERE calendar_id = {uuid_of} AND NOT deleted; "
                  f"INSERT INTO outbox (account_id, kind, calendar_id) SELECT account_id, 'object_changed', id FROM calendar WHERE displayname = 'slow'")
        with world.holding(change, jobs=True) as commit:
            for _ in range(2):
                later = event(world, key)
                assert other.next("change").data["event_id"] == later
            commit()
        assert stream.next("change").data["event_id"] == made
    world.request("DELETE", f"/v1/calendars/{home}", key=key)


def test_the_head_alone_and_http_1_0(world, key):
    reply = world.request("HEAD", STREAM, key=key)
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/event-stream" and not reply.body
    with EventStream(world, STREAM, key, http="1.0") as stream:
        assert not stream.chunked and ready(stream)
        made = event(world, key)
        assert stream.next("change").data["event_id"] == made
    with EventStream(world, f"{STREAM}?once=true", key, http="1.0") as stream:
        ready(stream)
        assert stream.next("end") and stream.next() is None
    with EventStream(world, STREAM, key, {"Accept-Encoding": "gzip"}) as stream:
        assert "Content-Encoding" not in stream.headers and ready(stream)


def test_a_peer_that_leaves_is_noticed(world, key):
    """Whether it closes, or half closes: nothing tells one from the other."""
    for how in ("close", "half", "noise"):
        stream = EventStream(world, STREAM, key)
        ready(stream)
        request_id = stream.headers["Request-Id"]
        if how == "close":
            stream.close()
        elif how == "half":
            stream.socket.shutdown(socket.SHUT_WR)
            assert stream.file.read() in (b"", b"0\r\n\r\n")
        else:
            with pytest.raises(OSError):
                for _ in range(100):
                    stream.socket.sendall(b"x" * 65536)
        assert world.log_has(f"event=stream_ended id={request_id}"), how
        stream.close()


def test_a_reader_that_does_not_read_is_cut_and_goes_on_later(world, ann, key):
    """What waits for it is bounded; its place stays where it was."""
    home = calendar(world, key, "flood")
    with EventStream(world, f"{STREAM}?calendar_id={home}", key, receive=2048) as slow:
        ready(slow)
        lines = "".join(f"BEGIN:VEVENT\r\nUID:flood-{i}\r\nDTSTAMP:20261124T090000Z\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT\r\n" for i in range(2500))
        document = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{lines}END:VCALENDAR\r\n"
        assert world.post(f"/v1/calendars/{home}/import", document, {"Content-Type": "text/calendar"}, key).json["created"] == 2500
        request_id = slow.headers["Request-Id"]
        assert world.log_has(f"event=stream_ended id={request_id} reason=not_taken", 40)
        heard = set()
        with pytest.raises((ConnectionError, AssertionError)):
            while True:
                heard.add(slow.next("change").data["event_id"])
    with EventStream(world, f"{STREAM}?calendar_id={home}&once=true", key, {"Last-Event-ID": slow.last_event_id}) as stream:
        ready(stream)
        while (told := stream.next()).type == "change":
            heard.add(told.data["event_id"])
    assert len(heard) == 2500
    world.request("DELETE", f"/v1/calendars/{home}", key=key)
