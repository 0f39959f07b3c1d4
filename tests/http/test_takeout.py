# SPDX-License-Identifier: Apache-2.0
"""The copy of all data that an account's owner downloads: what is in it, that nothing was forgotten, and that it stays in bounds."""
import io
import json
import re
import zipfile

import pytest

from hooks import NOWHERE
from mails import new_port, serve_with
from oauth_flow import BOTH, App, Browser, Form, is_page
from rest import Api

pytestmark = pytest.mark.usefixtures("sink")
PORT = new_port()
SERVE = serve_with(PORT)
PAGE = "/account/download"

# Each table of an account: the file that shows it, or why none does.
SHOWN = {
    "account": "profile.json", "login": "profile.json", "passkey": "profile.json", "session": "sessions.json",
    "calendar": "calendars.json", "calendar_state": "calendars.json", "calendar_object": "calendars/", "dead_property": "properties.json",
    "booking_page": "booking_pages.json", "booking": "bookings.json",
    "api_key": "api_keys.json", "credential_use": "api_keys.json",
    "connected_account": "connected_apps.json", "consent_log": "consents.json", "client_connection": "connected_accounts.json",
    "webhook_endpoint": "webhook_endpoints.json", "webhook_event": "webhook_events.json",
    "webhook_delivery": "webhook_deliveries.json", "webhook_attempt": "webhook_deliveries.json",
    "voice_session": "voice_sessions.json", "usage_day": "usage.json", "audit": "audit.json", "request_log": "request_log.json",
}
LEFT_OUT = {
    "a secret, or what it is known by": {"access_token", "token_family", "totp", "recovery_code", "mailbox_link"},
    "counters and queues, which say nothing that the rows do not": {"audit_head", "webhook_counter", "webhook_queue", "calendar_gone"},
    "what is on its way, and gone when it came": {"mail", "mail_letter", "notice", "outbox"},
    "copies of what is there, kept for a while": {"idempotent_answer", "object_before"},
}
# Of no account by their columns, and of one all the same.
OWNED = {"oauth_client": "apps.json", "oauth_client_secret": "apps.json", "oauth_client_redirect": "apps.json", "page_origin": "api_keys.json"}


class Person:
    def __init__(self, world, email):
        self.world, self.account = world, world.account(email, name="Tay Kout")
        self.email = email
        self.browser = Browser(world)
        self.browser.sign_in(self.account)
        self.secret = world.key(self.account, kind="secret", name="A key of mine")
        self.api = Api(world, self.secret)

    def ask(self, browser=None):
        browser = browser or self.browser
        return browser.post(PAGE, Form(browser.get(PAGE).text, PAGE).with_())

    def download(self):
        reply = self.ask()
        assert reply.status == 200 and reply.headers["Content-Type"] == "application/zip", reply
        assert reply.headers["Cache-Control"] == "no-store"
        assert re.search(r'filename="calends-\d{4}-\d\d-\d\d\.zip"', reply.headers["Content-Disposition"])
        made = zipfile.ZipFile(io.BytesIO(reply.body))
        assert made.testzip() is None
        return {name: made.read(name).decode() for name in made.namelist()}


@pytest.fixture(scope="module")
def person(world):
    return Person(world, "tay@example.org")


@pytest.fixture(autouse=True)
def rested(world):
    world.sql("DELETE FROM throttle")


def tables(world):
    return {t for (t,) in world.sql("SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' "
                                    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace")}


def test_no_table_of_an_account_was_forgotten(world, person):
    """A new one is put into the copy, or its reason is named."""
    left_out = set().union(*LEFT_OUT.values())
    assert not left_out & set(SHOWN)
    assert tables(world) == left_out | set(SHOWN), "put it into web/takeout.c and SHOWN, or name the reason in LEFT_OUT"
    files = person.download()
    for name in set(SHOWN.values()) | set(OWNED.values()):
        assert any(f == name or f.removeprefix("live/").startswith(name) for f in files), name


def items(files, name):
    return json.loads(files[name])


def test_all_of_it_is_there_and_no_secret(world, sink, person):
    api = person.api
    calendar = api.calendar(name="Büro / Haus")
    event = api.event(title="Zahnarzt", calendar_id=calendar["id"])
    app = App(world, owner=person.email, name="Mine")
    app.connect(person.browser, scope=BOTH)
    page = api("POST", "/v1/booking_pages", {"slug": "tay-intro", "title": "Intro"}).json
    assert api("POST", "/v1/webhook_endpoints", {"url": NOWHERE, "events": ["*"]}).status == 201
    in_test = Api(world, world.key(person.account, kind="secret", mode="test"))
    in_test.event(title="Only a test")
    live = world.sql(f"SELECT account_id FROM account WHERE email = '{person.email}' AND livemode")[0][0]
    world.sql(f"""INSERT INTO voice_session (account_id, id, scopes, created_at, expires_at) VALUES ('{live}', uuid_v7(), 1, now(), now());
                  INSERT INTO dead_property SELECT account_id, id, 'urn:x', 'colour-of-day', '<x/>' FROM calendar_object
                   WHERE account_id = '{live}' AND position('Zahnarzt' in convert_from(data, 'UTF8')) > 0""")
    for table in ("request_log", "usage_day", "credential_use"):
        assert world.wait_for(lambda t=table: world.sql(f"SELECT count(*) > 0 FROM {t} WHERE account_id = '{live}'") == [["t"]], 60), table

    files = person.download()
    about = items(files, "profile.json")
    assert (about["language"], about["page_language"]) == (None, "en"), "none was chosen; letters are in that of the first sign-in"
    assert (about["email"], about["name"], about["id"], about["passkeys"]) == (person.email, "Tay Kout", person.account.id, [])
    assert len(items(files, "sessions.json")) == 1 and "profile.json" in files["README.txt"]
    assert any(k["name"] == "A key of mine" and k["last_used_at"] for k in items(files, "live/api_keys.json"))
    [ics] = [files[f] for f in files if f.startswith("live/calendars/") and calendar["id"] in f]
    assert "SUMMARY:Zahnarzt" in ics and ics.startswith("BEGIN:VCALENDAR") and ics.endswith("END:VCALENDAR\r\n")
    assert f"live/calendars/Büro _ Haus-{calendar['id']}.ics" in files
    assert {c["name"] for c in items(files, "live/calendars.json")} >= {"Büro / Haus"}
    assert [p["id"] for p in items(files, "live/booking_pages.json")] == [page["id"]]
    assert [a["name"] for a in items(files, "live/apps.json")] == ["Mine"]
    assert items(files, "live/connected_apps.json") and items(files, "live/connected_accounts.json")
    [consent] = items(files, "live/consents.json")
    assert consent["granted"] == "events:read profile:read" or set(consent["granted"].split()) == set(BOTH.split())
    assert consent["at"][:4] == about["created_at"][:4] and consent["ip"] == "127.0.0.1"
    assert [[consent["wording"]]] == world.sql("SELECT text_version FROM consent_log WHERE ip = '127.0.0.1'")
    [voice], [of_event] = items(files, "live/voice_sessions.json"), items(files, "live/properties.json")
    assert voice["id"].startswith("hub_") and voice["scopes"]
    assert (of_event["calendar"], of_event["name"]) == (calendar["id"], "colour-of-day") and of_event["event"].endswith(".ics")
    assert items(files, "live/webhook_endpoints.json") and items(files, "live/webhook_events.json") and items(files, "live/webhook_deliveries.json")
    assert any(r["route"] == "/v1/events" or "/v1/events" in r["path"] for r in items(files, "live/request_log.json"))
    assert items(files, "live/usage.json") and "account.exported" in {a["kind"] for a in items(files, "live/audit.json")}
    assert any("SUMMARY:Only a test" in files[f] for f in files if f.startswith("test/calendars/"))
    assert not any("Only a test" in files[f] for f in files if f.startswith("live/"))
    assert event["id"] not in files["test/webhook_events.json"]
    for secret in world.secrets:
        assert not any(secret in text for text in files.values()), "a secret of the server's is in it"
    assert not any(re.search(r"argon2|whsec_|(sk|rk)_(live|test)_[0-9A-Za-z]{20}", text) for text in files.values())


def test_what_others_have_is_not_in_it(world, person):
    other = Person(world, "other-tay@example.org")
    other.api.event(title="Somebody else's")
    files = person.download()
    assert not any("Somebody else" in text or other.account.id in text for text in files.values())


def test_lists_of_many_pages_are_whole(world, person):
    mine = "(SELECT account_id FROM account WHERE email = 'tay@example.org' AND livemode)"
    world.sql(f"""INSERT INTO dead_property SELECT {mine}, gen_random_uuid(), 'urn:x', 'p', '<p/>' FROM generate_series(1, 450) n;
                  INSERT INTO dead_property SELECT {mine}, (SELECT id FROM calendar WHERE account_id = {mine} LIMIT 1), 'urn:' || n, 'p', '<p/>'
                    FROM generate_series(1, 45) n;
                  INSERT INTO consent_log SELECT {mine}, uuid_v7(), gen_random_uuid(), gen_random_uuid(), 1, 1, NULL, '1', '192.0.2.1', 'agent'
                    FROM generate_series(1, 450) n;
                  INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes, created_at)
                  SELECT {mine}, uuid_v7(), sha256(n::text::bytea), 1, 'cp_many', 'many', 1, now() FROM generate_series(1, 450) n""")
    files = person.download()
    properties = items(files, "live/properties.json")
    assert len([p for p in properties if p["name"] == "p"]) == 495 and len({p["namespace"] for p in properties if p["calendar"] and p["name"] == "p"}) == 45
    assert len([c for c in items(files, "live/consents.json") if c["ip"] == "192.0.2.1"]) == 450
    assert len([k for k in items(files, "live/api_keys.json") if k["name"] == "many"]) == 450
    world.sql(f"DELETE FROM api_key WHERE prefix = 'cp_many'; DELETE FROM consent_log WHERE ua = 'agent'; DELETE FROM dead_property WHERE local = 'p'")


def test_it_is_told_by_mail_and_in_the_audit_log(world, sink, person):
    before = len(sink.got)
    person.download()
    assert world.wait_for(lambda: [m for m in sink.got[before:] if "A copy of all data of your account was downloaded" in m.text])
    assert "A copy of all data of the account was downloaded" in person.browser.get("/audit").text


def test_who_did_not_prove_lately_who_they_are_does_so_first(world, person):
    browser = Browser(world)
    browser.sign_in(person.account)
    page = browser.get(PAGE).text
    world.sql("UPDATE session SET proven_at = proven_at - interval '16 minutes'")
    asked = browser.get(PAGE)
    assert asked.status == 303 and asked.location.startswith("/confirm?next=")
    assert "Confirm it" in browser.post(PAGE, Form(page, PAGE).with_()).text
    assert Browser(world).get(PAGE).location.startswith("/sign-in")
    world.sql("UPDATE session SET proven_at = now()")
    assert is_page(browser.post(PAGE, [("csrf", "0" * 64)]), 403)


def test_five_a_day_are_enough(world, person):
    for _ in range(5):
        assert person.ask().status == 200
    late = person.ask()
    assert is_page(late, 429)


def test_a_plan_without_api_access_keeps_nobody_from_their_data(world):
    free = Person(world, "free-tay@example.org")
    world.sql("UPDATE account SET plan = 1 WHERE email = 'free-tay@example.org'")
    assert "live/api_keys.json" in free.download()


def test_a_failing_database_leaves_no_file_that_looks_whole(world, person):
    page = Form(person.browser.get(PAGE).text, PAGE).with_()
    told = 0
    for n in (1, 2, 3, 5, 8, 13, 21, 34):
        world.sql("DELETE FROM throttle")
        try:
            reply = person.browser.post(PAGE, page, [("Calends-Fail-Query", f"{n} before")])
        except (EOFError, ConnectionError):
            person.browser.http = world.client_connection()
            continue
        if reply.status == 200:
            assert zipfile.ZipFile(io.BytesIO(reply.body)).testzip() is None and n > 20, n
        else:
            told += is_page(reply, 503) and not reply.headers.all("Content-Disposition")
    assert told >= 4


def test_what_is_large_comes_in_chunks(world):
    """6 MB of events: nothing waits until all is there (that memory stays flat, tests/bench/memory.py shows of calendars)."""
    big = Person(world, "big-tay@example.org")
    calendar = big.api.calendar(name="Big")
    big.api.event(title="big", calendar_id=calendar["id"])
    mine = "(SELECT account_id FROM account WHERE email = 'big-tay@example.org' AND livemode)"
    world.sql(f"""INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at, created_at, size, component, flags, span, etag, name, uid, data)
                  SELECT o.account_id, o.calendar_id, gen_random_uuid(), 1000 + n, o.first_at, o.last_at, o.occ_until, o.updated_at, o.created_at, o.size, o.component, o.flags,
                         o.span, decode(md5(n::text), 'hex'), n || '.ics', n || '@x', convert_to(regexp_replace(convert_from(o.data, 'UTF8'), 'SUMMARY:big',
                           'SUMMARY:' || (SELECT string_agg(md5(n::text || k::text), '') FROM generate_series(1, 600) k)), 'UTF8')
                    FROM calendar_object o, generate_series(1, 300) n WHERE o.account_id = {mine} AND NOT o.deleted AND position('SUMMARY:big' in convert_from(o.data, 'UTF8')) > 0""")
    reply = big.ask()
    assert reply.status == 200 and reply.headers["Transfer-Encoding"] == "chunked"
    made = zipfile.ZipFile(io.BytesIO(reply.body))
    [name] = [n for n in made.namelist() if calendar["id"] in n]
    assert made.testzip() is None and made.read(name).count(b"BEGIN:VEVENT") == 301 and made.getinfo(name).file_size > 5_500_000
