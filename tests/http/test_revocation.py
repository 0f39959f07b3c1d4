# SPDX-License-Identifier: Apache-2.0
"""Two instances on one database: what is ended through one is refused by the other in the very next request."""
from oauth_flow import App, Browser, Form

RACES = True  # tests/run races


def alive(server, account, key):
    return server.get("/v1/profile", key=key).status == 200 and \
        server.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (account.email, key)).status == 207


def dead(server, account, key):
    return server.get("/v1/profile", key=key).status == 401 and \
        server.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (account.email, key)).status == 401


def test_a_key_revoked_anywhere_is_dead_everywhere_in_the_next_request(world):
    """K7."""
    ann = world.account("ann@example.org")
    for _ in range(5):
        key = world.key(ann)
        for server in (world, world.second):
            assert alive(server, ann, key)
        world.cli("key", "revoke", key.id)
        for server in (world.second, world):
            assert dead(server, ann, key)


def test_a_rotated_key_is_dead_everywhere_and_its_successor_alive(world):
    """K7."""
    ann = world.account("ann@example.org")
    key = world.key(ann)
    for server in (world, world.second):
        assert alive(server, ann, key)
    fresh = world.cli("key", "rotate", key.id)["key"]
    for server in (world.second, world):
        assert dead(server, ann, key)
        assert alive(server, ann, fresh)


def test_a_kept_connection_does_not_keep_a_key_alive(world):
    """K7."""
    ann = world.account("ann@example.org")
    key = world.key(ann)
    connection = world.second.client_connection()
    bearer = [("Authorization", f"Bearer {key}")]
    assert connection.request("GET", "/v1/profile", None, bearer).status == 200
    world.cli("key", "revoke", key.id)
    assert connection.request("GET", "/v1/profile", None, bearer).status == 401
    connection.close()


def test_a_deactivated_account_is_refused_by_both(world):
    """K13."""
    bob = world.account("bob@example.org")
    assert alive(world.second, bob, bob.key)
    world.cli("account", "deactivate", bob.email)
    for server in (world.second, world):
        assert server.get("/v1/profile", key=bob.key).status == 403
    world.cli("account", "reactivate", bob.email)
    for server in (world.second, world):
        assert alive(server, bob, bob.key)


def opens(server, token):
    """The statuses of REST and CalDAV for a token, on a connection that was used before."""
    return (server.get("/v1/profile", key=token).status,
            server.dav("PROPFIND", "/dav/", None, {"Depth": "0", "Authorization": f"Bearer {token}"}).status)


def disconnect(browser, app, tokens):
    action = f"/connected-accounts/{tokens['connected_account_id']}/remove"
    assert browser.post(action, Form(browser.get(action).text, action).with_()).status == 303


def revoke_token(browser, app, tokens):
    assert app.revoke(tokens["refresh_token"]).status == 200


def test_a_token_that_was_cut_off_is_dead_everywhere_in_the_next_request(world):
    user = world.account("user@calends.example")
    browser, app = Browser(world), App(world, type="public", scope="profile:read calendars:read")
    browser.sign_in(user)
    for cut in (disconnect, revoke_token):
        tokens = app.connect(browser, scope="profile:read calendars:read")
        for server in (world, world.second):
            assert opens(server, tokens["access_token"]) == (200, 207)
        cut(browser, app, tokens)
        for server in (world.second, world):
            assert opens(server, tokens["access_token"]) == (401, 401), cut
        http = world.second.client_connection()
        assert app.refresh(tokens["refresh_token"], http=http).status == 400
        http.close()


def test_a_session_ends_everywhere_at_once(world):
    user = world.account("user@calends.example")
    here, there = Browser(world), Browser(world)
    here.sign_in(user)
    there.http, there.cookies = world.second.client_connection(), {f"session_{world.second.port}": v for v in here.cookies.values()}
    there.cookies.update(here.cookies)
    assert there.get("/keys").status == 200
    assert here.post("/sign-out", Form(here.get("/keys").text, "/sign-out").with_()).status == 303
    assert there.get("/keys").status == 303, "led to sign in"
