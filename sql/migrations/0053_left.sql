-- SPDX-License-Identifier: Apache-2.0
-- Who leaves is deactivated by themselves, and takes that back. What an operator deactivates meanwhile stays so, and is still
-- deleted when the time is over.

ALTER TABLE account ADD COLUMN left_at timestamptz; -- as deactivated_at, as long as nobody else deactivated it; of live accounts
UPDATE account SET left_at = deactivated_at WHERE delete_at IS NOT NULL AND livemode;

-- (As in 0049_leaving.sql, with left_at.)
CREATE OR REPLACE FUNCTION account_leave(p_live uuid, p_test uuid, p_now timestamptz, p_delete_at timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT account_set_status(p_live, p_test, 2::smallint, p_now, p_by) THEN RETURN false; END IF;
	UPDATE account a SET delete_at = p_delete_at, left_at = p_now WHERE a.account_id = p_live;
	DELETE FROM session s WHERE s.account_id = p_live;
	DELETE FROM mailbox_link k WHERE k.account_id = p_live;
	PERFORM audit_add(p_live, 'account.deletion_asked', p_live, p_by, NULL);
	RETURN true;
END $$;

-- (As in 0049_leaving.sql.) False: it does not leave, the time is over, or the operator deactivated it.
CREATE OR REPLACE FUNCTION account_take_back(p_live uuid, p_test uuid, p_now timestamptz, p_by text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_live AND a.status = 2 AND a.delete_at > p_now AND a.left_at = a.deactivated_at
	    FOR NO KEY UPDATE;
	RETURN FOUND AND account_set_status(p_live, p_test, 1::smallint, NULL, p_by);
END $$;
