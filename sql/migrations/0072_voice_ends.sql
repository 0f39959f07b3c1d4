-- SPDX-License-Identifier: Apache-2.0
-- The end of a voice session is told by webhooks, and what was sent to an endpoint stands in its log with the headers.

ALTER TYPE outbox_kind ADD VALUE 'voice_session_ended';

ALTER TABLE voice_session ADD COLUMN end_told boolean NOT NULL DEFAULT false; -- it is over, and the outbox has it
UPDATE voice_session SET end_told = true; -- of before: nobody waits for it any more
CREATE INDEX voice_session_untold ON voice_session (id) WHERE NOT end_told;

-- Sessions made after one of them, at most p_limit: of those that live no more the outbox is told, once each, whatever ended
-- them. How many were looked at, and the last of them.
CREATE FUNCTION voice_sessions_end(p_id uuid, p_limit int, OUT looked int, OUT last uuid)
LANGUAGE plpgsql AS $$
BEGIN
	WITH page AS MATERIALIZED (
		SELECT v.account_id, v.id, voice_session_lives(v) AS lives FROM voice_session v
		 WHERE NOT v.end_told AND v.id > p_id ORDER BY v.id LIMIT p_limit),
	over AS (
		UPDATE voice_session v SET end_told = true FROM page p
		 WHERE NOT p.lives AND v.account_id = p.account_id AND v.id = p.id AND NOT v.end_told
		RETURNING v.account_id, v.id),
	told AS (
		INSERT INTO outbox (account_id, kind, object_id) SELECT o.account_id, 'voice_session_ended', o.id FROM over o)
	SELECT count(*) OVER (), p.id INTO looked, last FROM page p ORDER BY p.id DESC LIMIT 1;
	looked := coalesce(looked, 0);
END $$;

-- By who may end it: false when there is no such session. The second time nothing is told.
CREATE FUNCTION voice_session_end(p_account uuid, p_connection uuid, p_id uuid, p_at timestamptz, p_credential uuid, p_request uuid)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE told boolean;
BEGIN
	SELECT v.end_told INTO told FROM voice_session v
	 WHERE v.account_id = p_account AND v.connection_id IS NOT DISTINCT FROM p_connection AND v.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE voice_session v SET ended_at = coalesce(v.ended_at, p_at), end_told = true WHERE v.account_id = p_account AND v.id = p_id;
	IF NOT told THEN
		INSERT INTO outbox (account_id, kind, object_id, actor_id, request_id)
		VALUES (p_account, 'voice_session_ended', p_id, p_credential, p_request);
	END IF;
	RETURN true;
END $$;

ALTER TABLE webhook_attempt ADD COLUMN sent text COLLATE "C" -- the headers of the request, a line each; NULL: of before
	CHECK (octet_length(sent) <= 4096);

-- (As in 0005_webhooks.sql, with what was sent.)
DROP FUNCTION webhook_done(uuid[], uuid[], uuid[], smallint[], timestamptz[], smallint[], timestamptz[], smallint[], text[], bytea[],
	timestamptz[], int[], boolean[], timestamptz);
CREATE FUNCTION webhook_done(p_accounts uuid[], p_endpoints uuid[], p_deliveries uuid[], p_numbers smallint[],
	p_lease timestamptz[], p_states smallint[], p_next timestamptz[], p_statuses smallint[], p_faults text[], p_bodies bytea[],
	p_at timestamptz[], p_durations int[], p_gone boolean[], p_sent text[], p_since timestamptz)
RETURNS TABLE (account uuid, endpoint uuid, reason text) LANGUAGE plpgsql AS $$
DECLARE r record; q record; place int; next timestamptz; elsewhere boolean;
BEGIN
	FOR r IN SELECT * FROM unnest(p_accounts, p_endpoints, p_deliveries, p_numbers, p_lease, p_states, p_next, p_statuses,
	                p_faults, p_bodies, p_at, p_durations, p_gone, p_sent)
	         AS n(account_id, endpoint_id, id, number, lease, state, next, status, fault, body, at, duration, gone, sent)
	         ORDER BY account_id, endpoint_id LOOP
		SELECT t.leases INTO q FROM webhook_queue t
		 WHERE t.account_id = r.account_id AND t.endpoint_id = r.endpoint_id FOR UPDATE;
		CONTINUE WHEN NOT FOUND;          -- deleted, with its deliveries
		UPDATE webhook_delivery t
		   SET state = r.state, next_attempt_at = CASE WHEN r.state = 1 THEN r.next END, status = r.status,
		       fault = nullif(r.fault, ''), finished_at = CASE WHEN r.state <> 1 THEN r.at END, lease = NULL
		 WHERE t.account_id = r.account_id AND t.id = r.id AND t.lease = r.lease RETURNING t.url IS NOT NULL INTO elsewhere;
		INSERT INTO webhook_attempt (account_id, delivery_id, number, at, duration_ms, status, fault, body, sent)
		SELECT r.account_id, r.id, r.number, r.at, r.duration, r.status, nullif(r.fault, ''), r.body, r.sent
		 WHERE EXISTS (SELECT FROM webhook_delivery t WHERE t.account_id = r.account_id AND t.id = r.id)
		    ON CONFLICT DO NOTHING;
		IF elsewhere IS NOT FALSE THEN NULL;      -- another URL, or too late: it tells nothing of the endpoint
		ELSIF r.state = 2 THEN
			UPDATE webhook_endpoint e SET failing_since = NULL, last_success_at = r.at
			 WHERE e.account_id = r.account_id AND e.id = r.endpoint_id
			   AND (e.failing_since IS NOT NULL OR e.last_success_at IS NULL OR e.last_success_at < r.at - interval '1 minute');
		ELSE
			UPDATE webhook_endpoint e SET failing_since = r.at
			 WHERE e.account_id = r.account_id AND e.id = r.endpoint_id AND e.failing_since IS NULL;
			UPDATE webhook_endpoint e
			   SET disabled_at = r.at, disabled_reason = CASE WHEN r.gone THEN 'gone' ELSE 'failing' END, updated_at = now()
			 WHERE e.account_id = r.account_id AND e.id = r.endpoint_id AND e.disabled_at IS NULL
			   AND (r.gone OR e.failing_since <= p_since)
			RETURNING e.account_id, e.id, e.disabled_reason INTO account, endpoint, reason;
			IF FOUND THEN RETURN NEXT; END IF;
		END IF;
		place := array_position(q.leases, r.lease);
		SELECT t.next_attempt_at INTO next FROM webhook_delivery t
		 WHERE t.account_id = r.account_id AND by_due(t.endpoint_id) = r.endpoint_id AND t.state = 1
		 ORDER BY t.next_attempt_at LIMIT 1;
		UPDATE webhook_queue t SET due_at = coalesce(next, 'infinity'),
		       leases = CASE WHEN place IS NULL THEN q.leases ELSE q.leases[:place - 1] || q.leases[place + 1:] END
		 WHERE t.account_id = r.account_id AND t.endpoint_id = r.endpoint_id;
	END LOOP;
END $$;
