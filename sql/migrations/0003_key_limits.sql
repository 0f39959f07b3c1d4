-- SPDX-License-Identifier: Apache-2.0
-- What a key is limited to besides its rights: from where it may come, which pages may use it, how often; and with what
-- program a credential was used last.

ALTER TABLE api_key
	ADD COLUMN allowed_ips     text[], -- addresses and networks; NULL: all
	ADD COLUMN allowed_origins text[], -- of pages; NULL: all
	ADD COLUMN rate_limit      int CHECK (rate_limit > 0); -- requests a second; NULL: as the server has it

ALTER TABLE credential_use ADD COLUMN agent text; -- of the last use, as far as 95 octets go
