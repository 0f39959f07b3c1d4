# SPDX-License-Identifier: Apache-2.0
"""/logs: the requests of an account's keys and apps, one by one; docs/logs.md. Noted in memory, written by a job."""
import html
import re
import urllib.parse

import pytest

from dav import Dav
from oauth_flow import App, Browser, basic, post_form
from rest import JSON, Api
from world import log_fields

SIGNED_IN = "owner"
SERVE = ["--request-log-ms", "50", "--rate-limit", "0"]


@pytest.fixture(scope="module")
def owner(world):
    return world.account("dev@platform.example")


@pytest.fixture(scope="module")
def key(world, owner):
    return world.key(owner, kind="secret", name="Server <1>")


def request_id(reply):
    return reply.headers["Request-Id"]


def entry(world, browser, reply):
    """The page of this request, as soon as it is there."""
    assert world.wait_for(lambda: browser.get(f"/logs/{request_id(reply)}").status == 200), reply
    return text(browser.get(f"/logs/{request_id(reply)}").text)


def text(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def listed(browser, **query):
    reply = browser.get("/logs?" + urllib.parse.urlencode(query))
    assert reply.status == 200, reply
    return re.findall(r'href="/logs/(req_\w+)"', reply.text)


# ---- what is told ----


def test_an_errors_id_leads_to_what_was_wrong(world, browser, key):
    reply = world.get("/v1/events?limit=x", key=key)
    assert reply.status == 400 and reply.json["error"]["request_id"] == request_id(reply)
    page = entry(world, browser, reply)
    for told in ("GET /v1/events", "400", "invalid_value", "limit", reply.json["error"]["message"], "Server <1>", key.id, "127.0.0.0/24"):
        assert told in page, told
    assert 'href="/docs/errors#invalid_value"' in browser.get(f"/logs/{request_id(reply)}").text
    assert browser.get("/logs?request=+" + request_id(reply) + "+").location == f"/logs/{request_id(reply)}"


def test_caldav_tells_its_own_requests(world, browser, owner):
    reply = Dav(world.url, owner.email, owner.key).request("PROPFIND", f"/dav/calendars/{owner.id}/", Depth=1)
    assert reply.status == 207 and "PROPFIND /dav/calendars/:account/" in entry(world, browser, reply)


def test_what_an_app_asks_of_the_token_endpoint_is_its_owners(world, owner, browser):
    """The right secret and a wrong one, RFC 6749 §5.2; of an app that does not exist, nobody's."""
    app = App(world, owner=owner.email, name="Acme", type="confidential")
    for secret, status, code in ((app.secret, 400, "invalid_grant"), ("cls_wrong", 401, "invalid_client")):
        reply = post_form(world.http, "/oauth/token", {"grant_type": "authorization_code", "code": "x", "redirect_uri": app.redirect,
                                                      "code_verifier": "v" * 43}, [basic(app.id, secret)])
        assert reply.status == status and reply.json["error"] == code
        page = entry(world, browser, reply)
        assert f"{code}" in page and "Acme" in page and app.id in page and "POST /oauth/token" in page
    assert listed(browser, app=app.id) and not listed(browser, app="cli_" + "0" * 21 + "1")


def test_calls_with_an_apps_token_are_the_platforms_and_not_the_users(world, owner, browser):
    user = world.account("una@example.org")
    theirs = Browser(world)
    theirs.sign_in(user)
    app = App(world, owner=owner.email)
    tokens = app.connect(theirs)
    reply = world.get("/v1/events", key=tokens["access_token"])
    assert tokens["connected_account_id"] in entry(world, browser, reply)
    assert theirs.get(f"/logs/{request_id(reply)}").status == 404 and request_id(reply) not in listed(theirs)


# ---- what is not ----


def test_no_secret_is_kept(world, browser, key):
    """Neither of a body nor of a query; what looks like one in a path or a message is cut."""
    secret = "zz_" + "S3cretS3cret" * 5
    replies = [world.get(f"/v1/events?q={secret}&limit=x", key=key), world.get(f"/v1/events/{secret}", key=key),
               world.post("/v1/events", '{"title":"' + secret + '","start_time":"x"}', JSON, key),
               world.get("/v1/usage?group_by=" + secret, key=key)]
    for reply in replies:
        assert reply.status >= 400 and secret not in entry(world, browser, reply)
    assert "/v1/events/zz_S3cre…" in entry(world, browser, replies[1])
    assert world.sql(f"SELECT count(*) FROM request_log l WHERE l::text LIKE '%{secret[:20]}%'") == [["0"]]


def test_pages_and_strangers_are_in_nobodys_log(world, browser):
    for reply in (world.get("/v1/events"), world.get("/v1/events", key="sk_live_x"), browser.get("/keys")):
        assert browser.get(f"/logs/{request_id(reply)}").status == 404


def test_what_is_no_request_is_not_there(browser):
    for name in ("req_" + "0" * 22, "req_", "x", "key_" + "0" * 22, "req_" + "z" * 22, "%F0%9F%98%80"):
        assert browser.get(f"/logs/{name}").status == 404, name
    page = browser.get("/logs?request=%3Cb%3E")
    assert page.status == 200 and 'role="alert"' in page.text and 'value="' not in page.text.partition("<main")[2]


# ---- lists ----


def test_filters_are_links(world, owner, browser):
    other = world.key(owner, kind="secret", name="Other")
    good, bad = world.get("/v1/profile", key=other), world.get("/v1/events?limit=x", key=other)
    entry(world, browser, good), entry(world, browser, bad)
    assert listed(browser, key=other.id) == [request_id(bad), request_id(good)]
    assert listed(browser, key=other.id, status="failed") == [request_id(bad)]
    assert listed(browser, key=other.id, status="4xx") == [request_id(bad)] and not listed(browser, key=other.id, status="5xx")
    assert listed(browser, key=other.id, status="succeeded") == [request_id(good)]
    assert listed(browser, key=other.id, route="GET /v1/profile") == [request_id(good)]
    assert listed(browser, key=other.id, route="GET /nothing") == []
    assert listed(browser, key="key_x", status="<b>") == listed(browser), "what makes no sense asks for nothing"
    page = browser.get(f"/logs?key={other.id}&status=failed").text
    assert f'href="/logs?status=failed&amp;route=GET+%2Fv1%2Fevents&amp;key={other.id}"' in page, "a filter keeps the others"


def test_test_mode_is_apart(world, owner, browser):
    reply = world.get("/v1/profile", key=world.key(owner, kind="secret", mode="test"))
    assert "Test" in entry(world, browser, reply), "by its id it is found in whichever it is"
    assert request_id(reply) in listed(browser, mode="test") and request_id(reply) not in listed(browser)


def test_pages_go_back_to_the_first(world, browser):
    owner = world.account("many@platform.example")
    theirs = Browser(world)
    theirs.sign_in(owner)
    api = Api(world, world.key(owner, kind="secret"))
    sent = [request_id(api("GET", "/v1/profile")) for _ in range(120)]
    assert world.wait_for(lambda: listed(theirs)[:1] == [sent[-1]])
    seen, page = [], "/logs"
    while page:
        reply = theirs.get(page).text
        seen += re.findall(r'href="/logs/(req_\w+)"', reply)
        older = re.search(r'href="([^"]*before=[^"]*)"', reply)
        page = older and html.unescape(older[1])
    assert seen == sent[::-1]
    assert browser.get("/logs?before=x").status == 200


# ---- bounds ----


def test_many_successes_take_no_room_from_failures_and_what_is_left_out_is_counted(world):
    owner = world.account("busy@platform.example")
    browser = Browser(world)
    browser.sign_in(owner)
    api = Api(world, world.key(owner, kind="secret"))
    dropped = lambda: int(re.search(r"^calends_request_log_dropped_total (\d+)", world.get("/metrics").text, re.M)[1])
    before = dropped()
    for _ in range(900):
        api("GET", "/v1/profile")
    assert dropped() > before
    failed = api("GET", "/v1/events?limit=x")
    assert "invalid_value" in entry(world, browser, failed)
    assert 500 <= int(world.sql(f"SELECT count(*) FROM request_log l JOIN account a USING (account_id) WHERE a.email = '{owner.email}'")[0][0]) < 900


def test_a_log_that_cannot_be_written_stops_nothing(world, browser, key):
    world.sql("ALTER TABLE request_log RENAME TO request_log_away")
    reply = world.get("/v1/profile", key=key)
    assert reply.status == 200
    assert world.wait_for(lambda: any(log_fields(line).get("job") == "request_log" for line in world.lines))
    world.sql("ALTER TABLE request_log_away RENAME TO request_log")
    assert "200" in entry(world, browser, world.get("/v1/profile", key=key))


def test_a_server_that_stops_writes_what_it_has_and_one_may_keep_none(world, browser, key):
    world.restart("--request-log-ms", "60000")
    reply = world.get("/v1/profile", key=key)
    world.restart()
    assert "200" in entry(world, browser, reply)
    world.restart("--request-log-ms", "0")
    assert world.get("/v1/profile", key=key).status == 200 and "job=\"request_log" not in world.get("/metrics").text
    world.restart()


# ---- a key's page ----


def test_a_key_s_page_tells_where_it_was_used_last_and_leads_to_its_requests(world, owner, browser):
    """Issue: "detail with rename, scopes, expiry, last addresses"."""
    made = world.key(owner, kind="secret", name="Roaming")
    page = browser.get(f"/keys/{made.id}").text
    assert "Last from" not in page and f'href="/logs?key={made.id}"' in page
    entry(world, browser, world.get("/v1/profile", key=made))
    assert re.search(r"Last from 127\.0\.0\.\S+ just now", text(browser.get(f"/keys/{made.id}").text))
    world.sql("INSERT INTO request_log (account_id, id, slot, at, credential_id, method, route, path, status, took_us, network) "
        "SELECT r.account_id, gen_random_uuid(), r.slot, r.at + n * interval '1 ms', r.credential_id, r.method, r.route, r.path, r.status, r.took_us, '198.51.' || n % 7 || '.0/24' "
        f"FROM (SELECT * FROM request_log l WHERE l.credential_id = (SELECT k.id FROM api_key k WHERE k.name = 'Roaming') LIMIT 1) r, generate_series(1, 14) n")
    seen = re.findall(r"198\.51\.\d\.0/24", browser.get(f"/keys/{made.id}").text)
    assert seen == [f"198.51.{n}.0/24" for n in (0, 6, 5, 4, 3)], "the latest five, each once"
    assert listed(browser, key=made.id)


def test_a_test_key_s_page_leads_to_requests_of_test_mode(world, owner, browser):
    made = world.key(owner, kind="secret", mode="test")
    assert f'href="/logs?key={made.id}&amp;mode=test"' in browser.get(f"/keys/{made.id}").text
