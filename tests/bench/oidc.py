#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What OpenID Connect costs: an ID token beside a refresh, and the UserInfo endpoint.

    CALENDS_BIN=build/release/calends tests/bench/oidc.py

Printed is the CPU time of a request, the server's and its database sessions', by median of rounds in which all take turns: POST
/oauth/token by a refresh token without and with `openid`, GET /oauth/userinfo and GET /v1/profile, the metadata, and POST /oauth/introspect, plain and
signed. Fails where an ID token costs over 0.1 ms more than none, or userinfo more than the profile and a tenth.
"""
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../support", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))

from cost import cpu_ms, sessions  # noqa: E402
from oauth_flow import App, Browser, post_form  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, World  # noqa: E402

ROUNDS, BATCH = 15, 60
MORE = "profile:read events:read"


def refresher(app, browser, scope):
    held = app.connect(browser, scope=scope)

    def ask():
        reply = app.refresh(held["refresh_token"])
        held.update(reply.json)
        return reply

    return ask


def measure(world):
    browser = Browser(world)
    browser.sign_in(world.account("una@example.org"))
    app = App(world, type="confidential")
    token = app.connect(browser, scope=f"openid email profile {MORE}")["access_token"]
    bearer = [("Authorization", f"Bearer {token}")]
    headers, params = app.credentials()

    def introspect(accept):
        return post_form(world.http, "/oauth/introspect", {**params, "token": token}, [*headers, ("Accept", accept)])

    asks = {
        "refresh": refresher(app, browser, f"email profile {MORE}"),
        "refresh, ID token": refresher(app, browser, f"openid email profile {MORE}"),
        "profile": lambda: world.http.request("GET", "/v1/profile", None, bearer),
        "userinfo": lambda: world.http.request("GET", "/oauth/userinfo", None, bearer),
        "metadata": lambda: world.http.request("GET", "/.well-known/oauth-authorization-server"),
        "introspect": lambda: introspect("application/json"),
        "introspect, signed": lambda: introspect("application/token-introspection+jwt"),
    }
    costs = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            ask()
            pids = [world.process.pid, *sessions(world)]
            before = cpu_ms(pids)
            assert {ask().status for _ in range(BATCH)} == {200}, name
            costs[name].append((cpu_ms(pids) - before) / BATCH)
    return {name: statistics.median(values) for name, values in costs.items()}


def main():
    cluster = Postgres(fsync="on", full_page_writes="on")
    try:
        cluster.create("oidc")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("oidc"), "--data-dir", cluster.folder + "/m"], check=True, capture_output=True)
        world = World(cluster, "oidc", ["--rate-limit", "0", "--db-connections", "1"])
        medians = measure(world)
        world.kill()
    finally:
        cluster.remove()
    for name, cost in medians.items():
        print(f"{name:20} {cost:.3f} ms")
    return medians["refresh, ID token"] - medians["refresh"] > 0.1 or medians["userinfo"] > 1.1 * medians["profile"]


if __name__ == "__main__":
    sys.exit(main())
