-- SPDX-License-Identifier: Apache-2.0
-- The audit log: what became of an account's credentials, consents and sign-ins, who did it and from where. Each account
-- has a chain: the hash of a row is over its content and the hash before it. See docs/adr/0021-audit-chain.md, which
-- also says what exactly is hashed; server/account/audit_verify.c does the same once more.

CREATE TABLE audit_head (               -- one chain an account, in each of its worlds; nothing of it goes with the account
	account_id    uuid PRIMARY KEY,
	seq           bigint NOT NULL,  -- of its last row
	hash          bytea NOT NULL,   -- likewise
	kept_seq      bigint NOT NULL DEFAULT 0, -- the last row that audit_trim() took: the chain begins behind it
	kept_hash     bytea NOT NULL,
	anchored_seq  bigint NOT NULL DEFAULT 0, -- its last row when the last anchor was made
	anchored_hash bytea NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE audit_head IS 'rows: one for each chain (audit_add)';

CREATE TABLE audit (
	account_id    uuid NOT NULL,
	seq           bigint NOT NULL,
	at            timestamptz NOT NULL,
	kind          text COLLATE "C" NOT NULL, -- a row of server/account/audit.def
	subject_id    uuid,                      -- what it is about
	actor         text COLLATE "C" NOT NULL, -- what kind of credential; server/account/audit.h
	credential_id uuid,
	client_id     uuid,
	network       text NOT NULL,
	agent         text NOT NULL,
	request_id    uuid,
	details       text NOT NULL,             -- a JSON object, as it was hashed
	hash          bytea NOT NULL CHECK (octet_length(hash) = 32),
	PRIMARY KEY (account_id, seq)
);
COMMENT ON TABLE audit IS 'rows: 20,000 an account, of 400 days (audit_trim)';

CREATE TABLE audit_anchor (             -- over all chains, one a day; chained itself
	day    date PRIMARY KEY,
	at     timestamptz NOT NULL,
	heads  bigint NOT NULL,
	root   bytea NOT NULL,          -- audit_root()
	before bytea NOT NULL,          -- hash of the anchor before
	hash   bytea NOT NULL
);
COMMENT ON TABLE audit_anchor IS 'rows: one a day, of 1,000 days (audit_anchor_make)';

-- The server's own code cannot change a row by mistake. (Who owns the database can; the anchors tell of it.)
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' AND current_setting('calends.audit_trim', true) = 'on' THEN RETURN OLD; END IF;
	RAISE EXCEPTION 'rows of the audit log are never changed';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE FUNCTION audit_us(p_at timestamptz) RETURNS bigint LANGUAGE sql STABLE
	RETURN round(extract(epoch FROM p_at) * 1000000)::bigint;

-- One row, in the transaction of the change that it tells of and as its last lock: whoever changes two accounts adds in
-- the order of their ids. p_by: actor, credential, client, network, agent, request; '' for none. Its time is taken under
-- the lock, so that times are in the order of the chain. Returns its number, NULL for none where p_account is NULL.
CREATE FUNCTION audit_add(p_account uuid, p_kind text, p_subject uuid, p_by text[], p_details jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	nothing CONSTANT bytea := decode(repeat('00', 32), 'hex');
	h record;
	moment timestamptz;
	told text := coalesce(jsonb_strip_nulls(p_details), '{}')::text;
	fresh bytea;
BEGIN
	IF p_account IS NULL THEN RETURN NULL; END IF;
	SELECT t.seq, t.hash INTO h FROM audit_head t WHERE t.account_id = p_account FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		INSERT INTO audit_head (account_id, seq, hash, kept_hash, anchored_hash)
		VALUES (p_account, 0, nothing, nothing, nothing) ON CONFLICT DO NOTHING;
		SELECT t.seq, t.hash INTO h FROM audit_head t WHERE t.account_id = p_account FOR NO KEY UPDATE;
	END IF;
	moment := clock_timestamp();
	fresh := sha256(convert_to(concat_ws(E'\n', 'calends-audit-1', encode(h.hash, 'hex'), p_account, h.seq + 1,
		audit_us(moment), p_kind, coalesce(p_subject::text, ''), p_by[1], p_by[2], p_by[3], p_by[4], p_by[5], p_by[6],
		told), 'UTF8'));
	INSERT INTO audit (account_id, seq, at, kind, subject_id, actor, credential_id, client_id, network, agent, request_id,
	                   details, hash)
	VALUES (p_account, h.seq + 1, moment, p_kind, p_subject, p_by[1], nullif(p_by[2], '')::uuid, nullif(p_by[3], '')::uuid,
	        p_by[4], p_by[5], nullif(p_by[6], '')::uuid, told, fresh);
	UPDATE audit_head t SET seq = h.seq + 1, hash = fresh WHERE t.account_id = p_account;
	RETURN h.seq + 1;
END $$;

-- Something that was refused, and that anybody may try as often as they like: p_most rows of one p_subject (of a
-- throttle) until p_ends. Where there is no account (NULL) the same is counted, so that the time does not tell.
CREATE FUNCTION audit_refused(p_throttle bytea, p_most int, p_ends timestamptz, p_now timestamptz, p_account uuid,
	p_kind text, p_subject uuid, p_by text[], p_details jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT t.refused FROM throttle_take(ARRAY[p_throttle], ARRAY[p_most], ARRAY[p_ends], p_now) t) <> 0 THEN
		RETURN NULL;
	END IF;
	RETURN audit_add(p_account, p_kind, p_subject, p_by, p_details);
END $$;

-- Of an account at most p_most rows stay, the newest, and none from before p_before; at most p_limit of an account go a
-- call. What stays is a whole chain: its head remembers the last row that went. As outbox_trim, it takes some rows at
-- random and looks at their accounts. Returns how many went.
CREATE FUNCTION audit_trim(p_before timestamptz, p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := pg_relation_size('audit') / current_setting('block_size')::int;
	a uuid;
	newest bigint;
	gone record; -- the last of those that go
	removed int;
	done int := 0;
BEGIN
	PERFORM set_config('calends.audit_trim', 'on', true);
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM audit o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s ORDER BY 1 LOOP
		SELECT h.seq INTO newest FROM audit_head h WHERE h.account_id = a FOR NO KEY UPDATE;
		SELECT x.seq, x.hash INTO gone FROM (SELECT o.seq, o.at, o.hash FROM audit o WHERE o.account_id = a
		        ORDER BY o.seq LIMIT p_limit) x
		 WHERE x.at < p_before OR x.seq <= newest - p_most ORDER BY x.seq DESC LIMIT 1;
		CONTINUE WHEN NOT FOUND;
		DELETE FROM audit o WHERE o.account_id = a AND o.seq <= gone.seq;
		GET DIAGNOSTICS removed = ROW_COUNT;
		UPDATE audit_head h SET kept_seq = gone.seq, kept_hash = gone.hash WHERE h.account_id = a;
		done := done + removed;
	END LOOP;
	PERFORM set_config('calends.audit_trim', 'off', true);
	RETURN done;
END $$;

-- One hash over the anchored head of each chain, in two steps, so that no text gets too large.
CREATE FUNCTION audit_root(OUT heads bigint, OUT root bytea) LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(g.heads), 0)::bigint, sha256(coalesce(string_agg(g.root, ''::bytea ORDER BY g.part), ''))
	  FROM (SELECT get_byte(uuid_send(h.account_id), 14) AS part, count(*) AS heads, sha256(string_agg(
	               uuid_send(h.account_id) || int8send(h.anchored_seq) || h.anchored_hash, ''::bytea ORDER BY h.account_id)) AS root
	          FROM audit_head h WHERE h.anchored_seq > 0 GROUP BY 1) g
$$;

CREATE FUNCTION audit_anchor_hash(p_before bytea, p_day date, p_at timestamptz, p_heads bigint, p_root bytea) RETURNS bytea
LANGUAGE sql STABLE AS $$
	SELECT sha256(convert_to(concat_ws(E'\n', 'calends-anchor-1', encode(p_before, 'hex'), to_char(p_day, 'YYYY-MM-DD'),
	       audit_us(p_at), p_heads, encode(p_root, 'hex')), 'UTF8'))
$$;

-- The day's anchor, once, whichever instance comes first; made: whether this call made it.
CREATE FUNCTION audit_anchor_make(p_now timestamptz, p_kept int, OUT made boolean, OUT day text, OUT heads bigint,
	OUT root text, OUT hash text) LANGUAGE plpgsql AS $$
DECLARE
	today CONSTANT date := (p_now AT TIME ZONE 'UTC')::date;
	r record;
	last bytea;
	fresh bytea;
BEGIN
	made := false;
	IF EXISTS (SELECT FROM audit_anchor a WHERE a.day >= today) OR NOT pg_try_advisory_xact_lock(hashtext('audit_anchor')) THEN
		RETURN;
	END IF;
	PERFORM FROM audit_head h WHERE h.anchored_seq <> h.seq ORDER BY h.account_id FOR NO KEY UPDATE;
	UPDATE audit_head h SET anchored_seq = h.seq, anchored_hash = h.hash WHERE h.anchored_seq <> h.seq;
	SELECT * INTO r FROM audit_root();
	SELECT a.hash INTO last FROM audit_anchor a ORDER BY a.day DESC LIMIT 1;
	last := coalesce(last, decode(repeat('00', 32), 'hex'));
	fresh := audit_anchor_hash(last, today, p_now, r.heads, r.root);
	INSERT INTO audit_anchor AS x (day, at, heads, root, before, hash) VALUES (today, p_now, r.heads, r.root, last, fresh)
	    ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN RETURN; END IF;
	DELETE FROM audit_anchor a WHERE a.day < today - p_kept;
	made := true;
	day := to_char(today, 'YYYY-MM-DD');
	heads := r.heads;
	root := encode(r.root, 'hex');
	hash := encode(fresh, 'hex');
END $$;

-- What changes accounts tells of it.

DROP FUNCTION account_set_password(uuid, text, timestamptz);
-- As it was in 0001_schema.sql: a new password ends all sessions.
CREATE FUNCTION account_set_password(p_account uuid, p_hash text, p_now timestamptz, p_by text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	DELETE FROM session s WHERE s.account_id = p_account;
	PERFORM audit_add(p_account, 'account.password_set', p_account, p_by, NULL);
	RETURN true;
END $$;

DROP FUNCTION account_set_status(uuid, uuid, smallint, timestamptz);
-- As it was: both worlds of an account and its clients.
CREATE FUNCTION account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamptz, p_by text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE was smallint;
BEGIN
	SELECT a.status INTO was FROM account a WHERE a.account_id = p_live FOR NO KEY UPDATE;
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	IF was <> p_status THEN
		PERFORM audit_add(p_live, CASE p_status WHEN 1 THEN 'account.reactivated' ELSE 'account.deactivated' END, p_live, p_by,
			NULL);
	END IF;
	RETURN true;
END $$;
