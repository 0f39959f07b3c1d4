-- SPDX-License-Identifier: Apache-2.0
-- An event whose name and UID the server made for it: nobody can have either, so that neither is looked for, and a conflict of
-- the indexes is an error. That is a fifth less than object_put executes, which stays for whoever brings a name or a UID.
CREATE FUNCTION object_make(p_actor actor, p_calendar_name text, p_name text, p_facts object_facts, p_data bytea, p_room room,
	p_words text, p_random bytea, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text,
	OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	us bigint := date_part('epoch', clock_timestamp()) * 1000000;
	n int := octet_length(p_data);
BEGIN
	IF p_facts.first_at > p_facts.last_at THEN RAISE EXCEPTION 'an object that ends before it begins'; END IF;
	UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + n, objects = s.objects + 1
	 WHERE s.account_id = p_actor.owner AND s.calendar_id = (
		SELECT c.id FROM calendar c
		 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_calendar_name AND c.writable
		   AND c.components & p_facts.component <> 0 AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars)))
	   AND s.bytes + n <= p_room.calendar
	   AND (p_room.account IS NULL
	        OR n <= p_room.account - (SELECT sum(a.bytes) FROM calendar_state a WHERE a.account_id = p_actor.owner))
	RETURNING s.calendar_id, s.modseq INTO calendar, modseq;
	IF NOT FOUND THEN               -- it says why
		SELECT l.outcome, l.calendar, l.id, l.modseq, l.other, l.created_at, l.updated_at
		  INTO outcome, calendar, id, modseq, other, created_at, updated_at
		  FROM object_put_locked(p_actor, p_calendar_name, p_name, ROW(false, NULL, true, NULL)::conditions, p_facts, p_data,
		                         p_room, p_words) l;
		RETURN;
	END IF;
	id := encode(int8send(us / 1000 << 16 | 28672 | us % 1000 * 4096 / 1000) || p_random, 'hex')::uuid; -- as uuid_v7()
	outcome := 'created'; created_at := now(); updated_at := now();
	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
	       updated_at, created_at, size, component, flags, etag, name, uid, occ, data, words)
	VALUES (p_actor.owner, object_make.calendar, object_make.id, object_make.modseq, p_facts.first_at, p_facts.last_at,
	       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
	       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data, p_words);
	INSERT INTO outbox (account_id, id, kind, calendar_id, object_id, modseq, request_id)
	VALUES (p_actor.owner, object_make.id, 'object_created', object_make.calendar, object_make.id, object_make.modseq,
	        p_actor.request);
END $$;
