-- SPDX-License-Identifier: Apache-2.0
-- The keys that sign what others verify (server/account/signing_keys.h).

-- name: signing_key_list
-- No parameters.
-- The one that signs, the next, and those that retired, the latest first.
SELECT k.kid, k.state, k.sealed, k.created_at, k.active_at, k.retired_at FROM signing_key k
 ORDER BY k.state = 2 DESC, k.state, k.retired_at DESC, k.kid;

-- name: signing_keys_keep
-- $1 kid and $2 sealed: of a new key  $3 now  $4 how many seconds a key signs  $5 rotate now
SELECT signing_keys_keep($1, $2, $3, make_interval(secs => $4::int), $5) AS complete;

-- name: signing_key_withdraw
-- $1 kid
-- One that signs no more: from now on nothing that it signed is taken for ours.
DELETE FROM signing_key WHERE kid = $1 AND state = 3;
