# SPDX-License-Identifier: Apache-2.0
"""Calendars as files, on the pages: a file is imported and told of line by line, a calendar is exported, the link of its feed is made and ended, and
calendars are put in order."""
import gzip
import html
import io
import re
import zipfile

import pytest

import messages
from oauth_flow import Browser, Form, multipart
from rest import Api

SIGNED_IN = "una"
SERVE = ["--rate-limit", "10000"]
SAME_ORIGIN = [("Sec-Fetch-Site", "same-origin")]
# Of who signed in last: the browser of this file has more to do.
LAST_PROOF_IS_OLD = "UPDATE session SET proven_at = now() - interval '1 hour' WHERE id = (SELECT id FROM session ORDER BY created_at DESC LIMIT 1)"


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


@pytest.fixture
def calendar(api):
    reply = api("POST", "/v1/calendars", {"name": "Team"})
    assert reply.status == 201
    return reply.json["id"]


def event(uid, title="Planning", *lines):
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T080000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z",
                        f"SUMMARY:{title}", *lines, "END:VEVENT"]) + "\r\n"


def document(*parts):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n" + "".join(parts) + "END:VCALENDAR\r\n"


def send(browser, octets, name="team.ics", mode="", **fields):
    form = Form(browser.get(f"/calendars/import{mode}").text, "/calendars/import").with_(file=None, **fields)
    return browser.post_files("/calendars/import", form, [("file", name, "text/calendar", octets.encode() if isinstance(octets, str) else octets)])


def counts(page):
    figures = re.search(r'<dl class="facts figures">(.*?)</dl>', page, re.S).group(1)
    return [int(n) for n in re.findall(r"<dd>(\d+)", figures)]  # created, updated, left alone, repaired, refused


def field_error(page):
    found = re.search(r'<p class="field-error" id="([a-z-]+)"[^>]*>(.*?)</p>', page, re.S)
    return html.unescape(found.group(2)) if found else None


def titles(api, calendar):
    reply = api("GET", f"/v1/events?calendar_id={calendar}&from=2026-11-23T00:00:00Z&to=2026-11-26T00:00:00Z")
    return sorted(e["title"] for e in reply.json["data"])


def test_a_file_is_imported_and_told_of(browser, api, calendar):
    page = send(browser, document(event("a", "One"), event("b", "Two")), calendar=calendar)
    assert page.status == 200 and counts(page.text) == [2, 0, 0, 0, 0] and "Everything in the file is in the calendar" in page.text
    assert titles(api, calendar) == ["One", "Two"]
    again = send(browser, document(event("a", "One"), event("b", "Two, changed"), event("c", "Three")), calendar=calendar)
    assert counts(again.text) == [1, 1, 1, 0, 0]
    assert titles(api, calendar) == ["One", "Three", "Two, changed"]
    skipped = send(browser, document(event("a", "Another"), event("d", "Four")), calendar=calendar, existing="skip")
    assert counts(skipped.text) == [1, 0, 1, 0, 0] and "They were there already." in skipped.text
    assert "Another" not in titles(api, calendar)


def test_what_could_not_be_taken_is_told_with_its_line_and_why(browser, api, calendar):
    page = send(browser, document(event("a", "<b>One</b>", "PRIORITY:much", "DURATION:<script>"), event("b").replace("DTSTART:20261124", "DTSTART:2026")),
                calendar=calendar).text
    assert counts(page)[4] >= 1 and "<script>" not in page and "<b>One" not in page
    rows = re.findall(r'<th scope="row">Line (\d+)</th><td><span class="badge \w+">([\w ]+)</span></td><td lang="en"><bdi>(.*?)</bdi>', page)
    assert ("Left out" in [row[1] for row in rows]) and all(int(row[0]) > 3 for row in rows)


def test_a_report_is_in_the_language_of_who_reads_it(browser, calendar):
    """What this server's validation says too, which is in English on REST; only what no catalogue has is marked as English."""
    form = Form(browser.get("/calendars/import").text, "/calendars/import").with_(file=None, calendar=calendar)
    octets = document(event("a", "One"), event("b").replace("DTSTART:2026", "DTSTART:26"))
    page = browser.post_files("/calendars/import", form, [("file", "x.ics", "text/calendar", octets.encode())], [("Accept-Language", "de")]).text
    english = '%.*s: "%.*s" is no date or time'
    german = messages.catalogue(messages.ROOT / "web/messages/de.po").get(english)
    said = (german or english).replace("%.*s", "DTSTART", 1).replace("%.*s", "261124T090000Z", 1)
    language = "" if german else ' lang="en"'
    assert f"<td{language}><bdi>VEVENT: {html.escape(said)}</bdi></td>" in page, page


def test_several_calendars_in_one_file_are_one_report(browser, api, calendar):
    """RFC 5545 §3.4: a stream may have several."""
    page = send(browser, document(event("a", "One")) + document(event("b", "Two")), calendar=calendar)
    assert counts(page.text) == [2, 0, 0, 0, 0] and titles(api, calendar) == ["One", "Two"]


@pytest.mark.parametrize("named,filename,label", [
    ("X-WR-CALNAME:Climbing\\, outside\r\n", "x.ics", "Climbing, outside"), ("NAME:Holidays\r\n", "x.ics", "Holidays"), ("", "Work 2026.ICS", "Work 2026"),
    ("X-WR-CALNAME:a\u202eb\r\n", "Fine.ics", "Fine"), ("X-WR-CALNAME:" + "n" * 300 + "\r\n", "x.ics", "n" * 100), ("", ".ics", "Imported")],
    ids=["calname", "name", "filename", "rtl", "long", "none"])
def test_a_new_calendar_is_called_what_the_file_says(browser, api, named, filename, label):
    page = send(browser, document(named, event("a", "One")), name=filename, calendar="new")
    assert page.status == 200 and counts(page.text) == [1, 0, 0, 0, 0]
    into = re.search(r'calendar=(cal_\w+)', page.text).group(1)
    assert api("GET", f"/v1/calendars/{into}").json["name"] == label and titles(api, into) == ["One"]
    api("DELETE", f"/v1/calendars/{into}")


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("team.ics", document(event("a")))
    return out.getvalue()


LATIN = document(event("a", "Café")).encode("latin-1")
WRONG = {
    "empty": (b"", "This file is empty"), "blank": (b" \r\n\r\n", "This file is empty"), "zip": (zipped(), "ZIP archive"),
    "gzip": (gzip.compress(document(event("a")).encode()), "gzip"), "picture": (b"\x89PNG\r\n\x1a\n", "no calendar file"),
    "page": (b"<!doctype html><title>Sign in</title>", "web page"), "contacts": (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "contacts"),
    "words": (b"hello", "BEGIN:VCALENDAR"), "nul": (b"\0" * 1000, "BEGIN:VCALENDAR"), "latin-1": (LATIN, "Line 9 of this file is not in UTF-8"),
    "utf-16": (document(event("a")).encode("utf-16"), "UTF-16"), "version": (document().replace("2.0", "1.0").encode(), "2.0")}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_no_calendar_is_told_what_it_is(browser, api, calendar, case):
    octets, words = WRONG[case]
    page = send(browser, octets, calendar=calendar, existing="skip")
    assert page.status in (400, 415) and words in field_error(page.text), page.text
    assert f'value="{calendar}" selected' in page.text and re.search(r'id="skip"[^>]* checked', page.text)  # what was chosen stays
    assert titles(api, calendar) == []
    before = len(api("GET", "/v1/calendars?limit=100").json["data"])
    assert send(browser, octets, calendar="new").status == page.status
    assert len(api("GET", "/v1/calendars?limit=100").json["data"]) == before


def test_characters_are_lost_only_where_that_was_said(browser, api, calendar):
    page = send(browser, LATIN, calendar=calendar)
    assert 'name="anyway"' in page.text and "�" in page.text
    page = send(browser, LATIN, calendar=calendar, anyway="yes")
    assert page.status == 200 and counts(page.text) == [1, 0, 0, 1, 0] and titles(api, calendar) == ["Caf\ufffd"]


def test_a_fold_may_cut_a_character(browser, api, calendar):
    """RFC 5545 §3.1: lines are folded by octets."""
    octets = document(event("a", "Caf\u00e9")).encode().replace(b"\xc3\xa9", b"\xc3\r\n \xa9")
    assert send(browser, octets, calendar=calendar).status == 200 and titles(api, calendar) == ["Café"]


def test_no_file_was_chosen(browser, calendar):
    form = Form(browser.get("/calendars/import").text, "/calendars/import").with_(file=None, calendar=calendar)
    for files in ([], [("file", "", "application/octet-stream", b"")]):
        page = browser.post_files("/calendars/import", form, files)
        assert page.status == 400 and field_error(page.text) == "Choose the file that shall be imported."


@pytest.mark.parametrize("megabytes", [6, 50])
def test_a_file_that_is_too_large_is_told_on_the_same_page(world, browser, calendar, megabytes):
    b = Browser(world)
    b.cookies = dict(browser.cookies)
    form = Form(b.get("/calendars/import").text, "/calendars/import").with_(file=None)
    kind, body = multipart(form, [("file", "large.ics", "text/calendar", b"")])
    page = b.send("POST", "/calendars/import", [("Content-Type", kind), ("Content-Length", str(megabytes << 20)), ("Expect", "100-continue")])
    assert page.status == 413 and field_error(page.text) == "This file is too large: at most 5 MB are taken here."
    assert Form(page.text, "/calendars/import")


def test_five_megabytes_are_taken(browser, api, calendar):
    filler = "X-FILLER:" + "x" * 990 + "\r\n"
    page = send(browser, document(event("a", "One"), filler * 5000), calendar=calendar)
    assert page.status == 200 and counts(page.text)[0] == 1


def test_the_form_must_come_from_our_own_page(browser, api, calendar):
    octets = document(event("a")).encode()
    form = Form(browser.get("/calendars/import").text, "/calendars/import").with_(file=None, calendar=calendar)
    for wrong in ([f for f in form if f[0] != "csrf"], [*form, ("csrf", "0" * 64)], [("csrf", "0" * 64), ("calendar", calendar)]):
        assert browser.post_files("/calendars/import", wrong, [("file", "x.ics", "text/calendar", octets)]).status == 403
    other_site = browser.post_files("/calendars/import", form, [("file", "x.ics", "text/calendar", octets)], [("Sec-Fetch-Site", "cross-site")])
    assert other_site.status == 403 and titles(api, calendar) == []


def test_who_was_signed_out_keeps_all_but_the_file(world, una, browser, calendar):
    b = Browser(world)
    form = Form(browser.get("/calendars/import").text, "/calendars/import").with_(file=None, calendar=calendar, existing="skip")
    page = b.post_files("/calendars/import", form, [("file", "x.ics", "text/calendar", document(event("a")).encode())], SAME_ORIGIN)
    assert page.status == 403 and "Only the file is not kept" in page.text
    b.sign_in(una)
    kept = Form(page.text, "/calendars/import").with_(csrf=dict(Form(b.get("/calendars/import").text, "/calendars/import").fields)["csrf"])
    assert dict(kept)["calendar"] == calendar and dict(kept)["existing"] == "skip"
    again = b.post("/calendars/import", kept)
    assert again.status == 400 and field_error(again.text) == "Choose the file that shall be imported."


@pytest.mark.parametrize("body", [b"", b"--x\r\n", b"nothing"])
def test_a_broken_form_is_a_page(browser, body):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        assert browser.send("POST", "/calendars/import", [("Content-Type", kind)], body).status in (400, 403)
    assert browser.send("POST", "/calendars/import", [("Content-Type", "text/calendar")], b"x").status == 415


def test_nobody_imports_into_what_is_not_theirs(world, browser, api, calendar):
    other = world.account("other@calends.example")
    theirs = Api(world, other.key)("GET", "/v1/calendars").json["data"][0]["id"]
    for wrong in (theirs, "cal_0000000000000000000001", "x", ""):
        page = send(browser, document(event("a")), calendar=wrong)
        assert page.status == 400 and field_error(page.text) == "Choose one of your calendars."
    api("PATCH", f"/v1/calendars/{calendar}", {"writable": False})
    assert f'value="{calendar}"' not in browser.get("/calendars/import").text
    assert send(browser, document(event("a")), calendar=calendar).status == 403


def test_test_data_are_imported_apart(browser, api, world, una):
    page = browser.get("/calendars/import?mode=test").text
    assert "Test data" in page
    into = re.search(r'<option value="(cal_\w+)"', page).group(1)
    page = send(browser, document(event("only-test", "Only in test")), mode="?mode=test", calendar=into)
    assert page.status == 200 and counts(page.text)[0] == 1 and "mode=test" in page.text
    assert "Only in test" in browser.get(f"/calendars/{into}/export?mode=test").text
    assert browser.get(f"/calendars/{into}/export").status == 404


def test_a_calendar_is_exported_as_rest_exports_it(browser, api, calendar):
    send(browser, document(event("a", "One")), calendar=calendar)
    page = browser.get(f"/calendars/{calendar}").text
    assert f'href="/calendars/{calendar}/export"' in page
    reply = browser.get(f"/calendars/{calendar}/export")
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="Team.ics"')
    assert reply.body == api("GET", f"/v1/calendars/{calendar}/export").body and "SUMMARY:One" in reply.text


def test_a_calendar_tells_its_addresses(world, una, browser, api, calendar):
    page = browser.get(f"/calendars/{calendar}").text
    url = api("GET", f"/v1/calendars/{calendar}").json["caldav_url"]
    assert f">{url}<" in page and f">{world.url}/dav/<" in page and una.email in page
    assert browser.get("/calendars/cal_0000000000000000000001").status == 404 and browser.get("/calendars/x").status == 404


# ---- the link of its feed ----

def feed_link(browser, calendar, mode=""):
    found = re.search(r'<code id="feed-url"[^>]*>(.*?)</code>', browser.get(f"/calendars/{calendar}{mode}").text)
    return found and found.group(1)


def change_feed(browser, calendar, page="", action="/feed", mode=""):
    action = f"/calendars/{calendar}{action}"
    reply = browser.post(action, Form(browser.get(f"/calendars/{calendar}{page}{mode}").text, action).fields)
    assert reply.status == 303, reply
    return reply.headers["Location"]


def test_a_link_is_made_renewed_and_ended(world, browser, api, calendar):
    send(browser, document(event("a", "One")), calendar=calendar)
    assert feed_link(browser, calendar) is None
    done = change_feed(browser, calendar)
    assert "The link is ready" in browser.get(done).text
    first = feed_link(browser, calendar)
    path = first.removeprefix(world.url)
    assert path.startswith("/feed/") and path.endswith(".ics") and b"SUMMARY:One" in world.get(path).body
    assert feed_link(browser, calendar) == first  # it can be copied again
    assert "stops at once" in browser.get(f"/calendars/{calendar}/feed").text
    change_feed(browser, calendar, "/feed")
    second = feed_link(browser, calendar)
    assert second != first and world.get(path).status == 404 and world.get(second.removeprefix(world.url)).status == 200
    change_feed(browser, calendar, "/feed/end", "/feed/end")
    assert feed_link(browser, calendar) is None and world.get(second.removeprefix(world.url)).status == 404
    change_feed(browser, calendar)
    assert feed_link(browser, calendar) not in (None, first, second)
    log = browser.get("/audit").text
    assert all(words in log for words in ("feed was made", "feed was ended", "feed of a calendar got a new token"))


def test_a_link_on_a_plan_without_links_says_so(world):
    free = world.account("free@calends.example", plan="free")
    b = Browser(world)
    b.sign_in(free)
    default = re.search(r"/calendars/(cal_\w+)\"", b.get("/calendars").text).group(1)
    page = b.get(f"/calendars/{default}").text
    assert "Links are not part of the plan" in page and 'href="/plan"' in page and f'action="/calendars/{default}/feed"' not in page


def test_a_link_is_made_by_who_proved_who_they_are(world, una, browser, calendar):
    old = Browser(world)
    old.sign_in(una)
    form = Form(old.get(f"/calendars/{calendar}").text, f"/calendars/{calendar}/feed").fields
    world.sql(LAST_PROOF_IS_OLD)
    reply = old.post(f"/calendars/{calendar}/feed", form)
    assert reply.status == 403 and "/confirm" in reply.text and feed_link(old, calendar) is None
    assert old.post(f"/calendars/{calendar}/feed/end", [("csrf", dict(form)["csrf"])]).status == 303  # ending one needs no proof


def test_a_link_is_shown_to_who_proved_who_they_are(world, una, browser, calendar):
    """Who copies it has it for longer than a session."""
    b = Browser(world)
    b.sign_in(una)
    change_feed(b, calendar)
    link = feed_link(b, calendar)
    world.sql(LAST_PROOF_IS_OLD)
    page = b.get(f"/calendars/{calendar}").text
    assert link not in page and "/feed/show" in page
    ask = b.get(f"/calendars/{calendar}/feed/show")
    assert ask.status == 303 and ask.headers["Location"].startswith("/confirm?next=")
    confirm = Form(b.get(ask.headers["Location"]).text, "/confirm").with_(confirm_password=una.password)
    back = b.post(ask.headers["Location"], confirm)
    assert back.status == 303 and b.get(back.headers["Location"]).headers["Location"] == f"/calendars/{calendar}#feed"
    assert feed_link(b, calendar) == link


def test_nobody_changes_the_link_of_another(world, browser, calendar):
    b = Browser(world)
    b.sign_in(world.account("third@calends.example"))
    csrf = dict(Form(b.get("/calendars").text, "/calendars").fields)["csrf"]
    for action in ("feed", "feed/end", "move"):
        assert b.post(f"/calendars/{calendar}/{action}", [("csrf", csrf), ("renew", "yes")]).status == 404
        assert b.post(f"/calendars/{calendar}/{action}", [("csrf", "0" * 64)]).status == 403


# ---- their order ----

def test_calendars_are_put_in_order(world):
    b, account = Browser(world), world.account("order@calends.example")
    b.sign_in(account)
    api = Api(world, account.key)
    made = {name: api("POST", "/v1/calendars", {"name": name}).json["id"] for name in ("A", "B", "C")}

    def shown():
        return [c["name"] for c in api("GET", "/v1/calendars").json["data"]]

    def move(name, to):
        page = b.get("/calendars").text
        action = f"/calendars/{made[name]}/move"
        assert (f'formaction="{action}" name="to" value="{to}"' in page) is not (to == "up" and shown()[0] == name)
        csrf = dict(Form(page, "/calendars").fields)["csrf"]
        assert b.post(action, [("csrf", csrf), ("to", to)]).status == 303

    first = shown()
    while shown().index("C"):
        move("C", "up")
    assert shown() == ["C", *(n for n in first if n != "C")]
    move("C", "up")
    assert shown()[0] == "C"
    move("C", "down")
    assert shown().index("C") == 1
    on_page = re.findall(r'<a href="/calendars/cal_\w+"><svg.*?</svg>\s*<bdi>(.*?)</bdi>', b.get("/calendars").text)
    assert on_page == shown()
    made["D"] = api("POST", "/v1/calendars", {"name": "D"}).json["id"]
    assert shown().index("D") > 0  # not before all that were put in order
    rows = re.findall(r'<tr>\s*<th scope="row">(.*?)</tr>', b.get("/calendars").text, re.S)
    ways = [re.findall(r'name="to" value="(\w+)"', row) for row in rows]
    assert ways[0] == ["down"] and ways[-1] == ["up"] and all(w == ["up", "down"] for w in ways[1:-1])
