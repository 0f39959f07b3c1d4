#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What tokens cost among ten thousand living ones and among ten million, and how fast eight connections redeem codes.

    CALENDS_BIN=build/release/calends tests/bench/tokens.py [TOKENS]        # 10,000,000: some 4 GB in /tmp while it runs, several minutes

Two databases, filled by SQL: 50 tokens an account, five grants with ten each. The account that is asked about is one of the crowd. Printed is the CPU
time of a request, the server's and its database session's, by median of rounds in which both databases and all requests take turns. Fails where one
costs over 1.2 times, and 0.03 ms, more among many.

Then codes: eight connections (wrk, from Debian) against the server, and eight sessions of pgbench that execute the statement of a redemption alone, in
turn. Fails where the server redeems fewer than 70 of 100.
"""
import base64
import os
import re
import statistics
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from oauth_flow import App, Browser, challenge_of  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, World  # noqa: E402

FEW = 10_000
ROUNDS, BATCH = 10, 30
BOUND, SLACK_MS, SHARE = 1.2, 0.03, 0.7
CODES, TURNS, CONNECTIONS = 4000, 3, 8
VERIFIER = "v" * 43
SCOPE = "profile:read events:read"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# The accounts' ids are random and the rows in their order, as an index that grew over years has them.
CROWD = """
SET synchronous_commit = off; SET session_replication_role = replica;
CREATE TEMP TABLE crowd AS
SELECT overlay(gen_random_uuid()::text PLACING '0' FROM 36)::uuid AS id, i FROM generate_series(1, {accounts}) i;
INSERT INTO account (account_id, email, name) SELECT id, i || '@crowd.example', 'Crowd' FROM crowd ORDER BY id;
INSERT INTO connected_account (account_id, id, client_id, scopes) SELECT id, id, '{client}', 20 FROM crowd ORDER BY id;
INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, generation, refresh_hash, idle_expires_at)
SELECT c.id, md5(c.i || ' ' || f)::uuid, c.id, '{client}', 20, 1, sha256((c.i || ' ' || f)::bytea), now() + interval '30 days'
  FROM crowd c, generate_series(1, 5) f ORDER BY c.id;
INSERT INTO access_token_{slot} (account_id, hash, slot, family_id, scopes, expires_at)
SELECT c.id, sha256((c.i || ' ' || f || ' ' || n)::bytea), {slot}, md5(c.i || ' ' || f)::uuid, 20, now() + interval '1 hour'
  FROM crowd c, generate_series(1, 5) f, generate_series(1, 10) n ORDER BY c.id;
"""


def code_of(account, family, number):
    """Well-formed: server/crypto/secret.h has the format. Random it need not be here."""
    value, text = int.from_bytes(number.to_bytes(24, "big") + account + family, "big"), ""
    for _ in range(76):
        value, digit = divmod(value, 62)
        text = ALPHABET[digit] + text
    value, crc = zlib.crc32(("cac_" + text).encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        crc = ALPHABET[digit] + crc
    return "cac_" + text + crc


class Place:
    """A server, its database with so many tokens, and an app with a user."""

    def __init__(self, cluster, name, tokens):
        cluster.create(name, "bench_tokens")
        self.world = World(cluster, name, ["--rate-limit", "0", "--db-connections", "1"])
        self.app = App(self.world, type="confidential", grant=["authorization_code", "refresh_token", "client_credentials"], machine_scope="events:read")
        self.browser = Browser(self.world)
        self.browser.sign_in(self.world.account("una@example.org"))
        held = self.app.connect(self.browser, scope=SCOPE)
        [[slot, client]] = self.world.sql("SELECT slot, client_id FROM access_token JOIN token_family f ON f.id = family_id")
        self.world.sql(CROWD.format(accounts=tokens // 50, client=client, slot=slot) + "DROP TABLE crowd")
        self.world.sql("VACUUM ANALYZE")
        self.access, self.next = held["access_token"], held["refresh_token"]
        self.codes = []

    def refresh(self):
        reply = self.app.refresh(self.next)
        self.next = reply.json["refresh_token"]
        return reply

    def asks(self):
        bearer = [("Authorization", f"Bearer {self.access}")]
        return {
            "GET /v1/profile": lambda: self.world.http.request("GET", "/v1/profile", None, bearer),
            "introspection": lambda: self.app.introspect(self.access),
            "refresh": self.refresh,
            "code": lambda: self.app.redeem(self.codes.pop()),
            "client_credentials": lambda: self.app.token(grant_type="client_credentials"),
        }


def cost(place, name, ask):
    if name == "code":
        place.codes = [place.app.consent(place.browser, scope=SCOPE) for _ in range(BATCH)]
    else:
        ask()
    pids = [place.world.process.pid, *sessions(place.world)]
    before = cpu_ms(pids)
    assert {ask().status for _ in range(BATCH)} == {200}, name
    return (cpu_ms(pids) - before) / BATCH


def among(places):
    """{request: (ms among few, ms among many)}"""
    asks = [place.asks() for place in places]
    found = {name: ([], []) for name in asks[0]}
    for turn in range(ROUNDS):
        for name in found:
            for i in (0, 1) if turn % 2 else (1, 0):  # whoever comes second finds another machine
                found[name][i].append(cost(places[i], name, asks[i][name]))
    return {name: tuple(statistics.median(v) for v in values) for name, values in found.items()}


# ---- codes by eight at once ----


LUA = """
local n = 0
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "%s"
request = function() n = n + 1; return wrk.format(nil, "/oauth/token", nil, bodies[n] or bodies[1]) end
"""


def new_codes(place, first):
    """Rows as consent makes them, with codes that we know; what their bodies are."""
    [[account, connection, client]] = place.world.sql("SELECT c.account_id, c.id, c.client_id FROM connected_account c "
        "JOIN account a USING (account_id) WHERE a.email = 'una@example.org' AND NOT c.machine")
    bodies, rows = [], []
    for n in range(first, first + CODES):
        family = n.to_bytes(16, "big")
        code = code_of(bytes.fromhex(account.replace("-", "")), family, n)
        bodies.append(f"grant_type=authorization_code&code={code}&code_verifier={VERIFIER}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb")
        rows.append(f"('{account}', '{family.hex()}', '{connection}', '{client}', 20, sha256('{code}'), now() + interval '1 hour', "
                    f"'\\x{base64.urlsafe_b64decode(challenge_of(VERIFIER) + '=').hex()}', 'https://app.example/cb')")
    place.world.sql("INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at, challenge, redirect_uri) "
                    "VALUES " + ", ".join(rows))
    return bodies, (account, client)


def used_of(place, first):
    """How many of these codes, and within how many seconds."""
    [[count, seconds]] = place.world.sql("SELECT count(code_used_at), extract(epoch FROM max(code_used_at) - min(code_used_at)) FROM token_family "
        f"WHERE id >= '{first.to_bytes(16, 'big').hex()}' AND id < '{(first + CODES).to_bytes(16, 'big').hex()}'")
    return int(count), float(seconds or 0)


def rate(place, first):
    count, seconds = used_of(place, first)
    assert count == CODES, count
    return count / seconds


def by_server(place, first):
    bodies, _ = new_codes(place, first)
    header = place.app.credentials()[0][0][1]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/bodies", "w", encoding="ascii") as f:
            f.write("\n".join(bodies))
        with open(folder + "/codes.lua", "w", encoding="ascii") as f:
            f.write(LUA % (folder + "/bodies", header))
        wrk = subprocess.Popen(["wrk", "-t1", f"-c{CONNECTIONS}", "-d60s", "-s", folder + "/codes.lua", place.world.url], stdout=subprocess.DEVNULL)
        try:
            assert place.world.wait_for(lambda: used_of(place, first)[0] == CODES, 60), used_of(place, first)
        finally:
            wrk.kill()
            wrk.wait()
    return rate(place, first)


def statement(name):
    with open(os.path.join(os.path.dirname(BIN), "generated/sql.c"), encoding="utf-8") as f:
        [literal] = re.findall(rf'struct query sql_{name} = \{{ "\w+",((?:\n\t"[^\n]*")+)', f.read())
    text = "".join(line[2:-1] for line in literal.split("\n"))
    return re.sub(r"\\(.)", lambda m: {"n": " ", "t": " "}.get(m[1], m[1]), text)


def by_pgbench(place, cluster, first):
    """The same rows; each session has its own, and counts them."""
    _, (account, client) = new_codes(place, first)
    place.world.sql(f"DROP TABLE IF EXISTS bench_code; CREATE TABLE bench_code (n int PRIMARY KEY, id uuid, hash bytea); INSERT INTO bench_code SELECT row_number() OVER (), id, code_hash "
                    f"FROM token_family WHERE id < '{(first + CODES).to_bytes(16, 'big').hex()}' AND id >= '{first.to_bytes(16, 'big').hex()}'; ANALYZE bench_code")
    mine = lambda column: f"(SELECT {column} FROM bench_code WHERE n = :n::int)"
    challenge = f"'\\x{base64.urlsafe_b64decode(challenge_of(VERIFIER) + '=').hex()}'::bytea"
    given = [f"'{account}'::uuid", mine("id"), mine("hash"), f"'{client}'::uuid", "'https://app.example/cb'::text", challenge, f"sha256((:n::int + {first})::text::bytea)",
             "now() + interval '1 hour'", f"sha256((- :n::int - {first})::text::bytea)", "now() + interval '30 days'", "'infinity'::timestamptz", "0::smallint", "NULL::bytea",
             "NULL::bytea", "false", "0::bigint"]
    text = re.sub(r"\$(\d+)", lambda m: given[int(m[1]) - 1], statement("code_redeem_1"))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set n :client_id * {CODES // CONNECTIONS} + :turn\n\\set turn :turn + 1\n{text};\n")
        script.flush()
        told = subprocess.run([f"{cluster.bin}/pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-t", str(CODES // CONNECTIONS), "-D", "turn=1",
            "-f", script.name, "-h", cluster.folder, "-U", "calends", place.world.database], capture_output=True, text=True,
            env={**os.environ, "PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off"})
        assert told.returncode == 0, told.stderr
    return rate(place, first)


def main(many):
    cluster, good = Postgres(fsync="on", full_page_writes="on", max_wal_size="4GB"), True
    try:
        cluster.create("bench_tokens")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("bench_tokens"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        few, crowd = places = [Place(cluster, f"tokens_{i}", n) for i, n in enumerate((FEW, many))]
        print(f"{'CPU ms a request among':24}{FEW:>12,}{many:>14,}")
        for name, (a, b) in among(places).items():
            wrong = b > a * BOUND and b > a + SLACK_MS
            good = good and not wrong
            print(f"{name:24}{a:12.3f}{b:14.3f}{b / a:7.2f}" + (" !" if wrong else ""), flush=True)
        crowd.world.kill()
        few.world.stop()
        few.world.options[-1] = str(CONNECTIONS)
        few.world.start()
        server, alone = [], []
        for turn in range(TURNS):
            server.append(by_server(few, 1 + (2 * turn) * CODES))
            alone.append(by_pgbench(few, cluster, 1 + (2 * turn + 1) * CODES))
        share = statistics.median(server) / statistics.median(alone)
        good = good and share >= SHARE
        print(f"codes a second by {CONNECTIONS} connections {statistics.median(server):,.0f}, pgbench {statistics.median(alone):,.0f}: {share:.2f}" + ("" if share >= SHARE else " !"))
        few.world.kill()
    finally:
        cluster.remove()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000))
