-- SPDX-License-Identifier: Apache-2.0
-- Pushed authorization requests (RFC 9126).

ALTER TABLE auth_request ADD COLUMN asked_at timestamptz NOT NULL DEFAULT now(); -- a sign-in after that is fresh enough
ALTER TABLE auth_request ADD COLUMN pushed_until timestamptz; -- until then it can be opened by its reference; NULL: it came by the browser
ALTER TABLE oauth_client ADD COLUMN par_only boolean NOT NULL DEFAULT false; -- it asks in no other way
COMMENT ON TABLE auth_request IS 'rows: what a network may ask in ten minutes, and an hour more (auth_request_prune)';
