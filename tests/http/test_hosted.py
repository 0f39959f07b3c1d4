# SPDX-License-Identifier: Apache-2.0
"""/api/v1: the request that the API keys page shows, its answers and its flat errors."""
import json
import re

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/hosted-calendars"


def test_the_published_request_works_with_an_account_key(world):
    reply = world.get(PATH, key=world.account("ann@example.org").key)
    assert reply.status == 200 and [c["name"] for c in reply.json["data"]] == ["Calendar"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", reply.json["data"][0]["id"])


def test_a_calendar_is_made_renamed_and_deleted(world):
    key = world.account("ann@example.org").key
    made = world.post(PATH, json.dumps({"name": "Bookings", "timezone": "Europe/Paris"}), JSON, key)
    assert made.status == 201 and made.json["data"]["timezone"] == "Europe/Paris"
    one = f"{PATH}/{made.json['data']['id']}"
    assert world.request("PATCH", one, json.dumps({"name": "Visits"}), JSON, key).json["data"]["name"] == "Visits"
    assert world.get(one, key=key).json["data"]["name"] == "Visits"
    gone = world.request("DELETE", one, None, None, key)
    assert gone.status == 204 and gone.body == b""
    assert world.get(one, key=key).status == 404


def test_a_calendar_has_the_published_members(world):
    """§0.1: "{name, timezone, organizerDisplayName} → `data{id (uuid), name, feedToken, calendarEmail, timezone, organizerDisplayName,
    createdAt, updatedAt}`; update any subset" """
    ann = world.account("ann@example.org")
    sent = {"name": "Agent", "timezone": "Europe/Paris", "organizerDisplayName": "Scheduling Bot"}
    made = world.post(PATH, json.dumps(sent), JSON, ann.key).json["data"]
    assert set(made) == {"id", "name", "feedToken", "calendarEmail", "timezone", "organizerDisplayName", "createdAt", "updatedAt"}
    assert sent.items() <= made.items() and made["createdAt"] == made["updatedAt"] and made["calendarEmail"] is None
    one, at = f"{PATH}/{made['id']}", f"/api/v1/calendars/hosted:{made['id']}/events"
    event = {"title": "x", "start_at": "2026-11-24T09:00:00Z", "end_at": "2026-11-24T10:00:00Z"}
    guests = [{"email": "bob@example.org"}]

    def stored(**more):
        uid = world.post(at, json.dumps(event | more), JSON, ann.key).json["data"]["uid"]
        if "attendees" not in more:
            assert world.request("PATCH", f"{at}/{uid}", json.dumps({"attendees": guests}), JSON, ann.key).status == 200
        ical = world.get(f"/v1/calendars/{[c for c in world.get('/v1/calendars?limit=100', key=ann.key).json['data'] if c['name'] == 'Agent'][0]['id']}/export", key=ann.key).text
        return ical.replace("\r\n ", "").partition(f"UID:{uid}")[2].partition("END:VEVENT")[0]
    for lines in (stored(attendees=guests), stored()):
        assert 'ORGANIZER;CN="Scheduling Bot":mailto:ann@example.org' in lines
    changed = world.request("PATCH", one, '{"organizerDisplayName":null}', JSON, ann.key).json["data"]
    assert changed["organizerDisplayName"] is None and changed["updatedAt"] > made["updatedAt"] and changed["createdAt"] == made["createdAt"]
    assert changed["name"] == "Agent" and changed["timezone"] == "Europe/Paris"
    assert "ORGANIZER:mailto:ann@example.org" in stored(attendees=guests)
    assert world.get(one, key=ann.key).json["data"]["updatedAt"] == changed["updatedAt"], "what is in it does not count"
    again = world.post(f"{one}/regenerate-feed-token", None, None, ann.key).json["data"]
    assert again["updatedAt"] > changed["updatedAt"] and again["feedToken"] != made["feedToken"]
    reply = world.post(PATH, '{"name":"x","calendarEmail":"x@example.org"}', JSON, ann.key)
    assert reply.status == 400 and reply.json["details"] == {"field": "calendarEmail"}
    long = world.request("PATCH", one, json.dumps({"organizerDisplayName": "x" * 101}), JSON, ann.key)
    assert long.status == 400 and long.json["details"] == {"field": "organizerDisplayName"}
    assert world.request("DELETE", one, None, None, ann.key).status == 204


def test_errors_are_flat(world):
    key = world.account("ann@example.org").key
    reply = world.get(PATH)
    assert reply.status == 401 and reply.json == {"error": "Unauthorized", "message": "Missing, invalid, or revoked API key."}
    assert "WWW-Authenticate" in reply.headers
    reply = world.post(PATH, b'{"name":""}', JSON, key)
    assert reply.status == 400 and reply.json["error"] == "Bad Request" and reply.json["details"] == {"field": "name"}
    for absent in ("x", "00000000-0000-7000-8000-000000000000", "cal_0000000000000000000001"):
        reply = world.get(f"{PATH}/{absent}", key=key)
        assert reply.status == 404 and reply.json["error"] == "Not Found"
    reply = world.get(PATH, key=world.account("poor@example.org", plan="free").key)
    assert reply.status == 402 and reply.json["error"] == "Payment Required"


def test_a_revoked_key_is_unauthorized_at_once(world):
    key = world.key("ann@example.org")
    assert world.get(PATH, key=key).status == 200
    world.cli("key", "revoke", key.id)
    reply = world.get(PATH, key=key)
    assert reply.status == 401 and reply.json["error"] == "Unauthorized"


def test_others_calendars_are_not_found(world):
    ann, bob = (world.account(f"{n}@example.org").key for n in ("ann", "bob"))
    theirs = world.get(PATH, key=bob).json["data"][0]["id"]
    assert world.get(f"{PATH}/{theirs}", key=ann).status == 404
    assert world.request("DELETE", f"{PATH}/{theirs}", None, None, ann).status == 404


def test_every_code_is_explained_where_doc_url_leads(world):
    error = world.get("/v1/profile").json["error"]
    page = world.get(error["doc_url"].removeprefix(world.public_url))
    assert page.status == 200 and error["doc_url"].endswith("/missing_credentials") and "missing_credentials" in page.text
