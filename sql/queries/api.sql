-- SPDX-License-Identifier: Apache-2.0

-- name: connected_account_of_platform
-- $1 the platform's account  $2 connected account  $3 now
-- For whom a platform acts, and what it was granted. Nothing when it is not its connection, or was cut.
SELECT c.account_id AS account, c.client_id AS client, c.scopes, c.calendars, a.status, a.plan, a.email, a.name, a.tz
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = p.user_account_id
 WHERE p.account_id = $1 AND p.connected_account_id = $2 AND c.revoked_at IS NULL AND c.expires_at > $3;
