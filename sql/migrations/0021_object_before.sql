-- SPDX-License-Identifier: Apache-2.0
-- What an object was before a change is kept where somebody is told of that change: an endpoint of a hosted calendar is told
-- of no other calendar's.

-- Is anybody told of what changes in this calendar?
CREATE FUNCTION webhook_watched(p_account uuid, p_calendar uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = p_account
	                  AND (e.calendar_id IS NULL OR e.calendar_id = p_calendar))
	    OR EXISTS (SELECT FROM connected_account c JOIN oauth_client o ON o.id = c.client_id
	                 JOIN webhook_endpoint e ON e.account_id = o.owner_id AND e.connect
	                WHERE c.account_id = p_account AND c.revoked_at IS NULL);
END $$;

CREATE OR REPLACE FUNCTION object_before_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF octet_length(OLD.data) <= 65536 AND webhook_watched(OLD.account_id, NEW.calendar_id) THEN
		INSERT INTO object_before (account_id, object_id, modseq, data)
		VALUES (OLD.account_id, OLD.id, NEW.modseq, OLD.data) ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END $$;
DROP FUNCTION webhook_watched(uuid);
