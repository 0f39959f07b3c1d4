# SPDX-License-Identifier: Apache-2.0
"""calendars:manage, which the calendar scope of native clients means too: calendars are made, renamed and deleted by who was allowed that on the
consent page, and by nobody else; who has single calendars alone makes none."""
import json

import pytest

from dav import D, Dav, NAMESPACES
from davwrite import proppatch
from oauth_flow import App, Browser, answer
from rest import JSON, assert_error
from test_dav_limited_keys import lacking, privileges

MANAGE = "calendars:read calendars:write calendars:manage"
NATIVE = "urn:ietf:params:oauth:scope:calendars"
MEANT = ["calendars:read", "calendars:write", "calendars:manage", "events:read", "events:write"]
RENAMED = "<D:displayname>Renamed</D:displayname>"


@pytest.fixture(scope="module")
def browser(world, ann):
    one = Browser(world)
    one.sign_in(ann)
    return one


@pytest.fixture(scope="module")
def home(ann):
    return f"/dav/calendars/{ann.id}/"


def by_token(world, token):
    return Dav(world.url, bearer=token)


def connected(world, browser, scope, **ticks):
    app = App(world, type="public", scope=scope)
    page = app.consent_page(browser, scope=scope)
    return app.redeem(answer(app.decide(browser, page, **ticks))["code"]).json["access_token"]


@pytest.fixture(scope="module")
def clients(world, ann, browser):
    """A token and a restricted key that manage calendars, on CalDAV."""
    return {"token": by_token(world, connected(world, browser, MANAGE)),
            "key": Dav(world.url, ann.email, world.key(ann, kind="restricted", scope=MANAGE))}


def send(world, method, target, body, credential):
    return world.request(method, target, json.dumps(body) if body is not None else None, JSON if body is not None else {}, credential)


@pytest.mark.parametrize("kind", ["token", "restricted"])
def test_calendars_are_made_renamed_and_deleted_by_rest(world, ann, browser, kind):
    credential = connected(world, browser, MANAGE) if kind == "token" else world.key(ann, kind="restricted", scope=MANAGE)
    made = send(world, "POST", "/v1/calendars", {"name": "Garden"}, credential)
    assert made.status == 201 and made.json["name"] == "Garden", made
    path = "/v1/calendars/" + made.json["id"]
    for change in ({"name": "Yard"}, {"description": "All that grows"}, {"timezone": "Europe/Berlin"}):
        assert send(world, "PATCH", path, change, credential).status == 200, change
    for method, target in (("POST", "/v1/calendars"), ("PATCH", path)):
        assert_error(send(world, method, target, {"name": "x", "is_public": True}, credential), 403, "key_kind_not_allowed", "is_public",
                     type_="authorization_failed")
    assert send(world, "DELETE", path, None, credential).status == 200
    assert world.get(path, key=ann.key).status == 404


@pytest.mark.parametrize("kind", ["token", "key"])
def test_calendars_are_made_renamed_and_deleted_by_caldav(clients, home, kind):
    """RFC 4791 §5.3.1, RFC 5689 §3, RFC 4918 §9.6; RFC 3744 §5.4: the privileges say so beforehand."""
    dav, cal = clients[kind], f"{home}made-{kind}/"
    assert {D + "bind", D + "unbind"} <= privileges(dav, home) and D + "write" not in privileges(dav, home)
    assert dav.request("MKCALENDAR", cal).status == 201
    assert proppatch(dav, cal, RENAMED).members[cal].ok
    assert dav.propfind(cal, "<D:displayname/>").members[cal].text(D + "displayname") == "Renamed"
    assert dav.request("MOVE", cal, Destination=cal[:-1] + "-2/").status == 201
    assert dav.request("DELETE", cal[:-1] + "-2/").status == 204


def test_a_whole_calendar_is_copied_by_who_may_read_and_write_what_is_in_it(world, ann, browser, clients, home):
    """RFC 3744, appendix B: DAV:read on the source."""
    cal, to = home + "source/", home + "copy/"
    assert clients["token"].request("MKCALENDAR", cal).status == 201
    assert lacking(clients["token"].request("COPY", cal, Destination=to)) == {(cal, D + "read")}
    whole = by_token(world, connected(world, browser, " ".join(MEANT)))
    assert whole.request("COPY", cal, Destination=to).status == 201
    for path in (cal, to):
        assert whole.request("DELETE", path).status == 204


def test_without_the_scope_each_door_says_what_lacks(world, browser, home):
    token = connected(world, browser, "calendars:read calendars:write events:read events:write")
    dav = by_token(world, token)
    assert not {D + "bind", D + "unbind"} & privileges(dav, home)
    assert lacking(dav.request("MKCALENDAR", home + "no/")) == {(home, D + "bind")}
    assert lacking(dav.request("DELETE", home + "default/")) == {(home, D + "unbind")}
    assert lacking(dav.request("MOVE", home + "default/", Destination=home + "no/")) == {(home, D + "unbind"), (home, D + "bind")}
    refused = dav.request("MKCALENDAR", home + "no/")
    assert 'scope="calendars:manage"' in refused.headers["WWW-Authenticate"]
    assert_error(send(world, "POST", "/v1/calendars", {"name": "no"}, token), 403, "insufficient_scope", "calendars:manage", type_="authorization_failed")
    answer_ = proppatch(dav, home + "default/", RENAMED)
    assert set(answer_.members[home + "default/"].by_status) == {403}


@pytest.mark.parametrize("kind", ["token", "restricted"])
def test_who_has_single_calendars_makes_none_and_learns_no_name(world, ann, browser, home, kind):
    name = f"mine-{kind}"
    own = send(world, "POST", "/v1/calendars", {"name": name}, ann.key).json["id"]
    everything = " ".join(MEANT)
    credential = (connected(world, browser, everything, calendars="some", calendar=[own]) if kind == "token"
                  else world.key(ann, kind="restricted", scope=everything, calendar=own))
    dav = by_token(world, credential) if kind == "token" else Dav(world.url, ann.email, credential)
    [mine] = [p for p in dav.propfind(home, "<D:resourcetype/>", depth=1).members if p != home]
    assert D + "unbind" in privileges(dav, home) and D + "bind" not in privileges(dav, home)
    for taken in ("default/", "fresh/"):
        for method in ("MKCALENDAR", "MKCOL"):
            body = (f"<D:mkcol {NAMESPACES}><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set></D:mkcol>"
                    if method == "MKCOL" else None)
            assert lacking(dav.request(method, home + taken, body, Content_Type="application/xml")) == {(home, D + "bind")}
        for method in ("COPY", "MOVE"):
            for overwrite in "TF":
                assert dav.request(method, mine, Destination=home + taken, Overwrite=overwrite).status == 403
    refused = send(world, "POST", "/v1/calendars", {"name": "fresh"}, credential)
    assert_error(refused, 403, "forbidden", type_="authorization_failed")
    assert dav.request("DELETE", home + "default/").status == 404
    assert dav.request("DELETE", mine).status == 204


# ---- the words of native clients ----

def test_the_consent_page_says_that_the_native_scope_deletes_calendars(world, browser):
    """draft-ietf-mailmaint-oauth-public: one scope for all that a calendar client does; its user reads what that is."""
    page = App(world, type="public", scope=" ".join(MEANT)).consent_page(browser, scope=NATIVE)
    assert "Create calendars" in page.text and "delete them with all their events" in page.text


def test_a_remembered_consent_keeps_the_words_that_the_app_asked_in(world, browser):
    """RFC 6749 §5.1: what was asked for is told as it was asked."""
    app = App(world, type="public", scope=" ".join(MEANT))
    world.cli("client", "verify", app.id)
    words = f"{NATIVE} offline_access"
    first = app.connect(browser, scope=words)
    asked = app.ask(browser, scope=words, prompt="none")
    again = app.redeem(answer(asked)["code"]).json
    assert set(first["scope"].split()) == set(again["scope"].split()) == {*MEANT, *words.split()}
    assert set(app.refresh(again["refresh_token"]).json["scope"].split()) == {*MEANT, *words.split()}
    for scope, told in ((" ".join(MEANT), set(MEANT)), ("events:read offline_access", {"events:read", "offline_access"})):
        assert set(app.redeem(answer(app.ask(browser, scope=scope))["code"]).json["scope"].split()) == told


def test_who_allowed_less_than_the_words_mean_is_asked_again(world, browser):
    """As whoever allowed them before calendars could be deleted by it."""
    app = App(world, type="public", scope=" ".join(MEANT))
    world.cli("client", "verify", app.id)
    app.connect(browser, scope=" ".join(s for s in MEANT if s != "calendars:manage"))
    assert answer(app.ask(browser, scope=NATIVE, prompt="none"))["error"] == "consent_required"
    page = app.consent_page(browser, scope=NATIVE)
    assert "Create calendars" in page.text
