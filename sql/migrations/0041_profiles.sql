-- SPDX-License-Identifier: Apache-2.0
-- Apps that sign their authorization requests (RFC 9101), and apps of the FAPI 2.0 security profile.

ALTER TABLE oauth_client
	ADD COLUMN signed_only boolean NOT NULL DEFAULT false, -- it signs its requests, and asks in no other way
	ADD COLUMN profile smallint NOT NULL DEFAULT 0 CHECK (profile BETWEEN 0 AND 1); -- enum client_profile
