# SPDX-License-Identifier: Apache-2.0
"""Each single scope against each route, and one calendar against all: what a credential may is what the tables of routes and reports say, on REST, CalDAV
and MCP, with a token and with a restricted key alike. A route that is added is tried by being in the table."""
import json
import re
import subprocess

import pytest

from examples import Examples, sent_as
from oauth_flow import App, answer
from openapi import Document
from world import BIN

SECONDS = 25
SIGNED_IN = "ann"
SERVE = ["--rate-limit", "0", "--write-rate", "0", "--voice-backend", "wss://voice.example.com/realtime",
         "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "calendar@example.org", "--mail-a-day", "100000"]
DOCUMENT = Document.load(BIN)


def printed(what):
    return subprocess.run([BIN, "reference", what], capture_output=True, text=True, check=True).stdout


def rows():
    """(method, path, who may call, scopes) of each route of REST and CalDAV."""
    for line in printed("routes").splitlines():
        cells = [c.strip() for c in line.split("|")[1:-1]]
        if len(cells) >= 4 and re.fullmatch(r"`/(v1|api/v1|dav)\b.*`", cells[1]):
            yield cells[0], cells[1].strip("`"), cells[2].split(", "), cells[3]


ROWS = list(rows())
SCOPES = re.findall(r"^\| `([a-z]+(?::[a-z]+)?)` \| .* (?:low|medium|sensitive) \|$", printed("scopes"), re.M)
OF_KEYS = [s for s in SCOPES if ":" in s]  # those of OpenID Connect are for apps alone
KINDS = {"token": "token", "restricted": "restricted key"}
OPERATIONS = {(m, t): o for m, t, o in DOCUMENT.operations()}
REST = [r for r in ROWS if (r[0], re.sub(r":(\w+)", r"{\1}", r[1])) in OPERATIONS]
DAV = [r for r in ROWS if r[1].startswith("/dav") and r[3] != "by report"]
# REPORT's own table (caldav/reports/report.c): name, and what it needs of a calendar and of the home.
REPORTS = {
    "C:calendar-query": "events:read", "C:calendar-multiget": "events:read", "C:free-busy-query": "calendars:read", "D:sync-collection": "events:read",
    "D:acl-principal-prop-set": "owner",
}


@pytest.fixture(scope="module")
def live(world, ann):
    return Examples(world, DOCUMENT, world.key(ann, kind="secret"))


@pytest.fixture(scope="module")
def one_scope(world, ann, browser):
    """{(kind, scope): a credential that has this scope alone}"""
    made = {("restricted", s): world.key(ann, kind="restricted", scope=s) for s in OF_KEYS}
    for s in SCOPES:  # of an app each, since a consent counts for all tokens of its app
        made["token", s] = App(world, type="public", scope=s).connect(browser, scope=s)["access_token"]
    return made


def test_the_tables_were_read():
    """All but what a voice session's token and its backend call, which have no scopes."""
    assert len(SCOPES) == 11 and len(OF_KEYS) == 8 and len(REST) == len(OPERATIONS) > 80 and len(DAV) > 60
    assert {r[3] for r in ROWS} >= {"owner", "by report", "", "events:read events:write", *OF_KEYS}


def may(who, scopes, kind, scope):
    return KINDS[kind] in who and set(scopes.split()) <= {scope}


def is_refused(reply, needed):
    """RFC 6750 §3.1: the scopes of the challenge are all that are needed."""
    assert reply.status == 403, reply
    challenge = reply.headers.get("WWW-Authenticate", "")
    if "insufficient_scope" in challenge:
        assert re.search(r'scope="([^"]*)"', challenge)[1].split() == needed.split(), (challenge, needed)
    return challenge


@pytest.mark.parametrize("method,path,who,scopes", REST, ids=[f"{m} {p}" for m, p, _, _ in REST])
def test_a_scope_opens_its_routes_of_rest_and_no_other(world, live, one_scope, method, path, who, scopes):
    template = re.sub(r":(\w+)", r"{\1}", path)
    operation = OPERATIONS[method, template]
    if "x-test-mode-only" in operation:
        target, body = template, None
    else:
        target, body = live.call(operation, template)
        if template.startswith(("/v1/calendars", "/v1/connections")) and method in ("PATCH", "POST") and not template.endswith("/import"):
            body = '{"selected": true}' if method == "PATCH" else '{"name": "One more"}'  # what a scope may say of a calendar
        target += ("&" if "?" in target else "?") + "once=true" if path.endswith("/events/stream") else ""
    for (kind, scope), credential in one_scope.items():
        reply = world.request(method, target, body, sent_as(body), credential)
        assert reply.status < 500, reply
        if may(who, scopes, kind, scope):
            assert reply.status not in (401, 403) or "insufficient_scope" not in reply.text and "key_kind" not in reply.text, (kind, scope, reply)
            assert reply.status != 401, (kind, scope, reply)
            if method == "DELETE":
                target, body = live.call(operation, template)
        else:
            challenge = is_refused(reply, scopes)
            assert ("insufficient_scope" in challenge) == (KINDS[kind] in who and "owner" not in scopes), (kind, scope, reply)


@pytest.fixture(scope="module")
def tree(world, ann):
    """Paths of what is there, by the names that the table has for them."""
    return planted(world, ann, {":account": ann.id, ":calendar": "tree", ":object": "there.ics"})


def planted(world, ann, tree):
    """Makes what a method may have taken away."""
    calendar = f"/dav/calendars/{tree[':account']}/{tree[':calendar']}/"
    world.dav("DELETE", calendar[:-1] + "-moved/", account=ann)
    world.dav("DELETE", calendar + tree[":object"] + "-moved", account=ann)
    world.dav("MKCALENDAR", calendar, account=ann)
    assert world.dav("PUT", calendar + tree[":object"], event("there"), {"Content-Type": "text/calendar"}, ann).status in (201, 204)
    return tree


def event(uid):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:t", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z",
                        "DTSTART:20261124T090000Z", "END:VEVENT", "END:VCALENDAR", ""])


PROPERTIES = '<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop></D:propfind>'
BODIES = {
    "PROPFIND": PROPERTIES,
    "PROPPATCH": '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><A:calendar-color xmlns:A="http://apple.com/ns/ical/">#112233</A:calendar-color>'
                 "</D:prop></D:set></D:propertyupdate>",
    "ACL": '<D:acl xmlns:D="DAV:"/>', "PUT": event("there"), "POST": event("there"),
}


def dav(world, credential, method, path, body):
    headers = {"Depth": "0", "Overwrite": "T", "Destination": path.rstrip("/") + "-moved"}
    if body:
        headers["Content-Type"] = "text/calendar" if method in ("PUT", "POST") else "application/xml"
    return world.request(method, path, body, headers, credential)


@pytest.mark.parametrize("method,path,who,scopes", DAV, ids=[f"{m} {p}" for m, p, _, _ in DAV])
def test_a_scope_opens_its_methods_of_caldav_and_no_other(world, ann, tree, one_scope, method, path, who, scopes):
    """Refused before anything is looked at, so that what may not be done does nothing."""
    for name, value in tree.items():
        path = path.replace(name, value)
    for (kind, scope), credential in one_scope.items():
        reply = dav(world, credential, method, path, BODIES.get(method))
        assert reply.status < 500, reply
        if may(who, scopes, kind, scope):
            assert reply.status != 401 and "need-privileges" not in reply.text, (kind, scope, reply)
            if method in ("DELETE", "MOVE"):
                planted(world, ann, tree)
        else:
            is_refused(reply, scopes)


@pytest.mark.parametrize("name", REPORTS)
def test_a_scope_opens_its_reports_and_no_other(world, ann, tree, one_scope, name):
    path = f"/dav/calendars/{ann.id}/tree/"
    inner = {
        "C:calendar-query": '<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>',
        "C:calendar-multiget": f"<D:prop><D:getetag/></D:prop><D:href>{path}there.ics</D:href>",
        "C:free-busy-query": '<C:time-range start="20261101T000000Z" end="20261201T000000Z"/>',
        "D:sync-collection": "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>", "D:acl-principal-prop-set": "<D:prop/>",
    }[name]
    body = f'<{name} xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{inner}</{name}>'
    for (kind, scope), credential in one_scope.items():
        reply = dav(world, credential, "REPORT", path, body)
        if scope == REPORTS[name]:
            assert reply.status in (200, 207), (kind, scope, reply)
        else:
            is_refused(reply, REPORTS[name])


def test_every_report_is_tried(world, ann, tree):
    """What a calendar says that it supports, but the reports that need what PROPFIND needs."""
    reply = world.dav("PROPFIND", f"/dav/calendars/{ann.id}/tree/", PROPERTIES.replace("resourcetype", "supported-report-set"), {"Depth": "0"}, ann)
    there = set(re.findall(r"<D:report><([CD]:[a-z-]+)", reply.text))
    assert there - {"D:expand-property", "D:principal-match", "D:principal-property-search", "D:principal-search-property-set"} == set(REPORTS)


# ---- MCP ----

TOOLS = {
    "list_calendars": "calendars:read", "find_events": "events:read", "read_event": "events:read", "create_event": "events:write",
    "update_event": "events:write", "cancel_event": "events:write", "free_busy": "calendars:read", "find_slots": "calendars:read",
}


def mcp(world, credential, method, params=None):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, **({"params": params} if params else {})})
    return world.request("POST", "/mcp", body, {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}, credential)


def test_every_tool_is_tried(world, live):
    assert {t["name"] for t in mcp(world, live.key, "tools/list").json["result"]["tools"]} >= set(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_scope_opens_its_tools_and_no_other(world, live, one_scope, tool):
    """Who lacks it is told by the challenge, so that the assistant can ask for it."""
    named = {"event": live.existing("event", "")} if tool.endswith("_event") and tool != "create_event" else {}
    for (kind, scope), credential in one_scope.items():
        reply = mcp(world, credential, "tools/call", {"name": tool, "arguments": named})
        if scope == TOOLS[tool]:
            assert reply.status == 200 and "insufficient_scope" not in reply.text, (kind, scope, reply)
        else:
            assert TOOLS[tool] in is_refused(reply, TOOLS[tool]), (kind, scope, reply)


# ---- one calendar ----

@pytest.fixture(scope="module")
def one_calendar(world, ann, live, browser):
    """({kind: a credential of all scopes for one calendar}, another calendar, an event in that)"""
    mine, other = (live._made("/v1/calendars", {"name": f"wall-{n}"}) for n in ("mine", "other"))
    app = App(world, type="public", scope=" ".join(SCOPES))
    page = app.consent_page(browser, scope=" ".join(SCOPES))
    token = app.redeem(answer(app.decide(browser, page, calendars="some", calendar=[mine]))["code"]).json["access_token"]
    made = live._made("/v1/events", {"calendar_id": other, "title": "wall-event", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"})
    return {"token": token, "restricted": world.key(ann, kind="restricted", scope=" ".join(OF_KEYS), calendar=mine)}, other, made


OF_CALENDARS = [r for r in REST if r[1].startswith("/v1/") and re.search(r":(event|calendar)\b", r[1]) and not re.search("webhook|public", r[1])]


@pytest.mark.parametrize("method,path,who,scopes", OF_CALENDARS, ids=[f"{m} {p}" for m, p, _, _ in OF_CALENDARS])
def test_another_calendar_and_what_is_in_it_are_not_there(world, live, one_calendar, method, path, who, scopes):
    credentials, calendar, made = one_calendar
    template = re.sub(r":(\w+)", r"{\1}", path)
    operation = OPERATIONS[method, template]
    at = {"calendar": calendar, "event": made}
    body = live.body(operation, template)
    body = json.dumps({k: v for k, v in body.items() if k != "calendar_id"}) if isinstance(body, dict) else body
    target = live.target(operation, template, lambda p: at.get(p["name"]) if p["in"] == "path" else None)
    for kind, credential in credentials.items():
        reply = world.request(method, target, body, sent_as(body), credential)
        assert reply.status == (404 if KINDS[kind] in who and scopes != "owner" else 403), (kind, reply)
    assert world.get(f"/v1/events/{made}", key=live.key).json["title"] == "wall-event"


@pytest.mark.parametrize("path", ["/v1/calendars", "/v1/events", "/v1/events?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", "/v1/bookings", "/v1/booking_pages",
    "/v1/webhook_events", "/v1/events?q=wall-event"])
def test_no_list_shows_another_calendar(world, one_calendar, path):
    credentials, calendar, made = one_calendar
    for credential in credentials.values():
        reply = world.get(path, key=credential)
        assert reply.status == 200 and calendar not in reply.text and made not in reply.text and "wall-other" not in reply.text, reply


def test_a_calendar_is_named_in_no_field_and_no_parameter(world, one_calendar):
    credentials, calendar, _ = one_calendar
    for credential in credentials.values():
        for method, target, body in (
                ("GET", f"/v1/events?calendar_id={calendar}", None), ("GET", f"/v1/events/changes?calendar_id={calendar}", None),
                ("GET", f"/v1/events/stream?once=true&calendar_id={calendar}", None),
                ("POST", "/v1/events", {"calendar_id": calendar, "title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}),
                ("GET", f"/v1/freebusy?calendar_ids={calendar}&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", None)):
            sent = json.dumps(body) if body else None
            assert world.request(method, target, sent, sent_as(sent), credential).status in (400, 403, 404), target


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "GET", "PUT", "DELETE", "PROPPATCH", "COPY", "MOVE"])
def test_another_calendar_is_not_there_on_caldav(world, ann, live, one_calendar, method):
    credentials, calendar, made = one_calendar
    home = f"/dav/calendars/{ann.id}/"
    listed = world.dav("PROPFIND", home, None, {"Depth": "1"}, ann).text
    for credential in credentials.values():
        seen = world.request("PROPFIND", home, None, {"Depth": "1"}, credential)
        assert seen.status == 207 and "wall-mine" in seen.text and "wall-other" not in seen.text and "wall-other" in listed
        path = re.search(r"<D:href>([^<]*)</D:href>(?:(?!</D:response>).)*wall-other", listed, re.S)[1].split("<D:href>")[-1]
        body = BODIES.get(method) if method != "REPORT" else (
            '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/>'
            "</C:filter></C:calendar-query>")
        reply = dav(world, credential, method, path + ("x.ics" if method in ("PUT", "DELETE", "COPY", "MOVE") else ""), body)
        assert reply.status == 404 or (method == "PUT" and reply.status in (403, 404, 409)), reply
