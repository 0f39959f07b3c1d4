-- SPDX-License-Identifier: Apache-2.0
-- Who sets a password or leaves locks the account or its login, and then its links; who came by a link locked these the other
-- way round, and each waited for the other until one of them failed.

-- (As in 0048_mailbox.sql; all that come by a link lock in the order of all others: account, login, links.)
CREATE OR REPLACE FUNCTION mailbox_link_take(p_account uuid, p_purpose smallint, p_hash bytea, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE found_email text;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	PERFORM FROM login l WHERE l.account_id = p_account FOR UPDATE;
	DELETE FROM mailbox_link k WHERE k.account_id = p_account AND k.purpose = p_purpose AND k.hash = p_hash AND k.expires_at > p_now
	RETURNING k.email INTO found_email;
	RETURN found_email;
END $$;
