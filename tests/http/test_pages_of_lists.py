# SPDX-License-Identifier: Apache-2.0
"""Pages of every list of /v1, forward and back: nothing twice, nothing missed, whatever is made or removed in between."""
import base64
import datetime
import json
import os
import random
import re

import pytest

from lists import (Apps, Audit, BookingPages, Bookings, Calendars, Connections, Deliveries, Endpoints, Events, HookEvents, Instances, Keys, Listed, Starts,
                   Usage)
from openapi import Document
from rest import Api, assert_error
from world import BIN, ROOT

SECONDS = 40
SERVE = ["--rate-limit", "0"]
DOCUMENT = Document.load(BIN)
NONE = b"0" * 22
RANGE = {"from": "2027-03-01T00:00:00Z", "to": "2027-04-01T00:00:00Z"}


@pytest.fixture(scope="module")
def owner(world):
    return world.account("pages@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Api(world, world.key(owner, kind="secret"))


def calendars(api):
    """All but the default one go, as those of an hour before."""
    for row in api("GET", "/v1/calendars?limit=100").json["data"]:
        if not row["is_default"]:
            api("DELETE", f"/v1/calendars/{row['id']}")
    return Calendars(api, "/v1/calendars")


def keys(api):
    api.world.sql("DELETE FROM api_key WHERE name LIKE 'k0.%'")
    return Keys(api, "/v1/api_keys")


def hooks(api, kind, path):
    api.world.sql(f"DELETE FROM {kind.table}")
    return kind(api, path)


def apps(api):
    """Those of the tests before went long ago; a hundred may be there."""
    api.world.sql("UPDATE oauth_client SET deleted_at = now() - interval '91 days' WHERE deleted_at IS NULL")
    return Apps(api, "/v1/oauth_apps")


def connections(api, path):
    api.world.sql("DELETE FROM client_connection; DELETE FROM connected_account")
    return Connections(api, path)


LISTS = {
    "calendars": calendars,
    "keys": keys,
    "audit": lambda api: Audit(api, "/v1/audit", kind="account.reactivated"),
    "usage": lambda api: Usage(api, "/v1/usage", "route"),
    "webhook usage": lambda api: Usage(api, "/v1/usage/webhooks", "webhook_endpoint"),
    "apps": apps,
    "connections": lambda api: connections(api, "/v1/connected_accounts"),
    "grants": lambda api: connections(api, "/v1/grants"),
    "endpoints": lambda api: hooks(api, Endpoints, "/v1/webhook_endpoints"),
    "hook events": lambda api: hooks(api, HookEvents, "/v1/webhook_events"),
    "deliveries": Deliveries,
    "booking pages": lambda api: hooks(api, BookingPages, "/v1/booking_pages"),
    "bookings": lambda api: hooks(api, Bookings, "/v1/bookings"),
    "newest": lambda api: Events(api, "/v1/events", calendar_id=api.calendar()["id"]),
    "instances": lambda api: Instances(api, "/v1/events", calendar_id=api.calendar()["id"], **RANGE),
    "sought": lambda api: Events(api, "/v1/events", calendar_id=api.calendar()["id"], q="standup"),
    "sought in a range": lambda api: Instances(api, "/v1/events", calendar_id=api.calendar()["id"], q="standup", **RANGE),
    "starts": lambda api: Starts(api, "/v1/events", calendar_id=api.calendar()["id"], expand="none", order="start_time_asc", **RANGE),
}


@pytest.fixture(params=LISTS)
def listed(api, request):
    return LISTS[request.param](api)


def fill(listed, chance, count):
    for _ in range(count):
        listed.add(chance)


def test_every_list_of_the_platform_is_tried_here():
    pages = {path for method, path, o in DOCUMENT.operations() if method == "GET" and path.startswith("/v1/")
             and path != "/v1/events/changes"  # that goes on by its token
             and "has_more" in json.dumps(DOCUMENT.resolve(o["responses"]["200"]).get("content", {}).get("application/json", {}).get("schema", {}))}
    assert pages == {"/v1/calendars", "/v1/api_keys", "/v1/events", "/v1/audit", "/v1/usage", "/v1/usage/webhooks", "/v1/oauth_apps", "/v1/connected_accounts",
                     "/v1/grants", "/v1/webhook_endpoints", "/v1/webhook_events", "/v1/webhook_endpoints/{endpoint}/deliveries", "/v1/booking_pages", "/v1/bookings",
                     "/v1/connections/{connection}/calendars"}  # as /v1/calendars: test_rest
    for path in pages:
        told = {p["name"] for p in map(DOCUMENT.resolve, DOCUMENT.json["paths"][path]["get"]["parameters"])}
        assert {"limit", "starting_after", "ending_before"} <= told


@pytest.mark.parametrize("limit", [1, 3, pytest.param(7, marks=pytest.mark.whole), 100])
def test_forward_to_the_end_and_back_is_the_same_list(listed, limit):
    fill(listed, random.Random(limit), 9 if limit == 1 else 16)
    whole = listed.all()
    assert len(whole) == len(set(whole)) >= 9
    pages = listed.forward(limit)
    assert [i for page in pages for i in listed.ids(page)] == whole
    assert pages[0]["previous_cursor"] is None and all(page["previous_cursor"] for page in pages[1:])
    back = listed.back(pages[-1], limit)
    assert [page["data"] for page in back] == [page["data"] for page in pages[-2::-1]]
    if back:
        assert back[-1]["previous_cursor"] is None and all(page["has_more"] for page in back)
        again = listed.page(limit=limit, starting_after=back[-1]["next_cursor"])
        assert again["data"] == pages[1]["data"], "and forward again from the first page"


@pytest.mark.parametrize("seed", [1, 3, *(pytest.param(seed, marks=pytest.mark.whole) for seed in (0, 2))])
def test_what_comes_and_goes_between_pages_moves_no_other_row(listed, seed):
    """Each row that was there all the time is told once, in the order of the list, whichever way."""
    chance = random.Random(seed)
    limit = chance.choice([1, 2, 3, 5])
    fill(listed, chance, 12)

    def between():
        for _ in range(chance.randint(0, 3)):
            rows = listed.all()
            if chance.random() < 0.5 or len(rows) < 7:
                listed.add(chance)
            else:
                listed.remove(chance.choice([r for r in rows if removable(listed, r)]))

    before = listed.all()
    pages = listed.forward(limit, between)
    check_told(pages, before, listed.all(), listed)
    before = listed.all()
    last = listed.forward(limit)[-1]
    back = listed.back(last, limit, between)
    check_told([*reversed(back), last], before, listed.all(), listed)


def removable(listed, row):
    if isinstance(listed, Keys):
        return row in listed.names
    return not isinstance(listed, Calendars) or not listed.api("GET", f"/v1/calendars/{row}").json["is_default"]


def check_told(pages, before, after, listed):
    told = [i for page in pages for i in listed.ids(page)]
    assert len(told) == len(set(told)), "none twice"
    stayed = [i for i in before if i in after]
    assert [i for i in told if i in stayed] == stayed, "none missed, in order"


def test_a_cursor_outlives_its_row_and_all_others(listed):
    chance = random.Random(7)
    fill(listed, chance, 5)
    page = listed.page(limit=2)
    for row in [r for r in listed.ids(page) if removable(listed, r)]:
        listed.remove(row)
    rest = listed.all()
    after = listed.page(limit=100, starting_after=page["next_cursor"])
    assert listed.ids(after) == [r for r in rest if r not in listed.ids(page)]
    before = listed.page(limit=100, ending_before=after["previous_cursor"])
    assert listed.ids(before) == [r for r in rest if r in listed.ids(page)]


def test_from_an_empty_page_the_way_back_is_open(api):
    """All after the cursor went: its page is empty, and the way back is open; likewise at the beginning."""
    listed = LISTS["newest"](api)
    fill(listed, random.Random(1), 4)
    first = listed.page(limit=2)
    old = listed.ids(listed.page(limit=2, starting_after=first["next_cursor"]))
    for row in old:
        listed.remove(row)
    empty = listed.page(limit=2, starting_after=first["next_cursor"])
    assert (empty["data"], empty["has_more"], empty["next_cursor"]) == ([], False, None)
    back = listed.page(limit=2, ending_before=empty["previous_cursor"])
    assert back["data"] == first["data"] and back["previous_cursor"] is None and not back["has_more"]
    fill(listed, random.Random(2), 2)
    page = listed.page(limit=2, starting_after=listed.page(limit=2)["next_cursor"])
    for row in set(listed.all()) - set(listed.ids(page)):
        listed.remove(row)
    empty = listed.page(limit=2, ending_before=page["previous_cursor"])
    assert (empty["data"], empty["previous_cursor"]) == ([], None) and empty["has_more"]
    on = listed.page(limit=2, starting_after=empty["next_cursor"])
    assert on["data"] == page["data"] and on["previous_cursor"] is None


# ---- what is refused ----


def cursor_of(listed, **query):
    fill(listed, random.Random(3), 3)
    return listed.page(limit=1, **query)["next_cursor"]


@pytest.mark.parametrize("limit,status", [(0, 400), (1, 200), (100, 200), (101, 400), (-1, 400), ("", 400), ("ten", 400), ("1e1", 400), ("99999999999999999999", 400)])
def test_a_limit_out_of_bounds_is_refused_and_not_clamped(listed, limit, status):
    """K16."""
    reply = listed.get(limit=limit)
    if status == 400:
        assert_error(reply, 400, "invalid_value", "limit")
    assert reply.status == status


def test_without_a_limit_a_page_has_25(listed):
    while len(listed.all()) < 27:
        fill(listed, random.Random(len(listed.all())), 27 - len(listed.all()))
    assert len(listed.page()["data"]) == 25


def test_both_cursors_at_once_are_refused(listed):
    cursor = cursor_of(listed)
    error = assert_error(listed.get(starting_after=cursor, ending_before=cursor), 400, "invalid_value", "ending_before")
    assert "starting_after" in error["message"]


def refused(listed, cursor):
    for param, told in (("starting_after", "next_cursor"), ("ending_before", "previous_cursor")):
        error = assert_error(listed.get(**{param: cursor}), 400, "invalid_value", param)
        assert told in error["message"] and "leave it out" in error["message"]


# Another choice of the same rows in the same order: a place is a place.
SAME_ORDER = [{"newest", "sought"}, {"instances", "sought in a range"}]


def test_a_cursor_of_another_list_is_refused(api):
    """Also of the same path in another order: its places are others."""
    lists = {name: make(api) for name, make in LISTS.items()}
    cursors = {name: cursor_of(listed) for name, listed in lists.items()}
    for name, listed in lists.items():
        for other, cursor in cursors.items():
            if other != name and {other, name} not in SAME_ORDER:
                refused(listed, cursor)


def test_a_cursor_of_another_account_or_mode_is_refused(world, owner, api):
    """K16."""
    cursors = {name: cursor_of(make(api)) for name, make in LISTS.items()}
    others = [world.key(owner, kind="secret", mode="test"), world.key(world.account("pages2@example.org", plan="pro"), kind="secret")]
    for name, cursor in cursors.items():
        query = RANGE if name in ("instances", "starts", "sought in a range") else {}
        query = {**query, "expand": "none"} if name == "starts" else query
        query = {"group_by": {"usage": "route"}.get(name, "webhook_endpoint")} if "usage" in name else query
        path = {"calendars": "/v1/calendars", "keys": "/v1/api_keys", "audit": "/v1/audit", "usage": "/v1/usage", "webhook usage": "/v1/usage/webhooks", "apps": "/v1/oauth_apps",
                "connections": "/v1/connected_accounts", "grants": "/v1/grants", "endpoints": "/v1/webhook_endpoints",
                "hook events": "/v1/webhook_events", "booking pages": "/v1/booking_pages", "bookings": "/v1/bookings"}.get(name, "/v1/events")
        if name == "deliveries":  # of an endpoint that others have not
            continue
        assert Listed(api, path, **query).get(starting_after=cursor).status == 200
        for key in others:
            refused(Listed(Api(world, key), path, **query), cursor)


def test_an_altered_cursor_is_refused(listed):
    """K16: Each bit of it, each octet less; and what is no cursor at all."""
    cursor = cursor_of(listed)
    plain = base64.urlsafe_b64decode(cursor[4:] + "=" * (-len(cursor[4:]) % 4))
    texts = ["cur_" + base64.urlsafe_b64encode(bytes([*plain[:i], plain[i] ^ bit, *plain[i + 1:]])).decode().rstrip("=")
             for i in range(len(plain)) for bit in (1, 128)]
    texts += [cursor[:n] for n in range(len(cursor))] + [cursor + "=", cursor + "A", cursor[4:], cursor.upper(), " " + cursor]
    texts += ["cur_", "evt_0000000000000000000001", "1' OR '1'='1", "null", "0", "cur_" + "A" * 4000, "ü"]
    random.Random(5).shuffle(texts)
    for text in texts[:60]:
        refused(listed, text)


def test_a_cursor_that_is_made_up_well_is_refused_or_a_place_of_the_callers(api):
    """K16: The digest is no secret: what stands in place of a place is read as strictly as anything from outside."""
    from hashlib import sha256
    account = api("GET", "/v1/profile").json["id"]
    for path, name, order, places in (
            ("/v1/calendars", "listCalendars", "account", [b"", b" ", b"0", b"x y", b"-1 a", b"99999999999 a", b"5 \xff", b"5 a\0b", b"5"]),
            ("/v1/api_keys", "listApiKeys", "newest", [b"", b"id_", b"key_0000000000000000000001", b"id_000000000000000000000\0", b"\xff"]),
            ("/v1/audit", "listAudit", "newest", [b"", b"x", b"-1", b"01", b"1 ", b"9223372036854775808", b"\xff"]),
            ("/v1/usage", "listUsage", "by 0", [b"", b"0", b"0 id_0 id_0 x", b"00 id_%s id_%s x" % (NONE, NONE), b"0 id_%s id_%s" % (NONE, NONE),
                                                b"-1 id_%s id_%s x" % (NONE, NONE), b"9999999999 id_%s id_%s x" % (NONE, NONE),
                                                b"0 id_%s id_%s \0" % (NONE, NONE), b"0 id_%s id_%s \xff" % (NONE, NONE)]),
            ("/v1/events", "listEvents", "newest", [b"", b"id_0", b"id_zzzzzzzzzzzzzzzzzzzzzz"])):
        for kind in (b"=", b"<", b">", b"?"):
            for place in places if kind == b"=" else [b"x"]:
                told = f"{name} {order} {account} ".encode() + kind + place
                cursor = "cur_" + base64.urlsafe_b64encode(sha256(told).digest()[:9] + kind + place).decode().rstrip("=")
                refused(Listed(api, path), cursor)


# ---- what a page costs ----

ACCOUNT = "11111111-1111-7111-8111-111111111110"
STARTS = {"key_older": "'ffffffff-ffff-ffff-ffff-ffffffffffff', '-infinity', 26, NULL, now()", "key_newer": "'00000000-0000-0000-0000-000000000000', '-infinity', 26, NULL, now()"}


@pytest.mark.parametrize("known", ["as it comes", "all that there is"])
@pytest.mark.parametrize("name", STARTS)
def test_a_page_of_keys_is_read_by_their_key_and_never_sorted(world, name, known):
    """Whatever the planner knows, of which autovacuum tells it more at any time. What agenda.sql has is in test_dav_plans.py; of calendars an account has 250 at most."""
    with open(os.path.join(ROOT, "sql/queries/key.sql"), encoding="utf-8") as file:
        statement = re.search(rf"^-- name: {name}\n(?:--.*\n)*((?:.+\n)+)", file.read(), re.M)[1].rstrip(";\n")
    if known == "all that there is":
        world.sql("ANALYZE api_key")
    plan = "\n".join("".join(r) for r in world.sql(
        f"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE q AS {statement}; "
        f"EXPLAIN (COSTS off) EXECUTE q('{ACCOUNT}', {STARTS[name]})"))
    assert "api_key_pkey" in plan and "Sort" not in plan and "Limit" in plan, plan
    assert re.search(r"Index Cond: \(\(account_id = \$1\) AND \(id [<>] \$2\)\)", plan), plan


# ---- when it was made ----

SIGNS = {"gte": lambda at, bound: at >= bound, "gt": lambda at, bound: at > bound, "lte": lambda at, bound: at <= bound, "lt": lambda at, bound: at < bound}
BY_CREATED = {path for method, path, o in DOCUMENT.operations() if method == "GET" and "created[gte]" in {p["name"] for p in map(DOCUMENT.resolve, o["parameters"])}}


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def rows_between(listed, limit, **bounds):
    """All rows of these bounds, forward; backward from the last page they are the same."""
    asked = Listed(listed.api, listed.path, **listed.query, **{f"created[{sign}]": at for sign, at in bounds.items()})
    pages = asked.forward(limit)
    back = asked.back(pages[-1], limit)
    assert [row for page in back[::-1] for row in page["data"]] == [row for page in pages[:-1] for row in page["data"]]
    return [row["id"] for page in pages for row in page["data"]]


def test_what_was_made_in_a_time_is_told_alone(listed):
    """To the microsecond that `created_at` shows, with each bound and with two."""
    fill(listed, random.Random(3), 7)
    rows = [row for page in listed.forward(100) for row in page["data"]]
    if re.sub("/wbk_[^/]+", "/{endpoint}", listed.path) not in BY_CREATED:
        assert listed.get(**{"created[gte]": "2026-01-01T00:00:00Z"}).status == 400
        return
    for bound in (rows[0]["created_at"], rows[3]["created_at"], rows[-1]["created_at"]):
        for sign, holds in SIGNS.items():
            assert rows_between(listed, 2, **{sign: bound}) == [r["id"] for r in rows if holds(moment(r["created_at"]), moment(bound))], (sign, bound)
    low, high = sorted((rows[1]["created_at"], rows[5]["created_at"]), key=moment)
    assert rows_between(listed, 2, gt=low, lte=high) == [r["id"] for r in rows if moment(low) < moment(r["created_at"]) <= moment(high)]
    assert rows_between(listed, 2, gt=high, lt=low) == []
    for wrong in ("yesterday", "1764547200", "2026-11-30", ""):
        assert_error(listed.get(**{"created[lt]": wrong}), 400, "invalid_value", "created[lt]")


def test_every_list_that_has_the_newest_first_is_asked_by_it():
    """Calendars come in the order of the account; connections are dated by the consent, which is given anew."""
    assert BY_CREATED == {"/v1/api_keys", "/v1/events", "/v1/oauth_apps", "/v1/webhook_endpoints", "/v1/webhook_events",
                          "/v1/webhook_endpoints/{endpoint}/deliveries", "/v1/booking_pages", "/v1/bookings"}


def test_what_is_far_from_the_time_is_not_read(world, owner, api):
    """Ids begin with the time when they were made: pages begin at the bound, and end where nothing more can come."""
    listed = hooks(api, HookEvents, "/v1/webhook_events")
    [(account,)] = world.sql(f"SELECT account_id FROM account WHERE email = '{owner.email}' AND livemode")
    days = range(1, 29, 3)
    for day in days:
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=day)
        world.sql(f"""INSERT INTO webhook_event (account_id, id, type, sequence, needs, created_at, body)
                      VALUES ('{account}', ('{int(at.timestamp() * 1000):012x}' || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,
                              'ping', {day}, 0, '{at.isoformat()}', convert_to('{{"type":"ping"}}', 'UTF8'))""")
    ago = lambda d: (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=d)).isoformat().replace("+00:00", "Z")
    for bounds, there in (({"gte": ago(8.5)}, [1, 4, 7]), ({"lt": ago(18)}, [19, 22, 25, 28]), ({"gt": ago(20), "lt": ago(8)}, [10, 13, 16, 19]),
                          ({"gte": ago(0.5)}, []), ({"lte": ago(40)}, []), ({"lte": "1960-01-01T00:00:00Z"}, []), ({"gte": "1960-01-01T00:00:00Z"}, [*days]),
                          ({"lte": "9999-12-31T23:59:59Z"}, [*days]), ({"gte": "9999-12-31T23:59:59Z"}, [])):
        asked = Listed(api, listed.path, **{f"created[{sign}]": at for sign, at in bounds.items()})
        pages = asked.forward(2)
        assert [row["sequence"] for page in pages for row in page["data"]] == there, bounds
        assert len(pages) == max(1, (len(there) + 1) // 2), "no page is read for nothing"
