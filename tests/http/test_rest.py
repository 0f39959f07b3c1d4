# SPDX-License-Identifier: Apache-2.0
"""REST: the profile, calendars, what every answer has, and that one account never sees another's."""
import concurrent.futures

import pytest

from rest import Api, JSON, VALID, assert_error, titles
from structured import check_limits

SERVE = ["--rate-limit", "10000"]


@pytest.fixture(scope="module")
def api(world, ann):
    return Api(world, ann.key)


@pytest.fixture(scope="module")
def other(world):
    return Api(world, world.account("bob@example.org").key)


# ---- profile ----

def test_the_profile_tells_who_the_key_is(world, ann, api):
    profile = api("GET", "/v1/profile").json
    assert profile["id"] == ann.id and profile["email"] == ann.email and profile["object"] == "profile"
    assert profile["livemode"] is True and profile["connected_account_id"] is None


def test_test_mode_is_another_world_of_the_same_account(world, ann):
    live = Api(world, world.key(ann, kind="secret"))
    test = Api(world, world.key(ann, kind="secret", mode="test"))
    assert test("GET", "/v1/profile").json["livemode"] is False
    assert test("GET", "/v1/profile").json["id"] == ann.id
    event = live.event(title="live only")
    assert_error(test("GET", f"/v1/events/{event['id']}"), 404, "resource_missing")
    in_test = test.event(title="test only")
    assert in_test["livemode"] is False
    assert "test only" not in titles(live("GET", "/v1/events?limit=100"))
    assert "live only" not in titles(test("GET", "/v1/events?limit=100"))
    calendars = [{c["id"] for c in a("GET", "/v1/calendars").json["data"]} for a in (live, test)]
    assert not calendars[0] & calendars[1]
    assert "/test-usr_" in test("GET", "/v1/calendars").json["data"][0]["caldav_url"]


def test_test_mode_begins_with_something_to_show(world, ann):
    test = Api(world, world.key(ann, kind="secret", mode="test"))
    assert "Weekly planning" in titles(test("GET", "/v1/events?limit=100"))
    assert "Weekly planning" not in titles(Api(world, ann.key)("GET", "/v1/events?limit=100"))


# ---- calendars ----

def test_a_new_account_has_one_default_calendar(api):
    calendars = api("GET", "/v1/calendars").json
    assert calendars["object"] == "list" and calendars["has_more"] is False and calendars["next_cursor"] is None
    default = [c for c in calendars["data"] if c["is_default"]]
    assert len(default) == 1 and default[0]["name"] == "Calendar" and default[0]["selected"] and default[0]["writable"]


def test_calendars_are_made_changed_and_deleted_by_keys(api):
    made = api("POST", "/v1/calendars", {"name": "Büro", "color_hex": "#12abEF", "timezone": "Europe/Berlin"})
    assert made.status == 201 and made.headers["Location"] == f"{api.world.url}/v1/calendars/{made.json['id']}"
    path = made.headers["Location"].removeprefix(api.world.url)
    assert made.json["color_hex"] == "#12abEF" and made.json["timezone"] == "Europe/Berlin"
    changed = api("PATCH", path, {"name": "Office", "selected": False, "color_hex": None})
    assert (changed.json["name"], changed.json["selected"], changed.json["color_hex"]) == ("Office", False, None)
    assert api("GET", path).json == changed.json
    gone = api("DELETE", path)
    assert gone.status == 200 and gone.json == {"id": made.json["id"], "object": "calendar", "deleted": True}
    assert_error(api("GET", path), 404, "resource_missing")


def test_lists_of_calendars_are_of_those_alone_that_are_selected_or_writable(api):
    made = {n: api("POST", "/v1/calendars", {"name": f"Filtered {n}"}).json["id"] for n in ("both", "hidden", "fixed")}
    assert api("PATCH", f"/v1/calendars/{made['hidden']}", {"selected": False}).status == 200
    assert api("PATCH", f"/v1/calendars/{made['fixed']}", {"writable": False}).status == 200
    def found(query):
        reply = api("GET", f"/v1/calendars?limit=100&{query}")
        assert reply.status == 200, reply
        return {n for n, id in made.items() if id in [c["id"] for c in reply.json["data"]]}
    assert found("selected=true") == {"both", "fixed"} and found("selected=false") == {"hidden"}
    assert found("include_hidden=true") == {"both", "hidden", "fixed"} and found("include_hidden=false") == {"both", "fixed"}
    assert found("include_hidden=false&writable=true&selected=true") == {"both"}
    assert found("selected=false&include_hidden=false") == {"hidden"}
    assert found("writable=true") == {"both", "hidden"} and found("writable=false&selected=true") == {"fixed"}
    first = api("GET", "/v1/calendars?limit=1&writable=false").json
    every = [c["id"] for c in api("GET", "/v1/calendars?limit=100&writable=false").json["data"]]
    assert [c["id"] for c in first["data"]] == every[:1] and first["has_more"] == (len(every) > 1) and made["fixed"] in every
    assert_error(api("GET", "/v1/calendars?selected=perhaps"), 400, "invalid_value", "selected")
    assert api("PATCH", f"/v1/calendars/{made['fixed']}", {"writable": True}).status == 200
    for id in made.values():
        assert api("DELETE", f"/v1/calendars/{id}").status == 200


def test_a_calendar_says_what_the_credential_may_do_there(world, ann, api):
    """access_role is of the credential, not of the account: each role is what the answers of its routes say."""
    made = api("POST", "/v1/calendars", {"name": "Roles"}).json
    path, at = f"/v1/calendars/{made['id']}", "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z"
    holder = lambda scope: Api(world, world.key(ann, kind="restricted", scope=scope))
    roles = {"owner": api, "writer": holder("calendars:read events:read events:write"), "reader": holder("calendars:read events:read"),
             "free_busy_reader": holder("calendars:read")}
    for writable in (True, False):
        assert api("PATCH", path, {"writable": writable}).json["access_role"] == "owner"
        for role, who in roles.items():
            told = "reader" if role == "writer" and not writable else role
            assert who("GET", path).json["access_role"] == told
            assert made["id"] in [c["id"] for c in who("GET", "/v1/calendars?limit=100").json["data"] if c["access_role"] == told]
            assert who("GET", f"/v1/freebusy?{at}&calendar_ids={made['id']}").status == 200
            assert (who("GET", f"/v1/events?{at}&calendar_id={made['id']}").status == 200) == (role != "free_busy_reader")
            writes = who("POST", "/v1/events", {**VALID, "calendar_id": made["id"]}).status
            assert (writes == 201) == (writable and role in ("owner", "writer")), (role, writable, writes)
    write_only = holder("calendars:read events:write")
    assert write_only("GET", path).json["access_role"] == "free_busy_reader"  # of what may not be written now, nothing is left
    assert api("PATCH", path, {"writable": True}).status == 200
    assert write_only("GET", path).json["access_role"] == "writer"
    assert_error(api("PATCH", path, {"access_role": "reader"}), 400, "invalid_value", "access_role")  # set by the server
    assert api("DELETE", path).status == 200


def test_calendars_are_found_by_their_connection_too(world, ann, api, other):
    """All are hosted here: an account has one connection, and to all others it is not there."""
    made = api.calendar("By connection")
    connection = made["connection_id"]
    assert connection == "con_" + ann.id[4:] and {c["connection_id"] for c in api("GET", "/v1/calendars").json["data"]} == {connection}
    path = f"/v1/connections/{connection}/calendars"
    for query in ("", "?limit=1", "?selected=true", "?writable=false", "?include_hidden=false"):
        assert api("GET", path + query).json["data"] == api("GET", "/v1/calendars" + query).json["data"], query
    following = api("GET", f"{path}?limit=1").json["next_cursor"]
    assert api("GET", f"{path}?limit=100&starting_after={following}").json["data"] == api("GET", "/v1/calendars?limit=100").json["data"][1:]
    one = f"{path}/{made['id']}"
    assert api("PATCH", one, {"color_hex": "#112233"}).json == api("GET", f"/v1/calendars/{made['id']}").json
    assert api("GET", f"/v1/calendars/{made['id']}").json["color_hex"] == "#112233"
    assert_error(api("PATCH", one, {"color_hex": "#445566"}, {"If-Match": made["etag"]}), 412, "etag_mismatch")
    assert_error(api("PATCH", one, {"connection_id": "con_0000000000000000000001"}), 400, "invalid_value", "connection_id")
    test = Api(world, world.key(ann, kind="secret", mode="test"))
    for stranger in (other, test):
        assert_error(stranger("GET", path), 404, "resource_missing")
        assert_error(stranger("PATCH", one, {"selected": False}), 404, "resource_missing")
    theirs = other("GET", "/v1/calendars").json["data"][0]
    assert_error(api("PATCH", f"{path}/{theirs['id']}", {"selected": False}), 404, "resource_missing")
    assert api("DELETE", one).status == 405 and api("DELETE", f"/v1/calendars/{made['id']}").status == 200


def test_the_default_calendar_stays(api):
    default = next(c for c in api("GET", "/v1/calendars").json["data"] if c["is_default"])
    assert_error(api("DELETE", f"/v1/calendars/{default['id']}"), 409, "conflict")


def test_a_stale_etag_changes_no_calendar(api):
    calendar = api.calendar()
    path = f"/v1/calendars/{calendar['id']}"
    assert api("PATCH", path, {"selected": False}, {"If-Match": calendar["etag"]}).status == 200
    assert_error(api("PATCH", path, {"selected": True}, {"If-Match": calendar["etag"]}), 412, "etag_mismatch")
    assert api("GET", path).json["selected"] is False


def test_of_two_changes_at_once_with_one_etag_one_is_made(api, world):
    path = f"/v1/calendars/{api.calendar()['id']}"
    connections = [world.client_connection() for _ in range(4)]
    for _ in range(10):
        headers = {**JSON, "Authorization": f"Bearer {api.key}", "If-Match": api("GET", path).json["etag"]}
        with concurrent.futures.ThreadPoolExecutor(len(connections)) as pool:
            answers = list(pool.map(lambda c: c.request("PATCH", path, b'{"selected": true}', headers), connections))
        assert sorted(a.status for a in answers) == [200, 412, 412, 412]


def test_a_change_of_a_calendar_is_recorded_with_its_request_whose_credential_the_log_has(api, world, ann):
    path = f"/v1/calendars/{api.calendar()['id']}"
    changed, deleted = api("PATCH", path, {"selected": False}), api("DELETE", path)
    assert (changed.status, deleted.status) == (200, 200)
    told = world.sql("SELECT kind, request_id FROM outbox ORDER BY id DESC LIMIT 2")
    assert [k for k, _ in told] == ["calendar_deleted", "calendar_changed"]
    for reply, (_, request) in zip((deleted, changed), told):
        found = world.wait_for(lambda: world.sql(f"SELECT credential_id FROM request_log WHERE id = '{request}'"))
        assert found and found[0][0], reply


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_parameter_that_a_calendar_does_not_have_is_refused(api, method):
    path = f"/v1/calendars/{api.calendar()['id']}"
    body = {"selected": True} if method == "PATCH" else None
    assert_error(api(method, f"{path}?selected=1", body), 400, "unknown_field", "selected")
    assert api("GET", path).status == 200


@pytest.mark.parametrize("body,code,param", [
    ({"name": ""}, "invalid_value", "name"),
    ({"name": 5}, "invalid_value", "name"),
    ({"color_hex": "#12345g"}, "invalid_value", "color_hex"),
    ({"color_hex": "red"}, "invalid_value", "color_hex"),
    ({"timezone": "../../etc/passwd"}, "invalid_value", "timezone"),
    ({"timezone": "Mars/Olympus"}, "invalid_value", "timezone"),
    ({"owner": "usr_x"}, "unknown_field", "owner"),
    ({"id": "cal_x"}, "invalid_value", "id"),
    ({"livemode": False}, "invalid_value", "livemode"),
    ({"selected": "yes"}, "invalid_value", "selected"),
])
def test_wrong_calendar_fields_are_named(api, body, code, param):
    calendar = api("GET", "/v1/calendars").json["data"][0]
    reply = api("PATCH", f"/v1/calendars/{calendar['id']}", body)
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply
    assert reply.json["error"]["code"] in (code, "unknown_field")
    assert param != "color_hex" or reply.json["error"]["message"] == "Must be written as #RRGGBB.", reply


def test_a_calendar_that_is_not_writable_takes_no_event(api):
    calendar = api.calendar("Closed")
    event = api.event(calendar_id=calendar["id"])
    api("PATCH", f"/v1/calendars/{calendar['id']}", {"writable": False})
    body = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z", "calendar_id": calendar["id"]}
    assert_error(api("POST", "/v1/events", body), 403, "forbidden", "calendar_id", "authorization_failed")
    assert api("PATCH", f"/v1/events/{event['id']}", {"title": "y"}).status == 403
    assert api("DELETE", f"/v1/events/{event['id']}?mode=delete").status == 403
    assert api("GET", f"/v1/events/{event['id']}").json["title"] == "Standup"


# ---- whose ----

def test_what_belongs_to_others_is_404_like_what_is_not_there(api, other):
    event, calendar = api.event(), api.calendar("Private")
    absent = other("GET", "/v1/events/evt_0000000000000000000001")
    for method, target, body in [("GET", f"/v1/events/{event['id']}", None), ("PATCH", f"/v1/events/{event['id']}", {"title": "x"}),
            ("DELETE", f"/v1/events/{event['id']}", None), ("DELETE", f"/v1/events/{event['id']}?mode=delete", None),
            ("POST", f"/v1/events/{event['id']}/cancel", None), ("GET", f"/v1/calendars/{calendar['id']}", None),
            ("PATCH", f"/v1/calendars/{calendar['id']}", {"selected": False}), ("DELETE", f"/v1/calendars/{calendar['id']}", None)]:
        reply = other(method, target, body)
        assert reply.status == 404, (method, target, reply)
        theirs, none = ({k: v for k, v in r.json["error"].items() if k != "request_id"} for r in (reply, absent))
        assert theirs == none, "no oracle"
    assert other("POST", "/v1/events", {**VALID, "calendar_id": calendar["id"]}).status == 404
    assert other("GET", f"/v1/events?calendar_id={calendar['id']}").status == 404
    assert api("GET", f"/v1/events/{event['id']}").json == event


def test_a_personal_key_names_no_connected_account(api):
    for value in ("cpa_0000000000000000000001", "usr_x", ""):
        assert_error(api("GET", "/v1/profile", None, {"Connected-Account": value}), 400, "invalid_value", "Connected-Account")


def test_a_secret_key_acts_for_its_own_connections_alone(world, ann):
    key = world.key(ann, kind="secret")
    for name in ("Connected-Account", "Calends-Account"):
        reply = world.get("/v1/profile", {name: "cpa_0000000000000000000001"}, key=key)
        assert_error(reply, 403, "account_mismatch", None, "authorization_failed")
    both = [("Connected-Account", "cpa_0000000000000000000001")] * 2
    assert_error(world.get("/v1/profile", both, key=key), 400, "invalid_value", "Connected-Account")


# ---- what every answer has ----

def test_every_answer_has_its_id_and_rates_and_no_server(api):
    for reply in (api("GET", "/v1/profile"), api("GET", "/v1/nothing"), api("GET", "/v1/events/evt_x")):
        assert reply.request_id.startswith("req_") and reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in reply.headers
        assert int(reply.headers["X-RateLimit-Limit"]) > int(reply.headers["X-RateLimit-Remaining"]) >= 0
        assert check_limits(reply) == "default"


def test_every_answer_has_the_rates_of_the_ietf_too(world, api):
    """draft-ietf-httpapi-ratelimit-headers-10, beside X-RateLimit-* wherever these are; a page may read both."""
    replies = [api("GET", "/v1/profile"), api("GET", "/v1/nothing"), api("POST", "/v1/events", {}), world.get("/v1/profile"),
               world.get("/v1/profile", key="cp_" + "0" * 64), world.get("/api/v1/hosted-calendars")]
    assert [r.status for r in replies[:5]] == [200, 404, 400, 401, 401]
    for reply in replies:
        assert check_limits(reply) == "default", reply
    page = world.key(kind="restricted", scope="profile:read", allow_origin="https://spa.example")
    exposed = world.get("/v1/profile", {"Origin": "https://spa.example"}, page).headers["Access-Control-Expose-Headers"]
    assert {"RateLimit-Policy", "RateLimit", "X-RateLimit-Limit"} <= set(exposed.split(", "))
    assert "RateLimit" not in world.get("/healthz").headers, "nothing is counted there"


def test_reading_one_event_or_the_first_page_of_a_calendar_takes_one_round_trip(world, api):
    event = api.event()
    one = api("GET", f"/v1/events/{event['id']}")
    assert one.status == 200 and world.log_of(one)["db"] == "1"
    page = api("GET", f"/v1/events?calendar_id={event['calendar_id']}&limit=5")
    assert event["id"] in [e["id"] for e in page.json["data"]] and world.log_of(page)["db"] == "1"
    assert world.log_of(api("GET", "/v1/events?limit=5"))["db"] == "2", "which calendars are selected is known by then"


def test_what_is_read_ahead_of_a_key_is_what_its_calendars_let_it_read(world, api, other):
    """docs/adr/0011: the statement that goes ahead knows no limits of the key; where it has some its rows are not used."""
    event = api.event()
    path, mine = f"/v1/events/{event['id']}", event["calendar_id"]
    assert other("GET", path).status == 404 and other("GET", f"/v1/events?calendar_id={mine}").status == 404
    apart = api("POST", "/v1/calendars", {"name": "Apart"}).json["id"]
    limited = world.key(kind="restricted", scope="events:read", calendar=apart)
    assert world.get(path, key=limited).status == 404
    assert world.get(f"/v1/events?calendar_id={mine}", key=limited).status == 404
    assert world.get(f"/v1/events?calendar_id={apart}", key=limited).json["data"] == []
