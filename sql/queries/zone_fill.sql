-- SPDX-License-Identifier: Apache-2.0
-- What stands beside objects by time zones' rules, brought to newer ones (caldav/calendar/zone_fill.h).

-- name: zone_fill_begin
-- $1 the version of the system's tz database, as 2025b
-- An older one changes nothing: two servers that have different ones would begin anew for each other for ever.
UPDATE zone_fill f SET version = $1, after_account = DEFAULT, after_object = DEFAULT, ended_at = NULL WHERE f.version < $1;

-- name: zone_fill_next
-- $1 objects at most  $2 octets of data at most, other than of the first
-- The next of all objects; tombstones without data.
SELECT n.account_id AS account, n.id, n.etag, n.flags, n.first_at, n.last_at, n.occ_until, n.occ, n.data
  FROM (SELECT o.*, sum(coalesce(octet_length(o.data), 0)) OVER (ORDER BY o.account_id, by_id(o.id)) AS octets,
               row_number() OVER (ORDER BY o.account_id, by_id(o.id)) AS nth
          FROM (SELECT x.account_id, x.id, x.etag, x.flags, x.first_at, x.last_at, x.occ_until, x.occ,
                       CASE WHEN NOT x.deleted THEN x.data END AS data
                  FROM zone_fill f, LATERAL (
                       SELECT c.* FROM calendar_object c
                        WHERE f.ended_at IS NULL AND (c.account_id, by_id(c.id)) > (f.after_account, f.after_object)
                        ORDER BY c.account_id, by_id(c.id) LIMIT $1::int) x) o) n
 WHERE n.octets <= $2::bigint OR n.nth = 1
 ORDER BY n.account_id, n.id;

-- name: zone_fill_put stores
-- $1 account  $2 object  $3 the tag that it has  $4 first_at  $5 last_at  $6 occ_until  $7 flags  $8 occ
-- Who wrote it meanwhile knows the rules, too. held: somebody has it at this moment and may do something else to it, or nothing.
WITH due AS (SELECT FROM calendar_object o WHERE o.account_id = $1 AND by_id(o.id) = $2 AND o.etag = $3 AND NOT o.deleted),
     free AS (SELECT o.account_id, o.id FROM calendar_object o
               WHERE o.account_id = $1 AND by_id(o.id) = $2 AND o.etag = $3 AND NOT o.deleted FOR NO KEY UPDATE SKIP LOCKED),
     put AS (UPDATE calendar_object o
                SET first_at = $4, last_at = $5, span = span_of($4, $5), occ_until = $6, flags = $7, occ = $8
               FROM free f WHERE o.account_id = f.account_id AND by_id(o.id) = f.id)
SELECT EXISTS (SELECT FROM due) AND NOT EXISTS (SELECT FROM free) AS held;

-- name: zone_fill_place
-- $1 account and  $2 id of the last that was looked at
UPDATE zone_fill f SET after_account = $1, after_object = $2
 WHERE f.ended_at IS NULL AND (f.after_account, f.after_object) < ($1::uuid, $2::uuid);

-- name: zone_fill_end
UPDATE zone_fill f SET ended_at = now()
 WHERE f.ended_at IS NULL
   AND NOT EXISTS (SELECT FROM calendar_object c WHERE (c.account_id, by_id(c.id)) > (f.after_account, f.after_object));
