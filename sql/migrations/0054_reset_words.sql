-- SPDX-License-Identifier: Apache-2.0
-- Anybody asks for a new password of anybody: what their browser calls itself is a text of a stranger, and stands in no letter.

DROP FUNCTION reset_ask(uuid, text, text, text);
ALTER TABLE reset_request DROP COLUMN agent;

-- (As in 0048_mailbox.sql, without the browser.)
CREATE FUNCTION reset_ask(p_id uuid, p_email text, p_network text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 1000;
BEGIN
	INSERT INTO reset_request (id, email, network) SELECT p_id, p_email, p_network
	 WHERE (SELECT count(*) FROM reset_request) < most;
END $$;
