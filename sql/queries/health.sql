-- SPDX-License-Identifier: Apache-2.0
-- name: ping
-- Does the database answer?
SELECT 1 AS one;

-- name: database_facts
-- What `calends doctor` judges of the database itself.
SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, clock_timestamp() AS clock;
