# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events with `q` and `updated_since`: what is found, in each order of the list, and what a search costs in a large calendar."""
from urllib.parse import urlencode

import pytest
from rest import Api, assert_error, titles

SERVE = ["--rate-limit", "0"]
RANGE = {"from": "2027-03-01T00:00:00Z", "to": "2027-04-01T00:00:00Z"}
ORDERS = {"newest": {}, "instances": RANGE, "events": {**RANGE, "expand": "none"}}
TEXTS = {  # title: (location, description)
    "Café au lait": ("Room 4", None),
    "STRASSE": (None, "Große Straße\nund noch etwas"),
    "встреча ёлки": (None, None),
    "がく": (None, None),
    "日本語の会議": ("東京", None),
    "İstanbul": (None, "plan, with; signs \\ and so on"),
    "שָׁלוֹם": (None, None),
    "Ａｌｌ　ｗｉｄｅ": (None, None),
}


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key(world.account("search@example.org", plan="pro"), kind="secret"))


@pytest.fixture(scope="module")
def texts(api):
    calendar = api.calendar()["id"]
    for title, (location, description) in TEXTS.items():
        api.event(calendar_id=calendar, title=title, location=location, description=description, start_time="2027-03-02T09:00:00Z",
            end_time="2027-03-02T10:00:00Z")
    return calendar


def found(api, calendar, **query):
    return api("GET", f"/v1/events?{urlencode({'calendar_id': calendar, 'limit': 100, **query})}")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("q,expected", [
    ("cafe", ["Café au lait"]), ("CAFÉ", ["Café au lait"]), ("cafe\u0301", ["Café au lait"]), ("afé", ["Café au lait"]),
    ("lait cafe", ["Café au lait"]), ("  lait   4 ", ["Café au lait"]), ("cafe tea", []), ("room", ["Café au lait"]),
    ("strasse", ["STRASSE"]), ("große", ["STRASSE"]), ("grosse straße", ["STRASSE"]), ("noch\tetwas", ["STRASSE"]), ("etwas und", ["STRASSE"]),
    ("ВСТРЕЧА", ["встреча ёлки"]), ("елки", ["встреча ёлки"]), ("がく", ["がく"]), ("かく", []), ("東京", ["日本語の会議"]), ("会議", ["日本語の会議"]),
    ("istanbul", ["İstanbul"]), ("plan, with; signs \\", ["İstanbul"]), ("שלום", ["שָׁלוֹם"]), ("all wide", ["Ａｌｌ　ｗｉｄｅ"]),
    ("%", []), ("_", []), ("' OR 1=1 --", []), (".*", []), ("X" * 200, []),
])
def test_words_are_found_whatever_their_case_and_accents(api, texts, order, q, expected):
    assert titles(found(api, texts, q=q, **ORDERS[order])) == expected


def test_an_instance_is_found_by_what_it_says_itself(api):
    calendar = api.calendar()["id"]
    event = api.event(calendar_id=calendar, title="Series", start_time="2027-03-02T09:00:00Z", end_time="2027-03-02T10:00:00Z", timezone="UTC",
        recurrence={"rule": "FREQ=DAILY;COUNT=3"})
    renamed = api("PATCH", f"/v1/events/{event['id']}_20270303T090000Z", {"title": "Renamed"}).json["id"]
    assert [e["id"] for e in found(api, calendar, q="renamed", **RANGE).json["data"]] == [renamed]
    assert [e["start_time"][8:10] for e in found(api, calendar, q="series", **RANGE).json["data"]] == ["02", "04"]
    assert titles(found(api, calendar, q="renamed")) == [] and titles(found(api, calendar, q="series")) == ["Series"], "the event itself"


@pytest.mark.parametrize("order", ORDERS)
def test_what_was_changed_since_is_told_and_nothing_else(api, order):
    calendar = api.calendar()["id"]
    first, _, third = (api.event(calendar_id=calendar, title=f"n{i}", start_time=f"2027-03-0{i}T09:00:00Z", end_time=f"2027-03-0{i}T10:00:00Z")
        for i in (1, 2, 3))
    since = third["updated_at"]
    assert {e["id"] for e in found(api, calendar, updated_since=since, **ORDERS[order]).json["data"]} >= {third["id"]}
    changed = api("PATCH", f"/v1/events/{first['id']}", {"title": "changed"}).json
    again = found(api, calendar, updated_since=changed["updated_at"], **ORDERS[order])
    assert "changed" in titles(again)
    assert all(e["updated_at"] >= changed["updated_at"] for e in again.json["data"])
    assert titles(found(api, calendar, updated_since=changed["updated_at"], q="changed", **ORDERS[order])) == ["changed"]
    assert titles(found(api, calendar, updated_since="2099-01-01T00:00:00Z", **ORDERS[order])) == []
    assert len(titles(found(api, calendar, updated_since="1990-01-01T00:00:00Z", **ORDERS[order]))) == 3


MANY = 2500


@pytest.fixture(scope="module")
def large(world, api):
    """2,500 events, of which the oldest is the only one that is sought."""
    calendar = api.calendar("Large")["id"]
    api.event(calendar_id=calendar, title="needle", start_time="2027-03-30T09:00:00Z", end_time="2027-03-30T10:00:00Z")
    api.event(calendar_id=calendar, title="hay", start_time="2027-03-10T09:00:00Z", end_time="2027-03-10T10:00:00Z")
    columns = [name for (name,) in world.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'calendar_object'::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum")]
    made = {"id": "(left(replace(t.id::text, '-', ''), 20) || lpad(to_hex(n), 12, '0'))::uuid",
        "uid": "t.uid || n", "name": "n || t.name", "modseq": "t.modseq + n", "first_at": "t.first_at + n * interval '1 second'",
        "last_at": "t.last_at + n * interval '1 second'"}
    world.sql(f"INSERT INTO calendar_object ({', '.join(columns)}) SELECT {', '.join(made.get(c, 't.' + c) for c in columns)} "
        f"FROM calendar_object t, generate_series(1, {MANY}) n WHERE t.data LIKE '%SUMMARY:hay%' AND t.calendar_id = "
        f"(SELECT calendar_id FROM calendar_object WHERE data LIKE '%SUMMARY:needle%')")
    return calendar


@pytest.mark.parametrize("order", ["newest", "events"])
def test_a_page_of_a_search_ends_after_a_bounded_look_and_the_next_goes_on(api, large, order):
    pages = [found(api, large, q="needle", **ORDERS[order])]
    while pages[-1].json["has_more"]:
        pages.append(found(api, large, q="needle", starting_after=pages[-1].json["next_cursor"], **ORDERS[order]))
        assert len(pages) < 10
    assert len(pages) == 2, "2,000 at a time"
    assert [titles(p) for p in pages] == [[], ["needle"]]
    back = found(api, large, q="needle", ending_before=pages[-1].json["previous_cursor"], **ORDERS[order])
    assert titles(back) == [] and back.json["has_more"]


def test_what_was_not_changed_costs_no_look_at_its_text(world, api, large):
    reply = found(api, large, updated_since="2099-01-01T00:00:00Z")
    assert titles(reply) == [] and reply.json["has_more"]
    assert int(world.log_of(reply)["db"]) <= 6


@pytest.mark.parametrize("query,param", [
    ("q=", "q"), ("q=%20%20", "q"), ("q=" + "x" * 201, "q"), ("q=%ff", None), ("q=a&q=b", None), ("q=%00", None),
    ("updated_since=yesterday", "updated_since"), ("updated_since=2027-03-01", "updated_since"), ("updated_since=", "updated_since"),
])
@pytest.mark.parametrize("order", ORDERS)
def test_a_search_for_nothing_that_can_be_sought_is_refused(api, order, query, param):
    reply = api("GET", f"/v1/events?{urlencode(ORDERS[order])}&{query}")
    assert reply.status == 400, reply
    if param:
        assert_error(reply, 400, "invalid_value", param)


def test_a_restricted_key_finds_what_is_in_its_calendars_alone(world, api, texts):
    other = api.calendar()["id"]
    made = api("POST", "/v1/api_keys", {"name": "one", "kind": "restricted", "scopes": ["events:read"], "calendars": [other]})
    assert made.status == 201, made
    limited = Api(world, made.json["key"])
    assert titles(limited("GET", "/v1/events?q=cafe")) == []
    assert titles(found(api, texts, q="cafe")) == ["Café au lait"]
    assert found(limited, texts, q="cafe").status == 404
