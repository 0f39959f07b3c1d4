-- SPDX-License-Identifier: Apache-2.0
-- Accounts: two rows each, live and test, and one directory row for the address.

-- name: account_create stores
-- $1 e-mail, folded  $2 live id  $3 its test twin  $4 name  $5 plan  $6 password hash or NULL
-- $7 $8 ids of the default calendars, live and test  $9 now  $10 accounts at most, NULL for no limit
-- $11 audit_by()  $12 the address is known to be theirs  $13 time zone  $14 language of the page by which it is made, or NULL
-- A taken address violates login's key. The foreign keys are judged when the whole statement is done. Nothing is made
-- when there are enough; those who are made at the same moment do not count each other. Whoever was mailed a link to sign up with
-- this address has used it by this.
WITH room AS (
	SELECT WHERE $10::bigint IS NULL OR (SELECT count(*) FROM (SELECT FROM login LIMIT $10) l) < $10
), directory AS (
	INSERT INTO login (email, account_id, password_hash, changed_at) SELECT $1, $2, $6, $9 FROM room
), worlds AS (
	SELECT w.account, w.calendar FROM room, (VALUES ($2::uuid, $7::uuid), ($3, $8)) AS w (account, calendar)
), accounts AS (
	INSERT INTO account (account_id, plan, email, name, tz, created_at, email_confirmed_at, page_language)
	SELECT w.account, $5, $1, $4, $13, $9, CASE WHEN $12 THEN $9 END, $14 FROM worlds w
), calendars AS (
	INSERT INTO calendar (account_id, id, name, displayname, created_at)
	SELECT w.account, w.calendar, 'default', 'Calendar', $9 FROM worlds w
), states AS (
	INSERT INTO calendar_state (account_id, calendar_id) SELECT w.account, w.calendar FROM worlds w
), waited AS (
	DELETE FROM sign_up s USING room WHERE s.email = $1 RETURNING 1
)
SELECT audit_add($2, 'account.created', $2, $11, jsonb_build_object('name', $4::text))
  FROM room CROSS JOIN (SELECT count(*) FROM waited) AS w; -- the log after all else

-- name: account_room
-- $1 accounts at most
SELECT (SELECT count(*) FROM (SELECT FROM login LIMIT $1) l) < $1::bigint AS found;

-- name: account_by_email
-- $1 e-mail, folded
SELECT a.account_id AS id, a.status, a.plan, a.email, a.name, a.tz, a.created_at, a.deactivated_at
  FROM login l JOIN account a ON a.account_id = l.account_id
 WHERE l.email = $1;

-- name: account_by_id
-- $1 live id
SELECT account_id AS id, status, plan, email, name, tz, created_at, deactivated_at
  FROM account WHERE account_id = $1;

-- name: account_list
-- All of them, for the operator.
SELECT account_id AS id, status, plan, email, name, tz, created_at, deactivated_at
  FROM account WHERE livemode ORDER BY account_id;

-- name: account_set_status
-- $1 live id  $2 its twin  $3 status  $4 deactivated at, NULL when active
-- $5 audit_by()
SELECT account_set_status($1, $2, $3, $4, $5) AS found;

-- name: account_set_password
-- $1 live id  $2 password hash  $3 now  $4 audit_by()
-- Whoever is signed in must sign in again.
SELECT account_set_password($1, $2, $3, $4) AS found;

-- name: account_hold
-- $1 account
SELECT 1 FROM account WHERE account_id = $1 FOR NO KEY UPDATE;

-- name: account_set_name
-- $1 live id  $2 its twin  $3 name  $4 time zone
WITH held AS (SELECT account_id FROM account WHERE account_id IN ($1, $2) ORDER BY account_id FOR NO KEY UPDATE)
UPDATE account a SET name = $3, tz = $4 FROM held h WHERE a.account_id = h.account_id;

-- name: account_set_language
-- $1 live id  $2 its twin  $3 language, NULL: as the browser likes
WITH held AS (SELECT account_id FROM account WHERE account_id IN ($1, $2) ORDER BY account_id FOR NO KEY UPDATE)
UPDATE account a SET language = $3 FROM held h WHERE a.account_id = h.account_id;

-- name: account_set_manner
-- $1 live id  $2 its twin  $3 hours on a clock  $4 the day that weeks begin with; 0 of either: as the browser's region has it
WITH held AS (SELECT account_id FROM account WHERE account_id IN ($1, $2) ORDER BY account_id FOR NO KEY UPDATE)
UPDATE account a SET hours = nullif($3::smallint, 0::smallint), week_start = nullif($4::smallint, 0::smallint) FROM held h WHERE a.account_id = h.account_id;

-- name: throttle_take
-- $1 subjects, the narrowest first  $2 tries that each has  $3 when a window that begins now would end  $4 now
SELECT refused, ends_at FROM throttle_take($1, $2, $3, $4);

-- name: throttle_give_back
-- $1 subjects that get one try back
SELECT throttle_give_back($1);

-- name: throttle_forget
-- $1 subject
DELETE FROM throttle WHERE subject = $1;

-- name: throttle_purge
-- $1 now
DELETE FROM throttle WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM throttle x WHERE x.ends_at <= $1 FOR UPDATE SKIP LOCKED));
