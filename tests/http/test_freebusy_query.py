# SPDX-License-Identifier: Apache-2.0
"""POST /v1/freebusy/query: several people at once, who may be asked about, and that nothing tells who exists."""
import json

import pytest

from oauth_flow import App, Browser
from rest import Api, assert_error

SERVE = ["--rate-limit", "100000"]
FROM, TO = "2027-03-01T00:00:00Z", "2027-03-08T00:00:00Z"
NOBODY = "usr_0355WHuCFfRpMfB53mC9Z6"


def event(api, start, end, **fields):
    return api.event(start_time=f"2027-03-{start}:00Z", end_time=f"2027-03-{end}:00Z", timezone="UTC", **fields)


def query(world, key, participants, headers=None, **changes):
    body = {"participants": participants, "from": FROM, "to": TO} | changes
    return world.post("/v1/freebusy/query", json.dumps(body), {"Content-Type": "application/json", **(headers or {})}, key)


def busy(reply, name):
    assert reply.status == 200, reply
    told = reply.json["participants"][name]
    assert "errors" not in told, told
    return [f"{b['start'][8:16]}/{b['end'][8:16]}" for b in told["busy"]]


def is_unknown(reply, name):
    assert reply.status == 200, reply
    told = reply.json["participants"][name]
    return told == {"busy": [], "errors": [{"code": "not_found", "message":
                                            "There is no such participant, or it is not yours to ask about."}]}


@pytest.fixture(scope="module")
def platform(world):
    return world.account("owner@platform.example", plan="pro")


@pytest.fixture(scope="module")
def secret(world, platform):
    return world.key(platform, kind="secret")


@pytest.fixture(scope="module")
def user(world):
    """Busy on the 1st from 9 to 10 and 10 to 11, tentatively from 10:30 to 12, and in another calendar from 20 to 21."""
    account = world.account("user@example.org", plan="pro")
    api = Api(world, account.key)
    event(api, "01T09:00", "01T10:00", title="Secret plans")
    event(api, "01T10:00", "01T11:00")
    event(api, "01T10:30", "01T12:00", status="tentative")
    event(api, "01T15:00", "01T16:00", busy=False)
    event(api, "01T20:00", "01T21:00", calendar_id=api.calendar("Second")["id"])
    return account


@pytest.fixture(scope="module")
def connected(world, browser, platform):
    return App(world, scope="calendars:read").connect(browser, scope="calendars:read")["connected_account_id"]


def test_ones_own_account_by_id_and_by_address(world, user):
    reply = query(world, user.key, [user.id, user.email, "User@Example.ORG"])
    for name in (user.id, user.email, "User@Example.ORG"):
        assert busy(reply, name) == ["01T09:00/01T12:00", "01T20:00/01T21:00"]
    assert reply.json["object"] == "freebusy" and list(reply.json["participants"]) == [user.id, user.email, "User@Example.ORG"]
    assert "Secret" not in reply.text


def test_what_is_tentative_can_be_left_out(world, user):
    assert busy(query(world, user.key, [user.id], include_tentative=False), user.id) == ["01T09:00/01T11:00", "01T20:00/01T21:00"]
    assert busy(query(world, user.key, [user.id], include_tentative=True), user.id) == ["01T09:00/01T12:00", "01T20:00/01T21:00"]


def test_times_are_clipped_to_the_range_and_offsets_count(world, user):
    reply = query(world, user.key, [user.id], **{"from": "2027-03-01T10:30:00+01:00", "to": "2027-03-01T21:30:00+01:00"})
    assert busy(reply, user.id) == ["01T09:30/01T12:00", "01T20:00/01T20:30"]


def test_a_series_is_expanded_also_where_its_data_must_be_read(world):
    owner = world.account("series@example.org", plan="pro")
    api = Api(world, owner.key)
    event(api, "01T08:00", "01T08:30", recurrence={"rule": "FREQ=DAILY;COUNT=3"})
    event(api, "01T08:15", "01T08:45", recurrence={"rule": "FREQ=DAILY;COUNT=3"}, status="tentative")
    assert busy(query(world, owner.key, [owner.id]), owner.id) == ["01T08:00/01T08:45", "02T08:00/02T08:45", "03T08:00/03T08:45"]
    assert busy(query(world, owner.key, [owner.id], include_tentative=False), owner.id) == \
        ["01T08:00/01T08:30", "02T08:00/02T08:30", "03T08:00/03T08:30"]


def test_a_platform_asks_about_its_connected_accounts_and_itself(world, platform, secret, user, connected):
    event(Api(world, platform.key), "02T09:00", "02T10:00")
    reply = query(world, secret, [connected, platform.id, connected])
    assert list(reply.json["participants"]) == [connected, platform.id], "in the order asked, repeats once"
    assert busy(reply, connected) == ["01T09:00/01T12:00", "01T20:00/01T21:00"]
    assert "02T09:00/02T10:00" in busy(reply, platform.id)
    assert int(world.log_of(reply)["db"]) <= 3, "the key, who they are, and when all of them are busy"


def test_nobody_else_is_there_whether_they_exist_or_not(world, secret, user, connected):
    rival = world.key("rival@platform.example", kind="secret")
    test = world.key("owner@platform.example", kind="secret", mode="test")
    strangers = [user.id, user.email, NOBODY, "nobody@example.org", "cpa_0000000000000000000001", "", "x", "cal_" + "0" * 22]
    for key, names in ((secret, strangers), (rival, [*strangers, connected]), (test, [*strangers, connected])):
        reply = query(world, key, names)
        assert all(is_unknown(reply, n) for n in names), reply.text


def test_a_personal_key_asks_about_its_own_account_alone(world, platform, connected):
    reply = query(world, platform.key, [connected, platform.id])
    assert is_unknown(reply, connected) and "errors" not in reply.json["participants"][platform.id]


def test_a_connection_without_the_scope_or_that_was_cut_is_unknown(world, browser, secret):
    other = App(world, scope="profile:read calendars:read")
    tokens = other.connect(browser, scope="profile:read")
    assert is_unknown(query(world, secret, [tokens["connected_account_id"]]), tokens["connected_account_id"])
    app = App(world, scope="calendars:read")
    cut = app.connect(browser, scope="calendars:read")["connected_account_id"]
    assert busy(query(world, secret, [cut]), cut)
    world.cli("client", "delete", app.id)
    assert is_unknown(query(world, secret, [cut]), cut)


def test_a_deactivated_user_is_unknown(world, secret):
    gone = world.account("gone@example.org", plan="pro")
    b = Browser(world)
    b.sign_in(gone)
    connected = App(world, scope="calendars:read").connect(b, scope="calendars:read")["connected_account_id"]
    assert busy(query(world, secret, [connected]), connected) == []
    world.cli("account", "deactivate", gone.email)
    assert is_unknown(query(world, secret, [connected]), connected)
    world.cli("account", "reactivate", gone.email)


def test_a_token_and_a_key_for_a_connection_have_that_account_alone(world, browser, secret, user, platform, connected):
    tokens = App(world, scope="calendars:read profile:read").connect(browser, scope="calendars:read profile:read")
    own = tokens["connected_account_id"]
    names = [own, user.id, user.email, connected, platform.id, platform.email, NOBODY]
    for key, headers in ((tokens["access_token"], {}), (secret, {"Connected-Account": own})):
        reply = query(world, key, names, headers)
        for name in names[:3]:
            assert busy(reply, name) == ["01T09:00/01T12:00", "01T20:00/01T21:00"]
        assert all(is_unknown(reply, n) for n in names[3:]), reply.text


def test_an_address_is_no_name_for_who_may_not_read_the_profile(world, browser, user):
    """Else a token without profile:read could guess whose it is."""
    token = App(world, scope="calendars:read").connect(browser, scope="calendars:read")["access_token"]
    reply = query(world, token, [user.email, user.id])
    assert is_unknown(reply, user.email) and busy(reply, user.id)


def test_only_the_calendars_of_the_grant_are_seen(world, browser, secret, user):
    second = next(c["id"] for c in world.get("/v1/calendars", key=user.key).json["data"] if not c["is_default"])
    app = App(world, scope="calendars:read")
    tokens = app.redeem(app.consent(browser, {"calendars": "some", "calendar": second}, scope="calendars:read")).json
    name = tokens["connected_account_id"]
    assert len(world.get("/v1/calendars", key=tokens["access_token"]).json["data"]) == 1
    for key in (secret, tokens["access_token"]):
        assert busy(query(world, key, [name]), name) == ["01T20:00/01T21:00"]


def test_a_restricted_key_sees_its_calendars_alone_and_asks_about_nobody_else(world, secret, platform, connected):
    api = Api(world, secret)
    calendar = api.calendar("Restricted")["id"]
    event(api, "03T09:00", "03T10:00", calendar_id=calendar)
    event(api, "03T12:00", "03T13:00")
    made = api("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["calendars:read"], "calendars": [calendar]})
    assert made.status == 201, made
    reply = query(world, made.json["key"], [platform.id, platform.email, connected])
    assert busy(reply, platform.id) == ["03T09:00/03T10:00"]
    assert is_unknown(reply, platform.email) and is_unknown(reply, connected), "no profile:read, and no platform's secret key"


def test_calendars_that_are_not_selected_do_not_count(world):
    owner = world.account("hidden@example.org", plan="pro")
    api = Api(world, owner.key)
    calendar = api.calendar("Hidden")["id"]
    event(api, "01T09:00", "01T10:00", calendar_id=calendar)
    assert busy(query(world, owner.key, [owner.id]), owner.id) == ["01T09:00/01T10:00"]
    assert api("PATCH", f"/v1/calendars/{calendar}", {"selected": False}).status == 200
    assert busy(query(world, owner.key, [owner.id]), owner.id) == []


@pytest.mark.parametrize("change,code,param", [
    ({"to": FROM}, "invalid_value", "to"), ({"to": "2027-02-01T00:00:00Z"}, "invalid_value", "to"),
    ({"to": "2027-05-02T00:00:01Z"}, "range_too_large", "to"), ({"from": "2027-03-01T00:00:00"}, "invalid_value", "from"),
    ({"from": "2027-03-01"}, "invalid_value", "from"), ({"participants": []}, "invalid_value", "participants"),
    ({"participants": 51 * ["x"]}, "invalid_value", "participants"), ({"participants": [1]}, "invalid_value", "participants[0]"),
    ({"participants": "x"}, "invalid_value", "participants"), ({"include_tentative": "no"}, "invalid_value", "include_tentative"),
    ({"titles": True}, "unknown_field", "titles"), ({"from": None}, "invalid_value", "from")], ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named(world, user, change, code, param):
    assert_error(query(world, user.key, **{"participants": [user.id]} | change), 400, code, param)


def test_sixty_two_days_and_fifty_names_are_answered(world, user):
    names = [user.id, *(f"usr_{i:022d}" for i in range(49))]
    reply = query(world, user.key, names, to="2027-05-02T00:00:00Z")
    assert busy(reply, user.id) and list(reply.json["participants"]) == names


FILL = """
INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at, created_at, size,
       component, flags, deleted, etag, name, uid, data)
SELECT c.account_id, c.id, gen_random_uuid(), 1000000 + n, at, at + interval '1 hour', span_of(at, at + interval '1 hour'), 'infinity',
       now(), now(), 3, 1, 0, false, decode(md5(n::text), 'hex'), 'many' || n, 'many' || n, 'abc'
  FROM account a JOIN calendar c ON c.account_id = a.account_id AND c.name = 'default',
       LATERAL generate_series(1, 11000) n, LATERAL (SELECT '2030-01-01'::timestamptz + n * interval '6 minutes') t(at)
 WHERE a.livemode AND a.email = '%s'"""


def test_what_bounds_one_bounds_all_together(world, secret, platform):
    """11,000 events each: what one alone may ask for, two together may not."""
    crowd = world.account("crowd@example.org", plan="pro")
    b = Browser(world)
    b.sign_in(crowd)
    connected = App(world, scope="calendars:read").connect(b, scope="calendars:read")["connected_account_id"]
    world.sql(FILL % crowd.email + ";" + FILL % platform.email)
    when = {"from": "2030-01-01T00:00:00Z", "to": "2030-03-01T00:00:00Z"}
    for name in (connected, platform.id):
        assert busy(query(world, secret, [name], **when), name) == ["01T00:06/15T21:00"]
    assert_error(query(world, secret, [connected, platform.id], **when), 400, "range_too_large", "to")


def test_it_is_no_write(world, user):
    """A question: it takes no Idempotency-Key, and the rate of writes does not count it."""
    sent = {"Idempotency-Key": "one"}
    first, again = query(world, user.key, [user.id], sent), query(world, user.key, [NOBODY], sent)
    assert first.status == again.status == 200 and "Idempotent-Replayed" not in again.headers


def test_freebusy_of_calendars_that_are_named(world, user):
    """Field paper §3.2: "GET `/v1/freebusy?from&to&calendar_ids`" """
    there = {c["name"]: c["id"] for c in world.get("/v1/calendars", key=user.key).json["data"]}
    ask = lambda ids: world.get(f"/v1/freebusy?from={FROM}&to={TO}&calendar_ids={ids}", key=user.key)
    hours = lambda reply: [f"{b['start'][8:16]}/{b['end'][8:16]} {b['status']}" for b in reply.json["busy"]]
    second, first = there["Second"], there["Calendar"]
    assert hours(ask(second)) == ["01T20:00/01T21:00 busy"]
    both = ask(f"{first},{second},{first}")
    assert both.status == 200 and hours(both) == hours(world.get(f"/v1/freebusy?from={FROM}&to={TO}", key=user.key)), "each counts once"
    assert len(hours(both)) == len(hours(ask(first))) + 1
    for ids in ("", f"{first},", f"{first}, {second}".replace(" ", "%20"), first[:-1], "evt_" + first[4:]):
        assert_error(ask(ids), 400, "invalid_value", "calendar_ids")
    stranger = Api(world, world.account("owner@platform.example").key).calendar("Theirs")["id"]
    for ids in (stranger, f"{first},{stranger}", f"{stranger},{first}"):
        assert_error(ask(ids), 404, "resource_missing", "calendar_ids")
    assert_error(world.get(f"/v1/freebusy?from={FROM}&to={TO}&calendar_id={first}", key=user.key), 400, "unknown_field", "calendar_id")
