-- SPDX-License-Identifier: Apache-2.0
-- Where mail is sent, a sign-up begins with a letter (docs/mail.md): neither its first page nor the time it takes tells who has an
-- account. Letters that anybody may ask for wait in one queue.

ALTER TABLE reset_request RENAME TO letter_request;
ALTER INDEX reset_request_pkey RENAME TO letter_request_pkey;
ALTER TABLE letter_request ADD COLUMN purpose smallint NOT NULL DEFAULT 3 CHECK (purpose IN (3, 4)); -- enum mailbox_purpose
ALTER TABLE letter_request ALTER COLUMN purpose DROP DEFAULT;
DROP INDEX reset_request_email;
CREATE UNIQUE INDEX letter_request_email ON letter_request (email, purpose);
COMMENT ON TABLE letter_request IS 'rows: one an address and purpose, 1,000 that wait for a job of every second (letter_ask)';

DROP FUNCTION reset_ask(uuid, text, text);
-- (As in 0064_reset_queue.sql, of each purpose.) An address waits once, however often it was asked for. When there is no room, the newest
-- of the network goes that has most, and if that is p_network, this one does: `noted` is false then. `dropped`: whose went.
CREATE FUNCTION letter_ask(p_id uuid, p_purpose smallint, p_email text, p_network text, OUT noted boolean, OUT dropped text)
LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 1000;
	heaviest record;
BEGIN
	noted := true;
	IF NOT EXISTS (SELECT FROM letter_request r WHERE r.email = p_email AND r.purpose = p_purpose)
	   AND (SELECT count(*) FROM letter_request) >= most THEN
		SELECT r.network, count(*) <= 1 + (SELECT count(*) FROM letter_request o WHERE o.network = p_network) AS is_fair
		  INTO heaviest FROM letter_request r GROUP BY r.network ORDER BY count(*) DESC, r.network LIMIT 1;
		noted := NOT heaviest.is_fair;
		dropped := CASE WHEN noted THEN heaviest.network ELSE p_network END;
		DELETE FROM letter_request d WHERE noted AND d.id = (
			SELECT r.id FROM letter_request r WHERE r.network = heaviest.network ORDER BY r.id DESC LIMIT 1);
	END IF;
	INSERT INTO letter_request (id, purpose, email, network) SELECT p_id, p_purpose, p_email, p_network WHERE noted
	    ON CONFLICT (email, purpose) DO NOTHING;
END $$;

-- Who may make an account with their address, by the link of a letter.
CREATE TABLE sign_up (
	id         uuid PRIMARY KEY,     -- in the link; of its letter the account, as long as there is none
	email      text COLLATE "C" NOT NULL UNIQUE, -- folded
	hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
	network    text NOT NULL,        -- from where it was asked for
	expires_at timestamptz NOT NULL
);
COMMENT ON TABLE sign_up IS 'rows: one an address, of a day, 10,000 (sign_up_put)';

-- A newer one takes the place of the older. When there is no room, that of a network goes as in letter_ask.
CREATE FUNCTION sign_up_put(p_id uuid, p_email text, p_hash bytea, p_network text, p_expires timestamptz, OUT noted boolean, OUT dropped text)
LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 10000;
	heaviest record;
BEGIN
	DELETE FROM sign_up s WHERE s.email = p_email;
	noted := true;
	IF (SELECT count(*) FROM sign_up) >= most THEN
		SELECT s.network, count(*) <= 1 + (SELECT count(*) FROM sign_up o WHERE o.network = p_network) AS is_fair
		  INTO heaviest FROM sign_up s GROUP BY s.network ORDER BY count(*) DESC, s.network LIMIT 1;
		noted := NOT heaviest.is_fair;
		dropped := CASE WHEN noted THEN heaviest.network ELSE p_network END;
		DELETE FROM sign_up d WHERE noted AND d.id = (
			SELECT s.id FROM sign_up s WHERE s.network = heaviest.network ORDER BY s.expires_at DESC, s.id DESC LIMIT 1);
	END IF;
	INSERT INTO sign_up (id, email, hash, network, expires_at) SELECT p_id, p_email, p_hash, p_network, p_expires WHERE noted
	    ON CONFLICT (email) DO NOTHING; -- another server's job was faster
END $$;

-- A letter to who signs up is of no account yet: mail_add asks whether there is somebody, and holds them as the key did.
ALTER TABLE mail DROP CONSTRAINT mail_account_id_fkey;
ALTER TABLE mail_letter DROP CONSTRAINT mail_letter_account_id_fkey;

-- (As in 0048_mailbox.sql; of an account or of a sign-up.)
CREATE OR REPLACE FUNCTION mail_add(p_account uuid, p_letter uuid, p_object uuid, p_recipients text[], p_data bytea, p_sent boolean,
	p_most int, p_each int, p_own boolean, OUT free_at timestamptz, OUT unconfirmed boolean) LANGUAGE plpgsql AS $$
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
	INSERT INTO mail (account_id, letter_id, number, recipient, object_id, state, due_at, finished_at, own)
	SELECT p_account, p_letter, n, address, p_object, CASE WHEN p_sent THEN 2 ELSE 1 END,
	       CASE WHEN NOT p_sent THEN now() END, CASE WHEN p_sent THEN now() END, p_own
	  FROM unnest(p_recipients) WITH ORDINALITY AS r(address, n);
END $$;

-- (As in 0044_notices.sql; a letter of a sign-up goes out while that waits, and one of nobody never does.)
CREATE OR REPLACE FUNCTION mail_claim(p_now timestamptz, p_most int, p_lease timestamptz) RETURNS TABLE (account uuid, letter uuid,
	number smallint, recipient text, attempt smallint, created_at timestamptz, data bytea) LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	m record; found_data bytea; off boolean;
BEGIN
	FOR m IN SELECT t.account_id, t.letter_id, t.number, t.recipient, t.attempts, t.created_at, t.own FROM mail t
	          WHERE t.state = 1 AND t.due_at <= p_now ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT l.data INTO found_data FROM mail_letter l WHERE l.account_id = m.account_id AND l.id = m.letter_id;
		SELECT a.status <> 1 AND NOT m.own INTO off FROM account a WHERE a.account_id = m.account_id;
		IF NOT FOUND THEN off := NOT EXISTS (SELECT FROM sign_up s WHERE s.id = m.account_id); END IF;
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
