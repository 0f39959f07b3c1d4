# SPDX-License-Identifier: Apache-2.0
"""`calends client …`: what it prints, refuses and ends."""
import re
import subprocess

import pytest
from oauth_flow import App, Browser, answer, encode, is_error, is_page, post_form, profile
from world import BIN, CliError

REDIRECT = "https://app.example/cb"


def test_a_confidential_client_is_shown_with_its_secret_once(world):
    made = world.client("owner@platform.example", name="CRM", type="confidential", redirect_uri=REDIRECT,
                        scope="events:read profile:read")
    assert re.fullmatch(r"cli_[0-9A-Za-z]{22}", made["client_id"])
    assert re.fullmatch(r"cls_[0-9A-Za-z]{40,60}", made["client_secret"])
    assert (made["client_name"], made["type"], made["livemode"], made["verified"]) == ("CRM", "confidential", True, False)
    assert made["redirect_uris"] == [REDIRECT] and made["grant_types"] == ["authorization_code", "refresh_token"]
    assert set(made["scope"].split()) == {"events:read", "profile:read"}
    [listed] = [c for c in world.cli("client", "list")["data"] if c["client_id"] == made["client_id"]]
    assert listed == {k: v for k, v in made.items() if k != "client_secret"}


def test_a_public_client_has_no_secret_and_gets_none(world):
    made = world.client("owner@platform.example", redirect_uri=REDIRECT)
    assert "client_secret" not in made
    with pytest.raises(CliError):
        world.cli("client", "rotate-secret", made["client_id"])


def test_a_list_can_be_of_one_owner_in_both_modes(world):
    mine = world.client("second@platform.example", redirect_uri=REDIRECT)
    test = world.client("second@platform.example", redirect_uri=REDIRECT, mode="test")
    assert test["livemode"] is False and test["owner"] == mine["owner"]
    listed = world.cli("client", "list", "--owner", "second@platform.example")["data"]
    assert {c["client_id"] for c in listed} == {mine["client_id"], test["client_id"]}


def test_a_client_can_be_verified_and_deleted(world):
    made = world.client("owner@platform.example", redirect_uri=REDIRECT)
    assert world.cli("client", "verify", made["client_id"])["verified"] is True
    assert world.cli("client", "delete", made["client_id"]) == {"client_id": made["client_id"], "deleted": True}
    for verb in ("verify", "delete", "rotate-secret"):
        with pytest.raises(CliError):
            world.cli("client", verb, made["client_id"])


@pytest.mark.parametrize("options, param", [
    ({"redirect_uri": None}, "redirect_uri"), ({"redirect_uri": [REDIRECT, REDIRECT]}, "redirect_uri"),
    ({"redirect_uri": [f"https://app.example/{i}" for i in range(21)]}, "redirect_uri"), ({"scope": "nonsense"}, "scope"),
    ({"type": "secret"}, "type"), ({"grant": "password"}, "grant"), ({"mode": "both"}, "mode"), ({"name": " "}, "name"),
], ids=range(8))
def test_what_a_client_cannot_be_is_said(world, options, param):
    with pytest.raises(CliError) as refused:
        world.client("owner@platform.example", **{"redirect_uri": REDIRECT, **options})
    assert f'"{param}"' in refused.value.stderr or param in refused.value.stderr


def test_the_owner_must_exist(world):
    with pytest.raises(CliError) as refused:
        world.cli("client", "create", "--owner", "nobody@platform.example", "--name", "X", "--redirect-uri", REDIRECT)
    assert "There is no account nobody@platform.example" in refused.value.stderr
    assert "event=command" not in refused.value.stderr, "what is the caller's to mend is no line of the log"


def test_a_scope_that_is_none_is_named_with_where_they_stand(world):
    for options, wrong in (({"scope": "events:read events:raed"}, "events:raed"), ({"machine_scope": "x"}, "x"), ({"scope": "events:read  profile:read"}, "events:read  profile:read")):
        with pytest.raises(CliError) as refused:
            world.client("owner@platform.example", redirect_uri=REDIRECT, **options)
        assert f'"{wrong}" is no scope' in refused.value.stderr.replace("\\", "") and "calends reference scopes" in refused.value.stderr
    assert "`events:read`" in subprocess.run([BIN, "reference", "scopes"], capture_output=True, text=True, timeout=60, check=True).stdout


def test_tokens_of_an_account_whose_plan_has_no_api_are_refused(world):
    browser = Browser(world)
    browser.sign_in(world.account("free@calends.example", plan="free"))
    tokens = App(world, type="public").connect(browser, scope="profile:read")
    refused = profile(world, tokens["access_token"])
    assert (refused.status, refused.json["error"]["code"]) == (402, "plan_required")


@pytest.mark.parametrize("kind", ["confidential", "public"])
def test_the_app_of_a_deactivated_account_asks_nobody(world, kind):
    """K13, A1: as if it were not registered, on each way to the question and at its answer; and as before once its owner is back."""
    owner, user = world.account(f"stopped-{kind}@platform.example"), Browser(world)
    user.sign_in(world.account(f"asked-{kind}@calends.example"))
    app = App(world, type=kind, owner=owner.email)
    world.cli("client", "verify", app.id)
    app.connect(user)
    headers, params = app.credentials()
    push = lambda: post_form(world.http, "/oauth/par", {**app.params(), **params}, headers)
    pushed, page = push().json["request_uri"], app.consent_page(user, prompt="consent")
    visit = lambda: user.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed}))
    world.cli("account", "deactivate", owner.email)
    assert is_page(app.ask(user), 400) and is_page(app.ask(user, prompt="none"), 400)
    assert is_error(push(), 401, "invalid_client")
    assert is_page(visit(), 404)
    reply = app.decide(user, page)
    assert reply.status in (400, 404, 409) and reply.location is None, reply
    world.cli("account", "reactivate", owner.email)
    assert "code" in answer(app.decide(user, page))
    assert push().status == 201 and app.ask(user, prompt="consent").location.startswith("/consent?")
