-- SPDX-License-Identifier: Apache-2.0
-- Who deletes their account has 14 days to take it back (docs/adr/0040-leaving.md): it is deactivated at once, and its rows go in
-- portions when the time is over.

ALTER TABLE account ADD COLUMN delete_at timestamptz; -- NULL: nobody asked for it
CREATE INDEX account_leaving ON account (delete_at) WHERE delete_at IS NOT NULL;

-- (As in 0004_audit.sql; who is active again does not leave.)
CREATE OR REPLACE FUNCTION account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamptz, p_by text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE was smallint;
BEGIN
	SELECT a.status INTO was FROM account a WHERE a.account_id = p_live FOR NO KEY UPDATE;
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at,
	       delete_at = CASE WHEN p_status <> 1 THEN a.delete_at END
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	IF was <> p_status THEN
		PERFORM audit_add(p_live, CASE p_status WHEN 1 THEN 'account.reactivated' ELSE 'account.deactivated' END, p_live, p_by,
			NULL);
	END IF;
	RETURN true;
END $$;

CREATE FUNCTION account_leave(p_live uuid, p_test uuid, p_now timestamptz, p_delete_at timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT account_set_status(p_live, p_test, 2::smallint, p_now, p_by) THEN RETURN false; END IF;
	UPDATE account a SET delete_at = p_delete_at WHERE a.account_id = p_live;
	DELETE FROM session s WHERE s.account_id = p_live;
	DELETE FROM mailbox_link k WHERE k.account_id = p_live;
	PERFORM audit_add(p_live, 'account.deletion_asked', p_live, p_by, NULL);
	RETURN true;
END $$;

-- False: it does not leave, or the time is over.
CREATE FUNCTION account_take_back(p_live uuid, p_test uuid, p_now timestamptz, p_by text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_live AND a.status = 2 AND a.delete_at > p_now FOR NO KEY UPDATE;
	RETURN FOUND AND account_set_status(p_live, p_test, 1::smallint, NULL, p_by);
END $$;

-- A portion of an account whose time is over: at most p_limit rows go; returns how many did, 0 when there is nothing to do.
-- First its connections end, those of its apps too, and their users and platforms are told; its rows go ten minutes later,
-- when the outbox was read. Which rows: those of every table that has its id, those that refer to nothing (objects of calendars,
-- which a trigger would take) and then the deepest references first, so that no cascade takes more than its portion. The audit log stays as long as it always does, and so does the outbox, which has ids alone.
CREATE FUNCTION account_delete_some(p_now timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	by_server CONSTANT text[] := ARRAY['server', '', '', '', '', ''];
	live uuid; worlds uuid[]; was smallint; leaf regclass; done int := 0; n int;
BEGIN
	SELECT a.account_id, a.status INTO live, was FROM account a
	 WHERE a.delete_at <= p_now AND a.livemode AND a.status IN (2, 3) ORDER BY a.delete_at LIMIT 1 FOR UPDATE SKIP LOCKED;
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
