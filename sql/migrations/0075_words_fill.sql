-- SPDX-License-Identifier: Apache-2.0
-- Events that were there before 0069 have no words beside them until they are written. A job (caldav/calendar/words_fill.h)
-- goes through all objects once, by account and id, and writes down how far it is.

CREATE TABLE words_fill (
	one           boolean PRIMARY KEY DEFAULT true CHECK (one),
	after_account uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	after_object  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	ended_at      timestamptz          -- NULL: it goes on
) WITH (fillfactor = 50);
INSERT INTO words_fill (ended_at) SELECT CASE WHEN NOT EXISTS (SELECT FROM calendar_object WHERE NOT deleted) THEN now() END;

COMMENT ON TABLE words_fill IS 'rows: one (words_put)';
