-- SPDX-License-Identifier: Apache-2.0
-- Guests get their confirmation by mail, unless their page's owner sends it themself (docs/booking.md).

ALTER TABLE booking_page ADD COLUMN mail_guests boolean NOT NULL DEFAULT true;
