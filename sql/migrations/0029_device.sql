-- SPDX-License-Identifier: Apache-2.0
-- The device grant (RFC 8628): what a device asked, until its user answered in a browser and it came for its tokens.

CREATE TABLE device_request (
	hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- of the device code
	code_hash  bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32), -- HMAC of the user code, which is short
	client_id  uuid NOT NULL,
	scopes     bigint NOT NULL,
	audience   smallint NOT NULL,
	ip         inet,                          -- where the device is
	agent      text,
	expires_at timestamptz NOT NULL,
	polled_at  timestamptz,
	interval_s int NOT NULL DEFAULT 5,
	decided    smallint NOT NULL DEFAULT 0,   -- 0 not yet, 1 allowed, 2 denied, 3 allowed and redeemed
	user_account_id uuid,                     -- whose, once it is allowed
	family_id  uuid
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX device_request_purge ON device_request USING brin (expires_at);
COMMENT ON TABLE device_request IS 'rows: what a network may ask in ten minutes, and an hour more (device_request_prune)';
