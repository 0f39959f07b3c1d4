# SPDX-License-Identifier: Apache-2.0
"""The API's document (OpenAPI 3.1): it is what the server does. Every other test holds its replies to it too (world.py)."""
import copy
import os
import random
import re

import pytest

from examples import Examples, sent_as
from openapi import Document
from world import BIN, ROOT

SERVE = ["--rate-limit", "100000", "--voice-backend", "wss://voice.example.com/realtime",
         "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "calendar@example.org", "--mail-a-day", "100000"]
DOCUMENT = Document.load(BIN)
OPERATIONS = DOCUMENT.operations()


@pytest.fixture(scope="module")
def owner(world):
    return world.account("api@example.org", plan="pro")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret")


@pytest.fixture(scope="module")
def examples(world, secret):
    return Examples(world, DOCUMENT, secret)


@pytest.fixture(scope="module")
def of_test_mode(world, owner):
    """For what there is in test mode alone."""
    return Examples(world, DOCUMENT, world.key(owner, kind="secret", mode="test"))


def test_the_document_is_served_with_this_servers_addresses(world):
    reply = world.get("/openapi.json", {"Origin": "https://docs.example"})
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    served, printed = reply.json, DOCUMENT.json
    assert served["servers"] == [{"url": world.public_url or world.url}]
    flow = served["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    metadata = world.get("/.well-known/oauth-authorization-server").json
    assert flow["tokenUrl"] == metadata["token_endpoint"] and flow["authorizationUrl"] == metadata["authorization_endpoint"]
    assert set(flow["scopes"]) == set(metadata["scopes_supported"])
    assert {**served, "servers": 0, "components": {**served["components"], "securitySchemes": 0}} == \
        {**printed, "servers": 0, "components": {**printed["components"], "securitySchemes": 0}}


def test_every_webhook_is_there_and_no_other():
    """What came to a receiver every test holds to it, too (receiver.py)."""
    with open(os.path.join(ROOT, "server/webhook/endpoint.c"), encoding="utf-8") as f:
        [types] = re.findall(r"webhook_types\[\] = \{(.*?)\};", f.read(), re.S)
    assert list(DOCUMENT.json["webhooks"]) == re.findall(r'"([a-z_.]+)"', types)
    body = {"id": "whe_1", "object": "webhook_event", "type": "event.deleted", "api_version": "2026-11-28", "created": 1, "livemode": True, "account": None,
            "request_id": None, "sequence": 1, "data": {"object": {"id": "evt_1", "object": "event", "deleted": True}}}
    DOCUMENT.check_webhook(body)
    for wrong in ({"type": "event.created", "data": {}}, {"sequence": "1"}, {"data": {"object": {"id": "evt_1"}}}):
        with pytest.raises(AssertionError):
            DOCUMENT.check_webhook({**body, **wrong})


def test_every_operation_has_a_name_of_its_own_and_every_parameter_a_text():
    names = [o["operationId"] for _, _, o in OPERATIONS]
    assert len(names) == len(set(names)) >= 19
    for method, path, operation in OPERATIONS:
        told = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert told == set(re.findall(r"\{(\w+)\}", path)), path
        assert all(p["description"] and ("example" in p or p["in"] == "path" and "pattern" in p["schema"]) for p in operation["parameters"]), operation
        assert operation["security"] and operation["summary"], (method, path)


def test_every_example_is_as_its_schema_says():
    for _, path, operation in OPERATIONS:
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for told in [*bodies, *map(DOCUMENT.resolve, operation["responses"].values())]:
            for kind, content in told.get("content", {}).items():
                if kind == "application/json":
                    DOCUMENT.validate(content["schema"], content["example"], path)


ODD = [None, True, False, 0, 1, -1, 2**70, 1.0, 1.5, "", "x", "x" * 5001, "2026-13-01T00:00:00Z", "cal_x", [], [None], {}, {"x": 1}]


def spots(value):
    """(what holds it, its name or number) of each value inside."""
    for at, inside in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, at
        yield from spots(inside)


def test_a_quick_yes_is_what_jsonschema_says_too():
    """tests/support/quick_schema.py, over each example of the document and what becomes of it with one value changed, left out or added."""
    rnd, yes = random.Random(1), 0
    for _, _, operation in OPERATIONS:
        for told in map(DOCUMENT.resolve, operation["responses"].values()):
            content = told.get("content", {}).get("application/json")
            if not content:
                continue
            fits, slow = DOCUMENT.quick.of(content["schema"]), DOCUMENT.validator(content["schema"])
            assert fits(content["example"]), (operation["operationId"], "jsonschema is asked for each reply")
            for _ in range(12):
                odd = {"it": copy.deepcopy(content["example"])}
                holder, at = rnd.choice(list(spots(odd)))
                if isinstance(holder, dict) and rnd.random() < .4:
                    holder.pop(at) if rnd.random() < .5 else holder.update(more=rnd.choice(ODD))
                else:
                    holder[at] = rnd.choice(ODD)
                if "it" in odd and fits(odd["it"]):
                    yes += 1
                    assert slow.is_valid(odd["it"]), (operation["operationId"], odd)
    assert yes > 100


@pytest.mark.parametrize("method,template,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_every_operation_can_be_called_as_its_example_has_it(world, of_test_mode, examples, method, template, operation):
    who = of_test_mode if "x-test-mode-only" in operation else examples
    target, body = who.call(operation, template)
    reply = world.request(method, target, body, sent_as(body), who.key)
    assert reply.status < 300, reply
    promised = DOCUMENT.resolve(operation["responses"][str(reply.status)])
    for name in promised["headers"]:
        assert reply.headers.get(name) is not None, (name, reply.headers)
    DOCUMENT.check(method, target, reply)


@pytest.mark.parametrize("method,template,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_every_failure_is_as_the_document_says(world, examples, method, template, operation):
    target, body = examples.call(operation, template)
    headers = sent_as(body)
    for key in (None, "sk_test_" + "0" * 43):
        reply = world.request(method, target, body, headers, key)
        assert reply.status == 401
        DOCUMENT.check(method, target, reply)
