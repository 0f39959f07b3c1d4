# SPDX-License-Identifier: Apache-2.0
"""Bad input, row by row: credentials, bodies over the ceiling, XML, iCalendar, OAuth parameters.

Each row is refused with its status and with words that help, costs bounded work, and leaves everything as it was. The
figures are those of an attacker (100,000 of each) and not those of our limits, which other files test at their edges."""
import base64

import pytest

from dav import C, D, NAMESPACES, calendar, component
from davwrite import new_event, put_new
from oauth_flow import FORM, App
from patience import Waited

SECONDS = 27
SIGNED_IN = "owner"
SERVE = ["--rate-limit", "10000"]
MANY = 100_000
JSON = ("Content-Type", "application/json")
CPU_S, WAIT_S = 2, 20  # the work itself, and what is waited for without any


class Guard:
    """What stands in the calendar may not move, and what a row costs is bounded."""

    def __init__(self, world, dav, cal):
        self.world, self.dav, self.cal = world, dav, cal
        self.path = cal + "kept.ics"
        put_new(dav, self.path, new_event("kept"))

    def state(self):
        got = self.dav.request("GET", self.path)
        whole = self.dav.request("GET", self.cal)
        found = self.dav.propfind(self.cal, "<CS:getctag/><D:sync-token/><D:displayname/><A:calendar-color/>", depth=0)
        return got.status, got.headers["ETag"], got.body, whole.body, found.body

    def __enter__(self):
        self.before, self.cpu, self.waited = self.state(), self.world.cpu_s(), Waited(self.world.process.pid)
        return self

    def __exit__(self, failed, *_):
        if failed:
            return
        waited, cpu = self.waited.seconds, self.world.cpu_s() - self.cpu
        assert self.world.process.poll() is None, "the process lives"
        assert cpu < CPU_S and waited < WAIT_S, (cpu, waited)
        assert self.state() == self.before, "nothing that is stored has changed"


@pytest.fixture
def guard(world, dav, cal):
    return Guard(world, dav, cal)


@pytest.fixture(scope="module")
def app(world):
    return App(world, type="public", scope="events:read events:write profile:read calendars:read")


# ---- credentials ----

def basic_of(text):
    return "Basic " + base64.b64encode(text).decode()


def revoked(world, owner, _app, _browser):
    key = world.key(owner)
    world.cli("key", "revoke", key.id)
    return key


def expired(world, _owner, app, browser):
    token = app.connect(browser, scope="events:read events:write")["access_token"]
    world.sql("UPDATE access_token SET expires_at = now()")
    return token


def without_scope(_world, _owner, app, browser):
    return app.connect(browser, scope="profile:read")["access_token"]


def of_another(world, *_):
    return world.account("another@example.org").key


def a_basic(secret_of, name=None):
    def header(world, owner, *rest):
        return basic_of(f"{owner.email if name is None else name}:{secret_of(world, owner, *rest)}".encode())
    return header


def a_bearer(secret_of):
    return lambda *world: "Bearer " + secret_of(*world)


def own_key(_world, owner, *_):
    return owner.key


# name: (Authorization, status on CalDAV, status and code on REST; on REST there is no Basic, and another's key works there)
CREDENTIALS = {
    "no credential": (lambda *_: None, 401, 401, "missing_credentials"),
    "Basic alone": (lambda *_: "Basic", 401, 401, None),
    "Basic that is no base64": (lambda *_: "Basic !!!!", 401, 401, None),
    "Basic without a colon": (lambda *_: basic_of(b"write@example.org"), 401, 401, None),
    "Basic with a NUL": (lambda _, owner, *__: basic_of(f"{owner.email}\0:{owner.key}".encode()), 401, 401, None),
    "Basic of 10 kB": (lambda _, owner, *__: basic_of(b"x" * 7500 + b":" + owner.key.encode()), 401, 401, None),
    "an unknown user": (a_basic(own_key, "nobody@example.org"), 401, 401, None),
    "an empty user": (a_basic(own_key, ""), 401, 401, None),
    "the account's password": (a_basic(lambda _, owner, *__: owner.password), 401, 401, None),
    "a revoked key": (a_basic(revoked), 401, 401, None),
    "a revoked key as Bearer": (a_bearer(revoked), 401, 401, "api_key_revoked"),
    "a key of another account": (a_basic(of_another), 401, 401, None),
    "another account": (a_basic(of_another, "another@example.org"), 403, 401, None),
    "an expired token": (a_bearer(expired), 401, 401, "token_expired"),
    "a token without the scope": (a_bearer(without_scope), 403, 403, "insufficient_scope"),
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_that_is_not_good_writes_nothing(world, owner, app, browser, guard, name):
    make, on_dav, on_rest, code = CREDENTIALS[name]
    header = make(world, owner, app, browser)
    sent = [("Authorization", header)] if header else []
    ical = [*sent, ("Content-Type", "text/calendar")]
    event = b'{"title":"x","start_time":"2027-03-01T09:00:00Z","end_time":"2027-03-01T10:00:00Z"}'
    count = "SELECT count(*), sum(modseq) FROM calendar_object"
    rows = world.sql(count)
    with guard:
        for method, headers, body in [("PUT", ical, new_event("kept", summary="Changed")), ("DELETE", sent, None),
                ("MOVE", [*sent, ("Destination", guard.cal + "moved.ics")], None), ("GET", sent, None)]:
            reply = world.request(method, guard.path, body, headers)
            assert reply.status == on_dav, (method, reply)
            assert reply.request_id in reply.text  # the words are beside it
            if on_dav == 401:
                assert reply.headers.all("WWW-Authenticate")[0].startswith("Basic realm=")  # RFC 9110 §11.6.1
            else:
                assert [c.tag for c in reply.xml] == [D + "need-privileges"]
        reply = world.post("/v1/events", event, [*sent, JSON])
        error = reply.json["error"]
        assert reply.status == on_rest and len(error["message"]) > 20, reply
        assert code is None or error["code"] == code
        assert reply.headers["WWW-Authenticate"].startswith("Bearer ")  # RFC 6750 §3
    assert world.sql(count) == rows


# ---- bodies over the ceiling ----

# method, where, content type, one octet more than the row of the route table takes, what tells it
TOO_LARGE = [
    ("PUT", "OBJECT", "text/calendar", 1024 * 1024, "max-resource-size"),
    ("PROPFIND", "CAL", "application/xml", 64 * 1024, None),
    ("REPORT", "CAL", "application/xml", 1024 * 1024, None),
    ("PROPPATCH", "CAL", "application/xml", 256 * 1024, None),
    ("MKCALENDAR", "FRESH", "application/xml", 256 * 1024, None),
    ("MKCOL", "FRESH", "application/xml", 256 * 1024, None),
    ("POST", "/v1/events", "application/json", 256 * 1024, "request_too_large"),
    ("POST", "/v1/calendars", "application/json", 256 * 1024, "request_too_large"),
    ("POST", "/oauth/token", FORM[1], 16 * 1024, "invalid_request"),
    ("POST", "/oauth/revoke", FORM[1], 16 * 1024, "invalid_request"),
    ("POST", "/oauth/introspect", FORM[1], 16 * 1024, "invalid_request"),
    ("POST", "/oauth/register", "application/json", 16 * 1024, "invalid_request"),
    ("PUT", "/oauth/register/cli_0355WHuCFfRpMfB53mC9Z6", "application/json", 16 * 1024, "invalid_request"),
    ("POST", "/oauth/par", FORM[1], 32 * 1024, "invalid_request"),
    ("POST", "/oauth/device", FORM[1], 16 * 1024, "invalid_request"),
    ("POST", "/oauth/authorize", FORM[1], 32 * 1024, 'role="alert"'),
    ("POST", "/sign-in", FORM[1], 64 * 1024, 'role="alert"'),
    ("POST", "/keys", FORM[1], 64 * 1024, 'role="alert"'),
]


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("method, where, kind, limit, told", TOO_LARGE, ids=lambda v: str(v) if isinstance(v, str) else "")
def test_a_body_over_the_ceiling_is_refused(world, owner, browser, guard, fresh, method, where, kind, limit, told, chunked):
    target = {"OBJECT": guard.path, "CAL": guard.cal, "FRESH": fresh}.get(where, where)
    body = b"x" * (limit + 1)
    headers = [("Content-Type", kind)]
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if target == "/keys":  # to a stranger it is closed before anything is read
        headers.append(("Cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies.items())))
    key = owner if target.startswith("/dav") else owner.key if target.startswith("/v1") else None
    with guard:
        reply = world.request(method, target, body, headers, key)
        assert reply.status == (403 if told == "max-resource-size" else 413), reply
        assert told is None or told in reply.text
        assert reply.request_id in reply.text and len(reply.text) > 60


def test_a_body_of_100_MB_is_refused_unread(world, owner, guard):
    with guard:
        for method, target, kind in (("PUT", guard.path, "text/calendar"), ("REPORT", guard.cal, "text/xml"),
                ("POST", "/v1/events", "application/json")):
            client = world.client_connection()
            key = basic_of(f"{owner.email}:{owner.key}".encode()) if target != "/v1/events" else "Bearer " + owner.key
            client.send(f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
                        f"Content-Type: {kind}\r\nContent-Length: 104857600\r\n\r\n".encode())
            reply = client.read_reply(method)
            assert reply.status in (403, 413) and reply.headers["Connection"] == "close", reply
            client.close()


# ---- XML ----

def inside(inner, open_more=""):
    return lambda root: f"<D:{root} {NAMESPACES}{open_more}>{inner}</D:{root}>"


BAD_XML = {
    "DOCTYPE": lambda root: "<!DOCTYPE x>" + inside("<D:allprop/>")(root),
    "DOCTYPE of a file": lambda root: f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>{inside('<D:prop>&e;</D:prop>')(root)}",
    "DOCTYPE that explodes": lambda root: "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(9)) + "]>" + inside("&j;")(root),
    "an unknown entity": inside("<D:prop>&nbsp;</D:prop>"),
    "100,000 nested elements": inside("<a>" * MANY + "</a>" * MANY),
    "100,000 nested elements that stay open": lambda root: f"<D:{root} {NAMESPACES}>" + "<a>" * MANY,
    "100,000 attributes": lambda root: inside("", "".join(f" x{i}=''" for i in range(MANY)))(root),
    "100,000 namespaces": lambda root: inside("", "".join(f" xmlns:x{i}='u'" for i in range(60_000)))(root),
    "not UTF-8": lambda root: inside("<D:prop><D:a@/></D:prop>")(root).encode().replace(b"@", b"\xff"),
    "a surrogate": lambda root: inside("<D:prop>@</D:prop>")(root).encode().replace(b"@", b"\xed\xa0\x80"),
    "a NUL": inside("<D:prop>\0</D:prop>"),
    "a control character by number": inside("<D:prop>&#1;</D:prop>"),
    "another encoding": lambda root: '<?xml version="1.0" encoding="ebcdic-xyz"?>' + inside("<D:prop/>")(root),
    "half an element": lambda root: f"<D:{root} {NAMESPACES}><D:pr",
    "two roots": lambda root: inside("<D:prop/>")(root) * 2,
    "a prefix that nobody declared": inside("<D:prop><nobody:a/></D:prop>"),
    "a name of 100 kB": inside(f"<D:prop><{'a' * MANY}/></D:prop>"),
    "no XML": lambda _root: "BEGIN:VCALENDAR",
}
XML_METHODS = [("PROPFIND", "CAL", "propfind"), ("PROPPATCH", "CAL", "propertyupdate"), ("REPORT", "CAL", "sync-collection"),
    ("MKCALENDAR", "FRESH", "mkcalendar"), ("MKCOL", "FRESH", "mkcol"), ("ACL", "CAL", "acl")]


@pytest.mark.parametrize("method, where, root", XML_METHODS, ids=[m for m, *_ in XML_METHODS])
@pytest.mark.parametrize("name", BAD_XML)
def test_bad_xml_is_refused(dav, guard, fresh, name, method, where, root):
    body = BAD_XML[name](root)
    with guard:
        got = dav.request(method, guard.cal if where == "CAL" else fresh, body, Content_Type="application/xml", Depth=0)
        # RFC 4918 §8.2: what is not well formed is 400; a method that takes 64 kB never sees the larger ones
        assert got.status == 400 or (got.status == 413 and len(body) > 64 * 1024), got
        assert got.headers["Request-Id"] in got.text and "passwd" not in got.text and "root:" not in got.text
        assert len(got.text) > 60
        if where == "FRESH":
            assert dav.propfind(fresh, "<D:resourcetype/>").status == 404


# ---- iCalendar ----

BASE = "DTSTART:20260301T100000Z"


def nested(depth):
    return "BEGIN:VCALENDAR\r\n" + "BEGIN:A\r\n" * depth + "END:VCALENDAR\r\n"


DATA, RESOURCE, SIZE = "valid-calendar-data", "valid-calendar-object-resource", "max-resource-size"
BAD_ICALENDAR = {
    "NUL": (new_event("n", summary="a\0b"), DATA, "0x00"),
    "100,000 nested BEGINs": (nested(MANY), DATA, "nest"),
    "100,000 properties": (calendar(component("VEVENT", "n", BASE, *["X-A:1"] * MANY)), DATA, "propert"),
    "100,000 parameters": (calendar(component("VEVENT", "n", BASE, "X-A" + ";B=1" * MANY + ":1")), DATA, None),
    "no UID": (new_event("n").replace("UID:n\r\n", ""), DATA, "UID"),
    "an empty UID": (new_event("n").replace("UID:n\r\n", "UID:\r\n"), RESOURCE, "UID"),
    "two UIDs": (calendar(component("VEVENT", "n", BASE), component("VEVENT", "m", BASE)), RESOURCE, "UID"),
    "UID twice": (new_event("n").replace("UID:n\r\n", "UID:n\r\nUID:m\r\n"), None, "UID"),
    "METHOD": (new_event("n").replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n"), RESOURCE, "METHOD"),
    "February 30 as a date": (new_event("n", ";VALUE=DATE:20260230"), None, "DTSTART"),
    "not UTF-8": (new_event("n", summary="a@b").encode().replace(b"@", b"\xff"), DATA, "UTF-8"),
    "vCard": ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n", DATA, "VCALENDAR"),
}


@pytest.mark.parametrize("name", BAD_ICALENDAR)
@pytest.mark.parametrize("over", [False, True], ids=["new", "over another"])
def test_bad_icalendar_is_refused(dav, guard, name, over):  # RFC 4791 §5.3.2.1
    data, condition, word = BAD_ICALENDAR[name]
    with guard:
        got = dav.put(guard.path if over else guard.cal + "new.ics", data)
        assert got.status == 403, got
        assert len(got.condition) == 1 and (condition is None or got.condition == [C + condition]), got
        assert got.headers["Request-Id"] in got.text and (word is None or word in got.text), got.text


# Valid, if of little use: accepted, returned as they came, and what a month of them costs is bounded.
ODD_RULES = {
    "COUNT=10^9, daily": "FREQ=DAILY;COUNT=1000000000",
    "COUNT=10^9, secondly": "FREQ=SECONDLY;COUNT=1000000000",
    "COUNT=10^9 of nothing": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000000",
    "secondly for ever": "FREQ=SECONDLY",
    "secondly on one day of leap years": "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=23;BYMINUTE=59;BYSECOND=59",
    "February 30": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "February 30, daily": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "February 30, secondly": "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "every part at once": "FREQ=MINUTELY;BYMONTH=2;BYYEARDAY=366;BYHOUR=0,1,2;BYSETPOS=-366",
    "until the end of time": "FREQ=MINUTELY;UNTIL=99991231T235959Z",
    "an interval beyond time": "FREQ=YEARLY;INTERVAL=2147483647",
}
MONTH = ("<C:comp-filter name='VEVENT'><C:time-range start='20400201T000000Z' end='20400301T000000Z'/></C:comp-filter>")


@pytest.mark.parametrize("name", ODD_RULES)
def test_an_endless_rule_is_bounded_work(world, owner, dav, guard, name):
    path, data = guard.cal + "rule.ics", new_event("rule", "20260301T100000Z", f"RRULE:{ODD_RULES[name]}")
    expand = ("<C:calendar-data><C:expand start='20400201T000000Z' end='20400301T000000Z'/></C:calendar-data>")
    with guard:
        put = dav.put(path, data)
        if put.status == 403:  # what is refused says that it is the rule
            assert put.condition[0] in (C + DATA, C + "max-instances") and "RRULE" in put.text, put
        else:
            assert put.status == 201 and dav.request("GET", path).body == data.encode()
            assert dav.query(guard.cal, MONTH).status == 207
            assert dav.query(guard.cal, MONTH, expand).status in (207, 403, 507)
            assert dav.report(guard.cal, f"<C:free-busy-query {NAMESPACES}><C:time-range start='20400201T000000Z' "
                              "end='20400301T000000Z'/></C:free-busy-query>", 1).status in (200, 403)
            got = world.get("/v1/events?from=2040-02-01T00:00:00Z&to=2040-03-01T00:00:00Z", key=owner.key)
            assert got.status == 200 or (got.status == 400 and "ask for a shorter one" in got.json["error"]["message"]), got
            assert world.get("/v1/events?from=2040-02-01T00:00:00Z&to=2040-02-01T01:00:00Z", key=owner.key).status == 200
            assert dav.request("DELETE", path).status == 204
        guard.before = guard.before[:4] + (guard.state()[4],)  # the counter has moved, and nothing else


@pytest.mark.parametrize("tzid", ["../../etc/passwd", "/etc/passwd", "../../../../../../etc/shadow", "Europe/../../../etc/passwd",
    "/usr/share/zoneinfo/../../../etc/passwd", "..", "/", "Europe", "file:///etc/passwd"])
def test_a_tzid_reaches_no_file(world, dav, guard, tzid):  # RFC 5545 §3.2.19
    path = guard.cal + "zone.ics"
    with guard:
        got = dav.put(path, new_event("zone", f";TZID={tzid}:20260301T100000" if ":" not in tzid else
                                      f';TZID="{tzid}":20260301T100000'))
        assert got.status in (201, 403), got
        assert "root:" not in got.text and not world.log_has("root:x:", 0)
        if got.status == 201:
            assert dav.query(guard.cal, MONTH).status == 207
            assert dav.request("DELETE", path).status == 204
        guard.before = guard.before[:4] + (guard.state()[4],)
