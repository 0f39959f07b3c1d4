# SPDX-License-Identifier: Apache-2.0
"""Files as other programs write them (tests/data/corpus, all made for this test): each object is stored to the octet and
expanded as an expander of its own here has it, which stands on dateutil and zoneinfo; or it is refused with a text."""
import io
import pathlib
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import tzical

from dav import C

CORPUS = pathlib.Path(__file__).parent.parent / "data" / "corpus"
BEGIN, END = datetime(2024, 1, 1), datetime(2027, 1, 1)
ZONES = {"W. Europe Standard Time": "Europe/Berlin", "Kuala Lumpur, Singapore": "Asia/Singapore",
         "Pacific Time (US & Canada), Tijuana": "America/Los_Angeles", "Eastern Standard Time": "America/New_York"}
BY_HAND = {"0B0E-3": ["20240210", "20250129", "20260217"], "h-ramadan": ["20240311", "20250301", "20260218"]}


# ---- a reader of our own ----

def unfolded(octets):
    return re.sub(rb"(\r?\n)+[ \t]", b"", octets.removeprefix(b"\xef\xbb\xbf")).decode("utf-8").replace("\r\n", "\n")


def prop(line):
    """name, parameters, value."""
    at, quoted = 0, False
    while line[at] != ":" or quoted:
        quoted ^= line[at] == '"'
        at += 1
    name, *params = re.findall(r'(?:[^;"]|"[^"]*")+', line[:at])
    return name.upper(), {k.upper(): v.strip('"') for k, v in (p.split("=", 1) for p in params)}, line[at + 1:]


def blocks(text, kind):
    return re.findall(rf"^BEGIN:{kind}\n(.*?)^END:{kind}$", text, re.M | re.S)


def objects(octets):
    """One object for each UID of a file, cut from its octets."""
    lines = octets.splitlines(keepends=True)
    head, zones, events, block, seen = [], [], {}, None, False
    for line in lines:
        word = line.strip().upper()
        if word in (b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE"):
            block, seen = [], True
        if block is not None:
            block.append(line)
        elif not seen:
            head.append(line)
        if word == b"END:VTIMEZONE":
            zones += block
            block = None
        elif word == b"END:VEVENT":
            uid = re.search(r"^UID:(.*)$", unfolded(b"".join(block)), re.M).group(1)
            events.setdefault(uid, []).extend(block)
            block = None
    return {uid: b"".join(head + zones + event + lines[-1:]) for uid, event in events.items()}


class Point:
    def __init__(self, value, params, zones):
        value = value.strip()
        self.date = len(value.rstrip("Z")) == 8
        self.local = datetime.strptime(value.rstrip("Z"), "%Y%m%d" if self.date else "%Y%m%dT%H%M%S")
        self.zone = None
        if value.endswith("Z") and not self.date:
            self.zone = timezone.utc
        elif "TZID" in params:
            self.zone = zones.get(params["TZID"]) or ZoneInfo(ZONES.get(params["TZID"], params["TZID"]))

    def text(self, local):
        if self.date:
            return local.strftime("%Y%m%d")
        if not self.zone:
            return local.strftime("%Y%m%dT%H%M%S")
        return local.replace(tzinfo=self.zone).astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")

    def on(self, other):
        """The same point on the clock of another."""
        if self.zone and other.zone:
            return self.local.replace(tzinfo=self.zone).astimezone(other.zone).replace(tzinfo=None)
        return self.local


def expanded(octets):
    text = unfolded(octets)
    zones = {}
    for block in blocks(text, "VTIMEZONE"):
        tzid = re.search(r"^TZID:(.*)$", block, re.M).group(1)
        read = tzical(io.StringIO(f"BEGIN:VTIMEZONE\n{block}END:VTIMEZONE\n".replace(f"TZID:{tzid}", "TZID:x").replace("INTERVAL=1;", "")))
        zones[tzid.replace("\\,", ",")] = read.get("x")
    masters, overrides = [], {}
    for block in blocks(text, "VEVENT"):
        block = re.sub(r"^BEGIN:VALARM\n.*?^END:VALARM\n", "", block, flags=re.M | re.S)
        props = [prop(line) for line in block.strip().split("\n") if line]
        of = lambda name, props=props: [(p, v) for n, p, v in props if n == name and v]
        start = Point(of("DTSTART")[0][1], of("DTSTART")[0][0], zones)
        if of("RECURRENCE-ID"):
            overrides[Point(of("RECURRENCE-ID")[0][1], of("RECURRENCE-ID")[0][0], zones)] = start
        else:
            masters.append((start, of))
    [(start, of)] = masters
    starts = {start.local}
    for _, rule in of("RRULE"):
        until = re.search(r"UNTIL=([0-9TZ]+)", rule)
        if until:
            last = Point(until.group(1), {}, zones)
            local = last.local + timedelta(days=1, seconds=-1) if last.date and not start.date else last.on(start)
            rule = rule.replace(until.group(), "UNTIL=" + local.strftime("%Y%m%dT%H%M%S"))
        starts |= set(rrulestr(rule, dtstart=start.local).between(BEGIN - timedelta(days=2), END + timedelta(days=2), inc=True))
    starts |= {Point(v, p, zones).on(start) for p, values in of("RDATE") for v in values.split(",")}
    starts -= {Point(v, p, zones).on(start) for p, values in of("EXDATE") for v in values.split(",")}
    starts -= {original.on(start) for original in overrides}
    found = [start.text(s) for s in starts] + [o.text(o.local) for o in overrides.values()]
    return sorted(t for t in found if "2024" <= t < "2027")


# ---- the server's ----

ALL = [(path.name, uid) for path in sorted(CORPUS.glob("*.ics")) for uid in objects(path.read_bytes())]


def test_the_corpus_is_a_corpus():
    assert len(ALL) + len(REFUSED) >= 60


@pytest.mark.parametrize("file", sorted({name for name, _ in ALL}))
def test_each_object_is_stored_to_the_octet_and_expanded_as_others_expand_it(dav, cal, file):
    for n, (uid, data) in enumerate(objects((CORPUS / file).read_bytes()).items()):
        href = f"{cal}{n}.ics"
        answer = dav.put(href, data)
        assert answer.status == 201, (uid, answer)
        assert dav.request("GET", href).body == data, uid
        answer = dav.multiget(cal, [href], "<C:calendar-data><C:expand start='20240101T000000Z' end='20270101T000000Z'/></C:calendar-data>")
        ours = [line.split(":")[1].strip() for line in answer.responses[0].text(C + "calendar-data").splitlines() if line.startswith("DTSTART")]
        assert sorted(ours) == BY_HAND.get(uid) or sorted(ours) == expanded(data), uid
        assert ours, uid


REFUSED = {
    "unknown-zone.ics": ("valid-timezone", 'TZID "Romance" is no time zone that is known here, and the object brings no VTIMEZONE'),
    "misspelt-zone.ics": ("valid-timezone", 'TZID "Europe/Berlim" is no time zone'),
    "broken-vtimezone.ics": ("valid-calendar-object-resource", 'the VTIMEZONE "Mine" cannot be read: TZOFFSETFROM:CET is no offset'),
    "ends-before.ics": ("valid-calendar-object-resource", "VEVENT ends before it starts"),
    "vcalendar-1.ics": ("supported-calendar-data", "VERSION:1.0: only 2.0 is stored"),
    "method.ics": ("valid-calendar-object-resource", "a stored object has no METHOD"),
    "fortnightly.ics": ("valid-calendar-data", "RRULE: FREQ=FORTNIGHTLY is not valid"),
    "no-start.ics": ("valid-calendar-data", "a VEVENT without DTSTART"),
    "iso-date.ics": ("valid-calendar-data", 'DTSTART: "2024-01-01T09:00:00Z" is no date or time'),
    "two-masters.ics": ("valid-calendar-object-resource", "two VEVENT of one UID without RECURRENCE-ID"),
    "count-and-until.ics": ("valid-calendar-data", "RRULE has both COUNT and UNTIL"),
    "latin-1.ics": ("valid-calendar-data", "line 7: not UTF-8"),
    "cut-off.ics": ("valid-calendar-data", "END:VCALENDAR is missing"),
    "maya.ics": ("supported-rscale", "RSCALE=MAYA is no calendar that is supported"),
}


@pytest.mark.parametrize("file", sorted(REFUSED))
def test_what_is_refused_says_why(dav, cal, file):
    condition, text = REFUSED[file]
    answer = dav.put(cal + "a.ics", (CORPUS / "refused" / file).read_bytes())
    assert answer.status == 403 and answer.condition == [C + condition], answer
    assert text.replace('"', "&quot;") in answer.text or text in answer.text, answer
    assert dav.request("GET", cal + "a.ics").status == 404


def test_every_refused_file_has_its_text():
    assert {p.name for p in (CORPUS / "refused").glob("*.ics")} == set(REFUSED)
