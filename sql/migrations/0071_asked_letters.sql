-- SPDX-License-Identifier: Apache-2.0
-- Letters that anybody may ask for (a new password, a sign-up) take no room of notices: who asked for six of them would have had
-- an hour in which the owner hears of nothing.

ALTER TABLE mail ADD COLUMN asked boolean NOT NULL DEFAULT false; -- for by anybody, of the server's own

DROP FUNCTION mail_add(uuid, uuid, uuid, text[], bytea, boolean, int, int, boolean);
-- (As in 0068_sign_up.sql, with p_asked.)
CREATE FUNCTION mail_add(p_account uuid, p_letter uuid, p_object uuid, p_recipients text[], p_data bytea, p_sent boolean,
	p_most int, p_each int, p_own boolean, p_asked boolean, OUT free_at timestamptz, OUT unconfirmed boolean) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT interval := interval '1 day';
	several CONSTANT int := cardinality(p_recipients);
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR KEY SHARE;
	IF NOT FOUND THEN PERFORM FROM sign_up s WHERE s.id = p_account FOR KEY SHARE; END IF;
	IF NOT FOUND THEN RAISE foreign_key_violation USING MESSAGE = 'mail of nobody'; END IF;
	unconfirmed := NOT (p_own OR p_sent) AND EXISTS (SELECT FROM account a WHERE a.account_id = p_account AND a.email_confirmed_at IS NULL);
	IF unconfirmed THEN RETURN; END IF;
	IF NOT p_own THEN
		PERFORM pg_advisory_xact_lock(hashtextextended('mail ' || p_account, 0));
		SELECT m.created_at + day INTO free_at FROM mail m
		 WHERE m.account_id = p_account AND m.created_at > now() - day AND NOT m.own
		 ORDER BY m.created_at DESC OFFSET greatest(p_most - several, 0) LIMIT 1;
		IF NOT FOUND AND several > p_most THEN free_at := now() + day; END IF;
		SELECT greatest(free_at, max(o.free)) INTO free_at
		  FROM unnest(p_recipients) AS r(address)
		  CROSS JOIN LATERAL (SELECT m.created_at + day AS free FROM mail m
		         WHERE m.account_id = p_account AND m.created_at > now() - day AND NOT m.own
		           AND lower(m.recipient) = lower(r.address)
		         ORDER BY m.created_at DESC OFFSET p_each - 1 LIMIT 1) AS o;
		IF free_at IS NOT NULL THEN RETURN; END IF;
	END IF;
	IF NOT p_sent THEN INSERT INTO mail_letter (account_id, id, data) VALUES (p_account, p_letter, p_data); END IF;
	INSERT INTO mail (account_id, letter_id, number, recipient, object_id, state, due_at, finished_at, own, asked)
	SELECT p_account, p_letter, n, address, p_object, CASE WHEN p_sent THEN 2 ELSE 1 END,
	       CASE WHEN NOT p_sent THEN now() END, CASE WHEN p_sent THEN now() END, p_own, p_asked
	  FROM unnest(p_recipients) WITH ORDINALITY AS r(address, n);
END $$;

-- (As in 0044_notices.sql, without what was asked for.)
CREATE OR REPLACE FUNCTION notice_take(p_now timestamptz) RETURNS TABLE (account uuid, to_address text, zone text, named text, kind text,
	happened_at timestamptz, network text, agent text, details text) LANGUAGE plpgsql AS $$
DECLARE
	an_hour CONSTANT int := 6;
	a_day CONSTANT int := 20;
	r record; wait_until timestamptz;
BEGIN
	LOOP
		SELECT n.account_id, n.recipient INTO r FROM notice n WHERE n.due_at <= p_now ORDER BY n.due_at LIMIT 1
		   FOR UPDATE SKIP LOCKED;
		IF NOT FOUND THEN RETURN; END IF;
		IF NOT pg_try_advisory_xact_lock(hashtextextended('notice ' || r.account_id, 0)) THEN RETURN; END IF;
		SELECT max(o.free_at) INTO wait_until FROM (VALUES (an_hour, interval '1 hour'), (a_day, interval '1 day')) AS l(most, span)
		 CROSS JOIN LATERAL (SELECT m.created_at + l.span AS free_at FROM mail m
		        WHERE m.account_id = r.account_id AND m.own AND NOT m.asked AND m.created_at > p_now - l.span
		        ORDER BY m.created_at DESC OFFSET l.most - 1 LIMIT 1) AS o;
		EXIT WHEN wait_until IS NULL;
		UPDATE notice n SET due_at = wait_until WHERE n.account_id = r.account_id;
	END LOOP;
	RETURN QUERY WITH gone AS (
		DELETE FROM notice n WHERE n.account_id = r.account_id AND n.recipient = r.recipient RETURNING n.*)
	SELECT g.account_id, g.recipient, a.tz, a.name, g.kind, g.at, g.network, g.agent, g.details
	  FROM gone g JOIN account a ON a.account_id = g.account_id ORDER BY g.id;
END $$;
