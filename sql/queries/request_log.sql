-- SPDX-License-Identifier: Apache-2.0

-- name: request_log_add
-- $1 accounts, zeros: the owner of the client  $2 requests  $3 when  $4 credentials  $5 clients  $6 connections (zeros: none)
-- $7 methods  $8 routes  $9 paths  $10 statuses  $11 microseconds  $12 codes  $13 params  $14 messages  $15 networks
-- $16 agents ('': none)
-- Not of an account that is gone: nothing would delete it.
INSERT INTO request_log (account_id, id, slot, at, credential_id, client_id, connection_id, method, route, path, status,
       took_us, code, param, message, network, agent)
SELECT a.account_id, r.id, (floor(extract(epoch FROM r.at) / 86400)::bigint % 9)::smallint, r.at,
       nullif(r.credential, n.none), nullif(r.client, n.none), nullif(r.connection, n.none), r.method, r.route, r.path, r.status,
       r.took_us, nullif(r.code, ''), nullif(r.param, ''), nullif(r.message, ''), nullif(r.network, ''), nullif(r.agent, '')
  FROM (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS none) n,
       unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[],
              $10::smallint[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
       AS r(account, id, at, credential, client, connection, method, route, path, status, took_us, code, param, message, network, agent)
  LEFT JOIN oauth_client o ON o.id = r.client AND r.account = '00000000-0000-0000-0000-000000000000'
  JOIN account a ON a.account_id = coalesce(o.owner_id, r.account) AND a.status <> 3
    ON CONFLICT DO NOTHING;

-- name: request_log_before
-- $1 account  $2 before this request  $3 status from  $4 to  $5 route or NULL  $6 credential or NULL  $7 client or NULL
-- $8 at most so many
SELECT l.id, l.at, l.credential_id AS credential, l.client_id AS client, l.connection_id AS connection, l.method, l.route, l.path,
       l.status, l.took_us, l.code, l.param, l.message, l.network, l.agent
  FROM request_log l
 WHERE l.account_id = $1 AND l.id < $2 AND l.status BETWEEN $3 AND $4 AND ($5::text IS NULL OR l.route = $5)
   AND ($6::uuid IS NULL OR l.credential_id = $6) AND ($7::uuid IS NULL OR l.client_id = $7)
 ORDER BY l.id DESC LIMIT $8::int;

-- name: request_log_get
-- $1 account  $2 request
SELECT l.id, l.at, l.credential_id AS credential, l.client_id AS client, l.connection_id AS connection, l.method, l.route, l.path,
       l.status, l.took_us, l.code, l.param, l.message, l.network, l.agent
  FROM request_log l WHERE l.account_id = $1 AND l.id = $2 LIMIT 1;

-- name: request_log_networks
-- $1 account  $2 credential  $3 at most so many
-- Where its newest requests came from, the latest first.
SELECT l.network, max(l.at) AS at
  FROM (SELECT r.network, r.at FROM request_log r WHERE r.account_id = $1 AND r.credential_id = $2 AND r.network IS NOT NULL
         ORDER BY r.id DESC LIMIT 1000) l
 GROUP BY l.network ORDER BY max(l.at) DESC, l.network LIMIT $3::int;
