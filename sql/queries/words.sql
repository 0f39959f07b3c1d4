-- SPDX-License-Identifier: Apache-2.0
-- The words beside events that were written before there were any (caldav/calendar/words_fill.h).

-- name: words_lacking
-- $1 objects at most  $2 octets of data at most, other than of the first
-- The next of all objects. With data: an event whose words are not known.
SELECT n.account_id AS account, n.id, n.etag, n.data
  FROM (SELECT o.account_id, o.id, o.etag, o.data,
               sum(coalesce(octet_length(o.data), 0)) OVER (ORDER BY o.account_id, by_id(o.id)) AS octets,
               row_number() OVER (ORDER BY o.account_id, by_id(o.id)) AS nth
          FROM (SELECT x.account_id, x.id, x.etag,
                       CASE WHEN x.component = 1 AND NOT x.deleted AND x.words IS NULL THEN x.data END AS data
                  FROM words_fill f, LATERAL (
                       SELECT c.* FROM calendar_object c
                        WHERE f.ended_at IS NULL AND (c.account_id, by_id(c.id)) > (f.after_account, f.after_object)
                        ORDER BY c.account_id, by_id(c.id) LIMIT $1::int) x) o) n
 WHERE n.octets <= $2::bigint OR n.nth = 1
 ORDER BY n.account_id, n.id;

-- name: words_put stores
-- $1 accounts  $2 ids  $3 etags  $4 words  $5 account and  $6 id of the last that was looked at
-- What was written meanwhile has its words. What somebody holds at this moment may get none from them (they may not come to
-- their end, or write something else): the others of its portion do not wait, and the next portion begins with it. Two servers
-- that do the same do no harm.
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[]) AS g(account_id, id, etag, words)),
     lacking AS (SELECT o.account_id, by_id(o.id) AS id FROM given g
                   JOIN calendar_object o ON o.account_id = g.account_id AND by_id(o.id) = g.id
                  WHERE o.etag = g.etag AND o.words IS NULL AND NOT o.deleted),
     free AS (SELECT o.account_id, by_id(o.id) AS id, g.words FROM given g
                JOIN calendar_object o ON o.account_id = g.account_id AND by_id(o.id) = g.id
               WHERE o.etag = g.etag AND o.words IS NULL AND NOT o.deleted FOR NO KEY UPDATE OF o SKIP LOCKED),
     put AS (UPDATE calendar_object o SET words = f.words FROM free f WHERE o.account_id = f.account_id AND by_id(o.id) = f.id),
     held AS (SELECT l.account_id, l.id FROM lacking l WHERE NOT EXISTS (SELECT FROM free f WHERE (f.account_id, f.id) = (l.account_id, l.id))
               ORDER BY l.account_id, l.id LIMIT 1),
     place AS (SELECT $5::uuid AS account_id, $6::uuid AS id WHERE NOT EXISTS (SELECT FROM held)
               UNION ALL
               (SELECT g.account_id, g.id FROM given g, held h WHERE (g.account_id, g.id) < (h.account_id, h.id)
                 ORDER BY g.account_id DESC, g.id DESC LIMIT 1))
UPDATE words_fill f SET after_account = p.account_id, after_object = p.id
  FROM place p WHERE f.ended_at IS NULL AND (f.after_account, f.after_object) < (p.account_id, p.id);

-- name: words_filled
UPDATE words_fill f SET ended_at = now()
 WHERE f.ended_at IS NULL
   AND NOT EXISTS (SELECT FROM calendar_object c WHERE (c.account_id, by_id(c.id)) > (f.after_account, f.after_object));
