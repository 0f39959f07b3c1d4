-- SPDX-License-Identifier: Apache-2.0
-- Apps are registered by their owners, too, and may have several secrets at a time, so that one can be replaced without a
-- moment in which none works.

ALTER TABLE oauth_client_secret ADD COLUMN expires_at timestamptz; -- NULL: never

COMMENT ON TABLE oauth_client IS 'rows: 100 an account, with those that were deleted in 90 days (client_insert)';
COMMENT ON TABLE oauth_client_secret IS 'rows: 20 a client, with those that ended in 90 days (client_secret_add)';
COMMENT ON TABLE oauth_client_redirect IS 'rows: 20 a client (client_insert)';
