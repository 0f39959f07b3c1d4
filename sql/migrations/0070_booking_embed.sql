-- SPDX-License-Identifier: Apache-2.0
-- Which sites may show a booking page in a frame (docs/booking.md).

ALTER TABLE booking_page ADD COLUMN embed_origins text[] NOT NULL DEFAULT '{}'; -- none: any site
