# SPDX-License-Identifier: Apache-2.0
"""What is done to each route of the API, made from its own document: bad values for each parameter and each field, and ids of
others. A route that is added is tried here by being in the tables. Nothing of it may change anything."""
import json
from urllib.parse import urlencode

import pytest

from examples import Examples, sent_as
from forge import altered
from openapi import Document
from stored import Stored
from world import BIN

SECONDS = 35
SERVE = ["--rate-limit", "0", "--write-rate", "0", "--voice-backend", "wss://voice.example.com/realtime",
         "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "calendar@example.org", "--mail-a-day", "100000"]
DOCUMENT = Document.load(BIN)
OPERATIONS = DOCUMENT.operations()
NAMES = [o["operationId"] for _, _, o in OPERATIONS]
every_operation = pytest.mark.parametrize("method,template,operation", OPERATIONS, ids=NAMES)
WITH_ID = [o for o in OPERATIONS if "{" in o[1]]
WITH_BODY = [o for o in OPERATIONS if "application/json" in o[2].get("requestBody", {}).get("content", ())]
WRITES = [o for o in OPERATIONS if any(p["name"] == "Idempotency-Key" for p in map(DOCUMENT.resolve, o[2]["parameters"]))]
# One value of each type of JSON, and what is too much of it.
VALUES = {"null": None, "boolean": True, "number": 7, "string": "words", "array": ["words"], "object": {"words": 1}}
TYPES = {"integer": "number", "number": "number"}


@pytest.fixture(scope="module")
def live(world, ann):
    return Examples(world, DOCUMENT, world.key(ann, kind="secret"))


@pytest.fixture(scope="module")
def test_mode(world, ann):
    return Examples(world, DOCUMENT, world.key(ann, kind="secret", mode="test"))


@pytest.fixture(scope="module")
def stranger(world):
    return Examples(world, DOCUMENT, world.key(world.account("bob@example.org"), kind="secret"))


@pytest.fixture(scope="module")
def stored(world):
    made = Stored(world)
    yield made
    made.close()


def call(world, method, target, body=None, key=None, headers=None):
    reply = world.request(method, target, body, {**sent_as(body), **(headers or {})}, key)
    assert reply.status < 500, (method, target, body, reply)
    return reply


def told(reply):
    """Whichever of its two shapes an error has: (its text, the name of what is wrong)."""
    error = reply.json["error"]
    return (error["message"], error.get("param")) if isinstance(error, dict) else (
        reply.json["message"], reply.json.get("details", {}).get("field"))


@pytest.fixture
def caller(request, world, live):
    """Who may call an operation: a live key, and of test mode's own calls a test key of an account that has nothing else to do."""
    if "x-test-mode-only" not in request.node.callspec.params["operation"]:
        return live
    return request.getfixturevalue("in_test_mode")


@pytest.fixture(scope="module")
def in_test_mode(world):
    return Examples(world, DOCUMENT, world.key(world.account("sandbox@example.org"), kind="secret", mode="test"))


# ---- ids ----

@pytest.mark.parametrize("method,template,operation", WITH_ID, ids=[o[2]["operationId"] for o in WITH_ID])
def test_what_is_not_theirs_is_not_there(world, stored, live, test_mode, stranger, method, template, operation):
    """Another account's, the other mode's, nobody's and no id at all: one answer (faults K9, K10), in both directions."""
    body = live.body(operation, template)
    body = json.dumps({k: v for k, v in body.items() if k != "calendar_id"}) if isinstance(body, dict) else body
    *before_it, name = [p["name"] for p in map(DOCUMENT.resolve, operation["parameters"]) if p["in"] == "path"]
    own = {who: {n: who.existing(n, template) for n in before_it} for who in (live, test_mode, stranger)}

    def at(value, who=live):
        return live.target(operation, template, lambda p: {**own[who], name: value}.get(p["name"]) if p["in"] == "path" else None)

    theirs = {who: who.existing(name, template) for who in (live, test_mode, stranger)}
    good = theirs[live]
    nobody = [altered(good, len(good) - 3), good[:-1], good + "0", good.upper(), "x", "x" * 200, "..%2F..", "%27%20OR%201=1--", "%C3%A9"]
    with stored.unchanged():
        for value in ("%00", "%FF", "x" * 9000):  # no target at all: the HTTP layer's own words
            assert world.http.request(method, at(value), body, [*sent_as(body).items(), ("Authorization", f"Bearer {live.key}")]).status in (400, 404, 414)
        answers = set()
        for who in (live, test_mode, stranger):
            for value in [v for owner, v in theirs.items() if owner is not who] + nobody:
                reply = call(world, method, at(value, who), body, who.key)
                assert reply.status == 404, (value, reply)
                answers.add(told(reply))
        assert len(answers) == 1, answers


def test_no_list_shows_what_the_other_mode_or_another_has(world, live, test_mode, stranger):
    whose = {live: "live", test_mode: "test", stranger: "other"}
    for who, mark in whose.items():
        for target, body in (("/v1/calendars", {"name": f"wall-{mark}"}), ("/api/v1/hosted-calendars", {"name": f"wall-{mark}"}),
                             ("/v1/events", {"title": f"wall-{mark}", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}),
                             ("/v1/api_keys", {"name": f"wall-{mark}", "kind": "restricted", "scopes": ["events:read"]})):
            assert call(world, "POST", target, json.dumps(body), who.key).status == 201
    for method, template, operation in OPERATIONS:
        if method != "GET" or "{" in template or "x-test-mode-only" in operation:
            continue
        for who, mark in whose.items():
            reply = call(world, "GET", live.target(operation, template) if who is live else who.target(operation, template), None, who.key)
            assert reply.status == 200, reply
            for other in whose.values():
                assert other == mark or f"wall-{other}".encode() not in reply.body, (template, mark, other)


# ---- parameters ----

@every_operation
def test_a_parameter_that_is_wrong_is_named(world, stored, caller, method, template, operation):
    body = caller.body(operation, template)
    body = json.dumps(body) if isinstance(body, dict) else body
    path = caller.target(operation, template).partition("?")[0]
    needed = [(p["name"], p["example"]) for p in map(DOCUMENT.resolve, operation["parameters"]) if p["in"] == "query" and p["required"]]
    with stored.unchanged():
        for p in map(DOCUMENT.resolve, operation["parameters"]):
            if p["in"] != "query":
                continue
            schema, name = DOCUMENT.resolve(p["schema"]), p["name"]
            bad = ["", "%00", "%FF%FE", "a%0Ab", "x" * 4000]
            if schema["type"] == "integer":
                bad += ["-1", "0", "1e3", "1.5", "0x10", "99999999999999999999", "+5", "%2B5", "%205", "NaN"]
            elif schema["type"] == "boolean":
                bad += ["1", "yes", "TRUE", "null"]
            elif "enum" in schema or "format" in schema or "pattern" in schema:
                bad += ["words", "2026-13-45T00:00:00Z", "null", "%5B%5D", "2026-11-24"]
            beside = "".join(f"&{n}={v}" for n, v in needed if n != name)
            for value in bad:
                reply = call(world, method, f"{path}?{name}={value}{beside}", body, caller.key)
                if reply.status < 300:  # free text may be anything that is text
                    assert schema["type"] == "string" and not {"enum", "format", "pattern"} & set(schema) and value not in ("%00", "%FF%FE"), (name, value)
                    continue
                assert reply.status in (400, 414), (name, value, reply)
                assert reply.status == 414 or name in " ".join(map(str, told(reply))), (name, value, reply)
            reply = call(world, method, f"{path}?{name}=1&{name}=1{beside}", body, caller.key)
            assert reply.status == 400, reply


# ---- bodies ----

@pytest.mark.parametrize("method,template,operation", WITH_BODY, ids=[o[2]["operationId"] for o in WITH_BODY])
def test_a_field_that_is_wrong_is_named(world, stored, caller, method, template, operation):
    """K17, K18."""
    content = operation["requestBody"]["content"]["application/json"]
    schema, good = DOCUMENT.resolve(content["schema"]), caller.body(operation, template)
    target = caller.target(operation, template)

    def refused(body, name=None, status=400):
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = call(world, method, target, octets, caller.key)
        assert reply.status == status, (octets[:200], reply)
        assert name is None or name in " ".join(map(str, told(reply))), (name, reply)

    with stored.unchanged():
        assert schema["additionalProperties"] is False
        refused({**good, "nobody_knows": 1}, "nobody_knows")
        for name in schema.get("required", ()):
            refused({k: v for k, v in good.items() if k != name}, name)
        for name, field in schema["properties"].items():
            field = DOCUMENT.resolve(field)
            taken = field.get("type", [])
            taken = {TYPES.get(t, t) for t in ([taken] if isinstance(taken, str) else taken)}
            if not taken or "anyOf" in field or "oneOf" in field:
                continue
            for kind, value in VALUES.items():
                if kind not in taken:
                    refused({**good, name: value}, name)
            if "string" in taken:
                refused({**good, name: "x" * 60_000}, name)
                refused(json.dumps({**good, name: "MARK"}).encode().replace(b"MARK", b"\xff\xfe"))
                refused(json.dumps({**good, name: "MARK"}).encode().replace(b"MARK", b"\\u0000"))
                refused(json.dumps({**good, name: "MARK"}).encode().replace(b"MARK", b"\\ud800"))
            if "array" in taken:
                refused({**good, name: ["x"] * 5_000}, name)
                refused({**good, name: ["x"] * 20_000})
            if "number" in taken:
                refused({**good, name: 1e300}, name)
                refused(json.dumps({**good, name: 9}).encode().replace(b" 9", b" 99999999999999999999"), name)
            refused(json.dumps(good).encode()[:-1] + f', "{name}": 1, "{name}": 1}}'.encode())
        for octets in (b"{", b"[]", b"null", b"7", b'""', b"{}{}", b"{'a':1}", b'{"a":01}', b"\xef\xbb\xbf{}", b'{"a":' * 5000 + b"1" + b"}" * 5000,
                       b"[" * 50_000, b"\0", json.dumps(good).encode() + b"x"):
            refused(octets)
        refused(b'{"a":"' + b"x" * 1_000_000 + b'"}', status=413)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
            reply = world.request(method, target, json.dumps(good), {"Content-Type": kind}, caller.key)
            assert reply.status in (400, 415), (kind, reply)


# ---- octets and characters ----

def free_texts(schema):
    """The names of an object's texts of whatever characters, and how many they may have."""
    for name, field in DOCUMENT.resolve(schema).get("properties", {}).items():
        field = DOCUMENT.resolve(field)
        if "maxLength" in field and not {"enum", "format", "pattern"} & set(field):
            yield name, field["maxLength"]


TEXTS = [(m, t, o) for m, t, o in OPERATIONS if m != "DELETE" and (
    list(free_texts(o.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}))) or
    any("maxLength" in DOCUMENT.resolve(p["schema"]) for p in map(DOCUMENT.resolve, o["parameters"]) if p["in"] == "query"))]


@pytest.fixture(scope="module")
def talker(world):
    return Examples(world, DOCUMENT, world.key(world.account("talker@example.org"), kind="secret"))


@pytest.mark.parametrize("method,template,operation", TEXTS, ids=[o[2]["operationId"] for o in TEXTS])
def test_a_text_at_its_longest_may_be_of_any_characters(world, talker, method, template, operation):
    """Lengths are of characters: of four octets each, of one that becomes four words when it is sought, and of one that grows when its case
    goes. Taken or refused, the server answers, and goes on."""
    target, body = talker.call(operation, template)
    body = json.loads(body) if body and str(body).startswith("{") else body
    path = target.partition("?")[0]
    for character in ("\U0001F600", "\uFDFA", "\u0390"):
        for p in map(DOCUMENT.resolve, operation["parameters"]):
            most = DOCUMENT.resolve(p["schema"]).get("maxLength", 0) if p["in"] == "query" else 0
            if most:
                call(world, method, f"{path}?{urlencode({p['name']: character * min(most, 1000)})}", json.dumps(body) if isinstance(body, dict) else body,
                    talker.key)
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        for name, most in free_texts(schema):
            call(world, method, target, json.dumps({**body, name: character * most}), talker.key)
    assert world.process.poll() is None


# ---- once ----

@pytest.mark.parametrize("method,template,operation", WRITES, ids=[o[2]["operationId"] for o in WRITES])
def test_what_has_an_idempotency_key_is_done_once(world, stored, caller, method, template, operation):
    """K15: In one transaction with its answer, whatever it does by itself."""
    target, body = caller.call(operation, template)
    if method == "POST" and "uid" in (body or ""):  # which is there once
        body = json.dumps({k: v for k, v in json.loads(body).items() if k not in ("uid", "client_uid")})
    key = {"Idempotency-Key": f"once-{operation['operationId']}"}
    first = call(world, method, target, body, caller.key, key)
    assert first.status < 300, first
    with stored.unchanged():
        again = call(world, method, target, body, caller.key, key)
        secret = again.status == 409 and again.json["error"] == "Conflict" if template.startswith("/api/v1/") else \
            again.status == 409 and again.json["error"]["code"] == "key_already_shown"
        assert secret or (again.status, again.body) == (first.status, first.body) and again.headers["Idempotent-Replayed"] == "true", again


# ---- credentials ----

@every_operation
def test_a_credential_is_read_in_one_place_alone(world, stored, caller, stranger, method, template, operation):
    """K1 to K4, K6: in the query, twice, as Basic, in other cases."""
    target, body = caller.call(operation, template)
    with stored.unchanged():
        sep = "&" if "?" in target else "?"
        headers = sent_as(body)
        for name in ("access_token", "api_key", "key", "token"):
            assert call(world, method, f"{target}{sep}{name}={caller.key}", body).status == 401
        pairs = [*headers.items(), ("Authorization", f"Bearer {caller.key}"), ("Authorization", f"Bearer {stranger.key}")]
        assert world.http.request(method, target, body, pairs).status == 400  # the HTTP layer's own words
        for value in (f"Bearer\t{caller.key}", f"Bearer {caller.key} x", "Bearer", "Bearer ", f"Token {caller.key}", caller.key, f"DPoP {caller.key}",
                      f"Bearer {caller.key},Bearer {caller.key}", f"Bearer {caller.key[:-1]}", f"Bearer {caller.key}A"):
            assert call(world, method, target, body, None, {"Authorization": value}).status == 401, value
        assert call(world, method, target, body, ("ann@example.org", caller.key)).status == 401
    for scheme in ("bearer", "BEARER"):
        reply = call(world, method, target, body, None, {"Authorization": f"{scheme} {caller.key}"})
        assert reply.status in (200, 201, 202, 204, 404, 409), reply
