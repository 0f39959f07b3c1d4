-- SPDX-License-Identifier: Apache-2.0
-- As in 0002, but in the order of whoever changes properties: the calendar's row and then dead properties by name. It
-- took properties first and in no order, so that a PROPPATCH and a DELETE of its calendar could wait for each other until
-- the database ended one of them.
CREATE OR REPLACE FUNCTION calendar_drop(p_account uuid, p_calendar uuid, p_event uuid, p_author uuid, p_request uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM calendar_state t WHERE t.account_id = p_account AND t.calendar_id = p_calendar FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_account AND t.id = p_calendar FOR UPDATE;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND (d.resource_id = p_calendar OR EXISTS (
	        SELECT FROM calendar_object o WHERE o.account_id = p_account AND o.id = d.resource_id
	           AND o.calendar_id = p_calendar)) ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_account AND (d.resource_id = p_calendar OR EXISTS (
	       SELECT FROM calendar_object o WHERE o.account_id = p_account AND o.id = d.resource_id
	          AND o.calendar_id = p_calendar));
	DELETE FROM calendar t WHERE t.account_id = p_account AND t.id = p_calendar;
	INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
	VALUES (p_account, p_event, 6, p_calendar, p_author, p_request);
END $$;
