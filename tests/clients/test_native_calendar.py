# SPDX-License-Identifier: Apache-2.0
"""A calendar client that this server has never heard of signs its user in from the bare DAV URL alone, and syncs
(draft-ietf-mailmaint-oauth-public-06, as Chiri does it): neither a key nor a registration is made for it."""
import os
import re
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../http"))

from oauth_flow import Browser, Form, Pkce, answer, encode, post_form, register  # noqa: E402

caldav = pytest.importorskip("caldav")
requests = pytest.importorskip("requests")

SCOPE = "urn:ietf:params:oauth:scope:calendars offline_access"
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class NativeClient:
    """All that it is given is the address that its user typed."""

    def __init__(self, world, dav_url, redirect, **metadata):
        self.world, self.redirect, self.pkce = world, redirect, Pkce()
        challenge = requests.request("PROPFIND", dav_url, headers={"Depth": "0"}, timeout=60)
        assert challenge.status_code == 401
        schemes = challenge.headers["WWW-Authenticate"]
        assert "Basic" in schemes and "Bearer" in schemes
        self.resource = requests.get(re.search(r'resource_metadata="([^"]+)"', schemes)[1], timeout=60).json()
        assert dav_url.startswith(self.resource["resource"])
        [issuer] = self.resource["authorization_servers"]
        self.server = requests.get(issuer + "/.well-known/oauth-authorization-server", timeout=60).json()
        assert self.server["issuer"] == issuer and "S256" in self.server["code_challenge_methods_supported"]
        assert self.server["authorization_response_iss_parameter_supported"] is True
        assert self.resource["resource"] in self.server["protected_resources"]
        assert "urn:ietf:params:oauth:scope:calendars" in self.resource["scopes_supported"]
        assert set(SCOPE.split()) <= set(self.server["scopes_supported"])
        made = requests.post(self.server["registration_endpoint"], timeout=60, json={
            "redirect_uris": [redirect], "token_endpoint_auth_method": "none", "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"], "scope": SCOPE, "client_name": "Garden Calendar",
            "client_uri": "https://garden.example/", "software_id": "example.garden.calendar", "software_version": "1.2", **metadata})
        assert made.status_code == 201, made.text
        self.id = made.json()["client_id"]
        assert set(SCOPE.split()) <= set(made.json()["scope"].split())

    def sign_in(self, browser, **ticks):
        query = encode({"response_type": "code", "client_id": self.id, "redirect_uri": self.redirect, "scope": SCOPE, "state": "s",
                        "code_challenge": self.pkce.challenge, "code_challenge_method": "S256", "resource": self.resource["resource"]})
        asked = browser.get(urllib.parse.urlsplit(self.server["authorization_endpoint"]).path + "?" + query)
        page = browser.get(asked.location)
        assert "Garden Calendar" in page.text and "Unverified" in page.text
        got = answer(browser.post("/consent", Form(page.text, "/consent").with_(decision="allow", **ticks)), self.redirect)
        assert (got["state"], got["iss"]) == ("s", self.server["issuer"])
        return self.token(grant_type="authorization_code", code=got["code"], redirect_uri=self.redirect, code_verifier=self.pkce.verifier)

    def token(self, **params):
        reply = requests.post(self.server["token_endpoint"], timeout=60, data={"client_id": self.id, "resource": self.resource["resource"], **params})
        assert reply.status_code == 200, reply.text
        return reply.json()


def ics(uid, summary):
    stamp = lambda t: t.strftime("%Y%m%dT%H%M%SZ")
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Calends//tests//EN", "BEGIN:VEVENT", f"UID:{uid}",
                        "DTSTAMP:20260101T000000Z", f"DTSTART:{stamp(NOON)}", f"DTEND:{stamp(NOON + timedelta(hours=1))}",
                        f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", ""))


@pytest.fixture(scope="module")
def browser(world):
    one = Browser(world)
    one.sign_in(world.account("native@example.org"))
    return one


@pytest.mark.parametrize("redirect", ["garden.example:/oauth", "http://127.0.0.1:43117/cb"])
def test_from_the_bare_url_to_a_synced_calendar(world, browser, redirect):
    client = NativeClient(world, world.url + "/dav/", redirect)
    tokens = client.sign_in(browser)
    assert set(SCOPE.split()) <= set(tokens["scope"].split()) and tokens["refresh_token"]
    dav = caldav.DAVClient(url=world.url + "/dav/", auth=Bearer(tokens["access_token"]))
    calendar = dav.principal().calendars()[0]
    uid = f"native-{redirect[:4]}@example.org"
    calendar.save_event(ics(uid, "Made by a stranger"))
    objects = calendar.objects_by_sync_token(load_objects=True)
    assert any("Made by a stranger" in o.data for o in objects)
    event = calendar.event_by_url(next(o.url for o in objects if uid in o.data))
    event.data = ics(uid, "Changed")
    event.save()
    fresh = client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"], scope=SCOPE)
    assert set(SCOPE.split()) <= set(fresh["scope"].split())
    again = caldav.DAVClient(url=world.url + "/dav/", auth=Bearer(fresh["access_token"])).principal().calendars()[0]
    changed = again.objects_by_sync_token(sync_token=objects.sync_token, load_objects=True)
    assert ["SUMMARY:Changed" in o.data for o in changed] == [True]
    event.delete()
    # The token is for /dav alone: nothing else opens by it.
    assert world.get("/v1/events", key=fresh["access_token"]).status == 401


def test_it_makes_and_deletes_calendars_where_its_user_allowed_that(world, browser):
    """The scope is all that a calendar client does; without that part of it the home says so (RFC 3744 §5.4)."""
    client = NativeClient(world, world.url + "/dav/", "garden.example:/calendars")
    dav = caldav.DAVClient(url=world.url + "/dav/", auth=Bearer(client.sign_in(browser)["access_token"]))
    made = dav.principal().make_calendar(name="Beds", cal_id="beds")
    made.save_event(ics("beds@example.org", "Weeding"))
    assert "Beds" in [c.name for c in dav.principal().calendars()]
    made.set_properties([caldav.elements.dav.DisplayName("Borders")])
    assert "Borders" in [c.name for c in dav.principal().calendars()]
    made.delete()
    assert "Borders" not in [c.name for c in dav.principal().calendars()]
    less = client.sign_in(browser, access="custom", scope=["calendars:read", "calendars:write", "events:read", "events:write"])
    assert "urn:ietf:params:oauth:scope:calendars" not in less["scope"].split()
    with pytest.raises(caldav.lib.error.AuthorizationError):
        caldav.DAVClient(url=world.url + "/dav/", auth=Bearer(less["access_token"])).principal().make_calendar(name="No", cal_id="no")


def test_what_the_user_unticked_is_told(world, browser):
    """RFC 6749 §5.1: scope where it is not what was asked; the alias only while all that it means is granted."""
    client = NativeClient(world, world.url + "/dav/", "garden.example:/less", client_name="Garden Calendar")
    tokens = client.sign_in(browser, access="custom", scope=["calendars:read", "events:read"])
    assert tokens["scope"] == "calendars:read events:read offline_access"
    dav = caldav.DAVClient(url=world.url + "/dav/", auth=Bearer(tokens["access_token"]))
    with pytest.raises(caldav.lib.error.AuthorizationError):
        dav.principal().calendars()[0].save_event(ics("no@example.org", "No"))


def test_a_client_that_registered_less_cannot_ask_for_more(world, browser):
    made = register(world, redirect_uris=["garden.example:/x"], scope="events:read offline_access").json
    asked = browser.get("/oauth/authorize?" + encode({
        "response_type": "code", "client_id": made["client_id"], "redirect_uri": "garden.example:/x", "scope": SCOPE, "state": "s",
        "code_challenge": Pkce().challenge, "code_challenge_method": "S256"}))
    assert answer(asked, "garden.example:/x")["error"] == "invalid_scope"


def test_another_server_s_resource_is_refused(world, browser):
    """RFC 8707 §2 invalid_target."""
    client = NativeClient(world, world.url + "/dav/", "garden.example:/oauth")
    asked = browser.get("/oauth/authorize?" + encode({
        "response_type": "code", "client_id": client.id, "redirect_uri": client.redirect, "scope": SCOPE, "state": "s",
        "resource": "https://other.example/dav/", "code_challenge": client.pkce.challenge, "code_challenge_method": "S256"}))
    assert answer(asked, client.redirect)["error"] == "invalid_target"
    reply = post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "client_id": client.id, "refresh_token": "crt_x"})
    assert reply.json["error"] == "invalid_grant"
