-- SPDX-License-Identifier: Apache-2.0

-- name: db_begin
-- Goes with the first statement of a transaction, in one round trip.
BEGIN

-- name: db_commit
COMMIT

-- name: db_rollback
ROLLBACK
