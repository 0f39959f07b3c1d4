-- SPDX-License-Identifier: Apache-2.0
-- A sync by id. A tombstone tells of a name that went: enough for CalDAV, where an object is its name. REST knows objects
-- by id, and an id goes without a tombstone of its own when another object takes its name, when it moves to another
-- calendar, and when it is no event any more. Such ids are kept here with the number under which they went.

CREATE TABLE calendar_gone (
	account_id  uuid NOT NULL,
	calendar_id uuid NOT NULL,
	modseq      bigint NOT NULL,
	id          uuid NOT NULL,
	PRIMARY KEY (account_id, calendar_id, modseq, id),
	FOREIGN KEY (account_id, calendar_id) REFERENCES calendar ON DELETE CASCADE
);
COMMENT ON TABLE calendar_gone IS 'rows: 1,000 a calendar (calendar_object_left)';

-- Under the number of the change that took it: the counter has it already, but where an object moves over this one, which
-- is counted next. A tombstone keeps its own. Older sync tokens end where there are too many, as with tombstones.
CREATE FUNCTION calendar_object_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE s record; gone bigint;
BEGIN
	SELECT t.modseq, t.min_modseq INTO s FROM calendar_state t
	 WHERE t.account_id = OLD.account_id AND t.calendar_id = OLD.calendar_id;
	IF NOT FOUND OR (OLD.deleted AND OLD.modseq <= s.min_modseq) THEN RETURN NULL; END IF;
	INSERT INTO calendar_gone (account_id, calendar_id, modseq, id)
	VALUES (OLD.account_id, OLD.calendar_id,
	        CASE WHEN OLD.deleted THEN OLD.modseq ELSE s.modseq + (TG_OP = 'DELETE')::int END, OLD.id)
	    ON CONFLICT DO NOTHING;
	WITH too_many AS (
		DELETE FROM calendar_gone g WHERE g.account_id = OLD.account_id AND g.calendar_id = OLD.calendar_id
		   AND g.modseq <= (SELECT x.modseq FROM calendar_gone x
		                     WHERE x.account_id = OLD.account_id AND x.calendar_id = OLD.calendar_id
		                     ORDER BY x.modseq DESC, x.id DESC OFFSET 1000 LIMIT 1)
		RETURNING g.modseq)
	SELECT max(t.modseq) INTO gone FROM too_many t;
	UPDATE calendar_state t SET min_modseq = gone
	 WHERE t.account_id = OLD.account_id AND t.calendar_id = OLD.calendar_id AND gone > t.min_modseq;
	RETURN NULL;
END $$;

CREATE TRIGGER calendar_object_renewed AFTER UPDATE OF id, calendar_id, component ON calendar_object FOR EACH ROW
	WHEN (OLD.id <> NEW.id OR OLD.calendar_id <> NEW.calendar_id OR (OLD.component = 1 AND NEW.component <> 1))
	EXECUTE FUNCTION calendar_object_left();
CREATE TRIGGER calendar_object_replaced AFTER DELETE ON calendar_object FOR EACH ROW
	EXECUTE FUNCTION calendar_object_left();

-- Tombstones that are trimmed leave nothing here: the tokens that could ask for them end first.
CREATE OR REPLACE FUNCTION graves_trim(p_account uuid, p_calendar uuid, p_most int, p_portion int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE gone bigint; ids uuid[]; removed int;
BEGIN
	SELECT max(d.modseq), array_agg(d.id) INTO gone, ids FROM (
		SELECT x.id, x.modseq FROM calendar_object x
		 WHERE x.account_id = p_account AND by_grave(x.calendar_id) = p_calendar AND x.deleted
		 ORDER BY x.modseq LIMIT least(p_portion, (SELECT s.tombstones - s.objects - p_most FROM calendar_state s
		       WHERE s.account_id = p_account AND s.calendar_id = p_calendar))) d;
	removed := coalesce(cardinality(ids), 0);
	UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
	 WHERE s.account_id = p_account AND s.calendar_id = p_calendar AND removed > 0;
	DELETE FROM calendar_object o WHERE o.account_id = p_account AND by_id(o.id) = ANY (ids);
	RETURN removed;
END $$;

CREATE OR REPLACE FUNCTION tombstone_prune(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	c record;
	gone bigint;
	dead uuid[];
	removed int;
	done int := 0;
BEGIN
	FOR c IN SELECT o.account_id, o.calendar_id, array_agg(o.id) AS ids FROM (SELECT x.account_id, x.calendar_id, x.id
	          FROM calendar_object x WHERE x.deleted AND x.updated_at < p_before ORDER BY x.updated_at LIMIT p_limit) o
	         GROUP BY 1, 2 ORDER BY 1, 2 LOOP
		PERFORM FROM calendar_state s WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id
		    FOR NO KEY UPDATE;
		SELECT max(o.modseq), array_agg(o.id) INTO gone, dead FROM calendar_object o
		 WHERE o.account_id = c.account_id AND by_id(o.id) = ANY (c.ids) AND o.deleted AND o.updated_at < p_before;
		removed := coalesce(cardinality(dead), 0);
		UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
		 WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id AND removed > 0;
		DELETE FROM calendar_object o WHERE o.account_id = c.account_id AND by_id(o.id) = ANY (dead);
		done := done + removed;
	END LOOP;
	RETURN done;
END $$;
