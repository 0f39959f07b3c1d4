-- SPDX-License-Identifier: Apache-2.0
-- Who has the password and guesses codes is told of by mail.

-- (As in 0060_takeout.sql, with guessed codes.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN p_actor NOT IN ('command', 'server') AND (p_kind IN ('key.created', 'key.rotated', 'consent.given', 'tokens.replayed',
		'account.password_set', 'totp.activated', 'totp.ended', 'recovery_codes.created', 'recovery_code.used',
		'account.email_changed', 'passkey.created', 'account.claimed', 'account.exported', 'code.guessed')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser'));
