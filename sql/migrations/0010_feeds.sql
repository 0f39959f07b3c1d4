-- SPDX-License-Identifier: Apache-2.0
-- Feeds: a calendar for whoever has its token. The token is made of this, the ids and the server's key
-- (caldav/calendar/feed.c): the database alone opens no feed, nor does the key alone. Another seed ends the old token.
ALTER TABLE calendar ADD COLUMN feed_seed uuid NOT NULL DEFAULT gen_random_uuid();
