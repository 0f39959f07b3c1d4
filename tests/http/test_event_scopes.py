# SPDX-License-Identifier: Apache-2.0
"""Changes of a series with `scope`: this, this_and_following, all. Random edits beside a model of their own (python-dateutil for the rules), then what
is stored, and what is refused.
"""

import pytest
from event_edits import document, event, unfolded
from rest import Api, assert_error

SERVE = ["--rate-limit", "100000"]


# ---- what is stored ----

WEEKLY = ("DTSTART;TZID=Europe/Berlin:20261005T090000", "DTEND;TZID=Europe/Berlin:20261005T100000", "SUMMARY:s", "X-KEPT:yes")


def halves(edits, stored, answer):
    """The lines of both objects."""
    reply = edits("GET", f"/v1/events/{answer['id']}", headers={"Accept": "text/calendar"})
    assert reply.status == 200, reply
    return stored.lines, unfolded(reply.body.decode()).split("\r\n")


def following(edits, stored, instance, fields, status=200):
    reply = edits("PATCH", f"{stored.target(instance)}?scope=this_and_following", fields)
    assert reply.status == status, reply
    return reply.json if status < 300 else reply


@pytest.mark.parametrize("rule,before,after", [
    ("FREQ=WEEKLY;COUNT=9", "FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=5"),
    ("FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20261102T075959Z", "FREQ=WEEKLY"),
    ("FREQ=WEEKLY;UNTIL=20270101T000000Z;WKST=SU", "FREQ=WEEKLY;WKST=SU;UNTIL=20261102T075959Z", "FREQ=WEEKLY;UNTIL=20270101T000000Z;WKST=SU"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20261102T075959Z", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"),
    ("FREQ=MONTHLY;BYDAY=1MO;COUNT=6", "FREQ=MONTHLY;BYDAY=1MO;COUNT=1", "FREQ=MONTHLY;BYDAY=1MO;COUNT=5"),
    ("FREQ=DAILY;BYSETPOS=1;BYHOUR=9,15;BYDAY=MO", "FREQ=DAILY;BYSETPOS=1;BYHOUR=9,15;BYDAY=MO;UNTIL=20261102T075959Z", "FREQ=DAILY;BYSETPOS=1;BYHOUR=9,15;BYDAY=MO"),
])
def test_a_rule_is_divided_so_that_each_half_has_its_instances(edits, rule, before, after):
    stored = edits.put(document(event(*WEEKLY, f"RRULE:{rule}")))
    was = edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")
    answer = following(edits, stored, "20261102T080000Z", {"location": "Room 5"})
    one, two = halves(edits, stored, answer)
    assert f"RRULE:{before}" in one and f"RRULE:{after}" in two
    assert "DTSTART;TZID=Europe/Berlin:20261102T090000" in two and "DTEND;TZID=Europe/Berlin:20261102T100000" in two
    assert "X-KEPT:yes" in two and "LOCATION:Room 5" in two and "LOCATION:Room 5" not in one
    now = edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert [i["start_time"] for i in was] == [i["start_time"] for i in now]
    assert [i["location"] for i in now] == ["Room 5" if i["start_time"] >= "2026-11-02" else None for i in now]


def test_what_hangs_on_a_series_goes_with_its_half(edits):
    own = event("RECURRENCE-ID;TZID=Europe/Berlin:20261012T090000", "DTSTART;TZID=Europe/Berlin:20261012T200000", "SUMMARY:early")
    late = event("RECURRENCE-ID;TZID=Europe/Berlin:20261116T090000", "DTSTART;TZID=Europe/Berlin:20261115T200000", "SUMMARY:late")
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=9", "EXDATE;TZID=Europe/Berlin:20261019T090000,20261109T090000",
        "RDATE;TZID=Europe/Berlin:20261020T150000,20261110T150000", "RDATE:20261111T120000Z"), own, late))
    one, two = halves(edits, stored, following(edits, stored, "20261102T080000Z", {"title": "after"}))
    assert "EXDATE;TZID=Europe/Berlin:20261019T090000" in one and "EXDATE;TZID=Europe/Berlin:20261109T090000" in two
    assert "RDATE;TZID=Europe/Berlin:20261020T150000" in one and "RDATE;TZID=Europe/Berlin:20261110T150000" in two and "RDATE:20261111T120000Z" in two
    assert "SUMMARY:early" in one and "SUMMARY:early" not in two and "SUMMARY:late" in two and "SUMMARY:late" not in one
    [uid] = {line for line in two if line.startswith("UID:")}
    assert uid not in one


def test_rfc_8984_the_halves_lead_to_each_other(edits):
    """RFC 8984 §4.1.3: "A "next" relation MUST be set on the original event" … "A "first" relation MUST be set on the new"; RFC 9253 §9.1."""
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY", "RELATED-TO:parent")))
    second = following(edits, stored, "20261102T080000Z", {"title": "second"})
    third = edits("PATCH", f"/v1/events/{second['id']}_20261207T080000Z?scope=this_and_following", {"title": "third"}).json
    one, two = halves(edits, stored, second)
    _, three = halves(edits, stored, third)
    uids = [next(line[4:] for line in lines if line.startswith("UID:")) for lines in (one, two, three)]
    assert len(set(uids)) == 3
    related = [sorted(line for line in lines if line.startswith("RELATED-TO")) for lines in (one, two, three)]
    assert related[0] == ["RELATED-TO:parent", f"RELATED-TO;RELTYPE=NEXT:{uids[1]}"]
    assert related[1] == sorted(["RELATED-TO:parent", f"RELATED-TO;RELTYPE=FIRST:{uids[0]}", f"RELATED-TO;RELTYPE=NEXT:{uids[2]}"])
    assert related[2] == sorted(["RELATED-TO:parent", f"RELATED-TO;RELTYPE=FIRST:{uids[0]}"])


@pytest.mark.parametrize("lines,instance,starts", [
    (("DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=4"), "20261007", ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08"]),
    (("DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL=20261008"), "20261007", ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08"]),
    (("DTSTART:20261005T090000", "RRULE:FREQ=DAILY;UNTIL=20261008T090000"), "20261007T090000", [f"2026-10-0{d}T09:00:00Z" for d in (5, 6, 7, 8)]),
    (("DTSTART;TZID=Europe/Berlin:20261024T223000", "DURATION:PT15M", "RRULE:FREQ=HOURLY;INTERVAL=2;COUNT=5"), "20261025T003000Z",
        ["2026-10-24T20:30:00Z", "2026-10-24T22:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z", "2026-10-25T04:30:00Z"]),
    (("DTSTART;TZID=Europe/Berlin:20270327T023000", "DURATION:PT15M", "RRULE:FREQ=DAILY;COUNT=4"), "20270328T013000Z",
        ["2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z", "2027-03-30T00:30:00Z"]),
    (("DTSTART;TZID=Europe/Berlin:20261024T230000", "DTEND;TZID=Europe/Berlin:20261025T040000", "RRULE:FREQ=DAILY;COUNT=3"), "20261025T220000Z",
        ["2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z", "2026-10-26T22:00:00Z"]),
    (("DTSTART:20261005T090000Z", "RDATE:20261006T090000Z,20261008T120000Z,20261009T090000Z"), "20261008T120000Z",
        ["2026-10-05T09:00:00Z", "2026-10-06T09:00:00Z", "2026-10-08T12:00:00Z", "2026-10-09T09:00:00Z"]),
    (("DTSTART:20261005T090000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "RDATE:20261008T120000Z"), "20261008T120000Z",
        ["2026-10-05T09:00:00Z", "2026-10-08T12:00:00Z", "2026-10-12T09:00:00Z", "2026-10-19T09:00:00Z"]),
    (("DTSTART;TZID=Europe/Berlin:20261006T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"), "20261012T070000Z",
        ["2026-10-06T07:00:00Z", "2026-10-12T07:00:00Z", "2026-10-19T07:00:00Z"]),
    (("DTSTART:20261005T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=DAILY;INTERVAL=3;COUNT=3"), "20261008T090000Z",
        ["2026-10-05T09:00:00Z", "2026-10-06T09:00:00Z", "2026-10-08T09:00:00Z", "2026-10-11T09:00:00Z"]),
])
def test_a_cut_changes_no_time_of_any_instance(edits, lines, instance, starts):
    stored = edits.put(document(event(*lines, "SUMMARY:s")))
    span = ("2026-10-01T00:00:00Z", "2027-05-01T00:00:00Z")
    was = [(i["start_time"], i["end_time"]) for i in edits.range(*span)]
    assert [start for start, _ in was] == starts
    answer = following(edits, stored, instance, {"title": "after"})
    now = edits.range(*span)
    assert [(i["start_time"], i["end_time"]) for i in now] == was
    assert {i["title"] for i in now if i["id"].startswith(answer["id"])} == {"after"}
    assert [i["title"] for i in now].count("s") == len([i for i in now if i["id"].startswith(stored.id)])


@pytest.mark.parametrize("lines,instance", [
    (("DTSTART:20261005T090000Z", "RRULE:FREQ=DAILY;INTERVAL=3", "RRULE:FREQ=DAILY;INTERVAL=4"), "20261008T090000Z"),
    (("DTSTART:20261005T090000Z", "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY;INTERVAL=4"), "20261007T090000Z"),
])
def test_rules_whose_phases_a_new_start_would_change_are_not_cut(edits, lines, instance):
    stored = edits.put(document(event(*lines, "SUMMARY:s")))
    was = stored.text
    assert_error(following(edits, stored, instance, {"title": "after"}, 409), 409, "conflict", "scope")
    assert stored.text == was


def test_what_a_client_changed_with_thisandfuture_is_not_cut(edits):
    ranged = event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261012T090000", "DTSTART;TZID=Europe/Berlin:20261012T110000", "SUMMARY:r")
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=9"), ranged))
    for instance in ("20261012T070000Z", "20261019T070000Z"):
        assert_error(following(edits, stored, instance, {"title": "after"}, 409), 409, "conflict", "scope")


def test_of_the_first_instance_all_follow(edits):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261005T090000")))
    answer = following(edits, stored, "20261012T070000Z", {"title": "all", "start_time": "2026-10-12T08:00:00Z"})
    assert answer["id"] == stored.id and answer["title"] == "all"
    assert [i["start_time"] for i in edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [
        "2026-10-12T08:00:00Z", "2026-10-19T08:00:00Z", "2026-10-26T09:00:00Z"]
    reply = edits("DELETE", f"{stored.target('20261012T080000Z')}?scope=this_and_following&mode=delete")
    assert reply.status == 204 and edits("GET", stored.target()).status == 404


def test_the_rule_of_those_that_follow_may_become_another(edits):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    answer = following(edits, stored, "20261019T070000Z", {"recurrence": {"rule": "FREQ=DAILY;COUNT=3"}, "end_time": "2026-10-19T09:00:00Z"})
    assert answer["recurrence"]["rule"] == "FREQ=DAILY;COUNT=3"
    assert [(i["start_time"], i["end_time"]) for i in edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [
        ("2026-10-05T07:00:00Z", "2026-10-05T08:00:00Z"), ("2026-10-12T07:00:00Z", "2026-10-12T08:00:00Z"),
        ("2026-10-19T07:00:00Z", "2026-10-19T09:00:00Z"), ("2026-10-20T07:00:00Z", "2026-10-20T09:00:00Z"),
        ("2026-10-21T07:00:00Z", "2026-10-21T09:00:00Z")]


def test_all_by_one_instance_moves_the_series_as_far_on_the_wall(edits):
    own = event("RECURRENCE-ID;TZID=Europe/Berlin:20261109T090000", "DTSTART;TZID=Europe/Berlin:20261109T200000", "SUMMARY:s", "LOCATION:own")
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=7", "EXDATE;TZID=Europe/Berlin:20261102T090000"), own))
    reply = edits("PATCH", stored.target("20261026T080000Z") + "?scope=all", {"start_time": "2026-10-27T09:30:00Z", "title": "moved"})
    assert reply.status == 200 and reply.json["id"] == stored.id and reply.json["start_time"] == "2026-10-06T08:30:00Z", reply
    shown_now = [(i["start_time"], i["title"], i["location"]) for i in edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    assert shown_now == [("2026-10-06T08:30:00Z", "moved", None), ("2026-10-13T08:30:00Z", "moved", None), ("2026-10-20T08:30:00Z", "moved", None),
        ("2026-10-27T09:30:00Z", "moved", None), ("2026-11-09T19:00:00Z", "moved", "own"), ("2026-11-17T09:30:00Z", "moved", None)]


def test_a_change_that_says_nothing_new_cuts_nothing(edits):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    was = stored.text
    item = stored.get("20261019T070000Z")
    for scope in ("this", "this_and_following", "all"):
        reply = edits("PATCH", f"{stored.target('20261019T070000Z')}?scope={scope}", item)
        assert reply.status == 200 and stored.text == was, reply


# ---- conditions, failures, rights ----

def test_a_condition_holds_for_both_halves(edits):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    target, was = f"{stored.target('20261019T070000Z')}?scope=this_and_following", stored.text
    assert_error(edits("PATCH", target, {"title": "x"}, {"If-Match": '"0"'}), 412, "etag_mismatch")
    assert stored.text == was
    tag = stored.get()["etag"]
    reply = edits("PATCH", target, {"title": "x"}, {"If-Match": tag})
    assert reply.status == 200 and reply.headers["etag"] == reply.json["etag"] != tag, reply


def test_a_cut_is_whole_or_not_at_all(world, edits):
    """The second object has no room: then the first is as it was."""
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4", "DESCRIPTION:" + "x" * 2000)))
    was, target = stored.text, f"{stored.target('20261019T070000Z')}?scope=this_and_following"
    world.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$")
    world.sql("CREATE TRIGGER refuse BEFORE INSERT ON calendar_object FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        for headers in ({}, {"Idempotency-Key": "cut-1"}):
            assert edits("PATCH", target, {"title": "x"}, headers).status == 500
            assert stored.text == was
    finally:
        world.sql("DROP TRIGGER refuse ON calendar_object")
        world.sql("DROP FUNCTION refuse")
    first = edits("PATCH", target, {"title": "x"}, {"Idempotency-Key": "cut-1"})
    again = edits("PATCH", target, {"title": "x"}, {"Idempotency-Key": "cut-1"})
    assert first.status == again.status == 200 and first.json == again.json and again.headers["idempotent-replayed"] == "true"
    assert len(edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")) == 4


def test_a_cancelled_instance_is_not_changed_but_may_be_had_again(edits):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    instance = "20261019T070000Z"
    reply = edits("POST", stored.target(instance) + "/cancel", {"comment": "The room is taken.\nSorry, all"})
    assert reply.status == 200 and reply.json["is_cancelled"] and reply.json["comment"] == "The room is taken.\nSorry, all", reply
    was = stored.text
    assert "COMMENT:The room is taken.\\nSorry\\, all" in stored.lines
    again = edits("POST", stored.target(instance) + "/cancel", {"comment": "other"})
    assert again.status == 200 and again.json == reply.json and stored.text == was
    for scope in ("this", "this_and_following", "all"):
        assert_error(edits("PATCH", f"{stored.target(instance)}?scope={scope}", {"title": "x"}), 409, "conflict", "status")
    assert stored.text == was
    reply = edits("PATCH", stored.target(instance), {"title": "x", "status": "confirmed"})
    assert reply.status == 200 and reply.json["title"] == "x" and not reply.json["is_cancelled"], reply
    assert [i["is_cancelled"] for i in edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [False] * 4


@pytest.mark.parametrize("query,method", [(f"?scope={scope}{mode}", method) for scope in ("this", "this_and_following")
    for method, mode in (("PATCH", ""), ("DELETE", ""), ("DELETE", "&mode=delete"))])
def test_the_id_of_a_series_has_no_one_instance(edits, query, method):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    was = stored.text
    assert_error(edits(method, stored.target() + query, {"title": "x"} if method == "PATCH" else None), 400, "invalid_value", "scope")
    assert stored.text == was


@pytest.mark.parametrize("scope", ["", "future", "THIS", "this,all", "this&scope=all"])
def test_a_scope_that_is_none_is_refused(edits, scope):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    for method, path, body in (("PATCH", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/cancel", {})):
        assert edits(method, f"{stored.target('20261019T070000Z')}{path}?scope={scope}", body).status == 400


@pytest.mark.parametrize("scope", ["this", "this_and_following", "all"])
def test_an_event_that_happens_once_is_all_there_is(edits, scope):
    stored = edits.put(document(event(*WEEKLY)))
    reply = edits("PATCH", f"{stored.target()}?scope={scope}", {"title": "x"})
    assert reply.status == 200 and reply.json["id"] == stored.id
    assert edits("DELETE", f"{stored.target()}?scope={scope}&mode=delete").status == 204


@pytest.mark.parametrize("instance", ["20261020T070000Z", "20261019T090000", "20261019", "x", "20261019T070000Z_20261019T070000Z", "%00"])
@pytest.mark.parametrize("scope", ["this", "this_and_following", "all"])
def test_what_is_no_instance_is_not_found(edits, instance, scope):
    stored = edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")))
    was = stored.text
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        assert edits(method, f"{stored.target(instance)}?scope={scope}", body).status in (400, 404)
    assert stored.text == was


# ---- respond ----

@pytest.fixture
def invited(edits, owner):
    guests = [f'ATTENDEE;CN="The, user";PARTSTAT=NEEDS-ACTION;RSVP=TRUE;X-NUM=1:MAILTO:{owner.email.upper()}', "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.org"]
    return edits.put(document(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4", "ORGANIZER:mailto:boss@example.org", *guests)))


@pytest.mark.parametrize("status", ["accepted", "declined", "tentative"])
def test_an_answer_is_the_users_own_entry_and_nothing_else(edits, invited, status):
    reply = edits("POST", invited.target() + "/respond", {"status": status})
    assert reply.status == 200 and [a["status"] for a in reply.json["attendees"]] == [status, "accepted"], reply
    [line] = [line for line in invited.lines if "X-NUM" in line]
    assert f"PARTSTAT={status.upper()}" in line and "RSVP=TRUE" in line and 'CN="The, user"' in line
    assert reply.json["sequence"] == 0, "an answer is no change of the meeting"
    was = invited.text
    assert edits("POST", invited.target() + "/respond", {"status": status}).status == 200 and invited.text == was


def test_an_answer_to_one_instance_is_of_it_alone(edits, invited):
    assert edits("POST", invited.target("20261012T070000Z") + "/respond", {"status": "declined"}).json["attendees"][0]["status"] == "declined"
    items = edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert [i["attendees"][0]["status"] for i in items] == ["needs_action", "declined", "needs_action", "needs_action"]
    reply = edits("POST", invited.target("20261019T070000Z") + "/respond?scope=all", {"status": "accepted"})
    assert reply.status == 200 and reply.json["id"] == invited.id
    items = edits.range("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert [i["attendees"][0]["status"] for i in items] == ["accepted", "declined", "accepted", "accepted"]


def test_who_is_not_invited_has_nothing_to_answer(edits):
    stored = edits.put(document(event(*WEEKLY, "ORGANIZER:mailto:boss@example.org", "ATTENDEE:mailto:b@example.org")))
    assert_error(edits("POST", stored.target() + "/respond", {"status": "accepted"}), 422, "not_an_attendee")
    plain_one = edits.post(start_time="2026-10-12T08:00:00Z", end_time="2026-10-12T09:00:00Z")
    assert_error(edits("POST", f"/v1/events/{plain_one['id']}/respond", {"status": "accepted"}), 422, "not_an_attendee")


def test_a_cancelled_event_is_not_answered(edits, invited):
    assert edits("POST", invited.target() + "/cancel").status == 200
    assert_error(edits("POST", invited.target() + "/respond", {"status": "accepted"}), 409, "conflict")


@pytest.mark.parametrize("body,code,param", [
    ({}, "missing_required_field", "status"), ({"status": "maybe"}, "invalid_value", "status"), ({"status": None}, "invalid_value", "status"),
    ({"status": "needs_action"}, "invalid_value", "status"), ({"status": "accepted", "email": "b@example.org"}, "unknown_field", "email"),
    ({"status": 1}, "invalid_value", "status"),
])
def test_an_answer_that_is_none_is_refused(edits, invited, body, code, param):
    assert_error(edits("POST", invited.target() + "/respond", body), 400, code, param)


def test_nobody_changes_what_is_not_theirs(world, owner, edits, invited):
    """Another account's, the other mode's, a calendar that the key is not limited to: all like no event at all; and no right to write."""
    secret = Api(world, world.key(owner, kind="secret"))
    limited = {"name": "x", "kind": "restricted", "scopes": ["events:read", "events:write"], "calendars": [secret.calendar("Else")["id"]]}
    strangers = [Api(world, world.key(world.account("stranger@example.org", plan="pro"))), Api(world, world.key(owner, kind="secret", mode="test")),
        Api(world, secret("POST", "/v1/api_keys", limited).json["key"])]
    reader = Api(world, world.key(owner, kind="restricted", scope="events:read"))
    was, instance = invited.text, invited.target("20261019T070000Z")
    calls = [(method, f"{instance}{path}?scope={scope}{more}", body) for scope in ("this", "all", "this_and_following")
        for method, path, more, body in (("PATCH", "", "", {"title": "x"}), ("DELETE", "", "&mode=delete", None), ("DELETE", "", "", None),
            ("POST", "/cancel", "", {}), ("POST", "/respond", "", {"status": "accepted"})) if path != "/respond" or scope != "this_and_following"]
    for method, target, body in calls:
        for caller in strangers:
            assert_error(caller(method, target, body), 404, "resource_missing")
        assert reader(method, target, body).status == 403
    assert invited.text == was
