-- SPDX-License-Identifier: Apache-2.0
-- Mail that waits and what became of it (server/mail).

-- name: mail_add stores
-- $1 account  $2 letter  $3 event or NULL  $4 recipients  $5 the sealed letter  $6 nothing leaves  $7 at most a day
-- $8 and to one address  $9 the server's own, to the account's owner  $10 that anybody asked for
SELECT a.free_at, a.unconfirmed FROM mail_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) a;

-- name: mail_claim
-- $1 now  $2 at most  $3 taken until
SELECT c.account, c.letter, c.number, c.recipient, c.attempt, c.created_at, c.data FROM mail_claim($1, $2, $3) c;

-- name: mail_done
-- $1 accounts  $2 letters  $3 numbers  $4 leases  $5 states  $6 when next  $7 statuses  $8 faults  $9 now
SELECT mail_done($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: mail_undelivered
-- $1 account  $2 event
-- To whom the last mail about it did not go, and will not; for as long as mail is kept.
SELECT l.recipient, coalesce(l.fault, '') AS fault, coalesce(l.status, 0::smallint) AS status, l.finished_at
  FROM (SELECT DISTINCT ON (m.recipient) m.recipient, m.state, m.fault, m.status, m.finished_at
          FROM mail m WHERE m.account_id = $1 AND by_about(m.object_id) = $2
         ORDER BY m.recipient, m.created_at DESC, m.letter_id DESC) l
 WHERE l.state = 3 ORDER BY l.recipient LIMIT 1000;

-- name: mail_waiting
-- $1 more than these are not counted
SELECT count(*)::int AS count FROM (SELECT FROM mail m WHERE m.state = 1 LIMIT $1::int) AS w;

-- name: mail_trim
-- $1 those from before  $2 at most so many go
SELECT mail_trim($1, $2) AS count;

-- name: notice_take
-- $1 now
-- What waits for one recipient, in the order in which it happened, and in which language and manner they read it; nothing: nobody waits.
SELECT t.account, t.to_address, t.zone, t.named, t.kind, t.happened_at, t.network, t.agent, t.details,
       coalesce(a.hours, 0::smallint) AS hours, coalesce(a.language, a.page_language) AS language
  FROM notice_take($1) t LEFT JOIN LATERAL (
	SELECT o.hours, o.language, o.page_language FROM account o WHERE o.account_id = t.account OFFSET 0) a ON true;

-- name: notice_put_off
-- $1 account  $2 recipient  $3 until
UPDATE notice SET due_at = $3
 WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM notice n WHERE n.account_id = $1 AND n.recipient = $2 ORDER BY n.id FOR UPDATE));

-- name: mail_language
-- $1 live account
-- In which what it sends is written.
SELECT coalesce(a.language, a.page_language) AS language FROM account a WHERE a.account_id = $1;

-- name: notice_drop
-- $1 at most so many go
-- Where no mail is sent nobody is told.
DELETE FROM notice WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM notice n ORDER BY n.due_at LIMIT $1::int FOR UPDATE SKIP LOCKED));
