# SPDX-License-Identifier: Apache-2.0
"""Publishable keys: 'Safe in frontend code. Read-only public endpoints.' Calendars that their owner made public."""
import json

import pytest

from oauth_flow import App, Browser, Form
from world import BIN

from openapi import Document

SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
DAY = "from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z"
DOCUMENT = Document.load(BIN)


@pytest.fixture(scope="module")
def secret(world, ann):
    return world.key(ann, kind="secret")


@pytest.fixture(scope="module")
def page_key(world, ann):
    return world.key(ann, kind="publishable")


def make(world, key, **fields):
    reply = world.post("/v1/calendars", json.dumps({"name": "Shop", **fields}), JSON, key)
    assert reply.status == 201, reply
    return reply.json


def change(world, calendar, key, **fields):
    return world.request("PATCH", "/v1/calendars/" + calendar["id"], json.dumps(fields), JSON, key)


def read(world, calendar, key, query=DAY, headers=None):
    return world.get(f"/v1/public/calendars/{calendar['id'] if isinstance(calendar, dict) else calendar}/freebusy?{query}", headers, key)


def code(reply):
    return reply.status, reply.json["error"]["code"]


def test_a_page_sees_when_a_public_calendar_is_busy_and_nothing_else(world, secret, page_key):
    """Published page: 'pk_live_… Publishable. Safe in frontend code. Read-only public endpoints (booking widgets).'"""
    calendar = make(world, secret, is_public=True)
    assert calendar["is_public"] is True
    event = {"calendar_id": calendar["id"], "title": "Hush", "start_time": "2026-12-01T10:00:00Z", "end_time": "2026-12-01T11:00:00Z"}
    assert world.post("/v1/events", json.dumps(event), JSON, secret).status == 201
    reply = read(world, calendar, page_key, headers={"Origin": "https://anywhere.example"})
    assert reply.status == 200 and reply.headers["Access-Control-Allow-Origin"] == "https://anywhere.example"
    assert reply.json == {"object": "freebusy", "from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z",
        "busy": [{"start": "2026-12-01T10:00:00Z", "end": "2026-12-01T11:00:00Z", "status": "busy"}]}
    assert "Hush" not in reply.text
    assert {k: v for k, v in read(world, calendar, secret).json.items()} == reply.json
    assert change(world, calendar, secret, is_public=False).json["is_public"] is False
    assert code(read(world, calendar, page_key)) == (404, "resource_missing")


def test_what_is_not_public_is_not_there(world, ann, secret, page_key):
    private = make(world, secret)
    assert private["is_public"] is False
    others = make(world, world.key(world.account("bob@example.org"), kind="secret"), is_public=True)
    twin = make(world, world.key(ann, kind="secret", mode="test"), is_public=True)
    answers = {(r.status, json.dumps({**r.json["error"], "request_id": 0})) for r in (
        read(world, c, page_key) for c in (private, others, twin, "cal_0000000000000000000001", "junk"))}
    assert len(answers) == 1 and answers.pop()[0] == 404
    test_key = world.key(ann, kind="publishable", mode="test")
    assert read(world, twin, test_key).status == 200 and read(world, make(world, secret, is_public=True), test_key).status == 404


@pytest.mark.parametrize("query,expected", [("", (400, "missing_required_field")), ("from=2026-12-01T00:00:00Z", (400, "missing_required_field")),
    ("from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", (400, "invalid_value")), ("from=2026-12-01T00:00:00Z&to=2027-03-01T00:00:00Z", (400, "range_too_large")),
    (DAY + "&calendar_ids=x", (400, "unknown_field"))])
def test_what_is_asked_is_judged(world, secret, page_key, query, expected):
    assert code(read(world, make(world, secret, is_public=True), page_key, query)) == expected


def test_only_the_owner_makes_a_calendar_public(world, ann, secret):
    """calendars:write: 'Mark calendars selected, change colors, change writable.'"""
    calendar = make(world, secret)
    app = App(world, owner="bob@example.org", scope="calendars:read calendars:write")
    user = Browser(world)
    user.sign_in(ann)
    token = app.connect(user, scope="calendars:read calendars:write")["access_token"]
    restricted = world.key(ann, kind="restricted", scope="calendars:read calendars:write")
    for key in (token, restricted):
        reply = change(world, calendar, key, is_public=True)
        assert code(reply) == (403, "key_kind_not_allowed") and reply.json["error"]["param"] == "is_public"
    assert change(world, calendar, ann.key, is_public=True).json["is_public"] is True
    assert world.get("/v1/calendars/" + calendar["id"], key=token).json["is_public"] is True
    assert change(world, calendar, ann.key, is_public="yes").status == 400


def test_the_owners_page_makes_it_public_and_private(world, ann, secret):
    calendar = make(world, secret, name="By page")
    browser = Browser(world)
    browser.sign_in(ann)
    path = f"/calendars/{calendar['id']}/edit"
    def save(**fields):
        assert browser.post(path, Form(browser.get(path).text, path).with_(**fields)).status == 303
        return world.get("/v1/calendars/" + calendar["id"], key=secret).json["is_public"]
    assert 'name="public" value="yes"' in browser.get(path).text and "checked" not in browser.get(path).text
    assert save(public="yes") is True
    assert "checked" in browser.get(path).text
    assert save(public=None) is False


@pytest.mark.parametrize("method,template", [(m, p) for m, p, _ in DOCUMENT.operations() if p.startswith("/v1/")])
def test_a_publishable_key_opens_nothing_else(world, page_key, method, template):
    """K8: 403 and never 401, since the key is good; on a write to what it may read, too."""
    path = template.replace("{", "").replace("}", "")
    if not path.startswith("/v1/public/"):
        assert code(world.request(method, path, "{}" if method in ("POST", "PATCH") else None,
            JSON if method in ("POST", "PATCH") else {}, page_key)) == (403, "key_kind_not_allowed")
        return
    for other in ("POST", "PATCH", "PUT", "DELETE"):
        reply = world.request(other, path, "{}", JSON, page_key)
        assert code(reply) == (403, "key_kind_not_allowed") and reply.json["error"]["type"] == "authorization_failed", (other, path)
        assert world.request(other, path, "{}", JSON, "pk_live_x").status in (401, 403)


def test_it_opens_no_other_surface(world, ann, page_key):
    assert world.get("/api/v1/hosted-calendars", key=page_key).status == 403
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (ann.email, page_key)).status in (401, 403)
    for key, status in ((page_key, 403), (None, 405)):
        assert world.post("/v1/calendars/x", "{}", JSON, key).status == status


def test_an_origin_list_holds_for_public_calendars(world, ann, secret):
    calendar, listed = make(world, secret, is_public=True), world.key(ann, kind="publishable", allow_origin="https://shop.example")
    assert read(world, calendar, listed, headers={"Origin": "https://shop.example"}).status == 200
    for headers in ({"Origin": "https://other.example"}, {"Origin": "null"}, None):
        assert code(read(world, calendar, listed, headers=headers)) == (403, "origin_not_allowed")


def test_a_copy_of_a_public_calendar_is_not_public(world, ann, secret):
    calendar = make(world, secret, is_public=True)
    path = calendar["caldav_url"].removeprefix(world.public_url or world.url)
    home = path.rsplit("/", 2)[0]
    assert world.dav("COPY", path, None, {"Destination": home + "/copied/"}, ann).status == 201
    assert world.dav("MOVE", path, None, {"Destination": home + "/moved/"}, ann).status == 201
    found = {c["caldav_url"].rsplit("/", 2)[1]: c["is_public"] for c in world.get("/v1/calendars?limit=100", key=secret).json["data"]}
    assert found["copied"] is False and found["moved"] is True

