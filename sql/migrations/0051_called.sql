-- SPDX-License-Identifier: Apache-2.0
-- Whom an app that nobody registered is known to others as: introspection names it so. NULL: connected last before this.
ALTER TABLE oauth_client ADD COLUMN called text COLLATE "C" CHECK (called IS NULL OR (registration <> 0 AND octet_length(called) <= 4096));
