# SPDX-License-Identifier: Apache-2.0
"""Nobody waits for another in a circle: whoever locks several rows of a table does so in the order of their keys, or passes over
what is locked; the audit log's heads come last (sql/migrations/0090_lock_order.sql)."""
import glob
import os
import re
import threading
import uuid

import pytest

from hooks import endpoint
from oauth_flow import App, Browser
from world import ROOT

ONE_BY_ONE = {  # who may change several rows of a table without an order, and why nobody else can hold some of them
    ("calendar_object_left", "calendar_gone"): "under the lock of the calendar's counter",
    ("object_delete", "dead_property"): "likewise",
    ("object_relocate", "dead_property"): "likewise",
    ("zone_fill_begin", "zone_fill"): "has one row",
    ("zone_fill_place", "zone_fill"): "has one row",
    ("zone_fill_end", "zone_fill"): "has one row",
    ("words_put", "words_fill"): "has one row",
    ("words_filled", "words_fill"): "has one row",
    ("secret_mark_keep", "database_home"): "has one row",
    ("session_end_one", "session"): "one: an id is one session's",
    ("session_prove", "session"): "one: an id is one session's",
    ("outbox_partitions", "outbox_default"): "under a lock of the table",
    ("account_set_status", "account"): "both locked in order before",
    ("mailbox_confirm", "account"): "the live one is locked by mailbox_link_take, and comes first",
    ("mailbox_reset", "account"): "likewise",
    ("token_of_machine", "connected_account"): "one: an app has one connection for itself",
    ("account_set_password", "login"): "one: an account has one login",
    ("consent_grant", "token_family"): "under the lock of their connection",
    ("consent_trim", "token_family"): "likewise",
    ("consent_trim", "consent_log"): "likewise",
    ("connected_account_end", "token_family"): "likewise",
    ("platform_account_deauthorize", "token_family"): "likewise",
    ("account_claim", "token_family"): "likewise, of all connections",
    ("account_claim", "webhook_endpoint"): "under the lock of their queues",
    ("webhook_endpoint_drop", "webhook_endpoint"): "likewise",
    ("account_claim", "passkey"): "of others each has one, and no other lock before it",
    ("account_claim", "booking_page"): "under the lock of the account, as sandbox_clear",
    ("open_connection_forget", "consent_log"): "under the lock of the account",
    ("open_client_settle", "oauth_client_redirect"): "under the lock of the app",
    ("client_change", "oauth_client_redirect"): "likewise",
    ("client_secret_replace", "oauth_client_secret"): "likewise",
    ("client_secret_add", "oauth_client_secret"): "likewise",
    ("database_home_step", "database_home"): "has one row",
    ("mailbox_change", "mailbox_link"): "under the lock of the login",
    ("notice_take", "notice"): "under an advisory lock of the account, and the others pass over what is locked",
    ("outbox_rebase", "outbox"): "under an advisory lock, and the others pass over what is locked",
    ("outbox_rebase", "webhook_cursor"): "has one row",
    ("webhook_changes", "webhook_cursor"): "has one row",
    ("sandbox_quiet", "outbox"): "what this transaction wrote",
    ("sandbox_clear", "booking"): "under the lock of the account, and the others pass over what is locked",
    ("sandbox_clear", "booking_page"): "likewise",
    ("sandbox_clear", "request_log"): "likewise",
    ("key_page_origins", "page_origin"): "those of one key, under its lock",
    ("audit_anchor_make", "audit_anchor"): "under an advisory lock",
    ("audit_trim", "audit"): "under the lock of their head, heads in order",
    ("voice_session_create", "voice_session"): "under an advisory lock",
}


def statements():
    """Of sql/queries, by name, without comments."""
    for path in glob.glob(os.path.join(ROOT, "sql/queries/*.sql")):
        with open(path) as f:
            for name, body in re.findall(r"^-- name: (\w+)[^\n]*\n(.*?)(?=^-- (?:name|guard):|\Z)", f.read(), re.S | re.M):
                yield name, re.sub(r"--[^\n]*", "", body)


def functions(world):
    for name, body in world.sql("SELECT proname, coalesce(nullif(prosrc, ''), pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
                                "AND prokind = 'f'"):
        yield name, re.sub(r"--[^\n]*", "", body)


def piece(text, start):
    """From there to the end of the statement, or of the parentheses that it stands in."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth < 0 or (text[i] == ";" and not depth):
            return text[start:i]
    return text[start:]


def keys(world):
    found = {}
    for table, columns in world.sql("SELECT c.relname, string_agg(a.attname, ' ') FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
                                    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[]) "
                                    "WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique GROUP BY i.indexrelid, c.relname"):
        found.setdefault(table, []).append(columns.split())
    return found


def names_one(text, columns):
    return all(re.search(rf"\b(?:by_\w+\((?:\w+\.)?)?{column}\)? = (?!ANY)", text) for column in columns)


def test_several_rows_of_a_table_are_locked_in_the_order_of_their_keys(world):
    unique, wrong, used = keys(world), [], set()
    for name, body in [*statements(), *functions(world)]:
        for m in re.finditer(r"\b(?:UPDATE|DELETE FROM)\s+(?!SET\b|OF\b|SKIP\b)(\w+)\b", body):
            table, text = m[1], piece(body, m.start())
            if table not in unique or body[:m.start()].rstrip().endswith(("FOR", "KEY", "DO")):
                continue
            before = body[:m.start()]
            ordered = re.search(r"SKIP LOCKED|ORDER BY[^;]*?FOR (NO KEY )?UPDATE", text) or \
                re.search(rf"PERFORM FROM {table} [^;]*?ORDER BY[^;]*?FOR (NO KEY )?UPDATE", before)
            if ordered or any(names_one(text, columns) for columns in unique[table]):
                continue
            if (name, table) in ONE_BY_ONE:
                used.add((name, table))
            else:
                wrong.append((name, table, " ".join(text.split())[:150]))
    assert not wrong, wrong
    assert not set(ONE_BY_ONE) - used, set(ONE_BY_ONE) - used


def test_a_lock_of_several_rows_says_in_which_order(world):
    """Also where a plan happens to have it so. (calendar_update locks one: a name is one calendar's.)"""
    wrong = []
    for name, body in [*statements(), *functions(world)]:
        for m in re.finditer(r"\b(?:SELECT|PERFORM)\b(?:(?!\bSELECT\b|\bPERFORM\b|;).)*\bFOR (?:NO KEY )?UPDATE\b(?! OF \w+ SKIP| SKIP)", body, re.S):
            if name != "calendar_update" and re.search(r"\b(?:IN|ANY) \(", m[0]) and "ORDER BY" not in m[0]:
                wrong.append((name, " ".join(m[0].split())[:150]))
    assert not wrong, wrong


def test_the_audit_log_is_locked_after_all_that_a_statement_changes(world):
    """What a WITH changes and nothing reads is done last of all, after the log: then others wait for the log with it in hand."""
    wrong = []
    for name, body in statements():
        if re.search(r"audit_add|tokens_replayed", body):
            wrong += [(name, part) for part in re.findall(r"(?:WITH|,)\s+(\w+)\s+AS\s+(?:MATERIALIZED\s+)?\(\s*(?:UPDATE|DELETE)", body)
                      if len(re.findall(rf"\b{part}\b", body)) == 1]
    assert not wrong, wrong


# ---- the same, seen: whoever waits for one row holds not yet what comes after it ----

APP_SCOPE = "events:read webhooks:manage"
NEW, AA, BB, CC, DD = ("\\x" + octet * 32 for octet in ("01", "aa", "bb", "cc", "dd"))
BY = "ARRAY['server', '', '', '', '', '']"


def run(world, name, *parameters):
    body = dict(statements())[name]
    return world.sql(f"SET LOCAL lock_timeout = '20s'; PREPARE s AS {body.rstrip().rstrip(';')}; EXECUTE s({', '.join(parameters)})")


def is_free_while(world, held, call, free):
    """`call` waits for the rows that `held` locks; meanwhile those of `free` can be had."""
    with world.holding(f"SELECT FROM {held} FOR UPDATE") as commit:
        thread = threading.Thread(target=call)
        thread.start()
        try:
            assert world.wait_for(world.waiting), "nothing had to wait"
            world.sql(f"SET LOCAL lock_timeout = '5s'; SELECT FROM {free} FOR UPDATE")  # a job may have one for a moment
        finally:
            commit()
            thread.join()


@pytest.fixture
def users(world):
    """Two users of an app with an endpoint each, the later account connected first; the app; its owner."""
    platform = person(world)
    app = App(world, owner=platform.email, scope=APP_SCOPE)
    accounts = sorted((person(world) for _ in range(2)), key=lambda a: uuid_of(world, a), reverse=True)
    for account in accounts:
        browser = Browser(world)
        browser.sign_in(account)
        endpoint(world, app.connect(browser, scope=APP_SCOPE)["access_token"], "https://example.org/hook", ["event.*"])
    return [uuid_of(world, account) for account in reversed(accounts)], app, uuid_of(world, platform)


def person(world):
    return world.account(f"{uuid.uuid4()}@example.org")


def uuid_of(world, account):
    return world.sql(f"SELECT account_id FROM login WHERE email = '{account.email}'")[0][0]


def head(account):
    return f"audit_head WHERE account_id = '{account}'"


def test_the_end_of_an_app_locks_queues_in_the_order_of_the_one_who_sends(world, users):
    """webhook_done has several queues of several accounts at once: in the other order both would wait for ever."""
    (first, second), app, _ = users
    queue = "webhook_queue WHERE account_id = '{}'"
    is_free_while(world, queue.format(first), lambda: world.cli("client", "delete", app.id), queue.format(second))
    assert world.sql(f"SELECT FROM webhook_endpoint WHERE account_id IN ('{first}', '{second}')") == []


def test_the_end_of_a_connection_holds_no_log_while_it_waits_for_a_grant(world, users):
    """An app revokes its token at the moment at which its user disconnects it."""
    (first, _), _, _ = users
    [[end]] = world.sql(f"SELECT id FROM connected_account WHERE account_id = '{first}'")
    is_free_while(world, f"token_family WHERE account_id = '{first}'",
                  lambda: run(world, "connected_account_end", f"'{first}'", f"'{end}'", "now()", BY), head(first))
    assert world.sql(f"SELECT FROM token_family WHERE account_id = '{first}' AND revoked_at IS NULL") == []


def test_a_connection_that_ended_gets_no_endpoint(world, users):
    """Made at the moment of the end, it would come back to life with the next consent."""
    (first, _), _, _ = users
    world.sql(f"UPDATE connected_account SET revoked_at = now(), revoked_why = 1 WHERE account_id = '{first}'")
    made = f"SELECT webhook_endpoint_create('{first}', uuid_v7(), (SELECT id FROM connected_account WHERE account_id = '{first}'), " \
           f"false, 1, NULL, 'https://example.org/', ARRAY['*'], NULL, false, '\\x00', NULL)"
    with pytest.raises(Exception, match="has ended"):
        world.sql(made)


def test_a_claimed_account_locks_all_queues_in_order_and_its_log_last(world, users):
    (first, second), _, owner = users
    claim = f"SELECT account_claim('{owner}', test_of('{owner}'), now(), {BY})"
    world.sql("CREATE OR REPLACE FUNCTION test_of(a uuid) RETURNS uuid LANGUAGE sql RETURN "
              "encode(set_byte(uuid_send(a), 15, get_byte(uuid_send(a), 15) | 1), 'hex')::uuid")
    world.sql(f"INSERT INTO webhook_endpoint (account_id, id, connect, scopes, url, events, secret) VALUES ('{owner}', uuid_v7(), false, 1, "
              f"'https://example.org/', ARRAY['*'], '\\x00'); INSERT INTO webhook_queue SELECT account_id, id FROM webhook_endpoint WHERE account_id = '{owner}'")
    low, *others = sorted([owner, first, second])
    queues = ", ".join(f"'{a}'" for a in others)
    is_free_while(world, f"webhook_queue WHERE account_id = '{low}'", lambda: world.sql(claim), f"webhook_queue WHERE account_id IN ({queues})")
    assert world.sql(f"SELECT FROM webhook_endpoint WHERE account_id IN ('{owner}', '{first}', '{second}')") == []


@pytest.mark.parametrize("held", ["api_key", "session", "calendar"])
def test_a_claimed_account_holds_no_log_while_it_waits(world, held):
    """Somebody revokes a key, or signs out, at that moment: they have it in hand and wait for the log."""
    account = person(world)
    world.key(account)
    browser = Browser(world)
    browser.sign_in(account)
    live = uuid_of(world, account)
    is_free_while(world, f"{held} WHERE account_id = '{live}'",
                  lambda: world.sql(f"SELECT account_claim('{live}', '{live}', now(), {BY})"), head(live))


def test_a_sign_in_holds_no_log_while_it_waits_for_the_session_that_it_replaces(world):
    account = person(world)
    browser = Browser(world)
    browser.sign_in(account)
    live = uuid_of(world, account)
    [[old, changed]] = world.sql(f"SELECT s.hash, l.changed_at FROM session s JOIN login l USING (account_id) WHERE account_id = '{live}'")
    sign_in = [f"'{live}'", f"'{NEW}'", "uuid_v7()", f"'{NEW}'", "now()", "now() + interval '1 day'", "'127.0.0.1'", "'x'", f"'{live}'", f"'{old}'",
               f"'{changed}'", BY, "false", "1", "now()", "NULL", f"'{live}'"]
    old_password = ["'2001-01-01'" if value == f"'{changed}'" else value for value in sign_in]
    assert run(world, "session_create", *old_password) == []  # and what they have stays
    assert world.sql(f"SELECT hash FROM session WHERE account_id = '{live}'") == [[old]]
    is_free_while(world, f"session WHERE account_id = '{live}'", lambda: run(world, "session_create", *sign_in), head(live))
    assert world.sql(f"SELECT hash FROM session WHERE account_id = '{live}'") == [[NEW]]


def test_an_account_and_its_twin_are_locked_one_after_the_other(world):
    account = person(world)
    live = uuid_of(world, account)
    [[twin]] = world.sql(f"SELECT account_id FROM account WHERE email = '{account.email}' AND NOT livemode")
    world.sql(f"UPDATE account SET tz = tz WHERE account_id = '{live}'")  # its row stands after that of its twin now
    is_free_while(world, f"account WHERE account_id = '{live}'", lambda: run(world, "account_set_language", f"'{live}'", f"'{twin}'", "'de'"),
                  f"account WHERE account_id = '{twin}'")


def test_tries_are_given_back_in_the_order_in_which_they_are_taken(world):
    world.sql(f"INSERT INTO throttle (subject, count, ends_at) SELECT s, 1, now() + interval '1 hour' FROM unnest(ARRAY['{BB}'::bytea, '{AA}']) s")
    give_back = f"SELECT throttle_give_back(ARRAY['{AA}'::bytea, '{BB}'])"
    is_free_while(world, f"throttle WHERE subject = '{AA}'", lambda: world.sql(give_back), f"throttle WHERE subject = '{BB}'")
    assert world.sql(f"SELECT FROM throttle WHERE subject IN ('{AA}', '{BB}')") == []


def test_a_job_passes_over_what_is_locked(world):
    world.sql(f"INSERT INTO throttle (subject, count, ends_at) SELECT s, 1, '2001-01-01' FROM unnest(ARRAY['{CC}'::bytea, '{DD}']) s")
    with world.holding(f"SELECT FROM throttle WHERE subject = '{CC}' FOR UPDATE"):
        run(world, "throttle_purge", "'2002-01-01'")
        assert world.sql(f"SELECT subject FROM throttle WHERE subject IN ('{CC}', '{DD}')") == [[CC]]


def test_an_account_goes_when_all_its_rows_could_be_had(world):
    """What somebody has locked is passed over and comes with the next portion; the account is the last to go, and leaves nothing."""
    account = uuid_of(world, person(world))
    used = str(uuid.uuid4())  # the server writes such rows, too: of the sign-in
    world.sql(f"UPDATE account SET status = 3, delete_at = '2001-01-01' WHERE account_id = '{account}'; "
              f"INSERT INTO credential_use (account_id, id, used_at) VALUES ('{account}', '{used}', now())")

    def portions(most):
        return [world.sql("SET LOCAL lock_timeout = '20s'; SELECT account_delete_some('2002-01-01', 1000)")[0][0] for _ in range(most)]

    def left():
        return [world.sql(f"SELECT count(*) FROM {rows}")[0][0] for rows in (f"account WHERE account_id = '{account}'", f"credential_use WHERE id = '{used}'")]

    with world.holding(f"SELECT FROM credential_use WHERE id = '{used}' FOR UPDATE"):
        portions(4)
        assert left() == ["1", "1"]
    assert world.wait_for(lambda: portions(1) == ["0"] and left() == ["0", "0"]), left()  # the server's jobs have rows of it for moments
