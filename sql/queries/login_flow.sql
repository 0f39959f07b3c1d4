-- SPDX-License-Identifier: Apache-2.0

-- name: login_flow_store
-- $1 hash of the program's token  $2 of the page's  $3 address  $4 user agent  $5 now  $6 expires at  $7 how many there may be
-- Nothing when there are enough.
INSERT INTO login_flow (hash, page_hash, ip, agent, created_at, expires_at)
SELECT $1, $2, $3::text::inet, $4, $5, $6
 WHERE (SELECT count(*) FROM (SELECT FROM login_flow LIMIT $7) f) < $7::bigint;

-- name: login_flow_find
-- $1 hash of the page's token  $2 now  $3 who looks
-- Whom it is for is not known until somebody answered; then it is theirs alone.
SELECT host(f.ip) AS ip, f.agent, f.created_at, f.decided
  FROM login_flow f
 WHERE f.page_hash = $1 AND f.expires_at > $2 AND (f.decided = 0 OR f.user_account_id = $3);

-- name: login_flow_decide
-- $1 hash of the page's token  $2 1 allowed, 2 denied  $3 account  $4 session  $5 name of the key, NULL when denied  $6 now
-- Once, whoever comes first.
UPDATE login_flow SET decided = $2, user_account_id = $3, session_id = $4, key_name = $5
 WHERE page_hash = $1 AND decided = 0 AND expires_at > $6;

-- name: login_flow_take
-- $1 hash of the program's token  $2 now
-- Who finds it allowed has it alone: the next finds nothing. Nothing either when the browser that allowed it was signed out
-- meanwhile: a new password ends what is under way.
UPDATE login_flow f SET decided = 3
  FROM account a
 WHERE f.hash = $1 AND f.decided = 1 AND f.expires_at > $2 AND a.account_id = f.user_account_id AND a.status = 1
   AND EXISTS (SELECT FROM session s WHERE s.account_id = f.user_account_id AND s.id = f.session_id)
RETURNING a.account_id AS account, f.session_id AS session, f.key_name, a.email;

-- name: login_flow_prune
-- $1 those that ended before
DELETE FROM login_flow WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM login_flow x WHERE x.expires_at < $1 FOR UPDATE SKIP LOCKED))
