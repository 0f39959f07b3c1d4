-- SPDX-License-Identifier: Apache-2.0
-- A delivery costs less beside the change that it tells of. (Both as before, in 0013_sandbox and 0072_voice_ends, but what is
-- said here.)

-- What is taken needs no disk: should that be lost, it is under way and taken again, as after the death of a server. p_each are
-- given to an endpoint that is known to answer, and to any other four. A delivery comes with its event.
CREATE OR REPLACE FUNCTION webhook_claim(p_now timestamptz, p_most int, p_each int, p_lease timestamptz) RETURNS TABLE (account uuid,
	delivery uuid, endpoint uuid, event uuid, number smallint, url text, secret bytea, old_secret bytea, body bytea,
	created_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	q record; e record; d record; held timestamptz[]; next timestamptz; most int;
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	FOR q IN SELECT t.account_id, t.endpoint_id, t.leases FROM webhook_queue t WHERE t.due_at <= p_now
	          ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT x.url, x.secret, CASE WHEN x.old_until > p_now THEN x.old_secret END AS old_secret,
		       x.disabled_at IS NOT NULL OR a.status <> 1 AS off, x.failing_since IS NULL AND x.last_success_at IS NOT NULL AS good INTO e
		  FROM webhook_endpoint x JOIN account a ON a.account_id = x.account_id
		 WHERE x.account_id = q.account_id AND x.id = q.endpoint_id;
		held := ARRAY(SELECT l FROM unnest(q.leases) AS n(l) WHERE l > p_now);
		most := CASE WHEN e.good THEN p_each ELSE least(p_each, 4) END;
		FOR d IN SELECT t.id, t.event_id, t.url, t.attempts, t.created_at, v.type, v.connection_id, v.user_id, v.needs, v.calendar_id, v.body
		           FROM (SELECT x.id, x.event_id, x.url, x.attempts, x.created_at, x.next_attempt_at FROM webhook_delivery x
		                  WHERE x.account_id = q.account_id AND by_due(x.endpoint_id) = q.endpoint_id AND x.state = 1
		                    AND x.next_attempt_at <= p_now
		                  ORDER BY x.next_attempt_at LIMIT greatest(most - cardinality(held), 0)) t
		           LEFT JOIN LATERAL (SELECT x.type, x.connection_id, x.user_id, x.needs, x.calendar_id, x.body FROM webhook_event x
		                               WHERE x.account_id = q.account_id AND x.id = t.event_id OFFSET 0) v ON true
		          ORDER BY t.next_attempt_at LOOP
			IF d.type IS NULL OR e.off OR d.attempts >= tries
			   OR NOT webhook_may_tell(d.connection_id, d.user_id, d.type, d.needs, d.calendar_id) THEN
				UPDATE webhook_delivery t SET state = CASE WHEN d.attempts >= tries THEN 3 ELSE 4 END,
				       next_attempt_at = NULL, finished_at = p_now
				 WHERE t.account_id = q.account_id AND t.id = d.id;
				CONTINUE;
			END IF;
			UPDATE webhook_delivery t SET attempts = t.attempts + 1, lease = p_lease, next_attempt_at = p_lease
			 WHERE t.account_id = q.account_id AND t.id = d.id RETURNING t.attempts INTO number;
			CONTINUE WHEN NOT FOUND;  -- it went at this moment: with its endpoint, its age, or a reset
			held := held || p_lease;
			account := q.account_id; delivery := d.id; endpoint := q.endpoint_id; event := d.event_id;
			url := coalesce(d.url, e.url); secret := e.secret; old_secret := e.old_secret; body := d.body;
			created_at := d.created_at;
			RETURN NEXT;
		END LOOP;
		SELECT min(l) INTO next FROM unnest(held) AS n(l);
		IF cardinality(held) < most THEN
			SELECT t.next_attempt_at INTO next FROM webhook_delivery t
			 WHERE t.account_id = q.account_id AND by_due(t.endpoint_id) = q.endpoint_id AND t.state = 1
			 ORDER BY t.next_attempt_at LIMIT 1;
		END IF;
		UPDATE webhook_queue t SET leases = held, due_at = coalesce(next, 'infinity')
		 WHERE t.account_id = q.account_id AND t.endpoint_id = q.endpoint_id;
	END LOOP;
END $$;

-- All that ended of an endpoint is noted at once. Where some of it was good, the endpoint is not failing.
CREATE OR REPLACE FUNCTION webhook_done(p_accounts uuid[], p_endpoints uuid[], p_deliveries uuid[], p_numbers smallint[],
	p_lease timestamptz[], p_states smallint[], p_next timestamptz[], p_statuses smallint[], p_faults text[], p_bodies bytea[],
	p_at timestamptz[], p_durations int[], p_gone boolean[], p_sent text[], p_since timestamptz)
RETURNS TABLE (account uuid, endpoint uuid, reason text) LANGUAGE plpgsql AS $$
DECLARE g record; q record; o record; l timestamptz; place int; next timestamptz;
BEGIN
	FOR g IN SELECT DISTINCT n.account_id, n.endpoint_id FROM unnest(p_accounts, p_endpoints) AS n(account_id, endpoint_id) ORDER BY 1, 2 LOOP
		SELECT t.leases INTO q FROM webhook_queue t
		 WHERE t.account_id = g.account_id AND t.endpoint_id = g.endpoint_id FOR UPDATE;
		CONTINUE WHEN NOT FOUND;          -- deleted, with its deliveries
		WITH r AS MATERIALIZED (
			SELECT * FROM unnest(p_accounts, p_endpoints, p_deliveries, p_numbers, p_lease, p_states, p_next, p_statuses,
			                p_faults, p_bodies, p_at, p_durations, p_gone, p_sent)
			         AS n(account_id, endpoint_id, id, number, lease, state, next, status, fault, body, at, duration, gone, sent)
			 WHERE n.account_id = g.account_id AND n.endpoint_id = g.endpoint_id),
		ended AS (
			UPDATE webhook_delivery t
			   SET state = r.state, next_attempt_at = CASE WHEN r.state = 1 THEN r.next END, status = r.status,
			       fault = nullif(r.fault, ''), finished_at = CASE WHEN r.state <> 1 THEN r.at END, lease = NULL
			  FROM r WHERE t.account_id = g.account_id AND t.id = r.id AND t.lease = r.lease
			RETURNING r.state, r.at, r.gone, t.url IS NOT NULL AS elsewhere),
		tried AS (
			INSERT INTO webhook_attempt (account_id, delivery_id, number, at, duration_ms, status, fault, body, sent)
			SELECT r.account_id, r.id, r.number, r.at, r.duration, r.status, nullif(r.fault, ''), r.body, r.sent FROM r
			 WHERE (SELECT true FROM webhook_delivery t WHERE t.account_id = g.account_id AND t.id = r.id)
			    ON CONFLICT DO NOTHING)
		SELECT max(e.at) FILTER (WHERE e.state = 2) AS good_at, min(e.at) FILTER (WHERE e.state <> 2) AS bad_at,
		       coalesce(bool_or(e.gone), false) AS gone, (SELECT array_agg(r.lease) FROM r) AS leases INTO o
		  FROM ended e WHERE NOT e.elsewhere; -- another URL, or too late: it tells nothing of the endpoint
		IF o.good_at IS NOT NULL THEN
			UPDATE webhook_endpoint e SET failing_since = NULL, last_success_at = o.good_at
			 WHERE e.account_id = g.account_id AND e.id = g.endpoint_id
			   AND (e.failing_since IS NOT NULL OR e.last_success_at IS NULL OR e.last_success_at < o.good_at - interval '1 minute');
		ELSIF o.bad_at IS NOT NULL THEN
			UPDATE webhook_endpoint e SET failing_since = o.bad_at
			 WHERE e.account_id = g.account_id AND e.id = g.endpoint_id AND e.failing_since IS NULL;
		END IF;
		IF o.bad_at IS NOT NULL THEN
			UPDATE webhook_endpoint e
			   SET disabled_at = o.bad_at, disabled_reason = CASE WHEN o.gone THEN 'gone' ELSE 'failing' END, updated_at = now()
			 WHERE e.account_id = g.account_id AND e.id = g.endpoint_id AND e.disabled_at IS NULL
			   AND (o.gone OR e.failing_since <= p_since)
			RETURNING e.account_id, e.id, e.disabled_reason INTO account, endpoint, reason;
			IF FOUND THEN RETURN NEXT; END IF;
		END IF;
		FOREACH l IN ARRAY o.leases LOOP
			place := array_position(q.leases, l);
			IF place IS NOT NULL THEN
				q.leases := q.leases[:place - 1] || q.leases[place + 1:];
			END IF;
		END LOOP;
		SELECT t.next_attempt_at INTO next FROM webhook_delivery t
		 WHERE t.account_id = g.account_id AND by_due(t.endpoint_id) = g.endpoint_id AND t.state = 1
		 ORDER BY t.next_attempt_at LIMIT 1;
		UPDATE webhook_queue t SET due_at = coalesce(next, 'infinity'), leases = q.leases
		 WHERE t.account_id = g.account_id AND t.endpoint_id = g.endpoint_id;
	END LOOP;
END $$;
