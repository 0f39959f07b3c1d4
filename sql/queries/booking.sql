-- SPDX-License-Identifier: Apache-2.0
-- Booking. $1 account throughout; $2 only: pages whose events go to these calendars (NULL: all).

-- name: booking_page_create stores
-- $1 account  $2 id  $3 slug  $4 title  $5 description  $6 colour  $7 zone  $8 durations  $9 hours  $10 exceptions
-- $11 $12 buffers  $13 notice  $14 step  $15 horizon  $16 a day  $17 busy calendars or NULL  $18 calendar  $19 active  $20 mail to guests
-- $21 public  $22 questions  $23 those that must be answered  $24 sites that may frame it
SELECT booking_page_create(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                               1, NULL, NULL, $20, $21, $22, $23, $24)::booking_page) AS outcome;

-- name: booking_page_change stores
-- As booking_page_create, and $25 the version that it had
UPDATE booking_page p SET slug = $3, title = $4, description = $5, color = $6, tz = $7, durations = $8, hours = $9,
       exceptions = $10, buffer_before = $11, buffer_after = $12, notice = $13, step = $14, horizon = $15, per_day = $16,
       busy_calendars = $17, calendar_id = $18, active = $19, mail_guests = $20, is_public = $21, questions = $22,
       must_answer = $23, embed_origins = $24, version = p.version + 1, updated_at = now()
 WHERE p.account_id = $1 AND p.id = $2 AND p.version = $25;

-- name: booking_page_delete
-- $1 account  $2 id  $3 version, 0 for any
DELETE FROM booking_page p WHERE p.account_id = $1 AND p.id = $2 AND ($3::bigint = 0 OR p.version = $3);

-- name: booking_page_get
-- $3 id
SELECT p.account_id AS account, p.id, p.slug, p.title, p.description, p.color, p.tz, p.durations, p.hours, p.exceptions,
       p.buffer_before, p.buffer_after, p.notice, p.step, p.horizon, p.per_day, p.busy_calendars,
       p.calendar_id AS calendar, p.active, p.mail_guests, p.is_public, p.questions, p.must_answer, p.embed_origins, p.version, p.created_at, p.updated_at
  FROM booking_page p
 WHERE p.account_id = $1 AND ($2::uuid[] IS NULL OR p.calendar_id = ANY ($2)) AND p.id = $3;

-- name: booking_page_by_slug
-- $3 slug
SELECT p.account_id AS account, p.id, p.slug, p.title, p.description, p.color, p.tz, p.durations, p.hours, p.exceptions,
       p.buffer_before, p.buffer_after, p.notice, p.step, p.horizon, p.per_day, p.busy_calendars,
       p.calendar_id AS calendar, p.active, p.mail_guests, p.is_public, p.questions, p.must_answer, p.embed_origins, p.version, p.created_at, p.updated_at
  FROM booking_page p
 WHERE p.account_id = $1 AND ($2::uuid[] IS NULL OR p.calendar_id = ANY ($2)) AND by_slug(p.slug) = $3;

-- name: booking_page_public
-- $1 slug
-- Whoever has it: of a page that anybody may open.
SELECT p.account_id AS account, p.id, p.slug, p.title, p.description, p.color, p.tz, p.durations, p.hours, p.exceptions,
       p.buffer_before, p.buffer_after, p.notice, p.step, p.horizon, p.per_day, p.busy_calendars,
       p.calendar_id AS calendar, p.active, p.mail_guests, p.is_public, p.questions, p.must_answer, p.embed_origins, p.version, p.created_at,
       p.updated_at
  FROM booking_page p
 WHERE by_slug(p.slug) = $1 AND p.is_public AND p.active;

-- name: booking_page_older
-- $3 before this id  $4 at most
SELECT p.account_id AS account, p.id, p.slug, p.title, p.description, p.color, p.tz, p.durations, p.hours, p.exceptions,
       p.buffer_before, p.buffer_after, p.notice, p.step, p.horizon, p.per_day, p.busy_calendars,
       p.calendar_id AS calendar, p.active, p.mail_guests, p.is_public, p.questions, p.must_answer, p.embed_origins, p.version, p.created_at, p.updated_at
  FROM booking_page p
 WHERE p.account_id = $1 AND ($2::uuid[] IS NULL OR p.calendar_id = ANY ($2)) AND p.id < $3
 ORDER BY p.id DESC LIMIT $4::int;

-- name: booking_page_newer
-- $3 after this id  $4 at most
SELECT p.account_id AS account, p.id, p.slug, p.title, p.description, p.color, p.tz, p.durations, p.hours, p.exceptions,
       p.buffer_before, p.buffer_after, p.notice, p.step, p.horizon, p.per_day, p.busy_calendars,
       p.calendar_id AS calendar, p.active, p.mail_guests, p.is_public, p.questions, p.must_answer, p.embed_origins, p.version, p.created_at, p.updated_at
  FROM booking_page p
 WHERE p.account_id = $1 AND ($2::uuid[] IS NULL OR p.calendar_id = ANY ($2)) AND p.id > $3
 ORDER BY p.id LIMIT $4::int;

-- name: booking_offer
-- $1 account  $2 calendar of the events  $3 those that count as busy, NULL: the selected ones
-- Whose page it is, and the calendars that count, in the order in which they are locked.
SELECT a.email, a.tz, a.ahead_s, c.name AS calendar_name, coalesce(c.writable, false) AS writable,
       ARRAY(SELECT k.id FROM calendar k
              WHERE k.account_id = $1 AND (k.id = $2 OR CASE WHEN $3::uuid[] IS NULL THEN k.selected ELSE k.id = ANY ($3) END)
              ORDER BY k.id) AS calendars
  FROM account a LEFT JOIN calendar c ON c.account_id = $1 AND c.id = $2
 WHERE a.account_id = $1;

-- name: booking_calendars_hold
-- $1 account  $2 calendars
-- Who writes an object takes the same lock: nothing comes into these calendars before the transaction ends.
SELECT s.calendar_id AS id FROM calendar_state s WHERE s.account_id = $1 AND s.calendar_id = ANY ($2)
 ORDER BY s.calendar_id FOR NO KEY UPDATE;

-- name: booking_of_page
-- $1 account  $2 page  $3 bookings
SELECT b.id FROM booking b WHERE b.account_id = $1 AND b.page_id = $2 AND b.id = ANY ($3) ORDER BY b.id;

-- name: booking_prune
-- $1 those that ended before  $2 at most so many go
SELECT booking_prune($1, $2) AS count;

-- name: booking_add stores
-- $1 account  $2 id  $3 page  $4 calendar  $5 event  $6 start  $7 end  $8 zone  $9 name  $10 e-mail  $11 note
-- $12 questions  $13 answers  $14 language of the page, NULL: of none
SELECT booking_add(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, 0, NULL, NULL, NULL, $14)::booking) AS added;

-- name: booking_get
-- $3 id
SELECT b.account_id AS account, b.id, b.page_id AS page, b.calendar_id AS made_in, b.event_id AS event, b.start_at AS start,
       b.end_at AS end_, b.tz, b.name, b.email, b.note, b.language, b.questions, b.answers, b.cancelled_at, b.cancelled_by, b.reason,
       b.created_at, b.updated_at
  FROM booking b
 WHERE b.account_id = $1 AND ($2::uuid[] IS NULL OR b.calendar_id = ANY ($2)) AND b.id = $3;

-- name: booking_by_event
-- $1 account  $2 event
SELECT b.account_id AS account, b.id, b.page_id AS page, b.calendar_id AS made_in, b.event_id AS event, b.start_at AS start,
       b.end_at AS end_, b.tz, b.name, b.email, b.note, b.language, b.questions, b.answers, b.cancelled_at, b.cancelled_by, b.reason,
       b.created_at, b.updated_at
  FROM booking b WHERE b.account_id = $1 AND by_event(b.event_id) = $2;

-- name: booking_older
-- $3 of this page or NULL  $4 before this id  $5 at most
SELECT b.account_id AS account, b.id, b.page_id AS page, b.calendar_id AS made_in, b.event_id AS event, b.start_at AS start,
       b.end_at AS end_, b.tz, b.name, b.email, b.note, b.language, b.questions, b.answers, b.cancelled_at, b.cancelled_by, b.reason,
       b.created_at, b.updated_at
  FROM booking b
 WHERE b.account_id = $1 AND ($2::uuid[] IS NULL OR b.calendar_id = ANY ($2)) AND ($3::uuid IS NULL OR b.page_id = $3)
   AND b.id < $4
 ORDER BY b.id DESC LIMIT $5::int;

-- name: booking_newer
-- $3 of this page or NULL  $4 after this id  $5 at most
SELECT b.account_id AS account, b.id, b.page_id AS page, b.calendar_id AS made_in, b.event_id AS event, b.start_at AS start,
       b.end_at AS end_, b.tz, b.name, b.email, b.note, b.language, b.questions, b.answers, b.cancelled_at, b.cancelled_by, b.reason,
       b.created_at, b.updated_at
  FROM booking b
 WHERE b.account_id = $1 AND ($2::uuid[] IS NULL OR b.calendar_id = ANY ($2)) AND ($3::uuid IS NULL OR b.page_id = $3)
   AND b.id > $4
 ORDER BY b.id LIMIT $5::int;

-- name: booking_moved
-- $1 account  $2 id  $3 start  $4 end
UPDATE booking b SET start_at = $3, end_at = $4, updated_at = now() WHERE b.account_id = $1 AND b.id = $2;

-- name: booking_cancelled
-- $1 account  $2 id  $3 1 by the host, 2 by the guest  $4 why or NULL
-- Of those who cancel it at once one does, and tells of it.
UPDATE booking b SET cancelled_at = now(), cancelled_by = $3, reason = $4, updated_at = now()
 WHERE b.account_id = $1 AND b.id = $2 AND b.cancelled_at IS NULL;

-- name: booking_host
-- $1 account  $2 page, which may be gone
-- Who tells a guest, and whether.
SELECT a.email, a.name, p.title, coalesce(a.language, a.page_language) AS language, coalesce(p.mail_guests, true) AS mail_guests
  FROM account a LEFT JOIN booking_page p ON p.account_id = $1 AND p.id = $2
 WHERE a.account_id = $1;
