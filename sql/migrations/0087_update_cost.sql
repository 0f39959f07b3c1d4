-- SPDX-License-Identifier: Apache-2.0
-- An update executes less: what its writer knows, or can send along, is neither read from text nor called for.

-- A CHECK is read from its text again by each statement that writes a row, a twentieth of what object_put executes. What makes
-- a tombstone is asked where one is made or taken back; who else writes an object says all that it is.
ALTER TABLE calendar_object DROP CONSTRAINT calendar_object_check;
CREATE FUNCTION calendar_object_buried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE check_violation USING MESSAGE = 'a tombstone has neither UID nor data, and what is none has both';
END $$;
CREATE TRIGGER calendar_object_buried AFTER UPDATE OF deleted ON calendar_object FOR EACH ROW
	WHEN (num_nulls(NEW.uid, NEW.span, NEW.data) <> CASE WHEN NEW.deleted THEN 3 ELSE 0 END) EXECUTE FUNCTION calendar_object_buried();

-- (As in 0085, but that the writer sends what is random of an id, the last eight octets of a UUIDv7, since gen_random_uuid()
-- asks OpenSSL at each call; that conditions are judged in the statement; that what does not grow is not measured, and a UID
-- not looked for where its object is known.)
DROP FUNCTION object_put(actor, text, text, conditions, object_facts, bytea, room, text);
CREATE FUNCTION object_put(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, p_words text, p_random bytea, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint,
	OUT other text, OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	new_id uuid;                    -- of the outbox's row, and of an object that is made
	us bigint := date_part('epoch', clock_timestamp()) * 1000000;
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
		       c.writable AND c.components & p_facts.component <> 0 AND CASE WHEN x.etag IS NULL THEN NOT p_when.match_any AND p_when.match IS NULL
		            ELSE NOT x.deleted AND x.uid = p_facts.uid AND x.component = p_facts.component
		                 AND (p_when.match IS NULL OR x.etag = ANY (p_when.match))
		                 AND (p_when.none IS NULL OR NOT x.etag = ANY (p_when.none)) END,
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
		IF NOT may THEN
			NULL;
		ELSIF seen_etag IS NULL THEN
			UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n, objects = s.objects + 1
			 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar AND s.bytes + n <= p_room.calendar
			   AND (p_room.account IS NULL
			        OR n <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
			   AND NOT EXISTS (SELECT FROM calendar_object t WHERE t.account_id = p_actor.owner
			                      AND by_uid(t.calendar_id) = object_put.calendar AND octet_length(t.uid) = octet_length(p_facts.uid)
			                      AND t.uid = p_facts.uid OFFSET 0)
			RETURNING s.modseq INTO modseq;
			may := FOUND;
		ELSIF n <= was THEN     -- what does not grow has room: each sub-select is set up even where it is not asked
			UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n - was
			 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar RETURNING s.modseq INTO modseq;
			may := FOUND;
		ELSE
			UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n - was
			 WHERE s.account_id = p_actor.owner AND s.calendar_id = object_put.calendar AND s.bytes + n - was <= p_room.calendar
			   AND (p_room.account IS NULL
			        OR n - was <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
			RETURNING s.modseq INTO modseq;
			may := FOUND;
		END IF;
	END IF;
	IF may THEN
		new_id := encode(int8send(us / 1000 << 16 | 28672 | us % 1000 * 4096 / 1000) || p_random, 'hex')::uuid; -- as uuid_v7()
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
