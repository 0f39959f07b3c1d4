-- SPDX-License-Identifier: Apache-2.0
-- Mail that waits and what became of it (server/mail).

-- name: mail_add stores
-- $1 account  $2 letter  $3 event or NULL  $4 recipients  $5 the sealed letter  $6 nothing leaves  $7 at most a day
-- $8 and to one address
SELECT mail_add($1, $2, $3, $4, $5, $6, $7, $8) AS free_at;

-- name: mail_claim
-- $1 now  $2 at most  $3 taken until
SELECT c.account, c.letter, c.number, c.recipient, c.attempt, c.created_at, c.data FROM mail_claim($1, $2, $3) c;

-- name: mail_done
-- $1 accounts  $2 letters  $3 numbers  $4 leases  $5 states  $6 when next  $7 statuses  $8 faults  $9 now
SELECT mail_done($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: mail_waiting
-- $1 more than these are not counted
SELECT count(*)::int AS count FROM (SELECT FROM mail m WHERE m.state = 1 LIMIT $1::int) AS w;

-- name: mail_trim
-- $1 those from before  $2 at most so many go
SELECT mail_trim($1, $2) AS count;
