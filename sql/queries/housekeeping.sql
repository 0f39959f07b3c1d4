-- SPDX-License-Identifier: Apache-2.0
-- Each is safe at any time, from any instance. See server/db/housekeeping.c.

-- name: access_token_prune
-- Empties the slot of the ring whose tokens ended over an hour ago.
SELECT access_token_prune() AS slot

-- name: dpop_prune
-- Empties the slot of the ring whose proofs nobody can send again.
SELECT dpop_prune() AS slot

-- name: outbox_partitions
-- $1 days ahead  $2 days kept
SELECT outbox_partitions($1, $2) AS count

-- name: auth_request_prune
-- $1 those that ended before
DELETE FROM auth_request WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM auth_request x WHERE x.expires_at < $1 FOR UPDATE SKIP LOCKED))

-- name: client_assertion_prune
-- $1 those that ended before
DELETE FROM client_assertion WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM client_assertion x WHERE x.expires_at < $1 FOR UPDATE SKIP LOCKED))

-- name: token_family_prune_unused
-- $1 codes made before, never redeemed. By the BRIN on created_at; generation 0 has no tokens.
DELETE FROM token_family WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM token_family x WHERE x.created_at < $1 AND x.generation = 0 FOR UPDATE SKIP LOCKED))

-- name: token_family_prune_ended
-- $1 grants that ended before, by revocation or by not being used. They are kept so long to tell a replay from junk.
DELETE FROM token_family WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM token_family x
 WHERE x.created_at < $1 AND x.generation > 0 AND (x.revoked_at < $1 OR x.idle_expires_at < $1 OR x.expires_at < $1) FOR UPDATE SKIP LOCKED))

-- name: tombstone_prune
-- $1 objects deleted before  $2 at most so many
SELECT tombstone_prune($1, $2) AS count

-- name: outbox_trim
-- $1 an account keeps  $2 at most so many go
SELECT outbox_trim($1, $2) AS count

-- name: request_log_prune
-- Empties the slot of the ring whose requests are over a week old.
SELECT request_log_prune() AS slot

-- name: request_log_trim
-- $1 an account keeps  $2 at most so many go
SELECT request_log_trim($1, $2) AS count

-- name: idempotent_answer_trim
-- $1 none from before  $2 an account keeps  $3 at most so many go
SELECT idempotent_answer_trim($1, $2, $3) AS count
