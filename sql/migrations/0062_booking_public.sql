-- SPDX-License-Identifier: Apache-2.0
-- Booking pages that anybody may book by a page of this server, and what guests are asked there (docs/booking.md). Pages
-- that are there already are their owners' alone to book by, as they were made.

ALTER TABLE booking_page
	ADD COLUMN is_public boolean NOT NULL DEFAULT false,
	ADD COLUMN questions text[] NOT NULL DEFAULT '{}',
	ADD COLUMN must_answer boolean[] NOT NULL DEFAULT '{}'; -- as many
