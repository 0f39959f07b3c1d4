# SPDX-License-Identifier: Apache-2.0
"""voice.session_ended: told once of each session, whatever ended it, to whose it was and to nobody else."""
import json

import pytest

from hooks import endpoint, event, no_endpoints, receiver, send  # noqa: F401
from oauth_flow import App, Browser, Form
from receiver import Receiver

SECONDS = 25
SERVE = ["--allow-private-hooks", "--rate-limit", "0", "--voice-backend", "wss://voice.example.com/realtime"]
SESSIONS = "/v1/voice/sessions"
SCOPE = "voice:invoke webhooks:manage events:read"


@pytest.fixture(scope="module")
def browser(world, ann):
    made = Browser(world)
    made.sign_in(ann)
    return made


@pytest.fixture(scope="module")
def app(world):
    return App(world, owner="platform@example.org", scope=SCOPE)


def session(world, key, **fields):
    made = send(world, "POST", SESSIONS, fields, key, 201).json
    world.secret(made["session_token"])
    return made


def told(world, receiver, session):
    """The one event that tells of this session's end."""
    of_it = lambda: [d.json for d in receiver.of("voice.session_ended") if d.json["data"]["object"]["id"] == session["id"]]
    assert world.wait_for(of_it), [d.type for d in receiver.got]
    [one] = of_it()
    return one


def times_are_over(world):
    world.sql("UPDATE voice_session SET expires_at = now() - interval '1 second' WHERE NOT end_told")


def test_the_one_who_ends_it_is_told_as_rest_shows_it(world, key, receiver):
    endpoint(world, key, receiver.url, ["voice.*"])
    made = session(world, key)
    reply = send(world, "DELETE", f"{SESSIONS}/{made['id']}", None, key, 200)
    body = told(world, receiver, made)
    assert body["data"]["object"] == reply.json and reply.json["status"] == "ended"
    assert (body["account"], body["request_id"], body["livemode"]) == (None, reply.headers["Request-Id"], True)
    assert "session_token" not in json.dumps(body) and made["session_token"] not in json.dumps(body)
    assert send(world, "DELETE", f"{SESSIONS}/{made['id']}", None, key, 200).json == reply.json
    other = session(world, key)  # told in the order of their ends: what the second DELETE did would have come before
    send(world, "DELETE", f"{SESSIONS}/{other['id']}", None, key, 200)
    told(world, receiver, other)
    assert [d.json["data"]["object"]["id"] for d in receiver.of("voice.session_ended")] == [made["id"], other["id"]]


def test_one_whose_time_is_over_is_told_of(world, ann, key, receiver):
    endpoint(world, key, receiver.url, ["voice.session_ended"])
    made = session(world, key)
    times_are_over(world)
    told_of = told(world, receiver, made)["data"]["object"]
    assert (told_of["status"], told_of["ended_at"]) == ("expired", None)
    again = send(world, "DELETE", f"{SESSIONS}/{made['id']}", None, key, 200).json
    assert again["status"] == "ended"
    test = world.key(ann, kind="secret", mode="test")  # by the clock of test mode
    endpoint(world, test, receiver.url, ["voice.session_ended"])
    made = session(world, test)
    send(world, "POST", "/v1/sandbox/clock", {"advance_seconds": 301}, test, 200)
    body = told(world, receiver, made)
    assert body["livemode"] is False and body["data"]["object"]["backend"] == "echo"


@pytest.mark.parametrize("how", ["revoke", "rotate"])
def test_one_that_ends_with_its_key_is_told_of(world, key, receiver, how):
    endpoint(world, key, receiver.url, ["*"])
    made = send(world, "POST", "/v1/api_keys", {"name": "v", "kind": "restricted", "scopes": ["voice:invoke"]}, key, 201).json
    of_key = session(world, world.secret(made["key"]))
    stays = session(world, key)
    if how == "rotate":
        world.secret(send(world, "POST", f"/v1/api_keys/{made['id']}/rotate", None, key, 200).json["key"])
    else:
        send(world, "DELETE", f"/v1/api_keys/{made['id']}", None, key, 200)
    assert told(world, receiver, of_key)["data"]["object"]["status"] == "ended"
    assert world.get(f"{SESSIONS}/{stays['id']}", key=key).json["status"] == "open"
    assert [d.json["data"]["object"]["id"] for d in receiver.of("voice.session_ended")] == [of_key["id"]]


def test_an_app_is_told_of_its_own_sessions_and_the_user_of_all(world, ann, key, browser, app, receiver):
    """Its endpoint by a token, and that of its platform; another app of the same user hears nothing, and one without the scope neither."""
    other = App(world, owner="other@example.org", scope=SCOPE)
    owners = {"token": app.connect(browser, scope=SCOPE), "other": other.connect(browser, scope=SCOPE)}
    platform, elsewhere = (world.key(f"{name}@example.org", kind="secret") for name in ("platform", "other"))
    inboxes = {name: Receiver() for name in ("token", "platform", "other", "elsewhere", "user", "narrow")}
    for inbox in inboxes.values():
        inbox.__enter__()
    narrow = world.key(ann, kind="restricted", scope="webhooks:manage events:read")
    try:
        for name, whose, more in (("token", owners["token"]["access_token"], {}), ("platform", platform, {"connect_events": True}),
                                  ("other", owners["other"]["access_token"], {}), ("elsewhere", elsewhere, {"connect_events": True}),
                                  ("user", key, {}), ("narrow", narrow, {})):
            endpoint(world, whose, inboxes[name].url, ["voice.*", "event.*"], **more)
        of_app = session(world, owners["token"]["access_token"])
        of_user = session(world, key)
        send(world, "DELETE", f"{SESSIONS}/{of_app['id']}", None, owners["token"]["access_token"], 200)
        send(world, "DELETE", f"{SESSIONS}/{of_user['id']}", None, key, 200)
        event(world, key, "mark")
        assert all(world.wait_for(lambda i=i: i.of("event.created")) for i in inboxes.values())
        heard = lambda: {name: sorted(d.json["data"]["object"]["id"] for d in i.of("voice.session_ended")) for name, i in inboxes.items()}
        wanted = {"token": [of_app["id"]], "platform": [of_app["id"]], "other": [], "elsewhere": [], "narrow": [],
                  "user": sorted([of_app["id"], of_user["id"]])}
        assert world.wait_for(lambda: heard() == wanted), (heard(), wanted)
        assert inboxes["platform"].of("voice.session_ended")[0].json["account"] == owners["token"]["connected_account_id"]
    finally:
        for inbox in inboxes.values():
            inbox.__exit__(None, None, None)


def test_what_a_grant_ends_is_told_to_the_user_and_not_to_the_app(world, key, browser, app, receiver):
    """After connected_account.deauthorized an app hears nothing of that user."""
    tokens = app.connect(browser, scope=SCOPE)
    platform = world.key("platform@example.org", kind="secret")
    with Receiver() as apps:
        endpoint(world, platform, apps.url, ["*"], connect_events=True)
        endpoint(world, key, receiver.url, ["voice.*"])
        made = session(world, tokens["access_token"])
        action = f"/connected-accounts/{tokens['connected_account_id']}/remove"
        assert browser.post(action, Form(browser.get(action).text, action).with_()).status == 303
        assert told(world, receiver, made)["data"]["object"]["status"] == "ended"
        assert world.wait_for(lambda: apps.of("connected_account.deauthorized"))
        assert not apps.of("voice.session_ended")


def test_each_end_is_told_once_by_two_servers_and_after_a_crash(world, key, receiver):
    endpoint(world, key, receiver.url, ["voice.*"])
    assert world.second
    made = [session(world, key) for _ in range(12)]
    world.kill()
    times_are_over(world)
    world.start()
    wanted = sorted(s["id"] for s in made)
    ids = lambda: sorted(i for d in receiver.of("voice.session_ended") if (i := d.json["data"]["object"]["id"]) in wanted)
    assert world.wait_for(lambda: len(ids()) >= len(made))
    assert ids() == wanted
    assert world.sql("SELECT count(*) FROM outbox WHERE kind = 'voice_session_ended' AND object_id NOT IN (SELECT id FROM voice_session)") == [["0"]]
