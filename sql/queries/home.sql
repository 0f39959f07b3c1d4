-- SPDX-License-Identifier: Apache-2.0
-- Is this the database that it was? See server/db/home.h.

-- name: database_home_keep
SELECT database_home_keep() AS moved

-- name: secret_mark_keep
-- $1 the mark of the secret key that this server has. The first one stays.
UPDATE database_home SET mark = $1 WHERE mark IS NULL

-- name: secret_mark_same
-- $1 the same. Where none is kept any may come.
SELECT coalesce(h.mark = $1, true) AS same FROM database_home h
