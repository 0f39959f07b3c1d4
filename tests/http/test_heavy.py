# SPDX-License-Identifier: Apache-2.0
"""One account cannot keep all threads busy: its reports, lists and whole calendars have a number at a time."""
import contextlib
import socket
import threading

import pytest

from dav import NAMESPACES, Dav
from davwrite import another, new_event
from oauth_flow import App
from patience import Waited

RACES = True  # tests/run races

SERVE = ["--rate-limit", "10000", "--threads", "32", "--heavy-requests", "3"]
MOST = 3
EVENTS = "/v1/events"
BUSY = "/v1/freebusy?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z"
SYNC = f"<D:sync-collection {NAMESPACES}><D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def large(dav, home):
    """A calendar that neither a socket nor the park takes at once: who does not read it holds its thread."""
    path = f"{home}large/"
    assert dav.request("MKCALENDAR", path).status == 201
    for _ in range(16):
        data = new_event(None, "20270101T100000Z", *[f"X-PAD:{'x' * 60000}"] * 15)
        assert dav.put(f"{path}{hash(data)}.ics", data).status == 201
    return path


@contextlib.contextmanager
def readers(world, dav, path, count):
    """So many who ask for the whole calendar, and read nothing of it but the status line."""
    asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {dav.headers['Authorization']}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            s = stack.enter_context(socket.socket())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", world.port))
            s.sendall(asked)
            assert s.recv(12) == b"HTTP/1.1 200"
        yield


def is_refused(reply):
    assert reply.status == 429 and reply.headers["Retry-After"] == "1", reply
    assert "at the same time" in reply.text
    return True


def is_free(world, dav, path):
    """Within the moment that a worker needs to see that its client is gone."""
    return world.wait_for(lambda: dav.report(path, SYNC).status == 207)


def all_free(world, dav, path):
    """Another MOST fit, so none was forgotten. Each of those before is seen to be gone at a moment of its own."""
    def fit():
        try:
            with readers(world, dav, path, MOST):
                return True
        except AssertionError:
            return False
    return world.wait_for(fit) and is_free(world, dav, path)


def test_what_is_over_the_number_is_refused_in_the_words_of_its_protocol(world, owner, dav, large):
    with readers(world, dav, large, MOST):
        for target in (EVENTS, BUSY):
            reply = world.get(target, key=owner.key)
            assert is_refused(reply)
            assert (reply.json["error"]["code"], reply.json["error"]["retry_after_seconds"]) == ("rate_limit_exceeded", 1)
            assert world.log_of(reply)["error"] == "rate_limit_exceeded"
        for method, body, depth in (("REPORT", SYNC, None), ("PROPFIND", None, 1), ("GET", None, None), ("COPY", None, None)):
            reply = world.dav(method, large, body, {**XML, "Depth": depth, "Destination": large + "copy/"}, owner)
            assert is_refused(reply) and "DAV" in reply.headers, method
    assert all_free(world, dav, large)


def test_light_requests_and_other_accounts_are_served_meanwhile(world, owner, dav, cal, large):
    other = world.account("other@example.org")
    elsewhere = f"/dav/calendars/{other.id}/default/"
    with readers(world, dav, large, MOST):
        assert dav.propfind(large, "<CS:getctag/>").status == 207  # Depth 0: what clients poll
        assert dav.put(cal + "a.ics", new_event()).status == 201
        assert dav.request("GET", cal + "a.ics").status == 200
        assert world.get("/v1/calendars", key=owner.key).status == 200
        assert Dav(world.url, other.email, other.key).report(elsewhere, SYNC).status == 207
        assert world.get(EVENTS, key=other.key).status == 200
    assert all_free(world, dav, large)


def test_every_credential_of_an_account_counts_for_it(world, browser, user):
    """Its keys of both worlds, and the tokens that it gave to platforms."""
    dav, app = Dav(world.url, user.email, user.key), App(world, scope="events:read")
    token, test_key = app.connect(browser, scope="events:read")["access_token"], world.key(user, kind="secret", mode="test")
    path = f"/dav/calendars/{user.id}/default/"
    for i in range(16):
        assert dav.put(f"{path}{i}.ics", new_event(None, "20270101T100000Z", *[f"X-PAD:{'x' * 60000}"] * 15)).status == 201
    with readers(world, dav, path, MOST):
        for key in (token, test_key):
            assert is_refused(world.get(EVENTS, key=key))
        # the platform itself is another account
        assert world.get(EVENTS, key=world.key("owner@platform.example", kind="secret")).status == 200
    assert all_free(world, dav, path)


def test_whoever_reads_a_feed_takes_a_place_of_its_account(world, owner, dav, large):
    names = [c["id"] for c in world.get("/v1/calendars?limit=100", key=owner.key).json["data"]]
    url = next(c for c in world.get("/v1/calendars?limit=100", key=owner.key).json["data"] if c["caldav_url"].endswith(large))
    feed = "/feed/" + world.get("/api/v1/hosted-calendars", key=owner.key).json["data"][names.index(url["id"])]["feedToken"]
    with readers(world, dav, feed, MOST):
        assert is_refused(world.get(feed)) and is_refused(world.get(EVENTS, key=owner.key))
    assert world.wait_for(lambda: world.get(feed).status == 200)


def test_what_fails_leaves_its_place(world, owner, dav, large):
    for _ in range(MOST + 1):
        assert dav.report(large, "<no xml").status == 400
        assert dav.report(large[:-1] + "-nowhere/", SYNC).status == 404
        assert dav.report(large, "<D:unknown xmlns:D='DAV:'/>").status == 403
        assert world.get(EVENTS + "?unknown=1", key=owner.key).status == 400
        assert world.get(EVENTS, {"Calends-Fail-Query": "2"}, owner.key).status == 503
        assert world.dav("REPORT", large, SYNC, {**XML, "Calends-Fail-Query": "2 after"}, owner).status >= 500
        assert world.raw(f"REPORT {large} HTTP/1.1\r\nHost: x\r\nAuthorization: {dav.headers['Authorization']}\r\n"
            "Content-Length: 100\r\nContent-Type: application/xml\r\n\r\n<half".encode(), timeout_s=0.1) == b""  # it leaves
    assert all_free(world, dav, large)


def test_few_threads_make_it_less_and_nought_is_no_limit(world, dav, large):
    world.restart("--threads", "4", "--heavy-requests", "1000")
    with readers(world, dav, large, 2):
        assert is_refused(world.dav("REPORT", large, SYNC, XML, world.account("write@example.org")))
    world.restart("--heavy-requests", "0")
    with readers(world, dav, large, MOST + 1):
        assert dav.report(large, SYNC).status == 207
    world.restart(*SERVE)  # as the other tests have it


def test_who_waits_for_locks_of_their_own_leaves_threads_and_connections_to_the_others(world, owner, dav, cal):
    world.restart("--threads", "64", "--heavy-requests", "3", "--deadline-ms", "300000")
    name, other = cal.split("/")[-2], world.account("other@example.org")
    held = f"SELECT FROM calendar_state s JOIN calendar c ON c.id = s.calendar_id WHERE c.name = '{name}' FOR UPDATE OF s"
    statuses = []
    writers = [threading.Thread(target=lambda i=i: statuses.append(another(dav).put(f"{cal}{i}.ics", new_event()).status)) for i in range(80)]
    with world.holding(held) as commit:
        for t in writers:
            t.start()
        assert world.wait_for(lambda: world.waiting() >= 12 and statuses.count(429) >= 40), statuses
        assert world.waiting() == 12  # of 16 connections
        for _ in range(5):
            waited = Waited(world.process.pid)
            assert world.get("/v1/calendars", key=other.key).status == 200
            assert waited.seconds < 1
        commit()
        for t in writers:
            t.join()
    assert statuses.count(201) >= 12 and set(statuses) <= {201, 429, 503}
    assert dav.put(cal + "more.ics", new_event()).status == 201
