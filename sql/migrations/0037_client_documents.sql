-- SPDX-License-Identifier: Apache-2.0
-- Documents in which apps say themselves what they are (draft-ietf-oauth-client-id-metadata-document), as they were fetched,
-- for all instances.

CREATE TABLE client_document (
	url         text COLLATE "C" PRIMARY KEY CHECK (octet_length(url) <= 1024),
	packed      bytea,       -- what it said (registration_pack); NULL: nothing that could be taken
	wrong       text,        -- why not, when it was fetched last
	fetched_at  timestamptz, -- what `packed` is of
	fresh_until timestamptz,
	tried_at    timestamptz NOT NULL
);
COMMENT ON TABLE client_document IS 'rows: 2000, those that were asked for longest ago go (client_document_claim)';

-- May the caller fetch it? One at a time does, and again after p_again at the soonest.
CREATE FUNCTION client_document_claim(p_url text, p_now timestamptz, p_again timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('client_document'));
	INSERT INTO client_document AS d (url, tried_at) VALUES (p_url, p_now)
	ON CONFLICT (url) DO UPDATE SET tried_at = p_now, wrong = NULL WHERE d.tried_at < p_again;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM client_document d WHERE d.url IN (SELECT x.url FROM client_document x ORDER BY x.tried_at DESC, x.url OFFSET 2000);
	RETURN true;
END $$;
