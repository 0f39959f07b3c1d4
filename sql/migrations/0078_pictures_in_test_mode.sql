-- SPDX-License-Identifier: Apache-2.0
-- The tag of a picture stands in both rows of an account, so that whatever reads a test account knows it as it knows the name;
-- the picture itself is in the live row alone.

ALTER TABLE account DROP CONSTRAINT account_check, ADD CONSTRAINT account_picture_tag_check CHECK (picture IS NULL OR picture_tag IS NOT NULL);

UPDATE account t SET picture_tag = l.picture_tag FROM account l
 WHERE l.picture IS NOT NULL AND t.account_id = encode(set_byte(uuid_send(l.account_id), 15, get_byte(uuid_send(l.account_id), 15) | 1), 'hex')::uuid;
