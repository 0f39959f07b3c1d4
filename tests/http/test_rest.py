# SPDX-License-Identifier: Apache-2.0
"""REST: calendars and events, their errors, and that one account never sees another's."""
import concurrent.futures
import json

import pytest

SERVE = ["--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ann(world):
    return world.account("ann@example.org")


@pytest.fixture(scope="module")
def api(world, ann):
    return Api(world, ann.key)


@pytest.fixture(scope="module")
def other(world):
    return Api(world, world.account("bob@example.org").key)


class Api:
    def __init__(self, world, key):
        self.world, self.key = world, key

    def __call__(self, method, target, body=None, headers=None):
        octets = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, self.key)

    def event(self, **fields):
        made = self("POST", "/v1/events", {"title": "Standup", "start_time": "2026-11-24T09:00:00+01:00",
            "end_time": "2026-11-24T09:30:00+01:00", "timezone": "Europe/Berlin", **fields})
        assert made.status == 201, made
        return made.json

    def calendar(self, name="Work"):
        made = self("POST", "/v1/calendars", {"name": name})
        assert made.status == 201, made
        return made.json


def assert_error(reply, status, code, param=None, type_="invalid_request_error"):
    assert reply.status == status, reply
    error = reply.json["error"]
    assert error["type"] == type_ and error["code"] == code, error
    assert error["message"] and error["request_id"] == reply.request_id and error["doc_url"]
    if param:
        assert error["param"] == param, error
    return error


def titles(reply):
    assert reply.status == 200, reply
    return [e["title"] for e in reply.json["data"]]


# ---- profile ----

def test_the_profile_tells_who_the_key_is(world, ann, api):
    profile = api("GET", "/v1/profile").json
    assert profile["id"] == ann.id and profile["email"] == ann.email and profile["object"] == "profile"
    assert profile["livemode"] is True and profile["connected_account_id"] is None


def test_test_mode_is_another_world_of_the_same_account(world, ann):
    live = Api(world, world.key(ann, kind="secret"))
    test = Api(world, world.key(ann, kind="secret", mode="test"))
    assert test("GET", "/v1/profile").json["livemode"] is False
    assert test("GET", "/v1/profile").json["id"] == ann.id
    event = live.event(title="live only")
    assert_error(test("GET", f"/v1/events/{event['id']}"), 404, "resource_missing")
    in_test = test.event(title="test only")
    assert in_test["livemode"] is False
    assert "test only" not in titles(live("GET", "/v1/events?limit=100"))
    assert "live only" not in titles(test("GET", "/v1/events?limit=100"))
    calendars = [{c["id"] for c in a("GET", "/v1/calendars").json["data"]} for a in (live, test)]
    assert not calendars[0] & calendars[1]
    assert "/test-usr_" in test("GET", "/v1/calendars").json["data"][0]["caldav_url"]


def test_test_mode_begins_with_something_to_show(world, ann):
    test = Api(world, world.key(ann, kind="secret", mode="test"))
    assert "Weekly planning" in titles(test("GET", "/v1/events?limit=100"))
    assert "Weekly planning" not in titles(Api(world, ann.key)("GET", "/v1/events?limit=100"))


# ---- calendars ----

def test_a_new_account_has_one_default_calendar(api):
    calendars = api("GET", "/v1/calendars").json
    assert calendars["object"] == "list" and calendars["has_more"] is False and calendars["next_cursor"] is None
    default = [c for c in calendars["data"] if c["is_default"]]
    assert len(default) == 1 and default[0]["name"] == "Calendar" and default[0]["selected"] and default[0]["writable"]


def test_calendars_are_made_changed_and_deleted_by_keys(api):
    made = api("POST", "/v1/calendars", {"name": "Büro", "color_hex": "#12abEF", "timezone": "Europe/Berlin"})
    assert made.status == 201 and made.headers["Location"] == f"{api.world.url}/v1/calendars/{made.json['id']}"
    path = made.headers["Location"].removeprefix(api.world.url)
    assert made.json["color_hex"] == "#12abEF" and made.json["timezone"] == "Europe/Berlin"
    changed = api("PATCH", path, {"name": "Office", "selected": False, "color_hex": None})
    assert (changed.json["name"], changed.json["selected"], changed.json["color_hex"]) == ("Office", False, None)
    assert api("GET", path).json == changed.json
    gone = api("DELETE", path)
    assert gone.status == 200 and gone.json == {"id": made.json["id"], "object": "calendar", "deleted": True}
    assert_error(api("GET", path), 404, "resource_missing")


def test_the_default_calendar_stays(api):
    default = next(c for c in api("GET", "/v1/calendars").json["data"] if c["is_default"])
    assert_error(api("DELETE", f"/v1/calendars/{default['id']}"), 409, "conflict")


def test_a_stale_etag_changes_no_calendar(api):
    calendar = api.calendar()
    path = f"/v1/calendars/{calendar['id']}"
    assert api("PATCH", path, {"selected": False}, {"If-Match": calendar["etag"]}).status == 200
    assert_error(api("PATCH", path, {"selected": True}, {"If-Match": calendar["etag"]}), 412, "etag_mismatch")
    assert api("GET", path).json["selected"] is False


def test_of_two_changes_at_once_with_one_etag_one_is_made(api, world):
    path = f"/v1/calendars/{api.calendar()['id']}"
    connections = [world.client_connection() for _ in range(4)]
    for _ in range(10):
        headers = {**JSON, "Authorization": f"Bearer {api.key}", "If-Match": api("GET", path).json["etag"]}
        with concurrent.futures.ThreadPoolExecutor(len(connections)) as pool:
            answers = list(pool.map(lambda c: c.request("PATCH", path, b'{"selected": true}', headers), connections))
        assert sorted(a.status for a in answers) == [200, 412, 412, 412]


def test_a_change_of_a_calendar_is_recorded_with_its_actor(api, world, ann):
    path = f"/v1/calendars/{api.calendar()['id']}"
    assert api("PATCH", path, {"selected": False}).status == 200
    assert api("DELETE", path).status == 200
    actors = world.sql("SELECT actor_id FROM outbox ORDER BY id DESC LIMIT 3")  # made, changed, deleted
    assert len(actors) == 3 and actors[0][0] and all(a == actors[0] for a in actors)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_parameter_that_a_calendar_does_not_have_is_refused(api, method):
    path = f"/v1/calendars/{api.calendar()['id']}"
    body = {"selected": True} if method == "PATCH" else None
    assert_error(api(method, f"{path}?selected=1", body), 400, "unknown_field", "selected")
    assert api("GET", path).status == 200


@pytest.mark.parametrize("body,code,param", [
    ({"name": ""}, "invalid_value", "name"),
    ({"name": 5}, "invalid_value", "name"),
    ({"color_hex": "#12345g"}, "invalid_value", "color_hex"),
    ({"color_hex": "red"}, "invalid_value", "color_hex"),
    ({"timezone": "../../etc/passwd"}, "invalid_value", "timezone"),
    ({"timezone": "Mars/Olympus"}, "invalid_value", "timezone"),
    ({"owner": "usr_x"}, "unknown_field", "owner"),
    ({"id": "cal_x"}, "invalid_value", "id"),
    ({"livemode": False}, "invalid_value", "livemode"),
    ({"selected": "yes"}, "invalid_value", "selected"),
])
def test_wrong_calendar_fields_are_named(api, body, code, param):
    calendar = api("GET", "/v1/calendars").json["data"][0]
    reply = api("PATCH", f"/v1/calendars/{calendar['id']}", body)
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply
    assert reply.json["error"]["code"] in (code, "unknown_field")


def test_a_calendar_that_is_not_writable_takes_no_event(api):
    calendar = api.calendar("Closed")
    event = api.event(calendar_id=calendar["id"])
    api("PATCH", f"/v1/calendars/{calendar['id']}", {"writable": False})
    body = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", "calendar_id": calendar["id"]}
    assert_error(api("POST", "/v1/events", body), 403, "forbidden", "calendar_id", "authorization_failed")
    assert api("PATCH", f"/v1/events/{event['id']}", {"title": "y"}).status == 403
    assert api("DELETE", f"/v1/events/{event['id']}?mode=delete").status == 403
    assert api("GET", f"/v1/events/{event['id']}").json["title"] == "Standup"


# ---- events: one ----

def test_an_event_comes_back_as_it_was_made(api):
    made = api.event(description="All, of it; \\ \"quoted\"\nsecond line", location="Room 5",
        attendees=[{"email": "carol@example.org", "name": "Carol", "status": "accepted"}], reminders=[{"minutes_before": 10}])
    assert made["start_time"] == "2026-11-24T08:00:00Z" and made["end_time"] == "2026-11-24T08:30:00Z"
    assert made["timezone"] == "Europe/Berlin" and made["all_day"] is False and made["is_cancelled"] is False
    assert made["description"] == "All, of it; \\ \"quoted\"\nsecond line" and made["location"] == "Room 5"
    assert made["attendees"] == [{"email": "carol@example.org", "name": "Carol", "status": "accepted"}]
    assert made["organizer"] == "ann@example.org" and made["reminders"] == [{"minutes_before": 10}]
    got = api("GET", f"/v1/events/{made['id']}")
    assert got.json == made and got.headers["ETag"] == made["etag"]


def test_the_etag_spares_the_body(api):
    event = api.event()
    reply = api("GET", f"/v1/events/{event['id']}", None, {"If-None-Match": event["etag"]})
    assert reply.status == 304 and reply.body == b""
    assert api("GET", f"/v1/events/{event['id']}", None, {"If-None-Match": '"other"'}).status == 200


def test_an_event_is_an_object_on_caldav_and_back(world, ann, api):
    event = api.event(title="Both ways", client_uid="both-ways@example.org")
    ics = api("GET", f"/v1/events/{event['id']}", None, {"Accept": "text/calendar"})
    assert ics.headers["Content-Type"].startswith("text/calendar") and "SUMMARY:Both ways" in ics.text
    home = f"/dav/calendars/{ann.id}/default/"
    body = """<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>
        <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="UID">
        <C:text-match collation="i;octet">both-ways@example.org</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"""
    found = world.dav("REPORT", home, body, {"Depth": "1", "Content-Type": "application/xml"}, ann)
    assert found.status == 207 and found.xml.find(".//{DAV:}getetag").text == event["etag"], "the same ETag on both"
    ics = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "BEGIN:VEVENT", "UID:dav-first@example.org",
        "DTSTAMP:20261101T000000Z", "DTSTART:20270105T100000Z", "DTEND:20270105T110000Z", "SUMMARY:From DAV",
        "X-OWN;X-P=1:kept", "END:VEVENT", "END:VCALENDAR", ""])
    assert world.dav("PUT", home + "dav-first.ics", ics, {"Content-Type": "text/calendar"}, ann).status == 201
    listed = api("GET", "/v1/events?from=2027-01-05T00:00:00Z&to=2027-01-06T00:00:00Z").json["data"]
    assert [e["title"] for e in listed] == ["From DAV"]
    changed = api("PATCH", f"/v1/events/{listed[0]['id']}", {"title": "Renamed"})
    assert changed.status == 200
    got = world.dav("GET", home + "dav-first.ics", None, None, ann)
    assert "SUMMARY:Renamed" in got.text and "X-OWN;X-P=1:kept" in got.text, "what REST does not know stays"


def test_a_change_touches_what_was_named(api):
    event = api.event(location="Room 5")
    path = f"/v1/events/{event['id']}"
    changed = api("PATCH", path, {"title": "Moved", "start_time": "2026-11-24T12:00:00Z"}).json
    assert changed["title"] == "Moved" and changed["location"] == "Room 5"
    assert changed["start_time"] == "2026-11-24T12:00:00Z" and changed["end_time"] == "2026-11-24T12:30:00Z", "as long as before"
    assert changed["etag"] != event["etag"] and changed["id"] == event["id"]
    assert api("PATCH", path, {"location": None}).json["location"] is None
    assert api("PATCH", path, {}).json["title"] == "Moved"


def test_a_stale_etag_changes_no_event(api):
    event = api.event()
    path = f"/v1/events/{event['id']}"
    assert api("PATCH", path, {"title": "first"}, {"If-Match": event["etag"]}).status == 200
    assert_error(api("PATCH", path, {"title": "second"}, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert_error(api("DELETE", path, None, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert_error(api("DELETE", path + "?mode=delete", None, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert api("GET", path).json["title"] == "first"
    assert api("PATCH", path, {"title": "third"}, {"If-Match": "*"}).status == 200


def test_cancel_is_the_default_and_twice_the_same(api):
    event = api.event()
    path = f"/v1/events/{event['id']}"
    gone = api("DELETE", path)
    assert gone.status == 200 and gone.json["is_cancelled"] is True and gone.json["status"] == "cancelled"
    again = api("POST", path + "/cancel")
    assert again.status == 200 and again.json == gone.json
    assert api("GET", path).json["is_cancelled"] is True
    assert_error(api("POST", path + "/cancel", {"reason": "x"}), 400, "unknown_field", "reason")


def test_delete_is_gone_and_twice_404(api):
    event = api.event()
    path = f"/v1/events/{event['id']}?mode=delete"
    assert api("DELETE", path).status == 204
    assert_error(api("DELETE", path), 404, "resource_missing")
    assert_error(api("DELETE", f"/v1/events/{event['id']}?mode=forget"), 400, "invalid_value", "mode")


def test_all_day_events_have_dates(api):
    made = api("POST", "/v1/events", {"title": "Holiday", "all_day": True, "start_time": "2026-12-24", "end_time": "2026-12-27"}).json
    assert (made["start_time"], made["end_time"], made["timezone"]) == ("2026-12-24", "2026-12-27", None)
    one = api("POST", "/v1/events", {"title": "One day", "all_day": True, "start_time": "2026-12-30"}).json
    assert (one["start_time"], one["end_time"]) == ("2026-12-30", "2026-12-31")


VALID = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}


@pytest.mark.parametrize("change,code,param", [
    ({"title": None}, "missing_required_field", "title"),
    ({"title": "x" * 1001}, "invalid_value", "title"),
    ({"start_time": None}, None, "start_time"),
    ({"start_time": "2026-11-24T09:00:00"}, "invalid_value", "start_time"),
    ({"start_time": "2026-02-30T09:00:00Z"}, "invalid_value", "start_time"),
    ({"start_time": "tomorrow"}, "invalid_value", "start_time"),
    ({"end_time": "2026-11-24T08:00:00Z"}, "invalid_value", "end_time"),
    ({"timezone": "../../etc/passwd"}, "invalid_value", "timezone"),
    ({"recurrence": {"rule": "FREQ=SOMETIMES"}}, "invalid_value", "recurrence.rule"),
    ({"recurrence": {"rule": "FREQ=DAILY\r\nX-EVIL:1"}}, "invalid_value", "recurrence.rule"),
    ({"recurrence": {"rules": "FREQ=DAILY"}}, "unknown_field", "recurrence.rules"),
    ({"attendees": [{"name": "nobody"}]}, "missing_required_field", "attendees[0].email"),
    ({"attendees": [{"email": "a@b.example\r\nX:1"}]}, "invalid_value", None),
    ({"attendees": [{"email": "a@b.example", "status": "maybe"}]}, "invalid_value", "attendees[0].status"),
    ({"status": "perhaps"}, "invalid_value", "status"),
    ({"reminders": [{"minutes_before": -1}]}, "invalid_value", "reminders[0].minutes_before"),
    ({"reminders": [{"minutes_before": 1.5}]}, "invalid_value", "reminders[0].minutes_before"),
    ({"calendar_id": "cal_0"}, "invalid_value", "calendar_id"),
    ({"tilte": "x"}, "unknown_field", "tilte"),
    ({"id": "evt_x"}, None, "id"),
    ({"livemode": True}, None, "livemode"),
])
def test_wrong_event_fields_are_named_and_nothing_is_made(api, change, code, param):
    before = len(api("GET", "/v1/events?limit=100").json["data"])
    body = {k: v for k, v in {**VALID, **change}.items() if not (k == "title" and v is None)}
    reply = api("POST", "/v1/events", body)
    assert reply.status == 400, reply
    if code:
        assert reply.json["error"]["code"] == code, reply
    if param:
        assert reply.json["error"]["param"] == param, reply
    assert len(api("GET", "/v1/events?limit=100").json["data"]) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"title":"\xff"}', b'{"title":"a\\u0000b"}', b"[" * 100000,
    b'{"title":"a","title":"b"}', b'{"title":"\\ud800"}', b'{"title":1e999}'])
def test_what_is_no_json_object_is_400(api, body):
    assert api("POST", "/v1/events", body).status == 400


def test_bodies_have_a_ceiling_and_a_type(api):
    assert_error(api("POST", "/v1/events", json.dumps({**VALID, "description": "x" * 300000})), 413, "request_too_large")
    assert_error(api("POST", "/v1/events", json.dumps(VALID), {"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    reply = api("PUT", "/v1/events", VALID)
    assert reply.status == 405 and "POST" in reply.headers["Allow"]


def test_a_uid_is_taken_once(api):
    api.event(client_uid="once@example.org")
    reply = api("POST", "/v1/events", {**VALID, "client_uid": "once@example.org"})
    assert_error(reply, 409, "conflict", "client_uid")


# ---- recurring events ----

@pytest.fixture()
def daily(api):
    calendar = api.calendar("Daily")
    event = api.event(title="Daily", calendar_id=calendar["id"], recurrence={"rule": "FREQ=DAILY;COUNT=10"})
    return calendar["id"], event


def week(api, calendar, *more):
    return api("GET", "&".join([f"/v1/events?calendar_id={calendar}&from=2026-11-24T00:00:00Z&to=2026-12-01T00:00:00Z", *more]))


def test_a_range_shows_each_instance(api, daily):
    calendar, event = daily
    items = week(api, calendar).json["data"]
    assert [i["start_time"] for i in items] == [f"2026-11-{d}T08:00:00Z" for d in range(24, 31)]
    assert items[1]["id"] == event["id"] + "_20261125T080000Z" and items[1]["recurring_event_id"] == event["id"]
    assert items[1]["original_start_time"] == "2026-11-25T08:00:00Z" and items[1]["recurrence"] is None
    assert [i["id"] for i in week(api, calendar, "expand=none").json["data"]] == [event["id"]]
    one = api("GET", f"/v1/events/{items[1]['id']}")
    assert one.status == 200 and one.json["start_time"] == "2026-11-25T08:00:00Z"


def test_one_instance_is_moved_cancelled_and_removed_alone(api, daily):
    calendar, event = daily
    path = f"/v1/events/{event['id']}_202611{{}}T080000Z"
    moved = api("PATCH", path.format(25), {"start_time": "2026-11-25T15:00:00Z", "title": "Later"})
    assert moved.status == 200 and moved.json["end_time"] == "2026-11-25T15:30:00Z"
    assert api("GET", path.format(25)).json["title"] == "Later", "still to be found by its original start"
    assert api("DELETE", path.format(26)).json["is_cancelled"] is True
    assert api("DELETE", path.format(27) + "?mode=delete").status == 204
    assert_error(api("GET", path.format(27)), 404, "resource_missing")
    items = week(api, calendar).json["data"]
    assert [(i["start_time"][8:13], i["title"], i["is_cancelled"]) for i in items] == [("24T08", "Daily", False),
        ("25T15", "Later", False), ("26T08", "Daily", True), ("28T08", "Daily", False), ("29T08", "Daily", False),
        ("30T08", "Daily", False)]
    assert_error(api("PATCH", path.format(28), {"recurrence": {"rule": "FREQ=DAILY"}}), 400, "invalid_value", "recurrence")


@pytest.mark.parametrize("suffix", ["20261223T080000Z", "20261124T080001Z", "20261124", "junk", "x" * 200])
def test_an_instance_that_is_none_is_404(api, daily, suffix):
    _, event = daily
    assert api("GET", f"/v1/events/{event['id']}_{suffix}").status == 404
    assert api("PATCH", f"/v1/events/{event['id']}_{suffix}", {"title": "x"}).status == 404


def test_pages_in_order_of_start_meet_without_gap_or_repetition(api, daily):
    calendar, _ = daily
    for hour in (8, 8, 12):
        api.event(title=f"single {hour}", calendar_id=calendar, start_time=f"2026-11-26T{hour:02}:00:00Z", end_time=f"2026-11-26T{hour:02}:10:00Z")
    whole = [i["id"] for i in week(api, calendar, "limit=100").json["data"]]
    assert len(whole) == len(set(whole)) == 10
    seen, cursor = [], None
    while True:
        page = week(api, calendar, "limit=3", *([f"starting_after={cursor}"] if cursor else [])).json
        seen += [i["id"] for i in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert seen == whole


def test_an_endless_rule_is_bounded_work(api):
    calendar = api.calendar("Endless")
    api.event(calendar_id=calendar["id"], recurrence={"rule": "FREQ=WEEKLY"})
    far = api("GET", f"/v1/events?calendar_id={calendar['id']}&from=2126-11-01T00:00:00Z&to=2126-12-01T00:00:00Z")
    assert far.status == 200 and 4 <= len(far.json["data"]) <= 5
    century = api("GET", f"/v1/events?calendar_id={calendar['id']}&from=2026-01-01T00:00:00Z&to=2126-01-01T00:00:00Z")
    assert century.status == 200 and len(century.json["data"]) == 25 and century.json["has_more"] is True


# ---- lists ----

def test_without_a_range_the_newest_come_first_page_by_page(api):
    calendar = api.calendar("Newest")["id"]
    made = [api.event(title=str(i), calendar_id=calendar)["id"] for i in range(5)]
    first = api("GET", f"/v1/events?calendar_id={calendar}&limit=3").json
    assert [e["id"] for e in first["data"]] == made[:1:-1] and first["has_more"] is True
    newer = api.event(title="between the pages", calendar_id=calendar)["id"]
    second = api("GET", f"/v1/events?calendar_id={calendar}&limit=3&starting_after={first['next_cursor']}").json
    assert [e["id"] for e in second["data"]] == made[1::-1] and second["has_more"] is False and newer not in second["data"]


def test_what_is_not_selected_counts_only_when_named(api):
    calendar = api.calendar("Hidden")["id"]
    api.event(title="hidden away", calendar_id=calendar)
    assert "hidden away" in titles(api("GET", "/v1/events?limit=100"))
    api("PATCH", f"/v1/calendars/{calendar}", {"selected": False})
    assert "hidden away" not in titles(api("GET", "/v1/events?limit=100"))
    assert "hidden away" in titles(api("GET", f"/v1/events?calendar_id={calendar}"))


@pytest.mark.parametrize("query,code,param", [
    ("limit=0", "invalid_value", "limit"), ("limit=101", "invalid_value", "limit"), ("limit=-1", "invalid_value", "limit"),
    ("limit=1&limit=2", "invalid_value", "limit"), ("limit=ten", "invalid_value", "limit"), ("form=2026", "unknown_field", "form"),
    ("from=2026-11-24T00:00:00Z", "missing_required_field", "to"), ("to=2026-11-24T00:00:00Z", "missing_required_field", "from"),
    ("from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z", "invalid_value", "to"),
    ("from=2026-11-24&to=2026-11-25", "invalid_value", "from"), ("calendar_id=cal_x", "invalid_value", "calendar_id"),
    ("calendar_id=cal_0000000000000000000001", "resource_missing", "calendar_id"),
    ("starting_after=1'%20OR%20'1'='1", "invalid_value", "starting_after"), ("order=start_time_asc", "invalid_value", "order"),
    ("from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z&starting_after=pos_AAAA", "invalid_value", "starting_after"),
    ("from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z&expand=all", "invalid_value", "expand"),
    ("limit=%zz", "malformed_request", None), ("limit=%00", None, None),
])
def test_wrong_list_parameters_are_named(api, query, code, param):
    reply = api("GET", f"/v1/events?{query}")
    assert reply.status in (400, 404), reply
    assert code is None or reply.json["error"]["code"] == code, reply
    assert param is None or reply.json["error"]["param"] == param, reply


# ---- free and busy ----

def test_free_busy_merges_and_tells_no_titles(api):
    calendar = api.calendar("Busy")["id"]
    for start, end, more in [("09:00", "10:00", {}), ("09:30", "10:30", {}), ("12:00", "13:00", {"busy": False}),
            ("14:00", "15:00", {"status": "cancelled"}), ("16:00", "17:00", {"status": "tentative"})]:
        api.event(title="secret thing", calendar_id=calendar, start_time=f"2027-02-01T{start}:00Z", end_time=f"2027-02-01T{end}:00Z", **more)
    reply = api("GET", f"/v1/freebusy?calendar_id={calendar}&from=2027-02-01T00:00:00Z&to=2027-02-02T00:00:00Z")
    assert reply.status == 200 and "secret thing" not in reply.text
    assert [(b["start"][11:16], b["end"][11:16], b["status"]) for b in reply.json["busy"]] == [("09:00", "10:30", "busy"),
        ("16:00", "17:00", "tentative")]
    assert_error(api("GET", "/v1/freebusy?from=2027-01-01T00:00:00Z&to=2027-06-01T00:00:00Z"), 400, "range_too_large", "to")


# ---- whose ----

def test_what_belongs_to_others_is_404_like_what_is_not_there(api, other):
    event, calendar = api.event(), api.calendar("Private")
    absent = other("GET", "/v1/events/evt_0000000000000000000001")
    for method, target, body in [("GET", f"/v1/events/{event['id']}", None), ("PATCH", f"/v1/events/{event['id']}", {"title": "x"}),
            ("DELETE", f"/v1/events/{event['id']}", None), ("DELETE", f"/v1/events/{event['id']}?mode=delete", None),
            ("POST", f"/v1/events/{event['id']}/cancel", None), ("GET", f"/v1/calendars/{calendar['id']}", None),
            ("PATCH", f"/v1/calendars/{calendar['id']}", {"selected": False}), ("DELETE", f"/v1/calendars/{calendar['id']}", None)]:
        reply = other(method, target, body)
        assert reply.status == 404, (method, target, reply)
        theirs, none = ({k: v for k, v in r.json["error"].items() if k != "request_id"} for r in (reply, absent))
        assert theirs == none, "no oracle"
    assert other("POST", "/v1/events", {**VALID, "calendar_id": calendar["id"]}).status == 404
    assert other("GET", f"/v1/events?calendar_id={calendar['id']}").status == 404
    assert api("GET", f"/v1/events/{event['id']}").json == event


def test_a_personal_key_names_no_connected_account(api):
    for value in ("cpa_0000000000000000000001", "usr_x", ""):
        assert_error(api("GET", "/v1/profile", None, {"Connected-Account": value}), 400, "invalid_value", "Connected-Account")


def test_a_secret_key_acts_for_its_own_connections_alone(world, ann):
    key = world.key(ann, kind="secret")
    for name in ("Connected-Account", "Calends-Account"):
        reply = world.get("/v1/profile", {name: "cpa_0000000000000000000001"}, key=key)
        assert_error(reply, 403, "account_mismatch", None, "authorization_failed")
    both = [("Connected-Account", "cpa_0000000000000000000001")] * 2
    assert_error(world.get("/v1/profile", both, key=key), 400, "invalid_value", "Connected-Account")


# ---- what every answer has ----

def test_every_answer_has_its_id_and_rates_and_no_server(api):
    for reply in (api("GET", "/v1/profile"), api("GET", "/v1/nothing"), api("GET", "/v1/events/evt_x")):
        assert reply.request_id.startswith("req_") and reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in reply.headers
        assert int(reply.headers["X-RateLimit-Limit"]) > int(reply.headers["X-RateLimit-Remaining"]) >= 0


def test_reading_one_event_takes_two_round_trips_at_most(world, api):
    event = api.event()
    assert int(world.log_of(api("GET", f"/v1/events/{event['id']}"))["db"]) <= 2
