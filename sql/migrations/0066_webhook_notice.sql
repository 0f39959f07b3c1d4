-- SPDX-License-Identifier: Apache-2.0
-- The server ends by itself that an endpoint is sent to: nobody but its owner can mend that, so they are told.

-- (As in 0063_guessed.sql, with endpoints that the server disabled.)
CREATE OR REPLACE FUNCTION notice_is_due(p_kind text, p_actor text, p_details text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN p_actor = 'server' THEN p_kind = 'webhook.disabled' ELSE p_actor <> 'command' AND (p_kind IN ('key.created',
		'key.rotated', 'consent.given', 'tokens.replayed', 'account.password_set', 'totp.activated', 'totp.ended',
		'recovery_codes.created', 'recovery_code.used', 'account.email_changed', 'passkey.created', 'account.claimed',
		'account.exported', 'code.guessed', 'webhook.disabled')
		OR (p_kind = 'session.created' AND p_details::jsonb ->> 'reason' = 'new_browser')) END;
