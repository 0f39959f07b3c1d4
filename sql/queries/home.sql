-- SPDX-License-Identifier: Apache-2.0
-- Is this the database that it was? See server/db/home.h.

-- name: database_home_step
-- The counters of the next 20,000 calendars jump, where the database is another one than it was: half a second, or a few on a slow disk.
SELECT moved, more FROM database_home_step(20000)

-- name: secret_mark_keep
-- $1 the mark of the secret key that this server has. The first one stays.
UPDATE database_home SET mark = $1 WHERE mark IS NULL

-- name: secret_mark_same
-- $1 the same. Where none is kept any may come.
SELECT coalesce(h.mark = $1, true) AS same FROM database_home h
