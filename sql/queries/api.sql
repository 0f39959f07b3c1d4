-- SPDX-License-Identifier: Apache-2.0

-- name: connected_account_of_platform
-- $1 the platform's account  $2 connected account
-- For whom a platform acts, and what it was granted. Nothing when it is not its connection, or was cut.
SELECT c.account_id AS account, c.client_id AS client, c.scopes, c.calendars, a.status, a.plan, a.email,
       a.email_confirmed_at IS NOT NULL AS email_confirmed, a.name, a.tz, a.language, a.ahead_s
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = p.user_account_id
 WHERE p.account_id = $1 AND p.connected_account_id = $2 AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s);

-- name: participants
-- $1 account  $2 only  $3 connections  $4 people of its sandbox
-- Whose free and busy time may be told to an account: its own, and that of these connections of its apps, as far as
-- they are its own and alive. Of each the selected calendars that may be seen.
SELECT NULL::uuid AS connected, NULL::text AS person, $1::uuid AS account, NULL::bigint AS scopes, NULL::text AS tz,
       NULL::text AS email,
       ARRAY(SELECT k.id FROM calendar k WHERE k.account_id = $1 AND k.selected AND ($2::uuid[] IS NULL OR k.id = ANY ($2))
              ORDER BY k.ord, k.name) AS calendars
UNION ALL
SELECT p.connected_account_id, NULL, c.account_id, c.scopes, a.tz, a.email,
       ARRAY(SELECT k.id FROM calendar k WHERE k.account_id = c.account_id AND k.selected
                AND (c.calendars IS NULL OR k.id = ANY (c.calendars))
              ORDER BY k.ord, k.name)
  FROM client_connection p
  JOIN connected_account c ON c.account_id = p.user_account_id AND c.id = p.connected_account_id
  JOIN account a ON a.account_id = p.user_account_id
 WHERE p.account_id = $1 AND p.connected_account_id = ANY ($3) AND c.revoked_at IS NULL AND c.expires_at > account_now(a.ahead_s)
   AND a.status = 1 AND a.plan = 2
UNION ALL
SELECT NULL, d.person, $1, NULL, NULL, NULL,
       ARRAY(SELECT k.id FROM calendar k WHERE k.account_id = $1 AND by_name(k.name) = d.person
                AND ($2::uuid[] IS NULL OR k.id = ANY ($2)))
  FROM unnest($4::text[]) AS d (person);

-- name: idempotent_seen
-- $1 account  $2 what is done, after the credential's id  $3 hash of a key
-- For whoever has this key of account $1, as with_key has it: what was answered when it was done before. The hash is that
-- of server/api/idempotency.c, and the key's id is not known yet.
SELECT a.key_hash, a.fingerprint, a.created_at, a.status, a.head, a.body
  FROM idempotent_answer a
 WHERE a.account_id = $1
   AND by_hash(a.key_hash) = (SELECT sha256(convert_to(k.id::text || $2, 'UTF8')) FROM api_key k
                               WHERE k.account_id = $1 AND by_hash(k.hash) = $3 AND k.revoked_at IS NULL);

-- name: idempotent_begin
-- $1 account  $2 hash of the key  $3 fingerprint  $4 answers from before are forgotten
SELECT outcome, status, head, body FROM idempotent_begin($1, $2, $3, $4);

-- name: idempotent_keep
-- $1 account  $2 hash of the key  $3 fingerprint  $4 status  $5 head  $6 body
INSERT INTO idempotent_answer (account_id, key_hash, fingerprint, status, head, body) VALUES ($1, $2, $3, $4, $5, $6);
