-- SPDX-License-Identifier: Apache-2.0
-- What a key is limited to besides its rights: from where it may come, which pages may use it, how often.

ALTER TABLE api_key
	ADD COLUMN allowed_ips     text[], -- addresses and networks; NULL: all
	ADD COLUMN allowed_origins text[], -- of pages; NULL: all
	ADD COLUMN rate_limit      int CHECK (rate_limit > 0); -- requests a second; NULL: as the server has it
