-- SPDX-License-Identifier: Apache-2.0

-- name: consent_grant
-- $1 account in its mode  $2 client  $3 id for a new connection  $4 asked  $5 granted  $6 calendars, NULL for all
-- $7 until  $8 family  $9 hash of the code  $10 its end  $11 challenge  $12 redirect URI  $13 nonce  $14 auth_time
-- $15 id of the log row  $16 version of the wording  $17 address  $18 user agent  $19 audience
SELECT connected_account_id FROM consent_grant($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $19,
	$14, $15, $16, $17::text::inet, $18);

-- name: consent_list_at_client
-- $1 the client's owner  $2 connection  $3 client  $4 the user's account in its mode
-- The platform's side of a connection.
INSERT INTO client_connection (account_id, connected_account_id, client_id, user_account_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: code_issue
-- $1 account in its mode  $2 client  $3 scopes  $4 family  $5 hash of the code  $6 its end  $7 challenge
-- $8 redirect URI  $9 nonce  $10 auth_time  $11 audience
-- $12 thumbprint of the key that it is for, or NULL  $13 calendars, NULL for any  $14 and of what was granted before these
-- $15 with authorization_details  $16 the aliases that were said, as bits: words of this request, which no consent is about
-- $17 by what the user signed in
-- A code under a consent that still stands and covers all that is asked, and no calendar besides; no row otherwise.
INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at, challenge,
	redirect_uri, nonce, auth_time, audience, dpop_jkt, with_details, amr)
SELECT c.account_id, $4, c.id, c.client_id, $3 | $16::bigint | (c.scopes & $14), $5, later($6, m.ahead_s), $7, $8, $9, $10, $11, $12, $15, $17
  FROM connected_account c JOIN account m ON m.account_id = c.account_id
 WHERE c.account_id = $1 AND c.client_id = $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s) AND c.scopes & $3 = $3
   AND ($13::uuid[] IS NULL OR c.calendars <@ $13);

-- name: connected_account_find
-- $1 account in its mode  $2 client
SELECT c.id, c.account_id AS account, c.client_id, o.name AS client_name, a.name AS owner_name, o.verified, c.scopes,
       c.calendars, c.authorized_at, c.expires_at, u.used_at AS last_used_at
  FROM connected_account c
  JOIN oauth_client o ON o.id = c.client_id
  LEFT JOIN account a ON a.account_id = o.owner_id
  JOIN account m ON m.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 WHERE c.account_id = $1 AND c.client_id = $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s);

-- name: connected_account_get
-- $1 live and test id of the account  $2 connection
SELECT c.id, c.account_id AS account, c.client_id, o.name AS client_name, a.name AS owner_name, o.verified, c.scopes,
       c.calendars, c.authorized_at, c.expires_at, u.used_at AS last_used_at
  FROM connected_account c
  JOIN oauth_client o ON o.id = c.client_id
  LEFT JOIN account a ON a.account_id = o.owner_id
  JOIN account m ON m.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 WHERE c.account_id = ANY ($1::uuid[]) AND c.id = $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s);

-- name: connected_account_older
-- $1 live and test id of the account  $2 before this connection  $3 at most
-- Of each world so many by its key, and of these the newest.
SELECT c.id, c.account_id AS account, c.client_id, o.name AS client_name, a.name AS owner_name, o.verified, c.scopes,
       c.calendars, c.authorized_at, c.expires_at, u.used_at AS last_used_at
  FROM unnest($1::uuid[]) AS w (id)
 CROSS JOIN LATERAL (SELECT c.* FROM connected_account c JOIN account m ON m.account_id = c.account_id
                      WHERE c.account_id = w.id AND c.id < $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s)
                      ORDER BY c.id DESC LIMIT $3::int) c
  JOIN oauth_client o ON o.id = c.client_id
  LEFT JOIN account a ON a.account_id = o.owner_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 ORDER BY c.id DESC LIMIT $3::int;

-- name: connected_account_count
-- $1 live and test id of the account  $2 no more are counted
SELECT count(*) FROM (SELECT FROM connected_account c JOIN account m ON m.account_id = c.account_id
                       WHERE c.account_id = ANY ($1::uuid[]) AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s) LIMIT $2::int) AS c;

-- name: connected_account_hold
-- $1 account in its mode  $2 connection
SELECT 1 FROM connected_account WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: connected_account_change
-- $1 account in its mode  $2 connection  $3 scopes that may stay  $4 calendars, NULL for all  $5 end, NULL: as it is
-- What its user decides anew without the app: never more than was granted, and never longer. Tokens have no more than their
-- connection in the next request. No row: it is so already, it has ended, or it would be left without a scope.
UPDATE connected_account c SET scopes = c.scopes & $3, calendars = $4, expires_at = least(c.expires_at, later($5, m.ahead_s))
  FROM account m, oauth_client o
 WHERE c.account_id = $1 AND c.id = $2 AND m.account_id = $1 AND o.id = c.client_id AND NOT c.machine AND c.revoked_at IS NULL
   AND c.expires_at > account_now(m.ahead_s) AND c.scopes & $3 <> 0
   AND (c.scopes & $3 <> c.scopes OR coalesce(later($5, m.ahead_s) < c.expires_at, false) OR (c.calendars IS NULL) <> ($4::uuid[] IS NULL)
        OR NOT coalesce(c.calendars @> $4 AND c.calendars <@ $4, true))
RETURNING c.id, c.scopes, o.name AS client_name;

-- name: connected_account_end
-- $1 account in its mode  $2 connection  $3 now  $4 audit_by()
-- The connection ends (revoked_why: 1 by the user, 2 with its client, 3 by the platform), and its families, so that a later consent does not bring their tokens back.
WITH ended AS (
	UPDATE connected_account c SET revoked_at = $3, revoked_why = 1
	  FROM account m
	 WHERE c.account_id = $1 AND c.id = $2 AND m.account_id = $1 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s)
	RETURNING c.account_id, c.id, c.client_id
), families AS (
	UPDATE token_family f SET revoked_at = $3, revoked_why = 3
	  FROM ended WHERE f.account_id = ended.account_id AND f.connected_account_id = ended.id AND f.revoked_at IS NULL
	RETURNING 1
), told AS (
	SELECT audit_add(e.account_id, 'consent.ended', e.id, $4, jsonb_build_object('client_name', o.name))
	  FROM ended e JOIN oauth_client o ON o.id = e.client_id CROSS JOIN (SELECT count(*) FROM families) AS f -- before the log
)
SELECT e.id FROM ended e CROSS JOIN (SELECT count(*) FROM told) AS t;

-- name: grant_older
-- $1 account in its mode  $2 before this connection  $3 at most
SELECT c.id, c.account_id AS account, c.client_id, o.name AS client_name, a.name AS owner_name, o.verified, c.scopes,
       c.calendars, c.authorized_at, c.expires_at, u.used_at AS last_used_at
  FROM connected_account c
  JOIN oauth_client o ON o.id = c.client_id
  LEFT JOIN account a ON a.account_id = o.owner_id
  JOIN account m ON m.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 WHERE c.account_id = $1 AND c.id < $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s)
 ORDER BY c.id DESC LIMIT $3::int;

-- name: grant_newer
-- $1 account in its mode  $2 after this connection  $3 at most
SELECT c.id, c.account_id AS account, c.client_id, o.name AS client_name, a.name AS owner_name, o.verified, c.scopes,
       c.calendars, c.authorized_at, c.expires_at, u.used_at AS last_used_at
  FROM connected_account c
  JOIN oauth_client o ON o.id = c.client_id
  LEFT JOIN account a ON a.account_id = o.owner_id
  JOIN account m ON m.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 WHERE c.account_id = $1 AND c.id > $2 AND NOT c.machine AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s)
 ORDER BY c.id LIMIT $3::int;

-- name: platform_account_older
-- $1 platform in its mode  $2 before this connection  $3 client or NULL  $4 scopes that it has  $5 state, 0 for any
-- $6 at most
-- Of all its connections, however many the filters pass over.
SELECT c.id, c.account_id AS account, c.client_id, c.scopes, c.calendars, c.authorized_at, c.expires_at, c.revoked_at,
       u.used_at AS last_used_at, a.name, a.email, s.state
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 CROSS JOIN LATERAL (SELECT (CASE WHEN c.revoked_at IS NOT NULL OR c.expires_at <= account_now(a.ahead_s) THEN 3 WHEN a.status <> 1 THEN 2
                             ELSE 1 END)::smallint AS state) AS s
 WHERE p.account_id = $1 AND p.connected_account_id < $2 AND p.client_id = coalesce($3, p.client_id)
   AND c.scopes & $4 = $4 AND s.state = coalesce(nullif($5, 0), s.state)
 ORDER BY p.connected_account_id DESC LIMIT $6::int;

-- name: platform_account_counts
-- $1 platform in its mode  $2 of the newest so many
SELECT p.client_id, count(*) AS count
  FROM (SELECT x.client_id FROM client_connection x WHERE x.account_id = $1 ORDER BY x.connected_account_id DESC LIMIT $2::int) p
 GROUP BY p.client_id;

-- name: platform_account_newer
-- $1 platform in its mode  $2 after this connection  $3 client or NULL  $4 scopes that it has  $5 state, 0 for any
-- $6 at most
-- Of all its connections, however many the filters pass over.
SELECT c.id, c.account_id AS account, c.client_id, c.scopes, c.calendars, c.authorized_at, c.expires_at, c.revoked_at,
       u.used_at AS last_used_at, a.name, a.email, s.state
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 CROSS JOIN LATERAL (SELECT (CASE WHEN c.revoked_at IS NOT NULL OR c.expires_at <= account_now(a.ahead_s) THEN 3 WHEN a.status <> 1 THEN 2
                             ELSE 1 END)::smallint AS state) AS s
 WHERE p.account_id = $1 AND p.connected_account_id > $2 AND p.client_id = coalesce($3, p.client_id)
   AND c.scopes & $4 = $4 AND s.state = coalesce(nullif($5, 0), s.state)
 ORDER BY p.connected_account_id LIMIT $6::int;

-- name: platform_account_get
-- $1 platform in its mode  $2 connection
SELECT c.id, c.account_id AS account, c.client_id, c.scopes, c.calendars, c.authorized_at, c.expires_at, c.revoked_at,
       u.used_at AS last_used_at, a.name, a.email, s.state
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip, x.agent FROM credential_use x WHERE x.account_id = c.account_id AND x.id = c.id OFFSET 0) u ON true
 CROSS JOIN LATERAL (SELECT (CASE WHEN c.revoked_at IS NOT NULL OR c.expires_at <= account_now(a.ahead_s) THEN 3 WHEN a.status <> 1 THEN 2
                             ELSE 1 END)::smallint AS state) AS s
 WHERE p.account_id = $1 AND p.connected_account_id = $2;

-- name: platform_account_deauthorize
-- $1 platform in its mode  $2 connection  $3 now  $4 audit_by()
-- By the platform: as connected_account_end by the user. Both are told, in the order of their ids.
WITH ended AS (
	UPDATE connected_account c SET revoked_at = $3, revoked_why = 3
	  FROM client_connection p JOIN account m ON m.account_id = p.user_account_id
	 WHERE p.account_id = $1 AND p.connected_account_id = $2 AND c.account_id = p.user_account_id AND c.id = $2
	   AND c.revoked_at IS NULL AND c.expires_at > account_now(m.ahead_s)
	RETURNING c.account_id, c.id, c.client_id
), families AS (
	UPDATE token_family f SET revoked_at = $3, revoked_why = 3
	  FROM ended WHERE f.account_id = ended.account_id AND f.connected_account_id = ended.id AND f.revoked_at IS NULL
	RETURNING 1
), parties AS (
	SELECT e.account_id, 'consent.ended' AS kind, jsonb_build_object('client_name', o.name, 'reason', 'deauthorized') AS details
	  FROM ended e JOIN oauth_client o ON o.id = e.client_id
	UNION ALL
	SELECT $1, 'connected_account.deauthorized', jsonb_build_object('client_name', o.name)
	  FROM ended e JOIN oauth_client o ON o.id = e.client_id
), told AS (
	SELECT audit_add(b.account_id, b.kind, $2, $4, b.details) FROM (SELECT p.* FROM parties p CROSS JOIN (SELECT count(*) FROM families) AS f ORDER BY p.account_id) b
)
SELECT e.id FROM ended e CROSS JOIN (SELECT count(*) FROM told) AS t;
