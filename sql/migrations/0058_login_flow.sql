-- SPDX-License-Identifier: Apache-2.0
-- Nextcloud's Login Flow v2: a program asked to be set up, until its user answered in a browser and it came for its key.

CREATE TABLE login_flow (
	hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- of the token with which the program asks
	page_hash  bytea NOT NULL UNIQUE CHECK (octet_length(page_hash) = 32), -- of that in the address of the page
	ip         inet,                          -- where the program is
	agent      text,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	decided    smallint NOT NULL DEFAULT 0 CHECK (decided BETWEEN 0 AND 3), -- enum login_flow_state
	user_account_id uuid,                     -- who answered
	session_id uuid,                          -- in which browser
	key_name   text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE login_flow IS 'rows: 10,000, of twenty minutes (login_flow_store)';
