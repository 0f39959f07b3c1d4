# SPDX-License-Identifier: Apache-2.0
"""A database that is restored from a backup, and what it meets: clients and webhooks that saw later states, another secret key, another encoding."""
import os
import subprocess
from urllib.parse import quote

import pytest

from dav import Dav, event as an_event
from hooks import deliveries, endpoint, event
from ports import free_port
from receiver import Receiver
from rest import assert_error
from world import BIN, CliError

SECONDS = 15
SERVE = ["--allow-private-hooks", "--rate-limit", "0"]


@pytest.fixture
def dav(world, ann):
    return Dav(world.url, ann.email, ann.key)


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


def dump(world):
    return subprocess.run([f"{world.postgres.bin}/pg_dump", "-Fc", world.database_url], check=True, capture_output=True).stdout


def restore(world, backup):
    """Into a database that is empty, while no server runs."""
    world.end_batch()
    world.stop()
    world.postgres.drop(world.database)
    world.postgres.create(world.database, "template0")
    subprocess.run([f"{world.postgres.bin}/pg_restore", "--no-owner", "-d", world.database_url], input=backup, check=True, capture_output=True)


def titles(receiver, world, count):
    """Of the events that were told, once there are so many."""
    world.wait_for(lambda: len(receiver.of("event.created")) >= count)
    return [request.json["data"]["object"]["title"] for request in receiver.of("event.created")]


# ---- what was seen of later states ----


def test_no_sync_token_of_what_is_lost_is_ever_good(world, ann, dav):
    """F57, RFC 6578 §3.2: a token that the server no longer knows is refused. Numbers that are counted a second time are other changes."""
    calendar = f"/dav/calendars/{ann.id}/default/"
    dav.put(calendar + "kept.ics", an_event("kept", "20260302T120000Z"))
    backup = dump(world)
    before = dav.sync(calendar).sync_token
    for n in range(3):
        dav.put(f"{calendar}lost{n}.ics", an_event(f"lost{n}", "20260302T120000Z"))
    tokens = [dav.sync(calendar).sync_token, before]
    [own] = [c["id"] for c in world.get("/v1/calendars", key=ann.key).json["data"]]
    rest = [world.get(f"/v1/events/changes?calendar_id={own}&limit=100", key=ann.key).json["next_sync_token"]]
    restore(world, backup)
    world.start()
    assert world.log_has("database_moved")
    for n in range(5):
        dav.put(f"{calendar}new{n}.ics", an_event(f"new{n}", "20260302T120000Z"))
    for token in tokens:
        assert dav.sync(calendar, token).status == 403, token
    for token in rest:
        assert_error(world.get(f"/v1/events/changes?sync_token={quote(token, safe='')}", key=ann.key), 410, "sync_token_invalid")
    after = dav.sync(calendar)
    dav.put(calendar + "next.ics", an_event("next", "20260302T120000Z"))
    assert list(dav.sync(calendar, after.sync_token).members) == [calendar + "next.ics"]


def test_a_start_on_the_same_database_costs_no_token(world, ann, dav):
    """F57."""
    calendar = f"/dav/calendars/{ann.id}/default/"
    token = dav.sync(calendar).sync_token
    world.restart()
    assert dav.sync(calendar, token).members == {}


def test_a_database_that_is_another_under_a_running_server_is_noticed(world, ann, dav):
    """F57: as after a failover: nobody starts the server again."""
    calendar = f"/dav/calendars/{ann.id}/default/"
    token = dav.sync(calendar).sync_token
    world.sql("UPDATE database_home SET home = 'elsewhere'")
    assert world.wait_for(lambda: dav.sync(calendar, token).status == 403)
    assert dav.sync(calendar).status == 207


def test_very_many_counters_jump_a_portion_at_a_time_and_each_once(world, ann):
    """F57: a job's statement has only so long, and whoever writes waits for it. Who dies between two portions is followed by another."""
    for n in range(5):
        made = world.post("/v1/calendars", f'{{"name": "Portion {n}"}}', {"Content-Type": "application/json"}, ann.key)
        assert made.status == 201, made
    counters = "SELECT calendar_id, modseq, min_modseq FROM calendar_state ORDER BY account_id, calendar_id"
    world.end_batch()
    world.stop()
    before = world.sql(counters)
    world.sql("UPDATE database_home SET home = 'elsewhere'")
    assert [world.sql("SELECT * FROM database_home_step(2)") for _ in range(2)] == [[["f", "t"]]] * 2
    [[home, *begun]] = world.sql("SELECT home, moving_to = database_home_now(), moved_calendar FROM database_home")
    assert (home, begun) == ("elsewhere", ["t", before[3][0]])
    assert [now != was for now, was in zip(world.sql(counters), before)] == [True] * 4 + [False] * (len(before) - 4)
    world.start()  # by which all is done, before anybody is served
    jumped = [[calendar, str(int(modseq) + 2**32), str(int(modseq) + 2**32)] for calendar, modseq, _ in before]
    assert world.sql(counters) == jumped and world.log_has("database_moved")
    assert world.sql("SELECT home = database_home_now(), moving_to FROM database_home") == [["t", ""]]


# ---- webhooks ----


def test_webhooks_go_on_in_a_cluster_that_is_younger(world, key, receiver):
    """F58: the outbox is read in the order of transactions, whose ids begin anew there. What waited at the backup is told, nothing is told twice."""
    hook = endpoint(world, key, receiver.url, ["event.created"])
    event(world, key, "told")
    assert titles(receiver, world, 1) == ["told"]
    assert world.wait_for(lambda: deliveries(world, key, hook, status="delivered"))
    world.end_batch()
    world.stop()
    world.cli("api", "call", "ann@example.org", "createEvent", "--body-stdin",
        input='{"title": "waited", "start_time": "2026-12-01T09:00:00Z", "end_time": "2026-12-01T10:00:00Z"}')
    world.sql("UPDATE outbox SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    world.sql("UPDATE webhook_cursor SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    restore(world, dump(world))
    world.start()
    assert titles(receiver, world, 2) == ["told", "waited"]
    event(world, key, "new")
    assert titles(receiver, world, 3) == ["told", "waited", "new"]
    assert world.sql("SELECT count(*) FROM outbox WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())") == [["0"]]


# ---- the secret key ----


def serve(world, *options):
    """What a server that does not start says."""
    return subprocess.run([BIN, "serve", "--listen", f"127.0.0.1:{free_port()}", "--database-url", world.database_url, *options],
        capture_output=True, text=True, timeout=120, check=False)


def test_a_database_is_served_with_its_own_secret_key_alone(world, tmp_path):
    """F59: a restore that forgot secret.key made a new one, with which no second factor and no ID token worked."""
    done = serve(world, "--data-dir", str(tmp_path / "other"))
    assert done.returncode != 0 and "--secret-key-file" in done.stderr and "Put that file back" in done.stderr, done.stderr
    before = world.sql("SELECT count(*) FROM schema_migration")
    undone = "DELETE FROM schema_migration WHERE number = (SELECT max(number) FROM schema_migration) RETURNING number, name"
    [[number, name]] = world.sql(undone)  # told before anything is migrated
    try:
        done = serve(world, "--data-dir", str(tmp_path / "other"))
        assert "Put that file back" in done.stderr and "event=migrated" not in done.stderr, done.stderr
    finally:
        world.sql(f"INSERT INTO schema_migration (number, name) VALUES ({number}, '{name}')")
    assert world.sql("SELECT count(*) FROM schema_migration") == before
    with pytest.raises(CliError) as told:
        subprocess_doctor(world, tmp_path / "other")
    assert "put that file back" in str(told.value)


def subprocess_doctor(world, folder):
    settings = world.settings
    try:
        world.settings = ["--database-url", world.database_url, "--data-dir", str(folder)]
        return world.cli("doctor")
    finally:
        world.settings = settings


def test_a_command_with_a_key_of_its_own_keeps_nobody_from_serving(world, tmp_path):
    """`migrate` runs where no secret key is mounted, and makes one that is thrown away."""
    world.postgres.sql(world.database, "UPDATE database_home SET mark = NULL")
    done = subprocess.run([BIN, "migrate", "--database-url", world.database_url, "--data-dir", str(tmp_path)], capture_output=True, text=True,
        timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    world.restart()
    assert world.sql("SELECT mark IS NOT NULL FROM database_home") == [["t"]]


def test_a_key_that_is_lost_for_good_is_replaced_as_the_documentation_says(world):
    """F59: docs/site/self-hosting.md."""
    file = world.folder + "/secret.key"
    with open(file, "rb") as f:
        before = f.read()
    world.end_batch()
    world.stop()
    os.remove(file)
    world.sql("UPDATE database_home SET mark = NULL; DELETE FROM signing_key")
    world.start()
    assert world.wait_for(lambda: world.get("/oauth/jwks").json["keys"])
    with open(file, "rb") as f:
        assert f.read() != before


# ---- what kind of database ----


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_is_refused_with_what_to_do(postgres, tmp_path, encoding):
    """F60."""
    postgres.drop("t_encoding")
    postgres.sql("postgres", f"CREATE DATABASE t_encoding ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        done = subprocess.run([BIN, "migrate", "--database-url", postgres.url("t_encoding"), "--data-dir", str(tmp_path)], capture_output=True,
            text=True, timeout=120, check=False)
        assert done.returncode != 0 and encoding in done.stderr and "ENCODING 'UTF8'" in done.stderr, done.stderr
        assert postgres.sql("t_encoding", "SELECT to_regclass('account') IS NULL") == [["t"]]
    finally:
        postgres.drop("t_encoding")


def test_transactions_are_what_the_statements_were_written_for(world, key):
    """F60: what a database says for all its sessions (default_transaction_isolation) made writes of one calendar fail beside each other."""
    world.sql(f"ALTER DATABASE {world.database} SET default_transaction_isolation = 'serializable'")
    try:
        world.restart()
        here = event(world, key, "first")
        change = "UPDATE calendar_state SET objects = objects WHERE calendar_id IN (SELECT calendar_id FROM calendar_object)"
        made = world.meanwhile(change, lambda: event(world, key, "second"))
        assert made["id"] != here["id"]
    finally:
        world.sql(f"ALTER DATABASE {world.database} RESET default_transaction_isolation")
        world.restart()
