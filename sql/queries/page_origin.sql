-- SPDX-License-Identifier: Apache-2.0

-- name: page_origin_known
-- $1 origin  $2 'loopback ' and the origin without its port, where it is of this computer; else as $1  $3 now
SELECT EXISTS (SELECT FROM page_origin o WHERE o.origin = $1 AND (o.ends_at IS NULL OR o.ends_at > $3))
    OR EXISTS (SELECT FROM oauth_client_redirect r JOIN oauth_client c ON c.id = r.client_id
                WHERE by_name(r.origin) = ANY (ARRAY[$1, $2]) AND c.deleted_at IS NULL AND c.owner_active) AS known;
