-- SPDX-License-Identifier: Apache-2.0
-- The keys that sign tokens which others verify (docs/adr/0029): stored, so that they can be changed at any time, and sealed.

CREATE TABLE signing_key (
	kid         text COLLATE "C" PRIMARY KEY,
	state       smallint NOT NULL CHECK (state IN (1, 2, 3)), -- next: published, active: it signs, retired: published still
	sealed      bytea NOT NULL,                               -- the private key, for who has the server's secret key
	created_at  timestamptz NOT NULL,
	active_at   timestamptz,
	retired_at  timestamptz,
	CHECK ((state = 1) = (active_at IS NULL) AND (state = 3) = (retired_at IS NOT NULL))
);
CREATE UNIQUE INDEX signing_key_one ON signing_key (state) WHERE state < 3;
COMMENT ON TABLE signing_key IS 'rows: one next, one active, and twenty that retired lately (signing_keys_keep)';

-- Whatever is due, once, whichever instance comes first: the next becomes active, keys that retired long ago go, and p_kid fills the place that is
-- empty. p_age: how long a key signs, and is published after that. p_force: rotate now. True: nothing is missing.
CREATE FUNCTION signing_keys_keep(p_kid text, p_sealed bytea, p_now timestamptz, p_age interval, p_force boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	missing smallint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('signing_keys'));
	IF EXISTS (SELECT FROM signing_key WHERE state = 1)
	   AND (p_force OR EXISTS (SELECT FROM signing_key WHERE state = 2 AND active_at < p_now - p_age)) THEN
		UPDATE signing_key SET state = 3, retired_at = p_now WHERE state = 2;
		UPDATE signing_key SET state = 2, active_at = p_now WHERE state = 1;
	END IF;
	DELETE FROM signing_key WHERE state = 3 AND (retired_at < p_now - p_age
		OR kid NOT IN (SELECT k.kid FROM signing_key k WHERE k.state = 3 ORDER BY k.retired_at DESC LIMIT 20));
	SELECT s INTO missing FROM (VALUES (2), (1)) AS v (s) WHERE NOT EXISTS (SELECT FROM signing_key k WHERE k.state = s) LIMIT 1;
	IF FOUND THEN
		INSERT INTO signing_key (kid, state, sealed, created_at, active_at) VALUES (p_kid, missing, p_sealed, p_now, CASE missing WHEN 2 THEN p_now END);
	END IF;
	RETURN (SELECT count(*) = 2 FROM signing_key WHERE state < 3);
END $$;
