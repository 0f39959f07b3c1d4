-- SPDX-License-Identifier: Apache-2.0
-- What an instance counted of an account that is gone, or whose rows are going (docs/adr/0040-leaving.md), is forgotten: nothing
-- would delete it afterwards.

-- (As in 0018_usage.sql.)
-- Adds what one instance counted. One instance at a time, so that no two wait for each other's rows.
CREATE OR REPLACE FUNCTION usage_add(p_accounts uuid[], p_days int[], p_credentials uuid[], p_connections uuid[], p_routes text[],
	p_requests bigint[], p_client_errors bigint[], p_server_errors bigint[], p_latency bigint[], p_most int)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
	r record; n record; at date; took bigint[];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('usage_add'));
	FOR r IN SELECT * FROM unnest(p_accounts, p_days, p_credentials, p_connections, p_routes, p_requests, p_client_errors,
	                p_server_errors) WITH ORDINALITY AS u(account_id, day, credential_id, connection_id, route, requests,
	                client_errors, server_errors, i) LOOP
		CONTINUE WHEN NOT EXISTS (SELECT FROM account a WHERE a.account_id = r.account_id AND a.status <> 3);
		at := '1970-01-01'::date + r.day;
		took := p_latency[(r.i - 1) * 16 + 1 : r.i * 16];
		FOR n IN SELECT r.credential_id AS credential, r.connection_id AS connection, r.route AS route, false AS other
		          UNION ALL SELECT none, none, 'other', true LOOP
			UPDATE usage_day t
			   SET requests = t.requests + r.requests, client_errors = t.client_errors + r.client_errors,
			       server_errors = t.server_errors + r.server_errors,
			       latency = ARRAY(SELECT a + b FROM unnest(t.latency, took) WITH ORDINALITY AS l(a, b, i) ORDER BY l.i)
			 WHERE t.account_id = r.account_id AND t.day = at AND t.credential_id = n.credential
			   AND t.connection_id = n.connection AND t.route = n.route;
			EXIT WHEN FOUND;
			CONTINUE WHEN NOT n.other AND p_most <= (SELECT count(*) FROM (SELECT FROM usage_day x
			         WHERE x.account_id = r.account_id AND x.day = at LIMIT p_most) AS c);
			INSERT INTO usage_day VALUES (r.account_id, at, n.credential, n.connection, n.route, r.requests,
			       r.client_errors, r.server_errors, took);
			EXIT;
		END LOOP;
	END LOOP;
END $$;
