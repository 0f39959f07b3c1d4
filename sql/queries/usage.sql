-- SPDX-License-Identifier: Apache-2.0

-- name: usage_add
-- $1 accounts  $2 days since 1970  $3 credentials  $4 connections  $5 routes  $6 requests  $7 $8 errors
-- $9 16 classes of latency for each  $10 rows that an account has a day
SELECT usage_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: usage_trim
-- $1 days since 1970  $2 at most so many
DELETE FROM usage_day t WHERE t.ctid = ANY (ARRAY(SELECT x.ctid FROM usage_day x WHERE x.day < '1970-01-01'::date + $1::int LIMIT $2::int));

-- name: usage_sum
-- $1 account  $2 first day  $3 last day, since 1970  $4 by: 0 nothing, 1 day, 2 credential, 3 connection, 4 route
-- $5 tries of webhooks, or else all but them  $6 credential or NULL  $7 connection or NULL  $8 groups at most
SELECT CASE WHEN $4 = 1 THEN u.day - '1970-01-01'::date END AS day,
       CASE WHEN $4 = 2 THEN u.credential_id END AS credential,
       CASE WHEN $4 = 3 THEN u.connection_id END AS connection,
       CASE WHEN $4 = 4 THEN u.route END AS route,
       sum(u.requests)::bigint AS requests, sum(u.client_errors)::bigint AS client_errors,
       sum(u.server_errors)::bigint AS server_errors,
       ARRAY[sum(u.latency[1]), sum(u.latency[2]), sum(u.latency[3]), sum(u.latency[4]), sum(u.latency[5]),
             sum(u.latency[6]), sum(u.latency[7]), sum(u.latency[8]), sum(u.latency[9]), sum(u.latency[10]),
             sum(u.latency[11]), sum(u.latency[12]), sum(u.latency[13]), sum(u.latency[14]), sum(u.latency[15]),
             sum(u.latency[16])]::bigint[] AS latency
  FROM usage_day u
 WHERE u.account_id = $1 AND u.day BETWEEN '1970-01-01'::date + $2::int AND '1970-01-01'::date + $3::int
   AND (u.route = 'webhook') = $5 AND u.credential_id = coalesce($6, u.credential_id)
   AND u.connection_id = coalesce($7, u.connection_id)
 GROUP BY 1, 2, 3, 4
 ORDER BY 1, 5 DESC, 2, 3, 4 LIMIT $8::int;
