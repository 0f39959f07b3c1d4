-- SPDX-License-Identifier: Apache-2.0
-- The version of the API in which a key or an app calls where it does not say another: that of the day on which it was
-- made (server/base/api_version.c). The default is that of those who were there before.
ALTER TABLE api_key ADD COLUMN api_version text COLLATE "C" NOT NULL DEFAULT '2026-11-28';
ALTER TABLE oauth_client ADD COLUMN api_version text COLLATE "C" NOT NULL DEFAULT '2026-11-28';
