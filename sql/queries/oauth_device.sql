-- SPDX-License-Identifier: Apache-2.0

-- name: device_request_store
-- $1 hash of the device code  $2 of the user code  $3 client  $4 scopes  $5 audience  $6 address  $7 user agent  $8 expires at
-- Nothing when another device has this user code.
INSERT INTO device_request (hash, code_hash, client_id, scopes, audience, ip, agent, expires_at)
VALUES ($1, $2, $3, $4, $5, $6::text::inet, $7, $8)
ON CONFLICT DO NOTHING;

-- name: device_request_find
-- $1 hash of the user code  $2 now
SELECT d.hash, d.client_id, d.scopes, d.audience, host(d.ip) AS ip, d.agent
  FROM device_request d
  JOIN oauth_client c ON c.id = d.client_id
  JOIN account a ON a.account_id = c.owner_id
 WHERE d.code_hash = $1 AND d.decided = 0 AND d.expires_at > $2 AND c.deleted_at IS NULL AND a.status = 1;

-- name: device_request_decide
-- $1 hash of the device code  $2 1 allowed, 2 denied  $3 account in its mode  $4 family, NULL when denied  $5 now
-- Once, whoever comes first.
UPDATE device_request SET decided = $2, user_account_id = $3, family_id = $4
 WHERE hash = $1 AND decided = 0 AND expires_at > $5;

-- name: device_request_poll
-- $1 hash of the device code  $2 client  $3 now
-- What became of it. Who finds it allowed has it alone: the next finds it redeemed. Who comes too early waits 5 s longer
-- each time, a minute at most (RFC 8628 §3.5).
WITH was AS (
	SELECT d.hash, d.decided, d.user_account_id, d.family_id, d.expires_at, d.interval_s,
	       coalesce(d.polled_at + make_interval(secs => d.interval_s) > $3, false) AS early
	  FROM device_request d WHERE d.hash = $1 AND d.client_id = $2 FOR UPDATE
), polled AS (
	UPDATE device_request d
	   SET polled_at = $3, interval_s = CASE WHEN w.early THEN least(w.interval_s + 5, 60) ELSE w.interval_s END,
	       decided = CASE WHEN w.decided = 1 AND w.expires_at > $3 THEN 3 ELSE w.decided END
	  FROM was w WHERE d.hash = w.hash
)
SELECT w.decided, w.user_account_id AS account, w.family_id AS family, w.expires_at <= $3 AS expired, w.early FROM was w;

-- name: device_request_prune
-- $1 those that ended before
DELETE FROM device_request WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM device_request x WHERE x.expires_at < $1 FOR UPDATE SKIP LOCKED))
