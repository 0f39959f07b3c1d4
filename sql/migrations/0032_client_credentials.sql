-- SPDX-License-Identifier: Apache-2.0
-- An app that acts for itself (client_credentials, OAuth 2.1 §4.2): on the account that it belongs to, within the scopes that
-- this account allows it (docs/adr/0030).

ALTER TABLE oauth_client ADD COLUMN machine_scopes bigint NOT NULL DEFAULT 0;

-- What such tokens hang on: a connection of the app with its owner that no consent made. It has the only family of its
-- own id. Beside it the owner may connect the app as any user does.
ALTER TABLE connected_account
	ADD COLUMN machine boolean NOT NULL DEFAULT false,
	DROP CONSTRAINT connected_account_account_id_client_id_key,
	ADD UNIQUE (account_id, client_id, machine);
COMMENT ON TABLE connected_account IS 'rows: one for each account and client, and one for an app and its owner (consent_grant)';

-- Nobody is told of it as of a user's.
DROP TRIGGER connection_made ON connected_account;
DROP TRIGGER connection_changed ON connected_account;
DROP TRIGGER connection_consented ON connected_account;
CREATE TRIGGER connection_made AFTER INSERT ON connected_account FOR EACH ROW WHEN (NOT NEW.machine)
	EXECUTE FUNCTION connection_told();
CREATE TRIGGER connection_changed AFTER UPDATE OF revoked_at ON connected_account FOR EACH ROW
	WHEN (NOT NEW.machine AND (OLD.revoked_at IS NULL) <> (NEW.revoked_at IS NULL)) EXECUTE FUNCTION connection_told();
CREATE TRIGGER connection_consented AFTER UPDATE OF scopes, calendars, expires_at ON connected_account FOR EACH ROW
	WHEN (NOT NEW.machine AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NULL
	      AND (OLD.scopes <> NEW.scopes OR OLD.calendars IS DISTINCT FROM NEW.calendars OR OLD.expires_at <> NEW.expires_at))
	EXECUTE FUNCTION connection_told_again();

-- (As in 0013_sandbox.sql.)
CREATE OR REPLACE FUNCTION connections_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	SELECT c.account_id, CASE NEW.status WHEN 1 THEN 'connection_resumed' ELSE 'connection_paused' END::outbox_kind, c.id
	  FROM connected_account c WHERE c.account_id = NEW.account_id AND NOT c.machine AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(NEW.ahead_s);
	RETURN NULL;
END $$;

-- A token of an app for itself. The first makes what it hangs on, in the place of one that ended: what that gave is gone for good.
-- outcome: 0 issued, 1 more was asked than is allowed (granted: what is), 2 the app may not or is gone.
CREATE FUNCTION token_of_machine(p_client uuid, p_connection uuid, p_scopes bigint, p_audience smallint, p_jkt bytea,
	p_access bytea, p_slot smallint, p_access_until timestamptz, OUT outcome int, OUT granted bigint) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	SELECT o.owner_id, o.machine_scopes, c.id, a.ahead_s INTO f
	  FROM oauth_client o
	  JOIN account a ON a.account_id = o.owner_id
	  LEFT JOIN connected_account c ON c.account_id = o.owner_id AND c.client_id = o.id AND c.machine AND c.revoked_at IS NULL
	 WHERE o.id = p_client AND o.kind = 2 AND o.grants & 64 <> 0 AND o.deleted_at IS NULL AND a.status = 1;
	outcome := 2;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	granted := f.machine_scopes;
	IF granted = 0 OR granted & p_scopes <> p_scopes THEN
		outcome := 1;
		RETURN;
	END IF;
	IF f.id IS NULL THEN
		-- Who changes the app (client_change, client_machine_settle) waits for us, or we see what it was changed to.
		SELECT o.machine_scopes INTO granted FROM oauth_client o
		 WHERE o.id = p_client AND o.grants & 64 <> 0 AND o.deleted_at IS NULL FOR NO KEY UPDATE;
		IF NOT FOUND OR granted = 0 OR granted & p_scopes <> p_scopes THEN
			RETURN;
		END IF;
		DELETE FROM connected_account c
		 WHERE c.account_id = f.owner_id AND c.client_id = p_client AND c.machine AND c.revoked_at IS NOT NULL;
		INSERT INTO connected_account AS c (account_id, id, client_id, scopes, machine)
		VALUES (f.owner_id, p_connection, p_client, granted, true)
		ON CONFLICT (account_id, client_id, machine) DO UPDATE SET scopes = granted
		RETURNING c.id INTO f.id;
		INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, generation)
		VALUES (f.owner_id, f.id, f.id, p_client, granted, 1) ON CONFLICT DO NOTHING;
	END IF;
	granted := coalesce(nullif(p_scopes, 0), granted);
	INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, audience)
	VALUES (f.owner_id, p_access, p_slot, f.id, granted, later(p_access_until, f.ahead_s), p_jkt, p_audience);
	outcome := 0;
END $$;

-- (As in 0023_audience.sql.)
CREATE OR REPLACE FUNCTION consent_grant(p_account uuid, p_client uuid, p_connection uuid, p_asked bigint, p_granted bigint,
	p_calendars uuid[], p_until timestamptz, p_family uuid, p_code bytea, p_code_until timestamptz,
	p_challenge bytea, p_redirect text, p_nonce text, p_audience smallint, p_auth_time timestamptz, p_log uuid, p_text_version text,
	p_ip inet, p_ua text, OUT connected_account_id uuid) LANGUAGE plpgsql AS $$
DECLARE
	many CONSTANT int := 50;
	was record;
	ahead bigint;
BEGIN
	-- A client that is being deleted waits for us, or we see that it is gone (client_cut runs after its commit).
	PERFORM FROM oauth_client WHERE id = p_client AND deleted_at IS NULL FOR SHARE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT a.ahead_s INTO ahead FROM account a WHERE a.account_id = p_account;
	INSERT INTO connected_account (account_id, id, client_id, scopes, calendars, authorized_at, expires_at)
	VALUES (p_account, p_connection, p_client, p_granted, p_calendars, account_now(ahead), later(p_until, ahead))
	ON CONFLICT (account_id, client_id, machine) DO NOTHING
	RETURNING id INTO connected_account_id;
	IF NOT FOUND THEN
		SELECT c.id, c.scopes, c.consents, c.revoked_at IS NOT NULL OR c.expires_at <= account_now(ahead) AS ended
		  INTO was
		  FROM connected_account c
		 WHERE c.account_id = p_account AND c.client_id = p_client AND NOT c.machine FOR NO KEY UPDATE;
		IF was.ended THEN -- what it gave before must not come back to life
			UPDATE token_family f SET revoked_at = now(), revoked_why = 3
			 WHERE f.account_id = p_account AND f.connected_account_id = was.id AND f.revoked_at IS NULL;
		END IF;
		UPDATE connected_account c
		   SET scopes = CASE WHEN was.ended THEN p_granted ELSE was.scopes & ~p_asked | p_granted END,
		       calendars = p_calendars, expires_at = later(p_until, ahead), authorized_at = account_now(ahead), revoked_at = NULL,
		       revoked_why = NULL, consents = was.consents % many + 1
		 WHERE c.account_id = p_account AND c.id = was.id;
		connected_account_id := was.id;
		IF was.consents = many THEN PERFORM consent_trim(p_account, was.id); END IF;
	END IF;
	INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at,
		challenge, redirect_uri, nonce, audience, auth_time)
	VALUES (p_account, p_family, connected_account_id, p_client, p_granted, p_code, later(p_code_until, ahead), p_challenge,
		p_redirect, p_nonce, p_audience, p_auth_time);
	INSERT INTO consent_log (account_id, id, connected_account_id, client_id, asked, granted, calendars,
		text_version, ip, ua)
	VALUES (p_account, p_log, connected_account_id, p_client, p_asked, p_granted, p_calendars, p_text_version, p_ip,
		p_ua);
END $$;

-- (As in 0022_webhook_pages.sql.) What an app does for itself is told to its owner as what they do.
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
			 WHERE a.account_id = o.account_id AND NOT a.machine
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
