-- SPDX-License-Identifier: Apache-2.0
-- When an access token was given, for introspection (`iat`, RFC 7662 §2.2); NULL: before this migration. By the world's clock, as when
-- its user signed in is: one that a sandbox's clock set ahead would lie in the future of whoever verifies it.
ALTER TABLE access_token ADD COLUMN issued_at timestamptz;
ALTER TABLE access_token ALTER COLUMN issued_at SET DEFAULT now();
