-- SPDX-License-Identifier: Apache-2.0
-- When somebody last proved who they are in a session: with its sign-in, or after that before a credential was made.

ALTER TABLE session ADD COLUMN proven_at timestamptz NOT NULL DEFAULT now();
UPDATE session SET proven_at = auth_time;
