# SPDX-License-Identifier: Apache-2.0
"""What one account may store (RFC 4331): refused in full and with its name where it would be more, told in two properties."""
import json
import threading
import uuid

import pytest

from dav import D, Dav
from davwrite import at_once, fates, mkcalendar, names, new_event, proppatch, props, put_new

SERVE = ["--account-storage-mib", "1", "--rate-limit", "10000"]
MIB = 1024 * 1024
QUOTA = "<D:quota-used-bytes/><D:quota-available-bytes/>"
USED, AVAILABLE = D + "quota-used-bytes", D + "quota-available-bytes"
FULL = D + "quota-not-exceeded"


def sized(octets, uid=None, of="x"):
    """An event of exactly so many octets, in lines that are not too long."""
    uid = uid or str(uuid.uuid4())
    rest, lines = octets - len(new_event(uid, "20270101T100000Z")), []
    while rest:
        line = rest if rest <= 50_000 else 40_000
        lines.append("X-PAD:" + of * (line - len("X-PAD:") - 2))
        rest -= line
    return new_event(uid, "20270101T100000Z", *lines)


def usage(dav, path):
    member = props(dav, path, QUOTA)
    return int(member.text(USED)), int(member.text(AVAILABLE))


def is_full(answer):  # RFC 4331 §6
    assert answer.status == 507 and answer.condition == [FULL], answer
    assert "storage of this account is full" in answer.text and "1 MiB" in answer.text
    return True


def state(dav, *paths):
    return [(dav.propfind(p, "<D:sync-token/>" + QUOTA).body, names(dav, p)) for p in paths]


def test_an_object_has_the_size_that_it_is_made_with():
    assert len(sized(5000)) == len(sized(5000, "u" * 36)) == 5000


def test_what_would_be_too_much_is_refused_and_changes_nothing(dav, cal, other):
    put_new(dav, cal + "a.ics", sized(600_000, "u" * 36))
    before = state(dav, cal, other)
    for path in (cal, other):
        assert is_full(dav.put(path + "b.ics", sized(600_000)))
        assert dav.request("GET", path + "b.ics").status == 404
    assert state(dav, cal, other) == before
    put_new(dav, other + "b.ics", sized(MIB - 600_000))  # to the octet
    assert is_full(dav.put(cal + "a.ics", sized(600_001, "u" * 36)))
    assert is_full(dav.put(other + "c.ics", sized(200)))


def test_what_takes_no_more_is_welcome_in_a_full_account(dav, cal):
    put_new(dav, cal + "a.ics", sized(MIB, "u" * 36))
    assert usage(dav, cal) == (MIB, 0)
    assert is_full(dav.put(cal + "b.ics", sized(200)))
    same = sized(MIB, "u" * 36, "y")
    assert dav.put(cal + "a.ics", same).status == 204
    assert dav.put(cal + "a.ics", same).status == 204
    for octets in (MIB - 1000, MIB - 500, MIB - 1000):  # what it grows by counts, not what it is
        assert dav.put(cal + "a.ics", sized(octets, "u" * 36)).status == 204
    put_new(dav, cal + "b.ics", sized(1000))
    assert dav.request("DELETE", cal + "a.ics").status == 204
    put_new(dav, cal + "c.ics", sized(MIB - 1000))


def test_an_import_stores_what_fits_and_tells_the_rest(world, owner, dav, cal):
    def imported(*events):
        components = "".join(e[e.index("BEGIN:VEVENT"):e.index("END:VCALENDAR")] for e in events)
        return world.request("POST", f"/v1/calendars/{calendar}/import", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{components}END:VCALENDAR\r\n",
                             {"Content-Type": "text/calendar"}, owner.key)
    [calendar] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(cal)]
    reply = imported(sized(400_000), sized(400_000), sized(400_000), sized(1000))
    assert (reply.status, reply.json["created"], reply.json["left_out"]) == (200, 2, 2), reply
    assert "storage of this account is full" in reply.json["notes"][0]["text"] and len(names(dav, cal)) == 2
    reply = imported(sized(400_000), sized(400_000))
    assert reply.status == 507 and reply.json["error"]["code"] == "quota_exceeded" and len(names(dav, cal)) == 2


def test_a_copy_needs_room_and_a_move_does_not(dav, cal, other):
    put_new(dav, cal + "a.ics", sized(600_000))
    before = state(dav, cal, other)
    assert is_full(dav.request("COPY", cal + "a.ics", Destination=other + "a.ics"))
    assert state(dav, cal, other) == before
    put_new(dav, other + "b.ics", sized(MIB - 600_000))
    assert dav.request("MOVE", cal + "a.ics", Destination=other + "a.ics").status == 201
    assert usage(dav, other) == (MIB, 0)
    # what is replaced makes room for the copy
    assert dav.request("COPY", other + "b.ics", Destination=other + "a.ics").status == 403  # its UID is there
    assert dav.request("COPY", other + "b.ics", Destination=cal + "b.ics").status == 507
    assert dav.request("DELETE", other + "a.ics").status == 204
    assert dav.request("COPY", other + "b.ics", Destination=cal + "b.ics").status == 201


def test_a_calendar_is_copied_where_it_fits(dav, cal, other, fresh):
    put_new(dav, cal + "a.ics", sized(600_000))
    assert is_full(dav.request("COPY", cal, Destination=fresh))
    assert dav.propfind(fresh, "<D:resourcetype/>").status == 404
    assert dav.request("COPY", cal, Destination=fresh, Depth=0).status == 201  # without its objects
    assert is_full(dav.request("COPY", cal, Destination=fresh, Overwrite="T"))
    assert names(dav, fresh) == set()
    put_new(dav, other + "a.ics", sized(400_000))
    assert dav.request("MOVE", cal, Destination=fresh, Overwrite="T").status == 204
    assert dav.request("COPY", other, Destination=fresh, Overwrite="T").status == 204  # in place of what is larger
    assert usage(dav, fresh) == (400_000, MIB - 800_000)


def test_copies_of_calendars_at_once_count_each_other(world, owner, dav, home, cal):
    put_new(dav, cal + "a.ics", sized(400_000))
    made, outcomes = [f"{home}{uuid.uuid4()}/" for _ in range(4)], []
    copy = lambda: outcomes.extend(at_once(dav, 4, lambda mine, i: mine.request("COPY", cal, Destination=made[i]).status))
    with world.holding(f"SELECT FROM account WHERE email = '{owner.email}' FOR UPDATE") as commit:
        thread = threading.Thread(target=copy)
        thread.start()
        assert world.wait_for(lambda: world.waiting() == 4)
        commit()
        thread.join()
    for path in made:
        dav.request("DELETE", path)
    assert outcomes == [201, 507, 507, 507]


def test_writes_at_once_go_past_it_by_what_they_write_at_most(dav, home):
    paths = [f"{home}{uuid.uuid4()}/" for _ in range(6)]
    for path in paths:
        assert dav.request("MKCALENDAR", path).status == 201
    outcomes = at_once(dav, 6, lambda mine, i: [mine.put(f"{paths[i]}{n}.ics", sized(50_000)).status for n in range(8)])
    used, available = usage(dav, home)
    assert available == 0 or used > MIB - 50_000
    assert used <= MIB + 6 * 50_000 and 507 in sum(outcomes, [])
    for path in paths:
        dav.request("DELETE", path)


def test_rest_is_refused_by_the_same_limit(world, owner, dav, cal):
    [mine] = [c["id"] for c in world.get("/v1/calendars", key=owner.key).json["data"] if c["caldav_url"].endswith(cal)]
    event = {"calendar_id": mine, "title": "One more", "start_time": "2027-01-01T10:00:00Z", "end_time": "2027-01-01T11:00:00Z"}
    headers = {"Content-Type": "application/json"}
    put_new(dav, cal + "a.ics", sized(MIB - 1000))
    made = world.post("/v1/events", json.dumps(event), headers, owner.key)
    assert made.status == 201, made
    for method, target, sent in (("POST", "/v1/events", {**event, "description": "x" * 1000}),
            ("PATCH", f"/v1/events/{made.json['id']}", {"description": "x" * 1000})):
        reply = world.request(method, target, json.dumps(sent), headers, owner.key)
        assert (reply.status, reply.json["error"]["code"]) == (507, "quota_exceeded"), reply
        assert "storage of this account is full" in reply.json["error"]["message"]
    assert world.get(f"/v1/events/{made.json['id']}", key=owner.key).json["etag"] == made.json["etag"]


def test_nobody_else_is_touched(world, owner, dav, cal):
    put_new(dav, cal + "a.ics", sized(MIB))
    ann = world.account("ann@example.org")
    put_new(Dav(world.url, ann.email, ann.key), f"/dav/calendars/{ann.id}/default/a.ics", sized(MIB - 1000))
    test_world = Dav(world.url, owner.email, world.key(owner, kind="secret", mode="test"))
    put_new(test_world, f"/dav/calendars/test-{owner.id}/default/a.ics", sized(1000))
    assert is_full(dav.put(cal + "b.ics", sized(200)))


# ---- RFC 4331 §3, §4 ----


def test_home_and_calendars_tell_what_is_used_and_what_is_left(world, dav, home, cal, other):
    put_new(dav, cal + "a.ics", sized(300_000))
    put_new(dav, other + "a.ics", sized(100_000))
    members = dav.propfind(home, QUOTA, depth=1).members
    found = {p: (int(members[p].text(USED)), int(members[p].text(AVAILABLE))) for p in (home, cal, other)}
    left = MIB - 400_000
    assert found == {home: (400_000, left), cal: (300_000, left), other: (100_000, left)}
    # a credential that sees one calendar hears what it can still write
    [[one]] = world.sql(f"SELECT id FROM calendar WHERE name = '{other.split('/')[-2]}'")
    key = world.key(world.account("write@example.org"), kind="restricted", scope="calendars:read events:read")
    world.sql(f"UPDATE api_key SET calendars = ARRAY['{one}']::uuid[] WHERE kind = 3")
    assert usage(Dav(world.url, "write@example.org", key), other) == (100_000, left)
    # of a calendar's own limit and the account's, the nearer one
    world.sql(f"UPDATE calendar_state SET bytes = 1073741824 - 7 WHERE calendar_id = '{one}'")
    assert usage(dav, other) == (1073741824 - 7, 0)


def test_they_are_named_but_not_part_of_allprop(dav, home, cal):
    """RFC 4331 §2."""
    for path in (home, cal):
        [listed] = dav.propfind(path, body="<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>").responses
        assert {USED, AVAILABLE} <= set(listed.ok)
        [everything] = dav.propfind(path, body="<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>").responses
        assert not {USED, AVAILABLE} & set(everything.ok)
        body = f"<D:propfind xmlns:D='DAV:'><D:allprop/><D:include>{QUOTA}</D:include></D:propfind>"
        [included] = dav.propfind(path, body=body).responses
        assert int(included.text(USED)) + int(included.text(AVAILABLE)) == MIB


def test_they_are_protected(dav, home, cal):
    """RFC 4331 §3, §4."""
    for path in (home, cal):
        for name in (USED, AVAILABLE):
            answer = proppatch(dav, path, f"<{name.replace(D, 'D:')}>1</{name.replace(D, 'D:')}>")
            assert fates(answer)[name] == (403, D + "cannot-modify-protected-property"), answer


def test_who_does_not_ask_pays_no_round_trip(world, owner, dav, home, cal):
    def trips(path, asked):
        body = f"<D:propfind xmlns:D='DAV:'><D:prop>{asked}</D:prop></D:propfind>"
        return int(world.log_of(world.dav("PROPFIND", path, body, {"Depth": "0", "Content-Type": "application/xml"}, owner))["db"])

    for path in (home, cal):
        plain = trips(path, "<D:resourcetype/>")
        assert (plain, trips(path, QUOTA)) == (1, 2)


def test_a_report_tells_them_too(dav, home, cal):
    """RFC 3253 §3.8; RFC 3744 §9.3."""
    put_new(dav, cal + "a.ics", sized(1000))
    body = f"<D:expand-property xmlns:D='DAV:'><D:property name='quota-used-bytes'/></D:expand-property>"
    assert f"<D:quota-used-bytes>1000</D:quota-used-bytes>" in dav.report(home, body).text
    body = f"<D:principal-match xmlns:D='DAV:'><D:principal-property><D:owner/></D:principal-property><D:prop>{QUOTA}</D:prop></D:principal-match>"
    assert dav.report("/dav/calendars/", body).members[home].text(USED) == "1000"


# ---- dead properties, which are not counted as storage ----


@pytest.fixture
def nearly_full(world, account):
    """4,998 of 5,000."""
    world.sql("INSERT INTO dead_property (account_id, resource_id, ns, local, xml) SELECT a.account_id, gen_random_uuid(), 'urn:x', 'p', '<p/>' "
        "FROM account a, generate_series(1, 4998) WHERE a.email = 'write@example.org' AND a.livemode")
    yield
    world.sql("DELETE FROM dead_property WHERE ns = 'urn:x'")


def own(count):
    return "".join(f"<x:p{i} xmlns:x='urn:x'>v</x:p{i}>" for i in range(count))


def test_an_account_has_a_number_of_dead_properties(dav, home, cal, other, fresh, nearly_full):
    put_new(dav, cal + "a.ics")
    for path in (home, cal, cal + "a.ics"):
        answer = proppatch(dav, path, own(3))
        assert answer.status == 507 and answer.condition == [FULL] and "5000" in answer.text
    assert fates(proppatch(dav, cal + "a.ics", own(2))) == {"{urn:x}p0": (200, None), "{urn:x}p1": (200, None)}
    assert fates(proppatch(dav, cal + "a.ics", own(2).replace("v<", "other<")))["{urn:x}p0"] == (200, None)  # no more than before
    assert mkcalendar(dav, fresh, own(1)).status == 507
    assert dav.propfind(fresh, "<D:resourcetype/>").status == 404
    answer = dav.request("COPY", cal + "a.ics", Destination=other + "b.ics")
    assert answer.status == 507 and answer.condition == [FULL] and "5000" in answer.text
    put_new(dav, cal + "plain.ics")
    assert dav.request("DELETE", cal + "a.ics").status == 204
    assert fates(proppatch(dav, cal, own(2)))["{urn:x}p1"] == (200, None)
    assert dav.request("COPY", cal, Destination=fresh).status == 507
    assert fates(proppatch(dav, cal, "", own(2)))["{urn:x}p1"] == (200, None)
    assert dav.request("COPY", cal, Destination=fresh).status == 201


# ---- without a limit ----


def test_without_a_limit_a_home_has_nothing_left_to_tell(world, dav, home, cal):
    """RFC 4331 §3: infinite limits."""
    world.restart("--account-storage-mib", "0")
    put_new(dav, cal + "a.ics", sized(MIB))
    put_new(dav, cal + "b.ics", sized(MIB))
    member = props(dav, home, QUOTA)
    assert int(member.text(USED)) == 2 * MIB and member.missing == {AVAILABLE}
    assert usage(dav, cal) == (2 * MIB, 1073741824 - 2 * MIB)
    [listed] = dav.propfind(home, body="<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>").responses
    assert USED in listed.ok and AVAILABLE not in listed.ok
