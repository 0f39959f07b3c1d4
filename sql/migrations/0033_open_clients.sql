-- SPDX-License-Identifier: Apache-2.0
-- Apps that nobody registered (RFC 7591 without rows, docs/adr/0031): their client_id says what they are, and a row is
-- made when a user connects one.

ALTER TABLE oauth_client
	ADD COLUMN registration smallint NOT NULL DEFAULT 0 CHECK (registration BETWEEN 0 AND 2), -- enum client_registration
	ADD COLUMN deny_names text[] COLLATE "C",                     -- by which the operator can deny it
	ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),        -- last consent, of one that nobody registered
	ADD CONSTRAINT oauth_client_open CHECK ((registration = 0) = (deny_names IS NULL));
COMMENT ON TABLE oauth_client IS
	'rows: 100 an account, with those that were deleted in 90 days (client_insert); of those that nobody registered one for each that somebody is connected to (open_client_prune)';

-- Which apps are connected to, and which to nobody any more; RESTRICT on a client asks it too.
CREATE INDEX connected_account_client ON connected_account (client_id);

-- Those that the operator refuses: a client, or a host or scheme that redirect URIs lead to.
CREATE TABLE open_client_denied (
	name       text COLLATE "C" PRIMARY KEY CHECK (octet_length(name) <= 300),
	denied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE open_client_denied IS 'rows: made by the operator alone (open_client_deny)';

-- The oldest connection of the account to such an app that has ended makes room for another. False: none has ended.
CREATE FUNCTION open_connection_forget(p_account uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	old record;
BEGIN
	SELECT c.id, o.owner_id INTO old
	  FROM connected_account c JOIN oauth_client o ON o.id = c.client_id JOIN account a ON a.account_id = c.account_id
	 WHERE c.account_id = p_account AND o.registration <> 0
	   AND (c.revoked_at IS NOT NULL OR c.expires_at <= account_now(a.ahead_s))
	 ORDER BY c.authorized_at LIMIT 1;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM consent_log l WHERE l.account_id = p_account AND l.connected_account_id = old.id;
	DELETE FROM client_connection l WHERE l.account_id = old.owner_id AND l.connected_account_id = old.id;
	DELETE FROM connected_account c WHERE c.account_id = p_account AND c.id = old.id; -- and its families
	RETURN true;
END $$;

-- An app that nobody registered is being connected to: from now on it has a row, as it is today. 1 done, 2 it is denied,
-- 3 this account is connected to as many of such apps as it may be.
CREATE FUNCTION open_client_settle(p_account uuid, p_client uuid, p_owner uuid, p_registration smallint, p_kind smallint, p_name text,
	p_scopes bigint, p_grants smallint, p_redirects text[], p_loopback boolean[], p_deny text[], p_version text,
	p_auth smallint, p_jwks text, p_jwks_uri text, p_most int) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
	held int;
BEGIN
	PERFORM FROM account WHERE account_id = p_account FOR NO KEY UPDATE; -- one consent of an account at a time
	PERFORM pg_advisory_xact_lock_shared(hashtext('open_client_denied')); -- who denies it now waits for us, or we see it
	IF EXISTS (SELECT FROM open_client_denied d WHERE d.name = ANY (p_deny)) THEN
		RETURN 2;
	END IF;
	IF NOT EXISTS (SELECT FROM connected_account c WHERE c.account_id = p_account AND c.client_id = p_client) THEN
		SELECT count(*) INTO held FROM connected_account c JOIN oauth_client o ON o.id = c.client_id
		 WHERE c.account_id = p_account AND o.registration <> 0;
		IF held >= p_most AND NOT open_connection_forget(p_account) THEN
			RETURN 3;
		END IF;
	END IF;
	INSERT INTO oauth_client AS o (id, owner_id, kind, name, scopes, grants, api_version, auth_method, jwks, jwks_uri, registration, deny_names)
	VALUES (p_client, p_owner, p_kind, p_name, p_scopes, p_grants, p_version, p_auth, p_jwks, p_jwks_uri, p_registration, p_deny)
	ON CONFLICT (id) DO UPDATE
	   SET name = p_name, kind = p_kind, scopes = p_scopes, grants = p_grants, auth_method = p_auth, jwks = p_jwks,
	       jwks_uri = p_jwks_uri, deny_names = p_deny, deleted_at = NULL, owner_active = true, seen_at = now()
	 WHERE o.registration = p_registration;
	DELETE FROM oauth_client_redirect r WHERE r.client_id = p_client AND r.uri <> ALL (p_redirects);
	INSERT INTO oauth_client_redirect (client_id, uri, loopback)
	SELECT p_client, r.uri, r.loopback FROM unnest(p_redirects, p_loopback) AS r (uri, loopback) ON CONFLICT DO NOTHING;
	RETURN 1;
END $$;

-- From now on refused, or no more: also what it is connected to already, in the next request.
CREATE FUNCTION open_client_deny(p_name text, p_denied boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('open_client_denied'));
	IF p_denied THEN
		INSERT INTO open_client_denied (name) VALUES (p_name) ON CONFLICT DO NOTHING;
	ELSE
		DELETE FROM open_client_denied WHERE name = p_name;
	END IF;
	UPDATE oauth_client o
	   SET owner_active = NOT EXISTS (SELECT FROM open_client_denied d WHERE d.name = ANY (o.deny_names))
	 WHERE o.registration <> 0 AND p_name = ANY (o.deny_names);
END $$;
