-- SPDX-License-Identifier: Apache-2.0
-- name: ping
-- Does the database answer?
SELECT 1 AS one;
