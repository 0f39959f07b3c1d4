# SPDX-License-Identifier: Apache-2.0
"""What strangers can make the server do is bounded."""
from oauth_flow import App, Browser, basic, is_error, register
from structured import check_limits

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


def test_who_asks_too_often_is_told_both_ways_how_long_to_wait(world):
    """X-RateLimit-* and draft-ietf-httpapi-ratelimit-headers-10, on what passes and on what does not."""
    key = world.account("often@example.org").key
    for credential in (key, None, "cp_" + "0" * 64):
        replies = [world.get("/v1/profile", key=credential) for _ in range(40)]
        limited = [r for r in replies if r.status == 429]
        assert limited, credential
        for reply in replies:
            assert check_limits(reply) == "default" and reply.headers["RateLimit-Policy"] == '"default";q=5;w=1'


def test_registrations_count_for_the_network_that_makes_them(world):
    """RFC 7591 §5: an open endpoint is limited. They fill no table in any case."""
    tries = lambda address: [register(world, redirect_uris=["https://app.example/cb"], headers=[("X-Forwarded-For", address)]).status for _ in range(20)]
    assert set(tries("192.0.2.77")) == {201, 429}
    assert tries("198.51.100.99")[0] == 201
