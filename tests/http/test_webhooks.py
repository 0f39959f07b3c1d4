# SPDX-License-Identifier: Apache-2.0
"""Webhooks as a platform's engineer has them: endpoints, what they are told, by what it is proven, and what the log says."""
import time
from urllib.parse import urlsplit

import pytest

from hooks import ENDPOINTS, deliveries, delivery, due_now, ended, endpoint, event, key, no_endpoints, receiver, send  # noqa: F401
from oauth_flow import App
from receiver import Receiver, verified

SECONDS = 25
ICS = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//x//EN\r
BEGIN:VEVENT\r
UID:hook@example.org\r
DTSTAMP:20261101T000000Z\r
DTSTART:20261202T090000Z\r
DTEND:20261202T100000Z\r
SUMMARY:By CalDAV\r
END:VEVENT\r
END:VCALENDAR\r
"""
SERVE = ["--allow-private-hooks", "--rate-limit", "100000"]


def told(world, receiver, *types):
    """These, and no others, were told to it; in any order."""
    assert world.wait_for(lambda: len(receiver.got) >= len(types)), [d.type for d in receiver.got]
    assert sorted(d.type for d in receiver.got) == sorted(types)
    return receiver.got


# ---- what it is told ----


def test_an_endpoint_is_made_with_a_secret_that_is_told_once_and_gets_a_ping(world, key, receiver):
    """§3.7: "Keys … API keys for platform-level operations (analytics, webhook management)" """
    made = endpoint(world, key, receiver.url, description="Production")
    assert made["id"].startswith("wbk_") and made["secret"].startswith("whsec_") and made["status"] == "enabled"
    again = world.get(f"{ENDPOINTS}/{made['id']}", key=key).json
    assert "secret" not in again and {**made, "secret": None} == {**again, "secret": None, "last_success_at": None}
    stored = str(world.sql("SELECT row_to_json(e)::text FROM webhook_endpoint e"))
    assert made["secret"] not in stored and made["secret"][6:] not in stored, "it is sealed"
    [ping] = told(world, receiver, "ping")
    assert ping.json["data"]["object"] == {"id": made["id"], "object": "webhook_endpoint"}
    log = ended(world, key, made, "ping")
    assert [a["response_status"] for a in log["attempts"]] == [200] and log["attempt_count"] == 1


def test_a_change_is_told_whole_and_signed_both_ways(world, key, receiver):
    made = endpoint(world, key, receiver.url, ["event.*"])
    shown = event(world, key, "Planning")
    hook = world.wait_for(lambda: receiver.of("event.created"))[0]
    body = hook.json
    assert body["id"].startswith("whe_") and body["object"] == "webhook_event" and body["livemode"] is True
    assert abs(body["created"] - time.time()) < 60 and body["account"] is None and body["api_version"]
    assert body["data"]["object"] == shown
    assert hook.headers["calends-event"] == hook.headers["webhook-id"] == body["id"]
    assert hook.headers["content-type"] == "application/json" and hook.headers["user-agent"]
    assert verified(hook, made["secret"]) == (1, 1)
    assert verified(hook, made["secret"][:-4] + "AAA=") == (0, 0)
    kept = world.get(f"/v1/webhook_events/{body['id']}", key=key).json
    assert kept["payload"].encode() == hook.body and kept["request_id"] == body["request_id"]


def test_each_change_has_the_name_that_tells_most_of_it(world, key, receiver):
    shown = event(world, key, attendees=[{"email": "bob@example.org", "status": "needs_action"}])
    endpoint(world, key, receiver.url, ["event.*"])
    path = f"/v1/events/{shown['id']}"
    for change in ({"title": "Plans"}, {"attendees": [{"email": "bob@example.org", "status": "accepted"}]},
                   {"start_time": "2026-12-01T11:00:00Z"}, {"status": "cancelled"}):
        send(world, "PATCH", path, change, key, 200)
    types = ["event.updated", "event.attendee_responded", "event.rescheduled", "event.cancelled"]
    got = told(world, receiver, "ping", *types)
    by_type = {d.type: d.json for d in got}
    assert [by_type[t]["data"]["object"]["title"] for t in types] == ["Plans"] * 4
    sequences = [by_type[t]["sequence"] for t in types]
    assert sequences == sorted(sequences) and len(set(sequences)) == 4
    assert by_type["event.updated"]["data"]["object"]["start_time"] == "2026-12-01T09:00:00Z", "as it was then"


def test_changes_by_caldav_and_by_rest_are_told_alike(world, key, receiver):
    endpoint(world, key, receiver.url, ["event.*", "calendar.*"])
    ann = world.account("ann@example.org")
    path = f"/dav/calendars/{ann.id}/default/hook.ics"
    assert world.dav("PUT", path, ICS, {"Content-Type": "text/calendar"}, ann).status == 201
    created = world.wait_for(lambda: receiver.of("event.created"))[0].json["data"]["object"]
    assert (created["title"], created["client_uid"]) == ("By CalDAV", "hook@example.org")
    assert world.get(f"/v1/events/{created['id']}", key=key).json == created
    assert world.dav("DELETE", path, None, {}, ann).status == 204
    gone = world.wait_for(lambda: receiver.of("event.deleted"))[0].json["data"]["object"]
    assert gone == {"id": created["id"], "object": "event", "calendar_id": created["calendar_id"], "deleted": True}
    calendar = send(world, "POST", "/v1/calendars", {"name": "Team"}, key, 201).json
    send(world, "PATCH", f"/v1/calendars/{calendar['id']}", {"color_hex": "#112233"}, key, 200)
    send(world, "DELETE", f"/v1/calendars/{calendar['id']}", None, key, 200)
    told(world, receiver, "ping", "event.created", "event.deleted", "calendar.created", "calendar.updated", "calendar.deleted")


def test_what_was_is_kept_where_two_write_at_once(world, key, receiver):
    """The second waits, and finds another object than the one that it looked at: what it was is told from that one."""
    ann, typed = world.account("ann@example.org"), {"Content-Type": "text/calendar"}
    path = f"/dav/calendars/{ann.id}/default/twice.ics"
    ics = ICS.replace("hook@", "twice@")
    assert world.dav("PUT", path, ics, typed, ann).status == 201
    endpoint(world, key, receiver.url, ["event.*"])
    another = ("SELECT FROM calendar_state FOR UPDATE; UPDATE calendar_object SET etag = substr(sha256('another'), 1, length(etag)) "
               "WHERE name = 'twice.ics'")
    later = ics.replace("20261202T09", "20261202T11").replace("20261202T10", "20261202T12")
    assert world.meanwhile(another, lambda: world.dav("PUT", path, later, typed, ann)).status == 204
    told(world, receiver, "ping", "event.rescheduled")
    assert world.dav("DELETE", path, None, {}, ann).status == 204


def test_a_calendar_of_which_nobody_was_ever_told_says_so(world, receiver):
    """What a write asks before it keeps what was; one that was locked when the endpoint was made is come back to."""
    quiet = world.account("quiet@calends.example")
    key = world.key(quiet, kind="secret")
    of_account = "FROM account a JOIN calendar c USING (account_id) WHERE a.email = 'quiet@calends.example' AND a.livemode"

    def watched():
        return dict(world.sql(f"SELECT c.displayname, c.watched {of_account}"))

    send(world, "POST", "/v1/calendars", {"name": "Busy"}, key, 201)
    touched = world.sql(f"SELECT c.updated_at {of_account} ORDER BY 1")
    assert watched() == {"Calendar": "f", "Busy": "f"}
    with world.holding(f"SELECT c.id {of_account} AND c.displayname = 'Busy' FOR UPDATE OF c") as commit:
        endpoint(world, key, receiver.url, ["event.*"])
        assert watched() == {"Calendar": "t", "Busy": "f"}
        commit()
    send(world, "POST", "/v1/calendars", {"name": "Later"}, key, 201)
    assert world.wait_for(lambda: watched() == {"Calendar": "t", "Busy": "t", "Later": "t"})
    assert world.sql(f"SELECT c.updated_at {of_account} ORDER BY 1")[:2] == touched, "nobody changed them"


def test_an_account_is_watched_from_its_first_app_on(world, user, browser):
    App(world, type="public", scope="events:read").consent(browser)
    [[watched]] = world.sql(f"SELECT bool_and(c.watched) FROM calendar c JOIN account a USING (account_id) "
                            f"WHERE a.email = '{user.email}' AND a.livemode")
    assert watched == "t"


@pytest.mark.parametrize("method, new", [("MOVE", "event.updated"), ("COPY", "event.created")])
def test_what_is_replaced_by_a_move_or_a_copy_is_told_as_deleted(world, key, receiver, method, new):
    ann = world.account("ann@example.org")
    calendar = send(world, "POST", "/v1/calendars", {"name": f"Target of {method}"}, key, 201).json
    source, target = f"/dav/calendars/{ann.id}/default/{method}.ics", f"{urlsplit(calendar['caldav_url']).path}there.ics"
    for path in (source, target):
        assert world.dav("PUT", path, ICS, {"Content-Type": "text/calendar"}, ann).status == 201
    [there] = world.get(f"/v1/events?calendar_id={calendar['id']}&limit=5", key=key).json["data"]
    endpoint(world, key, receiver.url, ["event.*"])
    assert world.dav(method, source, None, {"Destination": target}, ann).status == 204
    gone = world.wait_for(lambda: receiver.of("event.deleted"))[0].json["data"]["object"]
    assert gone == {"id": there["id"], "object": "event", "calendar_id": calendar["id"], "deleted": True}
    told(world, receiver, "ping", "event.deleted", new)
    assert receiver.of(new)[0].json["data"]["object"]["id"] != there["id"]
    assert world.dav("DELETE", source, None, {}, ann).status == (404 if method == "MOVE" else 204)
    send(world, "DELETE", f"/v1/calendars/{calendar['id']}", None, key, 200)


def test_only_what_is_listed_is_told_and_nothing_from_before(world, key, receiver):
    event(world, key, "Before")
    endpoint(world, key, receiver.url, ["event.deleted", "calendar.created"])
    event(world, key, "After")
    calendar = send(world, "POST", "/v1/calendars", {"name": "Mark"}, key, 201).json
    told(world, receiver, "ping", "calendar.created")
    send(world, "DELETE", f"/v1/calendars/{calendar['id']}", None, key, 200)


def test_test_mode_is_a_world_of_its_own(world, key, receiver):
    test_key = world.key("ann@example.org", kind="secret", mode="test")
    made = endpoint(world, test_key, receiver.url, ["event.*"])
    assert made["livemode"] is False
    event(world, key, "Live")
    event(world, test_key, "Test")
    hook = world.wait_for(lambda: receiver.of("event.created"))[0].json
    assert hook["livemode"] is False and hook["data"]["object"]["title"] == "Test"
    told(world, receiver, "ping", "event.created")
    for path in (f"{ENDPOINTS}/{made['id']}", f"{ENDPOINTS}/{made['id']}/deliveries", f"/v1/webhook_events/{hook['id']}"):
        assert world.get(path, key=key).status == 404
        assert world.get(path, key=test_key).status == 200


def test_what_is_too_long_is_told_thin(world, key, receiver):
    endpoint(world, key, receiver.url, ["event.*"])
    shown = event(world, key, description="x" * 30000)
    hook = world.wait_for(lambda: receiver.of("event.created"))[0]
    assert hook.json["truncated"] is True and len(hook.body) < 1000
    assert hook.json["data"]["object"] == {k: shown[k] for k in ("id", "object", "calendar_id")}


# ---- failures ----


def test_a_failure_is_tried_again_and_the_log_tells_each_try(world, key, receiver):
    answers = iter([503, 302, 200])
    receiver.answer = lambda d: (next(answers), {"Location": receiver.url + "/elsewhere"}, b"told \xff\x00")
    made = endpoint(world, key, receiver.url, ["event.*"])
    for n, status in ((1, 503), (2, 302)):
        # An attempt is counted when it begins: what is due before its answer came would be due later again.
        found = world.wait_for(lambda: [d for d in deliveries(world, key, made, type="ping") if d["response_status"] == status
            and d["attempt_count"] == n and d["status"] == "pending"])
        assert found, deliveries(world, key, made)
        due_now(world)
    log = ended(world, key, made, "ping")
    assert [a["response_status"] for a in log["attempts"]] == [503, 302, 200]
    for attempt, hook in zip(log["attempts"], receiver.got, strict=True):  # each as it was signed then
        lines = dict(line.split(": ", 1) for line in attempt["request_headers"])
        assert set(lines) == {"Content-Type", "User-Agent", "Calends-Event", "Calends-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"}
        assert lines == {name: hook.headers[name.lower()] for name in lines}
    assert [a["number"] for a in log["attempts"]] == [1, 2, 3] and log["attempts"][0]["response_body"] == "told ??"
    assert len(receiver.got) == 3 and {d.path for d in receiver.got} == {"/in"}, "redirects are not followed"
    assert len({d.headers["webhook-id"] for d in receiver.got}) == 1, "the same event"
    for hook in receiver.got:
        assert verified(hook, made["secret"]) == (1, 1)


def test_a_receiver_says_when_to_come_again(world, key, receiver):
    receiver.answer = lambda d: (429, {"Retry-After": "7200"}, b"")
    made = endpoint(world, key, receiver.url)
    found = world.wait_for(lambda: deliveries(world, key, made, response_status=429))[0]
    [[seconds]] = world.sql("SELECT extract(epoch FROM next_attempt_at - now())::int FROM webhook_delivery WHERE status = 429")
    assert 7100 < int(seconds) <= 7200 and found["status"] == "pending" and found["next_attempt_at"]


def test_one_that_is_gone_is_told_no_more(world, key, receiver):
    receiver.answer = lambda d: 410
    made = endpoint(world, key, receiver.url, ["event.*"])
    ended(world, key, made, "ping", "failed")
    shown = world.get(f"{ENDPOINTS}/{made['id']}", key=key).json
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "gone")
    assert world.log_has("event=webhook_disabled")
    told = world.sql("SELECT actor, details FROM audit WHERE kind = 'webhook.disabled'")
    assert told == [["server", '{"reason": "gone"}']]
    event(world, key)
    receiver.answer = lambda d: 200
    again = send(world, "PATCH", f"{ENDPOINTS}/{made['id']}", {"status": "enabled"}, key, 200).json
    assert (again["status"], again["disabled_reason"]) == ("enabled", None)
    event(world, key, "Since then")
    hook = world.wait_for(lambda: receiver.of("event.created"))
    assert [d.json["data"]["object"]["title"] for d in hook] == ["Since then"]


def test_three_days_of_nothing_but_failure_disable_an_endpoint(world, key, receiver):
    receiver.answer = lambda d: 500
    made = endpoint(world, key, receiver.url)
    world.wait_for(lambda: deliveries(world, key, made, response_status=500))
    since = world.get(f"{ENDPOINTS}/{made['id']}", key=key).json["failing_since"]
    assert since
    world.sql("UPDATE webhook_endpoint SET failing_since = now() - interval '71 hours'")
    due_now(world)
    assert world.wait_for(lambda: deliveries(world, key, made, attempt_count=2))
    assert world.get(f"{ENDPOINTS}/{made['id']}", key=key).json["status"] == "enabled"
    world.sql("UPDATE webhook_endpoint SET failing_since = now() - interval '73 hours'")
    world.wait_for(lambda: world.sql("SELECT 1 FROM webhook_attempt WHERE number = 2"))
    due_now(world)
    shown = world.wait_for(lambda: (e := world.get(f"{ENDPOINTS}/{made['id']}", key=key).json)["status"] == "disabled" and e)
    assert shown and shown["disabled_reason"] == "failing"


def test_the_last_try_ends_a_delivery(world, key, receiver):
    receiver.answer = lambda d: 500
    made = endpoint(world, key, receiver.url)
    world.wait_for(lambda: deliveries(world, key, made, response_status=500))
    world.sql("UPDATE webhook_delivery SET attempts = 24 WHERE state = 1")
    due_now(world)
    log = ended(world, key, made, "ping", "failed")
    assert log["attempt_count"] == 25 and log["next_attempt_at"] is None and log["finished_at"]


def test_who_did_not_answer_is_told_by_what_went_wrong(world, key):
    made = endpoint(world, key, "http://127.0.0.1:1/", ["event.*"])
    found = world.wait_for(lambda: deliveries(world, key, made, error="connect"))
    assert found and found[0]["response_status"] is None and found[0]["status"] == "pending"


# ---- secrets ----


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(world, key, receiver):
    """K20."""
    made = endpoint(world, key, receiver.url)
    told(world, receiver, "ping")
    rotated = send(world, "POST", f"{ENDPOINTS}/{made['id']}/rotate_secret", None, key, 200).json
    new, old = world.secret(rotated["secret"]), made["secret"]
    assert new != old and rotated["old_secret_expires_at"]
    test = send(world, "POST", f"{ENDPOINTS}/{made['id']}/test", {"type": "event.created"}, key, 201).json
    assert test["status"] == "pending" and test["type"] == "event.created"
    hook = world.wait_for(lambda: receiver.of("event.created"))[0]
    assert hook.json["livemode_test"] is True
    assert verified(hook, new) == verified(hook, old) == (1, 1)
    world.sql("UPDATE webhook_endpoint SET old_until = now()")
    send(world, "POST", f"{ENDPOINTS}/{made['id']}/test", None, key, 201)
    hook = world.wait_for(lambda: receiver.of("ping")[1:])[0]
    assert verified(hook, new) == (1, 1) and verified(hook, old) == (0, 0)
    shown = world.get(f"{ENDPOINTS}/{made['id']}", key=key).json
    assert "secret" not in shown


def test_a_secret_of_ones_own_is_used(world, key, receiver):
    own = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
    made = endpoint(world, key, receiver.url, secret=own)
    assert made["secret"] == own
    assert verified(told(world, receiver, "ping")[0], own) == (1, 1)


# ---- again ----


def test_a_delivery_is_replayed_with_its_id_and_elsewhere(world, key, receiver):
    """K19."""
    made = endpoint(world, key, receiver.url)
    log = ended(world, key, made, "ping")
    path = f"{ENDPOINTS}/{made['id']}/deliveries/{log['id']}/replay"
    again = send(world, "POST", path, None, key, 201).json
    assert again["id"] != log["id"] and again["event_id"] == log["event_id"] and again["url"] is None
    world.wait_for(lambda: len(receiver.got) == 2)
    first, second = receiver.got
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(second, made["secret"]) == (1, 1)
    with Receiver() as other:
        other.answer = lambda d: 410
        elsewhere = send(world, "POST", path, {"url": other.url}, key, 201).json
        assert elsewhere["url"] == other.url
        world.wait_for(lambda: delivery(world, key, made, elsewhere["id"])["status"] == "failed")
        assert len(other.got) == 1
    assert world.get(f"{ENDPOINTS}/{made['id']}", key=key).json["status"] == "enabled", "another URL tells nothing of it"


def test_tests_are_thirty_an_hour(world, key, receiver):
    made = endpoint(world, key, receiver.url)
    path = f"{ENDPOINTS}/{made['id']}/test"
    assert [send(world, "POST", path, None, key).status for _ in range(31)] == [201] * 30 + [429]
    assert 0 < int(send(world, "POST", path, None, key, 429).headers["Retry-After"]) <= 3600


