# SPDX-License-Identifier: Apache-2.0
"""Answers of the database that are lost: who wrote does not know whether it is done. What was sent is not sent twice, what is counted is not counted
twice, and who asks again is answered."""
import socket
import threading
import time
import uuid

import pytest

from hooks import deliveries, delivery, endpoint, event, no_endpoints  # noqa: F401
from lossy import Lossy
from mails import due_now, forget, meeting, new_port, notify, serve_with, states
from oauth_flow import BOTH, App, alive, is_error
from receiver import Receiver
from rest import VALID, Api
from smtp_sink import SmtpSink

SECONDS = 30
PORT = new_port()
SERVE = serve_with(PORT, "--allow-private-hooks", "--usage-ms", "100")
SOON_S = 20  # less than a lease
either_way = pytest.mark.parametrize("done", [True, False], ids=["done", "not-done"])


@pytest.fixture(scope="module")
def lossy(world):
    made = Lossy(world)
    world.restart()
    yield made
    world.stop()
    made.close()


@pytest.fixture(scope="module")
def key(world):
    return world.key("ann@example.org", kind="secret")


@pytest.fixture(scope="module")
def api(world, key):
    return Api(world, key)


@pytest.fixture()
def sink(world):
    with SmtpSink(PORT) as server:
        yield server
    forget(world)


@pytest.fixture()
def receiver():
    with Receiver() as server:
        yield server


def held_at(server, what, answered=None):
    """What comes to this point, a command of SMTP or a type of webhooks, waits there: an event that is set when one does, and one that
    lets it go on."""
    there, go_on = threading.Event(), threading.Event()

    def answer(at, *_):
        if what in (at, getattr(at, "type", None)):
            there.set()
            go_on.wait(SOON_S)
        return answered

    server.answer = answer
    return there, go_on


def takes_connections(world):
    try:
        socket.create_connection(("127.0.0.1", world.port), 1).close()
        return True
    except OSError:
        return False


def stop_meanwhile(world, go_on):
    """What waits goes on when no request is answered any more, and no wait for the database is longer than a moment."""
    stop = threading.Thread(target=world.stop)
    stop.start()
    assert world.wait_for(lambda: not takes_connections(world))
    go_on.set()
    stop.join()
    world.start()


def told(world, key, made, status):
    """Deliveries of events, without that of the endpoint itself."""
    return deliveries(world, key, made, type="event.created", status=status)


def listening(world, key, receiver):
    made = endpoint(world, key, receiver.url, ["event.created"])
    assert world.wait_for(lambda: deliveries(world, key, made, status="delivered"), SOON_S)
    return made


@either_way
def test_a_letter_that_went_is_noted_though_the_answer_is_lost(world, lossy, api, sink, done):
    before = len(lossy.lost)
    lossy.lose("mail_done", done, times=2)
    notify(api, meeting(api, "bob@example.org"))
    assert world.wait_for(lambda: lossy.lost[before:] == ["mail_done"] * 2, SOON_S), lossy.lost
    assert world.wait_for(lambda: states(world) == {"sent": 1}, SOON_S) and len(sink.got) == 1
    assert world.sql("SELECT attempts FROM mail") == [["1"]]


def test_a_letter_goes_on_while_the_database_is_away(world, lossy, api, sink):
    there, go_on = held_at(sink, "RCPT")
    notify(api, meeting(api, "bob@example.org"))
    assert there.wait(SOON_S)
    lossy.away = True
    go_on.set()
    try:
        assert world.wait_for(lambda: sink.got, SOON_S)
    finally:
        lossy.away = False
    assert world.wait_for(lambda: states(world) == {"sent": 1}, SOON_S) and len(sink.got) == 1


@pytest.mark.parametrize("command", ["RCPT", "."])
def test_a_stop_waits_for_the_letter_that_is_under_way(world, lossy, api, sink, command):
    """After the message libcurl keeps the thread until it is answered."""
    there, go_on = held_at(sink, command)
    notify(api, meeting(api, "bob@example.org"))
    assert there.wait(SOON_S)
    stop_meanwhile(world, go_on)
    assert states(world) == {"sent": 1} and len(sink.got) == 1


def test_a_stop_waits_for_no_mail_server_that_does_not_answer(world, lossy, api, sink):
    """It is clean, and the letter goes again."""
    there, go_on = held_at(sink, ".")
    notify(api, meeting(api, "bob@example.org"))
    assert there.wait(SOON_S)
    world.restart()
    assert not sink.got  # it still has not answered
    go_on.set()
    sink.answer = lambda command, mail: None
    due_now(world)
    assert world.wait_for(lambda: states(world) == {"sent": 1}, SOON_S)


@either_way
def test_a_webhook_that_was_told_is_noted_though_the_answer_is_lost(world, lossy, key, receiver, done):
    made = listening(world, key, receiver)
    before = len(lossy.lost)
    lossy.lose("webhook_done", done, times=2)
    event(world, key)
    assert world.wait_for(lambda: lossy.lost[before:] == ["webhook_done"] * 2, SOON_S), lossy.lost
    assert world.wait_for(lambda: told(world, key, made, "delivered"), SOON_S), deliveries(world, key, made)
    [one] = told(world, key, made, "delivered")
    assert len(delivery(world, key, made, one["id"])["attempts"]) == 1 and len(receiver.of("event.created")) == 1
    assert world.sql("SELECT count(*) FROM webhook_queue WHERE cardinality(leases) > 0") == [["0"]]


def test_a_stop_waits_a_moment_for_the_webhook_that_is_under_way(world, lossy, key, receiver):
    made = listening(world, key, receiver)
    there, go_on = held_at(receiver, "event.created", 200)
    event(world, key)
    assert there.wait(SOON_S)
    stop_meanwhile(world, go_on)
    assert len(told(world, key, made, "delivered")) == 1 and len(receiver.of("event.created")) == 1


@either_way
def test_what_is_counted_is_counted_once(world, lossy, done):
    """At most: what may be in the bill already is not put there again."""
    email = f"counted-{done}@example.org".lower()
    counting = Api(world, world.key(email, kind="secret"))
    count = f"SELECT coalesce(sum(requests), 0) FROM usage_day u JOIN account a USING (account_id) WHERE a.email = '{email}'"
    before = len(lossy.lost)
    with world.jobs_held():
        lossy.lose("usage_add", done)
        for _ in range(5):
            assert counting("GET", "/v1/profile").status == 200
    assert world.wait_for(lambda: "usage_add" in lossy.lost[before:], SOON_S)
    assert counting("GET", "/v1/profile").status == 200
    assert world.wait_for(lambda: world.sql(count) == [["6" if done else "1"]], SOON_S), world.sql(count)


@either_way
def test_a_notice_is_written_once_though_the_answer_to_its_commit_is_lost(world, lossy, api, sink, done):
    before = len(lossy.lost)
    lossy.lose("db_commit", done, after="notice_take")
    assert api("POST", "/v1/api_keys", {"name": "Deploy", "kind": "secret"}).status == 201
    assert world.wait_for(lambda: lossy.lost[before:] == ["db_commit"], SOON_S)
    assert world.wait_for(lambda: sink.to("ann@example.org"), SOON_S)
    assert world.wait_for(lambda: not world.sql("SELECT FROM notice") and states(world) == {"sent": 1}, SOON_S)
    assert len(sink.to("ann@example.org")) == 1


# ---- who asks again ----


@either_way
def test_with_a_key_an_event_is_made_once_and_without_one_twice(world, lossy, api, done):
    keyed, bare = {"Idempotency-Key": str(uuid.uuid4())}, {}
    for headers, copies in ((keyed, 1), (bare, 2 if done else 1)):
        title = f"x {copies} {bool(headers)} {done}"
        lossy.lose("db_commit" if headers else "object_make", done, after="object_make" if headers else None)
        first = api("POST", "/v1/events", {**VALID, "title": title}, headers)
        assert first.status == 503 and int(first.headers["Retry-After"]) > 0
        again = world.wait_for(lambda: (r := api("POST", "/v1/events", {**VALID, "title": title}, headers)).status != 409 and r)
        assert again.status == 201
        listed = api("GET", "/v1/events?limit=100").json["data"]
        assert [e["title"] for e in listed].count(title) == copies


def lose_each(lossy, statement, done):
    """Of a statement that stands once for each leaf of a ring."""
    for leaf in range(4):
        lossy.lose(f"{statement}_{leaf}", done)


@either_way
def test_a_refresh_is_answered_though_the_database_was_away_for_longer_than_a_retry_may_wait(world, lossy, browser, done):
    app = App(world, type="public")
    old = app.connect(browser, scope=BOTH)["refresh_token"]
    before = len(lossy.lost)
    with world.jobs_held():  # nobody else hears that it is back
        lose_each(lossy, "token_refresh", done)
        assert app.refresh(old).status == 503 and lossy.lost[before:]
        lossy.asked.clear()
        lossy.away, since = True, time.monotonic()
        assert world.wait_for(lambda: app.refresh(old).status == 503 and time.monotonic() - since > 3, SOON_S)
        lossy.away = False
        world.sql("UPDATE token_family SET rotated_at = rotated_at - interval '8 seconds'")  # eleven have passed
        again = world.wait_for(lambda: (r := app.refresh(old)).status != 503 and r)
    assert again.status == 200 and alive(world, again.json)
    assert app.refresh(again.json["refresh_token"]).status == 200


def test_a_code_whose_redemption_was_not_answered_is_asked_for_again(world, lossy, browser):
    """RFC 6749 §4.1.2: a code is used once."""
    app = App(world, type="public")
    code = app.consent(browser)
    lose_each(lossy, "code_redeem", True)
    assert app.redeem(code).status == 503
    lossy.asked.clear()
    assert is_error(app.redeem(code), 400, "invalid_grant")
    assert app.redeem(app.consent(browser)).status == 200
