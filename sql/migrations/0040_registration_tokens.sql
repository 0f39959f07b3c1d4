-- SPDX-License-Identifier: Apache-2.0
-- Apps with a row that register themselves, by a token that their owner's operator gave them (RFC 7591 §3), and then manage
-- their registration by one of their own (RFC 7592).

CREATE TABLE registration_token (
	hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
	owner_id   uuid NOT NULL,   -- whose apps come of it, in its mode
	uses_left  int NOT NULL CHECK (uses_left >= 0),
	expires_at timestamptz NOT NULL
);
COMMENT ON TABLE registration_token IS 'rows: made by the operator alone, a week each (registration_token_add)';

ALTER TABLE oauth_client ADD COLUMN manage_hash bytea CHECK (octet_length(manage_hash) = 32); -- NULL: by nobody
