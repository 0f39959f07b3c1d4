# SPDX-License-Identifier: Apache-2.0
"""/api/v1/hosted-calendars/{id}/invitations: what somebody else invites the owner to, and their answer."""
import json

import pytest

from dav import Dav
from davwrite import new_event

JSON = {"Content-Type": "application/json"}
HOST, ME = "ORGANIZER:mailto:host@example.net", "ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:Ann@Example.org"


@pytest.fixture(scope="module")
def dav(world, ann):
    return Dav(world.url, ann.email, ann.key)


@pytest.fixture(scope="module")
def at(world, ann):
    """The default calendar's, which alone is there."""
    return f"/api/v1/hosted-calendars/{world.get('/api/v1/hosted-calendars', key=ann.key).json['data'][0]['id']}/invitations"


@pytest.fixture(scope="module")
def put(dav, ann):
    def write(uid, *lines):
        assert dav.put(f"/dav/calendars/{ann.id}/default/{uid}.ics", new_event(uid, "20270101T100000Z", *lines)).status == 201
        return uid
    return write


def respond(world, ann, at, uid, status, headers=None):
    return world.post(f"{at}/{uid}/respond", json.dumps({"status": status}), {**JSON, **(headers or {})}, ann.key)


def test_the_list_has_what_others_invite_to_and_nothing_else(world, ann, at, put, dav):
    for before in world.get(at, key=ann.key).json["data"]:  # of the other tests
        dav.request("DELETE", f"/dav/calendars/{ann.id}/default/{before['uid']}.ics")
    invited = [put(f"in{n}", HOST, ME) for n in range(3)]
    put("own", "ORGANIZER:mailto:ann@example.org", ME)
    put("theirs", HOST, "ATTENDEE:mailto:bob@example.org")
    put("nobodys", ME)
    put("plain")
    reply = world.get(at, key=ann.key)
    assert reply.status == 200 and [i["uid"] for i in reply.json["data"]] == invited[::-1]
    assert (reply.json["data"][0]["organizer"], reply.json["data"][0]["status"]) == ("host@example.net", "needs_action")
    first = world.get(f"{at}?limit=2", key=ann.key).json
    rest = world.get(f"{at}?limit=2&starting_after={first['next_cursor']}", key=ann.key).json
    assert [i["uid"] for i in first["data"] + rest["data"]] == invited[::-1] and not rest["has_more"]


def test_an_answer_is_the_owners_own_line(world, ann, at, put, dav):
    uid = put("answer", HOST, ME, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org")
    for status in ("tentative", "declined", "accepted"):
        reply = respond(world, ann, at, uid, status)
        assert reply.status == 200 and reply.json["data"]["status"] == status
    body = dav.request("GET", f"/dav/calendars/{ann.id}/default/{uid}.ics").body.decode()
    assert body.count("PARTSTAT=ACCEPTED") == 1 and "PARTSTAT=NEEDS-ACTION:mailto:bob@example.org" in body
    assert respond(world, ann, at, uid, "declined", {"If-Match": reply.headers["ETag"]}).status == 200
    assert respond(world, ann, at, uid, "accepted", {"If-Match": reply.headers["ETag"]}).status == 412


def test_what_is_no_invitation_has_no_answer(world, ann, at, put):
    for uid in (put("mine", "ORGANIZER:mailto:ann@example.org", ME), put("others", HOST, "ATTENDEE:mailto:bob@example.org"), "nothing"):
        reply = respond(world, ann, at, uid, "accepted")
        assert reply.status == 404 and reply.json["error"] == "Not Found", uid
    reply = respond(world, ann, at, put("word", HOST, ME), "maybe")
    assert reply.status == 400 and reply.json["details"] == {"field": "status"}
    gone = put("gone", HOST, ME, "STATUS:CANCELLED")
    assert respond(world, ann, at, gone, "accepted").status == 409
