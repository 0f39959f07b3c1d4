-- SPDX-License-Identifier: Apache-2.0
-- Who asks for a new password waits for a job of every second. When very many do, those networks wait longer that ask most.

DELETE FROM reset_request r USING reset_request n WHERE n.email = r.email AND n.id > r.id;
CREATE UNIQUE INDEX reset_request_email ON reset_request (email);
COMMENT ON TABLE reset_request IS 'rows: one an address, 1,000 that wait for a job of every second (reset_ask)';

DROP FUNCTION reset_ask(uuid, text, text);
-- (As in 0054_reset_words.sql.) An address waits once, however often it was asked for. When there is no room, the newest of the network
-- goes that has most, and if that is p_network, this one does: `noted` is false then. `dropped`: whose went.
CREATE FUNCTION reset_ask(p_id uuid, p_email text, p_network text, OUT noted boolean, OUT dropped text) LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 1000;
	heaviest record;
BEGIN
	noted := true;
	IF NOT EXISTS (SELECT FROM reset_request r WHERE r.email = p_email) AND (SELECT count(*) FROM reset_request) >= most THEN
		SELECT r.network, count(*) AS waiting, count(*) <= 1 + (SELECT count(*) FROM reset_request o WHERE o.network = p_network) AS is_fair
		  INTO heaviest FROM reset_request r GROUP BY r.network ORDER BY count(*) DESC, r.network LIMIT 1;
		noted := NOT heaviest.is_fair;
		dropped := CASE WHEN noted THEN heaviest.network ELSE p_network END;
		DELETE FROM reset_request d WHERE noted AND d.id = (
			SELECT r.id FROM reset_request r WHERE r.network = heaviest.network ORDER BY r.id DESC LIMIT 1);
	END IF;
	INSERT INTO reset_request (id, email, network) SELECT p_id, p_email, p_network WHERE noted ON CONFLICT (email) DO NOTHING;
END $$;
