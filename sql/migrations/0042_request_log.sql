-- SPDX-License-Identifier: Apache-2.0
-- The requests of an account's keys and apps, one by one (docs/logs.md). A job writes them, from a queue in memory.

-- A ring of days: slot = (days since 1970) mod 9. Seven whole days and today are kept; the slot of tomorrow is emptied by
-- TRUNCATE. The id of a request is a UUIDv7, so that the newest of an account are the last by their key.
CREATE TABLE request_log (
	account_id    uuid NOT NULL,            -- whose app or key it is, in its mode
	id            uuid NOT NULL,            -- req_…
	slot          smallint NOT NULL,
	at            timestamptz NOT NULL,
	credential_id uuid,                     -- the key
	client_id     uuid,                     -- the app
	connection_id uuid,
	method        text NOT NULL,
	route         text NOT NULL,            -- 'GET /v1/events/:event'
	path          text NOT NULL,            -- without its query
	status        smallint NOT NULL,        -- 599: it broke off
	took_us       bigint NOT NULL,
	code          text,
	param         text,
	message       text,
	network       text,
	agent         text,
	PRIMARY KEY (account_id, id, slot)
) PARTITION BY LIST (slot);
CREATE TABLE request_log_0 PARTITION OF request_log FOR VALUES IN (0);
CREATE TABLE request_log_1 PARTITION OF request_log FOR VALUES IN (1);
CREATE TABLE request_log_2 PARTITION OF request_log FOR VALUES IN (2);
CREATE TABLE request_log_3 PARTITION OF request_log FOR VALUES IN (3);
CREATE TABLE request_log_4 PARTITION OF request_log FOR VALUES IN (4);
CREATE TABLE request_log_5 PARTITION OF request_log FOR VALUES IN (5);
CREATE TABLE request_log_6 PARTITION OF request_log FOR VALUES IN (6);
CREATE TABLE request_log_7 PARTITION OF request_log FOR VALUES IN (7);
CREATE TABLE request_log_8 PARTITION OF request_log FOR VALUES IN (8);
COMMENT ON TABLE request_log IS 'rows: 10,000 an account (request_log_trim), of eight days (request_log_prune)';

-- As access_token_prune, by the day.
CREATE FUNCTION request_log_prune() RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	idle int := ((floor(extract(epoch FROM now()) / 86400)::bigint + 1) % 9)::int;
	leaf regclass := 'request_log_' || idle;
	rows_left boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', leaf) INTO rows_left;
	IF NOT rows_left OR NOT pg_try_advisory_xact_lock(hashtext('request_log_prune')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('TRUNCATE %s', leaf);
	RETURN idle;
END $$;

-- As outbox_trim.
CREATE FUNCTION request_log_trim(p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := (SELECT sum(pg_relation_size(t.relid)) / current_setting('block_size')::int
	                   FROM pg_partition_tree('request_log') t WHERE t.isleaf);
	a uuid;
	newest uuid; -- of those that go
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT l.account_id FROM request_log l TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM request_log x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_most LIMIT 1;
		CONTINUE WHEN newest IS NULL;
		DELETE FROM request_log l WHERE l.account_id = a AND l.id IN (SELECT x.id FROM request_log x
		        WHERE x.account_id = a AND x.id <= newest ORDER BY x.id LIMIT p_limit - done);
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0017_voice_sessions.sql, with request_log.)
CREATE OR REPLACE FUNCTION sandbox_clear(p_account uuid, p_calendar uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE account a SET ahead_s = 0 WHERE a.account_id = p_account AND NOT a.livemode;
	IF NOT FOUND THEN RETURN false; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_account ORDER BY t.calendar_id FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_account ORDER BY t.id FOR UPDATE;
	PERFORM FROM dead_property d WHERE d.account_id = p_account ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_account;
	DELETE FROM calendar t WHERE t.account_id = p_account;
	DELETE FROM booking b WHERE b.account_id = p_account;
	DELETE FROM booking_page p WHERE p.account_id = p_account;
	DELETE FROM voice_session v WHERE v.account_id = p_account;
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	DELETE FROM request_log l WHERE l.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;
