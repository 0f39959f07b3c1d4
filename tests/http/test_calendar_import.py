# SPDX-License-Identifier: Apache-2.0
"""POST /v1/calendars/{id}/import: an .ics file into a calendar, each UID one object."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from event_edits import OWN_ZONE, component, document, unfolded
from rest import Api, assert_error

SERVE = ["--rate-limit", "0"]
ICAL = {"Content-Type": "text/calendar"}
BERLIN = component("TZID:Europe/Berlin", component("DTSTART:19810329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", name="DAYLIGHT"), component("DTSTART:19961027T030000", "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", name="STANDARD"), name="VTIMEZONE")
COUNTS = ("created", "updated", "unchanged", "repaired", "left_out")


def event(uid, *lines, name="VEVENT"):
    return component(f"UID:{uid}", "DTSTAMP:20260101T000000Z", *(lines or ("DTSTART:20261124T090000Z", "DURATION:PT1H")), name=name)


class Importing:
    """One calendar, and what is said of an import: created 1, updated 2 … is {"created": 1, "updated": 2}."""

    def __init__(self, world, key, **made):
        self.world, self.api = world, Api(world, key)
        self.id = self.api("POST", "/v1/calendars", {"name": "Import", **made}).json["id"]

    def send(self, body, query="", headers=ICAL, api=None):
        return (api or self.api)("POST", f"/v1/calendars/{self.id}/import{query}", body, headers)

    def __call__(self, body, query="", **counts):
        reply = self.send(body, query)
        assert reply.status == 200, reply
        told = {n: reply.json[n] for n in COUNTS if reply.json[n]}
        assert told == counts, reply
        return reply.json["notes"]

    def export(self):
        return self.api("GET", f"/v1/calendars/{self.id}/export").body.decode()

    def stored(self):
        """The object of each UID, as it is in the database."""
        events = self.api("GET", f"/v1/events?calendar_id={self.id}&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&limit=100").json["data"]
        whole = {e["client_uid"]: e.get("recurring_event_id") or e["id"] for e in events}
        return {uid: self.api("GET", f"/v1/events/{i}", headers={"Accept": "text/calendar"}).body.decode() for uid, i in whole.items()}

    def components(self):
        return sum(unfolded(self.export()).count(f"BEGIN:{name}\r\n") for name in ("VEVENT", "VTODO", "VJOURNAL"))


@pytest.fixture(scope="module")
def owner(world):
    return world.account("import@example.org", plan="pro")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret")


@pytest.fixture
def into(world, secret):
    return Importing(world, secret)


@pytest.fixture
def dav_into(world, owner, dav, cal, secret):
    """A calendar that holds tasks and journal entries too."""
    there = Importing.__new__(Importing)
    there.world, there.api = world, Api(world, secret)
    [there.id] = [c["id"] for c in world.get("/v1/calendars", key=secret).json["data"] if c["caldav_url"].endswith(cal)]
    return there


# ---- one object for each UID ----

def test_each_uid_is_one_object_with_the_zones_that_it_uses(into):
    master = event("a", "DTSTART;TZID=Europe/Berlin:20261005T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:series")
    changed = event("a", "RECURRENCE-ID;TZID=Europe/Berlin:20261006T090000", "DTSTART;TZID=Europe/Berlin:20261006T120000", "DURATION:PT1H", "SUMMARY:changed")
    own = event("b", "DTSTART;TZID=\"My Zone\":20261005T090000", "DURATION:PT1H", "SUMMARY:own zone")
    assert into(document(BERLIN, changed, OWN_ZONE, own, master, event("c")), created=3) == []
    stored = into.stored()
    assert stored["a"].count("BEGIN:VTIMEZONE") == 1 and BERLIN in stored["a"] and master in stored["a"] and changed in stored["a"]
    assert OWN_ZONE in stored["b"] and BERLIN not in stored["b"] and "VTIMEZONE" not in stored["c"]
    events = into.api("GET", f"/v1/events?calendar_id={into.id}&from=2026-10-05T00:00:00Z&to=2026-10-08T00:00:00Z").json["data"]
    assert sorted((e["client_uid"], e["title"], e["start_time"]) for e in events) == [
        ("a", "changed", "2026-10-06T10:00:00Z"), ("a", "series", "2026-10-05T07:00:00Z"), ("a", "series", "2026-10-07T07:00:00Z"),
        ("b", "own zone", "2026-10-05T06:00:00Z")]


def test_the_same_import_again_changes_nothing(into):
    text = document(BERLIN, event("a", "DTSTART;TZID=Europe/Berlin:20261005T090000"), event("b"), component("DTSTART:20261124T090000Z", "SUMMARY:no uid"))
    [note] = into(text, created=3, repaired=1)
    assert (note["action"], note["code"]) == ("repaired", "uid_missing") and "no UID" in note["text"] and text.splitlines()[note["line"] - 1] == "BEGIN:VEVENT"
    before = into.export()
    assert len(into(text, unchanged=3)) == 1
    # a stamp of its own does not make another event of one without UID
    stamped = text.replace("SUMMARY:no uid", "SUMMARY:no uid\r\nDTSTAMP:20260505T000000Z")
    into(stamped, unchanged=2, updated=1, repaired=1)
    into(text, unchanged=2, updated=1, repaired=1)
    assert into.export() == before


def test_what_is_there_is_updated_or_skipped(into):
    into(document(event("a"), event("b")), created=2)
    other = document(event("a", "DTSTART:20261124T100000Z", "SUMMARY:moved"), event("b"), event("c"))
    into(other, "?existing=skip", unchanged=2, created=1)
    assert "moved" not in into.export()
    ids = {e["client_uid"]: e["id"] for e in into.api("GET", f"/v1/events?calendar_id={into.id}&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z").json["data"]}
    into(other, "?existing=update", updated=1, unchanged=2)
    again = {e["client_uid"]: e["id"] for e in into.api("GET", f"/v1/events?calendar_id={into.id}&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z").json["data"]}
    assert ids == again and "moved" in into.export()
    assert_error(into.send(other, "?existing=replace"), 400, "invalid_value", "existing")


def test_one_instance_does_not_take_the_place_of_its_series(into):
    master = event("a", "DTSTART:20261005T090000Z", "RRULE:FREQ=DAILY;COUNT=5")
    into(document(master), created=1)
    [note] = into(document(event("a", "RECURRENCE-ID:20261006T090000Z", "DTSTART:20261006T120000Z")), left_out=1)
    assert "series" in note["text"] and "RRULE" in into.export()


def test_of_two_with_one_uid_the_newer_stays(into):
    old, new = event("a", "DTSTART:20261124T090000Z", "SEQUENCE:1", "SUMMARY:old"), event("a", "DTSTART:20261124T090000Z", "SEQUENCE:2", "SUMMARY:new")
    first, second = event("b", "DTSTART:20261124T090000Z", "SUMMARY:first"), event("b", "DTSTART:20261124T090000Z", "SUMMARY:second")
    text = document(new, old, first, second)
    notes = into(text, created=2, left_out=2)
    lines = text.split("\r\n")
    assert sorted(next(line for line in lines[n["line"] - 1:] if line.startswith("SUMMARY")) for n in notes) == ["SUMMARY:first", "SUMMARY:old"]
    assert all((n["action"], n["code"]) == ("left_out", "uid_twice") and "newer" in n["text"] for n in notes)
    assert "SUMMARY:new" in into.export() and "SUMMARY:second" in into.export() and into.components() == 2


def test_kinds_are_those_of_the_calendar(into, dav_into):
    text = document(event("t", "SUMMARY:task", name="VTODO"), event("j", "DTSTART:20261124T090000Z", name="VJOURNAL"), event("e"),
                    component("DTSTART:20261124T090000Z", name="VFREEBUSY"), component("X-A:1", name="X-BOX"))
    dav_into(text, created=3, left_out=2)
    there = Importing(into.world, into.api.key, name="Events alone")
    into.world.sql("UPDATE calendar SET components = 1 WHERE displayname = 'Events alone'")
    [note] = there(document(event("t", name="VTODO"), event("e")), created=1, left_out=1)
    assert note["text"] == "VTODO: this calendar does not hold components of this kind." and (note["line"], note["code"]) == (4, "kind_not_stored")


# ---- and back ----

def test_an_export_is_imported_as_the_same_document(world, into, secret):
    """Export, import into an empty calendar of another account, export: the same octets, whatever lines the objects had."""
    texts = [document(BERLIN, event(f"n{n}", "DTSTART;TZID=Europe/Berlin:20261005T090000", f"SUMMARY:{'long ü ' * 30}{n}", 'X-N;Y="a,b":1',
                                    component("ACTION:DISPLAY", "TRIGGER:-PT5M", name="VALARM"))) for n in range(12)]
    texts += [document(OWN_ZONE, event("own", "DTSTART;TZID=My Zone:20261005T090000", "RRULE:FREQ=DAILY;COUNT=5"),
                       event("own", "RECURRENCE-ID;TZID=My Zone:20261006T090000", "DTSTART;TZID=My Zone:20261006T120000")),
              document(event("task", "SUMMARY:x", name="VTODO")), document(event("rule", "DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY"))]
    for text in texts:
        into(text, created=1)
    exported = into.export()
    stranger = Importing(world, world.key(world.account("round@example.org", plan="pro"), kind="secret"))
    assert stranger(exported, created=15) == []
    assert stranger.export() == exported
    assert into(exported, unchanged=15) == [] and stranger(exported, unchanged=15) == []


# ---- what is not right ----

def test_what_is_broken_is_repaired_and_told_by_line(into):
    text = document(
        component("UID:a", "DTSTART:20261124T090000Z", "this is no property", "RRULE:FREQ=SOMETIMES", "RDATE:", "X-KEPT;P=1:as it was", "SUMMARY:a\x07b",
                  'ATTENDEE;CN="open:mailto:x@example.org'),
        event("b", "DTSTART:yesterday"),
        event("c"),
        event("d", "DTSTART;TZID=Nowhere/Land:20261124T090000")).encode().replace(b"a\x07b", b"a\x07b\xe9c")
    notes = into(text, created=2, repaired=1, left_out=2)
    lines = text.decode("latin1").split("\r\n")
    told = {lines[n["line"] - 1]: (n["action"], n["text"]) for n in notes}
    assert told["this is no property"][0] == "left_out" and told["RRULE:FREQ=SOMETIMES"][0] == "left_out"
    assert told["RDATE:"] == ("left_out", "RDATE:: it has no value")
    assert told["SUMMARY:a\x07b\xe9c"][0] == "repaired"
    assert told['ATTENDEE;CN="open:mailto:x@example.org'][0] == "repaired"
    assert told["DTSTART:yesterday"][0] == "left_out" and "DTSTART" in told["DTSTART:yesterday"][1]
    assert "Nowhere/Land" in told["DTSTART;TZID=Nowhere/Land:20261124T090000"][1]
    out = into.export()
    assert "X-KEPT;P=1:as it was\r\n" in out and "SUMMARY:ab\ufffdc\r\n" in out and "RRULE" not in out
    assert "mailto:x@example.org" in out and 'CN="open:' not in out, out
    assert into.components() == 2
    into(text, unchanged=2, left_out=2)


@pytest.mark.parametrize("line, told", [
    ("RRULE:FREQ=SOMETIMES", "its value cannot be read as RECUR"),
    ("DTSTAMP:yesterday", "its value cannot be read as DATE-TIME"),
    ("GEO:north", "its value cannot be read as GEO"),
])
def test_what_cannot_be_read_is_told_in_our_words(into, line, told):
    """Not in libical's, which are English: these are in the catalogue."""
    notes = into(document(component("UID:a", "DTSTART:20261124T090000Z", line, "this is no property")), created=1, repaired=1)
    assert [(n["text"], n["code"]) for n in notes] == [(f"{line}: {told}", "unreadable"), ("this is no property: this is not a property (NAME:value)", "not_a_property")]


def test_frames_that_do_not_close(into):
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:a", "DTSTART:20261124T090000Z", "BEGIN:VALARM", "ACTION:DISPLAY",
                        "TRIGGER:-PT5M", "END:VEVENT", "BEGIN:VEVENT", "UID:b", "DTSTART:20261124T090000Z", "END:VTODO", "BEGIN:VEVENT", "UID:c",
                        "DTSTART:20261124T090000Z"])
    notes = into(text, created=3)
    assert [(n["line"], n["action"]) for n in notes] == [(9, "repaired"), (10, "repaired"), (13, "left_out"), (14, "repaired"), (16, "repaired")]
    assert unfolded(into.export()).count("END:VALARM") == 1 and into.components() == 3


def test_a_zone_that_is_known_needs_no_definition(into):
    broken = component("TZID:Europe/Berlin", component("DTSTART:never", "TZOFFSETFROM:+0100", name="STANDARD"), name="VTIMEZONE")
    into(document(broken, event("a", "DTSTART;TZID=Europe/Berlin:20261124T090000")), created=1)
    bad = component("TZID:Own", component("DTSTART:never", name="STANDARD"), name="VTIMEZONE")
    [note] = into(document(bad, event("b", "DTSTART;TZID=Own:20261124T090000")), left_out=1)
    assert note["action"] == "left_out"


def test_several_calendars_in_one_stream(into):
    """RFC 5545 §3.4: a stream may have several; each has zones of its own."""
    east, west = OWN_ZONE, OWN_ZONE.replace("+0300", "-0200").replace("+0200", "-0300")
    text = document(east, event("a", "DTSTART;TZID=My Zone:20261124T090000")) + document(west, event("b", "DTSTART;TZID=My Zone:20261124T090000"),
                                                                                      event("a"))
    notes = into(text, created=2, left_out=1)
    assert "earlier VCALENDAR" in notes[0]["text"]
    starts = {e["client_uid"]: e["start_time"] for e in
              into.api("GET", f"/v1/events?calendar_id={into.id}&from=2026-11-23T00:00:00Z&to=2026-11-26T00:00:00Z").json["data"]}
    assert starts["a"] != starts["b"]


@pytest.mark.parametrize("body,status,word", [
    (b"", 400, "BEGIN:VCALENDAR"), (b"hello", 400, "BEGIN:VCALENDAR"), (b"\0" * 1000, 400, "BEGIN:VCALENDAR"),
    (document(event("a")).encode("utf-16"), 400, "UTF-16"), (document(event("a")).replace("VERSION:2.0", "VERSION:1.0").encode(), 415, "2.0"),
    (document("CALSCALE:HEBREW", event("a")).encode(), 400, "CALSCALE"), (b"BEGIN:VCALENDAR\n" + b"A\n" * 300_000, 400, "lines"),
    (b"x" * (5 * 1024 * 1024 + 1), 413, "octets")], ids=["empty", "words", "nul", "utf-16", "version", "scale", "lines", "size"])
def test_what_is_no_document_is_refused(into, body, status, word):
    reply = into.send(body)
    assert reply.status == status and word in reply.json["error"]["message"], reply


def test_hostile_documents_are_bounded(into):
    deep = "BEGIN:X\r\n" * 50_000
    line = "DESCRIPTION:" + "x" * 1_000_000
    zones = [OWN_ZONE.replace("My Zone", f"Zone {n}") for n in range(1000)]
    text = document(*zones, event("a"), event("z", "DTSTART;TZID=Zone 5:20261124T090000"))
    notes = into(text, created=2, left_out=800)
    assert len(notes) == 200 and "too many time zones" in notes[0]["text"] and notes[0]["code"] == "too_many"
    [note] = into(document(f"BEGIN:VEVENT\r\nUID:deep\r\n{deep}END:VEVENT", event("b")), created=1, left_out=1)
    assert "deep" in note["text"]
    into(document(event("long", "DTSTART:20261124T090000Z", line)), created=1)
    assert into(document(event("longer", "DTSTART:20261124T090000Z", line, line)), left_out=1)[0]["action"] == "left_out"
    into(document(event("quote", "DTSTART:20261124T090000Z", 'X;A="' + "x" * 500_000)), created=1, repaired=1)
    many = document(event("many", "DTSTART:20261124T090000Z", *["X-A:1"] * 100_000))
    [note] = into(many, left_out=1)
    assert "too many properties" in note["text"] and note["code"] == "invalid"
    assert into.send(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" * 40_000).json["left_out"] == 40_000
    mac = document(event("mac")).replace("\r\n", "\r")
    assert "CR alone" in into(mac, created=1)[0]["text"]


# ---- who, and how much ----

def test_nobody_imports_where_they_may_not_write(world, owner, into, secret):
    text = document(event("a"))
    stranger = Api(world, world.key(world.account("import-stranger@example.org", plan="pro")))
    other = into.api.calendar("Else")["id"]
    one = Api(world, into.api("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["events:write"], "calendars": [other]}).json["key"])
    for caller in (stranger, one, Api(world, world.key(owner, kind="secret", mode="test"))):
        assert_error(into.send(text, api=caller), 404, "resource_missing")
    assert one("POST", f"/v1/calendars/{other}/import", text, ICAL).json["created"] == 1
    assert into.send(text, api=Api(world, world.key(owner, kind="restricted", scope="events:read"))).status == 403
    assert into.send(text, headers={"Content-Type": "text/plain"}).status == 415
    assert into.send(text, headers={"Content-Type": "text/calendar; charset=utf-16"}).status == 415
    assert into.api("PATCH", f"/v1/calendars/{into.id}", {"writable": False}).status == 200
    assert into.send(text).status == 403 and into.components() == 0


def test_an_idempotency_key_is_one_transaction(into):
    text, headers = document(event("a"), event("b")), {**ICAL, "Idempotency-Key": "import-1"}
    first, again = into.send(text, headers=headers), into.send(text, headers=headers)
    assert first.json["created"] == 2 and again.json == first.json and again.headers["idempotent-replayed"] == "true"
    assert_error(into.send(document(event("c")), headers=headers), 409, "idempotency_key_in_use", type_="idempotency_error")
    large = document(*[event(f"n{n}") for n in range(5000)])
    assert_error(into.send(large, headers={**ICAL, "Idempotency-Key": "import-2"}), 400, "invalid_value", "Idempotency-Key")


def test_more_than_a_batch(into):
    text = document(*[event(f"n{n}") for n in range(120)], event("bad", "DTSTART:never"), *[event(f"m{n}") for n in range(30)])
    into(text, created=150, left_out=1)
    into(text.replace("n7\r\n", "n7\r\nSUMMARY:changed\r\n"), updated=1, unchanged=149, left_out=1)


def test_the_same_import_many_times_at_once(into):
    """Who comes second finds what is there: nothing is stored twice, and nobody fails."""
    text = document(*[event(f"n{n}") for n in range(200)])
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda _: into.send(text), range(3)))
    told = [r.json for r in replies if r.status == 200]
    assert all(r.status in (200, 429) for r in replies) and sum(t["created"] for t in told) == 200, replies
    assert all(t["created"] + t["unchanged"] == 200 for t in told) and into.components() == 200
