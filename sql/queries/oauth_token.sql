-- SPDX-License-Identifier: Apache-2.0

-- name: code_redeem
-- $1 account  $2 family  $3 hash of the code  $4 client  $5 redirect URI, NULL if not sent  $6 challenge of the verifier
-- $7 hash of the access token  $8 its slot  $9 its end  $10 hash of the refresh token  $11 its end when unused
-- $12 audit_by()  $13 audience of the access token, 0 for the grant's
-- $14 thumbprint of the key, $16 of the certificate that it is bound to, or NULL  $15 the scope openid: with it, who signed in
-- $17 the end of all that comes of it
-- The rest stands in rows that the function has just looked at: each is looked up once more, and no more.
SELECT r.outcome, r.connected_account_id AS connected_account, r.scopes, r.connection_until,
       (SELECT c.calendars FROM connected_account c WHERE c.account_id = $1 AND c.id = r.connected_account_id) AS calendars,
       coalesce(f.with_details, false) AS with_details,
       CASE r.outcome WHEN 2 THEN tokens_replayed($1, $2, $12, 'code') END AS told,
       CASE WHEN u.email IS NOT NULL THEN f.auth_time END AS auth_time, coalesce(CASE WHEN u.email IS NOT NULL THEN f.amr END, 1::smallint) AS amr,
       CASE WHEN u.email IS NOT NULL THEN f.nonce END AS nonce, u.email, coalesce(u.email_confirmed, false) AS email_confirmed, u.name, u.tz, u.language
  FROM code_redeem($1, $2, $3, $4, $5, $6, $14, $16, $13, $7, $8, $9, $10, $11, $17) AS r
  LEFT JOIN LATERAL (SELECT x.with_details, x.auth_time, x.amr, x.nonce FROM token_family x WHERE x.account_id = $1 AND x.id = $2 OFFSET 0) AS f ON true
  LEFT JOIN LATERAL (SELECT a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language FROM account a
                      WHERE a.account_id = $1 AND r.scopes & $15 <> 0 OFFSET 0) AS u ON true;

-- name: token_refresh
-- $1 account  $2 family  $3 hash of the token  $4 its generation  $5 client  $6 scopes, NULL for all
-- $7 hash of the new access token  $8 its slot  $9 its end  $10 hash of the new refresh token  $11 its end when unused
-- $12 the answer, sealed  $13 how many seconds a retry gets it again  $14 audit_by()
-- $15 audience of the access token, 0 for the grant's  $16 thumbprint of the key, $18 of the certificate that it is bound to, or NULL
-- $17 the scope openid: with it, who signed in  $19 whether the app keeps its refresh token
-- (As in code_redeem.)
SELECT r.outcome, r.connected_account_id AS connected_account, r.granted, r.connection_until, r.replay,
       (SELECT c.calendars FROM connected_account c WHERE c.account_id = $1 AND c.id = r.connected_account_id) AS calendars,
       coalesce(f.with_details, false) AS with_details, coalesce(f.expires_at, 'infinity') AS family_until,
       CASE r.outcome WHEN 2 THEN tokens_replayed($1, $2, $14, 'refresh token') END AS told,
       CASE WHEN u.email IS NOT NULL THEN f.auth_time END AS auth_time, coalesce(CASE WHEN u.email IS NOT NULL THEN f.amr END, 1::smallint) AS amr,
       u.email, coalesce(u.email_confirmed, false) AS email_confirmed, u.name, u.tz, u.language
  FROM token_refresh($1, $2, $3, $4, $5, $16, $18, $19, $6, $15, $7, $8, $9, $10, $11, $12, make_interval(secs => $13::int)) AS r
  LEFT JOIN LATERAL (SELECT x.with_details, x.expires_at, x.auth_time, x.amr FROM token_family x WHERE x.account_id = $1 AND x.id = $2 OFFSET 0) AS f ON true
  LEFT JOIN LATERAL (SELECT a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language FROM account a
                      WHERE a.account_id = $1 AND r.granted & $17 <> 0 OFFSET 0) AS u ON true;

-- name: dpop_once
-- $1 what names the proof  $2 when its nonce was made  $3 now, both in milliseconds since 1970
SELECT dpop_once($1, $2, $3) AS once;

-- name: code_bind
-- $1 account  $2 family  $3 thumbprint of the key that its code is for, or NULL  $4 asked for with authorization_details
-- $5 by what its user signed in
UPDATE token_family SET dpop_jkt = $3, with_details = $4, amr = $5 WHERE account_id = $1 AND id = $2;

-- name: token_exchange
-- $1 account  $2 hash of the subject token  $3 its slot  $4 client  $5 thumbprint of the key that was proven, or NULL
-- $6 hash of the new token  $7 scopes, 0 for all  $8 audience, 0 for the subject token's  $9 as $5, of the certificate
-- Made only when both are within what the subject token has; it works as token_find has it, and is this client's.
WITH subject AS (
	SELECT t.account_id, t.slot, t.family_id, t.scopes & c.scopes AS scopes, t.audience, t.expires_at,
	       CASE WHEN NOT c.machine THEN c.id END AS id, c.calendars, f.with_details, a.ahead_s,
	       t.scopes & c.scopes & $7 = $7 AS in_scope, audience_within($8, t.audience) AS in_audience
	  FROM (SELECT * FROM access_token x WHERE x.account_id = $1 AND x.hash = $2 AND x.slot = $3 OFFSET 0) t
	  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
	  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
	  JOIN oauth_client o ON o.id = c.client_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE f.client_id = $4 AND (t.dpop_jkt IS NULL OR t.dpop_jkt = $5) AND (t.x5t IS NULL OR t.x5t = $9)
	   AND t.expires_at > account_now(a.ahead_s) AND f.revoked_at IS NULL AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND o.owner_active AND a.status = 1
), made AS (
	INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
	SELECT s.account_id, $6, s.slot, s.family_id, coalesce(nullif($7, 0), s.scopes), s.expires_at, $5, $9, coalesce(nullif($8, 0), s.audience)
	  FROM subject s WHERE s.in_scope AND s.in_audience
)
SELECT s.id AS connected_account, s.calendars, s.with_details, s.scopes AS held, s.in_scope, s.in_audience, later(s.expires_at, -s.ahead_s) AS until
  FROM subject s;

-- name: machine_token leaves: 4
-- $1 client  $2 scopes, 0 for all  $3 audience  $4 thumbprint of the key that it is bound to, or NULL, $7 of the certificate
-- $5 hash of the token  $6 its end
-- A token for itself where the app has a connection to its owner already; else, or if it may not have it, token_of_machine says what is. It is
-- committed without a wait for the disk: docs/adr/0042.
INSERT INTO access_token_$leaf (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
SELECT o.owner_id, $5, $leaf, c.id, coalesce(nullif($2, 0), o.machine_scopes), later($6, a.ahead_s), $4, $7, $3
  FROM oauth_client o
  JOIN account a ON a.account_id = o.owner_id
  JOIN connected_account c ON c.account_id = o.owner_id AND c.client_id = o.id AND c.machine AND c.revoked_at IS NULL
 WHERE o.id = $1 AND o.kind = 2 AND o.grants & 64 <> 0 AND o.deleted_at IS NULL AND a.status = 1
   AND o.machine_scopes <> 0 AND o.machine_scopes & $2 = $2
RETURNING scopes AS granted, set_config('synchronous_commit', 'off', true) AS committed;

-- name: token_of_machine
-- $1 client  $2 id for a new connection  $3 scopes, 0 for all  $4 audience  $5 thumbprint of the key that it is bound to, or NULL
-- $6 hash of the token  $7 its slot  $8 its end  $9 as $5, of the certificate
SELECT outcome, granted FROM token_of_machine($1, $2, $3, $4, $5, $9, $6, $7, $8);

-- name: family_state
-- $1 account  $2 family  $3 client
-- Why a grant was refused: for the log, and to tell a deactivated account. Only after a refusal.
SELECT f.revoked_at, f.revoked_why, f.code_hash, f.code_used_at, f.code_expires_at, f.refresh_hash, f.previous_hash,
       f.idle_expires_at, f.audience,
       c.revoked_at AS connection_ended_at, c.expires_at AS connection_expires_at, a.status, a.ahead_s
  FROM token_family f
  JOIN connected_account c ON c.account_id = f.account_id AND c.id = f.connected_account_id
  JOIN account a ON a.account_id = f.account_id
 WHERE f.account_id = $1 AND f.id = $2 AND f.client_id = $3;

-- name: token_find leaves: 4
-- $1 account  $2 hash of the token  $3 thumbprint of the certificate that came with it, or NULL
-- One statement for each leaf of the ring: through the parent the planner expects four rows. OFFSET 0, here and below: the token is
-- found first, and its family and connection by their keys. In plain joins the account is a constant of each, and a planner that knows of
-- few connections walks all families of the account, in every request.
SELECT c.id AS connected_account, c.machine, c.client_id AS client, CASE o.registration WHEN 0 THEN o.owner_id ELSE t.account_id END AS platform, f.id AS family, c.calendars,
       t.scopes & c.scopes AS scopes, t.audience, t.expires_at, a.plan,
       a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, o.api_version, a.ahead_s
  FROM (SELECT * FROM access_token_$leaf x WHERE x.account_id = $1 AND x.hash = $2 OFFSET 0) t
  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = t.account_id
 WHERE t.expires_at > account_now(a.ahead_s) AND t.dpop_jkt IS NULL AND (t.x5t IS NULL OR t.x5t = $3) AND f.revoked_at IS NULL
   AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND o.owner_active
   AND a.status = 1;

-- name: token_find_bound leaves: 4
-- $1 account  $2 hash of the token  $3 thumbprint of the proof's key  $4 what names the proof, NULL where that it came is
-- remembered elsewhere  $5 when its nonce was made
-- $6 now, both in milliseconds since 1970  $7 thumbprint of the certificate that came with it, or NULL
-- Only of a token that is found the proof is kept in mind.
SELECT c.id AS connected_account, c.machine, c.client_id AS client, CASE o.registration WHEN 0 THEN o.owner_id ELSE t.account_id END AS platform, f.id AS family, c.calendars,
       t.scopes & c.scopes AS scopes, t.audience, t.expires_at, a.plan,
       a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, o.api_version, a.ahead_s,
       CASE WHEN $4::bytea IS NULL THEN 0::smallint ELSE dpop_once($4, $5, $6) END AS once
  FROM (SELECT * FROM access_token_$leaf x WHERE x.account_id = $1 AND x.hash = $2 OFFSET 0) t
  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = t.account_id
 WHERE t.expires_at > account_now(a.ahead_s) AND t.dpop_jkt = $3 AND (t.x5t IS NULL OR t.x5t = $7) AND f.revoked_at IS NULL
   AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND o.owner_active
   AND a.status = 1;

-- name: introspect_access leaves: 4
-- $1 account  $2 hash of the token
-- An access token that works (as token_find has it), and whose it is.
SELECT CASE WHEN NOT c.machine THEN c.id END AS connected_account, c.client_id AS client, o.called, c.calendars, f.with_details, t.scopes & c.scopes AS scopes, t.audience, t.expires_at AS until,
       f.auth_time, t.dpop_jkt, t.x5t
  FROM (SELECT * FROM access_token_$leaf x WHERE x.account_id = $1 AND x.hash = $2 OFFSET 0) t
  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = t.account_id
 WHERE t.expires_at > account_now(a.ahead_s) AND f.revoked_at IS NULL
   AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND o.owner_active
   AND a.status = 1;

-- name: introspect_refresh
-- $1 account  $2 family  $3 hash of the refresh token
-- The newest refresh token of its family, while it works (as the function token_refresh has it).
SELECT c.id AS connected_account, c.client_id AS client, o.called, c.calendars, f.with_details, f.scopes & c.scopes AS scopes, f.audience,
       least(f.idle_expires_at, f.expires_at, c.expires_at) AS until, f.auth_time, f.dpop_jkt, f.x5t
  FROM (SELECT * FROM token_family x WHERE x.account_id = $1 AND x.id = $2 AND x.refresh_hash = $3 OFFSET 0) f
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = f.account_id
 WHERE f.revoked_at IS NULL
   AND least(f.idle_expires_at, f.expires_at, c.expires_at) > account_now(a.ahead_s) AND c.revoked_at IS NULL
   AND f.scopes & c.scopes <> 0 AND o.owner_active AND a.status = 1;

-- name: token_state
-- $1 account  $2 hash of the token  $3 slot
-- Why a token was refused. Only after a refusal.
SELECT t.expires_at <= account_now(a.ahead_s) AS expired, t.dpop_jkt IS NOT NULL AS bound, t.x5t AS certificate,
       f.revoked_at IS NOT NULL OR c.revoked_at IS NOT NULL OR c.expires_at <= account_now(a.ahead_s) AS revoked,
       NOT o.owner_active AS stopped, a.status
  FROM (SELECT * FROM access_token x WHERE x.account_id = $1 AND x.hash = $2 AND x.slot = $3 OFFSET 0) t
  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = t.account_id;

-- name: family_revoke_by_access
-- $1 account  $2 hash of the access token  $3 slot  $4 client  $5 now  $6 audit_by()
WITH ended AS (
	UPDATE token_family f SET revoked_at = $5, revoked_why = 4
	 WHERE f.account_id = $1 AND f.id = (SELECT t.family_id FROM access_token t WHERE t.account_id = $1 AND t.hash = $2 AND t.slot = $3)
	   AND f.client_id = $4 AND f.revoked_at IS NULL
	   AND NOT EXISTS (SELECT FROM connected_account c WHERE c.account_id = $1 AND c.id = f.connected_account_id AND c.machine)
	RETURNING f.account_id, f.connected_account_id, f.client_id
)
SELECT audit_add(e.account_id, 'tokens.revoked', e.connected_account_id, $6, jsonb_build_object('client_name', o.name))
  FROM ended e JOIN oauth_client o ON o.id = e.client_id;

-- name: machine_token_revoke
-- $1 account  $2 hash of the access token  $3 slot  $4 client
-- A token of an app for itself ends alone: the others were not given with it.
DELETE FROM access_token t
 USING connected_account c
 WHERE t.account_id = $1 AND t.hash = $2 AND t.slot = $3 AND c.account_id = $1 AND c.id = t.family_id AND c.machine AND c.client_id = $4;

-- name: family_revoke_by_refresh
-- $1 account  $2 family  $3 hash of the refresh token  $4 client  $5 now  $6 its generation, a large number where the
-- tag does not prove it  $7 audit_by()
-- One of any age ends its family: who holds it was given it.
WITH ended AS (
	UPDATE token_family SET revoked_at = $5, revoked_why = 4
	 WHERE account_id = $1 AND id = $2 AND (refresh_hash = $3 OR previous_hash = $3 OR $6 < generation)
	   AND client_id = $4 AND revoked_at IS NULL
	RETURNING account_id, connected_account_id, client_id
)
SELECT audit_add(e.account_id, 'tokens.revoked', e.connected_account_id, $7, jsonb_build_object('client_name', o.name))
  FROM ended e JOIN oauth_client o ON o.id = e.client_id;
