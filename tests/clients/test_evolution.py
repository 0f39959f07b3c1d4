# SPDX-License-Identifier: Apache-2.0
"""Evolution-Data-Server (Evolution, GNOME Calendar): events, single dates of a series, tasks, changes by others, and busy time."""
import os
import sys
import urllib.parse

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "http"))

from dav import Dav, event, todo  # noqa: E402
from evolution import Evolution, available  # noqa: E402

pytestmark = pytest.mark.skipif(not available(), reason="evolution-data-server is not installed")
EMAIL = "evolution@example.org"
SERIES = """BEGIN:VEVENT
UID:series
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:2026{day}T{hour}0000
DURATION:PT1H
SUMMARY:{title}
{more}
END:VEVENT"""


class Device:
    """Evolution with a calendar of its own open, and another client beside it."""

    def __init__(self, evolution, world, name, kind):
        account = world.account(EMAIL)
        self.dav = Dav(world.url, EMAIL, account.key)
        self.path = f"/dav/calendars/{account.id}/{name}/"
        assert self.dav.request("MKCALENDAR", self.path).status == 201
        at = urllib.parse.urlsplit(world.url)
        self.ask = evolution.ask
        opened = self.ask("open", host=at.hostname, port=at.port, path=self.path, user=EMAIL, key=str(account.key), kind=kind)
        assert opened["writable"]

    def stored(self):
        answer = self.dav.propfind(self.path, "<D:getetag/>", 1)
        return {h: self.dav.request("GET", h).text.replace("\r\n ", "") for h in answer.members if h != self.path}


@pytest.fixture(scope="module")
def evolution(tmp_path_factory):
    with Evolution(tmp_path_factory.mktemp("evolution")) as started:
        yield started


def test_it_keeps_a_series_with_its_single_dates(evolution, world):
    device = Device(evolution, world, "series", "EVENTS")
    series = lambda title, more, day="0105", hour="09": SERIES.format(title=title, more=more, day=day, hour=hour)
    device.ask("create", data=series("Weekly", "RRULE:FREQ=WEEKLY;COUNT=5"))
    device.ask("modify", data=series("Renamed", "RRULE:FREQ=WEEKLY;COUNT=5"), which="ALL")
    device.ask("modify", data=series("Later", "RECURRENCE-ID;TZID=Europe/Berlin:20260112T090000", "0112", "11"), which="THIS")
    device.ask("remove", uid="series", instance="20260119T090000", which="THIS")
    (data,) = device.stored().values()
    assert data.count("BEGIN:VEVENT") == 2 and "SUMMARY:Renamed" in data and "SUMMARY:Later" in data and "EXDATE" in data
    assert device.ask("titles") == ["Later", "Renamed"]
    device.ask("remove", uid="series", instance=None, which="ALL")
    assert device.stored() == {}


def test_it_sees_what_others_do(evolution, world):
    device = Device(evolution, world, "others", "EVENTS")
    put = lambda name, title: device.dav.put(device.path + name, event(name, "20260107T090000Z", summary=title)).status
    assert put("a.ics", "One") == put("b%20%C3%BC@x.ics", "Two") == 201
    device.ask("refreshed_to", titles=["One", "Two"])
    assert put("a.ics", "Changed") == 204 and device.dav.request("DELETE", device.path + "b%20%C3%BC@x.ics").status == 204
    device.ask("refreshed_to", titles=["Changed"])


def test_it_is_told_when_its_user_is_busy(evolution, world):
    """It looks for the principal of the address, and asks there (free-busy-query)."""
    device = Device(evolution, world, "busy", "EVENTS")
    assert device.dav.put(device.path + "a.ics", event("a", "20260303T090000Z", "20260303T100000Z", summary="Secret")).status == 201
    (busy,) = device.ask("busy", start=1772496000, end=1772582400, user=EMAIL)  # 3 March
    assert "20260303T090000Z/PT1H" in busy.replace("20260303T100000Z", "PT1H") and "Secret" not in busy


def test_it_keeps_tasks(evolution, world):
    device = Device(evolution, world, "tasks", "TASKS")
    task = lambda more: "\n".join(("BEGIN:VTODO", "UID:milk", "DTSTAMP:20260101T000000Z", "SUMMARY:Milk", "DUE;VALUE=DATE:20260302", *more, "END:VTODO"))
    device.ask("create", data=task(()))
    device.ask("modify", data=task(("STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20260302T090000Z")), which="ALL")
    assert device.dav.put(device.path + "b.ics", todo("b", "SUMMARY:Bread")).status == 201
    device.ask("refreshed_to", titles=["Bread", "Milk"])
    assert sum("STATUS:COMPLETED" in data for data in device.stored().values()) == 1
