# SPDX-License-Identifier: Apache-2.0
"""GET of what is no calendar and no object: a page for the person who opened its address in a browser."""
import uuid

from dav import Dav

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_collection_opened_in_a_browser_says_what_its_address_is_for(world, tree):
    """RFC 4918 §9.4: what GET of a collection is, is the server's choice. Each has the one address that all programs take."""
    dav, home = tree.dav, tree.home
    name = str(uuid.uuid4())
    tagged = {}
    for path in ("/dav/", "/dav/principals/", "/dav/calendars/", tree.principal, home):
        for sent in (HTML, None, "*/*", "text/calendar, */*;q=0.1"):
            answer = dav.request("GET", path, Accept=sent)
            assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8", path
        assert f"<code id=\"server\">{world.url}/dav/</code>" in answer.text and tree.email in answer.text
        assert answer.headers["Set-Cookie"] is None and "Accept" in ",".join(answer.headers.get_all("Vary"))
        tag = tagged[path] = answer.headers["ETag"]
        head = dav.request("HEAD", path)
        assert head.status == 200 and head.body == b"" and head.headers["ETag"] == tag
        again = dav.request("GET", path, If_None_Match=tag)  # RFC 9110 §13.1.2
        assert again.status == 304 and again.body == b"" and again.headers["ETag"] == tag
        assert dav.request("GET", path, If_Match='"other"').status == 412
        moved = dav.request("GET", path[:-1])  # RFC 4918 §5.2
        assert moved.status == 301 and moved.headers["Location"] == path
    assert dav.request("MKCALENDAR", home + name + "/").status == 201
    page = dav.request("GET", home, If_None_Match=tagged[home])
    assert page.status == 200 and page.headers["ETag"] != tagged[home]
    assert f'<a href="{world.url}{home}{name}/">' in page.text
    assert name not in dav.request("GET", "/dav/").text
    dav.request("DELETE", home + name + "/")


def test_who_wants_calendar_data_alone_is_told_that_a_home_has_none(tree):  # RFC 9110 §15.5.7
    answer = tree.dav.request("GET", tree.home, Accept="text/calendar")
    assert answer.status == 406 and "A calendar inside it is had as text/calendar" in answer.text
    assert tree.dav.request("GET", tree.calendar, Accept="text/calendar").status == 200


def test_a_person_without_a_key_is_led_to_what_to_do_with_the_address(url, tree):
    """Fetch Metadata says that somebody looks; every program is asked for credentials, as before (RFC 9110 §15.5.2)."""
    stranger = Dav(url)
    for path in ("/dav/", "/dav", "/dav/principals/", tree.principal, tree.home):
        led = stranger.request("GET", path, Accept=HTML, Sec_Fetch_Dest="document")
        assert led.status == 303 and led.headers["Location"] == "/docs/caldav" and led.headers["WWW-Authenticate"] is None
        assert stranger.request("GET", led.headers["Location"]).status == 200
        for sent in ({"Accept": HTML}, {"Sec_Fetch_Dest": "empty"}):
            assert stranger.request("GET", path, **sent).status == 401
        assert stranger.request("PROPFIND", path, Sec_Fetch_Dest="document").status == 401
        wrong = Dav(url, "somebody@example.org", "cp_x").request("GET", path, Sec_Fetch_Dest="document")
        assert wrong.status == 401, "who has a key is told that it is wrong"
    for path in (tree.calendar, tree.calendar + "a.ics"):  # a file, for which a browser may ask
        assert stranger.request("GET", path, Sec_Fetch_Dest="document").status == 401


def test_a_key_of_few_rights_reads_no_more_on_the_page_than_by_propfind(tree):
    """The list of calendars is for calendars:read, the address of a person for profile:read; a limited key has its own calendars."""
    hidden, shown = tree.make_calendar("hidden"), tree.make_calendar("shown")
    blind = tree.restricted("events:read")
    assert blind.request("GET", tree.home).status == 403
    page = blind.request("GET", "/dav/")
    assert page.status == 200 and tree.email not in page.text and "Your e-mail address" in page.text
    limited = tree.restricted("calendars:read", [shown]).request("GET", tree.home)
    assert shown in limited.text and hidden not in limited.text and tree.email not in limited.text


def test_the_page_of_another_is_403_as_all_of_theirs(world, tree):  # RFC 3744 §7.1.1
    theirs = world.account().id
    for path in (f"/dav/principals/{theirs}/", f"/dav/calendars/{theirs}/", f"/dav/calendars/test-{tree.account.id}/"):
        assert tree.dav.request("GET", path).status == 403


def test_the_page_of_test_mode_has_its_own_addresses(world, tree):
    key = world.key(tree.account, kind="restricted", mode="test", scope="calendars:read calendars:manage")
    dav = Dav(world.url, bearer=key)
    home = tree.home.replace("/usr_", "/test-usr_")
    page = dav.request("GET", home)
    assert page.status == 200 and f'<a href="{world.url}{home}' in page.text and tree.home not in page.text
    assert dav.request("GET", tree.home).status == 403 and dav.request("GET", home[:-1]).headers["Location"] == home
