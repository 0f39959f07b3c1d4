# SPDX-License-Identifier: Apache-2.0
"""Events on pages: made, read, changed, answered and deleted, without JavaScript. All of it goes through the operations of REST."""
import html
import re

import pytest

from event_page import field_error, opened, save
from oauth_flow import Browser, Form
from rest import Api

SIGNED_IN = "una"
PROFILE = {"tz": "Europe/Berlin"}
SERVE = ["--rate-limit", "10000"]
HOME = "/dav/calendars/{}/default/"


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


def listed(api, day, **more):
    query = "".join(f"&{k}={v}" for k, v in more.items())
    return api("GET", f"/v1/events?from={day}T00:00:00Z&to={day}T23:59:59Z{query}").json["data"]


def put(world, una, name, *lines):
    """An object of another client, octet for octet."""
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "BEGIN:VEVENT",
        f"UID:{name}@example.org", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    path = HOME.format(una.id) + name + ".ics"
    assert world.dav("PUT", path, text, {"Content-Type": "text/calendar"}, una).status == 201
    return path, text


# ---- new ----


# ---- change ----


def test_a_form_that_is_sent_as_it_came_changes_no_octet(world, una, api, browser):
    """Whatever a form cannot show: seconds, floating times, a zone of its own, an alarm after the start."""
    cases = {
        "seconds": ("DTSTART:20260401T090030Z", "DTEND:20260401T100015Z", "SUMMARY:Seconds"),
        "floating": ("DTSTART:20260402T090000", "DURATION:PT1H30M", "SUMMARY:Floating  "),
        "rules": ("DTSTART;VALUE=DATE:20260403", "RRULE:FREQ=WEEKLY;WKST=SU;BYDAY=FR;UNTIL=20260601", "RDATE;VALUE=DATE:20260404", "SUMMARY:Rules"),
        "dates": ("DTSTART:20260405T080000Z", "RDATE:20260406T080000Z", "SUMMARY:By dates alone"),
        "late": ("DTSTART:20260407T080000Z", "SUMMARY:Late", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:PT5M", "END:VALARM"),
        "bare": ("DTSTART:20260408T080000Z",),
        "lines": ("DTSTART:20260409T080000Z", "SUMMARY:Lines", "DESCRIPTION:\\n a\\n\\nb \\n"),
    }
    for name, lines in cases.items():
        path, text = put(world, una, name, *lines)
        [day] = re.findall(r"DTSTART[^:]*:(\d{8})", text)
        event = listed(api, f"{day[:4]}-{day[4:6]}-{day[6:]}", expand="none")[-1]
        form = opened(browser, event["id"])
        if name == "bare": # a title is needed where there was none
            assert save(browser, event["id"], form).status in (303, 400)
        else:
            reply = save(browser, event["id"], form)
            assert reply.status == 303, (name, reply.text)
        assert world.dav("GET", path, None, {}, una).text == text, name


def test_what_the_page_does_not_know_is_kept(world, una, api, browser):
    """An event as Thunderbird writes it."""
    path, text = put(world, una, "thunderbird", "CREATED:20260101T000000Z", "SUMMARY:From Thunderbird", "DTSTART;TZID=Europe/Berlin:20260412T100000",
        "DTEND;TZID=Europe/Berlin:20260412T110000", "X-MOZ-GENERATION:4", "X-MOZ-LASTACK:20260412T080000Z", "ATTACH;FMTTYPE=text/plain:https://example.org/agenda.txt",
        "CLASS:PRIVATE", "PRIORITY:1", "CATEGORIES:Work,Travel", "ATTENDEE;CN=Ann;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;X-OWN=1:mailto:ann@example.org",
        "ORGANIZER;CN=Una:mailto:una@calends.example", "DESCRIPTION;ALTREP=\"data:text/html,x\":Plain", "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT15M",
        "SUMMARY:x", "DESCRIPTION:x", "ATTENDEE:mailto:una@calends.example", "X-OWN-ALARM:1", "END:VALARM")
    [event] = listed(api, "2026-04-12")
    assert save(browser, event["id"], title="Renamed", location="Berlin").status == 303
    now = world.dav("GET", path, None, {}, una).text
    changed = {"SUMMARY:From Thunderbird", "DTSTAMP:20260101T000000Z"}
    for line in text.split("\r\n"):
        assert line in now or line in changed, line
    assert "SUMMARY:Renamed" in now and "LOCATION:Berlin" in now
    assert save(browser, event["id"], attendees="Ann <ann@example.org>\r\nBob <bob@example.org>", reminders="15 min, 1 h").status == 303
    now = world.dav("GET", path, None, {}, una).text
    unfolded = now.replace("\r\n ", "")
    assert "ATTENDEE;CN=Ann;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;X-OWN=1:mailto:ann@example.org" in unfolded
    assert "X-OWN-ALARM:1" in now and "mailto:bob@example.org" in unfolded and unfolded.count("BEGIN:VALARM") == 2
    assert "CATEGORIES:Work,Travel" in now and "ATTACH;" in now


def test_a_change_elsewhere_meanwhile_is_merged(api, browser):
    event = api.event(title="Both", location="Here", start_time="2026-04-14T08:00:00Z", end_time="2026-04-14T09:00:00Z")
    form = opened(browser, event["id"])
    assert api("PATCH", f"/v1/events/{event['id']}", {"location": "There"}).status == 200
    assert save(browser, event["id"], form, title="Both changed").status == 303
    now = api("GET", f"/v1/events/{event['id']}").json
    assert now["title"] == "Both changed" and now["location"] == "There", "nothing of either is lost"


def test_a_stale_form_is_told_and_kept(api, browser):
    event = api.event(title="Stale", location="Here", start_time="2026-04-15T08:00:00Z", end_time="2026-04-15T09:00:00Z")
    form = opened(browser, event["id"])
    assert api("PATCH", f"/v1/events/{event['id']}", {"title": "Theirs", "location": "There"}).status == 200
    reply = save(browser, event["id"], form, title="Mine", description="New")
    assert reply.status == 412 and "Somebody changed this event" in reply.text and "Now: Theirs" in reply.text
    assert api("GET", f"/v1/events/{event['id']}").json["title"] == "Theirs"
    again = Form(reply.text, f"/calendar/events/{event['id']}/edit")
    fields = dict(again.fields)
    assert fields["title"] == "Mine" and fields["description"] == "New" and fields["location"] == "There"
    assert save(browser, event["id"], again).status == 303
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["title"], now["location"], now["description"]) == ("Mine", "There", "New")


def test_a_change_of_days_to_times_and_back(api, browser):
    event = api.event(title="Turns", start_time="2026-04-16T08:00:00Z", end_time="2026-04-16T09:00:00Z")
    assert save(browser, event["id"], all_day="1", end_date="2026-04-17").status == 303
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["all_day"], now["start_time"], now["end_time"]) == (True, "2026-04-16", "2026-04-18")
    assert save(browser, event["id"], all_day=None, start_time="10:00", end_date="2026-04-16", end_time="11:00").status == 303
    now = api("GET", f"/v1/events/{event['id']}").json
    assert (now["all_day"], now["start_time"], now["timezone"]) == (False, "2026-04-16T08:00:00Z", "Europe/Berlin")


@pytest.fixture
def series(api):
    made = api.event(title="Series", start_time="2026-05-04T08:00:00Z", end_time="2026-05-04T09:00:00Z",
        timezone="Europe/Berlin", recurrence={"rule": "FREQ=WEEKLY;COUNT=4"})
    yield made
    for event in api("GET", "/v1/events?from=2026-05-01T00:00:00Z&to=2026-06-15T00:00:00Z&expand=none").json["data"]:
        assert api("DELETE", f"/v1/events/{event['id']}?mode=delete").status == 204


def starts(api):
    return [(e["title"], e["start_time"]) for e in api("GET", "/v1/events?from=2026-05-01T00:00:00Z&to=2026-06-15T00:00:00Z").json["data"]]


def instance(api, nth):
    return api("GET", "/v1/events?from=2026-05-01T00:00:00Z&to=2026-06-15T00:00:00Z").json["data"][nth]["id"]


@pytest.mark.parametrize("scope,renamed", [("this", [1]), ("this_and_following", [1, 2, 3]), ("all", [0, 1, 2, 3])])
def test_of_a_series_one_those_that_follow_or_all(api, browser, series, scope, renamed):
    event = instance(api, 1)
    assert save(browser, event, title="Renamed", scope=scope, start_time="11:00", end_time="12:00").status == 303
    now = starts(api)
    assert [i for i, (title, _) in enumerate(now) if title == "Renamed"] == renamed
    assert [i for i, (_, at) in enumerate(now) if at.endswith("T09:00:00Z")] == renamed


@pytest.mark.parametrize("scope,left", [("this", [0, 2, 3]), ("this_and_following", [0]), ("all", [])])
def test_deleting_of_a_series(api, browser, series, scope, left):
    before, event = starts(api), instance(api, 1)
    path = f"/calendar/events/{event}/delete"
    reply = browser.post(path, Form(browser.get(path).text, path).with_(scope=scope))
    assert reply.status == 303 and reply.location == "/calendar?date=2026-05-11&done=event-deleted"
    assert starts(api) == [before[i] for i in left]


def test_how_one_of_a_series_repeats_is_no_question_of_it_alone(api, browser, series):
    event = instance(api, 2)
    reply = save(browser, event, repeat="daily", ends="", scope="this")
    assert reply.status == 400 and field_error(reply.text) == "repeat" and "does not repeat by itself" in reply.text
    assert save(browser, event, Form(reply.text, f"/calendar/events/{event}/edit"), scope="all").status == 303
    assert save(browser, event, repeat="weekly", scope="wrong").status in (303, 400, 404)


def test_a_series_takes_its_days_along_to_another_date(world, una, api, browser):
    """What other clients write names its days: BYDAY."""
    put(world, una, "club", "DTSTART;TZID=Europe/Berlin:20260504T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", "SUMMARY:Club")
    event = instance(api, 1)
    assert save(browser, event, scope="all", start_date="2026-05-12", end_date="2026-05-12").status == 303
    assert [at for _, at in starts(api)] == ["2026-05-05T08:00:00Z", "2026-05-12T08:00:00Z", "2026-05-19T08:00:00Z"]
    api("DELETE", f"/v1/events/{event.rpartition('_')[0]}?mode=delete")


def test_a_series_that_cannot_go_along_says_so_at_how_it_repeats(world, una, api, browser):
    put(world, una, "pay", "DTSTART;TZID=Europe/Berlin:20260529T100000", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
        "SUMMARY:Payday")
    event = instance(api, 0)
    reply = save(browser, event, scope="all", start_date="2026-05-28", end_date="2026-05-28")
    assert reply.status == 409 and field_error(reply.text) == "repeat" and "on which days it is" in reply.text
    reply = save(browser, event, Form(reply.text, f"/calendar/events/{event}/edit"), repeat="monthly")
    assert reply.status == 303 and [at for _, at in starts(api)] == ["2026-05-28T08:00:00Z"]
    api("DELETE", f"/v1/events/{event.rpartition('_')[0]}?mode=delete")


def test_a_scope_is_chosen(api, browser, series):
    event = instance(api, 1)
    reply = save(browser, event, title="x", scope=None)
    assert reply.status == 400 and field_error(reply.text) == "scope" and dict(Form(reply.text, f"/calendar/events/{event}/edit").fields)["title"] == "x"


def test_an_event_that_repeats_no_more(api, browser, series):
    assert save(browser, series["id"], repeat="", rule="").status == 303
    assert len(starts(api)) == 1 and api("GET", f"/v1/events/{series['id']}").json["recurrence"] is None


# ---- delete ----


def test_what_was_changed_meanwhile_is_looked_at_before_it_is_deleted(api, browser):
    event = api.event(title="Doomed")
    path = f"/calendar/events/{event['id']}/delete"
    form = Form(browser.get(path).text, path)
    assert api("PATCH", f"/v1/events/{event['id']}", {"title": "Saved"}).status == 200
    reply = browser.post(path, form.with_())
    assert reply.status == 412 and "Saved" in reply.text and "was not deleted" in reply.text
    assert browser.post(path, Form(reply.text, path).with_()).status == 303
    assert api("GET", f"/v1/events/{event['id']}").status == 404
    assert browser.post(path, form.with_()).status == 404, "twice"


# ---- who may ----


def test_what_nobody_may_change_has_no_buttons(api, browser):
    calendar = api("POST", "/v1/calendars", {"name": "Fixed"}).json["id"]
    event = api.event(title="Fixed", calendar_id=calendar)
    form = opened(browser, event["id"])
    assert api("PATCH", f"/v1/calendars/{calendar}", {"writable": False}).status == 200
    page = browser.get(f"/calendar/events/{event['id']}").text
    assert "Read only" in page and "/edit" not in page and "/delete" not in page
    reply = save(browser, event["id"], form, title="x")
    assert reply.status == 403 and dict(Form(reply.text, f"/calendar/events/{event['id']}/edit").fields)["title"] == "x"


@pytest.mark.parametrize("path", ["evt_nothing", "evt_0355WHuCFfRpMfB53mC9Z6", "x", "evt_0355WHuCFfRpMfB53mC9Z6_20260101T000000Z", "%00", "evt_" + "9" * 500])
@pytest.mark.parametrize("page", ["", "/edit", "/delete"])
def test_an_event_that_is_not_there(browser, path, page):
    assert browser.get(f"/calendar/events/{path}{page}").status in (400, 404)


def test_events_of_others_are_not_there(world, api):
    event = api.event(title="Secret of Una")
    bob = Browser(world)
    bob.sign_in(world.account("bob@example.org"))
    own = Form(bob.get("/calendar/new").text, "/calendar/new").with_(title="x", scope="all", etag=event["etag"])
    for page in ("", "/edit", "/delete"):
        assert bob.get(f"/calendar/events/{event['id']}{page}").status == 404
    for page in ("/edit", "/delete", "/respond"):
        assert bob.post(f"/calendar/events/{event['id']}{page}", own).status == 404
    assert api("GET", f"/v1/events/{event['id']}").json == event


def test_invitations_are_answered(world, una, api, browser):
    put(world, una, "invited", "SUMMARY:Party", "DTSTART:20260420T180000Z", "DTEND:20260420T200000Z", "ORGANIZER:mailto:host@example.org",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:una@calends.example")
    [event] = listed(api, "2026-04-20")
    path = f"/calendar/events/{event['id']}"
    page = browser.get(path).text
    assert "host@example.org invites you" in page
    reply = browser.post(path + "/respond", [*Form(page, path + "/respond").fields, ("status", "accepted")])
    assert reply.location == path + "?done=answered" and "Comes" in browser.get(reply.location).text
    assert api("GET", f"/v1/events/{event['id']}").json["attendees"][0]["status"] == "accepted"


def test_texts_are_shown_as_they_are(api, browser):
    nasty = '<script>alert(1)</script> & "quotes" {{csrf}} \U0001F469‍\U0001F4BB' + "x" * 100
    event = api.event(title=nasty, description=nasty, location=nasty, url="javascript:alert(1)")
    for page in ("", "/edit", "/delete"):
        text = browser.get(f"/calendar/events/{event['id']}{page}").text
        assert "<script>alert" not in text and html.escape(nasty, quote=False)[:30] in text
        assert 'href="javascript' not in text


# ---- mail that did not arrive ----


def test_whom_mail_did_not_reach_stands_on_the_page(world, una, api, browser):
    """As `undelivered` of its monitoring: each with the reason, and nothing of another event's."""
    event, other = (api.event(title=t, attendees=[{"email": "bob@example.org"}]) for t in ("Lost mail", "Other mail"))
    shown = lambda e: re.search("<dt>Not reached by mail</dt><dd>(.*?)</dd>", browser.get(f"/calendar/events/{e['id']}").text, re.S)
    assert not shown(event)
    [(owner, there)] = world.sql(f"SELECT account_id, id FROM calendar_object WHERE account_id = (SELECT account_id FROM account WHERE email = '{una.email}' AND livemode) AND position(convert_to('Lost mail', 'UTF8') IN data) > 0")
    for number, (recipient, status, fault) in enumerate((("bob@example.org", 550, "refused"), ("jörg@example.org", 0, "no_smtputf8"), ("eve@example.net", 0, "connect"))):
        world.sql(f"""INSERT INTO mail (account_id, letter_id, number, recipient, object_id, state, status, fault, finished_at)
                      VALUES ('{owner}', uuid_v7(), {number}, '{recipient}', '{there}', 3, nullif({status}, 0), '{fault}', now())""")
    rows = re.findall("<li>(.*?)</li>", shown(event).group(1), re.S)
    assert [re.search("<bdi>(.*?)</bdi>", r).group(1) for r in rows] == ["bob@example.org", "eve@example.net", "jörg@example.org"]
    for row, words in zip(rows, ("Refused by the mail server", "Given up after three days", "The mail server takes no such addresses")):
        assert words in row and "<time" in row
    assert "550" in rows[0] and not shown(other)
    assert [u["email"] for u in api("GET", f"/v1/events/{event['id']}/monitoring").json["undelivered"]] == ["bob@example.org", "eve@example.net", "jörg@example.org"]
