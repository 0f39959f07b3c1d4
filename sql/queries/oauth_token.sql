-- SPDX-License-Identifier: Apache-2.0

-- name: code_redeem leaves: 4
-- $1 account  $2 family  $3 hash of the code  $4 client  $5 redirect URI, NULL if not sent  $6 challenge of the verifier
-- $7 hash of the access token  $8 its end  $9 hash of the refresh token  $10 its end when unused  $11 the end of all that comes of it
-- $12 audience of the access token, 0 for the grant's  $13 thumbprint of the key, $14 of the certificate that it is bound to, or NULL
-- $15 whether the client is public: then the refresh token is bound, too  $16 the scope openid: with it, the nonce as it was before
-- One statement, by the leaf of the ring: all that is told is in rows that it has in hand. No row: it is not to be redeemed, see code_replayed.
WITH used AS (
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = $9, idle_expires_at = later($10, a.ahead_s), expires_at = later($11, a.ahead_s),
	       rotated_at = now(), nonce = NULL, dpop_jkt = CASE WHEN $15 THEN $13::bytea END, x5t = CASE WHEN $15 THEN $14::bytea END
	  FROM connected_account c, account a
	 WHERE f.account_id = $1 AND f.id = $2 AND f.code_hash = $3 AND f.client_id = $4
	   AND f.challenge IS NOT DISTINCT FROM $6 AND ($5::text IS NULL OR f.redirect_uri = $5)
	   AND (f.dpop_jkt IS NULL OR f.dpop_jkt = $13) AND f.code_used_at IS NULL AND f.code_expires_at > account_now(a.ahead_s)
	   AND f.revoked_at IS NULL AND audience_within($12, f.audience)
	   AND c.account_id = $1 AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND f.scopes & c.scopes <> 0
	   AND a.account_id = $1 AND a.status = 1
	RETURNING c.id AS connected_account, c.calendars, f.scopes & c.scopes AS scopes, later(least(c.expires_at, f.expires_at), -a.ahead_s) AS connection_until,
	          coalesce(nullif($12, 0), f.audience) AS audience, f.with_details, f.auth_time, f.amr,
	          a.ahead_s, a.email, a.email_confirmed_at, a.name, a.tz, a.language, a.picture_tag
), made AS (
	INSERT INTO access_token_$leaf (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
	SELECT $1, $7, $leaf, $2, u.scopes, later(least($8, u.connection_until), u.ahead_s), $13, $14, u.audience FROM used u
)
SELECT u.connected_account, u.scopes, u.connection_until, u.calendars, u.with_details, u.auth_time, u.amr,
       CASE WHEN u.scopes & $16 <> 0 THEN (SELECT x.nonce FROM token_family x WHERE x.account_id = $1 AND x.id = $2) END AS nonce,
       u.email, u.email_confirmed_at IS NOT NULL AS email_confirmed, u.name, u.tz, u.language, u.picture_tag AS picture
  FROM used u;

-- name: code_replayed
-- $1 account  $2 family  $3 hash of the code  $4 client  $5 redirect URI, NULL if not sent  $6 challenge of the verifier  $7 audit_by()
-- After a redemption that found nothing: if that was since the code was used before, all that came of it ends. A statement of its own,
-- so that it sees the commit of a caller that was faster. With whatever key: the first may have been the thief.
WITH ended AS (
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = $1 AND f.id = $2 AND f.code_hash = $3 AND f.client_id = $4
	   AND f.challenge IS NOT DISTINCT FROM $6 AND ($5::text IS NULL OR f.redirect_uri = $5)
	   AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL
	RETURNING f.id
)
SELECT tokens_replayed($1, $2, $7, 'code') AS told FROM ended;

-- name: token_refresh leaves: 4
-- $1 account  $2 family  $3 hash of the token  $4 client  $5 scopes, NULL for all
-- $6 hash of the new access token  $7 its end  $8 hash of the new refresh token  $9 its end when unused  $10 the answer, sealed
-- $11 audience of the access token, 0 for the grant's  $12 thumbprint of the key, $13 of the certificate that it is bound to, or NULL
-- $14 whether the client is public: then the refresh token is bound, too  $15 whether the app keeps its refresh token
-- (As code_redeem.) Bound to a key it is not rotated: who has it and not the key can do nothing with it. Nor where the app is to keep it:
-- then it is worth nothing to who cannot prove to be that app. No row: see token_refresh_again.
WITH moved AS (
	UPDATE token_family t
	   SET generation = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT $15 THEN t.generation + 1 ELSE t.generation END,
	       previous_hash = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT $15 THEN t.refresh_hash ELSE t.previous_hash END,
	       refresh_hash = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT $15 THEN $8 ELSE t.refresh_hash END,
	       sealed_replay = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT $15 THEN $10 ELSE t.sealed_replay END,
	       replay_scopes = $5, replay_audience = $11, rotated_at = now(), idle_expires_at = later($9, a.ahead_s),
	       dpop_jkt = coalesce(t.dpop_jkt, CASE WHEN $14 THEN $12::bytea END), x5t = coalesce(t.x5t, CASE WHEN $14 THEN $13::bytea END)
	  FROM connected_account c, account a
	 WHERE t.account_id = $1 AND t.id = $2 AND t.refresh_hash = $3 AND t.client_id = $4
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = $12) AND (t.x5t IS NULL OR t.x5t = $13) AND t.revoked_at IS NULL
	   AND t.idle_expires_at > account_now(a.ahead_s) AND t.expires_at > account_now(a.ahead_s)
	   AND ($5::bigint IS NULL OR t.scopes & c.scopes & $5 = $5) AND audience_within($11, t.audience)
	   AND c.account_id = $1 AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND t.scopes & c.scopes <> 0
	   AND a.account_id = $1 AND a.status = 1
	RETURNING c.id AS connected_account, c.calendars, t.scopes & c.scopes AS granted, later(least(c.expires_at, t.expires_at), -a.ahead_s) AS connection_until,
	          coalesce(nullif($11, 0), t.audience) AS audience, t.refresh_hash = $3 AS kept, t.with_details, t.expires_at, t.auth_time, t.amr,
	          a.ahead_s, a.email, a.email_confirmed_at, a.name, a.tz, a.language, a.picture_tag
), made AS (
	INSERT INTO access_token_$leaf (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
	SELECT $1, $6, $leaf, $2, coalesce($5, m.granted), later(least($7, m.connection_until), m.ahead_s), $12, $13, m.audience FROM moved m
)
SELECT CASE WHEN m.kept THEN 5 ELSE 0 END AS outcome, m.connected_account, m.granted, m.connection_until, m.calendars, m.with_details,
       m.expires_at AS family_until, m.auth_time, m.amr, m.email, m.email_confirmed_at IS NOT NULL AS email_confirmed, m.name, m.tz, m.language, m.picture_tag AS picture
  FROM moved m;

-- name: token_refresh_again
-- $1 account  $2 family  $3 hash of the token  $4 its generation  $5 client  $6 scopes, NULL for all  $7 how many seconds a retry gets its answer again
-- $8 audit_by()  $9 audience, $10 $11 thumbprints as in token_refresh
-- After a refresh that found nothing: 1 the token is worth nothing, 2 it was used before and its family has ended, 3 a retry of the last
-- refresh, whose answer is `replay`, 4 a scope was not granted. A statement of its own, so that it sees the commit of a caller that was faster.
WITH family AS (
	SELECT t.refresh_hash = $3 AS newest, t.previous_hash = $3 AS previous, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - make_interval(secs => $7::int) AND t.replay_scopes IS NOT DISTINCT FROM $6
	       AND t.replay_audience IS NOT DISTINCT FROM $9 AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND a.status = 1
	       AND t.scopes & c.scopes & coalesce($6::bigint, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, later(least(c.expires_at, t.expires_at), -a.ahead_s) AS connection_until,
	       c.calendars, t.with_details, t.expires_at, t.auth_time, t.amr, a.email, a.email_confirmed_at, a.name, a.tz, a.language, a.picture_tag
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = $1 AND t.id = $2 AND t.client_id = $5
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = $10) AND (t.x5t IS NULL OR t.x5t = $11)
), judged AS (
	SELECT f.*, CASE WHEN f.revoked_at IS NOT NULL THEN 1
	                 WHEN f.newest THEN CASE WHEN f.scopes & $6 <> $6 THEN 4 ELSE 1 END
	                 WHEN f.previous AND f.is_retry THEN CASE WHEN f.stands THEN 3 ELSE 1 END
	                 WHEN f.previous OR $4 < f.generation - 1 THEN 2
	                 ELSE 1 END AS outcome FROM family f
), ended AS (
	UPDATE token_family t SET revoked_at = now(), revoked_why = 2 FROM judged j
	 WHERE j.outcome = 2 AND t.account_id = $1 AND t.id = $2 AND t.revoked_at IS NULL
	RETURNING 1
)
SELECT j.outcome, CASE j.outcome WHEN 2 THEN tokens_replayed($1, $2, $8, 'refresh token') END AS told,
       CASE j.outcome WHEN 3 THEN j.sealed_replay END AS replay, j.connected_account_id AS connected_account, j.scopes AS granted, j.connection_until,
       j.calendars, j.with_details, j.expires_at AS family_until, j.auth_time, j.amr, j.email, j.email_confirmed_at IS NOT NULL AS email_confirmed,
       j.name, j.tz, j.language, j.picture_tag AS picture
  FROM judged j CROSS JOIN (SELECT count(*) FROM ended) AS e;

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
-- $1 account  $2 hash of the token  $3 thumbprint of the certificate that came with it, $4 of the proof's key, or NULL
-- One statement for each leaf of the ring: through the parent the planner expects four rows. OFFSET 0, here and below: the token is
-- found first, and its family and connection by their keys. In plain joins the account is a constant of each, and a planner that knows of
-- few connections walks all families of the account, in every request.
SELECT c.id AS connected_account, c.machine, c.client_id AS client, CASE o.registration WHEN 0 THEN o.owner_id ELSE t.account_id END AS platform, f.id AS family, c.calendars,
       t.scopes & c.scopes AS scopes, t.audience, t.expires_at, a.plan,
       a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, a.picture_tag AS picture, o.api_version, a.ahead_s
  FROM (SELECT * FROM access_token_$leaf x WHERE x.account_id = $1 AND x.hash = $2 OFFSET 0) t
  JOIN LATERAL (SELECT * FROM token_family x WHERE x.account_id = t.account_id AND x.id = t.family_id OFFSET 0) f ON true
  JOIN LATERAL (SELECT * FROM connected_account x WHERE x.account_id = f.account_id AND x.id = f.connected_account_id OFFSET 0) c ON true
  JOIN oauth_client o ON o.id = c.client_id
  JOIN account a ON a.account_id = t.account_id
 WHERE t.expires_at > account_now(a.ahead_s) AND t.dpop_jkt IS NOT DISTINCT FROM $4 AND (t.x5t IS NULL OR t.x5t = $3) AND f.revoked_at IS NULL
   AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND o.owner_active
   AND a.status = 1;

-- name: token_find_bound leaves: 4
-- $1 account  $2 hash of the token  $3 thumbprint of the proof's key  $4 what names the proof  $5 when its nonce was made
-- $6 now, both in milliseconds since 1970  $7 thumbprint of the certificate that came with it, or NULL
-- As token_find, where that the proof came is remembered here: only of a token that is found.
SELECT c.id AS connected_account, c.machine, c.client_id AS client, CASE o.registration WHEN 0 THEN o.owner_id ELSE t.account_id END AS platform, f.id AS family, c.calendars,
       t.scopes & c.scopes AS scopes, t.audience, t.expires_at, a.plan,
       a.email, a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, a.picture_tag AS picture, o.api_version, a.ahead_s,
       dpop_once($4, $5, $6) AS once
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
       t.issued_at AS given_at, f.auth_time, t.dpop_jkt, t.x5t, a.email
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
-- The newest refresh token of its family, while it works (as token_refresh has it). When a later one of a key's was given is not known: it stays.
SELECT c.id AS connected_account, c.client_id AS client, o.called, c.calendars, f.with_details, f.scopes & c.scopes AS scopes, f.audience,
       least(f.idle_expires_at, f.expires_at, c.expires_at) AS until,
       CASE WHEN f.generation = 1 THEN f.code_used_at WHEN f.dpop_jkt IS NULL AND f.x5t IS NULL THEN f.rotated_at END AS given_at,
       f.auth_time, f.dpop_jkt, f.x5t, a.email
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
