-- SPDX-License-Identifier: Apache-2.0
-- Browser sessions, always of the live account.

-- name: sign_in_find
-- $1 e-mail, folded  $2 network
SELECT l.password_hash, l.changed_at AS password_at, a.account_id AS id, a.status, a.plan, a.email, a.name, a.tz, a.created_at, a.deactivated_at,
       EXISTS (SELECT FROM totp t WHERE t.account_id = a.account_id AND t.activated_at IS NOT NULL) AS second_factor,
       EXISTS (SELECT FROM session s WHERE s.account_id = a.account_id AND s.ip <<= $2::text::inet)
    OR EXISTS (SELECT FROM credential_use u WHERE u.account_id = a.account_id AND u.ip <<= $2::text::inet) AS known_network
  FROM login l JOIN account a ON a.account_id = l.account_id
 WHERE l.email = $1;

-- name: session_create
-- $1 account  $2 hash  $3 id  $4 CSRF token  $5 now  $6 end  $7 address  $8 browser  $9 $10 the session that it replaces
-- $11 when the password was set that was proven  $12 audit_by()  $13 the browser is new to the account
-- $14 by what they proved who they are  $15 when  $16 language of the page, in which they are mailed if no page told one before  $17 the twin
-- Nothing when there is another password by now. One that is being set waits for this lock, or this waits for it:
-- see account_set_password in 0001_schema.sql.
-- An account has so many sessions (they live for weeks, and nothing ends those of a browser that went): the oldest go.
-- The audit log comes last, when all that goes is locked.
WITH made AS (
	INSERT INTO session (account_id, hash, id, csrf, auth_time, amr, ip, ua, created_at, expires_at, proven_at)
	SELECT l.account_id, $2, $3, $4, $15, $14, $7::text::inet, $8, $5, $6, $5
	  FROM login l WHERE l.account_id = $1 AND l.changed_at = $11 FOR SHARE
	RETURNING account_id, id
), gone AS (
	DELETE FROM session s USING (
		SELECT x.account_id, x.hash FROM session x
		 WHERE EXISTS (SELECT FROM made) AND (x.account_id, x.hash) IN (
			SELECT $9::uuid, $10::bytea
			UNION ALL
			(SELECT y.account_id, y.hash FROM session y WHERE y.account_id = $1 ORDER BY y.created_at DESC OFFSET 99))
		 ORDER BY x.account_id, x.hash FOR UPDATE) o
	 WHERE s.account_id = o.account_id AND s.hash = o.hash
	RETURNING 1
), spoken AS (
	UPDATE account a SET page_language = $16 FROM (
		SELECT x.account_id FROM account x
		 WHERE EXISTS (SELECT FROM made) AND x.account_id IN ($1, $17) AND x.page_language IS NULL AND $16::text IS NOT NULL
		 ORDER BY x.account_id FOR NO KEY UPDATE SKIP LOCKED) h
	 WHERE a.account_id = h.account_id
	RETURNING 1
)
SELECT audit_add(m.account_id, 'session.created', m.id, $12,
                 CASE WHEN $13 THEN jsonb_build_object('reason', 'new_browser') END)
  FROM made m, (SELECT count(*) FROM gone) g, (SELECT count(*) FROM spoken) p;

-- name: session_end
-- $1 account  $2 hash  $3 audit_by()
WITH ended AS (
	DELETE FROM session WHERE account_id = $1 AND hash = $2 RETURNING account_id, id
)
SELECT audit_add(e.account_id, 'session.ended', e.id, $3, NULL) FROM ended e;

-- name: session_list
-- $1 account  $2 now
-- Where its owner is signed in; whoever was seen last first.
SELECT s.id, s.created_at, coalesce(u.used_at, s.created_at) AS seen_at, host(coalesce(u.ip, s.ip)) AS ip, s.ua AS agent, s.amr
  FROM session s
  LEFT JOIN LATERAL (SELECT x.used_at, x.ip FROM credential_use x WHERE x.account_id = s.account_id AND x.id = s.id OFFSET 0) u ON true
 WHERE s.account_id = $1 AND s.expires_at > $2
 ORDER BY 3 DESC, s.id;

-- name: session_end_one
-- $1 account  $2 id  $3 audit_by()
WITH ended AS (
	DELETE FROM session WHERE account_id = $1 AND id = $2 RETURNING account_id, id
)
SELECT audit_add(e.account_id, 'session.ended', e.id, $3, NULL) FROM ended e;

-- name: session_end_others
-- $1 account  $2 the one that stays  $3 audit_by()
WITH ended AS (
	DELETE FROM session s
	 USING (SELECT x.hash FROM session x WHERE x.account_id = $1 AND x.id <> $2 ORDER BY x.hash FOR UPDATE) o
	 WHERE s.account_id = $1 AND s.hash = o.hash RETURNING s.account_id, s.id
)
SELECT audit_add(e.account_id, 'session.ended', e.id, $3, NULL) FROM ended e;

-- name: session_authenticate
-- $1 account  $2 hash  $3 now
SELECT s.id, s.csrf, s.auth_time, s.proven_at, s.amr, a.status, a.email, a.name, a.tz,
       a.email_confirmed_at IS NOT NULL AS email_confirmed, a.language, a.picture_tag,
       coalesce(a.hours, 0::smallint) AS hours, coalesce(a.week_start, 0::smallint) AS week_start
  FROM session s JOIN account a ON a.account_id = s.account_id
 WHERE s.account_id = $1 AND s.hash = $2 AND s.expires_at > $3;

-- name: session_prove
-- $1 account  $2 id  $3 now  $4 audit_by()
WITH proven AS (
	UPDATE session SET proven_at = $3 WHERE account_id = $1 AND id = $2 RETURNING account_id, id
)
SELECT audit_add(p.account_id, 'session.proven', p.id, $4, NULL) FROM proven p;

-- name: session_purge
-- $1 now
DELETE FROM session WHERE ctid = ANY (ARRAY(SELECT x.ctid FROM session x WHERE x.expires_at <= $1 FOR UPDATE SKIP LOCKED));
