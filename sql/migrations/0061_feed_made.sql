-- SPDX-License-Identifier: Apache-2.0
-- Since when the link of a calendar's feed is given to others: the pages tell it. NULL: nobody asked them for it. Whether a
-- token opens a feed is not said here but by feed_seed (0010_feeds.sql).
ALTER TABLE calendar ADD COLUMN feed_made_at timestamptz;
