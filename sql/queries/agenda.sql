-- SPDX-License-Identifier: Apache-2.0
-- Events across an account's calendars.

-- name: agenda_newest
-- $1 account  $2 calendars  $3 before this id  $4 at most
-- Ids begin with the time when they were made.
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, convert_from(o.data, 'UTF8') AS data, o.etag, o.modseq,
       o.component, o.flags, o.size, o.deleted, o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = ANY ($2) AND o.id < $3 AND o.component = 1 AND NOT o.deleted
 ORDER BY o.id DESC LIMIT $4::int;
