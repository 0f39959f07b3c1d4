-- SPDX-License-Identifier: Apache-2.0
-- A link that a telephone's camera reads off the screen of who is signed in, by which it sets itself up, once
-- (server/account/device_link.h): beside the links in letters, which end as it does.

ALTER TABLE mailbox_link DROP CONSTRAINT mailbox_link_purpose_check,
	ADD CONSTRAINT mailbox_link_purpose_check CHECK (purpose IN (1, 2, 3, 5)),
	ADD COLUMN name text COLLATE "C",       -- of the device: of purpose 5 alone
	ADD CONSTRAINT mailbox_link_name_check CHECK ((name IS NOT NULL) = (purpose = 5));
