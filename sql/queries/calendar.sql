-- SPDX-License-Identifier: Apache-2.0
-- Calendars and dead properties. $2 is always the list of calendars that the credential is limited to; NULL is all.

-- name: calendar_choices guard: with_key
-- $1 account  $2 only
-- All that may be chosen, in no order.
SELECT c.id, c.selected FROM calendar c WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2));

-- name: calendar_list
-- $1 account  $2 only
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description,
       c.description_lang, c.color, c.timezone, c.tzid, c.ord, c.components, c.transp, c.selected, c.writable,
       c.is_public, c.organizer_name, c.prop_version, s.modseq, s.min_modseq, s.objects, s.bytes AS size,
       c.created_at, c.updated_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2))
 ORDER BY c.ord, c.name;

-- name: calendar_after
-- $1 account  $2 only  $3 after this order  $4 and this name  $5 at most  $6 selected  $7 writable; NULL is both
-- The account has no more than 250: they are sorted, and no index is kept for it.
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description,
       c.description_lang, c.color, c.timezone, c.tzid, c.ord, c.components, c.transp, c.selected, c.writable,
       c.is_public, c.organizer_name, c.prop_version, s.modseq, s.min_modseq, s.objects, s.bytes AS size,
       c.created_at, c.updated_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND (c.ord::bigint, c.name) > ($3::bigint, $4)
   AND ($6::boolean IS NULL OR c.selected = $6) AND ($7::boolean IS NULL OR c.writable = $7)
 ORDER BY c.ord, c.name LIMIT $5::int;

-- name: calendar_before
-- $1 account  $2 only  $3 before this order  $4 and this name  $5 at most  $6 selected  $7 writable; NULL is both
-- The account has no more than 250: they are sorted, and no index is kept for it.
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description,
       c.description_lang, c.color, c.timezone, c.tzid, c.ord, c.components, c.transp, c.selected, c.writable,
       c.is_public, c.organizer_name, c.prop_version, s.modseq, s.min_modseq, s.objects, s.bytes AS size,
       c.created_at, c.updated_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND (c.ord::bigint, c.name) < ($3::bigint, $4)
   AND ($6::boolean IS NULL OR c.selected = $6) AND ($7::boolean IS NULL OR c.writable = $7)
 ORDER BY c.ord DESC, c.name DESC LIMIT $5::int;

-- name: calendar_by_name guard: with_key
-- $1 account  $2 only  $3 URL name
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description,
       c.description_lang, c.color, c.timezone, c.tzid, c.ord, c.components, c.transp, c.selected, c.writable,
       c.is_public, c.organizer_name, c.prop_version, s.modseq, s.min_modseq, s.objects, s.bytes AS size,
       c.created_at, c.updated_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND by_name(c.name) = $3;

-- name: calendar_by_id
-- $1 account  $2 only  $3 id
SELECT c.id, c.account_id AS account, c.name, c.displayname, c.description,
       c.description_lang, c.color, c.timezone, c.tzid, c.ord, c.components, c.transp, c.selected, c.writable,
       c.is_public, c.organizer_name, c.prop_version, s.modseq, s.min_modseq, s.objects, s.bytes AS size,
       c.created_at, c.updated_at
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND c.id = $3;

-- name: calendar_create stores
-- $1 account  $2 only  $3 request  $4 id  $5 name  $6 components  $7 displayname  $8 description  $9 color
-- $10 timezone  $11 tzid  $12 ord  $13 transp  $14 $15 $16 dead properties  $17 calendars at most
-- $18 dead properties at most  $19 is public  $20 organizer's name  $21 the description's language
SELECT calendar_create(ROW($1, $2, $3)::actor, $4, $5, $6,
                       ROW($7, $8, $9, $10, $11, $12, $13, NULL, NULL, $19, $20, $21)::calendar_fields,
                       ROW($14, $15, $16)::dead_change, $17, $18)::text AS outcome;

-- name: calendar_update stores
-- $1 account  $2 only  $3 request  $4 name  $5 the version that it must have, NULL for any  $6 which are set
-- $7 displayname  $8 description  $9 color  $10 timezone  $11 tzid  $12 ord  $13 transp  $14 selected  $15 writable
-- $16 $17 $18 dead properties  $19 dead properties at most  $20 is public  $21 organizer's name
-- $22 the description's language
SELECT calendar_update(ROW($1, $2, $3)::actor, $4, $5, $6,
                       ROW($7, $8, $9, $10, $11, $12, $13, $14, $15, $20, $21, $22)::calendar_fields,
                       ROW($16, $17, $18)::dead_change, $19)::text AS outcome;

-- name: calendar_delete
-- $1 account  $2 only  $3 request  $4 name
SELECT calendar_delete(ROW($1, $2, $3)::actor, $4)::text AS outcome;

-- name: calendar_relied_on
-- $1 account  $2 calendar
-- What is limited to some calendars, this one among them, and works still; and how much of it has no other that is left.
WITH others AS (SELECT array_agg(c.id) AS ids FROM calendar c WHERE c.account_id = $1 AND c.id <> $2
), keys AS (
	SELECT count(*) AS n, count(*) FILTER (WHERE o.ids && k.calendars) AS stay
	  FROM api_key k JOIN account m ON m.account_id = k.account_id, others o
	 WHERE k.account_id = $1 AND $2 = ANY (k.calendars) AND k.revoked_at IS NULL
	   AND (k.expires_at IS NULL OR k.expires_at > account_now(m.ahead_s))
), apps AS (
	SELECT count(*) AS n, count(*) FILTER (WHERE o.ids && c.calendars) AS stay
	  FROM connected_account c JOIN account m ON m.account_id = c.account_id, others o
	 WHERE c.account_id = $1 AND $2 = ANY (c.calendars) AND NOT c.machine AND c.revoked_at IS NULL
	   AND c.expires_at > account_now(m.ahead_s)
), pages AS (
	SELECT count(*) AS n FROM booking_page p WHERE p.account_id = $1 AND $2 = ANY (p.busy_calendars) AND p.calendar_id <> $2
)
SELECT keys.n AS keys, keys.n - keys.stay AS keys_alone, apps.n AS apps, apps.n - apps.stay AS apps_alone, pages.n AS pages
  FROM keys, apps, pages;

-- name: calendar_relocate stores
-- $1 account  $2 only  $3 request  $4 from  $5 to  $6 keep the source  $7 with its objects  $8 overwrite
-- $9 id of a copy  $10 calendars at most  $11 octets of the account at most, NULL for no limit
SELECT r.outcome::text AS outcome, r.copied
  FROM calendar_relocate(ROW($1, $2, $3)::actor, $4, $5, $6, $7, $8, $9, $10, ROW(NULL, $11, NULL)::room) AS r;

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
-- Counters in the order of 0001_schema.sql, each as the writers of objects lock it. The calendar's own row is held to
-- its name: who waited for a MOVE finds that it went.
SELECT c.id
  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND by_name(c.name) = ANY ($3)
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
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) AND by_name(c.name) = $3
 ORDER BY d.ns, d.local;

-- name: dead_property_of_object
-- $1 account  $2 only  $3 calendar  $4 name
SELECT d.resource_id AS resource, d.ns, d.local, d.xml
  FROM dead_property d
 WHERE d.account_id = $1 AND d.resource_id = (
	SELECT o.id FROM calendar_object o WHERE o.account_id = $1 AND o.name = $4 AND NOT o.deleted
	   AND by_name(o.calendar_id) = (SELECT c.id FROM calendar c WHERE c.account_id = $1 AND by_name(c.name) = $3
	                                    AND ($2::uuid[] IS NULL OR c.id = ANY ($2))))
 ORDER BY d.ns, d.local;

-- name: dead_property_change stores
-- $1 account  $2 only  $3 request  $4 calendar of an object, NULL for what is no row  $5 resource
-- $6 namespaces  $7 names  $8 elements ('' removes)  $9 at most
SELECT dead_property_change(ROW($1, $2, $3)::actor, $4, $5, ROW($6, $7, $8)::dead_change, $9)::text AS outcome;

-- name: calendar_feed_seeds
-- $1 account  $2 only
SELECT c.id, c.feed_seed AS seed, c.feed_made_at AS made_at FROM calendar c
 WHERE c.account_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2));

-- name: calendar_feed
-- $1 account  $2 calendar
SELECT c.feed_seed AS seed, a.status, a.plan
  FROM calendar c JOIN account a ON a.account_id = c.account_id
 WHERE c.account_id = $1 AND c.id = $2;

-- name: calendar_feed_change
-- $1 account  $2 only  $3 calendar  $4 audit_by()  $5 feed.made, feed.regenerated or feed.ended
-- But for feed.made, the old token is dead when this commits.
WITH c AS (
	UPDATE calendar
	   SET feed_seed = CASE $5::text WHEN 'feed.made' THEN feed_seed ELSE gen_random_uuid() END,
	       feed_made_at = CASE $5::text WHEN 'feed.made' THEN now() WHEN 'feed.ended' THEN NULL ELSE feed_made_at END
	 WHERE account_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2)) AND id = $3
	RETURNING account_id, id, coalesce(displayname, name) AS label
), told AS (
	SELECT audit_add(c.account_id, $5::text, c.id, $4, jsonb_build_object('name', c.label)) FROM c
)
SELECT c.id FROM c CROSS JOIN (SELECT count(*) FROM told) AS t;
