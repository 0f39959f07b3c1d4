-- SPDX-License-Identifier: Apache-2.0
-- Mail to attendees and guests (docs/mail.md): what is to be sent, and what became of it. A letter is the same for all
-- whom it goes to; a row of mail is one of them.

-- Sealed (server/crypto/seal.h): there are links in it that nobody else may have. It is deleted when nobody is waited for
-- any more.
CREATE TABLE mail_letter (
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id         uuid NOT NULL,
	data       bytea NOT NULL,       -- all but the lines of each recipient
	PRIMARY KEY (account_id, id)
);
COMMENT ON TABLE mail_letter IS 'rows: those that a row of mail waits for; the last one takes it along, as mail_done does (mail_trim)';

CREATE TABLE mail (
	account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	letter_id   uuid NOT NULL,
	number      smallint NOT NULL,   -- of its recipients
	recipient   text COLLATE "C" NOT NULL,
	object_id   uuid,                -- the event that it is about
	state       smallint NOT NULL CHECK (state IN (1, 2, 3, 4)), -- waiting, sent, failed, dropped
	attempts    smallint NOT NULL DEFAULT 0,
	due_at      timestamptz,         -- of one that is waiting: when it is tried
	lease       timestamptz,         -- taken until then
	status      smallint,            -- of the server's last reply
	fault       text COLLATE "C",
	created_at  timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz,
	PRIMARY KEY (account_id, letter_id, number)
);
CREATE INDEX mail_due ON mail (due_at) WHERE state = 1;
COMMENT ON TABLE mail IS 'rows: --mail-a-day of an account in 24 hours (mail_add), for five days (mail_trim)';

-- A letter to these, unless the account has too many of the last 24 hours: of all, or to one of them. Then nothing is
-- written, and it tells when there is room again. p_sent: nothing leaves (test mode); it counts all the same. Makers of one
-- account go one after another.
CREATE FUNCTION mail_add(p_account uuid, p_letter uuid, p_object uuid, p_recipients text[], p_data bytea, p_sent boolean,
	p_most int, p_each int, OUT free_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT interval := interval '1 day';
	several CONSTANT int := cardinality(p_recipients);
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('mail ' || p_account, 0));
	SELECT m.created_at + day INTO free_at FROM mail m
	 WHERE m.account_id = p_account AND m.created_at > now() - day
	 ORDER BY m.created_at DESC OFFSET greatest(p_most - several, 0) LIMIT 1;
	IF NOT FOUND AND several > p_most THEN free_at := now() + day; END IF;
	SELECT greatest(free_at, max(o.free)) INTO free_at
	  FROM unnest(p_recipients) AS r(address)
	  CROSS JOIN LATERAL (SELECT m.created_at + day AS free FROM mail m
	         WHERE m.account_id = p_account AND m.created_at > now() - day AND lower(m.recipient) = lower(r.address)
	         ORDER BY m.created_at DESC OFFSET p_each - 1 LIMIT 1) AS o;
	IF free_at IS NOT NULL THEN RETURN; END IF;
	IF NOT p_sent THEN INSERT INTO mail_letter (account_id, id, data) VALUES (p_account, p_letter, p_data); END IF;
	INSERT INTO mail (account_id, letter_id, number, recipient, object_id, state, due_at, finished_at)
	SELECT p_account, p_letter, n, address, p_object, CASE WHEN p_sent THEN 2 ELSE 1 END,
	       CASE WHEN NOT p_sent THEN now() END, CASE WHEN p_sent THEN now() END
	  FROM unnest(p_recipients) WITH ORDINALITY AS r(address, n);
END $$;

-- Takes what is due until p_lease: who takes some and dies loses them to the next who looks after that. What was tried too
-- often, or is of an account that may not send any more, is given up.
CREATE FUNCTION mail_claim(p_now timestamptz, p_most int, p_lease timestamptz) RETURNS TABLE (account uuid, letter uuid,
	number smallint, recipient text, attempt smallint, created_at timestamptz, data bytea) LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	m record; found_data bytea; off boolean;
BEGIN
	FOR m IN SELECT t.account_id, t.letter_id, t.number, t.recipient, t.attempts, t.created_at FROM mail t
	          WHERE t.state = 1 AND t.due_at <= p_now ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT l.data, a.status <> 1 INTO found_data, off FROM account a
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

CREATE FUNCTION mail_letter_drop(p_account uuid, p_letter uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM mail_letter l WHERE l.account_id = p_account AND l.id = p_letter
	   AND NOT EXISTS (SELECT FROM mail m WHERE m.account_id = p_account AND m.letter_id = p_letter AND m.state = 1);
END $$;

-- What came of some that were taken: 1 to be tried again at p_next, 2 sent, 3 failed for good. One that somebody else has
-- taken meanwhile stays theirs.
CREATE FUNCTION mail_done(p_accounts uuid[], p_letters uuid[], p_numbers smallint[], p_leases timestamptz[], p_states smallint[],
	p_next timestamptz[], p_statuses smallint[], p_faults text[], p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM unnest(p_accounts, p_letters, p_numbers, p_leases, p_states, p_next, p_statuses, p_faults)
	         AS n(account_id, letter_id, number, lease, state, next, status, fault) ORDER BY account_id, letter_id, number LOOP
		UPDATE mail t SET state = r.state, due_at = CASE WHEN r.state = 1 THEN r.next END, lease = NULL, status = nullif(r.status, 0),
		       fault = nullif(r.fault, ''), finished_at = CASE WHEN r.state <> 1 THEN p_at END
		 WHERE t.account_id = r.account_id AND t.letter_id = r.letter_id AND t.number = r.number AND t.state = 1 AND t.lease = r.lease;
		IF r.state <> 1 THEN PERFORM mail_letter_drop(r.account_id, r.letter_id); END IF;
	END LOOP;
END $$;

-- Rows of before p_before, whatever became of them, and their letters: as outbox_trim.
CREATE FUNCTION mail_trim(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	block CONSTANT int := current_setting('block_size')::int;
	a uuid; removed int; done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT m.account_id FROM mail m
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('mail') / block, 1)))
	          WHERE m.created_at < p_before ORDER BY random() LIMIT accounts) AS s LOOP
		WITH gone AS (DELETE FROM mail m WHERE m.account_id = a AND (m.letter_id, m.number) IN (
		                    SELECT x.letter_id, x.number FROM mail x WHERE x.account_id = a AND x.created_at < p_before LIMIT p_limit - done)
		              RETURNING m.letter_id),
		     letters AS (DELETE FROM mail_letter l WHERE l.account_id = a AND l.id IN (SELECT g.letter_id FROM gone g))
		SELECT count(*) INTO removed FROM gone;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0017_voice_sessions.sql, with mail.)
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
	DELETE FROM voice_session v WHERE v.account_id = p_account;
	DELETE FROM mail_letter l WHERE l.account_id = p_account;
	DELETE FROM mail m WHERE m.account_id = p_account;
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;
