-- SPDX-License-Identifier: Apache-2.0

-- name: usage_add
-- $1 accounts  $2 days since 1970  $3 credentials  $4 connections  $5 routes  $6 requests  $7 $8 errors
-- $9 16 classes of latency for each  $10 rows that an account has a day
SELECT usage_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: usage_trim
-- $1 days since 1970  $2 at most so many
DELETE FROM usage_day t WHERE t.ctid = ANY (ARRAY(SELECT x.ctid FROM usage_day x WHERE x.day < '1970-01-01'::date + $1::int LIMIT $2::int));

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
