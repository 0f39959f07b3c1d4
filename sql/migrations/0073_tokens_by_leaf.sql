-- SPDX-License-Identifier: Apache-2.0
-- Codes and refresh tokens are redeemed by one statement each, which names the leaf of the ring (sql/queries/oauth_token.sql): of what these
-- functions cost a third was the way through the parent, and rows that were looked up again to be told of.
DROP FUNCTION code_redeem(uuid, uuid, bytea, uuid, text, bytea, bytea, bytea, smallint, bytea, smallint, timestamptz, bytea, timestamptz, timestamptz);
DROP FUNCTION token_refresh(uuid, uuid, bytea, int, uuid, bytea, bytea, boolean, bigint, smallint, bytea, smallint, timestamptz, bytea, timestamptz, bytea, interval);
DROP FUNCTION dpop_family_key(uuid, bytea);
