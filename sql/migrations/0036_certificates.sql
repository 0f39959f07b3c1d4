-- SPDX-License-Identifier: Apache-2.0
-- Apps that prove themselves by a certificate, tokens that are bound to one (RFC 8705), and what an app's owner decides about its
-- refresh tokens.

ALTER TABLE oauth_client
	DROP CONSTRAINT oauth_client_auth_method_check,
	ADD CHECK (auth_method BETWEEN 0 AND 6), -- enum client_auth
	ADD COLUMN tls_name_kind smallint NOT NULL DEFAULT 0 CHECK (tls_name_kind BETWEEN 0 AND 5), -- enum certificate_name; 0: none
	ADD COLUMN tls_name text COLLATE "C",  -- by which its certificate is known
	ADD COLUMN cert_bound boolean NOT NULL DEFAULT false,    -- its tokens are bound to its certificate
	ADD COLUMN keeps_refresh boolean NOT NULL DEFAULT false, -- a refresh token stays as it is where tokens are bound
	ADD COLUMN refresh_idle_s int,         -- how long one may stay unused, and how long all of a grant are good; NULL: as the server has it
	ADD COLUMN refresh_absolute_s int;

-- SHA-256 of the certificate that a token is bound to (RFC 8705 §3.1); of a family, what its refresh token is.
ALTER TABLE access_token ADD COLUMN x5t bytea;
ALTER TABLE token_family ADD COLUMN x5t bytea;

-- (As in 0028_dpop.sql and 0032_client_credentials.sql.)
DROP FUNCTION code_redeem(uuid, uuid, bytea, uuid, text, bytea, bytea, smallint, bytea, smallint, timestamptz, bytea, timestamptz);
DROP FUNCTION token_refresh(uuid, uuid, bytea, int, uuid, bytea, bigint, smallint, bytea, smallint, timestamptz, bytea, timestamptz, bytea, interval);
DROP FUNCTION token_of_machine(uuid, uuid, bigint, smallint, bytea, bytea, smallint, timestamptz);

CREATE FUNCTION code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text,
	p_challenge bytea, p_jkt bytea, p_x5t bytea, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_refresh bytea,
	p_idle timestamptz, p_end timestamptz, OUT outcome int, OUT connected_account_id uuid, OUT scopes bigint,
	OUT connection_until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	ahead bigint;
	for_what smallint;
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = later(p_idle, a.ahead_s),
	       expires_at = later(p_end, a.ahead_s), rotated_at = now(), nonce = NULL, dpop_jkt = dpop_family_key(p_client, p_jkt),
	       x5t = dpop_family_key(p_client, p_x5t)
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND (f.dpop_jkt IS NULL OR f.dpop_jkt = p_jkt) AND f.code_used_at IS NULL AND f.code_expires_at > account_now(a.ahead_s)
	   AND f.revoked_at IS NULL AND audience_within(p_audience, f.audience)
	   AND c.account_id = p_account AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND f.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, f.scopes & c.scopes, later(least(c.expires_at, f.expires_at), -a.ahead_s), a.ahead_s, coalesce(nullif(p_audience, 0), f.audience)
	     INTO connected_account_id, scopes, connection_until, ahead, for_what;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
		VALUES (p_account, p_access, p_slot, p_family, scopes, later(least(p_access_until, connection_until), ahead), p_jkt, p_x5t, for_what);
		outcome := 0;
		RETURN;
	END IF;
	-- A new snapshot: it sees the commit of the caller that was faster. With whatever key: the first may have been the thief.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

CREATE FUNCTION token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation int, p_client uuid,
	p_jkt bytea, p_x5t bytea, p_keep boolean, p_scopes bigint, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_new bytea,
	p_idle timestamptz, p_sealed bytea, p_window interval,
	OUT outcome int, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamptz,
	OUT replay bytea) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	ahead bigint;
	for_what smallint;
	kept boolean;
BEGIN
	-- Bound to a key it is not rotated: who has it and not the key can do nothing with it. Nor where the app is to keep it (p_keep):
	-- then it is worth nothing to who cannot prove to be that app.
	UPDATE token_family t
	   SET generation = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT p_keep THEN t.generation + 1 ELSE t.generation END,
	       previous_hash = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT p_keep THEN t.refresh_hash ELSE t.previous_hash END,
	       refresh_hash = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT p_keep THEN p_new ELSE t.refresh_hash END,
	       sealed_replay = CASE WHEN t.dpop_jkt IS NULL AND t.x5t IS NULL AND NOT p_keep THEN p_sealed ELSE t.sealed_replay END,
	       replay_scopes = p_scopes, replay_audience = p_audience, rotated_at = now(), idle_expires_at = later(p_idle, a.ahead_s),
	       dpop_jkt = coalesce(t.dpop_jkt, dpop_family_key(p_client, p_jkt)), x5t = coalesce(t.x5t, dpop_family_key(p_client, p_x5t))
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = p_jkt) AND (t.x5t IS NULL OR t.x5t = p_x5t) AND t.revoked_at IS NULL AND t.idle_expires_at > account_now(a.ahead_s)
	   AND t.expires_at > account_now(a.ahead_s) AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND audience_within(p_audience, t.audience)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, later(least(c.expires_at, t.expires_at), -a.ahead_s), a.ahead_s, coalesce(nullif(p_audience, 0), t.audience), t.refresh_hash = p_old
	     INTO connected_account_id, granted, connection_until, ahead, for_what, kept;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			later(least(p_access_until, connection_until), ahead), p_jkt, p_x5t, for_what);
		outcome := CASE WHEN kept THEN 5 ELSE 0 END;
		RETURN;
	END IF;
	SELECT t.refresh_hash, t.previous_hash, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - p_window AND t.replay_scopes IS NOT DISTINCT FROM p_scopes
	       AND t.replay_audience IS NOT DISTINCT FROM p_audience AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND a.status = 1
	       AND t.scopes & c.scopes & coalesce(p_scopes, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, later(least(c.expires_at, t.expires_at), -a.ahead_s) AS connection_until
	  INTO f
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = p_account AND t.id = p_family AND t.client_id = p_client
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = p_jkt) AND (t.x5t IS NULL OR t.x5t = p_x5t);
	outcome := 1;
	IF NOT FOUND OR f.revoked_at IS NOT NULL THEN
		RETURN;
	END IF;
	IF f.refresh_hash = p_old THEN
		IF f.scopes & p_scopes <> p_scopes THEN
			outcome := 4;
		END IF;
	ELSIF f.previous_hash = p_old AND f.is_retry THEN
		IF f.stands THEN
			outcome := 3;
			replay := f.sealed_replay;
			connected_account_id := f.connected_account_id;
			granted := f.scopes;
			connection_until := f.connection_until;
		END IF;
	ELSIF f.previous_hash = p_old OR p_generation < f.generation - 1 THEN
		UPDATE token_family t SET revoked_at = now(), revoked_why = 2
		 WHERE t.account_id = p_account AND t.id = p_family AND t.revoked_at IS NULL;
		outcome := 2;
	END IF;
END $$;

CREATE FUNCTION token_of_machine(p_client uuid, p_connection uuid, p_scopes bigint, p_audience smallint, p_jkt bytea, p_x5t bytea,
	p_access bytea, p_slot smallint, p_access_until timestamptz, OUT outcome int, OUT granted bigint) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	SELECT o.owner_id, o.machine_scopes, c.id, a.ahead_s INTO f
	  FROM oauth_client o
	  JOIN account a ON a.account_id = o.owner_id
	  LEFT JOIN connected_account c ON c.account_id = o.owner_id AND c.client_id = o.id AND c.machine AND c.revoked_at IS NULL
	 WHERE o.id = p_client AND o.kind = 2 AND o.grants & 64 <> 0 AND o.deleted_at IS NULL AND a.status = 1;
	outcome := 2;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	granted := f.machine_scopes;
	IF granted = 0 OR granted & p_scopes <> p_scopes THEN
		outcome := 1;
		RETURN;
	END IF;
	IF f.id IS NULL THEN
		-- Who changes the app (client_change, client_machine_settle) waits for us, or we see what it was changed to.
		SELECT o.machine_scopes INTO granted FROM oauth_client o
		 WHERE o.id = p_client AND o.grants & 64 <> 0 AND o.deleted_at IS NULL FOR NO KEY UPDATE;
		IF NOT FOUND OR granted = 0 OR granted & p_scopes <> p_scopes THEN
			RETURN;
		END IF;
		DELETE FROM connected_account c
		 WHERE c.account_id = f.owner_id AND c.client_id = p_client AND c.machine AND c.revoked_at IS NOT NULL;
		INSERT INTO connected_account AS c (account_id, id, client_id, scopes, machine)
		VALUES (f.owner_id, p_connection, p_client, granted, true)
		ON CONFLICT (account_id, client_id, machine) DO UPDATE SET scopes = granted
		RETURNING c.id INTO f.id;
		INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, generation)
		VALUES (f.owner_id, f.id, f.id, p_client, granted, 1) ON CONFLICT DO NOTHING;
	END IF;
	granted := coalesce(nullif(p_scopes, 0), granted);
	INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, x5t, audience)
	VALUES (f.owner_id, p_access, p_slot, f.id, granted, later(p_access_until, f.ahead_s), p_jkt, p_x5t, p_audience);
	outcome := 0;
END $$;
