# SPDX-License-Identifier: Apache-2.0
"""REST: events, one and many, and when they are busy."""
import json

import pytest

from rest import Api, VALID, assert_error, titles

SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, ann):
    return Api(world, ann.key)


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
    there = api("GET", "/v1/events?from=2027-01-05T00:00:00Z&to=2027-01-06T00:00:00Z").json["data"]
    listed = [e for e in there if e["title"] == "From DAV"]
    assert len(listed) == 1
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


def test_a_change_that_came_meanwhile_is_kept(world, api):
    """Of two who change different fields at once the later one reads again what the other left."""
    path = f"/v1/events/{api.event(title='Meanwhile')['id']}"
    another = ("SELECT FROM calendar_state FOR UPDATE; UPDATE calendar_object SET etag = substr(sha256('another'), 1, length(etag)), data = convert_to("
        "replace(convert_from(data, 'UTF8'), 'SUMMARY:Meanwhile', 'LOCATION:Room 7' || chr(13) || chr(10) || 'SUMMARY:Meanwhile'), 'UTF8') "
        "WHERE convert_from(data, 'UTF8') LIKE '%SUMMARY:Meanwhile%'")
    reply = world.meanwhile(another, lambda: api("PATCH", path, {"title": "Renamed"}))
    assert reply.status == 200, reply
    got = api("GET", path).json
    assert (got["title"], got["location"]) == ("Renamed", "Room 7")


def test_a_stale_etag_changes_no_event(api):
    event = api.event()
    path = f"/v1/events/{event['id']}"
    assert api("PATCH", path, {"title": "first"}, {"If-Match": event["etag"]}).status == 200
    assert_error(api("PATCH", path, {"title": "second"}, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert_error(api("DELETE", path, None, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert_error(api("DELETE", path + "?mode=delete", None, {"If-Match": event["etag"]}), 412, "etag_mismatch")
    assert api("GET", path).json["title"] == "first"
    assert api("PATCH", path, {"title": "third"}, {"If-Match": "*"}).status == 200


def test_without_mail_nobody_is_told_of_a_cancellation_and_who_relies_on_it_hears_that(api):
    """Field paper §3.3: "explicit cancel with `comment`, `notify_attendees`" """
    made = api.event(start_time="2026-12-01T09:00:00Z", end_time="2026-12-01T10:00:00Z", attendees=[{"email": "bob@example.org"}])
    path = f"/v1/events/{made['id']}"
    assert_error(api("POST", f"{path}/cancel", {"notify_attendees": True}), 503, "mail_not_configured", type_="api_error")
    assert api("GET", path).json["is_cancelled"] is False, "nothing was done"
    assert_error(api("POST", f"{path}/cancel", {"notify_attendees": "yes"}), 400, "invalid_value", "notify_attendees")
    assert_error(api("POST", f"{path}/notify_attendees"), 503, "mail_not_configured", type_="api_error")
    reply = api("POST", f"{path}/cancel", {"notify_attendees": False, "comment": "Rain"})
    assert reply.status == 200 and reply.json["is_cancelled"] is True and reply.json["comment"] == "Rain"


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


@pytest.mark.parametrize("change,words", [
    ({"color_hex": "#fff"}, "#RRGGBB"),
    ({"end_time": "9999-12-31T23:59:59Z"}, "the years 1 to 9998"),
    ({"start_time": "0000-01-01T00:00:00Z"}, "the years 1 to 9998"),
    ({"all_day": True, "start_time": "2026-11-24", "end_time": "2026-11-24", "timezone": None}, "the day after the last"),
    ({"recurrence": {"rule": "FREQ=DAILY\r\nX:1"}}, "One rule a line"),
    ({"attendees": [{"email": "ann@example.org"}, {"email": "a b@example.org"}]}, "has an e-mail address"),
])
def test_what_is_wrong_with_an_event_says_what_is_wanted(api, change, words):
    error = api("POST", "/v1/events", {**VALID, **change}).json["error"]
    assert words in error["message"] and ("attendees" not in change or error["param"] == "attendees[1]"), error


def test_a_body_of_another_type_is_told_which_one_is_taken(world, api):
    assert "application/json" in api("POST", "/v1/events", b"title=x", {"Content-Type": "text/plain"}).json["error"]["message"]
    assert "x-www-form-urlencoded" in world.request("POST", "/oauth/token", "{}", {"Content-Type": "application/json"}).json["error_description"]


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
    ("from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z&starting_after=cur_AAAA", "invalid_value", "starting_after"),
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
    reply = api("GET", f"/v1/freebusy?calendar_ids={calendar}&from=2027-02-01T00:00:00Z&to=2027-02-02T00:00:00Z")
    assert reply.status == 200 and "secret thing" not in reply.text
    assert [(b["start"][11:16], b["end"][11:16], b["status"]) for b in reply.json["busy"]] == [("09:00", "10:30", "busy"),
        ("16:00", "17:00", "tentative")]
    assert_error(api("GET", "/v1/freebusy?from=2027-01-01T00:00:00Z&to=2027-06-01T00:00:00Z"), 400, "range_too_large", "to")
