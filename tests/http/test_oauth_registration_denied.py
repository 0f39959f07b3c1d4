# SPDX-License-Identifier: Apache-2.0
"""Apps that registered themselves and that an operator denies: at once, everywhere, and for good."""

import pytest
from oauth_flow import App, OpenApp, alive, is_error, is_page, post_form, profile
from test_oauth_registration import connections
from world import CliError


@pytest.fixture(scope="module")
def app(world):
    return OpenApp(world, client_name="Chiri")


def refused_everywhere(world, browser, app, tokens):
    assert profile(world, tokens["access_token"]).status == 401
    assert is_error(app.refresh(tokens["refresh_token"]), 401, "invalid_client")
    assert is_page(app.ask(browser), 400)
    assert is_error(post_form(world.http, "/oauth/par", app.params()), 401, "invalid_client")
    return True


@pytest.mark.parametrize("by", ["client_id", "row", "host", "parent"])
def test_a_denied_app_is_cut_off_at_once(world, browser, by):
    app = OpenApp(world, "https://app.evil.example/cb", client_name=f"Evil {by}")
    tokens = app.connect(browser, scope="profile:read")
    [listed] = [c for c in world.cli("client", "list")["data"] if c["client_name"] == f"Evil {by}"]
    name = {"client_id": app.id, "row": listed["client_id"], "host": "app.evil.example", "parent": "evil.example"}[by]
    told = world.cli("client", "deny", name)
    assert told == {"name": listed["client_id"] if by in ("client_id", "row") else name, "denied": True}
    assert told["name"] in [d["name"] for d in world.cli("client", "denied")["data"]]
    assert refused_everywhere(world, browser, app, tokens)
    assert world.cli("client", "allow", name)["denied"] is False
    assert alive(world, tokens) and app.ask(browser).status == 303


def test_a_scheme_can_be_denied(world, browser):
    app = OpenApp(world, "example.evil:/cb")
    world.cli("client", "deny", "example.evil")
    assert is_page(app.ask(browser), 400)
    world.cli("client", "allow", "example.evil")


def test_no_host_hides_another_from_the_operator(world, browser):
    """However many labels the others have: what is denied is looked for among all of its hosts."""
    app = OpenApp(world, "https://deep.evil.example/cb", client_name="Hides", redirect_uris=[
        *(f"https://a{n}{'.a' * 30}.example/" for n in range(6)), "https://deep.evil.example/cb"])
    assert app.ask(browser).status == 303
    world.cli("client", "deny", "evil.example")
    assert is_page(app.ask(browser), 400)
    world.cli("client", "allow", "evil.example")


def test_an_app_that_is_denied_while_its_user_decides_is_not_connected(world, browser):
    app = OpenApp(world, "https://late.example/cb", client_name="Late")
    page = app.consent_page(browser)
    world.cli("client", "deny", "late.example")
    reply = app.decide(browser, page)
    assert reply.status == 403 and connections(world, "Late") == 0
    world.cli("client", "allow", "late.example")


@pytest.mark.parametrize("name", ["cli_0000000000000000000000", "open_AAAA", "nodot", "a b.example", "ftp://x.example/", "x.example/y"])
def test_what_cannot_be_denied_is_said(world, name):
    with pytest.raises(CliError):
        world.cli("client", "deny", name)


def test_a_registered_app_is_not_denied_but_deleted(world):
    made = App(world, type="public")
    with pytest.raises(CliError):
        world.cli("client", "deny", made.id)


def test_a_deleted_one_ends_and_can_be_connected_again(world, browser):
    app = OpenApp(world, client_name="Deleted")
    tokens = app.connect(browser)
    [listed] = [c for c in world.cli("client", "list")["data"] if c["client_name"] == "Deleted"]
    world.cli("client", "delete", listed["client_id"])
    assert not alive(world, tokens) and is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    assert alive(world, app.connect(browser, scope="profile:read"))
