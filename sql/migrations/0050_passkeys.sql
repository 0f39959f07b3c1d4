-- SPDX-License-Identifier: Apache-2.0
-- Passkeys (Web Authentication) of live accounts. They are found by the account, which a passkey names as its user handle.

CREATE TABLE passkey (
	account_id    uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id            uuid NOT NULL,
	credential_id bytea NOT NULL CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
	public_key    bytea NOT NULL,           -- COSE_Key (RFC 9052 §7)
	counter       bigint NOT NULL,          -- of signatures; 0: it has none
	shared        boolean NOT NULL,         -- may be on several devices
	name          text COLLATE "C" NOT NULL,
	created_at    timestamptz NOT NULL,
	last_used_at  timestamptz,
	PRIMARY KEY (account_id, id),
	UNIQUE (account_id, credential_id)
);
COMMENT ON TABLE passkey IS 'rows: 20 of an account (passkey_create)';

-- 0: made; 1: there are enough; 2: it is there already.
CREATE FUNCTION passkey_create(p_account uuid, p_id uuid, p_credential bytea, p_key bytea, p_counter bigint, p_shared boolean,
	p_name text, p_now timestamptz, p_by text[]) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 20;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE; -- those who make one at once: one after the other
	IF EXISTS (SELECT FROM passkey p WHERE p.account_id = p_account AND p.credential_id = p_credential) THEN RETURN 2; END IF;
	IF (SELECT count(*) FROM passkey p WHERE p.account_id = p_account) >= most THEN RETURN 1; END IF;
	INSERT INTO passkey (account_id, id, credential_id, public_key, counter, shared, name, created_at)
	VALUES (p_account, p_id, p_credential, p_key, p_counter, p_shared, p_name, p_now);
	PERFORM audit_add(p_account, 'passkey.created', p_id, p_by, jsonb_build_object('name', p_name));
	RETURN 0;
END $$;

-- (As in 0048_mailbox.sql, with passkeys.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used',
		'account.email_changed', 'passkey.created')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));
