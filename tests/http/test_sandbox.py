# SPDX-License-Identifier: Apache-2.0
"""Test mode: the demo people, the reset, and a clock that is set forward. docs/adr/0026-sandbox.md."""
import datetime
import time

import pytest

from hooks import NOWHERE
from oauth_flow import App, Browser, Form, is_error
from rest import Api, assert_error

DATES = True  # tests/run dates

SERVE = ["--rate-limit", "100000", "--write-rate", "0"]
ALICE, BOB, CAROL = "usr_demo_alice", "usr_demo_bob", "usr_demo_carol"
DAY = 86400


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def week():
    """The two weeks that begin with this week's Monday: where the demo people's events are."""
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - datetime.timedelta(days=today.weekday())
    return {"from": monday.isoformat(), "to": (monday + datetime.timedelta(days=14)).isoformat()}


class Sandbox(Api):
    def __init__(self, world, email):
        self.account = world.account(email)
        super().__init__(world, world.key(self.account, kind="secret", mode="test"))

    def people(self):
        reply = self("GET", "/v1/sandbox")
        assert reply.status == 200, reply
        return {p["id"]: p for p in reply.json["people"]}

    def busy(self, *names):
        reply = self("POST", "/v1/freebusy/query", {"participants": names, **week()})
        assert reply.status == 200, reply
        return reply.json["participants"]

    def advance(self, seconds):
        reply = self("POST", "/v1/sandbox/clock", {"advance_seconds": seconds})
        assert reply.status == 200, reply
        return reply.json

    def reset(self):
        reply = self("POST", "/v1/sandbox/reset")
        assert reply.status == 200, reply
        return reply.json

    def events(self, calendar=None):
        asked = week()
        target = f"/v1/events?limit=100&from={asked['from']}&to={asked['to']}".replace("+", "%2B")
        reply = self("GET", target + (f"&calendar_id={calendar}" if calendar else ""))
        assert reply.status == 200, reply
        return reply.json["data"]

    @property
    def twin(self):
        return f"(SELECT account_id FROM account WHERE email = '{self.account.email}' AND NOT livemode)"


@pytest.fixture(scope="module")
def ann(world):
    return Sandbox(world, "ann@example.org")


@pytest.fixture(scope="module")
def live(world, ann):
    return Api(world, world.key(ann.account, kind="secret"))


@pytest.fixture(scope="module")
def browser(world, ann):
    b = Browser(world)
    b.sign_in(ann.account)
    return b


# ---- the people ----

def test_the_demo_people_are_participants_from_the_first_question_on(ann):
    """usr_demo_alice (30 events), usr_demo_bob (overlap), usr_demo_carol (no calendars)."""
    told = ann.busy(ALICE, BOB, CAROL, ann.account.id)
    assert all("errors" not in told[who] for who in (ALICE, BOB, CAROL, ann.account.id)), told
    assert len(told[ALICE]["busy"]) == 30 and told[CAROL]["busy"] == []
    overlaps = [(a, b) for a in told[ALICE]["busy"] for b in told[BOB]["busy"] if a["start"] < b["end"] and b["start"] < a["end"]]
    assert len(told[BOB]["busy"]) == 11 and {b["start"] for _, b in overlaps} == {b["start"] for b in told[BOB]["busy"]}


def test_slots_are_found_for_the_demo_people(ann):
    asked = week()
    reply = ann("POST", "/v1/freebusy/find_slots", {"participants": [ALICE, BOB, CAROL], "duration_minutes": 60, "limit": 25,
                                                    "earliest_start": asked["from"], "latest_end": asked["to"]})
    assert reply.status == 200 and reply.json["slots"], reply
    taken = [b for who in ann.busy(ALICE, BOB).values() for b in who["busy"]]
    for slot in reply.json["slots"]:
        assert not any(slot["start"] < b["end"] and b["start"] < slot["end"] for b in taken), slot


def test_their_events_are_read_by_their_calendar_and_count_nowhere_else(ann):
    people = ann.people()
    assert people[CAROL]["calendar_id"] is None
    hers = ann.events(people[ALICE]["calendar_id"])
    assert len(hers) == 30 and {e["livemode"] for e in hers} == {False}
    assert not {e["id"] for e in hers} & {e["id"] for e in ann.events()}
    made = ann.event(calendar_id=people[ALICE]["calendar_id"], start_time=week()["from"], end_time=week()["from"].replace("T00", "T01"))
    assert len(ann.busy(ALICE)[ALICE]["busy"]) == 31, "the sandbox is its owner's to change"
    assert ann("DELETE", f"/v1/events/{made['id']}?mode=delete").status == 204


def test_each_account_has_people_of_its_own(world, ann):
    bob = Sandbox(world, "bob@example.org")
    mine, theirs = ann.people(), bob.people()
    assert mine[ALICE]["calendar_id"] != theirs[ALICE]["calendar_id"]
    for method, target in (("GET", f"/v1/calendars/{mine[ALICE]['calendar_id']}"), ("DELETE", f"/v1/calendars/{mine[ALICE]['calendar_id']}")):
        assert_error(bob(method, target), 404, "resource_missing")


def test_nobody_of_them_is_there_in_live_mode(world, live, ann):
    told = live("POST", "/v1/freebusy/query", {"participants": [ALICE, BOB, CAROL], **week()}).json["participants"]
    assert all(t["errors"][0]["code"] == "not_found" for t in told.values())
    assert world.sql(f"SELECT count(*) FROM calendar WHERE name LIKE 'usr_demo%' AND account_id = (SELECT account_id FROM account "
                     f"WHERE email = '{ann.account.email}' AND livemode)") == [["0"]]


def test_a_key_of_single_calendars_sees_those_people_alone_whose_calendar_it_has(world, ann):
    hers = ann.people()[ALICE]["calendar_id"]
    made = ann("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["calendars:read"], "calendars": [hers]})
    told = Api(world, made.json["key"])("POST", "/v1/freebusy/query", {"participants": [ALICE, BOB, CAROL], **week()}).json["participants"]
    assert len(told[ALICE]["busy"]) == 30
    assert told[BOB]["errors"][0]["code"] == told[CAROL]["errors"][0]["code"] == "not_found"


def test_who_was_deleted_is_there_again_when_asked_for(ann):
    assert ann("DELETE", f"/v1/calendars/{ann.people()[BOB]['calendar_id']}").status == 200
    assert len(ann.busy(BOB)[BOB]["busy"]) == 11


# ---- live mode ----

@pytest.mark.parametrize("method,target,body", [("GET", "/v1/sandbox", None), ("POST", "/v1/sandbox/reset", None),
                                                ("GET", "/v1/sandbox/clock", None), ("POST", "/v1/sandbox/clock", {"advance_seconds": 1})])
def test_a_live_key_is_refused_with_a_text(live, method, target, body):
    error = assert_error(live(method, target, body), 403, "test_mode_only", type_="authorization_failed")
    assert "sk_test_" in error["message"]


def test_a_connected_app_does_not_reach_the_sandbox_of_its_user(world, ann, browser):
    app = App(world, owner=ann.account, mode="test", scope="calendars:read")
    tokens = app.connect(browser, scope="calendars:read")
    for key, headers in ((tokens["access_token"], {}), (ann.key, {"Connected-Account": tokens["connected_account_id"]})):
        assert Api(world, key)("POST", "/v1/sandbox/reset", None, headers).status == 403


# ---- the reset ----

# What is no test data: what lets in, and what tells of what happened.
STAYS = {"account", "api_key", "credential_use", "connected_account", "client_connection", "consent_log", "token_family", "access_token",
         "audit", "audit_head", "webhook_endpoint", "webhook_queue", "webhook_counter", "login", "session",
         "usage_day", "request_log", "outbox", "object_before", "webhook_event", "webhook_delivery", "webhook_attempt"}


def rows(world, sandbox, table):
    return int(world.sql(f"SELECT count(*) FROM \"{table}\" WHERE account_id = {sandbox.twin}")[0][0])


def test_a_reset_puts_the_test_data_back_to_the_seed(world):
    """Calendars, events, properties, kept answers; each table that holds an account's data is looked at."""
    who = Sandbox(world, "reset@example.org")
    tables = [t for [t] in world.sql("SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' "
                                     "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace")]
    who.reset()
    seed = {t: rows(world, who, t) for t in tables}
    events, names = sorted(e["title"] for e in who.events()), sorted(c["name"] for c in who("GET", "/v1/calendars").json["data"])
    default = who("GET", "/v1/calendars").json["data"][0]["id"]

    assert who("POST", "/v1/webhook_endpoints", {"url": NOWHERE, "events": ["*"]}).status == 201  # with a ping in its log
    work = who.calendar()
    who.event(calendar_id=work["id"])
    assert who("POST", "/v1/events", {"title": "once", "start_time": week()["from"], "end_time": week()["to"]}, {"Idempotency-Key": "k"}).status == 201
    for e in who.events()[:3]:
        assert who("DELETE", f"/v1/events/{e['recurring_event_id'] or e['id']}?mode=delete&scope=all").status == 204
    assert who("DELETE", f"/v1/calendars/{who.people()[ALICE]['calendar_id']}").status == 200
    patch = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>'
    assert world.request("PROPPATCH", work["caldav_url"].removeprefix(world.url), patch, {"Content-Type": "application/xml"}, who.key).status == 207
    assert rows(world, who, "dead_property")
    who.advance(DAY)
    told = rows(world, who, "outbox")

    answer = who.reset()
    assert answer["object"] == "sandbox" and answer["advanced_seconds"] == 0
    assert sorted(e["title"] for e in who.events()) == events
    assert sorted(c["name"] for c in who("GET", "/v1/calendars").json["data"]) == names
    assert who("GET", "/v1/calendars").json["data"][0]["id"] != default, "sync tokens from before end"
    after = {t: rows(world, who, t) for t in tables if t not in STAYS}
    assert after == {t: n for t, n in seed.items() if t not in STAYS}, "a table that holds an account's data is missing in sandbox_clear()"
    assert after["idempotent_answer"] == 0 and rows(world, who, "outbox") == told, "nobody is told of the seed event by event"
    assert len(who("GET", "/v1/webhook_endpoints").json["data"]) == 1, "what lets in stays"


def test_a_reset_is_one_transaction_and_leaves_live_data_and_others_alone(world, ann, live):
    made = live.event(title="live")
    other = Sandbox(world, "bob@example.org")
    theirs = other.event(title="theirs")
    before = world.sql("SELECT count(*) FROM calendar_object")[0][0]
    failed = ann("POST", "/v1/sandbox/reset", None, {"Calends-Fail-Query": "20"})  # of a build for tests: in the middle of it
    assert failed.status == 503, failed
    assert world.sql("SELECT count(*) FROM calendar_object")[0][0] == before
    ann.reset()
    assert live("GET", f"/v1/events/{made['id']}").status == other("GET", f"/v1/events/{theirs['id']}").status == 200


def test_ten_thousand_objects_are_put_back_in_bounded_time(world, ann):
    world.sql(f"""INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at, created_at, size, component, flags, span, etag, name, uid, data)
                  SELECT c.account_id, c.id, gen_random_uuid(), n, now(), now(), 'infinity', now(), now(), 9, 1, 0, 0, decode(md5(n::text), 'hex'), n || '.ics', n || '@x', '\\x00'
                    FROM calendar c, generate_series(1, 10000) n WHERE c.account_id = {ann.twin} AND c.name = 'default'""")
    began = time.monotonic()
    ann.reset()
    assert time.monotonic() - began < 20, "one second where nothing else runs"
    assert rows(world, ann, "calendar_object") < 100


def test_the_reset_is_in_the_audit_log(ann):
    newest = ann("GET", "/v1/audit?limit=1&kind=sandbox.reset").json["data"][0]
    assert newest["actor"] == "secret_key" and newest["livemode"] is False


# ---- the clock ----

def test_the_clock_goes_forward_by_seconds_and_to_a_time(ann):
    ann.reset()
    before = instant(ann("GET", "/v1/sandbox/clock").json["now"])
    told = ann.advance(3600)
    assert told["object"] == "sandbox_clock" and told["advanced_seconds"] == 3600
    assert 3600 <= (instant(told["now"]) - before).total_seconds() < 3700
    to = (before + datetime.timedelta(days=30)).isoformat()
    told = ann("POST", "/v1/sandbox/clock", {"now": to}).json
    assert 0 <= (instant(told["now"]) - instant(to)).total_seconds() < 60
    assert ann.advance(5)["advanced_seconds"] == told["advanced_seconds"] + 5


@pytest.mark.parametrize("body,status,code,param", [
    ({}, 400, "missing_required_field", "advance_seconds"),
    ({"advance_seconds": 1, "now": "2030-01-01T00:00:00Z"}, 400, "invalid_value", "advance_seconds"),
    ({"advance_seconds": 0}, 400, "invalid_value", "advance_seconds"),
    ({"advance_seconds": -5}, 400, "invalid_value", "advance_seconds"),
    ({"now": "2020-01-01T00:00:00Z"}, 400, "invalid_value", "now"),
    ({"now": "9999-01-01T00:00:00Z"}, 400, "invalid_value", "now"),
    ({"advance_seconds": 3653 * DAY + 1}, 400, "invalid_value", "advance_seconds"),
])
def test_the_clock_never_goes_backward_nor_far(ann, body, status, code, param):
    ann.advance(60)
    before = ann("GET", "/v1/sandbox/clock").json["advanced_seconds"]
    assert_error(ann("POST", "/v1/sandbox/clock", body), status, code, param)
    assert ann("GET", "/v1/sandbox/clock").json["advanced_seconds"] == before


def test_a_reminder_is_behind_the_clock_when_that_is_set(ann):
    ann.reset()
    start = instant(ann("GET", "/v1/sandbox/clock").json["now"]).replace(microsecond=0) + datetime.timedelta(days=3)
    event = ann.event(start_time=start.isoformat(), end_time=(start + datetime.timedelta(hours=1)).isoformat(), reminders=[{"minutes_before": 60}],
                      recurrence={"rule": "FREQ=WEEKLY;COUNT=2"})
    target = f"/v1/events/{event['id']}/monitoring"
    first = start - datetime.timedelta(hours=1)
    assert instant(ann("GET", target).json["next_reminder_at"]) == first
    ann("POST", "/v1/sandbox/clock", {"now": (first + datetime.timedelta(minutes=1)).isoformat()})
    assert instant(ann("GET", target).json["next_reminder_at"]) == first + datetime.timedelta(days=7)
    ann.advance(14 * DAY)
    assert ann("GET", target).json["next_reminder_at"] is None


def test_a_test_key_expires_by_the_clock(world, ann, live):
    ann.reset()
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).isoformat()
    made = [who("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["profile:read"], "expires_at": end}).json["key"]
            for who in (ann, live)]
    assert [world.get("/v1/profile", key=key).status for key in made] == [200, 200]
    ann.advance(31 * DAY)
    assert [world.get("/v1/profile", key=key).status for key in made] == [401, 200], "live data never sees it"
    refused = ann("POST", "/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["profile:read"], "expires_at": end})
    assert_error(refused, 400, "invalid_value", "expires_at")
    ann.reset()
    assert world.get("/v1/profile", key=made[0]).status == 200


@pytest.fixture(scope="module")
def app(world, ann):
    return App(world, owner=ann.account, mode="test", type="confidential", scope="profile:read")


def status(world, tokens):
    reply = world.get("/v1/profile", key=tokens["access_token"])
    return reply.status if reply.status == 200 else reply.json["error"]["code"]


def test_the_tokens_of_a_test_connection_live_by_the_clock(world, ann, browser, app):
    """An access token an hour, its refresh token while it is used; what is issued later lives from then on."""
    ann.reset()
    tokens = app.connect(browser, scope="profile:read")
    assert tokens["expires_in"] == 3600 and status(world, tokens) == 200
    ann.advance(3590)
    assert status(world, tokens) == 200
    ann.advance(20)
    assert status(world, tokens) == "token_expired"
    fresh = app.refresh(tokens["refresh_token"])
    assert fresh.status == 200 and fresh.json["expires_in"] == 3600 and status(world, fresh.json) == 200
    ann.advance(3650)
    assert status(world, fresh.json) == "token_expired"
    again = app.refresh(fresh.json["refresh_token"])
    assert again.status == 200
    ann.advance(400 * DAY)
    assert is_error(app.refresh(again.json["refresh_token"]), 400, "invalid_grant"), "unused for too long"


def test_a_code_of_test_mode_expires_by_the_clock(ann, browser, app):
    ann.reset()
    code = app.consent(browser, scope="profile:read")
    ann.advance(61)
    assert is_error(app.redeem(code), 400, "invalid_grant")
    code = app.consent(browser, scope="profile:read")
    assert app.redeem(code).status == 200, "it lives from when it was issued"


def test_a_connection_that_was_given_for_a_time_ends_by_the_clock(world, ann, browser, app):
    ann.reset()
    page = app.consent_page(browser, scope="profile:read", prompt="consent")
    reply = app.decide(browser, page, lifetime="30d")
    code = dict(p.split("=") for p in reply.location.partition("?")[2].split("&"))["code"]
    tokens = app.redeem(code).json
    connection = tokens["connected_account_id"]
    shown = ann("GET", f"/v1/connected_accounts/{connection}").json
    assert shown["status"] == "active"
    ann.advance(30 * DAY + 60)
    assert status(world, tokens) in ("token_expired", "token_revoked")
    assert is_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    assert ann("GET", f"/v1/connected_accounts/{connection}").json["status"] != "active"
    assert ann("GET", "/v1/profile", None, {"Connected-Account": connection}).status == 403
    assert connection not in [g["id"] for g in ann("GET", "/v1/grants").json["data"]]


def test_a_live_connection_never_sees_the_clock(world, ann, browser):
    ann.reset()
    tokens = App(world, owner=ann.account, scope="profile:read").connect(browser, scope="profile:read")
    ann.advance(400 * DAY)
    assert status(world, tokens) == 200
    assert world.sql("SELECT count(*) FROM account WHERE livemode AND ahead_s <> 0") == [["0"]]


def test_rows_of_tokens_go_by_the_servers_clock_whatever_the_sandboxs_is(world, ann, browser, app):
    """Their slots are emptied by the hour: what lives in a far future of a sandbox must not keep them."""
    ann.reset()
    ann.advance(1000 * DAY)
    app.connect(browser, scope="profile:read")
    idle = "((extract(epoch FROM now())::bigint / 3600 + 2) % 4)::int"
    assert world.sql(f"UPDATE access_token SET slot = {idle} WHERE account_id = {ann.twin}; SELECT access_token_prune() IS NOT NULL") == [["t"]]  # at one time
    assert rows(world, ann, "access_token") == 0
    ann.reset()


# ---- page and command ----

def test_the_page_shows_the_clock_and_resets(world, ann, browser):
    ann.reset()
    ann.advance(3 * DAY)
    made = ann.event(start_time=week()["from"], end_time=week()["to"])
    page = browser.get("/sandbox")
    assert page.status == 200 and "3 days ahead" in page.text
    assert 'href="/sandbox"' in browser.get("/calendars?mode=test").text and 'href="/sandbox"' not in browser.get("/calendars").text
    assert browser.post("/sandbox", Form(page.text, "/sandbox").with_()).location == "/sandbox?done=reset"
    assert "ahead of" not in browser.get("/sandbox?done=reset").text
    assert ann("GET", f"/v1/events/{made['id']}").status == 404


def test_the_keys_page_says_that_a_test_key_has_expired_by_the_clock(world, ann, browser):
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).isoformat()
    assert ann("POST", "/v1/api_keys", {"name": "ends", "kind": "restricted", "scopes": ["profile:read"], "expires_at": end}).status == 201
    assert browser.get("/keys").text.count(">Expired<") == 0
    ann.advance(31 * DAY)
    assert browser.get("/keys").text.count(">Expired<") > 0
    ann.reset()


def test_the_commands_do_the_same(world, ann):
    ann.reset()
    ann.event(start_time=week()["from"], end_time=week()["to"])
    told = world.line("sandbox", "clock", ann.account.email, "--advance", "7200")
    assert told["object"] == "sandbox_clock" and told["advanced_seconds"] == 7200
    assert ann("GET", "/v1/sandbox/clock").json["advanced_seconds"] == 7200
    assert world.line("sandbox", "clock", ann.account.email)["advanced_seconds"] == 7200
    count = rows(world, ann, "calendar_object")
    assert world.line("sandbox", "reset", ann.account.email)["advanced_seconds"] == 0
    assert rows(world, ann, "calendar_object") == count - 1
