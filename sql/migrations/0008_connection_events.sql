-- SPDX-License-Identifier: Apache-2.0
-- What else becomes of a connection: it is given more or less, its user's account is deactivated and comes back.

ALTER TYPE outbox_kind ADD VALUE 'connection_changed';
ALTER TYPE outbox_kind ADD VALUE 'connection_paused';
ALTER TYPE outbox_kind ADD VALUE 'connection_resumed';

-- Consented to once more. One whose time was over begins anew.
CREATE FUNCTION connection_told_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	VALUES (NEW.account_id,
	        CASE WHEN OLD.expires_at <= now() THEN 'connection_made' ELSE 'connection_changed' END::outbox_kind, NEW.id);
	RETURN NULL;
END $$;
CREATE TRIGGER connection_consented AFTER UPDATE OF scopes, calendars, expires_at ON connected_account FOR EACH ROW
	WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NULL
	      AND (OLD.scopes <> NEW.scopes OR OLD.calendars IS DISTINCT FROM NEW.calendars OR OLD.expires_at <> NEW.expires_at))
	EXECUTE FUNCTION connection_told_again();

-- Each world of an account has its own connections.
CREATE FUNCTION connections_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	SELECT c.account_id, CASE NEW.status WHEN 1 THEN 'connection_resumed' ELSE 'connection_paused' END::outbox_kind, c.id
	  FROM connected_account c WHERE c.account_id = NEW.account_id AND c.revoked_at IS NULL AND c.expires_at > now();
	RETURN NULL;
END $$;
CREATE TRIGGER account_paused AFTER UPDATE OF status ON account FOR EACH ROW WHEN (OLD.status <> NEW.status)
	EXECUTE FUNCTION connections_told();

-- The next changes and who is told of them, in the order of their transactions, and moves the cursor behind them. Only
-- rows below the horizon: no transaction that is still under way can add one before them. Nothing when another reads.
-- scanned: rows of the outbox that were passed, told or not.
CREATE FUNCTION webhook_changes(p_limit int) RETURNS TABLE (scanned int, change_id uuid, account uuid, kind text, calendar uuid,
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
		                           AND e.connection_id IS NULL AND e.disabled_at IS NULL AND e.since < o.id)
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

-- May this event be told now? Its connection may have ended since, or have been given less.
CREATE FUNCTION webhook_may_tell(p_connection uuid, p_user uuid, p_type text, p_needs bigint, p_calendar uuid)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN p_connection IS NULL OR p_type = 'connected_account.deauthorized'
	    OR EXISTS (SELECT FROM connected_account c JOIN account a ON a.account_id = c.account_id
	                WHERE c.account_id = p_user AND c.id = p_connection AND c.revoked_at IS NULL AND c.expires_at > now()
	                  AND c.scopes & p_needs = p_needs AND (a.status = 1 OR p_type = 'connected_account.deactivated')
	                  AND (p_calendar IS NULL OR c.calendars IS NULL OR p_calendar = ANY (c.calendars)));
END $$;
