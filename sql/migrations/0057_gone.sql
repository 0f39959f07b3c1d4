-- SPDX-License-Identifier: Apache-2.0
-- What an instance counted of an account that is gone, or whose rows are going (docs/adr/0040-leaving.md), is forgotten: nothing
-- would delete it afterwards.

-- (As in 0018_usage.sql.)
-- Adds what one instance counted. One instance at a time, so that no two wait for each other's rows.
CREATE OR REPLACE FUNCTION usage_add(p_accounts uuid[], p_days int[], p_credentials uuid[], p_connections uuid[], p_routes text[],
	p_requests bigint[], p_client_errors bigint[], p_server_errors bigint[], p_latency bigint[], p_most int)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
	r record; n record; at date; took bigint[];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('usage_add'));
	FOR r IN SELECT * FROM unnest(p_accounts, p_days, p_credentials, p_connections, p_routes, p_requests, p_client_errors,
	                p_server_errors) WITH ORDINALITY AS u(account_id, day, credential_id, connection_id, route, requests,
	                client_errors, server_errors, i) LOOP
		CONTINUE WHEN NOT EXISTS (SELECT FROM account a WHERE a.account_id = r.account_id AND a.status <> 3);
		at := '1970-01-01'::date + r.day;
		took := p_latency[(r.i - 1) * 16 + 1 : r.i * 16];
		FOR n IN SELECT r.credential_id AS credential, r.connection_id AS connection, r.route AS route, false AS other
		          UNION ALL SELECT none, none, 'other', true LOOP
			UPDATE usage_day t
			   SET requests = t.requests + r.requests, client_errors = t.client_errors + r.client_errors,
			       server_errors = t.server_errors + r.server_errors,
			       latency = ARRAY(SELECT a + b FROM unnest(t.latency, took) WITH ORDINALITY AS l(a, b, i) ORDER BY l.i)
			 WHERE t.account_id = r.account_id AND t.day = at AND t.credential_id = n.credential
			   AND t.connection_id = n.connection AND t.route = n.route;
			EXIT WHEN FOUND;
			CONTINUE WHEN NOT n.other AND p_most <= (SELECT count(*) FROM (SELECT FROM usage_day x
			         WHERE x.account_id = r.account_id AND x.day = at LIMIT p_most) AS c);
			INSERT INTO usage_day VALUES (r.account_id, at, n.credential, n.connection, n.route, r.requests,
			       r.client_errors, r.server_errors, took);
			EXIT;
		END LOOP;
	END LOOP;
END $$;

-- (As in 0049_leaving.sql, but that it waits for no row that refers to the account: a job that writes one has another of them already.)
-- A portion of an account whose time is over: at most p_limit rows go; returns how many did, 0 when there is nothing to do.
-- First its connections end, those of its apps too, and their users and platforms are told; its rows go ten minutes later,
-- when the outbox was read. Which rows: those of every table that has its id, those that refer to nothing (objects of calendars,
-- which a trigger would take) and then the deepest references first, so that no cascade takes more than its portion. The audit log stays as long as it always does, and so does the outbox, which has ids alone.
CREATE OR REPLACE FUNCTION account_delete_some(p_now timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	by_server CONSTANT text[] := ARRAY['server', '', '', '', '', ''];
	live uuid; worlds uuid[]; was smallint; leaf regclass; done int := 0; n int;
BEGIN
	SELECT a.account_id, a.status INTO live, was FROM account a
	 WHERE a.delete_at <= p_now AND a.livemode AND a.status IN (2, 3) ORDER BY a.delete_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN RETURN 0; END IF;
	worlds := ARRAY[live, encode(set_byte(uuid_send(live), 15, get_byte(uuid_send(live), 15) | 1), 'hex')::uuid];
	IF was = 2 THEN
		WITH ended AS (
			UPDATE connected_account c SET revoked_at = p_now, revoked_why = 1 WHERE (c.account_id, c.id) IN (
				SELECT c.account_id, c.id FROM connected_account c WHERE c.account_id = ANY (worlds) AND c.revoked_at IS NULL
				UNION ALL
				SELECT c.account_id, c.id FROM client_connection l JOIN connected_account c
				    ON c.account_id = l.user_account_id AND c.id = l.connected_account_id
				 WHERE l.account_id = ANY (worlds) AND c.revoked_at IS NULL LIMIT p_limit)
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
		EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM %1$s x WHERE x.account_id = ANY ($1) LIMIT $2))', leaf)
		  USING worlds, p_limit - done;
		GET DIAGNOSTICS n = ROW_COUNT;
		done := done + n;
		IF done >= p_limit THEN RETURN done; END IF;
	END LOOP;
	IF done > 0 THEN RETURN done; END IF; -- what triggers left is looked at once more
	DELETE FROM account a WHERE a.account_id = ANY (worlds);
	PERFORM audit_add(live, 'account.deleted', live, by_server, NULL);
	RETURN 1;
END $$;
