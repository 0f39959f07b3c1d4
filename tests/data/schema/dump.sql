SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE TYPE public.actor AS (
	owner uuid,
	calendars uuid[],
	author uuid,
	request uuid
);

CREATE TYPE public.calendar_fields AS (
	displayname text,
	description text,
	color text,
	timezone text,
	tzid text,
	ord integer,
	transp boolean,
	selected boolean,
	writable boolean
);

CREATE TYPE public.conditions AS (
	match_any boolean,
	match bytea[],
	none_any boolean,
	"none" bytea[]
);

CREATE TYPE public.dead_change AS (
	ns text[],
	local text[],
	xml text[]
);

CREATE TYPE public.object_facts AS (
	uid text,
	etag bytea,
	first_at timestamp with time zone,
	last_at timestamp with time zone,
	occ_until timestamp with time zone,
	component smallint,
	flags smallint,
	occ bytea
);

CREATE TYPE public.outbox_kind AS ENUM (
    'object_created',
    'object_changed',
    'object_deleted',
    'calendar_created',
    'calendar_changed',
    'calendar_deleted',
    'properties_changed'
);

CREATE TYPE public.outcome AS ENUM (
    'created',
    'changed',
    'same',
    'deleted',
    'not_found',
    'no_calendar',
    'not_writable',
    'condition_failed',
    'name_taken',
    'wrong_component',
    'uid_conflict',
    'calendar_full',
    'account_full',
    'too_many_calendars',
    'too_many_properties'
);

CREATE TYPE public.room AS (
	calendar bigint,
	account bigint,
	graves integer
);

CREATE FUNCTION public.access_token_prune() RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout TO '200ms'
    AS $$
DECLARE
	idle int := ((extract(epoch FROM now())::bigint / 3600 + 2) % 4)::int;
	leaf regclass := 'access_token_' || idle;
	rows_left boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', leaf) INTO rows_left;
	IF NOT rows_left OR NOT pg_try_advisory_xact_lock(hashtext('access_token_prune')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', leaf);
	EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE expires_at > now())', leaf) INTO rows_left;
	IF rows_left THEN               -- a clock is wrong: better too many rows than a lost token
		RETURN NULL;
	END IF;
	EXECUTE format('TRUNCATE %s', leaf);
	RETURN idle;
END $$;

CREATE FUNCTION public.account_set_password(p_account uuid, p_hash text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
	UPDATE login l SET password_hash = p_hash, changed_at = p_now WHERE l.account_id = p_account;
	IF NOT FOUND THEN RETURN false; END IF;
	DELETE FROM session s WHERE s.account_id = p_account;
	RETURN true;
END $$;

CREATE FUNCTION public.account_set_status(p_live uuid, p_test uuid, p_status smallint, p_deactivated_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
	UPDATE account a SET status = p_status, deactivated_at = p_deactivated_at
	 WHERE a.account_id IN (p_live, p_test) AND a.status <> 3;
	IF NOT FOUND THEN RETURN false; END IF;
	UPDATE oauth_client c SET owner_active = (p_status = 1) WHERE c.owner_id IN (p_live, p_test);
	RETURN true;
END $$;

CREATE FUNCTION public.by_grave(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_hash(bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_id(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_name(text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_name(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_sync(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_time(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.by_uid(uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT COST 1e+08 PARALLEL SAFE
    AS $_$
BEGIN RETURN $1; END $_$;

CREATE FUNCTION public.calendar_create(p_actor public.actor, p_id uuid, p_name text, p_components smallint, p_to public.calendar_fields, p_dead public.dead_change, p_max integer, p_dead_max integer, OUT outcome public.outcome) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
BEGIN
	PERFORM FROM account t WHERE t.account_id = p_actor.owner FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF EXISTS (SELECT FROM calendar t WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name) THEN
		outcome := 'name_taken'; RETURN;
	END IF;
	IF p_max <= (SELECT count(*) FROM calendar t WHERE t.account_id = p_actor.owner) THEN
		outcome := 'too_many_calendars'; RETURN;
	END IF;
	IF NOT dead_property_set(p_actor.owner, p_id, p_dead, p_dead_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp)
	VALUES (p_actor.owner, p_id, p_name, p_to.displayname, p_to.description, p_to.color, p_to.ord, p_to.timezone,
	        p_to.tzid, p_components, p_to.transp);
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	outcome := 'created';
END $$;

CREATE FUNCTION public.calendar_delete(p_actor public.actor, p_name text, OUT outcome public.outcome) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE c record;
BEGIN
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;
	PERFORM calendar_drop(p_actor, c.id);
	outcome := 'deleted';
END $$;

CREATE FUNCTION public.calendar_drop(p_actor public.actor, p_calendar uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE resources uuid[];
BEGIN
	PERFORM FROM calendar_state t WHERE t.account_id = p_actor.owner AND t.calendar_id = p_calendar FOR UPDATE;
	PERFORM FROM calendar t WHERE t.account_id = p_actor.owner AND t.id = p_calendar FOR UPDATE;
	-- those of the account that are on it or on what is in it: they are fewer than its objects may be
	resources := ARRAY(SELECT DISTINCT d.resource_id FROM dead_property d WHERE d.account_id = p_actor.owner
	       AND (d.resource_id = p_calendar OR p_calendar = (SELECT o.calendar_id FROM calendar_object o
	            WHERE o.account_id = p_actor.owner AND by_id(o.id) = d.resource_id)));
	PERFORM FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (resources)
	  ORDER BY d.resource_id, d.ns, d.local FOR UPDATE;
	DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (resources);
	DELETE FROM calendar t WHERE t.account_id = p_actor.owner AND t.id = p_calendar;
	PERFORM outbox_add(p_actor, 'calendar_deleted', p_calendar, NULL, NULL);
END $$;

CREATE FUNCTION public.calendar_relocate(p_actor public.actor, p_from text, p_to text, p_keep boolean, p_deep boolean, p_overwrite boolean, p_id uuid, p_max integer, p_room public.room, OUT outcome public.outcome, OUT copied bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE c record; t record; more bigint; described uuid[];
BEGIN
	copied := 0;
	PERFORM FROM account x WHERE x.account_id = p_actor.owner FOR NO KEY UPDATE;
	SELECT x.id, x.writable INTO c FROM calendar x WHERE x.account_id = p_actor.owner AND by_name(x.name) = p_from
	   AND (p_actor.calendars IS NULL OR x.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT x.id, x.writable INTO t FROM calendar x WHERE x.account_id = p_actor.owner AND by_name(x.name) = p_to;
	IF FOUND AND NOT p_overwrite THEN outcome := 'name_taken'; RETURN; END IF;
	IF NOT t.writable OR (NOT p_keep AND NOT c.writable)
	   OR NOT (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars)) THEN
		outcome := 'not_writable'; RETURN;
	END IF;
	IF p_keep AND t.id IS NULL AND p_max <= (SELECT count(*) FROM calendar x WHERE x.account_id = p_actor.owner) THEN
		outcome := 'too_many_calendars'; RETURN;
	END IF;
	PERFORM FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id IN (c.id, t.id)
	  ORDER BY s.calendar_id FOR UPDATE;
	IF p_keep THEN
		SELECT sum(CASE WHEN s.calendar_id = c.id THEN CASE WHEN p_deep THEN s.bytes ELSE 0 END ELSE - s.bytes END)
		  INTO more FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id IN (c.id, t.id);
		IF more > 0 AND NOT storage_fits(p_actor.owner, more, p_room.account) THEN outcome := 'account_full'; RETURN; END IF;
		described := ARRAY(SELECT DISTINCT d.resource_id FROM dead_property d
		  JOIN calendar_object o ON o.account_id = d.account_id AND by_id(o.id) = d.resource_id
		 WHERE p_deep AND d.account_id = p_actor.owner AND o.calendar_id = c.id);
		IF NOT dead_property_fits(p_actor.owner, (SELECT count(*) FROM dead_property d
		     WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (described || c.id::uuid))) THEN
			outcome := 'too_many_properties'; RETURN;
		END IF;
	END IF;
	outcome := CASE WHEN t.id IS NULL THEN 'created' ELSE 'changed' END;
	IF t.id IS NOT NULL THEN PERFORM calendar_drop(p_actor, t.id); END IF;

	IF NOT p_keep THEN
		UPDATE calendar x SET name = p_to, prop_version = x.prop_version + 1
		 WHERE x.account_id = p_actor.owner AND x.id = c.id;
		PERFORM outbox_add(p_actor, 'calendar_changed', c.id, NULL, NULL);
		RETURN;
	END IF;
	INSERT INTO calendar (account_id, id, name, displayname, description, color, ord, timezone, tzid, components, transp,
	       selected)
	SELECT x.account_id, p_id, p_to, x.displayname, x.description, x.color, x.ord, x.timezone, x.tzid, x.components,
	       x.transp, x.selected
	  FROM calendar x WHERE x.account_id = p_actor.owner AND x.id = c.id;
	INSERT INTO calendar_state (account_id, calendar_id) VALUES (p_actor.owner, p_id);
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
	SELECT d.account_id, p_id, d.ns, d.local, d.xml FROM dead_property d
	 WHERE d.account_id = p_actor.owner AND d.resource_id = c.id;
	PERFORM outbox_add(p_actor, 'calendar_created', p_id, NULL, NULL);
	IF NOT p_deep THEN RETURN; END IF;

	INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
	       created_at, size, component, flags, etag, name, uid, occ, data)
	SELECT p_actor.owner, p_id, uuid_v7(), 1 + row_number() OVER (ORDER BY o.modseq), o.first_at, o.last_at, o.span,
	       o.occ_until, now(), now(), o.size, o.component, o.flags, o.etag, o.name, o.uid, o.occ, o.data
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = c.id AND NOT o.deleted;
	GET DIAGNOSTICS copied = ROW_COUNT;
	INSERT INTO dead_property (account_id, resource_id, ns, local, xml) -- RFC 4918 §9.8.2
	SELECT d.account_id, copy.id, d.ns, d.local, d.xml
	  FROM dead_property d JOIN calendar_object o ON o.account_id = d.account_id AND by_id(o.id) = d.resource_id
	  JOIN calendar_object copy ON copy.account_id = o.account_id AND by_name(copy.calendar_id) = p_id AND copy.name = o.name
	 WHERE d.account_id = p_actor.owner AND d.resource_id = ANY (described);
	UPDATE calendar_state s SET modseq = 1 + copied, objects = copied,
	       bytes = (SELECT x.bytes FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id = c.id)
	 WHERE s.account_id = p_actor.owner AND s.calendar_id = p_id;
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	SELECT p_actor.owner, 'object_created', p_id, o.id, o.modseq, p_actor.author, p_actor.request
	  FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_sync(o.calendar_id) = p_id;
END $$;

CREATE FUNCTION public.calendar_state_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
	DELETE FROM calendar_object o WHERE o.account_id = OLD.account_id AND by_sync(o.calendar_id) = OLD.calendar_id;
	RETURN NULL;
END $$;

CREATE FUNCTION public.calendar_update(p_actor public.actor, p_name text, p_version bigint, p_set integer, p_to public.calendar_fields, p_dead public.dead_change, p_dead_max integer, OUT outcome public.outcome) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE c uuid; version bigint;
BEGIN
	SELECT t.id, t.prop_version INTO c, version FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars)) FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	IF p_version <> version THEN outcome := 'condition_failed'; RETURN; END IF;
	IF NOT dead_property_set(p_actor.owner, c, p_dead, p_dead_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	UPDATE calendar t SET prop_version = t.prop_version + 1,
	       displayname = CASE WHEN p_set & 1 <> 0 THEN p_to.displayname ELSE t.displayname END,
	       description = CASE WHEN p_set & 2 <> 0 THEN p_to.description ELSE t.description END,
	       color       = CASE WHEN p_set & 4 <> 0 THEN p_to.color ELSE t.color END,
	       timezone    = CASE WHEN p_set & 8 <> 0 THEN p_to.timezone ELSE t.timezone END,
	       tzid        = CASE WHEN p_set & 16 <> 0 THEN p_to.tzid ELSE t.tzid END,
	       ord         = CASE WHEN p_set & 32 <> 0 THEN p_to.ord ELSE t.ord END,
	       transp      = CASE WHEN p_set & 64 <> 0 THEN p_to.transp ELSE t.transp END,
	       selected    = CASE WHEN p_set & 128 <> 0 THEN p_to.selected ELSE t.selected END,
	       writable    = CASE WHEN p_set & 256 <> 0 THEN p_to.writable ELSE t.writable END
	 WHERE t.account_id = p_actor.owner AND t.id = c;
	PERFORM outbox_add(p_actor, 'calendar_changed', c, NULL, NULL);
	outcome := 'changed';
END $$;

CREATE FUNCTION public.code_redeem(p_account uuid, p_family uuid, p_code bytea, p_client uuid, p_redirect text, p_challenge bytea, p_jkt bytea, p_access bytea, p_slot smallint, p_access_until timestamp with time zone, p_refresh bytea, p_idle timestamp with time zone, OUT outcome integer, OUT connected_account_id uuid, OUT scopes bigint, OUT connection_until timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
	UPDATE token_family f
	   SET code_used_at = now(), generation = 1, refresh_hash = p_refresh, idle_expires_at = p_idle,
	       rotated_at = now(), nonce = NULL
	  FROM connected_account c, account a
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NULL AND f.code_expires_at > now()
	   AND f.revoked_at IS NULL
	   AND c.account_id = p_account AND c.id = f.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > now() AND f.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, f.scopes & c.scopes, c.expires_at INTO connected_account_id, scopes, connection_until;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, scopes, least(p_access_until, connection_until), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	-- A new snapshot: it sees the commit of the caller that was faster.
	UPDATE token_family f
	   SET revoked_at = now(), revoked_why = 1
	 WHERE f.account_id = p_account AND f.id = p_family AND f.code_hash = p_code AND f.client_id = p_client
	   AND f.challenge = p_challenge AND (p_redirect IS NULL OR f.redirect_uri = p_redirect)
	   AND f.dpop_jkt IS NOT DISTINCT FROM p_jkt AND f.code_used_at IS NOT NULL AND f.revoked_at IS NULL;
	outcome := CASE WHEN FOUND THEN 2 ELSE 1 END;
END $$;

CREATE FUNCTION public.conditions_hold(p_etag bytea, p_when public.conditions) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
	IF p_etag IS NULL THEN RETURN NOT p_when.match_any AND p_when.match IS NULL; END IF;
	RETURN NOT p_when.none_any AND (p_when.match IS NULL OR p_etag = ANY (p_when.match))
	       AND (p_when.none IS NULL OR NOT p_etag = ANY (p_when.none));
END $$;

CREATE FUNCTION public.consent_grant(p_account uuid, p_client uuid, p_connection uuid, p_asked bigint, p_granted bigint, p_calendars uuid[], p_until timestamp with time zone, p_family uuid, p_code bytea, p_code_until timestamp with time zone, p_challenge bytea, p_redirect text, p_nonce text, p_auth_time timestamp with time zone, p_log uuid, p_text_version text, p_ip inet, p_ua text, OUT connected_account_id uuid) RETURNS uuid
    LANGUAGE plpgsql
    AS $$
DECLARE
	many CONSTANT int := 50;
	was record;
BEGIN
	-- A client that is being deleted waits for us, or we see that it is gone (client_cut runs after its commit).
	PERFORM FROM oauth_client WHERE id = p_client AND deleted_at IS NULL FOR SHARE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO connected_account (account_id, id, client_id, scopes, calendars, expires_at)
	VALUES (p_account, p_connection, p_client, p_granted, p_calendars, p_until)
	ON CONFLICT (account_id, client_id) DO NOTHING
	RETURNING id INTO connected_account_id;
	IF NOT FOUND THEN
		SELECT c.id, c.scopes, c.consents, c.revoked_at IS NOT NULL OR c.expires_at <= now() AS ended
		  INTO was
		  FROM connected_account c
		 WHERE c.account_id = p_account AND c.client_id = p_client FOR NO KEY UPDATE;
		IF was.ended THEN -- what it gave before must not come back to life
			UPDATE token_family f SET revoked_at = now(), revoked_why = 3
			 WHERE f.account_id = p_account AND f.connected_account_id = was.id AND f.revoked_at IS NULL;
		END IF;
		UPDATE connected_account c
		   SET scopes = CASE WHEN was.ended THEN p_granted ELSE was.scopes & ~p_asked | p_granted END,
		       calendars = p_calendars, expires_at = p_until, authorized_at = now(), revoked_at = NULL,
		       revoked_why = NULL, consents = was.consents % many + 1
		 WHERE c.account_id = p_account AND c.id = was.id;
		connected_account_id := was.id;
		IF was.consents = many THEN PERFORM consent_trim(p_account, was.id); END IF;
	END IF;
	INSERT INTO token_family (account_id, id, connected_account_id, client_id, scopes, code_hash, code_expires_at,
		challenge, redirect_uri, nonce, auth_time)
	VALUES (p_account, p_family, connected_account_id, p_client, p_granted, p_code, p_code_until, p_challenge,
		p_redirect, p_nonce, p_auth_time);
	INSERT INTO consent_log (account_id, id, connected_account_id, client_id, asked, granted, calendars,
		text_version, ip, ua)
	VALUES (p_account, p_log, connected_account_id, p_client, p_asked, p_granted, p_calendars, p_text_version, p_ip,
		p_ua);
END $$;

CREATE FUNCTION public.consent_trim(p_account uuid, p_connection uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
	proofs CONSTANT int := 100;
	families CONSTANT int := 1000;
BEGIN
	DELETE FROM consent_log l WHERE l.account_id = p_account AND l.id IN (SELECT x.id FROM consent_log x
	        WHERE x.account_id = p_account AND x.connected_account_id = p_connection ORDER BY x.id DESC OFFSET proofs);
	DELETE FROM token_family f WHERE f.account_id = p_account AND f.id IN (SELECT x.id FROM token_family x
	        WHERE x.account_id = p_account AND x.connected_account_id = p_connection ORDER BY x.id DESC OFFSET families);
END $$;

CREATE FUNCTION public.dead_property_change(p_actor public.actor, p_calendar uuid, p_resource uuid, p_dead public.dead_change, p_max integer, OUT outcome public.outcome) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
BEGIN
	outcome := 'not_found';
	IF p_calendar IS NOT NULL THEN
		PERFORM FROM calendar_state s WHERE s.account_id = p_actor.owner AND s.calendar_id = p_calendar FOR SHARE;
		PERFORM FROM calendar_object o WHERE o.account_id = p_actor.owner AND by_id(o.id) = p_resource
		    AND o.calendar_id = p_calendar AND NOT o.deleted;
		IF NOT FOUND THEN RETURN; END IF;
	END IF;
	IF NOT dead_property_set(p_actor.owner, p_resource, p_dead, p_max) THEN outcome := 'too_many_properties'; RETURN; END IF;
	PERFORM outbox_add(p_actor, 'properties_changed', p_calendar, p_resource, NULL);
	outcome := 'changed';
END $$;

CREATE FUNCTION public.dead_property_fits(p_account uuid, p_more bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE most CONSTANT bigint := 5000;
BEGIN
	RETURN p_more = 0 OR p_more <= most - (SELECT count(*) FROM (SELECT FROM dead_property d
	                                        WHERE d.account_id = p_account LIMIT most) AS n);
END $$;

CREATE FUNCTION public.dead_property_set(p_account uuid, p_resource uuid, p_dead public.dead_change, p_max integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE others bigint; present bigint; given bigint;
BEGIN
	IF cardinality(p_dead.ns) = 0 THEN RETURN true; END IF;
	PERFORM FROM dead_property d WHERE d.account_id = p_account AND d.resource_id = p_resource
	  ORDER BY d.ns, d.local FOR UPDATE;
	SELECT count(*) FILTER (WHERE n.ns IS NULL), count(*) FILTER (WHERE n.xml <> '') INTO others, present
	  FROM dead_property d LEFT JOIN unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	    ON n.ns = d.ns AND n.local = d.local
	 WHERE d.account_id = p_account AND d.resource_id = p_resource;
	SELECT count(*) INTO given FROM unnest(p_dead.xml) AS n(xml) WHERE n.xml <> '';
	IF others + given > p_max OR NOT dead_property_fits(p_account, given - present) THEN
		RETURN false;
	END IF;
	DELETE FROM dead_property d USING unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	 WHERE d.account_id = p_account AND d.resource_id = p_resource AND d.ns = n.ns AND d.local = n.local AND n.xml = '';
	INSERT INTO dead_property AS d (account_id, resource_id, ns, local, xml)
	SELECT p_account, p_resource, n.ns, n.local, n.xml FROM unnest(p_dead.ns, p_dead.local, p_dead.xml) AS n(ns, local, xml)
	 WHERE n.xml <> '' ORDER BY n.ns, n.local
	    ON CONFLICT (account_id, resource_id, ns, local) DO UPDATE SET xml = excluded.xml;
	RETURN true;
END $$;

CREATE FUNCTION public.graves_trim(p_account uuid, p_calendar uuid, p_most integer, p_portion integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE gone bigint; removed int;
BEGIN
	WITH dead AS (
		DELETE FROM calendar_object o WHERE o.account_id = p_account AND by_id(o.id) = ANY (ARRAY(
			SELECT x.id FROM calendar_object x
			 WHERE x.account_id = p_account AND by_grave(x.calendar_id) = p_calendar AND x.deleted
			 ORDER BY x.modseq LIMIT least(p_portion, (SELECT s.tombstones - s.objects - p_most FROM calendar_state s
			       WHERE s.account_id = p_account AND s.calendar_id = p_calendar))))
		RETURNING o.modseq)
	SELECT max(modseq), count(*) INTO gone, removed FROM dead;
	UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
	 WHERE s.account_id = p_account AND s.calendar_id = p_calendar AND removed > 0;
	RETURN removed;
END $$;

CREATE FUNCTION public.idempotent_answer_trim(p_since timestamp with time zone, p_most integer, p_limit integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := pg_relation_size('idempotent_answer') / current_setting('block_size')::int;
	a uuid;
	before timestamptz;
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM idempotent_answer o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.created_at INTO before FROM idempotent_answer x WHERE x.account_id = a
		 ORDER BY x.created_at DESC OFFSET p_most LIMIT 1;
		DELETE FROM idempotent_answer o WHERE o.ctid = ANY (ARRAY(SELECT x.ctid FROM idempotent_answer x
		        WHERE x.account_id = a AND x.created_at <= greatest(before, p_since) ORDER BY x.created_at
		        LIMIT p_limit - done));
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

CREATE FUNCTION public.idempotent_begin(p_account uuid, p_key bytea, p_fingerprint bytea, p_since timestamp with time zone, OUT outcome text, OUT status smallint, OUT head text, OUT body bytea) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE was record;
BEGIN
	outcome := 'running';
	IF NOT pg_try_advisory_xact_lock(('x' || encode(substring(p_key FOR 8), 'hex'))::bit(64)::bigint) THEN RETURN; END IF;
	SELECT a.fingerprint, a.created_at, a.status, a.head, a.body INTO was FROM idempotent_answer a
	 WHERE a.account_id = p_account AND by_hash(a.key_hash) = p_key;
	outcome := CASE WHEN was.created_at IS NULL OR was.created_at <= p_since THEN 'new'
	                WHEN was.fingerprint <> p_fingerprint THEN 'other' ELSE 'done' END;
	IF outcome = 'done' THEN
		status := was.status; head := was.head; body := was.body;
	ELSIF outcome = 'new' AND was.created_at IS NOT NULL THEN
		DELETE FROM idempotent_answer a WHERE a.account_id = p_account AND by_hash(a.key_hash) = p_key;
	END IF;
END $$;

CREATE FUNCTION public.object_delete(p_actor public.actor, p_calendar_name text, p_name text, p_when public.conditions, p_room public.room, OUT outcome public.outcome) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE c record; o record; s record;
BEGIN
	outcome := 'not_found';
	SELECT t.id, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN RETURN; END IF;
	PERFORM FROM calendar_state t WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN RETURN; END IF;

	SELECT t.id, t.etag, t.size INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted;
	IF NOT FOUND THEN RETURN; END IF;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	UPDATE calendar_state t SET modseq = t.modseq + 1, bytes = t.bytes - o.size, objects = t.objects - 1,
	       tombstones = t.tombstones + 1
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq, t.tombstones, t.objects INTO s;
	UPDATE calendar_object t SET deleted = true, modseq = s.modseq, updated_at = now(), size = 0, flags = 0, uid = NULL,
	       first_at = NULL, last_at = NULL, span = NULL, occ_until = NULL, occ = NULL, data = NULL
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
	IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, c.id, p_room.graves, 200); END IF;
	PERFORM outbox_add(p_actor, 'object_deleted', c.id, o.id, s.modseq);
	outcome := 'deleted';
END $$;

CREATE FUNCTION public.object_put(p_actor public.actor, p_calendar_name text, p_name text, p_when public.conditions, p_facts public.object_facts, p_data bytea, p_room public.room, OUT outcome public.outcome, OUT calendar uuid, OUT id uuid, OUT modseq bigint, OUT other text, OUT created_at timestamp with time zone, OUT updated_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE c record; s record; o record; n int := octet_length(p_data); was int;
BEGIN
	SELECT t.id, t.components, t.writable INTO c FROM calendar t
	 WHERE t.account_id = p_actor.owner AND by_name(t.name) = p_calendar_name
	   AND (p_actor.calendars IS NULL OR t.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	calendar := c.id;
	IF NOT c.writable THEN outcome := 'not_writable'; RETURN; END IF;

	-- same bytes: no lock, no write, no WAL
	SELECT t.id, t.modseq, t.created_at, t.updated_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name AND NOT t.deleted
	   AND t.etag = p_facts.etag AND conditions_hold(t.etag, p_when);
	IF FOUND THEN
		outcome := 'same'; id := o.id; modseq := o.modseq; created_at := o.created_at; updated_at := o.updated_at;
		RETURN;
	END IF;
	IF c.components & p_facts.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;

	SELECT t.bytes INTO s FROM calendar_state t
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;      -- deleted meanwhile

	SELECT t.id, t.etag, t.uid, t.deleted, t.size, t.created_at INTO o FROM calendar_object t
	 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	IF NOT conditions_hold(CASE WHEN o.deleted IS FALSE THEN o.etag END, p_when) THEN
		outcome := 'condition_failed'; RETURN;
	END IF;
	IF o.deleted IS FALSE AND o.uid <> p_facts.uid THEN outcome := 'uid_conflict'; other := p_name; RETURN; END IF;
	IF o.deleted IS NOT FALSE THEN
		SELECT t.name INTO other FROM calendar_object t
		 WHERE t.account_id = p_actor.owner AND by_uid(t.calendar_id) = c.id
		   AND octet_length(t.uid) = octet_length(p_facts.uid) AND t.uid = p_facts.uid;
		IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	END IF;
	was := CASE WHEN o.deleted IS FALSE THEN o.size ELSE 0 END;
	IF n > was AND s.bytes + n - was > p_room.calendar THEN outcome := 'calendar_full'; RETURN; END IF;
	IF n > was AND NOT storage_fits(p_actor.owner, n - was, p_room.account) THEN outcome := 'account_full'; RETURN; END IF;

	outcome := CASE WHEN o.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	UPDATE calendar_state t
	   SET modseq = t.modseq + 1, bytes = t.bytes + n - was, objects = t.objects + (outcome = 'created')::int,
	       tombstones = t.tombstones - (o.deleted IS TRUE)::int
	 WHERE t.account_id = p_actor.owner AND t.calendar_id = c.id RETURNING t.modseq INTO modseq;
	id := CASE WHEN o.deleted IS FALSE THEN o.id ELSE uuid_v7() END;   -- made anew, it is a new object for REST
	updated_at := now();
	created_at := CASE WHEN o.deleted IS FALSE THEN o.created_at ELSE now() END;
	IF o.deleted IS NULL THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until,
		       updated_at, created_at, size, component, flags, etag, name, uid, occ, data)
		VALUES (p_actor.owner, c.id, object_put.id, object_put.modseq, p_facts.first_at, p_facts.last_at,
		       span_of(p_facts.first_at, p_facts.last_at), p_facts.occ_until, now(), now(), n, p_facts.component,
		       p_facts.flags, p_facts.etag, p_name, p_facts.uid, p_facts.occ, p_data);
	ELSE
		UPDATE calendar_object t SET id = object_put.id, modseq = object_put.modseq, first_at = p_facts.first_at,
		       last_at = p_facts.last_at, span = span_of(p_facts.first_at, p_facts.last_at),
		       occ_until = p_facts.occ_until, updated_at = now(), created_at = object_put.created_at, size = n, component = p_facts.component, flags = p_facts.flags,
		       etag = p_facts.etag, uid = p_facts.uid, occ = p_facts.occ, data = p_data, deleted = false
		 WHERE t.account_id = p_actor.owner AND by_name(t.calendar_id) = c.id AND t.name = p_name;
	END IF;
	PERFORM outbox_add(p_actor, CASE outcome WHEN 'created' THEN 'object_created' ELSE 'object_changed' END::outbox_kind,
		c.id, object_put.id, object_put.modseq);
END $$;

CREATE FUNCTION public.object_relocate(p_actor public.actor, p_from_calendar text, p_from text, p_to_calendar text, p_to text, p_keep boolean, p_overwrite boolean, p_when public.conditions, p_room public.room, OUT outcome public.outcome, OUT other text) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE a record; b record; o record; t record; s record; m bigint; was int; new_id uuid := uuid_v7();
BEGIN
	SELECT c.id, c.writable INTO a FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_from_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT c.id, c.writable, c.components INTO b FROM calendar c
	 WHERE c.account_id = p_actor.owner AND by_name(c.name) = p_to_calendar
	   AND (p_actor.calendars IS NULL OR c.id = ANY (p_actor.calendars));
	PERFORM FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id IN (a.id, b.id)
	  ORDER BY x.calendar_id FOR NO KEY UPDATE;

	SELECT x.id, x.etag, x.uid, x.size, x.component INTO o FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from AND NOT x.deleted;
	IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
	SELECT x.bytes INTO s FROM calendar_state x WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id;
	IF NOT FOUND THEN outcome := 'no_calendar'; RETURN; END IF;
	IF NOT b.writable OR (NOT p_keep AND NOT a.writable) THEN outcome := 'not_writable'; RETURN; END IF;
	IF NOT conditions_hold(o.etag, p_when) THEN outcome := 'condition_failed'; RETURN; END IF;

	SELECT x.id, x.deleted, x.size, x.uid INTO t FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
	IF t.deleted IS FALSE AND NOT p_overwrite THEN outcome := 'name_taken'; RETURN; END IF;
	IF b.components & o.component = 0 THEN outcome := 'wrong_component'; RETURN; END IF;
	IF t.deleted IS FALSE AND t.uid <> o.uid THEN outcome := 'uid_conflict'; other := p_to; RETURN; END IF;
	SELECT x.name INTO other FROM calendar_object x
	 WHERE x.account_id = p_actor.owner AND by_uid(x.calendar_id) = b.id AND octet_length(x.uid) = octet_length(o.uid)
	   AND x.uid = o.uid AND x.name <> p_to
	   AND (p_keep OR x.id <> o.id);
	IF FOUND THEN outcome := 'uid_conflict'; RETURN; END IF;
	was := CASE WHEN t.deleted IS FALSE THEN t.size ELSE 0 END;
	IF (p_keep OR a.id <> b.id) AND o.size > was AND p_room.calendar < s.bytes + o.size - was THEN
		outcome := 'calendar_full'; RETURN;
	END IF;
	IF p_keep AND o.size > was AND NOT storage_fits(p_actor.owner, o.size - was, p_room.account) THEN
		outcome := 'account_full'; RETURN;
	END IF;
	IF p_keep AND NOT dead_property_fits(p_actor.owner, (SELECT count(*) FROM dead_property d
	                                                  WHERE d.account_id = p_actor.owner AND d.resource_id = o.id)) THEN
		outcome := 'too_many_properties'; RETURN;
	END IF;

	outcome := CASE WHEN t.deleted IS FALSE THEN 'changed' ELSE 'created' END;
	IF NOT p_keep THEN
		UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes - o.size, objects = x.objects - 1,
		       tombstones = x.tombstones + 1
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id RETURNING x.modseq INTO m;
	END IF;
	IF t.id IS NOT NULL THEN
		DELETE FROM dead_property d WHERE d.account_id = p_actor.owner AND d.resource_id = t.id;
		DELETE FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		IF t.deleted IS FALSE THEN PERFORM outbox_add(p_actor, 'object_deleted', b.id, t.id, NULL); END IF;
	END IF;
	IF NOT p_keep THEN            -- out of the way of the tombstone that takes its name
		UPDATE calendar_object x SET calendar_id = b.id, name = p_to, modseq = 0
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, updated_at, created_at, size, component, flags,
		       deleted, etag, name)
		VALUES (p_actor.owner, a.id, new_id, m, now(), now(), 0, o.component, 0, true, o.etag, p_from);
	END IF;
	UPDATE calendar_state x SET modseq = x.modseq + 1, bytes = x.bytes + o.size - was,
	       objects = x.objects + (outcome = 'created')::int, tombstones = x.tombstones - (t.deleted IS TRUE)::int
	 WHERE x.account_id = p_actor.owner AND x.calendar_id = b.id RETURNING x.modseq INTO m;
	IF p_keep THEN
		INSERT INTO calendar_object (account_id, calendar_id, id, modseq, first_at, last_at, span, occ_until, updated_at,
		       created_at, size, component, flags, etag, name, uid, occ, data)
		SELECT p_actor.owner, b.id, new_id, m, x.first_at, x.last_at, x.span, x.occ_until, now(), now(), x.size, x.component,
		       x.flags, x.etag, p_to, x.uid, x.occ, x.data
		  FROM calendar_object x WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = a.id AND x.name = p_from;
		INSERT INTO dead_property (account_id, resource_id, ns, local, xml)
		SELECT d.account_id, new_id, d.ns, d.local, d.xml FROM dead_property d
		 WHERE d.account_id = p_actor.owner AND d.resource_id = o.id;
		PERFORM outbox_add(p_actor, 'object_created', b.id, new_id, m);
	ELSE
		UPDATE calendar_object x SET modseq = m, updated_at = now()
		 WHERE x.account_id = p_actor.owner AND by_name(x.calendar_id) = b.id AND x.name = p_to;
		SELECT x.tombstones, x.objects INTO s FROM calendar_state x
		 WHERE x.account_id = p_actor.owner AND x.calendar_id = a.id;
		IF s.tombstones > s.objects + p_room.graves THEN PERFORM graves_trim(p_actor.owner, a.id, p_room.graves, 200); END IF;
		PERFORM outbox_add(p_actor, 'object_changed', b.id, o.id, m);
	END IF;
END $$;

CREATE FUNCTION public.outbox_add(p_actor public.actor, p_kind public.outbox_kind, p_calendar uuid, p_object uuid, p_modseq bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
	INSERT INTO outbox (account_id, kind, calendar_id, object_id, modseq, actor_id, request_id)
	VALUES (p_actor.owner, p_kind, p_calendar, p_object, p_modseq, p_actor.author, p_actor.request);
END $$;

CREATE FUNCTION public.outbox_partitions(p_ahead integer, p_keep integer) RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout TO '200ms'
    AS $_$
DECLARE
	day date;
	leaf text;
	done int := 0;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtext('outbox_partitions')) THEN
		RETURN 0;
	END IF;
	FOR day IN SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(0, p_ahead) n LOOP
		leaf := 'outbox_' || to_char(day, 'YYYYMMDD');
		CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
		LOCK TABLE ONLY outbox IN SHARE ROW EXCLUSIVE MODE;
		LOCK TABLE outbox_default IN ACCESS EXCLUSIVE MODE;
		EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING ALL)', leaf);
		EXECUTE format('WITH moved AS (DELETE FROM outbox_default WHERE id >= %L AND id < %L RETURNING *) '
			'INSERT INTO %I SELECT * FROM moved', uuid7_floor(day), uuid7_floor(day + 1), leaf);
		EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', leaf,
			uuid7_floor(day), uuid7_floor(day + 1));
		done := done + 1;
	END LOOP;
	FOR leaf IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	             WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_[0-9]{8}$'
	               AND to_date(substr(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - p_keep LOOP
		EXECUTE format('DROP TABLE %I', leaf);
		done := done + 1;
	END LOOP;
	RETURN done;
END $_$;

CREATE FUNCTION public.outbox_trim(p_most integer, p_limit integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
	pages CONSTANT int := 100;
	accounts CONSTANT int := 20;
	whole bigint := (SELECT sum(pg_relation_size(t.relid)) / current_setting('block_size')::int
	                   FROM pg_partition_tree('outbox') t WHERE t.isleaf);
	a uuid;
	newest uuid; -- of those that go
	removed int;
	done int := 0;
BEGIN
	FOR a IN SELECT DISTINCT s.account_id FROM (
	         SELECT o.account_id FROM outbox o TABLESAMPLE SYSTEM (least(100, 100.0 * pages / greatest(whole, 1)))
	          ORDER BY random() LIMIT accounts) AS s LOOP
		SELECT x.id INTO newest FROM outbox x WHERE x.account_id = a ORDER BY x.id DESC OFFSET p_most LIMIT 1;
		CONTINUE WHEN newest IS NULL;
		DELETE FROM outbox o WHERE o.account_id = a AND o.id IN (SELECT x.id FROM outbox x
		        WHERE x.account_id = a AND x.id <= newest ORDER BY x.id LIMIT p_limit - done);
		GET DIAGNOSTICS removed = ROW_COUNT;
		done := done + removed;
		EXIT WHEN done >= p_limit;
	END LOOP;
	RETURN done;
END $$;

CREATE FUNCTION public.span_ends() RETURNS interval[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
	SELECT '{3 hours, 24 hours, 54 hours, 240 hours, 1440 hours, 9600 hours, 96000 hours, 960000 hours}'::interval[]
$$;

CREATE FUNCTION public.span_from(p_start timestamp with time zone, p_span integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE((p_start - (public.span_ends())[(p_span + 1)]), '-infinity'::timestamp with time zone);

CREATE FUNCTION public.span_of(p_first timestamp with time zone, p_last timestamp with time zone) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (CASE WHEN (isfinite(p_first) AND isfinite(p_last)) THEN width_bucket((p_last - p_first), public.span_ends()) ELSE 8 END)::smallint;

CREATE FUNCTION public.storage_fits(p_account uuid, p_more bigint, p_max bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
	RETURN p_max IS NULL OR p_more <= p_max - (SELECT coalesce(sum(s.bytes), 0) FROM calendar_state s
	                                            WHERE s.account_id = p_account);
END $$;

CREATE FUNCTION public.throttle_give_back(p_subjects bytea[]) RETURNS void
    LANGUAGE sql
    AS $$
	DELETE FROM throttle WHERE subject = ANY (p_subjects) AND count <= 1;
	UPDATE throttle SET count = count - 1 WHERE subject = ANY (p_subjects);
$$;

CREATE FUNCTION public.throttle_take(p_subjects bytea[], p_most integer[], p_ends timestamp with time zone[], p_now timestamp with time zone, OUT refused integer, OUT ends_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
	refused := 0;
	FOR i IN 1 .. cardinality(p_subjects) LOOP
		INSERT INTO throttle AS t (subject, count, ends_at) VALUES (p_subjects[i], 1, p_ends[i])
		    ON CONFLICT (subject) DO UPDATE
		   SET count = CASE WHEN t.ends_at <= p_now THEN 1 ELSE t.count + 1 END,
		       ends_at = CASE WHEN t.ends_at <= p_now THEN excluded.ends_at ELSE t.ends_at END
		 WHERE t.ends_at <= p_now OR t.count < p_most[i];
		IF NOT FOUND THEN
			refused := i;
			SELECT t.ends_at INTO ends_at FROM throttle t WHERE t.subject = p_subjects[i];
			PERFORM throttle_give_back(p_subjects[1:i - 1]);
			RETURN;
		END IF;
	END LOOP;
END $$;

CREATE FUNCTION public.token_refresh(p_account uuid, p_family uuid, p_old bytea, p_generation integer, p_client uuid, p_jkt bytea, p_scopes bigint, p_access bytea, p_slot smallint, p_access_until timestamp with time zone, p_new bytea, p_idle timestamp with time zone, p_sealed bytea, p_window interval, OUT outcome integer, OUT connected_account_id uuid, OUT granted bigint, OUT connection_until timestamp with time zone, OUT replay bytea) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
	f record;
BEGIN
	UPDATE token_family t
	   SET generation = t.generation + 1, previous_hash = t.refresh_hash, refresh_hash = p_new, rotated_at = now(),
	       sealed_replay = p_sealed, replay_scopes = p_scopes, idle_expires_at = p_idle
	  FROM connected_account c, account a
	 WHERE t.account_id = p_account AND t.id = p_family AND t.refresh_hash = p_old AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt AND t.revoked_at IS NULL AND t.idle_expires_at > now()
	   AND t.expires_at > now() AND (p_scopes IS NULL OR t.scopes & c.scopes & p_scopes = p_scopes)
	   AND c.account_id = p_account AND c.id = t.connected_account_id AND c.revoked_at IS NULL
	   AND c.expires_at > now() AND t.scopes & c.scopes <> 0
	   AND a.account_id = p_account AND a.status = 1
	RETURNING c.id, t.scopes & c.scopes, c.expires_at INTO connected_account_id, granted, connection_until;
	IF FOUND THEN
		INSERT INTO access_token (account_id, hash, slot, family_id, scopes, expires_at, dpop_jkt)
		VALUES (p_account, p_access, p_slot, p_family, coalesce(p_scopes, granted),
			least(p_access_until, connection_until), p_jkt);
		outcome := 0;
		RETURN;
	END IF;
	SELECT t.refresh_hash, t.previous_hash, t.generation, t.revoked_at, t.connected_account_id, t.sealed_replay,
	       t.rotated_at > clock_timestamp() - p_window AND t.replay_scopes IS NOT DISTINCT FROM p_scopes AS is_retry,
	       c.revoked_at IS NULL AND c.expires_at > now() AND a.status = 1
	       AND t.scopes & c.scopes & coalesce(p_scopes, -1) <> 0 AS stands,
	       t.scopes & c.scopes AS scopes, c.expires_at AS connection_until
	  INTO f
	  FROM token_family t
	  JOIN connected_account c ON c.account_id = t.account_id AND c.id = t.connected_account_id
	  JOIN account a ON a.account_id = t.account_id
	 WHERE t.account_id = p_account AND t.id = p_family AND t.client_id = p_client
	   AND t.dpop_jkt IS NOT DISTINCT FROM p_jkt;
	outcome := 1;
	IF NOT FOUND OR f.revoked_at IS NOT NULL THEN
		RETURN;
	END IF;
	IF f.refresh_hash = p_old THEN
		IF f.scopes & p_scopes <> p_scopes THEN
			outcome := 4;
		END IF;
	ELSIF f.previous_hash = p_old AND f.is_retry THEN
		IF f.stands THEN
			outcome := 3;
			replay := f.sealed_replay;
			connected_account_id := f.connected_account_id;
			granted := f.scopes;
			connection_until := f.connection_until;
		END IF;
	ELSIF f.previous_hash = p_old OR p_generation < f.generation - 1 THEN
		UPDATE token_family t SET revoked_at = now(), revoked_why = 2
		 WHERE t.account_id = p_account AND t.id = p_family AND t.revoked_at IS NULL;
		outcome := 2;
	END IF;
END $$;

CREATE FUNCTION public.tombstone_prune(p_before timestamp with time zone, p_limit integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
	c record;
	gone bigint;
	removed int;
	done int := 0;
BEGIN
	FOR c IN SELECT o.account_id, o.calendar_id, array_agg(o.id) AS ids FROM (SELECT x.account_id, x.calendar_id, x.id
	          FROM calendar_object x WHERE x.deleted AND x.updated_at < p_before ORDER BY x.updated_at LIMIT p_limit) o
	         GROUP BY 1, 2 ORDER BY 1, 2 LOOP
		PERFORM FROM calendar_state s WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id
		    FOR NO KEY UPDATE;
		WITH dead AS (DELETE FROM calendar_object o WHERE o.account_id = c.account_id AND by_id(o.id) = ANY (c.ids)
		        AND o.deleted AND o.updated_at < p_before RETURNING o.modseq)
		SELECT max(modseq), count(*) INTO gone, removed FROM dead;
		UPDATE calendar_state s SET min_modseq = greatest(s.min_modseq, gone), tombstones = s.tombstones - removed
		 WHERE s.account_id = c.account_id AND s.calendar_id = c.calendar_id AND removed > 0;
		done := done + removed;
	END LOOP;
	RETURN done;
END $$;

CREATE FUNCTION public.uuid7_floor(day date) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
	SELECT (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION public.uuid_v7() RETURNS uuid
    LANGUAGE plpgsql
    AS $$ -- (an SQL function with FROM is parsed by each call)
DECLARE us bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
	RETURN encode(substring(int8send(us / 1000) FROM 3) || int2send((28672 + us % 1000 * 4096 / 1000)::int2)
	              || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex')::uuid;
END $$;

SET default_tablespace = '';

CREATE TABLE public.access_token (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    slot smallint NOT NULL,
    family_id uuid NOT NULL,
    scopes bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dpop_jkt bytea
)
PARTITION BY LIST (slot);

COMMENT ON TABLE public.access_token IS 'rows: what the token endpoint gave in four hours (access_token_prune)';

SET default_table_access_method = heap;

CREATE TABLE public.access_token_0 (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    slot smallint NOT NULL,
    family_id uuid NOT NULL,
    scopes bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dpop_jkt bytea
);

CREATE TABLE public.access_token_1 (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    slot smallint NOT NULL,
    family_id uuid NOT NULL,
    scopes bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dpop_jkt bytea
);

CREATE TABLE public.access_token_2 (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    slot smallint NOT NULL,
    family_id uuid NOT NULL,
    scopes bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dpop_jkt bytea
);

CREATE TABLE public.access_token_3 (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    slot smallint NOT NULL,
    family_id uuid NOT NULL,
    scopes bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dpop_jkt bytea
);

CREATE TABLE public.account (
    account_id uuid NOT NULL,
    livemode boolean GENERATED ALWAYS AS (((get_byte(uuid_send(account_id), 15) & 1) = 0)) STORED NOT NULL,
    status smallint DEFAULT 1 NOT NULL,
    plan smallint DEFAULT 2 NOT NULL,
    email text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    tz text DEFAULT 'UTC'::text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deactivated_at timestamp with time zone,
    CONSTRAINT account_plan_check CHECK ((plan = ANY (ARRAY[1, 2]))),
    CONSTRAINT account_status_check CHECK ((status = ANY (ARRAY[1, 2, 3])))
)
WITH (fillfactor='90');

COMMENT ON TABLE public.account IS 'rows: two an account, as many as accounts-max says (account_create)';

CREATE TABLE public.api_key (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL,
    kind smallint NOT NULL,
    prefix text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    scopes bigint NOT NULL,
    calendars uuid[],
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    rotated_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_key_check CHECK (((kind <> 1) OR ((get_byte(uuid_send(account_id), 15) & 1) = 0))),
    CONSTRAINT api_key_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT api_key_kind_check CHECK (((kind >= 1) AND (kind <= 4))),
    CONSTRAINT api_key_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

COMMENT ON TABLE public.api_key IS 'rows: 500 an account, with those that were revoked lately (key_create)';

CREATE TABLE public.auth_request (
    hash bytea NOT NULL,
    client_id uuid NOT NULL,
    params jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT auth_request_hash_check CHECK ((octet_length(hash) = 32))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

COMMENT ON TABLE public.auth_request IS 'rows: what a network may ask in ten minutes, and an hour more (auth_request_prune)';

CREATE TABLE public.calendar (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    displayname text,
    description text,
    color text,
    ord integer DEFAULT 0 NOT NULL,
    timezone text,
    tzid text COLLATE pg_catalog."C",
    components smallint DEFAULT 7 NOT NULL,
    transp boolean DEFAULT false NOT NULL,
    selected boolean DEFAULT true NOT NULL,
    writable boolean DEFAULT true NOT NULL,
    prop_version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='85');

COMMENT ON TABLE public.calendar IS 'rows: 250 an account (calendar_create)';

CREATE TABLE public.calendar_object (
    account_id uuid NOT NULL,
    calendar_id uuid NOT NULL,
    id uuid NOT NULL,
    modseq bigint NOT NULL,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    occ_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    size integer NOT NULL,
    component smallint NOT NULL,
    flags smallint NOT NULL,
    span smallint,
    deleted boolean DEFAULT false NOT NULL,
    etag bytea NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    uid text COLLATE pg_catalog."C",
    occ bytea,
    data bytea,
    CONSTRAINT calendar_object_check CHECK ((num_nulls(uid, span, data) =
CASE
    WHEN deleted THEN 3
    ELSE 0
END)),
    CONSTRAINT calendar_object_check1 CHECK ((first_at <= last_at))
)
WITH (fillfactor='90', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');
ALTER TABLE ONLY public.calendar_object ALTER COLUMN occ SET STORAGE MAIN;
ALTER TABLE ONLY public.calendar_object ALTER COLUMN occ SET COMPRESSION lz4;
ALTER TABLE ONLY public.calendar_object ALTER COLUMN data SET COMPRESSION lz4;

COMMENT ON TABLE public.calendar_object IS 'rows: by their octets (storage_fits); of tombstones one for each object and 1,000 (graves_trim)';

CREATE TABLE public.calendar_state (
    account_id uuid NOT NULL,
    calendar_id uuid NOT NULL,
    modseq bigint DEFAULT 1 NOT NULL,
    min_modseq bigint DEFAULT 0 NOT NULL,
    objects integer DEFAULT 0 NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    tombstones integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_cost_delay='0');

COMMENT ON TABLE public.calendar_state IS 'rows: one for each calendar (calendar_create)';

CREATE TABLE public.client_connection (
    account_id uuid NOT NULL,
    connected_account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    user_account_id uuid NOT NULL
);

COMMENT ON TABLE public.client_connection IS 'rows: one for each connected account (consent_list_at_client)';

CREATE TABLE public.connected_account (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    scopes bigint NOT NULL,
    calendars uuid[],
    authorized_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_why smallint,
    consents integer DEFAULT 1 NOT NULL
);

COMMENT ON TABLE public.connected_account IS 'rows: one for each account and client (consent_grant)';

CREATE TABLE public.consent_log (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    connected_account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    asked bigint NOT NULL,
    granted bigint NOT NULL,
    calendars uuid[],
    text_version text NOT NULL,
    ip inet,
    ua text
);

COMMENT ON TABLE public.consent_log IS 'rows: 150 a connected account, the oldest go (consent_trim)';

CREATE TABLE public.credential_use (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    used_at timestamp with time zone NOT NULL,
    ip inet
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_cost_delay='0');

COMMENT ON TABLE public.credential_use IS 'rows: one for each credential, until it was not used for a year (credential_use_purge)';

CREATE TABLE public.dead_property (
    account_id uuid NOT NULL,
    resource_id uuid NOT NULL,
    ns text NOT NULL COLLATE pg_catalog."C",
    local text NOT NULL COLLATE pg_catalog."C",
    xml text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT dead_property_xml_check CHECK ((octet_length(xml) <= 65536))
);

COMMENT ON TABLE public.dead_property IS 'rows: 5,000 an account (dead_property_fits)';

CREATE TABLE public.idempotent_answer (
    account_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    status smallint NOT NULL,
    head text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    CONSTRAINT idempotent_answer_fingerprint_check CHECK ((octet_length(fingerprint) = 32)),
    CONSTRAINT idempotent_answer_key_hash_check CHECK ((octet_length(key_hash) = 32))
)
WITH (autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.idempotent_answer ALTER COLUMN body SET COMPRESSION lz4;

COMMENT ON TABLE public.idempotent_answer IS 'rows: 10,000 an account, of a day (idempotent_answer_trim)';

CREATE TABLE public.login (
    email text NOT NULL COLLATE pg_catalog."C",
    account_id uuid NOT NULL,
    password_hash text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.login IS 'rows: one an account (account_create)';

CREATE TABLE public.oauth_client (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    kind smallint NOT NULL,
    name text NOT NULL,
    verified boolean DEFAULT false NOT NULL,
    owner_active boolean DEFAULT true NOT NULL,
    may_introspect boolean DEFAULT false NOT NULL,
    scopes bigint NOT NULL,
    grants smallint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT oauth_client_kind_check CHECK ((kind = ANY (ARRAY[1, 2])))
);

COMMENT ON TABLE public.oauth_client IS 'rows: made by the operator alone (client_insert)';

CREATE TABLE public.oauth_client_redirect (
    client_id uuid NOT NULL,
    uri text NOT NULL COLLATE pg_catalog."C",
    loopback boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.oauth_client_redirect IS 'rows: of one client at most 20, made by the operator alone (client_insert)';

CREATE TABLE public.oauth_client_secret (
    client_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL,
    prefix text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT oauth_client_secret_hash_check CHECK ((octet_length(hash) = 32))
);

COMMENT ON TABLE public.oauth_client_secret IS 'rows: made by the operator alone (client_secret_replace)';

CREATE TABLE public.outbox (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
)
PARTITION BY RANGE (id);

COMMENT ON TABLE public.outbox IS 'rows: 50,000 an account, of 30 days (outbox_trim)';

CREATE TABLE public.outbox_20261128 (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
);

CREATE TABLE public.outbox_20261129 (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
);

CREATE TABLE public.outbox_20261130 (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
);

CREATE TABLE public.outbox_20261201 (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
);

CREATE TABLE public.outbox_default (
    account_id uuid NOT NULL,
    id uuid DEFAULT public.uuid_v7() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind public.outbox_kind NOT NULL,
    calendar_id uuid,
    object_id uuid,
    modseq bigint,
    actor_id uuid,
    request_id uuid
);

CREATE TABLE public.schema_migration (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.session (
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    id uuid NOT NULL,
    csrf bytea NOT NULL,
    auth_time timestamp with time zone NOT NULL,
    amr smallint NOT NULL,
    ip inet,
    ua text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_hash_check CHECK ((octet_length(hash) = 32))
);

COMMENT ON TABLE public.session IS 'rows: 100 an account, the oldest go (session_create)';

CREATE TABLE public.throttle (
    subject bytea NOT NULL,
    count integer NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT throttle_subject_check CHECK ((octet_length(subject) = 32))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');

COMMENT ON TABLE public.throttle IS 'rows: one for each subject of a guess, until its window ends (throttle_purge)';

CREATE TABLE public.token_family (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    connected_account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    scopes bigint NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    code_hash bytea,
    code_expires_at timestamp with time zone,
    code_used_at timestamp with time zone,
    challenge bytea,
    redirect_uri text COLLATE pg_catalog."C",
    nonce text COLLATE pg_catalog."C",
    refresh_hash bytea,
    previous_hash bytea,
    rotated_at timestamp with time zone,
    sealed_replay bytea,
    replay_scopes bigint,
    idle_expires_at timestamp with time zone,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    dpop_jkt bytea,
    auth_time timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_why smallint
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.token_family ALTER COLUMN sealed_replay SET STORAGE PLAIN;

COMMENT ON TABLE public.token_family IS 'rows: 1,050 a connected account, the oldest go, and those that ended (consent_trim)';

ALTER TABLE ONLY public.access_token ATTACH PARTITION public.access_token_0 FOR VALUES IN ('0');

ALTER TABLE ONLY public.access_token ATTACH PARTITION public.access_token_1 FOR VALUES IN ('1');

ALTER TABLE ONLY public.access_token ATTACH PARTITION public.access_token_2 FOR VALUES IN ('2');

ALTER TABLE ONLY public.access_token ATTACH PARTITION public.access_token_3 FOR VALUES IN ('3');

ALTER TABLE ONLY public.outbox ATTACH PARTITION public.outbox_20261128 FOR VALUES FROM ('01a21f73-9c00-0000-0000-000000000000') TO ('01a22499-f800-0000-0000-000000000000');

ALTER TABLE ONLY public.outbox ATTACH PARTITION public.outbox_20261129 FOR VALUES FROM ('01a22499-f800-0000-0000-000000000000') TO ('01a229c0-5400-0000-0000-000000000000');

ALTER TABLE ONLY public.outbox ATTACH PARTITION public.outbox_20261130 FOR VALUES FROM ('01a229c0-5400-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');

ALTER TABLE ONLY public.outbox ATTACH PARTITION public.outbox_20261201 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2340d-0c00-0000-0000-000000000000');

ALTER TABLE ONLY public.outbox ATTACH PARTITION public.outbox_default DEFAULT;

INSERT INTO public.account VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', DEFAULT, 1, 2, 'frozen@example.org', 'Frozen', 'UTC', '2026-11-28 18:23:43.970215+00', NULL);
INSERT INTO public.account VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', DEFAULT, 1, 2, 'frozen@example.org', 'Frozen', 'UTC', '2026-11-28 18:23:43.970215+00', NULL);

INSERT INTO public.calendar VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', 'default', 'Calendar', NULL, NULL, 0, NULL, NULL, 7, false, true, true, 1, '2026-11-28 18:23:43.970215+00');
INSERT INTO public.calendar VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', 'default', 'Calendar', NULL, NULL, 0, NULL, NULL, 7, false, true, true, 1, '2026-11-28 18:23:43.970215+00');
INSERT INTO public.calendar VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dc4-74ad-bda9-3f42ca0676ac', 'other', NULL, NULL, NULL, 0, NULL, NULL, 7, false, true, true, 1, '2026-11-28 18:23:44.584459+00');

INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c7b-7f06-8627-52238f46f082', 2, '2026-11-09 09:00:00+00', 'infinity', '2031-12-02 18:23:43+00', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 345, 1, 129, 8, false, '\x3972fa3c9a7ac160c3a0346a051513a8', 'sample-1.ics', 'sample-1@demo.example', '\x01a0ae8caf0d8080808080808080408407000880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0880a30580e90f0280a305', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d314064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313039543039303030305a0d0a4454454e443a3230323631313039543039313530305a0d0a5252554c453a465245513d5745454b4c593b42594441593d4d4f2c54552c57452c54482c46520d0a53554d4d4152593a4461696c79207374616e642d75700d0a4c4f434154494f4e3a526f6f6d20310d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c82-72f9-91d2-dd3da1ca963a', 3, '2026-11-16 10:00:00+00', '2027-02-01 11:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 421, 1, 1, 5, false, '\xe04d3d56ae8cbb336635f49e2569be82', 'sample-2.ics', 'sample-2@demo.example', '\x01c0d0d6af0d808080808080808040901c001680f524', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d324064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313136543130303030305a0d0a4454454e443a3230323631313136543131303030305a0d0a5252554c453a465245513d5745454b4c593b434f554e543d31320d0a53554d4d4152593a5765656b6c7920706c616e6e696e670d0a4c4f434154494f4e3a526f6f6d20320d0a4f5247414e495a45523a6d61696c746f3a796f754064656d6f2e6578616d706c650d0a415454454e4445453b50415254535441543d41434345505445443a6d61696c746f3a626f624064656d6f2e6578616d706c650d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c83-736c-b17e-96769715e96d', 4, '2026-10-29 10:00:00+00', 'infinity', '2031-12-02 18:23:43+00', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 337, 1, 135, 8, false, '\x7e5397704ebe3af2e069d7019b179a98', 'sample-3.ics', 'sample-3@demo.example', '\x0180f89eae0d80808080808080804080a30500840180d49301', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d334064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543b56414c55453d444154453a32303236313033300d0a4454454e443b56414c55453d444154453a32303236313033310d0a5252554c453a465245513d5745454b4c593b494e54455256414c3d340d0a53554d4d4152593a506179726f6c6c0d0a5452414e53503a5452414e53504152454e540d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c83-7e24-b758-667ba2ded8fe', 5, '2026-11-23 14:00:00+00', '2026-11-23 15:30:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 408, 1, 0, 0, false, '\x0549142d2bfee5fd5551bfe05f9b8475', 'sample-4.ics', 'sample-4@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d344064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313233543134303030305a0d0a4454454e443a3230323631313233543135333030305a0d0a53554d4d4152593a4b69636b2d6f666620776974682041636d650d0a4c4f434154494f4e3a41636d655c2c2034746820666c6f6f720d0a4f5247414e495a45523a6d61696c746f3a796f754064656d6f2e6578616d706c650d0a415454454e4445453b50415254535441543d41434345505445443a6d61696c746f3a6361726f6c4064656d6f2e6578616d706c650d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c85-7214-a26a-416fb87ee815', 6, '2026-11-24 12:00:00+00', '2026-11-24 13:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 411, 1, 8, 0, false, '\xd40ce583a4b4ae175bb0e3359c027831', 'sample-5.ics', 'sample-5@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d354064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313234543132303030305a0d0a4454454e443a3230323631313234543133303030305a0d0a53554d4d4152593a4c756e6368207769746820426f620d0a4c4f434154494f4e3a43616e7465656e0d0a4f5247414e495a45523a6d61696c746f3a796f754064656d6f2e6578616d706c650d0a415454454e4445453b50415254535441543d41434345505445443a6d61696c746f3a626f624064656d6f2e6578616d706c650d0a5354415455533a54454e5441544956450d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c85-7ff7-b1c3-fb2208b28e3e', 7, '2026-11-25 15:00:00+00', '2026-11-25 15:45:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 374, 1, 0, 0, false, '\x271b8f8156f4623ff808f4d878ade6e0', 'sample-6.ics', 'sample-6@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d364064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313235543135303030305a0d0a4454454e443a3230323631313235543135343530305a0d0a53554d4d4152593a44657369676e207265766965770d0a4f5247414e495a45523a6d61696c746f3a796f754064656d6f2e6578616d706c650d0a415454454e4445453b50415254535441543d41434345505445443a6d61696c746f3a626f624064656d6f2e6578616d706c650d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c86-7a20-8d52-ea9ae5f8f185', 8, '2026-11-26 16:00:00+00', '2026-11-26 16:30:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 306, 1, 0, 0, false, '\x8cabc2eb95d50b26022eab7faee958e4', 'sample-7.ics', 'sample-7@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d374064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313236543136303030305a0d0a4454454e443a3230323631313236543136333030305a0d0a53554d4d4152593a44656e746973740d0a4c4f434154494f4e3a31322048696768205374726565740d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c87-72ed-bd9d-536c48cfd673', 9, '2026-11-27 11:00:00+00', '2026-11-27 12:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 318, 1, 0, 0, false, '\x1323edfe3504edb9546af7cdb6cf24e1', 'sample-8.ics', 'sample-8@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d384064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313237543131303030305a0d0a4454454e443a3230323631313237543132303030305a0d0a53554d4d4152593a496e746572766965773a206261636b656e6420656e67696e6565720d0a4c4f434154494f4e3a526f6f6d20320d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c87-7bdb-b237-d6ef3426ce08', 10, '2026-11-27 11:00:00+00', '2026-11-27 11:30:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 318, 1, 0, 0, false, '\x4417996cac0e7411a3b62318dd1c4226', 'sample-9.ics', 'sample-9@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d394064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631313237543131303030305a0d0a4454454e443a3230323631313237543131333030305a0d0a53554d4d4152593a496e746572766965773a206f7665726c617070696e672063616c6c0d0a4c4f434154494f4e3a526f6f6d20320d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c88-757c-8872-b1c9242653ee', 11, '2026-12-01 17:00:00+00', '2026-12-01 18:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 335, 1, 4, 0, false, '\x37db9412085ba82a055331c1503ff483', 'sample-10.ics', 'sample-10@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d31304064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631323031543137303030305a0d0a4454454e443a3230323631323031543138303030305a0d0a53554d4d4152593a546f776e2068616c6c202863616e63656c6c6564290d0a4c4f434154494f4e3a41756469746f7269756d0d0a5354415455533a43414e43454c4c45440d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c88-7e0c-b5ca-174ab02d2aed', 12, '2026-12-02 08:00:00+00', '2026-12-02 10:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 285, 1, 0, 0, false, '\x556afe95461b2453a3870cdc657c00bf', 'sample-11.ics', 'sample-11@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d31314064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631323032543038303030305a0d0a4454454e443a3230323631323032543130303030305a0d0a53554d4d4152593a466f6375732074696d650d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c89-75f7-85fa-fe2aaf18b2aa', 13, '2026-12-03 09:00:00+00', '2026-12-03 09:00:01+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 294, 1, 4, 0, false, '\x75fb96f70bd6db18f50b18f00e4143e7', 'sample-12.ics', 'sample-12@demo.example', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d31324064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543a3230323631323033543039303030305a0d0a53554d4d4152593a52656d696e6465723a2073656e6420696e766f696365730d0a5452414e53503a5452414e53504152454e540d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c89-7dca-a348-21edc600afd8', 14, '2026-12-06 10:00:00+00', '2026-12-10 12:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 308, 1, 2, 3, false, '\x9be27ddb01fbea10fe321ce74b093faa', 'sample-13.ics', 'sample-13@demo.example', '\x0180dcafb10d80808080808080804080e90f0000', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d31334064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543b56414c55453d444154453a32303236313230370d0a4454454e443b56414c55453d444154453a32303236313231300d0a53554d4d4152593a436f6e666572656e63650d0a4c4f434154494f4e3a4c6973626f6e0d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c8a-7726-bc7e-5418b5bf1252', 15, '2026-12-13 10:00:00+00', '2026-12-15 12:00:00+00', 'infinity', '2026-11-28 18:23:44.244266+00', '2026-11-28 18:23:44.244266+00', 321, 1, 6, 2, false, '\xcfc44b81996f8c6aae5e7a249b59aab7', 'sample-14.ics', 'sample-14@demo.example', '\x0180c6f9b10d80808080808080804080a3050000', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f43616c656e64732f2f454e0d0a424547494e3a564556454e540d0a5549443a73616d706c652d31344064656d6f2e6578616d706c650d0a44545354414d503a3230323631313238543138323334335a0d0a435245415445443a3230323631313238543138323334335a0d0a4c4153542d4d4f4449464945443a3230323631313238543138323334335a0d0a445453544152543b56414c55453d444154453a32303236313231340d0a4454454e443b56414c55453d444154453a32303236313231350d0a53554d4d4152593a517561727465726c79207265706f7274206475650d0a5452414e53503a5452414e53504152454e540d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1ddb-7b16-afc6-a90174bd448f', 2, '2026-03-01 10:00:00+00', '2026-03-01 11:00:00+00', 'infinity', '2026-11-28 18:23:44.599006+00', '2026-11-28 18:23:44.599006+00', 219, 1, 0, 0, false, '\xe5ff54dc07a86da4b2151025ef244232', 'single.ics', 'single@example.org', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f74657374732f2f454e0d0a424547494e3a564556454e540d0a5549443a73696e676c65406578616d706c652e6f72670d0a44545354414d503a3230323630313031543030303030305a0d0a445453544152543a3230323630333031543130303030305a0d0a4454454e443a3230323630333031543131303030305a0d0a53554d4d4152593a416e206576656e740d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de0-7760-a651-6b344a476f8b', 3, '2026-03-01 09:00:00+00', 'infinity', '2031-12-02 18:23:44+00', '2026-11-28 18:23:44.608101+00', '2026-11-28 18:23:44.608101+00', 276, 1, 129, 8, false, '\xa4f26153b901b5d28ff5c14a50919077', 'endless.ics', 'endless@example.org', '\x01a080a09a0d80808080808080804001000280ea4980f52402f0d82480f5243880f5249091252a80f524f0d8243c80f5249091252880f524f0d8243c80f5249091252880f524f0d8243c80f5249091252a80f524f0d8243a80f5249091252a80f524f0d8243a80f5249091250a80f524', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f74657374732f2f454e0d0a424547494e3a564556454e540d0a5549443a656e646c657373406578616d706c652e6f72670d0a44545354414d503a3230323630313031543030303030305a0d0a445453544152543b545a49443d4575726f70652f4265726c696e3a3230323630333031543130303030300d0a53554d4d4152593a416e206576656e740d0a5252554c453a465245513d5745454b4c590d0a4558444154453b545a49443d4575726f70652f4265726c696e3a3230323630333038543130303030300d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de2-774f-9249-bdc6539b7eb8', 4, '2026-03-01 10:00:00+00', '2026-03-05 12:00:00+00', 'infinity', '2026-11-28 18:23:44.610285+00', '2026-11-28 18:23:44.610285+00', 235, 1, 2, 3, false, '\x6e1b31f384c77f7ada22b023b65021f8', 'floating.ics', 'floating@example.org', '\x0180cca69a0d80808080808080804080e90f0000', '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f74657374732f2f454e0d0a424547494e3a564556454e540d0a5549443a666c6f6174696e67406578616d706c652e6f72670d0a44545354414d503a3230323630313031543030303030305a0d0a445453544152543b56414c55453d444154453a32303236303330320d0a4454454e443b56414c55453d444154453a32303236303330350d0a53554d4d4152593a46657269656e5c2c207370c3a47465720d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de4-72e5-8a23-721a3efd2dbd', 5, '2026-04-01 09:59:59+00', '2026-04-01 10:00:00+00', 'infinity', '2026-11-28 18:23:44.612022+00', '2026-11-28 18:23:44.612022+00', 169, 2, 4, 0, false, '\xb30a305305984d442b5cc5455ceced19', 'task.ics', 'task@example.org', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f74657374732f2f454e0d0a424547494e3a56544f444f0d0a5549443a7461736b406578616d706c652e6f72670d0a44545354414d503a3230323630313031543030303030305a0d0a4455453a3230323630343031543130303030305a0d0a454e443a56544f444f0d0a454e443a5643414c454e4441520d0a');
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de5-79e3-8250-f35c9417dd59', 8, NULL, NULL, NULL, '2026-11-28 18:23:44.630016+00', '2026-11-28 18:23:44.613466+00', 0, 1, 0, NULL, true, '\xe7d6c39827d25005cc2befd9f43164fd', 'gone.ics', NULL, NULL, NULL);
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1dfb-734b-b076-6ced04db669e', 9, NULL, NULL, NULL, '2026-11-28 18:23:44.634506+00', '2026-11-28 18:23:44.634506+00', 0, 1, 0, NULL, true, '\x5ff80df59513a84153dbce4d7d4d3405', 'moves.ics', NULL, NULL, NULL);
INSERT INTO public.calendar_object VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dc4-74ad-bda9-3f42ca0676ac', '01a22366-1de7-758d-86fb-22b13bd2c56c', 2, '2026-03-04 10:00:00+00', '2026-03-04 10:00:01+00', 'infinity', '2026-11-28 18:23:44.634506+00', '2026-11-28 18:23:44.615134+00', 194, 1, 0, 0, false, '\x5ff80df59513a84153dbce4d7d4d3405', 'moved.ics', 'moves@example.org', NULL, '\x424547494e3a5643414c454e4441520d0a56455253494f4e3a322e300d0a50524f4449443a2d2f2f43616c656e64732f2f74657374732f2f454e0d0a424547494e3a564556454e540d0a5549443a6d6f766573406578616d706c652e6f72670d0a44545354414d503a3230323630313031543030303030305a0d0a445453544152543a3230323630333034543130303030305a0d0a53554d4d4152593a416e206576656e740d0a454e443a564556454e540d0a454e443a5643414c454e4441520d0a');

INSERT INTO public.calendar_state VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1b62-7373-8003-7445f3be6896', 15, 0, 14, 4781, 0);
INSERT INTO public.calendar_state VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1b62-7372-a63d-6e7c261ab8ea', 9, 0, 4, 899, 2);
INSERT INTO public.calendar_state VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dc4-74ad-bda9-3f42ca0676ac', 2, 0, 1, 194, 0);

INSERT INTO public.dead_property VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1ddb-7b16-afc6-a90174bd448f', 'urn:x', 'y', '<x:y xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" xmlns:A="http://apple.com/ns/ical/" xmlns:x="urn:x">kept</x:y>');

INSERT INTO public.login VALUES ('frozen@example.org', '01a22366-1b62-7371-b228-96a3905f6b5e', NULL, '2026-11-28 18:23:43.970215+00');

INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c80-7628-bd1f-8353e098459a', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c7b-7f06-8627-52238f46f082', 2, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c82-773b-b685-40418a518b88', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c82-72f9-91d2-dd3da1ca963a', 3, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c83-75ef-9e79-1538035d10ff', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c83-736c-b17e-96769715e96d', 4, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c84-74e9-96df-b04a1a1d19e0', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c83-7e24-b758-667ba2ded8fe', 5, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c85-7316-97ee-9fd9d9d0882f', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c85-7214-a26a-416fb87ee815', 6, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c86-7214-af08-06db7674473e', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c85-7ff7-b1c3-fb2208b28e3e', 7, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c86-7b70-86d5-78c11d024928', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c86-7a20-8d52-ea9ae5f8f185', 8, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c87-73c2-87ec-311bddda9cec', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c87-72ed-bd9d-536c48cfd673', 9, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c87-7d43-9017-2e65d41f0de7', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c87-7bdb-b237-d6ef3426ce08', 10, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c88-7649-86bf-4e48ed714cee', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c88-757c-8872-b1c9242653ee', 11, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c88-7f91-8ef5-ba566e532c16', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c88-7e0c-b5ca-174ab02d2aed', 12, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c89-772f-a094-1a1695f46fb8', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c89-75f7-85fa-fe2aaf18b2aa', 13, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c89-7f4b-8bcb-5f24c8f2e147', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c89-7dca-a348-21edc600afd8', 14, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5f', '01a22366-1c8b-70a7-a598-702b5304a510', '729', 'object_created', '01a22366-1b62-7373-8003-7445f3be6896', '01a22366-1c8a-7726-bc7e-5418b5bf1252', 15, NULL, '01a22366-1b62-7370-b8da-1e65056248e4');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dd0-7778-a996-828f9ac53a9e', '731', 'calendar_created', '01a22366-1dc4-74ad-bda9-3f42ca0676ac', NULL, NULL, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1dc4-74ac-82d3-66a1b8dba184');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1ddc-7d16-9668-fe586073eadf', '732', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1ddb-7b16-afc6-a90174bd448f', 2, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1dd5-7d22-9caa-bc9678cf3956');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1de0-7a3d-b472-fcc7d83bf090', '733', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de0-7760-a651-6b344a476f8b', 3, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1dde-7a08-ae72-13c1bf79e446');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1de2-78c8-b4dc-9a84eb3990d3', '734', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de2-774f-9249-bdc6539b7eb8', 4, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1de1-79ef-8ef8-8f7bebbb1b5e');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1de4-7439-85ef-58d6a0595975', '735', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de4-72e5-8a23-721a3efd2dbd', 5, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1de3-7702-82e2-f16978f4ca5a');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1de5-7b47-bf93-f1f514f4f391', '736', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de5-79e3-8250-f35c9417dd59', 6, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1de4-7f47-b995-07d592211666');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1de7-76cc-9324-9f4655e6e028', '737', 'object_created', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de7-758d-86fb-22b13bd2c56c', 7, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1de6-75fb-b01c-f78fa87a2058');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dee-76b0-96a3-707af6488172', '738', 'properties_changed', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1ddb-7b16-afc6-a90174bd448f', NULL, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1de8-7178-b7e2-f17418e03808');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1df8-7828-ab6e-484c749b8857', '739', 'object_deleted', '01a22366-1b62-7372-a63d-6e7c261ab8ea', '01a22366-1de5-79e3-8250-f35c9417dd59', 8, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1df5-712b-979b-fe6b9dea81da');
INSERT INTO public.outbox_20261128 VALUES ('01a22366-1b62-7371-b228-96a3905f6b5e', '01a22366-1dff-7f58-a53a-b0acc78607a2', '740', 'object_changed', '01a22366-1dc4-74ad-bda9-3f42ca0676ac', '01a22366-1de7-758d-86fb-22b13bd2c56c', 2, '01a22366-1d27-7175-aa73-eebdea725546', '01a22366-1dfa-705a-948f-ae4276886908');

INSERT INTO public.schema_migration VALUES (1, '0001_schema', '2026-11-28 18:23:43.466319+00');
INSERT INTO public.schema_migration VALUES (2, '0002_idempotent_answer', '2026-11-28 18:23:43.548951+00');

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (account_id, hash, slot);

ALTER TABLE ONLY public.access_token_0
    ADD CONSTRAINT access_token_0_pkey PRIMARY KEY (account_id, hash, slot);

ALTER TABLE ONLY public.access_token_1
    ADD CONSTRAINT access_token_1_pkey PRIMARY KEY (account_id, hash, slot);

ALTER TABLE ONLY public.access_token_2
    ADD CONSTRAINT access_token_2_pkey PRIMARY KEY (account_id, hash, slot);

ALTER TABLE ONLY public.access_token_3
    ADD CONSTRAINT access_token_3_pkey PRIMARY KEY (account_id, hash, slot);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.auth_request
    ADD CONSTRAINT auth_request_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.calendar_state
    ADD CONSTRAINT calendar_state_pkey PRIMARY KEY (account_id, calendar_id);

ALTER TABLE ONLY public.client_connection
    ADD CONSTRAINT client_connection_pkey PRIMARY KEY (account_id, connected_account_id);

ALTER TABLE ONLY public.connected_account
    ADD CONSTRAINT connected_account_account_id_client_id_key UNIQUE (account_id, client_id);

ALTER TABLE ONLY public.connected_account
    ADD CONSTRAINT connected_account_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.consent_log
    ADD CONSTRAINT consent_log_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.credential_use
    ADD CONSTRAINT credential_use_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.dead_property
    ADD CONSTRAINT dead_property_pkey PRIMARY KEY (account_id, resource_id, ns, local);

ALTER TABLE ONLY public.login
    ADD CONSTRAINT login_pkey PRIMARY KEY (email);

ALTER TABLE ONLY public.oauth_client
    ADD CONSTRAINT oauth_client_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.oauth_client_redirect
    ADD CONSTRAINT oauth_client_redirect_pkey PRIMARY KEY (client_id, uri);

ALTER TABLE ONLY public.oauth_client_secret
    ADD CONSTRAINT oauth_client_secret_client_id_hash_key UNIQUE (client_id, hash);

ALTER TABLE ONLY public.oauth_client_secret
    ADD CONSTRAINT oauth_client_secret_pkey PRIMARY KEY (client_id, id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.outbox_20261128
    ADD CONSTRAINT outbox_20261128_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.outbox_20261129
    ADD CONSTRAINT outbox_20261129_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.outbox_20261130
    ADD CONSTRAINT outbox_20261130_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.outbox_20261201
    ADD CONSTRAINT outbox_20261201_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.outbox_default
    ADD CONSTRAINT outbox_default_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (account_id, hash);

ALTER TABLE ONLY public.throttle
    ADD CONSTRAINT throttle_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY public.token_family
    ADD CONSTRAINT token_family_pkey PRIMARY KEY (account_id, id);

CREATE UNIQUE INDEX api_key_hash ON public.api_key USING btree (account_id, public.by_hash(hash));

CREATE INDEX auth_request_purge ON public.auth_request USING brin (expires_at);

CREATE UNIQUE INDEX calendar_name ON public.calendar USING btree (account_id, public.by_name(name));

CREATE INDEX calendar_object_grave ON public.calendar_object USING btree (account_id, public.by_grave(calendar_id), modseq) WHERE deleted;

CREATE UNIQUE INDEX calendar_object_id ON public.calendar_object USING btree (account_id, public.by_id(id));

CREATE UNIQUE INDEX calendar_object_name ON public.calendar_object USING btree (account_id, public.by_name(calendar_id), name);

CREATE INDEX calendar_object_sync ON public.calendar_object USING btree (account_id, public.by_sync(calendar_id), modseq);

CREATE INDEX calendar_object_time ON public.calendar_object USING btree (account_id, public.by_time(calendar_id), component, span, first_at, id, last_at) WHERE (NOT deleted);

CREATE INDEX calendar_object_tomb ON public.calendar_object USING btree (updated_at) WHERE deleted;

CREATE UNIQUE INDEX calendar_object_uid ON public.calendar_object USING btree (account_id, public.by_uid(calendar_id), octet_length(uid), uid);

CREATE INDEX idempotent_answer_age ON public.idempotent_answer USING btree (account_id, created_at);

CREATE UNIQUE INDEX idempotent_answer_key ON public.idempotent_answer USING btree (account_id, public.by_hash(key_hash));

CREATE INDEX login_account ON public.login USING btree (account_id);

CREATE INDEX oauth_client_owner ON public.oauth_client USING btree (owner_id, id);

CREATE INDEX token_family_purge ON public.token_family USING brin (created_at);

ALTER INDEX public.access_token_pkey ATTACH PARTITION public.access_token_0_pkey;

ALTER INDEX public.access_token_pkey ATTACH PARTITION public.access_token_1_pkey;

ALTER INDEX public.access_token_pkey ATTACH PARTITION public.access_token_2_pkey;

ALTER INDEX public.access_token_pkey ATTACH PARTITION public.access_token_3_pkey;

ALTER INDEX public.outbox_pkey ATTACH PARTITION public.outbox_20261128_pkey;

ALTER INDEX public.outbox_pkey ATTACH PARTITION public.outbox_20261129_pkey;

ALTER INDEX public.outbox_pkey ATTACH PARTITION public.outbox_20261130_pkey;

ALTER INDEX public.outbox_pkey ATTACH PARTITION public.outbox_20261201_pkey;

ALTER INDEX public.outbox_pkey ATTACH PARTITION public.outbox_default_pkey;

CREATE TRIGGER calendar_state_gone AFTER DELETE ON public.calendar_state FOR EACH ROW EXECUTE FUNCTION public.calendar_state_gone();

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.calendar
    ADD CONSTRAINT calendar_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.calendar_state
    ADD CONSTRAINT calendar_state_account_id_calendar_id_fkey FOREIGN KEY (account_id, calendar_id) REFERENCES public.calendar(account_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connected_account
    ADD CONSTRAINT connected_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connected_account
    ADD CONSTRAINT connected_account_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.oauth_client(id);

ALTER TABLE ONLY public.dead_property
    ADD CONSTRAINT dead_property_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.idempotent_answer
    ADD CONSTRAINT idempotent_answer_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_client_redirect
    ADD CONSTRAINT oauth_client_redirect_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.oauth_client(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.oauth_client_secret
    ADD CONSTRAINT oauth_client_secret_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.oauth_client(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.token_family
    ADD CONSTRAINT token_family_account_id_connected_account_id_fkey FOREIGN KEY (account_id, connected_account_id) REFERENCES public.connected_account(account_id, id) ON DELETE CASCADE;
