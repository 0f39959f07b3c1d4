# SPDX-License-Identifier: Apache-2.0
"""Two instances on one database: what is ended through one is refused by the other in the very next request."""


def alive(server, account, key):
    return server.get("/v1/profile", key=key).status == 200 and \
        server.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (account.email, key)).status == 207


def dead(server, account, key):
    return server.get("/v1/profile", key=key).status == 401 and \
        server.dav("PROPFIND", "/dav/", None, {"Depth": "0"}, (account.email, key)).status == 401


def test_a_key_revoked_anywhere_is_dead_everywhere_in_the_next_request(world):
    ann = world.account("ann@example.org")
    for _ in range(5):
        key = world.key(ann)
        for server in (world, world.second):
            assert alive(server, ann, key)
        world.cli("key", "revoke", key.id)
        for server in (world.second, world):
            assert dead(server, ann, key)


def test_a_rotated_key_is_dead_everywhere_and_its_successor_alive(world):
    ann = world.account("ann@example.org")
    key = world.key(ann)
    for server in (world, world.second):
        assert alive(server, ann, key)
    fresh = world.cli("key", "rotate", key.id)["key"]
    for server in (world.second, world):
        assert dead(server, ann, key)
        assert alive(server, ann, fresh)


def test_a_kept_connection_does_not_keep_a_key_alive(world):
    ann = world.account("ann@example.org")
    key = world.key(ann)
    connection = world.second.client_connection()
    bearer = [("Authorization", f"Bearer {key}")]
    assert connection.request("GET", "/v1/profile", None, bearer).status == 200
    world.cli("key", "revoke", key.id)
    assert connection.request("GET", "/v1/profile", None, bearer).status == 401
    connection.close()


def test_a_deactivated_account_is_refused_by_both(world):
    bob = world.account("bob@example.org")
    assert alive(world.second, bob, bob.key)
    world.cli("account", "deactivate", bob.email)
    for server in (world.second, world):
        assert server.get("/v1/profile", key=bob.key).status == 403
    world.cli("account", "reactivate", bob.email)
    for server in (world.second, world):
        assert alive(server, bob, bob.key)
