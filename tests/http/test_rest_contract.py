# SPDX-License-Identifier: Apache-2.0
"""What every route of the API does alike, since its row says so: parameters, bodies, conditions, and what is answered to
whoever may write but not read."""
import json

import pytest

from oauth_flow import App

SIGNED_IN = "ann"
SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
NEW = {"title": "Confidential", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", "description": "words"}


@pytest.fixture(scope="module")
def app(world):
    return App(world, scope="calendars:read calendars:write events:read events:write profile:read")


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
        ("POST", "/v1/api_keys"), *[(m, "/v1/api_keys/key_0000000000000000000001") for m in ("GET", "PATCH", "DELETE")],
        ("POST", "/v1/api_keys/key_0000000000000000000001/rotate"),
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
        tag = None if method == "POST" and "cancel" not in target else event["etag"] if "events" in target else calendar.json["etag"]
        assert got.headers.get("ETag") == tag, (method, target, got)  # what is there now, so that nobody has to ask
        weak = call(world, method, target, body, ann.key, {"If-Match": f'W/{event["etag"]}, W/{calendar.json["etag"]}'})
        assert weak.status == 412, (method, target, weak)
        junk = call(world, method, target, body, ann.key, {"If-Match": '"junk'})
        assert junk.status == 400 and junk.json["error"]["param"] == "If-Match", (method, target, junk)
    assert world.get(f"/v1/events/{event['id']}", key=ann.key).json == event
    assert call(world, "GET", f"/v1/calendars/{work}", None, ann.key).json == calendar.json
    several = {"If-Match": f'"a,b" , ,{event["etag"]},'}  # RFC 9110 §5.6.1.2: empty elements are none
    assert call(world, "PATCH", f"/v1/events/{event['id']}", {"title": "New"}, ann.key, several).status == 200
    assert call(world, "PATCH", f"/v1/calendars/{work}", {"color_hex": "#123456"}, ann.key,
        {"If-Match": f'"x", {calendar.json["etag"]}'}).status == 200


NO_TAG = {"If-Match": '"00000000000000000000000000000000"'}


def plain_and_conditional(world, key, method, target, body=None):
    """The status without conditions, and those with one that is false."""
    plain = call(world, method, target, body, key)
    tags = [NO_TAG, {"If-None-Match": "*"}, {"If-Match": "*", "If-None-Match": "*"}, {**NO_TAG, "Accept": "text/calendar"}]
    return plain.status, {call(world, method, target, body, key, tag).status for tag in tags}


def test_conditions_say_nothing_of_what_is_not_there(world, ann, work):
    """RFC 9110 §13.2.1: they are ignored where the answer without them would be no success."""
    series = call(world, "POST", "/v1/events", {**NEW, "recurrence": {"rule": "FREQ=DAILY;COUNT=3"}}, ann.key).json["id"]
    gone = call(world, "POST", "/v1/calendars", {"name": "Gone"}, ann.key).json["id"]
    assert call(world, "DELETE", f"/v1/calendars/{gone}", None, ann.key).status == 200
    hosted = "/api/v1/hosted-calendars/00000000-0000-7000-8000-000000000000"
    for id_ in (series + "_20990101T000000Z", series + "_x", "evt_0000000000000000000001", "x"):
        for method, target, body in [("GET", "", None), ("HEAD", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None),
                ("DELETE", "?mode=delete", None), ("POST", "/cancel", None)]:
            got = plain_and_conditional(world, ann.key, method, f"/v1/events/{id_}{target}", body)
            assert got == (404, {404}), (method, id_, target, got)
    for target in (f"/v1/calendars/{gone}", "/v1/calendars/x", hosted, "/api/v1/hosted-calendars/x"):
        for method, body in [("GET", None), ("HEAD", None), ("PATCH", {"name": "x"}), ("DELETE", None)]:
            got = plain_and_conditional(world, ann.key, method, target, body)
            assert got == (404, {404}), (method, target, got)


def test_conditions_say_nothing_where_a_change_is_refused(world, ann):  # RFC 9110 §13.2.1
    calendars = call(world, "GET", "/v1/calendars", None, ann.key).json["data"]
    first = next(c["id"] for c in calendars if c["is_default"])
    hosted = call(world, "GET", "/api/v1/hosted-calendars", None, ann.key).json["data"]
    same = next(h["id"] for h, c in zip(hosted, calendars) if c["id"] == first)
    for target in (f"/v1/calendars/{first}", f"/api/v1/hosted-calendars/{same}"):
        assert call(world, "DELETE", target, None, ann.key).status == 409
        assert call(world, "DELETE", target, None, ann.key, NO_TAG).status == 409
    locked = call(world, "POST", "/v1/calendars", {"name": "Locked"}, ann.key).json["id"]
    event = call(world, "POST", "/v1/events", {**NEW, "calendar_id": locked}, ann.key).json["id"]
    assert call(world, "PATCH", f"/v1/calendars/{locked}", {"writable": False}, ann.key).status == 200
    listed = call(world, "GET", "/api/v1/hosted-calendars", None, ann.key).json["data"]
    event, hosted = f"/v1/events/{event}", next(h for h in listed if h["name"] == "Locked")
    for method, target, body in [("PATCH", event, {"title": "x"}), ("DELETE", event, None), ("DELETE", event + "?mode=delete", None),
            ("DELETE", f"/v1/calendars/{locked}", None), ("DELETE", f"/api/v1/hosted-calendars/{hosted['id']}", None)]:
        for headers in ({}, NO_TAG, {"If-None-Match": "*"}):
            got = call(world, method, target, body, ann.key, headers)
            assert got.status == 403, (method, target, headers, got)


def test_who_may_not_read_is_not_told_the_tag_that_is_there(world, ann, event):
    writer = world.key(ann, kind="restricted", scope="events:write")
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        got = call(world, method, f"/v1/events/{event['id']}", body, writer, {"If-Match": '"00000000000000000000000000000000"'})
        assert got.status == 412 and "ETag" not in got.headers, got


def test_a_hosted_calendar_has_no_tag_that_could_match(world, ann):  # RFC 9110 §13.1.1
    made = call(world, "POST", "/api/v1/hosted-calendars", {"name": "One"}, ann.key).json["data"]["id"]
    target = f"/api/v1/hosted-calendars/{made}"
    for method, body in [("PATCH", {"name": "x"}), ("DELETE", None)]:
        assert call(world, method, target, body, ann.key, NO_TAG).status == 412
    assert call(world, "PATCH", target, {"name": "Two"}, ann.key, {"If-Match": "*"}).json["data"]["name"] == "Two"


def test_if_none_match_keeps_a_change_from_what_has_the_tag(world, ann, event, work):  # RFC 9110 §13.1.2
    calendar = call(world, "GET", f"/v1/calendars/{work}", None, ann.key).json["etag"]
    for target, tag in ((f"/v1/events/{event['id']}", event["etag"]), (f"/v1/calendars/{work}", calendar)):
        body = {"title": "x"} if "events" in target else {"color_hex": "#123457"}
        for sent in ("*", tag, f"W/{tag}", f'"x", {tag}'):
            for method, text in (("PATCH", body), ("DELETE", None)):
                got = call(world, method, target, text, ann.key, {"If-None-Match": sent})
                assert got.status == 412, (method, target, sent, got)
        assert call(world, "PATCH", target, body, ann.key, {"If-None-Match": '"x"'}).status == 200


def test_json_and_icalendar_of_an_event_have_tags_of_their_own(world, ann, event):
    """RFC 9110 §8.8.1, §8.8.3: of one resource at one time, a strong tag is of one representation. That of the JSON is the
    object's on CalDAV, too (docs/events.md)."""
    target, ical = f"/v1/events/{event['id']}", {"Accept": "text/calendar"}
    json_, text = call(world, "GET", target, None, ann.key), call(world, "GET", target, None, ann.key, ical)
    assert json_.headers["ETag"] == event["etag"] != text.headers["ETag"] and not text.headers["ETag"].startswith("W/")
    for headers, own, other in (({}, json_, text), (ical, text, json_)):
        for method in ("GET", "HEAD"):
            unchanged = call(world, method, target, None, ann.key, {**headers, "If-None-Match": own.headers["ETag"]})
            assert (unchanged.status, unchanged.headers["ETag"]) == (304, own.headers["ETag"]), unchanged
            assert "Accept" in unchanged.headers.all("Vary") == own.headers.all("Vary")  # §15.4.5
            assert call(world, method, target, None, ann.key, {**headers, "If-None-Match": other.headers["ETag"]}).status == 200
            assert call(world, method, target, None, ann.key, {**headers, "If-Match": other.headers["ETag"]}).status == 412
            assert call(world, method, target, None, ann.key, {**headers, "If-Match": own.headers["ETag"]}).status == 200
    for tag in (text.headers["ETag"], None):  # what was read is what is changed, in whatever clothes
        changed = call(world, "PATCH", target, {"title": f"By {tag}"}, ann.key, {"If-Match": tag or changed.headers["ETag"]})
        assert changed.status == 200, changed
    assert call(world, "PATCH", target, {"title": "x"}, ann.key, {"If-Match": text.headers["ETag"]}).status == 412
    gone = call(world, "GET", target, None, ann.key, ical).headers["ETag"]
    assert call(world, "DELETE", target + "?mode=delete", None, ann.key, {"If-Match": f'"x", {gone}'}).status == 204


def test_a_304_says_what_the_200_says_of_caches(world, ann, event, work):  # RFC 9110 §15.4.5
    for target in (f"/v1/events/{event['id']}", f"/v1/calendars/{work}"):
        whole = call(world, "GET", target, None, ann.key)
        unchanged = call(world, "GET", target, None, ann.key, {"If-None-Match": whole.headers["ETag"]})
        assert unchanged.status == 304
        for name in ("ETag", "Vary", "Cache-Control", "Content-Location", "Expires"):
            assert unchanged.headers.all(name) == whole.headers.all(name), (target, name)
        assert unchanged.headers["Cache-Control"] == "no-store"


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
    hosted = world.get("/api/v1/hosted-calendars", key=ann.key).json["data"][0]["id"]
    for path, unwrap in ((f"/v1/events/{event['id']}", lambda j: j), (f"/v1/calendars/{work}", lambda j: j),
            (f"/api/v1/hosted-calendars/{hosted}", lambda j: j["data"])):
        whole = unwrap(world.get(path, key=ann.key).json)
        got = call(world, "PATCH", path, whole, ann.key)
        assert got.status == 200, got
        mine = unwrap(got.json)
        assert {k: v for k, v in mine.items() if k not in ("etag", "updated_at", "updatedAt", "sync_token")} == {
            k: v for k, v in whole.items() if k not in ("etag", "updated_at", "updatedAt", "sync_token")}
        other = call(world, "PATCH", path, {**whole, "id": "x"}, ann.key)
        assert other.status == 400, other


def test_a_token_that_only_changes_calendars_reads_nothing_of_them(world, ann, app, browser, work):
    token = writer(app, browser, "calendars:write")
    for change in ({}, {"selected": True}, {"color_hex": "#00ff00"}, {"writable": True}):
        got = call(world, "PATCH", f"/v1/calendars/{work}", change, token)
        assert got.status == 200 and set(got.json) == {"id", "object", "livemode", "etag"}, got
        assert "Work" not in got.words and "dav" not in got.words
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
