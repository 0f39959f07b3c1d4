-- SPDX-License-Identifier: Apache-2.0
-- What one account can take from the others: storage, properties; and what must end with a password or an account.

---- storage ----------------------------------------------------------------------------------------------------------
-- The octets of all objects of all calendars of an account (calendar_state.bytes) count against p_account_max; NULL is
-- no limit. They are summed where something is added, and nothing is locked for it: writers of two calendars of one
-- account do not wait for each other, and may together go past the limit by what they write at the same moment. The sum
-- takes 0.01 ms over one calendar or ten, 0.09 ms over 250.
-- Outcomes, beside those of 0002: 517 the account's storage is full, 518 too many dead properties.

-- Dead properties are not counted as storage; instead all resources of an account have so many together. Two who add at
-- once may go past it by what they add.
CREATE FUNCTION dead_property_fits(p_account uuid, p_more bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT bigint := 5000;
BEGIN
	RETURN p_more = 0 OR p_more <= most - (SELECT count(*) FROM (SELECT FROM dead_property d
	                                        WHERE d.account_id = p_account LIMIT most) AS n);
END $$;

-- As in 0002, and false also if the account would have too many.
CREATE OR REPLACE FUNCTION dead_property_change(p_account uuid, p_resource uuid, p_ns text[], p_local text[],
	p_xml text[], p_max int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE others bigint; present bigint; given bigint;
BEGIN
	IF cardinality(p_ns) = 0 THEN RETURN true; END IF;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND d.resource_id = p_resource
	  ORDER BY d.ns, d.local FOR UPDATE;
	SELECT count(*) FILTER (WHERE n.ns IS NULL), count(*) FILTER (WHERE n.xml <> '') INTO others, present
	  FROM dead_property d LEFT JOIN unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	    ON n.ns = d.ns AND n.local = d.local
	 WHERE d.account_id = p_account AND d.resource_id = p_resource;
	SELECT count(*) INTO given FROM unnest(p_xml) AS n(xml) WHERE n.xml <> '';
	IF others + given > p_max OR NOT dead_property_fits(p_account, given - present) THEN
		RETURN false;
	END IF;
	DELETE FROM dead_property d USING unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	 WHERE d.account_id = p_account AND d.resource_id = p_resource AND d.ns = n.ns AND d.local = n.local AND n.xml = '';
	INSERT INTO dead_property AS d (account_id, resource_id, ns, local, xml)
	SELECT p_account, p_resource, n.ns, n.local, n.xml FROM unnest(p_ns, p_local, p_xml) AS n(ns, local, xml)
	 WHERE n.xml <> '' ORDER BY n.ns, n.local
	    ON CONFLICT (account_id, resource_id, ns, local) DO UPDATE SET xml = excluded.xml;
	RETURN true;
END $$;

-- What a calendar may hold, at most p_max: what the other calendars of the account leave of p_account_max.
CREATE FUNCTION calendar_room(p_account uuid, p_calendar uuid, p_max bigint, p_account_max bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	IF p_account_max IS NULL THEN RETURN p_max; END IF;
	RETURN least(p_max, p_account_max - (SELECT coalesce(sum(s.bytes), 0) FROM calendar_state s
	              WHERE s.account_id = p_account AND s.calendar_id IS DISTINCT FROM p_calendar));
END $$;

-- object_relocate of 0002, and for a copy what there is room for in the account. A move inside it adds nothing.
CREATE FUNCTION object_relocate(p_account uuid, p_only uuid[], p_from_calendar text, p_from text, p_to_calendar text,
	p_to text, p_keep boolean, p_overwrite boolean, p_match_any boolean, p_match bytea[], p_none_any boolean,
	p_none bytea[], p_author uuid, p_id uuid, p_event uuid, p_request uuid, p_quota bigint, p_account_max bigint,
	OUT outcome int, OUT other text) LANGUAGE plpgsql AS $$
DECLARE room bigint := p_quota;
BEGIN
	IF p_keep THEN
		room := calendar_room(p_account, (SELECT c.id FROM calendar c WHERE c.account_id = p_account
		                                     AND c.name = p_to_calendar), p_quota, p_account_max);
		IF NOT dead_property_fits(p_account, (SELECT count(*) FROM calendar c
		        JOIN calendar_object o ON o.account_id = c.account_id AND o.calendar_id = c.id AND o.name = p_from
		        JOIN dead_property d ON d.account_id = o.account_id AND d.resource_id = o.id
		       WHERE c.account_id = p_account AND c.name = p_from_calendar)) THEN
			outcome := 518; RETURN;
		END IF;
	END IF;
	SELECT r.outcome, r.other INTO outcome, other
	  FROM object_relocate(p_account, p_only, p_from_calendar, p_from, p_to_calendar, p_to, p_keep, p_overwrite,
	       p_match_any, p_match, p_none_any, p_none, p_author, p_id, p_event, p_request, room) r;
	IF outcome = 507 AND room < p_quota THEN outcome := 517; END IF;
END $$;

-- calendar_relocate of 0002, and for a copy what there is room for in the account. Its row is locked first, as there,
-- so that two copies at once count each other: each of them may be large.
CREATE FUNCTION calendar_relocate(p_account uuid, p_only uuid[], p_from text, p_to text, p_keep boolean, p_deep boolean,
	p_overwrite boolean, p_id uuid, p_max int, p_event uuid, p_author uuid, p_request uuid, p_account_max bigint,
	OUT outcome int) LANGUAGE plpgsql AS $$
DECLARE used bigint; more bigint;
BEGIN
	IF p_keep THEN
		PERFORM FROM account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
		SELECT sum(s.bytes), coalesce(sum(s.bytes) FILTER (WHERE c.name = p_from AND p_deep), 0)
		       - coalesce(sum(s.bytes) FILTER (WHERE c.name = p_to), 0) INTO used, more
		  FROM calendar c JOIN calendar_state s ON s.account_id = c.account_id AND s.calendar_id = c.id
		 WHERE c.account_id = p_account;
		IF more > 0 AND used + more > p_account_max THEN outcome := 517; RETURN; END IF;
		IF NOT dead_property_fits(p_account, (SELECT count(*) FROM calendar c
		        JOIN dead_property d ON d.account_id = c.account_id AND d.resource_id = c.id
		       WHERE c.account_id = p_account AND c.name = p_from)) THEN
			outcome := 518; RETURN;
		END IF;
	END IF;
	SELECT r.outcome INTO outcome FROM calendar_relocate(p_account, p_only, p_from, p_to, p_keep, p_deep, p_overwrite,
	       p_id, p_max, p_event, p_author, p_request) AS r(outcome);
END $$;

---- accounts ---------------------------------------------------------------------------------------------------------

-- A new password ends all sessions. The directory's row comes first: a sign-in that holds it (session_create) has made
-- its session when it lets go, so that the DELETE sees it; one that comes later finds another changed_at.
CREATE FUNCTION account_set_password(p_account uuid, p_hash text, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql
AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	DELETE FROM session s WHERE s.account_id = p_account;
	RETURN true;
END $$;

-- Whether the platform behind a client works is told in the client's row, which every node has: a token is judged without
-- the account of another.
ALTER TABLE oauth_client ADD COLUMN owner_active boolean NOT NULL DEFAULT true;
UPDATE oauth_client c SET owner_active = false FROM account a WHERE a.account_id = c.owner_id AND a.status <> 1;

-- Both worlds of an account and its clients. The accounts come first: who makes a client (client_insert) holds its row.
CREATE FUNCTION account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	RETURN true;
END $$;
