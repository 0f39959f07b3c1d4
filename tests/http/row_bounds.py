# SPDX-License-Identifier: Apache-2.0
"""What test_row_bounds.py stands on, and its proofs of what people and apps show who they are by: sessions, keys, consents, tokens."""
import glob
import os
import re

import pytest

from oauth_flow import App, Browser
from world import ROOT, CliError


def statement(world, name, *values):
    """One of sql/queries, with these SQL expressions as its parameters."""
    for path in glob.glob(os.path.join(ROOT, "sql/queries/*.sql")):
        with open(path, encoding="utf-8") as f:
            found = re.search(rf"^-- name: {name}\b.*\n((?:.+\n)+)", f.read() + "\n", re.M)
        if found:
            text = re.sub(r"--.*", "", found[1]).strip().rstrip(";")
            world.sql(f"PREPARE p AS {text}; EXECUTE p ({', '.join(values)})" if values else text)
            return
    raise AssertionError(name)


def count(world, table, where="true"):
    return int(world.sql(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


SOMEONE = "(SELECT account_id FROM account WHERE email = 'someone@example.org' AND livemode)"
LIVE = f"account_id = {SOMEONE}"


# Each makes more rows than there may be, and lets what bounds them work. What is proven elsewhere is named.


def throttles_end(world):
    world.sql("INSERT INTO throttle SELECT sha256(n::text::bytea), 1, now() + n * interval '1 hour' FROM generate_series(-9, 9) n")
    statement(world, "throttle_purge", "now()")
    assert count(world, "throttle", "ends_at <= now()") == 0 and count(world, "throttle") >= 9


def requests_end(world):
    world.sql("INSERT INTO auth_request SELECT sha256(n::text::bytea), gen_random_uuid(), '{}', now() + n * interval '1 minute' "
              "FROM generate_series(-9, 9) n")
    statement(world, "auth_request_prune", "now()")
    assert count(world, "auth_request") == 9


def device_requests_end(world):
    world.sql("INSERT INTO device_request (hash, code_hash, client_id, scopes, audience, expires_at) SELECT sha256(n::text::bytea), "
              "sha256(n::text::bytea), gen_random_uuid(), 1, 0, now() + n * interval '1 minute' FROM generate_series(-10, 9) AS n")
    statement(world, "device_request_prune", "now()")
    assert count(world, "device_request") == 9


def login_flows_end(world):
    """That there are 10,000 at most: tests/http/test_login_flow.py."""
    world.sql("INSERT INTO login_flow (hash, page_hash, created_at, expires_at) SELECT sha256(n::text::bytea), sha256(n::text::bytea), now(), "
              "now() + n * interval '1 minute' FROM generate_series(-10, 9) AS n")
    statement(world, "login_flow_prune", "now()")
    assert count(world, "login_flow") == 9


def keys_that_retired_are_twenty(world):
    for _ in range(22):
        world.sql("SELECT signing_keys_keep(gen_random_uuid()::text, '', now(), interval '90 days', true)")
    assert count(world, "signing_key", "state = 3") == 20 and count(world, "signing_key") == 22
    world.sql("UPDATE signing_key SET retired_at = retired_at - interval '91 days' WHERE state = 3")
    world.sql("SELECT signing_keys_keep(gen_random_uuid()::text, '', now(), interval '90 days', false)")
    assert count(world, "signing_key") == 2
    world.sql("DELETE FROM signing_key")


def redirects_are_twenty(world):
    app = App(world, registered=[f"https://app.example/{n}" for n in range(20)])
    assert count(world, "oauth_client_redirect") == 20 and app
    with pytest.raises(CliError) as refused:
        App(world, registered=[f"https://app.example/{n}" for n in range(21)])
    assert "at most 20" in str(refused.value)


def sessions_are_a_hundred(world):
    world.sql(f"""INSERT INTO session (account_id, hash, id, csrf, auth_time, amr, created_at, expires_at)
                  SELECT {SOMEONE}, sha256(n::text::bytea), gen_random_uuid(), '', now(), 1, now() - n * interval '1 minute',
                         now() + interval '1 day' FROM generate_series(1, 100) n""")
    for _ in range(3):
        browser = Browser(world)
        browser.sign_in(world.account("someone@example.org"))
        assert browser.get("/keys").status == 200
        assert count(world, "session", LIVE) == 100
    assert count(world, "session", "hash = sha256('98'::bytea)") == 0  # the oldest went
    assert count(world, "session", "hash = sha256('97'::bytea)") == 1
    world.sql("UPDATE session SET expires_at = now()")
    statement(world, "session_purge", "now()")
    assert count(world, "session") == 0


def uses_end_with_a_year(world):
    world.sql(f"""INSERT INTO credential_use SELECT {SOMEONE}, gen_random_uuid(), now() - n * interval '1 day'
                  FROM generate_series(1, 500) n""")
    statement(world, "credential_use_purge", "now() - interval '400 days'")
    assert count(world, "credential_use", f"{LIVE} AND used_at < now() - interval '390 days'") == 10


def consents(world, times):
    """As the consent page writes them, to an app of its own."""
    app = App(world)
    browser = Browser(world)
    browser.sign_in(world.accounts["someone@example.org"])
    app.connect(browser)
    [[connected, client]] = world.sql(f"SELECT id, client_id FROM connected_account WHERE {LIVE} ORDER BY authorized_at DESC LIMIT 1")
    world.sql(f"""SELECT consent_grant({SOMEONE}, '{client}', gen_random_uuid(), 1, 1, NULL, 'infinity', uuid_v7(),
                  sha256(random()::text::bytea), now(), ''::bytea, 'x', NULL, 0::smallint, now(), uuid_v7(), '1', NULL, NULL)
                  FROM generate_series(1, {times})""")
    return app, browser, connected


def one_connection_for_each_app(world):
    _, browser, _ = consents(world, 100)
    app = App(world)
    assert app.connect(browser)["connected_account_id"] == app.connect(browser)["connected_account_id"]
    assert count(world, "connected_account", LIVE) == len(
        world.sql(f"SELECT DISTINCT client_id FROM connected_account WHERE {LIVE}"))
    assert count(world, "client_connection") <= count(world, "connected_account")


def consents_leave_so_many_rows(world):
    """Each click on Allow left a row for ever."""
    app, browser, connected = consents(world, 250)
    proofs = lambda: count(world, "consent_log", f"connected_account_id = '{connected}'")
    assert 100 <= proofs() <= 150
    for _ in range(3):
        tokens = app.connect(browser)
        assert 100 <= proofs() <= 150
    assert world.get("/v1/events", key=tokens["access_token"]).status == 200


def families_are_a_thousand(world):
    app, browser, connected = consents(world, 1300)
    tokens = app.connect(browser)
    assert 1000 <= count(world, "token_family", f"connected_account_id = '{connected}'") <= 1050
    assert app.refresh(tokens["refresh_token"]).status == 200
    world.sql("UPDATE token_family SET created_at = now() - interval '91 days'")
    statement(world, "token_family_prune_unused", "now() - interval '1 day'")
    assert count(world, "token_family", f"connected_account_id = '{connected}'") == 1  # that was redeemed
    world.sql("UPDATE token_family SET revoked_at = now() - interval '91 days'")
    statement(world, "token_family_prune_ended", "now() - interval '90 days'")
    assert count(world, "token_family") == 0


def tokens_end_with_their_slot(world):
    hour = "(extract(epoch FROM now())::bigint / 3600 + {})"
    for n in (-2, 0):
        world.sql(f"""INSERT INTO access_token SELECT {SOMEONE}, sha256('{n}'::bytea), ({hour.format(n)} % 4)::smallint,
                      gen_random_uuid(), 0, to_timestamp({hour.format(n)} * 3600 + 1800)""")
    statement(world, "access_token_prune")
    assert count(world, "access_token", "hash = sha256('-2'::bytea)") == 0
    assert count(world, "access_token", "hash = sha256('0'::bytea)") == 1
