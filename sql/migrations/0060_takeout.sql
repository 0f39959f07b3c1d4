-- SPDX-License-Identifier: Apache-2.0
-- Whose data were downloaded is told by mail, as of all that somebody else might have done.

-- (As in 0059_claimed.sql, with downloads.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used',
		'account.email_changed', 'passkey.created', 'account.claimed', 'account.exported')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));
