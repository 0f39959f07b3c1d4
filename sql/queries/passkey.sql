-- SPDX-License-Identifier: Apache-2.0
-- Passkeys, always of the live account.

-- name: passkey_create stores
-- $1 account  $2 id  $3 the credential's id  $4 its key  $5 counter  $6 may be on several devices  $7 name  $8 now  $9 audit_by()
SELECT passkey_create($1, $2, $3, $4, $5, $6, $7, $8, $9) AS outcome;

-- name: passkey_list
-- $1 account
SELECT id, credential_id, name, shared, created_at, last_used_at FROM passkey WHERE account_id = $1 ORDER BY created_at, id;

-- name: passkey_find
-- $1 account  $2 the credential's id
SELECT p.id, p.public_key, p.counter, a.status, l.changed_at AS password_at
  FROM passkey p JOIN account a ON a.account_id = p.account_id JOIN login l ON l.account_id = p.account_id
 WHERE p.account_id = $1 AND p.credential_id = $2;

-- name: passkey_use
-- $1 account  $2 id  $3 its counter  $4 now
-- Nothing when the counter did not go on: somebody has a copy (Web Authentication §7.2 step 22).
UPDATE passkey SET counter = $3, last_used_at = $4
 WHERE account_id = $1 AND id = $2 AND (counter < $3 OR (counter = 0 AND $3 = 0));

-- name: passkey_end
-- $1 account  $2 id  $3 audit_by()
WITH ended AS (
	DELETE FROM passkey WHERE account_id = $1 AND id = $2 RETURNING account_id, id, name
)
SELECT audit_add(e.account_id, 'passkey.ended', e.id, $3, jsonb_build_object('name', e.name)) FROM ended e;
