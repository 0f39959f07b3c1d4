-- SPDX-License-Identifier: Apache-2.0
-- Voice sessions: who may speak for a user, for some minutes. Their tokens are signed, not stored; here is whether one
-- still lives.

CREATE TABLE voice_session (
	account_id     uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id             uuid NOT NULL,
	connection_id  uuid,            -- of a token, or of a platform's key that acts for it
	family_id      uuid,            -- of a token
	key_account_id uuid,            -- of a key
	key_id         uuid,
	key_hash       bytea,           -- as it was: a key that was rotated is another
	scopes         bigint NOT NULL,
	origin         text COLLATE "C",
	created_at     timestamptz NOT NULL,
	expires_at     timestamptz NOT NULL,
	ended_at       timestamptz,
	asked_at       timestamptz,     -- its token came in a query, which works once
	PRIMARY KEY (account_id, id)
);
COMMENT ON TABLE voice_session IS 'rows: those of a day of an account, 60 an hour (voice_session_create)';

-- One more of an account, unless the last hour had p_most: then when there is room again, and nothing is made. What is
-- older than a day goes. Makers of one account go one after another.
CREATE FUNCTION voice_session_create(p_account uuid, p_id uuid, p_connection uuid, p_family uuid, p_key_account uuid,
	p_key uuid, p_scopes bigint, p_origin text, p_seconds int, p_most int, OUT free_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE present timestamptz;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('voice ' || p_account, 0));
	SELECT account_now(a.ahead_s) INTO STRICT present FROM account a WHERE a.account_id = p_account;
	SELECT v.created_at + interval '1 hour' INTO free_at FROM voice_session v
	 WHERE v.account_id = p_account AND v.created_at > present - interval '1 hour' ORDER BY v.created_at DESC OFFSET p_most - 1 LIMIT 1;
	IF FOUND THEN RETURN; END IF;
	DELETE FROM voice_session v WHERE v.account_id = p_account AND v.created_at < present - interval '1 day';
	INSERT INTO voice_session (account_id, id, connection_id, family_id, key_account_id, key_id, key_hash, scopes, origin, created_at, expires_at)
	VALUES (p_account, p_id, p_connection, p_family, p_key_account, p_key,
	        (SELECT k.hash FROM api_key k WHERE k.account_id = p_key_account AND k.id = p_key), p_scopes, p_origin, present, later(present, p_seconds));
END $$;

-- Does it live? With what it was made by: the grant, the token's family, the key as it then was. By the clock of each account.
CREATE FUNCTION voice_session_lives(v voice_session) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN v.ended_at IS NULL
	   AND EXISTS (SELECT FROM account a WHERE a.account_id = v.account_id AND a.status = 1 AND a.plan = 2
	                  AND v.expires_at > account_now(a.ahead_s)
	                  AND (v.connection_id IS NULL OR EXISTS (
	                       SELECT FROM connected_account c JOIN oauth_client o ON o.id = c.client_id
	                        WHERE c.account_id = v.account_id AND c.id = v.connection_id AND c.revoked_at IS NULL
	                          AND c.expires_at > account_now(a.ahead_s) AND c.scopes & (v.scopes | 32) = (v.scopes | 32)
	                          AND o.owner_active)))
	   AND (v.family_id IS NULL OR EXISTS (SELECT FROM token_family f
	        WHERE f.account_id = v.account_id AND f.id = v.family_id AND f.revoked_at IS NULL))
	   AND (v.key_id IS NULL OR EXISTS (SELECT FROM api_key k JOIN account a ON a.account_id = k.account_id
	        WHERE k.account_id = v.key_account_id AND k.id = v.key_id AND k.revoked_at IS NULL
	          AND (k.expires_at IS NULL OR k.expires_at > account_now(a.ahead_s)) AND k.hash = v.key_hash
	          AND (k.kind <> 3 OR v.connection_id IS NOT NULL OR k.scopes & (v.scopes | 32) = (v.scopes | 32))
	          AND a.status = 1 AND a.plan = 2));
END $$;

-- (As in 0014_booking.sql, with voice_session.)
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
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;
