-- SPDX-License-Identifier: Apache-2.0
-- Webhooks. Whose endpoints: $1 account, $2 connection (NULL: the account's own). Who has fewer rights than an endpoint was
-- made with does not see it: $3 scopes, $4 calendars (NULL: all). $5 the hosted calendar whose one it is (NULL: of none).

-- name: webhook_endpoint_create stores
-- $1 account  $2 id or NULL  $3 connection or NULL  $4 of all connections  $5 scopes  $6 calendars or NULL  $7 URL
-- $8 events  $9 description or NULL  $10 disabled  $11 sealed secret  $12 who does it  $13 hosted calendar or NULL
-- A URL may be a secret after its host: the audit log has what comes before.
SELECT CASE WHEN made.id IS NULL THEN NULL
            WHEN audit_add($1, 'webhook.created', made.id, $12, jsonb_build_object('origin', substring($7::text FROM '^[a-z]+://[^/?#]+')))
                 IS NOT NULL THEN made.id END AS id
  FROM (SELECT webhook_endpoint_create($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13) AS id) made;

-- name: webhook_endpoint_get
-- $6 id
SELECT e.account_id AS account, e.id, e.connection_id AS connection, e.connect, e.url, e.events, e.description,
       e.disabled_at, e.disabled_reason, e.secret, e.old_until, e.failing_since, e.last_success_at, e.created_at, e.updated_at
  FROM webhook_endpoint e
 WHERE e.account_id = $1 AND e.connection_id IS NOT DISTINCT FROM $2 AND webhook_scopes($1, $2, e.scopes) & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR e.calendars <@ $4) AND e.calendar_id IS NOT DISTINCT FROM $5 AND e.id = $6;

-- name: webhook_endpoint_older
-- $6 before this id  $7 at most
SELECT e.account_id AS account, e.id, e.connection_id AS connection, e.connect, e.url, e.events, e.description,
       e.disabled_at, e.disabled_reason, e.secret, e.old_until, e.failing_since, e.last_success_at, e.created_at, e.updated_at
  FROM webhook_endpoint e
 WHERE e.account_id = $1 AND e.connection_id IS NOT DISTINCT FROM $2 AND webhook_scopes($1, $2, e.scopes) & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR e.calendars <@ $4) AND e.calendar_id IS NOT DISTINCT FROM $5 AND e.id < $6
 ORDER BY e.id DESC LIMIT $7::int;

-- name: webhook_endpoint_newer
-- $6 after this id  $7 at most
SELECT e.account_id AS account, e.id, e.connection_id AS connection, e.connect, e.url, e.events, e.description,
       e.disabled_at, e.disabled_reason, e.secret, e.old_until, e.failing_since, e.last_success_at, e.created_at, e.updated_at
  FROM webhook_endpoint e
 WHERE e.account_id = $1 AND e.connection_id IS NOT DISTINCT FROM $2 AND webhook_scopes($1, $2, e.scopes) & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR e.calendars <@ $4) AND e.calendar_id IS NOT DISTINCT FROM $5 AND e.id > $6
 ORDER BY e.id LIMIT $7::int;

-- name: webhook_endpoint_hold
-- $1 account  $2 id
SELECT 1 FROM webhook_endpoint WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: webhook_endpoint_change
-- $1 account  $2 id  $3 URL or NULL  $4 events or NULL  $5 whether $6 is set, description or NULL
-- $7 1 enable, 0 disable, NULL leave  $8 now  $9 who does it
-- Enabled again, it begins anew: what happened and what failed before does not count.
WITH changed AS (
UPDATE webhook_endpoint SET since = CASE WHEN $7::smallint = 1 AND disabled_at IS NOT NULL THEN uuid_v7() ELSE since END, url = coalesce($3, url), events = coalesce($4, events),
       description = CASE WHEN $5 THEN $6 ELSE description END,
       disabled_at = CASE $7::smallint WHEN 1 THEN NULL WHEN 0 THEN coalesce(disabled_at, $8) ELSE disabled_at END,
       disabled_reason = CASE WHEN $7::smallint = 1 THEN NULL ELSE disabled_reason END,
       failing_since = CASE WHEN $7::smallint = 1 AND disabled_at IS NOT NULL THEN NULL ELSE failing_since END,
       updated_at = $8
 WHERE account_id = $1 AND id = $2
RETURNING id, url)
SELECT audit_add($1, 'webhook.changed', c.id, $9, jsonb_build_object('origin', substring(c.url FROM '^[a-z]+://[^/?#]+'), 'changed',
       concat_ws(' ', CASE WHEN $3::text IS NOT NULL THEN 'url' END, CASE WHEN $4::text[] IS NOT NULL THEN 'events' END,
                 CASE WHEN $5 THEN 'description' END, CASE WHEN $7::smallint IS NOT NULL THEN 'status' END)))
  FROM changed c;

-- name: webhook_endpoint_rotate
-- $1 account  $2 id  $3 sealed secret  $4 until when the old one signs too  $5 now  $6 who does it
WITH changed AS (
	UPDATE webhook_endpoint SET old_secret = secret, old_until = $4, secret = $3, updated_at = $5
	 WHERE account_id = $1 AND id = $2 RETURNING id, url)
SELECT audit_add($1, 'webhook.rotated', c.id, $6, jsonb_build_object('origin', substring(c.url FROM '^[a-z]+://[^/?#]+'))) FROM changed c;

-- name: webhook_endpoint_delete
-- $1 account  $2 id  $3 who does it
WITH gone AS (
	SELECT e.id, e.url, webhook_endpoint_drop($1, ARRAY[$2::uuid]) AS count FROM webhook_endpoint e WHERE e.account_id = $1 AND e.id = $2)
SELECT audit_add($1, 'webhook.deleted', g.id, $3, jsonb_build_object('origin', substring(g.url FROM '^[a-z]+://[^/?#]+')))
  FROM gone g WHERE g.count > 0;

-- name: webhook_delivery_get
-- $1 account  $2 endpoint  $3 id
SELECT d.id, d.endpoint_id AS endpoint, d.event_id AS event, coalesce(v.type, '') AS type, d.url, d.state, d.attempts,
       d.next_attempt_at, coalesce(d.status, 0::smallint) AS status, d.fault, d.created_at, d.finished_at
  FROM webhook_delivery d LEFT JOIN webhook_event v ON v.account_id = d.account_id AND v.id = d.event_id
 WHERE d.account_id = $1 AND d.endpoint_id = $2 AND d.id = $3;

-- name: webhook_delivery_older
-- $1 account  $2 endpoint  $3 before this id  $4 at most
SELECT d.id, d.endpoint_id AS endpoint, d.event_id AS event, coalesce(v.type, '') AS type, d.url, d.state, d.attempts,
       d.next_attempt_at, coalesce(d.status, 0::smallint) AS status, d.fault, d.created_at, d.finished_at
  FROM webhook_delivery d LEFT JOIN webhook_event v ON v.account_id = d.account_id AND v.id = d.event_id
 WHERE d.account_id = $1 AND by_endpoint(d.endpoint_id) = $2 AND d.id < $3
 ORDER BY d.id DESC LIMIT $4::int;

-- name: webhook_delivery_newer
-- $1 account  $2 endpoint  $3 after this id  $4 at most
SELECT d.id, d.endpoint_id AS endpoint, d.event_id AS event, coalesce(v.type, '') AS type, d.url, d.state, d.attempts,
       d.next_attempt_at, coalesce(d.status, 0::smallint) AS status, d.fault, d.created_at, d.finished_at
  FROM webhook_delivery d LEFT JOIN webhook_event v ON v.account_id = d.account_id AND v.id = d.event_id
 WHERE d.account_id = $1 AND by_endpoint(d.endpoint_id) = $2 AND d.id > $3
 ORDER BY d.id LIMIT $4::int;

-- name: webhook_attempts
-- $1 account  $2 delivery
SELECT number, at, duration_ms, coalesce(status, 0::smallint) AS status, fault, body, sent
  FROM webhook_attempt WHERE account_id = $1 AND delivery_id = $2 ORDER BY number;

-- name: webhook_replay stores
-- $1 account  $2 endpoint  $3 event  $4 another URL or NULL
-- Nothing when the event is gone.
WITH made AS (
	INSERT INTO webhook_delivery (account_id, endpoint_id, event_id, url)
	SELECT v.account_id, $2, v.id, $4 FROM webhook_event v WHERE v.account_id = $1 AND v.id = $3
	RETURNING id)
SELECT made.id FROM made, webhook_wake(ARRAY[$1], ARRAY[$2]);

-- name: webhook_number
-- $1 account
SELECT webhook_number($1) AS sequence;

-- name: webhook_send stores
-- $1 account  $2 endpoint  $3 event  $4 type  $5 its number  $6 connection or NULL  $7 its account or NULL  $8 request
-- $9 now  $10 body
SELECT webhook_send($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS id;

-- name: webhook_event_get
-- $5 id
SELECT v.id, v.type, v.sequence, v.connection_id AS connection, v.request_id AS request, v.created_at, v.body
  FROM webhook_event v
 WHERE v.account_id = $1 AND ($2::uuid IS NULL OR v.connection_id = $2) AND v.needs & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR v.calendar_id IS NULL OR v.calendar_id = ANY ($4)) AND v.id = $5;

-- name: webhook_event_older
-- $5 before this id  $6 at most
SELECT v.id, v.type, v.sequence, v.connection_id AS connection, v.request_id AS request, v.created_at, v.body
  FROM webhook_event v
 WHERE v.account_id = $1 AND ($2::uuid IS NULL OR v.connection_id = $2) AND v.needs & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR v.calendar_id IS NULL OR v.calendar_id = ANY ($4)) AND v.id < $5
 ORDER BY v.id DESC LIMIT $6::int;

-- name: webhook_event_newer
-- $5 after this id  $6 at most
SELECT v.id, v.type, v.sequence, v.connection_id AS connection, v.request_id AS request, v.created_at, v.body
  FROM webhook_event v
 WHERE v.account_id = $1 AND ($2::uuid IS NULL OR v.connection_id = $2) AND v.needs & ~ $3::bigint = 0
   AND ($4::uuid[] IS NULL OR v.calendar_id IS NULL OR v.calendar_id = ANY ($4)) AND v.id > $5
 ORDER BY v.id LIMIT $6::int;

-- name: webhook_news
-- Is there anything after the cursor? What is asked ten times a second is asked without a transaction.
SELECT EXISTS (SELECT FROM outbox t WHERE (t.xid, t.id) > (c.xid, c.id)) AS news FROM webhook_cursor c;

-- name: webhook_listened
-- $1 accounts
-- Is anybody told of what they change?
SELECT a AS account, EXISTS (SELECT FROM listener l WHERE l.account_id = a AND l.endpoint_id IS NOT NULL) AS listened
  FROM unnest($1::uuid[]) a;

-- name: webhook_changes
-- $1 at most so many rows of the outbox
SELECT scanned, change_id AS change, account, kind, calendar, object, request, owner, via, connection, client, scopes, tz,
       sequence, coalesce(modseq, 0) AS modseq, before, component
  FROM webhook_changes($1);

-- name: webhook_object_after
-- $1 account  $2 object  $3 a change of it
-- What it was after that change and before the next one.
SELECT b.data FROM object_before b WHERE b.account_id = $1 AND b.object_id = $2 AND b.modseq > $3
 ORDER BY b.modseq LIMIT 1;

-- name: webhook_objects_told
-- $1 accounts  $2 objects  $3 changes of them that were told
DELETE FROM object_before WHERE ctid = ANY (ARRAY(
	SELECT b.ctid FROM object_before b JOIN unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS n (account_id, object_id, modseq)
	    ON b.account_id = n.account_id AND b.object_id = n.object_id AND b.modseq <= n.modseq FOR UPDATE OF b SKIP LOCKED));

-- name: webhook_sequence
-- $1 account
-- Of a second event of one row of the outbox.
SELECT webhook_number($1) AS sequence;

-- name: webhook_events_add
-- $1 owners  $2 ids  $3 types  $4 numbers  $5 connections  $6 their accounts  $7 scopes  $8 calendars  $9 requests  $10 now
-- $11 bodies  $12 rows of the outbox  $13 0 own, 1 the connection's, 2 the platform's, 3 the hosted calendar's. An id of zero
-- is none
SELECT webhook_events_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: webhook_claim
-- $1 now  $2 endpoints  $3 deliveries of each at once  $4 until when they are ours
-- hosted: of a hosted calendar, whose receivers take another key of the secret
SELECT c.account, c.delivery, c.endpoint, c.event, c.number, c.url, c.secret, c.old_secret, c.body, c.created_at,
       e.calendar_id IS NOT NULL AS hosted
  FROM webhook_claim($1, $2, $3, $4) c LEFT JOIN webhook_endpoint e ON e.account_id = c.account AND e.id = c.endpoint;

-- name: webhook_done
-- $1 accounts  $2 endpoints  $3 deliveries  $4 numbers of the tries  $5 leases  $6 states  $7 next tries  $8 statuses
-- $9 faults  $10 bodies  $11 times  $12 durations  $13 gone  $14 headers that were sent
-- $15 what has failed since then is disabled
-- The audit log's locks come last, when all that was done holds its own.
WITH done AS MATERIALIZED (
	SELECT account, endpoint, reason FROM webhook_done($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))
SELECT d.account, d.endpoint, d.reason FROM (SELECT * FROM done ORDER BY account, endpoint) d
 WHERE audit_add(d.account, 'webhook.disabled', d.endpoint, ARRAY['server', '', '', '', '', ''], jsonb_build_object('reason', d.reason)) > 0;

-- name: webhook_trim
-- $1 days kept  $2 an account keeps so many events  $3 deliveries  $4 at most so many go
SELECT webhook_trim(uuid7_floor((now() AT TIME ZONE 'UTC')::date - $1::int), $2, $3, $4) AS count;
