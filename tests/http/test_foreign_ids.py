# SPDX-License-Identifier: Apache-2.0
"""Ids of others where they stand in queries, bodies and headers, in MCP's tools and on pages: what is somebody else's is answered as what is
nobody's (faults K10). Those in paths of REST: test_every_route.py."""
import json
import re
import subprocess
import uuid

import pytest

from examples import Examples
from oauth_flow import Browser, Form
from openapi import Document
from world import BIN

SERVE = ["--rate-limit", "0", "--write-rate", "0", "--voice-backend", "wss://voice.example.com/realtime"]
WHEN = {"from": "2026-12-01T00:00:00Z", "to": "2026-12-03T00:00:00Z"}
SEARCH = {"duration_minutes": 30, "earliest_start": WHEN["from"], "latest_end": WHEN["to"]}
NEW = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}
CALLS = [  # whose id, method, target, body
    ("calendar", "GET", "/v1/events?calendar_id={}", None), ("calendar", "GET", "/v1/freebusy?from={from}&to={to}&calendar_ids={}", None),
    ("calendar", "GET", "/v1/events/changes?calendar_id={}", None), ("calendar", "GET", "/v1/events/stream?calendar_id={}", None),
    ("calendar", "POST", "/v1/events", {**NEW, "calendar_id": "{}"}),
    ("calendar", "POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["events:read"], "calendars": ["{}"]}),
    ("calendar", "POST", "/v1/booking_pages", {"slug": "a-slug", "title": "x", "calendar_id": "{}"}),
    ("calendar", "POST", "/v1/booking_pages", {"slug": "a-slug", "title": "x", "busy_calendar_ids": ["{}"]}),
    ("slug", "POST", "/v1/bookings", {"page": "{}", "start": "2026-12-01T10:00:00Z", "name": "x", "email": "x@example.org"}),
    ("participant", "POST", "/v1/freebusy/query", {**WHEN, "participants": ["{}"]}),
    ("calendar", "POST", "/v1/freebusy/query", {**WHEN, "participants": ["{}"]}),
    ("participant", "POST", "/v1/freebusy/find_slots", {**SEARCH, "participants": ["{}"]}),
    ("participant", "POST", "/v1/voice/sessions", {"user_id": "{}"}), ("app", "GET", "/v1/connected_accounts?client_id={}", None),
    ("connected_account", "HEADER", "/v1/profile", None)]
TOOLS = [("calendar", "find_events", {"calendar_id": "{}"}), ("event", "read_event", {"event": "{}"}),
         ("calendar", "create_event", {**NEW, "calendar_id": "{}"}), ("event", "update_event", {"event": "{}", "title": "x"}),
         ("event", "cancel_event", {"event": "{}"}), ("participant", "free_busy", {**WHEN, "participants": ["{}"]}),
         ("participant", "find_slots", {**SEARCH, "participants": ["{}"]})]
PAGES = {"key": "key", "id": "connected_account", "event": "event", "cal": "calendar", "page": "page", "app": "app", "endpoint": "endpoint"}
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def theirs(world):
    return Examples(world, Document.load(BIN), world.key(world.account("bob@example.org"), kind="secret"))


@pytest.fixture(scope="module")
def key(world, ann):
    return world.key(ann, kind="secret")


def nobodys(value):
    return value[:-6] + "000000" if "_" in value else f"{uuid.uuid4()}"


def filled(template, value):
    text = template if isinstance(template, str) else json.dumps(template)
    for name, time in WHEN.items():
        text = text.replace("{%s}" % name, time)
    return text.replace("{}", value)


def told(reply, value):
    """All of it but what is of this request alone."""
    text = re.sub(r"req_[0-9A-Za-z]+", "req", reply.text.replace(value, "ID"))
    return reply.status, re.sub(r'value="[^"]{20,}"', "value", text), reply.headers.get("Location")


@pytest.mark.parametrize("whose, method, target, body", CALLS, ids=[f"{method} {target.partition('?')[0]} {whose}" for whose, method, target, _ in CALLS])
def test_in_queries_bodies_and_headers(world, key, theirs, whose, method, target, body):
    foreign = theirs.existing(whose, target)
    answers = set()
    for value in (foreign, nobodys(foreign)):
        if method == "HEADER":
            reply = world.get(target, {"Connected-Account": value}, key)
        else:
            reply = world.request(method, filled(target, value), body and filled(body, value), JSON if body else {}, key)
        assert reply.status in (400, 403, 404) or (reply.status == 200 and ('"data":[]' in reply.text or '"not_found"' in reply.text)), reply
        answers.add(told(reply, value))
    assert len(answers) == 1, answers


@pytest.mark.parametrize("whose, name, arguments", TOOLS, ids=[name for _, name, _ in TOOLS])
def test_in_tools(world, key, theirs, whose, name, arguments):
    foreign = theirs.existing(whose, "/v1/events")
    answers = set()
    for value in (foreign, nobodys(foreign)):
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": json.loads(filled(arguments, value))}}
        reply = world.post("/mcp", json.dumps(call), JSON, key)
        assert reply.status == 200 and reply.json["result"].get("isError", False) == ("not_found" not in reply.text), reply
        answers.add(told(reply, value))
    assert len(answers) == 1, answers


def pages():
    """Each page that has an id of a thing in its path."""
    table = subprocess.run([BIN, "routes"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| (GET|POST) \| `(/[^`]+)` \| session", table, re.M)
    return [(method, path) for method, path in rows if re.findall(r":(\w+)", path)[:1] and re.findall(r":(\w+)", path)[0] in PAGES
            and path.split("/")[1] in ("keys", "connected-accounts", "calendar", "calendars", "booking-pages", "apps", "webhooks")]


def test_on_pages(world, ann, theirs):
    browser, tried = Browser(world), pages()
    browser.sign_in(ann)
    form = Form(browser.get("/calendars/new").text, "/calendars").fields
    foreign = {name: theirs.existing(what, "/v1/events") for name, what in PAGES.items()}
    assert len(tried) > 40, tried
    for method, path in tried:
        first, *more = re.findall(r":(\w+)", path)
        answers = set()
        for value in (foreign[first], nobodys(foreign[first])):
            target = path.replace(f":{first}", value)
            for name in more:
                target = target.replace(f":{name}", "0123456789abcdef0123456789abcdef")
            reply = browser.get(target) if method == "GET" else browser.post(target, form)
            assert reply.status == 404, (method, target, reply)
            answers.add(told(reply, value))
        assert len(answers) == 1, (method, path, answers)
