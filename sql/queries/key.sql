-- SPDX-License-Identifier: Apache-2.0
-- API keys. A key's account is in its mode: the test twin's keys are the test keys.

-- guard: with_key
-- $next hash of a key. For whoever has this key of account $1: what is read with it goes with its authentication
-- (db_prefetch), and nothing is looked up without it.
   AND EXISTS (SELECT FROM api_key k WHERE k.account_id = $1 AND by_hash(k.hash) = $next AND k.revoked_at IS NULL);

-- name: key_authenticate
-- $1 account  $2 hash
-- All that a request with this key may do, in one look-up: nothing of it is remembered from the request before.
SELECT k.id, k.kind, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins, coalesce(k.rate_limit, 0) AS rate_limit,
       k.api_version, k.expires_at, k.revoked_at, a.status, a.plan, a.email,
       a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, a.picture_tag AS picture, a.ahead_s
  FROM api_key k JOIN account a ON a.account_id = k.account_id
 WHERE k.account_id = $1 AND by_hash(k.hash) = $2;

-- name: key_create stores
-- $1 account  $2 id  $3 hash  $4 kind  $5 prefix  $6 name  $7 scopes  $8 calendars or NULL  $9 now  $10 end or NULL
-- $11 keys that an account may have, with those that were revoked and are still shown  $12 networks or NULL
-- $13 origins or NULL  $14 requests a second or 0  $15 audit_by()  $16 the name of its kind  $17 version of the API
-- Nothing when there are enough; those who are made at the same moment do not count each other.
WITH made AS (
	INSERT INTO api_key (account_id, id, hash, kind, prefix, name, scopes, calendars, created_at, expires_at, allowed_ips,
	            allowed_origins, rate_limit, api_version)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13, nullif($14, 0), $17
	 WHERE (SELECT count(*) FROM (SELECT FROM api_key WHERE account_id = $1 LIMIT $11) k) < $11::bigint
	RETURNING account_id, id, name, prefix
)
SELECT audit_add(m.account_id, 'key.created', m.id, $15,
                 jsonb_build_object('name', m.name, 'prefix', m.prefix, 'key_kind', $16::text)) FROM made m;

-- name: key_list
-- $1 live account  $2 its twin  $3 revoked keys are shown when revoked after this
SELECT k.account_id AS account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at, k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM api_key k LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = k.account_id AND x.id = k.id OFFSET 0) u ON true
 WHERE k.account_id IN ($1, $2) AND (k.revoked_at IS NULL OR k.revoked_at > $3)
 ORDER BY k.id DESC;

-- name: key_get
-- $1 account  $2 id
SELECT k.account_id AS account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at, k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM api_key k LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = k.account_id AND x.id = k.id OFFSET 0) u ON true
 WHERE k.account_id = $1 AND k.id = $2;

-- name: key_hold
-- $1 account  $2 id
SELECT 1 FROM api_key WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: key_maker_hold
-- $1 account  $2 the key that makes or changes another  $3 that other, or the first again
-- Both in the order of their ids: two that change each other. The first as it is then.
WITH held AS MATERIALIZED (
	SELECT * FROM api_key WHERE account_id = $1 AND id IN ($2, $3) ORDER BY id FOR NO KEY UPDATE
)
SELECT k.account_id AS account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at, k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM held k LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = k.account_id AND x.id = k.id OFFSET 0) u ON true
 WHERE k.id = $2;

-- name: key_change
-- $1 account  $2 id  $3 name or NULL  $4 scopes that may stay  $5 calendars that may stay, or NULL  $6 end or NULL
-- $7 whether $8 is set, networks or NULL  $9 whether $10 is, origins or NULL  $11 whether $12 is, requests a second or 0
-- $13 audit_by()
-- Two changes at the same moment leave what both allow.
WITH k AS (
	UPDATE api_key SET name = coalesce($3, name), scopes = scopes & $4, expires_at = least(expires_at, $6),
	       calendars = CASE WHEN $5::uuid[] IS NULL THEN calendars WHEN calendars IS NULL THEN $5
	                        ELSE ARRAY(SELECT unnest(calendars) INTERSECT SELECT unnest($5)) END,
	       allowed_ips = CASE WHEN $7 THEN $8 ELSE allowed_ips END,
	       allowed_origins = CASE WHEN $9 THEN $10 ELSE allowed_origins END,
	       rate_limit = CASE WHEN $11 THEN nullif($12, 0) ELSE rate_limit END
	 WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL
	RETURNING account_id AS account, id, kind, prefix, name, scopes, calendars, allowed_ips, allowed_origins,
	          rate_limit, api_version, created_at, rotated_at, expires_at, revoked_at
), told AS (
	SELECT audit_add(k.account, 'key.changed', k.id, $13, jsonb_build_object('name', k.name, 'prefix', k.prefix, 'changed', c.list))
	  FROM k, (SELECT concat_ws(' ', CASE WHEN $3::text IS NOT NULL THEN 'name' END,
	                  CASE WHEN $4 <> 9223372036854775807 THEN 'scopes' END, CASE WHEN $5::uuid[] IS NOT NULL THEN 'calendars' END,
	                  CASE WHEN $6::timestamptz IS NOT NULL THEN 'expires_at' END, CASE WHEN $7 THEN 'allowed_ips' END,
	                  CASE WHEN $9 THEN 'allowed_origins' END, CASE WHEN $11 THEN 'rate_limit' END) AS list) AS c
	 WHERE c.list <> ''
)
SELECT k.account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at,
       k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM k CROSS JOIN (SELECT count(*) FROM told) AS t LEFT JOIN credential_use u ON u.account_id = k.account AND u.id = k.id;

-- (OFFSET 0: what a credential was used last is looked up by its id. As a plain join a planner that knows little reads all
-- uses of the account and sorts them.)

-- name: key_older
-- $1 account  $2 before this id  $3 revoked keys are shown when revoked after this  $4 at most
-- $5 NULL, or only those that work and were not used, made or rotated since then  $6 now, as the keys have it
SELECT k.account_id AS account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at, k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM api_key k LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = k.account_id AND x.id = k.id OFFSET 0) u ON true
 WHERE k.account_id = $1 AND k.id < $2 AND (k.revoked_at IS NULL OR k.revoked_at > $3)
   AND ($5::timestamptz IS NULL OR k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $6)
        AND greatest(k.created_at, k.rotated_at, u.used_at) <= $5)
 ORDER BY k.id DESC LIMIT $4::int;

-- name: key_newer
-- $1 account  $2 after this id  $3 revoked keys are shown when revoked after this  $4 at most
-- $5 NULL, or only those that work and were not used, made or rotated since then  $6 now, as the keys have it
SELECT k.account_id AS account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at, k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM api_key k LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = k.account_id AND x.id = k.id OFFSET 0) u ON true
 WHERE k.account_id = $1 AND k.id > $2 AND (k.revoked_at IS NULL OR k.revoked_at > $3)
   AND ($5::timestamptz IS NULL OR k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $6)
        AND greatest(k.created_at, k.rotated_at, u.used_at) <= $5)
 ORDER BY k.id LIMIT $4::int;

-- name: key_find
-- $1 live account  $2 its twin  $3 id
SELECT account_id AS account, id, kind FROM api_key WHERE account_id IN ($1, $2) AND id = $3;

-- name: key_find_anywhere
-- $1 id
-- For the operator, who has no account in hand: reads the whole table.
SELECT account_id AS account, id, kind FROM api_key WHERE id = $1;

-- name: key_rotate
-- $1 account  $2 id  $3 new hash  $4 new prefix  $5 now  $6 audit_by()
-- The old secret is dead when this commits.
WITH k AS (
	UPDATE api_key SET hash = $3, prefix = $4, rotated_at = $5
	 WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL
	RETURNING account_id AS account, id, kind, prefix, name, scopes, calendars, allowed_ips, allowed_origins,
	          rate_limit, api_version, created_at, rotated_at, expires_at, revoked_at
), told AS (
	SELECT audit_add(k.account, 'key.rotated', k.id, $6, jsonb_build_object('name', k.name, 'prefix', k.prefix)) FROM k
)
SELECT k.account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at,
       k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM k CROSS JOIN (SELECT count(*) FROM told) AS t LEFT JOIN credential_use u ON u.account_id = k.account AND u.id = k.id;

-- name: key_revoke
-- $1 account  $2 id  $3 now  $4 audit_by()
-- One that was revoked before stays as it was, and is not told of twice.
WITH k AS (
	UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) WHERE account_id = $1 AND id = $2
	RETURNING account_id AS account, id, kind, prefix, name, scopes, calendars, allowed_ips, allowed_origins,
	          rate_limit, api_version, created_at, rotated_at, expires_at, revoked_at
), told AS (
	SELECT audit_add(k.account, 'key.revoked', k.id, $4, jsonb_build_object('name', k.name, 'prefix', k.prefix)) FROM k WHERE k.revoked_at = $3
)
SELECT k.account, k.id, k.kind, k.prefix, k.name, k.scopes, k.calendars, k.allowed_ips, k.allowed_origins,
       coalesce(k.rate_limit, 0) AS rate_limit, k.api_version, k.created_at, k.rotated_at, k.expires_at,
       k.revoked_at, u.used_at AS last_used_at,
       host(u.ip) AS last_used_ip, u.agent AS last_used_agent
  FROM k CROSS JOIN (SELECT count(*) FROM told) AS t LEFT JOIN credential_use u ON u.account_id = k.account AND u.id = k.id;

-- name: key_purge
-- $1 keys revoked before this are forgotten
DELETE FROM api_key WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM api_key x WHERE x.revoked_at < $1 FOR UPDATE SKIP LOCKED));

-- name: credential_use_purge
-- $1 what was not used since is forgotten
DELETE FROM credential_use WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM credential_use x WHERE x.used_at < $1 FOR UPDATE SKIP LOCKED));

-- name: last_used_write
-- $1 accounts  $2 credentials  $3 times  $4 addresses, '' for none  $5 programs, '' for none
-- In order of the key, so that two instances that flush at once do not wait for each other in a circle.
-- Not of an account that is gone: nothing would delete it.
INSERT INTO credential_use AS c (account_id, id, used_at, ip, agent)
SELECT n.account_id, n.id, n.used_at, nullif(n.ip, '')::inet, nullif(n.agent, '')
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[])
       AS n (account_id, id, used_at, ip, agent)
  JOIN account a ON a.account_id = n.account_id AND a.status <> 3
 ORDER BY 1, 2
    ON CONFLICT (account_id, id) DO UPDATE
   SET used_at = greatest(c.used_at, excluded.used_at),
       ip = CASE WHEN excluded.used_at >= c.used_at THEN excluded.ip ELSE c.ip END,
       agent = CASE WHEN excluded.used_at >= c.used_at THEN excluded.agent ELSE c.agent END;
