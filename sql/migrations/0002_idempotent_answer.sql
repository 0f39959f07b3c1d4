-- SPDX-License-Identifier: Apache-2.0
-- What was answered to calls that carried an Idempotency-Key, so that a repeated call is answered and not done again.

CREATE TABLE idempotent_answer (
	account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE, -- the credential's
	key_hash    bytea NOT NULL CHECK (octet_length(key_hash) = 32), -- SHA-256 of credential, connected account, route and key
	fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32), -- SHA-256 of all else that makes the call what it is
	created_at  timestamptz NOT NULL DEFAULT now(),
	status      smallint NOT NULL,
	head        text COLLATE "C" NOT NULL, -- its header lines
	body        bytea COMPRESSION lz4 NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX idempotent_answer_key ON idempotent_answer (account_id, by_hash(key_hash)); -- the primary key
CREATE INDEX idempotent_answer_age ON idempotent_answer (account_id, created_at);
COMMENT ON TABLE idempotent_answer IS 'rows: 10,000 an account, of a day (idempotent_answer_trim)';

-- The call's part of its transaction before its work: new (it is to be done; nobody else begins it before the end of the
-- transaction), running (somebody is at it), other (the key stands for another call), done. A lock and no row: a server
-- that dies leaves nothing that would have to be taken over.
CREATE FUNCTION idempotent_begin(p_account uuid, p_key bytea, p_fingerprint bytea, p_since timestamptz,
	OUT outcome text, OUT status smallint, OUT head text, OUT body bytea) LANGUAGE plpgsql AS $$
DECLARE was record;
BEGIN
	outcome := 'running';
	IF NOT pg_try_advisory_xact_lock(('x' || encode(substring(p_key FOR 8), 'hex'))::bit(64)::bigint) THEN RETURN; END IF;
	SELECT a.fingerprint, a.created_at, a.status, a.head, a.body INTO was FROM idempotent_answer a
	 WHERE a.account_id = p_account AND by_hash(a.key_hash) = p_key;
	outcome := CASE WHEN was.created_at IS NULL OR was.created_at <= p_since THEN 'new'
	                WHEN was.fingerprint <> p_fingerprint THEN 'other' ELSE 'done' END;
	IF outcome = 'done' THEN
		status := was.status; head := was.head; body := was.body;
	ELSIF outcome = 'new' AND was.created_at IS NOT NULL THEN
		DELETE FROM idempotent_answer a WHERE a.account_id = p_account AND by_hash(a.key_hash) = p_key;
	END IF;
END $$;

-- Of an account at most p_most stay, the newest, and none from before p_since; at most p_limit go a call. Returns how
-- many. As outbox_trim, it takes some at random and looks at their accounts.
CREATE FUNCTION idempotent_answer_trim(p_since timestamptz, p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := pg_relation_size('idempotent_answer') / current_setting('block_size')::int;
	a uuid;
	before timestamptz;
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM idempotent_answer o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.created_at INTO before FROM idempotent_answer x WHERE x.account_id = a
		 ORDER BY x.created_at DESC OFFSET p_most LIMIT 1;
		DELETE FROM idempotent_answer o WHERE o.ctid = ANY (ARRAY(SELECT x.ctid FROM idempotent_answer x
		        WHERE x.account_id = a AND x.created_at <= greatest(before, p_since) ORDER BY x.created_at
		        LIMIT p_limit - done));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;
