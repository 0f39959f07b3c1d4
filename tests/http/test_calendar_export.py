# SPDX-License-Identifier: Apache-2.0
"""GET /v1/calendars/{id}/export: the document that CalDAV's GET of the calendar gives, for whoever may read events."""
import re

from event_edits import OWN_ZONE, document, event, unfolded
from rest import Api, assert_error


def exported(edits, headers=None, status=200):
    reply = edits("GET", f"/v1/calendars/{edits.calendar}/export", headers=headers)
    assert reply.status == status, reply
    return reply


def test_an_export_is_the_calendar_as_caldav_has_it(edits):
    for n in range(12):
        edits.put(document(event("DTSTART;TZID=Europe/Berlin:20261005T090000", "DURATION:PT1H", f"SUMMARY:n{n}", f"X-N;Y=\"a,b\":{n}")))
    edits.put(document(OWN_ZONE, event("DTSTART;TZID=My Zone:20261005T090000", "SUMMARY:own")))
    reply = exported(edits)
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    assert reply.headers["content-disposition"].startswith("attachment; filename=") and ".ics" in reply.headers["content-disposition"]
    text = reply.body.decode()
    assert text == edits.dav.request("GET", edits.path).body.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n") and text.count("BEGIN:VCALENDAR") == 1
    assert unfolded(text).count("BEGIN:VEVENT") == 13 and unfolded(text).count("TZID:Europe/Berlin") == 1 and unfolded(text).count("TZID:My Zone") == 1


def test_zones_of_one_name_that_differ_are_told_apart(edits):
    """As they were sent, each of its own hours: one name cannot stand for both in one document. Those that are equal stand once."""
    other = OWN_ZONE.replace("+0300", "+0500").replace("+0200", "+0400")
    for zone, title in ((OWN_ZONE, "near"), (other, "far"), (OWN_ZONE, "near too")):
        edits.put(document(zone, event("DTSTART;TZID=My Zone:20261005T090000", f"SUMMARY:{title}")))
    text = unfolded(exported(edits).body.decode())
    assert text.count("BEGIN:VTIMEZONE") == 2
    offsets = {}
    for part in text.split("BEGIN:VTIMEZONE")[1:]:
        name = re.search(r"^TZID:(.*)\r$", part, re.M)[1]
        offsets[name] = sorted(set(re.findall(r"^TZOFFSETTO:(.*)\r$", part.split("END:VTIMEZONE")[0], re.M)))
    of = {}
    for part in text.split("BEGIN:VEVENT")[1:]:
        title, name = re.search(r"^SUMMARY:(.*)\r$", part, re.M)[1], re.search(r'^DTSTART;TZID="?([^":]*)"?:20261005T090000\r$', part, re.M)[1]
        of[title] = offsets[name]
    assert of == {"near": ["+0200", "+0300"], "near too": ["+0200", "+0300"], "far": ["+0400", "+0500"]}


def test_an_export_of_what_the_caller_has_is_304(edits):
    tag = exported(edits).headers["etag"]
    assert tag.startswith("W/")
    exported(edits, {"If-None-Match": tag}, 304)
    edits.put(document(event("DTSTART:20261005T090000Z")))
    exported(edits, {"If-None-Match": tag})


def test_an_empty_calendar_is_a_document_too(edits):
    assert unfolded(exported(edits).body.decode()).count("BEGIN:") == 1


def test_nobody_exports_what_they_may_not_read(world, owner, edits):
    path = f"/v1/calendars/{edits.calendar}/export"
    stranger = Api(world, world.key(world.account("stranger@example.org", plan="pro")))
    limited = world.key(owner, kind="secret")
    other = Api(world, limited).calendar("Else")["id"]
    one = Api(world, Api(world, limited)("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["events:read"], "calendars": [other]}).json["key"])
    for caller in (stranger, one, Api(world, world.key(owner, kind="secret", mode="test"))):
        assert_error(caller("GET", path), 404, "resource_missing")
    assert one("GET", f"/v1/calendars/{other}/export").status == 200
    assert Api(world, world.key(owner, kind="restricted", scope="calendars:read"))("GET", path).status == 403
    for path in ("/v1/calendars/cal_0000000000000000000000/export", "/v1/calendars/x/export"):
        assert_error(edits("GET", path), 404, "resource_missing")
