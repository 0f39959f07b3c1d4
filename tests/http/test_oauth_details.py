# SPDX-License-Identifier: Apache-2.0
"""authorization_details (RFC 9396), the ready answers of the consent page, and consent that adds to what was granted."""
import json

import pytest

from oauth_flow import App, Form, answer, basic, is_error, is_page, post_form
from rest import Api

SERVE = ["--rate-limit", "100000"]
READ = {"type": "calendar_access", "actions": ["read"]}
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261124T090000Z\r\n"
         "END:VEVENT\r\nEND:VCALENDAR\r\n")
ALL = "calendars:read calendars:write events:read events:write profile:read"


@pytest.fixture(scope="module")
def user(world):
    return world.account("una@example.org")


@pytest.fixture(scope="module")
def calendars(world, user):
    """Ids of three calendars of the user's: the default one and two more."""
    key = world.key(user.email, kind="secret")
    made = [world.post("/v1/calendars", json.dumps({"name": n}), {"Content-Type": "application/json"}, key).json["id"] for n in ("Work", "Home")]
    rest = [c["id"] for c in world.get("/v1/calendars", key=key).json["data"] if c["id"] not in made]
    return [*made, *rest]


@pytest.fixture
def app(world):
    return App(world, type="confidential", scope=ALL)


def details(*objects):
    return json.dumps(list(objects))


def seen(world, token):
    return {c["id"] for c in world.get("/v1/calendars", key=token).json["data"]}


def test_an_app_asks_for_one_calendar_and_gets_it_alone(world, app, browser, calendars):
    """RFC 9396 §7: as granted, in the token answer; §9.2: in introspection; what it opens is what it says."""
    asked = {**READ, "calendars": [calendars[0]]}
    page = app.consent_page(browser, scope=None, authorization_details=details(asked))
    assert "Work" in page.text and "Home" not in page.words and 'id="cal-all"' not in page.text
    tokens = app.redeem(answer(app.decide(browser, page))["code"]).json
    assert tokens["authorization_details"] == [asked] and set(tokens["scope"].split()) == {"calendars:read", "events:read"}
    assert seen(world, tokens["access_token"]) == {calendars[0]}
    for text in (tokens["access_token"], tokens["refresh_token"]):
        assert app.introspect(text).json["authorization_details"] == [asked]
    again = app.refresh(tokens["refresh_token"]).json
    assert again["authorization_details"] == [asked] and seen(world, again["access_token"]) == {calendars[0]}
    assert app.refresh(tokens["refresh_token"]).json["authorization_details"] == [asked]  # the answer once more


def test_the_user_narrows_what_was_asked(world, app, browser, calendars):
    asked = {**READ, "calendars": calendars[:2], "actions": ["read", "write"]}
    page = app.consent_page(browser, scope=None, authorization_details=details(asked))
    for wrong in ({"calendar": [calendars[2]]}, {"calendars": "all"}, {"calendar": None}):
        reply = app.decide(browser, page, **wrong)
        assert is_page(reply, 400), wrong
    reply = app.decide(browser, page, access="read", calendar=[calendars[1]])
    tokens = app.redeem(answer(reply)["code"]).json
    assert tokens["authorization_details"] == [{**READ, "calendars": [calendars[1]]}]
    assert seen(world, tokens["access_token"]) == {calendars[1]}


def test_without_calendars_the_user_chooses(app, browser, calendars):
    page = app.consent_page(browser, scope="profile:read", authorization_details=details({**READ, "actions": ["free_busy"]}))
    tokens = app.redeem(answer(app.decide(browser, page))["code"]).json
    assert tokens["authorization_details"] == [{"type": "calendar_access", "actions": ["free_busy"]}]
    assert set(tokens["scope"].split()) == {"profile:read", "calendars:read"}
    page = app.consent_page(browser, scope=None, authorization_details=details(READ))
    tokens = app.redeem(answer(app.decide(browser, page, calendars="some", calendar=[calendars[2]]))["code"]).json
    assert tokens["authorization_details"] == [{**READ, "calendars": [calendars[2]]}]


def test_who_did_not_ask_this_way_is_told_of_limits_alone(app, browser, calendars):
    page = app.consent_page(browser, scope="events:read")
    assert "authorization_details" not in app.redeem(answer(app.decide(browser, page))["code"]).json
    page = app.consent_page(browser, scope="events:read")
    code = answer(app.decide(browser, page, calendars="some", calendar=[calendars[0]]))["code"]
    assert app.redeem(code).json["authorization_details"] == [{**READ, "calendars": [calendars[0]]}]


def test_calendars_of_nobody_cannot_be_allowed(world, browser, app):
    """Somebody else's, or deleted since: the user is told, and can deny or switch."""
    page = app.consent_page(browser, scope=None, authorization_details=details({**READ, "calendars": ["cal_0000000000000000000001"]}))
    assert "does not have" in page.text and "disabled" in page.text.split('value="allow"')[1][:20]
    assert app.decide(browser, page, calendar=["cal_0000000000000000000001"]).status == 400
    assert answer(app.decide(browser, page, decision="deny"))["error"] == "access_denied"


WRONG = {
    "no JSON": "x", "an object": "{}", "a text": '"x"', "two values": "[], []", "a way out": '[],"a":1', "empty": "[]", "no object": "[1]",
    "no type": details({"actions": ["read"]}), "another type": details({**READ, "type": "payment"}), "type is no text": details({**READ, "type": 1}),
    "unknown member": details({**READ, "locations": []}), "a name twice": '[{"type":"calendar_access","type":"calendar_access","actions":["read"]}]',
    "no actions": details({"type": "calendar_access"}), "empty actions": details({**READ, "actions": []}),
    "unknown action": details({**READ, "actions": ["delete"]}), "action is a number": details({**READ, "actions": [1]}),
    "calendars null": details({**READ, "calendars": None}), "no calendars": details({**READ, "calendars": []}),
    "no id": details({**READ, "calendars": ["x"]}), "id of another kind": details({**READ, "calendars": ["evt_0000000000000000000001"]}),
    "many calendars": details({**READ, "calendars": ["cal_0000000000000000000001"] * 101}), "many": details(*[READ] * 11),
    "other actions": details({**READ, "calendars": ["cal_0000000000000000000001"]}, {**READ, "actions": ["write"], "calendars": ["cal_0000000000000000000002"]}),
    "some and all": details({**READ, "calendars": ["cal_0000000000000000000001"]}, READ), "deep": "[" * 200 + "]" * 200,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_understood_is_refused(world, app, browser, name):
    """RFC 9396 §5: unknown types, unknown fields, wrong values: invalid_authorization_details; pushed and by the browser."""
    reply = app.ask(browser, authorization_details=WRONG[name])
    assert answer(reply)["error"] == "invalid_authorization_details", reply
    reply = post_form(world.http, "/oauth/par", app.params(authorization_details=WRONG[name]), [basic(app.id, app.secret)])
    assert is_error(reply, 400, "invalid_authorization_details")


def test_it_opens_no_more_than_the_app_may_ask_for(world, browser):
    app = App(world, type="public", scope="calendars:read profile:read")
    assert answer(app.ask(browser, scope=None, authorization_details=details(READ)))["error"] == "invalid_authorization_details"


def test_it_is_asked_where_the_user_is(world, app, browser):
    """RFC 9396 §6 and §3: at the token endpoint nothing can be narrowed by it, and a device's user chooses on the page."""
    code = app.consent(browser)
    assert is_error(app.redeem(code, authorization_details=details(READ)), 400, "invalid_authorization_details")
    assert app.redeem(code).status == 200
    device = App(world, type="public", grant=["urn:ietf:params:oauth:grant-type:device_code"])
    reply = post_form(world.http, "/oauth/device", {"client_id": device.id, "authorization_details": details(READ)})
    assert is_error(reply, 400, "invalid_authorization_details")


def test_pushed_requests_carry_it(world, app, browser, calendars):
    """RFC 9396 §11.1; RFC 9126."""
    asked = {**READ, "calendars": [calendars[0]]}
    pushed = post_form(world.http, "/oauth/par", app.params(scope=None, authorization_details=details(asked)), [basic(app.id, app.secret)]).json
    reply = browser.get("/oauth/authorize?client_id=" + app.id + "&request_uri=" + pushed["request_uri"])
    page = browser.get(reply.location)
    assert app.redeem(answer(app.decide(browser, page))["code"]).json["authorization_details"] == [asked]


def test_the_metadata_says_so(world):
    """RFC 9396 §10."""
    assert world.get("/.well-known/oauth-authorization-server").json["authorization_details_types_supported"] == ["calendar_access"]


def test_a_remembered_consent_gives_no_calendar_that_was_not_asked(world, browser, calendars):
    """A verified app is not asked again for what it has; for one calendar of all it is, since the token could do more."""
    app = App(world, type="public", scope=ALL)
    world.cli("client", "verify", app.id)
    some = details({**READ, "calendars": calendars[:2]})
    one = details({**READ, "calendars": [calendars[0]]})
    app.redeem(app.consent(browser, scope=None, authorization_details=some))
    tokens = app.redeem(answer(app.ask(browser, scope=None, authorization_details=some))["code"]).json
    assert tokens["authorization_details"] == json.loads(some)
    assert app.ask(browser, scope=None, authorization_details=one).location.startswith("/consent?")
    assert answer(app.ask(browser, scope=None, authorization_details=one, prompt="none"))["error"] == "consent_required"
    page = app.consent_page(browser, scope="events:read", prompt="consent")
    app.redeem(answer(app.decide(browser, page, calendars="all"))["code"])
    assert app.ask(browser, scope=None, authorization_details=some).location.startswith("/consent?")


# ---- ready answers ----

def presets(page):
    return [v.split('"')[0] for v in page.text.split('name="access" value="')[1:]]


@pytest.mark.parametrize("scope, offered", [
    (ALL, ["all", "read", "free_busy", "custom"]), ("calendars:read events:read", ["all", "free_busy", "custom"]),
    ("events:read events:write", ["all", "read", "custom"]), ("calendars:read", []), ("events:read", []), ("profile:read events:write", []),
])
def test_ready_answers_are_less_than_all(app, browser, scope, offered):
    assert presets(app.consent_page(browser, scope=scope)) == offered


@pytest.mark.parametrize("access, given", [
    ("all", ALL), ("read", "calendars:read events:read profile:read"), ("free_busy", "calendars:read profile:read"),
])
def test_a_ready_answer_gives_what_it_says(app, browser, access, given):
    page = app.consent_page(browser, scope=ALL)
    reply = app.decide(browser, page, access=access, scope=["events:write"])  # ticks count with `custom` alone
    assert set(app.redeem(answer(reply)["code"]).json["scope"].split()) == set(given.split())


def test_a_ready_answer_gives_nothing_that_was_not_asked(app, browser):
    page = app.consent_page(browser, scope="calendars:read")
    assert app.redeem(answer(app.decide(browser, page, access="all"))["code"]).json["scope"] == "calendars:read"
    page = app.consent_page(browser, scope="events:write")
    for wrong in ("read", "nonsense", ["all", "read"]):
        assert is_page(app.decide(browser, page, access=wrong), 400), wrong


def test_a_page_that_is_shown_again_keeps_what_was_chosen(app, browser):
    page = app.consent_page(browser, scope=ALL)
    reply = app.decide(browser, page, access="read", lifetime="x")
    assert reply.status == 400
    assert dict(Form(reply.text, "/consent").fields)["access"] == "read"


# ---- adding to what was granted ----

def test_consent_adds_to_what_was_granted(world, browser):
    """include_granted_scopes: the page shows the whole, what is new is marked, and one token has it all."""
    app = App(world, type="public", scope=ALL)
    first = app.connect(browser, scope="calendars:read")
    page = app.consent_page(browser, scope="events:read", include_granted_scopes="true")
    assert page.text.count("badge new") >= 1 and 'id="s-calendars:read"' in page.text
    both = app.redeem(answer(app.decide(browser, page))["code"]).json
    assert set(both["scope"].split()) == {"calendars:read", "events:read"} and both["connected_account_id"] == first["connected_account_id"]
    assert world.get("/v1/calendars", key=first["access_token"]).status == 200  # the older one goes on
    alone = app.connect(browser, scope="profile:read", include_granted_scopes="false")
    assert alone["scope"] == "profile:read"
    assert answer(app.ask(browser, include_granted_scopes="yes"))["error"] == "invalid_request"


def test_what_an_app_may_not_ask_for_any_more_is_not_brought_along(world, browser):
    """include_granted_scopes: its owner narrowed it since; what was granted before stays, and no new token gets it in this way."""
    app = App(world, type="public", scope="calendars:read events:read")
    assert app.connect(browser, scope="calendars:read")["scope"] == "calendars:read"
    api = Api(world, world.key("owner@platform.example", kind="secret"))
    assert api("PATCH", f"/v1/oauth_apps/{app.id}", {"scopes": ["events:read"]}).status == 200
    page = app.consent_page(browser, scope="events:read", include_granted_scopes="true")
    assert 'value="calendars:read"' not in page.text
    assert app.redeem(answer(app.decide(browser, page))["code"]).json["scope"] == "events:read"


def test_what_was_taken_back_does_not_return(world, browser):
    app = App(world, type="public", scope=ALL)
    tokens = app.connect(browser, scope="calendars:read events:read")
    assert app.revoke(tokens["refresh_token"]).status == 200
    remove = f"/connected-accounts/{tokens['connected_account_id']}/remove"
    assert browser.post(remove, Form(browser.get(remove).text, remove).fields).status == 303
    got = app.connect(browser, scope="profile:read", include_granted_scopes="true")
    assert got["scope"] == "profile:read"


def test_a_verified_app_is_given_the_whole_without_a_question(world, browser):
    app = App(world, type="public", scope=ALL)
    world.cli("client", "verify", app.id)
    app.connect(browser, scope="calendars:read events:read")
    got = app.redeem(answer(app.ask(browser, scope="events:read", include_granted_scopes="true"))["code"]).json
    assert set(got["scope"].split()) == {"calendars:read", "events:read"}
    assert app.ask(browser, scope="profile:read", include_granted_scopes="true").location.startswith("/consent?")
    world.sql("UPDATE oauth_client SET scopes = 4 WHERE verified")  # it may ask for events:read alone from now on
    assert app.redeem(answer(app.ask(browser, scope="events:read", include_granted_scopes="true"))["code"]).json["scope"] == "events:read"


@pytest.mark.parametrize("surface", ["rest", "caldav"])
def test_a_403_names_what_is_missing_and_the_consent_that_follows_adds_only_that(world, browser, user, surface):
    """RFC 6750 §3.1: scope of the challenge."""
    app = App(world, type="public", scope=ALL)
    token = app.connect(browser, scope="profile:read")["access_token"]
    reply = world.get("/v1/events", key=token) if surface == "rest" else world.request(
        "PUT", f"/dav/calendars/{user.id}/default/x.ics", EVENT, {"Content-Type": "text/calendar"}, token)
    assert reply.status == 403, reply
    missing = reply.headers["WWW-Authenticate"].split('scope="')[1].split('"')[0]
    page = app.consent_page(browser, scope=missing, include_granted_scopes="true")
    new = [line for line in page.text.split('<div class="tick">') if "badge new" in line and 'name="scope"' in line]
    assert len(new) == len(set(missing.split()) - {"profile:read"})
    got = app.redeem(answer(app.decide(browser, page))["code"]).json
    assert set(got["scope"].split()) == {"profile:read", *missing.split()}
