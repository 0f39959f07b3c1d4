-- SPDX-License-Identifier: Apache-2.0
-- The picture of an account and the logo of an app: a small WebP that the server made (server/picture/), and the tag of its
-- content, by which it is asked for. They go with their row.
ALTER TABLE account ADD COLUMN picture bytea CHECK (octet_length(picture) <= 98304), ADD COLUMN picture_tag text,
	ADD CHECK ((picture IS NULL) = (picture_tag IS NULL));
ALTER TABLE oauth_client ADD COLUMN logo bytea CHECK (octet_length(logo) <= 98304), ADD COLUMN logo_tag text,
	ADD CHECK ((logo IS NULL) = (logo_tag IS NULL));
