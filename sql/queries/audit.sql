-- SPDX-License-Identifier: Apache-2.0
-- The audit log. What changes credentials tells of it in its own statement, with audit_add().

-- name: audit_add
-- $1 account  $2 kind  $3 subject or NULL  $4 audit_by()  $5 details, a JSON object or NULL
-- For a change of several statements, as the last of its transaction.
SELECT audit_add($1, $2, $3, $4, $5::text::jsonb);

-- name: audit_refused
-- $1 throttle's subject  $2 rows that it has  $3 until  $4 now  $5 account or NULL  $6 kind  $7 subject or NULL
-- $8 audit_by()  $9 details, a JSON object or NULL
SELECT audit_refused($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb);

-- name: audit_older
-- $1 account  $2 before this row  $3 kind or NULL  $4 credential or NULL  $5 at most
-- Of what an account keeps, however many rows the filters pass over.
SELECT a.account_id AS account, a.seq, a.at, a.kind, a.subject_id, a.actor, a.credential_id, a.client_id, a.network,
       a.agent, a.request_id, a.details
  FROM audit a
 WHERE a.account_id = $1 AND a.seq < $2 AND a.kind = coalesce($3, a.kind)
   AND a.credential_id IS NOT DISTINCT FROM coalesce($4, a.credential_id)
 ORDER BY a.seq DESC LIMIT $5::int;

-- name: audit_newer
-- $1 account  $2 after this row  $3 kind or NULL  $4 credential or NULL  $5 at most
SELECT a.account_id AS account, a.seq, a.at, a.kind, a.subject_id, a.actor, a.credential_id, a.client_id, a.network,
       a.agent, a.request_id, a.details
  FROM audit a
 WHERE a.account_id = $1 AND a.seq > $2 AND a.kind = coalesce($3, a.kind)
   AND a.credential_id IS NOT DISTINCT FROM coalesce($4, a.credential_id)
 ORDER BY a.seq LIMIT $5::int;

-- name: audit_accounts
-- No parameters. Every account that has a chain, or a row.
SELECT h.account_id AS account FROM audit_head h UNION SELECT a.account_id FROM audit a ORDER BY 1;

-- name: audit_chain
-- $1 account
-- Head and rows as they were at one moment. A head without rows is one row whose seq is NULL; no row: there is nothing.
SELECT coalesce(h.account_id, a.account_id) AS account, coalesce(a.seq, 0) AS seq, a.at, a.kind, a.subject_id, a.actor,
       a.credential_id, a.client_id, a.network, a.agent, a.request_id, a.details, a.hash, h.seq AS head_seq,
       h.hash AS head_hash, h.kept_seq, h.kept_hash, h.anchored_seq, h.anchored_hash
  FROM (SELECT * FROM audit_head WHERE account_id = $1) h
  FULL JOIN (SELECT * FROM audit WHERE account_id = $1) a ON a.account_id = h.account_id
 ORDER BY a.seq;

-- name: audit_anchors
-- No parameters. The anchors, the oldest first, with what each hash should be; and what the last one is over, as it is now.
SELECT to_char(x.day, 'YYYY-MM-DD') AS day, x.hash, x.before,
       audit_anchor_hash(x.before, x.day, x.at, x.heads, x.root) AS computed, x.root, r.root AS now_root
  FROM audit_anchor x, audit_root() r ORDER BY x.day;

-- name: audit_trim
-- $1 none from before  $2 an account keeps  $3 at most so many of an account go
SELECT audit_trim($1, $2, $3) AS count;

-- name: audit_anchor_make
-- $1 now  $2 days that anchors are kept
SELECT made, day, heads, root, hash FROM audit_anchor_make($1, $2);
