# SPDX-License-Identifier: Apache-2.0
"""`calends api`: every operation of the REST API from the command line, by the same route and contract as over HTTP."""
import json
import subprocess

import pytest

from hooks import NOWHERE
from openapi import Document
from world import BIN, CliError

WHO = "ann@example.org"


@pytest.fixture(scope="module")
def ann(world):
    return world.account(WHO)


def params(**values):
    return [word for name, value in values.items() for word in ("--param", f"{name}={value}")]


def call(world, operation, body=None, *more, **values):
    sent = ["--body-stdin"] if body is not None else []
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return world.cli("api", "call", WHO, operation, *params(**values), *sent, *more, input=text)


def refused(world, operation, *more, body=None):
    with pytest.raises(CliError) as caught:
        world.cli("api", "call", WHO, operation, *more, *([] if body is None else ["--body-stdin"]), input=body)
    return json.loads(caught.value.stderr.splitlines()[-1])["error"]


def test_every_operation_is_listed(world):
    told = {o["id"]: (o["method"].lower(), o["path"]) for o in world.cli("api", "list")["data"]}
    document = {o["operationId"]: (method, path) for method, path, o in Document.load(BIN).operations()}
    assert set(told) == set(document)
    assert told["getEvent"] == ("get", "/v1/events/:event")


def test_a_resource_is_made_read_changed_and_deleted(world, ann):
    page = call(world, "createBookingPage", {"slug": "by-command", "title": "Intro"})
    assert call(world, "getBookingPage", page=page["id"]) == page
    changed = call(world, "updateBookingPage", {"status": "paused"}, page=page["id"])
    assert changed["status"] == "paused" and changed["id"] == page["id"]
    assert [p["id"] for p in call(world, "listBookingPages", limit=1)["data"]] == [page["id"]]
    assert call(world, "deleteBookingPage", page=page["id"])["deleted"] is True
    assert refused(world, "getBookingPage", *params(page=page["id"]))["code"] == "resource_missing"


def test_what_is_no_json_goes_in_and_out(world, ann):
    calendar = call(world, "createCalendar", {"name": "Files"})["id"]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for n in range(400):
        lines += ["BEGIN:VEVENT", f"UID:{n}", "DTSTAMP:20260101T000000Z", "DTSTART:20261124T090000Z", f"SUMMARY:{'x' * 200}", "END:VEVENT"]
    text = "\r\n".join([*lines, "END:VCALENDAR", ""])
    assert call(world, "importCalendar", text, calendar=calendar)["created"] == 400
    words = [BIN, "api", "call", WHO, "exportCalendar", *params(calendar=calendar), *world.settings]
    told = subprocess.run(words, capture_output=True, env=world.environment, check=True).stdout
    assert told.count(b"BEGIN:VEVENT") == 400 and told.endswith(b"END:VCALENDAR\r\n")


def test_the_modes_are_apart(world, ann):
    made = call(world, "createCalendar", {"name": "Of test mode"}, "--mode", "test")
    assert made["id"] in [c["id"] for c in call(world, "listCalendars", None, "--mode", "test")["data"]]
    assert made["id"] not in [c["id"] for c in call(world, "listCalendars")["data"]]
    assert refused(world, "getCalendar", *params(calendar=made["id"]))["code"] == "resource_missing"


def test_test_mode_has_the_clock_of_the_sandbox(world, ann):
    moved = world.cli("sandbox", "clock", WHO, "--advance", "864000")["now"]
    assert call(world, "createVoiceSession", {}, "--mode", "test")["created_at"] >= moved
    assert call(world, "createCalendar", {"name": "Live"})["livemode"] is True


def test_the_audit_log_says_by_what(world, ann):
    call(world, "createWebhookEndpoint", {"url": NOWHERE, "events": ["*"]})
    [entry] = [e for e in call(world, "listAudit", kind="webhook.created")["data"]]
    assert entry["actor"] == "command"


@pytest.mark.parametrize("operation,more,body,code,param", [
    ("nothingLikeIt", [], None, "resource_missing", "OPERATION"),
    ("streamEvents", [], None, "invalid_value", "OPERATION"),
    ("getEvent", [], None, "missing_required_field", "param"),
    ("getEvent", ["--param", "event="], None, "invalid_value", "event"),
    ("listEvents", ["--param", "nonsense"], None, "invalid_value", "param"),
    ("listEvents", params(strange="1"), None, "unknown_field", "strange"),
    ("createCalendar", [], '{"name": "x", "strange": 1}', "unknown_field", "strange"),
    ("createCalendar", [], "{", "malformed_request", None),
    pytest.param("createCalendar", [], "x" * 300_000, "request_too_large", "body-stdin", id="long"),
    ("getProfile", ["--connected-account", "cpa_0355WHuCFfRpMfB53mC9Z6"], None, "account_mismatch", "Connected-Account"),
])
def test_what_is_wrong_is_named(world, ann, operation, more, body, code, param):
    error = refused(world, operation, *more, body=body)
    assert (error["code"], error.get("param")) == (code, param), error
