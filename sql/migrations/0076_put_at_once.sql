-- SPDX-License-Identifier: Apache-2.0
-- What nearly every write finds, a name that is free or an object that is still what it was a moment ago, is written at
-- once: in three statements and not in ten, each of which the database sets up and takes down.

ALTER FUNCTION object_put(actor, text, text, conditions, object_facts, bytea, room, text) RENAME TO object_put_locked;
-- (As in 0069, by its new name.)
CREATE OR REPLACE FUNCTION object_put_locked(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, p_words text DEFAULT NULL, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text,
	OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE c record; s record; o record; n int := octet_length(p_data); was int;
BEGIN
	SELECT t.id, t.components, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	calendar := c.id;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;

	-- same bytes: no lock, no write, no WAL
	SELECT t.id, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted
	   AND t.etag = p_facts.etag AND conditions_hold(t.etag, p_when);
	IF FOUND THEN
		outcome := 'same'; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_facts.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;

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
		UPDATE calendar_object t SET id = object_put_locked.id, modseq = object_put_locked.modseq, first_at = p_facts.first_at,
		       last_at = p_facts.last_at, span = span_of(p_facts.first_at, p_facts.last_at),
		       occ_until = p_facts.occ_until, updated_at = now(), created_at = object_put_locked.created_at, size = n, component = p_facts.component, flags = p_facts.flags,
		       etag = p_facts.etag, uid = p_facts.uid, occ = p_facts.occ, data = p_data, words = p_words, deleted = false
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	END IF;
	PERFORM outbox_add(p_actor, CASE outcome WHEN 'created' THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		c.id, object_put_locked.id, object_put_locked.modseq);
END $$;

-- The calendar's counter is bumped where calendar and room allow it, which locks it; then the object is written if it is
-- still as it was seen: its name and UID are free, or its tag is the same. Where any of this does not hold, the counter gets
-- back what it had before anybody saw it, and object_put_locked decides and says why.
CREATE FUNCTION object_put(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, p_words text DEFAULT NULL, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint,
	OUT other text, OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	new_id uuid := uuid_v7();       -- of the outbox's row, and of an object that is made
	n int := octet_length(p_data);
	was int := 0;
	may boolean; seen_id uuid; seen_etag bytea; seen_uid text; seen_deleted boolean; seen_at timestamptz;
BEGIN
	IF p_when.none_any THEN         -- it is to be new: its name need not be looked for
		may := NOT p_when.match_any AND p_when.match IS NULL;
	ELSE
		SELECT c.id, x.id, x.etag, x.uid, x.size, x.deleted, x.modseq, x.created_at, x.updated_at,
		       c.writable AND (x.deleted IS NULL OR NOT x.deleted AND (x.etag = p_facts.etag OR x.uid = p_facts.uid))
		       AND conditions_hold(x.etag, p_when)
		  INTO calendar, seen_id, seen_etag, seen_uid, was, seen_deleted, modseq, seen_at, updated_at, may
		  FROM calendar c LEFT JOIN LATERAL (
			SELECT t.id, t.etag, t.uid, t.size, t.deleted, t.modseq, t.created_at, t.updated_at FROM calendar_object t
			 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name OFFSET 0) x ON true
		 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_calendar_name
		   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
		IF may AND seen_etag = p_facts.etag THEN -- same bytes: no lock, no write, no WAL
			outcome := 'same'; id := seen_id; created_at := seen_at;
			RETURN;
		END IF;
		was := coalesce(was, 0);
	END IF;
	IF may THEN
		UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n - was, objects = s.objects + (seen_id IS NULL)::int
		  FROM calendar c
		 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_calendar_name
		   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars)) AND c.writable AND c.components & p_facts.component <> 0
		   AND s.account_id = p_actor.owner AND s.calendar_id = c.id AND (n <= was OR s.bytes + n - was <= p_room.calendar)
		   AND (n <= was OR p_room.account IS NULL
		        OR n - was <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
		RETURNING s.calendar_id, s.modseq INTO calendar, modseq;
		may := FOUND;
	END IF;
	IF may AND seen_id IS NULL THEN
		INSERT INTO calendar_object AS t (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
		       updated_at, created_at, size, component, flags, etag, name, uid, occ, data, words)
		VALUES (p_actor.owner, object_put.calendar, new_id, object_put.modseq, p_facts.first_at, p_facts.last_at,
		       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
		       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data, p_words)
		ON CONFLICT DO NOTHING
		RETURNING 'created', t.id, t.created_at, t.updated_at INTO outcome, id, created_at, updated_at;
	ELSIF may THEN
		UPDATE calendar_object t SET modseq = object_put.modseq, first_at = p_facts.first_at, last_at = p_facts.last_at,
		       span = span_of(p_facts.first_at, p_facts.last_at), occ_until = p_facts.occ_until, updated_at = now(), size = n,
		       component = p_facts.component, flags = p_facts.flags, etag = p_facts.etag, occ = p_facts.occ, data = p_data,
		       words = p_words
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = object_put.calendar AND t.name = p_name
		   AND t.id = seen_id AND t.etag = seen_etag AND NOT t.deleted
		RETURNING 'changed', t.id, t.created_at, t.updated_at INTO outcome, id, created_at, updated_at;
	END IF;
	IF id IS NOT NULL THEN
		INSERT INTO outbox (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
		VALUES (p_actor.owner, new_id, CASE WHEN seen_id IS NULL THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		        object_put.calendar, object_put.id, object_put.modseq, p_actor.author, p_actor.request);
		RETURN;
	END IF;
	IF may THEN
		UPDATE calendar_state s
		   SET modseq = s.modseq - 1, bytes = s.bytes - (n - was), objects = s.objects - (seen_id IS NULL)::int
		 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar;
	END IF;
	SELECT l.outcome, l.calendar, l.id, l.modseq, l.other, l.created_at, l.updated_at
	  INTO outcome, calendar, id, modseq, other, created_at, updated_at
	  FROM object_put_locked(p_actor, p_calendar_name, p_name, p_when, p_facts, p_data, p_room, p_words) l;
END $$;
