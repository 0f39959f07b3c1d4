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
    path, _, code = error["doc_url"].removeprefix(world.public_url).partition("#")
    page = world.get(path)
    assert page.status == 200 and f'id="{code}"' in page.text and code == "missing_credentials"
