# SPDX-License-Identifier: Apache-2.0
"""A small WebDAV client for tests: it sends exactly what it is told, and takes a multistatus apart.

    dav = Dav(url, username, secret)
    answer = dav.propfind("/dav/", "<resourcetype xmlns='DAV:'/>", depth=0)
    answer.members["/dav/"].ok["{DAV:}resourcetype"]
"""
import base64
import http.client
import itertools
import time
import urllib.parse
import xml.etree.ElementTree as ET

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"
A = "{http://apple.com/ns/ical/}"
NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:CS="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/"'
)


class Member:
    """One DAV:response: its status, or its properties by status."""

    def __init__(self, element):
        hrefs = element.findall(D + "href")
        assert len(hrefs) == 1, "one href for each response"
        self.href = hrefs[0].text
        status = element.find(D + "status")
        self.status = code_of(status.text) if status is not None else None
        self.conditions = [c.tag for c in element.findall(D + "error/*")]
        self.by_status = {}
        for propstat in element.findall(D + "propstat"):
            code = code_of(propstat.find(D + "status").text)
            assert code not in self.by_status, "one propstat for each status"
            self.by_status[code] = {p.tag: p for p in propstat.find(D + "prop")}
        assert (self.status is None) != (not self.by_status), "a status or propstats"

    @property
    def ok(self):
        return self.by_status.get(200, {})

    @property
    def missing(self):
        return set(self.by_status.get(404, {}))

    def text(self, name):
        return self.ok[name].text

    def hrefs(self, name):
        return [h.text for h in self.ok[name].iter(D + "href")]


def code_of(line):
    assert line.startswith("HTTP/1.1 "), line  # RFC 4918 §14.28
    return int(line.split()[1])


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def xml(self):
        return ET.fromstring(self.body)

    @property
    def condition(self):
        """The names inside DAV:error, which are exact."""
        root = self.xml
        assert root.tag == D + "error", root.tag
        return [c.tag for c in root]

    @property
    def responses(self):
        assert self.status == 207, self
        root = self.xml
        assert root.tag == D + "multistatus"
        return [Member(r) for r in root.findall(D + "response")]

    @property
    def members(self):
        found = self.responses
        by_href = {m.href: m for m in found}
        assert len(by_href) == len(found), "no href twice"
        return by_href

    @property
    def sync_token(self):
        return self.xml.find(D + "sync-token").text


class Dav:
    def __init__(self, url, username=None, secret=None, bearer=None):
        self.url, self.netloc = url, urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.netloc, timeout=60)
        self.headers, self.patient = {}, False  # comes again when it is told to
        if bearer:
            self.headers["Authorization"] = "Bearer " + bearer
        elif secret is not None:
            pair = f"{username}:{secret}".encode()
            self.headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()

    def request(self, method, path, body=None, **headers):
        end = time.monotonic() + 60
        while (answer := self._request(method, path, body, headers)).status == 503 and self.patient and time.monotonic() < end:
            assert answer.headers["Retry-After"]
            time.sleep(0.1)
        return answer

    def _request(self, method, path, body, headers):
        sent = dict(self.headers)
        sent.update({k.replace("_", "-"): str(v) for k, v in headers.items() if v is not None})
        if isinstance(body, str):
            body = body.encode("utf-8")
        for again in (True, False):
            try:
                self.connection.request(method, path, body=body, headers=sent)
                got = self.connection.getresponse()
                return Answer(got.status, got.headers, got.read())
            except (ConnectionError, http.client.RemoteDisconnected):
                self.connection.close()  # an idle connection that the server closed
                if not again:
                    raise

    def propfind(self, path, props=None, depth=0, body=None, **headers):
        if props is not None:
            body = f"<D:propfind {NAMESPACES}><D:prop>{props}</D:prop></D:propfind>"
        return self.request("PROPFIND", path, body, Depth=depth, Content_Type="application/xml", **headers)

    def report(self, path, body, depth=None, **headers):
        return self.request("REPORT", path, body, Depth=depth, Content_Type="application/xml", **headers)

    def put(self, path, data, **headers):
        return self.request("PUT", path, data, Content_Type="text/calendar; charset=utf-8", **headers)

    def query(self, path, filters, props="<D:getetag/>", depth=1, more=""):
        """A calendar-query; `filters` stands inside the comp-filter of VCALENDAR."""
        return self.report(
            path,
            f"<C:calendar-query {NAMESPACES}><D:prop>{props}</D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
            f"{filters}</C:comp-filter></C:filter>{more}</C:calendar-query>",
            depth,
        )

    def multiget(self, path, hrefs, props="<D:getetag/><C:calendar-data/>"):
        listed = "".join(f"<D:href>{h}</D:href>" for h in hrefs)
        return self.report(
            path, f"<C:calendar-multiget {NAMESPACES}><D:prop>{props}</D:prop>{listed}</C:calendar-multiget>"
        )

    def sync(self, path, token="", props="<D:getetag/>", limit=None, level="1", depth=None):
        cut = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit is not None else ""
        return self.report(
            path,
            f"<D:sync-collection {NAMESPACES}><D:sync-token>{token}</D:sync-token>"
            f"<D:sync-level>{level}</D:sync-level>{cut}<D:prop>{props}</D:prop></D:sync-collection>",
            depth,
        )


def calendar(*components):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Calends//tests//EN\r\n" + "".join(components) + "END:VCALENDAR\r\n"


def component(kind, uid, *lines):
    return "\r\n".join((f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, f"END:{kind}", ""))


def event(uid, start, end=None, *lines, summary="An event"):
    times = [f"DTSTART{start}"] if start[:1] in ":;" else [f"DTSTART:{start}"]
    if end:
        times.append(f"DTEND{end}" if end[:1] in ":;" else f"DTEND:{end}")
    return calendar(component("VEVENT", uid, *times, f"SUMMARY:{summary}", *lines))


def todo(uid, *lines):
    return calendar(component("VTODO", uid, *lines))


class Tree:
    """An account's part of the server, with a calendar made for one test."""

    def __init__(self, world, email):
        self.world = world
        self.account = world.account(email)
        self.email, self.name = email, self.account.fields["name"]
        self.dav = Dav(world.url, email, self.account.key)
        self.principal = f"/dav/principals/{self.account.id}/"
        self.home = f"/dav/calendars/{self.account.id}/"
        self.calendar = self.home + "default/"
        self.made = []

    def make_calendar(self, name):
        path = f"{self.home}{name}/"
        body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop><D:displayname>{name}</D:displayname></D:prop></D:set></C:mkcalendar>"
        answer = self.dav.request("MKCALENDAR", path, body, Content_Type="application/xml")
        assert answer.status == 201, answer
        self.made.append(path)
        return path

    def restricted(self, scope, calendars=None):
        """Another client, with a key of these scopes, limited to these calendars."""
        key = self.world.key(self.account, kind="restricted", scope=scope)
        if calendars is not None:
            ids = [self.id_of(c) for c in calendars]
            listed = ",".join(f"'{i}'" for i in ids)
            self.world.sql(
                f"UPDATE api_key SET calendars = ARRAY[{listed}]::uuid[] WHERE kind = 3 AND calendars IS NULL"
            )
        return Dav(self.world.url, self.email, key)

    def id_of(self, path):
        member = self.dav.propfind(path, "<D:resource-id/>").members[path]
        return member.hrefs(D + "resource-id")[0].removeprefix("urn:uuid:")

    def clear(self):
        for path in set(self.made):
            self.dav.request("DELETE", path)


def new_tree(world, numbers=itertools.count(1)):
    """The module's account, with a new calendar as `calendar`."""
    tree = Tree(world, "dav@example.org")
    tree.calendar = tree.make_calendar(f"test{next(numbers)}")
    return tree


def other_tree(world):
    return Tree(world, "other@example.org")


def fill(tree, **objects):
    """Each as NAME.ics in tree.calendar."""
    for name, data in objects.items():
        answer = tree.dav.put(f"{tree.calendar}{name}.ics", data)
        assert answer.status == 201, answer


def object_names(answer):
    """Of the members of a multistatus, without their paths and `.ics`."""
    return {urllib.parse.unquote(h.rsplit("/", 1)[1]).removesuffix(".ics") for h in answer.members}


def data_of(answer, href):
    return answer.members[href].text(C + "calendar-data")


def in_range(kind, start=None, end=None):
    ends = "".join(f" {k}='{v}'" for k, v in (("start", start), ("end", end)) if v)
    return f"<C:comp-filter name='{kind}'><C:time-range{ends}/></C:comp-filter>"


# Weekly from Monday, 5 January 2026: the 12th is taken out, the 19th moved to the 31st.
SERIES = calendar(
    component(
        "VEVENT", "series", "DTSTART:20260105T090000Z", "DTEND:20260105T100000Z", "RRULE:FREQ=WEEKLY",
        "EXDATE:20260112T090000Z", "SUMMARY:Series",
    ),
    component(
        "VEVENT", "series", "RECURRENCE-ID:20260119T090000Z", "DTSTART:20260131T090000Z", "DTEND:20260131T100000Z",
        "SUMMARY:Moved",
    ),
)
