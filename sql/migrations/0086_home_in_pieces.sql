-- SPDX-License-Identifier: Apache-2.0
-- Where the database became another one, the counters jump a portion at a time: all at once hold every calendar's writers up for as long
-- as the slowest disk takes, and a job has only so long for a statement. (0079 has what it is for.)

DROP FUNCTION database_home_keep();

ALTER TABLE database_home ADD moving_to text COLLATE "C", ADD moved_account uuid, ADD moved_calendar uuid;
COMMENT ON TABLE database_home IS 'rows: one (database_home_step)';
COMMENT ON COLUMN database_home.moving_to IS 'the home for which counters jump now; those up to moved_account, moved_calendar did';

-- The next p_most calendars. moved: it was the last portion, and the database is at home here now. more: there are others to do.
CREATE FUNCTION database_home_step(p_most int, OUT moved boolean, OUT more boolean) LANGUAGE plpgsql AS $$
DECLARE here text := database_home_now(); h record; a uuid; c uuid; n int;
BEGIN
	moved := false;
	more := false;
	IF EXISTS (SELECT FROM database_home t WHERE t.home = here)
	   AND EXISTS (SELECT FROM webhook_cursor t WHERE t.xid < pg_snapshot_xmax(pg_current_snapshot())) THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('database_home'));
	INSERT INTO database_home (home) VALUES (here) ON CONFLICT DO NOTHING;
	PERFORM outbox_rebase();
	SELECT t.home, t.moving_to, t.moved_account, t.moved_calendar INTO h FROM database_home t;
	IF h.home = here THEN RETURN; END IF; -- done by another instance in the meantime
	a := CASE WHEN h.moving_to = here THEN h.moved_account ELSE '00000000-0000-0000-0000-000000000000' END;
	c := CASE WHEN h.moving_to = here THEN h.moved_calendar ELSE '00000000-0000-0000-0000-000000000000' END;
	WITH next AS (
		SELECT s.account_id, s.calendar_id FROM calendar_state s WHERE (s.account_id, s.calendar_id) > (a, c)
		 ORDER BY s.account_id, s.calendar_id LIMIT p_most FOR NO KEY UPDATE
	), jumped AS (
		UPDATE calendar_state s SET modseq = s.modseq + 4294967296, min_modseq = s.modseq + 4294967296
		  FROM next t WHERE s.account_id = t.account_id AND s.calendar_id = t.calendar_id
		RETURNING s.account_id, s.calendar_id
	)
	SELECT count(*) OVER (), j.account_id, j.calendar_id INTO n, a, c FROM jumped j ORDER BY j.account_id DESC, j.calendar_id DESC LIMIT 1;
	moved := coalesce(n, 0) < p_most;
	more := NOT moved;
	IF moved THEN
		UPDATE database_home t SET home = here, moving_to = NULL, moved_account = NULL, moved_calendar = NULL;
	ELSE
		UPDATE database_home t SET moving_to = here, moved_account = a, moved_calendar = c;
	END IF;
END $$;
