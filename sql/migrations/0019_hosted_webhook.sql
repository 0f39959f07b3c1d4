-- SPDX-License-Identifier: Apache-2.0
-- Hosted calendars have a webhook each: an endpoint like others, that is told of invitations in its calendar alone.

ALTER TABLE webhook_endpoint ADD COLUMN calendar_id uuid; -- of a hosted calendar: its one endpoint
CREATE UNIQUE INDEX webhook_endpoint_calendar ON webhook_endpoint (account_id, calendar_id);
COMMENT ON TABLE webhook_endpoint IS 'rows: 16 an account and each of its connections, one a calendar (webhook_endpoint_create)';

-- It goes with its calendar, whatever way that goes: in the order of webhook_endpoint_drop, which a foreign key's
-- cascade would not keep.
CREATE FUNCTION calendar_webhook_drop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM webhook_endpoint_drop(OLD.account_id, ARRAY(SELECT e.id FROM webhook_endpoint e
		WHERE e.account_id = OLD.account_id AND e.calendar_id = OLD.id));
	RETURN OLD;
END $$;
CREATE TRIGGER calendar_webhook_drop BEFORE DELETE ON calendar FOR EACH ROW EXECUTE FUNCTION calendar_webhook_drop();

-- The account's row is locked: two who make endpoints at once count each other. NULL when there are enough. Of a calendar
-- that row is held as well: who deletes it waits, and takes what was made.
DROP FUNCTION webhook_endpoint_create(uuid, uuid, uuid, boolean, bigint, uuid[], text, text[], text, boolean, bytea);
CREATE FUNCTION webhook_endpoint_create(p_account uuid, p_id uuid, p_connection uuid, p_connect boolean,
	p_scopes bigint, p_calendars uuid[], p_url text, p_events text[], p_description text, p_disabled boolean, p_secret bytea,
	p_calendar uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 16;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	IF p_calendar IS NULL THEN
		IF most <= (SELECT count(*) FROM webhook_endpoint e WHERE e.account_id = p_account
		               AND e.connection_id IS NOT DISTINCT FROM p_connection AND e.calendar_id IS NULL) THEN
			RETURN NULL;
		END IF;
	ELSE
		PERFORM FROM calendar c WHERE c.account_id = p_account AND c.id = p_calendar FOR KEY SHARE;
		IF NOT FOUND OR EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = p_account AND e.calendar_id = p_calendar) THEN
			RETURN NULL;
		END IF;
	END IF;
	INSERT INTO webhook_endpoint (account_id, id, connection_id, connect, scopes, calendars, url, events, description,
	       disabled_at, secret, calendar_id)
	VALUES (p_account, p_id, p_connection, p_connect, p_scopes, p_calendars, p_url, p_events, p_description,
	        CASE WHEN p_disabled THEN now() END, p_secret, p_calendar);
	INSERT INTO webhook_queue (account_id, endpoint_id) VALUES (p_account, p_id);
	RETURN p_id;
END $$;

-- (As in 0005_webhooks.sql.) p_via 3: the endpoint of the calendar.
CREATE OR REPLACE FUNCTION webhook_event_add(p_owner uuid, p_id uuid, p_type text, p_sequence bigint, p_connection uuid, p_user uuid,
	p_needs bigint, p_calendar uuid, p_request uuid, p_at timestamptz, p_body bytea, p_change uuid, p_via int, OUT endpoints uuid[])
LANGUAGE plpgsql AS $$
BEGIN
	WITH told AS (
		INSERT INTO webhook_delivery (account_id, endpoint_id, event_id)
		SELECT e.account_id, e.id, p_id FROM webhook_endpoint e
		 WHERE e.account_id = p_owner AND e.disabled_at IS NULL AND e.since < p_change AND webhook_takes(e.events, p_type)
		   AND CASE p_via WHEN 0 THEN NOT e.connect AND e.connection_id IS NULL AND e.calendar_id IS NULL
		                  WHEN 1 THEN e.connection_id = p_connection
		                  WHEN 3 THEN e.calendar_id = p_calendar ELSE e.connect END
		   AND e.scopes & p_needs = p_needs
		   AND (p_calendar IS NULL OR e.calendars IS NULL OR p_calendar = ANY (e.calendars))
		RETURNING endpoint_id)
	SELECT array_agg(endpoint_id) INTO endpoints FROM told;
	IF endpoints IS NULL THEN RETURN; END IF;
	INSERT INTO webhook_event (account_id, id, type, sequence, connection_id, user_id, needs, calendar_id, request_id,
	       created_at, body)
	VALUES (p_owner, p_id, p_type, p_sequence, p_connection, p_user, p_needs, p_calendar, p_request, p_at, p_body);
END $$;

-- (As in 0008_connection_events.sql.) An endpoint of a calendar is told of what is written in it, and of nothing else.
CREATE OR REPLACE FUNCTION webhook_changes(p_limit int) RETURNS TABLE (scanned int, change_id uuid, account uuid, kind text, calendar uuid,
	object uuid, request uuid, owner uuid, via int, connection uuid, client uuid, scopes bigint, tz text, sequence bigint, modseq bigint,
	before bytea, component smallint)
LANGUAGE plpgsql AS $$
DECLARE c record; o record; v record; passed int := 0;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('webhook_changes')) THEN RETURN; END IF; -- no row's lock: that would write
	SELECT t.xid, t.id INTO c FROM webhook_cursor t;
	FOR o IN SELECT t.xid, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.modseq, t.request_id FROM outbox t
	          WHERE (t.xid, t.id) > (c.xid, c.id) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
	          ORDER BY t.xid, t.id LIMIT p_limit LOOP
		passed := passed + 1;
		c := o;
		FOR v IN SELECT o.account_id AS owner, 0 AS via, NULL::uuid AS connection, NULL::uuid AS client, 0::bigint AS scopes
		          WHERE EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = o.account_id AND NOT e.connect
		                           AND e.connection_id IS NULL AND e.calendar_id IS NULL AND e.disabled_at IS NULL AND e.since < o.id)
		         UNION ALL
		         SELECT o.account_id, 3, NULL, NULL, 0
		          WHERE o.kind IN ('object_created', 'object_changed')
		            AND EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = o.account_id
		                           AND e.calendar_id = o.calendar_id AND e.disabled_at IS NULL AND e.since < o.id)
		         UNION ALL
		         SELECT a.account_id, 1, a.id, a.client_id, a.scopes FROM connected_account a WHERE a.account_id = o.account_id
		            AND EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = a.account_id
		                           AND e.connection_id = a.id AND e.disabled_at IS NULL AND e.since < o.id)
		         UNION ALL
		         SELECT k.owner_id, 2, a.id, a.client_id, a.scopes FROM connected_account a JOIN oauth_client k ON k.id = a.client_id
		          WHERE a.account_id = o.account_id
		            AND (a.revoked_at IS NULL OR o.kind = 'connection_ended')
		            AND (o.kind::text NOT LIKE 'connection\_%' OR o.object_id = a.id) -- of one connection, to its platform alone
		            AND EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = k.owner_id
		                           AND e.connect AND e.disabled_at IS NULL AND e.since < o.id) LOOP
			scanned := passed; change_id := o.id; account := o.account_id; kind := o.kind; calendar := o.calendar_id;
			object := o.object_id; request := o.request_id; modseq := o.modseq; owner := v.owner; via := v.via; connection := v.connection; client := v.client;
			scopes := v.scopes; tz := (SELECT a.tz FROM account a WHERE a.account_id = o.account_id);
			INSERT INTO webhook_counter AS n (account_id, sequence) VALUES (v.owner, 1)
			    ON CONFLICT (account_id) DO UPDATE SET sequence = n.sequence + 1 RETURNING n.sequence INTO sequence;
			SELECT b.data INTO before FROM object_before b
			 WHERE b.account_id = o.account_id AND b.object_id = o.object_id AND b.modseq = o.modseq;
			SELECT x.component INTO component FROM calendar_object x
			 WHERE x.account_id = o.account_id AND by_id(x.id) = o.object_id;
			RETURN NEXT;
		END LOOP;
	END LOOP;
	IF passed > 0 THEN
		UPDATE webhook_cursor t SET xid = c.xid, id = c.id;
		scanned := passed; change_id := NULL; account := NULL; kind := NULL; owner := NULL;
		RETURN NEXT;                      -- the last row tells how many were passed, if none was told
	END IF;
END $$;
