-- SPDX-License-Identifier: Apache-2.0
-- Calendar objects. Each statement is one round trip and one transaction; the functions are in 0002_objects.sql. One
-- statement a shape: an optional predicate would lose the index when prepared.

-- name: object_put
-- $1 account  $2 only  $3 calendar  $4 name  $5 uid  $6 id  $7 etag  $8 If-Match: *  $9 If-Match  $10 If-None-Match: *
-- $11 If-None-Match  $12 first  $13 last  $14 occ until  $15 component  $16 flags  $17 occ  $18 data  $19 author
-- $20 event  $21 request  $22 a calendar holds at most  $23 all of the account, NULL for no limit
SELECT outcome, calendar, id, modseq, other, created_at, updated_at
  FROM object_put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                  $23);

-- name: object_delete
-- $1 account  $2 only  $3 calendar  $4 name  $5 If-Match: *  $6 If-Match  $7 If-None-Match: *  $8 If-None-Match
-- $9 author  $10 event  $11 request
SELECT object_delete($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS outcome;

-- name: object_relocate
-- $1 account  $2 only  $3 from calendar  $4 from  $5 to calendar  $6 to  $7 keep the source  $8 overwrite
-- $9 If-Match: *  $10 If-Match  $11 If-None-Match: *  $12 If-None-Match  $13 author  $14 id of the copy or tombstone
-- $15 event  $16 request  $17 a calendar holds at most  $18 all of the account, NULL for no limit
SELECT outcome, other
  FROM object_relocate($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: object_get guard: with_key
-- $1 account  $2 only  $3 calendar  $4 name
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar c JOIN calendar_object o ON o.account_id = c.account_id AND o.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.name = $3 AND o.name = $4 AND NOT o.deleted;

-- name: place_states
-- $1 account  $2 only  $3 calendars  $4 objects ('' asks for the calendar alone)
-- The fence (LIMIT 1) makes each object one look-up by its name.
SELECT p.place - 1 AS place, c.id AS calendar, s.modseq, c.prop_version, o.etag, o.updated_at
  FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS p(calendar, object, place)
  JOIN calendar c ON c.account_id = $1 AND c.name = p.calendar AND ($2::uuid[] IS NULL OR c.id = ANY ($2))
  JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
  LEFT JOIN LATERAL (SELECT x.etag, x.updated_at FROM calendar_object x
                      WHERE x.account_id = c.account_id AND x.calendar_id = c.id AND x.name = p.object AND NOT x.deleted
                      LIMIT 1) o ON true;

-- name: object_by_id
-- $1 account  $2 only  $3 id
SELECT c.name AS calendar_name, o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component,
       o.flags, o.size, o.deleted, o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at,
       o.data
  FROM calendar_object o JOIN calendar c ON c.account_id = o.account_id AND c.id = o.calendar_id
 WHERE o.account_id = $1 AND ($2::uuid[] IS NULL OR o.calendar_id = ANY ($2)) AND o.id = $3 AND NOT o.deleted;

-- name: object_by_uid
-- $1 account  $2 calendar  $3 uid
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.uid = $3;

-- name: object_by_ids
-- $1 account  $2 ids
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.id = ANY ($2) AND NOT o.deleted;

-- name: object_by_names
-- $1 account  $2 calendar  $3 names
SELECT o.id, o.name, o.etag, o.component, o.size, o.created_at, o.updated_at
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.name = ANY ($3) AND NOT o.deleted;

-- name: object_by_names_data
-- $1 account  $2 calendar  $3 names
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.name = ANY ($3) AND NOT o.deleted;

-- name: object_page
-- $1 account  $2 calendar  $3 behind this name  $4 components  $5 at most
SELECT o.id, o.name, o.etag, o.component, o.size, o.created_at, o.updated_at
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.name > $3 AND o.component & $4 <> 0 AND NOT o.deleted
 ORDER BY o.name LIMIT $5::int;

-- name: object_page_occ
-- $1 account  $2 calendar  $3 behind this name  $4 components  $5 at most
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.occ
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.name > $3 AND o.component & $4 <> 0 AND NOT o.deleted
 ORDER BY o.name LIMIT $5::int;

-- name: object_page_data
-- $1 account  $2 calendar  $3 behind this name  $4 components  $5 at most
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = $2 AND o.name > $3 AND o.component & $4 <> 0 AND NOT o.deleted
 ORDER BY o.name LIMIT $5::int;

-- name: object_in_range
-- $1 account  $2 calendars  $3 start  $4 end  $5 components  $6 behind this id  $7 at most
-- Tombstones have no bounds and never match. The fence (OFFSET 0) keeps the planner from walking the account by id, in
-- the hope to meet enough that match.
SELECT o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at, o.last_at,
       o.occ_until, o.created_at, o.updated_at, o.occ
  FROM (SELECT c.id, c.calendar_id AS calendar, c.name, c.uid, c.etag, c.modseq, c.component, c.flags, c.size, c.deleted,
               c.first_at, c.last_at, c.occ_until, c.created_at, c.updated_at, c.occ
          FROM calendar_object c
         WHERE c.account_id = $1 AND c.calendar_id = ANY ($2) AND c.last_at > $3 AND c.first_at < $4
           AND c.component & $5 <> 0
        OFFSET 0) o
 WHERE o.id > $6
 ORDER BY o.id LIMIT $7::int;

-- name: object_changes
-- $1 account  $2 calendar  $3 since (0: from the beginning)  $4 tombstones up to this are left out  $5 at most
-- The counter and the changes in one snapshot: always one row, without an object when nothing changed.
SELECT s.modseq AS state, s.min_modseq, o.id, o.name, o.etag, o.modseq, o.component, o.size, o.deleted, o.created_at,
       o.updated_at
  FROM calendar_state s LEFT JOIN LATERAL (
	SELECT o.id, o.name, o.etag, o.modseq, o.component, o.size, o.deleted, o.created_at, o.updated_at
	  FROM calendar_object o
	 WHERE o.account_id = s.account_id AND o.calendar_id = s.calendar_id AND o.modseq > $3
	   AND (NOT o.deleted OR o.modseq > CASE WHEN $3 = 0 THEN s.modseq ELSE $4 END)
	 ORDER BY o.modseq LIMIT $5::int) o ON true
 WHERE s.account_id = $1 AND s.calendar_id = $2
 ORDER BY o.modseq;
