-- SPDX-License-Identifier: Apache-2.0
-- Whoever locks several rows of a table locks them in the order of their keys, so that no two wait for each other in a circle. Between
-- tables: account, key, app, connection, queue of an endpoint, the rest, and the audit log's heads last. A job that tidies up passes over what
-- somebody else has locked: it comes again (0091_jobs_pass.sql). (tests/http/test_lock_order.py holds each function and statement to it.)

-- Before connections are ended: they are locked, then the queues of their endpoints and of all endpoints of p_owners, as webhook_done
-- locks queues. Ended one after the other, a trigger of each would lock its queues in the order of the connections.
CREATE FUNCTION connections_lock(p_accounts uuid[], p_ids uuid[], p_owners uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM connected_account c JOIN unnest(p_accounts, p_ids) AS n (account_id, id) ON c.account_id = n.account_id AND c.id = n.id
	  ORDER BY c.account_id, c.id FOR NO KEY UPDATE OF c;
	PERFORM FROM webhook_queue q WHERE (q.account_id, q.endpoint_id) IN (
		SELECT e.account_id, e.id FROM unnest(p_accounts, p_ids) AS n (account_id, id)
		  JOIN webhook_endpoint e ON e.account_id = n.account_id AND e.connection_id = n.id
		UNION ALL
		SELECT e.account_id, e.id FROM webhook_endpoint e WHERE e.account_id = ANY (p_owners))
	  ORDER BY q.account_id, q.endpoint_id FOR UPDATE OF q;
END $$;

-- Ends the connections of a deleted client; runs after client_delete has its lock, so that it sees all of them. Each user is told, and
-- the owner, in the order of their ids.
CREATE FUNCTION client_cut(p_client uuid, p_now timestamptz, p_by text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE accounts uuid[]; ids uuid[]; n bigint;
BEGIN
	SELECT array_agg(l.user_account_id), array_agg(l.connected_account_id) INTO accounts, ids
	  FROM client_connection l JOIN oauth_client o ON o.owner_id = l.account_id AND l.client_id = o.id WHERE o.id = p_client;
	PERFORM connections_lock(accounts, ids, NULL);
	WITH cut AS (
		UPDATE connected_account c SET revoked_at = p_now, revoked_why = 2 FROM unnest(accounts, ids) AS n (account_id, id)
		 WHERE c.account_id = n.account_id AND c.id = n.id AND c.revoked_at IS NULL
		RETURNING c.account_id, c.id
	), told AS (
		SELECT t.account_id, 'consent.ended' AS kind, t.id, jsonb_build_object('client_name', o.name, 'reason', 'client_deleted') AS details
		  FROM cut t JOIN oauth_client o ON o.id = p_client
		UNION ALL
		SELECT o.owner_id, 'client.deleted', o.id, jsonb_build_object('name', o.name) FROM oauth_client o WHERE o.id = p_client AND o.registration = 0
	)
	SELECT count(audit_add(t.account_id, t.kind, t.id, p_by, t.details)) INTO n FROM (SELECT * FROM told ORDER BY account_id, id) t;
END $$;

-- (As in 0059_claimed.sql, in the order of all locks: what the log is told stands in `told` until all is locked, sessions too, which
-- the new password ends next.)
CREATE OR REPLACE FUNCTION account_claim(p_live uuid, p_test uuid, p_now timestamptz, p_by text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	worlds CONSTANT uuid[] := ARRAY[p_live, p_test];
	accounts uuid[]; ids uuid[];
	told jsonb[];
BEGIN
	PERFORM FROM account a WHERE a.account_id = ANY (worlds) ORDER BY a.account_id FOR NO KEY UPDATE;
	PERFORM FROM api_key k WHERE k.account_id = ANY (worlds) ORDER BY k.account_id, k.id FOR NO KEY UPDATE;
	PERFORM FROM oauth_client o WHERE o.owner_id = ANY (worlds) ORDER BY o.id FOR NO KEY UPDATE;
	UPDATE oauth_client o SET deleted_at = p_now WHERE o.owner_id = ANY (worlds) AND o.deleted_at IS NULL AND o.registration = 0;
	-- A statement of its own: it sees connections of the apps that were made while the one before waited.
	SELECT array_agg(c.account_id), array_agg(c.id) INTO accounts, ids FROM (
		SELECT x.account_id, x.id FROM connected_account x WHERE x.account_id = ANY (worlds)
		UNION
		SELECT l.user_account_id, l.connected_account_id FROM client_connection l WHERE l.account_id = ANY (worlds)) c;
	PERFORM connections_lock(accounts, ids, worlds);
	-- Of whom the connections are is told, too, in the order of the ids.
	WITH gone AS (
		UPDATE connected_account c SET revoked_at = p_now, revoked_why = CASE WHEN c.account_id = ANY (worlds) THEN 1 ELSE 2 END
		  FROM unnest(accounts, ids) AS n (account_id, id)
		 WHERE c.account_id = n.account_id AND c.id = n.id AND c.revoked_at IS NULL
		RETURNING c.account_id, c.id, c.client_id, c.machine
	), lines AS (
		SELECT g.account_id, 'consent.ended' AS kind, g.id, jsonb_build_object('client_name', o.name, 'reason',
		       CASE WHEN g.account_id = ANY (worlds) THEN 'account_claimed' ELSE 'client_deleted' END) AS details
		  FROM gone g JOIN oauth_client o ON o.id = g.client_id WHERE NOT g.machine
		UNION ALL
		SELECT o.owner_id, 'client.deleted', o.id, jsonb_build_object('name', o.name)
		  FROM oauth_client o WHERE o.owner_id = ANY (worlds) AND o.deleted_at = p_now AND o.registration = 0
		UNION ALL
		SELECT p_live, 'account.claimed', p_live, NULL
	)
	SELECT array_agg(to_jsonb(r) ORDER BY r.account_id, r.id) INTO told FROM lines r;
	UPDATE token_family f SET revoked_at = p_now, revoked_why = 3 WHERE f.account_id = ANY (worlds) AND f.revoked_at IS NULL;
	WITH gone AS (
		UPDATE api_key k SET revoked_at = p_now WHERE k.account_id = ANY (worlds) AND k.revoked_at IS NULL
		RETURNING k.account_id, k.id, k.name, k.prefix)
	SELECT told || array_agg(jsonb_build_object('account_id', g.account_id, 'kind', 'key.revoked', 'id', g.id, 'details',
	       jsonb_build_object('name', g.name, 'prefix', g.prefix)) ORDER BY g.account_id, g.id) INTO told FROM gone g;
	WITH gone AS (
		DELETE FROM webhook_endpoint e WHERE e.account_id = ANY (worlds) RETURNING e.account_id, e.id, e.url)
	SELECT told || array_agg(jsonb_build_object('account_id', g.account_id, 'kind', 'webhook.deleted', 'id', g.id, 'details',
	       jsonb_build_object('origin', substring(g.url FROM '^[a-z]+://[^/?#]+'))) ORDER BY g.account_id, g.id) INTO told FROM gone g;
	WITH gone AS (DELETE FROM passkey k WHERE k.account_id = p_live RETURNING k.id, k.name)
	SELECT told || array_agg(jsonb_build_object('account_id', p_live, 'kind', 'passkey.ended', 'id', g.id, 'details',
	       jsonb_build_object('name', g.name)) ORDER BY g.id) INTO told FROM gone g;
	WITH gone AS (DELETE FROM totp t WHERE t.account_id = p_live RETURNING t.activated_at)
	SELECT told || array_agg(jsonb_build_object('account_id', p_live, 'kind', 'totp.ended', 'id', p_live)) INTO told
	  FROM gone g WHERE g.activated_at IS NOT NULL;
	PERFORM FROM recovery_code r WHERE r.account_id = p_live ORDER BY r.hash FOR UPDATE;
	DELETE FROM recovery_code r WHERE r.account_id = p_live;
	UPDATE booking_page b SET active = false, version = b.version + 1, updated_at = p_now WHERE b.account_id = ANY (worlds) AND b.active;
	PERFORM FROM calendar c WHERE c.account_id = ANY (worlds) ORDER BY c.account_id, c.id FOR NO KEY UPDATE;
	UPDATE calendar c SET feed_seed = gen_random_uuid(), is_public = false WHERE c.account_id = ANY (worlds);
	PERFORM FROM session s WHERE s.account_id = p_live ORDER BY s.hash FOR UPDATE;
	PERFORM audit_add((t.r ->> 'account_id')::uuid, t.r ->> 'kind', (t.r ->> 'id')::uuid, p_by, nullif(t.r -> 'details', 'null'))
	   FROM (SELECT n.r FROM unnest(told) WITH ORDINALITY AS n (r, place) ORDER BY (n.r ->> 'account_id')::uuid, n.place) t;
END $$;

-- (As in 0057_gone.sql, in the order of all locks. What somebody has locked is left for the next portion, but for counters of calendars
-- and queues of endpoints, which triggers and cascades lock in an order of their own: they are locked first.)
CREATE OR REPLACE FUNCTION account_delete_some(p_now timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	by_server CONSTANT text[] := ARRAY['server', '', '', '', '', ''];
	live uuid; worlds uuid[]; was smallint; leaf regclass; done int := 0; n int; stays boolean;
	accounts uuid[]; ids uuid[];
BEGIN
	SELECT a.account_id, a.status INTO live, was FROM account a
	 WHERE a.delete_at <= p_now AND a.livemode AND a.status IN (2, 3) ORDER BY a.delete_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN RETURN 0; END IF;
	worlds := ARRAY[live, encode(set_byte(uuid_send(live), 15, get_byte(uuid_send(live), 15) | 1), 'hex')::uuid];
	IF was = 2 THEN
		PERFORM FROM account a WHERE a.account_id = ANY (worlds) ORDER BY a.account_id FOR NO KEY UPDATE;
		PERFORM FROM oauth_client o WHERE o.owner_id = ANY (worlds) ORDER BY o.id FOR NO KEY UPDATE;
		SELECT array_agg(x.account_id), array_agg(x.id) INTO accounts, ids FROM (
			SELECT c.account_id, c.id FROM connected_account c WHERE c.account_id = ANY (worlds) AND c.revoked_at IS NULL
			UNION ALL
			SELECT c.account_id, c.id FROM client_connection l JOIN connected_account c
			    ON c.account_id = l.user_account_id AND c.id = l.connected_account_id
			 WHERE l.account_id = ANY (worlds) AND c.revoked_at IS NULL LIMIT p_limit) x;
		PERFORM connections_lock(accounts, ids, NULL);
		WITH ended AS (
			UPDATE connected_account c SET revoked_at = p_now, revoked_why = 1 FROM unnest(accounts, ids) AS x (account_id, id)
			 WHERE c.account_id = x.account_id AND c.id = x.id AND c.revoked_at IS NULL
			RETURNING c.account_id, c.id, c.client_id)
		SELECT count(audit_add(e.account_id, 'consent.ended', e.id, by_server,
		             jsonb_build_object('client_name', o.name, 'reason', 'account_deleted'))) INTO n
		  FROM (SELECT * FROM ended ORDER BY account_id, id) e JOIN oauth_client o ON o.id = e.client_id;
		IF n > 0 THEN RETURN n; END IF;
		UPDATE oauth_client o SET deleted_at = p_now WHERE o.owner_id = ANY (worlds) AND o.deleted_at IS NULL;
		UPDATE account a SET status = 3, delete_at = CASE WHEN a.account_id = live THEN p_now + interval '10 minutes' END
		 WHERE a.account_id = ANY (worlds);
		RETURN 1;
	END IF;
	PERFORM FROM webhook_queue q WHERE q.account_id = ANY (worlds) ORDER BY q.account_id, q.endpoint_id FOR UPDATE;
	PERFORM FROM calendar_state s WHERE s.account_id = ANY (worlds) ORDER BY s.account_id, s.calendar_id FOR UPDATE;
	DELETE FROM client_connection l USING connected_account c JOIN oauth_client o ON o.id = c.client_id
	 WHERE c.account_id = ANY (worlds) AND l.account_id = o.owner_id AND l.connected_account_id = c.id;
	FOR leaf IN
		WITH RECURSIVE below (rel, depth) AS (
			SELECT 'account'::regclass, 0
			UNION
			SELECT k.conrelid::regclass, b.depth + 1 FROM below b JOIN pg_constraint k
			    ON k.confrelid = b.rel AND k.contype = 'f' AND k.conrelid <> k.confrelid AND b.depth < 10)
		SELECT t.oid::regclass FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attname = 'account_id' AND NOT c.attisdropped
		  LEFT JOIN below b ON b.rel = t.oid
		 WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND t.relname NOT IN ('account', 'audit', 'audit_head')
		   AND t.relname NOT LIKE 'outbox%'
		 GROUP BY t.oid ORDER BY max(coalesce(b.depth, 11)) DESC, t.oid
	LOOP
		EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM %1$s x WHERE x.account_id = ANY ($1) LIMIT $2 FOR UPDATE SKIP LOCKED))', leaf)
		  USING worlds, p_limit - done;
		GET DIAGNOSTICS n = ROW_COUNT;
		done := done + n;
		IF done >= p_limit THEN RETURN done; END IF;
		EXECUTE format('SELECT EXISTS (SELECT FROM %s x WHERE x.account_id = ANY ($1))', leaf) INTO stays USING worlds;
		IF stays THEN RETURN done; END IF; -- what refers to others goes before them
	END LOOP;
	IF done > 0 THEN RETURN done; END IF; -- what triggers left is looked at once more
	DELETE FROM account a WHERE a.account_id = ANY (worlds);
	PERFORM audit_add(live, 'account.deleted', live, by_server, NULL);
	RETURN 1;
END $$;

-- (As in 0049_leaving.sql; its apps in the order of their ids.)
CREATE OR REPLACE FUNCTION account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamptz, p_by text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE was smallint;
BEGIN
	SELECT a.status INTO was FROM account a WHERE a.account_id = p_live FOR NO KEY UPDATE;
	PERFORM FROM account a WHERE a.account_id = p_test FOR NO KEY UPDATE;
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at,
	       delete_at = CASE WHEN p_status <> 1 THEN a.delete_at END
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	PERFORM FROM oauth_client c WHERE c.owner_id IN (p_live, p_test) ORDER BY c.id FOR NO KEY UPDATE;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	IF was <> p_status THEN
		PERFORM audit_add(p_live, CASE p_status WHEN 1 THEN 'account.reactivated' ELSE 'account.deactivated' END, p_live, p_by,
			NULL);
	END IF;
	RETURN true;
END $$;

-- (As in 0048_mailbox.sql; sessions in the order of their hashes.)
CREATE OR REPLACE FUNCTION account_set_password(p_account uuid, p_hash text, p_now timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	PERFORM FROM session s WHERE s.account_id = p_account ORDER BY s.hash FOR UPDATE;
	DELETE FROM session s WHERE s.account_id = p_account;
	PERFORM FROM mailbox_link k WHERE k.account_id = p_account ORDER BY k.purpose FOR UPDATE;
	DELETE FROM mailbox_link k WHERE k.account_id = p_account AND k.purpose IN (2, 3);
	PERFORM audit_add(p_account, 'account.password_set', p_account, p_by, NULL);
	RETURN true;
END $$;

-- (As in 0053_left.sql. All is locked before the log, which account_set_status locks.)
CREATE OR REPLACE FUNCTION account_leave(p_live uuid, p_test uuid, p_now timestamptz, p_delete_at timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM account a WHERE a.account_id IN (p_live, p_test) ORDER BY a.account_id FOR NO KEY UPDATE;
	PERFORM FROM session s WHERE s.account_id = p_live ORDER BY s.hash FOR UPDATE;
	PERFORM FROM mailbox_link k WHERE k.account_id = p_live ORDER BY k.purpose FOR UPDATE;
	IF NOT account_set_status(p_live, p_test, 2::smallint, p_now, p_by) THEN RETURN false; END IF;
	UPDATE account a SET delete_at = p_delete_at, left_at = p_now WHERE a.account_id = p_live;
	DELETE FROM session s WHERE s.account_id = p_live;
	DELETE FROM mailbox_link k WHERE k.account_id = p_live;
	PERFORM audit_add(p_live, 'account.deletion_asked', p_live, p_by, NULL);
	RETURN true;
END $$;

-- (As in 0033_open_clients.sql, in the order of the ids.)
CREATE OR REPLACE FUNCTION open_client_deny(p_name text, p_denied boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('open_client_denied'));
	IF p_denied THEN
		INSERT INTO open_client_denied (name) VALUES (p_name) ON CONFLICT DO NOTHING;
	ELSE
		DELETE FROM open_client_denied WHERE name = p_name;
	END IF;
	PERFORM FROM oauth_client o WHERE o.registration <> 0 AND p_name = ANY (o.deny_names) ORDER BY o.id FOR NO KEY UPDATE;
	UPDATE oauth_client o
	   SET owner_active = NOT EXISTS (SELECT FROM open_client_denied d WHERE d.name = ANY (o.deny_names))
	 WHERE o.registration <> 0 AND p_name = ANY (o.deny_names);
END $$;

-- (As in 0042_request_log.sql, but for sessions that voice_sessions_end looks at.)
CREATE OR REPLACE FUNCTION sandbox_clear(p_account uuid, p_calendar uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE account a SET ahead_s = 0 WHERE a.account_id = p_account AND NOT a.livemode;
	IF NOT FOUND THEN RETURN false; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_account ORDER BY t.calendar_id FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_account ORDER BY t.id FOR UPDATE;
	PERFORM FROM dead_property d WHERE d.account_id = p_account ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_account;
	DELETE FROM calendar t WHERE t.account_id = p_account;
	DELETE FROM booking b WHERE b.account_id = p_account;
	DELETE FROM booking_page p WHERE p.account_id = p_account;
	PERFORM FROM voice_session v WHERE v.account_id = p_account ORDER BY v.id FOR UPDATE;
	DELETE FROM voice_session v WHERE v.account_id = p_account;
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	DELETE FROM request_log l WHERE l.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;

-- (As in 0001_schema.sql, in the order of throttle_take, the narrowest first.)
CREATE OR REPLACE FUNCTION throttle_give_back(p_subjects bytea[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. coalesce(cardinality(p_subjects), 0) LOOP
		DELETE FROM throttle t WHERE t.subject = p_subjects[i] AND t.count <= 1;
		UPDATE throttle t SET count = t.count - 1 WHERE t.subject = p_subjects[i];
	END LOOP;
END $$;

-- (As in 0072_voice_ends.sql, in the order of the ids.)
CREATE OR REPLACE FUNCTION voice_sessions_end(p_id uuid, p_limit int, OUT looked int, OUT last uuid)
LANGUAGE plpgsql AS $$
BEGIN
	WITH page AS MATERIALIZED (
		SELECT v.account_id, v.id, voice_session_lives(v) AS lives FROM voice_session v
		 WHERE NOT v.end_told AND v.id > p_id ORDER BY v.id LIMIT p_limit),
	over AS (
		UPDATE voice_session v SET end_told = true FROM (
			SELECT x.account_id, x.id FROM page p JOIN voice_session x ON x.account_id = p.account_id AND x.id = p.id
			 WHERE NOT p.lives AND NOT x.end_told ORDER BY x.id FOR NO KEY UPDATE OF x) p
		 WHERE v.account_id = p.account_id AND v.id = p.id AND NOT v.end_told
		RETURNING v.account_id, v.id),
	told AS (
		INSERT INTO outbox (account_id, kind, object_id) SELECT o.account_id, 'voice_session_ended', o.id FROM over o)
	SELECT count(*) OVER (), p.id INTO looked, last FROM page p ORDER BY p.id DESC LIMIT 1;
	looked := coalesce(looked, 0);
END $$;

-- (As in 0019_hosted_webhook.sql, but that a connection which ends at this moment gets none: it would come back to life with the next consent.)
CREATE OR REPLACE FUNCTION webhook_endpoint_create(p_account uuid, p_id uuid, p_connection uuid, p_connect boolean,
	p_scopes bigint, p_calendars uuid[], p_url text, p_events text[], p_description text, p_disabled boolean, p_secret bytea,
	p_calendar uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 16;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	IF p_connection IS NOT NULL THEN
		PERFORM FROM connected_account c WHERE c.account_id = p_account AND c.id = p_connection AND c.revoked_at IS NULL FOR SHARE;
		IF NOT FOUND THEN RAISE foreign_key_violation USING MESSAGE = 'an endpoint of a connection that has ended'; END IF;
	END IF;
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

-- (As in 0004_audit.sql, in one statement: between two, heads that the first had not locked changed.)
CREATE OR REPLACE FUNCTION audit_anchor_make(p_now timestamptz, p_kept int, OUT made boolean, OUT day text, OUT heads bigint,
	OUT root text, OUT hash text) LANGUAGE plpgsql AS $$
DECLARE
	today CONSTANT date := (p_now AT TIME ZONE 'UTC')::date;
	r record;
	last bytea;
	fresh bytea;
BEGIN
	made := false;
	IF EXISTS (SELECT FROM audit_anchor a WHERE a.day >= today) OR NOT pg_try_advisory_xact_lock(hashtext('audit_anchor')) THEN
		RETURN;
	END IF;
	UPDATE audit_head h SET anchored_seq = h.seq, anchored_hash = h.hash FROM (
		SELECT x.account_id FROM audit_head x WHERE x.anchored_seq <> x.seq ORDER BY x.account_id FOR NO KEY UPDATE) n
	 WHERE h.account_id = n.account_id;
	SELECT * INTO r FROM audit_root();
	SELECT a.hash INTO last FROM audit_anchor a ORDER BY a.day DESC LIMIT 1;
	last := coalesce(last, decode(repeat('00', 32), 'hex'));
	fresh := audit_anchor_hash(last, today, p_now, r.heads, r.root);
	INSERT INTO audit_anchor AS x (day, at, heads, root, before, hash) VALUES (today, p_now, r.heads, r.root, last, fresh)
	    ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN RETURN; END IF;
	DELETE FROM audit_anchor a WHERE a.day < today - p_kept;
	made := true;
	day := to_char(today, 'YYYY-MM-DD');
	heads := r.heads;
	root := encode(r.root, 'hex');
	hash := encode(fresh, 'hex');
END $$;

-- (As in 0045_second_factor.sql, in the order of the hashes.)
CREATE OR REPLACE FUNCTION recovery_codes_make(p_account uuid, p_hashes bytea[], p_by text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- Two who make a set at once: one after the other.
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	PERFORM FROM recovery_code r WHERE r.account_id = p_account ORDER BY r.hash FOR UPDATE;
	DELETE FROM recovery_code r WHERE r.account_id = p_account;
	INSERT INTO recovery_code (account_id, hash) SELECT p_account, h FROM unnest(p_hashes) AS h;
	PERFORM audit_add(p_account, 'recovery_codes.created', p_account, p_by, NULL);
END $$;

-- (As in 0048_mailbox.sql, but that the account is locked before its login, as mailbox_link_take locks them, and the live one first.)
CREATE OR REPLACE FUNCTION mailbox_change(p_live uuid, p_test uuid, p_hash bytea, p_email text, p_now timestamptz, p_by text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE fresh text := p_email; was text;
BEGIN
	PERFORM FROM account a WHERE a.account_id IN (p_live, p_test) ORDER BY a.account_id FOR NO KEY UPDATE;
	IF p_hash IS NOT NULL THEN fresh := mailbox_link_take(p_live, 2::smallint, p_hash, p_now); END IF;
	SELECT l.email INTO was FROM login l WHERE l.account_id = p_live FOR UPDATE;
	IF was IS NULL OR fresh IS NULL THEN RETURN NULL; END IF;
	UPDATE login l SET email = fresh WHERE l.account_id = p_live;
	UPDATE account a SET email = fresh, email_confirmed_at = CASE WHEN p_hash IS NOT NULL THEN p_now END
	 WHERE a.account_id IN (p_live, p_test);
	DELETE FROM mailbox_link k WHERE k.account_id = p_live;
	PERFORM audit_add(p_live, 'account.email_changed', p_live, p_by, jsonb_build_object('email', fresh, 'email_before', was));
	RETURN fresh;
END $$;
