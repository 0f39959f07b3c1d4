-- SPDX-License-Identifier: Apache-2.0
-- Who listens to an account's calendars, in one place: its own endpoints, and the apps to which it is connected with those of
-- their owner. Without an endpoint: an app that may come to have one. Of one calendar, or of all (NULL). What a connection has
-- ended is still told of its end.
CREATE VIEW listener AS
	SELECT e.account_id, e.calendar_id, e.id AS endpoint_id, false AS ended FROM webhook_endpoint e
	UNION ALL
	SELECT c.account_id, NULL, e.id, c.revoked_at IS NOT NULL
	  FROM connected_account c LEFT JOIN oauth_client o ON o.id = c.client_id
	  LEFT JOIN webhook_endpoint e ON e.account_id = o.owner_id AND e.connect;

-- (These three as in 0081, but that they ask it.)
CREATE OR REPLACE FUNCTION object_before_keep(p_account uuid, p_calendar uuid, p_object uuid, p_etag bytea, p_modseq bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM listener l WHERE l.account_id = p_account AND (l.calendar_id IS NULL OR l.calendar_id = p_calendar)
	              AND l.endpoint_id IS NOT NULL AND NOT l.ended) THEN
		INSERT INTO object_before (account_id, object_id, modseq, data)
		SELECT t.account_id, t.id, p_modseq, t.data FROM calendar_object t
		 WHERE t.account_id = p_account AND by_id(t.id) = p_object AND t.etag = p_etag AND NOT t.deleted
		   AND octet_length(t.data) <= 65536
		    ON CONFLICT DO NOTHING;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION calendar_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.watched := EXISTS (SELECT FROM listener l WHERE l.account_id = NEW.account_id);
	RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION webhook_changes(p_limit int) RETURNS TABLE (scanned int, change_id uuid, account uuid, kind text, calendar uuid,
	object uuid, request uuid, owner uuid, via int, connection uuid, client uuid, scopes bigint, tz text, sequence bigint, modseq bigint,
	before bytea, component smallint)
LANGUAGE plpgsql AS $$
DECLARE c record; last record; listened uuid[]; -- accounts
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('webhook_changes')) THEN RETURN; END IF; -- no row's lock: that would write
	SELECT t.xid, t.id INTO c FROM webhook_cursor t;
	SELECT count(*)::int AS place, (array_agg(r.xid))[count(*)] AS xid, (array_agg(r.id))[count(*)] AS id,
	       array_agg(DISTINCT r.account_id) AS accounts INTO last
	  FROM (SELECT t.xid, t.id, t.account_id FROM outbox t
	         WHERE (t.xid, t.id) > (c.xid, c.id) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
	         ORDER BY t.xid, t.id LIMIT p_limit) r;
	IF last.place = 0 THEN RETURN; END IF;
	listened := ARRAY(SELECT a FROM unnest(last.accounts) a
	  WHERE EXISTS (SELECT FROM listener l WHERE l.account_id = a AND l.endpoint_id IS NOT NULL));
	IF listened = '{}' THEN         -- passed over again, should this not come to the disk
		PERFORM set_config('synchronous_commit', 'off', true);
		UPDATE webhook_cursor t SET xid = last.xid, id = last.id;
		scanned := last.place;
		RETURN NEXT;
		RETURN;
	END IF;
	PERFORM calendars_watched(listened);
	RETURN QUERY
	WITH page AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY r.xid, r.id) AS place, r.*
		  FROM (SELECT t.xid, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.modseq, t.request_id FROM outbox t
		         WHERE (t.xid, t.id) > (c.xid, c.id) AND (t.xid, t.id) <= (last.xid, last.id)
		         ORDER BY t.xid, t.id LIMIT p_limit) r),
	heard AS MATERIALIZED (
		SELECT o.*, v.* FROM page o CROSS JOIN LATERAL (
			SELECT o.account_id AS owner, 0 AS via, NULL::uuid AS connection, NULL::uuid AS client, 0::bigint AS scopes
			 WHERE (SELECT true FROM webhook_endpoint e WHERE e.account_id = o.account_id AND NOT e.connect
			           AND e.connection_id IS NULL AND e.calendar_id IS NULL AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT o.account_id, 3, NULL, NULL, 0
			 WHERE o.kind IN ('object_created', 'object_changed')
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = o.account_id
			           AND e.calendar_id = o.calendar_id AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT a.account_id, 1, a.id, a.client_id, a.scopes FROM connected_account a WHERE a.account_id = o.account_id
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = a.account_id
			           AND e.connection_id = a.id AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT k.owner_id, 2, a.id, a.client_id, a.scopes FROM connected_account a JOIN oauth_client k ON k.id = a.client_id
			 WHERE a.account_id = o.account_id AND NOT a.machine
			   AND (a.revoked_at IS NULL OR o.kind = 'connection_ended')
			   AND (o.kind::text NOT LIKE 'connection\_%' OR o.object_id = a.id) -- of one connection, to its platform alone
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = k.owner_id
			           AND e.connect AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)) v
		 WHERE o.account_id = ANY (listened)),
	numbers AS (
		INSERT INTO webhook_counter AS n (account_id, sequence)
		SELECT h.owner, count(*) FROM heard h GROUP BY h.owner ORDER BY h.owner
		    ON CONFLICT (account_id) DO UPDATE SET sequence = n.sequence + excluded.sequence
		RETURNING n.account_id, n.sequence),
	moved AS (
		UPDATE webhook_cursor t SET xid = p.xid, id = p.id FROM page p WHERE p.place = (SELECT max(place) FROM page)
		RETURNING p.place),
	told AS (
		SELECT h.place, h.id, h.account_id, h.kind::text, h.calendar_id, h.object_id, h.request_id, h.owner, h.via,
		       h.connection, h.client, h.scopes, (SELECT a.tz FROM account a WHERE a.account_id = h.account_id),
		       (SELECT n.sequence FROM numbers n WHERE n.account_id = h.owner) - count(*) OVER (PARTITION BY h.owner)
		       + row_number() OVER (PARTITION BY h.owner ORDER BY h.place, h.via, h.connection), h.modseq,
		       (SELECT b.data FROM object_before b
		         WHERE b.account_id = h.account_id AND b.object_id = h.object_id AND b.modseq = h.modseq),
		       (SELECT x.component FROM calendar_object x WHERE x.account_id = h.account_id AND by_id(x.id) = h.object_id)
		  FROM heard h
		UNION ALL                          -- the last row tells how many were passed, if none was told
		SELECT m.place + 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
		  FROM moved m)
	SELECT (SELECT place FROM moved)::int, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.request_id, t.owner, t.via,
	       t.connection, t.client, t.scopes, t.tz, t.number::bigint, t.modseq, t.before, t.component
	  FROM told AS t (place, id, account_id, kind, calendar_id, object_id, request_id, owner, via, connection, client, scopes, tz,
	                  number, modseq, before, component)
	 ORDER BY t.place, t.number;
END $$;
