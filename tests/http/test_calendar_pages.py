# SPDX-License-Identifier: Apache-2.0
"""The calendar that people open: month, week, day and agenda as the server draws them."""
import datetime
import html
import json
import re

import pytest

from oauth_flow import Browser, Form
from rest import Api

DATES = True  # tests/run dates

SIGNED_IN = "una"
PROFILE = {"tz": "Europe/Berlin"}
SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, una):
    return Api(world, una.key)


def cell(page, day):
    """What stands in a day of the month."""
    return re.search(rf'<td [^>]*data-date="{day}">(.*?)</td>', page, re.S).group(1)


def titles(text):
    return [html.unescape(t) for t in re.findall(r'<a class="entry.*?<bdi>(.*?)</bdi>', text, re.S)]


def sections(page):
    return {m[0]: titles(m[1]) for m in re.findall(r'<section.*?datetime="(.*?)"(.*?)</section>', page, re.S)}


def timed(api, title, start, end, **more):
    return api.event(title=title, start_time=start, end_time=end, timezone="Europe/Berlin", **more)


def days(api, title, start, end, **more):
    reply = api("POST", "/v1/events", {"title": title, "start_time": start, "end_time": end, "all_day": True, **more})
    assert reply.status == 201, reply
    return reply.json


def test_a_month_shows_events_by_the_clock_of_the_user(api, browser):
    timed(api, "Late in Berlin", "2026-03-10T23:30:00Z", "2026-03-11T00:15:00Z")
    page = browser.get("/calendar?view=month&date=2026-03-15").text
    assert "March 2026" in page and "Late in Berlin" not in cell(page, "2026-03-10")
    assert titles(cell(page, "2026-03-11")) == ["Late in Berlin"] and "00:30" in cell(page, "2026-03-11")
    assert "Wednesday, 11 March 2026, 1 event" in cell(page, "2026-03-11") and "no events" in cell(page, "2026-03-12")


def test_days_of_a_month_are_whole_weeks(browser):
    """ISO 8601: a week begins on Monday, for who says nothing else (test_manner.py)."""
    page = browser.get("/calendar?date=2026-02-10").text
    shown = re.findall(r'<td [^>]*data-date="(.*?)"', page)
    assert shown[0] == "2026-01-26" and shown[-1] == "2026-03-01" and len(shown) == 35
    assert shown == sorted(shown)


def test_bars_lie_in_one_lane_from_day_to_day(api, browser):
    days(api, "Fair", "2026-04-08", "2026-04-15")
    days(api, "One day", "2026-04-09", "2026-04-10")
    page = browser.get("/calendar?date=2026-04-01").text
    assert "span-5 lasting goes-on" in cell(page, "2026-04-08")
    assert "span-2 lasting from-before" in cell(page, "2026-04-13")
    ninth = cell(page, "2026-04-09")
    assert titles(ninth) == ["One day"] and ninth.index('class="free"') < ninth.index("One day"), "the lane of the bar is kept free"
    assert "2 events" in ninth and "1 event" in cell(page, "2026-04-14")


def test_many_events_of_a_day_are_folded(api, browser):
    for i in range(7):
        timed(api, f"Call {i}", f"2026-05-12T{8 + i:02}:00:00Z", f"2026-05-12T{8 + i:02}:30:00Z")
    text = cell(browser.get("/calendar?date=2026-05-01").text, "2026-05-12")
    assert titles(text) == ["Call 0", "Call 1", "Call 2"]
    link = re.search(r'<a class="more with-3" href="(.*?)">(.*?)</a>', text)
    assert re.findall(r'<span class="lanes-(.)">(.*?)</span>', link.group(2)) == [("3", "+4 more"), ("2", "+5 more"), ("1", "+6 more")], "low windows show fewer"
    assert sections(browser.get(html.unescape(link.group(1))).text) == {"2026-05-12": [f"Call {i}" for i in range(7)]}


def test_a_series_stands_on_each_of_its_days(api, browser):
    timed(api, "Weekly", "2026-06-02T08:00:00Z", "2026-06-02T09:00:00Z", recurrence={"rule": "FREQ=WEEKLY;COUNT=3"})
    shown = sections(browser.get("/calendar?view=agenda&date=2026-06-01").text)
    assert {d for d, t in shown.items() if "Weekly" in t} == {"2026-06-02", "2026-06-09", "2026-06-16"}
    week = sections(browser.get("/calendar?view=week&date=2026-06-10").text)
    assert list(week) == [f"2026-06-{d:02}" for d in range(8, 15)] and week["2026-06-09"] == ["Weekly"]


def test_an_event_over_midnight_stands_on_both_days(api, browser):
    timed(api, "Night", "2026-07-01T20:00:00Z", "2026-07-02T02:00:00Z")
    page = browser.get("/calendar?view=agenda&date=2026-07-01").text
    assert sections(page) == {"2026-07-01": ["Night"], "2026-07-02": ["Night"]}
    assert "From 22:00" in page and "Until 04:00" in page


def test_today_is_marked_in_the_users_zone(world, browser):
    now = lambda: datetime.datetime.now(datetime.timezone.utc)
    before, page, after = now(), browser.get("/calendar").text, now()
    marked = re.findall(r'<td class="today [a-z]*" data-date="(.*?)">', page)
    around = {str((at + datetime.timedelta(hours=h)).date()) for at in (before, after) for h in (1, 2)}
    assert len(marked) == 1 and marked[0] in around and 'aria-current="date"' in cell(page, marked[0])


@pytest.mark.parametrize("query", ["date=2026-02-30", "date=x", "date=", "date=99999-01-01", "date=0000-00-00", "date=9999-12-31", "date=0001-01-01",
    "view=nothing", "view=", "off=cal_x", "off=", "mode=x", "date=2026-01-01&date=2026-02-01"])
def test_a_query_that_makes_no_sense_is_as_if_it_were_not_there(browser, query):
    assert browser.get(f"/calendar?{query}").status == 200


def test_search_finds_words_in_any_case_and_each_event_once(api, browser):
    days(api, "Größenwahn & <b>Söhne</b>", "2026-08-03", "2026-08-10")
    page = browser.get("/calendar?date=2026-08-01&q=grossenwahn").text
    assert [t for s in sections(page).values() for t in s] == ["Größenwahn & <b>Söhne</b>"]
    assert "<b>Söhne" not in page
    assert "No event has these words" in browser.get("/calendar?q=nothingofthekind").text
    assert browser.get("/calendar?q=" + "word+" * 1000).status == 200


def test_calendars_are_left_out_one_by_one(api, browser):
    work = api("POST", "/v1/calendars", {"name": "Work <script>", "color_hex": "#1F9D5C"}).json["id"]
    timed(api, "At work", "2026-09-07T08:00:00Z", "2026-09-07T09:00:00Z", calendar_id=work)
    timed(api, "At home", "2026-09-07T18:00:00Z", "2026-09-07T19:00:00Z")
    page = browser.get("/calendar?view=day&date=2026-09-07").text
    assert sections(page) == {"2026-09-07": ["At work", "At home"]} and "Work &lt;script&gt;" in page
    assert 'class="entry hue-2' in page, "the nearest of eight colours"
    link = re.search(r'<a href="([^"]*)" role="switch" aria-checked="true"><i class="mark hue-2">', page).group(1)
    without = browser.get(html.unescape(link)).text
    assert sections(without) == {"2026-09-07": ["At home"]} and 'aria-checked="false"' in without
    assert work in re.search(r'rel="next"', without).string.split('rel="next"')[0].rsplit("href", 1)[1], "the next day knows of it"


def test_the_test_world_is_apart(world, una, api, browser):
    test = world.key(una, kind="secret", mode="test")
    made = world.post("/v1/events", json.dumps({"title": "Only a test", "start_time": "2026-10-05T08:00:00Z", "end_time": "2026-10-05T09:00:00Z"}),
        {"Content-Type": "application/json"}, test)
    assert made.status == 201
    live = browser.get("/calendar?date=2026-10-05").text
    page = browser.get("/calendar?date=2026-10-05&mode=test").text
    assert "Only a test" not in live and "Test data" in page and titles(cell(page, "2026-10-05")) == ["Only a test"]
    links = re.findall(r'href="(/calendar\?[^"]*)"', page)
    assert len({link for link in links if "mode=test" not in link}) == 1, "one way back to what is live, in the head and in the sheet of phones"


def test_a_stranger_signs_in_first_and_comes_back(world, una):
    stranger = Browser(world)
    asked = stranger.get("/calendar?view=week&date=2026-03-10")
    assert asked.location == "/sign-in?next=%2Fcalendar%3Fview%3Dweek%26date%3D2026-03-10"
    assert stranger.sign_in(una, asked.location).location == "/calendar?view=week&date=2026-03-10"


def test_calendars_are_listed_a_page_at_a_time(world):
    """Each once, fifty a page; a page that is none says that there is nothing."""
    otto = world.account("otto@calends.example")
    api = Api(world, otto.key)
    for i in range(60):
        assert api("POST", "/v1/calendars", {"name": f"Listed {i}"}).status == 201
    b = Browser(world)
    b.sign_in(otto)
    named = lambda page: set(re.findall(r"<bdi>(Listed \d+)</bdi>", page))
    first, second = b.get("/calendars").text, b.get("/calendars?page=1").text
    assert len(named(first) | named(second)) == 60 and not named(first) & named(second)
    assert 'href="/calendars?page=1">More' in first and ">Back" not in first
    assert 'href="/calendars?page=0">Back' in second and ">More" not in second
    for nonsense in ("99", "-1", "x", "99999999999999999999"):
        assert b.get(f"/calendars?page={nonsense}").status == 200


def test_an_agenda_of_many_events_goes_on_where_it_ended(world, api, una, browser):
    """Each event once, over pages of whole days; a day that is too much for one leads to its own view."""
    event = "BEGIN:VEVENT\r\nUID:dense-{0}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{1}T{2:02}{3:02}00Z\r\nSUMMARY:Dense {0}\r\nEND:VEVENT\r\n"
    made = api("POST", "/v1/calendars", {"name": "Dense"}).json["id"]
    body = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n" + "".join(
        [event.format(i, f"202802{1 + i % 20:02}", 8 + i // 20 % 12, i % 60) for i in range(400)] +
        [event.format(f"of one day {i}", "20280225", 8, i % 60) for i in range(120)]) + "END:VCALENDAR\r\n"
    assert api("POST", f"/v1/calendars/{made}/import", body, {"Content-Type": "text/calendar"}).status == 200
    path, seen = "/calendar?view=agenda&date=2028-02-01", []
    for _ in range(4):
        page = browser.get(path).text
        found = [title for title in titles(page) if title.startswith("Dense")]
        seen += found
        if "Later events" not in page:
            break
        path = html.unescape(re.search(r'<a class="button secondary" href="([^"]*)">Later events', page).group(1))
    assert sorted(seen) == sorted(set(seen)) and len([t for t in seen if "of one day" not in t]) == 400
    assert len([t for t in seen if "of one day" in t]) == 100 and "+20 more" in page
    assert len(titles(browser.get("/calendar?view=day&date=2028-02-25").text)) == 120
    assert api("DELETE", f"/v1/calendars/{made}").status == 200


def test_a_month_of_five_thousand_events_is_a_page(world, api, una):
    """More than it shows are told of."""
    event = "BEGIN:VEVENT\r\nUID:many-{0}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202712{1:02}T{2:02}0000Z\r\nDURATION:PT1H\r\nSUMMARY:Many {0}\r\nEND:VEVENT\r\n"
    made = api("POST", "/v1/calendars", {"name": "Many"}).json["id"]
    for part in range(2):
        body = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n" + "".join(
            event.format(i, 1 + i % 28, i % 24) for i in range(part * 2550, part * 2550 + 2550)) + "END:VCALENDAR\r\n"
        reply = api("POST", f"/v1/calendars/{made}/import", body, {"Content-Type": "text/calendar"})
        assert reply.status == 200, reply
    b = Browser(world)
    b.sign_in(una)
    reply = b.get("/calendar?date=2027-12-01")
    assert reply.status == 200 and "Only the first 5000 are shown." in reply.text and len(reply.body) < 100_000
    assert "+180 more" in cell(reply.text, "2027-12-01") and len(titles(reply.text)) == 28 * 3
    for query, most in (("view=week", 7 * 24), ("view=day", 250), ("view=agenda", 250)):
        page = b.get(f"/calendar?{query}&date=2027-12-01")
        assert len(page.body) < 100_000 and 100 <= len(titles(page.text)) <= most
        assert ("data-grid" in page.text) == (query == "view=day")  # where a grid of hours can show it
    assert api("DELETE", f"/v1/calendars/{made}").status == 200


def dot(text, name):
    """What the dot before a calendar's name is filled with."""
    return re.search(rf'<circle [^>]*fill="([^"]*)"/></svg>\s*(?:</?[^>]*>)*<bdi>{name}</bdi>', text).group(1)


def test_a_calendar_has_the_same_colour_on_every_page_and_one_in_rotation_where_it_has_none(world):
    vera = world.account("vera@calends.example", name="Vera Visible")
    api, browser = Api(world, vera.key), Browser(world)
    browser.sign_in(vera)
    ids = {name: api("POST", "/v1/calendars", {"name": name, **more}).json["id"] for name, more in (("Own", {"color_hex": "#123456"}), ("Plain", {}), ("Bare", {}))}
    for name, id in ids.items():
        hue = re.search(rf'<i class="mark (hue-\d)[^"]*"></i><bdi>{name}</bdi>', browser.get("/calendar").text).group(1)
        fill = dot(browser.get("/calendars").text, name)
        assert fill == ("#123456" if name == "Own" else hue.replace("hue-", "var(--cal") + ")")
        event = api("POST", "/v1/events", {"title": "In it", "start_time": "2026-05-12T08:00:00Z", "end_time": "2026-05-12T09:00:00Z", "timezone": "UTC", "calendar_id": id}).json["id"]
        for page in (f"/calendars/{id}", f"/calendars/{id}/delete", f"/calendar/events/{event}", "/booking-pages/new"):
            assert dot(browser.get(page).text, name) == fill, page
    assert dot(browser.get("/calendars").text, "Plain") != dot(browser.get("/calendars").text, "Bare")


def test_who_deletes_a_calendar_is_told_what_goes_with_it_and_the_default_one_stays(world):
    wim = world.account("wim@calends.example", name="Wim", plan="pro")
    api, browser = Api(world, world.key(wim, kind="secret")), Browser(world)
    browser.sign_in(wim)
    default, work = (api("GET", "/v1/calendars").json["data"][0]["id"], api("POST", "/v1/calendars", {"name": "Work"}).json["id"])
    path = f"/calendars/{work}/delete"
    assert "can book by" not in browser.get(path).text and "link to subscribe" not in browser.get(path).text
    for slug, calendar in (("wim-work", work), ("wim-other", default)):
        assert api("POST", "/v1/booking_pages", {"slug": slug, "title": slug, "timezone": "UTC", "calendar_id": calendar}).status == 201
    form = Form(browser.get(f"/calendars/{work}").text, f"/calendars/{work}/feed")
    assert browser.post(f"/calendars/{work}/feed", form.with_()).status == 303
    told = browser.get(path).text
    assert "<bdi>wim-work</bdi>" in told and "wim-other" not in told and "Its link to subscribe ends" in told and "Export it first" in told
    assert f"/calendars/{work}/delete" in browser.get("/calendars").text and f"/calendars/{default}/delete" not in browser.get("/calendars").text
    csrf = Form(told, path).with_()
    assert browser.post(f"/calendars/{default}/delete", csrf).status == 409
    assert browser.post(path, csrf).status == 303
