-- SPDX-License-Identifier: Apache-2.0
--
-- Class A tables belong to an account: account_id is first in every key, so that the schema can be distributed by it.
-- Class D are directories and what exists before an account is known. Class R are few rows, seldom written, read
-- everywhere. A test holds every table against this (tests/http/test_database.py).
--
-- An account has two rows, live and test: the test twin is the same UUID with its last bit set. The mode therefore
-- needs no column and no predicate anywhere else.
--
-- Each index of a table that has several is for its own statements alone. All of them begin with the account and most with
-- the calendar too, so that a planner who knows nothing of a table yet (a new database, an import into one calendar) finds
-- them equally good, takes any, and reads the calendar for one row of it. Therefore an index holds a column through a
-- function of its own, by_name(calendar_id), and the statements that are to use it say the same. Any other way would
-- evaluate that function row by row, at a cost that no plan bears. (The other side must be a parameter, or a value of
-- a sub-select or an outer LATERAL: of a plain join the planner may put it off.) See docs/adr/0015-one-index-a-statement.md.
--
-- COMMENT ON TABLE says who bounds the rows of each table; a test holds all of them against it.

---- ways to find a row ----------------------------------------------------------------------------------------------

-- Each gives back what it is given. Dear on purpose, and not in SQL, which would be inlined.
CREATE FUNCTION by_name(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_id(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_uid(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_sync(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_time(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_grave(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_name(text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_hash(bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;

---- ids ---------------------------------------------------------------------------------------------------------------

-- A UUIDv7 (RFC 9562 §5.7) for rows that the database makes. Microseconds stand where §6.2 method 3 has them, so that ids
-- are in order within a millisecond too.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$ -- (an SQL function with FROM is parsed by each call)
DECLARE us bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
	RETURN encode(substring(int8send(us / 1000) FROM 3) || int2send((28672 + us % 1000 * 4096 / 1000)::int2)
	              || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex')::uuid;
END $$;

---- D: directories -------------------------------------------------------------------------------------------------

CREATE TABLE login (                    -- the one place where an address is unique; folded by us
	email         text COLLATE "C" PRIMARY KEY,
	account_id    uuid NOT NULL,    -- live
	password_hash text,             -- argon2id; NULL: none can sign in
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

CREATE TABLE auth_request (             -- what /oauth/authorize was asked, until it is decided
	hash         bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
	client_id    uuid NOT NULL,
	params       jsonb NOT NULL,
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
	verified       boolean NOT NULL DEFAULT false,
	owner_active   boolean NOT NULL DEFAULT true, -- a token is judged without the account of another
	may_introspect boolean NOT NULL DEFAULT false,
	scopes         bigint NOT NULL,
	grants         smallint NOT NULL,
	created_at     timestamptz NOT NULL DEFAULT now(),
	deleted_at     timestamptz
);
CREATE INDEX oauth_client_owner ON oauth_client (owner_id, id);

CREATE TABLE oauth_client_secret (      -- several live ones
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
	created_at      timestamptz NOT NULL DEFAULT now(),
	rotated_at      timestamptz,
	expires_at      timestamptz,
	revoked_at      timestamptz,
	PRIMARY KEY (account_id, id),
	CHECK (kind <> 1 OR (get_byte(uuid_send(account_id), 15) & 1) = 0) -- cp_ keys are live only
);
CREATE UNIQUE INDEX api_key_hash ON api_key (account_id, by_hash(hash));

CREATE TABLE credential_use (           -- keys, connected accounts, sessions; no second index: always HOT
	account_id uuid NOT NULL,
	id         uuid NOT NULL,
	used_at    timestamptz NOT NULL,
	ip         inet,
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

---- A: connected apps and their tokens -----------------------------------------------------------------------------

CREATE TABLE connected_account (        -- consent record and root of the families; kept over re-consent
	account_id    uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id            uuid NOT NULL,
	client_id     uuid NOT NULL REFERENCES oauth_client,
	scopes        bigint NOT NULL,
	calendars     uuid[],           -- NULL: all
	authorized_at timestamptz NOT NULL DEFAULT now(),
	expires_at    timestamptz NOT NULL DEFAULT 'infinity',
	revoked_at    timestamptz,
	revoked_why   smallint,
	consents      int NOT NULL DEFAULT 1, -- since its old ones were removed (consent_trim)
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
	PRIMARY KEY (account_id, hash, slot)
) PARTITION BY LIST (slot);
CREATE TABLE access_token_0 PARTITION OF access_token FOR VALUES IN (0);
CREATE TABLE access_token_1 PARTITION OF access_token FOR VALUES IN (1);
CREATE TABLE access_token_2 PARTITION OF access_token FOR VALUES IN (2);
CREATE TABLE access_token_3 PARTITION OF access_token FOR VALUES IN (3);

---- A: what happened -----------------------------------------------------------------------------------------------

-- The outbox, append-only, in daily partitions: a UUIDv7 begins with its time, so bounds are made from a date. A row is
-- written in the transaction of the change that it tells of. Whoever reads it goes by transaction horizon (xid), so that
-- each committed row is seen once, whatever order commits came in. The kinds are those of
-- caldav/calendar/store/outbox.def.
CREATE TYPE outbox_kind AS ENUM ('object_created', 'object_changed', 'object_deleted', 'calendar_created',
	'calendar_changed', 'calendar_deleted', 'properties_changed');

CREATE TABLE outbox (
	account_id  uuid NOT NULL,
	id          uuid NOT NULL DEFAULT uuid_v7(),
	xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
	kind        outbox_kind NOT NULL,
	calendar_id uuid,
	object_id   uuid,       -- NULL: the calendar itself; of properties, whatever they are on
	modseq      bigint,
	actor_id    uuid,       -- credential
	request_id  uuid,
	PRIMARY KEY (account_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT; -- where rows go when no partition was made ahead

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
	selected     boolean NOT NULL DEFAULT true,
	writable     boolean NOT NULL DEFAULT true, -- false refuses object writes by anyone
	prop_version bigint NOT NULL DEFAULT 1,
	created_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX calendar_name ON calendar (account_id, by_name(name));

CREATE TABLE calendar_state (           -- the counter: narrow and half empty, so that every bump is HOT
	account_id  uuid NOT NULL,
	calendar_id uuid NOT NULL,
	modseq      bigint NOT NULL DEFAULT 1,
	min_modseq  bigint NOT NULL DEFAULT 0, -- tokens below it cannot be served: their tombstones are gone
	objects     int NOT NULL DEFAULT 0,
	bytes       bigint NOT NULL DEFAULT 0,
	tombstones  int NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, calendar_id),
	FOREIGN KEY (account_id, calendar_id) REFERENCES calendar ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- How long an object is, from first_at to last_at, in classes: number n is shorter than span_ends()[n + 1], the last
-- has no end. Whoever looks for what touches [a, b) reads of each class what begins between a less its longest and b:
-- what can touch it, and of the rest at most as much as one class is wider than the one before.
CREATE FUNCTION span_ends() RETURNS interval[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT '{3 hours, 24 hours, 54 hours, 240 hours, 1440 hours, 9600 hours, 96000 hours, 960000 hours}'::interval[]
$$;
-- (Bodies that are parsed now, so that a restored dump, whose search_path is empty, finds what they call.)
CREATE FUNCTION span_of(p_first timestamptz, p_last timestamptz) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN isfinite(p_first) AND isfinite(p_last) THEN width_bucket(p_last - p_first, span_ends())
	            ELSE 8 END::smallint;
-- From where on one of this class must begin that ends after p_start. (STABLE, as timestamptz - interval is: called
-- IMMUTABLE it would not be inlined, but parsed and planned anew by each query.)
CREATE FUNCTION span_from(p_start timestamptz, p_span int) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(p_start - (span_ends())[p_span + 1], '-infinity');

CREATE TABLE calendar_object (          -- a tombstone is a row whose uid, bounds, span, occ and data are NULL
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
	component   smallint NOT NULL,
	flags       smallint NOT NULL,
	span        smallint,           -- span_of(first_at, last_at), by whoever writes: a generated column is planned anew by each write
	deleted     boolean NOT NULL DEFAULT false,
	etag        bytea NOT NULL,
	name        text COLLATE "C" NOT NULL,
	uid         text COLLATE "C",
	occ         bytea COMPRESSION lz4,
	data        bytea COMPRESSION lz4,
	CHECK (num_nulls(uid, span, data) = CASE WHEN deleted THEN 3 ELSE 0 END),
	CHECK (first_at <= last_at)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
	autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE calendar_object ALTER occ SET STORAGE MAIN;
CREATE UNIQUE INDEX calendar_object_id ON calendar_object (account_id, by_id(id)); -- the primary key
CREATE UNIQUE INDEX calendar_object_name ON calendar_object (account_id, by_name(calendar_id), name);
-- NULLs do not collide. By length first: only what is longer can contain another.
CREATE UNIQUE INDEX calendar_object_uid ON calendar_object (account_id, by_uid(calendar_id), octet_length(uid), uid);
CREATE INDEX calendar_object_sync ON calendar_object (account_id, by_sync(calendar_id), modseq);
CREATE INDEX calendar_object_time ON calendar_object
	(account_id, by_time(calendar_id), component, span, first_at, id, last_at) WHERE NOT deleted;
CREATE INDEX calendar_object_grave ON calendar_object (account_id, by_grave(calendar_id), modseq) WHERE deleted;
CREATE INDEX calendar_object_tomb ON calendar_object (updated_at) WHERE deleted;

-- A foreign key to calendar_state would ask for each new object what its writer knows, who holds that row; and what it
-- would delete, it would look for by no index.
CREATE FUNCTION calendar_state_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM calendar_object o WHERE o.account_id = OLD.account_id AND by_sync(o.calendar_id) = OLD.calendar_id;
	RETURN NULL;
END $$;
CREATE TRIGGER calendar_state_gone AFTER DELETE ON calendar_state FOR EACH ROW EXECUTE FUNCTION calendar_state_gone();

CREATE TABLE dead_property (            -- resource_id: principal, home, calendar or object
	account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	resource_id uuid NOT NULL,
	ns          text COLLATE "C" NOT NULL,
	local       text COLLATE "C" NOT NULL,
	xml         text COLLATE "C" NOT NULL CHECK (octet_length(xml) <= 65536),
	PRIMARY KEY (account_id, resource_id, ns, local)
);

---- who bounds the rows -------------------------------------------------------------------------------------------

-- In brackets the function or statement that does, or that removes what is beyond.
COMMENT ON TABLE login IS 'rows: one an account (account_create)';
COMMENT ON TABLE throttle IS 'rows: one for each subject of a guess, until its window ends (throttle_purge)';
COMMENT ON TABLE auth_request IS 'rows: what a network may ask in ten minutes, and an hour more (auth_request_prune)';
COMMENT ON TABLE oauth_client IS 'rows: made by the operator alone (client_insert)';
COMMENT ON TABLE oauth_client_secret IS 'rows: made by the operator alone (client_secret_replace)';
COMMENT ON TABLE oauth_client_redirect IS 'rows: of one client at most 20, made by the operator alone (client_insert)';
COMMENT ON TABLE account IS 'rows: two an account, as many as accounts-max says (account_create)';
COMMENT ON TABLE session IS 'rows: 100 an account, the oldest go (session_create)';
COMMENT ON TABLE api_key IS 'rows: 500 an account, with those that were revoked lately (key_create)';
COMMENT ON TABLE credential_use IS 'rows: one for each credential, until it was not used for a year (credential_use_purge)';
COMMENT ON TABLE connected_account IS 'rows: one for each account and client (consent_grant)';
COMMENT ON TABLE client_connection IS 'rows: one for each connected account (consent_list_at_client)';
COMMENT ON TABLE consent_log IS 'rows: 150 a connected account, the oldest go (consent_trim)';
COMMENT ON TABLE token_family IS 'rows: 1,050 a connected account, the oldest go, and those that ended (consent_trim)';
COMMENT ON TABLE access_token IS 'rows: what the token endpoint gave in four hours (access_token_prune)';
COMMENT ON TABLE outbox IS 'rows: 50,000 an account, of 30 days (outbox_trim)';
COMMENT ON TABLE calendar IS 'rows: 250 an account (calendar_create)';
COMMENT ON TABLE calendar_state IS 'rows: one for each calendar (calendar_create)';
COMMENT ON TABLE calendar_object IS 'rows: by their octets (storage_fits); of tombstones one for each object and 1,000 (graves_trim)';
COMMENT ON TABLE dead_property IS 'rows: 5,000 an account (dead_property_fits)';

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
-- the default partition meanwhile are moved. Returns how many partitions were made or dropped. A writer waits at the
-- whole table, before it chooses a partition: one that waits at the default partition would find there that its row may
-- no longer be in it.
CREATE FUNCTION outbox_partitions(p_ahead int, p_keep int) RETURNS int LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	day date;
	leaf text;
	done int := 0;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('outbox_partitions')) THEN
		RETURN 0;
	END IF;
	FOR day IN SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(0, p_ahead) n LOOP
		leaf := 'outbox_' || to_char(day, 'YYYYMMDD');
		CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
		LOCK TABLE ONLY outbox IN SHARE ROW EXCLUSIVE MODE;
		LOCK TABLE outbox_default IN ACCESS EXCLUSIVE MODE;
		EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING ALL)', leaf);
		EXECUTE format('WITH moved AS (DELETE FROM outbox_default WHERE id >= %L AND id < %L RETURNING *) '
			'INSERT INTO %I SELECT * FROM moved', uuid7_floor(day), uuid7_floor(day + 1), leaf);
		EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', leaf,
			uuid7_floor(day), uuid7_floor(day + 1));
		done := done + 1;
	END LOOP;
	FOR leaf IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	             WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_[0-9]{8}$'
	               AND to_date(substr(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - p_keep LOOP
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
	FOR c IN SELECT o.account_id, o.calendar_id, array_agg(o.id) AS ids FROM (SELECT x.account_id, x.calendar_id, x.id
	          FROM calendar_object x WHERE x.deleted AND x.updated_at < p_before ORDER BY x.updated_at LIMIT p_limit) o
	         GROUP BY 1, 2 ORDER BY 1, 2 LOOP
		PERFORM FROM calendar_state s WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id
		    FOR NO KEY UPDATE;
		WITH dead AS (DELETE FROM calendar_object o WHERE o.account_id = c.account_id AND by_id(o.id) = ANY (c.ids)
		        AND o.deleted AND o.updated_at < p_before RETURNING o.modseq)
		SELECT max(modseq), count(*) INTO gone, removed FROM dead;
		UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
		 WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id AND removed > 0;
		done := done + removed;
	END LOOP;
	RETURN done;
END $$;

-- An account keeps p_most rows of the outbox: the oldest go, at most p_limit a call. Returns how many. No call looks at
-- all rows: it takes some at random and looks at their accounts, so that an account is found the sooner the more it has.
CREATE FUNCTION outbox_trim(p_most int, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
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
		DELETE FROM outbox o WHERE o.account_id = a AND o.id IN (SELECT x.id FROM outbox x
		        WHERE x.account_id = a AND x.id <= newest ORDER BY x.id LIMIT p_limit - done);
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

---- functions: calendars and their objects --------------------------------------------------------------------------

-- What writes calendars and their objects. Each function is one round trip, decides under the lock of the calendar's
-- state row and then does all of it or nothing: nothing here raises to say no, so no half of a change can be committed
-- and no error line is logged for a client's lost race. Each statement after the lock sees all that was committed before
-- it (READ COMMITTED).
--
-- Locks are taken in this order: the account, calendars by id (state rows), then objects and dead properties. Whoever may
-- write two calendars locks both first.

-- What became of it; caldav/calendar/store/outcome.def has the same list, and what is said of each. The first four are done.
CREATE TYPE outcome AS ENUM ('created', 'changed', 'same', 'deleted', 'not_found', 'no_calendar', 'not_writable',
	'condition_failed', 'name_taken', 'wrong_component', 'uid_conflict', 'calendar_full', 'account_full',
	'too_many_calendars', 'too_many_properties');

-- Whose data, which of the calendars (NULL: all), who writes (credential) and in which request.
CREATE TYPE actor AS (owner uuid, calendars uuid[], author uuid, request uuid);

-- Of a write (RFC 9110 §13.1): If-Match: *, If-Match, If-None-Match: *, If-None-Match. A NULL list: not sent.
CREATE TYPE conditions AS (match_any boolean, match bytea[], none_any boolean, none bytea[]);

-- What is stored of an object beside its octets.
CREATE TYPE object_facts AS (uid text, etag bytea, first_at timestamptz, last_at timestamptz, occ_until timestamptz,
	component smallint, flags smallint, occ bytea);

-- Octets that one calendar and all of an account hold at most (NULL: no limit); how many tombstones a calendar keeps,
-- besides one for each object.
CREATE TYPE room AS (calendar bigint, account bigint, graves int);

-- Properties that are not understood here; an empty xml removes.
CREATE TYPE dead_change AS (ns text[], local text[], xml text[]);

CREATE FUNCTION outbox_add(p_actor actor, p_kind outbox_kind, p_calendar uuid, p_object uuid, p_modseq bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	VALUES (p_actor.owner, p_kind, p_calendar, p_object, p_modseq, p_actor.author, p_actor.request);
END $$;

-- Does a write apply to an object with this tag (NULL: there is none)?
CREATE FUNCTION conditions_hold(p_etag bytea, p_when conditions) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF p_etag IS NULL THEN RETURN NOT p_when.match_any AND p_when.match IS NULL; END IF;
	RETURN NOT p_when.none_any AND (p_when.match IS NULL OR p_etag = ANY (p_when.match))
	       AND (p_when.none IS NULL OR NOT p_etag = ANY (p_when.none));
END $$;

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

-- The oldest tombstones go where there are too many; sync tokens from before them end by it. A few hundred at once, so
-- that no writer waits long: each burial makes one and removes up to p_portion. The caller holds the lock.
CREATE FUNCTION graves_trim(p_account uuid, p_calendar uuid, p_most int, p_portion int) RETURNS int LANGUAGE plpgsql
AS $$
DECLARE gone bigint; removed int;
BEGIN
	WITH dead AS (
		DELETE FROM calendar_object o WHERE o.account_id = p_account AND by_id(o.id) = ANY (ARRAY(
			SELECT x.id FROM calendar_object x
			 WHERE x.account_id = p_account AND by_grave(x.calendar_id) = p_calendar AND x.deleted
			 ORDER BY x.modseq LIMIT least(p_portion, (SELECT s.tombstones - s.objects - p_most FROM calendar_state s
			       WHERE s.account_id = p_account AND s.calendar_id = p_calendar))))
		RETURNING o.modseq)
	SELECT max(modseq), count(*) INTO gone, removed FROM dead;
	UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
	 WHERE s.account_id = p_account AND s.calendar_id = p_calendar AND removed > 0;
	RETURN removed;
END $$;

-- created, changed, same (nothing written), not_writable, no_calendar, condition_failed, wrong_component, uid_conflict
-- (other: the name of who has it), calendar_full, account_full
CREATE FUNCTION object_put(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_facts object_facts,
	p_data bytea, p_room room, OUT outcome outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text,
	OUT created_at timestamptz, OUT updated_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE c record; s record; o record; n int := octet_length(p_data); was int;
BEGIN
	SELECT t.id, t.components, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	calendar := c.id;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;

	-- same bytes: no lock, no write, no WAL
	SELECT t.id, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted
	   AND t.etag = p_facts.etag AND conditions_hold(t.etag, p_when);
	IF FOUND THEN
		outcome := 'same'; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_facts.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;

	SELECT t.bytes INTO s FROM calendar_state t
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;      -- deleted meanwhile

	SELECT t.id, t.etag, t.uid, t.deleted, t.size, t.created_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	IF NOT conditions_hold(CASE WHEN o.deleted IS FALSE THEN o.etag END, p_when) THEN
		outcome := 'condition_failed'; RETURN;
	END IF;
	IF o.deleted IS FALSE AND o.uid <> p_facts.uid THEN outcome := 'uid_conflict'; other := p_name; RETURN; END IF;
	IF o.deleted IS NOT FALSE THEN
		SELECT t.name INTO other FROM calendar_object t
		 WHERE t.account_id = p_actor.owner AND by_uid(t.calendar_id) = c.id
		   AND octet_length(t.uid) = octet_length(p_facts.uid) AND t.uid = p_facts.uid;
		IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	END IF;
	was := CASE WHEN o.deleted IS FALSE THEN o.size ELSE 0 END;
	IF n > was AND s.bytes + n - was > p_room.calendar THEN outcome := 'calendar_full'; RETURN; END IF;
	IF n > was AND NOT storage_fits(p_actor.owner, n - was, p_room.account) THEN outcome := 'account_full'; RETURN; END IF;

	outcome := CASE WHEN o.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	UPDATE calendar_state t
	   SET modseq = t.modseq + 1, bytes = t.bytes + n - was, objects = t.objects + (outcome = 'created')::int,
	       tombstones = t.tombstones - (o.deleted IS TRUE)::int
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq INTO modseq;
	id := CASE WHEN o.deleted IS FALSE THEN o.id ELSE uuid_v7() END;   -- made anew, it is a new object for REST
	updated_at := now();
	created_at := CASE WHEN o.deleted IS FALSE THEN o.created_at ELSE now() END;
	IF o.deleted IS NULL THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
		       updated_at, created_at, size, component, flags, etag, name, uid, occ, data)
		VALUES (p_actor.owner, c.id, object_put.id, object_put.modseq, p_facts.first_at, p_facts.last_at,
		       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
		       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data);
	ELSE
		UPDATE calendar_object t SET id = object_put.id, modseq = object_put.modseq, first_at = p_facts.first_at,
		       last_at = p_facts.last_at, span = span_of(p_facts.first_at, p_facts.last_at),
		       occ_until = p_facts.occ_until, updated_at = now(), created_at = object_put.created_at, size = n, component = p_facts.component, flags = p_facts.flags,
		       etag = p_facts.etag, uid = p_facts.uid, occ = p_facts.occ, data = p_data, deleted = false
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	END IF;
	PERFORM outbox_add(p_actor, CASE outcome WHEN 'created' THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		c.id, object_put.id, object_put.modseq);
END $$;

-- deleted, not_writable, not_found (conditions do not matter then: RFC 9110 §13.2.1), condition_failed. A tombstone is
-- what sync needs to tell of it, nothing else.
CREATE FUNCTION object_delete(p_actor actor, p_calendar_name text, p_name text, p_when conditions, p_room room,
	OUT outcome outcome) LANGUAGE plpgsql AS $$
DECLARE c record; o record; s record;
BEGIN
	outcome := 'not_found';
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN RETURN; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN; END IF;

	SELECT t.id, t.etag, t.size INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted;
	IF NOT FOUND THEN RETURN; END IF;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	UPDATE calendar_state t SET modseq = t.modseq + 1, bytes = t.bytes - o.size, objects = t.objects - 1,
	       tombstones = t.tombstones + 1
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq, t.tombstones, t.objects INTO s;
	UPDATE calendar_object t SET deleted = true, modseq = s.modseq, updated_at = now(), size = 0, flags = 0, uid = NULL,
	       first_at = NULL, last_at = NULL, span = NULL, occ_until = NULL, occ = NULL, data = NULL
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
	IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, c.id, p_room.graves, 200); END IF;
	PERFORM outbox_add(p_actor, 'object_deleted', c.id, o.id, s.modseq);
	outcome := 'deleted';
END $$;

-- MOVE and COPY of one object (RFC 4918 §9.8, §9.9). A moved object keeps its id, bytes and properties; its old name
-- becomes a tombstone with an id of its own. Each change has its own number, so that no page of a sync splits a tie. What
-- is replaced must have the same UID (RFC 4791 §5.3.2.1).
-- created, changed (replaced), not_writable, not_found (the source), no_calendar (there), condition_failed, name_taken
-- (something is there and may not be replaced), wrong_component, uid_conflict (other: name there), calendar_full,
-- account_full, too_many_properties
CREATE FUNCTION object_relocate(p_actor actor, p_from_calendar text, p_from text, p_to_calendar text, p_to text,
	p_keep boolean, p_overwrite boolean, p_when conditions, p_room room, OUT outcome outcome, OUT other text)
LANGUAGE plpgsql AS $$
DECLARE a record; b record; o record; t record; s record; m bigint; was int; new_id uuid := uuid_v7();
BEGIN
	SELECT c.id, c.writable INTO a FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_from_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT c.id, c.writable, c.components INTO b FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_to_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	PERFORM FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id IN (a.id, b.id)
	  ORDER BY x.calendar_id FOR NO KEY UPDATE;

	SELECT x.id, x.etag, x.uid, x.size, x.component INTO o FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from AND NOT x.deleted;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT x.bytes INTO s FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	IF NOT b.writable OR (NOT p_keep AND NOT a.writable) THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	SELECT x.id, x.deleted, x.size, x.uid INTO t FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
	IF t.deleted IS FALSE AND NOT p_overwrite THEN outcome := 'name_taken'; RETURN; END IF;
	IF b.components & o.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;
	IF t.deleted IS FALSE AND t.uid <> o.uid THEN outcome := 'uid_conflict'; other := p_to; RETURN; END IF;
	SELECT x.name INTO other FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_uid(x.calendar_id) = b.id AND octet_length(x.uid) = octet_length(o.uid)
	   AND x.uid = o.uid AND x.name <> p_to
	   AND (p_keep OR x.id <> o.id);
	IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	was := CASE WHEN t.deleted IS FALSE THEN t.size ELSE 0 END;
	IF (p_keep OR a.id <> b.id) AND o.size > was AND p_room.calendar < s.bytes + o.size - was THEN
		outcome := 'calendar_full'; RETURN;
	END IF;
	IF p_keep AND o.size > was AND NOT storage_fits(p_actor.owner, o.size - was, p_room.account) THEN
		outcome := 'account_full'; RETURN;
	END IF;
	IF p_keep AND NOT dead_property_fits(p_actor.owner, (SELECT count(*) FROM dead_property d
	                                                  WHERE d.account_id = p_actor.owner AND d.resource_id = o.id)) THEN
		outcome := 'too_many_properties'; RETURN;
	END IF;

	outcome := CASE WHEN t.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	IF NOT p_keep THEN
		UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes - o.size, objects = x.objects - 1,
		       tombstones = x.tombstones + 1
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id RETURNING x.modseq INTO m;
	END IF;
	IF t.id IS NOT NULL THEN
		DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = t.id;
		DELETE FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		IF t.deleted IS FALSE THEN PERFORM outbox_add(p_actor, 'object_deleted', b.id, t.id, NULL); END IF;
	END IF;
	IF NOT p_keep THEN            -- out of the way of the tombstone that takes its name
		UPDATE calendar_object x SET calendar_id = b.id, name = p_to, modseq = 0
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, updated_at, created_at, size, component, flags,
		       deleted, etag, name)
		VALUES (p_actor.owner, a.id, new_id, m, now(), now(), 0, o.component, 0, true, o.etag, p_from);
	END IF;
	UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes + o.size - was,
	       objects = x.objects + (outcome = 'created')::int, tombstones = x.tombstones - (t.deleted IS TRUE)::int
	 WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id RETURNING x.modseq INTO m;
	IF p_keep THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
		       created_at, size, component, flags, etag, name, uid, occ, data)
		SELECT p_actor.owner, b.id, new_id, m, x.first_at, x.last_at, x.span, x.occ_until, now(), now(), x.size, x.component,
		       x.flags, x.etag, p_to, x.uid, x.occ, x.data
		  FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
		SELECT d.account_id, new_id, d.ns, d.local, d.xml FROM dead_property d
		 WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
		PERFORM outbox_add(p_actor, 'object_created', b.id, new_id, m);
	ELSE
		UPDATE calendar_object x SET modseq = m, updated_at = now()
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		SELECT x.tombstones, x.objects INTO s FROM calendar_state x
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id;
		IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, a.id, p_room.graves, 200); END IF;
		PERFORM outbox_add(p_actor, 'object_changed', b.id, o.id, m);
	END IF;
END $$;

-- Sets dead properties, and removes those whose xml is empty. False, and nothing done, if there would be more than
-- p_max, or too many of the account. The rows are locked in one order, so that two of these cannot wait for each other.
CREATE FUNCTION dead_property_set(p_account uuid, p_resource uuid, p_dead dead_change, p_max int) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE others bigint; present bigint; given bigint;
BEGIN
	IF cardinality(p_dead.ns) = 0 THEN RETURN true; END IF;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND d.resource_id = p_resource
	  ORDER BY d.ns, d.local FOR UPDATE;
	SELECT count(*) FILTER (WHERE n.ns IS NULL), count(*) FILTER (WHERE n.xml <> '') INTO others, present
	  FROM dead_property d LEFT JOIN unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	    ON n.ns = d.ns AND n.local = d.local
	 WHERE d.account_id = p_account AND d.resource_id = p_resource;
	SELECT count(*) INTO given FROM unnest(p_dead.xml) AS n(xml) WHERE n.xml <> '';
	IF others + given > p_max OR NOT dead_property_fits(p_account, given - present) THEN
		RETURN false;
	END IF;
	DELETE FROM dead_property d USING unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	 WHERE d.account_id = p_account AND d.resource_id = p_resource AND d.ns = n.ns AND d.local = n.local AND n.xml = '';
	INSERT INTO dead_property AS d (account_id, resource_id, ns, local, xml)
	SELECT p_account, p_resource, n.ns, n.local, n.xml FROM unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	 WHERE n.xml <> '' ORDER BY n.ns, n.local
	    ON CONFLICT (account_id, resource_id, ns, local) DO UPDATE SET xml = excluded.xml;
	RETURN true;
END $$;

-- Of an object (p_calendar is its calendar), or of what is no row here: principal and home (p_calendar NULL). The state
-- row is held, so that no property outlives its object. changed, not_found, too_many_properties
CREATE FUNCTION dead_property_change(p_actor actor, p_calendar uuid, p_resource uuid, p_dead dead_change, p_max int,
	OUT outcome outcome) LANGUAGE plpgsql AS $$
BEGIN
	outcome := 'not_found';
	IF p_calendar IS NOT NULL THEN
		PERFORM FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id = p_calendar FOR SHARE;
		PERFORM FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_id(o.id) = p_resource
		    AND o.calendar_id = p_calendar AND NOT o.deleted;
		IF NOT FOUND THEN RETURN; END IF;
	END IF;
	IF NOT dead_property_set(p_actor.owner, p_resource, p_dead, p_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	PERFORM outbox_add(p_actor, 'properties_changed', p_calendar, p_resource, NULL);
	outcome := 'changed';
END $$;

-- p_set tells which values are given: 1 displayname, 2 description, 4 color, 8 timezone, 16 tzid, 32 ord, 64 transp,
-- 128 selected, 256 writable.
CREATE TYPE calendar_fields AS (displayname text, description text, color text, timezone text, tzid text, ord int,
	transp boolean, selected boolean, writable boolean);

-- changed, not_found, condition_failed (another version than p_version), too_many_properties
CREATE FUNCTION calendar_update(p_actor actor, p_name text, p_version bigint, p_set int, p_to calendar_fields,
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
	       writable    = CASE WHEN p_set & 256 <> 0 THEN p_to.writable ELSE t.writable END
	 WHERE t.account_id = p_actor.owner AND t.id = c;
	PERFORM outbox_add(p_actor, 'calendar_changed', c, NULL, NULL);
	outcome := 'changed';
END $$;

-- The account's row is locked: two who make calendars at once count each other.
-- created, not_found (no account), name_taken, too_many_calendars, too_many_properties
CREATE FUNCTION calendar_create(p_actor actor, p_id uuid, p_name text, p_components smallint, p_to calendar_fields,
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
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp)
	VALUES (p_actor.owner, p_id, p_name, p_to.displayname, p_to.description, p_to.color, p_to.ord, p_to.timezone,
	        p_to.tzid, p_components, p_to.transp);
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	outcome := 'created';
END $$;

-- The state row goes first: writers of objects wait for it, and then find no calendar. Then in the order of whoever
-- changes properties, the calendar's row and dead properties by name: a PROPPATCH and a DELETE of its calendar would wait
-- for each other else.
CREATE FUNCTION calendar_drop(p_actor actor, p_calendar uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE resources uuid[];
BEGIN
	PERFORM FROM calendar_state t WHERE t.account_id = p_actor.owner AND t.calendar_id = p_calendar FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_actor.owner AND t.id = p_calendar FOR UPDATE;
	-- those of the account that are on it or on what is in it: they are fewer than its objects may be
	resources := ARRAY(SELECT DISTINCT d.resource_id FROM dead_property d WHERE d.account_id = p_actor.owner
	       AND (d.resource_id = p_calendar OR p_calendar = (SELECT o.calendar_id FROM calendar_object o
	            WHERE o.account_id = p_actor.owner AND by_id(o.id) = d.resource_id)));
	PERFORM FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (resources)
	  ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (resources);
	DELETE FROM calendar t WHERE t.account_id = p_actor.owner AND t.id = p_calendar;
	PERFORM outbox_add(p_actor, 'calendar_deleted', p_calendar, NULL, NULL);
END $$;

-- deleted, not_writable, not_found
CREATE FUNCTION calendar_delete(p_actor actor, p_name text, OUT outcome outcome) LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;
	PERFORM calendar_drop(p_actor, c.id);
	outcome := 'deleted';
END $$;

-- MOVE (p_keep false) and COPY (p_deep: with its objects) of a calendar. The account's row is locked as in
-- calendar_create: two copies at once, which may be large, count each other.
-- created, changed (replaced), not_writable, not_found, name_taken (something is there and may not be replaced),
-- too_many_calendars, account_full, too_many_properties
CREATE FUNCTION calendar_relocate(p_actor actor, p_from text, p_to text, p_keep boolean, p_deep boolean,
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
	       selected)
	SELECT x.account_id, p_id, p_to, x.displayname, x.description, x.color, x.ord, x.timezone, x.tzid, x.components,
	       x.transp, x.selected
	  FROM calendar x WHERE x.account_id = p_actor.owner AND x.id = c.id;
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
	SELECT d.account_id, p_id, d.ns, d.local, d.xml FROM dead_property d
	 WHERE d.account_id = p_actor.owner AND d.resource_id = c.id;
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	IF NOT p_deep THEN RETURN; END IF;

	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
	       created_at, size, component, flags, etag, name, uid, occ, data)
	SELECT p_actor.owner, p_id, uuid_v7(), 1 + row_number() OVER (ORDER BY o.modseq), o.first_at, o.last_at, o.span,
	       o.occ_until, now(), now(), o.size, o.component, o.flags, o.etag, o.name, o.uid, o.occ, o.data
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

---- functions: OAuth --------------------------------------------------------------------------------------------------

-- OAuth's writes, each one round trip; the account comes first, so that the whole call can go to its node.
-- What a token may do is what its family was granted and its connection still has: a scope that the user takes back from
-- the connection is gone from all its tokens.

-- outcome: 0 issued, 1 invalid_grant, 2 replay of an otherwise valid code (family revoked)
CREATE FUNCTION code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text,
	p_challenge bytea, p_jkt bytea, p_access bytea, p_slot smallint, p_access_until timestamptz, p_refresh bytea,
	p_idle timestamptz, OUT outcome int, OUT connected_account_id uuid, OUT scopes bigint,
	OUT connection_until timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = p_idle,
	       rotated_at = now(), nonce = NULL
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NULL AND f.code_expires_at > now()
	   AND f.revoked_at IS NULL
	   AND c.account_id = p_account AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > now() AND f.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, f.scopes & c.scopes, c.expires_at INTO connected_account_id, scopes, connection_until;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, scopes, least(p_access_until, connection_until), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	-- A new snapshot: it sees the commit of the caller that was faster.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

-- outcome: 0 rotated, 1 invalid_grant, 2 reuse (family revoked), 3 the same answer again, 4 invalid_scope.
-- p_generation is from a token whose tag the caller verified; a large number where it was not true. The same answer is
-- for the same request: one that asks for other scopes is a second use of the token.
CREATE FUNCTION token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation int, p_client uuid,
	p_jkt bytea, p_scopes bigint, p_access bytea, p_slot smallint, p_access_until timestamptz, p_new bytea,
	p_idle timestamptz, p_sealed bytea, p_window interval,
	OUT outcome int, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamptz,
	OUT replay bytea) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	UPDATE token_family t
	   SET generation = t.generation + 1, previous_hash = t.refresh_hash, refresh_hash = p_new, rotated_at = now(),
	       sealed_replay = p_sealed, replay_scopes = p_scopes, idle_expires_at = p_idle
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt AND t.revoked_at IS NULL AND t.idle_expires_at > now()
	   AND t.expires_at > now() AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > now() AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, c.expires_at INTO connected_account_id, granted, connection_until;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			least(p_access_until, connection_until), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	SELECT t.refresh_hash, t.previous_hash, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - p_window AND t.replay_scopes IS NOT DISTINCT FROM p_scopes AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > now() AND a.status = 1
	       AND t.scopes & c.scopes & coalesce(p_scopes, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, c.expires_at AS connection_until
	  INTO f
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = p_account AND t.id = p_family AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt;
	outcome := 1;
	IF NOT FOUND OR f.revoked_at IS NOT NULL THEN
		RETURN;
	END IF;
	IF f.refresh_hash = p_old THEN
		IF f.scopes & p_scopes <> p_scopes THEN
			outcome := 4;
		END IF;
	ELSIF f.previous_hash = p_old AND f.is_retry THEN
		IF f.stands THEN
			outcome := 3;
			replay := f.sealed_replay;
			connected_account_id := f.connected_account_id;
			granted := f.scopes;
			connection_until := f.connection_until;
		END IF;
	ELSIF f.previous_hash = p_old OR p_generation < f.generation - 1 THEN
		UPDATE token_family t SET revoked_at = now(), revoked_why = 2
		 WHERE t.account_id = p_account AND t.id = p_family AND t.revoked_at IS NULL;
		outcome := 2;
	END IF;
END $$;

-- The user allowed it: the connection is made or changed, and a family whose code can be redeemed. revoked_why of a
-- family: 1 code replayed, 2 refresh token reused, 3 its connection ended, 4 revoked by the client.
-- Each consent leaves a row of proof and a family. A connected account keeps so many; every 50th consent removes what is
-- older, so that none pays for more than its share.
CREATE FUNCTION consent_trim(p_account uuid, p_connection uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	proofs CONSTANT int := 100;
	families CONSTANT int := 1000;
BEGIN
	DELETE FROM consent_log l WHERE l.account_id = p_account AND l.id IN (SELECT x.id FROM consent_log x
	        WHERE x.account_id = p_account AND x.connected_account_id = p_connection ORDER BY x.id DESC OFFSET proofs);
	DELETE FROM token_family f WHERE f.account_id = p_account AND f.id IN (SELECT x.id FROM token_family x
	        WHERE x.account_id = p_account AND x.connected_account_id = p_connection ORDER BY x.id DESC OFFSET families);
END $$;

CREATE FUNCTION consent_grant(p_account uuid, p_client uuid, p_connection uuid, p_asked bigint, p_granted bigint,
	p_calendars uuid[], p_until timestamptz, p_family uuid, p_code bytea, p_code_until timestamptz,
	p_challenge bytea, p_redirect text, p_nonce text, p_auth_time timestamptz, p_log uuid, p_text_version text,
	p_ip inet, p_ua text, OUT connected_account_id uuid) LANGUAGE plpgsql AS $$
DECLARE
	many CONSTANT int := 50;
	was record;
BEGIN
	-- A client that is being deleted waits for us, or we see that it is gone (client_cut runs after its commit).
	PERFORM FROM oauth_client WHERE id = p_client AND deleted_at IS NULL FOR SHARE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO connected_account (account_id, id, client_id, scopes, calendars, expires_at)
	VALUES (p_account, p_connection, p_client, p_granted, p_calendars, p_until)
	ON CONFLICT (account_id, client_id) DO NOTHING
	RETURNING id INTO connected_account_id;
	IF NOT FOUND THEN
		SELECT c.id, c.scopes, c.consents, c.revoked_at IS NOT NULL OR c.expires_at <= now() AS ended
		  INTO was
		  FROM connected_account c
		 WHERE c.account_id = p_account AND c.client_id = p_client FOR NO KEY UPDATE;
		IF was.ended THEN -- what it gave before must not come back to life
			UPDATE token_family f SET revoked_at = now(), revoked_why = 3
			 WHERE f.account_id = p_account AND f.connected_account_id = was.id AND f.revoked_at IS NULL;
		END IF;
		UPDATE connected_account c
		   SET scopes = CASE WHEN was.ended THEN p_granted ELSE was.scopes & ~p_asked | p_granted END,
		       calendars = p_calendars, expires_at = p_until, authorized_at = now(), revoked_at = NULL,
		       revoked_why = NULL, consents = was.consents % many + 1
		 WHERE c.account_id = p_account AND c.id = was.id;
		connected_account_id := was.id;
		IF was.consents = many THEN PERFORM consent_trim(p_account, was.id); END IF;
	END IF;
	INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at,
		challenge, redirect_uri, nonce, auth_time)
	VALUES (p_account, p_family, connected_account_id, p_client, p_granted, p_code, p_code_until, p_challenge,
		p_redirect, p_nonce, p_auth_time);
	INSERT INTO consent_log (account_id, id, connected_account_id, client_id, asked, granted, calendars,
		text_version, ip, ua)
	VALUES (p_account, p_log, connected_account_id, p_client, p_asked, p_granted, p_calendars, p_text_version, p_ip,
		p_ua);
END $$;
