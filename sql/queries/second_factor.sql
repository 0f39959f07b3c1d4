-- SPDX-License-Identifier: Apache-2.0
-- Second factors, always of the live account.

-- name: totp_begin
-- $1 account  $2 key, sealed  $3 now
-- Nothing where one is active: that has to end first.
INSERT INTO totp AS t (account_id, sealed, created_at) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0
 WHERE t.activated_at IS NULL;

-- name: totp_find
-- $1 account
SELECT sealed, activated_at, last_step FROM totp WHERE account_id = $1;

-- name: totp_activate
-- $1 account  $2 key, sealed, that the code was of  $3 now  $4 step of the code  $5 audit_by()
WITH activated AS (
	UPDATE totp SET activated_at = $3, last_step = $4 WHERE account_id = $1 AND sealed = $2 AND activated_at IS NULL RETURNING account_id
)
SELECT audit_add(a.account_id, 'totp.activated', a.account_id, $5, NULL) FROM activated a;

-- name: totp_use
-- $1 account  $2 step of the code
-- Nothing when a code of this step, or of a later one, was taken before.
UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2 AND activated_at IS NOT NULL;

-- name: totp_end
-- $1 account  $2 audit_by()
-- Recovery codes go with what they stand in for.
WITH ended AS (
	DELETE FROM totp WHERE account_id = $1 RETURNING account_id, activated_at
), codes AS (
	DELETE FROM recovery_code r
	 USING (SELECT x.hash FROM recovery_code x WHERE x.account_id = $1 ORDER BY x.hash FOR UPDATE) o
	 WHERE r.account_id = $1 AND r.hash = o.hash
	RETURNING 1
)
SELECT audit_add(e.account_id, 'totp.ended', e.account_id, $2, NULL)
  FROM ended e, (SELECT count(*) FROM codes) c WHERE e.activated_at IS NOT NULL;

-- name: recovery_codes_make stores
-- $1 account  $2 hashes  $3 audit_by()
SELECT recovery_codes_make($1, $2, $3);

-- name: recovery_code_use
-- $1 account  $2 hash  $3 now  $4 audit_by()
WITH used AS (
	UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND hash = $2 AND used_at IS NULL RETURNING account_id
)
SELECT audit_add(u.account_id, 'recovery_code.used', u.account_id, $4, NULL) FROM used u;

-- name: second_factors
-- $1 account
SELECT (SELECT t.activated_at FROM totp t WHERE t.account_id = $1) AS totp_since,
       (SELECT count(*) FROM recovery_code r WHERE r.account_id = $1 AND r.used_at IS NULL) AS recovery_codes;

-- name: network_is_known
-- $1 account  $2 network
-- Somebody is signed in to the account from there, or used a key or an app of it from there last.
SELECT EXISTS (SELECT FROM session s WHERE s.account_id = $1 AND s.ip <<= $2::text::inet)
    OR EXISTS (SELECT FROM credential_use u WHERE u.account_id = $1 AND u.ip <<= $2::text::inet) AS known;
