-- SPDX-License-Identifier: Apache-2.0
-- What tidies up passes over rows that somebody has locked, and waits for nobody: it comes again. (0090_lock_order.sql has why.)

-- (As in 0037_client_documents.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION client_document_claim(p_url text, p_now timestamptz, p_again timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('client_document'));
	INSERT INTO client_document AS d (url, tried_at) VALUES (p_url, p_now)
	ON CONFLICT (url) DO UPDATE SET tried_at = p_now, wrong = NULL WHERE d.tried_at < p_again;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM client_document d WHERE d.url = ANY (ARRAY(SELECT x.url FROM client_document x
	       WHERE x.url IN (SELECT y.url FROM client_document y ORDER BY y.tried_at DESC, y.url OFFSET 2000) FOR UPDATE SKIP LOCKED));
	RETURN true;
END $$;

-- (As in 0002_idempotent_answer.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION idempotent_answer_trim(p_since timestamptz, p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := pg_relation_size('idempotent_answer') / current_setting('block_size')::int;
	a uuid;
	before timestamptz;
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM idempotent_answer o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.created_at INTO before FROM idempotent_answer x WHERE x.account_id = a
		 ORDER BY x.created_at DESC OFFSET p_most LIMIT 1;
		DELETE FROM idempotent_answer o WHERE o.ctid = ANY (ARRAY(SELECT x.ctid FROM idempotent_answer x
		        WHERE x.account_id = a AND x.created_at <= greatest(before, p_since) ORDER BY x.created_at
		        LIMIT p_limit - done FOR UPDATE SKIP LOCKED));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0026_mail.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION mail_trim(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	block CONSTANT int := current_setting('block_size')::int;
	a uuid; removed int; done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT m.account_id FROM mail m
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('mail') / block, 1)))
	          WHERE m.created_at < p_before ORDER BY random() LIMIT accounts) AS s LOOP
		WITH gone AS (DELETE FROM mail m WHERE m.ctid = ANY (ARRAY(SELECT x.ctid FROM mail x WHERE x.account_id = a AND x.created_at < p_before
		                    LIMIT p_limit - done FOR UPDATE SKIP LOCKED))
		              RETURNING m.letter_id),
		     letters AS (DELETE FROM mail_letter l WHERE l.ctid = ANY (ARRAY(SELECT x.ctid FROM mail_letter x
		                    WHERE x.account_id = a AND x.id IN (SELECT g.letter_id FROM gone g) FOR UPDATE SKIP LOCKED)))
		SELECT count(*) INTO removed FROM gone;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0001_schema.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION outbox_trim(p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := (SELECT sum(pg_relation_size(t.relid)) / current_setting('block_size')::int
	                   FROM pg_partition_tree('outbox') t WHERE t.isleaf);
	a uuid;
	newest uuid; -- of those that go
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM outbox o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM outbox x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_most LIMIT 1;
		CONTINUE WHEN newest IS NULL;
		DELETE FROM outbox o WHERE o.account_id = a AND o.id = ANY (ARRAY(SELECT x.id FROM outbox x
		        WHERE x.account_id = a AND x.id <= newest ORDER BY x.id LIMIT p_limit - done FOR UPDATE SKIP LOCKED));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0042_request_log.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION request_log_trim(p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
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
		DELETE FROM request_log l WHERE l.account_id = a AND l.id = ANY (ARRAY(SELECT x.id FROM request_log x
		        WHERE x.account_id = a AND x.id <= newest ORDER BY x.id LIMIT p_limit - done FOR UPDATE SKIP LOCKED));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

-- (As in 0005_webhooks.sql, but that it passes over what is locked.)
CREATE OR REPLACE FUNCTION webhook_trim(p_before uuid, p_events int, p_deliveries int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	block CONSTANT int := current_setting('block_size')::int;
	a uuid; newest uuid; removed int; done int := 0;
BEGIN
	DELETE FROM object_before b WHERE b.ctid = ANY (ARRAY(SELECT x.ctid FROM object_before x WHERE x.changed_at < now() - interval '1 hour'
	       FOR UPDATE SKIP LOCKED));
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT v.account_id FROM webhook_event v
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('webhook_event') / block, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM webhook_event x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_events LIMIT 1;
		DELETE FROM webhook_event v WHERE v.account_id = a AND v.id = ANY (ARRAY(SELECT x.id FROM webhook_event x
		        WHERE x.account_id = a AND x.id <= greatest(newest, p_before) ORDER BY x.id LIMIT p_limit - done FOR UPDATE SKIP LOCKED));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	FOR a IN SELECT DISTINCT s.account_id FROM (SELECT v.account_id FROM webhook_delivery v
	         TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(pg_relation_size('webhook_delivery') / block, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM webhook_delivery x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_deliveries LIMIT 1;
		DELETE FROM webhook_delivery v WHERE v.account_id = a AND v.id = ANY (ARRAY(SELECT x.id FROM webhook_delivery x
		        WHERE x.account_id = a AND x.id <= greatest(newest, p_before) ORDER BY x.id LIMIT greatest(p_limit - done, 0)
		        FOR UPDATE SKIP LOCKED));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;
