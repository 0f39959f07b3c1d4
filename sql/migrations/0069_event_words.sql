-- SPDX-License-Identifier: Apache-2.0
-- What a search for words looks through stands beside an event, so that a year of events is not read and parsed to find
-- a few. There is no index: one of trigrams would cost each write more than all of a search.

ALTER TABLE calendar_object ADD COLUMN words text COMPRESSION lz4 COLLATE "C"; -- title, place and description of all its
	-- events as words_of() has them (caldav/calendar/event/words.h); NULL: it is not known, and data tells
ALTER TABLE calendar_object ADD CONSTRAINT calendar_object_words_check CHECK (NOT deleted OR words IS NULL);

-- (As in 0001, with the words.)
DROP FUNCTION object_put(actor, text, text, conditions, object_facts, bytea, room);
CREATE FUNCTION object_put(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
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
		VALUES (p_actor.owner, c.id, object_put.id, object_put.modseq, p_facts.first_at, p_facts.last_at,
		       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
		       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data, p_words);
	ELSE
		UPDATE calendar_object t SET id = object_put.id, modseq = object_put.modseq, first_at = p_facts.first_at,
		       last_at = p_facts.last_at, span = span_of(p_facts.first_at, p_facts.last_at),
		       occ_until = p_facts.occ_until, updated_at = now(), created_at = object_put.created_at, size = n, component = p_facts.component, flags = p_facts.flags,
		       etag = p_facts.etag, uid = p_facts.uid, occ = p_facts.occ, data = p_data, words = p_words, deleted = false
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	END IF;
	PERFORM outbox_add(p_actor, CASE outcome WHEN 'created' THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		c.id, object_put.id, object_put.modseq);
END $$;

-- (As in 0001: a tombstone has none.)
CREATE OR REPLACE FUNCTION object_delete(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_room room,
	OUT outcome outcome) LANGUAGE plpgsql AS $$
DECLARE c record; o record; s record;
BEGIN
	outcome := 'not_found';
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN RETURN; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN; END IF;

	SELECT t.id, t.etag, t.size INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted;
	IF NOT FOUND THEN RETURN; END IF;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	UPDATE calendar_state t SET modseq = t.modseq + 1, bytes = t.bytes - o.size, objects = t.objects - 1,
	       tombstones = t.tombstones + 1
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq, t.tombstones, t.objects INTO s;
	UPDATE calendar_object t SET deleted = true, modseq = s.modseq, updated_at = now(), size = 0, flags = 0, uid = NULL,
	       first_at = NULL, last_at = NULL, span = NULL, occ_until = NULL, occ = NULL, data = NULL, words = NULL
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
	IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, c.id, p_room.graves, 200); END IF;
	PERFORM outbox_add(p_actor, 'object_deleted', c.id, o.id, s.modseq);
	outcome := 'deleted';
END $$;

-- (As in 0001: a copy has its original's.)
CREATE OR REPLACE FUNCTION object_relocate(p_actor actor, p_from_calendar text, p_from text, p_to_calendar text, p_to text,
	p_keep boolean, p_overwrite boolean, p_when conditions, p_room room, OUT outcome outcome, OUT other text)
LANGUAGE plpgsql AS $$
DECLARE a record; b record; o record; t record; s record; m bigint; was int; new_id uuid := uuid_v7();
BEGIN
	SELECT c.id, c.writable INTO a FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_from_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT c.id, c.writable, c.components INTO b FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_to_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	PERFORM FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id IN (a.id, b.id)
	  ORDER BY x.calendar_id FOR NO KEY UPDATE;

	SELECT x.id, x.etag, x.uid, x.size, x.component INTO o FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from AND NOT x.deleted;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT x.bytes INTO s FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	IF NOT b.writable OR (NOT p_keep AND NOT a.writable) THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	SELECT x.id, x.deleted, x.size, x.uid INTO t FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
	IF t.deleted IS FALSE AND NOT p_overwrite THEN outcome := 'name_taken'; RETURN; END IF;
	IF b.components & o.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;
	IF t.deleted IS FALSE AND t.uid <> o.uid THEN outcome := 'uid_conflict'; other := p_to; RETURN; END IF;
	SELECT x.name INTO other FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_uid(x.calendar_id) = b.id AND octet_length(x.uid) = octet_length(o.uid)
	   AND x.uid = o.uid AND x.name <> p_to
	   AND (p_keep OR x.id <> o.id);
	IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	was := CASE WHEN t.deleted IS FALSE THEN t.size ELSE 0 END;
	IF (p_keep OR a.id <> b.id) AND o.size > was AND p_room.calendar < s.bytes + o.size - was THEN
		outcome := 'calendar_full'; RETURN;
	END IF;
	IF p_keep AND o.size > was AND NOT storage_fits(p_actor.owner, o.size - was, p_room.account) THEN
		outcome := 'account_full'; RETURN;
	END IF;
	IF p_keep AND NOT dead_property_fits(p_actor.owner, (SELECT count(*) FROM dead_property d
	                                                  WHERE d.account_id = p_actor.owner AND d.resource_id = o.id)) THEN
		outcome := 'too_many_properties'; RETURN;
	END IF;

	outcome := CASE WHEN t.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	IF NOT p_keep THEN
		UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes - o.size, objects = x.objects - 1,
		       tombstones = x.tombstones + 1
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id RETURNING x.modseq INTO m;
	END IF;
	IF t.id IS NOT NULL THEN
		DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = t.id;
		DELETE FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		IF t.deleted IS FALSE THEN PERFORM outbox_add(p_actor, 'object_deleted', b.id, t.id, NULL); END IF;
	END IF;
	IF NOT p_keep THEN            -- out of the way of the tombstone that takes its name
		UPDATE calendar_object x SET calendar_id = b.id, name = p_to, modseq = 0
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, updated_at, created_at, size, component, flags,
		       deleted, etag, name)
		VALUES (p_actor.owner, a.id, new_id, m, now(), now(), 0, o.component, 0, true, o.etag, p_from);
	END IF;
	UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes + o.size - was,
	       objects = x.objects + (outcome = 'created')::int, tombstones = x.tombstones - (t.deleted IS TRUE)::int
	 WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id RETURNING x.modseq INTO m;
	IF p_keep THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
		       created_at, size, component, flags, etag, name, uid, occ, data, words)
		SELECT p_actor.owner, b.id, new_id, m, x.first_at, x.last_at, x.span, x.occ_until, now(), now(), x.size, x.component,
		       x.flags, x.etag, p_to, x.uid, x.occ, x.data, x.words
		  FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
		SELECT d.account_id, new_id, d.ns, d.local, d.xml FROM dead_property d
		 WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
		PERFORM outbox_add(p_actor, 'object_created', b.id, new_id, m);
	ELSE
		UPDATE calendar_object x SET modseq = m, updated_at = now()
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		SELECT x.tombstones, x.objects INTO s FROM calendar_state x
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id;
		IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, a.id, p_room.graves, 200); END IF;
		PERFORM outbox_add(p_actor, 'object_changed', b.id, o.id, m);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION calendar_relocate(p_actor actor, p_from text, p_to text, p_keep boolean, p_deep boolean,
	p_overwrite boolean, p_id uuid, p_max int, p_room room, OUT outcome outcome, OUT copied bigint) LANGUAGE plpgsql AS $$
DECLARE c record; t record; more bigint; described uuid[];
BEGIN
	copied := 0;
	PERFORM FROM account x WHERE x.account_id = p_actor.owner FOR NO KEY UPDATE;
	SELECT x.id, x.writable INTO c FROM calendar x WHERE x.account_id = p_actor.owner AND by_name(x.name) = p_from
	   AND (p_actor.calendars IS NULL OR x.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT x.id, x.writable INTO t FROM calendar x WHERE x.account_id = p_actor.owner AND by_name(x.name) = p_to;
	IF FOUND AND NOT p_overwrite THEN outcome := 'name_taken'; RETURN; END IF;
	IF NOT t.writable OR (NOT p_keep AND NOT c.writable)
	   OR NOT (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars)) THEN
		outcome := 'not_writable'; RETURN;
	END IF;
	IF p_keep AND t.id IS NULL AND p_max <= (SELECT count(*) FROM calendar x WHERE x.account_id = p_actor.owner) THEN
		outcome := 'too_many_calendars'; RETURN;
	END IF;
	PERFORM FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id IN (c.id, t.id)
	  ORDER BY s.calendar_id FOR UPDATE;
	IF p_keep THEN
		SELECT sum(CASE WHEN s.calendar_id = c.id THEN CASE WHEN p_deep THEN s.bytes ELSE 0 END ELSE - s.bytes END)
		  INTO more FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id IN (c.id, t.id);
		IF more > 0 AND NOT storage_fits(p_actor.owner, more, p_room.account) THEN outcome := 'account_full'; RETURN; END IF;
		described := ARRAY(SELECT DISTINCT d.resource_id FROM dead_property d
		  JOIN calendar_object o ON o.account_id = d.account_id AND by_id(o.id) = d.resource_id
		 WHERE p_deep AND d.account_id = p_actor.owner AND o.calendar_id = c.id);
		IF NOT dead_property_fits(p_actor.owner, (SELECT count(*) FROM dead_property d
		     WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (described || c.id::uuid))) THEN
			outcome := 'too_many_properties'; RETURN;
		END IF;
	END IF;
	outcome := CASE WHEN t.id IS NULL THEN 'created' ELSE 'changed' END;
	IF t.id IS NOT NULL THEN PERFORM calendar_drop(p_actor, t.id); END IF;

	IF NOT p_keep THEN
		UPDATE calendar x SET name = p_to, prop_version = x.prop_version + 1
		 WHERE x.account_id = p_actor.owner AND x.id = c.id;
		PERFORM outbox_add(p_actor, 'calendar_changed', c.id, NULL, NULL);
		RETURN;
	END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp,
	       selected)
	SELECT x.account_id, p_id, p_to, x.displayname, x.description, x.color, x.ord, x.timezone, x.tzid, x.components,
	       x.transp, x.selected
	  FROM calendar x WHERE x.account_id = p_actor.owner AND x.id = c.id;
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
	SELECT d.account_id, p_id, d.ns, d.local, d.xml FROM dead_property d
	 WHERE d.account_id = p_actor.owner AND d.resource_id = c.id;
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	IF NOT p_deep THEN RETURN; END IF;

	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
	       created_at, size, component, flags, etag, name, uid, occ, data, words)
	SELECT p_actor.owner, p_id, uuid_v7(), 1 + row_number() OVER (ORDER BY o.modseq), o.first_at, o.last_at, o.span,
	       o.occ_until, now(), now(), o.size, o.component, o.flags, o.etag, o.name, o.uid, o.occ, o.data, o.words
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = c.id AND NOT o.deleted;
	GET DIAGNOSTICS copied = ROW_COUNT;
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml) -- RFC 4918 §9.8.2
	SELECT d.account_id, copy.id, d.ns, d.local, d.xml
	  FROM dead_property d JOIN calendar_object o ON o.account_id = d.account_id AND by_id(o.id) = d.resource_id
	  JOIN calendar_object copy ON copy.account_id = o.account_id AND by_name(copy.calendar_id) = p_id AND copy.name = o.name
	 WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (described);
	UPDATE calendar_state s SET modseq = 1 + copied, objects = copied,
	       bytes = (SELECT x.bytes FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id = c.id)
	 WHERE s.account_id = p_actor.owner AND s.calendar_id = p_id;
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	SELECT p_actor.owner, 'object_created', p_id, o.id, o.modseq, p_actor.author, p_actor.request
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = p_id;
END $$;
