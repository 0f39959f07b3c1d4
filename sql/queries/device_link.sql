-- SPDX-License-Identifier: Apache-2.0
-- Links by which a device sets itself up (server/account/device_link.h). Accounts are live ones.

-- name: device_link_put
-- $1 account  $2 hash  $3 address  $4 end  $5 name of the device
INSERT INTO mailbox_link AS k (account_id, purpose, hash, email, expires_at, name) VALUES ($1, 5, $2, $3, $4, $5)
    ON CONFLICT (account_id, purpose) DO UPDATE SET hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at,
       name = excluded.name;

-- name: device_link_find
-- $1 account  $2 hash  $3 now
SELECT a.email, k.name, k.expires_at
  FROM mailbox_link k JOIN account a ON a.account_id = k.account_id
 WHERE k.account_id = $1 AND k.purpose = 5 AND k.hash = $2 AND k.expires_at > $3 AND a.status = 1 AND a.plan >= 2;

-- name: device_link_take
-- $1 account  $2 hash  $3 now
DELETE FROM mailbox_link k WHERE k.account_id = $1 AND k.purpose = 5 AND k.hash = $2 AND k.expires_at > $3;
