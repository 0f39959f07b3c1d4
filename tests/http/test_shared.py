# SPDX-License-Identifier: Apache-2.0
"""/shared: what a person sees who opens the link of a feed in a browser; the feed itself is test_feeds.py's."""
import datetime
import html
import json
import re

import pytest

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/hosted-calendars"
BROWSER = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}
SERVE = ["--rate-limit", "0"]
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


@pytest.fixture(scope="module")
def ann(world):
    return world.key(world.account("ann@example.org"), kind="secret")


@pytest.fixture(scope="module")
def made(world, ann):
    """A calendar with two events of the day after tomorrow, and its token."""
    calendar = world.post(PATH, json.dumps({"name": "Team <b>&"}), JSON, ann).json["data"]
    hosted = [c["id"] for c in world.get(PATH, key=ann).json["data"]]
    at = world.get("/v1/calendars?limit=100", key=ann).json["data"][hosted.index(calendar["id"])]["id"]
    day = (NOW + datetime.timedelta(days=2)).date()
    for fields in ({"title": "<script>Planning", "location": "Room \u2022 1", "start_time": f"{day}T09:00:00Z", "end_time": f"{day}T10:00:00Z",
                    "description": "between us", "attendees": [{"email": "secret@example.org", "name": "Secret"}]},
                   {"title": "Holiday", "all_day": True, "start_time": str(day), "end_time": str(day + datetime.timedelta(days=1))}):
        reply = world.post("/v1/events", json.dumps({**fields, "calendar_id": at}), JSON, ann)
        assert reply.status == 201, reply.text
    return {**calendar, "at": at, "day": day}


def words(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def test_who_opens_a_feed_in_a_browser_is_led_to_a_page_and_programs_are_not(world, made):
    token = made["feedToken"]
    for end in ("", ".ics"):
        reply = world.get(f"/feed/{token}{end}", BROWSER)
        assert (reply.status, reply.headers["Location"]) == (303, f"/shared/{token}") and "no-store" in (reply.headers["Cache-Control"] or "no-store")
        assert "Sec-Fetch-Dest" in ", ".join(reply.headers.all("Vary"))
        for headers in ({}, {"Accept": "text/html, image/gif, */*"}, {"Sec-Fetch-Dest": "empty"}):
            feed = world.get(f"/feed/{token}{end}", headers)
            assert feed.status == 200 and feed.headers["Content-Type"].startswith("text/calendar")
            assert "Sec-Fetch-Dest" in ", ".join(feed.headers.all("Vary"))
    assert world.get("/feed/x", BROWSER).status == 404


def test_the_page_has_what_when_and_where_and_ways_to_subscribe(world, made):
    token = made["feedToken"]
    page = world.get(f"/shared/{token}")
    assert page.status == 200, page
    text = words(page.text)
    assert "Team <b>&" in text and "<script>Planning" in text and "Room \u2022 1" in text and "Holiday" in text and "All day" in text
    assert "<script>Planning" not in page.text and "<b>&" not in page.text
    for hidden in ("secret@example.org", "Secret", "between us", "ann@example.org"):
        assert hidden not in page.text
    assert f'href="webcal://{world.url.partition("://")[2]}/feed/{token}.ics"' in page.text and f"{world.url}/feed/{token}.ics" in page.text
    saved = world.get(f"/shared/{token}/calendar.ics", BROWSER)
    assert saved.status == 200 and saved.body == world.get(f"/feed/{token}").body and "attachment" in saved.headers["Content-Disposition"]
    assert saved.headers["Referrer-Policy"] == "no-referrer"


def test_nobody_is_followed_and_nothing_finds_it(world, made):
    reply = world.get(f"/shared/{made['feedToken']}", {"Cookie": "session_1=x"})
    assert not reply.headers.all("Set-Cookie") and reply.headers["Referrer-Policy"] == "no-referrer"
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert '<meta name="robots" content="noindex">' in reply.text


def test_times_are_told_in_the_zone_of_who_looks_or_of_the_calendar(world, made):
    page = f"/shared/{made['feedToken']}"
    gb = {"Accept-Language": "en-GB"}  # a clock of 24 hours
    assert "09:00" in words(world.get(page, gb).text) and 'name="calends-zone" content="UTC"' in world.get(page).text
    there = world.get(f"{page}?tz=Asia/Kathmandu", gb).text
    assert "14:45" in words(there) and "calends-zone" not in there and 'value="Asia/Kathmandu" selected' in there
    world.sql("UPDATE calendar SET tzid = 'Pacific/Auckland' WHERE displayname LIKE 'Team%'")
    assert 'content="Pacific/Auckland"' in world.get(page).text
    world.sql("UPDATE calendar SET tzid = NULL WHERE displayname LIKE 'Team%'")
    for junk in ("Mars/Olympus", "../../etc/passwd", "x" * 500, "%3Cscript%3E"):
        reply = world.get(f"{page}?tz={junk}&date=2026-13-45")
        assert reply.status == 200 and "<script>\"" not in reply.text and "not known" in reply.text


def test_days_are_turned(world, made):
    page = f"/shared/{made['feedToken']}"
    later = re.search(r'href="([^"]+)" aria-label="Later"', world.get(page).text)[1].replace("&amp;", "&")
    shown = world.get(later)
    assert shown.status == 200 and "Nothing in these days." in shown.text and "Planning" not in shown.text
    assert "Planning" in world.get(f"{page}?date={made['day']}").text
    for date in ("0001-01-01", "9999-12-31", "9998-12-31", "x"):
        assert world.get(f"{page}?date={date}").status == 200


def test_who_has_it_already_is_told_so(world, ann, made):
    page = f"/shared/{made['feedToken']}"
    tag = world.get(page).headers["ETag"]
    same = world.get(page, {"If-None-Match": tag})
    assert same.status == 304 and same.body == b"" and same.headers["ETag"] == tag and "max-age" in same.headers["Cache-Control"]
    assert world.get(f"{page}?tz=Europe/Berlin", {"If-None-Match": tag}).status == 200
    assert world.get(page, {"If-None-Match": tag, "Accept-Language": "de"}).status == 200
    reply = world.post("/v1/events", json.dumps({"title": "More", "start_time": f"{made['day']}T12:00:00Z", "end_time": f"{made['day']}T13:00:00Z", "calendar_id": made["at"]}), JSON, ann)
    assert reply.status == 201 and world.get(page, {"If-None-Match": tag}).status == 200


def test_no_token_is_the_same_as_a_wrong_or_an_old_one(world, ann, made):
    good = made["feedToken"]
    for token in ("x", good[:-1], good + "x", "cft_" + "0" * 82, "%00", "%C3%A9", good + ".ics"):
        for end in ("", "/calendar.ics"):
            reply = world.get(f"/shared/{token}{end}")
            assert reply.status in (400, 404) and not reply.headers.all("Set-Cookie"), token
    other = world.post(PATH, json.dumps({"name": "Other"}), JSON, ann).json["data"]
    assert world.get(f"/shared/{other['feedToken']}").status == 200
    assert world.post(f"{PATH}/{other['id']}/regenerate-feed-token", key=ann).status == 200
    assert world.get(f"/shared/{other['feedToken']}").status == 404


def test_a_month_with_very_much_in_it_is_cut_at_a_day(world, ann):
    """400 entries at most; what follows is on the next page."""
    calendar = world.post(PATH, json.dumps({"name": "Full"}), JSON, ann).json["data"]
    hosted = [c["id"] for c in world.get(PATH, key=ann).json["data"]]
    at = world.get("/v1/calendars?limit=100", key=ann).json["data"][hosted.index(calendar["id"])]["id"]
    for n in range(20):
        reply = world.post("/v1/events", json.dumps({"title": f"E{n}", "calendar_id": at, "start_time": f"2031-05-01T{n:02}:00:00Z",
            "end_time": f"2031-05-01T{n:02}:30:00Z", "recurrence": {"rule": "FREQ=DAILY;COUNT=30"}}), JSON, ann)
        assert reply.status == 201, reply.text
    page = world.get(f"/shared/{calendar['feedToken']}?date=2031-05-01").text
    assert page.count('class="entry ') == 400
    later = re.search(r'href="([^"]+)" aria-label="Later"', page)[1].replace("&amp;", "&")
    assert "date=2031-05-21" in later and world.get(later).text.count('class="entry ') == 200
