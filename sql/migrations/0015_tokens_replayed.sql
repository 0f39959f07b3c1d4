-- SPDX-License-Identifier: Apache-2.0
-- A code or a refresh token came again and its family has ended (code_redeem, token_refresh): its user is told, in the
-- transaction that ended it. It is a function, and not a part of those statements, since every token request would pay for
-- what next to none needs. The number of the row, or NULL.
CREATE FUNCTION tokens_replayed(p_account uuid, p_family uuid, p_by text[], p_what text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT audit_add(f.account_id, 'tokens.replayed', f.connected_account_id, p_by,
	                         jsonb_build_object('client_name', o.name, 'reason', p_what))
	          FROM token_family f JOIN oauth_client o ON o.id = f.client_id
	         WHERE f.account_id = p_account AND f.id = p_family);
END $$;
