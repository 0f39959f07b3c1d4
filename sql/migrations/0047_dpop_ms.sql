-- SPDX-License-Identifier: Apache-2.0
-- What a crash of the database forgot is told by the millisecond: of a whole second, a proof that was used in it before the
-- crash could come again after it. And by the database's clock, too, where a request had waited for it to come back.
ALTER TABLE dpop_since RENAME COLUMN since_s TO since_ms;
UPDATE dpop_since SET since_ms = since_ms * 1000;

DROP FUNCTION dpop_once(bytea, bigint, bigint);
-- (As in 0038_dpop_once.sql, in milliseconds.) Proofs that came before this with nonces of seconds are not known, nor are their
-- nonces read.
CREATE FUNCTION dpop_once(p_hash bytea, p_nonce_ms bigint, p_now_ms bigint) RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
	CASE (p_nonce_ms / 600000) % 4
	WHEN 0 THEN INSERT INTO dpop_seen_0 (slot, hash) SELECT 0, p_hash FROM dpop_since s WHERE s.since_ms <= p_nonce_ms ON CONFLICT DO NOTHING;
	WHEN 1 THEN INSERT INTO dpop_seen_1 (slot, hash) SELECT 1, p_hash FROM dpop_since s WHERE s.since_ms <= p_nonce_ms ON CONFLICT DO NOTHING;
	WHEN 2 THEN INSERT INTO dpop_seen_2 (slot, hash) SELECT 2, p_hash FROM dpop_since s WHERE s.since_ms <= p_nonce_ms ON CONFLICT DO NOTHING;
	WHEN 3 THEN INSERT INTO dpop_seen_3 (slot, hash) SELECT 3, p_hash FROM dpop_since s WHERE s.since_ms <= p_nonce_ms ON CONFLICT DO NOTHING;
	END CASE;
	IF FOUND THEN
		RETURN 0;
	END IF;
	IF EXISTS (SELECT FROM dpop_since s WHERE s.since_ms <= p_nonce_ms) THEN
		RETURN 1;
	END IF;
	INSERT INTO dpop_since (since_ms) VALUES (greatest(p_now_ms, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)) ON CONFLICT DO NOTHING;
	RETURN 2;
END $$;
