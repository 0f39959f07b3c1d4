-- SPDX-License-Identifier: Apache-2.0
-- What an account's owner is told by mail (docs/mail.md, docs/adr/0036-notices.md): a row waits from the change that it
-- tells of until a job made a letter of it. The server's own letters stand beside the user's, and count for themselves.

ALTER TABLE mail ADD COLUMN own boolean NOT NULL DEFAULT false; -- from the server to the account's owner

CREATE TABLE notice (
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id         uuid NOT NULL,           -- uuid_v7(): in their order
	recipient  text COLLATE "C" NOT NULL, -- the address as it was then
	kind       text COLLATE "C" NOT NULL, -- a row of server/mail/notice.def
	at         timestamptz NOT NULL,
	network    text NOT NULL,
	agent      text NOT NULL,
	details    text NOT NULL,           -- of the audit row
	due_at     timestamptz NOT NULL,
	PRIMARY KEY (account_id, id)
);
CREATE INDEX notice_due ON notice (due_at);
COMMENT ON TABLE notice IS 'rows: 50 that wait, an account; what is more stands in the audit log alone (notice_add)';

-- Which rows of the audit log their account's owner is told of: those of server/mail/notice.def. What the operator does by
-- commands, and the server by itself, is the operator's to tell.
CREATE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given',
		'account.password_set') OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));

-- With the row of the audit log, and so in the transaction of the change. Nothing leaves test mode.
CREATE FUNCTION notice_add() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 50;
BEGIN
	INSERT INTO notice (account_id, id, recipient, kind, at, network, agent, details, due_at)
	SELECT a.account_id, uuid_v7(), a.email, NEW.kind, NEW.at, NEW.network, NEW.agent, NEW.details, NEW.at
	  FROM account a WHERE a.account_id = NEW.account_id AND a.livemode
	   AND (SELECT count(*) FROM notice n WHERE n.account_id = NEW.account_id) < most;
	RETURN NULL;
END $$;
CREATE TRIGGER notice_add AFTER INSERT ON audit FOR EACH ROW
	WHEN (notice_is_due(NEW.kind, NEW.actor, NEW.details)) EXECUTE FUNCTION notice_add();

-- All that waits for the one recipient who has waited longest, taken away: they get one letter of it. Who had as many
-- letters as an hour or a day has waits until there is room again. Nothing: nobody waits. In the transaction that writes
-- the letter; those who take at once take different ones.
CREATE FUNCTION notice_take(p_now timestamptz) RETURNS TABLE (account uuid, to_address text, zone text, named text, kind text,
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
		        WHERE m.account_id = r.account_id AND m.own AND m.created_at > p_now - l.span
		        ORDER BY m.created_at DESC OFFSET l.most - 1 LIMIT 1) AS o;
		EXIT WHEN wait_until IS NULL;
		UPDATE notice n SET due_at = wait_until WHERE n.account_id = r.account_id;
	END LOOP;
	RETURN QUERY WITH gone AS (
		DELETE FROM notice n WHERE n.account_id = r.account_id AND n.recipient = r.recipient RETURNING n.*)
	SELECT g.account_id, g.recipient, a.tz, a.name, g.kind, g.at, g.network, g.agent, g.details
	  FROM gone g JOIN account a ON a.account_id = g.account_id ORDER BY g.id;
END $$;

DROP FUNCTION mail_add(uuid, uuid, uuid, text[], bytea, boolean, int, int);
-- (As in 0026_mail.sql, with p_own: such a letter has no limit here, and takes no room of the user's.)
CREATE FUNCTION mail_add(p_account uuid, p_letter uuid, p_object uuid, p_recipients text[], p_data bytea, p_sent boolean,
	p_most int, p_each int, p_own boolean, OUT free_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT interval := interval '1 day';
	several CONSTANT int := cardinality(p_recipients);
BEGIN
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
	INSERT INTO mail (account_id, letter_id, number, recipient, object_id, state, due_at, finished_at, own)
	SELECT p_account, p_letter, n, address, p_object, CASE WHEN p_sent THEN 2 ELSE 1 END,
	       CASE WHEN NOT p_sent THEN now() END, CASE WHEN p_sent THEN now() END, p_own
	  FROM unnest(p_recipients) WITH ORDINALITY AS r(address, n);
END $$;

-- (As in 0026_mail.sql; the server's own letters go to owners of deactivated accounts, too.)
CREATE OR REPLACE FUNCTION mail_claim(p_now timestamptz, p_most int, p_lease timestamptz) RETURNS TABLE (account uuid, letter uuid,
	number smallint, recipient text, attempt smallint, created_at timestamptz, data bytea) LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	m record; found_data bytea; off boolean;
BEGIN
	FOR m IN SELECT t.account_id, t.letter_id, t.number, t.recipient, t.attempts, t.created_at, t.own FROM mail t
	          WHERE t.state = 1 AND t.due_at <= p_now ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT l.data, a.status <> 1 AND NOT m.own INTO found_data, off FROM account a
		  LEFT JOIN mail_letter l ON l.account_id = m.account_id AND l.id = m.letter_id
		 WHERE a.account_id = m.account_id;
		IF off OR found_data IS NULL OR m.attempts >= tries THEN
			UPDATE mail t SET state = CASE WHEN m.attempts >= tries THEN 3 ELSE 4 END, due_at = NULL, lease = NULL,
			       finished_at = p_now
			 WHERE t.account_id = m.account_id AND t.letter_id = m.letter_id AND t.number = m.number;
			PERFORM mail_letter_drop(m.account_id, m.letter_id);
			CONTINUE;
		END IF;
		UPDATE mail t SET attempts = t.attempts + 1, lease = p_lease, due_at = p_lease
		 WHERE t.account_id = m.account_id AND t.letter_id = m.letter_id AND t.number = m.number;
		account := m.account_id; letter := m.letter_id; number := m.number; recipient := m.recipient;
		attempt := m.attempts + 1; created_at := m.created_at; data := found_data;
		RETURN NEXT;
	END LOOP;
END $$;
