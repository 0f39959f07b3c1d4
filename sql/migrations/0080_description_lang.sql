-- SPDX-License-Identifier: Apache-2.0
-- The language that a calendar's description was told to be in (RFC 4791 §5.2.1: xml:lang is returned with it). It is set with
-- the description, whoever sets that.
ALTER TABLE calendar ADD COLUMN description_lang text;
ALTER TYPE calendar_fields ADD ATTRIBUTE description_lang text;

-- As in 0020_hosted_fields.sql, with it.
CREATE OR REPLACE FUNCTION calendar_update(p_actor actor, p_name text, p_version bigint, p_set int, p_to calendar_fields,
	p_dead dead_change, p_dead_max int, OUT outcome outcome) LANGUAGE plpgsql AS $$
DECLARE c uuid; version bigint;
BEGIN
	SELECT t.id, t.prop_version INTO c, version FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars)) FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF p_version <> version THEN outcome := 'condition_failed'; RETURN; END IF;
	IF NOT dead_property_set(p_actor.owner, c, p_dead, p_dead_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	UPDATE calendar t SET prop_version = t.prop_version + 1,
	       displayname = CASE WHEN p_set & 1 <> 0 THEN p_to.displayname ELSE t.displayname END,
	       description = CASE WHEN p_set & 2 <> 0 THEN p_to.description ELSE t.description END,
	       description_lang = CASE WHEN p_set & 2 <> 0 THEN p_to.description_lang ELSE t.description_lang END,
	       color       = CASE WHEN p_set & 4 <> 0 THEN p_to.color ELSE t.color END,
	       timezone    = CASE WHEN p_set & 8 <> 0 THEN p_to.timezone ELSE t.timezone END,
	       tzid        = CASE WHEN p_set & 16 <> 0 THEN p_to.tzid ELSE t.tzid END,
	       ord         = CASE WHEN p_set & 32 <> 0 THEN p_to.ord ELSE t.ord END,
	       transp      = CASE WHEN p_set & 64 <> 0 THEN p_to.transp ELSE t.transp END,
	       selected    = CASE WHEN p_set & 128 <> 0 THEN p_to.selected ELSE t.selected END,
	       writable    = CASE WHEN p_set & 256 <> 0 THEN p_to.writable ELSE t.writable END,
	       is_public   = CASE WHEN p_set & 512 <> 0 THEN p_to.is_public ELSE t.is_public END,
	       organizer_name = CASE WHEN p_set & 1024 <> 0 THEN p_to.organizer_name ELSE t.organizer_name END
	 WHERE t.account_id = p_actor.owner AND t.id = c;
	PERFORM outbox_add(p_actor, 'calendar_changed', c, NULL, NULL);
	outcome := 'changed';
END $$;

CREATE OR REPLACE FUNCTION calendar_create(p_actor actor, p_id uuid, p_name text, p_components smallint, p_to calendar_fields,
	p_dead dead_change, p_max int, p_dead_max int, OUT outcome outcome) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM account t WHERE t.account_id = p_actor.owner FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF EXISTS (SELECT FROM calendar t WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name) THEN
		outcome := 'name_taken'; RETURN;
	END IF;
	IF p_max <= (SELECT count(*) FROM calendar t WHERE t.account_id = p_actor.owner) THEN
		outcome := 'too_many_calendars'; RETURN;
	END IF;
	IF NOT dead_property_set(p_actor.owner, p_id, p_dead, p_dead_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp,
	       is_public, organizer_name, description_lang)
	VALUES (p_actor.owner, p_id, p_name, p_to.displayname, p_to.description, p_to.color, p_to.ord, p_to.timezone,
	        p_to.tzid, p_components, p_to.transp, coalesce(p_to.is_public, false), p_to.organizer_name,
	        p_to.description_lang);
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	outcome := 'created';
END $$;

-- As in 0069_event_words.sql, with it.
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
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	SELECT p_actor.owner, 'object_created', p_id, o.id, o.modseq, p_actor.author, p_actor.request
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = p_id;
END $$;
