# SPDX-License-Identifier: Apache-2.0
"""/v1/oauth_apps: apps that their owners register, and secrets that overlap; the commands do the same."""
import json

import pytest

from forge import forged, other_random
from oauth_flow import App
from rest import Api, assert_error
from world import CliError

APP = {"name": "Acme", "type": "confidential", "redirect_uris": ["https://acme.example/cb"], "scopes": ["events:read", "profile:read"]}
SIGNED_IN = "una"
SERVE = ["--last-used-ms", "100", "--rate-limit", "0"]


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("owner@platform.example", kind="secret"))


@pytest.fixture()
def app(world, api):
    made = api("POST", "/v1/oauth_apps", APP)
    assert made.status == 201, made
    world.secret(made.json["client_secret"])
    return made.json


def flow(world, app, secret):
    """The app of oauth_flow.py, with what REST made."""
    f = App.__new__(App)
    f.__dict__.update(App(world, owner="owner@platform.example", registered=["https://acme.example/cb"]).__dict__)
    f.id, f.secret, f.redirect = app["id"], secret, "https://acme.example/cb"
    return f


def proves(world, app, secret):
    """Whether the token endpoint takes the secret: then it is the code that is wrong."""
    body = f"grant_type=authorization_code&code=cac_x&redirect_uri=https://acme.example/cb&code_verifier={'v' * 43}&client_id={app['id']}&client_secret={secret}"
    reply = world.post("/oauth/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert reply.json["error"] in ("invalid_client", "invalid_grant"), reply
    return reply.json["error"] == "invalid_grant"


def test_an_app_is_registered_shown_and_listed(world, api, app):
    assert app["id"].startswith("cli_") and app["client_secret"].startswith("cls_") and app["object"] == "oauth_app"
    assert {k: app[k] for k in APP} == {**APP, "scopes": app["scopes"]} and sorted(app["scopes"]) == sorted(APP["scopes"])
    assert app["verified"] is False and app["livemode"] is True and app["grant_types"] == ["authorization_code", "refresh_token"]
    shown = api("GET", f"/v1/oauth_apps/{app['id']}")
    assert shown.status == 200 and "client_secret" not in shown.json
    [secret] = shown.json["secrets"]
    assert secret["id"].startswith("sec_") and app["client_secret"].startswith(secret["prefix"]) and secret["revoked_at"] is None
    assert app["id"] in json.dumps(api("GET", "/v1/oauth_apps").json) and "client_secret" not in json.dumps(api("GET", "/v1/oauth_apps").json)
    assert proves(world, app, app["client_secret"]) and not proves(world, app, forged(app["client_secret"], other_random))
    assert world.cli("client", "list", "--owner", "owner@platform.example")["data"]


def test_an_app_made_by_rest_connects_a_user(world, api, app, browser):
    tokens = flow(world, app, app["client_secret"]).connect(browser, scope="events:read")
    assert world.get("/v1/events", key=tokens["access_token"]).status == 200
    assert api("DELETE", f"/v1/oauth_apps/{app['id']}").json == {"id": app["id"], "object": "oauth_app", "deleted": True}
    assert world.get("/v1/events", key=tokens["access_token"]).status == 401
    assert not proves(world, app, app["client_secret"])
    assert_error(api("GET", f"/v1/oauth_apps/{app['id']}"), 404, "resource_missing")


def test_secrets_overlap_so_that_one_is_replaced_without_a_gap(world, api, app):
    path = f"/v1/oauth_apps/{app['id']}"
    made = api("POST", f"{path}/secrets")
    assert made.status == 201 and made.json["client_secret"].startswith("cls_") and made.json["expires_at"] is None
    old, fresh = app["client_secret"], world.secret(made.json["client_secret"])
    assert proves(world, app, old) and proves(world, app, fresh)
    first = api("GET", path).json["secrets"][1]
    ended = api("POST", f"{path}/secrets/{first['id']}/revoke")
    assert ended.status == 200 and [bool(s["revoked_at"]) for s in ended.json["secrets"]] == [False, True]
    assert not proves(world, app, old) and proves(world, app, fresh) and proves(world.second, app, fresh)
    again = api("POST", f"{path}/secrets/{first['id']}/revoke")
    assert again.json["secrets"][1]["revoked_at"] == ended.json["secrets"][1]["revoked_at"]
    told = [e["kind"] for e in api("GET", "/v1/audit?limit=10").json["data"] if e["subject"] == app["id"]]
    assert told == ["client.secret_revoked", "client.secret_created", "client.created"]


def test_the_last_use_of_a_secret_is_told(world, api, app):
    used = lambda: api("GET", f"/v1/oauth_apps/{app['id']}").json["secrets"][0]["last_used_at"]
    assert used() is None
    assert not proves(world, app, forged(app["client_secret"], other_random)) and proves(world, app, app["client_secret"])
    assert world.wait_for(used)


def test_a_secret_ends_by_itself(world, api, app):
    path = f"/v1/oauth_apps/{app['id']}/secrets"
    assert_error(api("POST", path, {"expires_at": "2020-01-01T00:00:00Z"}), 400, "invalid_value", "expires_at")
    made = api("POST", path, {"expires_at": "2099-01-01T00:00:00Z"})
    assert made.status == 201 and made.json["expires_at"].startswith("2099-01-01")
    secret = world.secret(made.json["client_secret"])
    assert proves(world, app, secret)
    world.sql("UPDATE oauth_client_secret SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert not proves(world, app, secret) and proves(world, app, app["client_secret"])


def test_an_app_has_twenty_secrets(world, api, app):
    path = f"/v1/oauth_apps/{app['id']}/secrets"
    for _ in range(19):
        assert api("POST", path).status == 201
    assert_error(api("POST", path), 403, "forbidden", type_="authorization_failed")
    world.sql("UPDATE oauth_client_secret SET revoked_at = now() - interval '91 days' WHERE id IN (SELECT id FROM oauth_client_secret ORDER BY id DESC LIMIT 5)")
    assert api("POST", path).status == 201
    assert len(api("GET", path[:-8]).json["secrets"]) == 16


def test_an_app_is_changed_and_loses_what_was_vouched_for(world, api, app):
    path = f"/v1/oauth_apps/{app['id']}"
    world.cli("client", "verify", app["id"])
    assert api("GET", path).json["verified"] is True
    same = api("PATCH", path, {"scopes": ["profile:read"], "name": "Acme"})
    assert same.status == 200 and same.json["scopes"] == ["profile:read"] and same.json["verified"] is True
    moved = api("PATCH", path, {"redirect_uris": ["https://evil.example/cb", "https://acme.example/cb"]})
    assert moved.json["redirect_uris"] == ["https://acme.example/cb", "https://evil.example/cb"] and moved.json["verified"] is False
    world.cli("client", "verify", app["id"])
    assert api("PATCH", path, {"name": "Your Bank"}).json["verified"] is False
    assert api("PATCH", path, {}).json["name"] == "Your Bank"
    assert api("PATCH", path, api("GET", path).json | {"name": "Acme"}).status == 200, "as it was read, with one field changed"


BAD = [
    ({"type": "confidential"}, "name"), ({"name": "x"}, "type"), ({**APP, "type": "secret"}, "type"), ({**APP, "name": ""}, "name"), ({**APP, "name": "x" * 101}, "name"),
    ({**APP, "name": "a\u202eb"}, "name"), ({**APP, "redirect_uris": []}, "redirect_uris"), ({**APP, "redirect_uris": ["http://acme.example/cb"]}, "redirect_uris"),
    ({**APP, "redirect_uris": ["https://acme.example/cb#x"]}, "redirect_uris"), ({**APP, "redirect_uris": ["https://u@acme.example/"]}, "redirect_uris"),
    ({**APP, "redirect_uris": ["https://acme.example/cb"] * 2}, "redirect_uris"), ({**APP, "redirect_uris": [f"https://a.example/{n}" for n in range(21)]}, "redirect_uris"),
    ({**APP, "redirect_uris": "https://acme.example/cb"}, "redirect_uris"), ({**APP, "redirect_uris": ["http://localhost/cb"]}, "redirect_uris"),
    ({**APP, "scopes": ["everything"]}, "scopes"), ({**APP, "scopes": []}, "scopes"), ({**APP, "verified": True}, "verified"), ({**APP, "may_introspect": True}, "may_introspect"),
    ({**APP, "livemode": False}, "livemode"), ({**APP, "owner": "usr_0"}, "owner"), ({**APP, "client_secret": "cls_x"}, "client_secret"),
]


@pytest.mark.parametrize("body,param", BAD)
def test_what_makes_no_app_is_refused_by_name(world, api, body, param):
    before = world.sql("SELECT count(*) FROM oauth_client")
    reply = api("POST", "/v1/oauth_apps", body)
    assert reply.status == 400 and reply.json["error"]["param"].split("[")[0] == param, reply
    assert world.sql("SELECT count(*) FROM oauth_client") == before


def test_what_makes_no_change_is_refused_by_name(api, app):
    for body, param in (({"redirect_uris": ["ftp://x"]}, "redirect_uris"), ({"redirect_uris": []}, "redirect_uris"), ({"type": "public"}, "type"),
                        ({"verified": True}, "verified"), ({"id": "cli_0"}, "id"), ({"name": None}, "name"), ({"scopes": []}, "scopes")):
        reply = api("PATCH", f"/v1/oauth_apps/{app['id']}", body)
        assert reply.status == 400 and reply.json["error"]["param"] == param, reply
    assert api("GET", f"/v1/oauth_apps/{app['id']}").json["redirect_uris"] == APP["redirect_uris"]


def test_nobody_else_reaches_an_app(world, api, app):
    """Another account's, the other mode's, and ids that are none: 404 all alike."""
    secret = api("GET", f"/v1/oauth_apps/{app['id']}").json["secrets"][0]["id"]
    calls = [("GET", "", None), ("PATCH", "", {"name": "mine"}), ("DELETE", "", None), ("POST", "/secrets", None), ("POST", f"/secrets/{secret}/revoke", None)]
    for key in (world.key("rival@platform.example", kind="secret"), world.key("owner@platform.example", kind="secret", mode="test")):
        other = Api(world, key)
        assert app["id"] not in json.dumps(other("GET", "/v1/oauth_apps").json)
        for method, rest, body in calls:
            assert_error(other(method, f"/v1/oauth_apps/{app['id']}{rest}", body), 404, "resource_missing")
    for method, rest, body in calls:
        for junk in ("cli_0000000000000000000001", "x", "usr_" + app["id"][4:]):
            assert_error(api(method, f"/v1/oauth_apps/{junk}{rest}", body), 404, "resource_missing")
    theirs = api("POST", "/v1/oauth_apps", APP).json
    assert_error(api("POST", f"/v1/oauth_apps/{theirs['id']}/secrets/{secret}/revoke"), 404, "resource_missing")
    assert proves(world, app, app["client_secret"])


def test_a_test_key_makes_apps_of_the_test_world_and_other_kinds_none(world):
    tested = Api(world, world.key("owner@platform.example", kind="secret", mode="test"))
    assert tested("POST", "/v1/oauth_apps", APP).json["livemode"] is False
    for kind, options in (("account", {}), ("restricted", {"scope": "events:read"}), ("publishable", {})):
        reply = Api(world, world.key("owner@platform.example", kind=kind, **options))("POST", "/v1/oauth_apps", APP)
        assert_error(reply, 403, "key_kind_not_allowed", type_="authorization_failed")


def test_a_public_app_has_no_secrets(api):
    made = api("POST", "/v1/oauth_apps", {**APP, "type": "public", "redirect_uris": ["http://localhost/cb"]})
    assert made.status == 201 and "client_secret" not in made.json and made.json["secrets"] == []
    assert_error(api("POST", f"/v1/oauth_apps/{made.json['id']}/secrets"), 409, "conflict")


def test_a_secret_is_never_told_twice(api):
    """K15: a replay of an answer that told a secret is refused."""
    once = {"Idempotency-Key": "an-app"}
    assert api("POST", "/v1/oauth_apps", APP, once).status == 201
    assert_error(api("POST", "/v1/oauth_apps", APP, once), 409, "key_already_shown", type_="idempotency_error")


def test_an_account_has_250_apps(world):
    owner = Api(world, world.key("many@platform.example", kind="secret"))
    world.sql("INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants) SELECT uuid_v7(), account_id, 1, 'x', 1, 1 FROM account, "
              "generate_series(1, 249) WHERE email = 'many@platform.example' AND livemode")
    made = owner("POST", "/v1/oauth_apps", APP)
    assert made.status == 201
    assert owner("DELETE", f"/v1/oauth_apps/{made.json['id']}").status == 200
    assert_error(owner("POST", "/v1/oauth_apps", APP), 403, "forbidden", type_="authorization_failed")
    world.sql("UPDATE oauth_client SET deleted_at = now() - interval '91 days' WHERE deleted_at IS NOT NULL")
    assert owner("POST", "/v1/oauth_apps", APP).status == 201


def test_the_commands_do_the_same(world, app):
    made = world.cli("client", "secret", "add", app["id"])
    assert made["client_secret"].startswith("cls_") and proves(world, app, made["client_secret"])
    listed = world.cli("client", "secret", "list", app["id"])["data"]
    assert [s["prefix"] for s in listed] == [made["prefix"], app["client_secret"][:10]] and "client_secret" not in json.dumps(listed)
    after = world.cli("client", "secret", "revoke", app["id"], listed[1]["id"])["data"]
    assert [bool(s["revoked_at"]) for s in after] == [False, True]
    assert not proves(world, app, app["client_secret"]) and proves(world, app, made["client_secret"])
    for words in (("secret", "revoke", app["id"], "sec_0"), ("secret", "revoke", app["id"], "sec_0000000000000000000001"), ("secret", "add", "cli_x"),
                  ("secret", "list", "cli_0000000000000000000001"), ("secret", "turn", app["id"]), ("secret", "add")):
        with pytest.raises(CliError):
            world.cli("client", *words)
