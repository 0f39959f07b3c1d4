# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events/changes: the same counter as CalDAV's sync-collection; nothing is lost, whoever changes what and however it is read."""
import random
import threading
from urllib.parse import quote

import pytest
from event_edits import component, document, event
from rest import Api, assert_error

SERVE = ["--rate-limit", "0"]


@pytest.fixture(scope="module")
def api(world, owner):
    return Api(world, world.key(owner, kind="secret"))


class Place:
    """A calendar on both sides."""

    def __init__(self, api, dav, name="Sync"):
        self.api, self.dav = api, dav
        made = api.calendar(name)
        self.id, self.token = made["id"], made["sync_token"]
        self.path = "/" + made["caldav_url"].split("/", 3)[3]

    def put(self, name, title="t", uid=None, text=None):
        text = text or document(event("DTSTART:20261005T090000Z", "DURATION:PT1H", f"SUMMARY:{title}"))
        reply = self.dav.put(f"{self.path}{name}", text.replace("UID:u\r\n", f"UID:{uid or name}\r\n"))
        assert reply.status in (201, 204), reply
        return reply

    def delete(self, name):
        reply = self.dav.request("DELETE", f"{self.path}{name}")
        assert reply.status == 204, reply

    def move(self, name, to, new, overwrite="T"):
        reply = self.dav.request("MOVE", f"{self.path}{name}", Destination=f"{to.path}{new}", Overwrite=overwrite)
        assert reply.status in (201, 204, 403, 409, 412), reply
        return reply.status < 300

    def events(self):
        """What there is, id → etag, as the list has it."""
        return {e["id"]: e["etag"] for e in self.api("GET", f"/v1/events?calendar_id={self.id}&limit=100").json["data"]}

    def changes(self, token=None, limit=None, status=200):
        query = f"sync_token={quote(token, safe='')}" if token else f"calendar_id={self.id}"
        reply = self.api("GET", f"/v1/events/changes?{query}" + (f"&limit={limit}" if limit else ""))
        assert reply.status == status, reply
        return reply.json


class Mirror:
    """Who keeps a copy by its changes."""

    def __init__(self, place):
        self.place, self.token, self.events, self.told = place, None, {}, []

    def read(self, limit):
        page = self.place.changes(self.token, limit)
        assert page["object"] == "list"
        for item in page["data"]:
            assert item["object"] == "event"
            self.told.append(item["id"])
            if item.get("deleted"):
                assert set(item) == {"id", "object", "deleted"} and item["deleted"] is True
                self.events.pop(item["id"], None)
            else:
                assert item["calendar_id"] == self.place.id
                self.events[item["id"]] = item["etag"]
        self.token = page["next_sync_token"]
        return page

    def sync(self, limit=None):
        for _ in range(200):
            if not self.read(limit)["has_more"]:
                return self.events
        raise AssertionError("no end")


@pytest.fixture
def place(api, dav):
    return Place(api, dav)


def test_without_a_token_all_there_is_comes_in_pages(place):
    for n in range(7):
        place.put(f"o{n}.ics")
    place.delete("o3.ics")
    mirror = Mirror(place)
    first = mirror.read(3)
    assert len(first["data"]) == 3 and first["has_more"]
    assert mirror.sync(3) == place.events() and len(mirror.told) == 6, "no tombstone of what nobody was told of"
    again = mirror.read(None)
    assert again["data"] == [] and again["has_more"] is False and again["next_sync_token"] == mirror.token


def test_a_change_made_by_caldav_is_seen_and_the_tokens_are_the_same(place, dav):
    mirror = Mirror(place)
    assert mirror.sync() == {} and mirror.token == place.token, "the calendar's own"
    place.put("a.ics", "one")
    [made] = mirror.read(None)["data"]
    assert made["title"] == "one"
    place.put("a.ics", "two")
    [changed] = mirror.read(None)["data"]
    assert changed["id"] == made["id"] and changed["title"] == "two" and changed["etag"] != made["etag"]
    reply = dav.sync(place.path, mirror.token)
    assert not reply.responses and reply.sync_token == mirror.token
    assert place.api("PATCH", f"/v1/events/{made['id']}", {"title": "three"}).status == 200
    reply = dav.sync(place.path, mirror.token)
    assert len(reply.responses) == 1
    assert place.changes(reply.sync_token)["data"] == [] and [e["title"] for e in mirror.read(None)["data"]] == ["three"]
    place.delete("a.ics")
    assert mirror.read(None)["data"] == [{"id": made["id"], "object": "event", "deleted": True}]


def test_an_id_that_went_is_told_whatever_took_its_place(api, dav, place):
    """A name that was deleted and made again, an event that moved away, one that was replaced, one that became a task."""
    other = Place(api, dav, "Other")
    place.put("a.ics")
    place.put("b.ics")
    place.put("c.ics", uid="same")
    other.put("c.ics", uid="same")
    place.put("d.ics")
    mirror, beyond = Mirror(place), Mirror(other)
    assert len(mirror.sync()) == 4 and len(beyond.sync()) == 1
    place.delete("a.ics")
    place.put("a.ics")
    assert place.move("b.ics", other, "b.ics") and place.move("c.ics", other, "c.ics")
    place.put("d.ics", text=document(component("UID:u", "DTSTAMP:20260101T000000Z", "SUMMARY:task", name="VTODO")))
    assert mirror.sync(1) == place.events() and len(mirror.events) == 1
    assert beyond.sync(1) == other.events() and len(beyond.events) == 2


def test_tasks_are_not_told(place):
    place.put("t.ics", text=document(component("UID:u", "DTSTAMP:20260101T000000Z", "SUMMARY:task", name="VTODO")))
    place.put("e.ics")
    mirror = Mirror(place)
    assert len(mirror.sync(1)) == 1
    place.put("t.ics", text=document(component("UID:u", "DTSTAMP:20260101T000000Z", "SUMMARY:other", name="VTODO")))
    place.delete("t.ics")
    assert mirror.sync() == place.events()


def random_change(rnd, places):
    place, name = rnd.choice(places), f"n{rnd.randint(0, 5)}.ics"
    there = place.dav.request("GET", place.path + name).status == 200
    what = rnd.choice(["put", "put", "delete", "again", "move", "rename"])
    if what == "put":
        place.put(name, str(rnd.random()), uid=name)
    elif there and what == "delete":
        place.delete(name)
    elif there and what == "again":
        place.delete(name)
        place.put(name, str(rnd.random()), uid=name)
    elif there and what == "move":
        place.move(name, rnd.choice(places), name)
    elif there and what == "rename":
        new = f"x{rnd.randint(0, 3)}.ics"
        if place.move(name, place, new, "F"):
            place.move(new, place, name)


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_by_changes_is_what_there_is_after_anything(api, dav, seed):
    rnd = random.Random(77 + seed)
    places = [Place(api, dav, "One"), Place(api, dav, "Two")]
    mirrors = [Mirror(p) for p in places for _ in range(2)]
    for _ in range(25):
        random_change(rnd, places)
        if rnd.random() < 0.4:
            rnd.choice(mirrors).read(rnd.randint(1, 3))
        if rnd.random() < 0.2:
            mirror = rnd.choice(mirrors)
            assert mirror.sync(rnd.randint(1, 4)) == mirror.place.events()
    for mirror in mirrors:
        assert mirror.sync(2) == mirror.place.events()


def test_nothing_is_lost_or_doubled_while_others_write(world, api, dav):
    place, failed, counts = Place(api, dav), [], [0] * 3
    mirror = Mirror(place)

    def write(n):
        client = world.client_connection()
        try:
            for i in range(12):
                body = f'{{"title":"{n} {i}","start_time":"2026-11-24T09:00:00Z","end_time":"2026-11-24T10:00:00Z","calendar_id":"{place.id}"}}'
                headers = [("Authorization", f"Bearer {api.key}"), ("Content-Type", "application/json")]
                made = client.request("POST", "/v1/events", body, headers)
                assert made.status == 201, made
                counts[n] += 1
                if i % 3 == 0:
                    gone = client.request("DELETE", f"/v1/events/{made.json['id']}?mode=delete", None, headers)
                    assert gone.status == 204, gone
        except AssertionError as e:
            failed.append(e)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        mirror.read(2)
    assert not failed and sum(counts) == 36
    assert mirror.sync(2) == place.events() and len(mirror.events) == 24
    live = [i for i in mirror.told if i in mirror.events]
    assert len(live) == len(set(live)) == 24, "each was made once, and told once"


def test_ids_that_went_are_1000_a_calendar_and_older_tokens_end(world, place):
    place.put("a.ics")
    old = place.changes()["next_sync_token"]
    where = "calendar_id = (SELECT calendar_id FROM calendar_object WHERE name = 'a.ics' ORDER BY updated_at DESC LIMIT 1)"
    world.sql(f"INSERT INTO calendar_gone SELECT account_id, calendar_id, n, gen_random_uuid() FROM calendar_state, generate_series(1, 1500) n WHERE {where}; "
        f"UPDATE calendar_state SET modseq = modseq + 1500 WHERE {where}")
    mirror = Mirror(place)
    assert mirror.sync() == place.events()
    place.delete("a.ics")
    place.put("a.ics")
    assert world.sql(f"SELECT count(*) FROM calendar_gone WHERE {where}") == [["1000"]]
    place.changes(old, status=410)
    assert mirror.sync() == place.events() and len(mirror.events) == 1


def test_a_token_that_is_too_old_is_410(world, place):
    place.put("a.ics")
    token = place.changes()["next_sync_token"]
    place.put("b.ics")
    world.sql("UPDATE calendar_state SET min_modseq = modseq WHERE calendar_id = (SELECT calendar_id FROM calendar_object WHERE name = 'b.ics' "
        "ORDER BY updated_at DESC LIMIT 1)")
    reply = place.api("GET", f"/v1/events/changes?sync_token={quote(token, safe='')}")
    assert_error(reply, 410, "sync_token_invalid", "sync_token")
    assert len(place.changes()["data"]) == 2
    number = int(token.rsplit("/", 1)[1])
    assert_error(place.api("GET", f"/v1/events/changes?sync_token={quote(token.rsplit('/', 1)[0], safe='')}/{number + 99}"), 410, "sync_token_invalid")


@pytest.mark.parametrize("query,status,code,param", [
    ("", 400, "missing_required_field", "calendar_id"), ("sync_token=", 400, "invalid_value", "sync_token"), ("sync_token=x", 400, "invalid_value", "sync_token"),
    ("sync_token=https://h/dav/sync/cal_1/1", 400, "invalid_value", "sync_token"), ("sync_token={base}/0", 400, "invalid_value", "sync_token"),
    ("sync_token={base}/-1", 400, "invalid_value", "sync_token"), ("sync_token={base}/99999999999999999999", 400, "invalid_value", "sync_token"),
    ("sync_token={base}/1%00", 400, None, None), ("sync_token=" + "x" * 501, 400, "invalid_value", "sync_token"),
    ("calendar_id={id}&limit=0", 400, "invalid_value", "limit"), ("calendar_id={id}&limit=101", 400, "invalid_value", "limit"),
    ("calendar_id=cal_0000000000000000000000", 404, "resource_missing", "calendar_id"), ("calendar_id=x", 400, "invalid_value", "calendar_id"),
    ("calendar_id={id}&starting_after=x", 400, "unknown_field", "starting_after"),
])
def test_what_is_no_question_is_refused(place, query, status, code, param):
    base = place.token.rsplit("/", 1)[0]
    reply = place.api("GET", "/v1/events/changes?" + query.format(id=place.id, base=quote(base, safe="")))
    assert reply.status == status, reply
    if code:
        assert_error(reply, status, code, param)


def test_nobody_follows_a_calendar_of_others(world, api, owner, place):
    """Another account's, the other mode's, one that the key is not limited to."""
    other = place.api.calendar("Else")
    limited = api("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["events:read"], "calendars": [other["id"]]}).json["key"]
    narrow = api("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["calendars:read"]}).json["key"]
    stranger = world.key(world.account("stranger@example.org", plan="pro"), kind="secret")
    for key in (limited, stranger, world.key(owner, kind="secret", mode="test")):
        caller = Api(world, key)
        assert_error(caller("GET", f"/v1/events/changes?calendar_id={place.id}"), 404, "resource_missing", "calendar_id")
        assert_error(caller("GET", f"/v1/events/changes?sync_token={quote(place.token, safe='')}"), 404, "resource_missing", "sync_token")
    assert Api(world, limited)("GET", f"/v1/events/changes?calendar_id={other['id']}").status == 200
    assert Api(world, narrow)("GET", f"/v1/events/changes?calendar_id={place.id}").status == 403
    assert_error(place.api("GET", f"/v1/events/changes?calendar_id={other['id']}&sync_token={quote(place.token, safe='')}"), 400, "invalid_value", "sync_token")
