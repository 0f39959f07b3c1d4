# SPDX-License-Identifier: Apache-2.0
"""Random edits with `scope` over random series: the instances are those of brute force."""
import random
from datetime import datetime, timedelta

import pytest
from event_edits import document, event, plain, shown
from test_event_series import RANGE, RULES, ZONES, Model, utc

SERVE = ["--rate-limit", "100000"]


class Series(Model):
    """A model that can be cut. An override's title of None is the series' own."""

    def __init__(self, zone, start, rule, title="s", id=None):
        super().__init__(zone, start, 30, rule)
        self.title, self.id, self.cancelled = title, id, False

    def set(self):
        return {self.start, *self.rdates} if self.rule is None else super().set()

    def instances(self):
        return sorted(self.set() - self.exdates | set(self.overrides))

    def shown(self):
        status = "CANCELLED" if self.cancelled else "CONFIRMED"
        return [(plain(self.at((self.overrides.get(d) or (None,))[0] or d)), (self.overrides.get(d) or (None, None))[1] or self.title, status)
            for d in self.instances()]

    def cut(self, local):
        """The series from `local` on, which leaves this one. What it has is what this one had."""
        made = sorted(super().set() - self.rdates if self.rule else {self.start})
        left = [d for d in made if d >= local]
        after = Series(self.zone.key, left[0] if left else local, self.rule and self.counted(len(left)) if left else None, self.title)
        after.rdates = {d for d in self.rdates if d >= local} - {after.start}
        after.exdates = {d for d in self.exdates if d >= local}
        after.overrides = {d: v for d, v in self.overrides.items() if d >= local}
        self.rule = self.counted(len(made) - len(left))
        self.rdates -= after.rdates | {after.start}
        self.exdates -= after.exdates
        self.overrides = {d: v for d, v in self.overrides.items() if d < local}
        return after

    def counted(self, count):
        return ";".join([p for p in self.rule.split(";") if not p.startswith("COUNT")] + [f"COUNT={count}"])

    def move(self, local, to):
        """So that the instance at `local` is at `to`."""
        by, own = to - local, self.overrides.get(local)
        self.kept(lambda: self.begin_at(self.start + by))
        if own and local + by in self.overrides:
            self.overrides[local + by] = (None, own[1])

    def rename(self, local, title):
        self.title = title
        if local in self.overrides:
            self.overrides[local] = (self.overrides[local][0], None)


class Chain:
    def __init__(self, edits, rnd, first):
        self.edits, self.rnd, self.all, self.n = edits, rnd, [first], 0

    def title(self):
        self.n += 1
        return f"t{self.n}"

    def call(self, method, series, local, query, body=None, status=200):
        reply = self.edits(method, f"/v1/events/{series.id}_{plain(series.at(local))}{query}", body)
        assert reply.status == status, (reply, series.instances(), local)
        return reply.json if status == 200 else None

    def step(self):
        series = self.rnd.choice([s for s in self.all if not s.cancelled])
        instances = series.instances()
        local = self.rnd.choice(instances)
        first = local == instances[0]
        own = (series.overrides.get(local) or (None, None))[0]
        what = self.rnd.choice(["title", "time", "exclude", "following title", "following move", "following move", "following delete", "following cancel",
            "all title", "all move", "add"])
        by_rule = local in Model.set(series) - series.rdates if series.rule else local == series.start
        to = local + timedelta(days=self.rnd.choice([0, 0, 1, 7]), minutes=self.rnd.choice([0, 60, -90, 15]))
        if what == "title":
            title = self.title()
            self.call("PATCH", series, local, "", {"title": title})
            series.overrides[local] = (own, title)
        elif what == "time":
            at = local + timedelta(minutes=self.rnd.choice([30, 240, -60]))
            self.call("PATCH", series, local, "?scope=this", {"start_time": series.at(at)})
            series.overrides[local] = (at, (series.overrides.get(local) or (None, None))[1])
        elif what == "exclude" and len(instances) > 1:
            self.call("DELETE", series, local, "?mode=delete&scope=this", status=204)
            if local in series.set():
                series.exdates.add(local)
            series.overrides.pop(local, None)
        elif what == "add":
            date = series.start + timedelta(days=self.rnd.randint(1, 60), hours=self.rnd.randint(-3, 3))
            if date in series.exdates or date < series.start:
                return what
            series.rdates.add(date)
            reply = self.edits("PATCH", f"/v1/events/{series.id}", {"recurrence": {"rdates": [series.at(d) for d in series.rdates]}})
            assert reply.status == 200, reply
        elif what == "all title":
            title = self.title()
            self.call("PATCH", series, local, "?scope=all", {"title": title})
            series.rename(local, title)
        elif what == "all move" and to != (own or local):
            self.call("PATCH", series, local, "?scope=all", {"start_time": series.at(to)})
            series.move(local, to)
        elif what.startswith("following") and (by_rule or what == "following delete"):
            self.following(what, series, local, first, to, own)
        return what

    def following(self, what, series, local, first, to, own):
        scope = "?scope=this_and_following"
        if what == "following delete" and not first:
            self.call("DELETE", series, local, scope + "&mode=delete", status=204)
            series.cut(local)
        elif what == "following cancel":
            after = self.made(series, local, first, self.call("POST", series, local, f"/cancel{scope}", {}))
            after.cancelled = True
        elif what == "following title":
            title = self.title()
            self.made(series, local, first, self.call("PATCH", series, local, scope, {"title": title})).rename(local, title)
        elif what == "following move" and to != (own or local):
            self.made(series, local, first, self.call("PATCH", series, local, scope, {"start_time": series.at(to)})).move(local, to)

    def made(self, series, local, first, answer):
        assert answer["recurring_event_id"] is None
        if first:
            assert answer["id"] == series.id
            return series
        after = series.cut(local)
        after.id = answer["id"]
        assert after.id != series.id
        self.all.append(after)
        return after

    def shown(self):
        return sorted((i for s in self.all for i in s.shown()), key=str)


@pytest.mark.parametrize("seed", range(15))
def test_the_instances_after_random_edits_with_scopes_are_those_of_brute_force(edits, seed):
    rnd = random.Random(606 + seed)
    zone = ZONES[seed % len(ZONES)]
    start = datetime(2026, 10, 12, rnd.randint(8, 18), 0)
    series = Series(zone, start, rnd.choice(RULES))
    tzid = ":{}Z" if zone == "UTC" else f";TZID={zone}:{{}}"
    series.id = edits.put(document(event("DTSTART" + tzid.format(start.strftime("%Y%m%dT%H%M%S")), "DURATION:PT30M", f"RRULE:{series.rule}", "SUMMARY:s"))).id
    chain, done = Chain(edits, rnd, series), []
    for _ in range(9):
        if all(s.cancelled for s in chain.all):
            break
        done.append(chain.step())
        assert shown(edits.range(utc(RANGE[0]), utc(RANGE[1]))) == chain.shown(), done
    assert edits.expanded(plain(utc(RANGE[0])), plain(utc(RANGE[1]))) == chain.shown(), done
