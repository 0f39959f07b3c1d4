-- SPDX-License-Identifier: Apache-2.0
-- Who changed something is told by the request: its id stands in the outbox and in what webhooks tell, and the log of requests and
-- the server's own have its credential. A second place for it was read by nobody, and each write filled it.
ALTER TABLE outbox DROP COLUMN actor_id;
ALTER TYPE actor DROP ATTRIBUTE author;

-- (As in 0001.)
CREATE OR REPLACE FUNCTION outbox_add(p_actor actor, p_kind outbox_kind, p_calendar uuid, p_object uuid, p_modseq bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, request_id)
	VALUES (p_actor.owner, p_kind, p_calendar, p_object, p_modseq, p_actor.request);
END $$;

-- (As in 0080.)
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
	       selected, description_lang)
	SELECT x.account_id, p_id, p_to, x.displayname, x.description, x.color, x.ord, x.timezone, x.tzid, x.components,
	       x.transp, x.selected, x.description_lang
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
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, request_id)
	SELECT p_actor.owner, 'object_created', p_id, o.id, o.modseq, p_actor.request
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = p_id;
END $$;

-- (As in 0072.)
DROP FUNCTION voice_session_end(uuid, uuid, uuid, timestamptz, uuid, uuid);
CREATE FUNCTION voice_session_end(p_account uuid, p_connection uuid, p_id uuid, p_at timestamptz, p_request uuid)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE told boolean;
BEGIN
	SELECT v.end_told INTO told FROM voice_session v
	 WHERE v.account_id = p_account AND v.connection_id IS NOT DISTINCT FROM p_connection AND v.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE voice_session v SET ended_at = coalesce(v.ended_at, p_at), end_told = true WHERE v.account_id = p_account AND v.id = p_id;
	IF NOT told THEN
		INSERT INTO outbox (account_id, kind, object_id, request_id)
		VALUES (p_account, 'voice_session_ended', p_id, p_request);
	END IF;
	RETURN true;
END $$;

-- A program that puts one event under one name after another is refused without a write: the UID is looked for before the
-- calendar's counter is touched. What has a UID is named so, tombstones have none.
CREATE FUNCTION name_of_uid(p_account uuid, p_calendar uuid, p_uid text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT t.name FROM calendar_object t WHERE t.account_id = p_account AND by_uid(t.calendar_id) = p_calendar
	           AND octet_length(t.uid) = octet_length(p_uid) AND t.uid = p_uid);
END $$;

-- (As in 0081, with that.)
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

	-- the same bytes, a condition that does not hold, or a UID that is another's: no lock, no write, no WAL
	SELECT t.id, t.etag, t.uid, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted;
	holds := conditions_hold(o.etag, p_when);
	IF holds AND o.etag = p_facts.etag THEN
		outcome := 'same'; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_facts.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;
	IF NOT holds THEN outcome := 'condition_failed'; RETURN; END IF;
	other := CASE WHEN o.id IS NULL THEN name_of_uid(p_actor.owner, c.id, p_facts.uid)
	              WHEN o.uid <> p_facts.uid THEN p_name END;
	IF other IS NOT NULL THEN outcome := 'uid_conflict'; RETURN; END IF;

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
		other := name_of_uid(p_actor.owner, c.id, p_facts.uid);
		IF other IS NOT NULL THEN outcome := 'uid_conflict'; RETURN; END IF;
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

-- (As in 0081, with that, written out.)
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
				                      AND by_name(t.calendar_id) = c.id AND t.name = p_name OFFSET 0)
				   AND NOT EXISTS (SELECT FROM calendar_object t WHERE t.account_id = p_actor.owner
				                      AND by_uid(t.calendar_id) = c.id AND octet_length(t.uid) = octet_length(p_facts.uid)
				                      AND t.uid = p_facts.uid OFFSET 0))
			   AND s.bytes + n <= p_room.calendar
			   AND (p_room.account IS NULL
			        OR n <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
			RETURNING s.calendar_id, s.modseq INTO calendar, modseq;
			may := FOUND;
		END IF;
	ELSE
		SELECT c.id, x.id, x.etag, x.size, x.modseq, x.created_at, x.updated_at,
		       c.writable AND c.components & p_facts.component <> 0 AND conditions_hold(x.etag, p_when)
		       AND CASE WHEN x.deleted IS NULL THEN NOT EXISTS (SELECT FROM calendar_object t WHERE t.account_id = p_actor.owner
		                AND by_uid(t.calendar_id) = c.id AND octet_length(t.uid) = octet_length(p_facts.uid) AND t.uid = p_facts.uid OFFSET 0)
		           ELSE NOT x.deleted AND x.uid = p_facts.uid AND x.component = p_facts.component END,
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
			INSERT INTO outbox (account_id, id, kind, calendar_id, object_id, modseq, request_id)
			VALUES (p_actor.owner, new_id, CASE WHEN seen_etag IS NULL THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
			        object_put.calendar, object_put.id, object_put.modseq, p_actor.request);
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
