-- SPDX-License-Identifier: Apache-2.0
-- What writes calendars and their objects. Each function is one round trip, decides under the lock of the calendar's
-- state row and then does all of it or nothing: nothing here raises to say no, so no half of a change can be committed
-- and no error line is logged for a client's lost race. Each statement behind the lock sees all that was committed
-- before it (READ COMMITTED). An outcome is a number after HTTP's: store_object.c and
-- store_calendar.c say what becomes of it.
--
-- Locks are taken in this order: calendars by id (state rows), then objects. Whoever may write two calendars locks
-- both first.

-- A UUIDv7 (RFC 9562 §5.7) for rows that the database makes many of at once.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
SELECT encode(set_byte(u, 6, 112 | (get_byte(u, 6) & 15)), 'hex')::uuid
  FROM (SELECT overlay(uuid_send(gen_random_uuid()) PLACING
               substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6)) AS v(u)
$$;

-- Does a write whose conditions are these apply to an object with this tag (NULL: there is none)? RFC 9110 §13.1.
CREATE FUNCTION etag_conditions(p_etag bytea, p_match_any boolean, p_match bytea[], p_none_any boolean, p_none bytea[])
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN p_etag IS NULL THEN NOT p_match_any AND p_match IS NULL
            ELSE NOT p_none_any AND (p_match IS NULL OR p_etag = ANY (p_match))
                 AND (p_none IS NULL OR NOT p_etag = ANY (p_none)) END
$$;

-- All calendars of an account together hold at most p_max octets; NULL is no limit. They are summed where something is
-- added, and nothing is locked for it: writers of two calendars of one account do not wait for each other, and may
-- together go past the limit by what they write at the same moment. The sum takes 0.01 ms over one calendar or ten, 0.09
-- ms over 250.
CREATE FUNCTION storage_fits(p_account uuid, p_more bigint, p_max bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN p_max IS NULL OR p_more <= p_max - (SELECT coalesce(sum(s.bytes), 0) FROM calendar_state s
	                                            WHERE s.account_id = p_account);
END $$;

-- Dead properties are not counted as storage; instead all resources of an account have so many together. Two who add at
-- once may go past it by what they add.
CREATE FUNCTION dead_property_fits(p_account uuid, p_more bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT bigint := 5000;
BEGIN
	RETURN p_more = 0 OR p_more <= most - (SELECT count(*) FROM (SELECT FROM dead_property d
	                                        WHERE d.account_id = p_account LIMIT most) AS n);
END $$;

-- outcome: 201 made, 200 changed, 204 same bytes (nothing written), 403 not writable, 409 no such calendar,
-- 412 a condition failed, 415 not a component of this calendar, 419 another object has the UID (other: its name),
-- 507 the calendar is full, 517 the account's storage
CREATE FUNCTION object_put(p_account uuid, p_only uuid[], p_calendar_name text, p_name text, p_uid text, p_id uuid,
	p_etag bytea, p_match_any boolean, p_match bytea[], p_none_any boolean, p_none bytea[],
	p_first timestamptz, p_last timestamptz, p_occ_until timestamptz, p_component smallint, p_flags smallint,
	p_occ bytea, p_data bytea, p_author uuid, p_event uuid, p_request uuid, p_quota bigint, p_account_max bigint,
	OUT outcome int, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text,
	OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE c record; s record; o record; n int := octet_length(p_data); was int;
BEGIN
	SELECT t.id, t.components, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_account AND t.name = p_calendar_name AND (p_only IS NULL OR t.id = ANY (p_only));
	IF NOT FOUND THEN outcome := 409; RETURN; END IF;
	calendar := c.id;
	IF NOT c.writable THEN outcome := 403; RETURN; END IF;

	-- same bytes: no lock, no write, no WAL
	SELECT t.id, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_account AND t.calendar_id = c.id AND t.name = p_name AND NOT t.deleted
	   AND t.etag = p_etag AND etag_conditions(t.etag, p_match_any, p_match, p_none_any, p_none);
	IF FOUND THEN
		outcome := 204; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_component = 0 THEN outcome := 415; RETURN; END IF;

	SELECT t.bytes INTO s FROM calendar_state t
	 WHERE t.account_id = p_account AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 409; RETURN; END IF;      -- deleted meanwhile

	SELECT t.id, t.etag, t.uid, t.deleted, t.size, t.created_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_account AND t.calendar_id = c.id AND t.name = p_name;
	IF NOT etag_conditions(CASE WHEN o.deleted IS FALSE THEN o.etag END, p_match_any, p_match, p_none_any, p_none) THEN
		outcome := 412; RETURN;
	END IF;
	IF o.deleted IS FALSE AND o.uid <> p_uid THEN outcome := 419; other := p_name; RETURN; END IF;
	IF o.deleted IS NOT FALSE THEN
		SELECT t.name INTO other FROM calendar_object t
		 WHERE t.account_id = p_account AND t.calendar_id = c.id AND t.uid = p_uid;
		IF FOUND THEN outcome := 419; RETURN; END IF;
	END IF;
	was := CASE WHEN o.deleted IS FALSE THEN o.size ELSE 0 END;
	IF n > was AND s.bytes + n - was > p_quota THEN outcome := 507; RETURN; END IF;
	IF n > was AND NOT storage_fits(p_account, n - was, p_account_max) THEN outcome := 517; RETURN; END IF;

	outcome := CASE WHEN o.deleted IS FALSE THEN 200 ELSE 201 END;
	UPDATE calendar_state t
	   SET modseq = t.modseq + 1, bytes = t.bytes + n - was, objects = t.objects + (outcome = 201)::int
	 WHERE t.account_id = p_account AND t.calendar_id = c.id RETURNING t.modseq INTO modseq;
	id := CASE WHEN o.deleted IS FALSE THEN o.id ELSE p_id END;        -- made anew, it is a new object for REST
	updated_at := now();
	created_at := CASE WHEN o.deleted IS FALSE THEN o.created_at ELSE now() END;
	IF o.deleted IS NULL THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at,
		       created_at, size, tzver, component, flags, etag, name, uid, author_id, occ, data)
		VALUES (p_account, c.id, object_put.id, object_put.modseq, p_first, p_last, p_occ_until, now(), now(), n, 0,
		       p_component, p_flags, p_etag, p_name, p_uid, p_author, p_occ, p_data);
	ELSE
		UPDATE calendar_object t SET id = object_put.id, modseq = object_put.modseq, first_at = p_first,
		       last_at = p_last, occ_until = p_occ_until, updated_at = now(), created_at = object_put.created_at,
		       size = n, tzver = 0, component = p_component, flags = p_flags, etag = p_etag, uid = p_uid,
		       author_id = p_author, occ = p_occ, data = p_data, deleted = false
		 WHERE t.account_id = p_account AND t.id = o.id;
	END IF;
	INSERT INTO event (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	VALUES (p_account, p_event, CASE outcome WHEN 201 THEN 1 ELSE 2 END, c.id, object_put.id, object_put.modseq,
	        p_author, p_request);
END $$;

-- A tombstone: what sync needs to tell of it, nothing else. The caller holds the lock and made the modseq.
CREATE FUNCTION object_bury(p_account uuid, p_object uuid, p_modseq bigint, p_author uuid)
RETURNS void LANGUAGE sql AS $$
	UPDATE calendar_object SET deleted = true, modseq = p_modseq, updated_at = now(), author_id = p_author, size = 0,
	       flags = 0, uid = NULL, first_at = NULL, last_at = NULL, occ_until = NULL, occ = NULL, data = NULL
	 WHERE account_id = p_account AND id = p_object;
	DELETE FROM dead_property WHERE account_id = p_account AND resource_id = p_object;
$$;

-- outcome: 204 deleted, 403 not writable, 404 nothing there (conditions do not matter then: RFC 9110 §13.2.1), 412
CREATE FUNCTION object_delete(p_account uuid, p_only uuid[], p_calendar_name text, p_name text,
	p_match_any boolean, p_match bytea[], p_none_any boolean, p_none bytea[], p_author uuid, p_event uuid,
	p_request uuid, OUT outcome int) LANGUAGE plpgsql AS $$
DECLARE c record; o record; m bigint;
BEGIN
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_account AND t.name = p_calendar_name AND (p_only IS NULL OR t.id = ANY (p_only));
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_account AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;

	SELECT t.id, t.etag, t.size INTO o FROM calendar_object t
	 WHERE t.account_id = p_account AND t.calendar_id = c.id AND t.name = p_name AND NOT t.deleted;
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	IF NOT c.writable THEN outcome := 403; RETURN; END IF;
	IF NOT etag_conditions(o.etag, p_match_any, p_match, p_none_any, p_none) THEN outcome := 412; RETURN; END IF;

	UPDATE calendar_state t SET modseq = t.modseq + 1, bytes = t.bytes - o.size, objects = t.objects - 1
	 WHERE t.account_id = p_account AND t.calendar_id = c.id RETURNING t.modseq INTO m;
	PERFORM object_bury(p_account, o.id, m, p_author);
	INSERT INTO event (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	VALUES (p_account, p_event, 3, c.id, o.id, m, p_author, p_request);
	outcome := 204;
END $$;

-- MOVE and COPY of one object (RFC 4918 §9.8, §9.9). A moved object keeps its id, bytes and properties; its old name
-- becomes a tombstone with an id of its own. Each change has its own number, so that no page of a sync splits a tie.
-- outcome: 201 made, 204 replaced, 403 not writable, 404 no source, 409 no calendar there, 412 a condition failed or
-- something is there and may not be replaced, 415, 419 (other: name there), 507 the calendar is full, 517 the account's
-- storage, 518 too many dead properties
CREATE FUNCTION object_relocate(p_account uuid, p_only uuid[], p_from_calendar text, p_from text, p_to_calendar text,
	p_to text, p_keep boolean, p_overwrite boolean, p_match_any boolean, p_match bytea[], p_none_any boolean,
	p_none bytea[], p_author uuid, p_id uuid, p_event uuid, p_request uuid, p_quota bigint, p_account_max bigint,
	OUT outcome int, OUT other text) LANGUAGE plpgsql AS $$
DECLARE a record; b record; o record; t record; m bigint; was int; now_id uuid;
BEGIN
	SELECT c.id, c.writable INTO a FROM calendar c
	 WHERE c.account_id = p_account AND c.name = p_from_calendar AND (p_only IS NULL OR c.id = ANY (p_only));
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	SELECT c.id, c.writable, c.components INTO b FROM calendar c
	 WHERE c.account_id = p_account AND c.name = p_to_calendar AND (p_only IS NULL OR c.id = ANY (p_only));
	IF FOUND THEN
		PERFORM FROM calendar_state s WHERE s.account_id = p_account AND s.calendar_id IN (a.id, b.id)
		  ORDER BY s.calendar_id FOR NO KEY UPDATE;
	END IF;

	SELECT x.id, x.etag, x.uid, x.size, x.component INTO o FROM calendar_object x
	 WHERE x.account_id = p_account AND x.calendar_id = a.id AND x.name = p_from AND NOT x.deleted;
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	IF b.id IS NULL OR NOT EXISTS (SELECT FROM calendar_state s WHERE s.account_id = p_account AND s.calendar_id = b.id)
	THEN outcome := 409; RETURN; END IF;
	IF NOT b.writable OR (NOT p_keep AND NOT a.writable) THEN outcome := 403; RETURN; END IF;
	IF NOT etag_conditions(o.etag, p_match_any, p_match, p_none_any, p_none) THEN outcome := 412; RETURN; END IF;

	SELECT x.id, x.deleted, x.size INTO t FROM calendar_object x
	 WHERE x.account_id = p_account AND x.calendar_id = b.id AND x.name = p_to;
	IF t.deleted IS FALSE AND NOT p_overwrite THEN outcome := 412; RETURN; END IF;
	IF b.components & o.component = 0 THEN outcome := 415; RETURN; END IF;
	SELECT x.name INTO other FROM calendar_object x
	 WHERE x.account_id = p_account AND x.calendar_id = b.id AND x.uid = o.uid AND x.name <> p_to
	   AND (p_keep OR x.id <> o.id);
	IF FOUND THEN outcome := 419; RETURN; END IF;
	was := CASE WHEN t.deleted IS FALSE THEN t.size ELSE 0 END;
	IF (p_keep OR a.id <> b.id) AND o.size > was AND p_quota <
	   (SELECT s.bytes + o.size - was FROM calendar_state s WHERE s.account_id = p_account AND s.calendar_id = b.id)
	THEN outcome := 507; RETURN; END IF;
	IF p_keep AND o.size > was AND NOT storage_fits(p_account, o.size - was, p_account_max) THEN
		outcome := 517; RETURN;
	END IF;
	IF p_keep AND NOT dead_property_fits(p_account, (SELECT count(*) FROM dead_property d
	                                                  WHERE d.account_id = p_account AND d.resource_id = o.id)) THEN
		outcome := 518; RETURN;
	END IF;

	outcome := CASE WHEN t.deleted IS FALSE THEN 204 ELSE 201 END;
	IF NOT p_keep THEN
		UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes - o.size, objects = s.objects - 1
		 WHERE s.account_id = p_account AND s.calendar_id = a.id RETURNING s.modseq INTO m;
	END IF;
	IF t.id IS NOT NULL THEN
		DELETE FROM dead_property d WHERE d.account_id = p_account AND d.resource_id = t.id;
		DELETE FROM calendar_object x WHERE x.account_id = p_account AND x.id = t.id;
		IF t.deleted IS FALSE THEN
			INSERT INTO event (account_id, id, kind, calendar_id, object_id, actor_id, request_id)
			VALUES (p_account, uuid_v7(), 3, b.id, t.id, p_author, p_request);
		END IF;
	END IF;
	IF NOT p_keep THEN            -- out of the way of the tombstone that takes its name
		UPDATE calendar_object x SET calendar_id = b.id, name = p_to, modseq = 0
		 WHERE x.account_id = p_account AND x.id = o.id;
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, updated_at, created_at, size, tzver, component,
		       flags, deleted, etag, name, author_id)
		VALUES (p_account, a.id, p_id, m, now(), now(), 0, 0, o.component, 0, true, o.etag, p_from, p_author);
	END IF;
	UPDATE calendar_state s SET modseq = s.modseq + 1, bytes = s.bytes + o.size - was,
	       objects = s.objects + (outcome = 201)::int
	 WHERE s.account_id = p_account AND s.calendar_id = b.id RETURNING s.modseq INTO m;
	IF p_keep THEN
		now_id := p_id;
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at,
		       created_at, size, tzver, component, flags, etag, name, uid, author_id, occ, data)
		SELECT p_account, b.id, p_id, m, x.first_at, x.last_at, x.occ_until, now(), now(), x.size, x.tzver, x.component,
		       x.flags, x.etag, p_to, x.uid, p_author, x.occ, x.data
		  FROM calendar_object x WHERE x.account_id = p_account AND x.id = o.id;
		INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
		SELECT d.account_id, p_id, d.ns, d.local, d.xml FROM dead_property d
		 WHERE d.account_id = p_account AND d.resource_id = o.id;
	ELSE
		now_id := o.id;
		UPDATE calendar_object x SET modseq = m, updated_at = now(), author_id = p_author
		 WHERE x.account_id = p_account AND x.id = o.id;
	END IF;
	INSERT INTO event (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	VALUES (p_account, p_event, CASE WHEN p_keep THEN 1 ELSE 2 END, b.id, now_id, m, p_author, p_request);
END $$;

-- Sets dead properties, and removes those whose xml is empty. False, and nothing done, if there would be more than
-- p_max, or too many of the account. The rows are locked in one order, so that two of these cannot wait for each other.
CREATE FUNCTION dead_property_change(p_account uuid, p_resource uuid, p_ns text[], p_local text[],
	p_xml text[], p_max int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE others bigint; present bigint; given bigint;
BEGIN
	IF cardinality(p_ns) = 0 THEN RETURN true; END IF;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND d.resource_id = p_resource
	  ORDER BY d.ns, d.local FOR UPDATE;
	SELECT count(*) FILTER (WHERE n.ns IS NULL), count(*) FILTER (WHERE n.xml <> '') INTO others, present
	  FROM dead_property d LEFT JOIN unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	    ON n.ns = d.ns AND n.local = d.local
	 WHERE d.account_id = p_account AND d.resource_id = p_resource;
	SELECT count(*) INTO given FROM unnest(p_xml) AS n(xml) WHERE n.xml <> '';
	IF others + given > p_max OR NOT dead_property_fits(p_account, given - present) THEN
		RETURN false;
	END IF;
	DELETE FROM dead_property d USING unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	 WHERE d.account_id = p_account AND d.resource_id = p_resource AND d.ns = n.ns AND d.local = n.local AND n.xml = '';
	INSERT INTO dead_property AS d (account_id, resource_id, ns, local, xml)
	SELECT p_account, p_resource, n.ns, n.local, n.xml FROM unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	 WHERE n.xml <> '' ORDER BY n.ns, n.local
	    ON CONFLICT (account_id, resource_id, ns, local) DO UPDATE SET xml = excluded.xml;
	RETURN true;
END $$;

-- p_set tells which values are given: 1 displayname, 2 description, 4 color, 8 timezone, 16 tzid, 32 ord, 64 transp,
-- 128 selected, 256 writable. outcome: 200, 404, 507
CREATE FUNCTION calendar_update(p_account uuid, p_only uuid[], p_name text, p_set int, p_displayname text,
	p_description text, p_color text, p_timezone text, p_tzid text, p_ord int, p_transp boolean, p_selected boolean,
	p_writable boolean, p_ns text[], p_local text[], p_xml text[], p_dead_max int, p_event uuid, p_author uuid,
	p_request uuid, p_version bigint, OUT outcome int) LANGUAGE plpgsql AS $$
DECLARE c uuid; version bigint;
BEGIN
	SELECT t.id, t.prop_version INTO c, version FROM calendar t WHERE t.account_id = p_account AND t.name = p_name
	   AND (p_only IS NULL OR t.id = ANY (p_only)) FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	IF p_version <> version THEN outcome := 412; RETURN; END IF;
	IF NOT dead_property_change(p_account, c, p_ns, p_local, p_xml, p_dead_max) THEN outcome := 507; RETURN; END IF;
	UPDATE calendar t SET prop_version = t.prop_version + 1,
	       displayname = CASE WHEN p_set & 1 <> 0 THEN p_displayname ELSE t.displayname END,
	       description = CASE WHEN p_set & 2 <> 0 THEN p_description ELSE t.description END,
	       color       = CASE WHEN p_set & 4 <> 0 THEN p_color ELSE t.color END,
	       timezone    = CASE WHEN p_set & 8 <> 0 THEN p_timezone ELSE t.timezone END,
	       tzid        = CASE WHEN p_set & 16 <> 0 THEN p_tzid ELSE t.tzid END,
	       ord         = CASE WHEN p_set & 32 <> 0 THEN p_ord ELSE t.ord END,
	       transp      = CASE WHEN p_set & 64 <> 0 THEN p_transp ELSE t.transp END,
	       selected    = CASE WHEN p_set & 128 <> 0 THEN p_selected ELSE t.selected END,
	       writable    = CASE WHEN p_set & 256 <> 0 THEN p_writable ELSE t.writable END
	 WHERE t.account_id = p_account AND t.id = c;
	INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
	VALUES (p_account, p_event, 5, c, p_author, p_request);
	outcome := 200;
END $$;

-- The account's row is locked: two who make calendars at once count each other. outcome: 201, 404 no account, 405
-- there is one of this name, 507 too many calendars or properties
CREATE FUNCTION calendar_create(p_account uuid, p_id uuid, p_name text, p_components smallint, p_displayname text,
	p_description text, p_color text, p_timezone text, p_tzid text, p_ord int, p_transp boolean, p_ns text[],
	p_local text[], p_xml text[], p_max int, p_dead_max int, p_event uuid, p_author uuid, p_request uuid,
	OUT outcome int) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM account t WHERE t.account_id = p_account FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	IF EXISTS (SELECT FROM calendar t WHERE t.account_id = p_account AND t.name = p_name) THEN
		outcome := 405; RETURN;
	END IF;
	IF p_max <= (SELECT count(*) FROM calendar t WHERE t.account_id = p_account)
	   OR NOT dead_property_change(p_account, p_id, p_ns, p_local, p_xml, p_dead_max) THEN
		outcome := 507; RETURN;
	END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp)
	VALUES (p_account, p_id, p_name, p_displayname, p_description, p_color, p_ord, p_timezone, p_tzid, p_components,
	        p_transp);
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_id);
	INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
	VALUES (p_account, p_event, 4, p_id, p_author, p_request);
	outcome := 201;
END $$;

-- The state row goes first: writers of objects wait for it, and then find no calendar. Then in the order of whoever
-- changes properties, the calendar's row and dead properties by name: a PROPPATCH and a DELETE of its calendar would wait
-- for each other else.
CREATE FUNCTION calendar_drop(p_account uuid, p_calendar uuid, p_event uuid, p_author uuid, p_request uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM calendar_state t WHERE t.account_id = p_account AND t.calendar_id = p_calendar FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_account AND t.id = p_calendar FOR UPDATE;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND (d.resource_id = p_calendar OR EXISTS (
	        SELECT FROM calendar_object o WHERE o.account_id = p_account AND o.id = d.resource_id
	           AND o.calendar_id = p_calendar)) ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_account AND (d.resource_id = p_calendar OR EXISTS (
	       SELECT FROM calendar_object o WHERE o.account_id = p_account AND o.id = d.resource_id
	          AND o.calendar_id = p_calendar));
	DELETE FROM calendar t WHERE t.account_id = p_account AND t.id = p_calendar;
	INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
	VALUES (p_account, p_event, 6, p_calendar, p_author, p_request);
END $$;

-- outcome: 204, 403 not writable, 404
CREATE FUNCTION calendar_delete(p_account uuid, p_only uuid[], p_name text, p_event uuid, p_author uuid, p_request uuid,
	OUT outcome int) LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
	SELECT t.id, t.writable INTO c FROM calendar t WHERE t.account_id = p_account AND t.name = p_name
	   AND (p_only IS NULL OR t.id = ANY (p_only));
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	IF NOT c.writable THEN outcome := 403; RETURN; END IF;
	PERFORM calendar_drop(p_account, c.id, p_event, p_author, p_request);
	outcome := 204;
END $$;

-- MOVE (p_keep false) and COPY (p_deep: with its objects) of a calendar. The account's row is locked as in
-- calendar_create: two copies at once, which may be large, count each other. outcome: 201, 204 replaced, 403 not
-- writable, 404, 412 something is there, 507 too many calendars, 517 the account's storage is full, 518 too many dead
-- properties
CREATE FUNCTION calendar_relocate(p_account uuid, p_only uuid[], p_from text, p_to text, p_keep boolean, p_deep boolean,
	p_overwrite boolean, p_id uuid, p_max int, p_event uuid, p_author uuid, p_request uuid, p_account_max bigint,
	OUT outcome int) LANGUAGE plpgsql AS $$
DECLARE c record; t record; n bigint; more bigint;
BEGIN
	PERFORM FROM account x WHERE x.account_id = p_account FOR NO KEY UPDATE;
	SELECT x.id, x.writable INTO c FROM calendar x WHERE x.account_id = p_account AND x.name = p_from
	   AND (p_only IS NULL OR x.id = ANY (p_only));
	IF NOT FOUND THEN outcome := 404; RETURN; END IF;
	SELECT x.id, x.writable INTO t FROM calendar x WHERE x.account_id = p_account AND x.name = p_to;
	IF FOUND AND NOT p_overwrite THEN outcome := 412; RETURN; END IF;
	IF NOT t.writable OR (NOT p_keep AND NOT c.writable) OR NOT (p_only IS NULL OR t.id = ANY (p_only)) THEN
		outcome := 403; RETURN;
	END IF;
	IF p_keep AND t.id IS NULL AND p_max <= (SELECT count(*) FROM calendar x WHERE x.account_id = p_account) THEN
		outcome := 507; RETURN;
	END IF;
	PERFORM FROM calendar_state s WHERE s.account_id = p_account AND s.calendar_id IN (c.id, t.id)
	  ORDER BY s.calendar_id FOR UPDATE;
	IF p_keep THEN
		SELECT sum(CASE WHEN s.calendar_id = c.id THEN CASE WHEN p_deep THEN s.bytes ELSE 0 END ELSE - s.bytes END)
		  INTO more FROM calendar_state s WHERE s.account_id = p_account AND s.calendar_id IN (c.id, t.id);
		IF more > 0 AND NOT storage_fits(p_account, more, p_account_max) THEN outcome := 517; RETURN; END IF;
		IF NOT dead_property_fits(p_account, (SELECT count(*) FROM dead_property d
		                                       WHERE d.account_id = p_account AND d.resource_id = c.id)) THEN
			outcome := 518; RETURN;
		END IF;
	END IF;
	outcome := CASE WHEN t.id IS NULL THEN 201 ELSE 204 END;
	IF t.id IS NOT NULL THEN PERFORM calendar_drop(p_account, t.id, uuid_v7(), p_author, p_request); END IF;

	IF NOT p_keep THEN
		UPDATE calendar x SET name = p_to, prop_version = x.prop_version + 1
		 WHERE x.account_id = p_account AND x.id = c.id;
		INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
		VALUES (p_account, p_event, 5, c.id, p_author, p_request);
		RETURN;
	END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp,
	       selected)
	SELECT x.account_id, p_id, p_to, x.displayname, x.description, x.color, x.ord, x.timezone, x.tzid, x.components,
	       x.transp, x.selected
	  FROM calendar x WHERE x.account_id = p_account AND x.id = c.id;
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_id);
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
	SELECT d.account_id, p_id, d.ns, d.local, d.xml FROM dead_property d
	 WHERE d.account_id = p_account AND d.resource_id = c.id;
	INSERT INTO event (account_id, id, kind, calendar_id, actor_id, request_id)
	VALUES (p_account, p_event, 4, p_id, p_author, p_request);
	IF NOT p_deep THEN RETURN; END IF;

	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, occ_until, updated_at,
	       created_at, size, tzver, component, flags, etag, name, uid, author_id, occ, data)
	SELECT p_account, p_id, uuid_v7(), 1 + row_number() OVER (ORDER BY o.modseq), o.first_at, o.last_at, o.occ_until,
	       now(), now(), o.size, o.tzver, o.component, o.flags, o.etag, o.name, o.uid, p_author, o.occ, o.data
	  FROM calendar_object o WHERE o.account_id = p_account AND o.calendar_id = c.id AND NOT o.deleted;
	GET DIAGNOSTICS n = ROW_COUNT;
	UPDATE calendar_state s SET modseq = 1 + n, objects = n,
	       bytes = (SELECT x.bytes FROM calendar_state x WHERE x.account_id = p_account AND x.calendar_id = c.id)
	 WHERE s.account_id = p_account AND s.calendar_id = p_id;
	INSERT INTO event (account_id, id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	SELECT p_account, uuid_v7(), 1, p_id, o.id, o.modseq, p_author, p_request
	  FROM calendar_object o WHERE o.account_id = p_account AND o.calendar_id = p_id;
END $$;
