# SPDX-License-Identifier: Apache-2.0
"""Every operation of the API's document that writes, with each of its statements failing in turn, and two in a row: done whole
or not at all, and with an Idempotency-Key done once in the end. An operation that is added is tried by being in the tables."""
import json
import uuid

import pytest

from examples import Examples, sent_as
from faults import Faults
from hooks import drop_all
from openapi import Document
from world import BIN

SECONDS = 40
SERVE = ["--rate-limit", "0", "--write-rate", "0", "--voice-backend", "wss://voice.example.com/realtime",
         "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "calendar@example.org", "--mail-a-day", "100000"]
DOCUMENT = Document.load(BIN)
# A reset has a statement for each event of its seed: test_sandbox.py has it fail in the middle.
WRITES = [o for o in DOCUMENT.operations() if o[2]["operationId"] != "resetSandbox" and any(p["name"] == "Idempotency-Key" for p in map(DOCUMENT.resolve, o[2]["parameters"]))]
NAMES = [o[2]["operationId"] for o in WRITES]
every_write = pytest.mark.parametrize("method,template,operation", WRITES, ids=NAMES)
# With a key all of them run one code; one of each subject always does.
FRACTION = ("createCalendar", "createEvent", "createApiKey", "rotateWebhookSecret", "createOauthApp", "endGrant", "updateHostedEvent")
fraction_of_writes = pytest.mark.parametrize("method,template,operation", [
    pytest.param(*o, id=name, marks=() if name in FRACTION else pytest.mark.whole) for o, name in zip(WRITES, NAMES)])
STATEMENTS_MAX = 30


@pytest.fixture(scope="module")
def live(world):
    return Examples(world, DOCUMENT, world.key("ann@example.org", kind="secret"))


@pytest.fixture(scope="module")
def in_test_mode(world):
    return Examples(world, DOCUMENT, world.key("ann@example.org", kind="secret", mode="test"))


@pytest.fixture
def caller(request, live, in_test_mode):
    return in_test_mode if "x-test-mode-only" in request.node.callspec.params["operation"] else live


@pytest.fixture(scope="module")
def faults(world):
    made = Faults(world)
    yield made
    made.close()


def make_room(world):
    """Of apps and endpoints an account has so many."""
    world.sql("UPDATE oauth_client SET deleted_at = now() - interval '91 days'")
    drop_all(world)


def request(live, method, template, operation, key=None):
    if method == "POST" and "{" not in template:
        make_room(live.world)
    target, body = live.target(operation, template), live.body(operation, template)
    if isinstance(body, dict):  # a UID is there once
        body = json.dumps({k: v for k, v in body.items() if method != "POST" or k not in ("uid", "client_uid")})
    headers = [*sent_as(body).items(), ("Authorization", f"Bearer {live.key}")]
    return method, target, body, headers + ([("Idempotency-Key", key)] if key else [])


@every_write
def test_a_statement_that_fails_leaves_nothing_half_done(caller, faults, method, template, operation):
    faults.each(lambda: request(caller, method, template, operation))


def when_it_is_over(faults, asked):
    """The transaction of a session that was lost ends a moment later; until then the key is in use, with a time to come again."""
    def done():
        reply = faults.send(*asked)
        return reply if reply.status != 409 or "Retry-After" not in reply.headers else None

    return faults.stored.world.wait_for(done) or faults.send(*asked)


@fraction_of_writes
def test_with_a_key_it_is_done_once_whatever_fails_twice(caller, faults, method, template, operation):
    """The request fails, its repetition fails elsewhere, and the next is answered: by its work, or by what was kept of it."""
    asked = request(caller, method, template, operation, str(uuid.uuid4()))
    with faults.stored.grown() as once:
        assert faults.send(*asked).status < 300
    for when, then in (("before", "after"), ("after", "before")):
        for n in range(1, STATEMENTS_MAX):
            asked = request(caller, method, template, operation, str(uuid.uuid4()))
            with faults.stored.grown() as more:
                first = faults.send(*asked, f"{n} {when}")
                if first is not None and first.status < 500:
                    assert n > 1, "no statement was made to fail"
                    break
                second = faults.send(*asked, f"{n + 1} {then}")
                last = when_it_is_over(faults, asked)
            shown = last.status == 409 and b"key_already_shown" in last.body
            assert last.status < 300 or shown, (n, when, first, second, last)
            assert more == once, (n, when, first, second, last)
        else:
            raise AssertionError("it never passed")
