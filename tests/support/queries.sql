-- SPDX-License-Identifier: Apache-2.0
-- Statements for the tests of server/db alone.

-- name: t_values
SELECT $1::text AS a_text, $2::bytea AS a_bytea, $3::uuid AS an_id, $4::boolean AS a_bool, $5::smallint AS an_int2,
       $6::integer AS an_int4, $7::bigint AS an_int8, $8::timestamptz AS an_instant

-- name: t_lists
SELECT $1::text[] AS texts, $2::bytea[] AS byteas, $3::uuid[] AS ids, $4::boolean[] AS bools, $5::smallint[] AS int2s,
       $6::integer[] AS int4s, $7::bigint[] AS int8s, $8::timestamptz[] AS instants

-- name: t_literals
-- Text for types that are not text.
SELECT $1::jsonb ->> 'a' AS json, host($2::inet) AS address, extract(epoch FROM $3::interval)::bigint AS seconds

-- name: t_count
SELECT n::int AS n, 'row ' || n AS label FROM generate_series(1, $1::int) n

-- guard: t_divisor
 WHERE 12 / $next::int > 0

-- name: t_tell guard: t_divisor
-- t_count with another label, so that a test sees where a row is from.
SELECT n::int AS n, 'ahead ' || n AS label FROM generate_series(1, $1::int) n

-- name: t_store stores
SELECT 1 AS one

-- name: t_sleep
SELECT pg_sleep($1::int / 1000.0)::text AS slept

-- name: t_throttle_add
INSERT INTO throttle (subject, count, ends_at) VALUES ($1, $2, 'infinity')

-- name: t_throttle_count
SELECT count FROM throttle WHERE subject = $1

-- name: t_orphan_secret
INSERT INTO oauth_client_secret (client_id, id, hash, prefix) VALUES ($1, $1, $2, 'x')

-- name: t_bad_number
SELECT $1::text::int AS n

-- name: t_backend
SELECT pg_backend_pid() AS pid

-- name: t_terminate
-- Ends all other connections to this database.
SELECT count(pg_terminate_backend(pid, 5000)) AS ended FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()

-- name: t_stop
-- Ends this very connection while the statement runs.
SELECT pg_terminate_backend(pg_backend_pid())::text AS gone

-- name: t_token_add
-- $1 hour of expiry, from now; of a live account, whose clock is the server's
INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at)
SELECT encode(set_byte(uuid_send(gen_random_uuid()), 15, 0), 'hex')::uuid, sha256(random()::text::bytea), ((hour % 4 + 4) % 4)::smallint, gen_random_uuid(), 0,
       to_timestamp(hour * 3600 + 1800)
  FROM (SELECT extract(epoch FROM now())::bigint / 3600 + $1::int AS hour) h

-- name: t_token_count
SELECT count(*) AS rows FROM access_token

-- name: t_outbox_add
-- $1 days from today
INSERT INTO outbox (account_id, id, kind)
VALUES (gen_random_uuid(), uuid7_floor((now() AT TIME ZONE 'UTC')::date + $1::int), 'object_created')

-- name: t_outbox_partitions
SELECT tableoid::regclass::text AS partition FROM outbox ORDER BY id

-- name: t_outbox_fill
-- $1 rows of one account, numbered in modseq
INSERT INTO outbox (account_id, kind, modseq)
SELECT '11111111-1111-7111-8111-111111111110', 'object_created', n FROM generate_series(1, $1::int) n

-- name: t_outbox_left
SELECT count(*) AS rows FROM outbox WHERE account_id = '11111111-1111-7111-8111-111111111110'

-- name: t_outbox_oldest
SELECT min(modseq) AS rows FROM outbox WHERE account_id = '11111111-1111-7111-8111-111111111110'

-- name: t_settings
SELECT current_setting('plan_cache_mode') AS plans, current_setting('TimeZone') AS zone

-- name: t_renamed
-- A statement whose row does not fit: db_check must tell.
SELECT 1::bigint AS new_name, 'x'::text AS number
