-- SPDX-License-Identifier: Apache-2.0

-- name: client_prove
-- $1 client  $2 hash of the secret, NULL when none was sent
-- Nothing when its owner's account is deactivated: the platform is stopped with it.
-- The client, and which of its living secrets it is, if it is one. The same work for a right secret and a wrong one; the owner's clock is
-- looked up for one that ends alone. Who registered itself is known by another id (registered.c).
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, c.verified, c.may_introspect, c.scopes, c.auth_method,
       c.cert_bound, c.keeps_refresh, c.refresh_idle_s, c.refresh_absolute_s,
       (SELECT s.id FROM oauth_client_secret s WHERE s.client_id = c.id AND s.hash = $2 AND s.revoked_at IS NULL
           AND (s.expires_at IS NULL OR s.expires_at > account_now((SELECT a.ahead_s FROM account a WHERE a.account_id = c.owner_id)))) AS secret
  FROM oauth_client c
 WHERE c.id = $1 AND c.deleted_at IS NULL AND c.registration = 0 AND c.owner_active;

-- name: client_find
-- $1 client
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, coalesce(a.status, 1::smallint) AS owner_status, c.verified, c.may_introspect, c.par_only, c.scopes, c.machine_scopes, c.post_logout_redirects,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.api_version, c.auth_method, c.jwks, c.jwks_uri, c.tls_name_kind, c.tls_name, c.cert_bound, c.keeps_refresh,
       c.refresh_idle_s, c.refresh_absolute_s, c.signed_only, c.profile, c.created_at, c.registration
  FROM oauth_client c
  LEFT JOIN account a ON a.account_id = c.owner_id
 WHERE c.id = $1 AND c.deleted_at IS NULL;

-- name: client_list_of_owner
-- $1 the owner's live and test id
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.par_only, c.scopes, c.machine_scopes, c.post_logout_redirects,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.api_version, c.auth_method, c.jwks, c.jwks_uri, c.tls_name_kind, c.tls_name, c.cert_bound, c.keeps_refresh,
       c.refresh_idle_s, c.refresh_absolute_s, c.signed_only, c.profile, c.created_at, c.registration
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.owner_id = ANY ($1::uuid[]) AND c.deleted_at IS NULL
 ORDER BY c.id;

-- name: client_list_all
-- No parameters.
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, coalesce(a.status, 1::smallint) AS owner_status, c.verified, c.may_introspect, c.par_only, c.scopes, c.machine_scopes, c.post_logout_redirects,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.api_version, c.auth_method, c.jwks, c.jwks_uri, c.tls_name_kind, c.tls_name, c.cert_bound, c.keeps_refresh,
       c.refresh_idle_s, c.refresh_absolute_s, c.signed_only, c.profile, c.created_at, c.registration
  FROM oauth_client c
  LEFT JOIN account a ON a.account_id = c.owner_id
 WHERE c.deleted_at IS NULL
 ORDER BY c.id;

-- name: client_insert stores
-- $1 id  $2 owner in its mode  $3 kind  $4 name  $5 may introspect  $6 scopes  $7 grants
-- $8 redirect URIs  $9 which of them are loopback  $10 $11 $12 id, hash and prefix of the secret, NULL for none  $13 audit_by()
-- $14 clients that an account may have, with those that were deleted lately: nothing when there are enough
-- $15 version of the API  $16 how it proves itself  $17 its keys or NULL  $18 where they are or NULL
-- $19 whether it pushes its requests  $20 $21 by what its certificate is known
-- The owner's row is held until the client is there, for who deactivates them at this moment.
WITH owner AS (
	SELECT a.account_id, a.status FROM account a WHERE a.account_id = $2 FOR SHARE
), made AS (
	INSERT INTO oauth_client (id, owner_id, kind, name, may_introspect, scopes, grants, owner_active, api_version, auth_method, jwks, jwks_uri, par_only, tls_name_kind, tls_name)
	SELECT $1, o.account_id, $3, $4, $5, $6, $7, o.status = 1, $15, $16, $17, $18, $19, $20, $21 FROM owner o
	 WHERE (SELECT count(*) FROM oauth_client c WHERE c.owner_id = $2
	           AND (c.deleted_at IS NULL OR c.deleted_at > now() - interval '90 days')) < $14::bigint
	RETURNING id
), redirects AS (
	INSERT INTO oauth_client_redirect (client_id, uri, loopback)
	SELECT made.id, r.uri, r.loopback FROM made, unnest($8::text[], $9::boolean[]) AS r (uri, loopback)
), secret AS (
	INSERT INTO oauth_client_secret (client_id, id, hash, prefix)
	SELECT made.id, $10, $11, $12 FROM made WHERE $11::bytea IS NOT NULL
)
SELECT audit_add($2, 'client.created', made.id, $13, jsonb_build_object('name', $4::text, 'prefix', $12::text)) FROM made;

-- name: client_secret_replace
-- $1 client  $2 $3 $4 id, hash and prefix of the new secret  $5 now  $6 audit_by()
-- The old ones die in the transaction that makes the new.
WITH lock AS (
	SELECT id, owner_id, name FROM oauth_client WHERE id = $1 AND kind = 2 AND deleted_at IS NULL FOR NO KEY UPDATE
), ended AS (
	UPDATE oauth_client_secret s SET revoked_at = $5 FROM lock WHERE s.client_id = lock.id AND s.revoked_at IS NULL RETURNING 1
), made AS (
	INSERT INTO oauth_client_secret (client_id, id, hash, prefix, created_at)
	SELECT lock.id, $2, $3, $4, $5 FROM lock
)
SELECT audit_add(lock.owner_id, 'client.secret_rotated', lock.id, $6, jsonb_build_object('name', lock.name, 'prefix', $4::text))
  FROM lock, (SELECT count(*) FROM ended) e;

-- name: client_delete
-- $1 client  $2 now  $3 its owner in its mode, NULL for any
-- Told of by client_cut.
UPDATE oauth_client SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL AND owner_id = coalesce($3, owner_id);

-- name: client_cut
-- $1 client  $2 now  $3 audit_by()
-- Ends the connections of a deleted client; runs after client_delete has its lock, so that it sees all of them.
SELECT client_cut($1, $2, $3);

-- name: client_verify
-- $1 client  $2 audit_by()
WITH made AS (
	UPDATE oauth_client SET verified = true WHERE id = $1 AND deleted_at IS NULL AND registration = 0 RETURNING owner_id, id, name
)
SELECT audit_add(m.owner_id, 'client.verified', m.id, $2, jsonb_build_object('name', m.name)) FROM made m;

-- name: client_older
-- $1 owner in its mode  $2 before this client  $3 at most
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.par_only, c.scopes, c.machine_scopes, c.post_logout_redirects,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.api_version, c.auth_method, c.jwks, c.jwks_uri, c.tls_name_kind, c.tls_name, c.cert_bound, c.keeps_refresh,
       c.refresh_idle_s, c.refresh_absolute_s, c.signed_only, c.profile, c.created_at, c.registration
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.owner_id = $1 AND c.id < $2 AND c.deleted_at IS NULL
 ORDER BY c.id DESC LIMIT $3::int;

-- name: client_newer
-- $1 owner in its mode  $2 after this client  $3 at most
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.par_only, c.scopes, c.machine_scopes, c.post_logout_redirects,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.api_version, c.auth_method, c.jwks, c.jwks_uri, c.tls_name_kind, c.tls_name, c.cert_bound, c.keeps_refresh,
       c.refresh_idle_s, c.refresh_absolute_s, c.signed_only, c.profile, c.created_at, c.registration
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.owner_id = $1 AND c.id > $2 AND c.deleted_at IS NULL
 ORDER BY c.id LIMIT $3::int;

-- name: client_hold
-- $1 owner in its mode  $2 client
SELECT 1 FROM oauth_client WHERE owner_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: client_change
-- $1 client  $2 owner in its mode  $3 name or NULL  $4 scopes, 0 for as they are  $5 whether $6 is set  $6 redirect URIs
-- $7 which of them are loopback  $8 audit_by()  $9 whether $10 to $12 are set  $10 how it proves itself  $11 its keys or NULL
-- $12 where they are or NULL  $13 whether it pushes its requests, NULL for as it is  $14 grants, 0 for as they are
-- $15 which fields client_policy_store changes beside these  $16 $17 as $10, by what its certificate is known
-- Who vouched for it did so for this name and these addresses: what changes them is vouched for by nobody.
WITH app AS (
	UPDATE oauth_client SET name = coalesce($3, name), scopes = coalesce(nullif($4, 0), scopes),
	       verified = verified AND name = coalesce($3, name) AND NOT $5,
	       auth_method = CASE WHEN $9 THEN $10 ELSE auth_method END, jwks = CASE WHEN $9 THEN $11 ELSE jwks END,
	       jwks_uri = CASE WHEN $9 THEN $12 ELSE jwks_uri END,
	       tls_name_kind = CASE WHEN $9 THEN $16 ELSE tls_name_kind END, tls_name = CASE WHEN $9 THEN $17 ELSE tls_name END, par_only = coalesce($13, par_only),
	       grants = coalesce(nullif($14, 0), grants)
	 WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL
	RETURNING id, owner_id, name
), gone AS (
	DELETE FROM oauth_client_redirect r USING app WHERE $5 AND r.client_id = app.id AND r.uri <> ALL ($6::text[]) -- app is locked
	RETURNING 1
), fresh AS (
	INSERT INTO oauth_client_redirect (client_id, uri, loopback)
	SELECT app.id, r.uri, r.loopback FROM app, unnest($6::text[], $7::boolean[]) AS r (uri, loopback) WHERE $5
	    ON CONFLICT DO NOTHING
)
SELECT audit_add(a.owner_id, 'client.changed', a.id, $8, jsonb_build_object('name', a.name, 'changed', concat_ws(' ',
                 CASE WHEN $3 IS NOT NULL THEN 'name' END, CASE WHEN $4 <> 0 THEN 'scopes' END,
                 CASE WHEN $5 THEN 'redirect_uris' END, CASE WHEN $9 THEN 'authentication' END, CASE WHEN $14 <> 0 THEN 'grant_types' END,
                 CASE WHEN $13 IS NOT NULL THEN 'require_pushed_authorization_requests' END, $15::text)))
  FROM app a CROSS JOIN (SELECT count(*) FROM gone) AS g; -- the log after all else

-- name: client_policy_store
-- $1 client  $2 what it may do for itself  $3 whether its tokens are bound to its certificate  $4 whether it keeps refresh tokens
-- $5 how long one may stay unused, $6 how long all of a grant are good, in seconds, 0 for as the server has it
-- $7 where a browser may be led after a sign-out  $8 whether it signs its requests  $9 its profile
UPDATE oauth_client
   SET machine_scopes = $2, cert_bound = $3, keeps_refresh = $4, refresh_idle_s = nullif($5, 0), refresh_absolute_s = nullif($6, 0),
       post_logout_redirects = $7, signed_only = $8, profile = $9
 WHERE id = $1;

-- name: client_machine_settle
-- $1 client  $2 now  $3 whether what it was given for itself ends in any case
-- Its connection with its owner follows what it may do for itself; runs after the statement that changed the app has its
-- lock, so that it sees that connection.
UPDATE connected_account c
   SET scopes = o.machine_scopes, revoked_at = CASE WHEN x.ends THEN $2::timestamptz END, revoked_why = CASE WHEN x.ends THEN 2::smallint END
  FROM oauth_client o CROSS JOIN LATERAL (
	SELECT $3 OR o.deleted_at IS NOT NULL OR o.grants & 64 = 0 OR o.machine_scopes = 0 AS ends) x
 WHERE o.id = $1 AND c.account_id = o.owner_id AND c.client_id = o.id AND c.machine AND c.revoked_at IS NULL
   AND (x.ends OR c.scopes <> o.machine_scopes);

-- name: client_secrets
-- $1 client
-- The newest first; those that ended stay for 90 days (client_secret_add).
SELECT s.id, s.prefix, s.created_at, s.expires_at, s.revoked_at, u.used_at AS last_used_at
  FROM oauth_client_secret s
  JOIN oauth_client c ON c.id = s.client_id
  LEFT JOIN credential_use u ON u.account_id = c.owner_id AND u.id = s.id
 WHERE s.client_id = $1
 ORDER BY s.id DESC;

-- name: client_secret_add stores
-- $1 client  $2 $3 $4 id, hash and prefix of the new secret  $5 now  $6 its end or NULL  $7 secrets that a client may have
-- $8 audit_by()
-- Beside those that it has. Nothing when there are enough; those that are made at the same moment do not count each other.
WITH app AS (
	SELECT id, owner_id, name FROM oauth_client WHERE id = $1 AND kind = 2 AND deleted_at IS NULL FOR NO KEY UPDATE
), old AS (
	DELETE FROM oauth_client_secret s USING app
	 WHERE s.client_id = app.id AND least(s.revoked_at, s.expires_at) < $5::timestamptz - interval '90 days'
	RETURNING 1
), made AS (
	INSERT INTO oauth_client_secret (client_id, id, hash, prefix, created_at, expires_at)
	SELECT app.id, $2, $3, $4, $5, $6 FROM app
	 WHERE (SELECT count(*) FROM oauth_client_secret s WHERE s.client_id = app.id
	           AND coalesce(least(s.revoked_at, s.expires_at), 'infinity') >= $5::timestamptz - interval '90 days') < $7::bigint
	RETURNING client_id
)
SELECT audit_add(a.owner_id, 'client.secret_created', a.id, $8, jsonb_build_object('name', a.name, 'prefix', $4::text))
  FROM app a JOIN made ON made.client_id = a.id CROSS JOIN (SELECT count(*) FROM old) AS o;

-- name: client_secret_revoke
-- $1 client  $2 secret  $3 now  $4 audit_by()
-- Nothing where there is none. One that was revoked before stays as it was, and is not told of twice.
WITH s AS (
	UPDATE oauth_client_secret SET revoked_at = coalesce(revoked_at, $3) WHERE client_id = $1 AND id = $2
	RETURNING client_id, prefix, revoked_at
), told AS (
	SELECT audit_add(c.owner_id, 'client.secret_revoked', c.id, $4, jsonb_build_object('name', c.name, 'prefix', s.prefix))
	  FROM s JOIN oauth_client c ON c.id = s.client_id WHERE s.revoked_at = $3
)
SELECT s.client_id AS id FROM s CROSS JOIN (SELECT count(*) FROM told) AS t;

-- name: client_with_keys
-- $1 client
-- As client_prove: nothing when its owner's account is deactivated, or it is denied. `fetched` are the keys that its jwks_uri had at fetched_at.
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, c.verified, c.may_introspect, c.scopes, c.auth_method, c.cert_bound,
       c.keeps_refresh, c.refresh_idle_s, c.refresh_absolute_s, c.profile, c.tls_name_kind, c.tls_name, c.jwks, c.jwks_uri, k.jwks AS fetched, k.fetched_at
  FROM oauth_client c
  LEFT JOIN oauth_client_keys k ON k.client_id = c.id AND k.uri = c.jwks_uri
 WHERE c.id = $1 AND c.deleted_at IS NULL AND c.owner_active;

-- name: client_keys_claim
-- $1 client  $2 where its keys are  $3 now  $4 whoever came after this has tried it lately
-- One row when the caller may fetch them: they are fetched by one at a time, and not more often than that.
INSERT INTO oauth_client_keys AS k (client_id, uri, tried_at) VALUES ($1, $2, $3)
ON CONFLICT (client_id) DO UPDATE SET uri = $2, tried_at = $3, jwks = CASE WHEN k.uri = $2 THEN k.jwks END
 WHERE k.uri <> $2 OR k.tried_at < $4;

-- name: client_keys_store
-- $1 client  $2 where they were  $3 the keys  $4 now
UPDATE oauth_client_keys SET jwks = $3, fetched_at = $4 WHERE client_id = $1 AND uri = $2;

-- name: client_assertion_once
-- $1 client  $2 what names the assertion  $3 its end
-- No row: it came before.
INSERT INTO client_assertion (client_id, hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: open_client_is_denied
-- $1 by what it can be named
SELECT EXISTS (SELECT FROM open_client_denied d WHERE d.name = ANY ($1::text[])) AS denied;

-- name: open_client_settle stores
-- $1 account that is about to be connected  $2 client  $3 its owner, who is nobody  $4 who says what it is  $5 kind  $6 name
-- $7 scopes  $8 grants  $9 redirect URIs  $10 which of them are loopback  $11 by what it can be denied  $12 version of the API
-- $13 how it proves itself  $14 its keys or NULL  $15 where they are or NULL  $16 such connections that an account may have
SELECT open_client_settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS outcome;

-- name: open_client_call
-- $1 client  $2 the client_id that it comes by
UPDATE oauth_client o SET called = $2 WHERE o.id = $1 AND o.registration <> 0 AND o.called IS DISTINCT FROM $2;

-- name: open_client_deny
-- $1 name  $2 whether it is denied from now on
SELECT open_client_deny($1, $2);

-- name: open_client_denied_list
-- No parameters.
SELECT d.name, d.denied_at FROM open_client_denied d ORDER BY d.name;

-- name: open_client_prune
-- $1 none that somebody connected to since
-- Clients that nobody registered and nobody is connected to. A consent at this moment moves seen_at.
DELETE FROM oauth_client WHERE id = ANY (ARRAY(SELECT o.id FROM oauth_client o
 WHERE o.registration <> 0 AND o.seen_at < $1 AND NOT EXISTS (SELECT FROM connected_account c WHERE c.client_id = o.id)
   FOR UPDATE SKIP LOCKED));

-- name: open_client_row
-- $1 client
-- Of a document, once somebody was connected to it: the token endpoint fetches nothing.
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, c.scopes, c.auth_method
  FROM oauth_client c WHERE c.id = $1 AND c.registration = 2 AND c.deleted_at IS NULL AND c.owner_active;

-- name: client_document_find
-- $1 its URL
SELECT d.packed, d.wrong, d.fetched_at, d.fresh_until, d.tried_at FROM client_document d WHERE d.url = $1;

-- name: client_document_claim
-- $1 its URL  $2 now  $3 whoever came after this has tried it lately
SELECT client_document_claim($1, $2, $3) AS mine;

-- name: client_document_store
-- $1 its URL  $2 what it said, NULL for as it was  $3 why nothing could be taken, or NULL  $4 now  $5 fresh until
-- $6 whether what it said before counts on
UPDATE client_document
   SET packed = CASE WHEN $6 THEN packed ELSE $2 END, wrong = $3, fetched_at = CASE WHEN $6 THEN fetched_at ELSE $4 END,
       fresh_until = $5
 WHERE url = $1;

-- name: client_document_prune
-- $1 not asked for since
DELETE FROM client_document WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM client_document x WHERE x.tried_at < $1 FOR UPDATE SKIP LOCKED));

-- name: registration_token_add
-- $1 hash  $2 owner in its mode  $3 how many apps  $4 its end  $5 now
-- Those that ended go.
WITH gone AS (DELETE FROM registration_token WHERE ctid = ANY (ARRAY(
	SELECT x.ctid FROM registration_token x WHERE x.expires_at <= $5 OR x.uses_left = 0 FOR UPDATE SKIP LOCKED)))
INSERT INTO registration_token (hash, owner_id, uses_left, expires_at) VALUES ($1, $2, $3, $4);

-- name: registration_token_use
-- $1 hash  $2 now
-- Its owner, in whose name one app more may be made; no row: unknown, used up, ended, or the account is deactivated.
UPDATE registration_token t SET uses_left = t.uses_left - 1
  FROM account a
 WHERE t.hash = $1 AND t.uses_left > 0 AND t.expires_at > $2 AND a.account_id = t.owner_id AND a.status = 1
RETURNING t.owner_id AS owner;

-- name: client_manage_set
-- $1 client  $2 hash of the token that manages it from now on
UPDATE oauth_client SET manage_hash = $2 WHERE id = $1 AND deleted_at IS NULL;

-- name: client_managed
-- $1 client  $2 hash of its token
SELECT c.id FROM oauth_client c
 WHERE c.id = $1 AND c.manage_hash = $2 AND c.deleted_at IS NULL AND c.owner_active;
