-- SPDX-License-Identifier: Apache-2.0
-- Events across an account's calendars.

-- name: agenda_newest guard: with_key
-- $1 account  $2 calendars  $3 before this id  $4 at most
-- $5 data only of what was changed then or later
-- Ids begin with the time when they were made. Data comes with what is no larger than its part of 4 MiB: what is larger
-- is read by itself. (A running sum would have all rows sorted once more, and kept: it was half of what a page costs.)
SELECT o.id, o.calendar_id AS calendar, o.etag, o.modseq, o.component, o.size, o.created_at, o.updated_at,
       CASE WHEN o.updated_at >= $5 AND o.size <= 4194304 / $4::int THEN o.data END AS data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = ANY ($2) AND by_id(o.id) < $3 AND o.component = 1 AND NOT o.deleted $guard
 ORDER BY by_id(o.id) DESC LIMIT $4::int;

-- name: agenda_newer
-- $1 account  $2 calendars  $3 after this id  $4 at most
-- $5 data only of what was changed then or later
-- The same the other way, the oldest first.
SELECT o.id, o.calendar_id AS calendar, o.etag, o.modseq, o.component, o.size, o.created_at, o.updated_at,
       CASE WHEN o.updated_at >= $5 AND o.size <= 4194304 / $4::int THEN o.data END AS data
  FROM calendar_object o
 WHERE o.account_id = $1 AND o.calendar_id = ANY ($2) AND by_id(o.id) > $3 AND o.component = 1 AND NOT o.deleted
 ORDER BY by_id(o.id) LIMIT $4::int;

-- name: agenda_candidates
-- $1 account  $2 calendars  $3 start  $4 end  $5 start and  $6 end for what does not recur  $7 after this beginning
-- $8 and this id  $9 at most
-- Events whose bounds touch the range, in order of their beginning, so that a reader may stop where their page ends. Flag
-- 1: it recurs. The lanes are those of object_in_range.
SELECT o.id, o.flags, o.size, o.first_at, o.last_at, o.occ_until, o.occ
  FROM generate_series(0, cardinality($2::uuid[]) * 9 - 1) AS n(lane), LATERAL (
	SELECT c.id, c.flags, c.size, c.first_at, c.last_at, c.occ_until, c.occ
	  FROM calendar_object c
	 WHERE c.account_id = $1 AND by_time(c.calendar_id) = ($2)[n.lane / 9 + 1] AND c.component = 1
	   AND c.span = n.lane % 9
	   AND (c.first_at, c.id) > (greatest(span_from($3, n.lane % 9), $7::timestamptz),
	                             CASE WHEN $7 >= span_from($3, n.lane % 9) THEN $8::uuid
	                             ELSE '00000000-0000-0000-0000-000000000000' END)
	   AND c.first_at < $4 AND c.last_at > $3 AND NOT c.deleted
	   AND (c.flags & 1 <> 0 OR (c.last_at > $5 AND c.first_at < $6))
	 ORDER BY c.first_at, c.id LIMIT $9::int) o
 ORDER BY o.first_at, o.id LIMIT $9::int;

-- name: agenda_objects
-- $1 account  $2 calendars
-- So many objects are in them.
SELECT coalesce(sum(s.objects), 0)::bigint AS objects
  FROM calendar_state s WHERE s.account_id = $1 AND s.calendar_id = ANY ($2);

-- name: agenda_reach
-- $1 account  $2 calendars  $3 start  $4 end  $5 at most
-- So many events begin where they may touch the range: by the index alone, and no further than to the limit.
SELECT count(*) AS events
  FROM (SELECT
          FROM generate_series(0, cardinality($2::uuid[]) * 9 - 1) AS n(lane), LATERAL (
		SELECT FROM calendar_object c
		 WHERE c.account_id = $1 AND by_time(c.calendar_id) = ($2)[n.lane / 9 + 1] AND c.component = 1
		   AND c.span = n.lane % 9 AND c.first_at > span_from($3, n.lane % 9) AND c.first_at < $4
		   AND NOT c.deleted LIMIT $5::int) o
	 LIMIT $5::int) r;

-- name: agenda_sought
-- $1 account  $2 calendars  $3 start  $4 end  $5 patterns  $6 at most
-- Candidates of the whole range that may have the words. Every event that may touch it is looked at: whoever asks knows
-- that they are not too many. The lanes are those of agenda_candidates.
SELECT o.id, o.flags, o.size, o.first_at, o.last_at, o.occ_until, o.occ
  FROM generate_series(0, cardinality($2::uuid[]) * 9 - 1) AS n(lane), LATERAL (
	SELECT c.id, c.flags, c.size, c.first_at, c.last_at, c.occ_until, c.occ
	  FROM calendar_object c
	 WHERE c.account_id = $1 AND by_time(c.calendar_id) = ($2)[n.lane / 9 + 1] AND c.component = 1
	   AND c.span = n.lane % 9 AND c.first_at > span_from($3, n.lane % 9)
	   AND c.first_at < $4 AND c.last_at > $3 AND NOT c.deleted AND (c.words IS NULL OR c.words LIKE ALL ($5))
	 LIMIT $6::int) o
 LIMIT $6::int;

-- name: agenda_candidates_back
-- $1 account  $2 calendars  $3 start  $4 end  $5 start and  $6 end for what does not recur  $7 before this beginning
-- $8 and this id  $9 at most
-- The same from the latest beginning on.
SELECT o.id, o.flags, o.size, o.first_at, o.last_at, o.occ_until, o.occ
  FROM generate_series(0, cardinality($2::uuid[]) * 9 - 1) AS n(lane), LATERAL (
	SELECT c.id, c.flags, c.size, c.first_at, c.last_at, c.occ_until, c.occ
	  FROM calendar_object c
	 WHERE c.account_id = $1 AND by_time(c.calendar_id) = ($2)[n.lane / 9 + 1] AND c.component = 1
	   AND c.span = n.lane % 9
	   AND (c.first_at, c.id) < (least($4, $7::timestamptz),
	                             CASE WHEN $7 < $4 THEN $8::uuid ELSE '00000000-0000-0000-0000-000000000000' END)
	   AND c.first_at >= span_from($3, n.lane % 9) AND c.last_at > $3 AND NOT c.deleted
	   AND (c.flags & 1 <> 0 OR (c.last_at > $5 AND c.first_at < $6))
	 ORDER BY c.first_at DESC, c.id DESC LIMIT $9::int) o
 ORDER BY o.first_at DESC, o.id DESC LIMIT $9::int;
