# SPDX-License-Identifier: Apache-2.0
"""Discovery: the addresses that clients try, OPTIONS, and what strangers and others learn."""
import pytest

from dav import D, Dav, event, fill



@pytest.mark.parametrize("method", ["GET", "HEAD", "PROPFIND", "OPTIONS", "PUT", "REPORT", "MKCALENDAR", "POST"])
def test_well_known_leads_every_method_to_the_root(url, method):  # RFC 6764 §5
    answer = Dav(url).request(method, "/.well-known/caldav")
    assert (answer.status, answer.headers["Location"]) == (301, "/dav/")


@pytest.mark.parametrize("path", ["/", "/caldav/v2/", "/calendar/dav/anyone/user/", "/remote.php/dav/"])
def test_addresses_that_clients_probe_lead_to_the_root_and_keep_the_method(url, path):
    answer = Dav(url).request("PROPFIND", path)
    assert (answer.status, answer.headers["Location"]) == (308, "/dav/")


def test_principals_names_the_principal_once_one_is_known(url, dav, account):  # RFC 5397 §3
    assert Dav(url).propfind("/principals/").status == 401
    found = dav.propfind("/principals/", "<D:current-user-principal/>").responses[0]
    assert found.hrefs(D + "current-user-principal") == [f"/dav/principals/{account}/"]


def test_options_names_what_works_in_one_line_without_credentials(url, home):  # RFC 4791 §5.1
    answer = Dav(url).request("OPTIONS", home)
    assert answer.status == 200
    assert answer.headers.get_all("DAV") == ["1, 3, access-control, calendar-access, calendar-query-extended, extended-mkcol"]  # RFC 4918 §18.1, §18.3
    allow = {m.strip() for m in answer.headers["Allow"].split(",")}
    assert {"PROPFIND", "REPORT", "OPTIONS", "PROPPATCH"} <= allow
    assert not {"LOCK", "UNLOCK", "POST"} & allow


def test_locks_are_not_offered_and_say_what_is(dav, cal):  # RFC 4918 §18.2: class 2 is optional
    for method in ("LOCK", "UNLOCK"):
        answer = dav.request(method, cal + "a.ics")
        assert answer.status == 405
        assert "PUT" in answer.headers["Allow"] and "LOCK" not in answer.headers["Allow"]


def test_strangers_learn_nothing_of_what_exists(url, cal):  # RFC 3744 §8.1.1; one realm, Basic first
    for method, path in [("GET", cal + "a.ics"), ("PUT", cal + "a.ics"), ("PROPFIND", "/dav/none/"), ("BREW", cal)][:3]:
        answer = Dav(url).request(method, path)
        assert answer.status == 401
        challenges = answer.headers.get_all("WWW-Authenticate")
        assert challenges[0] == 'Basic realm="Calends"'
        assert challenges[1].startswith("Bearer ") and "/.well-known/oauth-protected-resource/dav\"" in challenges[1]


NOBODY = "usr_0000000000000000000002"


@pytest.mark.parametrize("below", ["calendars/{}/", "calendars/{}/x/y.ics", "principals/{}/"])
def test_what_belongs_to_others_is_403_existing_or_not(world, dav, below):  # RFC 3744 §7.1.1
    for account in (world.account().id, NOBODY):
        answer = dav.propfind("/dav/" + below.format(account), "<D:resourcetype/>")
        assert answer.status == 403
        assert answer.condition == [D + "need-privileges"]


@pytest.mark.parametrize("name", ["bogus", "usr_", "test-", "test-bogus", "usr_0000000000000000000002x"])
def test_what_can_be_no_account_is_not_there(dav, name):
    """Nobody's path, whoever has an account here: 404 tells no more. What is to be made there has no parent (RFC 4918 §9.7.1, §9.3.1)."""
    for path in (f"/dav/principals/{name}/", f"/dav/calendars/{name}", f"/dav/calendars/{name}/", f"/dav/calendars/{name}/x/", f"/dav/calendars/{name}/x/y.ics"):
        assert dav.propfind(path, "<D:resourcetype/>", 0).status == 404, path
        assert dav.request("GET", path).status == 404, path
        assert Dav(dav.url).request("GET", path).status == 401, path
    assert dav.request("DELETE", f"/dav/calendars/{name}/x/y.ics").status == 404
    assert dav.put(f"/dav/calendars/{name}/x/y.ics", "BEGIN:VCALENDAR").status == 409
    assert dav.request("MKCALENDAR", f"/dav/calendars/{name}/x/").status == 409
    assert dav.request("MKCALENDAR", f"/dav/calendars/{name}/").status == 403, "homes are not made"
    assert dav.put(f"/dav/calendars/{name}/", "BEGIN:VCALENDAR").status == 403
    for method in ("PATCH", "LOCK", "UNLOCK"):
        assert dav.request(method, f"/dav/calendars/{name}/x/").status == 404, "not 405: Allow would speak of what is not there"


def test_the_test_world_has_a_path_of_its_own(dav, account):
    assert dav.propfind(f"/dav/calendars/test-{account}/", "<D:resourcetype/>").status == 403


def test_a_collection_without_its_slash_says_where_it_is(tree):
    """RFC 4918 §5.2: it SHOULD return Content-Location with the slash; its href has it in any case."""
    fill(tree, a=event("a", "20260302T120000Z"))
    for path in (tree.calendar, tree.home, tree.principal, "/dav/"):
        answer = tree.dav.propfind(path[:-1], "<D:resourcetype/>", 0)
        assert list(answer.members) == [path] and answer.headers["Content-Location"] == path
        assert tree.dav.propfind(path, "<D:resourcetype/>", 0).headers["Content-Location"] is None
    assert tree.dav.request("GET", tree.calendar + "a.ics").headers["Content-Location"] is None
    assert tree.dav.multiget(tree.calendar[:-1], [tree.calendar + "a.ics"]).headers["Content-Location"] == tree.calendar


@pytest.mark.parametrize("method", ["DELETE", "COPY", "MOVE"])
def test_the_root_stays_where_it_is(dav, method):
    """RFC 4918 §9.6, §9.8, §9.9; as a home, with the reason."""
    for path in ("/dav/", "/dav"):
        answer = dav.request(method, path, Destination="/dav/copy/")
        assert answer.status == 403 and "never possible on this resource" in answer.text
