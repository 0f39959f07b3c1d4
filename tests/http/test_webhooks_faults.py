# SPDX-License-Identifier: Apache-2.0
"""Webhooks when something goes wrong: a server that dies, two servers, receivers that mean no good, transactions out of order."""
import collections
import re
import socket
import threading
import time

import pytest

from hooks import ENDPOINTS, QUEUES_FIRST, deliveries, delivery, due_now, endpoint, event, key, no_endpoints, receiver, send  # noqa: F401
from receiver import Receiver
from world import WHOLE

SECONDS = 25
KILLS = 20 if WHOLE else 4
SERVE = ["--allow-private-hooks", "--rate-limit", "100000"]


def leases_end(world):
    """As when a minute has passed since a server died."""
    world.sql(f"""{QUEUES_FIRST}
                  UPDATE webhook_delivery SET next_attempt_at = now() - interval '1 second' WHERE state = 1;
                  UPDATE webhook_queue SET due_at = now() - interval '1 second', leases = '{{}}'""")


def titles(receiver):
    return [d.json["data"]["object"]["title"] for d in receiver.of("event.created")]


def under_way(world):
    """What somebody took to send it and has not given back: its title, and when he lost it, which tells each take from the next."""
    rows = world.sql("""SELECT convert_from(v.body, 'UTF8')::json -> 'data' -> 'object' ->> 'title', d.lease
                          FROM webhook_delivery d JOIN webhook_event v ON v.account_id = d.account_id AND v.id = d.event_id
                         WHERE d.state = 1 AND d.lease IS NOT NULL AND v.type = 'event.created'""")
    return {(title, lease) for title, lease in rows}


def test_a_server_that_is_killed_loses_nothing_and_repeats_only_what_was_under_way(world, key, receiver):
    """For each delivery: as often again at most as a server died with it in its hands."""
    endpoint(world, key, receiver.url, ["event.created"])
    receiver.answer = lambda d: time.sleep(0.05) or 200
    told, died_with = [], set()
    for turn in range(KILLS):
        told += [event(world, key, f"{turn}.{n}")["title"] for n in range(12)]
        world.kill()
        assert world.wait_for(lambda: not world.sql("SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
                                                    "AND pid <> pg_backend_pid()")), "what it had sent is done"
        before = len(died_with)
        died_with |= under_way(world)
        assert len(died_with) - before <= 12, "twelve of an endpoint that answers are under way at most"
        world.start()
        leases_end(world)
    assert world.wait_for(lambda: set(titles(receiver)) == set(told)), sorted(set(told) - set(titles(receiver)))
    assert world.wait_for(lambda: world.sql("SELECT count(*) FROM webhook_delivery WHERE state = 1") == [["0"]])
    again = collections.Counter(titles(receiver))
    again.subtract(told)
    allowed = collections.Counter(title for title, _ in died_with)
    assert all(n <= allowed[title] for title, n in again.items()), ({t: n for t, n in again.items() if n}, allowed)
    ids = {}
    for hook in receiver.of("event.created"):
        ids.setdefault(hook.json["data"]["object"]["title"], set()).add(hook.headers["webhook-id"])
    assert all(len(i) == 1 for i in ids.values()), "a repetition has the same id"


def test_two_servers_tell_each_change_once(world, key, receiver):
    endpoint(world, key, receiver.url, ["event.created"])
    servers = [world, world.second]
    told = [event(servers[n % 2], key, f"twice {n}")["title"] for n in range(40)]
    assert world.wait_for(lambda: len(titles(receiver)) >= len(told))
    time.sleep(0.5)  # for what would come too often
    assert sorted(titles(receiver)) == sorted(told)


def test_what_nobody_is_told_of_wakes_nobody_who_tells(world):
    """Readers of the outbox look once a second beside writes of an account that nobody listens to, and not ten times."""
    def runs():
        return int(re.search(r'calends_job_runs_total{job="outbox_reader"} (\d+)', world.get("/metrics").text)[1])
    quiet = world.key("nobody@example.org", kind="secret")
    event(world, quiet, "first")  # looked up with it; then the beat of this one ends
    assert world.wait_for(lambda: world.sql("SELECT FROM webhook_cursor c WHERE NOT EXISTS (SELECT FROM outbox t WHERE (t.xid, t.id) > (c.xid, c.id))"))
    def looks():
        begun, before, n = time.monotonic(), runs(), 0
        while time.monotonic() - begun < 2.5:
            event(world, quiet, f"quiet {(n := n + 1)}")
        return runs() - before
    # Ten in the second of the first, and one in each after it. (Of another server's look at that moment a beat may go on.)
    assert any(looks() < 17 for _ in range(3))


def test_an_endpoint_made_elsewhere_in_between_is_told_all_that_follows(world):
    """What a server knows of who listens is of some seconds ago: nothing is lost by that, whichever server is written to."""
    servers, owner = [world, world.second], world.key("late@example.org", kind="secret")
    for n in range(6):  # both know that nobody listens
        event(servers[n % 2], owner, f"before {n}")
        assert world.wait_for(lambda: world.sql("SELECT FROM webhook_cursor c WHERE NOT EXISTS (SELECT FROM outbox t WHERE (t.xid, t.id) > (c.xid, c.id))"))
    with Receiver() as receiver:
        made = send(world.second, "POST", ENDPOINTS, {"url": receiver.url, "events": ["event.created"]}, owner, 201)
        world.secret(made.json["secret"])
        told = [event(servers[n % 2], owner, f"after {n}")["title"] for n in range(10)]
        assert world.wait_for(lambda: len(titles(receiver)) >= len(told)), titles(receiver)
        assert sorted(titles(receiver)) == sorted(told)


def test_a_change_whose_transaction_ends_late_is_not_passed_over(world, key, receiver):
    """The outbox is read by the horizon of transactions: what was begun before and committed after is told."""
    endpoint(world, key, receiver.url, ["event.*"])
    late = event(world, key, "late")
    world.wait_for(lambda: titles(receiver) == ["late"])
    [[account, calendar, object]] = world.sql("SELECT account_id, calendar_id, object_id FROM outbox ORDER BY id DESC LIMIT 1")
    with world.holding(f"INSERT INTO outbox (account_id, kind, calendar_id, object_id) VALUES ('{account}', 'object_changed', "
                       f"'{calendar}', '{object}')", jobs=True) as commit:
        event(world, key, "early")
        time.sleep(0.5)
        assert titles(receiver) == ["late"], "it waits for the older transaction"
        commit()
    assert world.wait_for(lambda: receiver.of("event.updated") and len(titles(receiver)) == 2), [d.type for d in receiver.got]
    assert receiver.of("event.updated")[0].json["data"]["object"]["id"] == late["id"]


def test_what_is_new_while_its_endpoint_is_looked_at_is_sent(world, key, receiver):
    """A claim sees nothing, and says that nothing is due; what is made in that moment must be said after it."""
    made = endpoint(world, key, receiver.url, ["event.created"])
    assert world.wait_for(lambda: receiver.of("ping"))
    servers = [world, world.second]
    for server in servers:
        server.stop()
    [[account]] = world.sql("UPDATE webhook_queue SET due_at = now() - interval '1 second' RETURNING account_id")
    world.meanwhile("SELECT FROM webhook_claim(now(), 10, 4, now() + interval '1 minute')", lambda: world.sql(
        f"""SELECT webhook_send('{account}', e.id, uuid_v7(), 'ping', 99, NULL, NULL, NULL, now(), convert_to('{{"id":"late","type":"ping"}}', 'UTF8'))
              FROM webhook_endpoint e"""))
    assert world.sql("SELECT count(*) FROM webhook_queue WHERE due_at <= now()") == [["1"]], made
    for server in servers:
        server.start()
    assert world.wait_for(lambda: [d for d in receiver.got if d.json["id"] == "late"])


def test_a_change_that_cannot_be_told_holds_up_no_other(world, key, receiver):
    endpoint(world, key, receiver.url, ["*"])
    world.wait_for(lambda: receiver.of("ping"))
    calendar = send(world, "POST", "/v1/calendars", {"name": "Poison"}, key, 201).json
    world.wait_for(lambda: receiver.of("calendar.created"))
    world.sql("ALTER TABLE webhook_event ADD CONSTRAINT poison CHECK (type <> 'calendar.deleted') NOT VALID")
    try:
        send(world, "DELETE", f"/v1/calendars/{calendar['id']}", None, key, 200)
        event(world, key, "behind it")
        assert world.wait_for(lambda: titles(receiver) == ["behind it"]), world.lines[-5:]
        servers = [world, world.second]  # whichever of them reads
        assert world.wait_for(lambda: any("event=webhook_row_passed_over" in line for s in servers for line in s.lines))
        assert not receiver.of("calendar.deleted")
    finally:
        world.sql("ALTER TABLE webhook_event DROP CONSTRAINT poison")


def test_a_full_disk_loses_no_change(world, key, receiver):
    """What fails for another reason than its own is not passed over."""
    endpoint(world, key, receiver.url, ["*"])
    world.wait_for(lambda: receiver.of("ping"))
    world.sql("""CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full USING MESSAGE = 'no room'; END $$;
                 CREATE TRIGGER full_disk BEFORE INSERT ON webhook_event EXECUTE FUNCTION full_disk()""")
    servers = [world, world.second]  # whichever of them reads
    try:
        event(world, key, "while it is full")
        assert world.wait_for(lambda: any("event=job_failed job=outbox_reader" in line for s in servers for line in s.lines)), world.lines[-5:]
    finally:
        world.sql("DROP TRIGGER full_disk ON webhook_event; DROP FUNCTION full_disk")
    assert world.wait_for(lambda: titles(receiver) == ["while it is full"]), world.lines[-5:]


def test_a_calendar_with_a_long_description_is_told_thin(world, key, receiver):
    endpoint(world, key, receiver.url, ["calendar.*"])
    ann = world.account("ann@example.org")
    body = ("<mkcalendar xmlns='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:set><D:prop><calendar-description>"
            + "&quot;" * 9000 + "</calendar-description></D:prop></D:set></mkcalendar>")
    reply = world.dav("MKCALENDAR", f"/dav/calendars/{ann.id}/long/", body, {"Content-Type": "application/xml"}, ann)
    assert reply.status == 201, reply
    hook = world.wait_for(lambda: receiver.of("calendar.created"))[0].json
    assert hook["data"]["object"]["object"] == "calendar" and set(hook["data"]["object"]) == {"id", "object"}
    assert world.dav("DELETE", f"/dav/calendars/{ann.id}/long/", None, {}, ann).status == 204


def test_one_that_does_not_answer_holds_up_nobody_else(world, key, receiver):
    silent = socket.create_server(("127.0.0.1", 0), backlog=128)
    dead = endpoint(world, key, f"http://127.0.0.1:{silent.getsockname()[1]}/", ["event.created"])
    endpoint(world, key, receiver.url, ["event.created"])
    for n in range(30):
        event(world, key, f"busy {n}")
    begun = time.monotonic()
    assert world.wait_for(lambda: len(titles(receiver)) == 30, 60)
    assert time.monotonic() - begun < 30, "of those that are silent four at a time wait for eight seconds each: a minute"
    under_way = lambda: int(world.sql("SELECT count(*) FROM webhook_delivery d JOIN webhook_endpoint e ON e.account_id = d.account_id "
                                      f"AND e.id = d.endpoint_id WHERE d.lease IS NOT NULL AND d.state = 1 AND e.url = '{dead['url']}'")[0][0])
    assert 1 <= world.wait_for(under_way) <= 4
    assert len(deliveries(world, key, dead, status="pending")) >= 30
    silent.close()


def serve_octets(octets, repeat=b""):
    """A receiver that says this to whoever connects, and then this again and again."""
    server = socket.create_server(("127.0.0.1", 0), backlog=64)

    def run():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.recv(65536)
                    peer.sendall(octets)
                    while repeat:
                        peer.sendall(repeat)
                except OSError:
                    pass

    threading.Thread(target=run, daemon=True).start()
    return server


HOSTILE = [
    ("closes", b"", b"", None, "connection_lost"),
    ("another protocol", b"220 smtp.example ESMTP\r\n", b"", None, "protocol"),
    ("a body of any length", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, 200, None),
    ("headers without end", b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 1000 + b"\r\n", 200, "head_too_large"),
    ("informational answers without end", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 103, "head_too_large"),
    ("a redirect inside", b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", b"", 307, None),
]


@pytest.mark.parametrize("why,octets,repeat,status,error", HOSTILE, ids=[h[0] for h in HOSTILE])
def test_receivers_that_mean_no_good_are_told_apart_in_the_log(world, key, why, octets, repeat, status, error):
    """K19."""
    server = serve_octets(octets, repeat)
    made = endpoint(world, key, f"http://127.0.0.1:{server.getsockname()[1]}/")
    found = world.wait_for(lambda: [d for d in deliveries(world, key, made) if d["response_status"] or d["error"]])
    server.close()
    assert found and (found[0]["response_status"], found[0]["error"]) == (status, error), found
    assert found[0]["status"] == ("delivered" if status == 200 and not error else "pending")
    log = delivery(world, key, made, found[0]["id"])
    assert len(log["attempts"][0]["response_body"]) <= 2048


def test_a_server_stops_while_a_receiver_is_silent(world, key):
    silent = socket.create_server(("127.0.0.1", 0), backlog=128)
    made = endpoint(world, key, f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert world.wait_for(lambda: deliveries(world, key, made, attempt_count=1))
    begun = time.monotonic()
    world.stop()
    assert time.monotonic() - begun < 20
    world.start()
    silent.close()


# ---- bad input ----


@pytest.mark.parametrize("fields,param", [({"events": ["*"]}, "url"), ({"url": "http://127.0.0.1:9/"}, "events"),
    ({"url": "http://127.0.0.1:9/", "events": []}, "events"), ({"url": "http://127.0.0.1:9/", "events": ["event.exploded"]}, "events"),
    ({"url": "http://127.0.0.1:9/", "events": ["event"]}, "events"), ({"url": "http://127.0.0.1:9/", "events": ["e*"]}, "events"),
    ({"url": "http://127.0.0.1:9/", "events": ["*"], "secret": "whsec_short"}, "secret"),
    ({"url": "http://127.0.0.1:9/", "events": ["*"], "status": "paused"}, "status"),
    ({"url": "http://127.0.0.1:9/", "events": ["*"], "id": "wbk_1"}, "id"),
    ({"url": "http://127.0.0.1:9/", "events": ["*"], "livemode": False}, "livemode")])
def test_an_endpoint_that_cannot_be_is_refused_with_what_is_wrong(world, key, fields, param):
    error = send(world, "POST", ENDPOINTS, fields, key, 400).json["error"]
    assert error["param"].startswith(param) and error["message"], error


def test_what_is_fixed_stays(world, key):
    """K17, and secrets are rotated."""
    made = endpoint(world, key, "http://127.0.0.1:9/")
    for change, param in (({"connect_events": True}, "connect_events"), ({"secret": "whsec_" + "A" * 44}, "secret"),
                          ({"livemode": False}, "livemode"), ({"disabled_reason": "x"}, "disabled_reason"), ({"owner": "x"}, "owner")):
        error = send(world, "PATCH", f"{ENDPOINTS}/{made['id']}", change, key, 400).json["error"]
        assert error["param"] == param
    same = {k: v for k, v in world.get(f"{ENDPOINTS}/{made['id']}", key=key).json.items() if k not in ("failing_since", "last_success_at")}
    changed = send(world, "PATCH", f"{ENDPOINTS}/{made['id']}", {**same, "description": "New"}, key, 200).json
    assert changed["description"] == "New" and changed["url"] == made["url"]


def test_an_account_has_sixteen_endpoints(world, key):
    for _ in range(16):
        endpoint(world, key, "http://127.0.0.1:9/", status=201)
    error = endpoint(world, key, "http://127.0.0.1:9/", status=403)["error"]
    assert error["code"] == "forbidden" and "16" in error["message"]


def test_a_disabled_endpoint_is_sent_nothing(world, key, receiver):
    made = send(world, "POST", ENDPOINTS, {"url": receiver.url, "events": ["*"], "status": "disabled"}, key, 201).json
    world.secret(made["secret"])
    event(world, key, "unheard")
    assert send(world, "POST", f"{ENDPOINTS}/{made['id']}/test", None, key).status == 409
    with Receiver() as other:
        endpoint(world, key, other.url, ["event.*"])
        event(world, key, "heard")
        assert world.wait_for(lambda: other.of("event.created"))
    assert receiver.got == []
