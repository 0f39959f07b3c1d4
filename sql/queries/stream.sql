-- SPDX-License-Identifier: Apache-2.0
-- Streams of changes: what all that are open on this server have to be told, in one statement each.

-- name: stream_written
-- $1 what was seen, as this statement told it (NULL: nothing is asked)  $2 accounts with open streams
-- Which of them were written to by transactions that were not seen yet, and whether their calendars became others. A
-- transaction appears when it is committed, however long it took: those beyond the last one that was seen, and those that
-- were under way then. Always one row. Partitions of earlier days are not looked at.
SELECT pg_current_snapshot()::text AS snapshot, w.account_id AS account, coalesce(w.lists, false) AS lists
  FROM (SELECT) one LEFT JOIN (
	SELECT o.account_id, bool_or(o.kind::text LIKE 'calendar\_%') AS lists
	  FROM (SELECT x.account_id, x.kind FROM outbox x
	         WHERE x.xid >= pg_snapshot_xmax($1::text::pg_snapshot)
	           AND x.id >= uuid7_floor((now() AT TIME ZONE 'UTC')::date - 1)
	        UNION ALL
	        SELECT x.account_id, x.kind FROM outbox x
	         WHERE x.xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))
	           AND x.id >= uuid7_floor((now() AT TIME ZONE 'UTC')::date - 1)) o
	 WHERE o.account_id = ANY ($2)
	 GROUP BY o.account_id) w ON true;

-- name: stream_calendars
-- $1 accounts
SELECT k.account_id AS account, k.id, k.selected, s.modseq
  FROM calendar k JOIN calendar_state s ON s.account_id = k.account_id AND s.calendar_id = k.id
 WHERE k.account_id = ANY ($1);

-- name: stream_changes
-- $1 accounts  $2 their calendars  $3 since  $4 at most so many of each
-- As object_changes_by_id, of many calendars: nth is the place in these lists. Of each one row at least, but nothing of
-- a calendar that is gone.
SELECT t.nth, s.modseq AS state, s.min_modseq, o.id, coalesce(o.modseq, 0) AS modseq, coalesce(o.component, 0::smallint) AS component,
       coalesce(o.deleted, false) AS deleted
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS t (account_id, calendar_id, since, nth)
  JOIN calendar_state s ON s.account_id = t.account_id AND s.calendar_id = t.calendar_id
  LEFT JOIN LATERAL (
	SELECT x.id, x.modseq, x.component, x.deleted FROM (
		(SELECT c.id, c.modseq, c.component, c.deleted
		   FROM calendar_object c
		  WHERE c.account_id = s.account_id AND by_sync(c.calendar_id) = s.calendar_id AND c.modseq > t.since
		  ORDER BY c.modseq LIMIT $4::int)
		UNION ALL
		(SELECT g.id, g.modseq, 1::smallint, true
		   FROM calendar_gone g
		  WHERE g.account_id = s.account_id AND g.calendar_id = s.calendar_id AND g.modseq > t.since
		  ORDER BY g.modseq, g.id LIMIT $4::int)) x
	 WHERE t.since > 0 AND t.since BETWEEN s.min_modseq AND s.modseq
	 ORDER BY x.modseq, x.id LIMIT $4::int) o ON true
 ORDER BY t.nth, o.modseq, o.id;

-- name: stream_access
-- $1 accounts of keys, sessions or tokens  $2 their hashes  $3 slots of tokens (-1: a key, -2: a session)  $4 users that a platform acts for, or
-- zero  $5 the connections to them  $6 what they may, as this statement told it
-- Who may something else than that, or (NULL) nothing any more: nth is the place in these lists. Whatever of a key or a
-- connection is changed makes it another.
SELECT a.nth, a.may FROM (
	SELECT t.nth, t.may AS told, CASE WHEN t.slot = -2 THEN (
		SELECT md5(s.id::text) FROM session s JOIN account u ON u.account_id = s.account_id
		 WHERE s.account_id = t.account_id AND s.hash = t.hash AND s.expires_at > now() AND u.status = 1)
	WHEN t.slot < 0 THEN (
		SELECT md5(k::text) FROM api_key k JOIN account u ON u.account_id = k.account_id
		 WHERE k.account_id = t.account_id AND by_hash(k.hash) = t.hash AND k.revoked_at IS NULL
		   AND (k.expires_at IS NULL OR k.expires_at > account_now(u.ahead_s)) AND u.status = 1 AND u.plan = 2)
	ELSE (
		SELECT md5(concat_ws('|', x.scopes & c.scopes, c.calendars::text))
		  FROM (SELECT * FROM access_token y WHERE y.account_id = t.account_id AND y.hash = t.hash AND y.slot = t.slot OFFSET 0) x
		  JOIN LATERAL (SELECT * FROM token_family y WHERE y.account_id = x.account_id AND y.id = x.family_id OFFSET 0) f ON true
		  JOIN LATERAL (SELECT * FROM connected_account y WHERE y.account_id = f.account_id AND y.id = f.connected_account_id OFFSET 0) c ON true
		  JOIN oauth_client o ON o.id = c.client_id
		  JOIN account u ON u.account_id = x.account_id
		 WHERE x.expires_at > account_now(u.ahead_s)
		   AND f.revoked_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > account_now(u.ahead_s) AND o.owner_active
		   AND u.status = 1 AND u.plan = 2)
	END || CASE WHEN t.user_id = '00000000-0000-0000-0000-000000000000' THEN '' ELSE (
		SELECT md5(concat_ws('|', c.scopes, c.calendars::text))
		  FROM connected_account c JOIN account u ON u.account_id = c.account_id
		 WHERE c.account_id = t.user_id AND c.id = t.connection_id AND c.revoked_at IS NULL AND c.expires_at > account_now(u.ahead_s)
		   AND u.status = 1 AND u.plan = 2) END AS may
	  FROM unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::uuid[], $5::uuid[], $6::text[]) WITH ORDINALITY
	       AS t (account_id, hash, slot, user_id, connection_id, may, nth)) a
 WHERE a.may IS DISTINCT FROM a.told;
