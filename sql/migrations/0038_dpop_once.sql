-- SPDX-License-Identifier: Apache-2.0
-- (As in 0030_dpop_leaves.sql, with one statement where nothing is wrong: whether it may be known is asked by the insert itself.)
CREATE OR REPLACE FUNCTION dpop_once(p_hash bytea, p_nonce_s bigint, p_now_s bigint) RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
	CASE (p_nonce_s / 600) % 4
	WHEN 0 THEN INSERT INTO dpop_seen_0 (slot, hash) SELECT 0, p_hash FROM dpop_since s WHERE s.since_s <= p_nonce_s ON CONFLICT DO NOTHING;
	WHEN 1 THEN INSERT INTO dpop_seen_1 (slot, hash) SELECT 1, p_hash FROM dpop_since s WHERE s.since_s <= p_nonce_s ON CONFLICT DO NOTHING;
	WHEN 2 THEN INSERT INTO dpop_seen_2 (slot, hash) SELECT 2, p_hash FROM dpop_since s WHERE s.since_s <= p_nonce_s ON CONFLICT DO NOTHING;
	WHEN 3 THEN INSERT INTO dpop_seen_3 (slot, hash) SELECT 3, p_hash FROM dpop_since s WHERE s.since_s <= p_nonce_s ON CONFLICT DO NOTHING;
	END CASE;
	IF FOUND THEN
		RETURN 0;
	END IF;
	IF EXISTS (SELECT FROM dpop_since s WHERE s.since_s <= p_nonce_s) THEN
		RETURN 1;
	END IF;
	INSERT INTO dpop_since (since_s) VALUES (p_now_s) ON CONFLICT DO NOTHING;
	RETURN 2;
END $$;
