#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a token costs that an app gets for itself, beside one that it gets by a refresh token.

    CALENDS_BIN=build/release/calends tests/bench/grants.py

Printed is the CPU time of POST /oauth/token, the server's and its database sessions', by median of rounds in which both take
turns. Fails where client_credentials costs more than a refresh, which does more.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from oauth_flow import App, Browser  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, World  # noqa: E402

ROUNDS, BATCH = 11, 60


def measure(world):
    browser = Browser(world)
    browser.sign_in(world.account("una@example.org"))
    app = App(world, type="confidential", grant=["authorization_code", "refresh_token", "client_credentials"], machine_scope="events:read")
    refresh = app.connect(browser, scope="events:read")["refresh_token"]

    def by_refresh():
        nonlocal refresh
        reply = app.refresh(refresh)
        refresh = reply.json["refresh_token"]
        return reply

    grants = {"refresh_token": by_refresh, "client_credentials": lambda: app.token(grant_type="client_credentials")}
    costs = {name: [] for name in grants}
    for _ in range(ROUNDS):
        for name, ask in grants.items():
            ask()
            pids = [world.process.pid, *sessions(world)]
            before = cpu_ms(pids)
            assert {ask().status for _ in range(BATCH)} == {200}
            costs[name].append((cpu_ms(pids) - before) / BATCH)
    return {name: statistics.median(values) for name, values in costs.items()}


def main():
    cluster = Postgres(fsync="on", full_page_writes="on")
    try:
        cluster.create("grants")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("grants"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "grants", ["--rate-limit", "0", "--db-connections", "1"])
        medians = measure(world)
        world.kill()
    finally:
        cluster.remove()
    for name, cost in medians.items():
        print(f"{name:20} {cost:.3f} ms")
    return medians["client_credentials"] > medians["refresh_token"]


if __name__ == "__main__":
    sys.exit(main())
