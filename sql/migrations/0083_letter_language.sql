-- SPDX-License-Identifier: Apache-2.0
-- Letters are in the language of who gets them. An account whose owner chose none has that of the page by which it was made, or by
-- which they first signed in since; who books, and who asks for a letter, that of the page that they use.

ALTER TABLE account ADD COLUMN page_language text COLLATE "C" CHECK (octet_length(page_language) BETWEEN 2 AND 35); -- BCP 47; NULL: no page told
ALTER TABLE booking ADD COLUMN language text COLLATE "C" CHECK (octet_length(language) BETWEEN 2 AND 35); -- of the guest's page; NULL: of none
ALTER TABLE letter_request ADD COLUMN language text COLLATE "C" CHECK (octet_length(language) BETWEEN 2 AND 35); -- of the page; NULL: of before

-- (As in 0014_booking.sql, with the language.)
CREATE OR REPLACE FUNCTION booking_add(p_booking booking) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE most CONSTANT int := 10000;
BEGIN
	IF EXISTS (SELECT FROM booking b WHERE b.account_id = p_booking.account_id ORDER BY b.id OFFSET most - 1 LIMIT 1) THEN
		DELETE FROM booking b WHERE b.account_id = p_booking.account_id
		   AND b.id = (SELECT o.id FROM booking o WHERE o.account_id = p_booking.account_id AND o.end_at < now()
		                ORDER BY o.id LIMIT 1);
		IF NOT FOUND THEN RETURN false; END IF;
	END IF;
	INSERT INTO booking (account_id, id, page_id, calendar_id, event_id, start_at, end_at, tz, name, email, note, questions, answers, language)
	VALUES (p_booking.account_id, p_booking.id, p_booking.page_id, p_booking.calendar_id, p_booking.event_id,
	        p_booking.start_at, p_booking.end_at, p_booking.tz, p_booking.name, p_booking.email, p_booking.note, p_booking.questions,
	        p_booking.answers, p_booking.language);
	RETURN true;
END $$;

DROP FUNCTION letter_ask(uuid, smallint, text, text);
-- (As in 0068_sign_up.sql, with the language.)
CREATE FUNCTION letter_ask(p_id uuid, p_purpose smallint, p_email text, p_network text, p_language text, OUT noted boolean, OUT dropped text)
LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 1000;
	heaviest record;
BEGIN
	noted := true;
	IF NOT EXISTS (SELECT FROM letter_request r WHERE r.email = p_email AND r.purpose = p_purpose)
	   AND (SELECT count(*) FROM letter_request) >= most THEN
		SELECT r.network, count(*) <= 1 + (SELECT count(*) FROM letter_request o WHERE o.network = p_network) AS is_fair
		  INTO heaviest FROM letter_request r GROUP BY r.network ORDER BY count(*) DESC, r.network LIMIT 1;
		noted := NOT heaviest.is_fair;
		dropped := CASE WHEN noted THEN heaviest.network ELSE p_network END;
		DELETE FROM letter_request d WHERE noted AND d.id = (
			SELECT r.id FROM letter_request r WHERE r.network = heaviest.network ORDER BY r.id DESC LIMIT 1);
	END IF;
	INSERT INTO letter_request (id, purpose, email, network, language) SELECT p_id, p_purpose, p_email, p_network, p_language WHERE noted
	    ON CONFLICT (email, purpose) DO NOTHING;
END $$;
