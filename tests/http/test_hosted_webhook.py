# SPDX-License-Identifier: Apache-2.0
"""/api/v1/hosted-calendars/{id}/webhook: one for each calendar, told of invitations and signed so that its verifiers accept it."""
import hashlib
import hmac
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dav import Dav
from davwrite import new_event
from hooks import due_now, no_endpoints, receiver  # noqa: F401
from receiver import verified
from world import ROOT

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/hosted-calendars"
HOST, ME = "ORGANIZER;CN=Scheduling Bot:mailto:host@example.net", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:Ann@Example.org"
SECRET = "whsec_your-random-secret-here"
SERVE = ["--allow-private-hooks", "--rate-limit", "100000"]


@pytest.fixture()
def calendar(world, ann):
    """A new one: its id, and a function that puts an event there as a CalDAV client does."""
    id = world.post(PATH, '{"name":"Bookings"}', JSON, ann.key).json["data"]["id"]
    [[name]] = world.sql(f"SELECT name FROM calendar WHERE id = '{id}'")
    dav = Dav(world.url, ann.email, ann.key)

    class Calendar:
        at = f"{PATH}/{id}/webhook"

        @staticmethod
        def put(uid, *lines, start="20270101T100000Z"):
            reply = dav.put(f"/dav/calendars/{ann.id}/{name}/{uid.replace(' ', '-')}.ics", new_event(uid, start, *lines))
            assert reply.status in (201, 204)
    Calendar.id, Calendar.name = id, name
    yield Calendar
    world.request("DELETE", f"{PATH}/{id}", key=ann.key)


def put(world, key, at, url, secret=SECRET, status=200, **more):
    reply = world.request("PUT", at, json.dumps({"url": url, **({"secret": secret} if secret else {}), **more}), JSON, key)
    assert reply.status == status, reply
    return reply.json.get("data", reply.json)


def stripped_verifies(delivery, secret, tolerance=300):
    """The third verifier, from the paper's words alone: "secret must start `whsec_`; the prefix is stripped before HMAC" and
    "`t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + raw body)>` … 300 s tolerance"."""
    fields = delivery.headers["calends-signature"].split(",")
    stamp = next(f[2:] for f in fields if f.startswith("t="))
    mac = hmac.new(secret[len("whsec_"):].encode(), stamp.encode() + b"." + delivery.body, hashlib.sha256).hexdigest()
    return abs(time.time() - int(stamp)) < tolerance and f"v1={mac}" in fields


def test_an_invitation_is_told_in_the_published_shape(world, ann, calendar, receiver):
    """§0.1: "event `invitation.received`" """
    made = put(world, ann.key, calendar.at, receiver.url)
    assert made["url"] == receiver.url and made["secret"] == SECRET and made["status"] == "enabled"
    calendar.put("plain")
    calendar.put("mine", "ORGANIZER:mailto:ann@example.org", ME)
    calendar.put("cancelled", HOST, ME, "STATUS:CANCELLED")
    calendar.put("visit 1", HOST, ME, "ATTENDEE;CN=Bob:mailto:bob@example.org")
    [hook] = world.wait_for(lambda: receiver.got)
    body = hook.json
    respond = f"{PATH}/{calendar.id}/invitations/visit%201/respond"
    event = world.get(f"/api/v1/calendars/hosted:{calendar.id}/events/visit%201", key=ann.key).json["data"]
    assert {k: v for k, v in body.items() if k not in ("id", "createdAt")} == {
        "type": "invitation.received", "calendarId": calendar.id, "organizerEmail": "host@example.net",
        "organizerName": "Scheduling Bot", "respondUrl": world.public_url + respond, "livemode": True, "event": event}
    assert event["attendees"][1] == {"email": "bob@example.org", "displayName": "Bob"}
    assert body["id"] == hook.headers["webhook-id"] and body["id"].startswith("whe_")
    assert world.post(respond, '{"status":"accepted"}', JSON, ann.key).status == 200
    calendar.put("visit 1", HOST, ME, start="20270102T100000Z")  # changed: it was received already
    calendar.put("plain", HOST, ME)  # an event becomes an invitation
    assert world.wait_for(lambda: len(receiver.got) == 2) and receiver.got[1].json["event"]["uid"] == "plain"


def test_three_verifiers_accept_what_is_sent(world, ann, calendar, receiver):
    """§2.6: "Three different keys from one secret" """
    secret = world.secret(put(world, ann.key, calendar.at, receiver.url, None)["secret"])
    calendar.put("signed", HOST, ME)
    [hook] = world.wait_for(lambda: receiver.got)
    assert stripped_verifies(hook, secret) and verified(hook, secret) == (1, 1)
    assert not stripped_verifies(hook, secret[:-4] + "AAA=") and verified(hook, secret[:-4] + "AAA=") == (0, 0)
    printed = {}
    with open(os.path.join(ROOT, "docs/hosted-calendars.md"), encoding="utf-8") as page:
        exec(page.read().partition("```python ")[2].partition("\n")[2].partition("```")[0], printed)  # what the page tells receivers to do
    printed["verify"](secret, hook.headers["calends-signature"], hook.body)
    with pytest.raises(ValueError):
        printed["verify"](secret, hook.headers["calends-signature"], hook.body + b" ")
    first = hook.headers["calends-signature"].split(",")[1]
    stamp = hook.headers["webhook-timestamp"].encode()
    assert first == "v1=" + hmac.new(secret[6:].encode(), stamp + b"." + hook.body, hashlib.sha256).hexdigest(), "hosted calendars' own comes first"


def test_a_secret_that_is_no_base64_has_no_standard_signature(world, ann, calendar, receiver):
    put(world, ann.key, calendar.at, receiver.url)
    calendar.put("plainly", HOST, ME)
    [hook] = world.wait_for(lambda: receiver.got)
    assert stripped_verifies(hook, SECRET) and "webhook-signature" not in hook.headers


def test_a_secret_is_told_once_and_the_one_before_signs_for_a_day(world, ann, calendar, receiver):
    """§2.6: "During secret rotation send both signatures … for 24 h" """
    assert put(world, ann.key, calendar.at, receiver.url)["secret"] == SECRET
    assert "secret" not in put(world, ann.key, calendar.at, receiver.url), "the same once more changes nothing"
    kept = put(world, ann.key, calendar.at, receiver.url, None)
    assert "secret" not in kept and kept["oldSecretExpiresAt"] is None
    other = put(world, ann.key, calendar.at, receiver.url, "whsec_another-secret-of-mine")
    assert other["secret"] == "whsec_another-secret-of-mine" and other["oldSecretExpiresAt"]
    shown = world.get(calendar.at, key=ann.key)
    assert shown.status == 200 and "secret" not in shown.json["data"]
    stored = str(world.sql("SELECT row_to_json(e)::text FROM webhook_endpoint e"))
    assert "another-secret" not in stored and SECRET[6:] not in stored, "they are sealed"
    calendar.put("rotated", HOST, ME)
    [hook] = world.wait_for(lambda: receiver.got)
    assert stripped_verifies(hook, SECRET) and stripped_verifies(hook, other["secret"])
    sent = {**JSON, "Idempotency-Key": "put-1"}
    body = json.dumps({"url": receiver.url, "secret": SECRET})
    assert world.request("PUT", calendar.at, body, sent, ann.key).status == 200
    again = world.request("PUT", calendar.at, body, sent, ann.key)
    assert again.status == 409 and again.json["error"] == "Conflict", "no replay has it"


def test_one_a_calendar_and_none_in_any_other_list(world, ann, calendar, receiver):
    """§0.1: "**one per calendar**" """
    assert world.get(calendar.at, key=ann.key).status == 404
    assert world.request("DELETE", calendar.at, key=ann.key).status == 404
    put(world, ann.key, calendar.at, receiver.url + "/1")
    assert put(world, ann.key, calendar.at, receiver.url)["url"] == receiver.url
    [[id]] = world.sql("SELECT id FROM webhook_endpoint")
    other = world.post(PATH, '{"name":"Other"}', JSON, ann.key).json["data"]["id"]
    assert world.get(f"{PATH}/{other}/webhook", key=ann.key).status == 404
    secret_key = world.key(ann.email, kind="secret")
    assert world.get("/v1/webhook_endpoints", key=secret_key).json["data"] == []
    seen = world.get(calendar.at, key=secret_key)
    assert seen.status == 200 and id not in seen.text
    bob = world.account("bob@example.org")
    for method, body in (("GET", None), ("PUT", json.dumps({"url": receiver.url})), ("DELETE", None)):
        reply = world.request(method, calendar.at, body, JSON if body else {}, bob.key)
        assert reply.status == 404 and reply.json["error"] == "Not Found"
    # sixteen of the account are sixteen beside it
    for n in range(16):
        made = world.post("/v1/webhook_endpoints", json.dumps({"url": receiver.url, "events": ["ping"], "status": "disabled"}), JSON, secret_key)
        assert made.status == 201
    put(world, ann.key, f"{PATH}/{other}/webhook", receiver.url)
    gone = world.request("DELETE", calendar.at, key=ann.key)
    assert gone.status == 204 and gone.body == b"" and world.get(calendar.at, key=ann.key).status == 404
    calendar.put("untold", HOST, ME)
    [[name]] = world.sql(f"SELECT name FROM calendar WHERE id = '{other}'")
    dav = Dav(world.url, ann.email, ann.key)
    assert dav.put(f"/dav/calendars/{ann.id}/{name}/told.ics", new_event("told", "20270101T100000Z", HOST, ME)).status == 201
    assert world.wait_for(lambda: receiver.got) and [d.json["event"]["uid"] for d in receiver.got] == ["told"]
    world.request("DELETE", f"{PATH}/{other}", key=ann.key)


def test_what_it_may_be_is_told_field_by_field(world, ann, calendar):
    """§0.1: "{url https only, secret must start `whsec_`…" (http is for --allow-private-hooks, test_webhooks_where.py)"""
    for body, field in (({}, "url"), ({"url": "ftp://example.com/"}, "url"), ({"url": "https://user@example.com/"}, "url"),
                        ({"url": "https://example.com/", "secret": "x" * 40}, "secret"),
                        ({"url": "https://example.com/", "secret": "whsec_short"}, "secret"),
                        ({"url": "https://example.com/", "secret": "whsec_" + "é" * 20}, "secret"),
                        ({"url": "https://example.com/", "secret": "whsec_" + "x" * 129}, "secret"),
                        ({"url": "https://example.com/", "events": ["*"]}, "events"),
                        ({"url": "https://example.com/", "status": "disabled"}, "status")):
        reply = world.request("PUT", calendar.at, json.dumps(body), JSON, ann.key)
        assert reply.status == 400 and reply.json["error"] == "Bad Request" and reply.json["details"] == {"field": field}, body
    assert world.get(calendar.at, key=ann.key).status == 404


def test_it_goes_with_its_calendar_and_with_the_sandbox(world, ann, calendar, receiver):
    put(world, ann.key, calendar.at, receiver.url)
    assert world.request("DELETE", f"{PATH}/{calendar.id}", key=ann.key).status == 204
    assert world.sql("SELECT count(*) FROM webhook_endpoint") == world.sql("SELECT count(*) FROM webhook_queue") == [["0"]]
    test_key = world.key(ann.email, kind="secret", mode="test")
    id = world.get(PATH, key=test_key).json["data"][0]["id"]
    put(world, test_key, f"{PATH}/{id}/webhook", receiver.url)
    assert world.get(f"{PATH}/{id}/webhook", key=ann.key).status == 404, "the other mode's"
    assert world.post("/v1/sandbox/reset", key=test_key).status in (200, 204)
    assert world.sql("SELECT count(*) FROM webhook_endpoint") == [["0"]]


def test_an_invitation_that_is_moved_there_is_told_and_what_changes_elsewhere_is_not_kept(world, ann, calendar, receiver):
    put(world, ann.key, calendar.at, receiver.url)
    dav, home = Dav(world.url, ann.email, ann.key), f"/dav/calendars/{ann.id}"
    for start in ("20270103T100000Z", "20270104T100000Z"):
        assert dav.put(f"{home}/default/moved.ics", new_event("moved", start, HOST, ME)).status in (201, 204)
    assert world.sql("SELECT count(*) FROM object_before") == [["0"]], "nobody is told of that calendar"
    reply = dav.request("MOVE", f"{home}/default/moved.ics", Destination=f"{home}/{calendar.name}/moved.ics")
    assert reply.status == 201, reply
    [hook] = world.wait_for(lambda: receiver.got)
    assert hook.json["event"]["uid"] == "moved" and hook.json["event"]["start_at"] == "2027-01-04T10:00:00Z"


def test_of_several_who_make_it_at_once_one_makes_it(world, ann, calendar, receiver):
    headers = {**JSON, "Authorization": f"Bearer {ann.key}"}
    with ThreadPoolExecutor(8) as pool:
        clients = [world.client_connection() for _ in range(8)]
        replies = list(pool.map(lambda c: c.request("PUT", calendar.at, json.dumps({"url": receiver.url}), headers), clients))
    assert {r.status for r in replies} <= {200, 409}
    told = [r.json["data"]["secret"] for r in replies if r.status == 200 and "secret" in r.json["data"]]
    assert len(told) == 1 and world.sql("SELECT count(*) FROM webhook_endpoint") == [["1"]]


def test_failures_are_tried_again_and_a_put_enables_it_once_more(world, ann, calendar, receiver):
    answers = iter([503, 410])
    receiver.answer = lambda d: next(answers)
    put(world, ann.key, calendar.at, receiver.url)
    calendar.put("failing", HOST, ME)
    assert world.wait_for(lambda: world.get(calendar.at, key=ann.key).json["data"]["failingSince"])
    due_now(world)
    shown = world.wait_for(lambda: (w := world.get(calendar.at, key=ann.key).json["data"])["status"] == "disabled" and w)
    assert shown and shown["disabledReason"] == "gone"
    assert len(receiver.got) == 2 and receiver.got[0].body == receiver.got[1].body
    receiver.answer = lambda d: 200
    assert put(world, ann.key, calendar.at, receiver.url)["status"] == "enabled"
    calendar.put("again", HOST, ME)
    assert world.wait_for(lambda: len(receiver.got) == 3) and receiver.got[2].json["event"]["uid"] == "again"
    assert world.wait_for(lambda: world.get(calendar.at, key=ann.key).json["data"]["lastSuccessAt"])


def test_what_is_too_long_is_told_by_its_uid(world, ann, calendar, receiver):
    """§2.6: "Body ≤ 20 KiB … thin payload with `truncated:true`" """
    put(world, ann.key, calendar.at, receiver.url)
    calendar.put("long", HOST, ME, *(f"ATTENDEE;CN={'x' * 250}:mailto:someone-{n}@example.org" for n in range(99)))
    [hook] = world.wait_for(lambda: receiver.got)
    assert hook.json["truncated"] is True and hook.json["event"] == {"uid": "long"} and len(hook.body) < 1000
