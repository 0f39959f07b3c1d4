-- SPDX-License-Identifier: Apache-2.0
-- Tokens that are bound to a key (RFC 9449).

-- Proofs that came: each is taken once. A ring as that of access tokens: slot = (when the nonce was made, in ten minutes) mod 4.
-- A nonce is taken for five minutes, so that two slots are always idle; they are emptied by TRUNCATE. Without a log: what a
-- crash forgets is told by dpop_since, which is empty then.
CREATE TABLE dpop_seen (
	slot smallint NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (hash, slot)
) PARTITION BY LIST (slot);
CREATE UNLOGGED TABLE dpop_seen_0 PARTITION OF dpop_seen FOR VALUES IN (0);
CREATE UNLOGGED TABLE dpop_seen_1 PARTITION OF dpop_seen FOR VALUES IN (1);
CREATE UNLOGGED TABLE dpop_seen_2 PARTITION OF dpop_seen FOR VALUES IN (2);
CREATE UNLOGGED TABLE dpop_seen_3 PARTITION OF dpop_seen FOR VALUES IN (3);
COMMENT ON TABLE dpop_seen IS 'rows: proofs of half an hour (dpop_prune)';

-- Since when all that came is known, in Unix seconds.
CREATE UNLOGGED TABLE dpop_since (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	since_s  bigint NOT NULL
);
COMMENT ON TABLE dpop_since IS 'rows: one (dpop_once)';
INSERT INTO dpop_since (since_s) VALUES (0);

-- 0: it comes for the first time, 1: it came before, 2: nobody knows, for what came at the time of its nonce was forgotten.
CREATE FUNCTION dpop_once(p_hash bytea, p_nonce_s bigint, p_now_s bigint) RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM dpop_since s WHERE s.since_s <= p_nonce_s) THEN
		INSERT INTO dpop_since (since_s) VALUES (p_now_s) ON CONFLICT DO NOTHING;
		RETURN 2;
	END IF;
	INSERT INTO dpop_seen (slot, hash) VALUES ((p_nonce_s / 600) % 4, p_hash) ON CONFLICT DO NOTHING;
	RETURN CASE WHEN FOUND THEN 0 ELSE 1 END;
END $$;

-- As access_token_prune.
CREATE FUNCTION dpop_prune() RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	idle int := ((extract(epoch FROM now())::bigint / 600 + 2) % 4)::int;
	leaf regclass := 'dpop_seen_' || idle;
	rows_left boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', leaf) INTO rows_left;
	IF NOT rows_left OR NOT pg_try_advisory_xact_lock(hashtext('dpop_prune')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('TRUNCATE %s', leaf);
	RETURN idle;
END $$;

-- The key that a grant's refresh token is bound to (RFC 9449 §5): of a public client the proof's. A confidential one proves
-- itself at each refresh, and may change its key.
CREATE FUNCTION dpop_family_key(p_client uuid, p_jkt bytea) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE WHEN p_jkt IS NOT NULL AND (SELECT o.kind FROM oauth_client o WHERE o.id = p_client) = 1 THEN p_jkt END;
END $$;

-- (As in 0023_audience.sql.)
CREATE OR REPLACE FUNCTION code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text,
	p_challenge bytea, p_jkt bytea, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_refresh bytea,
	p_idle timestamptz, OUT outcome int, OUT connected_account_id uuid, OUT scopes bigint,
	OUT connection_until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	ahead bigint;
	for_what smallint;
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = later(p_idle, a.ahead_s),
	       rotated_at = now(), nonce = NULL, dpop_jkt = dpop_family_key(p_client, p_jkt)
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND (f.dpop_jkt IS NULL OR f.dpop_jkt = p_jkt) AND f.code_used_at IS NULL AND f.code_expires_at > account_now(a.ahead_s)
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
	-- A new snapshot: it sees the commit of the caller that was faster. With whatever key: the first may have been the thief.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge IS NOT DISTINCT FROM p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

CREATE OR REPLACE FUNCTION token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation int, p_client uuid,
	p_jkt bytea, p_scopes bigint, p_audience smallint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_new bytea,
	p_idle timestamptz, p_sealed bytea, p_window interval,
	OUT outcome int, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamptz,
	OUT replay bytea) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	ahead bigint;
	for_what smallint;
	kept boolean;
BEGIN
	-- Bound to a key it is not rotated: who has it and not the key can do nothing with it.
	UPDATE token_family t
	   SET generation = CASE WHEN t.dpop_jkt IS NULL THEN t.generation + 1 ELSE t.generation END,
	       previous_hash = CASE WHEN t.dpop_jkt IS NULL THEN t.refresh_hash ELSE t.previous_hash END,
	       refresh_hash = CASE WHEN t.dpop_jkt IS NULL THEN p_new ELSE t.refresh_hash END,
	       sealed_replay = CASE WHEN t.dpop_jkt IS NULL THEN p_sealed ELSE t.sealed_replay END,
	       replay_scopes = p_scopes, replay_audience = p_audience, rotated_at = now(), idle_expires_at = later(p_idle, a.ahead_s),
	       dpop_jkt = coalesce(t.dpop_jkt, dpop_family_key(p_client, p_jkt))
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = p_jkt) AND t.revoked_at IS NULL AND t.idle_expires_at > account_now(a.ahead_s)
	   AND t.expires_at > account_now(a.ahead_s) AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND audience_within(p_audience, t.audience)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(a.ahead_s) AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, later(c.expires_at, -a.ahead_s), a.ahead_s, coalesce(nullif(p_audience, 0), t.audience), t.refresh_hash = p_old
	     INTO connected_account_id, granted, connection_until, ahead, for_what, kept;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt, audience)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			later(least(p_access_until, connection_until), ahead), p_jkt, for_what);
		outcome := CASE WHEN kept THEN 5 ELSE 0 END;
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
	   AND (t.dpop_jkt IS NULL OR t.dpop_jkt = p_jkt);
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
