# SPDX-License-Identifier: Apache-2.0
"""Operations of the API tried on a page, by who is signed in, in test mode: the same answers as over HTTP, and no key anywhere."""
import html
import json
import re

import pytest

from oauth_flow import App, Browser, Form
from openapi import Document
from world import BIN

SIGNED_IN = "una"
SERVE = ["--rate-limit", "1000", "--request-log-ms", "50", "--usage-ms", "100"]
DOCUMENT = Document.load(BIN)
OPERATIONS = DOCUMENT.operations()
# What tells a secret, makes or changes credentials, or has no end.
NOT_TRIED = {"createApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey", "createOauthApp", "updateOauthApp", "deleteOauthApp", "createOauthAppSecret",
             "revokeOauthAppSecret", "createWebhookEndpoint", "rotateWebhookSecret", "createVoiceSession", "putHostedWebhook", "streamEvents"}


@pytest.fixture(scope="module")
def test_key(world, una):
    return world.key(una, kind="secret", mode="test")


def at(name):
    return f"/docs/reference/{name}/try"


def form_of(browser, name):
    reply = browser.get(at(name))
    assert reply.status == 200, (name, reply.status)
    return Form(reply.text, at(name))


class Answer:
    def __init__(self, reply):
        assert reply.status == 200, reply
        self.page = reply.text
        found = re.search(r'id="answer-title">Answer <span [^>]*>(\d+) ', reply.text)
        self.status = found and int(found[1])
        self.headers, self.body = (self.part(f"{what} of the answer") for what in ("Headers", "Body"))
        self.request = self.part("The request")

    def part(self, label):
        found = re.search(rf'aria-label="{label}"><code>(.*?)</code>', self.page, re.S)
        return html.unescape(found[1]) if found else ""

    @property
    def json(self):
        return json.loads(self.body)


def send(browser, name, **fields):
    """The form of an operation, as it is there, with some fields changed."""
    form = form_of(browser, name)
    return Answer(browser.post(at(name), form.with_(**fields)))


@pytest.mark.parametrize("method,path,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_the_form_of_an_operation_asks_for_what_it_takes(browser, method, path, operation):
    name = operation["operationId"]
    led = f'href="{at(name)}"' in browser.get(f"/docs/reference/{name}").text
    assert led == (name not in NOT_TRIED)
    if not led:
        assert browser.get(at(name)).status == 404
        assert browser.post(at(name), form_of(browser, "getProfile").fields).status == 404
        return
    page = browser.get(at(name)).text
    for parameter in operation["parameters"]:
        if parameter["in"] in ("path", "query"):
            assert f'name="p.{parameter["name"]}"' in page
    assert ('name="body"' in page) == ("requestBody" in operation)
    answer = Answer(browser.post(at(name), Form(page, at(name)).with_(**{f"p.{p['name']}": "x" for p in operation["parameters"] if p["in"] == "path"})))
    assert answer.status and answer.status < 500, answer.page


def test_what_is_made_is_test_data(world, una, browser, test_key):
    answer = send(browser, "createEvent", body='{"title": "Tried <b>", "start_time": "2030-03-04T09:00:00Z", "end_time": "2030-03-04T10:00:00Z"}')
    assert answer.status == 201 and answer.json["title"] == "Tried <b>" and answer.json["livemode"] is False
    assert f"Location: {world.url}/v1/events/{answer.json['id']}" in answer.headers and "ETag: " in answer.headers
    assert answer.request.startswith("POST /v1/events HTTP/1.1\n") and "Authorization: Bearer sk_test_…" in answer.request
    assert world.get(f"/v1/events/{answer.json['id']}", key=test_key).json == answer.json
    assert world.get(f"/v1/events/{answer.json['id']}", key=una.key).status == 404


def test_the_form_begins_with_what_can_be_sent(browser):
    """The example of an event names the reader's own calendar."""
    answer = send(browser, "createEvent")
    assert answer.status == 201, answer.body
    mine = next(c["id"] for c in send(browser, "listCalendars").json["data"] if c["is_default"])
    assert mine == dict(form_of(browser, "getCalendar").fields)["p.calendar"]
    assert send(browser, "getCalendar").status == 200
    assert send(browser, "findSlots").status == 200
    assert send(browser, "getProfile").json["email"] == "una@calends.example"


def test_an_answer_is_that_of_the_api(world, browser, test_key):
    told = send(browser, "listEvents", **{"p.limit": "1"})
    assert told.json == world.get("/v1/events?limit=1", key=test_key).json and told.status == 200
    refused = send(browser, "listEvents", **{"p.limit": "0"})
    assert refused.status == 400 and refused.json["error"]["param"] == "limit"
    assert 'value="0"' in refused.page and "\n    " in refused.body  # the form is as it was sent, the answer easy to read


def test_conditions_and_repetition_go_with_it(browser):
    body = '{"title": "Once", "start_time": "2030-03-05T09:00:00Z", "end_time": "2030-03-05T10:00:00Z"}'
    first = send(browser, "createEvent", body=body, idempotency_key="tried-once")
    again = send(browser, "createEvent", body=body, idempotency_key="tried-once")
    assert first.json == again.json and "Idempotent-Replayed: true" in again.headers
    changed = send(browser, "updateEvent", **{"p.event": first.json["id"], "body": '{"title": "Twice"}', "if_match": '"nothing"'})
    assert changed.status == 412
    etag = re.search(r"ETag: (\S+)", first.headers)[1]
    assert send(browser, "updateEvent", **{"p.event": first.json["id"], "body": '{"title": "Twice"}', "if_match": etag}).json["title"] == "Twice"


def test_no_answer_has_a_body_where_there_is_none(browser):
    made = send(browser, "createCalendar", body='{"name": "Gone soon"}')
    gone = send(browser, "deleteCalendar", **{"p.calendar": made.json["id"]})
    assert gone.status == 200 and gone.json["deleted"] is True


def test_an_answer_of_another_type_is_shown_as_it_is(browser):
    answer = send(browser, "exportCalendar")
    assert answer.status == 200 and "Content-Type: text/calendar" in answer.headers and answer.body.startswith("BEGIN:VCALENDAR")
    assert send(browser, "importCalendar").status in (200, 201)


def test_the_clock_of_test_mode_counts(browser):
    ahead = send(browser, "setSandboxClock", body='{"advance_seconds": 86400}')
    assert ahead.status == 200
    assert send(browser, "getSandboxClock").json["now"] >= ahead.json["now"]
    assert send(browser, "resetSandbox").status == 200


def test_nothing_of_another_account_is_reached(world, browser, test_key):
    other = world.key(world.account("other@calends.example"), kind="secret", mode="test")
    theirs = world.post("/v1/events", json.dumps({"title": "x", "start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-01T01:00:00Z"}),
                        {"Content-Type": "application/json"}, other).json["id"]
    assert send(browser, "getEvent", **{"p.event": theirs}).status == 404


def test_no_key_is_made_and_none_is_told(world, una, browser):
    """Test keys of the account are those of this file's own fixtures; no page has more of one than its prefix."""
    answer = send(browser, "listApiKeys")
    assert answer.status == 200 and all(key["name"] for key in answer.json["data"])
    assert not re.search(r"\b(sk|rk|pk)_test_[0-9A-Za-z]{20}|\bcp_[0-9A-Za-z]{20}", answer.page)


# ---- whom it is told of, and for whom it is made ----


def test_what_is_tried_is_told_in_logs_and_usage_as_the_documentations(world, una, browser, test_key):
    refused = send(browser, "listEvents", **{"p.limit": "0"})
    request = refused.json["error"]["request_id"]
    assert world.wait_for(lambda: browser.get(f"/logs/{request}").status == 200)
    entry = browser.get(f"/logs/{request}").text
    for told in ("GET</span> <bdi>/v1/events</bdi>", ">400<", "invalid_value", "API reference", 'class="badge test"', 'href="/logs?mode=test&amp;key=documentation"'):
        assert told in entry, told
    listed = browser.get("/logs?mode=test&key=documentation&status=failed").text
    assert f'href="/logs/{request}"' in listed and '<bdi>API reference</bdi> <a href="/logs?mode=test&amp;status=failed"' in listed
    assert f'href="/logs/{request}"' not in browser.get(f"/logs?mode=test&key={test_key.id}").text
    assert "API reference" not in browser.get("/logs").text, "nothing of it is live"
    counted = lambda query: sum(row["requests"] for row in world.get(f"/v1/usage?group_by=api_key&{query}", key=test_key).json["data"])
    assert world.wait_for(lambda: counted("credential=documentation") > 0)
    [row] = world.get("/v1/usage?group_by=api_key&credential=documentation", key=test_key).json["data"]
    assert row["api_key"] == "documentation" and row["client_errors"] > 0 and row["livemode"] is False
    assert '<bdi>API reference</bdi></a>' in browser.get("/usage?mode=test").text
    assert '<span class="chip"><bdi>API reference</bdi>' in browser.get("/usage?mode=test&key=documentation").text


def test_what_never_was_sent_is_told_nowhere(world, browser):
    told = lambda: world.sql("SELECT count(*) FROM request_log WHERE route = 'GET /v1/webhook_endpoints/:endpoint'")
    form = form_of(browser, "getWebhookEndpoint")
    assert browser.post(at("getWebhookEndpoint"), form.with_(**{"p.endpoint": ""})).status == 400
    assert send(browser, "getWebhookEndpoint", **{"p.endpoint": "wbk_0000000000000000000001"}).status == 404
    assert world.wait_for(lambda: told() == [["1"]])


@pytest.fixture(scope="module")
def connected(world, una):
    """Somebody who connected to an app of the reader's in test mode: the connection's id and the user."""
    user = world.account("connected@calends.example", name="Conny")
    theirs = Browser(world)
    theirs.sign_in(user)
    app = App(world, owner=una.email, mode="test")
    return app.connect(theirs, scope="events:read events:write profile:read")["connected_account_id"], user


def test_a_connected_account_is_offered_and_called_for(world, browser, test_key, connected):
    connection, user = connected
    assert f'<option value="{connection}">{user.email}</option>' in browser.get(at("getProfile")).text
    answer = send(browser, "getProfile", connected_account=connection)
    assert answer.status == 200 and answer.json["email"] == user.email
    assert answer.json == world.get("/v1/profile", {"Connected-Account": connection}, test_key).json
    assert f"\nConnected-Account: {connection}\n" in answer.request and f'value="{connection}"' in answer.page
    assert send(browser, "getProfile").json["email"] == "una@calends.example", "the next is for the reader again"
    made = send(browser, "createEvent", connected_account=connection,
                body='{"title": "Theirs", "start_time": "2030-05-04T09:00:00Z", "end_time": "2030-05-04T10:00:00Z"}')
    assert made.status == 201 and send(browser, "getEvent", **{"p.event": made.json["id"]}).status == 404
    log = lambda: [request for request in re.findall(r'href="/logs/(req_\w+)"', browser.get("/logs?mode=test&key=documentation").text)
                   if connection in browser.get(f"/logs/{request}").text]
    assert world.wait_for(lambda: len(log()) == 2)


def test_what_a_connection_may_not_is_answered_as_to_a_program(world, browser, test_key, connected):
    """Also what is refused for want of a scope: that is an answer like every other."""
    connection, _ = connected
    answer = send(browser, "createCalendar", connected_account=connection, body='{"name": "x"}')
    reply = world.request("POST", "/v1/calendars", '{"name": "x"}', {"Content-Type": "application/json", "Connected-Account": connection}, test_key)
    same = lambda body: {k: v for k, v in body["error"].items() if k != "request_id"}
    assert answer.status == reply.status == 403 and same(answer.json) == same(reply.json)


def test_not_for_others_is_what_only_owners_may(browser, connected):
    for name in ("listApiKeys", "resetSandbox"):
        assert 'name="connected_account"' not in browser.get(at(name)).text
    assert "Nobody has connected" not in browser.get(at("listEvents")).text


@pytest.mark.parametrize("value,status", [("cpa_0000000000000000000001", 403), ("usr_x", 400), ("é", None), ("cpa_x\r\nX-Evil: 1", None)])
def test_no_other_connection_is_called_for(browser, value, status):
    reply = browser.post(at("getProfile"), form_of(browser, "getProfile").with_(connected_account=value))
    if status:
        assert Answer(reply).status == status and Answer(reply).json["error"]["param"] == "Connected-Account"
    else:
        assert reply.status == 400 and 'id="connected_account-error"' in reply.text and 'id="answer"' not in reply.text


def test_a_reader_without_connections_is_told_so(world):
    b = Browser(world)
    b.sign_in(world.account("alone@calends.example"))
    assert "Nobody has connected" in b.get(at("listEvents")).text


# ---- who may, and what is refused before ----


def test_a_stranger_signs_in_first_and_comes_back(world):
    reply = Browser(world).get(at("getProfile"))
    assert reply.status == 303 and "/sign-in" in reply.location and "getProfile%2Ftry" in reply.location


def test_a_form_of_another_page_is_refused(browser):
    form = form_of(browser, "resetSandbox")
    assert browser.post(at("resetSandbox"), form.with_(csrf="0" * 64)).status == 403
    assert browser.post(at("resetSandbox"), form.fields, [("Origin", "https://evil.example")]).status == 403


def test_who_has_no_api_has_none_here(world):
    b = Browser(world)
    b.sign_in(world.account("free@calends.example", plan="free"))
    page = b.get(at("getProfile")).text
    assert "Keys do not work" in page and "<button type=\"submit\">Send" not in page
    csrf = re.search(r'name="csrf" value="(\w+)"', page)[1]
    reply = b.post(at("getProfile"), {"csrf": csrf})
    assert reply.status == 402 and 'id="answer"' not in reply.text


@pytest.mark.parametrize("name,fields,status", [
    ("getEvent", {"p.event": ""}, 400),
    ("getEvent", {"p.event": "../calendars"}, None),
    ("getEvent", {"p.event": "x?limit=1"}, None),
    ("getEvent", {"p.event": "\x00"}, None),
    ("getEvent", {"p.event": "x" * 9000}, None),
    ("listEvents", {"p.from": "x" * 20000}, 413),
    ("createEvent", {"body": "x" * 200_000}, 413),
    ("createEvent", {"body": "[" * 50_000}, None),
    ("createEvent", {"body": ""}, None),
    ("createEvent", {"idempotency_key": "a\r\nX-Evil: 1"}, 400),
    ("createEvent", {"idempotency_key": "é"}, 400),
    ("updateEvent", {"p.event": "x", "if_match": "no tag"}, None),
])
def test_anything_may_be_sent(browser, name, fields, status):
    """Refused on the form (with its status) or by the operation, and never a fault of the server."""
    form = form_of(browser, name)
    reply = browser.post(at(name), form.with_(**fields))
    assert reply.status == (status or reply.status) and reply.status in (200, 400, 413)
    if reply.status == 200:
        assert 400 <= Answer(reply).status < 500, reply.text
    assert "X-Evil" not in str(reply.headers)


def test_a_long_answer_is_cut(browser):
    for n in range(2):
        body = {"title": f"Long {n}", "description": "lorem <ipsum> " * 3500, "start_time": "2031-01-01T00:00:00Z", "end_time": "2031-01-01T01:00:00Z"}
        assert send(browser, "createEvent", body=json.dumps(body)).status == 201
    answer = send(browser, "listEvents", **{"p.from": "2030-12-31T00:00:00Z", "p.to": "2031-01-02T00:00:00Z"})
    assert answer.status == 200 and "not shown here" in answer.page and len(answer.body) <= 65536
