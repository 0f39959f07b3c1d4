# SPDX-License-Identifier: Apache-2.0
"""A value that is written as it was read changes nothing. Over tests/data/odd_events, in the manner of Outlook, Google, Apple, Mozilla
and Evolution, and of what is stranger; each object as a whole and each of its instances.
"""
import glob
import os
import re

import pytest
from event_edits import without_stamps

SECONDS = 25
SERVE = ["--rate-limit", "100000"]
FOLDER = os.path.join(os.path.dirname(__file__), "../data/odd_events")
CORPUS = sorted(os.path.basename(p)[:-4] for p in glob.glob(os.path.join(FOLDER, "*.ics")))
RANGE = ("2026-10-01T00:00:00Z", "2026-12-31T00:00:00Z")


@pytest.fixture
def text(request):
    with open(os.path.join(FOLDER, request.param + ".ics"), newline="", encoding="utf-8") as f:
        return f.read()


corpus = pytest.mark.parametrize("text", CORPUS, indirect=True)


def instances(stored):
    """The event as a whole, and up to twelve of its instances."""
    ids = [None]
    for item in stored.edits.range(*RANGE)[:12]:
        if item["recurring_event_id"]:
            ids.append(item["id"].rpartition("_")[2])
    return ids


@corpus
def test_a_field_written_as_it_was_read_changes_no_octet(edits, text):
    stored = edits.put(text)
    before = stored.text
    assert before == text
    for instance in instances(stored):
        got = stored.get(instance)
        for name, value in got.items():
            if instance and name == "recurrence":
                continue  # null, and refused below when it is anything else
            reply = edits("PATCH", stored.target(instance), {name: value})
            assert reply.status == 200, (name, value, reply)
            assert reply.json == got, (name, value)
            assert stored.text == before, (instance, name, value)


@corpus
def test_an_object_written_as_it_was_read_changes_no_octet(edits, text):
    """A full GET, and a PATCH of all of it; the entity tag stays too."""
    stored = edits.put(text)
    for instance in instances(stored):
        got = stored.get(instance)
        assert stored.patch(got, instance) == got
    assert stored.text == text


@corpus
def test_one_field_changed_in_a_whole_object_changes_that_alone(edits, text):
    """Full GET, another title, PATCH of the whole object."""
    stored = edits.put(text)
    got = stored.get()
    changed = stored.patch({**got, "title": "Another"})
    assert {k for k in got if got[k] != changed[k]} <= {"title", "etag", "updated_at", "sequence"} and changed["title"] == "Another"
    was, now = (re.sub(r"(?i)\n[ \t]", "", t).splitlines() for t in (without_stamps(text), without_stamps(stored.text)))
    gone, came = [line for line in was if line not in now], [line for line in now if line not in was]
    assert came == ["SUMMARY:Another"] and len(gone) <= 1 and all(line.upper().startswith("SUMMARY") for line in gone), (gone, came)


@corpus
def test_one_instance_changed_is_an_override_and_no_more(edits, text):
    """The other components stay as they are, and the new one has what the instance had."""
    stored = edits.put(text)
    for instance in instances(stored)[1:3]:
        got, before, others = stored.get(instance), stored.text, edits.range(*RANGE)
        changed = stored.patch({**got, "location": "elsewhere"}, instance)
        assert {k for k in got if got[k] != changed[k]} <= {"location", "etag", "updated_at", "sequence"} and changed["location"] == "elsewhere"
        after = edits.range(*RANGE)
        assert [i["id"] for i in after] == [i["id"] for i in others]
        for was, now in zip(others, after):
            ignored = {"etag", "updated_at"} | ({"location", "sequence"} if was["id"] == changed["id"] else set())
            assert {k: v for k, v in was.items() if k not in ignored} == {k: v for k, v in now.items() if k not in ignored}
        lines = stored.text.splitlines()
        assert [line for line in before.splitlines() if line not in lines and not re.match("(?i)DTSTAMP|LAST-MOD|SEQUENCE|LOCATION", line)] == []


@pytest.mark.parametrize("field,value", [("id", "evt_x"), ("organizer", "x@example.org"), ("etag", '"0"'), ("livemode", False), ("sequence", 99),
    ("is_cancelled", True), ("client_uid", "other"), ("calendar_id", "cal_0"), ("floating", True), ("object", "calendar"),
    ("created_at", "2020-01-01T00:00:00Z"), ("original_start_time", "2020-01-01T00:00:00Z"), ("recurring_event_id", "evt_y"),
    ("dropped_exceptions", [{"kind": "exdate", "original_start_time": "2020-01-01T00:00:00Z"}])])
def test_a_read_only_field_with_another_value_is_refused(edits, field, value):
    """Only its present value is taken."""
    made = edits.post(start_time="2026-11-24T09:00:00Z", end_time="2026-11-24T10:00:00Z")
    reply = edits("PATCH", f"/v1/events/{made['id']}", {**made, field: value})
    assert reply.status == 400 and reply.json["error"]["param"].startswith(field), reply
