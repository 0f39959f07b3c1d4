# SPDX-License-Identifier: Apache-2.0
"""The chain of the audit log: what was altered is named, by whoever looks."""
import hashlib
import json
import subprocess
import threading

import pytest

from test_audit import twelve_rows, uuid_of, verify
from world import BIN, CliError

SERVE = ["--last-used-ms", "100"]


@pytest.fixture(scope="module")
def owner(world):
    return world.account("audited@example.org")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret", name="teller")


def sabotage(world, statements):
    """As somebody would who owns the database."""
    world.sql("ALTER TABLE audit DISABLE TRIGGER ALL; " + statements + "; ALTER TABLE audit ENABLE TRIGGER ALL")


@pytest.fixture()
def victim(world):
    """A chain of ten rows; made whole again afterwards. No job of the server adds a row that this would lose, or that tells of it first."""
    with world.jobs_held():
        yield from ten_rows(world)


def ten_rows(world):
    account = world.account("victim@example.org")
    uuid = uuid_of(world, account)
    if int(world.sql(f"SELECT count(*) FROM audit WHERE account_id = '{uuid}'")[0][0]) < 10:
        world.sql(f"SELECT audit_add('{uuid}', 'key.changed', NULL, ARRAY['server', '', '', '', '', ''], "
                  "jsonb_build_object('name', n::text)) FROM generate_series(2, 10) n")
    world.sql("DROP TABLE IF EXISTS kept_rows, kept_heads; CREATE TABLE kept_rows AS SELECT * FROM audit; CREATE TABLE kept_heads AS SELECT * FROM audit_head")
    account.uuid = uuid
    yield account
    sabotage(world, "DELETE FROM audit; DELETE FROM audit_head; INSERT INTO audit SELECT * FROM kept_rows; "
             "INSERT INTO audit_head SELECT * FROM kept_heads; DROP TABLE kept_rows, kept_heads")


ROW = "account_id = '{uuid}' AND seq"
BREAKS = {
    "a row is changed": (f"UPDATE audit SET details = '{{{{}}}}' WHERE {ROW} = 4", 4, "changed"),
    "the time of a row is changed": (f"UPDATE audit SET at = at + interval '1 microsecond' WHERE {ROW} = 4", 4, "changed"),
    "who did it is changed": (f"UPDATE audit SET actor = 'session' WHERE {ROW} = 9", 9, "changed"),
    "a row is deleted": (f"DELETE FROM audit WHERE {ROW} = 5", 5, "missing"),
    "the first row is deleted": (f"DELETE FROM audit WHERE {ROW} = 1", 1, "missing"),
    "two rows are swapped": (f"UPDATE audit SET seq = -seq WHERE {ROW} IN (6, 7); UPDATE audit SET seq = 13 + seq WHERE {ROW} < 0", 6, "changed"),
    "the tail is cut": (f"DELETE FROM audit WHERE {ROW} > 7", 8, "the chain had 10 rows"),
    "all is cut": (f"DELETE FROM audit WHERE {ROW} > 0", 1, "the chain had 10 rows"),
    "a row is put at the end": (f"INSERT INTO audit SELECT account_id, 11, at, kind, subject_id, actor, credential_id, client_id, "
                                f"network, agent, request_id, details, hash FROM audit WHERE {ROW} = 10", 11, "changed"),
    "the head is gone": ("DELETE FROM audit_head WHERE account_id = '{uuid}'", 1, "head of this chain is missing"),
    "the head tells of another": ("UPDATE audit_head SET hash = sha256('') WHERE account_id = '{uuid}'", 10, "another last row"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_was_altered_is_named(world, victim, how):
    statement, row, reason = BREAKS[how]
    sabotage(world, statement.format(uuid=victim.uuid))
    broken = verify(world, *([] if row == 1 else ["--account", victim.email]))["broken"]
    assert (broken["account"], broken["livemode"], broken["sequence"]) == (victim.id, True, row), broken
    assert reason in broken["reason"]


def test_the_command_says_so_and_fails(world, victim):
    assert verify(world)["whole"]
    sabotage(world, BREAKS["a row is deleted"][0].format(uuid=victim.uuid))
    with pytest.raises(CliError) as told:
        world.cli("audit", "verify", "--account", victim.id)
    assert "row 5" in told.value.stderr and victim.id in told.value.stderr
    with pytest.raises(CliError):
        world.cli("audit", "verify", "--account", "nobody@example.org")


def test_a_tail_that_was_cut_with_its_head_is_told_by_the_anchor(world, victim):
    world.sql("DELETE FROM audit_anchor; SELECT audit_anchor_make(now(), 1000)")
    assert verify(world)["whole"]
    sabotage(world, f"DELETE FROM audit WHERE account_id = '{victim.uuid}' AND seq > 7; UPDATE audit_head SET seq = 7, "
             f"hash = (SELECT hash FROM audit WHERE account_id = '{victim.uuid}' AND seq = 7) WHERE account_id = '{victim.uuid}'")
    found = verify(world)["broken"]
    assert (found["account"], found["sequence"]) == (victim.id, 10) and "anchor" in found["reason"]
    world.sql(f"UPDATE audit_head SET anchored_seq = seq, anchored_hash = hash WHERE account_id = '{victim.uuid}'")
    assert "heads of the chains are not those of the anchor" in verify(world)["broken"]["reason"]
    sabotage(world, f"DELETE FROM audit WHERE account_id = '{victim.uuid}'; DELETE FROM audit_head WHERE account_id = '{victim.uuid}'")
    assert "heads of the chains are not those of the anchor" in verify(world)["broken"]["reason"]
    world.sql("DELETE FROM audit_anchor")


def test_an_anchor_is_made_once_a_day_chained_and_logged(world):
    with world.jobs_held():
        world.sql("DELETE FROM audit_anchor; SELECT audit_anchor_make(now() - interval '2 days', 1000); "
                  "SELECT audit_anchor_make(now() - interval '1 day', 1000)")
        assert world.sql("SELECT made FROM audit_anchor_make(now() - interval '1 day', 1000)") == [["f"]]
        assert verify(world)["whole"]
        world.sql("UPDATE audit_anchor SET heads = heads + 1 WHERE day = (SELECT min(day) FROM audit_anchor)")
        assert "was changed" in verify(world)["broken"]["reason"]
        world.sql("DELETE FROM audit_anchor WHERE day = (SELECT min(day) FROM audit_anchor)")
        assert verify(world)["whole"], "the older go with time"
        world.sql("DELETE FROM audit_anchor")
    assert world.log_has("event=audit_anchor day="), "made by the server's job"


def test_rows_cannot_be_changed_by_mistake(world, owner):
    for statement in ("UPDATE audit SET kind = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(Exception, match="never changed"):
            world.sql(statement)


def test_changes_at_the_same_moment_make_one_chain(world):
    account = world.account("crowd@example.org")
    key = world.key(account, kind="secret")
    uuid = uuid_of(world, account)
    made = []

    def change(server):
        http = server.client_connection()
        for n in range(5):
            made.append(http.request("POST", "/v1/api_keys", json.dumps({"name": f"k{n}", "kind": "secret"}),
                [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]))

    threads = [threading.Thread(target=change, args=(server,)) for server in (world, world.second) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {r.status for r in made} == {201} and len(made) == 30
    assert verify(world, "--account", account.id) == {"object": "audit_verification", "whole": True, "chains": 1, "rows": 32}
    assert world.sql(f"SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY seq) AS back FROM audit WHERE account_id = '{uuid}') x WHERE back") == [["0"]]


def test_an_exported_log_can_be_checked_without_us(world, owner, secret):
    """docs/audit.md: hash is the SHA-256 of `hashed`, whose second line is the hash of the row before."""
    twelve_rows(world, secret)
    world.key(owner, kind="secret", mode="test")
    done = subprocess.run([BIN, "audit", "export", owner.email, *world.settings], capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(lines) > 10
    before = {}
    for line in lines:
        assert hashlib.sha256(line["hashed"].encode()).hexdigest() == line["hash"]
        text = line["hashed"].split("\n")
        assert text[1] == before.get(line["livemode"], "0" * 64) and text[3] == str(line["sequence"]) and text[5] == line["kind"]
        assert line["account"] == owner.id
        before[line["livemode"]] = line["hash"]
    assert set(before) == {True, False}
    with pytest.raises(CliError, match="resource_missing|no account|nothing here"):
        world.cli("audit", "export", "nobody@example.org")


def test_the_chain_that_is_left_is_whole_when_old_rows_went(world):
    account = world.account("aged@example.org")
    uuid = uuid_of(world, account)
    world.sql(f"SELECT audit_add('{uuid}', 'key.changed', NULL, ARRAY['server', '', '', '', '', ''], NULL) FROM generate_series(1, 300)")
    world.sql("SELECT audit_trim(now() - interval '1 day', 200, 50) FROM generate_series(1, 40)")
    assert world.sql(f"SELECT count(*), min(seq) FROM audit WHERE account_id = '{uuid}'") == [["200", "102"]]
    assert verify(world, "--account", account.email)["rows"] == 200
    assert verify(world)["whole"]
    sabotage(world, f"DELETE FROM audit WHERE account_id = '{uuid}' AND seq = 102")
    assert verify(world)["broken"]["sequence"] == 102
    world.sql(f"SELECT audit_trim(now() + interval '1 day', 0, 500) FROM generate_series(1, 20)")
    assert world.sql(f"SELECT count(*) FROM audit WHERE account_id = '{uuid}'") == [["0"]]
