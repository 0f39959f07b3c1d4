# SPDX-License-Identifier: Apache-2.0
"""What strangers can make the server do is bounded."""
from oauth_flow import App, Browser, basic, is_error

SERVE = ["--rate-limit", "5", "--trusted-proxy", "127.0.0.1"]


def test_guessing_secrets_is_slowed_and_locks_nobody_out(world):
    server = App(world, type="confidential")
    replies = [server.redeem("x", [basic(server.id, "wrong")]) for _ in range(40)]
    limited = [r for r in replies if r.status == 429]
    assert limited and all(is_error(r, 429, "temporarily_unavailable") for r in limited)
    assert all(1 <= int(r.headers["Retry-After"]) <= 60 for r in limited)
    assert is_error(server.redeem("x"), 400, "invalid_grant")  # the client itself is not shut out


def test_guesses_count_for_the_network_that_makes_them(world):
    """Somebody who guesses a client's secret does not slow its own failures elsewhere."""
    server = App(world, type="confidential")
    tries = lambda address: [server.redeem("x", [basic(server.id, "wrong"), ("X-Forwarded-For", address)]).status for _ in range(20)]
    assert 429 in tries("192.0.2.7")
    assert tries("198.51.100.9")[0] == 401


def test_requests_of_strangers_fill_no_table(world):
    app, stranger = App(world, type="public"), Browser(world)
    replies = [app.ask(stranger) for _ in range(40)]
    limited = [r for r in replies if r.status == 429]
    assert limited and all("Retry-After" in r.headers for r in limited)
    [[stored]] = world.sql("SELECT count(*) FROM auth_request")
    assert int(stored) == len(replies) - len(limited)
