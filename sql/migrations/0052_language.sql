-- SPDX-License-Identifier: Apache-2.0
-- The language in which somebody wants the pages, whatever their browser says.

ALTER TABLE account ADD COLUMN language text COLLATE "C" CHECK (octet_length(language) BETWEEN 2 AND 35); -- BCP 47; NULL: as the browser likes
