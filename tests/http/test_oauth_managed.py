# SPDX-License-Identifier: Apache-2.0
"""Apps that register themselves by a token that they were given (RFC 7591 §3), and manage that by one of their own (RFC 7592)."""
import json

import pytest
from forge import forged, other_random
from oauth_flow import REDIRECT, App, Browser, Pkce, alive, basic, register
from world import CliError

OWNER = "owner@platform.example"


def bearer(token):
    return ("Authorization", f"Bearer {token}")


@pytest.fixture(scope="module")
def owner(world):
    return world.account(OWNER)


def token(world, uses=20, **options):
    made = world.cli("client", "invite", "--owner", OWNER, "--uses", str(uses), *[w for k, v in options.items() for w in (f"--{k}", v)])
    world.secret(made["token"])
    return made["token"]


def made_by(world, initial, **metadata):
    reply = register(world, headers=[bearer(initial)], **{"redirect_uris": [REDIRECT], "client_name": "Managed", **metadata})
    assert reply.status == 201, reply
    for secret in ("client_secret", "registration_access_token"):
        if secret in reply.json:
            world.secret(reply.json[secret])
    return reply.json


def manage(world, method, app, secret=None, **metadata):
    body = json.dumps(metadata) if method == "PUT" else None
    headers = [("Content-Type", "application/json")] if body else []
    path = app["registration_client_uri"].removeprefix(world.public_url)
    return world.http.request(method, path, body, [*headers, bearer(secret or app["registration_access_token"])])


def refused(reply):
    assert (reply.status, reply.json["error"]) == (401, "invalid_token"), reply
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ") and reply.headers["Cache-Control"] == "no-store"
    return True


@pytest.fixture(scope="module")
def initial(world, owner):
    return token(world, 100)


def test_a_confidential_app_registers_itself_and_works(world, owner, initial, browser):
    """RFC 7591 §3.2.1, RFC 7592 §3: the secret, when it ends, where and by what the registration is managed."""
    app = made_by(world, initial, scope="profile:read events:read")
    assert app["client_id"].startswith("cli_") and app["client_secret"].startswith("cls_") and app["client_secret_expires_at"] == 0
    assert app["token_endpoint_auth_method"] == "client_secret_basic" and app["client_id_issued_at"] > 0
    assert app["registration_client_uri"] == f"{world.public_url}/oauth/register/{app['client_id']}"
    one = App.__new__(App)
    one.world, one.redirect, one.http, one.id, one.secret, one.pkce = world, REDIRECT, world.http, app["client_id"], app["client_secret"], Pkce()
    assert alive(world, one.connect(browser, scope="profile:read"))
    assert one.redeem("x", headers=[basic(one.id, "wrong")]).status == 401
    [listed] = [c for c in world.cli("client", "list", "--owner", OWNER)["data"] if c["client_id"] == app["client_id"]]
    assert (listed["type"], listed["registered_by"], listed["verified"]) == ("confidential", "owner", False)


def test_a_public_app_may_have_a_row_too(world, owner, initial):
    app = made_by(world, initial, token_endpoint_auth_method="none", redirect_uris=["garden.example:/cb"])
    assert "client_secret" not in app and app["client_id"].startswith("cli_")


def test_a_confidential_app_has_no_scheme_of_its_own(world, owner, initial):
    reply = register(world, headers=[bearer(initial)], redirect_uris=["garden.example:/cb"])
    assert (reply.status, reply.json["error"]) == (400, "invalid_redirect_uri")
    reply = register(world, headers=[bearer(initial)], redirect_uris=[REDIRECT], token_endpoint_auth_method="tls_client_auth")
    assert (reply.status, reply.json["error"]) == (400, "invalid_client_metadata")


def test_a_token_registers_so_many_apps_for_a_week(world, owner):
    """Only its hash is stored; a try that fails costs nothing."""
    once = token(world, 2)
    assert world.sql(f"SELECT count(*) FROM registration_token t WHERE t::text LIKE '%{once}%'") == [["0"]]
    assert register(world, headers=[bearer(once)], redirect_uris=[]).status == 400
    made_by(world, once), made_by(world, once)
    assert refused(register(world, headers=[bearer(once)], redirect_uris=[REDIRECT]))
    late = token(world)
    world.sql("UPDATE registration_token SET expires_at = now() - interval '1 second' WHERE expires_at = (SELECT max(expires_at) FROM registration_token)")
    assert refused(register(world, headers=[bearer(late)], redirect_uris=[REDIRECT]))
    token(world)  # those that ended go
    assert world.sql("SELECT count(*) FROM registration_token WHERE expires_at < now() OR uses_left = 0") == [["0"]]


@pytest.mark.parametrize("sent", ["", "x", "cri_x", "forged", "an api key"])
def test_what_is_no_initial_token_is_refused(world, owner, initial, sent):
    """Also where the server is open: who sends a token means it (RFC 7591 §3.2.2)."""
    text = {"forged": forged(initial, other_random), "an api key": owner.key}.get(sent, sent)
    assert refused(register(world, headers=[bearer(text)], redirect_uris=[REDIRECT]))
    assert refused(register(world, headers=[basic("cli_x", initial)], redirect_uris=[REDIRECT]))


def test_a_registration_is_read(world, owner, initial):
    """RFC 7592 §2.1: as it is, and not the secret, of which the hash alone is kept."""
    app = made_by(world, initial)
    read = manage(world, "GET", app)
    assert read.status == 200 and read.headers["Cache-Control"] == "no-store"
    assert read.json == {k: v for k, v in app.items() if not k.startswith("client_secret")}


def test_a_registration_is_replaced_and_its_token_rotated(world, owner, initial):
    """RFC 7592 §2.2: all of it; the old token is dead, the secret stays."""
    app = made_by(world, initial, scope="events:read")
    reply = manage(world, "PUT", app, client_id=app["client_id"], client_secret=app["client_secret"], client_name="Renamed",
                   redirect_uris=["https://app.example/new"], scope="profile:read")
    assert reply.status == 200, reply
    fresh = reply.json
    world.secret(fresh["registration_access_token"])
    assert (fresh["client_name"], fresh["redirect_uris"], fresh["scope"]) == ("Renamed", ["https://app.example/new"], "profile:read")
    assert fresh["registration_access_token"] != app["registration_access_token"] and "client_secret" not in fresh
    assert refused(manage(world, "GET", app)) and manage(world, "GET", fresh).json == fresh


@pytest.mark.parametrize("changes", [
    {"client_id": None}, {"client_id": "cli_0000000000000000000000"}, {"client_secret": "wrong"}, {"redirect_uris": []}, {"token_endpoint_auth_method": "none"},
    {"client_name": "a\nb"}, {"scope": "mail"}, {"token_endpoint_auth_method": "private_key_jwt"}], ids=range(8))
def test_what_a_registration_cannot_become_is_told(world, owner, initial, changes):
    app = made_by(world, initial)
    reply = manage(world, "PUT", app, **{"client_id": app["client_id"], "redirect_uris": [REDIRECT], **changes})
    assert reply.status == 400 and reply.json["error"] in ("invalid_client_metadata", "invalid_redirect_uri"), reply
    assert manage(world, "GET", app).json["client_name"] == "Managed"


def test_a_registration_is_deleted_with_its_connections(world, owner, initial, browser):
    """RFC 7592 §2.3: 204; its tokens end, and the token that managed it."""
    app = made_by(world, initial)
    one = App.__new__(App)
    one.world, one.redirect, one.http, one.id, one.secret, one.pkce = world, REDIRECT, world.http, app["client_id"], app["client_secret"], Pkce()
    tokens = one.connect(browser, scope="profile:read")
    assert manage(world, "DELETE", app).status == 204
    assert not alive(world, tokens) and refused(manage(world, "GET", app)) and refused(manage(world, "DELETE", app))


def test_a_registration_is_managed_by_its_own_token_alone(world, owner, initial):
    app, other = made_by(world, initial), made_by(world, initial)
    by_rest = App(world, type="confidential", owner=OWNER)
    nobodys = {"registration_client_uri": f"{world.public_url}/oauth/register/{by_rest.id}"}
    for method in ("GET", "DELETE"):
        for secret in (other["registration_access_token"], forged(app["registration_access_token"], other_random), initial, app["client_secret"], owner.key):
            assert refused(manage(world, method, app, secret))
        assert refused(manage(world, method, nobodys, app["registration_access_token"]))
    open_one = register(world, redirect_uris=[REDIRECT]).json["client_id"]
    assert refused(manage(world, "GET", {"registration_client_uri": f"{world.public_url}/oauth/register/{open_one}"}, initial))
    assert manage(world, "GET", app).status == 200


def test_an_owner_who_is_deactivated_registers_nothing(world):
    world.account("gone@platform.example")
    made = world.cli("client", "invite", "--owner", "gone@platform.example")["token"]
    world.secret(made)
    app = made_by(world, made)
    world.cli("account", "deactivate", "gone@platform.example")
    assert refused(register(world, headers=[bearer(made)], redirect_uris=[REDIRECT])) and refused(manage(world, "GET", app))


def test_an_invitation_names_its_owner(world):
    for words in ([], ["--owner", "nobody@platform.example"]):
        with pytest.raises(CliError):
            world.cli("client", "invite", *words)


def test_an_app_of_test_mode_is_registered_for_it(world, owner, browser):
    app = made_by(world, token(world, mode="test"))
    [listed] = [c for c in world.cli("client", "list", "--owner", OWNER)["data"] if c["client_id"] == app["client_id"]]
    assert listed["livemode"] is False
