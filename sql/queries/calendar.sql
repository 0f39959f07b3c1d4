-- SPDX-License-Identifier: Apache-2.0
-- Calendars and dead properties. $2 is always the list of calendars that the credential is limited to; NULL is all.

-- name: calendar_list
-- $1 account  $2 only
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description, c.color, c.timezone, c.tzid, c.ord,
       c.components, c.transp, c.selected, c.writable, c.prop_version, s.modseq, s.min_modseq, s.objects,
       s.bytes AS size, c.created_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2))
 ORDER BY c.ord, c.name;

-- name: calendar_by_name guard: with_key
-- $1 account  $2 only  $3 URL name
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description, c.color, c.timezone, c.tzid, c.ord,
       c.components, c.transp, c.selected, c.writable, c.prop_version, s.modseq, s.min_modseq, s.objects,
       s.bytes AS size, c.created_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.name = $3;

-- name: calendar_by_id
-- $1 account  $2 only  $3 id
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description, c.color, c.timezone, c.tzid, c.ord,
       c.components, c.transp, c.selected, c.writable, c.prop_version, s.modseq, s.min_modseq, s.objects,
       s.bytes AS size, c.created_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.id = $3;

-- name: calendar_create
-- $1 account  $2 id  $3 name  $4 components  $5 displayname  $6 description  $7 color  $8 timezone  $9 tzid  $10 ord
-- $11 transp  $12 $13 $14 dead properties  $15 calendars at most  $16 dead properties at most  $17 event  $18 author
-- $19 request
SELECT calendar_create($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) AS outcome;

-- name: calendar_update
-- $1 account  $2 only  $3 name  $4 which are set  $5 displayname  $6 description  $7 color  $8 timezone  $9 tzid
-- $10 ord  $11 transp  $12 selected  $13 writable  $14 $15 $16 dead properties  $17 dead properties at most  $18 event
-- $19 author  $20 request  $21 the version that it must have, NULL for any
SELECT calendar_update($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
       AS outcome;

-- name: calendar_delete
-- $1 account  $2 only  $3 name  $4 event  $5 author  $6 request
SELECT calendar_delete($1, $2, $3, $4, $5, $6) AS outcome;

-- name: calendar_relocate
-- $1 account  $2 only  $3 from  $4 to  $5 keep the source  $6 with its objects  $7 overwrite  $8 id of a copy
-- $9 calendars at most  $10 event  $11 author  $12 request  $13 octets of the account at most, NULL for no limit
SELECT calendar_relocate($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS outcome;

-- name: account_usage
-- $1 account
-- What counts against the account's storage.
SELECT coalesce(sum(s.bytes), 0)::bigint AS octets FROM calendar_state s WHERE s.account_id = $1;

-- name: account_lock
-- $1 account
-- What calendar_create and calendar_relocate lock first.
SELECT account_id AS id FROM account WHERE account_id = $1 FOR NO KEY UPDATE;

-- name: calendar_lock
-- $1 account  $2 only  $3 URL names
-- Counters in the order of 0002_objects.sql, each as the writers of objects lock it. The calendar's own row is held to
-- its name: who waited for a MOVE finds that it went.
SELECT c.id
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.name = ANY ($3)
 ORDER BY s.calendar_id
   FOR NO KEY UPDATE OF s FOR KEY SHARE OF c;

-- name: dead_property_list
-- $1 account  $2 resources
SELECT resource_id AS resource, ns, local, xml
  FROM dead_property
 WHERE account_id = $1 AND resource_id = ANY ($2)
 ORDER BY resource_id, ns, local;

-- name: dead_property_of_calendar
-- $1 account  $2 only  $3 calendar
SELECT d.resource_id AS resource, d.ns, d.local, d.xml
  FROM calendar c JOIN dead_property d ON d.account_id = c.account_id AND d.resource_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.name = $3
 ORDER BY d.ns, d.local;

-- name: dead_property_of_object
-- $1 account  $2 only  $3 calendar  $4 name
SELECT d.resource_id AS resource, d.ns, d.local, d.xml
  FROM calendar c JOIN calendar_object o ON o.account_id = c.account_id AND o.calendar_id = c.id
  JOIN dead_property d ON d.account_id = o.account_id AND d.resource_id = o.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.name = $3 AND o.name = $4 AND NOT o.deleted
 ORDER BY d.ns, d.local;

-- name: dead_property_change
-- $1 account  $2 resource  $3 namespaces  $4 names  $5 elements ('' removes)  $6 at most
SELECT dead_property_change($1, $2, $3, $4, $5, $6) AS done;
