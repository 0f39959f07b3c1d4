-- SPDX-License-Identifier: Apache-2.0
-- Webhooks: endpoints, the events that the outbox becomes, their deliveries and what came of each try. See docs/adr/0023.

CREATE FUNCTION by_due(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_endpoint(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;

-- What else the outbox tells of: an app may act for a user from now on, or may not any more.
ALTER TYPE outbox_kind ADD VALUE 'connection_made';
ALTER TYPE outbox_kind ADD VALUE 'connection_ended';

-- For its reader, which goes by transaction.
CREATE INDEX outbox_order ON outbox (xid, id);

CREATE TABLE webhook_endpoint (
	account_id      uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id              uuid NOT NULL,
	since           uuid NOT NULL DEFAULT uuid_v7(), -- it is told of changes that the outbox has after this
	connection_id   uuid,                   -- of an app's token: it is told of this connection's changes alone
	connect         boolean NOT NULL,       -- of a platform: the changes of all its connections, and not its own
	scopes          bigint NOT NULL,        -- what its maker might read, and in which calendars (NULL: all)
	calendars       uuid[],
	url             text NOT NULL,
	events          text[] NOT NULL,        -- event.created, event.*, *
	description     text,
	disabled_at     timestamptz,
	disabled_reason text,                   -- NULL: its owner did it
	secret          bytea NOT NULL,         -- sealed
	old_secret      bytea,                  -- the one before, which signs too until old_until
	old_until       timestamptz,
	failing_since   timestamptz,            -- nothing but failure from then on
	last_success_at timestamptz,
	created_at      timestamptz NOT NULL DEFAULT now(),
	updated_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 70);

CREATE TABLE webhook_queue (                    -- narrow: it changes with each delivery
	account_id  uuid NOT NULL,
	endpoint_id uuid NOT NULL,
	due_at      timestamptz NOT NULL DEFAULT 'infinity', -- not later than its first delivery is due
	leases      timestamptz[] NOT NULL DEFAULT '{}',     -- until when each of those under way belongs to who took it
	PRIMARY KEY (account_id, endpoint_id),
	FOREIGN KEY (account_id, endpoint_id) REFERENCES webhook_endpoint ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX webhook_queue_due ON webhook_queue (due_at);

CREATE TABLE webhook_event (
	account_id    uuid NOT NULL REFERENCES account ON DELETE CASCADE, -- who is told
	id            uuid NOT NULL DEFAULT uuid_v7(),
	type          text COLLATE "C" NOT NULL,
	sequence      bigint NOT NULL,
	connection_id uuid,                     -- whose change it is, where that is another's
	user_id       uuid,                     -- the account of that connection
	needs         bigint NOT NULL,          -- scopes without which that is not told
	calendar_id   uuid,                     -- in which it was
	request_id    uuid,
	created_at    timestamptz NOT NULL,
	body          bytea COMPRESSION lz4 NOT NULL,
	PRIMARY KEY (account_id, id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);

CREATE TABLE webhook_delivery (
	account_id      uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id              uuid NOT NULL DEFAULT uuid_v7(),
	endpoint_id     uuid NOT NULL,
	event_id        uuid NOT NULL,
	url             text,                   -- of a replay to another than the endpoint's
	state           smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4), -- pending, delivered, failed, dropped
	attempts        smallint NOT NULL DEFAULT 0,
	next_attempt_at timestamptz DEFAULT now(), -- NULL: none follows. Of one under way the end of its lease
	lease           timestamptz,
	status          smallint,               -- of the last answer
	fault           text COLLATE "C",       -- of the last try without one
	created_at      timestamptz NOT NULL DEFAULT now(),
	finished_at     timestamptz,
	PRIMARY KEY (account_id, id),
	CHECK ((state = 1) = (next_attempt_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX webhook_delivery_due ON webhook_delivery (account_id, by_due(endpoint_id), next_attempt_at) WHERE state = 1;
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (account_id, by_endpoint(endpoint_id), id);

CREATE TABLE webhook_attempt (
	account_id  uuid NOT NULL,
	delivery_id uuid NOT NULL,
	number      smallint NOT NULL,
	at          timestamptz NOT NULL,
	duration_ms int NOT NULL,
	status      smallint,
	fault       text COLLATE "C",
	body        bytea COMPRESSION lz4 NOT NULL CHECK (octet_length(body) <= 2048), -- how the answer began
	PRIMARY KEY (account_id, delivery_id, number),
	FOREIGN KEY (account_id, delivery_id) REFERENCES webhook_delivery ON DELETE CASCADE
);

CREATE TABLE webhook_counter (                  -- the number of an account's last event
	account_id uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
	sequence   bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE webhook_cursor (                   -- as far as the outbox is read
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	xid xid8 NOT NULL,
	id  uuid NOT NULL
) WITH (fillfactor = 50);
INSERT INTO webhook_cursor (xid, id) VALUES (pg_current_xact_id(), '00000000-0000-0000-0000-000000000000');

CREATE TABLE object_before (                    -- of watched accounts: an object before a change that is not told of yet
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	object_id  uuid NOT NULL,
	modseq     bigint NOT NULL,             -- of the change
	changed_at timestamptz NOT NULL DEFAULT now(),
	data       bytea COMPRESSION lz4 NOT NULL,
	PRIMARY KEY (account_id, object_id, modseq)
);

COMMENT ON TABLE webhook_endpoint IS 'rows: 16 an account and each of its connections (webhook_endpoint_create)';
COMMENT ON TABLE webhook_queue IS 'rows: one for each endpoint (webhook_endpoint_create)';
COMMENT ON TABLE webhook_event IS 'rows: 20,000 an account, of 30 days (webhook_trim)';
COMMENT ON TABLE webhook_delivery IS 'rows: 50,000 an account, of 30 days (webhook_trim)';
COMMENT ON TABLE webhook_attempt IS 'rows: 25 a delivery (webhook_claim)';
COMMENT ON TABLE webhook_counter IS 'rows: one an account (webhook_number)';
COMMENT ON TABLE webhook_cursor IS 'rows: one (webhook_changes)';
COMMENT ON TABLE object_before IS 'rows: one for each change that the outbox''s reader has not reached, of an hour (webhook_trim)';

---- what is told of ---------------------------------------------------------------------------------------------------

-- Is anybody told of what changes in this account?
CREATE FUNCTION webhook_watched(p_account uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = p_account)
	    OR EXISTS (SELECT FROM connected_account c JOIN oauth_client o ON o.id = c.client_id
	                 JOIN webhook_endpoint e ON e.account_id = o.owner_id AND e.connect
	                WHERE c.account_id = p_account AND c.revoked_at IS NULL);
END $$;

-- What an object was tells a time that moved from a title that was mended.
CREATE FUNCTION object_before_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF octet_length(OLD.data) <= 65536 AND webhook_watched(OLD.account_id) THEN
		INSERT INTO object_before (account_id, object_id, modseq, data)
		VALUES (OLD.account_id, OLD.id, NEW.modseq, OLD.data) ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER object_before_keep AFTER UPDATE OF etag ON calendar_object FOR EACH ROW
	WHEN (NOT OLD.deleted AND OLD.etag <> NEW.etag AND OLD.id = NEW.id)
	EXECUTE FUNCTION object_before_keep();

-- However a connection begins or ends: by its user, its platform, an operator.
CREATE FUNCTION connection_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, object_id)
	VALUES (NEW.account_id,
	        CASE WHEN NEW.revoked_at IS NULL THEN 'connection_made' ELSE 'connection_ended' END::outbox_kind, NEW.id);
	IF NEW.revoked_at IS NOT NULL THEN       -- gone with the grant
		DELETE FROM webhook_endpoint e WHERE e.account_id = NEW.account_id AND e.connection_id = NEW.id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER connection_made AFTER INSERT ON connected_account FOR EACH ROW EXECUTE FUNCTION connection_told();
CREATE TRIGGER connection_changed AFTER UPDATE OF revoked_at ON connected_account FOR EACH ROW
	WHEN ((OLD.revoked_at IS NULL) <> (NEW.revoked_at IS NULL)) EXECUTE FUNCTION connection_told();

-- Does one of these names, or name.*, or *, have this type?
CREATE FUNCTION webhook_takes(p_events text[], p_type text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_type = ANY (p_events) OR '*' = ANY (p_events) OR split_part(p_type, '.', 1) || '.*' = ANY (p_events);

-- An event and a delivery of it to each endpoint that wants it. Without any there is no event. endpoints: whose queues
-- are to be woken (webhook_wake), at the end of the transaction.
CREATE FUNCTION webhook_event_add(p_owner uuid, p_id uuid, p_type text, p_sequence bigint, p_connection uuid, p_user uuid,
	p_needs bigint, p_calendar uuid, p_request uuid, p_at timestamptz, p_body bytea, p_change uuid, p_via int, OUT endpoints uuid[])
LANGUAGE plpgsql AS $$
BEGIN
	WITH told AS (
		INSERT INTO webhook_delivery (account_id, endpoint_id, event_id)
		SELECT e.account_id, e.id, p_id FROM webhook_endpoint e
		 WHERE e.account_id = p_owner AND e.disabled_at IS NULL AND e.since < p_change AND webhook_takes(e.events, p_type)
		   AND CASE p_via WHEN 0 THEN NOT e.connect AND e.connection_id IS NULL
		                  WHEN 1 THEN e.connection_id = p_connection ELSE e.connect END
		   AND e.scopes & p_needs = p_needs
		   AND (p_calendar IS NULL OR e.calendars IS NULL OR p_calendar = ANY (e.calendars))
		RETURNING endpoint_id)
	SELECT array_agg(endpoint_id) INTO endpoints FROM told;
	IF endpoints IS NULL THEN RETURN; END IF;
	INSERT INTO webhook_event (account_id, id, type, sequence, connection_id, user_id, needs, calendar_id, request_id,
	       created_at, body)
	VALUES (p_owner, p_id, p_type, p_sequence, p_connection, p_user, p_needs, p_calendar, p_request, p_at, p_body);
END $$;

-- In one order, as all do who lock several queues.
CREATE FUNCTION webhook_wake(p_accounts uuid[], p_endpoints uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE q record;
BEGIN
	FOR q IN SELECT DISTINCT a, e FROM unnest(p_accounts, p_endpoints) AS n(a, e) ORDER BY 1, 2 LOOP
		UPDATE webhook_queue t SET due_at = now() WHERE t.account_id = q.a AND t.endpoint_id = q.e AND t.due_at > now();
	END LOOP;
END $$;

CREATE FUNCTION webhook_number(p_account uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE number bigint;
BEGIN
	INSERT INTO webhook_counter AS n (account_id, sequence) VALUES (p_account, 1)
	    ON CONFLICT (account_id) DO UPDATE SET sequence = n.sequence + 1 RETURNING n.sequence INTO number;
	RETURN number;
END $$;

-- One event to one endpoint, whatever it wants: ping, tests. Returns the delivery.
CREATE FUNCTION webhook_send(p_owner uuid, p_endpoint uuid, p_event uuid, p_type text, p_sequence bigint, p_connection uuid,
	p_user uuid, p_request uuid, p_at timestamptz, p_body bytea) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE made uuid;
BEGIN
	INSERT INTO webhook_event (account_id, id, type, sequence, connection_id, user_id, needs, request_id, created_at, body)
	VALUES (p_owner, p_event, p_type, p_sequence, p_connection, p_user, 0, p_request, p_at, p_body);
	INSERT INTO webhook_delivery (account_id, endpoint_id, event_id) VALUES (p_owner, p_endpoint, p_event)
	RETURNING id INTO made;
	PERFORM webhook_wake(ARRAY[p_owner], ARRAY[p_endpoint]);
	RETURN made;
END $$;

-- The account's row is locked: two who make endpoints at once count each other. NULL when there are enough.
CREATE FUNCTION webhook_endpoint_create(p_account uuid, p_id uuid, p_connection uuid, p_connect boolean,
	p_scopes bigint, p_calendars uuid[], p_url text, p_events text[], p_description text, p_disabled boolean, p_secret bytea) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 16;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
	IF most <= (SELECT count(*) FROM webhook_endpoint e
	             WHERE e.account_id = p_account AND e.connection_id IS NOT DISTINCT FROM p_connection) THEN
		RETURN NULL;
	END IF;
	INSERT INTO webhook_endpoint (account_id, id, connection_id, connect, scopes, calendars, url, events, description,
	       disabled_at, secret)
	VALUES (p_account, p_id, p_connection, p_connect, p_scopes, p_calendars, p_url, p_events, p_description,
	        CASE WHEN p_disabled THEN now() END, p_secret);
	INSERT INTO webhook_queue (account_id, endpoint_id) VALUES (p_account, p_id);
	RETURN p_id;
END $$;

-- What an endpoint tells at most: what its maker might read, and of a connection what that still has.
CREATE FUNCTION webhook_scopes(p_account uuid, p_connection uuid, p_scopes bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN p_scopes & coalesce((SELECT c.scopes FROM connected_account c
	                             WHERE c.account_id = p_account AND c.id = p_connection), -1);
END $$;

---- deliveries --------------------------------------------------------------------------------------------------------

-- Takes deliveries that are due, of at most p_most endpoints and so that each has at most p_each under way, until p_lease.
-- Who takes one and dies loses it to the next who looks after that.
CREATE FUNCTION webhook_claim(p_now timestamptz, p_most int, p_each int, p_lease timestamptz) RETURNS TABLE (account uuid,
	delivery uuid, endpoint uuid, event uuid, number smallint, url text, secret bytea, old_secret bytea, body bytea,
	created_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	tries CONSTANT int := 25;
	q record; e record; d record; v record; held timestamptz[]; next timestamptz;
BEGIN
	FOR q IN SELECT t.account_id, t.endpoint_id, t.leases FROM webhook_queue t WHERE t.due_at <= p_now
	          ORDER BY t.due_at LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
		SELECT x.url, x.secret, CASE WHEN x.old_until > p_now THEN x.old_secret END AS old_secret,
		       x.disabled_at IS NOT NULL OR a.status <> 1 AS off INTO e
		  FROM webhook_endpoint x JOIN account a ON a.account_id = x.account_id
		 WHERE x.account_id = q.account_id AND x.id = q.endpoint_id;
		held := ARRAY(SELECT l FROM unnest(q.leases) AS n(l) WHERE l > p_now);
		FOR d IN SELECT t.id, t.event_id, t.url, t.attempts, t.created_at FROM webhook_delivery t
		          WHERE t.account_id = q.account_id AND by_due(t.endpoint_id) = q.endpoint_id AND t.state = 1
		            AND t.next_attempt_at <= p_now
		          ORDER BY t.next_attempt_at LIMIT greatest(p_each - cardinality(held), 0) LOOP
			SELECT x.type, x.connection_id, x.user_id, x.needs, x.calendar_id, x.body INTO v FROM webhook_event x
			 WHERE x.account_id = q.account_id AND x.id = d.event_id;
			IF NOT FOUND OR e.off OR d.attempts >= tries
			   OR NOT webhook_may_tell(v.connection_id, v.user_id, v.type, v.needs, v.calendar_id) THEN
				UPDATE webhook_delivery t SET state = CASE WHEN d.attempts >= tries THEN 3 ELSE 4 END,
				       next_attempt_at = NULL, finished_at = p_now
				 WHERE t.account_id = q.account_id AND t.id = d.id;
				CONTINUE;
			END IF;
			UPDATE webhook_delivery t SET attempts = t.attempts + 1, lease = p_lease, next_attempt_at = p_lease
			 WHERE t.account_id = q.account_id AND t.id = d.id RETURNING t.attempts INTO number;
			held := held || p_lease;
			account := q.account_id; delivery := d.id; endpoint := q.endpoint_id; event := d.event_id;
			url := coalesce(d.url, e.url); secret := e.secret; old_secret := e.old_secret; body := v.body;
			created_at := d.created_at;
			RETURN NEXT;
		END LOOP;
		SELECT min(l) INTO next FROM unnest(held) AS n(l);
		IF cardinality(held) < p_each THEN
			SELECT t.next_attempt_at INTO next FROM webhook_delivery t
			 WHERE t.account_id = q.account_id AND by_due(t.endpoint_id) = q.endpoint_id AND t.state = 1
			 ORDER BY t.next_attempt_at LIMIT 1;
		END IF;
		UPDATE webhook_queue t SET leases = held, due_at = coalesce(next, 'infinity')
		 WHERE t.account_id = q.account_id AND t.endpoint_id = q.endpoint_id;
	END LOOP;
END $$;

-- What came of some that were taken. p_states: 1 to be tried again at p_next, 2 delivered, 3 failed for good. p_gone: the
-- receiver wants no more. Tells which endpoints were disabled by it, and why.
CREATE FUNCTION webhook_done(p_accounts uuid[], p_endpoints uuid[], p_deliveries uuid[], p_numbers smallint[],
	p_lease timestamptz[], p_states smallint[], p_next timestamptz[], p_statuses smallint[], p_faults text[], p_bodies bytea[],
	p_at timestamptz[], p_durations int[], p_gone boolean[], p_since timestamptz)
RETURNS TABLE (account uuid, endpoint uuid, reason text) LANGUAGE plpgsql AS $$
DECLARE r record; q record; place int; next timestamptz; elsewhere boolean;
BEGIN
	FOR r IN SELECT * FROM unnest(p_accounts, p_endpoints, p_deliveries, p_numbers, p_lease, p_states, p_next, p_statuses,
	                p_faults, p_bodies, p_at, p_durations, p_gone)
	         AS n(account_id, endpoint_id, id, number, lease, state, next, status, fault, body, at, duration, gone)
	         ORDER BY account_id, endpoint_id LOOP
		SELECT t.leases INTO q FROM webhook_queue t
		 WHERE t.account_id = r.account_id AND t.endpoint_id = r.endpoint_id FOR UPDATE;
		CONTINUE WHEN NOT FOUND;          -- deleted, with its deliveries
		UPDATE webhook_delivery t
		   SET state = r.state, next_attempt_at = CASE WHEN r.state = 1 THEN r.next END, status = r.status,
		       fault = nullif(r.fault, ''), finished_at = CASE WHEN r.state <> 1 THEN r.at END, lease = NULL
		 WHERE t.account_id = r.account_id AND t.id = r.id AND t.lease = r.lease RETURNING t.url IS NOT NULL INTO elsewhere;
		INSERT INTO webhook_attempt (account_id, delivery_id, number, at, duration_ms, status, fault, body)
		SELECT r.account_id, r.id, r.number, r.at, r.duration, r.status, nullif(r.fault, ''), r.body
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

-- What an account has too much of, or for too long: as outbox_trim. Of pending deliveries none is older than a few days.
CREATE FUNCTION webhook_trim(p_before uuid, p_events int, p_deliveries int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	block CONSTANT int := current_setting('block_size')::int;
	a uuid; newest uuid; removed int; done int := 0;
BEGIN
	DELETE FROM object_before b WHERE b.changed_at < now() - interval '1 hour';
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT v.account_id FROM webhook_event v
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('webhook_event') / block, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM webhook_event x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_events LIMIT 1;
		DELETE FROM webhook_event v WHERE v.account_id = a AND v.id IN (SELECT x.id FROM webhook_event x
		        WHERE x.account_id = a AND x.id <= greatest(newest, p_before) ORDER BY x.id LIMIT p_limit - done);
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT v.account_id FROM webhook_delivery v
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('webhook_delivery') / block, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM webhook_delivery x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_deliveries LIMIT 1;
		DELETE FROM webhook_delivery v WHERE v.account_id = a AND v.id IN (SELECT x.id FROM webhook_delivery x
		        WHERE x.account_id = a AND x.id <= greatest(newest, p_before) ORDER BY x.id LIMIT greatest(p_limit - done, 0));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;
