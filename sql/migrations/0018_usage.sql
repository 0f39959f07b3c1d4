-- SPDX-License-Identifier: Apache-2.0
-- What was asked of the API, rolled up by day (docs/usage.md). Jobs write it, from counters in memory.

-- The account is whose API it is: of an app's tokens and of a platform's calls for its connections the platform. Ids of
-- zeros: none. The route is the row of the table that was called ('GET /v1/events/:event'), 'webhook' for tries of
-- deliveries, whose credential is the endpoint, or 'other' for what was too much to be kept apart.
CREATE TABLE usage_day (
	account_id    uuid NOT NULL,
	day           date NOT NULL,            -- of UTC
	credential_id uuid NOT NULL,
	connection_id uuid NOT NULL,
	route         text COLLATE "C" NOT NULL,
	requests      bigint NOT NULL,
	client_errors bigint NOT NULL,          -- 4xx
	server_errors bigint NOT NULL,          -- 5xx, and answers that broke off
	latency       bigint[] NOT NULL CHECK (cardinality(latency) = 16), -- how many took less than 250 µs, 500 µs, 1 ms …; the last: longer
	PRIMARY KEY (account_id, day, credential_id, connection_id, route)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX usage_day_age ON usage_day (day);
COMMENT ON TABLE usage_day IS 'rows: 1,000 an account and day and one for all others (usage_add), of 90 days (usage_trim)';

-- Adds what one instance counted. One instance at a time, so that no two wait for each other's rows.
CREATE FUNCTION usage_add(p_accounts uuid[], p_days int[], p_credentials uuid[], p_connections uuid[], p_routes text[],
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

-- Sums of an account over days, apart by what p_by names (1 day, 2 credential, 4 connection, 8 route; what is not by them
-- is the same of all), of tries of webhooks or of all else. (Inlined.)
CREATE FUNCTION usage_groups(p_account uuid, p_first int, p_last int, p_by int, p_webhooks boolean, p_credential uuid,
	p_connection uuid, p_route text)
RETURNS TABLE (day int, credential uuid, connection uuid, route text, requests bigint, client_errors bigint,
	server_errors bigint, latency bigint[]) LANGUAGE sql STABLE AS $$
SELECT CASE WHEN p_by & 1 <> 0 THEN u.day - '1970-01-01'::date ELSE 0 END,
       CASE WHEN p_by & 2 <> 0 THEN u.credential_id ELSE '00000000-0000-0000-0000-000000000000' END,
       CASE WHEN p_by & 4 <> 0 THEN u.connection_id ELSE '00000000-0000-0000-0000-000000000000' END,
       CASE WHEN p_by & 8 <> 0 THEN u.route ELSE '' END COLLATE "C",
       sum(u.requests)::bigint, sum(u.client_errors)::bigint, sum(u.server_errors)::bigint,
       ARRAY[sum(u.latency[1]), sum(u.latency[2]), sum(u.latency[3]), sum(u.latency[4]), sum(u.latency[5]),
             sum(u.latency[6]), sum(u.latency[7]), sum(u.latency[8]), sum(u.latency[9]), sum(u.latency[10]),
             sum(u.latency[11]), sum(u.latency[12]), sum(u.latency[13]), sum(u.latency[14]), sum(u.latency[15]),
             sum(u.latency[16])]::bigint[]
  FROM usage_day u
 WHERE u.account_id = p_account AND u.day BETWEEN '1970-01-01'::date + p_first AND '1970-01-01'::date + p_last
   AND (u.route = 'webhook') = p_webhooks AND (p_credential IS NULL OR u.credential_id = p_credential)
   AND (p_connection IS NULL OR u.connection_id = p_connection) AND (p_route IS NULL OR u.route = p_route)
 GROUP BY 1, 2, 3, 4
$$;
