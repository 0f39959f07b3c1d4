-- SPDX-License-Identifier: Apache-2.0
-- Accounts that their owners delete (server/mail/leaving.h). Accounts are live ones.

-- name: leaving_counts
-- $1 account  $2 its twin
-- What goes with it.
SELECT (SELECT count(*)::int FROM calendar c WHERE c.account_id = $1) AS calendars,
       (SELECT coalesce(sum(t.objects), 0)::int FROM calendar_state t WHERE t.account_id = $1) AS objects,
       (SELECT count(*)::int FROM api_key k WHERE k.account_id IN ($1, $2) AND k.revoked_at IS NULL) AS keys,
       (SELECT count(*)::int FROM connected_account c WHERE c.account_id = $1 AND c.revoked_at IS NULL AND NOT c.machine) AS connections,
       (SELECT count(*)::int FROM oauth_client o WHERE o.owner_id IN ($1, $2) AND o.deleted_at IS NULL) AS apps,
       (SELECT count(*)::int FROM client_connection l JOIN connected_account c
            ON c.account_id = l.user_account_id AND c.id = l.connected_account_id
         WHERE l.account_id IN ($1, $2) AND c.revoked_at IS NULL) AS app_users,
       (SELECT count(*)::int FROM booking_page p WHERE p.account_id = $1) AS pages,
       (SELECT count(*)::int FROM webhook_endpoint e WHERE e.account_id IN ($1, $2)) AS webhooks;

-- name: account_leave
-- $1 account  $2 its twin  $3 now  $4 when it goes  $5 audit_by()
SELECT account_leave($1, $2, $3, $4, $5) AS found;

-- name: leaving_find
-- $1 e-mail, folded  $2 now
SELECT a.account_id AS id, a.delete_at FROM login l JOIN account a ON a.account_id = l.account_id
 WHERE l.email = $1 AND a.status = 2 AND a.delete_at > $2 AND a.left_at = a.deactivated_at;

-- name: account_take_back
-- $1 account  $2 its twin  $3 now  $4 audit_by()
SELECT account_take_back($1, $2, $3, $4) AS found;

-- name: account_delete_some
-- $1 now  $2 rows at most
SELECT account_delete_some($1, $2) AS count;
