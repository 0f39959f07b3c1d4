-- SPDX-License-Identifier: Apache-2.0
-- Apps prove themselves in the way that they are registered for, also by a key of their own (RFC 7523).

ALTER TABLE oauth_client
	ADD COLUMN auth_method smallint NOT NULL DEFAULT 0 CHECK (auth_method BETWEEN 0 AND 4), -- enum client_auth
	ADD COLUMN jwks text COLLATE "C",     -- a JWK Set, as it was checked
	ADD COLUMN jwks_uri text COLLATE "C", -- where one is fetched from
	ADD CONSTRAINT oauth_client_one_set CHECK (jwks IS NULL OR jwks_uri IS NULL);

-- What an app's jwks_uri had, for all instances.
CREATE TABLE oauth_client_keys (
	client_id  uuid PRIMARY KEY REFERENCES oauth_client ON DELETE CASCADE,
	uri        text COLLATE "C" NOT NULL,
	jwks       text COLLATE "C",      -- NULL: nothing could be fetched yet
	fetched_at timestamptz,
	tried_at   timestamptz NOT NULL
);
COMMENT ON TABLE oauth_client_keys IS 'rows: one a client (client_keys_claim)';

-- Assertions that came: each is taken once (RFC 7523 §3, jti). With a log: one that is forgotten could come again.
CREATE TABLE client_assertion (
	client_id  uuid NOT NULL REFERENCES oauth_client ON DELETE CASCADE,
	hash       bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (client_id, hash)
);
CREATE INDEX client_assertion_end ON client_assertion (expires_at);
COMMENT ON TABLE client_assertion IS 'rows: what apps proved themselves with in an hour (client_assertion_prune)';
