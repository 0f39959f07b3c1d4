#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a token that is bound to a key costs beside one that is not.

    CALENDS_BIN=build/release/calends tests/bench/dpop.py

Printed is the CPU time of GET /v1/profile, the server's and its database sessions', by median of rounds in which all take turns:
with a Bearer token, and with DPoP tokens of each kind of key, whose proofs were made before. Fails where one of any kind costs
over 0.15 ms more than Bearer.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from jose import Key  # noqa: E402
from oauth_flow import App, Browser  # noqa: E402
from postgres import Postgres  # noqa: E402
from test_oauth_dpop import proof  # noqa: E402
from world import BIN, World  # noqa: E402

ROUNDS, BATCH = 11, 40
KEYS = {alg: Key(alg) for alg in ("ES256", "EdDSA", "PS256")}


def asks(world, token, proofs=None):
    for one in proofs or [None] * BATCH:
        headers = [("Authorization", f"DPoP {token}"), ("DPoP", one)] if one else [("Authorization", f"Bearer {token}")]
        assert world.http.request("GET", "/v1/profile", None, headers).status == 200


def measure(world):
    browser = Browser(world)
    browser.sign_in(world.account("una@example.org"))
    app = App(world, type="public")

    def nonce():
        return world.request("GET", "/v1/profile", None, {"DPoP": "x"}).headers["DPoP-Nonce"]

    def token(*proofs):
        return app.redeem(app.consent(browser, scope="profile:read"), [("DPoP", p) for p in proofs]).json["access_token"]

    tokens = {"Bearer": token(), **{alg: token(proof(world, nonce(), key=key)) for alg, key in KEYS.items()}}
    costs = {name: [] for name in tokens}
    for _ in range(ROUNDS):
        for name, text in tokens.items():
            fresh = nonce()
            proofs = [proof(world, fresh, "GET", "/v1/profile", text, key=KEYS[name]) for _ in range(BATCH)] if name in KEYS else None
            pids = [world.process.pid, *sessions(world)]
            before = cpu_ms(pids)
            asks(world, text, proofs)
            costs[name].append((cpu_ms(pids) - before) / BATCH)
    return {name: statistics.median(values) for name, values in costs.items()}


def main():
    cluster = Postgres(fsync="on", full_page_writes="on")
    try:
        cluster.create("dpop")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("dpop"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "dpop", ["--rate-limit", "0", "--db-connections", "1"])
        medians = measure(world)
        world.kill()
    finally:
        cluster.remove()
    for name, cost in medians.items():
        print(f"{name:8} {cost:.3f} ms  {cost - medians['Bearer']:+.3f}")
    return max(medians.values()) - medians["Bearer"] > 0.15


if __name__ == "__main__":
    sys.exit(main())
