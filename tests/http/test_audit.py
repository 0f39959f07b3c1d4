# SPDX-License-Identifier: Apache-2.0
"""The audit log: each change of credentials, consents and sign-ins leaves one row that cannot be altered unseen."""
import glob
import json
import os
import re
import subprocess

import pytest

from oauth_flow import App, Browser, Form
import rest
from world import BIN, ROOT

SERVE = ["--last-used-ms", "100"]
NO_SECRET = re.compile(r"(sk|rk|pk)_(live|test)_[0-9A-Za-z]{20}|cp_[0-9a-f]{20}|cls_[0-9A-Za-z]{12}|c[ar]t_[0-9A-Za-z]{20}")


@pytest.fixture(scope="module")
def owner(world):
    return world.account("audited@example.org")


@pytest.fixture(scope="module")
def secret(world, owner):
    return world.key(owner, kind="secret", name="teller")


def rows(world, key, **query):
    reply = world.get("/v1/audit?" + "&".join(f"{k}={v}" for k, v in {"limit": 100, **query}.items()), key=key)
    assert reply.status == 200, reply
    return reply.json["data"]


def last(world, key):
    return rows(world, key, limit=1)[0]


def twelve_rows(world, secret):
    for n in range(12 - len(rows(world, secret))):
        world.line("key", "create", "audited@example.org", "--name", f"row {n}")


def verify(world, *more):
    done = subprocess.run([BIN, "audit", "verify", *more, *world.settings, "--json"], capture_output=True, text=True, timeout=60,
                          env=dict(world.environment, LSAN_OPTIONS="detect_leaks=0"))
    found = json.loads(done.stdout)
    assert (done.returncode == 0) == found["whole"], done
    return found


def assert_error(reply, status, code):
    rest.assert_error(reply, status, code, type_={401: "authentication_failed", 403: "authorization_failed"}[status])


def uuid_of(world, account):
    [[uuid]] = world.sql(f"SELECT account_id FROM account WHERE email = '{account.email}' AND livemode")
    return uuid


# ---- what is told ----


def test_what_a_command_did_is_told_with_the_command(world, owner, secret):
    told = next(r for r in rows(world, secret, kind="key.created") if r["subject"] == secret.id)
    assert told["actor"] == "command" and told["agent"] == "calends key create" and told["network"] is None
    assert told["details"] == {"name": "teller", "prefix": secret[:14], "key_kind": "secret"}
    assert told["summary"] and told["object"] == "audit_entry" and told["livemode"] is True and told["credential"] is None


def test_a_key_that_manages_keys_is_named_with_request_network_and_program(world, owner, secret):
    api = lambda method, path, body=None: world.request(method, path, body and json.dumps(body),
        {"Content-Type": "application/json", "User-Agent": "Probe/1"}, secret)
    made = api("POST", "/v1/api_keys", {"name": "Gate", "kind": "restricted", "scopes": ["events:read", "profile:read"]})
    key = made.json["id"]
    changed = api("PATCH", f"/v1/api_keys/{key}", {"name": "Door", "scopes": ["events:read"]})
    turned = api("POST", f"/v1/api_keys/{key}/rotate")
    ended = api("DELETE", f"/v1/api_keys/{key}")
    again = api("DELETE", f"/v1/api_keys/{key}")
    assert [r.status for r in (made, changed, turned, ended, again)] == [201, 200, 200, 200, 200]
    told = [r for r in rows(world, secret) if r["subject"] == key]
    assert [r["kind"] for r in told] == ["key.revoked", "key.rotated", "key.changed", "key.created"], "a second revocation changed nothing"
    assert [r["request_id"] for r in told] == [r.request_id for r in (ended, turned, changed, made)]
    assert {(r["actor"], r["credential"], r["agent"], r["network"]) for r in told} == {
        ("secret_key", secret.id, "Probe/1", "127.0.0.0/24")}
    assert told[2]["details"]["changed"] == "name scopes" and told[0]["details"]["name"] == "Door"


def test_a_change_that_is_refused_or_changes_nothing_is_not_told(world, owner, secret):
    before = last(world, secret)["sequence"]
    post = {"Content-Type": "application/json"}
    assert world.post("/v1/api_keys", '{"name":"x","kind":"restricted"}', post, secret).status == 400
    key = world.key(owner, kind="restricted", scope="events:read", name="still")
    assert world.request("PATCH", f"/v1/api_keys/{key.id}", "{}", post, secret).status == 200
    assert last(world, secret)["sequence"] == before + 1


def test_what_others_see_of_the_account_is_told(world, owner, secret):
    """Calendars by REST and page, and booking pages; what stays as it is not."""
    def api(method, path, body):
        reply = world.request(method, path, json.dumps(body), {"Content-Type": "application/json"}, secret)
        assert reply.status in (200, 201), reply
        return reply.json
    path = f"/v1/calendars/{api('POST', '/v1/calendars', {'name': 'Shown', 'is_public': True})['id']}"
    for is_public in (True, False, False):
        api("PATCH", path, {"is_public": is_public, "description": "d"})
    browser = Browser(world)
    browser.sign_in(owner)
    edit = path.removeprefix("/v1") + "/edit"
    for more in ([("public", "1")], [("public", "1")], []):
        form = [pair for pair in Form(browser.get(edit).text, edit).fields if pair[0] != "public"]
        assert browser.post(edit, [*form, *more]).status == 303
    page = api("POST", "/v1/booking_pages", {"slug": "audited", "title": "Talk", "is_public": True})
    for is_public in (True, False):
        api("PATCH", f"/v1/booking_pages/{page['id']}", {"is_public": is_public, "description": "d"})
    told = [r for r in rows(world, secret) if "published" in r["kind"]]
    assert [(r["kind"], r["actor"], r["details"]["name"]) for r in reversed(told)] == [
        ("calendar.published", "secret_key", "Shown"), ("calendar.unpublished", "secret_key", "Shown"),
        ("calendar.published", "session", "Shown"), ("calendar.unpublished", "session", "Shown"),
        ("booking_page.published", "secret_key", "Talk"), ("booking_page.unpublished", "secret_key", "Talk")]
    assert {r["subject"] for r in told} == {path.rpartition("/")[2], page["id"]}


def test_there_is_no_key_without_its_row_and_no_row_without_its_key(world, owner, secret):
    """Whichever statement of the call fails, and if nothing of it is committed."""
    uuid = uuid_of(world, owner)
    counts = lambda: world.sql(f"SELECT (SELECT count(*) FROM api_key WHERE account_id = '{uuid}'), "
                               f"(SELECT count(*) FROM audit WHERE account_id = '{uuid}' AND kind = 'key.created')")[0]
    statuses = set()
    for n in range(1, 6):
        for when in ("before", "after"):
            statuses.add(world.post("/v1/api_keys", '{"name":"f","kind":"secret"}', {"Content-Type": "application/json",
                "Idempotency-Key": f"audit-{n}-{when}", "Calends-Fail-Query": f"{n} {when}"}, secret).status)
            keys, told = counts()
            assert keys == told, (n, when)
    assert {500, 503} <= statuses
    assert verify(world, "--account", owner.id)["whole"]


def test_sign_in_sign_out_and_the_page(world, owner, secret):
    browser = Browser(world)
    browser.sign_in(owner)
    told = last(world, secret)
    assert told["kind"] == "session.created" and told["actor"] == "anonymous" and told["network"] == "127.0.0.0/24"
    session = told["subject"]
    page = browser.get("/audit")
    assert page.status == 200 and "Signed in in a browser" in page.text and told["request_id"] in page.text
    assert not NO_SECRET.search(page.text)
    form = re.search(r'name="csrf" value="(\w+)"', page.text)[1]
    assert "teller" in browser.get("/audit?kind=key.created").text
    assert "Nothing of this kind" in browser.get("/audit?kind=client.deleted&mode=live").text
    assert browser.get("/audit?kind=%00&before=abc&mode=x").status in (200, 400)
    assert browser.post("/sign-out", {"csrf": form}).status == 303
    told = last(world, secret)
    assert (told["kind"], told["subject"], told["credential"], told["actor"]) == ("session.ended", session, session, "session")
    assert rows(world, secret, credential=session) == [told]
    assert Browser(world).get("/audit").status == 303


def test_the_page_goes_on_to_older_rows(world):
    other = world.account("pager@example.org")
    world.sql(f"SELECT audit_add('{uuid_of(world, other)}', 'key.changed', NULL, ARRAY['server', '', '', '', '', ''], "
              "jsonb_build_object('name', 'n' || n)) FROM generate_series(1, 60) n")
    browser = Browser(world)
    browser.sign_in(other)
    seen, at = [], "/audit?kind=key.changed"
    while at:
        page = browser.get(at).text
        seen += re.findall(r"<bdi>(n\d+)</bdi>", page)
        older = re.search(r'href="(/audit\?[^"]*before=\d+)"', page)
        at = older and older[1].replace("&amp;", "&")
    assert seen == [f"n{n}" for n in range(60, 0, -1)]


def test_guessing_leaves_a_bounded_number_of_rows(world):
    """Also of an account that is not there, and the right password is told."""
    guessed = world.account("guessed@example.org")
    key = world.key(guessed, kind="secret")
    http = Browser(world)
    form = re.search(r'name="csrf" value="(\w+)"', http.get("/sign-in").text)[1]
    for n in range(8):
        reply = http.post("/sign-in", {"email": guessed.email, "password": f"wrong {n}", "csrf": form, "next": "/"})
        assert reply.status == 403, reply
    assert http.post("/sign-in", {"email": "nobody@example.org", "password": "x", "csrf": form, "next": "/"}).status == 403
    refused = rows(world, key, kind="session.refused")
    assert len(refused) == 5 and {r["details"]["reason"] for r in refused} == {"wrong_password"}
    assert {r["subject"] for r in refused} == {guessed.id} and "wrong 0" not in json.dumps(refused)
    world.sql("UPDATE throttle SET ends_at = now()")
    assert http.post("/sign-in", {"email": guessed.email, "password": "again", "csrf": form, "next": "/"}).status == 403
    assert len(rows(world, key, kind="session.refused")) == 6


def test_a_secret_key_in_a_browser_is_told_to_its_owner(world, owner, secret):
    """DESIGN: a browser request (it has Origin) with a secret key is refused and audited."""
    for _ in range(7):
        assert_error(world.get("/v1/profile", {"Origin": "https://shop.example"}, secret), 403, "secret_key_in_browser")
    told = [r for r in rows(world, secret, kind="key.refused") if r["subject"] == secret.id]
    assert len(told) == 5
    assert told[0]["details"] == {"reason": "secret_key_in_browser", "origin": "https://shop.example"}
    assert told[0]["credential"] == secret.id and told[0]["request_id"]


def test_a_key_from_elsewhere_is_told_to_its_owner(world, owner, secret):
    far = world.key(owner, kind="restricted", scope="profile:read", allow_ip="192.0.2.0/24")
    assert_error(world.get("/v1/profile", key=far), 403, "ip_not_allowed")
    page = world.key(owner, kind="restricted", scope="profile:read", allow_origin="https://app.example")
    assert_error(world.get("/v1/profile", {"Origin": "https://evil.example"}, page), 403, "origin_not_allowed")
    assert world.get("/v1/profile", {"Origin": "https://app.example"}, page).status == 200
    told = {r["subject"]: r["details"] for r in rows(world, secret, kind="key.refused")}
    assert told[far.id] == {"reason": "ip_not_allowed"}
    assert told[page.id] == {"reason": "origin_not_allowed", "origin": "https://evil.example"}


def test_passwords_and_the_state_of_an_account_are_told(world):
    someone = world.account("state@example.org")
    key = world.key(someone, kind="secret")
    assert rows(world, key)[-1]["kind"] == "account.created"
    world.cli("account", "deactivate", someone.email)
    world.cli("account", "deactivate", someone.email)
    world.cli("account", "reactivate", someone.email)
    world.cli("account", "set-password", someone.email, "--password-stdin", input="another battery staple\n")
    assert [r["kind"] for r in rows(world, key, limit=3)] == ["account.password_set", "account.reactivated", "account.deactivated"]
    browser = Browser(world)
    someone.password = world.secret("another battery staple")
    browser.sign_in(someone)
    form = re.search(r'action="/account/password".*?name="csrf" value="(\w+)"', browser.get("/account").text, re.S)[1]
    fresh = world.secret("a third battery staple")
    assert browser.post("/account/password", {"csrf": form, "current_password": someone.password, "new_password": fresh,
        "new_password_again": fresh}).status == 303
    told = [r for r in rows(world, key) if r["kind"] == "account.password_set"][0]
    assert told["actor"] == "session" and told["credential"].startswith("ses_")


def test_consents_given_changed_and_ended_are_told(world, secret):
    user = world.account("consenting@example.org")
    key = world.key(user, kind="secret")
    app = App(world)
    browser = Browser(world)
    browser.sign_in(user)
    connected = app.connect(browser)["connected_account_id"]
    assert app.connect(browser)["connected_account_id"] == connected
    page = browser.get(f"/connected-accounts/{connected}/remove").text
    form = re.findall(r'name="csrf" value="(\w+)"', page)[-1]
    assert browser.post(f"/connected-accounts/{connected}/remove", {"csrf": form}).status == 303
    told = [r for r in rows(world, key) if r["subject"] == connected]
    assert [r["kind"] for r in told] == ["consent.ended", "consent.changed", "consent.given"]
    assert all(r["actor"] == "session" and r["details"]["client_name"] for r in told)
    assert "events:read" in told[2]["details"]["scopes"]


def test_a_consent_that_is_declined_is_told(world):
    user, app = world.account("declining@example.org"), App(world)
    browser = Browser(world)
    browser.sign_in(user)
    app.decide(browser, app.consent_page(browser), decision="deny")
    told = rows(world, world.key(user, kind="secret"), kind="consent.denied")
    assert [(r["subject"], r["actor"]) for r in told] == [(app.id, "session")] and told[0]["details"]["client_name"]


def test_what_becomes_of_tokens_is_told_to_their_user(world):
    """Given up by the app once, though it says so twice; a code and a refresh token that come again."""
    user, app = world.account("tokens@example.org"), App(world)
    browser, key = Browser(world), world.key(user, kind="secret")
    browser.sign_in(user)
    tokens = app.connect(browser)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert app.revoke(token).status == 200
    code = app.consent(browser)
    assert [app.redeem(code).status for _ in range(2)] == [200, 400]
    tokens = app.connect(browser)
    old = tokens["refresh_token"]
    new = app.refresh(app.refresh(old).json["refresh_token"])
    assert [new.status, app.refresh(old).status, app.refresh(new.json["refresh_token"]).status] == [200, 400, 400]
    told = [r for r in rows(world, key) if r["kind"].startswith("tokens.")]
    assert [(r["kind"], r["details"].get("reason")) for r in told] == [("tokens.replayed", "refresh token"), ("tokens.replayed", "code"),
                                                                       ("tokens.revoked", None)]
    assert all((r["subject"], r["actor"], r["client"]) == (tokens["connected_account_id"], "app", app.id) for r in told)
    assert all(r["details"]["client_name"] and r["request_id"] and r["network"] for r in told)


def test_apps_are_told_to_their_owner_and_their_end_to_their_users(world):
    platform, user = world.account("platform@example.org"), world.account("enduser@example.org")
    keys = {a.email: world.key(a, kind="secret") for a in (platform, user)}
    app = App(world, owner=platform.email, type="confidential")
    browser = Browser(world)
    browser.sign_in(user)
    connected = app.connect(browser)["connected_account_id"]
    world.cli("client", "verify", app.id)
    world.cli("client", "rotate-secret", app.id)
    world.cli("client", "delete", app.id)
    told = [r for r in rows(world, keys[platform.email]) if r["subject"] == app.id]
    assert [r["kind"] for r in told] == ["client.deleted", "client.secret_rotated", "client.verified", "client.created"]
    assert told[1]["details"]["prefix"].startswith("cls_")
    ended = next(r for r in rows(world, keys[user.email]) if r["subject"] == connected and r["kind"] == "consent.ended")
    assert ended["details"]["reason"] == "client_deleted" and ended["agent"] == "calends client delete"


def test_what_becomes_of_a_webhook_is_told_without_its_path(world, owner, secret):
    kind = {"Content-Type": "application/json"}

    def call(method, path, body=None):
        reply = world.request(method, "/v1/webhook_endpoints" + path, body and json.dumps(body), kind if body else None, secret)
        assert reply.status < 300, reply
        return reply.json

    made = call("POST", "", {"url": "https://1.1.1.1/of-a-secret-path", "events": ["event.*"], "status": "disabled"})["id"]
    call("PATCH", f"/{made}", {"events": ["*"], "description": "x"})
    call("POST", f"/{made}/rotate_secret")
    call("DELETE", f"/{made}")
    assert world.request("DELETE", f"/v1/webhook_endpoints/{made}", None, None, secret).status == 404
    told = [r for r in rows(world, secret) if r["subject"] == made]
    assert [r["kind"] for r in told] == ["webhook.deleted", "webhook.rotated", "webhook.changed", "webhook.created"]
    assert {r["details"]["origin"] for r in told} == {"https://1.1.1.1"} and told[2]["details"]["changed"] == "events description"
    assert {r["actor"] for r in told} == {"secret_key"} and "secret-path" not in json.dumps(told)


def test_no_row_holds_a_secret(world):
    for line in world.sql("SELECT row_to_json(a)::text FROM audit a"):
        assert not NO_SECRET.search(line[0]), line


def test_every_kind_of_the_table_is_written_somewhere_and_no_other(world):
    with open(os.path.join(ROOT, "server/account/audit.def"), encoding="utf-8") as f:
        table = re.findall(r'^AUDIT\("([a-z_.]+)"', f.read(), re.M)
    assert len(table) == len(set(table))
    written = set()
    for pattern in ("sql/**/*.sql", "server/**/*.c", "caldav/calendar/*.c", "oauth/*.c", "web/*.c"):
        for path in glob.glob(os.path.join(ROOT, pattern), recursive=True):
            if "/server/webhook/" in path:  # the names of its events
                continue
            with open(path, encoding="utf-8") as f:
                written |= set(re.findall(r"""['"]((?:account|session|key|consent|tokens|client|connected_account|feed|webhook|sandbox|totp|recovery_codes?|passkey|code)\.[a-z_]+|(?:calendar|booking_page)\.(?:un)?published)['"]""", f.read()))
    with open(os.path.join(ROOT, "server/webhook/endpoint.c"), encoding="utf-8") as f:
        events = set(re.findall(r'"(connected_account\.\w+)"', f.read()))  # SQL knows some of these
    assert written - (events - set(table)) == set(table)


# ---- reading ----


def test_each_world_has_its_own_log(world, owner, secret):
    tested = world.key(owner, kind="secret", mode="test", name="of the test world")
    told = rows(world, tested)
    assert {r["livemode"] for r in told} == {False} and told[0]["subject"] == tested.id
    assert tested.id not in [r["subject"] for r in rows(world, secret)]
    assert rows(world, secret, credential=tested.id) == []
    browser = Browser(world)
    browser.sign_in(owner)
    assert "of the test world" in browser.get("/audit?mode=test").text
    assert "of the test world" not in browser.get("/audit").text


def test_another_account_sees_nothing_of_it(world, owner, secret):
    other = world.key("stranger@example.org", kind="secret")
    assert secret.id not in json.dumps(rows(world, other))
    assert rows(world, other, credential=secret.id) == []


def test_who_may_not_read_the_log(world, owner):
    for kind, options in (("account", {}), ("restricted", {"scope": "profile:read"}), ("publishable", {})):
        assert_error(world.get("/v1/audit", key=world.key(owner, kind=kind, **options)), 403, "key_kind_not_allowed")
    assert_error(world.get("/v1/audit"), 401, "missing_credentials")


@pytest.mark.parametrize("query,param", [("kind=key.made", "kind"), ("kind=", "kind"), ("credential=usr_0", "credential"), ("credential=", "credential"),
    ("credential=key_zzz", "credential"), ("limit=0", "limit"), ("limit=101", "limit"), ("starting_after=cur_AA", "starting_after"),
    ("ending_before=x", "ending_before"), ("account=usr_0", "account"), ("kind=key.created&kind=key.revoked", "kind")])
def test_bad_questions_name_what_is_wrong(world, secret, query, param):
    reply = world.get("/v1/audit?" + query, key=secret)
    assert reply.status == 400 and reply.json["error"]["param"] == param, reply


def test_pages_go_both_ways_while_rows_come(world, secret):
    twelve_rows(world, secret)
    forward, cursor = [], ""
    while True:
        page = world.get(f"/v1/audit?limit=3{cursor}", key=secret).json
        forward.append([r["sequence"] for r in page["data"]])
        world.line("key", "create", "audited@example.org", "--name", "between") if len(forward) == 1 else None
        if not page["has_more"]:
            break
        cursor = "&starting_after=" + page["next_cursor"]
    whole = [n for p in forward for n in p]
    assert whole == list(range(whole[0], 0, -1)), "nothing twice, nothing missed"
    back = []
    while page["previous_cursor"]:
        page = world.get(f"/v1/audit?limit=3&ending_before={page['previous_cursor']}", key=secret).json
        back = [r["sequence"] for r in page["data"]] + back
    assert back[0] == whole[0] + 1, "the row that came between"


# ---- the chain ----
