-- SPDX-License-Identifier: Apache-2.0
-- The outbox is read, and events are added, a page at a time: one statement for a page costs little more than for a row.

-- (As in 0019_hosted_webhook.sql, in one statement.) What is asked of each row stands in a subquery of its own, which is
-- never joined: its plan is a look into an index, however few or many rows there are.
CREATE OR REPLACE FUNCTION webhook_changes(p_limit int) RETURNS TABLE (scanned int, change_id uuid, account uuid, kind text, calendar uuid,
	object uuid, request uuid, owner uuid, via int, connection uuid, client uuid, scopes bigint, tz text, sequence bigint, modseq bigint,
	before bytea, component smallint)
LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('webhook_changes')) THEN RETURN; END IF; -- no row's lock: that would write
	SELECT t.xid, t.id INTO c FROM webhook_cursor t;
	RETURN QUERY
	WITH page AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY r.xid, r.id) AS place, r.*
		  FROM (SELECT t.xid, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.modseq, t.request_id FROM outbox t
		         WHERE (t.xid, t.id) > (c.xid, c.id) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
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
			 WHERE a.account_id = o.account_id
			   AND (a.revoked_at IS NULL OR o.kind = 'connection_ended')
			   AND (o.kind::text NOT LIKE 'connection\_%' OR o.object_id = a.id) -- of one connection, to its platform alone
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = k.owner_id
			           AND e.connect AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)) v),
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

DROP FUNCTION webhook_event_add;

-- Events, and a delivery of each to every endpoint that wants it; without any there is no event. Their queues are woken:
-- the last of a transaction, for it holds them until its end.
CREATE FUNCTION webhook_events_add(p_owners uuid[], p_ids uuid[], p_types text[], p_sequences bigint[], p_connections uuid[],
	p_users uuid[], p_needs bigint[], p_calendars uuid[], p_requests uuid[], p_at timestamptz, p_bodies bytea[],
	p_changes uuid[], p_vias int[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE accounts uuid[]; endpoints uuid[];
BEGIN
	WITH v AS MATERIALIZED (
		SELECT n.owner, n.id, n.type, n.sequence, nullif(n.connection, none) AS connection, nullif(n.account, none) AS account,
		       n.needs, nullif(n.calendar, none) AS calendar, nullif(n.request, none) AS request, n.body, n.change, n.via, n.place
		  FROM unnest(p_owners, p_ids, p_types, p_sequences, p_connections, p_users, p_needs, p_calendars, p_requests, p_bodies,
		              p_changes, p_vias) WITH ORDINALITY
		       AS n (owner, id, type, sequence, connection, account, needs, calendar, request, body, change, via, place),
		       (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS none) x),
	told AS (
		INSERT INTO webhook_delivery (account_id, endpoint_id, event_id)
		SELECT e.account_id, e.id, v.id FROM v CROSS JOIN LATERAL (
			SELECT e.account_id, e.id FROM webhook_endpoint e
			 WHERE e.account_id = v.owner AND e.disabled_at IS NULL AND e.since < v.change AND webhook_takes(e.events, v.type)
			   AND CASE v.via WHEN 0 THEN NOT e.connect AND e.connection_id IS NULL AND e.calendar_id IS NULL
			                  WHEN 1 THEN e.connection_id = v.connection
			                  WHEN 3 THEN e.calendar_id = v.calendar ELSE e.connect END
			   AND e.scopes & v.needs = v.needs
			   AND (v.calendar IS NULL OR e.calendars IS NULL OR v.calendar = ANY (e.calendars)) OFFSET 0) e
		 ORDER BY v.place
		RETURNING account_id, endpoint_id, event_id),
	made AS (
		INSERT INTO webhook_event (account_id, id, type, sequence, connection_id, user_id, needs, calendar_id, request_id,
		       created_at, body)
		SELECT v.owner, v.id, v.type, v.sequence, v.connection, v.account, v.needs, v.calendar, v.request, p_at, v.body
		  FROM v WHERE v.id IN (SELECT event_id FROM told) ORDER BY v.place)
	SELECT array_agg(account_id), array_agg(endpoint_id) INTO accounts, endpoints FROM told;
	PERFORM webhook_wake(accounts, endpoints);
END $$;
