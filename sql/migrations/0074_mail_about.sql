-- SPDX-License-Identifier: Apache-2.0
-- Mail about one event is looked up: who was not reached.

CREATE FUNCTION by_about(uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000000 AS $$
BEGIN RETURN $1; END $$;
CREATE INDEX mail_about ON mail (account_id, by_about(object_id));
