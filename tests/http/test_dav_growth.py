# SPDX-License-Identifier: Apache-2.0
"""What a request reads of the database does not grow with what it is not about: plans made while the tables were
empty, a calendar that grows where the answer does not.

A new database is never analyzed here. Each request runs first while there is next to nothing, so that every session has
its plans; then the tables grow behind its back; then it is counted what the same requests read.
"""
import json
import time
import uuid

import pytest

from dav import D, Dav
from davwrite import new_event, proppatch, put_new

SECONDS = 25
SERVE = ["--db-connections", "1", "--rate-limit", "1000000"]
JSON = {"Content-Type": "application/json"}
SMALL, LARGE = 2_000, 40_000
DAY = ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z")
RANGE = "<C:time-range start='20260601T000000Z' end='20260602T000000Z'/>"

# 20 a day around the first of June: of an hour, of the whole day (floating, bounds widened), of three weeks.
FILL = """
INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
       created_at, size, component, flags, deleted, etag, name, uid, data)
SELECT c.account_id, c.id, gen_random_uuid(), 1000000 + n, at, at + l, span_of(at, at + l), 'infinity', now(), now(), length(d), 1, 4, false,
       substring(sha256(d::bytea) FROM 1 FOR 16), 'fill' || n || '.ics', 'fill-' || n || '@example.org', d::bytea
  FROM calendar c, generate_series({first}, {last}) n,
       LATERAL (SELECT '2026-06-01'::timestamptz + (n / 2 * (CASE n % 2 WHEN 0 THEN 1 ELSE -1 END)) * interval '72 minutes',
                       CASE WHEN n % 20 < 17 THEN interval '1 hour' WHEN n % 20 < 19 THEN interval '50 hours'
                            ELSE interval '500 hours' END) t(at, l),
       LATERAL (SELECT format(E'BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\nPRODID:x\\r\\nBEGIN:VEVENT\\r\\nUID:fill-%s@example.org\\r\\n'
                'DTSTAMP:20260101T000000Z\\r\\nDTSTART:%sZ\\r\\nDTEND:%sZ\\r\\nTRANSP:TRANSPARENT\\r\\nEND:VEVENT\\r\\nEND:VCALENDAR\\r\\n', n,
                to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS'),
                to_char((at + l) AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS'))) o(d)
 WHERE c.name = '{calendar}';
UPDATE calendar_state s SET modseq = 1000000 + {last}, objects = objects + {last} - {first} + 1
  FROM calendar c WHERE c.id = s.calendar_id AND c.name = '{calendar}';
"""
MORE_KEYS = """
INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes)
SELECT a.account_id, gen_random_uuid(), sha256(random()::text::bytea), 3, 'x', 'x', 0
  FROM account a, generate_series(1, 2000) WHERE a.livemode;
"""


def read_so_far(world):
    """{index or table: entries and rows that were fetched by it; "… (pages)": pages of an index that were looked at, also
    for entries that did not fit}, of what the sessions told so far."""
    world.postgres.leave(world.database)  # what our own statements read is told before, and not in the midst of what is measured
    rows = world.sql("SELECT relname || ' (seq)', seq_tup_read FROM pg_stat_user_tables UNION ALL "
                     "SELECT indexrelname, idx_tup_read + idx_tup_fetch FROM pg_stat_user_indexes UNION ALL "
                     "SELECT indexrelname || ' (pages)', idx_blks_read + idx_blks_hit FROM pg_statio_user_indexes")
    return {name: int(n) for name, n in rows if n}


def rows_of(read):
    return sum(n for name, n in read.items() if not name.endswith(" (pages)"))


def pages_of(read):
    return sum(n for name, n in read.items() if name.endswith(" (pages)"))


def told(world, owner):
    """A session tells when it ends a statement a second after it last did."""
    time.sleep(1.1)
    assert world.get("/v1/profile", key=owner.key).status == 200
    return read_so_far(world)


def most_of(first, second):
    """A session that cannot tell all at once, on a busy machine, tells the rest later."""
    return {name: max(first.get(name, 0), second.get(name, 0)) for name in first | second}


@pytest.fixture(scope="module")
def place(world):
    owner = world.account("grows@example.org", plan="pro")
    dav = Dav(world.url, owner.email, owner.key)
    world.sql("""DO $$ DECLARE t regclass; BEGIN
        FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', t);
        END LOOP; END $$""")
    with world.jobs_held():  # they read, too, by the same connection
        yield dav, owner, f"/dav/calendars/{owner.id}/"


def requests(world, place):
    """Name → run: each hot request once, on one object."""
    dav, owner, home = place
    cal, other = home + "default/", home + "other/"
    uid = f"{uuid.uuid4()}@example.org"
    obj = cal + "hot.ics"
    made = {}

    def rest(method, target, body=None):
        reply = world.request(method, target, body and json.dumps(body), JSON, owner.key)
        assert reply.status < 300, reply
        return reply

    def dav_is(answer, *statuses):
        assert answer.status in statuses, answer
        return answer

    def query(filters):
        return dav_is(dav.query(cal, filters), 207)

    uid_filter = f"<C:comp-filter name='VEVENT'><C:prop-filter name='UID'><C:text-match>{uid}</C:text-match></C:prop-filter></C:comp-filter>"
    return {
        "PUT new": lambda: dav_is(dav.put(obj, new_event(uid, "20260601T100000Z")), 201),
        "PUT over": lambda: dav_is(dav.put(obj, new_event(uid, "20260601T100000Z", summary="Other")), 204),
        "GET": lambda: dav_is(dav.request("GET", obj), 200),
        "PROPFIND": lambda: dav_is(dav.propfind(obj, "<D:getetag/>"), 207),
        "multiget": lambda: dav_is(dav.multiget(cal, [obj]), 207),
        "PROPPATCH": lambda: dav_is(proppatch(dav, obj, "<x:y xmlns:x='urn:x'>1</x:y>"), 207),
        "sync": lambda: dav_is(dav.sync(cal, made["token"]), 207),
        "query by UID": lambda: query(uid_filter),
        "query of tasks": lambda: query("<C:comp-filter name='VTODO'/>"),
        "query of a day": lambda: query(f"<C:comp-filter name='VEVENT'>{RANGE}</C:comp-filter>"),
        "free-busy-query": lambda: dav_is(dav.report(cal, f"<C:free-busy-query xmlns:C='urn:ietf:params:xml:ns:caldav'>{RANGE}</C:free-busy-query>", 1), 200),
        "REST list of a day": lambda: rest("GET", f"/v1/events?from={DAY[0]}&to={DAY[1]}"),
        "REST list of what comes": lambda: rest("GET", f"/v1/events?from={DAY[0]}&to=2026-07-01T00:00:00Z&limit=5"),
        "REST create": lambda: made.update(rest("POST", "/v1/events", {"title": "x", "start_time": "2026-06-01T10:00:00Z",
                                                                      "end_time": "2026-06-01T11:00:00Z"}).json),
        "REST get": lambda: rest("GET", f"/v1/events/{made['id']}"),
        "REST patch": lambda: rest("PATCH", f"/v1/events/{made['id']}", {"title": "y"}),
        "MOVE": lambda: dav_is(dav.request("MOVE", obj, Destination=other + "hot.ics"), 201),
        "MOVE back": lambda: dav_is(dav.request("MOVE", other + "hot.ics", Destination=obj), 201),
        "DELETE": lambda: dav_is(dav.request("DELETE", obj), 204),
        "the rest": lambda: [rest("DELETE", f"/v1/events/{made['id']}"), dav.request("DELETE", obj)],
    }, made


def reads_of_all(world, place, runs, made):
    dav, owner, home = place
    made["token"] = dav.propfind(home + "default/", "<D:sync-token/>").responses[0].text(D + "sync-token")
    before = told(world, owner)
    for run in runs.values():
        run()
    after = told(world, owner)
    return {name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)}


def test_what_requests_read_does_not_grow_with_the_calendar(world, place):
    dav, owner, home = place
    assert dav.request("MKCALENDAR", home + "other/").status == 201
    runs, made = requests(world, place)
    for _ in range(2):
        reads_of_all(world, place, runs, made)
    world.sql(FILL.format(calendar="default", first=1, last=SMALL))
    world.sql(MORE_KEYS)
    few = most_of(reads_of_all(world, place, runs, made), reads_of_all(world, place, runs, made))
    world.sql(FILL.format(calendar="default", first=SMALL + 1, last=LARGE))
    many = reads_of_all(world, place, runs, made)
    assert rows_of(few) < 6_000, few
    assert rows_of(many) <= 1.3 * rows_of(few), (few, many)
    assert pages_of(many) <= 1.6 * pages_of(few), (few, many)  # the trees are a level deeper


def test_a_put_into_a_growing_calendar_reads_the_same(world, place):
    """From the first on, in a session that made its plans before there was any."""
    dav, owner, home = place
    assert dav.request("MKCALENDAR", home + "grows/").status == 201
    reads = []
    for round_ in range(3):
        before = told(world, owner)
        for i in range(300):
            put_new(dav, f"{home}grows/{round_}-{i}.ics")
        after = told(world, owner)
        reads.append(rows_of(after) - rows_of(before))
    assert reads[0] < 300 * 25 and reads[2] <= 1.1 * reads[0] + 50, reads


@pytest.mark.parametrize("asked", ["", "&from=2000-01-01T00:00:00Z&to=2060-01-01T00:00:00Z"], ids=["newest", "instances"])
def test_a_page_of_events_reads_the_same_in_a_larger_calendar_and_at_any_place(world, place, asked):
    """Both ways from the middle. A batch of candidates is of 500 for each class of length: the smaller one has as many."""
    dav, owner, home = place
    name = f"pages{len(asked)}"
    assert dav.request("MKCALENDAR", f"{home}{name}/").status == 201
    [made] = [c for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(f"/{name}/")]

    def page(query, **cursors):
        sent = "".join(f"&{param}={cursor}" for param, cursor in cursors.items())
        reply = world.get(f"/v1/events?calendar_id={made['id']}&limit=5{query}{sent}", key=owner.key)
        assert reply.status == 200 and len(reply.json["data"]) == 5, reply
        return reply.json

    def reads():
        middle = page(f"&from={DAY[0]}&to={DAY[1]}" if asked else asked)
        before = told(world, owner)
        there = page(asked, starting_after=middle["next_cursor"])
        for _ in range(3):
            there = page(asked, starting_after=there["next_cursor"])
        for _ in range(5):
            there = page(asked, ending_before=there["previous_cursor"]) if there["previous_cursor"] else there
        after = told(world, owner)
        return {n: after[n] - before.get(n, 0) for n in after if after[n] > before.get(n, 0)}

    world.sql(FILL.format(calendar=name, first=1, last=LARGE // 2))
    few = most_of(reads(), reads())
    world.sql(FILL.format(calendar=name, first=LARGE // 2 + 1, last=LARGE * 2))
    many = reads()
    assert rows_of(many) <= 1.3 * rows_of(few) and pages_of(many) <= 1.6 * pages_of(few), (few, many)
