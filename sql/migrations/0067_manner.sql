-- SPDX-License-Identifier: Apache-2.0
-- In which manner the pages tell somebody of times. NULL: as people do in the region that their browser names.
ALTER TABLE account ADD COLUMN hours smallint CHECK (hours IN (12, 24)), -- of a clock: 2:30 PM or 14:30
	ADD COLUMN week_start smallint CHECK (week_start IN (1, 6, 7)); -- ISO 8601: Monday, Saturday, Sunday
