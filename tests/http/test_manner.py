# SPDX-License-Identifier: Apache-2.0
"""Issue: "dates in the user's zone and manner": hours of a clock and the day that weeks begin with, on every page that tells times."""
import html
import re

import pytest

from booking import Booking, soon
from oauth_flow import Browser, Form

SERVE = ["--rate-limit", "0", "--write-rate", "0"]
US, GB, EG = ([("Accept-Language", tag)] for tag in ("en-US,en;q=0.5", "en-GB", "ar-EG, en;q=0.9"))


@pytest.fixture(scope="module")
def una(world):
    return world.account("una@calends.example", name="Una User", plan="pro")


@pytest.fixture(scope="module")
def api(world, una):
    return Booking(world, world.key(una, kind="secret"))


@pytest.fixture(scope="module")
def event(api):
    return api("POST", "/v1/events", {"title": "Lunch", "start_time": "2026-03-11T12:00:00Z", "end_time": "2026-03-11T13:05:00Z", "timezone": "UTC"}).json["id"]


@pytest.fixture
def browser(world, una):
    b = Browser(world)
    b.sign_in(una)
    yield b
    assert save(b, hours="", week_start="").status == 303


def save(browser, **fields):
    return browser.post("/account", Form(browser.get("/account").text, "/account").with_(**fields))


def words(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text.partition("<main")[2]))).replace("\u2060", "")


def weekdays(text):
    return re.findall(r'<abbr title="(\w+)">', text)


def days_shown(text):
    return re.findall(r'<td [^>]*data-date="(.*?)"', text)


@pytest.mark.parametrize("likes,first,days,clock", [(US, "Sunday", ("2026-03-01", "2026-04-04"), "12:00\u00a0PM"), (GB, "Monday", ("2026-02-23", "2026-04-05"), "12:00"),
    (EG, "Saturday", ("2026-02-28", "2026-04-03"), "12:00\u00a0PM"), ([], "Monday", ("2026-02-23", "2026-04-05"), "12:00")], ids=["us", "gb", "eg", "nothing"])
def test_a_month_is_told_as_where_the_browser_is(browser, event, likes, first, days, clock):
    page = browser.get("/calendar?view=month&date=2026-03-11", likes).text
    assert weekdays(page)[0] == first and len(weekdays(page)) == 7
    assert (days_shown(page)[0], days_shown(page)[-1]) == days and days_shown(page) == sorted(days_shown(page))
    assert f'<span class="entry-time">{clock}</span>' in page


@pytest.mark.parametrize("view", ["week", "day", "agenda"])
def test_each_view_is_told_so(browser, event, view):
    at = f"/calendar?view={view}&date=2026-03-11"
    assert "12:00 PM–1:05 PM" in words(browser.get(at, US).text) and "12:00–13:05" in words(browser.get(at, GB).text)


def test_a_week_begins_with_its_day_in_the_page_and_for_its_script(browser, event):
    at = "/calendar?view=week&date=2026-03-11"
    us, gb = browser.get(at, US).text, browser.get(at, GB).text
    assert 'data-from="2026-03-08"' in us and 'data-first-day="0"' in us and 'data-am="{time} AM" data-pm="{time} PM"' in us
    assert 'data-from="2026-03-09"' in gb and 'data-first-day="1"' in gb and "data-am" not in gb


def test_what_somebody_chose_goes_before_where_their_browser_is(world, una, browser, event):
    at = "/calendar?view=month&date=2026-03-11"
    assert save(browser, hours="12h", week_start="saturday").location == "/account?done=saved"
    assert weekdays(browser.get(at, GB).text)[0] == "Saturday" and "12:00\u00a0PM" in browser.get(at, GB).text
    form = browser.get("/account").text
    assert '<option value="12h" selected>' in form and '<option value="saturday" selected>' in form
    assert world.sql(f"SELECT DISTINCT hours, week_start FROM account WHERE email = '{una.email}'") == [["12", "6"]], "in both worlds"
    assert save(browser, hours="24h").status == 303
    assert weekdays(browser.get(at, US).text)[0] == "Saturday" and "12:00\u00a0PM" not in browser.get(at, US).text, "one of them alone is changed"
    assert save(browser, week_start="").status == 303
    assert weekdays(browser.get(at, US).text)[0] == "Sunday"


@pytest.mark.parametrize("fields,at", [({"hours": "13h"}, "hours"), ({"hours": "1" * 5000}, "hours"), ({"week_start": "friday"}, "week_start"),
    ({"week_start": "7"}, "week_start")], ids=["13", "long", "friday", "number"])
def test_what_is_no_choice_is_told_at_its_field(browser, fields, at):
    reply = save(browser, **fields)
    assert reply.status == 400 and f'id="{at}-error" role="alert"' in reply.text and reply.text.count("autofocus") == 1


def test_pages_of_an_event_and_times_elsewhere_are_told_so(world, browser, event):
    assert "12:00 PM–1:05 PM" in words(browser.get(f"/calendar/events/{event}", US).text)
    assert "12:00–13:05" in words(browser.get(f"/calendar/events/{event}", GB).text)
    assert 'name="start_time" value="12:00"' in browser.get(f"/calendar/events/{event}/edit", US).text, "fields are as HTML has them"
    joined = r"\d+ \w+ \d{4}, \d+:\d\d [AP]M \("
    assert re.search(joined, words(browser.get("/account", US).text)) and not re.search(joined, words(browser.get("/account", GB).text))


def test_a_guest_sees_a_booking_page_as_where_their_browser_is(world, api):
    calendar = api.calendar()["id"]
    page = api.page(title="Intro", is_public=True, calendar_id=calendar, busy_calendar_ids=[calendar], slot_step_minutes=60)
    guest = Browser(world)
    us, gb = guest.get(f"/book/{page['slug']}", US), guest.get(f"/book/{page['slug']}", GB)
    assert weekdays(us.text)[0] == "Sunday" and re.search(r"\d+:00 PM", words(us.text))
    assert weekdays(gb.text)[0] == "Monday" and not re.search(r"\d+:00 PM", words(gb.text))
    assert "Accept-Language" in ", ".join(us.headers.all("Vary")) and not us.headers.all("Set-Cookie")


@pytest.mark.parametrize("likes", [US, GB], ids=["us", "gb"])
def test_no_line_breaks_within_a_time_or_a_span(world, api, browser, event, likes):
    """UAX #14: a line may break behind a dash and at a blank."""
    page = api.page(title=f"Unbroken {likes[0][1][:5]}", calendar_id=api("GET", "/v1/calendars").json["data"][0]["id"])
    link = api.booked(page, soon(4 if likes is US else 5, 13))["manage_url"].split("/", 3)[3]
    for seen in (browser.get(f"/calendar/events/{event}", likes), browser.get("/calendar?view=agenda&date=2026-03-11", likes), browser.get(f"/booking-pages/{page['id']}", likes),
                 Browser(world).get("/" + link, likes)):
        text = html.unescape(re.sub(r"<[^>]*>", " ", seen.text.partition("<main")[2]))
        assert re.search(r"\d:\d\d(\u00a0[AP]M)?\u2060–\u2060\d", text), text
        assert not re.search(r"\d(.[AP]M)?–|–\d|\d [AP]M", text), text


def test_a_guest_s_own_appointment_is_told_so(world, api):
    calendar = api.calendar()["id"]
    page = api.page(title="Own", calendar_id=calendar, busy_calendar_ids=[calendar])
    link = api.booked(page, soon(3, 13))["manage_url"].split("/", 3)[3]
    guest = Browser(world)
    assert re.search(r"1:00 PM–1:\d\d PM", words(guest.get("/" + link, US).text))
    assert re.search(r"13:00–13:\d\d", words(guest.get("/" + link, GB).text))


def test_hours_of_a_booking_page_are_told_and_read_in_both_manners(world, browser, api):
    page = api.page(title="Hours", working_hours={"monday": [{"start": "09:00", "end": "17:30"}], "sunday": [{"start": "12:00", "end": "24:00"}]})
    at = f"/booking-pages/{page['id']}"
    us, gb = words(browser.get(at, US).text), words(browser.get(at, GB).text)
    assert "Sunday 12:00 PM–12:00 AM Monday 9:00 AM–5:30 PM" in us and "Monday 09:00–17:30 Sunday 12:00–24:00" in gb
    action = f"{at}/edit"
    form = Form(browser.get(action).text, action)
    assert browser.post(action, form.with_(monday="9am-5:30 PM", tuesday="12 am – 12pm")).status == 303
    hours = api("GET", f"/v1/booking_pages/{page['id']}").json["working_hours"]
    assert hours["monday"] == [{"start": "09:00", "end": "17:30"}] and hours["tuesday"] == [{"start": "00:00", "end": "12:00"}]
    in_us, in_gb = (browser.get(action, likes).text for likes in (US, GB))
    fields = [re.findall(r'<input id="(\w+day)" name="\w+" value="(.*?)"', text) for text in (in_us, in_gb)]
    assert [name for name, _ in fields[0]][:2] == ["sunday", "monday"] and [name for name, _ in fields[1]][::6] == ["monday", "sunday"]
    assert dict(fields[0])["sunday"] == "12:00 PM–12:00 AM" and dict(fields[1])["sunday"] == "12:00–24:00" and dict(fields[0])["monday"] == "9:00 AM–5:30 PM"
    assert "Like 9:00 AM" in in_us and "Like 09:00" in in_gb
    first = re.findall(r'<input id="(\w+day)" name', browser.get(action, EG).text)
    assert first[:3] == ["saturday", "sunday", "monday"] and first[6] == "friday"
    assert browser.post(action, Form(in_us, action).with_(), US).status == 303
    assert api("GET", f"/v1/booking_pages/{page['id']}").json["working_hours"] == hours
    for bad in ("13pm-14pm", "0am-9am", "9xm-10am", "am-pm"):
        assert browser.post(action, form.with_(monday=bad)).status == 400, bad
