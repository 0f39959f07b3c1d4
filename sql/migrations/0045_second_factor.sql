-- SPDX-License-Identifier: Apache-2.0
-- Codes of an app (RFC 6238) as a second factor, and recovery codes for who has lost it. Of live accounts alone: nobody
-- signs in to a test world.

CREATE TABLE totp (
	account_id   uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
	sealed       bytea NOT NULL,                          -- the key, under the server's secret key
	created_at   timestamptz NOT NULL,
	activated_at timestamptz,                             -- NULL: nobody has shown yet that their app has it
	last_step    bigint NOT NULL DEFAULT 0                -- of a code that was taken: none is taken twice
);
COMMENT ON TABLE totp IS 'rows: one of an account (totp_begin)';

CREATE TABLE recovery_code (
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	hash       bytea NOT NULL CHECK (octet_length(hash) = 32), -- a MAC under the server's secret key
	used_at    timestamptz,
	PRIMARY KEY (account_id, hash)
);
COMMENT ON TABLE recovery_code IS 'rows: ten of an account (recovery_codes_make)';

-- By what somebody proved who they were (server/auth/amr.h): 1 is a password.
ALTER TABLE token_family ADD COLUMN amr smallint NOT NULL DEFAULT 1;

-- A new set takes the place of the old one.
CREATE FUNCTION recovery_codes_make(p_account uuid, p_hashes bytea[], p_by text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- Two who make a set at once: one after the other.
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	DELETE FROM recovery_code r WHERE r.account_id = p_account;
	INSERT INTO recovery_code (account_id, hash) SELECT p_account, h FROM unnest(p_hashes) AS h;
	PERFORM audit_add(p_account, 'recovery_codes.created', p_account, p_by, NULL);
END $$;

-- (As in 0044_notices.sql, with what lets somebody in.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));
