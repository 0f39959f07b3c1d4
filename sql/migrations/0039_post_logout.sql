-- SPDX-License-Identifier: Apache-2.0
-- Where a browser may be led when its user signed out at an app's wish (OpenID Connect RP-Initiated Logout §2, §3.1).
ALTER TABLE oauth_client ADD COLUMN post_logout_redirects text[] COLLATE "C" NOT NULL DEFAULT '{}' CHECK (cardinality(post_logout_redirects) <= 20);
