-- SPDX-License-Identifier: Apache-2.0
-- (As in 0045_second_factor.sql, and a code or a refresh token that came twice.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));

-- (As in 0044_notices.sql, but that what an app can bring about by itself is told once a day of each connection: it fills no
-- mailbox, and takes no other notice's place. The log has each.)
CREATE OR REPLACE FUNCTION notice_add() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 50;
BEGIN
	IF NEW.kind = 'tokens.replayed' AND EXISTS (
		SELECT FROM audit x WHERE x.account_id = NEW.account_id AND x.seq < NEW.seq AND x.kind = NEW.kind
		   AND x.subject_id = NEW.subject_id AND x.at > NEW.at - interval '1 day') THEN
		RETURN NULL;
	END IF;
	INSERT INTO notice (account_id, id, recipient, kind, at, network, agent, details, due_at)
	SELECT a.account_id, uuid_v7(), a.email, NEW.kind, NEW.at, NEW.network, NEW.agent, NEW.details, NEW.at
	  FROM account a WHERE a.account_id = NEW.account_id AND a.livemode
	   AND (SELECT count(*) FROM notice n WHERE n.account_id = NEW.account_id) < most;
	RETURN NULL;
END $$;
