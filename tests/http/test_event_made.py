# SPDX-License-Identifier: Apache-2.0
"""An event whose name and UID the server makes is written without a look whether they are free (object_make), and answered in all
else as one whose UID its sender brings (object_put)."""
import json
import uuid

import pytest

SERVE = ["--account-storage-mib", "4", "--db-connections", "1", "--rate-limit", "10000"]
JSON = {"Content-Type": "application/json"}
EVENT = {"title": "Made", "start_time": "2026-06-01T09:00:00Z", "end_time": "2026-06-01T10:00:00Z"}
ITS_OWN = ("id", "uid", "client_uid", "etag", "created_at", "updated_at", "sequence")
SCANS = """SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname IN ('calendar_object_name', 'calendar_object_uid')"""
TOLD = "SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE relname = 'calendar_object'"


@pytest.fixture
def owner(world):
    return world.account(f"made-{uuid.uuid4()}@example.org", plan="pro")


def create(world, owner, **more):
    return world.request("POST", "/v1/events", json.dumps({**EVENT, **more}), JSON, owner.key)


def with_uid(world, owner, **more):
    return create(world, owner, client_uid=f"{uuid.uuid4()}@example.org", **more)


def figures(world, at_least):
    """What the session told of its look-ups, once it told of so many rows that it wrote: it does at the end of a request."""
    def all_told():
        assert world.get("/v1/profile", key=world.maker.key).status == 200
        [[rows]] = world.sql(TOLD)
        return int(rows) if int(rows) >= at_least else None
    assert world.wait_for(all_told) == at_least
    [[scans]] = world.sql(SCANS)
    return int(scans)


def test_nobody_looks_whether_what_was_made_for_it_is_free(world, owner):
    world.maker = owner
    world.sql("SELECT pg_stat_reset()")
    assert all(create(world, owner).status == 201 for _ in range(40))
    assert figures(world, 40) == 0
    assert all(with_uid(world, owner).status == 201 for _ in range(40))
    assert figures(world, 80) >= 80  # name and UID of each


def of(owner):
    return f"(SELECT account_id FROM account WHERE email = '{owner.email}' AND livemode)"


def counted(world, owner):
    return world.sql(f"""SELECT s.modseq, s.bytes, s.objects, (SELECT count(*) FROM calendar_object o WHERE o.account_id = s.account_id),
        (SELECT count(*) FROM outbox o WHERE o.account_id = s.account_id) FROM calendar_state s WHERE s.account_id = {of(owner)} ORDER BY 1""")


STATES = {
    "the calendar is full": "UPDATE calendar_state SET bytes = 1073741824 WHERE account_id = {}",
    "the account is full": "UPDATE calendar_state SET bytes = 4194304 WHERE account_id = {}",
    "it may only be read": "UPDATE calendar SET writable = false WHERE account_id = {}",
    "it takes tasks alone": "UPDATE calendar SET components = 2 WHERE account_id = {}",
    "it went": "UPDATE calendar SET name = 'elsewhere' WHERE account_id = {}",
}


def is_refused_alike(world, owner, why):
    assert create(world, owner).status == 201
    world.sql(STATES[why].format(of(owner)))
    before = counted(world, owner)
    made, brought = create(world, owner), with_uid(world, owner)
    assert made.status >= 400 and made.status != 500, made
    assert (made.status, made.json["error"]["code"]) == (brought.status, brought.json["error"]["code"])
    assert counted(world, owner) == before


@pytest.mark.parametrize("why", STATES)
def test_what_is_refused_is_refused_alike_and_changes_nothing(world, owner, why):
    is_refused_alike(world, owner, why)


def test_it_is_there_and_told_as_any_other(world, owner):
    replies = [create(world, owner), with_uid(world, owner)]
    made, brought = [{k: v for k, v in r.json.items() if k not in ITS_OWN} for r in replies]
    assert made == brought
    for reply in replies:
        assert world.get(f"/v1/events/{reply.json['id']}", key=owner.key).json == reply.json
    rows = world.sql(f"""SELECT kind, object_id IS NOT NULL, request_id IS NOT NULL, modseq FROM outbox
        WHERE account_id = {of(owner)} AND kind = 'object_created' ORDER BY modseq""")
    assert [row[:3] for row in rows] == [["object_created", "t", "t"]] * 2 and int(rows[0][3]) + 1 == int(rows[1][3])


def test_a_calendar_has_its_bound_where_its_account_has_none(world, owner):
    world.restart("--account-storage-mib", "0")
    is_refused_alike(world, owner, "the calendar is full")
