-- SPDX-License-Identifier: Apache-2.0
-- Somebody may make an account with the address of somebody else, put a key, an app or a webhook into it, and wait: whoever
-- reads at the address sets a password then, and all of that would still let the other one in (docs/adr/0045-claimed.md).

-- All that lets somebody in, or sends data out, and was set up before anybody had shown that they read at the account's
-- address. What stands in its calendars stays. In the transaction that sets the new password; the account is locked.
CREATE FUNCTION account_claim(p_live uuid, p_test uuid, p_now timestamptz, p_by text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	worlds CONSTANT uuid[] := ARRAY[p_live, p_test];
	ended record;
BEGIN
	UPDATE oauth_client o SET deleted_at = p_now WHERE o.owner_id = ANY (worlds) AND o.deleted_at IS NULL AND o.registration = 0;
	-- A statement of its own: it sees connections of the apps that were made while the one before waited. Of whom they are is
	-- told, too, in the order of the ids.
	WITH gone AS (
		UPDATE connected_account c SET revoked_at = p_now, revoked_why = CASE WHEN c.account_id = ANY (worlds) THEN 1 ELSE 2 END
		 WHERE c.revoked_at IS NULL AND (c.account_id, c.id) IN (
			SELECT x.account_id, x.id FROM connected_account x WHERE x.account_id = ANY (worlds)
			UNION ALL
			SELECT l.user_account_id, l.connected_account_id FROM client_connection l WHERE l.account_id = ANY (worlds))
		RETURNING c.account_id, c.id, c.client_id, c.machine
	), told AS (
		SELECT g.account_id, 'consent.ended' AS kind, g.id, jsonb_build_object('client_name', o.name, 'reason',
		       CASE WHEN g.account_id = ANY (worlds) THEN 'account_claimed' ELSE 'client_deleted' END) AS details
		  FROM gone g JOIN oauth_client o ON o.id = g.client_id WHERE NOT g.machine
		UNION ALL
		SELECT o.owner_id, 'client.deleted', o.id, jsonb_build_object('name', o.name)
		  FROM oauth_client o WHERE o.owner_id = ANY (worlds) AND o.deleted_at = p_now AND o.registration = 0
		UNION ALL
		SELECT p_live, 'account.claimed', p_live, NULL
	)
	SELECT count(audit_add(t.account_id, t.kind, t.id, p_by, t.details)) INTO ended FROM (SELECT * FROM told ORDER BY account_id, id) t;
	UPDATE token_family f SET revoked_at = p_now, revoked_why = 3 WHERE f.account_id = ANY (worlds) AND f.revoked_at IS NULL;
	FOR ended IN UPDATE api_key k SET revoked_at = p_now WHERE k.account_id = ANY (worlds) AND k.revoked_at IS NULL
	             RETURNING k.account_id, k.id, k.name, k.prefix LOOP
		PERFORM audit_add(ended.account_id, 'key.revoked', ended.id, p_by, jsonb_build_object('name', ended.name, 'prefix', ended.prefix));
	END LOOP;
	FOR ended IN SELECT e.account_id, e.id, e.url FROM webhook_endpoint e WHERE e.account_id = ANY (worlds) ORDER BY e.account_id, e.id LOOP
		PERFORM webhook_endpoint_drop(ended.account_id, ARRAY[ended.id]);
		PERFORM audit_add(ended.account_id, 'webhook.deleted', ended.id, p_by,
			jsonb_build_object('origin', substring(ended.url FROM '^[a-z]+://[^/?#]+')));
	END LOOP;
	FOR ended IN DELETE FROM passkey k WHERE k.account_id = p_live RETURNING k.id, k.name LOOP
		PERFORM audit_add(p_live, 'passkey.ended', ended.id, p_by, jsonb_build_object('name', ended.name));
	END LOOP;
	FOR ended IN DELETE FROM totp t WHERE t.account_id = p_live RETURNING t.activated_at LOOP
		CONTINUE WHEN ended.activated_at IS NULL;
		PERFORM audit_add(p_live, 'totp.ended', p_live, p_by, NULL);
	END LOOP;
	DELETE FROM recovery_code r WHERE r.account_id = p_live;
	UPDATE booking_page b SET active = false, version = b.version + 1, updated_at = p_now WHERE b.account_id = ANY (worlds) AND b.active;
	UPDATE calendar c SET feed_seed = gen_random_uuid(), is_public = false WHERE c.account_id = ANY (worlds);
END $$;

-- (As in 0055_reset_passkeys.sql, with all that was set up before in place of the passkeys.)
CREATE OR REPLACE FUNCTION mailbox_reset(p_live uuid, p_test uuid, p_link bytea, p_password text, p_now timestamptz, p_by text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	fresh text := mailbox_link_take(p_live, 3::smallint, p_link, p_now);
BEGIN
	IF fresh IS NULL THEN RETURN NULL; END IF;
	PERFORM FROM account a WHERE a.account_id = p_live AND a.email_confirmed_at IS NULL;
	IF FOUND THEN PERFORM account_claim(p_live, p_test, p_now, p_by); END IF;
	IF NOT account_set_password(p_live, p_password, p_now, p_by) THEN RETURN NULL; END IF;
	UPDATE account a SET email_confirmed_at = coalesce(a.email_confirmed_at, p_now)
	 WHERE a.account_id IN (p_live, p_test) AND a.email = fresh;
	RETURN fresh;
END $$;

-- (As in 0050_passkeys.sql, with what ended because nobody had confirmed the address.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used',
		'account.email_changed', 'passkey.created', 'account.claimed')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));
