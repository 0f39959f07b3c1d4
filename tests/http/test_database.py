# SPDX-License-Identifier: Apache-2.0
"""The database beside a running server: migrations, the rule of the schema, a database that goes and comes back."""
import json
import re
import signal
import subprocess
import threading

import pytest

from oauth_flow import at_once
from ports import free_port
from world import BIN, CliError, World

# Indexes of account-owned tables that do not begin with the account: found by time or transaction, by housekeeping
# and the jobs of webhooks and mail alone, and not unique (field of the schema's rule: it can be distributed by account).
HOUSEKEEPING_INDEXES = {"account_leaving", "booking_end", "connected_account_client", "token_family_purge", "calendar_object_tomb", "mail_due", "notice_due", "outbox_order", "usage_day_age", "voice_session_untold", "webhook_queue_due"}
# Directories: what exists before an account is known, keyed by what a request presents.
DIRECTORIES = {"login"}
# The same in a table that has an account: an address that people are given.
DIRECTORY_INDEXES = {"booking_page_slug"}


@pytest.fixture()
def empty_database(postgres):
    postgres.drop("t_empty")
    postgres.create("t_empty")
    yield "t_empty"
    postgres.drop("t_empty")


def migrate(postgres, database, folder):
    return subprocess.run([BIN, "migrate", "--database-url", postgres.url(database), "--data-dir", str(folder)],
        capture_output=True, text=True, timeout=120)


# ---- migrations ----


def test_instances_that_migrate_at_once_apply_each_migration_once(postgres, empty_database, tmp_path):
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(migrate(postgres, empty_database, tmp_path / str(n))))
        for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r.returncode for r in results] == [0] * 4, [r.stderr for r in results]
    numbers = [int(n) for (n,) in postgres.sql(empty_database, "SELECT number FROM schema_migration ORDER BY number")]
    assert numbers[0] == 1 and len(numbers) == len(set(numbers))
    assert sum(r.stderr.count("event=migrated") for r in results) == len(numbers)


def test_a_database_of_a_newer_build_is_refused(postgres, empty_database, tmp_path):
    assert migrate(postgres, empty_database, tmp_path).returncode == 0
    postgres.sql(empty_database, "INSERT INTO schema_migration (number, name) VALUES (9999, 'tomorrow')")
    done = migrate(postgres, empty_database, tmp_path)
    assert done.returncode != 0
    assert "9999" in done.stderr and "newer" in done.stderr


def test_a_database_from_before_the_first_release_is_refused_with_what_to_do(postgres, empty_database, tmp_path):
    """Its migrations became one: nothing carries its tables over."""
    assert migrate(postgres, empty_database, tmp_path).returncode == 0
    postgres.sql(empty_database, "DELETE FROM schema_migration WHERE number > 1; "
                 "INSERT INTO schema_migration (number, name) VALUES (2, '0002_objects'), (3, '0003_oauth')")
    done = migrate(postgres, empty_database, tmp_path)
    assert done.returncode != 0
    assert "before the first release" in done.stderr and "Export the calendars" in done.stderr and "--data-dir" in done.stderr


def test_a_statement_that_does_not_fit_the_schema_stops_the_start(postgres, empty_database, tmp_path):
    assert migrate(postgres, empty_database, tmp_path).returncode == 0
    postgres.sql(empty_database, "ALTER TABLE account RENAME COLUMN plan TO tariff")
    done = subprocess.run([BIN, "serve", "--listen", f"127.0.0.1:{free_port()}", "--database-url",
        postgres.url(empty_database), "--data-dir", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "statements do not fit" in done.stderr and "plan" in done.stderr


def test_a_database_that_is_not_there_is_named_at_start(postgres, tmp_path):
    done = migrate(postgres, "t_nowhere", tmp_path)
    assert done.returncode != 0
    assert "t_nowhere" in done.stderr and "does not exist" in done.stderr


# ---- the rule of the schema ----


def test_every_index_of_an_account_table_begins_with_the_account(world):
    strange = world.sql("""
        SELECT i.indexrelid::regclass FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' JOIN pg_index i ON i.indrelid = c.oid
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND i.indkey[0] <> a.attnum""")
    directories = {n for d in DIRECTORIES for (n,) in world.sql(
        f"SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '{d}'::regclass")}
    assert {n for (n,) in strange} - directories == HOUSEKEEPING_INDEXES | DIRECTORY_INDEXES


def test_no_index_that_is_not_for_the_account_is_unique(world):
    names = ", ".join(f"'{n}'::regclass" for n in HOUSEKEEPING_INDEXES)
    assert world.sql(f"SELECT indexrelid::regclass FROM pg_index WHERE indisunique AND indexrelid IN ({names})") == []


def test_no_partial_index_begins_with_the_account(world):
    """But where it is entered by a way of its own, which no other statement can take (the key after it is a function)."""
    assert world.sql("""
        SELECT i.indexrelid::regclass FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'account_id'
         WHERE i.indpred IS NOT NULL AND i.indkey[0] = a.attnum AND i.indkey[1] <> 0""") == []


def test_foreign_keys_stay_inside_one_account(world):
    """Or lead to a reference table, which every node holds."""
    assert world.sql("""
        SELECT k.conname FROM pg_constraint k
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attname = 'account_id'
          LEFT JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attname = 'account_id'
         WHERE k.contype = 'f' AND k.confrelid <> 'oauth_client'::regclass
           AND NOT (a.attnum = k.conkey[1] AND b.attnum = k.confkey[1])""") == []


def test_every_instant_has_a_zone(world):
    assert world.sql("""
        SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND a.atttypid = 'timestamp'::regtype""") == []


# ---- an answer a request ----


def ready(server):
    return server.get("/readyz").status == 200


def profile(server, key):
    return server.get("/v1/profile", key=key)


def test_the_outbox_is_partitioned_ahead_when_the_server_runs(world):
    parts = world.wait_for(lambda: [n for (n,) in world.sql(
        "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'outbox'::regclass") if re.search(r"\d{8}$", n)])
    assert len(parts) >= 4


def test_connections_that_the_database_cut_are_replaced(world):
    key = world.account().key
    assert profile(world, key).status == 200
    world.end_batch()  # its session is not meant
    world.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
              "WHERE datname = current_database() AND pid <> pg_backend_pid()")
    for _ in range(5):
        assert profile(world, key).status == 200


def test_a_key_revoked_through_one_instance_is_refused_by_the_other_at_once(world):
    key = world.key()
    assert profile(world, key).status == 200
    assert profile(world.second, key).status == 200
    world.cli("key", "revoke", key.id)
    assert profile(world.second, key).status == 401
    assert profile(world, key).status == 401


def test_a_database_that_dies_and_comes_back_needs_no_restart(world, postgres):
    key = world.account().key
    assert profile(world, key).status == 200
    world.end_batch()  # its session would end, too
    postgres.stop()
    try:
        reply = profile(world, key)
        assert reply.status == 503
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.json["error"]["code"] == "unavailable"
        assert "socket" not in reply.text  # where our database lives is nobody's business
        assert world.get("/healthz").status == 200
        assert world.get("/readyz").status == 503
        told = world.get("/status")  # for people, who need no session for it
        assert told.status == 503 and "does not answer at the moment" in told.text and told.headers["Retry-After"]
    finally:
        postgres.start()
    assert world.wait_for(lambda: ready(world))
    assert profile(world, key).status == 200


REFUSED_AT_THE_END = """
CREATE FUNCTION t_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused at the commit'; END $$;
CREATE CONSTRAINT TRIGGER t_refuse AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t_refuse();
"""


@pytest.mark.parametrize("table", ["calendar_object", "outbox"])
def test_what_is_refused_when_it_is_committed_is_never_acknowledged(world, table):
    """The commit of a statement that stands alone comes after its result, which was good."""
    account = world.account("commit@example.org")
    event = json.dumps({"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"})
    count = "SELECT count(*) FROM calendar_object"
    kind = {"Content-Type": "application/json"}
    key = world.key(account, kind="secret")
    path = f"/dav/calendars/{account.id}/default/{table}.ics"
    calendar = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:t", "BEGIN:VEVENT", f"UID:{table}", "DTSTAMP:20260101T000000Z",
                            "DTSTART:20261124T090000Z", "END:VEVENT", "END:VCALENDAR", ""])
    before = world.sql(count)
    world.sql(REFUSED_AT_THE_END.format(table=table))
    try:
        assert world.post("/v1/events", event, kind, key).status == 500
        assert world.post("/v1/events", event, {**kind, "Idempotency-Key": table}, key).status == 500
        assert world.dav("PUT", path, calendar, {"Content-Type": "text/calendar"}, account).status == 500
        assert world.sql(count) == before
    finally:
        # PostgreSQL drops the triggers of partitions before it locks their table; who reads it locks it before them, as this does.
        world.sql(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; DROP TRIGGER t_refuse ON {table}; DROP FUNCTION t_refuse; COMMIT")
    assert world.post("/v1/events", event, {**kind, "Idempotency-Key": table}, key).status == 201
    assert world.dav("PUT", path, calendar, {"Content-Type": "text/calendar"}, account).status in (201, 204)


def test_a_crash_of_the_database_loses_nothing_that_was_acknowledged(world, postgres):
    account = world.account()
    home = f"/dav/calendars/{account.id}/default/"
    event = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:crash\r\n"
             "DTSTAMP:20261124T000000Z\r\nDTSTART:20261124T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    put = world.dav("PUT", home + "crash.ics", event, {"Content-Type": "text/calendar"}, account)
    assert put.status == 201
    world.end_batch()
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    # Unlogged tables are empty now. In the template, of which later modules of this run have their databases, that would
    # have their first proof asked for another nonce (rightly: nobody knows whether it came before).
    postgres.sql("calends_template", "INSERT INTO dpop_since (since_ms) VALUES (0) ON CONFLICT DO NOTHING")
    assert world.wait_for(lambda: ready(world))
    got = world.dav("GET", home + "crash.ics", account=account)
    assert (got.status, got.body.decode()) == (200, event)
    assert got.headers["ETag"] == put.headers["ETag"]


@pytest.fixture(scope="module")
def narrow(postgres):
    """A server with one connection that waits for it only briefly."""
    postgres.drop("t_narrow")
    postgres.create("t_narrow", "calends_template")
    w = World(postgres, "t_narrow", ["--db-connections", "1", "--db-wait-ms", "100"])
    try:
        yield w
    finally:
        w.close()
        postgres.drop("t_narrow")


def test_a_pool_that_is_exhausted_answers_503_with_retry_after(narrow):
    """With jobs held: else one may have the connection, or wait in it, and who calls is refused."""
    key = narrow.account().key
    with narrow.jobs_held():
        is_refused_while_one_waits(narrow, key)


def is_refused_while_one_waits(narrow, key):
    assert profile(narrow, key).status == 200
    first = []
    holder = threading.Thread(target=lambda: first.append(profile(narrow, key)))
    with narrow.holding("LOCK TABLE api_key") as commit:
        holder.start()
        assert narrow.wait_for(narrow.waiting), "it has the connection"
        others = at_once(narrow, 3, lambda http: http.request("GET", "/v1/profile", None, {"Authorization": f"Bearer {key}"}))
        assert not first
        commit()
        holder.join()
    assert [r.status for r in first + others] == [200, 503, 503, 503]
    assert others[0].headers["Retry-After"] == "1"
    assert profile(narrow, key).status == 200


def test_a_command_that_fails_says_what_to_do_in_json_too(world):
    with pytest.raises(CliError) as failed:
        world.cli("account", "show", "nobody@example.org")
    assert failed.value.status == 1
    assert '"error"' in failed.value.stdout + failed.value.stderr
