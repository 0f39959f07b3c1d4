-- SPDX-License-Identifier: Apache-2.0
--
-- Class A tables belong to an account: account_id is first in every key, so that the schema can be distributed by it.
-- Class D are directories and what exists before an account is known. Class R are few rows, seldom written, read
-- everywhere. A test holds every table against this (tests/http/test_database.py).
--
-- An account has two rows, live and test: the test twin is the same UUID with its last bit set. The mode therefore
-- needs no column and no predicate anywhere else.
--
-- No partial index begins with the account: the planner would believe its prefix to be one row and be lured by it.

---- D: directories -------------------------------------------------------------------------------------------------

CREATE TABLE login (                    -- the one place where an address is unique; folded by us
	email         text COLLATE "C" PRIMARY KEY,
	account_id    uuid NOT NULL,    -- live
	password_hash text,             -- argon2id; NULL: none can sign in
	totp_sealed   bytea,
	verified_at   timestamptz,
	changed_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_account ON login (account_id);

CREATE TABLE throttle (                 -- failures by whatever is being guessed: SHA-256 of kind and subject
	subject bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
	count   int NOT NULL,
	ends_at timestamptz NOT NULL    -- of the window; behind it the row counts as absent
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- One try back for each; a row that holds none goes.
CREATE FUNCTION throttle_give_back(p_subjects bytea[]) RETURNS void LANGUAGE sql AS $$
	DELETE FROM throttle WHERE subject = ANY (p_subjects) AND count <= 1;
	UPDATE throttle SET count = count - 1 WHERE subject = ANY (p_subjects);
$$;

-- Counts one try against each subject in turn and stops at the first that has had enough: refused is its place, from 1, or
-- 0. A refused try counts nowhere and leaves no row. Whoever calls has one order of kinds, so that two do not lock each
-- other out.
CREATE FUNCTION throttle_take(p_subjects bytea[], p_most int[], p_ends timestamptz[], p_now timestamptz,
	OUT refused int, OUT ends_at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	refused := 0;
	FOR i IN 1 .. cardinality(p_subjects) LOOP
		INSERT INTO throttle AS t (subject, count, ends_at) VALUES (p_subjects[i], 1, p_ends[i])
		    ON CONFLICT (subject) DO UPDATE
		   SET count = CASE WHEN t.ends_at <= p_now THEN 1 ELSE t.count + 1 END,
		       ends_at = CASE WHEN t.ends_at <= p_now THEN excluded.ends_at ELSE t.ends_at END
		 WHERE t.ends_at <= p_now OR t.count < p_most[i];
		IF NOT FOUND THEN
			refused := i;
			SELECT t.ends_at INTO ends_at FROM throttle t WHERE t.subject = p_subjects[i];
			PERFORM throttle_give_back(p_subjects[1:i - 1]);
			RETURN;
		END IF;
	END LOOP;
END $$;

CREATE TABLE auth_request (             -- what /oauth/authorize and PAR were asked, until it is decided
	hash         bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
	client_id    uuid NOT NULL,
	pushed       boolean NOT NULL,
	params       jsonb NOT NULL,
	session_hash bytea,
	dpop_jkt     bytea,
	expires_at   timestamptz NOT NULL,
	decided_at   timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX auth_request_purge ON auth_request USING brin (expires_at);

---- R: reference ---------------------------------------------------------------------------------------------------

CREATE TABLE oauth_client (
	id             uuid PRIMARY KEY,
	owner_id       uuid NOT NULL,   -- its last bit is the client's mode
	kind           smallint NOT NULL CHECK (kind IN (1, 2)), -- public, confidential
	name           text NOT NULL,
	home_uri       text,
	logo_uri       text,
	verified       boolean NOT NULL DEFAULT false,
	owner_active   boolean NOT NULL DEFAULT true, -- a token is judged without the account of another
	may_introspect boolean NOT NULL DEFAULT false,
	scopes         bigint NOT NULL,
	grants         smallint NOT NULL,
	profile        smallint NOT NULL DEFAULT 0,
	jwks           jsonb,
	metadata       jsonb,
	created_at     timestamptz NOT NULL DEFAULT now(),
	deleted_at     timestamptz
);
CREATE INDEX oauth_client_owner ON oauth_client (owner_id, id);

CREATE TABLE oauth_client_secret (      -- several live ones; last use is in credential_use
	client_id  uuid NOT NULL REFERENCES oauth_client ON DELETE CASCADE,
	id         uuid NOT NULL,
	hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
	prefix     text COLLATE "C" NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	revoked_at timestamptz,
	PRIMARY KEY (client_id, id),
	UNIQUE (client_id, hash)
);

CREATE TABLE oauth_client_redirect (
	client_id uuid NOT NULL REFERENCES oauth_client ON DELETE CASCADE,
	uri       text COLLATE "C" NOT NULL,
	loopback  boolean NOT NULL DEFAULT false, -- any port
	PRIMARY KEY (client_id, uri)
);

CREATE TABLE signing_key (
	kid            text COLLATE "C" PRIMARY KEY,
	alg            text NOT NULL,
	state          smallint NOT NULL,
	public_jwk     jsonb NOT NULL,
	private_sealed bytea,
	created_at     timestamptz NOT NULL DEFAULT now(),
	not_after      timestamptz
);

---- A: accounts and what proves them -------------------------------------------------------------------------------

CREATE TABLE account (
	account_id     uuid PRIMARY KEY,
	livemode       boolean NOT NULL GENERATED ALWAYS AS ((get_byte(uuid_send(account_id), 15) & 1) = 0) STORED,
	status         smallint NOT NULL DEFAULT 1 CHECK (status IN (1, 2, 3)), -- active, deactivated, deleted
	plan           smallint NOT NULL DEFAULT 2 CHECK (plan IN (1, 2)),      -- free, pro
	email          text COLLATE "C" NOT NULL,
	name           text NOT NULL,
	tz             text COLLATE "C" NOT NULL DEFAULT 'UTC',
	created_at     timestamptz NOT NULL DEFAULT now(),
	deactivated_at timestamptz
) WITH (fillfactor = 90);

CREATE TABLE session (
	account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
	id         uuid NOT NULL,
	csrf       bytea NOT NULL,
	auth_time  timestamptz NOT NULL,
	amr        smallint NOT NULL,
	ip         inet,
	ua         text,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, hash)
);

CREATE TABLE api_key (
	account_id      uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id              uuid NOT NULL,
	hash            bytea NOT NULL CHECK (octet_length(hash) = 32),
	kind            smallint NOT NULL CHECK (kind BETWEEN 1 AND 4), -- account, secret, restricted, publishable
	prefix          text COLLATE "C" NOT NULL,
	name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
	scopes          bigint NOT NULL,
	calendars       uuid[],                                         -- NULL: all
	allowed_ips     cidr[],
	allowed_origins text[] COLLATE "C",
	rate_limit      int,
	api_version     date,
	created_at      timestamptz NOT NULL DEFAULT now(),
	rotated_at      timestamptz,
	expires_at      timestamptz,
	revoked_at      timestamptz,
	PRIMARY KEY (account_id, id),
	UNIQUE (account_id, hash),
	CHECK (kind <> 1 OR (get_byte(uuid_send(account_id), 15) & 1) = 0) -- cp_ keys are live only
);

CREATE TABLE credential_use (           -- keys, client secrets, connections, sessions; no second index: always HOT
	account_id uuid NOT NULL,
	id         uuid NOT NULL,
	used_at    timestamptz NOT NULL,
	ip         inet,
	ua         text,
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

---- A: connected apps and their tokens -----------------------------------------------------------------------------

CREATE TABLE connected_account (        -- consent record and root of the families; kept over re-consent
	account_id    uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id            uuid NOT NULL,
	client_id     uuid NOT NULL REFERENCES oauth_client,
	scopes        bigint NOT NULL,
	calendars     uuid[],           -- NULL: all
	details       jsonb,
	authorized_at timestamptz NOT NULL DEFAULT now(),
	expires_at    timestamptz NOT NULL DEFAULT 'infinity',
	revoked_at    timestamptz,
	revoked_why   smallint,
	PRIMARY KEY (account_id, id),
	UNIQUE (account_id, client_id)
);

CREATE TABLE client_connection (        -- the platform's side of it
	account_id           uuid NOT NULL, -- of the client's owner
	connected_account_id uuid NOT NULL,
	client_id            uuid NOT NULL,
	user_account_id      uuid NOT NULL,
	PRIMARY KEY (account_id, connected_account_id)
);
CREATE INDEX client_connection_list ON client_connection (account_id, client_id, connected_account_id);

CREATE TABLE consent_log (
	account_id           uuid NOT NULL,
	id                   uuid NOT NULL,
	connected_account_id uuid NOT NULL,
	client_id            uuid NOT NULL,
	asked                bigint NOT NULL,
	granted              bigint NOT NULL,
	calendars            uuid[],
	text_version         text NOT NULL,
	ip                   inet,
	ua                   text,
	PRIMARY KEY (account_id, id)
);

CREATE TABLE token_family (             -- code, refresh token and sealed replay in one row, updated in place
	account_id           uuid NOT NULL,
	id                   uuid NOT NULL,
	connected_account_id uuid NOT NULL,
	client_id            uuid NOT NULL,
	scopes               bigint NOT NULL,
	generation           int NOT NULL DEFAULT 0, -- 0: only the code exists
	code_hash            bytea,
	code_expires_at      timestamptz,
	code_used_at         timestamptz,
	challenge            bytea,
	redirect_uri         text COLLATE "C",
	nonce                text COLLATE "C",
	resource             text COLLATE "C",
	refresh_hash         bytea,
	previous_hash        bytea,
	rotated_at           timestamptz,
	sealed_replay        bytea,       -- the answer to the last refresh
	replay_scopes        bigint,      -- what that asked for; NULL: all
	idle_expires_at      timestamptz,
	expires_at           timestamptz NOT NULL DEFAULT 'infinity',
	dpop_jkt             bytea,
	auth_time            timestamptz,
	created_at           timestamptz NOT NULL DEFAULT now(),
	revoked_at           timestamptz,
	revoked_why          smallint,
	PRIMARY KEY (account_id, id),
	FOREIGN KEY (account_id, connected_account_id) REFERENCES connected_account ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- Ciphertext does not compress: let it stay in the row.
ALTER TABLE token_family ALTER sealed_replay SET STORAGE PLAIN;
-- The only second index, on a column that never changes, so that updates stay HOT. For codes that were never redeemed.
CREATE INDEX token_family_purge ON token_family USING brin (created_at);

-- A ring: slot = (hour of expiry) mod 4. Two slots are always idle and are emptied by TRUNCATE; nothing is made or
-- dropped. Statements name the leaf, since through the parent the planner counts four tables.
CREATE TABLE access_token (
	account_id uuid NOT NULL,
	hash       bytea NOT NULL,
	slot       smallint NOT NULL,
	family_id  uuid NOT NULL,
	scopes     bigint NOT NULL,
	expires_at timestamptz NOT NULL,
	dpop_jkt   bytea,
	resource   text COLLATE "C",
	PRIMARY KEY (account_id, hash, slot)
) PARTITION BY LIST (slot);
CREATE TABLE access_token_0 PARTITION OF access_token FOR VALUES IN (0);
CREATE TABLE access_token_1 PARTITION OF access_token FOR VALUES IN (1);
CREATE TABLE access_token_2 PARTITION OF access_token FOR VALUES IN (2);
CREATE TABLE access_token_3 PARTITION OF access_token FOR VALUES IN (3);

---- A: what happened -----------------------------------------------------------------------------------------------

CREATE TABLE audit_head (               -- one chain an account
	account_id uuid PRIMARY KEY,
	seq        bigint NOT NULL,
	hash       bytea NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE audit (
	account_id uuid NOT NULL,
	seq        bigint NOT NULL,
	at         timestamptz NOT NULL,
	event      smallint NOT NULL,
	actor_kind smallint NOT NULL,
	actor_id   uuid,
	subject_id uuid,
	ip         inet,
	request_id uuid,
	detail     jsonb,
	digest     bytea NOT NULL,      -- SHA-256 of the canonical row
	hash       bytea NOT NULL,      -- SHA-256 of the hash before, seq and digest
	PRIMARY KEY (account_id, seq)
);

CREATE TABLE audit_anchor (             -- a day's digest over all heads: shows a chain whose tail was cut
	seq   bigint PRIMARY KEY,
	at    timestamptz NOT NULL,
	heads bigint NOT NULL,
	root  bytea NOT NULL,
	hash  bytea NOT NULL
);

CREATE TABLE idempotency (              -- key = SHA-256(credential, connection, method, path template, Idempotency-Key)
	account_id  uuid NOT NULL,
	key         bytea NOT NULL CHECK (octet_length(key) = 32),
	fingerprint bytea NOT NULL,
	status      smallint,
	headers     bytea,
	body        bytea,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, key)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_purge ON idempotency USING brin (created_at);

-- The outbox, append-only, in daily partitions: a UUIDv7 begins with its time, so bounds are made from a date. Read by
-- transaction horizon (xid), so that each committed row is seen once whatever order commits came in.
CREATE TABLE event (
	account_id           uuid NOT NULL,
	id                   uuid NOT NULL,
	xid                  xid8 NOT NULL DEFAULT pg_current_xact_id(),
	kind                 smallint NOT NULL,
	calendar_id          uuid,
	object_id            uuid,
	modseq               bigint,
	connected_account_id uuid,
	actor_id             uuid,
	request_id           uuid,
	payload              jsonb,
	PRIMARY KEY (account_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE event_default PARTITION OF event DEFAULT; -- where rows go when no partition was made ahead
CREATE INDEX event_feed ON event (xid);

---- A: calendars ---------------------------------------------------------------------------------------------------

CREATE TABLE calendar (
	account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id           uuid NOT NULL,     -- the incarnation in sync tokens
	name         text COLLATE "C" NOT NULL,
	displayname  text,
	description  text,
	color        text,
	ord          int NOT NULL DEFAULT 0,
	timezone     text,
	tzid         text COLLATE "C",
	components   smallint NOT NULL DEFAULT 7,
	transp       boolean NOT NULL DEFAULT false,
	kind         smallint NOT NULL DEFAULT 1,
	source       text,
	public       boolean NOT NULL DEFAULT false,
	selected     boolean NOT NULL DEFAULT true,
	writable     boolean NOT NULL DEFAULT true, -- false refuses object writes by anyone
	prop_version bigint NOT NULL DEFAULT 1,
	created_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, id),
	UNIQUE (account_id, name)
) WITH (fillfactor = 85);

CREATE TABLE calendar_state (           -- the counter: narrow and half empty, so that every bump is HOT
	account_id  uuid NOT NULL,
	calendar_id uuid NOT NULL,
	modseq      bigint NOT NULL DEFAULT 1,
	min_modseq  bigint NOT NULL DEFAULT 0, -- tokens below it cannot be served: their tombstones are gone
	objects     int NOT NULL DEFAULT 0,
	bytes       bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, calendar_id),
	FOREIGN KEY (account_id, calendar_id) REFERENCES calendar ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE calendar_object (          -- a tombstone is a row whose uid, bounds, occ and data are NULL
	account_id  uuid NOT NULL,
	calendar_id uuid NOT NULL,
	id          uuid NOT NULL,      -- the REST id
	modseq      bigint NOT NULL,
	first_at    timestamptz,
	last_at     timestamptz,
	occ_until   timestamptz,
	updated_at  timestamptz NOT NULL,
	created_at  timestamptz NOT NULL,
	size        int NOT NULL,
	tzver       int NOT NULL,
	sched_tag   int NOT NULL DEFAULT 0,
	component   smallint NOT NULL,
	flags       smallint NOT NULL,
	deleted     boolean NOT NULL DEFAULT false,
	etag        bytea NOT NULL,
	name        text COLLATE "C" NOT NULL,
	uid         text COLLATE "C",
	author_id   uuid,
	occ         bytea COMPRESSION lz4,
	data        bytea COMPRESSION lz4,
	PRIMARY KEY (account_id, id),
	FOREIGN KEY (account_id, calendar_id) REFERENCES calendar_state ON DELETE CASCADE,
	CHECK (deleted = (data IS NULL)),
	CHECK (deleted = (uid IS NULL)),
	CHECK (first_at <= last_at)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
	autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE calendar_object ALTER occ SET STORAGE MAIN;
CREATE UNIQUE INDEX calendar_object_name ON calendar_object (account_id, calendar_id, name);
CREATE UNIQUE INDEX calendar_object_uid ON calendar_object (account_id, calendar_id, uid); -- NULLs do not collide
CREATE INDEX calendar_object_sync ON calendar_object (account_id, calendar_id, modseq);
CREATE INDEX calendar_object_time ON calendar_object (account_id, calendar_id, last_at, first_at);
CREATE INDEX calendar_object_tomb ON calendar_object (updated_at) WHERE deleted;
-- A calendar belongs to one account: without this the planner takes a calendar's rows for a handful.
CREATE STATISTICS calendar_object_tenant (dependencies) ON account_id, calendar_id FROM calendar_object;

CREATE TABLE dead_property (            -- resource_id: principal, home, calendar or object
	account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	resource_id uuid NOT NULL,
	ns          text COLLATE "C" NOT NULL,
	local       text COLLATE "C" NOT NULL,
	xml         text COLLATE "C" NOT NULL CHECK (octet_length(xml) <= 65536),
	PRIMARY KEY (account_id, resource_id, ns, local)
);

---- functions --------------------------------------------------------------------------------------------------------

-- Raises, so that a statement queued behind a refused credential does not run.
CREATE FUNCTION fail(state text, what text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = state, MESSAGE = what;
END $$;

---- functions: accounts ----------------------------------------------------------------------------------------------

-- A new password ends all sessions. The directory's row comes first: a sign-in that holds it (session_create) has made
-- its session when it lets go, so that the DELETE sees it; one that comes later finds another changed_at.
CREATE FUNCTION account_set_password(p_account uuid, p_hash text, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql
AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	DELETE FROM session s WHERE s.account_id = p_account;
	RETURN true;
END $$;

-- Both worlds of an account and its clients. The accounts come first: who makes a client (client_insert) holds its row.
CREATE FUNCTION account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	RETURN true;
END $$;

---- functions: housekeeping, each safe to call at any time from any instance ----------------------------------------

-- Empties the slot whose last token ended over an hour ago. The tokens of the last hour stay, so that they can still be
-- told from unknown ones. Returns the slot, NULL when there was nothing to do.
CREATE FUNCTION access_token_prune() RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	idle int := ((extract(epoch FROM now())::bigint / 3600 + 2) % 4)::int;
	leaf regclass := 'access_token_' || idle;
	rows_left boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', leaf) INTO rows_left;
	IF NOT rows_left OR NOT pg_try_advisory_xact_lock(hashtext('access_token_prune')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', leaf);
	EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE expires_at > now())', leaf) INTO rows_left;
	IF rows_left THEN               -- a clock is wrong: better too many rows than a lost token
		RETURN NULL;
	END IF;
	EXECUTE format('TRUNCATE %s', leaf);
	RETURN idle;
END $$;

-- The least UUIDv7 of a day.
CREATE FUNCTION uuid7_floor(day date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of today and the next p_ahead days, and drops those older than p_keep days. Rows that went to
-- the default partition meanwhile are moved. Returns how many partitions were made or dropped.
CREATE FUNCTION event_partitions(p_ahead int, p_keep int) RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	day date;
	leaf text;
	done int := 0;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('event_partitions')) THEN
		RETURN 0;
	END IF;
	FOR day IN SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(0, p_ahead) n LOOP
		leaf := 'event_' || to_char(day, 'YYYYMMDD');
		CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
		LOCK TABLE event_default IN ACCESS EXCLUSIVE MODE;
		EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', leaf);
		EXECUTE format('WITH moved AS (DELETE FROM event_default WHERE id >= %L AND id < %L RETURNING *) '
			'INSERT INTO %I SELECT * FROM moved', uuid7_floor(day), uuid7_floor(day + 1), leaf);
		EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', leaf,
			uuid7_floor(day), uuid7_floor(day + 1));
		done := done + 1;
	END LOOP;
	FOR leaf IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	             WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{8}$'
	               AND to_date(substr(c.relname, 7), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - p_keep LOOP
		EXECUTE format('DROP TABLE %I', leaf);
		done := done + 1;
	END LOOP;
	RETURN done;
END $$;

-- Removes tombstones older than p_before, at most p_limit a call, and says in min_modseq which sync tokens end by it.
-- The counter's row is locked first, as every writer of the calendar does.
CREATE FUNCTION tombstone_prune(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	c record;
	gone bigint;
	removed int;
	done int := 0;
BEGIN
	FOR c IN SELECT DISTINCT account_id, calendar_id FROM (SELECT o.account_id, o.calendar_id FROM calendar_object o
	          WHERE o.deleted AND o.updated_at < p_before ORDER BY o.updated_at LIMIT p_limit) old ORDER BY 1, 2 LOOP
		PERFORM FROM calendar_state s WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id
		    FOR NO KEY UPDATE;
		WITH dead AS (DELETE FROM calendar_object o WHERE o.account_id = c.account_id
		        AND o.calendar_id = c.calendar_id AND o.deleted AND o.updated_at < p_before RETURNING o.modseq)
		SELECT max(modseq), count(*) INTO gone, removed FROM dead;
		UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone)
		 WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id AND gone IS NOT NULL;
		done := done + removed;
	END LOOP;
	RETURN done;
END $$;
