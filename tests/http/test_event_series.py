# SPDX-License-Identifier: Apache-2.0
"""Random edits of series, each beside a model of its own (python-dateutil for the rule): after every edit REST lists the instances that brute force
has, CalDAV's expand the same, and each can be opened.
"""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from event_edits import document, event, plain, shown

SERVE = ["--rate-limit", "100000"]
RULES = ["FREQ=DAILY;COUNT=9", "FREQ=DAILY;INTERVAL=2;COUNT=6", "FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=8", "FREQ=MONTHLY;COUNT=4",
    "FREQ=DAILY;COUNT=12;BYDAY=MO,TU,WE,TH"]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
RANGE = (datetime(2026, 9, 1, tzinfo=timezone.utc), datetime(2027, 6, 1, tzinfo=timezone.utc))


def utc(t):
    return t.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def makes(rule, start):
    """Is the start one that the rule itself makes? (dateutil begins with the first that it does.)"""
    return next(iter(rrulestr(rule, dtstart=start)), None) == start


def rotated(rule, days):
    """The rule of a series that begins so many days later: its weekdays go along."""
    names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    parts = dict(p.split("=") for p in rule.split(";"))
    if "BYDAY" in parts:
        parts["BYDAY"] = ",".join(names[(names.index(d) + days) % 7] for d in parts["BYDAY"].split(","))
    return ";".join(f"{k}={v}" for k, v in parts.items())


class Model:
    """A series on the wall of one zone. Overrides by original local start: their own start (None: the instance's) and title."""

    def __init__(self, zone, start, minutes, rule):
        self.zone, self.start, self.minutes, self.rule = ZoneInfo(zone), start, minutes, rule
        self.exdates, self.rdates, self.overrides = set(), set(), {}

    def set(self):
        made = list(rrulestr(self.rule, dtstart=self.start))
        if self.start not in made:  # DTSTART is the first instance, and counts (RFC 5545 §3.8.5.3)
            made = [self.start, *made[:-1]]
        return {*made, *self.rdates}

    def at(self, local):
        return utc(local.replace(tzinfo=self.zone))

    def shown(self):
        found = []
        for local in self.set() - self.exdates | set(self.overrides):
            own, title = self.overrides.get(local, (None, "s"))
            found.append((plain(self.at(own or local)), title, "CONFIRMED"))
        return sorted(found, key=str)

    def begin_at(self, to):
        if self.rule and (makes(self.rule, self.start) or not makes(self.rule, to)):  # a start that was beside its rule may be set right
            self.rule = rotated(self.rule, (to.date() - self.start.date()).days)
        self.start = to

    def kept(self, change):
        """What `change` does to the series, and what of its exceptions stays."""
        before, by = self.set(), self.start
        self.overrides = {d: (None if own == d else own, title) for d, (own, title) in self.overrides.items()}
        change()
        by = self.start - by
        self.rdates = {d + by for d in self.rdates}
        after = self.set()
        self.exdates = {d + by for d in self.exdates if d not in before or d + by in after}
        self.overrides = {d + by: v for d, v in self.overrides.items() if d not in before or d + by in after}


def random_edit(rnd, model, stored):
    what = rnd.choice(["move", "move", "rule", "exclude", "exclude", "title", "own time", "add", "length"])
    instances = sorted(model.set() - model.exdates | set(model.overrides))
    if what == "move":
        by = timedelta(days=rnd.choice([0, 0, 1, -1, 7]), minutes=rnd.choice([0, 60, -90, 15]))
        stored.patch({"start_time": model.at(model.start + by)})
        model.kept(lambda: model.begin_at(model.start + by))
    elif what == "rule":
        rule = rnd.choice(RULES)
        stored.patch({"recurrence": {"rule": rule}})
        model.kept(lambda: setattr(model, "rule", rule))
    elif what == "length":
        model.minutes = rnd.choice([15, 30, 45])
        stored.patch({"end_time": utc(model.start.replace(tzinfo=model.zone) + timedelta(minutes=model.minutes))})
    elif what == "add":
        date = model.start + timedelta(days=rnd.randint(1, 90), hours=rnd.randint(-3, 3))
        if date not in model.exdates:
            model.rdates.add(date)
        stored.patch({"recurrence": {"rdates": [model.at(d) for d in model.rdates]}})
    elif len(instances) > 1:
        local = rnd.choice(instances)
        key = plain(model.at(local))
        own, title = model.overrides.get(local, (None, "s"))
        if what == "exclude":
            stored.delete(key)
            if local in model.set():
                model.exdates.add(local)
            model.overrides.pop(local, None)
        elif what == "title":
            stored.patch({"title": "titled"}, key)
            model.overrides[local] = (own, "titled")
        else:
            own = local + timedelta(minutes=rnd.choice([30, 240, -60]))
            stored.patch({"start_time": model.at(own)}, key)
            model.overrides[local] = (own, title)
    return what


@pytest.mark.parametrize("seed", range(12))
def test_the_instances_after_random_edits_are_those_of_brute_force(edits, seed):
    rnd = random.Random(20261128 + seed)
    zone = ZONES[seed % len(ZONES)]
    model = Model(zone, datetime(2026, 10, 12, rnd.randint(8, 18), 0), 30, rnd.choice(RULES))
    tzid = ":{}Z" if zone == "UTC" else f";TZID={zone}:{{}}"
    stored = edits.put(document(event("DTSTART" + tzid.format(model.start.strftime("%Y%m%dT%H%M%S")), "DURATION:PT30M", f"RRULE:{model.rule}",
        "SUMMARY:s")))
    done = []
    for _ in range(10):
        done.append(random_edit(rnd, model, stored))
        items = edits.range(utc(RANGE[0]), utc(RANGE[1]))
        assert shown(items) == model.shown(), done
    assert edits.expanded(plain(utc(RANGE[0])), plain(utc(RANGE[1]))) == model.shown(), done
    for item in items:
        if item["recurring_event_id"]:
            assert edits("GET", f"/v1/events/{item['id']}").json == item, done
