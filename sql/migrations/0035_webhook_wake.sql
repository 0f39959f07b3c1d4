-- SPDX-License-Identifier: Apache-2.0
-- (As in 0005_webhooks.sql, without "where it is not due".) A queue that is due may be in the hands of a claim that does not see
-- what is new and puts its next time at infinity: whoever looked only would leave its delivery for ever. So each waits for the
-- row, and says that it is due.
CREATE OR REPLACE FUNCTION webhook_wake(p_accounts uuid[], p_endpoints uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE q record;
BEGIN
	FOR q IN SELECT DISTINCT a, e FROM unnest(p_accounts, p_endpoints) AS n(a, e) ORDER BY 1, 2 LOOP
		UPDATE webhook_queue t SET due_at = least(t.due_at, now()) WHERE t.account_id = q.a AND t.endpoint_id = q.e;
	END LOOP;
END $$;

-- What was left so.
UPDATE webhook_queue q SET due_at = now()
 WHERE q.due_at = 'infinity'
   AND EXISTS (SELECT FROM webhook_delivery d WHERE d.account_id = q.account_id AND by_due(d.endpoint_id) = q.endpoint_id AND d.state = 1);
