-- SPDX-License-Identifier: Apache-2.0
-- Pictures of accounts, logos of apps.

-- name: account_picture_set stores
-- $1 live id  $2 its twin  $3 picture, NULL for none  $4 its tag
WITH held AS (SELECT account_id FROM account WHERE account_id IN ($1, $2) ORDER BY account_id FOR NO KEY UPDATE)
UPDATE account a SET picture = CASE WHEN a.account_id = $1 THEN $3::bytea END, picture_tag = $4 FROM held h WHERE a.account_id = h.account_id;

-- name: account_picture
-- $1 account  $2 tag
SELECT a.picture AS data FROM account a WHERE a.account_id = $1 AND a.picture_tag = $2;

-- name: account_picture_shown
-- $1 account  $2 tag
-- To whoever has its address.
SELECT a.picture AS data FROM account a WHERE a.account_id = $1 AND a.picture_tag = $2 AND a.status = 1;

-- name: client_logo_set stores
-- $1 client  $2 owner in its mode  $3 logo, NULL for none  $4 its tag  $5 audit_by()
-- Who vouched for the app did so for what it looked like: with another logo nobody does.
WITH app AS (
	UPDATE oauth_client SET logo = $3, logo_tag = $4, verified = false
	 WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL
	RETURNING owner_id, id, name
), told AS (
	SELECT audit_add(a.owner_id, 'client.changed', a.id, $5, jsonb_build_object('name', a.name, 'changed', 'logo'))
	  FROM app a
)
SELECT a.id FROM app a CROSS JOIN (SELECT count(*) FROM told) AS t;

-- name: client_logo
-- $1 client  $2 tag  $3 who asks, in both modes
-- To its owner; to others where somebody vouched for it.
SELECT c.logo AS data FROM oauth_client c
 WHERE c.id = $1 AND c.logo_tag = $2 AND c.deleted_at IS NULL AND (c.verified OR c.owner_id = ANY ($3));

-- name: client_logo_tags
-- $1 clients
SELECT c.id, c.logo_tag AS tag FROM oauth_client c WHERE c.id = ANY ($1) AND c.logo_tag IS NOT NULL;
