-- SPDX-License-Identifier: Apache-2.0
-- Rich authorization requests (RFC 9396): of a grant that was asked for with authorization_details, each token answer says
-- which it has (§7).
ALTER TABLE token_family ADD COLUMN with_details boolean NOT NULL DEFAULT false;
