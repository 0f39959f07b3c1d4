-- SPDX-License-Identifier: Apache-2.0
-- Links in letters, by which somebody shows that they read at an address (server/mail/mailbox.h). Accounts are live ones.

-- name: mailbox_link_put
-- $1 account  $2 purpose  $3 hash  $4 address  $5 end
INSERT INTO mailbox_link AS k (account_id, purpose, hash, email, expires_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account_id, purpose) DO UPDATE SET hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at;

-- name: mailbox_link_find
-- $1 account  $2 purpose  $3 hash  $4 now
-- And whose account it is about: its address by now, and whether anybody has shown that they read there.
SELECT k.email, a.email AS account_email, a.email_confirmed_at IS NOT NULL AS confirmed
  FROM mailbox_link k JOIN account a ON a.account_id = k.account_id
 WHERE k.account_id = $1 AND k.purpose = $2 AND k.hash = $3 AND k.expires_at > $4;

-- name: mailbox_confirm
-- $1 account  $2 its twin  $3 hash  $4 now  $5 audit_by()
SELECT mailbox_confirm($1, $2, $3, $4, $5) AS email;

-- name: mailbox_change
-- $1 account  $2 its twin  $3 hash of the link, NULL: at once  $4 address, then  $5 now  $6 audit_by()
SELECT mailbox_change($1, $2, $3, $4, $5, $6) AS email;

-- name: mailbox_reset
-- $1 account  $2 its twin  $3 hash of the link  $4 hash of the password  $5 now  $6 audit_by()
SELECT mailbox_reset($1, $2, $3, $4, $5, $6) AS email;

-- name: letter_ask stores
-- $1 id  $2 purpose  $3 e-mail, folded  $4 network  $5 language of the page
-- Whether there was room, and of which network one was dropped for it.
SELECT noted, dropped FROM letter_ask($1, $2, $3, $4, $5);

-- name: letter_take
-- $1 at most  $2 now
-- Who asked for what, and their account where there is one: for a new password one that may be signed in to, or be taken back by who
-- signs in (whoever deleted it with a stolen password set another one before). Those who take at once take different ones.
WITH gone AS (
	DELETE FROM letter_request WHERE id = ANY (ARRAY(SELECT r.id FROM letter_request r ORDER BY r.id LIMIT $1::int FOR UPDATE SKIP LOCKED))
	RETURNING id, purpose, email, network, language
)
SELECT g.id, g.purpose, a.account_id AS account, g.email, g.network, coalesce(a.language, a.page_language, g.language) AS language
  FROM gone g LEFT JOIN login l ON l.email = g.email
  LEFT JOIN account a ON a.account_id = l.account_id
    AND (g.purpose = 4 OR a.status = 1 OR (a.status = 2 AND a.delete_at > $2 AND a.left_at = a.deactivated_at));

-- name: letter_drop
-- $1 one that was asked for
DELETE FROM letter_request r WHERE r.id = $1;

-- name: sign_up_put stores
-- $1 id  $2 e-mail, folded  $3 hash  $4 network  $5 end
-- Whether there was room, and of which network one was dropped for it.
SELECT noted, dropped FROM sign_up_put($1, $2, $3, $4, $5);

-- name: sign_up_find
-- $1 id  $2 hash  $3 now
SELECT s.email FROM sign_up s WHERE s.id = $1 AND s.hash = $2 AND s.expires_at > $3;

-- name: sign_up_prune
-- $1 those that ended before
DELETE FROM sign_up WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM sign_up x WHERE x.expires_at < $1 FOR UPDATE SKIP LOCKED));
