-- SPDX-License-Identifier: Apache-2.0

-- name: db_alive
-- Is the database there and in what state? For /readyz. No parameters.
SELECT pg_is_in_recovery() AS standby;

-- name: db_begin
-- Goes with the first statement of a transaction, in one round trip.
BEGIN

-- name: db_commit
COMMIT

-- name: db_rollback
ROLLBACK
