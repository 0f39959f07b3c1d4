-- SPDX-License-Identifier: Apache-2.0

-- name: auth_request_store
-- $1 hash of the reference  $2 client  $3 expires at  $4 … what was asked (oauth/auth_request.h)  $15 now
-- $16 until when it can be opened by its reference, NULL: it came by the browser  $17 response mode
-- $19 … the device that asks, NULL for none  $23 calendars, NULL for any  $24 with what was granted before  $25 with authorization_details
-- $26 what a client that nobody registered says of itself, NULL for another  $27 who must be there, NULL for whoever
-- $28 its acr is essential, and of two factors  $29 the language of the pages that it asks for, NULL for none
INSERT INTO auth_request (hash, client_id, params, expires_at, asked_at, pushed_until)
VALUES ($1, $2, jsonb_build_object(
	'redirect_uri', $4::text, 'state', $5::text, 'nonce', $6::text, 'login_hint', $7::text, 'scopes', $8::bigint,
	'challenge', encode($9::bytea, 'hex'), 'prompt', $10::smallint, 'max_age_s', $11::bigint,
	'error', $12::text, 'error_description', $13::text, 'audience', $14::smallint, 'response_mode', $17::smallint,
	'dpop_jkt', encode($18::bytea, 'hex'), 'device', encode($19::bytea, 'hex'), 'user_code', $20::text,
	'device_ip', $21::text, 'device_agent', $22::text,
	'calendars', $23::uuid[]::text, 'include_granted', $24::boolean, 'with_details', $25::boolean, 'client', $26::text, 'subject', $27::text,
	'mfa_only', $28::boolean, 'language', $29::text), $3, $15, $16);

-- name: auth_request_load
-- $1 hash of the reference  $2 now
SELECT r.client_id, r.params ->> 'redirect_uri' AS redirect_uri, r.params ->> 'state' AS state,
       r.params ->> 'nonce' AS nonce, r.params ->> 'login_hint' AS login_hint, (r.params ->> 'scopes')::bigint AS scopes,
       coalesce((r.params ->> 'audience')::smallint, 0::smallint) AS audience,
       coalesce((r.params ->> 'response_mode')::smallint, 0::smallint) AS response_mode,
       decode(r.params ->> 'device', 'hex') AS device, r.params ->> 'user_code' AS user_code,
       r.params ->> 'device_ip' AS device_ip, r.params ->> 'device_agent' AS device_agent,
       decode(r.params ->> 'challenge', 'hex') AS challenge, decode(r.params ->> 'dpop_jkt', 'hex') AS dpop_jkt,
       (r.params ->> 'prompt')::smallint AS prompt,
       (r.params ->> 'max_age_s')::bigint AS max_age_s, r.params ->> 'error' AS error,
       (r.params ->> 'calendars')::uuid[] AS calendars, coalesce((r.params ->> 'include_granted')::boolean, false) AS include_granted,
       coalesce((r.params ->> 'with_details')::boolean, false) AS with_details,
       coalesce((r.params ->> 'mfa_only')::boolean, false) AS mfa_only,
       r.params ->> 'error_description' AS error_description, r.expires_at, r.decided_at, r.asked_at,
       c.owner_id AS owner, coalesce(c.kind, 1::smallint) AS kind, coalesce(c.grants, 0::smallint) AS grants,
       c.name, a.name AS owner_name, coalesce(c.verified, false) AS verified, coalesce(c.scopes, 0) AS client_scopes,
       coalesce(c.par_only, false) AS par_only, c.created_at AS client_created_at, r.params ->> 'client' AS kept, r.params ->> 'subject' AS subject,
       r.params ->> 'language' AS language
  FROM auth_request r
  LEFT JOIN oauth_client c ON c.id = r.client_id AND c.registration = 0 AND c.deleted_at IS NULL
  LEFT JOIN account a ON a.account_id = c.owner_id
 WHERE r.hash = $1 AND r.expires_at > $2 AND (a.status = 1 OR r.params ->> 'client' IS NOT NULL);

-- name: auth_request_open
-- $1 hash of the reference  $2 client  $3 now  $4 expires at, from its first visit on
-- A pushed one. The sign-in that it may ask for comes after its first visit.
UPDATE auth_request
   SET asked_at = CASE WHEN expires_at = pushed_until THEN $3 ELSE asked_at END,
       expires_at = CASE WHEN expires_at = pushed_until THEN $4 ELSE expires_at END
 WHERE hash = $1 AND client_id = $2 AND decided_at IS NULL AND pushed_until > $3;

-- name: auth_request_claim
-- $1 hash of the reference  $2 now
-- Decided once, whoever comes first.
UPDATE auth_request SET decided_at = $2 WHERE hash = $1 AND decided_at IS NULL AND expires_at > $2;
