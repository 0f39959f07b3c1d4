# SPDX-License-Identifier: Apache-2.0
"""What strangers can make the server do is bounded. What is too much in a second comes at once: one after the other, a busy machine may let through each."""
import pytest

from oauth_flow import App, Browser, at_once, basic, is_error, post_form, register
from structured import check_limits

SERVE = ["--rate-limit", "5", "--trusted-proxy", "127.0.0.1", "--client-rate", "1", "--account-rate", "8"]
HOME, AWAY = ("X-Forwarded-For", "203.0.113.4"), ("X-Forwarded-For", "203.0.113.130")
# what apps call: what is sent, and what is answered before it is too much
CALLED = {
    "/oauth/token": ({"grant_type": "authorization_code", "code": "x"}, 400),
    "/oauth/revoke": ({"token": "x"}, 200),
    "/oauth/introspect": ({"token": "x"}, 200),
    "/oauth/par": ({"redirect_uri": "https://app.example/cb", "response_type": "code", "code_challenge": "A" * 43,
                    "code_challenge_method": "S256"}, 201),
    "/oauth/device": ({"scope": "events:read"}, 200),
}


def test_guessing_secrets_is_slowed_and_locks_nobody_out(world):
    server = App(world, type="confidential")
    replies = at_once(world, 40, lambda http: server.redeem("x", [basic(server.id, "wrong")], http=http))
    limited = [r for r in replies if r.status == 429]
    assert limited and all(is_error(r, 429, "temporarily_unavailable") for r in limited)
    assert all(1 <= int(r.headers["Retry-After"]) <= 60 for r in limited)
    assert is_error(server.redeem("x"), 400, "invalid_grant")  # the client itself is not shut out


def test_guesses_count_for_the_network_that_makes_them(world):
    """Somebody who guesses a client's secret does not slow its own failures elsewhere."""
    server = App(world, type="confidential")
    tries = lambda address: [r.status for r in at_once(world, 20, lambda http: server.redeem("x", [basic(server.id, "wrong"), ("X-Forwarded-For", address)], http=http))]
    assert 429 in tries("192.0.2.7")
    assert 401 in tries("198.51.100.9")


def test_requests_of_strangers_fill_no_table(world):
    app = App(world, type="public")
    [[before]] = world.sql("SELECT count(*) FROM auth_request")
    replies = at_once(world, 40, lambda http: http.request("GET", app.target()))
    limited = [r for r in replies if r.status == 429]
    assert limited and all("Retry-After" in r.headers for r in limited)
    [[stored]] = world.sql("SELECT count(*) FROM auth_request")
    assert int(stored) - int(before) == len(replies) - len(limited)


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
    tries = lambda address: [r.status for r in at_once(world, 20, lambda http: register(world, http, redirect_uris=["https://app.example/cb"],
                                                                                      headers=[("X-Forwarded-For", address)]))]
    assert set(tries("192.0.2.77")) == {201, 429}
    assert 201 in tries("198.51.100.99")


def called(app, path, *networks):
    """The answers, until one is 429."""
    headers, own = app.credentials()
    replies = []
    while len(replies) < 40 and (not replies or replies[-1].status != 429):
        network = networks[len(replies) % len(networks)]
        replies.append(post_form(app.http, path, {**own, **CALLED[path][0]}, [*headers, network]))
    return replies


@pytest.mark.parametrize("path", CALLED)
def test_an_app_is_counted_at_each_endpoint_wherever_it_calls_from(world, path):
    """Ten at once and one a second: of the app, not of its network, and no other app nor endpoint is slower for it."""
    kinds = {"type": "confidential", "grant": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}
    app, other = App(world, **kinds), App(world, **kinds)
    *passed, refused = called(app, path, HOME, AWAY)
    assert 10 <= len(passed) <= 30 and {r.status for r in passed} == {CALLED[path][1]}
    assert is_error(refused, 429, "temporarily_unavailable") and "10 times in 10 seconds" in refused.json["error_description"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    for reply in [*passed, refused]:
        assert check_limits(reply) == "app" and reply.headers["RateLimit-Policy"] == '"app";q=10;w=10'
    headers, _ = other.credentials()
    assert post_form(world.http, path, CALLED[path][0], [*headers, HOME]).status == CALLED[path][1]
    elsewhere = "/oauth/revoke" if path != "/oauth/revoke" else "/oauth/introspect"
    assert post_form(world.http, elsewhere, {"token": "x"}, [*app.credentials()[0], HOME]).status == 200


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_who_calls_as_an_app_without_a_secret_slows_their_own_network_alone(world, path):
    """Its client_id is no secret: whoever knows it must not be able to shut its users out."""
    app = App(world, type="public")
    *passed, refused = called(app, path, HOME)
    assert len(passed) >= 10 and is_error(refused, 429, "temporarily_unavailable") and check_limits(refused) == "app"
    [elsewhere] = called(app, path, AWAY)[:1]
    assert elsewhere.status == CALLED[path][1] and elsewhere.headers["X-RateLimit-Remaining"] == "9"


def test_neighbours_who_ask_too_often_slow_no_app_with_a_secret(world):
    """Requests that strangers push are counted by network; those of an app that proves itself are not."""
    stranger, app = App(world, type="public"), App(world, type="confidential")
    *_, refused = called(stranger, "/oauth/par", HOME)
    assert refused.status == 429 and check_limits(refused) == "network"
    assert called(app, "/oauth/par", HOME)[0].status == 201


def test_what_is_counted_of_strangers_is_told_too(world):
    """Sign-in requests, registrations and wrong secrets: by network, at the rate of --rate-limit."""
    away = lambda n: [("X-Forwarded-For", f"203.0.{n}.4")]
    app = App(world, type="confidential")
    for reply in (Browser(world).get(app.target(), away(1)), app.redeem("x", [basic(app.id, "wrong"), *away(2)]),
                  register(world, redirect_uris=["https://app.example/cb"], headers=away(3))):
        assert check_limits(reply) == "network" and reply.headers["RateLimit-Policy"] == '"network";q=5;w=1', reply


def test_an_app_that_manages_its_registration_is_counted(world):
    """RFC 7592: with the token of that app."""
    owner = world.account("owner@managed.example")
    token = world.secret(world.cli("client", "invite", "--owner", owner.email)["token"])
    made = register(world, redirect_uris=["https://app.example/cb"], headers=[("Authorization", "Bearer " + token)]).json
    again = [("Authorization", "Bearer " + made["registration_access_token"])]
    replies = [world.request("GET", "/oauth/register/" + made["client_id"], None, again) for _ in range(40)]
    assert replies[0].status == 200 and replies[-1].status == 429 and {check_limits(r) for r in replies} == {"app"}


def test_the_keys_of_one_account_are_counted_together(world):
    """Each has 5 a second, and all of them 8; who stands in a page for all to see uses up nothing of theirs."""
    ann = world.account("sum@example.org")
    keys = [world.key(ann, kind="secret") for _ in range(8)]
    left = keys * 5
    replies = at_once(world, len(left), lambda http: world.get("/v1/profile", key=left.pop()))
    refused = [r for r in replies if r.status == 429]
    assert refused and "account" in {check_limits(r) for r in refused}
    told = next(r for r in refused if check_limits(r) == "account")
    assert "keys of this account together made more than 8" in told.json["error"]["message"]
    assert told.headers["RateLimit-Policy"] == '"account";q=8;w=1'
    assert world.get("/v1/profile", key=world.account("beside@example.org").key).status == 200
