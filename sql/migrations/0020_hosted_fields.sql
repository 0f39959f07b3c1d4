-- SPDX-License-Identifier: Apache-2.0
-- What the organizer of a calendar's events is called, and when a calendar was changed: its properties or its feed's token,
-- and not what is in it. A copy is organized by its owner.
ALTER TABLE calendar ADD COLUMN organizer_name text, ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
UPDATE calendar SET updated_at = created_at;
ALTER TYPE calendar_fields ADD ATTRIBUTE organizer_name text;

CREATE FUNCTION calendar_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.updated_at := now();
	RETURN NEW;
END $$;
CREATE TRIGGER calendar_touched BEFORE UPDATE ON calendar FOR EACH ROW EXECUTE FUNCTION calendar_touched();

-- As in 0016_public_calendars.sql, with it.
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
	       is_public, organizer_name)
	VALUES (p_actor.owner, p_id, p_name, p_to.displayname, p_to.description, p_to.color, p_to.ord, p_to.timezone,
	        p_to.tzid, p_components, p_to.transp, coalesce(p_to.is_public, false), p_to.organizer_name);
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	outcome := 'created';
END $$;
