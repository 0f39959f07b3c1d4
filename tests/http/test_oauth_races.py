# SPDX-License-Identifier: Apache-2.0
"""Codes and tokens that many use at once, through two instances. CALENDS_TESTS=whole: 300 codes and tokens, 10,000 revocations."""
import threading

import pytest

from oauth_flow import App, Browser, answer
from world import WHOLE

SERVE = ["--rate-limit", "0", "--write-rate", "0"]
MANY, REVOCATIONS = (300, 10_000) if WHOLE else (12, 60)
AT_ONCE = 16


@pytest.fixture(scope="module")
def app(world):
    """One whose users are not asked twice."""
    app = App(world, type="confidential")
    world.cli("client", "verify", app.id)
    return app


@pytest.fixture(scope="module")
def browser(world, app):
    b = Browser(world)
    b.sign_in(world.account("una@example.org"))
    app.connect(b)
    return b


@pytest.fixture(scope="module")
def connections(world):
    """Eight to each of two instances."""
    made = [(world, world.second)[i % 2].client_connection() for i in range(AT_ONCE)]
    yield made
    for c in made:
        c.close()


def at_once(connections, run):
    """What `run` gives for each connection, begun together."""
    got, start = [None] * len(connections), threading.Barrier(len(connections))

    def one(i):
        start.wait()
        got[i] = run(connections[i])

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(connections))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return got


def code_of(app, browser):
    return answer(app.ask(browser))["code"]


def test_of_many_who_redeem_a_code_one_has_it(world, app, browser, connections):
    """OAuth 2.1 §4.1.3: used once. Who comes second ends what the first was given (RFC 9700 §2.1.1)."""
    for _ in range(MANY):
        code = code_of(app, browser)
        replies = at_once(connections, lambda http: app.redeem(code, http=http))
        won = [r for r in replies if r.status == 200]
        assert len(won) == 1, replies
        assert {(r.status, r.json["error"]) for r in replies if r not in won} == {(400, "invalid_grant")}
        for server in (world, world.second):
            assert server.get("/v1/events", key=won[0].json["access_token"]).status == 401
        assert app.refresh(won[0].json["refresh_token"]).status == 400


def test_of_many_who_refresh_all_have_one_successor(world, app, browser, connections):
    """RFC 9700 §4.14.2, and a client that asks twice because it did not hear (field/faults.md, F27): one family, one successor."""
    for _ in range(MANY):
        first = app.redeem(code_of(app, browser)).json
        replies = at_once(connections, lambda http: app.refresh(first["refresh_token"], http=http))
        assert {r.status for r in replies} == {200}, replies
        assert len({r.json["refresh_token"] for r in replies}) == len({r.json["access_token"] for r in replies}) == 1
        assert len({r.json["connected_account_id"] for r in replies}) == 1
        next_ = replies[0].json
        for server in (world, world.second):
            assert server.get("/v1/events", key=next_["access_token"]).status == 200
        assert app.refresh(next_["refresh_token"]).status == 200
        assert app.refresh(first["refresh_token"]).status == 400  # two generations old: stolen, and all of it ends
        assert world.second.get("/v1/events", key=next_["access_token"]).status == 401


def test_what_is_revoked_through_one_is_refused_by_the_other_in_the_next_request(world, app, browser, connections):
    one, other = connections[:2]
    for n in range(REVOCATIONS):
        here, there = (one, other) if n % 2 else (other, one)
        tokens = app.redeem(code_of(app, browser), http=here).json
        bearer = [("Authorization", "Bearer " + tokens["access_token"])]
        assert there.request("GET", "/v1/calendars?limit=1", None, bearer).status == 403  # it works, for events
        assert there.request("GET", "/v1/events?limit=1", None, bearer).status == 200
        assert app.revoke(tokens["access_token" if n % 3 else "refresh_token"], http=here).status == 200
        assert there.request("GET", "/v1/events?limit=1", None, bearer).status == 401, n
        assert app.refresh(tokens["refresh_token"], http=there).status == 400, n
