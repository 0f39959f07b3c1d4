-- SPDX-License-Identifier: Apache-2.0
-- A write costs what it must: no trigger asks what its writer knows or can ask along, and what is refused writes nothing.

-- (As in 0001, without a numeric: a double has the microseconds of these centuries in full.)
CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE us bigint := date_part('epoch', clock_timestamp()) * 1000000;
BEGIN
	RETURN encode(substring(int8send(us / 1000) FROM 3) || int2send((28672 + us % 1000 * 4096 / 1000)::int2)
	              || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex')::uuid;
END $$;

-- A CHECK is read from its text again by each statement that writes a row. What makes a tombstone stays; bounds in their order
-- are asked by object_put.
ALTER TABLE calendar_object DROP CONSTRAINT calendar_object_check1, DROP CONSTRAINT calendar_object_words_check;

-- What an object was is kept by who changes it, and not by a trigger: of an object that still has this tag, where somebody is
-- told of what changes in its calendar. The caller holds the calendar's counter, and modseq is of the change.
DROP TRIGGER object_before_keep ON calendar_object;
DROP FUNCTION object_before_keep();
DROP FUNCTION webhook_watched(uuid, uuid);
CREATE FUNCTION object_before_keep(p_account uuid, p_calendar uuid, p_object uuid, p_etag bytea, p_modseq bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = p_account AND (e.calendar_id IS NULL OR e.calendar_id = p_calendar))
	   OR EXISTS (SELECT FROM connected_account c JOIN oauth_client o ON o.id = c.client_id
	                JOIN webhook_endpoint e ON e.account_id = o.owner_id AND e.connect
	               WHERE c.account_id = p_account AND c.revoked_at IS NULL) THEN
		INSERT INTO object_before (account_id, object_id, modseq, data)
		SELECT t.account_id, t.id, p_modseq, t.data FROM calendar_object t
		 WHERE t.account_id = p_account AND by_id(t.id) = p_object AND t.etag = p_etag AND NOT t.deleted
		   AND octet_length(t.data) <= 65536
		    ON CONFLICT DO NOTHING;
	END IF;
END $$;

-- Of most calendars nobody was ever told. That stands in the calendar, which each write reads: it is true from when an account
-- has an endpoint or an app that may be one's, and is never taken back, for then it is asked. A row that somebody else has
-- locked is passed over, so that nobody waits; webhook_changes comes back to it.
ALTER TABLE calendar ADD COLUMN watched boolean NOT NULL DEFAULT false;
DROP TRIGGER calendar_touched ON calendar;
CREATE TRIGGER calendar_touched BEFORE UPDATE ON calendar FOR EACH ROW WHEN (OLD.watched = NEW.watched)
	EXECUTE FUNCTION calendar_touched();
CREATE FUNCTION calendars_watched(p_accounts uuid[]) RETURNS void LANGUAGE sql BEGIN ATOMIC
	UPDATE calendar t SET watched = true
	  FROM (SELECT c.account_id, c.id FROM calendar c WHERE c.account_id = ANY (p_accounts) AND NOT c.watched
	           FOR NO KEY UPDATE SKIP LOCKED) n
	 WHERE t.account_id = n.account_id AND t.id = n.id;
END;
CREATE FUNCTION account_watched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM calendars_watched(ARRAY[NEW.account_id]);
	RETURN NULL;
END $$;
CREATE TRIGGER account_watched AFTER INSERT ON webhook_endpoint FOR EACH ROW EXECUTE FUNCTION account_watched();
CREATE TRIGGER account_watched AFTER INSERT ON connected_account FOR EACH ROW EXECUTE FUNCTION account_watched();
CREATE FUNCTION calendar_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.watched := EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = NEW.account_id)
	               OR EXISTS (SELECT FROM connected_account c WHERE c.account_id = NEW.account_id);
	RETURN NEW;
END $$;
CREATE TRIGGER calendar_made BEFORE INSERT ON calendar FOR EACH ROW EXECUTE FUNCTION calendar_made();
SELECT calendars_watched(ARRAY(SELECT e.account_id FROM webhook_endpoint e UNION SELECT c.account_id FROM connected_account c));

-- (As in 0076. It judges the conditions before the lock too, and what was is kept.)
CREATE OR REPLACE FUNCTION object_put_locked(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, p_words text DEFAULT NULL, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text,
	OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE c record; s record; o record; holds boolean; n int := octet_length(p_data); was int;
BEGIN
	SELECT t.id, t.components, t.writable, t.watched INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	calendar := c.id;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;

	-- the same bytes, or a condition that does not hold: no lock, no write, no WAL
	SELECT t.id, t.etag, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted;
	holds := conditions_hold(o.etag, p_when);
	IF holds AND o.etag = p_facts.etag THEN
		outcome := 'same'; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_facts.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;
	IF NOT holds THEN outcome := 'condition_failed'; RETURN; END IF;

	SELECT t.bytes INTO s FROM calendar_state t
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;      -- deleted meanwhile

	SELECT t.id, t.etag, t.uid, t.deleted, t.size, t.created_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	IF NOT conditions_hold(CASE WHEN o.deleted IS FALSE THEN o.etag END, p_when) THEN
		outcome := 'condition_failed'; RETURN;
	END IF;
	IF o.deleted IS FALSE AND o.uid <> p_facts.uid THEN outcome := 'uid_conflict'; other := p_name; RETURN; END IF;
	IF o.deleted IS NOT FALSE THEN
		SELECT t.name INTO other FROM calendar_object t
		 WHERE t.account_id = p_actor.owner AND by_uid(t.calendar_id) = c.id
		   AND octet_length(t.uid) = octet_length(p_facts.uid) AND t.uid = p_facts.uid;
		IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	END IF;
	was := CASE WHEN o.deleted IS FALSE THEN o.size ELSE 0 END;
	IF n > was AND s.bytes + n - was > p_room.calendar THEN outcome := 'calendar_full'; RETURN; END IF;
	IF n > was AND NOT storage_fits(p_actor.owner, n - was, p_room.account) THEN outcome := 'account_full'; RETURN; END IF;

	outcome := CASE WHEN o.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	UPDATE calendar_state t
	   SET modseq = t.modseq + 1, bytes = t.bytes + n - was, objects = t.objects + (outcome = 'created')::int,
	       tombstones = t.tombstones - (o.deleted IS TRUE)::int
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq INTO modseq;
	id := CASE WHEN o.deleted IS FALSE THEN o.id ELSE uuid_v7() END;   -- made anew, it is a new object for REST
	updated_at := now();
	created_at := CASE WHEN o.deleted IS FALSE THEN o.created_at ELSE now() END;
	IF o.deleted IS NULL THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
		       updated_at, created_at, size, component, flags, etag, name, uid, occ, data, words)
		VALUES (p_actor.owner, c.id, object_put_locked.id, object_put_locked.modseq, p_facts.first_at, p_facts.last_at,
		       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
		       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data, p_words);
	ELSE
		IF c.watched AND outcome = 'changed' AND o.etag <> p_facts.etag THEN
			PERFORM object_before_keep(p_actor.owner, c.id, o.id, o.etag, object_put_locked.modseq);
		END IF;
		UPDATE calendar_object t SET id = object_put_locked.id, modseq = object_put_locked.modseq, first_at = p_facts.first_at,
		       last_at = p_facts.last_at, span = span_of(p_facts.first_at, p_facts.last_at),
		       occ_until = p_facts.occ_until, updated_at = now(), created_at = object_put_locked.created_at, size = n, component = p_facts.component, flags = p_facts.flags,
		       etag = p_facts.etag, uid = p_facts.uid, occ = p_facts.occ, data = p_data, words = p_words, deleted = false
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	END IF;
	PERFORM outbox_add(p_actor, CASE outcome WHEN 'created' THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		c.id, object_put_locked.id, object_put_locked.modseq);
END $$;

-- (As in 0076, but that it does not bump the counter for a name that is taken, and that what was is kept.) What nearly every
-- write finds is a name that is free, or the object that it knows. It looks first, without a lock. Then the calendar's counter
-- is bumped where room allows it, which locks it, and the object is written if it is still as it was seen: its name and UID are
-- free, or its tag is the same. Where that does not hold, the counter gets back what it had before anybody saw it, and
-- object_put_locked decides and says why.
CREATE OR REPLACE FUNCTION object_put(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, p_words text DEFAULT NULL, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint,
	OUT other text, OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	new_id uuid;                    -- of the outbox's row, and of an object that is made
	n int := octet_length(p_data);
	was int := 0;
	may boolean := false; watched boolean; seen_etag bytea;
BEGIN
	IF p_facts.first_at > p_facts.last_at THEN RAISE EXCEPTION 'an object that ends before it begins'; END IF;
	IF p_when.none_any THEN         -- it is to be new
		IF NOT p_when.match_any AND p_when.match IS NULL THEN
			UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n, objects = s.objects + 1
			 WHERE s.account_id = p_actor.owner AND s.calendar_id = (
				SELECT c.id FROM calendar c
				 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_calendar_name AND c.writable
				   AND c.components & p_facts.component <> 0 AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars))
				   AND NOT EXISTS (SELECT FROM calendar_object t WHERE t.account_id = p_actor.owner
				                      AND by_name(t.calendar_id) = c.id AND t.name = p_name OFFSET 0))
			   AND s.bytes + n <= p_room.calendar
			   AND (p_room.account IS NULL
			        OR n <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
			RETURNING s.calendar_id, s.modseq INTO calendar, modseq;
			may := FOUND;
		END IF;
	ELSE
		SELECT c.id, x.id, x.etag, x.size, x.modseq, x.created_at, x.updated_at,
		       c.writable AND c.components & p_facts.component <> 0 AND conditions_hold(x.etag, p_when)
		       AND (x.deleted IS NULL OR NOT x.deleted AND x.uid = p_facts.uid AND x.component = p_facts.component),
		       c.watched
		  INTO calendar, id, seen_etag, was, modseq, created_at, updated_at, may, watched
		  FROM calendar c LEFT JOIN LATERAL (
			SELECT t.id, t.etag, t.uid, t.size, t.component, t.deleted, t.modseq, t.created_at, t.updated_at FROM calendar_object t
			 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name OFFSET 0) x ON true
		 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_calendar_name
		   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
		IF may AND seen_etag = p_facts.etag THEN -- same bytes: no lock, no write, no WAL
			outcome := 'same';
			RETURN;
		END IF;
		was := coalesce(was, 0);
		IF may THEN
			UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n - was, objects = s.objects + (seen_etag IS NULL)::int
			 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar
			   AND (n <= was OR s.bytes + n - was <= p_room.calendar)
			   AND (n <= was OR p_room.account IS NULL
			        OR n - was <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
			RETURNING s.modseq INTO modseq;
			may := FOUND;
		END IF;
	END IF;
	IF may THEN
		new_id := uuid_v7();
		updated_at := now();
		IF seen_etag IS NULL THEN
			outcome := 'created'; id := new_id; created_at := now();
			INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
			       updated_at, created_at, size, component, flags, etag, name, uid, occ, data, words)
			VALUES (p_actor.owner, object_put.calendar, new_id, object_put.modseq, p_facts.first_at, p_facts.last_at,
			       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
			       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data, p_words)
			ON CONFLICT DO NOTHING;
		ELSE
			outcome := 'changed';
			IF watched THEN
				PERFORM object_before_keep(p_actor.owner, calendar, id, seen_etag, modseq);
			END IF;
			UPDATE calendar_object t SET modseq = object_put.modseq, first_at = p_facts.first_at, last_at = p_facts.last_at,
			       span = span_of(p_facts.first_at, p_facts.last_at), occ_until = p_facts.occ_until, updated_at = now(), size = n,
			       flags = p_facts.flags, etag = p_facts.etag, occ = p_facts.occ, data = p_data, words = p_words
			 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = object_put.calendar AND t.name = p_name
			   AND t.id = object_put.id AND t.etag = seen_etag AND NOT t.deleted;
		END IF;
		IF FOUND THEN
			INSERT INTO outbox (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
			VALUES (p_actor.owner, new_id, CASE WHEN seen_etag IS NULL THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
			        object_put.calendar, object_put.id, object_put.modseq, p_actor.author, p_actor.request);
			RETURN;
		END IF;
		UPDATE calendar_state s
		   SET modseq = s.modseq - 1, bytes = s.bytes - (n - was), objects = s.objects - (seen_etag IS NULL)::int
		 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar;
	END IF;
	SELECT l.outcome, l.calendar, l.id, l.modseq, l.other, l.created_at, l.updated_at
	  INTO outcome, calendar, id, modseq, other, created_at, updated_at
	  FROM object_put_locked(p_actor, p_calendar_name, p_name, p_when, p_facts, p_data, p_room, p_words) l;
END $$;

-- (As in 0032.) Most accounts have nobody who is told: their rows are passed over by one look at each account. What is not
-- complete yet comes after this page, so that the page is the same for the second statement.
CREATE OR REPLACE FUNCTION webhook_changes(p_limit int) RETURNS TABLE (scanned int, change_id uuid, account uuid, kind text, calendar uuid,
	object uuid, request uuid, owner uuid, via int, connection uuid, client uuid, scopes bigint, tz text, sequence bigint, modseq bigint,
	before bytea, component smallint)
LANGUAGE plpgsql AS $$
DECLARE c record; last record; listened uuid[]; -- accounts
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('webhook_changes')) THEN RETURN; END IF; -- no row's lock: that would write
	SELECT t.xid, t.id INTO c FROM webhook_cursor t;
	SELECT count(*)::int AS place, (array_agg(r.xid))[count(*)] AS xid, (array_agg(r.id))[count(*)] AS id,
	       array_agg(DISTINCT r.account_id) AS accounts INTO last
	  FROM (SELECT t.xid, t.id, t.account_id FROM outbox t
	         WHERE (t.xid, t.id) > (c.xid, c.id) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
	         ORDER BY t.xid, t.id LIMIT p_limit) r;
	IF last.place = 0 THEN RETURN; END IF;
	listened := ARRAY(SELECT a FROM unnest(last.accounts) a
	  WHERE EXISTS (SELECT FROM webhook_endpoint e WHERE e.account_id = a)
	     OR EXISTS (SELECT FROM connected_account x JOIN oauth_client k ON k.id = x.client_id
	                  JOIN webhook_endpoint e ON e.account_id = k.owner_id AND e.connect WHERE x.account_id = a));
	IF listened = '{}' THEN         -- passed over again, should this not come to the disk
		PERFORM set_config('synchronous_commit', 'off', true);
		UPDATE webhook_cursor t SET xid = last.xid, id = last.id;
		scanned := last.place;
		RETURN NEXT;
		RETURN;
	END IF;
	PERFORM calendars_watched(listened);
	RETURN QUERY
	WITH page AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY r.xid, r.id) AS place, r.*
		  FROM (SELECT t.xid, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.modseq, t.request_id FROM outbox t
		         WHERE (t.xid, t.id) > (c.xid, c.id) AND (t.xid, t.id) <= (last.xid, last.id)
		         ORDER BY t.xid, t.id LIMIT p_limit) r),
	heard AS MATERIALIZED (
		SELECT o.*, v.* FROM page o CROSS JOIN LATERAL (
			SELECT o.account_id AS owner, 0 AS via, NULL::uuid AS connection, NULL::uuid AS client, 0::bigint AS scopes
			 WHERE (SELECT true FROM webhook_endpoint e WHERE e.account_id = o.account_id AND NOT e.connect
			           AND e.connection_id IS NULL AND e.calendar_id IS NULL AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT o.account_id, 3, NULL, NULL, 0
			 WHERE o.kind IN ('object_created', 'object_changed')
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = o.account_id
			           AND e.calendar_id = o.calendar_id AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT a.account_id, 1, a.id, a.client_id, a.scopes FROM connected_account a WHERE a.account_id = o.account_id
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = a.account_id
			           AND e.connection_id = a.id AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)
			UNION ALL
			SELECT k.owner_id, 2, a.id, a.client_id, a.scopes FROM connected_account a JOIN oauth_client k ON k.id = a.client_id
			 WHERE a.account_id = o.account_id AND NOT a.machine
			   AND (a.revoked_at IS NULL OR o.kind = 'connection_ended')
			   AND (o.kind::text NOT LIKE 'connection\_%' OR o.object_id = a.id) -- of one connection, to its platform alone
			   AND (SELECT true FROM webhook_endpoint e WHERE e.account_id = k.owner_id
			           AND e.connect AND e.disabled_at IS NULL AND e.since < o.id LIMIT 1)) v
		 WHERE o.account_id = ANY (listened)),
	numbers AS (
		INSERT INTO webhook_counter AS n (account_id, sequence)
		SELECT h.owner, count(*) FROM heard h GROUP BY h.owner ORDER BY h.owner
		    ON CONFLICT (account_id) DO UPDATE SET sequence = n.sequence + excluded.sequence
		RETURNING n.account_id, n.sequence),
	moved AS (
		UPDATE webhook_cursor t SET xid = p.xid, id = p.id FROM page p WHERE p.place = (SELECT max(place) FROM page)
		RETURNING p.place),
	told AS (
		SELECT h.place, h.id, h.account_id, h.kind::text, h.calendar_id, h.object_id, h.request_id, h.owner, h.via,
		       h.connection, h.client, h.scopes, (SELECT a.tz FROM account a WHERE a.account_id = h.account_id),
		       (SELECT n.sequence FROM numbers n WHERE n.account_id = h.owner) - count(*) OVER (PARTITION BY h.owner)
		       + row_number() OVER (PARTITION BY h.owner ORDER BY h.place, h.via, h.connection), h.modseq,
		       (SELECT b.data FROM object_before b
		         WHERE b.account_id = h.account_id AND b.object_id = h.object_id AND b.modseq = h.modseq),
		       (SELECT x.component FROM calendar_object x WHERE x.account_id = h.account_id AND by_id(x.id) = h.object_id)
		  FROM heard h
		UNION ALL                          -- the last row tells how many were passed, if none was told
		SELECT m.place + 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
		  FROM moved m)
	SELECT (SELECT place FROM moved)::int, t.id, t.account_id, t.kind, t.calendar_id, t.object_id, t.request_id, t.owner, t.via,
	       t.connection, t.client, t.scopes, t.tz, t.number::bigint, t.modseq, t.before, t.component
	  FROM told AS t (place, id, account_id, kind, calendar_id, object_id, request_id, owner, via, connection, client, scopes, tz,
	                  number, modseq, before, component)
	 ORDER BY t.place, t.number;
END $$;
