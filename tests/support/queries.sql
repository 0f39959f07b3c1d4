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

-- name: t_sleep
SELECT pg_sleep($1::double precision / 1000)::text AS slept

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
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()

-- name: t_settings
SELECT current_setting('plan_cache_mode') AS plans, current_setting('TimeZone') AS zone

-- name: t_renamed
-- A statement whose row does not fit: db_check must tell.
SELECT 1::bigint AS new_name, 'x'::text AS number
