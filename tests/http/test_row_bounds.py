# SPDX-License-Identifier: Apache-2.0
"""F53: what bounds the rows of each table, proven table by table."""
import os

import pytest

from dav import Dav
from davfaults import DEAD
from davwrite import proppatch as patch
from oauth_flow import App
import row_bounds
from row_bounds import LIVE, SOMEONE, count, statement
from world import ROOT

SECONDS = 15
SERVE = ["--rate-limit", "100000"]


def calendars_are_250(world):
    owner = world.account("someone@example.org")
    dav, home = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/"
    for n in range(300):
        answer = dav.request("MKCALENDAR", f"{home}many{n}/")
        if answer.status != 201:
            break
    assert answer.status == 507 and dav.request("COPY", home + "many1/", Destination=home + "more/").status == 507
    key = {"Content-Type": "application/json"}
    assert world.post("/v1/calendars", '{"name":"more"}', key, owner.key).status == 507
    assert count(world, "calendar", LIVE) == count(world, "calendar_state", LIVE) == 250
    world.sql(f"DELETE FROM calendar_state WHERE {LIVE} AND calendar_id IN (SELECT id FROM calendar WHERE name LIKE 'many%');"
              f"DELETE FROM calendar WHERE {LIVE} AND name LIKE 'many%'")


def properties_are_5000(world):
    owner = world.account("someone@example.org")
    dav, home = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/"
    world.sql(f"INSERT INTO dead_property SELECT {SOMEONE}, gen_random_uuid(), 'urn:x', 'p', '' FROM generate_series(1, 4999)")
    assert patch(dav, home, DEAD).status == 207
    refused = patch(dav, home + "default/", DEAD)
    assert refused.status == 507 and count(world, "dead_property", LIVE) == 5000


def the_outbox_is_trimmed(world):
    """Of a crowd, those who have too much are found without looking at all rows."""
    world.sql(f"INSERT INTO outbox (account_id, kind, modseq) SELECT {SOMEONE}, 'object_created', n FROM generate_series(1, 3000) n;"
              "INSERT INTO outbox (account_id, kind) SELECT gen_random_uuid(), 'object_created' FROM generate_series(1, 3000) n")
    others = count(world, "outbox", f"NOT {LIVE}")
    world.sql("SELECT outbox_trim(500, 100) FROM generate_series(1, 300)")
    assert count(world, "outbox", LIVE) == 500 and count(world, "outbox", f"NOT {LIVE}") == others
    [[least]] = world.sql(f"SELECT min(modseq) FROM outbox WHERE {LIVE}")
    assert least == "2501"


def answers_are_10000_of_a_day(world):
    world.sql(f"""INSERT INTO idempotent_answer (account_id, key_hash, fingerprint, created_at, status, head, body)
                  SELECT {SOMEONE}, sha256(n::text::bytea), sha256(''), now() - n * interval '2 minutes', 201, '', ''
                  FROM generate_series(1, 3000) n""")
    trim = lambda most: world.sql(f"SELECT idempotent_answer_trim(now() - interval '1 day', {most}, 1000) FROM generate_series(1, 10)")
    trim(10000)
    assert count(world, "idempotent_answer", LIVE) == 719  # every two minutes, less than a day old
    trim(500)
    assert count(world, "idempotent_answer", LIVE) == 500
    assert count(world, "idempotent_answer", f"{LIVE} AND created_at < now() - interval '1000 minutes'") <= 1


def the_log_is_20000_of_400_days(world):
    """And its chain goes on from what went (test_audit_chain.py)."""
    more = lambda n: world.sql(f"SELECT audit_add({SOMEONE}, 'key.changed', NULL, ARRAY['server', '', '', '', '', ''], NULL) FROM generate_series(1, {n})")
    trim = lambda most, before: world.sql(f"SELECT audit_trim(now() - interval '{before}', {most}, 100) FROM generate_series(1, 60)")
    more(1000)
    trim(500, "400 days")
    assert count(world, "audit", LIVE) == 500 and count(world, "audit_head", LIVE) == 1
    world.sql("ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET at = at - interval '401 days' WHERE seq <= (SELECT max(seq) - 100 FROM audit); "
              "ALTER TABLE audit ENABLE TRIGGER ALL")
    trim(500, "400 days")
    assert count(world, "audit", LIVE) == 100


def anchors_are_of_1000_days(world):
    world.sql("DELETE FROM audit_anchor; INSERT INTO audit_anchor SELECT current_date - n, now(), 0, '', '', '' FROM generate_series(1, 1500) n")
    world.sql("SELECT audit_anchor_make(now() + interval '1 day', 1000)")
    assert count(world, "audit_anchor") == 1000
    world.sql("DELETE FROM audit_anchor")


def webhooks(world, events, deliveries):
    """An endpoint with so many events, deliveries and tries, one an hour, the newest of now; and trims what is too much."""
    world.sql("DELETE FROM webhook_endpoint; DELETE FROM webhook_event; DELETE FROM webhook_delivery")
    world.sql(f"SELECT webhook_endpoint_create({SOMEONE}, uuid_v7(), NULL, false, 0, NULL, 'https://x', '{{*}}', NULL, false, '', NULL)")
    world.sql(f"""WITH v AS (INSERT INTO webhook_event (account_id, id, type, sequence, needs, created_at, body)
                  SELECT {SOMEONE}, (left(uuid7_floor(current_date - n / 24)::text, 24) || lpad(n::text, 12, '0'))::uuid, 'ping', 1, 0, now(), ''
                  FROM generate_series(1, 1000) n RETURNING account_id, id),
                  d AS (INSERT INTO webhook_delivery (account_id, id, endpoint_id, event_id, state, next_attempt_at)
                  SELECT v.account_id, v.id, e.id, v.id, 2, NULL FROM v, webhook_endpoint e RETURNING account_id, id)
                  SELECT count(*) FROM d""")
    world.sql("INSERT INTO webhook_attempt SELECT account_id, id, 1, now(), 1, 200, NULL, '' FROM webhook_delivery")
    world.sql(f"SELECT webhook_trim(uuid7_floor(current_date - 30), {events}, {deliveries}, 1000) FROM generate_series(1, 4)")


def webhooks_are_of_30_days(world):
    webhooks(world, 20000, 50000)
    kept = count(world, "webhook_event", LIVE)
    assert kept == count(world, "webhook_delivery", LIVE) == count(world, "webhook_attempt", LIVE)
    assert 29 * 24 < kept <= 31 * 24
    webhooks(world, 100, 200)
    assert [count(world, f"webhook_{t}", LIVE) for t in ("event", "delivery", "attempt")] == [100, 200, 200]


def endpoints_are_sixteen(world):
    made = [world.sql(f"""SELECT webhook_endpoint_create({SOMEONE}, uuid_v7(), NULL, false, 0, NULL, 'https://x', '{{*}}', NULL,
                          false, '', NULL) IS NOT NULL""") for _ in range(18)]
    assert count(world, "webhook_endpoint", LIVE) == count(world, "webhook_queue", LIVE) == 16 and made[-1] == [["f"]]
    world.sql(f"SELECT webhook_number({SOMEONE}), webhook_number({SOMEONE})")
    assert count(world, "webhook_counter", LIVE) == 1 and count(world, "webhook_cursor") == 1
    world.sql("DELETE FROM webhook_endpoint")
    assert count(world, "webhook_queue") == 0


def what_was_before_is_kept_for_an_hour(world):
    world.sql(f"""INSERT INTO object_before SELECT {SOMEONE}, gen_random_uuid(), 1, now() - n * interval '10 minutes', ''
                  FROM generate_series(1, 100) n; SELECT webhook_trim(uuid_v7(), 1, 1, 1)""")
    assert count(world, "object_before", LIVE) == 6


def bookings_end_400_days_after_their_end(world):
    world.sql(f"""INSERT INTO booking (account_id, id, page_id, calendar_id, event_id, start_at, end_at, tz, name, email, questions, answers)
                  SELECT {SOMEONE}, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now(), now() - n * interval '1 day',
                         'UTC', 'x', 'x', '{{}}', '{{}}' FROM generate_series(1, 500) n""")
    statement(world, "booking_prune", "now() - interval '400 days 1 hour'", "1000")
    assert count(world, "booking", LIVE) == 400


def usage_is_a_thousand_a_day_of_90_days(world):
    """And what is too much of an account's day is kept in one row; test_usage.py calls until it is so."""
    none, hour = "'00000000-0000-0000-0000-000000000000'", "array_fill(0::bigint, ARRAY[16])"
    add = lambda first, last, most: world.sql(f"""SELECT usage_add(array_agg({SOMEONE}), array_agg(20000 + n % 2), array_agg(('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid),
        array_agg({none}::uuid), array_agg('GET /x'::text), array_agg(2::bigint), array_agg(1::bigint), array_agg(0::bigint),
        (SELECT array_agg((k % 16)::bigint) FROM generate_series(0, {16 * (last - first + 1) - 1}) k), {most}) FROM generate_series({first}, {last}) n""")
    add(1, 100, 30)
    add(1, 120, 30)
    days = world.sql(f"""SELECT count(*), count(*) FILTER (WHERE route = 'other'), sum(requests), sum(client_errors), sum(latency[16])
                         FROM usage_day WHERE {LIVE} AND day >= date '2024-10-04' AND day < date '2024-10-06' GROUP BY day""")
    assert days == [["31", "1", "220", "110", "1650"]] * 2, "the sums are right"
    world.sql(f"INSERT INTO usage_day SELECT {SOMEONE}, current_date - n, {none}, {none}, 'GET /x', 1, 0, 0, {hour} FROM generate_series(1, 200) n")
    for _ in range(40):
        statement(world, "usage_trim", "current_date - 90 - '1970-01-01'::date", "10")
    assert count(world, "usage_day", f"{LIVE} AND day < current_date") == 90


def assertions_end(world):
    app = App(world, type="confidential")
    world.sql("INSERT INTO client_assertion SELECT c.id, sha256(n::text::bytea), now() + n * interval '1 minute' "
              f"FROM generate_series(-9, 9) n, oauth_client c WHERE c.name = 'Test app' ORDER BY c.id DESC LIMIT 19")
    statement(world, "client_assertion_prune", "now()")
    assert count(world, "client_assertion", "expires_at < now()") == 0 and count(world, "client_assertion") >= 9 and app


def mail_is_of_five_days(world):
    """How much a day has of it, test_mail.py shows: test_an_account_cannot_bomb_with_mail."""
    world.sql(f"""INSERT INTO mail_letter SELECT {SOMEONE}, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, '' FROM generate_series(1, 200) n;
                  INSERT INTO mail (account_id, letter_id, number, recipient, state, created_at)
                  SELECT {SOMEONE}, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 1, 'x', 1 + n % 4, now() - n * interval '1 hour'
                    FROM generate_series(1, 200) n""")
    for _ in range(20):
        statement(world, "mail_trim", "now() - interval '120 hours 30 minutes'", "10")
    assert count(world, "mail", LIVE) == 120 and count(world, "mail_letter", LIVE) == 120


def proofs_end_with_their_slot(world):
    world.sql("INSERT INTO dpop_seen SELECT s, sha256(s::text::bytea) FROM generate_series(0, 3) s")
    [[idle]] = world.sql("SELECT dpop_prune()")
    assert count(world, "dpop_seen", f"slot = {idle}") == 0 and count(world, "dpop_seen") == 3


def one_time_of_proofs(world):
    world.sql("INSERT INTO dpop_since (since_ms) VALUES (1) ON CONFLICT DO NOTHING")
    assert count(world, "dpop_since") == 1


def one_place_of_words(world):
    world.sql("INSERT INTO words_fill DEFAULT VALUES ON CONFLICT DO NOTHING")
    assert count(world, "words_fill") == 1


def one_place_of_zones(world):
    world.sql("INSERT INTO zone_fill DEFAULT VALUES ON CONFLICT DO NOTHING")
    assert count(world, "zone_fill") == 1


def one_home(world):
    world.sql("SELECT database_home_step(1), database_home_step(1)")
    assert count(world, "database_home") == 1


def requests_are_10000_of_a_week(world):
    row = (f"INSERT INTO request_log SELECT {SOMEONE}, uuid_v7(), (floor(extract(epoch FROM now()) / 86400)::bigint + {{}}) %% 9, now(), NULL, NULL, NULL, "
           "'GET', 'GET /v1/events', '/v1/events', 200, 1 FROM generate_series(1, {})").replace("%%", "%")
    world.sql(row.format(0, 10500) + ";" + row.format(1, 10))
    [[idle]] = world.sql("SELECT request_log_prune()")
    assert count(world, "request_log", f"slot = {idle}") == 0 and count(world, "request_log", LIVE) >= 10500
    for _ in range(20):
        statement(world, "request_log_trim", "10000", "1000")
    assert count(world, "request_log", LIVE) == 10000


PROOFS = {
    "request_log": requests_are_10000_of_a_week,
    "mail": mail_is_of_five_days,
    "mail_letter": mail_is_of_five_days,
    "mailbox_link": "test_mailbox.py::test_one_link_for_each_purpose",
    "letter_request": "test_mailbox.py::test_a_thousand_wait_at_most",
    "notice": "test_notices.py::test_fifty_wait_at_most",
    "usage_day": usage_is_a_thousand_a_day_of_90_days,
    "booking_page": "test_booking_pages.py::test_an_account_has_fifty_pages",
    "booking": bookings_end_400_days_after_their_end,
    "webhook_endpoint": endpoints_are_sixteen,
    "webhook_queue": endpoints_are_sixteen,
    "webhook_counter": endpoints_are_sixteen,
    "webhook_cursor": endpoints_are_sixteen,
    "words_fill": one_place_of_words,
    "zone_fill": one_place_of_zones,
    "database_home": one_home,
    "webhook_event": webhooks_are_of_30_days,
    "webhook_delivery": webhooks_are_of_30_days,
    "webhook_attempt": webhooks_are_of_30_days,
    "object_before": what_was_before_is_kept_for_an_hour,
    "login": "test_sign_up.py::test_sign_up_ends_where_there_are_enough_and_the_operator_goes_on",
    "account": "test_sign_up.py::test_sign_up_ends_where_there_are_enough_and_the_operator_goes_on",
    "throttle": row_bounds.throttles_end,
    "auth_request": row_bounds.requests_end,
    "device_request": row_bounds.device_requests_end,
    "login_flow": row_bounds.login_flows_end,
    "sign_up": "test_sign_up_mail.py::test_ten_thousand_wait_at_most_and_for_a_day",
    "signing_key": row_bounds.keys_that_retired_are_twenty,
    "oauth_client": "test_oauth_apps.py::test_an_account_has_250_apps",
    "client_document": "test_oauth_documents.py::test_rows_are_bounded",
    "registration_token": "test_oauth_managed.py::test_a_token_registers_so_many_apps_for_a_week",
    "open_client_denied": "test_oauth_registration_denied.py::test_a_denied_app_is_cut_off_at_once",
    "oauth_client_secret": "test_oauth_apps.py::test_an_app_has_twenty_secrets",
    "oauth_client_redirect": row_bounds.redirects_are_twenty,
    "oauth_client_keys": "test_oauth_keys.py::test_keys_are_fetched_once_and_again_for_one_that_is_new",
    "client_assertion": assertions_end,
    "dpop_seen": proofs_end_with_their_slot,
    "dpop_since": one_time_of_proofs,
    "session": row_bounds.sessions_are_a_hundred,
    "passkey": "test_passkeys.py::test_an_account_has_twenty",
    "totp": "test_second_factor.py::test_a_second_app_takes_the_place_of_one_that_was_begun_but_not_of_an_active_one",
    "recovery_code": "test_second_factor.py::test_a_new_set_of_recovery_codes_ends_the_old_one",
    "api_key": "test_rows.py::test_an_account_has_so_many_keys",
    "page_origin": "test_cors.py::test_an_origin_is_known_as_long_as_a_live_key_lists_it",
    "credential_use": row_bounds.uses_end_with_a_year,
    "connected_account": row_bounds.one_connection_for_each_app,
    "client_connection": row_bounds.one_connection_for_each_app,
    "consent_log": row_bounds.consents_leave_so_many_rows,
    "token_family": row_bounds.families_are_a_thousand,
    "access_token": row_bounds.tokens_end_with_their_slot,
    "outbox": the_outbox_is_trimmed,
    "audit": the_log_is_20000_of_400_days,
    "audit_head": the_log_is_20000_of_400_days,
    "audit_anchor": anchors_are_of_1000_days,
    "idempotent_answer": answers_are_10000_of_a_day,
    "calendar": calendars_are_250,
    "calendar_state": calendars_are_250,
    "calendar_object": "test_rows.py::test_tombstones_are_bounded_and_old_tokens_end_by_it",
    "voice_session": "test_voice.py::test_sixty_an_hour_and_a_day_of_rows",
    "calendar_gone": "test_event_changes.py::test_ids_that_went_are_1000_a_calendar_and_older_tokens_end",
    "dead_property": properties_are_5000,
}


def test_every_table_has_its_proof(world):
    world.account("someone@example.org")
    tables = {t for (t,) in world.sql("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
                                      "AND c.relkind IN ('r', 'p') AND NOT c.relispartition")} - {"schema_migration"}
    assert tables == set(PROOFS)
    for proof in PROOFS.values():
        if isinstance(proof, str):
            file, _, name = proof.partition("::")
            with open(os.path.join(ROOT, "tests/http", file), encoding="utf-8") as f:
                assert f"def {name}(" in f.read(), proof


@pytest.mark.parametrize("proof", dict.fromkeys(p for p in PROOFS.values() if callable(p)), ids=lambda p: p.__name__)
def test_the_rows_of_a_table_are_bounded(world, proof):
    world.account("someone@example.org")
    with world.jobs_held():  # they trim, too, and send what stands there to be counted
        proof(world)
