-- SPDX-License-Identifier: Apache-2.0
-- The sandbox: test mode has a clock that goes ahead, and can be put back to its beginning (docs/adr/0026-sandbox.md).

-- How far the account's clock is ahead of the server's. Only a test twin has one.
ALTER TABLE account ADD COLUMN ahead_s bigint NOT NULL DEFAULT 0,
	ADD CONSTRAINT account_ahead CHECK (ahead_s = 0 OR (ahead_s > 0 AND (get_byte(uuid_send(account_id), 15) & 1) = 1));

-- Whatever begins or ends in an account does so by account_now(): no other time is compared with what is stored there.
-- What is stored was reckoned from the server's clock by whoever writes it, and goes in by later(). (Seconds, as days of
-- an interval depend on the session's time zone. Both are inlined.)
CREATE FUNCTION later(p_at timestamptz, p_seconds bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
	RETURN p_at + make_interval(secs => p_seconds);
CREATE FUNCTION account_now(p_ahead_s bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
	RETURN now() + make_interval(secs => p_ahead_s);

-- Forward alone: to a time, or by so many seconds. set, backward, too_far; no row: the account is none of test mode.
CREATE FUNCTION sandbox_clock_set(p_account uuid, p_to timestamptz, p_seconds bigint, p_most bigint)
RETURNS TABLE (outcome text, ahead bigint) LANGUAGE plpgsql AS $$
DECLARE was bigint;
BEGIN
	SELECT a.ahead_s INTO was FROM account a WHERE a.account_id = p_account AND NOT a.livemode FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN; END IF;
	ahead := CASE WHEN p_to IS NULL THEN was + p_seconds
	              ELSE ceil(extract(epoch FROM p_to) - extract(epoch FROM clock_timestamp()))::bigint END;
	outcome := CASE WHEN ahead < was THEN 'backward' WHEN ahead > p_most THEN 'too_far' ELSE 'set' END;
	IF outcome = 'set' THEN
		UPDATE account a SET ahead_s = ahead WHERE a.account_id = p_account;
	ELSE
		ahead := was;
	END IF;
	RETURN NEXT;
END $$;

-- All that is in a sandbox goes, and its clock is the server's again; a default calendar is there at once. What lets in
-- (keys, apps, connections, webhook endpoints) stays, and the logs of what was. Locks are taken in the order of whoever makes or drops calendars.
-- Who adds a table that holds an account's data adds it here.
CREATE FUNCTION sandbox_clear(p_account uuid, p_calendar uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE account a SET ahead_s = 0 WHERE a.account_id = p_account AND NOT a.livemode;
	IF NOT FOUND THEN RETURN false; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_account ORDER BY t.calendar_id FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_account ORDER BY t.id FOR UPDATE;
	PERFORM FROM dead_property d WHERE d.account_id = p_account ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_account;
	DELETE FROM calendar t WHERE t.account_id = p_account;
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;

---- what begins and ends by the account's clock ---------------------------------------------------------------------

-- (As in 0001_schema.sql, where they are explained.)
CREATE OR REPLACE FUNCTION code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text,
	p_challenge bytea, p_jkt bytea, p_access bytea, p_slot smallint, p_access_until timestamptz, p_refresh bytea,
	p_idle timestamptz, OUT outcome int, OUT connected_account_id uuid, OUT scopes bigint,
	OUT connection_until timestamptz) LANGUAGE plpgsql AS $$
DECLARE ahead bigint;
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = later(p_idle, a.ahead_s),
	       rotated_at = now(), nonce = NULL
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NULL AND f.code_expires_at > account_now(a.ahead_s)
	   AND f.revoked_at IS NULL
	   AND c.account_id = p_account AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND f.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, f.scopes & c.scopes, later(c.expires_at, -a.ahead_s), a.ahead_s
	     INTO connected_account_id, scopes, connection_until, ahead;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, scopes, later(least(p_access_until, connection_until), ahead), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	-- A new snapshot: it sees the commit of the caller that was faster.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

CREATE OR REPLACE FUNCTION token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation int, p_client uuid,
	p_jkt bytea, p_scopes bigint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_new bytea,
	p_idle timestamptz, p_sealed bytea, p_window interval,
	OUT outcome int, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamptz,
	OUT replay bytea) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	ahead bigint;
BEGIN
	UPDATE token_family t
	   SET generation = t.generation + 1, previous_hash = t.refresh_hash, refresh_hash = p_new, rotated_at = now(),
	       sealed_replay = p_sealed, replay_scopes = p_scopes, idle_expires_at = later(p_idle, a.ahead_s)
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt AND t.revoked_at IS NULL AND t.idle_expires_at > account_now(a.ahead_s)
	   AND t.expires_at > account_now(a.ahead_s) AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, later(c.expires_at, -a.ahead_s), a.ahead_s
	     INTO connected_account_id, granted, connection_until, ahead;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			later(least(p_access_until, connection_until), ahead), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	SELECT t.refresh_hash, t.previous_hash, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - p_window AND t.replay_scopes IS NOT DISTINCT FROM p_scopes AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND a.status = 1
	       AND t.scopes & c.scopes & coalesce(p_scopes, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, later(c.expires_at, -a.ahead_s) AS connection_until
	  INTO f
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = p_account AND t.id = p_family AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt;
	outcome := 1;
	IF NOT FOUND OR f.revoked_at IS NOT NULL THEN
		RETURN;
	END IF;
	IF f.refresh_hash = p_old THEN
		IF f.scopes & p_scopes <> p_scopes THEN
			outcome := 4;
		END IF;
	ELSIF f.previous_hash = p_old AND f.is_retry THEN
		IF f.stands THEN
			outcome := 3;
			replay := f.sealed_replay;
			connected_account_id := f.connected_account_id;
			granted := f.scopes;
			connection_until := f.connection_until;
		END IF;
	ELSIF f.previous_hash = p_old OR p_generation < f.generation - 1 THEN
		UPDATE token_family t SET revoked_at = now(), revoked_why = 2
		 WHERE t.account_id = p_account AND t.id = p_family AND t.revoked_at IS NULL;
		outcome := 2;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION consent_grant(p_account uuid, p_client uuid, p_connection uuid, p_asked bigint, p_granted bigint,
	p_calendars uuid[], p_until timestamptz, p_family uuid, p_code bytea, p_code_until timestamptz,
	p_challenge bytea, p_redirect text, p_nonce text, p_auth_time timestamptz, p_log uuid, p_text_version text,
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
	ON CONFLICT (account_id, client_id) DO NOTHING
	RETURNING id INTO connected_account_id;
	IF NOT FOUND THEN
		SELECT c.id, c.scopes, c.consents, c.revoked_at IS NOT NULL OR c.expires_at <= account_now(ahead) AS ended
		  INTO was
		  FROM connected_account c
		 WHERE c.account_id = p_account AND c.client_id = p_client FOR NO KEY UPDATE;
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
		challenge, redirect_uri, nonce, auth_time)
	VALUES (p_account, p_family, connected_account_id, p_client, p_granted, p_code, later(p_code_until, ahead), p_challenge,
		p_redirect, p_nonce, p_auth_time);
	INSERT INTO consent_log (account_id, id, connected_account_id, client_id, asked, granted, calendars,
		text_version, ip, ua)
	VALUES (p_account, p_log, connected_account_id, p_client, p_asked, p_granted, p_calendars, p_text_version, p_ip,
		p_ua);
END $$;

-- (As in 0008_connection_events.sql.)
CREATE OR REPLACE FUNCTION connection_told_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	VALUES (NEW.account_id,
	        CASE WHEN OLD.expires_at <= (SELECT account_now(a.ahead_s) FROM account a WHERE a.account_id = NEW.account_id) THEN 'connection_made' ELSE 'connection_changed' END::outbox_kind, NEW.id);
	RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION connections_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	SELECT c.account_id, CASE NEW.status WHEN 1 THEN 'connection_resumed' ELSE 'connection_paused' END::outbox_kind, c.id
	  FROM connected_account c WHERE c.account_id = NEW.account_id AND c.revoked_at IS NULL AND c.expires_at > account_now(NEW.ahead_s);
	RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION webhook_may_tell(p_connection uuid, p_user uuid, p_type text, p_needs bigint, p_calendar uuid)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN p_connection IS NULL OR p_type = 'connected_account.deauthorized'
	    OR EXISTS (SELECT FROM connected_account c JOIN account a ON a.account_id = c.account_id
	                WHERE c.account_id = p_user AND c.id = p_connection AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s)
	                  AND c.scopes & p_needs = p_needs AND (a.status = 1 OR p_type = 'connected_account.deactivated')
	                  AND (p_calendar IS NULL OR c.calendars IS NULL OR p_calendar = ANY (c.calendars)));
END $$;

-- (As in 0001_schema.sql. A token of test mode ends by its account's clock, which may be years ahead, and in any case by
-- the hour inside it, as every token: its row keeps nobody's slot.)
CREATE OR REPLACE FUNCTION access_token_prune() RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	idle int := ((extract(epoch FROM now())::bigint / 3600 + 2) % 4)::int;
	leaf regclass := 'access_token_' || idle;
	rows_left boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', leaf) INTO rows_left;
	IF NOT rows_left OR NOT pg_try_advisory_xact_lock(hashtext('access_token_prune')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', leaf);
	EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE expires_at > now() AND (get_byte(uuid_send(account_id), 15) & 1) = 0)', leaf) INTO rows_left;
	IF rows_left THEN               -- a clock is wrong: better too many rows than a lost token
		RETURN NULL;
	END IF;
	EXECUTE format('TRUNCATE %s', leaf);
	RETURN idle;
END $$;

-- (As in 0005_webhooks.sql.)
CREATE OR REPLACE FUNCTION webhook_claim(p_now timestamptz, p_most int, p_each int, p_lease timestamptz) RETURNS TABLE (account uuid,
	delivery uuid, endpoint uuid, event uuid, number smallint, url text, secret bytea, old_secret bytea, body bytea,
	created_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	q record; e record; d record; v record; held timestamptz[]; next timestamptz;
BEGIN
	FOR q IN SELECT t.account_id, t.endpoint_id, t.leases FROM webhook_queue t WHERE t.due_at <= p_now
	          ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT x.url, x.secret, CASE WHEN x.old_until > p_now THEN x.old_secret END AS old_secret,
		       x.disabled_at IS NOT NULL OR a.status <> 1 AS off INTO e
		  FROM webhook_endpoint x JOIN account a ON a.account_id = x.account_id
		 WHERE x.account_id = q.account_id AND x.id = q.endpoint_id;
		held := ARRAY(SELECT l FROM unnest(q.leases) AS n(l) WHERE l > p_now);
		FOR d IN SELECT t.id, t.event_id, t.url, t.attempts, t.created_at FROM webhook_delivery t
		          WHERE t.account_id = q.account_id AND by_due(t.endpoint_id) = q.endpoint_id AND t.state = 1
		            AND t.next_attempt_at <= p_now
		          ORDER BY t.next_attempt_at LIMIT greatest(p_each - cardinality(held), 0) LOOP
			SELECT x.type, x.connection_id, x.user_id, x.needs, x.calendar_id, x.body INTO v FROM webhook_event x
			 WHERE x.account_id = q.account_id AND x.id = d.event_id;
			IF NOT FOUND OR e.off OR d.attempts >= tries
			   OR NOT webhook_may_tell(v.connection_id, v.user_id, v.type, v.needs, v.calendar_id) THEN
				UPDATE webhook_delivery t SET state = CASE WHEN d.attempts >= tries THEN 3 ELSE 4 END,
				       next_attempt_at = NULL, finished_at = p_now
				 WHERE t.account_id = q.account_id AND t.id = d.id;
				CONTINUE;
			END IF;
			UPDATE webhook_delivery t SET attempts = t.attempts + 1, lease = p_lease, next_attempt_at = p_lease
			 WHERE t.account_id = q.account_id AND t.id = d.id RETURNING t.attempts INTO number;
			CONTINUE WHEN NOT FOUND;  -- it went at this moment: with its endpoint, its age, or a reset
			held := held || p_lease;
			account := q.account_id; delivery := d.id; endpoint := q.endpoint_id; event := d.event_id;
			url := coalesce(d.url, e.url); secret := e.secret; old_secret := e.old_secret; body := v.body;
			created_at := d.created_at;
			RETURN NEXT;
		END LOOP;
		SELECT min(l) INTO next FROM unnest(held) AS n(l);
		IF cardinality(held) < p_each THEN
			SELECT t.next_attempt_at INTO next FROM webhook_delivery t
			 WHERE t.account_id = q.account_id AND by_due(t.endpoint_id) = q.endpoint_id AND t.state = 1
			 ORDER BY t.next_attempt_at LIMIT 1;
		END IF;
		UPDATE webhook_queue t SET leases = held, due_at = coalesce(next, 'infinity')
		 WHERE t.account_id = q.account_id AND t.endpoint_id = q.endpoint_id;
	END LOOP;
END $$;
