# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events with `q` and `updated_since`: what is found, in each order of the list, and what a search costs in a large calendar."""
import contextlib
from urllib.parse import urlencode

import pytest
from dav import Dav
from davwrite import new_event
from rest import Api, assert_error, titles

SECONDS = 10
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
    ("\U0001F600" * 200, []), ("\uFDFA" * 200, []), ("\u0390" * 200, []),  # 200 characters, of whatever many octets and units
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
LARGE = "(SELECT calendar_id FROM calendar_object WHERE data LIKE '%SUMMARY:needle%')"


@pytest.fixture(scope="module")
def large(world, api):
    """2,500 events, of which the oldest is the only one that is sought."""
    calendar = api.calendar("Large")["id"]
    api.event(calendar_id=calendar, title="needle", start_time="2027-03-30T09:00:00Z", end_time="2027-03-30T10:00:00Z")
    api.event(calendar_id=calendar, title="hay", start_time="2027-03-10T09:00:00Z", end_time="2027-03-10T10:00:00Z")
    copies(world, 1, MANY)
    return calendar


def copies(world, first, last):
    """Of the event beside the needle, a second apart."""
    columns = [name for (name,) in world.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'calendar_object'::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum")]
    made = {"id": "(left(replace(t.id::text, '-', ''), 20) || lpad(to_hex(n), 12, '0'))::uuid",
        "uid": "t.uid || n", "name": "n || t.name", "modseq": "t.modseq + n", "first_at": "t.first_at + n * interval '1 second'",
        "last_at": "t.last_at + n * interval '1 second'"}
    world.sql(f"INSERT INTO calendar_object ({', '.join(columns)}) SELECT {', '.join(made.get(c, 't.' + c) for c in columns)} "
        f"FROM (SELECT * FROM calendar_object t WHERE t.data LIKE '%SUMMARY:hay%' AND t.calendar_id = {LARGE} "
        f"ORDER BY t.modseq LIMIT 1) t, generate_series({first}, {last}) n")


def pages_of(api, calendar, order):
    pages = [found(api, calendar, q="needle", **ORDERS[order])]
    while pages[-1].json["has_more"]:
        pages.append(found(api, calendar, q="needle", starting_after=pages[-1].json["next_cursor"], **ORDERS[order]))
        assert len(pages) < 10
    return pages


@pytest.mark.parametrize("unknown,order", [("", "newest"), ("UPDATE calendar_object SET words = NULL", "events")])
def test_a_page_of_a_search_ends_after_a_bounded_look_and_the_next_goes_on(world, api, large, unknown, order):
    """Where it is not known what the texts say."""
    with changed(world, large, unknown):
        pages = pages_of(api, large, order)
        assert len(pages) == 2, "2,000 at a time"
        assert [titles(p) for p in pages] == [[], ["needle"]]
        back = found(api, large, q="needle", ending_before=pages[-1].json["previous_cursor"], **ORDERS[order])
        assert titles(back) == [] and back.json["has_more"]


@contextlib.contextmanager
def changed(world, calendar, statement):
    """One that makes a column what it is not, and it is as before."""
    if not statement:
        yield
        return
    table, column = statement.split()[1], statement.split()[3]
    world.sql(f"CREATE TABLE kept AS SELECT * FROM {table}")
    world.sql(statement)
    try:
        yield
    finally:
        key = "id" if table == "calendar_object" else "calendar_id"
        world.sql(f"UPDATE {table} t SET {column} = kept.{column} FROM kept WHERE kept.account_id = t.account_id AND kept.{key} = t.{key}")
        world.sql("DROP TABLE kept")


@pytest.mark.parametrize("order", ["instances", "events"])
def test_of_a_range_what_cannot_have_the_words_is_not_read(world, api, large, order):
    pages = pages_of(api, large, order)
    assert [titles(p) for p in pages] == [["needle"]]
    assert int(world.log_of(pages[0])["db"]) <= 6


def test_an_answer_is_the_same_whether_it_is_known_what_the_texts_say(world, api, texts):
    sought = ["cafe", "lait 4", "große", "ВСТРЕЧА", "東京", "istanbul", "plan, with; signs \\", "שלום", "all wide", "%", "_", "\\", "noch\tetwas", "e r"]
    known = [titles(found(api, texts, q=q, **RANGE)) for q in sought]
    assert sum(map(len, known)) == 13 and world.sql("SELECT count(*) FROM calendar_object WHERE words LIKE '%cafe au lait%'") == [["1"]]
    with changed(world, texts, "UPDATE calendar_object SET words = NULL"):
        assert [titles(found(api, texts, q=q, **RANGE)) for q in sought] == known


def test_what_stands_beside_an_event_comes_and_goes_with_its_texts(world):
    owner = world.account("beside@example.org")
    dav, home = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/default/"
    put = lambda summary, *lines: dav.put(home + "a.ics", new_event("beside", "20270302T090000Z", *lines, summary=summary))
    beside = lambda word: world.sql(f"SELECT count(*) FROM calendar_object WHERE words LIKE '%{word}%'")[0][0]
    sought = lambda q: titles(Api(world, owner.key)("GET", f"/v1/events?{urlencode({'q': q, **RANGE})}"))
    assert put("Erste Fassung").status == 201 and beside("erste") == "1"
    assert put("Zweite FASSUNG").status == 204 and (beside("erste"), sought("zweite")) == ("0", ["Zweite FASSUNG"])
    assert put("Dritte", "DESCRIPTION:" + "weit " * 300).status == 204
    assert (beside("zweite"), beside("dritte"), sought("dritte weit")) == ("0", "0", ["Dritte"]), "a long text stands in the event alone"
    assert put("Letzte").status == 204
    assert dav.request("MKCALENDAR", f"/dav/calendars/{owner.id}/other/").status == 201
    assert dav.request("COPY", home + "a.ics", Destination=f"{world.url}/dav/calendars/{owner.id}/other/b.ics").status == 201
    assert (beside("letzte"), sought("letzte")) == ("2", ["Letzte", "Letzte"])
    assert dav.request("DELETE", home + "a.ics").status == 204 and beside("letzte") == "1"


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


def test_how_many_events_are_elsewhere_in_the_calendar_does_not_matter(world, api, large):
    """Only those that may touch the range are looked at, so that those of 20 years do not keep a year from being searched."""
    with changed(world, large, "UPDATE calendar_state SET objects = 1000000"):
        pages = pages_of(api, large, "events")
        assert [titles(p) for p in pages] == [["needle"]]
        assert int(world.log_of(pages[0])["db"]) <= 7


# ---- what was there before there were words ----

LACKING = "SELECT count(*) FROM calendar_object WHERE words IS NULL AND component = 1 AND NOT deleted"
SHORT = "component = 1 AND NOT deleted AND data NOT LIKE '%SUMMARY:Long%'"
KNOWN = "SELECT id, words, etag, modseq, updated_at FROM calendar_object WHERE component = 1 AND NOT deleted ORDER BY id"


def fill(world, after="account_id, id FROM calendar_object LIMIT 0"):
    """The job begins anew behind this place."""
    world.sql("DELETE FROM words_fill; INSERT INTO words_fill DEFAULT VALUES")
    world.sql(f"UPDATE words_fill SET (after_account, after_object) = (s.account_id, s.id) FROM (SELECT {after}) s")
    world.start()


def ended(world):
    return world.sql("SELECT ended_at IS NOT NULL FROM words_fill") == [["t"]]


def filled(world, **place):
    fill(world, **place)
    assert world.wait_for(lambda: ended(world))


def test_events_of_before_get_their_words_and_nobody_is_told(world, api, large, texts):
    """A portion at a time; what is no calendar any more, and what is too long to be kept, is passed over."""
    long = api.event(calendar_id=texts, title="Long", description="weit " * 300, start_time="2027-03-02T09:00:00Z", end_time="2027-03-02T10:00:00Z")
    broken = api.event(calendar_id=texts, title="Broken", start_time="2027-03-02T09:00:00Z", end_time="2027-03-02T10:00:00Z")
    [[data]] = world.sql("SELECT encode(data, 'hex') FROM calendar_object WHERE data LIKE '%SUMMARY:Broken%'")
    world.sql("UPDATE calendar_object SET words = NULL, data = 'no calendar' WHERE data LIKE '%SUMMARY:Broken%'")
    before, told = world.sql(KNOWN), world.sql("SELECT count(*) FROM outbox")
    assert world.sql(LACKING) == [["2"]]
    world.stop()
    world.sql("UPDATE calendar_object SET words = NULL")
    filled(world)
    assert world.sql(KNOWN) == before and world.sql("SELECT count(*) FROM outbox") == told
    world.sql(f"UPDATE calendar_object SET data = decode('{data}', 'hex') WHERE data = 'no calendar'")
    for event in (long, broken):
        assert api("DELETE", f"/v1/events/{event['id']}").status == 200


def test_a_server_that_was_stopped_goes_on_where_it_was(world, large):
    half = "account_id, id FROM calendar_object ORDER BY account_id, id OFFSET 1000 LIMIT 1"
    before = world.sql(KNOWN)
    world.stop()
    world.sql("UPDATE calendar_object SET words = NULL")
    filled(world, after=half)
    places = f"SELECT DISTINCT (o.account_id, o.id) > (h.account_id, h.id), o.words IS NOT NULL FROM calendar_object o, (SELECT {half}) h WHERE {SHORT} ORDER BY 1"
    assert world.sql(places) == [["f", "f"], ["t", "t"]]
    world.stop()
    filled(world)
    assert world.sql(KNOWN) == before


@pytest.mark.parametrize("end,words", [("COMMIT", ["of the writer"]), ("ROLLBACK", ["strasse\ngrosse strasse\nund noch etwas\n"])])
def test_what_somebody_holds_is_come_back_to(world, large, texts, end, words):
    """The others of its portion are not kept waiting. What somebody wrote keeps the words that they gave it."""
    row = "data LIKE '%SUMMARY:STRASSE%'"
    place = f"(SELECT account_id, id FROM calendar_object WHERE {row})"
    world.stop()
    world.sql("UPDATE calendar_object SET words = NULL")
    with world.holding(f"UPDATE calendar_object SET words = 'of the writer' WHERE {row}", jobs=True) as commit:
        fill(world, f"account_id, id FROM calendar_object WHERE (account_id, id) < {place} ORDER BY account_id DESC, id DESC LIMIT 1")
        portion = f"SELECT * FROM calendar_object WHERE (account_id, id) >= {place} ORDER BY account_id, id LIMIT 500"
        alone = f"SELECT {row} FROM ({portion}) o WHERE words IS NULL AND {SHORT}"
        assert world.wait_for(lambda: world.sql(alone) == [["t"]]) and not ended(world)
        commit(end)
    assert world.wait_for(lambda: ended(world))
    assert world.sql(f"SELECT words FROM calendar_object WHERE {row}") == [words]
    world.stop()
    world.sql("UPDATE calendar_object SET words = NULL WHERE words = 'of the writer'")
    filled(world)


def test_where_more_events_are_in_the_range_than_are_looked_at_a_page_looks_at_2000_and_goes_on(world, api, large):
    """50,000 are looked at by what stands beside them. (The last of this file: its events stay.)"""
    copies(world, MANY + 1, 51000)
    world.sql(f"UPDATE calendar_state SET objects = 51002 WHERE calendar_id = {LARGE}")
    many, few = {"from": "2027-03-10T00:00:00Z", "to": "2027-04-01T00:00:00Z"}, {"from": "2027-03-30T00:00:00Z", "to": "2027-04-01T00:00:00Z"}
    page = found(api, large, q="needle", **many)
    assert titles(page) == [] and page.json["has_more"]
    assert titles(found(api, large, q="needle", **few)) == ["needle"]
