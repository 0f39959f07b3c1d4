# SPDX-License-Identifier: Apache-2.0
"""What the tests of webhooks share. Fixtures are imported by name."""
import json

import pytest

from receiver import Receiver

JSON = {"Content-Type": "application/json"}
ENDPOINTS = "/v1/webhook_endpoints"
# Before a statement that touches deliveries or endpoints: the server locks their queues first and in this order, and whoever does
# otherwise and it may wait for each other.
QUEUES_FIRST = "SELECT FROM webhook_queue ORDER BY account_id, endpoint_id FOR UPDATE;"
NOWHERE = "https://[3ffe::1]/"  # of a network that was given back: public, and no way leads there


def send(world, method, path, fields, key, status=None):
    reply = world.request(method, path, None if fields is None else json.dumps(fields), JSON if fields is not None else {}, key)
    assert status is None or reply.status == status, reply
    return reply


def endpoint(world, key, url, events=("*",), status=201, **more):
    fields = send(world, "POST", ENDPOINTS, {"url": url, "events": list(events), **more}, key, status).json
    if status == 201:
        world.secret(fields["secret"])
    return fields


def event(world, key, title="Planning", **more):
    return send(world, "POST", "/v1/events", {"title": title, "start_time": "2026-12-01T09:00:00Z",
        "end_time": "2026-12-01T10:00:00Z", **more}, key, 201).json


def deliveries(world, key, endpoint, **where):
    found = world.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries?limit=100", key=key).json["data"]
    return [d for d in found if all(d[k] == v for k, v in where.items())]


def delivery(world, key, endpoint, id):
    return world.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries/{id}", key=key).json


def ended(world, key, endpoint, type, status="delivered"):
    """The delivery of this type, once it has this status."""
    found = world.wait_for(lambda: deliveries(world, key, endpoint, type=type, status=status))
    assert found, deliveries(world, key, endpoint)
    return delivery(world, key, endpoint, found[0]["id"])


def due_now(world, where="true"):
    """What is to be tried again is due at this moment: nobody waits for the schedule."""
    world.sql(f"""{QUEUES_FIRST}
                  WITH d AS (UPDATE webhook_delivery SET next_attempt_at = now() - interval '1 second'
                              WHERE state = 1 AND {where} RETURNING account_id, endpoint_id)
                  UPDATE webhook_queue q SET due_at = now() - interval '1 second' FROM d
                   WHERE q.account_id = d.account_id AND q.endpoint_id = d.endpoint_id""")


def drop_all(world):
    """Every endpoint, with what waits for it."""
    world.sql(f"{QUEUES_FIRST} SELECT webhook_endpoint_drop(account_id, ARRAY[id]) FROM webhook_endpoint")
    world.sql("UPDATE webhook_delivery SET state = 4, next_attempt_at = NULL WHERE state = 1")


@pytest.fixture()
def receiver():
    with Receiver() as r:
        yield r


@pytest.fixture(scope="module")
def key(world):
    return world.key("ann@example.org", kind="secret")


@pytest.fixture(autouse=True)
def no_endpoints(world):
    yield
    drop_all(world)
