-- SPDX-License-Identifier: Apache-2.0
-- Tokens for one resource (RFC 8707): which parts of this server a grant and an access token are for, as the bits of
-- server/auth/audience.def; 0: all.

ALTER TABLE token_family ADD COLUMN audience smallint NOT NULL DEFAULT 0;
ALTER TABLE token_family ADD COLUMN replay_audience smallint; -- what the last refresh asked for; NULL before it
ALTER TABLE access_token ADD COLUMN audience smallint NOT NULL DEFAULT 0;

-- May a token for p_asked be given under a grant for p_granted? 0 asks for whatever was granted.
CREATE FUNCTION audience_within(p_asked smallint, p_granted smallint) RETURNS boolean LANGUAGE sql IMMUTABLE AS
	'SELECT p_asked = 0 OR p_granted = 0 OR p_asked & ~p_granted = 0';

-- (As in 0013_sandbox.sql. A refresh of before has no replay_audience: its retry is a request of its own.)
DROP FUNCTION code_redeem(uuid, uuid, bytea, uuid, text, bytea, bytea, bytea, smallint, timestamptz, bytea, timestamptz);
DROP FUNCTION token_refresh(uuid, uuid, bytea, int, uuid, bytea, bigint, bytea, smallint, timestamptz, bytea, timestamptz, bytea, interval);
DROP FUNCTION consent_grant(uuid, uuid, uuid, bigint, bigint, uuid[], timestamptz, uuid, bytea, timestamptz, bytea, text, text, timestamptz, uuid, text, inet, text);

CREATE FUNCTION code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text,
	p_challenge bytea, p_jkt bytea, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_refresh bytea,
	p_idle timestamptz, OUT outcome int, OUT connected_account_id uuid, OUT scopes bigint,
	OUT connection_until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	ahead bigint;
	for_what smallint;
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = later(p_idle, a.ahead_s),
	       rotated_at = now(), nonce = NULL
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NULL AND f.code_expires_at > account_now(a.ahead_s)
	   AND f.revoked_at IS NULL AND audience_within(p_audience, f.audience)
	   AND c.account_id = p_account AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND f.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, f.scopes & c.scopes, later(c.expires_at, -a.ahead_s), a.ahead_s, coalesce(nullif(p_audience, 0), f.audience)
	     INTO connected_account_id, scopes, connection_until, ahead, for_what;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, audience)
		VALUES (p_account, p_access, p_slot, p_family, scopes, later(least(p_access_until, connection_until), ahead), p_jkt, for_what);
		outcome := 0;
		RETURN;
	END IF;
	-- A new snapshot: it sees the commit of the caller that was faster.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

CREATE FUNCTION token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation int, p_client uuid,
	p_jkt bytea, p_scopes bigint, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_new bytea,
	p_idle timestamptz, p_sealed bytea, p_window interval,
	OUT outcome int, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamptz,
	OUT replay bytea) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	ahead bigint;
	for_what smallint;
BEGIN
	UPDATE token_family t
	   SET generation = t.generation + 1, previous_hash = t.refresh_hash, refresh_hash = p_new, rotated_at = now(),
	       sealed_replay = p_sealed, replay_scopes = p_scopes, replay_audience = p_audience, idle_expires_at = later(p_idle, a.ahead_s)
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt AND t.revoked_at IS NULL AND t.idle_expires_at > account_now(a.ahead_s)
	   AND t.expires_at > account_now(a.ahead_s) AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND audience_within(p_audience, t.audience)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, later(c.expires_at, -a.ahead_s), a.ahead_s, coalesce(nullif(p_audience, 0), t.audience)
	     INTO connected_account_id, granted, connection_until, ahead, for_what;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, audience)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			later(least(p_access_until, connection_until), ahead), p_jkt, for_what);
		outcome := 0;
		RETURN;
	END IF;
	SELECT t.refresh_hash, t.previous_hash, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - p_window AND t.replay_scopes IS NOT DISTINCT FROM p_scopes
	       AND t.replay_audience IS NOT DISTINCT FROM p_audience AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s) AND a.status = 1
	       AND t.scopes & c.scopes & coalesce(p_scopes, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, later(c.expires_at, -a.ahead_s) AS connection_until
	  INTO f
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = p_account AND t.id = p_family AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt;
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

CREATE FUNCTION consent_grant(p_account uuid, p_client uuid, p_connection uuid, p_asked bigint, p_granted bigint,
	p_calendars uuid[], p_until timestamptz, p_family uuid, p_code bytea, p_code_until timestamptz,
	p_challenge bytea, p_redirect text, p_nonce text, p_audience smallint, p_auth_time timestamptz, p_log uuid, p_text_version text,
	p_ip inet, p_ua text, OUT connected_account_id uuid) LANGUAGE plpgsql AS $$
DECLARE
	many CONSTANT int := 50;
	was record;
	ahead bigint;
BEGIN
	-- A client that is being deleted waits for us, or we see that it is gone (client_cut runs after its commit).
	PERFORM FROM oauth_client WHERE id = p_client AND deleted_at IS NULL FOR SHARE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT a.ahead_s INTO ahead FROM account a WHERE a.account_id = p_account;
	INSERT INTO connected_account (account_id, id, client_id, scopes, calendars, authorized_at, expires_at)
	VALUES (p_account, p_connection, p_client, p_granted, p_calendars, account_now(ahead), later(p_until, ahead))
	ON CONFLICT (account_id, client_id) DO NOTHING
	RETURNING id INTO connected_account_id;
	IF NOT FOUND THEN
		SELECT c.id, c.scopes, c.consents, c.revoked_at IS NOT NULL OR c.expires_at <= account_now(ahead) AS ended
		  INTO was
		  FROM connected_account c
		 WHERE c.account_id = p_account AND c.client_id = p_client FOR NO KEY UPDATE;
		IF was.ended THEN -- what it gave before must not come back to life
			UPDATE token_family f SET revoked_at = now(), revoked_why = 3
			 WHERE f.account_id = p_account AND f.connected_account_id = was.id AND f.revoked_at IS NULL;
		END IF;
		UPDATE connected_account c
		   SET scopes = CASE WHEN was.ended THEN p_granted ELSE was.scopes & ~p_asked | p_granted END,
		       calendars = p_calendars, expires_at = later(p_until, ahead), authorized_at = account_now(ahead), revoked_at = NULL,
		       revoked_why = NULL, consents = was.consents % many + 1
		 WHERE c.account_id = p_account AND c.id = was.id;
		connected_account_id := was.id;
		IF was.consents = many THEN PERFORM consent_trim(p_account, was.id); END IF;
	END IF;
	INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at,
		challenge, redirect_uri, nonce, audience, auth_time)
	VALUES (p_account, p_family, connected_account_id, p_client, p_granted, p_code, later(p_code_until, ahead), p_challenge,
		p_redirect, p_nonce, p_audience, p_auth_time);
	INSERT INTO consent_log (account_id, id, connected_account_id, client_id, asked, granted, calendars,
		text_version, ip, ua)
	VALUES (p_account, p_log, connected_account_id, p_client, p_asked, p_granted, p_calendars, p_text_version, p_ip,
		p_ua);
END $$;
