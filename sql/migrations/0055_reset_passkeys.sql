-- SPDX-License-Identifier: Apache-2.0
-- Somebody may make an account with the address of somebody else, and a passkey in it, and wait: whoever reads at the address
-- sets a password then, and the passkey would still let the other one in.

-- (As in 0048_mailbox.sql; passkeys end that were made before anybody had shown that they read at the address.)
CREATE OR REPLACE FUNCTION mailbox_reset(p_live uuid, p_test uuid, p_link bytea, p_password text, p_now timestamptz, p_by text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	fresh text := mailbox_link_take(p_live, 3::smallint, p_link, p_now);
	ended record;
BEGIN
	IF fresh IS NULL OR NOT account_set_password(p_live, p_password, p_now, p_by) THEN RETURN NULL; END IF;
	-- One that is being made waits for this lock, or this waits for it: see passkey_create in 0050_passkeys.sql.
	PERFORM FROM account a WHERE a.account_id = p_live AND a.email_confirmed_at IS NULL FOR NO KEY UPDATE;
	IF FOUND THEN
		FOR ended IN DELETE FROM passkey k WHERE k.account_id = p_live RETURNING k.id, k.name LOOP
			PERFORM audit_add(p_live, 'passkey.ended', ended.id, p_by, jsonb_build_object('name', ended.name));
		END LOOP;
	END IF;
	UPDATE account a SET email_confirmed_at = coalesce(a.email_confirmed_at, p_now)
	 WHERE a.account_id IN (p_live, p_test) AND a.email = fresh;
	RETURN fresh;
END $$;
