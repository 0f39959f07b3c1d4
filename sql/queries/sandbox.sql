-- SPDX-License-Identifier: Apache-2.0
-- Test mode's own: see caldav/calendar/sandbox.h. $1 is always the test twin.

-- name: sandbox_people
-- $1 account  $2 URL names
-- Which calendars of demo people are there.
SELECT c.id, c.name FROM calendar c WHERE c.account_id = $1 AND by_name(c.name) = ANY ($2);

-- name: sandbox_clear
-- $1 account  $2 id of the new default calendar
SELECT sandbox_clear($1, $2) AS found;

-- name: sandbox_quiet
-- $1 account
-- Of this transaction, a reset: nobody is told of it event by event.
DELETE FROM outbox WHERE account_id = $1 AND xid = pg_current_xact_id();

-- name: sandbox_ahead
-- $1 account
SELECT ahead_s FROM account WHERE account_id = $1;

-- name: sandbox_clock_set
-- $1 account  $2 to this time, or NULL  $3 by so many seconds  $4 so far at most
SELECT outcome, ahead FROM sandbox_clock_set($1, $2, $3, $4);
