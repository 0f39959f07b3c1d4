-- SPDX-License-Identifier: Apache-2.0
-- A database that was restored from a backup, or whose server is a copy of the one before, has an earlier state than some
-- readers saw: what they hold of later numbers must never count again. Where the database is tells that it became another
-- (docs/adr/0055).

CREATE TABLE database_home (
	one  boolean PRIMARY KEY DEFAULT true CHECK (one),
	home text NOT NULL COLLATE "C",        -- as database_home_now() told it last
	mark bytea CHECK (length(mark) = 32)   -- of the secret key that seals what is stored here; NULL: nobody served it yet
);
COMMENT ON TABLE database_home IS 'rows: one (database_home_keep)';

-- Cluster, timeline (another after a failover or a recovery to a point in time), database and table (others after a restored
-- dump). What a hosted PostgreSQL does not tell stays empty.
CREATE FUNCTION database_home_now() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE cluster text := ''; timeline text := '';
BEGIN
	BEGIN
		SELECT s.system_identifier::text INTO cluster FROM pg_control_system() s;
	EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN cluster := '';
	END;
	BEGIN
		timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
	EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN timeline := '';
	END;
	RETURN concat_ws('/', cluster, timeline, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()),
		'database_home'::regclass::oid);
END $$;

-- Webhooks' reader goes by transaction ids, which are those of a cluster. In another that is younger it would wait for
-- years: what it has told goes, what it has not is of now.
CREATE FUNCTION outbox_rebase() RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record; lo xid8;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('webhook_changes'));
	SELECT t.xid, t.id INTO c FROM webhook_cursor t;
	lo := pg_snapshot_xmin(pg_current_snapshot());
	IF c.xid < pg_snapshot_xmax(pg_current_snapshot()) THEN RETURN; END IF; -- as it always is otherwise
	DELETE FROM outbox o WHERE o.xid >= lo AND o.xid <= c.xid AND o.id <= c.id;
	UPDATE outbox o SET xid = pg_current_xact_id() WHERE o.id > c.id OR o.xid > c.xid;
	UPDATE webhook_cursor SET xid = lo, id = '00000000-0000-0000-0000-000000000000';
END $$;

-- Every counter jumps beyond whatever was counted in what is lost, and no token of before is good: clients read all once.
CREATE FUNCTION database_home_keep() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE here text := database_home_now(); moved boolean;
BEGIN
	IF EXISTS (SELECT FROM database_home h WHERE h.home = here)
	   AND EXISTS (SELECT FROM webhook_cursor c WHERE c.xid < pg_snapshot_xmax(pg_current_snapshot())) THEN
		RETURN false;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('database_home'));
	INSERT INTO database_home (home) VALUES (here) ON CONFLICT DO NOTHING;
	UPDATE database_home h SET home = here WHERE h.home <> here;
	moved := FOUND;
	IF moved THEN
		UPDATE calendar_state s SET modseq = s.modseq + 4294967296, min_modseq = s.modseq + 4294967296;
	END IF;
	PERFORM outbox_rebase();
	RETURN moved;
END $$;
