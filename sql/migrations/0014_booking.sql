-- SPDX-License-Identifier: Apache-2.0
-- Booking: pages by which guests may book, and what was booked. When an appointment is, and whether it still is, its
-- event alone says. See docs/booking.md.

CREATE FUNCTION by_slug(text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE FUNCTION by_event(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;

CREATE TABLE booking_page (
	account_id     uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id             uuid NOT NULL,
	slug           text COLLATE "C" NOT NULL,
	title          text NOT NULL,
	description    text,
	color          text,
	tz             text COLLATE "C" NOT NULL,
	durations      int[] NOT NULL,          -- minutes
	hours          int[] NOT NULL,          -- pairs: from, to, in minutes since the midnight before Monday
	exceptions     int[] NOT NULL,          -- triples: day since 1970-01-01, from, to, in its minutes; -1, -1: closed
	buffer_before  int NOT NULL,            -- minutes, as the next two
	buffer_after   int NOT NULL,
	notice         int NOT NULL,
	step           int NOT NULL,
	horizon        int NOT NULL,            -- days
	per_day        int NOT NULL,            -- 0: no limit
	busy_calendars uuid[],                  -- NULL: those that are selected
	calendar_id    uuid NOT NULL,           -- may be gone: then nothing can be booked
	active         boolean NOT NULL,
	version        bigint NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX booking_page_slug ON booking_page (by_slug(slug));

CREATE TABLE booking (
	account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
	id           uuid NOT NULL,             -- the UID of its event is made of it
	page_id      uuid NOT NULL,             -- may be gone
	calendar_id  uuid NOT NULL,             -- to which its event came
	event_id     uuid NOT NULL,             -- as it was made; one that was made anew has the UID alone
	start_at     timestamptz NOT NULL,      -- as it was agreed last: for when the event is gone
	end_at       timestamptz NOT NULL,
	tz           text COLLATE "C" NOT NULL, -- the guest's
	name         text NOT NULL,
	email        text NOT NULL,
	note         text,
	questions    text[] NOT NULL,
	answers      text[] NOT NULL,
	cancelled_at timestamptz,               -- by the API or the link, by whom (1 host, 2 guest), and why
	cancelled_by smallint NOT NULL DEFAULT 0,
	reason       text,
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, id)
) WITH (fillfactor = 90);
CREATE INDEX booking_event ON booking (account_id, by_event(event_id));
CREATE INDEX booking_end ON booking (end_at);

COMMENT ON TABLE booking_page IS 'rows: 50 an account (booking_page_create)';
COMMENT ON TABLE booking IS 'rows: 10,000 an account (booking_add), of 400 days after their end (booking_prune)';

-- The account's row is locked: two who make pages at once count each other.
CREATE FUNCTION booking_page_create(p_page booking_page) RETURNS text LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 50;
BEGIN
	PERFORM FROM account a WHERE a.account_id = p_page.account_id FOR NO KEY UPDATE;
	IF most <= (SELECT count(*) FROM booking_page p WHERE p.account_id = p_page.account_id) THEN RETURN 'full'; END IF;
	p_page.version := 1;
	p_page.created_at := now();
	p_page.updated_at := now();
	INSERT INTO booking_page SELECT p_page.* ON CONFLICT DO NOTHING;
	RETURN CASE WHEN FOUND THEN 'created' ELSE 'taken' END;
END $$;

-- Where there are as many as there can be, the first of those that are over makes room; false: all are to come. Two at
-- once may go past the limit by what they add.
CREATE FUNCTION booking_add(p_booking booking) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 10000;
BEGIN
	IF EXISTS (SELECT FROM booking b WHERE b.account_id = p_booking.account_id ORDER BY b.id OFFSET most - 1 LIMIT 1) THEN
		DELETE FROM booking b WHERE b.account_id = p_booking.account_id
		   AND b.id = (SELECT o.id FROM booking o WHERE o.account_id = p_booking.account_id AND o.end_at < now()
		                ORDER BY o.id LIMIT 1);
		IF NOT FOUND THEN RETURN false; END IF;
	END IF;
	INSERT INTO booking (account_id, id, page_id, calendar_id, event_id, start_at, end_at, tz, name, email, note, questions, answers)
	VALUES (p_booking.account_id, p_booking.id, p_booking.page_id, p_booking.calendar_id, p_booking.event_id,
	        p_booking.start_at, p_booking.end_at, p_booking.tz, p_booking.name, p_booking.email, p_booking.note, p_booking.questions, p_booking.answers);
	RETURN true;
END $$;

CREATE FUNCTION booking_prune(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	DELETE FROM booking b USING (SELECT o.account_id, o.id FROM booking o WHERE o.end_at < p_before
	                              ORDER BY o.end_at LIMIT p_limit FOR UPDATE SKIP LOCKED) old
	 WHERE b.account_id = old.account_id AND b.id = old.id;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

-- (As in 0013_sandbox.sql.) What is booked in test mode goes with its calendars.
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
	DELETE FROM idempotent_answer i WHERE i.account_id = p_account;
	INSERT INTO calendar (account_id, id, name, displayname) VALUES (p_account, p_calendar, 'default', 'Calendar');
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_account, p_calendar);
	RETURN true;
END $$;
