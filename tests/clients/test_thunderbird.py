# SPDX-License-Identifier: Apache-2.0
"""Thunderbird detects the calendar from the bare address, e-mail and key, and syncs in both directions."""
import contextlib
import re

import pytest

from thunderbird import Thunderbird, available

pytestmark = pytest.mark.skipif(not available(), reason="thunderbird is not installed")

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261124T000000Z\r
DTSTART:{start}\r
DTEND:{end}\r
SUMMARY:{summary}\r
{more}END:VEVENT\r
END:VCALENDAR\r
"""

SETUP = """
  const found = await cal.provider.detection.detect(args.email, args.key, args.url, true, [], {});
  const calendars = [...found.values()].flat();
  // What "remember password" does; in a profile without a window to ask in, detection leaves it out.
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init(args.url, null, "Calends", args.email, args.key, "", "");
  if (!(await Services.logins.getAllLogins()).length) { await Services.logins.addLoginAsync(login); }
  for (const c of calendars) { cal.manager.registerCalendar(c); }
  return calendars.map(c => ({ name: c.name, uri: c.uri.spec, readOnly: c.readOnly, type: c.type }));
"""

# The one calendar, once it has read its properties and synchronised.
CALENDAR = """
  const calendar = cal.manager.getCalendars().find(c => c.type == "caldav" && c.uri.spec.includes("/default/"));
  const until = async (what, test) => { for (let i = 0; i < 600; i++) { const v = await test(); if (v) { return v; } await sleep(100); }
    throw new Error("waited in vain for " + what); };
  const sync = async test => { calendar.refresh(); return until("the sync", test); };
"""


@pytest.fixture(scope="module")
def account(world):
    return world.account("thunderbird@example.org")


@pytest.fixture(scope="module")
def thunderbird(tmp_path_factory):
    with Thunderbird(tmp_path_factory.mktemp("thunderbird")) as tb:
        yield tb


@pytest.fixture(scope="module")
def detected(thunderbird, world, account):
    return thunderbird.run(SETUP, email=account.email, key=account.key, url=world.url)


def home(account):
    return f"/dav/calendars/{account.id}/default/"


def ics(uid, summary, start="20261201T100000Z", end="20261201T110000Z", more=""):
    return EVENT.format(uid=uid, summary=summary, start=start, end=end, more=more)


def on_server(world, account, uid):
    """The stored object with this UID, read by another client's eyes."""
    listing = world.dav("PROPFIND", home(account), headers={"Depth": "1"}, account=account).text
    for href in re.findall(r"<(?:\w+:)?href>([^<]+\.ics)<", listing):
        text = world.dav("GET", href, account=account).text
        if f"UID:{uid}" in text:
            return href, text
    return None, None


def test_the_calendar_is_found_from_the_bare_address(detected, world):
    assert [c for c in detected if c["uri"].endswith("/default/")], detected
    assert all(c["type"] == "caldav" and not c["readOnly"] for c in detected)


def test_an_event_made_in_thunderbird_arrives(thunderbird, detected, world, account):
    thunderbird.run(CALENDAR + "await calendar.addItem(new CalEvent(args.ics)); return null;",
                    ics=ics("from-thunderbird", "Made in Thunderbird"))
    href, text = on_server(world, account, "from-thunderbird")
    assert href and "SUMMARY:Made in Thunderbird" in text


def test_an_event_changed_in_thunderbird_arrives(thunderbird, detected, world, account):
    thunderbird.run(CALENDAR + """
      const old = await calendar.getItem("from-thunderbird"); const changed = old.clone(); changed.title = "Changed there";
      await calendar.modifyItem(changed, old); return null;""")
    assert "SUMMARY:Changed there" in on_server(world, account, "from-thunderbird")[1]


def test_an_event_made_elsewhere_appears(thunderbird, detected, world, account):
    answer = world.dav("PUT", home(account) + "elsewhere.ics", body=ics("elsewhere", "Made elsewhere"), account=account,
                       headers={"Content-Type": "text/calendar"})
    assert answer.status == 201
    title = thunderbird.run(CALENDAR + 'return sync(async () => (await calendar.getItem("elsewhere"))?.title);')
    assert title == "Made elsewhere"


def test_an_event_deleted_elsewhere_disappears(thunderbird, detected, world, account):
    assert world.dav("DELETE", home(account) + "elsewhere.ics", account=account).status == 204
    assert thunderbird.run(CALENDAR + 'return sync(async () => !(await calendar.getItem("elsewhere")));') is True


def test_a_series_with_a_changed_and_a_cancelled_instance(thunderbird, detected, world, account):
    thunderbird.run(CALENDAR + "await calendar.addItem(new CalEvent(args.ics)); return null;",
                    ics=ics("series", "Weekly", more="RRULE:FREQ=WEEKLY;COUNT=5\r\n"))
    thunderbird.run(CALENDAR + """
      const master = await calendar.getItem("series"); const changed = master.clone();
      const end = master.startDate.clone(); end.year += 1;
      const dates = changed.recurrenceInfo.getOccurrences(master.startDate, end, 5);
      const moved = dates[1].clone(); moved.title = "Moved"; changed.recurrenceInfo.modifyException(moved, true);
      changed.recurrenceInfo.removeOccurrenceAt(dates[3].recurrenceId);
      await calendar.modifyItem(changed, master); return null;""")
    text = on_server(world, account, "series")[1]
    assert text.count("BEGIN:VEVENT") == 2 and "EXDATE" in text and "SUMMARY:Moved" in text
    window = '<C:time-range start="20261201T000000Z" end="20270101T000000Z"/>'
    answer = world.dav("REPORT", home(account), account=account, headers={"Depth": "1"}, body=(
        '<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data><C:expand '
        'start="20261201T000000Z" end="20270101T000000Z"/></C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match>series</C:text-match></C:prop-filter>{window}'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"))
    assert answer.status == 207 and answer.text.count("BEGIN:VEVENT") == 4


def test_an_event_deleted_in_thunderbird_is_gone(thunderbird, detected, world, account):
    thunderbird.run(CALENDAR + 'await calendar.deleteItem(await calendar.getItem("from-thunderbird")); return null;')
    assert on_server(world, account, "from-thunderbird") == (None, None)


def test_a_revoked_key_stops_thunderbird_at_once(thunderbird, detected, world, account):
    world.cli("key", "revoke", account.key.id)
    answer = world.dav("PUT", home(account) + "late.ics", body=ics("late", "Too late"), account=account,
                       headers={"Content-Type": "text/calendar"})
    assert answer.status == 401
    before = len(world.lines)
    asked = lambda: [line for line in world.lines[before:] if "event=request" in line and "/default/" in line]
    with contextlib.suppress(RuntimeError, TypeError):  # it asks for another password, in a dialog that nobody answers
        thunderbird.run(CALENDAR + "calendar.refresh(); return null;")
    assert world.wait_for(lambda: any("error=api_key_revoked" in line for line in asked())), asked()
    assert all("status=401" in line for line in asked())
