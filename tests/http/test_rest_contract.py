# SPDX-License-Identifier: Apache-2.0
"""What every route of the API does alike, since its row says so: parameters, bodies, conditions, and what is answered to
whoever may write but not read."""
import json

import pytest

from oauth_flow import App, Browser

SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
NEW = {"title": "Confidential", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", "description": "words"}


@pytest.fixture(scope="module")
def ann(world):
    return world.account("ann@example.org")


@pytest.fixture(scope="module")
def app(world):
    return App(world, scope="calendars:read calendars:write events:read events:write profile:read")


@pytest.fixture(scope="module")
def browser(world, ann):
    b = Browser(world)
    b.sign_in(ann)
    return b


def call(world, method, target, body=None, key=None, headers=None):
    octets = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
    return world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, key)


@pytest.fixture
def event(world, ann):
    made = call(world, "POST", "/v1/events", NEW, ann.key)
    assert made.status == 201, made
    return made.json


@pytest.fixture(scope="module")
def work(world, ann):
    return call(world, "POST", "/v1/calendars", {"name": "Work"}, ann.key).json["id"]


def limited(app, browser, scope, *calendars):
    code = app.consent(browser, {"calendars": "some", "calendar": list(calendars)}, scope=scope, prompt="consent")
    return app.redeem(code).json["access_token"]


def writer(app, browser, scope="events:write"):
    code = app.consent(browser, {"calendars": "all"}, scope=scope, prompt="consent")
    return app.redeem(code).json["access_token"]


# ---- one rule for parameters ----

def routes(event, calendar, hosted):
    return [("GET", "/v1/profile"), ("GET", "/v1/calendars"), ("POST", "/v1/calendars"), ("GET", f"/v1/calendars/{calendar}"),
        ("PATCH", f"/v1/calendars/{calendar}"), ("DELETE", f"/v1/calendars/{calendar}"), ("GET", "/v1/events"),
        ("POST", "/v1/events"), ("GET", f"/v1/events/{event}"), ("PATCH", f"/v1/events/{event}"), ("DELETE", f"/v1/events/{event}"),
        ("POST", f"/v1/events/{event}/cancel"), ("GET", "/v1/api_keys"),
        ("GET", "/v1/freebusy?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"),
        ("GET", "/api/v1/hosted-calendars"), ("POST", "/api/v1/hosted-calendars"), ("GET", f"/api/v1/hosted-calendars/{hosted}"),
        ("PATCH", f"/api/v1/hosted-calendars/{hosted}"), ("DELETE", f"/api/v1/hosted-calendars/{hosted}")]


def test_an_unknown_or_repeated_parameter_is_400_on_every_route(world, ann, event, work):
    key = world.key(ann.email, kind="secret")
    hosted = world.get("/api/v1/hosted-calendars", key=key).json["data"][1]["id"]
    before = world.sql("SELECT count(*), sum(modseq) FROM calendar_state")
    for method, target in routes(event["id"], work, hosted):
        body = {"name": "X"} if "calendars" in target else NEW
        for way in [method, "HEAD"] if method == "GET" else [method]:
            for query in ("foo=1", "Limit=1", "calendar=x", "event=x"):
                got = call(world, way, target + ("&" if "?" in target else "?") + query,
                    body if method in ("POST", "PATCH") and "cancel" not in target else None, key)
                assert got.status == 400, (way, target, query, got)
                if way == "HEAD":
                    continue
                if target.startswith("/v1/"):
                    error = got.json["error"]
                    assert (error["code"], error["param"]) == ("unknown_field", query.partition("=")[0]), error
                else:
                    assert got.json["details"]["field"] == query.partition("=")[0]
    assert world.sql("SELECT count(*), sum(modseq) FROM calendar_state") == before, "nothing was made or changed"
    assert world.get(f"/v1/events/{event['id']}", key=ann.key).json == event
    twice = world.get("/v1/events?limit=1&limit=1", key=ann.key)
    assert twice.status == 400 and twice.json["error"]["param"] == "limit"


def test_what_is_known_is_told(world, ann):
    told = world.get("/v1/events?calender_id=x", key=ann.key).json["error"]["message"]
    assert "calendar_id" in told and "starting_after" in told
    assert "no parameters" in world.get("/v1/profile?x=1", key=ann.key).json["error"]["message"]


def test_a_body_is_json_whatever_the_route(world, ann, event):
    for target in ("/v1/events", "/v1/calendars", f"/v1/events/{event['id']}/cancel", "/api/v1/hosted-calendars"):
        for body, status in ((b"{", 400), (b"[]", 400), (b'{"zz":1}', 400), (b'{"a":1,"a":1}', 400)):
            got = call(world, "POST", target, body, ann.key)
            assert got.status == status, (target, body, got)
        got = world.post(target, b"name=x", {"Content-Type": "application/x-www-form-urlencoded"}, ann.key)
        assert got.status == 415, (target, got)
    assert call(world, "POST", f"/v1/events/{event['id']}/cancel", b"{}", ann.key).status == 200
    assert call(world, "POST", f"/v1/events/{event['id']}/cancel", None, ann.key).status == 200


# ---- conditions ----

def test_if_match_holds_wherever_it_is_sent(world, ann, event, work):  # RFC 9110 §13.1.1
    stale, calendar = {"If-Match": '"00000000000000000000000000000000"'}, call(world, "GET", f"/v1/calendars/{work}", None, ann.key)
    for method, target, body in [("GET", f"/v1/events/{event['id']}", None), ("PATCH", f"/v1/events/{event['id']}", {"title": "x"}),
            ("DELETE", f"/v1/events/{event['id']}", None), ("DELETE", f"/v1/events/{event['id']}?mode=delete", None),
            ("POST", f"/v1/events/{event['id']}/cancel", None), ("POST", "/v1/events", NEW), ("POST", "/v1/calendars", {"name": "x"}),
            ("GET", f"/v1/calendars/{work}", None), ("PATCH", f"/v1/calendars/{work}", {"name": "x"}),
            ("DELETE", f"/v1/calendars/{work}", None)]:
        got = call(world, method, target, body, ann.key, stale)
        assert got.status == 412 and got.json["error"]["code"] == "etag_mismatch", (method, target, got)
        weak = call(world, method, target, body, ann.key, {"If-Match": f'W/{event["etag"]}, W/{calendar.json["etag"]}'})
        assert weak.status == 412, (method, target, weak)
        junk = call(world, method, target, body, ann.key, {"If-Match": "junk"})
        assert junk.status == 400 and junk.json["error"]["param"] == "If-Match", (method, target, junk)
    assert world.get(f"/v1/events/{event['id']}", key=ann.key).json == event
    assert call(world, "GET", f"/v1/calendars/{work}", None, ann.key).json == calendar.json
    several = {"If-Match": f'"a,b" , ,{event["etag"]},'}  # RFC 9110 §5.6.1.2: empty elements are none
    assert call(world, "PATCH", f"/v1/events/{event['id']}", {"title": "New"}, ann.key, several).status == 200
    assert call(world, "PATCH", f"/v1/calendars/{work}", {"color_hex": "#123456"}, ann.key,
        {"If-Match": f'"x", {calendar.json["etag"]}'}).status == 200


def test_the_tag_of_a_calendar_spares_its_body(world, ann, work):  # RFC 9110 §13.1.2
    whole = call(world, "GET", f"/v1/calendars/{work}", None, ann.key)
    for sent in (whole.json["etag"], "*", f'"x", W/{whole.json["etag"]}'):
        got = call(world, "GET", f"/v1/calendars/{work}", None, ann.key, {"If-None-Match": sent})
        assert (got.status, got.body, got.headers["ETag"]) == (304, b"", whole.json["etag"]), got


# ---- what was made ----

def test_location_of_what_was_made_is_absolute(world, ann):  # RFC 9110 §10.2.2 allows both; faults §6
    event = call(world, "POST", "/v1/events", NEW, ann.key)
    calendar = call(world, "POST", "/v1/calendars", {"name": "Fresh"}, ann.key)
    hosted = call(world, "POST", "/api/v1/hosted-calendars", {"name": "Fresh"}, ann.key)
    for made, path, id_ in ((event, "/v1/events/", event.json["id"]), (calendar, "/v1/calendars/", calendar.json["id"]),
            (hosted, "/api/v1/hosted-calendars/", hosted.json["data"]["id"])):
        assert made.status == 201 and made.headers["Location"] == world.url + path + id_, made
        assert world.get(path + id_, key=ann.key).status == 200


# ---- an answer shows what the scopes may read ----

OPEN = {"id", "object", "calendar_id", "livemode", "etag"}


def test_a_token_that_only_writes_reads_nothing_of_events(world, ann, app, browser, event):
    token = writer(app, browser)
    path = f"/v1/events/{event['id']}"
    answers = [call(world, "PATCH", path, {}, token), call(world, "PATCH", path, {"location": "Here"}, token),
        call(world, "POST", path + "/cancel", None, token), call(world, "DELETE", path, None, token),
        call(world, "POST", "/v1/events", {**NEW, "title": "Mine"}, token)]
    for got in answers:
        assert got.status in (200, 201) and set(got.json) == OPEN, got
        assert "Confidential" not in got.text and "words" not in got.text and "2026-11-24" not in got.text
        assert got.json["etag"] == got.headers["ETag"]
    whole = world.get(path, key=ann.key).json
    assert whole["location"] == "Here" and whole["title"] == "Confidential" and whole["is_cancelled"]
    both = call(world, "PATCH", path, {"location": "There"}, writer(app, browser, "events:read events:write"))
    assert both.json["title"] == "Confidential" and set(both.json) == set(whole)


def test_an_end_alone_tells_nothing_of_the_start(world, ann, app, browser, event):  # by probing
    token, path = writer(app, browser), f"/v1/events/{event['id']}"
    for end in ("2026-11-24T08:00:00Z", "2026-11-24T09:30:00Z"):  # before and after the start
        got = call(world, "PATCH", path, {"end_time": end}, token)
        assert got.status == 400 and got.json["error"]["param"] == "start_time", got
    assert world.get(path, key=ann.key).json == event
    got = call(world, "PATCH", path, {"start_time": "2026-11-25T09:00:00Z", "end_time": "2026-11-25T09:30:00Z"}, token)
    assert got.status == 200 and set(got.json) == OPEN


def test_a_right_guess_is_refused_like_a_wrong_one(world, ann, app, browser, event):  # by probing
    token, path = writer(app, browser), f"/v1/events/{event['id']}"
    for field, wrong in (("sequence", 7), ("is_cancelled", True), ("created_at", "2020-01-01T00:00:00Z"), ("organizer", "x@y.example"),
            ("client_uid", "x")):
        for value in (event[field], wrong):
            got = call(world, "PATCH", path, {field: value}, token)
            assert got.status == 400 and got.json["error"]["param"] == field, (field, value, got)


def test_a_resource_is_sent_back_as_it_was_read(world, ann, event, work):
    hosted = world.get("/api/v1/hosted-calendars", key=ann.key).json["data"][0]
    for path, whole, unwrap in ((f"/v1/events/{event['id']}", event, lambda j: j),
            (f"/v1/calendars/{work}", world.get(f"/v1/calendars/{work}", key=ann.key).json, lambda j: j),
            (f"/api/v1/hosted-calendars/{hosted['id']}", hosted, lambda j: j["data"])):
        got = call(world, "PATCH", path, whole, ann.key)
        assert got.status == 200, got
        mine = unwrap(got.json)
        assert {k: v for k, v in mine.items() if k not in ("etag", "updated_at", "sync_token")} == {
            k: v for k, v in whole.items() if k not in ("etag", "updated_at", "sync_token")}
        other = call(world, "PATCH", path, {**whole, "id": "x"}, ann.key)
        assert other.status == 400, other


def test_a_token_that_only_changes_calendars_reads_nothing_of_them(world, ann, app, browser, work):
    token = writer(app, browser, "calendars:write")
    for change in ({}, {"selected": True}, {"color_hex": "#00ff00"}, {"writable": True}):
        got = call(world, "PATCH", f"/v1/calendars/{work}", change, token)
        assert got.status == 200 and set(got.json) == {"id", "object", "livemode", "etag"}, got
        assert "Work" not in got.text and "dav" not in got.text
    both = call(world, "PATCH", f"/v1/calendars/{work}", {}, writer(app, browser, "calendars:read calendars:write"))
    assert both.json["name"] == "Work"


def test_a_taken_uid_is_told_without_the_other_event(world, ann, app, browser, event):  # in errors
    got = call(world, "POST", "/v1/events", {**NEW, "client_uid": event["client_uid"]}, writer(app, browser))
    assert got.status == 409 and got.json["error"]["param"] == "client_uid"
    assert event["id"] not in got.text and "Confidential" not in got.text and ".ics" not in got.text


# ---- the default lies outside the grant ----

def test_without_a_calendar_an_event_goes_to_the_one_that_is_granted(world, ann, app, browser, work):
    default = next(c["id"] for c in world.get("/v1/calendars", key=ann.key).json["data"] if c["is_default"])
    scope = "calendars:read events:read events:write"
    one = call(world, "POST", "/v1/events", NEW, limited(app, browser, scope, work))
    assert one.status == 201 and one.json["calendar_id"] == work, one
    both = call(world, "POST", "/v1/events", NEW, limited(app, browser, scope, work, default))
    assert both.status == 201 and both.json["calendar_id"] == default, both
    other = call(world, "POST", "/v1/calendars", {"name": "Other"}, ann.key).json["id"]
    token = limited(app, browser, scope, work, other)
    several = call(world, "POST", "/v1/events", NEW, token)
    error = several.json["error"]
    assert several.status == 400 and (error["code"], error["param"]) == ("missing_required_field", "calendar_id"), several
    assert work in error["message"] and other in error["message"] and default not in error["message"]
    assert call(world, "POST", "/v1/events", {**NEW, "calendar_id": other}, token).status == 201
    outside = call(world, "POST", "/v1/events", {**NEW, "calendar_id": default}, token)
    assert outside.status == 404 and outside.json["error"]["param"] == "calendar_id"
    assert call(world, "DELETE", f"/v1/calendars/{other}", None, ann.key).status == 200
    left = call(world, "POST", "/v1/events", NEW, token)
    assert left.status == 201 and left.json["calendar_id"] == work, "one of the two is left"


def test_a_grant_whose_calendars_are_gone_says_so(world, ann, app, browser):
    gone = call(world, "POST", "/v1/calendars", {"name": "Gone"}, ann.key).json["id"]
    token = limited(app, browser, "events:write", gone)
    assert call(world, "DELETE", f"/v1/calendars/{gone}", None, ann.key).status == 200
    got = call(world, "POST", "/v1/events", NEW, token)
    assert got.status == 404 and "limited" in got.json["error"]["message"], got


# ---- for whom ----

def test_a_connected_account_is_never_ignored(world, ann):
    """/api/v1 once took the header for none and acted on the platform's own calendars."""
    secret = world.key(ann.email, kind="secret")
    for method, target in [("GET", "/api/v1/hosted-calendars"), ("POST", "/api/v1/hosted-calendars"), ("GET", "/v1/api_keys"),
            ("POST", "/v1/calendars"), ("GET", "/v1/profile")]:
        got = call(world, method, target, {"name": "x"} if method == "POST" else None, secret,
            {"Connected-Account": "cpa_0000000000000000000001"})
        assert got.status == 403, (target, got)
