-- SPDX-License-Identifier: Apache-2.0
-- What an account's owner downloads that no list of ours shows (server/account/takeout.h). Pages, in order of their keys.

-- name: takeout_person
-- $1 account
SELECT a.account_id AS id, a.email, a.email_confirmed_at, a.name, a.tz, a.language, a.page_language,
       coalesce(a.hours, 0::smallint) AS hours, coalesce(a.week_start, 0::smallint) AS week_start, a.created_at
  FROM account a WHERE a.account_id = $1;

-- name: takeout_consents
-- $1 account  $2 after this one  $3 at most so many
SELECT l.id, l.connected_account_id AS connection, l.client_id AS client, l.asked, l.granted, l.calendars,
       l.text_version AS wording, host(l.ip) AS ip, l.ua AS agent
  FROM consent_log l WHERE l.account_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3::int;

-- name: takeout_voice_sessions
-- $1 account  $2 after this one  $3 at most so many
SELECT v.id, v.connection_id AS connection, v.scopes, v.origin, v.created_at, v.expires_at, v.ended_at
  FROM voice_session v WHERE v.account_id = $1 AND v.id > $2 ORDER BY v.id LIMIT $3::int;

-- name: takeout_properties
-- $1 account  $2 after this resource  $3 its namespace  $4 its name  $5 at most so many
-- Of what: an event's path is its calendar's and its name.
SELECT p.resource_id AS resource, c.id AS calendar, o.calendar_id AS event_calendar, o.name AS event_name, p.ns, p.local AS name, p.xml
  FROM dead_property p
  LEFT JOIN calendar c ON c.account_id = p.account_id AND c.id = p.resource_id
  LEFT JOIN calendar_object o ON o.account_id = p.account_id AND by_id(o.id) = p.resource_id AND NOT o.deleted
 WHERE p.account_id = $1 AND (p.resource_id, p.ns, p.local) > ($2, $3, $4)
 ORDER BY p.resource_id, p.ns, p.local LIMIT $5::int;
