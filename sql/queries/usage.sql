-- SPDX-License-Identifier: Apache-2.0

-- name: usage_add
-- $1 accounts  $2 days since 1970  $3 credentials  $4 connections  $5 routes  $6 requests  $7 $8 errors
-- $9 16 classes of latency for each  $10 rows that an account has a day
SELECT usage_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: usage_trim
-- $1 days since 1970  $2 at most so many
DELETE FROM usage_day t WHERE t.ctid = ANY (ARRAY(SELECT x.ctid FROM usage_day x WHERE x.day < '1970-01-01'::date + $1::int LIMIT $2::int FOR UPDATE SKIP LOCKED));

-- name: usage_after
-- $1 account  $2 first day  $3 last day, since 1970  $4 by: 1 day, 2 credential, 4 connection, 8 route
-- $5 tries of webhooks, or else all but them  $6 credential or NULL  $7 connection or NULL  $8 route or NULL
-- $9 from the beginning, or else after  $10 day  $11 credential  $12 connection  $13 route  $14 at most so many
SELECT g.day, g.credential, g.connection, g.route, g.requests, g.client_errors, g.server_errors, g.latency
  FROM usage_groups($1, $2, $3, $4, $5, $6, $7, $8) g
 WHERE $9 OR (g.day, g.credential, g.connection, g.route) > ($10, $11, $12, $13)
 ORDER BY g.day, g.credential, g.connection, g.route LIMIT $14::int;

-- name: usage_before
-- As usage_after, the other way.
SELECT g.day, g.credential, g.connection, g.route, g.requests, g.client_errors, g.server_errors, g.latency
  FROM usage_groups($1, $2, $3, $4, $5, $6, $7, $8) g
 WHERE $9 OR (g.day, g.credential, g.connection, g.route) < ($10, $11, $12, $13)
 ORDER BY g.day DESC, g.credential DESC, g.connection DESC, g.route DESC LIMIT $14::int;

-- name: usage_overview
-- $1 account  $2 first day  $3 last day, since 1970  $4 credential or NULL  $5 route or NULL  $6 at most so many
-- All but tries of webhooks, by day, by credential and by route, from one reading of the rows.
SELECT CASE grouping(u.day, u.credential_id, u.route) WHEN 3 THEN 1 WHEN 5 THEN 2 ELSE 8 END AS by,
       coalesce(u.day - '1970-01-01'::date, 0) AS day, coalesce(u.credential_id, '00000000-0000-0000-0000-000000000000') AS credential,
       coalesce(u.route, '') AS route, sum(u.requests)::bigint AS requests, sum(u.client_errors)::bigint AS client_errors,
       sum(u.server_errors)::bigint AS server_errors,
       ARRAY[sum(u.latency[1]), sum(u.latency[2]), sum(u.latency[3]), sum(u.latency[4]), sum(u.latency[5]), sum(u.latency[6]), sum(u.latency[7]), sum(u.latency[8]), sum(u.latency[9]), sum(u.latency[10]), sum(u.latency[11]), sum(u.latency[12]), sum(u.latency[13]), sum(u.latency[14]), sum(u.latency[15]), sum(u.latency[16])]::bigint[] AS latency
  FROM usage_day u
 WHERE u.account_id = $1 AND u.day BETWEEN '1970-01-01'::date + $2::int AND '1970-01-01'::date + $3::int AND u.route <> 'webhook'
   AND ($4::uuid IS NULL OR u.credential_id = $4) AND ($5::text IS NULL OR u.route = $5)
 GROUP BY GROUPING SETS ((u.day), (u.credential_id), (u.route))
 ORDER BY 1, sum(u.requests) DESC LIMIT $6::int;
