-- SPDX-License-Identifier: Apache-2.0
-- Calendar objects. Each statement is one round trip and one transaction; the functions are in 0001_schema.sql. One
-- statement a shape: an optional predicate would lose the index when prepared. by_name() and its like say which index
-- serves.

-- name: object_put stores
-- $1 account  $2 only  $3 request  $4 calendar  $5 name  $6 If-Match: *  $7 If-Match  $8 If-None-Match: *
-- $9 If-None-Match  $10 uid  $11 etag  $12 first  $13 last  $14 occ until  $15 component  $16 flags  $17 occ  $18 data
-- $19 a calendar holds at most  $20 all of the account, NULL for no limit  $21 words  $22 the last eight octets of a UUIDv7
SELECT outcome::text, calendar, id, modseq, other, created_at, updated_at
  FROM object_put(ROW($1, $2, $3)::actor, $4, $5, ROW($6, $7, $8, $9)::conditions,
                  ROW($10, $11, $12, $13, $14, $15, $16, $17)::object_facts, $18, ROW($19, $20, NULL)::room, $21, $22);

-- name: object_make stores
-- $1 account  $2 only  $3 request  $4 calendar  $5 name  $6 uid  $7 etag  $8 first  $9 last  $10 occ until  $11 component
-- $12 flags  $13 occ  $14 data  $15 a calendar holds at most  $16 all of the account, NULL for no limit  $17 words  $18 the
-- last eight octets of a UUIDv7
-- A new one whose name and UID the server made for it: nobody can have either, so that nothing looks whether they are free and a
-- conflict of the indexes is an error. No row where it cannot be stored: object_put says why. Its id is of the time at which the
-- calendar's counter is held (as uuid_v7() makes it).
WITH held AS (
	UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + octet_length($14::bytea), objects = s.objects + 1
	 WHERE s.account_id = $1 AND s.calendar_id = (
		SELECT c.id FROM calendar c
		 WHERE c.account_id = $1 AND by_name(c.name) = $4 AND c.writable AND c.components & $11 <> 0
		   AND ($2::uuid[] IS NULL OR c.id = ANY ($2)))
	   AND $8::timestamptz <= $9::timestamptz
	   AND s.bytes + octet_length($14::bytea) <= $15::bigint
	   AND ($16::bigint IS NULL
	        OR octet_length($14::bytea) <= $16::bigint - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = $1))
	RETURNING s.calendar_id AS calendar, s.modseq, (date_part('epoch', clock_timestamp()) * 1000000)::bigint AS us
), fresh AS MATERIALIZED (
	SELECT calendar, modseq, encode(int8send(us / 1000 << 16 | 28672 | us % 1000 * 4096 / 1000) || $18::bytea, 'hex')::uuid AS id
	  FROM held
), made AS (
	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
	       updated_at, created_at, size, component, flags, etag, name, uid, occ, data, words)
	SELECT $1, f.calendar, f.id, f.modseq, $8, $9, span_of($8, $9), $10::timestamptz, now(), now(), octet_length($14::bytea), $11, $12::smallint,
	       $7::bytea, $5::text, $6::text, $13::bytea, $14::bytea, $17::text
	  FROM fresh f
), told AS (
	INSERT INTO outbox (account_id, id, kind, calendar_id, object_id, modseq, request_id)
	SELECT $1, f.id, 'object_created', f.calendar, f.id, f.modseq, $3::uuid FROM fresh f
)
SELECT 'created' AS outcome, calendar, id, modseq, NULL::text AS other, now() AS created_at, now() AS updated_at FROM fresh;

-- name: object_delete
-- $1 account  $2 only  $3 request  $4 calendar  $5 name  $6 If-Match: *  $7 If-Match  $8 If-None-Match: *
-- $9 If-None-Match  $10 tombstones that a calendar keeps besides one for each object
SELECT object_delete(ROW($1, $2, $3)::actor, $4, $5, ROW($6, $7, $8, $9)::conditions,
                     ROW(NULL, NULL, $10)::room)::text AS outcome;

-- name: object_relocate stores
-- $1 account  $2 only  $3 request  $4 from calendar  $5 from  $6 to calendar  $7 to  $8 keep the source
-- $9 overwrite  $10 If-Match: *  $11 If-Match  $12 If-None-Match: *  $13 If-None-Match  $14 a calendar holds at most
-- $15 all of the account, NULL for no limit  $16 tombstones
SELECT outcome::text, other
  FROM object_relocate(ROW($1, $2, $3)::actor, $4, $5, $6, $7, $8, $9, ROW($10, $11, $12, $13)::conditions,
                       ROW($14, $15, $16)::room);

-- name: object_get guard: with_key
-- $1 account  $2 only  $3 calendar  $4 name
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.name = $4 AND NOT o.deleted
   AND by_name(o.calendar_id) = (SELECT c.id FROM calendar c WHERE c.account_id = $1 AND by_name(c.name) = $3
                                    AND ($2::uuid[] IS NULL OR c.id = ANY ($2)));

-- name: resource_states
-- $1 account  $2 only  $3 calendars  $4 objects ('' asks for the calendar alone)
-- The fence (LIMIT 1) makes each object one look-up by its name.
SELECT p.nth - 1 AS nth, c.id AS calendar, s.modseq, c.prop_version, o.etag, o.updated_at
  FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS p(calendar, object, nth)
  JOIN calendar c ON c.account_id = $1 AND by_name(c.name) = p.calendar AND ($2::uuid[] IS NULL OR c.id = ANY ($2))
  JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
  LEFT JOIN LATERAL (SELECT x.etag, x.updated_at FROM calendar_object x
                      WHERE x.account_id = c.account_id AND by_name(x.calendar_id) = c.id AND x.name = p.object
                        AND NOT x.deleted
                      LIMIT 1) o ON true;

-- name: object_shown guard: with_key
-- $1 account  $2 only  $3 id
-- What is told of an object by its id, without what a change and a listing need. It goes with its calendar.
SELECT o.id, o.calendar_id AS calendar, o.etag, o.modseq, o.component, o.size, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND ($2::uuid[] IS NULL OR o.calendar_id = ANY ($2)) AND by_id(o.id) = $3 AND NOT o.deleted;

-- name: object_by_id
-- $1 account  $2 only  $3 id
SELECT c.name AS calendar_name, o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component,
       o.flags, o.size, o.deleted, o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at,
       o.data
  FROM calendar_object o JOIN calendar c ON c.account_id = o.account_id AND c.id = o.calendar_id
 WHERE o.account_id = $1 AND ($2::uuid[] IS NULL OR o.calendar_id = ANY ($2)) AND by_id(o.id) = $3 AND NOT o.deleted;

-- name: object_by_uid
-- $1 account  $2 calendar  $3 uid
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND by_uid(o.calendar_id) = $2 AND octet_length(o.uid) = octet_length($3) AND o.uid = $3;

-- name: object_by_uids
-- $1 account  $2 only  $3 UIDs
-- In whatever calendar; one of each calendar. The fence (LIMIT 1) makes each UID one look-up in each.
SELECT o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at, o.last_at,
       o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar c, unnest($3::text[]) AS n(uid), LATERAL (
	SELECT x.id, x.calendar_id AS calendar, x.name, x.uid, x.etag, x.modseq, x.component, x.flags, x.size, x.deleted,
	       x.first_at, x.last_at, x.occ_until, x.created_at, x.updated_at, x.data
	  FROM calendar_object x
	 WHERE x.account_id = $1 AND by_uid(x.calendar_id) = c.id AND octet_length(x.uid) = octet_length(n.uid)
	   AND x.uid = n.uid LIMIT 1) o
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2));

-- name: object_longer_uids
-- $1 account  $2 calendar  $3 uid  $4 components  $5 so many are looked at
-- Those that contain it and more, whatever the case of ASCII letters.
SELECT o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at, o.last_at,
       o.occ_until, o.created_at, o.updated_at, o.occ
  FROM (SELECT x.id, x.calendar_id AS calendar, x.name, x.uid, x.etag, x.modseq, x.component, x.flags, x.size, x.deleted,
               x.first_at, x.last_at, x.occ_until, x.created_at, x.updated_at, x.occ
          FROM calendar_object x
         WHERE x.account_id = $1 AND by_uid(x.calendar_id) = $2 AND octet_length(x.uid) > octet_length($3)
         ORDER BY octet_length(x.uid), x.uid LIMIT $5::int) o
 WHERE strpos(lower(o.uid), lower($3 COLLATE "C")) > 0 AND o.component & $4 <> 0;

-- name: object_by_ids
-- $1 account  $2 ids
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND by_id(o.id) = ANY ($2) AND NOT o.deleted;

-- name: object_small_by_ids
-- $1 account  $2 ids  $3 larger ones are left out
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND by_id(o.id) = ANY ($2) AND o.size <= $3 AND NOT o.deleted;

-- name: object_by_names
-- $1 account  $2 calendar  $3 names
-- The fence (LIMIT 1) makes each name one look-up.
SELECT o.id, o.name, o.etag, o.component, o.size, o.created_at, o.updated_at
  FROM unnest($3::text[]) AS n(name), LATERAL (
	SELECT x.id, x.name, x.etag, x.component, x.size, x.created_at, x.updated_at
	  FROM calendar_object x
	 WHERE x.account_id = $1 AND by_name(x.calendar_id) = $2 AND x.name = n.name AND NOT x.deleted LIMIT 1) o;

-- name: object_by_names_data
-- $1 account  $2 calendar  $3 names
SELECT o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at, o.last_at,
       o.occ_until, o.created_at, o.updated_at, o.data
  FROM unnest($3::text[]) AS n(name), LATERAL (
	SELECT x.id, x.calendar_id AS calendar, x.name, x.uid, x.etag, x.modseq, x.component, x.flags, x.size, x.deleted,
	       x.first_at, x.last_at, x.occ_until, x.created_at, x.updated_at, x.data
	  FROM calendar_object x
	 WHERE x.account_id = $1 AND by_name(x.calendar_id) = $2 AND x.name = n.name AND NOT x.deleted LIMIT 1) o;

-- name: object_page
-- $1 account  $2 calendar  $3 after this name  $4 components  $5 at most
SELECT o.id, o.name, o.etag, o.component, o.size, o.created_at, o.updated_at
  FROM calendar_object o
 WHERE o.account_id = $1 AND by_name(o.calendar_id) = $2 AND o.name > $3 AND o.component & $4 <> 0 AND NOT o.deleted
 ORDER BY o.name LIMIT $5::int;

-- name: object_page_data
-- $1 account  $2 calendar  $3 after this name  $4 components  $5 at most
SELECT o.id, o.calendar_id AS calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted,
       o.first_at, o.last_at, o.occ_until, o.created_at, o.updated_at, o.data
  FROM calendar_object o
 WHERE o.account_id = $1 AND by_name(o.calendar_id) = $2 AND o.name > $3 AND o.component & $4 <> 0 AND NOT o.deleted
 ORDER BY o.name LIMIT $5::int;

-- name: object_in_range
-- $1 account  $2 calendars  $3 start  $4 end  $5 components  $6 in this lane  $7 after this beginning  $8 and id
-- $9 at most
-- A lane is one calendar, component and class of length: in it, what touches the range stands together in the index.
-- Where it begins is one bound, since of two the index would take the one with the id, and read the whole past. Without
-- a range (-infinity, infinity) all objects of the components. Lanes come one after the other, and each in the order in
-- which it was read: no more is said, since saying it would have each lane read further than the page and sorted, at
-- twice the cost of the reading. store_list.c looks whether it is so.
SELECT n.lane, o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at,
       o.last_at, o.occ_until, o.created_at, o.updated_at, o.occ
  FROM generate_series($6::int, cardinality($2::uuid[]) * cardinality($5::int2[]) * 9 - 1) WITH ORDINALITY AS n(lane, nth),
       LATERAL (
	SELECT c.id, c.calendar_id AS calendar, c.name, c.uid, c.etag, c.modseq, c.component, c.flags, c.size, c.deleted,
	       c.first_at, c.last_at, c.occ_until, c.created_at, c.updated_at, c.occ
	  FROM calendar_object c
	 WHERE c.account_id = $1 AND by_time(c.calendar_id) = ($2)[n.lane / 9 / cardinality($5) + 1]
	   AND c.component = ($5)[n.lane / 9 % cardinality($5) + 1] AND c.span = n.lane % 9
	   AND (c.first_at, c.id) > (greatest(span_from($3, n.lane % 9), CASE n.lane WHEN $6 THEN $7::timestamptz END),
	                             CASE n.lane WHEN $6 THEN $8::uuid
	                             ELSE '00000000-0000-0000-0000-000000000000' END)
	   AND c.first_at < $4 AND c.last_at >= $3 AND NOT c.deleted
	 ORDER BY c.first_at, c.id LIMIT $9::int) o
 ORDER BY n.nth LIMIT $9::int;

-- name: object_busy_in_range
-- $1 accounts  $2 of each of them a calendar  $3 start  $4 end  $5 in this lane  $6 after this beginning  $7 and id
-- $8 at most
-- object_in_range for VEVENTs alone, in calendars of several accounts: nine lanes a calendar.
SELECT n.lane, o.id, o.calendar, o.name, o.uid, o.etag, o.modseq, o.component, o.flags, o.size, o.deleted, o.first_at,
       o.last_at, o.occ_until, o.created_at, o.updated_at, o.occ
  FROM generate_series($5::int, cardinality($2::uuid[]) * 9 - 1) WITH ORDINALITY AS n(lane, nth),
       LATERAL (
	SELECT c.id, c.calendar_id AS calendar, c.name, c.uid, c.etag, c.modseq, c.component, c.flags, c.size, c.deleted,
	       c.first_at, c.last_at, c.occ_until, c.created_at, c.updated_at, c.occ
	  FROM calendar_object c
	 WHERE c.account_id = ($1::uuid[])[n.lane / 9 + 1] AND by_time(c.calendar_id) = ($2)[n.lane / 9 + 1]
	   AND c.component = 1 AND c.span = n.lane % 9
	   AND (c.first_at, c.id) > (greatest(span_from($3, n.lane % 9), CASE n.lane WHEN $5 THEN $6::timestamptz END),
	                             CASE n.lane WHEN $5 THEN $7::uuid
	                             ELSE '00000000-0000-0000-0000-000000000000' END)
	   AND c.first_at < $4 AND c.last_at >= $3 AND NOT c.deleted
	 ORDER BY c.first_at, c.id LIMIT $8::int) o
 ORDER BY n.nth LIMIT $8::int;

-- name: object_changes
-- $1 account  $2 calendar  $3 since (0: from the beginning)  $4 tombstones up to this are left out  $5 at most
-- The counter and the changes in one snapshot: always one row, without an object when nothing changed.
SELECT s.modseq AS state, s.min_modseq, o.id, o.name, o.etag, o.modseq, o.component, o.size, o.deleted, o.created_at,
       o.updated_at
  FROM calendar_state s LEFT JOIN LATERAL (
	SELECT o.id, o.name, o.etag, o.modseq, o.component, o.size, o.deleted, o.created_at, o.updated_at
	  FROM calendar_object o
	 WHERE o.account_id = s.account_id AND by_sync(o.calendar_id) = s.calendar_id AND o.modseq > $3
	   AND (NOT o.deleted OR o.modseq > CASE WHEN $3 = 0 THEN s.modseq ELSE $4 END)
	 ORDER BY o.modseq LIMIT $5::int) o ON true
 WHERE s.account_id = $1 AND s.calendar_id = $2
 ORDER BY o.modseq;

-- name: object_changes_by_id
-- $1 account  $2 calendar  $3 since (0: from the beginning)  $4 what went up to this is left out  $5 at most
-- object_changes, and the ids that went without a tombstone of their own; several may have one number.
SELECT s.modseq AS state, s.min_modseq, o.id, o.modseq, o.component, o.size, o.deleted
  FROM calendar_state s LEFT JOIN LATERAL (
	SELECT x.id, x.modseq, x.component, x.size, x.deleted FROM (
		(SELECT c.id, c.modseq, c.component, c.size, c.deleted
		   FROM calendar_object c
		  WHERE c.account_id = s.account_id AND by_sync(c.calendar_id) = s.calendar_id AND c.modseq > $3
		    AND (NOT c.deleted OR c.modseq > CASE WHEN $3 = 0 THEN s.modseq ELSE $4 END)
		  ORDER BY c.modseq LIMIT $5::int)
		UNION ALL
		(SELECT g.id, g.modseq, 1::smallint, 0, true
		   FROM calendar_gone g
		  WHERE g.account_id = s.account_id AND g.calendar_id = s.calendar_id
		    AND g.modseq > CASE WHEN $3 = 0 THEN s.modseq ELSE greatest($3, $4) END
		  ORDER BY g.modseq, g.id LIMIT $5::int)) x
	 ORDER BY x.modseq, x.id LIMIT $5::int) o ON true
 WHERE s.account_id = $1 AND s.calendar_id = $2
 ORDER BY o.modseq, o.id;
