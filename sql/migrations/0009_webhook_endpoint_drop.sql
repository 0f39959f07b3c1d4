-- SPDX-License-Identifier: Apache-2.0
-- Who deletes a webhook endpoint and who notes what came of a delivery to it take their locks in one order.

-- The queue's row goes first: who notes what came of a delivery (webhook_done) holds it and then writes the endpoint's.
-- How many went.
CREATE FUNCTION webhook_endpoint_drop(p_account uuid, p_ids uuid[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE gone int;
BEGIN
	PERFORM FROM webhook_queue q WHERE q.account_id = p_account AND q.endpoint_id = ANY (p_ids) ORDER BY q.endpoint_id FOR UPDATE;
	DELETE FROM webhook_endpoint e WHERE e.account_id = p_account AND e.id = ANY (p_ids);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END $$;

CREATE OR REPLACE FUNCTION connection_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	VALUES (NEW.account_id,
	        CASE WHEN NEW.revoked_at IS NULL THEN 'connection_made' ELSE 'connection_ended' END::outbox_kind, NEW.id);
	IF NEW.revoked_at IS NOT NULL THEN       -- gone with the grant
		PERFORM webhook_endpoint_drop(NEW.account_id, ARRAY(SELECT e.id FROM webhook_endpoint e
			WHERE e.account_id = NEW.account_id AND e.connection_id = NEW.id));
	END IF;
	RETURN NULL;
END $$;
