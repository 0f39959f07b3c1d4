-- SPDX-License-Identifier: Apache-2.0
-- Pages of which origins may call (docs/adr/0025): those that a live key lists, which are asked for before any account is
-- known, and those of apps' redirect URIs, as browsers write them (RFC 6454 §6.2).
CREATE TABLE page_origin (
	origin  text COLLATE "C" NOT NULL,
	key_id  uuid NOT NULL,
	ends_at timestamptz, -- with the key
	PRIMARY KEY (origin, key_id)
);
COMMENT ON TABLE page_origin IS 'rows: 20 for each key that is not revoked (key_page_origins)';

CREATE FUNCTION key_page_origins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM page_origin WHERE origin = ANY (old.allowed_origins) AND key_id = old.id;
	END IF;
	IF TG_OP <> 'DELETE' AND new.revoked_at IS NULL THEN
		INSERT INTO page_origin (origin, key_id, ends_at)
		SELECT DISTINCT o, new.id, new.expires_at FROM unnest(new.allowed_origins) AS o;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER key_page_origins AFTER INSERT OR DELETE OR UPDATE OF allowed_origins, expires_at, revoked_at ON api_key
	FOR EACH ROW EXECUTE FUNCTION key_page_origins();
INSERT INTO page_origin (origin, key_id, ends_at)
SELECT DISTINCT o, id, expires_at FROM api_key, unnest(allowed_origins) AS o WHERE revoked_at IS NULL;

-- Without its port where any will do. Of a scheme that is no page's: NULL.
ALTER TABLE oauth_client_redirect ADD COLUMN origin text COLLATE "C" GENERATED ALWAYS AS (
	CASE WHEN loopback THEN 'loopback ' || lower(regexp_replace(substring(uri FROM '^https?://[^/?]*'), ':[0-9]*$', ''))
	     ELSE lower(regexp_replace(substring(uri FROM '^https?://[^/?]*'), '^(https://.*):443$|^(http://.*):80$', '\1\2'))
	END) STORED;
CREATE INDEX oauth_client_redirect_origin ON oauth_client_redirect (by_name(origin));
