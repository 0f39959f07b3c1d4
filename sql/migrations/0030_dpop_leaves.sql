-- SPDX-License-Identifier: Apache-2.0
-- (As in 0028_dpop.sql, with each leaf of the ring by name: through the parent an insert costs several times as much.)
CREATE OR REPLACE FUNCTION dpop_once(p_hash bytea, p_nonce_s bigint, p_now_s bigint) RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM dpop_since s WHERE s.since_s <= p_nonce_s) THEN
		INSERT INTO dpop_since (since_s) VALUES (p_now_s) ON CONFLICT DO NOTHING;
		RETURN 2;
	END IF;
	CASE (p_nonce_s / 600) % 4
	WHEN 0 THEN INSERT INTO dpop_seen_0 (slot, hash) VALUES (0, p_hash) ON CONFLICT DO NOTHING;
	WHEN 1 THEN INSERT INTO dpop_seen_1 (slot, hash) VALUES (1, p_hash) ON CONFLICT DO NOTHING;
	WHEN 2 THEN INSERT INTO dpop_seen_2 (slot, hash) VALUES (2, p_hash) ON CONFLICT DO NOTHING;
	WHEN 3 THEN INSERT INTO dpop_seen_3 (slot, hash) VALUES (3, p_hash) ON CONFLICT DO NOTHING;
	END CASE;
	RETURN CASE WHEN FOUND THEN 0 ELSE 1 END;
END $$;
