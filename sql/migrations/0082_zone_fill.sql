-- SPDX-License-Identifier: Apache-2.0
-- By which version of the tz database it was told when objects' instances are, and how far the job is that brings a newer one
-- to them (caldav/calendar/zone_fill.h). Nothing is known of those that are there: all are gone through once.

CREATE TABLE zone_fill (
	one           boolean PRIMARY KEY DEFAULT true CHECK (one),
	version       text COLLATE "C" NOT NULL DEFAULT '',
	after_account uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	after_object  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	ended_at      timestamptz          -- NULL: it goes on
) WITH (fillfactor = 50);
INSERT INTO zone_fill DEFAULT VALUES;

COMMENT ON TABLE zone_fill IS 'rows: one (zone_fill_begin)';
