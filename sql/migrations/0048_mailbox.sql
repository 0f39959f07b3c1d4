-- SPDX-License-Identifier: Apache-2.0
-- That somebody reads at an address (docs/mail.md): confirmed addresses, changes of them, and new passwords by mail.

ALTER TABLE account ADD COLUMN email_confirmed_at timestamptz; -- NULL: nobody has shown that they read there
-- Whom the operator made the operator knows.
UPDATE account a SET email_confirmed_at = a.created_at FROM audit l
 WHERE l.kind = 'account.created' AND l.actor IN ('command', 'server') AND a.account_id IN (l.account_id, l.subject_id);

CREATE TABLE mailbox_link (             -- by which the reader of a letter shows that they are
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	purpose    smallint NOT NULL CHECK (purpose IN (1, 2, 3)), -- enum mailbox_purpose
	hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
	email      text COLLATE "C" NOT NULL, -- to which it was sent
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, purpose)
);
COMMENT ON TABLE mailbox_link IS 'rows: one for each purpose, an account; a new one takes the place of the old (mailbox_link_put)';

-- Who wants a new password: found out by a job, so that the answer takes the same time whether or not there is such an account.
CREATE TABLE reset_request (
	id      uuid PRIMARY KEY,
	email   text COLLATE "C" NOT NULL,
	network text NOT NULL,
	agent   text NOT NULL
);
COMMENT ON TABLE reset_request IS 'rows: 1,000 that wait for a job of every second (reset_ask)';

CREATE FUNCTION reset_ask(p_id uuid, p_email text, p_network text, p_agent text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 1000;
BEGIN
	INSERT INTO reset_request (id, email, network, agent) SELECT p_id, p_email, p_network, p_agent
	 WHERE (SELECT count(*) FROM reset_request) < most;
END $$;

-- Used up: the address that it was sent to; NULL where it is none, or is over.
CREATE FUNCTION mailbox_link_take(p_account uuid, p_purpose smallint, p_hash bytea, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE found_email text;
BEGIN
	DELETE FROM mailbox_link k WHERE k.account_id = p_account AND k.purpose = p_purpose AND k.hash = p_hash AND k.expires_at > p_now
	RETURNING k.email INTO found_email;
	RETURN found_email;
END $$;

-- NULL: the link is none, or the account has another address by now.
CREATE FUNCTION mailbox_confirm(p_live uuid, p_test uuid, p_hash bytea, p_now timestamptz, p_by text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE fresh text := mailbox_link_take(p_live, 1::smallint, p_hash, p_now);
BEGIN
	UPDATE account a SET email_confirmed_at = p_now WHERE a.account_id IN (p_live, p_test) AND a.email = fresh AND a.status <> 3;
	IF NOT FOUND THEN RETURN NULL; END IF;
	PERFORM audit_add(p_live, 'account.email_confirmed', p_live, p_by, jsonb_build_object('email', fresh));
	RETURN fresh;
END $$;

-- By the link with p_hash, or, where no mail is sent, at once to p_email, which nobody has confirmed then. Links of before
-- end with the address. NULL: the link is none. An address that is taken violates login's key.
CREATE FUNCTION mailbox_change(p_live uuid, p_test uuid, p_hash bytea, p_email text, p_now timestamptz, p_by text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	fresh text := CASE WHEN p_hash IS NULL THEN p_email ELSE mailbox_link_take(p_live, 2::smallint, p_hash, p_now) END;
	was text;
BEGIN
	SELECT l.email INTO was FROM login l WHERE l.account_id = p_live FOR UPDATE;
	IF was IS NULL OR fresh IS NULL THEN RETURN NULL; END IF;
	UPDATE login l SET email = fresh WHERE l.account_id = p_live;
	UPDATE account a SET email = fresh, email_confirmed_at = CASE WHEN p_hash IS NOT NULL THEN p_now END
	 WHERE a.account_id IN (p_live, p_test);
	DELETE FROM mailbox_link k WHERE k.account_id = p_live;
	PERFORM audit_add(p_live, 'account.email_changed', p_live, p_by, jsonb_build_object('email', fresh, 'email_before', was));
	RETURN fresh;
END $$;

-- A new password by a link. NULL: the link is none.
CREATE FUNCTION mailbox_reset(p_live uuid, p_test uuid, p_link bytea, p_password text, p_now timestamptz, p_by text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE fresh text := mailbox_link_take(p_live, 3::smallint, p_link, p_now);
BEGIN
	IF fresh IS NULL OR NOT account_set_password(p_live, p_password, p_now, p_by) THEN RETURN NULL; END IF;
	UPDATE account a SET email_confirmed_at = coalesce(a.email_confirmed_at, p_now)
	 WHERE a.account_id IN (p_live, p_test) AND a.email = fresh;
	RETURN fresh;
END $$;

-- (As in 0004_audit.sql; a new password also ends what somebody else may have begun by mail.)
CREATE OR REPLACE FUNCTION account_set_password(p_account uuid, p_hash text, p_now timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	DELETE FROM session s WHERE s.account_id = p_account;
	DELETE FROM mailbox_link k WHERE k.account_id = p_account AND k.purpose IN (2, 3);
	PERFORM audit_add(p_account, 'account.password_set', p_account, p_by, NULL);
	RETURN true;
END $$;

-- (As in 0046_token_notices.sql, with changed addresses.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used',
		'account.email_changed')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));

-- (As in 0046_token_notices.sql; who had the address before is told, too.)
CREATE OR REPLACE FUNCTION notice_add() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 50;
BEGIN
	IF NEW.kind = 'tokens.replayed' AND EXISTS (
		SELECT FROM audit x WHERE x.account_id = NEW.account_id AND x.seq < NEW.seq AND x.kind = NEW.kind
		   AND x.subject_id = NEW.subject_id AND x.at > NEW.at - interval '1 day') THEN
		RETURN NULL;
	END IF;
	INSERT INTO notice (account_id, id, recipient, kind, at, network, agent, details, due_at)
	SELECT a.account_id, uuid_v7(), r.address, NEW.kind, NEW.at, NEW.network, NEW.agent, NEW.details, NEW.at
	  FROM account a CROSS JOIN LATERAL (VALUES (a.email), (NEW.details::jsonb ->> 'email_before')) AS r(address)
	 WHERE a.account_id = NEW.account_id AND a.livemode AND r.address IS NOT NULL
	   AND (SELECT count(*) FROM notice n WHERE n.account_id = NEW.account_id) < most;
	RETURN NULL;
END $$;

DROP FUNCTION mail_add(uuid, uuid, uuid, text[], bytea, boolean, int, int, boolean);
-- (As in 0044_notices.sql; who has not shown that they read at their address sends nothing in its name.)
CREATE FUNCTION mail_add(p_account uuid, p_letter uuid, p_object uuid, p_recipients text[], p_data bytea, p_sent boolean,
	p_most int, p_each int, p_own boolean, OUT free_at timestamptz, OUT unconfirmed boolean) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT interval := interval '1 day';
	several CONSTANT int := cardinality(p_recipients);
BEGIN
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
