-- SPDX-License-Identifier: Apache-2.0

-- name: client_prove
-- $1 client  $2 hash of the secret, NULL when none was sent
-- Nothing when its owner's account is deactivated: the platform is stopped with it.
-- The client, and whether the secret is one of its living ones. The same work for a right secret and a wrong one.
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, c.verified, c.may_introspect, c.scopes,
       EXISTS (SELECT FROM oauth_client_secret s
                WHERE s.client_id = c.id AND s.hash = $2 AND s.revoked_at IS NULL) AS proven
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.id = $1 AND c.deleted_at IS NULL AND a.status = 1;

-- name: client_find
-- $1 client
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.scopes,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.created_at
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.id = $1 AND c.deleted_at IS NULL;

-- name: client_list_of_owner
-- $1 the owner's live and test id
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.scopes,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.created_at
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.owner_id = ANY ($1::uuid[]) AND c.deleted_at IS NULL
 ORDER BY c.id;

-- name: client_list_all
-- No parameters.
SELECT c.id, c.owner_id AS owner, c.kind, c.grants, c.name, a.name AS owner_name, a.status AS owner_status, c.verified, c.may_introspect, c.scopes,
       ARRAY(SELECT r.uri FROM oauth_client_redirect r WHERE r.client_id = c.id ORDER BY r.uri) AS redirects, c.created_at
  FROM oauth_client c
  JOIN account a ON a.account_id = c.owner_id
 WHERE c.deleted_at IS NULL
 ORDER BY c.id;

-- name: client_insert stores
-- $1 id  $2 owner in its mode  $3 kind  $4 name  $5 may introspect  $6 scopes  $7 grants
-- $8 redirect URIs  $9 which of them are loopback  $10 $11 $12 id, hash and prefix of the secret, NULL for none  $13 audit_by()
-- The owner's row is held until the client is there, for who deactivates them at this moment.
WITH owner AS (
	SELECT a.account_id, a.status FROM account a WHERE a.account_id = $2 FOR SHARE
), made AS (
	INSERT INTO oauth_client (id, owner_id, kind, name, may_introspect, scopes, grants, owner_active)
	SELECT $1, o.account_id, $3, $4, $5, $6, $7, o.status = 1 FROM owner o
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
	UPDATE oauth_client_secret s SET revoked_at = $5 FROM lock WHERE s.client_id = lock.id AND s.revoked_at IS NULL
), made AS (
	INSERT INTO oauth_client_secret (client_id, id, hash, prefix, created_at)
	SELECT lock.id, $2, $3, $4, $5 FROM lock
)
SELECT audit_add(lock.owner_id, 'client.secret_rotated', lock.id, $6, jsonb_build_object('name', lock.name, 'prefix', $4::text))
  FROM lock;

-- name: client_delete
-- $1 client  $2 now
-- Told of by client_cut.
UPDATE oauth_client SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL;

-- name: client_cut
-- $1 client  $2 now  $3 audit_by()
-- Ends the connections of a deleted client; runs after client_delete has its lock, so that it sees all of them. Each user
-- is told, and the owner, in the order of their ids.
WITH cut AS (
	UPDATE connected_account c
	   SET revoked_at = $2, revoked_why = 2
	  FROM client_connection l
	  JOIN oauth_client o ON o.owner_id = l.account_id
	 WHERE o.id = $1 AND l.client_id = o.id AND c.account_id = l.user_account_id AND c.id = l.connected_account_id
	   AND c.revoked_at IS NULL
	RETURNING c.account_id, c.id, o.name
), told AS (
	SELECT cut.account_id, 'consent.ended' AS kind, cut.id, jsonb_build_object('client_name', cut.name, 'reason', 'client_deleted') AS details FROM cut
	UNION ALL
	SELECT o.owner_id, 'client.deleted', o.id, jsonb_build_object('name', o.name) FROM oauth_client o WHERE o.id = $1
)
SELECT audit_add(t.account_id, t.kind, t.id, $3, t.details) FROM (SELECT * FROM told ORDER BY account_id, id) t;

-- name: client_verify
-- $1 client  $2 audit_by()
WITH made AS (
	UPDATE oauth_client SET verified = true WHERE id = $1 AND deleted_at IS NULL RETURNING owner_id, id, name
)
SELECT audit_add(m.owner_id, 'client.verified', m.id, $2, jsonb_build_object('name', m.name)) FROM made m;
