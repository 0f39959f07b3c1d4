-- SPDX-License-Identifier: Apache-2.0
-- Voice sessions. Whose: $1 account, $2 connection (NULL: the account's own).

-- name: voice_session_create stores
-- $3 id  $4 family or NULL  $5 account of the key or NULL  $6 key or NULL  $7 scopes  $8 origin or NULL
-- $9 how many seconds it lasts  $10 at most so many in an hour
-- When there is room again, if there is none now.
SELECT free_at FROM voice_session_create($1, $3, $2, $4, $5, $6, $7, $8, $9, $10);

-- name: voice_session_get
-- $3 id
SELECT v.id, v.connection_id AS connection, v.scopes, v.origin, v.created_at, v.expires_at, v.ended_at, voice_session_lives(v) AS lives
  FROM voice_session v WHERE v.account_id = $1 AND v.connection_id IS NOT DISTINCT FROM $2 AND v.id = $3;

-- name: voice_session_end
-- $3 id  $4 now  $5 request
SELECT voice_session_end($1, $2, $3, $4, $5) AS found;

-- name: voice_sessions_end
-- $1 a session: those after it  $2 at most so many
SELECT looked, last FROM voice_sessions_end($1, $2);

-- name: voice_session_told
-- $1 account  $2 id
-- Whosever it is: for who is told of it.
SELECT v.id, v.connection_id AS connection, v.scopes, v.origin, v.created_at, v.expires_at, v.ended_at, voice_session_lives(v) AS lives
  FROM voice_session v WHERE v.account_id = $1 AND v.id = $2;

-- name: voice_session_use
-- $1 account  $2 id  $3 its token came in a query
-- By its token: nothing unless it lives, and the second time that it comes in a query.
UPDATE voice_session v SET asked_at = CASE WHEN $3 THEN now() ELSE v.asked_at END
 WHERE v.account_id = $1 AND v.id = $2 AND NOT ($3 AND v.asked_at IS NOT NULL) AND voice_session_lives(v)
RETURNING coalesce(v.origin, '') AS origin;

-- name: voice_session_state
-- $1 account  $2 id
SELECT voice_session_lives(v) AS lives FROM voice_session v WHERE v.account_id = $1 AND v.id = $2;

-- name: voice_sessions_over
-- $1 accounts  $2 their sessions
-- Which of these live no more: nth is the place in the lists.
SELECT t.nth FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS t (account_id, id, nth)
 WHERE NOT EXISTS (SELECT FROM voice_session v WHERE v.account_id = t.account_id AND v.id = t.id AND voice_session_lives(v));
