# SPDX-License-Identifier: Apache-2.0
"""The API's document (OpenAPI 3.1): it is what the server does. Every other test holds its replies to it too (world.py)."""
import json
import re

import pytest

from openapi import Document
from world import BIN

DOCUMENT = Document.load(BIN)
OPERATIONS = DOCUMENT.operations()
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def owner(world):
    return world.account("api@example.org", plan="pro")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret")


@pytest.fixture(scope="module")
def existing(world, owner, secret):
    """What the ids of examples stand for: name of a parameter → id. Made anew when one was used up."""
    def make(name, template):
        if template.startswith("/api/v1/"):
            return world.post("/api/v1/hosted-calendars", json.dumps({"name": "x"}), JSON, secret).json["data"]["id"]
        if name == "participant":
            return world.get("/v1/profile", key=secret).json["id"]
        if name == "calendar":
            return world.post("/v1/calendars", json.dumps({"name": "x"}), JSON, secret).json["id"]
        if name == "calendar_id":
            return next(c["id"] for c in world.get("/v1/calendars", key=secret).json["data"] if c["is_default"])
        if name == "event":
            body = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z",
                "attendees": [{"email": owner.email}]}
            return world.post("/v1/events", json.dumps(body), JSON, secret).json["id"]
        if name == "key":
            body = {"name": "x", "kind": "restricted", "scopes": ["events:read"]}
            return world.post("/v1/api_keys", json.dumps(body), JSON, secret).json["id"]
        raise KeyError(name)
    return make


def example_call(operation, template, existing):
    """(target, body) of an operation as its own examples have it, with ids of what is there."""
    query, target = [], template
    for p in map(DOCUMENT.resolve, operation.get("parameters", ())):
        if p["in"] == "path":
            target = target.replace("{%s}" % p["name"], existing(p["name"], template))
        elif p["in"] == "query" and p["name"] not in ("starting_after", "ending_before", "mode") and "example" in p:
            query.append(f"{p['name']}={existing(p['name'], template) if p['name'] == 'calendar_id' else p['example']}")
    body = operation.get("requestBody")
    if body is None:
        return target + ("?" + "&".join(query) if query else ""), None
    sent = dict(body["content"]["application/json"]["example"])
    if "calendar_id" in sent:
        sent["calendar_id"] = existing("calendar_id", template)
    if "participants" in sent:
        sent["participants"] = [existing("participant", template)]
    if operation["operationId"] == "updateEvent":  # fixed when it is made
        sent = {k: v for k, v in sent.items() if k not in ("calendar_id", "client_uid")}
    return target + ("?" + "&".join(query) if query else ""), json.dumps(sent)


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


def test_every_operation_has_a_name_of_its_own_and_every_parameter_a_text():
    names = [o["operationId"] for _, _, o in OPERATIONS]
    assert len(names) == len(set(names)) >= 19
    for method, path, operation in OPERATIONS:
        told = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert told == set(re.findall(r"\{(\w+)\}", path)), path
        assert all(p["description"] and ("example" in p or p["in"] == "path") for p in operation["parameters"]), operation
        assert operation["security"] and operation["summary"], (method, path)


def test_every_example_is_as_its_schema_says():
    for _, path, operation in OPERATIONS:
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for told in [*bodies, *map(DOCUMENT.resolve, operation["responses"].values())]:
            for kind, content in told.get("content", {}).items():
                if kind == "application/json":
                    DOCUMENT.validate(content["schema"], content["example"], path)


@pytest.mark.parametrize("method,template,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_every_operation_can_be_called_as_its_example_has_it(world, secret, existing, method, template, operation):
    target, body = example_call(operation, template, existing)
    reply = world.request(method, target, body, JSON if body else None, secret)
    assert reply.status < 300, reply
    promised = DOCUMENT.resolve(operation["responses"][str(reply.status)])
    for name in promised["headers"]:
        assert reply.headers.get(name) is not None, (name, reply.headers)
    DOCUMENT.check(method, target, reply)


@pytest.mark.parametrize("method,template,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_every_failure_is_as_the_document_says(world, existing, method, template, operation):
    target, body = example_call(operation, template, existing)
    headers = JSON if body else None
    for key in (None, "sk_test_" + "0" * 43):
        reply = world.request(method, target, body, headers, key)
        assert reply.status == 401
        DOCUMENT.check(method, target, reply)
