# SPDX-License-Identifier: Apache-2.0
"""Each statement that begins with a token finds that first, and then its family, its connection and its app, each by its key, whatever the
planner knows: nothing, as in a new database, or of an account with thousands of families and one connection.

Every request with a token walked the families of its account in the latter case, by a merge join."""
import os
import re

import pytest

from world import BIN

ACCOUNT = "11111111-1111-7111-8111-111111111110"
APP = "22222222-2222-7222-8222-222222222222"
TABLES = "access_token_0, access_token_1, access_token_2, access_token_3, token_family, connected_account, oauth_client, account"

START = f"""
{"".join(f"ALTER TABLE {t} SET (autovacuum_enabled = false);" for t in TABLES.split(", "))}
INSERT INTO account (account_id, email, name) VALUES ('{ACCOUNT}', 'plans@example.org', 'Plans');
INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants) VALUES ('{APP}', '{ACCOUNT}', 2, 'App', 1, 1);
INSERT INTO connected_account (account_id, id, client_id, scopes) VALUES ('{ACCOUNT}', '{ACCOUNT}', '{APP}', 1);
"""
FILL = """
INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes)
SELECT '11111111-1111-7111-8111-111111111110', ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid,
       '11111111-1111-7111-8111-111111111110', '22222222-2222-7222-8222-222222222222', 1 FROM generate_series(%d, %d) n;
INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at)
SELECT '11111111-1111-7111-8111-111111111110', sha256(n::text::bytea), s, ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid,
       1, now() + interval '1 hour' FROM generate_series(%d, %d) n, generate_series(0, 3) s;
"""
HASH = "sha256('1'::bytea)"
PLANS = {
    "token_find_0": f"'{ACCOUNT}', {HASH}, NULL, NULL",
    "token_find_3": f"'{ACCOUNT}', {HASH}, NULL, NULL",
    "token_find_bound_1": f"'{ACCOUNT}', {HASH}, '\\x00', '\\x00', 1, 1, NULL",
    "introspect_access_2": f"'{ACCOUNT}', {HASH}",
    "introspect_refresh": f"'{ACCOUNT}', '00000000-0000-0000-0000-000000000001', '\\x00'",
    "token_state": f"'{ACCOUNT}', {HASH}, 1",
    "family_revoke_by_access": f"'{ACCOUNT}', {HASH}, 1, '{APP}', now(), ARRAY['server', '', '', '', '', '']",
    "code_redeem_1": f"'{ACCOUNT}', '00000000-0000-0000-0000-000000000001', {HASH}, '{APP}', NULL, '\\x01', '\\x02', now(), '\\x03', now(), now(), 0, NULL, NULL, false, 0",
    "code_replayed": f"'{ACCOUNT}', '00000000-0000-0000-0000-000000000001', {HASH}, '{APP}', NULL, '\\x01', ARRAY['server', '', '', '', '', '']",
    "token_refresh_2": f"'{ACCOUNT}', '00000000-0000-0000-0000-000000000001', {HASH}, '{APP}', NULL, '\\x02', now(), '\\x03', now(), '\\x04', 0, NULL, NULL, false, false",
    "token_refresh_again": f"'{ACCOUNT}', '00000000-0000-0000-0000-000000000001', {HASH}, 1, '{APP}', NULL, 10, ARRAY['server', '', '', '', '', ''], 0, NULL, NULL",
    "token_exchange": f"'{ACCOUNT}', {HASH}, 1, '{APP}', NULL, '\\x01', 0, 0, NULL",
}
TIMES = {
    "empty": START,
    "young": FILL % (1, 2, 1, 2) + f"ANALYZE {TABLES};",
    "many": FILL % (3, 20000, 3, 20000),
    "analyzed": f"ANALYZE {TABLES};",
}


def statement(name):
    with open(os.path.join(os.path.dirname(BIN), "generated/sql.c"), encoding="utf-8") as f:
        [literal] = re.findall(rf'struct query sql_{name} = \{{ "\w+",((?:\n\t"[^\n]*")+)', f.read())
    text = "".join(line[2:-1] for line in literal.split("\n"))
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


@pytest.fixture(scope="module", params=TIMES)
def filled(world, request):
    world.sql(TIMES[request.param])
    return world


@pytest.mark.parametrize("name", PLANS)
def test_each_row_is_found_by_its_key(filled, name):
    plan = "\n".join("".join(row) for row in filled.sql(
        f"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE q AS {statement(name)}; EXPLAIN (COSTS off) EXECUTE q({PLANS[name]})"))
    scans = [s for s in re.split(r"\n *-> *", plan) if re.search(r"(Scan|Update) (using \w+ )?on ", s)]
    assert "Merge" not in plan and "Hash" not in plan and "Seq Scan on token_family" not in plan, plan
    for scan in scans:
        if re.search(r"Scan using token_family_pkey", scan):
            assert re.search(r"Index Cond: .*\bid = ", scan.replace("account_id = ", "")), plan
        if re.search(r"Scan using access_token_\d_pkey", scan):
            assert re.search(r"Index Cond: .*\bhash = ", scan), plan
